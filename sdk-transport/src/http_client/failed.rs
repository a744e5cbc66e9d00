//! What becomes of an attempt that failed: its error, and whether it may be repeated.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};

use super::{Call, HttpClient, Retryability, sending::Attempt};
use crate::{Clock, Error, ErrorKind, Outcome, TransportError, TransportErrorKind};

impl HttpClient {
    /// The error as it is, unless it repeats a secret: then no more of it than its cleaned text.
    fn without_secrets(&self, error: TransportError) -> TransportError {
        let mut shown = format!("{error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            shown.push_str(&format!("\n{error}"));
            cause = error.source();
        }
        match self.redactor.clean(&shown) {
            Cow::Borrowed(_) => error,
            Cow::Owned(_) => {
                let text = self.redactor.clean(&error.to_string()).into_owned();
                TransportError::new(error.kind(), text)
            }
        }
    }

    pub(super) fn body_broken(&self, error: TransportError) -> Attempt {
        let error = self.without_secrets(error);
        Attempt {
            error: Error::new(
                ErrorKind::Transport,
                format!("the answer broke off: {error}"),
            )
            .with_source(error),
            outcome: Outcome::Unknown { retry_after: None },
            mended: false,
            status: None,
        }
    }

    pub(super) fn broken(&self, error: TransportError) -> Attempt {
        let origin = self.shared.origin.origin().ascii_serialization();
        let error = self.without_secrets(error);
        let text = error.to_string();
        let lost = Outcome::Unknown { retry_after: None };
        let (kind, message, hint, outcome) = match error.kind() {
            TransportErrorKind::Connect => (
                ErrorKind::Connect,
                format!("cannot connect to {origin}: {text}"),
                Some("check the URL, that the server is up, and any proxy settings"),
                Outcome::NotCarriedOut { retry_after: None },
            ),
            TransportErrorKind::Tls => (
                ErrorKind::Tls,
                format!("the TLS handshake with {origin} failed: {text}"),
                Some(if is_plain_http(&text) {
                    "the server does not speak TLS on this port: its URL may begin with `http://`"
                } else {
                    "give the client the server's CA certificate, or the server name that the certificate was made for"
                }),
                Outcome::Final,
            ),
            TransportErrorKind::Broken => (
                ErrorKind::Transport,
                format!("the connection to {origin} broke: {text}"),
                (self.shared.origin.scheme() == "http" && is_tls(&text)).then_some(TLS_HINT),
                lost,
            ),
            TransportErrorKind::Refused => (ErrorKind::InvalidInput, text, None, Outcome::Final),
        };
        let mut reported = Error::new(kind, message).with_source(error);
        if let Some(hint) = hint {
            reported = reported.with_hint(hint);
        }
        Attempt {
            error: reported,
            outcome,
            mended: false,
            status: None,
        }
    }

    pub(super) fn unsuccessful(&self, call: &Call, response: &Response<Bytes>) -> Attempt {
        let shared = &*self.shared;
        let status = response.status();
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        if status.is_redirection() {
            let target = response
                .headers()
                .get(header::LOCATION)
                .map(|value| clean(&String::from_utf8_lossy(value.as_bytes())));
            let target = target.as_deref().unwrap_or("an unnamed place");
            return Attempt {
                error: Error::new(
                    ErrorKind::Redirected,
                    format!("the server redirects to {target}"),
                )
                .with_status(status.as_u16())
                .with_hint(clean(&shared.service.redirect_hint(target))),
                outcome: Outcome::Final,
                mended: false,
                status: Some(status),
            };
        }
        // Before it is read: what is read is cut to length, and half a secret would not be found.
        let body = clean(&String::from_utf8_lossy(response.body()));
        let mut cleaned = Response::new(Bytes::from(body));
        *cleaned.status_mut() = status;
        cleaned.headers_mut().clone_from(response.headers());
        let mut failure = shared.service.failure(call, &cleaned);
        if status == StatusCode::BAD_REQUEST && wants_tls(cleaned.body()) {
            failure.hint = Some(TLS_HINT.to_owned());
        }
        let retry_after = retry_after(response.headers(), &shared.options.wall_clock);
        let outcome = match failure.retry {
            Retryability::Never | Retryability::Mended => Outcome::Final,
            Retryability::NotCarriedOut => Outcome::NotCarriedOut { retry_after },
            Retryability::Unknown => Outcome::Unknown { retry_after },
        };
        let fields = failure
            .fields
            .into_iter()
            .map(|(field, messages)| {
                (
                    clean(&field),
                    messages.iter().map(|message| clean(message)).collect(),
                )
            })
            .collect();
        let mut error = Error::new(failure.kind, clean(&failure.message))
            .with_status(status.as_u16())
            .with_server_code(failure.server_code.as_deref().map(clean))
            .with_reference(failure.reference.as_deref().map(clean))
            .with_fields(fields)
            .with_retry_after(retry_after)
            .with_retryable(!matches!(
                failure.retry,
                Retryability::Never | Retryability::Mended
            ));
        if let Some(hint) = failure.hint {
            error = error.with_hint(clean(&hint));
        } else if failure.kind == ErrorKind::Unavailable {
            error = error.with_hint(not_ready(failure.retry));
        }
        if failure.keep_body {
            error = error.with_body(String::from_utf8_lossy(cleaned.body()).into_owned());
        }
        Attempt {
            error,
            outcome,
            mended: failure.retry == Retryability::Mended,
            status: Some(status),
        }
    }
}

/// The error of a call of which nobody can say whether it was carried out.
pub(super) fn outcome_unknown(error: Error, attempts: u32) -> Error {
    let mut unknown = Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "the call may or may not have been carried out: {}",
            error.message()
        ),
    )
    .with_attempts(attempts)
    .with_hint(match error.hint() {
        Some(hint) => format!("{hint}; read the state back before you repeat it"),
        None => "read the state back before you repeat it".to_owned(),
    });
    if let Some(operation) = error.operation() {
        unknown = unknown.with_operation(operation);
    }
    if let Some(status) = error.status() {
        unknown = unknown.with_status(status);
    }
    unknown.with_source(error)
}

fn not_ready(retry: Retryability) -> &'static str {
    match retry {
        Retryability::NotCarriedOut | Retryability::Unknown => {
            "the service is not ready; what is safe to repeat was repeated, so wait before you try again"
        }
        Retryability::Never | Retryability::Mended => {
            "something that the server needs for this is not ready; mend that, then try again"
        }
    }
}

const TLS_HINT: &str = "the server speaks TLS on this port: its URL begins with `https://`";

/// Whether TLS failed since what came back is no TLS at all.
fn is_plain_http(error: &str) -> bool {
    error.contains("InvalidContentType")
}

/// Whether plain HTTP failed since what came back is none: a TLS alert, for instance.
fn is_tls(error: &str) -> bool {
    error.contains("invalid HTTP version parsed")
}

/// The words with which nginx and Go's servers answer plain HTTP on a port for TLS.
fn wants_tls(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("plain HTTP request was sent to HTTPS port")
        || text.contains("HTTP request to an HTTPS server")
}

/// Reads `Retry-After`: seconds or an HTTP date.
fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(clock.now())).unwrap_or_default())
}
