//! What the engine answers: actions, status, reasons, and when to ask again.
use core::fmt;

use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use super::table::{Table, args_text};
use crate::prelude::*;
use crate::{Action, Args, Id, Memory, Millis, moment_text};

/// The engine's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// What to do now, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// What to hand in next time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub memory: Memory,
    /// When to ask again at the latest; absent: when something is observed to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_wakeup_ms: Option<Millis>,
    /// Where everything stands.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: FleetStatus,
    /// Why, and why not, for everything that is not as desired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explain: Vec<Explain>,
    /// Oddities of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

/// Aligned tables: what to do, where every cluster, gateway and pool stands, what holds of them, and why. The memory is not shown.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.actions.len() {
            0 => "nothing to do now".to_owned(),
            1 => "1 action".to_owned(),
            n => format!("{n} actions"),
        };
        let next = match self.next_wakeup_ms {
            Some(at) => format!("asks again at {}", moment_text(at)),
            None => "asks again when something changes".to_owned(),
        };
        writeln!(f, "Decision: {count}; {next}")?;
        let mut actions = Table::default();
        for action in &self.actions {
            actions.row(action.cells());
        }
        let mut conditions = Table::default();
        let all = || self.status.clusters.iter().chain(&self.status.pcgs);
        for (id, status) in all() {
            for c in &status.conditions {
                conditions.row([id.clone(), format!("{:?}", c.code), args_text(&c.args)]);
            }
        }
        let mut why = Table::default();
        for e in &self.explain {
            why.row(e.cells());
        }
        let mut oddities = Table::default();
        for d in &self.diagnostics {
            oddities.row([format!("{:?}", d.code), args_text(&d.args)]);
        }
        write!(f, "{actions}{}", self.status)?;
        for (title, table) in [
            ("conditions", conditions),
            ("why", why),
            ("oddities of the input", oddities),
        ] {
            if !table.is_empty() {
                write!(f, "\n{title}\n{table}")?;
            }
        }
        Ok(())
    }
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetStatus {
    /// Clusters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<Id, Status>,
    /// Gateways.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pcgs: BTreeMap<Id, Status>,
}

/// Two aligned tables: clusters and gateways, then their pools.
impl fmt::Display for FleetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fleet = Table::headed(&["", "state", "done", "likely end"]);
        let mut pools = Table::headed(&[
            "",
            "size",
            "live",
            "available",
            "up to date",
            "machines",
            "rollout",
        ]);
        for (id, status) in self.clusters.iter().chain(&self.pcgs) {
            let state = match status.queue_position {
                Some(place) => format!("{}, place {place}", status.state),
                None => status.state.to_string(),
            };
            let end = status.progress.eta_ms.map(moment_text);
            fleet.row([
                id.clone(),
                state,
                format!("{}/{}", status.progress.done, status.progress.total),
                end.unwrap_or_default(),
            ]);
            for (pool, p) in &status.pools {
                let figures = [p.size, p.live, p.available, p.up_to_date, p.held];
                let mut cells = vec![format!("{id}/{pool}")];
                cells.extend(figures.iter().map(ToString::to_string));
                cells.push(p.rollout.to_string());
                pools.row(cells);
            }
        }
        for table in [fleet, pools] {
            if !table.is_bare() {
                write!(f, "\n{table}")?;
            }
        }
        Ok(())
    }
}

/// Where a cluster or gateway stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status {
    /// State.
    pub state: State,
    /// Place among those that wait to start, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u32>,
    /// When it last got anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_progress_ms: Option<Millis>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub progress: Progress,
    /// What else holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Its pools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<Id, PoolStatus>,
}

impl Status {
    /// Whether this condition holds.
    #[must_use]
    pub fn has(&self, code: ConditionCode) -> bool {
        self.conditions.iter().any(|c| c.code == code)
    }
}

/// State of a cluster (Pending … Deleted) or gateway (Installing, Running, Upgrading, Resizing, Deleting, Deleted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// Accepted, nothing begun.
    #[default]
    Pending,
    /// Being created.
    Provisioning,
    /// As desired.
    Running,
    /// Being changed.
    Updating,
    /// Being given up before it was complete.
    Aborting,
    /// Being deleted.
    Deleting,
    /// Gone.
    Deleted,
    /// A gateway being created.
    Installing,
    /// A gateway whose nodes are being replaced.
    Upgrading,
    /// A gateway whose size is being changed.
    Resizing,
}

impl State {
    /// Deleting or Aborting.
    #[must_use]
    pub const fn is_terminating(self) -> bool {
        matches!(self, Self::Deleting | Self::Aborting)
    }
}

/// As in JSON: `running`.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "pending",
            Self::Provisioning => "provisioning",
            Self::Running => "running",
            Self::Updating => "updating",
            Self::Aborting => "aborting",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Installing => "installing",
            Self::Upgrading => "upgrading",
            Self::Resizing => "resizing",
        })
    }
}

/// How far something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress {
    /// Nodes as desired (when deleting: machines given back).
    pub done: u32,
    /// Nodes in all.
    pub total: u32,
    /// Likely end, at the median step times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<Millis>,
}

/// What holds of a cluster beside its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Condition {
    /// Which.
    pub code: ConditionCode,
    /// Its values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: Args,
}

/// The conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ConditionCode {
    /// Running, but not well.
    Degraded,
    /// etcd has no majority.
    QuorumLost,
    /// etcd was not seen lately.
    EtcdUnknown,
    /// Nobody reports etcd's members.
    EtcdNotObservable,
    /// Many nodes failed at once.
    MassFailure,
    /// The observation is too old to act on.
    ObservationStale,
    /// Not enough machines; values need, available, returning.
    CapacityShort,
    /// A change that replaces nodes waits for approval.
    RepavePendingApproval,
    /// Paused.
    Paused,
    /// A rollout was stopped; value why.
    Frozen,
    /// Its gateway is busy.
    BlockedByPcg,
    /// It waits for its gateway; values position, eta.
    QueuedBehindPcg,
    /// A machine is locked in MAAS.
    MachineLocked,
    /// A machine does not come back.
    ReturnStuck,
    /// An unhealthy node may not be replaced; value why.
    CannotRemediate,
    /// Its specification has an error.
    InvalidSpec,
    /// Palette reports an error; value message.
    PaletteError,
    /// A zone has fewer nodes than its share; values zone, ideal, have.
    ZoneSkewTolerated,
    /// An action has been under way for too long.
    PendingStuck,
    /// A drain is held up.
    DrainBlocked,
}

/// Where a pool stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolStatus {
    /// Nodes wanted.
    pub size: u32,
    /// Nodes that are or become nodes.
    pub live: u32,
    /// Nodes that take work.
    pub available: u32,
    /// Nodes at the target.
    pub up_to_date: u32,
    /// Machines that count against the pool's ceiling.
    pub held: u32,
    /// The rollout.
    pub rollout: Rollout,
    /// How far it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub progress: Progress,
}

/// Where a pool's rollout stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Rollout {
    /// Nothing to do.
    #[default]
    Idle,
    /// Waits for approval.
    AwaitingApproval,
    /// Waits for this.
    Waiting(String),
    /// Under way.
    Progressing,
    /// Finished.
    Complete,
    /// Finished but for locked nodes.
    CompleteExceptLocked,
    /// Stopped for this reason: `new_revision_failing` or `no_progress`.
    Frozen(String),
    /// Paused.
    Paused,
}

/// In words, with its reason: `waiting (approval)`.
impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.pad("idle"),
            Self::AwaitingApproval => f.pad("awaiting approval"),
            Self::Waiting(why) => write!(f, "waiting ({why})"),
            Self::Progressing => f.pad("progressing"),
            Self::Complete => f.pad("complete"),
            Self::CompleteExceptLocked => f.pad("complete except locked nodes"),
            Self::Frozen(why) => write!(f, "frozen ({why})"),
            Self::Paused => f.pad("paused"),
        }
    }
}

/// Why something was done, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explain {
    /// `"c1"`, `"c1/cp"` or `"c1/cp/cp-1"`.
    pub subject: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The rule, as the specification names it: `CP-12`, `W-e`, `3.5.2b`.
    pub rule: String,
    /// What the rule looked at.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: Args,
    /// Rule and facts in a sentence.
    pub message: String,
    /// What would change the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unblocks_when: Vec<Unblock>,
}

impl Explain {
    /// Verdict, rule, subject, and the rest in a sentence.
    fn cells(&self) -> [String; 4] {
        let mut text = self.message.clone();
        if !self.unblocks_when.is_empty() {
            let until: Vec<String> = self.unblocks_when.iter().map(ToString::to_string).collect();
            text = format!("{text}; until {}", until.join(", or "));
        }
        let verdict = self.verdict.to_string();
        [verdict, self.rule.clone(), self.subject.clone(), text]
    }
}

/// One line: `waiting c1/cp (CP-12): the message; until what would change it`.
impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [verdict, rule, subject, text] = self.cells();
        write!(f, "{verdict} {subject} ({rule}): {text}")
    }
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Done in this decision.
    Did,
    /// Goes on by itself.
    Waiting,
    /// Goes on when somebody does something.
    Blocked,
    /// Will not be done.
    Refused,
}

/// As in JSON: `waiting`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Did => "did",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
        })
    }
}

/// What would change a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unblock {
    /// What kind of thing.
    pub kind: UnblockKind,
    /// Which.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: Args,
}

/// What is awaited and its values: `machine (eta 2026-02-02 02:40:00 UTC)`.
impl fmt::Display for Unblock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |name| self.args.get(name).filter(|_| self.args.len() == 1);
        let what = match self.kind {
            UnblockKind::Time => match named("at_ms").and_then(serde_json::Value::as_i64) {
                Some(at) => return f.write_str(&moment_text(at)),
                None => "a moment comes",
            },
            UnblockKind::Machine => "a machine comes",
            UnblockKind::Node => "a node changes",
            UnblockKind::Etcd => "etcd changes",
            UnblockKind::ControlPlane => "the control plane is done",
            UnblockKind::Gateway => "the gateway is free",
            UnblockKind::Approval => "it is approved",
            UnblockKind::Operator => match named("do").and_then(serde_json::Value::as_str) {
                Some(todo) => return write!(f, "an operator acts: {todo}"),
                None => "an operator acts",
            },
        };
        f.write_str(what)?;
        if !self.args.is_empty() {
            write!(f, " ({})", args_text(&self.args))?;
        }
        Ok(())
    }
}

/// Kinds of things that are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UnblockKind {
    /// A moment.
    Time,
    /// A machine.
    Machine,
    /// A node.
    Node,
    /// etcd.
    Etcd,
    /// The control plane.
    ControlPlane,
    /// The gateway.
    Gateway,
    /// An approval.
    Approval,
    /// An operator.
    Operator,
}

/// An oddity of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// Which.
    pub code: DiagnosticCode,
    /// Its values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: Args,
}

/// The oddities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DiagnosticCode {
    /// The clock reads earlier than before; value by_ms.
    ClockWentBackwards,
    /// The clock leapt by more than 24 h; value by_ms.
    ClockJumpedForward,
    /// The remembered clock was more than 24 h ahead and was dropped.
    ClockHwmReset,
    /// The observation is dated in the future; value by_ms.
    ObservationFromFuture,
    /// A machine carries the name of a cluster that nobody wants; values cluster, system_id.
    Unmanaged,
    /// A machine is claimed by two nodes; values system_id, nodes.
    MachineOwnedTwice,
    /// Two things share a name; values kind, id.
    DuplicateId,
    /// Nodes are of a pool that the specification has no more: it is planned with size 0; values cluster, pool.
    UnknownPool,
    /// A limit of the policy is exceeded; nothing is decided.
    LimitExceeded,
}
