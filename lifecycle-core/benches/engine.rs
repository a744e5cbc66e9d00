//! The benchmarks of §4 of the specification: each figure beside its target. Milliseconds are printed; the growth factor (twice the fleet, at
//! most 2.3 times the time, both measured in this run) is asserted, and so is the memory of the big fleet. B10's ratios are `languages`'.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod measure;
mod worlds;

use std::time::Duration;

use lifecycle_core::{
    NetworkInput, PreviewOptions, World, canonical_json, decide, plan_network, preview,
};

const GROWTH: f64 = 2.3;
const MEMORY_MIB: f64 = 150.0;

fn row(name: &str, shape: &str, target: f64, run: impl FnMut()) {
    let ms = measure::best(4, Duration::from_millis(100), run) * 1000.0;
    println!(
        "{name:<4} {shape:<45} {ms:>9.1} ms   target {target:>5} ms{}",
        if ms <= target { "" } else { "   missed" }
    );
}

fn decided(name: &str, shape: &str, target: f64, w: &World) {
    row(name, shape, target, || drop(decide(w)));
}

fn grows<T>(shape: &str, n: usize, make: impl Fn(usize) -> T, run: impl Fn(&T)) -> bool {
    let (small, large) = (make(n), make(2 * n));
    let least = Duration::from_millis(150);
    let factor = measure::factor(8, least, || run(&small), || run(&large));
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

/// B3 and B11; first, while nothing else has been allocated. False: too much memory.
fn big_fleet() -> bool {
    let big = worlds::converged(10_000);
    let world = peak_mib();
    drop(decide(&big));
    let peak = peak_mib();
    decided("B3", "decide, 10,000 × 10", 500.0, &big);
    let (Some(world), Some(peak)) = (world, peak) else {
        return true;
    };
    let ours = peak - world;
    println!(
        "B11  {:<45} {ours:>9.1} MiB  at most {MEMORY_MIB} MiB, beside the world's {world:.0} MiB",
        "memory of B3's decision"
    );
    ours <= MEMORY_MIB
}

fn main() {
    let mut failed = Vec::new();
    println!("milliseconds of one processor, the best of four rounds");
    if !big_fleet() {
        failed.push("B11");
    }
    let w = worlds::converged(1000);
    decided("B1", "decide, converged, 1,000 × 10", 5.0, &w);
    let w = worlds::rolling(1000);
    decided("B2", "decide, every cluster rolling, 1,000 × 10", 25.0, &w);
    let w = worlds::huge_pool(10_000);
    decided("B4", "decide, one pool of 10,000", 10.0, &w);
    let options = PreviewOptions {
        alternatives: false,
        ..PreviewOptions::default()
    };
    let w = worlds::huge_pool(50);
    row("B6", "preview, 50 nodes, p50 and p90", 5.0, || {
        drop(preview(&w, None, &options));
    });
    let w = worlds::huge_pool(1000);
    row("B7", "preview, 1,000 nodes, ten at a time", 250.0, || {
        drop(preview(&w, None, &options));
    });
    let ranges = worlds::ranges(100_000);
    row("B8", "100,000 prefixes", 60.0, || {
        drop(plan_network(&ranges));
    });
    let w = worlds::selection(10_000, 500);
    decided("B9", "10,000 machines, 500 demands", 30.0, &w);
    let text = canonical_json(&worlds::converged(1000)).unwrap();
    let shape = format!(
        "JSON in, decide, JSON out, {:.1} MB",
        text.len() as f64 / 1e6
    );
    row("B10", &shape, 120.0, || {
        let w: World = serde_json::from_str(&text).unwrap();
        drop(canonical_json(&decide(&w)).unwrap());
    });

    // Sizes that fit no cache to begin with: outgrowing it would be taken for the engine's growth.
    println!("growth:");
    let run = |w: &World| drop(decide(w));
    let pool = |n: usize| u32::try_from(n).unwrap();
    let sweep = |i: &NetworkInput| drop(plan_network(i));
    let kept = [
        grows("converged", 5000, worlds::converged, run),
        grows("every cluster rolling", 5000, worlds::rolling, run),
        grows("rolling, no spare", 5000, worlds::short, run),
        grows("one huge pool", 60_000, |n| worlds::huge_pool(pool(n)), run),
        grows(
            "one huge pool, short",
            60_000,
            |n| worlds::huge_pool_short(pool(n)),
            run,
        ),
        grows("selection", 20_000, |n| worlds::selection(4 * n, n), run),
        grows("ranges", 50_000, |n| worlds::ranges(pool(n)), sweep),
    ];
    if kept.contains(&false) {
        failed.push("growth");
    }
    assert!(failed.is_empty(), "beyond the limit: {failed:?}");
}
