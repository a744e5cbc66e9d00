//! 3.4, 3.5.2 and 3.5.6: single moments of nodes and of the rollouts that they are part of.
use lifecycle_core::{
    Action, DrainState, MachineMemory, MachineStatus, Maintenance, Power, RolloutMemory, Tri, Verb,
    Verdict, World,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, drains, lose, node_of, place};
use crate::common::{T0, machine_for, pool};
use crate::{answer, cluster, does, rolls, why};

#[test]
fn a_machine_that_is_not_deployed_is_not_switched_on() {
    for (status, expected) in [
        (MachineStatus::Deployed, &["c/w/w-1/power_on"][..]),
        (MachineStatus::Deploying, &[][..]),
    ] {
        let mut w = cluster(0, 3, 0);
        down(&mut w, "c", "w-1", 10);
        let m = machine_for(&mut w, "c-w-1");
        (m.status, m.power) = (status, Power::Off);
        assert_eq!(does(&w), expected, "{status:?}");
    }
}

#[test]
fn workers_wait_until_the_control_plane_has_shrunk() {
    let mut w = cluster(5, 3, 0);
    rolls(&mut w, "w", CONTRACT);
    pool(&mut w, "c", "cp").size = 3;
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
}

#[test]
fn no_worker_is_newer_than_a_locked_control_plane_node() {
    let mut w = cluster(3, 2, 1);
    rolls(&mut w, "w", EXPAND);
    for id in ["cp", "w"] {
        pool(&mut w, "c", id).k8s_version = Some("1.34.0".parse().unwrap());
    }
    for n in &mut w.observed.nodes {
        let version = if n.pool == "w" { "1.33.0" } else { "1.34.0" };
        n.k8s_version = Some(version.parse().unwrap());
    }
    assert_eq!(does(&w), ["c/w/w-3/allocate"]);
    for all in [false, true] {
        let mut w = w.clone();
        let n = node_of(&mut w, "c", "cp-1");
        (n.maintenance, n.revision) = (Maintenance::Locked, Some("r0".into()));
        n.k8s_version = Some("1.33.0".parse().unwrap());
        if all {
            lose(&mut w, "c", "w-1");
            lose(&mut w, "c", "w-2");
        }
        assert_eq!(does(&w), [""; 0], "all workers are lost: {all}");
        assert_eq!(why(&answer(&w), "c/w").unwrap().0, Verdict::Blocked);
    }
}

#[test]
fn a_drain_is_not_taken_back_if_an_operator_keeps_the_node_out() {
    let mut w = cluster(0, 3, 0);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-1", DrainState::Running);
    down(&mut w, "c", "w-2", 10);
    assert_eq!(does(&w), ["c/w/w-1/cancel_drain"]);
    node_of(&mut w, "c", "w-1").maintenance = Maintenance::Cordoned;
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn a_node_that_settles_late_is_kept() {
    let mut w = cluster(0, 2, 1);
    pool(&mut w, "c", "w").size = 3;
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deployed);
    let n = node_of(&mut w, "c", "w-3");
    (n.revision, n.created_ms) = (Some("r1".into()), T0 - 10_000_000);
    assert_eq!(does(&w), ["c/w/w-3/release"], "it never came up");
    let n = node_of(&mut w, "c", "w-3");
    (n.ready, n.ready_since_ms) = (Tri::True, Some(T0 - 100_000));
    assert_eq!(does(&w), [""; 0]);
    let joins = |a: &&Action| matches!(&a.verb, Verb::Record { node: Some(n), .. } if n == "w-3");
    assert_eq!(answer(&w).actions.iter().filter(joins).count(), 1);
}

/// A rollout to this revision that got nowhere for more than five hours.
fn standing(revision: &str) -> RolloutMemory {
    RolloutMemory {
        revision: revision.into(),
        failures: 1,
        failed_ms: Some(T0 - 20_000_000),
        started_ms: T0 - 30_000_000,
        last_progress_ms: T0 - 20_000_000,
        ..Default::default()
    }
}

#[test]
fn no_progress_is_counted_only_while_something_is_under_way() {
    let froze = |w: &World| {
        let mem = answer(w).memory;
        mem.pools["c/w"]
            .rollout
            .as_ref()
            .unwrap()
            .frozen_ms
            .is_some()
    };
    // One is being deployed.
    let mut w = cluster(0, 3, 1);
    rolls(&mut w, "w", EXPAND);
    place(&mut w, "c", "w", "w-4", "f1", MachineStatus::Deploying);
    w.memory.pools.entry("c/w".into()).or_default().rollout = Some(standing("r2"));
    assert!(froze(&w));
    w.desired.clusters[0].paused = true;
    assert!(!froze(&w), "paused");
    // Nothing is left to do.
    let mut w = cluster(0, 3, 0);
    w.memory.pools.entry("c/w".into()).or_default().rollout = Some(standing("r1"));
    assert!(!froze(&w));
}

#[test]
fn a_machine_that_came_back_is_not_late_the_next_time() {
    let mut w = cluster(0, 3, 1);
    let mem = w.memory.machines.entry("f1".into()).or_default();
    mem.returning_since_ms = Some(T0 - 10_000_000);
    let memory = answer(&w).memory;
    let since = |m: &MachineMemory| m.returning_since_ms;
    assert_eq!(memory.machines.get("f1").and_then(since), None);
}
