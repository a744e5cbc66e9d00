//! What the rules produce while they run.
use crate::prelude::*;
use crate::{Action, Args, Condition, ConditionCode, Diagnostic, Explain, Memory, Millis, Verb};

use super::arbitration::Demand;
use super::explain::condition;

/// Collected by the rules, in the order in which they run.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) actions: Vec<Action>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) explain: Vec<Explain>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) conditions: BTreeMap<String, Vec<Condition>>,
    pub(crate) memory: Memory,
    pub(crate) wakeup_ms: Option<Millis>,
    /// Pools ("cluster/pool") whose rollout waits for something that is not its fault.
    pub(crate) waits: BTreeSet<String>,
}

impl Out {
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn say(&mut self, explain: Explain) {
        self.explain.push(explain);
    }

    pub(crate) fn wake(&mut self, at: Millis) {
        self.wakeup_ms = Some(self.wakeup_ms.map_or(at, |t| t.min(at)));
    }

    /// Notes a condition once.
    pub(crate) fn condition(&mut self, cluster: &str, code: ConditionCode, args: Args) {
        let list = self.conditions.entry(cluster.to_owned()).or_default();
        if !list.iter().any(|c| c.code == code) {
            list.push(condition(code, args));
        }
    }

    /// Keeps of this cluster's actions and demands only what 3.5.2 lets through.
    pub(crate) fn keep_of(&mut self, cluster: &str, keep: impl Fn(&Action) -> bool) {
        self.actions
            .retain(|a| a.cluster() != Some(cluster) || keep(a));
        self.demands.retain(|d| d.cluster != cluster);
    }

    /// The order inside one decision: CancelDrain, PowerOn, Record first, then Release, then creates, then drains; and never two actions
    /// for one node.
    pub(crate) fn order(&mut self) {
        self.actions.sort_by_key(|a| rank(&a.verb));
        let mut seen: BTreeSet<String> = BTreeSet::new();
        self.actions.retain(|a| {
            if matches!(a.verb, Verb::Notify { .. }) || a.node().is_none() {
                return true;
            }
            seen.insert(format!(
                "{}/{}",
                a.cluster().unwrap_or(""),
                a.node().unwrap_or("")
            ))
        });
    }
}

const fn rank(verb: &Verb) -> u8 {
    match verb {
        Verb::CancelDrain { .. } => 0,
        Verb::PowerOn { .. } => 1,
        Verb::Record { .. } => 2,
        Verb::AttachEndpoint { .. } => 3,
        Verb::DetachEndpoint { .. } => 4,
        Verb::MoveEtcdLeader { .. } => 5,
        Verb::RemoveEtcdMember { .. } => 6,
        Verb::Release { .. } => 7,
        Verb::DeleteNodeObject { .. } => 8,
        Verb::FinishDeleted { .. } => 9,
        Verb::Allocate { .. } => 10,
        Verb::Deploy { .. } => 11,
        Verb::PowerCycle { .. } => 12,
        Verb::ApplyInPlace { .. } => 13,
        Verb::Drain { .. } => 14,
        Verb::Notify { .. } | Verb::Unknown => 15,
    }
}
