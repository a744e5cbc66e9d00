//! Exhaustive search over small scopes: every state that a control plane can reach, with a node failing for good at any of them. In each state
//! the invariants hold; without faults no state comes twice and the rollout ends; whatever ends elsewhere says why.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeSet, VecDeque};

use common::{add_running, invariants, pool, world};
use lifecycle_core::{
    ClusterSpec, OnNoSpare, Pace, PoolSpec, Simulation, State, Strategy, Verdict, decide,
};

#[derive(Clone, Copy, Debug)]
struct Scope {
    size: u32,
    strategy: Strategy,
    on_no_spare: OnNoSpare,
    spares: u32,
    faults: u32,
}

fn start(s: Scope) -> Simulation {
    let mut w = world(s.spares);
    add_running(
        &mut w,
        ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", s.size)),
    );
    let p = pool(&mut w, "c", "cp");
    p.revision = "r2".into();
    p.strategy = s.strategy;
    p.on_no_spare = s.on_no_spare;
    Simulation::new(w, Pace::P50)
}

struct Found {
    states: usize,
    running: usize,
    explained: usize,
}

fn search(s: Scope) -> Found {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(start(s), s.faults)]);
    let mut found = Found {
        states: 0,
        running: 0,
        explained: 0,
    };
    while let Some((mut sim, faults)) = queue.pop_front() {
        if !seen.insert((sim.fingerprint().unwrap(), faults)) {
            assert!(s.faults > 0, "{s:?}: a state came twice without a fault");
            continue;
        }
        let d = decide(&sim.world);
        invariants::check(&sim.world, &d);
        if faults > 0 {
            let nodes: Vec<String> = sim
                .world
                .observed
                .nodes
                .iter()
                .filter(|n| n.ready.is_true())
                .map(|n| n.id.clone())
                .collect();
            for node in nodes {
                let mut broken = sim.clone();
                broken.fail_node("c", &node);
                queue.push_back((broken, faults - 1));
            }
        }
        sim.world.memory = d.memory.clone();
        for a in &d.actions {
            sim.execute(a);
        }
        if d.actions.is_empty() {
            let next = [sim.next_effect_ms(), d.next_wakeup_ms]
                .into_iter()
                .flatten()
                .min();
            let idle = sim.next_effect_ms().is_none();
            if idle && d.status.clusters["c"].state == State::Running {
                found.running += 1;
            } else if idle {
                let why = d
                    .explain
                    .iter()
                    .any(|e| e.verdict != Verdict::Did && !e.unblocks_when.is_empty());
                assert!(why, "{s:?}: stuck without a reason: {:?}", d.explain);
                found.explained += 1;
            }
            let Some(next) = next else { continue };
            sim.advance(next);
        }
        queue.push_back((sim, faults));
    }
    found.states = seen.len();
    found
}

fn scopes(sizes: &[u32], spares: &[u32], faults: u32) -> Vec<Scope> {
    let strategies = [
        (Strategy::ExpandFirst, OnNoSpare::Wait),
        (Strategy::ContractFirst, OnNoSpare::Wait),
        (Strategy::ExpandFirst, OnNoSpare::FallbackContract),
    ];
    let mut out = Vec::new();
    for &size in sizes {
        for (strategy, on_no_spare) in strategies {
            // Contract First is refused for a single node.
            for &spares in spares
                .iter()
                .filter(|_| size > 1 || strategy == Strategy::ExpandFirst)
            {
                out.push(Scope {
                    size,
                    strategy,
                    on_no_spare,
                    spares,
                    faults,
                });
            }
        }
    }
    out
}

#[test]
fn without_faults_every_rollout_ends_and_no_state_comes_twice() {
    for s in scopes(&[1, 3, 5], &[0, 1, 2], 0) {
        let found = search(s);
        let possible = s.spares > 0
            || s.strategy == Strategy::ContractFirst
            || (s.on_no_spare == OnNoSpare::FallbackContract && s.size > 1);
        assert_eq!(
            found.running > 0,
            possible,
            "{s:?}: {} states",
            found.states
        );
    }
}

#[test]
fn with_a_node_failing_anywhere_the_invariants_hold_and_every_halt_is_explained() {
    for s in scopes(&[1, 3], &[1], 1) {
        let found = search(s);
        println!(
            "{s:?}: {} states, {} ends in Running, {} explained",
            found.states, found.running, found.explained
        );
        assert!(found.states > 100, "{s:?}");
    }
}
