//! 3.5.1 free and fits: which machines and addresses could serve a pool now, and when the next will.
use crate::{Machine, MachineStatus, Memory, Millis, Planner, PoolSpec};

use super::freeze::quarantined;
use super::index::{Cluster, Fleet};
use super::phase::Phase;
use super::returning;
use super::switch::Rule;

/// free: ready, not locked, nobody's, not in a pending Allocate, not in quarantine.
pub(crate) fn is_free(fleet: &Fleet<'_>, memory: &Memory, m: &Machine) -> bool {
    m.status == MachineStatus::Ready
        && (!m.locked || !Rule::Locked.holds())
        && (m.owner.is_none() || !Rule::ForeignMachine.holds())
        && !fleet.f.allocating.contains(m.system_id.as_str())
        && (fleet.f.planner == Planner::ClusterApi
            || quarantined(memory, &m.system_id, fleet.f.now).is_none())
}

/// Free addresses of a subnet; none known: not counted.
pub(crate) fn free_ips(fleet: &Fleet<'_>, subnet: Option<&str>) -> Option<u32> {
    let subnet = fleet
        .f
        .w
        .observed
        .subnets
        .iter()
        .filter(|s| Some(s.id.as_str()) == subnet)
        .min_by_key(|s| s.free_ips)
        .filter(|_| Rule::IpCount.holds())?;
    let planned = fleet
        .clusters
        .iter()
        .flat_map(|c| c.pools.iter().map(move |p| (c, p)))
        .filter(|(c, p)| c.subnet(p.spec) == Some(&subnet.id));
    let planned: usize = planned
        .map(|(_, p)| p.nodes.iter().filter(|x| x.phase == Phase::Planned).count())
        .sum();
    Some(
        subnet
            .free_ips
            .saturating_sub(u32::try_from(planned).unwrap_or(u32::MAX)),
    )
}

/// How many nodes of this pool could be created now, by machines and addresses.
pub(crate) fn free_fits(
    fleet: &Fleet<'_>,
    memory: &Memory,
    c: &Cluster<'_>,
    pool: &PoolSpec,
) -> u32 {
    let fitting = fleet
        .f
        .machines
        .iter()
        .filter(|m| m.fits(pool) && is_free(fleet, memory, m))
        .count();
    let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
    free_ips(fleet, c.subnet(pool)).map_or(fitting, |ips| fitting.min(ips))
}

/// What is on its way: fitting machines that return in time, when the first is due, and when the first fitting quarantine ends.
pub(crate) struct Forecast {
    pub(crate) returning: u32,
    pub(crate) first_ms: Option<Millis>,
}

pub(crate) fn forecast(fleet: &Fleet<'_>, memory: &Memory, pool: &PoolSpec) -> Forecast {
    let mut out = Forecast {
        returning: 0,
        first_ms: None,
    };
    let mut due =
        |t: Millis| out.first_ms = Some(out.first_ms.map_or(t, |first: Millis| first.min(t)));
    let mut returning = 0;
    for m in fleet.f.machines.iter().filter(|m| m.fits(pool)) {
        if m.status.is_returning() {
            let erase = m
                .owner
                .as_ref()
                .and_then(|o| fleet.find(&o.cluster)?.spec.pool(o.pool.as_deref()?))
                .map_or(pool.erase, |p| p.erase);
            if !returning::is_stuck(&fleet.f, m, erase) {
                returning += 1;
                due(returning::eta(&fleet.f, m, erase));
            }
        } else if m.status == MachineStatus::Ready
            && m.owner.is_none()
            && !m.locked
            && let Some(until) = quarantined(memory, &m.system_id, fleet.f.now)
        {
            due(until);
        }
    }
    // A machine whose release is decided comes back as surely as one that MAAS is releasing.
    let leaving = fleet.clusters.iter().flat_map(|c| {
        c.pools
            .iter()
            .flat_map(|p| p.nodes.iter().map(move |x| (p, x)))
    });
    for (own, m) in leaving
        .filter(|(_, x)| x.phase == Phase::Leaving)
        .filter_map(|(p, x)| Some((p, x.machine?)))
    {
        if m.fits(pool) && !m.status.is_returning() && !m.locked {
            returning += 1;
            due(returning::eta(&fleet.f, m, own.spec.erase).max(fleet.f.now.saturating_add(1000)));
        }
    }
    out.returning = returning;
    out
}
