//! The models. Written by `bindings-python/generate.py` from the clients' sources; change those.

use crate::{convert::names, model::model};

names!(
    maas_client::BlockDeviceType,
    maas_client::InterfaceType,
    maas_client::LinkMode,
    maas_client::NodeStatus,
    maas_client::ScriptStatus,
    maas_client::PowerState,
    maas_client::RdnsMode
);

model! {
    /// A filesystem.
    Filesystem(maas_client::Filesystem) in "palette_maas.maas", shown as (fstype, label);
    /// Its type, e.g. `ext4`, `fat32`, `lvm-pv`, `tmpfs`.
    fstype,
    /// The label.
    label,
    /// The UUID.
    uuid,
    /// Where it is mounted.
    mount_point,
    /// Options of the mount.
    mount_options,
}

model! {
    /// A partition of a block device.
    Partition(maas_client::Partition) in "palette_maas.maas", shown as (system_id, id, kind);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The block device's number.
    device_id,
    /// Always `partition`.
    kind,
    /// The UUID.
    uuid,
    /// The path under `/dev`.
    path,
    /// The size, in bytes.
    size,
    /// Whether it carries the boot flag.
    bootable,
    /// The filesystem on it.
    filesystem,
    /// What it is used for, in words.
    used_for,
    /// Tags.
    tags,
    /// Its path on the server; without a slash at the end.
    resource_uri,
}

model! {
    /// A block device of a machine.
    BlockDevice(maas_client::BlockDevice) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The name, e.g. `sda`.
    name,
    /// What it is.
    kind,
    /// The UUID, if it is virtual.
    uuid,
    /// The path under `/dev`.
    path,
    /// A lasting path under `/dev`.
    id_path,
    /// The disk's model.
    model,
    /// The disk's serial number.
    serial,
    /// The disk's firmware.
    firmware_version,
    /// The size, in bytes.
    size,
    /// The size of a block, in bytes.
    block_size,
    /// What is not used yet, in bytes.
    available_size,
    /// What is used, in bytes.
    used_size,
    /// What it is used for, in words.
    used_for,
    /// Tags, e.g. `ssd`, `rotary`.
    tags,
    /// The filesystem on it, if it has no partitions.
    filesystem,
    /// `MBR`, `GPT` or none.
    partition_table_type,
    /// The partitions.
    partitions,
    /// The storage pool of the VM host that holds it.
    storage_pool,
    /// The number of the NUMA node.
    numa_node,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// An LVM volume group.
    VolumeGroup(maas_client::VolumeGroup) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The UUID.
    uuid,
    /// The name.
    name,
    /// The devices that it is made of.
    devices,
    /// The size, in bytes.
    size,
    /// The size, in words.
    human_size,
    /// What is not used yet, in bytes.
    available_size,
    /// What is not used yet, in words.
    human_available_size,
    /// What is used, in bytes.
    used_size,
    /// What is used, in words.
    human_used_size,
    /// The logical volumes in it.
    logical_volumes,
    /// Whether more fields exist than are shown.
    incomplete,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A software RAID.
    Raid(maas_client::Raid) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The UUID.
    uuid,
    /// The name.
    name,
    /// The level: `raid-0`, `raid-1`, `raid-5`, `raid-6`, `raid-10`.
    level,
    /// The devices that it is made of.
    devices,
    /// The devices that stand by.
    spare_devices,
    /// The size, in bytes.
    size,
    /// The size, in words.
    human_size,
    /// The block device that it makes.
    virtual_device,
    /// Whether more fields exist than are shown.
    incomplete,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// The fast device of a bcache.
    CacheSet(maas_client::CacheSet) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The name.
    name,
    /// The device.
    cache_device,
    /// Whether more fields exist than are shown.
    incomplete,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A slow device behind a fast one.
    Bcache(maas_client::Bcache) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The UUID.
    uuid,
    /// The name.
    name,
    /// The fast device.
    cache_set,
    /// The slow device.
    backing_device,
    /// The size, in bytes.
    size,
    /// The size, in words.
    human_size,
    /// The block device that it makes.
    virtual_device,
    /// `writeback`, `writethrough` or `writearound`.
    cache_mode,
    /// Whether more fields exist than are shown.
    incomplete,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A DNS domain.
    Domain(maas_client::Domain) in "palette_maas.maas", shown as (name, id);
    /// The number. The default domain has 0.
    id,
    /// The name.
    name,
    /// The time to live of its records, in seconds; `None` for the server's default.
    ttl,
    /// Whether MAAS answers for it.
    authoritative,
    /// How many records it has.
    resource_record_count,
    /// Whether new machines come into it.
    is_default,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// Something that happened.
    Event(maas_client::Event) in "palette_maas.maas", shown as (hostname, id, username);
    /// The number; later events have larger ones.
    id,
    /// The type, e.g. `Deployed` or `Node changed status`.
    kind,
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` or `AUDIT`.
    level,
    /// What happened, in words; may be empty.
    description,
    /// The system id of the node; empty if there is none.
    node,
    /// The node's hostname.
    hostname,
    /// The user who caused it.
    username,
    /// When, in UTC, e.g. `Sun, 22 Nov. 2026 09:34:35`.
    created,
}

model! {
    /// Some events, the newest first.
    EventPage(maas_client::EventPage) in "palette_maas.maas", shown as (count, events);
    /// How many there are on this page.
    count,
    /// The events.
    events,
    /// Where newer ones are; never empty.
    next_uri,
    /// Where older ones are; `None` at the end.
    prev_uri,
}

model! {
    /// An interface's connection to a subnet.
    Link(maas_client::Link) in "palette_maas.maas", shown as (id);
    /// The number.
    id,
    /// How the address is got.
    mode,
    /// The address, if there is one.
    ip_address,
    /// The subnet, unless the interface is only brought up.
    subnet,
}

model! {
    /// An address that commissioning found on an interface.
    DiscoveredAddress(maas_client::DiscoveredAddress) in "palette_maas.maas", shown as (ip_address, subnet);
    /// The address.
    ip_address,
    /// The subnet it belongs to.
    subnet,
}

model! {
    /// A network interface of a machine.
    Interface(maas_client::Interface) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number.
    id,
    /// The machine's system id.
    system_id,
    /// The name, e.g. `eth0`.
    name,
    /// What it is.
    kind,
    /// The MAC address.
    mac_address,
    /// The VLAN; `None` when disconnected.
    vlan,
    /// The names of the interfaces that it is made of.
    parents,
    /// The names of the interfaces made of it.
    children,
    /// Tags.
    tags,
    /// Whether it is in use.
    enabled,
    /// Its connections to subnets.
    links,
    /// Parameters of bonds, bridges and others, e.g. `mtu`, `bond_mode`, `bridge_stp`.
    params,
    /// The addresses that commissioning found.
    discovered,
    /// The largest packet, in bytes.
    effective_mtu,
    /// The card's maker.
    vendor,
    /// The card's model.
    product,
    /// The card's firmware.
    firmware_version,
    /// Whether a cable is plugged in.
    link_connected,
    /// The card's speed, in Mbit/s; 0 if unknown.
    interface_speed,
    /// The speed of the connection, in Mbit/s; 0 if unknown.
    link_speed,
    /// The number of the NUMA node.
    numa_node,
    /// How many virtual functions the card offers.
    sriov_max_vf,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// Memory pages of one size.
    HugePages(maas_client::HugePages) in "palette_maas.maas", shown as (total, page_size);
    /// How much memory, in bytes.
    total,
    /// The size of a page, in bytes.
    page_size,
}

model! {
    /// A NUMA node: processor cores and the memory next to them.
    NumaNode(maas_client::NumaNode) in "palette_maas.maas", shown as (index, cores);
    /// The number.
    index,
    /// The numbers of its cores.
    cores,
    /// Its memory, in MiB.
    memory,
    /// Its huge pages.
    hugepages_set,
}

model! {
    /// A default gateway.
    Gateway(maas_client::Gateway) in "palette_maas.maas", shown as (gateway_ip, link_id);
    /// Its address.
    gateway_ip,
    /// The number of the link that leads to it, if one was chosen.
    link_id,
}

model! {
    /// The default gateways of a machine.
    DefaultGateways(maas_client::DefaultGateways) in "palette_maas.maas", shown as (ipv4, ipv6);
    /// For IPv4.
    ipv4,
    /// For IPv6.
    ipv6,
}

model! {
    /// What the firmware says about the hardware; `Unknown` where it says nothing.
    HardwareInfo(maas_client::HardwareInfo) in "palette_maas.maas", shown as (system_vendor, system_product);
    /// The maker of the system.
    system_vendor,
    /// The system's product name.
    system_product,
    /// The system's family.
    system_family,
    /// The system's version.
    system_version,
    /// The system's stock-keeping unit.
    system_sku,
    /// The system's serial number.
    system_serial,
    /// The processor's model.
    cpu_model,
    /// The maker of the mainboard.
    mainboard_vendor,
    /// The mainboard's product name.
    mainboard_product,
    /// The mainboard's serial number.
    mainboard_serial,
    /// The mainboard's version.
    mainboard_version,
    /// The maker of the firmware.
    mainboard_firmware_vendor,
    /// The firmware's date.
    mainboard_firmware_date,
    /// The firmware's version.
    mainboard_firmware_version,
    /// The maker of the chassis.
    chassis_vendor,
    /// The chassis' type.
    chassis_type,
    /// The chassis' serial number.
    chassis_serial,
    /// The chassis' version.
    chassis_version,
}

model! {
    /// Which devices met the labelled constraints of an allocation.
    ConstraintMatches(maas_client::ConstraintMatches) in "palette_maas.maas", shown as (storage, interfaces);
    /// By the label of a storage constraint: numbers of block devices, or `partition:` and a number.
    storage,
    /// By the label of an interface constraint: numbers of interfaces.
    interfaces,
}

model! {
    /// A machine.
    ///
    /// Where the server sends `null` or nothing, text is empty, lists are empty and numbers are 0, or the field is an
    /// `Option`.
    Machine(maas_client::Machine) in "palette_maas.maas", shown as (system_id, hostname, status_name);
    /// The key: six characters that never change.
    system_id,
    /// The name without domain.
    hostname,
    /// The name with domain.
    fqdn,
    /// Free text.
    description,
    /// The DNS domain.
    domain,
    /// The UUID that the firmware tells.
    hardware_uuid,
    /// What the firmware says about the hardware.
    hardware_info,
    /// The status.
    status,
    /// The status as the server shows it.
    status_name,
    /// The type of the latest event.
    status_action,
    /// What the latest event says.
    status_message,
    /// Why the machine is broken.
    error_description,
    /// The user to whom the machine is allocated.
    owner,
    /// The same as `workload_annotations`, under its older name.
    owner_data,
    /// Notes of the owner. They last until the machine is Ready again.
    workload_annotations,
    /// Whether it is protected from being released, deleted or switched.
    locked,
    /// The availability zone.
    zone,
    /// The resource pool; nodes that are not machines have none.
    pool,
    /// Tags.
    tag_names,
    /// The architecture, e.g. `amd64/generic`.
    architecture,
    /// Processor cores.
    cpu_count,
    /// The processor's speed, in MHz; 0 if unknown.
    cpu_speed,
    /// Memory, in MiB.
    memory,
    /// Swap space, in bytes; `None` for the default.
    swap_size,
    /// All disks, in MB (10⁶ bytes).
    storage,
    /// NUMA nodes.
    numanode_set,
    /// How it is switched, e.g. `ipmi`, `redfish`, `virsh`, `manual`; empty if not configured.
    power_type,
    /// Whether it is on.
    power_state,
    /// `pxe`, `uefi`, …
    bios_boot_method,
    /// Whether it boots from the network next time.
    netboot,
    /// The operating system, e.g. `ubuntu`; empty until it is deployed.
    osystem,
    /// The release, e.g. `jammy`; empty until it is deployed.
    distro_series,
    /// The kernel, e.g. `ga-22.04`.
    hwe_kernel,
    /// The oldest kernel that it may run.
    min_hwe_kernel,
    /// Whether it runs from memory.
    ephemeral_deploy,
    /// Whether a kernel crash is dumped.
    enable_kernel_crash_dump,
    /// Whether hardware changes are reported while it is deployed.
    enable_hw_sync,
    /// When hardware changes were last reported.
    last_sync,
    /// When hardware changes are to be reported next.
    next_sync,
    /// The time between reports, in seconds.
    sync_interval,
    /// Its addresses.
    ip_addresses,
    /// The time to live of its DNS records, in seconds; `None` for the domain's.
    address_ttl,
    /// Network interfaces.
    interface_set,
    /// The interface that it boots from.
    boot_interface,
    /// Default gateways.
    default_gateways,
    /// Whether IPv4 is off when deployed.
    disable_ipv4,
    /// The disk that it boots from.
    boot_disk,
    /// All block devices.
    blockdevice_set,
    /// The disks among them.
    physicalblockdevice_set,
    /// Those among them that are made of others.
    virtualblockdevice_set,
    /// iSCSI devices; only before MAAS 3.0.
    iscsiblockdevice_set,
    /// LVM volume groups.
    volume_groups,
    /// Software RAIDs.
    raids,
    /// Bcaches.
    bcaches,
    /// The fast devices of bcaches.
    cache_sets,
    /// Filesystems that need no device, e.g. `tmpfs`.
    special_filesystems,
    /// The latest commissioning.
    current_commissioning_result_id,
    /// The latest installation.
    current_installation_result_id,
    /// The latest hardware tests.
    current_testing_result_id,
    /// How commissioning ended.
    commissioning_status,
    /// The same as the server shows it.
    commissioning_status_name,
    /// How the hardware tests ended.
    testing_status,
    /// The same as the server shows it.
    testing_status_name,
    /// How the processor's tests ended.
    cpu_test_status,
    /// The same as the server shows it.
    cpu_test_status_name,
    /// How the memory's tests ended.
    memory_test_status,
    /// The same as the server shows it.
    memory_test_status_name,
    /// How the network's tests ended.
    network_test_status,
    /// The same as the server shows it.
    network_test_status_name,
    /// How the disks' tests ended.
    storage_test_status,
    /// The same as the server shows it.
    storage_test_status_name,
    /// How the interfaces' tests ended.
    interface_test_status,
    /// The same as the server shows it.
    interface_test_status_name,
    /// How all other tests ended.
    other_test_status,
    /// The same as the server shows it.
    other_test_status_name,
    /// Which devices met the constraints; only in the answer to an allocation.
    constraints_by_type,
    /// What kind of node it is; 0 is a machine.
    node_type,
    /// The same as the server shows it.
    node_type_name,
    /// Whether it is a data processing unit.
    is_dpu,
    /// The node that it is a part of.
    parent,
    /// The VM host on which it runs; only until MAAS 3.7.
    pod,
    /// The number of its virtual machine; only until MAAS 3.7.
    virtualmachine_id,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A partial object that stands for a whole one.
    Reference(maas_client::Reference) in "palette_maas.maas", shown as (system_id, name, id);
    /// The number, if the object is known by one.
    id,
    /// The system id, if the object is a node.
    system_id,
    /// The name.
    name,
    /// Its path on the server.
    resource_uri,
    /// Whether more fields exist than are shown.
    incomplete,
}

model! {
    /// A resource pool: machines set aside for a purpose. Each machine is in exactly one.
    ResourcePool(maas_client::ResourcePool) in "palette_maas.maas", shown as (name, id);
    /// The number. The default pool has 0.
    id,
    /// The unique name.
    name,
    /// Free text.
    description,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A subnet.
    Subnet(maas_client::Subnet) in "palette_maas.maas", shown as (name, id, cidr);
    /// The number; the first one is 1.
    id,
    /// The name; not unique.
    name,
    /// Free text.
    description,
    /// The network, e.g. `10.10.0.0/24` or `2001:db8::/64`.
    cidr,
    /// The VLAN.
    vlan,
    /// The space's name, or `undefined`.
    space,
    /// The gateway's address; empty after it was cleared.
    gateway_ip,
    /// The addresses of the DNS servers.
    dns_servers,
    /// How addresses get reverse DNS.
    rdns_mode,
    /// Whether MAAS scans for devices here.
    active_discovery,
    /// Whether machines may use MAAS for DNS.
    allow_dns,
    /// Whether machines may use MAAS's proxy.
    allow_proxy,
    /// Whether MAAS gives out all addresses that are not reserved. If not, only those in reserved ranges.
    managed,
    /// Architectures that do not boot from here.
    disabled_boot_architectures,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// A range of addresses and what it is for.
    AddressRange(maas_client::AddressRange) in "palette_maas.maas", shown as (start, end);
    /// The first address.
    start,
    /// The last address.
    end,
    /// How many addresses. An IPv6 range may hold more than 64 bits can count; the number is then inexact.
    num_addresses,
    /// What it is for: `gateway-ip`, `assigned-ip`, `dynamic`, `reserved`, `unused`, …
    purpose,
}

model! {
    /// How full a subnet is.
    SubnetStatistics(maas_client::SubnetStatistics) in "palette_maas.maas", shown as (num_available, largest_available);
    /// Free addresses.
    num_available,
    /// The most free addresses in a row.
    largest_available,
    /// Addresses in use or reserved.
    num_unavailable,
    /// All addresses.
    total_addresses,
    /// The part in use, 0 to 1.
    usage,
    /// The part in use as text, e.g. `39%`.
    usage_string,
    /// The free part as text.
    available_string,
    /// The first address.
    first_address,
    /// The last address.
    last_address,
    /// 4 or 6.
    ip_version,
    /// All ranges, if they were asked for.
    ranges,
    /// What MAAS would use for its own purposes, if asked for.
    suggested_gateway,
    /// A suggestion for a dynamic range, if asked for.
    suggested_dynamic_range,
}

model! {
    /// A user of the server.
    User(maas_client::User) in "palette_maas.maas", shown as (username);
    /// The unique name.
    username,
    /// The mail address.
    email,
    /// Whether the user is an administrator.
    is_superuser,
    /// Whether the server itself knows the user, rather than an identity provider.
    is_local,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// What the server says of itself.
    Version(maas_client::Version) in "palette_maas.maas", shown as (version);
    /// The version, e.g. `3.7.3`.
    version,
    /// The rest of the version, e.g. a build.
    subversion,
    /// What the server can do, by name.
    capabilities,
}

model! {
    /// A VLAN of a fabric.
    Vlan(maas_client::Vlan) in "palette_maas.maas", shown as (name, id);
    /// The number in MAAS; the default VLANs begin at 5001.
    id,
    /// The name.
    name,
    /// The tag on the wire; 0 is untagged.
    vid,
    /// The fabric's name.
    fabric,
    /// The fabric's number.
    fabric_id,
    /// The largest packet, in bytes.
    mtu,
    /// Whether MAAS serves DHCP here.
    dhcp_on,
    /// The address of a DHCP server that is not MAAS's.
    external_dhcp,
    /// The VLAN to which DHCP is relayed. Older servers send an incomplete object.
    relay_vlan,
    /// The system id of the first rack controller for DHCP.
    primary_rack,
    /// The system id of the second rack controller for DHCP.
    secondary_rack,
    /// The space's name, or `undefined`.
    space,
    /// Its path on the server.
    resource_uri,
}

model! {
    /// An availability zone: machines that share a point of failure.
    Zone(maas_client::Zone) in "palette_maas.maas", shown as (name, id);
    /// The number.
    id,
    /// The unique name, by which everything refers to the zone.
    name,
    /// Free text.
    description,
    /// Its path on the server; it changes with the name.
    resource_uri,
}

crate::model::models!(
    Filesystem,
    Partition,
    BlockDevice,
    VolumeGroup,
    Raid,
    CacheSet,
    Bcache,
    Domain,
    Event,
    EventPage,
    Link,
    DiscoveredAddress,
    Interface,
    HugePages,
    NumaNode,
    Gateway,
    DefaultGateways,
    HardwareInfo,
    ConstraintMatches,
    Machine,
    Reference,
    ResourcePool,
    Subnet,
    AddressRange,
    SubnetStatistics,
    User,
    Version,
    Vlan,
    Zone
);
