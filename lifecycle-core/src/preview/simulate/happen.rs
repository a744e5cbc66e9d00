//! What happens by itself when its time has come.
use crate::prelude::*;
use crate::{Action, DeployMode, DrainState, EtcdMember, MachineStatus, Node, Power, Tri, Verb};

use super::{Effect, Simulation};

impl Simulation {
    pub(super) fn happen(&mut self, effect: Effect) {
        let now = self.world.now_ms;
        match effect {
            Effect::Ends(action) => {
                self.world
                    .observed
                    .pending
                    .retain(|p| p.action.id != action.id);
                if !self.etcd_refuses(&action) {
                    self.apply(&action);
                }
            }
            Effect::Deployed(system_id) => {
                if let Some(m) = self
                    .machine(&system_id)
                    .filter(|m| m.status == MachineStatus::Deploying)
                {
                    m.status = MachineStatus::Deployed;
                    m.status_since_ms = Some(now);
                    m.power = Power::On;
                }
            }
            Effect::Reports {
                cluster,
                node,
                mode,
            } => self.reports(&cluster, &node, mode),
            Effect::Ready { cluster, node } | Effect::Promoted { cluster, node }
                if self.broken.contains(&(cluster.clone(), node.clone())) => {}
            Effect::Ready { cluster, node } => {
                if let Some(n) = self.alive(&cluster, &node) {
                    n.ready = Tri::True;
                    n.ready_since_ms = Some(now);
                }
            }
            Effect::Promoted { cluster, node } => {
                // etcd promotes no learner that is not in step with its leader.
                if self.alive(&cluster, &node).is_some() {
                    for m in self
                        .members(&cluster)
                        .iter_mut()
                        .filter(|m| m.node.as_deref() == Some(&node) && m.healthy.is_true())
                    {
                        m.learner = false;
                    }
                }
            }
            Effect::DrainDone {
                cluster,
                node,
                started_ms,
            } => {
                if let Some(n) = self
                    .node(&cluster, &node)
                    .filter(|n| n.drain.started_ms == Some(started_ms))
                {
                    n.drain.state = DrainState::Done;
                    n.drain.pods_left = 0;
                }
            }
            Effect::Erasing(system_id) => {
                if let Some(m) = self
                    .machine(&system_id)
                    .filter(|m| m.status == MachineStatus::Releasing)
                {
                    m.status = MachineStatus::DiskErasing;
                }
            }
            Effect::Back(system_id) => {
                let Some(m) = self.machine(&system_id).filter(|m| m.status.is_returning()) else {
                    return;
                };
                m.status = MachineStatus::Ready;
                m.status_since_ms = Some(now);
                let owner = m.owner.take();
                if let Some(o) = owner {
                    if self.world.policy.lease_held_while_returning {
                        self.address(&o.cluster, o.pool.as_deref().unwrap_or(""), true);
                    }
                    self.forget(&o.cluster);
                }
            }
            Effect::PoweredOn { cluster, node } => {
                let system_id = self
                    .node(&cluster, &node)
                    .and_then(|n| n.system_id.clone())
                    .unwrap_or_default();
                if let Some(m) = self.machine(&system_id) {
                    m.power = Power::On;
                }
                if !self.broken.contains(&(cluster.clone(), node.clone())) {
                    self.revive(&cluster, &node);
                }
            }
        }
    }

    /// As etcd does (`--strict-reconfig-check`): no change without a majority, no healthy voter goes if the others would have none. What was
    /// right when the call began may be wrong when it arrives.
    fn etcd_refuses(&mut self, action: &Action) -> bool {
        let Verb::RemoveEtcdMember { member_id, .. } = &action.verb else {
            return false;
        };
        let members = self.members(action.cluster().unwrap_or(""));
        let counts = |m: &&EtcdMember| !m.learner && m.healthy.is_true();
        let voters = members.iter().filter(|m| !m.learner).count();
        let healthy = members.iter().filter(counts).count();
        let goes = members
            .iter()
            .filter(counts)
            .any(|m| m.member_id == *member_id);
        healthy <= voters / 2 || (goes && healthy - 1 <= (voters - 1) / 2)
    }

    /// The node, if its machine is still deployed for it.
    pub(super) fn alive(&mut self, cluster: &str, node: &str) -> Option<&mut Node> {
        let system_id = self.node(cluster, node)?.system_id.clone()?;
        let deployed = self
            .machine(&system_id)
            .is_some_and(|m| m.status == MachineStatus::Deployed);
        if deployed {
            self.node(cluster, node)
        } else {
            None
        }
    }

    pub(super) fn reports(&mut self, cluster: &str, node: &str, mode: DeployMode) {
        let Some(n) = self.alive(cluster, node) else {
            return;
        };
        n.object = true;
        let now = self.world.now_ms;
        let stacked = self
            .cluster(cluster)
            .is_none_or(|c| c.etcd == crate::Etcd::Stacked);
        if mode == DeployMode::JoinWorker {
            return;
        }
        if mode == DeployMode::Init {
            self.world
                .observed
                .clusters
                .entry(cluster.to_owned())
                .or_default()
                .initialized = true;
        }
        if stacked {
            let view = self
                .world
                .observed
                .etcd
                .entry(cluster.to_owned())
                .or_default();
            view.reachable = true;
            view.as_of_ms = now;
            view.members.push(EtcdMember {
                member_id: format!("e-{node}"),
                name: node.to_owned(),
                node: Some(node.to_owned()),
                peer_ips: Vec::new(),
                learner: mode == DeployMode::JoinControlPlane,
                healthy: Tri::True,
                leader: mode == DeployMode::Init,
            });
        }
    }
}
