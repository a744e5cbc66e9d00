//! What the calls on machines take.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sdk_transport::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    model::PowerParameters,
    status::{NodeStatus, PowerState},
};
use crate::options::{CommaList, IntoValue, ToField, options};

/// What cloud-init or another first-boot program gets. It may hold join tokens, so it prints as `***`.
///
/// Plain text or bytes; the base64 that the API wants is made when it is sent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserData(Vec<u8>);

impl UserData {
    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for UserData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for UserData {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for UserData {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl IntoValue<UserData> for &str {
    fn into_value(self) -> UserData {
        self.into()
    }
}

impl IntoValue<UserData> for String {
    fn into_value(self) -> UserData {
        self.into()
    }
}

impl IntoValue<UserData> for &String {
    fn into_value(self) -> UserData {
        self.as_str().into()
    }
}

impl IntoValue<UserData> for Vec<u8> {
    fn into_value(self) -> UserData {
        self.into()
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*** ({} bytes)", self.0.len())
    }
}

/// The text comes out as `***`.
impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(sdk_transport::redact::MASK)
    }
}

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrBytes;
        impl<'de> serde::de::Visitor<'de> for TextOrBytes {
            type Value = UserData;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or bytes")
            }

            fn visit_str<E>(self, text: &str) -> Result<UserData, E> {
                Ok(text.into())
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<UserData, E> {
                Ok(UserData(bytes.to_vec()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                bytes: A,
            ) -> Result<UserData, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(bytes)).map(UserData)
            }
        }
        deserializer.deserialize_any(TextOrBytes)
    }
}

impl ToField for UserData {
    fn to_field(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

options! {
    /// Which machines to list. All conditions must hold; several values of one condition are alternatives, except tags,
    /// which must all be there. A machine of which the user may see nothing is left out.
    ///
    /// An unknown zone, pool or tag is an error; an unknown hostname or system id is an empty list.
    pub struct MachineFilter {
        /// The name without domain, exact in case.
        many hostname: String => "hostname",
        /// The system id. A request holds some 250 of them.
        many system_id: String => "id",
        /// The MAC address of any interface.
        many mac_address: String => "mac_address",
        /// The availability zone, by name.
        many zone: String => "zone",
        /// Not in these availability zones.
        many not_zone: String => "not_in_zone",
        /// The resource pool, by name.
        many pool: String => "pool",
        /// Not in these resource pools.
        many not_pool: String => "not_in_pool",
        /// All of these tags.
        many tags: String => "tags",
        /// None of these tags.
        many not_tags: String => "not_tags",
        /// The status.
        many status: NodeStatus => "status",
        /// The owner's user name.
        many owner: String => "owner",
        /// Whether it is on.
        many power_state: PowerState => "power_state",
        /// The architecture, e.g. `amd64` or `amd64/generic`.
        many architecture: String => "arch",
        /// The DNS domain, by name.
        many domain: String => "domain",
        /// The name that was given at allocation. It is forgotten as soon as a release begins.
        many agent_name: String => "agent_name",
        /// At least so many processor cores.
        opt min_cpu: u32 => "cpu_count",
        /// At least so much memory, in MiB.
        opt min_memory_mib: u64 => "mem",
        /// Disks of at least these sizes in GB (10⁹ bytes), e.g. `root:50(ssd),data:400`.
        opt storage: String => "storage",
        /// Interfaces with these properties, e.g. `nic0:space=dmz`.
        opt interfaces: String => "interfaces",
        /// Connected to all of these subnets: `name:…`, `cidr:…`, `ip:…`, `space:…` or a number.
        many subnets: String => "subnets",
    }
}

options! {
    /// Which machine to allocate: the cheapest that satisfies everything. Nothing set: any Ready machine.
    pub struct AllocateOptions {
        /// The hostname, with or without domain.
        opt hostname: String => "name",
        /// One of these system ids. Without any, MAAS up to 3.7 may compose a virtual machine if nothing else fits.
        many system_id: String => "system_id",
        /// The architecture, e.g. `amd64` or `amd64/generic`.
        many architecture: String => "arch",
        /// At least so many processor cores.
        opt min_cpu: u32 => "cpu_count",
        /// At least so much memory, in MiB.
        opt min_memory_mib: u64 => "mem",
        /// At least so fast a processor, in MHz.
        opt min_cpu_speed_mhz: u32 => "cpu_speed",
        /// All of these tags.
        many tags: String => "tags",
        /// None of these tags.
        many not_tags: String => "not_tags",
        /// The availability zone, by name.
        many zone: String => "zone",
        /// Not in these availability zones.
        many not_zone: String => "not_in_zone",
        /// The resource pool, by name.
        many pool: String => "pool",
        /// Not in these resource pools.
        many not_pool: String => "not_in_pool",
        /// Disks of at least these sizes in GB (10⁹ bytes), e.g. `root:50(ssd),data:400`; the first is the boot disk.
        opt storage: String => "storage",
        /// Interfaces with these properties, e.g. `nic0:space=dmz;nic1:fabric=lab`.
        opt interfaces: String => "interfaces",
        /// Connected to all of these subnets: `name:…`, `cidr:…`, `ip:…`, `space:…` or a number.
        many subnets: String => "subnets",
        /// Connected to none of these subnets.
        many not_subnets: String => "not_subnets",
        /// Connected to one of these fabrics, by name.
        many fabrics: String => "fabrics",
        /// Connected to none of these fabrics.
        many not_fabrics: String => "not_fabrics",
        /// A name of the caller's choice by which the machine is found again (`MachineFilter::agent_name`), also if
        /// the answer to the allocation got lost.
        opt agent_name: String => "agent_name",
        /// A comment for the event log.
        opt comment: String => "comment",
        /// Whether to make a bridge on each interface.
        opt bridge_all: bool => "bridge_all",
        /// `standard` or `ovs`.
        opt bridge_type: String => "bridge_type",
        /// Whether the bridges run the spanning tree protocol.
        opt bridge_stp: bool => "bridge_stp",
        /// The bridges' forward delay, in seconds.
        opt bridge_fd: u32 => "bridge_fd",
        /// Whether to only say which machine it would be.
        opt dry_run: bool => "dry_run",
        /// Whether to name all devices that match, not only those of the machine.
        opt verbose: bool => "verbose",
    }
}

options! {
    /// How to deploy a machine. Nothing set: the server's default operating system.
    pub struct DeployOptions {
        /// The release: `jammy`, `ubuntu/jammy`, or `custom/name` for an uploaded image.
        opt distro_series: String => "distro_series",
        /// The kernel, e.g. `ga-22.04`.
        opt hwe_kernel: String => "hwe_kernel",
        /// What cloud-init gets: plain text or bytes, not base64.
        opt user_data: UserData => "user_data",
        /// A name of the caller's choice by which the machine is found again, if it is not allocated yet.
        opt agent_name: String => "agent_name",
        /// A comment for the event log.
        opt comment: String => "comment",
        /// Whether to make a bridge on each interface.
        opt bridge_all: bool => "bridge_all",
        /// `standard` or `ovs`.
        opt bridge_type: String => "bridge_type",
        /// Whether the bridges run the spanning tree protocol.
        opt bridge_stp: bool => "bridge_stp",
        /// The bridges' forward delay, in seconds.
        opt bridge_fd: u32 => "bridge_fd",
        /// Whether to run from memory and leave the disks alone.
        opt ephemeral: bool => "ephemeral_deploy",
        /// Whether to make it a KVM host. Needs an administrator; only until MAAS 3.7.
        opt install_kvm: bool => "install_kvm",
        /// Whether to make it an LXD host. Needs an administrator; only until MAAS 3.7.
        opt register_vmhost: bool => "register_vmhost",
        /// Whether hardware changes are reported while it is deployed (MAAS 3.2 or newer).
        opt enable_hw_sync: bool => "enable_hw_sync",
        /// Whether a kernel crash is dumped (MAAS 3.6 or newer).
        opt enable_kernel_crash_dump: bool => "enable_kernel_crash_dump",
        /// Whether an ESXi host is registered with vCenter.
        opt vcenter_registration: bool => "vcenter_registration",
        /// The licence key of a Windows image.
        opt license_key: Secret => "license_key",
    }
}

options! {
    /// How to release a machine.
    pub struct ReleaseOptions {
        /// A comment for the event log.
        opt comment: String => "comment",
        /// Whether to erase the disks before the machine is Ready again.
        opt erase: bool => "erase",
        /// Whether to use the disks' own secure erasure where they have one; with `erase`.
        opt secure_erase: bool => "secure_erase",
        /// Whether to erase only the beginning and the end; with `erase`.
        opt quick_erase: bool => "quick_erase",
        /// Whether to release a VM host with its machines.
        opt force: bool => "force",
        /// Scripts to run before the release (MAAS 3.5 or newer).
        opt scripts: CommaList => "scripts",
    }
}

options! {
    /// How to switch a machine on.
    pub struct PowerOnOptions {
        /// What cloud-init gets if this deploys the machine: plain text or bytes, not base64.
        opt user_data: UserData => "user_data",
        /// A comment for the event log.
        opt comment: String => "comment",
    }
}

options! {
    /// How to switch a machine off.
    pub struct PowerOffOptions {
        /// `hard` (the default) or `soft`, which asks the operating system.
        opt stop_mode: String => "stop_mode",
        /// A comment for the event log.
        opt comment: String => "comment",
    }
}

options! {
    /// What to change of a machine. Needs an administrator.
    pub struct MachineUpdate {
        /// The name without domain.
        opt hostname: String => "hostname",
        /// The DNS domain, by name or number.
        opt domain: String => "domain",
        /// Free text.
        patch description: String => "description",
        /// The availability zone, by name.
        opt zone: String => "zone",
        /// The resource pool, by name.
        opt pool: String => "pool",
        /// The architecture, e.g. `amd64/generic`.
        opt architecture: String => "architecture",
        /// The oldest kernel that it may run.
        patch min_hwe_kernel: String => "min_hwe_kernel",
        /// Swap space, in bytes; cleared, the server's default.
        patch swap_size: u64 => "swap_size",
        /// How it is switched, e.g. `ipmi`.
        opt power_type: String => "power_type",
        /// The parameters of that.
        opt power_parameters: PowerParameters => "power_parameters",
        /// Whether IPv4 is off when deployed.
        opt disable_ipv4: bool => "disable_ipv4",
    }
}
