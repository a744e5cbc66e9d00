//! Subnets.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::{Arguments, On, answer, answer_list};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    let subnets = maas.subnets();
    let id = || arguments.id::<String>();
    let answered = match operation {
        "subnet.list" => answer_list(subnets.list().await?),
        "subnet.get" => answer(&subnets.get(&id()?).await?),
        "subnet.create" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&subnets.create(&id, &options).await?)
        }
        "subnet.update" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&subnets.update(&id, &options).await?)
        }
        "subnet.delete" => answer(&subnets.delete(&id()?).await?),
        "subnet.reserved_ip_ranges" => answer_list(subnets.reserved_ip_ranges(&id()?).await?),
        "subnet.unreserved_ip_ranges" => answer_list(subnets.unreserved_ip_ranges(&id()?).await?),
        "subnet.statistics" => answer(&subnets.statistics(&id()?).await?),
        _ => return Ok(None),
    };
    answered.map(Some)
}
