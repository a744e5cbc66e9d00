//! How Cluster API, and so Palette, goes about the same work: counts, one control-plane machine at a time, workers after it, and no look at
//! whether a machine will be there.
//!
//! Control plane as the kubeadm provider does it: nothing while a machine is being created or deleted; Expand First creates up to size + 1
//! before it removes, Contract First removes first; the leader is moved and the member removed before the machine goes. Workers as a
//! MachineDeployment does it, on the counts of the new set and the old ones. Phases, commit steps, deletion, abort and force delete are the
//! engine's, since the observation they are read off is the same.
use super::{MachineDeployment, MachineSet, rolling_update};
use crate::engine::arbitration::{Demand, class, serve_in_order};
use crate::engine::commit::{commit, drain};
use crate::engine::creation::control_plane_busy;
use crate::engine::explain::{Until, explain, facts};
use crate::engine::gateway;
use crate::engine::index::{Cluster, Fleet};
use crate::engine::out::Out;
use crate::engine::phase::{NodeView, Phase, count, pick};
use crate::engine::pool::Pool;
use crate::engine::view::View;
use crate::prelude::*;
use crate::{Decision, Planner, State, Strategy, UnblockKind, Verdict, World, cluster_pool_key};

/// What Cluster API would do now, in the engine's vocabulary. Same shape as [`decide`](crate::decide).
#[must_use]
pub fn decide(w: &World) -> Decision {
    crate::engine::decide_by(Planner::ClusterApi, w)
}

/// Plans one cluster that has begun.
pub(crate) fn plan(fleet: &Fleet<'_>, ci: usize, out: &mut Out) {
    let c = &fleet.clusters[ci];
    if c.cp().is_some() {
        control_plane(fleet, ci, out);
    }
    for (pi, pool) in c.pools.iter().enumerate().filter(|(_, p)| !p.is_cp) {
        machine_deployment(fleet, c, ci, pi, pool, out);
    }
}

/// Gives machines to demands in their order; clusters that have not begun begin without asking whether they can be finished.
pub(crate) fn allocate(fleet: &Fleet<'_>, states: &BTreeMap<&str, State>, out: &mut Out) {
    let mut demands = core::mem::take(&mut out.demands);
    for (ci, c) in fleet.clusters.iter().enumerate() {
        let waits = matches!(states[c.id], State::Pending | State::Installing) && !c.is_started();
        if !waits || c.is_palette || c.spec.paused || gateway::blocker(fleet, states, c).is_some() {
            continue;
        }
        if c.cp().is_some() {
            demands.push(Demand::new(c, ci, 0, class::GROWTH, "KCP-init"));
        } else {
            for (pi, pool) in c.pools.iter().enumerate() {
                demands.extend(Demand::many(fleet, pool.size, |_| {
                    Demand::new(c, ci, pi, class::GROWTH, "MD-new")
                }));
            }
        }
    }
    demands.sort_by(|a, b| {
        a.requested_ms
            .cmp(&b.requested_ms)
            .then_with(|| a.cluster.cmp(&b.cluster))
            .then_with(|| a.pi.cmp(&b.pi))
    });
    serve_in_order(fleet, &demands, out);
}

fn control_plane(fleet: &Fleet<'_>, ci: usize, out: &mut Out) {
    let c = &fleet.clusters[ci];
    let pool = &c.pools[0];
    if c.etcd.view == View::Uninitialised {
        if pool.live == 0 && !c.spec.paused {
            out.demands
                .push(Demand::new(c, ci, 0, class::GROWTH, "KCP-init"));
        }
        return;
    }
    if removals(fleet, c, pool, out) || c.spec.paused {
        return;
    }
    let subject = cluster_pool_key(c.id, &pool.spec.id);
    let busy = |x: &&NodeView<'_>| {
        x.phase.is_creating() || matches!(x.phase, Phase::Leaving | Phase::Discarded)
    };
    if let Some(x) = pool.nodes.iter().find(busy) {
        let facts = facts! {"node": x.id, "phase": x.phase.name()};
        out.say(
            explain(
                subject,
                Verdict::Waiting,
                "KCP-preflight",
                "{node} is {phase}: one machine at a time",
                facts,
            )
            .until(UnblockKind::Node, facts! {}),
        );
        return;
    }
    let unhealthy = pool.victims(|x| x.unhealthy);
    if let Some(x) = unhealthy
        .first()
        .filter(|x| pool.size > 1 && may_remove(c, pool, x))
    {
        drain(fleet, c, pool, x, "KCP-remediate", "it is unhealthy", out);
        return;
    }
    if let Some(x) = pool
        .nodes
        .iter()
        .find(|x| matches!(x.phase, Phase::Suspect | Phase::Recovering))
    {
        let facts = facts! {"node": x.id};
        out.say(
            explain(
                subject,
                Verdict::Waiting,
                "KCP-preflight",
                "{node} is not healthy",
                facts,
            )
            .until(UnblockKind::Node, facts! {}),
        );
        out.wake(fleet.f.now.saturating_add(15_000));
        return;
    }
    let surge = u32::from(pool.spec.strategy != Strategy::ContractFirst);
    let most = if pool.outdated > 0 {
        pool.size.saturating_add(surge)
    } else {
        pool.size
    };
    if pool.outdated > 0 && pool.live >= most {
        let why = "it is outdated";
        if let Some(x) = pool.victims(|x| x.outdated).first() {
            drain(fleet, c, pool, x, "KCP-rollout", why, out);
        }
    } else if pool.live < most {
        let (class, rule) = if pool.outdated > 0 {
            (class::CP_SURGE, "KCP-rollout")
        } else {
            (class::GROWTH, "KCP-scale-up")
        };
        out.demands.push(Demand::new(c, ci, 0, class, rule));
    } else if pool.live > pool.size
        && let Some(x) = pool.victims(|_| true).first()
    {
        drain(
            fleet,
            c,
            pool,
            x,
            "KCP-scale-down",
            "there are more nodes than wanted",
            out,
        );
    }
}

/// Finishes what is being deleted; true while something is.
fn removals(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, out: &mut Out) -> bool {
    let mut any = false;
    for x in pick(&pool.nodes, |x| {
        x.phase.is_draining() || (x.phase == Phase::Discarded && x.member.is_some())
    }) {
        any = true;
        if x.phase == Phase::Draining {
            continue;
        }
        if may_remove(c, pool, x) {
            commit(c, pool, x, "KCP-delete", out);
        } else {
            let say = explain(
                cluster_pool_key(c.id, x.id),
                Verdict::Waiting,
                "KCP-delete",
                "etcd would lose its majority without {node}",
                facts! {"node": x.id},
            );
            out.say(say.until(UnblockKind::Etcd, facts! {}));
            out.wake(fleet.f.now.saturating_add(15_000));
        }
    }
    any
}

/// The kubeadm provider looks at the quorum that would be left, not at the present one.
fn may_remove(c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>) -> bool {
    if c.etcd.is_stacked() {
        // The present quorum is needed too, for without it etcd cannot carry the removal out.
        c.etcd.safe_remove(x, &pool.nodes)
    } else {
        pool.nodes
            .iter()
            .any(|y| y.id != x.id && y.phase == Phase::Active)
    }
}

/// maxSurge and maxUnavailable: 1/0 for Expand First, 0/1 for Contract First.
fn surge_and_unavailable(pool: &Pool<'_>) -> (u32, u32) {
    match pool.spec.strategy {
        Strategy::ExpandFirst => (1, 0),
        Strategy::ContractFirst => (0, 1),
        Strategy::Custom { .. } => (pool.surge, pool.unavailable),
    }
}

fn machine_deployment(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    ci: usize,
    pi: usize,
    pool: &Pool<'_>,
    out: &mut Out,
) {
    for x in pick(&pool.nodes, |x| x.phase == Phase::Drained) {
        commit(c, pool, x, "MS-delete", out);
    }
    let subject = cluster_pool_key(c.id, &pool.spec.id);
    if c.spec.paused || c.etcd.view == View::Uninitialised {
        let say = explain(
            subject,
            Verdict::Waiting,
            "MS-preflight",
            "workers wait for the control plane",
            facts! {},
        );
        out.say(say.until(UnblockKind::ControlPlane, facts! {}));
        return;
    }
    let (max_surge, max_unavailable) = surge_and_unavailable(pool);
    let old = old_revisions(pool);
    let deployment = MachineDeployment {
        size: pool.size,
        max_surge,
        max_unavailable,
        new: machine_set(pool, |x| !x.outdated),
        old: old
            .iter()
            .map(|r| machine_set(pool, |x| x.outdated && revision(x) == *r))
            .collect(),
        in_place: None,
    };
    let targets = rolling_update(&deployment);
    let grow = targets.new.saturating_sub(deployment.new.wanted);
    if grow > 0 {
        if let Some(why) = control_plane_busy(c).filter(|_| c.provisioned_ms.is_some()) {
            let say = explain(
                subject,
                Verdict::Waiting,
                "MS-preflight",
                "no worker is created meanwhile: {why}",
                facts! {"why": why},
            );
            out.say(say.until(UnblockKind::ControlPlane, facts! {}));
            return;
        }
        let class = if pool.outdated > 0 {
            class::WORKER_SURGE
        } else {
            class::GROWTH
        };
        out.demands.extend(Demand::many(fleet, grow, |_| {
            Demand::new(c, ci, pi, class, "MD-new")
        }));
    }
    let surplus = deployment.new.wanted.saturating_sub(targets.new);
    for x in first(pool.victims(|x| !x.outdated), surplus) {
        let why = "there are more nodes than wanted";
        drain(fleet, c, pool, x, "MD-new", why, out);
    }
    // A control plane that is still rolling holds a rollout back.
    if c.provisioned_ms.is_some() && control_plane_busy(c).is_some() {
        return;
    }
    for ((r, set), target) in old.iter().zip(&deployment.old).zip(&targets.old) {
        let mut victims = pool.victims(|x| x.outdated && revision(x) == *r);
        victims.sort_by_key(|x| x.avail);
        for x in first(victims, set.wanted.saturating_sub(*target)) {
            drain(fleet, c, pool, x, "MD-old", "it is outdated", out);
        }
    }
}

fn first<T>(list: Vec<T>, n: u32) -> impl Iterator<Item = T> {
    list.into_iter()
        .take(usize::try_from(n).unwrap_or(usize::MAX))
}

fn revision<'a>(x: &NodeView<'a>) -> &'a str {
    x.node.and_then(|n| n.revision.as_deref()).unwrap_or("")
}

/// The revisions of outdated nodes, the one whose first node is oldest first.
fn old_revisions<'a>(pool: &Pool<'a>) -> Vec<&'a str> {
    let mut since: BTreeMap<&str, i64> = BTreeMap::new();
    for x in pool.nodes.iter().filter(|x| x.outdated) {
        let first = since.entry(revision(x)).or_insert(x.created_ms);
        *first = x.created_ms.min(*first);
    }
    let mut sorted: Vec<(&str, i64)> = since.into_iter().collect();
    sorted.sort_by_key(|(r, t)| (*t, *r));
    sorted.into_iter().map(|(r, _)| r).collect()
}

/// The pool's nodes of one template: a machine is gone for Cluster API once its release is asked for.
fn machine_set(pool: &Pool<'_>, of: impl Fn(&NodeView<'_>) -> bool) -> MachineSet {
    let n = |p: &dyn Fn(&NodeView<'_>) -> bool| count(&pool.nodes, |x| of(x) && p(x));
    MachineSet {
        wanted: n(&|x| x.phase.is_staying()),
        present: n(&|x| x.phase.is_live() || x.phase == Phase::Leaving),
        available: n(&|x| x.avail),
    }
}
