//! 3.5.5 What is still to be had in this decision: machines, addresses, deploy slots. Looking a machine up costs no more than the zones
//! there are: each list remembers how far it is used up.
use crate::Machine;
use crate::prelude::*;

use super::actions;
use super::arbitration::{Demand, Short, class, next_name, say_created, say_zone_skew};
use super::capacity::{free_ips, is_free};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::Phase;
use super::pool::Pool;

/// What a machine must not be for somebody who looks for one.
#[derive(Clone, Copy)]
enum Look {
    /// Given away in this decision.
    Taken,
    /// Nor set aside for a cluster.
    Reserved,
    /// Nor of a kind that a cluster before it waits for.
    Wanted,
}

/// The machines of one zone that fit one kind of pool, best first, and for each [`Look`] how many at its front are out of the question.
struct Lane {
    list: Vec<usize>,
    passed: [usize; 3],
}

/// By zone.
type Lanes<'a> = BTreeMap<&'a str, Lane>;

/// Nodes of a pool by zone: (up to date, all).
type Load<'a> = BTreeMap<&'a str, (usize, usize)>;

/// What has become of a free machine in this decision.
#[derive(Clone, Copy, Default)]
struct Lot {
    taken: bool,
    reserved: bool,
    wanted: bool,
}

/// What keeps a cluster from having everything that it lacks at once.
pub(crate) struct Lack {
    pub(crate) short: Short,
    /// The pool that came away empty-handed first.
    pub(crate) pool: usize,
    /// Machines for that pool, or addresses of its subnet, that were left for the cluster.
    pub(crate) left: u32,
}

pub(crate) struct Market<'f, 'a> {
    fleet: &'f Fleet<'a>,
    /// Best first: least waste for whoever they fit, then fewest failures, then system id.
    free: Vec<&'a Machine>,
    lots: Vec<Lot>,
    /// By kind of pool.
    lanes: Vec<Option<Lanes<'a>>>,
    /// Kinds of pools that a cluster waits for.
    wanted: BTreeSet<usize>,
    /// What is set aside, by cluster and zone.
    reserves: BTreeMap<usize, BTreeMap<&'a str, BTreeSet<usize>>>,
    ips: BTreeMap<&'a str, u32>,
    reserved_ips: BTreeMap<(&'a str, usize), u32>,
    all_reserved_ips: BTreeMap<&'a str, u32>,
    pub(crate) slots: u32,
    /// By cluster and pool, what is given here included.
    loads: BTreeMap<(usize, usize), Load<'a>>,
    given: BTreeMap<(usize, usize), u32>,
}

impl<'f, 'a> Market<'f, 'a> {
    pub(crate) fn new(fleet: &'f Fleet<'a>, out: &Out) -> Self {
        let mut free: Vec<&Machine> = fleet
            .f
            .machines
            .iter()
            .copied()
            .filter(|m| is_free(fleet, &out.memory, m))
            .collect();
        let failures = |m: &Machine| {
            out.memory
                .machines
                .get(&m.system_id)
                .map_or(0, |k| k.failures.len())
        };
        // What a pool asks for is the same for all that fit it, so the least waste is the least machine.
        free.sort_by_cached_key(|m| {
            let disk = m.disk_gb.first().copied().unwrap_or(0);
            (m.cpu, m.mem_mib, disk, failures(m), &m.system_id)
        });
        let busy = fleet.clusters.iter().flat_map(Cluster::nodes).filter(|x| {
            matches!(
                x.phase,
                Phase::Planned | Phase::Allocated | Phase::Deploying
            )
        });
        let busy = u32::try_from(busy.count()).unwrap_or(u32::MAX);
        let subnets = &fleet.f.w.observed.subnets;
        Self {
            fleet,
            lots: vec![Lot::default(); free.len()],
            free,
            lanes: fleet.kinds.iter().map(|_| None).collect(),
            wanted: BTreeSet::new(),
            reserves: BTreeMap::new(),
            ips: subnets
                .iter()
                .filter_map(|s| Some((s.id.as_str(), free_ips(fleet, Some(&s.id))?)))
                .collect(),
            reserved_ips: BTreeMap::new(),
            all_reserved_ips: BTreeMap::new(),
            slots: fleet.f.w.policy.max_concurrent_deploys.saturating_sub(busy),
            loads: BTreeMap::new(),
            given: BTreeMap::new(),
        }
    }

    /// First come, first served, by machines alone.
    pub(crate) fn without_limits(fleet: &'f Fleet<'a>, out: &Out) -> Self {
        let mut market = Self::new(fleet, out);
        market.slots = u32::MAX;
        market.ips.clear();
        market
    }

    fn pool(&self, ci: usize, pi: usize) -> &'f Pool<'a> {
        &self.fleet.clusters[ci].pools[pi]
    }

    /// The machines that fit this pool; sorted already, since `free` is.
    fn lanes(&mut self, pool: &Pool<'a>) -> &mut Lanes<'a> {
        let free = &self.free;
        self.lanes[pool.kind].get_or_insert_with(|| {
            let mut lanes = Lanes::new();
            for (i, m) in free.iter().enumerate().filter(|(_, m)| m.fits(pool.spec)) {
                let lane = lanes.entry(m.zone.as_str()).or_insert_with(|| Lane {
                    list: Vec::new(),
                    passed: [0; 3],
                });
                lane.list.push(i);
            }
            lanes
        })
    }

    /// The best machine of each zone, for one that looks so.
    fn firsts(&mut self, pool: &Pool<'a>, look: Look) -> Vec<(&'a str, usize)> {
        let lots = core::mem::take(&mut self.lots);
        let out_of_question = |i: usize| {
            let lot = lots[i];
            match look {
                Look::Taken => lot.taken,
                Look::Reserved => lot.taken || lot.reserved,
                Look::Wanted => lot.taken || lot.reserved || lot.wanted,
            }
        };
        let firsts = self
            .lanes(pool)
            .iter_mut()
            .filter_map(|(zone, lane)| {
                let passed = &mut lane.passed[look as usize];
                while lane.list.get(*passed).is_some_and(|i| out_of_question(*i)) {
                    *passed += 1;
                }
                lane.list.get(*passed).map(|i| (*zone, *i))
            })
            .collect();
        self.lots = lots;
        firsts
    }

    /// The best of what is set aside for this cluster, of each zone.
    fn own(&self, ci: usize, pool: &Pool<'_>) -> Vec<(&'a str, usize)> {
        let Some(zones) = self.reserves.get(&ci) else {
            return Vec::new();
        };
        let fits = |i: &&usize| self.free[**i].fits(pool.spec);
        zones
            .iter()
            .filter_map(|(zone, set)| Some((*zone, *set.iter().find(fits)?)))
            .collect()
    }

    fn load(&mut self, ci: usize, pi: usize) -> &mut Load<'a> {
        let pool = self.pool(ci, pi);
        self.loads.entry((ci, pi)).or_insert_with(|| {
            let mut load = Load::new();
            for x in pool.nodes.iter().filter(|x| x.phase.is_live()) {
                let zone = load.entry(x.zone()).or_default();
                zone.0 += usize::from(x.up_to_date);
                zone.1 += 1;
            }
            load
        })
    }

    /// The zone with fewest up-to-date nodes, fewest nodes, the first by name.
    fn best(&mut self, ci: usize, pi: usize, found: &[(&'a str, usize)]) -> Option<usize> {
        let load = self.load(ci, pi);
        found
            .iter()
            .min_by_key(|(zone, _)| (load.get(zone).copied().unwrap_or_default(), *zone))
            .map(|(_, i)| *i)
    }

    fn has_ip(&self, ci: usize, subnet: Option<&str>, respects: bool) -> bool {
        let Some((name, free)) = subnet.and_then(|s| self.ips.get_key_value(s)) else {
            return true;
        };
        if !respects {
            return *free > 0;
        }
        let all = self.all_reserved_ips.get(name).copied().unwrap_or(0);
        let own = self.reserved_ips.get(&(*name, ci)).copied().unwrap_or(0);
        *free > all.saturating_sub(own)
    }

    /// Serves a demand: an Allocate, or why not.
    pub(crate) fn serve(&mut self, d: &Demand, out: &mut Out) -> Result<(), Short> {
        let fleet = self.fleet;
        let c = &fleet.clusters[d.ci];
        let pool = &c.pools[d.pi];
        let respects = d.class >= class::GROWTH;
        let own = self.own(d.ci, pool);
        let found = match self.best(d.ci, d.pi, &own) {
            Some(i) => Some(i),
            None => {
                let look = if respects {
                    Look::Reserved
                } else {
                    Look::Taken
                };
                let free = self.firsts(pool, look);
                self.best(d.ci, d.pi, &free)
            }
        };
        let Some(i) = found else {
            return Err(Short::Machine);
        };
        let subnet = c.subnet(pool.spec);
        if !self.has_ip(d.ci, subnet, respects) {
            return Err(Short::Address);
        }
        if self.slots == 0 {
            return Err(Short::Slot);
        }
        let machine = self.free[i];
        let node = next_name(c, pool, out);
        let action = actions::allocate(c.id, &pool.spec.id, &node, machine);
        if fleet.f.pending_ids.contains(action.id.as_str()) {
            return Ok(());
        }
        self.take(d, i, subnet);
        say_created(c, pool, d, &node, machine, out);
        self.zone_skew(d, out);
        out.wake(
            fleet
                .f
                .now
                .saturating_add(crate::ms_of(fleet.f.w.policy.timings.allocate.deadline_s)),
        );
        out.act(action);
        Ok(())
    }

    fn take(&mut self, d: &Demand, i: usize, subnet: Option<&str>) {
        let machine = self.free[i];
        self.lots[i].taken = true;
        if let Some(set) = self
            .reserves
            .get_mut(&d.ci)
            .and_then(|zones| zones.get_mut(machine.zone.as_str()))
        {
            set.remove(&i);
        }
        self.slots -= 1;
        if let Some((name, free)) = subnet.and_then(|s| self.ips.get_key_value(s)) {
            let (name, free) = (*name, *free);
            self.ips.insert(name, free.saturating_sub(1));
            self.uncount_ip(name, d.ci);
        }
        let load = self.load(d.ci, d.pi).entry(&machine.zone).or_default();
        *load = (load.0 + 1, load.1 + 1);
        *self.given.entry((d.ci, d.pi)).or_insert(0) += 1;
    }

    /// A zone of the pool without a fitting machine is passed over and reported.
    fn zone_skew(&mut self, d: &Demand, out: &mut Out) {
        let (pool, cluster) = (self.pool(d.ci, d.pi), self.fleet.clusters[d.ci].id);
        let n = u32::try_from(pool.spec.azs.len()).unwrap_or(u32::MAX);
        if n < 2 {
            return;
        }
        let ideal = pool.size / n;
        let left = self.firsts(pool, Look::Taken);
        let load = self.load(d.ci, d.pi);
        for zone in &pool.spec.azs {
            let have = load.get(zone.as_str()).map_or(0, |l| l.0);
            let have = u32::try_from(have).unwrap_or(u32::MAX);
            if have < ideal && !left.iter().any(|(z, _)| z == zone) {
                say_zone_skew(cluster, zone, ideal, have, out);
            }
        }
    }

    /// Sets machines and addresses aside for everything that a cluster still lacks. If they do not suffice, nothing is set aside for one
    /// that has not begun. `queued`: what an earlier cluster waits for is not touched.
    pub(crate) fn reserve(&mut self, ci: usize, queued: bool) -> Result<(), Lack> {
        let fleet = self.fleet;
        let c = &fleet.clusters[ci];
        let look = if queued { Look::Wanted } else { Look::Reserved };
        let before: Vec<Vec<[usize; 3]>> = c
            .pools
            .iter()
            .map(|p| self.lanes(p).values().map(|l| l.passed).collect())
            .collect();
        let (mut machines, mut ips): (Vec<usize>, Vec<&'a str>) = (Vec::new(), Vec::new());
        let mut lack: Option<Lack> = None;
        let mut lacks = |short: Short, pool: usize, left: usize| {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            lack.get_or_insert(Lack { short, pool, left });
        };
        // The endpoint's address is taken together with the first control-plane node's.
        if let Some(cp) = c.cp().filter(|p| p.nodes.iter().all(|x| x.node.is_none())) {
            match self.reserve_ip(ci, c.subnet(cp.spec)) {
                Some(name) => ips.extend(name),
                None => lacks(Short::Address, 0, 0),
            }
        }
        for (pi, pool) in c.pools.iter().enumerate() {
            let given = self.given.get(&(ci, pi)).copied().unwrap_or(0);
            let had = machines.len();
            for _ in 0..pool.size.saturating_sub(pool.live).saturating_sub(given) {
                let Some((zone, i)) = self.firsts(pool, look).first().copied() else {
                    lacks(Short::Machine, pi, machines.len() - had);
                    break;
                };
                self.lots[i].reserved = true;
                let zones = self.reserves.entry(ci).or_default();
                zones.entry(zone).or_default().insert(i);
                machines.push(i);
                let subnet = c.subnet(pool.spec);
                match self.reserve_ip(ci, subnet) {
                    Some(name) => ips.extend(name),
                    None => {
                        let of_it = ips.iter().filter(|name| Some(**name) == subnet);
                        lacks(Short::Address, pi, of_it.count());
                        break;
                    }
                }
            }
        }
        if lack.is_some() && !c.is_started() {
            for i in machines {
                self.lots[i].reserved = false;
            }
            self.reserves.remove(&ci);
            for name in ips {
                self.uncount_ip(name, ci);
            }
            for (pool, passed) in c.pools.iter().zip(before) {
                for (lane, passed) in self.lanes(pool).values_mut().zip(passed) {
                    lane.passed = passed;
                }
            }
        }
        lack.map_or(Ok(()), Err)
    }

    /// Whether machines are free that fit this pool, all of them kept for somebody else.
    pub(crate) fn keeps_for_others(&mut self, ci: usize, pi: usize) -> bool {
        let pool = self.pool(ci, pi);
        !self.firsts(pool, Look::Taken).is_empty()
    }

    /// A cluster waits: what any of its pools could use is not for those that come after it.
    pub(crate) fn want(&mut self, ci: usize) {
        for pool in &self.fleet.clusters[ci].pools {
            if self.wanted.insert(pool.kind) {
                let found: Vec<usize> = self
                    .lanes(pool)
                    .values()
                    .flat_map(|l| l.list.iter().copied())
                    .collect();
                for i in found {
                    self.lots[i].wanted = true;
                }
            }
        }
    }

    /// One more address of the cluster's reserve: its subnet, none where addresses are not counted; absent if there is none left.
    fn reserve_ip(&mut self, ci: usize, subnet: Option<&str>) -> Option<Option<&'a str>> {
        let Some((name, free)) = subnet.and_then(|s| self.ips.get_key_value(s)) else {
            return Some(None);
        };
        let all = self.all_reserved_ips.get(name).copied().unwrap_or(0);
        if all >= *free {
            return None;
        }
        let name = *name;
        *self.all_reserved_ips.entry(name).or_insert(0) += 1;
        *self.reserved_ips.entry((name, ci)).or_insert(0) += 1;
        Some(Some(name))
    }

    fn uncount_ip(&mut self, name: &'a str, ci: usize) {
        if let Some(n) = self.reserved_ips.get_mut(&(name, ci)).filter(|n| **n > 0) {
            *n -= 1;
            if let Some(all) = self.all_reserved_ips.get_mut(name) {
                *all = all.saturating_sub(1);
            }
        }
    }
}
