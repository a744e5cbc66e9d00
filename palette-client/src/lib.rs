//! Typed, async client for the Spectro Cloud Palette API, as far as bare-metal MAAS clusters need it.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use palette_client::{
//!     Client, CloudAccountOptions, ClusterOptions, MaasCredentials, NodePoolOptions, ProfileOptions, WaitOptions,
//! };
//!
//! # async fn run() -> Result<(), palette_client::Error> {
//! let palette = Client::builder("https://api.spectrocloud.com")
//!     .api_key("my-api-key")
//!     .project("Default")
//!     .build()?;
//! let gateway = palette.gateways().find("lab-gateway").await?.ok_or_else(|| {
//!     palette_client::Error::invalid_input("there is no gateway `lab-gateway`")
//! })?;
//!
//! let maas = MaasCredentials::new("http://10.11.12.13:5240/MAAS", "consumer:key:secret");
//! palette.gateway(&gateway.metadata.uid).validate_account(&maas).await?;
//! let account = palette
//!     .cloud_accounts()
//!     .create(&CloudAccountOptions::new("lab", &gateway.metadata.uid, maas))
//!     .await?;
//!
//! let uid = palette
//!     .clusters()
//!     .create(
//!         &ClusterOptions::new("c1", account, "maas.example.com")
//!             .tags(["env:test"])
//!             .profiles([ProfileOptions::new("6650d1cb0e5a3e2f4b7f0a11")])
//!             .node_pools([
//!                 NodePoolOptions::control_plane_pool("control-plane", 3, "default").min_cpu(4),
//!                 NodePoolOptions::worker_pool("workers", 2, "default").zones(["az1"]),
//!             ]),
//!     )
//!     .await?;
//! let options = WaitOptions::new()
//!     .timeout(Duration::from_secs(3600))
//!     .on_progress(|look| println!("{}", look.state));
//! palette.cluster(&uid).wait_running_and_healthy(&options).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it is made
//! * One noun, one file: its models, its inputs, its calls and its [`operations`].
//! * **Models** are what the server sends. Unknown fields stay in `extra`, unknown values of enums become `Other`,
//!   `null` is empty, and a time that was never set is `None`.
//! * **Inputs** (`…Options`, `…Filter`, `…Policy`) read the names used here and write the API's; `extra` adds what this
//!   version has no field for.
//! * **Scope** is a value of the handle: [`Client::project`], [`Client::tenant`].
//! * Requests are held back to stay under Palette's published rate limits.

mod budget;
mod client;
mod cloud_account;
mod cloud_config;
mod cluster;
mod cluster_options;
mod cluster_profile;
mod cluster_wait;
mod event;
mod failure;
mod gateway;
mod health;
mod kubeconfig;
mod machine;
mod metadata;
mod model;
mod node_pool;
mod options;
mod pack;
mod policy;
mod project;
mod reading;
mod repave;
mod request;
mod user;

pub use client::{Client, ClientBuilder};
pub use cloud_account::{
    CloudAccount, CloudAccountFilter, CloudAccountHandle, CloudAccountOptions, CloudAccountSpec,
    CloudAccountStatus, CloudAccounts, MaasCredentials,
};
pub use cloud_config::{
    CloudConfig, CloudConfigHandle, CloudConfigSpec, CloudConfigStatus, MaasConfig, NodeImage,
};
pub use cluster::{
    ApiEndpoint, ApplyAction, ApplyStatus, AttachedPack, AttachedProfile, AttachedProfileSpec,
    CloudConfigSummary, Cluster, ClusterHandle, ClusterOverview, ClusterOverviewSpec,
    ClusterOverviewStatus, ClusterSpec, ClusterState, ClusterStatus, ClusterSummary,
    ClusterSummarySpec, ClusterSummaryStatus, ClusterType, ClusterValidation, Clusters,
    ConstraintError, ConstraintResult, ConstraintResults, KubeMeta, LoadBalancerService,
    NodePoolSummary, PackStatus, ProfileSummary, ProfileValidation, RepaveSummary, ServicePort,
    Upgrade,
};
pub use cluster_options::{
    BindingType, ClusterFilter, ClusterOptions, DeploymentType, HostClusterOptions,
    HostEndpointType, HyperShiftOptions, Location, NamespaceOptions, ProfilesOptions, RbacOptions,
    RoleBindingOptions, RoleKind, SubjectOptions, SubjectType,
};
pub use cluster_profile::{
    ClusterProfile, ClusterProfileFilter, ClusterProfileHandle, ClusterProfileSpec,
    ClusterProfileStatus, ClusterProfileSummary, ClusterProfileTemplate, ClusterProfileVersion,
    ClusterProfiles, ProfileOptions, ProfileType, Variable,
};
pub use event::{Event, EventFilter, EventSource};
pub use gateway::{
    Gateway, GatewayHandle, GatewaySpec, GatewayStatus, Gateways, PendingNotifications,
};
pub use health::{Health, HealthCondition};
pub use kubeconfig::Kubeconfig;
pub use machine::{
    Machine, MachineAddress, MachineFilter, MachineHealth, MachineHealthCondition, MachineNic,
    MachineSpec, MachineState, MachineStatus, MaintenanceStatus,
};
pub use metadata::{
    Condition, GATEWAY_ANNOTATION, Metadata, Reference, TAG_VALUE, labels_from_tags,
};
pub use node_pool::{
    Architecture, InstanceType, NodePool, NodePoolHandle, NodePoolNetwork, NodePoolNetworkOptions,
    NodePoolOptions, NodePoolProperties, SkipKubernetesUpgrade, Taint, TaintEffect, TaintOptions,
    UpdateStrategy, UpdateStrategyType,
};
pub use options::{InputProblem, StringMap};
pub use pack::{ManifestOptions, Pack, PackLayer, PackOptions, PackType};
pub use policy::{BackupPolicy, ClusterResourceMode, OsPatchPolicy, ScanPolicy};
pub use project::{Project, Projects};
pub use repave::{
    PackDifference, Repave, RepaveCheck, RepaveReason, RepaveSpec, RepaveState, RepaveStatus,
    RepaveValidation,
};
pub use request::Operation;
pub use sdk_transport::{
    Clock, Error, ErrorKind, Limits, List, Pager, ResponseLog, RetryPolicy, Secret, TlsOptions,
    WaitOptions, WaitProgress,
};
pub use user::User;

/// Every operation that this crate can send.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    [
        cloud_account::OPERATIONS,
        cloud_config::OPERATIONS,
        cluster::OPERATIONS,
        cluster_profile::OPERATIONS,
        event::OPERATIONS,
        gateway::OPERATIONS,
        kubeconfig::OPERATIONS,
        machine::OPERATIONS,
        node_pool::OPERATIONS,
        project::OPERATIONS,
        repave::OPERATIONS,
        user::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}
