//! The client, its builder and the scope of its calls.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request as HttpRequest, Response};
use sdk_transport::{
    Call, ClientOptions, Clock, Error, ErrorKind, Failure, HttpClient, Limits, List, Pager,
    Redactor, ResponseLog, RetryPolicy, Secret, Service, TlsOptions, Transport, WaitOptions,
    Waiter, reqwest_transport::Proxy, url::parse_base,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::{budget::Budget, failure, metadata::Uid, reading, request::Request};

pub(crate) const PROJECT_HEADER: HeaderName = HeaderName::from_static("projectuid");
const KEY_HEADER: HeaderName = HeaderName::from_static("apikey");
/// The API's largest page, which is also its default.
const PAGE_SIZE: &str = "50";

/// A client of Palette's API. Cheap to clone; clones share connections, limits and rate budgets.
///
/// Its scope is a value: [`Client::project`] and [`Client::tenant`] give handles for a project or for the tenant, and
/// nothing changes the scope of a handle that exists.
#[derive(Clone)]
pub struct Client {
    http: HttpClient,
    base: Arc<Url>,
    scope: Scope,
}

/// What a handle's calls apply to.
#[derive(Clone)]
enum Scope {
    Tenant,
    Project(Arc<ProjectScope>),
}

struct ProjectScope {
    name_or_uid: String,
    uid: OnceCell<String>,
}

impl ProjectScope {
    fn new(name_or_uid: String) -> Self {
        // Palette's uids are 24 hexadecimal digits; anything else is a name, looked up at the first call.
        let is_uid =
            name_or_uid.len() == 24 && name_or_uid.bytes().all(|byte| byte.is_ascii_hexdigit());
        let uid = OnceCell::new_with(is_uid.then(|| name_or_uid.clone()));
        Self { name_or_uid, uid }
    }
}

impl Client {
    /// Begins a client for the server at `url`, e.g. `https://api.spectrocloud.com`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            api_key: None,
            project: None,
            rate_limits: true,
            options: ClientOptions::default(),
        }
    }

    /// A client from the environment; see [`ClientBuilder::from_env`].
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) names what is missing or malformed.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// A handle whose calls apply to this project: its uid (24 hexadecimal digits) or its name.
    ///
    /// A name is looked up once, at the first call; a project that does not exist is the error
    /// [`Scope`](ErrorKind::Scope) of that call.
    #[must_use]
    pub fn project(&self, name_or_uid: impl Into<String>) -> Self {
        Self {
            scope: Scope::Project(Arc::new(ProjectScope::new(name_or_uid.into()))),
            ..self.clone()
        }
    }

    /// A handle whose calls apply to the tenant.
    #[must_use]
    pub fn tenant(&self) -> Self {
        Self {
            scope: Scope::Tenant,
            ..self.clone()
        }
    }

    /// The same client with another timeout for each attempt.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            http: self.http.with_timeout(timeout),
            ..self.clone()
        }
    }

    /// The same client, which also tells status, headers (with `AuditUid`) and attempts of each answer to `log`.
    #[must_use]
    pub fn with_response_log(&self, log: ResponseLog) -> Self {
        Self {
            http: self.http.with_response_log(log),
            ..self.clone()
        }
    }

    /// Sends a request that this version has no operation for, with the same credentials, scope, retries and errors.
    /// The answer is `Null` if there is no body.
    ///
    /// # Errors
    /// As any call.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, Error> {
        let request = Request::raw(method, path, query, body);
        let response = self.send(request).await?;
        if response.body().is_empty() {
            return Ok(Value::Null);
        }
        reading_error(
            self,
            "call",
            sdk_transport::lenient::decode(response.body()),
        )
    }

    /// The server's URL, without the version of the API.
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// The clock of waiters.
    pub fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// A waiter that cuts out what this client knows of secrets.
    pub(crate) fn waiter<'a>(&'a self, options: &'a WaitOptions, subject: String) -> Waiter<'a> {
        self.http.waiter(options, subject)
    }

    /// Makes a secret known, so that it is cut out of errors and traces.
    pub(crate) fn learn(&self, secret: &Secret) {
        self.http.learn_secret(secret);
    }

    /// Sends a request within the handle's scope.
    pub(crate) async fn send(&self, request: Request) -> Result<Response<Bytes>, Error> {
        let operation = request.operation.clone();
        let named = |error: Error| error.with_operation(operation.clone());
        // The request is checked before a project's name is looked up.
        request.call(&self.base, None).map_err(named)?;
        let project = match &self.scope {
            Scope::Project(project) if !request.tenant => {
                Some(self.project_uid(project).await.map_err(named)?)
            }
            _ => None,
        };
        let call = request
            .call(&self.base, project.as_deref())
            .map_err(named)?;
        self.http.execute(&call).await
    }

    async fn project_uid(&self, project: &ProjectScope) -> Result<String, Error> {
        let lookup = async {
            let projects = self.tenant().projects();
            // Boxed because the look-up is itself a call.
            let found = Box::pin(projects.find(&project.name_or_uid)).await?;
            let found = found.ok_or_else(|| {
                Error::new(
                    ErrorKind::Scope,
                    format!("there is no project named `{}`", project.name_or_uid),
                )
                .with_hint("check the name, or give the project's uid; `GET /v1/dashboard/projects/metadata` lists those that the key may see")
            })?;
            Ok(found.metadata.uid)
        };
        project.uid.get_or_try_init(|| lookup).await.cloned()
    }

    /// Sends a request and reads the JSON answer.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        let operation = request.operation.clone();
        let response = self.send(request).await?;
        reading_error(self, &operation, reading::read(response.body()))
    }

    /// Sends a request whose answer says no more than that it was done.
    pub(crate) async fn done(&self, request: Request) -> Result<(), Error> {
        self.send(request).await.map(drop)
    }

    /// Sends a request that creates something and reads its uid.
    pub(crate) async fn created(&self, request: Request) -> Result<String, Error> {
        self.json::<Uid>(request).await.map(|created| created.uid)
    }

    /// Sends a request for a list that comes whole.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<List<T>, Error> {
        let operation = request.operation.clone();
        let response = self.send(request).await?;
        let page = reading_error(self, &operation, reading::read_page(response.body()))?;
        Ok(page
            .items
            .into_iter()
            .map(|item| reading_error(self, &operation, item))
            .collect())
    }

    /// A list that pages by itself: the same request again with the token of the next page, until there is none.
    pub(crate) fn pages<T: DeserializeOwned + Send + 'static>(&self, request: Request) -> Pager<T> {
        let client = self.clone();
        let request = request.query("limit", PAGE_SIZE);
        Pager::new(move |token| {
            let client = client.clone();
            let mut request = request.clone();
            if let Some(token) = token {
                request = request.query("continue", token);
            }
            async move {
                let operation = request.operation.clone();
                let response = client.send(request).await?;
                let mut page =
                    reading_error(&client, &operation, reading::read_page(response.body()))?;
                page.items = page
                    .items
                    .into_iter()
                    .map(|item| reading_error(&client, &operation, item))
                    .collect();
                Ok(page)
            }
        })
    }
}

/// Names the operation of an answer that could not be read, and cuts out secrets that it may repeat.
fn reading_error<T>(
    client: &Client,
    operation: &str,
    result: Result<T, Error>,
) -> Result<T, Error> {
    result.map_err(|error| client.http.unreadable(operation, &error))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match &self.scope {
            Scope::Tenant => "tenant",
            Scope::Project(project) => &project.name_or_uid,
        };
        f.debug_struct("Client")
            .field("url", &self.base.as_str())
            .field("scope", &scope)
            .finish_non_exhaustive()
    }
}

/// Options of a [`Client`].
pub struct ClientBuilder {
    url: String,
    api_key: Option<Secret>,
    project: Option<String>,
    rate_limits: bool,
    options: ClientOptions,
}

impl ClientBuilder {
    /// Reads `PALETTE_URL`, `PALETTE_API_KEY` and, if there is one, `PALETTE_PROJECT` (a name or a uid).
    ///
    /// Second names are `SPECTROCLOUD_HOST` (a host without scheme means `https://`) and `SPECTROCLOUD_APIKEY`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) names the variables that are missing.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same with another source of variables.
    ///
    /// # Errors
    /// As [`ClientBuilder::from_env`].
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let var = |name| var(name).filter(|value| !value.trim().is_empty());
        let host = || {
            var("SPECTROCLOUD_HOST").map(|host| {
                if host.contains("://") {
                    host
                } else {
                    format!("https://{}", host.trim())
                }
            })
        };
        let url = var("PALETTE_URL").or_else(host);
        let key = var("PALETTE_API_KEY").or_else(|| var("SPECTROCLOUD_APIKEY"));
        match (url, key) {
            (Some(url), Some(key)) => {
                let mut builder = Client::builder(url).api_key(key);
                builder.project = var("PALETTE_PROJECT");
                Ok(builder)
            }
            (url, key) => {
                let missing: Vec<_> = [
                    url.is_none().then_some("PALETTE_URL"),
                    key.is_none().then_some("PALETTE_API_KEY"),
                ]
                .into_iter()
                .flatten()
                .collect();
                Err(Error::invalid_input(format!(
                    "the environment lacks {}",
                    missing.join(" and ")
                ))
                .with_hint(
                    "set PALETTE_URL (like `https://api.spectrocloud.com`) and PALETTE_API_KEY",
                ))
            }
        }
    }

    /// The API key, sent in the header `ApiKey`.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Calls apply to this project (name or uid); see [`Client::project`]. Without it they apply to the tenant.
    #[must_use]
    pub fn project(mut self, name_or_uid: impl Into<String>) -> Self {
        self.project = Some(name_or_uid.into());
        self
    }

    /// The application in the User-Agent, e.g. `provisioner/1.2`.
    #[must_use]
    pub fn application(mut self, application: impl Into<String>) -> Self {
        self.options.application = Some(application.into());
        self
    }

    /// The language in the User-Agent. Default `rust`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.options.language = language.into();
        self
    }

    /// The longest time for one attempt. Default 120 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// The longest time to connect. Default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Retries. Default: 4 attempts within 90 s.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = policy;
        self
    }

    /// How much of an answer is accepted.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// How many requests are under way at most, over all clones. Default 8.
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.options.max_in_flight = requests;
        self
    }

    /// A header on every request, e.g. for tracing.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if it is malformed or the client's own business.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let reserved = name.eq_ignore_ascii_case(KEY_HEADER.as_str())
            || name.eq_ignore_ascii_case(PROJECT_HEADER.as_str());
        if reserved {
            return Err(Error::invalid_input(format!(
                "the header `{name}` is set by the client itself"
            )));
        }
        self.options.add_header(name, value)?;
        Ok(self)
    }

    /// TLS: authorities, client certificate, server name.
    #[must_use]
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.options.tls = tls;
        self
    }

    /// Trusts the authorities in this PEM file, beside the usual ones.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the file cannot be read.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        self.options.tls = self.options.tls.ca_file(path)?;
        Ok(self)
    }

    /// Sends through this proxy. By default `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` decide.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.options.proxy = Proxy::Url(url.into());
        self
    }

    /// Uses no proxy, whatever the environment says.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.options.proxy = Proxy::None;
        self
    }

    /// The clock of waiters.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.options.clock = clock;
        self
    }

    /// The clock of retries and rate limits.
    #[must_use]
    pub fn wall_clock(mut self, clock: Clock) -> Self {
        self.options.wall_clock = clock;
        self
    }

    /// Does not hold requests back to stay under Palette's published rate limits; for servers that have none.
    #[must_use]
    pub fn no_rate_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Replaces the network, e.g. by a [`RecordedTransport`](sdk_transport::RecordedTransport).
    #[must_use]
    pub fn transport(self, transport: impl Transport) -> Self {
        self.shared_transport(Arc::new(transport))
    }

    /// Replaces the network by a transport that the caller keeps looking at.
    #[must_use]
    pub fn shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) says which option is malformed; [`Tls`](ErrorKind::Tls) that the
    /// certificates cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let mut base = parse_base(&self.url)?;
        // The paths of the API bring the version along.
        if let Some(prefix) = base.path().strip_suffix("v1/") {
            let prefix = prefix.to_owned();
            base.set_path(&prefix);
        }
        let key = self.api_key.ok_or_else(|| {
            Error::invalid_input("no API key was given")
                .with_hint("make one in Palette under My API Keys")
        })?;
        let mut header = key_header(&key)?;
        header.set_sensitive(true);
        if self.project.as_deref().is_some_and(str::is_empty) {
            return Err(Error::invalid_input("the project's name is empty"));
        }
        let redactor = Redactor::new();
        redactor.learn(key.expose());
        let service = PaletteService {
            key: header,
            prefix: base.path().trim_end_matches('/').len(),
            budget: self.rate_limits.then(Budget::default),
            clock: self.options.wall_clock.clone(),
        };
        let http = HttpClient::new(Arc::new(service), &base, redactor, self.options)?;
        Ok(Client {
            http,
            base: Arc::new(base),
            scope: match self.project {
                Some(project) => Scope::Project(Arc::new(ProjectScope::new(project))),
                None => Scope::Tenant,
            },
        })
    }
}

/// Without the URL, which is not checked yet and may hold a password.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api_key", &self.api_key)
            .field("project", &self.project)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn key_header(key: &Secret) -> Result<HeaderValue, Error> {
    let text = key.expose().trim();
    if text.is_empty() {
        return Err(Error::invalid_input("the API key is empty"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid_input(
            "the API key has blanks, line breaks or characters beyond ASCII: it was not copied whole or not alone",
        ));
    }
    HeaderValue::try_from(text)
        .map_err(|_| Error::invalid_input("the API key has characters that a header cannot hold"))
}

/// How Palette's requests are signed and its failures read.
struct PaletteService {
    key: HeaderValue,
    /// Length of the path before `/v1`.
    prefix: usize,
    budget: Option<Budget>,
    clock: Clock,
}

#[async_trait]
impl Service for PaletteService {
    async fn authorize(&self, request: &mut HttpRequest<Bytes>) -> Result<(), Error> {
        if let Some(budget) = &self.budget {
            let path = request.uri().path().get(self.prefix..).unwrap_or_default();
            budget.take(&self.clock, path).await;
        }
        request.headers_mut().insert(KEY_HEADER, self.key.clone());
        Ok(())
    }

    fn failure(&self, call: &Call, response: &Response<Bytes>) -> Failure {
        failure::classify(call, response)
    }

    fn url_hint(&self) -> &'static str {
        "Palette's URL is its address without `/v1`, e.g. `https://api.spectrocloud.com`"
    }

    fn redirect_hint(&self, target: &str) -> String {
        match target.split_once("/v1/") {
            Some((origin, _)) if origin.starts_with("http") => {
                format!("configure `{origin}` as Palette's URL")
            }
            _ => "this may not be Palette: configure the address up to, and without, `/v1`, e.g. `https://api.spectrocloud.com`"
                .to_owned(),
        }
    }
}
