//! Rate limits: a bucket of requests per prefix of the path, refilled by wall time.

use std::collections::HashMap;
use std::time::Instant;

/// Prefixes with their requests per second; the longest that fits counts. A burst may be five times as many.
const RATES: [(&str, f64); 24] = [
    ("/v1/spectroclusters", 50.0),
    ("/v1/cloudconfigs", 50.0),
    ("/v1/clusterprofiles", 50.0),
    ("/v1/events/components", 50.0),
    ("/v1/spectroclusters/:uid/assets", 10.0),
    ("/v1/spectroclusters/:uid/download", 10.0),
    ("/v1/spectroclusters/features/logFetcher", 10.0),
    ("/v1/overlords", 10.0),
    ("/v1/cloudaccounts", 10.0),
    ("/v1/clouds", 10.0),
    ("/v1/packs", 10.0),
    ("/v1/registries", 10.0),
    ("/v1/projects", 10.0),
    ("/v1/dashboard", 10.0),
    ("/v1/notifications", 10.0),
    ("/v1/audits", 10.0),
    ("/v1/users", 10.0),
    ("/v1/tenants", 10.0),
    ("/v1/auth", 10.0),
    ("/v1/apiKeys", 10.0),
    ("/v1/metrics", 10.0),
    ("/v1/auth/user/password/reset", 2.0),
    ("/v1/pcg", 10.0),
    ("/v1/clusterTemplates", 10.0),
];
const BURST: f64 = 5.0;

/// The buckets. Off until switched on: a fast simulated clock makes clients poll far more often than they would.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) is_on: bool,
    buckets: HashMap<&'static str, (f64, Instant)>,
}

impl Limits {
    /// Takes one request out of the bucket of this path; false if it is empty.
    pub(crate) fn admit(&mut self, path: &str, now: Instant) -> bool {
        if !self.is_on {
            return true;
        }
        let Some((prefix, rate)) = RATES
            .iter()
            .filter(|(prefix, _)| is_under(path, prefix))
            .max_by_key(|(prefix, _)| prefix.len())
        else {
            return true;
        };
        let (left, since) = self.buckets.entry(prefix).or_insert((rate * BURST, now));
        *left = (*left + now.duration_since(*since).as_secs_f64() * rate).min(rate * BURST);
        *since = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

fn is_under(path: &str, prefix: &str) -> bool {
    let mut path = path.split('/');
    prefix.split('/').all(|wanted| {
        path.next()
            .is_some_and(|given| wanted.starts_with(':') || wanted == given)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_by_wall_time() {
        let mut limits = Limits {
            is_on: true,
            ..Limits::default()
        };
        let start = Instant::now();
        let taken = (0..100)
            .filter(|_| limits.admit("/v1/spectroclusters/u/assets/adminKubeconfig", start))
            .count();
        assert_eq!(taken, 50);
        assert!(
            limits.admit("/v1/spectroclusters/u", start),
            "another bucket"
        );
        assert!(limits.admit(
            "/v1/spectroclusters/u/assets/adminKubeconfig",
            start + Duration::from_millis(150)
        ));
    }
}
