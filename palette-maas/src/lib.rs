//! SDK for Kubernetes on bare metal: Canonical MAAS owns the machines, Spectro Cloud Palette owns the clusters.
//!
//! This crate re-exports the parts under one name, by feature:
//!
//! | module | feature | crate | what it is |
//! |---|---|---|---|
//! | `maas` | `maas` | `maas-client` | typed client for the MAAS API 2.0 |
//! | `palette` | `palette` | `palette-client` | typed client for the Palette API |
//! | `lifecycle` | `lifecycle` | `lifecycle-core` | the pure engine: validate, admit, decide, preview, plan the network |
//! | `driver` | `driver` | `lifecycle-driver` | carries plans out and watches them |
//! | `testbed` | `testbed` | `testbed` | simulated MAAS and Palette servers on loopback |
//!
//! All but `testbed` are on by default. [`Error`] and its codes are those of every client and of the driver.

#[cfg(feature = "lifecycle")]
pub use lifecycle_core as lifecycle;
#[cfg(feature = "driver")]
pub use lifecycle_driver as driver;
#[cfg(feature = "maas")]
pub use maas_client as maas;
#[cfg(feature = "palette")]
pub use palette_client as palette;
pub use sdk_transport::{
    Clock, Error, ErrorKind, List, Patch, RetryPolicy, Secret, TlsOptions, WaitOptions,
    WaitProgress,
};
#[cfg(feature = "testbed")]
pub use testbed;

/// The simulated clock of a testbed as the clock of a client, so that its waiters wait in simulated time.
#[cfg(feature = "testbed")]
pub fn simulated_clock(testbed: &testbed::Testbed) -> Clock {
    let now = testbed.clock();
    let sleep = testbed.clock();
    Clock::new(
        move || now.now(),
        move |duration| {
            let clock = sleep.clone();
            async move { clock.sleep(duration).await }
        },
    )
}
