//! Events.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::{Arguments, answer};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    match operation {
        "event.query" => answer(&maas.events().query(&arguments.read()?).await?).map(Some),
        _ => Ok(None),
    }
}
