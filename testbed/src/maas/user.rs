//! Users.

use serde_json::json;

use super::call::Call;
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::State;

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: Option<&str>,
) -> Answer {
    match (path, method, op) {
        ("users/", "GET", None) => Ok(Reply::json(&state.users)),
        ("users/", "GET", Some("whoami")) => Ok(Reply::json(
            &state.users[position(state, &call.user()?.name)?],
        )),
        ("users/", "POST", None) => create(state, call),
        ("users/{username}/", "GET", None) => {
            Ok(Reply::json(&state.users[position(state, call.id())?]))
        }
        ("users/{username}/", "DELETE", None) => delete(state, call),
        _ => Err(not_simulated(path, method, op)),
    }
}

fn position(state: &State, name: &str) -> Result<usize, Reply> {
    state
        .users
        .iter()
        .position(|user| user["username"] == name)
        .ok_or_else(|| Reply::no_such("User"))
}

fn create(state: &mut State, call: &Call) -> Answer {
    call.admin()?;
    let needed = |name: &str| {
        call.form
            .get(name)
            .ok_or_else(|| Reply::error(400, &format!("No provided {name}!")))
    };
    let (username, email) = (needed("username")?, needed("email")?);
    needed("password")?;
    let superuser = match needed("is_superuser")? {
        "0" => false,
        "1" => true,
        other => {
            return Err(Reply::error(
                500,
                &format!("invalid literal for int() with base 10: '{other}'"),
            ));
        }
    };
    if position(state, username).is_ok() {
        // The database refuses it, again and again, until MAAS gives up.
        return Err(Reply::conflict());
    }
    let user = json!({
        "username": username, "email": email, "is_superuser": superuser, "is_local": true,
        "resource_uri": format!("/MAAS/api/2.0/users/{username}/"),
    });
    state.users.push(user.clone());
    Ok(Reply::json(&user))
}

/// `DELETE users/{username}/`: who is not there is gone already.
fn delete(state: &mut State, call: &Call) -> Answer {
    let admin = call.admin()?;
    if admin.name == call.id() {
        return Err(Reply::error(400, "An administrator cannot self-delete."));
    }
    let Ok(at) = position(state, call.id()) else {
        return Ok(Reply::deleted());
    };
    let machines = state
        .machines
        .iter()
        .filter(|machine| machine.owner() == Some(call.id()))
        .count();
    if machines > 0 {
        return Err(Reply::error(
            400,
            &format!(
                "User {} cannot be deleted: {machines} node(s) are still allocated",
                call.id()
            ),
        ));
    }
    state.users.remove(at);
    state.keys.retain(|key| key.user != call.id());
    Ok(Reply::deleted())
}
