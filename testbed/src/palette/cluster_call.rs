//! What can be asked of clusters: create, read, delete.

use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::cluster_profile;
use super::pool::{self, Pool};
use super::profile::Profile;
use super::repave::Repave;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, items, text};

/// A force delete is possible this long after the deletion began, milliseconds.
const FORCE_DELETE_AFTER_MS: i64 = 900_000;

impl Cluster {
    /// Refuses a change while the cluster is being created or deleted.
    pub(crate) fn must_take_changes(&self) -> Result<(), Refusal> {
        match self.state() {
            "Running" => Ok(()),
            "Deleted" => Err(Refusal::not_found("spectrocluster", &self.uid)),
            state => {
                let message = format!(
                    "Cluster '{}' cannot be updated while its status is {state}",
                    self.name
                );
                Err(Refusal::new(400, "ClusterUpdateNotAllowed", message))
            }
        }
    }
}

fn check_name(state: &State, name: &str) -> Result<(), Refusal> {
    if !lifecycle_core::is_id(name)
        || name.starts_with('-')
        || name.ends_with('-')
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
    {
        let message = format!(
            "metadata.name: '{name}' is not a name of lower-case letters, digits and '-' that begins with a letter"
        );
        return Err(Refusal::new(400, "InvalidClusterName", message));
    }
    if state
        .clusters
        .iter()
        .any(|cluster| cluster.name == name && !cluster.is_deleted())
    {
        let message = format!("Cluster with name '{name}' already exists");
        return Err(Refusal::new(400, "ClusterNameAlreadyExists", message));
    }
    Ok(())
}

/// `GET /v1/spectroclusters/validate/name`
pub(crate) fn validate_name(state: &State, call: &Call) -> Answer {
    check_name(state, call.query("name").unwrap_or_default())?;
    Ok(Reply::no_content())
}

/// `POST /v1/spectroclusters/maas/validate`
pub(crate) fn validate(state: &State, call: &Call) -> Answer {
    let results: Vec<Value> = items(&call.body["spec"]["machinepoolconfig"])
        .iter()
        .filter_map(|pool| {
            let refusal = Pool::read(pool, "").err()?;
            let name = text(&pool["poolConfig"], "name");
            let errors = json!([{"code": "InvalidMachinePoolConfig", "message": refusal.message}]);
            Some(json!({"name": name, "displayName": name, "errors": errors}))
        })
        .collect();
    let profiles: Vec<Value> = items(&call.body["spec"]["profiles"])
        .iter()
        .map(|profile| {
            let errors: Vec<Value> = cluster_profile::resolved(state, profile, "profile")
                .err()
                .map(|refusal| json!({"name": "", "displayName": "", "errors": [{"code": "InvalidPack", "message": refusal.message}]}))
                .into_iter()
                .collect();
            json!({"uid": text(profile, "uid"), "packs": {"results": errors}})
        })
        .collect();
    Ok(Reply::ok(
        json!({"machinePools": {"results": results}, "profiles": profiles}),
    ))
}

/// `POST /v1/spectroclusters/maas`
pub(crate) fn create(state: &mut State, call: &Call) -> Answer {
    let (metadata, spec) = (&call.body["metadata"], &call.body["spec"]);
    if spec.is_null() {
        return Err(Refusal::invalid("spec: is required"));
    }
    let name = text(metadata, "name");
    check_name(state, name)?;
    let account_uid = text(spec, "cloudAccountUid");
    let account = state.account(account_uid)?;
    if account.user.is_empty() {
        return Err(Refusal::invalid(
            "spec.cloudAccountUid: this account has no user in MAAS",
        ));
    }
    if text(&spec["cloudConfig"], "domain").is_empty() {
        return Err(Refusal::invalid(
            "spec.cloudConfig.domain: must not be empty",
        ));
    }
    let mut pools = Vec::new();
    for (at, pool) in items(&spec["machinepoolconfig"]).iter().enumerate() {
        pools.push(Pool::read(pool, &format!("spec.machinepoolconfig[{at}]."))?);
    }
    pool::check_all(&pools)?;
    let profiles = profiles(state, spec)?;
    let backup = Some(spec["policies"]["backupPolicy"].clone()).filter(|policy| !policy.is_null());
    if let Some(backup) = &backup {
        super::cluster_feature::check_backup(state, backup)?;
    }
    let (uid, config_uid, now_ms) = (state.uids.next(), state.uids.next(), state.now_ms);
    let fields = |name: &str| metadata[name].as_object().cloned().unwrap_or_default();
    let mut cluster = Cluster {
        uid: uid.clone(),
        name: name.to_owned(),
        labels: fields("labels"),
        annotations: fields("annotations"),
        account_uid: account_uid.to_owned(),
        config_uid,
        cloud_config: spec["cloudConfig"].clone(),
        cluster_config: spec["clusterConfig"].clone(),
        pools,
        profiles,
        repave: Repave::default(),
        backup,
        scan: Some(spec["policies"]["scanPolicy"].clone()).filter(|policy| !policy.is_null()),
        conditions: Vec::new(),
        events: Vec::new(),
        last_event: 0,
        upgrades: Vec::new(),
        created_ms: now_ms,
        modified_ms: now_ms,
        is_started: false,
        is_initialized: false,
        provisioned_ms: None,
        update_started_ms: None,
        delete_requested_ms: None,
        abort_requested_ms: None,
        is_deletion_started: false,
        deleted_ms: None,
        orphans: Vec::new(),
    };
    cluster.event(
        now_ms,
        "Normal",
        "ClusterCreated",
        format!("cluster '{name}' was created"),
    );
    state.clusters.push(cluster);
    Ok(Reply::created(&uid))
}

fn profiles(state: &State, spec: &Value) -> Result<Vec<Profile>, Refusal> {
    let mut profiles = Vec::new();
    for (at, profile) in items(&spec["profiles"]).iter().enumerate() {
        profiles.push(cluster_profile::resolved(
            state,
            profile,
            &format!("spec.profiles[{at}]"),
        )?);
    }
    if profiles
        .iter()
        .filter(|profile| profile.layer("k8s").is_some())
        .count()
        != 1
    {
        return Err(Refusal::new(
            400,
            "InvalidProfile",
            "spec.profiles: exactly one profile with a Kubernetes layer is needed",
        ));
    }
    Ok(profiles)
}

/// `GET /v1/spectroclusters/{uid}`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(state.cluster(call.id("uid"))?.json(state)))
}

/// `GET /v1/spectroclusters/{uid}/status`
pub(crate) fn status(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(
        json!({"status": {"state": state.cluster(call.id("uid"))?.state()}}),
    ))
}

/// `GET /v1/spectroclusters/{uid}/status/spcApply`
pub(crate) fn spc_apply(state: &State, call: &Call) -> Answer {
    state.cluster(call.id("uid"))?;
    Ok(Reply::ok(json!({"canBeApplied": false})))
}

/// `PATCH /v1/spectroclusters/{uid}/metadata`
pub(crate) fn update_metadata(state: &mut State, call: &Call) -> Answer {
    let now_ms = state.now_ms;
    let cluster = state.cluster_mut(call.id("uid"))?;
    let metadata = &call.body["metadata"];
    let name = text(metadata, "name");
    if !name.is_empty() && name != cluster.name {
        return Err(Refusal::invalid(
            "metadata.name: a cluster cannot be renamed",
        ));
    }
    if let Some(labels) = metadata["labels"].as_object() {
        cluster.labels.clone_from(labels);
    }
    if let Some(annotations) = metadata["annotations"].as_object() {
        cluster.annotations.clone_from(annotations);
    }
    cluster.modified_ms = now_ms;
    Ok(Reply::no_content())
}

/// `DELETE /v1/spectroclusters/{uid}`: deletes, aborts what is still being provisioned, or gives up what will not go away.
pub(crate) fn delete(state: &mut State, call: &Call) -> Answer {
    let (now_ms, uid, is_forced) = (state.now_ms, call.id("uid"), call.flag("forceDelete"));
    let cluster = state.cluster_mut(uid)?;
    match cluster.terminating_since_ms() {
        _ if cluster.is_deleted() => {}
        Some(since_ms) if is_forced => {
            let left_ms = since_ms + FORCE_DELETE_AFTER_MS - now_ms;
            if left_ms > 0 {
                let left = lifecycle_core::clock_text(left_ms.unsigned_abs());
                let message = format!(
                    "Force delete of cluster '{}' is possible 15 minutes after deletion began: in {left}",
                    cluster.name
                );
                return Err(Refusal::new(400, "ClusterForceDeleteNotAllowed", message));
            }
            state.give_up(uid);
        }
        Some(_) => {}
        None if is_forced => {
            let message = format!(
                "Force delete of cluster '{}' is possible only while it is being deleted, it is {}",
                cluster.name,
                cluster.state()
            );
            return Err(Refusal::new(400, "ClusterForceDeleteNotAllowed", message));
        }
        None if cluster.provisioned_ms.is_some() => {
            cluster.delete_requested_ms = Some(now_ms);
            cluster.event(
                now_ms,
                "Normal",
                "ClusterDeleting",
                format!("cluster '{}' is being deleted", cluster.name.clone()),
            );
        }
        None => {
            cluster.abort_requested_ms = Some(now_ms);
            cluster.event(
                now_ms,
                "Normal",
                "ClusterDeleting",
                format!(
                    "provisioning of cluster '{}' was aborted",
                    cluster.name.clone()
                ),
            );
        }
    }
    Ok(Reply::no_content())
}

impl State {
    /// Writes a cluster off; what it holds in MAAS stays there.
    fn give_up(&mut self, uid: &str) {
        let now_ms = self.now_ms;
        let orphans: Vec<String> = self
            .nodes
            .iter()
            .filter(|n| n.cluster == uid && n.gone_ms.is_none())
            .map(|n| n.system_id.clone())
            .collect();
        self.nodes.retain(|node| node.cluster != uid);
        if let Ok(cluster) = self.cluster_mut(uid) {
            cluster.event(
                now_ms,
                "Warning",
                "ClusterForceDeleted",
                format!(
                    "the cluster was force deleted; {} machines are left in MAAS",
                    orphans.len()
                ),
            );
            cluster.orphans = orphans;
            cluster.deleted_ms = Some(now_ms);
        }
    }
}

/// `GET /v1/dashboard/spectroclusters/{uid}` and `…/overview`
pub(crate) fn overview(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let account = state
        .account(&cluster.account_uid)
        .map_or("", |account| account.name.as_str());
    let templates: Vec<Value> = cluster
        .profiles
        .iter()
        .map(Profile::template_meta)
        .collect();
    let version = cluster
        .infra()
        .and_then(|profile| profile.layer("k8s"))
        .map_or("", |pack| pack.tag.as_str());
    let mut status = json!({
        "state": cluster.state(), "conditions": cluster.conditions_json(), "apiEndpoints": cluster.api_endpoints(),
        "packs": cluster.packs_json(state), "upgrades": cluster.upgrades_json(), "services": [], "addOnServices": [], "workspaces": [],
        "kubeMeta": {
            "hasKubeConfig": cluster.has_kubeconfig(), "hasKubeConfigClient": cluster.has_kubeconfig(), "hasManifest": false,
            "kubernetesVersion": version,
        },
        "notifications": {"isAvailable": false, "isTemplateVariableResolutionPending": false}, "spcApply": {"canBeApplied": false},
    });
    if let Some(health) = cluster.health_json(state) {
        status["health"] = health;
    }
    if let Some(aborted_ms) = cluster.abort_requested_ms {
        status["abortTimestamp"] = super::state::time(aborted_ms).into();
    }
    Ok(Reply::ok(json!({
        "metadata": cluster.metadata(state),
        "spec": {
            "archTypes": ["amd64"], "cloudaccount": {"name": account, "uid": cluster.account_uid},
            "cloudConfig": {
                "cloudType": "maas", "uid": cluster.config_uid,
                "machinePools": cluster.pools.iter().map(|pool| pool.meta(cluster, state)).collect::<Vec<_>>(),
            },
            "clusterProfileTemplate": templates.first(), "clusterProfileTemplates": templates,
        },
        "status": status,
    })))
}
