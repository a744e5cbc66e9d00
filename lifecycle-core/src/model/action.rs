//! What the host is asked to do, and under which condition it may.
use core::fmt;

use serde::{Deserialize, Serialize};

use super::defaults::{is_default, is_num, num};
use super::table::{args_text, parts};
use crate::prelude::*;
use crate::{Args, Erase, Id, MachineStatus, Millis, Owner, Power, Rev};

/// One thing for the host to do.
///
/// The host carries it out iff no pending action has the same id and the [`Guard`] holds at that moment. Every action is safe to repeat
/// under its guard. The id is `"{cluster}/{pool}/{node}/{verb}"`, `-` standing for a missing part and the system id for a missing node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Action {
    /// `"{cluster}/{pool}/{node}/{verb}"`.
    pub id: String,
    /// How many times it was tried, for people.
    #[serde(default = "num::<1>", skip_serializing_if = "is_num::<1>")]
    pub attempt: u32,
    /// What to do.
    #[serde(flatten)]
    pub verb: Verb,
    /// When it may be done; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Box<Guard>>,
}

impl Action {
    /// An action whose id follows from its parts; `-` for a missing part.
    #[must_use]
    pub fn new(cluster: &str, pool: &str, node: &str, verb: Verb) -> Self {
        let part = |s: &str| {
            if s.is_empty() {
                "-".to_owned()
            } else {
                s.to_owned()
            }
        };
        let id = format!(
            "{}/{}/{}/{}",
            part(cluster),
            part(pool),
            part(node),
            verb.name()
        );
        Self {
            id,
            attempt: 1,
            verb,
            guard: None,
        }
    }

    /// With this guard.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }

    /// Verb, subject, and the values that its id does not tell.
    pub(super) fn cells(&self) -> [String; 3] {
        let subject = self.id.strip_suffix(self.verb.name());
        let subject = subject.unwrap_or(&self.id).trim_end_matches(['/', '-']);
        let mut values = parts(&self.verb, &["verb", "node", "cluster", "field"]);
        if let Some(at) = values.remove("value") {
            values.insert("at_ms".to_owned(), at);
        }
        let verb = self.verb.name().to_owned();
        [verb, subject.to_owned(), args_text(&values)]
    }

    fn part(&self, n: usize) -> Option<&str> {
        self.id.split('/').nth(n).filter(|p| *p != "-")
    }

    /// The cluster or gateway that it is for.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        self.part(0)
    }

    /// The pool that it is for.
    #[must_use]
    pub fn pool(&self) -> Option<&str> {
        self.part(1)
    }

    /// The node that it is for (the system id where there is no node).
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.part(2)
    }
}

/// One line: `allocate c1/cp/cp-4 (system_id m4, zone z1)`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [verb, subject, values] = self.cells();
        write!(f, "{verb} {subject}")?;
        if values.is_empty() {
            Ok(())
        } else {
            write!(f, " ({values})")
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verb {
    /// Allocate this machine in MAAS and write owner, node, zone and creation time on it.
    Allocate {
        /// Node that it becomes.
        node: Id,
        /// Machine.
        system_id: String,
        /// Its zone.
        zone: String,
    },
    /// Deploy it. Irreversible.
    Deploy {
        /// Node.
        node: Id,
        /// Machine.
        system_id: String,
        /// What it is made from.
        revision: Rev,
        /// Its part in the cluster.
        mode: DeployMode,
    },
    /// Write a fact down where it survives.
    Record {
        /// Cluster.
        cluster: Id,
        /// Node, for `joined_ms`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Id>,
        /// Fact.
        field: RecordField,
        /// Moment.
        value: Millis,
    },
    /// Put the node behind the control-plane endpoint.
    AttachEndpoint {
        /// Node.
        node: Id,
    },
    /// Take the node out of the control-plane endpoint.
    DetachEndpoint {
        /// Node.
        node: Id,
    },
    /// Cordon the node and evict its pods.
    Drain {
        /// Node.
        node: Id,
        /// Until when.
        deadline_ms: Millis,
    },
    /// Stop draining it and uncordon it.
    CancelDrain {
        /// Node.
        node: Id,
    },
    /// Move etcd's leadership.
    MoveEtcdLeader {
        /// From this node.
        from: Id,
        /// To this node.
        to: Id,
    },
    /// Remove a member from etcd. Irreversible.
    RemoveEtcdMember {
        /// Member.
        member_id: String,
        /// What it is.
        kind: MemberKind,
    },
    /// Release a machine in MAAS, never with `force`. Irreversible.
    Release {
        /// Machine.
        system_id: String,
        /// How its disks are erased.
        #[serde(default, skip_serializing_if = "is_default")]
        erase: Erase,
    },
    /// Delete the Kubernetes node object. Irreversible.
    DeleteNodeObject {
        /// Node.
        node: Id,
    },
    /// Power the node's machine on.
    PowerOn {
        /// Node.
        node: Id,
    },
    /// Power-cycle the node's machine. Irreversible.
    PowerCycle {
        /// Node.
        node: Id,
    },
    /// Apply labels and taints.
    ApplyInPlace {
        /// Node.
        node: Id,
        /// What they hash to.
        inplace_revision: Rev,
    },
    /// Write the cluster off as deleted. Irreversible.
    FinishDeleted {
        /// Cluster or gateway.
        cluster: Id,
        /// Machines left behind.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orphans: Vec<String>,
        /// By a force delete.
        #[serde(default, skip_serializing_if = "is_default")]
        forced: bool,
    },
    /// Tell people.
    Notify {
        /// What.
        code: String,
        /// About what.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        args: Args,
    },
    /// A verb of another version, among the pending actions: waited for.
    #[serde(other)]
    Unknown,
}

impl Verb {
    /// The last part of the action's id.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allocate { .. } => "allocate",
            Self::Deploy { .. } => "deploy",
            Self::Record { field, .. } => field.name(),
            Self::AttachEndpoint { .. } => "attach_endpoint",
            Self::DetachEndpoint { .. } => "detach_endpoint",
            Self::Drain { .. } => "drain",
            Self::CancelDrain { .. } => "cancel_drain",
            Self::MoveEtcdLeader { .. } => "move_etcd_leader",
            Self::RemoveEtcdMember { .. } => "remove_etcd_member",
            Self::Release { .. } => "release",
            Self::DeleteNodeObject { .. } => "delete_node_object",
            Self::PowerOn { .. } => "power_on",
            Self::PowerCycle { .. } => "power_cycle",
            Self::ApplyInPlace { .. } => "apply_in_place",
            Self::FinishDeleted { .. } => "finish_deleted",
            Self::Notify { .. } => "notify",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it cannot be taken back: such an action always carries a guard.
    #[must_use]
    pub const fn is_irreversible(&self) -> bool {
        matches!(
            self,
            Self::Deploy { .. }
                | Self::RemoveEtcdMember { .. }
                | Self::Release { .. }
                | Self::DeleteNodeObject { .. }
                | Self::PowerCycle { .. }
                | Self::FinishDeleted { .. }
        )
    }
}

/// A node's part in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeployMode {
    /// Founds the control plane.
    Init,
    /// Joins the control plane.
    JoinControlPlane,
    /// Joins as a worker.
    JoinWorker,
}

/// A fact that the host writes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RecordField {
    /// The node settled.
    JoinedMs,
    /// The cluster was complete for the first time.
    ProvisionedMs,
    /// An update began.
    UpdateStartedMs,
}

impl RecordField {
    /// The verb's name in an id: `record_joined_ms` and so on, so that two records of one cluster do not share an id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JoinedMs => "record_joined_ms",
            Self::ProvisionedMs => "record_provisioned_ms",
            Self::UpdateStartedMs => "record_update_started_ms",
        }
    }
}

/// What an etcd member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MemberKind {
    /// A voter.
    Voter,
    /// A learner.
    Learner,
}

/// When an action may be carried out: every field that is present must hold, judged by the host on what it sees at that moment. If one does
/// not, the action is dropped and reported as `GuardFailed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guard {
    /// The machine has this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MachineStatus>,
    /// The machine's owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerRule>,
    /// The machine is (not) locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// The machine's power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
    /// The control plane is not initialized and none of its nodes has joined.
    #[serde(default, skip_serializing_if = "is_default")]
    pub uninitialised: bool,
    /// The recorded field is absent (or, for `update_started_ms`, older).
    #[serde(default, skip_serializing_if = "is_default")]
    pub field_absent: bool,
    /// The etcd view is at most this old, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_max_age_s: Option<u32>,
    /// This node's member leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads: Option<Id>,
    /// This node's member is a healthy voter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_voter: Option<Id>,
    /// The members are exactly these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    /// At least this many voters are healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_now: Option<u32>,
    /// At least this many voters other than the target are healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_without: Option<u32>,
    /// There is no learner.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_learner: bool,
    /// The target is a learner.
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_is_learner: bool,
    /// The cluster is Deleting or Aborting, or the machine's node is no member of its etcd.
    #[serde(default, skip_serializing_if = "is_default")]
    pub terminating_or_not_member: bool,
    /// The node's machine is not ours, or on its way back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub machine_left: bool,
    /// The node is not ready.
    #[serde(default, skip_serializing_if = "is_default")]
    pub node_not_ready: bool,
    /// The node's member is known to be unhealthy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub member_unhealthy: bool,
    /// No machine of the cluster is left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_machine_left: bool,
}

/// Who must own a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OwnerRule {
    /// Nobody.
    None,
    /// This one (an absent pool or node: any).
    Is(Owner),
}

/// An action whose call has begun and whose effect the observation may not show yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PendingAction {
    /// The action.
    pub action: Action,
    /// When the call began.
    pub issued_ms: Millis,
}
