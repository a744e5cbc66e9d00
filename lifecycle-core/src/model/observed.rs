//! What was seen. Unknown fields are ignored, unknown values are taken for the worst case.
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::defaults::{is_default, is_yes, yes};
use crate::prelude::*;
use crate::{Id, Machine, Millis, PendingAction, Rev, Subnet, Tri, Version};

/// One observation of the whole fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Observed {
    /// The server's clock, taken before the first read.
    pub as_of_ms: Millis,
    /// MAAS machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<Machine>,
    /// Nodes of clusters and gateways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// etcd by cluster or gateway.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub etcd: BTreeMap<Id, EtcdView>,
    /// Records of clusters and gateways.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<Id, ClusterObs>,
    /// Gateways that Palette manages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pcgs: BTreeMap<Id, PcgObs>,
    /// Subnets; of one that is not listed the addresses are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<Subnet>,
    /// Actions whose call has begun and is not yet reflected above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingAction>,
}

impl Observed {
    /// Where the machine is in its list; a list that is sorted by system id, as a simulation's is, is looked through faster.
    pub(crate) fn machine_at(&self, system_id: &str) -> Option<usize> {
        let list = &self.machines;
        let at = list.partition_point(|m| m.system_id.as_str() < system_id);
        let is_it = |m: &Machine| m.system_id == system_id;
        match list.get(at) {
            Some(m) if is_it(m) => Some(at),
            _ => list.iter().position(is_it),
        }
    }

    /// Where the node is in its list; one that is sorted by cluster and id is looked through faster.
    pub(crate) fn node_at(&self, cluster: &str, id: &str) -> Option<usize> {
        let at = self.node_place(cluster, id);
        let is_it = |n: &Node| n.id == id && n.cluster == cluster;
        match self.nodes.get(at) {
            Some(n) if is_it(n) => Some(at),
            _ => self.nodes.iter().position(is_it),
        }
    }

    /// Where the node belongs in a list sorted by cluster and id.
    pub(crate) fn node_place(&self, cluster: &str, id: &str) -> usize {
        self.nodes
            .partition_point(|n| (n.cluster.as_str(), n.id.as_str()) < (cluster, id))
    }
}

/// A node: a machine's part in a cluster, from its allocation on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Node {
    /// Its name, unique in its cluster: `"{pool}-{k}"`.
    pub id: Id,
    /// Its cluster or gateway.
    pub cluster: Id,
    /// Its pool.
    pub pool: Id,
    /// Its machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Rev>,
    /// Its kubelet's version; an unreadable one counts as absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "Version::lenient"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Version>"))]
    pub k8s_version: Option<Version>,
    /// When its machine was allocated (an annotation).
    #[serde(default, skip_serializing_if = "is_default")]
    pub created_ms: Millis,
    /// When it first settled (an annotation that the engine records).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<Millis>,
    /// Its zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whether a Kubernetes node object exists.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub object: bool,
    /// The Ready condition.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ready: Tri,
    /// When `ready` last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_since_ms: Option<Millis>,
    /// Unschedulable.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cordoned: bool,
    /// What an operator said about it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub maintenance: Maintenance,
    /// Whether it serves the control-plane endpoint; absent: the host has no endpoint to manage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_attached: Option<bool>,
    /// Labels and taints it carries, hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inplace_revision: Option<Rev>,
    /// Its drain.
    #[serde(default, skip_serializing_if = "is_default")]
    pub drain: Drain,
}

impl Node {
    /// A node that was just created in this pool: no machine, not joined, readiness unknown.
    pub fn new(cluster: impl Into<Id>, pool: impl Into<Id>, id: impl Into<Id>) -> Self {
        Self {
            id: id.into(),
            cluster: cluster.into(),
            pool: pool.into(),
            object: true,
            ..Self::default()
        }
    }
}

/// What an operator said about a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Maintenance {
    /// Nothing.
    #[default]
    None,
    /// Never touch it; it counts as available if ready.
    Locked,
    /// In maintenance: unavailable, taken first when outdated. Also what an unknown value means.
    #[serde(other)]
    Cordoned,
}

/// A node's drain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Drain {
    /// Who drains it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: DrainBy,
    /// How far it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: DrainState,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<Millis>,
    /// Pods still to be evicted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pods_left: u32,
    /// What blocks it: `pdb namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocker: Option<String>,
}

/// Who drains a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DrainBy {
    /// Nobody.
    #[default]
    None,
    /// The engine's host.
    Engine,
    /// An operator, or somebody unknown: left alone.
    #[serde(other)]
    Operator,
}

/// How far a drain is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DrainState {
    /// Finished.
    Done,
    /// Held up.
    Blocked,
    /// Running.
    #[default]
    #[serde(other)]
    Running,
}

/// What etcd said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EtcdView {
    /// When.
    pub as_of_ms: Millis,
    /// Whether it answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reachable: bool,
    /// Its members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<EtcdMember>,
}

/// A member of etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EtcdMember {
    /// Its id.
    pub member_id: String,
    /// Its name; empty: not started.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The node it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Id>,
    /// Its peers' addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub peer_ips: Vec<IpAddr>,
    /// Not a voter yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub learner: bool,
    /// Whether it answers and is in step.
    #[serde(default, skip_serializing_if = "is_default")]
    pub healthy: Tri,
    /// Whether it leads.
    #[serde(default, skip_serializing_if = "is_default")]
    pub leader: bool,
}

/// The record of a cluster or gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterObs {
    /// Palette's state; for an engine-managed cluster only `deleted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Palette's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The init node's API server has answered once; never taken back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initialized: bool,
    /// When all pools were first complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_ms: Option<Millis>,
    /// When the running update began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_started_ms: Option<Millis>,
    /// When its deletion began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_started_ms: Option<Millis>,
    /// When its abort began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_started_ms: Option<Millis>,
    /// Machines left behind by a force delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<String>,
}

/// A gateway that Palette manages, as Palette reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PcgObs {
    /// Palette's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether it is healthy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub healthy: bool,
    /// Its nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub size: u32,
    /// Its version; an unreadable one counts as absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "Version::lenient"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Version>"))]
    pub version: Option<Version>,
}
