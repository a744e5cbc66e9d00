//! Small value types with their own JSON form: [`Pct`], [`Tri`], [`Version`].
use core::fmt;
use core::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::prelude::*;

/// Why a text is no [`Pct`] or [`Version`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ValueError {
    /// The text as given.
    pub text: String,
    /// What would have been right, with an example.
    pub expected: &'static str,
}

/// A count (`5`) or a share of a pool's size (`"20%"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pct {
    /// That many nodes.
    Count(u32),
    /// That many hundredths of the pool's size.
    Percent(u32),
}

impl Pct {
    /// Of `size`, rounded up (how a surge is counted).
    #[must_use]
    pub fn up(self, size: u32) -> u32 {
        match self {
            Self::Count(n) => n,
            Self::Percent(p) => {
                u32::try_from((u64::from(p) * u64::from(size)).div_ceil(100)).unwrap_or(u32::MAX)
            }
        }
    }

    /// Of `size`, rounded down (how an unavailability is counted).
    #[must_use]
    pub fn down(self, size: u32) -> u32 {
        match self {
            Self::Count(n) => n,
            Self::Percent(p) => {
                u32::try_from(u64::from(p) * u64::from(size) / 100).unwrap_or(u32::MAX)
            }
        }
    }

    /// Whether it was written as zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }
}

impl FromStr for Pct {
    type Err = ValueError;
    fn from_str(s: &str) -> Result<Self, ValueError> {
        let bad = || ValueError {
            text: s.to_owned(),
            expected: "a count such as 5 or a percentage such as \"20%\"",
        };
        match s.strip_suffix('%') {
            Some(p) => p.parse().map(Self::Percent).map_err(|_| bad()),
            None => s.parse().map(Self::Count).map_err(|_| bad()),
        }
    }
}

impl fmt::Display for Pct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Percent(p) => write!(f, "{p}%"),
        }
    }
}

impl Serialize for Pct {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(n) => s.serialize_u32(*n),
            Self::Percent(_) => s.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Pct {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Pct;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count such as 5 or a percentage such as \"20%\"")
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Pct, E> {
                u32::try_from(v)
                    .map(Pct::Count)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(v), &self))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Pct, E> {
                u32::try_from(v)
                    .map(Pct::Count)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(v), &self))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Pct, E> {
                v.parse().map_err(E::custom)
            }
        }
        d.deserialize_any(V)
    }
}

/// Yes, no, or not known. JSON: `true`, `false`, `"unknown"`; absent and everything else is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// Not known: never counts as good.
    #[default]
    Unknown,
    /// No.
    False,
    /// Yes.
    True,
}

impl Tri {
    /// Known to be so.
    #[must_use]
    pub const fn is_true(self) -> bool {
        matches!(self, Self::True)
    }

    /// Known not to be so.
    #[must_use]
    pub const fn is_false(self) -> bool {
        matches!(self, Self::False)
    }
}

impl From<bool> for Tri {
    fn from(b: bool) -> Self {
        if b { Self::True } else { Self::False }
    }
}

impl Serialize for Tri {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::True => s.serialize_bool(true),
            Self::False => s.serialize_bool(false),
            Self::Unknown => s.serialize_str("unknown"),
        }
    }
}

impl<'de> Deserialize<'de> for Tri {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Tri;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"unknown\"")
            }
            fn visit_bool<E>(self, v: bool) -> Result<Tri, E> {
                Ok(v.into())
            }
            fn visit_str<E>(self, _: &str) -> Result<Tri, E> {
                Ok(Tri::Unknown)
            }
            fn visit_unit<E>(self) -> Result<Tri, E> {
                Ok(Tri::Unknown)
            }
        }
        d.deserialize_any(V)
    }
}

/// A Kubernetes version, `1.33.4`; a leading `v` is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Major.
    pub major: u32,
    /// Minor: what skew and skipping are counted in.
    pub minor: u32,
    /// Patch.
    pub patch: u32,
}

impl Version {
    /// A version from its three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads a version that was observed: an unreadable one is absent, not an error.
    pub(crate) fn lenient<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<String>::deserialize(d)?.and_then(|s| s.parse().ok()))
    }
}

impl FromStr for Version {
    type Err = ValueError;
    fn from_str(s: &str) -> Result<Self, ValueError> {
        let bad = || ValueError {
            text: s.to_owned(),
            expected: "a version such as 1.33.4",
        };
        let mut parts = s.strip_prefix('v').unwrap_or(s).split('.');
        let mut next = || {
            parts
                .next()
                .filter(|p| p.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|p| p.parse().ok())
        };
        match (next(), next(), next(), parts.next()) {
            (Some(major), Some(minor), Some(patch), None) => Ok(Self {
                major,
                minor,
                patch,
            }),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use alloc::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Pct, Tri, Version};

    impl JsonSchema for Pct {
        fn schema_name() -> Cow<'static, str> {
            "Pct".into()
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A count (5) or a share of a pool's size (\"20%\").",
                "oneOf": [{"type": "integer", "minimum": 0, "maximum": u32::MAX}, {"type": "string", "pattern": "^[0-9]+%?$"}],
            })
        }
    }

    impl JsonSchema for Tri {
        fn schema_name() -> Cow<'static, str> {
            "Tri".into()
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"description": "Yes, no, or not known.", "enum": [true, false, "unknown"]})
        }
    }

    impl JsonSchema for Version {
        fn schema_name() -> Cow<'static, str> {
            "Version".into()
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"description": "A Kubernetes version.", "type": "string", "pattern": "^v?[0-9]+\\.[0-9]+\\.[0-9]+$"})
        }
    }
}
