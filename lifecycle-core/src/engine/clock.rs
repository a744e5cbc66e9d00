//! 3.7 Force delete and clocks: a clock that never runs backwards, for this one gate.
use crate::prelude::*;
use crate::{Diagnostic, DiagnosticCode, FORCE_DELETE_AFTER_MS, Memory, Millis, Role, World};

use super::explain::facts;
use super::index::Cluster;
use super::switch::Rule;

const DAY_MS: Millis = 86_400_000;

/// The clock of the force-delete gate.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// max(now, high-water mark), the mark already risen.
    pub(crate) t: Millis,
    /// The mark to remember.
    pub(crate) hwm: Millis,
    /// The clock leapt by more than 24 h in this call.
    pub(crate) jumped: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads the clock against the remembered mark.
pub(crate) fn read(now: Millis, memory: &Memory) -> Clock {
    let by = |a: Millis, b: Millis| facts! {"by_ms": a.saturating_sub(b)};
    let mut diagnostics = Vec::new();
    let mut jumped = false;
    let remembered = memory.clock_hwm_ms.filter(|_| Rule::MonotoneClock.holds());
    let hwm = match remembered {
        Some(mark) if mark.saturating_sub(now) > DAY_MS => {
            diagnostics.push(Diagnostic {
                code: DiagnosticCode::ClockHwmReset,
                args: by(mark, now),
            });
            now
        }
        Some(mark) if now < mark => {
            diagnostics.push(Diagnostic {
                code: DiagnosticCode::ClockWentBackwards,
                args: by(mark, now),
            });
            mark
        }
        Some(mark) if now.saturating_sub(mark) > DAY_MS => {
            jumped = true;
            diagnostics.push(Diagnostic {
                code: DiagnosticCode::ClockJumpedForward,
                args: by(now, mark),
            });
            mark.saturating_add(DAY_MS)
        }
        _ => now,
    };
    Clock {
        t: now.max(hwm),
        hwm,
        jumped,
        diagnostics,
    }
}

/// Since when the cluster is Deleting or Aborting.
pub(crate) fn started(w: &World, c: &Cluster<'_>, clock: &Clock) -> Millis {
    let remembered = w
        .memory
        .clusters
        .get(c.id)
        .and_then(|m| m.terminating_since_ms);
    let observed = if super::state::abort_honoured(c) {
        c.obs.abort_started_ms
    } else {
        c.obs.deletion_started_ms
    };
    let asked = if super::state::abort_honoured(c) {
        c.spec.abort_requested_ms
    } else {
        c.spec.delete_requested_ms
    };
    let at = remembered
        .or(observed)
        .or(c.obs.deletion_started_ms)
        .or(c.obs.abort_started_ms)
        .or(asked)
        .unwrap_or(clock.t);
    if at.saturating_sub(clock.t) > DAY_MS {
        clock.t
    } else {
        at
    }
}

/// How long until a force delete is possible: 0 when it is.
pub(crate) fn force_remaining_ms(w: &World, started_ms: Millis, clock: &Clock) -> u64 {
    if !Rule::ForceDeleteClock.holds() {
        return 0;
    }
    let gate = started_ms.saturating_add(FORCE_DELETE_AFTER_MS);
    let by_clock = gate.saturating_sub(clock.t).max(0);
    let by_server = if clock.jumped {
        gate.saturating_sub(w.observed.as_of_ms).max(0)
    } else {
        0
    };
    u64::try_from(by_clock.max(by_server)).unwrap_or(0)
}

/// Whether the accepted force delete counts: a request made too early never fires later.
pub(crate) fn force_honoured(c: &Cluster<'_>, started_ms: Millis, clock: &Clock) -> bool {
    c.spec.force_delete.as_ref().is_some_and(|f| {
        let counted_ms = if Rule::RefusedNeverFires.holds() {
            f.requested_ms
        } else {
            clock.t
        };
        counted_ms >= started_ms.saturating_add(FORCE_DELETE_AFTER_MS)
            && matches!(f.actor_role, Role::TenantAdmin | Role::ProjectAdmin)
    })
}
