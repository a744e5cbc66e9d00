// Generated from the sources of maas-client by a test; `UPDATE_TYPES=1 cargo test -p palette-maas-tests --test typescript` writes it anew.

/** A range of addresses and what it is for. */
export interface AddressRange {
  /** The first address. */
  start: string;
  /** The last address. */
  end: string;
  /** How many addresses. An IPv6 range may hold more than 64 bits can count; the number is then inexact. */
  num_addresses: number;
  /** What it is for: `gateway-ip`, `assigned-ip`, `dynamic`, `reserved`, `unused`, … */
  purpose: string[];
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Which machine to allocate: the cheapest that satisfies everything. Nothing set: any Ready machine. */
export interface AllocateOptions {
  /** The hostname, with or without domain. */
  hostname?: string;
  /** One of these system ids. Without any, MAAS up to 3.7 may compose a virtual machine if nothing else fits. */
  system_id?: string | string[];
  /** The architecture, e.g. `amd64` or `amd64/generic`. */
  architecture?: string | string[];
  /** At least so many processor cores. */
  min_cpu?: number;
  /** At least so much memory, in MiB. */
  min_memory_mib?: number;
  /** At least so fast a processor, in MHz. */
  min_cpu_speed_mhz?: number;
  /** All of these tags. */
  tags?: string | string[];
  /** None of these tags. */
  not_tags?: string | string[];
  /** The availability zone, by name. */
  zone?: string | string[];
  /** Not in these availability zones. */
  not_zone?: string | string[];
  /** The resource pool, by name. */
  pool?: string | string[];
  /** Not in these resource pools. */
  not_pool?: string | string[];
  /** Disks of at least these sizes in GB (10⁹ bytes), e.g. `root:50(ssd),data:400`; the first is the boot disk. */
  storage?: string;
  /** Interfaces with these properties, e.g. `nic0:space=dmz;nic1:fabric=lab`. */
  interfaces?: string;
  /** Connected to all of these subnets: `name:…`, `cidr:…`, `ip:…`, `space:…` or a number. */
  subnets?: string | string[];
  /** Connected to none of these subnets. */
  not_subnets?: string | string[];
  /** Connected to one of these fabrics, by name. */
  fabrics?: string | string[];
  /** Connected to none of these fabrics. */
  not_fabrics?: string | string[];
  /**
   * A name of the caller's choice by which the machine is found again (`MachineFilter::agent_name`), also if
   * the answer to the allocation got lost.
   */
  agent_name?: string;
  /** A comment for the event log. */
  comment?: string;
  /** Whether to make a bridge on each interface. */
  bridge_all?: boolean;
  /** `standard` or `ovs`. */
  bridge_type?: string;
  /** Whether the bridges run the spanning tree protocol. */
  bridge_stp?: boolean;
  /** The bridges' forward delay, in seconds. */
  bridge_fd?: number;
  /** Whether to only say which machine it would be. */
  dry_run?: boolean;
  /** Whether to name all devices that match, not only those of the machine. */
  verbose?: boolean;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** A slow device behind a fast one. */
export interface Bcache {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The UUID. */
  uuid: string | null;
  /** The name. */
  name: string;
  /** The fast device. */
  cache_set: CacheSet | null;
  /** The slow device. */
  backing_device: BlockDevice | Partition | null;
  /** The size, in bytes. */
  size: number;
  /** The size, in words. */
  human_size: string;
  /** The block device that it makes. */
  virtual_device: BlockDevice | null;
  /** `writeback`, `writethrough` or `writearound`. */
  cache_mode: string | null;
  /** Whether more fields exist than are shown. */
  __incomplete__: boolean | null;
  /** Its path on the server. */
  resource_uri: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A block device of a machine. */
export interface BlockDevice {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The name, e.g. `sda`. */
  name: string;
  /** What it is. */
  type: BlockDeviceType;
  /** The UUID, if it is virtual. */
  uuid: string | null;
  /** The path under `/dev`. */
  path: string;
  /** A lasting path under `/dev`. */
  id_path: string | null;
  /** The disk's model. */
  model: string | null;
  /** The disk's serial number. */
  serial: string | null;
  /** The disk's firmware. */
  firmware_version: string | null;
  /** The size, in bytes. */
  size: number;
  /** The size of a block, in bytes. */
  block_size: number;
  /** What is not used yet, in bytes. */
  available_size: number;
  /** What is used, in bytes. */
  used_size: number;
  /** What it is used for, in words. */
  used_for: string;
  /** Tags, e.g. `ssd`, `rotary`. */
  tags: string[];
  /** The filesystem on it, if it has no partitions. */
  filesystem: Filesystem | null;
  /** `MBR`, `GPT` or none. */
  partition_table_type: string | null;
  /** The partitions. */
  partitions: Partition[];
  /** The storage pool of the VM host that holds it. */
  storage_pool: string | null;
  /** The number of the NUMA node. */
  numa_node: number | null;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** What a block device is. */
export type BlockDeviceType =
  | 'physical'
  | 'virtual'
  | (string & {});

/** The fast device of a bcache. */
export interface CacheSet {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The name. */
  name: string;
  /** The device. */
  cache_device: BlockDevice | Partition | null;
  /** Whether more fields exist than are shown. */
  __incomplete__: boolean | null;
  /** Its path on the server. */
  resource_uri: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Which devices met the labelled constraints of an allocation. */
export interface ConstraintMatches {
  /** By the label of a storage constraint: numbers of block devices, or `partition:` and a number. */
  storage: Record<string, unknown[]>;
  /** By the label of an interface constraint: numbers of interfaces. */
  interfaces: Record<string, number[]>;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Beside its name, what a new resource pool has. */
export interface CreateResourcePool {
  /** Free text. */
  description?: string;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** Beside its network, what a new subnet has. */
export interface CreateSubnet {
  /** The name. Default: the network. */
  name?: string;
  /** Free text. */
  description?: string;
  /** The number of the VLAN. Default: that of `fabric` and `vid`, or the default VLAN. */
  vlan?: number;
  /** The number of the fabric. */
  fabric?: number;
  /** The VLAN's tag on the wire. */
  vid?: number;
  /** The gateway's address. */
  gateway_ip?: string;
  /** The DNS servers' addresses. */
  dns_servers?: string | string[];
  /** How addresses get reverse DNS. */
  rdns_mode?: RdnsMode | RdnsModeName;
  /** Whether MAAS scans for devices here. */
  active_discovery?: boolean;
  /** Whether machines may use MAAS for DNS. */
  allow_dns?: boolean;
  /** Whether machines may use MAAS's proxy. */
  allow_proxy?: boolean;
  /** Whether MAAS gives out all addresses that are not reserved. */
  managed?: boolean;
  /** Architectures that do not boot from here. */
  disabled_boot_architectures?: string | string[];
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** Beside its name, what a new zone has. */
export interface CreateZone {
  /** Free text. */
  description?: string;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** The default gateways of a machine. */
export interface DefaultGateways {
  /** For IPv4. */
  ipv4: Gateway;
  /** For IPv6. */
  ipv6: Gateway;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How to deploy a machine. Nothing set: the server's default operating system. */
export interface DeployOptions {
  /** The release: `jammy`, `ubuntu/jammy`, or `custom/name` for an uploaded image. */
  distro_series?: string;
  /** The kernel, e.g. `ga-22.04`. */
  hwe_kernel?: string;
  /** What cloud-init gets: plain text or bytes, not base64. */
  user_data?: string | Uint8Array;
  /** A name of the caller's choice by which the machine is found again, if it is not allocated yet. */
  agent_name?: string;
  /** A comment for the event log. */
  comment?: string;
  /** Whether to make a bridge on each interface. */
  bridge_all?: boolean;
  /** `standard` or `ovs`. */
  bridge_type?: string;
  /** Whether the bridges run the spanning tree protocol. */
  bridge_stp?: boolean;
  /** The bridges' forward delay, in seconds. */
  bridge_fd?: number;
  /** Whether to run from memory and leave the disks alone. */
  ephemeral?: boolean;
  /** Whether to make it a KVM host. Needs an administrator; only until MAAS 3.7. */
  install_kvm?: boolean;
  /** Whether to make it an LXD host. Needs an administrator; only until MAAS 3.7. */
  register_vmhost?: boolean;
  /** Whether hardware changes are reported while it is deployed (MAAS 3.2 or newer). */
  enable_hw_sync?: boolean;
  /** Whether a kernel crash is dumped (MAAS 3.6 or newer). */
  enable_kernel_crash_dump?: boolean;
  /** Whether an ESXi host is registered with vCenter. */
  vcenter_registration?: boolean;
  /** The licence key of a Windows image. */
  license_key?: string;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** An address that commissioning found on an interface. */
export interface DiscoveredAddress {
  /** The address. */
  ip_address: string | null;
  /** The subnet it belongs to. */
  subnet: Subnet | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A DNS domain. */
export interface Domain {
  /** The number. The default domain has 0. */
  id: number;
  /** The name. */
  name: string;
  /** The time to live of its records, in seconds; `None` for the server's default. */
  ttl: number | null;
  /** Whether MAAS answers for it. */
  authoritative: boolean;
  /** How many records it has. */
  resource_record_count: number;
  /** Whether new machines come into it. */
  is_default: boolean;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Something that happened. */
export interface Event {
  /** The number; later events have larger ones. */
  id: number;
  /** The type, e.g. `Deployed` or `Node changed status`. */
  type: string;
  /** `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` or `AUDIT`. */
  level: string;
  /** What happened, in words; may be empty. */
  description: string;
  /** The system id of the node; empty if there is none. */
  node: string;
  /** The node's hostname. */
  hostname: string;
  /** The user who caused it. */
  username: string;
  /** When, in UTC, e.g. `Sun, 22 Nov. 2026 09:34:35`. */
  created: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Which events to ask for. */
export interface EventFilter {
  /** The node's hostname. */
  hostname?: string | string[];
  /** The node's system id. */
  system_id?: string | string[];
  /** The availability zone, by name. */
  zone?: string | string[];
  /** The user who caused it. */
  owner?: string;
  /** This level or above. Default `INFO`. */
  level?: string;
  /** At most so many. Default 100, at most 1000. */
  limit?: number;
  /** Only events with a larger number. */
  after?: number;
  /** Only events with a smaller number. */
  before?: number;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** Some events, the newest first. */
export interface EventPage {
  /** How many there are on this page. */
  count: number;
  /** The events. */
  events: Event[];
  /** Where newer ones are; never empty. */
  next_uri: string | null;
  /** Where older ones are; `None` at the end. */
  prev_uri: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A filesystem. */
export interface Filesystem {
  /** Its type, e.g. `ext4`, `fat32`, `lvm-pv`, `tmpfs`. */
  fstype: string;
  /** The label. */
  label: string | null;
  /** The UUID. */
  uuid: string | null;
  /** Where it is mounted. */
  mount_point: string | null;
  /** Options of the mount. */
  mount_options: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A default gateway. */
export interface Gateway {
  /** Its address. */
  gateway_ip: string | null;
  /** The number of the link that leads to it, if one was chosen. */
  link_id: number | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** What the firmware says about the hardware; `Unknown` where it says nothing. */
export interface HardwareInfo {
  /** The maker of the system. */
  system_vendor: string;
  /** The system's product name. */
  system_product: string;
  /** The system's family. */
  system_family: string;
  /** The system's version. */
  system_version: string;
  /** The system's stock-keeping unit. */
  system_sku: string;
  /** The system's serial number. */
  system_serial: string;
  /** The processor's model. */
  cpu_model: string;
  /** The maker of the mainboard. */
  mainboard_vendor: string;
  /** The mainboard's product name. */
  mainboard_product: string;
  /** The mainboard's serial number. */
  mainboard_serial: string;
  /** The mainboard's version. */
  mainboard_version: string;
  /** The maker of the firmware. */
  mainboard_firmware_vendor: string;
  /** The firmware's date. */
  mainboard_firmware_date: string;
  /** The firmware's version. */
  mainboard_firmware_version: string;
  /** The maker of the chassis. */
  chassis_vendor: string;
  /** The chassis' type. */
  chassis_type: string;
  /** The chassis' serial number. */
  chassis_serial: string;
  /** The chassis' version. */
  chassis_version: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** Memory pages of one size. */
export interface HugePages {
  /** How much memory, in bytes. */
  total: number;
  /** The size of a page, in bytes. */
  page_size: number;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A network interface of a machine. */
export interface Interface {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The name, e.g. `eth0`. */
  name: string;
  /** What it is. */
  type: InterfaceType;
  /** The MAC address. */
  mac_address: string | null;
  /** The VLAN; `None` when disconnected. */
  vlan: Vlan | null;
  /** The names of the interfaces that it is made of. */
  parents: string[];
  /** The names of the interfaces made of it. */
  children: string[];
  /** Tags. */
  tags: string[];
  /** Whether it is in use. */
  enabled: boolean;
  /** Its connections to subnets. */
  links: Link[];
  /** Parameters of bonds, bridges and others, e.g. `mtu`, `bond_mode`, `bridge_stp`. */
  params: Record<string, unknown>;
  /** The addresses that commissioning found. */
  discovered: DiscoveredAddress[];
  /** The largest packet, in bytes. */
  effective_mtu: number;
  /** The card's maker. */
  vendor: string | null;
  /** The card's model. */
  product: string | null;
  /** The card's firmware. */
  firmware_version: string | null;
  /** Whether a cable is plugged in. */
  link_connected: boolean;
  /** The card's speed, in Mbit/s; 0 if unknown. */
  interface_speed: number;
  /** The speed of the connection, in Mbit/s; 0 if unknown. */
  link_speed: number;
  /** The number of the NUMA node. */
  numa_node: number | null;
  /** How many virtual functions the card offers. */
  sriov_max_vf: number;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** What an interface is. */
export type InterfaceType =
  | 'physical'
  | 'bond'
  | 'bridge'
  | 'vlan'
  | 'alias'
  | 'unknown'
  | (string & {});

/** An interface's connection to a subnet. */
export interface Link {
  /** The number. */
  id: number;
  /** How the address is got. */
  mode: LinkMode;
  /** The address, if there is one. */
  ip_address: string | null;
  /** The subnet, unless the interface is only brought up. */
  subnet: Subnet | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How an interface gets its address on a subnet. */
export type LinkMode =
  | 'auto'
  | 'dhcp'
  | 'static'
  | 'link_up'
  | (string & {});

/**
 * A machine.
 *
 * Where the server sends `null` or nothing, text is empty, lists are empty and numbers are 0, or the field is an
 * `Option`.
 */
export interface Machine {
  /** The key: six characters that never change. */
  system_id: string;
  /** The name without domain. */
  hostname: string;
  /** The name with domain. */
  fqdn: string;
  /** Free text. */
  description: string;
  /** The DNS domain. */
  domain: Domain | null;
  /** The UUID that the firmware tells. */
  hardware_uuid: string | null;
  /** What the firmware says about the hardware. */
  hardware_info: HardwareInfo;
  /** The status. */
  status: NodeStatus;
  /** The status as the server shows it. */
  status_name: string;
  /** The type of the latest event. */
  status_action: string | null;
  /** What the latest event says. */
  status_message: string | null;
  /** Why the machine is broken. */
  error_description: string;
  /** The user to whom the machine is allocated. */
  owner: string | null;
  /** The same as `workload_annotations`, under its older name. */
  owner_data: Record<string, string>;
  /** Notes of the owner. They last until the machine is Ready again. */
  workload_annotations: Record<string, string>;
  /** Whether it is protected from being released, deleted or switched. */
  locked: boolean;
  /** The availability zone. */
  zone: Zone | null;
  /** The resource pool; nodes that are not machines have none. */
  pool: ResourcePool | null;
  /** Tags. */
  tag_names: string[];
  /** The architecture, e.g. `amd64/generic`. */
  architecture: string;
  /** Processor cores. */
  cpu_count: number;
  /** The processor's speed, in MHz; 0 if unknown. */
  cpu_speed: number;
  /** Memory, in MiB. */
  memory: number;
  /** Swap space, in bytes; `None` for the default. */
  swap_size: number | null;
  /** All disks, in MB (10⁶ bytes). */
  storage: number;
  /** NUMA nodes. */
  numanode_set: NumaNode[];
  /** How it is switched, e.g. `ipmi`, `redfish`, `virsh`, `manual`; empty if not configured. */
  power_type: string;
  /** Whether it is on. */
  power_state: PowerState;
  /** `pxe`, `uefi`, … */
  bios_boot_method: string | null;
  /** Whether it boots from the network next time. */
  netboot: boolean;
  /** The operating system, e.g. `ubuntu`; empty until it is deployed. */
  osystem: string;
  /** The release, e.g. `jammy`; empty until it is deployed. */
  distro_series: string;
  /** The kernel, e.g. `ga-22.04`. */
  hwe_kernel: string | null;
  /** The oldest kernel that it may run. */
  min_hwe_kernel: string | null;
  /** Whether it runs from memory. */
  ephemeral_deploy: boolean;
  /** Whether a kernel crash is dumped. */
  enable_kernel_crash_dump: boolean;
  /** Whether hardware changes are reported while it is deployed. */
  enable_hw_sync: boolean;
  /** When hardware changes were last reported. */
  last_sync: string | null;
  /** When hardware changes are to be reported next. */
  next_sync: string | null;
  /** The time between reports, in seconds. */
  sync_interval: number | null;
  /** Its addresses. */
  ip_addresses: string[];
  /** The time to live of its DNS records, in seconds; `None` for the domain's. */
  address_ttl: number | null;
  /** Network interfaces. */
  interface_set: Interface[];
  /** The interface that it boots from. */
  boot_interface: Interface | null;
  /** Default gateways. */
  default_gateways: DefaultGateways;
  /** Whether IPv4 is off when deployed. */
  disable_ipv4: boolean;
  /** The disk that it boots from. */
  boot_disk: BlockDevice | null;
  /** All block devices. */
  blockdevice_set: BlockDevice[];
  /** The disks among them. */
  physicalblockdevice_set: BlockDevice[];
  /** Those among them that are made of others. */
  virtualblockdevice_set: BlockDevice[];
  /** iSCSI devices; only before MAAS 3.0. */
  iscsiblockdevice_set: BlockDevice[];
  /** LVM volume groups. */
  volume_groups: VolumeGroup[];
  /** Software RAIDs. */
  raids: Raid[];
  /** Bcaches. */
  bcaches: Bcache[];
  /** The fast devices of bcaches. */
  cache_sets: CacheSet[];
  /** Filesystems that need no device, e.g. `tmpfs`. */
  special_filesystems: Filesystem[];
  /** The latest commissioning. */
  current_commissioning_result_id: number | null;
  /** The latest installation. */
  current_installation_result_id: number | null;
  /** The latest hardware tests. */
  current_testing_result_id: number | null;
  /** How commissioning ended. */
  commissioning_status: ScriptStatus;
  /** The same as the server shows it. */
  commissioning_status_name: string;
  /** How the hardware tests ended. */
  testing_status: ScriptStatus;
  /** The same as the server shows it. */
  testing_status_name: string;
  /** How the processor's tests ended. */
  cpu_test_status: ScriptStatus;
  /** The same as the server shows it. */
  cpu_test_status_name: string;
  /** How the memory's tests ended. */
  memory_test_status: ScriptStatus;
  /** The same as the server shows it. */
  memory_test_status_name: string;
  /** How the network's tests ended. */
  network_test_status: ScriptStatus;
  /** The same as the server shows it. */
  network_test_status_name: string;
  /** How the disks' tests ended. */
  storage_test_status: ScriptStatus;
  /** The same as the server shows it. */
  storage_test_status_name: string;
  /** How the interfaces' tests ended. */
  interface_test_status: ScriptStatus;
  /** The same as the server shows it. */
  interface_test_status_name: string;
  /** How all other tests ended. */
  other_test_status: ScriptStatus;
  /** The same as the server shows it. */
  other_test_status_name: string;
  /** Which devices met the constraints; only in the answer to an allocation. */
  constraints_by_type: ConstraintMatches | null;
  /** What kind of node it is; 0 is a machine. */
  node_type: number;
  /** The same as the server shows it. */
  node_type_name: string;
  /** Whether it is a data processing unit. */
  is_dpu: boolean;
  /** The node that it is a part of. */
  parent: Reference | null;
  /** The VM host on which it runs; only until MAAS 3.7. */
  pod: Reference | null;
  /** The number of its virtual machine; only until MAAS 3.7. */
  virtualmachine_id: number | null;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/**
 * Which machines to list. All conditions must hold; several values of one condition are alternatives, except tags,
 * which must all be there. A machine of which the user may see nothing is left out.
 *
 * An unknown zone, pool or tag is an error; an unknown hostname or system id is an empty list.
 */
export interface MachineFilter {
  /** The name without domain, exact in case. */
  hostname?: string | string[];
  /** The system id. A request holds some 250 of them. */
  system_id?: string | string[];
  /** The MAC address of any interface. */
  mac_address?: string | string[];
  /** The availability zone, by name. */
  zone?: string | string[];
  /** Not in these availability zones. */
  not_zone?: string | string[];
  /** The resource pool, by name. */
  pool?: string | string[];
  /** Not in these resource pools. */
  not_pool?: string | string[];
  /** All of these tags. */
  tags?: string | string[];
  /** None of these tags. */
  not_tags?: string | string[];
  /** The status. */
  status?: NodeStatus | NodeStatusName | (NodeStatus | NodeStatusName)[];
  /** The owner's user name. */
  owner?: string | string[];
  /** Whether it is on. */
  power_state?: PowerState | PowerState[];
  /** The architecture, e.g. `amd64` or `amd64/generic`. */
  architecture?: string | string[];
  /** The DNS domain, by name. */
  domain?: string | string[];
  /** The name that was given at allocation. It is forgotten as soon as a release begins. */
  agent_name?: string | string[];
  /** At least so many processor cores. */
  min_cpu?: number;
  /** At least so much memory, in MiB. */
  min_memory_mib?: number;
  /** Disks of at least these sizes in GB (10⁹ bytes), e.g. `root:50(ssd),data:400`. */
  storage?: string;
  /** Interfaces with these properties, e.g. `nic0:space=dmz`. */
  interfaces?: string;
  /** Connected to all of these subnets: `name:…`, `cidr:…`, `ip:…`, `space:…` or a number. */
  subnets?: string | string[];
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** What to change of a machine. Needs an administrator. */
export interface MachineUpdate {
  /** The name without domain. */
  hostname?: string;
  /** The DNS domain, by name or number. */
  domain?: string;
  /** Free text. */
  description?: string | null;
  /** The availability zone, by name. */
  zone?: string;
  /** The resource pool, by name. */
  pool?: string;
  /** The architecture, e.g. `amd64/generic`. */
  architecture?: string;
  /** The oldest kernel that it may run. */
  min_hwe_kernel?: string | null;
  /** Swap space, in bytes; cleared, the server's default. */
  swap_size?: number | null;
  /** How it is switched, e.g. `ipmi`. */
  power_type?: string;
  /** The parameters of that. */
  power_parameters?: Record<string, string>;
  /** Whether IPv4 is off when deployed. */
  disable_ipv4?: boolean;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/**
 * Where a machine stands in its life.
 *
 * The server sends the number (and a label beside it, which is not regular); filters take the name.
 */
export const NodeStatus = {
  /** Enlisted, not commissioned yet: */
  New: 0,
  /** Being inspected: */
  Commissioning: 1,
  /** Inspection failed: */
  FailedCommissioning: 2,
  /** Cannot be contacted: */
  Missing: 3,
  /** Free for use: */
  Ready: 4,
  /** Set aside for a user: */
  Reserved: 5,
  /** Running an operating system for its owner: */
  Deployed: 6,
  /** Taken out of service: */
  Retired: 7,
  /** Marked as broken: */
  Broken: 8,
  /** Being installed: */
  Deploying: 9,
  /** Has an owner, not deployed: */
  Allocated: 10,
  /** Installation failed: */
  FailedDeployment: 11,
  /** Being given back: */
  Releasing: 12,
  /** Giving back failed: */
  FailedReleasing: 13,
  /** Disks are being erased: */
  DiskErasing: 14,
  /** Erasing failed: */
  FailedDiskErasing: 15,
  /** In rescue mode: */
  RescueMode: 16,
  /** Going into rescue mode: */
  EnteringRescueMode: 17,
  /** Did not get into rescue mode: */
  FailedEnteringRescueMode: 18,
  /** Coming back from rescue mode: */
  ExitingRescueMode: 19,
  /** Did not come back from rescue mode: */
  FailedExitingRescueMode: 20,
  /** Hardware tests are running: */
  Testing: 21,
  /** Hardware tests failed: */
  FailedTesting: 22,
} as const;
/** The number of a NodeStatus; a newer server may send others. */
export type NodeStatus = number;
/** The names that filters take. */
export type NodeStatusName =
  | 'new'
  | 'commissioning'
  | 'failed_commissioning'
  | 'missing'
  | 'ready'
  | 'reserved'
  | 'deployed'
  | 'retired'
  | 'broken'
  | 'deploying'
  | 'allocated'
  | 'failed_deployment'
  | 'releasing'
  | 'failed_releasing'
  | 'disk_erasing'
  | 'failed_disk_erasing'
  | 'rescue_mode'
  | 'entering_rescue_mode'
  | 'failed_entering_rescue_mode'
  | 'exiting_rescue_mode'
  | 'failed_exiting_rescue_mode'
  | 'testing'
  | 'failed_testing';

/** A NUMA node: processor cores and the memory next to them. */
export interface NumaNode {
  /** The number. */
  index: number;
  /** The numbers of its cores. */
  cores: number[];
  /** Its memory, in MiB. */
  memory: number;
  /** Its huge pages. */
  hugepages_set: HugePages[];
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A partition of a block device. */
export interface Partition {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The block device's number. */
  device_id: number;
  /** Always `partition`. */
  type: string;
  /** The UUID. */
  uuid: string | null;
  /** The path under `/dev`. */
  path: string;
  /** The size, in bytes. */
  size: number;
  /** Whether it carries the boot flag. */
  bootable: boolean;
  /** The filesystem on it. */
  filesystem: Filesystem | null;
  /** What it is used for, in words. */
  used_for: string;
  /** Tags. */
  tags: string[];
  /** Its path on the server; without a slash at the end. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How to switch a machine off. */
export interface PowerOffOptions {
  /** `hard` (the default) or `soft`, which asks the operating system. */
  stop_mode?: string;
  /** A comment for the event log. */
  comment?: string;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** How to switch a machine on. */
export interface PowerOnOptions {
  /** What cloud-init gets if this deploys the machine: plain text or bytes, not base64. */
  user_data?: string | Uint8Array;
  /** A comment for the event log. */
  comment?: string;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** Whether a machine is on, as far as MAAS knows. */
export type PowerState =
  | 'on'
  | 'off'
  | 'unknown'
  | 'error'
  | (string & {});

/** A software RAID. */
export interface Raid {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The UUID. */
  uuid: string | null;
  /** The name. */
  name: string;
  /** The level: `raid-0`, `raid-1`, `raid-5`, `raid-6`, `raid-10`. */
  level: string;
  /** The devices that it is made of. */
  devices: (BlockDevice | Partition)[];
  /** The devices that stand by. */
  spare_devices: (BlockDevice | Partition)[];
  /** The size, in bytes. */
  size: number;
  /** The size, in words. */
  human_size: string;
  /** The block device that it makes. */
  virtual_device: BlockDevice | null;
  /** Whether more fields exist than are shown. */
  __incomplete__: boolean | null;
  /** Its path on the server. */
  resource_uri: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How a subnet's addresses get reverse DNS. */
export const RdnsMode = {
  /** None. */
  Disabled: 0,
  /** A zone of the subnet's own. */
  Enabled: 1,
  /** The smallest classless delegation (RFC 2317). */
  Rfc2317: 2,
} as const;
/** The number of a RdnsMode; a newer server may send others. */
export type RdnsMode = number;
/** The names that filters take. */
export type RdnsModeName =
  | 'disabled'
  | 'enabled'
  | 'rfc2317';

/** A partial object that stands for a whole one. */
export interface Reference {
  /** The number, if the object is known by one. */
  id: number | null;
  /** The system id, if the object is a node. */
  system_id: string | null;
  /** The name. */
  name: string | null;
  /** Its path on the server. */
  resource_uri: string | null;
  /** Whether more fields exist than are shown. */
  __incomplete__: boolean | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How to release a machine. */
export interface ReleaseOptions {
  /** A comment for the event log. */
  comment?: string;
  /** Whether to erase the disks before the machine is Ready again. */
  erase?: boolean;
  /** Whether to use the disks' own secure erasure where they have one; with `erase`. */
  secure_erase?: boolean;
  /** Whether to erase only the beginning and the end; with `erase`. */
  quick_erase?: boolean;
  /** Whether to release a VM host with its machines. */
  force?: boolean;
  /** Scripts to run before the release (MAAS 3.5 or newer). */
  scripts?: string | string[];
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** A resource pool: machines set aside for a purpose. Each machine is in exactly one. */
export interface ResourcePool {
  /** The number. The default pool has 0. */
  id: number;
  /** The unique name. */
  name: string;
  /** Free text. */
  description: string;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How a set of scripts ended, or how far it is. */
export const ScriptStatus = {
  /** There are no results: */
  Unknown: -1,
  /** Not begun: */
  Pending: 0,
  /** Under way: */
  Running: 1,
  /** Good: */
  Passed: 2,
  /** Bad: */
  Failed: 3,
  /** Took too long: */
  TimedOut: 4,
  /** Stopped by somebody: */
  Aborted: 5,
  /** Works, but not well: */
  Degraded: 6,
  /** Installing what the script needs: */
  Installing: 7,
  /** What the script needs could not be installed: */
  FailedInstalling: 8,
  /** Left out: */
  Skipped: 9,
  /** Applying a network configuration: */
  ApplyingNetconf: 10,
  /** The network configuration could not be applied: */
  FailedApplyingNetconf: 11,
} as const;
/** The number of a ScriptStatus; a newer server may send others. */
export type ScriptStatus = number;
/** The names that filters take. */
export type ScriptStatusName =
  | 'unknown'
  | 'pending'
  | 'running'
  | 'passed'
  | 'failed'
  | 'timedout'
  | 'aborted'
  | 'degraded'
  | 'installing'
  | 'failed_installing'
  | 'skipped'
  | 'applying_netconf'
  | 'failed_applying_netconf';

/** A subnet. */
export interface Subnet {
  /** The number; the first one is 1. */
  id: number;
  /** The name; not unique. */
  name: string;
  /** Free text. */
  description: string;
  /** The network, e.g. `10.10.0.0/24` or `2001:db8::/64`. */
  cidr: string;
  /** The VLAN. */
  vlan: Vlan | null;
  /** The space's name, or `undefined`. */
  space: string | null;
  /** The gateway's address; empty after it was cleared. */
  gateway_ip: string | null;
  /** The addresses of the DNS servers. */
  dns_servers: string[];
  /** How addresses get reverse DNS. */
  rdns_mode: RdnsMode;
  /** Whether MAAS scans for devices here. */
  active_discovery: boolean;
  /** Whether machines may use MAAS for DNS. */
  allow_dns: boolean;
  /** Whether machines may use MAAS's proxy. */
  allow_proxy: boolean;
  /** Whether MAAS gives out all addresses that are not reserved. If not, only those in reserved ranges. */
  managed: boolean;
  /** Architectures that do not boot from here. */
  disabled_boot_architectures: string[];
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** How full a subnet is. */
export interface SubnetStatistics {
  /** Free addresses. */
  num_available: number;
  /** The most free addresses in a row. */
  largest_available: number;
  /** Addresses in use or reserved. */
  num_unavailable: number;
  /** All addresses. */
  total_addresses: number;
  /** The part in use, 0 to 1. */
  usage: number;
  /** The part in use as text, e.g. `39%`. */
  usage_string: string;
  /** The free part as text. */
  available_string: string;
  /** The first address. */
  first_address: string;
  /** The last address. */
  last_address: string;
  /** 4 or 6. */
  ip_version: number;
  /** All ranges, if they were asked for. */
  ranges: AddressRange[];
  /** What MAAS would use for its own purposes, if asked for. */
  suggested_gateway: string | null;
  /** A suggestion for a dynamic range, if asked for. */
  suggested_dynamic_range: AddressRange | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** What to change of a resource pool. */
export interface UpdateResourcePool {
  /** A new name. */
  name?: string;
  /** Free text. */
  description?: string | null;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** What to change of a subnet. */
export interface UpdateSubnet {
  /** A new name. */
  name?: string;
  /** Free text. */
  description?: string | null;
  /** The number of another VLAN. */
  vlan?: number;
  /** Another network. */
  cidr?: string;
  /** The gateway's address. */
  gateway_ip?: string | null;
  /** The DNS servers' addresses. */
  dns_servers?: string | string[] | null;
  /** How addresses get reverse DNS. */
  rdns_mode?: RdnsMode | RdnsModeName;
  /** Whether MAAS scans for devices here. */
  active_discovery?: boolean;
  /** Whether machines may use MAAS for DNS. */
  allow_dns?: boolean;
  /** Whether machines may use MAAS's proxy. */
  allow_proxy?: boolean;
  /** Whether MAAS gives out all addresses that are not reserved. */
  managed?: boolean;
  /** Architectures that do not boot from here. */
  disabled_boot_architectures?: string | string[] | null;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** What to change of a zone. */
export interface UpdateZone {
  /** A new name. The zone's address changes with it. */
  name?: string;
  /** Free text. */
  description?: string | null;
  /** Further fields under their wire names, for what a newer server takes. */
  extra?: Record<string, string>;
}

/** A user of the server. */
export interface User {
  /** The unique name. */
  username: string;
  /** The mail address. */
  email: string;
  /** Whether the user is an administrator. */
  is_superuser: boolean;
  /** Whether the server itself knows the user, rather than an identity provider. */
  is_local: boolean;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** What the server says of itself. */
export interface Version {
  /** The version, e.g. `3.7.3`. */
  version: string;
  /** The rest of the version, e.g. a build. */
  subversion: string;
  /** What the server can do, by name. */
  capabilities: string[];
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** A VLAN of a fabric. */
export interface Vlan {
  /** The number in MAAS; the default VLANs begin at 5001. */
  id: number;
  /** The name. */
  name: string;
  /** The tag on the wire; 0 is untagged. */
  vid: number;
  /** The fabric's name. */
  fabric: string;
  /** The fabric's number. */
  fabric_id: number;
  /** The largest packet, in bytes. */
  mtu: number;
  /** Whether MAAS serves DHCP here. */
  dhcp_on: boolean;
  /** The address of a DHCP server that is not MAAS's. */
  external_dhcp: string | null;
  /** The VLAN to which DHCP is relayed. Older servers send an incomplete object. */
  relay_vlan: unknown | null;
  /** The system id of the first rack controller for DHCP. */
  primary_rack: string | null;
  /** The system id of the second rack controller for DHCP. */
  secondary_rack: string | null;
  /** The space's name, or `undefined`. */
  space: string | null;
  /** Its path on the server. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** An LVM volume group. */
export interface VolumeGroup {
  /** The number. */
  id: number;
  /** The machine's system id. */
  system_id: string;
  /** The UUID. */
  uuid: string | null;
  /** The name. */
  name: string;
  /** The devices that it is made of. */
  devices: (BlockDevice | Partition)[];
  /** The size, in bytes. */
  size: number;
  /** The size, in words. */
  human_size: string;
  /** What is not used yet, in bytes. */
  available_size: number;
  /** What is not used yet, in words. */
  human_available_size: string;
  /** What is used, in bytes. */
  used_size: number;
  /** What is used, in words. */
  human_used_size: string;
  /** The logical volumes in it. */
  logical_volumes: BlockDevice[];
  /** Whether more fields exist than are shown. */
  __incomplete__: boolean | null;
  /** Its path on the server. */
  resource_uri: string | null;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}

/** An availability zone: machines that share a point of failure. */
export interface Zone {
  /** The number. */
  id: number;
  /** The unique name, by which everything refers to the zone. */
  name: string;
  /** Free text. */
  description: string;
  /** Its path on the server; it changes with the name. */
  resource_uri: string;
  /** Fields that this version does not know, as they came. */
  [extra: string]: unknown;
}
