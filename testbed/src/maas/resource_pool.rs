//! Resource pools.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::State;
use super::zone::is_name;

fn position(state: &State, id: &str) -> Result<usize, Reply> {
    id.parse::<u64>()
        .ok()
        .and_then(|id| state.pools.iter().position(|pool| pool["id"] == id))
        .ok_or_else(|| Reply::no_such("ResourcePool"))
}

/// Pools are guarded by permissions that answer without a word.
fn admin(call: &Call) -> Result<(), Reply> {
    if call.user()?.admin {
        Ok(())
    } else {
        Err(Reply::forbidden())
    }
}

fn check_name(state: &State, name: &str, own_id: Option<&Value>) -> Result<(), Reply> {
    if name.is_empty() {
        return Err(Reply::field_error("name", "This field is required."));
    }
    if !is_name(&name.replace(' ', "-")) {
        return Err(Reply::field_error("name", "Enter a valid value."));
    }
    if state
        .pools
        .iter()
        .any(|pool| pool["name"] == name && Some(&pool["id"]) != own_id)
    {
        return Err(Reply::field_error(
            "name",
            "Resource pool with this Name already exists.",
        ));
    }
    Ok(())
}

/// `GET resourcepools/`
pub(crate) fn list(state: &State, _call: &Call) -> Answer {
    Ok(Reply::json(&state.pools))
}

/// `GET resourcepool/{id}/`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    Ok(Reply::json(&state.pools[position(state, call.id())?]))
}

/// `POST resourcepools/`
pub(crate) fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    call.form.check_kind()?;
    let name = call.form.get("name").unwrap_or_default();
    check_name(state, name, None)?;
    let id = state.next_number("pool");
    let pool = json!({
        "name": name,
        "description": call.form.get("description").unwrap_or_default(),
        "id": id,
        "resource_uri": format!("/MAAS/api/2.0/resourcepool/{id}/"),
    });
    state.pools.push(pool.clone());
    Ok(Reply::json(&pool))
}

/// `PUT resourcepool/{id}/`
pub(crate) fn update(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    admin(call)?;
    call.form.check_kind()?;
    let mut pool = state.pools[at].clone();
    if let Some(name) = call.form.get("name") {
        check_name(state, name, Some(&pool["id"]))?;
        pool["name"] = name.into();
    }
    if let Some(description) = call.form.get("description") {
        pool["description"] = description.into();
    }
    state.pools[at] = pool.clone();
    state.refresh_embedded("pool", &pool);
    Ok(Reply::json(&pool))
}

/// `DELETE resourcepool/{id}/`
pub(crate) fn delete(state: &mut State, call: &Call) -> Answer {
    let at = position(state, call.id())?;
    admin(call)?;
    let id = state.pools[at]["id"].clone();
    if id == 0 {
        return Err(Reply::error(
            400,
            "This is the default pool, it cannot be deleted.",
        ));
    }
    if state.machines.iter().any(|machine| {
        machine
            .json
            .get("pool")
            .is_some_and(|pool| pool["id"] == id)
    }) {
        return Err(Reply::error(
            400,
            "This pool has machines, it cannot be deleted.",
        ));
    }
    state.pools.remove(at);
    Ok(Reply::deleted())
}
