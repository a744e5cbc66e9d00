//! Delete, abort and force delete: the messages, and the clock.

use lifecycle_core::{ClusterMemory, ClusterObs, Code, ManagedBy, Millis, Request, Role, World};

use crate::world::*;
use crate::{accepted, code, refused, warned};

fn delete() -> Request {
    Request::Delete {
        id: "c1".into(),
        actor_role: Role::ProjectAdmin,
    }
}

fn abort() -> Request {
    Request::Abort {
        id: "c1".into(),
        actor_role: Role::ProjectAdmin,
    }
}

fn force() -> Request {
    Request::ForceDelete {
        id: "c1".into(),
        actor_role: Role::ProjectAdmin,
        reason: "machines are gone".into(),
    }
}

/// Deleting since `NOW`, asked `later` milliseconds later.
fn deleting_for(later: Millis) -> World {
    let mut world = running();
    world.desired.clusters[0].delete_requested_ms = Some(NOW);
    world.memory.clusters.insert(
        "c1".into(),
        ClusterMemory {
            terminating_since_ms: Some(NOW),
            ..ClusterMemory::default()
        },
    );
    world.now_ms = NOW + later;
    world.observed.as_of_ms = world.now_ms;
    world
}

#[test]
fn a_cluster_is_aborted_before_it_is_complete_and_deleted_after() {
    let refusal = refused(&provisioning(), &delete());
    assert_eq!(
        refusal.message,
        "cluster is still being provisioned; use Abort"
    );
    let refusal = refused(&running(), &abort());
    assert_eq!(
        refusal.message,
        "cluster is provisioned; use Delete (or Pause/Rollback for an update)"
    );
    assert_eq!(refusal.args["state"], "Running");
}

#[test]
fn a_force_delete_is_refused_until_fifteen_minutes_have_passed() {
    for (at, remaining_ms, remaining) in [
        (0, 900_000, "15:00"),
        (899_000, 1_000, "00:01"),
        (899_999, 1, "00:01"),
        (1, 899_999, "15:00"),
    ] {
        let refusal = refused(&deleting_for(at), &force());
        assert_eq!(refusal.code, Code::ForceTooEarly);
        assert_eq!(
            refusal.message,
            format!("force delete is available in {remaining}")
        );
        assert_eq!(
            (&refusal.args["remaining_ms"], &refusal.args["remaining"]),
            (&remaining_ms.into(), &remaining.into())
        );
        assert_eq!(
            (refusal.retry_after_ms, &refusal.args["available_at_ms"]),
            (Some(remaining_ms), &(NOW + 900_000).into())
        );
    }
    let world = deleting_for(900_000);
    let admission = accepted(&world, &force());
    let stamp = admission.desired.clusters[0].force_delete.as_ref().unwrap();
    assert_eq!(
        (stamp.requested_ms, stamp.actor_role, stamp.reason.as_str()),
        (NOW + 900_000, Role::ProjectAdmin, "machines are gone")
    );
    assert_eq!(warned(&admission), [Code::Orphans]);
    let orphans = admission.warnings[0].args["machines"].as_array().unwrap();
    assert_eq!(orphans.len(), 5, "every machine of the cluster is named");
    assert!(admission.warnings[0].hint.contains("DNS"));
}

#[test]
fn the_clock_of_a_force_delete_does_not_run_backwards() {
    // The clock had reached 14:00 and now reads 24 minutes earlier.
    let mut world = deleting_for(-600_000);
    world.memory.clock_hwm_ms = Some(NOW + 840_000);
    assert_eq!(refused(&world, &force()).args["remaining"], "01:00");
    let mut world = deleting_for(900_000);
    world.memory.clock_hwm_ms = Some(NOW + 840_000);
    accepted(&world, &force());
}

#[test]
fn after_a_leap_of_the_clock_the_server_must_agree() {
    let mut world = deleting_for(0);
    world.memory.clock_hwm_ms = Some(NOW);
    world.now_ms = NOW + 30 * 3_600_000;
    assert_eq!(
        refused(&world, &force()).code,
        Code::ForceTooEarly,
        "as_of still is the start"
    );
    world.observed.as_of_ms = NOW + 900_000;
    accepted(&world, &force());
}

#[test]
fn a_start_in_the_future_counts_as_now() {
    let mut world = deleting_for(0);
    world
        .memory
        .clusters
        .get_mut("c1")
        .unwrap()
        .terminating_since_ms = Some(NOW + 48 * 3_600_000);
    assert_eq!(refused(&world, &force()).args["remaining"], "15:00");
}

#[test]
fn only_administrators_may_force() {
    let request = Request::ForceDelete {
        id: "c1".into(),
        actor_role: Role::Other,
        reason: String::new(),
    };
    assert_eq!(
        code(&deleting_for(1_200_000), &request),
        Code::ForbiddenRole
    );
}

#[test]
fn an_aborting_cluster_has_the_same_clock() {
    let mut world = aborting();
    assert_eq!(refused(&world, &force()).args["remaining"], "14:00");
    world.now_ms += 840_000;
    world.observed.as_of_ms = world.now_ms;
    accepted(&world, &force());
}

#[test]
fn a_cluster_of_palette_is_where_palette_says_it_is() {
    let mut world = running();
    world.desired.clusters[0].managed_by = ManagedBy::Palette;
    let mut says = |state: &str, aborted: bool| {
        let seen = ClusterObs {
            state: Some(state.into()),
            deletion_started_ms: (state == "Deleting" && !aborted).then_some(NOW - 1_000_000),
            abort_started_ms: aborted.then_some(NOW - 1_000_000),
            provisioned_ms: (state == "Running").then_some(NOW - 6_000_000),
            ..ClusterObs::default()
        };
        world.observed.clusters.insert("c1".into(), seen);
        world.clone()
    };
    assert_eq!(
        code(&says("Provisioning", false), &delete()),
        Code::DeleteNotProvisioned
    );
    assert_eq!(
        code(&says("Importing", false), &delete()),
        Code::DeleteNotProvisioned
    );
    assert_eq!(
        code(&says("Running", false), &abort()),
        Code::AbortAlreadyProvisioned
    );
    assert_eq!(code(&says("Deleting", false), &abort()), Code::Terminating);
    accepted(&says("Deleting", false), &force());
    accepted(&says("Deleting", true), &abort());
    accepted(&says("Deleting", true), &force());
}

#[test]
fn a_queued_cluster_is_aborted_at_once() {
    let admission = accepted(&pending(), &abort());
    assert_eq!(admission.desired.clusters[0].abort_requested_ms, Some(NOW));
}

#[test]
fn a_delete_counts_although_the_clock_went_back() {
    let mut world = running();
    let complete = world.observed.clusters["c1"].provisioned_ms.unwrap();
    world.now_ms = complete - 60_000;
    let desired = accepted(&world, &delete()).desired;
    assert_eq!(desired.clusters[0].delete_requested_ms, Some(complete));
    let decision = lifecycle_core::decide(&World { desired, ..world });
    assert_eq!(
        decision.status.clusters["c1"].state,
        lifecycle_core::State::Deleting
    );
}

#[test]
fn a_force_delete_that_was_written_too_early_is_replaced() {
    let mut world = deleting_for(900_000);
    let early = lifecycle_core::ForceDelete {
        requested_ms: NOW + 1,
        actor_role: Role::TenantAdmin,
        reason: "too early".into(),
    };
    world.desired.clusters[0].force_delete = Some(early);
    let desired = accepted(&world, &force()).desired;
    let stamp = desired.clusters[0].force_delete.clone().unwrap();
    assert_eq!(
        (stamp.requested_ms, stamp.reason.as_str()),
        (NOW + 900_000, "machines are gone")
    );
    // One that is honoured stays as it was accepted.
    world.desired = desired;
    world.now_ms += 1000;
    let again = accepted(&world, &force()).desired;
    assert_eq!(again.clusters[0].force_delete, Some(stamp));
}
