//! Packs: the layers of a cluster profile, and their values on a cluster.

use crate::{
    Reference,
    model::model,
    options::{StringMap, options, wire_enum},
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

model! {
    /// A pack of a profile. Mirrors `v1PackRef` and `v1PackRefSummary`.
    pub struct Pack {
        /// The name, e.g. `kubernetes`.
        name: String,
        /// The layer that it fills.
        layer: Option<PackLayer>,
        /// Where it comes from.
        kind: Option<PackType> => "type",
        /// The version.
        version: String,
        /// The version's tag, which may move, e.g. `1.30.x`.
        tag: String,
        /// The uid in its registry.
        pack_uid: String,
        /// The registry.
        registry_uid: String,
        /// The digest.
        digest: String,
        /// The values, in YAML.
        values: String,
        /// Whether it can no longer be used.
        is_invalid: bool,
        /// Why it can no longer be used.
        invalid_reason: String => "inValidReason",
        /// The manifests that belong to it.
        manifests: Vec<Reference>,
        /// Annotations.
        annotations: StringMap,
    }
}

options! {
    /// The values of one pack on one cluster, in place of the profile's. Mirrors `v1PackValuesEntity`.
    pub struct PackOptions {
        /// The pack's name.
        name: String => "name",
        /// The version's tag.
        tag: Option<String> => "tag",
        /// Where it comes from.
        kind: Option<PackType> => "type",
        /// The whole values, in YAML.
        values: Option<String> => "values",
        /// Manifests in place of the profile's.
        manifests: Vec<ManifestOptions> => "manifests",
    }
}

impl PackOptions {
    /// These values (YAML) for this pack.
    pub fn new(name: impl Into<String>, values: impl Into<String>) -> Self {
        Self::default().name(name).values(values)
    }
}

options! {
    /// A manifest of a pack on one cluster. Mirrors `v1ManifestRefUpdateEntity`.
    pub struct ManifestOptions, new {
        /// The manifest's name.
        name: String => "name",
        /// Its uid.
        uid: Option<String> => "uid",
        /// Its content, in YAML.
        content: Option<String> => "content",
    }
}
