//! 3.6 Invariants, judged on a world and the decision taken in it. Nothing of the engine is asked: the counts are made here again.
use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::{
    Action, ClusterSpec, Decision, DrainBy, Erase, EtcdMember, Machine, MachineStatus, Maintenance,
    Node, PoolRole, State, Strategy, UnblockKind, Verb, World,
};

/// Panics with the name of the invariant that a decision breaks.
pub fn check(w: &World, d: &Decision) {
    one_action_per_node(d);
    irreversible_actions_are_guarded(d);
    machines(w, d);
    for c in &planned(w) {
        let states = d.status.clusters.get(&c.id);
        let Some(status) = states.or_else(|| d.status.pcgs.get(&c.id)) else {
            continue;
        };
        let own: Vec<&Action> = d
            .actions
            .iter()
            .filter(|a| a.cluster() == Some(&c.id))
            .collect();
        if status.state.is_terminating() {
            assert!(
                !own.iter()
                    .any(|a| matches!(a.verb, Verb::Allocate { .. } | Verb::Deploy { .. })),
                "I-L4 {}",
                c.id
            );
            continue;
        }
        quorum(w, c, &own);
        founded_once(w, c, &own);
        unseen(w, c, &own);
        commits(w, c, &own);
        cancels(w, c, &own);
        feasible(w, c, &own);
        ceilings(w, c, &own);
        drains(w, c, &own);
    }
    finished(w, d);
    explained(w, d);
}

/// The clusters, and the gateways, which are planned as clusters of one pool.
fn planned(w: &World) -> Vec<ClusterSpec> {
    let mut all = w.desired.clusters.clone();
    for g in &w.desired.pcgs {
        let mut c = ClusterSpec::new(g.id.clone()).control_plane(g.pool.clone());
        (c.requested_ms, c.managed_by) = (g.requested_ms, g.managed_by);
        c.delete_requested_ms = g.delete_requested_ms;
        all.push(c);
    }
    all
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

fn irreversible_actions_are_guarded(d: &Decision) {
    for a in &d.actions {
        assert!(
            !a.verb.is_irreversible() || a.guard.is_some(),
            "no guard: {}",
            a.id
        );
    }
}

fn machine<'w>(w: &'w World, system_id: &str) -> &'w Machine {
    w.observed
        .machines
        .iter()
        .find(|m| m.system_id == system_id)
        .unwrap()
}

/// I-M1, I-M2, I-M3.
fn machines(w: &World, d: &Decision) {
    let mut given: BTreeSet<&str> = w
        .observed
        .pending
        .iter()
        .filter_map(|p| {
            if let Verb::Allocate { system_id, .. } = &p.action.verb {
                Some(system_id.as_str())
            } else {
                None
            }
        })
        .collect();
    for a in &d.actions {
        let Verb::Allocate { system_id, .. } = &a.verb else {
            continue;
        };
        assert!(given.insert(system_id), "I-M1 {}", a.id);
        let m = machine(w, system_id);
        assert!(
            m.status == MachineStatus::Ready && m.owner.is_none() && !m.locked,
            "I-M3 {}",
            a.id
        );
        let quarantined = d
            .memory
            .machines
            .get(system_id)
            .and_then(|k| k.quarantined_until_ms)
            .is_some_and(|t| w.now_ms < t);
        assert!(!quarantined, "I-M3 quarantined {}", a.id);
        let all = planned(w);
        let c = all
            .iter()
            .find(|c| Some(c.id.as_str()) == a.cluster())
            .unwrap();
        let p = c
            .control_plane
            .iter()
            .chain(&c.workers)
            .find(|p| Some(p.id.as_str()) == a.pool())
            .unwrap();
        let fits = m.cpu >= p.min_cpu
            && m.mem_mib >= p.min_mem_mib
            && m.disk_gb.first().copied().unwrap_or(0) >= p.min_disk_gb
            && p.arch.as_ref().is_none_or(|a| *a == m.arch)
            && m.resource_pool == p.resource_pool
            && (p.azs.is_empty() || p.azs.contains(&m.zone))
            && p.tags.iter().all(|t| m.tags.contains(t));
        assert!(fits, "I-M2 {}", a.id);
    }
}

fn voters(members: &[EtcdMember]) -> (usize, usize) {
    let all = members.iter().filter(|m| !m.learner).count();
    let good = members
        .iter()
        .filter(|m| !m.learner && m.healthy.is_true())
        .count();
    (all, good)
}

/// I-Q1, I-Q3, I-Q4, I-Q5.
fn quorum(w: &World, c: &ClusterSpec, own: &[&Action]) {
    let Some(cp) = &c.control_plane else { return };
    let none = Vec::new();
    let members = w.observed.etcd.get(&c.id).map_or(&none, |v| &v.members);
    let (all, good) = voters(members);
    let learners = members.iter().any(|m| m.learner);
    let of = |node: &str| members.iter().find(|m| m.node.as_deref() == Some(node));
    let safe = |m: Option<&EtcdMember>| {
        let (is, counts) = m.map_or((0, 0), |m| {
            (
                usize::from(!m.learner),
                usize::from(!m.learner && m.healthy.is_true()),
            )
        });
        good > all / 2 && all - is >= 1 && good - counts > (all - is) / 2
    };
    let mut membership = 0;
    let mut in_flight = 0;
    for a in own {
        let is_cp = a.pool() == Some(&cp.id);
        match &a.verb {
            Verb::RemoveEtcdMember { member_id, .. } => {
                membership += 1;
                let m = members.iter().find(|m| m.member_id == *member_id).unwrap();
                assert!(m.learner || safe(Some(m)), "I-Q1 {}", a.id);
                assert!(m.learner || !learners, "I-Q4 {}", a.id);
                assert!(
                    members.iter().filter(|m| !m.learner).count() > usize::from(!m.learner),
                    "I-Q5 {}",
                    a.id
                );
            }
            Verb::Drain { node, .. } if is_cp => {
                in_flight += 1;
                assert!(safe(of(node)), "I-Q1 {}", a.id);
            }
            Verb::Allocate { .. } if is_cp => in_flight += 1,
            Verb::Release { .. } if is_cp => assert!(
                a.node().and_then(of).is_none(),
                "I-Q5 released while a member: {}",
                a.id
            ),
            _ => {}
        }
    }
    let busy = w
        .observed
        .nodes
        .iter()
        .filter(|n| n.cluster == c.id && n.pool == cp.id && is_moving(w, n))
        // What is given up in this decision is not in flight any more.
        .filter(|n| {
            !own.iter()
                .any(|a| matches!(a.verb, Verb::Release { .. }) && a.node() == Some(&n.id))
        })
        .count();
    let pending = w
        .observed
        .pending
        .iter()
        .filter(|p| p.action.cluster() == Some(&c.id) && p.action.pool() == Some(&cp.id))
        .count();
    assert!(membership <= 1, "I-Q3 two membership changes in {}", c.id);
    assert!(
        in_flight == 0 || (in_flight == 1 && busy == 0 && pending == 0),
        "I-Q3 {} of {} in flight, {busy} moving",
        in_flight,
        c.id
    );
}

/// I-Q5: founded once, while no other control-plane node lives.
fn founded_once(w: &World, c: &ClusterSpec, own: &[&Action]) {
    let Some(cp) = &c.control_plane else { return };
    for a in own {
        let Verb::Deploy { node, mode, .. } = &a.verb else {
            continue;
        };
        if *mode != lifecycle_core::DeployMode::Init {
            continue;
        }
        let founded = w
            .observed
            .clusters
            .get(&c.id)
            .is_some_and(|o| o.initialized);
        let other = w
            .observed
            .nodes
            .iter()
            .filter(|n| n.cluster == c.id && n.pool == cp.id && n.id != *node)
            .any(|n| {
                w.observed.machines.iter().any(|m| {
                    Some(&m.system_id) == n.system_id.as_ref()
                        && matches!(
                            m.status,
                            MachineStatus::Allocated
                                | MachineStatus::Deploying
                                | MachineStatus::Deployed
                        )
                })
            });
        assert!(!founded && !other, "I-Q5 founded twice: {}", a.id);
    }
}

/// CP-3: while etcd cannot be read, nothing of the control plane is created, drained or taken out.
fn unseen(w: &World, c: &ClusterSpec, own: &[&Action]) {
    let Some(cp) = &c.control_plane else { return };
    let hidden = w.observed.etcd.get(&c.id).is_some_and(|v| !v.reachable);
    if !hidden || c.etcd != lifecycle_core::Etcd::Stacked {
        return;
    }
    for a in own.iter().filter(|a| a.pool() == Some(&cp.id)) {
        assert!(
            !matches!(
                a.verb,
                Verb::Allocate { .. }
                    | Verb::Drain { .. }
                    | Verb::RemoveEtcdMember { .. }
                    | Verb::MoveEtcdLeader { .. }
            ),
            "CP-3 etcd is not seen: {}",
            a.id
        );
    }
}

/// I-A1: a ready node that has joined leaves etcd only while every other member is healthy; what never joined has failed (CP-5).
fn commits(w: &World, c: &ClusterSpec, own: &[&Action]) {
    for a in own {
        let Verb::RemoveEtcdMember { member_id, .. } = &a.verb else {
            continue;
        };
        let members = &w.observed.etcd[&c.id].members;
        let m = members.iter().find(|m| m.member_id == *member_id).unwrap();
        let ready = w.observed.nodes.iter().any(|n| {
            n.cluster == c.id
                && Some(&n.id) == m.node.as_ref()
                && n.ready.is_true()
                && n.joined_ms.is_some()
        });
        if m.learner || !m.healthy.is_true() || !ready {
            continue;
        }
        assert!(
            members.iter().all(|m| m.healthy.is_true()),
            "I-A1 another member is not well: {}",
            a.id
        );
    }
}

/// CP-7: while a majority is seen, the drain of a ready voter does not outlive another member's health.
fn cancels(w: &World, c: &ClusterSpec, own: &[&Action]) {
    let (Some(cp), Some(view)) = (&c.control_plane, w.observed.etcd.get(&c.id)) else {
        return;
    };
    let (all, good) = voters(&view.members);
    let fresh = view.reachable && w.now_ms.saturating_sub(view.as_of_ms) <= 120_000;
    let old = w.now_ms.saturating_sub(w.observed.as_of_ms) > 600_000;
    if c.etcd != lifecycle_core::Etcd::Stacked || !fresh || old || good <= all / 2 {
        return;
    }
    for n in w
        .observed
        .nodes
        .iter()
        .filter(|n| n.cluster == c.id && n.pool == cp.id)
    {
        let drains = n.drain.by == DrainBy::Engine && n.ready.is_true() && n.joined_ms.is_some();
        let is_its = |m: &&EtcdMember| m.node.as_deref() == Some(&n.id);
        let voter = view
            .members
            .iter()
            .find(is_its)
            .is_some_and(|m| !m.learner && m.healthy.is_true());
        let deployed = n
            .system_id
            .as_ref()
            .is_some_and(|s| machine(w, s).status == MachineStatus::Deployed);
        let pending = w
            .observed
            .pending
            .iter()
            .any(|p| p.action.cluster() == Some(&c.id) && p.action.node() == Some(&n.id));
        let others_well = view
            .members
            .iter()
            .filter(|m| !is_its(m))
            .all(|m| m.healthy.is_true());
        if !drains || !voter || !deployed || pending || others_well {
            continue;
        }
        let cancelled = own
            .iter()
            .any(|a| matches!(&a.verb, Verb::CancelDrain { node } if *node == n.id));
        assert!(
            cancelled,
            "CP-7 the drain of {}/{} goes on while another member is not well",
            c.id, n.id
        );
    }
}

/// Contract First drains a ready node only if a machine for its replacement can be had: a free one, or its own.
fn feasible(w: &World, c: &ClusterSpec, own: &[&Action]) {
    for p in c.pools().filter(|p| p.strategy == Strategy::ContractFirst) {
        let fits = |m: &Machine| {
            m.cpu >= p.min_cpu && m.mem_mib >= p.min_mem_mib && m.resource_pool == p.resource_pool
        };
        let free = w
            .observed
            .machines
            .iter()
            .any(|m| m.status == MachineStatus::Ready && m.owner.is_none() && fits(m));
        for a in own.iter().filter(|a| a.pool() == Some(&p.id)) {
            let Verb::Drain { node, .. } = &a.verb else {
                continue;
            };
            let n = w
                .observed
                .nodes
                .iter()
                .find(|n| n.cluster == c.id && n.id == *node)
                .unwrap();
            let its = n.system_id.as_ref().map(|s| machine(w, s));
            let count = w
                .observed
                .nodes
                .iter()
                .filter(|x| x.cluster == c.id && x.pool == p.id)
                .count();
            assert!(
                !n.ready.is_true() || count > p.size as usize || free || its.is_some_and(fits),
                "3.5.1 replaceable: {}",
                a.id
            );
        }
    }
}

/// Being created, or drained by the engine, with its member still there.
fn is_moving(w: &World, n: &Node) -> bool {
    let m = n.system_id.as_ref().and_then(|s| {
        w.observed
            .machines
            .iter()
            .find(|m| m.system_id == *s && m.owner.is_some())
    });
    let Some(m) = m else { return false };
    if m.status == MachineStatus::FailedDeployment
        || matches!(
            m.status,
            MachineStatus::Releasing | MachineStatus::DiskErasing
        )
    {
        return false;
    }
    let member = w
        .observed
        .etcd
        .get(&n.cluster)
        .is_some_and(|v| v.members.iter().any(|k| k.node.as_deref() == Some(&n.id)));
    let leaving = n.drain.by == DrainBy::Engine && !member;
    // 120 s to allocate, 2100 to deploy, 1200 to join, 900 to settle: what is later than that has failed and, without a member, only leaves.
    let failed = w.now_ms.saturating_sub(n.created_ms) >= 4_320_000 && !member;
    (n.joined_ms.is_none() && !failed) || (n.drain.by == DrainBy::Engine && !leaving)
}

/// I-A2: nothing is created above the ceiling, machines on their way back included.
fn ceilings(w: &World, c: &ClusterSpec, own: &[&Action]) {
    for p in c.pools() {
        let created = own
            .iter()
            .filter(|a| a.pool() == Some(&p.id) && matches!(a.verb, Verb::Allocate { .. }))
            .count();
        if created == 0 {
            continue;
        }
        let (surge, unavailable) = match p.strategy {
            Strategy::ExpandFirst => (p.max_parallel, 0),
            Strategy::ContractFirst => (0, p.max_parallel),
            Strategy::Custom {
                max_surge,
                max_unavailable,
            } => (max_surge.up(p.size), max_unavailable.down(p.size)),
        };
        let owned = |m: &&Machine| {
            m.owner
                .as_ref()
                .is_some_and(|o| o.cluster == c.id && o.pool.as_ref() == Some(&p.id))
        };
        let back = |m: &Machine| {
            matches!(
                m.status,
                MachineStatus::Releasing | MachineStatus::DiskErasing
            )
        };
        let stuck = |m: &Machine| {
            matches!(
                m.status,
                MachineStatus::FailedReleasing | MachineStatus::FailedDiskErasing
            ) || m
                .status_since_ms
                .is_some_and(|t| back(m) && w.now_ms.saturating_sub(t) >= 300_000)
        };
        let counted = |m: &&Machine| !stuck(m) && (!back(m) || p.erase != Erase::Secure);
        let held = w
            .observed
            .machines
            .iter()
            .filter(owned)
            .filter(counted)
            .count();
        let pending = w
            .observed
            .pending
            .iter()
            .filter(|q| {
                q.action.pool() == Some(&p.id)
                    && q.action.cluster() == Some(&c.id)
                    && matches!(q.action.verb, Verb::Allocate { .. })
            })
            .count();
        let most = (p.size + surge.max(unavailable).max(1)) as usize;
        assert!(
            held + pending + created <= most,
            "I-A2 {}/{}: {held} held, {pending} pending, {created} created, at most {most}",
            c.id,
            p.id
        );
    }
}

/// I-A1, I-A3: nothing is drained twice, nothing locked; voluntary drains keep the floor.
fn drains(w: &World, c: &ClusterSpec, own: &[&Action]) {
    for p in c.pools() {
        let nodes: Vec<&Node> = w
            .observed
            .nodes
            .iter()
            .filter(|n| n.cluster == c.id && n.pool == p.id)
            .collect();
        // A node is Active only while its member is healthy.
        let stacked = p.role == PoolRole::ControlPlane && c.etcd == lifecycle_core::Etcd::Stacked;
        let well_in_etcd = |n: &Node| {
            let its = |m: &EtcdMember| m.node.as_deref() == Some(&n.id) && m.healthy.is_true();
            !stacked
                || w.observed
                    .etcd
                    .get(&c.id)
                    .is_some_and(|v| v.members.iter().any(its))
        };
        let available = |n: &&&Node| {
            n.joined_ms.is_some()
                && n.ready.is_true()
                && !n.cordoned
                && n.maintenance != Maintenance::Cordoned
                && n.drain.by == DrainBy::None
                && well_in_etcd(n)
        };
        let mut left = nodes.iter().filter(available).count();
        for a in own.iter().filter(|a| a.pool() == Some(&p.id)) {
            let Verb::Drain { node, .. } = &a.verb else {
                continue;
            };
            let n = nodes.iter().find(|n| n.id == *node).unwrap();
            assert!(n.drain.by == DrainBy::None, "I-A3 drained twice: {}", a.id);
            let locked = n.maintenance == Maintenance::Locked
                || n.system_id.as_ref().is_some_and(|s| machine(w, s).locked);
            assert!(!locked, "I-A3 locked: {}", a.id);
            if available(&n) {
                left -= 1;
                let down = match p.strategy {
                    Strategy::ExpandFirst => {
                        u32::from(p.on_no_spare == lifecycle_core::OnNoSpare::FallbackContract)
                    }
                    Strategy::ContractFirst => p.max_parallel,
                    Strategy::Custom {
                        max_unavailable, ..
                    } => max_unavailable.down(p.size).max(1),
                };
                let floor = p.size.saturating_sub(down) as usize;
                assert!(left >= floor, "I-A1 {}: {left} left, floor {floor}", a.id);
                if p.role == PoolRole::ControlPlane {
                    let others = w.observed.etcd[&c.id]
                        .members
                        .iter()
                        .filter(|m| m.node.as_deref() != Some(node));
                    assert!(
                        others.clone().all(|m| m.healthy.is_true() && !m.learner),
                        "I-A1 another member is not well: {}",
                        a.id
                    );
                }
            }
        }
    }
}

/// I-L2, I-L3.
fn finished(w: &World, d: &Decision) {
    for a in &d.actions {
        let Verb::FinishDeleted {
            cluster,
            orphans,
            forced,
        } = &a.verb
        else {
            continue;
        };
        let left: Vec<&Machine> = w
            .observed
            .machines
            .iter()
            .filter(|m| m.owner.as_ref().is_some_and(|o| o.cluster == *cluster))
            .filter(|m| {
                !matches!(
                    m.status,
                    MachineStatus::Ready
                        | MachineStatus::New
                        | MachineStatus::Broken
                        | MachineStatus::Missing
                        | MachineStatus::Retired
                )
            })
            .collect();
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

/// I-D5: whatever has not converged and gets no action has a wake-up or somebody who can help.
fn explained(w: &World, d: &Decision) {
    if !d.actions.is_empty() || d.next_wakeup_ms.is_some() || !w.observed.pending.is_empty() {
        return;
    }
    let mut blocked: BTreeMap<&str, usize> = BTreeMap::new();
    for e in d
        .explain
        .iter()
        .filter(|e| e.verdict == lifecycle_core::Verdict::Blocked)
    {
        *blocked
            .entry(e.subject.split('/').next().unwrap_or(""))
            .or_insert(0) += 1;
    }
    // 3.5.7: what waits for a gateway has the gateway's wake-up, or its reason to have none.
    let behind: Vec<&str> = d
        .explain
        .iter()
        .filter(|e| {
            e.unblocks_when
                .iter()
                .filter(|u| u.kind == UnblockKind::Gateway)
                .filter_map(|u| u.args.get("pcg")?.as_str())
                .any(|g| blocked.contains_key(g))
        })
        .map(|e| e.subject.as_str())
        .collect();
    for (id, s) in &d.status.clusters {
        let settled = matches!(s.state, State::Running | State::Deleted);
        assert!(
            settled || blocked.contains_key(id.as_str()) || behind.contains(&id.as_str()),
            "I-D5 {id} is {:?}, nothing is done, awaited or blocked",
            s.state
        );
    }
}
