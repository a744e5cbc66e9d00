//! States that random fleets have found, and what must be done in them.
use lifecycle_core::{
    Action, ClusterSpec, DeployMode, MachineStatus, Maintenance, PendingAction, PoolSpec, State,
    Tri, Verb, Version,
};

use crate::common::scopes::{CONTRACT, EXPAND, creating};
use crate::common::trace::{first, node_of, place, run};
use crate::common::{T0, add_running, pool, world};
use crate::{blocked, control_plane, creates, ids, is_drain, rolls, workers};

#[test]
fn a_control_plane_keeps_its_floor_too() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    let n = node_of(&mut w, "c", "cp-1");
    (n.revision, n.maintenance) = (Some("r2".into()), Maintenance::Cordoned);
    let taken = first(w.clone());
    assert!(
        !taken.decision.actions.iter().any(is_drain),
        "{:?}",
        ids(&taken)
    );
    assert!(blocked(&taken, "CP-12"), "somebody has cordoned cp-1");
    node_of(&mut w, "c", "cp-1").maintenance = Maintenance::None;
    assert!(first(w).decision.actions.iter().any(is_drain));
}

#[test]
fn workers_that_wait_for_a_cordoned_one_say_so() {
    let mut w = workers(3, 0);
    rolls(&mut w, "w", CONTRACT);
    let n = node_of(&mut w, "c", "w-1");
    (n.revision, n.maintenance) = (Some("r2".into()), Maintenance::Cordoned);
    let last = run(w, 5, |_| {}).pop().unwrap();
    assert!(blocked(&last, "W-f") && last.decision.next_wakeup_ms.is_none());
}

#[test]
fn a_cluster_of_no_nodes_is_complete_at_once() {
    let mut w = world(0);
    w.desired
        .clusters
        .push(ClusterSpec::new("c").worker(PoolSpec::worker("w", 0)));
    let last = run(w, 5, |_| {}).pop().unwrap();
    assert_eq!(last.decision.status.clusters["c"].state, State::Running);
}

#[test]
fn a_locked_node_that_is_down_is_an_operators_business() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", EXPAND);
    let n = node_of(&mut w, "c", "cp-3");
    (n.ready, n.ready_since_ms, n.maintenance) =
        (Tri::False, Some(T0 - 900_000), Maintenance::Locked);
    let taken = first(w);
    assert!(blocked(&taken, "3.5.2"), "{:?}", taken.decision.explain);
}

#[test]
fn workers_whose_version_waits_for_a_locked_control_plane_node_say_so() {
    let at = |p: PoolSpec, minor| PoolSpec {
        k8s_version: Some(Version::new(1, minor, 0)),
        ..p
    };
    let mut w = world(1);
    let spec = ClusterSpec::new("c")
        .control_plane(at(PoolSpec::control_plane("cp", 1), 33))
        .worker(at(PoolSpec::worker("w", 2), 33));
    add_running(&mut w, spec);
    for id in ["cp", "w"] {
        rolls(&mut w, id, EXPAND);
        pool(&mut w, "c", id).k8s_version = Some(Version::new(1, 34, 0));
    }
    node_of(&mut w, "c", "cp-1").maintenance = Maintenance::Locked;
    let last = run(w, 5, |_| {}).pop().unwrap();
    assert!(blocked(&last, "W-d") && last.decision.actions.is_empty());
}

#[test]
fn a_deployment_that_is_slow_to_be_accepted_is_not_taken_for_a_failure() {
    let mut w = creating(1, 0, 2).world;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Allocated);
    node_of(&mut w, "c", "cp-1").created_ms = T0 - 180_000;
    let verb = Verb::Deploy {
        node: "cp-1".into(),
        system_id: "f1".into(),
        revision: "r1".into(),
        mode: DeployMode::Init,
    };
    let action = Action::new("c", "cp", "cp-1", verb);
    w.observed.pending.push(PendingAction {
        action,
        issued_ms: T0 - 150_000,
    });
    let taken = first(w.clone());
    assert!(
        !taken.decision.actions.iter().any(creates),
        "I-Q5: {:?}",
        ids(&taken)
    );
    // Without the call under way it has failed: its machine is given back.
    w.observed.pending.clear();
    assert_eq!(ids(&first(w))[0], "c/cp/cp-1/release");
}

#[test]
fn a_surplus_that_is_locked_is_an_operators_business() {
    let mut w = workers(2, 0);
    pool(&mut w, "c", "w").size = 1;
    for id in ["w-1", "w-2"] {
        node_of(&mut w, "c", id).maintenance = Maintenance::Locked;
    }
    let last = run(w, 5, |_| {}).pop().unwrap();
    assert!(blocked(&last, "W-a") && last.decision.actions.is_empty());
}
