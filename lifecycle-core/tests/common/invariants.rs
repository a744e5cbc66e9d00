//! 3.6 Invariants, judged on a world, the decision taken in it and the world that follows. Nothing of the engine is asked: `terms` counts
//! again what the text defines.
use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::{
    Action, ClusterSpec, ConditionCode, Decision, DeployMode, Etcd, Guard, Machine, MachineStatus,
    OwnerRule, PoolRole, PoolSpec, State, Verb, Verdict, World,
};

use super::scene::Scene;
use super::terms::{Counted, Members, Phase, View, clusters, find_machine};

/// Panics with the name of the invariant that a decision breaks.
pub fn check(w: &World, d: &Decision) {
    one_action_per_node(d);
    for a in &d.actions {
        guarded(w, a);
    }
    machines(w, d);
    for (c, is_gateway) in &clusters(w) {
        let own: Vec<&Action> = d
            .actions
            .iter()
            .filter(|a| a.cluster() == Some(&c.id))
            .collect();
        let state = state_of(d, &c.id);
        if state.is_terminating() || state == State::Deleted {
            terminating(c, state, &own);
            continue;
        }
        Scene::new(w, d, c, own).check(*is_gateway);
    }
    addresses(w, d);
    finished(w, d);
    gateways(w, d);
    explained(w, d);
}

pub fn state_of(d: &Decision, id: &str) -> State {
    let status = d
        .status
        .clusters
        .get(id)
        .or_else(|| d.status.pcgs.get(id))
        .unwrap_or_else(|| panic!("no status of {id}"));
    status.state
}

fn one_action_per_node(d: &Decision) {
    let mut seen = BTreeSet::new();
    for a in d
        .actions
        .iter()
        .filter(|a| a.node().is_some() && !matches!(a.verb, Verb::Notify { .. }))
    {
        assert!(
            seen.insert((a.cluster(), a.node())),
            "two actions for one node: {}",
            a.id
        );
    }
}

/// 3.3: each action carries its guard.
fn guarded(w: &World, a: &Action) {
    let none = Guard::default();
    let g = a.guard.as_deref().unwrap_or(&none);
    let cluster = a.cluster().unwrap_or("");
    let owner_is =
        matches!(&g.owner, Some(OwnerRule::Is(o)) if o.cluster == cluster && o.node.is_some());
    let members = w
        .observed
        .etcd
        .get(cluster)
        .map(|v| v.members.as_slice())
        .unwrap_or_default();
    let fresh = g.view_max_age_s == Some(30);
    let holds = match &a.verb {
        Verb::Allocate { .. } => {
            g.status == Some(MachineStatus::Ready)
                && g.owner == Some(OwnerRule::None)
                && g.locked == Some(false)
        }
        Verb::Deploy { mode, .. } => {
            owner_is
                && g.status == Some(MachineStatus::Allocated)
                && (*mode != DeployMode::Init || g.uninitialised)
        }
        Verb::RemoveEtcdMember { member_id, .. } => {
            let ids: BTreeSet<&str> = members.iter().map(|m| m.member_id.as_str()).collect();
            let same = g
                .members
                .as_ref()
                .is_some_and(|of| of.iter().map(String::as_str).collect::<BTreeSet<_>>() == ids);
            let voters = members.iter().filter(|m| !m.learner).count() as u32;
            let learner = members
                .iter()
                .any(|m| m.member_id == *member_id && m.learner);
            let kept = if learner {
                g.target_is_learner
            } else {
                g.no_learner
                    && g.healthy_now >= Some(voters / 2 + 1)
                    && g.healthy_without >= Some((voters - 1) / 2 + 1)
            };
            fresh && same && kept
        }
        Verb::MoveEtcdLeader { from, to } => {
            fresh && g.leads.as_ref() == Some(from) && g.healthy_voter.as_ref() == Some(to)
        }
        Verb::Release { .. } => {
            matches!(&g.owner, Some(OwnerRule::Is(o)) if o.cluster == cluster)
                && g.terminating_or_not_member
        }
        Verb::DeleteNodeObject { .. } => g.machine_left,
        Verb::PowerOn { .. } => {
            owner_is
                && g.status == Some(MachineStatus::Deployed)
                && g.power == Some(lifecycle_core::Power::Off)
        }
        Verb::PowerCycle { .. } => {
            let stacked = clusters(w).iter().any(|(c, _)| {
                c.id == cluster
                    && c.etcd == Etcd::Stacked
                    && c.control_plane.as_ref().map(|p| p.id.as_str()) == a.pool()
            });
            let others = !stacked || (g.member_unhealthy && fresh);
            owner_is && g.status == Some(MachineStatus::Deployed) && g.node_not_ready && others
        }
        Verb::FinishDeleted { forced, .. } => *forced || g.no_machine_left,
        Verb::Record { .. } => g.field_absent,
        _ => true,
    };
    assert!(holds, "3.3 its guard is not complete: {a:?}");
}

fn pool_of(w: &World, a: &Action) -> PoolSpec {
    let (c, _) = clusters(w)
        .into_iter()
        .find(|(c, _)| Some(c.id.as_str()) == a.cluster())
        .unwrap();
    let mut pools = c.pools();
    pools
        .find(|p| Some(p.id.as_str()) == a.pool())
        .unwrap()
        .clone()
}

/// Whether the machine satisfies what the pool asks for.
pub fn fits(m: &Machine, p: &PoolSpec) -> bool {
    m.resource_pool == p.resource_pool
        && (p.azs.is_empty() || p.azs.contains(&m.zone))
        && m.cpu >= p.min_cpu
        && m.mem_mib >= p.min_mem_mib
        && m.disk_gb.first().is_some_and(|d| *d >= p.min_disk_gb)
        && p.arch.as_ref().is_none_or(|a| *a == m.arch)
        && p.tags.iter().all(|t| m.tags.contains(t))
}

/// Machines that a pending Allocate has taken.
pub fn being_allocated(w: &World) -> Vec<&str> {
    w.observed
        .pending
        .iter()
        .filter_map(|p| match &p.action.verb {
            Verb::Allocate { system_id, .. } => Some(system_id.as_str()),
            _ => None,
        })
        .collect()
}

/// I-M1, I-M2, I-M3.
fn machines(w: &World, d: &Decision) {
    let mut given: BTreeSet<&str> = being_allocated(w).into_iter().collect();
    for a in &d.actions {
        let Verb::Allocate {
            system_id, zone, ..
        } = &a.verb
        else {
            continue;
        };
        assert!(given.insert(system_id), "I-M1 {}", a.id);
        let m = find_machine(w, system_id).unwrap();
        assert!(
            m.status == MachineStatus::Ready && m.owner.is_none() && !m.locked,
            "I-M3 {}",
            a.id
        );
        assert!(
            !is_quarantined(w, d, system_id),
            "I-M3 quarantined {}",
            a.id
        );
        assert!(fits(m, &pool_of(w, a)) && m.zone == *zone, "I-M2 {}", a.id);
    }
}

pub fn is_quarantined(w: &World, d: &Decision, system_id: &str) -> bool {
    d.memory
        .machines
        .get(system_id)
        .and_then(|k| k.quarantined_until_ms)
        .is_some_and(|t| w.now_ms < t)
}

/// I-L4; and 3.4: in Deleting and Aborting nothing is drained or taken out of etcd either.
fn terminating(c: &ClusterSpec, state: State, own: &[&Action]) {
    for a in own {
        let creates = matches!(a.verb, Verb::Allocate { .. } | Verb::Deploy { .. });
        assert!(!creates, "I-L4 {}: {}", c.id, a.id);
        let tends = matches!(
            a.verb,
            Verb::Drain { .. }
                | Verb::MoveEtcdLeader { .. }
                | Verb::RemoveEtcdMember { .. }
                | Verb::DeleteNodeObject { .. }
        );
        assert!(!tends, "3.4 Deletion {}: {}", c.id, a.id);
        assert!(
            state != State::Deleted,
            "I-L1 {} is Deleted: {}",
            c.id,
            a.id
        );
    }
}

/// I-M4: creates under way never need more addresses than are free; that no pool has more nodes than planned is I-A2.
fn addresses(w: &World, d: &Decision) {
    let all = clusters(w);
    let subnet_of = |a: &Action| {
        let (c, _) = all
            .iter()
            .find(|(c, _)| Some(c.id.as_str()) == a.cluster())?;
        let p = c.pools().find(|p| Some(p.id.as_str()) == a.pool())?;
        p.subnet.clone().or_else(|| c.network.subnet.clone())
    };
    let pending = w.observed.pending.iter().map(|p| &p.action);
    let creates: Vec<_> = pending
        .chain(&d.actions)
        .filter(|a| matches!(a.verb, Verb::Allocate { .. }))
        .map(subnet_of)
        .collect();
    for s in &w.observed.subnets {
        let wanted = creates.iter().flatten().filter(|id| **id == s.id).count();
        assert!(
            wanted <= s.free_ips as usize,
            "I-M4 {wanted} creates, {} addresses in {}",
            s.free_ips,
            s.id
        );
    }
}

/// I-M4 from rest: no cluster that creates has more addresses than 3.9 plans for it at most.
pub fn planned(w: &World, d: &Decision) {
    for (c, _) in &clusters(w) {
        let own = |a: &&Action| a.cluster() == Some(&c.id);
        let created = |a: &&Action| matches!(a.verb, Verb::Allocate { .. });
        if !d.actions.iter().filter(own).any(|a| created(&a)) {
            continue;
        }
        // Giving back comes before taking.
        let given_back = |m: &Machine| {
            d.actions.iter().any(
                |a| matches!(&a.verb, Verb::Release { system_id, .. } if *system_id == m.system_id),
            )
        };
        let lease = |m: &&Machine| {
            let returning = super::terms::is_returning(m) || given_back(m);
            let ours = m.owner.as_ref().is_some_and(|o| o.cluster == c.id);
            ours && (w.policy.lease_held_while_returning || !returning)
        };
        let pending = w.observed.pending.iter().map(|p| &p.action);
        let creates = pending.chain(&d.actions).filter(own).filter(created);
        let machines = w.observed.machines.iter().filter(lease);
        let endpoint = usize::from(c.control_plane.is_some());
        let in_use = machines.count() + creates.count() + endpoint;
        let etcd = Members::of(w, c);
        let pools: Vec<_> = c.pools().map(|p| Counted::of(w, c, p, &etcd)).collect();
        let steady = pools.iter().map(|p| p.size).sum::<usize>() + endpoint;
        let surge = |cp: bool| {
            let list = pools.iter().filter(move |p| p.is_cp == cp);
            let mut list: Vec<usize> = list.map(|p| p.surge).collect();
            list.sort_unstable_by(|a, b| b.cmp(a));
            let most = w.policy.max_pools_rolling as usize;
            list.into_iter().take(most).sum::<usize>()
        };
        let peak = steady + surge(true).max(surge(false));
        assert!(
            in_use <= peak,
            "I-M4 {} has {in_use} addresses, planned {steady}, at most {peak}",
            c.id
        );
    }
}

/// Machines of the cluster that somebody still has to give back.
fn left_over<'w>(w: &'w World, cluster: &'w str) -> impl Iterator<Item = &'w Machine> {
    w.observed.machines.iter().filter(move |m| {
        m.owner.as_ref().is_some_and(|o| o.cluster == cluster)
            && !matches!(
                m.status,
                MachineStatus::Ready
                    | MachineStatus::New
                    | MachineStatus::Broken
                    | MachineStatus::Missing
                    | MachineStatus::Retired
            )
    })
}

/// I-L2, I-L3.
fn finished(w: &World, d: &Decision) {
    for (id, o) in &w.observed.clusters {
        if o.state.as_deref() == Some("deleted") {
            assert!(
                left_over(w, id).all(|m| o.orphans.contains(&m.system_id)),
                "I-L2 {id} is Deleted and still has machines"
            );
        }
    }
    for a in &d.actions {
        let Verb::FinishDeleted {
            cluster,
            orphans,
            forced,
        } = &a.verb
        else {
            continue;
        };
        let left: Vec<&Machine> = left_over(w, cluster).collect();
        assert!(
            left.iter().all(|m| orphans.contains(&m.system_id)),
            "I-L2 {cluster}"
        );
        assert!(*forced || left.is_empty(), "I-L2 {cluster}");
        if *forced {
            let since = d.memory.clusters[cluster].terminating_since_ms.unwrap();
            let c = w
                .desired
                .clusters
                .iter()
                .find(|c| c.id == *cluster)
                .unwrap();
            assert!(
                c.force_delete.as_ref().unwrap().requested_ms - since >= 900_000,
                "I-L3 {cluster}"
            );
        }
    }
}

/// I-L5, I-L6.
fn gateways(w: &World, d: &Decision) {
    for g in &w.desired.pcgs {
        let users = || {
            w.desired
                .clusters
                .iter()
                .filter(|c| c.pcg_id.as_ref() == Some(&g.id))
        };
        let is_deleted = |id: &str| {
            w.observed
                .clusters
                .get(id)
                .is_some_and(|o| o.state.as_deref() == Some("deleted"))
        };
        let gone = is_deleted(&g.id)
            || d.actions.iter().any(
                |a| matches!(&a.verb, Verb::FinishDeleted { cluster, .. } if *cluster == g.id),
            );
        assert!(
            !gone || users().all(|c| is_deleted(&c.id)),
            "I-L5 {} is deleted before its clusters",
            g.id
        );
        if !is_blocking(w, g) {
            continue;
        }
        for c in users() {
            let begun = w
                .observed
                .machines
                .iter()
                .any(|m| m.owner.as_ref().is_some_and(|o| o.cluster == c.id))
                || w.observed.nodes.iter().any(|n| n.cluster == c.id)
                || w.observed
                    .pending
                    .iter()
                    .any(|p| p.action.cluster() == Some(&c.id))
                || w.observed
                    .clusters
                    .get(&c.id)
                    .is_some_and(|o| o.initialized || o.provisioned_ms.is_some());
            let starts = d
                .actions
                .iter()
                .any(|a| a.cluster() == Some(&c.id) && matches!(a.verb, Verb::Allocate { .. }));
            assert!(
                !starts || begun,
                "I-L6 {} starts while {} blocks",
                c.id,
                g.id
            );
        }
    }
}

/// 3.4: Installing, Upgrading, Resizing, Deleting, or not healthy.
fn is_blocking(w: &World, g: &lifecycle_core::PcgSpec) -> bool {
    let Some((c, _)) = clusters(w).into_iter().find(|(c, _)| c.id == g.id) else {
        return false;
    };
    let etcd = Members::of(w, &c);
    let p = Counted::of(w, &c, &g.pool, &etcd);
    let obs = w.observed.clusters.get(&g.id);
    let frozen = w
        .memory
        .pools
        .get(&format!("{}/{}", g.id, g.pool.id))
        .and_then(|m| m.rollout.as_ref())
        .is_some_and(|r| r.revision == g.pool.revision && r.frozen_ms.is_some());
    let healthy = etcd.view == View::Good && p.nodes.iter().any(|x| x.phase == Phase::Active);
    g.delete_requested_ms.is_some()
        || obs.is_none_or(|o| o.provisioned_ms.is_none())
        || (!frozen && (p.outdated > 0 || (p.live != p.size && w.policy.queue_while_resizing)))
        || !healthy
}

/// I-D5: whatever has not converged and gets no action has a wake-up or somebody who can help.
fn explained(w: &World, d: &Decision) {
    if !d.actions.is_empty() || d.next_wakeup_ms.is_some() || !w.observed.pending.is_empty() {
        return;
    }
    let mut blocked: BTreeMap<&str, usize> = BTreeMap::new();
    for e in d.explain.iter().filter(|e| e.verdict == Verdict::Blocked) {
        *blocked
            .entry(e.subject.split('/').next().unwrap_or(""))
            .or_insert(0) += 1;
    }
    for (id, s) in d.status.clusters.iter().chain(&d.status.pcgs) {
        let settled = matches!(s.state, State::Running | State::Deleted);
        // What waits for its gateway goes on when that does.
        let gateway = w
            .desired
            .clusters
            .iter()
            .find(|c| c.id == *id)
            .and_then(|c| c.pcg_id.as_deref())
            .filter(|_| {
                s.has(ConditionCode::BlockedByPcg) || s.has(ConditionCode::QueuedBehindPcg)
            });
        assert!(
            settled
                || blocked.contains_key(id.as_str())
                || gateway.is_some_and(|g| blocked.contains_key(g)),
            "I-D5 {id} is {:?}, nothing is done, awaited or blocked: {:?}",
            s.state,
            d.explain
        );
    }
}

/// Machines that two nodes or calls claim.
fn claimed_twice(w: &World) -> Option<&str> {
    let mut taken = BTreeSet::new();
    let owned = w.observed.nodes.iter().filter_map(|n| {
        let m = find_machine(w, n.system_id.as_deref()?)?;
        let o = m.owner.as_ref()?;
        (o.node.as_ref() == Some(&n.id) && o.cluster == n.cluster).then_some(m.system_id.as_str())
    });
    let mut claims = being_allocated(w).into_iter().chain(owned);
    claims.find(|id| !taken.insert(*id))
}

/// What must hold between a world and the one that follows it; `by_us`: nothing failed meanwhile.
pub fn check_transition(before: &World, after: &World, by_us: bool) {
    if let Some(id) = claimed_twice(after) {
        assert!(claimed_twice(before).is_some(), "I-M1 {id} has two nodes");
    }
    for (c, _) in &clusters(after) {
        let is = |w: &World| {
            let o = w.observed.clusters.get(&c.id);
            let deleted = o.is_some_and(|o| o.state.as_deref() == Some("deleted"));
            (deleted, is_terminating(w, &c.id))
        };
        let ((was_deleted, was_ending), (deleted, ending)) = (is(before), is(after));
        assert!(
            !was_deleted || deleted,
            "I-L1 {} is back from Deleted",
            c.id
        );
        assert!(
            !was_ending || ending || deleted,
            "I-L1 {} is back from Deleting",
            c.id
        );
        if ending || deleted || !by_us || c.etcd != Etcd::Stacked {
            continue;
        }
        let (was, now) = (Members::of(before, c), Members::of(after, c));
        let quorum = |m: &Members<'_>| !m.all.is_empty() && m.has_quorum();
        assert!(
            !quorum(&was) || quorum(&now),
            "I-Q2 {}: the engine took the majority: {:?} → {:?}",
            c.id,
            was.all,
            now.all
        );
    }
}

/// 3.4 honoured: delete after the cluster was complete, abort before.
pub fn is_terminating(w: &World, id: &str) -> bool {
    if let Some(g) = w.desired.pcgs.iter().find(|g| g.id == id) {
        return g.delete_requested_ms.is_some();
    }
    let Some(c) = w.desired.clusters.iter().find(|c| c.id == id) else {
        return false;
    };
    let complete = w.observed.clusters.get(id).and_then(|o| o.provisioned_ms);
    let deleting = c
        .delete_requested_ms
        .is_some_and(|t| complete.is_some_and(|p| t >= p));
    let aborting = c
        .abort_requested_ms
        .is_some_and(|t| complete.is_none_or(|p| p > t));
    deleting || aborting
}

/// What an action that is carried out on an observation older than the world must still respect in the world itself.
pub fn check_executed(w: &World, a: &Action) {
    let Some((c, _)) = clusters(w)
        .into_iter()
        .find(|(c, _)| Some(c.id.as_str()) == a.cluster())
    else {
        return;
    };
    if is_terminating(w, &c.id) {
        return;
    }
    let etcd = Members::of(w, &c);
    match &a.verb {
        Verb::RemoveEtcdMember { member_id, .. } => {
            let m = etcd.all.iter().find(|m| m.member_id == *member_id).unwrap();
            assert!(m.learner || etcd.safe_remove(Some(m)), "I-Q1 late {}", a.id);
            assert!(m.learner || !etcd.has_learner(), "I-Q4 late {}", a.id);
        }
        Verb::Allocate { system_id, .. } => {
            let m = find_machine(w, system_id).unwrap();
            assert!(
                m.status == MachineStatus::Ready && m.owner.is_none() && !m.locked,
                "I-M3 late {}",
                a.id
            );
        }
        Verb::Release { .. } => {
            let cp = c.control_plane.as_ref();
            let is_cp = cp.is_some_and(|p| {
                Some(p.id.as_str()) == a.pool() && p.role == PoolRole::ControlPlane
            });
            let member = a.node().and_then(|n| etcd.of_node(n));
            assert!(
                !is_cp || c.etcd != Etcd::Stacked || member.is_none(),
                "I-Q5 late {}",
                a.id
            );
        }
        Verb::Deploy { mode, .. } if *mode == DeployMode::Init => {
            assert!(etcd.view == View::Uninitialised, "I-Q5 late {}", a.id);
        }
        _ => {}
    }
}
