//! Health of clusters and gateways.

use jiff::Timestamp;

use crate::Reference;

use crate::model::model;

model! {
    /// How a cluster or a gateway feels. Mirrors `v1SpectroClusterHealthStatus`.
    pub struct Health {
        /// `Healthy` or `UnHealthy`, in varying spelling; absent while it is being provisioned.
        state: String,
        /// What is wrong.
        conditions: Vec<HealthCondition>,
        /// When its agent last reported.
        last_heart_beat_timestamp: Option<Timestamp>,
        /// The agent's version.
        agent_version: String,
    }
}

impl Health {
    /// Whether the state is `Healthy`, in any spelling.
    pub fn is_healthy(&self) -> bool {
        self.state.eq_ignore_ascii_case("healthy")
    }
}

model! {
    /// One thing that is wrong. Mirrors `v1SpectroClusterHealthCondition`.
    pub struct HealthCondition {
        /// What it is about.
        kind: String => "type",
        /// A sentence.
        message: String,
        /// Whom it concerns.
        related_object: Option<Reference>,
    }
}
