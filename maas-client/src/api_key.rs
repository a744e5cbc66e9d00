//! The API key.

use std::{fmt, str::FromStr};

use sdk_transport::{Error, Secret};

/// An API key: consumer key, token key and token secret. It prints as `***`.
///
/// MAAS shows it under the user's preferences as `consumer:token:secret`; `maas apikey --username NAME` prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub(crate) consumer: Secret,
    pub(crate) token: Secret,
    pub(crate) secret: Secret,
}

impl ApiKey {
    /// A key of its three parts.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) names the part that is empty or malformed, never its content.
    pub fn new(consumer: &str, token: &str, secret: &str) -> Result<Self, Error> {
        for (name, part) in [
            ("first part (consumer key)", consumer),
            ("second part (token key)", token),
            ("third part (token secret)", secret),
        ] {
            if part.is_empty() {
                return Err(malformed(format!("the {name} of the API key is empty")));
            }
            if let Some(position) = part
                .bytes()
                .position(|byte| !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte))
            {
                return Err(malformed(format!(
                    "the {name} of the API key has a character at position {} that no key has",
                    position + 1
                )));
            }
        }
        Ok(Self {
            consumer: consumer.into(),
            token: token.into(),
            secret: secret.into(),
        })
    }
}

fn malformed(message: String) -> Error {
    Error::invalid_input(message).with_hint(
        "copy the whole key from your MAAS preferences: three parts, `consumer:token:secret`",
    )
}

/// Reads `consumer:token:secret`; white space around it is left out.
impl FromStr for ApiKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(malformed("the API key is empty".to_owned()));
        }
        let parts: Vec<_> = text.split(':').collect();
        match parts[..] {
            [consumer, token, secret] => Self::new(consumer, token, secret),
            _ => Err(malformed(format!(
                "the API key has {} part{} instead of 3",
                parts.len(),
                if parts.len() == 1 { "" } else { "s" }
            ))),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(sdk_transport::redact::MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_white_space_around_it() {
        let key: ApiKey = " abc:def:ghi\r\n".parse().unwrap();
        assert_eq!(key, ApiKey::new("abc", "def", "ghi").unwrap());
        assert_eq!(format!("{key:?}"), "***");
    }

    #[test]
    fn each_fault_has_its_own_message_and_none_repeats_the_key() {
        let mut messages = Vec::new();
        for text in [
            "",
            "qqq",
            "qqq:rrr",
            "qqq:rrr:sss:ttt",
            ":rrr:sss",
            "qqq::sss",
            "qqq:rrr:",
            "q q:rrr:sss",
            "qqq:rrr:s\"s",
        ] {
            let error = text.parse::<ApiKey>().unwrap_err();
            assert_eq!(error.code(), "INVALID_INPUT");
            let shown = format!("{error} {error:?}");
            for secret in ["qqq", "rrr", "sss", "ttt", "q q", "s\"s"] {
                assert!(!shown.contains(secret), "{shown}");
            }
            messages.push(error.message().to_owned());
        }
        let count = messages.len();
        messages.sort();
        messages.dedup();
        assert_eq!(messages.len(), count, "{messages:?}");
    }
}
