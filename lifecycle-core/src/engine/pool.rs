//! 3.5.1 Terms of a pool.
use crate::prelude::*;
use crate::{Millis, Planner, PoolSpec, Strategy, Version, ms_of};

use super::index::{Frame, Target, falls_back};
use super::phase::{Context, NodeView, Phase, count};
use super::switch::Rule;

/// A pool with its terms.
pub(crate) struct Pool<'a> {
    pub(crate) spec: &'a PoolSpec,
    /// "cluster/pool": its name in memory and explanations.
    pub(crate) key: String,
    pub(crate) is_cp: bool,
    /// Pools of one kind ask the same of a machine: an index into the fleet's kinds.
    pub(crate) kind: usize,
    /// By node id.
    pub(crate) nodes: Vec<NodeView<'a>>,
    pub(crate) target: Option<Target<'a>>,
    /// R.
    pub(crate) size: u32,
    /// S.
    pub(crate) surge: u32,
    /// U.
    pub(crate) unavailable: u32,
    /// Fewest nodes that must stay available.
    pub(crate) floor: u32,
    pub(crate) live: u32,
    pub(crate) staying: u32,
    pub(crate) held: u32,
    pub(crate) avail: u32,
    pub(crate) outdated: u32,
    pub(crate) creating: u32,
    pub(crate) draining: u32,
    /// Until when no voluntary drain is started after a cancelled one.
    pub(crate) hold_off_ms: Option<Millis>,
    /// The pool has been complete with this many nodes.
    pub(crate) reached: Option<u32>,
}

impl<'a> Pool<'a> {
    pub(crate) fn new(
        f: &Frame<'a>,
        c: &Context<'a>,
        target: Option<Target<'a>>,
        nodes: Vec<NodeView<'a>>,
        stray_returning: u32,
    ) -> Self {
        let spec = c.pool;
        let size = spec.size;
        let (surge, unavailable) = surge_and_unavailable(spec, c.is_cp);
        let floor = match f.planner {
            Planner::Engine if falls_back(spec) => size.saturating_sub(unavailable.max(1)),
            _ => size.saturating_sub(unavailable),
        };
        let live = count(&nodes, |x| x.phase.is_live());
        let returning = if spec.holds_returning() && Rule::HeldCountsReturning.holds() {
            count(&nodes, |x| x.phase == Phase::Returning && !x.stuck)
                .saturating_add(stray_returning)
        } else {
            0
        };
        let held = live
            .saturating_add(count(&nodes, |x| {
                matches!(x.phase, Phase::Leaving | Phase::Discarded)
            }))
            .saturating_add(returning);
        let key = crate::cluster_pool_key(c.cluster, &spec.id);
        let mem = f.w.memory.pools.get(&key);
        Self {
            key,
            is_cp: c.is_cp,
            kind: 0,
            target,
            size,
            surge,
            unavailable,
            floor,
            live,
            staying: count(&nodes, |x| x.phase.is_staying()),
            held,
            avail: count(&nodes, |x| x.avail),
            outdated: count(&nodes, |x| x.outdated && x.phase.is_live()),
            creating: count(&nodes, |x| x.phase.is_creating()),
            draining: count(&nodes, |x| x.phase.is_draining()),
            hold_off_ms: mem
                .and_then(|m| m.last_cancel_ms)
                .map(|t| t.saturating_add(ms_of(f.w.policy.cancel_hold_s)))
                .filter(|until| f.now < *until),
            reached: mem.and_then(|m| m.reached),
            spec,
            nodes,
        }
    }

    /// Most nodes and machines at a time: size plus the larger of surge and unavailable.
    pub(crate) fn ceiling(&self) -> u32 {
        if !Rule::Ceiling.holds() {
            return u32::MAX;
        }
        self.size.saturating_add(self.surge.max(self.unavailable))
    }

    /// Most live nodes: size plus surge.
    pub(crate) fn most(&self) -> u32 {
        if !Rule::Ceiling.holds() {
            return u32::MAX;
        }
        self.size.saturating_add(self.surge)
    }

    /// A surplus node, x counted as staying: more than the size (plus the surge while something is outdated) would stay.
    pub(crate) fn surplus_with(&self, x: &NodeView<'_>) -> bool {
        let staying = self.staying + u32::from(!x.phase.is_staying());
        staying
            > self
                .size
                .saturating_add(if self.outdated > 0 { self.surge } else { 0 })
    }

    /// The lowest version among the pool's joined nodes, absent versions left out.
    pub(crate) fn versions(&self) -> impl Iterator<Item = Version> {
        self.nodes
            .iter()
            .filter(|x| x.is_joined() && x.phase.is_live())
            .filter_map(|x| x.node.and_then(|n| n.k8s_version))
    }

    pub(crate) fn find(&self, id: &str) -> Option<&NodeView<'a>> {
        let at = self.nodes.binary_search_by(|x| x.id.cmp(id)).ok()?;
        self.nodes.get(at)
    }

    /// Below size counts as mending up to the size last reached, beyond it as growing.
    pub(crate) fn reached_size(&self) -> u32 {
        self.reached.map_or(self.size, |r| r.min(self.size))
    }

    /// Nodes per zone that stay, for balancing.
    pub(crate) fn zone_load(&self) -> BTreeMap<&str, u32> {
        let mut load = BTreeMap::new();
        for x in self.nodes.iter().filter(|x| x.phase.is_staying()) {
            *load.entry(x.zone()).or_insert(0) += 1;
        }
        load
    }

    /// 3.5.1 victim order: unhealthy, outdated, cordoned, fullest zone, (CP) non-leader, oldest, id; Locked ones and those that an operator
    /// drains are left out.
    pub(crate) fn victims(&self, eligible: impl Fn(&NodeView<'a>) -> bool) -> Vec<&NodeView<'a>> {
        self.first_victims(usize::MAX, eligible, |_| false)
    }

    /// The first `n` of them, those before all others that come `last`.
    pub(crate) fn first_victims(
        &self,
        n: usize,
        eligible: impl Fn(&NodeView<'a>) -> bool,
        last: impl Fn(&NodeView<'a>) -> bool,
    ) -> Vec<&NodeView<'a>> {
        let list: Vec<&NodeView<'a>> = self
            .nodes
            .iter()
            .filter(|x| {
                x.is_joined()
                    && x.phase.is_staying()
                    && !x.locked
                    && !x.pending
                    && !x.operator_drains()
                    && eligible(x)
            })
            .collect();
        if list.len() < 2 {
            return list;
        }
        let load = self.zone_load();
        let key = |x: &NodeView<'a>| {
            (
                last(x),
                !x.unhealthy,
                !x.outdated,
                !x.cordoned,
                core::cmp::Reverse(load.get(x.zone()).copied().unwrap_or(0)),
                x.member.is_some_and(|m| m.leader),
                x.created_ms,
                x.id,
            )
        };
        let mut list: Vec<_> = list.into_iter().map(|x| (key(x), x)).collect();
        if n < list.len() {
            list.select_nth_unstable_by(n, |a, b| a.0.cmp(&b.0));
            list.truncate(n);
        }
        list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        list.into_iter().map(|(_, x)| x).collect()
    }
}

/// R, S, U: Expand (parallel, 0), Contract (0, parallel), custom as written, 0/0 becoming 0/1.
pub(crate) fn surge_and_unavailable(spec: &PoolSpec, is_cp: bool) -> (u32, u32) {
    let parallel = if is_cp { 1 } else { spec.max_parallel.max(1) };
    match spec.strategy {
        Strategy::ExpandFirst => (parallel, 0),
        Strategy::ContractFirst => (0, parallel),
        Strategy::Custom {
            max_surge,
            max_unavailable,
        } => match (max_surge.up(spec.size), max_unavailable.down(spec.size)) {
            (0, 0) => (0, 1),
            (s, u) => (s, u),
        },
    }
}
