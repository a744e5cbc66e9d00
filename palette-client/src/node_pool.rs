//! Node pools. On the wire they are machine pools: flat when read, split into two halves when written.

use jiff::Timestamp;
use sdk_transport::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::{
    Client, Reference,
    cloud_config::CloudConfigHandle,
    model::model,
    options::{InputProblem, StringMap, Wire, escape, options, wire_enum},
    request::operations,
};

operations! {
    UPDATE = PUT "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}" as "node_pool.update";
}

wire_enum! {
    /// How the nodes of a pool are replaced. Mirrors `v1UpdateStrategy.type`.
    pub enum UpdateStrategyType {
        /// Expand first: one more node, then one less. Needs a spare machine.
        ExpandFirst = "RollingUpdateScaleOut",
        /// Contract first: one node less, then one more.
        ContractFirst = "RollingUpdateScaleIn",
        /// As `max_surge` and `max_unavailable` say.
        Custom = "OverrideScaling",
    }
}

wire_enum! {
    /// What a taint does. Mirrors `v1Taint.effect`.
    pub enum TaintEffect {
        /// No new pods.
        NoSchedule = "NoSchedule",
        /// Preferably no new pods.
        PreferNoSchedule = "PreferNoSchedule",
        /// No pods.
        NoExecute = "NoExecute",
    }
}

wire_enum! {
    /// A processor architecture. Mirrors `v1ArchType`.
    pub enum Architecture {
        /// x86-64.
        Amd64 = "amd64",
        /// ARM, 64 bits.
        Arm64 = "arm64",
    }
}

wire_enum! {
    /// Whether a worker pool may stay on an older Kubernetes. Mirrors `skipK8sUpgrade`.
    pub enum SkipKubernetesUpgrade {
        /// The pool stays as it is.
        Enabled = "enabled",
        /// The pool follows the control plane.
        Disabled = "disabled",
    }
}

model! {
    /// A node pool as it is. Mirrors `v1MaasMachinePoolConfig`.
    pub struct NodePool {
        /// The name; unique in the cluster.
        name: String,
        /// The number of nodes that it is to have.
        size: u32,
        /// The least nodes, for autoscaling.
        min_size: Option<u32>,
        /// The most nodes, for autoscaling.
        max_size: Option<u32>,
        /// Whether its nodes are the control plane.
        is_control_plane: bool,
        /// Whether the control plane takes workloads.
        workers_on_control_plane: bool => "useControlPlaneAsWorker",
        /// Labels of the pool itself, e.g. `control-plane` or `worker`.
        labels: Vec<String>,
        /// What a machine must have.
        instance_type: InstanceType,
        /// The resource pool in MAAS.
        resource_pool: String,
        /// The availability zones in MAAS.
        azs: Vec<String>,
        /// The tags in MAAS, all of which a machine must have.
        tags: Vec<String>,
        /// Whether its nodes are LXD machines.
        use_lxd_vm: bool,
        /// The network, with fixed addresses.
        network: Option<NodePoolNetwork>,
        /// How nodes are replaced.
        update_strategy: Option<UpdateStrategy>,
        /// How long a node must be ready before the next one is replaced, in seconds.
        node_repave_interval: Option<u32>,
        /// Whether the pool may stay on an older Kubernetes.
        skip_kubernetes_upgrade: Option<SkipKubernetesUpgrade> => "skipK8sUpgrade",
        /// Taints of the nodes.
        taints: Vec<Taint>,
        /// Labels of the nodes.
        additional_labels: StringMap,
        /// Annotations of the nodes.
        additional_annotations: StringMap,
        /// Tags of the resources.
        additional_tags: StringMap,
        /// Properties of the machines.
        machine_pool_properties: Option<NodePoolProperties>,
        /// YAML in place of the pack's settings of kubeadm.
        override_kubeadm_configuration: Option<String>,
    }
}

model! {
    /// What a machine must have at least. Mirrors `v1MaasInstanceType`.
    pub struct InstanceType {
        /// CPU cores.
        min_cpu: Option<u32> => "minCPU",
        /// Memory, in MiB.
        min_memory_mib: Option<u32> => "minMemInMB",
        /// Disk, in GiB.
        min_disk_gib: Option<u32> => "minDiskSizeInGB",
    }
}

model! {
    /// How nodes are replaced. Mirrors `v1UpdateStrategy`.
    pub struct UpdateStrategy {
        /// Which way.
        kind: Option<UpdateStrategyType> => "type",
        /// The most extra nodes: a number or a percentage. For `Custom` only.
        max_surge: Option<String>,
        /// The most missing nodes: a number or a percentage. For `Custom` only.
        max_unavailable: Option<String>,
    }
}

model! {
    /// A taint. Mirrors `v1Taint`.
    pub struct Taint {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What it does.
        effect: Option<TaintEffect>,
        /// When it was added.
        time_added: Option<Timestamp>,
    }
}

model! {
    /// Properties of a pool's machines. Mirrors `v1MachinePoolProperties`.
    pub struct NodePoolProperties {
        /// The architecture.
        arch_type: Option<Architecture>,
    }
}

model! {
    /// A network with fixed addresses. Mirrors `v1MaasNetworkConfig`.
    pub struct NodePoolNetwork {
        /// The network's name.
        network_name: String,
        /// The IP pool that the addresses come from.
        parent_pool_ref: Option<Reference>,
        /// Whether addresses are fixed.
        static_ip: bool,
    }
}

options! {
    /// A node pool as it is to be. Mirrors `v1MaasMachinePoolConfigEntity`.
    pub struct NodePoolOptions, new finish complete {
        /// The name; unique in the cluster.
        name: String => "poolConfig/name",
        /// The number of nodes. Required.
        size: Option<u32> => "poolConfig/size",
        /// The least nodes, for autoscaling.
        min_size: Option<u32> => "poolConfig/minSize",
        /// The most nodes, for autoscaling.
        max_size: Option<u32> => "poolConfig/maxSize",
        /// Whether its nodes are the control plane.
        control_plane: bool => "poolConfig/isControlPlane",
        /// Whether the control plane takes workloads; without effect on other pools.
        workers_on_control_plane: bool => "poolConfig/useControlPlaneAsWorker",
        /// Labels of the pool itself. By default `control-plane` or `worker`.
        labels: Vec<String> => "poolConfig/labels",
        /// CPU cores that a machine must have at least.
        min_cpu: Option<u32> => "cloudConfig/instanceType/minCPU",
        /// Memory that a machine must have at least, in MiB.
        min_memory_mib: Option<u32> => "cloudConfig/instanceType/minMemInMB",
        /// Disk that a machine must have at least, in GiB.
        min_disk_gib: Option<u32> => "cloudConfig/instanceType/minDiskSizeInGB",
        /// The resource pool in MAAS.
        resource_pool: String => "cloudConfig/resourcePool",
        /// The availability zones in MAAS.
        zones: Vec<String> => "cloudConfig/azs",
        /// The tags in MAAS, all of which a machine must have.
        tags: Vec<String> => "cloudConfig/tags",
        /// Whether its nodes are LXD machines.
        use_lxd_vm: bool => "cloudConfig/useLxdVm",
        /// The network, with fixed addresses.
        network: Option<NodePoolNetworkOptions> => "cloudConfig/network",
        /// How nodes are replaced. By default expand first.
        update_strategy: Option<UpdateStrategyType> => "poolConfig/updateStrategy/type",
        /// The most extra nodes while nodes are replaced, for `Custom`: a number or a percentage.
        max_surge: Option<String> => "poolConfig/updateStrategy/maxSurge",
        /// The most missing nodes while nodes are replaced, for `Custom`: a number or a percentage.
        max_unavailable: Option<String> => "poolConfig/updateStrategy/maxUnavailable",
        /// How long a node must be ready before the next one is replaced, in seconds. Worker pools only.
        node_repave_interval: Option<u32> => "poolConfig/nodeRepaveInterval",
        /// Whether the pool may stay on an older Kubernetes. Worker pools only.
        skip_kubernetes_upgrade: Option<SkipKubernetesUpgrade> => "poolConfig/skipK8sUpgrade",
        /// Taints of the nodes.
        taints: Vec<TaintOptions> => "poolConfig/taints",
        /// Labels of the nodes.
        node_labels: StringMap => "poolConfig/additionalLabels",
        /// Annotations of the nodes. Whether they work on MAAS depends on the server.
        node_annotations: StringMap => "poolConfig/additionalAnnotations",
        /// Tags of the resources.
        resource_tags: StringMap => "poolConfig/additionalTags",
        /// The architecture. By default `amd64`.
        architecture: Option<Architecture> => "poolConfig/machinePoolProperties/archType",
        /// YAML in place of the pack's settings of kubeadm. Worker pools only; whether it works on MAAS depends on
        /// the server.
        kubeadm_configuration: Option<String> => "poolConfig/overrideKubeadmConfiguration",
    }
}

fn complete(pool: &NodePoolOptions, wire: &mut Wire) -> Result<(), InputProblem> {
    if pool.size.is_none() {
        return Err(InputProblem::new("size", "is missing: a value is required"));
    }
    if pool.labels.is_empty() {
        let label = if pool.control_plane {
            "control-plane"
        } else {
            "worker"
        };
        wire.put("poolConfig/labels", Value::from(vec![label]));
    }
    if (pool.min_cpu, pool.min_memory_mib, pool.min_disk_gib) == (None, None, None) {
        wire.put("cloudConfig/instanceType", Value::Object(Map::new()));
    }
    Ok(())
}

options! {
    /// A network with fixed addresses. Mirrors `v1MaasNetworkConfigEntity`.
    pub struct NodePoolNetworkOptions, new {
        /// The network's name.
        name: String => "networkName",
        /// The gateway's IP pool that the addresses come from.
        ip_pool_uid: Option<String> => "parentPoolUid",
        /// Whether addresses are fixed.
        static_ip: bool => "staticIp",
    }
}

options! {
    /// A taint. Mirrors `v1Taint`.
    pub struct TaintOptions, new {
        /// The key.
        key: String => "key",
        /// The value.
        value: Option<String> => "value",
        /// What it does.
        effect: Option<TaintEffect> => "effect",
        /// When it was added.
        time_added: Option<Timestamp> => "timeAdded",
    }
}

impl NodePoolOptions {
    /// A pool of control-plane nodes.
    pub fn control_plane_pool(
        name: impl Into<String>,
        size: u32,
        resource_pool: impl Into<String>,
    ) -> Self {
        Self::worker_pool(name, size, resource_pool).control_plane(true)
    }

    /// A pool of workers.
    pub fn worker_pool(
        name: impl Into<String>,
        size: u32,
        resource_pool: impl Into<String>,
    ) -> Self {
        Self::default()
            .name(name)
            .size(size)
            .resource_pool(resource_pool)
    }
}

impl NodePool {
    /// The options that leave the pool as it is, to change and send back.
    ///
    /// An update replaces the whole pool, so everything comes along, also the fields that this version does not know.
    pub fn to_options(&self) -> NodePoolOptions {
        let strategy = self.update_strategy.clone().unwrap_or_default();
        let mut options = NodePoolOptions {
            name: self.name.clone(),
            size: Some(self.size),
            min_size: self.min_size,
            max_size: self.max_size,
            control_plane: self.is_control_plane,
            workers_on_control_plane: self.workers_on_control_plane,
            labels: self.labels.clone(),
            min_cpu: self.instance_type.min_cpu,
            min_memory_mib: self.instance_type.min_memory_mib,
            min_disk_gib: self.instance_type.min_disk_gib,
            resource_pool: self.resource_pool.clone(),
            zones: self.azs.clone(),
            tags: self.tags.clone(),
            use_lxd_vm: self.use_lxd_vm,
            network: self.network.as_ref().map(NodePoolNetwork::to_options),
            update_strategy: strategy.kind,
            max_surge: strategy.max_surge,
            max_unavailable: strategy.max_unavailable,
            node_repave_interval: self.node_repave_interval,
            skip_kubernetes_upgrade: self.skip_kubernetes_upgrade.clone(),
            taints: self.taints.iter().map(Taint::to_options).collect(),
            node_labels: self.additional_labels.clone(),
            node_annotations: self.additional_annotations.clone(),
            resource_tags: self.additional_tags.clone(),
            architecture: self
                .machine_pool_properties
                .as_ref()
                .and_then(|properties| properties.arch_type.clone()),
            kubeadm_configuration: self.override_kubeadm_configuration.clone(),
            ..NodePoolOptions::default()
        };
        let properties = self
            .machine_pool_properties
            .as_ref()
            .map(|properties| &properties.extra);
        for (half, extra) in [
            ("poolConfig", Some(&self.extra)),
            ("cloudConfig/instanceType", Some(&self.instance_type.extra)),
            ("poolConfig/updateStrategy", Some(&strategy.extra)),
            ("poolConfig/machinePoolProperties", properties),
        ] {
            for (key, value) in extra.into_iter().flatten() {
                options
                    .extra
                    .insert(format!("{half}/{}", escape(key)), value.clone());
            }
        }
        options
    }
}

impl NodePoolNetwork {
    fn to_options(&self) -> NodePoolNetworkOptions {
        // The addresses themselves are the server's; only the reference to their pool is written.
        NodePoolNetworkOptions {
            name: self.network_name.clone(),
            ip_pool_uid: self.parent_pool_ref.as_ref().map(|pool| pool.uid.clone()),
            static_ip: self.static_ip,
            extra: resent(&self.extra, &["ipPool"]),
        }
    }
}

impl Taint {
    fn to_options(&self) -> TaintOptions {
        TaintOptions {
            key: self.key.clone(),
            value: Some(self.value.clone()).filter(|value| !value.is_empty()),
            effect: self.effect.clone(),
            time_added: self.time_added,
            extra: resent(&self.extra, &[]),
        }
    }
}

fn resent(extra: &Map<String, Value>, but: &[&str]) -> std::collections::BTreeMap<String, Value> {
    extra
        .iter()
        .filter(|(key, _)| !but.contains(&key.as_str()))
        .map(|(key, value)| (escape(key), value.clone()))
        .collect()
}

impl Client {
    /// One node pool of the cluster with this cloud configuration.
    pub fn node_pool(
        &self,
        cloud_config_uid: impl Into<String>,
        name: impl Into<String>,
    ) -> NodePoolHandle {
        self.cloud_config(cloud_config_uid).node_pool(name)
    }
}

impl CloudConfigHandle {
    /// One node pool.
    pub fn node_pool(&self, name: impl Into<String>) -> NodePoolHandle {
        NodePoolHandle {
            config: self.clone(),
            name: name.into(),
        }
    }
}

/// Calls on one node pool.
#[derive(Clone, Debug)]
pub struct NodePoolHandle {
    pub(crate) config: CloudConfigHandle,
    pub(crate) name: String,
}

impl NodePoolHandle {
    /// The pool, read from the cloud configuration: the API has no call for one pool.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the cluster has no such pool, and as any call.
    pub async fn get(&self) -> Result<NodePool, Error> {
        let mut pools = self.config.node_pools().await?;
        match pools.iter().position(|pool| pool.name == self.name) {
            Some(index) => Ok(pools.swap_remove(index)),
            None => {
                let names: Vec<_> = pools.iter().map(|pool| pool.name.as_str()).collect();
                Err(Error::new(
                    ErrorKind::NotFound,
                    format!(
                        "the cluster has no node pool `{}`; it has {}",
                        self.name,
                        names.join(", ")
                    ),
                )
                .with_operation("node_pool.get"))
            }
        }
    }

    /// Replaces the whole pool: what the options leave out is reset. Begin with [`NodePool::to_options`].
    ///
    /// Mirrors `PUT /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}`.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) while the cluster is being provisioned, and as any call.
    pub async fn update(&self, options: &NodePoolOptions) -> Result<(), Error> {
        let request = UPDATE.at(&[&self.config.uid, &self.name]).input(options);
        self.config.client.done(request).await
    }

    /// Sets the number of nodes and leaves everything else as it is.
    ///
    /// # Errors
    /// As [`NodePoolHandle::get`] and [`NodePoolHandle::update`].
    pub async fn resize(&self, size: u32) -> Result<(), Error> {
        let pool = self.get().await?;
        self.update(&pool.to_options().size(size)).await
    }
}
