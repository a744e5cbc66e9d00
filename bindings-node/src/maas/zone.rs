//! Availability zones.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::{Arguments, On, answer, answer_list};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    let zones = maas.zones();
    let answered = match operation {
        "zone.list" => answer_list(zones.list().await?),
        "zone.get" => answer(&zones.get(&arguments.id::<String>()?).await?),
        "zone.create" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&zones.create(&id, &options).await?)
        }
        "zone.update" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&zones.update(&id, &options).await?)
        }
        "zone.delete" => answer(&zones.delete(&arguments.id::<String>()?).await?),
        _ => return Ok(None),
    };
    answered.map(Some)
}
