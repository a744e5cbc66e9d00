//! What the preflight says about a document, against simulated servers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{bench, changed, changes, document, driver};
use lifecycle_core::spec::tree::Position;
use lifecycle_driver::{CheckName, CheckOutcome, Preflight, Problem};
use testbed::palette::GatewayState;
use testbed::{Fault, FaultKind};

fn only(preflight: &Preflight) -> &Problem {
    let errors: Vec<&Problem> = preflight
        .problems()
        .filter(|problem| problem.is_error())
        .collect();
    assert_eq!(errors.len(), 1, "{preflight}");
    errors[0]
}

fn line_of(needle: &str) -> u32 {
    let before = &common::EXAMPLE[..common::EXAMPLE.find(needle).unwrap()];
    u32::try_from(before.lines().count()).unwrap()
        + u32::from(before.ends_with('\n') || before.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_passes_and_nothing_is_changed() {
    let bench = bench().await;
    let (document, positions) = document();
    let preflight = bench.driver.preflight(&document, &positions).await;
    assert!(preflight.is_ok(), "{preflight}");
    for check in &preflight.checks {
        assert_eq!(check.outcome, CheckOutcome::Passed, "{preflight}");
    }
    assert!(
        preflight
            .check(CheckName::MaasKey)
            .unwrap()
            .summary
            .contains("administrator admin of MAAS 3.7.3")
    );
    let addresses = preflight.addresses.unwrap();
    assert_eq!(
        (addresses.steady, addresses.peak),
        (6, 7),
        "5 nodes and the endpoint; one more while a pool is rolled"
    );
    assert_eq!(changes(&bench.testbed), Vec::<String>::new());
}

/// Everything that is wrong is said at once, with its line.
#[tokio::test(flavor = "multi_thread")]
async fn findings_have_a_code_a_path_and_a_line() {
    let bench = bench().await;
    for (from, to, code, path, says) in [
        (
            "gateway: maas-gateway",
            "gateway: maas-gatewai",
            "E_PCG_MISSING",
            "/cloud_account/gateway",
            "did you mean `maas-gateway`?",
        ),
        (
            "  name: maas-infra",
            "  name: something-else",
            "E_NOT_FOUND",
            "/cluster_profile/name",
            "maas-infra",
        ),
        (
            "  version: 1.0.0",
            "  version: 9.9.9",
            "E_NOT_FOUND",
            "/cluster_profile/version",
            "1.0.0",
        ),
        (
            "    - name: kubernetes",
            "    - name: kubernets",
            "E_NOT_FOUND",
            "/cluster_profile/packs/0/name",
            "kubernetes",
        ),
        (
            "kubernetes_version: \"1.32.8\"",
            "kubernetes_version: \"1.31.0\"",
            "E_INVALID",
            "/kubernetes_version",
            "1.32.8",
        ),
        (
            "domain: lab.test",
            "domain: lab.tst",
            "E_NOT_FOUND",
            "/domain",
            "lab.test",
        ),
        (
            "image: ubuntu/jammy",
            "image: ubuntu/yammy",
            "E_NOT_FOUND",
            "/image",
            "ubuntu/jammy",
        ),
        (
            "    location: backup-store",
            "    location: backupstore",
            "E_NOT_FOUND",
            "/features/backup_policy/location",
            "backup-store",
        ),
        (
            "machine_subnet: 10.10.0.0/24",
            "machine_subnet: 10.11.0.0/24",
            "E_NOT_FOUND",
            "/network/machine_subnet",
            "10.10.0.0/24",
        ),
        (
            "  pod_cidr: 10.244.0.0/16",
            "  pod_cidr: 10.10.0.0/16",
            "E_CIDR_OVERLAP",
            "/network/pod_cidr",
            "10.10.0.0",
        ),
        (
            "  size: 3\n",
            "  size: 4\n",
            "E_CP_SIZE_EVEN",
            "/control_plane/size",
            "1, 3, 5",
        ),
    ] {
        let (document, positions) = changed(from, to);
        let preflight = bench.driver.preflight(&document, &positions).await;
        let found = preflight
            .problems()
            .find(|problem| problem.code == code && problem.path == path)
            .unwrap_or_else(|| panic!("no {code} at {path}:\n{preflight}"));
        assert!(found.is_error());
        assert!(
            format!("{} {}", found.message, found.hint).contains(says),
            "{found}"
        );
        assert_eq!(
            found.position.map(|Position { line, .. }| line),
            Some(line_of(from)),
            "{found}"
        );
    }
    assert_eq!(changes(&bench.testbed), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_machines_are_counted_per_pool_and_zone() {
    let bench = bench().await;
    let (document, positions) = changed(
        "availability_zones: [default, zone-a]",
        "availability_zones: [zone-b]",
    );
    let preflight = bench.driver.preflight(&document, &positions).await;
    assert!(
        preflight.is_ok(),
        "pool-a has 2 fitting machines in zone-b:\n{preflight}"
    );
    let (mut document, positions) = changed(
        "availability_zones: [default, zone-a]",
        "availability_zones: [zone-b]",
    );
    document.workers[0].size = 7;
    let preflight = bench.driver.preflight(&document, &positions).await;
    let problem = only(&preflight);
    assert_eq!(
        (problem.code.as_str(), problem.path.as_str()),
        ("E_CAPACITY", "/workers/0/size")
    );
    assert!(problem.message.contains("needs 7 machines ≥8 CPU/16384 MiB/100 GB in resource pool pool-a, zones zone-b: 5 missing"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_zones_and_resource_pools_are_named() {
    let bench = bench().await;
    let (document, positions) = changed("[default, zone-a, zone-b]", "[default, zone-c]");
    let preflight = bench.driver.preflight(&document, &positions).await;
    let problem = preflight
        .problems()
        .find(|problem| problem.code == "E_AZ_UNKNOWN")
        .unwrap();
    assert_eq!(problem.path, "/control_plane/machines/availability_zones/1");
    let (document, positions) = changed("resource_pool: pool-a", "resource_pool: pool-x");
    let preflight = bench.driver.preflight(&document, &positions).await;
    assert!(
        preflight
            .problems()
            .any(|problem| problem.path == "/workers/0/machines/resource_pool"),
        "{preflight}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_does_not_run_is_said_with_its_line() {
    let bench = bench().await;
    bench
        .testbed
        .palette()
        .set_gateway_state(GatewayState::Stopped);
    let (document, positions) = document();
    let preflight = bench.driver.preflight(&document, &positions).await;
    let problem = only(&preflight);
    assert_eq!(problem.code, "E_PCG_UNHEALTHY");
    assert_eq!(
        problem.position.unwrap().line,
        line_of("  gateway: maas-gateway")
    );
    assert_eq!(
        preflight.check(CheckName::CloudAccount).unwrap().outcome,
        CheckOutcome::Skipped
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_fails_its_check_and_is_not_repeated() {
    let bench = bench().await;
    let (document, positions) = document();
    let wrong_maas = driver(
        &bench.testbed,
        "abcdefghij:klmnopqrst:wrongsecretwrongsecret",
        &bench.testbed.palette_api_key(),
    );
    let preflight = wrong_maas.preflight(&document, &positions).await;
    let problem = only(&preflight);
    assert_eq!(problem.code, "UNAUTHORIZED");
    assert!(!preflight.to_string().contains("wrongsecret"));
    assert_eq!(
        preflight.check(CheckName::Machines).unwrap().outcome,
        CheckOutcome::Skipped
    );
    assert_eq!(
        preflight.check(CheckName::Gateway).unwrap().outcome,
        CheckOutcome::Passed,
        "the other server is asked all the same"
    );

    let wrong_palette = driver(
        &bench.testbed,
        bench.testbed.maas_api_key(),
        "wrong-key-wrong-key-wrong-key",
    );
    let preflight = wrong_palette.preflight(&document, &positions).await;
    assert_eq!(only(&preflight).code, "UNAUTHORIZED");
    assert_eq!(
        preflight.check(CheckName::Machines).unwrap().outcome,
        CheckOutcome::Passed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_maas_is_waited_for() {
    let bench = bench().await;
    bench.testbed.faults().order(Fault::new(
        "GET",
        "/MAAS/api/2.0/machines/",
        FaultKind::Delay { ms: 1500 },
    ));
    let (document, positions) = document();
    let preflight = bench.driver.preflight(&document, &positions).await;
    assert!(preflight.is_ok(), "{preflight}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_the_profiles_is_a_warning() {
    let bench = bench().await;
    let (document, positions) = changed("image: ubuntu/jammy", "image: ubuntu/noble");
    let preflight = bench.driver.preflight(&document, &positions).await;
    let found = preflight
        .check(CheckName::ClusterProfile)
        .and_then(|check| check.problems.first())
        .unwrap_or_else(|| panic!("{preflight}"));
    assert!(!found.is_error() && found.path == "/image", "{found}");
    assert!(
        found.message.contains("22.04") && found.message.contains("24.04"),
        "{found}"
    );
}
