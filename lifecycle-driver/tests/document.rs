//! Documents as users write them, and as they get them wrong.
#![allow(clippy::unwrap_used)]

use lifecycle_core::spec::tree::Node;
use lifecycle_core::spec::{ClusterDocument, Schedule};
use lifecycle_core::{
    Code, Machine, MachineStatus, ManagedBy, Severity, Strategy, World, check_capacity,
};
use lifecycle_driver::document::{
    DocumentError, locate, read_checked_cluster, read_checked_gateway, read_cluster, read_gateway,
    read_tree,
};
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../examples/cluster.yaml");

fn schema() -> serde_json::Value {
    serde_json::from_str(include_str!(
        "../../lifecycle-core/schemas/cluster-document.json"
    ))
    .unwrap()
}

/// Code, line and path of each finding.
fn told(error: &DocumentError) -> Vec<(Code, u32, &str)> {
    error
        .findings()
        .iter()
        .map(|f| {
            (
                f.item.code,
                f.position.map_or(0, |p| p.line),
                f.item.path.as_str(),
            )
        })
        .collect()
}

fn line_of(text: &str, needle: &str) -> u32 {
    1 + u32::try_from(text.lines().position(|line| line.contains(needle)).unwrap()).unwrap()
}

/// The example with one piece of text replaced.
fn with(from: &str, to: &str) -> String {
    assert_eq!(EXAMPLE.matches(from).count(), 1, "{from}");
    EXAMPLE.replace(from, to)
}

#[test]
fn the_example_reads_checks_and_plans() {
    let (document, _, warnings) = read_checked_cluster(EXAMPLE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(warnings, []);
    assert_eq!(document.name, "edge-lab");
    assert_eq!(
        (document.control_plane.size, document.workers[0].size),
        (3, 2)
    );
    assert_eq!(document.workers[0].rolling_update, Strategy::ExpandFirst);
    assert_eq!(
        document
            .features
            .machine_management
            .as_ref()
            .unwrap()
            .schedule
            .as_ref()
            .map(Schedule::as_str),
        Some("0 3 * * 0")
    );
    let plan = document.plan();
    assert_eq!(
        (plan.managed_by, plan.pcg_id.as_deref()),
        (ManagedBy::Palette, Some("maas-gateway"))
    );
    assert_eq!(plan.network.subnet.as_deref(), Some("10-10-0-0-24"));
}

#[test]
fn the_example_obeys_the_schema_that_its_first_line_names() {
    let schema_path = EXAMPLE
        .lines()
        .next()
        .unwrap()
        .split_once("$schema=")
        .unwrap()
        .1;
    assert_eq!(
        schema_path,
        "../lifecycle-core/schemas/cluster-document.json"
    );
    let data = read_tree(EXAMPLE).unwrap().to_json();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&data)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut wrong = data;
    wrong["control_plane"]["sise"] = 3.into();
    assert!(
        !validator.is_valid(&wrong),
        "the schema refuses unknown fields"
    );
}

#[test]
fn the_reader_and_the_types_agree() {
    let (document, _) = read_cluster(EXAMPLE).unwrap();
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(
        serde_json::from_value::<ClusterDocument>(json.clone()).unwrap(),
        document
    );
    assert_eq!(
        ClusterDocument::read(&Node::from_json(&json)).unwrap(),
        document
    );
}

#[test]
fn five_mistakes_give_five_findings() {
    let text = EXAMPLE
        .replace("  size: 3\n", "  sise: 3\n")
        .replace("min_cpu: 8\n", "min_cpu: eight\n")
        .replace("domain: lab.test\n", "")
        .replace(
            "rolling_update: expand_first\n    # Without",
            "rolling_update: expand\n    # Without",
        )
        .replace(
            "pod_cidr: 10.244.0.0/16\n  service",
            "pod_cidr: 10.244.0.0/33\n  service",
        );
    let error = read_cluster(&text).unwrap_err();
    assert_eq!(
        told(&error),
        [
            (Code::Required, 7, "/domain"),
            (
                Code::Invalid,
                line_of(&text, "pod_cidr: 10.244.0.0/33"),
                "/network/pod_cidr"
            ),
            (
                Code::UnknownField,
                line_of(&text, "sise"),
                "/control_plane/sise"
            ),
            (
                Code::Type,
                line_of(&text, "eight"),
                "/workers/0/machines/min_cpu"
            ),
            (
                Code::Invalid,
                line_of(&text, "# Without a spare") - 1,
                "/workers/0/rolling_update"
            ),
        ]
    );
    let text = error.in_file("cluster.yaml").to_string();
    assert!(
        text.contains(": E_UNKNOWN_FIELD: unknown field `sise` (did you mean size?)"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.starts_with("cluster.yaml:")),
        "{text}"
    );
}

#[test]
fn what_a_document_says_is_checked_with_its_place() {
    let overlap = with(
        "pod_cidr: 10.244.0.0/16\n  service",
        "pod_cidr: 10.10.0.0/16\n  service",
    );
    let error = read_checked_cluster(&overlap).unwrap_err();
    assert_eq!(
        told(&error),
        [(
            Code::CidrOverlap,
            line_of(&overlap, "pod_cidr: 10.10"),
            "/network/pod_cidr"
        )]
    );
    assert!(
        error.to_string().contains(
            "pod CIDR 10.10.0.0/16 overlaps machine subnet 10.10.0.0/24 in 10.10.0.0–10.10.0.255"
        ),
        "{error}"
    );

    let even = with("  size: 3\n", "  size: 4\n");
    let error = read_checked_cluster(&even).unwrap_err();
    assert_eq!(
        told(&error),
        [(
            Code::CpSizeEven,
            line_of(&even, "size: 4"),
            "/control_plane/size"
        )]
    );

    let zones = with("[default, zone-a]\n", "[default, default]\n");
    let error = read_checked_cluster(&zones).unwrap_err();
    assert_eq!(
        told(&error),
        [(
            Code::Invalid,
            line_of(&zones, "default, default"),
            "/workers/0/machines/availability_zones/1"
        )]
    );
}

#[test]
fn mistakes_of_shape_and_of_meaning_are_told_in_one_go() {
    let text = EXAMPLE
        .replace("  size: 3\n", "  size: 4\n")
        .replace("domain: lab.test\n", "domian: lab.test\n")
        .replace("min_cpu: 8\n", "min_cpu: eight\n")
        .replace("ttl_hours: 720", "ttl_hour: 720")
        .replace("    size: 2\n", "    size: 2\n    allow_workloads: true\n")
        .replace(
            "service_cidr: 10.96.0.0/12",
            "service_cidr: 10.244.128.0/20",
        )
        .replace("[default, zone-a]\n", "[default, default]\n")
        .replace("- ssh-ed25519 ", "- ")
        .replace("kubernetes_version: \"1.32.8\"", "kubernetes_version: 1.32");
    let error = read_checked_cluster(&text).unwrap_err();
    assert_eq!(
        told(&error),
        [
            (Code::UnknownField, line_of(&text, "domian"), "/domian"),
            (
                Code::Type,
                line_of(&text, "kubernetes_version: 1.32"),
                "/kubernetes_version"
            ),
            (Code::Invalid, line_of(&text, "- AAAA"), "/ssh_keys/0"),
            (
                Code::CidrOverlap,
                line_of(&text, "pod_cidr: 10.244"),
                "/network/pod_cidr"
            ),
            (
                Code::CpSizeEven,
                line_of(&text, "size: 4"),
                "/control_plane/size"
            ),
            (
                Code::UnknownField,
                line_of(&text, "    allow_workloads: true"),
                "/workers/0/allow_workloads"
            ),
            (
                Code::Invalid,
                line_of(&text, "default, default"),
                "/workers/0/machines/availability_zones/1"
            ),
            (
                Code::Type,
                line_of(&text, "eight"),
                "/workers/0/machines/min_cpu"
            ),
            (
                Code::UnknownField,
                line_of(&text, "ttl_hour:"),
                "/features/backup_policy/ttl_hour"
            ),
        ]
    );
    let shown = error.to_string();
    for near in ["did you mean domain?", "did you mean ttl_hours?"] {
        assert!(shown.contains(near), "{near} is missing in\n{shown}");
    }
    assert!(
        error
            .findings()
            .iter()
            .all(|f| f.position.is_some_and(|at| at.column > 0))
    );
    assert!(!shown.contains("stand-in"), "{shown}");
}

#[test]
fn what_cannot_be_read_hides_nothing_else_and_invents_nothing() {
    // However the whole of a part is lost, the rest is checked and nothing is said of what stands in for it.
    for (from, to) in [
        ("name: edge-lab\n", "name: [edge-lab]\n"),
        ("workers:\n", "workers: 3\nfoo:\n"),
        ("network:\n", "network: 3\nbar:\n"),
        ("cloud_account:\n", "cloud_accounts:\n"),
        ("cluster_profile:\n", "cluster_profile: 1.0\nbaz:\n"),
        ("  - name: workers\n", "  - 7\n  - name: workers\n"),
        (
            "      lab.test/tier: standard\n",
            "      lab.test/tier: 7\n    taints: [{key: a}]\n",
        ),
    ] {
        let faulty = with(from, to);
        let shape = told(&read_cluster(&faulty).unwrap_err())
            .into_iter()
            .map(|(code, _, path)| (code, path.to_owned()))
            .collect::<Vec<_>>();
        let of = |text: &str| {
            let error = read_checked_cluster(text).unwrap_err();
            assert!(!error.to_string().contains("stand-in"), "{error}");
            let told = told(&error);
            told.into_iter()
                .map(|(code, _, path)| (code, path.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&faulty), shape, "{to}");
        let even = of(&faulty.replace("  size: 3\n", "  size: 4\n"));
        assert_eq!(even.len(), shape.len() + 1, "{to}: {even:?}");
        assert!(even.contains(&(Code::CpSizeEven, "/control_plane/size".to_owned())));
    }
}

#[test]
fn the_other_word_for_control_plane_is_read_and_never_printed() {
    let text =
        with("control_plane:\n", "master:\n").replace("  size: 3\n", "  size: 4\n  extra: 1\n");
    let error = read_cluster(&text).unwrap_err();
    assert_eq!(
        told(&error),
        [(
            Code::UnknownField,
            line_of(&text, "extra: 1"),
            "/control_plane/extra"
        )]
    );
    assert!(!error.to_string().contains("master"), "{error}");
    let text = text.replace("  extra: 1\n", "");
    let error = read_checked_cluster(&text).unwrap_err();
    assert_eq!(
        told(&error),
        [(
            Code::CpSizeEven,
            line_of(&text, "size: 4"),
            "/control_plane/size"
        )]
    );
    assert!(!error.to_string().contains("master"), "{error}");
    let both = with("control_plane:\n", "master: {}\ncontrol_plane:\n");
    assert!(
        read_cluster(&both)
            .unwrap_err()
            .findings()
            .iter()
            .any(|f| f.item.code == Code::DuplicateField)
    );
}

#[test]
fn secrets_and_wrong_units_are_named_and_not_repeated() {
    let text = with(
        "cloud_account:\n",
        "maas_api_key: a:b:sesame\ncloud_account:\n  api_key: sesame\n",
    )
    .replace("min_memory_mib: 8192", "min_memory_gb: 8");
    let error = read_cluster(&text).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("MAAS_API_KEY in the environment") && said.contains("memory is given in MiB"),
        "{said}"
    );
    assert!(!said.contains("sesame"), "{said}");
    let private = with(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbcdefghijklmnopqrstuvwxyz0123456789ABCDEF operator@lab.test",
        "\"-----BEGIN OPENSSH PRIVATE KEY----- sesame\"",
    );
    let said = read_cluster(&private).unwrap_err().to_string();
    assert!(
        said.contains("ssh_keys[0] is not a public SSH key") && !said.contains("sesame"),
        "{said}"
    );
}

#[test]
fn a_number_where_text_is_meant_is_explained() {
    let error = read_cluster(&with(
        "kubernetes_version: \"1.32.8\"",
        "kubernetes_version: 1.33",
    ))
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("must be text such as \"1.33.4\""),
        "{error}"
    );
    assert!(error.to_string().contains("put it in quotes"), "{error}");
    let error = read_cluster(&with("  version: 1.0.0\n", "  version: 1.0\n")).unwrap_err();
    assert_eq!(told(&error)[0].0, Code::Type);
}

#[test]
fn text_that_is_no_document_gives_one_finding_with_its_place() {
    for (text, line, message) in [
        ("", 1, "the document is empty"),
        ("# only a comment\n", 1, "the document is empty"),
        ("name: a\n\tsize: 3\n", 2, "tab"),
        ("name: [a, b\nsize: 3\n", 2, ""),
        ("name: a\n---\nname: b\n", 2, "more than one document"),
        ("a: &x\n  b: *x\n", 2, "contains it"),
        ("? [a, b]\n: c\n", 1, "a name must be text"),
        ("name: !!int twelve\n", 1, "tag"),
    ] {
        let error = read_tree(text).unwrap_err();
        let finding = &error.findings()[0];
        assert_eq!(
            (error.findings().len(), finding.item.code),
            (1, Code::Syntax),
            "{text:?}"
        );
        assert_eq!(finding.position.unwrap().line, line, "{text:?}: {error}");
        assert!(error.to_string().contains(message), "{text:?}: {error}");
    }
}

#[test]
fn aliases_are_expanded_within_bounds() {
    let tree = read_tree("a: &m {x: 1}\nb: *m\n").unwrap();
    assert_eq!(
        tree.to_json(),
        serde_json::json!({"a": {"x": 1}, "b": {"x": 1}})
    );
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        bomb += &format!(
            "a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 10].join(", ")
        );
    }
    assert!(
        read_tree(&bomb)
            .unwrap_err()
            .to_string()
            .contains("more than 20000 values")
    );
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(900_000),
        vec!["*a"; 1000].join(", ")
    );
    assert!(read_tree(&long).is_err());
    assert!(
        read_tree(&"[".repeat(40))
            .unwrap_err()
            .to_string()
            .contains("nested more than 32 deep")
    );
    assert!(
        read_tree(&"- ".repeat(40))
            .unwrap_err()
            .to_string()
            .contains("nested more than 32 deep")
    );
    assert!(read_tree(&"[".repeat(100_000)).is_err() && read_tree(&"- ".repeat(100_000)).is_err());
    assert!(
        read_tree(&" ".repeat(2 << 20))
            .unwrap_err()
            .to_string()
            .contains("bytes")
    );
}

#[test]
fn revisions_change_with_what_needs_a_new_node_and_with_nothing_else() {
    let plan = |text: &str| {
        read_cluster(text)
            .unwrap_or_else(|e| panic!("{e}"))
            .0
            .plan()
    };
    let base = plan(EXAMPLE);
    let revisions = |text: &str| {
        let plan = plan(text);
        let control_plane = plan.control_plane.unwrap();
        (
            control_plane.revision,
            plan.workers[0].revision.clone(),
            plan.workers[0].inplace_revision.clone(),
        )
    };
    let was = revisions(EXAMPLE);
    assert_ne!(was.0, was.1, "the pools take different machines");
    let profile = revisions(&with("  version: 1.0.0\n", "  version: 1.1.0\n"));
    assert!(profile.0 != was.0 && profile.1 != was.1 && profile.2 == was.2);
    let workers = revisions(&with("min_cpu: 8\n", "min_cpu: 16\n"));
    assert!(workers.0 == was.0 && workers.1 != was.1);
    let label = revisions(&with("lab.test/tier: standard", "lab.test/tier: gold"));
    assert!(label.0 == was.0 && label.1 == was.1 && label.2 != was.2);
    let size = revisions(&with("    size: 2\n", "    size: 5\n"));
    assert_eq!(size, was);
    assert_eq!(
        base,
        plan(&EXAMPLE.replace("# ", "#  ")),
        "comments are nothing"
    );
}

#[test]
fn straight_on_maas_neither_profile_nor_account_is_needed() {
    let start = EXAMPLE.find("# The cluster profile holds").unwrap();
    let end = EXAMPLE.find("# The DNS domain").unwrap();
    let text = format!(
        "{}managed_by: engine\n{}",
        &EXAMPLE[..start],
        &EXAMPLE[end..]
    );
    let (document, _, warnings) = read_checked_cluster(&text).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        warnings
            .iter()
            .all(|w| w.item.severity == Severity::Warning)
    );
    assert_eq!(document.plan().managed_by, ManagedBy::Engine);
}

/// The machines that a real MAAS sent, as the engine sees them.
fn inventory() -> Vec<Machine> {
    let machines: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../testbed/inventory/machines.json")).unwrap();
    let text = |m: &serde_json::Value, pointer: &str| {
        m.pointer(pointer)
            .and_then(|v| v.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let number = |m: &serde_json::Value, pointer: &str| {
        u32::try_from(
            m.pointer(pointer)
                .and_then(serde_json::Value::as_u64)
                .unwrap(),
        )
        .unwrap()
    };
    machines
        .iter()
        .map(|m| {
            let boot_gb = m
                .pointer("/boot_disk/size")
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0)
                / 1_000_000_000;
            let mut machine = Machine::ready(
                text(m, "/system_id"),
                text(m, "/zone/name"),
                number(m, "/cpu_count"),
                number(m, "/memory"),
                u32::try_from(boot_gb).unwrap(),
            );
            machine.hostname = text(m, "/hostname");
            machine.resource_pool = text(m, "/pool/name");
            machine.arch = text(m, "/architecture");
            if text(m, "/status_name") != "Ready" {
                machine.status = MachineStatus::Deployed;
            }
            machine
        })
        .collect()
}

#[test]
fn the_recorded_inventory_serves_the_example_with_a_spare_for_each_pool() {
    let (document, _) = read_cluster(EXAMPLE).unwrap();
    let mut world = World::new(1_770_000_000_000);
    world.observed.machines = inventory();
    assert_eq!(
        world
            .observed
            .machines
            .iter()
            .filter(|m| m.status == MachineStatus::Ready)
            .count(),
        24
    );
    let report = check_capacity(&document.plan(), &world);
    let pools: Vec<_> = report
        .pools
        .iter()
        .map(|p| (p.pool.as_str(), p.need, p.available, p.spare))
        .collect();
    assert_eq!(
        (report.enough, pools),
        (true, vec![("control-plane", 3, 3, 1), ("workers", 2, 2, 1)]),
        "{report}"
    );

    let mut wide = document;
    wide.workers[0].size = 6;
    let report = check_capacity(&wide.plan(), &world);
    assert!(!report.enough);
    assert_eq!(report.pools[1].missing(), 3);
    assert!(report.to_string().contains("3 missing ("), "{report}");
}

const GATEWAY: &str = "\
schema_version: 1
name: lab-gateway
domain: lab.test
size: 1
machines:
  resource_pool: pool-b
  min_cpu: 4
  min_memory_mib: 8192
  min_disk_gb: 60
proxy:
  http_proxy: http://proxy.lab.test:3128
  https_proxy: http://proxy.lab.test:3128
  no_proxy: [10.0.0.0/8, lab.test]
network:
  machine_subnet: 10.10.0.0/24
  pod_cidr: 10.244.0.0/16
";

#[test]
fn a_gateway_is_described_alike() {
    let (document, positions) = read_gateway(GATEWAY).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(document.check(), []);
    let plan = document.plan();
    assert_eq!(
        (
            plan.id.as_str(),
            plan.pool.size,
            plan.network.subnet.as_deref()
        ),
        ("lab-gateway", 1, Some("10-10-0-0-24"))
    );
    assert_eq!(
        (
            plan.pool.min_cpu,
            plan.pool.min_mem_mib,
            plan.pool.min_disk_gb
        ),
        (4, 8192, 60)
    );
    let schema: serde_json::Value = serde_json::from_str(include_str!(
        "../../lifecycle-core/schemas/gateway-document.json"
    ))
    .unwrap();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&read_tree(GATEWAY).unwrap().to_json())
    );

    let mut two = document.clone();
    two.size = 2;
    two.machines.tags = vec![String::new()];
    let places: Vec<_> = locate(two.check(), &positions)
        .into_iter()
        .map(|f| (f.item.code, f.item.path, f.position.unwrap().line))
        .collect();
    assert_eq!(
        places,
        [
            (Code::PcgSize, "/size".to_owned(), 4),
            (Code::Invalid, "/machines/tags/0".to_owned(), 5)
        ]
    );

    let secret = GATEWAY.replace(
        "http_proxy: http://proxy",
        "http_proxy: http://me:sesame@proxy",
    ) + "pairing_code: sesame\nsise: 1\n";
    let error = read_gateway(&secret).unwrap_err();
    assert_eq!(
        told(&error).iter().map(|t| t.0).collect::<Vec<_>>(),
        [Code::Invalid, Code::UnknownField, Code::UnknownField]
    );
    assert!(!error.to_string().contains("sesame"), "{error}");

    let both = GATEWAY.replace("size: 1\n", "size: 2\n") + "sise: 1\n";
    let error = read_checked_gateway(&both).unwrap_err();
    assert_eq!(
        told(&error).iter().map(|t| t.0).collect::<Vec<_>>(),
        [Code::PcgSize, Code::UnknownField]
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n\t&*:?|>'\"\\[\\]{}-]{0,200}") {
        let _ = read_checked_cluster(&text);
    }

    #[test]
    fn no_edit_of_the_example_makes_the_reader_panic(at in 0..EXAMPLE.len(), length in 0_usize..40, insert in "\\PC{0,12}") {
        let text: String = EXAMPLE.chars().take(at).chain(insert.chars()).chain(EXAMPLE.chars().skip(at + length)).collect();
        match read_checked_cluster(&text) {
            Ok(_) => {}
            Err(error) => prop_assert!(error.findings().iter().all(|f| f.position.is_some()), "{error}"),
        }
    }
}
