//! VLANs, found by number or by fabric and VID.

use serde_json::{Value, json};

use super::call::{Call, form_bool};
use super::fabric;
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{State, is_number};

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method) {
        ("fabrics/{fabric_id}/vlans/", "GET") => {
            let fabric = state.fabrics[fabric::position(state, call.id())?]["id"].clone();
            let vlans: Vec<&Value> = state
                .vlans
                .iter()
                .filter(|vlan| vlan["fabric_id"] == fabric)
                .collect();
            Ok(Reply::json(&vlans))
        }
        ("fabrics/{fabric_id}/vlans/", "POST") => create(state, call),
        (_, "GET") => Ok(Reply::json(&state.vlans[position(state, call)?])),
        (_, "PUT") => update(state, call),
        (_, "DELETE") => delete(state, call),
        _ => Err(not_simulated(path, method, op)),
    }
}

fn position(state: &State, call: &Call) -> Result<usize, Reply> {
    let missing = || Reply::handler_text(404, "VLAN with specified ID does not exist.");
    let found = match call.arguments.as_slice() {
        [fabric, vid] => {
            let fabric = &state.fabrics[fabric::position(state, fabric)?]["id"];
            state
                .vlans
                .iter()
                .position(|vlan| vlan["fabric_id"] == *fabric && is_number(&vlan["vid"], vid))
        }
        _ => state
            .vlans
            .iter()
            .position(|vlan| is_number(&vlan["id"], call.id())),
    };
    found.ok_or_else(missing)
}

/// A new VLAN of a fabric.
pub(crate) fn new(state: &mut State, fabric: &Value, vid: u64, name: &str, mtu: u64) -> Value {
    let id = state.next_number("vlan");
    json!({
        "vid": vid, "mtu": mtu, "dhcp_on": false, "external_dhcp": null, "relay_vlan": null, "primary_rack": null,
        "secondary_rack": null, "fabric": fabric["name"], "fabric_id": fabric["id"], "id": id, "space": "undefined",
        "name": name, "resource_uri": format!("/MAAS/api/2.0/vlans/{id}/"),
    })
}

/// Shows a changed VLAN wherever it is shown.
pub(crate) fn refresh(state: &mut State, at: usize) {
    let vlan = state.vlans[at].clone();
    for subnet in &mut state.subnets {
        if subnet["vlan"]["id"] == vlan["id"] {
            subnet["space"] = vlan["space"].clone();
            subnet["vlan"] = vlan.clone();
        }
    }
    state.refresh_embedded("vlan", &vlan);
}

fn vid(call: &Call) -> Result<Option<u64>, Reply> {
    let Some(text) = call.form.get("vid") else {
        return Ok(None);
    };
    match text.parse::<u64>() {
        Ok(vid) if vid <= 4094 => Ok(Some(vid)),
        Ok(_) => Err(Reply::field_error("vid", "VID must be between 0 and 4094.")),
        Err(_) => Err(Reply::field_error("vid", "Enter a whole number.")),
    }
}

fn mtu(call: &Call) -> Result<Option<u64>, Reply> {
    let Some(text) = call.form.get("mtu") else {
        return Ok(None);
    };
    match text.parse::<u64>() {
        Ok(mtu) if (552..=65535).contains(&mtu) => Ok(Some(mtu)),
        Ok(_) => Err(Reply::field_error(
            "mtu",
            "MTU must be between 552 and 65535.",
        )),
        Err(_) => Err(Reply::field_error("mtu", "Enter a whole number.")),
    }
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    call.form.check_kind()?;
    let fabric = state.fabrics[fabric::position(state, call.id())?].clone();
    let vid = vid(call)?.ok_or_else(|| Reply::field_error("vid", "This field is required."))?;
    let mtu = mtu(call)?.unwrap_or(1500);
    if state
        .vlans
        .iter()
        .any(|vlan| vlan["fabric_id"] == fabric["id"] && vlan["vid"] == vid)
    {
        return Err(Reply::model_error(
            "A VLAN with the specified VID already exists in the destination fabric.",
        ));
    }
    let default_name = vid.to_string();
    let name = call
        .form
        .get("name")
        .filter(|name| !name.is_empty())
        .unwrap_or(&default_name);
    let vlan = new(state, &fabric, vid, name, mtu);
    state.vlans.push(vlan.clone());
    Ok(Reply::json(&vlan))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call)?;
    call.admin()?;
    call.form.check_kind()?;
    let mut vlan = state.vlans[at].clone();
    if let Some(vid) = vid(call)? {
        vlan["vid"] = vid.into();
    }
    if let Some(mtu) = mtu(call)? {
        vlan["mtu"] = mtu.into();
    }
    if let Some(name) = call.form.get("name") {
        vlan["name"] = name.into();
    }
    if let Some(space) = call.form.get("space") {
        let found = state
            .spaces
            .iter()
            .find(|known| known["name"] == space || is_number(&known["id"], space));
        vlan["space"] = match (space, found) {
            ("", _) => "undefined".into(),
            (_, Some(space)) => space["name"].clone(),
            (_, None) => {
                return Err(Reply::field_error(
                    "space",
                    "Select a valid choice. That choice is not one of the available choices.",
                ));
            }
        };
    }
    if call.form.get("dhcp_on").is_some_and(form_bool) {
        return Err(Reply::field_error(
            "dhcp_on",
            "dhcp can only be turned on when a dynamic IP range is defined.",
        ));
    }
    state.vlans[at] = vlan.clone();
    refresh(state, at);
    Ok(Reply::json(&vlan))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call)?;
    call.admin()?;
    if state.vlans[at]["vid"] == 0 {
        return Err(Reply::error(
            400,
            "This VLAN is the default VLAN in the fabric, it cannot be deleted.",
        ));
    }
    state.vlans.remove(at);
    Ok(Reply::deleted())
}
