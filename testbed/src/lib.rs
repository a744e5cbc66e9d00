//! A simulated Canonical MAAS region and a simulated Spectro Cloud Palette on loopback, with a simulated clock and faults that can be ordered.
//!
//! The region is filled from the machine inventory that a real MAAS 3.7.3 sent, checks OAuth signatures, enforces MAAS's status transitions and lets machines
//! take their time on the simulated clock. Palette works on that region's machines. Both are served over real HTTP on one port, so that any client can be pointed at them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use testbed::{Fault, FaultKind, Testbed};
//!
//! let testbed = Testbed::builder().speed(1000.0).seed(7).start().await?;
//! println!("{} with {}", testbed.maas_url(), testbed.maas_api_key());
//! testbed.faults().order(Fault::new("GET", "/MAAS/api/2.0/zones/", FaultKind::Refuse).times(1));
//! testbed.clock().advance(std::time::Duration::from_secs(3600)).await;
//! assert!(testbed.leftovers().is_empty());
//! testbed.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The same is available from other processes: `cargo run -p testbed -- --help` starts the servers, and `/_testbed/` on the same port controls them in JSON
//! (clock, faults, history, reset, leftovers, inventory).

mod clock;
mod control;
mod fault;
mod history;
pub mod maas;
pub mod palette;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use clock::SimClock;
pub use fault::{Fault, FaultKind, Faults, OrderedFault};
pub use history::{History, SeenRequest};
pub use maas::Region;
use maas::Timings;
use palette::{Palette, PaletteContext};
use server::Shared;

/// Why a testbed could not be started or a setting was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestbedError {
    /// The speed of a clock must be a positive finite number.
    #[error(
        "the speed {0} is not a positive number: give simulated seconds per second, such as 1 or 500"
    )]
    InvalidSpeed(f64),
    /// The port could not be bound.
    #[error(
        "cannot listen on 127.0.0.1:{port}: {source}; choose another port, or 0 for any free one"
    )]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The embedded inventory could not be read.
    #[error("the embedded inventory cannot be read: {0}")]
    Inventory(#[from] serde_json::Error),
    /// The self-signed certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Tls(String),
}

/// Something that was not there at the start and is still there: a machine that is not free again, a pool that nobody deleted, a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leftover {
    /// `machine`, `zone`, `resource_pool`, `subnet`, `cluster`, `cloud_account`, …
    pub kind: String,
    /// The identifier in its server.
    pub id: String,
    /// The name a user knows it by.
    pub name: String,
    /// What about it is left over.
    pub detail: String,
}

impl Leftover {
    /// A leftover of this kind, with its identifier, its name and what about it is left over.
    #[must_use]
    pub fn new(kind: &str, id: &str, name: &str, detail: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

impl Shared {
    fn describe(&self) -> serde_json::Value {
        serde_json::json!({
            "maas_url": format!("{}/MAAS", self.origin),
            "maas_api_key": maas::ADMIN_KEY,
            "maas_user_api_key": maas::USER1_KEY,
            "palette_url": &*self.origin,
            "palette": self.palette.describe(),
        })
    }

    fn leftovers(&self) -> Vec<Leftover> {
        let mut leftovers = self.region.leftovers();
        leftovers.extend(self.palette.leftovers());
        leftovers
    }
}

/// Settings of a testbed; [`start`](Self::start) starts it.
#[derive(Clone, Debug)]
pub struct TestbedBuilder {
    speed: f64,
    start_time: Option<Timestamp>,
    seed: u64,
    paused: bool,
    port: u16,
    tls: bool,
    healthy: bool,
    timings: Timings,
}

impl TestbedBuilder {
    /// Simulated seconds per second; 1 if not set.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// The simulated instant at the start; wall time if not set.
    #[must_use]
    pub fn start_time(mut self, start: Timestamp) -> Self {
        self.start_time = Some(start);
        self
    }

    /// The seed of everything random: faults, generated ids and the spread of durations; 0 if not set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with the clock standing still.
    #[must_use]
    pub fn paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// The port on 127.0.0.1; any free one if 0 or not set.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Serves HTTPS with a certificate of its own authority, see [`Testbed::ca_pem`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Repairs the machines that fail in the recorded region (`node22`, `node23`, `node24`).
    #[must_use]
    pub fn healthy(mut self, healthy: bool) -> Self {
        self.healthy = healthy;
        self
    }

    /// How long the work of machines takes; see [`Timings`] for what holds if not set.
    #[must_use]
    pub fn timings(mut self, timings: Timings) -> Self {
        self.timings = timings;
        self
    }

    /// Starts the servers.
    ///
    /// # Errors
    /// [`TestbedError`] if the speed is not one, the port is taken or the certificate cannot be made.
    pub async fn start(self) -> Result<Testbed, TestbedError> {
        let start = self.start_time.unwrap_or_else(Timestamp::now);
        let clock = SimClock::new(start, self.speed)?;
        if self.paused {
            clock.pause();
        }
        let (acceptor, ca_pem) = match self.tls.then(server::certificate).transpose()? {
            Some((acceptor, ca_pem)) => (Some(acceptor), Some(ca_pem)),
            None => (None, None),
        };
        let listen_error = |source| TestbedError::Listen {
            port: self.port,
            source,
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
            .await
            .map_err(listen_error)?;
        let port = listener.local_addr().map_err(listen_error)?.port();
        let scheme = if self.tls { "https" } else { "http" };
        let origin: Arc<str> = format!("{scheme}://127.0.0.1:{port}").into();

        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let region = Region::new(clock.clone(), self.seed, self.timings, self.healthy)?;
        region.run_timers(&tasks, &stop);
        let palette = Palette::new(PaletteContext {
            region: region.clone(),
            clock: clock.clone(),
            seed: self.seed,
            origin: Arc::clone(&origin),
            tasks: tasks.clone(),
            stop: stop.clone(),
        });
        let shared = Shared {
            clock,
            start,
            seed: self.seed,
            faults: Faults::new(self.seed),
            history: History::default(),
            region,
            palette,
            origin,
        };
        tasks.spawn(server::serve(
            listener,
            acceptor,
            shared.clone(),
            tasks.clone(),
            stop.clone(),
        ));
        Ok(Testbed {
            shared,
            ca_pem,
            tasks,
            stop,
        })
    }
}

/// Running servers. Dropping it stops them.
pub struct Testbed {
    shared: Shared,
    ca_pem: Option<String>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl std::fmt::Debug for Testbed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Testbed")
            .field("origin", &self.shared.origin)
            .finish_non_exhaustive()
    }
}

impl Testbed {
    /// Settings for a new testbed: speed 1, simulated time equal to wall time, any free port.
    #[must_use]
    pub fn builder() -> TestbedBuilder {
        TestbedBuilder {
            speed: 1.0,
            start_time: None,
            seed: 0,
            paused: false,
            port: 0,
            tls: false,
            healthy: false,
            timings: Timings::default(),
        }
    }

    /// The base URL of the MAAS region, `http://127.0.0.1:PORT/MAAS`.
    #[must_use]
    pub fn maas_url(&self) -> String {
        format!("{}/MAAS", self.shared.origin)
    }

    /// The API key of the region's administrator `admin`.
    #[must_use]
    pub fn maas_api_key(&self) -> &'static str {
        maas::ADMIN_KEY
    }

    /// The API key of `user1`, who is not an administrator.
    #[must_use]
    pub fn maas_user_api_key(&self) -> &'static str {
        maas::USER1_KEY
    }

    /// The base URL of Palette, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn palette_url(&self) -> String {
        self.shared.origin.to_string()
    }

    /// The certificate of the testbed's own authority in PEM, if it serves HTTPS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Addresses and keys of both servers, as `GET /_testbed/` gives them.
    #[must_use]
    pub fn describe(&self) -> serde_json::Value {
        self.shared.describe()
    }

    /// The simulated clock.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.shared.clock.clone()
    }

    /// The faults: order, list, cancel.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The requests seen so far.
    #[must_use]
    pub fn history(&self) -> History {
        self.shared.history.clone()
    }

    /// The MAAS region, for tests that change what real hardware would change.
    #[must_use]
    pub fn region(&self) -> Region {
        self.shared.region.clone()
    }

    /// The simulated Palette.
    #[must_use]
    pub fn palette(&self) -> Palette {
        self.shared.palette.clone()
    }

    /// What is not as it was at the start; empty when everything was given back.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Leftover> {
        self.shared.leftovers()
    }

    /// Puts everything back as it was at the start: clock, region, Palette, faults, history.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops the servers and waits until every connection is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
