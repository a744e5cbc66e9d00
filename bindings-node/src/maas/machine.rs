//! Machines.

use std::collections::BTreeMap;

use maas_client::{Client, NodeStatus};
use sdk_transport::Error;

use crate::call::{Arguments, On, answer, answer_list};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    let machines = maas.machines();
    let id = || arguments.id::<String>();
    let answered = match operation {
        "machine.list" => answer_list(machines.list(&arguments.read()?).await?),
        "machine.find" => answer(&machines.find(&id()?).await?),
        "machine.allocate" => answer(&machines.allocate(&arguments.read()?).await?),
        "machine.release_many" => {
            let On { id, options }: On<_, Vec<String>> = arguments.read()?;
            answer(&machines.release_many(&id, &options).await?)
        }
        "machine.get" => answer(&machines.get(&id()?).await?),
        "machine.delete" => answer(&maas.machine(id()?).delete().await?),
        "machine.abort" => answer(&maas.machine(id()?).abort(None).await?),
        "machine.query_power_state" => answer(&maas.machine(id()?).query_power_state().await?),
        "machine.lock" => answer(&maas.machine(id()?).lock(None).await?),
        "machine.unlock" => answer(&maas.machine(id()?).unlock(None).await?),
        "machine.mark_broken" => answer(&maas.machine(id()?).mark_broken(None).await?),
        "machine.mark_fixed" => answer(&maas.machine(id()?).mark_fixed(None).await?),
        "machine.update" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&maas.machine(id).update(&options).await?)
        }
        "machine.deploy" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&maas.machine(id).deploy(&options).await?)
        }
        "machine.release" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&maas.machine(id).release(&options).await?)
        }
        "machine.power_on" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&maas.machine(id).power_on(&options).await?)
        }
        "machine.power_off" => {
            let On { id, options }: On<_> = arguments.read()?;
            answer(&maas.machine(id).power_off(&options).await?)
        }
        "machine.set_workload_annotations" => {
            let On { id, options }: On<BTreeMap<String, String>> = arguments.read()?;
            answer(&maas.machine(id).set_workload_annotations(&options).await?)
        }
        "machine.wait_deployed" => {
            let (id, options) = arguments.wait::<String>()?;
            answer(&maas.machine(id).wait_deployed(&options).await?)
        }
        "machine.wait_ready" => {
            let (id, options) = arguments.wait::<String>()?;
            answer(&maas.machine(id).wait_ready(&options).await?)
        }
        "machine.wait_status" => {
            let ((id, status), options) = arguments.wait::<(String, NodeStatus)>()?;
            answer(&maas.machine(id).wait_status(status, &options).await?)
        }
        "machine.wait_released" => {
            let (id, options) = arguments.wait::<String>()?;
            answer(&maas.machine(id).wait_released(&options).await?)
        }
        _ => return Ok(None),
    };
    answered.map(Some)
}
