//! Can what is asked for be rolled out: a spare machine for Expand First, a machine to come back on for Contract First.

use super::Judge;
use super::capacity::Supply;
use crate::engine::index::Cluster;
use crate::engine::phase::NodeView;
use crate::engine::pool::{Pool, surge_and_unavailable};
use crate::prelude::*;
use crate::{ClusterSpec, Code, Finding, Machine, OnNoSpare, PoolRole, PoolSpec, Refusal, Repave};

impl Judge<'_> {
    /// Judges the pools of an existing cluster or gateway that `spec` makes roll, one after the other: a spare is used again by the next.
    pub(super) fn rollout(
        &self,
        spec: &ClusterSpec,
        supply: &mut Supply<'_>,
    ) -> Result<Vec<Finding>, Refusal> {
        let mut warnings = Vec::new();
        let Some(cluster) = self
            .fleet
            .find(&spec.id)
            .filter(|_| spec.repave == Repave::Approved)
        else {
            return Ok(warnings);
        };
        for (place, pool) in spec.pools().enumerate() {
            let Some(now) = cluster.pools.iter().find(|p| p.spec.id == pool.id) else {
                continue;
            };
            let outdated: Vec<&NodeView<'_>> =
                now.nodes.iter().filter(|x| leaves(x, now, pool)).collect();
            if outdated.is_empty() || pool.skip_update {
                continue;
            }
            let path = match (cluster.is_pcg, pool.role) {
                (true, _) => "/pool".to_owned(),
                (false, PoolRole::ControlPlane) => "/control_plane".to_owned(),
                (false, PoolRole::Worker) => format!(
                    "/workers/{}",
                    place - usize::from(spec.control_plane.is_some())
                ),
            };
            let (surge, _) = surge_and_unavailable(pool, now.is_cp);
            let free = supply.fitting(pool);
            if surge > 0 {
                // A surge that is under way has its machine already.
                if now.live <= pool.size {
                    let back = free > 0 || comes_back(pool, &outdated).is_ok();
                    warnings.extend(self.spare(cluster, pool, free, back, supply, &path)?);
                }
            } else if free == 0 {
                comes_back(pool, &outdated)?;
            }
        }
        Ok(warnings)
    }

    /// `back`: a node that is drained first has a machine to come back on.
    fn spare(
        &self,
        cluster: &Cluster<'_>,
        pool: &PoolSpec,
        free: u32,
        back: bool,
        supply: &mut Supply<'_>,
        path: &str,
    ) -> Result<Option<Finding>, Refusal> {
        let has_address = self.has_free_address(cluster, pool);
        if free > 0 && has_address {
            return Ok(None);
        }
        let single = pool.role == PoolRole::ControlPlane && pool.size == 1;
        let can_contract = pool.role == PoolRole::Worker || pool.size >= 3;
        let zones = if pool.azs.is_empty() {
            "any".to_owned()
        } else {
            pool.azs.join(", ")
        };
        let lack = if free == 0 {
            format!(
                "no machine in pool {} zone {zones} fits",
                pool.resource_pool
            )
        } else {
            format!(
                "subnet {} has no free address",
                cluster.subnet(pool).unwrap_or_default()
            )
        };
        match pool.on_no_spare {
            OnNoSpare::Refuse if single => {
                let refusal = Refusal::new(
                    Code::NoSpareSingleNode,
                    format!("a single node can only be replaced Expand First and {lack}"),
                );
                Err(refusal
                    .hint("add a machine, or let it wait with on_no_spare")
                    .arg("pool", pool.id.as_str()))
            }
            OnNoSpare::Refuse if free > 0 => {
                let refusal = Refusal::new(
                    Code::IpShort,
                    format!(
                        "pool {} needs one more address to be rolled: {lack}",
                        pool.id
                    ),
                );
                Err(refusal
                    .hint("free an address, or let it wait with on_no_spare")
                    .arg("pool", pool.id.as_str()))
            }
            OnNoSpare::Refuse => {
                let mut found = supply.serve_pool(self.fleet, pool, 0, BTreeMap::new());
                found.need = 1;
                let first = found.first_eta_ms;
                let mut refusal = super::refusal(self.short(pool, &found, String::new()));
                refusal.retry_after_ms =
                    first.map(|at| u64::try_from(at.saturating_sub(self.w.now_ms)).unwrap_or(0));
                Err(refusal)
            }
            OnNoSpare::FallbackContract if can_contract && back => Ok(None),
            OnNoSpare::FallbackContract | OnNoSpare::Wait => {
                let finding = Finding::new(
                    Code::NoSpare,
                    path,
                    format!(
                        "pool {}: {lack}; Expand First will wait for a spare",
                        pool.id
                    ),
                );
                let hint = if can_contract && back {
                    "Contract First needs no spare, but goes below the size for a while"
                } else {
                    "add a machine"
                };
                let rule = if free == 0 && single {
                    Code::NoSpareSingleNode
                } else if free == 0 {
                    Code::Capacity
                } else {
                    Code::IpShort
                };
                Ok(Some(
                    finding
                        .hint(hint)
                        .arg("pool", pool.id.as_str())
                        .arg("rule", rule.as_str()),
                ))
            }
        }
    }
}

/// Whether the node has to go for the pool to be as wanted.
fn leaves(x: &NodeView<'_>, now: &Pool<'_>, pool: &PoolSpec) -> bool {
    if !x.is_joined() || !x.phase.is_staying() || x.locked {
        return false;
    }
    let revision = x.node.and_then(|n| n.revision.as_deref());
    let at_revision = revision.map_or(now.spec.revision == pool.revision, |r| r == pool.revision);
    let in_zone = pool.azs.is_empty() || pool.azs.iter().any(|zone| zone == x.zone());
    // Whoever changes what machines must be like means the nodes too, even if the revision does not say so.
    let alike = (now.spec.min_cpu, now.spec.min_mem_mib, now.spec.min_disk_gb)
        == (pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb);
    !at_revision || !in_zone || (!alike && x.machine.is_some_and(|m| !m.fits(pool)))
}

/// E_CONTRACT_WOULD_LOSE_CAPACITY: no free machine fits, and neither does this node's own.
fn comes_back(pool: &PoolSpec, outdated: &[&NodeView<'_>]) -> Result<(), Refusal> {
    for x in outdated {
        let Some(machine) = x.machine.filter(|m| !m.fits(pool)) else {
            continue;
        };
        let (had, needed) = misfit(machine, pool);
        let message = format!(
            "draining {} would lose capacity: {} has {had}, pool now needs {needed}",
            x.id, machine.hostname
        );
        let refusal = Refusal::new(Code::ContractWouldLoseCapacity, message)
            .hint("add a machine that meets the new minimums, or lower them");
        return Err(refusal
            .arg("pool", pool.id.as_str())
            .arg("node", x.id)
            .arg("machine", machine.system_id.as_str())
            .arg("cpu", machine.cpu)
            .arg("min", pool.min_cpu));
    }
    Ok(())
}

fn misfit(machine: &Machine, pool: &PoolSpec) -> (String, String) {
    let disk = machine.disk_gb.first().copied().unwrap_or(0);
    if machine.cpu < pool.min_cpu {
        (format!("{} CPU", machine.cpu), pool.min_cpu.to_string())
    } else if machine.mem_mib < pool.min_mem_mib {
        (
            format!("{} MiB of memory", machine.mem_mib),
            pool.min_mem_mib.to_string(),
        )
    } else if disk < pool.min_disk_gb {
        (format!("{disk} GB of disk"), pool.min_disk_gb.to_string())
    } else {
        (
            "another zone, resource pool, architecture or tags".to_owned(),
            "others".to_owned(),
        )
    }
}
