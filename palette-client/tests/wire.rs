//! What goes over the wire when things go wrong: retries, lost calls, redirects, secrets.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use palette_client::{
    Client, CloudAccountOptions, ClusterOptions, ErrorKind, MaasCredentials, NodePoolOptions,
    ResponseLog, RetryPolicy,
};
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_partial_json, header, method, path, query_param},
};

const KEY: &str = "marked-palette-key";
const MAAS_KEY: &str = "marked:maas:secret";
const PROJECT: &str = "6650d1cb0e5a3e2f4b7f0a11";

fn client(server: &MockServer) -> Client {
    Client::builder(server.uri())
        .api_key(KEY)
        .project(PROJECT)
        .retry(RetryPolicy::default().base_delay(Duration::from_millis(1)))
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap()
}

fn cluster() -> ClusterOptions {
    ClusterOptions::new("c1", "account", "maas")
        .node_pools([NodePoolOptions::control_plane_pool("cp", 1, "default")])
}

#[tokio::test]
async fn a_refusal_for_too_many_requests_is_repeated_even_for_a_creation() {
    let server = MockServer::start().await;
    let create = || Mock::given(method("POST")).and(path("/v1/spectroclusters/maas"));
    create()
        .respond_with(
            ResponseTemplate::new(429)
                .set_body_json(json!({"code": "TooManyRequests", "message": "slow down"})),
        )
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    create()
        .and(header("ApiKey", KEY))
        .and(header("ProjectUid", PROJECT))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"uid": "u1"})))
        .expect(1)
        .mount(&server)
        .await;
    let log = ResponseLog::default();
    let client = client(&server).with_response_log(log.clone());
    assert_eq!(client.clusters().create(&cluster()).await.unwrap(), "u1");
    assert_eq!(log.last().unwrap().attempts, 2);
}

#[tokio::test]
async fn a_500_with_a_code_is_an_answer_and_no_crash() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(500).set_body_json(
            json!({"code": "ResourceNotFound", "message": "no cluster u1", "ref": "ref-7"}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server).cluster("u1").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.server_code(), Some("ResourceNotFound"));
    assert_eq!(error.reference(), Some("ref-7"));
    assert_eq!(error.operation(), Some("cluster.get"));
    assert_eq!(error.status(), Some(500));
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_proxys_page_is_repeated_for_a_look_and_named() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(502)
                .set_body_raw("<html><title>502 Bad Gateway</title></html>", "text/html"),
        )
        .expect(4)
        .mount(&server)
        .await;
    let error = client(&server).whoami().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.attempts(), 4);
    assert!(error.to_string().contains("502 Bad Gateway"), "{error}");
    assert!(error.hint().unwrap().contains("web page"), "{error}");
}

#[tokio::test]
async fn a_creation_that_is_lost_on_the_way_is_never_sent_twice() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(201)
                .set_body_json(json!({"uid": "u1"}))
                .set_delay(Duration::from_secs(5)),
        )
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server)
        .clusters()
        .create(&cluster())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_search_is_a_post_that_may_be_repeated() {
    let server = MockServer::start().await;
    let search = || Mock::given(method("POST")).and(path("/v1/dashboard/spectroclusters/search"));
    search()
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    search()
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"items": null})))
        .mount(&server)
        .await;
    assert!(
        client(&server)
            .clusters()
            .find("c1")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done_when_nothing_is_found() {
    let server = MockServer::start().await;
    let delete = || Mock::given(method("DELETE")).and(path("/v1/spectroclusters/u1"));
    delete()
        .respond_with(ResponseTemplate::new(504))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    delete()
        .respond_with(
            ResponseTemplate::new(404)
                .set_body_json(json!({"code": "ResourceNotFound", "message": "gone"})),
        )
        .mount(&server)
        .await;
    client(&server).cluster("u1").delete().await.unwrap();
    let error = client(&server).cluster("u1").delete().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn redirects_are_refused_and_name_the_target() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(301).insert_header("Location", "https://elsewhere.example/"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server)
        .clusters()
        .create(&cluster())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
}

#[tokio::test]
async fn no_error_repeats_a_secret() {
    let server = MockServer::start().await;
    let echo = json!({"code": "InvalidAccount", "message": format!("bad {MAAS_KEY} for {KEY}"),
                      "details": {"apiKey": MAAS_KEY, "key": KEY}});
    for status in [400, 401, 404, 500] {
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_json(&echo))
            .mount(&server)
            .await;
        let credentials = MaasCredentials::new("http://maas:5240/MAAS", MAAS_KEY);
        let client = client(&server);
        let errors = [
            client
                .gateway("g1")
                .validate_account(&credentials)
                .await
                .unwrap_err(),
            client
                .cloud_accounts()
                .create(&CloudAccountOptions::new("a", "g1", credentials.clone()))
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let shown = format!(
                "{error} {error:?} {:?} {client:?} {credentials:?}",
                error.body()
            );
            assert!(!shown.contains("marked"), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_unreadable_answer_is_named_and_repeats_no_secret() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"metadata": {"uid": {"x": 1}}})),
        )
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let error = client(&server).cluster("u1").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("metadata.uid"), "{error}");
    assert_eq!(error.operation(), Some("cluster.get"));
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"metadata": KEY})))
        .mount(&server)
        .await;
    let error = client(&server).cluster("u1").get().await.unwrap_err();
    assert!(!format!("{error:?}").contains("marked"), "{error:?}");
}

#[tokio::test]
async fn lists_follow_the_token_to_the_end_and_keep_what_they_can_read() {
    let server = MockServer::start().await;
    let list = || {
        Mock::given(method("GET"))
            .and(path("/v1/cloudaccounts/maas"))
            .and(query_param("limit", "50"))
    };
    list()
        .and(query_param("continue", "t2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"items": [{"metadata": {"name": "c"}}], "listmeta": {"continue": "", "count": 999}}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    list()
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"items": [{"metadata": {"name": "a"}}, {"metadata": 7}], "listmeta": {"continue": "t2"}}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    let all = client(&server)
        .cloud_accounts()
        .list(&Default::default())
        .collect_all()
        .await
        .unwrap();
    let names: Vec<_> = all
        .iter()
        .map(|account| account.metadata.name.as_str())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert!(all.unreadable()[0].message().contains("items[1].metadata"));
}

#[tokio::test]
async fn a_project_is_looked_up_by_name_once_and_tenant_resources_go_without() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/dashboard/projects/metadata"))
        .and(query_param("name", "lab"))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"items": [{"metadata": {"name": "lab-2", "uid": "no"}}, {"metadata": {"name": "lab", "uid": PROJECT}}]}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/v1/spectroclusters/u1"))
        .and(header("ProjectUid", PROJECT))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(path("/v1/overlords/g1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(&server)
        .await;
    let lab = client(&server).project("lab");
    lab.cluster("u1").get().await.unwrap();
    lab.cluster("u1").get().await.unwrap();
    lab.gateway("g1").get().await.unwrap();
    for request in server.received_requests().await.unwrap() {
        let carries = request.headers.contains_key("projectuid");
        assert_eq!(carries, request.url.path() == "/v1/spectroclusters/u1");
    }
    server.reset().await;
    Mock::given(path("/v1/dashboard/projects/metadata"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"items": null})))
        .mount(&server)
        .await;
    let error = client(&server)
        .project("nowhere")
        .cluster("u1")
        .get()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Scope);
    assert!(error.message().contains("`nowhere`"), "{error}");
}

#[tokio::test]
async fn a_changed_pool_keeps_what_this_version_does_not_know() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/cloudconfigs/maas/cc1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"spec": {"machinePoolConfig": [{
            "name": "workers", "size": 2, "resourcePool": "rp", "azs": null, "labels": ["worker"],
            "instanceType": {"minCPU": 4, "gpus": 1}, "overrideHealthCheckConfiguration": "a: 1",
            "updateStrategy": {"type": "SomethingNew"}, "taints": [{"key": "k", "effect": "NoExecute"}]}]}})))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path("/v1/cloudconfigs/maas/cc1/machinePools/workers"))
        .and(body_partial_json(json!({
            "poolConfig": {"size": 3, "labels": ["worker"], "overrideHealthCheckConfiguration": "a: 1",
                           "updateStrategy": {"type": "SomethingNew"},
                           "taints": [{"key": "k", "effect": "NoExecute"}]},
            "cloudConfig": {"resourcePool": "rp", "instanceType": {"minCPU": 4, "gpus": 1}}})))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    client(&server)
        .node_pool("cc1", "workers")
        .resize(3)
        .await
        .unwrap();
    let error = client(&server)
        .node_pool("cc1", "nowhere")
        .resize(3)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("it has workers"), "{error}");
}
