//! What the rules produce while they run.
use crate::prelude::*;
use crate::{
    Action, Args, Condition, ConditionCode, Diagnostic, Explain, Memory, Millis, Verb, Verdict,
};

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
    /// What is due already is no wake-up.
    pub(crate) now: Millis,
    pub(crate) wakeup_ms: Option<Millis>,
    /// Pools ("cluster/pool") whose rollout waits for something that is not its fault.
    pub(crate) waits: BTreeSet<String>,
    /// Where the present cluster's actions, demands and explanations begin.
    begun: (usize, usize, usize),
    /// For each of them, the explanation that was given first.
    first: BTreeMap<String, usize>,
}

impl Out {
    pub(crate) fn at(now: Millis) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn say(&mut self, explain: Explain) {
        self.explain.push(explain);
    }

    pub(crate) fn wake(&mut self, at: Millis) {
        if at <= self.now && self.now != Millis::MAX {
            return;
        }
        self.wakeup_ms = Some(self.wakeup_ms.map_or(at, |t| t.min(at)));
    }

    /// Looks up, once everything is said, what was said first of each pool that waits.
    pub(crate) fn note_first_rules(&mut self) {
        for (i, e) in self.explain.iter().enumerate() {
            if self.waits.contains(&e.subject) && !self.first.contains_key(&e.subject) {
                self.first.insert(e.subject.clone(), i);
            }
        }
    }

    /// The rule that was named first for a pool ("cluster/pool") that waits.
    pub(crate) fn first_rule(&self, pool: &str) -> Option<&str> {
        let at = *self.first.get(pool)?;
        self.explain.get(at).map(|e| e.rule.as_str())
    }

    /// Whether a pool ("cluster/pool") waits for what nothing but somebody's help brings.
    pub(crate) fn is_blocked(&self, pool: &str) -> bool {
        let first = self.first.get(pool).and_then(|at| self.explain.get(*at));
        first.is_some_and(|e| e.verdict == Verdict::Blocked)
    }

    /// Notes a condition once.
    pub(crate) fn condition(&mut self, cluster: &str, code: ConditionCode, args: Args) {
        let list = self.conditions.entry(cluster.to_owned()).or_default();
        if !list.iter().any(|c| c.code == code) {
            list.push(condition(code, args));
        }
    }

    /// What follows is about another cluster.
    pub(crate) fn begin(&mut self) {
        self.begun = (self.actions.len(), self.demands.len(), self.explain.len());
    }

    /// What was decided so far for the present cluster.
    pub(crate) fn own_actions(&self) -> &[Action] {
        &self.actions[self.begun.0.min(self.actions.len())..]
    }

    /// What was said so far about the present cluster.
    pub(crate) fn own_explain(&self) -> &[Explain] {
        &self.explain[self.begun.2.min(self.explain.len())..]
    }

    /// Keeps of the present cluster's actions and demands only what 3.5.2 lets through, and says nothing of the others.
    pub(crate) fn keep_own(&mut self, keep: impl Fn(&Action) -> bool) {
        let (actions, demands, said) = self.begun;
        let own = self.actions.split_off(actions.min(self.actions.len()));
        let (kept, dropped): (Vec<_>, Vec<_>) = own.into_iter().partition(keep);
        self.demands.truncate(demands);
        if !dropped.is_empty() {
            let acted: BTreeSet<&str> = kept.iter().filter_map(Action::node).collect();
            let own = self.explain.split_off(said.min(self.explain.len()));
            self.explain.extend(own.into_iter().filter(|e| {
                let about = e.subject.rsplit('/').next().unwrap_or("");
                e.verdict != Verdict::Did || acted.contains(about)
            }));
        }
        self.actions.extend(kept);
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
        Verb::Record { .. } | Verb::Notify { .. } | Verb::Unknown => 2,
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
    }
}
