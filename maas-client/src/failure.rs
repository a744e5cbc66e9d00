//! What MAAS's unsuccessful answers mean.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Response, header};
use sdk_transport::{Call, ErrorKind, Failure, Retryability, web_page};
use serde_json::Value;

use crate::client::ANY_CALL;

/// Reads an unsuccessful answer. Rules of a real MAAS:
///
/// * a refused form is a JSON object of lists, everything else is one sentence of text;
/// * a 409 of the database comes as HTML with `Retry-After`, a 409 of a machine's state as text without;
/// * a 401 may print the token's secret.
pub(crate) fn classify(call: &Call, response: &Response<Bytes>) -> Failure {
    let body = Said::read(response);
    let status = response.status();
    let asked_to_wait = response.headers().contains_key(header::RETRY_AFTER);
    match status.as_u16() {
        400 => refused(&body),
        401 => unauthorized(&body),
        403 => forbidden(call, &body),
        404 => not_found(call, &body),
        405 => body.failure(
            ErrorKind::BadRequest,
            &format!("the server does not take {} here", call.request.method()),
        ),
        409 => conflict(&body, asked_to_wait),
        410 => hinted(
            body.failure(ErrorKind::Gone, "the server no longer has this"),
            "the server's version is newer than this operation",
        ),
        413 => hinted(
            body.failure(ErrorKind::BadRequest, "the request is too large"),
            "the server takes at most 10 MiB at once",
        ),
        414 => hinted(
            body.failure(ErrorKind::BadRequest, "the address is too long"),
            "give fewer values at once; some 250 system ids fit",
        ),
        429 => retried(
            body.failure(ErrorKind::RateLimited, "too many requests"),
            Retryability::NotCarriedOut,
        ),
        503 if asked_to_wait => retried(
            body.failure(ErrorKind::Unavailable, "the server cannot answer now"),
            Retryability::NotCarriedOut,
        ),
        503 => {
            let mut failure = body.failure(ErrorKind::Unavailable, "the server cannot answer now");
            if call.idempotent && body.is_html() {
                failure.retry = Retryability::Unknown;
            }
            failure
        }
        502 | 504 => retried(
            body.failure(
                ErrorKind::Unavailable,
                "a proxy got no answer from the server",
            ),
            Retryability::Unknown,
        ),
        _ if status.is_server_error() => server_error(&body),
        _ => body.failure(
            ErrorKind::BadRequest,
            &format!("the server refused the request with status {status}"),
        ),
    }
}

pub(crate) const URL_HINT: &str =
    "check the server's URL: it ends with `/MAAS`, perhaps behind a path of your proxy";

const ADMINISTRATOR_HINT: &str = "use the API key of an administrator";

/// The longest message; the whole text stays in the error's body.
const LONGEST_MESSAGE: usize = 500;

/// The text on one line and not too long.
fn sentence(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.trim_end_matches('.').to_owned(),
    }
}

/// The body of an answer, for people.
enum Said {
    Nothing,
    Text(String),
    Html(Option<String>),
    Form(BTreeMap<String, Vec<String>>),
}

impl Said {
    fn read(response: &Response<Bytes>) -> Self {
        let text = String::from_utf8_lossy(response.body());
        let text = text.trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if text.starts_with('<') {
            return Self::Html(web_page::title(text));
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(form)) => Self::Form(
                form.into_iter()
                    .map(|(field, said)| (field, messages(said)))
                    .collect(),
            ),
            Ok(Value::String(text)) => Self::Text(text),
            _ => Self::Text(text.to_owned()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    fn is_html(&self) -> bool {
        matches!(self, Self::Html(_))
    }

    /// A failure in the server's words, or in these if it has none.
    fn failure(&self, kind: ErrorKind, otherwise: &str) -> Failure {
        let message = match self {
            Self::Nothing | Self::Html(None) => otherwise.to_owned(),
            Self::Html(Some(title)) => format!("{otherwise}: {title}"),
            Self::Text(text) => sentence(text),
            Self::Form(fields) => {
                let told: Vec<_> = fields
                    .iter()
                    .map(|(field, messages)| {
                        let messages = sentence(&messages.join(" "));
                        if field == "__all__" {
                            messages
                        } else {
                            format!("`{field}`: {messages}")
                        }
                    })
                    .collect();
                if told.is_empty() {
                    otherwise.to_owned()
                } else {
                    told.join("; ")
                }
            }
        };
        let mut failure = Failure::new(kind, message);
        if let Self::Form(fields) = self {
            failure.fields.clone_from(fields);
        }
        failure
    }
}

fn messages(said: Value) -> Vec<String> {
    match said {
        Value::Array(several) => several.into_iter().flat_map(messages).collect(),
        Value::String(text) => vec![text],
        other => vec![other.to_string()],
    }
}

fn hinted(mut failure: Failure, hint: &str) -> Failure {
    failure.hint = Some(hint.to_owned());
    failure
}

fn retried(mut failure: Failure, retry: Retryability) -> Failure {
    failure.retry = retry;
    failure
}

fn refused(body: &Said) -> Failure {
    if let Said::Form(fields) = body {
        if fields.is_empty() {
            return body.failure(
                ErrorKind::BadRequest,
                "the server did not read the request's body",
            );
        }
        if fields
            .values()
            .flatten()
            .any(|message| message.contains("already exists"))
        {
            return body.failure(ErrorKind::AlreadyExists, "it exists already");
        }
    }
    let failure = body.failure(ErrorKind::BadRequest, "the server refused the request");
    if body.text().starts_with("Unrecognised signature") {
        return hinted(
            failure,
            "the server has no such operation, or only for users who are logged in",
        );
    }
    failure
}

/// Only the reason: the rest of the text may be the key itself.
fn unauthorized(body: &Said) -> Failure {
    let text = body.text();
    let (message, hint) = if text.contains("Nonce already used") {
        let mut failure = Failure::new(
            ErrorKind::Unauthorized,
            "the server saw this request's nonce before",
        );
        failure.keep_body = false;
        failure.retry = Retryability::Mended;
        return failure;
    } else if text.contains("Invalid API key") || text.contains("Invalid consumer") {
        (
            "the server does not know the API key's first part (consumer key)",
            "the key was deleted, or belongs to another MAAS",
        )
    } else if text.contains("Invalid access token") {
        (
            "the server does not know the API key's second part (token key)",
            "the key was deleted, or belongs to another MAAS",
        )
    } else if text.contains("Invalid signature") {
        (
            "the API key's third part (token secret) is wrong",
            "copy the whole key again from your MAAS preferences",
        )
    } else if text == "Forbidden" {
        (
            "the server saw no credentials",
            "a proxy may have removed the `Authorization` header",
        )
    } else {
        (
            "the server does not accept the API key",
            "copy the whole key again from your MAAS preferences",
        )
    };
    let mut failure = hinted(Failure::new(ErrorKind::Unauthorized, message), hint);
    failure.keep_body = false;
    failure
}

fn forbidden(call: &Call, body: &Said) -> Failure {
    let failure = body.failure(ErrorKind::Forbidden, "the user may not do this");
    match body {
        Said::Nothing if call.request.uri().path().contains("/machines/") => hinted(
            failure,
            "the machine may be locked (unlock it first) or another user's, or this needs an administrator",
        ),
        Said::Nothing => hinted(failure, ADMINISTRATOR_HINT),
        Said::Text(text) if text.contains("reserved for admin") => {
            hinted(failure, ADMINISTRATOR_HINT)
        }
        _ => failure,
    }
}

fn not_found(call: &Call, body: &Said) -> Failure {
    let failure = body.failure(ErrorKind::NotFound, "there is no such object");
    let endpoint = body.text().starts_with("Unknown API endpoint");
    if endpoint && !call.request.uri().path().ends_with('/') {
        return hinted(failure, "most paths of the API end with a slash");
    }
    // A list or the version is always there, unlike a path that the user spells out; MAAS's own words are
    // `No Zone matches the given query.`
    let always_there = *call.request.method() == Method::GET
        && call.operation != ANY_CALL
        && !call.template.contains('{');
    if endpoint || body.is_html() || always_there && !body.text().starts_with("No ") {
        return hinted(failure, URL_HINT);
    }
    failure
}

fn conflict(body: &Said, asked_to_wait: bool) -> Failure {
    // Older servers give the page without `Retry-After`.
    if asked_to_wait || body.is_html() {
        return retried(
            body.failure(
                ErrorKind::Unavailable,
                "the database is busy with conflicting changes",
            ),
            Retryability::NotCarriedOut,
        );
    }
    let text = body.text();
    let none = text.starts_with("No available machine")
        || text.starts_with("No machine") && text.contains("available");
    if none {
        return hinted(
            body.failure(ErrorKind::NoMatchingMachine, "no machine matches"),
            "list the Ready machines with the same conditions to see which one is too strict",
        );
    }
    body.failure(ErrorKind::StateConflict, "the object's state forbids this")
}

/// A 500 is text of an exception. Its transaction was rolled back, and some are the caller's own doing.
fn server_error(body: &Said) -> Failure {
    let failure = body.failure(ErrorKind::ServerError, "the server failed");
    let text = body.text();
    for (part, hint) in [
        (
            "Unconfigured power type",
            "set the machine's power type and parameters first",
        ),
        (
            "Error determining BMC task queue",
            "no rack controller reaches the machine's power controller; it stays Allocated",
        ),
        (
            "Invalid character in key name",
            "keys have letters, digits, `.`, `-` and `_`",
        ),
        ("has no attribute 'lists'", "send a form, not JSON"),
        (
            "Unable to power control",
            "check the machine's power parameters",
        ),
    ] {
        if text.contains(part) {
            return hinted(failure, hint);
        }
    }
    failure
}
