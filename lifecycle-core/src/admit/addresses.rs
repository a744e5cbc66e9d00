//! Addresses: what is in use by what was observed, and what a request finds short.

use super::{Judge, warnings_or_refusal};
use crate::engine::capacity::free_ips;
use crate::engine::index::Cluster;
use crate::engine::phase::Phase;
use crate::network::{InUse, range_findings, usage};
use crate::prelude::*;
use crate::{Desired, Finding, PoolRole, PoolSpec, Refusal};

impl Judge<'_> {
    /// Refuses overlapping ranges and short subnets under `path`, and gives the warnings there.
    pub(super) fn addresses(&self, desired: &Desired, path: &str) -> Result<Vec<Finding>, Refusal> {
        let subnets = &self.w.observed.subnets;
        let mut findings = range_findings(desired, subnets, &self.w.policy);
        findings.extend(usage(desired, subnets, &self.w.policy, &self.in_use()).findings);
        findings.retain(|f| {
            f.path
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        warnings_or_refusal(findings)
    }

    /// Addresses that nodes and endpoints hold already; free addresses no longer count them.
    fn in_use(&self) -> InUse {
        let mut in_use = InUse::new();
        for cluster in &self.fleet.clusters {
            for pool in &cluster.pools {
                let holds = |phase: Phase| match phase {
                    Phase::Planned | Phase::Gone => false,
                    Phase::Returning => self.w.policy.lease_held_while_returning,
                    _ => true,
                };
                let nodes = pool.nodes.iter().filter(|x| holds(x.phase)).count();
                let endpoint = usize::from(pool.spec.role == PoolRole::ControlPlane && nodes > 0);
                if let Some(subnet) = cluster.subnet(pool.spec) {
                    let count = u32::try_from(nodes + endpoint).unwrap_or(u32::MAX);
                    *in_use
                        .entry((subnet.to_owned(), cluster.id.to_owned()))
                        .or_default() += count;
                }
            }
        }
        in_use
    }

    /// Whether one more node of this pool finds an address; where addresses are not counted it does.
    pub(super) fn has_free_address(&self, cluster: &Cluster<'_>, pool: &PoolSpec) -> bool {
        free_ips(self.fleet, cluster.subnet(pool)).is_none_or(|free| free > 0)
    }
}
