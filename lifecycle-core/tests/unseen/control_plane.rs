//! 3.5.3: single moments of a control plane.
use lifecycle_core::{
    ConditionCode, DeployMode, DrainState, Machine, MachineStatus, Maintenance, NodeMemory,
    OnNoSpare, Tri, Verb, Verdict, World,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, drains, lose, member, node_of, place};
use crate::common::{T0, machine_for, pool};
use crate::{answer, cluster, does, rolls, why};

fn rolling(n: u32, free: u32) -> World {
    let mut w = cluster(n, 0, free);
    rolls(&mut w, "cp", EXPAND);
    w
}

/// Down for an hour, and the ladder is used up.
fn unhealthy(w: &mut World, id: &str) {
    down(w, "c", id, 3000);
    w.memory.nodes.insert(
        format!("c/{id}"),
        NodeMemory {
            suspect_since_ms: Some(T0 - 3_000_000),
            power_cycle_ms: Some(T0 - 1_200_000),
            ..NodeMemory::default()
        },
    );
}

/// The member's name goes with its node.
fn forget(w: &mut World, id: &str) {
    lose(w, "c", id);
    let view = w.observed.etcd.get_mut("c").unwrap();
    view.members.retain(|m| m.name != id);
}

#[test]
fn quorum_is_asked_of_the_members_that_are_there_and_of_those_that_stay() {
    // members, healthy ones; the bad one is removed iff h ≥ q(M) and h ≥ q(M-1).
    for (n, bad, drained) in [
        (3, 1, true),
        (3, 2, false),
        (5, 1, true),
        (5, 2, true),
        (5, 3, false),
        (7, 2, true),
        (7, 4, false),
    ] {
        let mut w = cluster(n, 0, 1);
        for k in 1..=bad {
            unhealthy(&mut w, &format!("cp-{k}"));
        }
        let expected: &[&str] = if drained { &["c/cp/cp-1/drain"] } else { &[] };
        assert_eq!(does(&w), expected, "{bad} of {n}");
        let d = answer(&w);
        let lost = d.status.clusters["c"].has(ConditionCode::QuorumLost);
        assert_eq!(lost, !drained, "{bad} of {n}");
    }
    // Two members of which one is bad: etcd could not carry the removal out.
    let mut w = cluster(3, 0, 1);
    forget(&mut w, "cp-3");
    unhealthy(&mut w, "cp-1");
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn a_node_whose_kubelet_died_is_replaced_while_etcd_can_spare_its_member() {
    let kubelet = |n: u32, lost: &[&str]| {
        let mut w = cluster(n, 0, 1);
        unhealthy(&mut w, "cp-1");
        for m in &mut w.observed.etcd.get_mut("c").unwrap().members {
            m.healthy = if lost.contains(&m.name.as_str()) {
                Tri::False
            } else {
                Tri::True
            };
        }
        does(&w)
    };
    assert_eq!(kubelet(3, &[]), ["c/cp/cp-1/drain"]);
    // Its member is one of the two that carry the majority: 3 members, 2 healthy, 1 would be left of 2.
    assert_eq!(kubelet(3, &["cp-3"]), [""; 0]);
    assert_eq!(kubelet(5, &["cp-5"]), ["c/cp/cp-1/drain"]);
}

#[test]
fn the_drain_of_a_bad_node_is_short_and_that_of_a_good_one_is_not() {
    let deadline = |w: &World| {
        answer(w).actions.iter().find_map(|a| match a.verb {
            Verb::Drain { deadline_ms, .. } => Some((deadline_ms - T0) / 1000),
            _ => None,
        })
    };
    let mut w = cluster(3, 0, 1);
    unhealthy(&mut w, "cp-2");
    assert_eq!(deadline(&w), Some(60));
    let mut w = cluster(3, 0, 1);
    rolls(&mut w, "cp", CONTRACT);
    assert_eq!(deadline(&w), Some(900));
}

#[test]
fn no_voter_leaves_while_a_learner_is_there() {
    let mut w = rolling(3, 0);
    drains(&mut w, "c", "cp-1", DrainState::Done);
    assert!(
        does(&w).iter().any(|a| a.starts_with("c/cp/cp-1/")),
        "without one it goes on"
    );
    w.observed
        .machines
        .push(Machine::ready("f9", "z1", 16, 65_536, 500));
    place(&mut w, "c", "cp", "cp-4", "f9", MachineStatus::Deployed);
    member(&mut w, "c", "cp-4", true, Tri::True);
    assert_eq!(does(&w), ["c/cp/cp-1/cancel_drain"]);
    // A bad one waits for the learner instead.
    unhealthy(&mut w, "cp-1");
    assert_eq!(does(&w), [""; 0]);
    assert!(answer(&w).status.clusters["c"].has(ConditionCode::CannotRemediate));
}

#[test]
fn without_a_majority_drains_are_taken_back_and_nothing_is_made() {
    let mut w = rolling(5, 2);
    drains(&mut w, "c", "cp-1", DrainState::Done);
    for id in ["cp-2", "cp-3", "cp-4"] {
        down(&mut w, "c", id, 10);
    }
    assert_eq!(does(&w), ["c/cp/cp-1/cancel_drain"]);
    let d = answer(&w);
    assert!(d.status.clusters["c"].has(ConditionCode::QuorumLost));
    assert_eq!(d.next_wakeup_ms, Some(T0 + 30_000));
}

#[test]
fn the_view_decides_what_may_be_done() {
    // Nobody may be drained, created or taken out while etcd is not seen; 30 s later it is asked again.
    type Change = fn(&mut World);
    let hidden: [(&str, Change); 4] = [
        ("absent", |w| drop(w.observed.etcd.remove("c"))),
        ("unreachable", |w| {
            w.observed.etcd.get_mut("c").unwrap().reachable = false;
        }),
        ("old", |w| {
            w.observed.etcd.get_mut("c").unwrap().as_of_ms = T0 - 120_001;
        }),
        ("empty", |w| {
            w.observed.etcd.get_mut("c").unwrap().members.clear();
        }),
    ];
    for (name, hide) in hidden {
        let mut w = rolling(3, 1);
        hide(&mut w);
        assert_eq!(does(&w), [""; 0], "{name}");
        let d = answer(&w);
        let c = &d.status.clusters["c"];
        assert!(
            c.has(ConditionCode::EtcdUnknown) && !c.has(ConditionCode::QuorumLost),
            "{name}"
        );
        assert_eq!(d.next_wakeup_ms, Some(T0 + 30_000), "{name}");
        // Workers are not repaved meanwhile, but they are refilled.
        let mut w = cluster(3, 2, 1);
        rolls(&mut w, "w", EXPAND);
        hide(&mut w);
        assert_eq!(does(&w), [""; 0], "{name}: d1");
        lose(&mut w, "c", "w-1");
        assert_eq!(does(&w), ["c/w/w-3/allocate"], "{name}: W-c");
    }
}

#[test]
fn a_control_plane_is_founded_once_and_joined_one_by_one() {
    let mut w = crate::common::scopes::creating(3, 0, 3).world;
    assert_eq!(does(&w), ["c/cp/cp-1/allocate"]);
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Allocated);
    node_of(&mut w, "c", "cp-1").created_ms = T0 - 1000;
    node_of(&mut w, "c", "cp-1").revision = Some("r1".into());
    let mode = |w: &World| {
        answer(w).actions.iter().find_map(|a| match a.verb {
            Verb::Deploy { mode, .. } => Some(mode),
            _ => None,
        })
    };
    assert_eq!(mode(&w), Some(DeployMode::Init));
    assert_eq!(does(&w), ["c/cp/cp-1/deploy"], "one at a time");
    machine_for(&mut w, "f1").status = MachineStatus::Deploying;
    assert_eq!(does(&w), [""; 0]);
    // It has failed: given back, and another one founds.
    machine_for(&mut w, "f1").status = MachineStatus::FailedDeployment;
    assert_eq!(does(&w)[0], "c/cp/cp-1/release");
    // Paused: nothing is founded.
    let mut w = crate::common::scopes::creating(3, 0, 3).world;
    w.observed
        .clusters
        .entry("c".into())
        .or_default()
        .initialized = false;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Allocated);
    node_of(&mut w, "c", "cp-1").created_ms = T0 - 1000;
    w.desired.clusters[0].paused = true;
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn below_its_size_it_is_filled_up_before_anything_is_replaced() {
    let mut w = rolling(3, 2);
    forget(&mut w, "cp-1");
    assert_eq!(does(&w), ["c/cp/cp-4/allocate"]);
    // Its ceiling counts what comes back.
    let mut w = rolling(3, 2);
    for (node, machine) in [("cp-0", "f1"), ("cp-9", "f2")] {
        place(&mut w, "c", "cp", node, machine, MachineStatus::Releasing);
    }
    forget(&mut w, "cp-1");
    w.observed
        .machines
        .push(Machine::ready("x", "z1", 16, 65_536, 500));
    assert!(
        !does(&w).iter().any(|a| a.ends_with("allocate")),
        "held 4 of 4: {:?}",
        does(&w)
    );
}

#[test]
fn a_suspect_node_stops_what_is_voluntary() {
    for (n, free) in [(3, 1), (5, 2)] {
        let mut w = rolling(n, free);
        down(&mut w, "c", "cp-2", 10);
        assert_eq!(does(&w), [""; 0]);
        assert_eq!(
            answer(&w).next_wakeup_ms,
            Some(T0 + 290_000),
            "the end of grace"
        );
    }
}

#[test]
fn a_single_node_without_a_spare_names_the_reason() {
    let mut w = rolling(1, 0);
    let d = answer(&w);
    assert_eq!(
        why(&d, "c/cp"),
        Some((Verdict::Blocked, "E_NO_SPARE_SINGLE_NODE".into()))
    );
    assert_eq!(d.next_wakeup_ms, None);
    assert!(d.status.clusters["c"].has(ConditionCode::CapacityShort));
    pool(&mut w, "c", "cp").on_no_spare = OnNoSpare::FallbackContract;
    assert_eq!(does(&w), [""; 0]);
    let d = answer(&w);
    assert_eq!(
        why(&d, "c/cp"),
        Some((Verdict::Blocked, "E_NO_SPARE_SINGLE_NODE".into()))
    );
    assert_eq!(
        (d.next_wakeup_ms, why(&d, "c/cp/cp-1").map(|e| e.0)),
        (None, Some(Verdict::Waiting))
    );
}

#[test]
fn a_fallback_waits_for_a_machine_on_its_way_back_even_one_that_fits_no_more() {
    let mut w = rolling(3, 1);
    let p = pool(&mut w, "c", "cp");
    p.on_no_spare = OnNoSpare::FallbackContract;
    (p.hold_returning, p.min_cpu) = (Some(false), 8);
    machine_for(&mut w, "f1").cpu = 4;
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
    place(&mut w, "c", "cp", "cp-0", "f1", MachineStatus::Releasing);
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn an_unhealthy_node_keeps_its_drain_while_etcd_can_spare_it() {
    // cp-1's kubelet is dead, cp-2's member is down since a moment: 5 members, 4 healthy, 3 of 4 after cp-1.
    let mut w = cluster(5, 0, 1);
    unhealthy(&mut w, "cp-1");
    w.observed.etcd.get_mut("c").unwrap().members[0].healthy = Tri::True;
    down(&mut w, "c", "cp-2", 10);
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
    drains(&mut w, "c", "cp-1", DrainState::Running);
    node_of(&mut w, "c", "cp-1").drain.started_ms = Some(T0 - 1000);
    assert_eq!(does(&w), [""; 0], "it is not taken back");
}

#[test]
fn locked_nodes_are_passed_over_and_named_in_the_end() {
    let mut w = rolling(3, 1);
    node_of(&mut w, "c", "cp-1").maintenance = Maintenance::Locked;
    node_of(&mut w, "c", "cp-2").revision = Some("r2".into());
    node_of(&mut w, "c", "cp-3").revision = Some("r2".into());
    assert_eq!(does(&w), [""; 0]);
    let d = answer(&w);
    let rollout = &d.status.clusters["c"].pools["cp"].rollout;
    assert_eq!(*rollout, lifecycle_core::Rollout::CompleteExceptLocked);
    assert_eq!(d.next_wakeup_ms, None);
}

#[test]
fn a_voter_that_never_became_a_node_is_removed_before_its_machine() {
    // It became a voter, then its deployment's time was up.
    let mut w = rolling(3, 1);
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
    node_of(&mut w, "c", "cp-4").created_ms = T0 - 4_320_000;
    member(&mut w, "c", "cp-4", false, Tri::False);
    assert_eq!(does(&w), ["c/cp/cp-4/remove_etcd_member"]);
    // A learner goes whatever the others are, if there is a majority.
    let mut w = rolling(3, 1);
    place(
        &mut w,
        "c",
        "cp",
        "cp-4",
        "f1",
        MachineStatus::FailedDeployment,
    );
    member(&mut w, "c", "cp-4", true, Tri::False);
    down(&mut w, "c", "cp-3", 10);
    assert_eq!(does(&w), ["c/cp/cp-4/remove_etcd_member"]);
    // The voter cannot be spared.
    let mut w = rolling(3, 1);
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
    node_of(&mut w, "c", "cp-4").created_ms = T0 - 4_320_000;
    member(&mut w, "c", "cp-4", false, Tri::False);
    down(&mut w, "c", "cp-3", 10);
    assert_eq!(does(&w), [""; 0], "2 of 4 are healthy");
}

#[test]
fn a_ghost_is_no_member_whose_machine_is_still_ours() {
    let ghost = |status: Option<MachineStatus>, ms: i64| {
        let mut w = cluster(3, 0, 1);
        forget(&mut w, "cp-1");
        w.observed
            .machines
            .push(Machine::ready("g", "z1", 16, 65_536, 500));
        member(&mut w, "c", "cp-1", false, Tri::False);
        if let Some(status) = status {
            let m = machine_for(&mut w, "g");
            m.status = status;
            m.owner = Some(lifecycle_core::Owner {
                cluster: "c".into(),
                pool: Some("cp".into()),
                node: Some("cp-1".into()),
            });
        }
        let ghosts = &mut w.memory.clusters.entry("c".into()).or_default().ghosts;
        ghosts.insert("e-cp-1".into(), T0 - ms);
        does(&w).iter().any(|a| a.ends_with("remove_etcd_member"))
    };
    assert!(!ghost(None, 299_999));
    assert!(ghost(None, 300_000));
    assert!(ghost(Some(MachineStatus::Releasing), 300_000));
    assert!(!ghost(Some(MachineStatus::Deployed), 300_000));
}

#[test]
fn one_member_at_a_time_even_if_two_nodes_are_drained() {
    for n in [3, 5, 7] {
        let mut w = cluster(n, 0, 2);
        rolls(&mut w, "cp", CONTRACT);
        for id in ["cp-1", "cp-2"] {
            drains(&mut w, "c", id, DrainState::Done);
        }
        assert_eq!(does(&w), ["c/cp/cp-1/remove_etcd_member"], "I-Q3, {n}");
    }
}

#[test]
fn a_dead_member_waits_for_a_learner_that_joins() {
    let mut w = cluster(3, 0, 1);
    forget(&mut w, "cp-3");
    member(&mut w, "c", "cp-3", false, Tri::False);
    w.observed.etcd.get_mut("c").unwrap().members[0].leader = true;
    let ghosts = &mut w.memory.clusters.entry("c".into()).or_default().ghosts;
    ghosts.insert("e-cp-3".into(), T0 - 400_000);
    assert_eq!(does(&w), ["c/cp/cp-3/remove_etcd_member"]);
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
    node_of(&mut w, "c", "cp-4").revision = Some("r1".into());
    member(&mut w, "c", "cp-4", true, Tri::True);
    assert_eq!(does(&w), [""; 0], "I-Q4");
    assert!(answer(&w).status.clusters["c"].has(ConditionCode::CannotRemediate));
}

#[test]
fn what_an_old_view_of_etcd_says_is_not_acted_on() {
    // A joiner that was a healthy voter: it has not joined yet.
    let world = |seen: bool| {
        let mut w = cluster(3, 0, 1);
        w.observed.etcd.get_mut("c").unwrap().reachable = seen;
        w
    };
    let joined = |w: &World| {
        let is_record = |v: &Verb| matches!(v, Verb::Record { node: Some(_), .. });
        answer(w).actions.iter().any(|a| is_record(&a.verb))
    };
    for seen in [true, false] {
        let mut w = world(seen);
        pool(&mut w, "c", "cp").size = 5;
        place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
        let n = node_of(&mut w, "c", "cp-4");
        (n.ready, n.ready_since_ms) = (Tri::True, Some(T0 - 100_000));
        member(&mut w, "c", "cp-4", false, Tri::True);
        assert_eq!(joined(&w), seen);
        // A drained node whose member is gone: its machine stays.
        let mut w = world(seen);
        rolls(&mut w, "cp", CONTRACT);
        drains(&mut w, "c", "cp-1", DrainState::Done);
        let view = w.observed.etcd.get_mut("c").unwrap();
        view.members.retain(|m| m.name != "cp-1");
        assert_eq!(does(&w).contains(&"c/cp/cp-1/release".to_owned()), seen);
        // A member that was down: its node is not said to be ill.
        let mut w = world(seen);
        w.observed.etcd.get_mut("c").unwrap().members[0].healthy = Tri::False;
        let available = answer(&w).status.clusters["c"].pools["cp"].available;
        assert_eq!(available, if seen { 2 } else { 3 });
    }
}

#[test]
fn a_surplus_goes_whether_or_not_it_could_be_replaced() {
    let mut w = cluster(5, 0, 0);
    rolls(&mut w, "cp", CONTRACT);
    let p = pool(&mut w, "c", "cp");
    (p.size, p.min_cpu) = (3, 32);
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
    let mut w = cluster(3, 0, 0);
    rolls(&mut w, "cp", CONTRACT);
    pool(&mut w, "c", "cp").min_cpu = 32;
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn an_operators_drain_of_a_failed_node_is_left_alone() {
    let mut w = cluster(3, 0, 0);
    down(&mut w, "c", "cp-1", 4000);
    let mem = w.memory.nodes.entry("c/cp-1".into()).or_default();
    mem.power_cycle_ms = Some(T0 - 1_000_000);
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
    let n = node_of(&mut w, "c", "cp-1");
    n.cordoned = true;
    n.drain = lifecycle_core::Drain {
        by: lifecycle_core::DrainBy::Operator,
        ..Default::default()
    };
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn nothing_is_replaced_while_a_node_comes_up_again() {
    for (strategy, first) in [
        (CONTRACT, "c/cp/cp-1/drain"),
        (EXPAND, "c/cp/cp-4/allocate"),
    ] {
        let mut w = cluster(3, 0, 1);
        rolls(&mut w, "cp", strategy);
        assert_eq!(does(&w), [first]);
        // Its kubelet is not back yet; its member answers already.
        let n = node_of(&mut w, "c", "cp-2");
        (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - 10_000));
        let mem = w.memory.nodes.entry("c/cp-2".into()).or_default();
        mem.power_on_ms = Some(T0 - 10_000);
        assert_eq!(does(&w), [""; 0], "{first}");
    }
}

#[test]
fn a_member_that_is_down_under_a_ready_node_has_the_grace_period() {
    for (ms, expected) in [(299_999, &[][..]), (300_000, &["c/cp/cp-1/drain"][..])] {
        let mut w = cluster(3, 0, 0);
        w.observed.etcd.get_mut("c").unwrap().members[0].healthy = Tri::False;
        let mem = w.memory.nodes.entry("c/cp-1".into()).or_default();
        mem.suspect_since_ms = Some(T0 - ms);
        assert_eq!(does(&w), expected, "{ms}");
    }
}

#[test]
fn what_nobody_saw_in_etcd_is_not_given_back_once_it_was_deployed() {
    for (status, expected) in [
        (MachineStatus::FailedDeployment, &["c/cp/cp-3/release"][..]),
        (MachineStatus::Deployed, &[][..]),
    ] {
        let mut w = cluster(3, 0, 1);
        w.desired.clusters[0].etcd = lifecycle_core::Etcd::Opaque;
        w.observed.etcd.clear();
        lose(&mut w, "c", "cp-3");
        place(&mut w, "c", "cp", "cp-3", "f1", status);
        let n = node_of(&mut w, "c", "cp-3");
        (n.revision, n.created_ms) = (Some("r1".into()), T0 - 10_000_000);
        assert_eq!(does(&w), expected, "{status:?}");
    }
}

#[test]
fn a_lost_majority_is_cycled_back_even_in_a_mass_failure() {
    let mut w = cluster(3, 1, 0);
    for id in ["cp-1", "cp-2", "cp-3", "w-1"] {
        down(&mut w, "c", id, 400);
    }
    let c = &answer(&w).status.clusters["c"];
    assert!(c.has(ConditionCode::MassFailure) && c.has(ConditionCode::QuorumLost));
    assert_eq!(does(&w), ["c/cp/cp-1/power_cycle"], "and no worker");
}

/// A frozen rollout to r2, whose back-off is over.
fn frozen() -> lifecycle_core::RolloutMemory {
    lifecycle_core::RolloutMemory {
        revision: "r2".into(),
        failures: 2,
        failed_ms: Some(T0 - 20_000_000),
        frozen_ms: Some(T0 - 20_000_000),
        started_ms: T0 - 30_000_000,
        last_progress_ms: T0 - 20_000_000,
        ..Default::default()
    }
}

#[test]
fn no_control_plane_node_is_mended_with_an_older_version_than_another_has() {
    for (newest, expected) in [("1.33.0", "r1"), ("1.34.0", "r2")] {
        let mut w = cluster(5, 0, 1);
        rolls(&mut w, "cp", EXPAND);
        pool(&mut w, "c", "cp").k8s_version = Some("1.34.0".parse().unwrap());
        for k in 1..=5 {
            let n = node_of(&mut w, "c", &format!("cp-{k}"));
            n.k8s_version = Some("1.33.0".parse().unwrap());
        }
        let n = node_of(&mut w, "c", "cp-5");
        (n.revision, n.k8s_version) = (Some("r2".into()), Some(newest.parse().unwrap()));
        lose(&mut w, "c", "cp-1");
        let view = w.observed.etcd.get_mut("c").unwrap();
        view.members.retain(|m| m.name != "cp-1");
        w.memory.pools.entry("c/cp".into()).or_default().rollout = Some(frozen());
        place(&mut w, "c", "cp", "cp-6", "f1", MachineStatus::Allocated);
        let n = node_of(&mut w, "c", "cp-6");
        (n.revision, n.created_ms) = (None, T0 - 1000);
        let d = answer(&w);
        let deployed = d.actions.iter().find_map(|a| match &a.verb {
            Verb::Deploy { revision, .. } => Some(revision.as_str()),
            _ => None,
        });
        assert_eq!(deployed, Some(expected), "{newest}");
    }
}
