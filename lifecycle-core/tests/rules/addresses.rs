//! 3.9 and I-M4: the plan's peak is that of one rollout from rest; what is there is counted at every create all the same.
use lifecycle_core::{ClusterSpec, MachineStatus, NetworkInput, PoolSpec, Strategy, plan_network};

use crate::common::trace::{Taken, first, place};
use crate::common::{add_running, pool, world};
use crate::{creates, rolls};

/// Three control-plane nodes and two workers. The workers' surge is under way when the control plane gets a new revision too.
fn both_roll(free_ips: u32) -> Taken {
    let mut w = world(2);
    let c = ClusterSpec::new("c")
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2));
    add_running(&mut w, c);
    rolls(&mut w, "w", Strategy::ExpandFirst);
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deploying);
    pool(&mut w, "c", "cp").revision = "r2".into();
    w.desired.clusters[0].network.subnet = Some("s".into());
    let subnet =
        serde_json::json!({"id": "s", "cidr": "10.0.0.0/24", "free_ips": free_ips}).to_string();
    w.observed.subnets = vec![serde_json::from_str(&subnet).unwrap()];
    first(w)
}

#[test]
fn a_second_rollout_goes_beyond_the_plan_of_the_first_but_not_beyond_what_is_free() {
    let taken = both_roll(1);
    let plan = plan_network(&NetworkInput {
        desired: taken.world.desired.clone(),
        subnets: taken.world.observed.subnets.clone(),
        policy: taken.world.policy.clone(),
    });
    assert_eq!((plan.owners["c"].steady, plan.owners["c"].peak), (6, 7));
    // Five nodes and the endpoint, w-3, and now cp-4: eight.
    let created: Vec<_> = taken.actions().filter(|(_, a)| creates(a)).collect();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].1.id, "c/cp/cp-4/allocate");
    // Without an address the surge of the workers, whose turn it is not, is given back for it.
    let taken = both_roll(0);
    assert!(!taken.actions().any(|(_, a)| creates(a)));
    assert!(taken.actions().any(|(_, a)| a.id == "c/w/w-3/release"));
}
