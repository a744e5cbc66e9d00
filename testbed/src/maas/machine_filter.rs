//! Constraints on machines: the filters of a list and what `op=allocate` asks for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hardware_filter::{DiskWanted, InterfaceWanted, fits, parse_interfaces, parse_storage};
use super::reply::Reply;
use super::state::{Machine, State, is_number, items};
use super::status::Status;
use super::subnet;

/// Where constraints come from: a list of machines or an allocation. They differ in a few names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    List,
    Allocate,
}

/// Names that a form accepts although they constrain nothing.
const ALLOCATE_OPTIONS: [&str; 9] = [
    "op",
    "agent_name",
    "comment",
    "dry_run",
    "verbose",
    "bridge_all",
    "bridge_type",
    "bridge_stp",
    "bridge_fd",
];

type Test = Box<dyn Fn(&Machine) -> bool>;

/// Constraints that were understood.
pub(crate) struct Constraints {
    tests: Vec<Test>,
    storage: Vec<DiskWanted>,
    interfaces: Vec<InterfaceWanted>,
    /// In the words of MAAS: `cpu_count=1000.0`.
    pub(crate) resolved: String,
}

impl Constraints {
    /// Reads constraints; everything that is wrong is told at once, by field.
    pub(crate) fn parse(
        state: &State,
        pairs: &[(String, String)],
        purpose: Purpose,
    ) -> Result<Self, Reply> {
        let mut given: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, value) in pairs {
            match given.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => given.push((name, vec![value])),
            }
        }
        let mut this = Self {
            tests: Vec::new(),
            storage: Vec::new(),
            interfaces: Vec::new(),
            resolved: String::new(),
        };
        let mut errors = Map::new();
        let mut resolved = BTreeMap::new();
        for (name, values) in given {
            let is_option = match purpose {
                Purpose::List => {
                    name == "op"
                        || name == "format"
                        || name == "callback"
                        || name.starts_with("oauth_")
                }
                Purpose::Allocate => ALLOCATE_OPTIONS.contains(&name),
            };
            if is_option {
                continue;
            }
            match this.add(state, name, &values, purpose) {
                Ok(text) => {
                    resolved.insert(name.to_owned(), text);
                }
                Err(Refused::Field(message)) => {
                    errors.insert(name.to_owned(), json!([message]));
                }
                Err(Refused::Whole(reply)) => return Err(reply),
            }
        }
        if !errors.is_empty() {
            return Err(Reply::form_errors(&Value::Object(errors)));
        }
        let resolved: Vec<String> = resolved
            .iter()
            .map(|(name, text)| format!("{name}={text}"))
            .collect();
        this.resolved = resolved.join(" ");
        Ok(this)
    }

    pub(crate) fn matches(&self, machine: &Machine) -> bool {
        self.tests.iter().all(|test| test(machine))
            && (self.storage.is_empty() || self.match_storage(machine).is_some())
            && (self.interfaces.is_empty() || self.match_interfaces(machine).is_some())
    }

    /// `constraints_by_type` of an allocation: labels with the numbers of what fits them.
    pub(crate) fn by_type(&self, machine: &Machine) -> Value {
        let mut by_type = Map::new();
        let labelled = |found: Vec<(Option<String>, Vec<u64>)>| -> Map<String, Value> {
            found
                .into_iter()
                .filter_map(|(label, ids)| Some((label?, json!(ids))))
                .collect()
        };
        if let Some(found) = self.match_storage(machine) {
            let disks = labelled(
                found
                    .into_iter()
                    .map(|(label, id)| (label, vec![id]))
                    .collect(),
            );
            if !disks.is_empty() {
                by_type.insert("storage".into(), disks.into());
            }
        }
        if let Some(found) = self.match_interfaces(machine) {
            let interfaces = labelled(
                found
                    .into_iter()
                    .map(|(label, ids)| (Some(label), ids))
                    .collect(),
            );
            if !interfaces.is_empty() {
                by_type.insert("interfaces".into(), interfaces.into());
            }
        }
        Value::Object(by_type)
    }

    /// The first disk must be the boot disk; each other one any disk that is still free, the smallest first.
    fn match_storage(&self, machine: &Machine) -> Option<Vec<(Option<String>, u64)>> {
        let boot = machine
            .json
            .get("boot_disk")
            .and_then(|disk| disk["id"].as_u64());
        let mut free: Vec<&Value> = machine.list("physicalblockdevice_set").iter().collect();
        free.sort_by_key(|disk| disk["size"].as_u64());
        let mut found = Vec::new();
        for (index, wanted) in self.storage.iter().enumerate() {
            let at = free.iter().position(|disk| {
                let is_boot = disk["id"].as_u64() == boot;
                let big_enough = disk["size"].as_f64().unwrap_or(0.0) >= wanted.gigabytes * 1e9;
                let tagged = wanted
                    .tags
                    .iter()
                    .all(|tag| items(&disk["tags"]).iter().any(|has| has == tag.as_str()));
                (index > 0 || is_boot) && big_enough && tagged
            })?;
            found.push((wanted.label.clone(), free.remove(at)["id"].as_u64()?));
        }
        Some(found)
    }

    fn match_interfaces(&self, machine: &Machine) -> Option<Vec<(String, Vec<u64>)>> {
        self.interfaces
            .iter()
            .map(|wanted| {
                let ids: Vec<u64> = machine
                    .list("interface_set")
                    .iter()
                    .filter(|interface| {
                        wanted
                            .keys
                            .iter()
                            .all(|(key, values)| fits(machine, interface, key, values))
                    })
                    .filter_map(|interface| interface["id"].as_u64())
                    .collect();
                (!ids.is_empty()).then(|| (wanted.label.clone(), ids))
            })
            .collect()
    }

    /// Adds one constraint and says how it was understood.
    fn add(
        &mut self,
        state: &State,
        name: &str,
        values: &[&str],
        purpose: Purpose,
    ) -> Result<String, Refused> {
        let (plain, negated) = match name
            .strip_prefix("not_in_")
            .or_else(|| name.strip_prefix("not_"))
        {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        if negated && !is_negatable(name, plain, purpose) {
            return Err(Refused::unknown());
        }
        let owned = || {
            values
                .iter()
                .map(|value| (*value).to_owned())
                .collect::<Vec<String>>()
        };
        let text = owned().join(",");
        let test: Test = match (plain, purpose) {
            ("cpu_count" | "cpu_speed" | "mem", _) if !negated => {
                let (field, message) = match plain {
                    "mem" => ("memory", "Invalid memory: number of MiB required."),
                    "cpu_speed" => ("cpu_speed", "Invalid CPU speed: number required."),
                    _ => ("cpu_count", "Invalid CPU count: number required."),
                };
                let least = least(values).ok_or_else(|| Refused::Field(message.to_owned()))?;
                self.tests
                    .push(Box::new(move |machine| machine.number(field) >= least));
                return Ok(python_float(least));
            }
            ("name", Purpose::Allocate) => {
                let names = owned();
                Box::new(move |machine| {
                    names
                        .iter()
                        .any(|name| name == machine.hostname() || name == machine.text("fqdn"))
                })
            }
            ("hostname", Purpose::List) => among(owned(), |machine| machine.hostname().to_owned()),
            ("system_id", _) | ("id", Purpose::List) => {
                among(owned(), |machine| machine.system_id().to_owned())
            }
            ("domain", Purpose::List) => among(owned(), |machine| {
                machine.within("domain", "name").to_owned()
            }),
            ("agent_name", Purpose::List) => among(owned(), |machine| machine.agent_name.clone()),
            ("owner", _) => among(owned(), |machine| {
                machine.owner().unwrap_or_default().to_owned()
            }),
            ("power_state", _) => {
                choices(values, &["on", "off", "unknown", "error"])?;
                among(owned(), |machine| machine.text("power_state").to_owned())
            }
            ("deployment_target", _) => {
                choices(values, &["disk", "memory"])?;
                let targets = owned();
                Box::new(move |machine| {
                    let target = if machine.flag("ephemeral_deploy") {
                        "memory"
                    } else {
                        "disk"
                    };
                    machine.status() == Status::Deployed
                        && targets.iter().any(|wanted| wanted == target)
                })
            }
            ("status", Purpose::List) => {
                let mut statuses = Vec::new();
                for value in values {
                    statuses.push(Status::from_filter(value).ok_or_else(|| not_a_choice(value))?);
                }
                Box::new(move |machine| statuses.contains(&machine.status()))
            }
            ("mac_address", Purpose::List) => {
                if let Some(bad) = values.iter().find(|mac| !is_mac(mac)) {
                    return Err(Refused::Field(format!(
                        "'{bad}' is not a valid MAC address."
                    )));
                }
                let macs = owned();
                Box::new(move |machine| macs.iter().any(|mac| machine.has_mac(mac)))
            }
            ("zone" | "pool", _) => {
                let (known, field) = if plain == "zone" {
                    (&state.zones, "zone")
                } else {
                    (&state.pools, "pool")
                };
                let missing: Vec<&str> = unknown_names(known, values);
                if !missing.is_empty() {
                    return Err(Refused::Field(format!(
                        "No such {field}(s): {}.",
                        missing.join(", ")
                    )));
                }
                among(owned(), move |machine| {
                    machine.within(field, "name").to_owned()
                })
            }
            ("arch", _) => self.architecture(state, values)?,
            ("tags", _) => {
                let tags: Vec<String> = values
                    .iter()
                    .flat_map(|value| value.split([',', ' ']))
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect();
                let names: Vec<&str> = tags.iter().map(String::as_str).collect();
                let missing: Vec<String> = unknown_names(&state.tags, &names)
                    .iter()
                    .map(|tag| format!("'{tag}'"))
                    .collect();
                if !missing.is_empty() {
                    return Err(Refused::Field(format!(
                        "No such tag(s): {}.",
                        missing.join(", ")
                    )));
                }
                if negated {
                    self.tests.push(Box::new(move |machine| {
                        !tags.iter().any(|tag| machine.has_tag(tag))
                    }));
                } else {
                    self.tests.push(Box::new(move |machine| {
                        tags.iter().all(|tag| machine.has_tag(tag))
                    }));
                }
                return Ok(text);
            }
            ("fabrics", _) => interface_test(owned(), |interface, wanted| {
                interface["vlan"]["fabric"] == wanted
            }),
            // No fabric of the region has a class.
            ("fabric_classes", _) => Box::new(|_| false),
            ("subnets" | "vlans", _) => {
                let mut any_of = Vec::new();
                for value in values {
                    any_of.push(specified(state, plain, value)?);
                }
                // Each specifier must be met; negated, none may be.
                let key = if plain == "subnets" { "subnet" } else { "vlan" };
                let meets = move |machine: &Machine, ids: &[u64]| {
                    linked(machine, key).any(|id| ids.contains(&id))
                };
                if negated {
                    self.tests.push(Box::new(move |machine| {
                        !any_of.iter().any(|ids| meets(machine, ids))
                    }));
                } else {
                    self.tests.push(Box::new(move |machine| {
                        any_of.iter().all(|ids| meets(machine, ids))
                    }));
                }
                return Ok(text);
            }
            ("link_speed", _) if !negated => {
                let least = least(values)
                    .ok_or_else(|| Refused::Field("Invalid link speed: number required.".into()))?;
                Box::new(move |machine| {
                    machine
                        .list("interface_set")
                        .iter()
                        .any(|interface| interface["link_speed"].as_f64().unwrap_or(0.0) >= least)
                })
            }
            ("storage", _) if !negated => {
                let value = values.last().copied().unwrap_or_default();
                self.storage = parse_storage(value).ok_or_else(|| {
                    Refused::Field(format!("Malformed storage constraint, \"{value}\"."))
                })?;
                return Ok(text);
            }
            ("interfaces", _) if !negated => {
                self.interfaces = parse_interfaces(values.last().copied().unwrap_or_default())
                    .map_err(Refused::Field)?;
                return Ok(text);
            }
            // No machine of the region was made by a VM host.
            ("pod" | "pod_type", _) => Box::new(|_| false),
            ("simple_status", Purpose::List) => {
                return Err(Refused::Whole(Reply::error(
                    500,
                    include_str!("../../inventory/simple_status.txt"),
                )));
            }
            _ => return Err(Refused::unknown()),
        };
        self.tests.push(if negated {
            Box::new(move |machine| !test(machine))
        } else {
            test
        });
        Ok(text)
    }

    fn architecture(&self, state: &State, values: &[&str]) -> Result<Test, Refused> {
        let mut known: Vec<String> = state
            .machines
            .iter()
            .map(|machine| machine.text("architecture").to_owned())
            .chain(
                state
                    .boot_resources
                    .iter()
                    .filter_map(|image| image["architecture"].as_str().map(str::to_owned)),
            )
            .collect();
        known.retain(|architecture| !architecture.is_empty());
        let mut wanted = Vec::new();
        for value in values {
            let value = if *value == "arm" { "armhf" } else { value };
            let is_wildcard = !value.contains('/');
            let recognised = known.iter().any(|architecture| {
                architecture == value
                    || (is_wildcard && architecture.split('/').next() == Some(value))
            });
            if !recognised {
                return Err(Refused::Field("Architecture not recognised.".to_owned()));
            }
            wanted.push((value.to_owned(), is_wildcard));
        }
        Ok(Box::new(move |machine| {
            let architecture = machine.text("architecture");
            wanted.iter().any(|(value, is_wildcard)| {
                architecture == value
                    || (*is_wildcard && architecture.split('/').next() == Some(value.as_str()))
            })
        }))
    }
}

/// Why a constraint was not understood.
enum Refused {
    Field(String),
    Whole(Reply),
}

impl Refused {
    fn unknown() -> Self {
        Self::Field("No such constraint.".to_owned())
    }
}

fn is_negatable(name: &str, plain: &str, purpose: Purpose) -> bool {
    let with_in = name.starts_with("not_in_");
    match plain {
        "zone" | "pool" => with_in,
        "tags" | "subnets" | "vlans" | "fabrics" | "fabric_classes" | "arch" | "system_id"
        | "owner" | "power_state" | "pod" | "pod_type" | "deployment_target" | "link_speed" => {
            !with_in
        }
        "hostname" | "id" | "domain" | "agent_name" | "mac_address" | "status" => {
            !with_in && purpose == Purpose::List
        }
        _ => false,
    }
}

fn among(values: Vec<String>, field: impl Fn(&Machine) -> String + 'static) -> Test {
    Box::new(move |machine| values.contains(&field(machine)))
}

fn interface_test(values: Vec<String>, fits: impl Fn(&Value, &str) -> bool + 'static) -> Test {
    Box::new(move |machine| {
        machine
            .list("interface_set")
            .iter()
            .any(|interface| values.iter().any(|value| fits(interface, value)))
    })
}

fn not_a_choice(value: &str) -> Refused {
    Refused::Field(format!(
        "Select a valid choice. {value} is not one of the available choices."
    ))
}

fn choices(values: &[&str], known: &[&str]) -> Result<(), Refused> {
    match values.iter().find(|value| !known.contains(value)) {
        Some(bad) => Err(not_a_choice(bad)),
        None => Ok(()),
    }
}

fn unknown_names<'v>(known: &[Value], values: &[&'v str]) -> Vec<&'v str> {
    values
        .iter()
        .copied()
        .filter(|value| !known.iter().any(|object| object["name"] == *value))
        .collect()
}

fn least(values: &[&str]) -> Option<f64> {
    let numbers: Option<Vec<f64>> = values
        .iter()
        .map(|value| value.parse::<f64>().ok())
        .collect();
    numbers?.into_iter().reduce(f64::min)
}

fn python_float(number: f64) -> String {
    if number.fract() == 0.0 {
        format!("{number:.1}")
    } else {
        number.to_string()
    }
}

/// Whether a text is a MAC address in one of the usual spellings.
pub(crate) fn is_mac(text: &str) -> bool {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    parts.len() == 6
        && parts
            .iter()
            .all(|part| part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The numbers of the subnets or VLANs that a machine is linked to.
fn linked<'m>(machine: &'m Machine, key: &'static str) -> Box<dyn Iterator<Item = u64> + 'm> {
    let interfaces = machine.list("interface_set").iter();
    if key == "vlan" {
        Box::new(interfaces.filter_map(|interface| interface["vlan"]["id"].as_u64()))
    } else {
        Box::new(
            interfaces
                .flat_map(|interface| items(&interface["links"]))
                .filter_map(|link| link["subnet"]["id"].as_u64()),
        )
    }
}

/// The subnets or VLANs that a specifier such as `name:lab-ten` or `cidr:10.0.0.0/24` names.
fn specified(state: &State, plain: &str, specifier: &str) -> Result<Vec<u64>, Refused> {
    let ids: Vec<u64> = if plain == "subnets" {
        subnet::specified(state, specifier)
            .into_iter()
            .filter_map(|subnet| subnet["id"].as_u64())
            .collect()
    } else {
        let (kind, wanted) = specifier.split_once(':').unwrap_or(("id", specifier));
        state
            .vlans
            .iter()
            .filter(|vlan| match kind {
                "name" => vlan["name"] == wanted,
                "vid" => is_number(&vlan["vid"], wanted),
                "fabric" => vlan["fabric"] == wanted,
                "space" => vlan["space"] == wanted,
                _ => is_number(&vlan["id"], wanted),
            })
            .filter_map(|vlan| vlan["id"].as_u64())
            .collect()
    };
    if ids.is_empty() {
        return Err(Refused::Field(format!("No matching {plain} found.")));
    }
    Ok(ids)
}
