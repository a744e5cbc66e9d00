//! No O(n²): four times the fleet takes about four times the time. The processor's time of this thread is what counts, the best of several
//! rounds.
#![allow(clippy::unwrap_used)]

#[path = "../benches/worlds/mod.rs"]
mod worlds;

#[path = "../benches/measure/mod.rs"]
mod measure;

use std::time::Duration;

use lifecycle_core::{PreviewOptions, decide, plan_network, preview};

/// Quadratic growth gives 16; what is linear but for a sort, caches that overflow and noise stay below.
const MOST: f64 = 12.0;

const ROUND: Duration = Duration::from_millis(60);

fn grows<T>(name: &str, n: usize, make: impl Fn(usize) -> T, run: impl Fn(&T)) {
    let (small, large) = (make(n), make(4 * n));
    let factor = measure::factor(4, ROUND, || run(&small), || run(&large));
    println!("{name:<30} {n:>6} ×4: ×{factor:.2}");
    assert!(
        factor < MOST,
        "{name}: four times {n} takes {factor:.2} times as long"
    );
}

/// One after the other: side by side they would share the caches.
#[test]
fn nothing_grows_with_the_square() {
    decide_grows_with_the_fleet();
    the_sweep_over_ranges_grows_with_their_number();
    preview_grows_with_steps_and_nodes();
}

fn decide_grows_with_the_fleet() {
    let run = |w: &lifecycle_core::World| drop(decide(w));
    let pool = |n: usize| u32::try_from(n).unwrap();
    grows("converged", 400, worlds::converged, run);
    grows("every cluster rolling", 400, worlds::rolling, run);
    grows("rolling, no spare", 400, worlds::short, run);
    grows("deleting", 400, worlds::deleting, run);
    grows("queued", 400, worlds::queued, run);
    grows("one huge pool", 2000, |n| worlds::huge_pool(pool(n)), run);
    grows(
        "one huge pool, short",
        2000,
        |n| worlds::huge_pool_short(pool(n)),
        run,
    );
    grows("selection", 500, |n| worlds::selection(4 * n, n), run);
}

fn the_sweep_over_ranges_grows_with_their_number() {
    let sweep = |n: usize| worlds::ranges(u32::try_from(n).unwrap());
    grows("ranges", 4000, sweep, |input| drop(plan_network(input)));
}

/// A rollout of twice the nodes has twice the steps over twice the nodes: ×4 is its measure, and not ×8.
fn preview_grows_with_steps_and_nodes() {
    let options = PreviewOptions {
        alternatives: false,
        ..PreviewOptions::default()
    };
    let (small, large) = (worlds::huge_pool(40), worlds::huge_pool(80));
    let run = |w: &lifecycle_core::World| {
        assert!(preview(w, None, &options).feasible);
    };
    let factor = measure::factor(4, ROUND, || run(&small), || run(&large));
    println!("{:<30} {:>6} ×2: ×{factor:.2}", "preview", 40);
    assert!(
        factor < 5.5,
        "twice the nodes take {factor:.2} times as long"
    );
}
