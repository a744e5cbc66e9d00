//! MAAS cloud accounts, and what can be looked up with one.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::region_client::RegionClient;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, items, text};
use crate::maas::Region;

/// An endpoint of MAAS and a key for it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) uid: String,
    pub(crate) name: String,
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
    pub(crate) endpoint: String,
    pub(crate) api_key: String,
    /// The MAAS user whose key it is.
    pub(crate) user: String,
    preferred_subnets: Vec<Value>,
    created_ms: i64,
    modified_ms: i64,
}

/// What a key looks like when it is read back.
const MASK: &str = "********";

impl Account {
    fn from_request(state: &mut State, region: &Region, body: &Value) -> Result<Self, Refusal> {
        let (metadata, spec) = (&body["metadata"], &body["spec"]);
        let name = text(metadata, "name");
        if name.is_empty() {
            return Err(Refusal::invalid("metadata.name: is required"));
        }
        let fields = |name: &str| metadata[name].as_object().cloned().unwrap_or_default();
        let annotations = fields("annotations");
        if let Some(gateway) = annotations.get("overlordUid").and_then(Value::as_str) {
            state.gateway.is_this(gateway)?;
            state.gateway.must_be_running()?;
        }
        let (endpoint, api_key) = (text(spec, "apiEndpoint"), text(spec, "apiKey"));
        let user = check(state, region, endpoint, api_key)?;
        Ok(Self {
            uid: state.uids.next(),
            name: name.to_owned(),
            labels: fields("labels"),
            annotations,
            endpoint: endpoint.to_owned(),
            api_key: api_key.to_owned(),
            user,
            preferred_subnets: items(&spec["preferredSubnets"]).to_vec(),
            created_ms: state.now_ms,
            modified_ms: state.now_ms,
        })
    }

    fn json(&self, state: &State) -> Value {
        let mut metadata = state.metadata(&self.name, &self.uid, self.created_ms, self.modified_ms);
        metadata["labels"] = Value::Object(self.labels.clone());
        if let Some(annotations) = metadata["annotations"].as_object_mut() {
            annotations.extend(self.annotations.clone());
        }
        json!({
            "apiVersion": "cluster.spectrocloud.com/v1alpha1", "kind": "maas", "metadata": metadata,
            "spec": {"apiEndpoint": self.endpoint, "apiKey": MASK, "preferredSubnets": self.preferred_subnets},
            "status": {"state": "Active"},
        })
    }
}

/// Asks MAAS whether it accepts the key; answers with the user's name.
pub(crate) fn check(
    state: &mut State,
    region: &Region,
    endpoint: &str,
    api_key: &str,
) -> Result<String, Refusal> {
    let nonce = state.uids.next();
    RegionClient::new(region, &state.origin, endpoint, api_key, nonce).user()
}

/// `POST /v1/clouds/maas/account/validate`
pub(crate) fn validate(state: &mut State, region: &Region, call: &Call) -> Answer {
    check(
        state,
        region,
        text(&call.body, "apiEndpoint"),
        text(&call.body, "apiKey"),
    )?;
    Ok(Reply::no_content())
}

/// `GET /v1/cloudaccounts/maas`
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    call.page(
        state
            .accounts
            .iter()
            .map(|account| account.json(state))
            .collect(),
    )
}

/// `GET /v1/cloudaccounts/summary`
pub(crate) fn summary(state: &State, call: &Call) -> Answer {
    let entry = |account: &Account| {
        let json = account.json(state);
        json!({"kind": "maas", "metadata": json["metadata"], "specSummary": {"accountId": ""}, "status": json["status"]})
    };
    call.page(state.accounts.iter().map(entry).collect())
}

/// `GET /v1/dashboard/cloudaccounts/metadata`
pub(crate) fn metadata(state: &State, call: &Call) -> Answer {
    let is_maas = call
        .query("environment")
        .is_none_or(|environment| environment == "maas");
    let entry =
        |account: &Account| json!({"kind": "maas", "metadata": account.json(state)["metadata"]});
    Ok(Reply::ok(
        json!({"items": state.accounts.iter().filter(|_| is_maas).map(entry).collect::<Vec<_>>()}),
    ))
}

/// `POST /v1/cloudaccounts/maas`
pub(crate) fn create(state: &mut State, region: &Region, call: &Call) -> Answer {
    let account = Account::from_request(state, region, &call.body)?;
    if state
        .accounts
        .iter()
        .any(|known| known.name == account.name)
    {
        let message = format!("Cloud account with name '{}' already exists", account.name);
        return Err(Refusal::new(400, "CloudAccountNameAlreadyExists", message));
    }
    let uid = account.uid.clone();
    state.accounts.push(account);
    Ok(Reply::created(&uid))
}

/// `GET /v1/cloudaccounts/maas/{uid}`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(state.account(call.id("uid"))?.json(state)))
}

/// `PUT /v1/cloudaccounts/maas/{uid}`
pub(crate) fn update(state: &mut State, region: &Region, call: &Call) -> Answer {
    let uid = state.account(call.id("uid"))?.uid.clone();
    let fresh = Account::from_request(state, region, &call.body)?;
    if let Some(account) = state.accounts.iter_mut().find(|account| account.uid == uid) {
        let (uid, created_ms) = (uid, account.created_ms);
        *account = Account {
            uid,
            created_ms,
            ..fresh
        };
    }
    Ok(Reply::no_content())
}

/// `DELETE /v1/cloudaccounts/maas/{uid}`
pub(crate) fn delete(state: &mut State, call: &Call) -> Answer {
    let uid = state.account(call.id("uid"))?.uid.clone();
    if let Some(cluster) = state
        .clusters
        .iter()
        .find(|cluster| cluster.account_uid == uid && !cluster.is_deleted())
    {
        let message = format!("Cloud account is in use by cluster '{}'", cluster.name);
        return Err(Refusal::new(400, "CloudAccountInUse", message));
    }
    state.accounts.retain(|account| account.uid != uid);
    Ok(Reply::no_content())
}

/// `GET /v1/cloudaccounts/maas/{uid}/properties/…` and `GET /v1/clouds/maas/…?cloudAccountUid=`: goes live to MAAS through the gateway.
pub(crate) fn look_up(state: &mut State, region: &Region, call: &Call, what: &str) -> Answer {
    let uid = call
        .query("cloudAccountUid")
        .unwrap_or_else(|| call.id("uid"));
    let account = state.account(uid)?.clone();
    state.gateway.must_be_running()?;
    let (origin, nonce) = (std::sync::Arc::clone(&state.origin), state.uids.next());
    let maas = RegionClient::new(region, &origin, &account.endpoint, &account.api_key, nonce);
    let resource = match what {
        "azs" => "zones/",
        "resourcePools" => "resourcepools/",
        other => &format!("{other}/"),
    };
    let found = maas.get(resource)?;
    let entry = |value: &Value| match what {
        "domains" => json!({"name": value["name"]}),
        "subnets" => json!({
            "id": value["id"], "name": value["name"], "space": value["space"],
            "vlans": {"fabric": value["vlan"]["fabric"], "id": value["vlan"]["id"], "name": value["vlan"]["name"]},
        }),
        "tags" => json!({
            "name": value["name"], "comment": value["comment"], "definition": value["definition"],
            "kernelOpts": value["kernel_opts"].as_str().unwrap_or_default(), "resourceUri": value["resource_uri"],
        }),
        _ => json!({"name": value["name"], "description": value["description"]}),
    };
    Ok(Reply::ok(
        json!({"items": items(&found).iter().map(entry).collect::<Vec<_>>()}),
    ))
}
