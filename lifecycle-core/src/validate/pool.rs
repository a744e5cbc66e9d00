//! Pools: size, strategy, and what belongs to one role only.

use super::label;
use crate::network::{surge, unavailable};
use crate::prelude::*;
use crate::{Code, Finding, Pct, PoolSpec, Strategy};

/// Sizes with a majority to lose: 1, 3, 5, 7; 7 only where it is asked for if Palette carries the cluster out (`cautious`).
pub(super) fn control_plane_size(
    pool: &PoolSpec,
    cautious: bool,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let n = pool.size;
    let (code, hint) = match n {
        0 => (
            Code::CpSizeZero,
            "leave the control plane out for machines without Kubernetes",
        ),
        7 if cautious => (
            Code::CpSizeTooLarge,
            "Palette supports up to 5; set allow_large_control_plane to use 7",
        ),
        8.. => (
            Code::CpSizeTooLarge,
            "more members make etcd slower, not safer",
        ),
        _ if n.is_multiple_of(2) => (
            Code::CpSizeEven,
            "an even number of members tolerates no more failures than the odd one below",
        ),
        _ => return,
    };
    let message = format!("control-plane size {n} is not allowed: use 1, 3, 5 or 7");
    findings.push(
        Finding::new(code, format!("{path}/size"), message)
            .hint(hint)
            .arg("size", n),
    );
}

/// Control planes and gateways.
pub(super) fn control_plane(
    cluster: &str,
    pool: &PoolSpec,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    match pool.strategy {
        Strategy::Custom { .. } => {
            let finding = Finding::new(
                Code::CpStrategy,
                format!("{path}/strategy"),
                "a control plane takes Expand First or Contract First",
            );
            findings.push(finding.hint("use expand_first"));
        }
        Strategy::ContractFirst if pool.size < 3 => {
            let message = format!(
                "Contract First needs at least 3 control-plane nodes; {cluster} has {}",
                pool.size
            );
            let finding = Finding::new(Code::CpContractSingle, format!("{path}/strategy"), message)
                .hint("use expand_first, or more nodes");
            findings.push(finding.arg("cluster", cluster).arg("size", pool.size));
        }
        _ => {}
    }
    if pool.max_parallel != 1 {
        let finding = Finding::new(
            Code::CpStrategy,
            format!("{path}/max_parallel"),
            "control-plane nodes are replaced one at a time",
        );
        findings.push(
            finding
                .hint("leave max_parallel at 1")
                .arg("max_parallel", pool.max_parallel),
        );
    }
    let defaults = PoolSpec::new("", pool.role, 0);
    let workers_only = [
        ("node_repave_interval_s", pool.node_repave_interval_s != 0),
        ("skip_update", pool.skip_update),
        (
            "max_unhealthy",
            pool.max_unhealthy != defaults.max_unhealthy,
        ),
    ];
    for (field, given) in workers_only {
        if given {
            findings.push(
                Finding::new(
                    Code::Invalid,
                    format!("{path}/{field}"),
                    format!("{field} is for worker pools only"),
                )
                .hint("remove it"),
            );
        }
    }
}

/// Worker pools.
pub(super) fn worker(pool: &PoolSpec, path: &str, findings: &mut Vec<Finding>) {
    if pool.allow_workloads {
        let finding = Finding::new(
            Code::Invalid,
            format!("{path}/allow_workloads"),
            "allow_workloads is for the control plane only",
        );
        findings.push(finding.hint("worker nodes always run workloads; remove it"));
    }
    if pool.max_parallel == 0 {
        let finding = Finding::new(
            Code::Invalid,
            format!("{path}/max_parallel"),
            "max_parallel must be at least 1",
        );
        findings.push(finding.hint("1 replaces one node after the other"));
    }
    if let Strategy::Custom {
        max_surge,
        max_unavailable,
    } = pool.strategy
    {
        custom(
            pool,
            max_surge,
            max_unavailable,
            &format!("{path}/strategy"),
            findings,
        );
    }
    percentage(
        pool.max_unhealthy,
        &format!("{path}/max_unhealthy"),
        findings,
    );
}

fn custom(
    pool: &PoolSpec,
    max_surge: Pct,
    max_unavailable: Pct,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    percentage(max_surge, &format!("{path}/custom/max_surge"), findings);
    percentage(
        max_unavailable,
        &format!("{path}/custom/max_unavailable"),
        findings,
    );
    if max_surge.is_zero() && max_unavailable.is_zero() {
        let finding = Finding::new(
            Code::SurgeAndUnavailableZero,
            path,
            "Max Surge and Max Unavailable cannot both be 0",
        );
        findings.push(finding.hint("with both 0 no node could ever be replaced"));
        return;
    }
    if pool.size > 0 && max_surge.up(pool.size) == 0 && max_unavailable.down(pool.size) == 0 {
        let message = format!(
            "Max Surge {max_surge} and Max Unavailable {max_unavailable} both round to 0 of {} nodes; 1 unavailable is used",
            pool.size
        );
        findings.push(
            Finding::new(Code::CustomRoundedToZero, path, message)
                .hint("use a count, or a larger percentage")
                .arg("size", pool.size),
        );
    }
    for (field, nodes) in [
        ("max_surge", surge(pool)),
        ("max_unavailable", unavailable(pool)),
    ] {
        if nodes > pool.max_parallel {
            let message = format!(
                "{field} of {nodes} nodes is above max_parallel {}: not supported yet",
                pool.max_parallel
            );
            let finding =
                Finding::new(Code::Unsupported, format!("{path}/custom/{field}"), message)
                    .hint(format!("set max_parallel to {nodes}"));
            findings.push(finding.arg("field", field));
        }
    }
}

fn percentage(value: Pct, path: &str, findings: &mut Vec<Finding>) {
    if let Pct::Percent(percent @ 101..) = value {
        findings.push(
            Finding::new(Code::Invalid, path, format!("{percent}% is more than 100%"))
                .hint("use 0% to 100%")
                .arg("percent", percent),
        );
    }
}

/// What holds for every pool.
pub(super) fn any(pool: &PoolSpec, path: &str, findings: &mut Vec<Finding>) {
    for (field, values) in [("azs", &pool.azs), ("tags", &pool.tags)] {
        let mut seen = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            let problem = if value.is_empty() {
                "an empty name"
            } else if !seen.insert(value) {
                "given twice"
            } else {
                continue;
            };
            findings.push(
                Finding::new(
                    Code::Invalid,
                    format!("{path}/{field}/{index}"),
                    format!("{field}[{index}]: {problem}"),
                )
                .hint("remove it"),
            );
        }
    }
    label::labels(pool, path, findings);
    label::taints(pool, path, findings);
}
