//! Tags.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{Machine, State};
use super::zone::is_name;

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method, op) {
        ("tags/", "GET", None) => Ok(Reply::json(&state.tags)),
        ("tags/", "POST", None) => create(state, call),
        ("tags/{name}/", "GET", None) => Ok(Reply::json(&state.tags[position(state, call.id())?])),
        ("tags/{name}/", "PUT", None) => update(state, call),
        ("tags/{name}/", "DELETE", None) => delete(state, call),
        ("tags/{name}/", "GET", Some("machines" | "nodes")) => machines(state, call),
        ("tags/{name}/", "GET", Some("devices" | "rack_controllers" | "region_controllers")) => {
            // Only machines carry tags here.
            position(state, call.id())?;
            Ok(Reply::json(&json!([])))
        }
        ("tags/{name}/", "POST", Some("update_nodes")) => update_nodes(state, call),
        ("tags/{name}/", "POST", Some("rebuild")) => {
            call.admin()?;
            position(state, call.id())?;
            Ok(Reply::json(&json!({ "rebuilding": call.id() })))
        }
        _ => Err(not_simulated(path, method, op)),
    }
}

fn position(state: &State, name: &str) -> Result<usize, Reply> {
    state
        .tags
        .iter()
        .position(|tag| tag["name"] == name)
        .ok_or_else(|| Reply::no_such("Tag"))
}

fn check(state: &State, call: &Call, own: Option<&str>) -> Result<(), Reply> {
    call.form.check_kind()?;
    match call.form.get("name") {
        None if own.is_some() => {}
        None | Some("") => return Err(Reply::field_error("name", "This field is required.")),
        Some(name) if !is_name(name) => {
            return Err(Reply::field_error("name", "Enter a valid value."));
        }
        Some(name) if own != Some(name) && state.tags.iter().any(|tag| tag["name"] == name) => {
            return Err(Reply::field_error(
                "name",
                "Tag with this Name already exists.",
            ));
        }
        Some(_) => {}
    }
    let definition = call.form.get("definition").unwrap_or_default();
    // Only the brackets of an XPath are looked at.
    if definition.matches('[').count() != definition.matches(']').count() {
        return Err(Reply::field_error(
            "definition",
            "Invalid xpath expression: Invalid expression",
        ));
    }
    Ok(())
}

fn uri(name: &str) -> String {
    format!("/MAAS/api/2.0/tags/{name}/")
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    check(state, call, None)?;
    let text = |field: &str| call.form.get(field).unwrap_or_default();
    let tag = json!({
        "name": text("name"), "definition": text("definition"), "comment": text("comment"), "kernel_opts": text("kernel_opts"),
        "resource_uri": uri(text("name")),
    });
    state.tags.push(tag.clone());
    Ok(Reply::json(&tag))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    check(state, call, Some(call.id()))?;
    let mut tag = state.tags[at].clone();
    for field in ["name", "definition", "comment", "kernel_opts"] {
        if let Some(text) = call.form.get(field) {
            tag[field] = text.into();
        }
    }
    let name = tag["name"].as_str().unwrap_or_default().to_owned();
    tag["resource_uri"] = uri(&name).into();
    for machine in &mut state.machines {
        if machine.has_tag(call.id()) {
            replace(machine, call.id(), Some(&name));
        }
    }
    state.tags[at] = tag.clone();
    Ok(Reply::json(&tag))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    call.admin()?;
    state.tags.remove(at);
    for machine in &mut state.machines {
        replace(machine, call.id(), None);
    }
    Ok(Reply::deleted())
}

/// Takes a tag off a machine and puts another one there instead, if given.
fn replace(machine: &mut Machine, tag: &str, by: Option<&str>) {
    let tags: Vec<Value> = machine
        .list("tag_names")
        .iter()
        .filter(|name| *name != tag)
        .cloned()
        .chain(by.map(Value::from))
        .collect();
    machine.set("tag_names", tags);
}

fn machines(state: &State, call: &Call) -> Answer {
    position(state, call.id())?;
    let user = call.user()?;
    let found: Vec<&Map<String, Value>> = state
        .machines
        .iter()
        .filter(|machine| machine.has_tag(call.id()) && machine.is_visible_to(user))
        .map(|machine| &machine.json)
        .collect();
    Ok(Reply::json(&found))
}

/// `op=update_nodes`: unknown ids are passed over.
fn update_nodes(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    position(state, call.id())?;
    let mut changed = |field: &str, wanted: bool| {
        let mut count = 0;
        for id in call.form.all(field) {
            let Some(at) = state.position(id) else {
                continue;
            };
            let machine = &mut state.machines[at];
            count += 1;
            if machine.has_tag(call.id()) != wanted {
                replace(machine, call.id(), wanted.then_some(call.id()));
            }
        }
        count
    };
    let (added, removed) = (changed("add", true), changed("remove", false));
    Ok(Reply::json(&json!({ "added": added, "removed": removed })))
}
