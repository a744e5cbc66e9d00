//! Where backups go.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::{State, time};
use super::tenant::{Tenant, Uids};

/// The name of the one location.
pub(crate) const NAME: &str = "backup-store";

/// The location that exists from the start.
pub(crate) fn builtin(uids: &mut Uids, tenant: &Tenant, now_ms: i64) -> Value {
    json!({
        "metadata": {
            "name": NAME, "uid": uids.next(), "labels": {}, "annotations": tenant.annotations(),
            "creationTimestamp": time(now_ms), "lastModifiedTimestamp": time(now_ms),
        },
        "spec": {"isDefault": true, "storage": "s3", "type": "s3"},
    })
}

/// `GET /v1/users/assets/locations`
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(
        json!({"items": call.filtered(state.locations.clone())?}),
    ))
}
