//! Moments and durations: integers, saturating.
use crate::prelude::*;

/// Milliseconds since the epoch.
pub type Millis = i64;

/// A force delete is possible this long after termination began (inclusive): 15 minutes.
pub const FORCE_DELETE_AFTER_MS: i64 = 900_000;

/// Seconds as milliseconds.
#[must_use]
pub const fn ms_of(seconds: u32) -> Millis {
    seconds as i64 * 1000
}

/// A duration as `mm:ss`, rounded **up** to seconds so that a remaining time is never shown as `00:00` before it is over.
#[must_use]
pub fn clock_text(ms: u64) -> String {
    let s = ms.div_ceil(1000);
    format!("{:02}:{:02}", s / 60, s % 60)
}

/// A duration for people: `45 s`, `64 min`, `17 h 46 min`.
#[must_use]
pub fn duration_text(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.saturating_add(30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
