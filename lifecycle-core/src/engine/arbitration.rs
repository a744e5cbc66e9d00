//! 3.5.5 Arbitration: all demands of all pools, clusters and gateways over the shared free machines, addresses and deploy slots.
use crate::prelude::*;
use crate::{
    Code, ConditionCode, Machine, Millis, OnNoSpare, RecordField, State, UnblockKind, Verdict,
    cluster_pool_key,
};

use super::capacity::{Forecast, forecast, free_ips, is_free};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::Phase;
use super::pool::Pool;
use super::switch::Rule;
use super::{actions, control_plane, gateway, reclaim, worker};

/// The classes of demands: who is served first.
pub(crate) mod class {
    use crate::engine::index::Cluster;
    use crate::engine::pool::Pool;

    pub(crate) const CP_REFILL: u8 = 1;
    pub(crate) const GATEWAY_REFILL: u8 = 2;
    pub(crate) const WORKER_REFILL: u8 = 3;
    pub(crate) const CP_SURGE: u8 = 4;
    pub(crate) const GROWTH: u8 = 5;
    pub(crate) const WORKER_SURGE: u8 = 6;

    /// Below the size last reached: mending; beyond it, or before the cluster was complete: growing.
    pub(crate) fn of_refill(c: &Cluster<'_>, pool: &Pool<'_>) -> u8 {
        if c.provisioned_ms.is_none() || pool.live >= pool.reached_size() {
            GROWTH
        } else if c.is_pcg {
            GATEWAY_REFILL
        } else {
            CP_REFILL
        }
    }

    /// The same for the i-th worker demanded in this decision.
    pub(crate) fn of_worker_refill(c: &Cluster<'_>, pool: &Pool<'_>, i: u32) -> u8 {
        if c.provisioned_ms.is_none() || pool.live.saturating_add(i) >= pool.reached_size() {
            GROWTH
        } else {
            WORKER_REFILL
        }
    }
}

/// One node to be created.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    pub(crate) class: u8,
    pub(crate) started: bool,
    pub(crate) priority: u8,
    pub(crate) requested_ms: Millis,
    pub(crate) cluster: String,
    pub(crate) ci: usize,
    pub(crate) pi: usize,
    pub(crate) rule: &'static str,
}

impl Demand {
    pub(crate) fn new(
        c: &Cluster<'_>,
        ci: usize,
        pi: usize,
        class: u8,
        rule: &'static str,
    ) -> Self {
        let started = c.is_started();
        Self {
            class,
            started,
            priority: c.spec.priority,
            requested_ms: c.spec.requested_ms,
            cluster: c.id.to_owned(),
            ci,
            pi,
            rule,
        }
    }
}

/// Why a demand was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    Machine,
    Address,
    Slot,
}

/// Candidates of one pool: by zone, best first.
type Zones<'a> = BTreeMap<&'a str, Vec<usize>>;

/// What is still to be had.
pub(crate) struct Market<'f, 'a> {
    fleet: &'f Fleet<'a>,
    free: Vec<&'a Machine>,
    taken: Vec<bool>,
    /// Set aside for a cluster that has begun and still lacks nodes.
    reserved: Vec<Option<usize>>,
    candidates: BTreeMap<(usize, usize), Zones<'a>>,
    ips: BTreeMap<&'a str, u32>,
    reserved_ips: BTreeMap<(&'a str, usize), u32>,
    slots: u32,
    /// Nodes given per pool and zone in this decision.
    given: BTreeMap<(usize, usize), Vec<&'a str>>,
}

impl<'f, 'a> Market<'f, 'a> {
    fn new(fleet: &'f Fleet<'a>, out: &Out) -> Self {
        let free: Vec<&Machine> = fleet
            .f
            .machines
            .iter()
            .copied()
            .filter(|m| is_free(fleet, &out.memory, m))
            .collect();
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
            taken: vec![false; free.len()],
            reserved: vec![None; free.len()],
            free,
            candidates: BTreeMap::new(),
            ips: subnets
                .iter()
                .filter_map(|s| Some((s.id.as_str(), free_ips(fleet, Some(&s.id))?)))
                .collect(),
            reserved_ips: BTreeMap::new(),
            slots: fleet.f.w.policy.max_concurrent_deploys.saturating_sub(busy),
            given: BTreeMap::new(),
        }
    }

    fn pool(&self, ci: usize, pi: usize) -> &'f Pool<'a> {
        &self.fleet.clusters[ci].pools[pi]
    }

    /// Fitting machines by zone, least waste first, then fewest failures, then system id.
    fn zones(&mut self, ci: usize, pi: usize, out: &Out) -> &Zones<'a> {
        let spec = self.pool(ci, pi).spec;
        let free = &self.free;
        self.candidates.entry((ci, pi)).or_insert_with(|| {
            let mut zones: Zones<'a> = BTreeMap::new();
            for (i, m) in free.iter().enumerate().filter(|(_, m)| m.fits(spec)) {
                zones.entry(&m.zone).or_default().push(i);
            }
            let failures = |m: &Machine| {
                out.memory
                    .machines
                    .get(&m.system_id)
                    .map_or(0, |k| k.failures.len())
            };
            for list in zones.values_mut() {
                list.sort_by_cached_key(|&i| {
                    let m = free[i];
                    let disk = m.disk_gb.first().copied().unwrap_or(0);
                    (
                        m.cpu.saturating_sub(spec.min_cpu),
                        m.mem_mib.saturating_sub(spec.min_mem_mib),
                        disk.saturating_sub(spec.min_disk_gb),
                        failures(m),
                        &m.system_id,
                    )
                });
            }
            zones
        })
    }

    /// The best machine for one more node of this pool, by zone first. `own`: only what is set aside for this cluster.
    fn best(
        &mut self,
        ci: usize,
        pi: usize,
        own: bool,
        respects: bool,
        out: &Out,
    ) -> Option<usize> {
        let pool = self.pool(ci, pi);
        let given = self.given.get(&(ci, pi)).cloned().unwrap_or_default();
        let load = |zone: &str| {
            let new = given.iter().filter(|z| **z == zone).count();
            let fresh = pool
                .nodes
                .iter()
                .filter(|x| x.phase.is_live() && x.up_to_date && x.zone() == zone)
                .count();
            let all = pool
                .nodes
                .iter()
                .filter(|x| x.phase.is_live() && x.zone() == zone)
                .count();
            (fresh + new, all + new)
        };
        let zones = self.zones(ci, pi, out).clone();
        let usable = |i: &&usize| {
            !self.taken[**i]
                && match self.reserved[**i] {
                    Some(owner) => owner == ci || !respects,
                    None => !own,
                }
        };
        zones
            .iter()
            .filter_map(|(zone, list)| list.iter().find(usable).map(|i| (load(zone), *zone, *i)))
            .min_by_key(|(load, zone, _)| (*load, *zone))
            .map(|(_, _, i)| i)
    }

    fn has_ip(&self, ci: usize, subnet: Option<&str>, respects: bool) -> bool {
        let Some((name, free)) = subnet.and_then(|s| self.ips.get_key_value(s)) else {
            return true;
        };
        let others: u32 = self
            .reserved_ips
            .iter()
            .filter(|((s, owner), _)| s == name && *owner != ci)
            .map(|(_, n)| *n)
            .sum();
        if respects { *free > others } else { *free > 0 }
    }

    /// Serves a demand: an Allocate, or why not.
    fn serve(&mut self, d: &Demand, out: &mut Out) -> Result<(), Short> {
        let fleet = self.fleet;
        let c = &fleet.clusters[d.ci];
        let pool = &c.pools[d.pi];
        let respects = d.class >= class::GROWTH;
        let Some(i) = self
            .best(d.ci, d.pi, true, respects, out)
            .or_else(|| self.best(d.ci, d.pi, false, respects, out))
        else {
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
        self.taken[i] = true;
        self.slots -= 1;
        if let Some(n) = subnet.and_then(|s| self.ips.get_mut(s)) {
            *n -= 1;
        }
        if let Some(n) = subnet
            .and_then(|s| self.ips.get_key_value(s).map(|(k, _)| *k))
            .and_then(|s| self.reserved_ips.get_mut(&(s, d.ci)))
        {
            *n = n.saturating_sub(1);
        }
        self.given
            .entry((d.ci, d.pi))
            .or_default()
            .push(&machine.zone);
        say_created(c, pool, d, &node, machine, out);
        self.say_zone_skew(d, out);
        out.wake(
            fleet
                .f
                .now
                .saturating_add(crate::ms_of(fleet.f.w.policy.timings.allocate.deadline_s)),
        );
        out.act(action);
        Ok(())
    }

    /// A zone of the pool without a fitting machine is passed over and reported.
    fn say_zone_skew(&mut self, d: &Demand, out: &mut Out) {
        let pool = self.pool(d.ci, d.pi);
        let n = u32::try_from(pool.spec.azs.len()).unwrap_or(u32::MAX);
        if n < 2 {
            return;
        }
        let ideal = pool.size / n;
        let given = self.given.get(&(d.ci, d.pi)).cloned().unwrap_or_default();
        let zones = self.zones(d.ci, d.pi, out).clone();
        for zone in &pool.spec.azs {
            let fresh = pool
                .nodes
                .iter()
                .filter(|x| x.phase.is_live() && x.up_to_date && x.zone() == zone)
                .count();
            let have = u32::try_from(fresh + given.iter().filter(|z| **z == zone).count())
                .unwrap_or(u32::MAX);
            let none_left = !zones
                .get(zone.as_str())
                .is_some_and(|l| l.iter().any(|i| !self.taken[*i]));
            if have < ideal && none_left {
                let id = self.fleet.clusters[d.ci].id;
                out.condition(
                    id,
                    ConditionCode::ZoneSkewTolerated,
                    facts! {"zone": zone.as_str(), "ideal": ideal, "have": have},
                );
            }
        }
    }

    /// Sets machines and addresses aside for everything that a cluster still lacks; false, and nothing set aside, if they do not suffice.
    fn reserve(&mut self, ci: usize, avoid: &[usize], out: &Out) -> bool {
        let fleet = self.fleet;
        let c = &fleet.clusters[ci];
        let (mut machines, mut ips): (Vec<usize>, Vec<&'a str>) = (Vec::new(), Vec::new());
        let mut whole = true;
        // The endpoint's address is taken together with the first control-plane node's.
        if let Some(cp) = c.cp().filter(|p| p.nodes.iter().all(|x| x.node.is_none())) {
            let subnet = c.subnet(cp.spec);
            if self.has_ip(ci, subnet, true) && self.counts_ip(ci, subnet, 1) {
                ips.extend(subnet.and_then(|s| self.ips.get_key_value(s).map(|(k, _)| *k)));
            } else {
                whole = false;
            }
        }
        for (pi, pool) in c.pools.iter().enumerate() {
            let given =
                u32::try_from(self.given.get(&(ci, pi)).map_or(0, Vec::len)).unwrap_or(u32::MAX);
            for _ in 0..pool.size.saturating_sub(pool.live).saturating_sub(given) {
                let wanted_elsewhere = |m: &Machine| {
                    avoid
                        .iter()
                        .any(|w| fleet.clusters[*w].pools.iter().any(|p| m.fits(p.spec)))
                };
                let zones = self.zones(ci, pi, out).clone();
                let usable = |i: &&usize| {
                    !self.taken[**i]
                        && self.reserved[**i].is_none()
                        && !wanted_elsewhere(self.free[**i])
                };
                let Some(i) = zones.values().flat_map(|l| l.iter()).find(usable).copied() else {
                    whole = false;
                    break;
                };
                self.reserved[i] = Some(ci);
                machines.push(i);
                let subnet = c.subnet(pool.spec);
                if !self.has_ip(ci, subnet, true) || !self.counts_ip(ci, subnet, 1) {
                    whole = false;
                    break;
                }
                ips.extend(subnet.and_then(|s| self.ips.get_key_value(s).map(|(k, _)| *k)));
            }
        }
        if !whole && !c.is_started() {
            for i in machines {
                self.reserved[i] = None;
            }
            for s in ips {
                if let Some(n) = self.reserved_ips.get_mut(&(s, ci)) {
                    *n = n.saturating_sub(1);
                }
            }
        }
        whole
    }

    /// Counts one more address of the cluster's reserve; false if the subnet has not that many.
    fn counts_ip(&mut self, ci: usize, subnet: Option<&str>, n: u32) -> bool {
        let Some((name, free)) = subnet.and_then(|s| self.ips.get_key_value(s)) else {
            return true;
        };
        let all: u32 = self
            .reserved_ips
            .iter()
            .filter(|((s, _), _)| s == name)
            .map(|(_, n)| *n)
            .sum();
        if all.saturating_add(n) > *free {
            return false;
        }
        *self.reserved_ips.entry((*name, ci)).or_insert(0) += n;
        true
    }
}

/// `"{pool}-{k}"`, k = 1 + the largest ever seen.
fn next_name(c: &Cluster<'_>, pool: &Pool<'_>, out: &mut Out) -> String {
    let mem = out
        .memory
        .pools
        .entry(cluster_pool_key(c.id, &pool.spec.id))
        .or_default();
    mem.last_k = mem.last_k.saturating_add(1);
    format!("{}-{}", pool.spec.id, mem.last_k)
}

fn say_created(
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    d: &Demand,
    node: &str,
    machine: &Machine,
    out: &mut Out,
) {
    let facts = facts! {
        "live": pool.live, "size": pool.size, "outdated": pool.outdated, "node": node, "machine": machine.system_id.as_str(), "zone": machine.zone.as_str(),
    };
    let text = match d.rule {
        "CP-12" => {
            "{outdated} of {live} control-plane nodes are outdated; Expand First: creating {node} on {machine} ({zone}) before removing one"
        }
        "W-e" => {
            "{outdated} of {live} workers are outdated; creating {node} on {machine} ({zone}) before removing one"
        }
        "CP-2" | "3.5.5" => "creating {node} on {machine} ({zone}), the first of the cluster",
        _ => "{live} of {size} nodes: creating {node} on {machine} ({zone})",
    };
    out.say(explain(
        cluster_pool_key(c.id, &pool.spec.id),
        Verdict::Did,
        d.rule,
        text,
        facts,
    ));
}

/// Turns demands into Allocate actions; what cannot be served is reclaimed for, falls back, or is explained.
pub(crate) fn run(
    fleet: &Fleet<'_>,
    states: &BTreeMap<&str, State>,
    stopped: &BTreeSet<usize>,
    out: &mut Out,
) {
    let mut demands = core::mem::take(&mut out.demands);
    let pool_id = |d: &Demand| fleet.clusters[d.ci].pools[d.pi].spec.id.as_str();
    demands.sort_by(|a, b| {
        let key = |d: &Demand| (d.class, !d.started, d.priority, d.requested_ms);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.cluster.cmp(&b.cluster))
            .then_with(|| pool_id(a).cmp(pool_id(b)))
    });
    let mut market = Market::new(fleet, out);
    let mut unserved: Vec<(Demand, Short)> = Vec::new();
    let growth = demands.partition_point(|d| d.class < class::GROWTH);
    let surge = demands.partition_point(|d| d.class < class::WORKER_SURGE);
    let mut serve_all = |list: &[Demand], market: &mut Market<'_, '_>, out: &mut Out| {
        for d in list {
            if let Err(short) = market.serve(d, out) {
                unserved.push((d.clone(), short));
            }
        }
    };
    serve_all(&demands[..growth], &mut market, out);
    let mut begun: Vec<usize> = (0..fleet.clusters.len())
        .filter(|&ci| {
            let c = &fleet.clusters[ci];
            let state = states.get(c.id).copied().unwrap_or_default();
            matches!(state, State::Provisioning | State::Installing)
                && c.is_started()
                && !c.is_palette
                && !stopped.contains(&ci)
        })
        .collect();
    begun.sort_by_key(|&ci| (fleet.clusters[ci].spec.requested_ms, fleet.clusters[ci].id));
    for ci in &begun {
        market.reserve(*ci, &[], out);
    }
    serve_all(&demands[growth..surge], &mut market, out);
    let provisioning = fleet.clusters.iter().filter(|c| {
        !c.is_palette && c.is_started() && states.get(c.id) == Some(&State::Provisioning)
    });
    let provisioning = provisioning.count();
    let started = start(fleet, states, stopped, &mut market, provisioning, out);
    serve_all(&started, &mut market, out);
    serve_all(&demands[surge..], &mut market, out);

    let mut claimed: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (d, short) in &unserved {
        if *short != Short::Slot {
            let coming = claimed.entry((d.ci, d.pi)).or_insert(0);
            let reclaimed = reclaim::run(fleet, stopped, d, *coming, out);
            *coming += 1;
            if !reclaimed && !told.contains(&(d.ci, d.pi)) && fall_back(fleet, d, out) {
                told.insert((d.ci, d.pi));
                continue;
            }
        }
        if told.insert((d.ci, d.pi)) {
            let need = u32::try_from(
                unserved
                    .iter()
                    .filter(|(o, _)| (o.ci, o.pi) == (d.ci, d.pi))
                    .count(),
            )
            .unwrap_or(u32::MAX);
            say_short(fleet, d, *short, need, out);
        }
    }
}

/// First come, first served, by machines alone: how Cluster API's providers find out.
pub(crate) fn serve_in_order(fleet: &Fleet<'_>, demands: &[Demand], out: &mut Out) {
    let mut market = Market::new(fleet, out);
    market.slots = u32::MAX;
    market.ips.clear();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for d in demands {
        if let Err(short) = market.serve(d, out)
            && told.insert((d.ci, d.pi))
        {
            say_short(fleet, d, short, 1, out);
        }
    }
}

/// Step (5): fallback for a surge that was not served.
fn fall_back(fleet: &Fleet<'_>, d: &Demand, out: &mut Out) -> bool {
    match d.rule {
        "CP-12" => control_plane::fallback(fleet, d.ci, out),
        "W-e" => worker::fallback(fleet, d.ci, d.pi, out),
        _ => false,
    }
}

/// Start (Pending → Provisioning): in the order of request, each as a whole or not at all.
fn start(
    fleet: &Fleet<'_>,
    states: &BTreeMap<&str, State>,
    stopped: &BTreeSet<usize>,
    market: &mut Market<'_, '_>,
    mut provisioning: usize,
    out: &mut Out,
) -> Vec<Demand> {
    let mut queue: Vec<usize> = (0..fleet.clusters.len())
        .filter(|&ci| {
            let c = &fleet.clusters[ci];
            let state = states.get(c.id).copied().unwrap_or_default();
            !c.is_palette && !c.is_started() && matches!(state, State::Pending | State::Installing)
        })
        .collect();
    queue.sort_by_key(|&ci| (fleet.clusters[ci].spec.requested_ms, fleet.clusters[ci].id));
    let most = usize::try_from(fleet.f.w.policy.max_concurrent_provisions).unwrap_or(usize::MAX);
    let mut waiting: Vec<usize> = Vec::new();
    let mut demands = Vec::new();
    for (position, &ci) in queue.iter().enumerate() {
        let c = &fleet.clusters[ci];
        if stopped.contains(&ci) || c.spec.paused {
            continue;
        }
        let facts = facts! {"position": position + 1};
        if let Some(gateway) =
            gateway::blocker(fleet, states, c).filter(|_| Rule::GatewayBlocksCreate.holds())
        {
            let mut facts = facts;
            if let Some(eta) = gateway::done_ms(fleet, gateway) {
                facts.insert("eta_ms".to_owned(), eta.into());
            }
            out.condition(c.id, ConditionCode::QueuedBehindPcg, facts.clone());
            let say = explain(
                c.id,
                Verdict::Waiting,
                "3.4",
                "place {position} in the queue: its gateway is busy",
                facts,
            );
            out.say(say.until(UnblockKind::Gateway, facts! {"pcg": gateway}));
            continue;
        }
        if provisioning >= most {
            let say = explain(
                c.id,
                Verdict::Waiting,
                "3.5.5",
                "place {position} in the queue: enough clusters are being provisioned",
                facts,
            );
            out.say(say.until(UnblockKind::Node, facts! {}));
            continue;
        }
        if !market.reserve(ci, &waiting, out) && Rule::WholeDemandBeforeStart.holds() {
            waiting.push(ci);
            say_cannot_start(fleet, ci, position + 1, out);
            continue;
        }
        // Pools of size 0 alone: there is nothing to wait for.
        if c.pools.iter().all(|p| p.size == 0) {
            let (field, now) = (RecordField::ProvisionedMs, fleet.f.now);
            out.act(actions::record(c.id, "", None, field, now));
            continue;
        }
        provisioning += 1;
        if c.cp().is_some() {
            demands.push(Demand::new(c, ci, 0, class::GROWTH, "3.5.5"));
        } else {
            for (pi, pool) in c.pools.iter().enumerate() {
                demands
                    .extend((0..pool.size).map(|_| Demand::new(c, ci, pi, class::GROWTH, "3.5.5")));
            }
        }
    }
    demands
}

fn say_cannot_start(fleet: &Fleet<'_>, ci: usize, position: usize, out: &mut Out) {
    let c = &fleet.clusters[ci];
    let need: u32 = c.pools.iter().fold(0, |a, p| a.saturating_add(p.size));
    let fits =
        |m: &&&Machine| c.pools.iter().any(|p| m.fits(p.spec)) && is_free(fleet, &out.memory, m);
    let available = u32::try_from(fleet.f.machines.iter().filter(fits).count()).unwrap_or(u32::MAX);
    let cast = c.pools.iter().map(|p| forecast(fleet, &out.memory, p.spec));
    let (returning, first) = cast.fold((0_u32, None::<Millis>), |(n, t), f| {
        (
            n.max(f.returning),
            [t, f.first_ms].into_iter().flatten().min(),
        )
    });
    let facts =
        facts! {"need": need, "available": available, "returning": returning, "position": position};
    out.condition(c.id, ConditionCode::CapacityShort, facts.clone());
    let text = "place {position} in the queue: {need} machines are needed at once, {available} fit and are free, {returning} are returning";
    say_until(
        first,
        explain(c.id, Verdict::Waiting, "3.5.5", text, facts),
        out,
    );
}

/// Waits for a moment, or, without one, for somebody to add capacity.
fn say_until(first: Option<Millis>, mut say: crate::Explain, out: &mut Out) {
    if let Some(at) = first {
        out.wake(at);
        out.say(say.until(UnblockKind::Machine, facts! {"eta_ms": at}));
    } else {
        say.verdict = Verdict::Blocked;
        out.say(say.until(UnblockKind::Operator, facts! {"do": "capacity"}));
    }
}

/// CapacityShort, with what is on its way.
fn say_short(fleet: &Fleet<'_>, d: &Demand, short: Short, need: u32, out: &mut Out) {
    let c = &fleet.clusters[d.ci];
    let pool = &c.pools[d.pi];
    let key = cluster_pool_key(c.id, &pool.spec.id);
    out.waits.insert(key.clone());
    if short == Short::Slot {
        let facts = facts! {"limit": fleet.f.w.policy.max_concurrent_deploys};
        let say = explain(
            key,
            Verdict::Waiting,
            d.rule,
            "{limit} machines are being deployed, as many as may be at a time",
            facts,
        );
        out.say(say.until(UnblockKind::Machine, facts! {}));
        return;
    }
    let Forecast {
        returning,
        first_ms,
    } = forecast(fleet, &out.memory, pool.spec);
    let single = pool.is_cp && pool.size == 1 && d.rule == "CP-12";
    let rule = match (short, single) {
        (Short::Address, _) => Code::IpShort.as_str(),
        (_, true) => Code::NoSpareSingleNode.as_str(),
        _ => d.rule,
    };
    let facts = facts! {"need": need, "available": 0, "returning": returning, "live": pool.live, "size": pool.size, "outdated": pool.outdated};
    out.condition(
        c.id,
        ConditionCode::CapacityShort,
        facts! {"need": need, "available": 0, "returning": returning},
    );
    let expand =
        matches!(d.rule, "CP-12" | "W-e") && pool.spec.on_no_spare != OnNoSpare::FallbackContract;
    let text = match (short, expand) {
        (Short::Address, _) => "{need} addresses are needed and the subnet has none free",
        (_, true) => {
            "Expand First needs {need} spare machine and none that fits is free; {returning} are returning"
        }
        (_, false) => {
            "{need} machines are needed and none that fits is free; {returning} are returning"
        }
    };
    say_until(
        first_ms,
        explain(key, Verdict::Waiting, rule, text, facts),
        out,
    );
}
