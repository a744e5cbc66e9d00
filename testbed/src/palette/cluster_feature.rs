//! Scan and backup policies: stored and read back; nothing is scanned or backed up here.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, text};

/// Refuses a backup policy that names a location that does not exist.
pub(crate) fn check_backup(state: &State, backup: &Value) -> Result<(), Refusal> {
    let uid = text(backup, "backupLocationUid");
    if state
        .locations
        .iter()
        .any(|location| location["metadata"]["uid"] == uid)
    {
        return Ok(());
    }
    Err(Refusal::not_found("backup location", uid))
}

/// `GET /v1/spectroclusters/{uid}/features/backup`
pub(crate) fn backup(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let Some(backup) = &cluster.backup else {
        return Err(Refusal::new(
            404,
            "BackupNotConfigured",
            format!("Backup of cluster '{}' is not configured", cluster.name),
        ));
    };
    Ok(Reply::ok(json!({
        "metadata": cluster.metadata(state), "spec": {"clusterUid": cluster.uid, "config": backup}, "status": {"clusterBackupStatuses": []},
    })))
}

/// `POST` and `PUT /v1/spectroclusters/{uid}/features/backup`
pub(crate) fn set_backup(state: &mut State, call: &Call, is_new: bool) -> Answer {
    check_backup(state, &call.body)?;
    let cluster = state.cluster_mut(call.id("uid"))?;
    if !is_new && cluster.backup.is_none() {
        return Err(Refusal::new(
            404,
            "BackupNotConfigured",
            format!("Backup of cluster '{}' is not configured", cluster.name),
        ));
    }
    cluster.backup = Some(call.body.clone());
    Ok(if is_new {
        Reply::created(&cluster.uid)
    } else {
        Reply::no_content()
    })
}

/// `DELETE /v1/spectroclusters/{uid}/features/backup`
pub(crate) fn delete_backup(state: &mut State, call: &Call) -> Answer {
    state.cluster_mut(call.id("uid"))?.backup = None;
    Ok(Reply::no_content())
}

/// `GET /v1/spectroclusters/{uid}/features/complianceScan`
pub(crate) fn scan(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let drivers: Map<String, Value> = cluster
        .scan
        .iter()
        .filter_map(Value::as_object)
        .flatten()
        .map(|(driver, config)| {
            (
                driver.clone(),
                json!({"config": {"schedule": config["schedule"]}, "isClusterConfig": true}),
            )
        })
        .collect();
    Ok(Reply::ok(
        json!({"metadata": cluster.metadata(state), "spec": {"clusterUid": cluster.uid, "driverSpec": drivers}}),
    ))
}

/// `POST` and `PUT /v1/spectroclusters/{uid}/features/complianceScan`
pub(crate) fn set_scan(state: &mut State, call: &Call, is_new: bool) -> Answer {
    let cluster = state.cluster_mut(call.id("uid"))?;
    cluster.scan = Some(call.body.clone());
    Ok(if is_new {
        Reply::created(&cluster.uid)
    } else {
        Reply::no_content()
    })
}
