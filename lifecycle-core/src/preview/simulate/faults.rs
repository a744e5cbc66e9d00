//! Nodes and deployments that fail, and etcd's reaction.
use crate::prelude::*;
use crate::{EtcdMember, MachineStatus, Power, Tri};

use super::{Effect, Simulation};

impl Simulation {
    /// The node stops for good: not ready, its etcd member unhealthy, its machine on, and no power cycle helps.
    pub fn fail_node(&mut self, cluster: &str, node: &str) {
        self.broken.insert((cluster.to_owned(), node.to_owned()));
        self.stop(cluster, node);
    }

    /// The node's machine is off; it works again when it is powered on.
    pub fn power_off_node(&mut self, cluster: &str, node: &str) {
        self.stop(cluster, node);
        let system_id = self
            .node(cluster, node)
            .and_then(|n| n.system_id.clone())
            .unwrap_or_default();
        if let Some(m) = self.machine(&system_id) {
            m.power = Power::Off;
        }
    }

    fn stop(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        if let Some(n) = self.node(cluster, node) {
            n.ready = Tri::False;
            n.ready_since_ms = Some(now);
        }
        for m in self
            .members(cluster)
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(node))
        {
            m.healthy = Tri::False;
        }
        self.elect(cluster);
    }

    /// Nodes that have failed and still are as they were then, as (cluster, node).
    pub fn failed_nodes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.broken
            .iter()
            .filter(|(cluster, node)| {
                let mut nodes = self.world.observed.nodes.iter();
                nodes.any(|n| n.cluster == *cluster && n.id == *node)
            })
            .map(|(cluster, node)| (cluster.as_str(), node.as_str()))
    }

    /// A failed node works again.
    pub fn heal_node(&mut self, cluster: &str, node: &str) {
        self.broken.remove(&(cluster.to_owned(), node.to_owned()));
        self.revive(cluster, node);
    }

    /// The deployment of the node's machine fails.
    pub fn fail_deploy(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        let system_id = self
            .node(cluster, node)
            .and_then(|n| n.system_id.clone())
            .unwrap_or_default();
        if let Some(m) = self
            .machine(&system_id)
            .filter(|m| m.status == MachineStatus::Deploying)
        {
            m.status = MachineStatus::FailedDeployment;
            m.status_since_ms = Some(now);
        }
    }

    /// The release of the machine fails: it comes back only if it is released again.
    pub fn fail_release(&mut self, system_id: &str) {
        let now = self.world.now_ms;
        if let Some(m) = self
            .machine(system_id)
            .filter(|m| m.status == MachineStatus::Releasing)
        {
            m.status = MachineStatus::FailedReleasing;
            m.status_since_ms = Some(now);
            self.effects.retain(|_, e| !e.is_on(system_id));
        }
    }

    /// The host restarts and has lost its journal: every call in flight has ended, `carried_out` (asked with the action's place in the
    /// journal) or not, and nothing is pending any more.
    pub fn lose_journal(&mut self, carried_out: impl Fn(usize) -> bool) {
        let calls = |e: &Effect| matches!(e, Effect::Ends(_));
        self.effects.retain(|_, e| !calls(e));
        let pending = core::mem::take(&mut self.world.observed.pending);
        for (i, p) in pending.into_iter().enumerate() {
            if carried_out(i) {
                self.happen(Effect::Ends(Box::new(p.action)));
            }
        }
    }

    /// While there is a majority, a healthy voter leads.
    pub(super) fn elect(&mut self, cluster: &str) {
        let members = self.members(cluster);
        let voters = members.iter().filter(|m| !m.learner).count();
        let healthy = members
            .iter()
            .filter(|m| !m.learner && m.healthy.is_true())
            .count();
        if healthy < voters / 2 + 1 || members.iter().any(|m| m.leader && m.healthy.is_true()) {
            return;
        }
        let heir = members
            .iter()
            .rposition(|m| !m.learner && m.healthy.is_true());
        for (i, m) in members.iter_mut().enumerate() {
            m.leader = Some(i) == heir;
        }
    }

    pub(super) fn revive(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        if let Some(n) = self.alive(cluster, node) {
            n.ready = Tri::True;
            n.ready_since_ms = Some(now);
        }
        for m in self
            .members(cluster)
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(node))
        {
            m.healthy = Tri::True;
        }
        self.elect(cluster);
        // Whoever joins asks again to be promoted.
        let learns = |m: &EtcdMember| m.learner && m.node.as_deref() == Some(node);
        if self.members(cluster).iter().any(learns) {
            let (cluster, node) = (cluster.to_owned(), node.to_owned());
            let settle = self.step(self.world.policy.timings.settle);
            self.after(settle, Effect::Promoted { cluster, node });
        }
    }
}
