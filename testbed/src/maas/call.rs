//! A request as a handler sees it: the pieces of the path, the operation, the query, the form and who signed it.

use base64::Engine;
use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::Value;

use super::oauth::User;
use super::reply::Reply;

/// What the body held.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// Names and values in order; files are in `files`.
    pub(crate) fields: Vec<(String, String)>,
    /// Name of the field and content.
    pub(crate) files: Vec<(String, Bytes)>,
    pub(crate) kind: FormKind,
}

/// How the body was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FormKind {
    /// Not at all: no content type.
    #[default]
    None,
    /// A form.
    Form,
    /// JSON: seen by plain create and update calls, not by operations.
    Json,
    /// A content type that is not read as fields.
    Other,
}

impl Form {
    pub(crate) fn parse(content_type: Option<&str>, body: &Bytes) -> Result<Self, Reply> {
        let Some(content_type) = content_type else {
            return Ok(Self::default());
        };
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self {
                fields: url::form_urlencoded::parse(body).into_owned().collect(),
                files: Vec::new(),
                kind: FormKind::Form,
            }),
            "multipart/form-data" => Self::multipart(content_type, body.clone()),
            "application/json" => Self::json(body),
            _ => Ok(Self {
                kind: FormKind::Other,
                ..Self::default()
            }),
        }
    }

    fn json(body: &[u8]) -> Result<Self, Reply> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(Reply::handler_text(400, "Bad Request"));
        };
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let fields = object
            .into_iter()
            .flat_map(|(name, value)| match value {
                Value::Array(values) => values
                    .into_iter()
                    .map(|value| (name.clone(), text(value)))
                    .collect(),
                value => vec![(name, text(value))],
            })
            .collect();
        Ok(Self {
            fields,
            files: Vec::new(),
            kind: FormKind::Json,
        })
    }

    fn multipart(content_type: &str, body: Bytes) -> Result<Self, Reply> {
        let bad = || Reply::handler_text(400, "Bad Request");
        let boundary = multer::parse_boundary(content_type).map_err(|_| bad())?;
        // A form without a field is nothing, or nothing but boundaries.
        let boundaries = String::from_utf8_lossy(&body).replace(&boundary, "");
        if boundaries.trim_matches(['-', '\r', '\n', ' ']).is_empty() {
            return Ok(Self {
                kind: FormKind::Form,
                ..Self::default()
            });
        }
        let read = async move {
            let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
            let mut parts = multer::Multipart::new(stream, boundary);
            let mut form = Self {
                kind: FormKind::Form,
                ..Self::default()
            };
            while let Some(part) = parts.next_field().await? {
                let name = part.name().unwrap_or_default().to_owned();
                let (is_file, is_base64) = (part.file_name().is_some(), is_base64(part.headers()));
                let mut content = part.bytes().await?;
                if is_base64 {
                    content = decode_base64(&content);
                }
                if is_file {
                    form.files.push((name, content));
                } else {
                    let text = String::from_utf8_lossy(&content).into_owned();
                    form.fields.push((name, text));
                }
            }
            Ok::<_, multer::Error>(form)
        };
        // The whole body is in memory, so reading it never waits.
        match read.now_or_never() {
            Some(Ok(form)) => Ok(form),
            _ => Err(bad()),
        }
    }

    /// Refuses a body that was not read as fields, as plain forms do: an error object that names no field.
    pub(crate) fn check_kind(&self) -> Result<(), Reply> {
        if self.kind == FormKind::Other {
            return Err(Reply::form_errors(&serde_json::json!({})));
        }
        Ok(())
    }

    /// The last value of a field, which is the one that counts.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        last(&self.fields, name)
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        all(&self.fields, name)
    }
}

/// Some clients write every field of a multipart form in base64, as mail does, and Django reads it.
fn is_base64(headers: &http::HeaderMap) -> bool {
    headers
        .get("content-transfer-encoding")
        .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"base64"))
}

/// Decodes base64 broken into lines; what is not base64 stays as it is.
fn decode_base64(content: &Bytes) -> Bytes {
    let joined: Vec<u8> = content
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(joined)
        .map_or_else(|_| content.clone(), Bytes::from)
}

/// The last value of a parameter.
pub(crate) fn last<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// All values of a parameter.
pub(crate) fn all<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .collect()
}

/// A request that reached a handler.
pub(crate) struct Call {
    /// What the placeholders of the path stand for, in order.
    pub(crate) arguments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Form,
    /// Absent only where no login is needed.
    pub(crate) user: Option<User>,
}

impl Call {
    /// The first placeholder's value.
    pub(crate) fn id(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }

    /// Who calls.
    pub(crate) fn user(&self) -> Result<&User, Reply> {
        self.user.as_ref().ok_or_else(Reply::login_needed)
    }

    /// Refuses everybody but administrators.
    pub(crate) fn admin(&self) -> Result<&User, Reply> {
        self.user().and_then(|user| {
            if user.admin {
                Ok(user)
            } else {
                Err(Reply::admin_only())
            }
        })
    }

    /// A boolean of an operation, in any of MAAS's spellings.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Reply> {
        let Some(text) = self.form.get(name) else {
            return Ok(false);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(Reply::error(
                400,
                &format!("Invalid {name}: Value should be 'true' or 'false'"),
            )),
        }
    }
}

/// A boolean of a plain form, where everything that is not said to be false is true.
pub(crate) fn form_bool(text: &str) -> bool {
    !matches!(text, "" | "false" | "False" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipart_fields_may_be_written_in_base64() {
        let body = "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=\"cpu_count\"\r\n\r\nOA==\r\n\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"tags\"\r\n\r\nssd\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"user_data\"; filename=\"u\"\r\n\r\n#!/bin/sh\r\n--b--\r\n";
        let form =
            Form::parse(Some("multipart/form-data; boundary=b"), &Bytes::from(body)).expect("form");
        assert_eq!(
            (form.get("cpu_count"), form.get("tags")),
            (Some("8"), Some("ssd"))
        );
        assert_eq!(
            form.files,
            [("user_data".to_owned(), Bytes::from("#!/bin/sh"))]
        );
        for empty in ["", "--b--\r\n", "--b\r\n\r\n--b--"] {
            let form = Form::parse(Some("multipart/form-data; boundary=b"), &Bytes::from(empty))
                .expect("form");
            assert!(form.fields.is_empty());
        }
    }
}
