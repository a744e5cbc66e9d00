//! Limits, tolerances and step times, as data.
use serde::{Deserialize, Serialize};

use crate::Erase;

/// What the host may set for a fleet; every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policy {
    /// An older observation is not acted upon.
    pub observation_max_age_s: u32,
    /// An older etcd view is Unknown.
    pub etcd_view_max_age_s: u32,
    /// A new node must be ready this long before it counts.
    pub settle_s: u32,
    /// A node may be not well this long before anything is done.
    pub grace_s: u32,
    /// A drain of an unhealthy node is cut off after this.
    pub bad_drain_s: u32,
    /// After a cancelled drain no voluntary one for this long.
    pub cancel_hold_s: u32,
    /// Worker pools of a cluster that roll at a time.
    pub max_pools_rolling: u32,
    /// Clusters being provisioned at a time.
    pub max_concurrent_provisions: u32,
    /// Machines being deployed at a time, in the whole fleet.
    pub max_concurrent_deploys: u32,
    /// Failures of new nodes that freeze a rollout.
    pub failure_limit: u32,
    /// Quarantine of a machine after its first failure.
    pub quarantine_base_s: u32,
    /// Longest quarantine.
    pub quarantine_max_s: u32,
    /// Failures in 24 h after which marking the machine broken is suggested.
    pub suggest_broken_after: u32,
    /// Whether unhealthy nodes are powered on, power-cycled and replaced.
    pub remediation: bool,
    /// Whether a resizing gateway makes creates and deletes wait.
    pub queue_while_resizing: bool,
    /// Whether a machine on its way back still holds its address.
    pub lease_held_while_returning: bool,
    /// Largest fleet accepted.
    pub limits: Limits,
    /// Step times.
    pub timings: Timings,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            observation_max_age_s: 600,
            etcd_view_max_age_s: 120,
            settle_s: 60,
            grace_s: 300,
            bad_drain_s: 60,
            cancel_hold_s: 600,
            max_pools_rolling: 1,
            max_concurrent_provisions: 5,
            max_concurrent_deploys: 10,
            failure_limit: 2,
            quarantine_base_s: 1800,
            quarantine_max_s: 86_400,
            suggest_broken_after: 3,
            remediation: true,
            queue_while_resizing: true,
            lease_held_while_returning: false,
            limits: Limits::default(),
            timings: Timings::default(),
        }
    }
}

/// Largest fleet accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Clusters.
    pub clusters: u32,
    /// Nodes.
    pub nodes: u32,
    /// Machines.
    pub machines: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clusters: 20_000,
            nodes: 200_000,
            machines: 200_000,
        }
    }
}

/// How long a step takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepTime {
    /// In half of all cases.
    pub p50_s: u32,
    /// In nine of ten cases.
    pub p90_s: u32,
    /// After this it has failed.
    pub deadline_s: u32,
}

impl StepTime {
    const fn new(p50_s: u32, p90_s: u32, deadline_s: u32) -> Self {
        Self {
            p50_s,
            p90_s,
            deadline_s,
        }
    }
}

/// How long a full erase takes, from the disks' sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EraseRate {
    /// MB/s in half of all cases.
    pub p50_mb_s: u32,
    /// MB/s reached in nine of ten cases.
    pub p90_mb_s: u32,
    /// The deadline is p90, and at least this.
    pub deadline_min_s: u32,
}

/// Step times, learned by the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timings {
    /// Allocate a machine.
    pub allocate: StepTime,
    /// Deploy it (the deadline lies after MAAS's own 30 minutes).
    pub deploy: StepTime,
    /// From deployed to a node that reports.
    pub join: StepTime,
    /// Learner, promotion, ready for `settle_s`.
    pub settle: StepTime,
    /// Drain a node.
    pub drain: StepTime,
    /// Move the leader, remove the member.
    pub remove: StepTime,
    /// Release a machine.
    pub release: StepTime,
    /// Erase quickly.
    pub quick_erase: StepTime,
    /// Erase fully.
    pub secure_erase: EraseRate,
    /// Power on or cycle until the node is ready again.
    pub power: StepTime,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            allocate: StepTime::new(10, 30, 120),
            deploy: StepTime::new(900, 1800, 2100),
            join: StepTime::new(120, 300, 1200),
            settle: StepTime::new(60, 180, 900),
            drain: StepTime::new(180, 600, 900),
            remove: StepTime::new(10, 30, 120),
            release: StepTime::new(60, 180, 300),
            quick_erase: StepTime::new(120, 300, 1800),
            secure_erase: EraseRate {
                p50_mb_s: 150,
                p90_mb_s: 100,
                deadline_min_s: 14_400,
            },
            power: StepTime::new(300, 600, 900),
        }
    }
}

impl Timings {
    /// How long erasing a machine with `total_gb` of disks takes; nothing for [`Erase::None`].
    #[must_use]
    pub fn erase(&self, erase: Erase, total_gb: u32) -> StepTime {
        match erase {
            Erase::None => StepTime::new(0, 0, 0),
            Erase::Quick => self.quick_erase,
            Erase::Secure => {
                let at = |rate: u32| {
                    u32::try_from(u64::from(total_gb) * 1000 / u64::from(rate.max(1)))
                        .unwrap_or(u32::MAX)
                };
                let p90_s = at(self.secure_erase.p90_mb_s);
                StepTime::new(
                    at(self.secure_erase.p50_mb_s),
                    p90_s,
                    p90_s.max(self.secure_erase.deadline_min_s),
                )
            }
        }
    }
}
