//! What the clients' Python classes share: settings, closing, forks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pyo3::{prelude::*, types::PyDict};
use sdk_transport::{Clock, Error, ResponseLog, TlsOptions, input::Quoting};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    error::raise,
    options::{from_python, take, take_seconds},
    runtime::Connected,
    testbed::TestbedClock,
};

/// A client that a Python object and its nouns share until it is closed.
pub(crate) struct Handle<C> {
    client: Arc<Connected<C>>,
    log: Option<ResponseLog>,
}

impl<C> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self {
            client: Arc::clone(&self.client),
            log: self.log.clone(),
        }
    }
}

/// What [`Handle`] needs of a client.
pub(crate) trait Client: Clone {
    /// The logger that hears of its calls.
    const LOGGER: &'static str;

    /// The same client with another time for each attempt.
    fn timed(&self, timeout: Duration) -> Self;

    /// The same client, which also tells the heads of answers.
    fn logged(&self, log: ResponseLog) -> Self;
}

impl<C: Client> Handle<C> {
    pub(crate) fn new(client: C) -> Self {
        Self {
            client: Arc::new(Connected::new("client", client)),
            log: None,
        }
    }

    /// The same client, closed with this one, which also tells the heads of answers.
    pub(crate) fn with_log(&self, log: ResponseLog) -> Self {
        Self {
            log: Some(log),
            ..self.clone()
        }
    }

    /// The client for one call.
    pub(crate) fn client(&self, timeout: Option<Duration>) -> PyResult<C> {
        let client = self.client.lock().map_err(|error| raise(&error))?;
        let Some(mut client) = client.clone() else {
            return Err(raise(
                &Error::invalid_input("the client is closed").with_hint("make a new one"),
            ));
        };
        if let Some(timeout) = timeout {
            client = client.timed(timeout);
        }
        if let Some(log) = &self.log {
            client = client.logged(log.clone());
        }
        Ok(client)
    }

    /// Lets go of the connections.
    pub(crate) fn close(&self) {
        self.client.take();
    }
}

/// The keyword arguments of a client that go through serde.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plain {
    // Taken out before, since no JSON could hold them; named here for whoever misspells them.
    timeout: Option<IgnoredAny>,
    connect_timeout: Option<IgnoredAny>,
    clock: Option<IgnoredAny>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) max_in_flight: Option<usize>,
    pub(crate) application: Option<String>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
    pub(crate) proxy: Option<String>,
    pub(crate) no_proxy: Option<bool>,
    pub(crate) ca_file: Option<String>,
    pub(crate) ca_pem: Option<String>,
    pub(crate) only_these_ca: Option<bool>,
    pub(crate) client_identity_pem: Option<sdk_transport::Secret>,
    pub(crate) server_name: Option<String>,
    pub(crate) danger_accept_any_certificate: Option<bool>,
}

/// All keyword arguments of a client.
pub(crate) struct Settings {
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) clock: Option<Clock>,
    pub(crate) plain: Plain,
}

impl Settings {
    pub(crate) fn read(py: Python<'_>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let empty = PyDict::new(py);
        let keywords = keywords.unwrap_or(&empty);
        let clock = match take(keywords, "clock")? {
            Some(clock) => Some(
                clock
                    .cast::<TestbedClock>()
                    .map_err(|_| {
                        raise(&Error::invalid_input(
                            "`clock` is not the clock of a testbed",
                        ))
                    })?
                    .get()
                    .clock(),
            ),
            None => None,
        };
        Ok(Self {
            timeout: take_seconds(keywords, "timeout")?,
            connect_timeout: take_seconds(keywords, "connect_timeout")?,
            clock,
            plain: from_python("", keywords, Quoting::Never)?,
        })
    }

    /// The keywords in the type stubs.
    #[cfg(debug_assertions)]
    pub(crate) fn stub() -> Vec<(String, String)> {
        let mut keywords = crate::stubs::keywords::<Plain>();
        for (name, kind) in &mut keywords {
            match name.as_str() {
                "timeout" | "connect_timeout" => "float | timedelta | None".clone_into(kind),
                "clock" => "TestbedClock | None".clone_into(kind),
                _ => {}
            }
        }
        keywords
    }

    pub(crate) fn tls(&self) -> Result<TlsOptions, Error> {
        let plain = &self.plain;
        let mut tls = TlsOptions::new();
        if let Some(path) = &plain.ca_file {
            tls = tls.ca_file(path)?;
        }
        if let Some(pem) = &plain.ca_pem {
            tls = tls.ca_pem(pem.as_str());
        }
        if plain.only_these_ca == Some(true) {
            tls = tls.only_these_ca();
        }
        if let Some(pem) = &plain.client_identity_pem {
            tls = tls.client_identity_pem(pem.clone());
        }
        if let Some(name) = &plain.server_name {
            tls = tls.server_name(name);
        }
        if plain.danger_accept_any_certificate == Some(true) {
            tls = tls.danger_accept_any_certificate();
        }
        Ok(tls)
    }
}

/// Gives a client's builder its settings. The builders of the clients have these methods under the same names.
macro_rules! configure {
    ($builder:expr, $settings:expr) => {{
        let (mut builder, settings) = ($builder.language("python"), $settings);
        builder = builder.tls(settings.tls()?);
        if let Some(timeout) = settings.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(timeout) = settings.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(clock) = settings.clock {
            builder = builder.clock(clock);
        }
        if let Some(attempts) = settings.plain.max_attempts {
            builder = builder.retry(sdk_transport::RetryPolicy::default().max_attempts(attempts));
        }
        if let Some(requests) = settings.plain.max_in_flight {
            builder = builder.max_in_flight(requests);
        }
        if let Some(name) = settings.plain.application {
            builder = builder.application(name);
        }
        if let Some(url) = settings.plain.proxy {
            builder = builder.proxy(url);
        }
        if settings.plain.no_proxy == Some(true) {
            builder = builder.no_proxy();
        }
        for (name, value) in settings.plain.headers.iter().flatten() {
            builder = builder.header(name, value)?;
        }
        builder.build()
    }};
}
pub(crate) use configure;

/// Makes the blocking and the awaitable client of one API, and the Python module of its nouns. A noun is one line in it:
/// its attribute, its file and its two classes. So is an object with calls of its own. The module's `models` file holds the
/// models.
macro_rules! client {
    (
        module $module:literal;
        client $client:ident: $client_type:ty;
        $(#[doc = $doc:literal])*
        new($($arg:ident: $arg_type:ty),*) = $new:expr;
        from_env = $from_env:expr;
        calls { $($calls:tt)* }
        nouns { $($(#[doc = $noun_doc:literal])* $noun:ident in $file:ident: $blocking:ident, $awaited:ident;)* }
        objects {
            $($(#[doc = $object_doc:literal])* $object:ident($key:ident: $key_type:ty) in $object_file:ident: $object_blocking:ident, $object_awaited:ident;)*
        }
    ) => {
        impl $crate::client::Client for $client_type {
            const LOGGER: &'static str = $module;

            fn logged(&self, log: sdk_transport::ResponseLog) -> Self {
                self.with_response_log(log)
            }

            fn timed(&self, timeout: std::time::Duration) -> Self {
                self.with_timeout(timeout)
            }
        }

        fn build(
            py: pyo3::Python<'_>,
            settings: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            make: impl FnOnce($crate::client::Settings) -> Result<$client_type, sdk_transport::Error>,
        ) -> pyo3::PyResult<$crate::client::Handle<$client_type>> {
            let settings = $crate::client::Settings::read(py, settings)?;
            make(settings).map($crate::client::Handle::new).map_err(|error| $crate::error::raise(&error))
        }

        $crate::client::client_class! {
            $(#[doc = $doc])*
            Client, "Client", $module, block, $client: $client_type;
            new($($arg: $arg_type),*) = $new;
            from_env = $from_env;
            calls { $($calls)* }
            nouns { $($(#[doc = $noun_doc])* $noun: $file $blocking;)* }
            objects { $($(#[doc = $object_doc])* $object($key: $key_type): $object_file $object_blocking;)* }
            context {
                fn __enter__(slf: pyo3::Py<Self>) -> pyo3::Py<Self> {
                    slf
                }

                #[pyo3(signature = (*_error))]
                fn __exit__(&self, _error: &pyo3::Bound<'_, pyo3::types::PyTuple>) {
                    self.0.close();
                }

                /// Lets go of the connections; later calls are refused.
                fn close(&self) {
                    self.0.close();
                }
            }
            stub "    def __enter__(self) -> Client: ...\n    def __exit__(self, *_error: object) -> None: ...\n    def close(self) -> None:\n        \"\"\"Lets go of the connections; later calls are refused.\"\"\"\n";
        }

        $crate::client::client_class! {
            $(#[doc = $doc])*
            AsyncClient, "AsyncClient", $module, coroutine, $client: $client_type;
            new($($arg: $arg_type),*) = $new;
            from_env = $from_env;
            calls { $($calls)* }
            nouns { $($(#[doc = $noun_doc])* $noun: $file $awaited;)* }
            objects { $($(#[doc = $object_doc])* $object($key: $key_type): $object_file $object_awaited;)* }
            context {
                fn __aenter__(slf: pyo3::Py<Self>, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $crate::call::done(py, slf.into_any())
                }

                #[pyo3(signature = (*_error))]
                fn __aexit__(
                    &self,
                    py: pyo3::Python<'_>,
                    _error: &pyo3::Bound<'_, pyo3::types::PyTuple>,
                ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    self.0.close();
                    $crate::call::done(py, py.None())
                }

                /// Lets go of the connections; later calls are refused.
                fn aclose(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    self.0.close();
                    $crate::call::done(py, py.None())
                }
            }
            stub "    def __aenter__(self) -> Coroutine[Any, Any, AsyncClient]: ...\n    def __aexit__(self, *_error: object) -> Coroutine[Any, Any, None]: ...\n    def aclose(self) -> Coroutine[Any, Any, None]:\n        \"\"\"Lets go of the connections; later calls are refused.\"\"\"\n";
        }

        /// Puts the classes into the module.
        pub(crate) fn register(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
            use pyo3::types::PyModuleMethods;
            module.add_class::<Client>()?;
            module.add_class::<AsyncClient>()?;
            $(
                module.add_class::<$file::$blocking>()?;
                module.add_class::<$file::$awaited>()?;
            )*
            $(
                module.add_class::<$object_file::$object_blocking>()?;
                module.add_class::<$object_file::$object_awaited>()?;
            )*
            models::register(module)
        }

        #[cfg(debug_assertions)]
        pub(crate) fn stub() -> String {
            use $crate::stubs::Stub;
            [
                Client::stub(),
                AsyncClient::stub(),
                $($file::$blocking::stub(), $file::$awaited::stub(),)*
                $($object_file::$object_blocking::stub(), $object_file::$object_awaited::stub(),)*
                models::stub(),
            ]
            .join("\n")
        }
    };
}
pub(crate) use client;

/// One of a client's two classes.
macro_rules! client_class {
    (
        $(#[doc = $doc:literal])*
        $class:ident, $name:literal, $module:literal, $finish:ident, $client:ident: $client_type:ty;
        new($($arg:ident: $arg_type:ty),*) = $new:expr;
        from_env = $from_env:expr;
        calls {
            $(
                $(#[doc = $call_doc:literal])*
                fn $call:ident($($call_arg:ident: $call_arg_type:ty),* $(; $options:ident: $options_type:ty)?) -> $result:ty = $body:expr;
            )*
        }
        nouns { $($(#[doc = $noun_doc:literal])* $noun:ident: $file:ident $noun_class:ident;)* }
        objects { $($(#[doc = $object_doc:literal])* $object:ident($key:ident: $key_type:ty): $object_file:ident $object_class:ident;)* }
        context { $($context:tt)* }
        stub $context_stub:literal;
    ) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(frozen, name = $name, module = $module)]
        pub(crate) struct $class($crate::client::Handle<$client_type>);

        #[pyo3::pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = ($($arg,)* **settings))]
            fn new(
                py: pyo3::Python<'_>,
                $($arg: &pyo3::Bound<'_, pyo3::PyAny>,)*
                settings: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<Self> {
                $(let $arg: $arg_type = $crate::options::argument(stringify!($arg), $arg)?;)*
                build(py, settings, |settings| $crate::client::configure!($new, settings)).map(Self)
            }

            /// The client that the environment describes. Keyword arguments as for the class itself.
            #[staticmethod]
            #[pyo3(signature = (**settings))]
            fn from_env(
                py: pyo3::Python<'_>,
                settings: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<Self> {
                build(py, settings, |settings| $crate::client::configure!($from_env, settings)).map(Self)
            }

            /// The base of the API.
            #[getter]
            fn base_url(&self) -> pyo3::PyResult<String> {
                Ok(self.0.client(None)?.base_url().to_string())
            }

            $(
                $(#[doc = $call_doc])*
                #[pyo3(signature = ($($call_arg,)* **options))]
                fn $call(
                    &self,
                    py: pyo3::Python<'_>,
                    $($call_arg: &pyo3::Bound<'_, pyo3::PyAny>,)*
                    options: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
                ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $(let $call_arg: $call_arg_type = $crate::options::argument(stringify!($call_arg), $call_arg)?;)*
                    $crate::operations::prepare!(py, self.0, options, ($($options: $options_type)?), $client: $client_type, $result, $body).$finish(py)
                }
            )*

            $(
                $(#[doc = $noun_doc])*
                #[getter]
                fn $noun(&self) -> $file::$noun_class {
                    $file::$noun_class::new(self.0.clone())
                }
            )*

            $(
                $(#[doc = $object_doc])*
                fn $object(&self, $key: &pyo3::Bound<'_, pyo3::PyAny>) -> pyo3::PyResult<$object_file::$object_class> {
                    let $key: $key_type = $crate::options::argument(stringify!($key), $key)?;
                    Ok($object_file::$object_class::new(self.0.clone(), $key))
                }
            )*

            /// The same client, closed with this one, which also tells the heads of all answers to `log`.
            fn with_response_log(&self, log: &pyo3::Bound<'_, $crate::response::ResponseLog>) -> Self {
                Self(self.0.with_log(log.get().0.clone()))
            }

            fn __repr__(&self) -> String {
                match self.0.client(None) {
                    Ok(client) => format!("{}('{}')", $name, client.base_url()),
                    Err(_) => format!("{}(closed)", $name),
                }
            }

            $($context)*
        }

        #[cfg(debug_assertions)]
        impl $crate::stubs::Stub for $class {
            fn stub() -> String {
                let awaited = stringify!($finish) == "coroutine";
                let settings = $crate::client::Settings::stub();
                let mut body = $crate::stubs::constructor(
                    stringify!($class),
                    &[$((stringify!($arg), <$arg_type as $crate::convert::IntoPython>::type_name())),*],
                    &settings,
                );
                let calls: &[$crate::stubs::Call] = &[$($crate::stubs::Call {
                    name: stringify!($call),
                    doc: concat!($($call_doc, "\n"),*),
                    arguments: vec![$((stringify!($call_arg), <$call_arg_type as $crate::convert::IntoPython>::type_name())),*],
                    options: $crate::operations::options_stub!($($options_type)?),
                    result: <$result as $crate::convert::IntoPython>::type_name(),
                }),*];
                body.extend(calls.iter().map(|call| call.stub(awaited)));
                $(body.push_str(&$crate::stubs::property(
                    stringify!($noun),
                    stringify!($noun_class),
                    concat!($($noun_doc, "\n"),*),
                ));)*
                $(body.push_str(&$crate::stubs::method(
                    stringify!($object),
                    &[(stringify!($key), <$key_type as $crate::convert::IntoPython>::type_name())],
                    stringify!($object_class),
                    concat!($($object_doc, "\n"),*),
                ));)*
                body.push_str(&$crate::stubs::method(
                    "with_response_log",
                    &[("log", "ResponseLog".to_owned())],
                    stringify!($class),
                    "The same client, closed with this one, which also tells the heads of all answers to `log`.",
                ));
                body.push_str($context_stub);
                $crate::stubs::class(stringify!($class), concat!($($doc, "\n"),*), &body)
            }
        }
    };
}
pub(crate) use client_class;
