//! The MAAS client.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use maas_client::{
    AllocateOptions, ApiKey, Body as RequestBody, Client, ClientBuilder, CreateResourcePool,
    CreateSubnet, CreateZone, DeployOptions, Error, EventFilter, Fields, MachineFilter,
    MachineUpdate, Method, NodeStatus, PowerOffOptions, PowerOnOptions, PowerParameters,
    ReleaseOptions, ResponseLog, RetryPolicy, Secret, ToFields, UpdateResourcePool, UpdateSubnet,
    UpdateZone, WaitOptions,
};

use super::{
    MARK, TRACES, clock,
    echo::{Body, Echo, Shape, shapes},
    password,
    shown::{search, search_debug, search_error, search_log, search_value},
    told_back, user_data,
};

fn key() -> ApiKey {
    format!("{MARK}-consumer:{MARK}.token:{MARK}~secret")
        .parse()
        .unwrap()
}

pub(crate) fn builder(url: &str) -> ClientBuilder {
    Client::builder(url)
        .api_key(key())
        .retry(RetryPolicy::default().max_attempts(2))
        .wall_clock(clock())
        .clock(clock())
}

pub(crate) fn client(echo: Arc<Echo>) -> Client {
    builder("http://maas.invalid/MAAS")
        .shared_transport(echo)
        .build()
        .unwrap()
}

fn update() -> MachineUpdate {
    MachineUpdate::new()
        .power_type("ipmi")
        .power_parameters(PowerParameters::new().with("power_pass", password()))
}

fn deploy() -> DeployOptions {
    DeployOptions::new()
        .user_data(user_data())
        .license_key(Secret::new(password()))
}

fn power_on() -> PowerOnOptions {
    PowerOnOptions::new().user_data(user_data())
}

fn wait() -> WaitOptions {
    WaitOptions::new().timeout(Duration::from_secs(60))
}

/// Makes every call and returns the errors; unreadable elements of lists are among them.
pub(crate) async fn everything(maas: &Client) -> Vec<Error> {
    let mut errors = Vec::new();
    macro_rules! send {
        ($($call:expr),* $(,)?) => { $(errors.extend($call.await.err());)* };
    }
    macro_rules! list {
        ($($call:expr),* $(,)?) => { $(errors.extend($call.await.and_then(|list| list.complete()).err());)* };
    }
    let machine = maas.machine("p77gwg");
    let release = ReleaseOptions::new();
    let notes = BTreeMap::from([("owner".to_owned(), "c1".to_owned())]);
    send!(
        machine.update(&update()),
        machine.deploy(&deploy()),
        machine.power_on(&power_on()),
        maas.version(),
        maas.whoami(),
        maas.machines()
            .allocate(&AllocateOptions::new().agent_name("c1")),
        maas.machines().release_many(&["p77gwg"], &release),
        maas.machines().find("node01"),
        machine.get(),
        machine.delete(),
        machine.release(&release),
        machine.abort(Some("stop")),
        machine.power_off(&PowerOffOptions::new()),
        machine.query_power_state(),
        machine.power_parameters(),
        machine.lock(None),
        machine.unlock(None),
        machine.mark_broken(None),
        machine.mark_fixed(None),
        machine.set_owner_data(&notes),
        machine.set_workload_annotations(&notes),
        machine.wait_deployed(&wait()),
        machine.wait_ready(&wait()),
        machine.wait_released(&wait()),
        machine.wait_status(NodeStatus::Broken, &wait()),
        maas.zones().get("az1"),
        maas.zones().create("az1", &CreateZone::new()),
        maas.zones().update("az1", &UpdateZone::new()),
        maas.zones().delete("az1"),
        maas.resource_pools().get(0),
        maas.resource_pools()
            .create("prod", &CreateResourcePool::new()),
        maas.resource_pools().update(0, &UpdateResourcePool::new()),
        maas.resource_pools().delete(3),
        maas.subnets().get("1"),
        maas.subnets().create("10.0.0.0/24", &CreateSubnet::new()),
        maas.subnets().update("1", &UpdateSubnet::new()),
        maas.subnets().delete("1"),
        maas.subnets().statistics("1"),
        maas.events().query(&EventFilter::new()),
        maas.call(
            Method::POST,
            &format!("files/{MARK}.token/"),
            &Fields::new().with("key", format!("{MARK}~secret")),
            Some(RequestBody::Form(
                Fields::new().with("password", password())
            ))
        ),
    );
    list!(
        maas.machines().list(&MachineFilter::new()),
        maas.zones().list(),
        maas.resource_pools().list(),
        maas.subnets().list(),
        maas.subnets().reserved_ip_ranges("1"),
        maas.subnets().unreserved_ip_ranges("1"),
    );
    errors
}

#[tokio::test]
async fn no_call_and_no_failure_shows_a_secret() {
    let traces = TRACES.clone();
    let mut tried = BTreeSet::new();
    for shape in shapes() {
        let echo = Arc::new(Echo::new([shape.clone()]));
        let log = ResponseLog::default();
        let maas = client(echo.clone()).with_response_log(log.clone());
        for error in everything(&maas).await {
            let operation = error.operation().unwrap().to_owned();
            search_error(&error, &format!("{operation} after {shape:?}"));
            tried.insert(operation);
        }
        search_log(&log, &format!("the log after {shape:?}"));
        told_back(&echo, &format!("{shape:?}"));
    }
    search(&traces.text(), "a trace");
    for operation in maas_client::operations() {
        assert!(
            tried.contains(operation.name),
            "{} is not tried here",
            operation.name
        );
    }
}

#[tokio::test]
async fn a_waiter_tells_no_secret() {
    let machine = |status: u8, text: &str| {
        let machine = serde_json::json!({"system_id": "p77gwg", "status": status, "status_name": text,
            "status_message": text});
        Shape::Answer(200, Body::Fixed(machine.to_string().leak()))
    };
    let said = format!("bad power_pass {}, key {MARK}~secret", password());
    for last in [
        machine(11, &said),
        Shape::Answer(503, Body::Text),
        Shape::Answer(404, Body::Text),
        machine(9, &said),
    ] {
        let shapes = [
            Shape::Answer(400, Body::Text),
            machine(9, &said),
            Shape::Answer(502, Body::Text),
            Shape::Answer(502, Body::Text),
            Shape::Answer(502, Body::Text),
            Shape::Answer(502, Body::Text),
            last,
        ];
        let maas = client(Arc::new(Echo::new(shapes)));
        let machine = maas.machine("p77gwg");
        machine.update(&update()).await.unwrap_err();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = told.clone();
        let options = wait().on_progress(move |look| listener.lock().unwrap().push(look.clone()));
        let error = machine.wait_deployed(&options).await.unwrap_err();
        search_error(&error, "a wait");
        let told = told.lock().unwrap();
        assert!(
            told.iter().any(|look| look.state.contains("UNAVAILABLE")),
            "{told:?}"
        );
        search_value(&*told, "progress");
        search_debug(&options, "the options of a wait");
    }
}

#[tokio::test]
async fn a_reason_out_of_the_events_tells_no_secret() {
    let failed = serde_json::json!({"system_id": "p77gwg", "status": 11, "status_name": "Failed deployment"});
    let events = serde_json::json!({"count": 1, "events": [{"id": 1, "level": "ERROR", "type": "x",
        "description": format!("token {MARK}.token refused"), "node": "p77gwg"}]});
    let maas = client(Arc::new(Echo::new([
        Shape::Answer(200, Body::Fixed(failed.to_string().leak())),
        Shape::Answer(200, Body::Fixed(events.to_string().leak())),
    ])));
    let error = maas
        .machine("p77gwg")
        .wait_deployed(&wait())
        .await
        .unwrap_err();
    assert!(error.message().contains("refused"), "{error}");
    search_error(&error, "the reason of a wait");
}

#[tokio::test]
async fn what_is_secret_prints_as_stars() {
    let parameters = serde_json::json!({"power_pass": password(), "power_address": password(), "deep": {"a": MARK}});
    let echo = Arc::new(Echo::new([Shape::Answer(
        200,
        Body::Fixed(parameters.to_string().leak()),
    )]));
    let maas = client(echo);
    let read = maas.machine("p77gwg").power_parameters().await.unwrap();
    assert_eq!(read.expose("power_pass"), Some(password().as_str()));
    search_value(&read, "power parameters");
    search_value(&deploy(), "DeployOptions");
    search_value(&power_on(), "PowerOnOptions");
    search_value(&update(), "MachineUpdate");
    search_debug(&deploy().to_fields(), "fields");
    search_debug(&RequestBody::Form(update().to_fields()), "a form");
    search_debug(&key(), "the key");
    search_debug(&maas, "the client");
    search_debug(&maas.machine("p77gwg"), "a handle");
    let userinfo = format!("http://user:{MARK}@maas.invalid:1/MAAS?key={MARK}");
    let builder = builder(&userinfo).proxy(userinfo.clone());
    search_debug(&builder, "the builder");
    search_error(&builder.build().unwrap_err(), "building");
}

#[tokio::test]
async fn a_secret_answer_that_cannot_be_read_is_not_quoted() {
    for body in [
        serde_json::json!(password()),
        serde_json::json!([password()]),
        serde_json::json!({"power_pass": password()}).to_string()[..30].into(),
    ] {
        let text = body.to_string();
        let maas = client(Arc::new(Echo::new([Shape::Answer(
            200,
            Body::Fixed(text.leak()),
        )])));
        let error = maas.machine("p77gwg").power_parameters().await.unwrap_err();
        search_error(&error, "unreadable power parameters");
    }
}

#[test]
fn a_malformed_key_is_not_repeated() {
    for text in [
        MARK.to_owned(),
        format!("{MARK}:{MARK}"),
        format!("{MARK}::{MARK}"),
        format!("{MARK}:{MARK}:{MARK} x"),
        format!("{MARK}:{MARK}:{MARK}:{MARK}"),
    ] {
        search_error(&text.parse::<ApiKey>().unwrap_err(), "a malformed key");
    }
}
