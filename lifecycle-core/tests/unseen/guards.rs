//! 3.1, 3.5.2 and 3.11: stale views, mass failures, hostile worlds, what is said and when it is asked again.
use lifecycle_core::{
    Action, ClusterSpec, ConditionCode, Desired, DiagnosticCode, DrainState, Erase, Machine,
    MachineStatus, Maintenance, Owner, PendingAction, PoolSpec, State, Tri, Verb, Verdict, World,
    canonical_json, decide, validate,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, drains, lose, node_of, place};
use crate::common::{T0, machine_for, pool};
use crate::{answer, cluster, does, owned, rolls, why};

#[test]
fn an_observation_is_too_old_after_ten_minutes() {
    for (ms, stale) in [(600_000, false), (600_001, true), (i64::MAX, true)] {
        let mut w = cluster(0, 3, 1);
        rolls(&mut w, "w", EXPAND);
        w.observed.as_of_ms = T0.saturating_sub(ms);
        let expected: &[&str] = if stale { &[] } else { &["c/w/w-4/allocate"] };
        assert_eq!(does(&w), expected, "{ms}");
        let d = answer(&w);
        assert_eq!(
            d.status.clusters["c"].has(ConditionCode::ObservationStale),
            stale
        );
        if stale {
            assert_eq!(d.next_wakeup_ms, Some(T0 + 30_000));
        }
    }
    // Of the plan only a cancelled drain is kept.
    let mut w = cluster(0, 3, 1);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-1", DrainState::Done);
    down(&mut w, "c", "w-2", 10);
    machine_for(&mut w, "c-w-2").power = lifecycle_core::Power::Off;
    w.observed.as_of_ms = T0 - 700_000;
    assert_eq!(does(&w), ["c/w/w-1/cancel_drain"]);
    // From the future: counts as now, and is told.
    let mut w = cluster(0, 3, 1);
    rolls(&mut w, "w", EXPAND);
    w.observed.as_of_ms = T0 + 3_600_000;
    assert_eq!(does(&w), ["c/w/w-4/allocate"]);
    assert_eq!(
        answer(&w).diagnostics[0].code,
        DiagnosticCode::ObservationFromFuture
    );
}

#[test]
fn a_mass_failure_keeps_hands_off() {
    let many = |bad: u32| {
        let mut w = cluster(0, 9, 3);
        rolls(&mut w, "w", CONTRACT);
        drains(&mut w, "c", "w-9", DrainState::Done);
        for k in 1..=bad {
            down(&mut w, "c", &format!("w-{k}"), 3000);
        }
        w
    };
    let mut w = many(4);
    assert_eq!(does(&w), ["c/w/w-9/cancel_drain"]);
    assert!(answer(&w).status.clusters["c"].has(ConditionCode::MassFailure));
    assert_eq!(answer(&w).next_wakeup_ms, Some(T0 + 30_000));
    // Machines that are off are switched on, but none is cycled.
    machine_for(&mut w, "c-w-1").power = lifecycle_core::Power::Off;
    assert_eq!(does(&w), ["c/w/w-9/cancel_drain", "c/w/w-1/power_on"]);
    // A failed creation is given back.
    place(
        &mut w,
        "c",
        "w",
        "w-10",
        "f1",
        MachineStatus::FailedDeployment,
    );
    assert!(does(&w).contains(&"c/w/w-10/release".to_owned()));
    // Nodes in maintenance are not counted, neither among the failed nor among all.
    let mut w = many(3);
    assert!(
        !answer(&w).status.clusters["c"].has(ConditionCode::MassFailure),
        "3 of 9"
    );
    node_of(&mut w, "c", "w-8").maintenance = Maintenance::Cordoned;
    assert!(
        answer(&w).status.clusters["c"].has(ConditionCode::MassFailure),
        "3 of 8"
    );
    node_of(&mut w, "c", "w-1").maintenance = Maintenance::Cordoned;
    assert!(
        !answer(&w).status.clusters["c"].has(ConditionCode::MassFailure),
        "2 of 7"
    );
    // A machine whose node had joined is not given back meanwhile, though its node has left etcd already.
    let mut w = cluster(3, 4, 0);
    drains(&mut w, "c", "cp-1", DrainState::Done);
    let view = w.observed.etcd.get_mut("c").unwrap();
    view.members.retain(|m| m.name != "cp-1");
    assert_eq!(does(&w), ["c/cp/cp-1/release"]);
    for k in 1..=3 {
        down(&mut w, "c", &format!("w-{k}"), 10);
    }
    assert_eq!(does(&w), [""; 0]);
    // It does not stop a deletion.
    let mut w = many(4);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    assert_eq!(does(&w).len(), 9);
}

#[test]
fn empty_and_foreign_worlds() {
    let w = World::new(T0);
    let d = decide(&w);
    assert!(d.actions.is_empty() && d.explain.is_empty() && d.diagnostics.is_empty());
    assert!(d.status.clusters.is_empty() && d.next_wakeup_ms.is_none());
    // A cluster that is no longer wanted is not a deletion.
    let mut w = cluster(3, 2, 1);
    w.desired.clusters.clear();
    assert_eq!(does(&w), [""; 0]);
    assert!(
        answer(&w)
            .diagnostics
            .iter()
            .all(|x| x.code == DiagnosticCode::Unmanaged)
    );
    assert!(!answer(&w).diagnostics.is_empty());
}

#[test]
fn duplicates_are_told_and_nothing_is_owned_twice() {
    // Two nodes claim one machine.
    let mut w = cluster(0, 3, 1);
    node_of(&mut w, "c", "w-2").system_id = Some("c-w-1".into());
    machine_for(&mut w, "c-w-1").owner.as_mut().unwrap().node = None;
    let d = answer(&w);
    let told = |code| d.diagnostics.iter().any(|x| x.code == code);
    assert!(
        told(DiagnosticCode::MachineOwnedTwice),
        "{:?}",
        d.diagnostics
    );
    // A free machine that a node claims is not given to another one.
    let mut w = cluster(0, 3, 1);
    pool(&mut w, "c", "w").size = 4;
    assert_eq!(does(&w), ["c/w/w-4/allocate"]);
    let twin = w
        .observed
        .machines
        .iter()
        .find(|m| m.system_id == "f1")
        .unwrap()
        .clone();
    w.observed.machines.push(twin);
    pool(&mut w, "c", "w").size = 5;
    assert_eq!(
        does(&w),
        ["c/w/w-4/allocate"],
        "listed twice it is still one machine"
    );
    assert!(
        answer(&w)
            .diagnostics
            .iter()
            .any(|x| x.code == DiagnosticCode::DuplicateId)
    );
    // Two clusters of one name: neither's machines are taken for the other's.
    let mut w = cluster(0, 2, 2);
    let mut again = w.desired.clusters[0].clone();
    again.workers[0].size = 4;
    w.desired.clusters.push(again);
    let d = answer(&w);
    let destroys = |a: &Action| matches!(a.verb, Verb::Drain { .. } | Verb::Release { .. });
    assert!(!d.actions.iter().any(destroys), "{:?}", d.actions);
    assert!(
        d.diagnostics
            .iter()
            .any(|x| x.code == DiagnosticCode::DuplicateId)
    );
    assert!(!validate(&w.desired).is_empty());
}

#[test]
fn sizes_and_clocks_at_their_ends() {
    for now in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
        let mut w = cluster(3, 2, 1);
        rolls(&mut w, "cp", EXPAND);
        w.now_ms = now;
        let text = canonical_json(&decide(&w)).unwrap();
        assert!(!text.is_empty());
    }
    let mut w = cluster(0, 2, 3);
    pool(&mut w, "c", "w").size = u32::MAX;
    assert_eq!(does(&w), [""; 0]);
    assert!(answer(&w).status.clusters["c"].has(ConditionCode::InvalidSpec));
    // Zero workers: the pool is emptied, one after the other.
    let mut w = cluster(0, 2, 0);
    pool(&mut w, "c", "w").size = 0;
    assert_eq!(crate::story(w, &[]).tokens, "-w-1 w-1✗ -w-2 w-2✗");
}

#[test]
fn what_is_wrong_with_the_schema_is_told() {
    let desired: Desired = serde_json::from_str(r#"{"schema_version": 2}"#).unwrap();
    assert!(!validate(&desired).is_empty());
    let mut w = cluster(0, 3, 1);
    rolls(&mut w, "w", EXPAND);
    w.desired.schema_version = 2;
    assert_eq!(
        does(&w),
        [""; 0],
        "a shape that is not understood is not acted on"
    );
    assert!(serde_json::from_str::<Desired>(r#"{"no_such_field": 1}"#).is_err());
    let misspelt = r#"{"id": "w", "role": "worker", "size": 1, "revision": "r", "strategy": "blue_green", "resource_pool": "p"}"#;
    assert!(serde_json::from_str::<PoolSpec>(misspelt).is_err());
    // What was observed may know more than this engine does.
    let machine = r#"{"system_id": "m", "hostname": "m", "status": "dancing", "zone": "z", "resource_pool": "default", "arch": "amd64", "cpu": 1,
        "mem_mib": 1, "disk_gb": [1], "power": "sideways", "no_such_field": 1}"#;
    let machine: Machine = serde_json::from_str(machine).unwrap();
    let mut w = cluster(0, 2, 0);
    pool(&mut w, "c", "w").size = 3;
    w.observed.machines.push(machine);
    assert_eq!(does(&w), [""; 0], "an unknown status is not capacity");
}

#[test]
fn what_is_pending_counts() {
    // An allocation under way: neither a second one, nor its machine to anybody else.
    let mut w = cluster(0, 2, 2);
    pool(&mut w, "c", "w").size = 3;
    let d = answer(&w);
    let action = d
        .actions
        .iter()
        .find(|a| a.id == "c/w/w-3/allocate")
        .unwrap()
        .clone();
    w.observed.pending = vec![PendingAction {
        action,
        issued_ms: T0 - 1000,
    }];
    w.memory = d.memory;
    assert_eq!(does(&w), [""; 0]);
    assert_eq!(answer(&w).status.clusters["c"].pools["w"].live, 3);
    assert_eq!(answer(&w).next_wakeup_ms, Some(T0 + 119_000));
    // A release under way is not repeated, and its node is on its way out.
    let mut w = cluster(0, 3, 0);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-1", DrainState::Done);
    let d = answer(&w);
    let action = d
        .actions
        .iter()
        .find(|a| a.id == "c/w/w-1/release")
        .unwrap()
        .clone();
    w.observed.pending = vec![PendingAction {
        action,
        issued_ms: T0 - 1000,
    }];
    assert_eq!(does(&w), [""; 0]);
    let p = &answer(&w).status.clusters["c"].pools["w"];
    assert_eq!((p.live, p.held), (2, 3));
}

#[test]
fn an_allocation_nobody_knows_of_is_given_back() {
    let mut w = cluster(0, 2, 1);
    owned(&mut w, "f1", "w-9", MachineStatus::Allocated);
    let d = answer(&w);
    assert_eq!(does(&w), [""; 0]);
    assert_eq!(d.next_wakeup_ms, Some(T0 + 120_000));
    w.memory = d.memory;
    (w.now_ms, w.observed.as_of_ms) = (T0 + 120_000, T0 + 120_000);
    let d = answer(&w);
    assert_eq!(d.actions[0].id, "c/w/f1/release");
    assert!(d.explain.iter().any(|e| e.message.contains("f1")));
    // Once a node is seen on it, its time begins anew.
    place(&mut w, "c", "w", "w-9", "f1", MachineStatus::Allocated);
    let memory = answer(&w).memory;
    assert!(
        memory
            .machines
            .get("f1")
            .is_none_or(|m| m.orphan_since_ms.is_none())
    );
}

#[test]
fn when_it_will_be_done() {
    // 3.3's example and §2: per node 1280 s expand, 1340 s contract (1460 with a quick erase), plus the release in between.
    let eta = |n: u32, strategy, erase, free, done: u32| {
        let mut w = cluster(n, 0, free);
        rolls(&mut w, "cp", strategy);
        pool(&mut w, "c", "cp").erase = erase;
        for k in 1..=done {
            node_of(&mut w, "c", &format!("cp-{k}")).revision = Some("r2".into());
        }
        let d = answer(&w);
        let p = &d.status.clusters["c"].progress;
        assert_eq!((p.done, p.total), (done, n));
        p.eta_ms.map(|t| (t - T0) / 1000)
    };
    assert_eq!(eta(3, EXPAND, Erase::Quick, 1, 0), Some(4200));
    assert_eq!(eta(3, EXPAND, Erase::None, 1, 0), Some(3 * 1280 + 2 * 60));
    assert_eq!(eta(3, EXPAND, Erase::None, 1, 1), Some(2 * 1280 + 60));
    assert_eq!(eta(3, CONTRACT, Erase::Quick, 0, 0), Some(4380));
    assert_eq!(eta(5, CONTRACT, Erase::None, 0, 2), Some(3 * 1340));
    let mut w = cluster(3, 0, 0);
    assert_eq!(
        answer(&w).status.clusters["c"].progress.eta_ms,
        None,
        "nothing to do"
    );
    rolls(&mut w, "cp", EXPAND);
    assert_eq!(
        answer(&w).status.clusters["c"].progress.eta_ms,
        None,
        "nobody knows when a machine comes"
    );
}

#[test]
fn a_wait_for_a_machine_on_its_way_back_has_its_time() {
    // Another cluster's machine: due 60 s after its release began.
    let world = |status| {
        let mut w = cluster(0, 3, 1);
        rolls(&mut w, "w", EXPAND);
        crate::common::add_running(
            &mut w,
            ClusterSpec::new("d").worker(PoolSpec::worker("w", 1)),
        );
        let m = machine_for(&mut w, "f1");
        (m.status, m.status_since_ms) = (status, Some(T0 - 10_000));
        m.owner = Some(Owner {
            cluster: "d".into(),
            pool: Some("w".into()),
            node: Some("w-9".into()),
        });
        w
    };
    let w = world(MachineStatus::Releasing);
    assert_eq!(does(&w), [""; 0]);
    let d = answer(&w);
    assert_eq!(d.next_wakeup_ms, Some(T0 + 50_000));
    assert_eq!(why(&d, "c/w").map(|e| e.0), Some(Verdict::Waiting));
    // The pool's own: it may hold no other one, and asks again when this one is late.
    let mut w = world(MachineStatus::Releasing);
    machine_for(&mut w, "f1").owner.as_mut().unwrap().cluster = "c".into();
    assert_eq!(answer(&w).next_wakeup_ms, Some(T0 + 290_000));
    // One that failed to come back is nobody's hope.
    let w = world(MachineStatus::FailedDiskErasing);
    let d = answer(&w);
    assert_eq!(why(&d, "c/w").map(|e| e.0), Some(Verdict::Blocked));
}

#[test]
fn what_is_not_ready_or_not_known_takes_no_work() {
    for (change, available) in [
        (
            (|n| (n.ready, n.ready_since_ms) = (Tri::Unknown, Some(T0 - 1000)))
                as fn(&mut lifecycle_core::Node),
            2,
        ),
        (|n| n.cordoned = true, 2),
        (|n| n.maintenance = Maintenance::Cordoned, 2),
        (|n| n.maintenance = Maintenance::Locked, 3),
    ] {
        let mut w = cluster(0, 3, 0);
        change(node_of(&mut w, "c", "w-2"));
        assert_eq!(
            answer(&w).status.clusters["c"].pools["w"].available,
            available
        );
        // With two of three, Contract First begins with the one that takes no work.
        rolls(&mut w, "w", CONTRACT);
        let first = does(&w);
        let expected = if available == 3 {
            "c/w/w-1/drain"
        } else {
            "c/w/w-2/drain"
        };
        assert!(first.iter().all(|a| a == expected), "{first:?}");
    }
}

#[test]
fn a_lost_node_is_missed_and_replaced() {
    // Its machine is gone from MAAS, or broken: the node object goes, another one comes.
    for status in [
        None,
        Some(MachineStatus::Broken),
        Some(MachineStatus::Missing),
        Some(MachineStatus::Retired),
    ] {
        let mut w = cluster(0, 3, 1);
        down(&mut w, "c", "w-2", 10);
        match status {
            None => w.observed.machines.retain(|m| m.system_id != "c-w-2"),
            Some(s) => machine_for(&mut w, "c-w-2").status = s,
        }
        assert_eq!(
            does(&w),
            ["c/w/w-2/delete_node_object", "c/w/w-4/allocate"],
            "{status:?}"
        );
        // While it is paused nothing new comes.
        w.desired.clusters[0].paused = true;
        assert_eq!(does(&w), ["c/w/w-2/delete_node_object"]);
    }
    // Without a spare it is short, and nobody is asked to wait for ever in silence.
    let mut w = cluster(0, 3, 0);
    lose(&mut w, "c", "w-2");
    let d = answer(&w);
    assert!(d.actions.is_empty() && d.next_wakeup_ms.is_none());
    assert_eq!(why(&d, "c/w").map(|e| e.0), Some(Verdict::Blocked));
    assert_eq!(d.status.clusters["c"].state, State::Updating);
}

#[test]
fn a_node_with_a_call_under_way_gets_no_other() {
    // Its drain is being cancelled, so it is not committed; and the other way round.
    for (pool_id, id, mut w) in [
        ("cp", "cp-1", cluster(3, 0, 1)),
        ("w", "w-1", cluster(0, 3, 1)),
    ] {
        rolls(&mut w, pool_id, CONTRACT);
        drains(&mut w, "c", id, DrainState::Done);
        assert_eq!(does(&w).len(), 1, "{:?}", does(&w));
        let verb = Verb::CancelDrain { node: id.into() };
        w.observed.pending = vec![PendingAction {
            action: Action::new("c", pool_id, id, verb),
            issued_ms: T0 - 1000,
        }];
        assert_eq!(does(&w), [""; 0]);
    }
    // It is committed already while the reason goes: nothing is cancelled.
    let mut w = cluster(0, 3, 1);
    drains(&mut w, "c", "w-1", DrainState::Running);
    assert_eq!(does(&w), ["c/w/w-1/cancel_drain"]);
    let verb = Verb::DetachEndpoint { node: "w-1".into() };
    w.observed.pending = vec![PendingAction {
        action: Action::new("c", "w", "w-1", verb),
        issued_ms: T0 - 1000,
    }];
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn growing_takes_no_drains() {
    // 1090 s per node, one round after the other.
    for (size, parallel, rounds) in [(4, 1, 2), (5, 1, 3), (5, 2, 2), (6, 4, 1)] {
        let mut w = cluster(0, 2, 9);
        let p = pool(&mut w, "c", "w");
        (p.size, p.max_parallel) = (size, parallel);
        let eta = answer(&w).status.clusters["c"].progress.eta_ms;
        assert_eq!(eta, Some(T0 + rounds * 1_090_000), "{size} by {parallel}");
    }
    // One pool after the other, and a secure erase at 150 MB/s where machines are waited for.
    let mut w = cluster(3, 2, 1);
    rolls(&mut w, "cp", EXPAND);
    rolls(&mut w, "w", EXPAND);
    let eta = answer(&w).status.clusters["c"].progress.eta_ms;
    assert_eq!(eta, Some(T0 + (3 * 1280 + 2 * 60 + 2 * 1280) * 1000));
    let mut w = cluster(0, 2, 0);
    rolls(&mut w, "w", CONTRACT);
    pool(&mut w, "c", "w").erase = Erase::Secure;
    machine_for(&mut w, "c-w-1").disk_gb = vec![100];
    let eta = answer(&w).status.clusters["c"].progress.eta_ms;
    assert_eq!(
        eta,
        Some(T0 + 2 * (1340 + 3333) * 1000),
        "the larger of the two"
    );
}

#[test]
fn a_machine_that_is_erased_is_back_later() {
    for (erase, wait_s) in [(Erase::None, 50), (Erase::Quick, 170)] {
        let mut w = cluster(0, 3, 1);
        rolls(&mut w, "w", EXPAND);
        let mut spec = ClusterSpec::new("d").worker(PoolSpec::worker("w", 1));
        spec.workers[0].erase = erase;
        crate::common::add_running(&mut w, spec);
        let m = machine_for(&mut w, "f1");
        (m.status, m.status_since_ms) = (MachineStatus::Releasing, Some(T0 - 10_000));
        m.owner = Some(Owner {
            cluster: "d".into(),
            pool: Some("w".into()),
            node: Some("w-9".into()),
        });
        let wakes = answer(&w).next_wakeup_ms;
        assert_eq!(wakes, Some(T0 + wait_s * 1000), "{erase:?}");
    }
}
