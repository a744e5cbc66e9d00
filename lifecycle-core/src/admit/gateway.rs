//! Gateways: create, resize, upgrade, delete.

use super::{Answer, Judge, refusal, shown, some_of, state_name, update};
use crate::engine::gateway::{is_healthy, users_left};
use crate::engine::index::Cluster;
use crate::engine::view::View;
use crate::prelude::*;
use crate::validate::gateway_size;
use crate::{
    Admission, ClusterSpec, Code, Finding, ManagedBy, PcgSpec, Refusal, State, Version, ms_of,
};

impl<'a> Judge<'a> {
    pub(super) fn create_gateway(&self, wanted: &PcgSpec) -> Answer {
        self.name_is_free(&wanted.id)?;
        let spec = PcgSpec {
            requested_ms: self.clock.t,
            delete_requested_ms: None,
            ..wanted.clone()
        };
        let mut desired = self.w.desired.clone();
        let path = format!("/pcgs/{}", desired.pcgs.len());
        desired.pcgs.push(spec.clone());
        let mut warnings = self.validated(&desired, &path)?;
        self.fresh()?;
        let as_cluster = as_cluster(&spec);
        self.zones_exist(&as_cluster, None)?;
        for finding in self.addresses(&desired, &path)? {
            if !warnings.contains(&finding) {
                warnings.push(finding);
            }
        }
        self.has_machines(&as_cluster, &path)?;
        Ok(Admission { desired, warnings })
    }

    pub(super) fn resize_gateway(&self, id: &str, size: u32) -> Answer {
        let (gateway, spec) = self.gateway(id)?;
        let was = spec.pool.size;
        if size == was {
            return self.unchanged();
        }
        if !matches!(size, 1 | 3) {
            return Err(refusal(gateway_size(size, "")));
        }
        if size < was {
            let refusal = Refusal::new(Code::PcgShrink, "a gateway cannot be made smaller")
                .hint("install a new one and delete this one");
            return Err(refusal.arg("id", id).arg("from", was).arg("to", size));
        }
        self.idle(gateway)?;
        if !is_healthy(self.fleet, gateway) {
            return Err(unhealthy(id, "resized"));
        }
        self.fresh()?;
        let mut admission = self.with_gateway(id, |g| g.pool.size = size);
        // Palette shows how many nodes its gateway has, not which.
        let unseen = match spec.managed_by {
            ManagedBy::Engine => 0,
            ManagedBy::Palette => self.w.observed.pcgs.get(id).map_or(0, |seen| seen.size),
        };
        let wanted = as_cluster(&PcgSpec {
            pool: crate::PoolSpec {
                size: size.saturating_sub(unseen),
                ..spec.pool.clone()
            },
            ..spec.clone()
        });
        self.has_machines(&wanted, "")?;
        let place = admission
            .desired
            .pcgs
            .iter()
            .position(|g| g.id == id)
            .unwrap_or(0);
        admission.warnings = self.addresses(&admission.desired, &format!("/pcgs/{place}"))?;
        for warning in admission
            .warnings
            .iter_mut()
            .filter(|w| w.code == Code::IpPeak)
        {
            // Growing itself needs no more than its nodes; the address for the next rollout is missing.
            warning.code = Code::IpHeadroom;
        }
        Ok(admission)
    }

    pub(super) fn upgrade_gateway(
        &self,
        id: &str,
        revision: &str,
        version: Option<Version>,
    ) -> Answer {
        let (gateway, spec) = self.gateway(id)?;
        let mut wanted = spec.clone();
        wanted.pool.revision = revision.to_owned();
        wanted.pool.k8s_version = version.or(spec.pool.k8s_version);
        if wanted == *spec {
            return self.unchanged();
        }
        self.idle(gateway)?;
        // A frozen upgrade leaves it degraded; as long as the majority holds the next one may mend it.
        let has_quorum = match spec.managed_by {
            ManagedBy::Engine => gateway.etcd.view == View::Good,
            ManagedBy::Palette => is_healthy(self.fleet, gateway),
        };
        if !has_quorum {
            return Err(unhealthy(id, "upgraded"));
        }
        update::versions(gateway, Some(&spec.pool), &wanted.pool)?;
        self.fresh()?;
        let warnings = self.rollout(&as_cluster(&wanted), &mut self.supply(id))?;
        let mut admission = self.with_gateway(id, |g| *g = wanted);
        admission.warnings = warnings;
        Ok(admission)
    }

    pub(super) fn delete_gateway(&self, id: &str) -> Answer {
        let gateway = self
            .fleet
            .find(id)
            .filter(|g| g.is_pcg)
            .ok_or_else(|| missing(id))?;
        if matches!(self.state(gateway), State::Deleting | State::Deleted) {
            return self.unchanged();
        }
        let states: BTreeMap<&str, State> = self
            .fleet
            .clusters
            .iter()
            .map(|c| (c.id, self.state(c)))
            .collect();
        let users = users_left(self.fleet, &states, id);
        if users.is_empty() {
            return Ok(self.with_gateway(id, |g| g.delete_requested_ms = Some(self.clock.t)));
        }
        let state_of = |user: &str| states.get(user).copied().unwrap_or_default();
        let list: Vec<String> = users
            .iter()
            .map(|user| format!("{user} ({})", state_name(state_of(user))))
            .collect();
        let unfinished = users
            .iter()
            .any(|user| matches!(state_of(user), State::Pending | State::Provisioning));
        let refusal = Refusal::new(
            Code::PcgInUse,
            format!(
                "{} clusters still need this gateway: {}",
                users.len(),
                some_of(&list)
            ),
        );
        let hint = if unfinished {
            "use Abort for those that are not provisioned yet, Delete for the others"
        } else {
            "delete them first, and wait until they are gone"
        };
        Err(refusal.hint(hint).arg("id", id).arg("clusters", list))
    }

    fn gateway(&self, id: &str) -> Result<(&'a Cluster<'a>, &'a PcgSpec), Refusal> {
        let gateway = self
            .fleet
            .find(id)
            .filter(|g| g.is_pcg)
            .ok_or_else(|| missing(id))?;
        let spec = self
            .w
            .desired
            .pcgs
            .iter()
            .filter(|g| g.id == id)
            .min_by_key(|g| g.requested_ms)
            .ok_or_else(|| missing(id))?;
        match self.state(gateway) {
            State::Deleted => Err(Refusal::new(
                Code::PcgMissing,
                format!("gateway {id} is deleted"),
            )
            .hint("use another gateway")
            .arg("id", id)),
            State::Deleting => Err(Refusal::new(
                Code::Terminating,
                format!("gateway {id} is being deleted"),
            )
            .hint("use another gateway")
            .arg("id", id)),
            _ => Ok((gateway, spec)),
        }
    }

    /// Neither being installed, upgraded nor resized.
    fn idle(&self, gateway: &Cluster<'_>) -> Result<(), Refusal> {
        let id = gateway.id;
        let state = self.state(gateway);
        match state {
            State::Installing => {
                let refusal = Refusal::new(
                    Code::UpdateWhileProvisioning,
                    format!("gateway {id} is still being installed"),
                );
                Err(refusal.hint("wait until it is running").arg("id", id))
            }
            State::Upgrading | State::Resizing => {
                let doing = if state == State::Upgrading {
                    "upgraded"
                } else {
                    "resized"
                };
                let refusal = Refusal::new(
                    Code::PcgResizeBusy,
                    format!("gateway {id} is being {doing}"),
                );
                Err(refusal
                    .hint("wait until that is done")
                    .arg("id", id)
                    .arg("state", state_name(state))
                    .retry_after_ms(self.likely_end_ms(gateway)))
            }
            _ => Ok(()),
        }
    }

    /// How long replacing or adding what is left should take, one node at a time.
    fn likely_end_ms(&self, gateway: &Cluster<'_>) -> u64 {
        let t = &self.w.policy.timings;
        let path = [t.allocate, t.deploy, t.join, t.settle, t.drain, t.remove]
            .iter()
            .fold(0_u32, |sum, step| sum.saturating_add(step.p50_s));
        let left = gateway
            .pools
            .iter()
            .map(|p| u64::from(p.outdated.max(p.size.saturating_sub(p.live)).max(1)))
            .max()
            .unwrap_or(1);
        u64::try_from(ms_of(path)).unwrap_or(0).saturating_mul(left)
    }

    fn has_machines(&self, wanted: &ClusterSpec, path: &str) -> Result<(), Refusal> {
        let report = self.supply(&wanted.id).serve(self.fleet, wanted);
        match wanted
            .control_plane
            .as_ref()
            .zip(report.pools.first())
            .filter(|(_, found)| found.missing() > 0)
        {
            Some((pool, found)) => {
                let short: Finding = self.short(pool, found, format!("{path}/pool/size"));
                Err(self.capacity_refusal(short, &report))
            }
            None => Ok(()),
        }
    }
}

/// A gateway is planned as a cluster of its one pool.
fn as_cluster(spec: &PcgSpec) -> ClusterSpec {
    let mut cluster = ClusterSpec::new(spec.id.clone())
        .control_plane(spec.pool.clone())
        .requested_ms(spec.requested_ms)
        .network(spec.network.clone());
    cluster.managed_by = spec.managed_by;
    cluster
}

fn missing(id: &str) -> Refusal {
    Refusal::new(
        Code::PcgMissing,
        format!("there is no gateway {}", shown(id)),
    )
    .hint("look at its name")
    .arg("id", shown(id))
}

fn unhealthy(id: &str, what: &str) -> Refusal {
    Refusal::new(
        Code::PcgUnhealthy,
        format!("gateway {id} is not healthy and cannot be {what}"),
    )
    .hint("mend it first: its nodes and etcd must be ready")
    .arg("id", id)
}
