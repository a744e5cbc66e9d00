//! What every model shares: fields that tolerate what servers really send, and a place for what is not known yet.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use sdk_transport::lenient;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

/// A field's type that reads `null` as empty and an integer from `42.0` or `"42"`.
pub(crate) trait Lenient: Sized {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// For `#[serde(deserialize_with = …)]` of every field of a [`model!`].
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: Lenient>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::lenient(deserializer)
}

/// `null` reads as the type's default.
macro_rules! null_is_default {
    ($($ty:ty),* $(,)?) => {
        $(impl $crate::model::Lenient for $ty {
            fn lenient<'de, D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                ::sdk_transport::lenient::null_default(deserializer)
            }
        })*
    };
}
pub(crate) use null_is_default;

null_is_default!(bool, f64, String, Value);

macro_rules! integers {
    ($($ty:ty),*) => {
        $(impl Lenient for $ty {
            fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lenient::integer(deserializer)
            }
        })*
    };
}
integers!(i64, u64, u32);

impl<T: Lenient> Lenient for Option<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maybe<T>(PhantomData<T>);
        impl<'de, T: Lenient> Visitor<'de> for Maybe<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                T::lenient(deserializer).map(Some)
            }
        }
        deserializer.deserialize_option(Maybe(PhantomData))
    }
}

impl<T: Lenient> Lenient for Box<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::lenient(deserializer).map(Box::new)
    }
}

/// `null` in the place of a list is an empty one; `null` among its elements is left out.
impl<T: DeserializeOwned> Lenient for Vec<T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let elements: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
        let mut elements: Self = elements.into_iter().flatten().flatten().collect();
        // Thousands of machines hold many short lists; what growing set aside would be a third of their memory.
        elements.shrink_to_fit();
        Ok(elements)
    }
}

/// `null` and `""` in the place of a map are an empty one.
impl<T: DeserializeOwned> Lenient for BTreeMap<String, T> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Map<T> {
            type Value = BTreeMap<String, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(BTreeMap::new())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.is_empty() {
                    Ok(BTreeMap::new())
                } else {
                    Err(E::invalid_type(de::Unexpected::Str(text), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Map(PhantomData))
    }
}

/// Declares what the server sends: every field may be absent or `null`, and unknown fields are kept in `extra`.
macro_rules! model {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* #[serde(deserialize_with = "crate::model::lenient")] pub $field: $ty,)*
            /// Fields that this version of the client does not know, as they came.
            #[serde(flatten)]
            pub extra: ::std::collections::BTreeMap<String, ::serde_json::Value>,
        }
        $crate::model::null_is_default!($name);
    };
}
pub(crate) use model;

/// Declares an enum that the server sends as a number and takes by name. It reads number, name and label, writes the
/// number and displays as the name.
macro_rules! numbered_enum {
    ($(#[$meta:meta])* pub enum $enum:ident, $default:literal { $($(#[$doc:meta])* $variant:ident = $number:literal $name:literal $label:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$doc])* #[doc = concat!("`", $name, "`, number ", $number, ", shown as \"", $label, "\".")] $variant,)*
            /// A number that this version does not know.
            Other(i64),
        }

        impl $enum {
            /// All known values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $number,)* Self::Other(number) => number }
            }

            /// The name that filters take.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other(_) => "unknown" }
            }

            /// The label that the server shows to people.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* Self::Other(_) => "Unknown" }
            }

            /// The value of this number.
            pub const fn from_number(number: i64) -> Self {
                match number { $($number => Self::$variant,)* other => Self::Other(other) }
            }

            /// The value of this name or label.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name | $label => Some(Self::$variant),)* _ => None }
            }
        }

        impl Default for $enum {
            fn default() -> Self {
                Self::from_number($default)
            }
        }

        impl ::std::fmt::Display for $enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl ::serde::Serialize for $enum {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(::serde::Deserialize)]
                #[serde(untagged)]
                enum Wire { Number(i64), Name(String) }
                match Wire::deserialize(deserializer)? {
                    Wire::Number(number) => Ok(Self::from_number(number)),
                    Wire::Name(name) => Self::from_name(&name).ok_or_else(|| {
                        ::serde::de::Error::unknown_variant(&name, &[$($name),*])
                    }),
                }
            }
        }

        $crate::model::null_is_default!($enum);
    };
}
pub(crate) use numbered_enum;

/// Declares an enum of wire names with a default, so that a model may hold it.
macro_rules! named_enum {
    ($(#[$meta:meta])* pub enum $name:ident, $default:ident { $($body:tt)* }) => {
        ::sdk_transport::open_enum! { $(#[$meta])* pub enum $name { $($body)* } }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }

        $crate::model::null_is_default!($name);
    };
}
pub(crate) use named_enum;

model! {
    /// A partial object that stands for a whole one.
    pub struct Reference {
        /// The number, if the object is known by one.
        id: Option<i64>,
        /// The system id, if the object is a node.
        system_id: Option<String>,
        /// The name.
        name: Option<String>,
        /// Its path on the server.
        resource_uri: Option<String>,
        /// Whether more fields exist than are shown.
        #[serde(rename = "__incomplete__")]
        incomplete: Option<bool>,
    }
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public items")]
mod tests {
    use serde_json::json;

    use super::*;

    model! {
        /// A sample.
        pub struct Sample {
            size: u64,
            name: String,
            tags: Vec<String>,
            params: BTreeMap<String, Value>,
            parent: Option<i64>,
        }
    }

    fn read(json: Value) -> Sample {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_servers_really_send_is_read() {
        let sample = read(
            json!({"size": 3_221_094_400.0, "name": null, "tags": null, "params": "", "parent": null}),
        );
        assert_eq!(
            sample,
            Sample {
                size: 3_221_094_400,
                ..Sample::default()
            }
        );
        let sample = read(json!({"tags": ["a", null], "parent": "7", "size": "12"}));
        assert_eq!(
            (sample.tags, sample.parent, sample.size),
            (vec!["a".to_owned()], Some(7), 12)
        );
    }

    #[test]
    fn unknown_fields_are_kept_and_sent_back() {
        let json = json!({"size": 1, "name": "n", "tags": [], "params": {}, "parent": 2, "new": {"a": [1]}});
        let sample = read(json.clone());
        assert_eq!(sample.extra["new"], json!({"a": [1]}));
        assert_eq!(serde_json::to_value(sample).unwrap(), json);
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        for json in [
            json!({"size": -1}),
            json!({"size": 1.5}),
            json!({"params": "x"}),
            json!({"tags": 3}),
        ] {
            assert!(
                serde_json::from_value::<Sample>(json.clone()).is_err(),
                "{json}"
            );
        }
    }
}
