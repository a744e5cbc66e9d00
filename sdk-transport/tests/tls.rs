//! Whom the client trusts, against a server with a certificate of its own.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sdk_transport::{
    Call, ClientOptions, Error, ErrorKind, Failure, HttpClient, Redactor, RetryPolicy, Service,
    TlsOptions, install_crypto_provider, url::parse_base,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

struct Open;

#[async_trait]
impl Service for Open {
    async fn authorize(&self, _: &mut Request<Bytes>) -> Result<(), Error> {
        Ok(())
    }

    fn failure(&self, _: &Call, _: &Response<Bytes>) -> Failure {
        Failure::new(ErrorKind::ServerError, "failed")
    }
}

/// Starts a server for `name` and returns its port and its authority's certificate.
async fn serve(name: &str) -> (u16, String) {
    install_crypto_provider();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    return;
                };
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let host = String::from_utf8_lossy(&request[..read])
                    .lines()
                    .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
                    .unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{host}",
                    host.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, authority.pem())
}

async fn get(url: &str, tls: TlsOptions) -> Result<String, Error> {
    let mut options = ClientOptions::default();
    options.tls = tls;
    options.retry = RetryPolicy::never();
    let client = HttpClient::new(Arc::new(Open), &parse_base(url)?, Redactor::new(), options)?;
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let response = client
        .execute(&Call::new("thing.get", "/", request))
        .await?;
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

#[tokio::test]
async fn a_certificate_nobody_trusts_is_refused_with_a_hint() {
    let (port, _) = serve("localhost").await;
    let error = get(&format!("https://localhost:{port}/"), TlsOptions::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(error.hint().unwrap().contains("CA certificate"));
}

#[tokio::test]
async fn a_given_authority_is_trusted_and_no_other_name() {
    let (port, ca) = serve("localhost").await;
    let url = format!("https://localhost:{port}/");
    get(&url, TlsOptions::new().ca_pem(ca.clone()))
        .await
        .unwrap();
    get(&url, TlsOptions::new().ca_pem(ca.clone()).only_these_ca())
        .await
        .unwrap();
    let (port, ca) = serve("maas.example").await;
    let error = get(
        &format!("https://localhost:{port}/"),
        TlsOptions::new().ca_pem(ca),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn the_expected_server_name_can_be_given() {
    let (port, ca) = serve("maas.example").await;
    let tls = TlsOptions::new().ca_pem(ca).server_name("maas.example");
    let host = get(&format!("https://127.0.0.1:{port}/"), tls)
        .await
        .unwrap();
    assert_eq!(
        host,
        format!("127.0.0.1:{port}"),
        "the Host header stays the configured one"
    );
}

#[tokio::test]
async fn verification_can_be_turned_off_by_a_name_that_says_so() {
    let (port, _) = serve("elsewhere.example").await;
    get(
        &format!("https://localhost:{port}/"),
        TlsOptions::new().danger_accept_any_certificate(),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_at_once() {
    let error = get("https://localhost:1/", TlsOptions::new().ca_pem("nonsense"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let error = TlsOptions::new()
        .ca_file("/nonexistent/ca.pem")
        .unwrap_err();
    assert!(error.to_string().contains("/nonexistent/ca.pem"));
}
