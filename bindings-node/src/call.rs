//! How one call crosses the border: arguments in, an envelope out, cancellation beside it.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use napi::{
    Env, Status,
    bindgen_prelude::PromiseRaw,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use sdk_transport::{Error, ErrorKind, List, WaitOptions};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Cancels one call.
#[napi]
#[derive(Default)]
pub struct CancelHandle {
    token: CancellationToken,
}

#[napi]
impl CancelHandle {
    /// A handle that is not cancelled.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call: what it awaits is dropped.
    #[napi]
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

/// A listener for progress; it is given JSON text.
pub(crate) type Listener = Arc<ThreadsafeFunction<String, (), String, Status, false, true>>;

/// What an operation answers: JSON text of its value.
pub(crate) type Answer = Result<String, Error>;

/// The arguments of one call.
pub(crate) struct Arguments {
    json: String,
    listener: Option<Listener>,
}

impl Arguments {
    /// Reads the arguments into an options struct.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(&self.json)
    }

    /// Reads the key of the one object that the call is about.
    pub(crate) fn id(&self) -> Result<String, Error> {
        self.read::<On<BTreeMap<String, Value>>>().map(|on| on.id)
    }

    /// Lets the waiter tell its progress to the caller, if it listens.
    pub(crate) fn listen(&self, options: WaitOptions) -> WaitOptions {
        let Some(listener) = self.listener.clone() else {
            return options;
        };
        options.on_progress(move |progress| {
            if let Ok(text) = serde_json::to_string(progress) {
                listener.call(text, ThreadsafeFunctionCallMode::NonBlocking);
            }
        })
    }
}

/// The arguments of a call on one object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct On<T: Default> {
    /// The object's key.
    pub(crate) id: String,
    /// The call's options.
    #[serde(default)]
    pub(crate) options: T,
}

/// Reads JSON text that the facade made of the caller's objects.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        // The position is one in our own JSON text, which the caller never saw.
        Error::invalid_input(text.split(" at line ").next().unwrap_or_default())
    })
}

/// Turns a value into an answer.
pub(crate) fn answer<T: Serialize>(value: &T) -> Answer {
    serde_json::to_string(value).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// Turns a list into an answer: its readable elements and the errors of the others.
pub(crate) fn answer_list<T: Serialize>(list: List<T>) -> Answer {
    let unreadable: Vec<Value> = list.unreadable().iter().map(error_json).collect();
    answer(&json!({ "items": list.into_items(), "unreadable": unreadable }))
}

/// Starts an operation and returns the promise of its envelope: `{"value": …}` or `{"error": …}`.
pub(crate) fn start<'env, F, R>(
    env: &'env Env,
    arguments: String,
    cancel: &CancelHandle,
    listener: Option<Listener>,
    operation: F,
) -> napi::Result<PromiseRaw<'env, String>>
where
    F: FnOnce(Arguments) -> R + Send + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let token = cancel.token.clone();
    env.spawn_future(async move {
        let arguments = Arguments { json: arguments, listener };
        let answer = tokio::select! {
            biased;
            () = token.cancelled() => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
            answer = operation(arguments) => answer,
        };
        Ok(envelope(answer))
    })
}

/// The envelope of an answer.
pub(crate) fn envelope(answer: Answer) -> String {
    match answer {
        Ok(value) => format!("{{\"value\":{value}}}"),
        Err(error) => json!({ "error": error_json(&error) }).to_string(),
    }
}

fn error_json(error: &Error) -> Value {
    json!({
        "kind": error.kind().code(),
        "code": error.code(),
        "message": error.message(),
        "text": error.to_string(),
        "hint": error.hint(),
        "operation": error.operation(),
        "serverCode": error.server_code(),
        "reference": error.reference(),
        "status": error.status(),
        "attempts": error.attempts(),
        "body": error.body(),
        "fields": error.fields(),
        "details": error.details(),
        "retryAfterMs": error.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        "retryable": error.is_retryable(),
        "cause": std::error::Error::source(error).map(ToString::to_string),
    })
}
