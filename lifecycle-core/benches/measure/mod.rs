//! What a run costs this thread: the processor's time, so that other work on the machine does not count. Benchmarks and the growth test
//! share it.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::time::{Duration, Instant};

/// What this thread has used of a processor; on systems that do not tell, the wall's clock.
fn used(start: Instant) -> Duration {
    let seen = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = seen.and_then(|s| s.split(' ').next()?.parse().ok());
    ns.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Seconds of one run, over as many as fill `least`: the system keeps its accounts in steps of some milliseconds.
pub fn round(least: Duration, run: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let (before, mut runs) = (used(start), 0_u32);
    loop {
        run();
        runs += 1;
        let spent = used(start) - before;
        if spent >= least {
            return spent.as_secs_f64() / f64::from(runs);
        }
    }
}

/// Seconds of one run: the best of some rounds.
pub fn best(rounds: u32, least: Duration, mut run: impl FnMut()) -> f64 {
    let times = (0..rounds).map(|_| round(least, &mut run));
    times.fold(f64::MAX, f64::min)
}

/// How many times as long `large` takes as `small`: both by turns, the best round of each.
pub fn factor(
    rounds: u32,
    least: Duration,
    mut small: impl FnMut(),
    mut large: impl FnMut(),
) -> f64 {
    let (mut of_small, mut of_large) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        of_small = of_small.min(round(least, &mut small));
        of_large = of_large.min(round(least, &mut large));
    }
    of_large / of_small
}
