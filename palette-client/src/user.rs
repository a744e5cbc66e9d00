//! The user behind the API key.

use sdk_transport::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Client,
    request::{Endpoint, endpoints},
};

endpoints! {
    WHO_AM_I = Endpoint::get("user.who_am_i", "/v1/users/info").tenant();
}

/// Who the API key belongs to. Mirrors `v1UserInfo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The user's uid.
    pub user_uid: String,
    /// The tenant's uid.
    pub tenant_uid: String,
    /// The organization's name.
    pub org_name: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Client {
    /// Who the API key belongs to: the cheapest way to find out whether it is accepted.
    ///
    /// Mirrors `GET /v1/users/info`.
    ///
    /// # Errors
    /// [`Unauthorized`](sdk_transport::ErrorKind::Unauthorized) if the key is not accepted.
    pub async fn who_am_i(&self) -> Result<User, Error> {
        self.json(WHO_AM_I.at(&[])).await
    }
}
