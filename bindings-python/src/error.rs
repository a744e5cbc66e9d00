//! One exception class per kind of error, all under `palette_maas.Error`.

use std::{collections::BTreeMap, time::Duration};

use pyo3::{
    exceptions::{PyConnectionError, PyException, PyOSError, PyTimeoutError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyTuple, PyType},
};
use sdk_transport::{Error, ErrorKind};

static CLASSES: PyOnceLock<BTreeMap<ErrorKind, Py<PyType>>> = PyOnceLock::new();

const BASE_DOC: &str = "The base of every error of this package.\n\nIts attributes are the same in Rust, Python and Node. No secret is in any of them.";

/// The attributes of an error: name, Python type, what an error has that does not set it, and what it says.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    (
        "code",
        "str",
        "The stable code, such as `NOT_FOUND`; of a refusal its own, such as `E_CAPACITY`.",
    ),
    ("message", "str", "What was wrong, in one sentence."),
    ("hint", "str | None", "What to do about it."),
    (
        "operation",
        "str | None",
        "The operation, such as `machine.deploy`.",
    ),
    (
        "status",
        "int | None",
        "The HTTP status, if there was an answer.",
    ),
    (
        "attempts",
        "int",
        "How many attempts were made; 0 if nothing was sent.",
    ),
    ("server_code", "str | None", "The server's own code."),
    (
        "reference",
        "str | None",
        "The server's reference for this answer, to quote to its operators.",
    ),
    (
        "body",
        "str | None",
        "The body of the answer after redaction, at most 64 KiB.",
    ),
    (
        "fields",
        "dict[str, list[str]]",
        "Which input fields the server refused, and why.",
    ),
    (
        "details",
        "Any",
        "Structured facts, such as a refusal's arguments.",
    ),
    (
        "retry_after",
        "float | None",
        "Seconds after which trying again makes sense.",
    ),
    (
        "retryable",
        "bool",
        "Whether the same call may succeed later without any change.",
    ),
];

/// The name of a kind's class: the kind with the ending that Python's conventions ask for.
fn class_name(kind: ErrorKind) -> String {
    let name = format!("{kind:?}");
    if name.ends_with("Error") {
        name
    } else {
        name + "Error"
    }
}

/// The built-in class that a kind also is, so that code which knows nothing of this package can catch it.
fn builtin<'py>(py: Python<'py>, kind: ErrorKind) -> Option<(&'static str, Bound<'py, PyType>)> {
    match kind {
        ErrorKind::Timeout => Some(("TimeoutError", py.get_type::<PyTimeoutError>())),
        ErrorKind::Connect => Some(("ConnectionError", py.get_type::<PyConnectionError>())),
        ErrorKind::InvalidInput => Some(("ValueError", py.get_type::<PyValueError>())),
        _ => None,
    }
}

fn new_class<'py>(
    py: Python<'py>,
    name: &str,
    bases: &Bound<'py, PyTuple>,
    attributes: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyType>> {
    attributes.set_item("__module__", "palette_maas")?;
    let class = py.get_type::<PyType>().call1((name, bases, attributes))?;
    Ok(class.cast_into::<PyType>()?)
}

/// Makes the classes and puts them into the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let defaults = PyDict::new(py);
    defaults.set_item("__doc__", BASE_DOC)?;
    for (name, kind, _) in ATTRIBUTES {
        let value = match *kind {
            "str" => "".into_pyobject(py)?.into_any(),
            "int" => 0_u32.into_pyobject(py)?.into_any(),
            "bool" => false.into_pyobject(py)?.to_owned().into_any(),
            kind if kind.starts_with("dict") => PyDict::new(py).into_any(),
            _ => py.None().into_bound(py),
        };
        defaults.set_item(name, value)?;
    }
    let base = new_class(
        py,
        "Error",
        &PyTuple::new(py, [py.get_type::<PyException>()])?,
        &defaults,
    )?;
    module.add("Error", &base)?;
    let mut classes = BTreeMap::new();
    for &kind in ErrorKind::ALL {
        let attributes = PyDict::new(py);
        attributes.set_item("__doc__", kind.meaning())?;
        attributes.set_item("code", kind.code())?;
        let bases = match builtin(py, kind) {
            Some((_, builtin)) => PyTuple::new(py, [base.clone(), builtin])?,
            None => PyTuple::new(py, [base.clone()])?,
        };
        let name = class_name(kind);
        let class = new_class(py, &name, &bases, &attributes)?;
        module.add(name.as_str(), &class)?;
        classes.insert(kind, class.unbind());
    }
    CLASSES.set(py, classes).map_err(|_| {
        pyo3::exceptions::PyImportError::new_err(
            "palette_maas._native cannot be loaded twice in one process",
        )
    })
}

/// The exception for an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES
        .get(py)
        .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))?;
    let exception = match classes.get(&error.kind()) {
        Some(class) => class.bind(py).call1((error.to_string(),))?,
        None => return Err(pyo3::exceptions::PyRuntimeError::new_err(error.to_string())),
    };
    exception.setattr("code", error.code())?;
    exception.setattr("message", error.message())?;
    exception.setattr("hint", error.hint())?;
    exception.setattr("operation", error.operation())?;
    exception.setattr("status", error.status())?;
    exception.setattr("attempts", error.attempts())?;
    exception.setattr("server_code", error.server_code())?;
    exception.setattr("reference", error.reference())?;
    exception.setattr("body", error.body())?;
    exception.setattr("fields", error.fields().clone())?;
    exception.setattr("details", pythonize::pythonize(py, &error.details())?)?;
    exception.setattr(
        "retry_after",
        error.retry_after().as_ref().map(Duration::as_secs_f64),
    )?;
    exception.setattr("retryable", error.is_retryable())?;
    if matches!(
        error.kind(),
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Transport
    ) && let Some(source) = std::error::Error::source(error)
    {
        let cause = py.get_type::<PyOSError>().call1((source.to_string(),))?;
        exception.setattr("__cause__", cause)?;
    }
    Ok(exception)
}

/// The exception for an error, ready to be raised.
pub(crate) fn raise(error: &Error) -> PyErr {
    Python::attach(|py| match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    })
}

/// The classes as they stand in the type stubs.
#[cfg(debug_assertions)]
pub(crate) fn stub(py: Python<'_>) -> String {
    use std::fmt::Write;

    let mut text = format!(
        "class Error(Exception):\n    {}\n\n",
        crate::stubs::docstring(BASE_DOC, "    ")
    );
    for (name, kind, doc) in ATTRIBUTES {
        let _ = writeln!(text, "    {name}: {kind}\n    \"\"\"{doc}\"\"\"");
    }
    for &kind in ErrorKind::ALL {
        let name = class_name(kind);
        let also = builtin(py, kind).map_or(String::new(), |(builtin, _)| {
            format!(", builtins.{builtin}")
        });
        let _ = writeln!(
            text,
            "\nclass {name}(Error{also}):\n    \"\"\"{}\"\"\"\n",
            kind.meaning()
        );
    }
    text
}
