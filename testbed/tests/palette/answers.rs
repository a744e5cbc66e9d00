//! Every operation that is served answers as the specification says, and the testbed's own tools reach Palette too.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testbed::palette::GatewayState;
use testbed::{Fault, FaultKind, Testbed};

use crate::console::Console;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_is_served_answers_as_published() {
    let console = Console::start(1500.0).await;
    let uid = console.healthy_cluster("demo", 1, 1).await;
    let config = console.config_uid(&uid).await;
    let account = console.get(&format!("/v1/spectroclusters/{uid}")).await["metadata"]["annotations"]["overlordUid"].clone();
    assert_eq!(account, console.testbed.palette_gateway_uid());
    let account = console.get("/v1/cloudaccounts/maas").await["items"][0]["metadata"]["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    let (gateway, project) = (
        console.testbed.palette_gateway_uid(),
        console.testbed.palette_project_uid(),
    );
    let profile = console.profile("1.0.0");
    let machine = console.machines(&config, "workers").await[0]["metadata"]["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    let cluster = format!("/v1/spectroclusters/{uid}");
    let pools = format!("/v1/cloudconfigs/maas/{config}/machinePools");

    for path in ["azs", "resourcePools", "subnets", "tags"] {
        for path in [
            format!("/v1/cloudaccounts/maas/{account}/properties/{path}"),
            format!("/v1/clouds/maas/{path}?cloudAccountUid={account}"),
        ] {
            let found = console.get(&path).await;
            assert!(
                !found["items"].as_array().expect("items").is_empty(),
                "{path}"
            );
        }
    }
    for path in [
        "/v1/health/ping".to_owned(),
        "/v1/health/ready".to_owned(),
        "/v1/dashboard/projects/metadata?name=Default".to_owned(),
        format!("/v1/projects/{project}"),
        "/v1/overlords?name=maas-gateway".to_owned(),
        format!("/v1/overlords/{gateway}"),
        "/v1/cloudaccounts/summary".to_owned(),
        "/v1/dashboard/cloudaccounts/metadata?environment=maas".to_owned(),
        "/v1/dashboard/clusterprofiles/metadata".to_owned(),
        format!("/v1/clusterprofiles/{profile}"),
        format!("/v1/clusterprofiles/{profile}/packs"),
        "/v1/users/assets/locations".to_owned(),
        format!("{cluster}?includePackMeta=schema"),
        format!("{cluster}/status"),
        format!("{cluster}/status/spcApply"),
        format!("{cluster}/profiles"),
        format!("{cluster}/repave/status"),
        format!("{cluster}/assets/adminKubeconfig"),
        format!("{cluster}/assets/kubeconfigclient"),
        format!("{cluster}/features/complianceScan"),
        format!("/v1/dashboard/spectroclusters/{uid}"),
        "/v1/dashboard/spectroclusters/search/schema".to_owned(),
        "/v1/dashboard/spectroclusters/metadata".to_owned(),
        "/v1/dashboard/spectroclusters/repaveStatus?repaveState=Pending".to_owned(),
        format!("/v1/cloudconfigs/maas/{config}"),
        format!("{pools}/workers/machines/{machine}"),
        format!("/v1/cloudconfigs/{config}/machinePools/machineUids"),
        "/v1/events/components?orderBy=metadata.creationTimestamp=-1".to_owned(),
    ] {
        console.get(&path).await;
    }
    for (path, body) in [
        (
            "/v1/dashboard/projects".to_owned(),
            json!({"filter": {"name": {"eq": "Default"}}}),
        ),
        ("/v1/dashboard/pcgs/search".to_owned(), json!({})),
        (
            "/v1/dashboard/clusterprofiles".to_owned(),
            json!({"filter": {"profileName": {"eq": "maas-infra"}, "version": {"eq": "1.1.0"}}}),
        ),
        (
            format!("{cluster}/validate/repave"),
            json!({"profiles": [{"uid": profile}]}),
        ),
        (
            "/v1/spectroclusters/maas/validate".to_owned(),
            console.cluster_body("c2", &account, 2, 1),
        ),
    ] {
        console.done(Method::POST, &path, Some(body)).await;
    }

    let (_, code, _) = console
        .refused(Method::GET, &format!("{cluster}/features/backup"), None)
        .await;
    assert_eq!(code, "BackupNotConfigured");
    let backup = json!({
        "backupLocationUid": console.testbed.palette().backup_location_uid(), "backupPrefix": "daily", "durationInHours": 24,
        "includeAllDisks": true, "schedule": {"scheduledRunTime": "0 2 * * *"},
    });
    console
        .done(
            Method::POST,
            &format!("{cluster}/features/backup"),
            Some(backup.clone()),
        )
        .await;
    assert_eq!(
        console.get(&format!("{cluster}/features/backup")).await["spec"]["config"],
        backup
    );
    let elsewhere = json!({"backupLocationUid": "nowhere"});
    console
        .refused(
            Method::PUT,
            &format!("{cluster}/features/backup"),
            Some(elsewhere),
        )
        .await;
    let labels = json!({"metadata": {"name": "demo", "labels": {"team": "b"}}});
    console
        .done(Method::PATCH, &format!("{cluster}/metadata"), Some(labels))
        .await;
    assert_eq!(
        console.get(&cluster).await["metadata"]["labels"],
        json!({"team": "b"})
    );

    // A change that is taken back needs no approval and replaces nothing.
    for (to, state) in [("1.1.0", "Pending"), ("1.0.0", "Reverted")] {
        let from = if to == "1.1.0" { "1.0.0" } else { "1.1.0" };
        let change = json!({"profiles": [{"uid": console.profile(to), "replaceWithProfile": console.profile(from)}]});
        console
            .done(Method::PATCH, &format!("{cluster}/profiles"), Some(change))
            .await;
        assert_eq!(
            console.get(&cluster).await["status"]["repave"]["state"],
            state
        );
    }
    let (_, code, _) = console
        .refused(Method::PATCH, &format!("{cluster}/repave/approve"), None)
        .await;
    assert_eq!(code, "RepaveNotPending");
    let after = console.machines(&config, "workers").await;
    assert_eq!(after[0]["metadata"]["uid"], machine.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_finds_no_machine_says_so() {
    let console = Console::start(1500.0).await;
    let account = console.account().await;
    let mut body = console.cluster_body("demo", &account, 1, 1);
    body["spec"]["machinepoolconfig"][0]["cloudConfig"]["instanceType"]["minCPU"] = json!(640);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    console
        .until("the shortage", async |console| {
            let cluster = console.get(&format!("/v1/spectroclusters/{uid}")).await;
            let conditions = cluster["status"]["conditions"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            conditions.iter().any(|condition| {
                condition["type"] == "CloudInfrastructureReady"
                    && condition["status"] == "False"
                    && condition["message"]
                        .as_str()
                        .is_some_and(|text| text.contains("no matching machine"))
            })
        })
        .await;
    console
        .done(Method::DELETE, &format!("/v1/spectroclusters/{uid}"), None)
        .await;
    console
        .until("Deleted", async |console| {
            console.state(&uid).await == "Deleted"
        })
        .await;
}

#[tokio::test]
async fn a_clock_that_is_moved_by_hand_carries_a_cluster_through() {
    let testbed = Testbed::builder()
        .paused(true)
        .seed(3)
        .start()
        .await
        .expect("testbed");
    let console = Console::on(testbed);
    let account = console.account().await;
    let body = console.cluster_body("demo", &account, 1, 1);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    assert_eq!(console.state(&uid).await, "Pending");
    assert!(
        console.get(&format!("/v1/spectroclusters/{uid}")).await["status"].is_null(),
        "no status at first"
    );
    let clock = console.testbed.clock();
    for _ in 0..240 {
        clock.advance(Duration::from_secs(30)).await;
    }
    let status = console.overview(&uid).await["status"].clone();
    assert_eq!(
        (&status["state"], &status["health"]["state"]),
        (&json!("Running"), &json!("Healthy"))
    );
}

#[tokio::test]
async fn faults_control_and_reset_reach_palette() {
    let console = Console::start(1.0).await;
    let (key, gateway) = (
        console.testbed.palette_api_key(),
        console.testbed.palette_gateway_uid(),
    );
    console.account().await;
    let fault = FaultKind::Status {
        status: 503,
        retry_after: Some(1),
        body: None,
    };
    console
        .testbed
        .faults()
        .order(Fault::new("GET", "/v1/overlords", fault).times(1));
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("client");
    let url = console.testbed.palette_url();
    let answer = http
        .get(format!("{url}/v1/overlords"))
        .send()
        .await
        .expect("answer");
    assert_eq!(answer.status(), 503);
    console.get("/v1/overlords").await;

    let settings = json!({"gateway": "upgrading", "rate_limits": true}).to_string();
    let put = http
        .put(format!("{url}/_testbed/palette"))
        .header("content-type", "application/json")
        .body(settings);
    assert!(put.send().await.expect("answer").status().is_success());
    assert_eq!(
        console.testbed.palette().gateway_state(),
        GatewayState::Upgrading
    );
    console.testbed.reset();
    assert_eq!(console.testbed.leftovers(), []);
    assert_eq!(
        (
            console.testbed.palette_api_key(),
            console.testbed.palette_gateway_uid()
        ),
        (key, gateway),
        "the same seed, the same world"
    );
    assert_eq!(
        console.testbed.palette().gateway_state(),
        GatewayState::Running
    );
}
