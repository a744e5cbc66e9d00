//! One sending loop for every client.

mod failed;
mod options;
mod response_log;
mod sending;
mod service;

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use ::url::Url;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

pub use options::{ClientOptions, Limits};
pub use response_log::{ResponseLog, ResponseMeta};
pub use service::{Call, Failure, Retryability, Service};

use crate::{
    Clock, ElementSplitter, Error, List, Redactor, ReqwestTransport, Secret, Transport,
    WaitOptions, Waiter, lenient, reqwest_transport::ReqwestOptions,
};
use failed::outcome_unknown;
use sending::Attempt;

/// Sends the calls of one client. Clones share connections, limits and what is known of secrets.
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
    redactor: Redactor,
    timeout: Option<Duration>,
    logs: Vec<ResponseLog>,
}

struct Shared {
    service: Arc<dyn Service>,
    transport: Arc<dyn Transport>,
    origin: Url,
    permits: Semaphore,
    user_agent: HeaderValue,
    options: ClientOptions,
}

impl HttpClient {
    /// A client that talks to the origin of `base` only.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) or [`Tls`](crate::ErrorKind::Tls) if the options cannot work.
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
            logs: Vec::new(),
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

    /// The same client, which also tells the head of each answer to `log`, beside those that it tells already.
    #[must_use]
    pub fn with_response_log(&self, log: ResponseLog) -> Self {
        let mut client = self.clone();
        client.logs.push(log);
        client
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
    /// As [`HttpClient::execute`], and [`Decode`](crate::ErrorKind::Decode) with the JSON path.
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

    /// Completes the error of a successful answer that cannot be read: operation, which URL to check, redaction.
    pub fn unreadable(&self, operation: &str, error: &Error) -> Error {
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        let completed =
            Error::new(error.kind(), clean(error.message())).with_operation(clean(operation));
        match error.hint() {
            Some(hint) => {
                let origin = self.shared.origin.origin().ascii_serialization();
                let url_hint = self.shared.service.url_hint();
                completed.with_hint(clean(&format!("{hint}: {origin}; {url_hint}")))
            }
            None => completed,
        }
    }

    fn about(&self, call: &Call, error: &Error, status: StatusCode) -> Error {
        let error = self
            .unreadable(&call.operation, error)
            .with_status(status.as_u16())
            .with_attempts(1);
        // The server said yes: what it made is there, although its answer cannot be read.
        if call.idempotent {
            error
        } else {
            outcome_unknown(error, 1)
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
