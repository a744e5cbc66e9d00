//! A fleet in motion: clusters and gateways that share machines and addresses, users who ask for anything, and faults. After each step the
//! invariants are judged on what the engine saw and on what is true.
use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::{
    Action, ClusterSpec, Decision, MachineStatus, Maintenance, Node, Observed, Pace, PendingAction,
    Power, Repave, Simulation, State, Verb, World, decide,
};

use crate::common::invariants;
use crate::event::{Event, status};
use crate::shape::Shape;

/// Tells, when a check fails, what the engine said.
struct Tell<'a>(&'a World, &'a Decision);

impl Drop for Tell<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for e in &self.1.explain {
            eprintln!("{} {:?} {}: {}", e.subject, e.verdict, e.rule, e.message);
        }
        let actions: Vec<_> = self.1.actions.iter().map(|a| &a.id).collect();
        eprintln!("actions {actions:?}, wake-up {:?}", self.1.next_wakeup_ms);
        if std::env::var_os("PROVE").is_some() {
            eprintln!("{}", lifecycle_core::canonical_json(self.0).unwrap());
        }
    }
}

/// The fleet, and what its judge remembers.
pub struct Fleet {
    pub sim: Simulation,
    /// What is seen instead of the truth, for so many decisions more, and what was begun since.
    pub(crate) stale: Option<(Box<Observed>, u8)>,
    pub(crate) begun: Vec<PendingAction>,
    /// By how much the host's clock is behind.
    pub(crate) behind_ms: i64,
    /// The last state of each cluster and gateway.
    pub(crate) states: BTreeMap<String, State>,
    /// Clusters whose etcd was hit while a member was on its way out.
    pub(crate) disturbed: BTreeSet<String>,
    pub(crate) next_id: u32,
}

impl Fleet {
    pub fn new(shape: &Shape) -> Self {
        Self {
            sim: Simulation::new(shape.world(), Pace::P50),
            stale: None,
            begun: Vec::new(),
            behind_ms: 0,
            states: BTreeMap::new(),
            disturbed: BTreeSet::new(),
            next_id: 0,
        }
    }

    /// Nodes that run or are to run.
    pub fn size(&self) -> usize {
        let d = &self.sim.world.desired;
        let pools = d
            .clusters
            .iter()
            .flat_map(ClusterSpec::pools)
            .chain(d.pcgs.iter().map(|g| &g.pool));
        let wanted: usize = pools.map(|p| p.size as usize).sum();
        wanted.max(self.sim.world.observed.nodes.len())
    }

    /// The world by the host's clock.
    pub(crate) fn host(&self) -> World {
        let mut w = self.sim.world.clone();
        w.now_ms -= self.behind_ms;
        w
    }

    /// One decision, carried out; time passes if there is nothing to do. False if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let decision = match &self.stale {
            None => {
                let w = self.host();
                let d = decide(&w);
                let tell = Tell(&w, &d);
                invariants::check(&w, &d);
                drop(tell);
                d
            }
            Some((seen, _)) => {
                let mut w = self.host();
                w.observed = (**seen).clone();
                for p in &self.begun {
                    w.observed.pending.retain(|q| q.action.id != p.action.id);
                    w.observed.pending.push(p.clone());
                }
                decide(&w)
            }
        };
        self.judge(&decision);
        let (wakeup, idle) = (decision.next_wakeup_ms, decision.actions.is_empty());
        self.sim.world.memory = decision.memory;
        for a in &decision.actions {
            let before = self.majorities();
            self.sim.execute(a);
            self.judge_majorities(&before, &a.id);
            if self.stale.is_some() {
                let issued_ms = self.sim.world.now_ms;
                self.begun.push(PendingAction {
                    action: a.clone(),
                    issued_ms,
                });
            }
        }
        if let Some((_, left)) = &mut self.stale {
            *left -= 1;
            if *left == 0 {
                self.stale = None;
                self.begun.clear();
            }
        }
        if idle {
            let wakeup = wakeup.map(|t| t + self.behind_ms);
            let Some(at) = [self.sim.next_effect_ms(), wakeup]
                .into_iter()
                .flatten()
                .min()
            else {
                return self.stale.is_some();
            };
            self.advance(at);
        }
        true
    }

    pub(crate) fn advance(&mut self, at: i64) {
        let before = self.majorities();
        self.sim.advance(at);
        self.judge_majorities(&before, "time");
        let pending = &self.sim.world.observed.pending;
        self.disturbed.retain(|c| {
            pending.iter().any(|p| {
                p.action.cluster() == Some(c)
                    && matches!(p.action.verb, Verb::RemoveEtcdMember { .. })
            })
        });
    }

    /// Who has a majority in etcd.
    pub(crate) fn majorities(&self) -> BTreeSet<String> {
        let has = |members: &[lifecycle_core::EtcdMember]| {
            let voters = members.iter().filter(|m| !m.learner);
            voters.clone().filter(|m| m.healthy.is_true()).count() * 2 > voters.count()
        };
        let views = self.sim.world.observed.etcd.iter();
        views
            .filter(|(_, v)| has(&v.members))
            .map(|(c, _)| c.clone())
            .collect()
    }

    /// I-Q2: only the environment takes a majority away.
    pub(crate) fn judge_majorities(&self, before: &BTreeSet<String>, what: &str) {
        let after = self.majorities();
        for c in before.difference(&after) {
            let ends = self
                .states
                .get(c)
                .is_some_and(|s| s.is_terminating() || *s == State::Deleted);
            assert!(
                ends || self.disturbed.contains(c),
                "I-Q2 {c} has lost its majority by {what}"
            );
        }
    }

    fn judge(&mut self, d: &Decision) {
        let w = &self.sim.world;
        for (id, s) in d.status.clusters.iter().chain(&d.status.pcgs) {
            let old = self.states.insert(id.clone(), s.state);
            let back = match old {
                Some(State::Deleted) => s.state != State::Deleted,
                Some(o) if o.is_terminating() => {
                    !s.state.is_terminating() && s.state != State::Deleted
                }
                _ => false,
            };
            assert!(!back, "I-L1 {id} came back from {old:?} to {:?}", s.state);
        }
        for g in &w.desired.pcgs {
            let gone = self.states.get(&g.id) == Some(&State::Deleted);
            let busy = matches!(
                self.states.get(&g.id),
                Some(State::Installing | State::Upgrading | State::Resizing | State::Deleting)
            );
            for c in w
                .desired
                .clusters
                .iter()
                .filter(|c| c.pcg_id.as_ref() == Some(&g.id))
            {
                let state = self.states.get(&c.id);
                assert!(
                    !gone || state == Some(&State::Deleted),
                    "I-L5 {} is deleted, {} is not",
                    g.id,
                    c.id
                );
                let starts = |a: &Action| {
                    a.cluster() == Some(&c.id) && matches!(a.verb, Verb::Allocate { .. })
                };
                let pending = state == Some(&State::Pending);
                assert!(
                    !busy || !pending || !d.actions.iter().any(starts),
                    "I-L6 {} starts behind {}",
                    c.id,
                    g.id
                );
            }
        }
        // I-L7, for what is deployed now.
        for a in &d.actions {
            let Verb::Deploy { revision, mode, .. } = &a.verb else {
                continue;
            };
            let Some(c) = w
                .desired
                .clusters
                .iter()
                .find(|c| Some(c.id.as_str()) == a.cluster())
            else {
                continue;
            };
            let (Some(cp), Some(p)) = (&c.control_plane, a.pool().and_then(|p| c.pool(p))) else {
                continue;
            };
            if *mode != lifecycle_core::DeployMode::JoinWorker
                || *revision != p.revision
                || c.repave != Repave::Approved
            {
                continue;
            }
            let lowest = w
                .observed
                .nodes
                .iter()
                .filter(|n| n.cluster == c.id && n.pool == cp.id && n.joined_ms.is_some())
                .filter(|n| is_member(w, n))
                .filter_map(|n| n.k8s_version)
                .min();
            assert!(
                lowest.is_none() || p.k8s_version <= lowest,
                "I-L7 {} under {lowest:?}",
                a.id
            );
        }
        self.judge_pools(d);
    }

    /// No more drains than max_parallel, no more machines in deployment than the policy says, nothing voluntary while frozen.
    fn judge_pools(&self, d: &Decision) {
        let w = &self.sim.world;
        let mut creates = 0;
        for c in w
            .desired
            .clusters
            .iter()
            .filter(|c| !self.states.get(&c.id).is_some_and(|s| s.is_terminating()))
        {
            for p in c.pools() {
                let own = |a: &&Action| a.cluster() == Some(&c.id) && a.pool() == Some(&p.id);
                creates += d
                    .actions
                    .iter()
                    .filter(own)
                    .filter(|a| matches!(a.verb, Verb::Allocate { .. }))
                    .count();
                let drained: Vec<&str> = d
                    .actions
                    .iter()
                    .filter(own)
                    .filter(|a| matches!(a.verb, Verb::Drain { .. }))
                    .filter_map(Action::node)
                    .collect();
                if drained.is_empty() || self.stale.is_some() {
                    continue;
                }
                let nodes: Vec<_> = w
                    .observed
                    .nodes
                    .iter()
                    .filter(|n| n.cluster == c.id && n.pool == p.id)
                    .collect();
                let deployed = |n: &Node| {
                    w.observed.machines.iter().any(|m| {
                        Some(&m.system_id) == n.system_id.as_ref()
                            && m.status == MachineStatus::Deployed
                            && m.owner.as_ref().is_some_and(|o| o.cluster == c.id)
                    })
                };
                let member =
                    |n: &Node| p.role != lifecycle_core::PoolRole::ControlPlane || is_member(w, n);
                let under_way = nodes
                    .iter()
                    .filter(|n| {
                        n.drain.by == lifecycle_core::DrainBy::Engine && deployed(n) && member(n)
                    })
                    .filter(|n| {
                        !d.actions.iter().any(|a| {
                            a.node() == Some(&n.id)
                                && a.cluster() == Some(&c.id)
                                && matches!(a.verb, Verb::CancelDrain { .. })
                        })
                    })
                    .count();
                assert!(
                    under_way + drained.len() <= p.max_parallel as usize,
                    "3.5.4 {under_way} drains in {}/{}, and {drained:?} more",
                    c.id,
                    p.id
                );
                let key = format!("{}/{}", c.id, p.id);
                let frozen = d
                    .memory
                    .pools
                    .get(&key)
                    .and_then(|m| m.rollout.as_ref())
                    .is_some_and(|r| r.frozen_ms.is_some());
                let live = d.status.clusters[&c.id].pools[&p.id].live;
                let healthy = |id: &&str| {
                    nodes.iter().any(|n| {
                        n.id == **id
                            && n.ready.is_true()
                            && n.maintenance == Maintenance::None
                            && !n.cordoned
                    })
                };
                assert!(
                    !frozen || live > p.size || !drained.iter().any(healthy),
                    "I-A4 {key} is frozen, yet {drained:?} is drained"
                );
            }
        }
        if creates > 0 && self.stale.is_none() {
            let most = w.policy.max_concurrent_deploys as usize;
            assert!(
                creates <= most,
                "3.5.5 {creates} deployments at once, at most {most}"
            );
        }
    }

    /// Everything has come to its end.
    pub fn has_converged(&self) -> bool {
        self.states
            .values()
            .all(|s| matches!(s, State::Running | State::Deleted))
    }

    /// Those that have not, and what they say.
    pub fn unfinished(&self) -> String {
        let d = decide(&self.sim.world);
        let open = |id: &str| !matches!(self.states.get(id), Some(State::Running | State::Deleted));
        let says = d
            .explain
            .iter()
            .filter(|e| e.subject.split('/').next().is_some_and(open));
        let lines: Vec<String> = says
            .map(|e| format!("{} {} {:?}: {}", e.subject, e.rule, e.verdict, e.message))
            .collect();
        format!(
            "{:?}\n{}\nactions {:?}",
            self.states,
            lines.join("\n"),
            d.actions.iter().map(|a| &a.id).collect::<Vec<_>>()
        )
    }

    /// Faults stop, operators do their part, and there is room: one broken worker of each pool remains.
    pub fn calm(&mut self) {
        self.stale = None;
        self.begun.clear();
        self.behind_ms = 0;
        self.happen(Event::Sees);
        self.happen(Event::Unlocks);
        let now = self.sim.world.now_ms;
        let mut kept: BTreeSet<String> = BTreeSet::new();
        for n in self.sim.world.observed.nodes.clone() {
            let worker = n.pool.starts_with('w');
            let bad = n.joined_ms.is_some() && !n.ready.is_true();
            let down = status(&self.sim.world, &n) == Some(MachineStatus::Deployed);
            if bad && down && !(worker && kept.insert(n.cluster.clone())) {
                self.with_machine(&n.cluster, &n.id, |m| m.power = Power::On);
                self.sim.heal_node(&n.cluster, &n.id);
            }
        }
        let mut pools = Vec::new();
        for c in &mut self.sim.world.desired.clusters {
            // After what the next decision may still freeze for failures that it has not seen yet.
            (c.paused, c.repave, c.resumed_ms) = (false, Repave::Approved, Some(now + 1));
            pools.extend(c.pools().map(|p| p.size));
        }
        let room: u32 = pools.iter().sum::<u32>() + 10;
        for k in 0..3 * room {
            self.happen(Event::Spare(u16::try_from(k % 3).unwrap()));
        }
        for s in &mut self.sim.world.observed.subnets {
            s.free_ips += 3 * room;
        }
    }
}

fn is_member(w: &World, n: &Node) -> bool {
    let members = |c: &str| w.observed.etcd.get(c).map(|v| &v.members);
    members(&n.cluster).is_some_and(|list| list.iter().any(|m| m.node.as_ref() == Some(&n.id)))
}
