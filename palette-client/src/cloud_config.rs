//! Cloud configurations: what a cluster asks of MAAS.

use sdk_transport::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Client, Condition, Metadata, NodePool, Reference,
    request::{Endpoint, endpoints},
};

endpoints! {
    GET = Endpoint::get("cloud_config.get", "/v1/cloudconfigs/maas/{configUid}");
}

/// The cloud configuration of a cluster. Mirrors `v1MaasCloudConfig`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CloudConfig {
    /// The version of the resource's schema.
    pub api_version: String,
    /// The kind of resource.
    pub kind: String,
    /// Name and uid.
    pub metadata: Metadata,
    /// What is asked.
    pub spec: CloudConfigSpec,
    /// What came of it.
    pub status: CloudConfigStatus,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a cluster asks of MAAS. Mirrors `v1MaasCloudConfigSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CloudConfigSpec {
    /// The cloud account.
    pub cloud_account_ref: Option<Reference>,
    /// What holds for the whole cluster.
    pub cluster_config: MaasConfig,
    /// The node pools.
    #[serde(rename = "machinePoolConfig")]
    pub node_pools: Vec<NodePool>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What holds for the whole cluster. Mirrors `v1MaasClusterConfig`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MaasConfig {
    /// The DNS domain in MAAS; it cannot be changed.
    pub domain: String,
    /// NTP servers in place of the image's.
    pub ntp_servers: Vec<String>,
    /// SSH keys of the user `spectro`.
    pub ssh_keys: Vec<String>,
    /// Whether nodes have fixed addresses from an IP pool.
    pub static_ip: bool,
    /// Whether the nodes are made hosts of LXD machines.
    pub enable_lxd_vm: bool,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What came of it. Mirrors `v1MaasCloudConfigStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CloudConfigStatus {
    /// The steps.
    pub conditions: Vec<Condition>,
    /// The image of the nodes.
    pub node_image: Option<NodeImage>,
    /// The image that it was made from.
    pub source_image_id: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An image. Mirrors `v1MaasImage`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct NodeImage {
    /// The name.
    pub name: String,
    /// A free word.
    pub state: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Client {
    /// The cloud configuration with this uid: `spec.cloud_config_ref` of the cluster.
    pub fn cloud_config(&self, uid: impl Into<String>) -> CloudConfigHandle {
        CloudConfigHandle {
            client: self.clone(),
            uid: uid.into(),
        }
    }
}

/// Calls on one cloud configuration.
#[derive(Clone, Debug)]
pub struct CloudConfigHandle {
    pub(crate) client: Client,
    pub(crate) uid: String,
}

impl CloudConfigHandle {
    /// The configuration. Mirrors `GET /v1/cloudconfigs/maas/{configUid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn get(&self) -> Result<CloudConfig, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }

    /// The node pools, which are part of the configuration.
    ///
    /// # Errors
    /// As [`CloudConfigHandle::get`].
    pub async fn node_pools(&self) -> Result<Vec<NodePool>, Error> {
        self.get().await.map(|config| config.spec.node_pools)
    }
}
