//! Answers made from the published specification, without chance: what a server may send for one schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::spec::Spec;

/// Five ways in which a server may answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Variant {
    /// Only what is required.
    Least,
    /// Everything, with different values everywhere.
    Everything,
    /// Everything, and every array is `null`, as Go writes an empty one.
    NullArrays,
    /// What is required, and everything else is `null`.
    NullOptionals,
    /// Everything, and every enum has a value that the specification does not know.
    UnknownEnums,
}

impl Variant {
    pub(crate) const ALL: [Self; 5] = [
        Self::Least,
        Self::Everything,
        Self::NullArrays,
        Self::NullOptionals,
        Self::UnknownEnums,
    ];
}

struct Maker<'a> {
    spec: &'a Spec,
    variant: Variant,
    count: u64,
    within: Vec<String>,
}

/// An answer of this schema.
pub(crate) fn answer(spec: &Spec, schema: &Value, variant: Variant) -> Value {
    let mut maker = Maker {
        spec,
        variant,
        count: 0,
        within: Vec::new(),
    };
    maker.value(schema)
}

impl Maker<'_> {
    fn value(&mut self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            // A schema that holds itself ends here.
            if self.within.iter().any(|outer| outer == reference) {
                return Value::Null;
            }
            let name = reference.trim_start_matches("#/definitions/");
            let definition = &self.spec.published["definitions"][name];
            self.within.push(reference.to_owned());
            let value = self.value(definition);
            self.within.pop();
            return value;
        }
        self.count += 1;
        match schema["type"].as_str() {
            Some("array") if self.variant == Variant::NullArrays => Value::Null,
            Some("array") => json!([self.value(&schema["items"]), self.value(&schema["items"])]),
            Some("string") => self.string(schema),
            Some("integer") => json!(self.count % 100 + 1),
            Some("number") => json!((self.count % 100) as f64 + 0.5),
            Some("boolean") => json!(true),
            _ => self.object(schema),
        }
    }

    fn string(&self, schema: &Value) -> Value {
        if let Some(values) = schema["enum"].as_array() {
            return match self.variant {
                Variant::UnknownEnums => json!("SomethingNew"),
                _ => values[self.count as usize % values.len()].clone(),
            };
        }
        match schema["format"].as_str() {
            Some("date-time") => {
                let second = self.count % 60;
                json!(format!("2026-01-02T03:04:{second:02}.678Z"))
            }
            _ => json!(format!("text {}", self.count)),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            return match schema.get("additionalProperties") {
                Some(values @ Value::Object(_)) if !self.is_least() => {
                    json!({"some/key": self.value(values)})
                }
                _ => json!({}),
            };
        };
        let required = |name: &String| {
            let names = schema["required"].as_array();
            names.is_some_and(|names| names.contains(&json!(name)))
        };
        let mut object = Map::new();
        for (name, schema) in properties {
            let value = if name == "continue" {
                // The end of the list.
                json!("")
            } else if required(name) || !self.is_least() {
                self.value(schema)
            } else if self.variant == Variant::NullOptionals {
                Value::Null
            } else {
                continue;
            };
            object.insert(name.clone(), value);
        }
        Value::Object(object)
    }

    fn is_least(&self) -> bool {
        matches!(self.variant, Variant::Least | Variant::NullOptionals)
    }
}

/// Everything of `sent` that is not in `kept`, by its path.
pub(crate) fn lost(sent: &Value, kept: &Value, at: &str, lost_at: &mut Vec<String>) {
    match (sent, kept) {
        (Value::Null, _) => {}
        (Value::Object(sent), Value::Object(kept)) => {
            for (name, value) in sent {
                lost(
                    value,
                    kept.get(name).unwrap_or(&Value::Null),
                    &format!("{at}/{name}"),
                    lost_at,
                );
            }
        }
        (Value::Array(sent), Value::Array(kept)) if sent.len() == kept.len() => {
            for (index, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                lost(sent, kept, &format!("{at}/{index}"), lost_at);
            }
        }
        (Value::Object(sent), _) if sent.is_empty() => {}
        (Value::Number(sent), Value::Number(kept)) if sent.as_f64() == kept.as_f64() => {}
        // A secret that was read is not shown again.
        (Value::String(_), Value::String(mask)) if at.ends_with("/apiKey") && mask == "***" => {}
        (sent, kept) if sent == kept => {}
        _ => lost_at.push(format!("{at}: {sent} became {kept}")),
    }
}

/// The names of all fields.
pub(crate) fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}
