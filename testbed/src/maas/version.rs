//! The version of the region and the description of its API.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{API_HASH, Answer, Reply};
use super::route::ENDPOINTS;
use super::state::State;

static VERSION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../inventory/version.json")).unwrap_or_default()
});

/// `GET version/`
pub(crate) fn read(_state: &State, _call: &Call) -> Answer {
    Ok(Reply::public_json(&*VERSION))
}

/// `GET describe/`: every handler with its path and actions, without prose.
pub(crate) fn describe(origin: &str) -> Reply {
    let mut resources: Vec<Value> = Vec::new();
    for endpoint in ENDPOINTS.iter() {
        let at = resources
            .iter()
            .position(|resource| resource["name"] == endpoint.resource.as_str() && resource["path"] == endpoint.path.as_str())
            .unwrap_or_else(|| {
                resources.push(json!({ "name": endpoint.resource, "path": endpoint.path, "auth": null, "anon": null }));
                resources.len() - 1
            });
        let side = if endpoint.login { "auth" } else { "anon" };
        let resource = &mut resources[at];
        if resource[side].is_null() {
            resource[side] = json!({
                "name": endpoint.handler,
                "path": endpoint.path,
                "params": endpoint.params,
                "uri": format!("{origin}{}", endpoint.path),
                "doc": "",
                "actions": [],
            });
        }
        if let Some(actions) = resource[side]["actions"].as_array_mut() {
            actions.push(json!({
                "name": endpoint.action,
                "method": endpoint.method,
                "op": endpoint.op,
                "restful": endpoint.restful,
                "doc": "",
            }));
        }
    }
    for resource in &mut resources {
        if let Some(resource) = resource.as_object_mut() {
            resource.remove("path");
        }
    }
    Reply::public_json(&json!({ "doc": "MAAS API", "hash": API_HASH, "resources": resources }))
}
