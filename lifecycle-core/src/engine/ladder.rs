//! 3.5.2 The power ladder: before a node is replaced, its machine is powered on, then power-cycled.
use crate::{Etcd, MachineStatus, Millis, NodeMemory, Power, ms_of};

use super::index::Frame;
use super::phase::{Context, NodeView, Phase};
use super::view::View;

const HOUR_MS: Millis = 3_600_000;

/// A rung that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rung {
    On,
    Cycle,
}

fn within(f: &Frame<'_>, at: Option<Millis>, ms: Millis) -> bool {
    at.is_some_and(|t| f.now.saturating_sub(t) < ms)
}

/// A rung runs until the node is well or for the power step's p90.
pub(crate) fn rung_runs(f: &Frame<'_>, mem: Option<&NodeMemory>) -> bool {
    let runs = ms_of(f.w.policy.timings.power.p90_s);
    mem.is_some_and(|m| within(f, m.power_on_ms, runs) || within(f, m.power_cycle_ms, runs))
}

/// When the running rung ends.
pub(crate) fn rung_ends(f: &Frame<'_>, mem: Option<&NodeMemory>) -> Option<Millis> {
    let runs = ms_of(f.w.policy.timings.power.p90_s);
    mem.and_then(|m| m.power_on_ms.max(m.power_cycle_ms))
        .map(|t| t.saturating_add(runs))
}

/// The rung that this node may still take in this hour, whether or not its moment has come.
pub(crate) fn next_rung(
    f: &Frame<'_>,
    c: &Context<'_>,
    x: &NodeView<'_>,
    mem: Option<&NodeMemory>,
) -> Option<Rung> {
    let machine = x.machine?;
    let eligible = f.w.policy.remediation
        && x.is_joined()
        && !x.locked
        && !x.maintenance
        && machine.status == MachineStatus::Deployed
        && !x.ready().is_true();
    if !eligible {
        return None;
    }
    match machine.power {
        Power::Off if !within(f, mem.and_then(|m| m.power_on_ms), HOUR_MS) => Some(Rung::On),
        Power::On if !within(f, mem.and_then(|m| m.power_cycle_ms), HOUR_MS) && may_cycle(c, x) => {
            Some(Rung::Cycle)
        }
        _ => None,
    }
}

/// A control-plane node is power-cycled only when its member is known to be down already.
fn may_cycle(c: &Context<'_>, x: &NodeView<'_>) -> bool {
    match (c.is_cp, c.etcd) {
        (false, _) => true,
        (true, Etcd::Stacked) => {
            c.view.is_fresh() && x.member.is_some_and(|m| m.healthy.is_false())
        }
        (true, Etcd::External) => c.view == View::Good,
        (true, Etcd::Opaque) => false,
    }
}

/// Whether a rung is left: then the node is not unhealthy yet.
pub(crate) fn rung_left(
    f: &Frame<'_>,
    c: &Context<'_>,
    x: &NodeView<'_>,
    mem: Option<&NodeMemory>,
) -> bool {
    next_rung(f, c, x, mem).is_some()
}

/// Whether the moment has come for the rung of a Suspect node: PowerOn at once, PowerCycle after the grace period, one per control plane at a time.
pub(crate) fn rung_due(
    f: &Frame<'_>,
    c: &Context<'_>,
    x: &NodeView<'_>,
    cp: &[NodeView<'_>],
) -> Option<Rung> {
    let mem = f.node_memory(c.cluster, x.id);
    match next_rung(f, c, x, mem)? {
        Rung::On => Some(Rung::On),
        Rung::Cycle => {
            let graced = x
                .suspect_ms
                .is_some_and(|t| f.now.saturating_sub(t) >= ms_of(f.w.policy.grace_s));
            let runs = ms_of(f.w.policy.timings.power.p90_s);
            let cycles = |y: &NodeView<'_>| {
                let at = f
                    .node_memory(c.cluster, y.id)
                    .and_then(|m| m.power_cycle_ms);
                y.phase == Phase::Recovering && within(f, at, runs)
            };
            let other_cycles = c.is_cp && cp.iter().any(|y| y.id != x.id && cycles(y));
            let other_active = c.etcd != Etcd::External
                || !c.is_cp
                || cp.iter().any(|y| y.id != x.id && y.phase == Phase::Active);
            (graced && !other_cycles && other_active).then_some(Rung::Cycle)
        }
    }
}
