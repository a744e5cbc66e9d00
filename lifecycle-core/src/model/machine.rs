//! A MAAS machine as observed.
use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use crate::engine::switch::Rule;
use crate::prelude::*;
use crate::{Id, Millis, PoolSpec};

/// A MAAS machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Machine {
    /// MAAS's id.
    pub system_id: String,
    /// Host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// MAAS's status.
    pub status: MachineStatus,
    /// Since when, if the host knows (MAAS does not say).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_since_ms: Option<Millis>,
    /// Locked in MAAS: never touched.
    #[serde(default, skip_serializing_if = "is_default")]
    pub locked: bool,
    /// Zone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// Resource pool.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource_pool: String,
    /// Architecture, as MAAS writes it (`amd64/generic`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// CPU cores.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cpu: u32,
    /// Memory.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mem_mib: u32,
    /// Disks, the boot disk first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disk_gb: Vec<u32>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Power.
    #[serde(default, skip_serializing_if = "is_default")]
    pub power: Power,
    /// Whose it is, as our hosts wrote it into agent name and annotations; never MAAS's owner name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

impl Machine {
    /// A ready machine in resource pool `default`, powered off, without an owner.
    pub fn ready(
        system_id: impl Into<String>,
        zone: impl Into<String>,
        cpu: u32,
        mem_mib: u32,
        disk_gb: u32,
    ) -> Self {
        let system_id = system_id.into();
        Self {
            hostname: system_id.clone(),
            system_id,
            status: MachineStatus::Ready,
            status_since_ms: None,
            locked: false,
            zone: zone.into(),
            resource_pool: "default".into(),
            arch: "amd64/generic".into(),
            cpu,
            mem_mib,
            disk_gb: vec![disk_gb],
            tags: Vec::new(),
            power: Power::Off,
            owner: None,
        }
    }

    /// Whether the machine meets every constraint of the pool; says nothing about whether it is free.
    #[must_use]
    pub fn fits(&self, pool: &PoolSpec) -> bool {
        if !Rule::ConstraintsInclZone.holds() {
            return true;
        }
        self.resource_pool == pool.resource_pool
            && (pool.azs.is_empty() || pool.azs.contains(&self.zone))
            && self.cpu >= pool.min_cpu
            && self.mem_mib >= pool.min_mem_mib
            && self.disk_gb.first().copied().unwrap_or(0) >= pool.min_disk_gb
            && pool.arch.as_ref().is_none_or(|a| *a == self.arch)
            && pool.tags.iter().all(|t| self.tags.contains(t))
    }
}

/// Whose a machine is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owner {
    /// Cluster or gateway.
    pub cluster: Id,
    /// Pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Id>,
    /// Node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Id>,
}

/// MAAS's machine status: the lower-case names of its enumeration, never its labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MachineStatus {
    /// Enlisted.
    New,
    /// Being commissioned.
    Commissioning,
    /// Commissioning failed.
    FailedCommissioning,
    /// Not seen any more.
    Missing,
    /// Free: the only status that is capacity.
    Ready,
    /// Reserved for a user.
    Reserved,
    /// Deployed.
    Deployed,
    /// Retired.
    Retired,
    /// Marked broken by an operator or by MAAS.
    Broken,
    /// Being deployed.
    Deploying,
    /// Allocated to a user.
    Allocated,
    /// Deployment failed.
    FailedDeployment,
    /// Being released.
    Releasing,
    /// Release failed.
    FailedReleasing,
    /// Disks being erased.
    DiskErasing,
    /// Disk erasing failed.
    FailedDiskErasing,
    /// In rescue mode.
    RescueMode,
    /// Entering rescue mode.
    EnteringRescueMode,
    /// Entering rescue mode failed.
    FailedEnteringRescueMode,
    /// Leaving rescue mode.
    ExitingRescueMode,
    /// Leaving rescue mode failed.
    FailedExitingRescueMode,
    /// Being tested.
    Testing,
    /// Tests failed.
    FailedTesting,
    /// A status that this version does not know: neither capacity nor touched.
    #[default]
    #[serde(other)]
    Unknown,
}

impl MachineStatus {
    /// On its way back into the pool, or stuck there.
    #[must_use]
    pub const fn is_returning(self) -> bool {
        matches!(
            self,
            Self::Releasing | Self::DiskErasing | Self::FailedReleasing | Self::FailedDiskErasing
        )
    }

    /// Out of service: never released by the engine, never capacity, nobody's.
    #[must_use]
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Broken | Self::Missing | Self::Retired)
    }

    /// In an operator's hands; a joined node on it counts as cordoned for maintenance.
    #[must_use]
    pub const fn is_maintenance(self) -> bool {
        matches!(
            self,
            Self::Commissioning
                | Self::FailedCommissioning
                | Self::Testing
                | Self::FailedTesting
                | Self::RescueMode
                | Self::EnteringRescueMode
                | Self::FailedEnteringRescueMode
                | Self::ExitingRescueMode
                | Self::FailedExitingRescueMode
                | Self::Unknown
        )
    }

    /// Allocated or reserved: assigned, nothing installed yet.
    #[must_use]
    pub const fn is_allocated(self) -> bool {
        matches!(self, Self::Allocated | Self::Reserved)
    }
}

/// A machine's power state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Power {
    /// On.
    On,
    /// Off.
    Off,
    /// The BMC answered with an error.
    Error,
    /// Not known.
    #[default]
    #[serde(other)]
    Unknown,
}
