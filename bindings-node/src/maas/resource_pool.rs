//! Resource pools.

use maas_client::Client;
use sdk_transport::Error;

use crate::call::{Arguments, On, answer, answer_list};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    let pools = maas.resource_pools();
    let answered = match operation {
        "resource_pool.list" => answer_list(pools.list().await?),
        "resource_pool.get" => answer(&pools.get(arguments.id()?).await?),
        "resource_pool.create" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&pools.create(&id, &options).await?)
        }
        "resource_pool.update" => {
            let On { id, options } = arguments.read()?;
            answer(&pools.update(id, &options).await?)
        }
        "resource_pool.delete" => answer(&pools.delete(arguments.id()?).await?),
        _ => return Ok(None),
    };
    answered.map(Some)
}
