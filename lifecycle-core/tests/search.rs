//! Exhaustive search over small scopes, by two explorers that must agree on the number of states. `PROVE=1` adds the larger scopes.
#![allow(clippy::unwrap_used)]

mod common;

use common::explore::{Ask, Event, Fault, Scope, State, search};
use common::pool;
use common::scopes::{
    CONTRACT, EXPAND, creating, kubelet_down, rolling, rolling_workers, two_voters,
};
use lifecycle_core::{OnNoSpare, Strategy};
use stateright::{Checker, Model, Property};

fn proves() -> bool {
    std::env::var_os("PROVE").is_some()
}

fn run(scope: &Scope) -> usize {
    let found = search(scope);
    println!(
        "{} faults {}{}{}: {} states, {} end well, {} explain themselves",
        scope.name,
        scope.faults,
        scope
            .ask
            .map(|a| format!(" {a:?} anywhere"))
            .unwrap_or_default(),
        if scope.forget {
            " memory lost anywhere"
        } else {
            ""
        },
        found.states,
        found.well,
        found.explained
    );
    // A broken node that etcd cannot spare is power-cycled every hour, for ever: that has no end.
    assert!(
        found.well + found.explained > 0 || !scope.broken.is_empty(),
        "{}",
        scope.name
    );
    found.states
}

/// Contract First is refused for a single node.
fn control_planes(sizes: &[u32], spares: &[u32]) -> Vec<Scope> {
    let mut out = Vec::new();
    for &size in sizes {
        for strategy in [EXPAND, CONTRACT] {
            for &n in spares.iter().filter(|_| size > 1 || strategy == EXPAND) {
                out.push(rolling(size, 0, strategy, n));
            }
        }
    }
    out
}

fn worker_pools(spares: &[u32]) -> Vec<Scope> {
    let mut out = Vec::new();
    for size in [2, 3] {
        for strategy in [EXPAND, CONTRACT] {
            out.extend(spares.iter().map(|&n| rolling_workers(size, strategy, n)));
        }
    }
    out
}

fn has_way(strategy: Strategy, spares: u32) -> bool {
    spares > 0 || strategy == CONTRACT
}

#[test]
fn without_faults_every_rollout_ends_and_no_state_comes_twice() {
    let mut scopes = control_planes(&[1, 3, 5], &[0, 1, 2]);
    scopes.extend(worker_pools(&[0, 1, 2]));
    for strategy in [EXPAND, CONTRACT] {
        scopes.extend([0, 1, 2].map(|n| rolling(3, 2, strategy, n)));
    }
    for size in [3, 5] {
        for n in [0, 1, 2] {
            let mut scope = rolling(size, 0, EXPAND, n);
            pool(&mut scope.world, "c", "cp").on_no_spare = OnNoSpare::FallbackContract;
            scope.name = format!("CP{size} fallback spare {n}");
            run(&scope.ends_well());
        }
    }
    scopes.push(creating(3, 2, 5));
    for scope in scopes {
        let c = &scope.world.desired.clusters[0];
        let strategy = c.pools().next().unwrap().strategy;
        let free = scope
            .world
            .observed
            .machines
            .iter()
            .filter(|m| m.owner.is_none());
        let way = has_way(strategy, u32::try_from(free.count()).unwrap());
        let scope = if way { scope.ends_well() } else { scope };
        run(&scope);
    }
}

#[test]
fn with_one_fault_anywhere_control_planes_are_safe_and_every_halt_is_explained() {
    for scope in control_planes(&[1, 3], &[0, 1, 2]) {
        run(&scope.faults(1, &[Fault::Node]));
    }
    for strategy in [EXPAND, CONTRACT] {
        run(&rolling(3, 0, strategy, 1).faults(1, &[Fault::Kubelet, Fault::Creation]));
        run(&kubelet_down(strategy).faults(1, &[Fault::Node]));
    }
    run(&rolling(1, 0, EXPAND, 1).faults(1, &[Fault::Blind]));
    run(&two_voters());
}

#[test]
fn with_one_fault_anywhere_workers_are_safe_and_every_halt_is_explained() {
    for scope in worker_pools(&[0, 1, 2]) {
        run(&scope.faults(1, &[Fault::Node]));
    }
    run(&rolling_workers(2, EXPAND, 1).faults(1, &[Fault::Creation]));
    run(&rolling(3, 2, EXPAND, 1).faults(1, &[Fault::Node]));
}

#[test]
fn deleted_or_aborted_anywhere_everything_is_given_back() {
    for strategy in [EXPAND, CONTRACT] {
        run(&rolling(3, 2, strategy, 1).ask(Ask::Delete).ends_well());
    }
    run(&creating(3, 2, 5).ask(Ask::Abort).ends_well());
    run(&creating(3, 2, 5).ask(Ask::Delete).ends_well());
    run(&rolling(3, 0, EXPAND, 1)
        .ask(Ask::Delete)
        .faults(1, &[Fault::Node]));
}

#[test]
fn with_memory_lost_anywhere_every_rollout_still_ends() {
    for strategy in [EXPAND, CONTRACT] {
        run(&rolling(3, 2, strategy, 1).forget().ends_well());
        run(&rolling_workers(3, strategy, 1).forget().ends_well());
    }
    run(&rolling(1, 0, EXPAND, 1).forget().ends_well());
    run(&creating(3, 2, 5).forget().ends_well());
}

/// The same scope for stateright.
#[derive(Clone)]
struct Checked(Scope);

impl Model for Checked {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.start()]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Event>) {
        actions.extend(self.0.events(s));
    }

    fn next_state(&self, s: &State, event: Event) -> Option<State> {
        self.0.next(s, &event)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("3.6", |_, s: &State| {
            s.check();
            true
        })]
    }
}

#[test]
fn a_second_explorer_finds_as_many_states() {
    for scope in [
        rolling(1, 0, EXPAND, 1).faults(1, &[Fault::Node]),
        rolling(3, 0, EXPAND, 1),
        rolling(3, 0, CONTRACT, 0).faults(1, &[Fault::Node]),
        rolling_workers(2, CONTRACT, 1).faults(1, &[Fault::Node]),
        creating(1, 1, 2).ask(Ask::Abort),
        rolling(1, 0, EXPAND, 1).forget(),
    ] {
        let own = run(&scope);
        let checker = Checked(scope.clone()).checker().spawn_bfs().join();
        checker.assert_properties();
        assert_eq!(checker.unique_state_count(), own, "{}", scope.name);
    }
}

/// Larger scopes: `make prove`.
#[test]
fn the_larger_scopes() {
    if !proves() {
        return;
    }
    for scope in control_planes(&[1, 3], &[0, 1, 2]) {
        run(&scope.faults(2, &[Fault::Node]));
    }
    for scope in control_planes(&[5], &[0, 1, 2]) {
        run(&scope.faults(1, &[Fault::Node]));
    }
    for scope in worker_pools(&[0, 1, 2]) {
        run(&scope.faults(2, &[Fault::Node, Fault::Creation]));
    }
    for strategy in [EXPAND, CONTRACT] {
        run(&rolling(3, 0, strategy, 1).faults(1, &[Fault::Blind]));
        run(&rolling(3, 0, strategy, 1)
            .forget()
            .faults(1, &[Fault::Node]));
        for n in [0, 1, 2] {
            run(&rolling(3, 2, strategy, n)
                .faults(1, &[Fault::Node, Fault::Kubelet, Fault::Creation]));
        }
    }
}
