//! Management features: what Palette does with a running cluster.

use serde::{Deserialize, Serialize};

use super::Schedule;
use super::reader::{Read, Reader};
use super::tree::Node;
use crate::prelude::*;

/// Management features of a cluster. Each is off when it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Features {
    /// Machine management: patching of the nodes' operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_management: Option<OsPatching>,
    /// Compliance and security scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan_policy: Option<ScanPolicy>,
    /// Backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_policy: Option<BackupPolicy>,
}

pub(super) fn is_default(features: &Features) -> bool {
    *features == Features::default()
}

/// Patching of the nodes' operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OsPatching {
    /// When security patches are applied; absent: never on a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Patch once, when a node first boots.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub patch_on_boot: bool,
    /// Reboot nodes whose patches need it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reboot_if_required: bool,
}

/// Which scans run, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScanPolicy {
    /// Configuration security, against the CIS benchmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_bench: Option<Scan>,
    /// Penetration testing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_hunter: Option<Scan>,
    /// Conformance testing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sonobuoy: Option<Scan>,
}

/// One kind of scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scan {
    /// When it runs.
    pub schedule: Schedule,
}

/// Backups of the cluster's objects and volumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackupPolicy {
    /// Name of the backup location in Palette.
    pub location: String,
    /// When a backup is made.
    pub schedule: Schedule,
    /// What the names of backups begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How long a backup is kept, in hours.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub ttl_hours: u32,
    /// Namespaces to back up; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Back up persistent volumes too.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub include_all_disks: bool,
    /// Whether objects outside of namespaces are included.
    #[serde(default, skip_serializing_if = "is_auto")]
    pub include_cluster_resources: IncludeClusterResources,
}

/// Whether a backup includes objects outside of namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum IncludeClusterResources {
    /// Always.
    Always,
    /// Those that belong to what is backed up.
    #[default]
    Auto,
    /// Never.
    Never,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_auto(mode: &IncludeClusterResources) -> bool {
    *mode == IncludeClusterResources::Auto
}

impl Read for Features {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let features = Self {
            machine_management: f.optional("machine_management"),
            scan_policy: f.optional("scan_policy"),
            backup_policy: f.optional("backup_policy"),
        };
        f.finish();
        Some(features)
    }
}

impl Read for OsPatching {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let patching = Self {
            schedule: f.optional("schedule"),
            patch_on_boot: f.or("patch_on_boot", false),
            reboot_if_required: f.or("reboot_if_required", false),
        };
        f.finish();
        Some(patching)
    }
}

impl Read for ScanPolicy {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let policy = Self {
            kube_bench: f.optional("kube_bench"),
            kube_hunter: f.optional("kube_hunter"),
            sonobuoy: f.optional("sonobuoy"),
        };
        f.finish();
        Some(policy)
    }
}

impl Read for Scan {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let schedule = f.required("schedule");
        f.finish();
        Some(Self {
            schedule: schedule?,
        })
    }
}

impl Read for BackupPolicy {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let location = f.required("location");
        let schedule = f.required("schedule");
        let prefix = f.optional("prefix");
        let ttl_hours = f.required::<Hours>("ttl_hours");
        let namespaces = f.or("namespaces", Vec::new());
        let include_all_disks = f.or("include_all_disks", false);
        let include_cluster_resources = f.or(
            "include_cluster_resources",
            IncludeClusterResources::default(),
        );
        f.finish();
        Some(Self {
            location: location?,
            schedule: schedule?,
            prefix,
            ttl_hours: ttl_hours?.0,
            namespaces,
            include_all_disks,
            include_cluster_resources,
        })
    }
}

struct Hours(u32);

impl Read for Hours {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match u32::read(node, path, reader)? {
            0 => reader.wrong_value(
                node,
                path,
                "ttl_hours must be at least 1".to_owned(),
                "720 keeps a backup for 30 days",
            ),
            hours => Some(Self(hours)),
        }
    }
}

impl Read for IncludeClusterResources {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(
            node,
            path,
            &[
                ("always", Self::Always),
                ("auto", Self::Auto),
                ("never", Self::Never),
            ],
        )
    }
}
