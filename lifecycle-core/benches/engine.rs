//! The benchmarks of §4 of the specification: each figure beside its target. Milliseconds are printed; the growth factor (twice the fleet, at
//! most 2.3 times the time, both measured in this run) is asserted, and so is the memory of the big fleet.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod worlds;

use std::time::Instant;

use lifecycle_core::{
    NetworkInput, PreviewOptions, World, canonical_json, decide, plan_network, preview,
};

const GROWTH: f64 = 2.3;
const MEMORY_MIB: f64 = 150.0;

/// Milliseconds: the best of several runs, for half a second at most.
fn best(mut run: impl FnMut()) -> f64 {
    let (start, mut least) = (Instant::now(), f64::MAX);
    for round in 0.. {
        let begun = Instant::now();
        run();
        least = least.min(begun.elapsed().as_secs_f64() * 1000.0);
        if round >= 2 && start.elapsed().as_millis() > 500 {
            break;
        }
    }
    least
}

fn row(name: &str, shape: &str, ms: f64, target: f64) {
    println!("{name:<4} {shape:<45} {ms:>9.1} ms   target {target:>5} ms");
}

/// Twice the size against once, several times by turns; the least is what the engine does, the rest is the machine's.
fn grows<T>(shape: &str, n: usize, make: impl Fn(usize) -> T, run: impl Fn(&T)) -> bool {
    let (small, large) = (make(n), make(2 * n));
    let factor = (0..4)
        .map(|_| best(|| run(&large)) / best(|| run(&small)))
        .fold(f64::MAX, f64::min);
    let ok = factor <= GROWTH;
    println!(
        "     {shape:<45} {:>9}      ×{factor:.2}, at most ×{GROWTH}{}",
        format!("{n} ×2"),
        if ok { "" } else { "   TOO MUCH" }
    );
    ok
}

/// Most memory that this process has used, in MiB.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

fn main() {
    let mut failed = Vec::new();
    // First, while nothing else has been allocated: B11.
    let big = worlds::converged(10_000);
    let with_world = peak_mib();
    let b3 = best(|| drop(decide(&big)));
    if let (Some(before), Some(peak)) = (with_world, peak_mib()) {
        let ours = peak - before;
        println!(
            "B11  {:<45} {ours:>9.1} MiB  target {MEMORY_MIB:>5} MiB (with the world itself {peak:.0} MiB)",
            "memory of B3's decisions"
        );
        if ours > MEMORY_MIB {
            failed.push("B11");
        }
    }
    drop(big);
    let decided = |w: World| best(|| drop(decide(&w)));
    row(
        "B1",
        "decide, converged, 1,000 × 10",
        decided(worlds::converged(1000)),
        5.0,
    );
    row(
        "B2",
        "decide, every cluster rolling, 1,000 × 10",
        decided(worlds::rolling(1000)),
        25.0,
    );
    row("B3", "decide, 10,000 × 10", b3, 500.0);
    row(
        "B4",
        "decide, one pool of 10,000",
        decided(worlds::huge_pool(10_000)),
        10.0,
    );
    let options = PreviewOptions {
        alternatives: false,
        ..PreviewOptions::default()
    };
    let planned = |w: World| best(|| drop(preview(&w, None, &options)));
    row(
        "B6",
        "preview, 50 nodes, p50 and p90",
        planned(worlds::huge_pool(50)),
        5.0,
    );
    row(
        "B7",
        "preview, 1,000 nodes, ten at a time",
        planned(worlds::huge_pool(1000)),
        250.0,
    );
    let ranges = worlds::ranges(100_000);
    row(
        "B8",
        "100,000 prefixes",
        best(|| drop(plan_network(&ranges))),
        60.0,
    );
    row(
        "B9",
        "10,000 machines, 500 demands",
        decided(worlds::selection(10_000, 500)),
        30.0,
    );
    let text = canonical_json(&worlds::converged(1000)).unwrap();
    let through = best(|| {
        let w: World = serde_json::from_str(&text).unwrap();
        drop(canonical_json(&decide(&w)).unwrap());
    });
    row(
        "B10",
        &format!(
            "JSON in, decide, JSON out, {:.1} MB",
            text.len() as f64 / 1e6
        ),
        through,
        120.0,
    );

    println!("growth:");
    let run = |w: &World| drop(decide(w));
    let pool = |n: usize| u32::try_from(n).unwrap();
    let sweep = |i: &NetworkInput| drop(plan_network(i));
    let kept = [
        grows("converged", 2000, worlds::converged, run),
        grows("every cluster rolling", 2000, worlds::rolling, run),
        grows("rolling, no spare", 2000, worlds::short, run),
        grows("one huge pool", 20_000, |n| worlds::huge_pool(pool(n)), run),
        grows(
            "one huge pool, short",
            20_000,
            |n| worlds::huge_pool_short(pool(n)),
            run,
        ),
        grows("selection", 4000, |n| worlds::selection(4 * n, n), run),
        grows("ranges", 50_000, |n| worlds::ranges(pool(n)), sweep),
    ];
    if kept.contains(&false) {
        failed.push("growth");
    }
    assert!(failed.is_empty(), "beyond the limit: {failed:?}");
}
