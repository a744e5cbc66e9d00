//! Kubernetes nodes: how a deployed machine joins its cluster, what etcd makes of it, how it is drained. Time is the only thing that acts here.

use lifecycle_core::{Drain, DrainBy, DrainState, EtcdMember, EtcdView, Tri, Version};

use crate::maas::MachineSummary;

/// From `Deployed` to a node that reports, milliseconds.
const JOIN_MS: i64 = 120_000;
/// From etcd's learner to a voter.
const PROMOTE_MS: i64 = 30_000;
/// Evicting all pods.
const DRAIN_MS: i64 = 180_000;
/// How long a node object outlives its machine if nobody deletes it.
const FORGET_MS: i64 = 300_000;
/// Pods on a node.
const PODS: u32 = 24;

/// The workload annotations that say whose a machine is: cluster, pool, node. The cluster's uid is also the agent name, but MAAS forgets that when a release
/// begins, and these only when it is over.
pub(crate) const CLUSTER_ANNOTATION: &str = "palette-cluster";
/// See [`CLUSTER_ANNOTATION`].
pub(crate) const POOL_ANNOTATION: &str = "palette-pool";
/// See [`CLUSTER_ANNOTATION`].
pub(crate) const NODE_ANNOTATION: &str = "palette-node";

/// A node, from the allocation of its machine until neither machine nor node object is left.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Palette's uid of the machine record.
    pub(crate) uid: String,
    pub(crate) cluster: String,
    pub(crate) pool: String,
    pub(crate) id: String,
    pub(crate) is_control_plane: bool,
    pub(crate) system_id: String,
    pub(crate) hostname: String,
    pub(crate) zone: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) revision: Option<String>,
    pub(crate) k8s_version: Option<Version>,
    pub(crate) inplace_revision: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) joined_ms: Option<i64>,
    pub(crate) deployed_ms: Option<i64>,
    pub(crate) gone_ms: Option<i64>,
    /// Founds the control plane.
    pub(crate) is_init: bool,
    pub(crate) has_object: bool,
    pub(crate) ready: Tri,
    pub(crate) ready_since_ms: Option<i64>,
    pub(crate) is_cordoned: bool,
    pub(crate) is_attached: bool,
    pub(crate) drain_started_ms: Option<i64>,
    pub(crate) member: Option<Member>,
    /// MAAS's label of the machine's status when it was last seen, and since when.
    pub(crate) machine_status: String,
    pub(crate) machine_status_since_ms: i64,
}

/// The node's part in etcd.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    id: String,
    is_learner: bool,
    added_ms: i64,
    leads: bool,
}

impl Node {
    /// Whether this machine carries this node.
    pub(crate) fn owns(&self, machine: &MachineSummary) -> bool {
        let says = |name: &str, value: &str| {
            machine
                .annotations
                .get(name)
                .is_some_and(|said| said == value)
        };
        machine.system_id == self.system_id
            && says(CLUSTER_ANNOTATION, &self.cluster)
            && says(NODE_ANNOTATION, &self.id)
    }

    /// Whether it takes work.
    pub(crate) fn is_ready(&self) -> bool {
        self.has_object && self.ready.is_true()
    }

    /// Lets time act; answers with when it acts next.
    pub(crate) fn advance(
        &mut self,
        machine: Option<&MachineSummary>,
        is_initialized: bool,
        now_ms: i64,
    ) -> Option<i64> {
        let machine = machine.filter(|machine| self.owns(machine));
        let status = machine.map_or("", |machine| machine.status.as_str());
        if status != self.machine_status {
            status.clone_into(&mut self.machine_status);
            self.machine_status_since_ms = now_ms;
        }
        let Some(machine) = machine else {
            self.gone_ms.get_or_insert(now_ms);
            self.set_ready(Tri::Unknown, now_ms);
            return self.gone_ms.map(|gone| gone + FORGET_MS);
        };
        self.addresses.clone_from(&machine.ip_addresses);
        if status != "Deployed" {
            let was_up = self.joined_ms.is_some() || self.has_object;
            self.set_ready(if was_up { Tri::Unknown } else { Tri::False }, now_ms);
            return None;
        }
        let deployed_ms = *self.deployed_ms.get_or_insert(now_ms);
        if machine.power_state != "on" {
            self.set_ready(Tri::False, now_ms);
            return None;
        }
        let joins_ms = deployed_ms + JOIN_MS;
        if !(self.is_init || is_initialized) {
            return None;
        }
        if now_ms < joins_ms {
            return Some(joins_ms);
        }
        if !self.has_object && self.gone_ms.is_none() && self.drain_started_ms.is_none() {
            self.has_object = true;
            if self.is_control_plane && self.member.is_none() {
                self.member = Some(Member {
                    id: super::state::digest(&self.uid),
                    is_learner: !self.is_init,
                    added_ms: now_ms,
                    leads: self.is_init,
                });
            }
        }
        self.set_ready(Tri::True, now_ms);
        let mut next = self.drain_started_ms.map(|started| started + DRAIN_MS);
        if let Some(member) = self.member.as_mut().filter(|member| member.is_learner) {
            let promoted_ms = member.added_ms + PROMOTE_MS;
            member.is_learner = now_ms < promoted_ms;
            next = Some(promoted_ms);
        }
        next.filter(|due| *due > now_ms)
    }

    /// Whether nothing of it is left.
    pub(crate) fn is_forgotten(&self, now_ms: i64) -> bool {
        self.gone_ms
            .is_some_and(|gone| !self.has_object || now_ms >= gone + FORGET_MS)
    }

    fn set_ready(&mut self, ready: Tri, now_ms: i64) {
        if self.ready != ready {
            self.ready = ready;
            self.ready_since_ms = Some(now_ms);
        }
    }

    /// The engine's view of it.
    pub(crate) fn observed(&self, now_ms: i64) -> lifecycle_core::Node {
        let drain = self
            .drain_started_ms
            .map_or_else(Drain::default, |started| {
                let is_done = now_ms >= started + DRAIN_MS;
                Drain {
                    by: DrainBy::Engine,
                    state: if is_done {
                        DrainState::Done
                    } else {
                        DrainState::Running
                    },
                    started_ms: Some(started),
                    pods_left: if is_done { 0 } else { PODS },
                    blocker: None,
                }
            });
        let mut node = lifecycle_core::Node::new(&self.cluster, &self.pool, &self.id);
        node.system_id = Some(self.system_id.clone());
        node.revision.clone_from(&self.revision);
        node.k8s_version = self.k8s_version;
        node.created_ms = self.created_ms;
        node.joined_ms = self.joined_ms;
        node.zone = Some(self.zone.clone());
        node.object = self.has_object;
        node.ready = self.ready;
        node.ready_since_ms = self.ready_since_ms;
        node.cordoned = self.is_cordoned;
        node.endpoint_attached = self.is_control_plane.then_some(self.is_attached);
        node.inplace_revision.clone_from(&self.inplace_revision);
        node.drain = drain;
        node
    }
}

/// Chooses a leader where there is none that is healthy.
pub(crate) fn elect(nodes: &mut [Node], cluster: &str) {
    let can_lead = |node: &Node| {
        node.is_ready()
            && node
                .member
                .as_ref()
                .is_some_and(|member| !member.is_learner)
    };
    let mut members: Vec<&mut Node> = nodes
        .iter_mut()
        .filter(|n| n.cluster == cluster && n.member.is_some())
        .collect();
    if members
        .iter()
        .any(|node| can_lead(node) && node.member.as_ref().is_some_and(|member| member.leads))
    {
        return;
    }
    let elected = members.iter().position(|node| can_lead(node));
    for (at, node) in members.iter_mut().enumerate() {
        if let Some(member) = &mut node.member {
            member.leads = Some(at) == elected;
        }
    }
}

/// What etcd of a cluster says of itself.
pub(crate) fn etcd_view(nodes: &[Node], cluster: &str, now_ms: i64) -> EtcdView {
    let members: Vec<EtcdMember> = nodes
        .iter()
        .filter(|node| node.cluster == cluster)
        .filter_map(|node| {
            let member = node.member.as_ref()?;
            Some(EtcdMember {
                member_id: member.id.clone(),
                name: node.id.clone(),
                node: Some(node.id.clone()),
                peer_ips: node
                    .addresses
                    .iter()
                    .filter_map(|address| address.parse().ok())
                    .collect(),
                learner: member.is_learner,
                healthy: if node.is_ready() {
                    Tri::True
                } else {
                    Tri::False
                },
                leader: member.leads && node.is_ready(),
            })
        })
        .collect();
    EtcdView {
        as_of_ms: now_ms,
        reachable: members.iter().any(|member| member.healthy.is_true()),
        members,
    }
}

/// Moves the leadership between two nodes of a cluster.
pub(crate) fn move_leader(nodes: &mut [Node], cluster: &str, to: &str) {
    for node in nodes.iter_mut().filter(|node| node.cluster == cluster) {
        let is_it = node.id == to;
        if let Some(member) = &mut node.member {
            member.leads = is_it;
        }
    }
}

/// Removes a member of a cluster's etcd.
pub(crate) fn remove_member(nodes: &mut [Node], cluster: &str, member_id: &str) {
    for node in nodes.iter_mut().filter(|node| node.cluster == cluster) {
        if node
            .member
            .as_ref()
            .is_some_and(|member| member.id == member_id)
        {
            node.member = None;
        }
    }
}
