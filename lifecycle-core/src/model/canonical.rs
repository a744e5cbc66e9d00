//! One JSON text per value.
use serde::Serialize;

use crate::prelude::*;

/// The canonical JSON of a value: keys sorted, no floats, no whitespace, defaults left out. Equal values give equal bytes.
///
/// # Errors
/// Only if the value's own `Serialize` fails, which no type of this crate does.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    // serde_json's map is a BTreeMap here (the workspace keeps `preserve_order` off), hence the detour sorts the keys.
    serde_json::to_string(&serde_json::to_value(value)?)
}
