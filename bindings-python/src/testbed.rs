//! The simulated servers.

use jiff::Timestamp;
use pyo3::{
    prelude::*,
    types::{PyDateTime, PyDict, PyTuple},
};
use sdk_transport::{
    Clock, Error,
    input::{self, Quoting},
};
use serde::Deserialize;
use testbed::{Fault, SimClock};

use crate::{
    call::{Prepared, Progress, done},
    convert::{plain, type_name},
    error::raise,
    options::{argument, from_python, seconds, take},
    runtime::{Connected, runtime},
};

/// What a fault is described by; serde lets unknown names pass here.
const FAULT: [&str; 14] = [
    "method",
    "path",
    "kind",
    "op",
    "skip",
    "count",
    "probability",
    "deed_done",
    "ms",
    "status",
    "retry_after",
    "body",
    "bytes",
    "value",
];

/// How a testbed is started.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Start {
    speed: f64,
    seed: u64,
    paused: bool,
    port: u16,
    tls: bool,
    healthy: bool,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            speed: 1.0,
            seed: 0,
            paused: false,
            port: 0,
            tls: false,
            healthy: false,
        }
    }
}

/// Starts the simulated servers on loopback.
///
/// Keyword arguments: `speed` (simulated seconds per second, default 1), `seed` of everything random, `start_time` (a
/// datetime with a time zone; default now), `paused`, `port`, `tls`, and `healthy`, which repairs the machines that fail
/// in the recorded region.
#[pyfunction]
#[pyo3(signature = (**options))]
fn start(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Testbed> {
    let empty = PyDict::new(py);
    let options = options.unwrap_or(&empty);
    let start_time = take(options, "start_time")?
        .map(|time| timestamp(&time))
        .transpose()?;
    let start: Start = from_python("", options, Quoting::Never)?;
    let mut builder = testbed::Testbed::builder()
        .speed(start.speed)
        .seed(start.seed)
        .paused(start.paused)
        .port(start.port)
        .healthy(start.healthy);
    if let Some(time) = start_time {
        builder = builder.start_time(time);
    }
    if start.tls {
        builder = builder.tls();
    }
    let runtime = runtime()?;
    let running = py
        .detach(|| runtime.block_on(builder.start()))
        .map_err(|error| raise(&Error::invalid_input(error.to_string())))?;
    Ok(Testbed {
        running: Connected::new("testbed", running),
    })
}

fn timestamp(time: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let Ok(time) = time.cast::<PyDateTime>() else {
        return Err(raise(&Error::invalid_input(format!(
            "`start_time`: expected a datetime with a time zone, not {}",
            type_name(time)
        ))));
    };
    let text: String = time.call_method0("isoformat")?.extract()?;
    text.parse().map_err(|_| {
        raise(&Error::invalid_input(format!(
            "`start_time` is {text}: give a datetime with a time zone"
        )))
    })
}

/// Running simulated servers. Leaving the `with` block stops them.
#[pyclass(frozen, module = "palette_maas.testbed")]
pub(crate) struct Testbed {
    running: Connected<testbed::Testbed>,
}

impl Testbed {
    fn with<T>(&self, look: impl FnOnce(&testbed::Testbed) -> T) -> PyResult<T> {
        match &*self.running.lock().map_err(|error| raise(&error))? {
            Some(running) => Ok(look(running)),
            None => Err(raise(
                &Error::invalid_input("the testbed is stopped").with_hint("start a new one"),
            )),
        }
    }

    fn ending(&self) -> Prepared {
        let running = self.running.take();
        Prepared::new::<(), _>(Progress::default(), async move {
            if let Some(running) = running {
                running.stop().await;
            }
            Ok(())
        })
    }
}

#[pymethods]
impl Testbed {
    /// The base URL of the MAAS region.
    #[getter]
    fn maas_url(&self) -> PyResult<String> {
        self.with(testbed::Testbed::maas_url)
    }

    /// The API key of the region's administrator `admin`.
    #[getter]
    fn maas_api_key(&self) -> PyResult<String> {
        self.with(|running| running.maas_api_key().to_owned())
    }

    /// The API key of `user1`, who is not an administrator.
    #[getter]
    fn maas_user_api_key(&self) -> PyResult<String> {
        self.with(|running| running.maas_user_api_key().to_owned())
    }

    /// The base URL of Palette.
    #[getter]
    fn palette_url(&self) -> PyResult<String> {
        self.with(testbed::Testbed::palette_url)
    }

    /// The key that goes into Palette's header `ApiKey`.
    #[getter]
    fn palette_api_key(&self) -> PyResult<String> {
        self.with(testbed::Testbed::palette_api_key)
    }

    /// The uid of Palette's one project, `Default`.
    #[getter]
    fn palette_project_uid(&self) -> PyResult<String> {
        self.with(testbed::Testbed::palette_project_uid)
    }

    /// The uid of Palette's one private cloud gateway.
    #[getter]
    fn palette_gateway_uid(&self) -> PyResult<String> {
        self.with(testbed::Testbed::palette_gateway_uid)
    }

    /// The certificate of the testbed's own authority in PEM, if it serves HTTPS.
    #[getter]
    fn ca_pem(&self) -> PyResult<Option<String>> {
        self.with(|running| running.ca_pem().map(str::to_owned))
    }

    /// The simulated clock. Give it to clients, so that they wait in simulated time.
    #[getter]
    fn clock(&self) -> PyResult<TestbedClock> {
        self.with(|running| TestbedClock(running.clock()))
    }

    /// Orders a fault and returns its number: `method`, `path` (`*` for any characters), `kind` (`refuse`,
    /// `reset_after_headers`, `delay` with `ms`, `status` with `status`, `retry_after` and `body`, `cut` with `bytes`,
    /// `garbage`, `content_type` with `value`), and `op`, `skip`, `count`, `probability`, `deed_done`.
    #[pyo3(signature = (**fault))]
    fn order_fault(&self, py: Python<'_>, fault: Option<&Bound<'_, PyDict>>) -> PyResult<u64> {
        let empty = PyDict::new(py);
        let fault = fault.unwrap_or(&empty);
        for name in fault.keys() {
            let name: String = argument("fault", &name)?;
            if !FAULT.contains(&name.as_str()) {
                return Err(raise(&input::unknown(&name, &FAULT)));
            }
        }
        let fault: Fault = from_python("", fault, Quoting::Never)?;
        self.with(|running| running.faults().order(fault))
    }

    /// Cancels all faults.
    fn clear_faults(&self) -> PyResult<()> {
        self.with(|running| running.faults().clear())
    }

    /// The requests that came, oldest first, without credentials: `method`, `path`, `query`, `headers`, `body`, `status`,
    /// `fault` and the times of arrival.
    fn history<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.with(|running| running.history().requests())?)
    }

    /// Lets the next deployment of the machine with this host name fail, with this reason.
    fn fail_next_deploy(
        &self,
        hostname: &Bound<'_, PyAny>,
        reason: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let hostname: String = argument("hostname", hostname)?;
        let reason: String = argument("reason", reason)?;
        self.with(|running| running.region().fail_next_deploy(&hostname, &reason))
    }

    /// Lets all further deployments of the machine with this host name last so long, in simulated seconds or as
    /// timedelta.
    fn slow_deploy(&self, hostname: &Bound<'_, PyAny>, lasts: &Bound<'_, PyAny>) -> PyResult<()> {
        let hostname: String = argument("hostname", hostname)?;
        let lasts = seconds("lasts", lasts)?;
        self.with(|running| running.region().slow_deploy(&hostname, lasts))
    }

    /// What was not there at the start and is still there; empty when everything was given back.
    fn leftovers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.with(testbed::Testbed::leftovers)?)
    }

    /// Puts everything back as it was at the start.
    fn reset(&self) -> PyResult<()> {
        self.with(testbed::Testbed::reset)
    }

    /// Stops the servers. A stopped testbed may be stopped again.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.ending().block(py).map(drop)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.stop(py)
    }

    fn __aenter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        done(py, slf.into_any())
    }

    #[pyo3(signature = (*_error))]
    fn __aexit__(&self, py: Python<'_>, _error: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        self.ending().coroutine(py)
    }

    fn __repr__(&self) -> String {
        self.with(testbed::Testbed::palette_url).map_or_else(
            |_| "Testbed(stopped)".to_owned(),
            |url| format!("Testbed('{url}')"),
        )
    }
}

/// The simulated clock.
#[pyclass(frozen, name = "Clock", module = "palette_maas.testbed")]
pub(crate) struct TestbedClock(SimClock);

impl TestbedClock {
    /// The clock as a client's waiters take it.
    pub(crate) fn clock(&self) -> Clock {
        let (now, sleep) = (self.0.clone(), self.0.clone());
        Clock::new(
            move || now.now(),
            move |duration| {
                let clock = sleep.clone();
                async move { clock.sleep(duration).await }
            },
        )
    }
}

#[pymethods]
impl TestbedClock {
    /// The simulated time, in UTC.
    fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let datetime = py.import("datetime")?;
        let elapsed = PyDict::new(py);
        elapsed.set_item("microseconds", self.0.now_micros())?;
        let utc = datetime.getattr("timezone")?.getattr("utc")?;
        let epoch = datetime
            .getattr("datetime")?
            .call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
        epoch.call_method1(
            "__add__",
            (datetime.getattr("timedelta")?.call((), Some(&elapsed))?,),
        )
    }

    /// Lets so much simulated time pass at once, in seconds or as timedelta; everything due in it happens.
    fn advance(&self, py: Python<'_>, duration: &Bound<'_, PyAny>) -> PyResult<()> {
        let (clock, duration) = (self.0.clone(), seconds("duration", duration)?);
        let advance = Prepared::new::<(), _>(Progress::default(), async move {
            clock.advance(duration).await;
            Ok(())
        });
        advance.block(py).map(drop)
    }

    /// Stops the simulated clock; only `advance` moves it then.
    fn pause(&self) {
        self.0.pause();
    }

    /// Lets the simulated clock go on.
    fn resume(&self) {
        self.0.resume();
    }

    /// Simulated seconds per second.
    #[getter]
    fn speed(&self) -> f64 {
        self.0.speed()
    }

    fn __repr__(&self) -> String {
        format!("Clock({}, speed={})", self.0.now(), self.0.speed())
    }
}

/// Puts classes and functions into the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Testbed>()?;
    module.add("TestbedClock", module.py().get_type::<TestbedClock>())?;
    module.add_function(wrap_pyfunction!(start, module)?)
}
