//! Private cloud gateways, which join Palette to a MAAS region. On the wire they are overlords.

use sdk_transport::{Error, List};
use serde_json::json;

use crate::{
    Client, Health, Metadata, cloud_account::MaasCredentials, model::model, options::ToWire,
    request::operations,
};

operations! {
    LIST = GET "/v1/overlords" as "gateway.list" tenant;
    GET = GET "/v1/overlords/{uid}" as "gateway.get" tenant;
    VALIDATE_ACCOUNT = POST "/v1/overlords/maas/{uid}/account/validate" as "gateway.validate_account" reading tenant;
}

/// The state of a gateway that works; no other value is published.
const RUNNING: &str = "Running";

model! {
    /// A private cloud gateway. Mirrors `v1Overlord`.
    pub struct Gateway {
        /// The kind of resource.
        kind: String,
        /// Name, uid, annotations.
        metadata: Metadata,
        /// What it is.
        spec: GatewaySpec,
        /// How it is.
        status: GatewayStatus,
    }
}

impl Gateway {
    /// Whether it can take on work: running, and neither inactive nor unready.
    pub fn is_running(&self) -> bool {
        self.status.state == RUNNING && self.status.is_active && self.status.is_ready
    }
}

model! {
    /// What a gateway is. Mirrors `v1OverloadSpec`.
    pub struct GatewaySpec {
        /// The cloud account that was made for it.
        cloud_account_uid: String,
        /// The cluster that it runs on; its events and profile updates are read with this uid.
        spectro_cluster_uid: String,
        /// The tenant.
        tenant_uid: String,
        /// Its address.
        ip_address: String,
        /// Whether it runs on a cluster that the user brought.
        is_self_hosted: bool,
        /// Whether it belongs to Palette itself.
        is_system: bool,
    }
}

model! {
    /// How a gateway is. Mirrors `v1OverloadStatus`.
    pub struct GatewayStatus {
        /// A free word; `Running` is the only published one.
        state: String,
        /// Whether it is connected.
        is_active: bool,
        /// Whether it is ready.
        is_ready: bool,
        /// Its cluster's health.
        health: Option<Health>,
        /// Whether an update waits for approval.
        notifications: Option<PendingNotifications>,
        /// Commands to install it on a cluster that the user brought.
        kubectl_commands: Vec<String>,
    }
}

model! {
    /// Whether something waits for the user. Mirrors `v1ClusterNotificationStatus`.
    pub struct PendingNotifications {
        /// Whether there is a notification, e.g. of an update.
        is_available: bool,
        /// Whether a template's variables are being resolved.
        is_template_variable_resolution_pending: bool,
    }
}

impl Client {
    /// The tenant's gateways.
    pub fn gateways(&self) -> Gateways {
        Gateways {
            client: self.clone(),
        }
    }

    /// One gateway.
    pub fn gateway(&self, uid: impl Into<String>) -> GatewayHandle {
        GatewayHandle {
            client: self.clone(),
            uid: uid.into(),
        }
    }
}

/// Calls on gateways.
#[derive(Clone, Debug)]
pub struct Gateways {
    client: Client,
}

impl Gateways {
    /// All of them. Mirrors `GET /v1/overlords`.
    ///
    /// # Errors
    /// As any call.
    pub async fn list(&self) -> Result<List<Gateway>, Error> {
        self.client.list(LIST.at(&[])).await
    }

    /// The one with exactly this name.
    ///
    /// # Errors
    /// As any call.
    pub async fn find(&self, name: &str) -> Result<Option<Gateway>, Error> {
        let found = self.client.list(LIST.at(&[]).query("name", name)).await?;
        let found = found.complete()?;
        Ok(found
            .into_iter()
            .find(|gateway: &Gateway| gateway.metadata.name == name))
    }
}

/// Calls on one gateway.
#[derive(Clone, Debug)]
pub struct GatewayHandle {
    client: Client,
    uid: String,
}

impl GatewayHandle {
    /// The gateway. Mirrors `GET /v1/overlords/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn get(&self) -> Result<Gateway, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }

    /// Has the gateway try these MAAS credentials. Nothing is stored.
    ///
    /// Mirrors `POST /v1/overlords/maas/{uid}/account/validate`.
    ///
    /// # Errors
    /// [`BadRequest`](sdk_transport::ErrorKind::BadRequest) with the gateway's reason if MAAS does not accept them.
    pub async fn validate_account(&self, credentials: &MaasCredentials) -> Result<(), Error> {
        self.client.learn(&credentials.api_key);
        let account = credentials
            .to_wire()
            .map_err(|problem| Error::from(problem).with_operation(VALIDATE_ACCOUNT.name))?;
        let request = VALIDATE_ACCOUNT
            .at(&[&self.uid])
            .body(json!({ "account": account }));
        self.client.done(request).await
    }
}
