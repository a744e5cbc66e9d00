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
        // The error of a value that is no string would repeat it.
        String::deserialize(deserializer)
            .map(Self::new)
            .map_err(|_| serde::de::Error::custom("expected a string"))
    }
}

/// The shortest secret that is cut out of text; shorter ones would shred it.
pub const SHORTEST_SECRET: usize = 4;

/// Of a longer secret, so many bytes at its beginning give it away: servers cut what they quote.
const HEAD: usize = 16;

/// Knows the secrets of a client and cuts them out of any text: plain, percent-encoded, escaped as in JSON or HTML, in
/// base64. Of a long secret the beginning is enough.
///
/// Clones share what they learn.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Arc<RwLock<Vec<String>>>,
    /// Known to this one alone.
    own: Arc<[String]>,
}

impl Redactor {
    /// A redactor that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a secret. Secrets shorter than [`SHORTEST_SECRET`] bytes are ignored.
    pub fn learn(&self, secret: &str) {
        let mut needles = self.needles.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms(secret) {
            if !needles.contains(&form) {
                needles.push(form);
            }
        }
        // The longest first: a secret may be a part of another.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// One that knows this secret too, without telling the others: for secrets of one call that may be large.
    #[must_use]
    pub fn knowing(&self, secret: &str) -> Self {
        Self {
            needles: Arc::clone(&self.needles),
            own: self.own.iter().cloned().chain(forms(secret)).collect(),
        }
    }

    /// The text with every known secret replaced by `***`.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let needles = self.needles.read().unwrap_or_else(PoisonError::into_inner);
        let known = || self.own.iter().chain(needles.iter());
        let mut cleaned = Cow::Borrowed(text);
        // Whole ones first: one way of writing a secret may begin like another.
        for needle in known() {
            if cleaned.contains(needle.as_str()) {
                cleaned = Cow::Owned(cleaned.replace(needle.as_str(), MASK));
            }
        }
        for needle in known() {
            if let Some(without) = cut_beginning(&cleaned, needle) {
                cleaned = Cow::Owned(without);
            }
        }
        cleaned
    }
}

/// The text without what is the beginning of a long needle; `None` if there is none.
fn cut_beginning(text: &str, needle: &str) -> Option<String> {
    if needle.len() < 2 * HEAD {
        return None;
    }
    let (end, _) = needle.char_indices().find(|&(at, _)| at >= HEAD)?;
    let head = &needle[..end];
    let mut cleaned = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(head) {
        let same: usize = rest[at..]
            .chars()
            .zip(needle.chars())
            .take_while(|(found, known)| found == known)
            .map(|(found, _)| found.len_utf8())
            .sum();
        cleaned.push_str(&rest[..at]);
        cleaned.push_str(MASK);
        rest = &rest[at + same..];
    }
    if cleaned.is_empty() {
        return None;
    }
    cleaned.push_str(rest);
    Some(cleaned)
}

/// A secret up to this length is also looked for escaped twice, like JSON in a form field that is quoted in JSON.
const TWICE: usize = 1024;

/// How a secret may be written in an answer.
fn forms(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST_SECRET {
        return Vec::new();
    }
    let once = escapes(secret);
    let mut forms: Vec<String> = once
        .iter()
        .flat_map(|form| base64(form.as_bytes()))
        .collect();
    if secret.len() <= TWICE {
        forms.extend(once.iter().flat_map(|form| escapes(form)));
    } else {
        forms.extend(once);
    }
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

/// The text as it is, and escaped in each of the usual ways.
fn escapes(text: &str) -> Vec<String> {
    let form: String = ::url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    vec![
        text.to_owned(),
        form.replace('+', "%20"),
        form,
        json.to_owned(),
        // Python keeps to ASCII, Go is careful with HTML.
        unicode_escaped(json, |character| !character.is_ascii()),
        unicode_escaped(json, |character| "<>&".contains(character)),
        html.replace('\'', "&#x27;"),
        html.replace('\'', "&#39;"),
    ]
}

fn unicode_escaped(json: &str, escape: impl Fn(char) -> bool) -> String {
    let mut escaped = String::new();
    for character in json.chars() {
        if escape(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The secret alone, and as a part of something longer; as it is and percent-encoded.
fn base64(bytes: &[u8]) -> Vec<String> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let mut forms = vec![STANDARD_NO_PAD.encode(bytes)];
    // Behind 0, 1 or 2 other bytes; the characters that those and the following bytes share are left out.
    for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
        let mut longer = vec![0; before];
        longer.extend_from_slice(bytes);
        let whole = longer.len() * 8 / 6;
        if whole - shared >= 8 {
            forms.push(STANDARD_NO_PAD.encode(&longer)[shared..whole].to_owned());
        }
    }
    let encoded: Vec<String> = forms
        .iter()
        .map(|form| form.replace('+', "%2B").replace('/', "%2F"))
        .collect();
    forms.extend(encoded);
    forms
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
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

    #[test]
    fn what_servers_make_of_a_secret_is_cut_out() {
        let redactor = Redactor::new();
        redactor.learn("pä<ss>&'\"wörd+/=");
        for shown in [
            r#"p\u00e4<ss>&'\"w\u00f6rd+/="#,
            r#"pä\u003css\u003e\u0026'\"wörd+/="#,
            "pä&lt;ss&gt;&amp;&#x27;&quot;wörd+/=",
            "pä&lt;ss&gt;&amp;&#39;&quot;wörd+/=",
        ] {
            assert_eq!(redactor.clean(&format!("a {shown} z")), "a *** z");
        }
    }

    #[test]
    fn the_beginning_of_a_long_secret_is_enough() {
        let redactor = Redactor::new().knowing(&"abcdefgh".repeat(9));
        assert_eq!(redactor.clean("x abcdefghabcdefghabc… y"), "x ***… y");
        assert_eq!(redactor.clean("x abcdefgh y"), "x abcdefgh y");
    }

    #[test]
    fn base64_is_found_wherever_it_begins() {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let redactor = Redactor::new();
        redactor.learn("correct horse battery");
        for before in ["", "a", "ab", "abc"] {
            let text = STANDARD.encode(format!("{before}correct horse battery!?"));
            let cleaned = redactor.clean(&text);
            assert!(cleaned.contains(MASK) && cleaned.len() < 14, "{cleaned}");
        }
    }

    #[test]
    fn what_one_call_knows_is_not_told_to_others() {
        let shared = Redactor::new();
        let own = shared.knowing("hunter2");
        shared.learn("tiger");
        assert_eq!(own.clean("hunter2 tiger"), "*** ***");
        assert_eq!(shared.clean("hunter2 tiger"), "hunter2 ***");
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
