//! From Rust values to Python objects, with the types that the stubs name.

use std::{collections::BTreeMap, sync::Arc};

use maas_client::StorageDevice;
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{
        PyBool, PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PyMapping, PySequence,
        PySet, PyString,
    },
};
use sdk_transport::Error;
use serde::Serialize;
use serde_json::Value;

use crate::error::raise;

/// What can be handed to Python.
pub(crate) trait IntoPython {
    /// The Python object.
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;

    /// Its type in the stubs.
    #[cfg(debug_assertions)]
    fn type_name() -> String;
}

macro_rules! natives {
    ($($rust:ty => $python:literal),* $(,)?) => {
        $(impl IntoPython for $rust {
            fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
                self.into_bound_py_any(py)
            }

            #[cfg(debug_assertions)]
            fn type_name() -> String {
                $python.to_owned()
            }
        })*
    };
}
natives! {
    bool => "bool", i64 => "int", u64 => "int", u32 => "int", f64 => "float", String => "str",
}

impl IntoPython for () {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(py.None().into_bound(py))
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        "None".to_owned()
    }
}

/// Text values with a name for each: plain strings in Python.
macro_rules! names {
    ($($rust:ty),* $(,)?) => {
        $(impl $crate::convert::IntoPython for $rust {
            fn into_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                pyo3::IntoPyObjectExt::into_bound_py_any(self.to_string(), py)
            }

            #[cfg(debug_assertions)]
            fn type_name() -> String {
                "str".to_owned()
            }
        })*
    };
}
pub(crate) use names;

impl IntoPython for Value {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        plain(py, &self)
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        "Any".to_owned()
    }
}

impl<T: IntoPython> IntoPython for Option<T> {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.map_or_else(
            || Ok(py.None().into_bound(py)),
            |value| value.into_python(py),
        )
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        format!("{} | None", T::type_name())
    }
}

impl<T: IntoPython> IntoPython for Box<T> {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        (*self).into_python(py)
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        T::type_name()
    }
}

impl<T: IntoPython> IntoPython for Vec<T> {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let list = PyList::empty(py);
        for value in self {
            list.append(value.into_python(py)?)?;
        }
        Ok(list.into_any())
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        format!("builtins.list[{}]", T::type_name())
    }
}

impl<T: IntoPython> IntoPython for BTreeMap<String, T> {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let dict = PyDict::new(py);
        for (key, value) in self {
            dict.set_item(key, value.into_python(py)?)?;
        }
        Ok(dict.into_any())
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        format!("dict[str, {}]", T::type_name())
    }
}

impl IntoPython for StorageDevice {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::BlockDevice(device) => device.into_python(py),
            Self::Partition(partition) => partition.into_python(py),
            other => plain(py, &other),
        }
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        "BlockDevice | Partition".to_owned()
    }
}

/// A value as dicts, lists, strings and numbers.
pub(crate) fn plain<'py, T: Serialize>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize::pythonize(py, value)?)
}

/// How deep what a user gives may be nested; what contains itself is deeper than anything.
const DEEPEST: usize = 100;

/// A value of Python as plain data: nothing is taken for what it is not, such as text for a boolean. Bytes become a list
/// of numbers. `place` names it in errors.
pub(crate) fn plain_data(value: &Bound<'_, PyAny>, place: &str, depth: usize) -> PyResult<Value> {
    let refuse = |what: &str| {
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("`{place}`: ")
        };
        raise(&Error::invalid_input(format!("{place}{what}")))
    };
    if depth > DEEPEST {
        return Err(refuse("it is nested too deeply, or contains itself"));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(flag.is_true().into());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(refuse("the text has characters that are none (surrogates)")),
        };
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().into());
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Ok(bytes.to_vec().into());
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut object = serde_json::Map::new();
        for pair in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let Ok(name) = name.extract::<String>() else {
                return Err(refuse(&format!(
                    "expected str as keys, not {}",
                    type_name(&name)
                )));
            };
            let within = if place.is_empty() {
                name.clone()
            } else {
                format!("{place}.{name}")
            };
            let value = plain_data(&value, &within, depth + 1)?;
            object.insert(name, value);
        }
        return Ok(object.into());
    }
    let is_list = value.cast::<PySequence>().is_ok()
        || value.cast::<PySet>().is_ok()
        || value.cast::<PyFrozenSet>().is_ok();
    if is_list {
        let mut list = Vec::new();
        for (index, value) in value.try_iter()?.enumerate() {
            list.push(plain_data(
                &value?,
                &format!("{place}[{index}]"),
                depth + 1,
            )?);
        }
        return Ok(list.into());
    }
    // Also what is a number to Python without being its own kind of number.
    if let Ok(number) = value.extract::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = value.extract::<u64>() {
        return Ok(number.into());
    }
    if value.cast::<PyInt>().is_ok() {
        return Err(refuse("the number has more than 64 bits"));
    }
    match value.extract::<f64>() {
        Ok(number) => match serde_json::Number::from_f64(number) {
            Some(number) => Ok(number.into()),
            None => Err(refuse("the number is not finite")),
        },
        Err(_) => Err(refuse(&format!(
            "expected plain data, not {}",
            type_name(value)
        ))),
    }
}

/// The name of a value's type.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "something else".to_owned(), |name| name.to_string())
}

/// A value of Rust that has a frozen Python class.
pub(crate) trait Model: Serialize + PartialEq + Send + Sync + Sized + 'static {
    /// The name of the class.
    const NAME: &'static str;

    /// An object of the class that shares the value.
    fn wrap(py: Python<'_>, value: Arc<Self>) -> PyResult<Bound<'_, PyAny>>;
}
