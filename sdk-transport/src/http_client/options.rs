//! Options that every client shares.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{Clock, Error, RetryPolicy, TlsOptions, Transport, reqwest_transport::Proxy};

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
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the name or the value is malformed, or the header is the client's own business.
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
