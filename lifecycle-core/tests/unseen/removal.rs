//! Deletion, abort and force delete (3.4, 3.7).
use lifecycle_core::{
    ClusterMemory, ConditionCode, DiagnosticCode, DrainState, ForceDelete, Machine, MachineStatus,
    Role, State, UnblockKind, Verb, World,
};

use crate::common::scopes::EXPAND;
use crate::common::trace::{down, drains, place};
use crate::common::{T0, machine_for};
use crate::{answer, cluster, does, owned, rolls, story};

const MIN: i64 = 60_000;

fn deleting(since_ms: i64) -> World {
    let mut w = cluster(3, 2, 1);
    w.desired.clusters[0].delete_requested_ms = Some(T0 - since_ms);
    w.memory.clusters.insert(
        "c".into(),
        ClusterMemory {
            terminating_since_ms: Some(T0 - since_ms),
            ..ClusterMemory::default()
        },
    );
    w
}

fn forced(w: &mut World, after_ms: i64) {
    let started = w.memory.clusters["c"].terminating_since_ms.unwrap();
    w.desired.clusters[0].force_delete = Some(ForceDelete {
        requested_ms: started + after_ms,
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    });
}

#[test]
fn whole_deletions() {
    let s = story(deleting(0), &[]);
    assert_eq!(s.tokens, "w-1✗ w-2✗ cp-1✗ cp-2✗ cp-3✗ deleted_c");
    assert_eq!(s.last.status.clusters["c"].state, State::Deleted);
    // In the middle of a rollout: nothing is cancelled, drained or created.
    let mut w = cluster(3, 0, 1);
    rolls(&mut w, "cp", EXPAND);
    let s = story(
        w,
        &[("-cp-1", &|s| {
            s.world.desired.clusters[0].delete_requested_ms = Some(s.world.now_ms);
        })],
    );
    assert_eq!(
        s.tokens,
        "+cp-4 cp-4✓ -cp-1 cp-1✗ cp-2✗ cp-4✗ cp-3✗ deleted_c"
    );
}

#[test]
fn nothing_but_the_gateway_stops_a_deletion() {
    type Change = fn(&mut World);
    let rows: [(&str, Change); 5] = [
        ("paused", |w| w.desired.clusters[0].paused = true),
        ("no view", |w| drop(w.observed.etcd.remove("c"))),
        ("quorum lost", |w| {
            for id in ["cp-1", "cp-2"] {
                down(w, "c", id, 1000);
            }
        }),
        ("mass failure", |w| {
            for id in ["w-1", "w-2", "cp-1"] {
                down(w, "c", id, 1000);
            }
        }),
        ("frozen, outdated", |w| rolls(w, "w", EXPAND)),
    ];
    for (name, change) in rows {
        let mut w = deleting(0);
        change(&mut w);
        assert_eq!(does(&w), ["c/w/w-1/release", "c/w/w-2/release"], "{name}");
    }
}

#[test]
fn the_last_node_is_the_leaders_or_the_lowest() {
    let last = |leader: Option<&str>| {
        let mut w = deleting(0);
        w.observed.nodes.retain(|n| n.pool == "cp");
        w.observed.machines.retain(|m| m.system_id.contains("cp"));
        w.desired.clusters[0].workers.clear();
        for m in &mut w.observed.etcd.get_mut("c").unwrap().members {
            m.leader = leader == Some(m.name.as_str());
        }
        does(&w)
    };
    assert_eq!(
        last(Some("cp-2")),
        ["c/cp/cp-1/release", "c/cp/cp-3/release"]
    );
    assert_eq!(last(None), ["c/cp/cp-2/release", "c/cp/cp-3/release"]);
}

#[test]
fn machines_that_are_not_ours_to_release() {
    let mut w = deleting(0);
    for (id, status) in [
        ("c-w-1", MachineStatus::Broken),
        ("c-w-2", MachineStatus::Retired),
    ] {
        machine_for(&mut w, id).status = status;
    }
    // The workers count as gone, so the control plane's turn has come.
    assert_eq!(does(&w), ["c/cp/cp-1/release", "c/cp/cp-2/release"]);
    let mut w = deleting(0);
    machine_for(&mut w, "c-w-1").locked = true;
    assert_eq!(does(&w), ["c/w/w-2/release"]);
    let d = answer(&w);
    assert!(d.status.clusters["c"].has(ConditionCode::MachineLocked));
    assert!(d.explain.iter().any(|e| {
        e.unblocks_when
            .iter()
            .any(|u| u.kind == UnblockKind::Operator)
    }));
    // One that turns up late is given back as well.
    let mut w = deleting(0);
    owned(&mut w, "f1", "w-9", MachineStatus::Deployed);
    assert_eq!(
        does(&w),
        ["c/w/w-1/release", "c/w/w-2/release", "c/w/f1/release"]
    );
    // Nothing is finished while one is on its way back.
    let mut w = deleting(0);
    w.observed.nodes.clear();
    w.observed.machines.retain(|m| m.system_id == "c-cp-1");
    machine_for(&mut w, "c-cp-1").status = MachineStatus::Releasing;
    assert_eq!(does(&w), [""; 0]);
    machine_for(&mut w, "c-cp-1").status = MachineStatus::DiskErasing;
    assert_eq!(does(&w), [""; 0]);
    let m = machine_for(&mut w, "c-cp-1");
    (m.status, m.owner) = (MachineStatus::New, None);
    assert_eq!(does(&w), ["c/-/-/finish_deleted"]);
}

#[test]
fn a_drain_under_way_is_neither_finished_nor_cancelled() {
    let mut w = deleting(0);
    drains(&mut w, "c", "w-1", DrainState::Running);
    drains(&mut w, "c", "cp-1", DrainState::Done);
    assert_eq!(does(&w), ["c/w/w-1/release", "c/w/w-2/release"]);
}

#[test]
fn an_unfinished_control_plane_node_goes_with_the_workers() {
    let mut w = deleting(0);
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deploying);
    assert_eq!(
        does(&w),
        ["c/w/w-1/release", "c/w/w-2/release", "c/cp/cp-4/release"]
    );
}

#[test]
fn a_force_delete_is_judged_by_the_moment_at_which_it_was_asked() {
    for (asked, fires) in [
        (899_000, false),
        (899_999, false),
        (900_000, true),
        (900_001, true),
    ] {
        let mut w = deleting(20 * MIN);
        forced(&mut w, asked);
        let done = answer(&w).actions.iter().find_map(|a| match &a.verb {
            Verb::FinishDeleted {
                orphans, forced, ..
            } => Some((orphans.clone(), *forced)),
            _ => None,
        });
        let all = ["c-cp-1", "c-cp-2", "c-cp-3", "c-w-1", "c-w-2"]
            .map(ToOwned::to_owned)
            .to_vec();
        assert_eq!(done, fires.then_some((all, true)), "{asked}");
    }
}

#[test]
fn the_gate_of_a_force_delete_wakes_the_engine() {
    for (since, wake) in [(1, Some(T0 + 15 * MIN - 1)), (15 * MIN - 1, Some(T0 + 1))] {
        let mut w = deleting(since);
        // Everything is released already, and no deadline is nearer.
        for m in w.observed.machines.iter_mut().filter(|m| m.owner.is_some()) {
            m.locked = true;
        }
        let next = answer(&w).next_wakeup_ms;
        assert!(next.is_some() && next <= wake, "{next:?} {wake:?}");
    }
}

#[test]
fn a_clock_set_back_neither_fires_nor_hides_the_gate() {
    let mut w = deleting(10 * MIN);
    w.memory.clock_hwm_ms = Some(T0 + 4 * MIN);
    // The mark reads 14 minutes.
    forced(&mut w, 14 * MIN);
    let d = answer(&w);
    assert!(!d.actions.iter().any(|a| a.id.ends_with("finish_deleted")));
    assert_eq!(d.memory.clock_hwm_ms, Some(T0 + 4 * MIN));
    let told = d
        .diagnostics
        .iter()
        .find(|x| x.code == DiagnosticCode::ClockWentBackwards);
    assert_eq!(told.unwrap().args["by_ms"], 4 * MIN);
    // What was accepted by the mark fires although the clock was set back since.
    let mut w = deleting(10 * MIN);
    w.memory.clock_hwm_ms = Some(T0 + 5 * MIN);
    forced(&mut w, 15 * MIN);
    assert!(does(&w).contains(&"c/-/-/finish_deleted".to_owned()));
}

#[test]
fn orphans_stay_foreign_until_they_are_released() {
    let mut w = cluster(0, 2, 0);
    let obs = w.observed.clusters.get_mut("c").unwrap();
    obs.state = Some("deleted".into());
    obs.orphans = vec!["c-w-1".into(), "c-w-2".into()];
    let spec =
        lifecycle_core::ClusterSpec::new("d").worker(lifecycle_core::PoolSpec::worker("w", 1));
    w.desired.clusters.push(spec);
    assert_eq!(does(&w), [""; 0], "nothing is released, nothing taken");
    let m = machine_for(&mut w, "c-w-1");
    (m.status, m.owner) = (MachineStatus::Ready, None);
    assert_eq!(does(&w), ["d/w/w-1/allocate"]);
}

#[test]
fn an_aborted_cluster_gives_everything_back() {
    let mut w = crate::common::scopes::creating(3, 2, 5).world;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    w.desired.clusters[0].abort_requested_ms = Some(T0);
    assert_eq!(answer(&w).status.clusters["c"].state, State::Aborting);
    let s = story(w, &[]);
    assert_eq!(s.tokens, "cp-1! deleted_c");
    // A delete of what is not complete is not honoured.
    let mut w = crate::common::scopes::creating(3, 2, 5).world;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    assert_eq!(answer(&w).status.clusters["c"].state, State::Provisioning);
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn a_machine_that_is_ours_no_more_is_left_alone() {
    let mut w = deleting(0);
    w.observed.machines.push({
        let mut m = Machine::ready("x", "z1", 16, 65_536, 500);
        m.status = MachineStatus::Deployed;
        m.owner = Some(lifecycle_core::Owner {
            cluster: "somebody".into(),
            pool: None,
            node: None,
        });
        m
    });
    assert_eq!(does(&w), ["c/w/w-1/release", "c/w/w-2/release"]);
    let d = answer(&w);
    assert!(
        d.diagnostics
            .iter()
            .any(|x| x.code == DiagnosticCode::Unmanaged)
    );
}

#[test]
fn calls_under_way_are_waited_for() {
    let pending = |w: &mut World, node: &str, verb: Verb| {
        w.observed.pending = vec![lifecycle_core::PendingAction {
            action: lifecycle_core::Action::new("c", "w", node, verb),
            issued_ms: T0 - 1000,
        }];
    };
    // Released already, and its node is forgotten: not again under another name.
    let mut w = deleting(0);
    w.observed.nodes.retain(|n| n.id != "w-1");
    let verb = Verb::Release {
        system_id: "c-w-1".into(),
        erase: lifecycle_core::Erase::None,
    };
    pending(&mut w, "w-1", verb);
    assert_eq!(does(&w), ["c/w/w-2/release"]);
    // A machine may be ours in a moment: the cluster is not gone yet.
    let mut w = deleting(0);
    w.observed.nodes.clear();
    w.observed.machines.retain(|m| m.system_id == "f1");
    let verb = Verb::Allocate {
        node: "w-3".into(),
        system_id: "f1".into(),
        zone: "z1".into(),
    };
    pending(&mut w, "w-3", verb);
    assert_eq!(does(&w), [""; 0]);
    w.observed.pending.clear();
    assert_eq!(does(&w), ["c/-/-/finish_deleted"]);
}

#[test]
fn only_an_administrator_forces() {
    for (role, fires) in [
        (Role::TenantAdmin, true),
        (Role::ProjectAdmin, true),
        (Role::Other, false),
    ] {
        let mut w = deleting(15 * MIN);
        forced(&mut w, 15 * MIN);
        w.desired.clusters[0]
            .force_delete
            .as_mut()
            .unwrap()
            .actor_role = role;
        let ends = does(&w).contains(&"c/-/-/finish_deleted".to_owned());
        assert_eq!(ends, fires, "{role:?}");
    }
}

#[test]
fn what_is_remembered_of_the_beginning_goes_before_what_is_seen() {
    let mut w = deleting(15 * MIN);
    forced(&mut w, 15 * MIN);
    let seen = w.observed.clusters.get_mut("c").unwrap();
    seen.deletion_started_ms = Some(T0 - MIN);
    let ends = |w: &World| does(w).contains(&"c/-/-/finish_deleted".to_owned());
    assert!(ends(&w));
    w.memory.clusters.clear();
    assert!(!ends(&w), "nothing is remembered: one minute");
}

#[test]
fn endpoints_are_detached_when_the_last_machine_is_on_its_way() {
    let mut w = deleting(0);
    for k in 1..=3 {
        crate::common::trace::node_of(&mut w, "c", &format!("cp-{k}")).endpoint_attached =
            Some(true);
    }
    assert_eq!(does(&w), ["c/w/w-1/release", "c/w/w-2/release"]);
    for m in &mut w.observed.machines {
        if m.owner.is_some() {
            m.status = MachineStatus::Releasing;
        }
    }
    let mut all = does(&w);
    all.sort();
    assert_eq!(
        all,
        [1, 2, 3].map(|k| format!("c/cp/cp-{k}/detach_endpoint"))
    );
}
