//! Carrying out a planner's actions on the region and on the nodes, each under its guard.

use lifecycle_core::{Action, Decision, DeployMode, Erase, RecordField, Tri, Verb};

use super::node::{self, CLUSTER_ANNOTATION, NODE_ANNOTATION, Node, POOL_ANNOTATION};
use super::state::State;
use crate::maas::{Region, RegionError};

/// Why an action was not carried out.
enum Failure {
    /// Its guard does not hold any more: the planner will see why.
    Guard(&'static str),
    /// MAAS refused.
    Region(RegionError),
    /// What it names is not there.
    Missing,
}

impl From<RegionError> for Failure {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

impl State {
    /// Carries the actions out; answers whether any of them changed anything.
    pub(crate) fn carry_out(&mut self, region: &Region, decision: &Decision) -> bool {
        let now_ms = self.now_ms;
        let mut acted = false;
        for action in &decision.actions {
            let Some(cluster) = action.cluster().map(str::to_owned) else {
                continue;
            };
            // Judged on what is so now: an earlier action of the same decision may have changed it.
            let outcome = match lifecycle_core::guard_holds(&self.world(&region.machines()), action)
            {
                Ok(()) => self.act(region, &cluster, action),
                Err(broken) => Err(Failure::Guard(broken)),
            };
            match outcome {
                Ok(changed) => acted |= changed,
                Err(Failure::Guard(broken)) => {
                    tracing::debug!(action = %action.id, broken, "guard failed");
                }
                Err(Failure::Missing) => tracing::debug!(action = %action.id, "nothing to act on"),
                Err(Failure::Region(error)) => {
                    if let Ok(cluster) = self.cluster_mut(&cluster) {
                        cluster.event(
                            now_ms,
                            "Warning",
                            "MachineOperationFailed",
                            error.to_string(),
                        );
                    }
                }
            }
        }
        acted
    }

    fn act(&mut self, region: &Region, uid: &str, action: &Action) -> Result<bool, Failure> {
        let now_ms = self.now_ms;
        match &action.verb {
            Verb::Allocate {
                node, system_id, ..
            } => {
                let pool = action.pool().ok_or(Failure::Missing)?.to_owned();
                self.allocate(region, uid, &pool, node, system_id)?;
            }
            Verb::Deploy {
                node,
                system_id,
                revision,
                mode,
            } => {
                region.deploy(system_id, "")?;
                let (version, inplace) =
                    self.made_from(uid, action.pool().unwrap_or_default(), revision);
                let node = self.node_mut(uid, node)?;
                node.revision = Some(revision.clone());
                node.k8s_version = version;
                node.inplace_revision = inplace;
                node.is_init = *mode == DeployMode::Init;
            }
            Verb::Record {
                node, field, value, ..
            } => match (field, node) {
                (RecordField::JoinedMs, Some(node)) => {
                    self.node_mut(uid, node)?.joined_ms = Some(*value);
                }
                (RecordField::JoinedMs, None) => return Err(Failure::Missing),
                (RecordField::ProvisionedMs, _) => {
                    self.cluster_or(uid)?.provisioned_ms = Some(*value);
                }
                (RecordField::UpdateStartedMs, _) => {
                    self.cluster_or(uid)?.update_started_ms = Some(*value);
                }
            },
            Verb::AttachEndpoint { node } => self.node_mut(uid, node)?.is_attached = true,
            Verb::DetachEndpoint { node } => self.node_mut(uid, node)?.is_attached = false,
            Verb::Drain { node, .. } => {
                let node = self.node_mut(uid, node)?;
                node.is_cordoned = true;
                node.drain_started_ms.get_or_insert(now_ms);
                let message = format!(
                    "node '{}' of pool '{}' is being drained",
                    node.hostname, node.pool
                );
                self.cluster_or(uid)?
                    .event(now_ms, "Normal", "NodeDraining", message);
            }
            Verb::CancelDrain { node } => {
                let node = self.node_mut(uid, node)?;
                node.is_cordoned = false;
                node.drain_started_ms = None;
            }
            Verb::MoveEtcdLeader { to, .. } => node::move_leader(&mut self.nodes, uid, to),
            Verb::RemoveEtcdMember { member_id, .. } => {
                node::remove_member(&mut self.nodes, uid, member_id);
            }
            Verb::Release { system_id, erase } => {
                let machine = region.release(system_id, *erase != Erase::None)?;
                let message = format!("machine '{}' is given back to MAAS", machine.hostname);
                self.cluster_or(uid)?
                    .event(now_ms, "Normal", "MachineReleased", message);
            }
            Verb::DeleteNodeObject { node } => {
                let node = self.node_mut(uid, node)?;
                if !node.has_object {
                    return Ok(false);
                }
                node.has_object = false;
            }
            Verb::PowerOn { node } => {
                let system_id = self.node_mut(uid, node)?.system_id.clone();
                region.set_power(&system_id, true)?;
            }
            Verb::PowerCycle { node } => {
                let system_id = self.node_mut(uid, node)?.system_id.clone();
                region.set_power(&system_id, false)?;
                region.set_power(&system_id, true)?;
            }
            Verb::ApplyInPlace {
                node,
                inplace_revision,
            } => {
                self.node_mut(uid, node)?.inplace_revision = Some(inplace_revision.clone());
            }
            Verb::FinishDeleted { orphans, .. } => {
                self.nodes.retain(|node| node.cluster != uid);
                let cluster = self.cluster_or(uid)?;
                cluster.deleted_ms = Some(now_ms);
                cluster.orphans.clone_from(orphans);
                cluster.event(
                    now_ms,
                    "Normal",
                    "ClusterDeleted",
                    "the cluster was deleted; all its machines are back in MAAS",
                );
            }
            Verb::Notify { code, args } => {
                let args: Vec<String> = args
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                self.cluster_or(uid)?
                    .event(now_ms, "Warning", code, args.join(" "));
                return Ok(false);
            }
            Verb::Unknown => return Ok(false),
        }
        Ok(true)
    }

    /// Takes a machine from MAAS as the account's user and writes on it whose it is.
    fn allocate(
        &mut self,
        region: &Region,
        uid: &str,
        pool: &str,
        id: &str,
        system_id: &str,
    ) -> Result<(), Failure> {
        let now_ms = self.now_ms;
        let cluster = self.cluster(uid).map_err(|_| Failure::Missing)?;
        let is_control_plane = cluster
            .pools
            .iter()
            .any(|known| known.name == pool && known.is_control_plane);
        let user = self
            .account(&cluster.account_uid)
            .map_err(|_| Failure::Missing)?
            .user
            .clone();
        region.allocate(system_id, &user, uid)?;
        let machine = region.annotate(
            system_id,
            [
                (CLUSTER_ANNOTATION, uid),
                (POOL_ANNOTATION, pool),
                (NODE_ANNOTATION, id),
            ],
        )?;
        let node = Node {
            uid: self.uids.next(),
            cluster: uid.to_owned(),
            pool: pool.to_owned(),
            id: id.to_owned(),
            is_control_plane,
            system_id: system_id.to_owned(),
            hostname: machine.hostname.clone(),
            zone: machine.zone.clone(),
            addresses: machine.ip_addresses.clone(),
            revision: None,
            k8s_version: None,
            inplace_revision: None,
            created_ms: now_ms,
            joined_ms: None,
            deployed_ms: None,
            gone_ms: None,
            is_init: false,
            has_object: false,
            ready: Tri::False,
            ready_since_ms: None,
            is_cordoned: false,
            is_attached: false,
            drain_started_ms: None,
            member: None,
            machine_status: machine.status,
            machine_status_since_ms: now_ms,
        };
        let message = format!(
            "machine '{}' in zone '{}' was allocated for pool '{pool}'",
            node.hostname, node.zone
        );
        self.nodes.push(node);
        self.cluster_or(uid)?
            .event(now_ms, "Normal", "MachineAllocated", message);
        Ok(())
    }

    /// Kubernetes version and in-place revision of a node that is made from this revision now.
    fn made_from(
        &self,
        uid: &str,
        pool: &str,
        revision: &str,
    ) -> (Option<lifecycle_core::Version>, Option<String>) {
        let Ok(cluster) = self.cluster(uid) else {
            return (None, None);
        };
        let Some(pool) = cluster.pools.iter().find(|known| known.name == pool) else {
            return (None, None);
        };
        let spec = pool.spec(cluster);
        let version = if spec.revision == revision {
            spec.k8s_version
        } else {
            spec.approved_k8s_version
        };
        (version, spec.inplace_revision)
    }

    fn node_mut(&mut self, uid: &str, id: &str) -> Result<&mut Node, Failure> {
        self.nodes
            .iter_mut()
            .find(|node| node.cluster == uid && node.id == id)
            .ok_or(Failure::Missing)
    }

    fn cluster_or(&mut self, uid: &str) -> Result<&mut super::cluster::Cluster, Failure> {
        self.cluster_mut(uid).map_err(|_| Failure::Missing)
    }
}
