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
///
/// ```
/// use lifecycle_core::{ClusterSpec, Code, Desired, NetSpec, NetworkInput, PoolSpec, Subnet, plan_network};
///
/// let network = NetSpec {
///     subnet: Some("rack-1".into()),
///     pod_cidr: "10.10.0.0/16".parse().ok(),
///     ..NetSpec::default()
/// };
/// let cluster = ClusterSpec::new("prod").control_plane(PoolSpec::control_plane("cp", 3)).network(network);
/// let rack: Subnet = serde_json::from_str(r#"{"id": "rack-1", "cidr": "10.10.7.0/24", "free_ips": 4}"#).unwrap();
/// let plan = plan_network(&NetworkInput {
///     desired: Desired { clusters: vec![cluster], ..Desired::default() },
///     subnets: vec![rack],
///     ..NetworkInput::default()
/// });
///
/// assert_eq!((plan.owners["prod"].steady, plan.owners["prod"].peak), (4, 5)); // 3 nodes and the endpoint; 1 to surge
/// assert_eq!(plan.findings[0].code, Code::CidrOverlap);
/// assert_eq!(plan.findings[0].args["range"], "10.10.7.0–10.10.7.255");
/// ```
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
