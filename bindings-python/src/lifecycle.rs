//! The engine: plain values in, plain values out, as dicts or as JSON text.

use std::time::Duration;

use lifecycle_core::{
    Desired, NetworkInput, PreviewOptions, Refusal, Request, World, canonical_json,
};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use sdk_transport::{
    Error,
    input::{self, Quoting},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    convert::plain,
    error::raise,
    options::{argument, from_python},
};

/// In which form values come and go.
trait Form {
    fn read<T: DeserializeOwned>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T>;
    fn write<T: Serialize>(py: Python<'_>, value: &T) -> PyResult<Py<PyAny>>;
}

/// Dicts, lists, strings, integers.
struct Values;

impl Form for Values {
    fn read<T: DeserializeOwned>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
        from_python(name, value, Quoting::Plain)
    }

    fn write<T: Serialize>(py: Python<'_>, value: &T) -> PyResult<Py<PyAny>> {
        plain(py, value).map(Bound::unbind)
    }
}

/// JSON text, going out canonical.
struct Json;

impl Form for Json {
    fn read<T: DeserializeOwned>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
        let text: String = argument(name, value)?;
        input::from_json(name, &text, Quoting::Plain).map_err(|error| raise(&error))
    }

    fn write<T: Serialize>(py: Python<'_>, value: &T) -> PyResult<Py<PyAny>> {
        let text =
            canonical_json(value).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(text.into_pyobject(py)?.into_any().unbind())
    }
}

/// A refusal as an error, the same in every language.
fn refused(refusal: &Refusal) -> Error {
    let error = Error::refused(refusal.code.as_str(), &refusal.message)
        .with_retry_after(refusal.retry_after_ms.map(Duration::from_millis))
        .with_details(refusal.args.clone().into_iter().collect());
    if refusal.hint.is_empty() {
        error
    } else {
        error.with_hint(&refusal.hint)
    }
}

/// Makes of each function of the engine one Python function for values and one for JSON text.
macro_rules! functions {
    ($(
        $(#[doc = $doc:literal])*
        fn $name:ident, $json:ident($($arg:ident: $arg_type:ty),* $(; $($option:ident: $option_type:ty),*)?) = $body:expr;
    )*) => {
        $(functions!(@one Values, $name, $(#[doc = $doc])* ($($arg: $arg_type),*) ($($($option: $option_type),*)?) $body);)*
        $(functions!(@one Json, $json, $(#[doc = $doc])* ($($arg: $arg_type),*) ($($($option: $option_type),*)?) $body);)*

        /// Puts the functions into the module.
        pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                module.add_function(wrap_pyfunction!($name, module)?)?;
                module.add_function(wrap_pyfunction!($json, module)?)?;
            )*
            Ok(())
        }
    };
    (@one $form:ident, $name:ident, $(#[doc = $doc:literal])* ($($arg:ident: $arg_type:ty),*) ($($option:ident: $option_type:ty),*) $body:expr) => {
        $(#[doc = $doc])*
        #[pyfunction]
        #[pyo3(signature = ($($arg,)* $($option=None),*))]
        fn $name(
            py: Python<'_>,
            $($arg: &Bound<'_, PyAny>,)*
            $($option: Option<&Bound<'_, PyAny>>),*
        ) -> PyResult<Py<PyAny>> {
            $(let $arg: $arg_type = $form::read(stringify!($arg), $arg)?;)*
            $(let $option: Option<$option_type> =
                $option.map(|value| $form::read(stringify!($option), value)).transpose()?;)*
            let answer: Result<_, Error> = py.detach(|| $body);
            $form::write(py, &answer.map_err(|error| raise(&error))?)
        }
    };
}

functions! {
    /// What is wrong or doubtful about what is wanted, without a look at the world.
    fn validate, validate_json(desired: Desired) = Ok(lifecycle_core::validate(&desired));
    /// Judges a user's request. Raises `RefusedError` with the refusal's own code (`E_…`) and its facts in `details`.
    fn admit, admit_json(request: Request, world: World) = lifecycle_core::admit(&request, &world).map_err(|refusal| refused(&refusal));
    /// What to do now, why, and when to ask again.
    fn decide, decide_json(world: World) = Ok(lifecycle_core::decide(&world));
    /// What will happen, step by step, before it is done; without a request, what is going on already.
    fn preview, preview_json(world: World; request: Request, options: PreviewOptions) =
        Ok(lifecycle_core::preview(&world, request.as_ref(), &options.unwrap_or_default()));
    /// How many addresses are needed, and which ranges clash.
    fn plan_network, plan_network_json(input: NetworkInput) = Ok(lifecycle_core::plan_network(&input));
}
