//! The user behind the API key.

use sdk_transport::Error;

use crate::{Client, model::model, request::operations};

operations! {
    WHOAMI = GET "/v1/users/info" as "user.whoami" tenant;
}

model! {
    /// Who the API key belongs to. Mirrors `v1UserInfo`.
    pub struct User {
        /// The user's uid.
        user_uid: String,
        /// The tenant's uid.
        tenant_uid: String,
        /// The organization's name.
        org_name: String,
    }
}

impl Client {
    /// Who the API key belongs to: the cheapest way to find out whether it is accepted.
    ///
    /// Mirrors `GET /v1/users/info`.
    ///
    /// # Errors
    /// [`Unauthorized`](sdk_transport::ErrorKind::Unauthorized) if the key is not accepted.
    pub async fn whoami(&self) -> Result<User, Error> {
        self.json(WHOAMI.at(&[])).await
    }
}
