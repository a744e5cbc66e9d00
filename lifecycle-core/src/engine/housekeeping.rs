//! 3.5.3 Housekeeping: what is right whatever the plan is, and never ends the decision.
use crate::prelude::*;
use crate::{
    Action, ConditionCode, DeployMode, Erase, Etcd, Machine, MachineStatus, Planner, RecordField,
    UnblockKind, Verdict,
};

use super::commit::subject;
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::ladder::{Rung, rung_due};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::view::View;
use super::{actions, creation, freeze, returning};

const ORPHAN_AFTER_MS: i64 = 120_000;

pub(crate) fn run(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    for pool in &c.pools {
        for x in pool.nodes.iter().filter(|x| !x.pending) {
            node(fleet, c, pool, x, out);
        }
    }
    orphans(fleet, c, out);
}

fn node(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>, out: &mut Out) {
    let id = pool.spec.id.as_str();
    match x.phase {
        Phase::Joining if x.settled => out.act(actions::record(
            c.id,
            id,
            Some(x.id),
            RecordField::JoinedMs,
            fleet.f.now,
        )),
        Phase::Leaving => release(fleet, c, pool, x, "3.4", out),
        Phase::Discarded if may_discard(c, pool, x) => release(fleet, c, pool, x, "3.5.3", out),
        Phase::Returning | Phase::Gone => {
            if x.node.is_some_and(|n| n.object) {
                out.act(actions::delete_object(c.id, id, x));
            } else if x.phase == Phase::Returning {
                retry_release(fleet, c, pool, x, out);
            }
        }
        Phase::Allocated if !c.spec.paused => deploy(fleet, c, pool, x, out),
        Phase::Active => {
            if x.node.is_some_and(|n| n.endpoint_attached == Some(false)) {
                out.act(actions::attach(c.id, id, x));
            } else if let Some(revision) = in_place(c, pool, x) {
                out.act(actions::apply_in_place(c.id, id, x, revision));
            }
        }
        Phase::Suspect => climb(fleet, c, pool, x, out),
        _ => {}
    }
}

fn in_place<'p>(c: &Cluster<'_>, pool: &'p Pool<'_>, x: &NodeView<'_>) -> Option<&'p str> {
    let wanted = pool
        .spec
        .inplace_revision
        .as_deref()
        .filter(|_| !c.spec.paused && !x.locked)?;
    (x.node.and_then(|n| n.inplace_revision.as_deref()) != Some(wanted)).then_some(wanted)
}

/// A failed create is given back; on a control plane only while nothing of it is in etcd and etcd is known.
fn may_discard(c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>) -> bool {
    if !pool.is_cp {
        return true;
    }
    let known = matches!(c.etcd.view, View::Good | View::Uninitialised);
    let never_deployed = x
        .machine
        .is_some_and(|m| m.status != MachineStatus::Deployed);
    match c.etcd.kind {
        Etcd::Opaque => known && never_deployed,
        _ => known && x.member.is_none(),
    }
}

/// Release, unless the machine is locked in MAAS.
pub(crate) fn release(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    out: &mut Out,
) {
    let Some(machine) = x.machine.filter(|_| !x.pending) else {
        return;
    };
    if machine.locked {
        return locked(fleet, c, &subject(c, pool, x.id), machine, out);
    }
    if let Some(action) = actions::release_node(c, pool, x) {
        let text = "{machine} of {node} ({phase}) is released";
        let facts =
            facts! {"machine": machine.system_id.as_str(), "node": x.id, "phase": x.phase.name()};
        out.say(explain(
            subject(c, pool, x.id),
            Verdict::Did,
            rule,
            text,
            facts,
        ));
        out.act(action);
    }
}

/// MachineLocked: MAAS would refuse the release. It is tried again as soon as the lock is seen to be gone, and looked at after 1, 2, 4 … 60
/// minutes.
pub(crate) fn locked(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    subject: &str,
    machine: &Machine,
    out: &mut Out,
) {
    let now = fleet.f.now;
    let mem = freeze::entry(fleet, &machine.system_id, out);
    let (tried, tries) = match mem.tried_ms {
        None => (now, 0),
        Some(at) if now >= returning::after_tries(at, mem.tries) => {
            (now, mem.tries.saturating_add(1))
        }
        Some(at) => (at, mem.tries),
    };
    (mem.tried_ms, mem.tries) = (Some(tried), tries);
    let at = returning::after_tries(tried, tries);
    let facts = facts! {"machine": machine.system_id.as_str(), "next_try_ms": at};
    out.condition(c.id, ConditionCode::MachineLocked, facts.clone());
    let say = explain(
        subject,
        Verdict::Blocked,
        "3.4",
        "{machine} is locked in MAAS and cannot be released",
        facts,
    );
    out.say(
        say.until(UnblockKind::Operator, facts! {"do": "unlock the machine"})
            .until(UnblockKind::Time, facts! {"at_ms": at}),
    );
    out.wake(at);
}

fn retry_release(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    out: &mut Out,
) {
    let Some(m) = x.machine else { return };
    let again = || actions::release(c.id, &pool.spec.id, x.id, m, pool.spec.erase);
    come_back(
        fleet,
        c,
        m,
        pool.spec.erase,
        subject(c, pool, x.id),
        again,
        out,
    );
}

/// A machine on its way back: its deadline; past it, ReturnStuck, and from a failed release it is tried again after 1, 2, 4 … 60 minutes.
pub(crate) fn come_back(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    m: &Machine,
    erase: Erase,
    subject: String,
    again: impl FnOnce() -> Action,
    out: &mut Out,
) {
    if !returning::is_stuck(&fleet.f, m, erase) {
        out.wake(returning::deadline(&fleet.f, m, erase));
        return;
    }
    let at = returning::next_try(&fleet.f, m);
    let failed = matches!(
        m.status,
        MachineStatus::FailedReleasing | MachineStatus::FailedDiskErasing
    );
    let facts = facts! {"machine": m.system_id.as_str(), "next_try_ms": at};
    out.condition(c.id, ConditionCode::ReturnStuck, facts.clone());
    let mut say = explain(
        subject,
        Verdict::Blocked,
        "3.4",
        "{machine} does not come back from its release",
        facts,
    )
    .until(
        UnblockKind::Operator,
        facts! {"do": "look at the machine in MAAS"},
    );
    if failed {
        say = say.until(UnblockKind::Time, facts! {"at_ms": at});
    }
    out.say(say);
    if failed && m.locked {
        return locked(fleet, c, c.id, m, out);
    }
    if !failed {
        return;
    }
    if fleet.f.now < at {
        out.wake(at);
    } else {
        out.wake(fleet.f.now.saturating_add(60_000));
        out.act(again());
    }
}

/// Deploy of an Allocated node: init in view Uninitialised, join_control_plane in view Good, join_worker.
fn deploy(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>, out: &mut Out) {
    let Some(machine) = x.machine else { return };
    let mode = match (pool.is_cp, c.etcd.view) {
        (false, _) => DeployMode::JoinWorker,
        (true, View::Uninitialised) => DeployMode::Init,
        (true, View::Good) => DeployMode::JoinControlPlane,
        (true, _) => return,
    };
    let revision = x.node.and_then(|n| n.revision.as_deref()).map_or_else(
        || creation::creation_revision(fleet, &out.memory, c, pool),
        Ok,
    );
    if let Ok(revision) = revision {
        out.act(actions::deploy(
            c.id,
            &pool.spec.id,
            x,
            machine,
            revision,
            mode,
        ));
    }
}

fn climb(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>, out: &mut Out) {
    let cp = c.cp().map(|p| p.nodes.as_slice()).unwrap_or_default();
    let Some(rung) = rung_due(&fleet.f, &c.context(pool), x, cp) else {
        return;
    };
    // Cluster API's MAAS provider powers a machine on, but does not cycle it.
    if fleet.f.planner == Planner::ClusterApi && rung == Rung::Cycle {
        return;
    }
    let (action, text) = match rung {
        Rung::On => (
            actions::power_on(c.id, &pool.spec.id, x),
            "{node} is not ready and its machine is off: it is powered on",
        ),
        Rung::Cycle => (
            actions::power_cycle(c.id, pool, x, c.etcd.is_stacked()),
            "{node} has not been ready for {grace_s} s: its machine is power-cycled",
        ),
    };
    let already = pool.is_cp
        && rung == Rung::Cycle
        && out.own_actions().iter().any(|a| {
            matches!(a.verb, crate::Verb::PowerCycle { .. }) && a.pool() == Some(&pool.spec.id)
        });
    if already {
        return;
    }
    out.say(explain(
        subject(c, pool, x.id),
        Verdict::Did,
        "3.5.2",
        text,
        facts! {"node": x.id, "grace_s": fleet.f.w.policy.grace_s},
    ));
    out.act(action);
}

/// A machine on its way back whose node nobody shows any more is released again like any other.
fn stray(fleet: &Fleet<'_>, c: &Cluster<'_>, m: &Machine, out: &mut Out) {
    let pool = m
        .owner
        .as_ref()
        .and_then(|o| o.pool.as_deref())
        .unwrap_or("");
    let erase = c.spec.pool(pool).map(|p| p.erase).unwrap_or_default();
    let node = m.owner.as_ref().and_then(|o| o.node.as_deref());
    let node = node.unwrap_or(&m.system_id);
    let subject = format!("{}/{pool}/{node}", c.id);
    let again = || actions::release(c.id, pool, node, m, erase);
    come_back(fleet, c, m, erase, subject, again, out);
}

/// A machine of ours without a node, for two minutes and not pending, is an allocation that got lost.
fn orphans(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    if c.all_used {
        return;
    }
    let mut with_node: Vec<&str> = c.nodes().filter_map(NodeView::system_id).collect();
    with_node.sort_unstable();
    for m in &c.machines {
        let pending = fleet.f.allocating.contains(m.system_id.as_str())
            || fleet.f.releasing.contains_key(m.system_id.as_str());
        if with_node.binary_search(&m.system_id.as_str()).is_ok() || pending {
            continue;
        }
        if m.status.is_returning() {
            stray(fleet, c, m, out);
            continue;
        }
        if m.status.is_maintenance() {
            continue;
        }
        let mem = freeze::entry(fleet, &m.system_id, out);
        let since = *mem.orphan_since_ms.get_or_insert(fleet.f.now);
        let due = since.saturating_add(ORPHAN_AFTER_MS);
        if fleet.f.now < due {
            out.wake(due);
            continue;
        }
        if m.locked {
            locked(fleet, c, c.id, m, out);
            continue;
        }
        let pool = m
            .owner
            .as_ref()
            .and_then(|o| o.pool.as_deref())
            .unwrap_or("");
        let erase = c.spec.pool(pool).map(|p| p.erase).unwrap_or_default();
        out.act(actions::release(c.id, pool, &m.system_id, m, erase));
        let text = "OrphanAllocation: {machine} carries the cluster's name but no node uses it";
        out.say(explain(
            c.id,
            Verdict::Did,
            "3.5.3",
            text,
            facts! {"machine": m.system_id.as_str()},
        ));
    }
}
