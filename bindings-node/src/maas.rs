//! The client of Canonical MAAS. One file per noun.

mod machine;
mod user;
mod version;
mod zone;

use std::sync::{Arc, OnceLock};

use maas_client::{Client, ClientBuilder};
use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use sdk_transport::{Error, ErrorKind, RetryPolicy};

use crate::{
    call::{Answer, Arguments, CancelHandle, Listener, answer, envelope, start},
    client_options::{Options, milliseconds},
    testbed::NativeTestbed,
};

/// A client; empty until it is opened.
#[napi]
#[derive(Default)]
pub struct NativeMaas {
    client: Arc<OnceLock<Client>>,
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

    /// Carries one operation out.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn call<'env>(
        &self,
        env: &'env Env,
        operation: String,
        arguments: String,
        cancel: &CancelHandle,
        #[napi(ts_arg_type = "((progress: string) => void) | null | undefined")] listener: Option<
            Listener,
        >,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let client = self.client.get().cloned();
        start(
            env,
            arguments,
            cancel,
            listener,
            move |arguments| async move {
                let client = client
                    .ok_or_else(|| Error::new(ErrorKind::Internal, "the client is not open"))?;
                dispatch(&client, &operation, &arguments).await
            },
        )
    }
}

impl NativeMaas {
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
        if options.no_proxy {
            builder = builder.no_proxy();
        }
        for (name, value) in &options.headers {
            builder = builder.header(name, value)?;
        }
        if let Some(testbed) = testbed {
            builder = builder.clock(testbed.client_clock()?);
        }
        let client = builder.build()?;
        let base = client.base_url().to_string();
        // A second `open` of the same object is a fault of the facade and changes nothing.
        let _ = self.client.set(client);
        answer(&base)
    }
}

/// One line per noun.
async fn dispatch(maas: &Client, operation: &str, arguments: &Arguments) -> Answer {
    let noun = operation.split('.').next().unwrap_or_default();
    let answered = match noun {
        "machine" => machine::call(maas, operation, arguments).await?,
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
