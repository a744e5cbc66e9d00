//! 3.11 What a pool waits for: a machine on its way back, one that fits, an approval, the end of a freeze.
use crate::prelude::*;
use crate::{Code, ConditionCode, Repave, UnblockKind, Verdict, cluster_pool_key};

use super::capacity::forecast;
use super::commit::subject;
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::{freeze, returning};

/// Contract would lose capacity: no machine, the node's own included, fits.
pub(crate) fn say_would_lose(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    out: &mut Out,
) {
    let coming = forecast(fleet, &out.memory, pool.spec);
    let facts = facts! {
        "node": x.id, "machine": x.system_id().unwrap_or(""), "cpu": x.machine.map_or(0, |m| m.cpu), "min": pool.spec.min_cpu,
        "code": Code::ContractWouldLoseCapacity.as_str(), "need": 1, "available": 0, "returning": coming.returning,
    };
    out.condition(c.id, ConditionCode::CapacityShort, facts.clone());
    out.waits.insert(cluster_pool_key(c.id, &pool.spec.id));
    let text = "draining {node} would lose capacity: {machine} has {cpu} CPU, pool now needs {min}, and no free machine fits";
    let say = explain(subject(c, pool, x.id), Verdict::Blocked, rule, text, facts);
    if let Some(at) = coming.first_ms {
        out.wake(at);
        out.say(say.until(UnblockKind::Machine, facts! {"eta_ms": at}));
    } else {
        out.say(say.until(
            UnblockKind::Operator,
            facts! {"do": "add a machine that fits"},
        ));
    }
}

/// A drain would leave fewer nodes available than the floor, because an operator has cordoned some that are up to date.
pub(crate) fn say_floor(
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    out: &mut Out,
) {
    let cordoned = |y: &&NodeView<'_>| y.cordoned && y.phase.is_staying() && y.id != x.id;
    let Some(y) = pool.nodes.iter().find(cordoned) else {
        return;
    };
    let facts =
        facts! {"node": x.id, "cordoned": y.id, "available": pool.avail, "floor": pool.floor};
    let text = "{node} is outdated, but {cordoned} is cordoned: {available} are available and {floor} must stay so";
    let say = explain(subject(c, pool, x.id), Verdict::Blocked, rule, text, facts);
    out.waits.insert(cluster_pool_key(c.id, &pool.spec.id));
    out.say(say.until(UnblockKind::Operator, facts! {"do": "uncordon the node"}));
}

/// ⏳R: the pool holds as many machines as it may; one must come back first.
pub(crate) fn wait_for_return(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) {
    let key = cluster_pool_key(c.id, &pool.spec.id);
    let back = pool
        .nodes
        .iter()
        .filter(|x| x.phase == Phase::Returning)
        .filter_map(|x| x.machine);
    let due = back
        .map(|m| (returning::eta(&fleet.f, m, pool.spec.erase), m))
        .min_by_key(|(t, m)| (*t, &m.system_id));
    let mut facts = facts! {"held": pool.held, "ceiling": pool.ceiling()};
    if let Some((eta, machine)) = due {
        facts.insert("machine".to_owned(), machine.system_id.as_str().into());
        facts.insert("eta_ms".to_owned(), eta.into());
        out.wake(returning::deadline(&fleet.f, machine, pool.spec.erase));
    }
    out.waits.insert(key.clone());
    let text = "the pool holds {held} machines, as many as it may: one must come back first";
    out.say(
        explain(key, Verdict::Waiting, rule, text, facts.clone())
            .until(UnblockKind::Machine, facts),
    );
}

/// A frozen rollout, and what ends it.
pub(crate) fn say_frozen(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) {
    let Some(r) = freeze::rollout(&out.memory, pool) else {
        return;
    };
    let limit = fleet.f.w.policy.failure_limit;
    let facts = facts! {"why": freeze::frozen_why(fleet, r), "failures": r.failures, "limit": limit, "revision": r.revision.as_str()};
    out.condition(c.id, ConditionCode::Frozen, facts.clone());
    out.waits.insert(cluster_pool_key(c.id, &pool.spec.id));
    let text = "the rollout to {revision} is frozen: {why} ({failures}/{limit})";
    let say = explain(
        cluster_pool_key(c.id, &pool.spec.id),
        Verdict::Blocked,
        rule,
        text,
        facts,
    );
    out.say(say.until(
        UnblockKind::Operator,
        facts! {"do": "give another revision, or resume"},
    ));
}

/// Says that a change waits for approval.
pub(crate) fn say_unapproved(c: &Cluster<'_>, out: &mut Out) {
    let waits = |p: &Pool<'_>| {
        p.spec
            .approved_revision
            .as_ref()
            .is_some_and(|r| *r != p.spec.revision)
    };
    if c.spec.repave != Repave::Pending {
        return;
    }
    for pool in c.pools.iter().filter(|p| waits(p)) {
        let facts = facts! {"pool": pool.spec.id.as_str(), "revision": pool.spec.revision.as_str()};
        out.condition(c.id, ConditionCode::RepavePendingApproval, facts.clone());
        let say = explain(
            cluster_pool_key(c.id, &pool.spec.id),
            Verdict::Blocked,
            "3.4",
            "the change to {revision} waits for approval",
            facts,
        );
        out.say(say.until(UnblockKind::Approval, facts! {}));
    }
}
