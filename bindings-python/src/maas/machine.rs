//! Machines.

use std::collections::BTreeMap;

use maas_client::{
    AllocateOptions, Client, DeployOptions, Machine, MachineFilter, MachineUpdate, NodeStatus,
    PowerOffOptions, PowerOnOptions, PowerState, ReleaseOptions,
};
use sdk_transport::{Error, List};
use serde::{Deserialize, de::IntoDeserializer};

use crate::options::Wait;

crate::operations::operations! {
    /// The calls on all machines.
    Machines, AsyncMachines in "palette_maas.maas", maas: Client;

    /// The machines that the filter lets through.
    ///
    /// MAAS has no pages here; a machine costs the server some 25 ms and 30 kB, so filter on the server.
    fn list(; filter: MachineFilter) -> List<Machine> = maas.machines().list(&filter);
    /// The machine of this system id.
    fn get(system_id: String) -> Machine = maas.machines().get(&system_id);
    /// The machine of this name without domain, exact in case.
    fn find(hostname: String) -> Machine = maas.machines().find(&hostname);
    /// Allocates a Ready machine to the caller: the cheapest that satisfies everything.
    ///
    /// It is not repeated when its answer gets lost: set `agent_name` to find the machine then.
    fn allocate(; constraints: AllocateOptions) -> Machine = maas.machines().allocate(&constraints);
    /// Releases several machines at once and returns the system ids of those that were released.
    fn release_many(system_ids: Vec<String>; options: ReleaseOptions) -> Vec<String> =
        maas.machines().release_many(&system_ids, &options);
}

crate::operations::operations! {
    /// The calls on one machine.
    MachineHandle, AsyncMachineHandle in "palette_maas.maas", maas: Client, of (system_id: String);

    /// The machine as it is now.
    fn get() -> Machine = maas.machine(system_id).get();
    /// Changes the machine: what is not given is kept, `None` clears. Needs an administrator.
    fn update(; changes: MachineUpdate) -> Machine = maas.machine(system_id).update(&changes);
    /// Removes the machine from MAAS. Needs an administrator.
    fn delete() -> () = maas.machine(system_id).delete();
    /// Begins to deploy the machine; a Ready one is allocated to the caller first. `wait_deployed` waits for the end.
    fn deploy(; options: DeployOptions) -> Machine = maas.machine(system_id).deploy(&options);
    /// Gives the machine back; one that is Ready or Releasing already is no error. `wait_released` waits for the end.
    fn release(; options: ReleaseOptions) -> Machine = maas.machine(system_id).release(&options);
    /// Stops what is going on: commissioning, deploying, testing, erasing.
    fn abort() -> Machine = maas.machine(system_id).abort(None);
    /// Switches the machine on. An Allocated one is deployed by it.
    fn power_on(; options: PowerOnOptions) -> Machine = maas.machine(system_id).power_on(&options);
    /// Switches the machine off.
    fn power_off(; options: PowerOffOptions) -> Machine = maas.machine(system_id).power_off(&options);
    /// Asks the power controller whether the machine is on.
    fn query_power_state() -> PowerState = maas.machine(system_id).query_power_state();
    /// Protects a Deployed or Deploying machine from being released, deleted or switched.
    fn lock() -> Machine = maas.machine(system_id).lock(None);
    /// Ends the protection.
    fn unlock() -> Machine = maas.machine(system_id).unlock(None);
    /// Marks the machine as broken and releases it. Only its owner may.
    fn mark_broken() -> Machine = maas.machine(system_id).mark_broken(None);
    /// Marks a broken machine as Ready. Needs an administrator.
    fn mark_fixed() -> Machine = maas.machine(system_id).mark_fixed(None);
    /// Sets notes on a machine that has an owner; an empty value removes one. They last until it is Ready again.
    fn set_workload_annotations(annotations: BTreeMap<String, String>) -> Machine =
        maas.machine(system_id).set_workload_annotations(&annotations);
    /// Waits until the machine is Deployed. `on_progress` is called with each look, in the caller's thread or event
    /// loop; what it raises ends the wait.
    fn wait_deployed(; wait: Wait) -> Machine = maas.machine(system_id).wait_deployed(&wait.0);
    /// Waits until the machine is Ready, such as after commissioning.
    fn wait_ready(; wait: Wait) -> Machine = maas.machine(system_id).wait_ready(&wait.0);
    /// Waits until the machine has this status, such as `rescue_mode`. Any other failed status ends the wait.
    fn wait_status(status: String; wait: Wait) -> Machine = wait_status(maas.machine(system_id), status, wait);
    /// Waits until the machine has been given back. `None` if it is gone.
    fn wait_released(; wait: Wait) -> Option<Machine> = maas.machine(system_id).wait_released(&wait.0);
}

async fn wait_status(
    machine: maas_client::MachineHandle,
    status: String,
    wait: Wait,
) -> Result<Machine, Error> {
    let read: Result<_, serde::de::value::Error> =
        NodeStatus::deserialize(status.into_deserializer());
    let status = read.map_err(|error| Error::invalid_input(format!("`status`: {error}")))?;
    machine.wait_status(status, &wait.0).await
}
