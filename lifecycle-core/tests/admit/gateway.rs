//! Gateways, and clusters behind them.

use lifecycle_core::{
    ClusterObs, ClusterSpec, Code, ManagedBy, NetSpec, OnNoSpare, PcgObs, PcgSpec, PoolSpec,
    Request, Role, Strategy, Tri, Version, World,
};

use crate::world::*;
use crate::{accepted, code, create, refused, warned};

fn resize(size: u32) -> Request {
    Request::ResizePcg {
        id: "g1".into(),
        size,
    }
}

fn upgrade() -> Request {
    Request::UpgradePcg {
        id: "g1".into(),
        revision: "r2".into(),
        k8s_version: None,
    }
}

fn delete() -> Request {
    Request::DeletePcg { id: "g1".into() }
}

/// A running gateway and free machines, nothing else.
fn only_gateway(size: u32, machines: usize) -> World {
    let mut world = World::new(NOW);
    gateway(&mut world, size);
    free(&mut world, machines, 16);
    world
}

fn upgrading(size: u32) -> World {
    let mut world = only_gateway(size, 3);
    world.desired.pcgs[0].pool.revision = "r2".into();
    world
}

#[test]
fn a_gateway_has_one_or_three_nodes_and_only_grows() {
    let world = only_gateway(3, 3);
    assert_eq!(
        refused(&world, &resize(1)).message,
        "a gateway cannot be made smaller"
    );
    assert_eq!(code(&world, &resize(1)), Code::PcgShrink);
    assert_eq!(code(&world, &resize(2)), Code::PcgSize);
    assert_eq!(accepted(&world, &resize(3)).desired, world.desired);
    let world = only_gateway(1, 3);
    assert_eq!(code(&world, &resize(5)), Code::PcgSize);
    assert_eq!(accepted(&world, &resize(3)).desired.pcgs[0].pool.size, 3);
}

#[test]
fn growing_a_gateway_needs_machines_and_addresses() {
    assert_eq!(code(&only_gateway(1, 1), &resize(3)), Code::Capacity);
    let with_addresses = |free_ips| {
        let mut world = only_gateway(1, 2);
        world.desired.pcgs[0].network = NetSpec {
            subnet: Some("s1".into()),
            ..NetSpec::default()
        };
        subnet(&mut world, free_ips);
        world
    };
    assert_eq!(code(&with_addresses(1), &resize(3)), Code::IpShort);
    assert_eq!(
        warned(&accepted(&with_addresses(2), &resize(3))),
        [Code::IpHeadroom]
    );
    assert_eq!(warned(&accepted(&with_addresses(4), &resize(3))), []);
}

#[test]
fn one_change_of_a_gateway_at_a_time() {
    let refusal = refused(&upgrading(1), &resize(3));
    assert_eq!(refusal.code, Code::PcgResizeBusy);
    assert_eq!(refusal.retry_after_ms, Some(1_280_000));
    let mut resizing = only_gateway(1, 3);
    resizing.desired.pcgs[0].pool.size = 3;
    let refusal = refused(&resizing, &upgrade());
    assert_eq!(
        (refusal.code, refusal.retry_after_ms),
        (Code::PcgResizeBusy, Some(2 * 1_280_000))
    );
    let mut installing = only_gateway(1, 3);
    installing
        .observed
        .clusters
        .get_mut("g1")
        .unwrap()
        .provisioned_ms = None;
    assert_eq!(code(&installing, &resize(3)), Code::UpdateWhileProvisioning);
}

#[test]
fn a_sick_gateway_is_left_alone() {
    let mut world = only_gateway(3, 3);
    let members = &mut world.observed.etcd.get_mut("g1").unwrap().members;
    members[0].healthy = Tri::False;
    members[1].healthy = Tri::Unknown;
    assert_eq!(code(&world, &upgrade()), Code::PcgUnhealthy);
    let mut world = only_gateway(1, 3);
    world.observed.etcd.clear();
    assert_eq!(code(&world, &resize(3)), Code::PcgUnhealthy);
}

#[test]
fn a_single_gateway_needs_a_spare_to_be_upgraded() {
    accepted(&only_gateway(1, 1), &upgrade());
    let mut world = only_gateway(1, 0);
    assert_eq!(warned(&accepted(&world, &upgrade())), [Code::NoSpare]);
    world.desired.pcgs[0].pool.on_no_spare = OnNoSpare::Refuse;
    assert_eq!(code(&world, &upgrade()), Code::NoSpareSingleNode);
    world.observed.nodes[0].k8s_version = Some(Version::new(1, 33, 0));
    let back = Request::UpgradePcg {
        id: "g1".into(),
        revision: "r0".into(),
        k8s_version: Some(Version::new(1, 32, 0)),
    };
    assert_eq!(code(&world, &back), Code::Downgrade);
    let same = Request::UpgradePcg {
        id: "g1".into(),
        revision: "r1".into(),
        k8s_version: None,
    };
    assert_eq!(accepted(&world, &same).desired, world.desired);
}

#[test]
fn a_gateway_in_use_stays() {
    let mut world = deleting();
    gateway(&mut world, 1);
    world.desired.clusters[0].pcg_id = Some("g1".into());
    let mut gone = ClusterSpec::new("c0")
        .control_plane(PoolSpec::control_plane("cp", 1))
        .pcg("g1");
    gone.requested_ms = 1;
    world.desired.clusters.push(gone);
    world.observed.clusters.insert(
        "c0".into(),
        ClusterObs {
            state: Some("deleted".into()),
            ..ClusterObs::default()
        },
    );
    let refusal = refused(&world, &delete());
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (
            Code::PcgInUse,
            "1 clusters still need this gateway: c1 (Deleting)"
        )
    );
    world.observed.clusters.get_mut("c1").unwrap().state = Some("deleted".into());
    let desired = accepted(&world, &delete()).desired;
    assert_eq!(desired.pcgs[0].delete_requested_ms, Some(NOW));

    let mut queued = pending();
    gateway(&mut queued, 1);
    queued.desired.clusters[0].pcg_id = Some("g1".into());
    let refusal = refused(&queued, &delete());
    assert!(
        refusal.message.ends_with("c1 (Pending)") && refusal.hint.contains("Abort"),
        "{refusal}"
    );
}

#[test]
fn many_users_of_a_gateway_are_named_in_part() {
    let mut world = only_gateway(1, 0);
    for k in 0..14 {
        world.desired.clusters.push(
            ClusterSpec::new(format!("c{k:02}"))
                .control_plane(PoolSpec::control_plane("cp", 1))
                .pcg("g1"),
        );
    }
    let refusal = refused(&world, &delete());
    assert!(
        refusal.message.starts_with("14 clusters")
            && refusal.message.ends_with("c09 (Pending) and 4 more"),
        "{}",
        refusal.message
    );
    assert_eq!(refusal.args["clusters"].as_array().unwrap().len(), 14);
}

#[test]
fn a_cluster_needs_a_gateway_that_stays_but_not_one_that_is_idle() {
    let cluster = ClusterSpec::new("new")
        .control_plane(PoolSpec::control_plane("cp", 1))
        .pcg("g1");
    assert_eq!(
        code(&World::new(NOW), &create(cluster.clone())),
        Code::PcgMissing
    );
    let mut busy = upgrading(1);
    accepted(&busy, &create(cluster.clone()));
    busy.desired.pcgs[0].delete_requested_ms = Some(NOW);
    assert_eq!(code(&busy, &create(cluster.clone())), Code::PcgMissing);
    // A gateway that only Palette knows.
    let mut world = World::new(NOW);
    free(&mut world, 1, 16);
    world.observed.pcgs.insert(
        "g1".into(),
        PcgObs {
            state: Some("Running".into()),
            healthy: true,
            ..PcgObs::default()
        },
    );
    accepted(&world, &create(cluster.clone()));
    world.observed.pcgs.get_mut("g1").unwrap().state = Some("Deleted".into());
    assert_eq!(code(&world, &create(cluster)), Code::PcgMissing);
}

#[test]
fn a_gateway_of_palette_is_where_palette_says_it_is() {
    let mut world = only_gateway(1, 3);
    world.desired.pcgs[0].managed_by = ManagedBy::Palette;
    let mut says = |state: &str, healthy: bool| {
        world.observed.pcgs.insert(
            "g1".into(),
            PcgObs {
                state: Some(state.into()),
                healthy,
                size: 1,
                version: None,
            },
        );
        world.clone()
    };
    accepted(&says("Running", true), &resize(3));
    assert_eq!(
        code(&says("Running", false), &resize(3)),
        Code::PcgUnhealthy
    );
    assert_eq!(
        code(&says("Upgrading", true), &resize(3)),
        Code::PcgResizeBusy
    );
    assert_eq!(code(&says("Deleted", true), &resize(3)), Code::PcgMissing);
    assert_eq!(code(&says("Deleting", true), &upgrade()), Code::Terminating);
}

#[test]
fn creating_a_gateway() {
    let gateway = |size, strategy| {
        let mut pool = PoolSpec::control_plane("gw", size);
        pool.strategy = strategy;
        Request::CreatePcg {
            pcg: Box::new(PcgSpec {
                id: "g2".into(),
                managed_by: ManagedBy::Engine,
                requested_ms: 0,
                pool,
                network: NetSpec::default(),
                delete_requested_ms: None,
            }),
        }
    };
    let world = only_gateway(1, 1);
    let desired = accepted(&world, &gateway(1, Strategy::ExpandFirst)).desired;
    assert_eq!((desired.pcgs.len(), desired.pcgs[1].requested_ms), (2, NOW));
    assert_eq!(
        code(&world, &gateway(3, Strategy::ExpandFirst)),
        Code::Capacity
    );
    assert_eq!(
        code(&world, &gateway(2, Strategy::ExpandFirst)),
        Code::PcgSize
    );
    assert_eq!(
        code(&world, &gateway(1, Strategy::ContractFirst)),
        Code::CpContractSingle
    );
    let taken = World { desired, ..world };
    assert_eq!(
        code(&taken, &gateway(1, Strategy::ExpandFirst)),
        Code::NameTaken
    );
    let force = Request::ForceDelete {
        id: "g1".into(),
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    };
    assert_eq!(code(&taken, &force), Code::NotFound);
}

#[test]
fn a_gateway_of_palette_needs_machines_for_what_it_grows_by() {
    let mut world = only_gateway(1, 2);
    world.desired.pcgs[0].managed_by = ManagedBy::Palette;
    world.observed.nodes.clear();
    let seen = PcgObs {
        state: Some("Running".into()),
        healthy: true,
        size: 1,
        ..PcgObs::default()
    };
    world.observed.pcgs.insert("g1".into(), seen);
    accepted(&world, &resize(3));
    world.observed.machines.retain(|m| m.system_id != "f1");
    assert_eq!(refused(&world, &resize(3)).args["need"], 2);
}
