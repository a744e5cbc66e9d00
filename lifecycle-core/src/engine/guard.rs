//! 3.5.2 Guards: a stale observation, a mass failure, an invalid specification.
use crate::prelude::*;
use crate::{
    Action, Code, ConditionCode, Diagnostic, DiagnosticCode, MassFailure, UnblockKind, Verb,
    Verdict, World, ms_of,
};

use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::NodeView;
use super::switch::Rule;
use super::view::View;

/// 3.1 What is wrong with a specification: it is not planned by.
pub(crate) fn invalid(spec: &crate::ClusterSpec, is_pcg: bool, w: &World) -> Option<String> {
    let code = if w.desired.schema_version != 1 {
        Some(Code::Unsupported)
    } else if nodes_wanted(spec) > w.policy.limits.nodes {
        Some(Code::Limit)
    } else {
        crate::validate::first_error(spec, is_pcg)
    };
    code.map(|code| code.as_str().to_owned())
}

/// The sum of a cluster's pool sizes.
pub(crate) fn nodes_wanted(spec: &crate::ClusterSpec) -> u32 {
    spec.pools().fold(0, |sum, p| sum.saturating_add(p.size))
}

/// (a) Stale: too old an observation; nothing but CancelDrain is kept.
pub(crate) fn is_stale(fleet: &Fleet<'_>) -> bool {
    fleet.f.now.saturating_sub(fleet.f.w.observed.as_of_ms)
        > ms_of(fleet.f.w.policy.observation_max_age_s)
        && Rule::StaleObservation.holds()
}

/// An observation dated in the future counts as now and is reported.
pub(crate) fn future(fleet: &Fleet<'_>, out: &mut Out) {
    let by = fleet.f.w.observed.as_of_ms.saturating_sub(fleet.f.now);
    if by > 0 {
        out.diagnostics.push(Diagnostic {
            code: DiagnosticCode::ObservationFromFuture,
            args: facts! {"by_ms": by},
        });
    }
}

pub(crate) fn apply_stale(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    let facts = facts! {"age_s": fleet.f.now.saturating_sub(fleet.f.w.observed.as_of_ms) / 1000, "limit_s": fleet.f.w.policy.observation_max_age_s};
    out.keep_own(|a| matches!(a.verb, Verb::CancelDrain { .. }));
    out.condition(c.id, ConditionCode::ObservationStale, facts.clone());
    let text = "the observation is {age_s} s old (limit {limit_s} s): nothing is done on it";
    let at = fleet.f.now.saturating_add(30_000);
    out.say(
        explain(c.id, Verdict::Waiting, "3.5.2a", text, facts)
            .until(UnblockKind::Time, facts! {"at_ms": at}),
    );
    out.wake(at);
}

/// (b) Mass failure, as seen now: (joined nodes not in maintenance, of these not ready, a whole zone down).
fn mass(c: &Cluster<'_>) -> (u32, u32, bool) {
    let joined = || {
        c.nodes()
            .filter(|x| x.is_joined() && !x.maintenance && x.phase.is_live())
    };
    let (n, u) = joined().fold((0, 0), |(n, u), x| {
        (n + 1, u + u32::from(!x.ready().is_true()))
    });
    if u < 3 {
        return (n, u, false);
    }
    let mut zones: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for x in joined() {
        let down = u32::from(!x.ready().is_true());
        let z = zones.entry(x.zone()).or_default();
        *z = (z.0 + 1, z.1 + down);
    }
    (
        n,
        u,
        zones.values().any(|(all, down)| *all >= 3 && all == down),
    )
}

/// Carries the mass-failure stop on in memory; true while it holds.
pub(crate) fn mass_failure(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) -> bool {
    let (n, u, zone_down) = mass(c);
    let failing = ((u >= 3 && u.saturating_mul(3) > n) || zone_down) && Rule::MassFailure.holds();
    let as_of = fleet.f.w.observed.as_of_ms;
    let remembered = out.memory.clusters.get_mut(c.id);
    let old = remembered.and_then(|m| m.mass_failure.take());
    let next = match (failing, old) {
        (true, old) => {
            let since_ms = old.map_or(fleet.f.now, |m| m.since_ms);
            Some(MassFailure {
                since_ms,
                clear: 0,
                as_of_ms: as_of,
            })
        }
        // What an operator resumed has ended with the first good look.
        (false, Some(m)) if c.spec.resumed_ms.is_some_and(|r| r >= m.since_ms) => None,
        (false, Some(m)) => {
            let clear = if m.as_of_ms == as_of {
                m.clear
            } else {
                m.clear.saturating_add(1)
            };
            (clear < 2).then_some(MassFailure {
                clear,
                as_of_ms: as_of,
                ..m
            })
        }
        (false, None) => None,
    };
    let Some(stop) = next else { return false };
    let entry = out.memory.clusters.entry(c.id.to_owned()).or_default();
    entry.mass_failure = Some(stop.clone());
    // An operator who resumes after it began takes the decision over.
    if c.spec.resumed_ms.is_some_and(|r| r >= stop.since_ms) {
        return false;
    }
    out.condition(
        c.id,
        ConditionCode::MassFailure,
        facts! {"nodes": n, "not_ready": u, "since_ms": stop.since_ms},
    );
    true
}

pub(crate) fn apply_mass_failure(fleet: &Fleet<'_>, c: &Cluster<'_>, out: &mut Out) {
    let (n, u, _) = mass(c);
    let lost = c.etcd.view == View::Lost;
    let node = |a: &Action| a.node().and_then(|id| c.nodes().find(|x| x.id == id));
    let of_cp = |x: &NodeView<'_>| c.cp().is_some_and(|p| p.find(x.id).is_some());
    out.keep_own(|a| match &a.verb {
        Verb::PowerOn { .. }
        | Verb::Record { .. }
        | Verb::CancelDrain { .. }
        | Verb::Notify { .. } => true,
        Verb::Release { .. } => node(a).is_some_and(|x| !x.is_joined()),
        Verb::PowerCycle { .. } => lost && node(a).is_some_and(of_cp),
        _ => false,
    });
    cancel_drains(
        fleet,
        c,
        "3.5.2b",
        "too many nodes are not ready at once",
        out,
    );
    let text = "{not_ready} of {nodes} nodes are not ready at once: nothing is created or replaced until that is understood";
    let say = explain(
        c.id,
        Verdict::Blocked,
        "3.5.2b",
        text,
        facts! {"nodes": n, "not_ready": u},
    );
    out.say(
        say.until(UnblockKind::Node, facts! {})
            .until(UnblockKind::Operator, facts! {"do": "resume"}),
    );
    out.wake(fleet.f.now.saturating_add(30_000));
}

/// The engine's drains are taken back, those once that the plan has not cancelled already.
fn cancel_drains(fleet: &Fleet<'_>, c: &Cluster<'_>, rule: &str, why: &str, out: &mut Out) {
    for pool in &c.pools {
        for x in pool.nodes.iter().filter(|x| x.phase.is_draining()) {
            let id = super::actions::cancel_drain(c.id, &pool.spec.id, x).id;
            if !out.own_actions().iter().any(|a| a.id == id) {
                super::commit::cancel(fleet, c, pool, x, rule, why, out);
            }
        }
    }
}

/// An invalid specification is not planned by: only what (b) keeps is done.
pub(crate) fn apply_invalid(fleet: &Fleet<'_>, c: &Cluster<'_>, code: &str, out: &mut Out) {
    apply_kept(c, out);
    cancel_drains(fleet, c, "3.1", "the specification is invalid", out);
    out.condition(c.id, ConditionCode::InvalidSpec, facts! {"code": code});
    let say = explain(
        c.id,
        Verdict::Blocked,
        "3.1",
        "the specification has the error {code}: nothing is planned by it",
        facts! {"code": code},
    );
    out.say(say.until(
        UnblockKind::Operator,
        facts! {"do": "correct the specification"},
    ));
}

fn apply_kept(c: &Cluster<'_>, out: &mut Out) {
    let node = |a: &Action| a.node().and_then(|id| c.nodes().find(|x| x.id == id));
    out.keep_own(|a| match &a.verb {
        Verb::PowerOn { .. }
        | Verb::Record { .. }
        | Verb::CancelDrain { .. }
        | Verb::Notify { .. } => true,
        Verb::Release { .. } => node(a).is_some_and(|x| !x.is_joined()),
        _ => false,
    });
}
