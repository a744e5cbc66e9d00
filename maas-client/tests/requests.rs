//! What every call sends, without a server.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use maas_client::{
    AllocateOptions, Body, Client, CommaList, CreateResourcePool, CreateSubnet, CreateZone,
    DeployOptions, Error, EventFilter, Fields, MachineFilter, MachineUpdate, Method, NodeStatus,
    Patch, PowerOffOptions, PowerOnOptions, PowerParameters, PowerState, RdnsMode,
    RecordedTransport, ReleaseOptions, ResponseLog, UpdateResourcePool, UpdateSubnet, UpdateZone,
    WaitOptions,
};

/// Futures of calls may move between threads.
fn movable<F: Future + Send>(future: F) -> F {
    future
}

/// Sends every call, with every option set where there are any. Nothing is recorded, so nothing is answered.
async fn everything(maas: &Client) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut sent = |error: Option<Error>| errors.push(error.unwrap());
    macro_rules! send {
        ($($call:expr),* $(,)?) => { $(sent(movable($call).await.err());)* };
    }
    let filter = MachineFilter::new()
        .hostname(["node01", "node02"])
        .system_id("p77gwg")
        .mac_address("52:54:00:00:01:01")
        .zone("zone-a")
        .not_zone("zone-b")
        .pool("prod")
        .not_pool("default")
        .tags(["ssd", "gpu"])
        .not_tags("old")
        .status([NodeStatus::Ready, NodeStatus::FailedReleasing])
        .owner("admin")
        .power_state(PowerState::Off)
        .architecture("amd64")
        .domain("maas")
        .agent_name("c1")
        .min_cpu(8)
        .min_memory_mib(32_768)
        .storage("root:50(ssd)")
        .interfaces("nic0:space=dmz")
        .subnets("name:lab-ten");
    let allocate = AllocateOptions::new()
        .hostname("node01")
        .system_id("p77gwg")
        .architecture(["amd64", "arm64"])
        .min_cpu(8)
        .min_memory_mib(32_768)
        .min_cpu_speed_mhz(2000)
        .tags("ssd")
        .not_tags("old")
        .zone("az1")
        .not_zone("az2")
        .pool("prod")
        .not_pool("default")
        .storage("root:50,data:400")
        .interfaces("nic0:space=dmz;nic1:fabric=lab")
        .subnets("cidr:10.10.0.0/24")
        .not_subnets("space:x")
        .fabrics("fabric-lab")
        .not_fabrics("fabric-0")
        .agent_name("c1")
        .comment("a & b")
        .bridge_all(true)
        .bridge_type("ovs")
        .bridge_stp(false)
        .bridge_fd(15)
        .dry_run(true)
        .verbose(false);
    let deploy = DeployOptions::new()
        .distro_series("jammy")
        .hwe_kernel("ga-22.04")
        .user_data("#cloud-config")
        .agent_name("c1")
        .comment("go")
        .bridge_all(false)
        .bridge_type("standard")
        .bridge_stp(true)
        .bridge_fd(0)
        .ephemeral(true)
        .install_kvm(false)
        .register_vmhost(false)
        .enable_hw_sync(true)
        .enable_kernel_crash_dump(true)
        .vcenter_registration(false)
        .license_key(maas_client::Secret::new("XXXX-YYYY"));
    let release = ReleaseOptions::new()
        .comment("done")
        .erase(true)
        .secure_erase(true)
        .quick_erase(false)
        .force(false)
        .scripts(CommaList::from(["wipe", "check"]))
        .extra("wipe_passes", "3");
    let update = MachineUpdate::new()
        .hostname("rec1")
        .domain("maas")
        .description(Patch::Clear)
        .zone("zone-a")
        .pool("prod")
        .architecture("amd64/generic")
        .min_hwe_kernel(Patch::Clear)
        .swap_size(0_u64)
        .power_type("ipmi")
        .power_parameters(PowerParameters::new().with("power_pass", "pw\"1"))
        .disable_ipv4(false);
    let machine = maas.machine("p77gwg");
    let notes = BTreeMap::from([
        ("palette-maas.cluster".to_owned(), "c1".to_owned()),
        ("old".to_owned(), String::new()),
    ]);
    send!(
        maas.version(),
        maas.whoami(),
        maas.machines().list(&filter),
        maas.machines().allocate(&allocate),
        maas.machines()
            .release_many(&["p77gwg", "fpy8qd"], &release),
        machine.get(),
        machine.update(&update),
        machine.delete(),
        machine.deploy(&deploy),
        machine.deploy(&DeployOptions::new()),
        machine.release(&release),
        machine.abort(Some("stop")),
        machine.power_on(&PowerOnOptions::new().user_data("x").comment("y")),
        machine.power_off(&PowerOffOptions::new().stop_mode("soft").comment("y")),
        machine.query_power_state(),
        machine.power_parameters(),
        machine.lock(Some("mine")),
        machine.unlock(None),
        machine.mark_broken(Some("bad fan")),
        machine.mark_fixed(None),
        machine.set_owner_data(&notes),
        machine.set_workload_annotations(&notes),
        machine.wait_deployed(&WaitOptions::new()),
        machine.wait_ready(&WaitOptions::new()),
        machine.wait_released(&WaitOptions::new()),
        machine.wait_status(NodeStatus::Broken, &WaitOptions::new()),
    );
    let subnet = CreateSubnet::new()
        .name("ten")
        .description("d")
        .vlan(5001)
        .fabric(1)
        .vid(10_u32)
        .gateway_ip("10.0.0.1")
        .dns_servers(CommaList::from(["10.0.0.2", "10.0.0.3"]))
        .rdns_mode(RdnsMode::Enabled)
        .active_discovery(false)
        .allow_dns(true)
        .allow_proxy(false)
        .managed(true)
        .disabled_boot_architectures(CommaList::from("uefi_arm64"));
    let changed = UpdateSubnet::new()
        .name("eleven")
        .gateway_ip(Patch::Clear)
        .dns_servers(CommaList::from(["10.0.0.2"]))
        .rdns_mode(RdnsMode::Disabled)
        .managed(false);
    send!(
        maas.zones().list(),
        maas.zones().get("az 1"),
        maas.zones()
            .create("az1", &CreateZone::new().description("ü & co")),
        maas.zones().update(
            "az1",
            &UpdateZone::new().name("az2").description(Patch::Clear)
        ),
        maas.zones().delete("az1"),
        maas.resource_pools().list(),
        maas.resource_pools().get(0),
        maas.resource_pools()
            .create("prod", &CreateResourcePool::new()),
        maas.resource_pools()
            .update(0, &UpdateResourcePool::new().description("")),
        maas.resource_pools().delete(3),
        maas.subnets().list(),
        maas.subnets().get("10.10.0.0/24"),
        maas.subnets().create("10.0.0.0/24", &subnet),
        maas.subnets().update("name:ten", &changed),
        maas.subnets().delete("4"),
        maas.subnets().reserved_ip_ranges("1"),
        maas.subnets().unreserved_ip_ranges("ip:10.20.0.9"),
        maas.subnets().statistics("2001:db8::/64"),
        maas.events().query(
            &EventFilter::new()
                .hostname("node01")
                .system_id("p77gwg")
                .zone("az1")
                .owner("admin")
                .level("DEBUG")
                .limit(5_u32)
                .after(7)
                .before(9)
        ),
        maas.call(
            Method::GET,
            "/MAAS/api/2.0/scripts/smartctl-validate",
            &Fields::new().with("op", "download"),
            None
        ),
        maas.call(
            Method::POST,
            "files/",
            &Fields::new(),
            Some(Body::Form(Fields::new().with("name", "a b")))
        ),
    );
    errors
}

#[tokio::test]
async fn every_operation_sends_what_the_api_wants() {
    let transport = Arc::new(RecordedTransport::new());
    let maas = Client::builder("http://10.11.12.13:5240/MAAS")
        .api_key("consumer:token:secret".parse().unwrap())
        .shared_transport(transport.clone())
        .build()
        .unwrap()
        .with_response_log(ResponseLog::default());
    let errors = everything(&maas).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), errors.len());
    let lines: Vec<_> = errors
        .iter()
        .zip(&requests)
        .map(|(error, request)| {
            let body = String::from_utf8_lossy(request.body());
            let operation = error.operation().unwrap();
            let mut line = format!("{operation}: {} {}", request.method(), request.uri());
            for field in body.split('&').filter(|field| !field.is_empty()) {
                line.push_str("\n    ");
                line.push_str(field);
            }
            line
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));

    let sent: Vec<_> = errors
        .iter()
        .filter_map(|error| error.operation())
        .collect();
    for operation in maas_client::operations() {
        assert!(
            sent.contains(&operation.name),
            "{} is not tried here",
            operation.name
        );
    }
}
