//! The simulated MAAS region: its state, its HTTP API and an interface for those who work on its machines in the same process.
//!
//! State is JSON as a real MAAS 3.7.3 sent it, changed by MAAS's rules; no model of a client has a part in it.

mod boot_resource;
mod call;
mod commissioning;
mod configuration;
mod domain;
mod event;
mod fabric;
mod hardware_filter;
mod lifecycle;
mod machine;
mod machine_create;
mod machine_filter;
mod machine_json;
mod machine_ops;
mod oauth;
mod reply;
mod resource_pool;
mod route;
mod space;
mod state;
mod status;
mod subnet;
mod tag;
mod user;
mod version;
mod vlan;
mod zone;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde::Serialize;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::lifecycle::Deployment;
use self::reply::Reply;
use self::state::State;
use crate::{Leftover, SimClock, TestbedError};

/// The API key of the administrator `admin`.
pub const ADMIN_KEY: &str =
    "adminConsumerKey00:adminTokenKey00000:adminTokenSecret0000000000000000";
/// The API key of `user1`, who is not an administrator.
pub const USER1_KEY: &str =
    "user1ConsumerKey00:user1TokenKey00000:user1TokenSecret0000000000000000";
/// The API key of `user2`, who is not an administrator.
pub const USER2_KEY: &str =
    "user2ConsumerKey00:user2TokenKey00000:user2TokenSecret0000000000000000";

/// How long the work of machines takes on the simulated clock. Each duration is the median; single runs spread around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Timings {
    /// Switching power on or off.
    pub power: Duration,
    /// Commissioning, without the tests after it.
    pub commissioning: Duration,
    /// Hardware tests.
    pub testing: Duration,
    /// Installing an operating system, from power on to `Deployed`.
    pub deploy: Duration,
    /// From `Releasing` to `Ready`.
    pub release: Duration,
    /// Erasing disks by the quick method.
    pub quick_erase: Duration,
    /// Erasing disks byte by byte.
    pub erase: Duration,
    /// Entering rescue mode.
    pub rescue: Duration,
    /// Leaving rescue mode.
    pub rescue_exit: Duration,
    /// The largest deviation from a median as a part of it, from 0 (always the median) to 1.
    pub spread: f64,
}

impl Timings {
    /// Those of the region that was recorded: its loop moved machines on after three to four seconds.
    #[must_use]
    pub fn recorded() -> Self {
        let step = Duration::from_millis(3500);
        Self {
            power: Duration::from_millis(1500),
            commissioning: Duration::from_millis(6500),
            testing: step,
            deploy: step,
            release: step,
            quick_erase: step,
            erase: step,
            rescue: step,
            rescue_exit: Duration::from_millis(300),
            spread: 0.0,
        }
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            power: Duration::from_secs(5),
            commissioning: Duration::from_secs(300),
            testing: Duration::from_secs(300),
            deploy: Duration::from_secs(900),
            release: Duration::from_secs(60),
            quick_erase: Duration::from_secs(120),
            erase: Duration::from_secs(3600),
            rescue: Duration::from_secs(180),
            rescue_exit: Duration::from_secs(60),
            spread: 0.1,
        }
    }
}

/// A machine in short, for those who work on it in process.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MachineSummary {
    /// MAAS's identifier, six characters.
    pub system_id: String,
    /// The name without the domain.
    pub hostname: String,
    /// The name with the domain.
    pub fqdn: String,
    /// The status as a label, such as `Failed deployment`.
    pub status: String,
    /// What MAAS last said about it.
    pub status_message: String,
    /// Why it failed, if it did.
    pub error_description: String,
    /// The user it belongs to.
    pub owner: Option<String>,
    /// The `agent_name` given when it was allocated; empty otherwise.
    pub agent_name: String,
    /// The workload annotations.
    pub annotations: BTreeMap<String, String>,
    /// The availability zone.
    pub zone: String,
    /// The resource pool.
    pub pool: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The architecture, such as `amd64/generic`.
    pub architecture: String,
    /// CPU cores.
    pub cpu_count: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// All disks together in MB (10⁶ bytes).
    pub storage_mb: f64,
    /// The boot disk in bytes; 0 without one.
    pub boot_disk_bytes: u64,
    /// `on`, `off`, `unknown` or `error`.
    pub power_state: String,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// The MAC address of the boot interface.
    pub mac_address: String,
    /// The operating system; empty unless one is or is being installed.
    pub osystem: String,
    /// The release of the operating system.
    pub distro_series: String,
    /// Whether it is locked.
    pub locked: bool,
}

/// A status transition of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineChange {
    /// Which machine.
    pub system_id: String,
    /// The label of the status it left.
    pub from: &'static str,
    /// The label of the status it has now.
    pub to: &'static str,
    /// Simulated time in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// A refusal of the region in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("MAAS answers {status}: {message}")]
#[non_exhaustive]
pub struct RegionError {
    /// The HTTP status the API would answer.
    pub status: u16,
    /// The text the API would answer.
    pub message: String,
}

impl From<Reply> for RegionError {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.0.status().as_u16(),
            message: String::from_utf8_lossy(reply.0.body()).into_owned(),
        }
    }
}

/// The region. Clones share it.
#[derive(Clone)]
pub struct Region {
    inner: Arc<Inner>,
}

struct Inner {
    clock: SimClock,
    seed: u64,
    healthy: bool,
    timings: Timings,
    state: Mutex<State>,
    changes: broadcast::Sender<MachineChange>,
    rescheduled: Arc<Notify>,
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region")
            .field("clock", &self.inner.clock)
            .finish_non_exhaustive()
    }
}

impl Region {
    pub(crate) fn new(
        clock: SimClock,
        seed: u64,
        timings: Timings,
        healthy: bool,
    ) -> Result<Self, TestbedError> {
        let (changes, rescheduled) = (broadcast::Sender::new(4096), Arc::new(Notify::new()));
        let state = State::from_inventory(
            clock.now_micros(),
            seed,
            timings.clone(),
            healthy,
            changes.clone(),
            Arc::clone(&rescheduled),
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                clock,
                seed,
                healthy,
                timings,
                state: Mutex::new(state),
                changes,
                rescheduled,
            }),
        })
    }

    /// Keeps the timers firing when nobody asks, so that subscribers hear of changes in time.
    pub(crate) fn run_timers(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (region, stop) = (self.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                let due = region.state().next_due();
                let timer = async {
                    match due {
                        Some(due) => region.inner.clock.sleep_until_micros(due).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = region.inner.rescheduled.notified() => {}
                    () = timer => {}
                }
            }
        });
    }

    pub(crate) fn reset(&self) {
        let inner = &self.inner;
        let fresh = State::from_inventory(
            inner.clock.now_micros(),
            inner.seed,
            inner.timings.clone(),
            inner.healthy,
            inner.changes.clone(),
            Arc::clone(&inner.rescheduled),
        );
        // The same text was read when the region was made.
        if let Ok(fresh) = fresh {
            *inner.state.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
            inner.rescheduled.notify_one();
        }
    }

    pub(crate) fn answer(&self, parts: &http::request::Parts, body: &Bytes) -> Response<Bytes> {
        *route::answer(&mut self.state(), parts, body).0
    }

    /// The state as of now: every timer that was due has fired.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self
            .inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that time never runs backwards between two callers.
        let now = self.inner.clock.now_micros();
        state.settle(now);
        state
    }

    fn on_machine<T>(
        &self,
        system_id: &str,
        act: impl FnOnce(&mut State, usize) -> Result<T, Reply>,
    ) -> Result<T, RegionError> {
        let mut state = self.state();
        let at = state
            .position(system_id)
            .ok_or_else(|| Reply::no_such("Machine"))?;
        Ok(act(&mut state, at)?)
    }

    /// All machines.
    #[must_use]
    pub fn machines(&self) -> Vec<MachineSummary> {
        self.state()
            .machines
            .iter()
            .map(state::Machine::summary)
            .collect()
    }

    /// One machine.
    #[must_use]
    pub fn machine(&self, system_id: &str) -> Option<MachineSummary> {
        let state = self.state();
        state
            .position(system_id)
            .map(|at| state.machines[at].summary())
    }

    /// The machine with this host name.
    #[must_use]
    pub fn machine_named(&self, hostname: &str) -> Option<MachineSummary> {
        self.state()
            .machines
            .iter()
            .find(|machine| machine.hostname() == hostname)
            .map(state::Machine::summary)
    }

    /// Status transitions from now on. A subscriber who falls 4,096 changes behind loses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<MachineChange> {
        self.inner.changes.subscribe()
    }

    /// Allocates a Ready machine to `owner` (a user of the region, such as `admin`), as `op=allocate` does.
    ///
    /// # Errors
    /// [`RegionError`] with MAAS's own status and text if the machine is not free.
    pub fn allocate(
        &self,
        system_id: &str,
        owner: &str,
        agent_name: &str,
    ) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            if state.machines[at].status() != status::Status::Ready {
                return Err(Reply::error(
                    409,
                    &format!("No machine with system ID {system_id} available."),
                ));
            }
            state.allocate(at, owner, agent_name, "");
            Ok(state.machines[at].summary())
        })
    }

    /// Sets workload annotations of an owned machine; an empty value removes one. They last until the machine is Ready again.
    ///
    /// # Errors
    /// [`RegionError`] if the machine belongs to nobody.
    pub fn annotate<'a>(
        &self,
        system_id: &str,
        annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            state.annotate(at, annotations)?;
            Ok(state.machines[at].summary())
        })
    }

    /// Begins to deploy a machine that its owner allocated. `distro_series` empty means the region's default.
    ///
    /// # Errors
    /// [`RegionError`] if the status forbids it, the series is unknown or no address is free.
    pub fn deploy(
        &self,
        system_id: &str,
        distro_series: &str,
    ) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            let owner = state.machines[at].owner().unwrap_or("admin").to_owned();
            let deployment = Deployment {
                series: distro_series.to_owned(),
                ..Deployment::default()
            };
            state.deploy(at, &owner, &deployment)?;
            Ok(state.machines[at].summary())
        })
    }

    /// Begins to release a machine; with `erase` its disks are erased quickly first.
    ///
    /// # Errors
    /// [`RegionError`] if the status forbids it.
    pub fn release(&self, system_id: &str, erase: bool) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            let owner = state.machines[at].owner().unwrap_or("admin").to_owned();
            let erasure = if erase {
                lifecycle::Erasure::Quick
            } else {
                lifecycle::Erasure::None
            };
            state.release(at, &owner, erasure, "")?;
            Ok(state.machines[at].summary())
        })
    }

    /// Switches a machine's power at once, as a hand on its button would.
    ///
    /// # Errors
    /// [`RegionError`] if there is no such machine.
    pub fn set_power(&self, system_id: &str, on: bool) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            state.machines[at].set("power_state", if on { "on" } else { "off" });
            Ok(state.machines[at].summary())
        })
    }

    /// Lets a running deployment fail now, with this reason.
    ///
    /// # Errors
    /// [`RegionError`] if the machine is not Deploying.
    pub fn fail_deployment(
        &self,
        system_id: &str,
        reason: &str,
    ) -> Result<MachineSummary, RegionError> {
        self.on_machine(system_id, |state, at| {
            state.fail_deployment(at, reason)?;
            Ok(state.machines[at].summary())
        })
    }

    /// Lets the next deployment of the machine with this host name fail, with this reason.
    pub fn fail_next_deploy(&self, hostname: &str, reason: &str) {
        let mut state = self.state();
        state
            .deploy_orders
            .entry(hostname.to_owned())
            .or_default()
            .fail = Some(reason.to_owned());
    }

    /// Lets all further deployments of the machine with this host name last this long.
    pub fn slow_deploy(&self, hostname: &str, lasts: Duration) {
        let mut state = self.state();
        state
            .deploy_orders
            .entry(hostname.to_owned())
            .or_default()
            .lasts = Some(lasts);
    }

    /// What was not there at the start: machines that are not back in their first status, objects that nobody deleted.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Leftover> {
        self.state().leftovers()
    }
}
