//! The lives of clusters, against simulated servers that fail when they are told to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{Bench, bench, changes, document, told};
use futures_util::StreamExt;
use lifecycle_core::{Planner, Role};
use lifecycle_driver::{Created, EventKind, ResourceKind, UpdateOptions};
use sdk_transport::ErrorKind;
use testbed::palette::GatewayState;
use testbed::{Fault, FaultKind};

const CLUSTERS: &str = "/v1/spectroclusters/maas";
const ACCOUNTS: &str = "/v1/cloudaccounts/maas";

fn unanswered(path: &str) -> Fault {
    let kind = FaultKind::Status {
        status: 504,
        retry_after: None,
        body: None,
    };
    Fault::new("POST", path, kind).deed_done().times(1)
}

async fn created(bench: &Bench) {
    let (document, positions) = document();
    bench.driver.create(&document, &positions).await.unwrap();
}

/// Create, preview, roll, compare, early force delete, delete: and everything that was sent is what Palette offers for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_life_leaves_nothing_over() {
    let bench = bench().await;
    let (document, positions) = document();
    let (cluster, events) = told(bench.driver.create(&document, &positions)).await;
    let cluster = cluster.unwrap();
    assert!(cluster.look.is_running_and_healthy());
    assert_eq!(
        cluster.look.nodes.iter().filter(|node| node.ready).count(),
        5
    );
    let kinds: Vec<ResourceKind> = cluster
        .created
        .resources()
        .iter()
        .map(|resource| resource.kind)
        .collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == ResourceKind::Machine)
            .count(),
        5
    );
    assert_eq!(
        (kinds.first(), kinds.last()),
        (
            Some(&ResourceKind::Cluster),
            Some(&ResourceKind::CloudAccount)
        )
    );
    let percents: Vec<u8> = events
        .iter()
        .filter_map(|event| {
            if let EventKind::Progress { percent, .. } = event {
                Some(*percent)
            } else {
                None
            }
        })
        .collect();
    assert!(
        percents.is_sorted() && percents.last() == Some(&100),
        "{percents:?}"
    );
    assert!(
        percents.iter().any(|percent| (20..80).contains(percent)),
        "{percents:?}"
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, EventKind::Condition { status, .. } if status == "True"))
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, EventKind::PaletteEvent { .. }))
    );
    assert!(events.iter().any(|event| matches!(event, EventKind::Machine { from: Some(from), to, .. } if from == "Deploying" && to == "Deployed")));

    let mut next = document.clone();
    next.cluster_profile.as_mut().unwrap().version = Some("1.1.0".into());
    next.kubernetes_version = Some("1.33.4".parse().unwrap());
    let preview = bench.driver.preview_update(&next).await.unwrap();
    assert_eq!(preview.plan.planner, Planner::ClusterApi);
    assert!(preview.plan.feasible && !preview.plan.alternatives.is_empty());
    assert!(
        preview.changes[0]
            .to_string()
            .contains("kubernetes 1.32.8 → 1.33.4"),
        "{}",
        preview.changes[0]
    );
    assert_eq!(
        changes(&bench.testbed),
        [format!("POST {ACCOUNTS}"), format!("POST {CLUSTERS}")]
    );

    let (updated, events) = told(
        bench
            .driver
            .update(&next, &UpdateOptions::new().approve_repave(true)),
    )
    .await;
    let updated = updated.unwrap();
    assert!(
        events.iter().any(
            |event| matches!(event, EventKind::RepavePending { reasons } if !reasons.is_empty())
        )
    );
    let observed = &updated.comparison.observed;
    assert_eq!(observed.new_nodes["edge-lab/workers"], 2);
    assert_eq!(observed.new_nodes["edge-lab/control-plane"], 3);
    assert_eq!(
        observed.min_available["edge-lab/workers"], 2,
        "Expand First never goes below the size"
    );
    assert_eq!(observed.min_available, updated.plan.min_available);
    let again = bench
        .driver
        .update(&next, &UpdateOptions::new())
        .await
        .unwrap();
    assert_eq!(again.changes, [], "the cluster is as the document says");

    // Time stands still until the first look is over, or everything might be given back before we ask.
    let clock = bench.testbed.clock();
    clock.pause();
    let mut operation = bench.driver.delete("edge-lab");
    let mut refusal = None;
    while let Some(event) = operation.next().await {
        match &event.kind {
            EventKind::State { state, .. } if state == "Deleting" && refusal.is_none() => {
                refusal = bench
                    .driver
                    .force_delete("edge-lab", Role::ProjectAdmin, "test")
                    .await
                    .err();
            }
            EventKind::Progress { .. } => clock.resume(),
            _ => {}
        }
    }
    let refusal = refusal.expect("the deletion was seen");
    assert_eq!(refusal.code(), "E_FORCE_TOO_EARLY");
    assert!(
        refusal.details().unwrap()["args"]["remaining_ms"]
            .as_u64()
            .unwrap()
            > 0,
        "{refusal:?}"
    );
    let gone = operation.finish().await.unwrap();
    assert_eq!(gone.leftovers, []);
    assert_eq!(gone.machines.len(), 5);
    assert!(
        bench.testbed.leftovers().is_empty(),
        "{:?}",
        bench.testbed.leftovers()
    );

    // The engine's own actions never reach Palette, and a refused request is not sent.
    let sent = changes(&bench.testbed);
    let expected = ["POST", "POST", "PATCH", "PATCH", "DELETE", "DELETE"];
    let methods: Vec<&str> = sent
        .iter()
        .filter_map(|call| call.split(' ').next())
        .collect();
    assert_eq!(methods, expected, "{sent:?}");
    assert!(
        sent[2].ends_with("/profiles") && sent[3].ends_with("/repave/approve"),
        "{sent:?}"
    );
    assert!(sent.iter().all(|call| call.contains(" /v1/")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_answer_got_lost_is_found_by_name_and_not_repeated() {
    let bench = bench().await;
    bench.testbed.faults().order(unanswered(CLUSTERS));
    bench.testbed.faults().order(unanswered(ACCOUNTS));
    let (document, positions) = document();
    let uid = bench.driver.submit(&document, &positions).await.unwrap();
    assert_eq!(
        changes(&bench.testbed),
        [format!("POST {ACCOUNTS}"), format!("POST {CLUSTERS}")]
    );
    let left: Vec<String> = bench
        .testbed
        .leftovers()
        .into_iter()
        .map(|left| left.id)
        .collect();
    assert!(left.contains(&uid), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_of_which_nothing_is_found_is_named_as_unknown() {
    let bench = bench().await;
    bench
        .testbed
        .faults()
        .order(Fault::new("POST", CLUSTERS, FaultKind::ResetAfterHeaders).times(1));
    let (document, positions) = document();
    let mut operation = bench.driver.submit(&document, &positions);
    while operation.next().await.is_some() {}
    let created = operation.created();
    let error = operation.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.to_string().contains("edge-lab"), "{error}");
    let text = created.to_string();
    assert!(
        text.contains("cluster edge-lab (asked for; not known whether it exists)"),
        "{text}"
    );
    assert!(text.contains("DELETE /v1/cloudaccounts/maas/"), "{text}");
    assert_eq!(
        bench
            .driver
            .read_back(&created)
            .await
            .unwrap()
            .resources()
            .len(),
        1,
        "only the account is there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_creation_names_what_was_made_before_it() {
    let bench = bench().await;
    let refuse = FaultKind::Status {
        status: 400,
        retry_after: None,
        body: Some(r#"{"code":"InvalidMachinePool","message":"no","ref":"r"}"#.into()),
    };
    bench
        .testbed
        .faults()
        .order(Fault::new("POST", CLUSTERS, refuse).times(1));
    let (document, positions) = document();
    let mut operation = bench.driver.create(&document, &positions);
    while operation.next().await.is_some() {}
    let created = operation.created();
    let error = operation.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest, "{error}");
    let kinds: Vec<ResourceKind> = created
        .resources()
        .iter()
        .map(|resource| resource.kind)
        .collect();
    assert_eq!(
        kinds,
        [ResourceKind::CloudAccount],
        "the cluster was refused, so it does not exist"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_when_the_preflight_finds_something() {
    let bench = bench().await;
    bench
        .testbed
        .palette()
        .set_gateway_state(GatewayState::Stopped);
    let (document, positions) = document();
    let (result, _) = told(bench.driver.create(&document, &positions)).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refused, "E_PCG_UNHEALTHY")
    );
    assert_eq!(changes(&bench.testbed), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_refused_and_an_account_is_used_again() {
    let bench = bench().await;
    let (mut document, positions) = document();
    document.control_plane.size = 1;
    bench.driver.submit(&document, &positions).await.unwrap();
    let error = bench
        .driver
        .submit(&document, &positions)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "E_NAME_TAKEN");
    document.name = "edge-two".into();
    document.workers[0].size = 1;
    let (result, events) = told(bench.driver.submit(&document, &positions)).await;
    result.unwrap();
    assert!(events.iter().any(
        |event| matches!(event, EventKind::Reused { resource } if resource.name == "maas-lab")
    ));
    let accounts = changes(&bench.testbed)
        .iter()
        .filter(|call| call.ends_with(ACCOUNTS))
        .count();
    assert_eq!(accounts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_survives_passing_failures() {
    let bench = bench().await;
    let busy = FaultKind::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    bench.testbed.faults().order(
        Fault::new("GET", "/MAAS/api/2.0/machines/", busy)
            .after(3)
            .times(2),
    );
    bench.testbed.faults().order(
        Fault::new("GET", "/v1/events/*", FaultKind::ResetAfterHeaders)
            .after(2)
            .times(2),
    );
    created(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_not_provisioned_is_aborted_and_not_deleted() {
    let bench = bench().await;
    let (document, positions) = document();
    bench.driver.submit(&document, &positions).await.unwrap();
    let error = bench.driver.delete("edge-lab").await.unwrap_err();
    assert_eq!(error.code(), "E_DELETE_NOT_PROVISIONED");
    let error = bench
        .driver
        .force_delete("edge-lab", Role::ProjectAdmin, "")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "E_FORCE_NOT_DELETING");
    let gone = bench.driver.abort("edge-lab").await.unwrap();
    assert_eq!(gone.leftovers, []);
    assert!(
        bench.testbed.leftovers().is_empty(),
        "{:?}",
        bench.testbed.leftovers()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_stuck_is_forced_after_fifteen_minutes_and_its_machines_are_named() {
    let bench = bench().await;
    created(&bench).await;
    let error = bench.driver.abort("edge-lab").await.unwrap_err();
    assert_eq!(error.code(), "E_ABORT_ALREADY_PROVISIONED");
    // Without a gateway nothing is given back.
    bench
        .testbed
        .palette()
        .set_gateway_state(GatewayState::Stopped);
    let mut operation = bench.driver.delete("edge-lab");
    while let Some(event) = operation.next().await {
        if matches!(&event.kind, EventKind::State { state, .. } if state == "Deleting") {
            break;
        }
    }
    drop(operation);
    let error = bench
        .driver
        .force_delete("edge-lab", Role::Other, "")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "E_FORBIDDEN_ROLE");
    bench
        .testbed
        .clock()
        .advance(Duration::from_secs(16 * 60))
        .await;
    let gone = bench
        .driver
        .force_delete("edge-lab", Role::ProjectAdmin, "the gateway is gone")
        .await
        .unwrap();
    let machines = gone
        .leftovers
        .iter()
        .filter(|left| left.resource.kind == ResourceKind::Machine)
        .count();
    assert_eq!(machines, 5, "{:?}", gone.leftovers);
    assert!(
        gone.leftovers[0].to_string().contains("machine release"),
        "{}",
        gone.leftovers[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_a_stranger_holds_by_now_is_not_listed_as_left_over() {
    let bench = bench().await;
    let (document, positions) = document();
    let cluster = bench.driver.create(&document, &positions).await.unwrap();
    let machines: Vec<(String, String)> = cluster
        .created
        .resources()
        .iter()
        .filter(|resource| resource.kind == ResourceKind::Machine)
        .map(|resource| (resource.name.clone(), resource.uid.clone().unwrap()))
        .collect();
    let exists = bench.driver.read_back(&cluster.created).await.unwrap();
    let listed = |exists: &Created| -> Vec<String> {
        let resources = exists.resources().iter();
        resources
            .filter(|resource| resource.kind == ResourceKind::Machine)
            .map(|resource| resource.name.clone())
            .collect()
    };
    assert_eq!(listed(&exists).len(), 5, "{exists}");

    // While the cluster stands, another one of the same MAAS user holds one of its machines.
    let region = bench.testbed.region();
    region
        .annotate(&machines[0].1, [("palette-cluster", "another")])
        .unwrap();
    let exists = bench.driver.read_back(&cluster.created).await.unwrap();
    let names = listed(&exists);
    assert!(!names.contains(&machines[0].0), "{exists}");
    assert!(names.contains(&machines[4].0), "{exists}");

    // When it is gone, its machines are taken again: by another user, by another cluster of the same user.
    bench.driver.delete("edge-lab").await.unwrap();
    region.allocate(&machines[1].1, "user1", "").unwrap();
    region.allocate(&machines[2].1, "admin", "").unwrap();
    region
        .annotate(&machines[2].1, [("palette-cluster", "another")])
        .unwrap();
    let exists = bench.driver.read_back(&cluster.created).await.unwrap();
    assert!(exists.is_empty(), "{exists}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_waits_for_nobody_who_has_not_asked_for_it() {
    let bench = bench().await;
    let error = bench
        .driver
        .preview_update(&document().0)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "E_NOT_FOUND");
    let (document, positions) = document();
    bench.driver.submit(&document, &positions).await.unwrap();
    let mut next = document.clone();
    next.workers[0].size = 1;
    let error = bench.driver.preview_update(&next).await.unwrap_err();
    assert_eq!(error.code(), "E_UPDATE_WHILE_PROVISIONING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_resized_in_place() {
    let bench = bench().await;
    created(&bench).await;
    let (mut document, _) = document();
    document.workers[0].size = 3;
    document.workers[0]
        .labels
        .insert("lab.test/more".into(), "yes".into());
    let updated = bench
        .driver
        .update(&document, &UpdateOptions::new())
        .await
        .unwrap();
    assert_eq!(updated.look.pool("workers").count(), 3);
    let calls = changes(&bench.testbed);
    assert!(
        calls.last().unwrap().ends_with("/machinePools/workers"),
        "{calls:?}"
    );
    document.domain = "example.com".into();
    let error = bench.driver.preview_update(&document).await.unwrap_err();
    assert_eq!(error.code(), "E_UNSUPPORTED");
}
