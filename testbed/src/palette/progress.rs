//! What a cluster shows of its progress: conditions, one per step of provisioning.

use lifecycle_core::{ConditionCode, Decision};

use super::cluster::ADD_ONS_MS;
use super::state::State;

impl State {
    /// Derives every condition from what is so now.
    pub(crate) fn publish(&mut self, decision: &Decision) {
        let now_ms = self.now_ms;
        for cluster in self
            .clusters
            .iter_mut()
            .filter(|cluster| cluster.is_started && !cluster.is_deleted())
        {
            let nodes: Vec<_> = self
                .nodes
                .iter()
                .filter(|node| node.cluster == cluster.uid && node.gone_ms.is_none())
                .collect();
            let name = cluster.name.clone();
            cluster.set_condition(
                now_ms,
                "ImageResolutionDone",
                true,
                "ImageResolved",
                "the node image was found".to_owned(),
            );
            cluster.set_condition(
                now_ms,
                "BootstrappingDone",
                true,
                "Bootstrapped",
                "the gateway is prepared".to_owned(),
            );
            let has_machines = !nodes.is_empty();
            if has_machines || cluster.is_initialized {
                let message = format!("DNS name and first machine of '{name}' are there");
                cluster.set_condition(
                    now_ms,
                    "CloudInfrastructureReady",
                    true,
                    "InfrastructureReady",
                    message,
                );
            } else if cluster.terminating_since_ms().is_none() {
                let shortage = decision
                    .status
                    .clusters
                    .get(&cluster.uid)
                    .and_then(|status| {
                        status
                            .conditions
                            .iter()
                            .find(|condition| condition.code == ConditionCode::CapacityShort)
                    });
                let message = shortage.map_or_else(
                    || "waiting for the first machine".to_owned(),
                    |shortage| {
                        let args: Vec<String> = shortage
                            .args
                            .iter()
                            .map(|(name, value)| format!("{name} {value}"))
                            .collect();
                        format!("MAAS has no matching machine ({})", args.join(", "))
                    },
                );
                cluster.set_condition(
                    now_ms,
                    "CloudInfrastructureReady",
                    false,
                    "WaitingForMachine",
                    message,
                );
            }
            if cluster.is_initialized {
                let message = "the API server answers".to_owned();
                cluster.set_condition(now_ms, "KubeConfigReady", true, "KubeConfigReady", message);
            }
            for (is_control_plane, addition, deletion, what) in [
                (
                    true,
                    "ControlPlaneNodeAdditionDone",
                    "ControlPlaneNodeDeletionDone",
                    "control plane",
                ),
                (
                    false,
                    "WorkerNodeAdditionDone",
                    "WorkerNodeDeletionDone",
                    "worker",
                ),
            ] {
                let of_kind: Vec<_> = nodes
                    .iter()
                    .filter(|node| node.is_control_plane == is_control_plane)
                    .collect();
                let wanted: u32 = cluster
                    .pools
                    .iter()
                    .filter(|p| p.is_control_plane == is_control_plane)
                    .map(|p| p.size)
                    .sum();
                let joined = of_kind
                    .iter()
                    .filter(|node| node.joined_ms.is_some() && node.drain_started_ms.is_none())
                    .count();
                let adding = of_kind
                    .iter()
                    .filter(|node| node.joined_ms.is_none())
                    .count();
                let leaving = of_kind
                    .iter()
                    .filter(|node| node.instance_state() == "Deleting")
                    .count();
                if cluster.terminating_since_ms().is_none() {
                    let is_done = adding == 0 && u32::try_from(joined).unwrap_or(0) >= wanted;
                    let reason = if is_done { "NodesAdded" } else { "AddingNodes" };
                    cluster.set_condition(
                        now_ms,
                        addition,
                        is_done,
                        reason,
                        format!("{joined} of {wanted} {what} nodes are ready"),
                    );
                }
                let has_begun = leaving > 0
                    || cluster
                        .conditions
                        .iter()
                        .any(|condition| condition.kind == deletion);
                if has_begun {
                    let reason = if leaving == 0 {
                        "NodesDeleted"
                    } else {
                        "DeletingNodes"
                    };
                    cluster.set_condition(
                        now_ms,
                        deletion,
                        leaving == 0,
                        reason,
                        format!("{leaving} {what} nodes are being deleted"),
                    );
                }
            }
            if let Some(provisioned_ms) = cluster.provisioned_ms {
                let is_done = now_ms >= provisioned_ms + ADD_ONS_MS;
                let reason = if is_done {
                    "AddOnsDeployed"
                } else {
                    "DeployingAddOns"
                };
                let packs: usize = cluster
                    .profiles
                    .iter()
                    .map(|profile| profile.packs.len())
                    .sum();
                let message = format!(
                    "{} of {packs} packs are deployed",
                    if is_done { packs } else { 2 }
                );
                cluster.set_condition(now_ms, "AddOnDeploymentDone", is_done, reason, message);
            }
        }
    }
}
