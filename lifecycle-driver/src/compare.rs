//! What happened, beside what the plan had said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lifecycle_core::{MachineStatus, Millis, Plan, Verb, cluster_pool_key, duration_text};
use serde::{Deserialize, Serialize};

use crate::look::{Look, count};

/// The figures of an operation: those that a plan promises and that can be seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How long it takes, seconds.
    pub duration_s: u32,
    /// Most machines held at once, by `"cluster/pool"`.
    pub peak_machines: BTreeMap<String, u32>,
    /// Fewest nodes available at any time, by `"cluster/pool"`.
    pub min_available: BTreeMap<String, u32>,
    /// New nodes, by `"cluster/pool"`.
    pub new_nodes: BTreeMap<String, u32>,
}

/// A plan's figures beside those that were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// By the plan, at the medians.
    pub planned: Figures,
    /// As seen.
    pub observed: Figures,
    /// Where they differ.
    pub differences: Vec<Difference>,
}

/// Which figure differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Figure {
    /// Most machines held at once.
    PeakMachines,
    /// Fewest nodes available.
    MinAvailable,
    /// New nodes.
    NewNodes,
    /// How long it took: longer than planned for nine of ten cases, or less than half of the median.
    Duration,
}

/// One figure that is not as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which.
    pub figure: Figure,
    /// Of what: `"cluster/pool"`, or empty for the whole operation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// By the plan.
    pub planned: u32,
    /// As seen.
    pub observed: u32,
}

impl Difference {
    /// Whether the plan promised better: more machines, fewer available nodes, more new nodes or more time than planned.
    /// The other way round the plan was too careful, e.g. because a machine that it counted on did not come back.
    pub fn is_worse(&self) -> bool {
        match self.figure {
            Figure::MinAvailable => self.observed < self.planned,
            Figure::PeakMachines | Figure::NewNodes | Figure::Duration => {
                self.observed > self.planned
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, planned, observed) = (&self.subject, self.planned, self.observed);
        match self.figure {
            Figure::PeakMachines => write!(
                f,
                "{subject}: at most {observed} machines held at once, planned {planned}"
            ),
            Figure::MinAvailable => write!(
                f,
                "{subject}: at least {observed} nodes available, planned {planned}"
            ),
            Figure::NewNodes => write!(f, "{subject}: {observed} new nodes, planned {planned}"),
            Figure::Duration => write!(
                f,
                "it took {}, planned {}",
                duration_text(observed),
                duration_text(planned)
            ),
        }
    }
}

/// Gathers the figures of an operation from its looks.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    cluster: String,
    started_ms: Millis,
    known: BTreeSet<String>,
    figures: Figures,
}

impl Recorder {
    /// Begins with the look before anything was done.
    pub(crate) fn new(cluster: &str, before: &Look) -> Self {
        Self {
            cluster: cluster.to_owned(),
            started_ms: before.at_ms,
            known: before.nodes.iter().map(|node| node.uid.clone()).collect(),
            figures: Figures::default(),
        }
    }

    pub(crate) fn record(&mut self, look: &Look) {
        let pools: BTreeSet<&str> = look
            .nodes
            .iter()
            .map(|node| node.pool.as_str())
            .chain(look.machines.iter().map(|machine| machine.pool.as_str()))
            .collect();
        let figures = &mut self.figures;
        for pool in pools {
            let key = cluster_pool_key(&self.cluster, pool);
            let held = count(
                look.machines
                    .iter()
                    .filter(|m| m.pool == pool && is_held(m.status)),
            );
            let peak = figures.peak_machines.entry(key.clone()).or_default();
            *peak = held.max(*peak);
            let available = count(
                look.pool(pool)
                    .filter(|n| n.ready && !n.cordoned && n.state == "Running"),
            );
            let least = figures
                .min_available
                .entry(key.clone())
                .or_insert(available);
            *least = available.min(*least);
            for node in look.pool(pool) {
                if self.known.insert(node.uid.clone()) {
                    *figures.new_nodes.entry(key.clone()).or_default() += 1;
                }
            }
        }
        figures.duration_s =
            u32::try_from(look.at_ms.saturating_sub(self.started_ms) / 1000).unwrap_or(0);
    }

    pub(crate) fn compare(&self, plan: &Plan) -> Comparison {
        let planned = planned(plan);
        let observed = self.figures.clone();
        let mut differences = Vec::new();
        let mut each =
            |figure, planned: &BTreeMap<String, u32>, observed: &BTreeMap<String, u32>| {
                let subjects: BTreeSet<&String> = planned.keys().chain(observed.keys()).collect();
                for subject in subjects {
                    let of = |map: &BTreeMap<String, u32>| map.get(subject).copied();
                    // A pool that the plan does not touch has no figures in it.
                    let (Some(p), o) = (of(planned), of(observed).unwrap_or(0)) else {
                        continue;
                    };
                    if p != o {
                        differences.push(Difference {
                            figure,
                            subject: subject.clone(),
                            planned: p,
                            observed: o,
                        });
                    }
                }
            };
        each(
            Figure::PeakMachines,
            &planned.peak_machines,
            &observed.peak_machines,
        );
        each(
            Figure::MinAvailable,
            &planned.min_available,
            &observed.min_available,
        );
        each(Figure::NewNodes, &planned.new_nodes, &observed.new_nodes);
        if observed.duration_s > plan.duration_p90_s
            || observed.duration_s < plan.duration_p50_s / 2
        {
            differences.push(Difference {
                figure: Figure::Duration,
                subject: String::new(),
                planned: plan.duration_p50_s,
                observed: observed.duration_s,
            });
        }
        Comparison {
            planned,
            observed,
            differences,
        }
    }
}

/// A machine is held until MAAS can give it to somebody else.
fn is_held(status: MachineStatus) -> bool {
    !matches!(status, MachineStatus::Ready | MachineStatus::New) && !status.is_gone()
}

fn planned(plan: &Plan) -> Figures {
    let mut new_nodes: BTreeMap<String, u32> = BTreeMap::new();
    for action in plan.steps.iter().flat_map(|step| &step.actions) {
        // Ids read "cluster/pool/node/verb".
        if let Verb::Deploy { .. } = action.verb
            && let Some((cluster, rest)) = action.id.split_once('/')
            && let Some((pool, _)) = rest.split_once('/')
        {
            *new_nodes
                .entry(cluster_pool_key(cluster, pool))
                .or_default() += 1;
        }
    }
    Figures {
        duration_s: plan.duration_p50_s,
        peak_machines: plan.peak_machines.clone(),
        min_available: plan.min_available.clone(),
        new_nodes,
    }
}
