//! Changing a cluster: versions, approval, spares, capacity on the way.

use lifecycle_core::{
    ClusterObs, Code, Erase, MachineStatus, NetSpec, OnNoSpare, PoolSpec, Repave, Request,
    Strategy, Tri, Version, World,
};

use crate::world::*;
use crate::{accepted, code, refused, update, warned};

fn without_spare(mut world: World) -> World {
    world
        .observed
        .machines
        .retain(|m| m.status != MachineStatus::Ready);
    world
}

fn new_revision(world: &World) -> Request {
    update(changed(world, |c| {
        for pool in c.control_plane.iter_mut().chain(&mut c.workers) {
            pool.revision = "r2".into();
        }
    }))
}

fn approve() -> Request {
    Request::ApproveRepave { id: "c1".into() }
}

fn revert() -> Request {
    Request::RevertRepave { id: "c1".into() }
}

#[test]
fn expand_first_without_a_spare_warns_or_is_refused_as_the_pool_says() {
    let world = running();
    assert_eq!(warned(&accepted(&world, &new_revision(&world))), []);

    let mut world = without_spare(world);
    let admission = accepted(&world, &new_revision(&world));
    assert_eq!(warned(&admission), [Code::NoSpare, Code::NoSpare]);
    assert_eq!(
        (
            admission.warnings[0].path.as_str(),
            admission.warnings[1].path.as_str()
        ),
        ("/control_plane", "/workers/0")
    );
    assert!(admission.warnings[0].hint.contains("Contract First"));

    world.desired.clusters[0].workers[0].on_no_spare = OnNoSpare::FallbackContract;
    assert_eq!(
        warned(&accepted(&world, &new_revision(&world))),
        [Code::NoSpare]
    );

    world.desired.clusters[0]
        .control_plane
        .as_mut()
        .unwrap()
        .on_no_spare = OnNoSpare::Refuse;
    let refusal = refused(&world, &new_revision(&world));
    assert_eq!(refusal.code, Code::Capacity);
    assert_eq!(
        refusal.message,
        "need 1 machines ≥1 CPU/0 MiB/0 GB in pool default, zones any; 0 available, 0 returning"
    );

    let mut on_its_way = lifecycle_core::Machine::ready("m9", "z1", 16, 32_768, 500);
    on_its_way.status = MachineStatus::Releasing;
    on_its_way.status_since_ms = Some(NOW - 10_000);
    world.observed.machines.push(on_its_way);
    let refusal = refused(&world, &new_revision(&world));
    assert!(
        refusal
            .message
            .ends_with("0 available, 1 returning (first 00:50)"),
        "{}",
        refusal.message
    );
    assert_eq!(refusal.retry_after_ms, Some(50_000));
}

#[test]
fn a_single_control_plane_node_needs_a_spare() {
    let mut world = without_spare(running());
    world
        .observed
        .nodes
        .retain(|n| n.pool != "cp" || n.id == "cp-1");
    world.observed.machines.retain(|m| {
        m.owner
            .as_ref()
            .is_none_or(|o| o.pool.as_deref() != Some("cp") || o.node.as_deref() == Some("cp-1"))
    });
    etcd(&mut world, "c1", &["cp-1"]);
    let control_plane = world.desired.clusters[0].control_plane.as_mut().unwrap();
    (control_plane.size, control_plane.on_no_spare) = (1, OnNoSpare::Refuse);
    let refusal = refused(&world, &new_revision(&world));
    assert_eq!(refusal.code, Code::NoSpareSingleNode);
    assert_eq!(
        refusal.message,
        "a single node can only be replaced Expand First and no machine in pool default zone any fits"
    );
    world.desired.clusters[0]
        .control_plane
        .as_mut()
        .unwrap()
        .on_no_spare = OnNoSpare::Wait;
    let admission = accepted(&world, &new_revision(&world));
    assert_eq!(
        (
            admission.warnings[0].code,
            &admission.warnings[0].args["rule"]
        ),
        (Code::NoSpare, &"E_NO_SPARE_SINGLE_NODE".into())
    );
    // The same cluster cannot be turned to Contract First.
    let request = update(changed(&world, |c| {
        c.control_plane.as_mut().unwrap().strategy = Strategy::ContractFirst;
    }));
    let refusal = refused(&world, &request);
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (
            Code::CpContractSingle,
            "Contract First needs at least 3 control-plane nodes; c1 has 1"
        )
    );
}

#[test]
fn contract_first_needs_a_machine_to_come_back_on() {
    let mut world = without_spare(running());
    contract_first(&mut world);
    let grow = |cpu| {
        update(changed(&world, |c| {
            (c.workers[0].min_cpu, c.workers[0].revision) = (cpu, "r2".into());
        }))
    };
    let refusal = refused(&world, &grow(32));
    assert_eq!(refusal.code, Code::ContractWouldLoseCapacity);
    assert_eq!(
        refusal.message,
        "draining w-1 would lose capacity: m-c1-w-1 has 16 CPU, pool now needs 32"
    );
    accepted(&world, &grow(16));
    let only_limits = update(changed(&world, |c| c.workers[0].min_cpu = 32));
    assert_eq!(code(&world, &only_limits), Code::ContractWouldLoseCapacity);
    free(&mut world, 1, 32);
    accepted(&world, &only_limits);
}

#[test]
fn more_nodes_need_more_machines() {
    let world = running();
    let size = |n| update(changed(&world, |c| c.workers[0].size = n));
    accepted(&world, &size(5));
    let refusal = refused(&world, &size(6));
    assert_eq!(refusal.code, Code::Capacity);
    assert_eq!(
        (
            &refusal.args["need"],
            &refusal.args["available"],
            &refusal.args["path"]
        ),
        (&4.into(), &3.into(), &"/clusters/0/workers/0/size".into())
    );
    accepted(&world, &size(0));
}

#[test]
fn a_free_address_counts_like_a_free_machine() {
    let mut world = running();
    world.desired.clusters[0].network = NetSpec {
        subnet: Some("s1".into()),
        ..NetSpec::default()
    };
    subnet(&mut world, 0);
    let admission = accepted(&world, &new_revision(&world));
    let rules: Vec<_> = admission
        .warnings
        .iter()
        .map(|w| {
            (
                w.code,
                w.args.get("rule").and_then(|r| r.as_str()).unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            (Code::IpPeak, ""),
            (Code::NoSpare, "E_IP_SHORT"),
            (Code::NoSpare, "E_IP_SHORT")
        ]
    );
    let request = update(changed(&world, |c| c.workers[0].size = 3));
    let refusal = refused(&world, &request);
    assert_eq!(
        (refusal.code, &refusal.args["missing"]),
        (Code::IpShort, &1.into())
    );
    world.desired.clusters[0].workers[0].on_no_spare = OnNoSpare::Refuse;
    assert_eq!(code(&world, &new_revision(&world)), Code::IpShort);
}

#[test]
fn a_control_plane_shrinks_only_from_health() {
    let mut world = running();
    let smaller = |world: &World| {
        update(changed(world, |c| {
            c.control_plane.as_mut().unwrap().size = 1;
        }))
    };
    accepted(&world, &smaller(&world));
    world.observed.etcd.get_mut("c1").unwrap().members[1].healthy = Tri::False;
    let refusal = refused(&world, &smaller(&world));
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::CpMultiStepLoss, "fix cp-2 first")
    );
    let mut world = running();
    world
        .observed
        .nodes
        .iter_mut()
        .find(|n| n.id == "cp-3")
        .unwrap()
        .ready = Tri::Unknown;
    assert_eq!(refused(&world, &smaller(&world)).message, "fix cp-3 first");
    world.observed.etcd.clear();
    assert_eq!(code(&world, &smaller(&world)), Code::CpMultiStepLoss);
}

fn at(version: (u32, u32, u32)) -> Option<Version> {
    Some(Version::new(version.0, version.1, version.2))
}

fn versioned() -> World {
    let mut world = running();
    let cluster = &mut world.desired.clusters[0];
    for pool in cluster.control_plane.iter_mut().chain(&mut cluster.workers) {
        pool.k8s_version = at((1, 32, 4));
    }
    for node in &mut world.observed.nodes {
        node.k8s_version = at((1, 32, 4));
    }
    world
}

fn control_plane_to(world: &World, version: (u32, u32, u32)) -> Request {
    update(changed(world, |c| {
        c.control_plane.as_mut().unwrap().k8s_version = at(version);
    }))
}

#[test]
fn versions_go_one_minor_forward_and_never_back() {
    let mut world = versioned();
    accepted(&world, &control_plane_to(&world, (1, 33, 0)));
    assert_eq!(
        code(&world, &control_plane_to(&world, (1, 34, 0))),
        Code::VersionSkip
    );
    let back = update(changed(&world, |c| {
        c.control_plane.as_mut().unwrap().k8s_version = at((1, 31, 0));
        c.workers[0].k8s_version = at((1, 31, 0));
    }));
    assert_eq!(code(&world, &back), Code::Downgrade);
    // A patch may be taken back.
    let patch = update(changed(&world, |c| {
        c.control_plane.as_mut().unwrap().k8s_version = at((1, 32, 1));
        c.workers[0].k8s_version = at((1, 32, 1));
    }));
    accepted(&world, &patch);
    // Once one node has joined at 1.33, neither back nor two on from the others.
    world.observed.nodes[0].k8s_version = at((1, 33, 0));
    world.desired.clusters[0]
        .control_plane
        .as_mut()
        .unwrap()
        .k8s_version = at((1, 33, 0));
    assert_eq!(
        code(&world, &control_plane_to(&world, (1, 32, 4))),
        Code::Downgrade
    );
    assert_eq!(
        code(&world, &control_plane_to(&world, (1, 34, 0))),
        Code::VersionSkip
    );
}

#[test]
fn workers_stay_within_three_minors_of_the_control_plane() {
    let mut world = versioned();
    let newer = update(changed(&world, |c| {
        c.workers[0].k8s_version = at((1, 33, 0));
    }));
    assert_eq!(code(&world, &newer), Code::VersionSkew);
    let older = update(changed(&world, |c| {
        c.workers[0].k8s_version = at((1, 28, 0));
    }));
    assert_eq!(code(&world, &older), Code::VersionSkew);
    accepted(
        &world,
        &update(changed(&world, |c| {
            c.workers[0].k8s_version = at((1, 29, 0));
        })),
    );
    for node in world.observed.nodes.iter_mut().filter(|n| n.pool == "w") {
        node.k8s_version = at((1, 29, 9));
    }
    assert_eq!(
        code(&world, &control_plane_to(&world, (1, 33, 0))),
        Code::VersionSkew
    );
}

#[test]
fn a_change_that_needs_approval_keeps_what_was_approved() {
    let world = versioned();
    let asked = update(changed(&world, |c| {
        c.repave = Repave::Pending;
        c.workers[0].revision = "r2".into();
    }));
    assert_eq!(code(&world, &approve()), Code::RepaveNotApproved);
    let desired = accepted(&world, &asked).desired;
    let pools: Vec<&PoolSpec> = desired.clusters[0].pools().collect();
    assert!(
        pools
            .iter()
            .all(|p| p.approved_revision.as_deref() == Some("r1")
                && p.approved_k8s_version == at((1, 32, 4)))
    );

    // A second change before the approval does not make the first one approved.
    let world = World { desired, ..world };
    let again = accepted(
        &world,
        &update(changed(&world, |c| c.workers[0].revision = "r3".into())),
    )
    .desired;
    assert_eq!(
        again.clusters[0].workers[0].approved_revision.as_deref(),
        Some("r1")
    );

    let reverted = accepted(&world, &revert()).desired;
    assert_eq!(reverted.clusters[0].repave, Repave::Reverted);
    assert_eq!(
        code(
            &World {
                desired: reverted,
                ..world.clone()
            },
            &revert()
        ),
        Code::RepaveNotApproved
    );
    let approved = accepted(&world, &approve()).desired;
    assert_eq!(
        (
            approved.clusters[0].repave,
            approved.clusters[0].workers[0].revision.as_str()
        ),
        (Repave::Approved, "r2")
    );
}

#[test]
fn an_approval_is_where_a_missing_spare_is_noticed() {
    let world = without_spare(running());
    let pending = accepted(
        &world,
        &update(changed(&world, |c| {
            (c.repave, c.workers[0].revision) = (Repave::Pending, "r2".into());
        })),
    );
    assert_eq!(warned(&pending), [], "nothing is rolled yet");
    let world = World {
        desired: pending.desired,
        ..world
    };
    assert_eq!(warned(&accepted(&world, &approve())), [Code::NoSpare]);
}

#[test]
fn what_cannot_change_is_refused_by_field() {
    let world = running();
    let field = |change: &dyn Fn(&mut lifecycle_core::ClusterSpec)| {
        let refusal = refused(&world, &update(changed(&world, change)));
        assert_eq!(refusal.code, Code::Unsupported);
        refusal.args["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        field(&|c| c.managed_by = lifecycle_core::ManagedBy::Palette),
        "managed_by"
    );
    assert_eq!(field(&|c| c.etcd = lifecycle_core::Etcd::External), "etcd");
    assert_eq!(
        field(&|c| c.network.pod_cidr = Some("10.244.0.0/16".parse().unwrap())),
        "network.pod_cidr"
    );
    assert_eq!(
        field(&|c| c.network.service_cidr = Some("10.96.0.0/12".parse().unwrap())),
        "network.service_cidr"
    );
    assert_eq!(
        field(&|c| c.control_plane.as_mut().unwrap().id = "other".into()),
        "control_plane.id"
    );
    assert_eq!(
        code(&world, &update(changed(&world, |c| c.control_plane = None))),
        Code::PoolLastCp
    );
}

#[test]
fn stamps_are_not_the_users_to_write() {
    let world = running();
    let request = update(changed(&world, |c| {
        c.priority = 2;
        c.requested_ms = 1;
        c.delete_requested_ms = Some(1);
        c.resumed_ms = Some(1);
    }));
    let cluster = &accepted(&world, &request).desired.clusters[0];
    assert_eq!(
        (cluster.priority, cluster.requested_ms),
        (2, world.desired.clusters[0].requested_ms)
    );
    assert_eq!(
        (cluster.delete_requested_ms, cluster.resumed_ms),
        (None, None)
    );
}

#[test]
fn an_old_observation_and_an_unknown_zone_are_refused() {
    let mut world = running();
    let request = update(changed(&world, |c| c.workers[0].azs = vec!["z9".into()]));
    let refusal = refused(&world, &request);
    assert_eq!(
        (refusal.code, &refusal.args["zone"]),
        (Code::AzUnknown, &"z9".into())
    );
    assert!(refusal.hint.contains("z1"));
    world.observed.as_of_ms = NOW - 600_001;
    assert_eq!(code(&world, &new_revision(&world)), Code::StaleInput);
    accepted(
        &world,
        &Request::Delete {
            id: "c1".into(),
            actor_role: lifecycle_core::Role::Other,
        },
    );
}

#[test]
fn errors_of_the_specification_itself_refuse_it() {
    let world = running();
    for (expected, change) in [
        (
            Code::CpSizeEven,
            (|c| c.control_plane.as_mut().unwrap().size = 4)
                as fn(&mut lifecycle_core::ClusterSpec),
        ),
        (Code::SurgeAndUnavailableZero, |c| {
            c.workers[0].strategy = Strategy::Custom {
                max_surge: lifecycle_core::Pct::Count(0),
                max_unavailable: lifecycle_core::Pct::Percent(0),
            };
        }),
        (Code::PoolDuplicate, |c| c.workers[0].id = "cp".into()),
        (Code::LabelSyntax, |c| {
            c.workers[0]
                .labels
                .insert("not a label".into(), String::new());
        }),
    ] {
        assert_eq!(code(&world, &update(changed(&world, change))), expected);
    }
}

#[test]
fn an_incomplete_pool_may_be_changed_without_machines_for_what_it_lacks() {
    let mut world = without_spare(running());
    world.observed.nodes.retain(|n| n.id != "w-2");
    world.observed.clusters.insert(
        "c1".into(),
        ClusterObs {
            initialized: true,
            provisioned_ms: Some(NOW - 6_000_000),
            ..ClusterObs::default()
        },
    );
    accepted(
        &world,
        &update(changed(&world, |c| c.workers[0].erase = Erase::Quick)),
    );
}

#[test]
fn a_surge_that_joins_is_no_shrink() {
    let mut world = updating();
    world.desired.clusters[0]
        .control_plane
        .as_mut()
        .unwrap()
        .revision = "r2".into();
    node(&mut world, "c1", "cp", 4);
    etcd(&mut world, "c1", &["cp-1", "cp-2", "cp-3", "cp-4"]);
    let member = &mut world.observed.etcd.get_mut("c1").unwrap().members[3];
    (member.learner, member.healthy) = (true, Tri::False);
    accepted(&world, &update(changed(&world, |c| c.workers[0].size = 1)));
}

#[test]
fn an_approval_is_not_judged_by_an_old_observation() {
    let world = running();
    let pending = update(changed(&world, |c| {
        (c.repave, c.workers[0].revision) = (Repave::Pending, "r2".into());
    }));
    let mut world = World {
        desired: accepted(&world, &pending).desired,
        ..world
    };
    world.observed.as_of_ms = NOW - 600_001;
    assert_eq!(code(&world, &approve()), Code::StaleInput);
    accepted(&world, &revert());
}

#[test]
fn a_cluster_moves_only_to_a_gateway_that_stays() {
    let mut world = running();
    let moved = |world: &World, to: &str| {
        let to = to.to_owned();
        update(changed(world, |c| c.pcg_id = Some(to)))
    };
    assert_eq!(code(&world, &moved(&world, "g1")), Code::PcgMissing);
    gateway(&mut world, 1);
    accepted(&world, &moved(&world, "g1"));
}

#[test]
fn a_zone_that_lost_its_machines_does_not_hold_up_other_changes() {
    let mut world = running();
    world.desired.clusters[0].workers[0].azs = vec!["z1".into(), "z9".into()];
    accepted(&world, &update(changed(&world, |c| c.workers[0].size = 1)));
    let more = update(changed(&world, |c| c.workers[0].azs.push("z8".into())));
    assert_eq!(refused(&world, &more).args["zone"], "z8");
}

#[test]
fn a_fallback_that_could_not_come_back_is_warned_about() {
    let mut world = without_spare(running());
    world.desired.clusters[0].workers[0].on_no_spare = OnNoSpare::FallbackContract;
    let grow = |cpu| {
        update(changed(&world, |c| {
            (c.workers[0].min_cpu, c.workers[0].revision) = (cpu, "r2".into());
        }))
    };
    assert_eq!(warned(&accepted(&world, &grow(16))), []);
    let admission = accepted(&world, &grow(32));
    assert_eq!(warned(&admission), [Code::NoSpare]);
    assert_eq!(admission.warnings[0].hint, "add a machine");
}

#[test]
fn only_etcd_of_its_own_kind_is_asked_before_a_shrink() {
    let mut world = running();
    world.desired.clusters[0].etcd = lifecycle_core::Etcd::External;
    world.observed.etcd.clear();
    let smaller = update(changed(&world, |c| {
        c.control_plane.as_mut().unwrap().size = 1;
    }));
    accepted(&world, &smaller);
}
