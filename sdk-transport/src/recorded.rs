//! A transport that serves recorded answers: tests without sockets.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response};

use crate::{BodyStream, Transport, TransportError, TransportErrorKind};

type Key = (String, String);

/// Serves answers by method and path with query.
///
/// Answers given for the same request are served in order; the last one stays. A request that nobody recorded is an
/// error that names it and lists what there is.
///
/// ```
/// # use sdk_transport::RecordedTransport;
/// let transport = RecordedTransport::new()
///     .on("GET", "/MAAS/api/2.0/zones/", 200, r#"[{"name":"default"}]"#);
/// ```
#[derive(Default)]
pub struct RecordedTransport {
    answers: Mutex<BTreeMap<Key, VecDeque<Response<Bytes>>>>,
    requests: Mutex<Vec<Request<Bytes>>>,
}

impl RecordedTransport {
    /// A transport without answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a JSON answer for this method and this path with query.
    #[must_use]
    pub fn on(
        self,
        method: &str,
        path_and_query: &str,
        status: u16,
        json: impl Into<Bytes>,
    ) -> Self {
        let mut response = Response::new(json.into());
        *response.status_mut() =
            http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        self.on_response(method, path_and_query, response)
    }

    /// Adds a whole answer.
    #[must_use]
    pub fn on_response(
        self,
        method: &str,
        path_and_query: &str,
        response: Response<Bytes>,
    ) -> Self {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((method.to_owned(), path_and_query.to_owned()))
            .or_default()
            .push_back(response);
        self
    }

    /// The requests so far, in order, as they were signed.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn answer(
        &self,
        method: &Method,
        path_and_query: &str,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (method.to_string(), path_and_query.to_owned());
        let missing = |answers: &BTreeMap<Key, _>| {
            let known: Vec<_> = answers.keys().map(|(m, p)| format!("{m} {p}")).collect();
            TransportError::new(
                TransportErrorKind::Refused,
                format!(
                    "nothing is recorded for {method} {path_and_query}; there is: {}",
                    known.join(", ")
                ),
            )
        };
        match answers.get_mut(&key) {
            Some(queue) if queue.len() > 1 => queue.pop_front().ok_or_else(|| missing(&answers)),
            Some(queue) => queue.front().cloned().ok_or_else(|| missing(&answers)),
            None => Err(missing(&answers)),
        }
    }
}

/// The requests are counted, not shown: they hold what was sent.
impl fmt::Debug for RecordedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedTransport")
            .field("requests", &self.requests().len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for RecordedTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let answer = self.answer(request.method(), path);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        Ok(answer?.map(|body| -> BodyStream { Box::pin(stream::iter([Ok(body)])) }))
    }
}
