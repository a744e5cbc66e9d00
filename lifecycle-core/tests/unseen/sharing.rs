//! 3.5.5 and the gateway's rules: who gets what there is.
use lifecycle_core::{
    ClusterSpec, ConditionCode, Machine, MachineStatus, OnNoSpare, PoolMemory, PoolSpec,
    Simulation, State, Tri, Verb, World,
};

use crate::common::scopes::{CONTRACT, EXPAND};
use crate::common::trace::{add_gateway, down, lose, node_of, place, place_joined};
use crate::common::{T0, add_running, machine_for, pool, world};
use crate::{answer, does, story};

fn new(id: &str, cp: u32, workers: u32, asked_ms: i64) -> ClusterSpec {
    let c = ClusterSpec::new(id)
        .control_plane(PoolSpec::control_plane("cp", cp))
        .requested_ms(T0 - 10_000 + asked_ms);
    if workers == 0 {
        return c;
    }
    c.worker(PoolSpec::worker("w", workers))
}

fn free(w: &mut World, ids: &[&str], zone: &str) {
    for id in ids {
        w.observed
            .machines
            .push(Machine::ready(*id, zone, 16, 65_536, 500));
    }
}

#[test]
fn two_clusters_share_the_last_spare() {
    for (strategy, on_no_spare) in [(EXPAND, OnNoSpare::Wait), (EXPAND, OnNoSpare::Refuse)] {
        let mut w = world(1);
        for id in ["a", "b"] {
            add_running(&mut w, new(id, 3, 0, 0));
            let p = pool(&mut w, id, "cp");
            (p.revision, p.strategy, p.on_no_spare) = ("r2".into(), strategy, on_no_spare);
        }
        let s = story(w, &[]);
        // a wholly, since its own spare serves it first; then b.
        let of = |id: &str| {
            (1..=3)
                .map(|k| format!("+{id}.cp-{0} {id}.cp-{0}✓ -{id}.cp-{k} {id}.cp-{k}✗", 3 + k))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(s.tokens, format!("{} {}", of("a"), of("b")));
        assert_eq!((s.held_max["a/cp"], s.held_max["b/cp"]), (4, 4));
    }
}

#[test]
fn a_machine_that_frees_goes_to_the_most_urgent() {
    // b's control plane is below its size, a wants a surge: b, although a is older and more important.
    let mut w = world(1);
    for id in ["a", "b"] {
        add_running(&mut w, new(id, 3, 2, 0));
    }
    pool(&mut w, "a", "cp").revision = "r2".into();
    w.desired.clusters[0].priority = 0;
    lose(&mut w, "b", "cp-1");
    w.observed
        .etcd
        .get_mut("b")
        .unwrap()
        .members
        .retain(|m| m.name != "cp-1");
    assert_eq!(does(&w), ["b/cp/cp-4/allocate"]);
    // A worker that is missing comes before the surge of a control plane.
    let mut w = world(1);
    for id in ["a", "b"] {
        add_running(&mut w, new(id, 3, 2, 0));
    }
    pool(&mut w, "a", "cp").revision = "r2".into();
    lose(&mut w, "b", "w-1");
    assert_eq!(does(&w), ["b/w/w-3/allocate"]);
}

#[test]
fn a_gateway_below_its_size_comes_after_a_control_plane_and_before_workers() {
    let world = |cp_short: bool| {
        let mut w = world(1);
        add_gateway(&mut w, "g", 3);
        add_running(&mut w, new("a", 3, 2, 0));
        lose(&mut w, "g", "cp-1");
        w.observed
            .etcd
            .get_mut("g")
            .unwrap()
            .members
            .retain(|m| m.name != "cp-1");
        lose(&mut w, "a", "w-1");
        if cp_short {
            lose(&mut w, "a", "cp-1");
            w.observed
                .etcd
                .get_mut("a")
                .unwrap()
                .members
                .retain(|m| m.name != "cp-1");
        }
        does(&w)
    };
    assert_eq!(world(true), ["a/cp/cp-4/allocate"]);
    assert_eq!(world(false), ["g/cp/cp-4/allocate"]);
}

#[test]
fn what_was_reached_is_missed_and_what_was_never_reached_is_added() {
    // Both want a third worker. b has had three (class 3), a never (class 5).
    let mut w = world(1);
    for id in ["a", "b"] {
        let spec = ClusterSpec::new(id)
            .requested_ms(T0 - 10)
            .worker(PoolSpec::worker("w", 2));
        add_running(&mut w, spec);
        pool(&mut w, id, "w").size = 3;
    }
    let reached = |n| PoolMemory {
        reached: Some(n),
        ..PoolMemory::default()
    };
    w.memory.pools.insert("a/w".into(), reached(2));
    w.memory.pools.insert("b/w".into(), reached(3));
    assert_eq!(does(&w), ["b/w/w-3/allocate"]);
    w.memory.pools.insert("a/w".into(), reached(3));
    w.memory.pools.insert("b/w".into(), reached(2));
    assert_eq!(does(&w), ["a/w/w-3/allocate"]);
}

#[test]
fn a_new_cluster_starts_with_all_it_needs_or_not_at_all() {
    for (machines, starts) in [(4, false), (5, true)] {
        let mut w = world(machines);
        w.desired.clusters.push(new("c", 3, 2, 0));
        let expected: &[&str] = if starts { &["c/cp/cp-1/allocate"] } else { &[] };
        assert_eq!(does(&w), expected, "{machines}");
        let c = &answer(&w).status.clusters["c"];
        assert_eq!(
            c.state,
            State::Pending,
            "nothing has begun before this decision"
        );
        assert_eq!(c.has(ConditionCode::CapacityShort), !starts);
    }
}

#[test]
fn the_queue_is_passed_only_with_machines_that_those_before_cannot_use() {
    let mut w = world(0);
    free(&mut w, &["x1", "x2"], "z1");
    let mut first = new("a", 3, 0, 1);
    first.control_plane.as_mut().unwrap().azs = vec!["z1".into()];
    let mut second = new("b", 1, 0, 2);
    w.desired.clusters.extend([first, second.clone()]);
    assert_eq!(does(&w), [""; 0], "z1 is kept for a");
    free(&mut w, &["y1"], "z2");
    assert_eq!(does(&w), ["b/cp/cp-1/allocate"], "a cannot use z2");
    let taken = &answer(&w).actions[0];
    assert!(
        matches!(&taken.verb, lifecycle_core::Verb::Allocate { system_id, .. } if system_id == "y1")
    );
    // The other way round nothing is passed.
    second.requested_ms = T0 - 20_000;
    w.desired.clusters[1] = second;
    assert_eq!(does(&w), ["b/cp/cp-1/allocate"]);
}

#[test]
fn what_a_started_cluster_lacks_is_kept_for_it() {
    // c has begun (1 of 3, two workers to come) and there are four machines; d wants one, e's surge another.
    let world = |machines| {
        let mut w = world(machines);
        w.desired.clusters.push(new("c", 3, 2, 0));
        w.observed
            .machines
            .push(Machine::ready("m", "z1", 16, 65_536, 500));
        place_joined(&mut w, "c", "cp", "cp-1", "m");
        let n = node_of(&mut w, "c", "cp-1");
        (n.revision, n.ready_since_ms) = (Some("r1".into()), Some(T0 - 10_000_000));
        w.observed
            .clusters
            .entry("c".into())
            .or_default()
            .initialized = true;
        let view = w.observed.etcd.entry("c".into()).or_default();
        (view.as_of_ms, view.reachable) = (T0, true);
        crate::common::trace::member(&mut w, "c", "cp-1", false, Tri::True);
        add_running(
            &mut w,
            ClusterSpec::new("e").worker(PoolSpec::worker("w", 2)),
        );
        pool(&mut w, "e", "w").revision = "r2".into();
        w.desired.clusters.push(new("d", 1, 0, 5));
        does(&w)
    };
    let others = |a: &[String]| a.iter().filter(|a| !a.starts_with("c/")).count();
    assert_eq!(others(&world(4)), 0, "{:?}", world(4));
    assert_eq!(others(&world(5)), 1, "{:?}", world(5));
    assert_eq!(others(&world(6)), 2, "{:?}", world(6));
}

#[test]
fn zones_without_machines_are_passed_over_and_told() {
    let mut w = world(0);
    free(&mut w, &["x1"], "z1");
    let spec = PoolSpec::worker("w", 4).azs(["z1", "z2"]);
    add_running(&mut w, ClusterSpec::new("c").worker(spec));
    lose(&mut w, "c", "w-2");
    lose(&mut w, "c", "w-4");
    assert_eq!(does(&w), ["c/w/w-4/allocate"]);
    let d = answer(&w);
    assert!(d.status.clusters["c"].has(ConditionCode::ZoneSkewTolerated));
    assert!(
        d.status.clusters["c"].has(ConditionCode::CapacityShort),
        "one is still missing"
    );
    // No machine in any of its zones: nothing.
    let mut w = world(3);
    let spec = PoolSpec::worker("w", 2).azs(["z8", "z9"]);
    add_running(&mut w, ClusterSpec::new("c").worker(spec));
    lose(&mut w, "c", "w-2");
    assert_eq!(does(&w), [""; 0]);
}

#[test]
fn reclaim_takes_the_newest_of_the_lowest_class_one_at_a_time() {
    // The control plane of c lacks a node; the workers of d have two surges under way.
    let mut w = world(2);
    add_running(&mut w, new("c", 3, 0, 0));
    add_running(
        &mut w,
        ClusterSpec::new("d").worker(PoolSpec::worker("w", 4)),
    );
    let p = pool(&mut w, "d", "w");
    (p.revision, p.max_parallel) = ("r2".into(), 2);
    place(&mut w, "d", "w", "w-5", "f1", MachineStatus::Deploying);
    place(&mut w, "d", "w", "w-6", "f2", MachineStatus::Deploying);
    node_of(&mut w, "d", "w-6").created_ms = T0 - 1000;
    lose(&mut w, "c", "cp-1");
    w.observed
        .etcd
        .get_mut("c")
        .unwrap()
        .members
        .retain(|m| m.name != "cp-1");
    assert_eq!(does(&w), ["d/w/w-6/release"]);
    machine_for(&mut w, "f2").status = MachineStatus::Releasing;
    assert_eq!(does(&w), [""; 0], "one is on its way");
    // A joined surplus is drained.
    let mut w = world(1);
    add_running(&mut w, new("c", 3, 0, 0));
    add_running(
        &mut w,
        ClusterSpec::new("d").worker(PoolSpec::worker("w", 2)),
    );
    pool(&mut w, "d", "w").revision = "r2".into();
    place_joined(&mut w, "d", "w", "w-3", "f1");
    node_of(&mut w, "d", "w-3").revision = Some("r2".into());
    lose(&mut w, "c", "cp-1");
    w.observed
        .etcd
        .get_mut("c")
        .unwrap()
        .members
        .retain(|m| m.name != "cp-1");
    let all = does(&w);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(
        all[0].starts_with("d/w/w-") && all[0].ends_with("/drain"),
        "{all:?}"
    );
    // Not while no more than the size are available: then only what is not, as outdated.
    down(&mut w, "d", "w-2", 10);
    assert_eq!(does(&w), ["d/w/w-2/drain"]);
    node_of(&mut w, "d", "w-2").revision = Some("r2".into());
    assert_eq!(does(&w), [""; 0]);
}

fn gated(free: u32) -> World {
    let mut w = world(free);
    add_gateway(&mut w, "g", 1);
    w
}

fn asks(w: &mut World, id: &str, at: i64) {
    w.desired.clusters.push(new(id, 1, 0, at).pcg("g"));
}

#[test]
fn a_gateway_works_alone() {
    // An upgrade with two creates, a delete and an abort waiting; all in their order once it is done.
    let mut w = gated(4);
    w.desired.pcgs[0].pool.revision = "r2".into();
    add_running(&mut w, new("old", 1, 0, 0).pcg("g"));
    add_running(&mut w, new("calm", 1, 0, 0).pcg("g"));
    let old = w
        .desired
        .clusters
        .iter_mut()
        .find(|c| c.id == "old")
        .unwrap();
    old.delete_requested_ms = Some(T0 - 5);
    asks(&mut w, "n2", 20);
    asks(&mut w, "n1", 10);
    assert_eq!(does(&w), ["g/cp/cp-2/allocate"]);
    let d = answer(&w);
    let place = |id: &str| d.status.clusters[id].queue_position;
    assert_eq!((place("n1"), place("n2")), (Some(1), Some(2)));
    assert!(d.status.clusters["old"].has(ConditionCode::BlockedByPcg));
    assert_eq!(d.status.clusters["calm"].state, State::Running);
    let s = story(w, &[]);
    let order = ["+g.cp-2", "-g.cp-1", "g.cp-1✗", "old.cp-1✗", "+n1.cp-1"];
    let at: Vec<_> = order
        .iter()
        .map(|t| {
            s.tokens
                .find(t)
                .unwrap_or_else(|| panic!("{t}: {}", s.tokens))
        })
        .collect();
    assert!(at.is_sorted(), "{}", s.tokens);
    assert!(s.tokens.contains("+n2.cp-1") && s.tokens.find("+n1.cp-1") < s.tokens.find("+n2.cp-1"));
}

#[test]
fn what_a_busy_gateway_does_not_hold_up() {
    let mut w = gated(2);
    w.desired.pcgs[0].pool.revision = "r2".into();
    // A queued cluster goes at once: it holds no machine.
    asks(&mut w, "n", 0);
    w.desired.clusters[0].abort_requested_ms = Some(T0);
    assert!(
        does(&w).contains(&"n/-/-/finish_deleted".to_owned()),
        "{:?}",
        does(&w)
    );
    // Running clusters go on.
    let mut w = gated(2);
    w.desired.pcgs[0].pool.revision = "r2".into();
    add_running(&mut w, new("r", 3, 0, 0).pcg("g"));
    pool(&mut w, "r", "cp").revision = "r2".into();
    assert_eq!(does(&w).len(), 2, "{:?}", does(&w));
}

#[test]
fn resizing_blocks_only_if_the_policy_says_so() {
    for (queue, starts) in [(true, false), (false, true)] {
        let mut w = gated(3);
        w.desired.pcgs[0].pool.size = 3;
        w.policy.queue_while_resizing = queue;
        asks(&mut w, "n", 0);
        let all = does(&w);
        assert!(all.contains(&"g/cp/cp-2/allocate".to_owned()), "{all:?}");
        // The gateway still needs a second machine, the new cluster gets the third.
        assert_eq!(
            all.contains(&"n/cp/cp-1/allocate".to_owned()),
            starts,
            "{all:?}"
        );
        assert_eq!(answer(&w).status.pcgs["g"].state, State::Resizing);
    }
}

#[test]
fn a_gateway_upgrades_one_by_one() {
    let mut w = gated(2);
    w.desired.pcgs[0].pool.revision = "r2".into();
    assert_eq!(answer(&w).status.pcgs["g"].state, State::Upgrading);
    let s = story(w, &[]);
    assert_eq!(s.tokens, "+cp-2 cp-2✓ -cp-1 cp-1✗");
    assert_eq!(s.last.status.pcgs["g"].state, State::Running);
    // No spare: it waits, and says with which code.
    let mut w = gated(0);
    w.desired.pcgs[0].pool.revision = "r2".into();
    assert_eq!(does(&w), [""; 0]);
    let d = answer(&w);
    assert!(
        d.explain
            .iter()
            .any(|e| e.subject == "g/cp" && e.rule == "E_NO_SPARE_SINGLE_NODE")
    );
    let mut w = world(0);
    add_gateway(&mut w, "g", 3);
    let p = &mut w.desired.pcgs[0].pool;
    (p.revision, p.strategy) = ("r2".into(), CONTRACT);
    let s = story(w, &[]);
    assert_eq!(
        s.tokens,
        "-cp-1 cp-1✗ +cp-4 cp-4✓ -cp-2 cp-2✗ +cp-5 cp-5✓ -cp-3 cp-3✗ +cp-6 cp-6✓"
    );
}

#[test]
fn a_gateway_that_freezes_runs_on_and_blocks_nobody() {
    let fails = |sim: &mut Simulation| sim.fail_deploy("g", "cp-2");
    let again = |sim: &mut Simulation| sim.fail_deploy("g", "cp-3");
    let mut w = gated(4);
    w.desired.pcgs[0].pool.revision = "bad".into();
    let s = story(w, &[("deploying_cp-2", &fails), ("deploying_cp-3", &again)]);
    assert_eq!(s.tokens, "+cp-2 cp-2! +cp-3 cp-3!");
    let g = &s.last.status.pcgs["g"];
    assert_eq!(g.state, State::Running);
    assert!(g.has(ConditionCode::Degraded) && g.has(ConditionCode::Frozen));
    let mut w = s.world.unwrap();
    asks(&mut w, "n", 0);
    assert_eq!(does(&w), ["n/cp/cp-1/allocate"]);
    // Its node is down: nothing new is begun behind it.
    down(&mut w, "g", "cp-1", 10);
    assert!(!does(&w).contains(&"n/cp/cp-1/allocate".to_owned()));
}

#[test]
fn a_gateway_of_palette_blocks_while_it_works_or_is_not_well() {
    for (state, healthy, starts) in [
        ("Running", true, true),
        ("Running", false, false),
        ("Upgrading", true, false),
        ("Deleting", true, false),
    ] {
        let mut w = world(1);
        asks(&mut w, "n", 0);
        let seen = lifecycle_core::PcgObs {
            state: Some(state.into()),
            healthy,
            ..Default::default()
        };
        w.observed.pcgs.insert("g".into(), seen);
        assert_eq!(
            answer(&w).actions.len(),
            usize::from(starts),
            "{state} {healthy}"
        );
    }
}

/// The control plane of c lacks a node, and the only spare machine is d's surge node.
fn a_surge_holds_the_spare() -> World {
    let mut w = world(1);
    add_running(&mut w, new("c", 3, 0, 0));
    add_running(
        &mut w,
        ClusterSpec::new("d").worker(PoolSpec::worker("w", 2)),
    );
    pool(&mut w, "d", "w").revision = "r2".into();
    place_joined(&mut w, "d", "w", "w-3", "f1");
    lose(&mut w, "c", "cp-1");
    let view = w.observed.etcd.get_mut("c").unwrap();
    view.members.retain(|m| m.name != "cp-1");
    w
}

#[test]
fn reclaim_and_the_pool_do_not_undo_each_other() {
    // Paused: its drains are taken back, so none is begun.
    let mut w = a_surge_holds_the_spare();
    w.desired.clusters[1].paused = true;
    assert_eq!(story(w, &[]).tokens, "");
    // Frozen: the new node goes, the old ones stay (I-A4).
    let mut w = a_surge_holds_the_spare();
    let rollout = lifecycle_core::RolloutMemory {
        revision: "r2".into(),
        failures: 2,
        failed_ms: Some(T0 - 1000),
        frozen_ms: Some(T0 - 1000),
        started_ms: T0 - 10_000,
        last_progress_ms: T0 - 10_000,
        ..Default::default()
    };
    let mem = w.memory.pools.entry("d/w".into()).or_default();
    mem.rollout = Some(rollout);
    let s = story(w, &[]);
    assert_eq!(s.tokens, "-d.w-3 d.w-3✗ +c.cp-4 c.cp-4✓");
}

#[test]
fn a_paused_cluster_does_not_start() {
    let mut w = world(1);
    w.desired.clusters.push(new("c", 1, 0, 0));
    w.desired.clusters[0].paused = true;
    assert_eq!(does(&w), [""; 0]);
    w.desired.clusters[0].paused = false;
    assert_eq!(does(&w), ["c/cp/cp-1/allocate"]);
}

#[test]
fn what_is_reclaimed_and_what_is_not() {
    let world = |status| {
        let mut w = world(1);
        add_running(&mut w, new("c", 3, 0, 0));
        let spec = ClusterSpec::new("d").worker(PoolSpec::worker("w", 2));
        add_running(&mut w, spec);
        pool(&mut w, "d", "w").revision = "r2".into();
        place(&mut w, "d", "w", "w-3", "f1", status);
        lose(&mut w, "c", "cp-1");
        let view = w.observed.etcd.get_mut("c").unwrap();
        view.members.retain(|m| m.name != "cp-1");
        w
    };
    // A worker that joins is not one yet.
    assert_eq!(does(&world(MachineStatus::Deployed)), ["d/w/w-3/release"]);
    // A slot that is missing comes by itself: nothing is given up for it.
    let mut w = world(MachineStatus::Deploying);
    free(&mut w, &["x"], "z1");
    w.policy.max_concurrent_deploys = 1;
    assert_eq!(does(&w), [""; 0]);
}

/// A running cluster of workers alone, of so many that were reached before it was given another size.
fn grows(w: &mut World, id: &str, from: u32, reached: u32, to: u32) {
    let spec = ClusterSpec::new(id).requested_ms(T0 - 10);
    add_running(w, spec.worker(PoolSpec::worker("w", from)));
    pool(w, id, "w").size = to;
    let memory = PoolMemory {
        reached: Some(reached),
        ..PoolMemory::default()
    };
    w.memory.pools.insert(format!("{id}/w"), memory);
}

#[test]
fn of_several_missing_workers_those_that_were_never_there_come_last() {
    // a lacks one that it had and wants one more; b lacks one that it had.
    let mut w = world(2);
    grows(&mut w, "a", 2, 3, 4);
    grows(&mut w, "b", 2, 3, 3);
    assert_eq!(does(&w), ["a/w/w-3/allocate", "b/w/w-3/allocate"]);
}

#[test]
fn what_cannot_be_planned_does_not_start() {
    // One of the two is wrong: the other one takes its turn.
    let mut w = world(4);
    w.desired.clusters.push(new("c", 2, 0, 0));
    assert_eq!(does(&w), [""; 0]);
    w.desired.clusters.push(new("d", 1, 0, 5));
    assert_eq!(does(&w), ["d/cp/cp-1/allocate"]);
    w.observed.as_of_ms = T0 - 600_001;
    assert_eq!(does(&w), [""; 0], "nobody knows what is free");
}

#[test]
fn a_surge_that_gets_a_machine_back_does_not_fall_back() {
    let mut w = crate::cluster(3, 2, 1);
    for id in ["cp", "w"] {
        crate::rolls(&mut w, id, EXPAND);
    }
    pool(&mut w, "c", "cp").on_no_spare = OnNoSpare::FallbackContract;
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deploying);
    assert_eq!(does(&w), ["c/w/w-3/release"]);
    lose(&mut w, "c", "w-3");
    assert_eq!(does(&w), ["c/cp/cp-1/drain"]);
}

#[test]
fn growth_leaves_what_a_started_cluster_lacks() {
    for (machines, grown) in [(1, false), (2, true)] {
        let mut w = world(machines);
        w.desired.clusters.push(new("c", 1, 1, 0));
        w.observed
            .machines
            .push(Machine::ready("m", "z1", 16, 65_536, 500));
        place(&mut w, "c", "cp", "cp-1", "m", MachineStatus::Deploying);
        grows(&mut w, "a", 2, 2, 3);
        w.desired.clusters[1].priority = 0;
        let expected: &[&str] = if grown { &["a/w/w-3/allocate"] } else { &[] };
        assert_eq!(does(&w), expected, "{machines}");
    }
}

#[test]
fn several_new_workers_are_spread_over_the_zones() {
    let mut w = world(0);
    free(&mut w, &["x1", "x2"], "z1");
    free(&mut w, &["y1", "y2"], "z2");
    let spec = PoolSpec::worker("w", 2).azs(["z1", "z2"]);
    add_running(&mut w, ClusterSpec::new("c").worker(spec));
    pool(&mut w, "c", "w").size = 4;
    let d = answer(&w);
    let zones: Vec<&str> = d
        .actions
        .iter()
        .filter_map(|a| match &a.verb {
            Verb::Allocate { zone, .. } => Some(zone.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(zones, ["z1", "z2"]);
}

#[test]
fn a_zone_that_has_its_share_is_not_told() {
    let mut w = world(0);
    free(&mut w, &["x1"], "z1");
    let spec = PoolSpec::worker("w", 4).azs(["z1", "z2"]);
    add_running(&mut w, ClusterSpec::new("c").worker(spec));
    lose(&mut w, "c", "w-1");
    assert_eq!(does(&w), ["c/w/w-5/allocate"]);
    let c = &answer(&w).status.clusters["c"];
    assert!(!c.has(ConditionCode::ZoneSkewTolerated));
}

#[test]
fn reclaim_takes_from_a_surge_before_it_takes_from_growth() {
    let mut w = world(2);
    add_running(&mut w, new("c", 3, 0, 0));
    grows(&mut w, "d", 2, 2, 2);
    pool(&mut w, "d", "w").revision = "r2".into();
    place(&mut w, "d", "w", "w-3", "f1", MachineStatus::Deploying);
    // The newer one.
    grows(&mut w, "e", 2, 2, 3);
    place(&mut w, "e", "w", "w-3", "f2", MachineStatus::Deploying);
    node_of(&mut w, "e", "w-3").created_ms = T0 - 1000;
    lose(&mut w, "c", "cp-1");
    let view = w.observed.etcd.get_mut("c").unwrap();
    view.members.retain(|m| m.name != "cp-1");
    assert_eq!(does(&w), ["d/w/w-3/release"]);
}

#[test]
fn a_frozen_gateway_runs_though_it_mends_itself() {
    let mut w = world(1);
    add_gateway(&mut w, "g", 3);
    w.desired.pcgs[0].pool.revision = "r2".into();
    lose(&mut w, "g", "cp-1");
    let view = w.observed.etcd.get_mut("g").unwrap();
    view.members.retain(|m| m.name != "cp-1");
    assert_eq!(answer(&w).status.pcgs["g"].state, State::Upgrading);
    w.memory.pools.entry("g/cp".into()).or_default().rollout =
        Some(lifecycle_core::RolloutMemory {
            revision: "r2".into(),
            failures: 2,
            failed_ms: Some(T0 - 1000),
            frozen_ms: Some(T0 - 1000),
            started_ms: T0 - 10_000,
            last_progress_ms: T0 - 10_000,
            ..Default::default()
        });
    let g = &answer(&w).status.pcgs["g"];
    assert_eq!(g.state, State::Running);
    assert!(g.has(ConditionCode::Degraded));
}
