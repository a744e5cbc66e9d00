//! The Palette client.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use palette_client::{
    Client, ClientBuilder, CloudAccountOptions, Error, MaasCredentials, ResponseLog, RetryPolicy,
    WaitOptions,
};
use serde_json::{Value, json};

use super::{
    MARK, TRACES, clock,
    echo::{Body, Echo, Shape, shapes},
    operations::{Args, exercises},
    shown::{search, search_debug, search_error, search_log, search_value},
    told_back,
};

const PROJECT: &str = "6650d1cb0e5a3e2f4b7f0a11";

fn key() -> String {
    format!("{MARK}\"<&>'\\+%/={MARK}")
}

fn account_key() -> String {
    format!("{MARK}-consumer:{MARK}<&>:{MARK}~secret")
}

pub(crate) fn builder(url: &str) -> ClientBuilder {
    Client::builder(url)
        .api_key(key())
        .project(PROJECT)
        .no_rate_limits()
        .retry(RetryPolicy::default().max_attempts(2))
        .wall_clock(clock())
        .clock(clock())
}

fn client(echo: Arc<Echo>) -> Client {
    builder("http://palette.invalid")
        .shared_transport(echo)
        .build()
        .unwrap()
}

fn credentials() -> MaasCredentials {
    MaasCredentials::new("http://maas.invalid/MAAS", account_key())
}

fn account() -> CloudAccountOptions {
    CloudAccountOptions::new("lab", PROJECT, credentials())
}

fn wait() -> WaitOptions {
    WaitOptions::new().timeout(Duration::from_secs(60))
}

/// The input of a call, with the secret where it takes one.
fn with_secret(mut given: Value) -> Value {
    for pointer in ["/api_key", "/credentials/api_key"] {
        if let Some(place) = given.pointer_mut(pointer) {
            *place = json!(account_key());
        }
    }
    given
}

/// Makes every call and returns the errors.
pub(crate) async fn everything(palette: &Client) -> Vec<Error> {
    let mut errors = Vec::new();
    for exercise in exercises() {
        let args = Args {
            uid: PROJECT.to_owned(),
            name: "workers".to_owned(),
        };
        let given = with_secret(exercise.everything);
        errors.extend((exercise.call)(palette.clone(), args, given).await.err());
    }
    let cluster = palette.cluster(PROJECT);
    errors.extend(cluster.wait_running_and_healthy(&wait()).await.err());
    errors.extend(cluster.wait_deleted(&wait()).await.err());
    let named = palette.project("a name that is looked up");
    errors.extend(named.whoami().await.err());
    let path = format!(
        "/v1/{}",
        url::form_urlencoded::byte_serialize(key().as_bytes()).collect::<String>()
    );
    let query = [("key", key())];
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let call = palette.call(
        http::Method::POST,
        &path,
        &query,
        Some(json!({"key": key()})),
    );
    errors.extend(call.await.err());
    errors
}

#[tokio::test]
async fn no_call_and_no_failure_shows_a_secret() {
    let traces = TRACES.clone();
    let mut tried = BTreeSet::new();
    for shape in shapes() {
        let echo = Arc::new(Echo::new([shape.clone()]));
        let log = ResponseLog::default();
        let palette = client(echo.clone()).with_response_log(log.clone());
        for error in everything(&palette).await {
            let operation = error.operation().unwrap_or_default().to_owned();
            search_error(&error, &format!("{operation} after {shape:?}"));
            tried.insert(operation);
        }
        search_log(&log, &format!("the log after {shape:?}"));
        told_back(&echo, &format!("{shape:?}"));
    }
    search(&traces.text(), "a trace");
    for operation in palette_client::operations() {
        assert!(
            tried.contains(operation.name),
            "{} is not tried here",
            operation.name
        );
    }
}

#[tokio::test]
async fn a_waiter_tells_no_secret() {
    let cluster = |state: &str| {
        let said = format!("the account's key {} is refused", account_key());
        let cluster = json!({"metadata": {"name": "c1", "uid": PROJECT}, "status": {"state": state,
            "conditions": [{"type": "CloudInfrastructureReady", "status": "False", "message": said}]}});
        Shape::Answer(200, Body::Fixed(cluster.to_string().leak()))
    };
    for state in ["Error", "Deleting", "Provisioning"] {
        let shapes = [
            Shape::Answer(400, Body::PaletteError),
            cluster("Provisioning"),
            cluster(state),
        ];
        let palette = client(Arc::new(Echo::new(shapes)));
        palette
            .gateway(PROJECT)
            .validate_account(&credentials())
            .await
            .unwrap_err();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = told.clone();
        let options = wait().on_progress(move |look| listener.lock().unwrap().push(look.clone()));
        let error = palette
            .cluster(PROJECT)
            .wait_running_and_healthy(&options)
            .await
            .unwrap_err();
        assert!(error.message().contains("is refused"), "{error}");
        search_error(&error, "a wait");
        search_value(&*told.lock().unwrap(), "progress");
    }
}

#[tokio::test]
async fn what_is_secret_prints_as_stars() {
    let account_sent = json!({"metadata": {"name": "lab"}, "spec": {"apiEndpoint": "http://m", "apiKey": account_key()}});
    let palette = client(Arc::new(Echo::new([Shape::Answer(
        200,
        Body::Fixed(account_sent.to_string().leak()),
    )])));
    let read = palette.cloud_account("x").get().await.unwrap();
    assert_eq!(read.spec.api_key.as_ref().unwrap().expose(), account_key());
    search_value(&read, "a cloud account");

    let config = format!("users:\n- token: {MARK}\n");
    let palette = client(Arc::new(Echo::new([Shape::Answer(
        200,
        Body::Fixed(config.leak()),
    )])));
    let config = palette.cluster("x").admin_kubeconfig().await.unwrap();
    assert!(config.expose().contains(MARK));
    search_debug(&config, "a kubeconfig");
    search(&config.to_string(), "a kubeconfig");

    search_value(&credentials(), "credentials");
    search_value(&account(), "an account");
    search_debug(&palette, "the client");
    search_debug(&palette.cloud_account("x"), "a handle");
    let userinfo = format!("http://user:{MARK}@palette.invalid:1/?key={MARK}");
    let builder = builder(&userinfo).proxy(userinfo.clone());
    search_debug(&builder, "the builder");
    search_error(&builder.build().unwrap_err(), "building");
    search_error(
        &Client::builder("http://h")
            .api_key(format!("{MARK} x"))
            .build()
            .unwrap_err(),
        "a malformed key",
    );
}

#[tokio::test]
async fn a_secret_answer_that_cannot_be_read_is_not_quoted() {
    for key in [json!([MARK]), json!({"a": MARK})] {
        let account = json!({"metadata": {"name": "lab"}, "spec": {"apiKey": key}});
        let palette = client(Arc::new(Echo::new([Shape::Answer(
            200,
            Body::Fixed(account.to_string().leak()),
        )])));
        let error = palette.cloud_account("x").get().await.unwrap_err();
        search_error(&error, "an unreadable account");
    }
}
