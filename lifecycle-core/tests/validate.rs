//! Static validation: each mistake gives its code at its place, and nothing else is said.
#![allow(clippy::unwrap_used)]

use lifecycle_core::{
    ClusterSpec, Code, Desired, Finding, ManagedBy, NetSpec, PcgSpec, Pct, PoolRole, PoolSpec,
    Severity, Strategy, Taint, Version, validate,
};

fn cluster() -> ClusterSpec {
    ClusterSpec::new("c1")
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2))
}

fn gateway(size: u32) -> PcgSpec {
    PcgSpec {
        id: "g1".into(),
        managed_by: ManagedBy::Engine,
        requested_ms: 0,
        pool: PoolSpec::control_plane("gw", size),
        network: NetSpec::default(),
        delete_requested_ms: None,
    }
}

fn judge(change: impl FnOnce(&mut ClusterSpec)) -> Vec<Finding> {
    let mut spec = cluster();
    change(&mut spec);
    validate(&Desired {
        clusters: vec![spec],
        ..Desired::default()
    })
}

fn told(findings: &[Finding]) -> Vec<(Code, &str)> {
    for finding in findings {
        assert!(
            !finding.message.is_empty() && !finding.hint.is_empty(),
            "{finding:?}"
        );
        assert_eq!(
            finding.severity == Severity::Warning,
            finding.code.is_warning()
        );
    }
    findings.iter().map(|f| (f.code, f.path.as_str())).collect()
}

fn cp(spec: &mut ClusterSpec) -> &mut PoolSpec {
    spec.control_plane.as_mut().unwrap()
}

fn custom(max_surge: Pct, max_unavailable: Pct) -> Strategy {
    Strategy::Custom {
        max_surge,
        max_unavailable,
    }
}

#[test]
fn a_proper_cluster_and_gateway_are_not_talked_about() {
    assert_eq!(judge(|_| ()), []);
    assert_eq!(
        validate(&Desired {
            pcgs: vec![gateway(1)],
            ..Desired::default()
        }),
        []
    );
    assert_eq!(validate(&Desired::default()), []);
}

#[test]
fn control_plane_sizes() {
    for (size, code) in [
        (0, Code::CpSizeZero),
        (2, Code::CpSizeEven),
        (4, Code::CpSizeEven),
        (6, Code::CpSizeEven),
        (8, Code::CpSizeTooLarge),
        (9, Code::CpSizeTooLarge),
        (u32::MAX - 1, Code::CpSizeTooLarge),
    ] {
        let findings = judge(|c| cp(c).size = size);
        let about_size: Vec<_> = findings
            .iter()
            .filter(|f| f.code != Code::Limit)
            .cloned()
            .collect();
        assert_eq!(
            told(&about_size),
            [(code, "/clusters/0/control_plane/size")],
            "{size}"
        );
        assert_eq!(
            about_size[0].message,
            format!("control-plane size {size} is not allowed: use 1, 3, 5 or 7")
        );
    }
    for size in [1, 3, 5, 7] {
        assert_eq!(judge(|c| cp(c).size = size), [], "{size}");
    }
    let seven = |allowed| {
        judge(move |c| {
            (cp(c).size, c.managed_by, c.allow_large_control_plane) =
                (7, ManagedBy::Palette, allowed);
        })
    };
    assert_eq!(
        told(&seven(false)),
        [(Code::CpSizeTooLarge, "/clusters/0/control_plane/size")]
    );
    assert_eq!(seven(true), []);
}

#[test]
fn each_mistake_has_its_code_and_place() {
    type Change = fn(&mut ClusterSpec);
    let rows: [(Change, Code, &str); 27] = [
        (
            |c| (cp(c).size, cp(c).strategy) = (1, Strategy::ContractFirst),
            Code::CpContractSingle,
            "/clusters/0/control_plane/strategy",
        ),
        (
            |c| cp(c).strategy = custom(Pct::Count(1), Pct::Count(0)),
            Code::CpStrategy,
            "/clusters/0/control_plane/strategy",
        ),
        (
            |c| cp(c).max_parallel = 2,
            Code::CpStrategy,
            "/clusters/0/control_plane/max_parallel",
        ),
        (
            |c| cp(c).skip_update = true,
            Code::Invalid,
            "/clusters/0/control_plane/skip_update",
        ),
        (
            |c| cp(c).node_repave_interval_s = 60,
            Code::Invalid,
            "/clusters/0/control_plane/node_repave_interval_s",
        ),
        (
            |c| cp(c).max_unhealthy = Pct::Count(2),
            Code::Invalid,
            "/clusters/0/control_plane/max_unhealthy",
        ),
        (
            |c| cp(c).role = PoolRole::Worker,
            Code::Invalid,
            "/clusters/0/control_plane/role",
        ),
        (
            |c| c.workers[0].role = PoolRole::ControlPlane,
            Code::Invalid,
            "/clusters/0/workers/0/role",
        ),
        (
            |c| c.workers[0].allow_workloads = true,
            Code::Invalid,
            "/clusters/0/workers/0/allow_workloads",
        ),
        (
            |c| c.workers[0].max_parallel = 0,
            Code::Invalid,
            "/clusters/0/workers/0/max_parallel",
        ),
        (
            |c| c.workers[0].max_unhealthy = Pct::Percent(101),
            Code::Invalid,
            "/clusters/0/workers/0/max_unhealthy",
        ),
        (
            |c| c.workers[0].strategy = custom(Pct::Count(0), Pct::Percent(0)),
            Code::SurgeAndUnavailableZero,
            "/clusters/0/workers/0/strategy",
        ),
        (
            |c| c.workers[0].strategy = custom(Pct::Percent(0), Pct::Percent(10)),
            Code::CustomRoundedToZero,
            "/clusters/0/workers/0/strategy",
        ),
        (
            |c| c.workers[0].strategy = custom(Pct::Count(2), Pct::Count(0)),
            Code::Unsupported,
            "/clusters/0/workers/0/strategy/custom/max_surge",
        ),
        (
            |c| c.workers[0].strategy = custom(Pct::Count(0), Pct::Percent(100)),
            Code::Unsupported,
            "/clusters/0/workers/0/strategy/custom/max_unavailable",
        ),
        (
            |c| c.workers[0].id = "cp".into(),
            Code::PoolDuplicate,
            "/clusters/0/workers/0/id",
        ),
        (
            |c| c.workers[0].id = "W".into(),
            Code::Invalid,
            "/clusters/0/workers/0/id",
        ),
        (|c| c.id = "x".repeat(64), Code::Invalid, "/clusters/0/id"),
        (|c| c.priority = 10, Code::Invalid, "/clusters/0/priority"),
        (
            |c| c.workers[0].azs = vec!["z1".into(), "z1".into()],
            Code::Invalid,
            "/clusters/0/workers/0/azs/1",
        ),
        (
            |c| c.workers[0].tags = vec![String::new()],
            Code::Invalid,
            "/clusters/0/workers/0/tags/0",
        ),
        (
            |c| c.workers[0].labels = [("a~b/c d".to_owned(), "v".to_owned())].into(),
            Code::LabelSyntax,
            "/clusters/0/workers/0/labels/a~0b~1c d",
        ),
        (
            |c| c.workers[0].taints = vec![taint("gpu", "Never")],
            Code::TaintEffect,
            "/clusters/0/workers/0/taints/0/effect",
        ),
        (
            |c| cp(c).taints = vec![taint("", "NoExecute")],
            Code::LabelSyntax,
            "/clusters/0/control_plane/taints/0/key",
        ),
        (
            |c| cp(c).taints = vec![taint("a", "NoExecute"), taint("a", "NoExecute")],
            Code::Invalid,
            "/clusters/0/control_plane/taints/1",
        ),
        (
            |c| versions(c, (1, 33, 0), (1, 34, 0)),
            Code::VersionSkew,
            "/clusters/0/workers/0/k8s_version",
        ),
        (
            |c| versions(c, (1, 33, 0), (1, 29, 9)),
            Code::VersionSkew,
            "/clusters/0/workers/0/k8s_version",
        ),
    ];
    for (change, code, path) in rows {
        let findings = judge(change);
        assert_eq!(told(&findings), [(code, path)], "{findings:?}");
    }
    assert_eq!(judge(|c| versions(c, (1, 33, 0), (1, 30, 0))), []);
    assert_eq!(
        judge(|c| c.workers[0].strategy = custom(Pct::Percent(50), Pct::Count(0))),
        []
    );
    assert_eq!(judge(|c| c.workers[0].size = 0), []);
}

fn taint(key: &str, effect: &str) -> Taint {
    Taint {
        key: key.into(),
        value: None,
        effect: effect.into(),
    }
}

fn versions(c: &mut ClusterSpec, control_plane: (u32, u32, u32), worker: (u32, u32, u32)) {
    cp(c).k8s_version = Some(Version::new(
        control_plane.0,
        control_plane.1,
        control_plane.2,
    ));
    c.workers[0].k8s_version = Some(Version::new(worker.0, worker.1, worker.2));
}

#[test]
fn names_are_shared_by_clusters_and_gateways() {
    let mut other = cluster();
    other.id = "g1".into();
    let desired = Desired {
        pcgs: vec![gateway(1)],
        clusters: vec![other.clone(), other],
        ..Desired::default()
    };
    assert_eq!(
        told(&validate(&desired)),
        [
            (Code::NameTaken, "/clusters/0/id"),
            (Code::NameTaken, "/clusters/1/id")
        ]
    );
}

#[test]
fn gateways_have_one_or_three_nodes() {
    for size in [0, 2, 4, 5, 7] {
        let findings = validate(&Desired {
            pcgs: vec![gateway(size)],
            ..Desired::default()
        });
        assert_eq!(
            told(&findings),
            [(Code::PcgSize, "/pcgs/0/pool/size")],
            "{size}"
        );
    }
    let mut contracting = gateway(1);
    contracting.pool.strategy = Strategy::ContractFirst;
    assert_eq!(
        told(&validate(&Desired {
            pcgs: vec![contracting],
            ..Desired::default()
        })),
        [(Code::CpContractSingle, "/pcgs/0/pool/strategy")]
    );
}

#[test]
fn versions_and_limits_of_the_whole() {
    let desired = Desired {
        schema_version: 2,
        ..Desired::default()
    };
    assert_eq!(
        told(&validate(&desired)),
        [(Code::Unsupported, "/schema_version")]
    );
    assert_eq!(
        told(&judge(|c| c.workers[0].size = u32::MAX)),
        [(Code::Limit, "/clusters")]
    );
}

#[test]
fn ranges_are_judged_without_a_look_at_maas() {
    let ranges = |pods: &'static str, services: &'static str| {
        judge(move |c| {
            (c.network.pod_cidr, c.network.service_cidr) =
                (pods.parse().ok(), services.parse().ok());
        })
    };
    assert_eq!(ranges("10.244.0.0/16", "10.96.0.0/12"), []);
    assert_eq!(
        told(&ranges("10.100.0.0/16", "10.96.0.0/12")),
        [(Code::CidrOverlap, "/clusters/0/network/pod_cidr")]
    );
    assert_eq!(
        told(&ranges("10.244.3.0/16", "10.96.0.0/12")),
        [(Code::CidrNotCanonical, "/clusters/0/network/pod_cidr")]
    );
    assert_eq!(
        ranges("10.244.3.0/16", "10.96.0.0/12")[0].hint,
        "write 10.244.0.0/16"
    );
}

#[test]
fn findings_come_in_the_order_of_the_document_each_time() {
    let desired = Desired {
        clusters: (0..3)
            .map(|k| {
                ClusterSpec::new(format!("c{k}"))
                    .control_plane(PoolSpec::control_plane("cp", 2))
                    .worker(PoolSpec::worker("cp", 1))
            })
            .collect(),
        ..Desired::default()
    };
    let findings = validate(&desired);
    assert_eq!(findings, validate(&desired));
    let places: Vec<&str> = findings.iter().map(|f| f.path.as_str()).collect();
    let mut sorted = places.clone();
    sorted.sort_by_key(|path| path.split('/').nth(2).unwrap().to_owned());
    assert_eq!(places, sorted);
}
