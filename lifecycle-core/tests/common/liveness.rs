//! 3.6 Liveness: where a search ends. An end is as desired, or says truly why not; without a fault nothing comes twice.
use lifecycle_core::{
    ClusterSpec, Condition, ConditionCode, Decision, MachineStatus, Millis, Request, Role, State,
    Verb, Verdict, World, admit,
};

use super::explore::{Found, Scope, State as Reached};
use super::invariants::{being_allocated, fits, is_quarantined, is_terminating, state_of};
use super::terms::{Counted, Members, Phase, View, clusters, is_outdated, is_stuck, target};

/// What the engine and time alone make of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    to: Option<u32>,
    ms: Millis,
    /// Nothing has failed so far.
    calm: bool,
    /// Ends as desired.
    well: bool,
    /// Not as desired, and it says why.
    excused: bool,
}

impl Step {
    pub fn end() -> Self {
        Self {
            to: None,
            ms: 0,
            calm: false,
            well: false,
            excused: false,
        }
    }

    pub fn to(to: u32, ms: Millis) -> Self {
        Self {
            to: Some(to),
            ms,
            ..Self::end()
        }
    }
}

/// Judges one state; `here` is its number.
pub fn judge(scope: &Scope, s: &Reached, d: &Decision, here: usize, step: &mut Step) {
    let w = &s.sim.world;
    let name = scope.title();
    in_order(w, d);
    step.calm = scope.is_calm(s);
    let ends = step.to.is_none_or(|to| to as usize == here);
    if !ends {
        let says = d.status.clusters.values().chain(d.status.pcgs.values());
        step.excused = says.flat_map(|s| &s.conditions).any(|c| is_excuse(c.code));
        return;
    }
    step.to = None;
    let acts = d
        .actions
        .iter()
        .find(|a| !matches!(a.verb, Verb::Notify { .. }));
    assert!(acts.is_none(), "L2 {name}: does for ever: {acts:?}");
    step.well = true;
    for (c, _) in &clusters(w) {
        let state = state_of(d, &c.id);
        let settled = matches!(state, State::Running | State::Deleted);
        let Some(lacks) = unconverged(w, c) else {
            assert!(
                settled,
                "{name}: as desired, but {state:?}: {:?}",
                d.explain
            );
            continue;
        };
        step.well = false;
        if is_terminating(w, &c.id) {
            let force = Request::ForceDelete {
                id: c.id.clone(),
                actor_role: Role::TenantAdmin,
                reason: String::new(),
            };
            let may = admit(&force, w).is_ok();
            assert!(may, "L5 {name}: {} neither ends nor can be forced", c.id);
        }
        let truth = excuse(w, d, c);
        assert!(
            truth.is_ok(),
            "L3 {name}: {} {state:?}, {lacks}, {truth:?}: {:?}",
            c.id,
            d.explain
        );
        assert!(
            !scope.ends_well,
            "L1 {name}: {} {state:?}, {lacks}: {:?}",
            c.id, d.explain
        );
    }
}

/// What a cluster lacks of what is desired; none: it has converged.
fn unconverged(w: &World, c: &ClusterSpec) -> Option<String> {
    let deleted = w
        .observed
        .clusters
        .get(&c.id)
        .is_some_and(|o| o.state.as_deref() == Some("deleted"));
    if deleted {
        return None;
    }
    if is_terminating(w, &c.id) {
        return Some("not deleted yet".to_owned());
    }
    let etcd = Members::of(w, c);
    for p in c.pools() {
        let counted = Counted::of(w, c, p, &etcd);
        let as_desired = |x: &super::terms::Seen<'_>| {
            x.is_available() && !is_outdated(p, target(c, p), x)
                || x.phase == Phase::Active && x.is_locked()
        };
        let active = counted.nodes.iter().filter(|x| as_desired(x)).count();
        if active != counted.size || counted.live != counted.size {
            return Some(format!(
                "{} of {} {} nodes as desired, {} live",
                active, counted.size, p.id, counted.live
            ));
        }
    }
    let is_member = etcd.view != View::Uninitialised;
    let voters = etcd
        .all
        .iter()
        .filter(|m| !m.learner && m.healthy.is_true());
    let wanted = c.control_plane.as_ref().map_or(0, |p| p.size as usize);
    let stacked = c.etcd == lifecycle_core::Etcd::Stacked;
    if stacked && is_member && (voters.count() != wanted || etcd.all.len() != wanted) {
        return Some(format!("etcd has {:?}", etcd.all));
    }
    None
}

fn is_excuse(code: ConditionCode) -> bool {
    use ConditionCode::{
        BlockedByPcg, CannotRemediate, CapacityShort, DrainBlocked, EtcdNotObservable, EtcdUnknown,
        Frozen, InvalidSpec, MachineLocked, MassFailure, ObservationStale, Paused, QueuedBehindPcg,
        QuorumLost, RepavePendingApproval, ReturnStuck,
    };
    matches!(
        code,
        QuorumLost
            | EtcdUnknown
            | EtcdNotObservable
            | MassFailure
            | ObservationStale
            | CapacityShort
            | MachineLocked
            | ReturnStuck
            | Paused
            | RepavePendingApproval
            | Frozen
            | CannotRemediate
            | BlockedByPcg
            | QueuedBehindPcg
            | DrainBlocked
            | InvalidSpec
    )
}

/// L3: one of the listed reasons is given, each of those given is true, and somebody is told what to do or what is awaited.
fn excuse(w: &World, d: &Decision, c: &ClusterSpec) -> Result<(), String> {
    let status = d
        .status
        .clusters
        .get(&c.id)
        .or_else(|| d.status.pcgs.get(&c.id));
    let given: Vec<&Condition> = status
        .iter()
        .flat_map(|s| &s.conditions)
        .filter(|c| is_excuse(c.code))
        .collect();
    if given.is_empty() {
        return Err("no reason is given".to_owned());
    }
    if let Some(lie) = given.iter().find(|k| !is_true(k.code, w, d, c)) {
        return Err(format!("{:?} is not true", lie.code));
    }
    let told = d.explain.iter().any(|e| {
        e.subject.split('/').next() == Some(c.id.as_str())
            && matches!(e.verdict, Verdict::Blocked | Verdict::Waiting)
            && !e.unblocks_when.is_empty()
    });
    told.then_some(())
        .ok_or_else(|| "nobody is told what would help".to_owned())
}

fn is_true(code: ConditionCode, w: &World, d: &Decision, c: &ClusterSpec) -> bool {
    let etcd = Members::of(w, c);
    let pools: Vec<Counted<'_>> = c.pools().map(|p| Counted::of(w, c, p, &etcd)).collect();
    let mut machines = w.observed.machines.iter();
    let mut nodes = pools.iter().flat_map(|p| &p.nodes);
    match code {
        ConditionCode::QuorumLost => etcd.view == View::Lost,
        ConditionCode::EtcdUnknown => etcd.view == View::Unknown,
        ConditionCode::MassFailure => {
            let joined: Vec<bool> = nodes
                .filter(|x| x.is_joined())
                .map(super::terms::Seen::is_ready)
                .collect();
            let down = joined.iter().filter(|ready| !**ready).count();
            down >= 3 && (3 * down > joined.len())
        }
        ConditionCode::CapacityShort => pools.iter().any(|p| is_short(w, d, p)),
        ConditionCode::MachineLocked => machines.any(|m| m.locked),
        ConditionCode::ReturnStuck => {
            machines.any(|m| is_stuck(w, m, lifecycle_core::Erase::default()))
        }
        ConditionCode::Paused => c.paused,
        ConditionCode::Frozen => pools.iter().any(|p| {
            d.memory
                .pools
                .get(&format!("{}/{}", c.id, p.spec.id))
                .and_then(|m| m.rollout.as_ref())
                .is_some_and(|r| r.frozen_ms.is_some())
        }),
        ConditionCode::CannotRemediate => {
            nodes.any(|x| x.phase == Phase::Unwell || (x.phase.is_draining() && !x.is_ready()))
                || etcd.all.iter().any(|m| !m.healthy.is_true())
        }
        ConditionCode::BlockedByPcg | ConditionCode::QueuedBehindPcg => c.pcg_id.is_some(),
        ConditionCode::DrainBlocked => nodes.any(|x| x.phase.is_draining()),
        _ => true,
    }
}

/// Fewer machines are free for the pool than are still to come, its own included where it may step below its size.
fn is_short(w: &World, d: &Decision, p: &Counted<'_>) -> bool {
    let taken = being_allocated(w);
    let usable = |m: &&lifecycle_core::Machine| {
        fits(m, p.spec) && !m.locked && !is_quarantined(w, d, &m.system_id)
    };
    let free = w
        .observed
        .machines
        .iter()
        .filter(|m| m.status == MachineStatus::Ready && m.owner.is_none())
        .filter(|m| !taken.contains(&m.system_id.as_str()))
        .filter(usable)
        .count();
    let lacking: usize = clusters(w)
        .iter()
        .map(|(c, _)| {
            let etcd = Members::of(w, c);
            let lacks = |p| {
                let p = Counted::of(w, c, p, &etcd);
                p.size.saturating_sub(p.live) + usize::from(p.outdated > 0 && p.surge > 0)
            };
            c.pools().map(lacks).sum::<usize>()
        })
        .sum();
    let addresses = w.observed.subnets.iter().map(|s| s.free_ips as usize).min();
    let first = usize::from(p.is_cp && p.nodes.is_empty());
    let lacks_address = addresses.is_some_and(|n| n < lacking + first);
    let wants = p.live < p.size || p.outdated > 0;
    let own = p.nodes.iter().filter_map(|x| x.machine).any(|m| usable(&m));
    wants && (lacks_address || free < lacking.max(1)) && (p.surge > 0 || p.live < p.size || !own)
}

/// L4: of two clusters that wait to start, the later one does not pass the earlier one with a machine that would serve it.
fn in_order(w: &World, d: &Decision) {
    let begun = |c: &ClusterSpec| {
        let o = w.observed.clusters.get(&c.id);
        o.is_some_and(|o| o.initialized || o.provisioned_ms.is_some() || o.state.is_some())
            || w.observed.nodes.iter().any(|n| n.cluster == c.id)
            || w.observed
                .pending
                .iter()
                .any(|p| p.action.cluster() == Some(&c.id))
            || w.observed
                .machines
                .iter()
                .any(|m| m.owner.as_ref().is_some_and(|o| o.cluster == c.id))
    };
    let mut queue: Vec<&ClusterSpec> = w
        .desired
        .clusters
        .iter()
        .filter(|c| !begun(c) && !is_terminating(w, &c.id) && c.pcg_id.is_none())
        .collect();
    queue.sort_by_key(|c| (c.requested_ms, c.id.clone()));
    let given = |c: &ClusterSpec| -> Vec<&str> {
        d.actions
            .iter()
            .filter(|a| a.cluster() == Some(&c.id))
            .filter_map(|a| match &a.verb {
                Verb::Allocate { system_id, .. } => Some(system_id.as_str()),
                _ => None,
            })
            .collect()
    };
    for (i, later) in queue.iter().enumerate() {
        for earlier in queue[..i].iter().filter(|c| given(c).is_empty()) {
            for id in given(later) {
                let m = super::terms::find_machine(w, id).unwrap();
                assert!(
                    earlier.pools().all(|p| !fits(m, p)),
                    "L4 {} starts before {} with {id}",
                    later.id,
                    earlier.id
                );
            }
        }
    }
}

/// Follows every state to its end: acyclic without a fault (L2), and how long it takes (L1).
pub fn ends(scope: &Scope, steps: &[Step]) -> Found {
    const FRESH: u32 = u32::MAX;
    let name = scope.title();
    let mut found = Found {
        states: steps.len(),
        ..Found::default()
    };
    // Time to an end as desired; none: it ends otherwise.
    let mut left: Vec<Option<Millis>> = vec![None; steps.len()];
    let mut path_of = vec![FRESH; steps.len()];
    let mut path = Vec::new();
    for start in 0..steps.len() {
        let mut at = start;
        path.clear();
        while path_of[at] == FRESH {
            path_of[at] = u32::try_from(start).unwrap();
            path.push(at);
            match steps[at].to {
                Some(to) => at = to as usize,
                None => break,
            }
        }
        if let Some(round) = path
            .iter()
            .position(|x| *x == at)
            .filter(|_| steps[at].to.is_some())
        {
            found.rounds += 1;
            for x in &path[round..] {
                assert!(
                    !steps[*x].calm,
                    "L2 {name}: a state came twice without a fault"
                );
                assert!(steps[*x].excused, "L3 {name}: goes round without a reason");
            }
            assert!(!scope.ends_well, "L1 {name}: goes round for ever");
        }
        for x in path.iter().rev() {
            left[*x] = match steps[*x].to {
                None => steps[*x].well.then_some(0),
                Some(to) => left[to as usize].map(|ms| ms + steps[*x].ms),
            };
        }
    }
    found.well = steps.iter().filter(|s| s.well).count();
    found.explained = steps.iter().filter(|s| s.to.is_none()).count() - found.well;
    found.longest_ms = left.iter().flatten().copied().max().unwrap_or(0);
    found
}

/// L1: the bound, 3 × Σ over the nodes of the p90 path.
pub fn bound_ms(w: &World) -> Millis {
    let t = &w.policy.timings;
    let path_s = |p: &lifecycle_core::PoolSpec| {
        let steps = [
            t.allocate,
            t.deploy,
            t.join,
            t.settle,
            t.drain,
            t.remove,
            t.release,
            t.erase(p.erase, 500),
        ];
        let once: u32 = steps.iter().map(|s| s.p90_s).sum();
        i64::from(once) * i64::from(p.size)
    };
    let all = clusters(w);
    3000 * all
        .iter()
        .flat_map(|(c, _)| c.pools())
        .map(path_s)
        .sum::<i64>()
}
