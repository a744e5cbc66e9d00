//! What a machine is.

use std::collections::BTreeMap;

use sdk_transport::Secret;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::status::{NodeStatus, PowerState, ScriptStatus};
use crate::{
    block_device::{Bcache, BlockDevice, CacheSet, Filesystem, Raid, VolumeGroup},
    domain::Domain,
    interface::Interface,
    model::{Reference, model},
    options::ToField,
    resource_pool::ResourcePool,
    zone::Zone,
};

model! {
    /// Memory pages of one size.
    pub struct HugePages {
        /// How much memory, in bytes.
        total: u64,
        /// The size of a page, in bytes.
        page_size: u64,
    }
}

model! {
    /// A NUMA node: processor cores and the memory next to them.
    pub struct NumaNode {
        /// The number.
        index: i64,
        /// The numbers of its cores.
        cores: Vec<i64>,
        /// Its memory, in MiB.
        memory: u64,
        /// Its huge pages.
        hugepages_set: Vec<HugePages>,
    }
}

model! {
    /// A default gateway.
    pub struct Gateway {
        /// Its address.
        gateway_ip: Option<String>,
        /// The number of the link that leads to it, if one was chosen.
        link_id: Option<i64>,
    }
}

model! {
    /// The default gateways of a machine.
    pub struct DefaultGateways {
        /// For IPv4.
        ipv4: Gateway,
        /// For IPv6.
        ipv6: Gateway,
    }
}

model! {
    /// What the firmware says about the hardware; `Unknown` where it says nothing.
    pub struct HardwareInfo {
        /// The maker of the system.
        system_vendor: String,
        /// The system's product name.
        system_product: String,
        /// The system's family.
        system_family: String,
        /// The system's version.
        system_version: String,
        /// The system's stock-keeping unit.
        system_sku: String,
        /// The system's serial number.
        system_serial: String,
        /// The processor's model.
        cpu_model: String,
        /// The maker of the mainboard.
        mainboard_vendor: String,
        /// The mainboard's product name.
        mainboard_product: String,
        /// The mainboard's serial number.
        mainboard_serial: String,
        /// The mainboard's version.
        mainboard_version: String,
        /// The maker of the firmware.
        mainboard_firmware_vendor: String,
        /// The firmware's date.
        mainboard_firmware_date: String,
        /// The firmware's version.
        mainboard_firmware_version: String,
        /// The maker of the chassis.
        chassis_vendor: String,
        /// The chassis' type.
        chassis_type: String,
        /// The chassis' serial number.
        chassis_serial: String,
        /// The chassis' version.
        chassis_version: String,
    }
}

model! {
    /// Which devices met the labelled constraints of an allocation.
    pub struct ConstraintMatches {
        /// By the label of a storage constraint: numbers of block devices, or `partition:` and a number.
        storage: BTreeMap<String, Vec<Value>>,
        /// By the label of an interface constraint: numbers of interfaces.
        interfaces: BTreeMap<String, Vec<i64>>,
    }
}

model! {
    /// A machine.
    ///
    /// Where the server sends `null` or nothing, text is empty, lists are empty and numbers are 0, or the field is an
    /// `Option`.
    pub struct Machine {
        /// The key: six characters that never change.
        system_id: String,
        /// The name without domain.
        hostname: String,
        /// The name with domain.
        fqdn: String,
        /// Free text.
        description: String,
        /// The DNS domain.
        domain: Option<Domain>,
        /// The UUID that the firmware tells.
        hardware_uuid: Option<String>,
        /// What the firmware says about the hardware.
        hardware_info: HardwareInfo,
        /// The status.
        status: NodeStatus,
        /// The status as the server shows it.
        status_name: String,
        /// The type of the latest event.
        status_action: Option<String>,
        /// What the latest event says.
        status_message: Option<String>,
        /// Why the machine is broken.
        error_description: String,
        /// The user to whom the machine is allocated.
        owner: Option<String>,
        /// The same as `workload_annotations`, under its older name.
        owner_data: BTreeMap<String, String>,
        /// Notes of the owner. They last until the machine is Ready again.
        workload_annotations: BTreeMap<String, String>,
        /// Whether it is protected from being released, deleted or switched.
        locked: bool,
        /// The availability zone.
        zone: Option<Zone>,
        /// The resource pool; nodes that are not machines have none.
        pool: Option<ResourcePool>,
        /// Tags.
        tag_names: Vec<String>,
        /// The architecture, e.g. `amd64/generic`.
        architecture: String,
        /// Processor cores.
        cpu_count: u32,
        /// The processor's speed, in MHz; 0 if unknown.
        cpu_speed: u32,
        /// Memory, in MiB.
        memory: u64,
        /// Swap space, in bytes; `None` for the default.
        swap_size: Option<u64>,
        /// All disks, in MB (10⁶ bytes).
        storage: f64,
        /// NUMA nodes.
        numanode_set: Vec<NumaNode>,
        /// How it is switched, e.g. `ipmi`, `redfish`, `virsh`, `manual`; empty if not configured.
        power_type: String,
        /// Whether it is on.
        power_state: PowerState,
        /// `pxe`, `uefi`, …
        bios_boot_method: Option<String>,
        /// Whether it boots from the network next time.
        netboot: bool,
        /// The operating system, e.g. `ubuntu`; empty until it is deployed.
        osystem: String,
        /// The release, e.g. `jammy`; empty until it is deployed.
        distro_series: String,
        /// The kernel, e.g. `ga-22.04`.
        hwe_kernel: Option<String>,
        /// The oldest kernel that it may run.
        min_hwe_kernel: Option<String>,
        /// Whether it runs from memory.
        ephemeral_deploy: bool,
        /// Whether a kernel crash is dumped.
        enable_kernel_crash_dump: bool,
        /// Whether hardware changes are reported while it is deployed.
        enable_hw_sync: bool,
        /// When hardware changes were last reported.
        last_sync: Option<String>,
        /// When hardware changes are to be reported next.
        next_sync: Option<String>,
        /// The time between reports, in seconds.
        sync_interval: Option<i64>,
        /// Its addresses.
        ip_addresses: Vec<String>,
        /// The time to live of its DNS records, in seconds; `None` for the domain's.
        address_ttl: Option<i64>,
        /// Network interfaces.
        interface_set: Vec<Interface>,
        /// The interface that it boots from.
        boot_interface: Option<Interface>,
        /// Default gateways.
        default_gateways: DefaultGateways,
        /// Whether IPv4 is off when deployed.
        disable_ipv4: bool,
        /// The disk that it boots from.
        boot_disk: Option<BlockDevice>,
        /// All block devices.
        blockdevice_set: Vec<BlockDevice>,
        /// The disks among them.
        physicalblockdevice_set: Vec<BlockDevice>,
        /// Those among them that are made of others.
        virtualblockdevice_set: Vec<BlockDevice>,
        /// iSCSI devices; only before MAAS 3.0.
        iscsiblockdevice_set: Vec<BlockDevice>,
        /// LVM volume groups.
        volume_groups: Vec<VolumeGroup>,
        /// Software RAIDs.
        raids: Vec<Raid>,
        /// Bcaches.
        bcaches: Vec<Bcache>,
        /// The fast devices of bcaches.
        cache_sets: Vec<CacheSet>,
        /// Filesystems that need no device, e.g. `tmpfs`.
        special_filesystems: Vec<Filesystem>,
        /// The latest commissioning.
        current_commissioning_result_id: Option<i64>,
        /// The latest installation.
        current_installation_result_id: Option<i64>,
        /// The latest hardware tests.
        current_testing_result_id: Option<i64>,
        /// How commissioning ended.
        commissioning_status: ScriptStatus,
        /// The same as the server shows it.
        commissioning_status_name: String,
        /// How the hardware tests ended.
        testing_status: ScriptStatus,
        /// The same as the server shows it.
        testing_status_name: String,
        /// How the processor's tests ended.
        cpu_test_status: ScriptStatus,
        /// The same as the server shows it.
        cpu_test_status_name: String,
        /// How the memory's tests ended.
        memory_test_status: ScriptStatus,
        /// The same as the server shows it.
        memory_test_status_name: String,
        /// How the network's tests ended.
        network_test_status: ScriptStatus,
        /// The same as the server shows it.
        network_test_status_name: String,
        /// How the disks' tests ended.
        storage_test_status: ScriptStatus,
        /// The same as the server shows it.
        storage_test_status_name: String,
        /// How the interfaces' tests ended.
        interface_test_status: ScriptStatus,
        /// The same as the server shows it.
        interface_test_status_name: String,
        /// How all other tests ended.
        other_test_status: ScriptStatus,
        /// The same as the server shows it.
        other_test_status_name: String,
        /// Which devices met the constraints; only in the answer to an allocation.
        constraints_by_type: Option<ConstraintMatches>,
        /// What kind of node it is; 0 is a machine.
        node_type: i64,
        /// The same as the server shows it.
        node_type_name: String,
        /// Whether it is a data processing unit.
        is_dpu: bool,
        /// The node that it is a part of.
        parent: Option<Reference>,
        /// The VM host on which it runs; only until MAAS 3.7.
        pod: Option<Reference>,
        /// The number of its virtual machine; only until MAAS 3.7.
        virtualmachine_id: Option<i64>,
        /// Its path on the server.
        resource_uri: String,
    }
}

impl Machine {
    /// The server's own words on why the machine is as it is; `None` if it has none.
    pub fn reason(&self) -> Option<&str> {
        [
            Some(self.error_description.as_str()),
            self.status_message.as_deref(),
        ]
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
    }
}

/// How a machine is switched: addresses, users, passwords. It prints as `***`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PowerParameters(BTreeMap<String, Secret>);

impl PowerParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, e.g. `power_address`, `power_user`, `power_pass`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The names, which are no secret.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// One parameter in clear. Do not print or store it.
    pub fn expose(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose)
    }

    /// The parameters that give access; addresses and user names occur in harmless texts too.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &Secret> {
        let gives_access = |name: &str| {
            ["pass", "secret", "token", "key"]
                .iter()
                .any(|part| name.contains(part))
        };
        self.0
            .iter()
            .filter(move |(name, _)| gives_access(name))
            .map(|(_, value)| value)
    }

    /// All parameters in clear. Do not print or store them.
    pub fn expose_all(&self) -> BTreeMap<&str, &str> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect()
    }
}

impl std::fmt::Debug for PowerParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

/// The values come out as `***`.
impl Serialize for PowerParameters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PowerParameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Read as any value first: the error of one that is no object would repeat it.
        let values = match Value::deserialize(deserializer)? {
            Value::Object(values) => Some(values),
            Value::Null => None,
            _ => return Err(serde::de::Error::custom("expected an object")),
        };
        let secrets = values.unwrap_or_default().into_iter().map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            (name, Secret::new(text))
        });
        Ok(Self(secrets.collect()))
    }
}

impl ToField for PowerParameters {
    fn to_field(&self) -> String {
        serde_json::json!(self.expose_all()).to_string()
    }
}
