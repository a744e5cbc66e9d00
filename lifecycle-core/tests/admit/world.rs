//! Worlds to judge requests in.

use lifecycle_core::{
    ClusterObs, ClusterSpec, EtcdMember, EtcdView, Machine, MachineStatus, Millis, Node, Owner,
    PcgSpec, PoolSpec, Power, Strategy, Subnet, Tri, World,
};

pub(crate) const NOW: Millis = 1_770_000_000_000;

/// Control plane of three and two workers, as asked for.
pub(crate) fn spec() -> ClusterSpec {
    ClusterSpec::new("c1")
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2))
        .requested_ms(NOW - 9_000_000)
}

/// The cluster is wanted, nothing has begun.
pub(crate) fn pending() -> World {
    let mut world = World::new(NOW);
    world.desired.clusters.push(spec());
    free(&mut world, 3, 16);
    world
}

/// Adds ready machines `f1`, `f2`, … in zone z1.
pub(crate) fn free(world: &mut World, count: usize, cpu: u32) {
    for _ in 0..count {
        let id = format!(
            "f{}",
            world
                .observed
                .machines
                .iter()
                .filter(|m| m.system_id.starts_with('f'))
                .count()
                + 1
        );
        world
            .observed
            .machines
            .push(Machine::ready(id, "z1", cpu, 32_768, 500));
    }
}

/// Adds a joined node on a machine of its own.
pub(crate) fn node(world: &mut World, cluster: &str, pool: &str, k: u32) {
    let id = format!("{pool}-{k}");
    let mut machine = Machine::ready(format!("m-{cluster}-{id}"), "z1", 16, 32_768, 500);
    machine.status = MachineStatus::Deployed;
    machine.power = Power::On;
    machine.owner = Some(Owner {
        cluster: cluster.into(),
        pool: Some(pool.into()),
        node: Some(id.clone()),
    });
    let mut node = Node::new(cluster, pool, id);
    node.system_id = Some(machine.system_id.clone());
    node.revision = Some("r1".into());
    node.created_ms = NOW - 8_000_000;
    node.joined_ms = Some(NOW - 7_000_000);
    node.ready = Tri::True;
    node.ready_since_ms = Some(NOW - 7_000_000);
    node.zone = Some("z1".into());
    world.observed.machines.push(machine);
    world.observed.nodes.push(node);
}

/// Healthy voters on these nodes.
pub(crate) fn etcd(world: &mut World, cluster: &str, nodes: &[&str]) {
    let members = nodes.iter().enumerate().map(|(i, node)| EtcdMember {
        member_id: format!("e{i}"),
        name: (*node).into(),
        node: Some((*node).into()),
        healthy: Tri::True,
        leader: i + 1 == nodes.len(),
        ..EtcdMember::default()
    });
    let view = EtcdView {
        as_of_ms: NOW,
        reachable: true,
        members: members.collect(),
    };
    world.observed.etcd.insert(cluster.into(), view);
}

/// Nodes stand, the cluster was never complete.
pub(crate) fn provisioning() -> World {
    let mut world = pending();
    node(&mut world, "c1", "cp", 1);
    etcd(&mut world, "c1", &["cp-1"]);
    world.observed.clusters.insert(
        "c1".into(),
        ClusterObs {
            initialized: true,
            ..ClusterObs::default()
        },
    );
    world
}

/// Complete and as wanted.
pub(crate) fn running() -> World {
    let mut world = provisioning();
    for k in 2..=3 {
        node(&mut world, "c1", "cp", k);
    }
    for k in 1..=2 {
        node(&mut world, "c1", "w", k);
    }
    etcd(&mut world, "c1", &["cp-1", "cp-2", "cp-3"]);
    world
        .observed
        .clusters
        .get_mut("c1")
        .unwrap()
        .provisioned_ms = Some(NOW - 6_000_000);
    world
}

/// A new revision is being rolled out.
pub(crate) fn updating() -> World {
    let mut world = running();
    let cluster = &mut world.desired.clusters[0];
    cluster.workers[0].revision = "r2".into();
    world
}

pub(crate) fn aborting() -> World {
    let mut world = provisioning();
    world.desired.clusters[0].abort_requested_ms = Some(NOW - 60_000);
    world
}

pub(crate) fn deleting() -> World {
    let mut world = running();
    world.desired.clusters[0].delete_requested_ms = Some(NOW - 60_000);
    world
}

pub(crate) fn deleted() -> World {
    let mut world = pending();
    world.observed.clusters.insert(
        "c1".into(),
        ClusterObs {
            state: Some("deleted".into()),
            ..ClusterObs::default()
        },
    );
    world
}

/// A running gateway `g1` of this size.
pub(crate) fn gateway(world: &mut World, size: u32) {
    let pool = PoolSpec::control_plane("gw", size);
    world.desired.pcgs.push(PcgSpec {
        id: "g1".into(),
        managed_by: lifecycle_core::ManagedBy::Engine,
        requested_ms: NOW - 9_500_000,
        pool,
        network: lifecycle_core::NetSpec::default(),
        delete_requested_ms: None,
    });
    let names: Vec<String> = (1..=size).map(|k| format!("gw-{k}")).collect();
    for k in 1..=size {
        node(world, "g1", "gw", k);
    }
    etcd(
        world,
        "g1",
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let seen = ClusterObs {
        initialized: true,
        provisioned_ms: Some(NOW - 9_000_000),
        ..ClusterObs::default()
    };
    world.observed.clusters.insert("g1".into(), seen);
}

/// A subnet of machines with so many free addresses.
pub(crate) fn subnet(world: &mut World, free_ips: u32) {
    let cidr = "10.10.0.0/24".parse().unwrap();
    world.observed.subnets.push(Subnet {
        id: "s1".into(),
        cidr,
        free_ips,
        gateway: None,
        reserved: Vec::new(),
    });
}

/// The wanted cluster, changed.
pub(crate) fn changed(world: &World, change: impl FnOnce(&mut ClusterSpec)) -> ClusterSpec {
    let mut spec = world.desired.clusters[0].clone();
    change(&mut spec);
    spec
}

pub(crate) fn contract_first(world: &mut World) {
    world.desired.clusters[0].workers[0].strategy = Strategy::ContractFirst;
}
