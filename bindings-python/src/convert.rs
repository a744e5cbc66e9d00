//! From Rust values to Python objects, with the types that the stubs name.

use std::{collections::BTreeMap, sync::Arc};

use maas_client::StorageDevice;
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyDict, PyList},
};
use serde::Serialize;
use serde_json::Value;

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
    () => "None", bool => "bool", i64 => "int", u64 => "int", u32 => "int", f64 => "float", String => "str",
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

/// A value of Rust that has a frozen Python class.
pub(crate) trait Model: Serialize + PartialEq + Send + Sync + Sized + 'static {
    /// The name of the class.
    const NAME: &'static str;

    /// An object of the class that shares the value.
    fn wrap(py: Python<'_>, value: Arc<Self>) -> PyResult<Bound<'_, PyAny>>;
}
