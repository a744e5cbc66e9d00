//! 3.4 Gateway: whether it makes creates and deletes wait.
use crate::prelude::*;
use crate::{ManagedBy, State};

use super::index::{Cluster, Fleet};
use super::palette;
use super::phase::Phase;
use super::view::View;

/// Whether the gateway works: engine-managed, its view is Good and a node is Active; Palette-managed, as Palette says.
pub(crate) fn is_healthy(fleet: &Fleet<'_>, g: &Cluster<'_>) -> bool {
    if g.spec.managed_by == ManagedBy::Palette {
        return fleet.f.w.observed.pcgs.get(g.id).is_some_and(|o| o.healthy);
    }
    g.etcd.view == View::Good && g.nodes().any(|x| x.phase == Phase::Active)
}

/// Blocking: Installing, Upgrading, Resizing (if the policy says so), Deleting, or not healthy. While it waits for a cluster that is going,
/// a gateway that is to be deleted has given nothing back, and serves that cluster: else each would wait for the other.
fn is_blocking(fleet: &Fleet<'_>, g: &Cluster<'_>, state: State, is_going: bool) -> bool {
    match state {
        State::Deleting if is_going && !g.is_palette => !is_healthy(fleet, g),
        State::Installing | State::Upgrading | State::Deleting | State::Deleted => true,
        State::Resizing => fleet.f.w.policy.queue_while_resizing || !is_healthy(fleet, g),
        _ => !is_healthy(fleet, g),
    }
}

/// The gateway that makes this cluster's create, delete or abort wait; a missing one does not.
pub(crate) fn blocker<'s>(
    fleet: &'s Fleet<'_>,
    states: &BTreeMap<&str, State>,
    c: &'s Cluster<'_>,
) -> Option<&'s str> {
    let id = c.spec.pcg_id.as_deref()?;
    let blocks = match fleet.find(id).filter(|g| g.is_pcg) {
        Some(gateway) => {
            let state = |id: &str| states.get(id).copied().unwrap_or_default();
            is_blocking(fleet, gateway, state(id), state(c.id).is_terminating())
        }
        // Nobody's but Palette's: what it says is all there is.
        None => fleet.f.w.observed.pcgs.get(id).is_some_and(|seen| {
            let state = palette::gateway_word(Some(seen), false);
            !seen.healthy || state != State::Running
        }),
    };
    blocks.then_some(id)
}

/// When the gateway's own change should be done, node after node at the median step times.
pub(crate) fn done_ms(fleet: &Fleet<'_>, id: &str) -> Option<crate::Millis> {
    let gateway = fleet.find(id).filter(|g| g.is_pcg)?;
    gateway
        .pools
        .iter()
        .filter_map(|p| super::status::pool_eta(fleet, p))
        .max()
}

/// A gateway is deleted only when every cluster that names it is Deleted.
pub(crate) fn users_left<'s>(
    fleet: &'s Fleet<'_>,
    states: &BTreeMap<&str, State>,
    gateway: &str,
) -> Vec<&'s str> {
    let uses = |c: &&'s Cluster<'_>| {
        c.spec.pcg_id.as_deref() == Some(gateway) && states.get(c.id) != Some(&State::Deleted)
    };
    fleet.clusters.iter().filter(uses).map(|c| c.id).collect()
}
