//! 3.5.1 free and fits: which machines and addresses could serve a pool now, and when the next will.
use core::cell::RefCell;

use crate::prelude::*;
use crate::{Machine, MachineStatus, Memory, Millis, Planner, PoolSpec};

use super::freeze::quarantined;
use super::index::{Cluster, Fleet};
use super::phase::{Phase, count};
use super::pool::Pool;
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

/// What rules ask for again and again in one decision, by kind of pool; counted once.
#[derive(Default)]
pub(crate) struct Supply {
    fitting: RefCell<BTreeMap<Vec<usize>, u32>>,
    forecasts: RefCell<BTreeMap<usize, Forecast>>,
    /// Planned nodes, by subnet: their addresses are as good as taken.
    planned: BTreeMap<String, u32>,
}

impl Supply {
    pub(crate) fn new(clusters: &[Cluster<'_>]) -> Self {
        let mut planned: BTreeMap<String, u32> = BTreeMap::new();
        for c in clusters {
            for pool in &c.pools {
                let n = count(&pool.nodes, |x| x.phase == Phase::Planned);
                if let Some(subnet) = c.subnet(pool.spec).filter(|_| n > 0) {
                    *planned.entry(subnet.to_owned()).or_insert(0) += n;
                }
            }
        }
        Self {
            planned,
            ..Self::default()
        }
    }
}

/// Free addresses of a subnet; none known: not counted.
pub(crate) fn free_ips(fleet: &Fleet<'_>, subnet: Option<&str>) -> Option<u32> {
    let subnet = fleet
        .f
        .subnets
        .get(subnet?)
        .filter(|_| Rule::IpCount.holds())?;
    let planned = fleet.supply.planned.get(&subnet.id).copied().unwrap_or(0);
    Some(subnet.free_ips.saturating_sub(planned))
}

/// How many nodes of this pool could be created now, by machines and addresses.
pub(crate) fn free_fits(
    fleet: &Fleet<'_>,
    memory: &Memory,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
) -> u32 {
    let fitting = fitting_any(fleet, memory, core::slice::from_ref(pool));
    free_ips(fleet, c.subnet(pool.spec)).map_or(fitting, |ips| fitting.min(ips))
}

/// How many free machines fit any of these pools.
pub(crate) fn fitting_any(fleet: &Fleet<'_>, memory: &Memory, pools: &[Pool<'_>]) -> u32 {
    let kinds: BTreeSet<usize> = pools.iter().map(|p| p.kind).collect();
    let kinds: Vec<usize> = kinds.into_iter().collect();
    let known = fleet.supply.fitting.borrow().get(&kinds).copied();
    known.unwrap_or_else(|| {
        let fits = |m: &Machine| kinds.iter().any(|k| m.fits(fleet.kinds[*k]));
        let machines = fleet.f.machines.iter();
        let n = machines
            .filter(|m| fits(m) && is_free(fleet, memory, m))
            .count();
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        fleet.supply.fitting.borrow_mut().insert(kinds, n);
        n
    })
}

/// What is on its way: fitting machines that return in time, when the first is due, and when the first fitting quarantine ends.
#[derive(Clone, Copy)]
pub(crate) struct Forecast {
    pub(crate) returning: u32,
    pub(crate) first_ms: Option<Millis>,
}

/// [`forecast`] for a pool of the fleet.
pub(crate) fn forecast_for(fleet: &Fleet<'_>, memory: &Memory, pool: &Pool<'_>) -> Forecast {
    let known = fleet.supply.forecasts.borrow().get(&pool.kind).copied();
    known.unwrap_or_else(|| {
        let cast = forecast(fleet, memory, pool.spec);
        fleet.supply.forecasts.borrow_mut().insert(pool.kind, cast);
        cast
    })
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
