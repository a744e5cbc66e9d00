//! `--dry-run`: questions are asked, and what would change something is shown instead of sent.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode};
use sdk_transport::{
    BodyStream, Error, ErrorKind, Redactor, Transport, TransportError, TransportErrorKind,
};
use serde_json::{Value, json};

use crate::Stop;
use crate::servers::Servers;
use crate::show::Show;
use crate::story::{self, Script};

/// The uid of whatever a call would have created.
const NEW_UID: &str = "UID-OF-WHAT-IS-CREATED";

/// A transport that asks Palette's questions through a client that does send, and holds back what would change something.
pub(crate) struct DryRun {
    asking: palette_client::Client,
    redactor: Redactor,
    held: Mutex<Vec<Value>>,
}

impl DryRun {
    pub(crate) fn new(asking: palette_client::Client, redactor: Redactor) -> Self {
        Self {
            asking,
            redactor,
            held: Mutex::new(Vec::new()),
        }
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let uri = request.uri();
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let query: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = serde_json::from_slice(request.body()).ok();
        let path = uri
            .path()
            .find("/v1/")
            .map_or(uri.path(), |start| &uri.path()[start..]);
        match self
            .asking
            .call(request.method().clone(), path, &query, body)
            .await
        {
            Ok(Value::Null) => Ok(answer(StatusCode::NO_CONTENT, String::new())),
            Ok(value) => Ok(answer(StatusCode::OK, value.to_string())),
            Err(error) => refusal(&error),
        }
    }
}

#[async_trait]
impl Transport for DryRun {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        if is_question(&request) {
            return self.ask(request).await;
        }
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let body = self
            .redactor
            .clean(&String::from_utf8_lossy(request.body()))
            .into_owned();
        let call = json!({
            "server": "Palette", "method": request.method().as_str(), "path": self.redactor.clean(path),
            "body": serde_json::from_str(&body).unwrap_or(Value::Null),
        });
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
        Ok(match *request.method() {
            Method::POST => answer(StatusCode::CREATED, json!({ "uid": NEW_UID }).to_string()),
            _ => answer(StatusCode::NO_CONTENT, String::new()),
        })
    }
}

fn answer(status: StatusCode, body: String) -> Response<BodyStream> {
    let body: BodyStream = Box::pin(stream::iter([Ok(Bytes::from(body))]));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// The server's own refusal again, or that there was none.
fn refusal(error: &Error) -> Result<Response<BodyStream>, TransportError> {
    if let Some(status) = error
        .status()
        .and_then(|status| StatusCode::from_u16(status).ok())
    {
        return Ok(answer(status, error.body().unwrap_or_default().to_owned()));
    }
    let kind = match error.kind() {
        ErrorKind::Connect => TransportErrorKind::Connect,
        ErrorKind::Tls => TransportErrorKind::Tls,
        _ => TransportErrorKind::Refused,
    };
    Err(TransportError::new(kind, error.message()))
}

/// Reading, and those POSTs of Palette that only look something up or check it.
fn is_question(request: &Request<Bytes>) -> bool {
    if request.method() == Method::GET {
        return true;
    }
    let path = request.uri().path();
    palette_client::operations().any(|operation| {
        operation.idempotent
            && operation.method == "POST"
            && request.method() == Method::POST
            && fits(operation.template, path)
    })
}

/// Whether a path is one of the template's, under whatever prefix.
fn fits(template: &str, path: &str) -> bool {
    let wanted: Vec<&str> = template.split('/').rev().collect();
    let given: Vec<&str> = path.split('/').rev().collect();
    given.len() >= wanted.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| wanted.starts_with('{') || wanted.is_empty() || wanted == given)
}

/// Every call of the whole story, in its order.
pub(crate) async fn run(servers: &Servers, script: &Script, show: &Show) -> Result<(), Stop> {
    let shown = |title: &str, number: u8| {
        show.chapter(number, title);
        for call in servers.dry_run.iter().flat_map(|held| held.take()) {
            show.call(&call);
        }
    };
    story::introduce(servers, script, show).await?;
    story::preflight(servers, script, show).await?;
    servers
        .driver
        .submit(&script.document, &script.positions)
        .await?;
    shown("Create: these calls would be sent", 3);

    let cluster = servers.palette.cluster(NEW_UID);
    match script.next_version(servers).await? {
        None => show.fact(
            "roll",
            "the profile has no newer version: nothing would be rolled",
        ),
        Some(next) => {
            let options = servers
                .driver
                .profile_options(&script.document, &next)
                .await?;
            cluster.update_profiles(&options).await?;
            cluster.approve_repave().await?;
            shown("Roll: these calls would be sent", 4);
        }
    }
    cluster.delete().await?;
    if let Some(account) = &script.document.cloud_account {
        let exists = servers
            .palette
            .cloud_accounts()
            .find(&account.name)
            .await?
            .is_some();
        if !exists {
            servers.palette.cloud_account(NEW_UID).delete().await?;
        }
    }
    shown("Delete: these calls would be sent", 5);
    show.good("dry_run", "Nothing was changed.");
    Ok(())
}
