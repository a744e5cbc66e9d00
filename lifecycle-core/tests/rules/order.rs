//! Who comes first: victims, machines, zones, demands, steps.
use std::collections::BTreeSet;

use lifecycle_core::{
    ClusterSpec, DrainState, Machine, MachineStatus, Maintenance, PoolSpec, Tri, Verb, World,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{down, drains, first, lose, node_of, place, run};
use crate::common::{T0, add_running, machine_for, pool, world};
use crate::{control_plane, creates, ids, is_drain, rolls, workers};

fn drained(w: World) -> Option<String> {
    first(w)
        .decision
        .actions
        .iter()
        .find(|a| is_drain(a))
        .and_then(|a| a.node().map(ToOwned::to_owned))
}

#[test]
fn victims_are_cordoned_ones_then_of_the_fullest_zone_then_the_oldest() {
    // w-1 … w-5 in z1, z2, z1, z2, z1; w-1 is the oldest.
    let world = || {
        let mut w = world(0);
        add_running(
            &mut w,
            ClusterSpec::new("c").worker(PoolSpec::worker("w", 5).azs(["z1", "z2"])),
        );
        rolls(&mut w, "w", CONTRACT);
        w
    };
    assert_eq!(drained(world()).as_deref(), Some("w-1"));
    let mut w = world();
    node_of(&mut w, "c", "w-2").created_ms = 0;
    assert_eq!(drained(w.clone()).as_deref(), Some("w-1"), "z1 is fuller");
    node_of(&mut w, "c", "w-5").created_ms = 1;
    assert_eq!(
        drained(w.clone()).as_deref(),
        Some("w-5"),
        "the oldest of z1"
    );
    node_of(&mut w, "c", "w-4").maintenance = Maintenance::Cordoned;
    assert_eq!(
        drained(w.clone()).as_deref(),
        Some("w-4"),
        "not available anyway"
    );
    let up_to_date = ["w-1", "w-3", "w-4", "w-5"];
    for id in up_to_date {
        node_of(&mut w, "c", id).revision = Some("r2".into());
    }
    node_of(&mut w, "c", "w-4").maintenance = Maintenance::None;
    assert_eq!(drained(w).as_deref(), Some("w-2"), "only it is outdated");
}

#[test]
fn a_surplus_goes_outdated_ones_first() {
    let mut w = workers(4, 0);
    pool(&mut w, "c", "w").size = 3;
    pool(&mut w, "c", "w").revision = "r2".into();
    for id in ["w-1", "w-2", "w-4"] {
        node_of(&mut w, "c", id).revision = Some("r2".into());
    }
    assert_eq!(drained(w).as_deref(), Some("w-3"));
}

#[test]
fn the_leader_goes_last_and_hands_over_to_the_newest_that_is_up_to_date() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    node_of(&mut w, "c", "cp-3").created_ms = 0;
    assert_eq!(drained(w.clone()).as_deref(), Some("cp-1"), "cp-3 leads");
    for id in ["cp-1", "cp-2"] {
        node_of(&mut w, "c", id).revision = Some("r2".into());
    }
    drains(&mut w, "c", "cp-3", DrainState::Done);
    let to = |w: World| {
        first(w)
            .decision
            .actions
            .iter()
            .find_map(|a| match &a.verb {
                Verb::MoveEtcdLeader { from, to } => Some((from.clone(), to.clone())),
                _ => None,
            })
    };
    let cp = |k: u32| format!("cp-{k}");
    assert_eq!(to(w.clone()), Some((cp(3), cp(2))), "cp-2 is newer");
    node_of(&mut w, "c", "cp-2").revision = Some("r1".into());
    assert_eq!(to(w), Some((cp(3), cp(1))), "cp-1 is up to date");
}

#[test]
fn a_commit_goes_step_by_step_from_the_endpoint_to_the_node_object() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    for n in &mut w.observed.nodes {
        n.endpoint_attached = Some(true);
    }
    // The leader is the only one outdated.
    for id in ["cp-1", "cp-2"] {
        node_of(&mut w, "c", id).revision = Some("r2".into());
    }
    let trace = run(w, 30, |_| {});
    let steps: Vec<String> = trace
        .iter()
        .flat_map(|t| ids(t).into_iter().map(ToOwned::to_owned))
        .filter(|id| id.starts_with("c/cp/cp-3/"))
        .collect();
    let verbs: Vec<&str> = steps.iter().filter_map(|s| s.rsplit('/').next()).collect();
    assert_eq!(
        verbs,
        [
            "drain",
            "detach_endpoint",
            "move_etcd_leader",
            "remove_etcd_member",
            "release",
            "delete_node_object"
        ]
    );
}

fn taken(w: World) -> Vec<String> {
    first(w)
        .decision
        .actions
        .iter()
        .filter_map(|a| match &a.verb {
            Verb::Allocate { system_id, .. } => Some(system_id.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_machine_that_wastes_least_is_taken() {
    let pick = |machines: &[(&str, u32, u32, u32)], fails: &str| {
        let mut w = workers(2, 0);
        lose(&mut w, "c", "w-2");
        let p = pool(&mut w, "c", "w");
        (p.min_cpu, p.min_mem_mib, p.min_disk_gb) = (8, 1000, 100);
        for (id, cpu, mem, disk) in machines {
            w.observed
                .machines
                .push(Machine::ready(*id, "z1", *cpu, *mem, *disk));
        }
        w.memory.machines.entry(fails.into()).or_default().failures = vec![T0 - 1000];
        taken(w).remove(0)
    };
    assert_eq!(
        pick(&[("a", 32, 2000, 200), ("b", 16, 4000, 400)], ""),
        "b",
        "CPU first"
    );
    assert_eq!(
        pick(&[("a", 16, 4000, 200), ("b", 16, 2000, 400)], ""),
        "b",
        "then memory"
    );
    assert_eq!(
        pick(&[("a", 16, 2000, 400), ("b", 16, 2000, 200)], ""),
        "b",
        "then the boot disk"
    );
    assert_eq!(
        pick(&[("a", 16, 2000, 200), ("b", 16, 2000, 200)], "a"),
        "b",
        "then fewest failures"
    );
    assert_eq!(
        pick(&[("b", 16, 2000, 200), ("a", 16, 2000, 200)], ""),
        "a",
        "then the id"
    );
}

#[test]
fn a_new_node_goes_where_fewest_up_to_date_ones_are() {
    let world = |zones: &[&str]| {
        let mut w = world(0);
        let spec = PoolSpec::worker("w", 4).azs(["z1", "z2", "z3"]);
        add_running(&mut w, ClusterSpec::new("c").worker(spec));
        lose(&mut w, "c", "w-4");
        for (i, zone) in zones.iter().enumerate() {
            w.observed
                .machines
                .push(Machine::ready(format!("f{i}"), *zone, 16, 65_536, 500));
        }
        w
    };
    // One node in each zone: by name.
    assert_eq!(taken(world(&["z3", "z2", "z1"])), ["f2"]);
    assert_eq!(
        taken(world(&["z3", "z2"])),
        ["f1"],
        "a zone without a machine is passed over"
    );
    let mut w = world(&["z1", "z2", "z3"]);
    pool(&mut w, "c", "w").revision = "r2".into();
    for id in ["w-1", "w-2"] {
        node_of(&mut w, "c", id).revision = Some("r2".into());
    }
    assert_eq!(taken(w)[0], "f2", "z3 has none that is up to date");
    let mut w = world(&["z1", "z2", "z3"]);
    lose(&mut w, "c", "w-2");
    assert_eq!(taken(w), ["f1", "f0"], "z2 is empty, then by name");
}

/// Two clusters, each short of one worker, and one machine.
fn rivals(change: impl FnOnce(&mut ClusterSpec)) -> Vec<String> {
    let mut w = world(1);
    for id in ["a", "b"] {
        add_running(
            &mut w,
            ClusterSpec::new(id)
                .requested_ms(T0 - 10)
                .worker(PoolSpec::worker("w", 2)),
        );
        lose(&mut w, id, "w-2");
    }
    change(&mut w.desired.clusters[1]);
    let taken = first(w);
    taken
        .decision
        .actions
        .iter()
        .filter(|a| creates(a))
        .filter_map(|a| a.cluster().map(ToOwned::to_owned))
        .collect()
}

#[test]
fn demands_are_served_by_priority_then_age_then_name() {
    assert_eq!(rivals(|_| {}), ["a"]);
    assert_eq!(rivals(|b| b.requested_ms = T0 - 11), ["b"]);
    assert_eq!(
        rivals(|b| (b.priority, b.requested_ms) = (6, T0 - 11)),
        ["a"]
    );
    assert_eq!(
        rivals(|b| (b.priority, b.requested_ms) = (4, T0 - 9)),
        ["b"]
    );
}

#[test]
fn what_is_missing_comes_before_what_is_added() {
    // A control plane below its size, a worker below its size, a surge, and a new cluster, each wanting the only machine.
    let world = |missing: &[&str]| {
        let mut w = world(1);
        let cp = || PoolSpec::control_plane("cp", 3);
        add_running(
            &mut w,
            ClusterSpec::new("a").worker(PoolSpec::worker("w", 2)),
        );
        pool(&mut w, "a", "w").revision = "r2".into();
        w.desired.clusters.push(
            ClusterSpec::new("b")
                .requested_ms(1)
                .worker(PoolSpec::worker("w", 1)),
        );
        add_running(&mut w, ClusterSpec::new("d").control_plane(cp()));
        pool(&mut w, "d", "cp").revision = "r2".into();
        add_running(
            &mut w,
            ClusterSpec::new("e").worker(PoolSpec::worker("w", 2)),
        );
        add_running(&mut w, ClusterSpec::new("f").control_plane(cp()));
        for (cluster, node) in [("e", "w-2"), ("f", "cp-1")] {
            if missing.contains(&cluster) {
                lose(&mut w, cluster, node);
                if let Some(v) = w.observed.etcd.get_mut(cluster) {
                    v.members.retain(|m| m.name != node);
                }
            }
        }
        let taken = first(w);
        taken
            .decision
            .actions
            .iter()
            .filter(|a| creates(a))
            .filter_map(|a| a.cluster().map(ToOwned::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(world(&["e", "f"]), ["f"], "a control plane below its size");
    assert_eq!(world(&["e"]), ["e"], "then workers below theirs");
    assert_eq!(
        world(&[]),
        ["d"],
        "then a control plane's surge, before new clusters and the surge of workers"
    );
}

#[test]
fn names_are_never_given_twice() {
    let name = |change: fn(&mut World)| {
        let mut w = workers(3, 1);
        lose(&mut w, "c", "w-1");
        change(&mut w);
        first(w)
            .decision
            .actions
            .iter()
            .find(|a| creates(a))
            .and_then(|a| a.node().map(ToOwned::to_owned))
            .unwrap()
    };
    assert_eq!(name(|_| {}), "w-4");
    assert_eq!(
        name(|w| w.memory.pools.entry("c/w".into()).or_default().last_k = 9),
        "w-10"
    );
    let owned = |w: &mut World| {
        place(w, "c", "w", "w-7", "f1", MachineStatus::Releasing);
        w.observed.nodes.pop();
        w.observed
            .machines
            .push(Machine::ready("f2", "z1", 16, 65_536, 500));
    };
    assert_eq!(name(owned), "w-8", "a machine still carries the name");
    let mut w = control_plane(3, 1);
    pool(&mut w, "c", "cp").size = 5;
    crate::common::trace::member(&mut w, "c", "cp-6", false, Tri::False);
    let given = first(w)
        .decision
        .actions
        .iter()
        .find(|a| creates(a))
        .and_then(|a| a.node().map(ToOwned::to_owned));
    assert_eq!(
        given.as_deref(),
        Some("cp-7"),
        "a member still carries the name"
    );
}

#[test]
fn a_deletion_takes_workers_first_and_the_leader_last() {
    let mut w = world(0);
    let spec = ClusterSpec::new("c")
        .control_plane(PoolSpec::control_plane("cp", 3))
        .worker(PoolSpec::worker("w", 2));
    add_running(&mut w, spec);
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    for m in &mut w.observed.etcd.get_mut("c").unwrap().members {
        m.leader = m.name == "cp-2";
    }
    let trace = run(w, 40, |_| {});
    let waves: Vec<BTreeSet<String>> = trace
        .iter()
        .map(|t| {
            ids(t)
                .iter()
                .filter_map(|id| id.strip_suffix("/release"))
                .map(ToOwned::to_owned)
                .collect()
        })
        .filter(|wave: &BTreeSet<_>| !wave.is_empty())
        .collect();
    let wave = |ids: &[&str]| ids.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        waves,
        [
            wave(&["c/w/w-1", "c/w/w-2"]),
            wave(&["c/cp/cp-1", "c/cp/cp-3"]),
            wave(&["c/cp/cp-2"])
        ]
    );
}

#[test]
fn inside_a_decision_giving_back_comes_before_taking() {
    let mut w = workers(6, 2);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").max_parallel = 3;
    down(&mut w, "c", "w-1", 1);
    machine_for(&mut w, "c-w-1").power = lifecycle_core::Power::Off;
    place(
        &mut w,
        "c",
        "w",
        "w-7",
        "f1",
        MachineStatus::FailedDeployment,
    );
    drains(&mut w, "c", "w-2", DrainState::Done);
    node_of(&mut w, "c", "w-3").revision = Some("r2".into());
    drains(&mut w, "c", "w-3", DrainState::Running);
    let taken = first(w);
    let order = [
        "cancel_drain",
        "power_on",
        "record",
        "release",
        "allocate",
        "drain",
    ];
    let rank = |id: &&str| {
        order
            .iter()
            .position(|v| id.rsplit('/').next().unwrap().starts_with(v))
    };
    let ranks: Vec<usize> = ids(&taken).iter().filter_map(rank).collect();
    assert!(
        ranks.is_sorted() && ranks.iter().collect::<BTreeSet<_>>().len() >= 4,
        "{:?}",
        ids(&taken)
    );
}

#[test]
fn a_node_whose_member_is_down_already_is_replaced_first() {
    let mut w = control_plane(5, 0);
    let n = node_of(&mut w, "c", "cp-1");
    (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - 2_000_000));
    down(&mut w, "c", "cp-2", 2000);
    let mem = w.memory.nodes.entry("c/cp-2".into()).or_default();
    mem.power_cycle_ms = Some(T0 - 1_200_000);
    assert_eq!(drained(w).as_deref(), Some("cp-2"));
}

#[test]
fn unhealthy_workers_are_replaced_one_at_a_time() {
    let mut w = workers(9, 2);
    pool(&mut w, "c", "w").max_parallel = 3;
    for id in ["w-1", "w-2"] {
        down(&mut w, "c", id, 2000);
        let mem = w.memory.nodes.entry(format!("c/{id}")).or_default();
        mem.power_cycle_ms = Some(T0 - 1_200_000);
    }
    assert_eq!(drained(w.clone()).as_deref(), Some("w-1"));
    drains(&mut w, "c", "w-1", DrainState::Running);
    node_of(&mut w, "c", "w-1").drain.started_ms = Some(T0 - 1000);
    assert_eq!(drained(w), None);
}

#[test]
fn no_more_is_created_than_is_still_missing_at_the_target() {
    let mut w = workers(2, 4);
    rolls(&mut w, "w", EXPAND);
    pool(&mut w, "c", "w").max_parallel = 3;
    assert_eq!(taken(w).len(), 2);
}

#[test]
fn a_healthy_member_that_belongs_to_no_node_makes_the_view_unknown() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", EXPAND);
    crate::common::trace::member(&mut w, "c", "stranger", false, Tri::True);
    let t = first(w);
    let touches = |a: &lifecycle_core::Action| creates(a) || is_drain(a);
    assert!(!t.decision.actions.iter().any(touches), "{:?}", ids(&t));
    let status = &t.decision.status.clusters["c"];
    assert!(status.has(lifecycle_core::ConditionCode::EtcdUnknown));
}

#[test]
fn a_control_plane_falls_back_only_when_nothing_is_coming_back() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", EXPAND);
    let p = pool(&mut w, "c", "cp");
    p.on_no_spare = lifecycle_core::OnNoSpare::FallbackContract;
    p.hold_returning = Some(false);
    place(&mut w, "c", "cp", "cp-0", "f1", MachineStatus::Releasing);
    machine_for(&mut w, "f1").status_since_ms = Some(T0 - 1000);
    assert_eq!(drained(w.clone()), None, "f1 comes back");
    lose(&mut w, "c", "cp-0");
    assert_eq!(drained(w).as_deref(), Some("cp-1"));
}
