//! Address ranges: canonical, large enough, and disjoint where they must be.

use core::net::IpAddr;

use ipnet::IpNet;

use super::interval::{Index, Interval};
use super::usage::peak_nodes;
use crate::prelude::*;
use crate::{Code, Desired, Finding, NetSpec, PcgSpec, Policy, PoolSpec, Subnet};

/// Ranges that every host uses for itself.
const RESERVED: [(&str, &str); 7] = [
    ("172.17.0.0/16", "the container bridge"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local addresses"),
    ("224.0.0.0/4", "multicast"),
    ("::1/128", "loopback"),
    ("fe80::/10", "link-local addresses"),
    ("ff00::/8", "multicast"),
];

/// The pod range that Palette's Kubernetes pack for MAAS sets unless it is told another.
const DEFAULT_PODS: &str = "192.168.0.0/16";

/// One cluster's or gateway's ranges.
struct Ranges<'a> {
    id: &'a str,
    path: String,
    network: &'a NetSpec,
    pools: Vec<&'a PoolSpec>,
}

/// Everything that can be said about the ranges of a fleet. `subnets` may be empty: then what concerns machine subnets is left out.
pub(crate) fn range_findings(
    desired: &Desired,
    subnets: &[Subnet],
    policy: &Policy,
) -> Vec<Finding> {
    let reserved = Index::new(
        RESERVED
            .iter()
            .filter_map(|(net, what)| Some((net.parse::<IpNet>().ok()?.into(), (*net, *what)))),
    );
    let by_id: BTreeMap<&str, &Subnet> = subnets.iter().rev().map(|s| (s.id.as_str(), s)).collect();
    let every_subnet = Index::new(subnets.iter().map(|s| (Interval::from(s.cidr), s)));

    let gateways = desired.pcgs.iter().enumerate().map(
        |(
            i,
            PcgSpec {
                id, network, pool, ..
            },
        )| Ranges {
            id,
            path: format!("/pcgs/{i}/network"),
            network,
            pools: vec![pool],
        },
    );
    let clusters = desired.clusters.iter().enumerate().map(|(i, c)| Ranges {
        id: &c.id,
        path: format!("/clusters/{i}/network"),
        network: &c.network,
        pools: c.pools().collect(),
    });
    let owners: Vec<Ranges<'_>> = gateways.chain(clusters).collect();

    let mut findings = Vec::new();
    for owner in &owners {
        owner.form(&mut findings);
        owner.against_reserved(&reserved, &mut findings);
        owner.within(&mut findings);
        owner.against_subnets(&by_id, &every_subnet, &mut findings);
        owner.capacity(policy, &mut findings);
    }
    pods_across(&owners, &mut findings);
    findings
}

impl Ranges<'_> {
    /// The ranges that are given, with their field and what to call them.
    fn given(&self) -> impl Iterator<Item = (&'static str, &'static str, IpNet)> + use<'_> {
        let pods = self
            .network
            .pod_cidr
            .map(|net| ("pod_cidr", "pod CIDR", net));
        let services = self
            .network
            .service_cidr
            .map(|net| ("service_cidr", "service CIDR", net));
        pods.into_iter().chain(services)
    }

    fn overlap(&self, field: &str, what: &str, a: IpNet, other: &str, b: IpNet) -> Option<Finding> {
        let range = Interval::from(a).intersection(b.into())?;
        let finding = Finding::new(
            Code::CidrOverlap,
            format!("{}/{field}", self.path),
            format!("{what} {a} overlaps {other} {b} in {range}"),
        );
        Some(
            finding
                .hint("choose a range that no machine, service or other pod uses")
                .arg("a", a.to_string())
                .arg("b", b.to_string())
                .arg("range", range.to_string()),
        )
    }

    fn form(&self, findings: &mut Vec<Finding>) {
        for (field, what, net) in self.given() {
            if net != net.trunc() {
                let message = format!("{what} {net} has host bits set");
                let hint = format!("write {}", net.trunc());
                findings.push(
                    Finding::new(
                        Code::CidrNotCanonical,
                        format!("{}/{field}", self.path),
                        message,
                    )
                    .hint(hint)
                    .arg("cidr", net.to_string())
                    .arg("canonical", net.trunc().to_string()),
                );
            }
        }
    }

    fn against_reserved(&self, reserved: &Index<(&str, &str)>, findings: &mut Vec<Finding>) {
        for (field, what, net) in self.given() {
            if let Some((range, (other, purpose))) = reserved.meeting(net.into()) {
                let message =
                    format!("{what} {net} overlaps {other}, reserved for {purpose}, in {range}");
                let finding =
                    Finding::new(Code::CidrOverlap, format!("{}/{field}", self.path), message)
                        .hint("choose a range outside of it");
                findings.push(
                    finding
                        .arg("a", net.to_string())
                        .arg("b", *other)
                        .arg("range", range.to_string()),
                );
            }
        }
    }

    fn within(&self, findings: &mut Vec<Finding>) {
        if let (Some(pods), Some(services)) = (self.network.pod_cidr, self.network.service_cidr) {
            findings.extend(self.overlap("pod_cidr", "pod CIDR", pods, "service CIDR", services));
        }
        let Some(vip) = self.network.vip else { return };
        for (_, what, net) in self.given() {
            if net.contains(&vip) {
                let message = format!("endpoint address {vip} lies in the {what} {net}");
                let finding = Finding::new(Code::VipInCidr, format!("{}/vip", self.path), message)
                    .hint("take an address of the machine subnet");
                findings.push(
                    finding
                        .arg("vip", vip.to_string())
                        .arg("cidr", net.to_string()),
                );
            }
        }
    }

    fn against_subnets(
        &self,
        by_id: &BTreeMap<&str, &Subnet>,
        every: &Index<&Subnet>,
        findings: &mut Vec<Finding>,
    ) {
        let named: BTreeSet<&str> = self
            .pools
            .iter()
            .filter_map(|p| p.subnet.as_deref())
            .chain(self.network.subnet.as_deref())
            .collect();
        let own: Vec<&Subnet> = named
            .iter()
            .filter_map(|id| by_id.get(id).copied())
            .collect();
        for (field, what, net) in self.given() {
            if named.is_empty() {
                // The machines may come from any subnet.
                if let Some((_, subnet)) = every.meeting(net.into()) {
                    findings.extend(self.overlap(field, what, net, "machine subnet", subnet.cidr));
                }
            } else {
                findings.extend(own.iter().filter_map(|subnet| {
                    self.overlap(field, what, net, "machine subnet", subnet.cidr)
                }));
            }
        }
        self.default_pods(&own, every, findings);
        if let Some(vip) = self.network.vip {
            self.vip_in_subnet(vip, by_id, findings);
        }
    }

    /// A pod range that nobody chose is the pack's, which many MAAS networks use for machines.
    fn default_pods(&self, own: &[&Subnet], every: &Index<&Subnet>, findings: &mut Vec<Finding>) {
        let Ok(default) = DEFAULT_PODS.parse::<IpNet>() else {
            return;
        };
        let met = match self.network.pod_cidr {
            None => own.iter().copied().find(|s| {
                Interval::from(s.cidr)
                    .intersection(default.into())
                    .is_some()
            }),
            // The cluster's own subnets are an error already.
            Some(pods) => Interval::from(pods)
                .intersection(default.into())
                .and_then(|_| every.meeting(pods.into()))
                .map(|(_, subnet)| *subnet)
                .filter(|subnet| !own.is_empty() && own.iter().all(|o| o.id != subnet.id)),
        };
        if let Some(subnet) = met {
            let message = match self.network.pod_cidr {
                None => format!(
                    "pods get {DEFAULT_PODS} unless a pod CIDR is set, and machine subnet {} lies in it",
                    subnet.cidr
                ),
                Some(pods) => format!("pod CIDR {pods} hides subnet {} from the pods", subnet.cidr),
            };
            let finding = Finding::new(
                Code::MaasDefaultSubnet,
                format!("{}/pod_cidr", self.path),
                message,
            );
            findings.push(
                finding
                    .hint("set a pod CIDR outside of it, for instance 10.244.0.0/16")
                    .arg("subnet", subnet.id.clone()),
            );
        }
    }

    fn vip_in_subnet(
        &self,
        vip: IpAddr,
        by_id: &BTreeMap<&str, &Subnet>,
        findings: &mut Vec<Finding>,
    ) {
        let place = self
            .pools
            .first()
            .and_then(|pool| pool.subnet.as_deref())
            .or(self.network.subnet.as_deref());
        let Some(subnet) = place.and_then(|id| by_id.get(id)) else {
            return;
        };
        let path = format!("{}/vip", self.path);
        if !subnet.cidr.contains(&vip) {
            let message = format!(
                "endpoint address {vip} lies outside of machine subnet {}",
                subnet.cidr
            );
            let finding = Finding::new(Code::VipOutsideSubnet, path, message)
                .hint("take an address of the machine subnet that MAAS does not give out");
            findings.push(
                finding
                    .arg("vip", vip.to_string())
                    .arg("subnet", subnet.cidr.to_string()),
            );
        } else if subnet.gateway == Some(vip) {
            let message = format!(
                "endpoint address {vip} is the gateway of machine subnet {}",
                subnet.cidr
            );
            findings.push(
                Finding::new(Code::Invalid, path, message)
                    .hint("take another address of the subnet")
                    .arg("vip", vip.to_string()),
            );
        }
    }

    fn capacity(&self, policy: &Policy, findings: &mut Vec<Finding>) {
        if let Some(services) = self.network.service_cidr {
            let host_bits = services.max_prefix_len() - services.prefix_len();
            if !(4..=20).contains(&host_bits) {
                let (least, most) = (
                    services.max_prefix_len() - 4,
                    services.max_prefix_len() - 20,
                );
                let message =
                    format!("service CIDR {services} must be between /{least} and /{most}");
                let code = if host_bits < 4 {
                    Code::CidrTooSmall
                } else {
                    Code::Invalid
                };
                findings.push(
                    Finding::new(code, format!("{}/service_cidr", self.path), message)
                        .hint("10.96.0.0/12 is usual")
                        .arg("cidr", services.to_string()),
                );
            }
        }
        let Some(pods) = self.network.pod_cidr else {
            return;
        };
        let mask = node_mask(self.network, pods);
        if mask > pods.max_prefix_len() {
            let message = format!("node mask {mask} is longer than an address of {pods}");
            findings.push(
                Finding::new(Code::Invalid, format!("{}/node_mask", self.path), message)
                    .hint("24 is usual, for IPv6 64"),
            );
            return;
        }
        let room = mask.checked_sub(pods.prefix_len()).map_or(0, |bits| {
            1_u128.checked_shl(bits.into()).unwrap_or(u128::MAX)
        });
        let peak = peak_nodes(self.pools.iter().copied(), policy);
        if room < u128::from(peak) {
            let message = format!(
                "pod CIDR {pods} has room for {room} nodes of /{mask} each; at most {peak} are needed"
            );
            let finding = Finding::new(
                Code::CidrTooSmall,
                format!("{}/pod_cidr", self.path),
                message,
            )
            .hint("take a shorter prefix, or a longer node mask");
            findings.push(
                finding
                    .arg("cidr", pods.to_string())
                    .arg("max_nodes", room.to_string())
                    .arg("peak_nodes", peak),
            );
        }
    }
}

/// The default of 24 is an IPv4 one; nobody means it for IPv6.
fn node_mask(network: &NetSpec, pods: IpNet) -> u8 {
    match pods {
        IpNet::V6(_) if network.node_mask == NetSpec::default().node_mask => 64,
        _ => network.node_mask,
    }
}

/// A pod range, and the place of its owner.
type Pods = (Interval, usize, IpNet);

/// Pods of different clusters: one report for each range that meets an earlier one, in one pass over the sorted ranges.
fn pods_across(owners: &[Ranges<'_>], findings: &mut Vec<Finding>) {
    let mut sorted: Vec<Pods> = owners
        .iter()
        .enumerate()
        .filter_map(|(i, owner)| {
            owner
                .network
                .pod_cidr
                .map(|net| (Interval::from(net), i, net))
        })
        .collect();
    sorted.sort();
    // Of all ranges passed, and of the routable ones among them, the one that reaches furthest.
    let (mut any, mut routable): (Option<Pods>, Option<Pods>) = (None, None);
    let mut found: Vec<(usize, Finding)> = Vec::new();
    for (interval, at, net) in sorted {
        let owner = &owners[at];
        let is_routable = owner.network.routable_pods;
        let meets =
            |other: Option<Pods>| other.filter(|(i, ..)| i.intersection(interval).is_some());
        let (hit, code) = match (
            meets(routable).or(meets(any).filter(|_| is_routable)),
            meets(any),
        ) {
            (Some(hit), _) => (Some(hit), Code::CidrOverlap),
            (None, hit) => (hit, Code::PodsShared),
        };
        if let Some((other_interval, other_at, other)) = hit {
            let range = interval
                .intersection(other_interval)
                .map_or_else(String::new, |r| r.to_string());
            // The later of the two in the document is the one to change.
            let (told, told_net, with, with_net) = if at > other_at {
                (at, net, other_at, other)
            } else {
                (other_at, other, at, net)
            };
            let with = owners[with].id;
            let message =
                format!("pod CIDR {told_net} overlaps pod CIDR {with_net} of {with} in {range}");
            let hint = if code == Code::PodsShared {
                "fine as long as pods are not routed between clusters"
            } else {
                "routable pods need a range of their own"
            };
            let finding =
                Finding::new(code, format!("{}/pod_cidr", owners[told].path), message).hint(hint);
            found.push((
                told,
                finding
                    .arg("a", told_net.to_string())
                    .arg("b", with_net.to_string())
                    .arg("range", range)
                    .arg("with", with),
            ));
        }
        let further = |known: Option<Pods>| match known {
            Some(known) if known.0.reaches_as_far_as(interval) => Some(known),
            _ => Some((interval, at, net)),
        };
        any = further(any);
        if is_routable {
            routable = further(routable);
        }
    }
    found.sort_by_key(|(told, _)| *told);
    findings.extend(found.into_iter().map(|(_, finding)| finding));
}
