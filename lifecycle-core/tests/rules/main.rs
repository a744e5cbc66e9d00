//! Rules beside the thirty-five of the ablation, each by a world in which nothing else decides; and the states that once were wrong.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod addresses;
#[path = "../common/mod.rs"]
mod common;
mod contract;
mod freeze;
mod ladder;
mod once_wrong;
mod order;
mod pace;
mod returning;
mod sharing;

use common::trace::Taken;
use common::{add_running, pool, world};
use lifecycle_core::{Action, ClusterSpec, PoolSpec, Strategy, Verb, World};

/// A control plane of `size`, all of revision r1 and up to date.
fn control_plane(size: u32, free: u32) -> World {
    let mut w = world(free);
    add_running(
        &mut w,
        ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", size)),
    );
    w
}

/// Machines only: a pool w of `size` workers, all of revision r1 and up to date.
fn workers(size: u32, free: u32) -> World {
    let mut w = world(free);
    add_running(
        &mut w,
        ClusterSpec::new("c").worker(PoolSpec::worker("w", size)),
    );
    w
}

/// All nodes of the pool become outdated.
fn rolls(w: &mut World, id: &str, strategy: Strategy) {
    let p = pool(w, "c", id);
    (p.revision, p.strategy) = ("r2".into(), strategy);
}

fn creates(a: &Action) -> bool {
    matches!(a.verb, Verb::Allocate { .. })
}

fn is_drain(a: &Action) -> bool {
    matches!(a.verb, Verb::Drain { .. })
}

/// The ids of a decision's actions, in order.
fn ids(t: &Taken) -> Vec<&str> {
    t.decision.actions.iter().map(|a| a.id.as_str()).collect()
}

/// The moments, in seconds from the start, at which a kind of action was decided.
fn moments(trace: &[Taken], of: impl Fn(&Action) -> bool) -> Vec<i64> {
    let all = trace.iter().flat_map(Taken::actions).filter(|(_, a)| of(a));
    all.map(|(w, _)| (w.now_ms - common::T0) / 1000).collect()
}

/// Whether somebody is told to act, by this rule.
fn blocked(t: &Taken, rule: &str) -> bool {
    t.decision
        .explain
        .iter()
        .any(|e| e.verdict == lifecycle_core::Verdict::Blocked && e.rule == rule)
}
