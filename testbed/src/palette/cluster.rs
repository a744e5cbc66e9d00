//! Clusters: what a user asked for, what became of it, and how Palette shows it.

use serde_json::{Map, Value, json};

use super::event::Event;
use super::pool::Pool;
use super::profile::Profile;
use super::repave::Repave;
use super::state::{State, text, time};

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) labels: Map<String, Value>,
    pub(crate) annotations: Map<String, Value>,
    pub(crate) account_uid: String,
    pub(crate) config_uid: String,
    /// `v1MaasClusterConfig`
    pub(crate) cloud_config: Value,
    /// `v1ClusterConfigEntity`
    pub(crate) cluster_config: Value,
    pub(crate) pools: Vec<Pool>,
    /// With the overrides of pack values already in them.
    pub(crate) profiles: Vec<Profile>,
    pub(crate) repave: Repave,
    /// `v1ClusterBackupConfig`
    pub(crate) backup: Option<Value>,
    /// `v1ClusterComplianceScheduleConfig`
    pub(crate) scan: Option<Value>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) events: Vec<Event>,
    pub(crate) last_event: u32,
    /// Changes that replaced nodes: when, and why.
    pub(crate) upgrades: Vec<(i64, String)>,
    pub(crate) created_ms: i64,
    pub(crate) modified_ms: i64,
    /// The gateway has taken it on.
    pub(crate) is_started: bool,
    /// The API server has answered.
    pub(crate) is_initialized: bool,
    pub(crate) provisioned_ms: Option<i64>,
    pub(crate) update_started_ms: Option<i64>,
    pub(crate) delete_requested_ms: Option<i64>,
    pub(crate) abort_requested_ms: Option<i64>,
    /// The gateway has taken the deletion on.
    pub(crate) is_deletion_started: bool,
    pub(crate) deleted_ms: Option<i64>,
    /// Machines that a force delete left behind.
    pub(crate) orphans: Vec<String>,
}

/// A step of provisioning, or something that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) kind: &'static str,
    pub(crate) is_true: bool,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) since_ms: i64,
}

/// How long the status of a new cluster is missing, milliseconds.
const STATUS_AFTER_MS: i64 = 2_000;
/// From complete to add-ons deployed.
pub(crate) const ADD_ONS_MS: i64 = 45_000;
/// From complete to healthy.
pub(crate) const HEALTHY_MS: i64 = 60_000;

impl Cluster {
    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted_ms.is_some()
    }

    /// When its deletion or abort was asked for.
    pub(crate) fn terminating_since_ms(&self) -> Option<i64> {
        self.delete_requested_ms.or(self.abort_requested_ms)
    }

    /// `v1ClusterState`
    pub(crate) fn state(&self) -> &'static str {
        match self {
            Self {
                deleted_ms: Some(_),
                ..
            } => "Deleted",
            _ if self.terminating_since_ms().is_some() => "Deleting",
            Self {
                provisioned_ms: Some(_),
                ..
            } => "Running",
            Self {
                is_started: true, ..
            } => "Provisioning",
            _ => "Pending",
        }
    }

    /// The API server's host name.
    pub(crate) fn api_host(&self) -> String {
        let end = self.uid.len().min(6);
        format!(
            "{}-{}.{}",
            self.name,
            &self.uid[..end],
            text(&self.cloud_config, "domain")
        )
    }

    pub(crate) fn has_kubeconfig(&self) -> bool {
        self.is_initialized && self.terminating_since_ms().is_none()
    }

    /// The profile that nodes are made from.
    pub(crate) fn infra(&self) -> Option<&Profile> {
        self.profiles
            .iter()
            .find(|profile| profile.layer("k8s").is_some())
    }

    /// Sets a condition; a change is an event.
    pub(crate) fn set_condition(
        &mut self,
        now_ms: i64,
        kind: &'static str,
        is_true: bool,
        reason: &'static str,
        message: String,
    ) {
        let fresh = Condition {
            kind,
            is_true,
            reason,
            message,
            since_ms: now_ms,
        };
        match self.conditions.iter_mut().find(|known| known.kind == kind) {
            Some(known)
                if known.is_true == fresh.is_true
                    && known.reason == reason
                    && known.message == fresh.message =>
            {
                return;
            }
            Some(known) => {
                let since_ms = if known.is_true == is_true {
                    known.since_ms
                } else {
                    now_ms
                };
                *known = Condition {
                    since_ms,
                    ..fresh.clone()
                };
            }
            None => self.conditions.push(fresh.clone()),
        }
        self.event(now_ms, "Normal", kind, fresh.message);
    }

    pub(crate) fn metadata(&self, state: &State) -> Value {
        let mut metadata = state.metadata(&self.name, &self.uid, self.created_ms, self.modified_ms);
        metadata["labels"] = Value::Object(self.labels.clone());
        if let Some(annotations) = metadata["annotations"].as_object_mut() {
            annotations.extend(self.annotations.clone());
            annotations.insert("overlordUid".to_owned(), state.gateway.uid.clone().into());
            annotations.insert(
                "permissions".to_owned(),
                "cluster.create,cluster.delete,cluster.get,cluster.list,cluster.update".into(),
            );
        }
        if let Some(since_ms) = self.terminating_since_ms() {
            metadata["deletionTimestamp"] = time(since_ms).into();
        }
        metadata
    }

    /// `v1SpectroCluster`
    pub(crate) fn json(&self, state: &State) -> Value {
        let mut json = json!({
            "apiVersion": "cluster.spectrocloud.com/v1alpha1", "kind": "SpectroCluster", "metadata": self.metadata(state),
            "spec": {
                "cloudConfigRef": {"kind": "maas", "name": format!("{}-cloudconfig", self.name), "uid": self.config_uid},
                "cloudType": "maas", "clusterConfig": self.cluster_config_json(), "clusterType": "PureManage",
                "clusterProfileTemplates": self.profiles.iter().map(Profile::template).collect::<Vec<_>>(),
            },
        });
        if state.now_ms >= self.created_ms + STATUS_AFTER_MS {
            json["status"] = self.status_json(state);
        }
        json
    }

    /// What is kept of `v1ClusterConfigEntity` in `v1ClusterConfig`.
    fn cluster_config_json(&self) -> Value {
        let kept = [
            "clusterMetaAttribute",
            "controlPlaneHealthCheckTimeout",
            "hostClusterConfig",
            "hyperShiftConfig",
            "lifecycleConfig",
            "machineManagementConfig",
            "timezone",
            "updateWorkerPoolsInParallel",
        ];
        let mut config: Map<String, Value> = kept
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.cluster_config.get(*name)?.clone())))
            .collect();
        config.insert(
            "machineHealthConfig".to_owned(),
            json!({
                "healthCheckMaxUnhealthy": "100%", "networkReadyHealthCheckDuration": "10m", "nodeReadyHealthCheckDuration": "10m",
            }),
        );
        Value::Object(config)
    }

    pub(crate) fn conditions_json(&self) -> Vec<Value> {
        self.conditions
            .iter()
            .map(|condition| {
                json!({
                    "type": condition.kind, "status": if condition.is_true { "True" } else { "False" }, "reason": condition.reason,
                    "message": condition.message, "lastTransitionTime": time(condition.since_ms),
                    "lastProbeTime": time(condition.since_ms),
                })
            })
            .collect()
    }

    pub(crate) fn api_endpoints(&self) -> Value {
        if self.has_kubeconfig() {
            json!([{"host": self.api_host(), "port": 6443}])
        } else {
            json!([])
        }
    }

    /// `v1ClusterPackStatus` of every pack.
    pub(crate) fn packs_json(&self, state: &State) -> Vec<Value> {
        let done_ms = self
            .provisioned_ms
            .map(|at| at + ADD_ONS_MS)
            .filter(|at| *at <= state.now_ms);
        let mut packs = Vec::new();
        for profile in &self.profiles {
            for pack in &profile.packs {
                let mut json = json!({
                    "name": pack.name, "version": pack.tag, "profileUid": profile.uid, "type": "spectro", "manifests": [], "services": [],
                    "condition": {
                        "type": "Ready", "status": if done_ms.is_some() { "True" } else { "False" },
                        "reason": if done_ms.is_some() { "Deployed" } else { "Pending" }, "message": "",
                    },
                    "startTime": time(self.created_ms),
                });
                if let Some(done_ms) = done_ms {
                    json["endTime"] = time(done_ms).into();
                }
                packs.push(json);
            }
        }
        packs
    }

    fn status_json(&self, state: &State) -> Value {
        let upgrades = self.upgrades_json();
        let mut status = json!({
            "state": self.state(), "conditions": self.conditions_json(), "apiEndpoints": self.api_endpoints(), "packs": self.packs_json(state),
            "addOnServices": [], "services": [], "upgrades": upgrades, "profileStatus": {"hasUserMacros": false},
            "spcApply": {"canBeApplied": false}, "clusterImport": {"importLink": "", "isBrownfield": false, "state": ""},
        });
        if let Some(repave) = self.repave.state() {
            status["repave"] = json!({"state": repave});
        }
        if let Some(aborted_ms) = self.abort_requested_ms {
            status["abortTimestamp"] = time(aborted_ms).into();
        }
        status
    }

    pub(crate) fn upgrades_json(&self) -> Vec<Value> {
        self.upgrades
            .iter()
            .map(|(at_ms, why)| json!({"timestamp": time(*at_ms), "reason": [why]}))
            .collect()
    }

    /// `v1SpectroClusterHealthStatus`; nothing while it is provisioned.
    pub(crate) fn health_json(&self, state: &State) -> Option<Value> {
        let provisioned_ms = self.provisioned_ms?;
        if state.now_ms < provisioned_ms + HEALTHY_MS || self.is_deleted() {
            return None;
        }
        let sick: Vec<Value> = state
            .nodes
            .iter()
            .filter(|node| node.cluster == self.uid && node.joined_ms.is_some() && node.drain_started_ms.is_none() && !node.is_ready())
            .map(|node| {
                json!({
                    "type": "NodeNotReady", "message": format!("node '{}' is not ready", node.hostname),
                    "relatedObject": {"kind": "machine", "name": node.hostname, "uid": node.uid},
                })
            })
            .collect();
        let health = if sick.is_empty() {
            "Healthy"
        } else {
            "UnHealthy"
        };
        Some(
            json!({"agentVersion": "4.9.40", "state": health, "conditions": sick, "lastHeartBeatTimestamp": state.now()}),
        )
    }
}
