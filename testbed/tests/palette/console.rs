//! A plain HTTP client for the simulated Palette that holds every answer against the published specification.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use testbed::Testbed;
use testbed::palette::Palette;

/// A testbed and a client for its Palette.
pub(crate) struct Console {
    pub(crate) testbed: Testbed,
    http: reqwest::Client,
    pub(crate) api_key: Option<String>,
    pub(crate) project: Option<String>,
}

impl Console {
    pub(crate) async fn start(speed: f64) -> Self {
        let testbed = Testbed::builder()
            .speed(speed)
            .seed(7)
            .start()
            .await
            .expect("testbed");
        Self::on(testbed)
    }

    pub(crate) fn on(testbed: Testbed) -> Self {
        // An error says that another test of this process was faster.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("client");
        let (api_key, project) = (
            Some(testbed.palette_api_key()),
            Some(testbed.palette_project_uid()),
        );
        Self {
            testbed,
            http,
            api_key,
            project,
        }
    }

    /// Sends a request; the answer must be one that the specification describes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.http.request(
            method.clone(),
            format!("{}{path}", self.testbed.palette_url()),
        );
        if let Some(key) = &self.api_key {
            request = request.header("ApiKey", key);
        }
        if let Some(project) = &self.project {
            request = request.header("ProjectUid", project);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.expect("answer");
        let status = response.status().as_u16();
        let is_json = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind == "application/json");
        let text = response.text().await.expect("body");
        let body = match (text.is_empty(), is_json) {
            (true, _) => None,
            (_, true) => Some(serde_json::from_str(&text).expect("JSON")),
            _ => Some(Value::String(text)),
        };
        if !matches!(status, 404 | 405)
            || body.as_ref().is_some_and(|body| body["code"].is_string())
        {
            let path = path.split('?').next().expect("path");
            let wrong = Palette::check_answer(method.as_str(), path, status, body.as_ref());
            assert!(
                wrong.is_empty(),
                "{method} {path} {status}: {wrong:?}\n{body:?}"
            );
        }
        (status, body.unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// A request that must succeed.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.send(method.clone(), path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// A request that must be refused: its code.
    pub(crate) async fn refused(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, String, String) {
        let (status, answer) = self.send(method.clone(), path, body).await;
        assert!(
            status >= 400,
            "{method} {path} was accepted: {status} {answer}"
        );
        let code = answer["code"]
            .as_str()
            .map_or_else(|| answer["code"].to_string(), str::to_owned);
        (
            status,
            code,
            answer["message"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// A cloud account for the region; its uid.
    pub(crate) async fn account(&self) -> String {
        let body = self.account_body(self.testbed.maas_api_key());
        self.done(Method::POST, "/v1/cloudaccounts/maas", Some(body))
            .await["uid"]
            .as_str()
            .expect("uid")
            .to_owned()
    }

    pub(crate) fn account_body(&self, api_key: &str) -> Value {
        json!({
            "metadata": {"name": "lab", "annotations": {"overlordUid": self.testbed.palette_gateway_uid()}},
            "spec": {"apiEndpoint": self.testbed.maas_url(), "apiKey": api_key},
        })
    }

    /// The uid of a version of the profile.
    pub(crate) fn profile(&self, version: &str) -> String {
        let versions = self.testbed.palette().profile_versions();
        versions
            .into_iter()
            .find(|(known, _)| known == version)
            .expect("version")
            .1
    }

    /// A cluster as a request: control plane and workers from the resource pool `default`.
    pub(crate) fn cluster_body(
        &self,
        name: &str,
        account: &str,
        control_plane: u32,
        workers: u32,
    ) -> Value {
        json!({
            "metadata": {"name": name, "labels": {"team": "a"}},
            "spec": {
                "cloudAccountUid": account, "cloudConfig": {"domain": "maas"}, "profiles": [{"uid": self.profile("1.0.0")}],
                "machinepoolconfig": [pool("control-plane", control_plane, true), pool("workers", workers, false)],
                "policies": {"scanPolicy": {"kubeBench": {"schedule": {"scheduledRunTime": "0 1 * * *"}}}},
            },
        })
    }

    /// Waits until `what` is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self).await {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "waited in vain: {what}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn state(&self, uid: &str) -> String {
        let status = self.get(&format!("/v1/spectroclusters/{uid}/status")).await;
        status["status"]["state"]
            .as_str()
            .expect("state")
            .to_owned()
    }

    pub(crate) async fn overview(&self, uid: &str) -> Value {
        self.get(&format!("/v1/dashboard/spectroclusters/{uid}/overview"))
            .await
    }

    /// Creates a cluster and waits until it is Running and healthy.
    pub(crate) async fn healthy_cluster(
        &self,
        name: &str,
        control_plane: u32,
        workers: u32,
    ) -> String {
        let account = self.account().await;
        let body = self.cluster_body(name, &account, control_plane, workers);
        let uid = self
            .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
            .await["uid"]
            .as_str()
            .expect("uid")
            .to_owned();
        self.until_healthy(&uid).await;
        uid
    }

    pub(crate) async fn until_healthy(&self, uid: &str) {
        self.until("Running and healthy", async |console| {
            let status = console.overview(uid).await["status"].clone();
            status["state"] == "Running" && status["health"]["state"] == "Healthy"
        })
        .await;
    }

    pub(crate) async fn machines(&self, config: &str, pool: &str) -> Vec<Value> {
        let list = self
            .get(&format!(
                "/v1/cloudconfigs/maas/{config}/machinePools/{pool}/machines?limit=50"
            ))
            .await;
        list["items"].as_array().expect("items").clone()
    }

    pub(crate) async fn config_uid(&self, uid: &str) -> String {
        let cluster = self.get(&format!("/v1/spectroclusters/{uid}")).await;
        cluster["spec"]["cloudConfigRef"]["uid"]
            .as_str()
            .expect("uid")
            .to_owned()
    }
}

/// A machine pool as a request.
pub(crate) fn pool(name: &str, size: u32, is_control_plane: bool) -> Value {
    json!({
        "poolConfig": {
            "name": name, "size": size, "isControlPlane": is_control_plane,
            "labels": [if is_control_plane { "control-plane" } else { "worker" }],
            "updateStrategy": {"type": "RollingUpdateScaleOut"},
        },
        "cloudConfig": {"resourcePool": "default", "azs": [], "instanceType": {"minCPU": 1, "minMemInMB": 2048}, "tags": []},
    })
}
