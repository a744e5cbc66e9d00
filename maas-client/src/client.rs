//! The client and how it is made.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Response};
use sdk_transport::{
    Call, ClientOptions, Clock, Error, HttpClient, Limits, List, Redactor, ResponseLog,
    RetryPolicy, TlsOptions, Transport, WaitOptions, Waiter, reqwest_transport::Proxy,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    ApiKey,
    address::api_base,
    auth::Maas,
    options::Fields,
    request::{Body, Request, build},
};

/// The operation's name of a path that the user spells out.
pub(crate) const ANY_CALL: &str = "call";

/// A client of one MAAS server. Clones are cheap and share connections and limits.
#[derive(Clone)]
pub struct Client {
    http: HttpClient,
    base: Arc<Url>,
}

impl Client {
    /// Begins a client for the server at `url`, e.g. `http://10.11.12.13:5240/MAAS`.
    ///
    /// `/MAAS/`, `/MAAS/api/2.0/` and the address that the browser shows are understood too; a bare host means `/MAAS`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            key: None,
            options: ClientOptions::default(),
        }
    }

    /// The client that `MAAS_URL` and `MAAS_API_KEY` describe. `MAAS_API_URL` is the second name of the former.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// The base of the API, e.g. `http://10.11.12.13:5240/MAAS/api/2.0/`.
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// The clock of waiters.
    pub fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// The same client with another timeout for each attempt.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            http: self.http.with_timeout(timeout),
            base: Arc::clone(&self.base),
        }
    }

    /// The same client, which also tells headers, status and attempts of each answer to `log`.
    #[must_use]
    pub fn with_response_log(&self, log: ResponseLog) -> Self {
        Self {
            http: self.http.with_response_log(log),
            base: Arc::clone(&self.base),
        }
    }

    /// Any call of the API, with the same credentials, retries and errors as all others.
    ///
    /// `path` is relative to the API's base and keeps its final slash (`zones/`, `machines/p77gwg/`); an operation is
    /// the query field `op`. A `resource_uri` that the server sent will do as well. A GET, PUT or DELETE is repeated after a failure in doubt, a POST is not.
    ///
    /// ```no_run
    /// # async fn example(maas: maas_client::Client) -> Result<(), maas_client::Error> {
    /// use maas_client::{Body, Fields, Method};
    ///
    /// let scripts = maas.call(Method::GET, "scripts/", &Fields::new().with("type", "testing"), None).await?;
    /// let tag = Body::Form(Fields::new().with("name", "gpu"));
    /// maas.call(Method::POST, "tags/", &Fields::new(), Some(tag)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of any call.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &Fields,
        body: Option<Body>,
    ) -> Result<Response<Bytes>, Error> {
        // A `resource_uri` does not know of a proxy's path before `/MAAS`.
        let path = match path.split_once("/api/2.0/") {
            Some((before, after)) if before.starts_with('/') => after,
            _ => path.trim_start_matches('/'),
        };
        let request = build(&self.base, &method, path, query, body)?;
        self.http
            .execute(&Call::new(ANY_CALL, path.to_owned(), request))
            .await
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        self.http.json(&request.call(&self.base)?).await
    }

    pub(crate) async fn elements<T: DeserializeOwned + Send>(
        &self,
        request: Request,
    ) -> Result<List<T>, Error> {
        self.http.elements(&request.call(&self.base)?).await
    }

    /// For answers that say nothing.
    pub(crate) async fn done(&self, request: Request) -> Result<(), Error> {
        self.http
            .execute(&request.call(&self.base)?)
            .await
            .map(drop)
    }

    /// A waiter that cuts out what this client knows of secrets.
    pub(crate) fn waiter<'a>(&'a self, options: &'a WaitOptions, subject: String) -> Waiter<'a> {
        self.http.waiter(options, subject)
    }

    /// The same client for one call that sends this secret.
    pub(crate) fn knowing(&self, secret: &str) -> Self {
        Self {
            http: self.http.knowing(secret),
            base: Arc::clone(&self.base),
        }
    }

    /// Cuts the secret out of everything that is stored or printed from now on.
    pub(crate) fn learn_secret(&self, secret: &sdk_transport::Secret) {
        self.http.learn_secret(secret);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// Makes a [`Client`].
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    key: Option<ApiKey>,
    options: ClientOptions,
}

impl ClientBuilder {
    /// A builder with URL and key from the environment; see [`Client::from_env`].
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let read = |name: &'static str| {
            lookup(name)
                .filter(|value| !value.trim().is_empty())
                .map(|value| (name, value))
        };
        let url = read("MAAS_URL").or_else(|| read("MAAS_API_URL"));
        let key = read("MAAS_API_KEY");
        let missing: Vec<_> = [("MAAS_URL", url.is_none()), ("MAAS_API_KEY", key.is_none())]
            .into_iter()
            .filter_map(|(name, missing)| missing.then_some(name))
            .collect();
        let (Some((url_name, url)), Some((key_name, key))) = (url, key) else {
            let are = if missing.len() == 1 { "is" } else { "are" };
            return Err(Error::invalid_input(format!(
                "{} {are} not set in the environment",
                missing.join(" and ")
            )));
        };
        let named = |name: &str, error: Error| {
            let message = format!("{name}: {}", error.message());
            let renamed = Error::invalid_input(message);
            match error.hint() {
                Some(hint) => renamed.with_hint(hint),
                None => renamed,
            }
        };
        api_base(&url).map_err(|error| named(url_name, error))?;
        let key = key.parse().map_err(|error| named(key_name, error))?;
        Ok(Client::builder(url).api_key(key))
    }

    /// The API key. Read it from text with `.parse()?`.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The application in the User-Agent, e.g. `provisioner/1.2`.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.options.application = Some(name.into());
        self
    }

    /// The language in the User-Agent, for bindings.
    pub fn language(mut self, name: impl Into<String>) -> Self {
        self.options.language = name.into();
        self
    }

    /// The longest time for one attempt; for a list, the longest silence. Default 120 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// The longest time to connect. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// How failed calls are repeated. Default: 4 attempts within 90 s.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = policy;
        self
    }

    /// The largest answers that are accepted.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// The clock of waiters. Signatures and retries stay on the wall clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.options.clock = clock;
        self
    }

    /// The clock of signatures and retries, for tests.
    pub fn wall_clock(mut self, clock: Clock) -> Self {
        self.options.wall_clock = clock;
        self
    }

    /// Which servers are trusted, and with which certificate the client shows itself.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.options.tls = tls;
        self
    }

    /// Trusts the authorities in this PEM file, beside the usual ones.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the file cannot be read.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        self.options.tls = self.options.tls.ca_file(path)?;
        Ok(self)
    }

    /// The proxy for all requests, e.g. `http://proxy.example.com:3128`. Default: what `HTTP_PROXY`, `HTTPS_PROXY` and
    /// `NO_PROXY` say. Requests to this machine never go through one.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.options.proxy = Proxy::Url(url.into());
        self
    }

    /// No proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.options.proxy = Proxy::None;
        self
    }

    /// How many requests are under way at most, over all clones. Default 8.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.options.max_in_flight = requests;
        self
    }

    /// A header on every request, e.g. for tracing.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if it is malformed or the client's own business.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        self.options.add_header(name, value)?;
        Ok(self)
    }

    /// Replaces the network, e.g. by [`RecordedTransport`](sdk_transport::RecordedTransport).
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.options.transport = Some(Arc::new(transport));
        self
    }

    /// Like [`ClientBuilder::transport`], for one that the caller goes on to look at.
    pub fn shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a malformed URL, a missing key or options that cannot work.
    pub fn build(self) -> Result<Client, Error> {
        let base = api_base(&self.url)?;
        let key = self.key.ok_or_else(|| {
            Error::invalid_input("the client has no API key")
                .with_hint("give one with `.api_key(\"consumer:token:secret\".parse()?)`")
        })?;
        let redactor = Redactor::new();
        for part in [&key.secret, &key.token, &key.consumer] {
            redactor.learn(part.expose());
        }
        let service = Arc::new(Maas::new(key, self.options.wall_clock.clone()));
        let http = HttpClient::new(service, &base, redactor, self.options)?;
        Ok(Client {
            http,
            base: Arc::new(base),
        })
    }
}

/// Without the URL, which is not checked yet and may hold a password.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("key", &self.key)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Client, Error> {
        let lookup = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        ClientBuilder::from_lookup(lookup)?.build()
    }

    #[test]
    fn the_environment_is_read_under_both_names() {
        for name in ["MAAS_URL", "MAAS_API_URL"] {
            let client = from(&[
                (name, "http://h:5240/MAAS"),
                ("MAAS_API_KEY", "aaaa:bbbb:cccc\n"),
            ])
            .unwrap();
            assert_eq!(client.base_url().as_str(), "http://h:5240/MAAS/api/2.0/");
        }
    }

    #[test]
    fn a_missing_or_malformed_variable_is_named() {
        for (pairs, part) in [
            (
                &[("MAAS_URL", "http://h/MAAS")][..],
                "MAAS_API_KEY is not set",
            ),
            (&[("MAAS_API_KEY", "aaaa:bbbb:cccc")], "MAAS_URL is not set"),
            (
                &[("MAAS_URL", " ")],
                "MAAS_URL and MAAS_API_KEY are not set",
            ),
            (
                &[("MAAS_URL", "h:5240"), ("MAAS_API_KEY", "a:b:c")],
                "MAAS_URL: ",
            ),
            (
                &[("MAAS_API_URL", "ftp://h"), ("MAAS_API_KEY", "a:b:c")],
                "MAAS_API_URL: ",
            ),
            (
                &[("MAAS_URL", "http://h"), ("MAAS_API_KEY", "a:b")],
                "MAAS_API_KEY: the API key has 2 parts",
            ),
        ] {
            let error = from(pairs).unwrap_err();
            assert!(error.message().contains(part), "{error}");
        }
    }

    #[test]
    fn a_client_without_key_says_how_to_give_one() {
        let error = Client::builder("http://h/MAAS").build().unwrap_err();
        assert!(
            error.to_string().contains("consumer:token:secret"),
            "{error}"
        );
    }
}
