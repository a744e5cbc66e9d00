//! Durations and limits, at their very edge.
use lifecycle_core::{
    Action, ClusterSpec, ConditionCode, DiagnosticCode, DrainState, MachineStatus, OnDrainDeadline,
    PendingAction, PoolSpec, RolloutMemory, State, Tri, Verb, World,
};

use crate::common::scopes::{CONTRACT, EXPAND, creating};
use crate::common::trace::{down, drains, first, member, node_of, place, run};
use crate::common::{T0, add_running, machine_for, pool, world};
use crate::{blocked, control_plane, creates, ids, is_drain, moments, rolls, workers};

/// Whether the decision has an action whose id ends so.
fn does(w: World, ending: &str) -> bool {
    ids(&first(w)).iter().any(|id| id.ends_with(ending))
}

#[test]
fn after_a_cancelled_drain_ten_minutes_pass() {
    for (id, mut w) in [("cp", control_plane(3, 1)), ("w", workers(3, 1))] {
        rolls(&mut w, id, CONTRACT);
        for (ms, starts) in [(599_999, false), (600_000, true)] {
            w.memory
                .pools
                .entry(format!("c/{id}"))
                .or_default()
                .last_cancel_ms = Some(T0 - ms);
            let taken = first(w.clone());
            assert_eq!(
                taken.decision.actions.iter().any(is_drain),
                starts,
                "{id} after {ms} ms"
            );
            assert!(
                starts || taken.decision.next_wakeup_ms == Some(T0 + 1),
                "{id} is asked again"
            );
        }
    }
}

#[test]
fn a_node_has_joined_once_it_was_ready_for_a_minute() {
    for (ms, joined) in [(59_999, false), (60_000, true)] {
        let mut w = workers(3, 1);
        pool(&mut w, "c", "w").size = 4;
        place(&mut w, "c", "w", "w-4", "f1", MachineStatus::Deployed);
        let n = node_of(&mut w, "c", "w-4");
        (n.ready, n.ready_since_ms) = (Tri::True, Some(T0 - ms));
        assert_eq!(does(w, "w-4/record_joined_ms"), joined, "{ms} ms");
    }
    for (learner, healthy, joined) in [
        (true, Tri::True, false),
        (false, Tri::Unknown, false),
        (false, Tri::True, true),
    ] {
        let mut w = control_plane(3, 1);
        pool(&mut w, "c", "cp").size = 5;
        place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
        let n = node_of(&mut w, "c", "cp-4");
        (n.ready, n.ready_since_ms) = (Tri::True, Some(T0 - 100_000));
        member(&mut w, "c", "cp-4", learner, healthy);
        assert_eq!(
            does(w, "cp-4/record_joined_ms"),
            joined,
            "learner {learner}, healthy {healthy:?}"
        );
    }
}

#[test]
fn a_drain_ends_at_its_deadline_unless_the_pool_says_wait() {
    for (policy, s, ends) in [
        (OnDrainDeadline::Force, 899, false),
        (OnDrainDeadline::Force, 900, true),
        (OnDrainDeadline::Wait, 9000, false),
    ] {
        let mut w = workers(3, 1);
        rolls(&mut w, "w", CONTRACT);
        pool(&mut w, "c", "w").on_drain_deadline = policy;
        drains(&mut w, "c", "w-1", DrainState::Running);
        let n = node_of(&mut w, "c", "w-1");
        n.drain.started_ms = Some(T0 - s * 1000);
        n.drain.blocker = Some("pdb shop/web".into());
        let taken = first(w);
        assert_eq!(
            ids(&taken).contains(&"c/w/w-1/release"),
            ends,
            "{policy:?} after {s} s"
        );
        let waits = policy == OnDrainDeadline::Wait;
        assert_eq!(blocked(&taken, "W-a"), waits);
        assert_eq!(
            taken.decision.status.clusters["c"].has(ConditionCode::DrainBlocked),
            waits
        );
    }
}

#[test]
fn a_bad_node_is_drained_for_a_minute() {
    for (s, ends) in [(59, false), (60, true)] {
        let mut w = workers(5, 1);
        down(&mut w, "c", "w-1", 2000);
        w.memory
            .nodes
            .entry("c/w-1".into())
            .or_default()
            .power_cycle_ms = Some(T0 - 1_200_000);
        drains(&mut w, "c", "w-1", DrainState::Running);
        node_of(&mut w, "c", "w-1").drain.started_ms = Some(T0 - s * 1000);
        assert_eq!(does(w, "w-1/release"), ends, "after {s} s");
    }
}

#[test]
fn drains_carry_their_deadline() {
    let deadline = |w: World| {
        let of = |a: &Action| match a.verb {
            Verb::Drain { deadline_ms, .. } => Some((deadline_ms - T0) / 1000),
            _ => None,
        };
        first(w).decision.actions.iter().find_map(of)
    };
    let mut w = workers(3, 1);
    rolls(&mut w, "w", CONTRACT);
    pool(&mut w, "c", "w").drain_deadline_s = 777;
    assert_eq!(deadline(w), Some(777));
    let mut w = workers(5, 1);
    down(&mut w, "c", "w-1", 2000);
    w.memory
        .nodes
        .entry("c/w-1".into())
        .or_default()
        .power_cycle_ms = Some(T0 - 1_200_000);
    assert_eq!(deadline(w), Some(60));
}

#[test]
fn so_many_pools_roll_at_a_time_first_by_name() {
    for (most, expected) in [
        (1, vec!["c/a/a-1/drain"]),
        (2, vec!["c/a/a-1/drain", "c/b/b-1/drain"]),
    ] {
        let mut w = world(0);
        let spec = ClusterSpec::new("c");
        let spec = ["b", "a", "d"]
            .iter()
            .fold(spec, |c, id| c.worker(PoolSpec::worker(*id, 2)));
        add_running(&mut w, spec);
        for id in ["a", "b", "d"] {
            rolls(&mut w, id, CONTRACT);
        }
        w.policy.max_pools_rolling = most;
        let drains: Vec<_> = ids(&first(w))
            .into_iter()
            .filter(|i| i.ends_with("drain"))
            .map(ToOwned::to_owned)
            .collect();
        assert_eq!(drains, expected);
    }
}

#[test]
fn between_two_nodes_the_interval_passes() {
    for (ms, starts) in [(3_599_999, false), (3_600_000, true)] {
        let mut w = workers(3, 1);
        rolls(&mut w, "w", EXPAND);
        pool(&mut w, "c", "w").node_repave_interval_s = 3600;
        node_of(&mut w, "c", "w-2").joined_ms = Some(T0 - ms);
        let taken = first(w);
        assert_eq!(taken.decision.actions.iter().any(creates), starts);
        assert!(starts || taken.decision.next_wakeup_ms == Some(T0 + 1));
    }
}

#[test]
fn so_many_machines_are_deployed_at_a_time() {
    let mut w = workers(6, 6);
    pool(&mut w, "c", "w").size = 12;
    place(&mut w, "c", "w", "w-7", "f1", MachineStatus::Deploying);
    w.policy.max_concurrent_deploys = 3;
    assert_eq!(
        first(w)
            .decision
            .actions
            .iter()
            .filter(|a| creates(a))
            .count(),
        2
    );
}

#[test]
fn so_many_clusters_are_provisioned_at_a_time_first_come_first_served() {
    let mut w = creating(1, 0, 3).world;
    for (id, asked) in [("a", T0 + 2), ("b", T0 + 1), ("d", T0 + 1)] {
        let c = ClusterSpec::new(id)
            .requested_ms(asked)
            .control_plane(PoolSpec::control_plane("cp", 1));
        w.desired.clusters.push(c);
    }
    w.policy.max_concurrent_provisions = 2;
    let taken = first(w);
    assert_eq!(ids(&taken), ["c/cp/cp-1/allocate", "b/cp/cp-1/allocate"]);
    let state = |id: &str| taken.decision.status.clusters[id].state;
    assert_eq!((state("d"), state("a")), (State::Pending, State::Pending));
}

/// A cluster in Provisioning whose workers have failed so often, lately.
fn failing(failures: u32, ago_s: i64) -> World {
    let mut w = creating(1, 1, 1).world;
    w.observed
        .machines
        .push(lifecycle_core::Machine::ready("m", "z1", 16, 65_536, 500));
    place(&mut w, "c", "cp", "cp-1", "m", MachineStatus::Deployed);
    let n = node_of(&mut w, "c", "cp-1");
    (n.revision, n.joined_ms, n.ready, n.ready_since_ms) =
        (Some("r1".into()), Some(T0), Tri::True, Some(T0));
    w.observed
        .clusters
        .entry("c".into())
        .or_default()
        .initialized = true;
    let view = w.observed.etcd.entry("c".into()).or_default();
    (view.as_of_ms, view.reachable) = (T0, true);
    member(&mut w, "c", "cp-1", false, Tri::True);
    w.memory.pools.entry("c/w".into()).or_default().rollout = Some(RolloutMemory {
        revision: "r1".into(),
        started_ms: T0 - 90_000_000,
        last_progress_ms: T0 - 1000,
        failures,
        failed_ms: Some(T0 - ago_s * 1000),
        ..RolloutMemory::default()
    });
    w
}

#[test]
fn a_failing_revision_is_tried_again_after_five_minutes_then_ten_up_to_an_hour() {
    for (failures, s) in [
        (2, 300),
        (3, 600),
        (4, 1200),
        (5, 2400),
        (6, 3600),
        (60, 3600),
    ] {
        assert!(
            !first(failing(failures, s - 1))
                .decision
                .actions
                .iter()
                .any(creates),
            "{failures} failures, {} s",
            s - 1
        );
        assert!(
            first(failing(failures, s))
                .decision
                .actions
                .iter()
                .any(creates),
            "{failures} failures, {s} s"
        );
    }
    assert!(
        first(failing(1, 0)).decision.actions.iter().any(creates),
        "one failure is none"
    );
}

#[test]
fn a_rollout_without_progress_freezes_after_three_paths() {
    // 3 × (30 + 1800 + 300 + 180 + 600 + 30 + 180) s.
    for (s, frozen) in [(9359, false), (9360, true)] {
        let mut w = workers(3, 2);
        rolls(&mut w, "w", CONTRACT);
        drains(&mut w, "c", "w-1", DrainState::Running);
        w.memory.pools.entry("c/w".into()).or_default().rollout = Some(RolloutMemory {
            revision: "r2".into(),
            started_ms: T0 - s * 1000,
            last_progress_ms: T0 - s * 1000,
            ..RolloutMemory::default()
        });
        let memory = first(w).decision.memory;
        let rollout = memory.pools["c/w"].rollout.as_ref().unwrap();
        assert_eq!(rollout.frozen_ms.is_some(), frozen, "after {s} s");
    }
}

#[test]
fn under_an_unknown_view_a_drain_is_kept_for_five_minutes_unless_it_is_past_the_endpoint() {
    for (s, detached, cancelled) in [(299, false, false), (300, false, true), (300, true, false)] {
        let mut w = control_plane(3, 1);
        rolls(&mut w, "cp", CONTRACT);
        drains(&mut w, "c", "cp-1", DrainState::Done);
        let n = node_of(&mut w, "c", "cp-1");
        n.drain.started_ms = Some(T0 - s * 1000);
        n.endpoint_attached = Some(!detached);
        w.observed.etcd.get_mut("c").unwrap().reachable = false;
        assert_eq!(
            does(w, "cp-1/cancel_drain"),
            cancelled,
            "{s} s, detached {detached}"
        );
    }
}

#[test]
fn a_dead_member_without_a_node_goes_after_five_minutes() {
    for (ms, goes) in [(299_999, false), (300_000, true)] {
        let mut w = control_plane(3, 0);
        member(&mut w, "c", "cp-9", false, Tri::False);
        let ghosts = &mut w.memory.clusters.entry("c".into()).or_default().ghosts;
        ghosts.insert("e-cp-9".into(), T0 - ms);
        assert_eq!(does(w, "remove_etcd_member"), goes, "{ms} ms");
    }
}

#[test]
fn an_allocation_without_a_node_is_given_back_after_two_minutes() {
    for (ms, goes) in [(119_999, false), (120_000, true)] {
        let mut w = workers(3, 1);
        let m = machine_for(&mut w, "f1");
        m.status = MachineStatus::Allocated;
        m.owner = Some(lifecycle_core::Owner {
            cluster: "c".into(),
            pool: Some("w".into()),
            node: Some("w-9".into()),
        });
        w.memory
            .machines
            .entry("f1".into())
            .or_default()
            .orphan_since_ms = Some(T0 - ms);
        assert_eq!(does(w, "/release"), goes, "{ms} ms");
    }
}

#[test]
fn a_creation_has_failed_when_its_steps_deadlines_are_past() {
    use MachineStatus::{Allocated, Deployed, Deploying};
    for (status, s) in [(Allocated, 120), (Deploying, 2220), (Deployed, 4320)] {
        for (ago_s, failed) in [(s - 1, false), (s, true)] {
            let mut w = workers(3, 1);
            pool(&mut w, "c", "w").size = 4;
            place(&mut w, "c", "w", "w-4", "f1", status);
            node_of(&mut w, "c", "w-4").created_ms = T0 - ago_s * 1000;
            let taken = first(w);
            assert_eq!(
                ids(&taken).contains(&"c/w/w-4/release"),
                failed,
                "{status:?} for {ago_s} s"
            );
            let failures = taken
                .decision
                .memory
                .machines
                .get("f1")
                .map_or(0, |m| m.failures.len());
            assert_eq!(failures, usize::from(failed));
        }
    }
}

#[test]
fn etcd_seen_two_minutes_ago_is_seen() {
    for (ms, acts) in [(120_000, true), (120_001, false)] {
        let mut w = control_plane(3, 1);
        rolls(&mut w, "cp", EXPAND);
        w.observed.etcd.get_mut("c").unwrap().as_of_ms = T0 - ms;
        assert_eq!(
            first(w).decision.actions.iter().any(creates),
            acts,
            "{ms} ms"
        );
    }
}

#[test]
fn many_failures_at_once_are_more_than_a_third_or_a_whole_zone() {
    let stops = |w: World| first(w).decision.status.clusters["c"].has(ConditionCode::MassFailure);
    for (n, failed, stopped) in [
        (9, 3, false),
        (8, 3, true),
        (5, 2, false),
        (3, 3, true),
        (2, 2, false),
    ] {
        let mut w = workers(n, 0);
        for k in 1..=failed {
            down(&mut w, "c", &format!("w-{k}"), 10);
        }
        assert_eq!(stops(w), stopped, "{failed} of {n}");
    }
    for (per_zone, stopped) in [(2, false), (3, true)] {
        let mut w = world(0);
        let pools = PoolSpec::worker("w", 5 * per_zone).azs(["z1", "z2", "z3", "z4", "z5"]);
        add_running(&mut w, ClusterSpec::new("c").worker(pools));
        let of_zone: Vec<String> = w
            .observed
            .nodes
            .iter()
            .filter(|n| n.zone.as_deref() == Some("z2"))
            .map(|n| n.id.clone())
            .collect();
        for id in of_zone {
            down(&mut w, "c", &id, 10);
        }
        assert_eq!(stops(w), stopped, "a zone of {per_zone}");
    }
}

#[test]
fn a_mass_failure_ends_with_two_quiet_observations_or_by_an_operator() {
    let mut w = workers(6, 0);
    for k in 1..=3 {
        down(&mut w, "c", &format!("w-{k}"), 10);
    }
    let mut resumed = w.clone();
    let stops = |w: &mut World| {
        let d = first(w.clone()).decision;
        w.memory = d.memory;
        d.status.clusters["c"].has(ConditionCode::MassFailure)
    };
    assert!(stops(&mut w));
    node_of(&mut w, "c", "w-1").ready = Tri::True;
    // The same observation does not count twice.
    for (as_of_ms, stopped) in [(1, true), (1, true), (2, false)] {
        w.observed.as_of_ms = T0 + as_of_ms;
        assert_eq!(stops(&mut w), stopped, "seen at {as_of_ms}");
    }
    assert!(stops(&mut resumed));
    resumed.desired.clusters[0].resumed_ms = Some(T0);
    assert!(!stops(&mut resumed));
}

#[test]
fn a_call_that_should_have_ended_is_told_of() {
    for (ms, told) in [(299_999, false), (300_000, true)] {
        let mut w = workers(3, 0);
        let verb = Verb::Release {
            system_id: "c-w-1".into(),
            erase: lifecycle_core::Erase::None,
        };
        let action = Action::new("c", "w", "w-1", verb);
        w.observed.pending.push(PendingAction {
            action,
            issued_ms: T0 - ms,
        });
        let stuck =
            |a: &Action| matches!(&a.verb, Verb::Notify { code, .. } if code == "PendingStuck");
        assert_eq!(first(w).decision.actions.iter().any(stuck), told, "{ms} ms");
    }
}

#[test]
fn the_clocks_mark_rises_a_day_at_most_and_is_given_up_when_it_lies_ahead() {
    const DAY: i64 = 86_400_000;
    for (mark, hwm, says) in [
        (T0 + DAY + 1, T0, Some(DiagnosticCode::ClockHwmReset)),
        (T0 + DAY, T0 + DAY, Some(DiagnosticCode::ClockWentBackwards)),
        (T0 - 1, T0, None),
        (T0 - DAY, T0, None),
        (
            T0 - DAY - 1,
            T0 - 1,
            Some(DiagnosticCode::ClockJumpedForward),
        ),
    ] {
        let mut w = workers(1, 0);
        w.memory.clock_hwm_ms = Some(mark);
        let d = first(w).decision;
        assert_eq!(d.memory.clock_hwm_ms, Some(hwm), "mark {}", mark - T0);
        assert_eq!(d.diagnostics.first().map(|d| d.code), says);
    }
}

#[test]
fn a_rollout_of_three_workers_takes_one_at_a_time() {
    let mut w = workers(3, 3);
    rolls(&mut w, "w", EXPAND);
    let trace = run(w, 200, |_| {});
    let (given, drained) = (moments(&trace, creates), moments(&trace, is_drain));
    assert_eq!((given.len(), drained.len()), (3, 3));
    for k in 0..3 {
        assert!(
            given[k] < drained[k] && given.get(k + 1).is_none_or(|next| drained[k] < *next),
            "{given:?} {drained:?}"
        );
    }
}

#[test]
fn a_delete_counts_from_completion_on_and_an_abort_before_it() {
    for (ms, deleting, aborting) in [(-1, false, true), (0, true, false)] {
        let mut w = workers(2, 0);
        let at = w.observed.clusters["c"].provisioned_ms.map(|t| t + ms);
        let state = |w: &World| first(w.clone()).decision.status.clusters["c"].state;
        w.desired.clusters[0].delete_requested_ms = at;
        assert_eq!(state(&w) == State::Deleting, deleting, "delete {ms} ms");
        w.desired.clusters[0].delete_requested_ms = None;
        w.desired.clusters[0].abort_requested_ms = at;
        assert_eq!(state(&w) == State::Aborting, aborting, "abort {ms} ms");
    }
}
