//! 3.6 of one cluster that is not being deleted: etcd, drains, ceilings, versions.
use lifecycle_core::{
    Action, ClusterSpec, Decision, DeployMode, DrainBy, Etcd, Machine, MachineStatus, Maintenance,
    PoolSpec, Strategy, Verb, World,
};

use super::invariants::{being_allocated, fits, is_quarantined};
use super::terms::{Counted, Members, Phase, Seen, View, find_machine, is_returning, target};

/// A cluster that is not being deleted, with what is to be done in it.
pub struct Scene<'s> {
    w: &'s World,
    d: &'s Decision,
    c: &'s ClusterSpec,
    etcd: Members<'s>,
    pools: Vec<Counted<'s>>,
    own: Vec<&'s Action>,
}

impl<'s> Scene<'s> {
    pub fn new(w: &'s World, d: &'s Decision, c: &'s ClusterSpec, own: Vec<&'s Action>) -> Self {
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

    /// Everything that 3.6 says of one cluster.
    pub fn check(&self, is_gateway: bool) {
        self.quorum();
        self.one_operation();
        self.founded_once();
        self.unseen();
        self.cancels();
        for p in &self.pools {
            self.drains(p);
            self.commits(p);
            self.ceilings(p);
            self.feasible(p);
            self.frozen(p);
        }
        if !is_gateway {
            self.versions();
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
        let target = target(self.c, p.spec);
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
