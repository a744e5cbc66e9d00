//! Rules of MAAS that users build upon and that the recordings do not show: whose machine it is, the change feed, races, refusals.

#![allow(clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Maas, start};
use serde_json::{Value, json};
use testbed::{Fault, FaultKind};

fn names(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(|machine| machine["hostname"].as_str())
        .collect()
}

#[tokio::test]
async fn annotations_last_until_ready_and_the_agents_name_until_the_release_begins() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let region = testbed.region();
    let id = region.machine_named("node05").expect("node05").system_id;
    let item = format!("machines/{id}/");

    maas.post_json("machines/?op=allocate", "name=node05&agent_name=blue")
        .await;
    let annotate = format!("{item}?op=set_workload_annotations");
    let machine = maas
        .post_json(&annotate, "palette-maas.cluster=c1&role=worker")
        .await;
    assert_eq!(
        machine["workload_annotations"],
        json!({"palette-maas.cluster": "c1", "role": "worker"})
    );
    assert_eq!(
        machine.get("agent_name"),
        None,
        "the agent's name is never shown"
    );
    maas.post_json(&annotate, "role=").await;
    maas.post_json(&format!("{item}?op=deploy"), "").await;
    testbed.clock().advance(Duration::from_secs(1200)).await;
    assert_eq!(
        names(&maas.get("machines/?agent_name=blue").await),
        BTreeSet::from(["node05"])
    );
    assert_eq!(
        names(&maas.get("machines/?agent_name=blue&agent_name=red").await),
        BTreeSet::from(["node05"])
    );
    assert_eq!(
        names(&maas.get("machines/?agent_name=red").await),
        BTreeSet::new()
    );

    maas.post_json(&format!("{item}?op=release"), "erase=true&quick_erase=true")
        .await;
    assert_eq!(region.machine(&id).expect("node05").status, "Disk erasing");
    testbed.clock().advance(Duration::from_secs(150)).await;
    let releasing = maas.get("machines/?status=releasing&hostname=node05").await;
    assert_eq!(
        releasing[0]["workload_annotations"],
        json!({"palette-maas.cluster": "c1"})
    );
    assert_eq!(
        names(&maas.get("machines/?agent_name=blue").await),
        BTreeSet::new()
    );
    testbed.clock().advance(Duration::from_secs(120)).await;
    let free = maas.get(&item).await;
    assert_eq!(
        (&free["status_name"], &free["workload_annotations"]),
        (&json!("Ready"), &json!({}))
    );
    let (status, text) = maas.post_text(&annotate, "a=b").await;
    assert_eq!(status, 409, "nobody owns it: {text}");
}

#[tokio::test]
async fn a_user_works_with_free_machines_and_its_own_only() {
    let testbed = start().await;
    let (admin, user) = (
        Maas::new(&testbed),
        Maas::with_key(&testbed, testbed.maas_user_api_key()),
    );
    let id = testbed
        .region()
        .machine_named("node06")
        .expect("node06")
        .system_id;
    assert_eq!(
        user.post_json("machines/?op=allocate", "name=node06").await["owner"],
        "user1"
    );
    assert_eq!(
        user.post_text(&format!("machines/{id}/?op=deploy"), "")
            .await
            .0,
        200
    );
    assert_eq!(
        admin
            .post_text("machines/?op=allocate", "name=node07")
            .await
            .0,
        200
    );
    let taken = testbed
        .region()
        .machine_named("node07")
        .expect("node07")
        .system_id;
    for op in ["deploy", "release", "power_on", "lock", "abort"] {
        assert_eq!(
            user.post_text(&format!("machines/{taken}/?op={op}"), "")
                .await,
            (403, String::new()),
            "{op}"
        );
    }
    assert_eq!(
        names(&user.get("machines/?hostname=node06&hostname=node07").await),
        BTreeSet::from(["node06"])
    );
    for (path, form) in [
        ("zones/", "name=z"),
        ("resourcepools/", "name=p"),
        ("subnets/", "cidr=10.1.0.0/24"),
    ] {
        assert_eq!(user.post_text(path, form).await.0, 403, "{path}");
    }
}

#[tokio::test]
async fn of_four_who_want_one_machine_one_gets_it() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let allocate = || maas.post_text("machines/?op=allocate", "name=node09");
    let answers = tokio::join!(allocate(), allocate(), allocate(), allocate());
    let mut statuses = [answers.0.0, answers.1.0, answers.2.0, answers.3.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn the_cheapest_machine_that_fits_is_allocated() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    for (constraints, expected) in [
        ("mem=8000", "node02"),
        ("cpu_count=8&pool=pool-a", "node03"),
        ("tags=ssd&tags=gpu&zone=zone-b", "node11"),
        ("arch=arm64&not_in_zone=zone-a", "node08"),
        ("storage=root:200,data:500(ssd)&mem=60000", "node14"),
        (
            "interfaces=a:name=eth1,vid=10;b:space=internal&not_tags=ssd&cpu_count=2",
            "node06",
        ),
    ] {
        let machine = maas
            .post_json(
                "machines/?op=allocate",
                &format!("{constraints}&dry_run=true"),
            )
            .await;
        assert_eq!(machine["hostname"], expected, "{constraints}");
        assert_eq!(machine["status_name"], "Ready", "a dry run takes nothing");
    }
}

#[tokio::test]
async fn the_change_feed_tells_every_transition_once_and_in_order() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let follow = async |after: u64| {
        let page = maas
            .get(&format!(
                "events/?op=query&level=DEBUG&limit=5&after={after}"
            ))
            .await;
        assert!(page["next_uri"].is_string(), "there is always a next page");
        page["events"].as_array().expect("events").clone()
    };
    let start = maas.get("events/?op=query&level=DEBUG&limit=1").await["events"][0]["id"]
        .as_u64()
        .expect("id");
    let id = testbed
        .region()
        .machine_named("node13")
        .expect("node13")
        .system_id;
    maas.post_json("machines/?op=allocate", "name=node13").await;
    maas.post_json(&format!("machines/{id}/?op=deploy"), "")
        .await;
    testbed.clock().advance(Duration::from_secs(1200)).await;
    maas.post_json(&format!("machines/{id}/?op=release"), "")
        .await;
    testbed.clock().advance(Duration::from_secs(120)).await;

    let (mut after, mut transitions) = (start, Vec::new());
    loop {
        let mut page = follow(after).await;
        page.reverse();
        let Some(last) = page.last() else { break };
        let ids: Vec<u64> = page
            .iter()
            .filter_map(|event| event["id"].as_u64())
            .collect();
        assert!(ids.is_sorted() && ids[0] > after, "ids grow: {ids:?}");
        after = last["id"].as_u64().expect("id");
        transitions.extend(
            page.iter()
                .filter(|event| event["type"] == "Node changed status" && event["node"] == id)
                .map(|event| {
                    assert_eq!(event["level"], "DEBUG");
                    event["description"]
                        .as_str()
                        .expect("description")
                        .to_owned()
                }),
        );
    }
    assert_eq!(
        transitions,
        [
            "From 'Ready' to 'Allocated' (to admin)",
            "From 'Allocated' to 'Deploying'",
            "From 'Deploying' to 'Deployed'",
            "From 'Deployed' to 'Releasing'",
            "From 'Releasing' to 'Ready'",
        ]
    );
    let info = maas.get("events/?op=query&hostname=node13").await;
    let kinds: Vec<&str> = info["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|e| e["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "Released",
            "Releasing",
            "Deployed",
            "Image Deployed",
            "Deploying"
        ]
    );
}

#[tokio::test]
async fn a_release_of_several_is_all_or_nothing() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let id = |name: &str| {
        testbed
            .region()
            .machine_named(name)
            .expect("machine")
            .system_id
    };
    for name in ["node01", "node02"] {
        maas.post_json("machines/?op=allocate", &format!("name={name}"))
            .await;
    }
    let (one, two, wrong) = (id("node01"), id("node02"), id("static-testing"));
    let (status, text) = maas
        .post_text(
            "machines/?op=release",
            &format!("machines={one}&machines={wrong}"),
        )
        .await;
    assert_eq!(status, 409, "{text}");
    assert!(text.contains(&wrong), "{text}");
    assert_eq!(
        testbed.region().machine(&one).expect("node01").status,
        "Allocated"
    );
    let released = maas
        .post_json(
            "machines/?op=release",
            &format!("machines={one}&machines={two}"),
        )
        .await;
    assert_eq!(released.as_array().map(Vec::len), Some(2));
    assert_eq!(
        testbed.region().machine(&two).expect("node02").status,
        "Ready",
        "what is off is free at once"
    );
}

#[tokio::test]
async fn a_failed_deployment_says_why_and_can_be_released() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let region = testbed.region();
    let id = region.machine_named("node22").expect("node22").system_id;
    maas.post_json(&format!("machines/{id}/?op=deploy"), "")
        .await;
    testbed.clock().advance(Duration::from_secs(1200)).await;
    let machine = maas.get(&format!("machines/{id}/")).await;
    assert_eq!(
        (&machine["status"], &machine["status_name"]),
        (&json!(11), &json!("Failed deployment"))
    );
    assert!(
        machine["error_description"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    assert_eq!(machine["owner"], "admin");
    let (status, text) = maas
        .post_text(&format!("machines/{id}/?op=deploy"), "")
        .await;
    assert_eq!(
        (status, text.as_str()),
        (
            409,
            "Can't deploy a machine that is in the 'Failed deployment' state"
        )
    );
    maas.post_json(&format!("machines/{id}/?op=release"), "")
        .await;
    testbed.clock().advance(Duration::from_secs(120)).await;
    let machine = maas.get(&format!("machines/{id}/")).await;
    assert_eq!(
        (&machine["status_name"], &machine["error_description"]),
        (&json!("Ready"), &json!(""))
    );
}

#[tokio::test]
async fn an_aborted_deployment_ends_allocated_and_never_deploys() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let id = testbed
        .region()
        .machine_named("node03")
        .expect("node03")
        .system_id;
    maas.post_json(&format!("machines/{id}/?op=deploy"), "")
        .await;
    testbed.clock().advance(Duration::from_secs(100)).await;
    let answer = maas
        .post_json(&format!("machines/{id}/?op=abort"), "")
        .await;
    assert_eq!(
        answer["status_name"], "Deploying",
        "the change comes after the answer"
    );
    assert_eq!(
        maas.get(&format!("machines/{id}/")).await["status_name"],
        "Allocated"
    );
    testbed.clock().advance(Duration::from_secs(3600)).await;
    assert_eq!(
        maas.get(&format!("machines/{id}/")).await["status_name"],
        "Allocated"
    );
}

#[tokio::test]
async fn addresses_are_taken_once_and_given_back() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let free = async || {
        maas.get("subnets/1/?op=statistics").await["num_available"]
            .as_u64()
            .expect("number")
    };
    let before = free().await;
    let mut addresses = BTreeSet::new();
    let mut ids = Vec::new();
    for number in 1..=9 {
        let id = testbed
            .region()
            .machine_named(&format!("node0{number}"))
            .expect("machine")
            .system_id;
        maas.post_json(&format!("machines/{id}/?op=deploy"), "")
            .await;
        let machine = maas.get(&format!("machines/{id}/")).await;
        addresses.insert(
            machine["ip_addresses"][0]
                .as_str()
                .expect("address")
                .to_owned(),
        );
        ids.push(id);
    }
    assert_eq!(addresses.len(), 9, "no address twice: {addresses:?}");
    assert_eq!(before - free().await, 9);
    for id in ids {
        maas.post_json(&format!("machines/{id}/?op=release"), "")
            .await;
    }
    testbed.clock().advance(Duration::from_secs(120)).await;
    assert_eq!(free().await, before);
}

#[tokio::test]
async fn a_renamed_zone_is_renamed_in_its_machines() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let put = maas
        .request(reqwest::Method::PUT, "zones/zone-a/")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("name=row-a");
    assert!(put.send().await.expect("answer").status().is_success());
    let machines = maas.get("machines/?zone=row-a&hostname=node01").await;
    assert_eq!(
        machines[0]["zone"]["resource_uri"],
        "/MAAS/api/2.0/zones/row-a/"
    );
    assert_eq!(
        testbed.leftovers().len(),
        1,
        "a zone by another name was not there at the start"
    );
}

#[tokio::test]
async fn every_name_of_a_status_filters() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    for (name, label) in [
        ("failed_testing", "Failed testing"),
        ("rescue_mode", "Rescue mode"),
        ("disk_erasing", "Disk erasing"),
    ] {
        let found = maas.get(&format!("machines/?status={name}")).await;
        assert_eq!(found[0]["status_name"], label);
    }
}

#[tokio::test]
async fn only_a_transient_conflict_says_when_to_retry() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let taken = maas.post("machines/?op=allocate", "system_id=zzzzzz").await;
    assert_eq!(
        (taken.status().as_u16(), taken.headers().get("retry-after")),
        (409, None)
    );
    let conflict = FaultKind::Status {
        status: 409,
        retry_after: Some(5),
        body: None,
    };
    testbed.faults().order(
        Fault::new("POST", "*/machines/", conflict)
            .op("allocate")
            .times(1),
    );
    let transient = maas.post("machines/?op=allocate", "").await;
    assert_eq!(transient.headers()["retry-after"], "5");
    assert_eq!(testbed.leftovers(), [], "the deed was not done");
}

#[tokio::test]
async fn a_release_of_which_nothing_is_heard_fails_after_five_minutes() {
    let testbed = start().await;
    let maas = Maas::new(&testbed);
    let id = maas.get("machines/?hostname=static-releasing").await[0]["system_id"].clone();
    let path = format!("machines/{}/", id.as_str().expect("an id"));
    testbed.clock().advance(Duration::from_secs(299)).await;
    assert_eq!(maas.get(&path).await["status_name"], "Releasing");
    testbed.clock().advance(Duration::from_secs(2)).await;
    let failed = maas.get(&path).await;
    assert_eq!(failed["status_name"], "Releasing failed");
    assert_eq!(
        failed["error_description"],
        "Machine operation 'Releasing' timed out after 5 minutes."
    );
    assert_eq!(testbed.leftovers(), [], "that is nobody's doing");
    testbed.reset();
    assert_eq!(maas.get(&path).await["status_name"], "Releasing");
}
