//! Machines: list, read, create, update, delete, and which operation goes where.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::{Call, all};
use super::machine_filter::{Constraints, Purpose};
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{Machine, State, items};
use super::status::Status;
use super::{MachineSummary, machine_create, machine_ops};

impl Machine {
    pub(crate) fn has_mac(&self, mac: &str) -> bool {
        self.list("interface_set").iter().any(|interface| {
            interface["mac_address"]
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(mac))
        })
    }

    /// Whether a user may change what is done with the machine: nobody may while it is locked.
    pub(crate) fn is_editable_by(&self, call: &Call) -> Result<bool, Reply> {
        let user = call.user()?;
        Ok(!self.flag("locked") && self.is_visible_to(user))
    }

    pub(crate) fn summary(&self) -> MachineSummary {
        let annotations = self
            .json
            .get("workload_annotations")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect::<BTreeMap<_, _>>();
        let strings = |field: &str| {
            self.list(field)
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let whole = |field: &str| {
            self.json
                .get(field)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        let boot_disk = self
            .json
            .get("boot_disk")
            .and_then(|disk| disk["size"].as_u64());
        MachineSummary {
            system_id: self.system_id().to_owned(),
            hostname: self.hostname().to_owned(),
            fqdn: self.text("fqdn").to_owned(),
            status: self.status().label().to_owned(),
            status_message: self.text("status_message").to_owned(),
            error_description: self.text("error_description").to_owned(),
            owner: self.owner().map(str::to_owned),
            agent_name: self.agent_name.clone(),
            annotations,
            zone: self.within("zone", "name").to_owned(),
            pool: self.within("pool", "name").to_owned(),
            tags: strings("tag_names"),
            architecture: self.text("architecture").to_owned(),
            cpu_count: whole("cpu_count"),
            memory_mib: whole("memory"),
            storage_mb: self.number("storage"),
            boot_disk_bytes: boot_disk.unwrap_or_default(),
            power_state: self.text("power_state").to_owned(),
            ip_addresses: strings("ip_addresses"),
            mac_address: self.within("boot_interface", "mac_address").to_owned(),
            osystem: self.text("osystem").to_owned(),
            distro_series: self.text("distro_series").to_owned(),
            locked: self.flag("locked"),
        }
    }
}

/// The machine a call is about, if its user may see it.
pub(crate) fn visible(state: &State, call: &Call) -> Result<usize, Reply> {
    let at = state
        .position(call.id())
        .ok_or_else(|| Reply::no_such("Machine"))?;
    if state.machines[at].is_visible_to(call.user()?) {
        Ok(at)
    } else {
        Err(Reply::forbidden())
    }
}

/// The machine a call is about, if its user may use it.
pub(crate) fn editable(state: &State, call: &Call) -> Result<usize, Reply> {
    let at = visible(state, call)?;
    if state.machines[at].is_editable_by(call)? {
        Ok(at)
    } else {
        Err(Reply::forbidden())
    }
}

/// The machine a call is about, if its user administers it.
pub(crate) fn administered(state: &State, call: &Call) -> Result<usize, Reply> {
    let at = editable(state, call)?;
    if call.user()?.admin {
        Ok(at)
    } else {
        Err(Reply::forbidden())
    }
}

/// The machine as it is now.
pub(crate) fn shown(state: &State, at: usize) -> Reply {
    Reply::json(&state.machines[at].json)
}

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method, op) {
        ("machines/", "GET", None) => list(state, call),
        ("machines/", "GET", Some("list_allocated")) => list_allocated(state, call),
        ("machines/", "GET", Some("is_registered")) => is_registered(state, call),
        ("machines/", "GET", Some("power_parameters")) => all_power_parameters(state, call),
        ("machines/", "POST", None) => machine_create::create(state, call),
        ("machines/", "POST", Some("set_zone")) => set_zone(state, call),
        ("machines/{system_id}/", "GET", None) => {
            let at = visible(state, call)?;
            Ok(shown(state, at))
        }
        ("machines/{system_id}/", "PUT", None) => machine_create::update(state, call),
        ("machines/{system_id}/", "DELETE", None) => {
            let at = administered(state, call)?;
            state.machines.remove(at);
            Ok(Reply::deleted())
        }
        ("machines/{system_id}/", "GET", Some("power_parameters")) => {
            let at = administered(state, call)?;
            Ok(Reply::json(&state.machines[at].power_parameters))
        }
        (_, _, Some(op)) => machine_ops::dispatch(state, call, path, method, op),
        _ => Err(not_simulated(path, method, op)),
    }
}

fn list(state: &State, call: &Call) -> Answer {
    let user = call.user()?;
    let constraints = Constraints::parse(state, &call.query, Purpose::List)?;
    let found: Vec<&Map<String, Value>> = state
        .machines
        .iter()
        .filter(|machine| machine.is_visible_to(user) && constraints.matches(machine))
        .map(|machine| &machine.json)
        .collect();
    Ok(Reply::json(&found))
}

/// `op=list_allocated`: the caller's own machines, of the given ids if there are any.
fn list_allocated(state: &State, call: &Call) -> Answer {
    let user = call.user()?;
    let ids = all(&call.query, "id");
    let found: Vec<&Map<String, Value>> = state
        .machines
        .iter()
        .filter(|machine| {
            machine.status() == Status::Allocated && machine.owner() == Some(&user.name)
        })
        .filter(|machine| ids.is_empty() || ids.contains(&machine.system_id()))
        .map(|machine| &machine.json)
        .collect();
    Ok(Reply::json(&found))
}

fn is_registered(state: &State, call: &Call) -> Answer {
    let mac = call
        .query
        .iter()
        .find(|(name, _)| name == "mac_address")
        .map(|(_, mac)| mac.as_str())
        .ok_or_else(|| Reply::error(400, "No provided mac_address!"))?;
    let known = state
        .machines
        .iter()
        .any(|machine| machine.status() != Status::Retired && machine.has_mac(mac));
    Ok(Reply::json(&known))
}

/// `op=power_parameters`: secrets, for administrators only.
fn all_power_parameters(state: &State, call: &Call) -> Answer {
    call.admin()?;
    let ids = all(&call.query, "id");
    let found: Map<String, Value> = state
        .machines
        .iter()
        .filter(|machine| ids.is_empty() || ids.contains(&machine.system_id()))
        .map(|machine| {
            (
                machine.system_id().to_owned(),
                machine.power_parameters.clone(),
            )
        })
        .collect();
    Ok(Reply::json(&found))
}

/// `op=set_zone` for several machines.
fn set_zone(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    let name = call.form.get("zone").unwrap_or_default();
    let zone = state
        .zones
        .iter()
        .find(|zone| zone["name"] == name)
        .cloned();
    let Some(zone) = zone else {
        return Err(Reply::field_error(
            "zone",
            "Select a valid choice. That choice is not one of the available choices.",
        ));
    };
    for id in call.form.all("nodes") {
        if let Some(at) = state.position(id) {
            state.machines[at].set("zone", zone.clone());
        }
    }
    Ok(Reply::json(&Value::Null))
}

/// The settings of a deployment on bridges.
#[derive(Clone, Debug)]
pub(crate) struct BridgeAll {
    pub(crate) kind: String,
    pub(crate) stp: bool,
    pub(crate) forward_delay: u64,
}

impl State {
    /// Puts a bridge onto every interface that gets an address.
    pub(crate) fn bridge_all(&mut self, at: usize, settings: &BridgeAll) {
        let interfaces = self.machines[at].list("interface_set").to_vec();
        let mut result = Vec::new();
        let mut bridges = Vec::new();
        for mut interface in interfaces {
            let gets_address = items(&interface["links"])
                .iter()
                .any(|link| link["mode"] != "link_up");
            if gets_address {
                let id = self.next_number("interface");
                let system_id = self.machines[at].system_id();
                let name = format!("br-{}", interface["name"].as_str().unwrap_or_default());
                let mut bridge = interface.clone();
                let changes = json!({
                    "id": id, "name": name, "type": "bridge", "parents": [interface["name"]], "children": [], "tags": [],
                    "discovered": null, "firmware_version": null, "vendor": null, "product": null, "numa_node": null,
                    "interface_speed": 0, "link_speed": 0, "sriov_max_vf": 0,
                    "params": {"bridge_type": settings.kind, "bridge_stp": settings.stp, "bridge_fd": settings.forward_delay},
                    "resource_uri": format!("/MAAS/api/2.0/nodes/{system_id}/interfaces/{id}/"),
                });
                if let (Some(bridge), Value::Object(changes)) = (bridge.as_object_mut(), changes) {
                    bridge.extend(changes);
                }
                interface["children"] = json!([name]);
                interface["links"] = json!([]);
                bridges.push(bridge);
            }
            result.push(interface);
        }
        result.extend(bridges);
        let machine = &mut self.machines[at];
        machine.set("interface_set", result);
        super::machine_json::refresh_interfaces(&mut machine.json);
    }

    /// Takes the bridges of a deployment away again: their links go back to what they bridged.
    pub(crate) fn remove_bridges(&mut self, at: usize) {
        let machine = &mut self.machines[at];
        let (bridges, mut rest): (Vec<Value>, Vec<Value>) = machine
            .list("interface_set")
            .iter()
            .cloned()
            .partition(|interface| interface["type"] == "bridge");
        if bridges.is_empty() {
            return;
        }
        for bridge in bridges {
            if let Some(parent) = rest
                .iter_mut()
                .find(|interface| interface["name"] == bridge["parents"][0])
            {
                parent["children"] = json!([]);
                parent["links"] = bridge["links"].clone();
            }
        }
        machine.set("interface_set", rest);
        super::machine_json::refresh_interfaces(&mut machine.json);
    }
}
