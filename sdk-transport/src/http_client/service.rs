//! What a client gives to the sending loop: how its API signs and fails, and its calls.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};

use crate::{Error, ErrorKind};

/// What one API adds to the sending loop.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Signs one attempt. It is called afresh for each, so that a nonce or a refreshed token is never reused.
    ///
    /// # Errors
    /// What makes signing impossible ends the call.
    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), Error>;

    /// Reads an answer that is neither a success nor a redirect.
    fn failure(&self, call: &Call, response: &Response<Bytes>) -> Failure;

    /// What the server's URL must look like: told when whatever answers there is not this API.
    fn url_hint(&self) -> &'static str {
        "check the server's URL"
    }

    /// Which base URL to configure when the server redirects to `target`.
    fn redirect_hint(&self, target: &str) -> String {
        format!("redirects are never followed: configure the server's own address ({target})")
    }
}

/// What an API made of an unsuccessful answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The server's own code.
    pub server_code: Option<String>,
    /// The server's reference for this answer.
    pub reference: Option<String>,
    /// Which input fields were refused, and why.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Whether and how to try again.
    pub retry: Retryability,
    /// Whether the body may be kept in the error (after redaction).
    pub keep_body: bool,
}

impl Failure {
    /// A failure that is not retried and keeps its body.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            server_code: None,
            reference: None,
            fields: BTreeMap::new(),
            retry: Retryability::Never,
            keep_body: true,
        }
    }
}

/// Whether repeating a call after this answer makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retryability {
    /// The answer is final.
    Never,
    /// The answer proves that nothing was done: every call may be repeated.
    NotCarriedOut,
    /// The deed may have been done: only idempotent calls may be repeated.
    Unknown,
    /// The service has mended the cause (clock skew, an expired token): repeat at once, but only once.
    Mended,
}

/// One call: a request without credentials, and what the loop must know about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The operation's name in errors and traces, e.g. `machine.deploy`.
    pub operation: Cow<'static, str>,
    /// The path with placeholders, for traces.
    pub template: Cow<'static, str>,
    /// The request, with an absolute URI.
    pub request: Request<Bytes>,
    /// Whether repeating it does no harm. By default all methods but POST and PATCH.
    pub idempotent: bool,
    /// Overrides the client's timeout.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A call whose idempotence follows from its method.
    pub fn new(
        operation: impl Into<Cow<'static, str>>,
        template: impl Into<Cow<'static, str>>,
        request: Request<Bytes>,
    ) -> Self {
        let idempotent = !matches!(*request.method(), Method::POST | Method::PATCH);
        Self {
            operation: operation.into(),
            template: template.into(),
            request,
            idempotent,
            timeout: None,
        }
    }

    /// Says whether repeating it does no harm.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Overrides the client's timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
