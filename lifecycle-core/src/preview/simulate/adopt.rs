//! What is under way in the world that was handed in goes on.
use crate::prelude::*;
use crate::{Action, DeployMode, DrainBy, DrainState, Erase, MachineStatus, Node};

use super::{Effect, Simulation};

impl Simulation {
    /// What is under way in the world that was handed in, goes on.
    pub(super) fn adopt(&mut self) {
        let pending: Vec<Action> = self
            .world
            .observed
            .pending
            .iter()
            .map(|p| p.action.clone())
            .collect();
        let t = self.world.policy.timings.clone();
        for action in pending {
            self.after(self.step(t.allocate), Effect::Ends(Box::new(action)));
        }
        let machines: Vec<(String, MachineStatus, u32)> = self
            .world
            .observed
            .machines
            .iter()
            .map(|m| {
                (
                    m.system_id.clone(),
                    m.status,
                    m.disk_gb.iter().fold(0_u32, |a, b| a.saturating_add(*b)),
                )
            })
            .collect();
        for (system_id, status, total) in machines {
            match status {
                MachineStatus::Releasing => {
                    self.after(self.step(t.release), Effect::Back(system_id));
                }
                MachineStatus::DiskErasing => self.after(
                    self.step(t.erase(Erase::Quick, total)),
                    Effect::Back(system_id),
                ),
                MachineStatus::Deploying => {
                    self.after(self.step(t.deploy), Effect::Deployed(system_id));
                }
                _ => {}
            }
        }
        for n in self.world.observed.nodes.clone() {
            self.adopt_node(&n);
        }
    }

    pub(super) fn adopt_node(&mut self, n: &Node) {
        let t = self.world.policy.timings.clone();
        if n.drain.by == DrainBy::Engine && n.drain.state != DrainState::Done {
            let started_ms = n.drain.started_ms.unwrap_or(self.world.now_ms);
            if let Some(n) = self.node(&n.cluster, &n.id) {
                n.drain.started_ms = Some(started_ms);
            }
            self.after(
                self.step(t.drain),
                Effect::DrainDone {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                    started_ms,
                },
            );
        }
        let Some(status) = n
            .system_id
            .as_deref()
            .and_then(|s| self.machine(s))
            .map(|m| m.status)
        else {
            return;
        };
        if n.joined_ms.is_some()
            || !matches!(status, MachineStatus::Deploying | MachineStatus::Deployed)
        {
            return;
        }
        let is_cp = self
            .cluster(&n.cluster)
            .and_then(|c| c.control_plane.as_ref())
            .is_none_or(|p| p.id == n.pool);
        let initialized = self
            .world
            .observed
            .clusters
            .get(&n.cluster)
            .is_some_and(|c| c.initialized);
        let mode = match (is_cp, initialized) {
            (false, _) => DeployMode::JoinWorker,
            (true, false) => DeployMode::Init,
            (true, true) => DeployMode::JoinControlPlane,
        };
        let is_member = self
            .members(&n.cluster)
            .iter()
            .any(|m| m.node.as_deref() == Some(&n.id));
        let left = if status == MachineStatus::Deploying {
            self.step(t.deploy)
        } else {
            0
        };
        let settle = self.step(t.settle);
        if is_member {
            self.after(
                0,
                Effect::Ready {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                },
            );
            self.after(
                settle,
                Effect::Promoted {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                },
            );
        } else {
            self.joins(
                n.cluster.clone(),
                &n.id,
                mode,
                left.saturating_add(self.step(t.join)),
            );
        }
    }
}
