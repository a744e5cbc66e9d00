//! What callers get wrong, and how waiting ends.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use palette_client::{
    Client, ClientBuilder, Clock, ClusterOptions, Error, ErrorKind, NodePoolOptions, WaitOptions,
};
use sdk_transport::RecordedTransport;
use serde_json::{Value, json};

const CLUSTER: &str = "/v1/spectroclusters/u1";
const OVERVIEW: &str = "/v1/dashboard/spectroclusters/u1/overview";

fn from_vars(vars: &[(&str, &str)]) -> Result<Client, Error> {
    ClientBuilder::from_vars(|name| {
        let found = vars.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })?
    .transport(RecordedTransport::new())
    .build()
}

#[test]
fn the_environment_has_first_and_second_names() {
    for vars in [
        &[
            ("PALETTE_URL", "https://palette.example.com"),
            ("PALETTE_API_KEY", "key1"),
        ][..],
        &[
            ("SPECTROCLOUD_HOST", "palette.example.com"),
            ("SPECTROCLOUD_APIKEY", "key1"),
        ],
        &[
            ("PALETTE_URL", "https://palette.example.com/v1"),
            ("SPECTROCLOUD_HOST", "other"),
            ("PALETTE_API_KEY", "key1"),
            ("PALETTE_PROJECT", " "),
        ],
    ] {
        let shown = format!("{:?}", from_vars(vars).unwrap());
        assert!(shown.contains("https://palette.example.com/\""), "{shown}");
        assert!(
            shown.contains("tenant") && !shown.contains("key1"),
            "{shown}"
        );
    }
    let error = from_vars(&[("PALETTE_URL", "https://x")]).unwrap_err();
    assert_eq!(error.message(), "the environment lacks PALETTE_API_KEY");
    let error = from_vars(&[]).unwrap_err();
    assert!(error.message().contains("PALETTE_URL and PALETTE_API_KEY"));
}

#[test]
fn bad_options_say_what_is_wrong() {
    let build = |url: &str, key: &str| Client::builder(url).api_key(key).build();
    for (result, part) in [
        (build("", "key1"), "URL is empty"),
        (build("palette.example.com", "key1"), "no scheme"),
        (build("https://x", ""), "API key is empty"),
        (build("https://x", "marked key"), "blanks"),
        (Client::builder("https://x").build(), "no API key"),
        (
            Client::builder("https://x")
                .header("ApiKey", "x")
                .and_then(ClientBuilder::build),
            "`ApiKey`",
        ),
        (
            Client::builder("https://x")
                .header("ProjectUid", "x")
                .and_then(ClientBuilder::build),
            "`ProjectUid`",
        ),
        (
            Client::builder("https://x")
                .api_key("k")
                .max_in_flight(0)
                .build(),
            "max_in_flight",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(part), "{error}");
        assert!(!error.to_string().contains("marked"), "{error}");
    }
}

fn client(transport: RecordedTransport) -> Client {
    Client::builder("http://127.0.0.1:1")
        .api_key("key1")
        .clock(Clock::manual("2026-01-01T00:00:00Z".parse().unwrap()))
        .transport(transport)
        .build()
        .unwrap()
}

#[tokio::test]
async fn inputs_are_checked_before_anything_is_sent() {
    let client = client(RecordedTransport::new());
    let missing = ClusterOptions::new("c1", "", "maas");
    let nested = ClusterOptions::new("c1", "a", "maas")
        .node_pools([NodePoolOptions::default().name("cp").resource_pool("rp")]);
    for (options, part) in [
        (missing, "`cloud_account_uid`"),
        (nested, "`node_pools[0].size`"),
    ] {
        let error = client.clusters().create(&options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.operation(), Some("cluster.create"));
        assert!(error.message().contains(part), "{error}");
    }
    let error = client.cluster("").delete().await.unwrap_err();
    assert!(error.message().contains("`uid`"), "{error}");
    let unknown = serde_json::from_value::<ClusterOptions>(json!({"node_pools": [{"sise": 3}]}));
    assert!(unknown.unwrap_err().to_string().contains("`sise`"));
}

fn cluster(state: &str, more: Value) -> String {
    let mut body = json!({"metadata": {"uid": "u1"}, "status": {"state": state}});
    if let (Some(status), Value::Object(more)) = (body["status"].as_object_mut(), more) {
        status.extend(more);
    }
    body.to_string()
}

#[tokio::test]
async fn waiting_ends_when_the_cluster_is_running_and_healthy() {
    let step = json!({"conditions": [
        {"type": "BootstrappingDone", "status": "True"},
        {"type": "ControlPlaneNodeAdditionDone", "status": "False", "message": "waiting for a machine"}]});
    let health = |state: &str| {
        json!({"status": {"state": "Running", "health": {"state": state}}}).to_string()
    };
    let transport = RecordedTransport::new()
        .on(
            "GET",
            CLUSTER,
            200,
            r#"{"metadata":{"uid":"u1"},"status":null}"#,
        )
        .on("GET", CLUSTER, 200, cluster("Provisioning", step))
        .on("GET", CLUSTER, 200, cluster("Running", json!({})))
        .on("GET", OVERVIEW, 200, r#"{"status":{"state":"Running"}}"#)
        .on("GET", OVERVIEW, 200, health("UnHealthy"))
        .on("GET", OVERVIEW, 200, health("healthy"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let options =
        WaitOptions::new().on_progress(move |look| told.lock().unwrap().push(look.state.clone()));
    let overview = client(transport)
        .cluster("u1")
        .wait_running_and_healthy(&options)
        .await
        .unwrap();
    assert!(overview.is_running_and_healthy());
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "no status yet",
            "Provisioning (ControlPlaneNodeAdditionDone False: waiting for a machine)",
            "Running, no health yet",
            "Running, UnHealthy",
        ]
    );
}

#[tokio::test]
async fn errors_and_approvals_end_the_wait_with_their_reason() {
    let failed = json!({"conditions": [{"type": "ImageResolutionDone", "status": "False", "message": "no image"}]});
    let repave = json!({"repave": {"state": "Pending"}});
    for (state, more, part) in [
        ("Error", failed, "no image"),
        ("Running", repave, "approve_repave"),
        ("Deleting", json!({}), "Deleting"),
    ] {
        let transport = RecordedTransport::new().on("GET", CLUSTER, 200, cluster(state, more));
        let error = client(transport)
            .cluster("u1")
            .wait_running_and_healthy(&WaitOptions::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FailedState);
        assert!(error.message().contains(part), "{error}");
    }
}

async fn wait_deleted(transport: RecordedTransport) -> Result<(), Error> {
    let cluster = client(transport).cluster("u1");
    cluster.wait_deleted(&WaitOptions::new()).await
}

#[tokio::test]
async fn gone_is_what_palette_says_and_not_what_a_router_says() {
    let deleting =
        || RecordedTransport::new().on("GET", CLUSTER, 200, cluster("Deleting", json!({})));
    let gone = r#"{"code":"ResourceNotFound","message":"no such cluster"}"#;
    let ends = [
        deleting().on("GET", CLUSTER, 404, gone),
        deleting().on("GET", CLUSTER, 200, cluster("Deleted", json!({}))),
    ];
    for transport in ends {
        wait_deleted(transport).await.unwrap();
    }
    for body in [
        r#"{"code":404,"message":"path was not found"}"#,
        "<html></html>",
    ] {
        let transport = deleting().on("GET", CLUSTER, 404, body);
        let error = wait_deleted(transport).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn any_path_can_be_called() {
    let transport =
        RecordedTransport::new().on("GET", "/v1/audits?limit=1", 200, r#"{"items":[]}"#);
    let client = client(transport);
    let answer = client.call(http::Method::GET, "/v1/audits", &[("limit", "1")], None);
    assert_eq!(answer.await.unwrap(), json!({"items": []}));
    let error = client
        .call(http::Method::GET, "v1/audits", &[], None)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
