//! Fabrics.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{State, is_number};
use super::vlan;

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method, op) {
        ("fabrics/", "GET", None) => {
            let all: Vec<Value> = state
                .fabrics
                .iter()
                .map(|fabric| shown(state, fabric))
                .collect();
            Ok(Reply::json(&all))
        }
        ("fabrics/", "POST", None) => create(state, call),
        ("fabrics/{id}/", "GET", None) => Ok(Reply::json(&shown(
            state,
            &state.fabrics[position(state, call.id())?],
        ))),
        ("fabrics/{id}/", "PUT", None) => update(state, call),
        ("fabrics/{id}/", "DELETE", None) => delete(state, call),
        _ => Err(not_simulated(path, method, op)),
    }
}

/// A fabric by number or name.
pub(crate) fn position(state: &State, id: &str) -> Result<usize, Reply> {
    state
        .fabrics
        .iter()
        .position(|fabric| is_number(&fabric["id"], id) || fabric["name"] == id)
        .ok_or_else(|| Reply::no_such("Fabric"))
}

fn shown(state: &State, fabric: &Value) -> Value {
    let mut fabric = fabric.clone();
    fabric["vlans"] = state
        .vlans
        .iter()
        .filter(|vlan| vlan["fabric_id"] == fabric["id"])
        .cloned()
        .collect::<Vec<_>>()
        .into();
    fabric
}

fn check_name(state: &State, call: &Call, own: Option<&Value>) -> Result<(), Reply> {
    call.form.check_kind()?;
    match call.form.get("name") {
        Some(name)
            if state
                .fabrics
                .iter()
                .any(|fabric| fabric["name"] == name && Some(&fabric["id"]) != own) =>
        {
            Err(Reply::field_error(
                "name",
                "Fabric with this Name already exists.",
            ))
        }
        _ => Ok(()),
    }
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    check_name(state, call, None)?;
    let id = state.next_number("fabric");
    let default_name = format!("fabric-{id}");
    let fabric = json!({
        "name": call.form.get("name").filter(|name| !name.is_empty()).unwrap_or(&default_name),
        "class_type": call.form.get("class_type"),
        "id": id,
        "vlans": [],
        "resource_uri": format!("/MAAS/api/2.0/fabrics/{id}/"),
    });
    let untagged = vlan::new(state, &fabric, 0, "untagged", 1500);
    state.vlans.push(untagged);
    state.fabrics.push(fabric.clone());
    Ok(Reply::json(&shown(state, &fabric)))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    let id = state.fabrics[at]["id"].clone();
    check_name(state, call, Some(&id))?;
    for field in ["name", "class_type"] {
        if let Some(text) = call.form.get(field) {
            state.fabrics[at][field] = text.into();
        }
    }
    let fabric = state.fabrics[at].clone();
    let renamed: Vec<usize> = (0..state.vlans.len())
        .filter(|at| state.vlans[*at]["fabric_id"] == id)
        .collect();
    for vlan in renamed {
        state.vlans[vlan]["fabric"] = fabric["name"].clone();
        vlan::refresh(state, vlan);
    }
    Ok(Reply::json(&shown(state, &fabric)))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    let id = state.fabrics[at]["id"].clone();
    let subnets: Vec<&str> = state
        .subnets
        .iter()
        .filter(|subnet| subnet["vlan"]["fabric_id"] == id)
        .filter_map(|subnet| subnet["cidr"].as_str())
        .collect();
    if !subnets.is_empty() {
        return Err(Reply::error(
            400,
            &format!(
                "Can't delete fabric; the following subnets are still present: {}",
                subnets.join(", ")
            ),
        ));
    }
    state.fabrics.remove(at);
    state.vlans.retain(|vlan| vlan["fabric_id"] != id);
    Ok(Reply::deleted())
}
