//! Repaves: changes that replace nodes, and wait for approval.

use jiff::Timestamp;
use sdk_transport::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Metadata, Pack,
    cluster::ClusterHandle,
    cluster_profile::ProfileOptions,
    input::{input, wire_enum},
    request::{Endpoint, endpoints},
};

endpoints! {
    GET = Endpoint::get("repave.get", "/v1/spectroclusters/{uid}/repave/status");
    APPROVE = Endpoint::patch("repave.approve", "/v1/spectroclusters/{uid}/repave/approve");
    VALIDATE = Endpoint::query("repave.validate", "/v1/spectroclusters/{uid}/validate/repave");
}

wire_enum! {
    /// Where a repave is. Mirrors `v1ClusterRepaveState`.
    pub enum RepaveState {
        /// It waits for approval.
        Pending = "Pending",
        /// It was approved.
        Approved = "Approved",
        /// The change was undone.
        Reverted = "Reverted",
    }
}

/// A repave. Mirrors `v1SpectroClusterRepave`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Repave {
    /// Name and uid.
    pub metadata: Metadata,
    /// Why it is needed.
    pub spec: RepaveSpec,
    /// Where it is.
    pub status: RepaveStatus,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Why a repave is needed. Mirrors `v1SpectroClusterRepaveSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepaveSpec {
    /// The reasons.
    pub reasons: Vec<RepaveReason>,
    /// Who caused it.
    pub source: String,
    /// The cluster.
    pub spectro_cluster_uid: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Where a repave is. Mirrors `v1SpectroClusterRepaveStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepaveStatus {
    /// Where it is.
    pub state: Option<RepaveState>,
    /// A sentence.
    pub message: String,
    /// When that last changed.
    pub repave_transition_time: Option<Timestamp>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One reason for a repave. Mirrors `v1SpectroClusterRepaveReason`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepaveReason {
    /// One word.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// The pack that differs.
    pub pack: Option<PackDifference>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a pack differs. Mirrors `v1SpectroClusterPackDiff`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackDifference {
    /// The pack as it is.
    pub current: Option<Pack>,
    /// The pack as it is to be.
    pub target: Option<Pack>,
    /// The keys that differ.
    pub diff_config_keys: Vec<String>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whether a change would need a repave. Mirrors `v1SpectroClusterRepaveValidationResponse`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepaveValidation {
    /// Whether nodes would be replaced.
    pub is_repave_required: bool,
    /// Why.
    pub reasons: Vec<RepaveReason>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

input! {
    /// Profiles as they would be. Mirrors `v1SpectroClusterPacksEntity`.
    pub struct RepaveCheck {
        /// The profiles with the cluster's own values.
        profiles: Vec<ProfileOptions> = "profiles",
    }
}

impl ClusterHandle {
    /// The repave that is under way or waits for approval. Mirrors `GET /v1/spectroclusters/{uid}/repave/status`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn repave(&self) -> Result<Repave, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }

    /// Approves the repave that waits. Mirrors `PATCH /v1/spectroclusters/{uid}/repave/approve`.
    ///
    /// # Errors
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) if none waits, and as any call.
    pub async fn approve_repave(&self) -> Result<(), Error> {
        self.client.done(APPROVE.at(&[&self.uid])).await
    }

    /// Whether these profiles would replace nodes. Mirrors `POST /v1/spectroclusters/{uid}/validate/repave`.
    ///
    /// # Errors
    /// As any call.
    pub async fn validate_repave(&self, check: &RepaveCheck) -> Result<RepaveValidation, Error> {
        let request = VALIDATE.at(&[&self.uid]).input(check);
        self.client.json(request).await
    }
}
