//! The gateway document.

use serde::{Deserialize, Serialize};

use super::cluster::{SchemaVersion, SshKey, check, is_palette, palette, read_root};
use super::reader::{Located, Read, Reader, name_of};
use super::tree::Node;
use super::{MachineRequirements, NetworkDocument};
use crate::prelude::*;
use crate::{Code, Desired, Finding, ManagedBy, OnNoSpare, PcgSpec, Version};

/// A private cloud gateway as a user describes it: the nodes through which Palette creates and deletes clusters behind a firewall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GatewayDocument {
    /// Version of this shape: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    pub schema_version: u32,
    /// Name of the gateway: lower-case letters, digits and dashes, at most 63. Clusters and gateways share one set of names.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,63}$")))]
    pub name: String,
    /// What the gateway is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who carries the gateway out: `palette` (default), or `engine`, straight on MAAS.
    #[serde(default = "palette", skip_serializing_if = "is_palette")]
    pub managed_by: ManagedBy,
    /// DNS domain of the machines in MAAS.
    pub domain: String,
    /// Kubernetes version of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<Version>,
    /// Public SSH keys that may log in to the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<String>,
    /// NTP servers instead of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ntp_servers: Vec<String>,
    /// Proxy of the gateway and of every cluster behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Address ranges.
    #[serde(default, skip_serializing_if = "super::network::is_default")]
    pub network: NetworkDocument,
    /// Number of nodes: 1 or 3. It can grow from 1 to 3, never shrink.
    pub size: u32,
    /// Which machines it takes.
    pub machines: MachineRequirements,
    /// What an upgrade does when no spare machine fits.
    #[serde(default, skip_serializing_if = "super::pool::is_wait")]
    pub on_no_spare: OnNoSpare,
}

/// An HTTP proxy; both addresses are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proxy {
    /// Proxy for `http://` addresses, without credentials.
    pub http_proxy: String,
    /// Proxy for `https://` addresses, without credentials.
    pub https_proxy: String,
    /// Hosts, domains and ranges that are reached directly: MAAS, the machines, pods and services belong here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_proxy: Vec<String>,
}

impl GatewayDocument {
    /// Reads a document field by field.
    ///
    /// # Errors
    /// Everything that is wrong with the document's shape, in the order of the text.
    pub fn read(root: &Node) -> Result<Self, Vec<Located<Finding>>> {
        read_root(root)
    }

    /// What is wrong or risky about the document in itself, before MAAS or Palette are asked. The paths are pointers into the document; errors
    /// come first.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check(
            Desired {
                pcgs: vec![self.plan()],
                ..Desired::default()
            },
            &self.network,
        )
    }

    /// What the engine plans with. Pure; `requested_ms` is 0, [`admit`](crate::admit) stamps it.
    #[must_use]
    pub fn plan(&self) -> PcgSpec {
        super::plan::gateway(self)
    }
}

impl Read for GatewayDocument {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let schema_version = f.required::<SchemaVersion>("schema_version");
        let name = f.required("name");
        let description = f.optional("description");
        let managed_by = f.or("managed_by", ManagedBy::Palette);
        let domain = f.required("domain");
        let kubernetes_version = f.optional("kubernetes_version");
        let ssh_keys = f.or::<Vec<SshKey>>("ssh_keys", Vec::new());
        let ntp_servers = f.or("ntp_servers", Vec::new());
        let proxy = f.optional("proxy");
        let network = f.or("network", NetworkDocument::default());
        let size = f.required("size");
        let machines = f.required("machines");
        let on_no_spare = f.or("on_no_spare", OnNoSpare::default());
        f.refuse_secrets();
        f.refuse(
            "pairing_code",
            "pairing_code does not belong into a document",
            "Palette gives one for each installation",
        );
        f.finish();
        Some(Self {
            schema_version: schema_version?.0,
            name: name?,
            description,
            managed_by,
            domain: domain?,
            kubernetes_version,
            ssh_keys: ssh_keys.into_iter().map(|key| key.0).collect(),
            ntp_servers,
            proxy,
            network,
            size: size?,
            machines: machines?,
            on_no_spare,
        })
    }
}

impl Read for Proxy {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let http_proxy = f.required::<ProxyUrl>("http_proxy");
        let https_proxy = f.required::<ProxyUrl>("https_proxy");
        let no_proxy = f.or("no_proxy", Vec::new());
        f.finish();
        Some(Self {
            http_proxy: http_proxy?.0,
            https_proxy: https_proxy?.0,
            no_proxy,
        })
    }
}

struct ProxyUrl(String);

impl Read for ProxyUrl {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let text = String::read(node, path, reader)?;
        // The text is not repeated: it may hold a password.
        if text.contains('@') {
            reader.report(
                node.position,
                Code::Invalid,
                path,
                format!("{} holds credentials", name_of(path)),
                "name a proxy that needs none",
            );
            return None;
        }
        match text.split_once("://") {
            Some(("http" | "https", host)) if !host.is_empty() => Some(Self(text)),
            _ => reader.wrong_value(
                node,
                path,
                format!("{} is not a proxy's address", name_of(path)),
                "write it as http://proxy.example.com:3128",
            ),
        }
    }
}
