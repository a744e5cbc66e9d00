//! What a decision asks the host to keep until the next one. Losing it breaks no safety rule; it only makes behaviour better.
use serde::{Deserialize, Serialize};

use super::defaults::{is_default, is_num, num};
use crate::prelude::*;
use crate::{Id, Millis, Rev};

/// What [`decide`](crate::decide) remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// The shape's version: 1.
    #[serde(default = "num::<1>", skip_serializing_if = "is_num::<1>")]
    pub v: u32,
    /// The highest clock reading so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_hwm_ms: Option<Millis>,
    /// By cluster or gateway.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<Id, ClusterMemory>,
    /// By `"cluster/pool"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, PoolMemory>,
    /// By `"cluster/node"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, NodeMemory>,
    /// By system id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub machines: BTreeMap<String, MachineMemory>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            v: 1,
            clock_hwm_ms: None,
            clusters: BTreeMap::new(),
            pools: BTreeMap::new(),
            nodes: BTreeMap::new(),
            machines: BTreeMap::new(),
        }
    }
}

/// Of a cluster or gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterMemory {
    /// Since when it is Deleting or Aborting: starts the force-delete clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminating_since_ms: Option<Millis>,
    /// A running mass-failure stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass_failure: Option<MassFailure>,
    /// Members that belong to no node, by member id: since when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ghosts: BTreeMap<String, Millis>,
}

/// A mass-failure stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MassFailure {
    /// When it began.
    pub since_ms: Millis,
    /// Observations running in which it was not so: it ends at 2.
    #[serde(default, skip_serializing_if = "is_default")]
    pub clear: u8,
    /// The observation counted last.
    #[serde(default, skip_serializing_if = "is_default")]
    pub as_of_ms: Millis,
}

/// Of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolMemory {
    /// The highest number given to a node.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_k: u32,
    /// The size last reached, lowered by a shrink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<u32>,
    /// The last cancelled drain: starts the hold-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_cancel_ms: Option<Millis>,
    /// The rollout under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutMemory>,
}

/// Of a rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RolloutMemory {
    /// Its target.
    pub revision: Rev,
    /// When it began.
    pub started_ms: Millis,
    /// When a node last became Active or Gone.
    pub last_progress_ms: Millis,
    /// Nodes at target that failed since one at target last became Active.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failures: u32,
    /// The machines they failed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_machines: Vec<String>,
    /// When one last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_ms: Option<Millis>,
    /// When it was frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_ms: Option<Millis>,
}

/// Of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeMemory {
    /// Since when it is not well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect_since_ms: Option<Millis>,
    /// When it was last powered on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_on_ms: Option<Millis>,
    /// When it was last power-cycled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_cycle_ms: Option<Millis>,
}

/// Of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineMemory {
    /// When it failed: the last 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Millis>,
    /// Not to be allocated before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_until_ms: Option<Millis>,
    /// Since when it is on its way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returning_since_ms: Option<Millis>,
    /// It did not come back in time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stuck: bool,
    /// Since when it is ours without a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphan_since_ms: Option<Millis>,
    /// Releases tried.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tries: u32,
    /// When a release was last tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_ms: Option<Millis>,
}
