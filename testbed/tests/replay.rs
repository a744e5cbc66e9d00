//! Every exchange recorded from a real MAAS 3.7.3, replayed in order against a fresh region.
//!
//! The recorded time of each exchange is put on the simulated clock. Requests whose answer is not in the recording are sent all the same, because they change what
//! they change. What the region does not serve yet, and where it is known to differ, stands in two lists that are compared exactly: they can only get shorter.

#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::Value;
use testbed::maas::{Timings, USER2_KEY};
use testbed::{Region, Testbed};

/// Endpoints that the region does not play: the first parts of the path and how many recorded answers wait for them.
const NOT_SERVED: &[(&str, usize)] = &[
    ("account", 13),
    ("boot-resources", 16),
    ("boot-sources", 6),
    ("commissioning-scripts", 1),
    ("devices", 6),
    ("dhcp-snippets", 5),
    ("discovery", 4),
    ("dnsresourcerecords", 4),
    ("dnsresources", 8),
    ("domains", 9),
    ("files", 5),
    ("images-sync-progress", 1),
    ("installation-results", 1),
    ("ipaddresses", 10),
    ("ipranges", 9),
    ("license-keys", 2),
    ("maas", 13),
    ("machines", 7),
    ("networks", 1),
    ("nodes", 3),
    ("nodes/*/bcache-cache-sets", 1),
    ("nodes/*/bcaches", 1),
    ("nodes/*/blockdevices", 17),
    ("nodes/*/devices", 1),
    ("nodes/*/interfaces", 16),
    ("nodes/*/raids", 2),
    ("nodes/*/results", 8),
    ("nodes/*/volume-group", 1),
    ("nodes/*/volume-groups", 2),
    ("notifications", 4),
    ("package-repositories", 6),
    ("pods", 1),
    ("rackcontrollers", 2),
    ("regioncontrollers", 1),
    ("reservedips", 5),
    ("scripts", 9),
    ("static-routes", 5),
    ("vm-clusters", 1),
    ("vm-hosts", 8),
];

/// Served, but known to differ: the name of the recording and why.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[
    (
        "err-hmac-sha1-garbage",
        "only PLAINTEXT signatures are checked, so the base string of another method is not made",
    ),
    (
        "user-delete-inuse",
        "one of the seven nodes of the user is a device, and devices are not played",
    ),
];

/// Headers that a client may look at.
const HEADERS: [&str; 8] = [
    "content-type",
    "vary",
    "x-maas-api-hash",
    "x-frame-options",
    "allow",
    "location",
    "www-authenticate",
    "retry-after",
];

struct Recording {
    number: u32,
    name: String,
    request: Value,
    response: Value,
}

impl Recording {
    fn text(&self, field: &str) -> &str {
        self.request[field].as_str().unwrap_or_default()
    }

    fn at(&self) -> f64 {
        self.request["at"]
            .as_f64()
            .expect("every exchange has its time")
    }
}

fn recordings() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings/maas-3.7.3");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the recordings are there")
        .map(|entry| entry.expect("entry").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let json: Value =
                serde_json::from_slice(&std::fs::read(file).expect("file")).expect("JSON");
            let stem = file
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("name");
            Recording {
                number: stem[..3].parse().expect("number"),
                name: stem[4..].to_owned(),
                request: json["request"].clone(),
                response: json["response"].clone(),
            }
        })
        .collect()
}

/// Machines that were added while recording get other ids here; both are known by the host name they were given.
struct Ids {
    recorded: HashMap<String, String>,
}

impl Ids {
    fn new(recordings: &[Recording]) -> Self {
        let mut recorded = HashMap::new();
        for recording in recordings {
            collect_ids(&recording.response["json"], &mut recorded);
        }
        Self { recorded }
    }

    /// Replaces the ids of this region by the recorded ones.
    fn to_recorded(&self, region: &Region, text: &str) -> String {
        self.replace(region, text, |own, recorded| (own, recorded))
    }

    /// Replaces recorded ids by those of this region.
    fn to_own(&self, region: &Region, text: &str) -> String {
        self.replace(region, text, |own, recorded| (recorded, own))
    }

    fn replace(
        &self,
        region: &Region,
        text: &str,
        direction: impl Fn(String, String) -> (String, String),
    ) -> String {
        let mut text = text.to_owned();
        for machine in region.machines() {
            let added = machine.hostname.starts_with("rec-");
            if let (true, Some(recorded)) = (added, self.recorded.get(&machine.hostname)) {
                let (from, to) = direction(machine.system_id, recorded.clone());
                text = text.replace(&from, &to);
            }
        }
        text
    }
}

fn collect_ids(value: &Value, ids: &mut HashMap<String, String>) {
    match value {
        Value::Object(object) => {
            if let (Some(name), Some(id)) = (object.get("hostname"), object.get("system_id"))
                && let (Some(name), Some(id)) = (name.as_str(), id.as_str())
            {
                ids.insert(name.to_owned(), id.to_owned());
            }
            object.values().for_each(|inner| collect_ids(inner, ids));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect_ids(inner, ids)),
        _ => {}
    }
}

fn sign(key: &str, nonce: &str, age: i64) -> String {
    let parts: Vec<&str> = key.split(':').collect();
    let timestamp = Timestamp::now().as_second() - age;
    format!(
        "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", oauth_token=\"{}\", \
         oauth_signature=\"%26{}\", oauth_nonce=\"{nonce}\", oauth_timestamp=\"{timestamp}\"",
        parts[0], parts[1], parts[2]
    )
}

/// The `Authorization` header of a recording. The recordings about signatures are described by their names.
fn authorization(recording: &Recording, testbed: &Testbed) -> Option<String> {
    let admin = testbed.maas_api_key();
    let nonce = format!("nonce-{}", recording.number);
    let good = || sign(admin, &nonce, 0);
    let secret = admin.rsplit(':').next().unwrap_or_default();
    Some(match recording.name.as_str() {
        "err-bad-consumer" => good().replace("adminConsumerKey00", "nope"),
        "err-bad-token" => good().replace("adminTokenKey00000", "nope"),
        "err-bad-secret" => good().replace(secret, "nope"),
        "err-old-timestamp" => sign(admin, &nonce, 400),
        "err-timestamp-250s-old" => sign(admin, &nonce, 250),
        "err-future-timestamp" => sign(admin, &nonce, -100_000),
        "err-timestamp-float" => good().replace("oauth_timestamp=\"", "oauth_timestamp=\"1."),
        "nonce-first" | "err-nonce-reused" => sign(admin, "used-twice", 0),
        "err-no-nonce" => good().replace("oauth_nonce", "nope"),
        "err-no-timestamp" => good().replace("oauth_timestamp", "nope"),
        "err-no-version" => good().replace("oauth_version=\"1.0\", ", ""),
        "err-hmac-sha1-garbage" => good().replace("PLAINTEXT", "HMAC-SHA1"),
        "err-sigmethod-unknown" => good().replace("PLAINTEXT", "RSA-SHA1"),
        "sig-unescaped-ampersand" => good().replace("%26", "&"),
        "auth-realm-first" => good().replace("OAuth ", "OAuth realm=\"\", "),
        "auth-lowercase-scheme" => good().replace("OAuth ", "oauth "),
        "auth-no-spaces" => good().replace(", ", ","),
        "err-empty-consumer-secret-missing-amp" => good().replace("%26", ""),
        "err-basic-auth" => "Basic YWRtaW46YWRtaW4=".to_owned(),
        "err-bearer" => "Bearer abc".to_owned(),
        _ => match recording.request["user"].as_str()? {
            "user1" => sign(testbed.maas_user_api_key(), &nonce, 0),
            "user2" => sign(USER2_KEY, &nonce, 0),
            _ => good(),
        },
    })
}

/// The path, with the time of now where credentials are in the query.
fn path(recording: &Recording) -> String {
    let path = recording.text("path");
    match path.split_once("oauth_timestamp=") {
        Some((before, _)) => format!("{before}oauth_timestamp={}", Timestamp::now().as_second()),
        None => path.to_owned(),
    }
}

/// The body, from the recorded fields and the content type.
fn body(recording: &Recording) -> Vec<u8> {
    let content_type = recording.text("content_type");
    let fields: Vec<(&str, String)> = recording.request["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pair| {
            let value = &pair[1];
            Some((
                pair[0].as_str()?,
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            ))
        })
        .collect();
    match recording.name.as_str() {
        "err-json-invalid" => return b"{not json".to_vec(),
        "err-too-large-body" => return vec![b'x'; 11 * 1024 * 1024],
        "err-no-content-type" => return b"name=rec-noct".to_vec(),
        _ => {}
    }
    if content_type.starts_with("application/json") {
        let object: serde_json::Map<String, Value> = recording.request["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|pair| {
                (
                    pair[0].as_str().unwrap_or_default().to_owned(),
                    pair[1].clone(),
                )
            })
            .collect();
        return serde_json::to_vec(&object).expect("JSON");
    }
    if let Some((_, boundary)) = content_type.split_once("boundary=") {
        let mut body = String::new();
        for (name, value) in fields {
            let file = value
                .strip_prefix("<file ")
                .and_then(|rest| rest.split(',').next());
            let file_name = file
                .map(|name| format!("; filename=\"{name}\""))
                .unwrap_or_default();
            let value = if file.is_some() {
                "file content".to_owned()
            } else {
                value
            };
            write!(body, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n{value}\r\n")
                .expect("text");
        }
        write!(body, "--{boundary}--\r\n").expect("text");
        return body.into_bytes();
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish().into_bytes()
}

/// What was done between two exchanges without being recorded: before which one, the method, the path (a host name in braces stands for its machine), the form.
/// Machines were taken, given back and repaired to prepare the next exchange; the recorded answers show that it happened.
const BETWEEN: &[(u32, &str, &str, &str)] = &[
    (
        475,
        "PUT",
        "machines/{rec-machine-user1}/",
        "power_type=manual",
    ),
    (510, "POST", "machines/{rec-machine-json}/?op=release", ""),
    (511, "POST", "machines/{node05}/?op=release", ""),
    (512, "POST", "machines/{node05}/?op=release", ""),
    (513, "POST", "machines/{node05}/?op=release", ""),
    (544, "POST", "machines/{rec-machine-json}/?op=release", ""),
    (595, "POST", "machines/{node09}/?op=release", ""),
    (597, "POST", "machines/{node09}/?op=release", ""),
    (610, "POST", "machines/?op=allocate", "name=node23"),
    (611, "POST", "machines/?op=allocate", "name=node24"),
    (615, "POST", "machines/{node23}/?op=release", ""),
    (616, "POST", "machines/{node23}/?op=release", ""),
    (625, "POST", "machines/?op=allocate", "name=node11"),
];

async fn between(number: u32, client: &Client, testbed: &Testbed) {
    for (index, (_, method, path, form)) in BETWEEN
        .iter()
        .enumerate()
        .filter(|(_, step)| step.0 == number)
    {
        let mut path = (*path).to_owned();
        if let Some((before, rest)) = path.split_once('{') {
            let (name, after) = rest.split_once('}').expect("closing brace");
            let machine = testbed
                .region()
                .machine_named(name)
                .expect("a machine of this name");
            path = format!("{before}{}{after}", machine.system_id);
        }
        let answer = client
            .request(
                method.parse().expect("method"),
                format!("{}/api/2.0/{path}", testbed.maas_url()),
            )
            .header(
                "Authorization",
                sign(testbed.maas_api_key(), &format!("between-{index}"), 0),
            )
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(*form)
            .send()
            .await
            .expect("an answer");
        let status = answer.status();
        assert!(
            status.is_success(),
            "before {number}, {method} {path}: {status} {}",
            answer.text().await.expect("text")
        );
    }
}

/// Lists whose order was that of the database's whim.
const UNORDERED: [&str; 1] = ["machines-accept-all"];

/// Replaces what no rule determines: numbers of script results, of events (their distances stay), of what commissioning makes anew, random texts, passing times.
fn normalise(value: &mut Value) {
    let newest = value["events"][0]["id"].as_u64();
    normalise_inner(value, newest);
}

fn normalise_inner(value: &mut Value, newest_event: Option<u64>) {
    let relative = |number: u64| {
        newest_event.map(|newest| format!("newest minus {}", newest.abs_diff(number)))
    };
    match value {
        Value::Object(object) => {
            let is_event = object.contains_key("level") && object.contains_key("node");
            let is_new = object.get("type").is_some_and(|kind| kind == "partition")
                || object.contains_key("mode");
            for (key, inner) in object {
                let is_result = key.starts_with("current_") && key.ends_with("_result_id");
                match key.as_str() {
                    _ if is_result && inner.is_number() => *inner = "a number".into(),
                    "created" | "updated" if inner.is_string() => *inner = "a time".into(),
                    "uuid" if inner.is_string() => *inner = "random".into(),
                    "id" if is_event => {
                        *inner = inner.as_u64().and_then(relative).into();
                    }
                    "id" | "resource_uri" if is_new => *inner = "made anew".into(),
                    "next_uri" | "prev_uri" => {
                        if let Some((before, number)) =
                            inner.as_str().and_then(|uri| uri.rsplit_once('='))
                            && let Some(relative) = number.parse().ok().and_then(relative)
                        {
                            *inner = format!("{before}={relative}").into();
                        }
                    }
                    _ => normalise_inner(inner, newest_event),
                }
            }
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|inner| normalise_inner(inner, newest_event)),
        _ => {}
    }
}

/// Replaces times in seconds since the epoch, which are those of the day of the recording.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() >= 10 {
            "a time"
        } else {
            &digits
        });
        digits.clear();
        out.push(c);
    }
    out
}

/// Where two JSON values differ.
fn differences(path: &str, expected: &Value, found: &Value, out: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                let missing = Value::from("(missing)");
                let inner = format!("{path}.{key}");
                differences(
                    &inner,
                    expected.get(key).unwrap_or(&missing),
                    found.get(key).unwrap_or(&missing),
                    out,
                );
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{path}[{index}]"), expected, found, out);
            }
        }
        _ if expected == found => {}
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        _ => {
            let short = |value: &Value| value.to_string().chars().take(160).collect::<String>();
            out.push(format!(
                "{path}: recorded {}, found {}",
                short(expected),
                short(found)
            ));
        }
    }
}

struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

fn compare(recording: &Recording, answer: &Answer, ids: &Ids, region: &Region) -> Vec<String> {
    let expected = &recording.response;
    let mut out = Vec::new();
    let text = ids.to_recorded(region, &String::from_utf8_lossy(&answer.body));
    if expected["status"] != answer.status {
        let start: String = text.chars().take(200).collect();
        return vec![format!(
            "status: recorded {}, found {}: {start}",
            expected["status"], answer.status
        )];
    }
    for header in HEADERS {
        let recorded = expected["headers"][header].as_str();
        let found = answer.headers.get(header).map(String::as_str);
        if recorded != found {
            out.push(format!("{header}: recorded {recorded:?}, found {found:?}"));
        }
    }
    if let Some(json) = expected.get("json") {
        let mut found: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let mut json = json.clone();
        for value in [&mut json, &mut found] {
            normalise(value);
            if UNORDERED.contains(&recording.name.as_str()) {
                let list = value.as_array_mut().expect("a list");
                list.sort_by_key(|machine| machine["hostname"].as_str().map(str::to_owned));
            }
        }
        differences("", &json, &found, &mut out);
    } else if let Some(recorded) = expected["text"].as_str()
        && without_times(recorded) != without_times(&text)
    {
        out.push(format!("text: recorded {recorded:?}, found {text:?}"));
    }
    out
}

/// The noun of a path: its first part below the API.
fn family(recording: &Recording) -> String {
    let path = recording.text("path");
    let rest = path.split("/api/2.0/").nth(1).unwrap_or(path);
    let mut parts = rest.split(['/', '?']);
    let first = parts.next().unwrap_or_default();
    match first {
        "nodes" => match (parts.next(), parts.next()) {
            (Some(id), Some(noun)) if id.len() == 6 && !noun.is_empty() => {
                format!("nodes/*/{noun}")
            }
            _ => "nodes".to_owned(),
        },
        _ => first.to_owned(),
    }
}

#[tokio::test]
async fn every_recorded_exchange_is_answered_as_recorded() {
    let recordings = recordings();
    assert!(recordings.len() > 700, "the recordings are complete");
    let ids = Ids::new(&recordings);
    let start = recordings[0].at();
    #[allow(clippy::cast_possible_truncation)]
    let start_time = Timestamp::from_millisecond((start * 1000.0) as i64).expect("time");
    let testbed = Testbed::builder()
        .paused(true)
        .start_time(start_time)
        .timings(Timings::recorded())
        .start()
        .await
        .expect("testbed starts");
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("client");
    let region = testbed.region();

    let mut not_served: BTreeMap<String, usize> = BTreeMap::new();
    let mut different: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut same = 0;
    let mut passed = Duration::ZERO;
    for recording in &recordings {
        between(recording.number, &client, &testbed).await;
        let at = Duration::from_secs_f64((recording.at() - start).max(0.0));
        testbed.clock().advance(at.saturating_sub(passed)).await;
        passed = passed.max(at);

        let url = format!(
            "{}{}",
            testbed.palette_url(),
            ids.to_own(&region, &path(recording))
        );
        let method: Method = recording.text("method").parse().expect("method");
        let mut request = client.request(method.clone(), url);
        if let Some(header) = authorization(recording, &testbed) {
            request = request.header("Authorization", header);
        }
        for (name, value) in recording.request["headers"]
            .as_object()
            .into_iter()
            .flatten()
        {
            request = request.header(name, value.as_str().expect("header"));
        }
        if let Some(content_type) = recording.request["content_type"].as_str() {
            request = request.header("Content-Type", content_type);
        }
        if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
            let body = body(recording);
            let body = match String::from_utf8(body) {
                Ok(text) => ids.to_own(&region, &text).into_bytes(),
                Err(error) => error.into_bytes(),
            };
            request = request.body(body);
        }
        let response = request.send().await.expect("an answer");
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        value.to_str().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
            body: response.bytes().await.expect("a body").to_vec(),
        };
        if recording.response.is_null() {
            continue;
        }
        let unknown = answer.status == 404
            && answer.body.starts_with(b"Unknown API endpoint")
            && recording.response["status"] != 404;
        if answer.status == 501 || unknown {
            *not_served.entry(family(recording)).or_default() += 1;
            continue;
        }
        let found = compare(recording, &answer, &ids, &region);
        if found.is_empty() {
            same += 1;
        } else {
            different.insert(recording.name.clone(), found);
        }
    }

    let expected: BTreeMap<String, usize> = NOT_SERVED
        .iter()
        .map(|(path, count)| ((*path).to_owned(), *count))
        .collect();
    let known: BTreeSet<&str> = KNOWN_DIFFERENCES.iter().map(|(name, _)| *name).collect();
    let mut report = String::new();
    for (name, found) in different
        .iter()
        .filter(|(name, _)| !known.contains(name.as_str()))
    {
        let more = found.len().saturating_sub(6);
        writeln!(
            report,
            "{name}:\n  {}",
            found
                .iter()
                .take(6)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n  ")
        )
        .expect("text");
        if more > 0 {
            writeln!(report, "  and {more} more").expect("text");
        }
    }
    for name in known.iter().filter(|name| !different.contains_key(**name)) {
        writeln!(report, "{name}: no longer differs, take it off the list").expect("text");
    }
    if not_served != expected {
        writeln!(report, "not served: {not_served:#?}").expect("text");
    }
    assert!(report.is_empty(), "{same} as recorded\n{report}");
}
