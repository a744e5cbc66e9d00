//! 3.11, 3.5.7 No silent wait: every pool and node that is not as desired says what it waits for, and what would end the wait.
use crate::prelude::*;
use crate::{ConditionCode, Explain, OnDrainDeadline, State, Unblock, UnblockKind, Verdict, ms_of};

use super::commit::subject;
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::state::is_changing;

/// Nodes that come, go or are not well, as far as no rule has spoken of them.
pub(crate) fn nodes(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    if c.nodes().all(|x| x.phase == Phase::Active) {
        return;
    }
    let said: BTreeSet<String> = out
        .own_explain()
        .iter()
        .map(|e| e.subject.clone())
        .collect();
    for pool in &c.pools {
        for x in pool.nodes.iter().filter(|x| x.phase != Phase::Active) {
            let subject = subject(c, pool, x.id);
            if x.phase == Phase::Draining && is_held_up(fleet, pool, x) {
                let rule = if pool.is_cp { "CP-7" } else { "W-a" };
                say_held_up(c, subject, rule, x, out);
            } else if !said.contains(&subject) {
                say_node(fleet, c, subject, x, out);
            }
        }
    }
}

/// The drain is past its deadline and the pool waits.
fn is_held_up(fleet: &Fleet<'_>, pool: &Pool<'_>, x: &NodeView<'_>) -> bool {
    let deadline = x
        .drain_ms
        .map(|t| t.saturating_add(ms_of(pool.spec.drain_deadline_s)));
    pool.spec.on_drain_deadline == OnDrainDeadline::Wait
        && deadline.is_some_and(|d| fleet.f.now >= d)
}

fn say_held_up(c: &Cluster<'_>, subject: String, rule: &str, x: &NodeView<'_>, out: &mut Out) {
    let blocker = x.node.and_then(|n| n.drain.blocker.clone());
    let facts = facts! {"node": x.id, "blocker": blocker.unwrap_or_else(|| "its pods".to_owned())};
    out.condition(c.id, ConditionCode::DrainBlocked, facts.clone());
    let text = "the drain of {node} is held up by {blocker}";
    let say = explain(subject, Verdict::Blocked, rule, text, facts);
    out.say(say.until(
        UnblockKind::Operator,
        facts! {"do": "remove what blocks the drain"},
    ));
}

fn say_node(fleet: &Fleet<'_>, c: &Cluster<'_>, subject: String, x: &NodeView<'_>, out: &mut Out) {
    let machine = x.system_id().unwrap_or("-");
    let text = match x.phase {
        Phase::Planned => "{machine} is being allocated for {node}",
        Phase::Allocated => "{machine} is allocated and about to be deployed",
        Phase::Deploying => "{machine} is being deployed",
        Phase::Joining => "{machine} is deployed; {node} has not settled yet",
        Phase::Draining => "{node} is being drained",
        Phase::Drained => "{node} is drained",
        Phase::Leaving => "{machine} of {node} is being released",
        Phase::Returning => "{machine} is on its way back",
        Phase::Gone => "{node} has no machine any more",
        Phase::Discarded => "{node} never settled and is given up",
        Phase::Recovering => "{node} is being powered on or cycled",
        Phase::Suspect | Phase::Active => "{node} is not well",
    };
    let facts = facts! {"node": x.id, "machine": machine, "phase": x.phase.name()};
    let hands_off =
        x.locked || x.maintenance || x.operator_drains() || !fleet.f.w.policy.remediation;
    if x.phase == Phase::Suspect && hands_off {
        let text = "{node} is not well, and it is in an operator's hands";
        let say = explain(subject, Verdict::Blocked, "3.5.2", text, facts);
        out.say(say.until(
            UnblockKind::Operator,
            facts! {"do": "mend or unlock the node"},
        ));
        return;
    }
    // What no rule will take up is an operator's.
    let of_cp = c.cp().is_some_and(|p| p.find(x.id).is_some());
    let left_alone = match x.phase {
        Phase::Suspect if x.unhealthy && c.spec.paused => Some("resume"),
        Phase::Discarded if of_cp && c.etcd.kind == crate::Etcd::Opaque => {
            Some("release the machine by hand")
        }
        _ => None,
    };
    let say = match left_alone {
        Some(todo) => explain(subject, Verdict::Blocked, "3.4", text, facts)
            .until(UnblockKind::Operator, facts! {"do": todo}),
        None => explain(subject, Verdict::Waiting, "3.4", text, facts).until(
            if x.phase == Phase::Suspect {
                UnblockKind::Node
            } else {
                UnblockKind::Machine
            },
            facts! {"system_id": machine},
        ),
    };
    out.say(say);
}

/// After everything: pools that no rule has spoken of, outdated nodes that wait for their turn, clusters that nothing will ever wake.
pub(crate) fn fleet(fleet: &Fleet<'_>, states: &BTreeMap<&str, State>, out: &mut Out) {
    let waits: Vec<&Cluster<'_>> = fleet
        .clusters
        .iter()
        .filter(|c| {
            let state = states.get(c.id).copied().unwrap_or_default();
            !state.is_terminating() && state != State::Deleted && state != State::Pending
        })
        .filter(|c| c.pools.iter().any(is_unfinished))
        .collect();
    if waits.is_empty() {
        return;
    }
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for (i, e) in out.explain.iter().enumerate() {
        said.entry(e.subject.clone()).or_insert(i);
    }
    for c in &waits {
        for pool in c.pools.iter().filter(|p| is_unfinished(p)) {
            let key = &pool.key;
            if !said.contains_key(key) {
                said.insert(key.clone(), out.explain.len());
                let whole = said
                    .get(c.id)
                    .and_then(|i| out.explain.get(*i))
                    .filter(|e| matches!(e.verdict, Verdict::Waiting | Verdict::Blocked));
                // What stops the whole cluster stops its pools.
                let say = match whole {
                    Some(e) => Explain {
                        subject: key.clone(),
                        ..e.clone()
                    },
                    None => say_pool(fleet, c, pool, key),
                };
                out.say(say);
            }
            say_turns(c, pool, &said, out);
        }
    }
    if out.actions.is_empty() && out.wakeup_ms.is_none() {
        for c in &waits {
            say_stuck(c, &said, out);
        }
    }
}

/// Not as desired, be it that it is frozen, locked or about to change.
fn is_unfinished(pool: &Pool<'_>) -> bool {
    is_changing(pool)
        || pool
            .nodes
            .iter()
            .any(|x| x.phase != Phase::Active || !x.up_to_date && x.locked)
}

fn say_pool(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, key: &str) -> Explain {
    let first = |p: &dyn Fn(&NodeView<'_>) -> bool| pool.nodes.iter().find(|x| p(x));
    let rule = if pool.is_cp { "CP-8" } else { "W-f" };
    let about = |text: &str, x: &NodeView<'_>| {
        let facts = facts! {"node": x.id, "phase": x.phase.name()};
        explain(key, Verdict::Waiting, rule, text, facts)
            .until(UnblockKind::Node, facts! {"node": x.id})
    };
    let operator = |text: &str, facts, todo: &str| {
        explain(key, Verdict::Blocked, rule, text, facts)
            .until(UnblockKind::Operator, facts! {"do": todo})
    };
    if c.is_palette {
        let at = fleet.f.now.saturating_add(30_000);
        let facts = facts! {"live": pool.live, "size": pool.size, "outdated": pool.outdated};
        let text = "Palette works on it: {live} of {size} nodes, {outdated} outdated";
        return explain(key, Verdict::Waiting, "3.4", text, facts)
            .until(UnblockKind::Time, facts! {"at_ms": at});
    }
    if let Some(x) = first(&|x| x.phase.is_draining()) {
        return about("{node} is {phase}: it goes before anything else", x);
    }
    if let Some(x) = first(&|x| x.phase.is_creating()) {
        return about("{node} is {phase}: it comes before anything else", x);
    }
    if let Some(x) = first(&|x| matches!(x.phase, Phase::Suspect | Phase::Recovering)) {
        return about("{node} is {phase}: nothing voluntary meanwhile", x);
    }
    if let Some(x) = first(&|x| !x.phase.is_live()) {
        return about("{node} is {phase}: its machine is still to come back", x);
    }
    if let Some(x) = first(&|x| !x.up_to_date && x.locked).filter(|_| pool.outdated == 0) {
        let facts = facts! {"node": x.id};
        return operator(
            "{node} is locked and stays as it is",
            facts,
            "unlock the node",
        );
    }
    if let Some(x) = first(&|x| x.operator_drains()) {
        let facts = facts! {"node": x.id};
        return operator(
            "an operator drains {node}: it is left alone",
            facts,
            "end the drain",
        );
    }
    let facts = facts! {"live": pool.live, "size": pool.size, "available": pool.avail, "outdated": pool.outdated};
    let text = "{live} of {size} nodes, {available} available, {outdated} outdated";
    explain(key, Verdict::Waiting, rule, text, facts).until(UnblockKind::Node, facts! {})
}

/// Outdated nodes wait for what their pool waits for.
fn say_turns(c: &Cluster<'_>, pool: &Pool<'_>, said: &BTreeMap<String, usize>, out: &mut Out) {
    let old = |x: &&NodeView<'_>| {
        x.phase == Phase::Active && !x.up_to_date && x.is_joined() && (x.outdated || x.locked)
    };
    if !pool.nodes.iter().any(|x| old(&x)) {
        return;
    }
    let (rule, until): (String, Vec<Unblock>) = said
        .get(&pool.key)
        .and_then(|i| out.explain.get(*i))
        .map(|e| (e.rule.clone(), e.unblocks_when.clone()))
        .unwrap_or_default();
    for x in pool.nodes.iter().filter(old) {
        let subject = subject(c, pool, x.id);
        if said.contains_key(&subject) {
            continue;
        }
        let facts = facts! {"node": x.id};
        if x.locked {
            let text = "{node} is outdated and locked: it is not touched";
            let say = explain(subject, Verdict::Blocked, "3.5.1", text, facts);
            out.say(say.until(UnblockKind::Operator, facts! {"do": "unlock the node"}));
            continue;
        }
        let text = "{node} is outdated and waits for its turn";
        let mut say = explain(subject, Verdict::Waiting, &rule, text, facts);
        say.unblocks_when.clone_from(&until);
        if say.unblocks_when.is_empty() {
            say = say.until(UnblockKind::Node, facts! {});
        }
        out.say(say);
    }
}

/// I-D5: nothing is done and nothing will wake the engine, so somebody has to help.
fn say_stuck(c: &Cluster<'_>, said: &BTreeMap<String, usize>, out: &mut Out) {
    let own = |e: &Explain| {
        e.subject
            .strip_prefix(c.id)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if out
        .explain
        .iter()
        .any(|e| e.verdict == Verdict::Blocked && own(e))
    {
        return;
    }
    let keys = c.pools.iter().filter(|p| is_unfinished(p));
    for p in keys {
        if let Some(e) = said.get(&p.key).and_then(|i| out.explain.get_mut(*i)) {
            e.verdict = Verdict::Blocked;
            e.unblocks_when.push(Unblock {
                kind: UnblockKind::Operator,
                args: facts! {"do": "change what it waits for"},
            });
        }
    }
}
