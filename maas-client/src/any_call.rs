//! The content of a call of any kind as plain data, for bindings and configuration.

use sdk_transport::Error;
use serde::Deserialize;

use crate::{Body, Fields, UserData};

/// What [`Client::call`](crate::Client::call) sends beside method and path, read from JSON:
/// `{"query": {"op": "…"}, "form": {"name": "gpu", "tag": ["a", "b"]}}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AnyCall {
    /// The query.
    pub query: Option<Fields>,
    /// A form, which nearly every operation takes.
    pub form: Option<Fields>,
    /// Anything else than a form: text or bytes.
    pub body: Option<UserData>,
    /// The content type of `body`. Default `application/octet-stream`.
    pub content_type: Option<String>,
}

impl AnyCall {
    /// The query and the body.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if there are both a form and another body.
    pub fn into_parts(self) -> Result<(Fields, Option<Body>), Error> {
        let body = match (self.form, self.body, self.content_type) {
            (None, None, None) => None,
            (Some(form), None, None) => Some(Body::Form(form)),
            (None, Some(body), content_type) => Some(Body::Raw {
                content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
                bytes: body.expose().to_vec().into(),
            }),
            (Some(_), _, _) => {
                return Err(Error::invalid_input(
                    "`form` fits with neither `body` nor `content_type`",
                ));
            }
            (None, None, Some(_)) => {
                return Err(Error::invalid_input(
                    "`content_type` is of no use without `body`",
                ));
            }
        };
        Ok((self.query.unwrap_or_default(), body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(json: &str) -> Result<(Fields, Option<Body>), Error> {
        serde_json::from_str::<AnyCall>(json).unwrap().into_parts()
    }

    #[test]
    fn a_form_or_another_body() {
        assert_eq!(parts("{}").unwrap(), (Fields::new(), None));
        assert_eq!(
            parts(r#"{"query": {"op": "x"}, "form": {"a": [1, "b"]}}"#).unwrap(),
            (
                Fields::new().with("op", "x"),
                Some(Body::Form(Fields::new().with("a", "1").with("a", "b")))
            )
        );
        let raw = |content_type: &str| Body::Raw {
            content_type: content_type.to_owned(),
            bytes: "x".into(),
        };
        assert_eq!(
            parts(r#"{"body": "x"}"#).unwrap().1,
            Some(raw("application/octet-stream"))
        );
        assert_eq!(
            parts(r#"{"body": [120], "content_type": "text/plain"}"#)
                .unwrap()
                .1,
            Some(raw("text/plain"))
        );
        for wrong in [
            r#"{"form": {}, "body": "x"}"#,
            r#"{"form": {}, "content_type": "text/plain"}"#,
            r#"{"content_type": "text/plain"}"#,
        ] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }
}
