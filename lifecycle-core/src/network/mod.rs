//! The address plan: how many addresses clusters and gateways need of each subnet, and whether the ranges stand clear of each other.

mod interval;
mod ranges;
mod usage;

pub(crate) use ranges::range_findings;
pub(crate) use usage::{InUse, surge, unavailable, usage};

use crate::{NetworkInput, NetworkPlan};

/// Addresses and ranges of a fleet: what each owner and each subnet needs when nothing moves and at most while nodes are replaced, which
/// subnets are too small, and which ranges overlap where.
///
/// Pure arithmetic over `desired` and `subnets`; nothing is taken to be in use yet, so `free_ips` are those that the whole fleet may have.
/// [`admit`](crate::admit) does the same with what the observation says is in use.
#[must_use]
pub fn plan_network(input: &NetworkInput) -> NetworkPlan {
    let mut plan = usage(
        &input.desired,
        &input.subnets,
        &input.policy,
        &InUse::default(),
    );
    let mut findings = range_findings(&input.desired, &input.subnets, &input.policy);
    findings.append(&mut plan.findings);
    plan.findings = findings;
    plan
}
