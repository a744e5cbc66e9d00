//! 3.5.3 Housekeeping: what is right whatever the plan is, and never ends the decision.
use crate::prelude::*;
use crate::{
    ConditionCode, DeployMode, Etcd, Machine, MachineStatus, Planner, RecordField, UnblockKind,
    Verdict,
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

pub(crate) fn locked(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    subject: &str,
    machine: &Machine,
    out: &mut Out,
) {
    let facts = facts! {"machine": machine.system_id.as_str()};
    out.condition(c.id, ConditionCode::MachineLocked, facts.clone());
    let at = fleet.f.now.saturating_add(60_000);
    let say = explain(
        subject,
        Verdict::Blocked,
        "3.4",
        "{machine} is locked in MAAS and cannot be released",
        facts,
    );
    out.say(say.until(UnblockKind::Operator, facts! {"do": "unlock the machine"}));
    out.wake(at);
}

/// ReturnStuck: from a failed release it is tried again after 1, 2, 4 … 60 minutes.
fn retry_release(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    out: &mut Out,
) {
    let Some(m) = x.machine else { return };
    if !x.stuck {
        out.wake(returning::deadline(&fleet.f, m, pool.spec.erase));
        return;
    }
    let at = returning::next_try(&fleet.f, m);
    let failed = matches!(
        m.status,
        MachineStatus::FailedReleasing | MachineStatus::FailedDiskErasing
    );
    let facts = facts! {"machine": m.system_id.as_str(), "next_try_ms": at};
    out.condition(c.id, ConditionCode::ReturnStuck, facts.clone());
    let say = explain(
        subject(c, pool, x.id),
        Verdict::Blocked,
        "3.4",
        "{machine} does not come back from its release",
        facts,
    );
    out.say(
        say.until(
            UnblockKind::Operator,
            facts! {"do": "look at the machine in MAAS"},
        )
        .until(UnblockKind::Time, facts! {"at_ms": at}),
    );
    if !failed {
        return;
    }
    if fleet.f.now < at {
        out.wake(at);
    } else if let Some(action) = actions::release_node(c, pool, x) {
        let mem = freeze::entry(fleet, &m.system_id, out);
        mem.tries = mem.tries.saturating_add(1);
        mem.tried_ms = Some(fleet.f.now);
        out.wake(fleet.f.now.saturating_add(60_000));
        out.act(action);
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
    let mem = out
        .memory
        .nodes
        .entry(crate::cluster_pool_key(c.id, x.id))
        .or_default();
    let (action, text) = match rung {
        Rung::On => {
            mem.power_on_ms = Some(fleet.f.now);
            (
                actions::power_on(c.id, &pool.spec.id, x),
                "{node} is not ready and its machine is off: it is powered on",
            )
        }
        Rung::Cycle => {
            mem.power_cycle_ms = Some(fleet.f.now);
            (
                actions::power_cycle(c.id, pool, x, c.etcd.is_stacked()),
                "{node} has not been ready for {grace_s} s: its machine is power-cycled",
            )
        }
    };
    let already = pool.is_cp
        && rung == Rung::Cycle
        && out
            .actions
            .iter()
            .any(|a| a.id.ends_with("/power_cycle") && a.cluster() == Some(c.id));
    if already {
        mem.power_cycle_ms = None;
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

/// A machine of ours without a node, for two minutes and not pending, is an allocation that got lost.
fn orphans(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    let with_node: BTreeSet<&str> = c.nodes().filter_map(NodeView::system_id).collect();
    for m in &c.machines {
        let pending = fleet.f.allocating.contains(m.system_id.as_str())
            || fleet.f.releasing.contains_key(m.system_id.as_str());
        if with_node.contains(m.system_id.as_str())
            || pending
            || m.status.is_returning()
            || m.status.is_maintenance()
        {
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
