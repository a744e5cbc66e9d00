//! Answers as they came: their heads, and the whole of one that no method knows.

use std::collections::BTreeMap;

use bytes::Bytes;
use pyo3::{prelude::*, types::PyBytes};

use crate::{
    convert::{IntoPython, plain},
    error::raise,
};

/// The head of an answer, without secrets.
#[pyclass(frozen, eq, module = "palette_maas")]
#[derive(PartialEq)]
pub(crate) struct ResponseMeta {
    operation: String,
    status: u16,
    headers: BTreeMap<String, String>,
    attempts: u32,
    elapsed: f64,
}

impl From<sdk_transport::ResponseMeta> for ResponseMeta {
    fn from(head: sdk_transport::ResponseMeta) -> Self {
        Self {
            operation: head.operation,
            status: head.status,
            headers: head.headers,
            attempts: head.attempts,
            elapsed: head.elapsed.as_secs_f64(),
        }
    }
}

#[pymethods]
impl ResponseMeta {
    /// The operation, such as `machine.deploy`.
    #[getter]
    fn operation(&self) -> &str {
        &self.operation
    }

    /// The HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.headers)
    }

    /// How many attempts were made until this answer.
    #[getter]
    fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Seconds from the beginning of this attempt until the head arrived.
    #[getter]
    fn elapsed(&self) -> f64 {
        self.elapsed
    }

    fn __repr__(&self) -> String {
        format!(
            "ResponseMeta(operation='{}', status={}, attempts={})",
            self.operation, self.status, self.attempts
        )
    }
}

/// Collects the heads of the answers to the calls of `client.with_response_log(log)`.
#[pyclass(frozen, module = "palette_maas")]
#[derive(Default)]
pub(crate) struct ResponseLog(pub(crate) sdk_transport::ResponseLog);

#[pymethods]
impl ResponseLog {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// The head of the latest answer; `None` before the first.
    #[getter]
    fn last(&self) -> Option<ResponseMeta> {
        self.0.last().map(ResponseMeta::from)
    }

    /// The heads of all answers, those of attempts that were repeated included, in order of arrival.
    #[getter]
    fn all(&self) -> Vec<ResponseMeta> {
        self.0.all().into_iter().map(ResponseMeta::from).collect()
    }

    fn __repr__(&self) -> String {
        format!("<ResponseLog of {}>", self.0.all().len())
    }
}

/// The answer to a call of any kind. Its `repr` does not show the body, which may be secret.
#[pyclass(frozen, module = "palette_maas")]
pub(crate) struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    attempts: u32,
    body: Bytes,
}

impl Response {
    pub(crate) fn new(answer: http::Response<Bytes>, log: &sdk_transport::ResponseLog) -> Self {
        let status = answer.status().as_u16();
        let (headers, attempts) = log
            .last()
            .map(|head| (head.headers, head.attempts))
            .unwrap_or_default();
        Self {
            status,
            headers,
            attempts,
            body: answer.into_body(),
        }
    }

    fn decoded(&self) -> PyResult<&str> {
        std::str::from_utf8(&self.body).map_err(|error| {
            raise(&sdk_transport::Error::decode(format!(
                "the body is no text: {error}"
            )))
        })
    }
}

#[pymethods]
impl Response {
    /// The HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case, without secrets.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.headers)
    }

    /// How many attempts were made.
    #[getter]
    fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The body as it came.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.body)
    }

    /// The body as text.
    fn text(&self) -> PyResult<&str> {
        self.decoded()
    }

    /// The body, read as JSON.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value: serde_json::Value = serde_json::from_str(self.decoded()?).map_err(|error| {
            raise(&sdk_transport::Error::decode(format!(
                "the body is no JSON: {error}"
            )))
        })?;
        plain(py, &value)
    }

    fn __repr__(&self) -> String {
        format!(
            "Response(status={}, attempts={}, {} bytes)",
            self.status,
            self.attempts,
            self.body.len()
        )
    }
}

impl IntoPython for Response {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(Bound::new(py, self)?.into_any())
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        "Response".to_owned()
    }
}
