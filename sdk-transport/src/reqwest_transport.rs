//! The real transport: reqwest with rustls, no redirects, loopback never through a proxy.

use std::{error::Error as StdError, fmt, net::ToSocketAddrs, sync::Arc, time::Duration};

use ::url::Url;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use reqwest::{Certificate, Identity, dns, redirect};

use crate::{
    BodyStream, Error, ErrorKind, TlsOptions, Transport, TransportError, TransportErrorKind,
    install_crypto_provider, url::is_loopback,
};

/// Which proxy requests go through. Requests to this machine never go through one.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// What `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    System,
    /// None.
    None,
    /// This one, for `http` and `https`.
    Url(String),
}

/// Without the URL, which may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::None => "None",
            Self::Url(_) => "Url(***)",
        })
    }
}

/// What a [`ReqwestTransport`] is made of.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestOptions<'a> {
    pub(crate) origin: &'a Url,
    pub(crate) tls: &'a TlsOptions,
    pub(crate) proxy: &'a Proxy,
    pub(crate) connect_timeout: Duration,
    pub(crate) user_agent: &'a str,
}

/// Sends over the network.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    server_name: Option<String>,
}

impl ReqwestTransport {
    pub(crate) fn new(options: &ReqwestOptions<'_>) -> Result<Self, Error> {
        install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .tcp_keepalive(Duration::from_secs(30))
            .user_agent(options.user_agent);
        builder = match options.proxy {
            _ if is_loopback(options.origin) => builder.no_proxy(),
            Proxy::None => builder.no_proxy(),
            Proxy::System => builder,
            Proxy::Url(url) => builder.no_proxy().proxy(reqwest::Proxy::all(url).map_err(
                // The URL may hold a password, so neither it nor reqwest's text is repeated.
                |_| {
                    Error::invalid_input("the proxy's URL is malformed")
                        .with_hint("write it like `http://proxy.example.com:3128`")
                },
            )?),
        };
        let tls = options.tls;
        let mut authorities = Vec::new();
        for pem in &tls.ca_pem {
            let parsed = Certificate::from_pem_bundle(pem).unwrap_or_default();
            if parsed.is_empty() {
                return Err(Error::invalid_input("the CA certificate is not PEM text")
                    .with_hint("it begins with `-----BEGIN CERTIFICATE-----`"));
            }
            authorities.extend(parsed);
        }
        if tls.only_these_ca {
            builder = builder.tls_certs_only(authorities);
        } else if !authorities.is_empty() {
            builder = builder.tls_certs_merge(authorities);
        }
        if let Some(pem) = &tls.identity_pem {
            let identity = Identity::from_pem(pem.expose().as_bytes()).map_err(|_| {
                Error::invalid_input(
                    "the client certificate is not PEM text of a certificate and its private key",
                )
            })?;
            builder = builder.identity(identity);
        }
        if tls.accept_any_certificate {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let (Some(name), Some(host)) = (&tls.server_name, options.origin.host_str()) {
            builder = builder.dns_resolver(Arc::new(Alias {
                name: name.clone(),
                host: host.trim_matches(['[', ']']).to_owned(),
            }));
        }
        let client = builder.build().map_err(|error| {
            Error::new(
                ErrorKind::Tls,
                format!("the HTTP client cannot be built: {}", deepest(&error)),
            )
            .with_hint("check the CA and client certificates")
            .with_source(error)
        })?;
        Ok(Self {
            client,
            server_name: tls.server_name.clone(),
        })
    }
}

/// Resolves the expected server name to the host that was configured.
struct Alias {
    name: String,
    host: String,
}

impl dns::Resolve for Alias {
    fn resolve(&self, asked: dns::Name) -> dns::Resolving {
        let host = if asked.as_str() == self.name {
            self.host.clone()
        } else {
            asked.as_str().to_owned()
        };
        Box::pin(async move {
            let addresses =
                tokio::task::spawn_blocking(move || (host.as_str(), 0).to_socket_addrs()).await??;
            Ok(Box::new(addresses) as dns::Addrs)
        })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(|error| {
            TransportError::new(TransportErrorKind::Refused, "the request is malformed")
                .with_source(error.without_url())
        })?;
        if let Some(name) = &self.server_name {
            let authority = request.url().authority().to_owned();
            if let Ok(host) = http::HeaderValue::from_str(&authority) {
                request.headers_mut().insert(http::header::HOST, host);
            }
            if request.url_mut().set_host(Some(name)).is_err() {
                return Err(TransportError::new(
                    TransportErrorKind::Refused,
                    "the expected server name is no host name",
                ));
            }
        }
        let response = self.client.execute(request).await.map_err(classify)?;
        let response: http::Response<reqwest::Body> = response.into();
        Ok(response.map(|body| -> BodyStream {
            use http_body_util::BodyExt;
            Box::pin(body.into_data_stream().map_err(classify).boxed())
        }))
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    // Without the URL: a token may stand in it.
    let error = error.without_url();
    let kind = if is_tls(&error) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Refused
    } else {
        TransportErrorKind::Broken
    };
    TransportError::new(kind, deepest(&error)).with_source(error)
}

fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An io::Error's source skips the error that it wraps, so that one is looked at first.
    if let Some(io) = error.downcast_ref::<std::io::Error>()
        && let Some(inner) = io.get_ref()
        && is_tls(inner)
    {
        return true;
    }
    error.source().is_some_and(is_tls)
}

fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
