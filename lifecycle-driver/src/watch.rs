//! Looking at a cluster again and again, until it is where it should be.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use lifecycle_core::{MachineStatus, Millis};
use maas_client::{MachineFilter, NodeStatus};
use palette_client::{ClusterState, EventFilter, MachineState, NodePoolHandle};
use sdk_transport::{Error, ErrorKind};
use serde::Deserialize;

use crate::clusters::{is_gone, look_at};
use crate::facts::maas::status;
use crate::look::{Look, MachineSeen, NodeSeen};
use crate::operation::Reporter;
use crate::{Driver, EventKind, Holder, Resource};

/// Host names in one request to MAAS: the request line has a limit of 8 KiB.
const HOSTNAMES: usize = 100;

/// That much of a MAAS machine which watching needs; the whole one is 30 kB.
#[derive(Deserialize)]
struct MachineBrief {
    system_id: String,
    #[serde(default)]
    hostname: String,
    status: NodeStatus,
    #[serde(default)]
    status_name: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    workload_annotations: Option<BTreeMap<String, String>>,
}

/// Of a machine that a cluster holds or held: whose it was, and whether it was on its way back.
#[derive(Default)]
struct Held {
    holder: Holder,
    status: MachineStatus,
    returning: bool,
}

impl Held {
    /// Takes in what MAAS says now; whether it has the machine back. `lost`: it is somebody else's.
    fn is_back(&mut self, lost: bool, status: MachineStatus) -> bool {
        // What is being deployed was let go of in between if it was deployed before.
        let taken_anew = self.status == MachineStatus::Deployed
            && matches!(status, MachineStatus::Allocated | MachineStatus::Deploying);
        self.status = status;
        self.returning |= taken_anew
            || lost
            || is_free(status)
            || matches!(
                status,
                MachineStatus::Releasing | MachineStatus::DiskErasing
            );
        // One on its way back that somebody uses is used by somebody else.
        let in_use = matches!(
            status,
            MachineStatus::Allocated | MachineStatus::Deploying | MachineStatus::Deployed
        );
        is_free(status) || lost || (self.returning && in_use)
    }
}

/// A cluster under watch: remembers what was seen, so that each look tells only what is new.
pub(crate) struct Watch<'a> {
    driver: &'a Driver,
    uid: String,
    name: String,
    config_uid: Option<String>,
    pools: Vec<String>,
    /// Pool by host name, of every node that was seen: a machine is followed until MAAS has it back.
    followed: BTreeMap<String, String>,
    /// By MAAS's id.
    held: BTreeMap<String, Held>,
    /// Names of the workload annotations that were seen to name this cluster.
    marks: BTreeSet<String>,
    /// Machines whose annotations name another one.
    foreign: BTreeSet<String>,
    events_seen: BTreeSet<String>,
    pub(crate) last: Look,
    percent: u8,
    looks: u32,
    started_ms: Option<Millis>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(driver: &'a Driver, name: &str, uid: &str, pools: Vec<String>) -> Self {
        Self {
            driver,
            uid: uid.to_owned(),
            name: name.to_owned(),
            config_uid: None,
            pools,
            followed: BTreeMap::new(),
            held: BTreeMap::new(),
            marks: BTreeSet::new(),
            foreign: BTreeSet::new(),
            events_seen: BTreeSet::new(),
            last: Look::default(),
            percent: 0,
            looks: 0,
            started_ms: None,
        }
    }

    /// Looks once; what is new is told.
    async fn look(&mut self, report: Option<&Reporter>) -> Result<Look, Error> {
        let at_ms = self.driver.now_ms();
        let mut look = match self.driver.palette.cluster(&self.uid).get().await {
            Ok(cluster) => {
                if let Some(uid) = cluster.cloud_config_uid().filter(|uid| !uid.is_empty()) {
                    self.config_uid = Some(uid.to_owned());
                }
                look_at(&cluster, at_ms)
            }
            Err(error) if is_gone(&error) => Look {
                at_ms,
                state: Some(ClusterState::Deleted.as_str().to_owned()),
                ..Look::default()
            },
            Err(error) => return Err(error),
        };
        let deleted = look.is("Deleted");
        let (health, nodes, events) = tokio::try_join!(
            self.health(look.is("Running")),
            self.nodes(deleted),
            self.events(deleted),
        )?;
        look.health = health;
        look.nodes = nodes;
        for node in &look.nodes {
            self.followed.insert(node.name.clone(), node.pool.clone());
        }
        look.machines = self.machines(at_ms).await?;
        let going = deleted || look.is("Deleting");
        for machine in look.machines.iter_mut().filter(|_| !going) {
            // A cluster that lives may take a machine again that it had given back.
            if machine.back
                && look.nodes.iter().any(|node| node.name == machine.hostname)
                && !is_free(machine.status)
                && !self.foreign.contains(&machine.system_id)
            {
                machine.back = false;
                if let Some(held) = self.held.get_mut(&machine.system_id) {
                    held.returning = false;
                    held.holder.owner = None;
                }
            }
        }
        if let Some(report) = report {
            self.tell(report, &look, events);
        }
        self.last = look.clone();
        Ok(look)
    }

    fn tell(&mut self, report: &Reporter, look: &Look, events: Vec<palette_client::Event>) {
        for event in events.into_iter().rev() {
            if self.events_seen.insert(event.metadata.uid.clone()) {
                report.tell(EventKind::PaletteEvent {
                    severity: event.severity,
                    reason: event.reason,
                    message: event.message,
                });
            }
        }
        for change in look.changes(&self.last) {
            report.tell(change);
        }
        for machine in &look.machines {
            let resource = self.resource(machine);
            report.ledger(|created| {
                if machine.back {
                    created.remove(&resource);
                } else {
                    created.put(resource);
                }
            });
        }
    }

    /// A machine that was seen, as what an operation has to answer for.
    pub(crate) fn resource(&self, machine: &MachineSeen) -> Resource {
        let holder = self
            .held
            .get(&machine.system_id)
            .map(|held| held.holder.clone());
        Resource::machine(&machine.hostname, Some(machine.system_id.clone()))
            .held_by(holder.unwrap_or_default())
    }

    async fn health(&self, running: bool) -> Result<Option<String>, Error> {
        // Health is told by the overview alone, and while a cluster is provisioned there is none.
        if !running {
            return Ok(None);
        }
        let overview = self.driver.palette.cluster(&self.uid).overview().await?;
        Ok(overview
            .status
            .health
            .map(|health| health.state)
            .filter(|state| !state.is_empty()))
    }

    async fn nodes(&self, deleted: bool) -> Result<Vec<NodeSeen>, Error> {
        let Some(config_uid) = self.config_uid.as_deref().filter(|_| !deleted) else {
            return Ok(Vec::new());
        };
        let config = self.driver.palette.cloud_config(config_uid);
        let mut lists = Vec::with_capacity(self.pools.len());
        for pool in &self.pools {
            lists.push(nodes_of(config.node_pool(pool), pool.clone()));
        }
        let lists = try_join_all(lists).await?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// Palette's events that were not seen yet, the newest first.
    async fn events(&self, deleted: bool) -> Result<Vec<palette_client::Event>, Error> {
        if deleted {
            return Ok(Vec::new());
        }
        let mut fresh = Vec::new();
        let mut events = self
            .driver
            .palette
            .cluster(&self.uid)
            .events(&EventFilter::newest_first());
        while let Some(event) = events.next().await {
            match event {
                Ok(event) if self.events_seen.contains(&event.metadata.uid) => break,
                Ok(event) => fresh.push(event),
                // One event that cannot be read, or a record that is gone by now, is no reason to stop watching.
                Err(error) if error.kind() == ErrorKind::Decode => {}
                Err(error) if is_gone(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(fresh)
    }

    async fn machines(&mut self, at_ms: Millis) -> Result<Vec<MachineSeen>, Error> {
        let names: Vec<&str> = self
            .followed
            .keys()
            .map(String::as_str)
            .filter(|name| !name.is_empty())
            .collect();
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(HOSTNAMES) {
            let filter = MachineFilter::new().hostname(
                names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>(),
            );
            let machines = self
                .driver
                .maas
                .machines()
                .list_as::<MachineBrief>(&filter)
                .await?
                .complete()?;
            found.extend(machines);
        }
        let ids = [self.uid.as_str(), self.name.as_str()];
        for machine in &found {
            let marks = machine.workload_annotations.iter().flatten();
            self.marks.extend(
                marks
                    .filter(|(_, value)| ids.contains(&value.as_str()))
                    .map(|(name, _)| name.clone()),
            );
        }
        self.foreign.clear();
        let mut machines = Vec::with_capacity(found.len());
        for machine in found {
            let status = status(machine.status);
            let annotations = machine.workload_annotations.unwrap_or_default();
            let owner = machine.owner.as_deref();
            let foreign = self.marks.iter().any(|mark| {
                annotations
                    .get(mark)
                    .is_some_and(|value| !ids.contains(&value.as_str()))
            });
            if foreign {
                self.foreign.insert(machine.system_id.clone());
            }
            let held = self.held.entry(machine.system_id.clone()).or_default();
            let lost = foreign || held.holder.has_lost_it_to(owner, &annotations);
            if !lost {
                held.holder.learn(Holder::of(owner, &annotations, &ids));
            }
            let back = held.is_back(lost, status);
            let before = self
                .last
                .machines
                .iter()
                .find(|seen| seen.system_id == machine.system_id);
            let since_ms = match before {
                Some(seen) if seen.label == machine.status_name => seen.since_ms,
                _ => at_ms,
            };
            machines.push(MachineSeen {
                pool: self
                    .followed
                    .get(&machine.hostname)
                    .cloned()
                    .unwrap_or_default(),
                status,
                back,
                label: machine.status_name,
                system_id: machine.system_id,
                hostname: machine.hostname,
                since_ms,
            });
        }
        Ok(machines)
    }

    /// The next look: at once the first time, then after the pause. One that fails for a passing reason is told and repeated.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) with the last state seen, and any error that does not pass.
    pub(crate) async fn next(&mut self, report: &Reporter) -> Result<Look, Error> {
        let options = &self.driver.watch;
        let (timeout, pause) = (options.timeout_ms, options.pause());
        let start = *self.started_ms.get_or_insert_with(|| self.driver.now_ms());
        loop {
            if self.looks > 0 {
                let passed = u64::try_from(self.driver.now_ms().saturating_sub(start)).unwrap_or(0);
                if passed >= timeout {
                    let minutes = timeout / 60_000;
                    let message = format!(
                        "cluster {}: not there after {minutes} minutes; the last state seen is {}",
                        self.name,
                        self.last.describe()
                    );
                    return Err(Error::new(ErrorKind::Timeout, message).with_hint(
                        "Palette goes on by itself: watch it there, or allow more time",
                    ));
                }
                self.driver.clock.sleep(pause).await;
            }
            self.looks += 1;
            match self.look(Some(report)).await {
                Ok(look) => return Ok(look),
                Err(error) if may_pass(&error) => report.tell(EventKind::LookFailed {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells how far the operation is; the percentage never goes back.
    pub(crate) fn progress(&mut self, report: &Reporter, (percent, done, total): (u8, u32, u32)) {
        self.percent = self.percent.max(percent);
        let percent = self.percent;
        report.tell(EventKind::Progress {
            percent,
            done,
            total,
        });
    }

    /// The error of an operation that cannot succeed any more.
    pub(crate) fn failed(&self, reason: &str) -> Error {
        let message = format!(
            "cluster {}: the state is {}: {reason}",
            self.name,
            self.last.describe()
        );
        Error::new(ErrorKind::FailedState, message)
    }

    /// The look before anything is done: what there is by now is not told as news later.
    pub(crate) async fn before(&mut self) -> Result<Look, Error> {
        let events = self.events(false).await?;
        self.events_seen
            .extend(events.into_iter().map(|event| event.metadata.uid));
        self.look(None).await
    }
}

/// Whether MAAS can give the machine to somebody else.
pub(crate) fn is_free(status: MachineStatus) -> bool {
    matches!(status, MachineStatus::Ready | MachineStatus::New)
}

/// Whether looking again may work: a look does no harm, so more is repeated than a client would.
fn may_pass(error: &Error) -> bool {
    error.is_retryable()
        || matches!(
            error.kind(),
            ErrorKind::Unavailable
                | ErrorKind::ServerError
                | ErrorKind::Timeout
                | ErrorKind::Transport
        )
}

async fn nodes_of(pool: NodePoolHandle, name: String) -> Result<Vec<NodeSeen>, Error> {
    match pool
        .machines(&palette_client::MachineFilter::default())
        .collect_all()
        .await
    {
        Ok(machines) => Ok(machines
            .complete()?
            .iter()
            .map(|machine| node_seen(&name, machine))
            .collect()),
        // A pool can vanish between two calls.
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn node_seen(pool: &str, machine: &palette_client::Machine) -> NodeSeen {
    let host = if machine.spec.hostname.is_empty() {
        &machine.metadata.name
    } else {
        &machine.spec.hostname
    };
    let maintenance = machine.status.maintenance_status.as_ref();
    NodeSeen {
        name: host.split('.').next().unwrap_or_default().to_owned(),
        uid: machine.metadata.uid.clone(),
        pool: pool.to_owned(),
        zone: Some(machine.spec.az.clone()).filter(|zone| !zone.is_empty()),
        state: machine
            .status
            .instance_state
            .as_ref()
            .map_or("Unknown", MachineState::as_str)
            .to_owned(),
        ready: machine.status.ready,
        cordoned: maintenance.is_some_and(|m| m.action == "cordon" && m.state != "Failed"),
        created_ms: machine
            .metadata
            .creation_timestamp
            .map(jiff::Timestamp::as_millisecond),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MachineStatus::{Allocated, Deployed, Deploying, FailedReleasing, Ready, Releasing};

    #[test]
    fn a_machine_that_somebody_else_took_is_back_and_a_stuck_one_is_not() {
        for (story, back) in [
            (&[("a", Deployed), ("a", Releasing), ("", Ready)][..], true),
            (&[("a", Deployed), ("a", Releasing)], false),
            (
                &[("a", Deployed), ("a", Releasing), ("a", FailedReleasing)],
                false,
            ),
            (&[("a", Deployed), ("a", Releasing), ("a", Allocated)], true),
            (&[("a", Deployed), ("a", Deploying)], true),
            (&[("a", Deployed), ("b", Deployed)], true),
            (
                &[("a", Allocated), ("a", Deploying), ("a", Deployed)],
                false,
            ),
        ] {
            let (mut held, mut last) = (Held::default(), false);
            let none = BTreeMap::new();
            for (owner, status) in story {
                let lost = held.holder.has_lost_it_to(Some(owner), &none);
                held.holder.learn(Holder::of(Some(owner), &none, &[]));
                last = held.is_back(lost, *status);
            }
            assert_eq!(last, back, "{story:?}");
        }
    }
}
