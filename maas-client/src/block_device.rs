//! Block devices, partitions, filesystems.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::{model, named_enum, null_is_default};

named_enum! {
    /// What a block device is.
    pub enum BlockDeviceType, Physical {
        /// A disk.
        Physical = "physical",
        /// Made of others: a logical volume, a RAID, a bcache.
        Virtual = "virtual",
    }
}

model! {
    /// A filesystem.
    pub struct Filesystem {
        /// Its type, e.g. `ext4`, `fat32`, `lvm-pv`, `tmpfs`.
        fstype: String,
        /// The label.
        label: Option<String>,
        /// The UUID.
        uuid: Option<String>,
        /// Where it is mounted.
        mount_point: Option<String>,
        /// Options of the mount.
        mount_options: Option<String>,
    }
}

model! {
    /// A partition of a block device.
    pub struct Partition {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The block device's number.
        device_id: i64,
        /// Always `partition`.
        #[serde(rename = "type")]
        kind: String,
        /// The UUID.
        uuid: Option<String>,
        /// The path under `/dev`.
        path: String,
        /// The size, in bytes.
        size: u64,
        /// Whether it carries the boot flag.
        bootable: bool,
        /// The filesystem on it.
        filesystem: Option<Filesystem>,
        /// What it is used for, in words.
        used_for: String,
        /// Tags.
        tags: Vec<String>,
        /// Its path on the server; without a slash at the end.
        resource_uri: String,
    }
}

model! {
    /// A block device of a machine.
    pub struct BlockDevice {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The name, e.g. `sda`.
        name: String,
        /// What it is.
        #[serde(rename = "type")]
        kind: BlockDeviceType,
        /// The UUID, if it is virtual.
        uuid: Option<String>,
        /// The path under `/dev`.
        path: String,
        /// A lasting path under `/dev`.
        id_path: Option<String>,
        /// The disk's model.
        model: Option<String>,
        /// The disk's serial number.
        serial: Option<String>,
        /// The disk's firmware.
        firmware_version: Option<String>,
        /// The size, in bytes.
        size: u64,
        /// The size of a block, in bytes.
        block_size: u64,
        /// What is not used yet, in bytes.
        available_size: u64,
        /// What is used, in bytes.
        used_size: u64,
        /// What it is used for, in words.
        used_for: String,
        /// Tags, e.g. `ssd`, `rotary`.
        tags: Vec<String>,
        /// The filesystem on it, if it has no partitions.
        filesystem: Option<Filesystem>,
        /// `MBR`, `GPT` or none.
        partition_table_type: Option<String>,
        /// The partitions.
        partitions: Vec<Partition>,
        /// The storage pool of the VM host that holds it.
        storage_pool: Option<String>,
        /// The number of the NUMA node.
        numa_node: Option<i64>,
        /// Its path on the server.
        resource_uri: String,
    }
}

/// A block device or a partition: what volume groups, RAIDs and bcaches are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum StorageDevice {
    /// A whole block device.
    BlockDevice(Box<BlockDevice>),
    /// A partition.
    Partition(Box<Partition>),
}

impl StorageDevice {
    /// The size, in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::BlockDevice(device) => device.size,
            Self::Partition(partition) => partition.size,
        }
    }
}

impl Default for StorageDevice {
    fn default() -> Self {
        Self::BlockDevice(Box::default())
    }
}

impl<'de> Deserialize<'de> for StorageDevice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value["type"] == "partition" {
            Box::deserialize(value).map(Self::Partition)
        } else {
            Box::deserialize(value).map(Self::BlockDevice)
        }
        .map_err(serde::de::Error::custom)
    }
}

null_is_default!(StorageDevice);

model! {
    /// An LVM volume group.
    pub struct VolumeGroup {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The UUID.
        uuid: Option<String>,
        /// The name.
        name: String,
        /// The devices that it is made of.
        devices: Vec<StorageDevice>,
        /// The size, in bytes.
        size: u64,
        /// The size, in words.
        human_size: String,
        /// What is not used yet, in bytes.
        available_size: u64,
        /// What is not used yet, in words.
        human_available_size: String,
        /// What is used, in bytes.
        used_size: u64,
        /// What is used, in words.
        human_used_size: String,
        /// The logical volumes in it.
        logical_volumes: Vec<BlockDevice>,
        /// Whether more fields exist than are shown.
        #[serde(rename = "__incomplete__")]
        incomplete: Option<bool>,
        /// Its path on the server.
        resource_uri: Option<String>,
    }
}

model! {
    /// A software RAID.
    pub struct Raid {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The UUID.
        uuid: Option<String>,
        /// The name.
        name: String,
        /// The level: `raid-0`, `raid-1`, `raid-5`, `raid-6`, `raid-10`.
        level: String,
        /// The devices that it is made of.
        devices: Vec<StorageDevice>,
        /// The devices that stand by.
        spare_devices: Vec<StorageDevice>,
        /// The size, in bytes.
        size: u64,
        /// The size, in words.
        human_size: String,
        /// The block device that it makes.
        virtual_device: Option<BlockDevice>,
        /// Whether more fields exist than are shown.
        #[serde(rename = "__incomplete__")]
        incomplete: Option<bool>,
        /// Its path on the server.
        resource_uri: Option<String>,
    }
}

model! {
    /// The fast device of a bcache.
    pub struct CacheSet {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The name.
        name: String,
        /// The device.
        cache_device: Option<StorageDevice>,
        /// Whether more fields exist than are shown.
        #[serde(rename = "__incomplete__")]
        incomplete: Option<bool>,
        /// Its path on the server.
        resource_uri: Option<String>,
    }
}

model! {
    /// A slow device behind a fast one.
    pub struct Bcache {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The UUID.
        uuid: Option<String>,
        /// The name.
        name: String,
        /// The fast device.
        cache_set: Option<CacheSet>,
        /// The slow device.
        backing_device: Option<StorageDevice>,
        /// The size, in bytes.
        size: u64,
        /// The size, in words.
        human_size: String,
        /// The block device that it makes.
        virtual_device: Option<BlockDevice>,
        /// `writeback`, `writethrough` or `writearound`.
        cache_mode: Option<String>,
        /// Whether more fields exist than are shown.
        #[serde(rename = "__incomplete__")]
        incomplete: Option<bool>,
        /// Its path on the server.
        resource_uri: Option<String>,
    }
}
