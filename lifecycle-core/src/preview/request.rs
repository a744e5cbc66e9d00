//! What a request would change, whether or not it would be admitted.
use crate::{ClusterSpec, Desired, ForceDelete, ManagedBy, Millis, Repave, Request};

/// Writes the request into `desired`.
pub(crate) fn apply(desired: &mut Desired, request: &Request, now: Millis) {
    match request {
        Request::Create { cluster, .. } => {
            desired.clusters.retain(|c| c.id != cluster.id);
            desired.clusters.push((**cluster).clone());
        }
        Request::Update { cluster } => update(desired, cluster),
        Request::CreatePcg { pcg } => {
            desired.pcgs.retain(|p| p.id != pcg.id);
            desired.pcgs.push((**pcg).clone());
        }
        Request::ResizePcg { id, size } => {
            for p in desired.pcgs.iter_mut().filter(|p| p.id == *id) {
                p.pool.size = *size;
            }
        }
        Request::UpgradePcg {
            id,
            revision,
            k8s_version,
        } => {
            for p in desired.pcgs.iter_mut().filter(|p| p.id == *id) {
                p.pool.revision.clone_from(revision);
                p.pool.k8s_version = k8s_version.or(p.pool.k8s_version);
            }
        }
        Request::DeletePcg { id } => {
            for p in desired.pcgs.iter_mut().filter(|p| p.id == *id) {
                p.delete_requested_ms = Some(now);
            }
        }
        _ => {
            for c in desired
                .clusters
                .iter_mut()
                .filter(|c| c.id == request.subject())
            {
                mark(c, request, now);
            }
        }
    }
}

fn mark(c: &mut ClusterSpec, request: &Request, now: Millis) {
    match request {
        Request::Delete { .. } => c.delete_requested_ms = Some(now),
        Request::Abort { .. } => c.abort_requested_ms = Some(now),
        Request::ForceDelete {
            actor_role, reason, ..
        } => {
            c.force_delete = Some(ForceDelete {
                requested_ms: now,
                actor_role: *actor_role,
                reason: reason.clone(),
            });
        }
        Request::Pause { .. } => c.paused = true,
        Request::Resume { pool: None, .. } => {
            c.paused = false;
            c.resumed_ms = Some(now);
        }
        Request::Resume {
            pool: Some(pool), ..
        } => {
            c.paused = false;
            for p in c
                .control_plane
                .iter_mut()
                .chain(&mut c.workers)
                .filter(|p| p.id == *pool)
            {
                p.resumed_ms = Some(now);
            }
        }
        Request::ApproveRepave { .. } => c.repave = Repave::Approved,
        Request::RevertRepave { .. } => c.repave = Repave::Reverted,
        _ => {}
    }
}

/// A change that is not approved keeps what it replaces.
fn update(desired: &mut Desired, new: &ClusterSpec) {
    let Some(old) = desired.clusters.iter_mut().find(|c| c.id == new.id) else {
        desired.clusters.push(new.clone());
        return;
    };
    let mut next = new.clone();
    if next.repave != Repave::Approved {
        for p in next.control_plane.iter_mut().chain(&mut next.workers) {
            if let Some(before) = old.pool(&p.id) {
                p.approved_revision = before
                    .approved_revision
                    .clone()
                    .or_else(|| Some(before.revision.clone()));
                p.approved_k8s_version = before.approved_k8s_version.or(before.k8s_version);
            }
        }
    }
    *old = next;
}

/// The cluster or gateway as the simulation works it: by whoever's rules, but on the machines themselves.
pub(crate) fn take_over(desired: &mut Desired, id: &str) {
    for c in desired.clusters.iter_mut().filter(|c| c.id == id) {
        c.managed_by = ManagedBy::Engine;
    }
    for p in desired.pcgs.iter_mut().filter(|p| p.id == id) {
        p.managed_by = ManagedBy::Engine;
    }
}
