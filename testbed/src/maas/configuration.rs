//! Network and storage configuration of machines as their status shows it.

use serde_json::{Map, Value, json};

use super::state::{Machine, State};
use super::status::Status;

/// Alignment of partitions, in bytes.
const ALIGNMENT: u64 = 4 * 1024 * 1024;
/// Where a machine's disks are shown.
const DISKS: [&str; 4] = [
    "blockdevice_set",
    "physicalblockdevice_set",
    "virtualblockdevice_set",
    "boot_disk",
];
/// What commissioning finds anew.
const CONFIGURATION: [&str; 6] = [
    "blockdevice_set",
    "physicalblockdevice_set",
    "boot_disk",
    "interface_set",
    "boot_interface",
    "default_gateways",
];

/// Fields of a machine put aside.
pub(crate) type Aside = Vec<(String, Value)>;

impl Machine {
    fn put_aside(&self, fields: &[&str]) -> Aside {
        fields
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), self.json.get(*field)?.clone())))
            .collect()
    }

    fn put_back(&mut self, aside: Option<Aside>) {
        self.json.extend(aside.into_iter().flatten());
    }

    fn for_each_disk(&mut self, mut change: impl FnMut(&mut Map<String, Value>)) {
        for field in DISKS {
            match self.json.get_mut(field) {
                Some(Value::Array(disks)) => disks
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(&mut change),
                Some(Value::Object(disk)) => change(disk),
                _ => {}
            }
        }
    }

    /// A machine that is being given back or tested shows the file systems of its user, of which there are none without one.
    pub(crate) fn show_file_systems(&mut self) {
        let hides = matches!(
            self.status(),
            Status::Releasing | Status::FailedReleasing | Status::Testing
        ) && !self.acquired;
        if !hides {
            let aside = self.file_systems.take();
            self.put_back(aside);
            return;
        }
        if self.file_systems.is_some() {
            return;
        }
        self.file_systems = Some(self.put_aside(&DISKS));
        let unformat = |device: &mut Map<String, Value>| {
            if device.get("filesystem").is_some_and(Value::is_object) {
                device.insert("filesystem".to_owned(), Value::Null);
                device.insert("used_for".to_owned(), "Unused".into());
            }
        };
        self.for_each_disk(|disk| {
            unformat(disk);
            if let Some(Value::Array(partitions)) = disk.get_mut("partitions") {
                partitions
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(unformat);
            }
        });
    }

    /// Forgets the configuration, as commissioning does before it looks.
    pub(crate) fn forget_configuration(&mut self) {
        if self.configuration.is_none() {
            self.configuration = Some(self.put_aside(&CONFIGURATION));
        }
        self.for_each_disk(|disk| {
            if disk.get("used_size").is_some_and(|used| *used == 0) {
                return;
            }
            let size = disk.get("size").and_then(Value::as_u64).unwrap_or(0);
            // The partition table takes one step of the alignment.
            let available = (size / ALIGNMENT).saturating_sub(1) * ALIGNMENT;
            let blank = json!({
                "available_size": available, "used_size": 0, "used_for": "Unused", "partition_table_type": null,
                "partitions": [], "filesystem": null,
            });
            if let Value::Object(blank) = blank {
                disk.extend(blank);
            }
        });
        if let Some(Value::Array(interfaces)) = self.json.get_mut("interface_set") {
            for interface in interfaces {
                interface["links"] = json!([]);
            }
        }
        let none = json!({ "gateway_ip": null, "link_id": null });
        self.set("default_gateways", json!({ "ipv4": none, "ipv6": none }));
        super::machine_json::refresh_interfaces(&mut self.json);
    }
}

impl State {
    /// Commissioning found the same hardware and made the default configuration.
    pub(crate) fn find_configuration(&mut self, at: usize) {
        let machine = &mut self.machines[at];
        let aside = machine.configuration.take();
        machine.put_back(aside);
        super::machine_json::refresh_interfaces(&mut machine.json);
    }
}
