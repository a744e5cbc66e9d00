//! 3.4 Node: the phase, derived from the observation at every call, never stored.
use crate::prelude::*;
use crate::{
    Drain, DrainBy, DrainState, Etcd, EtcdMember, Machine, MachineStatus, Maintenance, Millis,
    Node, OnDrainDeadline, Tri, ms_of,
};

use super::index::Frame;
use super::switch::Rule;
use super::view::View;

/// Where a node is in its life; the first that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Planned,
    Returning,
    Gone,
    Leaving,
    Discarded,
    Allocated,
    Deploying,
    Joining,
    Drained,
    Draining,
    Recovering,
    Suspect,
    Active,
}

impl Phase {
    /// Is or becomes a node.
    pub(crate) const fn is_live(self) -> bool {
        !matches!(
            self,
            Self::Returning | Self::Gone | Self::Leaving | Self::Discarded
        )
    }

    /// Live and not on its way out.
    pub(crate) const fn is_staying(self) -> bool {
        self.is_live() && !matches!(self, Self::Draining | Self::Drained)
    }

    /// Being created.
    pub(crate) const fn is_creating(self) -> bool {
        matches!(
            self,
            Self::Planned | Self::Allocated | Self::Deploying | Self::Joining
        )
    }

    /// Being drained by the engine.
    pub(crate) const fn is_draining(self) -> bool {
        matches!(self, Self::Draining | Self::Drained)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Returning => "returning",
            Self::Gone => "gone",
            Self::Leaving => "leaving",
            Self::Discarded => "discarded",
            Self::Allocated => "allocated",
            Self::Deploying => "deploying",
            Self::Joining => "joining",
            Self::Drained => "drained",
            Self::Draining => "draining",
            Self::Recovering => "recovering",
            Self::Suspect => "suspect",
            Self::Active => "active",
        }
    }
}

/// A node with everything that is derived from the observation.
#[derive(Clone, Debug)]
pub(crate) struct NodeView<'a> {
    pub(crate) id: &'a str,
    /// Absent for a Planned node.
    pub(crate) node: Option<&'a Node>,
    /// Its machine, if it is ours.
    pub(crate) machine: Option<&'a Machine>,
    pub(crate) created_ms: Millis,
    pub(crate) joined_ms: Option<Millis>,
    /// When the engine's drain began, if there is one.
    pub(crate) drain_ms: Option<Millis>,
    pub(crate) member: Option<&'a EtcdMember>,
    pub(crate) phase: Phase,
    /// Since when it is not well.
    pub(crate) suspect_ms: Option<Millis>,
    pub(crate) unhealthy: bool,
    pub(crate) settled: bool,
    /// Locked by an operator or in MAAS: never touched.
    pub(crate) locked: bool,
    /// Cordoned, or in maintenance.
    pub(crate) cordoned: bool,
    /// In maintenance: no ladder, no replacement.
    pub(crate) maintenance: bool,
    pub(crate) up_to_date: bool,
    pub(crate) outdated: bool,
    pub(crate) avail: bool,
    /// An action on it is pending: it gets no other.
    pub(crate) pending: bool,
    /// Its Deploy is pending: as good as being deployed, so that a slow call is not taken for a failed node.
    pub(crate) deploys: bool,
    /// Its machine does not come back in time.
    pub(crate) stuck: bool,
}

impl<'a> NodeView<'a> {
    pub(crate) fn zone(&self) -> &'a str {
        self.machine
            .map(|m| m.zone.as_str())
            .or_else(|| self.node.and_then(|n| n.zone.as_deref()))
            .unwrap_or("")
    }

    pub(crate) fn ready(&self) -> Tri {
        self.node.map_or(Tri::Unknown, |n| n.ready)
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.joined_ms.is_some()
    }

    pub(crate) fn system_id(&self) -> Option<&'a str> {
        self.machine.map(|m| m.system_id.as_str())
    }

    /// m(x): a voter.
    pub(crate) fn is_voter(&self) -> bool {
        self.member.is_some_and(|m| !m.learner)
    }

    /// v(x): a voter that is counted as healthy.
    pub(crate) fn is_healthy_voter(&self) -> bool {
        self.member
            .is_some_and(|m| !m.learner && m.healthy.is_true())
    }

    /// An operator drains it: left alone.
    pub(crate) fn operator_drains(&self) -> bool {
        self.node.is_some_and(|n| n.drain.by == DrainBy::Operator)
    }

    fn drain(&self) -> Option<&'a Drain> {
        self.node
            .map(|n| &n.drain)
            .filter(|d| d.by == DrainBy::Engine)
    }
}

/// The step after which a creation has failed: deadlines add up from the allocation.
pub(crate) fn creation_deadline(f: &Frame<'_>, created_ms: Millis, phase: Phase) -> Millis {
    let t = &f.w.policy.timings;
    let mut s = t.allocate.deadline_s;
    if phase != Phase::Allocated && phase != Phase::Planned {
        s = s.saturating_add(t.deploy.deadline_s);
    }
    if phase == Phase::Joining {
        s = s
            .saturating_add(t.join.deadline_s)
            .saturating_add(t.settle.deadline_s);
    }
    created_ms.saturating_add(ms_of(s))
}

/// What a node's phase depends on beside the node.
pub(crate) struct Context<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) pool: &'a crate::PoolSpec,
    pub(crate) is_cp: bool,
    pub(crate) etcd: Etcd,
    pub(crate) view: View,
}

impl Context<'_> {
    /// Whether etcd has a say in this node's health.
    fn etcd_counts(&self) -> bool {
        self.is_cp && self.etcd == Etcd::Stacked && self.view.is_fresh()
    }
}

/// Derives phase and health; `x` has its identity, machine, member and drain already.
pub(crate) fn derive(f: &Frame<'_>, c: &Context<'_>, x: &mut NodeView<'_>) {
    let Some(node) = x.node else {
        x.phase = Phase::Planned;
        return;
    };
    let now = f.now;
    let ready_for = |s: u32| {
        node.ready.is_true()
            && node
                .ready_since_ms
                .is_none_or(|t| now.saturating_sub(t) >= ms_of(s))
    };
    let member_well =
        !(c.is_cp && c.etcd == Etcd::Stacked) || (c.view.is_fresh() && x.is_healthy_voter());
    x.settled = ready_for(f.w.policy.settle_s) && member_well;

    let member_down = c.etcd_counts() && !x.member.is_some_and(|m| m.healthy.is_true());
    let well = node.ready.is_true() && !member_down;
    let mut mem = None;
    if !well && x.is_joined() {
        mem = f.node_memory(c.cluster, x.id);
        let remembered = mem.and_then(|m| m.suspect_since_ms).unwrap_or(now);
        let seen = if node.ready.is_true() {
            now
        } else {
            node.ready_since_ms.unwrap_or(now)
        };
        x.suspect_ms = Some(remembered.min(seen));
    }
    let suspect = x.suspect_ms.is_some();
    let rung_runs = suspect && super::ladder::rung_runs(f, mem);
    x.unhealthy = x
        .suspect_ms
        .is_some_and(|t| now.saturating_sub(t) >= ms_of(f.w.policy.grace_s))
        && !rung_runs
        && !x.maintenance
        && !super::ladder::rung_left(f, c, x, mem);

    x.phase = phase(f, c, x, suspect, rung_runs);
    x.avail = x.phase == Phase::Active && node.ready.is_true() && !x.cordoned;
}

fn phase(
    f: &Frame<'_>,
    c: &Context<'_>,
    x: &NodeView<'_>,
    suspect: bool,
    rung_runs: bool,
) -> Phase {
    let Some(machine) = x.machine else {
        return Phase::Gone;
    };
    if machine.status.is_returning() {
        return Phase::Returning;
    }
    let drained_out = x.drain_ms.is_some() && c.etcd_counts() && x.member.is_none();
    if f.releasing.contains_key(machine.system_id.as_str()) || drained_out {
        return Phase::Leaving;
    }
    if !x.is_joined() {
        let step = match machine.status {
            s if s.is_allocated() && !x.deploys => Phase::Allocated,
            s if s.is_allocated() || s == MachineStatus::Deploying => Phase::Deploying,
            _ => Phase::Joining,
        };
        let late = f.now >= creation_deadline(f, x.created_ms, step);
        let failed = !x.settled && (machine.status == MachineStatus::FailedDeployment || late);
        return if failed { Phase::Discarded } else { step };
    }
    if let Some(started) = x.drain_ms {
        let for_ms = f.now.saturating_sub(started);
        let forced = c.pool.on_drain_deadline == OnDrainDeadline::Force
            && for_ms >= ms_of(c.pool.drain_deadline_s);
        let cut_off = x.unhealthy && for_ms >= ms_of(f.w.policy.bad_drain_s);
        let done = x.drain().is_some_and(|d| d.state == DrainState::Done);
        return if done || forced || cut_off {
            Phase::Drained
        } else {
            Phase::Draining
        };
    }
    match (suspect, rung_runs) {
        (true, true) => Phase::Recovering,
        (true, false) => Phase::Suspect,
        (false, _) => Phase::Active,
    }
}

/// Reads what an operator said about a node: (locked, cordoned, in maintenance).
pub(crate) fn operator_marks(node: &Node, machine: Option<&Machine>) -> (bool, bool, bool) {
    let locked = (node.maintenance == Maintenance::Locked || machine.is_some_and(|m| m.locked))
        && Rule::Locked.holds();
    let maintenance = node.maintenance == Maintenance::Cordoned
        || machine.is_some_and(|m| m.status.is_maintenance());
    (locked, node.cordoned || maintenance, maintenance)
}

/// All nodes of a slice that satisfy a predicate, as a count.
pub(crate) fn count(nodes: &[NodeView<'_>], p: impl Fn(&NodeView<'_>) -> bool) -> u32 {
    u32::try_from(nodes.iter().filter(|x| p(x)).count()).unwrap_or(u32::MAX)
}

/// The nodes that satisfy a predicate, by reference.
pub(crate) fn pick<'n, 'a>(
    nodes: &'n [NodeView<'a>],
    p: impl Fn(&NodeView<'a>) -> bool,
) -> Vec<&'n NodeView<'a>> {
    nodes.iter().filter(|x| p(x)).collect()
}
