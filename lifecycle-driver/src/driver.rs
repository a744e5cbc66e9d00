//! The driver and its settings.

use std::time::Duration;

use lifecycle_core::{Millis, Policy};
use palette_client::{CloudAccount, MaasCredentials};
use sdk_transport::{Clock, Error, Secret};
use serde::{Deserialize, Serialize};

/// Carries clusters out through Palette, on machines of one MAAS region.
///
/// Cheap to clone. It prints nothing and keeps nothing between calls: what it knows it reads from the two servers.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(crate) maas: maas_client::Client,
    pub(crate) palette: palette_client::Client,
    pub(crate) clock: Clock,
    pub(crate) account: Option<(String, Secret)>,
    pub(crate) policy: Policy,
    pub(crate) watch: WatchOptions,
}

/// How long and how often a running operation is looked at.
///
/// In JSON the times are integers of milliseconds: `{"interval_ms": 30000}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WatchOptions {
    /// The longest an operation may take, on the driver's clock. Default 24 hours.
    pub timeout_ms: u64,
    /// The time between two looks, on the driver's clock. Default 20 s, which stays far below Palette's rate limits.
    pub interval_ms: u64,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            timeout_ms: 24 * 3_600_000,
            interval_ms: 20_000,
        }
    }
}

impl WatchOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the longest an operation may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Sets the time between two looks.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval_ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        self
    }

    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(self.interval_ms.max(1))
    }
}

impl Driver {
    /// A driver over a client of MAAS and a client of Palette whose scope is the project to work in.
    ///
    /// `clock` is the servers' time: [`Clock::system`], or that of a simulation.
    #[must_use]
    pub fn new(maas: maas_client::Client, palette: palette_client::Client, clock: Clock) -> Self {
        Self {
            maas,
            palette,
            clock,
            account: None,
            policy: Policy::default(),
            watch: WatchOptions::default(),
        }
    }

    /// How Palette's gateway is to reach MAAS, for cloud accounts that have to be created. The endpoint is MAAS's address as the gateway
    /// sees it.
    #[must_use]
    pub fn account_credentials(
        mut self,
        endpoint: impl Into<String>,
        api_key: impl Into<Secret>,
    ) -> Self {
        self.account = Some((endpoint.into(), api_key.into()));
        self
    }

    /// Sets limits, tolerances and step times.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how operations are watched.
    #[must_use]
    pub fn watch(mut self, options: WatchOptions) -> Self {
        self.watch = options;
        self
    }

    pub(crate) fn now_ms(&self) -> Millis {
        self.clock.now().as_millisecond()
    }

    pub(crate) fn maas_credentials(&self) -> Result<MaasCredentials, Error> {
        match &self.account {
            Some((endpoint, key)) => Ok(MaasCredentials::new(endpoint.clone(), key.clone())),
            None => Err(Error::invalid_input("the cloud account has to be created, and how the gateway reaches MAAS is not known")
                .with_hint("give the driver MAAS's endpoint and API key (`account_credentials`), or create the account in Palette")),
        }
    }

    /// In what an account differs from the one that would be created: its gateway or its MAAS.
    pub(crate) fn account_mismatch(
        &self,
        account: &CloudAccount,
        gateway_uid: &str,
    ) -> Option<(&'static str, String)> {
        let endpoint = match &self.account {
            Some((endpoint, _)) => endpoint.clone(),
            None => self.maas.base_url().to_string(),
        };
        let theirs = &account.spec.api_endpoint;
        if account_root(theirs) != account_root(&endpoint) {
            return Some(("MAAS", theirs.clone()));
        }
        match account.gateway_uid() {
            Some(uid) if uid == gateway_uid => None,
            Some(uid) => Some(("gateway", uid.to_owned())),
            None => Some(("gateway", "none".to_owned())),
        }
    }
}

/// Two ways to write one endpoint are one endpoint.
fn account_root(endpoint: &str) -> String {
    let endpoint = endpoint.trim().trim_end_matches('/');
    let root = endpoint.strip_suffix("/api/2.0").unwrap_or(endpoint);
    root.trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_endpoint_written_in_several_ways() {
        for text in [
            "http://h:5240/MAAS",
            "http://H:5240/MAAS/",
            "http://h:5240/MAAS/api/2.0/",
        ] {
            assert_eq!(account_root(text), "http://h:5240/maas");
        }
        assert_ne!(
            account_root("http://h:5240/MAAS"),
            account_root("http://h:5241/MAAS")
        );
    }
}
