//! The servers as a whole: faults on the wire, the clock, control from outside, stopping.

#![allow(clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{Maas, http, start};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testbed::{Fault, FaultKind, Testbed};

#[tokio::test]
async fn a_machine_is_allocated_deployed_and_given_back_on_simulated_time() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let mut changes = testbed.region().subscribe();

    let machine: Value = maas
        .post(
            "machines/?op=allocate",
            "cpu_count=8&pool=pool-a&agent_name=demo",
        )
        .await
        .json()
        .await
        .expect("JSON");
    let id = machine["system_id"].as_str().expect("system_id").to_owned();
    assert_eq!(machine["status_name"], "Allocated");
    assert_eq!(machine["owner"], "admin");
    assert_eq!(
        maas.get("machines/?agent_name=demo")
            .await
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let answer = maas
        .post(&format!("machines/{id}/?op=deploy"), "distro_series=jammy")
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    testbed.clock().advance(Duration::from_secs(600)).await;
    assert_eq!(
        maas.get(&format!("machines/{id}/")).await["status_name"],
        "Deploying"
    );
    testbed.clock().advance(Duration::from_secs(600)).await;
    let deployed = maas.get(&format!("machines/{id}/")).await;
    assert_eq!(deployed["status_name"], "Deployed");
    assert_eq!(
        (&deployed["power_state"], &deployed["osystem"]),
        (&json!("on"), &json!("ubuntu"))
    );
    assert_eq!(testbed.leftovers().len(), 1);

    maas.post(&format!("machines/{id}/?op=release"), "").await;
    assert_eq!(
        maas.get("machines/?agent_name=demo").await,
        json!([]),
        "an agent's name dies with the release"
    );
    testbed.clock().advance(Duration::from_secs(120)).await;
    let free = maas.get(&format!("machines/{id}/")).await;
    assert_eq!(
        (&free["status_name"], &free["owner"]),
        (&json!("Ready"), &Value::Null)
    );
    assert_eq!(testbed.leftovers(), []);

    let mut seen = Vec::new();
    while let Ok(change) = changes.try_recv() {
        if change.system_id == id {
            seen.push(change.to);
        }
    }
    assert_eq!(
        seen,
        ["Allocated", "Deploying", "Deployed", "Releasing", "Ready"]
    );
    testbed.stop().await;
}

#[tokio::test]
async fn faults_happen_on_the_wire() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let zones = "/MAAS/api/2.0/zones/";
    let order = |kind| {
        testbed
            .faults()
            .order(Fault::new("GET", zones, kind).times(1))
    };
    let get = || maas.request(reqwest::Method::GET, "zones/").send();

    order(FaultKind::Refuse);
    assert!(get().await.is_err(), "no answer at all");

    order(FaultKind::ResetAfterHeaders);
    let answer = get().await.expect("headers arrive");
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "the body does not");

    order(FaultKind::Cut { bytes: 10 });
    assert!(get().await.expect("headers arrive").bytes().await.is_err());

    order(FaultKind::Status {
        status: 503,
        retry_after: Some(7),
        body: None,
    });
    let answer = get().await.expect("answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (503, &"7".parse().expect("header"))
    );

    order(FaultKind::Garbage);
    assert!(get().await.expect("answer").json::<Value>().await.is_err());

    order(FaultKind::ContentType {
        value: "text/html".into(),
    });
    assert_eq!(
        get().await.expect("answer").headers()["content-type"],
        "text/html"
    );

    assert_eq!(
        get().await.expect("answer").status(),
        StatusCode::OK,
        "all faults are used up"
    );
    let history = testbed.history().requests();
    assert_eq!(history[0].fault.as_deref(), Some("refuse"));
    assert_eq!((history[0].status, history[6].status), (None, Some(200)));
    assert!(
        history
            .iter()
            .all(|seen| seen.headers.iter().all(|(name, _)| name != "authorization"))
    );
}

#[tokio::test]
async fn the_deed_can_be_done_although_the_answer_is_lost() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let create = |name: &'static str| {
        maas.request(reqwest::Method::POST, "zones/")
            .body(name)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send()
    };
    let fault = Fault::new("POST", "*/zones/", FaultKind::Refuse).times(1);
    testbed.faults().order(fault.clone().deed_done());
    assert!(create("name=done").await.is_err());
    testbed.faults().order(fault);
    assert!(create("name=undone").await.is_err());
    let zones = maas.get("zones/").await;
    let names: Vec<&str> = zones
        .as_array()
        .expect("list")
        .iter()
        .filter_map(|zone| zone["name"].as_str())
        .collect();
    assert_eq!(names, ["default", "zone-a", "zone-b", "done"]);
}

#[tokio::test]
async fn the_testbed_is_controlled_from_outside() {
    let testbed = start().await;
    let base = format!("{}/_testbed", testbed.palette_url());
    let http = http();
    let json =
        |answer: reqwest::Response| async move { answer.json::<Value>().await.expect("JSON") };

    let index = json(http.get(format!("{base}/")).send().await.expect("answer")).await;
    assert_eq!(index["maas_url"], testbed.maas_url());
    assert!(index["routes"].as_array().is_some_and(|all| all.len() > 9));
    let unknown = http.get(format!("{base}/nope")).send().await;
    let unknown = unknown.expect("answer");
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let said = json(unknown).await;
    assert!(
        said["error"]
            .as_str()
            .is_some_and(|said| said.contains("GET /_testbed/"))
    );

    let before = json(
        http.get(format!("{base}/clock"))
            .send()
            .await
            .expect("answer"),
    )
    .await;
    assert_eq!(before["paused"], true);
    let advance = http
        .post(format!("{base}/clock/advance"))
        .json(&json!({"seconds": 90}));
    let after = json(advance.send().await.expect("answer")).await;
    assert_eq!(
        after["now_ms"]
            .as_i64()
            .zip(before["now_ms"].as_i64())
            .map(|(a, b)| a - b),
        Some(90_000)
    );
    let bad = http
        .put(format!("{base}/clock"))
        .json(&json!({"speed": -1}))
        .send()
        .await
        .expect("answer");
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);

    let fault = json!({"method": "GET", "path": "/MAAS/*", "kind": "refuse", "count": 1});
    let id = json(
        http.post(format!("{base}/faults"))
            .json(&fault)
            .send()
            .await
            .expect("answer"),
    )
    .await["id"]
        .clone();
    let gone = http
        .delete(format!("{base}/faults/{id}"))
        .send()
        .await
        .expect("answer");
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let missing = http
        .delete(format!("{base}/faults/{id}"))
        .send()
        .await
        .expect("answer");
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);

    let hook = http
        .put(format!("{base}/machines/node01/deploy"))
        .json(&json!({"fail": "disk died"}));
    assert_eq!(
        hook.send().await.expect("answer").status(),
        StatusCode::NO_CONTENT
    );
    let region = testbed.region();
    let node = region.machine_named("node01").expect("node01");
    region.deploy(&node.system_id, "jammy").expect("deploys");
    testbed.clock().advance(Duration::from_secs(1200)).await;
    let failed = region.machine(&node.system_id).expect("node01");
    assert_eq!(
        (failed.status.as_str(), failed.error_description.as_str()),
        ("Failed deployment", "disk died")
    );

    let leftovers = json(
        http.get(format!("{base}/leftovers"))
            .send()
            .await
            .expect("answer"),
    )
    .await;
    assert_eq!(leftovers[0]["name"], "node01");
    let reset = http
        .post(format!("{base}/reset"))
        .send()
        .await
        .expect("answer");
    assert_eq!(reset.status(), StatusCode::NO_CONTENT);
    assert_eq!(testbed.leftovers(), []);
}

#[tokio::test]
async fn https_is_served_with_an_authority_of_its_own() {
    let testbed = Testbed::builder()
        .tls()
        .start()
        .await
        .expect("testbed starts");
    assert!(testbed.maas_url().starts_with("https://127.0.0.1:"));
    assert!(
        testbed
            .ca_pem()
            .is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----"))
    );
    testbed.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_said_to_be_taken() {
    let testbed = start().await;
    let port = testbed
        .maas_url()
        .split(':')
        .nth(2)
        .and_then(|rest| rest.split('/').next()?.parse().ok())
        .expect("port");
    let error = Testbed::builder()
        .port(port)
        .start()
        .await
        .expect_err("taken");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}
