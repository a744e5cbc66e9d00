//! Answers in the shapes MAAS gives them: which headers a status carries depends on who made it, the handler or an exception.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// The hash of the API's description in MAAS 3.7.3.
pub(crate) const API_HASH: &str = "36763f1444f05f8c565d0292aabefcaa9ece4369";

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply(pub(crate) Box<Response<Bytes>>);

/// A handler's result; both sides are answers, the second one a refusal.
pub(crate) type Answer = Result<Reply, Reply>;

const VARY_BOTH: &str = "Authorization, Cookie";
const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain";
const TEXT_UTF8: &str = "text/plain; charset=utf-8";

fn build(
    status: u16,
    content_type: &'static str,
    hash: bool,
    vary: Option<&'static str>,
    body: Bytes,
) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("nginx/1.22.1"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(vary) = vary {
        headers.insert(header::VARY, HeaderValue::from_static(vary));
    }
    if hash {
        headers.insert(
            HeaderName::from_static("x-maas-api-hash"),
            HeaderValue::from_static(API_HASH),
        );
    }
    headers.insert(
        HeaderName::from_static("x-frame-options"),
        HeaderValue::from_static("DENY"),
    );
    Reply(Box::new(response))
}

fn to_bytes(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .unwrap_or_default()
}

impl Reply {
    /// A handler's JSON.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        build(200, JSON, true, Some(VARY_BOTH), to_bytes(value))
    }

    /// JSON of a handler that asks for no login.
    pub(crate) fn public_json(value: &impl Serialize) -> Self {
        build(200, JSON, true, Some("Authorization"), to_bytes(value))
    }

    /// A handler's text with a status of its own.
    pub(crate) fn handler_text(status: u16, text: &str) -> Self {
        build(
            status,
            TEXT,
            true,
            Some(VARY_BOTH),
            Bytes::copy_from_slice(text.as_bytes()),
        )
    }

    /// The object is gone.
    pub(crate) fn deleted() -> Self {
        Self::handler_text(204, "")
    }

    /// 404 of a look-up: `No Machine matches the given query.`
    pub(crate) fn no_such(kind: &str) -> Self {
        Self::handler_text(404, &format!("No {kind} matches the given query."))
    }

    /// 401 for a call without usable credentials.
    pub(crate) fn login_needed() -> Self {
        Self::handler_text(401, "Forbidden")
    }

    /// An exception's text.
    pub(crate) fn error(status: u16, text: &str) -> Self {
        build(
            status,
            TEXT_UTF8,
            false,
            Some("Cookie"),
            Bytes::copy_from_slice(text.as_bytes()),
        )
    }

    /// 403 without a word, as for machines of other users.
    pub(crate) fn forbidden() -> Self {
        Self::error(403, "")
    }

    /// 403 for what only administrators may do.
    pub(crate) fn admin_only() -> Self {
        Self::error(403, "This method is reserved for admin users.")
    }

    /// A failure after the request's own changes were committed; it bypasses the middleware that sets `Vary`.
    pub(crate) fn late_error(status: u16, text: &str) -> Self {
        let mut reply = build(
            status,
            TEXT_UTF8,
            false,
            None,
            Bytes::copy_from_slice(text.as_bytes()),
        );
        reply.0.headers_mut().remove("x-frame-options");
        reply
    }

    /// 400 with messages by field.
    pub(crate) fn form_errors(errors: &Value) -> Self {
        build(400, JSON, false, Some("Cookie"), to_bytes(errors))
    }

    /// 400 of a model's own check, which another part of MAAS writes than a form's.
    pub(crate) fn model_error(message: &str) -> Self {
        let body = to_bytes(&serde_json::json!({ "__all__": [message] }));
        build(400, "application/json", false, Some("Cookie"), body)
    }

    /// 400 with one message for one field.
    pub(crate) fn field_error(field: &str, message: &str) -> Self {
        Self::form_errors(&serde_json::json!({ field: [message] }))
    }

    /// 404 for a path that MAAS does not have.
    pub(crate) fn unknown_endpoint(path: &str) -> Self {
        build(
            404,
            TEXT_UTF8,
            false,
            None,
            Bytes::from(format!("Unknown API endpoint: {path}.")),
        )
    }

    /// 405 with the methods that are allowed.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        let mut reply = build(
            405,
            "text/html; charset=utf-8",
            true,
            Some(VARY_BOTH),
            Bytes::new(),
        );
        if let Ok(allow) = HeaderValue::from_str(allow) {
            reply.0.headers_mut().insert(header::ALLOW, allow);
        }
        reply
    }

    /// 401 with the reason why the signature was not accepted.
    pub(crate) fn oauth_error(reason: &str) -> Self {
        let text = format!("Authorization Error: {reason}");
        let mut reply = build(
            401,
            "text/html; charset=utf-8",
            false,
            Some("Cookie"),
            Bytes::from(text),
        );
        reply.0.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("OAuth realm=\"OAuth\""),
        );
        reply
    }

    /// The page shown when the database kept refusing a change; the only 409 with `Retry-After`.
    pub(crate) fn conflict() -> Self {
        let page =
            "<html><head><title>409 Conflict</title></head><body><h1>Conflict</h1></body></html>";
        let mut reply = build(
            409,
            "text/html; charset=utf-8",
            false,
            Some("Cookie"),
            Bytes::from_static(page.as_bytes()),
        );
        reply
            .0
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(5));
        reply
    }

    /// 302 to the user interface, which is where MAAS sends everything outside its API.
    pub(crate) fn to_user_interface(path: &str) -> Self {
        let mut reply = build(
            302,
            "text/html; charset=utf-8",
            false,
            Some("Cookie"),
            Bytes::new(),
        );
        let headers = reply.0.headers_mut();
        headers.remove("x-frame-options");
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        if let Ok(location) = HeaderValue::from_str(&format!("/MAAS/?next={next}")) {
            headers.insert(header::LOCATION, location);
        }
        reply
    }

    /// 410 for an API version that was retired.
    pub(crate) fn gone(text: &'static str) -> Self {
        build(410, TEXT, false, None, Bytes::from_static(text.as_bytes()))
    }

    /// An error page of the web server in front.
    pub(crate) fn nginx_error(status: u16, title: &str) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
        );
        let mut reply = build(status, "text/html", false, None, Bytes::from(page));
        reply.0.headers_mut().remove("x-frame-options");
        reply
    }

    /// 501 for an endpoint that MAAS has and this region does not play.
    pub(crate) fn not_simulated(method: &str, path: &str, op: Option<&str>) -> Self {
        let op = op.map(|op| format!("?op={op}")).unwrap_or_default();
        Self::error(
            501,
            &format!("The testbed does not simulate {method} {path}{op}"),
        )
    }
}

impl Reply {
    /// `GET /MAAS/api/version/`
    pub(crate) fn plain_version() -> Self {
        build(
            200,
            TEXT_UTF8,
            false,
            Some("Cookie"),
            Bytes::from_static(b"2.0"),
        )
    }

    /// JSONP.
    pub(crate) fn wrapped_in(mut self, callback: &str) -> Self {
        let body = self.0.body_mut();
        *body = Bytes::from([callback.as_bytes(), b"(", &body[..], b")"].concat());
        self
    }
}
