//! The macro that makes a frozen Python class of a Rust model.

/// Makes a frozen Python class of a Rust value: an attribute for each field, `repr`, `==`, `to_dict()` and pickling.
///
/// ```text
/// model! {
///     /// An availability zone.
///     Zone(maas_client::Zone) in "palette_maas.maas", shown as (name);
///     /// The number.
///     id,
///     …
/// }
/// ```
/// The object shares the Rust value; an attribute becomes a Python object when it is read.
macro_rules! model {
    (
        $(#[doc = $doc:literal])*
        $name:ident($rust:ty) in $module:literal, shown as ($($shown:ident),*);
        $($(#[doc = $field_doc:literal])* $field:ident),* $(,)?
    ) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(frozen, module = $module)]
        pub(crate) struct $name(std::sync::Arc<$rust>);

        #[pyo3::pymethods]
        impl $name {
            $($(#[doc = $field_doc])*
            #[getter]
            fn $field<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::convert::IntoPython::into_python(self.0.$field.clone(), py)
            })*

            /// Fields that this version does not know, as they came.
            #[getter]
            fn extra<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::convert::IntoPython::into_python(self.0.extra.clone(), py)
            }

            /// The value as dicts, lists, strings and numbers, with the names that the API uses.
            fn to_dict<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::convert::plain(py, &*self.0)
            }

            /// The value of such a dict.
            #[staticmethod]
            fn from_dict(value: &pyo3::Bound<'_, pyo3::types::PyDict>) -> pyo3::PyResult<Self> {
                Ok(Self(std::sync::Arc::new($crate::options::from_python("", value, sdk_transport::input::Quoting::Never)?)))
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (pyo3::Bound<'py, pyo3::PyAny>,))> {
                use pyo3::types::PyAnyMethods;
                let class = slf.get_type();
                Ok((class.getattr("from_dict")?, (slf.get().to_dict(slf.py())?,)))
            }

            fn __eq__(&self, other: &pyo3::Bound<'_, pyo3::PyAny>) -> bool {
                other.cast::<Self>().is_ok_and(|other| *self.0 == *other.get().0)
            }

            fn __repr__(&self) -> String {
                let shown: &[String] = &[$(format!(
                    concat!(stringify!($shown), "={}"),
                    $crate::model::shown(&self.0.$shown)
                )),*];
                format!("{}({})", stringify!($name), shown.join(", "))
            }
        }

        impl $crate::convert::Model for $rust {
            const NAME: &'static str = stringify!($name);

            fn wrap(
                py: pyo3::Python<'_>,
                value: std::sync::Arc<Self>,
            ) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                Ok(pyo3::Bound::new(py, $name(value))?.into_any())
            }
        }

        impl $crate::convert::IntoPython for $rust {
            fn into_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::PyAny>> {
                $crate::convert::Model::wrap(py, std::sync::Arc::new(self))
            }

            #[cfg(debug_assertions)]
            fn type_name() -> String {
                stringify!($name).to_owned()
            }
        }

        #[cfg(debug_assertions)]
        impl $crate::stubs::Stub for $name {
            fn stub() -> String {
                $crate::stubs::model(
                    stringify!($name),
                    concat!($($doc, "\n"),*),
                    &[$((
                        stringify!($field),
                        $crate::stubs::type_of(|value: &$rust| value.$field.clone()),
                        concat!($($field_doc, "\n"),*),
                    )),*],
                )
            }
        }
    };
}
pub(crate) use model;

/// Names the models of a module, for its registration and its stubs.
macro_rules! models {
    ($($model:ident),*) => {
        pub(super) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
            use pyo3::types::PyModuleMethods;
            $(module.add_class::<$model>()?;)*
            Ok(())
        }

        #[cfg(debug_assertions)]
        pub(super) fn stub() -> String {
            [$(<$model as $crate::stubs::Stub>::stub()),*].join("\n")
        }
    };
}
pub(crate) use models;

/// A field as `repr` shows it: text in quotes as Python writes it, numbers bare.
pub(crate) fn shown<T: serde::Serialize + ?Sized>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Null) => "None".to_owned(),
        Ok(serde_json::Value::Bool(value)) => if value { "True" } else { "False" }.to_owned(),
        Ok(serde_json::Value::String(text)) => {
            format!(
                "'{}'",
                text.escape_debug().to_string().replace("\\\"", "\"")
            )
        }
        Ok(other) => other.to_string(),
        Err(_) => "?".to_owned(),
    }
}
