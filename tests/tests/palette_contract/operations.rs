//! Every operation of the client: what it is given, and how it is called.

use std::pin::Pin;

use palette_client::{
    Client, CloudAccountFilter, CloudAccountOptions, ClusterFilter, ClusterOptions,
    ClusterProfileFilter, Error, EventFilter, List, MaasCredentials, MachineFilter,
    NodePoolOptions, Pager, ProfilesOptions, RepaveCheck,
};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

/// One operation: the least and the most that it can be given, in the names of the caller, and its call.
///
/// Texts that begin with `text` may be anything. The call returns what it read, in the shape that the server sent.
pub(crate) struct Exercise {
    pub(crate) name: &'static str,
    pub(crate) least: Value,
    pub(crate) everything: Value,
    pub(crate) call: fn(Client, Args, Value) -> Answer,
    /// Reads the input and writes it again: every field that there is.
    pub(crate) fields: fn(Value) -> Value,
}

/// What stands in paths.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) uid: String,
    pub(crate) name: String,
}

macro_rules! exercises {
    ($($name:literal ($least:expr, $everything:expr) |$client:ident, $args:ident $(, $options:ident: $type:ty)?| $call:expr;)*) => {
        vec![$(Exercise {
            name: $name,
            least: $least,
            everything: $everything,
            call: |$client, $args, given| Box::pin(async move {
                let _ = (&$args, &given);
                $(let $options: $type = serde_json::from_value(given).unwrap();)?
                $call
            }),
            fields: |given| {
                let _ = &given;
                #[allow(unused_mut, unused_assignments)]
                let mut fields = json!({});
                $(fields = serde_json::to_value(serde_json::from_value::<$type>(given).unwrap()).unwrap();)?
                fields
            },
        }),*]
    };
}

fn done(result: Result<(), Error>) -> Result<Value, Error> {
    result.map(|()| Value::Null)
}

fn uid(result: Result<String, Error>) -> Result<Value, Error> {
    result.map(|uid| json!({ "uid": uid }))
}

fn shown<T: Serialize>(result: Result<T, Error>) -> Result<Value, Error> {
    result.map(|value| serde_json::to_value(value).unwrap())
}

fn items<T: Serialize>(result: Result<List<T>, Error>) -> Result<Value, Error> {
    let items = result?.complete()?;
    Ok(json!({ "items": serde_json::to_value(items).unwrap() }))
}

async fn all<T: Serialize + Send + 'static>(pager: Pager<T>) -> Result<Value, Error> {
    items(pager.collect_all().await)
}

fn query() -> Value {
    json!({"filters": "text filters", "order_by": "text order", "fields": "text fields"})
}

fn credentials() -> Value {
    json!({"endpoint": "text endpoint", "api_key": "text:api:key", "preferred_subnets": ["text subnet"]})
}

fn least_account() -> Value {
    json!({"name": "text", "credentials": {"endpoint": "text", "api_key": "text"}})
}

fn account() -> Value {
    json!({"name": "text name", "gateway_uid": "text uid", "labels": {"text/key": "text value"},
           "credentials": credentials()})
}

fn profile() -> Value {
    json!({"uid": "text uid", "replaces": "text uid",
           "packs": [{"name": "text name", "tag": "text tag", "kind": "helm", "values": "text: values",
                      "manifests": [{"name": "text name", "uid": "text uid", "content": "text: content"}]}],
           "variables": [{"name": "text name", "value": "text value"}]})
}

fn profiles() -> Value {
    json!({"profiles": [profile()], "apply": "DownloadAndInstallLater", "resolve_notification": true})
}

fn least_pool() -> Value {
    json!({"name": "text", "size": 0, "resource_pool": "text"})
}

fn pool() -> Value {
    json!({"name": "text name", "size": 3, "min_size": 1, "max_size": 5, "control_plane": true,
           "workers_on_control_plane": true, "labels": ["text label"], "min_cpu": 4, "min_memory_mib": 8192,
           "min_disk_gib": 60, "resource_pool": "text pool", "zones": ["text zone"], "tags": ["text tag"],
           "use_lxd_vm": true,
           "network": {"name": "text network", "ip_pool_uid": "text uid", "static_ip": true},
           "update_strategy": "OverrideScaling", "max_surge": "text", "max_unavailable": "text",
           "node_repave_interval": 60, "skip_kubernetes_upgrade": "enabled",
           "taints": [{"key": "text key", "value": "text value", "effect": "NoExecute", "time_added": "2026-01-02T03:04:05Z"}],
           "node_labels": {"text/key": "text value"}, "node_annotations": {"text/key": "text value"},
           "resource_tags": {"text/key": "text value"}, "architecture": "arm64", "kubeadm_configuration": "text: x"})
}

fn least_cluster() -> Value {
    json!({"name": "text", "cloud_account_uid": "text", "domain": "text"})
}

fn cluster() -> Value {
    json!({
        "name": "text name", "labels": {"text/key": "text value"}, "annotations": {"text/key": "text value"},
        "cloud_account_uid": "text uid", "profiles": [profile()], "node_pools": [pool(), pool()],
        "domain": "text domain", "ntp_servers": ["text server"], "ssh_keys": ["text key"], "static_ip": true,
        "enable_lxd_vm": true, "template_uid": "text uid", "cluster_type": "PureAttach",
        "backup_policy": {"prefix": "text", "name": "text", "location_uid": "text", "location_name": "text",
            "location_kind": "text", "schedule": "text", "keep_hours": 48, "include_all_disks": true,
            "cluster_resources": "Auto", "namespaces": ["text"]},
        "scan_policy": {"kube_bench": "text", "kube_hunter": "text", "sonobuoy": "text"},
        "os_patch_policy": {"on_boot": true, "reboot_if_required": true, "schedule": "text",
            "once_after": "2026-01-02T03:04:05Z"},
        "control_plane_health_check_timeout": "text", "update_worker_pools_in_parallel": true, "timezone": "text",
        "pause": true, "meta_attribute": "text",
        "location": {"country_code": "text", "country_name": "text", "region_code": "text", "region_name": "text",
            "latitude": 1.5, "longitude": -2.5},
        "host_cluster": {"enabled": true, "endpoint_type": "Ingress", "ingress_host": "text", "ingress_port": 443,
            "external_ips": ["text"], "external_traffic_policy": "text", "source_ranges": ["text"]},
        "hyper_shift": {"deployment_type": "openshift", "host_cluster_uid": "text"},
        "namespaces": [{"name": "text", "is_regex": true, "cpu_cores": 1.5, "memory_mib": 100.0, "gpu_limit": -1}],
        "rbacs": [{"name": "text", "bindings": [{"kind": "RoleBinding", "namespace": "text", "role_kind": "Role",
            "role_name": "text", "subjects": [{"kind": "User", "name": "text", "namespace": "text"}]}]}],
    })
}

fn none() -> Value {
    json!({})
}

/// The table of all operations. One that is missing here fails the contract.
pub(crate) fn exercises() -> Vec<Exercise> {
    exercises! {
        "user.whoami" (none(), none()) |client, args| shown(client.whoami().await);

        "project.list" (none(), json!({"name": "text"})) |client, args, given: Value| match given["name"].as_str() {
            Some(name) => done(client.projects().find(name).await.map(drop)),
            None => items(client.projects().list().await),
        };

        "gateway.list" (none(), json!({"name": "text"})) |client, args, given: Value| match given["name"].as_str() {
            Some(name) => done(client.gateways().find(name).await.map(drop)),
            None => items(client.gateways().list().await),
        };
        "gateway.get" (none(), none()) |client, args| shown(client.gateway(args.uid).get().await);
        "gateway.validate_account" (json!({"endpoint": "text", "api_key": "text"}), credentials())
            |client, args, options: MaasCredentials| done(client.gateway(args.uid).validate_account(&options).await);

        "cloud_account.list" (none(), query())
            |client, args, filter: CloudAccountFilter| all(client.cloud_accounts().list(&filter)).await;
        "cloud_account.create" (least_account(), account())
            |client, args, options: CloudAccountOptions| uid(client.cloud_accounts().create(&options).await);
        "cloud_account.get" (none(), none()) |client, args| shown(client.cloud_account(args.uid).get().await);
        "cloud_account.update" (least_account(), account())
            |client, args, options: CloudAccountOptions| done(client.cloud_account(args.uid).update(&options).await);
        "cloud_account.delete" (none(), none()) |client, args| done(client.cloud_account(args.uid).delete().await);

        "cluster_profile.list" (none(), json!({"name": "text", "name_contains": "text", "version": "text",
                "clouds": ["text"], "kinds": ["add-on"], "tags": ["text"]}))
            |client, args, filter: ClusterProfileFilter| all(client.cluster_profiles().list(&filter)).await;
        "cluster_profile.get" (none(), none()) |client, args| shown(client.cluster_profile(args.uid).get().await);

        "cluster.list" (none(), json!({"name": "text", "name_contains": "text", "cloud": "text", "deleted": true}))
            |client, args, filter: ClusterFilter| all(client.clusters().list(&filter)).await;
        "cluster.validate_name" (none(), none()) |client, args| done(client.clusters().validate_name(&args.name).await);
        "cluster.validate" (least_cluster(), cluster())
            |client, args, options: ClusterOptions| shown(client.clusters().validate(&options).await);
        "cluster.create" (least_cluster(), cluster())
            |client, args, options: ClusterOptions| uid(client.clusters().create(&options).await);
        "cluster.get" (none(), none()) |client, args| shown(client.cluster(args.uid).get().await);
        "cluster.status" (none(), none()) |client, args| {
            let state = client.cluster(args.uid).state().await?;
            Ok(json!({"status": {"state": state}}))
        };
        "cluster.overview" (none(), none()) |client, args| shown(client.cluster(args.uid).overview().await);
        "cluster.profiles" (none(), none()) |client, args| {
            let profiles = client.cluster(args.uid).profiles().await?;
            Ok(json!({ "profiles": profiles }))
        };
        "cluster.replace_profiles" (json!({"profiles": [{"uid": "text"}]}), profiles())
            |client, args, options: ProfilesOptions| done(client.cluster(args.uid).replace_profiles(&options).await);
        "cluster.update_profiles" (json!({"profiles": [{"uid": "text"}]}), profiles())
            |client, args, options: ProfilesOptions| done(client.cluster(args.uid).update_profiles(&options).await);
        "cluster.delete" (none(), json!({"force": true})) |client, args, given: Value| {
            let cluster = client.cluster(args.uid);
            done(if given["force"] == true { cluster.force_delete().await } else { cluster.delete().await })
        };

        "repave.get" (none(), none()) |client, args| shown(client.cluster(args.uid).repave().await);
        "repave.approve" (none(), none()) |client, args| done(client.cluster(args.uid).approve_repave().await);
        "repave.validate" (none(), json!({"profiles": [profile()]}))
            |client, args, check: RepaveCheck| shown(client.cluster(args.uid).validate_repave(&check).await);

        "kubeconfig.admin" (none(), none()) |client, args| {
            let config = client.cluster(args.uid).admin_kubeconfig().await?;
            Ok(json!(config.expose()))
        };
        "kubeconfig.client" (none(), none()) |client, args| {
            let config = client.cluster(args.uid).client_kubeconfig().await?;
            Ok(json!(config.expose()))
        };

        "cloud_config.get" (none(), none()) |client, args| shown(client.cloud_config(args.uid).get().await);
        "node_pool.update" (least_pool(), pool())
            |client, args, options: NodePoolOptions| done(client.node_pool(args.uid, args.name).update(&options).await);
        "machine.list" (none(), query())
            |client, args, filter: MachineFilter| all(client.node_pool(args.uid, args.name).machines(&filter)).await;
        "machine.get" (none(), none())
            |client, args| shown(client.node_pool(args.uid.clone(), args.name).machine(&args.uid).await);

        "event.list" (none(), query())
            |client, args, filter: EventFilter| all(client.cluster(args.uid).events(&filter)).await;
    }
}
