//! DNS domains.

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::State;

/// `GET domains/`
pub(crate) fn list(state: &State, _call: &Call) -> Answer {
    Ok(Reply::json(&state.domains))
}
