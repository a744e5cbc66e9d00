//! Machines of a pool, as Palette shows them: by host name, without MAAS's system id.

use serde_json::{Value, json};

use super::call::Call;
use super::node::Node;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, time};

impl Node {
    /// `instanceState`
    pub(crate) fn instance_state(&self) -> &'static str {
        if self.drain_started_ms.is_some() {
            return "Deleting";
        }
        match self.machine_status.as_str() {
            "Ready" | "Allocated" => "Pending",
            "Deploying" => "Provisioning",
            "Deployed" if self.has_object && self.joined_ms.is_some() => "Running",
            "Deployed" => "Provisioned",
            "Releasing" | "Disk erasing" | "" => "Deleting",
            "Failed deployment" | "Releasing failed" | "Failed disk erasing" | "Broken" => "Failed",
            _ => "Unknown",
        }
    }

    /// `v1MaasMachine`
    fn json(&self, state: &State) -> Value {
        let health = match (self.has_object, self.is_ready()) {
            (_, true) => "Healthy",
            (true, false) => "UnHealthy",
            (false, false) => "Unknown",
        };
        let ready = json!({
            "type": "Ready", "status": if self.is_ready() { "True" } else { "False" }, "reason": "Kubelet", "message": "",
        });
        let addresses: Vec<Value> = self
            .addresses
            .iter()
            .map(|ip| json!({"address": ip, "type": "InternalIP"}))
            .collect();
        let mut metadata = state.metadata(
            &self.hostname,
            &self.uid,
            self.created_ms,
            self.machine_status_since_ms,
        );
        metadata["labels"] = json!({"machine-pool": self.pool});
        json!({
            "apiVersion": "cluster.spectrocloud.com/v1alpha1", "kind": "MaasMachine", "metadata": metadata,
            "spec": {
                "az": self.zone, "hostname": self.hostname, "nics": [{"index": 0, "privateIPs": self.addresses, "publicIp": ""}],
                "machineMetadata": {"creationTimestamp": time(self.created_ms)},
            },
            "status": {
                "addresses": addresses, "health": {"state": health, "conditions": [ready], "lastHeartBeatTimestamp": state.now()},
                "instanceState": self.instance_state(), "instanceStateLastUpdate": time(self.machine_status_since_ms),
                "ready": self.is_ready(),
            },
        })
    }
}

/// The nodes of a pool that still have a machine.
fn of_pool<'s>(state: &'s State, call: &Call) -> Result<Vec<&'s Node>, Refusal> {
    let cluster = state.cluster_of_config(call.id("configUid"))?;
    let pool = call.id("machinePoolName");
    if !cluster.pools.iter().any(|known| known.name == pool) {
        return Err(Refusal::not_found("machinepool", pool));
    }
    let is_of_pool =
        |node: &&Node| node.cluster == cluster.uid && node.pool == pool && node.gone_ms.is_none();
    Ok(state.nodes.iter().filter(is_of_pool).collect())
}

/// `GET /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines`
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    call.page(
        of_pool(state, call)?
            .into_iter()
            .map(|node| node.json(state))
            .collect(),
    )
}

/// `GET /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines/{machineUid}`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    let uid = call.id("machineUid");
    let found = of_pool(state, call)?
        .into_iter()
        .find(|node| node.uid == uid);
    Ok(Reply::ok(
        found
            .ok_or_else(|| Refusal::not_found("machine", uid))?
            .json(state),
    ))
}

/// `GET /v1/cloudconfigs/{configUid}/machinePools/machineUids`
pub(crate) fn uids(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster_of_config(call.id("configUid"))?;
    let mut pools = serde_json::Map::new();
    for pool in &cluster.pools {
        let uids: Vec<&str> = state
            .nodes
            .iter()
            .filter(|node| {
                node.cluster == cluster.uid && node.pool == pool.name && node.gone_ms.is_none()
            })
            .map(|node| node.uid.as_str())
            .collect();
        pools.insert(pool.name.clone(), json!({"machineUids": uids}));
    }
    Ok(Reply::ok(json!({"machinePools": pools})))
}
