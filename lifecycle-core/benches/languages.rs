//! B10 side by side: JSON in, decide, JSON out on 10,000 nodes in Rust, Python and Node by turns; each may take one and a half times what
//! Rust takes. Needs the packages: `make bench` builds them and hands in the two commands, which print the seconds of one run.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "measure/mod.rs"]
mod measure;
#[path = "worlds/mod.rs"]
mod worlds;

use std::process::{Command, Stdio};
use std::time::Duration;

use lifecycle_core::{World, canonical_json, decide};

const RATIO: f64 = 1.5;
const ROUNDS: usize = 5;

/// Seconds of one run, as the command measures them.
fn asked(command: &str, world: &str) -> f64 {
    let mut words = command.split_whitespace();
    let program = words.next().expect("a command");
    let out = Command::new(program)
        .args(words)
        .arg(world)
        .stderr(Stdio::inherit())
        .output()
        .expect("the command runs");
    assert!(out.status.success(), "{command} failed");
    String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
}

fn main() {
    let languages: Vec<(&str, String)> = [("Python", "BENCH_PYTHON"), ("Node", "BENCH_NODE")]
        .into_iter()
        .filter_map(|(name, variable)| Some((name, std::env::var(variable).ok()?)))
        .collect();
    assert!(
        !languages.is_empty(),
        "BENCH_PYTHON and BENCH_NODE name the commands: run make bench"
    );
    let text = canonical_json(&worlds::converged(1000)).unwrap();
    let file = std::env::temp_dir().join(format!("palette-maas-bench-{}.json", std::process::id()));
    std::fs::write(&file, &text).unwrap();
    let world = file.to_str().expect("a path in UTF-8");

    let mut rust = f64::MAX;
    let mut times = vec![f64::MAX; languages.len()];
    for _ in 0..ROUNDS {
        rust = rust.min(measure::round(Duration::from_millis(400), &mut || {
            let w: World = serde_json::from_str(&text).unwrap();
            drop(canonical_json(&decide(&w)).unwrap());
        }));
        for (least, (_, command)) in times.iter_mut().zip(&languages) {
            *least = least.min(asked(command, world));
        }
    }
    std::fs::remove_file(&file).unwrap();

    println!("B10  Rust   {:>7.1} ms   target   120 ms", rust * 1000.0);
    let mut failed = Vec::new();
    for ((name, _), seconds) in languages.iter().zip(&times) {
        let ratio = seconds / rust;
        let ok = ratio <= RATIO;
        println!(
            "     {name:<6} {:>7.1} ms   ×{ratio:.2}, at most ×{RATIO}{}",
            seconds * 1000.0,
            if ok { "" } else { "   TOO MUCH" }
        );
        if !ok {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "beyond the limit: {failed:?}");
}
