//! 3.5.5 Machines, addresses and labels that several want: what is set aside, what is passed over, what is given back.
use lifecycle_core::{
    ClusterSpec, ConditionCode, Machine, MachineStatus, NetSpec, PcgSpec, Pct, PoolSpec, State,
    Strategy, Subnet, Tri, World,
};

use crate::common::scopes::EXPAND;
use crate::common::trace::{Taken, add_gateway, down, first, lose, node_of, place, run};
use crate::common::{T0, add_running, machine_for, pool, world};
use crate::{blocked, control_plane, creates, ids, rolls, workers};

fn new(id: &str, asked: i64, workers: u32, min_cpu: u32) -> ClusterSpec {
    let pool = PoolSpec::worker("w", workers).minimum(min_cpu, 0, 0);
    ClusterSpec::new(id).requested_ms(asked).worker(pool)
}

fn served(w: World) -> Vec<String> {
    let taken = first(w);
    let mut list: Vec<String> = taken
        .decision
        .actions
        .iter()
        .filter(|a| creates(a))
        .filter_map(|a| a.cluster().map(ToOwned::to_owned))
        .collect();
    list.dedup();
    list
}

#[test]
fn a_later_cluster_passes_an_earlier_one_only_with_machines_that_do_not_fit_it() {
    let world = |later_fits: bool| {
        let mut w = world(2);
        let least = if later_fits { 1 } else { 10 };
        w.desired.clusters.push(new("a", 1, 3, least));
        w.desired.clusters.push(new("b", 2, 1, 1));
        if !later_fits {
            w.observed
                .machines
                .push(Machine::ready("small", "z1", 4, 65_536, 500));
        }
        served(w)
    };
    assert!(world(true).is_empty(), "a needs three of the same two");
    assert_eq!(world(false), ["b"], "the small machine fits a not");
}

#[test]
fn what_a_started_cluster_still_lacks_is_set_aside_for_it() {
    // c is being created and lacks a worker that may not come before the control plane; b and a surge want the only machine.
    let mut w = world(2);
    let spec = ClusterSpec::new("c")
        .requested_ms(9)
        .control_plane(PoolSpec::control_plane("cp", 1));
    w.desired
        .clusters
        .push(spec.worker(PoolSpec::worker("w", 1)));
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    w.desired.clusters.push(new("b", 1, 1, 1));
    add_running(&mut w, new("r", 1, 2, 1));
    pool(&mut w, "r", "w").revision = "r2".into();
    assert!(served(w.clone()).is_empty(), "f2 is c's");
    w.observed
        .machines
        .push(Machine::ready("f3", "z1", 16, 65_536, 500));
    assert_eq!(served(w), ["b"], "a new cluster before a surge");
}

#[test]
fn a_machine_that_is_missing_takes_what_is_set_aside() {
    let mut w = world(2);
    w.desired.clusters.push(
        ClusterSpec::new("c")
            .requested_ms(9)
            .control_plane(PoolSpec::control_plane("cp", 3)),
    );
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    add_running(&mut w, new("r", 1, 2, 1));
    lose(&mut w, "r", "w-2");
    assert_eq!(served(w), ["r"]);
}

#[test]
fn growth_beyond_the_size_once_reached_is_not_mending() {
    // a wants a third worker it never had; b, younger and less important, lost its second.
    let world = |reached: u32| {
        let mut w = world(1);
        add_running(&mut w, new("a", 1, 2, 1));
        pool(&mut w, "a", "w").size = 3;
        w.memory.pools.entry("a/w".into()).or_default().reached = Some(reached);
        add_running(&mut w, new("b", 2, 2, 1));
        lose(&mut w, "b", "w-2");
        served(w)
    };
    assert_eq!(world(2), ["b"]);
    assert_eq!(world(3), ["a"]);
}

#[test]
fn reclaim_takes_the_newest_of_the_lowest_class_and_spares_clusters_in_creation() {
    let mut w = control_plane(3, 3);
    rolls(&mut w, "cp", EXPAND);
    let workers = PoolSpec::worker("w", 2);
    w.desired.clusters[0].workers.push(workers);
    for (k, m) in [(1, "a1"), (2, "a2")] {
        w.observed
            .machines
            .push(Machine::ready(m, "z1", 16, 65_536, 500));
        crate::common::trace::place_joined(&mut w, "c", "w", &format!("w-{k}"), m);
        node_of(&mut w, "c", &format!("w-{k}")).revision = Some("r1".into());
    }
    pool(&mut w, "c", "w").revision = "r2".into();
    pool(&mut w, "c", "w").max_parallel = 2;
    // Two surges under way, and a new cluster.
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deploying);
    place(&mut w, "c", "w", "w-4", "f2", MachineStatus::Deploying);
    node_of(&mut w, "c", "w-4").created_ms = T0 - 1000;
    w.desired.clusters.push(new("n", 1, 1, 1));
    place(&mut w, "n", "w", "w-1", "f3", MachineStatus::Deploying);
    node_of(&mut w, "n", "w-1").created_ms = T0 - 500;
    let taken = first(w);
    let given: Vec<&str> = ids(&taken)
        .into_iter()
        .filter(|id| id.ends_with("release"))
        .collect();
    assert_eq!(given, ["c/w/w-4/release"]);
}

#[test]
fn a_machine_that_does_not_fit_is_not_reclaimed() {
    let mut w = crate::common::scopes::rolling(3, 2, EXPAND, 1).world;
    place(&mut w, "c", "w", "w-3", "f1", MachineStatus::Deploying);
    pool(&mut w, "c", "cp").min_cpu = 17;
    assert!(!ids(&first(w)).iter().any(|id| id.ends_with("release")));
}

#[test]
fn a_new_cluster_needs_the_endpoints_address_too() {
    let world = |free_ips: u32| {
        let mut w = crate::common::scopes::creating(3, 0, 3).world;
        w.desired.clusters[0].network = NetSpec {
            subnet: Some("s".into()),
            ..NetSpec::default()
        };
        let json = serde_json::json!({"id": "s", "cidr": "10.0.0.0/24", "free_ips": free_ips});
        let s: Subnet = serde_json::from_value(json).unwrap();
        w.observed.subnets = vec![s];
        served(w)
    };
    assert!(world(3).is_empty());
    assert_eq!(world(4), ["c"]);
}

#[test]
fn endpoints_and_labels_are_mended_in_place() {
    let mut w = control_plane(3, 0);
    node_of(&mut w, "c", "cp-1").endpoint_attached = Some(false);
    pool(&mut w, "c", "cp").inplace_revision = Some("i2".into());
    for id in ["cp-2", "cp-3"] {
        node_of(&mut w, "c", id).inplace_revision = Some("i2".into());
    }
    let verbs: Vec<String> = run(w.clone(), 6, |_| {})
        .iter()
        .flat_map(|t| ids(t).into_iter().map(ToOwned::to_owned))
        .filter(|id| id.contains("cp-"))
        .collect();
    assert_eq!(
        verbs,
        ["c/cp/cp-1/attach_endpoint", "c/cp/cp-1/apply_in_place"]
    );
    w.desired.clusters[0].paused = true;
    let paused = run(w, 6, |_| {});
    assert!(
        !paused
            .iter()
            .any(|t| ids(t).iter().any(|id| id.ends_with("apply_in_place")))
    );
}

#[test]
fn locked_nodes_are_not_surged_for() {
    let mut w = workers(2, 2);
    rolls(&mut w, "w", EXPAND);
    for id in ["w-1", "w-2"] {
        machine_for(&mut w, &format!("c-{id}")).locked = id == "w-1";
    }
    let trace = run(w, 60, |_| {});
    let n = trace
        .iter()
        .flat_map(|t| &t.decision.actions)
        .filter(|a| creates(a))
        .count();
    assert_eq!(n, 1, "for w-2 alone");
}

#[test]
fn percentages_round_surge_up_and_unavailable_down() {
    let drains = |down: u32| {
        let mut w = workers(5, 0);
        let p = pool(&mut w, "c", "w");
        p.revision = "r2".into();
        p.max_parallel = 5;
        p.strategy = Strategy::Custom {
            max_surge: Pct::Count(0),
            max_unavailable: Pct::Percent(down),
        };
        first(w)
            .decision
            .actions
            .iter()
            .filter(|a| crate::is_drain(a))
            .count()
    };
    assert_eq!([drains(20), drains(39), drains(40)], [1, 1, 2]);
}

#[test]
fn a_gateway_is_deleted_after_its_last_cluster() {
    let mut w = world(1);
    add_gateway(&mut w, "g", 1);
    add_running(&mut w, new("c", 1, 1, 1).pcg("g"));
    w.desired.pcgs[0].delete_requested_ms = Some(T0);
    assert!(ids(&first(w.clone())).is_empty(), "I-L5");
    w.observed.clusters.get_mut("c").unwrap().state = Some("deleted".into());
    assert_eq!(ids(&first(w)), ["g/cp/cp-1/release"]);
}

#[test]
fn an_unhealthy_gateway_makes_new_clusters_wait() {
    let mut w = world(1);
    add_gateway(&mut w, "g", 1);
    w.desired.clusters.push(new("c", 1, 1, 1).pcg("g"));
    assert_eq!(served(w.clone()), ["c"]);
    down(&mut w, "g", "cp-1", 10);
    node_of(&mut w, "g", "cp-1").ready = Tri::False;
    let taken = first(w);
    assert!(!taken.decision.actions.iter().any(creates));
    assert_eq!(taken.decision.status.clusters["c"].state, State::Pending);
}

#[test]
fn a_gateway_and_its_cluster_that_are_both_deleted_do_not_wait_for_each_other() {
    let mut w = world(0);
    add_gateway(&mut w, "g", 1);
    add_running(&mut w, new("c", 1, 1, 1).pcg("g"));
    w.desired.pcgs[0].delete_requested_ms = Some(T0);
    // The cluster stays: somebody has to decide.
    let stays = first(w.clone());
    assert!(ids(&stays).is_empty() && blocked(&stays, "E_PCG_IN_USE"));
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    let mut sick = w.clone();
    let trace = run(w, 200, |_| {});
    let releases = |cluster: &str| {
        let all = trace.iter().flat_map(Taken::actions);
        let of = all.filter(|(_, a)| a.cluster() == Some(cluster) && a.id.ends_with("/release"));
        let times: Vec<i64> = of.map(|(w, _)| w.now_ms).collect();
        (*times.first().unwrap(), *times.last().unwrap())
    };
    assert!(releases("c").1 < releases("g").0, "the gateway goes last");
    let end = &trace.last().unwrap().decision.status;
    assert_eq!(
        (end.clusters["c"].state, end.pcgs["g"].state),
        (State::Deleted, State::Deleted)
    );
    // One that does not work cannot serve: the cluster waits, and is told how long until a force delete.
    down(&mut sick, "g", "cp-1", 10);
    let taken = first(sick);
    assert!(ids(&taken).is_empty() && blocked(&taken, "3.4"));
    assert!(taken.decision.status.clusters["c"].has(ConditionCode::BlockedByPcg));
    let said = |e: &&lifecycle_core::Explain| e.subject == "c";
    assert_eq!(
        taken.decision.explain.iter().find(said).unwrap().message,
        "the gateway g is to be deleted, is not healthy, and waits for this cluster; force delete is available in 15:00"
    );
}

/// What is said of the cluster that waits to start, and by which rule.
fn awaited(w: World) -> (String, String) {
    let d = first(w).decision;
    assert!(!d.actions.iter().any(creates));
    assert!(d.status.clusters["q"].has(ConditionCode::CapacityShort));
    let e = d.explain.iter().find(|e| e.subject == "q").unwrap();
    (e.rule.clone(), e.message.clone())
}

#[test]
fn a_cluster_in_the_queue_is_told_what_is_short() {
    let queued = |w: &mut World, change: fn(&mut ClusterSpec)| {
        let mut spec = ClusterSpec::new("q")
            .requested_ms(T0)
            .control_plane(PoolSpec::control_plane("cp", 1))
            .worker(PoolSpec::worker("w", 2));
        change(&mut spec);
        w.desired.clusters.push(spec);
    };
    let told = |free: u32, change: fn(&mut ClusterSpec)| {
        let mut w = world(free);
        queued(&mut w, change);
        awaited(w)
    };
    let of = |rule: &str, text: &str| (rule.to_owned(), format!("place 1 in the queue: {text}"));
    assert_eq!(
        told(2, |_| ()),
        of(
            "3.5.5",
            "3 machines are needed at once, 2 fit and are free, 0 are returning"
        )
    );
    assert_eq!(
        told(9, |q| q.workers[0].azs = vec!["z2".into()]),
        of(
            "3.5.5",
            "pool w needs 2 machines ≥1 CPU/0 MiB/0 GB in resource pool default, zones z2; 0 fit and are free, 0 of them are left for it, 0 are returning"
        )
    );
    assert_eq!(
        told(9, |q| {
            (q.workers[0].resource_pool, q.workers[0].min_cpu) = ("gpu".into(), 64);
            q.workers[0].tags = vec!["fast".into(), "new".into()];
        }),
        of(
            "3.5.5",
            "pool w needs 2 machines ≥64 CPU/0 MiB/0 GB in resource pool gpu, tags fast, new; 0 fit and are free, 0 of them are left for it, 0 are returning"
        )
    );
    // Nodes and endpoint, of the subnet that has too few.
    let mut w = world(9);
    let cidr = "10.10.0.0/24".parse().unwrap();
    w.observed.subnets.push(Subnet {
        id: "s1".into(),
        cidr,
        free_ips: 3,
        gateway: None,
        reserved: Vec::new(),
    });
    queued(&mut w, |q| q.network.subnet = Some("s1".into()));
    assert_eq!(
        awaited(w),
        of(
            "E_IP_SHORT",
            "4 addresses of subnet s1 (10.10.0.0/24) are needed at once, 3 are left"
        )
    );
    // What an earlier cluster waits for is not left, and a gateway has no place in the queue.
    let mut w = world(3);
    let gateway = PoolSpec::control_plane("gw", 3).resource_pool("elsewhere");
    w.desired.pcgs.push(PcgSpec::new("g", gateway));
    let early = ClusterSpec::new("early").worker(PoolSpec::worker("w", 4));
    w.desired.clusters.push(early.requested_ms(T0 - 1000));
    queued(&mut w, |_| ());
    assert_eq!(
        awaited(w).1,
        "place 2 in the queue: pool cp needs 1 machines ≥1 CPU/0 MiB/0 GB in resource pool default; 3 fit and are free, 0 of them are left for it, 0 are returning"
    );
}
