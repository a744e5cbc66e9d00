//! The client of Canonical MAAS. One file per noun.

mod call;
mod event;
mod machine;
mod resource_pool;
mod subnet;
mod user;
mod version;
mod zone;

use std::sync::{Arc, Mutex, PoisonError};

use maas_client::{Client, ClientBuilder};
use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use sdk_transport::{Error, ErrorKind, ResponseLog, RetryPolicy};

use crate::{
    call::{Answer, Arguments, CallHandle, Listener, answer, envelope, start},
    client_options::{Options, milliseconds},
    testbed::NativeTestbed,
};

/// A client; empty before it is opened and after it is closed.
#[napi]
#[derive(Default)]
pub struct NativeMaas {
    client: Arc<Mutex<Option<Client>>>,
}

#[napi]
impl NativeMaas {
    /// A client that is not configured.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Configures the client and returns the envelope of its base URL. With a testbed, waiters follow its clock.
    #[napi]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "Node hands text over by value"
    )]
    pub fn open(&self, options: String, testbed: Option<&NativeTestbed>) -> String {
        envelope(self.configure(&options, testbed))
    }

    /// Lets go of the connections.
    #[napi]
    pub fn close(&self) {
        self.client().take();
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
        let client = self.client().clone();
        let operate = move |arguments| async move {
            let client = client.ok_or_else(|| {
                Error::invalid_input("the client is closed").with_hint("make a new one")
            })?;
            carry_out(client, &operation, &arguments).await
        };
        start(env, arguments, settings, handle, listener, operate)
    }
}

impl NativeMaas {
    fn client(&self) -> std::sync::MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn configure(&self, options: &str, testbed: Option<&NativeTestbed>) -> Answer {
        let options = Options::read(options)?;
        let mut builder = match (&options.url, &options.api_key) {
            (None, None) => ClientBuilder::from_env()?,
            (Some(url), Some(key)) => Client::builder(url).api_key(key.parse()?),
            (Some(_), None) => return Err(Error::invalid_input("`apiKey` is missing")),
            (None, Some(_)) => return Err(Error::invalid_input("`url` is missing")),
        };
        builder = builder.language("node").tls(options.tls()?);
        if let Some(application) = &options.application {
            builder = builder.application(application);
        }
        if let Some(timeout) = milliseconds(options.timeout_ms) {
            builder = builder.timeout(timeout);
        }
        if let Some(timeout) = milliseconds(options.connect_timeout_ms) {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(attempts) = options.max_attempts {
            builder = builder.retry(RetryPolicy::default().max_attempts(attempts));
        }
        if let Some(limit) = options.max_in_flight {
            builder = builder.max_in_flight(limit);
        }
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(proxy);
        }
        if options.no_proxy == Some(true) {
            builder = builder.no_proxy();
        }
        for (name, value) in options.headers.iter().flatten() {
            builder = builder.header(name, value)?;
        }
        if let Some(testbed) = testbed {
            builder = builder.clock(testbed.client_clock()?);
        }
        let client = builder.build()?;
        let base = client.base_url().to_string();
        *self.client() = Some(client);
        answer(&base)
    }
}

/// Carries one operation out with what the caller set for it.
async fn carry_out(mut maas: Client, operation: &str, arguments: &Arguments) -> Answer {
    let settings = &arguments.settings;
    if let Some(timeout) = settings.timeout() {
        maas = maas.with_timeout(timeout);
    }
    if !settings.heads {
        return dispatch(&maas, operation, arguments).await;
    }
    let log = ResponseLog::default();
    let answer = dispatch(&maas.with_response_log(log.clone()), operation, arguments).await;
    for head in log.all() {
        arguments.tell.tell(
            "head",
            &serde_json::json!({
                "operation": head.operation,
                "status": head.status,
                "headers": head.headers,
                "attempts": head.attempts,
                "elapsedMs": u64::try_from(head.elapsed.as_millis()).unwrap_or(u64::MAX),
            }),
        );
    }
    answer
}

/// One line per noun.
async fn dispatch(maas: &Client, operation: &str, arguments: &Arguments) -> Answer {
    let noun = operation.split('.').next().unwrap_or_default();
    let answered = match noun {
        "call" => call::call(maas, operation, arguments).await?,
        "event" => event::call(maas, operation, arguments).await?,
        "machine" => machine::call(maas, operation, arguments).await?,
        "resource_pool" => resource_pool::call(maas, operation, arguments).await?,
        "subnet" => subnet::call(maas, operation, arguments).await?,
        "user" => user::call(maas, operation).await?,
        "version" => version::call(maas, operation).await?,
        "zone" => zone::call(maas, operation, arguments).await?,
        _ => None,
    };
    answered.ok_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            format!("unknown operation {operation}"),
        )
    })
}
