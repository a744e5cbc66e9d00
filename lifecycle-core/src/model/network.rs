//! Networks: what clusters need of them, what subnets have, and the plan that compares the two.
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::defaults::{is_default, is_num8, num8};
use super::table::Table;
use crate::prelude::*;
use crate::{Desired, Finding, Id, Policy};

/// Where a cluster's addresses come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetSpec {
    /// Subnet of the nodes; absent: addresses are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Id>,
    /// Address of the control-plane endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub vip: Option<IpAddr>,
    /// Pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub pod_cidr: Option<IpNet>,
    /// Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub service_cidr: Option<IpNet>,
    /// Prefix length of one node's share of `pod_cidr` (24; for IPv6 write 64).
    #[serde(default = "num8::<24>", skip_serializing_if = "is_num8::<24>")]
    pub node_mask: u8,
    /// Pods are reachable from outside: their ranges must not overlap across clusters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub routable_pods: bool,
}

impl Default for NetSpec {
    fn default() -> Self {
        Self {
            subnet: None,
            vip: None,
            pod_cidr: None,
            service_cidr: None,
            node_mask: 24,
            routable_pods: false,
        }
    }
}

/// A MAAS subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subnet {
    /// Its id.
    pub id: Id,
    /// Its range.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cidr: IpNet,
    /// Addresses that can still be given out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub free_ips: u32,
    /// Gateway address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub gateway: Option<IpAddr>,
    /// Reserved ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reserved: Vec<IpNet>,
}

/// What [`plan_network`](crate::plan_network) reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetworkInput {
    /// Clusters and gateways.
    pub desired: Desired,
    /// Subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<Subnet>,
    /// Rolling limits that set the peak.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: Policy,
}

/// Addresses needed and had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetworkPlan {
    /// By cluster or gateway.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owners: BTreeMap<Id, NetworkOwner>,
    /// By subnet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subnets: BTreeMap<Id, SubnetUse>,
    /// Overlaps, shortages, warnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Two aligned tables, addresses by owner and by subnet, then a line for each finding.
impl fmt::Display for NetworkPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut owners = Table::headed(&["addresses of", "steady", "peak"]);
        for (id, need) in &self.owners {
            owners.row([id.clone(), need.steady.to_string(), need.peak.to_string()]);
        }
        let mut subnets = Table::headed(&["subnet", "steady", "peak", "headroom"]);
        for (id, of) in &self.subnets {
            let figures = [of.steady.into(), of.peak.into(), i64::from(of.headroom)];
            subnets.row(core::iter::once(id.clone()).chain(figures.map(|n| n.to_string())));
        }
        write!(f, "{owners}")?;
        if !subnets.is_bare() {
            write!(f, "\n{subnets}")?;
        }
        if !self.findings.is_empty() {
            writeln!(f)?;
        }
        self.findings.iter().try_for_each(|x| writeln!(f, "{x}"))
    }
}

/// Addresses a cluster or gateway needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetworkOwner {
    /// When nothing is being replaced.
    pub steady: u32,
    /// At most, while rolling.
    pub peak: u32,
}

/// Addresses needed of a subnet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubnetUse {
    /// When nothing is being replaced.
    pub steady: u32,
    /// At most, while rolling.
    pub peak: u32,
    /// Free addresses and those in use, less the peak.
    pub headroom: i32,
}
