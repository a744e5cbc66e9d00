//! What Palette answers: bodies of success and the two shapes of an error.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    content: Content,
}

#[derive(Debug)]
enum Content {
    None,
    Json(Value),
    File { name: String, text: String },
}

/// What a handler ends with.
pub(crate) type Answer = Result<Reply, Refusal>;

impl Reply {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            content: Content::Json(body),
        }
    }

    /// 201 with the uid of what was created.
    pub(crate) fn created(uid: &str) -> Self {
        Self {
            status: 201,
            content: Content::Json(json!({"uid": uid})),
        }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            content: Content::None,
        }
    }

    /// 200 with a file.
    pub(crate) fn file(name: &str, text: String) -> Self {
        Self {
            status: 200,
            content: Content::File {
                name: name.to_owned(),
                text,
            },
        }
    }

    pub(crate) fn into_response(self, audit_uid: Option<&str>) -> Response<Body> {
        let (body, kind) = match &self.content {
            Content::None => (Body::empty(), None),
            Content::Json(value) => (Body::from(value.to_string()), Some("application/json")),
            Content::File { text, .. } => {
                (Body::from(text.clone()), Some("application/octet-stream"))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Content::File { name, .. } = &self.content
            && let Ok(value) = HeaderValue::from_str(&format!("attachment; filename={name}"))
        {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        if let Some(Ok(uid)) = audit_uid.map(HeaderValue::from_str) {
            headers.insert("AuditUid", uid);
        }
        response
    }
}

/// An error: a code and a sentence.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    code: Code,
    pub(crate) message: String,
}

/// Palette's own errors carry a word, those of its router a number.
#[derive(Debug)]
enum Code {
    Word(&'static str),
    Number(u16),
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Code::Word(code),
            message: message.into(),
        }
    }

    /// An error of the router, before anything of Palette has seen the request.
    pub(crate) fn router(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Code::Number(status),
            message: message.into(),
        }
    }

    /// 400: the request is not what the specification or Palette's rules ask for.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequest", message)
    }

    /// 404: nothing has this uid.
    pub(crate) fn not_found(kind: &str, uid: &str) -> Self {
        Self::new(
            404,
            "ResourceNotFound",
            format!("Resource '{kind}' with uid '{uid}' was not found"),
        )
    }

    pub(crate) fn into_response(self, reference: &str) -> Response<Body> {
        let body = match self.code {
            Code::Word(code) => {
                json!({"code": code, "message": self.message, "ref": reference, "details": {}})
            }
            Code::Number(code) => json!({"code": code, "message": self.message}),
        };
        let reply = Reply {
            status: self.status,
            content: Content::Json(body),
        };
        reply.into_response(None)
    }
}
