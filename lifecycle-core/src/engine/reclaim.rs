//! 3.5.5 Reclaim: a more important demand takes back what a less important one holds. Gates block creation and disruption, never giving back.
use crate::prelude::*;
use crate::{Machine, Verdict};

use super::arbitration::{Demand, class};
use super::commit::{drain, subject};
use super::explain::{explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::switch::Rule;
use super::{actions, creation, freeze};

/// A node that may be taken back.
#[derive(Clone, Copy)]
struct Candidate<'f, 'a> {
    c: &'f Cluster<'a>,
    pool: &'f Pool<'a>,
    x: &'f NodeView<'a>,
    class: u8,
    joined: bool,
    /// Its pool may surge and drain itself.
    open: bool,
}

impl Candidate<'_, '_> {
    fn is_of(&self, other: &Self) -> bool {
        core::ptr::eq(self.pool, other.pool)
    }
}

/// What can be taken back in this decision, looked through once.
pub(crate) struct Reclaim<'f, 'a> {
    fleet: &'f Fleet<'a>,
    stopped: &'f BTreeSet<usize>,
    /// In the order in which they are taken.
    candidates: Option<Vec<Candidate<'f, 'a>>>,
    /// For a kind of pool and a class: the first candidate, and the first of another pool than that one's.
    first: BTreeMap<(usize, u8), [Option<Candidate<'f, 'a>>; 2]>,
    /// Machines that come back anyway, by cluster and node, and how many of them fit a kind of pool.
    coming: BTreeMap<(&'f str, &'f str), &'f Machine>,
    fitting: BTreeMap<usize, u32>,
}

impl<'f, 'a> Reclaim<'f, 'a> {
    pub(crate) fn new(fleet: &'f Fleet<'a>, stopped: &'f BTreeSet<usize>) -> Self {
        Self {
            fleet,
            stopped,
            candidates: None,
            first: BTreeMap::new(),
            coming: BTreeMap::new(),
            fitting: BTreeMap::new(),
        }
    }

    /// Takes one machine back for the demand; true if one is on its way already or now. `claimed`: how many on their way are spoken for.
    pub(crate) fn run(&mut self, d: &Demand, claimed: u32, out: &mut Out) -> bool {
        if d.class > class::CP_SURGE || !Rule::Reclaim.holds() {
            return false;
        }
        if self.candidates.is_none() {
            self.look_through(out);
        }
        let wanted = &self.fleet.clusters[d.ci].pools[d.pi];
        if self.fitting(wanted.kind) > claimed {
            return true;
        }
        let Some(k) = self.candidate(d.class, wanted) else {
            return false;
        };
        self.give_back(&k, d, wanted, out);
        true
    }

    fn give_back(&mut self, k: &Candidate<'f, 'a>, d: &Demand, wanted: &Pool<'a>, out: &mut Out) {
        if k.joined {
            let why = "a more important demand needs its machine";
            drain(self.fleet, k.c, k.pool, k.x, "3.5.5", why, out);
        } else if let Some(action) = actions::release_node(k.c, k.pool, k.x) {
            let text = "Reclaim: {node} is given up for {for}";
            let demand = format!("{}/{}", d.cluster, wanted.spec.id);
            out.say(explain(
                subject(k.c, k.pool, k.x.id),
                Verdict::Did,
                "3.5.5",
                text,
                facts! {"node": k.x.id, "for": demand},
            ));
            out.act(action);
        }
        if let Some(m) = k.x.machine.filter(|_| !k.x.stuck)
            && self.coming.insert((k.c.id, k.x.id), m).is_none()
        {
            for (kind, n) in &mut self.fitting {
                *n += u32::from(m.fits(self.fleet.kinds[*kind]));
            }
        }
    }

    /// Machines that come back anyway: returning in time, leaving, released or drained as surplus in this decision; and the candidates.
    fn look_through(&mut self, out: &Out) {
        let fleet = self.fleet;
        let mut released: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut drained: BTreeSet<(&str, &str)> = BTreeSet::new();
        for a in &out.actions {
            let set = match a.verb {
                crate::Verb::Release { .. } => &mut released,
                crate::Verb::Drain { .. } => &mut drained,
                _ => continue,
            };
            if let (Some(c), Some(x)) = (a.cluster(), a.node()) {
                set.insert((c, x));
            }
        }
        let mut list: Vec<Candidate<'_, '_>> = Vec::new();
        for (ci, c) in fleet.clusters.iter().enumerate() {
            for pool in &c.pools {
                let surplus = pool.live > pool.size;
                for x in &pool.nodes {
                    let leaving = matches!(x.phase, Phase::Returning | Phase::Leaving)
                        || (surplus && x.phase.is_draining());
                    let given_up = released.contains(&(c.id, x.id))
                        || (surplus && drained.contains(&(c.id, x.id)));
                    if let Some(m) = x.machine.filter(|_| (leaving || given_up) && !x.stuck) {
                        self.coming.insert((c.id, x.id), m);
                    }
                }
                if !c.is_palette && !self.stopped.contains(&ci) {
                    candidates(c, pool, out, &mut list);
                }
            }
        }
        list.sort_by_cached_key(|k| {
            let provisioning = k.c.provisioned_ms.is_none();
            (
                provisioning,
                k.joined,
                core::cmp::Reverse(k.class),
                core::cmp::Reverse(k.x.created_ms),
                k.c.id,
                k.x.id,
            )
        });
        self.candidates = Some(list);
    }

    fn fitting(&mut self, kind: usize) -> u32 {
        let (coming, spec) = (&self.coming, self.fleet.kinds[kind]);
        *self.fitting.entry(kind).or_insert_with(|| {
            let n = coming.values().filter(|m| m.fits(spec)).count();
            u32::try_from(n).unwrap_or(u32::MAX)
        })
    }

    /// The first candidate of a lesser class in another pool than the one that asks; class 3 and 4 take only from worker pools whose gate is
    /// closed.
    fn candidate(&mut self, than: u8, wanted: &'f Pool<'a>) -> Option<Candidate<'f, 'a>> {
        let spec = self.fleet.kinds[wanted.kind];
        let list = self.candidates.as_deref().unwrap_or_default();
        let [first, second] = *self.first.entry((wanted.kind, than)).or_insert_with(|| {
            let mut eligible = list.iter().filter(|k| {
                k.class > than
                    && (than < class::WORKER_REFILL || !(k.pool.is_cp || k.open))
                    && k.x.machine.is_some_and(|m| m.fits(spec))
            });
            let first = eligible.next();
            let second = eligible.find(|k| first.is_some_and(|f| !f.is_of(k)));
            [first.copied(), second.copied()]
        });
        let other = |k: &Candidate<'f, 'a>| !core::ptr::eq(k.pool, wanted);
        [first, second].into_iter().flatten().find(other)
    }
}

/// The pool's nodes that may be taken back.
fn candidates<'f, 'a>(
    c: &'f Cluster<'a>,
    pool: &'f Pool<'a>,
    out: &Out,
    list: &mut Vec<Candidate<'f, 'a>>,
) {
    let class = class_of(c, pool);
    // What is paused would take the drain back.
    let surplus = !pool.is_cp
        && !c.spec.paused
        && pool.live > pool.size
        && pool.draining < pool.spec.max_parallel.max(1);
    let goes = |x: &NodeView<'_>| !freeze::protects(&out.memory, pool, x);
    let victim = surplus.then(|| pool.victims(goes).first().map(|v| v.id));
    let before = list.len();
    for x in pool.nodes.iter().filter(|x| !x.pending && !x.locked) {
        let unborn = matches!(x.phase, Phase::Allocated | Phase::Deploying)
            || (x.phase == Phase::Joining && !pool.is_cp);
        let spare = victim.flatten() == Some(x.id)
            && (!x.avail || pool.avail > pool.size || !Rule::Floor.holds());
        if unborn || spare {
            list.push(Candidate {
                c,
                pool,
                x,
                class,
                joined: !unborn,
                open: true,
            });
        }
    }
    if list.len() > before && !pool.is_cp {
        let open = gate_open(c, pool, out);
        for k in &mut list[before..] {
            k.open = open;
        }
    }
}

/// Whether the pool may surge and drain now, as far as reclaim asks.
fn gate_open(c: &Cluster<'_>, pool: &Pool<'_>, out: &Out) -> bool {
    let version = pool.target.and_then(|t| t.version);
    creation::control_plane_busy(c).is_none()
        && creation::skew(c, version).is_none()
        && !c.spec.paused
        && !freeze::is_frozen(&out.memory, pool)
}

/// What demand the pool's newest nodes answer to.
fn class_of(c: &Cluster<'_>, pool: &Pool<'_>) -> u8 {
    match (pool.is_cp, c.provisioned_ms.is_some()) {
        (_, false) => class::GROWTH,
        (true, true) if pool.live > pool.size => class::CP_SURGE,
        (true, true) => class::CP_REFILL,
        (false, true) if pool.live > pool.size => class::WORKER_SURGE,
        (false, true) if pool.live > pool.reached_size() => class::GROWTH,
        (false, true) => class::WORKER_REFILL,
    }
}
