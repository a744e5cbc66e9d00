//! The cluster document.

use serde::{Deserialize, Serialize};

use super::reader::{Located, Read, Reader, name_of};
use super::tree::{Node, Value};
use super::{ControlPlaneDocument, Features, NetworkDocument, WorkerPoolDocument, document_path};
use crate::prelude::*;
use crate::{
    ClusterSpec, Code, Desired, Finding, ManagedBy, NetworkInput, Policy, Severity, Version,
    plan_network, validate,
};

/// The `schema_version` that this release reads and writes.
const SCHEMA_VERSION: u32 = 1;

/// A cluster as a user describes it.
///
/// Only data: what MAAS and Palette have to know about the cluster. `examples/cluster.yaml` explains every field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterDocument {
    /// Version of this shape: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    pub schema_version: u32,
    /// Name of the cluster: lower-case letters, digits and dashes, at most 63.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,63}$")))]
    pub name: String,
    /// What the cluster is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags of the cluster in Palette: `key:value`, or a bare word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who carries the cluster out: `palette` (default), or `engine`, straight on MAAS.
    #[serde(default = "palette", skip_serializing_if = "is_palette")]
    pub managed_by: ManagedBy,
    /// The cluster profile and what is changed in its packs. Needed when Palette carries the cluster out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_profile: Option<ClusterProfile>,
    /// The cloud account that Palette uses to reach MAAS. Needed when Palette carries the cluster out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_account: Option<CloudAccount>,
    /// DNS domain of the machines in MAAS. It cannot change later.
    pub domain: String,
    /// Image as MAAS names it (`ubuntu/jammy`, `custom/golden`). When Palette carries the cluster out, the profile's OS pack decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Kubernetes version of the nodes, as in the profile: lets version rules be checked before anything is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<Version>,
    /// Public SSH keys that may log in to the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<String>,
    /// NTP servers instead of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ntp_servers: Vec<String>,
    /// Address ranges.
    #[serde(default, skip_serializing_if = "super::network::is_default")]
    pub network: NetworkDocument,
    /// The control-plane pool.
    pub control_plane: ControlPlaneDocument,
    /// The worker pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<WorkerPoolDocument>,
    /// Management features.
    #[serde(default, skip_serializing_if = "super::features::is_default")]
    pub features: Features,
}

/// A cluster profile of Palette, by name or by uid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterProfile {
    /// Name of the profile; either this or `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Uid of the profile; either this or `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Version of the profile, with `name`; absent: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Pack overrides: values that replace those of the profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<PackOverride>,
    /// Values of the profile's variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// A pack of the profile whose values are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackOverride {
    /// Name of the pack in the profile.
    pub name: String,
    /// Version tag of the pack; absent: as in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The values, as the text of the pack's `values.yaml`.
    pub values: String,
}

/// The cloud account through which Palette reaches MAAS. MAAS's address and key are never written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudAccount {
    /// Name of the account; it is created if there is none.
    pub name: String,
    /// Name of the private cloud gateway behind which MAAS is reached.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,63}$")))]
    pub gateway: String,
}

pub(super) fn palette() -> ManagedBy {
    ManagedBy::Palette
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn is_palette(by: &ManagedBy) -> bool {
    *by == ManagedBy::Palette
}

impl ClusterDocument {
    /// Reads a document field by field.
    ///
    /// # Errors
    /// Everything that is wrong with the document's shape, in the order of the text: unknown and missing fields, wrong types and values.
    /// What is wrong with its meaning is [`ClusterDocument::check`]'s business.
    pub fn read(root: &Node) -> Result<Self, Vec<Located<Finding>>> {
        read_root(root)
    }

    /// What is wrong or risky about the document in itself, before MAAS or Palette are asked: [`validate`] of its plan, and of its
    /// [address plan](plan_network) that part which needs no look at MAAS (how many addresses are free is not known yet).
    ///
    /// The paths are pointers into the document; errors come first.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check(
            Desired {
                clusters: vec![self.plan()],
                ..Desired::default()
            },
            &self.network,
        )
    }

    /// What the engine plans with. Pure: the same document gives the same specification, revisions included.
    ///
    /// `requested_ms` is 0; [`admit`](crate::admit) stamps it.
    #[must_use]
    pub fn plan(&self) -> ClusterSpec {
        super::plan::cluster(self)
    }
}

/// Reads a whole document.
pub(super) fn read_root<T: Read>(root: &Node) -> Result<T, Vec<Located<Finding>>> {
    let mut reader = Reader::default();
    let document = T::read(root, "", &mut reader);
    match document {
        Some(document) if reader.findings.is_empty() => Ok(document),
        _ => {
            let mut findings = reader.findings;
            findings.sort_by_key(|f| f.position);
            Err(findings)
        }
    }
}

/// Findings of a document's plan, with pointers into the document, errors first.
pub(super) fn check(desired: Desired, network: &NetworkDocument) -> Vec<Finding> {
    let mut findings = validate(&desired);
    let subnets = network.subnet(u32::MAX).into_iter().collect();
    let planned = plan_network(&NetworkInput {
        desired,
        subnets,
        policy: Policy::default(),
    });
    for finding in planned.findings {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    for finding in &mut findings {
        finding.path = document_path(&finding.path);
    }
    findings.sort_by_key(|f| f.severity != Severity::Error);
    findings
}

impl Read for ClusterDocument {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let schema_version = f.required::<SchemaVersion>("schema_version");
        let name = f.required("name");
        let description = f.optional("description");
        let tags = f.or("tags", Vec::new());
        let managed_by = f.or("managed_by", ManagedBy::Palette);
        let (cluster_profile, cloud_account) = match managed_by {
            ManagedBy::Palette => (f.required("cluster_profile"), f.required("cloud_account")),
            ManagedBy::Engine => (f.optional("cluster_profile"), f.optional("cloud_account")),
        };
        let domain = f.required("domain");
        let image = f.optional("image");
        let kubernetes_version = f.optional("kubernetes_version");
        let ssh_keys = f.or::<Vec<SshKey>>("ssh_keys", Vec::new());
        let ntp_servers = f.or("ntp_servers", Vec::new());
        let network = f.or("network", NetworkDocument::default());
        let control_plane = f.required("control_plane");
        let workers = f.or("workers", Vec::new());
        let features = f.or("features", Features::default());
        f.refuse_secrets();
        f.finish();
        Some(Self {
            schema_version: schema_version?.0,
            name: name?,
            description,
            tags,
            managed_by,
            cluster_profile,
            cloud_account,
            domain: domain?,
            image,
            kubernetes_version,
            ssh_keys: ssh_keys.into_iter().map(|key| key.0).collect(),
            ntp_servers,
            network,
            control_plane: control_plane?,
            workers,
            features,
        })
    }
}

impl Read for ClusterProfile {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let profile = Self {
            name: f.optional("name"),
            uid: f.optional("uid"),
            version: f.optional("version"),
            packs: f.or("packs", Vec::new()),
            variables: f.or("variables", BTreeMap::new()),
        };
        f.finish();
        match (&profile.name, &profile.uid) {
            (None, None) => {
                reader.report(
                    node.position,
                    Code::Required,
                    path,
                    format!("{} needs a name or a uid", name_of(path)),
                    "add `name:`",
                );
            }
            (Some(_), Some(_)) => {
                reader.report(
                    node.position,
                    Code::Invalid,
                    path,
                    format!("{} has a name and a uid", name_of(path)),
                    "keep one of the two",
                );
            }
            (None, Some(_)) if profile.version.is_some() => {
                reader.report(
                    node.position,
                    Code::Invalid,
                    path,
                    "a uid already names one version of a profile".into(),
                    "remove `version:`",
                );
            }
            _ => return Some(profile),
        }
        None
    }
}

impl Read for PackOverride {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let name = f.required("name");
        let tag = f.optional("tag");
        let values = f.required::<PackValues>("values");
        f.finish();
        Some(Self {
            name: name?,
            tag,
            values: values?.0,
        })
    }
}

impl Read for CloudAccount {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let name = f.required("name");
        let gateway = f.required("gateway");
        for secret in ["api_key", "key", "endpoint", "url", "api_endpoint"] {
            f.refuse(
                secret,
                &format!("{secret} does not belong into a document"),
                "set MAAS_URL and MAAS_API_KEY in the environment",
            );
        }
        f.finish();
        Some(Self {
            name: name?,
            gateway: gateway?,
        })
    }
}

pub(super) struct SchemaVersion(pub(super) u32);

impl Read for SchemaVersion {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match u32::read(node, path, reader)? {
            SCHEMA_VERSION => Some(Self(SCHEMA_VERSION)),
            other => reader.wrong_value(
                node,
                path,
                format!("schema_version {other} is not known: this release reads {SCHEMA_VERSION}"),
                "",
            ),
        }
    }
}

/// Pack values are text: a pack's comments and order matter to whoever reads them later.
struct PackValues(String);

impl Read for PackValues {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(Self(text.clone())),
            other => {
                let message = format!("values must be text, found {}", other.kind());
                reader.report(
                    node.position,
                    Code::Type,
                    path,
                    message,
                    "write `values: |` and indent the pack's YAML below it",
                );
                None
            }
        }
    }
}

pub(super) struct SshKey(pub(super) String);

impl Read for SshKey {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let text = String::read(node, path, reader)?;
        let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if known && text.split_whitespace().count() >= 2 {
            return Some(Self(text));
        }
        // The text is not repeated: it may be a private key.
        reader.wrong_value(
            node,
            path,
            format!("{} is not a public SSH key", name_of(path)),
            "it looks like `ssh-ed25519 AAAA… you@host`",
        )
    }
}

impl Read for ManagedBy {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(
            node,
            path,
            &[("palette", Self::Palette), ("engine", Self::Engine)],
        )
    }
}

impl Read for Version {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let Value::String(text) = &node.value else {
            return reader.wrong_type(node, path, "text such as \"1.33.4\"");
        };
        match text.parse() {
            Ok(version) => Some(version),
            Err(_) => reader.wrong_value(
                node,
                path,
                format!("{} is not a version", name_of(path)),
                "write all three parts: \"1.33.4\"",
            ),
        }
    }
}
