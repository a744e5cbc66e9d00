//! Reading what a user of a binding gave, with errors that name the place and what was meant.
//!
//! An option's value is never quoted: any option may hold a secret, if only by mistake.

use serde::de::DeserializeOwned;

use crate::Error;

/// What errors may show of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Nothing: it may be a secret.
    Never,
    /// The value: there is no place for a secret in it, as in the engine's documents.
    Plain,
}

/// Reads JSON text. `root` names the value in errors.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput), as [`refused`] makes it.
pub fn from_json<T: DeserializeOwned>(
    root: &str,
    text: &str,
    quoting: Quoting,
) -> Result<T, Error> {
    // Keeping the path at hand costs as much again as reading: only what cannot be read is read a second time, to say where.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        refused(
            root,
            &error.path().to_string(),
            &error.inner().to_string(),
            quoting,
            &[],
        )
    })?;
    deserializer
        .end()
        .map_err(|error| refused(root, "", &error.to_string(), quoting, &[]))?;
    Ok(value)
}

/// The refusal of a value that serde could not read: at `path` below `root`, for the reason `message`.
///
/// A name that serde does not know is compared with those that it does and with `also_known`.
pub fn refused(
    root: &str,
    path: &str,
    message: &str,
    quoting: Quoting,
    also_known: &[&str],
) -> Error {
    let place = match (root, path) {
        (_, "." | "" | "?") => root.to_owned(),
        ("", path) => path.to_owned(),
        (root, path) if path.starts_with('[') => format!("{root}{path}"),
        (root, path) => format!("{root}.{path}"),
    };
    if let Some((name, known)) = names(message, "unknown field `") {
        let within = place
            .strip_suffix(name)
            .map_or(place.as_str(), |rest| rest.trim_end_matches('.'));
        let error = unknown(name, &[known.as_slice(), also_known].concat());
        return if within.is_empty() {
            error
        } else {
            Error::invalid_input(format!("{within}: {}", error.message()))
                .with_hint(error.hint().unwrap_or_default())
        };
    }
    let (message, hint) = match names(message, "unknown variant `") {
        // A name that is almost a known one is no secret.
        Some((name, known)) => match (nearest(name, &known), quoting) {
            (Some(nearest), _) => (
                format!("there is no `{name}`"),
                Some(format!("did you mean `{nearest}`?")),
            ),
            (None, Quoting::Plain) => (message.to_owned(), None),
            (None, Quoting::Never) => (format!("expected one of {}", known.join(", ")), None),
        },
        None if quoting == Quoting::Plain => (message.to_owned(), None),
        None => (without_value(message), None),
    };
    let error = if place.is_empty() {
        Error::invalid_input(message)
    } else {
        Error::invalid_input(format!("`{place}`: {message}"))
    };
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The refusal of an option that does not exist.
pub fn unknown(name: &str, known: &[&str]) -> Error {
    let hint = match (nearest(name, known), known) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "there are no options here".to_owned(),
        (None, known) => format!("known are {}", known.join(", ")),
    };
    Error::invalid_input(format!("there is no `{name}`")).with_hint(hint)
}

/// The known name that is most like this one, if any is.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|known| {
            let same = name.chars().zip(known.chars());
            let same = same.take_while(|(given, known)| given == known).count();
            (
                strsim::damerau_levenshtein(name, known),
                std::cmp::Reverse(same),
                *known,
            )
        })
        .filter(|(distance, _, known)| *distance <= known.len().div_ceil(3))
        .min()
        .map(|(_, _, nearest)| nearest)
}

/// The name that serde does not know, and those that it says it does.
fn names<'a>(message: &'a str, before: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let (_, rest) = message.split_once(before)?;
    // From the end: the name itself may hold anything.
    let (name, known) = rest
        .rsplit_once("`, expected ")
        .or_else(|| rest.rsplit_once("`, there are no "))?;
    Some((name, known.split('`').skip(1).step_by(2).collect()))
}

/// serde's sentence about a value that does not fit, without the value.
fn without_value(message: &str) -> String {
    let (before, rest, of_wrong_type) = match (
        message.split_once("invalid type: "),
        message.split_once("invalid value: "),
    ) {
        (Some((before, rest)), _) => (before, rest, true),
        (None, Some((before, rest))) => (before, rest, false),
        (None, None) => return message.to_owned(),
    };
    // From the end: the value may hold anything.
    let Some((found, expected)) = rest.rsplit_once(", expected ") else {
        return format!("{before}it does not fit");
    };
    let (expected, position) = match expected.find(" at line ") {
        Some(at) => expected.split_at(at),
        None => (expected, ""),
    };
    let expected = in_words(expected);
    if of_wrong_type {
        let kind = found.split(['"', '`']).next().unwrap_or_default().trim();
        format!(
            "{before}expected {expected}, not {}{position}",
            in_words(kind)
        )
    } else {
        format!("{before}expected {expected}{position}")
    }
}

/// Types and kinds of values as users of any language know them.
fn in_words(name: &str) -> &str {
    match name {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number of 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" | "integer" => "a whole number",
        "f32" | "f64" => "a number",
        "floating point" => "a fraction",
        "a boolean" | "boolean" => "true or false",
        "a string" | "string" => "text",
        "a sequence" | "sequence" => "a list",
        "a map" | "map" => "an object",
        "unit value" => "null",
        name if name.starts_with("struct ") => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        Hard,
        Soft,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[derive(Default)]
    struct Options {
        count: Option<u8>,
        flag: Option<bool>,
        list: Vec<u32>,
        mode: Option<Mode>,
        deep: Option<Box<Options>>,
    }

    fn error(json: &serde_json::Value) -> Error {
        from_json::<Options>("", &json.to_string(), Quoting::Never).unwrap_err()
    }

    #[test]
    fn place_and_meaning_are_named() {
        use serde_json::json;
        for (json, said) in [
            (
                json!({"cuont": 1}),
                "there is no `cuont`; did you mean `count`?",
            ),
            (json!({"zzz": 1}), "known are count, flag, list, mode, deep"),
            (
                json!({"deep": {"flog": true}}),
                "deep: there is no `flog`; did you mean `flag`?",
            ),
            (
                json!({"count": "x"}),
                "`count`: expected a whole number from 0 to 255, not text",
            ),
            (
                json!({"count": 300}),
                "`count`: expected a whole number from 0 to 255",
            ),
            (
                json!({"list": [1, "x"]}),
                "`list[1]`: expected a whole number from 0 to 4294967295, not text",
            ),
            (
                json!({"mode": "hrad"}),
                "`mode`: there is no `hrad`; did you mean `hard`?",
            ),
            (
                json!({"mode": "loud"}),
                "`mode`: expected one of hard, soft",
            ),
            (json!(3), "expected an object, not a whole number"),
        ] {
            let error = error(&json).to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_secret_is_quoted() {
        for (text, said) in [
            (
                r#"{"mode": "loud"}"#,
                "`w.mode`: unknown variant `loud`, expected `hard` or `soft`",
            ),
            (
                r#"{"count": "x"}"#,
                "`w.count`: invalid type: string \"x\", expected u8",
            ),
        ] {
            let error = from_json::<Options>("w", text, Quoting::Plain).unwrap_err();
            assert!(error.message().starts_with(said), "{error}");
        }
    }

    #[test]
    fn text_that_is_no_json_is_refused() {
        for text in ["", "{", "{} {}"] {
            assert!(
                from_json::<Options>("options", text, Quoting::Never).is_err(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_value_is_quoted(value in "[ -~é\n]{0,12}Zq7Mark[ -~\"`,\\\\]{0,12}(, expected )?[a-z]{0,5}") {
            for field in ["count", "flag", "list", "mode", "deep"] {
                let error = error(&serde_json::json!({field: value}));
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("Zq7Mark"), "{}", shown);
                prop_assert!(shown.contains(field));
            }
        }
    }
}
