//! A server that says everything back to the client that it was told, in every shape of answer.

use std::{
    collections::VecDeque,
    sync::Mutex,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response};
use sdk_transport::{BodyStream, Transport, TransportError, TransportErrorKind};
use serde_json::{Value, json};

/// One way of answering.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// The status and how the body is written.
    Answer(u16, Body),
    /// The connection fails.
    Fails(TransportErrorKind),
    /// A success whose body breaks off.
    BreaksOff,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    Text,
    /// The text straddles the place where messages are cut.
    LateText(usize),
    JsonText,
    /// `{"field": ["…"]}`, also in the place of a field's name; Python's escapes.
    MaasForm,
    /// Go's escapes.
    PaletteError,
    /// Fields of wrong types within a list and an object.
    WrongTypes,
    TruncatedJson,
    Html,
    Base64(usize),
    Empty,
    /// This text.
    Fixed(&'static str),
}

/// Answers in one shape, or in several in turn.
pub(crate) struct Echo {
    shapes: Mutex<VecDeque<Shape>>,
    /// How many answers held the mark.
    pub(crate) marked: AtomicUsize,
}

impl Echo {
    pub(crate) fn new(shapes: impl Into<VecDeque<Shape>>) -> Self {
        Self {
            shapes: Mutex::new(shapes.into()),
            marked: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> Shape {
        let mut shapes = self.shapes.lock().unwrap();
        match shapes.len() {
            1 => shapes[0].clone(),
            _ => shapes.pop_front().unwrap(),
        }
    }
}

#[derive(Debug)]
struct Cause(String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cause: {}", self.0)
    }
}

impl std::error::Error for Cause {}

#[async_trait::async_trait]
impl Transport for Echo {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<Response<BodyStream>, TransportError> {
        let (told, values) = told(&request);
        if told.contains(super::MARK) {
            self.marked.fetch_add(1, Ordering::Relaxed);
        }
        let broken =
            |kind| TransportError::new(kind, told.clone()).with_source(Cause(told.clone()));
        let (status, pieces) = match self.next() {
            Shape::Fails(kind) => return Err(broken(kind)),
            Shape::BreaksOff => (
                200,
                vec![
                    Ok(Bytes::from(format!("[\"{told}"))),
                    Err(broken(TransportErrorKind::Broken)),
                ],
            ),
            Shape::Answer(status, body) => {
                (status, vec![Ok(Bytes::from(write(body, &told, &values)))])
            }
        };
        let body: BodyStream = Box::pin(futures_util::stream::iter(pieces));
        let mut response = Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        // Without line breaks, which no header has.
        let line = json!(told).to_string();
        for name in [
            "location",
            "audituid",
            "x-echo",
            "set-cookie",
            "www-authenticate",
        ] {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

/// Method, address, headers and body, as they came and unpacked; and the unpacked values alone.
fn told(request: &http::Request<Bytes>) -> (String, String) {
    let mut told = format!("{} {}", request.method(), request.uri());
    let mut values = String::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        told.push_str(&format!("\n{name}: {value}"));
        values.push_str(&format!("{value}\n"));
    }
    let body = String::from_utf8_lossy(request.body());
    told.push_str(&format!("\n{body}\n"));
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut unpack = |text: &str| {
        fields.extend(url::form_urlencoded::parse(text.as_bytes()).into_owned());
    };
    unpack(request.uri().query().unwrap_or_default());
    match serde_json::from_str(&body) {
        Ok(value) => strings(&value, &mut values),
        Err(_) => unpack(&body),
    }
    for (_, value) in fields {
        match serde_json::from_str(&value) {
            Ok(json) => strings(&json, &mut values),
            Err(_) => values.push_str(&format!("{value}\n")),
        }
        if let Ok(bytes) = STANDARD.decode(&value) {
            values.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    told.push_str(&values);
    (told, values)
}

fn strings(value: &Value, told: &mut String) {
    match value {
        Value::String(text) => told.push_str(&format!("{text}\n")),
        Value::Array(items) => items.iter().for_each(|item| strings(item, told)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, told)),
        _ => {}
    }
}

fn unicode(json: &str, escape: impl Fn(char) -> bool) -> String {
    json.chars()
        .map(|c| {
            if escape(c) {
                format!("\\u{:04x}", u32::from(c))
            } else {
                c.to_string()
            }
        })
        .collect()
}

fn write(body: Body, told: &str, values: &str) -> String {
    match body {
        Body::Text => told.to_owned(),
        Body::LateText(before) => format!("{}{told}", "x".repeat(before)),
        Body::JsonText => json!(told).to_string(),
        Body::MaasForm => {
            let form = json!({"field": [told, {"inner": told}], told: [told], "__all__": told});
            unicode(&form.to_string(), |c| !c.is_ascii())
        }
        Body::PaletteError => {
            let error =
                json!({"code": told, "message": told, "ref": told, "details": {"told": told}});
            unicode(&error.to_string(), |c| "<>&".contains(c))
        }
        Body::WrongTypes => {
            json!([told, {"items": told, "id": told, "system_id": [told], "status": told,
            "metadata": told, "spec": told, "interface_set": told, told: told}])
            .to_string()
        }
        Body::TruncatedJson => format!("{{\"a\": {}, \"b\": \"", json!(told)),
        Body::Html => {
            let escaped = told
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;");
            format!("<html><head><title>{escaped}</title></head><body>{escaped}</body></html>")
        }
        Body::Base64(before) => {
            let json = json!({"x".repeat(before + 1): values}).to_string();
            format!(
                "{}\n{}",
                STANDARD.encode(format!("{}{values}", "-".repeat(before))),
                STANDARD.encode(json)
            )
        }
        Body::Empty => String::new(),
        Body::Fixed(text) => text.to_owned(),
    }
}

/// Every shape that a failing server may give its answer.
pub(crate) fn shapes() -> Vec<Shape> {
    let bodies = [
        Body::Text,
        Body::LateText(90),
        Body::LateText(480),
        Body::JsonText,
        Body::MaasForm,
        Body::PaletteError,
        Body::Html,
        Body::Base64(0),
        Body::Base64(1),
        Body::Base64(2),
        Body::Empty,
    ];
    // Where stored bodies are cut.
    let mut shapes = vec![Shape::Answer(400, Body::LateText(64 * 1024 - 30))];
    for body in bodies {
        shapes.extend([302, 400, 500].map(|status| Shape::Answer(status, body)));
    }
    for status in [
        300, 301, 303, 307, 308, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 422, 429, 501,
        502, 503, 504, 599,
    ] {
        shapes.extend(
            [Body::Text, Body::MaasForm, Body::PaletteError]
                .map(|body| Shape::Answer(status, body)),
        );
    }
    for body in [
        Body::Text,
        Body::JsonText,
        Body::WrongTypes,
        Body::TruncatedJson,
        Body::Html,
    ] {
        shapes.push(Shape::Answer(200, body));
    }
    shapes.extend(
        [
            TransportErrorKind::Connect,
            TransportErrorKind::Tls,
            TransportErrorKind::Broken,
            TransportErrorKind::Refused,
        ]
        .map(Shape::Fails),
    );
    shapes.push(Shape::BreaksOff);
    shapes
}
