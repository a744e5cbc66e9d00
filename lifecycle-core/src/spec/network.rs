//! The address ranges of a document.

use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::reader::{Read, Reader, name_of};
use super::tree::Node;
use crate::Subnet;
use crate::prelude::*;

/// Address ranges of a cluster. All may be left out; what is given must be disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NetworkDocument {
    /// The MAAS subnet from which nodes get their addresses, by its range (`10.10.0.0/24`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub machine_subnet: Option<IpNet>,
    /// Range of the pods. It must not overlap the machines' or the services' range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub pod_cidr: Option<IpNet>,
    /// Range of the services, between /28 and /12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub service_cidr: Option<IpNet>,
    /// Virtual address of the API server, in the machine subnet; absent: MAAS gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub vip: Option<IpAddr>,
    /// Prefix length of one node's part of `pod_cidr`; absent: 24, for IPv6 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_mask: Option<u8>,
    /// Whether pods of several clusters share one routed network, so that their ranges must differ.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub routable_pods: bool,
}

impl NetworkDocument {
    /// The machine subnet as the engine knows it, with this many free addresses.
    #[must_use]
    pub fn subnet(&self, free_ips: u32) -> Option<Subnet> {
        self.machine_subnet.map(|cidr| Subnet {
            id: super::subnet_id(&cidr),
            cidr,
            free_ips,
            gateway: None,
            reserved: Vec::new(),
        })
    }
}

pub(super) fn is_default(network: &NetworkDocument) -> bool {
    *network == NetworkDocument::default()
}

impl Read for NetworkDocument {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let network = Self {
            machine_subnet: f.optional("machine_subnet"),
            pod_cidr: f.optional("pod_cidr"),
            service_cidr: f.optional("service_cidr"),
            vip: f.optional("vip"),
            node_mask: f.optional("node_mask"),
            routable_pods: f.or("routable_pods", false),
        };
        f.finish();
        Some(network)
    }
}

impl Read for IpNet {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match String::read(node, path, reader)?.parse() {
            Ok(net) => Some(net),
            Err(_) => reader.wrong_value(
                node,
                path,
                format!("{} is not an address range", name_of(path)),
                "write it as 10.10.0.0/24",
            ),
        }
    }
}

impl Read for IpAddr {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match String::read(node, path, reader)?.parse() {
            Ok(address) => Some(address),
            Err(_) => reader.wrong_value(
                node,
                path,
                format!("{} is not an IP address", name_of(path)),
                "write it as 10.10.0.250",
            ),
        }
    }
}
