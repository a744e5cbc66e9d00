//! Laws of machines, requests, clocks and gateways.
use lifecycle_core::{
    Action, ClusterSpec, Code, ForceDelete, MachineStatus, NetSpec, PendingAction, PoolSpec,
    Request, Role, State, Subnet, Verb, World, admit,
};

use super::common::scopes::{self, CONTRACT, EXPAND};
use super::common::trace::{Taken, add_gateway, first, lose, place, run};
use super::common::{T0, add_running, machine_for, pool, world};
use super::laws::{all_on, control_plane, creates, never, rolls, workers};

pub(super) fn reclaim() {
    let mut w = scopes::rolling(3, 2, EXPAND, 1).world;
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deploying);
    let taken = first(w);
    let gives =
        |a: &Action| matches!(&a.verb, Verb::Release { system_id, .. } if system_id == "f1");
    assert!(
        taken.decision.actions.iter().any(gives),
        "3.5.5 the surge keeps the machine"
    );
}

pub(super) fn constraints() {
    type Change = fn(&mut lifecycle_core::Machine);
    let lacks: [(&str, Change); 8] = [
        ("nothing", |_| {}),
        ("zone", |m| m.zone = "z9".into()),
        ("resource pool", |m| m.resource_pool = "other".into()),
        ("CPU", |m| m.cpu -= 1),
        ("memory", |m| m.mem_mib -= 1),
        ("disk", |m| m.disk_gb = vec![499, 9000]),
        ("architecture", |m| m.arch = "arm64".into()),
        ("tag", |m| m.tags = vec!["a".into()]),
    ];
    for (what, change) in lacks {
        let mut w = workers(2, 1);
        lose(&mut w, "c", "w-2");
        let m = machine_for(&mut w, "f1");
        (m.arch, m.tags) = ("amd64".into(), vec!["b".into(), "a".into()]);
        change(m);
        let p = pool(&mut w, "c", "w");
        (p.azs, p.arch, p.tags) = (
            vec!["z1".into()],
            Some("amd64".into()),
            vec!["a".into(), "b".into()],
        );
        (p.min_cpu, p.min_mem_mib, p.min_disk_gb) = (16, 65_536, 500);
        let taken = first(w).decision.actions.iter().any(creates);
        assert_eq!(taken, what == "nothing", "I-M2 a machine that lacks {what}");
    }
}

pub(super) fn quarantine() {
    let mut w = workers(3, 1);
    lose(&mut w, "c", "w-3");
    let mut failed: Vec<(String, i64)> = Vec::new();
    let trace = run(w, 60, |sim| {
        let deploying = sim
            .world
            .observed
            .machines
            .iter()
            .any(|m| m.system_id == "f1" && m.status == MachineStatus::Deploying);
        let node = sim
            .world
            .observed
            .nodes
            .iter()
            .find(|n| n.system_id.as_deref() == Some("f1"))
            .map(|n| n.id.clone());
        if let Some(node) = node.filter(|_| deploying) {
            sim.fail_deploy("c", &node);
            failed.push((node, sim.world.now_ms));
        }
    });
    let mut given = trace
        .iter()
        .flat_map(Taken::actions)
        .filter(|(_, a)| creates(a))
        .map(|(w, _)| w.now_ms)
        .skip(1);
    for (rest_s, (node, at)) in [1800, 3600].into_iter().zip(&failed) {
        let next = given
            .next()
            .unwrap_or_else(|| panic!("after {node} the machine is never tried again"));
        assert!(
            next - at >= rest_s * 1000,
            "I-M3 f1 was taken again {} s after {node} failed",
            (next - at) / 1000
        );
    }
}

pub(super) fn foreign_machine() {
    let others = |node: &str| {
        Some(lifecycle_core::Owner {
            cluster: "other".into(),
            pool: None,
            node: Some(node.into()),
        })
    };
    let mut w = workers(2, 1);
    lose(&mut w, "c", "w-2");
    machine_for(&mut w, "f1").owner = others("x");
    never(&[first(w)], "I-M3", |_, a| creates(a));
    // Somebody took the machine of one of ours.
    let mut w = workers(3, 0);
    rolls(&mut w, "w", CONTRACT);
    machine_for(&mut w, "c-w-1").owner = others("w-1");
    never(&[first(w)], "3.1 ours", |_, a| {
        a.node() == Some("w-1") && !matches!(a.verb, Verb::DeleteNodeObject { .. })
    });
}

pub(super) fn pending_counts() {
    let mut w = workers(3, 2);
    lose(&mut w, "c", "w-3");
    let given = Verb::Allocate {
        node: "w-4".into(),
        system_id: "f1".into(),
        zone: "z1".into(),
    };
    w.observed.pending.push(PendingAction {
        action: Action::new("c", "w", "w-4", given),
        issued_ms: T0 - 1000,
    });
    never(&[first(w)], "I-M1, G45", |_, a| creates(a));
}

pub(super) fn aborting_never_creates() {
    let mut w = scopes::creating(1, 1, 2).world;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    w.desired.clusters[0].abort_requested_ms = Some(T0);
    let trace = run(w, 30, |_| {});
    never(&trace, "I-L4", |_, a| {
        creates(a) || matches!(a.verb, Verb::Deploy { .. })
    });
    let ends = |t: &Taken| t.decision.status.clusters["c"].state == State::Deleted;
    assert!(trace.iter().any(ends) || !all_on(), "an abort ends");
}

/// A cluster in Deleting since `T0`, held up by a machine in rescue mode.
fn deleting() -> World {
    let mut w = control_plane(1, 0);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    w.observed
        .clusters
        .get_mut("c")
        .unwrap()
        .deletion_started_ms = Some(T0);
    machine_for(&mut w, "c-cp-1").status = MachineStatus::RescueMode;
    w
}

pub(super) fn refused_never_fires() {
    for (early, fires) in [(1, false), (0, true)] {
        let mut w = deleting();
        w.desired.clusters[0].force_delete = Some(ForceDelete {
            requested_ms: T0 + 900_000 - early,
            actor_role: Role::TenantAdmin,
            reason: String::new(),
        });
        w.now_ms = T0 + 2_000_000;
        w.observed.as_of_ms = w.now_ms;
        let forced = |a: &Action| matches!(a.verb, Verb::FinishDeleted { forced: true, .. });
        assert_eq!(
            first(w).decision.actions.iter().any(forced),
            fires,
            "3.7 asked {early} ms too early"
        );
    }
}

fn remaining(w: &World) -> u64 {
    let force = Request::ForceDelete {
        id: "c".into(),
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    };
    match admit(&force, w) {
        Ok(_) => 0,
        Err(refusal) => {
            assert_eq!(refusal.code, Code::ForceTooEarly);
            refusal.retry_after_ms.unwrap()
        }
    }
}

pub(super) fn force_delete_clock() {
    let mut w = deleting();
    for ms in [0, 1, 60_000, 899_999, 900_000, 2_000_000] {
        w.now_ms = T0 + ms;
        w.observed.as_of_ms = w.now_ms;
        let left = u64::try_from((900_000 - ms).max(0)).unwrap();
        assert_eq!(remaining(&w), left, "I-L3 after {ms} ms");
    }
}

pub(super) fn monotone_clock() {
    let mut w = deleting();
    w.now_ms = T0 + 840_000;
    w.memory.clock_hwm_ms = Some(w.now_ms);
    let before = remaining(&w);
    w.now_ms -= 1_440_000;
    w.observed.as_of_ms = w.now_ms;
    assert!(remaining(&w) <= before, "3.7 the gate moved away");
}

/// A gateway that is being upgraded, and a cluster behind it.
fn behind_a_busy_gateway(running: bool) -> World {
    let mut w = world(4);
    add_gateway(&mut w, "g", 3);
    w.desired.pcgs[0].pool.revision = "r2".into();
    let spec = ClusterSpec::new("c")
        .requested_ms(1)
        .pcg("g")
        .worker(PoolSpec::worker("w", 1));
    if running {
        add_running(&mut w, spec);
        w.desired.clusters[0].delete_requested_ms = Some(T0);
    } else {
        w.desired.clusters.push(spec);
    }
    w
}

fn untouched_until_the_gateway_is_done(w: World) {
    let trace = run(w, 300, |_| {});
    let busy = |t: &&Taken| t.decision.status.pcgs["g"].state != State::Running;
    let n = trace.iter().take_while(busy).count();
    never(&trace[..n], "I-L6, BlockedByPcg", |_, a| {
        a.cluster() == Some("c")
    });
    let moves = |(_, a): (&World, &Action)| a.cluster() == Some("c");
    let turn = trace[n..].iter().flat_map(Taken::actions).any(moves);
    assert!(
        n > 5 && turn || !all_on(),
        "the upgrade ends and it is its turn"
    );
}

pub(super) fn gateway_blocks_create() {
    untouched_until_the_gateway_is_done(behind_a_busy_gateway(false));
}

pub(super) fn gateway_blocks_delete() {
    untouched_until_the_gateway_is_done(behind_a_busy_gateway(true));
}

pub(super) fn whole_demand() {
    never(
        &run(scopes::creating(3, 2, 4).world, 5, |_| {}),
        "3.5.5 Start",
        |_, a| creates(a),
    );
    assert!(
        first(scopes::creating(3, 2, 5).world)
            .decision
            .actions
            .iter()
            .any(creates),
        "five do"
    );
}

pub(super) fn ip_count() {
    let subnet = |w: &mut World, free_ips| {
        w.desired.clusters[0].network = NetSpec {
            subnet: Some("s".into()),
            ..NetSpec::default()
        };
        let s: Subnet = serde_json::from_value(
            serde_json::json!({"id": "s", "cidr": "10.0.0.0/24", "free_ips": free_ips}),
        )
        .unwrap();
        w.observed.subnets = vec![s];
    };
    for (free_ips, taken) in [(0, 0), (1, 1), (2, 2)] {
        let mut w = workers(4, 3);
        lose(&mut w, "c", "w-3");
        lose(&mut w, "c", "w-4");
        subnet(&mut w, free_ips);
        let n = first(w)
            .decision
            .actions
            .iter()
            .filter(|a| creates(a))
            .count();
        assert_eq!(n, taken, "I-M4 with {free_ips} free addresses");
    }
}
