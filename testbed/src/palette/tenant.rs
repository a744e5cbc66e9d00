//! The one tenant: its administrator, its project, its API key, and the uids that everything gets.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Refusal, Reply};
use super::state::State;

/// The name of the project.
pub(crate) const PROJECT: &str = "Default";
/// The name of the organisation.
const ORGANISATION: &str = "testbed";

/// Who there is.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) uid: String,
    pub(crate) user_uid: String,
    pub(crate) project_uid: String,
    pub(crate) api_key: String,
}

/// Uids: 24 hexadecimal digits, the same in every run with the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Uids(fastrand::Rng);

impl Uids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed ^ 0x7061_6c65_7474_6500))
    }

    pub(crate) fn next(&mut self) -> String {
        format!("{:016x}{:08x}", self.0.u64(..), self.0.u32(..))
    }

    /// A word of letters and digits, for keys.
    pub(crate) fn word(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }
}

impl Tenant {
    pub(crate) fn new(uids: &mut Uids) -> Self {
        Self {
            uid: uids.next(),
            user_uid: uids.next(),
            project_uid: uids.next(),
            api_key: uids.word(44),
        }
    }

    /// The annotations that tell whose a resource of the project is.
    pub(crate) fn annotations(&self) -> serde_json::Map<String, Value> {
        let pairs = [
            ("scope", "project"),
            ("projectUid", &self.project_uid),
            ("tenantUid", &self.uid),
            ("ownerUid", &self.user_uid),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }
}

/// `GET /v1/users/info`
pub(crate) fn who_am_i(state: &State) -> Answer {
    let tenant = &state.tenant;
    Ok(Reply::ok(
        json!({"orgName": ORGANISATION, "tenantUid": tenant.uid, "userUid": tenant.user_uid}),
    ))
}

/// `GET /v1/health/ping`, `GET /v1/health/ready`
pub(crate) fn health() -> Answer {
    Ok(Reply::ok(json!({"msg": "ok"})))
}

/// `GET /v1/dashboard/projects/metadata`
pub(crate) fn projects_metadata(state: &State, call: &Call) -> Answer {
    let is_wanted = call.query("name").is_none_or(|name| name == PROJECT);
    let project = json!({"metadata": {"name": PROJECT, "uid": state.tenant.project_uid}});
    Ok(Reply::ok(
        json!({"items": if is_wanted { vec![project] } else { Vec::new() }}),
    ))
}

/// `POST /v1/dashboard/projects`
pub(crate) fn search_projects(state: &State, call: &Call) -> Answer {
    let wanted = &call.body["filter"]["name"];
    let is_wanted = ["eq", "contains", "beginsWith"].iter().all(|operator| {
        match (*operator, wanted[operator].as_str()) {
            (_, None) => true,
            ("eq", Some(name)) => PROJECT == name,
            ("contains", Some(part)) => PROJECT.contains(part),
            (_, Some(start)) => PROJECT.starts_with(start),
        }
    });
    let items = if is_wanted {
        vec![json!({"metadata": metadata(state)})]
    } else {
        Vec::new()
    };
    Ok(Reply::ok(call.cut(&items)?))
}

/// `GET /v1/projects/{uid}`
pub(crate) fn project(state: &State, call: &Call) -> Answer {
    if call.id("uid") != state.tenant.project_uid {
        return Err(Refusal::not_found("project", call.id("uid")));
    }
    Ok(Reply::ok(
        json!({"metadata": metadata(state), "spec": {"logoUrl": ""}, "status": {"isDisabled": false}}),
    ))
}

fn metadata(state: &State) -> Value {
    json!({
        "name": PROJECT, "uid": state.tenant.project_uid, "annotations": {"scope": "tenant", "tenantUid": state.tenant.uid},
        "creationTimestamp": state.started(), "lastModifiedTimestamp": state.started(),
    })
}
