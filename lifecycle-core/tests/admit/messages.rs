//! 3.8 word by word: each code, the request that it answers, and the specification's template. The whole table as it is printed, with facts,
//! hints and times to wait, is the snapshot.

use lifecycle_core::{
    Admission, ClusterSpec, Code, Desired, Finding, Machine, MachineStatus, ManagedBy, NetSpec,
    NetworkInput, OnNoSpare, Pct, Plan, PoolSpec, PreviewOptions, Refusal, Request, Role, Strategy,
    Taint, Tri, Version, World, admit, plan_network, preview, validate,
};

use crate::world::*;
use crate::{create, update};

/// What was said: a refusal, or one of the findings.
enum Said {
    Refusal(Refusal),
    Finding(Finding),
}

impl Said {
    fn parts(&self) -> (Code, &str, &str) {
        match self {
            Self::Refusal(r) => (r.code, &r.message, &r.hint),
            Self::Finding(f) => (f.code, &f.message, &f.hint),
        }
    }
}

fn refusal(world: &World, request: &Request) -> Said {
    Said::Refusal(admit(request, world).unwrap_err())
}

fn found(code: Code, findings: Vec<Finding>) -> Said {
    let mut of_code = findings.into_iter().filter(|f| f.code == code);
    Said::Finding(
        of_code
            .next()
            .unwrap_or_else(|| panic!("{code} is not found")),
    )
}

fn warning(code: Code, admission: Admission) -> Said {
    found(code, admission.warnings)
}

fn validated(code: Code, change: impl FnOnce(&mut ClusterSpec)) -> Said {
    let mut cluster = spec();
    change(&mut cluster);
    let desired = Desired {
        clusters: vec![cluster],
        ..Desired::default()
    };
    found(code, validate(&desired))
}

/// Clusters whose pods have these ranges, on a subnet with so many free addresses.
fn network(code: Code, free_ips: u32, pods: &[&str], change: impl Fn(&mut NetSpec)) -> Said {
    let mut world = World::new(NOW);
    subnet(&mut world, free_ips);
    let cluster = |(i, pods): (usize, &&str)| {
        let mut net = NetSpec {
            subnet: Some("s1".into()),
            pod_cidr: pods.parse().ok(),
            ..NetSpec::default()
        };
        change(&mut net);
        let pool = PoolSpec::control_plane("cp", 3);
        ClusterSpec::new(format!("c{i}"))
            .control_plane(pool)
            .network(net)
    };
    let desired = Desired {
        clusters: pods.iter().enumerate().map(cluster).collect(),
        ..Desired::default()
    };
    let plan = plan_network(&NetworkInput {
        desired,
        subnets: world.observed.subnets,
        ..NetworkInput::default()
    });
    found(code, plan.findings)
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

fn by_id(make: fn(String, Role) -> Request) -> Request {
    make("c1".into(), Role::TenantAdmin)
}

fn delete() -> Request {
    by_id(|id, actor_role| Request::Delete { id, actor_role })
}

fn abort() -> Request {
    by_id(|id, actor_role| Request::Abort { id, actor_role })
}

fn force(actor_role: Role) -> Request {
    Request::ForceDelete {
        id: "c1".into(),
        actor_role,
        reason: String::new(),
    }
}

fn resize(size: u32) -> Request {
    Request::ResizePcg {
        id: "g1".into(),
        size,
    }
}

fn upgrade() -> Request {
    Request::UpgradePcg {
        id: "g1".into(),
        revision: "r2".into(),
        k8s_version: None,
    }
}

fn with_gateway(size: u32, machines: usize) -> World {
    let mut world = World::new(NOW);
    gateway(&mut world, size);
    free(&mut world, machines, 16);
    world
}

fn versioned() -> World {
    let mut world = running();
    for pool in &mut world.desired.clusters[0].workers {
        pool.k8s_version = Some(Version::new(1, 32, 4));
    }
    cp(&mut world.desired.clusters[0]).k8s_version = Some(Version::new(1, 32, 4));
    for node in &mut world.observed.nodes {
        node.k8s_version = Some(Version::new(1, 32, 4));
    }
    world
}

fn to_version(world: &World, minor: u32) -> Request {
    update(changed(world, |c| {
        let version = Some(Version::new(1, minor, 0));
        cp(c).k8s_version = version;
        c.workers[0].k8s_version = version.min(c.workers[0].k8s_version);
    }))
}

fn previewed(world: &World, options: &PreviewOptions) -> Plan {
    preview(world, None, options)
}

/// Of the refused and the warned, in the order of 3.8: code, template as the specification writes it (empty: it gives none), what was said.
fn table() -> Vec<(Code, &'static str, Said)> {
    let size = "control-plane size {n} is not allowed: use 1, 3, 5 or 7";
    let no_machine =
        "a single node can only be replaced Expand First and no machine in pool {p} zone {z} fits";
    let mut out = vec![
        (
            Code::CpSizeEven,
            size,
            validated(Code::CpSizeEven, |c| cp(c).size = 4),
        ),
        (
            Code::CpSizeZero,
            size,
            validated(Code::CpSizeZero, |c| cp(c).size = 0),
        ),
        (
            Code::CpSizeTooLarge,
            size,
            validated(Code::CpSizeTooLarge, |c| cp(c).size = 9),
        ),
        (
            Code::CpSizeTooLarge,
            size,
            validated(Code::CpSizeTooLarge, |c| {
                (cp(c).size, c.managed_by) = (7, ManagedBy::Palette);
            }),
        ),
        (
            Code::CpContractSingle,
            "Contract First needs at least 3 control-plane nodes; {cluster} has {n}",
            validated(Code::CpContractSingle, |c| {
                (cp(c).size, cp(c).strategy) = (1, Strategy::ContractFirst);
            }),
        ),
        (Code::NoSpareSingleNode, no_machine, {
            let mut world = with_gateway(1, 0);
            world.desired.pcgs[0].pool.on_no_spare = OnNoSpare::Refuse;
            refusal(&world, &upgrade())
        }),
        (Code::CpMultiStepLoss, "fix {node} first", {
            let mut world = running();
            world.observed.etcd.get_mut("c1").unwrap().members[1].healthy = Tri::False;
            refusal(&world, &update(changed(&world, |c| cp(c).size = 1)))
        }),
        (
            Code::SurgeAndUnavailableZero,
            "Max Surge and Max Unavailable cannot both be 0",
            validated(Code::SurgeAndUnavailableZero, |c| {
                c.workers[0].strategy = custom(Pct::Count(0), Pct::Percent(0));
            }),
        ),
        (
            Code::ContractWouldLoseCapacity,
            "draining {node} would lose capacity: {machine} has {cpu} CPU, pool now needs {min}",
            {
                let mut world = running();
                contract_first(&mut world);
                let more = update(changed(&world, |c| c.workers[0].min_cpu = 32));
                refusal(&world, &more)
            },
        ),
        (
            Code::Capacity,
            "need {k} machines ≥{cpu} CPU/{mem} MiB/{disk} GB in pool {p}, zones {z}; {a} available, {r} returning (first {eta})",
            {
                let mut world = running();
                let mut back = Machine::ready("m9", "z1", 16, 32_768, 500);
                back.status = MachineStatus::Releasing;
                back.status_since_ms = Some(NOW - 10_000);
                world.observed.machines.push(back);
                refusal(&world, &update(changed(&world, |c| c.workers[0].size = 9)))
            },
        ),
        (
            Code::DeleteNotProvisioned,
            "cluster is still being provisioned; use Abort",
            refusal(&provisioning(), &delete()),
        ),
        (
            Code::AbortAlreadyProvisioned,
            "cluster is provisioned; use Delete (or Pause/Rollback for an update)",
            refusal(&running(), &abort()),
        ),
        (
            Code::ForceNotDeleting,
            "",
            refusal(&running(), &force(Role::TenantAdmin)),
        ),
        (
            Code::ForceTooEarly,
            "force delete is available in {mm:ss}",
            refusal(&deleting(), &force(Role::TenantAdmin)),
        ),
        (
            Code::ForbiddenRole,
            "",
            refusal(&deleting(), &force(Role::Other)),
        ),
        (Code::UpdateWhileProvisioning, "", {
            let world = provisioning();
            refusal(&world, &update(changed(&world, |c| c.priority = 1)))
        }),
        (Code::Terminating, "", refusal(&deleting(), &abort())),
        (Code::Deleted, "", refusal(&deleted(), &abort())),
        (
            Code::RepaveNotApproved,
            "",
            refusal(&running(), &Request::ApproveRepave { id: "c1".into() }),
        ),
        (
            Code::PcgInUse,
            "{n} clusters still need this gateway: {list≤10}",
            {
                let mut world = deleting();
                gateway(&mut world, 1);
                world.desired.clusters[0].pcg_id = Some("g1".into());
                refusal(&world, &Request::DeletePcg { id: "g1".into() })
            },
        ),
        (
            Code::PcgShrink,
            "a gateway cannot be made smaller",
            refusal(&with_gateway(3, 0), &resize(1)),
        ),
        (Code::PcgSize, "", refusal(&with_gateway(3, 0), &resize(2))),
        (Code::PcgResizeBusy, "", {
            let mut world = with_gateway(1, 3);
            world.desired.pcgs[0].pool.revision = "r2".into();
            refusal(&world, &resize(3))
        }),
        (Code::PcgUnhealthy, "", {
            let mut world = with_gateway(1, 3);
            world.observed.etcd.clear();
            refusal(&world, &resize(3))
        }),
        (Code::PcgMissing, "", refusal(&running(), &resize(3))),
        (Code::VersionSkew, "", {
            let world = versioned();
            let newer = update(changed(&world, |c| {
                c.workers[0].k8s_version = Some(Version::new(1, 33, 0));
            }));
            refusal(&world, &newer)
        }),
        (
            Code::VersionSkip,
            "",
            refusal(&versioned(), &to_version(&versioned(), 34)),
        ),
        (
            Code::Downgrade,
            "",
            refusal(&versioned(), &to_version(&versioned(), 31)),
        ),
    ];
    out.extend(addresses());
    out.extend(others());
    out.extend(warnings());
    out
}

fn addresses() -> Vec<(Code, &'static str, Said)> {
    let overlap = "pod CIDR {a} overlaps machine subnet {b} in {range}";
    let pods = "10.244.0.0/16";
    let same = |_: &mut NetSpec| ();
    vec![
        (Code::IpShort, "", network(Code::IpShort, 3, &[pods], same)),
        (
            Code::CidrOverlap,
            overlap,
            network(Code::CidrOverlap, 9, &["10.10.0.128/25"], |n| {
                n.node_mask = 28;
            }),
        ),
        (
            Code::CidrTooSmall,
            "",
            network(Code::CidrTooSmall, 9, &["10.244.0.0/23"], same),
        ),
        (
            Code::CidrNotCanonical,
            "",
            network(Code::CidrNotCanonical, 9, &["10.244.3.0/16"], same),
        ),
        (
            Code::VipInCidr,
            "",
            network(Code::VipInCidr, 9, &[pods], |n| {
                n.vip = "10.244.7.7".parse().ok();
            }),
        ),
        (
            Code::VipOutsideSubnet,
            "",
            network(Code::VipOutsideSubnet, 9, &[pods], |n| {
                n.vip = "10.11.0.7".parse().ok();
            }),
        ),
        (Code::IpPeak, "", network(Code::IpPeak, 4, &[pods], same)),
        (
            Code::IpHeadroom,
            "",
            network(Code::IpHeadroom, 5, &[pods], same),
        ),
        (
            Code::PodsShared,
            "",
            network(Code::PodsShared, 99, &[pods, pods], same),
        ),
        (Code::MaasDefaultSubnet, "", {
            let mut world = World::new(NOW);
            subnet(&mut world, 9);
            world.observed.subnets[0].cidr = "192.168.10.0/24".parse().unwrap();
            let plan = plan_network(&NetworkInput {
                desired: Desired {
                    clusters: vec![spec().network(NetSpec {
                        subnet: Some("s1".into()),
                        ..NetSpec::default()
                    })],
                    ..Desired::default()
                },
                subnets: world.observed.subnets,
                ..NetworkInput::default()
            });
            found(Code::MaasDefaultSubnet, plan.findings)
        }),
    ]
}

/// The codes after "Also" in 3.8.
fn others() -> Vec<(Code, &'static str, Said)> {
    vec![
        (
            Code::CpStrategy,
            "",
            validated(Code::CpStrategy, |c| cp(c).max_parallel = 2),
        ),
        (Code::StaleInput, "", {
            let mut world = running();
            world.observed.as_of_ms = NOW - 660_000;
            refusal(&world, &update(changed(&world, |c| c.workers[0].size = 3)))
        }),
        (Code::PoolLastCp, "", {
            let world = running();
            refusal(&world, &update(changed(&world, |c| c.control_plane = None)))
        }),
        (
            Code::PoolDuplicate,
            "",
            validated(Code::PoolDuplicate, |c| c.workers[0].id = "cp".into()),
        ),
        (Code::AzUnknown, "", {
            let world = running();
            let there = update(changed(&world, |c| c.workers[0].azs = vec!["z9".into()]));
            refusal(&world, &there)
        }),
        (
            Code::TaintEffect,
            "",
            validated(Code::TaintEffect, |c| {
                c.workers[0].taints.push(Taint {
                    key: "gpu".into(),
                    value: None,
                    effect: "Never".into(),
                });
            }),
        ),
        (
            Code::LabelSyntax,
            "",
            validated(Code::LabelSyntax, |c| {
                c.workers[0].labels.insert("not a label".into(), "v".into());
            }),
        ),
        (Code::NameTaken, "", refusal(&running(), &create(spec()))),
        (Code::NotFound, "", refusal(&World::new(NOW), &delete())),
        (
            Code::Limit,
            "",
            validated(Code::Limit, |c| c.workers[0].size = u32::MAX),
        ),
        (Code::Unsupported, "", {
            let world = running();
            let other = update(changed(&world, |c| c.managed_by = ManagedBy::Palette));
            refusal(&world, &other)
        }),
        (
            Code::Invalid,
            "",
            validated(Code::Invalid, |c| c.priority = 10),
        ),
    ]
}

fn warnings() -> Vec<(Code, &'static str, Said)> {
    let rolling = |strategy: Strategy| {
        let mut world = running();
        world.observed.machines.retain(|m| m.owner.is_some());
        let cluster = &mut world.desired.clusters[0];
        (cp(cluster).revision, cp(cluster).strategy) = ("r2".into(), strategy);
        world
    };
    let contract = previewed(
        &rolling(Strategy::ContractFirst),
        &PreviewOptions::default(),
    );
    vec![
        (Code::NoSpare, "", {
            let mut world = running();
            world.observed.machines.retain(|m| m.owner.is_some());
            let next = update(changed(&world, |c| cp(c).revision = "r2".into()));
            warning(Code::NoSpare, admit(&next, &world).unwrap())
        }),
        (Code::Orphans, "", {
            let mut world = deleting();
            world.desired.clusters[0].delete_requested_ms = Some(NOW - 900_000);
            warning(
                Code::Orphans,
                admit(&force(Role::TenantAdmin), &world).unwrap(),
            )
        }),
        (
            Code::CustomRoundedToZero,
            "",
            validated(Code::CustomRoundedToZero, |c| {
                c.workers[0].strategy = custom(Pct::Percent(0), Pct::Percent(10));
            }),
        ),
        (
            Code::ToleranceZero,
            "",
            found(Code::ToleranceZero, contract.risks.clone()),
        ),
        (
            Code::BelowFloor,
            "",
            found(Code::BelowFloor, contract.risks),
        ),
        (Code::WouldWait, "", {
            let theirs = PreviewOptions {
                planner: Some(lifecycle_core::Planner::ClusterApi),
                ..PreviewOptions::default()
            };
            let mut world = rolling(Strategy::ContractFirst);
            let workers = &mut world.desired.clusters[0].workers[0];
            (workers.strategy, workers.revision) = (Strategy::ContractFirst, "r2".into());
            workers.min_cpu = 32;
            found(Code::WouldWait, previewed(&world, &theirs).risks)
        }),
        (Code::MaxSteps, "", {
            let few = PreviewOptions {
                max_steps: 3,
                ..PreviewOptions::default()
            };
            let plan = previewed(&rolling(Strategy::ContractFirst), &few);
            found(Code::MaxSteps, plan.blockers)
        }),
        (Code::Stuck, "", {
            let mut world = rolling(Strategy::ContractFirst);
            world.desired.clusters[0].paused = true;
            found(
                Code::Stuck,
                previewed(&world, &PreviewOptions::default()).blockers,
            )
        }),
    ]
}

/// Whether a text is what a template becomes once its `{…}` are filled in.
fn fills(text: &str, template: &str) -> bool {
    let mut pieces = template.split('{');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else {
        return false;
    };
    for piece in pieces {
        let literal = piece.split_once('}').map_or("", |(_, literal)| literal);
        let at = if literal.is_empty() {
            Some(rest.len())
        } else {
            rest.find(literal)
        };
        match at {
            Some(at) if at > 0 => rest = &rest[at + literal.len()..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Told of documents, where a position belongs to them.
const OF_DOCUMENTS: [Code; 5] = [
    Code::UnknownField,
    Code::DuplicateField,
    Code::Required,
    Code::Type,
    Code::Syntax,
];

#[test]
fn every_code_says_what_the_specification_words() {
    let table = table();
    let mut printed = String::new();
    for (code, template, said) in &table {
        let (told, message, hint) = said.parts();
        assert_eq!(told, *code, "{message}");
        assert!(!hint.is_empty(), "{code} has no hint");
        assert!(
            template.is_empty() || fills(message, template),
            "{code}: {message:?} is not {template:?}"
        );
        let text = match said {
            Said::Refusal(r) => r.to_string(),
            Said::Finding(f) => {
                let args = serde_json::to_string(&f.args).unwrap();
                format!("{f}\n  {args}")
            }
        };
        printed.push_str(&text);
        printed.push_str("\n\n");
    }
    for code in Code::ALL {
        assert!(
            OF_DOCUMENTS.contains(code) || table.iter().any(|(c, ..)| c == code),
            "{code} is missing from the table"
        );
    }
    insta::assert_snapshot!(printed.trim_end());
}

#[test]
fn waiting_helps_where_a_refusal_names_a_time() {
    let named: Vec<(Code, u64)> = table()
        .into_iter()
        .filter_map(|(code, _, said)| match said {
            Said::Refusal(r) => Some((code, r.retry_after_ms?)),
            Said::Finding(_) => None,
        })
        .collect();
    assert_eq!(
        named,
        [
            (Code::Capacity, 50_000),
            (Code::ForceTooEarly, 840_000),
            (Code::PcgResizeBusy, 1_280_000)
        ]
    );
}
