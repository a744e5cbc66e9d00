//! `admit`, `plan_network` and `preview` of requests that the other tests do not show.
use lifecycle_core::{
    ClusterSpec, Code, Desired, Maintenance, NetSpec, NetworkInput, NetworkPlan, OnNoSpare, Policy,
    PoolSpec, PreviewOptions, Repave, Request, Role, Subnet, World, admit, decide, plan_network,
    preview,
};

use crate::cluster;
use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{add_gateway, down, member, node_of, place_joined};
use crate::common::{T0, pool, world};

fn updated(w: &World, change: impl FnOnce(&mut ClusterSpec)) -> Request {
    let mut c = w.desired.clusters[0].clone();
    change(&mut c);
    Request::Update {
        cluster: Box::new(c),
    }
}

fn cp(c: &mut ClusterSpec) -> &mut PoolSpec {
    c.control_plane.as_mut().unwrap()
}

/// The refusal's code, or the warnings'.
fn judged(w: &World, request: &Request) -> Result<Vec<Code>, Code> {
    admit(request, w)
        .map(|a| a.warnings.iter().map(|f| f.code).collect())
        .map_err(|r| r.code)
}

#[test]
fn control_planes_change_between_sizes_that_are_allowed() {
    let resize = |from, to, free| {
        let w = cluster(from, 0, free);
        judged(&w, &updated(&w, |c| cp(c).size = to))
    };
    assert_eq!(resize(1, 3, 2), Ok(vec![]));
    assert_eq!(resize(1, 3, 1), Err(Code::Capacity));
    assert_eq!(resize(3, 7, 4), Ok(vec![]));
    assert_eq!(resize(3, 7, 3), Err(Code::Capacity));
    assert_eq!(resize(5, 1, 0), Ok(vec![]));
    assert_eq!(resize(3, 2, 0), Err(Code::CpSizeEven));
    assert_eq!(resize(3, 0, 0), Err(Code::CpSizeZero));
    assert_eq!(resize(3, 9, 9), Err(Code::CpSizeTooLarge));
    let mut w = cluster(5, 0, 0);
    down(&mut w, "c", "cp-2", 10);
    assert_eq!(
        judged(&w, &updated(&w, |c| cp(c).size = 3)),
        Err(Code::CpMultiStepLoss)
    );
    assert_eq!(judged(&w, &updated(&w, |c| cp(c).size = 5)), Ok(vec![]));
}

#[test]
fn etcd_that_nobody_sees_is_not_made_smaller() {
    let mut w = cluster(3, 0, 0);
    w.observed.etcd.get_mut("c").unwrap().reachable = false;
    let judged = judged(&w, &updated(&w, |c| cp(c).size = 1));
    assert_eq!(judged, Err(Code::CpMultiStepLoss));
}

#[test]
fn the_hint_names_who_and_what() {
    let mut w = cluster(3, 0, 0);
    down(&mut w, "c", "cp-2", 10);
    let r = admit(&updated(&w, |c| cp(c).size = 1), &w).unwrap_err();
    assert!(r.message.contains("cp-2"), "{r}");
    let w = cluster(1, 0, 1);
    let r = admit(
        &updated(&w, |c| {
            (cp(c).strategy, cp(c).revision) = (CONTRACT, "r2".into());
        }),
        &w,
    )
    .unwrap_err();
    assert_eq!(r.code, Code::CpContractSingle);
    assert_eq!(
        r.message,
        "Contract First needs at least 3 control-plane nodes; c has 1"
    );
}

#[test]
fn an_old_observation_is_not_judged_on_at_the_very_limit() {
    let mut w = cluster(3, 0, 1);
    let request = updated(&w, |c| cp(c).revision = "r2".into());
    w.observed.as_of_ms = T0 - 600_000;
    assert_eq!(judged(&w, &request), Ok(vec![]));
    w.observed.as_of_ms = T0 - 600_001;
    assert_eq!(judged(&w, &request), Err(Code::StaleInput));
}

#[test]
fn a_revert_leaves_what_was_approved() {
    let mut w = cluster(3, 0, 1);
    w.desired.clusters[0].repave = Repave::Pending;
    pool(&mut w, "c", "cp").approved_revision = Some("r1".into());
    let r = updated(&w, |c| cp(c).revision = "r2".into());
    w.desired = admit(&r, &w).unwrap().desired;
    assert!(decide(&w).actions.is_empty());
    w.desired = admit(&Request::RevertRepave { id: "c".into() }, &w)
        .unwrap()
        .desired;
    assert_eq!(w.desired.clusters[0].repave, Repave::Reverted);
    assert!(decide(&w).actions.is_empty());
    // A new request for another revision stays unapproved.
    let r = updated(&w, |c| cp(c).revision = "r3".into());
    w.desired = admit(&r, &w).unwrap().desired;
    assert_eq!(
        cp(&mut w.desired.clusters[0].clone())
            .approved_revision
            .as_deref(),
        Some("r1")
    );
    assert!(decide(&w).actions.is_empty());
}

#[test]
fn gateways_are_asked_for_what_they_can_give() {
    let with = |size: u32, free: u32| {
        let mut w = world(free);
        add_gateway(&mut w, "g", size);
        w
    };
    let resize = |w: &World, size| {
        judged(
            w,
            &Request::ResizePcg {
                id: "g".into(),
                size,
            },
        )
    };
    for (from, to, expected) in [
        (1, 0, Err(Code::PcgSize)),
        (1, 1, Ok(vec![])),
        (1, 2, Err(Code::PcgSize)),
        (1, 5, Err(Code::PcgSize)),
        (3, 1, Err(Code::PcgShrink)),
        (3, 3, Ok(vec![])),
        (3, u32::MAX, Err(Code::PcgSize)),
    ] {
        assert_eq!(resize(&with(from, 4), to), expected, "{from}→{to}");
    }
    assert_eq!(resize(&with(1, 2), 3), Ok(vec![]));
    assert_eq!(resize(&with(1, 1), 3), Err(Code::Capacity));
    let upgrade = Request::UpgradePcg {
        id: "g".into(),
        revision: "r2".into(),
        k8s_version: None,
    };
    assert_eq!(judged(&with(1, 1), &upgrade), Ok(vec![]));
    assert_eq!(judged(&with(1, 0), &upgrade), Ok(vec![Code::NoSpare]));
    // A deleted gateway takes nobody in.
    let mut w = with(1, 3);
    w.desired.pcgs[0].delete_requested_ms = Some(T0);
    let create = Request::Create {
        cluster: Box::new(
            ClusterSpec::new("n")
                .pcg("g")
                .control_plane(PoolSpec::control_plane("cp", 1)),
        ),
        queue_if_short: false,
    };
    assert!(judged(&w, &create).is_err());
    w.observed.clusters.get_mut("g").unwrap().state = Some("deleted".into());
    assert_eq!(judged(&w, &create), Err(Code::PcgMissing));
}

#[test]
fn a_force_delete_at_the_very_millisecond() {
    let force = Request::ForceDelete {
        id: "c".into(),
        actor_role: Role::ProjectAdmin,
        reason: String::new(),
    };
    for (ms, remaining) in [
        (0, Some("15:00")),
        (840_001, Some("01:00")),
        (899_000, Some("00:01")),
        (899_999, Some("00:01")),
        (900_000, None),
        (900_001, None),
    ] {
        let mut w = cluster(3, 0, 0);
        w.desired.clusters[0].delete_requested_ms = Some(T0 - ms);
        let judged =
            admit(&force, &w).map_err(|r| r.args["remaining"].as_str().unwrap().to_owned());
        assert_eq!(judged.as_ref().err().map(String::as_str), remaining, "{ms}");
        // What was accepted is carried out at once.
        if let Ok(admission) = judged {
            w.desired = admission.desired;
            assert!(
                decide(&w)
                    .actions
                    .iter()
                    .any(|a| a.id.ends_with("finish_deleted"))
            );
        }
    }
}

/// The address plan of one cluster with these pods, services and endpoint on one subnet of machines.
fn network(pods: &str, services: &str, vip: Option<&str>, subnet: &str) -> NetworkPlan {
    let network = NetSpec {
        subnet: Some("s0".into()),
        pod_cidr: Some(pods.parse().unwrap()),
        service_cidr: Some(services.parse().unwrap()),
        vip: vip.map(|t| t.parse().unwrap()),
        ..NetSpec::default()
    };
    let cluster = ClusterSpec::new("c")
        .control_plane(PoolSpec::control_plane("cp", 3))
        .network(network);
    let subnet = serde_json::json!({"id": "s0", "cidr": subnet, "free_ips": 100});
    plan_network(&NetworkInput {
        desired: Desired {
            clusters: vec![cluster],
            ..Desired::default()
        },
        subnets: vec![serde_json::from_value::<Subnet>(subnet).unwrap()],
        policy: Policy::default(),
    })
}

#[test]
fn ranges_meet_in_exactly_what_they_share() {
    let overlap = |pods: &str, services: &str, subnet: &str| -> Vec<String> {
        let plan = network(pods, services, None, subnet);
        let all = plan.findings.iter().filter(|f| f.code == Code::CidrOverlap);
        all.map(|f| f.args["range"].as_str().unwrap().to_owned())
            .collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(overlap("10.0.0.0/16", "10.96.0.0/16", "10.1.0.0/24"), none);
    assert_eq!(
        overlap("10.0.0.0/16", "10.96.0.0/16", "10.0.255.0/24"),
        ["10.0.255.0–10.0.255.255"]
    );
    assert_eq!(
        overlap("10.0.0.0/24", "10.96.0.0/16", "10.0.0.0/16"),
        ["10.0.0.0–10.0.0.255"]
    );
    // Neighbours do not meet.
    assert_eq!(overlap("10.0.0.0/17", "10.0.128.0/17", "10.1.0.0/24"), none);
    assert_eq!(
        overlap("10.0.0.0/16", "10.0.128.0/17", "10.1.0.0/24"),
        ["10.0.128.0–10.0.255.255"]
    );
    // The very first and the very last address.
    assert_eq!(
        overlap("10.2.0.0/16", "10.96.0.0/16", "10.2.255.255/32"),
        ["10.2.255.255–10.2.255.255"]
    );
    assert_eq!(
        overlap("fd00::/48", "fd01::/112", "fd00:0:0:ffff::/64"),
        ["fd00:0:0:ffff::–fd00::ffff:ffff:ffff:ffff:ffff"]
    );
    assert_eq!(
        overlap("fd00::/48", "fd01::/112", "10.0.0.0/24"),
        none,
        "families do not meet"
    );
}

#[test]
fn the_endpoint_lives_among_the_machines() {
    let codes = |vip: &str| -> Vec<Code> {
        let plan = network("10.32.0.0/16", "10.96.0.0/16", Some(vip), "10.0.0.0/24");
        plan.findings.iter().map(|f| f.code).collect()
    };
    assert_eq!(codes("10.0.0.255"), []);
    assert_eq!(codes("10.0.1.0"), [Code::VipOutsideSubnet]);
    assert!(codes("10.32.0.1").contains(&Code::VipInCidr));
    assert!(codes("10.96.255.255").contains(&Code::VipInCidr));
}

#[test]
fn a_preview_begins_with_what_would_be_decided_and_leaves_the_world_alone() {
    for (strategy, free) in [(EXPAND, 0), (EXPAND, 1), (CONTRACT, 0), (CONTRACT, 1)] {
        let mut w = cluster(3, 2, free);
        let request = updated(&w, |c| {
            for p in c.control_plane.iter_mut().chain(&mut c.workers) {
                (p.revision, p.strategy) = ("r2".into(), strategy);
            }
        });
        let before = w.clone();
        let plan = preview(&w, Some(&request), &PreviewOptions::default());
        assert_eq!(w, before);
        w.desired = admit(&request, &w).unwrap().desired;
        let first = decide(&w).actions;
        if free == 0 && strategy == EXPAND {
            assert!(
                !plan.feasible && plan.steps.iter().all(|s| s.actions.is_empty()),
                "{plan}"
            );
            // One more machine would do.
            assert!(plan.alternatives.iter().any(|a| a.feasible), "{plan}");
            continue;
        }
        assert!(plan.feasible, "{plan}");
        assert_eq!(plan.steps[0].actions, first);
        let most = plan.peak_machines["c/cp"] + plan.peak_machines["c/w"];
        assert_eq!(most, if free == 1 { 4 + 3 } else { 3 + 2 });
        assert_eq!(
            plan.min_available["c/cp"],
            if strategy == EXPAND { 3 } else { 2 }
        );
        assert_eq!(plan.min_etcd_tolerance["c"], i32::from(strategy == EXPAND));
        assert!(plan.duration_p50_s <= plan.duration_p90_s);
    }
}

#[test]
fn a_force_delete_that_came_too_early_does_not_stand_in_the_way_of_the_next() {
    let force = Request::ForceDelete {
        id: "c".into(),
        actor_role: Role::ProjectAdmin,
        reason: String::new(),
    };
    let mut w = cluster(3, 0, 0);
    let c = &mut w.desired.clusters[0];
    c.delete_requested_ms = Some(T0 - 1_200_000);
    c.force_delete = Some(lifecycle_core::ForceDelete {
        requested_ms: T0 - 600_000,
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    });
    let finishes = |w: &World| {
        let all = decide(w).actions;
        all.iter().any(|a| a.id.ends_with("finish_deleted"))
    };
    assert!(!finishes(&w));
    w.desired = admit(&force, &w).unwrap().desired;
    assert!(finishes(&w));
}

#[test]
fn a_start_ahead_of_the_clock_is_waited_for_unless_it_is_a_day_away() {
    let force = Request::ForceDelete {
        id: "c".into(),
        actor_role: Role::ProjectAdmin,
        reason: String::new(),
    };
    for (ahead_ms, remaining_ms) in [
        (3_600_000, 4_500_000),
        (86_400_000, 87_300_000),
        (86_400_001, 900_000),
    ] {
        let mut w = cluster(3, 0, 0);
        w.desired.clusters[0].delete_requested_ms = Some(T0);
        let seen = w.observed.clusters.get_mut("c").unwrap();
        seen.deletion_started_ms = Some(T0 + ahead_ms);
        let refusal = admit(&force, &w).unwrap_err();
        assert_eq!(refusal.args["remaining_ms"], remaining_ms, "{ahead_ms}");
    }
}

#[test]
fn a_rollback_does_not_wait_for_a_member_to_be_well() {
    // The surge node is there, another one is down: going back is no shrink.
    let mut w = cluster(3, 0, 1);
    pool(&mut w, "c", "cp").revision = "r2".into();
    place_joined(&mut w, "c", "cp", "cp-4", "f1");
    member(&mut w, "c", "cp-4", false, lifecycle_core::Tri::True);
    down(&mut w, "c", "cp-2", 10);
    let back = updated(&w, |c| cp(c).revision = "r1".into());
    assert!(judged(&w, &back).is_ok(), "{:?}", judged(&w, &back));
    let smaller = updated(&w, |c| cp(c).size = 1);
    assert_eq!(judged(&w, &smaller), Err(Code::CpMultiStepLoss));
}

#[test]
fn only_what_really_rolls_needs_a_spare() {
    let workers = |change: fn(&mut World), skip| {
        let mut w = cluster(3, 1, 0);
        change(&mut w);
        let wanted = |c: &mut ClusterSpec| {
            let p = &mut c.workers[0];
            (p.revision, p.skip_update) = ("r2".into(), skip);
        };
        judged(&w, &updated(&w, wanted))
    };
    assert_eq!(workers(|_| (), false), Ok(vec![Code::NoSpare]));
    assert_eq!(workers(|_| (), true), Ok(vec![]), "it is left out");
    let lock = |w: &mut World| node_of(w, "c", "w-1").maintenance = Maintenance::Locked;
    assert_eq!(workers(lock, false), Ok(vec![]), "its only node is locked");
}

#[test]
fn a_single_node_cannot_fall_back() {
    let rolled = |n| {
        let w = cluster(n, 0, 0);
        let wanted = |c: &mut ClusterSpec| {
            cp(c).revision = "r2".into();
            cp(c).on_no_spare = OnNoSpare::FallbackContract;
        };
        judged(&w, &updated(&w, wanted))
    };
    assert_eq!(rolled(3), Ok(vec![]));
    assert_eq!(rolled(1), Ok(vec![Code::NoSpare]));
}
