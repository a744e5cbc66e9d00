//! Are there machines: free ones that fit, each counted once.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::capacity::{forecast, is_free};
use crate::engine::freeze::quarantined;
use crate::engine::index::{Cluster, Fleet, MadeUp};
use crate::prelude::*;
use crate::{ClusterSpec, Id, Machine, Millis, Planner, PoolRole, PoolSpec, State, World};

/// What a pool finds of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolCapacity {
    /// The pool.
    pub pool: Id,
    /// Machines that it still needs to reach its size.
    pub need: u32,
    /// Free machines that meet all of its constraints, whoever else may want them.
    pub fitting: u32,
    /// The fitting ones by zone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, u32>,
    /// Machines that it gets when every demand before it is served: at most `need`.
    pub available: u32,
    /// Fitting machines beyond that: spares for Expand First, unless another pool takes them.
    pub spare: u32,
    /// Fitting machines on their way back to MAAS's pool.
    pub returning: u32,
    /// When the first of them should be back, or the first quarantine ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_eta_ms: Option<Millis>,
    /// How many machines each constraint keeps out; a machine counts once for every constraint that it misses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub excluded: BTreeMap<Constraint, u32>,
}

impl PoolCapacity {
    /// Machines missing.
    #[must_use]
    pub const fn missing(&self) -> u32 {
        self.need.saturating_sub(self.available)
    }
}

/// Why a machine is not for a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Constraint {
    /// Not Ready in MAAS.
    Status,
    /// Locked in MAAS.
    Locked,
    /// It belongs to a cluster, or is about to.
    Owner,
    /// It failed lately and is left alone for a while.
    Quarantine,
    /// Another resource pool.
    ResourcePool,
    /// Another zone.
    Zone,
    /// Too few CPU cores.
    Cpu,
    /// Too little memory.
    Memory,
    /// Too small a boot disk.
    Disk,
    /// Another architecture.
    Arch,
    /// A tag is missing.
    Tags,
}

impl Constraint {
    const fn text(self) -> &'static str {
        match self {
            Self::Status => "not ready",
            Self::Locked => "locked",
            Self::Owner => "in use",
            Self::Quarantine => "in quarantine",
            Self::ResourcePool => "in another resource pool",
            Self::Zone => "in another zone",
            Self::Cpu => "with too few cores",
            Self::Memory => "with too little memory",
            Self::Disk => "with too small a boot disk",
            Self::Arch => "of another architecture",
            Self::Tags => "without the tags",
        }
    }
}

/// Whether a cluster finds its machines, pool by pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapacityReport {
    /// Every pool gets all it needs.
    pub enough: bool,
    /// The control plane first, then the workers as they are listed.
    pub pools: Vec<PoolCapacity>,
}

/// One aligned line per pool, and what keeps machines out where some are missing.
impl fmt::Display for CapacityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .pools
            .iter()
            .map(|p| p.pool.len())
            .max()
            .unwrap_or(0)
            .max(4);
        write!(
            f,
            "{:width$}  {:>4}  {:>9}  {:>5}",
            "pool", "need", "available", "spare"
        )?;
        for p in &self.pools {
            write!(
                f,
                "\n{:width$}  {:>4}  {:>9}  {:>5}",
                p.pool, p.need, p.available, p.spare
            )?;
            if p.missing() > 0 {
                let out: Vec<String> = p
                    .excluded
                    .iter()
                    .map(|(why, n)| format!("{n} {}", why.text()))
                    .collect();
                write!(f, "  {} missing ({})", p.missing(), out.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Enough fitting free machines for `cluster`, beside everything else that `world` wants?
///
/// Shared machines are counted once: what provisioned clusters lack, what clusters being provisioned still lack, and what waits before this
/// one is served first, as [`decide`](crate::decide) does (3.5.5). If the cluster exists already, only what it lacks is needed.
#[must_use]
pub fn check_capacity(cluster: &ClusterSpec, world: &World) -> CapacityReport {
    let made_up = MadeUp::new(world);
    let fleet = Fleet::new(world, &made_up, Planner::Engine);
    let mut supply = Supply::after_others(&fleet, &cluster.id);
    supply.serve(&fleet, cluster)
}

/// Free machines, each given out once.
pub(crate) struct Supply<'a> {
    /// Sorted by system id.
    free: Vec<&'a Machine>,
    failures: BTreeMap<&'a str, usize>,
}

/// Why nobody may take this machine now.
fn unavailable(fleet: &Fleet<'_>, machine: &Machine) -> Option<Constraint> {
    if machine.status != crate::MachineStatus::Ready {
        Some(Constraint::Status)
    } else if machine.locked {
        Some(Constraint::Locked)
    } else if machine.owner.is_some() || fleet.f.allocating.contains(machine.system_id.as_str()) {
        Some(Constraint::Owner)
    } else if quarantined(&fleet.f.w.memory, &machine.system_id, fleet.f.now).is_some() {
        Some(Constraint::Quarantine)
    } else {
        None
    }
}

/// Every constraint of the pool that the machine misses.
fn misses<'m>(
    machine: &'m Machine,
    pool: &'m PoolSpec,
) -> impl Iterator<Item = Constraint> + use<'m> {
    let disk = machine.disk_gb.first().copied().unwrap_or(0);
    [
        (
            machine.resource_pool != pool.resource_pool,
            Constraint::ResourcePool,
        ),
        (
            !pool.azs.is_empty() && !pool.azs.contains(&machine.zone),
            Constraint::Zone,
        ),
        (machine.cpu < pool.min_cpu, Constraint::Cpu),
        (machine.mem_mib < pool.min_mem_mib, Constraint::Memory),
        (disk < pool.min_disk_gb, Constraint::Disk),
        (
            pool.arch.as_ref().is_some_and(|arch| *arch != machine.arch),
            Constraint::Arch,
        ),
        (
            pool.tags.iter().any(|tag| !machine.tags.contains(tag)),
            Constraint::Tags,
        ),
    ]
    .into_iter()
    .filter_map(|(missed, why)| missed.then_some(why))
}

impl<'a> Supply<'a> {
    fn all(fleet: &Fleet<'a>) -> Self {
        let failures = fleet
            .f
            .w
            .memory
            .machines
            .iter()
            .map(|(id, m)| (id.as_str(), m.failures.len()))
            .collect();
        Self {
            free: fleet
                .f
                .machines
                .iter()
                .copied()
                .filter(|m| is_free(fleet, &fleet.f.w.memory, m))
                .collect(),
            failures,
        }
    }

    /// What is left when everything that comes before a request about `subject` is served: classes 1 to 4 of 3.5.5, then clusters being
    /// provisioned, then the queue. A waiting cluster that does not fit keeps what any of its pools could use.
    pub(crate) fn after_others(fleet: &Fleet<'a>, subject: &str) -> Self {
        let mut supply = Self::all(fleet);
        let states: Vec<(&Cluster<'_>, State)> = fleet
            .clusters
            .iter()
            .filter(|c| c.id != subject)
            .map(|c| (c, crate::engine::state::state(fleet, c)))
            .collect();
        let is_kept = |s: &State| {
            !matches!(
                s,
                State::Pending
                    | State::Provisioning
                    | State::Installing
                    | State::Deleting
                    | State::Aborting
                    | State::Deleted
            )
        };
        let class =
            |c: &Cluster<'_>, pool: &PoolSpec| (pool.role != PoolRole::ControlPlane, c.is_pcg);
        let mut kept: Vec<_> = states
            .iter()
            .filter(|(_, s)| is_kept(s))
            .flat_map(|(c, _)| {
                c.pools.iter().map(move |p| {
                    (
                        class(c, p.spec),
                        c.spec.priority,
                        c.spec.requested_ms,
                        c.id,
                        p,
                    )
                })
            })
            .collect();
        kept.sort_by_key(|(class, priority, requested, id, pool)| {
            (*class, *priority, *requested, *id, pool.spec.id.as_str())
        });
        for (.., pool) in &kept {
            let load = pool
                .zone_load()
                .into_iter()
                .map(|(z, n)| (z.to_owned(), n))
                .collect();
            supply.take(pool.spec, pool.size.saturating_sub(pool.live), load);
        }
        for (.., pool) in kept
            .iter()
            .filter(|(.., p)| p.is_cp && p.outdated > 0 && p.surge > 0 && p.live == p.size)
        {
            supply.take(pool.spec, 1, BTreeMap::new());
        }
        let mut begun: Vec<&Cluster<'_>> = states
            .iter()
            .filter(|(_, s)| matches!(s, State::Provisioning | State::Installing))
            .map(|(c, _)| *c)
            .collect();
        begun.sort_by_key(|c| (c.spec.requested_ms, c.id));
        for cluster in begun {
            supply.serve(fleet, cluster.spec);
        }
        let mut queue: Vec<&Cluster<'_>> = states
            .iter()
            .filter(|(_, s)| *s == State::Pending)
            .map(|(c, _)| *c)
            .collect();
        queue.sort_by_key(|c| (c.spec.requested_ms, c.id));
        for cluster in queue {
            let before = supply.free.clone();
            if !supply.serve(fleet, cluster.spec).enough {
                supply.free = before;
                supply
                    .free
                    .retain(|m| !cluster.spec.pools().any(|pool| m.fits(pool)));
            }
        }
        supply
    }

    /// Gives a cluster what it lacks, the control plane first, then the workers by name, and says what each found.
    pub(crate) fn serve(&mut self, fleet: &Fleet<'_>, cluster: &ClusterSpec) -> CapacityReport {
        let known = fleet.find(&cluster.id);
        let known =
            |pool: &PoolSpec| known.and_then(|c| c.pools.iter().find(|p| p.spec.id == pool.id));
        let mut order: Vec<(usize, &PoolSpec)> = cluster.pools().enumerate().collect();
        order.sort_by_key(|(_, pool)| (pool.role != PoolRole::ControlPlane, pool.id.as_str()));
        let mut pools: Vec<(usize, PoolCapacity)> = order
            .into_iter()
            .map(|(place, pool)| {
                let (live, load) =
                    known(pool).map_or((0, BTreeMap::new()), |p| (p.live, p.zone_load()));
                let load = load.into_iter().map(|(z, n)| (z.to_owned(), n)).collect();
                (
                    place,
                    self.serve_pool(fleet, pool, pool.size.saturating_sub(live), load),
                )
            })
            .collect();
        pools.sort_by_key(|(place, _)| *place);
        let mut pools: Vec<PoolCapacity> = pools.into_iter().map(|(_, p)| p).collect();
        for (found, pool) in pools.iter_mut().zip(cluster.pools()) {
            found.spare = self.fitting(pool);
        }
        CapacityReport {
            enough: pools.iter().all(|p| p.missing() == 0),
            pools,
        }
    }

    /// Gives one pool up to `need` machines.
    pub(crate) fn serve_pool(
        &mut self,
        fleet: &Fleet<'_>,
        pool: &PoolSpec,
        need: u32,
        load: BTreeMap<String, u32>,
    ) -> PoolCapacity {
        let mut found = PoolCapacity {
            pool: pool.id.clone(),
            need,
            fitting: 0,
            zones: BTreeMap::new(),
            available: 0,
            spare: 0,
            returning: 0,
            first_eta_ms: None,
            excluded: BTreeMap::new(),
        };
        let coming = forecast(fleet, &fleet.f.w.memory, pool);
        (found.returning, found.first_eta_ms) = (coming.returning, coming.first_ms);
        for machine in &fleet.f.machines {
            let mut fits = true;
            for why in unavailable(fleet, machine)
                .into_iter()
                .chain(misses(machine, pool))
            {
                *found.excluded.entry(why).or_default() += 1;
                fits = false;
            }
            if fits {
                found.fitting += 1;
                *found.zones.entry(machine.zone.clone()).or_default() += 1;
            }
        }
        found.available = self.take(pool, need, load);
        found.spare = self.fitting(pool);
        found
    }

    /// Free machines left that fit.
    pub(crate) fn fitting(&self, pool: &PoolSpec) -> u32 {
        u32::try_from(self.free.iter().filter(|m| m.fits(pool)).count()).unwrap_or(u32::MAX)
    }

    /// Takes up to `need` machines: the zone with the fewest nodes, then least waste, fewest failures, system id (§2).
    fn take(&mut self, pool: &PoolSpec, need: u32, mut load: BTreeMap<String, u32>) -> u32 {
        if need == 0 {
            return 0;
        }
        let mut zones: BTreeMap<&str, Vec<&Machine>> = BTreeMap::new();
        for machine in self.free.iter().copied().filter(|m| m.fits(pool)) {
            zones.entry(&machine.zone).or_default().push(machine);
        }
        let failures = |m: &Machine| {
            self.failures
                .get(m.system_id.as_str())
                .copied()
                .unwrap_or(0)
        };
        for machines in zones.values_mut() {
            // The best last, so that it can be popped.
            machines.sort_by(|a, b| {
                let key = |m: &Machine| {
                    (
                        m.cpu,
                        m.mem_mib,
                        m.disk_gb.first().copied().unwrap_or(0),
                        failures(m),
                    )
                };
                (key(b), &b.system_id).cmp(&(key(a), &a.system_id))
            });
        }
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for _ in 0..need {
            let zone = zones
                .iter()
                .filter(|(_, machines)| !machines.is_empty())
                .map(|(zone, _)| *zone)
                .min_by_key(|zone| (load.get(*zone).copied().unwrap_or(0), *zone));
            let Some((zone, machine)) =
                zone.and_then(|zone| Some((zone, zones.get_mut(zone)?.pop()?)))
            else {
                break;
            };
            *load.entry(zone.to_owned()).or_default() += 1;
            taken.insert(&machine.system_id);
        }
        let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        self.free.retain(|m| !taken.contains(m.system_id.as_str()));
        count
    }
}
