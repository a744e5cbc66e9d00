//! What calls trace, told to Python's `logging`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pyo3::{
    exceptions::PyException,
    prelude::*,
    types::{PyDict, PyTuple},
};
use sdk_transport::record::{self, Record};
use tracing::instrument::WithSubscriber;

use crate::call::Progress;

/// The numbers of `logging`'s levels.
const DEBUG: u8 = 10;

fn number(level: &str) -> u8 {
    match level {
        "error" => 40,
        "warn" => 30,
        "info" => 20,
        _ => DEBUG,
    }
}

/// The call, telling the logger of this name what it traces if the logger wants to hear it. Nobody else hears it, and a
/// call whose logger does not want to pays for one question.
///
/// Records reach the logger where the caller is: in the waiting thread or in the event loop, never on a thread of ours.
pub(crate) fn told<T: Send + 'static>(
    py: Python<'_>,
    logger: &str,
    progress: &Progress,
    call: BoxFuture<'static, T>,
) -> PyResult<BoxFuture<'static, T>> {
    let logger = py.import("logging")?.call_method1("getLogger", (logger,))?;
    if !logger
        .call_method1("isEnabledFor", (DEBUG,))?
        .extract::<bool>()?
    {
        return Ok(call);
    }
    let logger = Arc::new(logger.unbind());
    let progress = progress.clone();
    let dispatch = record::tell(move |record| {
        let logger = Arc::clone(&logger);
        progress.post(Box::new(move |py| {
            match log(logger.bind(py), &record) {
                // A logger that fails must not fail a call that may have changed something.
                Err(error) if error.is_instance_of::<PyException>(py) => {
                    error.write_unraisable(py, None);
                    Ok(())
                }
                result => result,
            }
        }));
    });
    Ok(Box::pin(call.with_subscriber(dispatch)))
}

fn log(logger: &Bound<'_, PyAny>, record: &Record) -> PyResult<()> {
    let py = logger.py();
    let keywords = PyDict::new(py);
    keywords.set_item("extra", pythonize::pythonize(py, &record.fields)?)?;
    let arguments: Bound<'_, PyTuple> =
        (number(record.level), "%s", record.to_string()).into_pyobject(py)?;
    logger.call_method("log", arguments, Some(&keywords))?;
    Ok(())
}
