//! Worlds that tests start from.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]
pub mod explore;
pub mod invariants;
pub mod key;
pub mod liveness;
pub mod scene;
pub mod scopes;
pub mod terms;
pub mod trace;

use lifecycle_core::{
    ClusterObs, ClusterSpec, EtcdMember, EtcdView, Machine, MachineStatus, Node, Owner, PoolSpec,
    Power, Tri, World,
};

/// The moment at which every test begins.
pub const T0: i64 = 1_770_000_000_000;
const BEFORE: i64 = T0 - 86_400_000;

/// A world with `n` free machines f1 … fn, all alike.
pub fn world(free: u32) -> World {
    let mut w = World::new(T0);
    for i in 1..=free {
        w.observed
            .machines
            .push(Machine::ready(format!("f{i}"), "z1", 16, 65_536, 500));
    }
    w
}

/// Adds a running cluster whose nodes are all of its specification's present revisions; the last control-plane node leads.
pub fn add_running(w: &mut World, spec: ClusterSpec) {
    let mut members = Vec::new();
    for pool in spec.pools() {
        for k in 1..=pool.size {
            let id = format!("{}-{k}", pool.id);
            let system_id = format!("{}-{id}", spec.id);
            let zone = if pool.azs.is_empty() {
                "z1".to_owned()
            } else {
                pool.azs[(k as usize - 1) % pool.azs.len()].clone()
            };
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
            n.k8s_version = pool.k8s_version;
            n.created_ms = BEFORE + i64::from(k) * 1000;
            n.joined_ms = Some(n.created_ms + 1_000_000);
            n.ready = Tri::True;
            n.ready_since_ms = n.joined_ms;
            w.observed.nodes.push(n);
            if spec.control_plane.as_ref().is_some_and(|p| p.id == pool.id) {
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
    if !members.is_empty() {
        w.observed.etcd.insert(
            spec.id.clone(),
            EtcdView {
                as_of_ms: w.now_ms,
                reachable: true,
                members,
            },
        );
    }
    let obs = ClusterObs {
        initialized: true,
        provisioned_ms: Some(BEFORE + 2_000_000),
        ..ClusterObs::default()
    };
    w.observed.clusters.insert(spec.id.clone(), obs);
    w.desired.clusters.push(spec);
}

/// The pool of this name, to be changed.
pub fn pool<'w>(w: &'w mut World, cluster: &str, pool: &str) -> &'w mut PoolSpec {
    let c = w
        .desired
        .clusters
        .iter_mut()
        .find(|c| c.id == cluster)
        .unwrap();
    c.control_plane
        .iter_mut()
        .chain(&mut c.workers)
        .find(|p| p.id == pool)
        .unwrap()
}

/// The machine of this id, to be changed.
pub fn machine_for<'w>(w: &'w mut World, system_id: &str) -> &'w mut Machine {
    w.observed
        .machines
        .iter_mut()
        .find(|m| m.system_id == system_id)
        .unwrap()
}
