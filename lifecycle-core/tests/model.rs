//! The JSON rules of the data model: what is refused, what is forgiven, what is left out.
use lifecycle_core::{
    Action, ClusterSpec, Code, Desired, Machine, MachineStatus, Maintenance, Node, Observed, Pct,
    PoolSpec, Strategy, Tri, Verb, Version, World, canonical_json,
};

#[test]
fn desired_refuses_unknown_fields_and_names_them() {
    let text = r#"{"clusters":[{"id":"c1","requested_ms":1,"controlplane":{}}]}"#;
    let error = serde_json::from_str::<Desired>(text)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("controlplane") && error.contains("control_plane"),
        "{error}"
    );
}

#[test]
fn observed_forgives_unknown_fields_and_takes_unknown_values_for_the_worst() {
    let text = r#"{"as_of_ms":1,"novel":true,
        "machines":[{"system_id":"m1","status":"levitating","power":"glowing","shape":"round"}],
        "nodes":[{"id":"n","cluster":"c","pool":"p","ready":"maybe","maintenance":"strange","k8s_version":"latest"}]}"#;
    let observed: Observed = serde_json::from_str(text).unwrap();
    assert_eq!(observed.machines[0].status, MachineStatus::Unknown);
    assert!(!observed.machines[0].status.is_gone() && observed.machines[0].status.is_maintenance());
    assert_eq!(observed.nodes[0].ready, Tri::Unknown);
    assert_eq!(observed.nodes[0].maintenance, Maintenance::Cordoned);
    assert_eq!(observed.nodes[0].k8s_version, None);
}

#[test]
fn defaults_are_left_out_and_come_back() {
    let cluster = ClusterSpec::new("c1")
        .control_plane(PoolSpec::control_plane("cp", 3).strategy(Strategy::ContractFirst))
        .worker(PoolSpec::worker("w", 5).strategy(Strategy::Custom {
            max_surge: Pct::Percent(20),
            max_unavailable: Pct::Count(0),
        }));
    let text = canonical_json(&cluster).unwrap();
    assert_eq!(
        text,
        r#"{"control_plane":{"id":"cp","resource_pool":"default","revision":"r1","role":"control_plane","size":3,"strategy":"contract_first"},"id":"c1","requested_ms":0,"workers":[{"id":"w","resource_pool":"default","revision":"r1","role":"worker","size":5,"strategy":{"custom":{"max_surge":"20%","max_unavailable":0}}}]}"#
    );
    assert_eq!(serde_json::from_str::<ClusterSpec>(&text).unwrap(), cluster);
}

#[test]
fn a_world_survives_the_round_trip() {
    let mut world = World::new(1_770_000_000_000);
    world.desired.clusters.push(ClusterSpec::new("c1"));
    world
        .observed
        .machines
        .push(Machine::ready("m1", "z1", 8, 32_768, 500));
    world.observed.nodes.push(Node::new("c1", "cp", "cp-1"));
    let text = canonical_json(&world).unwrap();
    let back: World = serde_json::from_str(&text).unwrap();
    assert_eq!(back, world);
    assert_eq!(canonical_json(&back).unwrap(), text);
}

#[test]
fn every_maas_status_has_its_own_name() {
    let names = "new commissioning failed_commissioning missing ready reserved deployed retired broken deploying allocated failed_deployment \
        releasing failed_releasing disk_erasing failed_disk_erasing rescue_mode entering_rescue_mode failed_entering_rescue_mode \
        exiting_rescue_mode failed_exiting_rescue_mode testing failed_testing";
    for name in names.split_whitespace() {
        let status: MachineStatus = serde_json::from_value(name.into()).unwrap();
        assert_ne!(status, MachineStatus::Unknown, "{name}");
        assert_eq!(serde_json::to_value(status).unwrap(), name);
    }
    assert_eq!(names.split_whitespace().count(), 23);
}

#[test]
fn master_is_read_and_never_written() {
    let pool: PoolSpec = serde_json::from_str(
        r#"{"id":"cp","role":"master","size":1,"revision":"r","resource_pool":"default"}"#,
    )
    .unwrap();
    assert!(
        canonical_json(&pool)
            .unwrap()
            .contains("\"role\":\"control_plane\"")
    );
}

#[test]
fn percentages_round_as_kubernetes_does() {
    let p: Pct = serde_json::from_value("25%".into()).unwrap();
    assert_eq!((p.up(5), p.down(5)), (2, 1));
    assert_eq!(Pct::Percent(u32::MAX).up(u32::MAX), u32::MAX);
    for bad in ["\"x%\"", "-1", "1.5", "\"\"", "4294967296"] {
        assert!(serde_json::from_str::<Pct>(bad).is_err(), "{bad}");
    }
}

#[test]
fn versions_are_three_numbers() {
    assert_eq!(
        "v1.33.4".parse::<Version>().unwrap(),
        Version::new(1, 33, 4)
    );
    for bad in ["1.33", "1.33.4-rc1", "1.33.4.5", "", "1..4", "+1.2.3"] {
        assert!(bad.parse::<Version>().is_err(), "{bad}");
    }
}

#[test]
fn an_action_is_flat_and_its_id_tells_its_parts() {
    let action = Action::new(
        "c1",
        "cp",
        "cp-4",
        Verb::Allocate {
            node: "cp-4".into(),
            system_id: "m4".into(),
            zone: "z1".into(),
        },
    );
    assert_eq!(
        canonical_json(&action).unwrap(),
        r#"{"id":"c1/cp/cp-4/allocate","node":"cp-4","system_id":"m4","verb":"allocate","zone":"z1"}"#
    );
    assert_eq!(
        (action.cluster(), action.pool(), action.node()),
        (Some("c1"), Some("cp"), Some("cp-4"))
    );
    let unknown: Action =
        serde_json::from_str(r#"{"id":"c1/-/-/dance","verb":"dance","tempo":3}"#).unwrap();
    assert_eq!(unknown.verb, Verb::Unknown);
    assert_eq!(unknown.pool(), None);
}

#[test]
fn codes_are_unique_and_have_a_meaning() {
    let texts: std::collections::BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(
            code.as_str().starts_with("E_") || code.as_str().starts_with("W_"),
            "{code}"
        );
        assert!(code.meaning().ends_with('.'), "{code}");
        assert_eq!(
            serde_json::from_value::<Code>(code.as_str().into()).unwrap(),
            *code
        );
    }
}
