//! Requests as plain values: what is sent is decided here, without a connection.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sdk_transport::{Call, Error, ErrorKind};
use url::Url;

use crate::options::{Fields, ToFields};

/// One operation of the API that this client sends.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its name in errors, traces and bindings, e.g. `machine.deploy`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the API's base, with placeholders.
    pub path: &'static str,
    /// The `op` in the query.
    pub op: Option<&'static str>,
    /// Whether repeating it does no harm.
    pub idempotent: bool,
    /// Whether it is sent without credentials.
    pub anonymous: bool,
}

impl Operation {
    pub(crate) const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        op: Option<&'static str>,
    ) -> Self {
        let idempotent = !matches!(method, Method::POST);
        Self {
            name,
            method,
            path,
            op,
            idempotent,
            anonymous: false,
        }
    }

    /// Says why in a comment beside the operation.
    pub(crate) const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    pub(crate) const fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// The request for these path arguments.
    pub(crate) fn at(&'static self, arguments: &[&str]) -> Request {
        Request {
            operation: self,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            fields: Fields::new(),
        }
    }
}

/// Declares the operations of a noun, one constant each:
/// `NAME = METHOD "path/{argument}/" op "op" as "noun.verb";` plus, if it holds, `idempotent` or `anonymous`.
macro_rules! operations {
    ($($(#[$meta:meta])* $id:ident = $method:ident $path:literal $(op $op:literal)? as $name:literal $($flag:ident)?;)*) => {
        $($(#[$meta])* const $id: &$crate::Operation = &$crate::Operation::new(
            $name, ::http::Method::$method, $path, $crate::request::operations!(@op $($op)?)
        )$(.$flag())?;)*

        pub(crate) const OPERATIONS: &[&$crate::Operation] = &[$($id),*];
    };
    (@op) => { None };
    (@op $op:literal) => { Some($op) };
}
pub(crate) use operations;

/// A request before it meets the server's address.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    operation: &'static Operation,
    arguments: Vec<String>,
    fields: Fields,
}

/// Marks a request that is sent without credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anonymous;

/// What need not be escaped in a path segment; names like `name:lab` stay readable.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');
const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

impl Request {
    /// Adds fields: to the query of a GET or DELETE, else to the form. The server reads no others.
    pub(crate) fn fields(mut self, fields: &impl ToFields) -> Self {
        for (name, value) in fields.to_fields().pairs() {
            self.fields.push(name, value);
        }
        self
    }

    /// The call on the server whose API base is `base`.
    pub(crate) fn call(self, base: &Url) -> Result<Call, Error> {
        let Self {
            operation,
            arguments,
            fields,
        } = self;
        let path = fill(operation.path, &arguments)
            .map_err(|error| error.with_operation(operation.name))?;
        let in_query = !matches!(operation.method, Method::POST | Method::PUT);
        let mut query = Fields::new();
        if let Some(op) = operation.op {
            query.push("op", op);
        }
        let body = if in_query {
            for (name, value) in fields.pairs() {
                query.push(name, value);
            }
            None
        } else {
            Some(Body::Form(fields))
        };
        let mut request = build(base, &operation.method, &path, &query, body)
            .map_err(|error| error.with_operation(operation.name))?;
        if operation.anonymous {
            request.extensions_mut().insert(Anonymous);
        }
        Ok(Call::new(operation.name, operation.path, request).idempotent(operation.idempotent))
    }
}

/// The body of [`Client::call`](crate::Client::call).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// `application/x-www-form-urlencoded`, which nearly every operation takes.
    Form(Fields),
    /// Anything else, with its content type.
    Raw {
        /// The content type, e.g. `application/octet-stream`.
        content_type: String,
        /// The bytes.
        bytes: Bytes,
    },
}

/// Without the content, which may be secret.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(fields) => f.debug_tuple("Form").field(fields).finish(),
            Self::Raw {
                content_type,
                bytes,
            } => write!(f, "Raw({content_type}, {} bytes)", bytes.len()),
        }
    }
}

/// Builds a request for a path below the API's base.
pub(crate) fn build(
    base: &Url,
    method: &Method,
    path: &str,
    query: &Fields,
    body: Option<Body>,
) -> Result<http::Request<Bytes>, Error> {
    let mut uri = format!("{base}{path}");
    if !query.is_empty() {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str(&query.encode());
    }
    let mut request = http::Request::builder().method(method.clone()).uri(&uri);
    let bytes = match body {
        None => Bytes::new(),
        // Without a content type the server reads no body at all, so it is there even if the form is empty.
        Some(Body::Form(fields)) => {
            request = request.header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
            fields.encode().into()
        }
        Some(Body::Raw {
            content_type,
            bytes,
        }) => {
            request = request.header(header::CONTENT_TYPE, content_type);
            bytes
        }
    };
    request.body(bytes).map_err(|error| {
        Error::invalid_input(format!("no request can be made of `{path}`: {error}"))
    })
}

/// Fills `{name}` with an escaped argument and `{+name}` with one that may contain slashes.
fn fill(template: &str, arguments: &[String]) -> Result<String, Error> {
    let mut path = String::new();
    let mut rest = template;
    let mut arguments = arguments.iter();
    while let Some((before, after)) = rest.split_once('{') {
        let (Some((name, after)), Some(argument)) = (after.split_once('}'), arguments.next())
        else {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("`{template}` is not filled"),
            ));
        };
        let (name, set) = match name.strip_prefix('+') {
            Some(name) => (name, SEGMENTS),
            None => (name, SEGMENT),
        };
        // An empty argument would address the whole collection, dots another path.
        if argument
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(
                Error::invalid_input(format!("`{argument}` cannot be a {name}"))
                    .with_hint(format!("give the {name} of one object")),
            );
        }
        path.push_str(before);
        path.extend(utf8_percent_encode(argument, set));
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &Operation = &Operation::new("thing.get", Method::GET, "things/{name}/", None);
    const SUBNET: &Operation = &Operation::new(
        "subnet.get",
        Method::GET,
        "subnets/{+subnet}/",
        Some("statistics"),
    );
    const CREATE: &Operation =
        &Operation::new("thing.create", Method::POST, "things/", Some("make"));

    fn base() -> Url {
        Url::parse("http://h:5240/MAAS/api/2.0/").unwrap()
    }

    #[test]
    fn paths_are_escaped_segment_by_segment() {
        let uri = |request: Request| request.call(&base()).unwrap().request.uri().to_string();
        assert_eq!(
            uri(ITEM.at(&["a b/ü%"])),
            "http://h:5240/MAAS/api/2.0/things/a%20b%2F%C3%BC%25/"
        );
        assert_eq!(
            uri(SUBNET.at(&["10.10.0.0/24"])),
            "http://h:5240/MAAS/api/2.0/subnets/10.10.0.0/24/?op=statistics"
        );
        assert_eq!(
            uri(ITEM.at(&["a"]).fields(&Fields::new().with("q", "1 2"))),
            "http://h:5240/MAAS/api/2.0/things/a/?q=1+2"
        );
    }

    #[test]
    fn an_argument_never_addresses_something_else() {
        for (operation, argument) in [
            (ITEM, ""),
            (ITEM, ".."),
            (SUBNET, "../users/admin"),
            (SUBNET, "a//b"),
        ] {
            let error = operation.at(&[argument]).call(&base()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{argument}");
            assert_eq!(error.operation(), Some(operation.name));
        }
    }

    #[test]
    fn fields_of_a_post_go_into_the_form_and_op_into_the_query() {
        let call = CREATE
            .at(&[])
            .fields(&Fields::new().with("a", "1&2"))
            .call(&base())
            .unwrap();
        assert!(!call.idempotent);
        assert_eq!(
            call.request.uri(),
            "http://h:5240/MAAS/api/2.0/things/?op=make"
        );
        assert_eq!(call.request.body(), "a=1%262");
        assert_eq!(
            call.request.headers()[header::CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
    }
}
