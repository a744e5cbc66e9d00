//! Reading what servers really send: `null` for empty, `3221094400.0` for an integer.
//!
//! The functions are named in `#[serde(default, deserialize_with = "…")]`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, Visitor},
};

use crate::{Error, web_page};

/// `null` reads as the default value: an empty list, map or string.
///
/// # Errors
/// Those of the value's own type.
pub fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An integer that may come as a float without fraction or as a string of digits; `null` and `""` read as 0.
///
/// # Errors
/// Anything else, and what does not fit the type.
pub fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    Ok(optional_integer(deserializer)?.unwrap_or_default())
}

/// Like [`integer()`], with `None` for `null` and `""`.
///
/// # Errors
/// As [`integer()`].
pub fn optional_integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    struct Number;
    impl Visitor<'_> for Number {
        type Value = Option<i128>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an integer")
        }

        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(i128::from(value)))
        }

        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(i128::from(value)))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            // 2^63 bounds what a float holds without loss of range; the cast is then exact for whole numbers.
            if value.fract() == 0.0 && value.abs() < 9.3e18 {
                Ok(Some(value as i128))
            } else {
                Err(E::invalid_value(de::Unexpected::Float(value), &self))
            }
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            if value.is_empty() {
                return Ok(None);
            }
            value
                .parse()
                .map(Some)
                .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer
        .deserialize_any(Number)?
        .map(|value| {
            T::try_from(value).map_err(|_| de::Error::custom(format!("{value} is out of range")))
        })
        .transpose()
}

/// Decodes a JSON body. The error names the JSON path.
///
/// # Errors
/// [`Decode`](crate::ErrorKind::Decode).
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // The path is tracked only when it is needed: tracking doubles the time of a long list.
    serde_json::from_slice(body).map_err(|first| {
        if web_page::is_web_page(body) {
            return web_page::error(body);
        }
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => format!("{}: {}", error.path(), error.inner()),
            Ok(_) => first.to_string(),
        };
        Error::decode(format!("the answer cannot be read at {error}")).with_source(first)
    })
}

/// Decodes element `index` of a list that stands at `path` in the answer.
///
/// # Errors
/// [`Decode`](crate::ErrorKind::Decode), with the element's own path.
pub fn decode_element<T: DeserializeOwned>(
    path: &str,
    index: usize,
    element: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(element).map_err(|first| {
        let mut deserializer = serde_json::Deserializer::from_slice(element);
        let (inner, message) = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => (error.path().to_string(), error.inner().to_string()),
            Ok(_) => (".".to_owned(), first.to_string()),
        };
        let inner = if inner == "." {
            String::new()
        } else {
            format!(".{inner}")
        };
        Error::decode(format!(
            "the answer cannot be read at {path}[{index}]{inner}: {message}"
        ))
        .with_source(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "integer")]
        size: u64,
        #[serde(default, deserialize_with = "null_default")]
        tags: Vec<String>,
    }

    #[test]
    fn floats_strings_and_nulls_are_read() {
        for (json, size) in [
            (r#"{"size":3221094400.0,"tags":null}"#, 3_221_094_400),
            (r#"{"size":"42"}"#, 42),
            (r#"{"size":null}"#, 0),
            (r#"{"size":18446744073709551615}"#, u64::MAX),
        ] {
            let sample: Sample = decode(json.as_bytes()).unwrap();
            assert_eq!(sample.size, size);
            assert!(sample.tags.is_empty());
        }
    }

    #[test]
    fn what_is_no_integer_names_its_path() {
        let error = decode_element::<Sample>("items", 3, br#"{"size":1.5}"#).unwrap_err();
        assert!(error.message().contains("items[3].size"), "{error}");
        let error = decode::<Vec<Sample>>(br#"[{"size":-1}]"#).unwrap_err();
        assert!(error.message().contains("[0].size"), "{error}");
    }
}
