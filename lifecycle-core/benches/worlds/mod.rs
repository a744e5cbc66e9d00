//! The shapes of §4 of the specification at any size; benchmarks and the growth test share them.
#![allow(dead_code, missing_docs, unreachable_pub)]

use lifecycle_core::{
    ClusterObs, ClusterSpec, Desired, EtcdMember, EtcdView, Machine, MachineStatus, NetSpec,
    NetworkInput, Node, Owner, Policy, PoolSpec, Power, Strategy, Tri, World,
};

const T0: i64 = 1_770_000_000_000;
const BEFORE: i64 = T0 - 86_400_000;

/// `clusters` running ones of three control-plane nodes and seven workers each, one free machine for each, three zones.
pub fn converged(clusters: usize) -> World {
    let mut w = World::new(T0);
    w.policy.max_concurrent_deploys = u32::MAX;
    w.policy.limits.machines = u32::MAX;
    for i in 0..clusters {
        let spec = ClusterSpec::new(format!("c{i:05}"))
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(PoolSpec::worker("w", 7));
        add(&mut w, spec);
        spare(&mut w, i);
    }
    w
}

/// Every cluster half-way to a new revision: expanding, contracting, creating, draining, giving back.
pub fn rolling(clusters: usize) -> World {
    let mut w = converged(clusters);
    for (i, c) in w.desired.clusters.iter_mut().enumerate() {
        for p in c.control_plane.iter_mut().chain(&mut c.workers) {
            p.revision = "r2".to_owned();
            if i % 2 == 1 {
                p.strategy = Strategy::ContractFirst;
            }
        }
    }
    // The control planes of three clusters of four are done; their workers are under way.
    let rolls_workers = |cluster: &str| cluster.bytes().last().is_some_and(|b| b % 4 != 0);
    for n in &mut w.observed.nodes {
        if n.pool == "cp" && rolls_workers(&n.cluster) || n.id == "w-1" {
            n.revision = Some("r2".to_owned());
        }
    }
    w
}

/// The same with no machine free: everything waits and says so.
pub fn short(clusters: usize) -> World {
    let mut w = rolling(clusters);
    w.observed
        .machines
        .retain(|m| m.status != MachineStatus::Ready);
    w
}

/// One pool of `nodes` workers, ten at a time to a new revision, with ten spares.
pub fn huge_pool(nodes: u32) -> World {
    let mut w = World::new(T0);
    let mut workers = PoolSpec::worker("w", nodes);
    workers.max_parallel = 10;
    add(
        &mut w,
        ClusterSpec::new("c1")
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(workers),
    );
    for i in 0..10 {
        spare(&mut w, i);
    }
    w.desired.clusters[0].workers[0].revision = "r2".to_owned();
    w
}

/// The same pool, a tenth of it missing and no machine free: a demand for each.
pub fn huge_pool_short(nodes: u32) -> World {
    let mut w = huge_pool(nodes);
    w.policy.max_concurrent_deploys = u32::MAX;
    w.desired.clusters[0].workers[0].revision = "r1".to_owned();
    w.desired.clusters[0].workers[0].size = nodes + nodes / 10;
    w.desired.clusters[0].workers[0].max_parallel = nodes / 10;
    w.observed
        .machines
        .retain(|m| m.status != MachineStatus::Ready);
    w
}

/// `demands` nodes that clusters of ten lack, over `machines` free ones of four kinds in three zones.
pub fn selection(machines: usize, demands: usize) -> World {
    let mut w = World::new(T0);
    w.policy.max_concurrent_deploys = u32::MAX;
    for i in 0..demands.div_ceil(10) {
        let mut workers = PoolSpec::worker("w", 1);
        workers.max_parallel = 10;
        workers.min_cpu = [4, 8, 16, 32][i % 4];
        add(
            &mut w,
            ClusterSpec::new(format!("c{i:05}"))
                .control_plane(PoolSpec::control_plane("cp", 1))
                .worker(workers),
        );
        w.desired.clusters[i].workers[0].size = 11;
    }
    for i in 0..machines {
        spare(&mut w, i);
    }
    w
}

/// As many clusters to be deleted, each with its machines.
pub fn deleting(clusters: usize) -> World {
    let mut w = converged(clusters);
    for c in &mut w.desired.clusters {
        c.delete_requested_ms = Some(T0);
    }
    w
}

/// Clusters that wait for their start, in a fleet with machines for a few of them.
pub fn queued(clusters: usize) -> World {
    let mut w = World::new(T0);
    for i in 0..clusters {
        let mut spec = ClusterSpec::new(format!("c{i:05}"))
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(PoolSpec::worker("w", 7));
        spec.requested_ms = T0;
        w.desired.clusters.push(spec);
        spare(&mut w, i);
    }
    w.policy.max_concurrent_provisions = u32::MAX;
    w.policy.max_concurrent_deploys = u32::MAX;
    w
}

/// `prefixes` pod and service ranges, a tenth of them overlapping another one.
pub fn ranges(prefixes: u32) -> NetworkInput {
    let mut desired = Desired::default();
    for i in 0..prefixes / 2 {
        let place = if i % 10 == 9 { i - 1 } else { i };
        let net = |base: u32, at: u32| {
            let a = std::net::Ipv4Addr::from(base + (at << 8));
            ipnet::IpNet::V4(ipnet::Ipv4Net::new_assert(a, 24))
        };
        let network = NetSpec {
            pod_cidr: Some(net(10 << 24, place)),
            service_cidr: Some(net(20 << 24, i)),
            routable_pods: i % 3 == 0,
            ..NetSpec::default()
        };
        desired
            .clusters
            .push(ClusterSpec::new(format!("c{i:06}")).network(network));
    }
    NetworkInput {
        desired,
        subnets: Vec::new(),
        policy: Policy::default(),
    }
}

/// Six letters and digits without an order, as MAAS gives them.
fn system_id(i: usize) -> String {
    let mut n = i as u64 * 1_000_003 % 36_u64.pow(6);
    let digit = |n: &mut u64| {
        let d = char::from_digit((*n % 36) as u32, 36).unwrap_or('0');
        *n /= 36;
        d
    };
    (0..6).map(|_| digit(&mut n)).collect()
}

fn spare(w: &mut World, i: usize) {
    let kinds = [(8, 32_768), (16, 65_536), (32, 131_072), (64, 262_144)];
    let (cpu, mem) = kinds[i % 4];
    w.observed.machines.push(Machine::ready(
        system_id(w.observed.machines.len()),
        format!("z{}", i % 3),
        cpu,
        mem,
        500,
    ));
}

/// A running cluster at its specification's revisions; the last control-plane node leads.
fn add(w: &mut World, spec: ClusterSpec) {
    let mut members = Vec::new();
    for pool in spec.pools() {
        for k in 1..=pool.size {
            let id = format!("{}-{k}", pool.id);
            let system_id = system_id(w.observed.machines.len());
            let zone = format!("z{}", k % 3);
            let mut m = Machine::ready(&system_id, &zone, 16, 65_536, 500);
            m.status = MachineStatus::Deployed;
            m.power = Power::On;
            m.owner = Some(Owner {
                cluster: spec.id.clone(),
                pool: Some(pool.id.clone()),
                node: Some(id.clone()),
            });
            w.observed.machines.push(m);
            let mut n = Node::new(&spec.id, &pool.id, &id);
            n.system_id = Some(system_id);
            n.zone = Some(zone);
            n.revision = Some(pool.revision.clone());
            n.created_ms = BEFORE + i64::from(k) * 1000;
            n.joined_ms = Some(n.created_ms + 1_000_000);
            n.ready = Tri::True;
            n.ready_since_ms = n.joined_ms;
            w.observed.nodes.push(n);
            if pool.id == "cp" {
                members.push(EtcdMember {
                    member_id: format!("e-{id}"),
                    name: id.clone(),
                    node: Some(id),
                    healthy: Tri::True,
                    leader: k == pool.size,
                    ..EtcdMember::default()
                });
            }
        }
    }
    let view = EtcdView {
        as_of_ms: w.now_ms,
        reachable: true,
        members,
    };
    w.observed.etcd.insert(spec.id.clone(), view);
    let obs = ClusterObs {
        initialized: true,
        provisioned_ms: Some(BEFORE + 2_000_000),
        ..ClusterObs::default()
    };
    w.observed.clusters.insert(spec.id.clone(), obs);
    w.desired.clusters.push(spec);
}
