//! I-D1, I-D2, I-D4: the answer depends on nothing but the world, whatever the world.
mod common;

use common::{T0, add_running, world};
use lifecycle_core::{
    ClusterSpec, DrainBy, DrainState, MachineStatus, Maintenance, Planner, PoolSpec, Power,
    Strategy, Tri, World, canonical_json, decide, decide_by,
};
use proptest::prelude::{ProptestConfig, Strategy as _, any, prop_assert_eq, prop_oneof, proptest};

/// One change somewhere: what, where, and how far back in time.
type Change = (u8, usize, i64);

fn spoil(w: &mut World, (what, at, ago): Change) {
    let (n, m) = (w.observed.nodes.len(), w.observed.machines.len());
    let node = &mut w.observed.nodes[at % n];
    let machine = &mut w.observed.machines[at % m];
    let then = T0.saturating_sub(ago);
    match what % 18 {
        0 => (node.ready, node.ready_since_ms) = (Tri::False, Some(then)),
        1 => node.ready = Tri::Unknown,
        2 => node.cordoned = true,
        3 => node.maintenance = Maintenance::Locked,
        4 => node.maintenance = Maintenance::Cordoned,
        5 => (node.joined_ms, node.created_ms) = (None, then),
        6 => {
            (node.drain.by, node.drain.state, node.drain.started_ms) =
                (DrainBy::Engine, DrainState::Done, Some(then));
        }
        7 => (node.drain.by, node.drain.started_ms) = (DrainBy::Engine, Some(then)),
        8 => node.revision = Some("r2".into()),
        9 => node.system_id = None,
        10 => machine.status = MachineStatus::FailedDeployment,
        11 => (machine.status, machine.status_since_ms) = (MachineStatus::Releasing, Some(then)),
        12 => machine.status = MachineStatus::Broken,
        13 => machine.power = Power::Off,
        14 => machine.owner = None,
        15 => machine.locked = true,
        16 => {
            for view in w.observed.etcd.values_mut() {
                let k = view.members.len();
                view.members[at % k].healthy = Tri::False;
            }
        }
        _ => w.now_ms = ago.wrapping_mul(1_000_003),
    }
}

fn worlds() -> impl proptest::strategy::Strategy<Value = World> {
    (
        proptest::collection::vec(
            (
                any::<u8>(),
                any::<usize>(),
                prop_oneof![0..10_000_000i64, any::<i64>()],
            ),
            0..12,
        ),
        0..4u32,
        any::<bool>(),
        0..6u32,
    )
        .prop_map(|(changes, free, contract, size)| {
            let mut w = world(free);
            add_running(
                &mut w,
                ClusterSpec::new("a")
                    .control_plane(PoolSpec::control_plane("cp", 3))
                    .worker(PoolSpec::worker("w", 3)),
            );
            add_running(
                &mut w,
                ClusterSpec::new("b")
                    .control_plane(PoolSpec::control_plane("cp", 1))
                    .worker(PoolSpec::worker("x", 2)),
            );
            w.desired
                .clusters
                .push(ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", 1)));
            for c in &mut w.desired.clusters {
                for p in c.control_plane.iter_mut().chain(&mut c.workers) {
                    p.revision = "r2".into();
                    if contract && p.size > 1 {
                        p.strategy = Strategy::ContractFirst;
                    }
                }
                for p in &mut c.workers {
                    p.size = size;
                }
            }
            for change in changes {
                spoil(&mut w, change);
            }
            w
        })
}

fn shuffled(w: &World, seed: usize) -> World {
    let mut w = w.clone();
    let (n, m) = (w.observed.nodes.len(), w.observed.machines.len());
    w.observed.nodes.rotate_left(seed % n);
    w.observed.machines.rotate_right(seed % m);
    w.observed.machines.reverse();
    w.desired.clusters.reverse();
    for v in w.observed.etcd.values_mut() {
        v.members.reverse();
    }
    w
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_answer_does_not_depend_on_the_order_of_the_input(w in worlds(), seed in any::<usize>()) {
        for planner in [Planner::Engine, Planner::ClusterApi] {
            let answer = canonical_json(&decide_by(planner, &w)).unwrap();
            prop_assert_eq!(&answer, &canonical_json(&decide_by(planner, &shuffled(&w, seed))).unwrap());
        }
    }

    #[test]
    fn worlds_and_decisions_survive_the_way_through_json(w in worlds()) {
        let text = canonical_json(&w).unwrap();
        let back: World = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&back, &w);
        let d = decide(&w);
        prop_assert_eq!(serde_json::from_str::<lifecycle_core::Decision>(&canonical_json(&d).unwrap()).unwrap(), d);
    }
}
