//! The sending loop against real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header};
use sdk_transport::{
    Call, ClientOptions, Clock, Error, ErrorKind, Failure, HttpClient, Proxy, Redactor,
    ResponseLog, Retryability, Secret, Service, url::parse_base,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header_exists, method, path},
};

const SECRET: &str = "s3cret-t0ken";

/// Signs with a counter, so that a repeated signature would show.
#[derive(Default)]
struct Counting(AtomicU32);

#[async_trait]
impl Service for Counting {
    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), Error> {
        let nonce = self.0.fetch_add(1, Ordering::SeqCst);
        request
            .headers_mut()
            .insert("x-nonce", nonce.to_string().parse().unwrap());
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, SECRET.parse().unwrap());
        Ok(())
    }

    fn failure(&self, _: &Call, response: &Response<Bytes>) -> Failure {
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let (kind, retry) = match response.status().as_u16() {
            401 => (ErrorKind::Unauthorized, Retryability::Mended),
            404 => (ErrorKind::NotFound, Retryability::Never),
            429 | 503 => (ErrorKind::Unavailable, Retryability::NotCarriedOut),
            500 => (ErrorKind::ServerError, Retryability::Never),
            _ => (ErrorKind::ServerError, Retryability::Unknown),
        };
        let mut failure = Failure::new(kind, text);
        failure.retry = retry;
        failure
    }
}

fn client_with(base: &str, change: impl FnOnce(&mut ClientOptions)) -> HttpClient {
    let mut options = ClientOptions::default();
    // Retries must not slow the tests down: their delays pass on a clock that jumps.
    options.wall_clock = Clock::manual(jiff::Timestamp::now());
    options.timeout = Duration::from_secs(5);
    change(&mut options);
    let client = HttpClient::new(
        Arc::new(Counting::default()),
        &parse_base(base).unwrap(),
        Redactor::new(),
        options,
    )
    .unwrap();
    client.learn_secret(&Secret::from(SECRET));
    client
}

fn client(base: &str) -> HttpClient {
    client_with(base, |_| {})
}

fn call(verb: &str, url: &str) -> Call {
    let request = Request::builder()
        .method(verb)
        .uri(url)
        .body(Bytes::new())
        .unwrap();
    Call::new("thing.do", "/thing", request)
}

/// Serves each connection with the next script: the bytes to answer, then the connection is closed.
async fn scripted(answers: Vec<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            socket.write_all(answer).await.unwrap();
        }
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn each_attempt_is_signed_afresh_and_retry_after_is_honoured() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "7"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/thing"))
        .respond_with(ResponseTemplate::new(200).set_body_string("done"))
        .mount(&server)
        .await;
    let start = jiff::Timestamp::now();
    let clock = Clock::manual(start);
    let client = client_with(&server.uri(), |options| options.wall_clock = clock.clone());
    let response = client
        .execute(&call("POST", &format!("{}/thing", server.uri())))
        .await
        .unwrap();
    assert_eq!(response.body(), "done");
    let nonces: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| request.headers["x-nonce"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(nonces, ["0", "1", "2"]);
    assert!(clock.since(start) >= Duration::from_secs(14));
}

#[tokio::test]
async fn a_service_that_is_not_ready_says_what_to_do() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let call = call("GET", &format!("{}/thing", server.uri()));
    let error = client(&server.uri()).execute(&call).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), error.attempts()),
        (ErrorKind::Unavailable, true, 4)
    );
    assert_eq!(
        error.hint(),
        Some(
            "the service is not ready; what is safe to repeat was repeated, so wait before you try again"
        )
    );
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_its_target() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(301).insert_header("location", "https://maas.example:5443/MAAS/"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server.uri())
        .execute(&call("POST", &format!("{}/thing", server.uri())))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert!(
        error
            .to_string()
            .contains("https://maas.example:5443/MAAS/"),
        "{error}"
    );
}

#[tokio::test]
async fn a_post_that_dies_on_the_way_is_not_repeated() {
    let base = scripted(vec![b""]).await;
    let error = client(&base)
        .execute(&call("POST", &format!("{base}thing")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.attempts(), 1);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_get_whose_answer_is_cut_is_repeated() {
    let base = scripted(vec![
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[1,",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n[1,2]",
    ])
    .await;
    let list = client(&base)
        .elements::<u32>(&call("GET", &format!("{base}thing")))
        .await
        .unwrap();
    assert_eq!(list.into_items(), [1, 2]);
}

#[tokio::test]
async fn a_post_whose_answer_is_cut_is_in_doubt() {
    let base = scripted(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[1,"]).await;
    let error = client(&base)
        .execute(&call("POST", &format!("{base}thing")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_and_then_finds_nothing_is_done() {
    let base = scripted(vec![
        b"",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    ])
    .await;
    let response = client(&base)
        .execute(&call("DELETE", &format!("{base}thing")))
        .await
        .unwrap();
    assert_eq!(response.status(), 204);
    let base = scripted(vec![b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"]).await;
    let error = client(&base)
        .execute(&call("DELETE", &format!("{base}thing")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_refused_connection_says_so_and_is_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&base)
        .execute(&call("POST", &format!("{base}thing")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.attempts(), 4);
    assert!(error.hint().unwrap().contains("URL"));
}

#[tokio::test]
async fn silence_ends_in_a_timeout_or_in_doubt() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let url = format!("{}/thing", server.uri());
    let client = client(&server.uri()).with_timeout(Duration::from_millis(50));
    let error = client.execute(&call("GET", &url)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 4));
    let error = client.execute(&call("POST", &url)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::OutcomeUnknown, 1)
    );
}

#[tokio::test]
async fn a_mended_cause_is_tried_once_more_and_only_once() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .expect(2)
        .mount(&server)
        .await;
    let error = client(&server.uri())
        .execute(&call("POST", &format!("{}/thing", server.uri())))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 2)
    );
}

#[tokio::test]
async fn no_secret_leaves_the_client() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(500)
                .insert_header("x-echo", SECRET)
                .set_body_string(format!("Expected signature: &{SECRET}")),
        )
        .mount(&server)
        .await;
    let log = ResponseLog::default();
    let client = client(&server.uri()).with_response_log(log.clone());
    let error = client
        .execute(&call("GET", &format!("{}/thing", server.uri())))
        .await
        .unwrap_err();
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        error.body().unwrap().to_owned(),
        format!("{:?}", log.all()),
        format!("{client:?}"),
    ] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    assert_eq!(log.last().unwrap().status, 500);
}

#[tokio::test]
async fn credentials_stay_at_the_configured_origin() {
    let server = MockServer::start().await;
    let other = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&other)
        .await;
    let error = client(&server.uri())
        .execute(&call("GET", &format!("{}/thing", other.uri())))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b' '; 2000]))
        .mount(&server)
        .await;
    let client = client_with(&server.uri(), |options| options.limits.max_body = 1000);
    let error = client
        .execute(&call("GET", &format!("{}/thing", server.uri())))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn at_most_so_many_requests_are_under_way() {
    let server = MockServer::start().await;
    Mock::given(header_exists("user-agent"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_millis(100)))
        .mount(&server)
        .await;
    let client = client_with(&server.uri(), |options| options.max_in_flight = 2);
    let url = format!("{}/thing", server.uri());
    let started = std::time::Instant::now();
    let calls = (0..6).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        async move { client.execute(&call("GET", &url)).await.unwrap() }
    });
    futures_util::future::join_all(calls).await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    let agent = server.received_requests().await.unwrap()[0].headers["user-agent"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        agent.starts_with("palette-maas/") && agent.contains("(rust)"),
        "{agent}"
    );
}

#[tokio::test]
async fn loopback_is_never_sent_through_a_proxy() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let client = client_with(&server.uri(), |options| {
        options.proxy = Proxy::Url("http://127.0.0.1:9".into());
    });
    client
        .execute(&call("GET", &format!("{}/thing", server.uri())))
        .await
        .unwrap();
}

#[tokio::test]
async fn another_host_is_sent_through_the_proxy() {
    let proxy = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("by proxy"))
        .expect(1)
        .mount(&proxy)
        .await;
    let client = client_with("http://maas.invalid/", |options| {
        options.proxy = Proxy::Url(proxy.uri());
    });
    let response = client
        .execute(&call("GET", "http://maas.invalid/thing"))
        .await
        .unwrap();
    assert_eq!(response.body(), "by proxy");
}

#[tokio::test]
async fn a_post_whose_answer_cannot_be_read_is_in_doubt() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(201).set_body_string("<html>"))
        .mount(&server)
        .await;
    let url = format!("{}/thing", server.uri());
    let error = client(&server.uri())
        .json::<u32>(&call("POST", &url))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::OutcomeUnknown, Some(201))
    );
    let error = client(&server.uri())
        .json::<u32>(&call("GET", &url))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("web page"), "{error}");
    assert!(error.hint().unwrap().contains(&server.uri()), "{error}");
    let small = client_with(&server.uri(), |options| options.limits.max_body = 3);
    let error = small.execute(&call("POST", &url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn the_wrong_scheme_is_told_by_what_comes_back() {
    // A TLS alert, as servers answer that read plain HTTP; and the words of those that read on.
    let alert: &[u8] = &[0x15, 3, 3, 0, 2, 2, 10];
    for answer in [
        alert,
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 59\r\n\r\n<p>The plain HTTP request was sent to HTTPS port</p>       ",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    ] {
        let base = scripted(vec![answer; 4]).await;
        let error = client(&base)
            .execute(&call("GET", &format!("{base}thing")))
            .await
            .unwrap_err();
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("`https://`"), "{error:?}");
    }
    let base = scripted(vec![b"HTTP/1.1 400 Bad Request\r\n\r\n"; 4]).await;
    let tls = base.replace("http://", "https://");
    let error = client(&tls)
        .execute(&call("GET", &format!("{tls}thing")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    assert!(error.hint().unwrap().contains("`http://`"), "{error:?}");
}
