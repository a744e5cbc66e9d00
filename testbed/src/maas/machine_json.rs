//! Parts of a machine's JSON that follow from others: embedded objects, addresses.

use serde_json::{Map, Value};

use super::state::items;

/// Replaces every object under the key `field` that has the same `id` as `value` by `value`.
pub(crate) fn replace_embedded(json: &mut Value, field: &str, value: &Value) {
    match json {
        Value::Object(object) => {
            for (key, inner) in object {
                if key == field && inner.is_object() && inner["id"] == value["id"] {
                    inner.clone_from(value);
                } else {
                    replace_embedded(inner, field, value);
                }
            }
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|inner| replace_embedded(inner, field, value)),
        _ => {}
    }
}

/// The addresses a machine shows: those of its links, or, without any, those that were discovered.
pub(crate) fn ip_addresses(json: &Map<String, Value>) -> Vec<Value> {
    let interfaces = json.get("interface_set").map_or(&[][..], items);
    let of_links: Vec<Value> = interfaces
        .iter()
        .flat_map(|interface| items(&interface["links"]))
        .filter_map(|link| link.get("ip_address").filter(|ip| ip.is_string()).cloned())
        .collect();
    if !of_links.is_empty() {
        return of_links;
    }
    interfaces
        .iter()
        .flat_map(|interface| items(&interface["discovered"]))
        .filter_map(|discovered| {
            discovered
                .get("ip_address")
                .filter(|ip| ip.is_string())
                .cloned()
        })
        .collect()
}

/// Shows the boot interface as it is in the list of interfaces, and the addresses that follow.
pub(crate) fn refresh_interfaces(json: &mut Map<String, Value>) {
    let addresses = ip_addresses(json);
    json.insert("ip_addresses".to_owned(), Value::Array(addresses));
    let boot = json
        .get("boot_interface")
        .and_then(|boot| boot.get("id"))
        .cloned();
    let current = json
        .get("interface_set")
        .map_or(&[][..], items)
        .iter()
        .find(|interface| Some(&interface["id"]) == boot.as_ref())
        .cloned();
    if let Some(current) = current {
        json.insert("boot_interface".to_owned(), current);
    }
}
