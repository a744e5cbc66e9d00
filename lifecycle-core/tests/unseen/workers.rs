//! 3.5.4 and 3.5.6: single moments of worker pools.
use lifecycle_core::{
    ConditionCode, DrainState, Machine, MachineMemory, MachineStatus, Maintenance, NetSpec,
    NodeMemory, Pct, Repave, Rollout, RolloutMemory, State, Subnet, Verb, Verdict, Version, World,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, drains, lose, node_of, place, place_joined};
use crate::common::{T0, machine_for, pool};
use crate::{answer, cluster, does, rolls, why};

fn wk(n: u32, free: u32) -> World {
    cluster(0, n, free)
}

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

#[test]
fn the_budget_of_remediation() {
    // size, unhealthy, max_unhealthy: at most max(1, floor).
    for (n, bad, limit, drained) in [
        (10, 1, Pct::Percent(1), true),
        (10, 2, Pct::Percent(19), false),
        (10, 2, Pct::Percent(20), true),
        (10, 3, Pct::Count(2), false),
        (10, 3, Pct::Count(3), true),
        (2, 1, Pct::Percent(40), true),
        (2, 2, Pct::Percent(40), false),
        (2, 1, Pct::Count(0), true),
    ] {
        let mut w = wk(n, 0);
        pool(&mut w, "c", "w").max_unhealthy = limit;
        for k in 1..=bad {
            unhealthy(&mut w, &format!("w-{k}"));
        }
        let expected: &[&str] = if drained { &["c/w/w-1/drain"] } else { &[] };
        assert_eq!(does(&w), expected, "{bad} of {n}, {limit:?}");
        let exhausted = answer(&w).status.clusters["c"].has(ConditionCode::CannotRemediate);
        assert_eq!(exhausted, !drained, "{bad} of {n}, {limit:?}");
        // An operator's pause and the policy both stop it.
        w.desired.clusters[0].paused = true;
        assert_eq!(does(&w), [""; 0]);
    }
}

#[test]
fn the_ladder_and_then_a_replacement() {
    use lifecycle_core::Power::{Error, Off, On, Unknown};
    let step = |power, s: i64, on: Option<i64>, cycle: Option<i64>| {
        let mut w = wk(4, 0);
        down(&mut w, "c", "w-1", s);
        machine_for(&mut w, "c-w-1").power = power;
        let ago = |s: Option<i64>| s.map(|s| T0 - s * 1000);
        let mem = NodeMemory {
            suspect_since_ms: Some(T0 - s * 1000),
            power_on_ms: ago(on),
            power_cycle_ms: ago(cycle),
        };
        w.memory.nodes.insert("c/w-1".into(), mem);
        does(&w)
            .first()
            .map_or(String::new(), |a| a.rsplit('/').next().unwrap().to_owned())
    };
    for (power, s, on, cycle, expected) in [
        (Off, 0, None, None, "power_on"),
        (Off, 599, Some(599), None, ""),
        // The rung has ended, the next is an hour after it: unhealthy.
        (Off, 600, Some(600), None, "drain"),
        (Off, 3599, Some(3599), None, "drain"),
        (Off, 3600, Some(3600), None, "power_on"),
        (On, 299, None, None, ""),
        (On, 300, None, None, "power_cycle"),
        (On, 899, None, Some(599), ""),
        (On, 900, None, Some(600), "drain"),
        (On, 3899, None, Some(3599), "drain"),
        (On, 3900, None, Some(3600), "power_cycle"),
        // A power-on first, then the cycle once its time is up.
        (On, 599, Some(599), None, ""),
        (On, 600, Some(600), None, "power_cycle"),
        (Unknown, 299, None, None, ""),
        (Unknown, 300, None, None, "drain"),
        (Error, 300, None, None, "drain"),
    ] {
        assert_eq!(
            step(power, s, on, cycle),
            expected,
            "{power:?} {s} {on:?} {cycle:?}"
        );
    }
}

#[test]
fn who_is_left_alone_by_the_ladder() {
    type Change = fn(&mut World);
    let rows: [(&str, Change); 6] = [
        ("locked in MAAS", |w| machine_for(w, "c-w-1").locked = true),
        ("locked", |w| {
            node_of(w, "c", "w-1").maintenance = Maintenance::Locked;
        }),
        ("cordoned", |w| {
            node_of(w, "c", "w-1").maintenance = Maintenance::Cordoned;
        }),
        ("rescue", |w| {
            machine_for(w, "c-w-1").status = MachineStatus::RescueMode;
        }),
        ("testing", |w| {
            machine_for(w, "c-w-1").status = MachineStatus::Testing;
        }),
        ("switched off", |w| w.policy.remediation = false),
    ];
    for (name, change) in rows {
        for power in [lifecycle_core::Power::On, lifecycle_core::Power::Off] {
            let mut w = wk(4, 1);
            down(&mut w, "c", "w-1", 3000);
            machine_for(&mut w, "c-w-1").power = power;
            change(&mut w);
            assert_eq!(does(&w), [""; 0], "{name}");
        }
    }
}

#[test]
fn a_surplus_takes_the_unfinished_first() {
    // 3 wanted, 4 there and a fifth on its way.
    let mut w = wk(4, 1);
    place(&mut w, "c", "w", "w-5", "f1", MachineStatus::Deploying);
    node_of(&mut w, "c", "w-5").revision = Some("r1".into());
    pool(&mut w, "c", "w").size = 3;
    let all = does(&w);
    assert_eq!(all[0], "c/w/w-5/release", "{all:?}");
    // Available nodes are kept at the size: one of two is not ready, the ready one stays.
    let mut w = wk(2, 0);
    pool(&mut w, "c", "w").size = 1;
    down(&mut w, "c", "w-2", 10);
    assert_eq!(does(&w), ["c/w/w-2/drain"]);
}

#[test]
fn a_surge_while_the_pool_shrinks_is_no_surplus() {
    // 3 wanted, 4 there, all outdated, Expand First: one above the size may stay, the surge's own.
    let mut w = wk(4, 1);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").size = 3;
    assert_eq!(does(&w), ["c/w/w-1/drain"]);
}

#[test]
fn what_is_missing_is_refilled_at_the_revision_that_holds() {
    let revision = |w: &World| {
        let mut w = w.clone();
        let d = answer(&w);
        let node = d.actions.iter().find_map(|a| match &a.verb {
            Verb::Allocate {
                node, system_id, ..
            } => Some((node.clone(), system_id.clone())),
            _ => None,
        });
        let (node, system_id) = node.expect("a node is created");
        let m = machine_for(&mut w, &system_id);
        m.status = MachineStatus::Allocated;
        m.owner = Some(lifecycle_core::Owner {
            cluster: "c".into(),
            pool: Some("w".into()),
            node: Some(node.clone()),
        });
        let mut n = lifecycle_core::Node::new("c", "w", &node);
        (n.system_id, n.created_ms, n.object) = (Some(system_id), T0, false);
        w.observed.nodes.push(n);
        w.memory = d.memory;
        answer(&w).actions.iter().find_map(|a| match &a.verb {
            Verb::Deploy { revision, .. } => Some(revision.clone()),
            _ => None,
        })
    };
    // The control plane is at its target: at the pool's target.
    let mut w = cluster(3, 3, 1);
    rolls(&mut w, "w", EXPAND);
    lose(&mut w, "c", "w-1");
    assert_eq!(revision(&w).as_deref(), Some("r2"));
    // It is not: at what most of the pool is made from.
    let mut w = cluster(3, 3, 1);
    rolls(&mut w, "w", EXPAND);
    rolls(&mut w, "cp", EXPAND);
    down(&mut w, "c", "cp-2", 10);
    lose(&mut w, "c", "w-1");
    assert_eq!(revision(&w).as_deref(), Some("r1"));
}

#[test]
fn what_stops_a_repave() {
    type Change = fn(&mut World);
    let rows: [(&str, Change, ConditionCode); 3] = [
        (
            "paused",
            |w| w.desired.clusters[0].paused = true,
            ConditionCode::Paused,
        ),
        (
            "pending",
            |w| {
                w.desired.clusters[0].repave = Repave::Pending;
                pool(w, "c", "w").approved_revision = Some("r1".into());
            },
            ConditionCode::RepavePendingApproval,
        ),
        (
            "no spare",
            |w| w.observed.machines.retain(|m| m.owner.is_some()),
            ConditionCode::CapacityShort,
        ),
    ];
    for (name, change, condition) in rows {
        let mut w = wk(3, 1);
        rolls(&mut w, "w", EXPAND);
        change(&mut w);
        assert_eq!(does(&w), [""; 0], "{name}");
        let d = answer(&w);
        assert!(d.status.clusters["c"].has(condition), "{name}");
        assert_eq!(d.next_wakeup_ms, None, "{name}");
    }
    // Not to be updated at all: as desired.
    let mut w = wk(3, 1);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").skip_update = true;
    assert_eq!(does(&w), [""; 0]);
    assert_eq!(answer(&w).status.clusters["c"].state, State::Running);
}

#[test]
fn a_pause_takes_drains_back_and_lets_nothing_be_deployed() {
    let mut w = wk(3, 1);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-1", DrainState::Done);
    place(&mut w, "c", "w", "w-4", "f1", MachineStatus::Allocated);
    node_of(&mut w, "c", "w-4").created_ms = T0 - 1000;
    w.desired.clusters[0].paused = true;
    assert_eq!(does(&w), ["c/w/w-1/cancel_drain"]);
    w.desired.clusters[0].paused = false;
    assert_eq!(does(&w), ["c/w/w-1/release", "c/w/w-4/deploy"]);
}

#[test]
fn a_zone_that_is_taken_away_makes_its_nodes_outdated() {
    let mut w = crate::common::world(2);
    let spec = lifecycle_core::PoolSpec::worker("w", 3).azs(["z1", "z2"]);
    crate::common::add_running(&mut w, lifecycle_core::ClusterSpec::new("c").worker(spec));
    pool(&mut w, "c", "w").azs = vec!["z1".into()];
    assert_eq!(does(&w), ["c/w/w-4/allocate"]);
    let s = crate::story(w, &[]);
    assert_eq!(s.tokens, "+w-4 w-4✓ -w-2 w-2✗");
}

#[test]
fn contract_first_needs_a_machine_for_the_replacement_now() {
    type Change = fn(&mut World);
    let rows: [(&str, Change, bool); 8] = [
        ("its own", |_| {}, true),
        ("too small", |w| pool(w, "c", "w").min_cpu = 17, false),
        (
            "too little memory",
            |w| pool(w, "c", "w").min_mem_mib = 65_537,
            false,
        ),
        (
            "too little disk",
            |w| pool(w, "c", "w").min_disk_gb = 501,
            false,
        ),
        (
            "another pool",
            |w| pool(w, "c", "w").resource_pool = "other".into(),
            false,
        ),
        (
            "a tag",
            |w| pool(w, "c", "w").tags = vec!["gpu".into()],
            false,
        ),
        (
            "locked",
            |w| w.observed.machines.iter_mut().for_each(|m| m.locked = true),
            false,
        ),
        (
            "quarantined",
            |w| {
                for k in 1..=3 {
                    let until = MachineMemory {
                        failures: vec![T0 - 1000],
                        quarantined_until_ms: Some(T0 + 1),
                        ..MachineMemory::default()
                    };
                    w.memory.machines.insert(format!("c-w-{k}"), until);
                }
            },
            false,
        ),
    ];
    for (name, change, drained) in rows {
        let mut w = wk(3, 0);
        rolls(&mut w, "w", CONTRACT);
        change(&mut w);
        let expected: &[&str] = if drained { &["c/w/w-1/drain"] } else { &[] };
        assert_eq!(does(&w), expected, "{name}");
        // A free machine that fits will do.
        let p = pool(&mut w, "c", "w").clone();
        let mut m = Machine::ready("big", "z1", 64, 262_144, 4000);
        m.resource_pool = p.resource_pool;
        m.tags = p.tags;
        w.observed.machines.push(m);
        let locked = name == "locked";
        assert_eq!(does(&w).is_empty(), locked, "{name}, a free machine");
    }
}

#[test]
fn an_address_is_a_spare_too() {
    let with = |strategy, free_ips| {
        let mut w = wk(3, 2);
        rolls(&mut w, "w", strategy);
        w.desired.clusters[0].network = NetSpec {
            subnet: Some("s".into()),
            ..NetSpec::default()
        };
        let s: Subnet = serde_json::from_value(
            serde_json::json!({"id": "s", "cidr": "10.0.0.0/24", "free_ips": free_ips}),
        )
        .unwrap();
        w.observed.subnets = vec![s];
        w
    };
    assert_eq!(does(&with(EXPAND, 1)), ["c/w/w-4/allocate"]);
    let w = with(EXPAND, 0);
    assert_eq!(does(&w), [""; 0]);
    assert_eq!(
        why(&answer(&w), "c/w"),
        Some((Verdict::Blocked, "E_IP_SHORT".into()))
    );
    // Contract First: the node's own machine brings its address along.
    assert_eq!(does(&with(CONTRACT, 0)), ["c/w/w-1/drain"]);
}

#[test]
fn quarantine_doubles_from_half_an_hour_to_a_day() {
    for (before, s) in [
        (0, 1800),
        (1, 3600),
        (2, 7200),
        (3, 14_400),
        (4, 28_800),
        (5, 57_600),
        (6, 86_400),
        (7, 86_400),
    ] {
        let mut w = wk(2, 1);
        pool(&mut w, "c", "w").size = 3;
        place(
            &mut w,
            "c",
            "w",
            "w-3",
            "f1",
            MachineStatus::FailedDeployment,
        );
        node_of(&mut w, "c", "w-3").revision = Some("r1".into());
        let failures = (0..before).map(|i| T0 - 80_000_000 + i * 1000).collect();
        w.memory.machines.insert(
            "f1".into(),
            MachineMemory {
                failures,
                ..MachineMemory::default()
            },
        );
        let mem = answer(&w).memory.machines["f1"].clone();
        assert_eq!(
            mem.quarantined_until_ms,
            Some(T0 + s * 1000),
            "{before} before"
        );
        assert_eq!(mem.failures.len(), (before as usize + 1).min(8));
    }
    // What failed more than a day ago is forgotten.
    for (ms, s) in [(86_400_001, 1800), (86_399_999, 3600)] {
        let mut w = wk(2, 1);
        pool(&mut w, "c", "w").size = 3;
        place(
            &mut w,
            "c",
            "w",
            "w-3",
            "f1",
            MachineStatus::FailedDeployment,
        );
        w.memory.machines.insert(
            "f1".into(),
            MachineMemory {
                failures: vec![T0 - ms],
                ..MachineMemory::default()
            },
        );
        let until = answer(&w).memory.machines["f1"].quarantined_until_ms;
        assert_eq!(until, Some(T0 + s * 1000), "{ms} ms ago");
    }
    // And what is quarantined is not taken before its time.
    for (until, taken) in [(T0 + 1, false), (T0, true)] {
        let mut w = wk(2, 1);
        pool(&mut w, "c", "w").size = 3;
        let mem = MachineMemory {
            failures: vec![T0 - 1000],
            quarantined_until_ms: Some(until),
            ..MachineMemory::default()
        };
        w.memory.machines.insert("f1".into(), mem);
        let expected: &[&str] = if taken { &["c/w/w-3/allocate"] } else { &[] };
        assert_eq!(does(&w), expected);
        assert!(answer(&w).next_wakeup_ms.is_some());
    }
}

#[test]
fn three_failures_of_a_machine_are_told_before_it_is_given_back() {
    for (before, told) in [(1, false), (2, true)] {
        let mut w = wk(2, 1);
        pool(&mut w, "c", "w").size = 3;
        place(
            &mut w,
            "c",
            "w",
            "w-3",
            "f1",
            MachineStatus::FailedDeployment,
        );
        let failures = (0..before).map(|i| T0 - 7_200_000 + i).collect();
        w.memory.machines.insert(
            "f1".into(),
            MachineMemory {
                failures,
                ..MachineMemory::default()
            },
        );
        let suggests =
            |v: &Verb| matches!(v, Verb::Notify { code, .. } if code == "SuggestMarkBroken");
        assert_eq!(answer(&w).actions.iter().any(|a| suggests(&a.verb)), told);
    }
}

#[test]
fn an_unhealthy_nodes_machine_is_quarantined_when_it_goes_and_an_outdated_ones_is_not() {
    let mut w = wk(3, 1);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-1", DrainState::Done);
    let d = answer(&w);
    assert!(d.actions.iter().any(|a| a.id == "c/w/w-1/release"));
    assert!(
        d.memory
            .machines
            .get("c-w-1")
            .is_none_or(|m| m.quarantined_until_ms.is_none())
    );
    let mut w = wk(3, 1);
    unhealthy(&mut w, "w-1");
    drains(&mut w, "c", "w-1", DrainState::Done);
    let d = answer(&w);
    assert!(d.actions.iter().any(|a| a.id == "c/w/w-1/release"));
    assert_eq!(
        d.memory.machines["c-w-1"].quarantined_until_ms,
        Some(T0 + 1_800_000)
    );
}

/// A pool of five frozen at r2 since a minute.
fn frozen() -> World {
    let mut w = wk(5, 3);
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

#[test]
fn a_frozen_pool_gives_back_mends_and_fills_up_but_replaces_nothing() {
    assert_eq!(does(&frozen()), [""; 0]);
    let d = answer(&frozen());
    assert!(d.status.clusters["c"].has(ConditionCode::Frozen));
    assert_eq!(d.next_wakeup_ms, None);
    let mut w = frozen();
    lose(&mut w, "c", "w-1");
    assert_eq!(does(&w), ["c/w/w-6/allocate"], "refill");
    let mut w = frozen();
    unhealthy(&mut w, "w-1");
    assert_eq!(does(&w), ["c/w/w-1/drain"], "remediation");
    let mut w = frozen();
    pool(&mut w, "c", "w").size = 3;
    assert_eq!(does(&w), [""; 0], "I-A4: no healthy old node goes");
    for id in ["w-4", "w-5"] {
        node_of(&mut w, "c", id).revision = Some("r2".into());
        node_of(&mut w, "c", id).joined_ms = Some(T0 - 900_000);
    }
    assert_eq!(does(&w), ["c/w/w-4/drain"], "giving back");
    // Another revision ends it.
    let mut w = frozen();
    pool(&mut w, "c", "w").revision = "r3".into();
    assert_eq!(does(&w), ["c/w/w-6/allocate"]);
    assert_eq!(
        answer(&w).status.clusters["c"].pools["w"].rollout,
        Rollout::Progressing
    );
}

#[test]
fn the_second_failure_freezes_and_a_success_between_them_does_not() {
    let failing = |failures, success: bool| {
        let mut w = wk(5, 2);
        rolls(&mut w, "w", EXPAND);
        let rollout = RolloutMemory {
            revision: "r2".into(),
            started_ms: T0 - 3_000_000,
            last_progress_ms: T0 - 3_000_000,
            failures,
            failed_machines: if failures > 0 {
                vec!["f2".into()]
            } else {
                vec![]
            },
            failed_ms: (failures > 0).then_some(T0 - 1_500_000),
            ..RolloutMemory::default()
        };
        w.memory.pools.entry("c/w".into()).or_default().rollout = Some(rollout);
        if success {
            let mut m = w.observed.machines[0].clone();
            m.system_id = "s".into();
            w.observed.machines.push(m);
            place_joined(&mut w, "c", "w", "w-7", "s");
        }
        place(
            &mut w,
            "c",
            "w",
            "w-6",
            "f1",
            MachineStatus::FailedDeployment,
        );
        matches!(
            answer(&w).status.clusters["c"].pools["w"].rollout,
            Rollout::Frozen(_)
        )
    };
    assert!(!failing(0, false));
    assert!(failing(1, false));
    assert!(!failing(1, true), "one at the target has joined since");
}

#[test]
fn versions_of_workers_follow_the_control_plane() {
    let world = |cp: u32, from: u32, to: u32| {
        let mut w = cluster(1, 2, 2);
        pool(&mut w, "c", "cp").k8s_version = Some(Version::new(1, cp, 0));
        rolls(&mut w, "w", EXPAND);
        pool(&mut w, "c", "w").k8s_version = Some(Version::new(1, to, 0));
        for n in &mut w.observed.nodes {
            let minor = if n.pool == "cp" { cp } else { from };
            n.k8s_version = Some(Version::new(1, minor, 0));
        }
        w
    };
    assert_eq!(does(&world(33, 32, 33)), ["c/w/w-3/allocate"]);
    assert_eq!(
        does(&world(33, 31, 30)),
        ["c/w/w-3/allocate"],
        "back within the skew"
    );
    assert_eq!(
        does(&world(33, 33, 34)),
        [""; 0],
        "never above the control plane"
    );
    // The control plane's node is still at the minor before: wait for it.
    let mut w = world(34, 33, 34);
    node_of(&mut w, "c", "cp-1").k8s_version = Some(Version::new(1, 33, 0));
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn while_it_is_provisioned_a_failing_revision_is_tried_again_and_never_frozen() {
    let mut w = wk(3, 2);
    w.observed.clusters.get_mut("c").unwrap().provisioned_ms = None;
    pool(&mut w, "c", "w").size = 4;
    w.memory.pools.entry("c/w".into()).or_default().rollout = Some(RolloutMemory {
        revision: "r1".into(),
        failures: 2,
        failed_ms: Some(T0 - 1000),
        started_ms: T0 - 1_000_000,
        last_progress_ms: T0 - 1000,
        ..RolloutMemory::default()
    });
    for n in &mut w.observed.nodes {
        n.joined_ms = Some(T0 - 2_000_000);
    }
    let d = answer(&w);
    assert_eq!(d.status.clusters["c"].state, State::Provisioning);
    assert!(!d.status.clusters["c"].has(ConditionCode::Frozen));
    assert_eq!(
        d.next_wakeup_ms,
        Some(T0 + 299_000),
        "5 minutes after the failure"
    );
    w.observed.clusters.get_mut("c").unwrap().provisioned_ms = Some(T0 - 5);
    assert!(answer(&w).status.clusters["c"].has(ConditionCode::Frozen));
}

#[test]
fn a_node_that_is_gone_is_progress() {
    // 3 × (30 + 1800 + 300 + 180 + 600 + 30 + 180) s without any.
    for (gone, stands) in [(false, true), (true, false)] {
        let mut w = wk(3, 2);
        rolls(&mut w, "w", CONTRACT);
        drains(&mut w, "c", "w-1", DrainState::Running);
        w.memory.pools.entry("c/w".into()).or_default().rollout = Some(RolloutMemory {
            revision: "r2".into(),
            started_ms: T0 - 9_360_000,
            last_progress_ms: T0 - 9_360_000,
            ..RolloutMemory::default()
        });
        if gone {
            w.observed.machines.retain(|m| m.system_id != "c-w-2");
        }
        let frozen = answer(&w).status.clusters["c"].has(ConditionCode::Frozen);
        assert_eq!(frozen, stands);
    }
}

#[test]
fn one_free_machine_stands_in_for_one_node() {
    // Their own machines are too small by now, and of the large ones there are so many.
    for (large, drained) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
        let mut w = wk(4, 0);
        rolls(&mut w, "w", CONTRACT);
        let p = pool(&mut w, "c", "w");
        (p.max_parallel, p.min_cpu) = (2, 32);
        for k in 0..large {
            let m = Machine::ready(format!("large-{k}"), "z1", 64, 262_144, 4000);
            w.observed.machines.push(m);
        }
        assert_eq!(does(&w).len(), drained, "{large} large ones");
    }
}

#[test]
fn the_address_of_a_planned_node_is_taken() {
    for (free_ips, more) in [(1, 0), (2, 1)] {
        let mut w = wk(2, 3);
        pool(&mut w, "c", "w").size = 4;
        w.desired.clusters[0].network.subnet = Some("s".into());
        let s = serde_json::json!({"id": "s", "cidr": "10.0.0.0/24", "free_ips": free_ips});
        w.observed.subnets = vec![serde_json::from_value::<Subnet>(s).unwrap()];
        let all = answer(&w).actions;
        let first = all.into_iter().find(|a| a.id == "c/w/w-3/allocate");
        w.observed.pending = vec![lifecycle_core::PendingAction {
            action: first.unwrap(),
            issued_ms: T0 - 1000,
        }];
        assert_eq!(does(&w).len(), more, "{free_ips} addresses");
    }
}

#[test]
fn no_more_nodes_are_drained_than_may_be_whatever_the_reason() {
    // w-2 drains, and has just stopped being ready: neither remediation nor fallback begins another one.
    let mut w = wk(5, 0);
    rolls(&mut w, "w", CONTRACT);
    drains(&mut w, "c", "w-2", DrainState::Running);
    down(&mut w, "c", "w-2", 10);
    unhealthy(&mut w, "w-1");
    assert_eq!(does(&w), [""; 0]);
    let mut w = wk(4, 0);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").on_no_spare = lifecycle_core::OnNoSpare::FallbackContract;
    drains(&mut w, "c", "w-1", DrainState::Running);
    for id in ["w-1", "w-2"] {
        down(&mut w, "c", id, 10);
    }
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn a_node_with_a_call_under_way_is_passed_over() {
    let mut w = wk(3, 0);
    rolls(&mut w, "w", CONTRACT);
    let verb = Verb::ApplyInPlace {
        node: "w-1".into(),
        inplace_revision: "i".into(),
    };
    w.observed.pending = vec![lifecycle_core::PendingAction {
        action: lifecycle_core::Action::new("c", "w", "w-1", verb),
        issued_ms: T0 - 1000,
    }];
    assert_eq!(does(&w), ["c/w/w-2/drain"]);
}

#[test]
fn a_shrink_lowers_what_was_reached() {
    let mut w = wk(5, 0);
    let reached = |w: &World| answer(w).memory.pools["c/w"].reached;
    assert_eq!(reached(&w), Some(5));
    w.memory = answer(&w).memory;
    pool(&mut w, "c", "w").size = 3;
    assert_eq!(reached(&w), Some(3));
    w.memory = answer(&w).memory;
    pool(&mut w, "c", "w").size = 7;
    assert_eq!(reached(&w), Some(3));
}
