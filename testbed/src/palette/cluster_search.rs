//! Lists of clusters: the dashboard's searches.

use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::profile::Profile;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, items, text};

/// The properties that a filter may name, with their types.
const PROPERTIES: [(&str, &str); 5] = [
    ("clusterName", "string"),
    ("environment", "string"),
    ("clusterState", "string"),
    ("healthState", "string"),
    ("isDeleted", "bool"),
];

fn property(state: &State, cluster: &Cluster, name: &str) -> Value {
    match name {
        "environment" => json!("maas"),
        "clusterState" => json!(cluster.state()),
        "healthState" => json!(
            cluster
                .health_json(state)
                .map_or_else(String::new, |health| text(&health, "state").to_owned())
        ),
        "isDeleted" => json!(cluster.is_deleted()),
        "creationTimestamp" => json!(cluster.created_ms),
        "lastModifiedTimestamp" => json!(cluster.modified_ms),
        _ => json!(cluster.name),
    }
}

/// Whether a cluster fits the filter.
fn fits(state: &State, cluster: &Cluster, filter: &Value) -> Result<bool, Refusal> {
    let mut groups = Vec::new();
    for group in items(&filter["filterGroups"]) {
        let mut results = Vec::new();
        for item in items(&group["filters"]) {
            results.push(fits_item(state, cluster, item)?);
        }
        groups.push(joined(&results, &group["conjunction"]));
    }
    Ok(joined(&groups, &filter["conjunction"]))
}

fn joined(results: &[bool], conjunction: &Value) -> bool {
    if conjunction == "or" && !results.is_empty() {
        results.contains(&true)
    } else {
        !results.contains(&false)
    }
}

fn fits_item(state: &State, cluster: &Cluster, item: &Value) -> Result<bool, Refusal> {
    let name = text(item, "property");
    let Some((_, kind)) = PROPERTIES.iter().find(|(known, _)| *known == name) else {
        return Err(Refusal::invalid(format!(
            "filter: the property '{name}' is not known"
        )));
    };
    let condition = &item["condition"][kind];
    if condition.is_null() {
        return Err(Refusal::invalid(format!(
            "filter: the property '{name}' needs a condition.{kind}"
        )));
    }
    let found = property(state, cluster, name);
    if *kind == "bool" {
        return Ok(condition["value"] == found);
    }
    let fold = |text: &str| {
        if condition["ignoreCase"] == true {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let found = fold(found.as_str().unwrap_or_default());
    let results: Vec<bool> = items(&condition["match"]["values"])
        .iter()
        .filter_map(Value::as_str)
        .map(fold)
        .map(|wanted| match text(condition, "operator") {
            "contains" => found.contains(&wanted),
            "beginsWith" => found.starts_with(&wanted),
            _ => found == wanted,
        })
        .collect();
    let fits = joined(&results, &condition["match"]["conjunction"]);
    Ok(fits != (condition["negation"] == true))
}

/// Those that fit, in the order asked for; deleted ones only if the filter speaks of them.
fn found<'s>(state: &'s State, call: &Call) -> Result<Vec<&'s Cluster>, Refusal> {
    let filter = &call.body["filter"];
    let speaks_of_deleted = items(&filter["filterGroups"])
        .iter()
        .flat_map(|group| items(&group["filters"]))
        .any(|item| item["property"] == "isDeleted");
    let mut found = Vec::new();
    for cluster in &state.clusters {
        if (speaks_of_deleted || !cluster.is_deleted()) && fits(state, cluster, filter)? {
            found.push(cluster);
        }
    }
    for key in items(&call.body["sort"]).iter().rev() {
        let field = text(key, "field");
        let number = |cluster: &Cluster| property(state, cluster, field).as_i64().unwrap_or(0);
        let word = |cluster: &Cluster| {
            property(state, cluster, field)
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        found.sort_by(|a, b| {
            let order = (number(a), word(a)).cmp(&(number(b), word(b)));
            if key["order"] == "desc" {
                order.reverse()
            } else {
                order
            }
        });
    }
    Ok(found)
}

/// `v1SpectroClusterSummary`
fn summary(state: &State, cluster: &Cluster) -> Value {
    let account = state
        .account(&cluster.account_uid)
        .map_or("", |account| account.name.as_str());
    let templates: Vec<Value> = cluster
        .profiles
        .iter()
        .map(Profile::template_meta)
        .collect();
    let mut status = json!({
        "state": cluster.state(), "notifications": {"isAvailable": false, "isTemplateVariableResolutionPending": false},
    });
    if let Some(health) = cluster.health_json(state) {
        status["health"] = health;
    }
    if let Some(repave) = cluster.repave.state() {
        status["repave"] = json!({"state": repave});
    }
    json!({
        "metadata": cluster.metadata(state),
        "specSummary": {
            "archTypes": ["amd64"], "cloudAccountMeta": {"name": account, "uid": cluster.account_uid},
            "cloudConfig": {
                "cloudType": "maas", "uid": cluster.config_uid,
                "machinePools": cluster.pools.iter().map(|pool| pool.meta(cluster, state)).collect::<Vec<_>>(),
            },
            "clusterProfileTemplate": templates.first(), "clusterProfileTemplates": templates,
            "projectMeta": {"name": super::tenant::PROJECT, "uid": state.tenant.project_uid},
        },
        "status": status,
    })
}

/// `POST /v1/dashboard/spectroclusters/search`
pub(crate) fn search(state: &State, call: &Call) -> Answer {
    let found: Vec<Value> = found(state, call)?
        .into_iter()
        .map(|cluster| summary(state, cluster))
        .collect();
    Ok(Reply::ok(call.cut(&found)?))
}

/// `GET /v1/dashboard/spectroclusters/repaveStatus`
pub(crate) fn by_repave(state: &State, call: &Call) -> Answer {
    let found: Vec<Value> = state
        .clusters
        .iter()
        .filter(|cluster| {
            !cluster.is_deleted()
                && cluster.repave.state() == Some(call.query("repaveState").unwrap_or("Pending"))
        })
        .map(|cluster| summary(state, cluster))
        .collect();
    Ok(Reply::ok(call.cut(&found)?))
}

/// `GET /v1/dashboard/spectroclusters/metadata`
pub(crate) fn metadata(state: &State) -> Answer {
    let items: Vec<Value> = state
        .clusters
        .iter()
        .filter(|c| !c.is_deleted())
        .map(|cluster| cluster.metadata(state))
        .collect();
    Ok(Reply::ok(json!({"items": items})))
}

/// `GET /v1/dashboard/spectroclusters/search/schema`
pub(crate) fn schema() -> Answer {
    let properties: Vec<Value> = PROPERTIES
        .iter()
        .map(|(name, kind)| json!({"name": name, "displayName": name, "type": kind, "isDeprecated": false}))
        .collect();
    Ok(Reply::ok(json!({"schema": {"properties": properties}})))
}
