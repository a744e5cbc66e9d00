//! 3.6 Invariants, judged on a world, the decision taken in it and the world that follows. Nothing of the engine is asked: `terms` counts
//! again what the text defines.
use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::{
    Action, ClusterSpec, ConditionCode, Decision, DeployMode, DrainBy, Etcd, Guard, Machine,
    MachineStatus, Maintenance, OwnerRule, PoolRole, PoolSpec, State, Strategy, Verb, Verdict,
    World,
};

use super::terms::{Counted, Members, Phase, Seen, View, clusters, find_machine, is_returning};

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
        let scene = Scene::new(w, d, c, own);
        scene.quorum();
        scene.one_operation();
        scene.founded_once();
        scene.unseen();
        scene.cancels();
        for p in &scene.pools {
            scene.drains(p);
            scene.commits(p);
            scene.ceilings(p);
            scene.feasible(p);
            scene.frozen(p);
        }
        if !is_gateway {
            scene.versions();
        }
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

/// A cluster that is not being deleted, with what is to be done in it.
struct Scene<'s> {
    w: &'s World,
    d: &'s Decision,
    c: &'s ClusterSpec,
    etcd: Members<'s>,
    pools: Vec<Counted<'s>>,
    own: Vec<&'s Action>,
}

impl<'s> Scene<'s> {
    fn new(w: &'s World, d: &'s Decision, c: &'s ClusterSpec, own: Vec<&'s Action>) -> Self {
        let etcd = Members::of(w, c);
        let pools = c.pools().map(|p| Counted::of(w, c, p, &etcd)).collect();
        Self {
            w,
            d,
            c,
            etcd,
            pools,
            own,
        }
    }

    fn cp(&self) -> Option<&Counted<'s>> {
        self.pools.iter().find(|p| p.is_cp)
    }

    fn in_pool<'p>(&'p self, p: &'p PoolSpec) -> impl Iterator<Item = &'p &'s Action> {
        self.own.iter().filter(|a| a.pool() == Some(&p.id))
    }

    /// safe_remove(x) by the kind of etcd.
    fn is_safe(&self, cp: &Counted<'_>, x: &str) -> bool {
        match self.c.etcd {
            Etcd::Stacked => self.etcd.safe_remove(self.etcd.of_node(x)),
            Etcd::External => cp
                .nodes
                .iter()
                .any(|y| y.id != x && y.phase == Phase::Active),
            Etcd::Opaque => false,
        }
    }

    /// I-Q1, I-Q4, I-Q5 and CP-5, CP-6: what is done to voters and learners.
    fn quorum(&self) {
        let Some(cp) = self.cp() else { return };
        let safe = |x: &str| self.is_safe(cp, x);
        for a in self.in_pool(cp.spec) {
            match &a.verb {
                Verb::Drain { node, .. } => assert!(safe(node), "I-Q1 {}", a.id),
                Verb::DetachEndpoint { node } => {
                    assert!(safe(node), "I-Q1 {}", a.id);
                    assert!(!self.etcd.has_learner(), "I-Q4 {}", a.id);
                }
                Verb::MoveEtcdLeader { from, to } => {
                    assert!(safe(from), "I-Q1 {}", a.id);
                    assert!(!self.etcd.has_learner(), "I-Q4 {}", a.id);
                    let heir = self.etcd.of_node(to);
                    assert!(
                        heir.is_some_and(|m| !m.learner && m.healthy.is_true()),
                        "3.4 no leader can be {to}: {}",
                        a.id
                    );
                }
                Verb::RemoveEtcdMember { member_id, .. } => {
                    let m = self.etcd.all.iter().find(|m| m.member_id == *member_id);
                    let m = m.unwrap();
                    if m.learner {
                        let x = m.node.as_deref().and_then(|n| cp.find(n));
                        let failed =
                            x.is_none_or(|x| matches!(x.phase, Phase::Gone | Phase::Discarded));
                        assert!(failed, "CP-5 a learner that may still settle: {}", a.id);
                    } else {
                        assert!(self.etcd.safe_remove(Some(m)), "I-Q1 {}", a.id);
                        assert!(!self.etcd.has_learner(), "I-Q4 {}", a.id);
                        let left = self.etcd.all.iter().filter(|k| !k.learner).count() - 1;
                        assert!(left >= 1, "I-Q5 the last member: {}", a.id);
                    }
                }
                Verb::Release { system_id, .. } => self.released(a, system_id),
                _ => {}
            }
        }
    }

    /// I-Q5: a control-plane machine goes only when its node is no member; while etcd is not seen, only if it cannot be one yet, or if
    /// nobody knows a node of it, which is left to the guard.
    fn released(&self, a: &Action, system_id: &str) {
        if self.c.etcd != Etcd::Stacked || self.etcd.view == View::Uninitialised {
            return;
        }
        let machine = find_machine(self.w, system_id).unwrap();
        let owner = machine.owner.as_ref().and_then(|o| o.node.as_deref());
        let name = owner.or(a.node());
        let x = self.cp().and_then(|cp| cp.find(name?));
        let unborn = x.is_none_or(|x| {
            !x.is_joined()
                && matches!(
                    machine.status,
                    MachineStatus::Allocated
                        | MachineStatus::Deploying
                        | MachineStatus::FailedDeployment
                )
        });
        let member = name.and_then(|n| self.etcd.of_node(n));
        assert!(
            member.is_none() && (self.etcd.is_fresh() || unborn || is_returning(machine)),
            "I-Q5 released in view {:?}, member {member:?}, phase {:?}: {}",
            self.etcd.view,
            x.map(|x| x.phase),
            a.id
        );
    }

    /// I-Q3: at most one control-plane node in flight, what this decision starts included, and one membership change.
    fn one_operation(&self) {
        let Some(cp) = self.cp() else { return };
        let is_member = |x: &Seen<'_>| x.member.is_some();
        // CP-8: Leaving, Returning, Unwell and Discarded nodes count only while they are members and on their way out.
        let moving: Vec<&str> = cp
            .nodes
            .iter()
            .filter(|x| {
                x.phase.is_creating()
                    || x.phase.is_draining()
                    || (matches!(x.phase, Phase::Leaving | Phase::Discarded) && is_member(x))
            })
            .map(|x| x.id)
            .collect();
        let mut started = Vec::new();
        let mut changes = 0;
        for a in self.in_pool(cp.spec) {
            match &a.verb {
                Verb::Drain { .. } | Verb::Allocate { .. } => started.push(&a.id),
                Verb::RemoveEtcdMember { .. } => changes += 1,
                _ => {}
            }
        }
        assert!(changes <= 1, "I-Q3 {changes} membership changes");
        // Two are allowed to be seen at once only if nobody began the second: an old world, handed in so.
        assert!(
            started.is_empty() || (started.len() == 1 && moving.is_empty()),
            "I-Q3 {}: {started:?} while {moving:?} in flight",
            self.c.id
        );
    }

    /// I-Q5: founded once, while no other control-plane node lives.
    fn founded_once(&self) {
        let Some(cp) = self.cp() else { return };
        for a in &self.own {
            let Verb::Deploy { node, mode, .. } = &a.verb else {
                continue;
            };
            if a.pool() == Some(&cp.spec.id) {
                let join = matches!(self.etcd.view, View::Good);
                assert!(
                    join || *mode == DeployMode::Init,
                    "3.5.3 joined in view {:?}: {}",
                    self.etcd.view,
                    a.id
                );
            }
            if *mode != DeployMode::Init {
                continue;
            }
            let other = cp.nodes.iter().any(|x| x.id != *node && x.phase.is_live());
            assert!(
                self.etcd.view == View::Uninitialised && !other,
                "I-Q5 founded twice: {}",
                a.id
            );
        }
    }

    /// CP-3, CP-4: while etcd cannot be read or has no majority, nothing of the control plane is created, drained or taken out.
    fn unseen(&self) {
        let Some(cp) = self.cp() else { return };
        if !matches!(self.etcd.view, View::Unknown | View::Lost) {
            return;
        }
        for a in self.in_pool(cp.spec) {
            let lost_and_left =
                self.etcd.view == View::Lost && matches!(a.verb, Verb::Release { .. });
            assert!(
                lost_and_left
                    || !matches!(
                        a.verb,
                        Verb::Allocate { .. }
                            | Verb::Deploy { .. }
                            | Verb::Drain { .. }
                            | Verb::DetachEndpoint { .. }
                            | Verb::RemoveEtcdMember { .. }
                            | Verb::MoveEtcdLeader { .. }
                    ),
                "CP-3 etcd is {:?}: {}",
                self.etcd.view,
                a.id
            );
        }
    }

    /// CP-7: the drain of a ready voter does not outlive another member's health.
    fn cancels(&self) {
        let Some(cp) = self.cp() else { return };
        let age_ms = self.w.now_ms.saturating_sub(self.w.observed.as_of_ms);
        let stale = age_ms > i64::from(self.w.policy.observation_max_age_s) * 1000;
        if self.etcd.view != View::Good || self.c.etcd != Etcd::Stacked || stale {
            return;
        }
        for x in cp.nodes.iter().filter(|x| x.phase.is_draining()) {
            let counted = x.member.is_some_and(|m| !m.learner && m.healthy.is_true());
            let pending =
                self.w.observed.pending.iter().any(|p| {
                    p.action.cluster() == Some(&self.c.id) && p.action.node() == Some(x.id)
                });
            let may_go = self.is_safe(cp, x.id) && self.etcd.others_well(x.id);
            if !counted || !x.is_ready() || pending || may_go {
                continue;
            }
            let cancelled = self
                .own
                .iter()
                .any(|a| matches!(&a.verb, Verb::CancelDrain { node } if node == x.id));
            assert!(
                cancelled,
                "CP-7 the drain of {}/{} goes on while another member is not well",
                self.c.id, x.id
            );
        }
    }

    /// Whether the node is not well for long enough to be replaced; the ladder may ask for more patience, never for less.
    fn is_long_unwell(&self, p: &Counted<'_>, x: &Seen<'_>) -> bool {
        let stacked = p.is_cp && self.c.etcd == Etcd::Stacked && self.etcd.is_fresh();
        let member_down = stacked && !x.member.is_some_and(|m| m.healthy.is_true());
        if x.is_ready() && !member_down {
            return false;
        }
        let key = format!("{}/{}", self.c.id, x.id);
        let remembered = self
            .w
            .memory
            .nodes
            .get(&key)
            .and_then(|m| m.suspect_since_ms);
        let seen = x
            .node
            .filter(|_| !x.is_ready())
            .and_then(|n| n.ready_since_ms);
        let grace_ms = i64::from(self.w.policy.grace_s) * 1000;
        remembered
            .into_iter()
            .chain(seen)
            .any(|t| self.w.now_ms.saturating_sub(t) >= grace_ms)
    }

    /// I-A1, I-A3: nothing is drained twice, nothing locked; voluntary drains keep the floor and ask etcd's other members.
    fn drains(&self, p: &Counted<'_>) {
        let mut left = p.available;
        for a in self.in_pool(p.spec) {
            let Verb::Drain { node, .. } = &a.verb else {
                continue;
            };
            let x = p.find(node).unwrap();
            let n = x.node.unwrap();
            assert!(n.drain.by == DrainBy::None, "I-A3 drained twice: {}", a.id);
            assert!(!x.is_locked(), "I-A3 locked: {}", a.id);
            assert!(x.is_joined(), "3.5 drained before it joined: {}", a.id);
            if self.is_long_unwell(p, x) {
                continue;
            }
            // A node that is not available takes nothing from the floor.
            left -= usize::from(x.is_available());
            assert!(
                left >= p.floor || !x.is_available(),
                "I-A1 {}: {left} left, floor {}",
                a.id,
                p.floor
            );
            if p.is_cp && self.c.etcd == Etcd::Stacked {
                assert!(
                    self.etcd.others_well(node),
                    "I-A1 another member is not well: {}",
                    a.id
                );
            }
            if p.is_cp {
                assert!(
                    p.nodes.iter().all(|y| y.phase != Phase::Unwell),
                    "CP-11 a node is not well: {}",
                    a.id
                );
            }
        }
    }

    /// I-A1 at the commit, step by step.
    fn commits(&self, p: &Counted<'_>) {
        for a in self.in_pool(p.spec) {
            let node = match &a.verb {
                Verb::DetachEndpoint { node } | Verb::MoveEtcdLeader { from: node, .. } => {
                    Some(node.as_str())
                }
                Verb::RemoveEtcdMember { .. } | Verb::Release { .. } => a.node(),
                _ => None,
            };
            let Some(x) = node.and_then(|n| p.find(n)) else {
                continue;
            };
            if !x.phase.is_draining() {
                continue;
            }
            assert!(
                x.phase == Phase::Drained,
                "3.4 committed while it drains: {}",
                a.id
            );
            // What an operator has taken out of service would not be available again by a cancelled drain.
            let by_operator = x
                .node
                .is_some_and(|n| n.maintenance == Maintenance::Cordoned);
            if !x.is_ready() || by_operator || self.is_long_unwell(p, x) {
                continue;
            }
            // Once it drains, a control-plane node asks etcd's members alone.
            assert!(
                p.available >= p.floor || p.is_cp,
                "I-A1 {}: {} available, floor {}",
                a.id,
                p.available,
                p.floor
            );
            if p.is_cp && self.c.etcd == Etcd::Stacked {
                assert!(
                    self.etcd.others_well(x.id),
                    "I-A1 another member is not well: {}",
                    a.id
                );
            }
        }
    }

    /// I-A2: nothing is created above the ceilings, by nodes and by machines, those on their way back included.
    fn ceilings(&self, p: &Counted<'_>) {
        let created = self
            .in_pool(p.spec)
            .filter(|a| matches!(a.verb, Verb::Allocate { .. }))
            .count();
        if created == 0 {
            return;
        }
        let surge = if p.outdated > 0 { p.surge } else { 0 };
        assert!(
            p.live + created <= p.size + surge,
            "I-A2 {}/{}: {} live, {created} created, size {} + {surge}",
            self.c.id,
            p.spec.id,
            p.live,
            p.size
        );
        let most = p.size + p.surge.max(p.unavailable);
        assert!(
            p.held + created <= most,
            "I-A2 {}/{}: {} held, {created} created, at most {most}",
            self.c.id,
            p.spec.id,
            p.held
        );
    }

    /// 3.5.1 replaceable(x): a step below the size needs a machine for the replacement now: a free one, or the node's own.
    fn feasible(&self, p: &Counted<'_>) {
        let usable = |m: &Machine| {
            fits(m, p.spec) && !m.locked && !is_quarantined(self.w, self.d, &m.system_id)
        };
        let taken = being_allocated(self.w);
        let free = self.w.observed.machines.iter().any(|m| {
            m.status == MachineStatus::Ready
                && m.owner.is_none()
                && usable(m)
                && !taken.contains(&m.system_id.as_str())
        });
        let mut staying = p
            .nodes
            .iter()
            .filter(|x| x.phase.is_live() && !x.phase.is_draining())
            .count();
        for a in self.in_pool(p.spec) {
            let Verb::Drain { node, .. } = &a.verb else {
                continue;
            };
            let x = p.find(node).unwrap();
            let below = staying <= p.size;
            staying -= 1;
            if !below || self.is_long_unwell(p, x) {
                continue;
            }
            assert!(
                p.spec.strategy != Strategy::ExpandFirst || p.floor < p.size,
                "CP-12 Expand First drains before the replacement is there: {}",
                a.id
            );
            assert!(
                free || x.machine.is_some_and(usable),
                "3.5.1 replaceable: {}",
                a.id
            );
        }
    }

    /// I-A4: once a revision has failed too often, no further healthy old node is drained.
    fn frozen(&self, p: &Counted<'_>) {
        let key = format!("{}/{}", self.c.id, p.spec.id);
        let target = super::terms::target(self.c, p.spec);
        let failing = self
            .d
            .memory
            .pools
            .get(&key)
            .and_then(|m| m.rollout.as_ref())
            .is_some_and(|r| {
                Some(r.revision.as_str()) == target && r.failures >= self.w.policy.failure_limit
            });
        if !failing {
            return;
        }
        for a in self.in_pool(p.spec) {
            let Verb::Drain { node, .. } = &a.verb else {
                continue;
            };
            let x = p.find(node).unwrap();
            let old = x.node.and_then(|n| n.revision.as_deref()) != target;
            assert!(!old || self.is_long_unwell(p, x), "I-A4 frozen: {}", a.id);
        }
    }

    /// I-L7: workers ≤ control plane ≤ workers + 3, by minor version, of all that is live.
    fn versions(&self) {
        let minors = |p: &Counted<'_>| -> Vec<u32> {
            p.nodes
                .iter()
                .filter(|x| x.phase.is_live())
                .filter_map(|x| Some(x.node?.k8s_version?.minor))
                .collect()
        };
        let Some(cp) = self.cp().map(minors) else {
            return;
        };
        for p in self.pools.iter().filter(|p| !p.is_cp) {
            for worker in minors(p) {
                assert!(
                    cp.iter().all(|cp| worker <= *cp && *cp <= worker + 3),
                    "I-L7 {}: a worker at 1.{worker}, the control plane at {cp:?}",
                    p.spec.id
                );
            }
        }
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
        || (!frozen && (p.outdated > 0 || p.live != p.size))
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
