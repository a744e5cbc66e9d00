//! Boot resources: the images that machines can be deployed with.

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::State;

/// `GET boot-resources/`, all types.
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    if call.query.iter().any(|(name, _)| name == "type") {
        return Err(super::route::not_simulated(
            "boot-resources/?type=",
            "GET",
            None,
        ));
    }
    Ok(Reply::json(&state.boot_resources))
}
