//! 3.4 Palette-managed clusters and gateways: watched, never worked on.
use crate::{ClusterObs, ConditionCode, Explain, PcgObs, PoolSpec, State, UnblockKind, Verdict};

use crate::prelude::*;

use super::explain::{Until, explain, facts};
use super::index::{Cluster, Frame, Target};
use super::out::Out;
use super::phase::{NodeView, Phase};

/// A node as Palette shows it: there is no machine and perhaps no revision to go by.
pub(crate) fn derive(
    f: &Frame<'_>,
    obs: &ClusterObs,
    pool: &PoolSpec,
    target: Option<Target<'_>>,
    x: &mut NodeView<'_>,
) {
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
    let updating = obs.update_started_ms.is_some() && obs.state.as_deref().is_none_or(may_update);
    x.outdated = match (node.revision.as_deref(), target) {
        (Some(has), Some(t)) => {
            x.is_joined() && has != t.revision && !x.locked && !pool.skip_update
        }
        _ => updating && obs.update_started_ms.is_some_and(|t| node.created_ms < t),
    };
    x.up_to_date = !x.outdated;
    x.avail = x.phase == Phase::Active && !x.cordoned;
    if !ready {
        x.suspect_ms = Some(node.ready_since_ms.unwrap_or(f.now));
    }
}

/// Palette says Running all through an update.
fn may_update(state: &str) -> bool {
    ["running", "updating"]
        .iter()
        .any(|s| state.eq_ignore_ascii_case(s))
}

/// Palette's word for a cluster's state; Error and Unknown keep what its record shows.
pub(crate) fn cluster_state(c: &Cluster<'_>) -> State {
    let Some(word) = c.obs.state.as_deref() else {
        let is_asked_to_go =
            c.spec.delete_requested_ms.is_some() || c.spec.abort_requested_ms.is_some();
        return if is_asked_to_go {
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
    gateway_word(obs, c.spec.delete_requested_ms.is_some())
}

pub(crate) fn gateway_word(obs: Option<&PcgObs>, is_asked_to_go: bool) -> State {
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
        "" if is_asked_to_go => State::Deleted,
        _ => State::Installing,
    }
}

/// Palette's troubles become conditions; while Palette works on it, it is asked again soon.
pub(crate) fn conditions(f: &Frame<'_>, c: &Cluster<'_>, state: State, out: &mut Out) {
    let word = c.obs.state.as_deref().unwrap_or("").to_ascii_lowercase();
    let at = f.now.saturating_add(30_000);
    let soon = |say: Explain| say.until(UnblockKind::Time, facts! {"at_ms": at});
    match word.as_str() {
        "error" | "failed" => {
            let facts = facts! {"message": c.obs.message.clone().unwrap_or_default()};
            out.condition(c.id, ConditionCode::PaletteError, facts.clone());
            let text = "Palette reports an error: {message}";
            let say = soon(explain(c.id, Verdict::Blocked, "3.4", text, facts));
            out.say(say.until(
                UnblockKind::Operator,
                facts! {"do": "look at it in Palette"},
            ));
        }
        "unknown" => {
            out.condition(c.id, ConditionCode::ObservationStale, facts! {});
            let text = "Palette does not know its state: the last one known is kept";
            out.say(soon(explain(
                c.id,
                Verdict::Waiting,
                "3.4",
                text,
                facts! {},
            )));
        }
        _ if state != State::Running => {
            let facts = facts! {"state": format!("{state:?}").to_lowercase()};
            let text = "Palette carries it out: it is {state}";
            out.say(soon(explain(c.id, Verdict::Waiting, "3.4", text, facts)));
        }
        _ => {}
    }
    let is_healthy = !c.is_pcg || f.w.observed.pcgs.get(c.id).is_some_and(|o| o.healthy);
    let is_still = !c.pools.iter().any(super::state::is_changing);
    let is_idle = state == State::Running && word == "running" && is_healthy && is_still;
    if !is_idle {
        out.wake(at);
    }
}
