//! Staying under the server's rate limits without being told.
//!
//! Palette counts requests per source address and resource prefix. Each prefix has a bucket here; a request waits
//! until its bucket lets it go, so that waiting for a hundred clusters does not run into refusals.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use sdk_transport::Clock;

/// How many requests a resource prefix takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    per_second: u32,
    burst: u32,
}

impl RateLimit {
    /// A limit of so many requests per second, and so many at once after a pause. Zero counts as one.
    pub(crate) const fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second: if per_second == 0 { 1 } else { per_second },
            burst: if burst == 0 { 1 } else { burst },
        }
    }

    fn interval(self) -> i128 {
        1_000_000_000 / i128::from(self.per_second)
    }
}

/// The bucket of a path and how much it holds, after the published limits.
///
/// The path is taken without the server's own prefix. Prefixes that are not published get the smaller limit.
fn limit_of(path: &str) -> (String, RateLimit) {
    // A tenth of the published bursts is left for requests that overtake each other on the way.
    const LARGE: RateLimit = RateLimit::new(50, 225);
    const SMALL: RateLimit = RateLimit::new(10, 45);
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').skip(1).collect();
    match segments.as_slice() {
        ["spectroclusters", "features", "logFetcher", ..] => {
            ("spectroclusters/features/logFetcher".to_owned(), SMALL)
        }
        ["spectroclusters", _, part @ ("assets" | "download"), ..] => {
            (format!("spectroclusters/{part}"), SMALL)
        }
        [
            prefix @ ("spectroclusters" | "cloudconfigs" | "clusterprofiles"),
            ..,
        ] => ((*prefix).to_owned(), LARGE),
        ["events", "components", ..] => ("events/components".to_owned(), LARGE),
        ["auth", "user", "password", "reset", ..] => {
            ("auth/user/password/reset".to_owned(), RateLimit::new(2, 9))
        }
        [prefix, ..] => ((*prefix).to_owned(), SMALL),
        [] => (String::new(), SMALL),
    }
}

/// One bucket: when the next request would be due at the steady rate.
///
/// Times are nanoseconds on the wall clock. A clock that goes backwards takes the bucket with it.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    due: i128,
    seen: i128,
}

impl Bucket {
    /// Reserves one request and returns how long it has to wait.
    fn reserve(&mut self, limit: RateLimit, now: i128) -> i128 {
        if now < self.seen {
            self.due -= self.seen - now;
        }
        self.seen = now;
        self.due = self.due.max(now);
        let tolerance = limit.interval() * i128::from(limit.burst - 1);
        let wait = (self.due - tolerance - now).max(0);
        self.due += limit.interval();
        wait
    }
}

/// The buckets of one client, shared by its clones.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

impl Budget {
    /// Waits until the prefix of `path` may be asked again.
    pub(crate) async fn take(&self, clock: &Clock, path: &str) {
        let wait = self.reserve(clock.now(), path);
        if !wait.is_zero() {
            tracing::debug!(path, ?wait, "waiting for the rate limit");
            clock.sleep(wait).await;
        }
    }

    fn reserve(&self, now: Timestamp, path: &str) -> Duration {
        let (prefix, limit) = limit_of(path);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = buckets
            .entry(prefix)
            .or_default()
            .reserve(limit, now.as_nanosecond());
        Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_fall_into_the_published_buckets() {
        for (path, prefix, limit) in [
            ("/v1/spectroclusters/u/status", "spectroclusters", (50, 225)),
            (
                "/v1/spectroclusters/u/profiles",
                "spectroclusters",
                (50, 225),
            ),
            (
                "/v1/spectroclusters/u/assets/kubeconfig",
                "spectroclusters/assets",
                (10, 45),
            ),
            (
                "/v1/dashboard/spectroclusters/u/overview",
                "dashboard",
                (10, 45),
            ),
            (
                "/v1/events/components/spectrocluster/u",
                "events/components",
                (50, 225),
            ),
            (
                "/v1/auth/user/password/reset",
                "auth/user/password/reset",
                (2, 9),
            ),
            ("/v1/overlords", "overlords", (10, 45)),
            ("/", "", (10, 45)),
        ] {
            assert_eq!(
                limit_of(path),
                (prefix.to_owned(), RateLimit::new(limit.0, limit.1)),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn two_hundred_looks_at_a_slow_prefix_take_the_time_that_the_server_asks() {
        let start = Timestamp::from_second(1_770_000_000).unwrap();
        let clock = Clock::manual(start);
        let budget = Budget::default();
        for _ in 0..200 {
            budget.take(&clock, "/v1/dashboard/x").await;
        }
        assert_eq!(clock.since(start), Duration::from_millis(15_500));
    }

    proptest! {
        /// In any stretch of time no more requests leave than the burst and the steady rate allow.
        #[test]
        fn no_window_exceeds_the_limit(
            pauses in prop::collection::vec(0_i128..400_000_000, 1..300),
            per_second in 1_u32..60,
            burst in 1_u32..30,
        ) {
            let limit = RateLimit::new(per_second, burst);
            let mut bucket = Bucket::default();
            let mut now = 1_770_000_000_000_000_000;
            let mut departures = Vec::new();
            for pause in pauses {
                now += pause;
                departures.push(now + bucket.reserve(limit, now));
            }
            for (first, start) in departures.iter().enumerate() {
                for (last, end) in departures.iter().enumerate().skip(first) {
                    let allowed = i128::from(burst) + (end - start) / limit.interval();
                    prop_assert!((last - first + 1) as i128 <= allowed);
                }
            }
        }

        /// After a pause long enough, nobody waits; and a clock that goes backwards does not block for long.
        #[test]
        fn a_rested_bucket_never_blocks(back in 0_i128..1_000_000_000_000, calls in 1_u32..50) {
            let limit = RateLimit::new(10, 50);
            let mut bucket = Bucket::default();
            let now = 1_770_000_000_000_000_000;
            for _ in 0..calls {
                prop_assert_eq!(bucket.reserve(limit, now), 0);
            }
            prop_assert!(bucket.reserve(limit, now - back) <= limit.interval());
        }
    }
}
