//! What every request passes before its handler: the specification's paths, rate limits, the API key, the scope, and the specification's schemas.

use std::time::Instant;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, header};
use serde_json::Value;

use super::call::Call;
use super::reply::{Refusal, Reply};
use super::route;
use super::spec::{Operation, Route, Spec};
use super::state::State;
use crate::maas::Region;

/// Where the tenant is spoken to and no project is needed.
const TENANT_PATHS: [&str; 12] = [
    "/v1/users/info",
    "/v1/overlords",
    "/v1/projects",
    "/v1/dashboard/projects",
    "/v1/dashboard/pcgs",
    "/v1/health",
    "/v1/auth",
    "/v1/apiKeys",
    "/v1/tenants",
    "/v1/pcg",
    "/v1/clouds",
    "/v1/system",
];

/// Answers one request; the second value says whether something may have changed.
pub(crate) fn answer(
    state: &mut State,
    region: &Region,
    parts: &Parts,
    body: &Bytes,
) -> (Response<Body>, bool) {
    let reference = state.references.next();
    match admitted(state, parts, body).and_then(|(operation, call)| {
        let reply = route::serve(state, region, operation.method, &operation.template, &call)?;
        Ok((operation, reply))
    }) {
        Ok((operation, reply)) => {
            let audit_uid = operation
                .has_audit_uid(reply.status)
                .then_some(reference.as_str());
            (
                Reply::into_response(reply, audit_uid),
                operation.method != "GET",
            )
        }
        Err(refusal) => (refusal.into_response(&format!("ref-{reference}")), false),
    }
}

fn admitted(
    state: &mut State,
    parts: &Parts,
    body: &Bytes,
) -> Result<(&'static Operation, Call), Refusal> {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let spec = Spec::published();
    let (operation, values) = match spec.route(method, path) {
        Route::Found(operation, values) => (operation, values),
        Route::OtherMethods(methods) => {
            let message = format!(
                "method {method} is not allowed, but [{}] are",
                methods.join(",")
            );
            return Err(Refusal::router(405, message));
        }
        Route::Unknown => return Err(Refusal::router(404, format!("path {path} was not found"))),
    };
    if !state.limits.admit(path, Instant::now()) {
        return Err(Refusal::new(
            429,
            "TooManyRequests",
            "Too many requests, retry after a few moments",
        ));
    }
    if !path.starts_with("/v1/health/")
        && text(&parts.headers, "ApiKey") != Some(state.tenant.api_key.as_str())
    {
        return Err(Refusal::new(
            401,
            "UnAuthorizedAccess",
            "Unauthorized access: the API key is missing or not valid",
        ));
    }
    check_scope(state, method, path, text(&parts.headers, "ProjectUid"))?;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let call = Call {
        path: values,
        query,
        body: json(parts, body)?,
    };
    if let Some(wrong) = operation
        .check_path(&call.path)
        .or_else(|| operation.check_query(&call.query))
    {
        return Err(Refusal::invalid(wrong));
    }
    let wrong = spec.check_body(operation, Some(&call.body).filter(|body| !body.is_null()));
    if !wrong.is_empty() {
        return Err(Refusal::invalid(wrong.join("; ")));
    }
    Ok((operation, call))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The body; `null` if there is none.
fn json(parts: &Parts, body: &Bytes) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(Refusal::router(
            415,
            format!("unsupported media type '{kind}', only [application/json] are allowed"),
        ));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::router(400, format!("parsing body failed: {error}")))
}

/// Palette checks the header whenever it is sent, and what belongs to a project needs it.
fn check_scope(
    state: &State,
    method: &str,
    path: &str,
    project: Option<&str>,
) -> Result<(), Refusal> {
    match project {
        Some(uid) if uid == state.tenant.project_uid => Ok(()),
        Some(uid) => {
            let message = format!("Project with uid '{uid}' was not found in the tenant");
            Err(Refusal::new(404, "ProjectNotFoundInTenant", message))
        }
        None if TENANT_PATHS.iter().any(|prefix| path.starts_with(prefix)) => Ok(()),
        None => {
            let verb = match method {
                "GET" => "get",
                "POST" => "create",
                "DELETE" => "delete",
                _ => "update",
            };
            let noun = match path.split('/').nth(2) {
                Some("cloudaccounts") => "cloudaccount",
                Some("clusterprofiles") => "clusterProfile",
                Some("users") => "location",
                _ => "cluster",
            };
            let message =
                format!("Operation '{noun}.{verb}' is forbidden for this user in the tenant scope");
            Err(Refusal::new(403, "OperationForbidden", message))
        }
    }
}
