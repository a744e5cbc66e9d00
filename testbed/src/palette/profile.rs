//! Cluster profiles and the packs in them.

use serde_json::{Value, json};

use super::call::Call;
use super::reply::{Answer, Reply};
use super::state::{State, digest};
use super::tenant::Uids;

/// The name of the built-in profile.
pub(crate) const NAME: &str = "maas-infra";

/// One version of a cluster profile.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) packs: Vec<Pack>,
}

/// A layer of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pack {
    pub(crate) name: String,
    pub(crate) layer: String,
    pub(crate) tag: String,
    pub(crate) values: String,
    pub(crate) uid: String,
    registry_uid: String,
}

const OS_VALUES: &str = "kubeadmconfig:\n  preKubeadmCommands:\n    - echo \"node is about to join\"\n  postKubeadmCommands: []\n  files: []\n";
const K8S_VALUES: &str = "pack:\n  k8sHardening: true\n  podCIDR: \"10.244.0.0/16\"\n  serviceClusterIpRange: \"10.96.0.0/12\"\n\
                          kubeadmconfig:\n  apiServer:\n    extraArgs:\n      profiling: \"false\"\n  kubeletExtraArgs:\n    read-only-port: \"0\"\n";
const CNI_VALUES: &str = "pack:\n  namespace: kube-system\nmanifests:\n  calico:\n    encapsulationType: CALICO_IPV4POOL_VXLAN\n";
const CSI_VALUES: &str = "pack:\n  namespace: rook-ceph\ncluster:\n  mon:\n    count: 3\n";

impl Profile {
    /// Two versions of one profile; going from the first to the second brings a new Kubernetes and so replaces every node.
    pub(crate) fn builtin(uids: &mut Uids) -> Vec<Self> {
        let registry_uid = uids.next();
        let mut version = |version: &str, k8s: &str| {
            let mut pack = |name: &str, layer: &str, tag: &str, values: &str| Pack {
                name: name.to_owned(),
                layer: layer.to_owned(),
                tag: tag.to_owned(),
                values: values.to_owned(),
                uid: uids.next(),
                registry_uid: registry_uid.clone(),
            };
            let packs = vec![
                pack("ubuntu-maas", "os", "22.04", OS_VALUES),
                pack("kubernetes", "k8s", k8s, K8S_VALUES),
                pack("cni-calico", "cni", "3.30.2", CNI_VALUES),
                pack("csi-rook-ceph-helm", "csi", "1.17.5", CSI_VALUES),
            ];
            Self {
                uid: uids.next(),
                name: NAME.to_owned(),
                version: version.to_owned(),
                packs,
            }
        };
        vec![version("1.0.0", "1.32.8"), version("1.1.0", "1.33.4")]
    }

    /// `v1ClusterProfileTemplate`: the profile as a cluster carries it.
    pub(crate) fn template(&self) -> Value {
        json!({
            "cloudType": "maas", "name": self.name, "packs": self.packs.iter().map(Pack::reference).collect::<Vec<_>>(),
            "profileVersion": self.version, "type": "cluster", "uid": self.uid, "version": 1,
        })
    }

    /// `v1ClusterProfileTemplateMeta`
    pub(crate) fn template_meta(&self) -> Value {
        json!({
            "cloudType": "maas", "name": self.name, "packs": self.packs.iter().map(Pack::reference).collect::<Vec<_>>(),
            "scope": "project", "type": "cluster", "uid": self.uid, "version": 1,
        })
    }

    pub(crate) fn layer(&self, layer: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.layer == layer)
    }

    /// What nodes are made from: if this changes, they are replaced.
    pub(crate) fn node_revision(&self) -> String {
        let made_from: Vec<_> = ["os", "k8s"]
            .iter()
            .filter_map(|layer| self.layer(layer))
            .map(|pack| format!("{}:{}:{}", pack.name, pack.tag, pack.values))
            .collect();
        digest(&made_from.join("\n"))
    }

    fn json(&self, state: &State) -> Value {
        let versions: Vec<Value> = state
            .profiles
            .iter()
            .filter(|profile| profile.name == self.name)
            .map(|profile| json!({"uid": profile.uid, "version": profile.version}))
            .collect();
        let users: Vec<&super::cluster::Cluster> = self.users(state).collect();
        let in_use: Vec<Value> = users
            .iter()
            .map(|cluster| {
                let tenant = &state.tenant;
                json!({
                    "kind": "spectrocluster", "name": cluster.name, "uid": cluster.uid,
                    "projectUid": tenant.project_uid, "tenantUid": tenant.uid,
                })
            })
            .collect();
        json!({
            "apiVersion": "cluster.spectrocloud.com/v1alpha1", "kind": "ClusterProfile", "metadata": self.metadata(state),
            "spec": {"published": self.template(), "version": self.version, "versions": versions},
            "status": {
                "hasUserMacros": false, "inUseClusterTemplates": [], "inUseClusters": in_use,
                "inUseClusterUids": users.iter().map(|cluster| &cluster.uid).collect::<Vec<_>>(), "isPublished": true,
            },
        })
    }

    fn users<'s>(&'s self, state: &'s State) -> impl Iterator<Item = &'s super::cluster::Cluster> {
        state.clusters.iter().filter(|cluster| {
            !cluster.is_deleted()
                && cluster
                    .profiles
                    .iter()
                    .any(|profile| profile.uid == self.uid)
        })
    }

    fn metadata(&self, state: &State) -> Value {
        let mut metadata = state.metadata(&self.name, &self.uid, 0, 0);
        metadata["creationTimestamp"] = state.started().into();
        metadata["lastModifiedTimestamp"] = state.started().into();
        metadata
    }

    /// `v1ClusterProfileMetadata`, also used by lists of profiles.
    fn brief(&self) -> Value {
        json!({
            "metadata": {"name": self.name, "uid": self.uid},
            "spec": {"cloudType": "maas", "version": self.version},
        })
    }
}

impl Pack {
    /// `v1PackRef`
    pub(crate) fn reference(&self) -> Value {
        json!({
            "name": self.name, "layer": self.layer, "tag": self.tag, "version": self.tag, "type": "spectro", "values": self.values,
            "packUid": self.uid, "registryUid": self.registry_uid, "digest": digest(&self.values), "annotations": {}, "manifests": [],
        })
    }

    /// `v1ClusterProfilePacksEntity`
    pub(crate) fn entity(&self, state: &State) -> Value {
        let mut metadata = state.metadata(&self.name, &self.uid, 0, 0);
        metadata["creationTimestamp"] = state.started().into();
        metadata["lastModifiedTimestamp"] = state.started().into();
        json!({
            "metadata": metadata,
            "spec": {
                "name": self.name, "displayName": self.name, "layer": self.layer, "version": self.tag, "type": "spectro", "values": self.values,
                "registryUid": self.registry_uid, "cloudTypes": ["maas"], "digest": digest(&self.values), "annotations": {}, "manifests": [],
                "presets": [], "schema": [], "logoUrl": "",
            },
            "status": {},
        })
    }

    /// `v1PackRefSummary`
    fn summary(&self) -> Value {
        json!({
            "name": self.name, "displayName": self.name, "layer": self.layer, "tag": self.tag, "version": self.tag, "type": "spectro",
            "packUid": self.uid, "annotations": {},
        })
    }
}

/// `GET /v1/dashboard/clusterprofiles/metadata`
pub(crate) fn metadata(state: &State) -> Answer {
    Ok(Reply::ok(
        json!({"items": state.profiles.iter().map(Profile::brief).collect::<Vec<_>>()}),
    ))
}

/// `POST /v1/dashboard/clusterprofiles`
pub(crate) fn search(state: &State, call: &Call) -> Answer {
    let (name, version) = (
        &call.body["filter"]["profileName"],
        &call.body["filter"]["version"],
    );
    let items: Vec<Value> = state
        .profiles
        .iter()
        .filter(|profile| {
            name["eq"].as_str().is_none_or(|wanted| profile.name == wanted)
                && name["contains"].as_str().is_none_or(|wanted| profile.name.contains(wanted))
                && name["beginsWith"].as_str().is_none_or(|wanted| profile.name.starts_with(wanted))
                && version["eq"].as_str().is_none_or(|wanted| profile.version == wanted)
        })
        .map(|profile| {
            let json = profile.json(state);
            let packs: Vec<Value> = profile.packs.iter().map(Pack::summary).collect();
            let names: Vec<Value> = profile.users(state).map(|c| json!({"name": c.name, "uid": c.uid})).collect();
            json!({
                "metadata": json["metadata"],
                "specSummary": {
                    "published": {"cloudType": "maas", "packs": packs, "type": "cluster"},
                    "version": profile.version, "versions": json["spec"]["versions"],
                },
                "status": {
                    "inUseClusters": names, "inUseClusterUids": json["status"]["inUseClusterUids"], "inUseClusterTemplates": [],
                    "isPublished": true,
                },
            })
        })
        .collect();
    Ok(Reply::ok(call.cut(&items)?))
}

/// `GET /v1/clusterprofiles/{uid}`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(state.profile(call.id("uid"))?.json(state)))
}

/// `GET /v1/clusterprofiles/{uid}/packs`
pub(crate) fn packs(state: &State, call: &Call) -> Answer {
    let profile = state.profile(call.id("uid"))?;
    let packs: Vec<Value> = profile
        .packs
        .iter()
        .map(|pack| pack.entity(state))
        .collect();
    Ok(Reply::ok(json!({"items": packs})))
}
