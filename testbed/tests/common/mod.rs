//! What the tests of the servers share: a paused testbed and a signed request.

#![allow(dead_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, Method, Response};
use serde_json::Value;
use testbed::Testbed;

/// A testbed whose clock stands still.
pub(crate) async fn start() -> Testbed {
    Testbed::builder()
        .seed(1)
        .paused(true)
        .start()
        .await
        .expect("testbed starts")
}

/// A client that asks no proxy.
pub(crate) fn http() -> Client {
    // Fails once another test of this process has installed it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("client")
}

/// A fresh `Authorization` header for an API key.
pub(crate) fn authorization(key: &str) -> String {
    static NONCE: AtomicU64 = AtomicU64::new(0);
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed);
    let mut parts = key.split(':');
    let mut part = || parts.next().expect("three parts");
    let (consumer, token, secret) = (part(), part(), part());
    let now = jiff::Timestamp::now().as_second();
    format!(
        "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{consumer}\", \
         oauth_token=\"{token}\", oauth_signature=\"%26{secret}\", oauth_nonce=\"n{nonce}\", oauth_timestamp=\"{now}\""
    )
}

/// A user of the region.
pub(crate) struct Maas {
    base: String,
    key: &'static str,
    http: Client,
}

impl Maas {
    /// The administrator.
    pub(crate) fn new(testbed: &Testbed) -> Self {
        Self::with_key(testbed, testbed.maas_api_key())
    }

    /// The user of a key.
    pub(crate) fn with_key(testbed: &Testbed, key: &'static str) -> Self {
        Self {
            base: format!("{}/api/2.0", testbed.maas_url()),
            key,
            http: http(),
        }
    }

    /// A signed request.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/{path}", self.base))
            .header("Authorization", authorization(self.key))
    }

    /// The JSON of a GET.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self
            .request(Method::GET, path)
            .send()
            .await
            .expect("answer");
        answer.json().await.expect("JSON")
    }

    /// The answer to a POST of a form.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Response {
        self.request(Method::POST, path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
            .send()
            .await
            .expect("answer")
    }

    /// Status and text of the answer to a POST of a form.
    pub(crate) async fn post_text(&self, path: &str, form: &str) -> (u16, String) {
        let answer = self.post(path, form).await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// The JSON of the answer to a POST that must succeed.
    pub(crate) async fn post_json(&self, path: &str, form: &str) -> Value {
        let answer = self.post(path, form).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.json().await.expect("JSON")
    }
}
