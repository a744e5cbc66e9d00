//! The lifecycle engine: JSON text in, canonical JSON text out.

use lifecycle_core::canonical_json;
use napi_derive::napi;
use sdk_transport::{Error, ErrorKind};
use serde::{Serialize, de::DeserializeOwned};

use crate::call::{Answer, envelope};

/// Calls one function of the engine. Returns the envelope of its answer.
#[napi]
#[allow(
    clippy::needless_pass_by_value,
    reason = "Node hands text over by value"
)]
pub fn lifecycle(function: String, arguments: Vec<String>) -> String {
    envelope(call(&function, &arguments))
}

fn call(function: &str, arguments: &[String]) -> Answer {
    match (function, arguments) {
        ("validate", [desired]) => canonical(&lifecycle_core::validate(&read("desired", desired)?)),
        ("plan_network", [input]) => {
            canonical(&lifecycle_core::plan_network(&read("input", input)?))
        }
        _ => Err(Error::new(
            ErrorKind::Internal,
            format!("unknown function {function}"),
        )),
    }
}

fn read<T: DeserializeOwned>(name: &str, json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| Error::invalid_input(format!("{name}: {error}")))
}

fn canonical<T: Serialize + ?Sized>(value: &T) -> Answer {
    canonical_json(value).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}
