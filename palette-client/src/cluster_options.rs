//! What a cluster is made of, as the caller gives it.

use serde_json::{Value, json};

use crate::{
    BackupPolicy, NodePoolOptions, OsPatchPolicy, ProfileOptions, ScanPolicy,
    cluster::{ApplyAction, ClusterType},
    metadata::labels_from_tags,
    options::{InputProblem, StringMap, Wire, options, wire_enum},
};

options! {
    /// A cluster as it is to be. Mirrors `v1SpectroMaasClusterEntity`.
    pub struct ClusterOptions {
        /// The name; unique in its project.
        name: String => "metadata/name",
        /// Labels; the console shows them as tags. See [`ClusterOptions::tags`].
        labels: StringMap => "metadata/labels",
        /// Annotations.
        annotations: StringMap => "metadata/annotations",
        /// The cloud account.
        cloud_account_uid: String => "spec/cloudAccountUid",
        /// The profiles: one for the infrastructure, and add-ons.
        profiles: Vec<ProfileOptions> => "spec/profiles",
        /// The node pools; one of them is the control plane.
        node_pools: Vec<NodePoolOptions> => "spec/machinepoolconfig",
        /// The DNS domain in MAAS; it cannot be changed later.
        domain: String => "spec/cloudConfig/domain",
        /// NTP servers in place of the image's.
        ntp_servers: Vec<String> => "spec/cloudConfig/ntpServers",
        /// SSH keys of the user `spectro`.
        ssh_keys: Vec<String> => "spec/cloudConfig/sshKeys",
        /// Whether nodes have fixed addresses; then every pool needs a network.
        static_ip: bool => "spec/cloudConfig/staticIp",
        /// Whether the nodes are made hosts of LXD machines.
        enable_lxd_vm: bool => "spec/cloudConfig/enableLxdVm",
        /// A cluster template in place of profiles; it makes the time zone mandatory.
        template_uid: Option<String> => "spec/clusterTemplate/uid",
        /// Who manages it. By default `PureManage`.
        cluster_type: Option<ClusterType> => "spec/clusterType",
        /// When and what to back up.
        backup_policy: Option<BackupPolicy> => "spec/policies/backupPolicy",
        /// When to scan.
        scan_policy: Option<ScanPolicy> => "spec/policies/scanPolicy",
        /// When the nodes' operating system is patched.
        os_patch_policy: Option<OsPatchPolicy> => "spec/clusterConfig/machineManagementConfig/osPatchConfig",
        /// How long a control-plane node may be unready before it is replaced, e.g. `10m`.
        control_plane_health_check_timeout: Option<String> => "spec/clusterConfig/controlPlaneHealthCheckTimeout",
        /// Whether worker pools are updated at the same time. By default one after the other.
        update_worker_pools_in_parallel: Option<bool> => "spec/clusterConfig/updateWorkerPoolsInParallel",
        /// The time zone, e.g. `Europe/Berlin`.
        timezone: Option<String> => "spec/clusterConfig/timezone",
        /// Whether Palette leaves the cluster alone.
        pause: Option<bool> => "spec/clusterConfig/lifecycleConfig/pause",
        /// A free text about the cluster.
        meta_attribute: Option<String> => "spec/clusterConfig/clusterMetaAttribute",
        /// Where it stands.
        location: Option<Location> => "spec/clusterConfig/location",
        /// Whether virtual clusters may run on it.
        host_cluster: Option<HostClusterOptions> => "spec/clusterConfig/hostClusterConfig",
        /// OpenShift or HyperShift.
        hyper_shift: Option<HyperShiftOptions> => "spec/clusterConfig/hyperShiftConfig",
        /// Limits of namespaces.
        namespaces: Vec<NamespaceOptions> => "spec/clusterConfig/resources/namespaces",
        /// Role bindings.
        rbacs: Vec<RbacOptions> => "spec/clusterConfig/resources/rbacs",
    }
}

impl ClusterOptions {
    /// A cluster of this name from this cloud account, in this DNS domain.
    pub fn new(
        name: impl Into<String>,
        cloud_account_uid: impl Into<String>,
        domain: impl Into<String>,
    ) -> Self {
        Self::default()
            .name(name)
            .cloud_account_uid(cloud_account_uid)
            .domain(domain)
    }

    /// Tags as the console shows them: `key:value`, or `key` alone. They are added to the labels.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.labels.extend(labels_from_tags(tags));
        self
    }
}

options! {
    /// Where a cluster stands. Mirrors `v1ClusterLocation`.
    pub struct Location, new {
        /// The country's code.
        country_code: Option<String> => "countryCode",
        /// The country's name.
        country_name: Option<String> => "countryName",
        /// The region's code.
        region_code: Option<String> => "regionCode",
        /// The region's name.
        region_name: Option<String> => "regionName",
        /// The latitude, in degrees.
        latitude: Option<f64> => "geoLoc/latitude",
        /// The longitude, in degrees.
        longitude: Option<f64> => "geoLoc/longitude",
    }
}

wire_enum! {
    /// How virtual clusters are reached. Mirrors `v1HostClusterEndpoint.type`.
    pub enum HostEndpointType {
        /// Through an ingress.
        Ingress = "Ingress",
        /// Through a load balancer.
        LoadBalancer = "LoadBalancer",
    }
}

options! {
    /// Whether virtual clusters may run on a cluster, and how they are reached. Mirrors `v1HostClusterConfig`.
    pub struct HostClusterOptions, new {
        /// Whether they may.
        enabled: bool => "isHostCluster",
        /// How they are reached.
        endpoint_type: Option<HostEndpointType> => "clusterEndpoint/type",
        /// The ingress's host.
        ingress_host: Option<String> => "clusterEndpoint/config/ingressConfig/host",
        /// The ingress's port.
        ingress_port: Option<u32> => "clusterEndpoint/config/ingressConfig/port",
        /// The load balancer's external addresses.
        external_ips: Vec<String> => "clusterEndpoint/config/loadBalancerConfig/externalIPs",
        /// The load balancer's traffic policy.
        external_traffic_policy: Option<String> => "clusterEndpoint/config/loadBalancerConfig/externalTrafficPolicy",
        /// The networks (CIDR) that may reach the load balancer.
        source_ranges: Vec<String> => "clusterEndpoint/config/loadBalancerConfig/loadBalancerSourceRanges",
    }
}

wire_enum! {
    /// The part in a HyperShift installation. Mirrors `v1ClusterDeploymentType`.
    pub enum DeploymentType {
        /// Hosts control planes.
        HyperShift = "hypershift",
        /// Has its control plane hosted.
        OpenShift = "openshift",
    }
}

options! {
    /// OpenShift or HyperShift. Mirrors `v1HyperShiftConfig`.
    pub struct HyperShiftOptions, new {
        /// The part.
        deployment_type: Option<DeploymentType> => "clusterDeploymentType",
        /// The cluster that hosts the control plane; required for `openshift`.
        host_cluster_uid: Option<String> => "hostClusterUid",
    }
}

options! {
    /// The limits of a namespace. Mirrors `v1ClusterNamespaceResourceInputEntity`.
    pub struct NamespaceOptions, new {
        /// The name, or a pattern.
        name: String => "metadata/name",
        /// Whether the name is a regular expression.
        is_regex: bool => "spec/isRegex",
        /// The most CPU cores.
        cpu_cores: Option<f64> => "spec/resourceAllocation/cpuCores",
        /// The most memory, in MiB.
        memory_mib: Option<f64> => "spec/resourceAllocation/memoryMiB",
        /// The most GPUs; -1 means no limit.
        gpu_limit: Option<i32> => "spec/resourceAllocation/gpuConfig/limit",
    }
}

options! {
    /// Role bindings. Mirrors `v1ClusterRbacInputEntity`.
    pub struct RbacOptions, new {
        /// The name.
        name: Option<String> => "metadata/name",
        /// The bindings.
        bindings: Vec<RoleBindingOptions> => "spec/bindings",
    }
}

wire_enum! {
    /// How far a binding reaches. Mirrors `v1ClusterRbacBinding.type`.
    pub enum BindingType {
        /// One namespace.
        RoleBinding = "RoleBinding",
        /// The cluster.
        ClusterRoleBinding = "ClusterRoleBinding",
    }
}

wire_enum! {
    /// The kind of a role. Mirrors `v1ClusterRoleRef.kind`.
    pub enum RoleKind {
        /// Of a namespace.
        Role = "Role",
        /// Of the cluster.
        ClusterRole = "ClusterRole",
    }
}

wire_enum! {
    /// Who gets a role. Mirrors `v1ClusterRbacSubjects.type`.
    pub enum SubjectType {
        /// A user.
        User = "User",
        /// A group.
        Group = "Group",
        /// A service account.
        ServiceAccount = "ServiceAccount",
    }
}

options! {
    /// Who gets which role. Mirrors `v1ClusterRbacBinding`.
    pub struct RoleBindingOptions, new {
        /// How far it reaches.
        kind: Option<BindingType> => "type",
        /// The namespace.
        namespace: Option<String> => "namespace",
        /// The role's kind.
        role_kind: Option<RoleKind> => "role/kind",
        /// The role's name.
        role_name: Option<String> => "role/name",
        /// Who gets it.
        subjects: Vec<SubjectOptions> => "subjects",
    }
}

options! {
    /// Who gets a role. Mirrors `v1ClusterRbacSubjects`.
    pub struct SubjectOptions, new {
        /// Its kind.
        kind: Option<SubjectType> => "type",
        /// Its name.
        name: Option<String> => "name",
        /// Its namespace.
        namespace: Option<String> => "namespace",
    }
}

options! {
    /// A change of a cluster's profiles. Mirrors `v1SpectroClusterProfiles`.
    pub struct ProfilesOptions finish at_least_one {
        /// The profiles. Required.
        profiles: Vec<ProfileOptions> => "profiles",
        /// When the change is carried out. By default at once.
        apply: Option<ApplyAction> => "spcApplySettings/actionType",
        /// Whether the notification of this update is closed. By default not.
        resolve_notification: Option<bool> => "?resolveNotification",
    }
}

fn at_least_one(options: &ProfilesOptions, _: &mut Wire) -> Result<(), InputProblem> {
    if options.profiles.is_empty() {
        return Err(InputProblem::new(
            "profiles",
            "is empty: an update needs at least one profile",
        ));
    }
    Ok(())
}

impl ProfilesOptions {
    /// This profile.
    pub fn new(profile: ProfileOptions) -> Self {
        Self::default().profiles([profile])
    }
}

options! {
    /// Which clusters to list; all conditions must hold. Mirrors `v1SearchFilterSummarySpec`.
    pub struct ClusterFilter, new finish search {
        /// Exactly this name.
        name: Option<String> => "filter/name",
        /// A part of the name.
        name_contains: Option<String> => "filter/nameContains",
        /// The cloud, e.g. `maas`.
        cloud: Option<String> => "filter/cloud",
        /// Deleted clusters instead of the others.
        deleted: Option<bool> => "filter/deleted",
    }
}

/// Replaces the plain fields by the search's own language.
fn search(filter: &ClusterFilter, wire: &mut Wire) -> Result<(), InputProblem> {
    let text = |property: &str, operator: &str, value: &Option<String>| {
        value.as_ref().map(|value| {
            json!({"property": property, "type": "string", "condition": {"string": {
                "operator": operator, "negation": false, "match": {"conjunction": "or", "values": [value]}}}})
        })
    };
    let filters: Vec<Value> = [
        text("clusterName", "eq", &filter.name),
        text("clusterName", "contains", &filter.name_contains),
        text("environment", "eq", &filter.cloud),
        filter.deleted.map(|deleted| {
            json!({"property": "isDeleted", "type": "bool", "condition": {"bool": {"value": deleted}}})
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    wire.body.clear();
    if !filters.is_empty() {
        wire.put("filter/conjunction", Value::from("and"));
        wire.put(
            "filter/filterGroups",
            json!([{"conjunction": "and", "filters": filters}]),
        );
    }
    Ok(())
}
