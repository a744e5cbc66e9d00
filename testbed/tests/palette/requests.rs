//! What the simulated Palette accepts and what it refuses.

use crate::console::{Console, pool};
use reqwest::Method;
use serde_json::json;
use testbed::palette::GatewayState;

#[tokio::test]
async fn keys_and_scopes_are_checked() {
    let mut console = Console::start(1.0).await;
    let who = console.get("/v1/users/info").await;
    assert_eq!(who["tenantUid"].as_str().map(str::len), Some(24));

    console.project = None;
    console.get("/v1/overlords").await;
    let (status, code, message) = console
        .refused(Method::GET, "/v1/cloudaccounts/maas", None)
        .await;
    assert_eq!((status, code.as_str()), (403, "OperationForbidden"));
    assert!(
        message.contains("'cloudaccount.get' is forbidden"),
        "{message}"
    );

    console.project = Some("0123456789abcdef01234567".to_owned());
    let (status, code, _) = console.refused(Method::GET, "/v1/users/info", None).await;
    assert_eq!((status, code.as_str()), (404, "ProjectNotFoundInTenant"));

    for key in [None, Some("wrong".to_owned())] {
        console.api_key = key;
        let (status, code, message) = console.refused(Method::GET, "/v1/users/info", None).await;
        assert_eq!((status, code.as_str()), (401, "UnAuthorizedAccess"));
        assert!(!message.contains("wrong"));
    }
}

#[tokio::test]
async fn the_specification_is_enforced() {
    let console = Console::start(1.0).await;
    let (status, code, _) = console.refused(Method::GET, "/v1/nothing", None).await;
    assert_eq!((status, code.as_str()), (404, "404"));
    let (status, code, message) = console
        .refused(Method::PUT, "/v1/spectroclusters/abc/repave/approve", None)
        .await;
    assert_eq!((status, code.as_str()), (405, "405"));
    assert_eq!(message, "method PUT is not allowed, but [PATCH] are");
    let (status, _, message) = console
        .refused(Method::GET, "/v1/cloudaccounts/maas?limt=3", None)
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("'limt' is not known"), "{message}");
    let (_, _, message) = console
        .refused(Method::GET, "/v1/cloudaccounts/maas?limit=many", None)
        .await;
    assert!(message.contains("'many' is not an integer"), "{message}");
    let (status, _, message) = console
        .refused(Method::POST, "/v1/cloudaccounts/maas", None)
        .await;
    assert_eq!((status, message.as_str()), (400, "body: is required"));

    let mut body = console.cluster_body("c1", "a", 3, 2);
    body["spec"]["cloudAccountUuid"] = json!("a");
    let (status, _, message) = console
        .refused(Method::POST, "/v1/spectroclusters/maas", Some(body))
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("cloudAccountUuid"), "{message}");
    let (status, code, _) = console.refused(Method::GET, "/v1/audits", None).await;
    assert_eq!((status, code.as_str()), (501, "NotServed"));
}

#[tokio::test]
async fn an_account_is_checked_against_the_region() {
    let console = Console::start(1.0).await;
    let gateway = console.testbed.palette_gateway_uid();
    let path = format!("/v1/overlords/maas/{gateway}/account/validate");
    let good = console.account_body(console.testbed.maas_api_key());
    console
        .done(Method::POST, &path, Some(json!({"account": good["spec"]})))
        .await;

    for (key, reason) in [
        ("a:b:c", "does not accept the API key"),
        ("a:b", "not of the form"),
    ] {
        let body = console.account_body(key);
        let (status, code, message) = console
            .refused(Method::POST, &path, Some(json!({"account": body["spec"]})))
            .await;
        assert_eq!((status, code.as_str()), (400, "InvalidCloudAccount"));
        assert!(message.contains(reason), "{message}");
        console
            .refused(Method::POST, "/v1/cloudaccounts/maas", Some(body))
            .await;
    }
    let mut elsewhere = good.clone();
    elsewhere["spec"]["apiEndpoint"] = json!("http://127.0.0.1:1/MAAS");
    let (_, _, message) = console
        .refused(Method::POST, "/v1/cloudaccounts/maas", Some(elsewhere))
        .await;
    assert!(message.contains("cannot reach"), "{message}");

    let uid = console.account().await;
    let account = console.get(&format!("/v1/cloudaccounts/maas/{uid}")).await;
    assert_ne!(
        account["spec"]["apiKey"],
        console.testbed.maas_api_key(),
        "the key is not read back"
    );
    let zones = console
        .get(&format!("/v1/cloudaccounts/maas/{uid}/properties/azs"))
        .await;
    assert!(
        zones["items"]
            .as_array()
            .is_some_and(|zones| zones.iter().any(|zone| zone["name"] == "zone-a")),
        "{zones}"
    );
    let found = console
        .get("/v1/cloudaccounts/maas?filters=metadata.name=lab&orderBy=metadata.name=-1")
        .await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        console
            .get("/v1/cloudaccounts/maas?filters=metadata.name=other")
            .await["items"],
        json!([])
    );
    assert_eq!(console.testbed.leftovers().len(), 1);
    console
        .done(
            Method::DELETE,
            &format!("/v1/cloudaccounts/maas/{uid}"),
            None,
        )
        .await;
    assert!(console.testbed.leftovers().is_empty());

    console
        .testbed
        .palette()
        .set_gateway_state(GatewayState::Stopped);
    let (status, _, message) = console
        .refused(Method::POST, &path, Some(json!({"account": good["spec"]})))
        .await;
    assert_eq!(status, 500);
    assert!(message.contains("no subscriber found"), "{message}");
    let overlord = console.get(&format!("/v1/overlords/{gateway}")).await;
    assert_eq!(overlord["status"]["isReady"], false);
}

#[tokio::test]
async fn clusters_that_cannot_be_are_refused_by_field() {
    let console = Console::start(1.0).await;
    let account = console.account().await;
    let path = "/v1/spectroclusters/maas";
    for size in [0, 2, 4] {
        let body = console.cluster_body("c1", &account, size, 2);
        let (status, code, message) = console.refused(Method::POST, path, Some(body)).await;
        assert_eq!((status, code.as_str()), (400, "InvalidMachinePoolConfig"));
        assert!(
            message.starts_with("spec.machinepoolconfig[0].poolConfig.size"),
            "{message}"
        );
    }
    let mut two = console.cluster_body("c1", &account, 3, 2);
    two["spec"]["machinepoolconfig"][1] = pool("second", 1, true);
    console.refused(Method::POST, path, Some(two)).await;
    let (status, code, _) = console
        .refused(
            Method::POST,
            path,
            Some(console.cluster_body("c1", "nothing", 3, 2)),
        )
        .await;
    assert_eq!((status, code.as_str()), (404, "ResourceNotFound"));
    let mut pack = console.cluster_body("c1", &account, 3, 2);
    pack["spec"]["profiles"][0]["packValues"] = json!([{"name": "kubernets", "values": "a: 1"}]);
    let (_, code, message) = console.refused(Method::POST, path, Some(pack)).await;
    assert_eq!(code, "InvalidPack");
    assert!(message.contains("kubernets"), "{message}");

    console
        .done(
            Method::POST,
            path,
            Some(console.cluster_body("c1", &account, 3, 2)),
        )
        .await;
    let (_, code, _) = console
        .refused(
            Method::POST,
            path,
            Some(console.cluster_body("c1", &account, 3, 2)),
        )
        .await;
    assert_eq!(code, "ClusterNameAlreadyExists");
    let (_, code, _) = console
        .refused(
            Method::GET,
            "/v1/spectroclusters/validate/name?name=c1",
            None,
        )
        .await;
    assert_eq!(code, "ClusterNameAlreadyExists");
    console
        .done(
            Method::GET,
            "/v1/spectroclusters/validate/name?name=c2",
            None,
        )
        .await;
}

#[tokio::test]
async fn lists_come_in_pages_of_at_most_fifty() {
    let console = Console::start(1.0).await;
    let account = console.account().await;
    for number in 0..53 {
        let body = console.cluster_body(&format!("c{number}"), &account, 1, 1);
        console
            .done(Method::POST, "/v1/spectroclusters/maas", Some(body))
            .await;
    }
    let (mut token, mut names, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let path = format!("/v1/dashboard/spectroclusters/search?limit=50&continue={token}");
        let body = json!({"sort": [{"field": "clusterName", "order": "asc"}]});
        let page = console.done(Method::POST, &path, Some(body)).await;
        let items = page["items"].as_array().expect("items").clone();
        names.extend(
            items
                .iter()
                .map(|item| item["metadata"]["name"].as_str().expect("name").to_owned()),
        );
        pages += 1;
        token = page["listmeta"]["continue"]
            .as_str()
            .expect("token")
            .to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((names.len(), pages), (53, 2));
    assert!(names.is_sorted());
    console
        .refused(
            Method::POST,
            "/v1/dashboard/spectroclusters/search?limit=51",
            Some(json!({})),
        )
        .await;
    let filter = json!({"filter": {"filterGroups": [{"filters": [{
        "property": "clusterName", "type": "string",
        "condition": {"string": {"operator": "eq", "match": {"values": ["c7"]}}},
    }]}]}});
    let found = console
        .done(
            Method::POST,
            "/v1/dashboard/spectroclusters/search",
            Some(filter),
        )
        .await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn rate_limits_answer_429_once_switched_on() {
    let console = Console::start(1.0).await;
    console.testbed.palette().set_rate_limits(true);
    let mut refused = 0;
    for _ in 0..80 {
        let (status, body) = console.send(Method::GET, "/v1/overlords", None).await;
        if status == 429 {
            assert_eq!(body["code"], "TooManyRequests");
            refused += 1;
        }
    }
    assert!(refused > 0);
}
