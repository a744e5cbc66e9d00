//! The simulated servers.

use std::{sync::Arc, time::Duration};

use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use sdk_transport::{Clock, Error};
use serde::Deserialize;
use testbed::Testbed;
use tokio::sync::Mutex;

use crate::call::{CancelHandle, answer, start};

/// How a testbed is started. The times are simulated seconds per second and milliseconds since the epoch.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StartOptions {
    speed: f64,
    seed: u64,
    paused: bool,
    port: u16,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            speed: 1.0,
            seed: 0,
            paused: false,
            port: 0,
        }
    }
}

/// A running testbed; empty before it is started and after it is stopped.
#[napi]
#[derive(Default)]
pub struct NativeTestbed {
    running: Arc<Mutex<Option<Testbed>>>,
}

#[napi]
impl NativeTestbed {
    /// A testbed that is not started.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Carries one operation out.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn call<'env>(
        &self,
        env: &'env Env,
        operation: String,
        arguments: String,
        cancel: &CancelHandle,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let running = Arc::clone(&self.running);
        start(env, arguments, cancel, None, move |arguments| async move {
            let mut running = running.lock().await;
            if operation == "start" {
                let options: StartOptions = arguments.read()?;
                let testbed = Testbed::builder()
                    .speed(options.speed)
                    .seed(options.seed)
                    .paused(options.paused)
                    .port(options.port)
                    .start()
                    .await
                    .map_err(|error| Error::invalid_input(error.to_string()).with_source(error))?;
                let urls = serde_json::json!({
                    "maasUrl": testbed.maas_url(),
                    "maasApiKey": testbed.maas_api_key(),
                    "maasUserApiKey": testbed.maas_user_api_key(),
                });
                *running = Some(testbed);
                return answer(&urls);
            }
            if operation == "stop" {
                if let Some(testbed) = running.take() {
                    testbed.stop().await;
                }
                return answer(&());
            }
            let testbed = running.as_ref().ok_or_else(stopped)?;
            match operation.as_str() {
                "clock.advance" => {
                    testbed.clock().advance(milliseconds(&arguments)?).await;
                    answer(&())
                }
                "leftovers" => answer(&testbed.leftovers()),
                _ => Err(unknown(&operation)),
            }
        })
    }

    /// The simulated time, in milliseconds since the epoch.
    #[napi]
    pub fn now(&self) -> napi::Result<i64> {
        self.with_clock(|clock| clock.now().as_millisecond())
    }

    /// Stops the simulated clock.
    #[napi]
    pub fn pause(&self) -> napi::Result<()> {
        self.with_clock(testbed::SimClock::pause)
    }

    /// Lets the simulated clock go on.
    #[napi]
    pub fn resume(&self) -> napi::Result<()> {
        self.with_clock(testbed::SimClock::resume)
    }
}

impl NativeTestbed {
    /// The clock for clients that shall wait in simulated time.
    pub(crate) fn client_clock(&self) -> Result<Clock, Error> {
        let running = self.running.try_lock().map_err(|_| stopped())?;
        let clock = running.as_ref().ok_or_else(stopped)?.clock();
        let sleeping = clock.clone();
        Ok(Clock::new(
            move || clock.now(),
            move |duration| {
                let clock = sleeping.clone();
                async move { clock.sleep(duration).await }
            },
        ))
    }

    fn with_clock<T>(&self, look: impl FnOnce(&testbed::SimClock) -> T) -> napi::Result<T> {
        let refuse = || napi::Error::from_reason(stopped().to_string());
        let running = self.running.try_lock().map_err(|_| refuse())?;
        let testbed = running.as_ref().ok_or_else(refuse)?;
        Ok(look(&testbed.clock()))
    }
}

fn stopped() -> Error {
    Error::invalid_input("the testbed is not running")
        .with_hint("start it with `await testbed.start()`")
}

fn unknown(operation: &str) -> Error {
    Error::new(
        sdk_transport::ErrorKind::Internal,
        format!("unknown operation {operation}"),
    )
}

fn milliseconds(arguments: &crate::call::Arguments) -> Result<Duration, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Milliseconds {
        ms: u64,
    }
    arguments
        .read::<Milliseconds>()
        .map(|Milliseconds { ms }| Duration::from_millis(ms))
}
