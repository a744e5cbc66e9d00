//! Changing a cluster.

use super::{Answer, Judge, shown, terminating};
use crate::engine::index::Cluster;
use crate::engine::pool::Pool;
use crate::engine::view::View;
use crate::prelude::*;
use crate::validate::skew;
use crate::{ClusterSpec, Code, PoolSpec, Refusal, Repave, State, Version};

impl Judge<'_> {
    pub(super) fn update(&self, wanted: &ClusterSpec) -> Answer {
        let id = wanted.id.as_str();
        let cluster = self.cluster(id)?;
        let old = cluster.spec;
        let state = self.state(cluster);
        if let Some(refusal) = terminating(id, state) {
            return Err(refusal);
        }
        let spec = merged(old, wanted);
        if spec == *old {
            return self.unchanged();
        }
        if state == State::Provisioning {
            let refusal = Refusal::new(
                Code::UpdateWhileProvisioning,
                format!("{id} is still being provisioned"),
            );
            return Err(refusal
                .hint("wait until it is running, or abort it")
                .arg("id", id));
        }
        kept(old, &spec, state)?;
        if spec.pcg_id != old.pcg_id {
            self.gateway_takes(&spec)?;
        }

        let mut admission = self.with(id, |place| *place = spec.clone());
        let place = admission
            .desired
            .clusters
            .iter()
            .position(|c| *c == spec)
            .unwrap_or(0);
        let path = format!("/clusters/{place}");
        let mut warnings = self.validated(&admission.desired, &path)?;
        if let Some(pool) = &spec.control_plane {
            versions(cluster, old.control_plane.as_ref(), pool)?;
            shrink(cluster, pool)?;
        }
        self.fresh()?;
        self.zones_exist(&spec, Some(old))?;
        for finding in self.addresses(&admission.desired, &path)? {
            if !warnings.contains(&finding) {
                warnings.push(finding);
            }
        }
        // A waiting cluster starts as a whole; what it lacks is the queue's business.
        if state != State::Pending {
            let mut supply = self.supply(id);
            let mut grown = spec.clone();
            for pool in grown.control_plane.iter_mut().chain(&mut grown.workers) {
                // Only what is asked for in addition is judged: mending a pool needs nobody's leave.
                let before = old.pool(&pool.id).map_or(0, |p| p.size);
                let live = cluster
                    .pools
                    .iter()
                    .find(|p| p.spec.id == pool.id)
                    .map_or(0, |p| p.live);
                pool.size = if pool.size > before {
                    pool.size - before + live.min(before)
                } else {
                    live
                };
            }
            let report = supply.serve(self.fleet, &grown);
            if let Some(short) = self.shortage(&grown, &report, &path) {
                return Err(self.capacity_refusal(short, &report));
            }
            warnings.extend(self.rollout(&spec, &mut supply)?);
        }
        admission.warnings = warnings;
        Ok(admission)
    }
}

/// The wanted specification with what only requests of their own may change: stamps, and a pause once it is set. A repave that is not
/// approved leaves every pool at what was approved last.
fn merged(old: &ClusterSpec, wanted: &ClusterSpec) -> ClusterSpec {
    let mut spec = ClusterSpec {
        requested_ms: old.requested_ms,
        resumed_ms: old.resumed_ms,
        delete_requested_ms: old.delete_requested_ms,
        abort_requested_ms: old.abort_requested_ms,
        force_delete: old.force_delete.clone(),
        paused: old.paused || wanted.paused,
        ..wanted.clone()
    };
    for pool in spec.control_plane.iter_mut().chain(&mut spec.workers) {
        let before = old.pool(&pool.id);
        pool.resumed_ms = before.and_then(|p| p.resumed_ms);
        (pool.approved_revision, pool.approved_k8s_version) = match before {
            Some(_) | None if wanted.repave == Repave::Approved => (None, None),
            Some(before) if old.repave == Repave::Approved => {
                (Some(before.revision.clone()), before.k8s_version)
            }
            Some(before) => (
                before.approved_revision.clone(),
                before.approved_k8s_version,
            ),
            // Nobody has approved a pool that is new.
            None => (None, None),
        };
    }
    spec
}

/// What cannot change on a cluster that stands.
fn kept(old: &ClusterSpec, spec: &ClusterSpec, state: State) -> Result<(), Refusal> {
    let fixed = |field: &str| {
        let refusal = Refusal::new(Code::Unsupported, format!("{field} cannot be changed"));
        Err(refusal.hint("create another cluster").arg("field", field))
    };
    if old.managed_by != spec.managed_by {
        return fixed("managed_by");
    }
    if state == State::Pending {
        return Ok(());
    }
    if old.etcd != spec.etcd {
        return fixed("etcd");
    }
    if (old.network.pod_cidr, old.network.service_cidr)
        != (spec.network.pod_cidr, spec.network.service_cidr)
    {
        return fixed(if old.network.pod_cidr == spec.network.pod_cidr {
            "network.service_cidr"
        } else {
            "network.pod_cidr"
        });
    }
    match (&old.control_plane, &spec.control_plane) {
        (Some(_), None) => {
            let refusal = Refusal::new(
                Code::PoolLastCp,
                format!("{} would lose its only control plane", old.id),
            );
            Err(refusal
                .hint("delete the cluster instead")
                .arg("id", old.id.as_str()))
        }
        (None, Some(_)) => fixed("control_plane"),
        (Some(a), Some(b)) if a.id != b.id => fixed("control_plane.id"),
        _ => Ok(()),
    }
}

/// E_DOWNGRADE, E_VERSION_SKIP, and E_VERSION_SKEW against the nodes as they are.
pub(super) fn versions(
    cluster: &Cluster<'_>,
    old: Option<&PoolSpec>,
    pool: &PoolSpec,
) -> Result<(), Refusal> {
    let Some(wanted) = pool.k8s_version else {
        return Ok(());
    };
    let nodes: Vec<Version> = cluster.cp().into_iter().flat_map(Pool::versions).collect();
    let before = old.and_then(|p| p.k8s_version);
    let minor = |v: &Version| (v.major, v.minor);
    let told = |refusal: Refusal, was: &Version| {
        refusal
            .arg("from", was.to_string())
            .arg("to", wanted.to_string())
    };
    if let Some(highest) = nodes
        .iter()
        .max_by_key(|v| minor(v))
        .filter(|v| minor(v) > minor(&wanted))
    {
        let message =
            format!("the control plane already runs {highest} and cannot go back to {wanted}");
        return Err(told(
            Refusal::new(Code::Downgrade, message).hint("control planes only move forward"),
            highest,
        ));
    }
    // Without nodes the specification is all there is to go by.
    if let Some(lowest) = nodes
        .iter()
        .min_by_key(|v| minor(v))
        .or(before.as_ref())
        .filter(|v| v.major != wanted.major || wanted.minor > v.minor.saturating_add(1))
    {
        let message = format!("from {lowest} to {wanted} is more than one minor version");
        return Err(told(
            Refusal::new(Code::VersionSkip, message).hint("upgrade one minor version at a time"),
            lowest,
        ));
    }
    for worker in cluster.workers() {
        if let Some(behind) = worker
            .versions()
            .find(|v| minor(v) < minor(&wanted) && !skew(wanted, *v))
        {
            let message = format!(
                "pool {} has nodes of {behind}, too far behind {wanted}",
                worker.spec.id
            );
            let refusal = Refusal::new(Code::VersionSkew, message)
                .hint("upgrade these workers first")
                .arg("pool", worker.spec.id.as_str());
            return Err(told(refusal, &behind));
        }
    }
    Ok(())
}

/// E_CP_MULTI_STEP_LOSS: a control plane is made smaller only from health.
fn shrink(cluster: &Cluster<'_>, pool: &PoolSpec) -> Result<(), Refusal> {
    let Some(now) = cluster.cp().filter(|now| pool.size < now.size) else {
        return Ok(());
    };
    let by_node = now
        .nodes
        .iter()
        .find(|x| x.is_joined() && x.phase.is_live() && !x.ready().is_true())
        .map(|x| x.id.to_owned());
    let by_member = || {
        let sick = cluster.etcd.members.iter().find(|m| !m.healthy.is_true());
        sick.map(|m| {
            m.node.clone().unwrap_or_else(|| {
                if m.name.is_empty() {
                    m.member_id.clone()
                } else {
                    m.name.clone()
                }
            })
        })
    };
    let unseen = || {
        (cluster.etcd.is_stacked() && cluster.etcd.view == View::Unknown && !cluster.is_palette)
            .then(|| "etcd, which cannot be seen".to_owned())
    };
    match by_node.or_else(by_member).or_else(unseen) {
        Some(node) => {
            let refusal =
                Refusal::new(Code::CpMultiStepLoss, format!("fix {} first", shown(&node)));
            Err(refusal
                .hint("a control plane with an unhealthy member is not made smaller")
                .arg("node", shown(&node)))
        }
        None => Ok(()),
    }
}
