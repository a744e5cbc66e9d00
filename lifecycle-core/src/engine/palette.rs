//! 3.4 Palette-managed clusters and gateways: watched, never worked on.
use crate::{ClusterObs, ConditionCode, PcgObs, State};

use super::explain::facts;
use super::index::{Cluster, Frame};
use super::out::Out;
use super::phase::{NodeView, Phase};

/// A node as Palette shows it: there is no machine and perhaps no revision to go by.
pub(crate) fn derive(f: &Frame<'_>, obs: &ClusterObs, x: &mut NodeView<'_>) {
    let Some(node) = x.node else { return };
    let ready = node.ready.is_true();
    x.phase = match (x.is_joined(), ready) {
        (_, true) => Phase::Active,
        (true, false) => Phase::Suspect,
        (false, false) => Phase::Joining,
    };
    if x.joined_ms.is_none() && ready {
        x.joined_ms = Some(node.ready_since_ms.unwrap_or(node.created_ms));
    }
    let updating = obs.update_started_ms.is_some() && obs.state.as_deref().is_none_or(is_running);
    x.outdated = node.revision.is_none()
        && updating
        && obs.update_started_ms.is_some_and(|t| node.created_ms < t);
    x.up_to_date = !x.outdated;
    x.avail = x.phase == Phase::Active && !x.cordoned;
    if !ready {
        x.suspect_ms = Some(node.ready_since_ms.unwrap_or(f.now));
    }
}

fn is_running(state: &str) -> bool {
    state.eq_ignore_ascii_case("running")
}

/// Palette's word for a cluster's state; Error and Unknown keep what its record shows.
pub(crate) fn cluster_state(c: &Cluster<'_>) -> State {
    let Some(word) = c.obs.state.as_deref() else {
        return if c.spec.delete_requested_ms.is_some() {
            State::Deleted
        } else {
            State::Pending
        };
    };
    match word.to_ascii_lowercase().as_str() {
        "deleted" => State::Deleted,
        "deleting" if c.obs.abort_started_ms.is_some() => State::Aborting,
        "deleting" => State::Deleting,
        "provisioning" | "importing" => State::Provisioning,
        "updating" => State::Updating,
        "running" if c.pools.iter().any(|p| p.outdated > 0 || p.live != p.size) => State::Updating,
        "running" => State::Running,
        "pending" => State::Pending,
        _ => last_known(c),
    }
}

fn last_known(c: &Cluster<'_>) -> State {
    if c.obs.abort_started_ms.is_some() {
        State::Aborting
    } else if c.obs.deletion_started_ms.is_some() {
        State::Deleting
    } else if c.obs.provisioned_ms.is_some() {
        State::Running
    } else {
        State::Pending
    }
}

/// Palette's word for a gateway's state.
pub(crate) fn gateway_state(c: &Cluster<'_>, obs: Option<&PcgObs>) -> State {
    let word = obs
        .and_then(|o| o.state.as_deref())
        .unwrap_or("")
        .to_ascii_lowercase();
    match word.as_str() {
        "deleted" => State::Deleted,
        "deleting" => State::Deleting,
        "upgrading" | "updating" => State::Upgrading,
        "resizing" => State::Resizing,
        "running" => State::Running,
        "" if c.spec.delete_requested_ms.is_some() => State::Deleted,
        _ => State::Installing,
    }
}

/// Palette's troubles become conditions.
pub(crate) fn conditions(f: &Frame<'_>, c: &Cluster<'_>, out: &mut Out) {
    let word = c.obs.state.as_deref().unwrap_or("").to_ascii_lowercase();
    match word.as_str() {
        "error" | "failed" => {
            let message = c.obs.message.clone().unwrap_or_default();
            out.condition(
                c.id,
                ConditionCode::PaletteError,
                facts! {"message": message},
            );
        }
        "unknown" => out.condition(c.id, ConditionCode::ObservationStale, facts! {}),
        _ => {}
    }
    out.wake(f.now.saturating_add(30_000));
}
