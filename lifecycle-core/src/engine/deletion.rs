//! 3.4 Deletion and abort: give everything back, the leader's machine last; no floor, no gate, no etcd.
use crate::prelude::*;
use crate::{
    ConditionCode, Erase, Machine, MachineStatus, State, UnblockKind, Verdict, clock_text,
};

use super::clock::{Clock, force_honoured, force_remaining_ms, started};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::NodeView;
use super::switch::Rule;
use super::{actions, gateway, housekeeping};

/// Machines that still have to be released.
fn releasable(m: &Machine) -> bool {
    m.status.is_allocated()
        || matches!(
            m.status,
            MachineStatus::Deploying | MachineStatus::Deployed | MachineStatus::FailedDeployment
        )
}

pub(crate) fn run(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    states: &BTreeMap<&str, State>,
    clock: &Clock,
    out: &mut Out,
) {
    let since = started(fleet.f.w, c, clock);
    out.memory
        .clusters
        .entry(c.id.to_owned())
        .or_default()
        .terminating_since_ms = Some(since);
    let gate = since.saturating_add(crate::FORCE_DELETE_AFTER_MS);
    if fleet.f.now < gate {
        out.wake(gate);
    }
    let orphans: Vec<String> = c.machines.iter().map(|m| m.system_id.clone()).collect();
    if force_honoured(c, since, clock) {
        let text = "force delete: {orphans} machines are left behind for somebody to clean up";
        out.say(explain(
            c.id,
            Verdict::Did,
            "3.7",
            text,
            facts! {"orphans": orphans.len(), "machines": orphans.clone()},
        ));
        out.act(actions::finish_deleted(c.id, orphans, true));
        return;
    }
    if c.is_pcg {
        let users = gateway::users_left(fleet, states, c.id);
        if !users.is_empty() {
            let facts = facts! {"clusters": users.iter().take(10).map(|s| (*s).to_owned()).collect::<Vec<_>>(), "n": users.len()};
            let text = "{n} clusters still need this gateway: {clusters}";
            let going = |id: &&str| states.get(id).is_some_and(|s| s.is_terminating());
            let say = if users.iter().all(going) {
                explain(c.id, Verdict::Waiting, "E_PCG_IN_USE", text, facts)
                    .until(UnblockKind::Node, facts! {"clusters": users.len()})
            } else {
                explain(c.id, Verdict::Blocked, "E_PCG_IN_USE", text, facts)
                    .until(UnblockKind::Operator, facts! {"do": "delete or abort them"})
            };
            out.say(say);
            return;
        }
    }
    let allocating = c.nodes().any(|x| x.node.is_none());
    if c.machines.is_empty() && !allocating {
        out.say(explain(
            c.id,
            Verdict::Did,
            "3.4",
            "no machine is left: the cluster is deleted",
            facts! {},
        ));
        out.act(actions::finish_deleted(c.id, Vec::new(), false));
        return;
    }
    if let Some(pcg) =
        gateway::blocker(fleet, states, c).filter(|_| Rule::GatewayBlocksDelete.holds())
    {
        out.condition(c.id, ConditionCode::BlockedByPcg, facts! {"pcg": pcg});
        let force = match force_remaining_ms(fleet.f.w, since, clock) {
            0 => "now".to_owned(),
            ms => format!("in {}", clock_text(ms)),
        };
        let facts = facts! {"pcg": pcg, "force": force};
        // A gateway that waits for this cluster and does not work either: nobody else will end it.
        let say = if states.get(pcg) == Some(&State::Deleting) {
            let text = "the gateway {pcg} is to be deleted, is not healthy, and waits for this cluster; force delete is available {force}";
            explain(c.id, Verdict::Blocked, "3.4", text, facts).until(
                UnblockKind::Operator,
                facts! {"do": "mend the gateway, or force the delete"},
            )
        } else {
            let text = "deletion waits for the gateway {pcg}";
            explain(c.id, Verdict::Waiting, "3.4", text, facts! {"pcg": pcg})
        };
        out.say(say.until(UnblockKind::Gateway, facts! {"pcg": pcg}));
        return;
    }
    give_back(fleet, c, out);
    let left: Vec<String> = c.machines.iter().map(|m| m.system_id.clone()).collect();
    let remaining = force_remaining_ms(fleet.f.w, since, clock);
    let text = if remaining > 0 {
        "{left} machines are still to be given back: {machines}; force delete is available in {force}"
    } else {
        "{left} machines are still to be given back: {machines}; force delete is available"
    };
    let say = explain(
        c.id,
        Verdict::Waiting,
        "3.4",
        text,
        facts! {"left": left.len(), "machines": left, "force": clock_text(remaining)},
    );
    out.say(say.until(UnblockKind::Machine, facts! {}));
}

/// Workers and never-joined nodes first, then the control plane but the leader, then the leader.
fn give_back(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    let joined_cp: Vec<&NodeView<'_>> = c
        .cp()
        .map(|p| p.nodes.iter().filter(|x| x.is_joined()).collect())
        .unwrap_or_default();
    let leader = joined_cp
        .iter()
        .find(|x| x.member.is_some_and(|m| m.leader))
        .or_else(|| joined_cp.iter().min_by_key(|x| x.id))
        .map(|x| x.id);
    let rank = |m: &Machine| match joined_cp
        .iter()
        .find(|x| x.system_id() == Some(&m.system_id))
    {
        None => 0,
        Some(x) if Some(x.id) == leader => 2,
        Some(_) => 1,
    };
    let first = c
        .machines
        .iter()
        .filter(|m| releasable(m))
        .map(|m| rank(m))
        .min();
    for m in &c.machines {
        if fleet.f.releasing.contains_key(m.system_id.as_str()) {
            continue;
        }
        if m.status.is_returning() {
            let (pool, node, erase) = names(c, m);
            let again = || actions::release(c.id, pool, node, m, erase);
            housekeeping::come_back(fleet, c, m, erase, c.id.to_owned(), again, out);
        } else if releasable(m) && Some(rank(m)) == first {
            release(fleet, c, m, out);
        } else if m.status.is_maintenance() {
            let text = "{machine} is in an operator's hands and cannot be released";
            let say = explain(
                c.id,
                Verdict::Blocked,
                "3.4",
                text,
                facts! {"machine": m.system_id.as_str()},
            );
            out.say(say.until(UnblockKind::Operator, facts! {"do": "end the maintenance"}));
        }
    }
    if first.is_none() {
        for pool in &c.pools {
            for x in pool
                .nodes
                .iter()
                .filter(|x| x.node.is_some_and(|n| n.endpoint_attached == Some(true)) && !x.pending)
            {
                out.act(actions::detach(c.id, &pool.spec.id, x));
            }
        }
    }
}

fn names<'c>(c: &'c Cluster<'_>, m: &'c Machine) -> (&'c str, &'c str, Erase) {
    let owner = m.owner.as_ref();
    let pool = owner.and_then(|o| o.pool.as_deref()).unwrap_or("");
    let node = c
        .nodes()
        .find(|x| x.system_id() == Some(&m.system_id))
        .map_or(m.system_id.as_str(), |x| x.id);
    (
        pool,
        node,
        c.spec.pool(pool).map(|p| p.erase).unwrap_or_default(),
    )
}

fn release(fleet: &Fleet<'_>, c: &Cluster<'_>, m: &Machine, out: &mut Out) {
    if m.locked {
        housekeeping::locked(fleet, c, c.id, m, out);
        return;
    }
    let (pool, node, erase) = names(c, m);
    out.act(actions::release(c.id, pool, node, m, erase));
}
