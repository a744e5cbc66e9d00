//! The client against a simulated region.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, time::Duration};

use maas_client::{
    AllocateOptions, Client, Clock, CreateResourcePool, CreateSubnet, CreateZone, DeployOptions,
    ErrorKind, MachineFilter, MachineUpdate, NodeStatus, Patch, ReleaseOptions, RetryPolicy,
    UpdateResourcePool, UpdateSubnet, UpdateZone, WaitOptions,
};
use testbed::{Fault, FaultKind, Testbed};

async fn testbed() -> (Testbed, Client) {
    let testbed = Testbed::builder()
        .speed(2000.0)
        .seed(1)
        .start()
        .await
        .unwrap();
    let client = client(&testbed, testbed.maas_api_key());
    (testbed, client)
}

fn client(testbed: &Testbed, key: &str) -> Client {
    let (now, sleep) = (testbed.clock(), testbed.clock());
    Client::builder(testbed.maas_url())
        .api_key(key.parse().unwrap())
        .clock(Clock::new(
            move || now.now(),
            move |duration| {
                let sleep = sleep.clone();
                async move { sleep.sleep(duration).await }
            },
        ))
        .retry(RetryPolicy::default().base_delay(Duration::from_millis(5)))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_machine_is_allocated_deployed_and_given_back() {
    let (testbed, maas) = testbed().await;
    assert_eq!(maas.version().await.unwrap().major_minor(), Some((3, 7)));
    assert!(maas.whoami().await.unwrap().is_superuser);

    let free = MachineFilter::new()
        .pool("default")
        .status(NodeStatus::Ready)
        .min_cpu(4);
    let before = maas.machines().list(&free).await.unwrap();
    assert!(!before.is_empty() && before.unreadable().is_empty());
    assert!(
        before
            .iter()
            .all(|machine| machine.cpu_count >= 4 && machine.status == NodeStatus::Ready)
    );

    let wanted = AllocateOptions::new()
        .pool("default")
        .min_cpu(4)
        .agent_name("c1");
    let machine = maas.machines().allocate(&wanted).await.unwrap();
    assert_eq!(
        (machine.status, machine.owner.as_deref()),
        (NodeStatus::Allocated, Some("admin"))
    );
    let mine = maas
        .machines()
        .list(&MachineFilter::new().agent_name("c1"))
        .await
        .unwrap();
    assert_eq!(mine.len(), 1);

    let handle = maas.machine(&machine.system_id);
    let notes = BTreeMap::from([("palette-maas.cluster".to_owned(), "c1".to_owned())]);
    let noted = handle.set_workload_annotations(&notes).await.unwrap();
    assert_eq!(noted.workload_annotations, notes);

    let deploying = handle
        .deploy(
            &DeployOptions::new()
                .distro_series("jammy")
                .user_data("#cloud-config"),
        )
        .await
        .unwrap();
    assert_eq!(deploying.status, NodeStatus::Deploying);
    let again = handle.deploy(&DeployOptions::new()).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::StateConflict);
    let deployed = handle.wait_deployed(&WaitOptions::new()).await.unwrap();
    assert_eq!(
        (deployed.status, deployed.distro_series.as_str()),
        (NodeStatus::Deployed, "jammy")
    );

    handle.lock(None).await.unwrap();
    let locked = handle.release(&ReleaseOptions::new()).await.unwrap_err();
    assert_eq!(locked.kind(), ErrorKind::Forbidden);
    assert!(locked.hint().unwrap().contains("locked"));
    handle.unlock(None).await.unwrap();

    handle.release(&ReleaseOptions::new()).await.unwrap();
    let ready = handle
        .wait_released(&WaitOptions::new())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((ready.status, ready.owner), (NodeStatus::Ready, None));
    assert!(ready.workload_annotations.is_empty());
    handle.release(&ReleaseOptions::new()).await.unwrap();
    assert!(testbed.leftovers().is_empty(), "{:?}", testbed.leftovers());
    testbed.stop().await;
}

#[tokio::test]
async fn a_failed_deployment_ends_the_wait_with_a_reason() {
    let (testbed, maas) = testbed().await;
    let machine = maas.machines().find("node22").await.unwrap();
    let handle = maas.machine(&machine.system_id);
    handle.deploy(&DeployOptions::new()).await.unwrap();
    let error = handle.wait_deployed(&WaitOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedState);
    assert!(error.message().contains("Failed deployment"), "{error}");
    assert!(!error.message().contains("gives no reason"), "{error}");
    testbed.stop().await;
}

#[tokio::test]
async fn an_aborted_deployment_ends_the_wait() {
    let (testbed, maas) = testbed().await;
    let machine = maas
        .machines()
        .allocate(&AllocateOptions::new().pool("default"))
        .await
        .unwrap();
    let handle = maas.machine(&machine.system_id);
    handle.deploy(&DeployOptions::new()).await.unwrap();
    let options = WaitOptions::new();
    let (end, _) = tokio::join!(handle.wait_deployed(&options), async {
        testbed.clock().sleep(Duration::from_secs(8)).await;
        handle.abort(Some("changed my mind")).await.unwrap();
    });
    let error = end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedState);
    assert!(error.message().contains("Allocated"), "{error}");
    testbed.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_or_exist_is_said_so() {
    let (testbed, maas) = testbed().await;
    let error = maas
        .machines()
        .allocate(&AllocateOptions::new().min_cpu(1000))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoMatchingMachine);
    let error = maas
        .machines()
        .allocate(&AllocateOptions::new().system_id("zzzzzz"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoMatchingMachine);
    let error = maas
        .machines()
        .list(&MachineFilter::new().zone("nope"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.fields().contains_key("zone"), "{error}");
    let error = maas.machines().find("node99").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = maas.machine("zzzzzz").get().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::NotFound, Some("machine.get"))
    );
    testbed.stop().await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_with_the_part_that_is_wrong() {
    let (testbed, _) = testbed().await;
    let key = testbed.maas_api_key();
    let parts: Vec<_> = key.split(':').collect();
    for (key, part) in [
        (
            format!("wrongConsumer0:{}:{}", parts[1], parts[2]),
            "first part",
        ),
        (
            format!("{}:wrongToken000:{}", parts[0], parts[2]),
            "second part",
        ),
        (
            format!("{}:{}:wrongSecret000", parts[0], parts[1]),
            "third part",
        ),
    ] {
        let error = client(&testbed, &key).whoami().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.message().contains(part), "{error}");
        assert!(!format!("{error:?}").contains(parts[2]));
    }
    testbed.stop().await;
}

#[tokio::test]
async fn an_allocation_whose_answer_is_lost_is_found_again() {
    let (testbed, maas) = testbed().await;
    let lost = Fault::new("POST", "/MAAS/api/2.0/machines/", FaultKind::Refuse)
        .op("allocate")
        .deed_done()
        .times(1);
    testbed.faults().order(lost);
    let error = maas
        .machines()
        .allocate(&AllocateOptions::new().agent_name("c2"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::OutcomeUnknown, 1)
    );
    assert!(!error.is_retryable());
    let found = maas
        .machines()
        .list(&MachineFilter::new().agent_name("c2"))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    testbed.stop().await;
}

#[tokio::test]
async fn a_busy_region_is_asked_again_and_a_cut_list_too() {
    let (testbed, maas) = testbed().await;
    let busy = FaultKind::Status {
        status: 409,
        retry_after: Some(0),
        body: Some("<html>Conflict</html>".into()),
    };
    testbed
        .faults()
        .order(Fault::new("POST", "*", busy).op("allocate").times(2));
    maas.machines()
        .allocate(&AllocateOptions::new())
        .await
        .unwrap();
    testbed.faults().order(
        Fault::new(
            "GET",
            "/MAAS/api/2.0/machines/",
            FaultKind::Cut { bytes: 5000 },
        )
        .times(1),
    );
    let all = maas.machines().list(&MachineFilter::new()).await.unwrap();
    assert_eq!((all.len(), all.unreadable().len()), (39, 0));
    testbed.stop().await;
}

#[tokio::test]
async fn zones_live_and_die() {
    let (testbed, maas) = testbed().await;
    let zones = maas.zones();
    let zone = zones
        .create("az9", &CreateZone::new().description("nine"))
        .await
        .unwrap();
    assert_eq!(
        (zone.name.as_str(), zone.description.as_str()),
        ("az9", "nine")
    );
    assert_eq!(
        zones
            .create("az9", &CreateZone::new())
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::AlreadyExists
    );
    let renamed = zones
        .update("az9", &UpdateZone::new().name("az10"))
        .await
        .unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.description.as_str()),
        ("az10", "nine")
    );
    assert_eq!(
        zones.get("az9").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let cleared = zones
        .update("az10", &UpdateZone::new().description(Patch::Clear))
        .await
        .unwrap();
    assert_eq!(cleared.description, "");
    assert!(
        zones
            .list()
            .await
            .unwrap()
            .iter()
            .any(|zone| zone.name == "az10")
    );
    zones.delete("az10").await.unwrap();
    zones.delete("az10").await.unwrap();
    testbed.stop().await;
}

#[tokio::test]
async fn resource_pools_live_and_die() {
    let (testbed, maas) = testbed().await;
    let pools = maas.resource_pools();
    assert_eq!(pools.get(0).await.unwrap().name, "default");
    let pool = pools
        .create("lab", &CreateResourcePool::new())
        .await
        .unwrap();
    let changed = pools
        .update(pool.id, &UpdateResourcePool::new().description("x"))
        .await
        .unwrap();
    assert_eq!((changed.id, changed.description.as_str()), (pool.id, "x"));
    pools.delete(pool.id).await.unwrap();
    assert_eq!(
        pools.delete(pool.id).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    testbed.stop().await;
}

#[tokio::test]
async fn subnets_live_and_die() {
    let (testbed, maas) = testbed().await;
    let subnets = maas.subnets();
    let by_network = subnets.get("10.10.0.0/24").await.unwrap();
    assert_eq!(
        subnets.get(&by_network.id.to_string()).await.unwrap(),
        by_network
    );
    let options = CreateSubnet::new().name("lab99").gateway_ip("10.99.0.1");
    let subnet = subnets.create("10.99.0.0/24", &options).await.unwrap();
    assert_eq!(subnet.gateway_ip.as_deref(), Some("10.99.0.1"));
    let changed = UpdateSubnet::new().gateway_ip(Patch::Clear).managed(false);
    let changed = subnets.update("name:lab99", &changed).await.unwrap();
    assert_eq!((changed.gateway(), changed.managed), (None, false));
    subnets.delete(&subnet.id.to_string()).await.unwrap();
    let statistics = subnets.statistics("1").await.unwrap();
    assert!(statistics.total_addresses >= statistics.num_available);
    testbed.stop().await;
}

#[tokio::test]
async fn a_machine_is_changed_and_a_user_may_not() {
    let (testbed, maas) = testbed().await;
    let machine = maas.machines().find("node01").await.unwrap();
    let update = MachineUpdate::new()
        .description(Patch::Clear)
        .pool("pool-a");
    let changed = maas
        .machine(&machine.system_id)
        .update(&update)
        .await
        .unwrap();
    assert_eq!(
        (
            changed.description.as_str(),
            changed.pool.unwrap().name.as_str()
        ),
        ("", "pool-a")
    );
    let user = client(&testbed, testbed.maas_user_api_key());
    let error = user
        .machine(&machine.system_id)
        .update(&update)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    testbed.stop().await;
}

/// The client that a user makes with this URL.
fn at(url: &str, testbed: &Testbed) -> Client {
    Client::builder(url)
        .api_key(testbed.maas_api_key().parse().unwrap())
        .retry(RetryPolicy::default().base_delay(Duration::from_millis(5)))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_wrong_url_is_told_from_a_wrong_server() {
    let plain = Testbed::builder().start().await.unwrap();
    let tls = Testbed::builder().tls().start().await.unwrap();

    let to_plain = plain.maas_url().replace("http://", "https://");
    let error = at(&to_plain, &plain).version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.hint().unwrap().contains("`http://`"), "{error}");

    let to_tls = tls.maas_url().replace("https://", "http://");
    let error = at(&to_tls, &tls).version().await.unwrap_err();
    assert!(
        error.hint().is_some_and(|hint| hint.contains("`https://`")),
        "{error:?}"
    );

    let elsewhere = plain.maas_url().replace("/MAAS", "/elsewhere");
    let error = at(&elsewhere, &plain).version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.hint().unwrap().contains("`/MAAS`"), "{error}");

    // What is not there on the right server is another matter.
    let error = at(&plain.maas_url(), &plain)
        .machine("zzzzzz")
        .get()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::NotFound, None));
}

#[tokio::test]
async fn a_web_page_instead_of_an_answer_names_the_url_to_check() {
    let (testbed, maas) = testbed().await;
    let page = FaultKind::Status {
        status: 200,
        retry_after: None,
        body: Some("\n<!doctype html><title>Sign in</title>".to_owned()),
    };
    for path in ["/MAAS/api/2.0/zones/", "/MAAS/api/2.0/machines/"] {
        testbed
            .faults()
            .order(Fault::new("GET", path, page.clone()));
    }
    let machines = maas.machines().list(&MachineFilter::new()).await;
    let origin = testbed.maas_url().replace("/MAAS", "");
    for error in [
        maas.zones().list().await.unwrap_err(),
        machines.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(
            error.message().contains("web page (\"Sign in\")"),
            "{error}"
        );
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("log-in") && hint.contains(origin.trim_end_matches('/')),
            "{hint}"
        );
        assert!(hint.contains("`/MAAS`"), "{hint}");
    }
}
