//! Which handler answers: MAAS's rules about paths, slashes, operations, methods and logins, applied to its own table of endpoints.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header;
use jiff::Timestamp;
use serde::Deserialize;

use super::call::{Call, Form, FormKind, last};
use super::reply::{Answer, Reply};
use super::state::State;
use super::{
    boot_resource, domain, event, fabric, machine, oauth, resource_pool, space, subnet, tag, user,
    version, vlan, zone,
};

const BASE: &str = "/MAAS/api/2.0/";
/// Limits of the web server in front.
const LINE_LIMIT: usize = 8 * 1024;
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// One endpoint of the API as the server describes itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) resource: String,
    pub(crate) handler: String,
    pub(crate) login: bool,
    pub(crate) path: String,
    pub(crate) params: Vec<String>,
    pub(crate) method: String,
    pub(crate) op: Option<String>,
    pub(crate) restful: bool,
    pub(crate) action: String,
}

/// All endpoints of MAAS 3.7.3.
pub(crate) static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../inventory/endpoints.json")).unwrap_or_default()
});

/// Other paths of the same handlers, which the description leaves out.
const ALIASES: [(&str, &str); 2] = [
    (
        "/MAAS/api/2.0/vlans/{vlan_id}/",
        "/MAAS/api/2.0/fabrics/{fabric_id}/vlans/{vid}/",
    ),
    (
        "/MAAS/api/2.0/nodes/{system_id}/blockdevices/{device_id}/partitions/{id}",
        "/MAAS/api/2.0/nodes/{system_id}/blockdevices/{device_id}/partition/{id}",
    ),
];

/// Where requests may go: the endpoints and their aliases.
static ROUTES: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let aliases = ALIASES.iter().flat_map(|(alias, path)| {
        ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.path == *path)
            .map(|endpoint| Endpoint {
                path: (*alias).to_owned(),
                ..endpoint.clone()
            })
    });
    ENDPOINTS.iter().cloned().chain(aliases).collect()
});

/// Answers a request under `/MAAS`.
pub(crate) fn answer(state: &mut State, parts: &http::request::Parts, body: &Bytes) -> Reply {
    let (method, target) = (parts.method.as_str(), parts.uri.path());
    let raw_query = parts.uri.query().unwrap_or_default();
    if method.len() + target.len() + raw_query.len() > LINE_LIMIT {
        return Reply::nginx_error(414, "414 Request-URI Too Large");
    }
    if body.len() > BODY_LIMIT {
        return Reply::nginx_error(413, "413 Request Entity Too Large");
    }
    let path = collapse(target);
    let Some(rest) = path.strip_prefix(BASE) else {
        return outside(&path);
    };
    if rest == "describe/" {
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        return version::describe(&format!("http://{host}"));
    }
    handle(state, parts, body, &path, raw_query).unwrap_or_else(|refusal| refusal)
}

fn outside(path: &str) -> Reply {
    if path == "/MAAS/api/version/" {
        return Reply::plain_version();
    }
    if path.starts_with("/MAAS/api/1.0/") {
        return Reply::gone("The 1.0 API is no longer available. Please use API version 2.0.");
    }
    Reply::to_user_interface(path)
}

fn handle(
    state: &mut State,
    parts: &http::request::Parts,
    body: &Bytes,
    path: &str,
    raw_query: &str,
) -> Answer {
    let method = parts.method.as_str();
    let (endpoint_path, path_op) = split_op(path);
    let (template, arguments) =
        find(&endpoint_path).ok_or_else(|| Reply::unknown_endpoint(path))?;
    let query: Vec<(String, String)> = url::form_urlencoded::parse(raw_query.as_bytes())
        .into_owned()
        .collect();

    let authorization = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let key = oauth::check(
        authorization,
        &query,
        &state.keys,
        &mut state.nonces,
        Timestamp::now().as_second(),
    )?
    .map(|key| key.user.clone());
    let user = key.and_then(|name| state.user(&name));

    let of_path = || ROUTES.iter().filter(|endpoint| endpoint.path == template);
    let has_anonymous = of_path().any(|endpoint| !endpoint.login);
    let login = of_path().any(|endpoint| endpoint.login) && user.is_some();
    if user.is_none() && !has_anonymous {
        return Err(Reply::login_needed());
    }
    let allowed = |wanted: &str| {
        of_path().any(|endpoint| endpoint.login == login && endpoint.method == wanted)
    };
    if !allowed(method) {
        let methods = ["GET", "POST", "PUT", "DELETE"]
            .into_iter()
            .filter(|method| allowed(method));
        return Err(Reply::method_not_allowed(
            &methods.collect::<Vec<_>>().join(", "),
        ));
    }

    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let mut form = match method {
        "POST" | "PUT" => Form::parse(content_type, body)?,
        _ => Form::default(),
    };
    let op = path_op
        .or_else(|| last(&query, "op").map(str::to_owned))
        .or_else(|| {
            let in_form = form.kind == FormKind::Form && method == "POST";
            in_form.then(|| form.get("op").map(str::to_owned)).flatten()
        });
    let op = op.filter(|op| !op.is_empty());
    let known = of_path()
        .any(|endpoint| endpoint.login == login && endpoint.method == method && endpoint.op == op);
    if !known {
        let op = op.as_deref().unwrap_or("None");
        return Err(Reply::error(
            400,
            &format!("Unrecognised signature: method={method} op={op}"),
        ));
    }
    if op.is_some() && form.kind == FormKind::Json {
        // Operations read the form, which JSON does not fill.
        if op.as_deref() == Some("allocate") {
            return Err(Reply::error(500, "'dict' object has no attribute 'lists'"));
        }
        form.fields.clear();
    }
    let call = Call {
        arguments,
        query,
        form,
        user,
    };
    let short = template.strip_prefix(BASE).unwrap_or(template);
    let reply = dispatch(state, &call, short, method, op.as_deref())?;
    finish(reply, &call)
}

/// Query parameters that concern every answer.
fn finish(reply: Reply, call: &Call) -> Answer {
    if let Some(format) = last(&call.query, "format").filter(|format| *format != "json") {
        return Err(Reply::handler_text(
            400,
            &format!("Invalid output format specified '{format}'."),
        ));
    }
    Ok(match last(&call.query, "callback") {
        Some(callback) if !callback.is_empty() => reply.wrapped_in(callback),
        _ => reply,
    })
}

fn dispatch(state: &mut State, call: &Call, path: &str, method: &str, op: Option<&str>) -> Answer {
    match (path, method, op) {
        ("version/", "GET", None) => version::read(state, call),
        ("boot-resources/", "GET", None) => boot_resource::list(state, call),
        ("domains/", "GET", None) => domain::list(state, call),
        ("zones/", "GET", None) => zone::list(state, call),
        ("zones/", "POST", None) => zone::create(state, call),
        ("zones/{name}/", "GET", None) => zone::read(state, call),
        ("zones/{name}/", "PUT", None) => zone::update(state, call),
        ("zones/{name}/", "DELETE", None) => zone::delete(state, call),
        ("resourcepools/", "GET", None) => resource_pool::list(state, call),
        ("resourcepools/", "POST", None) => resource_pool::create(state, call),
        ("resourcepool/{id}/", "GET", None) => resource_pool::read(state, call),
        ("resourcepool/{id}/", "PUT", None) => resource_pool::update(state, call),
        ("resourcepool/{id}/", "DELETE", None) => resource_pool::delete(state, call),
        ("events/", "GET", Some("query")) => event::query(state, call),
        _ if path.starts_with("users/") => user::dispatch(state, call, path, method, op),
        _ if path.starts_with("machines/") => machine::dispatch(state, call, path, method, op),
        _ if path.starts_with("subnets/") => subnet::dispatch(state, call, path, method, op),
        _ if path.starts_with("tags/") => tag::dispatch(state, call, path, method, op),
        _ if path.contains("vlans/") => vlan::dispatch(state, call, path, method, op),
        _ if path.starts_with("fabrics/") => fabric::dispatch(state, call, path, method, op),
        _ if path.starts_with("spaces/") => space::dispatch(state, call, path, method, op),
        _ => Err(not_simulated(path, method, op)),
    }
}

/// The answer for an endpoint that MAAS has and this region does not play.
pub(crate) fn not_simulated(path: &str, method: &str, op: Option<&str>) -> Reply {
    Reply::not_simulated(method, &format!("{BASE}{path}"), op)
}

/// `machines/op-allocate` is `machines/` with the operation `allocate`.
fn split_op(path: &str) -> (String, Option<String>) {
    if let Some((base, last)) = path.rsplit_once('/')
        && let Some(op) = last.strip_prefix("op-")
    {
        let base = if find(base).is_some() {
            base.to_owned()
        } else {
            format!("{base}/")
        };
        return (base, Some(op.to_owned()));
    }
    (path.to_owned(), None)
}

/// The template that a path fits, and what its placeholders stand for.
fn find(path: &str) -> Option<(&'static str, Vec<String>)> {
    let mut best: Option<(&'static str, Vec<String>)> = None;
    for endpoint in ROUTES.iter() {
        if best
            .as_ref()
            .is_some_and(|(template, _)| *template == endpoint.path)
        {
            continue;
        }
        if let Some(arguments) = fit(&endpoint.path, path) {
            // A template without placeholders is the better fit: `scripts/` is not a script without a name.
            if best
                .as_ref()
                .is_none_or(|(_, found)| arguments.len() < found.len())
            {
                best = Some((&endpoint.path, arguments));
            }
        }
    }
    best
}

fn fit(template: &str, path: &str) -> Option<Vec<String>> {
    // CIDRs and file names contain slashes.
    for greedy in ["/MAAS/api/2.0/subnets/", "/MAAS/api/2.0/files/"] {
        if template
            .strip_prefix(greedy)
            .is_some_and(|rest| rest.starts_with('{'))
        {
            let inner = path.strip_prefix(greedy)?.strip_suffix('/')?;
            return (!inner.is_empty()).then(|| vec![decode(inner)]);
        }
    }
    let (wanted, given): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut arguments = Vec::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        if wanted.starts_with('{') {
            if given.is_empty() {
                return None;
            }
            arguments.push(decode(given));
        } else if wanted != given {
            return None;
        }
    }
    Some(arguments)
}

fn decode(part: &str) -> String {
    percent_encoding::percent_decode_str(part)
        .decode_utf8_lossy()
        .into_owned()
}

fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !collapsed.ends_with('/') {
            collapsed.push(c);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_endpoint() {
        let found = |path: &str| {
            find(path).map(|(template, arguments)| (template.trim_start_matches(BASE), arguments))
        };
        assert_eq!(found("/MAAS/api/2.0/zones/"), Some(("zones/", vec![])));
        assert_eq!(found("/MAAS/api/2.0/zones"), None);
        assert_eq!(
            found("/MAAS/api/2.0/machines/abc/"),
            Some(("machines/{system_id}/", vec!["abc".into()]))
        );
        assert_eq!(
            found("/MAAS/api/2.0/subnets/10.0.0.0/24/"),
            Some(("subnets/{id}/", vec!["10.0.0.0/24".into()]))
        );
        assert_eq!(found("/MAAS/api/2.0/nope/"), None);
        assert_eq!(
            split_op("/MAAS/api/2.0/machines/op-allocate").0,
            "/MAAS/api/2.0/machines/"
        );
        assert_eq!(
            split_op("/MAAS/api/2.0/scripts/x/op-revert").0,
            "/MAAS/api/2.0/scripts/x"
        );
    }
}
