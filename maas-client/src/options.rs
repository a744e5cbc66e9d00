//! What every options struct shares: setters, JSON (the bindings' keyword arguments) and form fields.

use std::{collections::BTreeMap, fmt};

use sdk_transport::{Patch, redact::MASK};
use serde::{Deserialize, Deserializer, Serialize};

/// Name and value pairs as they go into a query or a form. A repeated name is a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// The names alone: a value may be a password or a first-boot program.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name, MASK));
        f.debug_map().entries(names).finish()
    }
}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub(crate) fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// From an object: each value is text, a number, a boolean, or a list of these, which repeats the name. `null` is left out.
impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, Option<FieldValues>>::deserialize(deserializer)?;
        let mut fields = Self::new();
        for (name, values) in given {
            for FieldValue(value) in values.into_iter().flat_map(|values| values.0) {
                fields.push(&name, value);
            }
        }
        Ok(fields)
    }
}

struct FieldValues(Vec<FieldValue>);

impl<'de> Deserialize<'de> for FieldValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer).map(Self)
    }
}

struct FieldValue(String);

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl serde::de::Visitor<'_> for Scalar {
            type Value = FieldValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number or a boolean")
            }

            fn visit_str<E>(self, text: &str) -> Result<FieldValue, E> {
                Ok(FieldValue(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<FieldValue, E> {
                Ok(FieldValue(value.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<FieldValue, E> {
                Ok(FieldValue(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<FieldValue, E> {
                Ok(FieldValue(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<FieldValue, E> {
                Ok(FieldValue(number.to_string()))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// What can be sent as fields.
pub trait ToFields {
    /// The fields, under their wire names.
    fn to_fields(&self) -> Fields;
}

impl ToFields for Fields {
    fn to_fields(&self) -> Fields {
        self.clone()
    }
}

/// What can be the value of one field.
pub(crate) trait ToField {
    fn to_field(&self) -> String;
}

macro_rules! displayed_fields {
    ($($ty:ty),* $(,)?) => {
        $(impl $crate::options::ToField for $ty {
            fn to_field(&self) -> String {
                self.to_string()
            }
        })*
    };
}
pub(crate) use displayed_fields;

displayed_fields!(String, bool, u32, u64, i64, f64);

impl ToField for sdk_transport::Secret {
    fn to_field(&self) -> String {
        self.expose().to_owned()
    }
}

/// What a setter takes: the value itself, or for text anything that can be borrowed as such.
pub trait IntoValue<T> {
    /// The value.
    fn into_value(self) -> T;
}

impl<T> IntoValue<T> for T {
    fn into_value(self) -> T {
        self
    }
}

impl<T> IntoValue<Patch<T>> for T {
    fn into_value(self) -> Patch<T> {
        Patch::Set(self)
    }
}

impl IntoValue<String> for &str {
    fn into_value(self) -> String {
        self.to_owned()
    }
}

impl IntoValue<String> for &String {
    fn into_value(self) -> String {
        self.clone()
    }
}

impl IntoValue<Patch<String>> for &str {
    fn into_value(self) -> Patch<String> {
        Patch::Set(self.to_owned())
    }
}

/// What a setter of a list takes: one element or several. Each call adds to the list.
pub trait IntoMany<T> {
    /// The elements.
    fn into_many(self) -> Vec<T>;
}

impl<T> IntoMany<T> for T {
    fn into_many(self) -> Vec<T> {
        vec![self]
    }
}

impl<T> IntoMany<T> for Vec<T> {
    fn into_many(self) -> Vec<T> {
        self
    }
}

impl<T, const N: usize> IntoMany<T> for [T; N] {
    fn into_many(self) -> Vec<T> {
        self.into()
    }
}

impl IntoMany<String> for &str {
    fn into_many(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoMany<String> for &String {
    fn into_many(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl IntoMany<String> for &[String] {
    fn into_many(self) -> Vec<String> {
        self.to_vec()
    }
}

impl<const N: usize> IntoMany<String> for [&str; N] {
    fn into_many(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}

/// A list that goes into one field, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CommaList(Vec<String>);

impl ToField for CommaList {
    fn to_field(&self) -> String {
        self.0.join(",")
    }
}

impl<'de> Deserialize<'de> for CommaList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer).map(Self)
    }
}

impl<I: IntoMany<String>> From<I> for CommaList {
    fn from(items: I) -> Self {
        Self(items.into_many())
    }
}

impl fmt::Display for CommaList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_field())
    }
}

/// Reads a list that may be given as its only element.
pub(crate) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct OneOrMany<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for OneOrMany<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value or a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| vec![one])
        }

        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::BoolDeserializer::new(value)).map(|one| vec![one])
        }

        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::I64Deserializer::new(number)).map(|one| vec![one])
        }

        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::F64Deserializer::new(number)).map(|one| vec![one])
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::U64Deserializer::new(number)).map(|one| vec![one])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(list))
        }
    }
    deserializer.deserialize_any(OneOrMany(std::marker::PhantomData))
}

/// Declares an options struct. Each line is `kind name: Type => "wire name"`, where the kind is `opt` (absent or a
/// value), `many` (a list, sent as a repeated field) or `patch` (keep, set, clear).
///
/// In JSON the fields have their public names; an unknown one is an error that lists the known ones.
macro_rules! options {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $kind:ident $field:ident: $ty:ty => $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* #[serde(skip_serializing_if = "crate::options::is_default", deserialize_with = "crate::options::read")]
            pub $field: $crate::options::options!(@type $kind $ty),)*
            /// Further fields under their wire names, for what a newer server takes.
            #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
            pub extra: ::std::collections::BTreeMap<String, String>,
        }

        impl $name {
            /// The defaults: nothing is sent.
            pub fn new() -> Self {
                Self::default()
            }

            $($crate::options::options!(@setter $(#[$doc])* $kind $field $ty);)*

            /// Adds a field under its wire name, for what a newer server takes.
            #[must_use]
            pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }

        impl $crate::options::ToFields for $name {
            fn to_fields(&self) -> $crate::options::Fields {
                let mut fields = $crate::options::Fields::new();
                $($crate::options::OptionField::put(&self.$field, $wire, &mut fields);)*
                for (name, value) in &self.extra {
                    fields.push(name, value);
                }
                fields
            }
        }
    };
    (@type opt $ty:ty) => { Option<$ty> };
    (@type many $ty:ty) => { Vec<$ty> };
    (@type patch $ty:ty) => { ::sdk_transport::Patch<$ty> };
    (@setter $(#[$doc:meta])* opt $field:ident $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, value: impl $crate::options::IntoValue<$ty>) -> Self {
            self.$field = Some(value.into_value());
            self
        }
    };
    (@setter $(#[$doc:meta])* many $field:ident $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, values: impl $crate::options::IntoMany<$ty>) -> Self {
            self.$field.extend(values.into_many());
            self
        }
    };
    (@setter $(#[$doc:meta])* patch $field:ident $ty:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, value: impl $crate::options::IntoValue<::sdk_transport::Patch<$ty>>) -> Self {
            self.$field = value.into_value();
            self
        }
    };
}
pub(crate) use options;

/// One field of an options struct.
pub(crate) trait OptionField: Sized {
    fn put(&self, wire: &str, fields: &mut Fields);
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

pub(crate) fn read<'de, D: Deserializer<'de>, T: OptionField>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<T: ToField + for<'a> Deserialize<'a>> OptionField for Option<T> {
    fn put(&self, wire: &str, fields: &mut Fields) {
        if let Some(value) = self {
            fields.push(wire, value.to_field());
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<T: ToField + for<'a> Deserialize<'a>> OptionField for Vec<T> {
    fn put(&self, wire: &str, fields: &mut Fields) {
        for value in self {
            fields.push(wire, value.to_field());
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_many(deserializer)
    }
}

/// An empty field clears: the server has no other way to be told.
impl<T: ToField + for<'a> Deserialize<'a>> OptionField for Patch<T> {
    fn put(&self, wire: &str, fields: &mut Fields) {
        match self {
            Self::Keep => {}
            Self::Set(value) => fields.push(wire, value.to_field()),
            Self::Clear => fields.push(wire, ""),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public items")]
mod tests {
    use super::*;

    options! {
        /// A sample.
        pub struct Sample {
            /// Cores.
            opt min_cpu: u32 => "cpu_count",
            /// Zones.
            many zone: String => "zone",
            /// Text.
            patch description: String => "description",
            /// Servers.
            patch dns_servers: CommaList => "dns_servers",
        }
    }

    #[test]
    fn setters_and_json_say_the_same() {
        let set = Sample::new()
            .min_cpu(8)
            .zone("a")
            .zone(["b", "c"])
            .description(Patch::Clear)
            .dns_servers(CommaList::from(["1.1.1.1", "8.8.8.8"]))
            .extra("new", "1");
        let read: Sample = serde_json::from_str(
            r#"{"min_cpu":8,"zone":["a","b","c"],"description":null,"dns_servers":["1.1.1.1","8.8.8.8"],"extra":{"new":"1"}}"#,
        )
        .unwrap();
        assert_eq!(set, read);
        assert_eq!(
            set.to_fields().encode(),
            "cpu_count=8&zone=a&zone=b&zone=c&description=&dns_servers=1.1.1.1%2C8.8.8.8&new=1"
        );
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<Sample>(&json).unwrap(), set);
    }

    #[test]
    fn one_value_stands_for_a_list_and_a_wrong_name_is_named() {
        let read: Sample = serde_json::from_str(r#"{"zone":"a","min_cpu":null}"#).unwrap();
        assert_eq!(read, Sample::new().zone("a"));
        let error = serde_json::from_str::<Sample>(r#"{"zones":"a"}"#)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`zones`") && error.contains("`zone`"),
            "{error}"
        );
    }

    #[test]
    fn fields_are_read_from_an_object() {
        let json = r#"{"a":["x",1,true],"b":1.5,"c":null,"d":[],"e":""}"#;
        let read: Fields = serde_json::from_str(json).unwrap();
        assert_eq!(read.encode(), "a=x&a=1&a=true&b=1.5&e=");
        for wrong in [r#"{"a":{}}"#, r#"{"a":[[1]]}"#, r#"["a"]"#, r#""a=1""#] {
            assert!(serde_json::from_str::<Fields>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn three_states_of_an_update() {
        assert!(Sample::new().to_fields().is_empty());
        assert_eq!(
            Sample::new().description("x").to_fields().encode(),
            "description=x"
        );
        assert_eq!(
            Sample::new().description(Patch::Clear).to_fields().encode(),
            "description="
        );
    }
}
