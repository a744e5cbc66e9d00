//! Something to say about a document or about what it meets.

use std::fmt;

use lifecycle_core::spec::tree::{Position, Positions};
use lifecycle_core::{Args, Code, Finding, Refusal, Severity};
use sdk_transport::Error;
use serde::Serialize;

/// A finding with a stable code and, where it concerns the document, its place there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The stable code: `E_…` and `W_…` of the rules, or a client's, such as `UNAUTHORIZED`.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// Line and column in the document, if it was text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// JSON pointer into the document; empty if it does not concern the document.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The values in the message.
    #[serde(skip_serializing_if = "Args::is_empty")]
    pub args: Args,
}

impl Problem {
    /// A finding of the rules about a place in the document.
    pub(crate) fn new(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Finding::new(code, path, message).into()
    }

    /// An error of a client.
    pub(crate) fn of_error(error: &Error) -> Self {
        let mut message = String::new();
        if let Some(operation) = error.operation() {
            message = format!("{operation}: ");
        }
        message.push_str(error.message());
        Self {
            code: error.code().to_owned(),
            severity: Severity::Error,
            position: None,
            path: String::new(),
            message,
            hint: error.hint().unwrap_or_default().to_owned(),
            args: Args::new(),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(crate) fn arg(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn located(mut self, positions: &Positions) -> Self {
        if !self.path.is_empty() && self.position.is_none() {
            self.position = positions.locate(&self.path);
        }
        self
    }

    /// Whether it must be mended before anything is done.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code.as_str().to_owned(),
            severity: finding.severity,
            position: None,
            path: finding.path,
            message: finding.message,
            hint: finding.hint,
            args: finding.args,
        }
    }
}

/// `12:5: E_CAPACITY: message (hint)`; without a place in a text the path stands in its place.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{position}: ")?,
            None if !self.path.is_empty() => write!(f, "{}: ", self.path)?,
            None => {}
        }
        write!(f, "{}: {}", self.code, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// The refusal of a request as an error: same code, hint and values.
pub(crate) fn refused(refusal: Refusal) -> Error {
    let details =
        serde_json::json!({ "args": refusal.args, "retry_after_ms": refusal.retry_after_ms });
    let mut error = Error::refused(refusal.code.as_str(), refusal.message)
        .with_details(details)
        .with_retry_after(refusal.retry_after_ms.map(std::time::Duration::from_millis))
        .with_retryable(refusal.retry_after_ms.is_some());
    if !refusal.hint.is_empty() {
        error = error.with_hint(refusal.hint);
    }
    error
}

/// Several findings as one error: the first error's code, all of them under `problems`.
pub(crate) fn refused_all(problems: &[Problem]) -> Error {
    let errors: Vec<&Problem> = problems.iter().filter(|p| p.is_error()).collect();
    let Some(first) = errors.first() else {
        return Error::refused(Code::Invalid.as_str(), "nothing can be done");
    };
    let message = match errors.len() {
        1 => first.message.clone(),
        n => format!("{} ({} more findings)", first.message, n - 1),
    };
    let error = Error::refused(first.code.clone(), message)
        .with_details(serde_json::json!({ "problems": errors }));
    if first.hint.is_empty() {
        error
    } else {
        error.with_hint(first.hint.clone())
    }
}
