//! Traces as plain records, for programs that have no `tracing` subscriber: Python's `logging` and Node's hook.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record as Values},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, Registry},
};

/// Where our own spans and events come from. Those of the libraries below have headers and addresses in them.
const OURS: [&str; 4] = [
    "sdk_transport",
    "maas_client",
    "palette_client",
    "lifecycle_driver",
];

/// What `HttpClient` says of a call that failed, before its span ends.
const FAILED: &str = "call failed";

/// Something that was traced. No secret that the client knows is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// What happened: `call ended`, `call failed`, `trying again`, …
    pub message: String,
    /// Its facts and those of the call that it belongs to: `operation`, `method`, `path` (with placeholders), `status`,
    /// `attempts`, `duration_ms`, `code`, …
    pub fields: Map<String, Value>,
}

/// As one line: `zone.list: call ended (attempts=1, duration_ms=3, method=GET, path=zones/, status=200)`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.fields.get("operation").and_then(Value::as_str) {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)?;
        let facts: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| *name != "operation")
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            })
            .collect();
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

/// A subscriber that tells `listener` of each event and of each call that ended. Give it to a call's future with
/// [`WithSubscriber`](tracing::instrument::WithSubscriber), and to nothing else.
///
/// The listener is called in the middle of a call, on whatever thread carries it out, so it must not wait.
pub fn tell(listener: impl Fn(Record) + Send + Sync + 'static) -> Dispatch {
    Dispatch::new(Registry::default().with(Tell(listener)))
}

struct Tell<F>(F);

/// What is known of a call so far.
struct Known {
    fields: Map<String, Value>,
    told: bool,
}

impl<S, F> Layer<S> for Tell<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn(Record) + Send + Sync + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let origin = metadata.target().split("::").next();
        origin.is_some_and(|origin| OURS.contains(&origin))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Collect::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Known {
                fields: fields.0,
                told: false,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, context: Context<'_, S>) {
        let mut fields = Collect::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<Known>()
        {
            known.fields.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Collect::default();
        event.record(&mut own);
        let message = match own.0.remove("message") {
            Some(Value::String(message)) => message,
            _ => String::new(),
        };
        let mut fields = Map::new();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(known) = span.extensions_mut().get_mut::<Known>() {
                known.told |= message == FAILED;
                fields.extend(known.fields.clone());
            }
        }
        fields.extend(own.0);
        (self.0)(Record {
            level: level(event.metadata()),
            message,
            fields,
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let known = span.extensions_mut().remove::<Known>();
        if let Some(Known {
            fields,
            told: false,
        }) = known
        {
            (self.0)(Record {
                level: level(span.metadata()),
                message: format!("{} ended", span.name()),
                fields,
            });
        }
    }
}

fn level(metadata: &Metadata<'_>) -> &'static str {
    match *metadata.level() {
        tracing::Level::ERROR => "error",
        tracing::Level::WARN => "warn",
        tracing::Level::INFO => "info",
        tracing::Level::DEBUG => "debug",
        tracing::Level::TRACE => "trace",
    }
}

/// The fields of a span or an event as JSON.
#[derive(Default)]
struct Collect(Map<String, Value>);

impl Collect {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Collect {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}
