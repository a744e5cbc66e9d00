//! Random fleets under random requests and faults: the invariants hold at every step, and once the faults stop everything comes to its end
//! in time. `make test` runs the same cases each time; `PROVE=1` many more, from a new seed, which a failure names.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod event;
mod fleet;
mod shape;

use event::Event;
use fleet::Fleet;
use lifecycle_core::{OnNoSpare, Pct, Strategy as Rollout};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use shape::{ClusterShape, PoolShape, Shape};

fn pool(sizes: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = PoolShape> {
    let strategy = prop_oneof![
        3 => Just(Rollout::ExpandFirst),
        3 => Just(Rollout::ContractFirst),
        1 => prop_oneof![Just((0, 1)), Just((1, 0)), Just((1, 1))].prop_map(|(surge, down)| Rollout::Custom {
            max_surge: Pct::Count(surge),
            max_unavailable: Pct::Count(down),
        }),
    ];
    let on_no_spare =
        prop_oneof![2 => Just(OnNoSpare::Wait), 1 => Just(OnNoSpare::FallbackContract)];
    (
        sizes,
        strategy,
        on_no_spare,
        1..=3_u32,
        0..=3_usize,
        any::<bool>(),
    )
        .prop_map(
            |(size, strategy, on_no_spare, max_parallel, zones, wide)| PoolShape {
                size,
                strategy,
                on_no_spare,
                max_parallel,
                zones,
                wide,
            },
        )
}

fn cluster(most: u32) -> impl Strategy<Value = ClusterShape> {
    let cp = (
        pool(1..=1),
        prop_oneof![1 => Just(0_u32), 2 => Just(1), 6 => Just(3), 1 => Just(5)],
    )
        .prop_map(|(p, size)| PoolShape { size, ..p });
    (
        cp,
        vec(pool(0..=most), 0..=2),
        0..=9_u8,
        proptest::option::of(0..2_usize),
        prop_oneof![3 => Just(true), 1 => Just(false)],
        any::<bool>(),
    )
        .prop_map(|(cp, mut workers, priority, behind, running, rolls)| {
            if cp.size == 0 && workers.is_empty() {
                workers.push(PoolShape {
                    size: 2,
                    ..cp.clone()
                });
            }
            ClusterShape {
                cp,
                workers,
                priority,
                behind,
                running,
                rolls,
            }
        })
}

fn shape(clusters: std::ops::RangeInclusive<usize>, most: u32) -> impl Strategy<Value = Shape> {
    (
        vec(cluster(most), clusters),
        vec(prop_oneof![Just(1_u32), Just(3)], 0..=2),
        0..=8_u32,
        proptest::option::of(0..=6_u32),
        1..=2_u32,
        any::<bool>(),
    )
        .prop_map(
            |(clusters, gateways, spares, addresses, pools_rolling, leases_held)| Shape {
                clusters,
                gateways,
                spares,
                addresses,
                pools_rolling,
                leases_held,
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    let k = any::<u16>;
    prop_oneof![
        4 => k().prop_map(Event::Fails),
        2 => k().prop_map(Event::KubeletFails),
        2 => k().prop_map(Event::PowerFails),
        4 => k().prop_map(Event::Heals),
        3 => k().prop_map(Event::DeployFails),
        1 => k().prop_map(Event::ReleaseFails),
        2 => k().prop_map(Event::Blind),
        3 => Just(Event::Sees),
        1 => k().prop_map(Event::Locks),
        1 => k().prop_map(Event::Cordons),
        1 => Just(Event::Unlocks),
        1 => k().prop_map(Event::Taken),
        2 => k().prop_map(Event::Spare),
        1 => Just(Event::Forgets),
        1 => k().prop_map(Event::LosesJournal),
        1 => (1..=90_u8).prop_map(Event::SetBack),
        1 => Just(Event::SetRight),
        3 => (1..=4_u8).prop_map(Event::Stale),
        1 => (1..=8_u8).prop_map(Event::Sleeps),
        1 => k().prop_map(Event::Delete),
        1 => k().prop_map(Event::Abort),
        1 => k().prop_map(Event::Force),
        1 => k().prop_map(Event::Pause),
        2 => k().prop_map(Event::Resume),
        2 => k().prop_map(Event::Revise),
        1 => k().prop_map(Event::Upgrade),
        2 => (k(), k()).prop_map(|(a, b)| Event::Resize(a, b)),
        1 => (k(), k()).prop_map(|(a, b)| Event::ResizeCp(a, b)),
        1 => k().prop_map(Event::Create),
        1 => k().prop_map(Event::GatewayGrows),
        1 => k().prop_map(Event::GatewayUpgrades),
        1 => k().prop_map(Event::GatewayDelete),
    ]
}

/// Steps until the event, and the event.
fn script(events: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(u8, Event)>> {
    vec((0..24_u8, event()), events)
}

/// A node's whole way by the 90th percentiles, in milliseconds.
fn path_ms(fleet: &Fleet) -> i64 {
    let t = &fleet.sim.world.policy.timings;
    let steps = [
        t.allocate, t.deploy, t.join, t.settle, t.drain, t.remove, t.release,
    ];
    steps.iter().map(|s| i64::from(s.p90_s) * 1000).sum()
}

/// Most decisions while things go wrong.
const STEPS: usize = 2000;

/// Plays the script; then faults stop and everything comes to its end in time.
fn play(shape: &Shape, script: &[(u8, Event)]) {
    let mut fleet = Fleet::new(shape);
    let mut steps = 0;
    let mut most = fleet.size();
    for (gap, event) in script {
        for _ in 0..*gap {
            steps += 1;
            if !fleet.step() {
                break;
            }
        }
        if steps > STEPS {
            break;
        }
        fleet.happen(*event);
        most = most.max(fleet.size());
    }
    fleet.calm();
    let start = fleet.sim.world.now_ms;
    let nodes = fleet.size();
    let bound = 3 * i64::try_from(nodes).unwrap() * path_ms(&fleet);
    loop {
        steps += 1;
        let moves = fleet.step();
        let took = fleet.sim.world.now_ms - start;
        if fleet.has_converged() {
            if std::env::var_os("PROVE").is_some() {
                println!(
                    "{most} nodes, {steps} steps, converged after {} s of at most {} s",
                    took / 1000,
                    bound / 1000
                );
            }
            return;
        }
        assert!(moves, "L1 nothing moves any more: {}", fleet.unfinished());
        assert!(
            took <= bound,
            "L1 not at its end after {} s: {}",
            bound / 1000,
            fleet.unfinished()
        );
    }
}

fn config(cases: u32, proving: u32) -> ProptestConfig {
    let proves = std::env::var_os("PROVE").is_some();
    ProptestConfig {
        cases: if proves { proving } else { cases },
        rng_seed: if proves {
            RngSeed::Random
        } else {
            RngSeed::Fixed(20_260_601)
        },
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(1000, 20_000))]

    #[test]
    fn small_fleets_are_safe_at_every_step_and_come_to_their_end(shape in shape(1..=3, 4), script in script(0..30)) {
        play(&shape, &script);
    }
}

proptest! {
    #![proptest_config(config(4, 100))]

    #[test]
    fn large_fleets_are_safe_at_every_step_and_come_to_their_end(shape in shape(8..=20, 14), script in script(140..220)) {
        play(&shape.limited(), &script);
    }
}
