//! Constraints on the disks and interfaces of a machine, in the syntax of `storage=` and `interfaces=`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::state::{Machine, is_number, items};

/// One disk of a storage constraint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DiskWanted {
    pub(crate) label: Option<String>,
    pub(crate) gigabytes: f64,
    pub(crate) tags: Vec<String>,
}

/// One interface of an interfaces constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InterfaceWanted {
    pub(crate) label: String,
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

const INTERFACE_KEYS: [&str; 15] = [
    "id",
    "fabric",
    "fabric_class",
    "ip",
    "mode",
    "name",
    "hostname",
    "subnet",
    "space",
    "subnet_cidr",
    "type",
    "vlan",
    "vid",
    "tag",
    "link_speed",
];

/// Whether an interface meets one condition; several values are alternatives.
pub(crate) fn fits(machine: &Machine, interface: &Value, key: &str, values: &[String]) -> bool {
    let (key, negated) = match key.strip_prefix("not_") {
        Some(key) => (key, true),
        None => (key, false),
    };
    let vlan = &interface["vlan"];
    let subnets = || {
        items(&interface["links"])
            .iter()
            .map(|link| &link["subnet"])
    };
    let fits = values.iter().any(|wanted| match key {
        "id" => is_number(&interface["id"], wanted),
        "fabric" => vlan["fabric"] == wanted.as_str() || is_number(&vlan["fabric_id"], wanted),
        "ip" => items(&interface["links"])
            .iter()
            .any(|link| link["ip_address"] == wanted.as_str()),
        "mode" => {
            let mode = if wanted == "unconfigured" {
                "link_up"
            } else {
                wanted
            };
            items(&interface["links"])
                .iter()
                .any(|link| link["mode"] == mode)
        }
        "name" => interface["name"] == wanted.as_str(),
        "hostname" => machine.hostname() == wanted,
        "subnet" => subnets()
            .any(|subnet| subnet["name"] == wanted.as_str() || is_number(&subnet["id"], wanted)),
        "space" => vlan["space"] == wanted.as_str(),
        "subnet_cidr" => subnets().any(|subnet| subnet["cidr"] == wanted.as_str()),
        "type" => interface["type"] == wanted.as_str(),
        "vlan" => vlan["name"] == wanted.as_str() || is_number(&vlan["id"], wanted),
        "vid" => is_number(&vlan["vid"], wanted),
        "tag" => items(&interface["tags"])
            .iter()
            .any(|tag| tag == wanted.as_str()),
        "link_speed" => wanted
            .parse::<f64>()
            .is_ok_and(|least| interface["link_speed"].as_f64().unwrap_or(0.0) >= least),
        _ => false,
    });
    fits != negated
}

/// `label:50(ssd,sata),400`
pub(crate) fn parse_storage(text: &str) -> Option<Vec<DiskWanted>> {
    let mut disks = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['(', ',']).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        let (tags, tail) = match tail.strip_prefix('(') {
            Some(inner) => {
                let (tags, tail) = inner.split_once(')')?;
                let tags = tags
                    .split(',')
                    .map(str::trim)
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect();
                (tags, tail)
            }
            None => (Vec::new(), tail),
        };
        let (label, size) = match head.split_once(':') {
            Some((label, size)) => (Some(label), size),
            None => (None, head),
        };
        if label.is_some_and(|label| {
            label.is_empty() || !label.chars().all(|c| c.is_ascii_alphanumeric())
        }) {
            return None;
        }
        if !size.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return None;
        }
        disks.push(DiskWanted {
            label: label.map(str::to_owned),
            gigabytes: size.parse().ok()?,
            tags,
        });
        if tail.is_empty() {
            return Some(disks);
        }
        rest = tail.strip_prefix(',')?;
    }
}

/// `label:key=value,key=value;label:…`
pub(crate) fn parse_interfaces(text: &str) -> Result<Vec<InterfaceWanted>, String> {
    let malformed = || format!("Malformed interfaces constraint, \"{text}\".");
    text.split(';')
        .filter(|group| !group.trim().is_empty())
        .map(|group| {
            let (label, conditions) = group.trim().split_once(':').ok_or_else(malformed)?;
            let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for condition in conditions.split(',') {
                let (key, value) = condition.split_once('=').ok_or_else(malformed)?;
                if !INTERFACE_KEYS.contains(&key.strip_prefix("not_").unwrap_or(key)) {
                    return Err(format!("Unknown interfaces constraint: '{key}'."));
                }
                keys.entry(key.to_owned())
                    .or_default()
                    .push(value.to_owned());
            }
            Ok(InterfaceWanted {
                label: label.to_owned(),
                keys,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_read_as_a_list_of_disks() {
        let disks = parse_storage("root:50(ssd,sata),400.5").expect("storage");
        assert_eq!(disks.len(), 2);
        assert_eq!(disks[0].label.as_deref(), Some("root"));
        assert_eq!(disks[0].tags, ["ssd", "sata"]);
        assert_eq!(
            (disks[1].label.as_deref(), disks[1].gigabytes),
            (None, 400.5)
        );
        for bad in ["nonsense:x(y", "root:", "", "a b:5", "5,", "root:5(x)y"] {
            assert_eq!(parse_storage(bad), None, "{bad}");
        }
    }
}
