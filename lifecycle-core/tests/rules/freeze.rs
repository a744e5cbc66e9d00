//! 3.5.6 Freeze and quarantine: what is remembered of failures, and what a frozen pool still does.
use lifecycle_core::{MachineStatus, Rollout, RolloutMemory, Verb, World};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, first, lose, node_of, place, run};
use crate::common::{T0, machine_for, pool};
use crate::{creates, ids, is_drain, rolls, workers};

/// A pool of five whose rollout to r2 is frozen since a minute.
fn frozen() -> World {
    let mut w = workers(5, 3);
    rolls(&mut w, "w", EXPAND);
    w.memory.pools.entry("c/w".into()).or_default().rollout = Some(RolloutMemory {
        revision: "r2".into(),
        started_ms: T0 - 1_000_000,
        last_progress_ms: T0 - 1_000_000,
        failures: 2,
        failed_ms: Some(T0 - 60_000),
        frozen_ms: Some(T0 - 60_000),
        ..RolloutMemory::default()
    });
    w
}

fn is_frozen(w: World) -> bool {
    let rollout = &first(w).decision.status.clusters["c"].pools["w"].rollout;
    matches!(rollout, Rollout::Frozen(_))
}

#[test]
fn a_freeze_ends_by_another_target_by_resume_or_by_one_success() {
    assert!(is_frozen(frozen()));
    let mut w = frozen();
    pool(&mut w, "c", "w").revision = "r3".into();
    assert!(!is_frozen(w), "another target");
    for (resumed_ms, stays) in [(T0 - 60_000, true), (T0 - 59_999, false)] {
        let mut w = frozen();
        w.desired.clusters[0].resumed_ms = Some(resumed_ms);
        assert_eq!(is_frozen(w), stays, "resumed {} ms ago", T0 - resumed_ms);
        let mut w = frozen();
        pool(&mut w, "c", "w").resumed_ms = Some(resumed_ms);
        assert_eq!(is_frozen(w), stays, "the pool, {} ms ago", T0 - resumed_ms);
    }
    let mut w = frozen();
    let n = node_of(&mut w, "c", "w-1");
    (n.revision, n.joined_ms) = (Some("r2".into()), Some(T0 - 30_000));
    assert!(!is_frozen(w), "one success");
}

#[test]
fn a_frozen_pool_is_refilled_with_what_most_of_it_is_made_from() {
    let mut w = frozen();
    lose(&mut w, "c", "w-5");
    for id in ["w-1", "w-2"] {
        node_of(&mut w, "c", id).revision = Some("r0".into());
    }
    let trace = run(w, 6, |_| {});
    let made_from: Vec<String> = trace
        .iter()
        .flat_map(|t| &t.decision.actions)
        .filter_map(|a| match &a.verb {
            Verb::Deploy { revision, .. } => Some(revision.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(made_from, ["r0"], "two of r0, two of r1: the smallest");
    assert!(
        !trace
            .iter()
            .any(|t| t.decision.actions.iter().any(is_drain))
    );
}

#[test]
fn a_frozen_pool_still_mends_and_gives_back() {
    let mut w = frozen();
    down(&mut w, "c", "w-1", 2000);
    let mem = w.memory.nodes.entry("c/w-1".into()).or_default();
    mem.power_cycle_ms = Some(T0 - 1_200_000);
    assert!(
        ids(&first(w)).contains(&"c/w/w-1/drain"),
        "remediation goes on"
    );
    let mut w = frozen();
    place(
        &mut w,
        "c",
        "w",
        "w-6",
        "f1",
        MachineStatus::FailedDeployment,
    );
    assert!(
        ids(&first(w)).contains(&"c/w/w-6/release"),
        "a failed create is given back"
    );
}

/// A pool of three that grows; the creation on f1 has failed, after so many failures of f1 before.
fn failed(before: usize) -> World {
    let mut w = workers(3, 1);
    pool(&mut w, "c", "w").size = 4;
    place(
        &mut w,
        "c",
        "w",
        "w-4",
        "f1",
        MachineStatus::FailedDeployment,
    );
    let mem = w.memory.machines.entry("f1".into()).or_default();
    mem.failures = (0..before)
        .map(|k| T0 - 80_000_000 + i64::try_from(k).unwrap())
        .collect();
    w
}

#[test]
fn a_quarantine_doubles_with_each_failure_up_to_a_day() {
    for (before, s) in [
        (0, 1800),
        (1, 3600),
        (2, 7200),
        (3, 14_400),
        (5, 57_600),
        (6, 86_400),
        (7, 86_400),
    ] {
        let memory = first(failed(before)).decision.memory;
        let until = memory.machines["f1"].quarantined_until_ms;
        assert_eq!(until, Some(T0 + s * 1000), "after {before} failures");
    }
    // What is a day old is forgotten.
    let mut w = failed(0);
    w.memory.machines.entry("f1".into()).or_default().failures = vec![T0 - 86_400_000];
    assert_eq!(
        first(w).decision.memory.machines["f1"].quarantined_until_ms,
        Some(T0 + 1_800_000)
    );
}

#[test]
fn a_failure_is_counted_once() {
    let mut w = failed(0);
    // Its release is refused: it stays as it is, and is looked at again.
    machine_for(&mut w, "f1").locked = true;
    for _ in 0..3 {
        let d = first(w.clone()).decision;
        w.memory = d.memory;
        w.now_ms += 60_000;
        w.observed.as_of_ms = w.now_ms;
    }
    assert_eq!(w.memory.machines["f1"].failures.len(), 1);
    assert_eq!(
        w.memory.pools["c/w"]
            .rollout
            .as_ref()
            .map_or(0, |r| r.failures),
        0,
        "r2 is not the target"
    );
}

#[test]
fn the_third_failure_within_a_day_suggests_to_mark_the_machine_broken() {
    let told = |before| {
        let suggests =
            |v: &Verb| matches!(v, Verb::Notify { code, .. } if code == "SuggestMarkBroken");
        first(failed(before))
            .decision
            .actions
            .iter()
            .any(|a| suggests(&a.verb))
    };
    assert_eq!([told(0), told(1), told(2)], [false, false, true]);
}

#[test]
fn two_machines_failing_with_one_revision_are_not_to_blame() {
    let world = |machines: &[&str]| {
        let mut w = workers(5, 3);
        rolls(&mut w, "w", EXPAND);
        for (k, m) in (6..).zip(machines) {
            place(
                &mut w,
                "c",
                "w",
                &format!("w-{k}"),
                m,
                MachineStatus::FailedDeployment,
            );
        }
        let memory = first(w).decision.memory;
        machines
            .iter()
            .filter(|m| memory.machines[**m].quarantined_until_ms.is_some())
            .count()
    };
    assert_eq!(world(&["f1"]), 1);
    assert_eq!(world(&["f1", "f2"]), 0, "the revision's fault");
}

#[test]
fn one_failure_does_not_freeze() {
    let mut w = workers(5, 3);
    rolls(&mut w, "w", CONTRACT);
    lose(&mut w, "c", "w-5");
    place(
        &mut w,
        "c",
        "w",
        "w-6",
        "f1",
        MachineStatus::FailedDeployment,
    );
    let trace = run(w, 12, |_| {});
    assert!(trace.iter().any(|t| t.decision.actions.iter().any(creates)));
}
