//! The listener: one loopback port for the MAAS region (`/MAAS`), Palette (`/v1`) and the control of the testbed (`/_testbed`).
//!
//! A request passes, in this order, the history, the faults, the server's own authentication and its handler. Connections are driven by hyper directly
//! because a fault may have to close or reset the connection itself.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::TestbedError;
use crate::clock::SimClock;
use crate::control;
use crate::fault::{Fault, FaultKind, Faults};
use crate::history::History;
use crate::maas::Region;
use crate::palette::Palette;

/// The largest body that is read at all; more ends the connection.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// Wall time for the peer to receive what was sent before a connection is broken on purpose.
const FLUSH: Duration = Duration::from_millis(20);

/// Everything the servers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: SimClock,
    pub(crate) start: Timestamp,
    pub(crate) seed: u64,
    pub(crate) faults: Faults,
    pub(crate) history: History,
    pub(crate) region: Region,
    pub(crate) palette: Palette,
    pub(crate) origin: Arc<str>,
}

impl Shared {
    /// Everything as it was at the start; faults and history are gone.
    pub(crate) fn reset(&self) {
        self.clock.restart(self.start);
        self.faults.clear();
        self.faults.reseed(self.seed);
        self.history.clear();
        self.region.reset();
        self.palette.reset();
    }
}

/// The answer was withheld on purpose: hyper closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("answer withheld by a fault")]
struct Withheld;

/// A certificate for 127.0.0.1 and localhost, and the authority that signed it in PEM.
pub(crate) fn certificate() -> Result<(tokio_rustls::TlsAcceptor, String), TestbedError> {
    let failed = |error: &dyn std::fmt::Display| TestbedError::Tls(error.to_string());
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "testbed authority");
    let authority_key = rcgen::KeyPair::generate().map_err(|error| failed(&error))?;
    let authority_certificate = authority
        .self_signed(&authority_key)
        .map_err(|error| failed(&error))?;
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let key = rcgen::KeyPair::generate().map_err(|error| failed(&error))?;
    let certificate = rcgen::CertificateParams::new(names)
        .and_then(|parameters| parameters.signed_by(&key, &issuer))
        .map_err(|error| failed(&error))?;
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|error| failed(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(|error| failed(&error))?;
    Ok((Arc::new(config).into(), authority_certificate.pem()))
}

/// Accepts connections until `stop` is cancelled.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    shared: Shared,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let router = TowerToHyperService::new(
        axum::Router::new()
            .merge(control::router(shared.clone()))
            .merge(shared.palette.router()),
    );
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors or the like: let the others finish first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (tls, shared, router, stop) =
            (tls.clone(), shared.clone(), router.clone(), stop.clone());
        tasks.spawn(async move {
            let _nodelay_is_an_optimisation = stream.set_nodelay(true);
            let reset = Arc::new(AtomicBool::new(false));
            let stream = Breakable {
                stream,
                reset: Arc::clone(&reset),
            };
            let work = async {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(stream, shared, router, reset).await;
                        }
                    }
                    None => connection(stream, shared, router, reset).await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        });
    }
}

type Router = TowerToHyperService<axum::Router>;

async fn connection<S>(stream: S, shared: Shared, router: Router, reset: Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        answer(shared.clone(), router.clone(), Arc::clone(&reset), request)
    });
    if let Err(error) = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    shared: Shared,
    router: Router,
    reset: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Withheld> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Err(Withheld);
    };
    let body = body.to_bytes();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let seen = shared.history.begin(
        Timestamp::now().as_millisecond(),
        shared.clock.now_millis(),
        &parts,
        &body,
    );
    let fault = shared.faults.pick(method.as_str(), &path, &query);
    let handled = !matches!(
        &fault,
        Some(Fault {
            kind: FaultKind::Refuse | FaultKind::ResetAfterHeaders | FaultKind::Status { .. },
            deed_done: false,
            ..
        })
    );
    if let Some(FaultKind::Delay { ms }) = fault.as_ref().map(|fault| &fault.kind) {
        tokio::time::sleep(Duration::from_millis(*ms)).await;
    }
    let response = if handled {
        handle(&shared, &router, Request::from_parts(parts, body)).await
    } else {
        Response::new(Body::empty())
    };
    let Some(fault) = fault else {
        shared
            .history
            .finish(seen, Some(response.status().as_u16()), None);
        return Ok(response);
    };
    let name = fault.kind.name();
    let broken = break_answer(fault.kind, response, &reset).await;
    let status = broken
        .as_ref()
        .ok()
        .map(|response| response.status().as_u16());
    shared.history.finish(seen, status, Some(name));
    broken
}

async fn handle(shared: &Shared, router: &Router, request: Request<Bytes>) -> Response<Body> {
    if is_maas(request.uri().path()) {
        let (parts, body) = request.into_parts();
        return shared.region.answer(&parts, &body).map(Body::from);
    }
    match router.call(request.map(Body::from)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// MAAS collapses repeated slashes before it looks at the path.
fn is_maas(path: &str) -> bool {
    path.split('/').find(|part| !part.is_empty()) == Some("MAAS")
}

async fn break_answer(
    kind: FaultKind,
    response: Response<Body>,
    reset: &Arc<AtomicBool>,
) -> Result<Response<Body>, Withheld> {
    match kind {
        FaultKind::Refuse => Err(Withheld),
        FaultKind::Delay { .. } => Ok(response),
        FaultKind::ResetAfterHeaders => {
            let mut response = truncated(response, 0, Some(Arc::clone(reset))).await;
            response
                .headers_mut()
                .entry(header::CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("2"));
            Ok(response)
        }
        FaultKind::Cut { bytes } => Ok(truncated(response, bytes, None).await),
        FaultKind::Status {
            status,
            retry_after,
            body,
        } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let text = body.unwrap_or_else(|| {
                format!(
                    "{} (ordered fault)",
                    status.canonical_reason().unwrap_or("Error")
                )
            });
            let mut answer = Response::new(Body::from(text));
            *answer.status_mut() = status;
            let headers = answer.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            if let Some(seconds) = retry_after {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(answer)
        }
        FaultKind::Garbage => {
            let (mut parts, _) = response.into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            Ok(Response::from_parts(
                parts,
                Body::from(&b"\x00\xff\xfe{]garbage\x80<"[..]),
            ))
        }
        FaultKind::ContentType { value } => {
            let mut response = response;
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            Ok(response)
        }
    }
}

/// The same head, promising the whole body, but only `keep` bytes of it and then the end of the connection.
async fn truncated(
    response: Response<Body>,
    keep: usize,
    reset: Option<Arc<AtomicBool>>,
) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    // A body shorter than the cut would arrive whole; promise one byte more so that it cannot pass for complete.
    promise(&mut parts.headers, whole.len().max(keep + 1));
    let kept = whole.slice(..keep.min(whole.len()));
    let stream = futures_util::stream::unfold(Some((kept, reset)), |step| async move {
        let (bytes, reset) = step?;
        if bytes.is_empty() {
            tokio::time::sleep(FLUSH).await;
            if let Some(reset) = reset {
                reset.store(true, Ordering::SeqCst);
            }
            return Some((Err(Withheld), None));
        }
        Some((Ok::<_, Withheld>(bytes), Some((Bytes::new(), reset))))
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

fn promise(headers: &mut HeaderMap, length: usize) {
    headers.remove(header::TRANSFER_ENCODING);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

/// A TCP stream that is reset instead of closed once the flag is set.
struct Breakable {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.reset.load(Ordering::SeqCst) {
            // Closing with a lingering time of zero sends RST instead of FIN.
            return Poll::Ready(self.stream.set_zero_linger());
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Breakable {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            let _best_effort = self.stream.set_zero_linger();
        }
    }
}
