//! Kubernetes versions of control plane and workers.

use crate::prelude::*;
use crate::{Code, Finding, PoolSpec, Version};

/// Whether a worker of this version may run under a control plane of that one: no newer, and at most 3 minor versions behind.
pub(crate) fn skew(control_plane: Version, worker: Version) -> bool {
    worker.major == control_plane.major
        && worker.minor <= control_plane.minor
        && control_plane.minor - worker.minor <= 3
}

pub(super) fn pool_skew(
    control_plane: Option<&PoolSpec>,
    pool: &PoolSpec,
    path: &str,
) -> Option<Finding> {
    let (control_plane, worker) = (control_plane?.k8s_version?, pool.k8s_version?);
    if skew(control_plane, worker) {
        return None;
    }
    let message = format!(
        "pool {} would run {worker} under a control plane of {control_plane}",
        pool.id
    );
    let finding = Finding::new(Code::VersionSkew, format!("{path}/k8s_version"), message);
    Some(
        finding
            .hint("workers may be up to 3 minor versions older than the control plane, never newer")
            .arg("worker", worker.to_string())
            .arg("control_plane", control_plane.to_string()),
    )
}
