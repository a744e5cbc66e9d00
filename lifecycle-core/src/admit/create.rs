//! Creating a cluster.

use super::capacity::{CapacityReport, Supply};
use super::{Answer, Judge, refusal, shown};
use crate::prelude::*;
use crate::{ClusterSpec, Code, Finding, PoolSpec, Refusal, Severity, State, clock_text};

impl<'a> Judge<'a> {
    pub(super) fn create(&self, wanted: &ClusterSpec, queue_if_short: bool) -> Answer {
        self.name_is_free(&wanted.id)?;
        let mut spec = ClusterSpec {
            requested_ms: self.clock.t,
            resumed_ms: None,
            delete_requested_ms: None,
            abort_requested_ms: None,
            force_delete: None,
            ..wanted.clone()
        };
        for pool in spec.control_plane.iter_mut().chain(&mut spec.workers) {
            pool.resumed_ms = None;
        }
        let mut desired = self.w.desired.clone();
        let path = format!("/clusters/{}", desired.clusters.len());
        desired.clusters.push(spec.clone());
        let mut warnings = self.validated(&desired, &path)?;
        self.gateway_takes(&spec)?;
        self.fresh()?;
        self.zones_exist(&spec, None)?;
        for finding in self.addresses(&desired, &path)? {
            if !warnings.contains(&finding) {
                warnings.push(finding);
            }
        }
        let report = self.supply(&spec.id).serve(self.fleet, &spec);
        if let Some(short) = self.shortage(&spec, &report, &path) {
            if !queue_if_short {
                return Err(self.capacity_refusal(short, &report));
            }
            warnings.push(Finding {
                severity: Severity::Warning,
                hint: "it waits until there are enough".to_owned(),
                ..short
            });
        }
        Ok(crate::Admission { desired, warnings })
    }

    /// Free machines beside what comes before a request about `subject`.
    pub(super) fn supply(&self, subject: &str) -> Supply<'a> {
        Supply::after_others(self.fleet, subject)
    }

    pub(super) fn name_is_free(&self, id: &str) -> Result<(), Refusal> {
        let seen =
            self.w.observed.clusters.contains_key(id) || self.w.observed.pcgs.contains_key(id);
        if !seen && self.fleet.find(id).is_none() {
            return Ok(());
        }
        let refusal = Refusal::new(Code::NameTaken, format!("the name {} is taken", shown(id)));
        Err(refusal
            .hint("clusters and gateways share one name space; choose another name")
            .arg("id", shown(id)))
    }

    /// The gateway exists and stays. That it is busy makes the cluster wait, not fail.
    pub(super) fn gateway_takes(&self, spec: &ClusterSpec) -> Result<(), Refusal> {
        let Some(id) = &spec.pcg_id else {
            return Ok(());
        };
        let missing = |message: String, hint: &str| {
            Err(Refusal::new(Code::PcgMissing, message)
                .hint(hint)
                .arg("gateway", id.as_str()))
        };
        let state = match self.fleet.find(id).filter(|g| g.is_pcg) {
            Some(gateway) => self.state(gateway),
            None => match self.w.observed.pcgs.get(id).map(|seen| {
                seen.state
                    .as_deref()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            }) {
                None => {
                    return missing(
                        format!("there is no gateway {}", shown(id)),
                        "install it first, or look at its name",
                    );
                }
                Some(word) if word == "deleted" => State::Deleted,
                Some(word) if word == "deleting" => State::Deleting,
                Some(_) => State::Running,
            },
        };
        match state {
            State::Deleted => missing(format!("gateway {id} is deleted"), "use another gateway"),
            State::Deleting => missing(
                format!("gateway {id} is being deleted"),
                "use another gateway",
            ),
            _ => Ok(()),
        }
    }

    /// E_AZ_UNKNOWN: a zone in which MAAS has no machine at all. One that the pool has already may have lost its machines since.
    pub(super) fn zones_exist(
        &self,
        spec: &ClusterSpec,
        before: Option<&ClusterSpec>,
    ) -> Result<(), Refusal> {
        let zones: BTreeSet<&str> = self
            .w
            .observed
            .machines
            .iter()
            .map(|m| m.zone.as_str())
            .collect();
        if zones.is_empty() {
            return Ok(());
        }
        for pool in spec.pools() {
            let had = before.and_then(|b| b.pool(&pool.id)).map(|p| &p.azs);
            let is_new = |zone: &String| had.is_none_or(|azs| !azs.contains(zone));
            let mut asked = pool.azs.iter().filter(|zone| is_new(zone));
            if let Some(unknown) = asked.find(|zone| !zones.contains(zone.as_str())) {
                let known: Vec<&str> = zones.iter().copied().collect();
                let refusal = Refusal::new(
                    Code::AzUnknown,
                    format!("pool {}: no machine is in zone {}", pool.id, shown(unknown)),
                );
                return Err(refusal
                    .hint(format!("zones with machines: {}", known.join(", ")))
                    .arg("pool", pool.id.as_str())
                    .arg("zone", shown(unknown)));
            }
        }
        Ok(())
    }

    /// E_CAPACITY for the first pool that lacks machines.
    pub(super) fn shortage(
        &self,
        spec: &ClusterSpec,
        report: &CapacityReport,
        path: &str,
    ) -> Option<Finding> {
        let (place, (pool, found)) = spec
            .pools()
            .zip(&report.pools)
            .enumerate()
            .find(|(_, (_, found))| found.missing() > 0)?;
        let field = match (spec.control_plane.is_some(), place) {
            (true, 0) => "control_plane".to_owned(),
            (has_control_plane, place) => {
                format!("workers/{}", place - usize::from(has_control_plane))
            }
        };
        Some(self.short(pool, found, format!("{path}/{field}/size")))
    }

    pub(super) fn short(
        &self,
        pool: &PoolSpec,
        found: &super::PoolCapacity,
        path: String,
    ) -> Finding {
        let zones = if pool.azs.is_empty() {
            "any".to_owned()
        } else {
            pool.azs.join(", ")
        };
        let first = found.first_eta_ms.map_or_else(String::new, |at| {
            let left = u64::try_from(at.saturating_sub(self.w.now_ms)).unwrap_or(0);
            format!(" (first {})", clock_text(left))
        });
        let message = format!(
            "need {} machines ≥{} CPU/{} MiB/{} GB in pool {}, zones {zones}; {} available, {} returning{first}",
            found.need,
            pool.min_cpu,
            pool.min_mem_mib,
            pool.min_disk_gb,
            pool.resource_pool,
            found.available,
            found.returning
        );
        let mut finding = Finding::new(Code::Capacity, path, message)
            .hint("add machines, relax the constraints, or make the pool smaller")
            .arg("pool", pool.id.as_str())
            .arg("need", found.need)
            .arg("available", found.available)
            .arg("returning", found.returning);
        if let Some(at) = found.first_eta_ms {
            finding = finding.arg("first_eta_ms", at);
        }
        finding
    }

    /// A shortage as a refusal; worth repeating when the first machine is back.
    pub(super) fn capacity_refusal(&self, short: Finding, report: &CapacityReport) -> Refusal {
        let first = report.pools.iter().filter_map(|p| p.first_eta_ms).min();
        let mut refusal = refusal(short);
        refusal.retry_after_ms =
            first.map(|at| u64::try_from(at.saturating_sub(self.w.now_ms)).unwrap_or(0));
        refusal
    }
}
