//! 3.5.7 Waiting: states in which the searches found a silent wait.
#![allow(clippy::unwrap_used)]

mod common;

use common::{T0, add_running, machine_for, world};
use lifecycle_core::{ClusterSpec, MachineStatus, PoolSpec, Power, Tri, decide};

/// The machine should be back by now and is not seen yet: what is due already must not hide the deadline after it.
#[test]
fn a_moment_that_is_due_hides_no_later_one() {
    let mut w = world(0);
    add_running(
        &mut w,
        ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", 3)),
    );
    w.observed.clusters.get_mut("c").unwrap().update_started_ms = Some(T0);
    let m = machine_for(&mut w, "c-cp-1");
    m.status = MachineStatus::Releasing;
    m.power = Power::Off;
    m.status_since_ms = Some(T0 - 60_000);
    let n = &mut w.observed.nodes[0];
    (n.object, n.ready) = (false, Tri::False);
    let etcd = w.observed.etcd.get_mut("c").unwrap();
    etcd.members.retain(|m| m.name != "cp-1");

    let d = decide(&w);
    assert!(d.actions.is_empty(), "{:?}", d.actions);
    assert_eq!(d.next_wakeup_ms, Some(T0 + 240_000), "{:?}", d.explain);
}
