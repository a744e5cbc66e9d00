//! What is wanted: clusters, gateways and their pools.
use serde::{Deserialize, Serialize};

use super::defaults::{is_default, is_num, is_num8, num, num8};
use crate::prelude::*;
use crate::{Id, Millis, NetSpec, Pct, Rev, Version};

/// What is wanted of a whole fleet. [`admit`](crate::admit) is the only thing that should write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Desired {
    /// The shape's version: 1.
    #[serde(default = "num::<1>", skip_serializing_if = "is_num::<1>")]
    pub schema_version: u32,
    /// Private cloud gateways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pcgs: Vec<PcgSpec>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ClusterSpec>,
}

impl Default for Desired {
    fn default() -> Self {
        Self {
            schema_version: 1,
            pcgs: Vec::new(),
            clusters: Vec::new(),
        }
    }
}

/// A private cloud gateway: planned as a cluster of this one control-plane pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PcgSpec {
    /// Its name, unique among clusters and gateways.
    pub id: Id,
    /// Who carries it out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub managed_by: ManagedBy,
    /// When it was asked for.
    pub requested_ms: Millis,
    /// Its nodes: role control plane, size 1 or 3.
    pub pool: PoolSpec,
    /// Where its addresses come from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: NetSpec,
    /// When its deletion was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_requested_ms: Option<Millis>,
}

impl PcgSpec {
    /// A gateway of this pool, carried out by the engine.
    pub fn new(id: impl Into<Id>, pool: PoolSpec) -> Self {
        Self {
            id: id.into(),
            managed_by: ManagedBy::Engine,
            requested_ms: 0,
            pool,
            network: NetSpec::default(),
            delete_requested_ms: None,
        }
    }

    /// When it was asked for.
    #[must_use]
    pub const fn requested_ms(mut self, at: Millis) -> Self {
        self.requested_ms = at;
        self
    }

    /// Where its addresses come from.
    #[must_use]
    pub fn network(mut self, network: NetSpec) -> Self {
        self.network = network;
        self
    }
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterSpec {
    /// Its name, unique among clusters and gateways.
    pub id: Id,
    /// Who carries it out: the engine's host, or Palette (then the engine validates, admits, previews and watches).
    #[serde(default, skip_serializing_if = "is_default")]
    pub managed_by: ManagedBy,
    /// The gateway through which it is created and deleted; absent: gateway rules do not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcg_id: Option<Id>,
    /// 0 (first) to 9 when machines are short.
    #[serde(default = "num8::<5>", skip_serializing_if = "is_num8::<5>")]
    pub priority: u8,
    /// When it was asked for: orders the queue.
    pub requested_ms: Millis,
    /// Where its addresses come from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: NetSpec,
    /// How its etcd is run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub etcd: Etcd,
    /// Its control plane; absent: machines only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<PoolSpec>,
    /// Its worker pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<PoolSpec>,
    /// Nothing voluntary happens while true.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
    /// Lets a Palette-managed control plane have 7 nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_large_control_plane: bool,
    /// Whether a change that replaces nodes is approved.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repave: Repave,
    /// When it was last resumed: ends a freeze or a mass-failure stop that began earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_ms: Option<Millis>,
    /// When its deletion was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_requested_ms: Option<Millis>,
    /// When its abort was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_requested_ms: Option<Millis>,
    /// An accepted force delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_delete: Option<ForceDelete>,
}

impl ClusterSpec {
    /// A cluster of this name with defaults, no pools, asked for at the epoch.
    ///
    /// ```
    /// use lifecycle_core::{ClusterSpec, OnNoSpare, PoolSpec, Strategy, Version};
    ///
    /// let version = Version::new(1, 33, 4);
    /// let control_plane = PoolSpec::control_plane("cp", 3)
    ///     .k8s_version(version)
    ///     .azs(["z1", "z2", "z3"])
    ///     .on_no_spare(OnNoSpare::FallbackContract);
    /// let gpu = PoolSpec::worker("gpu", 5)
    ///     .k8s_version(version)
    ///     .strategy(Strategy::ContractFirst)
    ///     .resource_pool("gpu")
    ///     .minimum(32, 131_072, 1000);
    /// let cluster = ClusterSpec::new("prod").pcg("gateway-1").control_plane(control_plane).worker(gpu);
    ///
    /// let sizes: Vec<u32> = cluster.pools().map(|pool| pool.size).collect();
    /// assert_eq!(sizes, [3, 5]);
    /// ```
    pub fn new(id: impl Into<Id>) -> Self {
        Self {
            id: id.into(),
            managed_by: ManagedBy::default(),
            pcg_id: None,
            priority: 5,
            requested_ms: 0,
            network: NetSpec::default(),
            etcd: Etcd::default(),
            control_plane: None,
            workers: Vec::new(),
            paused: false,
            allow_large_control_plane: false,
            repave: Repave::default(),
            resumed_ms: None,
            delete_requested_ms: None,
            abort_requested_ms: None,
            force_delete: None,
        }
    }

    /// With this control plane.
    #[must_use]
    pub fn control_plane(mut self, pool: PoolSpec) -> Self {
        self.control_plane = Some(pool);
        self
    }

    /// With one more worker pool.
    #[must_use]
    pub fn worker(mut self, pool: PoolSpec) -> Self {
        self.workers.push(pool);
        self
    }

    /// Carried out by Palette.
    #[must_use]
    pub fn managed_by_palette(mut self) -> Self {
        self.managed_by = ManagedBy::Palette;
        self
    }

    /// Created and deleted through this gateway.
    #[must_use]
    pub fn pcg(mut self, id: impl Into<Id>) -> Self {
        self.pcg_id = Some(id.into());
        self
    }

    /// Asked for at this moment.
    #[must_use]
    pub fn requested_ms(mut self, at: Millis) -> Self {
        self.requested_ms = at;
        self
    }

    /// With this network.
    #[must_use]
    pub fn network(mut self, network: NetSpec) -> Self {
        self.network = network;
        self
    }

    /// Its pools: the control plane first, then the workers as listed.
    pub fn pools(&self) -> impl Iterator<Item = &PoolSpec> {
        self.control_plane.iter().chain(&self.workers)
    }

    /// The pool of this name.
    #[must_use]
    pub fn pool(&self, id: &str) -> Option<&PoolSpec> {
        self.pools().find(|p| p.id == id)
    }
}

/// Who carries a cluster or gateway out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ManagedBy {
    /// The engine's host, straight on MAAS.
    #[default]
    Engine,
    /// Palette.
    Palette,
}

/// How a cluster's etcd is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Etcd {
    /// On the control-plane nodes, and its members are reported.
    #[default]
    Stacked,
    /// Elsewhere.
    External,
    /// On the control-plane nodes, but nobody reports its members: nothing is taken away.
    Opaque,
}

/// Whether a change that replaces nodes is approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Repave {
    /// Carry it out.
    #[default]
    Approved,
    /// Wait for approval; the approved revision stays the target.
    Pending,
    /// Refused; the approved revision stays the target.
    Reverted,
}

/// Who asks: only administrators may force a delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// Administrator of the tenant.
    TenantAdmin,
    /// Administrator of the project.
    ProjectAdmin,
    /// Anybody else.
    #[default]
    Other,
}

/// An accepted force delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForceDelete {
    /// When it was accepted.
    pub requested_ms: Millis,
    /// Who asked.
    pub actor_role: Role,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What a pool's nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PoolRole {
    /// Control plane (also read from `master`, never written so).
    #[serde(alias = "master")]
    ControlPlane,
    /// Worker.
    Worker,
}

/// A pool of alike nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolSpec {
    /// Its name, unique in the cluster.
    pub id: Id,
    /// Control plane or worker.
    pub role: PoolRole,
    /// Nodes wanted.
    pub size: u32,
    /// What its nodes should be made from.
    pub revision: Rev,
    /// The last approved revision, while a repave is not approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_revision: Option<Rev>,
    /// The Kubernetes version of `revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k8s_version: Option<Version>,
    /// The Kubernetes version of `approved_revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_k8s_version: Option<Version>,
    /// Labels and taints, hashed: applied to running nodes without replacing them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inplace_revision: Option<Rev>,
    /// When this pool was last resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_ms: Option<Millis>,
    /// How outdated nodes are replaced.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy: Strategy,
    /// What Expand First does without a spare machine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_no_spare: OnNoSpare,
    /// Nodes replaced at a time, at least 1 (control plane: exactly 1).
    #[serde(default = "num::<1>", skip_serializing_if = "is_num::<1>")]
    pub max_parallel: u32,
    /// Pause between two replaced nodes (workers).
    #[serde(default, skip_serializing_if = "is_default")]
    pub node_repave_interval_s: u32,
    /// Leave outdated nodes alone (workers).
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip_update: bool,
    /// Above this many unhealthy nodes none is replaced (workers).
    #[serde(default = "max_unhealthy", skip_serializing_if = "is_max_unhealthy")]
    pub max_unhealthy: Pct,
    /// How long a drain may take.
    #[serde(default = "num::<900>", skip_serializing_if = "is_num::<900>")]
    pub drain_deadline_s: u32,
    /// What happens then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_drain_deadline: OnDrainDeadline,
    /// How disks are erased at release.
    #[serde(default, skip_serializing_if = "is_default")]
    pub erase: Erase,
    /// Whether a machine on its way back still counts as held; absent: unless its disks are erased securely (which takes hours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_returning: Option<bool>,
    /// The MAAS resource pool its machines come from.
    pub resource_pool: String,
    /// The MAAS zones its machines come from; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub azs: Vec<String>,
    /// Least CPU cores of a machine.
    #[serde(default = "num::<1>", skip_serializing_if = "is_num::<1>")]
    pub min_cpu: u32,
    /// Least memory of a machine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_mem_mib: u32,
    /// Least size of a machine's boot disk.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_disk_gb: u32,
    /// Architecture of a machine, as MAAS writes it (`amd64/generic`); absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// MAAS tags that a machine must carry, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Subnet of its addresses; absent: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Id>,
    /// Node labels: validated here, applied by the host through `inplace_revision`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Node taints: as labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// Whether workloads may run on a control plane.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_workloads: bool,
}

fn max_unhealthy() -> Pct {
    Pct::Percent(40)
}
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_max_unhealthy(p: &Pct) -> bool {
    *p == max_unhealthy()
}

impl PoolSpec {
    /// A pool with defaults: revision `r1`, resource pool `default`, any machine.
    pub fn new(id: impl Into<Id>, role: PoolRole, size: u32) -> Self {
        Self {
            id: id.into(),
            role,
            size,
            revision: "r1".into(),
            approved_revision: None,
            k8s_version: None,
            approved_k8s_version: None,
            inplace_revision: None,
            resumed_ms: None,
            strategy: Strategy::default(),
            on_no_spare: OnNoSpare::default(),
            max_parallel: 1,
            node_repave_interval_s: 0,
            skip_update: false,
            max_unhealthy: max_unhealthy(),
            drain_deadline_s: 900,
            on_drain_deadline: OnDrainDeadline::default(),
            erase: Erase::default(),
            hold_returning: None,
            resource_pool: "default".into(),
            azs: Vec::new(),
            min_cpu: 1,
            min_mem_mib: 0,
            min_disk_gb: 0,
            arch: None,
            tags: Vec::new(),
            subnet: None,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            allow_workloads: false,
        }
    }

    /// A control-plane pool with defaults.
    pub fn control_plane(id: impl Into<Id>, size: u32) -> Self {
        Self::new(id, PoolRole::ControlPlane, size)
    }

    /// A worker pool with defaults.
    pub fn worker(id: impl Into<Id>, size: u32) -> Self {
        Self::new(id, PoolRole::Worker, size)
    }

    /// Made from this revision.
    #[must_use]
    pub fn revision(mut self, rev: impl Into<Rev>) -> Self {
        self.revision = rev.into();
        self
    }

    /// Of this Kubernetes version.
    #[must_use]
    pub const fn k8s_version(mut self, version: Version) -> Self {
        self.k8s_version = Some(version);
        self
    }

    /// Replaced by this strategy.
    #[must_use]
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Without a spare machine, do this.
    #[must_use]
    pub const fn on_no_spare(mut self, rule: OnNoSpare) -> Self {
        self.on_no_spare = rule;
        self
    }

    /// From this MAAS resource pool.
    #[must_use]
    pub fn resource_pool(mut self, name: impl Into<String>) -> Self {
        self.resource_pool = name.into();
        self
    }

    /// From these MAAS zones.
    #[must_use]
    pub fn azs<S: Into<String>>(mut self, zones: impl IntoIterator<Item = S>) -> Self {
        self.azs = zones.into_iter().map(Into::into).collect();
        self
    }

    /// On machines with at least this many cores, this memory (MiB) and this boot disk (GB).
    #[must_use]
    pub const fn minimum(mut self, cpu: u32, mem_mib: u32, disk_gb: u32) -> Self {
        self.min_cpu = cpu;
        self.min_mem_mib = mem_mib;
        self.min_disk_gb = disk_gb;
        self
    }

    /// Whether machines on their way back count as held.
    #[must_use]
    pub fn holds_returning(&self) -> bool {
        self.hold_returning.unwrap_or(self.erase != Erase::Secure)
    }
}

/// How outdated nodes are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Strategy {
    /// Expand First: create the new node, then remove an old one.
    #[default]
    ExpandFirst,
    /// Contract First: remove an old node, then create the new one.
    ContractFirst,
    /// That many more, that many fewer (workers).
    Custom {
        /// Nodes above the size; a percentage rounds up.
        max_surge: Pct,
        /// Nodes below the size; a percentage rounds down.
        max_unavailable: Pct,
    },
}

/// What Expand First does without a spare machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnNoSpare {
    /// Wait for one.
    #[default]
    Wait,
    /// Replace as Contract First would, this once.
    FallbackContract,
    /// Refuse the request; if the spare vanishes later, wait.
    Refuse,
}

/// What happens when a drain's deadline is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnDrainDeadline {
    /// Go on without the rest.
    #[default]
    Force,
    /// Wait for an operator.
    Wait,
}

/// How disks are erased at release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Erase {
    /// Not at all.
    #[default]
    None,
    /// Partition tables and the ends of the disks.
    Quick,
    /// By the disk's own secure erase, or all of it.
    Secure,
}

/// A node taint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute` (checked by [`validate`](crate::validate)).
    pub effect: String,
}
