//! Machine pools and the cloud config that holds them.

use lifecycle_core::{Pct, PoolRole, PoolSpec, Strategy, Taint};
use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, digest, items, text};

/// A pool as it was written: `v1MachinePoolConfigEntity` and `v1MaasMachinePoolCloudConfigEntity`.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) size: u32,
    pub(crate) is_control_plane: bool,
    config: Value,
    cloud: Value,
}

impl Pool {
    /// Reads a pool; `place` says where it stands in the request.
    pub(crate) fn read(body: &Value, place: &str) -> Result<Self, Refusal> {
        let (config, cloud) = (&body["poolConfig"], &body["cloudConfig"]);
        let wrong = |message: String| {
            Refusal::new(400, "InvalidMachinePoolConfig", format!("{place}{message}"))
        };
        if config.is_null() {
            return Err(wrong("poolConfig: is required".to_owned()));
        }
        let name = text(config, "name");
        if !lifecycle_core::is_id(name) {
            return Err(wrong(format!(
                "poolConfig.name: '{name}' is not made of lower-case letters, digits and '-'"
            )));
        }
        let is_control_plane = config["isControlPlane"] == true;
        let size = u32::try_from(config["size"].as_i64().unwrap_or(-1))
            .map_err(|_| wrong("poolConfig.size: must not be negative".to_owned()))?;
        if is_control_plane && size % 2 == 0 {
            return Err(wrong(format!(
                "poolConfig.size: control plane pool '{name}' cannot have {size} nodes: replicas cannot be an even number when etcd is stacked"
            )));
        }
        let label = if is_control_plane {
            "control-plane"
        } else {
            "worker"
        };
        if !items(&config["labels"]).iter().any(|known| known == label) {
            return Err(wrong(format!("poolConfig.labels: must contain '{label}'")));
        }
        if is_control_plane && config["nodeRepaveInterval"].as_i64().unwrap_or(0) != 0 {
            return Err(wrong(
                "poolConfig.nodeRepaveInterval: is for worker pools only".to_owned(),
            ));
        }
        let pool = Self {
            name: name.to_owned(),
            size,
            is_control_plane,
            config: config.clone(),
            cloud: cloud.clone(),
        };
        let strategy = pool.strategy().map_err(wrong)?;
        if is_control_plane && strategy == Strategy::ContractFirst && size < 3 {
            return Err(wrong(
                "poolConfig.updateStrategy: scale-in needs at least 3 control plane nodes"
                    .to_owned(),
            ));
        }
        if is_control_plane && matches!(strategy, Strategy::Custom { .. }) {
            return Err(wrong(
                "poolConfig.updateStrategy: OverrideScaling is for worker pools only".to_owned(),
            ));
        }
        Ok(pool)
    }

    fn strategy(&self) -> Result<Strategy, String> {
        let strategy = &self.config["updateStrategy"];
        match text(strategy, "type") {
            "RollingUpdateScaleIn" => Ok(Strategy::ContractFirst),
            "OverrideScaling" => {
                let part = |name: &str| {
                    let value: Pct = text(strategy, name).parse().map_err(|_| {
                        format!(
                            "poolConfig.updateStrategy.{name}: must be a number or a percentage"
                        )
                    })?;
                    Ok::<_, String>(value)
                };
                let (max_surge, max_unavailable) = (part("maxSurge")?, part("maxUnavailable")?);
                if max_surge.is_zero() && max_unavailable.is_zero() {
                    return Err(
                        "poolConfig.updateStrategy: maxSurge and maxUnavailable cannot both be 0"
                            .to_owned(),
                    );
                }
                Ok(Strategy::Custom {
                    max_surge,
                    max_unavailable,
                })
            }
            _ => Ok(Strategy::ExpandFirst),
        }
    }

    fn number(&self, name: &str) -> u32 {
        let value = self.cloud["instanceType"][name].as_i64().unwrap_or(0);
        u32::try_from(value).unwrap_or(0)
    }

    fn texts(value: &Value) -> Vec<String> {
        items(value)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    fn arch(&self) -> &str {
        match text(&self.config["machinePoolProperties"], "archType") {
            "" => "amd64",
            arch => arch,
        }
    }

    /// What of the pool itself its nodes are made from.
    fn template(&self) -> String {
        let cloud = &self.cloud;
        digest(
            &json!([
                cloud["instanceType"],
                cloud["resourcePool"],
                cloud["azs"],
                cloud["tags"],
                self.arch()
            ])
            .to_string(),
        )
    }

    /// The pool as the planner takes it.
    pub(crate) fn spec(&self, cluster: &Cluster) -> PoolSpec {
        let role = if self.is_control_plane {
            PoolRole::ControlPlane
        } else {
            PoolRole::Worker
        };
        let revision = |profile: &str| format!("{profile}-{}", self.template());
        let infra = cluster.infra();
        let mut spec = PoolSpec::new(&self.name, role, self.size)
            .revision(revision(
                &infra.map_or_else(String::new, super::profile::Profile::node_revision),
            ))
            .strategy(self.strategy().unwrap_or_default())
            .resource_pool(match text(&self.cloud, "resourcePool") {
                "" => "default",
                pool => pool,
            })
            .azs(Self::texts(&self.cloud["azs"]))
            .minimum(
                self.number("minCPU").max(1),
                self.number("minMemInMB"),
                self.number("minDiskSizeInGB"),
            );
        spec.k8s_version = infra.and_then(|profile| profile.layer("k8s")?.tag.parse().ok());
        if let Some((approved, version)) = cluster.repave.approved() {
            spec.approved_revision = Some(revision(approved));
            spec.approved_k8s_version = *version;
        }
        spec.arch = Some(format!("{}/generic", self.arch()));
        spec.tags = Self::texts(&self.cloud["tags"]);
        if !self.is_control_plane {
            spec.node_repave_interval_s = self.config["nodeRepaveInterval"]
                .as_u64()
                .and_then(|s| u32::try_from(s).ok())
                .unwrap_or(0);
        }
        spec.taints = items(&self.config["taints"])
            .iter()
            .map(|taint| Taint {
                key: text(taint, "key").to_owned(),
                value: taint["value"].as_str().map(str::to_owned),
                effect: text(taint, "effect").to_owned(),
            })
            .collect();
        spec.inplace_revision = Some(digest(
            &json!([self.config["additionalLabels"], self.config["taints"]]).to_string(),
        ));
        spec.allow_workloads =
            self.is_control_plane && self.config["useControlPlaneAsWorker"] == true;
        spec
    }

    /// `v1MaasMachinePoolConfig`: the flat form in which a pool is read.
    fn json(&self) -> Value {
        let mut json = json!({
            "name": self.name, "size": self.size, "isControlPlane": self.is_control_plane,
            "useControlPlaneAsWorker": self.config["useControlPlaneAsWorker"] == true, "useLxdVm": self.cloud["useLxdVm"] == true,
            "instanceType": self.cloud["instanceType"], "resourcePool": text(&self.cloud, "resourcePool"),
            "machinePoolProperties": {"archType": self.arch()},
        });
        for (from, name) in [
            (&self.cloud, "azs"),
            (&self.cloud, "tags"),
            (&self.config, "labels"),
            (&self.config, "taints"),
        ] {
            json[name] = Value::from(items(&from[name]).to_vec());
        }
        let kept = [
            "additionalAnnotations",
            "additionalLabels",
            "additionalTags",
            "maxSize",
            "minSize",
            "nodeRepaveInterval",
            "overrideKubeadmConfiguration",
            "skipK8sUpgrade",
            "updateStrategy",
        ];
        for name in kept {
            if let Some(value) = self.config.get(name).filter(|value| !value.is_null()) {
                json[name] = value.clone();
            }
        }
        if json.get("updateStrategy").is_none() {
            json["updateStrategy"] = json!({"type": "RollingUpdateScaleOut"});
        }
        json
    }

    /// `v1MachinePoolMeta`
    pub(crate) fn meta(&self, cluster: &Cluster, state: &State) -> Value {
        let healthy = state
            .nodes
            .iter()
            .filter(|n| n.cluster == cluster.uid && n.pool == self.name && n.is_ready())
            .count();
        json!({
            "cloudType": "maas", "healthy": healthy, "isControlPlane": self.is_control_plane, "size": self.size, "maintenanceMode": 0,
            "labels": items(&self.config["labels"]),
        })
    }
}

/// Checks the pools of one cluster together.
pub(crate) fn check_all(pools: &[Pool]) -> Result<(), Refusal> {
    let wrong = |message: String| Err(Refusal::new(400, "InvalidMachinePoolConfig", message));
    let control_planes = pools.iter().filter(|pool| pool.is_control_plane).count();
    if control_planes != 1 {
        return wrong(format!(
            "machinepoolconfig: a cluster has exactly one control plane pool, not {control_planes}"
        ));
    }
    for (at, pool) in pools.iter().enumerate() {
        if pools[..at].iter().any(|other| other.name == pool.name) {
            return wrong(format!(
                "machinepoolconfig[{at}].poolConfig.name: '{}' is there twice",
                pool.name
            ));
        }
    }
    Ok(())
}

/// `GET /v1/cloudconfigs/maas/{configUid}`
pub(crate) fn cloud_config(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster_of_config(call.id("configUid"))?;
    let account = state
        .account(&cluster.account_uid)
        .map_or("", |account| account.name.as_str());
    let name = format!("{}-cloudconfig", cluster.name);
    Ok(Reply::ok(json!({
        "apiVersion": "cluster.spectrocloud.com/v1alpha1", "kind": "MaasCloudConfig",
        "metadata": state.metadata(&name, &cluster.config_uid, cluster.created_ms, cluster.modified_ms),
        "spec": {
            "cloudAccountRef": {"kind": "maas", "name": account, "uid": cluster.account_uid}, "clusterConfig": cluster.cloud_config,
            "machinePoolConfig": cluster.pools.iter().map(Pool::json).collect::<Vec<_>>(),
        },
        "status": {"conditions": [], "isAddonLayer": false, "useCapiImage": false},
    })))
}

/// `PUT /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}`
pub(crate) fn update(state: &mut State, call: &Call) -> Answer {
    let now_ms = state.now_ms;
    let cluster_uid = state.cluster_of_config(call.id("configUid"))?.uid.clone();
    let cluster = state.cluster_mut(&cluster_uid)?;
    cluster.must_take_changes()?;
    let name = call.id("machinePoolName");
    let Some(at) = cluster.pools.iter().position(|pool| pool.name == name) else {
        return Err(Refusal::not_found("machinepool", name));
    };
    let fresh = Pool::read(&call.body, "")?;
    let old = &cluster.pools[at];
    if fresh.name != old.name || fresh.is_control_plane != old.is_control_plane {
        return Err(Refusal::new(
            400,
            "InvalidMachinePoolConfig",
            "poolConfig: name and isControlPlane cannot be changed",
        ));
    }
    if fresh.is_control_plane && fresh.size < old.size {
        let message = format!(
            "poolConfig.size: the control plane cannot be scaled down from {} to {}",
            old.size, fresh.size
        );
        return Err(Refusal::new(400, "InvalidMachinePoolConfig", message));
    }
    if fresh.template() != old.template() {
        cluster
            .upgrades
            .push((now_ms, format!("machine pool '{name}' changed")));
    }
    cluster.event(
        now_ms,
        "Normal",
        "MachinePoolUpdated",
        format!("machine pool '{name}' was updated, size {}", fresh.size),
    );
    cluster.pools[at] = fresh;
    cluster.modified_ms = now_ms;
    Ok(Reply::no_content())
}

/// `POST /v1/cloudconfigs/maas/{configUid}/machinePools`
pub(crate) fn create(state: &mut State, call: &Call) -> Answer {
    let now_ms = state.now_ms;
    let cluster_uid = state.cluster_of_config(call.id("configUid"))?.uid.clone();
    let uid = state.uids.next();
    let cluster = state.cluster_mut(&cluster_uid)?;
    cluster.must_take_changes()?;
    let mut pools = cluster.pools.clone();
    pools.push(Pool::read(&call.body, "")?);
    check_all(&pools)?;
    cluster.pools = pools;
    cluster.modified_ms = now_ms;
    Ok(Reply::created(&uid))
}
