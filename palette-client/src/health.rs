//! Health of clusters and gateways.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Reference;

/// How a cluster or a gateway feels. Mirrors `v1SpectroClusterHealthStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Health {
    /// `Healthy` or `UnHealthy`, in varying spelling; absent while it is being provisioned.
    pub state: String,
    /// What is wrong.
    pub conditions: Vec<HealthCondition>,
    /// When its agent last reported.
    pub last_heart_beat_timestamp: Option<Timestamp>,
    /// The agent's version.
    pub agent_version: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Health {
    /// Whether the state is `Healthy`, in any spelling.
    pub fn is_healthy(&self) -> bool {
        self.state.eq_ignore_ascii_case("healthy")
    }
}

/// One thing that is wrong. Mirrors `v1SpectroClusterHealthCondition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HealthCondition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence.
    pub message: String,
    /// Whom it concerns.
    pub related_object: Option<Reference>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
