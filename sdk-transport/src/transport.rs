//! The seam between a client and the network.

use std::{error::Error as StdError, fmt, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

/// The body of an answer while it arrives.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// Sends one request and returns the answer's head as soon as it is there. Redirects are not followed.
///
/// [`ReqwestTransport`](crate::ReqwestTransport) is the real one; [`RecordedTransport`](crate::RecordedTransport)
/// serves recorded answers, so that users can test their own code without sockets.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends one signed request.
    ///
    /// # Errors
    /// A [`TransportError`] says how far the request got.
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<BodyStream>, TransportError>;
}

/// How far a request got that had no proper answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: nothing was sent.
    Connect,
    /// The TLS handshake failed: nothing was sent, and trying again will not help.
    Tls,
    /// The connection broke after the request may have been sent.
    Broken,
    /// The transport cannot send such a request at all.
    Refused,
}

/// Why there is no proper answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of this kind.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The error below.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
