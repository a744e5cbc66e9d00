//! 3.5.5 Arbitration: all demands of all pools, clusters and gateways over the shared free machines, addresses and deploy slots.
use crate::prelude::*;
use crate::{
    Args, Code, ConditionCode, Machine, Millis, OnNoSpare, PoolSpec, RecordField, State,
    UnblockKind, Verdict, cluster_pool_key,
};

use super::capacity::{Forecast, fitting_any, forecast_for};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::market::{Lack, Market};
use super::out::Out;
use super::pool::Pool;
use super::reclaim::Reclaim;
use super::switch::Rule;
use super::{actions, control_plane, gateway, worker};

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
    /// How many more like it there are, beyond what the machines of the fleet could serve.
    pub(crate) more: u32,
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
            more: 0,
        }
    }

    /// `n` demands, those aside that no machine is left for anyway: a size of four billion costs no more than one that can be served.
    pub(crate) fn many(
        fleet: &Fleet<'_>,
        n: u32,
        demand: impl Fn(u32) -> Self,
    ) -> impl Iterator<Item = Self> {
        let machines = u32::try_from(fleet.f.machines.len()).unwrap_or(u32::MAX);
        let most = n.min(machines.saturating_add(1));
        (0..most).map(move |i| Self {
            more: if i + 1 == most { n - most } else { 0 },
            ..demand(i)
        })
    }
}

/// Why a demand was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    Machine,
    Address,
    Slot,
}

/// `"{pool}-{k}"`, k = 1 + the largest ever seen.
pub(crate) fn next_name(c: &Cluster<'_>, pool: &Pool<'_>, out: &mut Out) -> String {
    let mem = out
        .memory
        .pools
        .entry(cluster_pool_key(c.id, &pool.spec.id))
        .or_default();
    mem.last_k = mem.last_k.saturating_add(1);
    format!("{}-{}", pool.spec.id, mem.last_k)
}

pub(crate) fn say_created(
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

/// A zone of the pool that has fewer nodes than its share and no fitting machine.
pub(crate) fn say_zone_skew(cluster: &str, zone: &str, ideal: u32, have: u32, out: &mut Out) {
    out.condition(
        cluster,
        ConditionCode::ZoneSkewTolerated,
        facts! {"zone": zone, "ideal": ideal, "have": have},
    );
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
        // What it lacks is said where its demands are served.
        let _ = market.reserve(*ci, false);
    }
    serve_all(&demands[growth..surge], &mut market, out);
    let provisioning = fleet.clusters.iter().filter(|c| {
        !c.is_palette && c.is_started() && states.get(c.id) == Some(&State::Provisioning)
    });
    let provisioning = provisioning.count();
    let started = start(fleet, states, stopped, &mut market, provisioning, out);
    serve_all(&started, &mut market, out);
    serve_all(&demands[surge..], &mut market, out);

    let mut needs: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for (d, _) in &unserved {
        let need: &mut u32 = needs.entry((d.ci, d.pi)).or_insert(0);
        *need = need.saturating_add(d.more).saturating_add(1);
    }
    let mut reclaim = Reclaim::new(fleet, stopped);
    let mut claimed: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (d, short) in &unserved {
        if *short != Short::Slot {
            let coming = claimed.entry((d.ci, d.pi)).or_insert(0);
            let reclaimed = reclaim.run(d, *coming, out);
            *coming += 1;
            if !reclaimed && !told.contains(&(d.ci, d.pi)) && fall_back(fleet, d, out) {
                told.insert((d.ci, d.pi));
                continue;
            }
        }
        if told.insert((d.ci, d.pi)) {
            let need = needs.get(&(d.ci, d.pi)).copied().unwrap_or(0);
            let kept = *short == Short::Machine && market.keeps_for_others(d.ci, d.pi);
            say_short(fleet, d, *short, need, kept, out);
        }
    }
}

/// First come, first served, by machines alone: how Cluster API's providers find out.
pub(crate) fn serve_in_order(fleet: &Fleet<'_>, demands: &[Demand], out: &mut Out) {
    let mut market = Market::without_limits(fleet, out);
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for d in demands {
        if let Err(short) = market.serve(d, out)
            && told.insert((d.ci, d.pi))
        {
            say_short(fleet, d, short, 1, false, out);
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
    let mut demands = Vec::new();
    // A gateway that is installed has no place among the clusters.
    let mut position = 0;
    for &ci in &queue {
        let c = &fleet.clusters[ci];
        position += u32::from(!c.is_pcg);
        if stopped.contains(&ci) || c.spec.paused {
            continue;
        }
        let facts = facts! {"position": position};
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
        if let Err(lack) = market.reserve(ci, true)
            && Rule::WholeDemandBeforeStart.holds()
        {
            market.want(ci);
            say_cannot_start(fleet, ci, position, &lack, out);
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
                demands.extend(Demand::many(fleet, pool.size, |_| {
                    Demand::new(c, ci, pi, class::GROWTH, "3.5.5")
                }));
            }
        }
    }
    demands
}

/// What is short: machines as a whole, machines for one of its pools, or addresses of a subnet.
fn say_cannot_start(fleet: &Fleet<'_>, ci: usize, position: u32, lack: &Lack, out: &mut Out) {
    let c = &fleet.clusters[ci];
    let pool = &c.pools[lack.pool];
    let need: u32 = c.pools.iter().fold(0, |a, p| a.saturating_add(p.size));
    let fitting = fitting_any(fleet, &out.memory, &c.pools);
    let cast = c.pools.iter().map(|p| forecast_for(fleet, &out.memory, p));
    let (returning, first) = cast.fold((0_u32, None::<Millis>), |(n, t), f| {
        (
            n.max(f.returning),
            [t, f.first_ms].into_iter().flatten().min(),
        )
    });
    let (rule, mut facts, text) = match lack.short {
        Short::Address => {
            let subnet = c.subnet(pool.spec);
            let nodes = c.pools.iter().filter(|p| c.subnet(p.spec) == subnet);
            let of_subnet = nodes.fold(0_u32, |sum, p| {
                sum.saturating_add(p.size)
                    .saturating_add(u32::from(p.is_cp))
            });
            (
                Code::IpShort.as_str(),
                address_facts(fleet, subnet, of_subnet, lack.left),
                "{need} addresses of subnet {subnet} ({range}) are needed at once, {available} are left",
            )
        }
        _ if fitting < need => (
            "3.5.5",
            facts! {"need": need, "available": fitting},
            "{need} machines are needed at once, {available} fit and are free, {returning} are returning",
        ),
        _ => (
            "3.5.5",
            pool_facts(fleet, pool, lack.left, out),
            "pool {pool} needs {need} machines {wants}; {fitting} fit and are free, {available} of them are left for it, {returning} are returning",
        ),
    };
    facts.insert("returning".to_owned(), returning.into());
    let text = if c.is_pcg {
        text.to_owned()
    } else {
        facts.insert("position".to_owned(), position.into());
        format!("place {{position}} in the queue: {text}")
    };
    out.condition(c.id, ConditionCode::CapacityShort, facts.clone());
    let say = explain(c.id, Verdict::Waiting, rule, &text, facts);
    say_until(first, say, lack.short, out);
}

/// Which subnet is short of addresses, and what its range is.
fn address_facts(fleet: &Fleet<'_>, subnet: Option<&str>, need: u32, left: u32) -> Args {
    let known = subnet.and_then(|id| fleet.f.subnets.get(id));
    let range = known.map_or_else(String::new, |s| s.cidr.to_string());
    facts! {"need": need, "available": left, "subnet": subnet.unwrap_or(""), "range": range}
}

/// What a pool asks of a machine: `≥8 CPU/16384 MiB/100 GB in resource pool default, zones z1, z2`.
fn wants(pool: &PoolSpec) -> String {
    let mut text = format!(
        "≥{} CPU/{} MiB/{} GB in resource pool {}",
        pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb, pool.resource_pool
    );
    let arch: Vec<String> = pool.arch.iter().cloned().collect();
    for (what, names) in [("zones", &pool.azs), ("tags", &pool.tags), ("arch", &arch)] {
        if !names.is_empty() {
            text = format!("{text}, {what} {}", names.join(", "));
        }
    }
    text
}

/// What a pool asks of a machine, and how many meet it.
fn pool_facts(fleet: &Fleet<'_>, pool: &Pool<'_>, left: u32, out: &Out) -> Args {
    let fitting = fitting_any(fleet, &out.memory, core::slice::from_ref(pool));
    facts! {
        "pool": pool.spec.id.as_str(), "need": pool.size.saturating_sub(pool.live), "available": left, "fitting": fitting, "wants": wants(pool.spec),
    }
}

/// Waits for a moment, or, without one, for somebody to add capacity.
fn say_until(first: Option<Millis>, mut say: crate::Explain, short: Short, out: &mut Out) {
    if let Some(at) = first {
        out.wake(at);
        out.say(say.until(UnblockKind::Machine, facts! {"eta_ms": at}));
    } else {
        say.verdict = Verdict::Blocked;
        out.say(say.until(
            UnblockKind::Operator,
            facts! {"do": if short == Short::Address { "addresses" } else { "capacity" }},
        ));
    }
}

/// CapacityShort, with what is on its way.
fn say_short(fleet: &Fleet<'_>, d: &Demand, short: Short, need: u32, kept: bool, out: &mut Out) {
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
    } = forecast_for(fleet, &out.memory, pool);
    let single = pool.is_cp && pool.size == 1 && d.rule == "CP-12";
    let rule = match (short, single) {
        (Short::Address, _) => Code::IpShort.as_str(),
        (_, true) => Code::NoSpareSingleNode.as_str(),
        _ => d.rule,
    };
    let expand =
        matches!(d.rule, "CP-12" | "W-e") && pool.spec.on_no_spare != OnNoSpare::FallbackContract;
    let (mut facts, text) = match (short, expand, kept) {
        (Short::Address, ..) => (
            address_facts(fleet, c.subnet(pool.spec), need, 0),
            "{need} addresses of subnet {subnet} ({range}) are needed and none is left",
        ),
        (_, _, true) => (
            facts! {"need": need, "available": 0},
            "{need} machines are needed; what fits and is free is kept for a cluster that is being provisioned, {returning} are returning",
        ),
        (_, true, _) => (
            facts! {"need": need, "available": 0},
            "Expand First needs {need} spare machine and none that fits is free; {returning} are returning",
        ),
        _ => (
            facts! {"need": need, "available": 0},
            "{need} machines are needed and none that fits is free; {returning} are returning",
        ),
    };
    facts.insert("returning".to_owned(), returning.into());
    out.condition(c.id, ConditionCode::CapacityShort, facts.clone());
    facts.append(&mut facts! {"live": pool.live, "size": pool.size, "outdated": pool.outdated});
    let say = explain(key, Verdict::Waiting, rule, text, facts);
    say_until(first_ms, say, short, out);
}
