//! Machines on their way back, machines that cannot be released, and etcd that nobody reports.
use lifecycle_core::{ConditionCode, Etcd, MachineStatus, OnNoSpare, World};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{drains, first, node_of, place};
use crate::common::{T0, machine_for, pool};
use crate::{blocked, control_plane, creates, ids, is_drain, rolls, workers};

/// A worker's machine that is given back, in this status since so many seconds.
fn on_its_way(status: MachineStatus, seconds: i64) -> World {
    let mut w = workers(3, 1);
    pool(&mut w, "c", "w").strategy = CONTRACT;
    let n = node_of(&mut w, "c", "w-1");
    n.object = false;
    let m = machine_for(&mut w, "c-w-1");
    (m.status, m.status_since_ms) = (status, Some(T0 - seconds * 1000));
    pool(&mut w, "c", "w").size = 2;
    w
}

#[test]
fn a_failed_release_is_tried_again_after_1_2_4_and_at_most_60_minutes() {
    let waits = [60, 120, 240, 480, 960, 1920, 3600, 3600];
    for (tries, s) in (0..).zip(waits) {
        for (ms, again) in [(s * 1000 - 1, false), (s * 1000, true)] {
            let mut w = on_its_way(MachineStatus::FailedReleasing, 100_000);
            machine_for(&mut w, "c-w-1").status_since_ms = Some(T0 - ms);
            if tries > 0 {
                let mem = w.memory.machines.entry("c-w-1".into()).or_default();
                (mem.tries, mem.tried_ms) = (tries, Some(T0 - ms));
            }
            for deleting in [false, true] {
                let asked = deleting.then_some(T0);
                w.desired.clusters[0].delete_requested_ms = asked;
                let taken = first(w.clone());
                let id = "c/w/w-1/release";
                assert_eq!(
                    ids(&taken).contains(&id),
                    again,
                    "{tries} tries, {ms} ms ago"
                );
                let noted = &taken.decision.memory.machines["c-w-1"];
                assert!(!again || (noted.tries, noted.tried_ms) == (tries + 1, Some(T0)));
                assert!(again || taken.decision.next_wakeup_ms == Some(T0 + 1));
            }
        }
    }
}

#[test]
fn a_late_machine_is_stuck_and_no_longer_held() {
    use MachineStatus::{DiskErasing, FailedDiskErasing, Releasing};
    for (status, s, stuck) in [
        (Releasing, 299, false),
        (Releasing, 300, true),
        (DiskErasing, 2099, false),
        (DiskErasing, 2100, true),
        (FailedDiskErasing, 0, true),
    ] {
        let mut w = on_its_way(status, s);
        pool(&mut w, "c", "w").size = 3;
        pool(&mut w, "c", "w").strategy = EXPAND;
        // One of the others is lost as well: held 2 and the returning one of at most 4.
        let taken = first(w);
        assert_eq!(
            taken.decision.status.clusters["c"].has(ConditionCode::ReturnStuck),
            stuck,
            "{status:?} for {s} s"
        );
        assert_eq!(
            taken.decision.status.clusters["c"].pools["w"].held,
            if stuck { 2 } else { 3 }
        );
    }
}

#[test]
fn a_locked_machine_is_never_released() {
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
    machine_for(&mut w, "f1").locked = true;
    let taken = first(w);
    assert!(
        !ids(&taken).iter().any(|id| id.ends_with("release")),
        "{:?}",
        ids(&taken)
    );
    assert!(taken.decision.status.clusters["c"].has(ConditionCode::MachineLocked));
    // Nor in a deletion.
    let mut w = workers(2, 0);
    machine_for(&mut w, "c-w-1").locked = true;
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    assert_eq!(ids(&first(w)), ["c/w/w-2/release"]);
}

#[test]
fn a_locked_machine_is_looked_at_again_after_1_2_4_and_at_most_60_minutes() {
    let mut w = workers(2, 0);
    machine_for(&mut w, "c-w-1").locked = true;
    w.desired.clusters[0].delete_requested_ms = Some(T0 - 900_000);
    // The other machine is back already: nothing else is waited for.
    w.observed.machines.retain(|m| m.system_id != "c-w-2");
    w.observed.nodes.retain(|n| n.id != "w-2");
    let mut asked = Vec::new();
    for _ in 0..9 {
        let taken = first(w.clone());
        assert!(ids(&taken).is_empty(), "never while it is locked");
        assert!(blocked(&taken, "3.4"));
        let at = taken.decision.next_wakeup_ms.unwrap();
        asked.push((at - w.now_ms) / 60_000);
        // A decision in between does not begin anew.
        (w.memory, w.now_ms) = (taken.decision.memory, w.now_ms + 10_000);
        let between = first(w.clone()).decision;
        assert_eq!(between.next_wakeup_ms, Some(at));
        (w.memory, w.now_ms) = (between.memory, at);
        w.observed.as_of_ms = at;
    }
    assert_eq!(asked, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    machine_for(&mut w, "c-w-1").locked = false;
    let taken = first(w);
    assert_eq!(
        ids(&taken),
        ["c/w/w-1/release"],
        "as soon as it is unlocked"
    );
    assert!(!taken.decision.memory.machines.contains_key("c-w-1"));
}

#[test]
fn what_is_broken_is_neither_released_nor_waited_for() {
    let mut w = workers(2, 0);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    machine_for(&mut w, "c-w-1").status = MachineStatus::Broken;
    machine_for(&mut w, "c-w-2").status = MachineStatus::Missing;
    assert_eq!(ids(&first(w)), ["c/-/-/finish_deleted"]);
}

#[test]
fn nobody_reports_etcd_so_nothing_is_taken_out() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    w.desired.clusters[0].etcd = Etcd::Opaque;
    w.observed.etcd.clear();
    let taken = first(w);
    assert!(!taken.decision.actions.iter().any(is_drain));
    assert!(taken.decision.status.clusters["c"].has(ConditionCode::EtcdNotObservable));
    assert!(blocked(&taken, "3.5.0"));
}

#[test]
fn with_external_etcd_a_node_goes_while_another_is_active() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    w.desired.clusters[0].etcd = Etcd::External;
    w.observed.etcd.clear();
    assert_eq!(
        first(w.clone())
            .decision
            .actions
            .iter()
            .filter(|a| is_drain(a))
            .count(),
        1
    );
    drains(&mut w, "c", "cp-1", lifecycle_core::DrainState::Done);
    let release = "c/cp/cp-1/release";
    assert!(
        ids(&first(w.clone())).contains(&release),
        "there is no member to remove"
    );
    for id in ["cp-2", "cp-3"] {
        crate::common::trace::down(&mut w, "c", id, 10);
    }
    assert!(
        !ids(&first(w)).iter().any(|id| id.ends_with("release")),
        "no other is active"
    );
}

#[test]
fn a_fallback_waits_for_what_is_coming_back() {
    let mut w = workers(3, 0);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").on_no_spare = OnNoSpare::FallbackContract;
    assert_eq!(
        first(w.clone())
            .decision
            .actions
            .iter()
            .filter(|a| is_drain(a))
            .count(),
        1
    );
    let m = machine_for(&mut w, "c-w-1");
    (m.status, m.status_since_ms) = (MachineStatus::Releasing, Some(T0 - 1000));
    let taken = first(w);
    assert!(
        !taken
            .decision
            .actions
            .iter()
            .any(|a| is_drain(a) || creates(a)),
        "{:?}",
        ids(&taken)
    );
}
