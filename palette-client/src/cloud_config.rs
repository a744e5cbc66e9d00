//! Cloud configurations: what a cluster asks of MAAS.

use sdk_transport::Error;

use crate::{Client, Condition, Metadata, NodePool, Reference, model::model, request::operations};

operations! {
    GET = GET "/v1/cloudconfigs/maas/{configUid}" as "cloud_config.get";
}

model! {
    /// The cloud configuration of a cluster. Mirrors `v1MaasCloudConfig`.
    pub struct CloudConfig {
        /// The version of the resource's schema.
        api_version: String,
        /// The kind of resource.
        kind: String,
        /// Name and uid.
        metadata: Metadata,
        /// What is asked.
        spec: CloudConfigSpec,
        /// What came of it.
        status: CloudConfigStatus,
    }
}

model! {
    /// What a cluster asks of MAAS. Mirrors `v1MaasCloudConfigSpec`.
    pub struct CloudConfigSpec {
        /// The cloud account.
        cloud_account_ref: Option<Reference>,
        /// What holds for the whole cluster.
        cluster_config: MaasConfig,
        /// The node pools.
        node_pools: Vec<NodePool> => "machinePoolConfig",
    }
}

model! {
    /// What holds for the whole cluster. Mirrors `v1MaasClusterConfig`.
    pub struct MaasConfig {
        /// The DNS domain in MAAS; it cannot be changed.
        domain: String,
        /// NTP servers in place of the image's.
        ntp_servers: Vec<String>,
        /// SSH keys of the user `spectro`.
        ssh_keys: Vec<String>,
        /// Whether nodes have fixed addresses from an IP pool.
        static_ip: bool,
        /// Whether the nodes are made hosts of LXD machines.
        enable_lxd_vm: bool,
    }
}

model! {
    /// What came of it. Mirrors `v1MaasCloudConfigStatus`.
    pub struct CloudConfigStatus {
        /// The steps.
        conditions: Vec<Condition>,
        /// The image of the nodes.
        node_image: Option<NodeImage>,
        /// The image that it was made from.
        source_image_id: String,
    }
}

model! {
    /// An image. Mirrors `v1MaasImage`.
    pub struct NodeImage {
        /// The name.
        name: String,
        /// A free word.
        state: String,
    }
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
