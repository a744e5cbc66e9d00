//! What a real MAAS sent is read without loss, and what it refused is classified.

#![allow(clippy::unwrap_used)]

mod common;

use std::{collections::BTreeMap, fmt::Debug};

use common::{Exchange, exchanges};
use maas_client::{
    AddressRange, Client, Clock, ErrorKind, EventPage, Machine, MachineFilter, Method, NodeStatus,
    PowerParameters, RecordedTransport, ResourcePool, RetryPolicy, Subnet, SubnetStatistics, User,
    Version, VolumeGroup, Zone,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads and writes back: every value that was sent must come out again, and every field must have a name of its own.
/// `null` may come out as empty.
fn lossless<T: DeserializeOwned + Serialize + Debug>(name: &str, sent: &Value) -> T {
    let read: T =
        serde_json::from_value(sent.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_value(&read).unwrap();
    if let Some(lost) = lost("", sent, &written) {
        panic!("{name}: {lost}");
    }
    let shown = format!("{read:?}");
    for (at, start) in shown.match_indices("extra: {") {
        let rest = &shown[at + start.len()..];
        assert!(
            rest.starts_with('}'),
            "{name}: a field without a name: {}",
            rest.get(..80).unwrap_or(rest)
        );
    }
    read
}

fn lost(path: &str, sent: &Value, written: &Value) -> Option<String> {
    match (sent, written) {
        (Value::Null, _) => {
            let empty = [
                json!(null),
                json!(""),
                json!([]),
                json!({}),
                json!(0),
                json!(false),
            ];
            (!empty.contains(written)).then(|| format!("{path}: null became {written}"))
        }
        (Value::Object(sent), Value::Object(written)) => sent.iter().find_map(|(key, value)| {
            lost(
                &format!("{path}.{key}"),
                value,
                written.get(key).unwrap_or(&json!("absent")),
            )
        }),
        (Value::Array(sent), Value::Array(written)) if sent.len() == written.len() => sent
            .iter()
            .zip(written)
            .enumerate()
            .find_map(|(index, (sent, written))| lost(&format!("{path}[{index}]"), sent, written)),
        (Value::Number(sent), Value::Number(written)) => {
            (sent.as_f64() != written.as_f64()).then(|| format!("{path}: {sent} became {written}"))
        }
        _ => (sent != written).then(|| format!("{path}: {sent} became {written}")),
    }
}

/// Every machine in every answer, whatever was asked.
fn machines_in(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(object)
            if object.get("node_type") == Some(&json!(0))
                && object.contains_key("interface_set") =>
        {
            found.push(value.clone());
        }
        Value::Object(object) => object.values().for_each(|value| machines_in(value, found)),
        Value::Array(array) => array.iter().for_each(|value| machines_in(value, found)),
        _ => {}
    }
}

#[test]
fn every_recorded_machine_is_read_without_loss() {
    let mut count = 0;
    let mut statuses = BTreeMap::new();
    for exchange in exchanges() {
        let Some(json) = exchange.response.and_then(|response| response.json) else {
            continue;
        };
        let mut machines = Vec::new();
        machines_in(&json, &mut machines);
        for sent in machines {
            let machine: Machine = lossless(&exchange.name, &sent);
            assert_eq!(
                machine.status.label(),
                machine.status_name,
                "{}",
                exchange.name
            );
            assert_eq!(
                machine.testing_status.label(),
                machine.testing_status_name,
                "{}",
                exchange.name
            );
            statuses.insert(machine.status, machine.system_id.clone());
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
    assert!(statuses.len() > 12, "{statuses:?}");
}

fn reads<T: DeserializeOwned + Serialize + Debug>(name: &str, sent: &Value) {
    lossless::<T>(name, sent);
}

/// The kind of object that lies at a path.
fn check(exchange: &Exchange, json: &Value) -> bool {
    let name = exchange.name.as_str();
    let path = exchange
        .request
        .path
        .strip_prefix("/MAAS/api/2.0/")
        .unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let op = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("op="))
        .unwrap_or_default();
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (parts.as_slice(), op) {
        (["version"], "") => reads::<Version>(name, json),
        (["users"], "whoami") | (["users", _], "") => reads::<User>(name, json),
        (["zones"], "") if json.is_array() => reads::<Vec<Zone>>(name, json),
        (["zones", ..], "") => reads::<Zone>(name, json),
        (["resourcepools"], "") if json.is_array() => reads::<Vec<ResourcePool>>(name, json),
        (["resourcepools" | "resourcepool", ..], "") => reads::<ResourcePool>(name, json),
        (["subnets"], "") if json.is_array() => reads::<Vec<Subnet>>(name, json),
        (["subnets", ..], "") => reads::<Subnet>(name, json),
        (["subnets", ..], "reserved_ip_ranges" | "unreserved_ip_ranges") => {
            reads::<Vec<AddressRange>>(name, json);
        }
        (["subnets", ..], "statistics") => reads::<SubnetStatistics>(name, json),
        (["events"], "query") => reads::<EventPage>(name, json),
        (["nodes", _, "volume-groups"], "") if json.is_array() => {
            reads::<Vec<VolumeGroup>>(name, json);
        }
        (["machines", _], "power_parameters") => {
            let parameters: PowerParameters = serde_json::from_value(json.clone()).unwrap();
            let exposed: BTreeMap<String, String> = serde_json::from_value(json.clone()).unwrap();
            for (key, value) in exposed {
                assert_eq!(parameters.expose(&key), Some(value.as_str()), "{name}");
            }
            assert!(!format!("{parameters:?}").contains("qemu"), "{name}");
        }
        _ => return false,
    }
    true
}

#[test]
fn all_answers_of_these_nouns_are_read_without_loss() {
    let mut seen = BTreeMap::new();
    for exchange in exchanges() {
        let Some(response) = &exchange.response else {
            continue;
        };
        let callback = exchange.request.path.contains("callback=");
        if let (200, Some(json), false) = (response.status, &response.json, callback)
            && check(&exchange, json)
        {
            let noun = exchange
                .request
                .path
                .split('/')
                .nth(4)
                .unwrap_or_default()
                .to_owned();
            *seen.entry(noun).or_insert(0) += 1;
        }
    }
    for noun in [
        "version",
        "users",
        "zones",
        "resourcepools",
        "resourcepool",
        "subnets",
        "events",
        "machines",
        "nodes",
    ] {
        assert!(
            seen.keys().any(|key| key.starts_with(noun)),
            "{noun} is missing in {seen:?}"
        );
    }
}

async fn send(exchange: &Exchange) -> Result<(), maas_client::Error> {
    let response = exchange.response.as_ref().unwrap().http();
    let transport = RecordedTransport::new().on_response(
        &exchange.request.method,
        &exchange.request.path,
        response,
    );
    let client = Client::builder("http://127.0.0.1:5240/MAAS")
        .api_key(
            "adminConsumerKey00:adminTokenKey0000:adminTokenSecret0000000000000000"
                .parse()
                .unwrap(),
        )
        .retry(RetryPolicy::never())
        .wall_clock(Clock::manual("2026-11-22T09:48:30Z".parse().unwrap()))
        .transport(transport)
        .build()
        .unwrap();
    let method: Method = exchange.request.method.parse().unwrap();
    let path = exchange
        .request
        .path
        .strip_prefix("/MAAS/api/2.0/")
        .unwrap();
    client
        .call(method, path, &Default::default(), None)
        .await
        .map(drop)
}

/// One line for each refusal: status, code, refused fields, message, hint.
#[tokio::test]
async fn every_recorded_refusal_is_classified() {
    let mut table = Vec::new();
    for exchange in exchanges() {
        let recorded = |response: &common::Response| response.status >= 400;
        if !exchange.response.as_ref().is_some_and(recorded)
            || !exchange.request.path.starts_with("/MAAS/api/2.0/")
        {
            continue;
        }
        let error = send(&exchange).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("adminTokenSecret"),
            "{}: {shown}",
            exchange.name
        );
        assert!(
            !error.to_string().contains("<html"),
            "{}: {error}",
            exchange.name
        );
        assert!(
            !matches!(error.kind(), ErrorKind::Internal | ErrorKind::Decode),
            "{}: {error}",
            exchange.name
        );
        assert!(!error.message().is_empty());
        let fields: Vec<_> = error.fields().keys().map(String::as_str).collect();
        table.push(format!(
            "{} | {} {} | {} | {}{}",
            exchange.name,
            error.status().unwrap_or_default(),
            error.code(),
            fields.join(","),
            error.message(),
            error
                .hint()
                .map(|hint| format!(" | {hint}"))
                .unwrap_or_default(),
        ));
    }
    assert!(table.len() > 100, "{}", table.len());
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn the_recorded_list_arrives_whole_and_one_bad_machine_spoils_only_itself() {
    let all = exchanges()
        .into_iter()
        .find(|exchange| exchange.name == "machines-all-initial")
        .unwrap();
    let mut json = all.response.unwrap().json.unwrap();
    json[3]["memory"] = json!({"not": "a number"});
    let transport = RecordedTransport::new().on(
        "GET",
        "/MAAS/api/2.0/machines/?status=ready",
        200,
        json.to_string(),
    );
    let client = Client::builder("http://127.0.0.1:5240/MAAS")
        .api_key("aaaa:bbbb:cccc".parse().unwrap())
        .transport(transport)
        .build()
        .unwrap();
    let list = client
        .machines()
        .list(&MachineFilter::new().status(NodeStatus::Ready))
        .await
        .unwrap();
    assert_eq!(list.len(), json.as_array().unwrap().len() - 1);
    let error = &list.unreadable()[0];
    assert_eq!(
        (error.code(), error.operation()),
        ("DECODE", Some("machine.list"))
    );
    assert!(error.message().contains("[3].memory"), "{error}");
}
