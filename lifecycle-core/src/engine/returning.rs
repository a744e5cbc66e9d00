//! 3.4 Returning: a machine on its way back, when it is due, and when it is stuck.
use crate::{Erase, Machine, MachineStatus, Millis, ms_of};

use super::index::Frame;

/// Since when the machine is on its way back; now, if its release is only being decided.
pub(crate) fn since(f: &Frame<'_>, m: &Machine) -> Millis {
    if !m.status.is_returning() {
        return f.now;
    }
    m.status_since_ms
        .or_else(|| {
            f.w.memory
                .machines
                .get(&m.system_id)
                .and_then(|k| k.returning_since_ms)
        })
        .unwrap_or(f.now)
}

pub(crate) fn total_gb(m: &Machine) -> u32 {
    m.disk_gb.iter().fold(0, |a, b| a.saturating_add(*b))
}

/// When it should be back: since + the medians of release and erase.
pub(crate) fn eta(f: &Frame<'_>, m: &Machine, erase: Erase) -> Millis {
    let t = &f.w.policy.timings;
    let s = t
        .release
        .p50_s
        .saturating_add(t.erase(erase, total_gb(m)).p50_s);
    since(f, m).saturating_add(ms_of(s))
}

/// When it is stuck.
pub(crate) fn deadline(f: &Frame<'_>, m: &Machine, erase: Erase) -> Millis {
    let t = &f.w.policy.timings;
    let erasing = || {
        t.erase(
            if erase == Erase::None {
                Erase::Quick
            } else {
                erase
            },
            total_gb(m),
        )
        .deadline_s
    };
    let s = match m.status {
        MachineStatus::DiskErasing => t.release.deadline_s.saturating_add(erasing()),
        _ => t.release.deadline_s,
    };
    since(f, m).saturating_add(ms_of(s))
}

/// ReturnStuck: it failed, or it is late.
pub(crate) fn is_stuck(f: &Frame<'_>, m: &Machine, erase: Erase) -> bool {
    let failed = matches!(
        m.status,
        MachineStatus::FailedReleasing | MachineStatus::FailedDiskErasing
    );
    failed || (m.status.is_returning() && f.now >= deadline(f, m, erase))
}

/// The next try to release a machine that did not come back: after 1, 2, 4 … 60 minutes.
pub(crate) fn next_try(f: &Frame<'_>, m: &Machine) -> Millis {
    let mem = f.w.memory.machines.get(&m.system_id);
    match mem.and_then(|k| k.tried_ms.map(|at| (at, k.tries))) {
        None => since(f, m).saturating_add(60_000),
        Some((at, tries)) => after_tries(at, tries),
    }
}

/// 1, 2, 4 … 60 minutes after the last of so many tries.
pub(crate) fn after_tries(at: Millis, tries: u32) -> Millis {
    at.saturating_add(ms_of(60 * (1_u32 << tries.min(6)).min(60)))
}
