//! Laws of one pool.
use lifecycle_core::{
    Action, ClusterSpec, DrainBy, MachineStatus, Maintenance, OnNoSpare, PoolSpec, Repave, State,
    Strategy, Tri, Verb, Version, World,
};

use super::common::scopes::{self, CONTRACT, EXPAND};
use super::common::trace::{Taken, down, first, lose, member, node_of, place, place_joined, run};
use super::common::{T0, add_running, machine_for, pool, world};
use super::laws::{all_on, control_plane, creates, is_drain, never, rolls, workers};

pub(super) fn replaceable() {
    for of_workers in [false, true] {
        let trace = run(scopes::outgrown(of_workers).world, 5, |_| {});
        never(&trace, "3.5.1 replaceable", |_, a| is_drain(a));
    }
}

pub(super) fn held_counts_returning() {
    let mut w = control_plane(3, 2);
    rolls(&mut w, "cp", EXPAND);
    place_joined(&mut w, "c", "cp", "cp-4", "f1");
    member(&mut w, "c", "cp-4", false, Tri::True);
    let m = machine_for(&mut w, "c-cp-1");
    (m.status, m.status_since_ms) = (MachineStatus::Releasing, Some(T0 - 10_000));
    w.observed.etcd.get_mut("c").unwrap().members.remove(0);
    never(&[first(w)], "I-A2", |_, a| creates(a));
}

pub(super) fn floor() {
    let available = |w: &World| {
        let well = |n: &&lifecycle_core::Node| {
            n.ready.is_true() && !n.cordoned && n.maintenance == Maintenance::None
        };
        w.observed.nodes.iter().filter(well).count()
    };
    let keeps = |trace: &[Taken], least: usize| {
        never(trace, "I-A1", |w, a| is_drain(a) && available(w) <= least);
    };
    // Contract First with one node in maintenance.
    let mut w = workers(3, 0);
    rolls(&mut w, "w", CONTRACT);
    let n = node_of(&mut w, "c", "w-3");
    (n.revision, n.maintenance) = (Some("r2".into()), Maintenance::Cordoned);
    keeps(&run(w, 5, |_| {}), 2);
    // A surplus of which an operator drains one.
    let mut w = workers(4, 0);
    pool(&mut w, "c", "w").size = 3;
    let n = node_of(&mut w, "c", "w-4");
    n.maintenance = Maintenance::Cordoned;
    n.drain.by = DrainBy::Operator;
    keeps(&run(w, 5, |_| {}), 3);
}

pub(super) fn ceiling() {
    let mut w = workers(3, 3);
    let one_more = Strategy::Custom {
        max_surge: lifecycle_core::Pct::Count(1),
        max_unavailable: lifecycle_core::Pct::Count(0),
    };
    rolls(&mut w, "w", one_more);
    pool(&mut w, "c", "w").max_parallel = 3;
    let n = first(w)
        .decision
        .actions
        .iter()
        .filter(|a| creates(a))
        .count();
    assert_eq!(n, 1, "I-A2 of 3 nodes and a surge of 1");
}

pub(super) fn failure_limit() {
    let mut w = workers(5, 3);
    rolls(&mut w, "w", EXPAND);
    for (node, machine) in [("w-6", "f1"), ("w-7", "f2")] {
        place(
            &mut w,
            "c",
            "w",
            node,
            machine,
            MachineStatus::FailedDeployment,
        );
    }
    let trace = run(w, 40, |_| {});
    never(&trace, "I-A4", |_, a| creates(a) || is_drain(a));
    assert!(trace.len() < 40 || !all_on(), "it comes to rest");
}

pub(super) fn fallback_only_if_asked() {
    for mut w in [control_plane(3, 0), workers(3, 0)] {
        let id = if w.desired.clusters[0].control_plane.is_some() {
            "cp"
        } else {
            "w"
        };
        rolls(&mut w, id, EXPAND);
        pool(&mut w, "c", id).on_no_spare = OnNoSpare::Wait;
        never(&run(w, 5, |_| {}), "3.5.1 wait", |_, a| is_drain(a));
    }
}

pub(super) fn remediation_budget() {
    let mut w = workers(12, 2);
    pool(&mut w, "c", "w").max_unhealthy = lifecycle_core::Pct::Percent(10);
    for id in ["w-1", "w-2"] {
        down(&mut w, "c", id, 2000);
        // The ladder has been climbed.
        w.memory
            .nodes
            .entry(format!("c/{id}"))
            .or_default()
            .power_cycle_ms = Some(T0 - 1_200_000);
    }
    never(&[first(w.clone())], "W-b", |_, a| is_drain(a));
    let n = node_of(&mut w, "c", "w-2");
    (n.ready, n.ready_since_ms) = (Tri::True, Some(T0 - 1000));
    assert!(
        first(w).decision.actions.iter().any(is_drain),
        "W-b one of twelve may be replaced"
    );
}

pub(super) fn version_skew() {
    // The control plane is on its way from 1.33 to 1.34 and the pool's only worker is lost.
    let mut w = world(2);
    let at = |p: PoolSpec, minor| PoolSpec {
        k8s_version: Some(Version::new(1, minor, 0)),
        ..p
    };
    let spec = ClusterSpec::new("c")
        .control_plane(at(PoolSpec::control_plane("cp", 3), 33))
        .worker(at(PoolSpec::worker("w", 1), 33));
    add_running(&mut w, spec);
    lose(&mut w, "c", "w-1");
    for id in ["cp", "w"] {
        rolls(&mut w, id, EXPAND);
        pool(&mut w, "c", id).k8s_version = Some(Version::new(1, 34, 0));
    }
    let trace = run(w, 300, |_| {});
    never(&trace, "I-L7", |w, a| {
        let of_etcd = |id: &str| w.observed.etcd["c"].members.iter().any(|m| m.name == id);
        let old = |n: &lifecycle_core::Node| {
            of_etcd(&n.id) && n.k8s_version == Some(Version::new(1, 33, 0))
        };
        a.pool() == Some("w") && w.observed.nodes.iter().any(old)
    });
    let refilled = |(_, a): (&World, &Action)| a.pool() == Some("w") && creates(a);
    assert!(
        trace.iter().flat_map(Taken::actions).any(refilled) || !all_on(),
        "then it is refilled"
    );
}

pub(super) fn approval() {
    for repave in [Repave::Pending, Repave::Reverted] {
        let mut w = workers(3, 1);
        rolls(&mut w, "w", EXPAND);
        pool(&mut w, "c", "w").approved_revision = Some("r1".into());
        w.desired.clusters[0].repave = repave;
        never(&run(w, 3, |_| {}), "G49", |_, a| creates(a) || is_drain(a));
    }
}

pub(super) fn locked() {
    let mut w = workers(3, 1);
    rolls(&mut w, "w", EXPAND);
    node_of(&mut w, "c", "w-1").maintenance = Maintenance::Locked;
    machine_for(&mut w, "c-w-2").locked = true;
    let trace = run(w, 100, |_| {});
    never(&trace, "I-A3", |_, a| {
        matches!(a.node(), Some("w-1" | "w-2"))
    });
    let last = trace.last().unwrap();
    assert!(
        last.decision.status.clusters["c"].state == State::Running || !all_on(),
        "all others are rolled"
    );
}

pub(super) fn mass_failure() {
    let mut w = workers(9, 2);
    pool(&mut w, "c", "w").max_unhealthy = lifecycle_core::Pct::Percent(100);
    for k in 1..=4 {
        down(&mut w, "c", &format!("w-{k}"), 400);
    }
    never(&[first(w)], "3.5.2b", |_, a| {
        !matches!(
            a.verb,
            Verb::PowerOn { .. } | Verb::Record { .. } | Verb::Notify { .. }
        )
    });
}

pub(super) fn stale_observation() {
    let mut w = workers(3, 1);
    rolls(&mut w, "w", EXPAND);
    w.observed.as_of_ms = T0 - 600_001;
    never(&[first(w.clone())], "3.5.2a", |_, _| true);
    w.observed.as_of_ms = T0 - 600_000;
    assert!(
        !first(w).decision.actions.is_empty(),
        "3.5.2a ten minutes are not too old"
    );
}
