//! Users.

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::State;

/// `GET users/?op=whoami`
pub(crate) fn whoami(state: &State, call: &Call) -> Answer {
    find(state, &call.user()?.name)
}

/// `GET users/`
pub(crate) fn list(state: &State, _call: &Call) -> Answer {
    Ok(Reply::json(&state.users))
}

/// `GET users/{username}/`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    find(state, call.id())
}

fn find(state: &State, name: &str) -> Answer {
    state
        .users
        .iter()
        .find(|user| user["username"] == name)
        .map(Reply::json)
        .ok_or_else(|| Reply::no_such("User"))
}
