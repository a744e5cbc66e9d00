//! 3.5.1 replaceable(x): a step below the size only if the replacement may be made now.
use lifecycle_core::{PoolMemory, RolloutMemory};

use crate::common::T0;
use crate::common::trace::first;
use crate::{control_plane, is_drain, rolls};

use lifecycle_core::{ClusterSpec, PoolSpec, Strategy};

/// A control plane that steps below its size while its cluster is still being provisioned; the new revision failed twice, the last time so
/// many seconds ago. The machine for the replacement is there.
fn steps_below(failed_s: i64) -> bool {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", Strategy::ContractFirst);
    let c: &mut ClusterSpec = &mut w.desired.clusters[0];
    c.workers.push(PoolSpec::worker("w", 1));
    c.workers[0].min_cpu = 64;
    w.observed.clusters.get_mut("c").unwrap().provisioned_ms = None;
    let rollout = RolloutMemory {
        revision: "r2".into(),
        started_ms: T0 - 3_600_000,
        last_progress_ms: T0,
        failures: 2,
        failed_ms: Some(T0 - failed_s * 1000),
        ..RolloutMemory::default()
    };
    let memory = PoolMemory {
        rollout: Some(rollout),
        ..PoolMemory::default()
    };
    w.memory.pools.insert("c/cp".into(), memory);
    first(w).actions().any(|(_, a)| is_drain(a))
}

#[test]
fn nothing_is_drained_while_its_replacement_may_not_be_made() {
    assert!(!steps_below(299), "the revision is not tried again yet");
    assert!(steps_below(300));
}
