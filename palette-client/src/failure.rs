//! What Palette's unsuccessful answers mean.

use http::{Response, StatusCode, header};
use sdk_transport::{Call, ErrorKind, Failure, Retryability, web_page};
use serde::Deserialize;
use serde_json::Value;

use crate::client::PROJECT_HEADER;

/// The header with the id of the server's audit entry.
const AUDIT_HEADER: &str = "auditUid";

/// Both shapes of an error: the API's, whose code is a string, and the router's, whose code is a number.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    code: Value,
    message: Value,
    #[serde(rename = "ref")]
    reference: Value,
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads an answer that is neither a success nor a redirect. A pure function of the call and the answer.
pub(crate) fn classify<B: AsRef<[u8]>>(call: &Call, response: &Response<B>) -> Failure {
    let status = response.status();
    let bytes = response.body().as_ref();
    let body = serde_json::from_slice::<Body>(bytes).ok();
    let code = body.as_ref().and_then(|body| text(&body.code));
    let message = body.as_ref().and_then(|body| text(&body.message));
    // The router answers before any operation is reached; its code is the status.
    let named = body
        .as_ref()
        .is_some_and(|body| body.code.is_string())
        .then(|| code.clone())
        .flatten();
    let (kind, retry) = match &named {
        Some(code) => by_code(code, message.as_deref().unwrap_or_default(), status),
        None => by_status(status),
    };
    let mut failure = Failure::new(kind, message.unwrap_or_else(|| describe(status, bytes)));
    failure.retry = retry;
    failure.server_code = code;
    failure.reference = body
        .as_ref()
        .and_then(|body| text(&body.reference))
        .or_else(|| {
            let audit = response.headers().get(AUDIT_HEADER)?;
            Some(audit.to_str().ok()?.to_owned())
        });
    let in_project = call.request.headers().contains_key(PROJECT_HEADER);
    refine_scope(&mut failure, named.as_deref(), in_project);
    if failure.hint.is_none() {
        failure.hint =
            hint(&failure, named.is_some(), status, is_html(response)).map(str::to_owned);
    }
    failure
}

fn by_code(code: &str, message: &str, status: StatusCode) -> (ErrorKind, Retryability) {
    let lower = message.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let kind = match code {
        "UnAuthorizedAccess" | "Unauthorized" | "InvalidToken" | "TokenExpired" => {
            ErrorKind::Unauthorized
        }
        "OperationForbidden" | "ResourceAccessDenied" | "Forbidden" => ErrorKind::Forbidden,
        "ProjectNotFoundInTenant" => ErrorKind::Scope,
        "TooManyRequests" => ErrorKind::RateLimited,
        "BackupNotConfigured" => ErrorKind::StateConflict,
        code if code.ends_with("NotFound") => ErrorKind::NotFound,
        code if code.ends_with("TimeoutError") => ErrorKind::Unavailable,
        code if code.contains("Duplicate")
            || code.contains("AlreadyExist")
            || has(&["already exist", "duplicate", "already in use"]) =>
        {
            ErrorKind::AlreadyExists
        }
        // Gateways answer through a message bus; without a listener nothing was done.
        _ if lower.contains("no subscriber found") => ErrorKind::Unavailable,
        "InternalServerError" | "InternalError" | "ServerError" => by_status(status).0,
        code if code.contains("Conflict")
            || code.contains("InvalidState")
            || code.ends_with("NotAllowed")
            || code.ends_with("InUse")
            || has(&[
                "cannot be updated",
                "cannot be deleted",
                "cannot update",
                "cannot delete",
                "can be force deleted",
                "force delete",
                "in progress",
                "in use",
                "is deleting",
                "being deleted",
                "still provisioning",
                "while ",
            ]) =>
        {
            ErrorKind::StateConflict
        }
        // With a code of its own, a 500 is a refusal and no crash.
        _ if status == StatusCode::INTERNAL_SERVER_ERROR => ErrorKind::BadRequest,
        _ => by_status(status).0,
    };
    let retry = match kind {
        ErrorKind::RateLimited => Retryability::NotCarriedOut,
        ErrorKind::Unavailable if lower.contains("no subscriber found") => {
            Retryability::NotCarriedOut
        }
        ErrorKind::Unavailable | ErrorKind::ServerError => Retryability::Unknown,
        _ => Retryability::Never,
    };
    (kind, retry)
}

fn by_status(status: StatusCode) -> (ErrorKind, Retryability) {
    match status.as_u16() {
        401 => (ErrorKind::Unauthorized, Retryability::Never),
        403 => (ErrorKind::Forbidden, Retryability::Never),
        404 => (ErrorKind::NotFound, Retryability::Never),
        409 => (ErrorKind::StateConflict, Retryability::Never),
        410 => (ErrorKind::Gone, Retryability::Never),
        429 => (ErrorKind::RateLimited, Retryability::NotCarriedOut),
        502..=504 => (ErrorKind::Unavailable, Retryability::Unknown),
        500.. => (ErrorKind::ServerError, Retryability::Unknown),
        _ => (ErrorKind::BadRequest, Retryability::Never),
    }
}

/// Tells a missing permission from a missing project: Palette answers both with the same code.
fn refine_scope(failure: &mut Failure, code: Option<&str>, in_project: bool) {
    let hint = match (code, in_project) {
        (Some("OperationForbidden"), false) => {
            failure.kind = ErrorKind::Scope;
            "no project was set; if the object belongs to one, set PALETTE_PROJECT or the client's `project`"
        }
        (Some("ProjectNotFoundInTenant"), _) => {
            "this tenant has no such project, or the key may not see it; check PALETTE_PROJECT or the client's `project`"
        }
        (Some("ResourceAccessDenied"), true) => {
            "the key may not use this object, or not in this project"
        }
        (Some("ResourceNotFound"), true) => {
            "it may belong to another project or to the tenant, or the project itself does not exist"
        }
        (Some("ResourceNotFound"), false) => {
            "no project was set; if the object belongs to one, set PALETTE_PROJECT or the client's `project`"
        }
        _ => return,
    };
    failure.hint = Some(hint.to_owned());
}

fn hint(failure: &Failure, named: bool, status: StatusCode, html: bool) -> Option<&'static str> {
    match failure.kind {
        ErrorKind::Unauthorized => {
            Some("check the API key: it may be wrong, expired, disabled, or of another tenant")
        }
        _ if html => Some(
            "a web page came instead of Palette's JSON: check the URL, and any proxy in between",
        ),
        _ if named => None,
        _ if matches!(status.as_u16(), 404 | 405) => {
            Some("the server has no such operation: check the URL and the server's version")
        }
        _ => None,
    }
}

fn is_html<B: AsRef<[u8]>>(response: &Response<B>) -> bool {
    let by_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    by_type || web_page::is_web_page(response.body().as_ref())
}

/// A sentence for an answer that is not Palette's.
fn describe(status: StatusCode, body: &[u8]) -> String {
    let reason = status.canonical_reason().unwrap_or("an unknown status");
    match web_page::title(&String::from_utf8_lossy(body)) {
        Some(title) => format!("the server answered {reason}: {title}"),
        None => format!("the server answered {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str, project: bool) -> Failure {
        let mut request = http::Request::builder()
            .uri("http://h/v1/x")
            .body(bytes::Bytes::new())
            .unwrap();
        if project {
            request
                .headers_mut()
                .insert(PROJECT_HEADER, http::HeaderValue::from_static("p"));
        }
        let response = Response::builder()
            .status(status)
            .body(body.to_owned())
            .unwrap();
        classify(&Call::new("x", "/v1/x", request), &response)
    }

    fn coded(status: u16, code: &str, message: &str) -> Failure {
        let body =
            serde_json::json!({"code": code, "message": message, "ref": "ref-1", "details": null});
        failure(status, &body.to_string(), true)
    }

    #[test]
    fn codes_decide_before_the_status() {
        for (status, code, message, kind, retry) in [
            (
                404,
                "ResourceNotFound",
                "x",
                ErrorKind::NotFound,
                Retryability::Never,
            ),
            (
                500,
                "ResourceNotFound",
                "x",
                ErrorKind::NotFound,
                Retryability::Never,
            ),
            (
                400,
                "UserNotFound",
                "x",
                ErrorKind::NotFound,
                Retryability::Never,
            ),
            (
                401,
                "UnAuthorizedAccess",
                "x",
                ErrorKind::Unauthorized,
                Retryability::Never,
            ),
            (
                403,
                "OperationForbidden",
                "x",
                ErrorKind::Forbidden,
                Retryability::Never,
            ),
            (
                403,
                "ResourceAccessDenied",
                "x",
                ErrorKind::Forbidden,
                Retryability::Never,
            ),
            (
                400,
                "ProjectNotFoundInTenant",
                "x",
                ErrorKind::Scope,
                Retryability::Never,
            ),
            (
                429,
                "TooManyRequests",
                "x",
                ErrorKind::RateLimited,
                Retryability::NotCarriedOut,
            ),
            (
                409,
                "DuplicateClusterName",
                "x",
                ErrorKind::AlreadyExists,
                Retryability::Never,
            ),
            (
                500,
                "ClusterNameInvalid",
                "Cluster c1 already exists",
                ErrorKind::AlreadyExists,
                Retryability::Never,
            ),
            (
                500,
                "OperationFailed",
                "the cluster cannot be updated while Provisioning",
                ErrorKind::StateConflict,
                Retryability::Never,
            ),
            (
                500,
                "InvalidCloudAccount",
                "the endpoint is malformed",
                ErrorKind::BadRequest,
                Retryability::Never,
            ),
            (
                500,
                "InternalServerError",
                "x",
                ErrorKind::ServerError,
                Retryability::Unknown,
            ),
            (
                504,
                "ClusterFeatureTimeoutError",
                "x",
                ErrorKind::Unavailable,
                Retryability::Unknown,
            ),
            (
                500,
                "OperationFailed",
                "no subscriber found",
                ErrorKind::Unavailable,
                Retryability::NotCarriedOut,
            ),
            (
                422,
                "InvalidSortField",
                "x",
                ErrorKind::BadRequest,
                Retryability::Never,
            ),
        ] {
            let failure = coded(status, code, message);
            assert_eq!(
                (failure.kind, failure.retry),
                (kind, retry),
                "{status} {code} {message}"
            );
            assert_eq!(failure.server_code.as_deref(), Some(code));
            assert_eq!(failure.reference.as_deref(), Some("ref-1"));
        }
    }

    #[test]
    fn a_forbidden_operation_without_a_project_is_a_matter_of_scope() {
        let body =
            r#"{"code":"OperationForbidden","message":"Operation 'cluster.get' is forbidden"}"#;
        let without = failure(403, body, false);
        assert_eq!(without.kind, ErrorKind::Scope);
        assert!(without.hint.unwrap().contains("PALETTE_PROJECT"));
        assert_eq!(failure(403, body, true).kind, ErrorKind::Forbidden);
    }

    #[test]
    fn the_routers_numbers_and_web_pages_are_understood() {
        let router = failure(
            405,
            r#"{"code":405,"message":"method PUT is not allowed, but [PATCH] are"}"#,
            true,
        );
        assert_eq!(router.kind, ErrorKind::BadRequest);
        assert_eq!(router.server_code.as_deref(), Some("405"));
        assert!(router.message.contains("[PATCH]"));

        let page = failure(
            502,
            "<html><head><title>502 Bad Gateway</title></head></html>",
            true,
        );
        assert_eq!(page.kind, ErrorKind::Unavailable);
        assert_eq!(page.retry, Retryability::Unknown);
        assert!(page.message.contains("502 Bad Gateway"), "{}", page.message);
        assert!(page.hint.unwrap().contains("web page"));

        let empty = failure(500, "", true);
        assert_eq!(empty.kind, ErrorKind::ServerError);
        assert_eq!(failure(404, "[]", true).kind, ErrorKind::NotFound);
    }

    proptest::proptest! {
        /// Whatever comes, it is understood somehow, and only a refusal for too many requests proves that nothing was done.
        #[test]
        fn nothing_makes_it_panic(status in 400_u16..600, body in ".{0,200}", code in "[A-Za-z]{0,20}") {
            for body in [body.clone(), serde_json::json!({"code": code, "message": body}).to_string()] {
                let failure = failure(status, &body, true);
                proptest::prop_assert!(!failure.message.is_empty());
                if failure.retry == Retryability::NotCarriedOut {
                    proptest::prop_assert!(failure.kind == ErrorKind::RateLimited || body.contains("no subscriber found"));
                }
            }
        }
    }
}
