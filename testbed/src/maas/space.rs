//! Spaces.

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
        ("spaces/", "GET", None) => {
            let all: Vec<Value> = state
                .spaces
                .iter()
                .map(|space| shown(state, space))
                .collect();
            Ok(Reply::json(&all))
        }
        ("spaces/", "POST", None) => create(state, call),
        ("spaces/{id}/", "GET", None) if call.id() == "-1" => Ok(Reply::json(&undefined(state))),
        ("spaces/{id}/", "GET", None) => Ok(Reply::json(&shown(
            state,
            &state.spaces[position(state, call.id())?],
        ))),
        ("spaces/{id}/", "PUT", None) => update(state, call),
        ("spaces/{id}/", "DELETE", None) => delete(state, call),
        _ => Err(not_simulated(path, method, op)),
    }
}

/// A space by number or name.
fn position(state: &State, id: &str) -> Result<usize, Reply> {
    state
        .spaces
        .iter()
        .position(|space| space["id"] != -1 && (is_number(&space["id"], id) || space["name"] == id))
        .ok_or_else(|| Reply::no_such("Space"))
}

/// What belongs to no space is said to be in this one.
fn undefined(state: &State) -> Value {
    shown(
        state,
        &json!({
            "name": "undefined",
            "description": "Backward compatibility object to ensure objects not associated with a space can be found.",
            "id": -1,
            "resource_uri": "/MAAS/api/2.0/spaces/undefined/",
        }),
    )
}

fn shown(state: &State, space: &Value) -> Value {
    let mut space = space.clone();
    let of_space = |values: &[Value]| -> Vec<Value> {
        values
            .iter()
            .filter(|value| value["space"] == space["name"])
            .cloned()
            .collect()
    };
    let (vlans, subnets) = (of_space(&state.vlans), of_space(&state.subnets));
    space["vlans"] = vlans.into();
    space["subnets"] = subnets.into();
    space
}

fn check_name(state: &State, call: &Call, own: Option<&Value>) -> Result<(), Reply> {
    call.form.check_kind()?;
    match call.form.get("name") {
        Some(name)
            if state
                .spaces
                .iter()
                .any(|space| space["name"] == name && Some(&space["id"]) != own) =>
        {
            Err(Reply::field_error(
                "name",
                "Space with this Name already exists.",
            ))
        }
        _ => Ok(()),
    }
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    check_name(state, call, None)?;
    let id = state.next_number("space");
    let default_name = format!("space-{id}");
    let space = json!({
        "name": call.form.get("name").filter(|name| !name.is_empty()).unwrap_or(&default_name),
        "description": call.form.get("description").unwrap_or_default(),
        "id": id,
        "resource_uri": format!("/MAAS/api/2.0/spaces/{id}/"),
    });
    state.spaces.push(space.clone());
    Ok(Reply::json(&shown(state, &space)))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    let old = state.spaces[at].clone();
    check_name(state, call, Some(&old["id"]))?;
    for field in ["name", "description"] {
        if let Some(text) = call.form.get(field) {
            state.spaces[at][field] = text.into();
        }
    }
    let space = state.spaces[at].clone();
    rename(state, &old["name"], &space["name"]);
    Ok(Reply::json(&shown(state, &space)))
}

fn rename(state: &mut State, old: &Value, new: &Value) {
    let renamed: Vec<usize> = (0..state.vlans.len())
        .filter(|at| state.vlans[*at]["space"] == *old)
        .collect();
    for at in renamed {
        state.vlans[at]["space"] = new.clone();
        vlan::refresh(state, at);
    }
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    let gone = state.spaces.remove(at);
    rename(state, &gone["name"], &"undefined".into());
    Ok(Reply::deleted())
}
