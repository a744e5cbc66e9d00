//! Keyword arguments, read through serde into the clients' options.

use std::{fmt::Display, time::Duration};

use pyo3::{
    prelude::*,
    types::{PyDelta, PyDict},
};
use pythonize::Depythonizer;
use sdk_transport::{Error, WaitOptions, WaitProgress};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{call::Progress, error::raise};

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
            serde_path_to_error::deserialize(&mut Depythonizer::from_object(keywords))
                .map_err(|error| raise(&refusal("", &error, &["timeout"])))
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
                    let (progress, callback) = (progress.clone(), value.unbind());
                    options = options
                        .on_progress(move |look: &WaitProgress| progress.tell(&callback, look));
                }
                _ => return Err(raise(&unknown(&name, &WAIT))),
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
) -> PyResult<T> {
    serde_path_to_error::deserialize(&mut Depythonizer::from_object(value))
        .map_err(|error| raise(&refusal(root, &error, &[])))
}

/// Reads JSON text likewise.
pub(crate) fn from_json<T: DeserializeOwned>(root: &str, text: &str) -> PyResult<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| raise(&refusal(root, &error, &[])))?;
    deserializer
        .end()
        .map_err(|error| raise(&Error::invalid_input(format!("`{root}`: {error}"))))?;
    Ok(value)
}

fn refusal<E: Display>(
    root: &str,
    error: &serde_path_to_error::Error<E>,
    also_known: &[&str],
) -> Error {
    let (path, message) = (error.path().to_string(), error.inner().to_string());
    let place = match (root, path.as_str()) {
        (_, "." | "") => root.to_owned(),
        ("", path) => path.to_owned(),
        (root, path) if path.starts_with('[') => format!("{root}{path}"),
        (root, path) => format!("{root}.{path}"),
    };
    // serde quotes first the name that it does not know, then those that it does.
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let Some((&name, known)) = quoted.split_first()
        && (message.starts_with("unknown field") || message.contains(": unknown field"))
    {
        let within = place
            .strip_suffix(name)
            .map_or(place.as_str(), |rest| rest.trim_end_matches('.'));
        let error = unknown(name, &[known, also_known].concat());
        return if within.is_empty() {
            error
        } else {
            Error::invalid_input(format!("{within}: {}", error.message()))
                .with_hint(error.hint().unwrap_or_default())
        };
    }
    if place.is_empty() {
        Error::invalid_input(message)
    } else {
        Error::invalid_input(format!("`{place}`: {message}"))
    }
}

/// The refusal of a keyword that does not exist.
fn unknown(name: &str, known: &[&str]) -> Error {
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .min();
    let hint = match (nearest, known) {
        (Some((_, nearest)), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "there are no options here".to_owned(),
        (None, known) => format!("known are {}", known.join(", ")),
    };
    Error::invalid_input(format!("there is no `{name}`")).with_hint(hint)
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
