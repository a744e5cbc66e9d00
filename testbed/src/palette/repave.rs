//! Repaving: a change of profile that replaces nodes waits for an approval.

use lifecycle_core::Version;
use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::cluster_profile;
use super::profile::{Pack, Profile};
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, time};

/// Where the approval of a cluster's last such change stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repave {
    state: Option<&'static str>,
    changed_ms: i64,
    /// What was approved last, while something else waits: node revision and Kubernetes version.
    approved: Option<(String, Option<Version>)>,
    /// The packs that changed: as they are, as they shall be.
    changes: Vec<(Option<Pack>, Option<Pack>)>,
}

impl Repave {
    /// `v1ClusterRepaveState`; nothing if there never was such a change.
    pub(crate) fn state(&self) -> Option<&'static str> {
        self.state
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.state == Some("Pending")
    }

    /// What nodes are to be made from while a change waits.
    pub(crate) fn approved(&self) -> Option<&(String, Option<Version>)> {
        self.approved.as_ref()
    }

    /// `v1SpectroClusterRepaveReason`
    fn reasons(&self) -> Vec<Value> {
        reasons(&self.changes)
    }
}

/// Those packs that nodes are made from and that differ.
fn changes(from: Option<&Profile>, to: Option<&Profile>) -> Vec<(Option<Pack>, Option<Pack>)> {
    ["os", "k8s"]
        .iter()
        .map(|layer| {
            (
                from.and_then(|profile| profile.layer(layer)).cloned(),
                to.and_then(|profile| profile.layer(layer)).cloned(),
            )
        })
        .filter(|(from, to)| {
            let content = |pack: &Option<Pack>| {
                pack.as_ref()
                    .map(|pack| (pack.name.clone(), pack.tag.clone(), pack.values.clone()))
            };
            content(from) != content(to)
        })
        .collect()
}

fn reasons(changes: &[(Option<Pack>, Option<Pack>)]) -> Vec<Value> {
    changes
        .iter()
        .map(|(from, to)| {
            let name = from
                .as_ref()
                .or(to.as_ref())
                .map_or("", |pack| pack.name.as_str());
            let tag = |pack: &Option<Pack>| {
                pack.as_ref()
                    .map_or_else(|| "nothing".to_owned(), |pack| pack.tag.clone())
            };
            let is_version = tag(from) != tag(to);
            let code = if is_version {
                "PackVersionChange"
            } else {
                "PackValuesChange"
            };
            let message = if is_version {
                format!(
                    "pack '{name}' goes from {} to {}: all nodes are replaced",
                    tag(from),
                    tag(to)
                )
            } else {
                format!("the values of pack '{name}' changed: all nodes are replaced")
            };
            let mut pack =
                json!({"diffConfigKeys": [if is_version { "version" } else { "values" }]});
            for (name, side) in [("current", from), ("target", to)] {
                if let Some(side) = side {
                    pack[name] = side.reference();
                }
            }
            json!({"code": code, "message": message, "pack": pack})
        })
        .collect()
}

impl Cluster {
    /// Takes these profiles; if that replaces nodes, it waits for an approval, and going back to what was approved ends the waiting.
    pub(crate) fn take_profiles(&mut self, profiles: Vec<Profile>, now_ms: i64) {
        let revision_of = |cluster: &Self| {
            cluster
                .infra()
                .map(Profile::node_revision)
                .unwrap_or_default()
        };
        let version_of = |cluster: &Self| {
            cluster
                .infra()
                .and_then(|profile| profile.layer("k8s")?.tag.parse().ok())
        };
        let (old, old_version, old_infra) =
            (revision_of(self), version_of(self), self.infra().cloned());
        self.profiles = profiles;
        self.modified_ms = now_ms;
        let fresh = revision_of(self);
        if fresh == old {
            return;
        }
        let changes = changes(old_infra.as_ref(), self.infra());
        let approved = self.repave.approved.take().unwrap_or((old, old_version));
        let is_back = approved.0 == fresh;
        self.repave.state = Some(if is_back { "Reverted" } else { "Pending" });
        self.repave.changed_ms = now_ms;
        self.repave.approved = (!is_back).then_some(approved);
        self.repave.changes = changes;
        let message = if is_back {
            "the change was taken back; no node is replaced"
        } else {
            "the change replaces nodes and waits for an approval"
        };
        self.event(
            now_ms,
            "Normal",
            if is_back {
                "RepaveReverted"
            } else {
                "RepavePending"
            },
            message,
        );
    }
}

/// `GET /v1/spectroclusters/{uid}/repave/status`
pub(crate) fn status(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let repave = &cluster.repave;
    let mut status = json!({"message": ""});
    if let Some(name) = repave.state {
        status =
            json!({"message": "", "state": name, "repaveTransitionTime": time(repave.changed_ms)});
    }
    Ok(Reply::ok(json!({
        "metadata": cluster.metadata(state), "status": status,
        "spec": {"reasons": repave.reasons(), "source": "user", "spectroClusterUid": cluster.uid},
    })))
}

/// `PATCH /v1/spectroclusters/{uid}/repave/approve`
pub(crate) fn approve(state: &mut State, call: &Call) -> Answer {
    let now_ms = state.now_ms;
    let cluster = state.cluster_mut(call.id("uid"))?;
    if !cluster.repave.is_pending() {
        return Err(Refusal::new(
            400,
            "RepaveNotPending",
            "No repave of this cluster waits for an approval",
        ));
    }
    cluster.repave.state = Some("Approved");
    cluster.repave.changed_ms = now_ms;
    cluster.repave.approved = None;
    let why: Vec<String> = cluster
        .repave
        .reasons()
        .iter()
        .map(|reason| reason["message"].as_str().unwrap_or_default().to_owned())
        .collect();
    cluster.upgrades.push((now_ms, why.join("; ")));
    cluster.event(
        now_ms,
        "Normal",
        "RepaveApproved",
        "the change was approved; nodes are replaced",
    );
    Ok(Reply::no_content())
}

/// `POST /v1/spectroclusters/{uid}/validate/repave`
pub(crate) fn validate(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let wanted = cluster_profile::merged(state, cluster, &call.body["profiles"], false)?;
    let infra = wanted.iter().find(|profile| profile.layer("k8s").is_some());
    let changes = changes(cluster.infra(), infra);
    Ok(Reply::ok(
        json!({"isRepaveRequired": !changes.is_empty(), "reasons": reasons(&changes)}),
    ))
}
