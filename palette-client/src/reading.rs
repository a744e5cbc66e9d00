//! Reading answers.
//!
//! Palette is written in Go: an empty array comes as `null`, an unset time as `0001-01-01T00:00:00.000Z`, an integer
//! perhaps as `3.0`. All three are put right in one pass, so that the models are plain structs.

use sdk_transport::{Error, Page, lenient};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::{Number, Value};

/// What Go writes for a time that was never set.
const UNSET_TIME: &str = "0001-01-01T00:00:00";

/// Reads one JSON answer. The error names the JSON path.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let value: Value = lenient::decode(body)?;
    from_value(value, "")
}

/// Reads a list: its elements, each readable or with its own error, and the token of the next page.
pub(crate) fn read_page<T: DeserializeOwned>(body: &[u8]) -> Result<Page<T>, Error> {
    let mut value: Value = lenient::decode(body)?;
    let Value::Object(list) = &mut value else {
        return Err(Error::decode(
            "the answer cannot be read at .: a list is an object with `items`",
        ));
    };
    let items = match list.remove("items") {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => {
            return Err(Error::decode(
                "the answer cannot be read at items: it is no array",
            ));
        }
    };
    let next = value
        .pointer("/listmeta/continue")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty())
        .map(str::to_owned);
    let items = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| from_value(item, &format!("items[{index}]")))
        .collect();
    Ok(Page { items, next })
}

fn from_value<T: DeserializeOwned>(mut value: Value, at: &str) -> Result<T, Error> {
    normalize(&mut value);
    serde_path_to_error::deserialize(value.into_deserializer()).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (at, inner.as_str()) {
            ("", inner) => inner.to_owned(),
            (at, ".") => at.to_owned(),
            (at, inner) => format!("{at}.{inner}"),
        };
        Error::decode(format!(
            "the answer cannot be read at {path}: {}",
            error.inner()
        ))
    })
}

fn normalize(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| match value {
                Value::Null => false,
                Value::String(text) => !text.starts_with(UNSET_TIME),
                _ => true,
            });
            object.values_mut().for_each(normalize);
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Number(number) => {
            if let Some(float) = number.as_f64()
                && number.is_f64()
                && float.fract() == 0.0
                && float.abs() < 9e15
            {
                *number = Number::from(float as i64);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Sample {
        size: u32,
        tags: Vec<String>,
        at: Option<jiff::Timestamp>,
    }

    #[test]
    fn nulls_unset_times_and_whole_floats_are_put_right() {
        let sample: Sample =
            read(br#"{"size":3.0,"tags":null,"at":"0001-01-01T00:00:00.000Z"}"#).unwrap();
        assert_eq!(
            sample,
            Sample {
                size: 3,
                ..Sample::default()
            }
        );
    }

    #[test]
    fn one_unreadable_element_spoils_only_itself() {
        let page: Page<Sample> =
            read_page(br#"{"items":[{"size":1},{"size":"x"},null],"listmeta":{"continue":"t"}}"#)
                .unwrap();
        assert_eq!(page.next.as_deref(), Some("t"));
        assert_eq!(page.items[0].as_ref().unwrap().size, 1);
        let error = page.items[1].as_ref().unwrap_err();
        assert!(error.message().contains("items[1].size"), "{error}");
        assert!(page.items[2].is_err());
    }

    #[test]
    fn no_items_are_an_empty_list() {
        for body in [
            r#"{"items":null}"#,
            "{}",
            r#"{"items":[],"listmeta":{"continue":""}}"#,
        ] {
            let page: Page<Sample> = read_page(body.as_bytes()).unwrap();
            assert!(page.items.is_empty() && page.next.is_none());
        }
        assert!(read_page::<Sample>(b"[]").is_err());
        assert!(read_page::<Sample>(br#"{"items":{}}"#).is_err());
    }
}
