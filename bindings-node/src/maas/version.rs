//! The server's version.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::answer;

pub(super) async fn call(maas: &Client, operation: &str) -> Result<Option<String>, Error> {
    match operation {
        "version.get" => answer(&maas.version().await?).map(Some),
        _ => Ok(None),
    }
}
