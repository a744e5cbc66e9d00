//! How one call crosses the border: arguments in, an envelope out; beside it cancellation, and what is told meanwhile.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use napi::{
    Env, Status,
    bindgen_prelude::PromiseRaw,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use sdk_transport::{
    Error, ErrorKind, List, WaitOptions,
    input::{Quoting, from_json},
    record,
};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber;

/// One call, as both sides hold it: cancelled from one, telling from the other.
#[napi]
#[derive(Default)]
pub struct CallHandle {
    token: CancellationToken,
    told: Told,
}

#[napi]
impl CallHandle {
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

    /// What was told since the last time, in order, as JSON texts.
    #[napi]
    pub fn take_told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock())
    }
}

/// What a call tells, until the other side takes it. It waits here rather than in the queue of a listener, so that all of
/// it can be taken before the call's promise settles.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is called when something was told. It is weak: listening alone does not keep the process alive.
pub(crate) type Listener = Arc<ThreadsafeFunction<String, (), String, Status, false, true>>;

/// Tells the other side.
#[derive(Clone)]
pub(crate) struct Tell {
    told: Told,
    listener: Listener,
}

impl Tell {
    pub(crate) fn tell<T: Serialize>(&self, kind: &str, value: &T) {
        if let Ok(value) = serde_json::to_string(value) {
            self.told.lock().push(format!("{{\"{kind}\":{value}}}"));
            self.listener
                .call(String::new(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// What every call accepts beside its own arguments, and what the facade wants to hear.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Settings {
    // The facade has taken it out; named here for whoever misspells it.
    #[serde(rename = "signal")]
    _signal: Option<IgnoredAny>,
    timeout_ms: Option<u64>,
    #[serde(rename = "@records")]
    records: bool,
    #[serde(rename = "@heads")]
    pub(crate) heads: bool,
}

impl Settings {
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout_ms.map(Duration::from_millis)
    }
}

/// What an operation answers: JSON text of its value.
pub(crate) type Answer = Result<String, Error>;

/// The arguments of one call.
pub(crate) struct Arguments {
    json: String,
    pub(crate) settings: Settings,
    pub(crate) tell: Tell,
}

impl Arguments {
    /// Reads the arguments into an options struct.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(&self.json)
    }

    /// Reads the key of the one object that the call is about, and nothing else.
    pub(crate) fn id<K: DeserializeOwned>(&self) -> Result<K, Error> {
        self.read::<On<Nothing, K>>().map(|on| on.id)
    }

    /// Reads the options of a wait on one object, which tells its looks.
    pub(crate) fn wait<K: DeserializeOwned>(&self) -> Result<(K, WaitOptions), Error> {
        let On { id, options }: On<Wait, K> = self.read()?;
        let mut wait = WaitOptions::new();
        let set = |time: &mut Duration, given: Option<u64>| {
            if let Some(milliseconds) = given {
                *time = Duration::from_millis(milliseconds);
            }
        };
        set(&mut wait.timeout, options.timeout_ms);
        set(&mut wait.min_delay, options.min_delay_ms);
        set(&mut wait.max_delay, options.max_delay_ms);
        let tell = self.tell.clone();
        Ok((
            id,
            wait.on_progress(move |look| tell.tell("progress", look)),
        ))
    }
}

/// The arguments of a call on one object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct On<T: Default, K = String> {
    /// The object's key.
    pub(crate) id: K,
    /// The call's options.
    #[serde(default = "T::default")]
    pub(crate) options: T,
}

/// No options.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// How long and how often to look, in milliseconds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Wait {
    timeout_ms: Option<u64>,
    min_delay_ms: Option<u64>,
    max_delay_ms: Option<u64>,
    #[serde(rename = "onProgress")]
    _on_progress: Option<IgnoredAny>,
    #[serde(rename = "signal")]
    _signal: Option<IgnoredAny>,
}

/// Reads JSON text that the facade made of the caller's objects.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    from_json("", json, Quoting::Never).map_err(|error| {
        // A position would be one in our own JSON text, which the caller never saw; `id` and `options` are its own too.
        let text = without_position(error.message());
        let text = text.replace("`options.", "`").replace("options: ", "");
        let plain = Error::invalid_input(text);
        match error.hint() {
            Some(hint) => plain.with_hint(hint),
            None => plain,
        }
    })
}

/// serde_json's message without ` at line 1 column 9`.
fn without_position(message: &str) -> String {
    match message.split_once(" at line ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = rest.strip_prefix(" column ").unwrap_or(rest);
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{rest}")
        }
        None => message.to_owned(),
    }
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
    settings: String,
    handle: &CallHandle,
    listener: Listener,
    operation: F,
) -> napi::Result<PromiseRaw<'env, String>>
where
    F: FnOnce(Arguments) -> R + Send + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let token = handle.token.clone();
    let tell = Tell {
        told: handle.told.clone(),
        listener,
    };
    env.spawn_future(async move {
        let settings: Settings = match read(&settings) {
            Ok(settings) => settings,
            Err(error) => return Ok(envelope(Err(error))),
        };
        let records = settings.records.then(|| tell.clone());
        let arguments = Arguments {
            json: arguments,
            settings,
            tell,
        };
        let call = async move {
            tokio::select! {
                biased;
                () = token.cancelled() => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
                answer = operation(arguments) => answer,
            }
        };
        let answer = match records {
            Some(tell) => {
                let dispatch = record::tell(move |record| tell.tell("record", &record));
                call.with_subscriber(dispatch).await
            }
            None => call.await,
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
