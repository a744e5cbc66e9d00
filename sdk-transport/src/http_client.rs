//! One sending loop for every client: sign, send, classify, retry.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ::url::Url;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tracing::{Instrument, field::Empty};

use crate::{
    BodyStream, Clock, Decision, ElementSplitter, Error, ErrorKind, List, Outcome, Redactor,
    ReqwestTransport, RetryPolicy, Secret, TlsOptions, Transport, TransportError,
    TransportErrorKind, WaitOptions, Waiter, lenient,
    reqwest_transport::{Proxy, ReqwestOptions},
};

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

/// How much of an answer is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest answer that is read as a whole, in bytes after decompression. Default 64 MiB.
    pub max_body: usize,
    /// The longest single element of a list that is read while it arrives. Default 16 MiB.
    pub max_element: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 64 << 20,
            max_element: 16 << 20,
        }
    }
}

/// Options that every client shares.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Retries. Default: 4 attempts within 90 s.
    pub retry: RetryPolicy,
    /// Sizes. See [`Limits`].
    pub limits: Limits,
    /// The longest time for one attempt; for a list that is read while it arrives, the longest silence. Default 120 s.
    pub timeout: Duration,
    /// The longest time to connect. Default 10 s.
    pub connect_timeout: Duration,
    /// How many requests are under way at most, over all clones. Default 8.
    pub max_in_flight: usize,
    /// The language in the User-Agent. Default `rust`.
    pub language: String,
    /// The application in the User-Agent, e.g. `provisioner/1.2`.
    pub application: Option<String>,
    /// Headers on every request, e.g. for tracing.
    pub headers: HeaderMap,
    /// TLS.
    pub tls: TlsOptions,
    /// Proxies.
    pub proxy: Proxy,
    /// The clock of waiters.
    pub clock: Clock,
    /// The clock of retries and signatures.
    pub wall_clock: Clock,
    /// Replaces the network.
    pub transport: Option<Arc<dyn Transport>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            timeout: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            max_in_flight: 8,
            language: "rust".to_owned(),
            application: None,
            headers: HeaderMap::new(),
            tls: TlsOptions::default(),
            proxy: Proxy::default(),
            clock: Clock::system(),
            wall_clock: Clock::system(),
            transport: None,
        }
    }
}

impl ClientOptions {
    /// Adds a header to every request.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the name or the value is malformed, or the header is the client's own business.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let header = HeaderName::try_from(name)
            .map_err(|_| Error::invalid_input(format!("`{name}` is no header name")))?;
        if matches!(
            header,
            header::AUTHORIZATION
                | header::HOST
                | header::CONTENT_LENGTH
                | header::CONTENT_TYPE
                | header::TRANSFER_ENCODING
        ) {
            return Err(Error::invalid_input(format!(
                "the header `{name}` is set by the client itself"
            )));
        }
        let value = HeaderValue::try_from(value).map_err(|_| {
            Error::invalid_input(format!(
                "the value of the header `{name}` has characters that a header cannot hold"
            ))
        })?;
        self.headers.insert(header, value);
        Ok(())
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .field("timeout", &self.timeout)
            .field("max_in_flight", &self.max_in_flight)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// The head of an answer, without secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResponseMeta {
    /// The operation.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers, redacted.
    pub headers: BTreeMap<String, String>,
    /// Attempts, this one included.
    pub attempts: u32,
    /// The time of this attempt until the head arrived.
    pub elapsed: Duration,
}

/// Collects the heads of the answers to calls made through [`HttpClient::with_response_log`].
#[derive(Clone, Debug, Default)]
pub struct ResponseLog(Arc<Mutex<Vec<ResponseMeta>>>);

impl ResponseLog {
    /// The head of the latest answer.
    pub fn last(&self) -> Option<ResponseMeta> {
        self.all().pop()
    }

    /// The heads of all answers, in order of arrival.
    pub fn all(&self) -> Vec<ResponseMeta> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn push(&self, meta: ResponseMeta) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(meta);
    }
}

/// Sends the calls of one client. Clones share connections, limits and what is known of secrets.
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
    redactor: Redactor,
    timeout: Option<Duration>,
    log: Option<ResponseLog>,
}

struct Shared {
    service: Arc<dyn Service>,
    transport: Arc<dyn Transport>,
    origin: Url,
    permits: Semaphore,
    user_agent: HeaderValue,
    options: ClientOptions,
}

/// How one attempt failed.
struct Attempt {
    error: Error,
    outcome: Outcome,
    mended: bool,
    status: Option<StatusCode>,
}

impl Attempt {
    fn last(error: Error) -> Self {
        Self {
            error,
            outcome: Outcome::Final,
            mended: false,
            status: None,
        }
    }
}

impl HttpClient {
    /// A client that talks to the origin of `base` only.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) or [`Tls`](ErrorKind::Tls) if the options cannot work.
    pub fn new(
        service: Arc<dyn Service>,
        base: &Url,
        redactor: Redactor,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let mut user_agent = format!(
            "palette-maas/{} ({})",
            env!("CARGO_PKG_VERSION"),
            options.language
        );
        if let Some(application) = &options.application {
            user_agent = format!("{user_agent} {application}");
        }
        let user_agent_value = HeaderValue::try_from(&user_agent).map_err(|_| {
            Error::invalid_input("the application's name has characters that a header cannot hold")
        })?;
        if options.max_in_flight == 0 {
            return Err(Error::invalid_input("max_in_flight must be at least 1"));
        }
        let transport: Arc<dyn Transport> = match &options.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(ReqwestTransport::new(&ReqwestOptions {
                origin: base,
                tls: &options.tls,
                proxy: &options.proxy,
                connect_timeout: options.connect_timeout,
                user_agent: &user_agent,
            })?),
        };
        Ok(Self {
            redactor,
            shared: Arc::new(Shared {
                service,
                transport,
                origin: base.clone(),
                permits: Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS)),
                user_agent: user_agent_value,
                options,
            }),
            timeout: None,
            log: None,
        })
    }

    /// The same client with another timeout for each attempt.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    /// The same client, which also tells the head of each answer to `log`.
    #[must_use]
    pub fn with_response_log(&self, log: ResponseLog) -> Self {
        Self {
            log: Some(log),
            ..self.clone()
        }
    }

    /// The clock of waiters.
    pub fn clock(&self) -> &Clock {
        &self.shared.options.clock
    }

    /// The clock of signatures and retries.
    pub fn wall_clock(&self) -> &Clock {
        &self.shared.options.wall_clock
    }

    /// Adds a secret to those that are cut out of everything stored or printed.
    pub fn learn_secret(&self, secret: &Secret) {
        self.redactor.learn(secret.expose());
    }

    /// The same client, which also cuts this secret out. Other handles do not learn it: for a secret of one call,
    /// however large.
    #[must_use]
    pub fn knowing(&self, secret: &str) -> Self {
        Self {
            redactor: self.redactor.knowing(secret),
            ..self.clone()
        }
    }

    /// A waiter on this client's clock that cuts secrets out of what it tells.
    pub fn waiter<'a>(&'a self, options: &'a WaitOptions, subject: String) -> Waiter<'a> {
        Waiter::new(self.clock(), options, subject).redactor(self.redactor.clone())
    }

    /// What cuts secrets out.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Sends a call and reads the whole answer.
    ///
    /// A DELETE that finds nothing after an attempt whose outcome was unknown has done its work: it answers 204.
    ///
    /// # Errors
    /// Any kind but those of waiters and rules.
    pub async fn execute(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let limit = self.shared.options.limits.max_body;
        let budget = self.timeout_of(call);
        self.run(&self.named(call), Some(budget), |response| async move {
            let (head, body) = response.into_parts();
            Ok(Response::from_parts(head, self.read(body, limit).await?))
        })
        .await
    }

    /// Sends a call and decodes its JSON answer.
    ///
    /// # Errors
    /// As [`HttpClient::execute`], and [`Decode`](ErrorKind::Decode) with the JSON path.
    pub async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let response = self.execute(call).await?;
        lenient::decode(response.body())
            .map_err(|error| self.about(call, &error, response.status()))
    }

    /// Sends a call whose answer is a JSON array and decodes its elements while they arrive.
    ///
    /// # Errors
    /// As [`HttpClient::execute`]. An unreadable element is an entry of [`List::unreadable`].
    pub async fn elements<T: DeserializeOwned + Send>(
        &self,
        call: &Call,
    ) -> Result<List<T>, Error> {
        let call = &*self.named(call);
        let max_element = self.shared.options.limits.max_element;
        let silence = self.timeout_of(call);
        self.run(call, None, |response| async move {
            let status = response.status();
            let mut body = response.into_body();
            let mut splitter = ElementSplitter::new(max_element);
            let mut list = List::default();
            let mut index = 0;
            while let Some(piece) = self.next_piece(&mut body, silence).await? {
                for element in splitter
                    .push(&piece)
                    .map_err(|error| Attempt::last(self.about(call, &error, status)))?
                {
                    list.push(
                        lenient::decode_element("", index, &element)
                            .map_err(|error| self.about(call, &error, status)),
                    );
                    index += 1;
                }
            }
            splitter
                .finish()
                .map_err(|error| Attempt::last(self.about(call, &error, status)))?;
            Ok(list)
        })
        .await
    }

    /// The call under names that may stand in errors and traces: those of any call have the caller's path in them.
    fn named<'a>(&self, call: &'a Call) -> Cow<'a, Call> {
        let operation = self.redactor.clean(&call.operation);
        let template = self.redactor.clean(&call.template);
        if matches!(
            (&operation, &template),
            (Cow::Borrowed(_), Cow::Borrowed(_))
        ) {
            return Cow::Borrowed(call);
        }
        Cow::Owned(Call {
            operation: Cow::Owned(operation.into_owned()),
            template: Cow::Owned(template.into_owned()),
            ..call.clone()
        })
    }

    fn timeout_of(&self, call: &Call) -> Duration {
        call.timeout
            .or(self.timeout)
            .unwrap_or(self.shared.options.timeout)
    }

    /// Completes an error that arose outside the loop: operation, status, redaction.
    fn about(&self, call: &Call, error: &Error, status: StatusCode) -> Error {
        let message = self.redactor.clean(error.message()).into_owned();
        let error = Error::new(error.kind(), message)
            .with_operation(call.operation.clone())
            .with_status(status.as_u16())
            .with_attempts(1);
        // The server said yes: what it made is there, although its answer cannot be read.
        if call.idempotent {
            error
        } else {
            outcome_unknown(error, 1)
        }
    }

    async fn run<T, C, F>(
        &self,
        call: &Call,
        budget: Option<Duration>,
        consume: C,
    ) -> Result<T, Error>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
        T: FromLostDelete,
    {
        let span = tracing::debug_span!("call", operation = %call.operation, method = %call.request.method(), path = %call.template,
            status = Empty, attempts = Empty, duration_ms = Empty);
        let started = Instant::now();
        let result = self
            .attempts(call, budget, consume)
            .instrument(span.clone())
            .await;
        span.record(
            "duration_ms",
            u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        );
        if let Err(error) = &result {
            span.record("attempts", error.attempts());
            tracing::debug!(parent: &span, code = error.code(), "call failed");
        }
        result
    }

    async fn attempts<T, C, F>(
        &self,
        call: &Call,
        budget: Option<Duration>,
        consume: C,
    ) -> Result<T, Error>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
        T: FromLostDelete,
    {
        let shared = &*self.shared;
        let clock = &shared.options.wall_clock;
        let started = clock.now();
        let mut mended = false;
        let mut in_doubt = false;
        for attempt in 1.. {
            let failed = match self.attempt(call, attempt, budget, &consume).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            if in_doubt
                && call.request.method() == Method::DELETE
                && failed.status == Some(StatusCode::NOT_FOUND)
                && let Some(done) = T::from_lost_delete()
            {
                return Ok(done);
            }
            let error = failed
                .error
                .with_operation(call.operation.clone())
                .with_attempts(attempt);
            if failed.mended && !mended {
                mended = true;
                continue;
            }
            in_doubt |= matches!(failed.outcome, Outcome::Unknown { .. });
            match shared.options.retry.next(
                attempt,
                clock.since(started),
                call.idempotent,
                failed.outcome,
            ) {
                Decision::Retry { at_least, at_most } => {
                    let delay = at_least + (at_most - at_least).mul_f64(fastrand::f64());
                    tracing::debug!(attempt, ?delay, code = error.code(), "trying again");
                    clock.sleep(delay).await;
                }
                Decision::Stop if error.kind() == ErrorKind::TooLarge && !call.idempotent => {
                    return Err(outcome_unknown(error, attempt));
                }
                Decision::Stop => return Err(error),
                Decision::OutcomeUnknown => return Err(outcome_unknown(error, attempt)),
            }
        }
        Err(Error::new(ErrorKind::Internal, "the attempts are used up"))
    }

    async fn attempt<T, C, F>(
        &self,
        call: &Call,
        attempt: u32,
        budget: Option<Duration>,
        consume: &C,
    ) -> Result<T, Attempt>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
    {
        let shared = &*self.shared;
        let mut request = call.request.clone();
        self.check_origin(&request)?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, shared.user_agent.clone());
        for (name, value) in &shared.options.headers {
            headers.insert(name, value.clone());
        }
        let permit = shared.permits.acquire().await;
        shared
            .service
            .authorize(&mut request)
            .await
            .map_err(Attempt::last)?;
        let silence = budget.unwrap_or_else(|| self.timeout_of(call));
        let started = Instant::now();
        let whole = async {
            let sent = tokio::time::timeout(silence, shared.transport.send(request));
            let response = match sent.await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => return Err(timed_out(silence)),
            };
            let status = response.status();
            tracing::Span::current().record("status", status.as_u16());
            tracing::Span::current().record("attempts", attempt);
            if let Some(log) = &self.log {
                log.push(self.meta(call, attempt, &response, started.elapsed()));
            }
            if status.is_success() {
                return consume(response).await;
            }
            let limit = shared.options.limits.max_body;
            let (head, body) = response.into_parts();
            // An error's body that breaks off still has its status.
            let body = self.read(body, limit).await.unwrap_or_default();
            Err(self.unsuccessful(call, &Response::from_parts(head, body)))
        };
        let result = match budget {
            Some(budget) => tokio::time::timeout(budget, whole)
                .await
                .unwrap_or_else(|_| Err(timed_out(budget))),
            None => whole.await,
        };
        drop(permit);
        result
    }

    fn check_origin(&self, request: &Request<Bytes>) -> Result<(), Attempt> {
        let origin = &self.shared.origin;
        let uri = request.uri();
        let port = uri.port_u16().or(match uri.scheme_str() {
            Some("https") => Some(443),
            Some("http") => Some(80),
            _ => None,
        });
        let same = uri.scheme_str() == Some(origin.scheme())
            && uri.host().map(str::to_ascii_lowercase)
                == origin.host_str().map(str::to_ascii_lowercase)
            && port == origin.port_or_known_default();
        if same {
            return Ok(());
        }
        Err(Attempt::last(Error::invalid_input(format!(
            "credentials are only sent to {}, the configured server",
            origin.origin().ascii_serialization()
        ))))
    }

    fn meta(
        &self,
        call: &Call,
        attempts: u32,
        response: &Response<BodyStream>,
        elapsed: Duration,
    ) -> ResponseMeta {
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != header::SET_COOKIE)
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), self.redactor.clean(&value).into_owned())
            })
            .collect();
        ResponseMeta {
            operation: call.operation.to_string(),
            status: response.status().as_u16(),
            headers,
            attempts,
            elapsed,
        }
    }

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

    async fn next_piece(
        &self,
        body: &mut BodyStream,
        silence: Duration,
    ) -> Result<Option<Bytes>, Attempt> {
        match tokio::time::timeout(silence, body.next()).await {
            Ok(Some(piece)) => piece.map(Some).map_err(|error| self.body_broken(error)),
            Ok(None) => Ok(None),
            Err(_) => Err(timed_out(silence)),
        }
    }

    async fn read(&self, mut body: BodyStream, limit: usize) -> Result<Bytes, Attempt> {
        let mut whole = BytesMut::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| self.body_broken(error))?;
            if whole.len() + piece.len() > limit {
                return Err(Attempt::last(Error::new(
                    ErrorKind::TooLarge,
                    format!("the answer is longer than {limit} bytes"),
                )));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    fn body_broken(&self, error: TransportError) -> Attempt {
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

    fn broken(&self, error: TransportError) -> Attempt {
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
                Some(
                    "give the client the server's CA certificate, or the server name that the certificate was made for",
                ),
                Outcome::Final,
            ),
            TransportErrorKind::Broken => (
                ErrorKind::Transport,
                format!("the connection to {origin} broke: {text}"),
                None,
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

    fn unsuccessful(&self, call: &Call, response: &Response<Bytes>) -> Attempt {
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
        let failure = shared.service.failure(call, &cleaned);
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

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("origin", &self.shared.origin.origin().ascii_serialization())
            .finish_non_exhaustive()
    }
}

/// What a DELETE answers that turns out to have been done by an attempt whose answer was lost.
trait FromLostDelete: Sized {
    fn from_lost_delete() -> Option<Self>;
}

impl FromLostDelete for Response<Bytes> {
    fn from_lost_delete() -> Option<Self> {
        let mut response = Self::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Some(response)
    }
}

impl<T> FromLostDelete for List<T> {
    fn from_lost_delete() -> Option<Self> {
        None
    }
}

/// The error of a call of which nobody can say whether it was carried out.
fn outcome_unknown(error: Error, attempts: u32) -> Error {
    let mut unknown = Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "the call may or may not have been carried out: {}",
            error.message()
        ),
    )
    .with_attempts(attempts)
    .with_hint("read the state back before you repeat it");
    if let Some(operation) = error.operation() {
        unknown = unknown.with_operation(operation);
    }
    if let Some(status) = error.status() {
        unknown = unknown.with_status(status);
    }
    unknown.with_source(error)
}

fn timed_out(limit: Duration) -> Attempt {
    Attempt {
        error: Error::new(
            ErrorKind::Timeout,
            format!("no complete answer within {limit:?}"),
        )
        .with_retryable(true),
        outcome: Outcome::Unknown { retry_after: None },
        mended: false,
        status: None,
    }
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
