//! The worlds that the searches start from.
use lifecycle_core::{
    ClusterObs, ClusterSpec, Drain, DrainBy, DrainState, Etcd, EtcdMember, MachineStatus, NetSpec,
    Node, OnNoSpare, Owner, PcgSpec, PoolSpec, Strategy, Subnet, Tri, Version, World,
};

use super::explore::Scope;
use super::trace::place;
use super::{T0, add_running, machine_for, pool, world};

pub const EXPAND: Strategy = Strategy::ExpandFirst;
pub const CONTRACT: Strategy = Strategy::ContractFirst;

fn named(strategy: Strategy) -> &'static str {
    if strategy == CONTRACT {
        "contract"
    } else {
        "expand"
    }
}

/// A control plane of `cp` nodes and `workers` workers, all outdated.
pub fn rolling(cp: u32, workers: u32, strategy: Strategy, spares: u32) -> Scope {
    let mut w = world(spares);
    let mut spec = ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", cp));
    if workers > 0 {
        spec = spec.worker(PoolSpec::worker("w", workers));
    }
    add_running(&mut w, spec);
    for id in ["cp", "w"].into_iter().take(1 + usize::from(workers > 0)) {
        let p = pool(&mut w, "c", id);
        p.revision = "r2".into();
        p.strategy = strategy;
    }
    let size = if workers > 0 {
        format!("CP{cp}+W{workers}")
    } else {
        format!("CP{cp}")
    };
    Scope::new(format!("{size} {} spare {spares}", named(strategy)), w)
}

/// Machines only: `n` workers, all outdated.
pub fn rolling_workers(n: u32, strategy: Strategy, spares: u32) -> Scope {
    let mut w = world(spares);
    add_running(
        &mut w,
        ClusterSpec::new("c").worker(PoolSpec::worker("w", n)),
    );
    let p = pool(&mut w, "c", "w");
    p.revision = "r2".into();
    p.strategy = strategy;
    Scope::new(format!("W{n} {} spare {spares}", named(strategy)), w)
}

/// Expand First that may contract where no machine is free.
pub fn falling_back(mut scope: Scope) -> Scope {
    for c in &mut scope.world.desired.clusters {
        for p in c.control_plane.iter_mut().chain(&mut c.workers) {
            p.on_no_spare = OnNoSpare::FallbackContract;
        }
    }
    scope.name = scope.name.replace("expand", "fallback");
    scope
}

/// A control plane of 3 and one or two pools of 2 workers, all outdated.
pub fn rolling_pools(pools: u32, spares: u32) -> Scope {
    let mut scope = rolling(3, 2, EXPAND, spares);
    if pools == 2 {
        let mut w = world(spares);
        let spec = ClusterSpec::new("c")
            .control_plane(PoolSpec::control_plane("cp", 3))
            .worker(PoolSpec::worker("v", 2))
            .worker(PoolSpec::worker("w", 2));
        add_running(&mut w, spec);
        for id in ["cp", "v", "w"] {
            pool(&mut w, "c", id).revision = "r2".into();
        }
        scope = Scope::new(format!("CP3+W2+W2 expand spare {spares}"), w);
    }
    scope
}

/// A control plane whose size is changed, with a new revision if it is also to be replaced.
pub fn resizing(from: u32, to: u32, strategy: Strategy, spares: u32, replaced: bool) -> Scope {
    let mut scope = rolling(from, 0, strategy, spares);
    let p = pool(&mut scope.world, "c", "cp");
    p.size = to;
    if !replaced {
        p.revision = "r1".into();
    }
    let also = if replaced { " and replaced" } else { "" };
    scope.name = format!("CP{from}→{to}{also} {} spare {spares}", named(strategy));
    scope
}

/// Two control planes of 3, both outdated, over one spare machine.
pub fn sharing_a_spare(strategy: Strategy) -> Scope {
    let mut w = world(1);
    for id in ["b", "c"] {
        add_running(
            &mut w,
            ClusterSpec::new(id).control_plane(PoolSpec::control_plane("cp", 3)),
        );
        let p = pool(&mut w, id, "cp");
        p.revision = "r2".into();
        p.strategy = strategy;
    }
    Scope::new(format!("CP3 and CP3 {} share a spare", named(strategy)), w)
}

/// Two clusters that are to be created on fewer machines than both need.
pub fn creating_two(sizes: [(u32, u32); 2], free: u32) -> Scope {
    let mut w = world(free);
    for (i, (id, (cp, workers))) in ["b", "c"].into_iter().zip(sizes).enumerate() {
        let mut spec = ClusterSpec::new(id)
            .requested_ms(T0 - 1000 + i64::try_from(i).unwrap())
            .control_plane(PoolSpec::control_plane("cp", cp));
        if workers > 0 {
            spec = spec.worker(PoolSpec::worker("w", workers));
        }
        w.desired.clusters.push(spec);
    }
    Scope::new(format!("create two {sizes:?} of {free}"), w)
}

/// A gateway that is upgraded while one cluster behind it waits to be created and another runs.
pub fn behind_a_gateway(spares: u32) -> Scope {
    let mut w = world(spares);
    add_running(
        &mut w,
        ClusterSpec::new("b")
            .pcg("g")
            .control_plane(PoolSpec::control_plane("cp", 1)),
    );
    let gateway = PoolSpec::control_plane("cp", 1);
    add_running(&mut w, ClusterSpec::new("g").control_plane(gateway.clone()));
    w.desired.clusters.retain(|c| c.id != "g");
    w.desired.pcgs.push(PcgSpec {
        id: "g".into(),
        managed_by: lifecycle_core::ManagedBy::default(),
        requested_ms: T0 - 5000,
        pool: PoolSpec {
            revision: "r2".into(),
            ..gateway
        },
        network: NetSpec::default(),
        delete_requested_ms: None,
    });
    w.desired.clusters.push(
        ClusterSpec::new("c")
            .pcg("g")
            .requested_ms(T0 - 1000)
            .control_plane(PoolSpec::control_plane("cp", 1)),
    );
    Scope::new(
        format!("a gateway upgraded before CP1 and CP1, {spares} free"),
        w,
    )
}

/// Kubernetes goes up by one minor version, and the nodes with it.
pub fn upgrading(cp: u32, workers: u32, strategy: Strategy) -> Scope {
    let mut scope = rolling(cp, workers, strategy, 1);
    for n in &mut scope.world.observed.nodes {
        n.k8s_version = Some(Version::new(1, 32, 4));
    }
    for id in ["cp", "w"] {
        pool(&mut scope.world, "c", id).k8s_version = Some(Version::new(1, 33, 1));
    }
    scope.name = format!("{} to 1.33", scope.name);
    scope
}

/// A subnet with `free` addresses left.
pub fn short_of_addresses(mut scope: Scope, free: u32) -> Scope {
    scope.world.observed.subnets.push(Subnet {
        id: "s".into(),
        cidr: "10.0.0.0/24".parse().unwrap(),
        free_ips: free,
        gateway: None,
        reserved: Vec::new(),
    });
    for c in &mut scope.world.desired.clusters {
        c.network.subnet = Some("s".into());
    }
    scope.name = format!("{} with {free} addresses", scope.name);
    scope
}

/// One machine of the cluster is locked in MAAS.
pub fn locked(mut scope: Scope, system_id: &str) -> Scope {
    machine_for(&mut scope.world, system_id).locked = true;
    scope.name = format!("{}, {system_id} locked", scope.name);
    scope
}

/// etcd runs elsewhere.
pub fn external(mut scope: Scope) -> Scope {
    for c in &mut scope.world.desired.clusters {
        c.etcd = Etcd::External;
    }
    scope.world.observed.etcd.clear();
    let obs: &mut ClusterObs = scope.world.observed.clusters.get_mut("c").unwrap();
    obs.initialized = true;
    scope.name = format!("{} external etcd", scope.name);
    scope
}

/// The host manages an endpoint to which every control-plane node is attached.
pub fn with_endpoint(mut scope: Scope) -> Scope {
    for n in &mut scope.world.observed.nodes {
        n.endpoint_attached = Some(true);
    }
    scope.name = format!("{} with endpoint", scope.name);
    scope
}

/// A cluster that is to be created.
pub fn creating(cp: u32, workers: u32, free: u32) -> Scope {
    let mut w = world(free);
    let mut spec = ClusterSpec::new("c")
        .requested_ms(T0)
        .control_plane(PoolSpec::control_plane("cp", cp));
    if workers > 0 {
        spec = spec.worker(PoolSpec::worker("w", workers));
    }
    w.desired.clusters.push(spec);
    Scope::new(format!("create CP{cp}+W{workers} of {free}"), w)
}

/// Contract First on machines that fit the pool no more: draining one would lose it.
pub fn outgrown(workers: bool) -> Scope {
    let mut scope = if workers {
        rolling_workers(3, CONTRACT, 1)
    } else {
        rolling(3, 0, CONTRACT, 1)
    };
    pool(&mut scope.world, "c", if workers { "w" } else { "cp" }).min_cpu = 32;
    scope.name = format!("{} outgrown", scope.name);
    scope
}

/// A kubelet is down since long while its etcd member works.
pub fn kubelet_down(strategy: Strategy) -> Scope {
    let mut scope = rolling(3, 0, strategy, 1);
    let n = &mut scope.world.observed.nodes[0];
    (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - 600_000));
    scope.name = format!("{} kubelet down", scope.name);
    scope
}

/// A single control-plane node that is being replaced: two voters, of which the old one has failed.
pub fn two_voters() -> Scope {
    let mut scope = rolling(1, 0, EXPAND, 1);
    let w = &mut scope.world;
    add_node(w, "cp-2", true);
    scope.broken = vec![("c", "cp-1")];
    scope.name = "CP1 expand with 1 of 2 voters".to_owned();
    scope
}

/// A worker surge has taken the only spare machine before the control plane could ask for it.
pub fn surge_holds_the_spare() -> Scope {
    let mut scope = rolling(3, 2, EXPAND, 1);
    place(
        &mut scope.world,
        "c",
        "w",
        "w-3",
        "f1",
        MachineStatus::Deploying,
    );
    super::trace::node_of(&mut scope.world, "c", "w-3").created_ms = T0 - 60_000;
    scope.name = format!("{}, held by a worker surge", scope.name);
    scope
}

/// A drained voter beside a learner, as a restart of the host may find them.
pub fn drain_beside_learner() -> Scope {
    let mut scope = rolling(3, 0, EXPAND, 1);
    let w = &mut scope.world;
    add_node(w, "cp-4", false);
    w.observed.nodes[0].cordoned = true;
    w.observed.nodes[0].drain = Drain {
        by: DrainBy::Engine,
        state: DrainState::Done,
        started_ms: Some(T0 - 60_000),
        ..Drain::default()
    };
    scope.name = "CP3 expand, a drain beside a learner".to_owned();
    scope
}

/// A new control-plane node on the machine f1: a voter that has joined, or still a learner.
fn add_node(w: &mut World, id: &str, joined: bool) {
    let m = machine_for(w, "f1");
    m.status = MachineStatus::Deployed;
    m.power = lifecycle_core::Power::On;
    m.owner = Some(Owner {
        cluster: "c".into(),
        pool: Some("cp".into()),
        node: Some(id.into()),
    });
    let mut n = Node::new("c", "cp", id);
    n.system_id = Some("f1".into());
    n.zone = Some("z1".into());
    n.revision = Some("r2".into());
    n.created_ms = T0 - 1_200_000;
    n.ready = Tri::True;
    n.ready_since_ms = Some(T0 - 100_000);
    n.joined_ms = joined.then_some(T0 - 40_000);
    w.observed.nodes.push(n);
    let view = w.observed.etcd.get_mut("c").unwrap();
    view.members.push(EtcdMember {
        member_id: format!("e-{id}"),
        name: id.to_owned(),
        node: Some(id.to_owned()),
        learner: !joined,
        healthy: Tri::True,
        ..EtcdMember::default()
    });
}
