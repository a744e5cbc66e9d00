//! One look at a cluster through Palette and MAAS, and what changed since the one before.

use std::collections::BTreeMap;

use lifecycle_core::{MachineStatus, Millis, Timings, ms_of};
use serde::Serialize;

use crate::EventKind;

/// A cluster as Palette and MAAS show it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Look {
    /// When, on the driver's clock.
    pub at_ms: Millis,
    /// Palette's word for the state; absent while Palette does not say, `Deleted` also for a cluster that is not there any more.
    pub state: Option<String>,
    /// Palette's word for the health.
    pub health: Option<String>,
    /// Provisioning conditions.
    pub conditions: Vec<ConditionSeen>,
    /// Whether replacing nodes waits for approval.
    pub repave_pending: bool,
    /// When its deletion began, as Palette says.
    pub deletion_started_ms: Option<Millis>,
    /// When its abort began, as Palette says.
    pub abort_started_ms: Option<Millis>,
    /// Its nodes as Palette lists them.
    pub nodes: Vec<NodeSeen>,
    /// The machines in MAAS that are, or during this operation were, its nodes.
    pub machines: Vec<MachineSeen>,
}

/// A provisioning condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConditionSeen {
    /// Type.
    pub name: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

/// A node as Palette lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeSeen {
    /// Host name: the node's name.
    pub name: String,
    /// Palette's id of the machine.
    pub uid: String,
    /// Pool.
    pub pool: String,
    /// Zone.
    pub zone: Option<String>,
    /// Palette's word for its state.
    pub state: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether it is cordoned for maintenance.
    pub cordoned: bool,
    /// When it was created.
    pub created_ms: Option<Millis>,
}

/// A machine as MAAS lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MachineSeen {
    /// MAAS's id.
    pub system_id: String,
    /// Host name.
    pub hostname: String,
    /// The status.
    pub status: MachineStatus,
    /// The status as MAAS labels it.
    pub label: String,
    /// Pool of the cluster that it serves or served.
    pub pool: String,
    /// Since when this status is seen.
    pub since_ms: Millis,
    /// Whether MAAS has it back: it can be taken again, or somebody else has taken it since.
    pub back: bool,
}

impl Look {
    /// Whether Palette says `Running` and its health is not bad: the two do not begin at the same moment.
    #[must_use]
    pub fn is_running_and_healthy(&self) -> bool {
        self.is("Running")
            && self
                .health
                .as_deref()
                .is_some_and(|h| h.eq_ignore_ascii_case("healthy"))
    }

    /// Whether the state is this one.
    #[must_use]
    pub fn is(&self, state: &str) -> bool {
        self.state
            .as_deref()
            .is_some_and(|s| s.eq_ignore_ascii_case(state))
    }

    /// The nodes of a pool.
    pub fn pool<'a>(&'a self, pool: &'a str) -> impl Iterator<Item = &'a NodeSeen> {
        self.nodes.iter().filter(move |node| node.pool == pool)
    }

    /// The state in words, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let state = self.state.as_deref().unwrap_or("unknown");
        match &self.health {
            Some(health) => format!("{state}, {health}"),
            None => state.to_owned(),
        }
    }

    /// What changed since `before`, as events.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<EventKind> {
        let mut events = Vec::new();
        if (self.state != before.state || self.health != before.health)
            && let Some(state) = &self.state
        {
            events.push(EventKind::State {
                state: state.clone(),
                health: self.health.clone(),
            });
        }
        for condition in &self.conditions {
            if !before.conditions.contains(condition) {
                events.push(EventKind::Condition {
                    condition: condition.name.clone(),
                    status: condition.status.clone(),
                    reason: condition.reason.clone(),
                    message: condition.message.clone(),
                });
            }
        }
        for machine in &self.machines {
            let known = before
                .machines
                .iter()
                .find(|m| m.system_id == machine.system_id);
            if known.is_none_or(|m| m.label != machine.label) {
                events.push(EventKind::Machine {
                    system_id: machine.system_id.clone(),
                    hostname: machine.hostname.clone(),
                    from: known.map(|m| m.label.clone()),
                    to: machine.label.clone(),
                });
            }
        }
        let told = |node: &NodeSeen, state: &str, ready| EventKind::Node {
            node: node.name.clone(),
            pool: node.pool.clone(),
            state: state.to_owned(),
            ready,
            zone: node.zone.clone(),
        };
        for node in &self.nodes {
            let known = before.nodes.iter().find(|n| n.uid == node.uid);
            if known.is_none_or(|n| {
                (&n.state, n.ready, &n.name) != (&node.state, node.ready, &node.name)
            }) {
                events.push(told(node, &node.state, node.ready));
            }
        }
        for node in &before.nodes {
            if !self.nodes.iter().any(|n| n.uid == node.uid) {
                events.push(told(node, "Gone", false));
            }
        }
        events
    }

    /// How far one node is on its way from nothing to ready, in thousandths: by what MAAS and Palette say, and within the long deployment by
    /// the time it usually takes.
    pub(crate) fn node_permille(&self, node: &NodeSeen, timings: &Timings) -> u32 {
        if node.ready {
            return 1000;
        }
        let Some(machine) = self.machines.iter().find(|m| m.hostname == node.name) else {
            return 0;
        };
        match machine.status {
            MachineStatus::Deployed => 850,
            MachineStatus::Deploying => {
                let passed = self.at_ms.saturating_sub(machine.since_ms).max(0);
                let usual = ms_of(timings.deploy.p90_s).max(1);
                let share = passed.min(usual) * 700 / usual;
                100 + u32::try_from(share).unwrap_or(0)
            }
            status if status.is_allocated() => 50,
            _ => 0,
        }
    }

    /// How far a creation is: percent, nodes ready, nodes wanted.
    #[must_use]
    pub fn creation_progress(
        &self,
        wanted: &BTreeMap<String, u32>,
        timings: &Timings,
    ) -> (u8, u32, u32) {
        let total: u32 = wanted.values().sum();
        let ready = count(self.nodes.iter().filter(|n| n.ready)).min(total);
        let permille: u32 = self
            .nodes
            .iter()
            .map(|n| self.node_permille(n, timings))
            .sum();
        let nodes = permille.min(total * 1000) * 95 / (total.max(1) * 1000);
        let percent = if self.is_running_and_healthy() && ready == total {
            100
        } else {
            nodes
        };
        (u8::try_from(percent).unwrap_or(100), ready, total)
    }
}

pub(crate) fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
