//! The engine: plain values in, plain values out, as dicts or as JSON text.

use lifecycle_core::{Finding, canonical_json};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    convert::plain,
    options::{from_json, from_python},
};

/// Where a value comes from: Python's own values or JSON text.
enum Form {
    Values,
    Json,
}

impl Form {
    fn read<T: DeserializeOwned>(&self, root: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
        match self {
            Self::Values => from_python(root, value),
            Self::Json => from_json(root, &value.extract::<String>()?),
        }
    }

    fn write<T: Serialize>(&self, py: Python<'_>, value: &T) -> PyResult<Py<PyAny>> {
        match self {
            Self::Values => plain(py, value).map(Bound::unbind),
            Self::Json => {
                let text = canonical_json(value)
                    .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
                Ok(text.into_pyobject(py)?.into_any().unbind())
            }
        }
    }
}

/// What is wrong with what is wanted, without a look at the world.
#[pyfunction]
fn validate(py: Python<'_>, desired: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    validate_as(&Form::Values, py, desired)
}

/// Like `validate`, from JSON text to canonical JSON text.
#[pyfunction]
fn validate_json(py: Python<'_>, desired: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    validate_as(&Form::Json, py, desired)
}

fn validate_as(form: &Form, py: Python<'_>, desired: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let desired = form.read("desired", desired)?;
    let findings: Vec<Finding> = py.detach(|| lifecycle_core::validate(&desired));
    form.write(py, &findings)
}

/// Puts the functions into the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(validate, module)?)?;
    module.add_function(wrap_pyfunction!(validate_json, module)?)?;
    Ok(())
}
