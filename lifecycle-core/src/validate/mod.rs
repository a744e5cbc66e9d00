//! What is wrong with a desired state in itself, before anything is observed.

mod label;
mod pool;
mod version;

pub(crate) use version::skew;

use crate::network::range_findings;
use crate::prelude::*;
use crate::{
    ClusterSpec, Code, Desired, Finding, Limits, ManagedBy, Policy, PoolRole, PoolSpec, Severity,
    is_id,
};

/// Everything that is wrong or doubtful about `desired`, in its order: limits, names, sizes, strategies, labels, taints, versions, ranges.
///
/// Each finding points into `desired` (RFC 6901). What depends on an observation (free machines, zones, states) is
/// [`admit`](crate::admit)'s business. The limits and the rolling limits are those of the default [`Policy`].
///
/// ```
/// use lifecycle_core::{ClusterSpec, Code, Desired, PoolSpec, validate};
///
/// let cluster = ClusterSpec::new("prod").control_plane(PoolSpec::control_plane("cp", 4));
/// let findings = validate(&Desired { clusters: vec![cluster], ..Desired::default() });
///
/// assert_eq!(findings[0].code, Code::CpSizeEven);
/// assert_eq!(findings[0].path, "/clusters/0/control_plane/size");
/// assert_eq!(findings[0].message, "control-plane size 4 is not allowed: use 1, 3, 5 or 7");
/// ```
#[must_use]
pub fn validate(desired: &Desired) -> Vec<Finding> {
    validate_under(desired, &Policy::default())
}

/// [`validate`] under the policy of a world.
pub(crate) fn validate_under(desired: &Desired, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    if desired.schema_version != 1 {
        let message = format!(
            "schema_version {} is not known: this release plans with 1",
            desired.schema_version
        );
        findings.push(
            Finding::new(Code::Unsupported, "/schema_version", message)
                .hint("write 1")
                .arg("field", "schema_version"),
        );
    }
    limits(desired, &policy.limits, &mut findings);
    let mut names = BTreeSet::new();
    for (index, spec) in desired.pcgs.iter().enumerate() {
        let path = format!("/pcgs/{index}");
        name(&spec.id, &path, &mut names, &mut findings);
        gateway(&spec.id, &spec.pool, &path, &mut findings);
    }
    for (index, spec) in desired.clusters.iter().enumerate() {
        let path = format!("/clusters/{index}");
        name(&spec.id, &path, &mut names, &mut findings);
        cluster(spec, &path, &mut findings);
    }
    findings.extend(range_findings(desired, &[], policy));
    findings
}

fn limits(desired: &Desired, limits: &Limits, findings: &mut Vec<Finding>) {
    let mut check = |what: &str, had: u64, most: u32, path: &str| {
        if had > u64::from(most) {
            let finding = Finding::new(
                Code::Limit,
                path,
                format!("{had} {what} are more than the limit of {most}"),
            );
            findings.push(
                finding
                    .hint("split the fleet, or raise the policy's limit")
                    .arg("what", what)
                    .arg("count", had)
                    .arg("limit", most),
            );
        }
    };
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    check(
        "clusters",
        count(desired.clusters.len()).saturating_add(count(desired.pcgs.len())),
        limits.clusters,
        "/clusters",
    );
    let pools = desired
        .clusters
        .iter()
        .flat_map(ClusterSpec::pools)
        .chain(desired.pcgs.iter().map(|pcg| &pcg.pool));
    check(
        "nodes",
        pools.fold(0, |sum: u64, pool| sum.saturating_add(pool.size.into())),
        limits.nodes,
        "/clusters",
    );
}

fn name<'a>(id: &'a str, path: &str, names: &mut BTreeSet<&'a str>, findings: &mut Vec<Finding>) {
    well_formed(id, path, findings);
    if !names.insert(id) {
        let finding = Finding::new(
            Code::NameTaken,
            format!("{path}/id"),
            format!("the name {} is taken", shown(id)),
        );
        findings.push(
            finding
                .hint("clusters and gateways share one name space")
                .arg("name", shown(id)),
        );
    }
}

fn well_formed(id: &str, path: &str, findings: &mut Vec<Finding>) {
    if !is_id(id) {
        let message = format!("{:?} is not a name", shown(id));
        findings.push(
            Finding::new(Code::Invalid, format!("{path}/id"), message)
                .hint("use 1 to 63 lower-case letters, digits and dashes")
                .arg("name", shown(id)),
        );
    }
}

/// A name as it may be printed, whatever was given as one.
fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn gateway(id: &str, spec: &PoolSpec, path: &str, findings: &mut Vec<Finding>) {
    let path = format!("{path}/pool");
    well_formed(&spec.id, &path, findings);
    if !matches!(spec.size, 1 | 3) {
        findings.push(gateway_size(spec.size, &format!("{path}/size")));
    }
    role(spec, PoolRole::ControlPlane, &path, findings);
    pool::control_plane(id, spec, &path, findings);
    pool::any(spec, &path, findings);
}

/// The first error of one cluster or gateway (which the engine plans as a cluster of one pool).
pub(crate) fn first_error(spec: &ClusterSpec, is_pcg: bool) -> Option<Code> {
    let mut findings = Vec::new();
    match &spec.control_plane {
        Some(pool) if is_pcg => gateway(&spec.id, pool, "", &mut findings),
        _ => cluster(spec, "", &mut findings),
    }
    findings
        .into_iter()
        .find(|f| f.severity == Severity::Error)
        .map(|f| f.code)
}

/// A gateway of another size than 1 or 3.
pub(crate) fn gateway_size(size: u32, path: &str) -> Finding {
    Finding::new(
        Code::PcgSize,
        path,
        format!("gateway size {size} is not allowed: use 1 or 3"),
    )
    .hint("1 node, or 3 to stand the loss of one")
    .arg("size", size)
}

fn cluster(spec: &ClusterSpec, path: &str, findings: &mut Vec<Finding>) {
    if spec.priority > 9 {
        let message = format!(
            "priority {} is not allowed: use 0 (first) to 9",
            spec.priority
        );
        findings.push(
            Finding::new(Code::Invalid, format!("{path}/priority"), message)
                .hint("5 is the default")
                .arg("priority", spec.priority),
        );
    }
    let mut names = BTreeSet::new();
    let control_plane = spec
        .control_plane
        .iter()
        .map(|pool| (format!("{path}/control_plane"), pool));
    let workers = spec
        .workers
        .iter()
        .enumerate()
        .map(|(i, pool)| (format!("{path}/workers/{i}"), pool));
    for (path, pool) in control_plane.chain(workers) {
        well_formed(&pool.id, &path, findings);
        if !names.insert(pool.id.as_str()) {
            let message = format!(
                "{} has two pools named {}",
                shown(&spec.id),
                shown(&pool.id)
            );
            findings.push(
                Finding::new(Code::PoolDuplicate, format!("{path}/id"), message)
                    .hint("give each pool a name of its own")
                    .arg("pool", shown(&pool.id)),
            );
        }
    }
    if let Some(pool) = &spec.control_plane {
        let path = format!("{path}/control_plane");
        role(pool, PoolRole::ControlPlane, &path, findings);
        pool::control_plane_size(
            pool,
            spec.managed_by == ManagedBy::Palette && !spec.allow_large_control_plane,
            &path,
            findings,
        );
        pool::control_plane(&spec.id, pool, &path, findings);
        pool::any(pool, &path, findings);
    }
    for (index, pool) in spec.workers.iter().enumerate() {
        let path = format!("{path}/workers/{index}");
        role(pool, PoolRole::Worker, &path, findings);
        pool::worker(pool, &path, findings);
        pool::any(pool, &path, findings);
        findings.extend(version::pool_skew(spec.control_plane.as_ref(), pool, &path));
    }
}

fn role(pool: &PoolSpec, expected: PoolRole, path: &str, findings: &mut Vec<Finding>) {
    if pool.role != expected {
        let (what, role) = match expected {
            PoolRole::ControlPlane => ("this is a control-plane pool", "control_plane"),
            PoolRole::Worker => ("this is a worker pool", "worker"),
        };
        let finding = Finding::new(
            Code::Invalid,
            format!("{path}/role"),
            format!("{what}: its role must be {role}"),
        );
        findings.push(finding.hint(format!("write {role}")));
    }
}
