//! 3.3 Guards, judged on what is seen at the moment of execution. The host calls this, and so does the simulation.
use crate::prelude::*;
use crate::{
    Action, ClusterObs, EtcdMember, Guard, Machine, Millis, Node, Observed, OwnerRule, RecordField,
    Verb, World, ms_of,
};

use super::index::is_free_status;
use super::view::member_node;

/// Whether an action may be carried out now, by what `w` observes; else what does not hold.
///
/// # Errors
/// The name of the guard's first field that does not hold; the host drops the action and reports `GuardFailed`.
pub fn guard_holds(w: &World, action: &Action) -> Result<(), &'static str> {
    let Some(guard) = action.guard.as_deref() else {
        return Ok(());
    };
    let scene = Scene::new(w, action);
    scene.machine_holds(guard)?;
    scene.etcd_holds(guard)?;
    scene.rest_holds(guard)
}

fn check(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

struct Scene<'s> {
    w: &'s World,
    o: &'s Observed,
    action: &'s Action,
    now: Millis,
    cluster: &'s str,
    node: Option<&'s Node>,
    machine: Option<&'s Machine>,
    members: &'s [EtcdMember],
    view_ms: Option<Millis>,
}

impl<'s> Scene<'s> {
    fn new(w: &'s World, action: &'s Action) -> Self {
        let o = &w.observed;
        let cluster = action.cluster().unwrap_or("");
        let node = action
            .node()
            .and_then(|id| o.nodes.get(o.node_at(cluster, id)?));
        let system_id = match &action.verb {
            Verb::Allocate { system_id, .. }
            | Verb::Deploy { system_id, .. }
            | Verb::Release { system_id, .. } => Some(system_id.as_str()),
            _ => node.and_then(|n| n.system_id.as_deref()),
        };
        let machine = system_id.and_then(|s| o.machines.get(o.machine_at(s)?));
        let view = o.etcd.get(cluster).filter(|v| v.reachable);
        Self {
            w,
            o,
            action,
            now: w.now_ms,
            cluster,
            node,
            machine,
            members: view.map(|v| v.members.as_slice()).unwrap_or_default(),
            view_ms: view.map(|v| v.as_of_ms),
        }
    }

    fn machine_holds(&self, g: &Guard) -> Result<(), &'static str> {
        let m = self.machine;
        if let Some(status) = g.status {
            check(
                m.is_some_and(|m| {
                    m.status == status || (status.is_allocated() && m.status.is_allocated())
                }),
                "status",
            )?;
        }
        match &g.owner {
            None => {}
            Some(OwnerRule::None) => check(m.is_some_and(|m| m.owner.is_none()), "owner")?,
            Some(OwnerRule::Is(who)) => {
                let same = |o: &crate::Owner| {
                    o.cluster == who.cluster
                        && who.pool.as_ref().is_none_or(|p| o.pool.as_ref() == Some(p))
                        && who
                            .node
                            .as_ref()
                            .is_none_or(|n| o.node.as_ref().is_none_or(|own| own == n))
                };
                check(m.and_then(|m| m.owner.as_ref()).is_some_and(same), "owner")?;
            }
        }
        if let Some(locked) = g.locked {
            check(m.is_some_and(|m| m.locked == locked), "locked")?;
        }
        if let Some(power) = g.power {
            check(m.is_some_and(|m| m.power == power), "power")?;
        }
        if g.machine_left {
            let left = m.is_none_or(|m| {
                m.status.is_returning()
                    || m.status.is_gone()
                    || is_free_status(m.status)
                    || m.owner.as_ref().is_none_or(|o| o.cluster != self.cluster)
            });
            check(left, "machine_left")?;
        }
        Ok(())
    }

    fn etcd_holds(&self, g: &Guard) -> Result<(), &'static str> {
        let is_voter = |m: &&EtcdMember| !m.learner;
        let of = |m: &EtcdMember, node: &str| member_node(m) == Some(node);
        let target = match &self.action.verb {
            Verb::RemoveEtcdMember { member_id, .. } => {
                self.members.iter().find(|m| m.member_id == *member_id)
            }
            _ => None,
        };
        if let Some(s) = g.view_max_age_s {
            check(
                self.view_ms
                    .is_some_and(|t| self.now.saturating_sub(t) <= ms_of(s)),
                "view_max_age_s",
            )?;
        }
        if let Some(node) = &g.leads {
            check(
                self.members.iter().any(|m| of(m, node) && m.leader),
                "leads",
            )?;
        }
        if let Some(node) = &g.healthy_voter {
            check(
                self.members
                    .iter()
                    .any(|m| of(m, node) && !m.learner && m.healthy.is_true()),
                "healthy_voter",
            )?;
        }
        if let Some(ids) = &g.members {
            let now: BTreeSet<&str> = self.members.iter().map(|m| m.member_id.as_str()).collect();
            check(now == ids.iter().map(String::as_str).collect(), "members")?;
        }
        let healthy = |without: Option<&EtcdMember>| {
            let counts = |m: &&EtcdMember| {
                m.healthy.is_true() && without.is_none_or(|t| t.member_id != m.member_id)
            };
            u32::try_from(self.members.iter().filter(is_voter).filter(counts).count())
                .unwrap_or(u32::MAX)
        };
        if let Some(n) = g.healthy_now {
            check(healthy(None) >= n, "healthy_now")?;
        }
        if let Some(n) = g.healthy_without {
            check(healthy(target) >= n, "healthy_without")?;
        }
        if g.no_learner {
            check(self.members.iter().all(|m| !m.learner), "no_learner")?;
        }
        if g.target_is_learner {
            check(target.is_some_and(|m| m.learner), "target_is_learner")?;
        }
        if g.member_unhealthy {
            let node = self.action.node().unwrap_or("");
            check(
                self.members
                    .iter()
                    .any(|m| of(m, node) && m.healthy.is_false()),
                "member_unhealthy",
            )?;
        }
        Ok(())
    }

    fn rest_holds(&self, g: &Guard) -> Result<(), &'static str> {
        let obs = self.o.clusters.get(self.cluster);
        if g.uninitialised {
            let cp = self.action.pool().unwrap_or("");
            let joined = self
                .o
                .nodes
                .iter()
                .any(|n| n.cluster == self.cluster && n.pool == cp && n.joined_ms.is_some());
            check(
                !obs.is_some_and(|c| c.initialized) && !joined,
                "uninitialised",
            )?;
        }
        if g.field_absent {
            check(self.field_absent(obs), "field_absent")?;
        }
        if g.node_not_ready {
            check(
                self.node.is_some_and(|n| !n.ready.is_true()),
                "node_not_ready",
            )?;
        }
        if g.terminating_or_not_member {
            check(
                self.terminating() || self.not_member(obs),
                "terminating_or_not_member",
            )?;
        }
        if g.no_machine_left {
            let ours = |m: &Machine| {
                m.owner.as_ref().is_some_and(|o| o.cluster == self.cluster)
                    && !m.status.is_gone()
                    && !is_free_status(m.status)
            };
            check(!self.o.machines.iter().any(ours), "no_machine_left")?;
        }
        Ok(())
    }

    fn field_absent(&self, obs: Option<&ClusterObs>) -> bool {
        let Verb::Record { field, value, .. } = &self.action.verb else {
            return true;
        };
        match field {
            RecordField::JoinedMs => self.node.is_some_and(|n| n.joined_ms.is_none()),
            RecordField::ProvisionedMs => obs.is_none_or(|c| c.provisioned_ms.is_none()),
            RecordField::UpdateStartedMs => {
                obs.is_none_or(|c| c.update_started_ms.is_none_or(|t| t < *value))
            }
        }
    }

    fn terminating(&self) -> bool {
        if let Some(pcg) = self.w.desired.pcgs.iter().find(|p| p.id == self.cluster) {
            return pcg.delete_requested_ms.is_some();
        }
        let Some(c) = self
            .w
            .desired
            .clusters
            .iter()
            .find(|c| c.id == self.cluster)
        else {
            return false;
        };
        let provisioned = self
            .o
            .clusters
            .get(self.cluster)
            .and_then(|o| o.provisioned_ms);
        let deleting = c
            .delete_requested_ms
            .is_some_and(|asked| provisioned.is_some_and(|p| asked >= p));
        deleting
            || c.abort_requested_ms
                .is_some_and(|asked| provisioned.is_none_or(|p| p > asked))
    }

    /// Workers, external etcd and an unfounded control plane have no member; else a view of at most 30 s must say so.
    fn not_member(&self, obs: Option<&ClusterObs>) -> bool {
        let pcg = self
            .w
            .desired
            .pcgs
            .iter()
            .find(|p| p.id == self.cluster)
            .map(|p| (p.pool.id.as_str(), crate::Etcd::Stacked));
        let cluster = self
            .w
            .desired
            .clusters
            .iter()
            .find(|c| c.id == self.cluster);
        let Some((cp, etcd)) = pcg.or_else(|| {
            cluster.and_then(|c| Some((c.control_plane.as_ref()?.id.as_str(), c.etcd)))
        }) else {
            return true;
        };
        let owner_pool = self
            .machine
            .and_then(|m| m.owner.as_ref())
            .and_then(|o| o.pool.as_deref());
        if self.node.map(|n| n.pool.as_str()).or(owner_pool) != Some(cp)
            || etcd == crate::Etcd::External
        {
            return true;
        }
        if !obs.is_some_and(|c| c.initialized) {
            return true;
        }
        if etcd == crate::Etcd::Opaque {
            return self
                .machine
                .is_some_and(|m| m.status != crate::MachineStatus::Deployed);
        }
        let name = self.node.map_or_else(
            || {
                self.machine
                    .and_then(|m| m.owner.as_ref()?.node.as_deref())
                    .unwrap_or("")
            },
            |n| n.id.as_str(),
        );
        self.view_ms
            .is_some_and(|t| self.now.saturating_sub(t) <= 30_000)
            && !self.members.iter().any(|m| member_node(m) == Some(name))
    }
}
