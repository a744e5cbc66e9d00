//! 3.4 Cluster and gateway states, derived: the first that matches.
use crate::State;

use super::index::{Cluster, Fleet};
use super::pool::Pool;
use super::{freeze, palette};

/// Whether delete is honoured: asked for after the cluster was complete. A gateway may be deleted at any time.
pub(crate) fn delete_honoured(c: &Cluster<'_>) -> bool {
    match (c.spec.delete_requested_ms, c.provisioned_ms) {
        (Some(_), _) if c.is_pcg => true,
        (Some(asked), Some(provisioned)) => asked >= provisioned,
        _ => false,
    }
}

/// Whether abort is honoured: asked for before the cluster was complete.
pub(crate) fn abort_honoured(c: &Cluster<'_>) -> bool {
    c.spec
        .abort_requested_ms
        .is_some_and(|asked| c.provisioned_ms.is_none_or(|p| p > asked))
}

/// The state of a cluster or gateway.
pub(crate) fn state(fleet: &Fleet<'_>, c: &Cluster<'_>) -> State {
    if c.is_palette {
        return if c.is_pcg {
            palette::gateway_state(c, fleet.f.w.observed.pcgs.get(c.id))
        } else {
            palette::cluster_state(c)
        };
    }
    if c.obs
        .state
        .as_deref()
        .is_some_and(|s| s.eq_ignore_ascii_case("deleted"))
    {
        State::Deleted
    } else if c.is_pcg {
        gateway(fleet, c)
    } else if abort_honoured(c) {
        State::Aborting
    } else if delete_honoured(c) {
        State::Deleting
    } else if !c.is_started() {
        State::Pending
    } else if c.provisioned_ms.is_none() {
        State::Provisioning
    } else if c.pools.iter().any(is_changing) {
        State::Updating
    } else {
        State::Running
    }
}

/// Something of the pool is not as desired, or still under way.
pub(crate) fn is_changing(p: &Pool<'_>) -> bool {
    let in_place = p.spec.inplace_revision.is_some()
        && p.nodes.iter().any(|x| {
            x.phase == super::phase::Phase::Active
                && x.node
                    .is_some_and(|n| n.inplace_revision != p.spec.inplace_revision)
        });
    p.outdated > 0 || is_moving(p) || in_place
}

/// Not at size, or a node comes or goes.
fn is_moving(p: &Pool<'_>) -> bool {
    p.live != p.size || p.creating > 0 || p.draining > 0
}

fn gateway(fleet: &Fleet<'_>, c: &Cluster<'_>) -> State {
    let frozen = c
        .pools
        .iter()
        .any(|p| freeze::is_frozen(&fleet.f.w.memory, p));
    if delete_honoured(c) {
        State::Deleting
    } else if c.provisioned_ms.is_none() {
        State::Installing
    } else if !frozen && c.pools.iter().any(|p| p.outdated > 0) {
        State::Upgrading
    } else if !frozen && c.pools.iter().any(is_moving) {
        State::Resizing
    } else {
        State::Running
    }
}
