//! A request as a handler sees it: the pieces of the path, the operation, the query, the form and who signed it.

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
        let read = async move {
            let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
            let mut parts = multer::Multipart::new(stream, boundary);
            let mut form = Self {
                kind: FormKind::Form,
                ..Self::default()
            };
            while let Some(part) = parts.next_field().await? {
                let name = part.name().unwrap_or_default().to_owned();
                if part.file_name().is_some() {
                    form.files.push((name, part.bytes().await?));
                } else {
                    form.fields.push((name, part.text().await?));
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
