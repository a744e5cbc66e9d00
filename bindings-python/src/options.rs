//! Keyword arguments, read through serde into the clients' options.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pyo3::{
    prelude::*,
    types::{PyDelta, PyDict},
};
use sdk_transport::{
    Error, WaitOptions, WaitProgress,
    input::{self, Quoting},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    call::Progress,
    convert::{plain_data, type_name},
    error::raise,
};

/// What a call's keyword arguments become.
pub(crate) trait Keywords: Sized {
    /// Whether `timeout` is among them. Otherwise it is the time for each attempt, which every call takes.
    const OWN_TIMEOUT: bool = false;

    /// Reads them; `progress` is where a waiter tells its looks.
    fn read(keywords: Option<&Bound<'_, PyDict>>, progress: &Progress) -> PyResult<Self>;

    /// The keywords in the type stubs: name and Python type.
    #[cfg(debug_assertions)]
    fn stub() -> Vec<(String, String)>;
}

/// No keyword arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoOptions {}

impl<T: DeserializeOwned> Keywords for T {
    fn read(keywords: Option<&Bound<'_, PyDict>>, _: &Progress) -> PyResult<Self> {
        Python::attach(|py| {
            let none = PyDict::new(py);
            let keywords = keywords.unwrap_or(&none);
            read_value("", keywords.as_any(), Quoting::Never, &["timeout"])
        })
    }

    #[cfg(debug_assertions)]
    fn stub() -> Vec<(String, String)> {
        crate::stubs::keywords::<T>()
    }
}

/// The keyword arguments of a waiter: `timeout`, `min_delay`, `max_delay` (seconds or timedelta) and `on_progress`.
#[derive(Debug)]
pub(crate) struct Wait(pub(crate) WaitOptions);

const WAIT: [&str; 4] = ["timeout", "min_delay", "max_delay", "on_progress"];

impl Keywords for Wait {
    const OWN_TIMEOUT: bool = true;

    fn read(keywords: Option<&Bound<'_, PyDict>>, progress: &Progress) -> PyResult<Self> {
        let mut options = WaitOptions::new();
        let Some(keywords) = keywords else {
            return Ok(Self(options));
        };
        for (name, value) in keywords {
            let name: String = name.extract()?;
            match name.as_str() {
                _ if value.is_none() => {}
                "timeout" => options.timeout = seconds("timeout", &value)?,
                "min_delay" => options.min_delay = seconds("min_delay", &value)?,
                "max_delay" => options.max_delay = seconds("max_delay", &value)?,
                "on_progress" => {
                    if !value.is_callable() {
                        return Err(raise(&Error::invalid_input(
                            "`on_progress` is not callable",
                        )));
                    }
                    let (progress, callback) = (progress.clone(), Arc::new(value.unbind()));
                    options = options
                        .on_progress(move |look: &WaitProgress| progress.tell(&callback, look));
                }
                _ => return Err(raise(&input::unknown(&name, &WAIT))),
            }
        }
        Ok(Self(options))
    }

    #[cfg(debug_assertions)]
    fn stub() -> Vec<(String, String)> {
        let seconds = "float | timedelta | None";
        let types = [
            seconds,
            seconds,
            seconds,
            "Callable[[WaitProgress], object] | None",
        ];
        WAIT.iter()
            .zip(types)
            .map(|(name, kind)| ((*name).to_owned(), kind.to_owned()))
            .collect()
    }
}

/// Reads a value of Python, naming the place of what does not fit and the nearest name of what does not exist.
pub(crate) fn from_python<T: DeserializeOwned>(
    root: &str,
    value: &Bound<'_, PyAny>,
    quoting: Quoting,
) -> PyResult<T> {
    read_value(root, value, quoting, &[])
}

fn read_value<T: DeserializeOwned>(
    root: &str,
    value: &Bound<'_, PyAny>,
    quoting: Quoting,
    also_known: &[&str],
) -> PyResult<T> {
    let value = plain_data(value, root, 0)?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        raise(&input::refused(
            root,
            &error.path().to_string(),
            &error.inner().to_string(),
            quoting,
            also_known,
        ))
    })
}

/// Reads an argument that is not a keyword.
pub(crate) fn argument<'py, T: ArgumentType<'py>>(
    name: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<T> {
    T::read(value).ok_or_else(|| {
        raise(&Error::invalid_input(format!(
            "`{name}`: expected {}, not {}",
            T::EXPECTED,
            type_name(value)
        )))
    })
}

/// What an argument can be.
pub(crate) trait ArgumentType<'py>: Sized {
    /// In words.
    const EXPECTED: &'static str;

    /// `None` if it is something else.
    fn read(value: &Bound<'py, PyAny>) -> Option<Self>;
}

macro_rules! argument_types {
    ($($type:ty => $expected:literal),* $(,)?) => {
        $(impl<'py> ArgumentType<'py> for $type {
            const EXPECTED: &'static str = $expected;

            fn read(value: &Bound<'py, PyAny>) -> Option<Self> {
                value.extract().ok()
            }
        })*
    };
}
argument_types! {
    String => "a str",
    i64 => "an int of 64 bits",
    Vec<String> => "a list of str",
    BTreeMap<String, String> => "a dict of str to str",
}

/// A time span: seconds or a timedelta.
pub(crate) fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds: f64 = if value.is_instance_of::<PyDelta>() {
        value.call_method0("total_seconds")?.extract()?
    } else {
        value.extract().map_err(|_| {
            raise(&Error::invalid_input(format!(
                "`{name}` is neither seconds nor a timedelta"
            )))
        })?
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        raise(&Error::invalid_input(format!(
            "`{name}` is {seconds}: give a time span of 0 seconds or more"
        )))
    })
}

/// Reads a call's keyword arguments: the time for each attempt, and the call's own.
pub(crate) fn read<T: Keywords>(
    keywords: Option<&Bound<'_, PyDict>>,
    progress: &Progress,
) -> PyResult<(Option<Duration>, T)> {
    let timeout = match keywords {
        Some(keywords) if !T::OWN_TIMEOUT => take_seconds(keywords, "timeout")?,
        _ => None,
    };
    Ok((timeout, T::read(keywords, progress)?))
}

/// Takes a time span out of the keyword arguments.
pub(crate) fn take_seconds(keywords: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<Duration>> {
    match take(keywords, name)? {
        Some(value) => seconds(name, &value).map(Some),
        None => Ok(None),
    }
}

/// Takes one out of the keyword arguments; `None` counts as absent.
pub(crate) fn take<'py>(
    keywords: &Bound<'py, PyDict>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(value) = keywords.get_item(name)? else {
        return Ok(None);
    };
    keywords.del_item(name)?;
    Ok((!value.is_none()).then_some(value))
}
