//! Users.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::answer;

pub(super) async fn call(maas: &Client, operation: &str) -> Result<Option<String>, Error> {
    match operation {
        "user.whoami" => answer(&maas.whoami().await?).map(Some),
        _ => Ok(None),
    }
}
