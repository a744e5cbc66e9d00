//! The heads of answers, for those who want to see more than the result.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Response, header};

use super::{Call, HttpClient};
use crate::BodyStream;

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

    pub(super) fn push(&self, meta: ResponseMeta) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(meta);
    }
}

impl HttpClient {
    pub(super) fn meta(
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
}
