//! How a client of any of the servers is configured.

use std::{collections::BTreeMap, time::Duration};

use sdk_transport::{Error, TlsOptions};
use serde::{Deserialize, de::IgnoredAny};

/// The options object of a client's constructor. Times are milliseconds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) url: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) application: Option<String>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) connect_timeout_ms: Option<u64>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) max_in_flight: Option<usize>,
    pub(crate) proxy: Option<String>,
    pub(crate) no_proxy: Option<bool>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
    ca_pem: Option<String>,
    ca_file: Option<String>,
    only_these_ca: Option<bool>,
    client_identity_pem: Option<String>,
    server_name: Option<String>,
    danger_accept_any_certificate: Option<bool>,
    // The facade has taken it out; named here for whoever misspells it.
    #[serde(rename = "clock")]
    _clock: Option<IgnoredAny>,
}

impl Options {
    pub(crate) fn read(json: &str) -> Result<Self, Error> {
        crate::call::read(json)
    }

    pub(crate) fn tls(&self) -> Result<TlsOptions, Error> {
        let mut tls = TlsOptions::new();
        if let Some(pem) = &self.ca_pem {
            tls = tls.ca_pem(pem.clone());
        }
        if let Some(path) = &self.ca_file {
            tls = tls.ca_file(path)?;
        }
        if self.only_these_ca == Some(true) {
            tls = tls.only_these_ca();
        }
        if let Some(pem) = &self.client_identity_pem {
            tls = tls.client_identity_pem(pem.clone());
        }
        if let Some(name) = &self.server_name {
            tls = tls.server_name(name.clone());
        }
        if self.danger_accept_any_certificate == Some(true) {
            tls = tls.danger_accept_any_certificate();
        }
        Ok(tls)
    }
}

pub(crate) fn milliseconds(time: Option<u64>) -> Option<Duration> {
    time.map(Duration::from_millis)
}
