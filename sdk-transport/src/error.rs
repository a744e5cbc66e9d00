//! One opaque error with stable codes, the same in Rust, Python and Node.

use std::{borrow::Cow, collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

use serde_json::Value;

/// The longest stored body of an answer, in bytes.
pub const MAX_STORED_BODY: usize = 64 * 1024;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $meaning:literal;)*) => {
        /// What went wrong, coarsely. Each kind has one stable [code](ErrorKind::code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = $meaning] $name,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the published table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name, e.g. `NOT_FOUND`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// One sentence for the published table of codes.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

kinds! {
    InvalidInput = "INVALID_INPUT", "A value was refused before anything was sent: a malformed key, URL, option or document.";
    BadRequest = "BAD_REQUEST", "The server refused a value (HTTP 400, 405, 413, 414, 415, 422); `fields` names it where the server does.";
    Unauthorized = "UNAUTHORIZED", "The server does not accept the credentials (HTTP 401).";
    Forbidden = "FORBIDDEN", "The credentials are valid but may not do this (HTTP 403), or the object is locked.";
    Scope = "SCOPE", "The object belongs to another scope: a project was needed and not set, or the set one does not fit.";
    NotFound = "NOT_FOUND", "No such object, or not visible with these credentials (HTTP 404).";
    AlreadyExists = "ALREADY_EXISTS", "An object with this name or key exists already.";
    Gone = "GONE", "This part of the API is no longer served (HTTP 410).";
    StateConflict = "STATE_CONFLICT", "The object is in a state that forbids this (HTTP 409).";
    NoMatchingMachine = "NO_MATCHING_MACHINE", "MAAS has no free machine that satisfies the constraints.";
    RateLimited = "RATE_LIMITED", "The server refused because of too many requests (HTTP 429), also after the retries.";
    Unavailable = "UNAVAILABLE", "The server cannot answer now (HTTP 502, 503, or a database conflict that outlived its retries).";
    ServerError = "SERVER_ERROR", "The server failed (HTTP 500 and other 5xx).";
    OutcomeUnknown = "OUTCOME_UNKNOWN", "The call died on the way and may or may not have been carried out; read the state back before you repeat it.";
    Connect = "CONNECT", "No connection: refused, unreachable, or the name does not resolve. Nothing was sent.";
    Tls = "TLS", "The TLS handshake failed, usually an untrusted certificate. Nothing was sent.";
    Transport = "TRANSPORT", "The connection broke while the answer was awaited or read.";
    Redirected = "REDIRECTED", "The server answered with a redirect, which is never followed; the message says which URL to configure.";
    ClockSkew = "CLOCK_SKEW", "The server refuses the time of the request, also after correcting it by the server's clock.";
    ServerTooOld = "SERVER_TOO_OLD", "The server's version lacks what was asked for.";
    Decode = "DECODE", "The answer is not what the API describes; the message has the JSON path.";
    TooLarge = "TOO_LARGE", "The answer is larger or deeper than the configured limit.";
    Timeout = "TIMEOUT", "The time allowed has passed; a waiter names the last state it saw.";
    FailedState = "FAILED_STATE", "What was waited for has reached a state from which it cannot succeed; the message has the server's reason.";
    Cancelled = "CANCELLED", "The caller cancelled.";
    Refused = "REFUSED", "The lifecycle rules refuse this; `code()` is the refusal's own code (`E_…`).";
    Internal = "INTERNAL", "A fault of this library; please report it.";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An error of a client, of the driver, or a refusal of the engine that the driver passes on.
///
/// Everything it stores is free of the secrets that the client knows.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    code: Option<Cow<'static, str>>,
    message: String,
    hint: Option<String>,
    operation: Option<String>,
    server_code: Option<String>,
    reference: Option<String>,
    status: Option<u16>,
    attempts: u32,
    body: Option<String>,
    fields: BTreeMap<String, Vec<String>>,
    details: Option<Value>,
    retry_after: Option<Duration>,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message is one sentence without a final stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: None,
            message: message.into(),
            hint: None,
            operation: None,
            server_code: None,
            reference: None,
            status: None,
            attempts: 0,
            body: None,
            fields: BTreeMap::new(),
            details: None,
            retry_after: None,
            retryable: matches!(
                kind,
                ErrorKind::RateLimited
                    | ErrorKind::Unavailable
                    | ErrorKind::Connect
                    | ErrorKind::Transport
            ),
            source: None,
        }))
    }

    /// Shorthand for [`ErrorKind::InvalidInput`].
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// Shorthand for [`ErrorKind::Decode`].
    pub fn decode(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, message)
    }

    /// A refusal of the lifecycle rules, with its own code.
    pub fn refused(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Refused, message);
        error.0.code = Some(code.into());
        error
    }

    /// Says what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the operation, e.g. `machine.deploy`. An operation that is already named is kept.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>) -> Self {
        self.0.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// The code that the server gave.
    #[must_use]
    pub fn with_server_code(mut self, code: Option<String>) -> Self {
        self.0.server_code = code;
        self
    }

    /// The server's reference for this answer (an audit id, an error's `ref`).
    #[must_use]
    pub fn with_reference(mut self, reference: Option<String>) -> Self {
        self.0.reference = reference;
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// How many attempts were made.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The body of the answer, already redacted; cut at [`MAX_STORED_BODY`].
    #[must_use]
    pub fn with_body(mut self, mut body: String) -> Self {
        if body.len() > MAX_STORED_BODY {
            let mut end = MAX_STORED_BODY;
            while !body.is_char_boundary(end) {
                end -= 1;
            }
            body.truncate(end);
        }
        self.0.body = Some(body);
        self
    }

    /// Which input fields were refused, and why.
    #[must_use]
    pub fn with_fields(mut self, fields: BTreeMap<String, Vec<String>>) -> Self {
        self.0.fields = fields;
        self
    }

    /// Structured facts, e.g. a refusal's arguments.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// When trying again makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// The error below.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code: the kind's, or the refusal's own `E_…`.
    pub fn code(&self) -> &str {
        self.0.code.as_deref().unwrap_or_else(|| self.0.kind.code())
    }

    /// What was wrong, without code and operation.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The operation, e.g. `machine.deploy`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The code in the server's answer, e.g. Palette's `ResourceNotFound`.
    pub fn server_code(&self) -> Option<&str> {
        self.0.server_code.as_deref()
    }

    /// The server's reference for this answer, to quote to its operators.
    pub fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How many attempts were made; 0 if nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The body of the answer after redaction, at most [`MAX_STORED_BODY`] bytes.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Which input fields the server refused, and why.
    pub fn fields(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0.fields
    }

    /// Structured facts, e.g. a refusal's arguments.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// When trying again makes sense.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later without any change. False for [`ErrorKind::OutcomeUnknown`].
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "{}: ", self.code())?;
        if let Some(operation) = &inner.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&inner.message)?;
        match (inner.status, inner.attempts) {
            (Some(status), attempts) if attempts > 1 => {
                write!(f, " (HTTP {status}, {attempts} attempts)")?;
            }
            (Some(status), _) => write!(f, " (HTTP {status})")?,
            (None, attempts) if attempts > 1 => write!(f, " ({attempts} attempts)")?,
            (None, _) => {}
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_screaming_snake_names_with_a_meaning() {
        let codes: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        for kind in ErrorKind::ALL {
            assert!(
                kind.code()
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            );
            assert!(kind.meaning().ends_with('.'), "{kind}");
        }
    }

    #[test]
    fn display_reads_as_one_line() {
        let error = Error::new(ErrorKind::StateConflict, "the machine is Deployed")
            .with_operation("machine.deploy")
            .with_status(409)
            .with_attempts(3)
            .with_hint("release it first");
        assert_eq!(
            error.to_string(),
            "STATE_CONFLICT: machine.deploy: the machine is Deployed (HTTP 409, 3 attempts); release it first"
        );
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        let error = Error::decode("x").with_body("é".repeat(MAX_STORED_BODY));
        let body = error.body().unwrap();
        assert!(body.len() <= MAX_STORED_BODY && body.ends_with('é'));
    }

    #[test]
    fn a_refusal_shows_its_own_code() {
        let error = Error::refused("E_FORCE_TOO_EARLY", "force delete is available in 00:01");
        assert_eq!(error.code(), "E_FORCE_TOO_EARLY");
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}
