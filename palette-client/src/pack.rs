//! Packs: the layers of a cluster profile, and their values on a cluster.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Reference,
    input::{StringMap, input, wire_enum},
};

wire_enum! {
    /// Where a pack comes from. Mirrors `v1PackType`.
    pub enum PackType {
        /// A pack of Palette's own registries.
        Spectro = "spectro",
        /// A Helm chart.
        Helm = "helm",
        /// Manifests.
        Manifest = "manifest",
        /// An OCI artifact.
        Oci = "oci",
    }
}

wire_enum! {
    /// The layer that a pack fills. Mirrors `v1PackLayer`.
    pub enum PackLayer {
        /// Kernel.
        Kernel = "kernel",
        /// Operating system.
        Os = "os",
        /// Kubernetes.
        Kubernetes = "k8s",
        /// Network.
        Network = "cni",
        /// Storage.
        Storage = "csi",
        /// Anything above.
        AddOn = "addon",
    }
}

/// A pack of a profile. Mirrors `v1PackRef` and `v1PackRefSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pack {
    /// The name, e.g. `kubernetes`.
    pub name: String,
    /// The layer that it fills.
    pub layer: Option<PackLayer>,
    /// Where it comes from.
    #[serde(rename = "type")]
    pub kind: Option<PackType>,
    /// The version.
    pub version: String,
    /// The version's tag, which may move, e.g. `1.30.x`.
    pub tag: String,
    /// The uid in its registry.
    pub pack_uid: String,
    /// The registry.
    pub registry_uid: String,
    /// The digest.
    pub digest: String,
    /// The values, in YAML.
    pub values: String,
    /// Whether it can no longer be used.
    pub is_invalid: bool,
    /// Why it can no longer be used.
    #[serde(rename = "inValidReason")]
    pub invalid_reason: String,
    /// The manifests that belong to it.
    pub manifests: Vec<Reference>,
    /// Annotations.
    pub annotations: StringMap,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

input! {
    /// The values of one pack on one cluster, in place of the profile's. Mirrors `v1PackValuesEntity`.
    pub struct PackOptions {
        /// The pack's name.
        name: String = "name",
        /// The version's tag.
        tag: Option<String> = "tag",
        /// Where it comes from.
        kind: Option<PackType> = "type",
        /// The whole values, in YAML.
        values: Option<String> = "values",
        /// Manifests in place of the profile's.
        manifests: Vec<ManifestOptions> = "manifests",
    }
}

impl PackOptions {
    /// These values (YAML) for this pack.
    pub fn new(name: impl Into<String>, values: impl Into<String>) -> Self {
        Self::default().name(name).values(values)
    }
}

input! {
    /// A manifest of a pack on one cluster. Mirrors `v1ManifestRefUpdateEntity`.
    pub struct ManifestOptions {
        /// The manifest's name.
        name: String = "name",
        /// Its uid.
        uid: Option<String> = "uid",
        /// Its content, in YAML.
        content: Option<String> = "content",
    }
}
