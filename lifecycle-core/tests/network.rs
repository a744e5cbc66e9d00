//! The address plan: counts against worked examples, overlaps against trying every pair.
#![allow(clippy::unwrap_used)]

use ipnet::IpNet;
use lifecycle_core::{
    ClusterSpec, Code, Desired, Erase, Finding, ManagedBy, NetSpec, NetworkInput, NetworkOwner,
    NetworkPlan, PcgSpec, Pct, Policy, PoolSpec, Strategy, Subnet, plan_network,
};
use proptest::prelude::{Strategy as _, any, prop, prop_assert, prop_assert_eq, proptest};

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn subnet(id: &str, cidr: &str, free_ips: u32) -> Subnet {
    Subnet {
        id: id.into(),
        cidr: net(cidr),
        free_ips,
        gateway: None,
        reserved: Vec::new(),
    }
}

fn cluster(id: &str, control_plane: u32, workers: &[u32]) -> ClusterSpec {
    let spec = ClusterSpec::new(id).control_plane(PoolSpec::control_plane("cp", control_plane));
    let spec = spec.network(NetSpec {
        subnet: Some("s1".into()),
        ..NetSpec::default()
    });
    workers.iter().enumerate().fold(spec, |spec, (i, size)| {
        spec.worker(PoolSpec::worker(format!("w{i}"), *size))
    })
}

fn plan(clusters: Vec<ClusterSpec>, subnets: Vec<Subnet>, policy: Policy) -> NetworkPlan {
    plan_network(&NetworkInput {
        desired: Desired {
            clusters,
            ..Desired::default()
        },
        subnets,
        policy,
    })
}

fn told(findings: &[Finding]) -> Vec<(Code, &str)> {
    findings.iter().map(|f| (f.code, f.path.as_str())).collect()
}

fn of(steady: u32, peak: u32) -> NetworkOwner {
    NetworkOwner { steady, peak }
}

#[test]
fn three_and_five_on_nine_addresses() {
    let on = |free_ips| {
        plan(
            vec![cluster("c1", 3, &[5])],
            vec![subnet("s1", "10.10.0.0/24", free_ips)],
            Policy::default(),
        )
    };
    let nine = on(9);
    assert_eq!(nine.owners["c1"], of(9, 10));
    assert_eq!(
        (
            nine.subnets["s1"].steady,
            nine.subnets["s1"].peak,
            nine.subnets["s1"].headroom
        ),
        (9, 10, -1)
    );
    assert_eq!(
        told(&nine.findings),
        [(Code::IpPeak, "/clusters/0/network/subnet")]
    );
    assert_eq!(
        told(&on(8).findings),
        [(Code::IpShort, "/clusters/0/network/subnet")]
    );
    assert_eq!(
        told(&on(10).findings),
        [(Code::IpHeadroom, "/clusters/0/network/subnet")]
    );
    assert_eq!(told(&on(11).findings), []);
}

#[test]
fn peaks_follow_strategy_and_policy() {
    let peak = |change: &dyn Fn(&mut ClusterSpec), policy: Policy| {
        let mut spec = cluster("c1", 3, &[4, 10]);
        change(&mut spec);
        plan(vec![spec], Vec::new(), policy).owners["c1"].peak
    };
    let two_pools = || Policy {
        max_pools_rolling: 2,
        ..Policy::default()
    };
    let held = || Policy {
        lease_held_while_returning: true,
        ..Policy::default()
    };
    assert_eq!(peak(&|_| (), Policy::default()), 18 + 1);
    assert_eq!(peak(&|_| (), two_pools()), 18 + 2);
    assert_eq!(
        peak(&|c| c.workers[1].max_parallel = 3, Policy::default()),
        18 + 3
    );
    assert_eq!(
        peak(&|c| c.workers[1].max_parallel = 3, two_pools()),
        18 + 4
    );
    let contract = |c: &mut ClusterSpec| {
        for pool in c.control_plane.iter_mut().chain(&mut c.workers) {
            pool.strategy = Strategy::ContractFirst;
        }
    };
    assert_eq!(peak(&contract, Policy::default()), 18);
    assert_eq!(peak(&contract, held()), 18 + 1);
    assert_eq!(
        peak(&|_| (), held()),
        18 + 1,
        "held machines are waited for"
    );
    assert_eq!(
        peak(&|c| c.workers[0].erase = Erase::Secure, held()),
        18 + 2,
        "nobody waits for a slow erase"
    );
    let custom = |c: &mut ClusterSpec| {
        c.workers[1].max_parallel = 5;
        c.workers[1].strategy = Strategy::Custom {
            max_surge: Pct::Percent(25),
            max_unavailable: Pct::Count(1),
        };
    };
    assert_eq!(peak(&custom, Policy::default()), 18 + 3);
}

#[test]
fn gateways_and_machines_without_kubernetes() {
    let gateway = |id: &str, size| PcgSpec {
        id: id.into(),
        managed_by: ManagedBy::Engine,
        requested_ms: 0,
        pool: PoolSpec::control_plane("gw", size),
        network: NetSpec::default(),
        delete_requested_ms: None,
    };
    let desired = Desired {
        pcgs: vec![gateway("g1", 1), gateway("g3", 3)],
        clusters: vec![ClusterSpec::new("m").worker(PoolSpec::worker("w", 4))],
        ..Desired::default()
    };
    let plan = plan_network(&NetworkInput {
        desired,
        ..NetworkInput::default()
    });
    assert_eq!(
        (plan.owners["g1"], plan.owners["g3"], plan.owners["m"]),
        (of(2, 3), of(4, 5), of(4, 5))
    );
}

#[test]
fn the_cluster_at_which_a_subnet_runs_out_is_told() {
    let clusters = vec![
        cluster("late", 3, &[]).requested_ms(9),
        cluster("early", 3, &[]).requested_ms(1),
        cluster("middle", 1, &[]).requested_ms(5),
    ];
    let plan = plan(
        clusters,
        vec![subnet("s1", "10.10.0.0/24", 9)],
        Policy::default(),
    );
    assert_eq!(
        told(&plan.findings),
        [(Code::IpShort, "/clusters/0/network/subnet")]
    );
    assert_eq!(plan.findings[0].args["missing"], 1);
}

#[test]
fn pools_may_live_in_subnets_of_their_own() {
    let mut spec = cluster("c1", 3, &[5]);
    spec.workers[0].subnet = Some("s2".into());
    let plan = plan(
        vec![spec],
        vec![
            subnet("s1", "10.10.0.0/24", 100),
            subnet("s2", "10.20.0.0/24", 100),
        ],
        Policy::default(),
    );
    assert_eq!((plan.subnets["s1"].steady, plan.subnets["s1"].peak), (4, 5));
    assert_eq!(
        (
            plan.subnets["s2"].steady,
            plan.subnets["s2"].peak,
            plan.subnets["s2"].headroom
        ),
        (5, 6, 94)
    );
}

#[test]
fn an_overlap_names_both_ranges_and_what_they_share() {
    let mut spec = cluster("c1", 3, &[]);
    spec.network.pod_cidr = Some(net("192.168.0.0/16"));
    let plan = plan(
        vec![spec],
        vec![subnet("s1", "192.168.10.0/24", 100)],
        Policy::default(),
    );
    assert_eq!(
        told(&plan.findings),
        [(Code::CidrOverlap, "/clusters/0/network/pod_cidr")]
    );
    assert_eq!(
        plan.findings[0].message,
        "pod CIDR 192.168.0.0/16 overlaps machine subnet 192.168.10.0/24 in 192.168.10.0–192.168.10.255"
    );
    let args = &plan.findings[0].args;
    assert_eq!(
        (&args["a"], &args["b"], &args["range"]),
        (
            &"192.168.0.0/16".into(),
            &"192.168.10.0/24".into(),
            &"192.168.10.0–192.168.10.255".into()
        )
    );
}

/// The codes for one cluster with these ranges on 10.10.0.0/24.
fn codes(change: impl FnOnce(&mut NetSpec)) -> Vec<(Code, String)> {
    let mut spec = cluster("c1", 3, &[5]);
    change(&mut spec.network);
    let plan = plan(
        vec![spec],
        vec![subnet("s1", "10.10.0.0/24", 100)],
        Policy::default(),
    );
    plan.findings
        .into_iter()
        .map(|f| (f.code, f.path.rsplit('/').next().unwrap().to_owned()))
        .collect()
}

#[test]
fn ranges_and_addresses_that_do_not_work() {
    let set = |field: &'static str, value: &'static str| {
        move |n: &mut NetSpec| match field {
            "pods" => n.pod_cidr = Some(net(value)),
            "services" => n.service_cidr = Some(net(value)),
            _ => n.vip = value.parse().ok(),
        }
    };
    let one = |code: Code, field: &str| vec![(code, field.to_owned())];
    assert_eq!(
        codes(set("services", "10.10.0.0/25")),
        one(Code::CidrOverlap, "service_cidr")
    );
    for reserved in [
        "172.17.0.0/20",
        "169.254.0.0/18",
        "127.0.0.0/16",
        "239.0.0.0/16",
        "160.0.0.0/3",
    ] {
        assert!(
            codes(set("pods", reserved)).contains(&(Code::CidrOverlap, "pod_cidr".to_owned())),
            "{reserved}"
        );
    }
    assert_eq!(
        codes(set("services", "10.96.0.0/29")),
        one(Code::CidrTooSmall, "service_cidr")
    );
    assert_eq!(
        codes(set("services", "11.0.0.0/8")),
        one(Code::Invalid, "service_cidr")
    );
    assert_eq!(codes(set("services", "10.96.0.0/28")), []);
    assert_eq!(codes(set("services", "fd00::/108")), []);
    assert_eq!(
        codes(set("services", "fd00::/107")),
        one(Code::Invalid, "service_cidr")
    );
    assert_eq!(codes(set("vip", "10.10.0.250")), []);
    assert_eq!(
        codes(set("vip", "10.11.0.250")),
        one(Code::VipOutsideSubnet, "vip")
    );
    let vip_in = |field| {
        move |n: &mut NetSpec| {
            set(field, "10.96.0.0/12")(n);
            n.vip = "10.100.0.1".parse().ok();
        }
    };
    assert_eq!(
        codes(vip_in("services")),
        [
            (Code::VipInCidr, "vip".to_owned()),
            (Code::VipOutsideSubnet, "vip".to_owned())
        ]
    );
    assert_eq!(codes(vip_in("pods"))[0].0, Code::VipInCidr);
    // Nine nodes at most: /21 holds 8 shares of /24, /20 holds 16.
    assert_eq!(
        codes(set("pods", "10.244.0.0/21")),
        one(Code::CidrTooSmall, "pod_cidr")
    );
    assert_eq!(codes(set("pods", "10.244.0.0/20")), []);
    assert_eq!(
        codes(set("pods", "10.244.0.0/25")),
        one(Code::CidrTooSmall, "pod_cidr")
    );
    assert_eq!(codes(set("pods", "fd00:1::/56")), []);
    assert_eq!(
        codes(|n| (n.pod_cidr, n.node_mask) = (Some(net("10.244.0.0/16")), 33)),
        one(Code::Invalid, "node_mask")
    );
}

#[test]
fn the_default_pod_range_meets_many_machine_networks() {
    let with = |pods: Option<&str>, own: &str, other: &str| {
        let mut spec = cluster("c1", 3, &[]);
        spec.network.pod_cidr = pods.map(net);
        told(
            &plan(
                vec![spec],
                vec![subnet("s1", own, 100), subnet("s2", other, 100)],
                Policy::default(),
            )
            .findings,
        )
        .into_iter()
        .map(|(c, _)| c)
        .collect::<Vec<_>>()
    };
    assert_eq!(
        with(None, "192.168.4.0/24", "10.20.0.0/24"),
        [Code::MaasDefaultSubnet]
    );
    assert_eq!(with(None, "10.10.0.0/24", "10.20.0.0/24"), []);
    assert_eq!(
        with(Some("192.168.0.0/16"), "10.10.0.0/24", "192.168.4.0/24"),
        [Code::MaasDefaultSubnet]
    );
    assert_eq!(
        with(Some("10.244.0.0/16"), "10.10.0.0/24", "192.168.4.0/24"),
        []
    );
}

#[test]
fn pods_of_clusters_may_be_alike_unless_they_are_routed() {
    let pods = |cidr: &str, routable_pods| {
        let mut spec = cluster(&format!("c{}", cidr.len()), 3, &[]);
        (spec.network.pod_cidr, spec.network.routable_pods) = (Some(net(cidr)), routable_pods);
        spec
    };
    let judge = |a: ClusterSpec, mut b: ClusterSpec| {
        b.id = "other".into();
        told(&plan(vec![a, b], Vec::new(), Policy::default()).findings)
            .into_iter()
            .map(|(c, p)| (c, p.to_owned()))
            .collect::<Vec<_>>()
    };
    let second = "/clusters/1/network/pod_cidr".to_owned();
    assert_eq!(
        judge(pods("10.244.0.0/16", false), pods("10.244.0.0/16", false)),
        [(Code::PodsShared, second.clone())]
    );
    assert_eq!(
        judge(pods("10.244.0.0/16", true), pods("10.244.0.0/17", false)),
        [(Code::CidrOverlap, second.clone())]
    );
    assert_eq!(
        judge(pods("10.244.0.0/17", false), pods("10.244.0.0/16", true)),
        [(Code::CidrOverlap, second)]
    );
    assert_eq!(
        judge(pods("10.244.0.0/16", true), pods("10.245.0.0/16", true)),
        []
    );
}

#[test]
fn many_clusters_with_the_same_range_are_planned_in_reasonable_time() {
    let clusters = |shared: bool| {
        (0..10_000_u32).map(move |k| {
            let mut spec = cluster(&format!("c{k}"), 3, &[2]);
            let (a, b) = if shared { (244, 0) } else { (k / 256, k % 256) };
            spec.network.pod_cidr = Some(net(&format!(
                "10.{}.{b}.0/{}",
                a % 256,
                if shared { 16 } else { 24 }
            )));
            spec.network.node_mask = 28;
            spec
        })
    };
    let shared = plan(
        clusters(true).collect(),
        vec![subnet("s1", "172.20.0.0/16", 60_000)],
        Policy::default(),
    );
    assert_eq!(
        shared
            .findings
            .iter()
            .filter(|f| f.code == Code::PodsShared)
            .count(),
        9_999
    );
    let apart = plan(clusters(false).collect(), Vec::new(), Policy::default());
    assert_eq!(told(&apart.findings), []);
}

fn arbitrary_net() -> impl proptest::strategy::Strategy<Value = IpNet> {
    (0_u8..4, any::<u8>(), 8_u8..=30)
        .prop_map(|(a, b, prefix)| IpNet::new([10, a, b, 0].into(), prefix).unwrap().trunc())
}

proptest! {
    #[test]
    fn every_overlap_is_reported_and_nothing_else(nets in prop::collection::vec((arbitrary_net(), any::<bool>()), 0..8)) {
        let clusters: Vec<ClusterSpec> = nets.iter().enumerate().map(|(k, (pods, routable))| {
            let mut spec = cluster(&format!("c{k}"), 1, &[]);
            (spec.network.pod_cidr, spec.network.node_mask, spec.network.routable_pods) = (Some(*pods), 32, *routable);
            spec
        }).collect();
        let findings = plan(clusters, Vec::new(), Policy::default()).findings;
        let overlap = |a: usize, b: usize| nets[a].0.contains(&nets[b].0) || nets[b].0.contains(&nets[a].0);
        let pairs: Vec<(usize, usize)> = (0..nets.len()).flat_map(|b| (0..b).map(move |a| (a, b))).filter(|(a, b)| overlap(*a, *b)).collect();
        let routed = pairs.iter().any(|(a, b)| nets[*a].1 || nets[*b].1);
        prop_assert_eq!(findings.iter().any(|f| f.code == Code::CidrOverlap), routed);
        prop_assert_eq!(findings.iter().any(|f| matches!(f.code, Code::CidrOverlap | Code::PodsShared)), !pairs.is_empty());
        for finding in &findings {
            let at: usize = finding.path.split('/').nth(2).unwrap().parse().unwrap();
            let with: usize = finding.args["with"].as_str().unwrap()[1..].parse().unwrap();
            prop_assert!(pairs.contains(&(with.min(at), with.max(at))), "{}", finding);
        }
    }
}
