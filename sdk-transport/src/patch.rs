//! Three states of an updated field: keep, set, clear.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an update does with one field. Absent is not null is not empty.
///
/// In JSON (and so in Python and Node) an absent field keeps, `null` clears, a value sets. Use it with
/// `#[serde(default, skip_serializing_if = "Patch::is_keep")]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// Leave the stored value as it is; nothing is sent.
    #[default]
    Keep,
    /// Store this value.
    Set(T),
    /// Remove the stored value.
    Clear,
}

impl<T> Patch<T> {
    /// Whether nothing is to be sent.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value to send, with `cleared` standing for [`Patch::Clear`]; `None` if nothing is to be sent.
    pub fn value_or(self, cleared: T) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
            Self::Clear => Some(cleared),
        }
    }

    /// The same with a borrowed value.
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Set(value) => Patch::Set(value),
            Self::Clear => Patch::Clear,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Update {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        name: Patch<String>,
    }

    #[test]
    fn absent_null_and_empty_are_three_things() {
        for (json, expected) in [
            ("{}", Patch::Keep),
            (r#"{"name":null}"#, Patch::Clear),
            (r#"{"name":""}"#, Patch::Set(String::new())),
        ] {
            let update: Update = serde_json::from_str(json).unwrap();
            assert_eq!(update.name, expected);
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
        }
    }
}
