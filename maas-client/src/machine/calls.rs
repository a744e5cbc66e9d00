//! What can be done with machines.

use std::collections::BTreeMap;

use sdk_transport::{Error, ErrorKind, List};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    AllocateOptions, DeployOptions, Machine, MachineFilter, MachineUpdate, PowerOffOptions,
    PowerOnOptions, PowerParameters, PowerState, ReleaseOptions, UserData,
};
use crate::{Client, options::Fields, request::operations};

operations! {
    LIST = GET "machines/" as "machine.list";
    ALLOCATE = POST "machines/" op "allocate" as "machine.allocate";
    // Releasing what is Ready or Releasing already is a success.
    RELEASE_MANY = POST "machines/" op "release" as "machine.release_many";
    GET = GET "machines/{system_id}/" as "machine.get";
    UPDATE = PUT "machines/{system_id}/" as "machine.update";
    DELETE = DELETE "machines/{system_id}/" as "machine.delete";
    DEPLOY = POST "machines/{system_id}/" op "deploy" as "machine.deploy";
    // A second release would do no harm to a machine that is free, but somebody else may have taken it by then.
    RELEASE = POST "machines/{system_id}/" op "release" as "machine.release";
    ABORT = POST "machines/{system_id}/" op "abort" as "machine.abort";
    POWER_ON = POST "machines/{system_id}/" op "power_on" as "machine.power_on";
    POWER_OFF = POST "machines/{system_id}/" op "power_off" as "machine.power_off";
    QUERY_POWER_STATE = GET "machines/{system_id}/" op "query_power_state" as "machine.query_power_state";
    POWER_PARAMETERS = GET "machines/{system_id}/" op "power_parameters" as "machine.power_parameters";
    LOCK = POST "machines/{system_id}/" op "lock" as "machine.lock";
    UNLOCK = POST "machines/{system_id}/" op "unlock" as "machine.unlock";
    MARK_BROKEN = POST "machines/{system_id}/" op "mark_broken" as "machine.mark_broken";
    MARK_FIXED = POST "machines/{system_id}/" op "mark_fixed" as "machine.mark_fixed";
    // The same keys get the same values.
    SET_OWNER_DATA = POST "machines/{system_id}/" op "set_owner_data" as "machine.set_owner_data" idempotent;
    // The same keys get the same values.
    SET_WORKLOAD_ANNOTATIONS = POST "machines/{system_id}/" op "set_workload_annotations" as "machine.set_workload_annotations" idempotent;
}

/// The calls on all machines; see [`Client::machines`].
#[derive(Clone, Debug)]
pub struct Machines(Client);

/// The calls on one machine; see [`Client::machine`].
#[derive(Clone, Debug)]
pub struct MachineHandle {
    pub(super) client: Client,
    pub(super) system_id: String,
}

impl Client {
    /// Machines.
    pub fn machines(&self) -> Machines {
        Machines(self.clone())
    }

    /// The machine of this system id. Nothing is sent until one of its calls is made.
    pub fn machine(&self, system_id: impl Into<String>) -> MachineHandle {
        MachineHandle {
            client: self.clone(),
            system_id: system_id.into(),
        }
    }
}

impl Machines {
    /// The machines that the filter lets through, decoded while they arrive.
    ///
    /// MAAS has no pages here; a machine costs the server some 25 ms and 30 kB, so filter on the server.
    ///
    /// # Errors
    /// [`BadRequest`](ErrorKind::BadRequest) if a zone, pool or tag does not exist. A machine that cannot be read is in
    /// [`List::unreadable`].
    pub async fn list(&self, filter: &MachineFilter) -> Result<List<Machine>, Error> {
        self.list_as(filter).await
    }

    /// Like [`Machines::list`], into a type of the caller's choice with only the fields it needs: faster and smaller.
    ///
    /// ```no_run
    /// # async fn example(maas: maas_client::Client) -> Result<(), maas_client::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Name {
    ///     system_id: String,
    ///     hostname: String,
    /// }
    /// let names = maas.machines().list_as::<Name>(&Default::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Machines::list`].
    pub async fn list_as<T: DeserializeOwned + Send>(
        &self,
        filter: &MachineFilter,
    ) -> Result<List<T>, Error> {
        self.0.elements(LIST.at(&[]).fields(filter)).await
    }

    /// The machine of this system id.
    ///
    /// # Errors
    /// As [`MachineHandle::get`].
    pub async fn get(&self, system_id: &str) -> Result<Machine, Error> {
        self.0.machine(system_id).get().await
    }

    /// The machine of this name without domain, exact in case; one filtered call.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none that the user may see.
    pub async fn find(&self, hostname: &str) -> Result<Machine, Error> {
        let found = self
            .list(&MachineFilter::new().hostname(hostname))
            .await?
            .complete()?;
        found.into_iter().next().ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("no machine has the hostname `{hostname}`"),
            )
            .with_operation("machine.find")
            .with_hint("give the name without domain and in the right case")
        })
    }

    /// Allocates a Ready machine to the caller: the cheapest that satisfies everything.
    ///
    /// It is not repeated when its answer gets lost: set [`AllocateOptions::agent_name`] to find the machine then.
    ///
    /// # Errors
    /// [`NoMatchingMachine`](ErrorKind::NoMatchingMachine) if there is none,
    /// [`BadRequest`](ErrorKind::BadRequest) if a constraint names something that does not exist,
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) if the answer got lost.
    pub async fn allocate(&self, options: &AllocateOptions) -> Result<Machine, Error> {
        let result = self.0.json(ALLOCATE.at(&[]).fields(options)).await;
        result.map_err(|error: Error| match (error.kind(), &options.agent_name) {
            (ErrorKind::OutcomeUnknown, Some(name)) => error.with_hint(format!(
                "list the machines with agent_name `{name}`: one more than before means that it was allocated"
            )),
            (ErrorKind::OutcomeUnknown, None) => error.with_hint(
                "look for a machine that is Allocated to you; with `agent_name` set, you could list by it",
            ),
            _ => error,
        })
    }

    /// Releases several machines at once and returns the system ids of those that were released.
    ///
    /// # Errors
    /// [`BadRequest`](ErrorKind::BadRequest) if one is unknown, [`StateConflict`](ErrorKind::StateConflict) if one is in
    /// a state that forbids it; then none is released.
    pub async fn release_many<S: AsRef<str>>(
        &self,
        system_ids: &[S],
        options: &ReleaseOptions,
    ) -> Result<Vec<String>, Error> {
        let machines: Fields = system_ids
            .iter()
            .map(|id| ("machines", id.as_ref()))
            .collect();
        self.0
            .json(RELEASE_MANY.at(&[]).fields(&machines).fields(options))
            .await
    }
}

impl MachineHandle {
    /// The system id.
    pub fn system_id(&self) -> &str {
        &self.system_id
    }

    /// The machine as it is now.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none, [`Forbidden`](ErrorKind::Forbidden) if it is another user's.
    pub async fn get(&self) -> Result<Machine, Error> {
        self.client.json(GET.at(&[&self.system_id])).await
    }

    /// Changes the machine. Needs an administrator.
    ///
    /// # Errors
    /// [`BadRequest`](ErrorKind::BadRequest) names the refused fields.
    pub async fn update(&self, options: &MachineUpdate) -> Result<Machine, Error> {
        if let Some(parameters) = &options.power_parameters {
            self.learn_passwords(parameters);
        }
        self.client
            .json(UPDATE.at(&[&self.system_id]).fields(options))
            .await
    }

    /// Removes the machine from MAAS. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none, [`Forbidden`](ErrorKind::Forbidden) if it is locked.
    pub async fn delete(&self) -> Result<(), Error> {
        self.client.done(DELETE.at(&[&self.system_id])).await
    }

    /// Begins to deploy the machine. A Ready one is allocated to the caller first.
    ///
    /// The answer is the machine as Deploying; [`MachineHandle::wait_deployed`] waits for the end.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) in any other state, [`BadRequest`](ErrorKind::BadRequest) for an
    /// unknown release, [`Unavailable`](ErrorKind::Unavailable) if the power controller cannot be reached or the
    /// addresses are used up: the machine then stays as it was or Allocated.
    pub async fn deploy(&self, options: &DeployOptions) -> Result<Machine, Error> {
        if let Some(key) = &options.license_key {
            self.client.learn_secret(key);
        }
        self.client_for(options.user_data.as_ref())
            .json(DEPLOY.at(&[&self.system_id]).fields(options))
            .await
    }

    /// Gives the machine back. One that is Ready or Releasing already is no error.
    ///
    /// The answer is the machine as Releasing; [`MachineHandle::wait_released`] waits for the end.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if it is another user's or locked,
    /// [`StateConflict`](ErrorKind::StateConflict) in a state that forbids it.
    pub async fn release(&self, options: &ReleaseOptions) -> Result<Machine, Error> {
        self.client
            .json(RELEASE.at(&[&self.system_id]).fields(options))
            .await
    }

    /// Stops what is going on: commissioning, deploying, testing, erasing. The answer still shows the old state; a
    /// deployment that is stopped leaves the machine Allocated.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if nothing is going on.
    pub async fn abort(&self, comment: Option<&str>) -> Result<Machine, Error> {
        self.commented(ABORT, comment).await
    }

    /// Switches the machine on. An Allocated one is deployed by it.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if it is not allocated.
    pub async fn power_on(&self, options: &PowerOnOptions) -> Result<Machine, Error> {
        self.client_for(options.user_data.as_ref())
            .json(POWER_ON.at(&[&self.system_id]).fields(options))
            .await
    }

    /// Switches the machine off.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if it is locked, [`Unavailable`](ErrorKind::Unavailable) if the power
    /// controller cannot be reached.
    pub async fn power_off(&self, options: &PowerOffOptions) -> Result<Machine, Error> {
        self.client
            .json(POWER_OFF.at(&[&self.system_id]).fields(options))
            .await
    }

    /// Asks the power controller whether the machine is on.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the power controller cannot be reached.
    pub async fn query_power_state(&self) -> Result<PowerState, Error> {
        #[derive(Deserialize)]
        struct Answer {
            state: PowerState,
        }
        let answer: Answer = self
            .client
            .json(QUERY_POWER_STATE.at(&[&self.system_id]))
            .await?;
        Ok(answer.state)
    }

    /// How the machine is switched, passwords included. Needs an administrator.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) without the right.
    pub async fn power_parameters(&self) -> Result<PowerParameters, Error> {
        let parameters: PowerParameters = self
            .client
            .json(POWER_PARAMETERS.at(&[&self.system_id]))
            .await?;
        self.learn_passwords(&parameters);
        Ok(parameters)
    }

    /// Protects a Deployed or Deploying machine from being released, deleted or switched.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) in any other state, and if it is locked already.
    pub async fn lock(&self, comment: Option<&str>) -> Result<Machine, Error> {
        self.commented(LOCK, comment).await
    }

    /// Ends the protection.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if it is not locked.
    pub async fn unlock(&self, comment: Option<&str>) -> Result<Machine, Error> {
        self.commented(UNLOCK, comment).await
    }

    /// Marks the machine as broken and releases it. Only its owner may.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) to anybody else, administrators included.
    pub async fn mark_broken(&self, comment: Option<&str>) -> Result<Machine, Error> {
        self.commented(MARK_BROKEN, comment).await
    }

    /// Marks a broken machine as Ready. Needs an administrator.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if it is not broken.
    pub async fn mark_fixed(&self, comment: Option<&str>) -> Result<Machine, Error> {
        self.commented(MARK_FIXED, comment).await
    }

    /// Sets notes under the older name of [`MachineHandle::set_workload_annotations`].
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if the machine has no owner.
    pub async fn set_owner_data(&self, data: &BTreeMap<String, String>) -> Result<Machine, Error> {
        let data: Fields = data.iter().collect();
        self.client
            .json(SET_OWNER_DATA.at(&[&self.system_id]).fields(&data))
            .await
    }

    /// Sets notes on a machine that has an owner. Other notes stay; an empty value removes one. They last until the
    /// machine is Ready again.
    ///
    /// # Errors
    /// [`StateConflict`](ErrorKind::StateConflict) if the machine has no owner; [`ServerError`](ErrorKind::ServerError)
    /// for a key with characters other than letters, digits, `.`, `-`, `_`.
    pub async fn set_workload_annotations(
        &self,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Machine, Error> {
        let annotations: Fields = annotations.iter().collect();
        self.client
            .json(
                SET_WORKLOAD_ANNOTATIONS
                    .at(&[&self.system_id])
                    .fields(&annotations),
            )
            .await
    }

    /// A refusal may repeat what it refuses.
    fn client_for(&self, user_data: Option<&UserData>) -> Client {
        match user_data {
            Some(data) => self.client.knowing(&String::from_utf8_lossy(data.expose())),
            None => self.client.clone(),
        }
    }

    /// A refusal may repeat what it refuses.
    fn learn_passwords(&self, parameters: &PowerParameters) {
        for password in parameters.passwords() {
            self.client.learn_secret(password);
        }
    }

    async fn commented(
        &self,
        operation: &'static crate::Operation,
        comment: Option<&str>,
    ) -> Result<Machine, Error> {
        let comment: Fields = comment.iter().map(|&text| ("comment", text)).collect();
        self.client
            .json(operation.at(&[&self.system_id]).fields(&comment))
            .await
    }
}
