//! Repaves: changes that replace nodes, and wait for approval.

use jiff::Timestamp;
use sdk_transport::Error;

use crate::{
    Metadata, Pack,
    cluster::ClusterHandle,
    cluster_profile::ProfileOptions,
    model::model,
    options::{options, wire_enum},
    request::operations,
};

operations! {
    GET = GET "/v1/spectroclusters/{uid}/repave/status" as "repave.get";
    APPROVE = PATCH "/v1/spectroclusters/{uid}/repave/approve" as "repave.approve";
    VALIDATE = POST "/v1/spectroclusters/{uid}/validate/repave" as "repave.validate" reading;
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

model! {
    /// A repave. Mirrors `v1SpectroClusterRepave`.
    pub struct Repave {
        /// Name and uid.
        metadata: Metadata,
        /// Why it is needed.
        spec: RepaveSpec,
        /// Where it is.
        status: RepaveStatus,
    }
}

model! {
    /// Why a repave is needed. Mirrors `v1SpectroClusterRepaveSpec`.
    pub struct RepaveSpec {
        /// The reasons.
        reasons: Vec<RepaveReason>,
        /// Who caused it.
        source: String,
        /// The cluster.
        spectro_cluster_uid: String,
    }
}

model! {
    /// Where a repave is. Mirrors `v1SpectroClusterRepaveStatus`.
    pub struct RepaveStatus {
        /// Where it is.
        state: Option<RepaveState>,
        /// A sentence.
        message: String,
        /// When that last changed.
        repave_transition_time: Option<Timestamp>,
    }
}

model! {
    /// One reason for a repave. Mirrors `v1SpectroClusterRepaveReason`.
    pub struct RepaveReason {
        /// One word.
        code: String,
        /// A sentence.
        message: String,
        /// The pack that differs.
        pack: Option<PackDifference>,
    }
}

model! {
    /// How a pack differs. Mirrors `v1SpectroClusterPackDiff`.
    pub struct PackDifference {
        /// The pack as it is.
        current: Option<Pack>,
        /// The pack as it is to be.
        target: Option<Pack>,
        /// The keys that differ.
        diff_config_keys: Vec<String>,
    }
}

model! {
    /// Whether a change would need a repave. Mirrors `v1SpectroClusterRepaveValidationResponse`.
    pub struct RepaveValidation {
        /// Whether nodes would be replaced.
        is_repave_required: bool,
        /// Why.
        reasons: Vec<RepaveReason>,
    }
}

options! {
    /// Profiles as they would be. Mirrors `v1SpectroClusterPacksEntity`.
    pub struct RepaveCheck, new {
        /// The profiles with the cluster's own values.
        profiles: Vec<ProfileOptions> => "profiles",
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
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) or
    /// [`BadRequest`](sdk_transport::ErrorKind::BadRequest) if none waits, and as any call.
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
