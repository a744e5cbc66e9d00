//! Cloud accounts: how Palette reaches a MAAS region, through a gateway.

use sdk_transport::{Error, Pager, Secret};

use crate::{
    Client, Metadata,
    metadata::GATEWAY_ANNOTATION,
    model::model,
    options::{StringMap, options},
    request::operations,
};

operations! {
    LIST = GET "/v1/cloudaccounts/maas" as "cloud_account.list";
    CREATE = POST "/v1/cloudaccounts/maas" as "cloud_account.create";
    GET = GET "/v1/cloudaccounts/maas/{uid}" as "cloud_account.get";
    UPDATE = PUT "/v1/cloudaccounts/maas/{uid}" as "cloud_account.update";
    DELETE = DELETE "/v1/cloudaccounts/maas/{uid}" as "cloud_account.delete";
}

model! {
    /// A MAAS account. Mirrors `v1MaasAccount`.
    pub struct CloudAccount {
        /// The version of the resource's schema.
        api_version: String,
        /// The kind of resource.
        kind: String,
        /// Name, uid; the gateway is the annotation `overlordUid`.
        metadata: Metadata,
        /// How MAAS is reached.
        spec: CloudAccountSpec,
        /// Its state.
        status: Option<CloudAccountStatus>,
    }
}

model! {
    /// How MAAS is reached. Mirrors `v1MaasCloudAccount`.
    pub struct CloudAccountSpec {
        /// MAAS's own endpoint, e.g. `http://10.11.12.13:5240/MAAS`.
        api_endpoint: String,
        /// The MAAS API key; the server may send a mask in its place. Never sent back.
        api_key: Option<Secret>,
        /// The subnets whose addresses the API server's DNS name prefers, in order.
        preferred_subnets: Vec<String>,
    }
}

model! {
    /// The state of an account. Mirrors `v1CloudAccountStatus`.
    pub struct CloudAccountStatus {
        /// A free word.
        state: String,
    }
}

options! {
    /// How a gateway reaches MAAS. Mirrors `v1MaasCloudAccount`.
    pub struct MaasCredentials {
        /// MAAS's own endpoint, e.g. `http://10.11.12.13:5240/MAAS`.
        endpoint: String => "apiEndpoint",
        /// The MAAS API key, `consumer:key:secret`.
        api_key: Secret => "apiKey",
        /// The subnets (CIDR) whose addresses the API server's DNS name prefers, in order.
        preferred_subnets: Vec<String> => "preferredSubnets",
    }
}

impl MaasCredentials {
    /// An endpoint and a key.
    pub fn new(endpoint: impl Into<String>, api_key: impl Into<Secret>) -> Self {
        Self::default().endpoint(endpoint).api_key(api_key)
    }
}

options! {
    /// A cloud account as it is to be. Mirrors `v1MaasAccount`.
    pub struct CloudAccountOptions {
        /// The name; unique in its scope.
        name: String => "metadata/name",
        /// The gateway that reaches MAAS. Without one, Palette itself tries to.
        gateway_uid: Option<String> => "metadata/annotations/overlordUid",
        /// Labels; the console shows them as tags.
        labels: StringMap => "metadata/labels",
        /// How MAAS is reached. The key has to be given at every update: the server does not give it back.
        credentials: MaasCredentials => "spec",
    }
}

impl CloudAccountOptions {
    /// An account of this name through this gateway.
    pub fn new(
        name: impl Into<String>,
        gateway_uid: impl Into<String>,
        credentials: MaasCredentials,
    ) -> Self {
        Self::default()
            .name(name)
            .gateway_uid(gateway_uid)
            .credentials(credentials)
    }
}

impl CloudAccount {
    /// The gateway that reaches MAAS.
    pub fn gateway_uid(&self) -> Option<&str> {
        self.metadata
            .annotations
            .get(GATEWAY_ANNOTATION)
            .map(String::as_str)
    }
}

options! {
    /// Which accounts to list, and in which order.
    pub struct CloudAccountFilter, new {
        /// A condition like `metadata.name=lab`; `AND` and `OR` stand without blanks.
        filters: Option<String> => "?filters",
        /// An order like `metadata.name=1`; `-1` means descending.
        order_by: Option<String> => "?orderBy",
        /// The fields to answer, like `metadata.uid,metadata.name`. All by default.
        fields: Option<String> => "?fields",
    }
}

impl Client {
    /// MAAS accounts.
    pub fn cloud_accounts(&self) -> CloudAccounts {
        CloudAccounts {
            client: self.clone(),
        }
    }

    /// One MAAS account.
    pub fn cloud_account(&self, uid: impl Into<String>) -> CloudAccountHandle {
        CloudAccountHandle {
            client: self.clone(),
            uid: uid.into(),
        }
    }
}

/// Calls on MAAS accounts.
#[derive(Clone, Debug)]
pub struct CloudAccounts {
    client: Client,
}

impl CloudAccounts {
    /// The accounts, page by page. Mirrors `GET /v1/cloudaccounts/maas`.
    pub fn list(&self, filter: &CloudAccountFilter) -> Pager<CloudAccount> {
        self.client.pages(LIST.at(&[]).parameters(filter))
    }

    /// The account with exactly this name.
    ///
    /// # Errors
    /// As any call.
    pub async fn find(&self, name: &str) -> Result<Option<CloudAccount>, Error> {
        let all = self
            .list(&CloudAccountFilter::default())
            .collect_all()
            .await?;
        Ok(all
            .into_iter()
            .find(|account| account.metadata.name == name))
    }

    /// Creates an account and returns its uid. Mirrors `POST /v1/cloudaccounts/maas`.
    ///
    /// # Errors
    /// [`AlreadyExists`](sdk_transport::ErrorKind::AlreadyExists) and as any call.
    pub async fn create(&self, options: &CloudAccountOptions) -> Result<String, Error> {
        self.client.learn(&options.credentials.api_key);
        self.client.created(CREATE.at(&[]).input(options)).await
    }
}

/// Calls on one MAAS account.
#[derive(Clone, Debug)]
pub struct CloudAccountHandle {
    client: Client,
    uid: String,
}

impl CloudAccountHandle {
    /// The account. Mirrors `GET /v1/cloudaccounts/maas/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn get(&self) -> Result<CloudAccount, Error> {
        self.client.json(GET.at(&[&self.uid])).await
    }

    /// Replaces the account. Mirrors `PUT /v1/cloudaccounts/maas/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn update(&self, options: &CloudAccountOptions) -> Result<(), Error> {
        self.client.learn(&options.credentials.api_key);
        self.client
            .done(UPDATE.at(&[&self.uid]).input(options))
            .await
    }

    /// Deletes the account. Mirrors `DELETE /v1/cloudaccounts/maas/{uid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound), or
    /// [`StateConflict`](sdk_transport::ErrorKind::StateConflict) while clusters use it.
    pub async fn delete(&self) -> Result<(), Error> {
        self.client.done(DELETE.at(&[&self.uid])).await
    }
}
