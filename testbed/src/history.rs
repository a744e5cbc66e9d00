//! What the servers of the testbed were asked, in the order of arrival.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How many requests are kept; older ones are forgotten.
const KEPT: usize = 10_000;
/// How much of a body is kept, in bytes.
const BODY_KEPT: usize = 16 * 1024;

/// One request that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeenRequest {
    /// A growing number, from 1.
    pub id: u64,
    /// Wall time of arrival in milliseconds since the Unix epoch.
    pub wall_ms: i64,
    /// Simulated time of arrival in milliseconds since the Unix epoch.
    pub sim_ms: i64,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// Names and values of the headers, without credentials.
    pub headers: Vec<(String, String)>,
    /// The body if it is text, cut at 16 KiB.
    pub body: String,
    /// The status answered; `None` while the answer is being made and when none was given.
    pub status: Option<u16>,
    /// The kind of fault that was applied, if any.
    pub fault: Option<String>,
}

/// The list of requests seen. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct History {
    inner: Arc<Mutex<Entries>>,
}

#[derive(Debug, Default)]
struct Entries {
    requests: VecDeque<SeenRequest>,
    last_id: u64,
}

impl History {
    /// All requests kept, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.entries().requests.iter().cloned().collect()
    }

    /// How many requests with this method and a path that ends in `suffix` were seen.
    #[must_use]
    pub fn count(&self, method: &str, suffix: &str) -> usize {
        self.entries()
            .requests
            .iter()
            .filter(|seen| seen.method == method && seen.path.ends_with(suffix))
            .count()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.entries().requests.clear();
    }

    pub(crate) fn begin(
        &self,
        wall_ms: i64,
        sim_ms: i64,
        parts: &http::request::Parts,
        body: &[u8],
    ) -> u64 {
        let headers = parts
            .headers
            .iter()
            .filter(|(name, _)| !is_credential(name.as_str()))
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let mut entries = self.entries();
        entries.last_id += 1;
        let id = entries.last_id;
        entries.requests.push_back(SeenRequest {
            id,
            wall_ms,
            sim_ms,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers,
            body: String::from_utf8_lossy(&body[..body.len().min(BODY_KEPT)]).into_owned(),
            status: None,
            fault: None,
        });
        if entries.requests.len() > KEPT {
            entries.requests.pop_front();
        }
        id
    }

    pub(crate) fn finish(&self, id: u64, status: Option<u16>, fault: Option<&str>) {
        let mut entries = self.entries();
        if let Some(seen) = entries.requests.iter_mut().rev().find(|seen| seen.id == id) {
            seen.status = status;
            seen.fault = fault.map(str::to_owned);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_credential(header: &str) -> bool {
    matches!(
        header,
        "authorization" | "cookie" | "apikey" | "proxy-authorization"
    )
}
