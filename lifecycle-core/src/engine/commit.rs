//! 3.4 Commit of a drained node, one step per decision, each read off the observation; and its opposite, the cancelled drain.
use crate::prelude::*;
use crate::{Action, UnblockKind, Verdict, cluster_pool_key};

use super::actions;
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::NodeView;
use super::pool::Pool;

/// "c1/cp/cp-1".
pub(crate) fn subject(c: &Cluster<'_>, pool: &Pool<'_>, node: &str) -> String {
    format!("{}/{}/{node}", c.id, pool.spec.id)
}

/// DetachEndpoint → MoveEtcdLeader → RemoveEtcdMember → Release; what the observation shows as done is not done again.
pub(crate) fn next_step(c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>) -> Option<Action> {
    let id = pool.spec.id.as_str();
    if x.node.is_some_and(|n| n.endpoint_attached == Some(true)) {
        return Some(actions::detach(c.id, id, x));
    }
    if let (true, true, Some(member)) = (pool.is_cp, c.etcd.is_stacked(), x.member) {
        if member.leader
            && !member.learner
            && let Some(heir) = heir(pool, x)
        {
            return Some(actions::move_leader(c.id, id, x, heir));
        }
        return Some(actions::remove_member(c.id, id, x.id, member, &c.etcd));
    }
    actions::release_node(c, pool, x)
}

/// The new leader: a healthy voter that is up to date, newest, lowest id.
fn heir<'p>(pool: &'p Pool<'_>, x: &NodeView<'_>) -> Option<&'p str> {
    pool.nodes
        .iter()
        .filter(|y| y.id != x.id && y.is_healthy_voter() && y.phase.is_live())
        .min_by_key(|y| (!y.up_to_date, core::cmp::Reverse(y.created_ms), y.id))
        .map(|y| y.id)
}

/// Carries the next commit step out.
pub(crate) fn commit(
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    out: &mut Out,
) {
    let subject = subject(c, pool, x.id);
    if x.pending {
        let text = "{node} is drained; its last step is still under way";
        out.say(
            explain(subject, Verdict::Waiting, rule, text, facts! {"node": x.id})
                .until(UnblockKind::Node, facts! {"node": x.id}),
        );
        return;
    }
    if let Some(action) = next_step(c, pool, x) {
        let text = "{node} is drained and may go: {step}";
        out.say(explain(
            subject,
            Verdict::Did,
            rule,
            text,
            facts! {"node": x.id, "step": action.verb.name()},
        ));
        out.act(action);
    }
}

/// Notes a cancelled drain: the hold-off begins.
pub(crate) fn note_cancel(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, out: &mut Out) {
    let mem = out
        .memory
        .pools
        .entry(cluster_pool_key(c.id, &pool.spec.id))
        .or_default();
    mem.last_cancel_ms = Some(fleet.f.now);
}

/// CancelDrain, unless an action on the node is under way.
pub(crate) fn cancel(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    why: &str,
    out: &mut Out,
) {
    if x.pending {
        return;
    }
    note_cancel(fleet, c, pool, out);
    out.act(actions::cancel_drain(c.id, &pool.spec.id, x));
    let text = "the drain of {node} is cancelled: {why}";
    out.say(explain(
        subject(c, pool, x.id),
        Verdict::Did,
        rule,
        text,
        facts! {"node": x.id, "why": why},
    ));
}

/// Drain, with its deadline: short for an unhealthy node.
pub(crate) fn drain(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    why: &str,
    out: &mut Out,
) {
    let s = if x.unhealthy {
        fleet.f.w.policy.bad_drain_s
    } else {
        pool.spec.drain_deadline_s
    };
    let deadline = fleet.f.now.saturating_add(crate::ms_of(s));
    out.act(actions::drain(c.id, &pool.spec.id, x, deadline));
    let text = "{node} is drained: {why}";
    out.say(explain(
        subject(c, pool, x.id),
        Verdict::Did,
        rule,
        text,
        facts! {"node": x.id, "why": why, "deadline_ms": deadline},
    ));
}
