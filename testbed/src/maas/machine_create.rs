//! Machines by hand: enlisting new ones, changing the settings of known ones.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::commissioning::{Skip, tested_fields};
use super::machine::{administered, shown};
use super::machine_filter::is_mac;
use super::reply::{Answer, Reply};
use super::state::{Machine, Quirk, State, is_number};

/// The power types of MAAS 3.7.3 and the parameters each cannot do without.
const POWER_TYPES: [(&str, &[&str]); 25] = [
    ("amt", &["power_address"]),
    ("apc", &["power_address", "node_outlet"]),
    ("dli", &["power_address", "outlet_id"]),
    ("eaton", &["power_address", "node_outlet"]),
    ("hmc", &["power_address", "server_name", "lpar"]),
    (
        "hmcz",
        &[
            "power_address",
            "power_user",
            "power_pass",
            "power_partition_name",
        ],
    ),
    ("ipmi", &["power_address"]),
    ("lxd", &["power_address", "instance_name"]),
    ("manual", &[]),
    ("moonshot", &["power_address", "power_hwaddress"]),
    ("mscm", &["power_address", "node_id"]),
    ("msftocs", &["power_address", "blade_id"]),
    ("nova", &["nova_id"]),
    ("openbmc", &["power_address", "power_user", "power_pass"]),
    ("proxmox", &["power_address", "power_user", "power_vm_name"]),
    ("raritan", &["power_address", "node_outlet"]),
    ("recs_box", &["node_id", "power_address"]),
    ("redfish", &["power_address", "power_user", "power_pass"]),
    ("sm15k", &["system_id", "power_address"]),
    ("ucsm", &["uuid", "power_address"]),
    ("vedge", &["power_address"]),
    ("virsh", &["power_address", "power_id"]),
    ("vmware", &["power_vm_name", "power_address"]),
    (
        "webhook",
        &["power_on_uri", "power_off_uri", "power_query_uri"],
    ),
    ("wedge", &["power_address"]),
];

/// What the recorded region showed of a machine nothing was known of but its addresses.
const NEW_MACHINE: &str = include_str!("../../inventory/new_machine.json");

/// Parameters that a power type stores with these values if they are not given.
fn power_defaults(power_type: &str) -> Value {
    match power_type {
        "virsh" => json!({ "power_pass": "" }),
        "ipmi" => json!({
            "power_user": "", "power_pass": "", "power_driver": "LAN_2_0", "power_boot_type": "auto",
            "privilege_level": "OPERATOR", "cipher_suite_id": "3", "k_g": "", "mac_address": "",
        }),
        "redfish" => json!({ "node_id": "" }),
        _ => json!({}),
    }
}

fn architecture(state: &State, text: &str) -> Result<String, String> {
    let full = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{text}/generic")
    };
    let mut known: Vec<String> = state
        .boot_resources
        .iter()
        .filter_map(|resource| resource["architecture"].as_str()?.split('/').next())
        .map(|name| format!("{name}/generic"))
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.contains(&full) {
        return Ok(full);
    }
    let known: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
    Err(format!(
        "'{full}' is not a valid architecture.  It should be one of: {}.",
        known.join(", ")
    ))
}

fn check_hostname(state: &State, name: &str, own: Option<&str>) -> Result<(), String> {
    let label = name.split('.').next().unwrap_or_default();
    if !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(format!("Label contains disallowed characters: '{label}'."));
    }
    let taken = state
        .machines
        .iter()
        .any(|machine| machine.hostname() == label && Some(machine.system_id()) != own);
    if taken {
        Err("Node with this Hostname already exists.".to_owned())
    } else {
        Ok(())
    }
}

/// What a form says about power: the type, and the parameters of that type.
fn power(
    call: &Call,
    current: Option<&Machine>,
    errors: &mut Map<String, Value>,
) -> Option<(String, Value)> {
    let wanted = call.form.get("power_type");
    let type_now = current.map_or("", |machine| machine.text("power_type"));
    let power_type = wanted.unwrap_or(type_now).to_owned();
    let is_given = |(name, _): &&(String, String)| name.starts_with("power_parameters");
    if wanted.is_none() && !call.form.fields.iter().any(|field| is_given(&field)) {
        return None;
    }
    if power_type.is_empty() {
        return Some((power_type, json!({})));
    }
    let Some((_, needed)) = POWER_TYPES.iter().find(|(name, _)| *name == power_type) else {
        errors.insert(
            "power_type".into(),
            json!([format!(
                "Select a valid choice. {power_type} is not one of the available choices."
            )]),
        );
        return None;
    };
    let mut parameters = power_defaults(&power_type);
    let mut put = |name: &str, value: Value| parameters[name] = value;
    if let (true, Some(Value::Object(own))) = (
        type_now == power_type,
        current.map(|machine| &machine.power_parameters),
    ) {
        for (name, value) in own {
            put(name, value.clone());
        }
    }
    if let Some(Ok(Value::Object(given))) = call
        .form
        .get("power_parameters")
        .map(serde_json::from_str::<Value>)
    {
        for (name, value) in given {
            put(&name, value);
        }
    }
    for (name, value) in &call.form.fields {
        if let Some(name) = name
            .strip_prefix("power_parameters_")
            .filter(|name| *name != "skip_check")
        {
            put(name, value.as_str().into());
        }
    }
    if needed
        .iter()
        .any(|name| parameters[*name].as_str().unwrap_or_default().is_empty())
    {
        errors.insert(
            "power_parameters".into(),
            json!(["This field is required."]),
        );
    }
    Some((power_type, parameters))
}

/// `POST machines/`: an administrator's machine is commissioned at once unless told otherwise.
pub(crate) fn create(state: &mut State, call: &Call) -> Answer {
    call.form.check_kind()?;
    let form = &call.form;
    let mut errors = Map::new();
    let mut refuse = |field: &str, message: String| {
        errors.insert(field.to_owned(), json!([message]));
    };
    let architecture = match form.get("architecture").filter(|text| !text.is_empty()) {
        None => {
            refuse("architecture", "This field is required.".into());
            String::new()
        }
        Some(text) => architecture(state, text).unwrap_or_else(|message| {
            refuse("architecture", message);
            String::new()
        }),
    };
    let macs = form.all("mac_addresses");
    if macs.is_empty() {
        refuse("mac_addresses", "This field is required.".into());
    } else if let Some(bad) = macs.iter().find(|mac| !is_mac(mac)) {
        refuse(
            "mac_addresses",
            format!("'{bad}' is not a valid MAC address."),
        );
    } else if let Some((mac, user)) = macs.iter().find_map(|mac| {
        state
            .machines
            .iter()
            .find(|machine| machine.has_mac(mac))
            .map(|user| (mac, user))
    }) {
        refuse(
            "mac_addresses",
            format!("MAC address {mac} already in use on {}.", user.hostname()),
        );
    }
    if let Some(name) = form.get("hostname")
        && let Err(message) = check_hostname(state, name, None)
    {
        refuse("hostname", message);
    }
    let power = power(call, None, &mut errors);
    let tests = tested_fields(form.get("testing_scripts")).unwrap_or_else(|script| {
        let message =
            format!("Select a valid choice. {script} is not one of the available choices.");
        errors.insert("testing_scripts".into(), json!([message]));
        Vec::new()
    });
    if !errors.is_empty() {
        return Err(Reply::form_errors(&Value::Object(errors)));
    }
    let admin = call.user.as_ref().is_some_and(|user| user.admin);
    let commission = admin
        && form
            .get("commission")
            .is_none_or(|_| call.flag("commission").unwrap_or(true));
    let (power_type, power_parameters) = power.unwrap_or_default();
    let macs: Vec<String> = macs.into_iter().map(str::to_owned).collect();
    let json = new_machine(state, &architecture, &macs, &power_type);
    // MAAS finds out when it commissions what it has just made.
    if commission && power_type.is_empty() {
        return Err(Reply::error(
            500,
            "Unconfigured power type. Please configure the power type and try again.",
        ));
    }
    let mut machine = Machine::new(json, false);
    machine.first = None;
    machine.quirk = Quirk::None;
    machine.power_parameters = if power_parameters.is_null() {
        json!({})
    } else {
        power_parameters
    };
    state.machines.push(machine);
    let at = state.machines.len() - 1;
    apply(state, at, call)?;
    if commission {
        let user = call.user()?.name.clone();
        state.commission(at, &user, &tests, Skip::default());
    }
    if call.user.is_none() {
        return Ok(Reply::json(&anonymous_view(&state.machines[at].json)));
    }
    Ok(shown(state, at))
}

/// What an anonymous caller gets to see of the machine it enlisted.
fn anonymous_view(json: &Map<String, Value>) -> Map<String, Value> {
    const SHOWN: [&str; 13] = [
        "architecture",
        "boot_interface",
        "cpu_count",
        "domain",
        "fqdn",
        "hostname",
        "memory",
        "node_type",
        "node_type_name",
        "power_state",
        "power_type",
        "resource_uri",
        "system_id",
    ];
    json.iter()
        .filter(|(name, _)| SHOWN.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// `PUT machines/{system_id}/`
pub(crate) fn update(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    call.form.check_kind()?;
    let mut errors = Map::new();
    let own = state.machines[at].system_id().to_owned();
    let form = &call.form;
    if let Some(name) = form.get("hostname")
        && let Err(message) = check_hostname(state, name, Some(&own))
    {
        errors.insert("hostname".into(), json!([message]));
    }
    let new_architecture = form
        .get("architecture")
        .map(|text| architecture(state, text));
    if let Some(Err(message)) = &new_architecture {
        errors.insert("architecture".into(), json!([message]));
    }
    let power = power(call, Some(&state.machines[at]), &mut errors);
    for (field, known) in [
        ("zone", &state.zones),
        ("pool", &state.pools),
        ("domain", &state.domains),
    ] {
        if let Some(name) = form.get(field).filter(|name| !name.is_empty())
            && !known
                .iter()
                .any(|value| value["name"] == name || is_number(&value["id"], name))
        {
            errors.insert(
                field.into(),
                json!(["Select a valid choice. That choice is not one of the available choices."]),
            );
        }
    }
    if !errors.is_empty() {
        return Err(Reply::form_errors(&Value::Object(errors)));
    }
    if let Some((power_type, parameters)) = power {
        let machine = &mut state.machines[at];
        machine.set("power_type", power_type);
        machine.power_parameters = parameters;
    }
    if let Some(Ok(architecture)) = new_architecture {
        state.machines[at].set("architecture", architecture);
    }
    apply(state, at, call)?;
    Ok(shown(state, at))
}

/// The plain settings of a machine; fields that it does not know are passed over.
fn apply(state: &mut State, at: usize, call: &Call) -> Result<(), Reply> {
    let form = &call.form;
    let find = |known: &[Value], name: &str| {
        known
            .iter()
            .find(|value| value["name"] == name || is_number(&value["id"], name))
            .cloned()
    };
    let zone = form.get("zone").and_then(|name| find(&state.zones, name));
    let pool = form.get("pool").and_then(|name| find(&state.pools, name));
    let mut domain = form
        .get("domain")
        .and_then(|name| find(&state.domains, name));
    let machine = &mut state.machines[at];
    if let Some(name) = form.get("hostname").filter(|name| !name.is_empty()) {
        let (label, of_domain) = name
            .split_once('.')
            .map_or((name, None), |(label, rest)| (label, Some(rest)));
        machine.set("hostname", label);
        domain = domain.or_else(|| of_domain.and_then(|name| find(&state.domains, name)));
    }
    for (field, value) in [("zone", zone), ("pool", pool), ("domain", domain)] {
        if let Some(value) = value {
            machine.set(field, value);
        }
    }
    for field in ["description", "min_hwe_kernel"] {
        if let Some(text) = form.get(field) {
            machine.set(field, text);
        }
    }
    if let Some(text) = form.get("swap_size") {
        let size = match text {
            "" => Value::Null,
            text => {
                let bytes = parse_size(text).ok_or_else(|| {
                    Reply::field_error(
                        "swap_size",
                        "Invalid size for swap: need a number, may end in K, M, G or T.",
                    )
                })?;
                bytes.into()
            }
        };
        machine.set("swap_size", size);
    }
    for field in ["cpu_count", "memory"] {
        if let Some(text) = form.get(field) {
            let number: u64 = text
                .parse()
                .map_err(|_| Reply::field_error(field, "Enter a whole number."))?;
            machine.set(field, number);
        }
    }
    let fqdn = format!(
        "{}.{}",
        machine.hostname(),
        machine.within("domain", "name")
    );
    machine.set("fqdn", fqdn);
    Ok(())
}

fn parse_size(text: &str) -> Option<u64> {
    let (digits, factor) = match text.chars().last()? {
        'K' => (&text[..text.len() - 1], 1_000),
        'M' => (&text[..text.len() - 1], 1_000_000),
        'G' => (&text[..text.len() - 1], 1_000_000_000),
        'T' => (&text[..text.len() - 1], 1_000_000_000_000),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A machine that nothing is known of but what was said.
fn new_machine(
    state: &mut State,
    architecture: &str,
    macs: &[String],
    power_type: &str,
) -> Map<String, Value> {
    const LETTERS: &[u8] = b"4678abcdefghkmnpqrstwxy3";
    let mut system_id = String::new();
    while system_id.is_empty() || state.position(&system_id).is_some() {
        system_id = (0..6)
            .map(|_| char::from(LETTERS[state.rng.usize(..LETTERS.len())]))
            .collect();
    }
    let interfaces: Vec<Value> = macs
        .iter()
        .enumerate()
        .map(|(index, mac)| {
            let id = state.next_number("interface");
            json!({
                "tags": [], "enabled": true, "numa_node": 0, "sriov_max_vf": 0, "product": null, "parents": [],
                "discovered": null, "name": format!("eth{index}"), "children": [], "vendor": null, "links": [],
                "params": {}, "interface_speed": 0, "mac_address": mac, "effective_mtu": 1500, "link_speed": 0,
                "link_connected": true, "system_id": system_id, "vlan": null, "id": id, "type": "physical",
                "firmware_version": null,
                "resource_uri": format!("/MAAS/api/2.0/nodes/{system_id}/interfaces/{id}/"),
            })
        })
        .collect();
    let adjective = ["able", "calm", "fair", "keen", "neat", "warm"][state.rng.usize(..6)];
    let animal = ["crab", "duck", "frog", "lynx", "moth", "toad"][state.rng.usize(..6)];
    let hostname = format!("{adjective}-{animal}-{}", state.rng.u16(100..1000));
    let default = |values: &[Value]| values.first().cloned().unwrap_or_default();
    let mut machine: Map<String, Value> = serde_json::from_str(NEW_MACHINE).unwrap_or_default();
    let mut set = |field: &str, value: Value| machine.insert(field.to_owned(), value);
    set(
        "boot_interface",
        interfaces.first().cloned().unwrap_or_default(),
    );
    set("interface_set", interfaces.into());
    set("architecture", architecture.into());
    set("power_type", power_type.into());
    set("hostname", hostname.into());
    set("description", "".into());
    set("domain", default(&state.domains));
    set("pool", default(&state.pools));
    set("zone", default(&state.zones));
    set(
        "resource_uri",
        format!("/MAAS/api/2.0/machines/{system_id}/").into(),
    );
    set("system_id", system_id.into());
    machine
}
