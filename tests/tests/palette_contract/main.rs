//! Every request that the Palette client can send is held against Palette's published specification, and every
//! answer that the specification allows must be read without loss.
#![allow(clippy::unwrap_used)]

mod answers;
mod operations;
mod spec;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use answers::{Variant, answer, lost, names};
use bytes::Bytes;
use operations::{Args, Exercise, exercises};
use palette_client::{Client, Error, ErrorKind};
use sdk_transport::{BodyStream, Transport, TransportError};
use serde_json::{Value, json};
use spec::{Judge, Sent, spec};

const PROJECT: &str = "6650d1cb0e5a3e2f4b7f0a11";
const RANDOM_RUNS: u64 = 48;

/// Keeps what is sent and always gives the same answer.
#[derive(Debug)]
struct Recorder {
    sent: Mutex<Vec<Sent>>,
    status: u16,
    answer: Bytes,
}

#[async_trait::async_trait]
impl Transport for Recorder {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let uri = request.uri();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let headers = request.headers().iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or_default();
            (name.to_string(), value.to_owned())
        });
        self.sent.lock().unwrap().push(Sent {
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query: query.into_owned().collect(),
            headers: headers.collect(),
            body: request.body().to_vec(),
        });
        let answer = self.answer.clone();
        let body: BodyStream = Box::pin(futures_util::stream::iter([Ok(answer)]));
        Ok(http::Response::builder()
            .status(self.status)
            .body(body)
            .unwrap())
    }
}

/// Calls one operation and returns what it read and what it sent.
async fn run(
    exercise: &Exercise,
    (method, template): (&str, &str),
    given: Value,
    args: Args,
    variant: Variant,
) -> (Result<Value, Error>, Value, Vec<Sent>) {
    let (status, schema) = spec().answer_schema(method, template).unwrap();
    let answer = match schema {
        Value::Null => Value::Null,
        schema => answer(spec(), schema, variant),
    };
    let bytes = match &answer {
        Value::Null => Bytes::new(),
        // A download, not JSON.
        Value::String(text) => Bytes::from(text.clone()),
        answer => Bytes::from(answer.to_string()),
    };
    let recorder = Arc::new(Recorder {
        sent: Mutex::default(),
        status,
        answer: bytes,
    });
    let client = Client::builder("http://palette.invalid")
        .api_key("key-of-the-contract")
        .project(PROJECT)
        .no_rate_limits()
        .shared_transport(recorder.clone())
        .build()
        .unwrap();
    let result = (exercise.call)(client, args, given).await;
    let sent = recorder.sent.lock().unwrap().clone();
    (result, answer, sent)
}

fn args(uid: &str, name: &str) -> Args {
    Args {
        uid: uid.to_owned(),
        name: name.to_owned(),
    }
}

fn plain() -> Args {
    args(PROJECT, "worker-pool")
}

/// The operation's method and path.
fn described(exercise: &Exercise) -> (&'static str, &'static str) {
    let operation = palette_client::operations()
        .find(|operation| operation.name == exercise.name)
        .unwrap_or_else(|| panic!("the client has no operation {}", exercise.name));
    (operation.method, operation.template)
}

#[test]
fn every_operation_is_in_the_table_once() {
    let mut of_the_client: Vec<_> = palette_client::operations()
        .map(|operation| operation.name)
        .collect();
    let mut in_the_table: Vec<_> = exercises().iter().map(|exercise| exercise.name).collect();
    of_the_client.sort_unstable();
    in_the_table.sort_unstable();
    assert_eq!(of_the_client, in_the_table);
}

#[test]
fn everything_means_every_field_of_every_input() {
    for exercise in exercises() {
        let mut missing = Vec::new();
        let fields = (exercise.fields)(exercise.everything.clone());
        left_out(&fields, &exercise.everything, "", &mut missing);
        assert!(missing.is_empty(), "{}: {missing:?}", exercise.name);
    }
}

/// Fields of an input that `given` leaves out.
fn left_out(fields: &Value, given: &Value, at: &str, missing: &mut Vec<String>) {
    match (fields, given) {
        (Value::Object(fields), Value::Object(given)) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "extra") {
                let at = format!("{at}/{name}");
                match given.get(name) {
                    Some(given) => left_out(value, given, &at, missing),
                    None => missing.push(at),
                }
            }
        }
        (Value::Array(fields), Value::Array(given)) => {
            for (fields, given) in fields.iter().zip(given) {
                left_out(fields, given, at, missing);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_request_is_what_the_specification_describes() {
    let mut problems = BTreeMap::new();
    for exercise in exercises() {
        let (method, template) = described(&exercise);
        let judge = Judge::new(method, template);
        let mut different = BTreeSet::new();
        let mut random = fastrand::Rng::with_seed(0x5eed);
        let fixed = [
            (exercise.least.clone(), plain()),
            (exercise.everything.clone(), plain()),
        ];
        let varied = (0..RANDOM_RUNS).map(|_| {
            let mut given = exercise.everything.clone();
            vary(&mut given, &mut random);
            let uid = random_text(&mut random);
            (given, args(&uid, &random_text(&mut random)))
        });
        let varied: Vec<_> = varied.collect();
        for (run_number, (given, args)) in fixed.into_iter().chain(varied).enumerate() {
            let target = (method, template);
            let (result, _, sent) =
                run(&exercise, target, given.clone(), args, Variant::Least).await;
            match result {
                Ok(_) => {}
                // What lacks a required value is refused before it is sent.
                Err(error) if run_number > 1 && error.kind() == ErrorKind::InvalidInput => {
                    assert!(sent.is_empty(), "{}: {error}", exercise.name);
                    continue;
                }
                Err(error) => panic!("{} with {given}: {error}", exercise.name),
            }
            let [sent] = sent.as_slice() else {
                panic!("{} sent {} requests", exercise.name, sent.len());
            };
            let wrong = spec().judge(&judge, sent);
            if !wrong.is_empty() {
                problems.insert(exercise.name, wrong);
            }
            different.insert(format!("{} {:?} {:?}", sent.path, sent.query, sent.body));
        }
        let alone = spec().takes_nothing(method, template);
        assert!(
            alone || different.len() >= 3,
            "{} was sent in {} ways only",
            exercise.name,
            different.len()
        );
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Leaves things out, repeats elements of lists and changes free texts.
fn vary(value: &mut Value, random: &mut fastrand::Rng) {
    match value {
        Value::Object(object) => {
            let names: Vec<_> = object.keys().cloned().collect();
            for name in names {
                if random.u8(..8) == 0 {
                    object.remove(&name);
                }
            }
            object.values_mut().for_each(|value| vary(value, random));
        }
        Value::Array(items) => {
            let template = items[0].clone();
            // A value of an enum may stand in a list once.
            let most = match template.as_str() {
                Some(text) if !text.starts_with("text") => 1,
                _ => 3,
            };
            *items = (0..=random.usize(..=most))
                .skip(1)
                .map(|_| template.clone())
                .collect();
            items.iter_mut().for_each(|value| vary(value, random));
        }
        Value::String(text) if text.starts_with("text") => *text = random_text(random),
        Value::Bool(flag) => *flag = random.bool(),
        Value::Number(number) if number.is_u64() => *value = json!(random.u32(..100_000)),
        _ => {}
    }
}

fn random_text(random: &mut fastrand::Rng) -> String {
    const LETTERS: &[char] = &[
        'a', 'Z', '9', ' ', '/', '%', '?', '&', '"', '\\', 'é', '漢', '🦀', '.', '-', '\n', '{',
        '+', '#',
    ];
    let text: String = (0..random.usize(1..12))
        .map(|_| LETTERS[random.usize(..LETTERS.len())])
        .collect();
    // Dots alone are no name.
    format!("{text}x")
}

#[tokio::test]
async fn every_answer_is_read_without_loss() {
    let mut problems = BTreeMap::new();
    let (mut sent_names, mut known_names) = (BTreeSet::new(), BTreeSet::new());
    for exercise in exercises() {
        let target = described(&exercise);
        for variant in Variant::ALL {
            let given = exercise.least.clone();
            let (result, answer, _) = run(&exercise, target, given, plain(), variant).await;
            let mut lost_at = Vec::new();
            match result {
                Ok(Value::Null) => {}
                Ok(mut kept) => {
                    // How the pages hang together is the pager's own business.
                    if let Some(kept) = kept.as_object_mut() {
                        kept.insert("listmeta".to_owned(), answer["listmeta"].clone());
                    }
                    lost(&answer, &kept, "", &mut lost_at);
                    names(&answer, &mut sent_names);
                    names(&kept, &mut known_names);
                }
                Err(error) => lost_at.push(error.to_string()),
            }
            if !lost_at.is_empty() {
                problems.insert(format!("{} {variant:?}", exercise.name), lost_at);
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    // What no server sends is a misspelled field: its value would lie unread in `extra`.
    let misspelled: Vec<_> = known_names.difference(&sent_names).collect();
    assert!(misspelled.is_empty(), "{misspelled:?}");
}

#[tokio::test]
async fn what_the_client_never_writes_is_known() {
    let spec = spec();
    let mut bodies = Vec::new();
    let mut written = BTreeSet::new();
    for exercise in exercises() {
        let (method, template) = described(&exercise);
        let Some(schema) = spec.body_schema(method, template) else {
            continue;
        };
        let (_, _, sent) = run(
            &exercise,
            (method, template),
            exercise.everything.clone(),
            plain(),
            Variant::Least,
        )
        .await;
        let body = serde_json::from_slice(&sent[0].body).unwrap();
        bodies.push((schema, exercise.name));
        note_written(schema, exercise.name, &body, &mut written);
    }
    let mut unsent = BTreeSet::new();
    for (schema, owner) in bodies {
        note_unsent(schema, owner, &written, &mut unsent);
    }
    let known: BTreeSet<_> = spec
        .hardening
        .unsent
        .iter()
        .flat_map(|unsent| unsent.fields.iter().cloned())
        .collect();
    let news: Vec<_> = unsent.difference(&known).collect();
    let outdated: Vec<_> = known.difference(&unsent).collect();
    assert!(news.is_empty(), "not written and not known: {news:#?}");
    assert!(outdated.is_empty(), "known as not written: {outdated:#?}");
}

/// The fields of the schema that this body has, as `definition.field`.
fn note_written(schema: &Value, owner: &str, body: &Value, written: &mut BTreeSet<String>) {
    let (owner, schema) = spec().resolve(owner, schema);
    for item in body.as_array().into_iter().flatten() {
        note_written(&schema["items"], owner, item, written);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(part) = body.get(name) {
            let field = format!("{owner}.{name}");
            note_written(schema, &field, part, written);
            written.insert(field);
        }
    }
}

/// The fields of the schema that are not written; below such a field nothing more is named.
fn note_unsent(
    schema: &Value,
    owner: &str,
    written: &BTreeSet<String>,
    unsent: &mut BTreeSet<String>,
) {
    let (owner, schema) = spec().resolve(owner, schema);
    if let Some(items) = schema.get("items") {
        note_unsent(items, owner, written, unsent);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let field = format!("{owner}.{name}");
        if written.contains(&field) {
            note_unsent(schema, &field, written, unsent);
        } else {
            unsent.insert(field);
        }
    }
}

#[tokio::test]
async fn a_wrong_request_is_caught() {
    let table = exercises();
    let create = table
        .iter()
        .find(|exercise| exercise.name == "cluster.create")
        .unwrap();
    let target = described(create);
    let judge = Judge::new(target.0, target.1);
    let (_, _, sent) = run(
        create,
        target,
        create.everything.clone(),
        plain(),
        Variant::Least,
    )
    .await;
    let good = &sent[0];
    assert_eq!(spec().judge(&judge, good), [""; 0]);

    let body = |change: &dyn Fn(&mut Value)| {
        let mut body: Value = serde_json::from_slice(&good.body).unwrap();
        change(&mut body);
        let mut bad = good.clone();
        bad.body = body.to_string().into_bytes();
        bad
    };
    let with = |change: &dyn Fn(&mut Sent)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad
    };
    let pool = "/spec/machinepoolconfig/0/poolConfig";
    let bad: Vec<(&str, Sent)> = vec![
        (
            "an unknown field",
            body(&|body| body["spec"]["cloudtype"] = json!("maas")),
        ),
        (
            "a field in the wrong place",
            body(&|body| body["name"] = json!("c1")),
        ),
        (
            "a misspelled field deep below",
            body(&|body| body.pointer_mut(pool).unwrap()["Size"] = json!(1)),
        ),
        (
            "a required field left out",
            body(&|body| {
                body["spec"]
                    .as_object_mut()
                    .unwrap()
                    .remove("cloudAccountUid");
            }),
        ),
        (
            "half of a pool left out",
            body(&|body| {
                let pool = &mut body["spec"]["machinepoolconfig"][0];
                pool.as_object_mut().unwrap().remove("poolConfig");
            }),
        ),
        (
            "a text for a number",
            body(&|body| body.pointer_mut(pool).unwrap()["size"] = json!("3")),
        ),
        (
            "a null for a list",
            body(&|body| body["spec"]["machinepoolconfig"] = Value::Null),
        ),
        (
            "a value outside an enum",
            body(&|body| body["spec"]["clusterType"] = json!("puremanage")),
        ),
        (
            "a time that is none",
            body(&|body| {
                let patch =
                    &mut body["spec"]["clusterConfig"]["machineManagementConfig"]["osPatchConfig"];
                patch["onDemandPatchAfter"] = json!("tomorrow");
            }),
        ),
        ("no body", with(&|bad| bad.body.clear())),
        (
            "no key",
            with(&|bad| {
                bad.headers.remove("apikey");
            }),
        ),
        (
            "no project",
            with(&|bad| {
                bad.headers.remove("projectuid");
            }),
        ),
        (
            "a project's name for its uid",
            with(&|bad| {
                bad.headers.insert("projectuid".into(), "Default".into());
            }),
        ),
        (
            "an unknown parameter",
            with(&|bad| bad.query.push(("force".into(), "true".into()))),
        ),
        ("another method", with(&|bad| bad.method = "PUT".into())),
        (
            "another path",
            with(&|bad| bad.path = "/v1/spectroclusters/vsphere".into()),
        ),
    ];
    for (what, bad) in bad {
        assert!(
            !spec().judge(&judge, &bad).is_empty(),
            "{what} went unnoticed"
        );
    }
}
