//! Actions carried out on the observation.
use crate::engine::guard_holds;
use crate::prelude::*;
use crate::{
    Action, DeployMode, Drain, DrainBy, DrainState, Erase, MachineStatus, Millis, Node, Owner,
    PendingAction, Power, RecordField, Tri, Verb, ms_of,
};

use super::{Effect, Simulation, names};

impl Simulation {
    /// Carries an action out as a host would: not if its guard does not hold.
    pub fn execute(&mut self, action: &Action) {
        if guard_holds(&self.world, action).is_err() {
            return;
        }
        let t = self.world.policy.timings.clone();
        match &action.verb {
            Verb::Allocate { .. } => self.pend(action, self.step(t.allocate)),
            Verb::RemoveEtcdMember { .. } => self.pend(action, self.step(t.remove)),
            Verb::Deploy {
                node,
                system_id,
                revision,
                mode,
            } => self.deploy(action, node, system_id, revision, *mode),
            Verb::Drain { node, .. } => self.drain(action, node),
            Verb::Release { system_id, erase } => self.release(action, system_id, *erase),
            Verb::PowerOn { .. } | Verb::PowerCycle { .. } => {
                let (cluster, node) = names(action);
                self.after(self.step(t.power), Effect::PoweredOn { cluster, node });
            }
            _ => self.apply(action),
        }
    }

    pub(super) fn pend(&mut self, action: &Action, ms: Millis) {
        self.world.observed.pending.push(PendingAction {
            action: action.clone(),
            issued_ms: self.world.now_ms,
        });
        self.after(ms, Effect::Ends(Box::new(action.clone())));
    }

    pub(super) fn deploy(
        &mut self,
        action: &Action,
        node: &str,
        system_id: &str,
        revision: &str,
        mode: DeployMode,
    ) {
        let (cluster, _) = names(action);
        let pool = action.pool().unwrap_or("").to_owned();
        let version = self
            .cluster(&cluster)
            .and_then(|c| c.pool(&pool))
            .and_then(|p| {
                if p.revision == revision {
                    p.k8s_version
                } else {
                    p.approved_k8s_version
                }
            });
        let alike = self.world.observed.nodes.iter().find(|n| {
            n.revision.as_deref() == Some(revision) && n.pool == pool && n.cluster == cluster
        });
        let version = version.or_else(|| alike.and_then(|n| n.k8s_version));
        let now = self.world.now_ms;
        if let Some(n) = self.node(&cluster, node) {
            n.revision = Some(revision.to_owned());
            n.k8s_version = version;
        }
        if let Some(m) = self.machine(system_id) {
            m.status = MachineStatus::Deploying;
            m.status_since_ms = Some(now);
        }
        let t = self.world.policy.timings.clone();
        let deployed = self.step(t.deploy);
        self.after(deployed, Effect::Deployed(system_id.to_owned()));
        self.joins(
            cluster,
            node,
            mode,
            deployed.saturating_add(self.step(t.join)),
        );
    }

    /// From the first report to settled: ready for `settle_s` at the end of the settle step, which is also when a learner is promoted.
    pub(super) fn joins(&mut self, cluster: String, node: &str, mode: DeployMode, reports: Millis) {
        let settle = self.step(self.world.policy.timings.settle);
        let ready = reports.saturating_add(
            settle
                .saturating_sub(ms_of(self.world.policy.settle_s))
                .max(0),
        );
        let node = node.to_owned();
        self.after(
            reports,
            Effect::Reports {
                cluster: cluster.clone(),
                node: node.clone(),
                mode,
            },
        );
        self.after(
            ready,
            Effect::Ready {
                cluster: cluster.clone(),
                node: node.clone(),
            },
        );
        if mode == DeployMode::JoinControlPlane {
            self.after(
                reports.saturating_add(settle),
                Effect::Promoted { cluster, node },
            );
        }
    }

    pub(super) fn drain(&mut self, action: &Action, node: &str) {
        let (cluster, _) = names(action);
        let started_ms = self.world.now_ms;
        let drain = self.step(self.world.policy.timings.drain);
        if let Some(n) = self.node(&cluster, node) {
            n.cordoned = true;
            n.drain = Drain {
                by: DrainBy::Engine,
                state: DrainState::Running,
                started_ms: Some(started_ms),
                pods_left: 1,
                blocker: None,
            };
        }
        self.after(
            drain,
            Effect::DrainDone {
                cluster,
                node: node.to_owned(),
                started_ms,
            },
        );
    }

    pub(super) fn release(&mut self, action: &Action, system_id: &str, erase: Erase) {
        let now = self.world.now_ms;
        let (cluster, node) = names(action);
        let Some(m) = self.machine(system_id) else {
            return;
        };
        m.status = MachineStatus::Releasing;
        m.status_since_ms = Some(now);
        m.power = Power::Off;
        let total = m.disk_gb.iter().fold(0_u32, |a, b| a.saturating_add(*b));
        if let Some(n) = self.node(&cluster, &node) {
            n.ready = Tri::False;
            n.ready_since_ms = Some(now);
        }
        if !self.world.policy.lease_held_while_returning {
            self.address(&cluster, action.pool().unwrap_or(""), true);
        }
        let t = self.world.policy.timings.clone();
        let (release, wipe) = (self.step(t.release), self.step(t.erase(erase, total)));
        if wipe > 0 {
            self.after(release, Effect::Erasing(system_id.to_owned()));
        }
        self.after(
            release.saturating_add(wipe),
            Effect::Back(system_id.to_owned()),
        );
    }

    /// The pool whose subnet the endpoint's address comes from.
    pub(super) fn endpoint_pool(&self, cluster: &str) -> Option<String> {
        let cp = self.cluster(cluster)?.control_plane.as_ref()?;
        Some(cp.id.clone())
    }

    /// Takes an address from the pool's subnet, or gives it back.
    pub(super) fn address(&mut self, cluster: &str, pool: &str, back: bool) {
        let name = self.cluster(cluster).and_then(|c| {
            c.pool(pool)
                .and_then(|p| p.subnet.clone())
                .or_else(|| c.network.subnet.clone())
        });
        if let Some(s) = self
            .world
            .observed
            .subnets
            .iter_mut()
            .find(|s| Some(&s.id) == name.as_ref())
        {
            s.free_ips = if back {
                s.free_ips.saturating_add(1)
            } else {
                s.free_ips.saturating_sub(1)
            };
        }
    }

    pub(super) fn allocated(&mut self, action: &Action, node: &str, system_id: &str, zone: &str) {
        let (cluster, _) = names(action);
        let pool = action.pool().unwrap_or("").to_owned();
        let now = self.world.now_ms;
        // A name may come again once nothing shows it; what was to happen to its last bearer does not happen to the new one.
        self.effects.retain(|_, e| !e.is_of(&cluster, node));
        self.broken.remove(&(cluster.clone(), node.to_owned()));
        if let Some(m) = self.machine(system_id) {
            m.status = MachineStatus::Allocated;
            m.status_since_ms = Some(now);
            m.power = Power::On;
            m.owner = Some(Owner {
                cluster: cluster.clone(),
                pool: Some(pool.clone()),
                node: Some(node.to_owned()),
            });
        }
        self.address(&cluster, &pool, false);
        let is_first = !self
            .world
            .observed
            .nodes
            .iter()
            .any(|n| n.cluster == cluster && n.pool == pool);
        if is_first && self.endpoint_pool(&cluster).as_ref() == Some(&pool) {
            self.address(&cluster, &pool, false);
        }
        let mut n = Node::new(cluster, pool, node);
        n.system_id = Some(system_id.to_owned());
        n.created_ms = now;
        n.zone = Some(zone.to_owned());
        n.object = false;
        let o = &mut self.world.observed;
        let at = if self.sorted {
            o.node_place(&n.cluster, &n.id)
        } else {
            o.nodes.len()
        };
        o.nodes.insert(at, n);
    }

    /// The effect of an action whose time has come.
    pub(super) fn apply(&mut self, action: &Action) {
        let (cluster, _) = names(action);
        match &action.verb {
            Verb::Allocate {
                node,
                system_id,
                zone,
            } => self.allocated(action, node, system_id, zone),
            Verb::Record {
                node: Some(node),
                value,
                ..
            } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.joined_ms = Some(*value);
                }
            }
            Verb::Record { field, value, .. } => {
                let obs = self.world.observed.clusters.entry(cluster).or_default();
                match field {
                    RecordField::ProvisionedMs => obs.provisioned_ms = Some(*value),
                    RecordField::UpdateStartedMs => obs.update_started_ms = Some(*value),
                    RecordField::JoinedMs => {}
                }
            }
            Verb::AttachEndpoint { node } | Verb::DetachEndpoint { node } => {
                let attached = matches!(action.verb, Verb::AttachEndpoint { .. });
                if let Some(n) = self.node(&cluster, node) {
                    n.endpoint_attached = Some(attached);
                }
            }
            Verb::CancelDrain { node } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.cordoned = false;
                    n.drain = Drain::default();
                }
            }
            Verb::MoveEtcdLeader { to, .. } => {
                for m in self.members(&cluster) {
                    m.leader = m.node.as_deref() == Some(to);
                }
            }
            Verb::RemoveEtcdMember { member_id, .. } => {
                let members = self.world.observed.etcd.entry(cluster).or_default();
                members.members.retain(|m| m.member_id != *member_id);
            }
            Verb::DeleteNodeObject { node } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.object = false;
                }
                self.forget(&cluster);
            }
            Verb::ApplyInPlace {
                node,
                inplace_revision,
            } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.inplace_revision = Some(inplace_revision.clone());
                }
            }
            Verb::FinishDeleted { orphans, .. } => {
                let held = self.world.observed.etcd.contains_key(&cluster);
                if let Some(pool) = self.endpoint_pool(&cluster).filter(|_| held) {
                    self.address(&cluster, &pool, true);
                }
                let obs = self
                    .world
                    .observed
                    .clusters
                    .entry(cluster.clone())
                    .or_default();
                obs.state = Some("deleted".to_owned());
                obs.orphans.clone_from(orphans);
                self.world.observed.nodes.retain(|n| n.cluster != cluster);
                self.world.observed.etcd.remove(&cluster);
            }
            _ => {}
        }
    }

    /// Nodes that neither Kubernetes nor a machine shows any more.
    pub(super) fn forget(&mut self, cluster: &str) {
        let mut nodes = core::mem::take(&mut self.world.observed.nodes);
        let o = &self.world.observed;
        let has_machine = |n: &Node| {
            let at = n.system_id.as_deref().and_then(|s| o.machine_at(s));
            at.and_then(|i| o.machines[i].owner.as_ref())
                .is_some_and(|own| own.node.as_ref() == Some(&n.id) && own.cluster == n.cluster)
        };
        nodes.retain(|n| n.object || n.cluster != cluster || has_machine(n));
        self.world.observed.nodes = nodes;
    }
}
