//! What a request will do, step by step, before it is done.
use core::fmt;

use serde::{Deserialize, Serialize};

use super::defaults::{is_num, is_yes, num, yes};
use crate::prelude::*;
use crate::{Action, Explain, Finding, Id, Millis, duration_text};

/// Whose rules a plan follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Planner {
    /// The engine's.
    #[default]
    Engine,
    /// Cluster API's counts: what Palette does.
    ClusterApi,
}

/// How to preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreviewOptions {
    /// Whose rules; absent: the engine's, or Cluster API's for what Palette manages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planner: Option<Planner>,
    /// Give up after this many steps.
    #[serde(default = "num::<10_000>", skip_serializing_if = "is_num::<10_000>")]
    pub max_steps: u32,
    /// Also compare with the other strategy and with one more spare machine.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub alternatives: bool,
}

impl Default for PreviewOptions {
    fn default() -> Self {
        Self {
            planner: None,
            max_steps: 10_000,
            alternatives: true,
        }
    }
}

/// What will happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// Whose rules.
    pub planner: Planner,
    /// Whether it comes to its end.
    pub feasible: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Finding>,
    /// What happens when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Most machines held at once, by `"cluster/pool"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peak_machines: BTreeMap<String, u32>,
    /// Most addresses used at once beyond those in use at the beginning, by subnet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peak_ips: BTreeMap<Id, u32>,
    /// Fewest nodes available at any time, by `"cluster/pool"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub min_available: BTreeMap<String, u32>,
    /// Fewest etcd failures tolerated at any time, by cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub min_etcd_tolerance: BTreeMap<Id, i32>,
    /// How long, when every step takes its median.
    pub duration_p50_s: u32,
    /// How long, when every step takes its 90th percentile.
    pub duration_p90_s: u32,
    /// Steps at which Expand First fell back to Contract First.
    #[serde(default)]
    pub fallbacks_used: u32,
    /// Machines that were released and taken again.
    #[serde(default)]
    pub machines_reused: u32,
    /// What may go wrong meanwhile, and for how long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Finding>,
    /// The same request done otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// What happens at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// When.
    pub at_ms: Millis,
    /// What.
    pub actions: Vec<Action>,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Explain>,
}

/// What an alternative changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Change {
    /// Contract First for Expand First, or the reverse.
    OtherStrategy,
    /// One more machine like the smallest that fits.
    OneMoreSpare,
}

/// The same request done otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alternative {
    /// What is changed.
    pub change: Change,
    /// Whether it comes to its end.
    pub feasible: bool,
    /// How long, at the medians.
    pub duration_p50_s: u32,
    /// Most machines held at once, by `"cluster/pool"`.
    pub peak_machines: BTreeMap<String, u32>,
    /// Fewest nodes available at any time, by `"cluster/pool"`.
    pub min_available: BTreeMap<String, u32>,
}

fn counts(map: &BTreeMap<String, u32>) -> String {
    if map.is_empty() {
        return "-".to_owned();
    }
    map.iter()
        .map(|(k, v)| format!("{k} {v}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// An aligned table: the figures, then the steps, risks, blockers and alternatives.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let planner = match self.planner {
            Planner::Engine => "engine",
            Planner::ClusterApi => "cluster_api",
        };
        writeln!(
            f,
            "Plan by {planner}: {}",
            if self.feasible {
                "feasible"
            } else {
                "NOT feasible"
            }
        )?;
        let tolerance = self
            .min_etcd_tolerance
            .iter()
            .map(|(k, v)| format!("{k} {v}"))
            .collect::<Vec<_>>()
            .join(", ");
        let mut rows = vec![
            (
                "duration",
                format!(
                    "{} (p50), {} (p90)",
                    duration_text(self.duration_p50_s),
                    duration_text(self.duration_p90_s)
                ),
            ),
            ("peak machines", counts(&self.peak_machines)),
            ("least available", counts(&self.min_available)),
        ];
        if !self.peak_ips.is_empty() {
            rows.push(("more addresses", counts(&self.peak_ips)));
        }
        if !tolerance.is_empty() {
            rows.push(("etcd tolerance", tolerance));
        }
        rows.push(("steps", self.steps.len().to_string()));
        for (name, value) in rows {
            writeln!(f, "  {name:<16} {value}")?;
        }
        let start = self.steps.first().map_or(0, |s| s.at_ms);
        for (i, step) in self.steps.iter().enumerate() {
            let at = u32::try_from(step.at_ms.saturating_sub(start) / 1000).unwrap_or(u32::MAX);
            let what = step
                .actions
                .iter()
                .map(|a| a.id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            writeln!(f, "  {:>4}  +{:>3}:{:02}  {what}", i + 1, at / 60, at % 60)?;
        }
        for (title, findings) in [("risk", &self.risks), ("blocker", &self.blockers)] {
            for finding in findings {
                writeln!(f, "  {title:<8} {finding}")?;
            }
        }
        for a in &self.alternatives {
            let change = match a.change {
                Change::OtherStrategy => "other strategy",
                Change::OneMoreSpare => "one more spare",
            };
            let feasible = if a.feasible {
                duration_text(a.duration_p50_s)
            } else {
                "not feasible".to_owned()
            };
            writeln!(
                f,
                "  instead  {change:<16} {feasible:<12}  peak {}; least available {}",
                counts(&a.peak_machines),
                counts(&a.min_available)
            )?;
        }
        Ok(())
    }
}
