//! The lifecycle engine: JSON text in, canonical JSON text out.

use std::time::Duration;

use lifecycle_core::{Refusal, Request, canonical_json};
use napi_derive::napi;
use sdk_transport::{
    Error, ErrorKind,
    input::{Quoting, from_json},
};
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
        ("admit", [request, world]) => {
            let admitted =
                lifecycle_core::admit(&read("request", request)?, &read("world", world)?);
            canonical(&admitted.map_err(refused)?)
        }
        ("decide", [world]) => canonical(&lifecycle_core::decide(&read("world", world)?)),
        ("preview", [world, request, options]) => {
            let request: Option<Request> = read("request", request)?;
            canonical(&lifecycle_core::preview(
                &read("world", world)?,
                request.as_ref(),
                &read("options", options)?,
            ))
        }
        _ => Err(Error::new(
            ErrorKind::Internal,
            format!("unknown function {function}"),
        )),
    }
}

fn refused(refusal: Refusal) -> Error {
    let error = Error::refused(refusal.code.as_str(), refusal.message)
        .with_details(serde_json::Value::Object(
            refusal.args.into_iter().collect(),
        ))
        .with_retry_after(refusal.retry_after_ms.map(Duration::from_millis))
        .with_retryable(refusal.retry_after_ms.is_some());
    if refusal.hint.is_empty() {
        error
    } else {
        error.with_hint(refusal.hint)
    }
}

fn read<T: DeserializeOwned>(name: &str, json: &str) -> Result<T, Error> {
    from_json(name, json, Quoting::Plain)
}

fn canonical<T: Serialize + ?Sized>(value: &T) -> Answer {
    canonical_json(value).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}
