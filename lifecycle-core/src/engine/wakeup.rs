//! 3.5.7 When to ask again: every moment at which waiting ends by itself.
use crate::{Verb, ms_of};

use super::explain::facts;
use super::index::{Cluster, Fleet};
use super::ladder;
use super::out::Out;
use super::phase::{NodeView, Phase, creation_deadline};
use super::pool::Pool;
use super::{actions, control_plane, returning};

pub(crate) fn nodes(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    for pool in &c.pools {
        for x in &pool.nodes {
            node(fleet, c, pool, x, out);
        }
        if pool.outdated > 0
            && let Some(until) = pool.hold_off_ms
        {
            out.wake(until);
        }
    }
}

fn node(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>, out: &mut Out) {
    let f = &fleet.f;
    match x.phase {
        Phase::Allocated | Phase::Deploying | Phase::Joining => {
            out.wake(creation_deadline(f, x.created_ms, x.phase));
            if let Some(at) = control_plane::settle_due(fleet, x).filter(|t| f.now < *t) {
                out.wake(at);
            }
        }
        Phase::Draining => {
            let s = if x.unhealthy {
                f.w.policy.bad_drain_s.min(pool.spec.drain_deadline_s)
            } else {
                pool.spec.drain_deadline_s
            };
            if let Some(at) = x
                .drain_ms
                .map(|t| t.saturating_add(ms_of(s)))
                .filter(|t| f.now < *t)
            {
                out.wake(at);
            }
        }
        Phase::Returning => {
            if let Some(m) = x.machine.filter(|_| !x.stuck) {
                out.wake(returning::deadline(f, m, pool.spec.erase));
            }
        }
        Phase::Suspect => {
            if let Some(at) = x
                .suspect_ms
                .map(|t| t.saturating_add(ms_of(f.w.policy.grace_s)))
                .filter(|t| f.now < *t)
            {
                out.wake(at);
            }
        }
        Phase::Recovering => {
            let mem = out
                .memory
                .nodes
                .get(&crate::cluster_pool_key(c.id, x.id))
                .cloned();
            if let Some(at) = ladder::rung_ends(f, mem.as_ref()).filter(|t| f.now < *t) {
                out.wake(at);
            }
        }
        _ => {}
    }
}

/// A call that should have ended: said once its step's deadline is past, and still counted.
pub(crate) fn pending(fleet: &Fleet<'_>, out: &mut Out) {
    let t = &fleet.f.w.policy.timings;
    for p in &fleet.f.pending {
        let step = match p.action.verb {
            Verb::Deploy { .. } => t.deploy,
            Verb::Drain { .. } | Verb::CancelDrain { .. } => t.drain,
            Verb::RemoveEtcdMember { .. } | Verb::MoveEtcdLeader { .. } => t.remove,
            Verb::Release { .. } => t.release,
            Verb::PowerOn { .. } | Verb::PowerCycle { .. } => t.power,
            _ => t.allocate,
        };
        let due = p.issued_ms.saturating_add(ms_of(step.deadline_s));
        if fleet.f.now < due {
            out.wake(due);
            continue;
        }
        out.wake(fleet.f.now.saturating_add(30_000));
        let cluster = p.action.cluster().unwrap_or("");
        if !cluster.is_empty() {
            out.condition(
                cluster,
                crate::ConditionCode::PendingStuck,
                facts! {"id": p.action.id.as_str()},
            );
        }
        let args = facts! {"id": p.action.id.as_str(), "issued_ms": p.issued_ms};
        out.act(actions::notify(
            cluster,
            p.action.pool().unwrap_or(""),
            p.action.node().unwrap_or(""),
            "PendingStuck",
            args,
        ));
    }
}
