//! The pools of a document.

use serde::{Deserialize, Serialize};

use super::reader::{Read, Reader, name_of};
use super::tree::{Node, Value};
use crate::prelude::*;
use crate::{Erase, OnDrainDeadline, OnNoSpare, Pct, Strategy, Taint};

/// Which MAAS machines a pool takes. A machine must satisfy all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineRequirements {
    /// MAAS resource pool.
    pub resource_pool: String,
    /// MAAS zones; empty: any. Nodes are spread over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub availability_zones: Vec<String>,
    /// Least number of CPU cores.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub min_cpu: u32,
    /// Least memory in MiB.
    pub min_memory_mib: u32,
    /// Least size of the boot disk in GB (10⁹ bytes).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_disk_gb: u32,
    /// CPU architecture.
    #[serde(default, skip_serializing_if = "is_amd64")]
    pub arch: Arch,
    /// MAAS tags that a machine must have, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// CPU architecture of a pool's machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Arch {
    /// 64-bit x86.
    #[default]
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Arch {
    /// As MAAS writes it: `amd64/generic`.
    #[must_use]
    pub const fn maas_name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64/generic",
            Self::Arm64 => "arm64/generic",
        }
    }
}

/// The control-plane pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ControlPlaneDocument {
    /// Name of the pool; its nodes are called `{name}-1`, `{name}-2`, …
    #[serde(default = "control_plane_name")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,63}$")))]
    pub name: String,
    /// Number of nodes: 1, 3, 5 or 7.
    pub size: u32,
    /// Which machines it takes.
    pub machines: MachineRequirements,
    /// How outdated nodes are replaced: `expand_first` or, with at least 3 nodes, `contract_first`.
    #[serde(default, skip_serializing_if = "is_expand_first")]
    pub rolling_update: Strategy,
    /// What Expand First does when no spare machine fits.
    #[serde(default, skip_serializing_if = "is_wait")]
    pub on_no_spare: OnNoSpare,
    /// How long draining a node may take, in seconds.
    #[serde(default = "drain_deadline")]
    pub drain_deadline_s: u32,
    /// What happens then.
    #[serde(default, skip_serializing_if = "is_force")]
    pub on_drain_deadline: OnDrainDeadline,
    /// How MAAS erases the disks of a released machine.
    #[serde(default, skip_serializing_if = "is_no_erase")]
    pub erase: Erase,
    /// Labels of the nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// Allow workers on the control plane: its nodes also run workloads.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub allow_workloads: bool,
    /// Lets Palette run a control plane of 7 nodes.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub allow_large_control_plane: bool,
}

/// A worker pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkerPoolDocument {
    /// Name of the pool, unique in the cluster; its nodes are called `{name}-1`, `{name}-2`, …
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,63}$")))]
    pub name: String,
    /// Number of nodes.
    pub size: u32,
    /// Which machines it takes.
    pub machines: MachineRequirements,
    /// How outdated nodes are replaced: `expand_first`, `contract_first` or `custom` with `max_surge` and `max_unavailable`.
    #[serde(default, skip_serializing_if = "is_expand_first")]
    pub rolling_update: Strategy,
    /// What Expand First does when no spare machine fits.
    #[serde(default, skip_serializing_if = "is_wait")]
    pub on_no_spare: OnNoSpare,
    /// How many nodes are replaced at a time.
    #[serde(default = "one")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub max_parallel: u32,
    /// Least time between two replaced nodes, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub node_repave_interval_s: u32,
    /// Leave outdated nodes as they are.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub skip_update: bool,
    /// No unhealthy node is replaced while more than this many are unhealthy.
    #[serde(default = "max_unhealthy")]
    pub max_unhealthy: Pct,
    /// How long draining a node may take, in seconds.
    #[serde(default = "drain_deadline")]
    pub drain_deadline_s: u32,
    /// What happens then.
    #[serde(default, skip_serializing_if = "is_force")]
    pub on_drain_deadline: OnDrainDeadline,
    /// How MAAS erases the disks of a released machine.
    #[serde(default, skip_serializing_if = "is_no_erase")]
    pub erase: Erase,
    /// Labels of the nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
}

fn control_plane_name() -> String {
    "control-plane".to_owned()
}
const fn drain_deadline() -> u32 {
    900
}
const fn one() -> u32 {
    1
}
const fn max_unhealthy() -> Pct {
    Pct::Percent(40)
}
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_amd64(arch: &Arch) -> bool {
    *arch == Arch::Amd64
}
fn is_expand_first(strategy: &Strategy) -> bool {
    *strategy == Strategy::ExpandFirst
}
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn is_wait(rule: &OnNoSpare) -> bool {
    *rule == OnNoSpare::Wait
}
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_force(rule: &OnDrainDeadline) -> bool {
    *rule == OnDrainDeadline::Force
}
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_no_erase(erase: &Erase) -> bool {
    *erase == Erase::None
}

impl Read for MachineRequirements {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let resource_pool = f.required("resource_pool");
        let availability_zones = f.or("availability_zones", Vec::new());
        let min_cpu = f.required("min_cpu");
        let min_memory_mib = f.required("min_memory_mib");
        let min_disk_gb = f.or("min_disk_gb", 0);
        let arch = f.or("arch", Arch::default());
        let tags = f.or("tags", Vec::new());
        f.refuse(
            "min_memory_gb",
            "memory is given in MiB",
            "write min_memory_mib: 16384 for 16 GiB",
        );
        f.refuse(
            "min_memory_mb",
            "memory is given in MiB",
            "write min_memory_mib",
        );
        f.finish();
        Some(Self {
            resource_pool: resource_pool?,
            availability_zones,
            min_cpu: min_cpu?,
            min_memory_mib: min_memory_mib?,
            min_disk_gb,
            arch,
            tags,
        })
    }
}

impl Read for ControlPlaneDocument {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let name = f.optional("name").unwrap_or_else(control_plane_name);
        let size = f.required("size");
        let machines = f.required("machines");
        let rolling_update = f.or("rolling_update", Strategy::default());
        let on_no_spare = f.or("on_no_spare", OnNoSpare::default());
        let drain_deadline_s = f.or("drain_deadline_s", drain_deadline());
        let on_drain_deadline = f.or("on_drain_deadline", OnDrainDeadline::default());
        let erase = f.or("erase", Erase::default());
        let labels = f.or("labels", BTreeMap::new());
        let taints = f.or("taints", Vec::new());
        let allow_workloads = f.or("allow_workloads", false);
        let allow_large_control_plane = f.or("allow_large_control_plane", false);
        for field in [
            "max_parallel",
            "node_repave_interval_s",
            "skip_update",
            "max_unhealthy",
        ] {
            f.refuse(
                field,
                &format!("{field} is for worker pools only"),
                "control-plane nodes are replaced one at a time; remove it",
            );
        }
        f.finish();
        Some(Self {
            name,
            size: size?,
            machines: machines?,
            rolling_update,
            on_no_spare,
            drain_deadline_s,
            on_drain_deadline,
            erase,
            labels,
            taints,
            allow_workloads,
            allow_large_control_plane,
        })
    }
}

impl Read for WorkerPoolDocument {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let name = f.required("name");
        let size = f.required("size");
        let machines = f.required("machines");
        let rolling_update = f.or("rolling_update", Strategy::default());
        let on_no_spare = f.or("on_no_spare", OnNoSpare::default());
        let max_parallel = f.or("max_parallel", one());
        let node_repave_interval_s = f.or("node_repave_interval_s", 0);
        let skip_update = f.or("skip_update", false);
        let max_unhealthy = f.or("max_unhealthy", max_unhealthy());
        let drain_deadline_s = f.or("drain_deadline_s", drain_deadline());
        let on_drain_deadline = f.or("on_drain_deadline", OnDrainDeadline::default());
        let erase = f.or("erase", Erase::default());
        let labels = f.or("labels", BTreeMap::new());
        let taints = f.or("taints", Vec::new());
        f.refuse(
            "allow_workloads",
            "allow_workloads is for the control plane only",
            "worker nodes always run workloads; remove it",
        );
        f.finish();
        Some(Self {
            name: name?,
            size: size?,
            machines: machines?,
            rolling_update,
            on_no_spare,
            max_parallel,
            node_repave_interval_s,
            skip_update,
            max_unhealthy,
            drain_deadline_s,
            on_drain_deadline,
            erase,
            labels,
            taints,
        })
    }
}

impl Read for Arch {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(
            node,
            path,
            &[("amd64", Self::Amd64), ("arm64", Self::Arm64)],
        )
    }
}

impl Read for Strategy {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let Value::Map(_) = node.value else {
            return reader.one_of(
                node,
                path,
                &[
                    ("expand_first", Self::ExpandFirst),
                    ("contract_first", Self::ContractFirst),
                ],
            );
        };
        let mut f = reader.fields(node, path)?;
        let custom = f.required::<Custom>("custom");
        f.finish();
        custom.map(|c| Self::Custom {
            max_surge: c.max_surge,
            max_unavailable: c.max_unavailable,
        })
    }
}

struct Custom {
    max_surge: Pct,
    max_unavailable: Pct,
}

impl Read for Custom {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let max_surge = f.required("max_surge");
        let max_unavailable = f.required("max_unavailable");
        f.finish();
        Some(Self {
            max_surge: max_surge?,
            max_unavailable: max_unavailable?,
        })
    }
}

impl Read for Pct {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Integer(_) => u32::read(node, path, reader).map(Self::Count),
            Value::String(text) => match text.parse() {
                Ok(pct) => Some(pct),
                Err(_) => reader.wrong_value(
                    node,
                    path,
                    format!("{} is neither a count nor a percentage", name_of(path)),
                    "write 5 or \"20%\"",
                ),
            },
            _ => reader.wrong_type(node, path, "a count or a percentage"),
        }
    }
}

impl Read for OnNoSpare {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(
            node,
            path,
            &[
                ("wait", Self::Wait),
                ("fallback_contract", Self::FallbackContract),
                ("refuse", Self::Refuse),
            ],
        )
    }
}

impl Read for OnDrainDeadline {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(node, path, &[("force", Self::Force), ("wait", Self::Wait)])
    }
}

impl Read for Erase {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        reader.one_of(
            node,
            path,
            &[
                ("none", Self::None),
                ("quick", Self::Quick),
                ("secure", Self::Secure),
            ],
        )
    }
}

impl Read for Taint {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut f = reader.fields(node, path)?;
        let key = f.required("key");
        let value = f.optional("value");
        let effect = f.required("effect");
        f.finish();
        Some(Self {
            key: key?,
            value,
            effect: effect?,
        })
    }
}
