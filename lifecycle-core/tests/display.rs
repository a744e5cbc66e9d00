//! What people read: plans, decisions, refusals and findings as aligned tables. Each table is a file under `snapshots`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{T0, add_running, machine_for, pool, world};
use insta::assert_snapshot;
use lifecycle_core::{
    ClusterSpec, Desired, MachineStatus, NetSpec, NetworkInput, OnNoSpare, PcgSpec, PoolSpec,
    PreviewOptions, Request, Role, Strategy, Subnet, World, admit, check_capacity, decide,
    plan_network, preview, validate,
};

fn cluster(id: &str) -> ClusterSpec {
    ClusterSpec::new(id)
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2))
}

fn rolling(free: u32) -> World {
    let mut w = world(free);
    add_running(&mut w, cluster("c1"));
    pool(&mut w, "c1", "cp").revision = "r2".into();
    w
}

fn at(cidr: &str) -> NetSpec {
    NetSpec {
        subnet: Some("s1".into()),
        pod_cidr: cidr.parse().ok(),
        ..NetSpec::default()
    }
}

fn subnet(free_ips: u32) -> Subnet {
    Subnet {
        id: "s1".into(),
        cidr: "10.10.0.0/24".parse().unwrap(),
        free_ips,
        gateway: None,
        reserved: Vec::new(),
    }
}

#[test]
fn a_decision_that_acts() {
    assert_snapshot!(decide(&rolling(1)));
}

#[test]
fn a_decision_of_a_fleet_that_waits() {
    let mut w = rolling(0);
    add_running(&mut w, cluster("c2"));
    w.desired.clusters[1].paused = true;
    pool(&mut w, "c2", "w").revision = "r2".into();
    w.desired
        .clusters
        .push(cluster("c3").requested_ms(T0 - 1000));
    let gateway = PoolSpec::control_plane("gw", 1);
    w.desired.pcgs.push(PcgSpec::new("g1", gateway));
    w.memory.clock_hwm_ms = Some(T0 + 60_000);
    assert_snapshot!(decide(&w));
}

#[test]
fn a_decision_to_delete() {
    let mut w = rolling(1);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    machine_for(&mut w, "c1-w-1").locked = true;
    machine_for(&mut w, "c1-w-2").status = MachineStatus::FailedReleasing;
    assert_snapshot!(decide(&w));
}

#[test]
fn a_decision_about_nothing() {
    assert_snapshot!(decide(&world(0)));
}

#[test]
fn an_action_and_an_explanation_in_a_line() {
    let d = decide(&rolling(1));
    let lines: Vec<String> = d
        .actions
        .iter()
        .map(ToString::to_string)
        .chain(d.explain.iter().map(ToString::to_string))
        .collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_plan_with_its_risks_and_alternatives() {
    let mut w = rolling(0);
    pool(&mut w, "c1", "cp").strategy = Strategy::ContractFirst;
    assert_snapshot!(preview(&w, None, &PreviewOptions::default()));
}

#[test]
fn a_plan_that_does_not_come_to_its_end() {
    assert_snapshot!(preview(&rolling(0), None, &PreviewOptions::default()));
}

#[test]
fn refusals() {
    let mut w = rolling(1);
    w.desired.clusters[0].delete_requested_ms = Some(T0 - 60_000);
    let early = Request::ForceDelete {
        id: "c1".into(),
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    };
    let short = Request::Create {
        cluster: Box::new(cluster("c2")),
        queue_if_short: false,
    };
    let refusals = [early, short].map(|r| admit(&r, &w).unwrap_err().to_string());
    assert_snapshot!(refusals.join("\n\n"));
}

#[test]
fn an_admission_with_a_warning() {
    let w = rolling(0);
    let mut next = w.desired.clusters[0].clone();
    next.workers[0].revision = "r2".into();
    next.workers[0].on_no_spare = OnNoSpare::Wait;
    let update = Request::Update {
        cluster: Box::new(next),
    };
    assert_snapshot!(admit(&update, &w).unwrap());
}

#[test]
fn findings() {
    let mut spec = cluster("c1").network(at("10.96.3.0/16"));
    spec.workers[0].id = "cp".into();
    spec.control_plane.as_mut().unwrap().size = 4;
    let found = validate(&Desired {
        clusters: vec![spec],
        ..Desired::default()
    });
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_address_plan() {
    let desired = Desired {
        clusters: vec![
            cluster("c1").network(at("10.10.0.128/25")),
            cluster("cluster-2").network(at("10.244.0.0/16")),
        ],
        ..Desired::default()
    };
    assert_snapshot!(plan_network(&NetworkInput {
        desired,
        subnets: vec![subnet(12)],
        ..NetworkInput::default()
    }));
}

#[test]
fn a_report_of_capacity() {
    assert_snapshot!(check_capacity(&cluster("c2"), &rolling(4)));
}
