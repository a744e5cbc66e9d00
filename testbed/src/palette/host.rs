//! Palette as the owner of its machines: it observes them, asks a planner what to do, and does it on the region.
//!
//! Nothing is remembered about a machine that MAAS does not say: whose it is stands in its workload annotations.

use std::collections::BTreeMap;

use lifecycle_core::{
    ClusterObs, ClusterSpec, Decision, Desired, Machine, MachineStatus, Observed, Owner, Power,
    Repave, World,
};

use super::cluster::{ADD_ONS_MS, Cluster, HEALTHY_MS};
use super::node::{self, CLUSTER_ANNOTATION, NODE_ANNOTATION, POOL_ANNOTATION};
use super::state::State;
use crate::maas::{MachineSummary, Region};

/// From the request to the gateway's taking it on, milliseconds.
const TAKE_ON_MS: i64 = 5_000;
/// Rounds of deciding and acting in one step; more would be a planner that never rests.
const ROUNDS: usize = 64;
/// A planner that asks to be woken at once, but had nothing to do, waits this long.
const REST_MS: i64 = 5_000;

impl State {
    /// Lets everything happen that is due by now; [`State::next_due_ms`] says when something will be due next.
    pub(crate) fn step(&mut self, region: &Region, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        self.take_on();
        let mut wakeup_ms = None;
        for _ in 0..ROUNDS {
            let physics_ms = self.advance(region);
            let decision = self.decide(region);
            let acted = self.carry_out(region, &decision);
            wakeup_ms = [
                physics_ms,
                decision
                    .next_wakeup_ms
                    .map(|at| at.max(self.now_ms + REST_MS)),
            ]
            .into_iter()
            .flatten()
            .min();
            self.publish(&decision);
            self.memory = decision.memory;
            if !acted {
                break;
            }
        }
        let own_ms = self
            .clusters
            .iter()
            .filter_map(|cluster| self.next_own_due(cluster))
            .min();
        self.next_due_ms = [wakeup_ms, own_ms].into_iter().flatten().min();
    }

    /// Hands new clusters and deletions to the gateway, if it runs.
    fn take_on(&mut self) {
        let (now_ms, gateway_runs) = (self.now_ms, self.gateway.is_running());
        let holds: Vec<String> = self.nodes.iter().map(|node| node.cluster.clone()).collect();
        for cluster in self
            .clusters
            .iter_mut()
            .filter(|cluster| !cluster.is_deleted())
        {
            if cluster.terminating_since_ms().is_some() {
                if !cluster.is_started && !holds.contains(&cluster.uid) {
                    cluster.deleted_ms = Some(now_ms);
                    cluster.event(
                        now_ms,
                        "Normal",
                        "ClusterDeleted",
                        "the cluster was given up before anything was begun",
                    );
                } else if gateway_runs {
                    cluster.is_deletion_started = true;
                }
            } else if !cluster.is_started && now_ms >= cluster.created_ms + TAKE_ON_MS {
                if gateway_runs {
                    cluster.is_started = true;
                    cluster.event(
                        now_ms,
                        "Normal",
                        "ClusterProvisioning",
                        "the private cloud gateway began to provision the cluster",
                    );
                } else {
                    cluster.event(
                        now_ms,
                        "Warning",
                        "GatewayNotRunning",
                        "the cluster waits: the private cloud gateway does not run",
                    );
                }
            }
        }
    }

    /// What is due of the cluster itself.
    fn next_own_due(&self, cluster: &Cluster) -> Option<i64> {
        let takes_on_ms = (!cluster.is_started).then_some(cluster.created_ms + TAKE_ON_MS);
        let complete_ms = cluster
            .provisioned_ms
            .into_iter()
            .flat_map(|at| [at + ADD_ONS_MS, at + HEALTHY_MS]);
        let due = takes_on_ms
            .into_iter()
            .chain(complete_ms)
            .filter(|at| *at > self.now_ms)
            .min();
        due.filter(|_| !cluster.is_deleted())
    }

    /// Lets time act on nodes; answers with when it acts next.
    fn advance(&mut self, region: &Region) -> Option<i64> {
        let (now_ms, machines) = (self.now_ms, region.machines());
        let mut next_ms: Option<i64> = None;
        // Founders first: others join a control plane that answers.
        for founders in [true, false] {
            for node in self
                .nodes
                .iter_mut()
                .filter(|node| node.is_init == founders)
            {
                let Some(cluster) = self
                    .clusters
                    .iter_mut()
                    .find(|cluster| cluster.uid == node.cluster)
                else {
                    continue;
                };
                let machine = machines
                    .iter()
                    .find(|machine| machine.system_id == node.system_id);
                let (was_ready, was_status) = (node.is_ready(), node.machine_status.clone());
                let due_ms = node.advance(machine, cluster.is_initialized, now_ms);
                next_ms = [next_ms, due_ms].into_iter().flatten().min();
                if founders && node.is_ready() && !cluster.is_initialized {
                    cluster.is_initialized = true;
                }
                if node.machine_status != was_status && !node.machine_status.is_empty() {
                    let severity = if node.instance_state() == "Failed" {
                        "Error"
                    } else {
                        "Normal"
                    };
                    let message = format!(
                        "machine '{}' of pool '{}' is {}",
                        node.hostname, node.pool, node.machine_status
                    );
                    cluster.event(now_ms, severity, "MachineStatus", message);
                }
                if node.is_ready() && !was_ready {
                    cluster.event(
                        now_ms,
                        "Normal",
                        "NodeReady",
                        format!("node '{}' of pool '{}' is ready", node.hostname, node.pool),
                    );
                }
            }
        }
        self.nodes.retain(|node| !node.is_forgotten(now_ms));
        for cluster in &self.clusters {
            node::elect(&mut self.nodes, &cluster.uid);
        }
        next_ms
    }

    fn decide(&self, region: &Region) -> Decision {
        if self
            .clusters
            .iter()
            .all(|cluster| cluster.is_deleted() || !cluster.is_started)
        {
            return Decision::default();
        }
        lifecycle_core::decide_by(self.planner, &self.world(&region.machines()))
    }

    /// Everything the planner reads.
    pub(crate) fn world(&self, machines: &[MachineSummary]) -> World {
        let now_ms = self.now_ms;
        let started = || {
            self.clusters
                .iter()
                .filter(|cluster| cluster.is_started && !cluster.is_deleted())
        };
        let mut world = World::new(now_ms);
        world.desired = Desired {
            clusters: started().map(spec).collect(),
            ..Desired::default()
        };
        world.observed = Observed {
            as_of_ms: now_ms,
            machines: machines
                .iter()
                .map(|machine| self.machine(machine))
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|node| node.observed(now_ms))
                .collect(),
            etcd: started()
                .map(|c| (c.uid.clone(), node::etcd_view(&self.nodes, &c.uid, now_ms)))
                .collect(),
            clusters: started()
                .map(|cluster| (cluster.uid.clone(), record(cluster)))
                .collect::<BTreeMap<_, _>>(),
            ..Observed::default()
        };
        world.memory = self.memory.clone();
        world
    }

    /// A machine as the planner takes it.
    fn machine(&self, machine: &MachineSummary) -> Machine {
        let uid = machine.annotations.get(CLUSTER_ANNOTATION);
        let uid = uid.filter(|uid| {
            self.clusters
                .iter()
                .any(|cluster| cluster.uid == **uid && !cluster.is_deleted())
        });
        let owner = uid.map(|uid| Owner {
            cluster: uid.clone(),
            pool: machine.annotations.get(POOL_ANNOTATION).cloned(),
            node: machine.annotations.get(NODE_ANNOTATION).cloned(),
        });
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Machine {
            system_id: machine.system_id.clone(),
            hostname: machine.hostname.clone(),
            status: status(&machine.status),
            status_since_ms: self
                .nodes
                .iter()
                .find(|node| node.owns(machine))
                .map(|node| node.machine_status_since_ms),
            locked: machine.locked,
            zone: machine.zone.clone(),
            resource_pool: machine.pool.clone(),
            arch: machine.architecture.clone(),
            cpu: number(machine.cpu_count),
            mem_mib: number(machine.memory_mib),
            disk_gb: vec![number(machine.boot_disk_bytes / 1_000_000_000)],
            tags: machine.tags.clone(),
            power: match machine.power_state.as_str() {
                "on" => Power::On,
                "off" => Power::Off,
                "error" => Power::Error,
                _ => Power::Unknown,
            },
            owner,
        }
    }
}

/// The cluster as the planner takes it.
fn spec(cluster: &Cluster) -> ClusterSpec {
    let mut spec = ClusterSpec::new(&cluster.uid).requested_ms(cluster.created_ms);
    for pool in &cluster.pools {
        let pool_spec = pool.spec(cluster);
        spec = if pool.is_control_plane {
            spec.control_plane(pool_spec)
        } else {
            spec.worker(pool_spec)
        };
    }
    spec.repave = if cluster.repave.is_pending() {
        Repave::Pending
    } else {
        Repave::Approved
    };
    spec.paused = cluster.cluster_config["lifecycleConfig"]["pause"] == true;
    spec.allow_large_control_plane = true;
    if cluster.is_deletion_started {
        spec.delete_requested_ms = cluster.delete_requested_ms;
        spec.abort_requested_ms = cluster.abort_requested_ms;
    }
    spec
}

/// What is on record of the cluster.
fn record(cluster: &Cluster) -> ClusterObs {
    ClusterObs {
        initialized: cluster.is_initialized,
        provisioned_ms: cluster.provisioned_ms,
        update_started_ms: cluster.update_started_ms,
        deletion_started_ms: cluster
            .delete_requested_ms
            .filter(|_| cluster.is_deletion_started),
        abort_started_ms: cluster
            .abort_requested_ms
            .filter(|_| cluster.is_deletion_started),
        ..ClusterObs::default()
    }
}

/// MAAS's label of a status as the planner names it.
fn status(label: &str) -> MachineStatus {
    match label {
        "New" => MachineStatus::New,
        "Commissioning" => MachineStatus::Commissioning,
        "Failed commissioning" => MachineStatus::FailedCommissioning,
        "Missing" => MachineStatus::Missing,
        "Ready" => MachineStatus::Ready,
        "Reserved" => MachineStatus::Reserved,
        "Deployed" => MachineStatus::Deployed,
        "Retired" => MachineStatus::Retired,
        "Broken" => MachineStatus::Broken,
        "Deploying" => MachineStatus::Deploying,
        "Allocated" => MachineStatus::Allocated,
        "Failed deployment" => MachineStatus::FailedDeployment,
        "Releasing" => MachineStatus::Releasing,
        "Releasing failed" => MachineStatus::FailedReleasing,
        "Disk erasing" => MachineStatus::DiskErasing,
        "Failed disk erasing" => MachineStatus::FailedDiskErasing,
        "Rescue mode" => MachineStatus::RescueMode,
        "Entering rescue mode" => MachineStatus::EnteringRescueMode,
        "Failed to enter rescue mode" => MachineStatus::FailedEnteringRescueMode,
        "Exiting rescue mode" => MachineStatus::ExitingRescueMode,
        "Failed to exit rescue mode" => MachineStatus::FailedExitingRescueMode,
        "Testing" => MachineStatus::Testing,
        "Failed testing" => MachineStatus::FailedTesting,
        _ => MachineStatus::Unknown,
    }
}
