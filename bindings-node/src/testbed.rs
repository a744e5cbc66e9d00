//! The simulated servers.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use sdk_transport::{Clock, Error, input};
use serde::Deserialize;
use testbed::{Fault, Testbed, TestbedBuilder};
use tokio::sync::Mutex;

use crate::call::{Arguments, CallHandle, Listener, answer, start};

/// How a testbed is started: `speed` in simulated seconds per second, the time in milliseconds since the epoch.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct StartOptions {
    speed: Option<f64>,
    seed: Option<u64>,
    start_time: Option<i64>,
    paused: Option<bool>,
    port: Option<u16>,
    tls: Option<bool>,
    healthy: Option<bool>,
}

impl StartOptions {
    fn builder(self) -> Result<TestbedBuilder, Error> {
        let mut builder = Testbed::builder()
            .speed(self.speed.unwrap_or(1.0))
            .seed(self.seed.unwrap_or_default())
            .paused(self.paused.unwrap_or_default())
            .port(self.port.unwrap_or_default())
            .healthy(self.healthy.unwrap_or_default());
        if let Some(milliseconds) = self.start_time {
            let time = Timestamp::from_millisecond(milliseconds)
                .map_err(|_| Error::invalid_input("`startTime` is out of range"))?;
            builder = builder.start_time(time);
        }
        if self.tls == Some(true) {
            builder = builder.tls();
        }
        Ok(builder)
    }
}

/// What a fault is described by; serde lets unknown names pass here.
const FAULT: [&str; 14] = [
    "method",
    "path",
    "kind",
    "op",
    "skip",
    "count",
    "probability",
    "deed_done",
    "ms",
    "status",
    "retry_after",
    "body",
    "bytes",
    "value",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FailNextDeploy {
    hostname: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SlowDeploy {
    hostname: String,
    milliseconds: u64,
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
        settings: String,
        handle: &CallHandle,
        #[napi(ts_arg_type = "(nothing: string) => void")] listener: Listener,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let running = Arc::clone(&self.running);
        let operate = move |arguments: Arguments| async move {
            let mut running = running.lock().await;
            if operation == "start" {
                let options: StartOptions = arguments.read()?;
                let testbed =
                    options.builder()?.start().await.map_err(|error| {
                        Error::invalid_input(error.to_string()).with_source(error)
                    })?;
                let urls = serde_json::json!({
                    "maasUrl": testbed.maas_url(),
                    "maasApiKey": testbed.maas_api_key(),
                    "maasUserApiKey": testbed.maas_user_api_key(),
                    "paletteUrl": testbed.palette_url(),
                    "paletteApiKey": testbed.palette_api_key(),
                    "paletteProjectUid": testbed.palette_project_uid(),
                    "paletteGatewayUid": testbed.palette_gateway_uid(),
                    "caPem": testbed.ca_pem(),
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
                "history" => answer(&testbed.history().requests()),
                "reset" => answer(&testbed.reset()),
                "fault.order" => answer(&testbed.faults().order(fault(&arguments)?)),
                "fault.clear" => answer(&testbed.faults().clear()),
                "machine.fail_next_deploy" => {
                    let FailNextDeploy { hostname, reason } = arguments.read()?;
                    answer(&testbed.region().fail_next_deploy(&hostname, &reason))
                }
                "machine.slow_deploy" => {
                    let SlowDeploy {
                        hostname,
                        milliseconds,
                    } = arguments.read()?;
                    let lasts = Duration::from_millis(milliseconds);
                    answer(&testbed.region().slow_deploy(&hostname, lasts))
                }
                _ => Err(unknown(&operation)),
            }
        };
        start(env, arguments, settings, handle, listener, operate)
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

fn fault(arguments: &Arguments) -> Result<Fault, Error> {
    let given: serde_json::Map<String, serde_json::Value> = arguments.read()?;
    match given.keys().find(|name| !FAULT.contains(&name.as_str())) {
        Some(name) => Err(input::unknown(name, &FAULT)),
        None => arguments.read(),
    }
}

fn milliseconds(arguments: &Arguments) -> Result<Duration, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Milliseconds {
        ms: u64,
    }
    arguments
        .read::<Milliseconds>()
        .map(|Milliseconds { ms }| Duration::from_millis(ms))
}
