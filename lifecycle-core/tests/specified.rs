//! Rules that no golden scenario shows, each with the world in which it matters; named as in the specification.
#![allow(clippy::unwrap_used)]

mod common;

use common::scopes::CONTRACT;
use common::{T0, add_running, machine_for, pool, world};
use lifecycle_core::{
    ClusterSpec, ConditionCode, Decision, DiagnosticCode, Drain, DrainBy, DrainState, Etcd,
    MachineStatus, ManagedBy, Node, Owner, PcgObs, PcgSpec, PoolSpec, Power, Repave, State, Tri,
    UnblockKind, Verb, Verdict, World, decide,
};

fn cp(n: u32) -> ClusterSpec {
    ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", n))
}

fn workers(n: u32) -> ClusterSpec {
    ClusterSpec::new("c").worker(PoolSpec::worker("w", n))
}

fn ids(d: &Decision) -> Vec<&str> {
    d.actions.iter().map(|a| a.id.as_str()).collect()
}

fn verbs<'d>(d: &'d Decision, name: &str) -> Vec<&'d str> {
    d.actions
        .iter()
        .filter(|a| a.verb.name() == name)
        .map(|a| a.id.as_str())
        .collect()
}

fn node<'w>(w: &'w mut World, id: &str) -> &'w mut Node {
    w.observed.nodes.iter_mut().find(|n| n.id == id).unwrap()
}

fn fails(w: &mut World, id: &str, since_s: i64) {
    let n = node(w, id);
    (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - since_s * 1000));
    if let Some(v) = w.observed.etcd.get_mut("c") {
        for m in v
            .members
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(id))
        {
            m.healthy = Tri::False;
        }
    }
}

fn has(d: &Decision, code: ConditionCode) -> bool {
    d.status.clusters["c"]
        .conditions
        .iter()
        .any(|c| c.code == code)
}

#[test]
fn r3_1_a_size_above_every_limit_stops_its_cluster_and_no_other() {
    let mut w = world(2);
    let mut huge = workers(2);
    huge.id = "huge".into();
    add_running(&mut w, huge);
    add_running(&mut w, workers(2));
    pool(&mut w, "huge", "w").size = u32::MAX;
    pool(&mut w, "c", "w").size = 3;
    let d = decide(&w);
    assert_eq!(verbs(&d, "allocate"), ["c/w/w-3/allocate"]);
    let s = &d.status.clusters["huge"];
    assert!(
        s.conditions
            .iter()
            .any(|c| c.code == ConditionCode::InvalidSpec)
    );
}

#[test]
fn r3_1_an_invalid_specification_takes_its_drains_back() {
    let mut w = world(0);
    add_running(&mut w, workers(3));
    pool(&mut w, "c", "w").revision = "r2".into();
    pool(&mut w, "c", "w").max_parallel = 0;
    node(&mut w, "w-1").drain = Drain {
        by: DrainBy::Engine,
        state: DrainState::Done,
        started_ms: Some(T0 - 60_000),
        ..Drain::default()
    };
    assert_eq!(verbs(&decide(&w), "cancel_drain"), ["c/w/w-1/cancel_drain"]);
    assert!(verbs(&decide(&w), "release").is_empty());
}

#[test]
fn r3_1_names_are_not_reused_while_a_broken_machine_or_a_pending_call_shows_them() {
    let mut w = world(2);
    add_running(&mut w, workers(2));
    pool(&mut w, "c", "w").size = 3;
    let m = machine_for(&mut w, "f1");
    m.status = MachineStatus::Broken;
    m.owner = Some(Owner {
        cluster: "c".into(),
        pool: Some("w".into()),
        node: Some("w-7".into()),
    });
    assert_eq!(verbs(&decide(&w), "allocate"), ["c/w/w-8/allocate"]);
}

#[test]
fn r3_4_strays_that_do_not_come_back_are_released_again_and_not_held() {
    let mut w = world(2);
    add_running(&mut w, workers(3));
    pool(&mut w, "c", "w").strategy = CONTRACT;
    w.observed.nodes.retain(|n| n.id != "w-1");
    let m = machine_for(&mut w, "c-w-1");
    m.status = MachineStatus::FailedReleasing;
    m.status_since_ms = Some(T0 - 60_000);
    let d = decide(&w);
    assert_eq!(verbs(&d, "release"), ["c/w/w-1/release"]);
    assert_eq!(verbs(&d, "allocate"), ["c/w/w-4/allocate"]);
    assert!(has(&d, ConditionCode::ReturnStuck));
    assert_eq!(d.memory.machines["c-w-1"].tries, 1);
}

#[test]
fn r3_5_0_opaque_etcd_gets_no_surge_that_could_never_end() {
    let mut w = world(2);
    let mut spec = cp(3);
    spec.etcd = Etcd::Opaque;
    add_running(&mut w, spec);
    pool(&mut w, "c", "cp").revision = "r2".into();
    let d = decide(&w);
    assert!(verbs(&d, "allocate").is_empty(), "{:?}", ids(&d));
    assert!(has(&d, ConditionCode::EtcdNotObservable));
}

#[test]
fn r3_5_1_a_control_plane_without_an_approved_revision_creates_nothing() {
    let mut w = world(2);
    add_running(&mut w, cp(3));
    w.desired.clusters[0].repave = Repave::Pending;
    w.observed.nodes.retain(|n| n.id != "cp-1");
    let v = w.observed.etcd.get_mut("c").unwrap();
    v.members.retain(|m| m.name != "cp-1");
    w.observed.machines.retain(|m| m.system_id != "c-cp-1");
    let d = decide(&w);
    assert!(verbs(&d, "allocate").is_empty());
    assert!(has(&d, ConditionCode::RepavePendingApproval));
}

#[test]
fn r3_5_2_a_rung_that_a_guard_dropped_was_not_taken() {
    let mut w = world(0);
    add_running(&mut w, workers(3));
    fails(&mut w, "w-1", 30);
    machine_for(&mut w, "c-w-1").power = Power::Off;
    w.observed.as_of_ms = T0 - 700_000;
    let d = decide(&w);
    assert!(d.actions.is_empty());
    assert!(d.memory.nodes.values().all(|m| m.power_on_ms.is_none()));
    assert!(
        d.explain.iter().all(|e| e.verdict != Verdict::Did),
        "{:?}",
        d.explain
    );
    w.observed.as_of_ms = T0;
    w.memory = d.memory;
    assert_eq!(verbs(&decide(&w), "power_on"), ["c/w/w-1/power_on"]);
}

#[test]
fn r3_5_2_one_power_cycle_at_a_time_does_not_wait_for_a_power_on() {
    let mut w = world(0);
    add_running(&mut w, cp(3));
    fails(&mut w, "cp-1", 400);
    fails(&mut w, "cp-2", 400);
    machine_for(&mut w, "c-cp-1").power = Power::Off;
    let d = decide(&w);
    assert_eq!(ids(&d), ["c/cp/cp-1/power_on", "c/cp/cp-2/power_cycle"]);
}

#[test]
fn r3_5_2b_a_resumed_mass_failure_stops_again_once_it_was_over() {
    let mut w = world(0);
    add_running(&mut w, workers(6));
    for id in ["w-1", "w-2", "w-3"] {
        fails(&mut w, id, 30);
    }
    let d = decide(&w);
    assert!(has(&d, ConditionCode::MassFailure));
    w.memory = d.memory;
    w.desired.clusters[0].resumed_ms = Some(T0);
    let d = decide(&w);
    assert!(!has(&d, ConditionCode::MassFailure));
    // Over for one look, then again.
    w.memory = d.memory;
    let failed = w.observed.nodes.clone();
    for n in &mut w.observed.nodes {
        n.ready = Tri::True;
    }
    (w.now_ms, w.observed.as_of_ms) = (T0 + 60_000, T0 + 60_000);
    w.memory = decide(&w).memory;
    w.observed.nodes = failed;
    (w.now_ms, w.observed.as_of_ms) = (T0 + 120_000, T0 + 120_000);
    assert!(has(&decide(&w), ConditionCode::MassFailure));
}

#[test]
fn r3_5_4_a_pool_that_is_ahead_finishes_although_another_one_has_the_turn() {
    let mut w = world(0);
    let spec = ClusterSpec::new("c")
        .worker(PoolSpec::worker("w1", 2))
        .worker(PoolSpec::worker("w2", 3));
    add_running(&mut w, spec);
    pool(&mut w, "c", "w1").revision = "r2".into();
    let p = pool(&mut w, "c", "w2");
    (p.revision, p.size) = ("r2".into(), 2);
    node(&mut w, "w2-3").revision = Some("r2".into());
    let d = decide(&w);
    assert_eq!(verbs(&d, "drain"), ["c/w2/w2-1/drain"]);
}

#[test]
fn r3_4_a_gateway_that_only_palette_knows_blocks_while_it_works() {
    let mut w = world(1);
    let mut spec = cp(1);
    spec.pcg_id = Some("g".into());
    w.desired.clusters.push(spec);
    let mut seen = PcgObs::default();
    (seen.state, seen.healthy, seen.size) = (Some("Upgrading".into()), true, 1);
    w.observed.pcgs.insert("g".into(), seen.clone());
    let d = decide(&w);
    assert!(verbs(&d, "allocate").is_empty());
    assert!(has(&d, ConditionCode::QueuedBehindPcg));
    seen.state = Some("Running".into());
    w.observed.pcgs.insert("g".into(), seen);
    assert_eq!(verbs(&decide(&w), "allocate"), ["c/cp/cp-1/allocate"]);
}

#[test]
fn r3_4_what_palette_carries_out_is_explained_and_asked_for_again() {
    let mut w = world(0);
    let mut spec = cp(1);
    spec.managed_by = ManagedBy::Palette;
    add_running(&mut w, spec);
    let word = |w: &mut World, word: &str| {
        w.observed.clusters.get_mut("c").unwrap().state = Some(word.to_owned());
    };
    word(&mut w, "Running");
    let d = decide(&w);
    assert_eq!(d.status.clusters["c"].state, State::Running);
    assert_eq!(d.next_wakeup_ms, None);
    assert!(d.explain.is_empty());
    word(&mut w, "Provisioning");
    let d = decide(&w);
    assert_eq!(d.next_wakeup_ms, Some(T0 + 30_000));
    assert!(
        d.explain
            .iter()
            .any(|e| e.subject == "c" && e.verdict == Verdict::Waiting)
    );
    word(&mut w, "Error");
    let d = decide(&w);
    assert_eq!(
        d.status.clusters["c"].state,
        State::Running,
        "the last known one"
    );
    assert!(has(&d, ConditionCode::PaletteError));
    assert_eq!(d.next_wakeup_ms, Some(T0 + 30_000));
}

#[test]
fn r3_5_7_what_nobody_will_take_up_is_an_operators() {
    // Remediation is off, a node is locked, an operator drains: no wake-up, so somebody is named.
    let mut unwell = world(0);
    add_running(&mut unwell, workers(3));
    fails(&mut unwell, "w-1", 1000);
    unwell.policy.remediation = false;
    let mut locked = world(0);
    add_running(&mut locked, workers(3));
    pool(&mut locked, "c", "w").size = 2;
    for n in &mut locked.observed.nodes {
        n.maintenance = lifecycle_core::Maintenance::Locked;
    }
    let mut drained = world(0);
    add_running(&mut drained, workers(1));
    pool(&mut drained, "c", "w").revision = "r2".into();
    pool(&mut drained, "c", "w").strategy = CONTRACT;
    node(&mut drained, "w-1").drain.by = DrainBy::Operator;
    for mut w in [unwell, locked, drained] {
        // What was recorded is not awaited.
        w.observed.clusters.get_mut("c").unwrap().update_started_ms = Some(T0);
        let d = decide(&w);
        assert_eq!((ids(&d), d.next_wakeup_ms), (vec![], None));
        let help = |e: &lifecycle_core::Explain| {
            e.verdict == Verdict::Blocked
                && e.unblocks_when
                    .iter()
                    .any(|u| u.kind == UnblockKind::Operator)
        };
        assert!(d.explain.iter().any(help), "{:?}", d.explain);
    }
}

#[test]
fn r3_5_6_a_suggestion_comes_before_the_release() {
    let mut w = world(0);
    add_running(&mut w, workers(2));
    pool(&mut w, "c", "w").size = 3;
    let m = machine_for(&mut w, "c-w-2");
    m.status = MachineStatus::FailedDeployment;
    let n = node(&mut w, "w-2");
    (n.joined_ms, n.created_ms, n.ready) = (None, T0 - 600_000, Tri::Unknown);
    let mem = w.memory.machines.entry("c-w-2".into()).or_default();
    mem.failures = vec![T0 - 7_200_000, T0 - 3_600_000];
    let d = decide(&w);
    let place = |name: &str| {
        d.actions
            .iter()
            .position(|a| a.verb.name() == name)
            .unwrap()
    };
    assert!(place("notify") < place("release"), "{:?}", ids(&d));
}

#[test]
fn nodes_of_a_pool_that_is_no_more_are_named() {
    let mut w = world(0);
    add_running(&mut w, workers(1));
    w.desired.clusters[0].workers.clear();
    let d = decide(&w);
    assert!(
        d.diagnostics
            .iter()
            .any(|x| x.code == DiagnosticCode::UnknownPool)
    );
    assert!(
        d.actions
            .iter()
            .any(|a| matches!(a.verb, Verb::Drain { .. }))
    );
}

#[test]
fn duplicates_do_not_make_the_order_matter() {
    let mut w = world(0);
    add_running(&mut w, workers(3));
    pool(&mut w, "c", "w").size = 4;
    let mut free = w.observed.machines[0].clone();
    (free.status, free.owner) = (MachineStatus::Ready, None);
    w.observed.machines.push(free);
    let mut twice = w.observed.nodes[1].clone();
    twice.ready = Tri::False;
    w.observed.nodes.push(twice);
    let d = decide(&w);
    w.observed.machines.reverse();
    w.observed.nodes.reverse();
    assert_eq!(d, decide(&w));
}

#[test]
fn an_external_control_plane_without_another_active_node_is_not_cycled_silently() {
    let mut w = world(0);
    let mut spec = cp(1);
    spec.etcd = Etcd::External;
    add_running(&mut w, spec);
    fails(&mut w, "cp-1", 400);
    let d = decide(&w);
    assert!(ids(&d).is_empty());
    assert!(d.next_wakeup_ms.is_some() || d.explain.iter().any(|e| e.verdict == Verdict::Blocked));
}

#[test]
fn a_gateway_is_planned_like_a_cluster_and_its_labels_do_not_block() {
    let mut w = world(0);
    let mut g = cp(1);
    g.id = "g".into();
    add_running(&mut w, g);
    let spec = w.desired.clusters.pop().unwrap();
    let mut gateway = PcgSpec {
        id: "g".into(),
        managed_by: ManagedBy::Engine,
        requested_ms: 0,
        pool: spec.control_plane.unwrap(),
        network: spec.network,
        delete_requested_ms: None,
    };
    gateway.pool.inplace_revision = Some("labels-2".into());
    w.desired.pcgs.push(gateway);
    let d = decide(&w);
    assert_eq!(d.status.pcgs["g"].state, State::Running);
    assert_eq!(verbs(&d, "apply_in_place").len(), 1);
}
