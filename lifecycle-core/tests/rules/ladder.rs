//! 3.5.2 The power ladder: what is tried before a node is replaced, when, and how often.
use lifecycle_core::{Etcd, MachineStatus, Maintenance, Power, Tri, Verb, World};

use crate::common::trace::{down, first, node_of};
use crate::common::{T0, machine_for};
use crate::{control_plane, ids, is_drain, workers};

/// One worker of five that is not ready since so many seconds.
fn one_down(seconds: i64) -> World {
    let mut w = workers(5, 0);
    down(&mut w, "c", "w-1", seconds);
    w
}

fn powered(w: World) -> Vec<String> {
    let taken = first(w);
    let of = |v: &Verb| {
        matches!(
            v,
            Verb::PowerOn { .. } | Verb::PowerCycle { .. } | Verb::Drain { .. }
        )
    };
    taken
        .decision
        .actions
        .iter()
        .filter(|a| of(&a.verb))
        .map(|a| a.id.clone())
        .collect()
}

const ON: &[&str] = &["c/w/w-1/power_on"];
const CYCLE: &[&str] = &["c/w/w-1/power_cycle"];
const DRAIN: &[&str] = &["c/w/w-1/drain"];

#[test]
fn a_machine_that_is_off_is_switched_on_at_once_and_once_an_hour() {
    for (since_ms, expected) in [
        (None, ON),
        (Some(3_599_999), &[][..]),
        (Some(3_600_000), ON),
    ] {
        let mut w = one_down(1);
        machine_for(&mut w, "c-w-1").power = Power::Off;
        if let Some(ms) = since_ms {
            w.memory
                .nodes
                .entry("c/w-1".into())
                .or_default()
                .power_on_ms = Some(T0 - ms);
        }
        assert_eq!(powered(w), expected, "switched on {since_ms:?} ms ago");
    }
}

#[test]
fn a_machine_that_is_on_is_cycled_after_the_grace_period_and_once_an_hour() {
    for (seconds, expected) in [(299, &[][..]), (300, CYCLE)] {
        assert_eq!(powered(one_down(seconds)), expected, "down for {seconds} s");
    }
    for (since_ms, expected) in [
        (599_999, &[][..]),
        (600_000, DRAIN),
        (3_599_999, DRAIN),
        (3_600_000, CYCLE),
    ] {
        let mut w = one_down(3601);
        w.memory
            .nodes
            .entry("c/w-1".into())
            .or_default()
            .power_cycle_ms = Some(T0 - since_ms);
        assert_eq!(powered(w), expected, "cycled {since_ms} ms ago");
    }
}

#[test]
fn who_has_no_rung_is_replaced_after_the_grace_period() {
    for power in [Power::Unknown, Power::Error] {
        for (seconds, expected) in [(299, &[][..]), (300, DRAIN)] {
            let mut w = one_down(seconds);
            machine_for(&mut w, "c-w-1").power = power;
            assert_eq!(powered(w), expected, "{power:?} for {seconds} s");
        }
    }
}

#[test]
fn what_an_operator_holds_is_left_alone() {
    type Change = fn(&mut World);
    let changes: [(&str, Change); 5] = [
        ("locked", |w| {
            node_of(w, "c", "w-1").maintenance = Maintenance::Locked;
        }),
        ("in maintenance", |w| {
            node_of(w, "c", "w-1").maintenance = Maintenance::Cordoned;
        }),
        ("locked in MAAS", |w| machine_for(w, "c-w-1").locked = true),
        ("in rescue mode", |w| {
            machine_for(w, "c-w-1").status = MachineStatus::RescueMode;
        }),
        ("remediation off", |w| w.policy.remediation = false),
    ];
    for (what, change) in changes {
        for power in [Power::Off, Power::On] {
            let mut w = one_down(4000);
            machine_for(&mut w, "c-w-1").power = power;
            change(&mut w);
            assert!(powered(w).is_empty(), "{what}, power {power:?}");
        }
    }
}

#[test]
fn a_control_plane_node_is_cycled_only_when_its_member_is_known_to_be_down() {
    let world = |healthy: Tri| {
        let mut w = control_plane(3, 0);
        down(&mut w, "c", "cp-1", 400);
        w.observed.etcd.get_mut("c").unwrap().members[0].healthy = healthy;
        w
    };
    assert_eq!(powered(world(Tri::False)), ["c/cp/cp-1/power_cycle"]);
    assert_eq!(
        powered(world(Tri::Unknown)),
        ["c/cp/cp-1/drain"],
        "no rung is left"
    );
    let mut blind = world(Tri::False);
    blind.observed.etcd.get_mut("c").unwrap().reachable = false;
    assert!(powered(blind.clone()).is_empty());
    machine_for(&mut blind, "c-cp-1").power = Power::Off;
    assert_eq!(
        powered(blind),
        ["c/cp/cp-1/power_on"],
        "switching on harms nobody"
    );
}

#[test]
fn one_control_plane_node_is_cycled_at_a_time() {
    let mut w = control_plane(5, 0);
    down(&mut w, "c", "cp-1", 400);
    down(&mut w, "c", "cp-2", 400);
    assert_eq!(powered(w.clone()), ["c/cp/cp-1/power_cycle"]);
    w.memory
        .nodes
        .entry("c/cp-1".into())
        .or_default()
        .power_cycle_ms = Some(T0 - 1000);
    assert!(powered(w).is_empty(), "the first is still at it");
}

#[test]
fn with_external_etcd_another_node_must_be_active() {
    let mut w = control_plane(3, 0);
    w.desired.clusters[0].etcd = Etcd::External;
    w.observed.etcd.clear();
    for id in ["cp-1", "cp-2"] {
        down(&mut w, "c", id, 400);
    }
    assert_eq!(powered(w.clone()), ["c/cp/cp-1/power_cycle"]);
    // The third is not active: cordoned nodes are, not ready ones are not.
    down(&mut w, "c", "cp-3", 10);
    let taken = first(w);
    assert!(
        !ids(&taken).iter().any(|id| id.ends_with("power_cycle")),
        "{:?}",
        ids(&taken)
    );
    assert!(!taken.decision.actions.iter().any(is_drain));
}
