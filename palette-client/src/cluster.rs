//! Clusters: their models and calls. What a new one is made of stands in `cluster_options`, waiting in `cluster_wait`.

use jiff::Timestamp;
use sdk_transport::{Error, Pager};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Client, ClusterOptions, Condition, Health, Metadata, Reference,
    cluster_options::{ClusterFilter, ProfilesOptions},
    cluster_profile::ClusterProfileTemplate,
    gateway::PendingNotifications,
    input::wire_enum,
    repave::RepaveState,
    request::{Endpoint, endpoints},
};

endpoints! {
    LIST = Endpoint::query("cluster.list", "/v1/dashboard/spectroclusters/search");
    VALIDATE_NAME = Endpoint::get("cluster.validate_name", "/v1/spectroclusters/validate/name");
    VALIDATE = Endpoint::query("cluster.validate", "/v1/spectroclusters/maas/validate");
    CREATE = Endpoint::post("cluster.create", "/v1/spectroclusters/maas");
    GET = Endpoint::get("cluster.get", "/v1/spectroclusters/{uid}");
    STATUS = Endpoint::get("cluster.status", "/v1/spectroclusters/{uid}/status");
    OVERVIEW = Endpoint::get("cluster.overview", "/v1/dashboard/spectroclusters/{uid}/overview");
    PROFILES = Endpoint::get("cluster.profiles", "/v1/spectroclusters/{uid}/profiles");
    REPLACE_PROFILES = Endpoint::put("cluster.replace_profiles", "/v1/spectroclusters/{uid}/profiles");
    UPDATE_PROFILES = Endpoint::patch("cluster.update_profiles", "/v1/spectroclusters/{uid}/profiles");
    DELETE = Endpoint::delete("cluster.delete", "/v1/spectroclusters/{uid}");
}

wire_enum! {
    /// Where a cluster is. Mirrors `v1ClusterState`.
    ///
    /// Running does not mean healthy: that is told by the overview's [`Health`].
    pub enum ClusterState {
        /// Accepted; also while its gateway is busy.
        Pending = "Pending",
        /// Being provisioned.
        Provisioning = "Provisioning",
        /// Provisioned.
        Running = "Running",
        /// Being deleted.
        Deleting = "Deleting",
        /// Deleted; the record stays for a while.
        Deleted = "Deleted",
        /// Failed.
        Error = "Error",
        /// Being imported.
        Importing = "Importing",
        /// Its agent does not report.
        Unknown = "Unknown",
    }
}

wire_enum! {
    /// Who manages a cluster. Mirrors `v1ClusterType` and, when read, the `Alloy…` values.
    pub enum ClusterType {
        /// Palette made it.
        PureManage = "PureManage",
        /// Palette was attached to it.
        PureAttach = "PureAttach",
        /// Imported, watched only.
        AlloyMonitor = "AlloyMonitor",
        /// Imported, with add-ons.
        AlloyAssist = "AlloyAssist",
        /// Imported, fully managed.
        AlloyExtend = "AlloyExtend",
    }
}

wire_enum! {
    /// When a change of profiles is carried out. Mirrors `v1SpcApplySettings.actionType`.
    pub enum ApplyAction {
        /// At once.
        Now = "DownloadAndInstall",
        /// When it is asked for.
        Later = "DownloadAndInstallLater",
    }
}

/// A cluster. Mirrors `v1SpectroCluster`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cluster {
    /// The version of the resource's schema.
    pub api_version: String,
    /// The kind of resource.
    pub kind: String,
    /// Name, uid, labels; the gateway is the annotation `overlordUid`.
    pub metadata: Metadata,
    /// What it is to be.
    pub spec: ClusterSpec,
    /// How it is; for a moment after the creation there is none.
    pub status: Option<ClusterStatus>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Cluster {
    /// Where it is; `None` for a moment after the creation.
    pub fn state(&self) -> Option<&ClusterState> {
        self.status.as_ref()?.state.as_ref()
    }

    /// The uid for [`Client::cloud_config`].
    pub fn cloud_config_uid(&self) -> Option<&str> {
        self.spec
            .cloud_config_ref
            .as_ref()
            .map(|reference| reference.uid.as_str())
    }

    /// The steps of its provisioning.
    pub fn conditions(&self) -> &[Condition] {
        self.status
            .as_ref()
            .map_or(&[], |status| status.conditions.as_slice())
    }
}

/// What a cluster is to be. Mirrors `v1SpectroClusterSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterSpec {
    /// The cloud configuration.
    pub cloud_config_ref: Option<Reference>,
    /// The cloud, here `maas`.
    pub cloud_type: String,
    /// Who manages it.
    pub cluster_type: Option<ClusterType>,
    /// The attached profiles, as they were when they were attached.
    #[serde(rename = "clusterProfileTemplates")]
    pub profiles: Vec<ClusterProfileTemplate>,
    /// Management: patches, time zone, resources (`v1ClusterConfig`), as the server sent it.
    pub cluster_config: Map<String, Value>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a cluster is. Mirrors `v1SpectroClusterStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterStatus {
    /// Where it is.
    pub state: Option<ClusterState>,
    /// The steps of its provisioning.
    pub conditions: Vec<Condition>,
    /// The state of each pack.
    pub packs: Vec<PackStatus>,
    /// Where its API server is.
    pub api_endpoints: Vec<ApiEndpoint>,
    /// Whether a repave waits for approval.
    pub repave: Option<RepaveSummary>,
    /// Whether a change of profiles waits to be carried out.
    pub spc_apply: Option<ApplyStatus>,
    /// Addresses of its services.
    pub services: Vec<LoadBalancerService>,
    /// Past upgrades.
    pub upgrades: Vec<Upgrade>,
    /// When its creation was aborted.
    pub abort_timestamp: Option<Timestamp>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The state of a pack on a cluster. Mirrors `v1ClusterPackStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PackStatus {
    /// The pack.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The profile that it belongs to.
    pub profile_uid: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is ready.
    pub condition: Option<Condition>,
    /// When its installation began.
    pub start_time: Option<Timestamp>,
    /// When its installation ended.
    pub end_time: Option<Timestamp>,
    /// Addresses of its services.
    pub services: Vec<LoadBalancerService>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Where an API server is. Mirrors `v1APIEndpoint`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiEndpoint {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whether a repave waits. Mirrors `v1ClusterRepaveStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepaveSummary {
    /// Where it is.
    pub state: Option<RepaveState>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whether a change of profiles waits. Mirrors `v1SpcApply`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplyStatus {
    /// When it is carried out.
    pub action_type: Option<ApplyAction>,
    /// Whether it can be carried out.
    pub can_be_applied: bool,
    /// When it was last carried out.
    pub patch_applied_time: Option<Timestamp>,
    /// When it last changed.
    pub last_modified_time: Option<Timestamp>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The address of a service. Mirrors `v1LoadBalancerService`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct LoadBalancerService {
    /// The name.
    pub name: String,
    /// The host or address.
    pub host: String,
    /// The ports.
    pub ports: Vec<ServicePort>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A port. Mirrors `v1ServicePort`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServicePort {
    /// The number.
    pub port: u16,
    /// The protocol.
    pub protocol: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A past upgrade. Mirrors `v1Upgrades`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Upgrade {
    /// Why.
    pub reason: Vec<String>,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The state alone. Mirrors `v1SpectroClusterStatusEntity`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusAnswer {
    status: StateAnswer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StateAnswer {
    state: Option<ClusterState>,
}

/// A cluster at a glance. Mirrors `v1SpectroClusterUidSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterOverview {
    /// Name, uid, labels.
    pub metadata: Metadata,
    /// What it consists of.
    pub spec: ClusterOverviewSpec,
    /// How it is.
    pub status: ClusterOverviewStatus,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ClusterOverview {
    /// Whether it is running and healthy.
    pub fn is_running_and_healthy(&self) -> bool {
        self.status.state == Some(ClusterState::Running)
            && self.status.health.as_ref().is_some_and(Health::is_healthy)
    }
}

/// What a cluster consists of. Mirrors the `spec` of `v1SpectroClusterUidSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterOverviewSpec {
    /// Cloud and node pools.
    pub cloud_config: Option<CloudConfigSummary>,
    /// The cloud account.
    #[serde(rename = "cloudaccount")]
    pub cloud_account: Option<Reference>,
    /// The attached profiles.
    #[serde(rename = "clusterProfileTemplates")]
    pub profiles: Vec<ProfileSummary>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Cloud and node pools of a cluster. Mirrors `v1CloudConfigMeta`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CloudConfigSummary {
    /// The cloud configuration's uid.
    pub uid: String,
    /// The cloud.
    pub cloud_type: String,
    /// The node pools.
    #[serde(rename = "machinePools")]
    pub node_pools: Vec<NodePoolSummary>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A node pool at a glance. Mirrors `v1MachinePoolMeta`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct NodePoolSummary {
    /// Whether its nodes are the control plane.
    pub is_control_plane: bool,
    /// The nodes that it is to have.
    pub size: u32,
    /// The healthy ones.
    pub healthy: u32,
    /// Those in maintenance.
    pub maintenance_mode: u32,
    /// The pool's labels.
    pub labels: Vec<String>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A profile of a cluster at a glance. Mirrors `v1ClusterProfileTemplateMeta`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProfileSummary {
    /// The uid.
    pub uid: String,
    /// The name.
    pub name: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Counts the changes.
    pub version: i32,
    /// The packs.
    pub packs: Vec<crate::Pack>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a cluster is, with its health. Mirrors `v1SpectroClusterUidStatusSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterOverviewStatus {
    /// Where it is.
    pub state: Option<ClusterState>,
    /// How it feels; absent while it is being provisioned.
    pub health: Option<Health>,
    /// Versions and kubeconfigs.
    pub kube_meta: Option<KubeMeta>,
    /// The steps of its provisioning.
    pub conditions: Vec<Condition>,
    /// The state of each pack.
    pub packs: Vec<PackStatus>,
    /// Where its API server is.
    pub api_endpoints: Vec<ApiEndpoint>,
    /// Whether an update waits for approval.
    pub notifications: Option<PendingNotifications>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Versions and kubeconfigs. Mirrors `v1KubeMeta`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct KubeMeta {
    /// The version of Kubernetes.
    pub kubernetes_version: String,
    /// Whether the administrator's kubeconfig can be read.
    pub has_kube_config: bool,
    /// Whether the users' kubeconfig can be read.
    pub has_kube_config_client: bool,
    /// Whether there is a manifest.
    pub has_manifest: bool,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A cluster in a list. Mirrors `v1SpectroClusterSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterSummary {
    /// Name, uid, labels.
    pub metadata: Metadata,
    /// What it consists of.
    #[serde(rename = "specSummary")]
    pub spec: ClusterSummarySpec,
    /// How it is.
    pub status: ClusterSummaryStatus,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a listed cluster consists of. Mirrors the `specSummary` of `v1SpectroClusterSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterSummarySpec {
    /// Cloud and node pools.
    pub cloud_config: Option<CloudConfigSummary>,
    /// The cloud account.
    pub cloud_account_meta: Option<Reference>,
    /// The project.
    pub project_meta: Option<Reference>,
    /// The attached profiles.
    #[serde(rename = "clusterProfileTemplates")]
    pub profiles: Vec<ProfileSummary>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a listed cluster is. Mirrors the `status` of `v1SpectroClusterSummary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterSummaryStatus {
    /// Where it is.
    pub state: Option<ClusterState>,
    /// How it feels.
    pub health: Option<Health>,
    /// Whether a repave waits for approval.
    pub repave: Option<RepaveSummary>,
    /// Whether an update waits for approval.
    pub notifications: Option<PendingNotifications>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a check of a cluster found. Mirrors `v1SpectroClusterValidatorResponse`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClusterValidation {
    /// The node pools.
    #[serde(rename = "machinePools")]
    pub node_pools: ConstraintResults,
    /// The profiles.
    pub profiles: Vec<ProfileValidation>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ClusterValidation {
    /// Everything that is wrong, as `name: message`.
    pub fn problems(&self) -> Vec<String> {
        let packs = self.profiles.iter().map(|profile| &profile.packs);
        std::iter::once(&self.node_pools)
            .chain(packs)
            .flat_map(|part| &part.results)
            .flat_map(|result| {
                result
                    .errors
                    .iter()
                    .map(move |error| format!("{}: {}", result.name, error.message))
            })
            .collect()
    }
}

/// What a check of a profile found. Mirrors `v1SpectroClusterProfileValidatorResponse`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProfileValidation {
    /// The profile.
    pub uid: String,
    /// Its packs.
    pub packs: ConstraintResults,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a check found, one by one. Mirrors `v1ConstraintValidatorResponse`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConstraintResults {
    /// The results.
    pub results: Vec<ConstraintResult>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a check found on one thing. Mirrors `v1ConstraintValidatorResult`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConstraintResult {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What is wrong.
    pub errors: Vec<ConstraintError>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One thing that is wrong. Mirrors `v1ConstraintError`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConstraintError {
    /// One word.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A profile that is attached to a cluster, with the packs' values there. Mirrors `v1SpectroClusterProfile`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttachedProfile {
    /// Name and uid.
    pub metadata: Metadata,
    /// What it consists of.
    pub spec: AttachedProfileSpec,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What an attached profile consists of. Mirrors `v1SpectroClusterProfileSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttachedProfileSpec {
    /// The cloud.
    pub cloud_type: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Counts the changes.
    pub version: i32,
    /// The packs.
    pub packs: Vec<AttachedPack>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A pack of an attached profile. Mirrors `v1ClusterProfilePacksEntity`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttachedPack {
    /// Name and uid.
    pub metadata: Metadata,
    /// The pack with its values.
    pub spec: crate::Pack,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Mirrors `v1SpectroClusterProfileList`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AttachedProfiles {
    profiles: Vec<AttachedProfile>,
}

impl Client {
    /// Clusters.
    pub fn clusters(&self) -> Clusters {
        Clusters {
            client: self.clone(),
        }
    }

    /// One cluster.
    pub fn cluster(&self, uid: impl Into<String>) -> ClusterHandle {
        ClusterHandle {
            client: self.clone(),
            uid: uid.into(),
        }
    }
}

/// Calls on clusters.
#[derive(Clone, Debug)]
pub struct Clusters {
    client: Client,
}

impl Clusters {
    /// The clusters, page by page. Mirrors `POST /v1/dashboard/spectroclusters/search`.
    pub fn list(&self, filter: &ClusterFilter) -> Pager<ClusterSummary> {
        self.client.pages(LIST.at(&[]).input(filter))
    }

    /// The cluster with exactly this name that is not deleted.
    ///
    /// # Errors
    /// As any call.
    pub async fn find(&self, name: &str) -> Result<Option<ClusterSummary>, Error> {
        let filter = ClusterFilter::default().name(name);
        let found = self.list(&filter).collect_all().await?;
        Ok(found.into_iter().find(|cluster| {
            cluster.metadata.name == name && cluster.status.state != Some(ClusterState::Deleted)
        }))
    }

    /// Asks whether a new cluster may have this name. Mirrors `GET /v1/spectroclusters/validate/name`.
    ///
    /// # Errors
    /// [`AlreadyExists`](sdk_transport::ErrorKind::AlreadyExists) or
    /// [`BadRequest`](sdk_transport::ErrorKind::BadRequest) with the server's reason if not.
    pub async fn validate_name(&self, name: &str) -> Result<(), Error> {
        self.client
            .done(VALIDATE_NAME.at(&[]).query("name", name))
            .await
    }

    /// Has the server check a cluster without creating it. Mirrors `POST /v1/spectroclusters/maas/validate`.
    ///
    /// # Errors
    /// As any call; what is wrong with the cluster is in the answer.
    pub async fn validate(&self, options: &ClusterOptions) -> Result<ClusterValidation, Error> {
        self.client.json(VALIDATE.at(&[]).input(options)).await
    }

    /// Creates a cluster and returns its uid; see [`ClusterHandle::wait_running_and_healthy`].
    ///
    /// Mirrors `POST /v1/spectroclusters/maas`.
    ///
    /// # Errors
    /// [`AlreadyExists`](sdk_transport::ErrorKind::AlreadyExists),
    /// [`BadRequest`](sdk_transport::ErrorKind::BadRequest) and as any call.
    pub async fn create(&self, options: &ClusterOptions) -> Result<String, Error> {
        self.client.created(CREATE.at(&[]).input(options)).await
    }
}

/// Calls on one cluster.
#[derive(Clone, Debug)]
pub struct ClusterHandle {
    pub(crate) client: Client,
    pub(crate) uid: String,
}

impl ClusterHandle {
    /// The cluster's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The cluster. Mirrors `GET /v1/spectroclusters/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn get(&self) -> Result<Cluster, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }

    /// Where the cluster is, alone: the cheapest look. `None` for a moment after the creation.
    ///
    /// Mirrors `GET /v1/spectroclusters/{uid}/status`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn state(&self) -> Result<Option<ClusterState>, Error> {
        let answer: StatusAnswer = self.client.json(STATUS.at(&[&self.uid])).await?;
        Ok(answer.status.state)
    }

    /// The cluster at a glance, with its health. Mirrors `GET /v1/dashboard/spectroclusters/{uid}/overview`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn overview(&self) -> Result<ClusterOverview, Error> {
        self.client.json(OVERVIEW.at(&[&self.uid])).await
    }

    /// The attached profiles with the packs' values. Mirrors `GET /v1/spectroclusters/{uid}/profiles`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn profiles(&self) -> Result<Vec<AttachedProfile>, Error> {
        let answer: AttachedProfiles = self.client.json(PROFILES.at(&[&self.uid])).await?;
        Ok(answer.profiles)
    }

    /// Adds these profiles, or changes their values or versions; other profiles stay.
    ///
    /// Mirrors `PATCH /v1/spectroclusters/{uid}/profiles`.
    ///
    /// # Errors
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) while the cluster is being provisioned.
    pub async fn update_profiles(&self, options: &ProfilesOptions) -> Result<(), Error> {
        let request = UPDATE_PROFILES.at(&[&self.uid]).input(options);
        self.client.done(request).await
    }

    /// Makes these the cluster's only profiles: those that are not listed are detached.
    ///
    /// Mirrors `PUT /v1/spectroclusters/{uid}/profiles`.
    ///
    /// # Errors
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) while the cluster is being provisioned.
    pub async fn replace_profiles(&self, options: &ProfilesOptions) -> Result<(), Error> {
        let request = REPLACE_PROFILES.at(&[&self.uid]).input(options);
        self.client.done(request).await
    }

    /// Deletes the cluster and releases its machines; see [`ClusterHandle::wait_deleted`]. Its gateway must run.
    ///
    /// The same call aborts a cluster that is still being provisioned. Mirrors `DELETE /v1/spectroclusters/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn delete(&self) -> Result<(), Error> {
        self.client.done(DELETE.at(&[&self.uid])).await
    }

    /// Forgets a cluster whose deletion is stuck. Machines and addresses stay behind and have to be cleaned by hand.
    ///
    /// The server allows it after 15 minutes in `Deleting`. Mirrors
    /// `DELETE /v1/spectroclusters/{uid}?forceDelete=true`.
    ///
    /// # Errors
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) or
    /// [`BadRequest`](sdk_transport::ErrorKind::BadRequest) if it is too early.
    pub async fn force_delete(&self) -> Result<(), Error> {
        let request = DELETE.at(&[&self.uid]).query("forceDelete", "true");
        self.client.done(request).await
    }
}
