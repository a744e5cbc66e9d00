//! What callers give: plain structs that read the caller's names and write the API's.
//!
//! Each input is one table of `field: Type => "wire/path"`. Serde sees the field names, so that Rust, Python and Node
//! share one definition; the query and the body of a request are built from the paths.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sdk_transport::{Error, Secret};
use serde_json::{Map, Value};

/// String pairs: labels, annotations.
pub type StringMap = BTreeMap<String, String>;

/// The query and the body that an input stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wire {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Map<String, Value>,
}

impl Wire {
    /// Stores a value at `a/b/c` of the body (a JSON pointer without its first slash), or in the query at `?name`.
    pub(crate) fn put(&mut self, path: &str, value: Value) {
        if let Some(name) = path.strip_prefix('?') {
            let text = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            self.query.push((name.to_owned(), text));
            return;
        }
        store(&mut self.body, path, value);
    }
}

fn store(object: &mut Map<String, Value>, path: &str, value: Value) {
    let (key, rest) = path.split_once('/').unwrap_or((path, ""));
    let key = key.replace("~1", "/").replace("~0", "~");
    if rest.is_empty() {
        object.insert(key, value);
        return;
    }
    let place = object.entry(key).or_insert(Value::Null);
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Value::Object(inner) = place {
        store(inner, rest, value);
    }
}

/// One segment of a wire path, escaped as in a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What is wrong with an input, and at which of its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct InputProblem {
    path: String,
    what: String,
}

impl InputProblem {
    pub(crate) fn new(field: &str, what: impl Into<String>) -> Self {
        Self {
            path: field.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.path = match (self.path.is_empty(), self.path.starts_with('[')) {
            (true, _) => outer.to_owned(),
            (false, true) => format!("{outer}{}", self.path),
            (false, false) => format!("{outer}.{}", self.path),
        };
        self
    }
}

impl From<InputProblem> for Error {
    fn from(problem: InputProblem) -> Self {
        Self::invalid_input(format!("`{}` {}", problem.path, problem.what))
    }
}

/// A value that can be sent; `None` sends nothing.
pub(crate) trait ToWire {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem>;
}

/// A set of named values that becomes a query and a body.
pub(crate) trait Input {
    fn wire(&self) -> Result<Wire, InputProblem>;
}

macro_rules! sent_as_is {
    ($($type:ty),*) => { $(
        impl ToWire for $type {
            fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
                Ok(Some(Value::from(*self)))
            }
        }
    )* };
}

sent_as_is!(bool, u32, i32, i64, f64);

/// A plain `String` field is one that the API requires.
impl ToWire for String {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        if self.is_empty() {
            return Err(InputProblem::new("", "is empty: a value is required"));
        }
        Ok(Some(Value::from(self.as_str())))
    }
}

/// In the body of a request a secret stands in clear; everywhere else it prints as `***`.
impl ToWire for Secret {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        self.expose().to_owned().to_wire()
    }
}

impl ToWire for Timestamp {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        Ok(Some(Value::from(format!("{self:.3}"))))
    }
}

impl<T: ToWire> ToWire for Option<T> {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        self.as_ref().map_or(Ok(None), T::to_wire)
    }
}

impl<T: ToWire> ToWire for Vec<T> {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut values = Vec::with_capacity(self.len());
        for (index, item) in self.iter().enumerate() {
            let value = item
                .to_wire()
                .map_err(|problem| problem.within(&format!("[{index}]")))?;
            values.push(value.unwrap_or(Value::Null));
        }
        Ok(Some(Value::Array(values)))
    }
}

impl ToWire for StringMap {
    fn to_wire(&self) -> Result<Option<Value>, InputProblem> {
        if self.is_empty() {
            return Ok(None);
        }
        let pairs = self
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        Ok(Some(Value::Object(pairs.collect())))
    }
}

/// Declares an input: a struct with setters whose fields name their place in the request.
///
/// `"a/b"` is a path in the body, `"?a"` a parameter of the query. A plain `String` is required; an `Option`, `Vec` or
/// [`StringMap`] that holds nothing is not sent; a `bool` is always sent. `, new` adds a
/// constructor without arguments; `finish` names a function that completes and checks the body.
macro_rules! options {
    ($(#[$meta:meta])* pub struct $name:ident $(, $new:ident)? $(finish $finish:path)? {
        $($(#[$doc:meta])* $field:ident : $kind:ident $(<$inner:ident>)? => $path:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind$(<$inner>)?,)*
            /// Values that this version has no field for, by their path in the request (`a/b/c`, or `?name` in the
            /// query). They are written last and win.
            pub extra: std::collections::BTreeMap<String, serde_json::Value>,
        }

        impl $name {
            $(
                /// The defaults: nothing is set.
                pub fn $new() -> Self {
                    Self::default()
                }
            )?

            $($crate::options::setter!($(#[$doc])* $field $kind $($inner)?);)*

            /// Sends a value that this version has no field for, at a path like `a/b/c` of the request's body.
            #[must_use]
            pub fn extra(mut self, path: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.extra.insert(path.into(), value.into());
                self
            }
        }

        impl $crate::options::Input for $name {
            fn wire(&self) -> Result<$crate::options::Wire, $crate::options::InputProblem> {
                use $crate::options::ToWire as _;
                let mut wire = $crate::options::Wire::default();
                $(
                    let value = self.$field.to_wire().map_err(|problem| problem.within(stringify!($field)))?;
                    if let Some(value) = value {
                        wire.put($path, value);
                    }
                )*
                $($finish(self, &mut wire)?;)?
                for (path, value) in &self.extra {
                    wire.put(path, value.clone());
                }
                Ok(wire)
            }
        }

        impl $crate::options::ToWire for $name {
            fn to_wire(&self) -> Result<Option<serde_json::Value>, $crate::options::InputProblem> {
                $crate::options::Input::wire(self).map(|wire| Some(serde_json::Value::Object(wire.body)))
            }
        }
    };
}

macro_rules! setter {
    ($(#[$doc:meta])* $field:ident $(Option)? u32) => { $crate::options::setter!(@plain $(#[$doc])* $field u32); };
    ($(#[$doc:meta])* $field:ident $(Option)? i32) => { $crate::options::setter!(@plain $(#[$doc])* $field i32); };
    ($(#[$doc:meta])* $field:ident $(Option)? i64) => { $crate::options::setter!(@plain $(#[$doc])* $field i64); };
    ($(#[$doc:meta])* $field:ident $(Option)? f64) => { $crate::options::setter!(@plain $(#[$doc])* $field f64); };
    ($(#[$doc:meta])* $field:ident $(Option)? bool) => { $crate::options::setter!(@plain $(#[$doc])* $field bool); };
    ($(#[$doc:meta])* $field:ident Option $inner:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, value: impl Into<$inner>) -> Self {
            self.$field = Some(value.into());
            self
        }
    };
    ($(#[$doc:meta])* $field:ident Vec $inner:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, values: impl IntoIterator<Item = impl Into<$inner>>) -> Self {
            self.$field = values.into_iter().map(Into::into).collect();
            self
        }
    };
    ($(#[$doc:meta])* $field:ident StringMap) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, pairs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
            self.$field = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
            self
        }
    };
    ($(#[$doc:meta])* $field:ident $kind:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, value: impl Into<$kind>) -> Self {
            self.$field = value.into();
            self
        }
    };
    (@plain $(#[$doc:meta])* $field:ident $kind:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, value: $kind) -> Self {
            self.$field = value.into();
            self
        }
    };
}

/// Declares an open enum that can also be sent.
macro_rules! wire_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($body:tt)* }) => {
        sdk_transport::open_enum! {
            $(#[$meta])*
            pub enum $name { $($body)* }
        }

        impl $crate::options::ToWire for $name {
            fn to_wire(&self) -> Result<Option<serde_json::Value>, $crate::options::InputProblem> {
                self.as_str().to_owned().to_wire()
            }
        }
    };
}

pub(crate) use {options, setter, wire_enum};

#[cfg(test)]
#[allow(unreachable_pub, dead_code)]
mod tests {
    use serde_json::json;

    use super::*;

    options! {
        /// A sample.
        pub struct Inner {
            /// Required.
            name: String => "metadata/name",
        }
    }

    options! {
        /// A sample.
        pub struct Sample finish at_most_two {
            /// Required.
            name: String => "metadata/name",
            /// A number.
            min_cpu: Option<u32> => "spec/instanceType/minCPU",
            /// A switch.
            force: Option<bool> => "?forceDelete",
            /// A list.
            parts: Vec<Inner> => "spec/parts",
            /// Pairs.
            labels: StringMap => "metadata/labels",
            /// Hidden.
            key: Option<Secret> => "spec/key",
        }
    }

    fn at_most_two(sample: &Sample, _: &mut Wire) -> Result<(), InputProblem> {
        if sample.parts.len() > 2 {
            return Err(InputProblem::new("parts", "has more than two"));
        }
        Ok(())
    }

    #[test]
    fn fields_go_to_their_places() {
        let sample = Sample::default()
            .name("a")
            .min_cpu(4)
            .force(true)
            .parts([Inner::default().name("p")])
            .labels([("spectro.io/x", "y")])
            .key("hunter22")
            .extra("spec/new~1field", json!({"a": 1}));
        let wire = sample.wire().unwrap();
        assert_eq!(wire.query, [("forceDelete".to_owned(), "true".to_owned())]);
        assert_eq!(
            Value::Object(wire.body),
            json!({"metadata": {"name": "a", "labels": {"spectro.io/x": "y"}},
                   "spec": {"instanceType": {"minCPU": 4}, "parts": [{"metadata": {"name": "p"}}], "key": "hunter22",
                            "new/field": {"a": 1}}})
        );
        let shown = format!("{sample:?}{}", serde_json::to_string(&sample).unwrap());
        assert!(!shown.contains("hunter22"), "{shown}");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let sample = Sample::default()
            .name("a")
            .parts([Inner::default().name("p"), Inner::default()]);
        let error = Error::from(sample.wire().unwrap_err());
        assert_eq!(
            error.message(),
            "`parts[1].name` is empty: a value is required"
        );
        let unknown = serde_json::from_value::<Sample>(json!({"nam": "a"})).unwrap_err();
        assert!(unknown.to_string().contains("`nam`"), "{unknown}");
        let many = sample.parts(["a", "b", "c"].map(|name| Inner::default().name(name)));
        assert_eq!(
            Error::from(many.wire().unwrap_err()).message(),
            "`parts` has more than two"
        );
    }
}
