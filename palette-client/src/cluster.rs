//! Clusters: their models and calls. What a new one is made of stands in `cluster_options`, waiting in `cluster_wait`.

use jiff::Timestamp;
use sdk_transport::{Error, Pager};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Client, ClusterOptions, Condition, Health, Metadata, Reference,
    cluster_options::{ClusterFilter, ProfilesOptions},
    cluster_profile::ClusterProfileTemplate,
    gateway::PendingNotifications,
    model::model,
    options::wire_enum,
    repave::RepaveState,
    request::operations,
};

operations! {
    LIST = POST "/v1/dashboard/spectroclusters/search" as "cluster.list" reading;
    VALIDATE_NAME = GET "/v1/spectroclusters/validate/name" as "cluster.validate_name";
    VALIDATE = POST "/v1/spectroclusters/maas/validate" as "cluster.validate" reading;
    CREATE = POST "/v1/spectroclusters/maas" as "cluster.create";
    GET = GET "/v1/spectroclusters/{uid}" as "cluster.get";
    STATUS = GET "/v1/spectroclusters/{uid}/status" as "cluster.status";
    OVERVIEW = GET "/v1/dashboard/spectroclusters/{uid}/overview" as "cluster.overview";
    PROFILES = GET "/v1/spectroclusters/{uid}/profiles" as "cluster.profiles";
    REPLACE_PROFILES = PUT "/v1/spectroclusters/{uid}/profiles" as "cluster.replace_profiles";
    UPDATE_PROFILES = PATCH "/v1/spectroclusters/{uid}/profiles" as "cluster.update_profiles";
    DELETE = DELETE "/v1/spectroclusters/{uid}" as "cluster.delete";
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

model! {
    /// A cluster. Mirrors `v1SpectroCluster`.
    pub struct Cluster {
        /// The version of the resource's schema.
        api_version: String,
        /// The kind of resource.
        kind: String,
        /// Name, uid, labels; the gateway is the annotation `overlordUid`.
        metadata: Metadata,
        /// What it is to be.
        spec: ClusterSpec,
        /// How it is; for a moment after the creation there is none.
        status: Option<ClusterStatus>,
    }
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

model! {
    /// What a cluster is to be. Mirrors `v1SpectroClusterSpec`.
    pub struct ClusterSpec {
        /// The cloud configuration.
        cloud_config_ref: Option<Reference>,
        /// The cloud, here `maas`.
        cloud_type: String,
        /// Who manages it.
        cluster_type: Option<ClusterType>,
        /// The attached profiles, as they were when they were attached.
        profiles: Vec<ClusterProfileTemplate> => "clusterProfileTemplates",
        /// Management: patches, time zone, resources (`v1ClusterConfig`), as the server sent it.
        cluster_config: Map<String, Value>,
    }
}

model! {
    /// How a cluster is. Mirrors `v1SpectroClusterStatus`.
    pub struct ClusterStatus {
        /// Where it is.
        state: Option<ClusterState>,
        /// The steps of its provisioning.
        conditions: Vec<Condition>,
        /// The state of each pack.
        packs: Vec<PackStatus>,
        /// Where its API server is.
        api_endpoints: Vec<ApiEndpoint>,
        /// Whether a repave waits for approval.
        repave: Option<RepaveSummary>,
        /// Whether a change of profiles waits to be carried out.
        spc_apply: Option<ApplyStatus>,
        /// Addresses of its services.
        services: Vec<LoadBalancerService>,
        /// Past upgrades.
        upgrades: Vec<Upgrade>,
        /// When its creation was aborted.
        abort_timestamp: Option<Timestamp>,
    }
}

model! {
    /// The state of a pack on a cluster. Mirrors `v1ClusterPackStatus`.
    pub struct PackStatus {
        /// The pack.
        name: String,
        /// Its version.
        version: String,
        /// The profile that it belongs to.
        profile_uid: String,
        /// Its kind.
        kind: String => "type",
        /// Whether it is ready.
        condition: Option<Condition>,
        /// When its installation began.
        start_time: Option<Timestamp>,
        /// When its installation ended.
        end_time: Option<Timestamp>,
        /// Addresses of its services.
        services: Vec<LoadBalancerService>,
    }
}

model! {
    /// Where an API server is. Mirrors `v1APIEndpoint`.
    pub struct ApiEndpoint {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    }
}

model! {
    /// Whether a repave waits. Mirrors `v1ClusterRepaveStatus`.
    pub struct RepaveSummary {
        /// Where it is.
        state: Option<RepaveState>,
    }
}

model! {
    /// Whether a change of profiles waits. Mirrors `v1SpcApply`.
    pub struct ApplyStatus {
        /// When it is carried out.
        action_type: Option<ApplyAction>,
        /// Whether it can be carried out.
        can_be_applied: bool,
        /// When it was last carried out.
        patch_applied_time: Option<Timestamp>,
        /// When it last changed.
        last_modified_time: Option<Timestamp>,
    }
}

model! {
    /// The address of a service. Mirrors `v1LoadBalancerService`.
    pub struct LoadBalancerService {
        /// The name.
        name: String,
        /// The host or address.
        host: String,
        /// The ports.
        ports: Vec<ServicePort>,
    }
}

model! {
    /// A port. Mirrors `v1ServicePort`.
    pub struct ServicePort {
        /// The number.
        port: u16,
        /// The protocol.
        protocol: String,
    }
}

model! {
    /// A past upgrade. Mirrors `v1Upgrades`.
    pub struct Upgrade {
        /// Why.
        reason: Vec<String>,
        /// When.
        timestamp: Option<Timestamp>,
    }
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

model! {
    /// A cluster at a glance. Mirrors `v1SpectroClusterUidSummary`.
    pub struct ClusterOverview {
        /// Name, uid, labels.
        metadata: Metadata,
        /// What it consists of.
        spec: ClusterOverviewSpec,
        /// How it is.
        status: ClusterOverviewStatus,
    }
}

impl ClusterOverview {
    /// Whether it is running and healthy.
    pub fn is_running_and_healthy(&self) -> bool {
        self.status.state == Some(ClusterState::Running)
            && self.status.health.as_ref().is_some_and(Health::is_healthy)
    }
}

model! {
    /// What a cluster consists of. Mirrors the `spec` of `v1SpectroClusterUidSummary`.
    pub struct ClusterOverviewSpec {
        /// Cloud and node pools.
        cloud_config: Option<CloudConfigSummary>,
        /// The cloud account.
        cloud_account: Option<Reference> => "cloudaccount",
        /// The attached profiles.
        profiles: Vec<ProfileSummary> => "clusterProfileTemplates",
    }
}

model! {
    /// Cloud and node pools of a cluster. Mirrors `v1CloudConfigMeta`.
    pub struct CloudConfigSummary {
        /// The cloud configuration's uid.
        uid: String,
        /// The cloud.
        cloud_type: String,
        /// The node pools.
        node_pools: Vec<NodePoolSummary> => "machinePools",
    }
}

model! {
    /// A node pool at a glance. Mirrors `v1MachinePoolMeta`.
    pub struct NodePoolSummary {
        /// Whether its nodes are the control plane.
        is_control_plane: bool,
        /// The nodes that it is to have.
        size: u32,
        /// The healthy ones.
        healthy: u32,
        /// Those in maintenance.
        maintenance_mode: u32,
        /// The pool's labels.
        labels: Vec<String>,
    }
}

model! {
    /// A profile of a cluster at a glance. Mirrors `v1ClusterProfileTemplateMeta`.
    pub struct ProfileSummary {
        /// The uid.
        uid: String,
        /// The name.
        name: String,
        /// What it is for.
        kind: String => "type",
        /// Counts the changes.
        version: i32,
        /// The packs.
        packs: Vec<crate::Pack>,
    }
}

model! {
    /// How a cluster is, with its health. Mirrors `v1SpectroClusterUidStatusSummary`.
    pub struct ClusterOverviewStatus {
        /// Where it is.
        state: Option<ClusterState>,
        /// How it feels; absent while it is being provisioned.
        health: Option<Health>,
        /// Versions and kubeconfigs.
        kube_meta: Option<KubeMeta>,
        /// The steps of its provisioning.
        conditions: Vec<Condition>,
        /// The state of each pack.
        packs: Vec<PackStatus>,
        /// Where its API server is.
        api_endpoints: Vec<ApiEndpoint>,
        /// Whether an update waits for approval.
        notifications: Option<PendingNotifications>,
    }
}

model! {
    /// Versions and kubeconfigs. Mirrors `v1KubeMeta`.
    pub struct KubeMeta {
        /// The version of Kubernetes.
        kubernetes_version: String,
        /// Whether the administrator's kubeconfig can be read.
        has_kube_config: bool,
        /// Whether the users' kubeconfig can be read.
        has_kube_config_client: bool,
        /// Whether there is a manifest.
        has_manifest: bool,
    }
}

model! {
    /// A cluster in a list. Mirrors `v1SpectroClusterSummary`.
    pub struct ClusterSummary {
        /// Name, uid, labels.
        metadata: Metadata,
        /// What it consists of.
        spec: ClusterSummarySpec => "specSummary",
        /// How it is.
        status: ClusterSummaryStatus,
    }
}

model! {
    /// What a listed cluster consists of. Mirrors the `specSummary` of `v1SpectroClusterSummary`.
    pub struct ClusterSummarySpec {
        /// Cloud and node pools.
        cloud_config: Option<CloudConfigSummary>,
        /// The cloud account.
        cloud_account_meta: Option<Reference>,
        /// The project.
        project_meta: Option<Reference>,
        /// The attached profiles.
        profiles: Vec<ProfileSummary> => "clusterProfileTemplates",
    }
}

model! {
    /// How a listed cluster is. Mirrors the `status` of `v1SpectroClusterSummary`.
    pub struct ClusterSummaryStatus {
        /// Where it is.
        state: Option<ClusterState>,
        /// How it feels.
        health: Option<Health>,
        /// Whether a repave waits for approval.
        repave: Option<RepaveSummary>,
        /// Whether an update waits for approval.
        notifications: Option<PendingNotifications>,
    }
}

model! {
    /// What a check of a cluster found. Mirrors `v1SpectroClusterValidatorResponse`.
    pub struct ClusterValidation {
        /// The node pools.
        node_pools: ConstraintResults => "machinePools",
        /// The profiles.
        profiles: Vec<ProfileValidation>,
    }
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

model! {
    /// What a check of a profile found. Mirrors `v1SpectroClusterProfileValidatorResponse`.
    pub struct ProfileValidation {
        /// The profile.
        uid: String,
        /// Its packs.
        packs: ConstraintResults,
    }
}

model! {
    /// What a check found, one by one. Mirrors `v1ConstraintValidatorResponse`.
    pub struct ConstraintResults {
        /// The results.
        results: Vec<ConstraintResult>,
    }
}

model! {
    /// What a check found on one thing. Mirrors `v1ConstraintValidatorResult`.
    pub struct ConstraintResult {
        /// Its name.
        name: String,
        /// Its name for people.
        display_name: String,
        /// What is wrong.
        errors: Vec<ConstraintError>,
    }
}

model! {
    /// One thing that is wrong. Mirrors `v1ConstraintError`.
    pub struct ConstraintError {
        /// One word.
        code: String,
        /// A sentence.
        message: String,
    }
}

model! {
    /// A profile that is attached to a cluster, with the packs' values there. Mirrors `v1SpectroClusterProfile`.
    pub struct AttachedProfile {
        /// Name and uid.
        metadata: Metadata,
        /// What it consists of.
        spec: AttachedProfileSpec,
    }
}

model! {
    /// What an attached profile consists of. Mirrors `v1SpectroClusterProfileSpec`.
    pub struct AttachedProfileSpec {
        /// The cloud.
        cloud_type: String,
        /// What it is for.
        kind: String => "type",
        /// Counts the changes.
        version: i32,
        /// The packs.
        packs: Vec<AttachedPack>,
    }
}

model! {
    /// A pack of an attached profile. Mirrors `v1ClusterProfilePacksEntity`.
    pub struct AttachedPack {
        /// Name and uid.
        metadata: Metadata,
        /// The pack with its values.
        spec: crate::Pack,
    }
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
