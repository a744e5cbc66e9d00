//! Whatever a world and a request hold, judging them ends with an answer (G54): nothing panics, and nobody is let through who must not be.
#![allow(clippy::unwrap_used)]

use lifecycle_core::{
    ClusterMemory, ClusterObs, ClusterSpec, Code, Desired, Erase, Etcd, EtcdMember, EtcdView,
    ForceDelete, Machine, MachineStatus, ManagedBy, NetSpec, NetworkInput, Node, OnNoSpare, Owner,
    PcgObs, PcgSpec, Pct, PoolRole, PoolSpec, Repave, Request, Role, Severity, Strategy as Rolling,
    Subnet, Taint, Tri, Version, World, admit, check_capacity, plan_network, validate,
};
use proptest::prelude::*;
use proptest::sample::select;

fn id() -> impl Strategy<Value = String> {
    select(vec![
        "c1",
        "c2",
        "g1",
        "cp",
        "w",
        "w-1",
        "cp-1",
        "",
        "Ä/~ \n",
        "a-very-long-name-that-is-longer-than-sixty-three-characters-in-all-xxx",
    ])
    .prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = u32> {
    select(vec![
        0,
        1,
        2,
        3,
        5,
        7,
        8,
        100,
        101,
        4096,
        u32::MAX - 1,
        u32::MAX,
    ])
}

fn time() -> impl Strategy<Value = i64> {
    const NOW: i64 = 1_770_000_000_000;
    select(vec![
        i64::MIN,
        i64::MIN + 1,
        -1,
        0,
        1,
        NOW - 900_000,
        NOW - 1,
        NOW,
        NOW + 1,
        NOW + 90_000_000,
        i64::MAX - 1,
        i64::MAX,
    ])
}

fn version() -> impl Strategy<Value = Option<Version>> {
    prop::option::of((number(), number(), number()).prop_map(|(a, b, c)| Version::new(a, b, c)))
}

fn pct() -> impl Strategy<Value = Pct> {
    prop_oneof![
        number().prop_map(Pct::Count),
        number().prop_map(Pct::Percent)
    ]
}

fn net() -> impl Strategy<Value = Option<ipnet::IpNet>> {
    let nets = [
        "0.0.0.0/0",
        "10.0.0.1/8",
        "10.10.0.0/24",
        "192.168.0.0/16",
        "255.255.255.255/32",
        "::/0",
        "fd00::/64",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    ];
    prop::option::of(select(nets.to_vec()).prop_map(|n| n.parse().unwrap()))
}

fn pool() -> impl Strategy<Value = PoolSpec> {
    let rolling = prop_oneof![
        Just(Rolling::ExpandFirst),
        Just(Rolling::ContractFirst),
        (pct(), pct()).prop_map(|(max_surge, max_unavailable)| Rolling::Custom {
            max_surge,
            max_unavailable
        })
    ];
    let role = select(vec![PoolRole::ControlPlane, PoolRole::Worker]);
    let rules = (
        rolling,
        select(vec![
            OnNoSpare::Wait,
            OnNoSpare::FallbackContract,
            OnNoSpare::Refuse,
        ]),
        number(),
        pct(),
        any::<bool>(),
    );
    let machines = (
        prop::collection::vec(select(vec!["z1", "z9", ""]), 0..3),
        number(),
        number(),
        number(),
        prop::option::of(id()),
    );
    let rest = (
        select(vec!["r1", "r2", ""]),
        version(),
        prop::option::of(select(vec!["r1", "r0"])),
        version(),
        prop::collection::btree_map(id(), id(), 0..2),
    );
    (id(), role, number(), rules, machines, rest).prop_map(
        |(id, role, size, rules, machines, rest)| {
            let mut pool = PoolSpec::new(id.clone(), role, size);
            (
                pool.strategy,
                pool.on_no_spare,
                pool.max_parallel,
                pool.max_unhealthy,
                pool.skip_update,
            ) = rules;
            pool.azs = machines.0.into_iter().map(Into::into).collect();
            (
                pool.min_cpu,
                pool.min_mem_mib,
                pool.min_disk_gb,
                pool.subnet,
            ) = (machines.1, machines.2, machines.3, machines.4);
            pool.revision = rest.0.into();
            (
                pool.k8s_version,
                pool.approved_revision,
                pool.approved_k8s_version,
                pool.labels,
            ) = (rest.1, rest.2.map(Into::into), rest.3, rest.4);
            pool.taints = vec![Taint {
                key: id,
                value: Some(String::new()),
                effect: "NoExecute".into(),
            }];
            pool.erase = if pool.skip_update {
                Erase::Secure
            } else {
                Erase::None
            };
            pool
        },
    )
}

fn network() -> impl Strategy<Value = NetSpec> {
    let vip = select(vec!["10.10.0.1", "0.0.0.0", "255.255.255.255", "::1"])
        .prop_map(|ip| ip.parse().unwrap());
    (
        prop::option::of(id()),
        prop::option::of(vip),
        net(),
        net(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(
            |(subnet, vip, pod_cidr, service_cidr, node_mask, routable_pods)| NetSpec {
                subnet,
                vip,
                pod_cidr,
                service_cidr,
                node_mask,
                routable_pods,
            },
        )
}

fn cluster() -> impl Strategy<Value = ClusterSpec> {
    let stamps = (
        time(),
        prop::option::of(time()),
        prop::option::of(time()),
        prop::option::of(time()),
    );
    let kinds = (
        select(vec![ManagedBy::Engine, ManagedBy::Palette]),
        select(vec![Etcd::Stacked, Etcd::External, Etcd::Opaque]),
        select(vec![Repave::Approved, Repave::Pending, Repave::Reverted]),
        any::<u8>(),
    );
    (
        id(),
        prop::option::of(id()),
        prop::option::of(pool()),
        prop::collection::vec(pool(), 0..3),
        network(),
        stamps,
        kinds,
    )
        .prop_map(
            |(id, pcg_id, control_plane, workers, network, stamps, kinds)| {
                let mut spec = ClusterSpec::new(id);
                (spec.pcg_id, spec.control_plane, spec.workers, spec.network) =
                    (pcg_id, control_plane, workers, network);
                (
                    spec.requested_ms,
                    spec.delete_requested_ms,
                    spec.abort_requested_ms,
                ) = (stamps.0, stamps.1, stamps.2);
                spec.force_delete = stamps.3.map(|requested_ms| ForceDelete {
                    requested_ms,
                    actor_role: Role::Other,
                    reason: String::new(),
                });
                (spec.managed_by, spec.etcd, spec.repave, spec.priority) = kinds;
                spec
            },
        )
}

fn gateway() -> impl Strategy<Value = PcgSpec> {
    (cluster(), pool()).prop_map(|(c, pool)| PcgSpec {
        id: c.id,
        managed_by: c.managed_by,
        requested_ms: c.requested_ms,
        pool,
        network: c.network,
        delete_requested_ms: c.delete_requested_ms,
    })
}

fn machine() -> impl Strategy<Value = Machine> {
    let status = select(vec![
        MachineStatus::Ready,
        MachineStatus::Deployed,
        MachineStatus::Releasing,
        MachineStatus::FailedDiskErasing,
        MachineStatus::Unknown,
    ]);
    let owner = prop::option::of(
        (id(), prop::option::of(id()), prop::option::of(id())).prop_map(|(cluster, pool, node)| {
            Owner {
                cluster,
                pool,
                node,
            }
        }),
    );
    (
        select(vec!["m1", "m2", "m3", ""]),
        status,
        owner,
        number(),
        prop::option::of(time()),
        any::<bool>(),
    )
        .prop_map(|(name, status, owner, n, since, locked)| {
            let mut machine = Machine::ready(name, "z1", n, n, n);
            (
                machine.status,
                machine.owner,
                machine.status_since_ms,
                machine.locked,
            ) = (status, owner, since, locked);
            if locked {
                machine.disk_gb = Vec::new();
            }
            machine
        })
}

fn node() -> impl Strategy<Value = Node> {
    (
        id(),
        id(),
        id(),
        select(vec!["m1", "m2", "m9"]),
        version(),
        (time(), prop::option::of(time())),
        select(vec![Tri::True, Tri::False, Tri::Unknown]),
    )
        .prop_map(
            |(cluster, pool, name, machine, version, (created, joined), ready)| {
                let mut node = Node::new(cluster, pool, name);
                (
                    node.system_id,
                    node.k8s_version,
                    node.created_ms,
                    node.joined_ms,
                    node.ready,
                ) = (Some(machine.into()), version, created, joined, ready);
                (node.revision, node.ready_since_ms) = (Some("r1".into()), joined);
                node
            },
        )
}

fn world() -> impl Strategy<Value = World> {
    let desired = (
        prop::collection::vec(cluster(), 0..4),
        prop::collection::vec(gateway(), 0..3),
        number(),
    );
    let member = (
        id(),
        id(),
        select(vec![Tri::True, Tri::False, Tri::Unknown]),
        any::<bool>(),
    )
        .prop_map(|(member_id, node, healthy, learner)| EtcdMember {
            member_id,
            node: Some(node),
            healthy,
            learner,
            ..EtcdMember::default()
        });
    let etcd = (time(), any::<bool>(), prop::collection::vec(member, 0..4)).prop_map(
        |(as_of_ms, reachable, members)| EtcdView {
            as_of_ms,
            reachable,
            members,
        },
    );
    let state = prop::option::of(
        select(vec!["deleted", "Deleting", "Running", "Error", "?"]).prop_map(str::to_owned),
    );
    let seen = (
        state.clone(),
        any::<bool>(),
        prop::option::of(time()),
        prop::option::of(time()),
        prop::option::of(time()),
    )
        .prop_map(
            |(state, initialized, provisioned_ms, deletion_started_ms, abort_started_ms)| {
                ClusterObs {
                    state,
                    initialized,
                    provisioned_ms,
                    deletion_started_ms,
                    abort_started_ms,
                    ..ClusterObs::default()
                }
            },
        );
    let subnets = prop::collection::vec((id(), net(), number()), 0..3);
    let observed = (
        prop::collection::vec(machine(), 0..5),
        prop::collection::vec(node(), 0..6),
        prop::collection::btree_map(id(), etcd, 0..3),
        prop::collection::btree_map(id(), seen, 0..4),
        prop::collection::btree_map(id(), (state, any::<bool>()), 0..2),
        subnets,
    );
    let clocks = (
        time(),
        time(),
        prop::option::of(time()),
        prop::option::of(time()),
        number(),
    );
    (desired, observed, clocks).prop_map(|((clusters, pcgs, n), observed, clocks)| {
        let mut world = World::new(clocks.0);
        world.desired = Desired {
            schema_version: n,
            pcgs,
            clusters,
        };
        world.observed.as_of_ms = clocks.1;
        world.memory.clock_hwm_ms = clocks.2;
        world.memory.clusters.insert(
            "c1".into(),
            ClusterMemory {
                terminating_since_ms: clocks.3,
                ..ClusterMemory::default()
            },
        );
        world.policy.max_pools_rolling = clocks.4;
        world.policy.observation_max_age_s = clocks.4;
        let o = &mut world.observed;
        (o.machines, o.nodes, o.etcd, o.clusters) =
            (observed.0, observed.1, observed.2, observed.3);
        o.pcgs = observed
            .4
            .into_iter()
            .map(|(id, (state, healthy))| {
                (
                    id,
                    PcgObs {
                        state,
                        healthy,
                        size: n,
                        version: None,
                    },
                )
            })
            .collect();
        let subnet = |(id, cidr, free_ips): (String, Option<ipnet::IpNet>, u32)| {
            cidr.map(|cidr| Subnet {
                id,
                cidr,
                free_ips,
                gateway: None,
                reserved: Vec::new(),
            })
        };
        o.subnets = observed.5.into_iter().filter_map(subnet).collect();
        world
    })
}

fn request() -> impl Strategy<Value = Request> {
    let role = || select(vec![Role::TenantAdmin, Role::ProjectAdmin, Role::Other]);
    prop_oneof![
        (cluster(), any::<bool>()).prop_map(|(c, queue_if_short)| Request::Create {
            cluster: Box::new(c),
            queue_if_short
        }),
        cluster().prop_map(|c| Request::Update {
            cluster: Box::new(c)
        }),
        (id(), role()).prop_map(|(id, actor_role)| Request::Delete { id, actor_role }),
        (id(), role()).prop_map(|(id, actor_role)| Request::Abort { id, actor_role }),
        (id(), role()).prop_map(|(id, actor_role)| Request::ForceDelete {
            id,
            actor_role,
            reason: String::new()
        }),
        id().prop_map(|id| Request::Pause { id }),
        (id(), prop::option::of(id())).prop_map(|(id, pool)| Request::Resume { id, pool }),
        id().prop_map(|id| Request::ApproveRepave { id }),
        id().prop_map(|id| Request::RevertRepave { id }),
        gateway().prop_map(|g| Request::CreatePcg { pcg: Box::new(g) }),
        (id(), number()).prop_map(|(id, size)| Request::ResizePcg { id, size }),
        (id(), version()).prop_map(|(id, k8s_version)| Request::UpgradePcg {
            id,
            revision: "r2".into(),
            k8s_version
        }),
        id().prop_map(|id| Request::DeletePcg { id }),
    ]
}

/// The same request for something that the world does have, or would take.
fn aimed(mut request: Request, world: &World) -> Request {
    let target = world.desired.clusters.first().map(|c| c.id.clone());
    match (&mut request, target) {
        (Request::Update { cluster }, Some(id)) => {
            let mut spec = world.desired.clusters[0].clone();
            (spec.workers, spec.repave) = (cluster.workers.clone(), cluster.repave);
            **cluster = ClusterSpec { id, ..spec };
        }
        (
            Request::Delete { id: place, .. }
            | Request::Abort { id: place, .. }
            | Request::ForceDelete { id: place, .. }
            | Request::Pause { id: place },
            Some(id),
        ) => {
            *place = id;
        }
        _ => {}
    }
    request
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_request_gets_an_answer(world in world(), request in request()) {
        for request in [aimed(request.clone(), &world), request] {
            match admit(&request, &world) {
                Err(refusal) => {
                    prop_assert!(!refusal.code.is_warning() && !refusal.message.is_empty() && !refusal.hint.is_empty(), "{refusal:?}");
                    prop_assert!(!refusal.to_string().is_empty());
                }
                Ok(admission) => {
                    if let Request::ForceDelete { actor_role, .. } = &request {
                        prop_assert_ne!(*actor_role, Role::Other);
                    }
                    // Whatever is created is sound in itself.
                    if let Request::Create { .. } = &request {
                        let place = format!("/clusters/{}/", admission.desired.clusters.len() - 1);
                        let wrong = validate(&admission.desired).into_iter().find(|f| f.path.starts_with(&place) && f.severity == Severity::Error);
                        prop_assert_eq!(wrong.filter(|f| f.code != Code::CidrTooSmall), None);
                    }
                }
            }
        }
    }

    #[test]
    fn every_world_is_validated_planned_and_counted(world in world(), cluster in cluster()) {
        for finding in validate(&world.desired) {
            prop_assert!(!finding.message.is_empty() && !finding.hint.is_empty(), "{finding:?}");
        }
        let input = NetworkInput { desired: world.desired.clone(), subnets: world.observed.subnets.clone(), policy: world.policy.clone() };
        for finding in plan_network(&input).findings {
            prop_assert!(!finding.hint.is_empty(), "{finding:?}");
        }
        let report = check_capacity(&cluster, &world);
        prop_assert!(report.pools.iter().all(|p| p.available <= p.need && p.available <= p.fitting));
        prop_assert!(report.to_string().starts_with("pool"));
    }
}
