//! Creating clusters: machines counted once, the queue, names, addresses.

use lifecycle_core::{
    ClusterSpec, Code, Constraint, Machine, MachineMemory, MachineStatus, NetSpec, PoolSpec,
    Request, Severity, World, check_capacity,
};

use crate::world::*;
use crate::{accepted, code, create, refused, warned};

fn cluster(id: &str, size: u32) -> ClusterSpec {
    ClusterSpec::new(id).control_plane(PoolSpec::control_plane("cp", size))
}

fn empty(machines: usize) -> World {
    let mut world = World::new(NOW);
    free(&mut world, machines, 16);
    world
}

#[test]
fn a_new_cluster_is_stamped_and_stripped() {
    let mut wanted = cluster("new", 1);
    wanted.delete_requested_ms = Some(1);
    wanted.control_plane.as_mut().unwrap().resumed_ms = Some(1);
    let admission = accepted(&empty(1), &create(wanted));
    let spec = &admission.desired.clusters[0];
    assert_eq!((spec.requested_ms, spec.delete_requested_ms), (NOW, None));
    assert_eq!(spec.control_plane.as_ref().unwrap().resumed_ms, None);
}

#[test]
fn a_shortage_is_refused_with_its_figures_or_waits_if_asked() {
    let mut world = empty(2);
    let mut wanted = cluster("new", 3);
    let pool = wanted.control_plane.as_mut().unwrap();
    (pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb) = (8, 16_384, 100);
    pool.azs = vec!["z1".into()];
    let refusal = refused(&world, &create(wanted.clone()));
    assert_eq!(
        refusal.message,
        "need 3 machines ≥8 CPU/16384 MiB/100 GB in pool default, zones z1; 2 available, 0 returning"
    );
    assert_eq!(refusal.retry_after_ms, None);
    let queued = accepted(
        &world,
        &Request::Create {
            cluster: Box::new(wanted.clone()),
            queue_if_short: true,
        },
    );
    assert_eq!(
        (queued.warnings[0].code, queued.warnings[0].severity),
        (Code::Capacity, Severity::Warning)
    );
    free(&mut world, 1, 8);
    accepted(&world, &create(wanted));
}

#[test]
fn machines_are_counted_once_and_the_queue_goes_first() {
    let mut world = empty(4);
    world
        .desired
        .clusters
        .push(cluster("first", 3).requested_ms(NOW - 1000));
    accepted(&world, &create(cluster("second", 1)));
    assert_eq!(code(&world, &create(cluster("second", 3))), Code::Capacity);
    // An earlier one that cannot start keeps what it could use; other machines are free to take.
    let mut world = empty(2);
    world
        .desired
        .clusters
        .push(cluster("first", 3).requested_ms(NOW - 1000));
    assert_eq!(code(&world, &create(cluster("second", 1))), Code::Capacity);
    let mut other = Machine::ready("x1", "z1", 16, 32_768, 500);
    other.resource_pool = "other".into();
    world.observed.machines.push(other);
    let mut elsewhere = cluster("second", 1);
    elsewhere.control_plane.as_mut().unwrap().resource_pool = "other".into();
    accepted(&world, &create(elsewhere));
}

#[test]
fn a_cluster_that_mends_itself_goes_before_a_new_one() {
    let mut world = running();
    world.observed.nodes.retain(|n| n.id != "w-2");
    world
        .observed
        .machines
        .retain(|m| m.system_id != "m-c1-w-2");
    // Three free machines, one of which the running cluster needs.
    assert_eq!(code(&world, &create(cluster("new", 3))), Code::Capacity);
    accepted(&world, &create(cluster("new", 1)));
}

#[test]
fn only_what_maas_would_give_is_capacity() {
    let mut world = empty(8);
    let machines = &mut world.observed.machines;
    machines[0].status = MachineStatus::Deployed;
    machines[1].status = MachineStatus::Broken;
    machines[2].locked = true;
    machines[3].cpu = 2;
    machines[4].zone = "z2".into();
    machines[5].arch = "arm64/generic".into();
    world.memory.machines.insert(
        "f7".into(),
        MachineMemory {
            quarantined_until_ms: Some(NOW + 1),
            ..MachineMemory::default()
        },
    );
    let mut wanted = cluster("new", 1);
    let pool = wanted.control_plane.as_mut().unwrap();
    (pool.min_cpu, pool.azs, pool.arch) = (8, vec!["z1".into()], Some("amd64/generic".into()));
    let report = check_capacity(&wanted, &world);
    let pool = &report.pools[0];
    assert!(report.enough);
    assert_eq!(
        (pool.need, pool.fitting, pool.available, pool.spare),
        (1, 1, 1, 0)
    );
    let excluded: Vec<(Constraint, u32)> =
        pool.excluded.iter().map(|(why, n)| (*why, *n)).collect();
    let expected = [
        (Constraint::Status, 2),
        (Constraint::Locked, 1),
        (Constraint::Quarantine, 1),
        (Constraint::Zone, 1),
        (Constraint::Cpu, 1),
        (Constraint::Arch, 1),
    ];
    assert_eq!(excluded, expected);

    wanted.control_plane.as_mut().unwrap().size = 3;
    let report = check_capacity(&wanted, &world);
    assert!(!report.enough);
    assert_eq!(report.pools[0].missing(), 2);
    let table = report.to_string();
    assert!(table.contains("2 missing (2 not ready, 1 locked, 1 in quarantine, 1 in another zone, 1 with too few cores, 1 of another architecture)"), "{table}");
}

#[test]
fn a_pool_that_can_take_anything_leaves_the_better_machines_to_others() {
    let mut world = World::new(NOW);
    world.observed.machines = vec![
        Machine::ready("big", "z1", 64, 65_536, 500),
        Machine::ready("small", "z1", 4, 8_192, 500),
    ];
    let mut wanted = cluster("new", 1).worker(PoolSpec::worker("w", 1));
    wanted.workers[0].min_cpu = 32;
    assert!(check_capacity(&wanted, &world).enough);
}

#[test]
fn a_cluster_that_stands_needs_only_what_it_lacks() {
    let world = running();
    let report = check_capacity(&world.desired.clusters[0], &world);
    assert!(report.enough);
    assert_eq!(
        report
            .pools
            .iter()
            .map(|p| (p.need, p.spare))
            .collect::<Vec<_>>(),
        [(0, 3), (0, 3)]
    );
}

#[test]
fn names_are_taken_by_clusters_gateways_and_what_palette_knows() {
    let mut world = running();
    gateway(&mut world, 1);
    world
        .observed
        .clusters
        .insert("seen".into(), lifecycle_core::ClusterObs::default());
    for name in ["c1", "g1", "seen"] {
        assert_eq!(
            code(&world, &create(cluster(name, 1))),
            Code::NameTaken,
            "{name}"
        );
    }
    assert_eq!(
        code(&world, &create(cluster("Not A Name", 1))),
        Code::Invalid
    );
}

#[test]
fn addresses_are_refused_on_steady_and_warned_about_on_peak() {
    // G52: control plane 3 and workers 5, nine free addresses.
    let with = |free_ips| {
        let mut world = empty(9);
        subnet(&mut world, free_ips);
        world
    };
    let mut wanted = cluster("new", 3).worker(PoolSpec::worker("w", 5));
    wanted.network = NetSpec {
        subnet: Some("s1".into()),
        ..NetSpec::default()
    };
    assert_eq!(code(&with(8), &create(wanted.clone())), Code::IpShort);
    assert_eq!(
        warned(&accepted(&with(9), &create(wanted.clone()))),
        [Code::IpPeak]
    );
    assert_eq!(
        warned(&accepted(&with(10), &create(wanted.clone()))),
        [Code::IpHeadroom]
    );
    assert_eq!(warned(&accepted(&with(11), &create(wanted.clone()))), []);
    // An overlap with the machines is refused, with its exact range.
    wanted.network.pod_cidr = Some("10.10.0.128/25".parse().unwrap());
    wanted.network.node_mask = 29;
    let refusal = refused(&with(11), &create(wanted));
    assert_eq!(
        (refusal.code, &refusal.args["range"]),
        (Code::CidrOverlap, &"10.10.0.128–10.10.0.255".into())
    );
}

#[test]
fn limits_of_the_policy_hold() {
    let mut world = empty(1);
    world.policy.limits.clusters = 0;
    assert_eq!(code(&world, &create(cluster("new", 1))), Code::Limit);
    world.policy.limits.clusters = 1;
    world.policy.limits.nodes = 2;
    assert_eq!(code(&world, &create(cluster("new", 3))), Code::Limit);
    world.policy.limits.machines = 0;
    assert_eq!(code(&world, &create(cluster("new", 1))), Code::Limit);
}
