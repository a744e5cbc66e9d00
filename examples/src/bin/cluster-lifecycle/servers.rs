//! The servers: a testbed of our own, or those that the environment names.

use std::sync::Arc;
use std::time::Duration;

use lifecycle_driver::{Driver, WatchOptions};
use maas_client::ApiKey;
use sdk_transport::{Clock, Error, Redactor, Secret};
use testbed::Testbed;

use crate::dry_run::DryRun;
use crate::interrupt::Interrupt;
use crate::{Arguments, Stop};

const APPLICATION: &str = concat!("cluster-lifecycle/", env!("CARGO_PKG_VERSION"));

/// Simulated seconds per second if nothing else is asked for: the whole life takes about ten seconds.
const SPEED: f64 = 1000.0;

/// Addresses and keys of two servers.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) maas_url: String,
    pub(crate) palette_url: String,
    pub(crate) project: Option<String>,
    maas_api_key: Secret,
    palette_api_key: Secret,
}

impl Addresses {
    /// Those of the environment; none if none of the four is set.
    ///
    /// # Errors
    /// Some are set and some are not: the missing ones by name.
    pub(crate) fn from_env() -> Result<Option<Self>, String> {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| {
                std::env::var(name)
                    .ok()
                    .filter(|value| !value.trim().is_empty())
            })
        };
        let host = |url: String| {
            if url.contains("://") {
                url
            } else {
                format!("https://{}", url.trim())
            }
        };
        let maas_url = first(&["MAAS_URL", "MAAS_API_URL"]);
        let maas_api_key = first(&["MAAS_API_KEY"]);
        let palette_url = first(&["PALETTE_URL", "SPECTROCLOUD_HOST"]).map(host);
        let palette_api_key = first(&["PALETTE_API_KEY", "SPECTROCLOUD_APIKEY"]);
        let missing: Vec<&str> = [
            ("MAAS_URL", maas_url.is_none()),
            ("MAAS_API_KEY", maas_api_key.is_none()),
            ("PALETTE_URL", palette_url.is_none()),
            ("PALETTE_API_KEY", palette_api_key.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, is_missing)| is_missing.then_some(name))
        .collect();
        match (maas_url, maas_api_key, palette_url, palette_api_key) {
            (Some(maas_url), Some(maas_api_key), Some(palette_url), Some(palette_api_key)) => {
                let addresses = Self {
                    maas_url: maas_url.trim().to_owned(),
                    palette_url,
                    project: first(&["PALETTE_PROJECT"]),
                    maas_api_key: maas_api_key.trim().into(),
                    palette_api_key: palette_api_key.trim().into(),
                };
                addresses.check()?;
                Ok(Some(addresses))
            }
            _ if missing.len() == 4 => Ok(None),
            _ => Err(format!(
                "the environment names some of the servers, but lacks {}: set all four to use real servers, or none to use simulated ones",
                missing.join(", ")
            )),
        }
    }

    /// Whether clients can be made of them; nothing is sent.
    fn check(&self) -> Result<(), String> {
        let named = |names: &[&str], error: &Error| {
            let name = names
                .iter()
                .find(|name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty()))
                .copied()
                .unwrap_or_default();
            let hint = error
                .hint()
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
            format!("{name}: {}{hint}", error.message())
        };
        let key: ApiKey = self
            .maas_api_key
            .expose()
            .parse()
            .map_err(|error| named(&["MAAS_API_KEY"], &error))?;
        maas_client::Client::builder(&self.maas_url)
            .api_key(key)
            .build()
            .map_err(|error| named(&["MAAS_URL", "MAAS_API_URL"], &error))?;
        palette_client::Client::builder(&self.palette_url)
            .api_key("placeholder")
            .build()
            .map_err(|error| named(&["PALETTE_URL", "SPECTROCLOUD_HOST"], &error))?;
        self.palette(&Clock::system(), false)
            .build()
            .map_err(|error| named(&["PALETTE_API_KEY", "SPECTROCLOUD_APIKEY"], &error))?;
        Ok(())
    }

    fn palette(&self, clock: &Clock, simulated: bool) -> palette_client::ClientBuilder {
        let mut builder = palette_client::Client::builder(&self.palette_url)
            .api_key(self.palette_api_key.clone())
            .application(APPLICATION)
            .clock(clock.clone());
        if let Some(project) = &self.project {
            builder = builder.project(project);
        }
        // The limits are per second of the server's time, which runs faster in a simulation.
        if simulated {
            builder.no_rate_limits()
        } else {
            builder
        }
    }

    /// Cuts the keys out of what is shown.
    fn redactor(&self) -> Redactor {
        let redactor = Redactor::new();
        let key = self.maas_api_key.expose();
        for secret in key.split(':').chain([key, self.palette_api_key.expose()]) {
            redactor.learn(secret);
        }
        redactor
    }

    fn of(testbed: &Testbed) -> Self {
        Self {
            maas_url: testbed.maas_url(),
            palette_url: testbed.palette_url(),
            project: Some(testbed.palette().project_name().to_owned()),
            maas_api_key: testbed.maas_api_key().into(),
            palette_api_key: testbed.palette_api_key().into(),
        }
    }
}

/// Two servers and the driver over them.
pub(crate) struct Servers {
    pub(crate) addresses: Addresses,
    pub(crate) testbed: Option<Testbed>,
    pub(crate) speed: f64,
    pub(crate) clock: Clock,
    pub(crate) maas: maas_client::Client,
    pub(crate) palette: palette_client::Client,
    pub(crate) driver: Driver,
    /// The calls of a dry run.
    pub(crate) dry_run: Option<Arc<DryRun>>,
    pub(crate) interrupt: Interrupt,
}

/// MAAS's address in the form that a cloud account has: `http://10.11.12.13:5240/MAAS`, however the user wrote it.
fn endpoint(maas: &maas_client::Client) -> String {
    let base = maas.base_url().as_str().trim_end_matches('/');
    base.strip_suffix("/api/2.0").unwrap_or(base).to_owned()
}

impl Servers {
    /// Those of `addresses`, or else a testbed that is started here.
    ///
    /// # Errors
    /// What cannot be used of the addresses, or why no testbed could be started.
    pub(crate) async fn open(
        addresses: Option<Addresses>,
        arguments: &Arguments,
        interrupt: Interrupt,
    ) -> Result<Self, Stop> {
        if addresses.is_some() && arguments.speed.is_some() {
            return Err(Stop::Usage(
                "--speed is for the simulated servers; real ones have their own".to_owned(),
            ));
        }
        let speed = arguments.speed.unwrap_or(SPEED);
        let testbed = match &addresses {
            Some(_) => None,
            None => Some(
                Testbed::builder()
                    .speed(speed)
                    .start()
                    .await
                    .map_err(|error| {
                        Stop::Failed(Error::invalid_input(format!(
                            "the simulated servers do not start: {error}"
                        )))
                    })?,
            ),
        };
        let clock = match &testbed {
            Some(testbed) => {
                let (now, sleep) = (testbed.clock(), testbed.clock());
                Clock::new(
                    move || now.now(),
                    move |time| {
                        let sleep = sleep.clone();
                        async move { sleep.sleep(time).await }
                    },
                )
            }
            None => Clock::system(),
        };
        let addresses = match (addresses, &testbed) {
            (Some(addresses), _) => addresses,
            (None, Some(testbed)) => Addresses::of(testbed),
            (None, None) => return Err(Stop::Usage("there are no servers".to_owned())),
        };
        let key: ApiKey = addresses.maas_api_key.expose().parse()?;
        let maas = maas_client::Client::builder(&addresses.maas_url)
            .api_key(key)
            .application(APPLICATION)
            .clock(clock.clone())
            .build()?;
        let mut palette = addresses.palette(&clock, testbed.is_some()).build()?;
        let mut dry_run = None;
        if arguments.dry_run {
            // The driver changes nothing in MAAS by itself: that is Palette's business.
            let held = Arc::new(DryRun::new(palette, addresses.redactor()));
            palette = addresses
                .palette(&clock, testbed.is_some())
                .shared_transport(held.clone())
                .build()?;
            dry_run = Some(held);
        }
        let driver = Driver::new(maas.clone(), palette.clone(), clock.clone())
            .account_credentials(endpoint(&maas), addresses.maas_api_key.clone())
            .watch(WatchOptions::new().interval(Duration::from_secs(20)));
        Ok(Self {
            addresses,
            testbed,
            speed,
            clock,
            maas,
            palette,
            driver,
            dry_run,
            interrupt,
        })
    }

    /// Milliseconds since the epoch on the servers' clock.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Stops what was started.
    pub(crate) async fn close(self) {
        if let Some(testbed) = self.testbed {
            testbed.stop().await;
        }
    }
}
