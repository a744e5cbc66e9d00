//! What goes over the wire, against a server of plain answers.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, time::Duration};

use maas_client::{
    AllocateOptions, Client, ClientBuilder, Clock, DeployOptions, ErrorKind, MachineFilter,
    MachineUpdate, NodeStatus, PowerParameters, ReleaseOptions, ResponseLog, RetryPolicy,
    WaitOptions,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{any, body_string, header, header_exists, method, path, query_param},
};

const SECRET: &str = "topSecretTopSecret0123456789";

fn builder(url: &str) -> ClientBuilder {
    Client::builder(url)
        .api_key(
            format!("consumerKey0:tokenKey0123:{SECRET}")
                .parse()
                .unwrap(),
        )
        .retry(RetryPolicy::default().base_delay(Duration::from_millis(1)))
}

async fn server() -> (MockServer, Client) {
    let server = MockServer::start().await;
    let client = builder(&format!("{}/MAAS", server.uri())).build().unwrap();
    (server, client)
}

/// Answers one after the other; the last one stays.
struct InTurn(std::sync::Mutex<Vec<ResponseTemplate>>);

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut answers = self.0.lock().unwrap();
        if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        }
    }
}

fn in_turn(answers: impl Into<Vec<ResponseTemplate>>) -> InTurn {
    InTurn(std::sync::Mutex::new(answers.into()))
}

fn answer(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

fn said(request: &Request, name: &str) -> String {
    let header = request.headers["authorization"].to_str().unwrap();
    let (_, after) = header.split_once(&format!("{name}=\"")).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn each_attempt_is_signed_afresh_and_retry_after_is_honoured() {
    let (server, client) = server().await;
    let busy = answer(409).insert_header("Retry-After", "1").set_body_raw(
        "<html><head><title>Conflict error</title></head></html>",
        "text/html",
    );
    Mock::given(method("POST"))
        .and(path("/MAAS/api/2.0/machines/"))
        .and(query_param("op", "allocate"))
        .and(body_string("cpu_count=8&mem=32768&zone=az1&agent_name=c1"))
        .respond_with(in_turn([
            busy.clone(),
            busy,
            answer(200).set_body_json(json!({"system_id": "p77gwg"})),
        ]))
        .mount(&server)
        .await;
    let started = std::time::Instant::now();
    let options = AllocateOptions::new()
        .min_cpu(8)
        .min_memory_mib(32_768)
        .zone("az1")
        .agent_name("c1");
    let machine = client.machines().allocate(&options).await.unwrap();
    assert_eq!(machine.system_id, "p77gwg");
    assert!(
        started.elapsed() >= Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let requests = server.received_requests().await.unwrap();
    let nonces: BTreeSet<_> = requests
        .iter()
        .map(|request| said(request, "oauth_nonce"))
        .collect();
    assert_eq!((requests.len(), nonces.len()), (3, 3));
}

#[tokio::test]
async fn a_conflict_that_stays_is_unavailable_and_one_of_state_is_final() {
    let (server, client) = server().await;
    Mock::given(path("/MAAS/api/2.0/machines/a/"))
        .respond_with(
            answer(409)
                .insert_header("Retry-After", "0")
                .set_body_raw("<html></html>", "text/html"),
        )
        .expect(4)
        .mount(&server)
        .await;
    Mock::given(path("/MAAS/api/2.0/machines/b/"))
        .respond_with(
            answer(409).set_body_string("Can't deploy a machine that is in the 'Deployed' state"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let error = client
        .machine("a")
        .deploy(&DeployOptions::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unavailable, 4)
    );
    let error = client
        .machine("b")
        .deploy(&DeployOptions::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::StateConflict, 1)
    );
    assert!(error.message().contains("'Deployed' state"), "{error}");
}

#[tokio::test]
async fn a_gateway_timeout_leaves_a_post_in_doubt_and_repeats_a_get() {
    let (server, client) = server().await;
    Mock::given(any())
        .respond_with(answer(504).set_body_raw(
            "<html><title>504 Gateway Time-out</title></html>",
            "text/html",
        ))
        .mount(&server)
        .await;
    let error = client
        .machines()
        .allocate(&AllocateOptions::new().agent_name("c1"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::OutcomeUnknown, 1)
    );
    assert!(error.hint().unwrap().contains("agent_name `c1`"), "{error}");
    let error = client.machine("a").get().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unavailable, 4)
    );
    assert!(
        error.message().contains("504 Gateway Time-out") && !error.message().contains('<'),
        "{error}"
    );
}

#[tokio::test]
async fn a_503_without_a_time_is_not_repeated_for_a_post() {
    let (server, client) = server().await;
    Mock::given(any())
        .respond_with(
            answer(503).set_body_string("No rack controllers can access the BMC of node node24"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let error = client
        .machine("a")
        .deploy(&DeployOptions::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("node24"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_names_the_url_to_configure() {
    let (server, client) = server().await;
    Mock::given(method("POST"))
        .respond_with(answer(301).insert_header(
            "Location",
            "https://maas.example.com:5443/MAAS/api/2.0/machines/?op=allocate",
        ))
        .expect(1)
        .mount(&server)
        .await;
    let error = client
        .machines()
        .allocate(&AllocateOptions::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert!(
        error
            .hint()
            .unwrap()
            .contains("`https://maas.example.com:5443/MAAS`"),
        "{error}"
    );
}

fn expired(server_now: i64) -> ResponseTemplate {
    answer(401).set_body_raw(
        format!("Authorization Error: 'Expired timestamp: given 1 and now {server_now} has a greater difference than threshold 300'"),
        "text/html",
    )
}

#[tokio::test]
async fn a_clock_that_is_late_is_corrected_once_for_all_calls() {
    let server = MockServer::start().await;
    let clock = Clock::manual("2026-11-22T09:00:00Z".parse().unwrap());
    let now = clock.now().as_second();
    let client = builder(&server.uri()).wall_clock(clock).build().unwrap();
    Mock::given(path("/MAAS/api/2.0/zones/"))
        .respond_with(in_turn([
            expired(now + 4000),
            answer(200).set_body_json(json!([])),
        ]))
        .mount(&server)
        .await;
    client.zones().list().await.unwrap();
    client.zones().list().await.unwrap();
    let times: Vec<i64> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| said(request, "oauth_timestamp").parse().unwrap())
        .collect();
    assert_eq!(times, [now, now + 4000, now + 4000]);
}

#[tokio::test]
async fn a_clock_that_cannot_be_corrected_is_an_error_of_its_own() {
    let (server, client) = server().await;
    Mock::given(any())
        .respond_with(expired(4_000_000_000))
        .expect(2)
        .mount(&server)
        .await;
    let error = client.zones().list().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::ClockSkew, 2));
    assert!(error.hint().unwrap().contains("clock"), "{error}");
}

#[tokio::test]
async fn of_a_401_only_the_reason_is_kept() {
    let (server, client) = server().await;
    let body = "Authorization Error: 'Invalid signature. Expected signature base string: &anotherRealSecret00'";
    Mock::given(any())
        .respond_with(answer(401).set_body_raw(body, "text/html"))
        .mount(&server)
        .await;
    let error = client.whoami().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.message().contains("third part"));
    let shown = format!("{error} {error:?} {client:?}");
    for secret in ["anotherRealSecret00", SECRET, "tokenKey0123"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_secret_that_the_server_repeats_is_cut_out() {
    let (server, client) = server().await;
    Mock::given(any())
        .respond_with(
            answer(500)
                .insert_header("X-Echo", SECRET)
                .set_body_string(format!("KeyError: '{SECRET}'")),
        )
        .mount(&server)
        .await;
    let log = ResponseLog::default();
    let error = client
        .with_response_log(log.clone())
        .machine(SECRET)
        .lock(None)
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?} {log:?}");
    assert!(!shown.contains(SECRET) && shown.contains("***"), "{shown}");
}

#[tokio::test]
async fn a_password_that_was_sent_or_read_is_cut_out_of_later_errors() {
    let (server, client) = server().await;
    Mock::given(method("GET"))
        .respond_with(answer(200).set_body_json(json!({"power_pass": "readPassword1"})))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(answer(400).set_body_json(
            json!({"power_parameters": ["sentPassword1 is too short, readPassword1 was better"]}),
        ))
        .mount(&server)
        .await;
    let machine = client.machine("a");
    let read = machine.power_parameters().await.unwrap();
    assert_eq!(read.expose("power_pass"), Some("readPassword1"));
    let sent = PowerParameters::new().with("power_pass", "sentPassword1");
    let error = machine
        .update(&MachineUpdate::new().power_parameters(sent))
        .await
        .unwrap_err();
    let shown = format!("{read:?} {error} {error:?}");
    assert!(
        !shown.contains("Password1") && shown.contains("too short"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_version_is_asked_without_credentials() {
    let (server, client) = server().await;
    Mock::given(path("/MAAS/api/2.0/version/"))
        .respond_with(
            answer(200)
                .set_body_json(json!({"version": "3.7.3", "subversion": "", "capabilities": []})),
        )
        .mount(&server)
        .await;
    assert_eq!(client.version().await.unwrap().major_minor(), Some((3, 7)));
    assert!(
        !server.received_requests().await.unwrap()[0]
            .headers
            .contains_key("authorization")
    );
}

#[tokio::test]
async fn user_data_is_sent_as_base64_and_never_printed() {
    let (server, client) = server().await;
    Mock::given(body_string(
        "distro_series=jammy&user_data=I2Nsb3VkLWNvbmZpZwp0b2tlbjogw7w%3D",
    ))
    .and(header("content-type", "application/x-www-form-urlencoded"))
    .and(header_exists("user-agent"))
    .respond_with(answer(200).set_body_json(json!({"status": 9})))
    .mount(&server)
    .await;
    let options = DeployOptions::new()
        .distro_series("jammy")
        .user_data("#cloud-config\ntoken: ü");
    assert!(!format!("{options:?}").contains("token"));
    assert!(!serde_json::to_string(&options).unwrap().contains("token"));
    let machine = client.machine("a").deploy(&options).await.unwrap();
    assert_eq!(machine.status, NodeStatus::Deploying);
}

/// A server on a bare socket: each connection reads a request and writes what the script says, then closes.
async fn cutting(script: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for bytes in script {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 8192];
            let _ = socket.read(&mut buffer).await.unwrap();
            socket.write_all(bytes.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
        }
    });
    url
}

const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n[{\"system_id\": \"p77";
const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n[{\"system_id\": \"p77gwg\"}]";

#[tokio::test]
async fn a_list_that_breaks_off_is_asked_for_again() {
    let url = cutting(vec![CUT, WHOLE]).await;
    let client = builder(&url).build().unwrap();
    let list = client.machines().list(&MachineFilter::new()).await.unwrap();
    assert_eq!(
        (
            list.len(),
            list[0].system_id.as_str(),
            list.unreadable().len()
        ),
        (1, "p77gwg", 0)
    );
}

#[tokio::test]
async fn an_allocation_or_a_release_whose_answer_breaks_off_is_in_doubt() {
    let url = cutting(vec![CUT]).await;
    let client = builder(&url).build().unwrap();
    let error = client
        .machines()
        .allocate(&AllocateOptions::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::OutcomeUnknown, 1)
    );

    // Somebody else may have taken the machine by the time of a second release.
    let url = cutting(vec![CUT]).await;
    let client = builder(&url).build().unwrap();
    let error = client
        .machine("a")
        .release(&ReleaseOptions::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::OutcomeUnknown, 1)
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
    drop(listener);
    let client = builder(&url).build().unwrap();
    let error = client
        .machines()
        .allocate(&AllocateOptions::new())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 4));
}

fn seen(status: NodeStatus) -> ResponseTemplate {
    answer(200).set_body_json(json!({
        "system_id": "a", "status": status.number(), "status_name": status.label(),
        "status_message": null, "error_description": "",
    }))
}

async fn waiting(statuses: &[NodeStatus]) -> (MockServer, Client) {
    let server = MockServer::start().await;
    let clock = Clock::manual("2026-11-22T09:00:00Z".parse().unwrap());
    let client = builder(&server.uri()).clock(clock).build().unwrap();
    Mock::given(path("/MAAS/api/2.0/machines/a/"))
        .respond_with(in_turn(
            statuses
                .iter()
                .map(|&status| seen(status))
                .collect::<Vec<_>>(),
        ))
        .mount(&server)
        .await;
    let events = json!({"count": 1, "events": [{"id": 7, "type": "Node installation failure", "description": "no DHCP answer"}]});
    Mock::given(path("/MAAS/api/2.0/events/"))
        .and(query_param("op", "query"))
        .and(query_param("id", "a"))
        .respond_with(answer(200).set_body_json(events))
        .mount(&server)
        .await;
    (server, client)
}

#[tokio::test]
async fn waiting_ends_with_the_machine() {
    let (_server, client) = waiting(&[
        NodeStatus::Allocated,
        NodeStatus::Deploying,
        NodeStatus::Deployed,
    ])
    .await;
    let machine = client
        .machine("a")
        .wait_deployed(&WaitOptions::new())
        .await
        .unwrap();
    assert_eq!(machine.status, NodeStatus::Deployed);
}

#[tokio::test]
async fn waiting_ends_with_the_servers_reason() {
    let (_server, client) = waiting(&[NodeStatus::Deploying, NodeStatus::FailedDeployment]).await;
    let error = client
        .machine("a")
        .wait_deployed(&WaitOptions::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::FailedState, Some("machine.wait"))
    );
    assert!(
        error
            .message()
            .contains("Failed deployment: Node installation failure: no DHCP answer"),
        "{error}"
    );
}

#[tokio::test]
async fn waiting_ends_in_time_with_the_last_state() {
    let (_server, client) = waiting(&[NodeStatus::Deploying]).await;
    let options = WaitOptions::new().timeout(Duration::from_secs(2400));
    let error = client
        .machine("a")
        .wait_deployed(&options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("Deploying"), "{error}");
}

#[tokio::test]
async fn a_machine_that_vanishes_on_release_is_released() {
    let server = MockServer::start().await;
    let client = builder(&server.uri())
        .clock(Clock::manual("2026-11-22T09:00:00Z".parse().unwrap()))
        .build()
        .unwrap();
    let gone = answer(404).set_body_string("No Machine matches the given query.");
    Mock::given(path("/MAAS/api/2.0/machines/a/"))
        .respond_with(in_turn([seen(NodeStatus::Releasing), gone]))
        .mount(&server)
        .await;
    assert_eq!(
        client
            .machine("a")
            .wait_released(&WaitOptions::new())
            .await
            .unwrap(),
        None
    );
}
