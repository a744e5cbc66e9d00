//! The life of a cluster in the simulated Palette: created, rolled, deleted, on machines of the region.

use std::collections::BTreeSet;

use crate::console::{Console, pool};
use reqwest::Method;
use serde_json::{Value, json};
use testbed::palette::{GatewayState, Planner};

const SPEED: f64 = 1500.0;

/// Names of the machines of a pool that are not on their way out, and how many there are in all.
fn live(machines: &[Value]) -> (BTreeSet<String>, usize) {
    let live = machines
        .iter()
        .filter(|machine| machine["status"]["instanceState"] == "Running")
        .map(|machine| machine["metadata"]["uid"].as_str().expect("uid").to_owned())
        .collect();
    (live, machines.len())
}

fn condition<'v>(status: &'v Value, kind: &str) -> Option<&'v Value> {
    status["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_created_rolled_and_deleted_and_nothing_is_left() {
    let console = Console::start(SPEED).await;
    let account = console.account().await;
    let body = console.cluster_body("demo", &account, 3, 2);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    let path = format!("/v1/spectroclusters/{uid}");
    assert_eq!(
        console
            .refused(Method::GET, &format!("{path}/assets/adminKubeconfig"), None)
            .await
            .0,
        404
    );
    console
        .until("Provisioning", async |console| {
            console.state(&uid).await == "Provisioning"
        })
        .await;
    let change = json!({"profiles": [{"uid": console.profile("1.1.0"), "replaceWithProfile": console.profile("1.0.0")}]});
    let (_, code, _) = console
        .refused(
            Method::PUT,
            &format!("{path}/profiles"),
            Some(change.clone()),
        )
        .await;
    assert_eq!(code, "ClusterUpdateNotAllowed");

    console.until_healthy(&uid).await;
    let status = console.overview(&uid).await["status"].clone();
    for kind in [
        "BootstrappingDone",
        "CloudInfrastructureReady",
        "KubeConfigReady",
        "ControlPlaneNodeAdditionDone",
        "WorkerNodeAdditionDone",
        "AddOnDeploymentDone",
    ] {
        assert_eq!(
            condition(&status, kind).expect(kind)["status"],
            "True",
            "{kind}"
        );
    }
    assert!(
        console
            .get(&format!("{path}/assets/adminKubeconfig"))
            .await
            .as_str()
            .is_some_and(|text| text.contains("kind: Config"))
    );
    let config = console.config_uid(&uid).await;
    let old = [
        console.machines(&config, "control-plane").await,
        console.machines(&config, "workers").await,
    ];
    assert_eq!((old[0].len(), old[1].len()), (3, 2));
    let region = console.testbed.region();
    for machine in old.iter().flatten() {
        let in_maas = region
            .machine_named(machine["spec"]["hostname"].as_str().expect("hostname"))
            .expect("machine");
        assert_eq!(
            (in_maas.status.as_str(), in_maas.agent_name.as_str()),
            ("Deployed", uid.as_str())
        );
        assert_eq!(
            machine["status"]["addresses"][0]["address"],
            in_maas.ip_addresses[0]
        );
    }

    // The change waits for an approval, then replaces every node, Expand First.
    let preview = console
        .done(
            Method::POST,
            &format!("{path}/validate/repave"),
            Some(change.clone()),
        )
        .await;
    assert_eq!(preview["isRepaveRequired"], true);
    console
        .done(Method::PUT, &format!("{path}/profiles"), Some(change))
        .await;
    let repave = console.get(&format!("{path}/repave/status")).await;
    assert_eq!(repave["status"]["state"], "Pending");
    assert_eq!(
        repave["spec"]["reasons"][0]["pack"]["target"]["tag"],
        "1.33.4"
    );
    console
        .testbed
        .clock()
        .sleep(std::time::Duration::from_secs(1800))
        .await;
    assert_eq!(
        live(&console.machines(&config, "workers").await).0,
        live(&old[1]).0,
        "nothing moves before the approval"
    );
    console
        .done(Method::PATCH, &format!("{path}/repave/approve"), None)
        .await;

    let gone = live(&old[0])
        .0
        .into_iter()
        .chain(live(&old[1]).0)
        .collect::<BTreeSet<_>>();
    let mut most = [0, 0];
    console
        .until("all nodes replaced", async |console| {
            let mut now = BTreeSet::new();
            for (at, (pool, size)) in [("control-plane", 3), ("workers", 2)]
                .into_iter()
                .enumerate()
            {
                let machines = console.machines(&config, pool).await;
                let (running, all) = live(&machines);
                // A machine that is given back still shows until MAAS has it.
                let holds = machines
                    .iter()
                    .filter(|machine| machine["status"]["instanceState"] != "Deleting")
                    .count();
                assert!(holds <= size + 1, "{pool} holds {holds} machines");
                assert!(
                    running.len() >= size || all > running.len(),
                    "{pool} has only {} running",
                    running.len()
                );
                most[at] = most[at].max(holds);
                now.extend(running);
            }
            now.len() == 5 && now.is_disjoint(&gone)
        })
        .await;
    assert_eq!(most, [4, 3], "one more than the size, while it is rolled");
    console.until_healthy(&uid).await;
    let upgrades = console.get(&path).await["status"]["upgrades"].clone();
    assert!(
        upgrades[0]["reason"][0]
            .as_str()
            .is_some_and(|why| why.contains("1.32.8 to 1.33.4")),
        "{upgrades}"
    );

    let events = console
        .get(&format!(
            "/v1/events/components/spectrocluster/{uid}?limit=50"
        ))
        .await;
    let times: Vec<&str> = events["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|e| e["metadata"]["creationTimestamp"].as_str().expect("time"))
        .collect();
    assert_eq!(times.len(), 50);
    assert!(times.iter().rev().is_sorted(), "the newest first");

    let clock = console.testbed.clock();
    clock.pause();
    console.done(Method::DELETE, &path, None).await;
    assert_eq!(console.state(&uid).await, "Deleting");
    let (status, code, message) = console
        .refused(Method::DELETE, &format!("{path}?forceDelete=true"), None)
        .await;
    assert_eq!(
        (status, code.as_str()),
        (400, "ClusterForceDeleteNotAllowed")
    );
    assert!(message.ends_with("in 15:00"), "{message}");
    console.done(Method::DELETE, &path, None).await;
    clock.resume();
    console
        .until("Deleted", async |console| {
            console.state(&uid).await == "Deleted"
        })
        .await;
    console
        .done(
            Method::DELETE,
            &format!("/v1/cloudaccounts/maas/{account}"),
            None,
        )
        .await;
    assert_eq!(console.testbed.leftovers(), []);
    let found = console
        .done(
            Method::POST,
            "/v1/dashboard/spectroclusters/search",
            Some(json!({})),
        )
        .await;
    assert_eq!(found["items"], json!([]));
    console.testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_still_being_provisioned_is_aborted() {
    let console = Console::start(SPEED).await;
    let account = console.account().await;
    let body = console.cluster_body("demo", &account, 3, 2);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    let config = console.config_uid(&uid).await;
    console
        .until("a machine", async |console| {
            !console.machines(&config, "control-plane").await.is_empty()
        })
        .await;
    console
        .done(Method::DELETE, &format!("/v1/spectroclusters/{uid}"), None)
        .await;
    assert!(
        console.get(&format!("/v1/spectroclusters/{uid}")).await["status"]["abortTimestamp"]
            .is_string()
    );
    console
        .until("Deleted", async |console| {
            console.state(&uid).await == "Deleted"
        })
        .await;
    let left = console.testbed.leftovers();
    assert_eq!(
        left.iter()
            .map(|left| left.kind.as_str())
            .collect::<Vec<_>>(),
        ["cloud_account"],
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_wait_for_a_gateway_that_does_not_run() {
    let console = Console::start(SPEED).await;
    let account = console.account().await;
    let palette = console.testbed.palette();
    palette.set_gateway_state(GatewayState::Upgrading);
    let body = console.cluster_body("demo", &account, 1, 1);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    console
        .testbed
        .clock()
        .sleep(std::time::Duration::from_secs(3600))
        .await;
    assert_eq!(console.state(&uid).await, "Pending");
    palette.set_gateway_state(GatewayState::Running);
    console.until_healthy(&uid).await;

    // A deletion waits too; giving up on it is possible after 15 minutes and leaves its machines.
    palette.set_gateway_state(GatewayState::Stopped);
    let path = format!("/v1/spectroclusters/{uid}");
    console
        .refused(Method::DELETE, &format!("{path}?forceDelete=true"), None)
        .await;
    console.done(Method::DELETE, &path, None).await;
    console
        .testbed
        .clock()
        .sleep(std::time::Duration::from_secs(901))
        .await;
    assert_eq!(console.state(&uid).await, "Deleting");
    console
        .done(Method::DELETE, &format!("{path}?forceDelete=true"), None)
        .await;
    assert_eq!(console.state(&uid).await, "Deleted");
    let left = console.testbed.leftovers();
    assert_eq!(
        left.iter().filter(|left| left.kind == "machine").count(),
        2,
        "{left:?}"
    );
    assert_eq!(
        left.iter().filter(|left| left.kind == "cluster").count(),
        1,
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_pool_is_rolled_contract_first_and_scaled_by_either_planner() {
    for planner in [Planner::ClusterApi, Planner::Engine] {
        let console = Console::start(SPEED).await;
        console.testbed.palette().set_planner(planner);
        let uid = console.healthy_cluster("demo", 1, 2).await;
        let config = console.config_uid(&uid).await;
        let old = live(&console.machines(&config, "workers").await).0;
        let mut wanted = pool("workers", 2, false);
        wanted["poolConfig"]["updateStrategy"]["type"] = json!("RollingUpdateScaleIn");
        wanted["cloudConfig"]["instanceType"]["minCPU"] = json!(2);
        let path = format!("/v1/cloudconfigs/maas/{config}/machinePools/workers");
        console.done(Method::PUT, &path, Some(wanted.clone())).await;
        console
            .until("all workers replaced", async |console| {
                let machines = console.machines(&config, "workers").await;
                let holds = machines
                    .iter()
                    .filter(|machine| machine["status"]["instanceState"] != "Deleting")
                    .count();
                assert!(holds <= 2, "{planner:?} holds {holds}");
                let (running, _) = live(&machines);
                running.len() == 2 && running.is_disjoint(&old)
            })
            .await;
        wanted["poolConfig"]["size"] = json!(3);
        console.done(Method::PUT, &path, Some(wanted)).await;
        console
            .until("three workers", async |console| {
                live(&console.machines(&config, "workers").await).0.len() == 3
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
        let left = console.testbed.leftovers();
        assert!(
            left.iter().all(|left| left.kind == "cloud_account"),
            "{left:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_fails_to_deploy_is_replaced() {
    let console = Console::start(SPEED).await;
    let account = console.account().await;
    let body = console.cluster_body("demo", &account, 1, 1);
    let uid = console
        .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await["uid"]
        .as_str()
        .expect("uid")
        .to_owned();
    let config = console.config_uid(&uid).await;
    let mut failed = None;
    console
        .until("a machine that deploys", async |console| {
            let machines = console.machines(&config, "control-plane").await;
            failed = machines
                .first()
                .and_then(|machine| machine["spec"]["hostname"].as_str())
                .map(str::to_owned);
            failed.is_some()
        })
        .await;
    let hostname = failed.expect("hostname");
    let region = console.testbed.region();
    let machine = region.machine_named(&hostname).expect("machine");
    region
        .fail_deployment(&machine.system_id, "no PXE answer")
        .expect("deploying");
    console.until_healthy(&uid).await;
    let events = console
        .get(&format!(
            "/v1/events/components/spectrocluster/{uid}?filters=severity=Error"
        ))
        .await;
    let events = events["items"].as_array().expect("items");
    assert!(
        events.iter().any(|event| event["message"]
            .as_str()
            .is_some_and(|text| text.contains(&hostname))),
        "{events:?}"
    );
}
