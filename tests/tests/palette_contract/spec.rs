//! The published specification, hardened, and the judge that holds requests to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::OnceLock,
};

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is demanded beyond the specification, corrected in it, and left out on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hardening {
    /// Fields without which an object means nothing.
    required: Vec<Required>,
    /// Paths whose resources belong to the tenant: they never carry a project.
    pub(crate) tenant: Vec<Prefix>,
    /// Fields that the client never writes.
    pub(crate) unsent: Vec<Unsent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    definition: String,
    field: String,
    #[allow(dead_code)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prefix {
    pub(crate) path: String,
    #[allow(dead_code)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsent {
    pub(crate) fields: Vec<String>,
    #[allow(dead_code)]
    reason: String,
}

pub(crate) struct Spec {
    /// As published.
    pub(crate) published: Value,
    /// As demanded here.
    hardened: Value,
    pub(crate) hardening: Hardening,
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/palette");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn spec() -> &'static Spec {
    static SPEC: OnceLock<Spec> = OnceLock::new();
    SPEC.get_or_init(|| {
        let published: Value =
            serde_json::from_slice(&fixture("palette-maas-subset.json")).unwrap();
        let hardening: Hardening = serde_json::from_slice(&fixture("hardening.json")).unwrap();
        let mut hardened = published.clone();
        for rule in &hardening.required {
            let definition = hardened["definitions"].get_mut(&rule.definition).unwrap();
            assert!(
                definition["properties"].get(&rule.field).is_some(),
                "{} has no field {}",
                rule.definition,
                rule.field
            );
            let object = definition.as_object_mut().unwrap();
            let required = object.entry("required").or_insert_with(|| json!([]));
            required.as_array_mut().unwrap().push(json!(rule.field));
        }
        for definition in hardened["definitions"]
            .as_object_mut()
            .unwrap()
            .values_mut()
        {
            close(definition);
        }
        for path in hardened["paths"].as_object_mut().unwrap().values_mut() {
            for operation in path.as_object_mut().unwrap().values_mut() {
                let parameters = match operation {
                    Value::Array(parameters) => Some(parameters),
                    operation => operation
                        .get_mut("parameters")
                        .and_then(Value::as_array_mut),
                };
                for parameter in parameters.into_iter().flatten() {
                    if let Some(schema) = parameter.get_mut("schema") {
                        close(schema);
                    }
                }
            }
        }
        Spec {
            published,
            hardened,
            hardening,
        }
    })
}

/// Makes objects refuse unknown fields. Maps and free-form objects stay open.
fn close(schema: &mut Value) {
    let Value::Object(object) = schema else {
        return;
    };
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(close);
        object
            .entry("additionalProperties")
            .or_insert(Value::Bool(false));
        object.insert("type".to_owned(), json!("object"));
    }
    if let Some(items) = object.get_mut("items") {
        close(items);
    }
    if let Some(values) = object.get_mut("additionalProperties") {
        close(values);
    }
}

/// One request as it went out.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An operation of the specification with the parameters of its path.
pub(crate) struct Described<'a> {
    parameters: Vec<&'a Value>,
}

impl Spec {
    /// The operation with this method and path template.
    pub(crate) fn describe(&self, method: &str, template: &str) -> Option<Described<'_>> {
        let path = self.hardened["paths"].get(template)?;
        let operation = path.get(method.to_ascii_lowercase())?;
        let parameters = [path.get("parameters"), operation.get("parameters")]
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        Some(Described { parameters })
    }

    /// Whether every request of this operation is the same.
    pub(crate) fn takes_nothing(&self, method: &str, template: &str) -> bool {
        self.describe(method, template)
            .is_some_and(|described| described.parameters.is_empty())
    }

    /// The schema of the body, if the operation describes one.
    pub(crate) fn body_schema(&self, method: &str, template: &str) -> Option<&Value> {
        let described = self.describe(method, template)?;
        let body = described
            .parameters
            .iter()
            .find(|parameter| parameter["in"] == "body")?;
        Some(&body["schema"])
    }

    /// The schema of the successful answer: nothing for one without a body.
    pub(crate) fn answer_schema(&self, method: &str, template: &str) -> Option<(u16, &Value)> {
        let path = self.published["paths"].get(template)?;
        let responses = path.get(method.to_ascii_lowercase())?["responses"].as_object()?;
        let (status, response) = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))?;
        Some((status.parse().unwrap(), &response["schema"]))
    }

    /// The schema behind a reference, with its name; any other schema belongs to `owner`.
    pub(crate) fn resolve<'a>(&'a self, owner: &'a str, schema: &'a Value) -> (&'a str, &'a Value) {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.trim_start_matches("#/definitions/");
                (name, &self.hardened["definitions"][name])
            }
            None => (owner, schema),
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut root = Map::new();
        root.insert(
            "definitions".to_owned(),
            self.hardened["definitions"].clone(),
        );
        root.insert("allOf".to_owned(), json!([schema]));
        jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&Value::Object(root))
            .unwrap()
    }

    /// Everything that is wrong with a request that is to be this operation.
    pub(crate) fn judge(&self, judge: &Judge, sent: &Sent) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(described) = self.describe(judge.method, judge.template) else {
            return vec![format!(
                "the specification has no {} {}",
                judge.method, judge.template
            )];
        };
        if sent.method != judge.method {
            wrong.push(format!("the method is {}", sent.method));
        }
        match arguments(judge.template, &sent.path) {
            None => wrong.push(format!("the path is {}", sent.path)),
            Some(arguments) => {
                for (name, value) in arguments {
                    match described.parameter("path", name) {
                        None => wrong.push(format!("there is no path parameter {name}")),
                        Some(parameter) => wrong.extend(parameter_problem(parameter, &value)),
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        for (name, value) in &sent.query {
            if !seen.insert(name) {
                wrong.push(format!("the query has {name} twice"));
            }
            match described.parameter("query", name) {
                None => wrong.push(format!("there is no query parameter {name}")),
                Some(parameter) => wrong.extend(parameter_problem(parameter, value)),
            }
        }
        for parameter in &described.parameters {
            let name = parameter["name"].as_str().unwrap().to_owned();
            if parameter["in"] == "query" && parameter["required"] == true && !seen.contains(&name)
            {
                wrong.push(format!("the query lacks {name}"));
            }
        }
        self.judge_headers(judge, sent, &mut wrong);
        match (&judge.body, sent.body.is_empty()) {
            (None, true) => {}
            (None, false) => wrong.push("there is a body, and none is described".to_owned()),
            (Some(_), true) => wrong.push("the body is missing".to_owned()),
            (Some(validator), false) => match serde_json::from_slice::<Value>(&sent.body) {
                Err(error) => wrong.push(format!("the body is no JSON: {error}")),
                Ok(body) => wrong.extend(
                    validator
                        .iter_errors(&body)
                        .map(|error| format!("body {}: {error}", error.instance_path())),
                ),
            },
        }
        wrong
    }

    fn judge_headers(&self, judge: &Judge, sent: &Sent, wrong: &mut Vec<String>) {
        if sent.headers.get("apikey").is_none_or(String::is_empty) {
            wrong.push("the header ApiKey is missing".to_owned());
        }
        if sent.headers.contains_key("authorization") {
            wrong.push(
                "there is a header Authorization, and the key does not belong there".to_owned(),
            );
        }
        if !sent.body.is_empty()
            && sent.headers.get("content-type").map(String::as_str) != Some("application/json")
        {
            wrong.push("the body is not declared as JSON".to_owned());
        }
        let tenant = self
            .hardening
            .tenant
            .iter()
            .any(|prefix| judge.template.starts_with(&prefix.path));
        match (sent.headers.get("projectuid"), tenant) {
            (Some(_), true) => wrong.push("a resource of the tenant carries a project".to_owned()),
            (Some(uid), false)
                if uid.len() != 24 || !uid.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                wrong.push(format!("ProjectUid is {uid}, which is no uid"));
            }
            (None, false) => wrong.push("the header ProjectUid is missing".to_owned()),
            _ => {}
        }
    }
}

/// What requests of one operation are held to.
pub(crate) struct Judge {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    body: Option<Validator>,
}

impl Judge {
    pub(crate) fn new(method: &'static str, template: &'static str) -> Self {
        let spec = spec();
        Self {
            method,
            template,
            body: spec
                .body_schema(method, template)
                .map(|schema| spec.validator(schema)),
        }
    }
}

impl<'a> Described<'a> {
    fn parameter(&self, place: &str, name: &str) -> Option<&'a Value> {
        self.parameters
            .iter()
            .copied()
            .find(|parameter| parameter["in"] == place && parameter["name"] == name)
    }
}

/// The values of a template's placeholders; `None` if the path is another one.
fn arguments<'t>(template: &'t str, path: &str) -> Option<Vec<(&'t str, String)>> {
    let (expected, found): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if expected.len() != found.len() {
        return None;
    }
    let mut arguments = Vec::new();
    for (expected, found) in expected.into_iter().zip(found) {
        match expected.strip_prefix('{') {
            Some(name) if !found.is_empty() => {
                arguments.push((name.trim_end_matches('}'), found.to_owned()));
            }
            None if expected == found => {}
            _ => return None,
        }
    }
    Some(arguments)
}

fn parameter_problem(parameter: &Value, value: &str) -> Option<String> {
    let name = parameter["name"].as_str().unwrap();
    let problem = match parameter["type"].as_str().unwrap() {
        "integer" => match value.parse::<i64>() {
            Err(_) => Some(format!("{name} is {value}, which is no integer")),
            Ok(number) => parameter["maximum"]
                .as_i64()
                .filter(|maximum| number > *maximum)
                .map(|maximum| format!("{name} is {number}, which is more than {maximum}")),
        },
        "boolean" if !matches!(value, "true" | "false") => {
            Some(format!("{name} is {value}, which is no boolean"))
        }
        _ => None,
    };
    let outside = || {
        let values = parameter["enum"].as_array()?;
        (!values.contains(&json!(value)))
            .then(|| format!("{name} is {value}, which is none of {values:?}"))
    };
    problem.or_else(outside)
}
