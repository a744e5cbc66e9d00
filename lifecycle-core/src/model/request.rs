//! What a user can ask for.
use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use crate::prelude::*;
use crate::{ClusterSpec, Id, PcgSpec, Rev, Role, Version};

/// A user's request, judged by [`admit`](crate::admit) and, accepted, written into [`Desired`](crate::Desired).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Request {
    /// Create a cluster.
    Create {
        /// The cluster.
        cluster: Box<ClusterSpec>,
        /// Accept it although machines are short now; it waits.
        #[serde(default, skip_serializing_if = "is_default")]
        queue_if_short: bool,
    },
    /// Change a cluster to this.
    Update {
        /// The cluster as it should be.
        cluster: Box<ClusterSpec>,
    },
    /// Delete a provisioned cluster.
    Delete {
        /// Cluster.
        id: Id,
        /// Who asks.
        actor_role: Role,
    },
    /// Stop a cluster that is still being provisioned, and give everything back.
    Abort {
        /// Cluster.
        id: Id,
        /// Who asks.
        actor_role: Role,
    },
    /// Declare a cluster deleted that has been Deleting or Aborting for 15 minutes, leaving orphans.
    ForceDelete {
        /// Cluster.
        id: Id,
        /// Who asks: administrators only.
        actor_role: Role,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Stop everything voluntary.
    Pause {
        /// Cluster.
        id: Id,
    },
    /// Go on; ends a freeze too.
    Resume {
        /// Cluster.
        id: Id,
        /// Only this pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<Id>,
    },
    /// Approve a change that replaces nodes.
    ApproveRepave {
        /// Cluster.
        id: Id,
    },
    /// Refuse it.
    RevertRepave {
        /// Cluster.
        id: Id,
    },
    /// Create a gateway.
    CreatePcg {
        /// The gateway.
        pcg: Box<PcgSpec>,
    },
    /// Change a gateway's size: 1 to 3.
    ResizePcg {
        /// Gateway.
        id: Id,
        /// Nodes.
        size: u32,
    },
    /// Upgrade a gateway.
    UpgradePcg {
        /// Gateway.
        id: Id,
        /// New revision.
        revision: Rev,
        /// Its Kubernetes version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        k8s_version: Option<Version>,
    },
    /// Delete a gateway whose clusters are all deleted.
    DeletePcg {
        /// Gateway.
        id: Id,
    },
}

impl Request {
    /// The cluster or gateway that it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Create { cluster, .. } | Self::Update { cluster } => &cluster.id,
            Self::CreatePcg { pcg } => &pcg.id,
            Self::Delete { id, .. }
            | Self::Abort { id, .. }
            | Self::ForceDelete { id, .. }
            | Self::Pause { id }
            | Self::Resume { id, .. }
            | Self::ApproveRepave { id }
            | Self::RevertRepave { id }
            | Self::ResizePcg { id, .. }
            | Self::UpgradePcg { id, .. }
            | Self::DeletePcg { id } => id,
        }
    }
}
