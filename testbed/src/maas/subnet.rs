//! Subnets, and which of their addresses are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::call::{Call, form_bool, last};
use super::event::stamp;
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{State, is_number, items};

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method, op) {
        ("subnets/", "GET", None) => Ok(Reply::json(&state.subnets)),
        ("subnets/", "POST", None) => create(state, call),
        ("subnets/{id}/", "GET", None) => {
            Ok(Reply::json(&state.subnets[position(state, call.id())?]))
        }
        ("subnets/{id}/", "PUT", None) => update(state, call),
        ("subnets/{id}/", "DELETE", None) => delete(state, call),
        ("subnets/{id}/", "GET", Some("reserved_ip_ranges")) => {
            let subnet = &state.subnets[position(state, call.id())?];
            Ok(Reply::json(&taken_ranges(state, subnet)))
        }
        ("subnets/{id}/", "GET", Some("unreserved_ip_ranges")) => {
            let subnet = &state.subnets[position(state, call.id())?];
            Ok(Reply::json(&free_ranges(state, subnet)))
        }
        ("subnets/{id}/", "GET", Some("statistics")) => statistics(state, call),
        ("subnets/{id}/", "GET", Some("ip_addresses")) => ip_addresses(state, call),
        _ => Err(not_simulated(path, method, op)),
    }
}

/// A subnet by number, CIDR, `name:…` or `ip:…`.
fn position(state: &State, id: &str) -> Result<usize, Reply> {
    specified(state, id)
        .first()
        .and_then(|found| {
            state
                .subnets
                .iter()
                .position(|subnet| subnet["id"] == found["id"])
        })
        .ok_or_else(|| Reply::no_such("Subnet"))
}

/// The subnets that a specifier names.
pub(crate) fn specified<'s>(state: &'s State, specifier: &str) -> Vec<&'s Value> {
    let (kind, wanted) = match specifier.split_once(':') {
        Some((
            kind @ ("name" | "cidr" | "ip" | "space" | "fabric" | "vlan" | "vid" | "id"),
            wanted,
        )) => (kind, wanted),
        _ if specifier.contains('/') => ("cidr", specifier),
        _ => ("id", specifier),
    };
    let cidr = wanted.parse::<IpNet>().ok();
    let ip = wanted.parse::<IpAddr>().ok();
    let mut found: Vec<&Value> = state
        .subnets
        .iter()
        .filter(|subnet| match kind {
            "name" => subnet["name"] == wanted,
            "cidr" => cidr.is_some() && network(subnet) == cidr,
            "ip" => network(subnet)
                .zip(ip)
                .is_some_and(|(network, ip)| network.contains(&ip)),
            "space" => subnet["space"] == wanted,
            "fabric" => subnet["vlan"]["fabric"] == wanted,
            "vlan" => is_number(&subnet["vlan"]["id"], wanted) || subnet["vlan"]["name"] == wanted,
            "vid" => is_number(&subnet["vlan"]["vid"], wanted),
            _ => is_number(&subnet["id"], wanted),
        })
        .collect();
    // The narrowest network that holds an address is the one it belongs to.
    found.sort_by_key(|subnet| {
        std::cmp::Reverse(network(subnet).map(|network| network.prefix_len()))
    });
    if kind == "ip" {
        found.truncate(1);
    }
    found
}

fn network(subnet: &Value) -> Option<IpNet> {
    subnet["cidr"].as_str()?.parse().ok()
}

/// The fields that a form sets on a subnet.
fn apply(state: &State, subnet: &mut Value, call: &Call) -> Result<(), Reply> {
    let form = &call.form;
    for field in ["name", "description"] {
        if let Some(text) = form.get(field) {
            subnet[field] = text.into();
        }
    }
    for field in ["allow_dns", "allow_proxy", "active_discovery", "managed"] {
        if let Some(text) = form.get(field) {
            subnet[field] = form_bool(text).into();
        }
    }
    if let Some(text) = form.get("rdns_mode") {
        let mode = text
            .parse::<u8>()
            .ok()
            .filter(|mode| *mode <= 2)
            .ok_or_else(|| {
                Reply::field_error(
                    "rdns_mode",
                    &format!("Select a valid choice. {text} is not one of the available choices."),
                )
            })?;
        subnet["rdns_mode"] = mode.into();
    }
    if let Some(text) = form.get("dns_servers") {
        let servers: Vec<&str> = text
            .split([',', ' '])
            .filter(|server| !server.is_empty())
            .collect();
        if let Some(bad) = servers
            .iter()
            .find(|server| server.parse::<IpAddr>().is_err())
        {
            return Err(Reply::field_error(
                "dns_servers",
                &format!(
                    "Invalid IP address: {bad}; provide a list of space-separated IP addresses"
                ),
            ));
        }
        subnet["dns_servers"] = json!(servers);
    }
    if let Some(text) = form.get("disabled_boot_architectures") {
        subnet["disabled_boot_architectures"] = text
            .split([',', ' '])
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into();
    }
    if let Some(vlan) = wanted_vlan(state, call)? {
        subnet["space"] = vlan["space"].clone();
        subnet["vlan"] = vlan;
    }
    if let Some(text) = form.get("gateway_ip") {
        subnet["gateway_ip"] = check_gateway(text, network(subnet))?;
    }
    Ok(())
}

fn check_gateway(text: &str, network: Option<IpNet>) -> Result<Value, Reply> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let Ok(ip) = text.parse::<IpAddr>() else {
        return Err(Reply::field_error(
            "gateway_ip",
            "Enter a valid IPv4 or IPv6 address.",
        ));
    };
    match network {
        Some(network) if !network.contains(&ip) => Err(Reply::field_error(
            "gateway_ip",
            "Gateway IP must be within CIDR range.",
        )),
        _ => Ok(text.into()),
    }
}

/// The VLAN that a form names: by number, or by `vid` within a fabric.
fn wanted_vlan(state: &State, call: &Call) -> Result<Option<Value>, Reply> {
    if let Some(id) = call.form.get("vlan").filter(|id| !id.is_empty()) {
        let vlan = state.vlans.iter().find(|vlan| is_number(&vlan["id"], id));
        return vlan.cloned().map(Some).ok_or_else(|| {
            Reply::field_error(
                "vlan",
                "Select a valid choice. That choice is not one of the available choices.",
            )
        });
    }
    let (fabric, vid) = (call.form.get("fabric"), call.form.get("vid"));
    if fabric.is_none() && vid.is_none() {
        return Ok(None);
    }
    let vid = vid.unwrap_or("0");
    let vlan = state.vlans.iter().find(|vlan| {
        is_number(&vlan["vid"], vid)
            && fabric.is_none_or(|fabric| is_number(&vlan["fabric_id"], fabric))
    });
    vlan.cloned()
        .map(Some)
        .ok_or_else(|| Reply::field_error("vid", &format!("No VLAN with vid {vid} in the fabric.")))
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    call.form.check_kind()?;
    let text = call.form.get("cidr").unwrap_or_default();
    if text.is_empty() {
        return Err(Reply::field_error("cidr", "This field is required."));
    }
    let Ok(cidr) = text.parse::<IpNet>() else {
        return Err(Reply::field_error(
            "cidr",
            "Required format: <network>/<prefixlen>.",
        ));
    };
    let cidr = cidr.trunc();
    let overlaps = |subnet: &Value| {
        network(subnet).is_some_and(|network| network.contains(&cidr) || cidr.contains(&network))
    };
    if state.subnets.iter().any(overlaps) {
        let mut errors =
            json!({ "__all__": [format!("Subnet {cidr} would overlap with existing subnets.")] });
        if state
            .subnets
            .iter()
            .any(|subnet| network(subnet) == Some(cidr))
        {
            errors["cidr"] = json!(["Subnet with this Cidr already exists."]);
        }
        return Err(Reply::form_errors(&errors));
    }
    let mut subnet = json!({
        "name": cidr.to_string(), "description": "", "cidr": cidr.to_string(), "rdns_mode": 2, "gateway_ip": null,
        "dns_servers": [], "allow_dns": true, "allow_proxy": true, "active_discovery": false, "managed": true,
        "disabled_boot_architectures": [],
    });
    if let Some(vlan) = state.vlans.first() {
        subnet["space"] = vlan["space"].clone();
        subnet["vlan"] = vlan.clone();
    }
    apply(state, &mut subnet, call)?;
    let id = state.next_number("subnet");
    subnet["id"] = id.into();
    subnet["resource_uri"] = format!("/MAAS/api/2.0/subnets/{id}/").into();
    state.subnets.push(subnet.clone());
    Ok(Reply::json(&subnet))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    call.form.check_kind()?;
    let mut subnet = state.subnets[at].clone();
    apply(state, &mut subnet, call)?;
    state.subnets[at] = subnet.clone();
    state.refresh_embedded("subnet", &subnet);
    // The answer shows what the form holds, in which no address is an empty text.
    if subnet["gateway_ip"].is_null() {
        subnet["gateway_ip"] = "".into();
    }
    Ok(Reply::json(&subnet))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    state.subnets.remove(at);
    Ok(Reply::deleted())
}

/// A run of addresses with what they are for.
#[derive(Clone, Debug)]
struct Range {
    start: u128,
    end: u128,
    purpose: BTreeSet<&'static str>,
}

fn to_number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

fn to_ip(number: u128, network: &IpNet) -> IpAddr {
    match network {
        IpNet::V4(_) => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        IpNet::V6(_) => Ipv6Addr::from(number).into(),
    }
}

/// The first and the last address that a host can have.
fn bounds(network: &IpNet) -> (u128, u128) {
    let (first, last) = (to_number(network.network()), to_number(network.broadcast()));
    match network {
        IpNet::V4(v4) if v4.prefix_len() < 31 => (first + 1, last - 1),
        IpNet::V4(_) => (first, last),
        IpNet::V6(_) => (first + 1, last),
    }
}

/// Every address of machines in this subnet, with the machine's place and the interface's name.
fn assigned(state: &State, network: &IpNet) -> BTreeMap<u128, (usize, String, bool)> {
    let mut assigned = BTreeMap::new();
    for (at, machine) in state.machines.iter().enumerate() {
        for interface in machine.list("interface_set") {
            let name = interface["name"].as_str().unwrap_or_default();
            let of = |list: &str, found: bool| {
                items(&interface[list])
                    .iter()
                    .filter_map(|entry| entry["ip_address"].as_str()?.parse::<IpAddr>().ok())
                    .filter(|ip| network.contains(ip))
                    .map(|ip| (to_number(ip), (at, name.to_owned(), found)))
                    .collect::<Vec<_>>()
            };
            assigned.extend(of("discovered", true));
            assigned.extend(of("links", false));
        }
    }
    assigned
}

/// What is taken, in order, neighbours of the same purpose together.
fn ranges(state: &State, subnet: &Value) -> Vec<Range> {
    let Some(network) = network(subnet) else {
        return Vec::new();
    };
    let mut purposes: BTreeMap<(u128, u128), BTreeSet<&'static str>> = BTreeMap::new();
    let mut take = |start: u128, end: u128, purpose: &'static str| {
        purposes.entry((start, end)).or_default().insert(purpose);
    };
    let mut single = |ip: &Value, purpose| {
        if let Some(ip) = ip
            .as_str()
            .and_then(|ip| ip.parse::<IpAddr>().ok())
            .filter(|ip| network.contains(ip))
        {
            let number = to_number(ip);
            take(number, number, purpose);
        }
    };
    single(&subnet["gateway_ip"], "gateway-ip");
    for server in items(&subnet["dns_servers"]) {
        single(server, "dns-server");
    }
    for range in state
        .ip_ranges
        .iter()
        .filter(|range| range["subnet"]["id"] == subnet["id"])
    {
        let ip = |field: &str| {
            range[field]
                .as_str()
                .and_then(|ip| ip.parse::<IpAddr>().ok())
                .map(to_number)
        };
        if let Some((start, end)) = ip("start_ip").zip(ip("end_ip")) {
            take(
                start,
                end,
                if range["type"] == "dynamic" {
                    "dynamic"
                } else {
                    "reserved"
                },
            );
        }
    }
    for address in assigned(state, &network).into_keys() {
        take(address, address, "assigned-ip");
    }
    let mut merged: Vec<Range> = Vec::new();
    for ((start, end), purpose) in purposes {
        match merged.last_mut() {
            // Overlapping ranges become one with both purposes; neighbours only if they are for the same.
            Some(last)
                if start <= last.end || (start == last.end + 1 && last.purpose == purpose) =>
            {
                last.end = last.end.max(end);
                last.purpose.extend(purpose);
            }
            _ => merged.push(Range {
                start,
                end,
                purpose,
            }),
        }
    }
    join_reserved(merged)
}

/// A reserved range that starts where single addresses end swallows them.
fn join_reserved(ranges: Vec<Range>) -> Vec<Range> {
    let is_service = |range: &Range| {
        !range.purpose.contains("assigned-ip") && !range.purpose.contains("dynamic")
    };
    let mut joined: Vec<Range> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start == last.end + 1 && is_service(last) && is_service(&range) => {
                last.end = range.end;
                last.purpose.extend(range.purpose);
            }
            _ => joined.push(range),
        }
    }
    joined
}

fn gaps(taken: &[Range], first: u128, last: u128) -> Vec<(u128, u128)> {
    let mut gaps = Vec::new();
    let mut next = first;
    for range in taken {
        if range.start > next {
            gaps.push((next, range.start - 1));
        }
        next = next.max(range.end + 1);
    }
    if next <= last {
        gaps.push((next, last));
    }
    gaps
}

fn range_json(network: &IpNet, start: u128, end: u128) -> Value {
    json!({
        "start": to_ip(start, network).to_string(),
        "end": to_ip(end, network).to_string(),
        "num_addresses": size(start, end),
    })
}

/// As a JSON number, which a count of IPv6 addresses may be too large for.
fn size(start: u128, end: u128) -> Value {
    let count = end - start + 1;
    u64::try_from(count).map_or_else(|_| json!(u64::MAX), Value::from)
}

fn taken_ranges(state: &State, subnet: &Value) -> Vec<Value> {
    let Some(network) = network(subnet) else {
        return Vec::new();
    };
    ranges(state, subnet)
        .into_iter()
        .map(|range| {
            let mut json = range_json(&network, range.start, range.end);
            json["purpose"] = json!(range.purpose);
            json
        })
        .collect()
}

fn free_ranges(state: &State, subnet: &Value) -> Vec<Value> {
    let Some(network) = network(subnet) else {
        return Vec::new();
    };
    let (first, last) = bounds(&network);
    gaps(&ranges(state, subnet), first, last)
        .into_iter()
        .map(|(start, end)| range_json(&network, start, end))
        .collect()
}

/// The address that the next machine gets: the first one of the smallest free range.
pub(crate) fn free_address(state: &State, id: u64) -> Option<String> {
    let subnet = state.subnets.iter().find(|subnet| subnet["id"] == id)?;
    let network = network(subnet)?;
    let (first, last) = bounds(&network);
    let free = gaps(&ranges(state, subnet), first, last);
    let (start, _) = free.into_iter().min_by_key(|(start, end)| end - start)?;
    Some(to_ip(start, &network).to_string())
}

#[allow(clippy::cast_precision_loss)]
fn statistics(state: &State, call: &Call) -> Answer {
    let subnet = &state.subnets[position(state, call.id())?];
    let Some(network) = network(subnet) else {
        return Err(Reply::no_such("Subnet"));
    };
    let (first, last) = bounds(&network);
    let taken = ranges(state, subnet);
    let free = gaps(&taken, first, last);
    let count = |(start, end): &(u128, u128)| end - start + 1;
    let (total, available) = (last - first + 1, free.iter().map(count).sum::<u128>());
    let unavailable = total - available;
    let usage = unavailable as f64 / total as f64;
    let percent = (usage * 100.0).round();
    let number = |count: u128| {
        size(1, count.max(1))
            .as_u64()
            .filter(|_| count > 0)
            .unwrap_or(0)
    };
    let mut statistics = json!({
        "num_available": number(available),
        "largest_available": number(free.iter().map(count).max().unwrap_or(0)),
        "num_unavailable": number(unavailable),
        "total_addresses": number(total),
        "usage": usage,
        "usage_string": format!("{percent:.0}%"),
        "available_string": format!("{:.0}%", 100.0 - percent),
        "first_address": to_ip(first, &network).to_string(),
        "last_address": to_ip(last, &network).to_string(),
        "ip_version": if matches!(network, IpNet::V4(_)) { 4 } else { 6 },
    });
    if last_flag(call, "include_ranges") {
        let mut all: Vec<(u128, Value)> = taken
            .iter()
            .map(|range| {
                (
                    range.start,
                    range_json(&network, range.start, range.end),
                    json!(range.purpose),
                )
            })
            .chain(free.iter().map(|(start, end)| {
                (
                    *start,
                    range_json(&network, *start, *end),
                    json!(["unused"]),
                )
            }))
            .map(|(start, mut json, purpose)| {
                json["purpose"] = purpose;
                (start, json)
            })
            .collect();
        all.sort_by_key(|(start, _)| *start);
        statistics["ranges"] = all
            .into_iter()
            .map(|(_, json)| json)
            .collect::<Vec<_>>()
            .into();
    }
    Ok(Reply::json(&statistics))
}

fn last_flag(call: &Call, name: &str) -> bool {
    last(&call.query, name).is_some_and(|text| ["true", "True", "1", "yes", "on"].contains(&text))
}

fn ip_addresses(state: &State, call: &Call) -> Answer {
    let subnet = &state.subnets[position(state, call.id())?];
    let Some(network) = network(subnet) else {
        return Err(Reply::no_such("Subnet"));
    };
    let with_summary =
        last(&call.query, "with_summary").is_none_or(|_| last_flag(call, "with_summary"));
    let at = stamp(state.now);
    let addresses: Vec<Value> = assigned(state, &network)
        .into_iter()
        .map(|(number, (machine, interface, discovered))| {
            let machine = &state.machines[machine];
            let mut address = json!({
                "ip": to_ip(number, &network).to_string(),
                "alloc_type": if discovered { 6 } else { 0 },
                "created": at,
                "updated": at,
            });
            if with_summary {
                address["node_summary"] = json!({
                    "system_id": machine.system_id(), "node_type": 0, "fqdn": machine.text("fqdn"),
                    "hostname": machine.hostname(), "is_container": false, "via": interface,
                });
            }
            address
        })
        .collect();
    Ok(Reply::json(&addresses))
}
