//! Operations and requests as values.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sdk_transport::{Call, Error};
use serde_json::Value;
use url::Url;

use crate::options::{Input, InputProblem, Wire};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// One operation of the API that this crate can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The name in errors and traces, e.g. `cluster.delete`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path as the published specification writes it, e.g. `/v1/spectroclusters/{uid}`.
    pub template: &'static str,
    /// Whether it belongs to the tenant, so that no project is ever sent.
    pub tenant: bool,
    /// Whether repeating it does no harm.
    pub idempotent: bool,
}

impl Operation {
    /// Only the methods that HTTP itself calls idempotent may be repeated; see [`Operation::reading`].
    pub(crate) const fn new(
        name: &'static str,
        method: &'static str,
        template: &'static str,
    ) -> Self {
        Self {
            name,
            method,
            template,
            tenant: false,
            idempotent: !matches!(method.as_bytes(), b"POST" | b"PATCH"),
        }
    }

    /// A POST that only reads: a search, a check.
    pub(crate) const fn reading(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// An operation on a resource of the tenant.
    pub(crate) const fn tenant(mut self) -> Self {
        self.tenant = true;
        self
    }

    /// A request with the template's placeholders filled in, in order.
    pub(crate) fn at(&self, segments: &[&str]) -> Request {
        let mut path = String::new();
        let mut values = segments.iter();
        let mut problem = None;
        for part in self.template.split('/').skip(1) {
            path.push('/');
            let Some(name) = part.strip_prefix('{') else {
                path.push_str(part);
                continue;
            };
            let name = name.trim_end_matches('}');
            let value = values.next().copied().unwrap_or_default();
            // An empty segment or a dot would address another resource.
            if matches!(value, "" | "." | "..") {
                problem.get_or_insert(InputProblem::new(
                    name,
                    format!("is `{value}`: a value is required"),
                ));
            }
            path.extend(utf8_percent_encode(value, SEGMENT));
        }
        Request {
            operation: Cow::Borrowed(self.name),
            template: Cow::Borrowed(self.template),
            method: Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::GET),
            path,
            query: Vec::new(),
            body: None,
            tenant: self.tenant,
            idempotent: self.idempotent,
            problem,
        }
    }
}

/// Declares the operations of a noun: `NAME = METHOD "/path/{argument}" as "noun.verb";` plus, if it holds, `tenant` (the
/// resource belongs to the tenant) or `reading` (a POST that changes nothing).
macro_rules! operations {
    ($($id:ident = $method:ident $template:literal as $name:literal $($flag:ident)*;)*) => {
        $(const $id: $crate::Operation =
            $crate::Operation::new($name, stringify!($method), $template)$(.$flag())*;)*

        /// For the table of all operations.
        pub(crate) const OPERATIONS: &[$crate::Operation] = &[$($id),*];
    };
}
pub(crate) use operations;

/// A request without credentials and scope.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: Cow<'static, str>,
    template: Cow<'static, str>,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    pub(crate) tenant: bool,
    idempotent: bool,
    problem: Option<InputProblem>,
}

impl Request {
    /// A request to a path that this version has no operation for.
    pub(crate) fn raw(
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Self {
        let problem = (!path.starts_with('/'))
            .then(|| InputProblem::new("path", "does not begin with `/`, like `/v1/users/info`"));
        Self {
            operation: Cow::Owned(format!("{method} {path}")),
            template: Cow::Owned(path.to_owned()),
            idempotent: !matches!(method, Method::POST | Method::PATCH),
            method,
            path: path.to_owned(),
            query: query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body,
            tenant: false,
            problem,
        }
    }

    /// Adds a parameter to the query.
    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Sends this body.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sends an input's query and body.
    pub(crate) fn input(mut self, input: &impl Input) -> Self {
        match input.wire() {
            Ok(Wire { query, body }) => {
                self.query.extend(query);
                self.body = Some(Value::Object(body));
            }
            Err(problem) => {
                self.problem.get_or_insert(problem);
            }
        }
        self
    }

    /// Sends an input that consists of a query alone.
    pub(crate) fn parameters(self, input: &impl Input) -> Self {
        let mut request = self.input(input);
        request.body = None;
        request
    }

    /// The call to send: a pure function of the request, the server's base URL and the project.
    ///
    /// # Errors
    /// [`InvalidInput`](sdk_transport::ErrorKind::InvalidInput) names the field that is missing or malformed.
    pub(crate) fn call(&self, base: &Url, project: Option<&str>) -> Result<Call, Error> {
        if let Some(problem) = &self.problem {
            return Err(Error::from(problem.clone()));
        }
        let mut url = base.clone();
        let prefix = base.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{}", self.path));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let body = self
            .body
            .as_ref()
            .map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json, application/octet-stream")
            .body(body)
            .map_err(|error| {
                Error::invalid_input(format!("`{}` cannot be a path", self.path)).with_source(error)
            })?;
        let headers = request.headers_mut();
        if self.body.is_some() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        if let Some(project) = project.filter(|_| !self.tenant) {
            let value = HeaderValue::try_from(project).map_err(|_| {
                Error::invalid_input("the project's uid has characters that a header cannot hold")
            })?;
            headers.insert(crate::client::PROJECT_HEADER, value);
        }
        Ok(
            Call::new(self.operation.clone(), self.template.clone(), request)
                .idempotent(self.idempotent),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Operation = Operation::new(
        "machine.get",
        "GET",
        "/v1/cloudconfigs/maas/{configUid}/machinePools/{name}/machines/{uid}",
    );

    fn base() -> Url {
        sdk_transport::url::parse_base("https://h/prefix").unwrap()
    }

    #[test]
    fn segments_are_escaped_and_the_prefix_is_kept() {
        let call = GET
            .at(&["c1", "a/b é", "u?1"])
            .query("filters", "a=b&c")
            .call(&base(), Some("p1"))
            .unwrap();
        assert_eq!(
            call.request.uri().to_string(),
            "https://h/prefix/v1/cloudconfigs/maas/c1/machinePools/a%2Fb%20%C3%A9/machines/u%3F1?filters=a%3Db%26c"
        );
        assert_eq!(call.request.headers()["projectuid"], "p1");
    }

    #[test]
    fn a_missing_segment_never_addresses_another_resource() {
        for segments in [["c1", "", "u"], ["c1", "p", ".."], ["", "p", "u"]] {
            let error = GET.at(&segments).call(&base(), None).unwrap_err();
            assert!(error.message().contains("a value is required"), "{error}");
        }
    }

    #[test]
    fn tenant_resources_never_carry_a_project() {
        let call = GET
            .tenant()
            .at(&["a", "b", "c"])
            .call(&base(), Some("p1"))
            .unwrap();
        assert!(!call.request.headers().contains_key("projectuid"));
    }
}
