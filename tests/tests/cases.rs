//! Runs the cases that Rust, Python and Node share; see `tests/cases/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use lifecycle_core::canonical_json;
use maas_client::{AnyCall, Client, Error, ErrorKind, ResponseLog, RetryPolicy};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const SECRETS: [&str; 2] = ["token-secret", "token-key:token-secret"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    call: String,
    #[serde(default)]
    client: Settings,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default)]
    server: Exchanges,
    expect: Expect,
    #[serde(default)]
    only: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    url: String,
    api_key: String,
    max_attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "{server}/MAAS".to_owned(),
            api_key: "consumer-key:token-key:token-secret".to_owned(),
            max_attempts: 1,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Exchanges {
    /// `"refused"`.
    Refused(String),
    Listed(Vec<Exchange>),
}

impl Default for Exchanges {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    expect: Sent,
    reply: Reply,
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

type Fields = BTreeMap<String, Vec<String>>;

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Sent {
    method: String,
    path: String,
    #[serde(default)]
    query: Fields,
    #[serde(default)]
    form: Fields,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reply {
    recording: Option<String>,
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: Value,
    close: bool,
    cut: Option<usize>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Expect {
    value: Option<Value>,
    #[serde(rename = "null")]
    nothing: bool,
    contains: Option<Value>,
    length: Option<usize>,
    response: Option<Value>,
    error: Option<Map<String, Value>>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn cases() -> Vec<(String, Case)> {
    let mut paths: Vec<_> = std::fs::read_dir(tests().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    let read = |path: &PathBuf| -> Vec<Case> {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths
        .iter()
        .flat_map(|path| {
            let file = path.file_stem().unwrap().to_string_lossy().into_owned();
            read(path).into_iter().map(move |case| (file.clone(), case))
        })
        .collect()
}

impl Reply {
    /// Status, headers and body.
    fn parts(&self) -> (u16, BTreeMap<String, String>, Vec<u8>) {
        let Some(recording) = &self.recording else {
            let body = match &self.body {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return (
                self.status.unwrap_or(200),
                self.headers.clone(),
                body.into_bytes(),
            );
        };
        let path = tests().join(format!("recordings/maas-3.7.3/{recording}.json"));
        let recorded: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let response = &recorded["response"];
        let headers = ["content-type", "retry-after"]
            .into_iter()
            .filter_map(|name| {
                Some((
                    name.to_owned(),
                    response["headers"].get(name)?.as_str()?.to_owned(),
                ))
            })
            .collect();
        assert!(
            response.get("base64").is_none(),
            "{recording}: no case needs bytes that are not text"
        );
        let body = match response.get("json") {
            Some(json) => json.to_string(),
            None => response["text"].as_str().unwrap_or_default().to_owned(),
        };
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        (status, headers, body.into_bytes())
    }
}

/// Answers the expected requests in order and keeps what was wrong with those that came.
struct Server {
    origin: String,
    open: Arc<Mutex<VecDeque<Exchange>>>,
    faults: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(exchanges: &[Exchange]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let open: VecDeque<_> = exchanges
            .iter()
            .flat_map(|exchange| std::iter::repeat_n(exchange.clone(), exchange.times))
            .collect();
        let (open, faults) = (Arc::new(Mutex::new(open)), Arc::new(Mutex::new(Vec::new())));
        let (expected, wrong, own) = (Arc::clone(&open), Arc::clone(&faults), origin.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (expected, wrong, own) =
                    (Arc::clone(&expected), Arc::clone(&wrong), own.clone());
                tokio::spawn(async move { answer(stream, &expected, &wrong, &own).await });
            }
        });
        Self {
            origin,
            open,
            faults,
            task,
        }
    }
}

/// One request on one connection, which is closed after it.
async fn answer(
    mut stream: TcpStream,
    open: &Mutex<VecDeque<Exchange>>,
    faults: &Mutex<Vec<String>>,
    origin: &str,
) {
    let Some((sent, authorization)) = read_request(&mut stream).await else {
        return;
    };
    let next = open.lock().unwrap().pop_front();
    let Some(exchange) = next else {
        faults
            .lock()
            .unwrap()
            .push(format!("nothing more was expected, but {sent:?} came"));
        return;
    };
    if sent != exchange.expect {
        faults
            .lock()
            .unwrap()
            .push(format!("{sent:?} came instead of {:?}", exchange.expect));
    }
    let signed =
        authorization.starts_with("OAuth ") && authorization.contains("oauth_token=\"token-key\"");
    if !signed && !sent.path.ends_with("/version/") {
        faults
            .lock()
            .unwrap()
            .push(format!("not signed with the key: {authorization}"));
    }
    if exchange.reply.close {
        return;
    }
    let (status, headers, body) = exchange.reply.parts();
    let mut head = format!("HTTP/1.1 {status} Reason\r\nconnection: close\r\n");
    if status != 204 {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!(
            "{name}: {}\r\n",
            value.replace("{server}", origin)
        ));
    }
    let shown = exchange.reply.cut.unwrap_or(body.len()).min(body.len());
    let _ = stream.write_all(format!("{head}\r\n").as_bytes()).await;
    let _ = stream.write_all(&body[..shown]).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<(Sent, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut line = head.lines().next()?.split(' ');
    let (method, target) = (line.next()?.to_owned(), line.next()?);
    let url = url::Url::parse(&format!("http://h{target}")).unwrap();
    let fields = |pairs: url::form_urlencoded::Parse<'_>| {
        let mut fields = Fields::new();
        for (name, value) in pairs {
            fields
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        fields
    };
    let sent = Sent {
        method,
        path: url.path().to_owned(),
        query: fields(url.query_pairs()),
        form: fields(url::form_urlencoded::parse(
            &bytes[end + 4..end + 4 + length],
        )),
    };
    Some((sent, header("authorization")))
}

fn options<T: DeserializeOwned>(args: Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(args))
        .map_err(|error| Error::invalid_input(error.to_string()))
}

fn value<T: Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn number(args: &mut Map<String, Value>, name: &str) -> i64 {
    args.remove(name).unwrap().as_i64().unwrap()
}

/// Makes the call that errors name so, and returns its result as JSON.
async fn call(maas: &Client, name: &str, mut args: Map<String, Value>) -> Result<Value, Error> {
    let mut key = |name: &str| match args.remove(name) {
        Some(Value::String(key)) => key,
        other => panic!("{name} is {other:?}"),
    };
    Ok(match name {
        "maas.version.get" => value(maas.version().await?),
        "maas.user.whoami" => value(maas.whoami().await?),
        "maas.zone.list" => value(maas.zones().list().await?.into_items()),
        "maas.zone.get" => value(maas.zones().get(&key("name")).await?),
        "maas.zone.create" => value(maas.zones().create(&key("name"), &options(args)?).await?),
        "maas.zone.update" => value(maas.zones().update(&key("name"), &options(args)?).await?),
        "maas.zone.delete" => value(maas.zones().delete(&key("name")).await?),
        "maas.resource_pool.list" => value(maas.resource_pools().list().await?.into_items()),
        "maas.resource_pool.create" => {
            let name = key("name");
            value(maas.resource_pools().create(&name, &options(args)?).await?)
        }
        "maas.resource_pool.get" => {
            value(maas.resource_pools().get(number(&mut args, "id")).await?)
        }
        "maas.resource_pool.update" => {
            let id = number(&mut args, "id");
            value(maas.resource_pools().update(id, &options(args)?).await?)
        }
        "maas.resource_pool.delete" => value(
            maas.resource_pools()
                .delete(number(&mut args, "id"))
                .await?,
        ),
        "maas.subnet.list" => value(maas.subnets().list().await?.into_items()),
        "maas.subnet.create" => {
            let cidr = key("cidr");
            value(maas.subnets().create(&cidr, &options(args)?).await?)
        }
        "maas.subnet.get" => value(maas.subnets().get(&key("subnet")).await?),
        "maas.subnet.update" => {
            let subnet = key("subnet");
            value(maas.subnets().update(&subnet, &options(args)?).await?)
        }
        "maas.subnet.delete" => value(maas.subnets().delete(&key("subnet")).await?),
        "maas.subnet.reserved_ip_ranges" => {
            let ranges = maas.subnets().reserved_ip_ranges(&key("subnet")).await?;
            value(ranges.into_items())
        }
        "maas.subnet.unreserved_ip_ranges" => {
            let ranges = maas.subnets().unreserved_ip_ranges(&key("subnet")).await?;
            value(ranges.into_items())
        }
        "maas.subnet.statistics" => value(maas.subnets().statistics(&key("subnet")).await?),
        "maas.event.query" => value(maas.events().query(&options(args)?).await?),
        "maas.call" => {
            let method = key("method").parse().unwrap();
            let path = key("path");
            let (query, body) = options::<AnyCall>(args)?.into_parts()?;
            let response = maas.call(method, &path, &query, body).await?;
            let body = response.body();
            json!({
                "status": response.status().as_u16(),
                "json": serde_json::from_slice::<Value>(body).ok(),
                "text": String::from_utf8(body.to_vec()).unwrap(),
            })
        }
        "maas.machine.release_many" => {
            let ids: Vec<String> =
                serde_json::from_value(args.remove("system_ids").unwrap()).unwrap();
            value(maas.machines().release_many(&ids, &options(args)?).await?)
        }
        "maas.machine.list" => value(maas.machines().list(&options(args)?).await?.into_items()),
        "maas.machine.find" => value(maas.machines().find(&key("hostname")).await?),
        "maas.machine.allocate" => value(maas.machines().allocate(&options(args)?).await?),
        _ => {
            let machine = maas.machine(key("system_id"));
            match name {
                "maas.machine.get" => value(machine.get().await?),
                "maas.machine.update" => value(machine.update(&options(args)?).await?),
                "maas.machine.delete" => value(machine.delete().await?),
                "maas.machine.deploy" => value(machine.deploy(&options(args)?).await?),
                "maas.machine.release" => value(machine.release(&options(args)?).await?),
                "maas.machine.abort" => value(machine.abort(None).await?),
                "maas.machine.power_on" => value(machine.power_on(&options(args)?).await?),
                "maas.machine.power_off" => value(machine.power_off(&options(args)?).await?),
                "maas.machine.query_power_state" => value(machine.query_power_state().await?),
                "maas.machine.set_workload_annotations" => {
                    value(machine.set_workload_annotations(&options(args)?).await?)
                }
                "maas.machine.wait_deployed" => {
                    value(machine.wait_deployed(&options(args)?).await?)
                }
                "maas.machine.wait_ready" => value(machine.wait_ready(&options(args)?).await?),
                "maas.machine.wait_status" => {
                    let status = args.remove("status").unwrap();
                    let status = serde_json::from_value(status)
                        .map_err(|error| Error::invalid_input(format!("`status`: {error}")))?;
                    value(machine.wait_status(status, &options(args)?).await?)
                }
                "maas.machine.wait_released" => {
                    value(machine.wait_released(&options(args)?).await?)
                }
                other => panic!("no such call: {other}"),
            }
        }
    })
}

/// The result of a function of the engine as canonical JSON.
fn engine(name: &str, args: &Map<String, Value>) -> Result<String, Error> {
    fn read<T: DeserializeOwned>(args: &Map<String, Value>, name: &str) -> Result<T, Error> {
        serde_json::from_value(args[name].clone())
            .map_err(|error| Error::invalid_input(format!("{name}: {error}")))
    }
    let written = match name {
        "lifecycle.validate" => canonical_json(&lifecycle_core::validate(&read(args, "desired")?)),
        "lifecycle.admit" => {
            let admission = lifecycle_core::admit(&read(args, "request")?, &read(args, "world")?);
            canonical_json(&admission.map_err(|refusal| {
                let error = Error::refused(refusal.code.as_str(), &refusal.message)
                    .with_retry_after(refusal.retry_after_ms.map(Duration::from_millis))
                    .with_details(refusal.args.into_iter().collect());
                if refusal.hint.is_empty() {
                    error
                } else {
                    error.with_hint(&refusal.hint)
                }
            })?)
        }
        "lifecycle.decide" => canonical_json(&lifecycle_core::decide(&read(args, "world")?)),
        "lifecycle.preview" => {
            let request = args
                .get("request")
                .map(|_| read(args, "request"))
                .transpose()?;
            let options = args
                .get("options")
                .map(|_| read(args, "options"))
                .transpose()?;
            canonical_json(&lifecycle_core::preview(
                &read(args, "world")?,
                request.as_ref(),
                &options.unwrap_or_default(),
            ))
        }
        "lifecycle.plan_network" => {
            canonical_json(&lifecycle_core::plan_network(&read(args, "input")?))
        }
        other => panic!("no such function: {other}"),
    };
    Ok(written.unwrap())
}

fn contains(found: &Value, expected: &Value, path: &str) {
    match expected {
        Value::Object(fields) => {
            for (name, field) in fields {
                let found = found
                    .get(name)
                    .unwrap_or_else(|| panic!("{path}.{name} is missing"));
                contains(found, field, &format!("{path}.{name}"));
            }
        }
        Value::Array(elements) => {
            assert_eq!(
                found.as_array().map(Vec::len),
                Some(elements.len()),
                "{path}: {found}"
            );
            for (index, element) in elements.iter().enumerate() {
                contains(&found[index], element, &format!("{path}[{index}]"));
            }
        }
        _ => assert_eq!(found, expected, "{path}"),
    }
}

fn judge_error(error: &Error, mut expected: Map<String, Value>) {
    let texts = match expected.remove("message_contains") {
        Some(Value::Array(texts)) => texts,
        Some(text) => vec![text],
        None => Vec::new(),
    };
    for text in texts {
        assert!(
            error.to_string().contains(text.as_str().unwrap()),
            "{text} is not in {error}"
        );
    }
    let found = json!({
        "code": error.code(),
        "status": error.status(),
        "operation": error.operation(),
        "attempts": error.attempts(),
        "server_code": error.server_code(),
        "retryable": error.is_retryable(),
        "retry_after_ms": error.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap()),
        "fields": error.fields(),
        "details": error.details(),
    });
    contains(&found, &Value::Object(expected), "error");
    let mut printed = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        printed.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    for secret in SECRETS {
        assert!(!printed.contains(secret), "a secret is in the error");
    }
}

fn judge(expect: Expect, result: Result<Value, Error>) {
    match (expect.error, result) {
        (Some(expected), Err(error)) => judge_error(&error, expected),
        (Some(expected), Ok(found)) => panic!("it must fail with {expected:?}, and gave {found}"),
        (None, Err(error)) => panic!("{error}"),
        (None, Ok(found)) => {
            if let Some(value) = expect.value {
                assert_eq!(found.to_string(), value.to_string());
            }
            if expect.nothing {
                assert_eq!(found, Value::Null);
            }
            if let Some(expected) = expect.contains {
                contains(&found, &expected, "$");
            }
            if let Some(length) = expect.length {
                assert_eq!(found.as_array().map(Vec::len), Some(length));
            }
        }
    }
}

async fn run(case: Case) {
    if case.call.starts_with("lifecycle.") {
        // The text is what is compared, so it must also be what canonical JSON is.
        let result = engine(&case.call, &case.args).map(|text| {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.to_string(), text, "not canonical");
            value
        });
        return judge(case.expect, result);
    }
    let (exchanges, refused) = match case.server {
        Exchanges::Refused(word) => {
            assert_eq!(word, "refused");
            (Vec::new(), true)
        }
        Exchanges::Listed(exchanges) => (exchanges, false),
    };
    let server = Server::start(&exchanges).await;
    if refused {
        server.task.abort();
        // The port is free once the task, which owns the listener, is gone.
        while !server.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let client = async {
        Client::builder(case.client.url.replace("{server}", &server.origin))
            .api_key(case.client.api_key.parse()?)
            .retry(RetryPolicy::default().max_attempts(case.client.max_attempts))
            .build()
    };
    let log = ResponseLog::default();
    let result = async {
        let client = client.await?.with_response_log(log.clone());
        if case.call == "maas.client" {
            return Ok(Value::Null);
        }
        call(&client, &case.call, case.args).await
    }
    .await;
    let faults = std::mem::take(&mut *server.faults.lock().unwrap());
    assert!(faults.is_empty(), "{faults:?}");
    if let Some(expected) = &case.expect.response {
        let head = log.last().expect("there was no answer");
        let found = json!({
            "operation": head.operation,
            "status": head.status,
            "headers": head.headers,
            "attempts": head.attempts,
        });
        contains(&found, expected, "response");
    }
    judge(case.expect, result);
    assert!(
        server.open.lock().unwrap().is_empty(),
        "expected requests did not come"
    );
    server.task.abort();
}

#[tokio::test]
async fn every_case() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (file, case) in cases() {
        if case
            .only
            .as_ref()
            .is_some_and(|only| !only.iter().any(|language| language == "rust"))
        {
            continue;
        }
        count += 1;
        let name = format!("{file}: {}", case.name);
        if tokio::spawn(run(case)).await.is_err() {
            failed.push(name);
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count} cases failed: {failed:#?}",
        failed.len()
    );
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    let case = json!({
        "name": "n", "call": "maas.zone.list", "client": {"max_attempts": 1},
        "server": [{"expect": {"method": "GET", "path": "/"}, "reply": {"status": 200}}],
        "expect": {"null": true},
    });
    assert!(serde_json::from_value::<Case>(case.clone()).is_ok());
    for place in [
        "",
        "/client",
        "/server/0",
        "/server/0/expect",
        "/server/0/reply",
        "/expect",
    ] {
        let mut wrong = case.clone();
        wrong.pointer_mut(place).unwrap()["nul"] = true.into();
        assert!(serde_json::from_value::<Case>(wrong).is_err(), "{place}");
    }
}

#[test]
fn names_are_unique_and_there_are_enough() {
    let cases = cases();
    let mut names: Vec<_> = cases.iter().map(|(_, case)| case.name.as_str()).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
    assert!(names.len() >= 60, "{} cases", names.len());
    // Each kind of error that a client of MAAS can meet at its default settings is met.
    let met: Vec<_> = cases
        .iter()
        .filter_map(|(_, case)| case.expect.error.as_ref()?.get("code")?.as_str())
        .collect();
    let elsewhere = [
        ErrorKind::Scope,
        ErrorKind::TooLarge,
        ErrorKind::Tls,
        ErrorKind::ClockSkew,
        ErrorKind::ServerTooOld,
        ErrorKind::Cancelled,
        ErrorKind::Refused,
        ErrorKind::Internal,
    ];
    for kind in ErrorKind::ALL
        .iter()
        .filter(|kind| !elsewhere.contains(kind))
    {
        assert!(met.contains(&kind.code()), "no case ends with {kind}");
    }
}
