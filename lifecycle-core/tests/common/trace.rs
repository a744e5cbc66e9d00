//! One run of a world, decision by decision; and pieces to put such worlds together from.
use lifecycle_core::{
    Action, ClusterSpec, Decision, Drain, DrainBy, DrainState, EtcdMember, MachineStatus, Node,
    Owner, Pace, PcgSpec, PoolSpec, Power, Simulation, Tri, World, decide,
};

use super::{T0, add_running, machine_for};

/// A decision and the world in which it was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub world: World,
    pub decision: Decision,
}

impl Taken {
    pub fn actions(&self) -> impl Iterator<Item = (&World, &Action)> {
        self.decision.actions.iter().map(|a| (&self.world, a))
    }
}

/// At most so many decisions of this world; fewer if nothing is left to happen. `meddle` may change things before each decision.
pub fn run(world: World, most: usize, meddle: impl FnMut(&mut Simulation)) -> Vec<Taken> {
    run_on(Simulation::new(world, Pace::P50), most, meddle)
}

pub fn run_on(
    mut sim: Simulation,
    most: usize,
    mut meddle: impl FnMut(&mut Simulation),
) -> Vec<Taken> {
    let mut out = Vec::new();
    for _ in 0..most {
        meddle(&mut sim);
        let decision = decide(&sim.world);
        out.push(Taken {
            world: sim.world.clone(),
            decision: decision.clone(),
        });
        sim.world.memory = decision.memory;
        for a in &decision.actions {
            sim.execute(a);
        }
        if decision.actions.is_empty() {
            let next = [sim.next_effect_ms(), decision.next_wakeup_ms];
            let Some(next) = next.into_iter().flatten().min() else {
                break;
            };
            sim.advance(next);
        }
    }
    out
}

/// The first decision alone.
pub fn first(world: World) -> Taken {
    run(world, 1, |_| {}).remove(0)
}

/// A node whose machine is in this status for it since twenty minutes; neither joined nor ready.
pub fn place(
    w: &mut World,
    cluster: &str,
    pool: &str,
    node: &str,
    machine: &str,
    status: MachineStatus,
) {
    let m = machine_for(w, machine);
    m.status = status;
    m.power = Power::On;
    m.owner = Some(Owner {
        cluster: cluster.into(),
        pool: Some(pool.into()),
        node: Some(node.into()),
    });
    let mut n = Node::new(cluster, pool, node);
    n.system_id = Some(machine.into());
    n.zone = Some(machine_for(w, machine).zone.clone());
    n.revision = Some("r2".into());
    n.created_ms = T0 - 1_200_000;
    n.object = status == MachineStatus::Deployed;
    w.observed.nodes.push(n);
}

/// The same, joined and ready.
pub fn place_joined(w: &mut World, cluster: &str, pool: &str, node: &str, machine: &str) {
    place(w, cluster, pool, node, machine, MachineStatus::Deployed);
    let n = node_of(w, cluster, node);
    n.ready = Tri::True;
    n.ready_since_ms = Some(T0 - 100_000);
    n.joined_ms = Some(T0 - 40_000);
}

/// A member of etcd named after a node, which need not be there.
pub fn member(w: &mut World, cluster: &str, node: &str, learner: bool, healthy: Tri) {
    let view = w.observed.etcd.get_mut(cluster).unwrap();
    let there = w
        .observed
        .nodes
        .iter()
        .any(|n| n.cluster == cluster && n.id == node);
    view.members.push(EtcdMember {
        member_id: format!("e-{node}"),
        name: node.to_owned(),
        node: there.then(|| node.to_owned()),
        learner,
        healthy,
        ..EtcdMember::default()
    });
}

pub fn node_of<'w>(w: &'w mut World, cluster: &str, node: &str) -> &'w mut Node {
    w.observed
        .nodes
        .iter_mut()
        .find(|n| n.cluster == cluster && n.id == node)
        .unwrap()
}

/// The engine drains it since a minute.
pub fn drains(w: &mut World, cluster: &str, node: &str, state: DrainState) {
    let n = node_of(w, cluster, node);
    n.cordoned = true;
    n.drain = Drain {
        by: DrainBy::Engine,
        state,
        started_ms: Some(T0 - 60_000),
        pods_left: u32::from(state != DrainState::Done),
        ..Drain::default()
    };
}

/// The node and its machine are no more.
pub fn lose(w: &mut World, cluster: &str, node: &str) {
    let system_id = node_of(w, cluster, node).system_id.clone().unwrap();
    w.observed
        .nodes
        .retain(|n| n.cluster != cluster || n.id != node);
    w.observed.machines.retain(|m| m.system_id != system_id);
}

/// Not ready since so many seconds.
pub fn down(w: &mut World, cluster: &str, node: &str, seconds: i64) {
    let n = node_of(w, cluster, node);
    (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - seconds * 1000));
    if let Some(v) = w.observed.etcd.get_mut(cluster) {
        for m in v
            .members
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(node))
        {
            m.healthy = Tri::False;
        }
    }
}

/// A running gateway.
pub fn add_gateway(w: &mut World, id: &str, size: u32) {
    let pool = PoolSpec::control_plane("cp", size);
    add_running(w, ClusterSpec::new(id).control_plane(pool.clone()));
    w.desired.clusters.retain(|c| c.id != id);
    let gateway: PcgSpec = serde_json::from_value(serde_json::json!({
        "id": id, "requested_ms": 1, "pool": pool,
    }))
    .unwrap();
    w.desired.pcgs.push(gateway);
}
