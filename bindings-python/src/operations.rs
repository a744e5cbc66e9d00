//! The macro that makes a blocking and an awaitable class of a noun's calls.

/// Makes two Python classes of a noun's calls, one whose methods block and one whose methods are awaited, from one line
/// per call: its arguments, its options (keyword arguments that go through serde), its result, and the client's call.
///
/// ```text
/// operations! {
///     /// Availability zones.
///     Zones, AsyncZones in "palette_maas.maas", client: maas_client::Client;
///
///     /// All zones.
///     fn list() -> List<Zone> = client.zones().list();
///     /// Creates a zone.
///     fn create(name: String; options: CreateZone) -> Zone = client.zones().create(&name, &options);
/// }
/// ```
/// The calls on one object name its key: `…, client: maas_client::Client, of (system_id: String);`.
/// Every call but those of a waiter also takes `timeout`, for each attempt.
macro_rules! operations {
    (
        $(#[doc = $doc:literal])*
        $blocking:ident, $awaited:ident in $module:literal, $client:ident: $client_type:ty;
        $($calls:tt)*
    ) => {
        $crate::operations::operations!(@make () $(#[doc = $doc])* $blocking, $awaited in $module, $client: $client_type, of (); $($calls)*);
    };
    (
        $(#[doc = $doc:literal])*
        $blocking:ident, $awaited:ident in $module:literal, $client:ident: $client_type:ty, of $keys:tt;
        $($calls:tt)*
    ) => {
        $crate::operations::operations!(@make $keys $(#[doc = $doc])* $blocking, $awaited in $module, $client: $client_type, of $keys; $($calls)*);
    };
    (
        @make $keys:tt
        $(#[doc = $doc:literal])*
        $blocking:ident, $awaited:ident in $module:literal, $client:ident: $client_type:ty, of ($($key:ident: $key_type:ty),*);
        $(
            $(#[doc = $call_doc:literal])*
            fn $call:ident($($arg:ident: $arg_type:ty),* $(; $options:ident: $options_type:ty)?) -> $result:ty = $body:expr;
        )*
    ) => {
        $crate::operations::class!($blocking, $(#[doc = $doc])* $module, $client_type, ($($key: $key_type),*));
        $crate::operations::class!($awaited, $(#[doc = $doc])* $module, $client_type, ($($key: $key_type),*));

        #[pyo3::pymethods]
        impl $blocking {
            $(
                #[getter]
                fn $key(&self) -> $key_type {
                    self.$key.clone()
                }
            )*
            $(
                $(#[doc = $call_doc])*
                #[pyo3(signature = ($($arg,)* **options))]
                fn $call(
                    &self,
                    py: pyo3::Python<'_>,
                    $($arg: &pyo3::Bound<'_, pyo3::PyAny>,)*
                    options: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
                ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $(let $arg: $arg_type = $crate::options::argument(stringify!($arg), $arg)?;)*
                    $crate::operations::keys!(self, $keys);
                    $crate::operations::prepare!(py, self.handle, options, ($($options: $options_type)?), $client: $client_type, $result, $body)
                        .block(py)
                }
            )*

            fn __repr__(&self) -> String {
                let keys: &[String] = &[$($crate::model::shown(&self.$key)),*];
                format!("{}({})", stringify!($blocking), keys.join(", "))
            }
        }

        #[pyo3::pymethods]
        impl $awaited {
            $(
                #[getter]
                fn $key(&self) -> $key_type {
                    self.$key.clone()
                }
            )*
            $(
                $(#[doc = $call_doc])*
                #[pyo3(signature = ($($arg,)* **options))]
                fn $call(
                    &self,
                    py: pyo3::Python<'_>,
                    $($arg: &pyo3::Bound<'_, pyo3::PyAny>,)*
                    options: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
                ) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $(let $arg: $arg_type = $crate::options::argument(stringify!($arg), $arg)?;)*
                    $crate::operations::keys!(self, $keys);
                    $crate::operations::prepare!(py, self.handle, options, ($($options: $options_type)?), $client: $client_type, $result, $body)
                        .coroutine(py)
                }
            )*

            fn __repr__(&self) -> String {
                let keys: &[String] = &[$($crate::model::shown(&self.$key)),*];
                format!("{}({})", stringify!($awaited), keys.join(", "))
            }
        }

        #[cfg(debug_assertions)]
        const _: () = {
            fn body(awaited: bool) -> String {
                let keys: &[(&str, String)] =
                    &[$((stringify!($key), <$key_type as $crate::convert::IntoPython>::type_name())),*];
                let calls = [$($crate::stubs::Call {
                    name: stringify!($call),
                    doc: concat!($($call_doc, "\n"),*),
                    arguments: vec![$((stringify!($arg), <$arg_type as $crate::convert::IntoPython>::type_name())),*],
                    options: $crate::operations::options_stub!($($options_type)?),
                    result: <$result as $crate::convert::IntoPython>::type_name(),
                }),*];
                let keys = keys.iter().map(|(name, kind)| $crate::stubs::property(name, kind, ""));
                keys.chain(calls.iter().map(|call| call.stub(awaited))).collect()
            }

            impl $crate::stubs::Stub for $blocking {
                fn stub() -> String {
                    $crate::stubs::class(stringify!($blocking), concat!($($doc, "\n"),*), &body(false))
                }
            }

            impl $crate::stubs::Stub for $awaited {
                fn stub() -> String {
                    $crate::stubs::class(stringify!($awaited), concat!($($doc, "\n"),*), &body(true))
                }
            }
        };
    };
}
pub(crate) use operations;

/// A class of calls: the client, and the key of the one object that they are about.
macro_rules! class {
    ($class:ident, $(#[doc = $doc:literal])* $module:literal, $client_type:ty, ($($key:ident: $key_type:ty),*)) => {
        $(#[doc = $doc])*
        #[pyo3::pyclass(frozen, module = $module)]
        pub(crate) struct $class {
            handle: $crate::client::Handle<$client_type>,
            $($key: $key_type,)*
        }

        impl $class {
            pub(crate) fn new(handle: $crate::client::Handle<$client_type>, $($key: $key_type),*) -> Self {
                Self { handle, $($key),* }
            }
        }
    };
}
pub(crate) use class;

/// Brings the key of the object into reach of a call.
macro_rules! keys {
    ($self:ident, ($($key:ident: $key_type:ty),*)) => {
        $(let $key = $self.$key.clone();)*
    };
}
pub(crate) use keys;

/// Reads a call's keyword arguments and makes the call, without beginning it.
macro_rules! prepare {
    ($py:ident, $self:ident.$handle:tt, $keywords:ident, (), $client:ident: $client_type:ty, $result:ty, $body:expr) => {
        $crate::operations::prepare!($py, $self.$handle, $keywords, (_options: $crate::options::NoOptions), $client: $client_type, $result, $body)
    };
    ($py:ident, $self:ident.$handle:tt, $keywords:ident, ($options:ident: $options_type:ty), $client:ident: $client_type:ty, $result:ty, $body:expr) => {{
        let progress = $crate::call::Progress::default();
        let (timeout, $options) = $crate::options::read::<$options_type>($keywords, &progress)?;
        let $client = $self.$handle.client(timeout)?;
        let logger = <$client_type as $crate::client::Client>::LOGGER;
        $crate::call::Prepared::logged::<$result, _>($py, logger, progress, async move { $body.await })?
    }};
}
pub(crate) use prepare;

#[cfg(debug_assertions)]
macro_rules! options_stub {
    () => {
        <$crate::options::NoOptions as $crate::options::Keywords>::stub()
    };
    ($options_type:ty) => {
        <$options_type as $crate::options::Keywords>::stub()
    };
}
#[cfg(debug_assertions)]
pub(crate) use options_stub;
