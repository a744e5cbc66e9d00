//! One look of a waiter.

use pyo3::prelude::*;

use crate::convert::IntoPython;

/// One look of a waiter, told as it happens.
#[pyclass(frozen, eq, get_all, module = "palette_maas")]
#[derive(PartialEq)]
pub(crate) struct WaitProgress {
    /// What is waited for.
    subject: String,
    /// The state that was seen, or the error of a look that failed and will be repeated.
    state: String,
    /// Whether the state differs from the look before.
    changed: bool,
    /// Looks so far, this one included.
    looks: u32,
    /// Seconds since waiting began, on the waiter's clock.
    elapsed: f64,
}

#[pymethods]
impl WaitProgress {
    fn __repr__(&self) -> String {
        format!(
            "WaitProgress(subject='{}', state='{}', looks={}, elapsed={})",
            self.subject, self.state, self.looks, self.elapsed
        )
    }
}

impl IntoPython for sdk_transport::WaitProgress {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let look = WaitProgress {
            subject: self.subject,
            state: self.state,
            changed: self.changed,
            looks: self.looks,
            elapsed: self.elapsed.as_secs_f64(),
        };
        Ok(Bound::new(py, look)?.into_any())
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        "WaitProgress".to_owned()
    }
}
