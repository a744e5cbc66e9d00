//! Deleting a cluster, and making sure that nothing is left over.

use std::collections::BTreeSet;

use lifecycle_core::{Code, MachineStatus, Millis, Request, Role, admit};
use sdk_transport::{Error, ErrorKind};
use serde::Serialize;

use crate::clusters::{self, Present};
use crate::create::CREATED_FOR;
use crate::facts::palette::accounts;
use crate::look::{Look, MachineSeen, count};
use crate::operation::{Operation, Reporter};
use crate::problem::refused;
use crate::watch::{Watch, is_free};
use crate::world::Parts;
use crate::{Created, Driver, EventKind, Resource, ResourceKind};

/// How long machines may take to come back to MAAS once Palette calls the cluster deleted.
const MACHINES_BACK_MS: Millis = 30 * 60_000;

/// A cluster that is gone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeletedCluster {
    /// Its name.
    pub name: String,
    /// The uid that it had in Palette.
    pub uid: String,
    /// How long it took until everything was given back, seconds on the driver's clock.
    pub duration_s: u32,
    /// The machines that it had, as MAAS shows them now.
    pub machines: Vec<MachineSeen>,
    /// What is left over and has to be removed by hand; empty when all is well.
    pub leftovers: Vec<Leftover>,
}

/// Something that should be gone and is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What.
    pub resource: Resource,
    /// Why it counts as left over.
    pub detail: String,
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}; {}",
            self.resource,
            self.detail,
            self.resource.how_to_remove()
        )
    }
}

/// Which of the three ways.
#[derive(Clone, Debug)]
enum Way {
    Delete,
    Abort,
    Force { role: Role, reason: String },
}

impl Driver {
    /// Deletes a cluster that is provisioned, waits until Palette calls it deleted and MAAS has every machine back, and removes the cloud
    /// account if the driver had created it for this cluster. Then it looks whether anything is left over.
    ///
    /// # Errors
    /// [`Refused`](ErrorKind::Refused): `E_NOT_FOUND`, `E_DELETE_NOT_PROVISIONED`; [`FailedState`](ErrorKind::FailedState) and
    /// [`Timeout`](ErrorKind::Timeout) of the watch; those of the two clients.
    pub fn delete(&self, name: &str) -> Operation<DeletedCluster> {
        self.remove(name, Way::Delete)
    }

    /// Stops a cluster that is still being provisioned and gives everything back. As [`Driver::delete`] otherwise.
    ///
    /// # Errors
    /// [`Refused`](ErrorKind::Refused): `E_NOT_FOUND`, `E_ABORT_ALREADY_PROVISIONED`; and as [`Driver::delete`].
    pub fn abort(&self, name: &str) -> Operation<DeletedCluster> {
        self.remove(name, Way::Abort)
    }

    /// Declares a cluster deleted that has been Deleting for at least 15 minutes. Machines stay behind and are named as left over.
    ///
    /// # Errors
    /// [`Refused`](ErrorKind::Refused) before anything is sent: `E_FORBIDDEN_ROLE`, `E_FORCE_NOT_DELETING`, `E_FORCE_TOO_EARLY` with the
    /// remaining time, `E_DELETED`; and as [`Driver::delete`].
    pub fn force_delete(&self, name: &str, role: Role, reason: &str) -> Operation<DeletedCluster> {
        self.remove(
            name,
            Way::Force {
                role,
                reason: reason.to_owned(),
            },
        )
    }

    /// Reads back which of these things exist, and under which uid; with them the machines that an existing cluster holds.
    ///
    /// For after an operation that was stopped or failed.
    ///
    /// # Errors
    /// Those of the two clients.
    pub async fn read_back(&self, created: &Created) -> Result<Created, Error> {
        let mut exists = Created::default();
        let mut back = BTreeSet::new();
        for resource in created.resources() {
            let Some(uid) = self.find(resource).await? else {
                continue;
            };
            let found = Resource {
                uid: Some(uid.clone()),
                ..resource.clone()
            };
            match resource.kind {
                ResourceKind::Cluster => {
                    let pools = match self.present(&uid).await {
                        Ok(present) => present.pool_names(),
                        Err(error) if error.kind() == ErrorKind::StateConflict => Vec::new(),
                        Err(error) => return Err(error),
                    };
                    let mut watch = Watch::new(self, &resource.name, &uid, pools);
                    for machine in watch.before().await?.machines {
                        if machine.back {
                            back.insert(machine.system_id);
                        } else {
                            exists.put(watch.resource(&machine));
                        }
                    }
                }
                ResourceKind::Machine
                    if back.contains(&uid) || self.is_given_back(resource, &uid).await? =>
                {
                    continue;
                }
                ResourceKind::CloudAccount | ResourceKind::Machine => {}
            }
            exists.put(found);
        }
        Ok(exists)
    }

    /// Whether the machine is in MAAS's hands again, on its way there, or somebody else's by now.
    async fn is_given_back(&self, resource: &Resource, system_id: &str) -> Result<bool, Error> {
        let machine = self.maas.machine(system_id).get().await?;
        let status = crate::facts::maas::status(machine.status);
        let lost = resource.holder.as_ref().is_some_and(|holder| {
            holder.has_lost_it_to(machine.owner.as_deref(), &machine.workload_annotations)
        });
        Ok(lost
            || is_free(status)
            || matches!(
                status,
                MachineStatus::Releasing | MachineStatus::DiskErasing
            ))
    }

    fn remove(&self, name: &str, way: Way) -> Operation<DeletedCluster> {
        let (driver, name) = (self.clone(), name.to_owned());
        Operation::start(self.clock.clone(), |report| async move {
            driver.remove_reporting(&name, way, &report).await
        })
    }

    async fn remove_reporting(
        &self,
        name: &str,
        way: Way,
        report: &Reporter,
    ) -> Result<DeletedCluster, Error> {
        let started = self.now_ms();
        report.step(format!("looking at {name}"));
        let found = self.cluster_named(name).await?;
        let present = match self.present(&found.uid).await {
            Ok(present) => Some(present),
            Err(error) if error.kind() == ErrorKind::StateConflict => None,
            Err(error) => return Err(error),
        };
        let pools = present
            .as_ref()
            .map(Present::pool_names)
            .unwrap_or_default();
        let mut watch = Watch::new(self, name, &found.uid, pools);
        let before = watch.before().await?;
        self.may_remove(name, &way, present.as_ref(), &before)?;
        // Whatever becomes of the call, these are what it is about.
        report.ledger(|created| created.put(Resource::cluster(name, Some(found.uid.clone()))));
        for machine in before.machines.iter().filter(|machine| !machine.back) {
            report.ledger(|created| created.put(watch.resource(machine)));
        }
        let cluster = self.palette.cluster(&found.uid);
        match &way {
            Way::Delete => report.step(format!("deleting {name}")),
            Way::Abort => report.step(format!("aborting {name}")),
            Way::Force { reason, .. } => report.step(format!("force-deleting {name}: {reason}")),
        }
        let sent = match way {
            Way::Force { .. } => cluster.force_delete().await,
            Way::Delete | Way::Abort => cluster.delete().await,
        };
        match sent {
            Ok(()) => {}
            Err(error) if clusters::is_gone(&error) => {}
            Err(error) => return Err(error),
        }
        let look = self
            .watch_removal(&mut watch, matches!(way, Way::Force { .. }), report)
            .await?;
        report.removed(&Resource::cluster(name, Some(found.uid.clone())));
        let leftovers = self
            .tidy(name, present.as_ref(), &watch, &look, report)
            .await?;
        Ok(DeletedCluster {
            name: name.to_owned(),
            uid: found.uid,
            duration_s: u32::try_from(self.now_ms().saturating_sub(started) / 1000).unwrap_or(0),
            machines: look.machines,
            leftovers,
        })
    }

    /// The rules, judged here: a refused request is never sent.
    fn may_remove(
        &self,
        name: &str,
        way: &Way,
        present: Option<&Present>,
        look: &Look,
    ) -> Result<(), Error> {
        let spec = match present {
            Some(present) => present.spec(),
            None => lifecycle_core::ClusterSpec::new(name).managed_by_palette(),
        };
        let world = self.world(Parts {
            spec: Some(&spec),
            look: Some(look),
            machines: Vec::new(),
            subnets: Vec::new(),
            gateways: &[],
        });
        let id = name.to_owned();
        let request = match way {
            Way::Delete => Request::Delete {
                id,
                actor_role: Role::Other,
            },
            Way::Abort => Request::Abort {
                id,
                actor_role: Role::Other,
            },
            Way::Force { role, reason } => Request::ForceDelete {
                id,
                actor_role: *role,
                reason: reason.clone(),
            },
        };
        if matches!(way, Way::Force { .. }) && look.is("Deleted") {
            let code = Code::Deleted.as_str();
            return Err(Error::refused(
                code,
                format!("{name} is deleted: there is nothing to force"),
            ));
        }
        admit(&request, &world).map_err(refused).map(drop)
    }

    /// Until Palette calls the cluster deleted and, unless it was forced, MAAS has the machines back.
    async fn watch_removal(
        &self,
        watch: &mut Watch<'_>,
        forced: bool,
        report: &Reporter,
    ) -> Result<Look, Error> {
        let mut deleted_ms = None;
        loop {
            let look = watch.next(report).await?;
            let total = count(look.machines.iter());
            let back = count(look.machines.iter().filter(|machine| machine.back));
            let deleted = look.is("Deleted");
            let percent = if deleted && back == total {
                100
            } else {
                back * 95 / total.max(1)
            };
            watch.progress(report, (u8::try_from(percent).unwrap_or(100), back, total));
            if deleted {
                let since = *deleted_ms.get_or_insert(look.at_ms);
                let waited = look.at_ms.saturating_sub(since) >= MACHINES_BACK_MS;
                if back == total || forced || waited {
                    return Ok(look);
                }
            }
        }
    }

    /// Removes the account that was made for this cluster, and looks what is left over.
    async fn tidy(
        &self,
        name: &str,
        present: Option<&Present>,
        watch: &Watch<'_>,
        look: &Look,
        report: &Reporter,
    ) -> Result<Vec<Leftover>, Error> {
        let mut leftovers = Vec::new();
        let account_uid = present.and_then(|present| present.account_uid.as_deref());
        let ours = accounts(&self.palette).await?.into_iter().find(|account| {
            Some(account.metadata.uid.as_str()) == account_uid
                && account
                    .metadata
                    .labels
                    .get(CREATED_FOR)
                    .is_some_and(|cluster| cluster == name)
        });
        if let Some(account) = ours {
            let resource =
                Resource::cloud_account(&account.metadata.name, Some(account.metadata.uid.clone()));
            report.ledger(|created| created.put(resource.clone()));
            report.step(format!(
                "deleting the cloud account {}",
                account.metadata.name
            ));
            match self
                .palette
                .cloud_account(&account.metadata.uid)
                .delete()
                .await
            {
                Ok(()) => report.removed(&resource),
                Err(error) => {
                    report.tell(EventKind::LookFailed {
                        code: error.code().to_owned(),
                        message: error.to_string(),
                    });
                    leftovers.push(Leftover {
                        resource,
                        detail: error.message().to_owned(),
                    });
                }
            }
        }
        report.step("looking for anything that is left over");
        if let Some(found) = clusters::find(&self.palette, name)
            .await?
            .filter(|found| found.state != "Deleted")
        {
            leftovers.push(Leftover {
                resource: Resource::cluster(name, Some(found.uid)),
                detail: format!("it is still there, in state {}", found.state),
            });
        }
        for machine in look.machines.iter().filter(|machine| !machine.back) {
            leftovers.push(Leftover {
                resource: watch.resource(machine),
                detail: format!("MAAS calls it {}", machine.label),
            });
        }
        Ok(leftovers)
    }
}
