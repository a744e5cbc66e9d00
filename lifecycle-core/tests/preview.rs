//! The figures that the specification promises for whole rollouts.
#![allow(clippy::unwrap_used)]

mod common;

use common::{T0, add_running, pool, world};
use lifecycle_core::{
    ClusterSpec, Code, Erase, Pace, Plan, Planner, PoolSpec, PreviewOptions, Request, Role,
    Simulation, Strategy, Verb, World, admit, decide, guard_holds, preview,
};

fn quick(strategy: Strategy, size: u32) -> PoolSpec {
    let mut p = PoolSpec::control_plane("cp", size).strategy(strategy);
    p.erase = Erase::Quick;
    p
}

fn rolled(free: u32, cp: PoolSpec) -> (World, Plan) {
    let mut w = world(free);
    add_running(&mut w, ClusterSpec::new("c1").control_plane(cp));
    pool(&mut w, "c1", "cp").revision = "r2".into();
    let plan = preview(&w, None, &PreviewOptions::default());
    (w, plan)
}

fn verbs(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .flat_map(|s| s.actions.iter().map(|a| a.id.clone()))
        .collect()
}

#[test]
fn g1_expand_takes_70_minutes_and_never_loses_tolerance() {
    let (w, plan) = rolled(1, quick(Strategy::ExpandFirst, 3));
    assert!(plan.feasible, "{plan}\n{:#?}", verbs(&plan));
    assert_eq!(plan.duration_p50_s, 4200, "{plan}");
    assert_eq!(plan.peak_machines["c1/cp"], 4);
    assert_eq!(plan.min_available["c1/cp"], 3);
    assert_eq!(plan.min_etcd_tolerance["c1"], 1);
    assert_eq!(plan.steps[0].actions, decide(&w).actions);
    assert!(plan.risks.is_empty(), "{plan}");
}

#[test]
fn g2_contract_takes_73_minutes_with_64_at_risk() {
    let (_, plan) = rolled(0, quick(Strategy::ContractFirst, 3));
    assert!(plan.feasible, "{plan}");
    assert_eq!(plan.duration_p50_s, 4380, "{plan}");
    assert_eq!(
        (plan.peak_machines["c1/cp"], plan.min_available["c1/cp"]),
        (3, 2)
    );
    let risk = plan
        .risks
        .iter()
        .find(|r| r.code == Code::ToleranceZero)
        .unwrap();
    assert_eq!(risk.message, "etcd tolerance 0 for 64 min");
    assert_eq!(plan.machines_reused, 3);
}

#[test]
fn fifty_workers_one_by_one_take_18_hours() {
    let mut w = world(2);
    add_running(
        &mut w,
        ClusterSpec::new("c1")
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(PoolSpec::worker("w", 50)),
    );
    pool(&mut w, "c1", "w").revision = "r2".into();
    let plan = preview(&w, None, &PreviewOptions::default());
    assert!(plan.feasible, "{plan}");
    assert!(
        (63_000..=67_000).contains(&plan.duration_p50_s),
        "{}",
        plan.duration_p50_s
    );
    assert_eq!(
        (plan.peak_machines["c1/w"], plan.min_available["c1/w"]),
        (51, 50)
    );
}

#[test]
fn a_cluster_is_created_rolled_and_deleted() {
    for planner in [Planner::Engine, Planner::ClusterApi] {
        let options = PreviewOptions {
            planner: Some(planner),
            ..PreviewOptions::default()
        };
        let w = world(9);
        let spec = ClusterSpec::new("c1")
            .requested_ms(T0)
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(PoolSpec::worker("w", 3));
        let created = preview(
            &w,
            Some(&Request::Create {
                cluster: Box::new(spec.clone()),
                queue_if_short: false,
            }),
            &options,
        );
        assert!(created.feasible, "{created}\n{:#?}", verbs(&created));
        assert_eq!(
            (
                created.peak_machines["c1/cp"],
                created.peak_machines["c1/w"]
            ),
            (3, 3)
        );

        let mut w = world(3);
        add_running(&mut w, spec.clone());
        let mut next = spec;
        next.workers[0].revision = "r2".into();
        let rolled = preview(
            &w,
            Some(&Request::Update {
                cluster: Box::new(next),
            }),
            &options,
        );
        assert!(rolled.feasible, "{rolled}");
        // Cluster API forgets a machine once its release is asked for; the engine counts it until it is back.
        let peak = if planner == Planner::Engine { 4 } else { 5 };
        assert_eq!(
            (rolled.peak_machines["c1/w"], rolled.min_available["c1/w"]),
            (peak, 3),
            "{planner:?}"
        );
        assert_eq!(rolled.alternatives.len(), 2);

        let deleted = preview(
            &w,
            Some(&Request::Delete {
                id: "c1".into(),
                actor_role: Role::Other,
            }),
            &options,
        );
        assert!(deleted.feasible, "{deleted}\n{:#?}", verbs(&deleted));
        let last = deleted.steps.last().unwrap();
        assert!(matches!(
            last.actions[0].verb,
            Verb::FinishDeleted { forced: false, .. }
        ));
        assert_eq!(
            verbs(&deleted)
                .iter()
                .filter(|id| id.ends_with("/release"))
                .count(),
            6
        );
    }
}

#[test]
fn without_a_spare_machine_expand_first_waits_and_says_so() {
    let (_, plan) = rolled(0, PoolSpec::control_plane("cp", 3));
    assert!(
        !plan.feasible
            && plan.steps.iter().all(|s| s
                .actions
                .iter()
                .all(|a| !matches!(a.verb, Verb::Drain { .. })))
    );
    assert!(plan.blockers[0].message.contains("spare machine"), "{plan}");
    assert!(plan.alternatives.iter().all(|a| a.feasible), "{plan}");
}

#[test]
fn what_the_engine_refuses_is_a_blocker_and_for_cluster_api_a_risk() {
    let spec = ClusterSpec::new("c1")
        .requested_ms(T0)
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 3));
    let create = |spec: ClusterSpec| Request::Create {
        cluster: Box::new(spec),
        queue_if_short: false,
    };
    let w = world(4);
    let engine = preview(&w, Some(&create(spec.clone())), &PreviewOptions::default());
    assert!(!engine.feasible && engine.steps.is_empty());
    assert_eq!(engine.blockers[0].code, Code::Capacity);
    let theirs = preview(
        &w,
        Some(&create(spec.managed_by_palette())),
        &PreviewOptions::default(),
    );
    assert_eq!(theirs.planner, Planner::ClusterApi);
    assert_eq!(theirs.risks[0].code, Code::Capacity);
    assert!(!theirs.steps.is_empty() && !theirs.feasible, "{theirs}");
}

/// I-X1: a host that carries the request out, asks also in between, and hands the world in as JSON and in another order, does exactly what
/// the plan says, at its moments, and every guard holds.
fn follows(w: &World, request: &Request) {
    let options = PreviewOptions {
        planner: Some(Planner::Engine),
        ..PreviewOptions::default()
    };
    let plan = preview(w, Some(request), &options);
    assert!(plan.feasible, "{plan}");
    let mut world = w.clone();
    world.desired = admit(request, w).unwrap_or_else(|r| panic!("{r}")).desired;
    let mut sim = Simulation::new(world, Pace::P50);
    let mut steps = plan.steps.iter();
    let end = w.now_ms + i64::from(plan.duration_p50_s) * 1000;
    let mut quiet = 0;
    loop {
        let mut seen: World =
            serde_json::from_str(&serde_json::to_string(&sim.world).unwrap()).unwrap();
        seen.observed.machines.reverse();
        seen.observed.nodes.reverse();
        let d = decide(&seen);
        sim.world.memory = d.memory;
        if !d.actions.is_empty() {
            let step = steps
                .next()
                .unwrap_or_else(|| panic!("not in the plan: {:?}", d.actions));
            assert_eq!((step.at_ms, &step.actions), (sim.world.now_ms, &d.actions));
            for a in &d.actions {
                assert_eq!(guard_holds(&sim.world, a), Ok(()), "{}", a.id);
                sim.execute(a);
            }
            continue;
        }
        if sim.world.now_ms >= end {
            break;
        }
        quiet += 1;
        assert!(quiet < 5000, "no end");
        let next = [
            sim.next_effect_ms(),
            d.next_wakeup_ms,
            Some(sim.world.now_ms + 97_000),
        ];
        sim.advance(next.into_iter().flatten().min().unwrap().min(end));
    }
    assert_eq!(steps.next(), None, "the plan has more steps");
}

#[test]
fn replaying_a_plan_gives_exactly_the_plan() {
    let spec = ClusterSpec::new("c1")
        .requested_ms(T0)
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 3));
    follows(
        &world(6),
        &Request::Create {
            cluster: Box::new(spec.clone()),
            queue_if_short: false,
        },
    );
    let mut w = world(1);
    add_running(&mut w, spec.clone());
    for strategy in [Strategy::ExpandFirst, Strategy::ContractFirst] {
        let mut next = spec.clone();
        for p in next.control_plane.iter_mut().chain(&mut next.workers) {
            p.revision = "r2".into();
            p.strategy = strategy;
        }
        follows(
            &w,
            &Request::Update {
                cluster: Box::new(next),
            },
        );
    }
    follows(
        &w,
        &Request::Delete {
            id: "c1".into(),
            actor_role: Role::Other,
        },
    );
}
