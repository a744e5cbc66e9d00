//! Availability zones.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::State;

fn position(state: &State, name: &str) -> Result<usize, Reply> {
    state
        .zones
        .iter()
        .position(|zone| zone["name"] == name)
        .ok_or_else(|| Reply::no_such("Zone"))
}

fn uri(name: &str) -> String {
    format!("/MAAS/api/2.0/zones/{name}/")
}

/// Why a name cannot be taken.
fn check_name(state: &State, name: &str, own_id: Option<&Value>) -> Result<(), Reply> {
    if name.is_empty() {
        return Err(Reply::field_error("name", "This field is required."));
    }
    if !is_name(name) {
        return Err(Reply::field_error("name", "Enter a valid value."));
    }
    if state
        .zones
        .iter()
        .any(|zone| zone["name"] == name && Some(&zone["id"]) != own_id)
    {
        return Err(Reply::field_error(
            "name",
            "Physical zone with this Name already exists.",
        ));
    }
    Ok(())
}

/// Names of zones, pools, tags and the like: word characters, dashes and dots.
pub(crate) fn is_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// `GET zones/`
pub(crate) fn list(state: &State, _call: &Call) -> Answer {
    Ok(Reply::json(&state.zones))
}

/// `GET zones/{name}/`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    Ok(Reply::json(&state.zones[position(state, call.id())?]))
}

/// `POST zones/`
pub(crate) fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    call.form.check_kind()?;
    let name = call.form.get("name").unwrap_or_default();
    check_name(state, name, None)?;
    let zone = json!({
        "name": name,
        "description": call.form.get("description").unwrap_or_default(),
        "id": state.next_number("zone"),
        "resource_uri": uri(name),
    });
    state.zones.push(zone.clone());
    Ok(Reply::json(&zone))
}

/// `PUT zones/{name}/`
pub(crate) fn update(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    let at = position(state, call.id())?;
    call.form.check_kind()?;
    let mut zone = state.zones[at].clone();
    if let Some(name) = call.form.get("name") {
        check_name(state, name, Some(&zone["id"]))?;
        zone["name"] = name.into();
        zone["resource_uri"] = uri(name).into();
    }
    if let Some(description) = call.form.get("description") {
        zone["description"] = description.into();
    }
    state.zones[at] = zone.clone();
    state.refresh_embedded("zone", &zone);
    Ok(Reply::json(&zone))
}

/// `DELETE zones/{name}/`: what is not there is gone already. Machines of the zone fall back to the default one.
pub(crate) fn delete(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    let Ok(at) = position(state, call.id()) else {
        return Ok(Reply::deleted());
    };
    if call.id() == "default" {
        return Err(Reply::error(
            400,
            "This zone is the default zone, it cannot be deleted.",
        ));
    }
    let gone = state.zones.remove(at);
    if let Some(default) = state
        .zones
        .iter()
        .find(|zone| zone["name"] == "default")
        .cloned()
    {
        for machine in &mut state.machines {
            if machine.within("zone", "name") == gone["name"] {
                machine.set("zone", default.clone());
            }
        }
    }
    Ok(Reply::deleted())
}
