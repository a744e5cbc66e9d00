//! Machines.

use std::collections::BTreeMap;

use maas_client::Client;
use sdk_transport::{Error, WaitOptions};

use crate::call::{Arguments, On, answer, answer_list};

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    let machines = maas.machines();
    let answered = match operation {
        "machine.list" => answer_list(machines.list(&arguments.read()?).await?),
        "machine.find" => answer(&machines.find(&arguments.id()?).await?),
        "machine.allocate" => answer(&machines.allocate(&arguments.read()?).await?),
        "machine.get" => answer(&machines.get(&arguments.id()?).await?),
        "machine.delete" => answer(&maas.machine(arguments.id()?).delete().await?),
        "machine.abort" => answer(&maas.machine(arguments.id()?).abort(None).await?),
        "machine.query_power_state" => {
            answer(&maas.machine(arguments.id()?).query_power_state().await?)
        }
        "machine.update" => {
            let On { id, options } = arguments.read()?;
            answer(&maas.machine(id).update(&options).await?)
        }
        "machine.deploy" => {
            let On { id, options } = arguments.read()?;
            answer(&maas.machine(id).deploy(&options).await?)
        }
        "machine.release" => {
            let On { id, options } = arguments.read()?;
            answer(&maas.machine(id).release(&options).await?)
        }
        "machine.power_on" => {
            let On { id, options } = arguments.read()?;
            answer(&maas.machine(id).power_on(&options).await?)
        }
        "machine.power_off" => {
            let On { id, options } = arguments.read()?;
            answer(&maas.machine(id).power_off(&options).await?)
        }
        "machine.set_workload_annotations" => {
            let On { id, options }: On<BTreeMap<String, String>> = arguments.read()?;
            answer(&maas.machine(id).set_workload_annotations(&options).await?)
        }
        "machine.wait_deployed" => {
            let (id, options) = wait(arguments)?;
            answer(&maas.machine(id).wait_deployed(&options).await?)
        }
        "machine.wait_ready" => {
            let (id, options) = wait(arguments)?;
            answer(&maas.machine(id).wait_ready(&options).await?)
        }
        "machine.wait_released" => {
            let (id, options) = wait(arguments)?;
            answer(&maas.machine(id).wait_released(&options).await?)
        }
        _ => return Ok(None),
    };
    answered.map(Some)
}

fn wait(arguments: &Arguments) -> Result<(String, WaitOptions), Error> {
    let On { id, options }: On<WaitOptions> = arguments.read()?;
    Ok((id, arguments.listen(options)))
}
