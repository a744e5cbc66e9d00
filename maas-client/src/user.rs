//! Users.

use sdk_transport::Error;

use crate::{Client, model::model, request::operations};

model! {
    /// A user of the server.
    pub struct User {
        /// The unique name.
        username: String,
        /// The mail address.
        email: String,
        /// Whether the user is an administrator.
        is_superuser: bool,
        /// Whether the server itself knows the user, rather than an identity provider.
        is_local: bool,
        /// Its path on the server.
        resource_uri: String,
    }
}

operations! {
    WHOAMI = GET "users/" op "whoami" as "user.whoami";
}

impl Client {
    /// The user to whom the API key belongs.
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) if the server does not accept the key.
    pub async fn whoami(&self) -> Result<User, Error> {
        self.json(WHOAMI.at(&[])).await
    }
}
