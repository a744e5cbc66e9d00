//! The client against a simulated Palette that works on a simulated MAAS region.

#![allow(clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use palette_client::{
    Client, Clock, CloudAccountFilter, CloudAccountOptions, ClusterFilter, ClusterHandle,
    ClusterOptions, ClusterState, Error, ErrorKind, EventFilter, MaasCredentials, MachineFilter,
    MachineState, NodePoolOptions, OsPatchPolicy, PackLayer, PackOptions, ProfileOptions,
    ProfilesOptions, RepaveCheck, RepaveState, RetryPolicy, ScanPolicy, UpdateStrategyType,
    WaitOptions,
};
use testbed::{Fault, FaultKind, Testbed, palette::GatewayState};

async fn testbed() -> (Testbed, Client) {
    let testbed = Testbed::builder()
        .speed(1500.0)
        .seed(1)
        .start()
        .await
        .unwrap();
    let client = client(&testbed, &testbed.palette().api_key());
    (testbed, client)
}

fn client(testbed: &Testbed, key: &str) -> Client {
    let (now, sleep) = (testbed.clock(), testbed.clock());
    Client::builder(testbed.palette_url())
        .api_key(key)
        .project(testbed.palette().project_name())
        .clock(Clock::new(
            move || now.now(),
            move |duration| {
                let sleep = sleep.clone();
                async move { sleep.sleep(duration).await }
            },
        ))
        .retry(RetryPolicy::default().base_delay(Duration::from_millis(5)))
        .no_rate_limits()
        .build()
        .unwrap()
}

fn maas(testbed: &Testbed) -> MaasCredentials {
    MaasCredentials::new(testbed.maas_url(), testbed.maas_api_key())
}

async fn account(testbed: &Testbed, client: &Client) -> String {
    let options = CloudAccountOptions::new("lab", testbed.palette().gateway_uid(), maas(testbed));
    client.cloud_accounts().create(&options).await.unwrap()
}

async fn profile(testbed: &Testbed, client: &Client, version: &str) -> String {
    let name = testbed.palette().profile_name();
    let found = client.cluster_profiles().find(name, Some(version)).await;
    found.unwrap().unwrap().metadata.uid
}

async fn options(testbed: &Testbed, client: &Client, account: &str) -> ClusterOptions {
    ClusterOptions::new("c1", account, "maas")
        .tags(["env:test", "gpu"])
        .profiles([ProfileOptions::new(profile(testbed, client, "1.0.0").await)])
        .scan_policy(ScanPolicy::new().kube_bench("0 1 * * *"))
        .os_patch_policy(OsPatchPolicy::new().on_boot(true).schedule("0 2 * * 0"))
        .node_pools([
            NodePoolOptions::control_plane_pool("control-plane", 1, "default")
                .min_cpu(1)
                .min_memory_mib(2048),
            NodePoolOptions::worker_pool("workers", 2, "default")
                .min_cpu(1)
                .update_strategy(UpdateStrategyType::ExpandFirst),
        ])
}

async fn running(testbed: &Testbed, client: &Client) -> ClusterHandle {
    let account = account(testbed, client).await;
    let options = options(testbed, client, &account).await;
    let uid = client.clusters().create(&options).await.unwrap();
    let cluster = client.cluster(uid);
    cluster.wait_running_and_healthy(&wait()).await.unwrap();
    cluster
}

fn wait() -> WaitOptions {
    WaitOptions::new().timeout(Duration::from_secs(4 * 3600))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_lives_from_the_account_to_the_deletion() {
    let (testbed, palette) = testbed().await;
    assert!(!palette.whoami().await.unwrap().tenant_uid.is_empty());
    let projects = palette.projects().list().await.unwrap();
    assert_eq!(projects[0].metadata.name, testbed.palette().project_name());

    let name = testbed.palette().gateway_name();
    let gateway = palette.gateways().find(name).await.unwrap().unwrap();
    assert!(gateway.is_running());
    let handle = palette.gateway(&gateway.metadata.uid);
    assert!(handle.get().await.unwrap().is_running());
    handle.validate_account(&maas(&testbed)).await.unwrap();
    let account = account(&testbed, &palette).await;
    let stored = palette.cloud_account(&account).get().await.unwrap();
    assert_eq!(stored.gateway_uid(), Some(gateway.metadata.uid.as_str()));
    let by_name = palette.cloud_accounts().find("lab").await.unwrap();
    assert_eq!(by_name.unwrap().metadata.uid, account);
    let listed = palette.cloud_accounts().list(&CloudAccountFilter::new());
    assert_eq!(listed.collect_all().await.unwrap().len(), 1);

    let options = options(&testbed, &palette, &account).await;
    palette.clusters().validate_name("c1").await.unwrap();
    let checked = palette.clusters().validate(&options).await.unwrap();
    assert_eq!(checked.problems(), [""; 0]);
    let uid = palette.clusters().create(&options).await.unwrap();
    let cluster = palette.cluster(&uid);
    let taken = palette.clusters().validate_name("c1").await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    let early = cluster.admin_kubeconfig().await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::NotFound);

    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let waiting = wait().on_progress(move |look| told.lock().unwrap().push(look.state.clone()));
    let overview = cluster.wait_running_and_healthy(&waiting).await.unwrap();
    let pools = &overview.spec.cloud_config.as_ref().unwrap().node_pools;
    assert_eq!(pools.iter().map(|pool| pool.healthy).sum::<u32>(), 3);
    let seen = seen.lock().unwrap().join("\n");
    assert!(
        seen.contains("Provisioning (") && seen.contains("False"),
        "{seen}"
    );

    let read = cluster.get().await.unwrap();
    assert_eq!(read.metadata.tags(), ["env:test", "gpu"]);
    assert_eq!(read.state(), Some(&ClusterState::Running));
    assert!(
        read.conditions()
            .iter()
            .all(palette_client::Condition::is_true)
    );
    assert_eq!(cluster.state().await.unwrap(), Some(ClusterState::Running));
    let found = palette.clusters().find("c1").await.unwrap().unwrap();
    assert_eq!(found.metadata.uid, uid);
    let all = palette
        .clusters()
        .list(&ClusterFilter::new().name_contains("c"));
    assert_eq!(all.collect_all().await.unwrap().len(), 1);
    let kubeconfig = cluster.admin_kubeconfig().await.unwrap();
    assert!(kubeconfig.expose().contains("kind: Config"));

    let config = palette.cloud_config(read.cloud_config_uid().unwrap());
    let names: Vec<_> = config.node_pools().await.unwrap();
    let names: Vec<_> = names.iter().map(|pool| pool.name.as_str()).collect();
    assert_eq!(names, ["control-plane", "workers"]);
    let workers = config.node_pool("workers");
    let machines = workers.machines(&MachineFilter::new());
    let machines = machines.collect_all().await.unwrap();
    assert_eq!(machines.len(), 2);
    let one = workers.machine(&machines[0].metadata.uid).await.unwrap();
    assert_eq!(one.status.instance_state, Some(MachineState::Running));
    let in_maas = testbed.region().machine_named(&one.spec.hostname).unwrap();
    assert_eq!(in_maas.status.as_str(), "Deployed");

    workers.resize(3).await.unwrap();
    let resized = workers.get().await.unwrap();
    assert_eq!((resized.size, resized.instance_type.min_cpu), (3, Some(1)));

    let events = cluster.events(&EventFilter::newest_first());
    let events = events.collect_all().await.unwrap();
    let times: Vec<_> = events
        .iter()
        .map(|event| event.metadata.creation_timestamp)
        .collect();
    assert!(times.len() > 5 && times.iter().rev().is_sorted());

    cluster.delete().await.unwrap();
    let early = cluster.force_delete().await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::StateConflict);
    assert!(early.message().contains("15 minutes"), "{early}");
    cluster.wait_deleted(&wait()).await.unwrap();
    assert!(palette.clusters().find("c1").await.unwrap().is_none());
    palette.cloud_account(&account).delete().await.unwrap();
    assert_eq!(testbed.leftovers(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_replaces_nodes_waits_for_approval() {
    let (testbed, palette) = testbed().await;
    let cluster = running(&testbed, &palette).await;
    let old = cluster.profiles().await.unwrap();
    let kubernetes = old[0]
        .spec
        .packs
        .iter()
        .find(|pack| pack.spec.layer == Some(PackLayer::Kubernetes));
    assert!(!kubernetes.unwrap().spec.values.is_empty());

    let change = ProfileOptions::new(profile(&testbed, &palette, "1.1.0").await)
        .replaces(&old[0].metadata.uid);
    let check = RepaveCheck::new().profiles([change.clone()]);
    let predicted = cluster.validate_repave(&check).await.unwrap();
    assert!(predicted.is_repave_required && !predicted.reasons.is_empty());
    cluster
        .update_profiles(&ProfilesOptions::new(change))
        .await
        .unwrap();

    let stopped = cluster.wait_running_and_healthy(&wait()).await.unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::FailedState);
    assert!(stopped.message().contains("approve_repave"), "{stopped}");
    let repave = cluster.repave().await.unwrap();
    assert_eq!(repave.status.state, Some(RepaveState::Pending));
    let pack = repave.spec.reasons[0].pack.as_ref().unwrap();
    assert_ne!(pack.current, pack.target);
    cluster.approve_repave().await.unwrap();
    cluster.wait_running_and_healthy(&wait()).await.unwrap();
    assert!(cluster.approve_repave().await.is_err());
    let now = cluster.profiles().await.unwrap();
    assert_eq!(now.len(), 1);
    assert_ne!(now[0].metadata.uid, old[0].metadata.uid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pack_values_of_a_cluster_stand_beside_the_profiles_own() {
    let (testbed, palette) = testbed().await;
    let account = account(&testbed, &palette).await;
    let uid = profile(&testbed, &palette, "1.0.0").await;
    let template = palette.cluster_profile(&uid).get().await.unwrap();
    let packs = template.spec.published.unwrap().packs;
    let pack = packs
        .iter()
        .find(|pack| pack.layer == Some(PackLayer::Kubernetes))
        .unwrap();
    let values = format!("{}\n# of this cluster\n", pack.values);
    let options =
        options(&testbed, &palette, &account)
            .await
            .profiles([ProfileOptions::new(&uid)
                .packs([PackOptions::new(&pack.name, &values).tag(&pack.tag)])]);
    let cluster = palette.clusters().create(&options).await.unwrap();
    let attached = palette.cluster(cluster).profiles().await.unwrap();
    let kept = attached[0]
        .spec
        .packs
        .iter()
        .find(|kept| kept.spec.name == pack.name);
    assert_eq!(kept.unwrap().spec.values, values);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_says_why() {
    let (testbed, palette) = testbed().await;
    let expect = |result: Result<(), Error>, kind: ErrorKind, part: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(
            !format!("{error:?}").contains(testbed.maas_api_key()),
            "{error:?}"
        );
    };
    let wrong = client(&testbed, "wrong-key").whoami().await.map(drop);
    expect(wrong, ErrorKind::Unauthorized, "API key");
    let missing = palette
        .cluster("6650d1cb0e5a3e2f4b7f0a11")
        .get()
        .await
        .map(drop);
    expect(missing, ErrorKind::NotFound, "project");
    let nowhere = palette
        .project("nowhere")
        .clusters()
        .find("c1")
        .await
        .map(drop);
    expect(nowhere, ErrorKind::Scope, "`nowhere`");
    let foreign = palette
        .project("6650d1cb0e5a3e2f4b7f0a11")
        .clusters()
        .find("c1")
        .await
        .map(drop);
    expect(foreign, ErrorKind::Scope, "tenant");

    let cluster = running(&testbed, &palette).await;
    let tenant = palette
        .tenant()
        .cluster(cluster.uid())
        .get()
        .await
        .map(drop);
    expect(tenant, ErrorKind::Scope, "PALETTE_PROJECT");
    let account = palette.cloud_accounts().find("lab").await.unwrap().unwrap();
    let again = options(&testbed, &palette, &account.metadata.uid).await;
    let again = palette.clusters().create(&again).await.map(drop);
    expect(again, ErrorKind::AlreadyExists, "c1");
    let used = palette.cloud_account(&account.metadata.uid).delete().await;
    expect(used, ErrorKind::StateConflict, "cloud_account.delete");

    let gateway = palette.gateway(testbed.palette().gateway_uid());
    let bad = MaasCredentials::new(testbed.maas_url(), "not:a:key");
    assert!(gateway.validate_account(&bad).await.is_err());
    testbed.palette().set_gateway_state(GatewayState::Stopped);
    let stopped = gateway.validate_account(&maas(&testbed)).await;
    expect(stopped, ErrorKind::Unavailable, "4 attempts");
    assert!(!gateway.get().await.unwrap().is_running());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_neither_creates_twice_nor_fails_a_deletion() {
    let (testbed, palette) = testbed().await;
    let account = account(&testbed, &palette).await;
    let options = options(&testbed, &palette, &account).await;
    let lose = |method: &str, path: &str| {
        testbed.faults().order(
            Fault::new(method, path, FaultKind::ResetAfterHeaders)
                .deed_done()
                .times(1),
        );
    };
    lose("POST", "/v1/spectroclusters/maas");
    let lost = palette.clusters().create(&options).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::OutcomeUnknown);
    let all = palette.clusters().list(&ClusterFilter::new());
    assert_eq!(all.collect_all().await.unwrap().len(), 1);

    lose("DELETE", "/v1/cloudaccounts/maas/*");
    let spare = CloudAccountOptions::new("spare", testbed.palette().gateway_uid(), maas(&testbed));
    let spare = palette.cloud_accounts().create(&spare).await.unwrap();
    palette.cloud_account(&spare).delete().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_looks_at_once_stay_under_the_rate_limits() {
    let (testbed, _) = testbed().await;
    testbed.palette().set_rate_limits(true);
    let looks = |client: &Client| {
        let looks: Vec<_> = (0..65).map(|_| client.clone()).collect();
        let looks = looks
            .into_iter()
            .map(|client| async move { client.whoami().await.map(drop) });
        futures_util::future::join_all(looks)
    };
    let builder = || {
        Client::builder(testbed.palette_url())
            .api_key(testbed.palette().api_key())
            .max_in_flight(30)
            .retry(RetryPolicy::never())
    };
    let hasty_looks = looks(&builder().no_rate_limits().build().unwrap()).await;
    let refused = hasty_looks.into_iter().filter_map(Result::err);
    assert!(
        refused
            .into_iter()
            .any(|error| error.kind() == ErrorKind::RateLimited)
    );

    testbed.reset();
    testbed.palette().set_rate_limits(true);
    for look in looks(&builder().build().unwrap()).await {
        look.unwrap();
    }
}

#[test]
fn futures_can_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let client = Client::builder("http://127.0.0.1:1")
        .api_key("key1")
        .build()
        .unwrap();
    let options = ClusterOptions::new("c1", "a", "maas");
    send(client.clusters().create(&options));
    send(client.clusters().find("c1"));
    send(
        client
            .cluster("u1")
            .wait_running_and_healthy(&WaitOptions::new()),
    );
    send(client.clusters().list(&ClusterFilter::new()).collect_all());
}

#[tokio::test]
async fn a_web_page_instead_of_an_answer_names_the_url_to_check() {
    let (testbed, palette) = testbed().await;
    let page = FaultKind::Status {
        status: 200,
        retry_after: None,
        body: Some("<html><title>Sign in</title></html>".to_owned()),
    };
    testbed.faults().order(Fault::new("GET", "/v1/*", page));
    let error = palette.tenant().whoami().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.message().contains("Sign in"), "{error}");
    let hint = error.hint().unwrap();
    assert!(
        hint.contains(testbed.palette_url().trim_end_matches('/')) && hint.contains("`/v1`"),
        "{hint}"
    );
}
