//! Previews of what takes down or changes gateways: abort, force delete, resize and upgrade, under both planners.
#![allow(clippy::unwrap_used)]

mod common;

use common::trace::{add_gateway, run};
use common::{T0, add_running, machine_for, world};
use lifecycle_core::{
    Change, ClusterSpec, Code, Finding, MachineStatus, OnNoSpare, Plan, Planner, PoolSpec,
    PreviewOptions, Request, Role, State, Verb, World, decide, preview,
};

const BOTH: [Planner; 2] = [Planner::Engine, Planner::ClusterApi];

fn planned(w: &World, request: &Request, planner: Planner) -> Plan {
    let options = PreviewOptions {
        planner: Some(planner),
        ..PreviewOptions::default()
    };
    let plan = preview(w, Some(request), &options);
    assert_eq!(plan.planner, planner);
    plan
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|f| f.code).collect()
}

/// How many actions of this verb a plan has.
fn count(plan: &Plan, verb: &str) -> usize {
    let all = plan.steps.iter().flat_map(|s| &s.actions);
    all.filter(|a| a.verb.name() == verb).count()
}

fn spec() -> ClusterSpec {
    ClusterSpec::new("c1")
        .requested_ms(T0)
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2))
}

/// One control-plane node stands, the second and the workers are on their way.
fn half_built() -> World {
    let mut w = world(6);
    w.desired.clusters.push(spec());
    let trace = run(w, 200, |_| {});
    let is_half = |w: &World| {
        let joined = w.observed.nodes.iter().filter(|n| n.joined_ms.is_some());
        joined.count() == 1 && w.observed.nodes.len() == 4
    };
    let taken = trace.into_iter().find(|t| is_half(&t.world)).unwrap();
    assert_eq!(
        taken.decision.status.clusters["c1"].state,
        State::Provisioning
    );
    taken.world
}

#[test]
fn an_abort_gives_back_what_was_taken_so_far() {
    let w = half_built();
    let abort = Request::Abort {
        id: "c1".into(),
        actor_role: Role::ProjectAdmin,
    };
    for planner in BOTH {
        let plan = planned(&w, &abort, planner);
        assert!(plan.feasible, "{plan}");
        assert_eq!(count(&plan, "release"), 4, "{plan}");
        assert_eq!(count(&plan, "allocate") + count(&plan, "drain"), 0);
        let last = &plan.steps.last().unwrap().actions[0].verb;
        assert!(matches!(last, Verb::FinishDeleted { forced: false, .. }));
        // The leader follows as soon as the others are being released.
        assert_eq!(plan.duration_p50_s, 60, "{plan}");
        assert!(plan.risks.is_empty() && plan.blockers.is_empty(), "{plan}");
        // Neither a strategy nor a machine more changes anything about it.
        for other in &plan.alternatives {
            assert_eq!((other.feasible, other.duration_p50_s), (true, 60));
        }
    }
    let mut done = w;
    done.observed.clusters.get_mut("c1").unwrap().provisioned_ms = Some(T0);
    let refused = planned(&done, &abort, Planner::Engine);
    assert!(!refused.feasible && refused.steps.is_empty());
    assert_eq!(codes(&refused.blockers), [Code::AbortAlreadyProvisioned]);
}

#[test]
fn a_force_delete_is_one_step_with_its_orphans_or_is_told_when() {
    let mut w = world(0);
    add_running(&mut w, spec());
    w.desired.clusters[0].delete_requested_ms = Some(T0 - 900_000);
    machine_for(&mut w, "c1-w-1").status = MachineStatus::FailedDiskErasing;
    let force = |role| Request::ForceDelete {
        id: "c1".into(),
        actor_role: role,
        reason: "the rack is gone".into(),
    };
    for planner in BOTH {
        let plan = planned(&w, &force(Role::TenantAdmin), planner);
        assert!(plan.feasible, "{plan}");
        assert_eq!((plan.steps.len(), plan.duration_p50_s), (1, 0), "{plan}");
        let Verb::FinishDeleted {
            orphans, forced, ..
        } = &plan.steps[0].actions[0].verb
        else {
            panic!("{plan}")
        };
        assert_eq!((orphans.len(), *forced), (5, true));
        assert_eq!(codes(&plan.risks), [Code::Orphans]);
        for (role, since, code) in [
            (Role::TenantAdmin, T0 - 899_999, Code::ForceTooEarly),
            (Role::Other, T0 - 900_000, Code::ForbiddenRole),
        ] {
            let mut early = w.clone();
            early.desired.clusters[0].delete_requested_ms = Some(since);
            let plan = planned(&early, &force(role), planner);
            assert!(!plan.feasible && plan.steps.is_empty(), "{plan}");
            assert_eq!(codes(&plan.blockers), [code]);
        }
    }
}

fn with_gateway(size: u32, free: u32) -> World {
    let mut w = world(free);
    add_gateway(&mut w, "g", size);
    w
}

fn resize() -> Request {
    Request::ResizePcg {
        id: "g".into(),
        size: 3,
    }
}

fn upgrade() -> Request {
    Request::UpgradePcg {
        id: "g".into(),
        revision: "r2".into(),
        k8s_version: None,
    }
}

#[test]
fn a_gateway_grows_one_node_after_the_other() {
    for planner in BOTH {
        let w = with_gateway(1, 2);
        let plan = planned(&w, &resize(), planner);
        assert!(plan.feasible, "{plan}");
        assert_eq!(count(&plan, "allocate"), 2);
        assert_eq!(count(&plan, "drain") + count(&plan, "release"), 0);
        assert_eq!(plan.duration_p50_s, 2 * (10 + 900 + 120 + 60), "{plan}");
        assert_eq!(plan.peak_machines["g/cp"], 3);
        assert_eq!(plan.min_available["g/cp"], 1);

        let short = planned(&with_gateway(1, 1), &resize(), planner);
        assert!(!short.feasible, "{short}");
        match planner {
            Planner::Engine => {
                assert!(short.steps.is_empty());
                assert_eq!(codes(&short.blockers), [Code::Capacity]);
            }
            Planner::ClusterApi => {
                assert_eq!(short.risks[0].code, Code::Capacity);
                assert_eq!(count(&short, "allocate"), 1, "it takes what there is");
            }
        }
        let more = short.alternatives.last().unwrap();
        assert_eq!((more.change, more.feasible), (Change::OneMoreSpare, true));
    }
}

#[test]
fn a_gateway_of_one_is_upgraded_by_way_of_two() {
    for planner in BOTH {
        let w = with_gateway(1, 1);
        let plan = planned(&w, &upgrade(), planner);
        assert!(plan.feasible, "{plan}");
        assert_eq!(plan.duration_p50_s, 1280, "{plan}");
        assert_eq!(plan.peak_machines["g/cp"], 2);
        assert_eq!(plan.min_available["g/cp"], 1);
        assert_eq!(plan.min_etcd_tolerance["g"], 0);
        // Two voters stand no loss, from the promotion of the new one until the old one has left.
        assert_eq!(codes(&plan.risks), [Code::ToleranceZero], "{plan}");
        // A single node is never taken out first.
        let changes: Vec<Change> = plan.alternatives.iter().map(|a| a.change).collect();
        assert_eq!(changes, [Change::OneMoreSpare]);
        if planner == Planner::Engine {
            let mut next = w;
            next.desired.pcgs[0].pool.revision = "r2".into();
            assert_eq!(plan.steps[0].actions, decide(&next).actions, "I-X1");
        }
    }
}

#[test]
fn without_a_spare_the_upgrade_of_a_gateway_waits_or_is_refused() {
    let mut w = with_gateway(1, 0);
    let waits = planned(&w, &upgrade(), Planner::Engine);
    assert!(!waits.feasible && count(&waits, "drain") == 0, "{waits}");
    assert_eq!(waits.risks[0].code, Code::NoSpare);
    assert_eq!(codes(&waits.blockers), [Code::NoSpareSingleNode], "{waits}");
    let more = &waits.alternatives[0];
    assert_eq!((more.change, more.feasible), (Change::OneMoreSpare, true));

    w.desired.pcgs[0].pool.on_no_spare = OnNoSpare::Refuse;
    let refused = planned(&w, &upgrade(), Planner::Engine);
    assert!(!refused.feasible && refused.steps.is_empty());
    assert_eq!(codes(&refused.blockers), [Code::NoSpareSingleNode]);
    let theirs = planned(&w, &upgrade(), Planner::ClusterApi);
    assert_eq!(theirs.risks[0].code, Code::NoSpareSingleNode);
    assert!(!theirs.feasible && count(&theirs, "drain") == 0, "{theirs}");
}

#[test]
fn a_gateway_of_three_keeps_its_quorum_while_it_is_upgraded() {
    for planner in BOTH {
        let plan = planned(&with_gateway(3, 1), &upgrade(), planner);
        assert!(plan.feasible, "{plan}");
        assert_eq!(plan.peak_machines["g/cp"], 4);
        assert_eq!(
            (plan.min_available["g/cp"], plan.min_etcd_tolerance["g"]),
            (3, 1)
        );
        assert!(plan.risks.is_empty(), "{plan}");
        let contract = &plan.alternatives[0];
        assert_eq!(contract.change, Change::OtherStrategy);
        assert!(contract.feasible);
        // The free machine is taken while the drained one is on its way back.
        assert_eq!(
            (
                contract.peak_machines["g/cp"],
                contract.min_available["g/cp"]
            ),
            (4, 2)
        );
    }
}
