//! The published specification: which operations there are, what their requests must look like, and what their answers look like.
//!
//! Palette's document leaves objects open and bodies optional. Here objects are closed and a body that is described must be sent, so that a misspelt field is
//! an error and not silently dropped. An array may be `null`, because Palette's own Go client writes empty ones so.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../spec/palette-maas-subset.json");

/// A document that cannot be read leaves no operation; `serves_the_published_paths` would fail.
static PUBLISHED: LazyLock<Spec> = LazyLock::new(|| Spec::read(DOCUMENT).unwrap_or_default());

/// The operations of the specification.
#[derive(Default)]
pub(crate) struct Spec {
    operations: Vec<Operation>,
    definitions: Map<String, Value>,
    validators: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

/// One method on one path.
pub(crate) struct Operation {
    /// `GET`, `POST`, …
    pub(crate) method: &'static str,
    /// The path with its parameters in braces.
    pub(crate) template: String,
    path_parameters: Vec<Parameter>,
    query: Vec<Parameter>,
    body: Option<Value>,
    answers: BTreeMap<u16, Answer>,
}

/// A documented answer.
struct Answer {
    schema: Option<Value>,
    has_audit_uid: bool,
}

#[derive(Clone)]
struct Parameter {
    name: String,
    kind: String,
    format: String,
    is_required: bool,
    values: Vec<String>,
    maximum: Option<i64>,
}

/// How a method and a path fit the specification.
pub(crate) enum Route<'s> {
    /// An operation, and the values of its path parameters by name.
    Found(&'s Operation, BTreeMap<String, String>),
    /// The path exists, with these methods.
    OtherMethods(Vec<&'static str>),
    /// No such path.
    Unknown,
}

impl Spec {
    /// The specification that is embedded.
    pub(crate) fn published() -> &'static Self {
        &PUBLISHED
    }

    fn read(document: &str) -> Result<Self, serde_json::Error> {
        let document: Value = serde_json::from_str(document)?;
        let mut definitions = Map::new();
        for (name, schema) in object(&document["definitions"]) {
            definitions.insert(name.clone(), hardened(schema));
        }
        let mut operations = Vec::new();
        for (template, item) in object(&document["paths"]) {
            for (name, operation) in object(item) {
                let Some(method) = METHODS
                    .iter()
                    .find(|method| method.eq_ignore_ascii_case(name))
                else {
                    continue;
                };
                operations.push(Operation::read(method, template, item, operation));
            }
        }
        Ok(Self {
            operations,
            definitions,
            validators: Mutex::default(),
        })
    }

    /// The operation for a request. Where two templates fit, the one with the earlier literal segment wins.
    pub(crate) fn route(&self, method: &str, path: &str) -> Route<'_> {
        let mut best: Option<(Vec<bool>, &Operation, BTreeMap<String, String>)> = None;
        let mut others = Vec::new();
        for operation in &self.operations {
            let Some((literal, parameters)) = operation.fits(path) else {
                continue;
            };
            if operation.method != method {
                others.push(operation.method);
            } else if best.as_ref().is_none_or(|(known, ..)| literal > *known) {
                best = Some((literal, operation, parameters));
            }
        }
        others.sort_unstable();
        others.dedup();
        match best {
            Some((_, operation, parameters)) => Route::Found(operation, parameters),
            None if others.is_empty() => Route::Unknown,
            None => Route::OtherMethods(others),
        }
    }

    /// What is wrong with a request's body; empty if nothing is.
    pub(crate) fn check_body(&self, operation: &Operation, body: Option<&Value>) -> Vec<String> {
        match (&operation.body, body) {
            (None, None) => Vec::new(),
            (None, Some(_)) => vec!["body: this operation takes none".to_owned()],
            (Some(_), None) if matches!(operation.method, "GET" | "DELETE") => Vec::new(),
            (Some(_), None) => vec!["body: is required".to_owned()],
            (Some(schema), Some(body)) => self.check(
                &format!("{} {}", operation.method, operation.template),
                schema,
                body,
            ),
        }
    }

    /// What is wrong with an answer to a request; empty if nothing is. A success that is not documented is wrong too.
    pub(crate) fn check_answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<String> {
        let Route::Found(operation, _) = self.route(method, path) else {
            return vec![format!("{method} {path} is not in the specification")];
        };
        if status >= 400 {
            let schema = json!({"$ref": "#/definitions/v1Error"});
            return body.map_or_else(
                || vec!["an error without a body".to_owned()],
                |body| {
                    // The router's own errors carry a number; every other one is a v1Error.
                    if body["code"].is_u64() {
                        Vec::new()
                    } else {
                        self.check("v1Error", &schema, body)
                    }
                },
            );
        }
        let Some(answer) = operation.answers.get(&status) else {
            return vec![format!(
                "{method} {} does not answer {status}",
                operation.template
            )];
        };
        match (&answer.schema, body) {
            (Some(schema), _) if is_text(schema) => Vec::new(),
            (None, None) => Vec::new(),
            (None, Some(_)) => vec!["a body where none is documented".to_owned()],
            (Some(_), None) => vec!["no body where one is documented".to_owned()],
            (Some(schema), Some(body)) => self.check(
                &format!("{} {} {status}", operation.method, operation.template),
                schema,
                body,
            ),
        }
    }

    fn check(&self, name: &str, schema: &Value, instance: &Value) -> Vec<String> {
        let validator = {
            let mut validators = self
                .validators
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            validators
                .entry(name.to_owned())
                .or_insert_with(|| self.compile(schema).map(Arc::new))
                .clone()
        };
        let Some(validator) = validator else {
            return vec![format!("the schema of {name} cannot be used")];
        };
        validator
            .iter_errors(instance)
            .take(5)
            .map(|error| {
                let path = error
                    .instance_path()
                    .to_string()
                    .trim_start_matches('/')
                    .replace('/', ".");
                // Masked: a value may be a key.
                let path = if path.is_empty() { "body" } else { &path };
                format!("{path}: {}", error.masked())
            })
            .collect()
    }

    fn compile(&self, schema: &Value) -> Option<Validator> {
        let mut reached = Map::new();
        self.reach(schema, &mut reached);
        let root = json!({"definitions": reached, "allOf": [schema]});
        jsonschema::options()
            .with_draft(Draft::Draft4)
            .build(&root)
            .ok()
    }

    /// Collects the definitions that `schema` needs: compiling all of them for each operation would be slow.
    fn reach(&self, schema: &Value, reached: &mut Map<String, Value>) {
        match schema {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|path| path.rsplit('/').next());
                if let Some(name) = name
                    && !reached.contains_key(name)
                    && let Some(definition) = self.definitions.get(name)
                {
                    reached.insert(name.to_owned(), definition.clone());
                    self.reach(definition, reached);
                }
                fields.values().for_each(|value| self.reach(value, reached));
            }
            Value::Array(values) => values.iter().for_each(|value| self.reach(value, reached)),
            _ => {}
        }
    }
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Operation {
    fn read(method: &'static str, template: &str, item: &Value, operation: &Value) -> Self {
        let parameters: Vec<&Value> = [&item["parameters"], &operation["parameters"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        let of = |place: &str| {
            parameters
                .iter()
                .filter(|p| p["in"] == place)
                .map(|p| Parameter::read(p))
                .collect()
        };
        let body = parameters
            .iter()
            .find(|parameter| parameter["in"] == "body")
            .map(|parameter| hardened(&parameter["schema"]));
        let answers = object(&operation["responses"])
            .filter_map(|(status, answer)| {
                let schema = answer
                    .get("schema")
                    .filter(|_| status != "204")
                    .map(hardened);
                let has_audit_uid = answer["headers"]["AuditUid"].is_object();
                Some((
                    status.parse().ok()?,
                    Answer {
                        schema,
                        has_audit_uid,
                    },
                ))
            })
            .collect();
        Self {
            method,
            template: template.to_owned(),
            path_parameters: of("path"),
            query: of("query"),
            body,
            answers,
        }
    }

    /// Whether the path fits: for each segment if it was compared letter by letter, and the parameters.
    fn fits(&self, path: &str) -> Option<(Vec<bool>, BTreeMap<String, String>)> {
        let (mut template, mut path) = (self.template.split('/'), path.split('/'));
        let (mut literal, mut parameters) = (Vec::new(), BTreeMap::new());
        loop {
            match (template.next(), path.next()) {
                (None, None) => return Some((literal, parameters)),
                (Some(wanted), Some(given)) => match wanted
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'))
                {
                    Some(name) if !given.is_empty() => {
                        literal.push(false);
                        let value = percent_encoding::percent_decode_str(given)
                            .decode_utf8_lossy()
                            .into_owned();
                        parameters.insert(name.to_owned(), value);
                    }
                    None if wanted == given => literal.push(true),
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// What is wrong with the values in the path.
    pub(crate) fn check_path(&self, values: &BTreeMap<String, String>) -> Option<String> {
        self.path_parameters
            .iter()
            .filter_map(|parameter| parameter.check(values.get(&parameter.name)?).err())
            .next()
    }

    /// What is wrong with the query: a name that is not known, a value of another type, one that is missing.
    pub(crate) fn check_query(&self, query: &[(String, String)]) -> Option<String> {
        for (name, value) in query {
            let Some(parameter) = self.query.iter().find(|parameter| parameter.name == *name)
            else {
                let known: Vec<&str> = self
                    .query
                    .iter()
                    .map(|parameter| parameter.name.as_str())
                    .collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                return Some(format!(
                    "query parameter '{name}' is not known here; known: {known}"
                ));
            };
            if let Err(wrong) = parameter.check(value) {
                return Some(wrong);
            }
        }
        self.query
            .iter()
            .find(|parameter| {
                parameter.is_required && !query.iter().any(|(name, _)| *name == parameter.name)
            })
            .map(|parameter| format!("query parameter '{}' is required", parameter.name))
    }

    /// Whether an answer with this status carries the uid of its audit record.
    pub(crate) fn has_audit_uid(&self, status: u16) -> bool {
        self.answers
            .get(&status)
            .is_some_and(|answer| answer.has_audit_uid)
    }
}

impl Parameter {
    fn read(parameter: &Value) -> Self {
        let text = |field: &str| parameter[field].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            kind: text("type"),
            format: text("format"),
            is_required: parameter["required"] == true,
            values: parameter["enum"]
                .as_array()
                .map(|values| {
                    values
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect()
                })
                .unwrap_or_default(),
            maximum: parameter["maximum"].as_i64(),
        }
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let wrong = |expected: &str| {
            Err(format!(
                "parameter '{}': '{value}' is not {expected}",
                self.name
            ))
        };
        match self.kind.as_str() {
            "integer" => match value.parse::<i64>() {
                Ok(number) => match self.maximum {
                    Some(maximum) if number > maximum => wrong(&format!("at most {maximum}")),
                    _ => Ok(()),
                },
                Err(_) => wrong("an integer"),
            },
            "boolean" if !matches!(value, "true" | "false") => wrong("true or false"),
            "string" if self.format == "date-time" && value.parse::<jiff::Timestamp>().is_err() => {
                wrong("a time")
            }
            "string"
                if !self.values.is_empty() && !self.values.iter().any(|known| known == value) =>
            {
                wrong(&format!("one of {}", self.values.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn is_text(schema: &Value) -> bool {
    schema["type"] == "file" || schema["type"] == "string"
}

/// The schema with closed objects and arrays that may be `null`.
fn hardened(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let mut hard = Map::new();
    for (keyword, value) in fields {
        let value = match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, schema)| (name.clone(), hardened(schema)))
                .collect(),
            ("items" | "additionalProperties", value) => hardened(value),
            ("allOf", Value::Array(parts)) => parts.iter().map(hardened).collect(),
            ("type", Value::String(name)) if name == "array" => json!(["array", "null"]),
            // Kept out of the validator: descriptions are long, and `example` or `x-…` have no meaning there.
            ("description" | "title" | "example", _) => continue,
            (_, value) => value.clone(),
        };
        hard.insert(keyword.clone(), value);
    }
    if hard.contains_key("properties") && !hard.contains_key("additionalProperties") {
        hard.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    Value::Object(hard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_published_paths() {
        let spec = Spec::published();
        assert_eq!(spec.operations.len(), 316);
        let Route::Found(operation, parameters) =
            spec.route("GET", "/v1/spectroclusters/validate/name")
        else {
            panic!("not found");
        };
        assert_eq!(operation.template, "/v1/spectroclusters/validate/name");
        assert!(parameters.is_empty());
        let Route::OtherMethods(methods) =
            spec.route("PUT", "/v1/spectroclusters/abc/repave/approve")
        else {
            panic!("found");
        };
        assert_eq!(methods, ["PATCH"]);
        assert!(matches!(
            spec.route("GET", "/v1/projects/a/b/c"),
            Route::Unknown
        ));
    }

    #[test]
    fn every_body_schema_can_be_used() {
        let spec = Spec::published();
        for operation in &spec.operations {
            if let Some(schema) = &operation.body {
                assert!(
                    spec.compile(schema).is_some(),
                    "{} {}",
                    operation.method,
                    operation.template
                );
            }
        }
    }

    #[test]
    fn a_misspelt_field_is_named_and_no_value_is_printed() {
        let spec = Spec::published();
        let Route::Found(operation, _) = spec.route("POST", "/v1/cloudaccounts/maas") else {
            panic!("not found");
        };
        let body = json!({"metadata": {"name": "a"}, "spec": {"apiEndpoint": 7, "apiKey": "k:e:y", "apikey": "k:e:y"}});
        let wrong = spec.check_body(operation, Some(&body)).join("; ");
        assert!(wrong.contains("apikey"), "{wrong}");
        assert!(wrong.contains("spec.apiEndpoint"), "{wrong}");
        assert!(!wrong.contains("k:e:y"), "{wrong}");
    }
}
