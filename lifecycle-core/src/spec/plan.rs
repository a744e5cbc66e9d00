//! From document to plan: names, and the two revisions of a pool.

use ipnet::IpNet;
use serde::Serialize;

use super::{
    ClusterDocument, ClusterProfile, ControlPlaneDocument, GatewayDocument, MachineRequirements,
    NetworkDocument, WorkerPoolDocument,
};
use crate::prelude::*;
use crate::{
    ClusterSpec, Id, ManagedBy, NetSpec, PcgSpec, PoolRole, PoolSpec, Rev, Taint, Version,
    canonical_json,
};

pub(super) fn cluster(document: &ClusterDocument) -> ClusterSpec {
    let mut spec = ClusterSpec::new(document.name.clone());
    spec.managed_by = document.managed_by;
    spec.pcg_id = document
        .cloud_account
        .as_ref()
        .map(|account| account.gateway.clone());
    spec.network = network(&document.network);
    spec.allow_large_control_plane = document.control_plane.allow_large_control_plane;
    spec.control_plane = Some(control_plane(document, &document.control_plane));
    spec.workers = document
        .workers
        .iter()
        .map(|pool| worker(document, pool))
        .collect();
    spec
}

pub(super) fn gateway(document: &GatewayDocument) -> PcgSpec {
    let template = Template {
        image: None,
        kubernetes_version: document.kubernetes_version,
        cluster_profile: None,
        ssh_keys: &document.ssh_keys,
        ntp_servers: &document.ntp_servers,
        machines: zoned(document.managed_by, &document.machines),
    };
    let pool = machines(
        &template,
        PoolSpec::control_plane("gateway", document.size),
        &document.machines,
    );
    PcgSpec {
        id: document.name.clone(),
        managed_by: document.managed_by,
        requested_ms: 0,
        pool: PoolSpec {
            on_no_spare: document.on_no_spare,
            ..pool
        },
        network: network(&document.network),
        delete_requested_ms: None,
    }
}

fn network(document: &NetworkDocument) -> NetSpec {
    let ipv6 = document
        .pod_cidr
        .is_some_and(|pods| matches!(pods, IpNet::V6(_)));
    NetSpec {
        subnet: document.machine_subnet.as_ref().map(subnet_id),
        vip: document.vip,
        pod_cidr: document.pod_cidr,
        service_cidr: document.service_cidr,
        node_mask: document.node_mask.unwrap_or(if ipv6 { 64 } else { 24 }),
        routable_pods: document.routable_pods,
    }
}

fn control_plane(document: &ClusterDocument, pool: &ControlPlaneDocument) -> PoolSpec {
    PoolSpec {
        strategy: pool.rolling_update,
        on_no_spare: pool.on_no_spare,
        drain_deadline_s: pool.drain_deadline_s,
        on_drain_deadline: pool.on_drain_deadline,
        erase: pool.erase,
        labels: pool.labels.clone(),
        taints: pool.taints.clone(),
        allow_workloads: pool.allow_workloads,
        inplace_revision: Some(inplace(&pool.labels, &pool.taints, pool.allow_workloads)),
        ..machines(
            &template(document, &pool.machines),
            PoolSpec::new(pool.name.clone(), PoolRole::ControlPlane, pool.size),
            &pool.machines,
        )
    }
}

fn worker(document: &ClusterDocument, pool: &WorkerPoolDocument) -> PoolSpec {
    PoolSpec {
        strategy: pool.rolling_update,
        on_no_spare: pool.on_no_spare,
        max_parallel: pool.max_parallel,
        node_repave_interval_s: pool.node_repave_interval_s,
        skip_update: pool.skip_update,
        max_unhealthy: pool.max_unhealthy,
        drain_deadline_s: pool.drain_deadline_s,
        on_drain_deadline: pool.on_drain_deadline,
        erase: pool.erase,
        labels: pool.labels.clone(),
        taints: pool.taints.clone(),
        inplace_revision: Some(inplace(&pool.labels, &pool.taints, false)),
        ..machines(
            &template(document, &pool.machines),
            PoolSpec::new(pool.name.clone(), PoolRole::Worker, pool.size),
            &pool.machines,
        )
    }
}

fn template<'a>(document: &'a ClusterDocument, machines: &MachineRequirements) -> Template<'a> {
    Template {
        image: document.image.as_deref(),
        kubernetes_version: document.kubernetes_version,
        cluster_profile: document.cluster_profile.as_ref(),
        ssh_keys: &document.ssh_keys,
        ntp_servers: &document.ntp_servers,
        machines: zoned(document.managed_by, machines),
    }
}

/// The engine itself sees which node stands outside of the zones; Palette replaces the whole pool when they change.
fn zoned(by: ManagedBy, machines: &MachineRequirements) -> MachineRequirements {
    let mut machines = machines.clone();
    if by == ManagedBy::Engine {
        machines.availability_zones.clear();
    }
    machines
}

fn machines(template: &Template<'_>, pool: PoolSpec, machines: &MachineRequirements) -> PoolSpec {
    PoolSpec {
        revision: revision(template),
        k8s_version: template.kubernetes_version,
        resource_pool: machines.resource_pool.clone(),
        azs: machines.availability_zones.clone(),
        min_cpu: machines.min_cpu,
        min_mem_mib: machines.min_memory_mib,
        min_disk_gb: machines.min_disk_gb,
        arch: Some(machines.arch.maas_name().to_owned()),
        tags: machines.tags.clone(),
        ..pool
    }
}

/// What a node is made from: a change of any of it needs a new node.
#[derive(Serialize)]
struct Template<'a> {
    image: Option<&'a str>,
    kubernetes_version: Option<Version>,
    cluster_profile: Option<&'a ClusterProfile>,
    ssh_keys: &'a [String],
    ntp_servers: &'a [String],
    machines: MachineRequirements,
}

/// What is applied to a running node.
#[derive(Serialize)]
struct InPlace<'a> {
    labels: &'a BTreeMap<String, String>,
    taints: &'a [Taint],
    allow_workloads: bool,
}

fn inplace(labels: &BTreeMap<String, String>, taints: &[Taint], allow_workloads: bool) -> Rev {
    revision(&InPlace {
        labels,
        taints,
        allow_workloads,
    })
}

/// A name for a value: the same on every machine and in every release (64-bit FNV-1a of its canonical JSON).
fn revision(value: &impl Serialize) -> Rev {
    let text = canonical_json(value).unwrap_or_default();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The id under which a MAAS subnet is known to the engine: its range with every other character than letters and digits as a dash, such as
/// `10-10-0-0-24`. Whoever observes MAAS names [`Subnet`](crate::Subnet) by the same function.
#[must_use]
pub fn subnet_id(cidr: &IpNet) -> Id {
    cidr.trunc()
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// The place in a document that a pointer into the engine's [`Desired`](crate::Desired) came from: `/clusters/0/workers/1/azs` is
/// `/workers/1/machines/availability_zones`. A pointer that is none stays as it is.
#[must_use]
pub fn document_path(pointer: &str) -> String {
    let mut tokens = pointer.split('/').skip(1);
    let (kind, index) = (tokens.next(), tokens.next());
    if !matches!(kind, Some("clusters" | "pcgs")) || index.is_none() {
        return pointer.to_owned();
    }
    let mut rest: Vec<&str> = tokens.collect();
    if kind == Some("pcgs") && rest.first() == Some(&"pool") {
        // A gateway's one pool has no level of its own in the document.
        rest.splice(..1, ["control_plane"]);
        return document_path(&format!("/clusters/0/{}", rest.join("/"))).replacen(
            "/control_plane",
            "",
            1,
        );
    }
    let (pool, field): (&[&str], &[&str]) = match rest.as_slice() {
        ["id", ..] => return "/name".to_owned(),
        ["pcg_id", ..] => return "/cloud_account/gateway".to_owned(),
        ["network", "subnet", ..] => return "/network/machine_subnet".to_owned(),
        ["allow_large_control_plane"] => {
            return "/control_plane/allow_large_control_plane".to_owned();
        }
        ["control_plane", field @ ..] => (&rest[..1], field),
        ["workers", _, field @ ..] => (&rest[..2], field),
        _ => (&[], &rest),
    };
    let mut path: Vec<&str> = pool.to_vec();
    match field {
        [] => {}
        _ if pool.is_empty() => path.extend(field),
        ["id", ..] => path.push("name"),
        ["k8s_version", ..] => path = vec!["kubernetes_version"],
        ["subnet", ..] => path = vec!["network", "machine_subnet"],
        ["strategy", rest @ ..] => {
            path.push("rolling_update");
            path.extend(rest);
        }
        ["azs", rest @ ..] => {
            path.extend(["machines", "availability_zones"]);
            path.extend(rest);
        }
        ["min_mem_mib"] => path.extend(["machines", "min_memory_mib"]),
        [
            "resource_pool" | "min_cpu" | "min_disk_gb" | "arch" | "tags",
            ..,
        ] => {
            path.push("machines");
            path.extend(field);
        }
        _ => path.extend(field),
    }
    path.iter().map(|token| format!("/{token}")).collect()
}
