//! 3.5.5 Reclaim: a more important demand takes back what a less important one holds. Gates block creation and disruption, never giving back.
use crate::prelude::*;
use crate::{Machine, Verdict};

use super::arbitration::{Demand, class};
use super::commit::{drain, subject};
use super::explain::{explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::switch::Rule;
use super::{actions, creation, freeze};

struct Candidate<'f, 'a> {
    c: &'f Cluster<'a>,
    pool: &'f Pool<'a>,
    x: &'f NodeView<'a>,
    class: u8,
    joined: bool,
}

/// Takes one machine back for the demand; true if one is on its way already or now. `claimed`: how many on their way are spoken for.
pub(crate) fn run(
    fleet: &Fleet<'_>,
    stopped: &BTreeSet<usize>,
    d: &Demand,
    claimed: u32,
    out: &mut Out,
) -> bool {
    if d.class > class::CP_SURGE || !Rule::Reclaim.holds() {
        return false;
    }
    let wanted = fleet.clusters[d.ci].pools[d.pi].spec;
    if coming(fleet, wanted, out) > claimed {
        return true;
    }
    let mut list: Vec<Candidate<'_, '_>> = Vec::new();
    for (ci, c) in fleet
        .clusters
        .iter()
        .enumerate()
        .filter(|(ci, c)| !c.is_palette && !stopped.contains(ci))
    {
        for pool in &c.pools {
            let same =
                ci == d.ci && core::ptr::eq(pool, &raw const fleet.clusters[d.ci].pools[d.pi]);
            let open = pool.is_cp || gate_open(c, pool, out);
            if same || (d.class >= class::WORKER_REFILL && (pool.is_cp || open)) {
                continue;
            }
            list.extend(
                pool.nodes
                    .iter()
                    .filter_map(|x| candidate(c, pool, x, d.class)),
            );
        }
    }
    list.retain(|k| k.x.machine.is_some_and(|m| m.fits(wanted)));
    list.sort_by_key(|k| {
        let provisioning = k.c.provisioned_ms.is_none();
        (
            provisioning,
            k.joined,
            core::cmp::Reverse(k.class),
            core::cmp::Reverse(k.x.created_ms),
            k.c.id,
            k.x.id,
        )
    });
    let Some(k) = list.first() else { return false };
    if k.joined {
        drain(
            fleet,
            k.c,
            k.pool,
            k.x,
            "3.5.5",
            "a more important demand needs its machine",
            out,
        );
    } else if let Some(action) = actions::release_node(k.c, k.pool, k.x) {
        let text = "Reclaim: {node} is given up for {for}";
        let demand = format!("{}/{}", d.cluster, wanted.id);
        out.say(explain(
            subject(k.c, k.pool, k.x.id),
            Verdict::Did,
            "3.5.5",
            text,
            facts! {"node": k.x.id, "for": demand},
        ));
        out.act(action);
    }
    true
}

/// Whether the pool may surge and drain now, as far as reclaim asks.
fn gate_open(c: &Cluster<'_>, pool: &Pool<'_>, out: &Out) -> bool {
    let version = pool.target.and_then(|t| t.version);
    creation::control_plane_busy(c).is_none()
        && creation::skew(c, version).is_none()
        && !c.spec.paused
        && !freeze::is_frozen(&out.memory, c.id, pool)
}

/// Fitting machines that come back anyway: returning in time, leaving, released or drained as surplus in this decision.
fn coming(fleet: &Fleet<'_>, wanted: &crate::PoolSpec, out: &Out) -> u32 {
    let fits = |m: Option<&Machine>| m.is_some_and(|m| m.fits(wanted));
    let nodes = fleet.clusters.iter().flat_map(|c| {
        c.pools
            .iter()
            .flat_map(move |p| p.nodes.iter().map(move |x| (c, p, x)))
    });
    let n = nodes.filter(|(c, p, x)| {
        let given_up = out.actions.iter().any(|a| {
            a.cluster() == Some(c.id)
                && a.node() == Some(x.id)
                && (matches!(a.verb, crate::Verb::Release { .. })
                    || (matches!(a.verb, crate::Verb::Drain { .. }) && p.live > p.size))
        });
        let leaving = matches!(x.phase, Phase::Returning | Phase::Leaving)
            || (x.phase.is_draining() && p.live > p.size);
        fits(x.machine) && !x.stuck && (leaving || given_up)
    });
    u32::try_from(n.count()).unwrap_or(u32::MAX)
}

fn candidate<'f, 'a>(
    c: &'f Cluster<'a>,
    pool: &'f Pool<'a>,
    x: &'f NodeView<'a>,
    than: u8,
) -> Option<Candidate<'f, 'a>> {
    let class = class_of(c, pool);
    if class <= than || x.pending || x.locked {
        return None;
    }
    let unborn = matches!(x.phase, Phase::Allocated | Phase::Deploying)
        || (x.phase == Phase::Joining && !pool.is_cp);
    let spare = !pool.is_cp
        && pool.live > pool.size
        && pool.draining < pool.spec.max_parallel.max(1)
        && (!x.avail || pool.avail > pool.size || !Rule::Floor.holds())
        && pool.victims(|_| true).first().is_some_and(|v| v.id == x.id);
    (unborn || spare).then_some(Candidate {
        c,
        pool,
        x,
        class,
        joined: !unborn,
    })
}

/// What demand the pool's newest nodes answer to.
fn class_of(c: &Cluster<'_>, pool: &Pool<'_>) -> u8 {
    match (pool.is_cp, c.provisioned_ms.is_some()) {
        (_, false) => class::GROWTH,
        (true, true) if pool.live > pool.size => class::CP_SURGE,
        (true, true) => class::CP_REFILL,
        (false, true) if pool.live > pool.size => class::WORKER_SURGE,
        (false, true) if pool.live > pool.reached_size() => class::GROWTH,
        (false, true) => class::WORKER_REFILL,
    }
}
