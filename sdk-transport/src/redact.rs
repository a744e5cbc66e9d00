//! Secrets that are never printed, and cutting known secrets out of text.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// A string that prints as `***`, also when it is serialized. [`Secret::expose`] reads it.
///
/// A request model that has to send a secret names [`Secret::serialize_exposed`] in `#[serde(serialize_with = …)]`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(SecretString::from(secret.into()))
    }

    /// The secret itself. Do not print or store it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Serializes the secret in clear, for the body of a request.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize_exposed<S: Serializer>(
        secret: &Self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }
}

/// The empty secret, which stands for none.
impl Default for Secret {
    fn default() -> Self {
        Self::new("")
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The shortest secret that is cut out of text; shorter ones would shred it.
pub const SHORTEST_SECRET: usize = 4;

/// Knows the secrets of a client and cuts them out of any text, plain, percent-encoded, JSON-escaped or as base64.
///
/// Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Arc<RwLock<Vec<String>>>,
}

impl Redactor {
    /// A redactor that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a secret. Secrets shorter than [`SHORTEST_SECRET`] bytes are ignored.
    pub fn learn(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let escaped = serde_json::Value::from(secret).to_string();
        let encoded: String = ::url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let forms = [
            secret.to_owned(),
            encoded.replace('+', "%20"),
            encoded,
            escaped[1..escaped.len() - 1].to_owned(),
            base64(secret.as_bytes()),
        ];
        let mut needles = self.needles.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            if !needles.contains(&form) {
                needles.push(form);
            }
        }
        // The longest first: a secret may be a part of another.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// The text with every known secret replaced by `***`.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let needles = self.needles.read().unwrap_or_else(PoisonError::into_inner);
        let mut cleaned = Cow::Borrowed(text);
        for needle in needles.iter() {
            if cleaned.contains(needle.as_str()) {
                cleaned = Cow::Owned(cleaned.replace(needle.as_str(), MASK));
            }
        }
        cleaned
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    STANDARD_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(secret.expose(), "hunter2");
    }

    proptest! {
        #[test]
        fn no_form_of_a_known_secret_survives(secret in "[ -~]{4,20}", before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
            let redactor = Redactor::new();
            redactor.learn(&secret);
            let json = serde_json::to_string(&secret).unwrap();
            let form: String = ::url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for shown in [secret.as_str(), json.as_str(), form.as_str()] {
                let text = format!("{before}{shown}{after}");
                let cleaned = redactor.clean(&text);
                prop_assert!(!cleaned.contains(secret.as_str()) || MASK.contains(secret.as_str()), "{}", cleaned);
            }
        }
    }
}
