//! The terms of 3.4 and 3.5 counted again from a world alone, as the text has them. The engine is not asked.
use std::borrow::Cow;

use lifecycle_core::{
    Action, ClusterSpec, DrainBy, DrainState, Erase, Etcd, EtcdMember, Machine, MachineStatus,
    Maintenance, Millis, Node, OnDrainDeadline, OnNoSpare, PoolRole, PoolSpec, RecordField, Repave,
    Strategy, Verb, World,
};

/// Clusters, and gateways planned as one.
pub fn clusters(w: &World) -> Vec<(Cow<'_, ClusterSpec>, bool)> {
    let gateways = w.desired.pcgs.iter().map(|g| {
        let mut c = ClusterSpec::new(&g.id).control_plane(g.pool.clone());
        c.network.clone_from(&g.network);
        c.delete_requested_ms = g.delete_requested_ms;
        (Cow::Owned(c), true)
    });
    let clusters = w.desired.clusters.iter().map(|c| (Cow::Borrowed(c), false));
    clusters.chain(gateways).collect()
}

/// 3.5.0 View.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Uninitialised,
    Unknown,
    Lost,
    Good,
}

/// 3.4 phase, the rungs of the ladder apart: `Unwell` is Suspect or Recovering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
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
    Unwell,
    Active,
}

impl Phase {
    pub fn is_live(self) -> bool {
        !matches!(
            self,
            Self::Returning | Self::Gone | Self::Leaving | Self::Discarded
        )
    }

    pub fn is_creating(self) -> bool {
        matches!(
            self,
            Self::Planned | Self::Allocated | Self::Deploying | Self::Joining
        )
    }

    pub fn is_draining(self) -> bool {
        matches!(self, Self::Draining | Self::Drained)
    }
}

/// A node, or one that is only planned.
#[derive(Clone, Debug)]
pub struct Seen<'w> {
    pub id: &'w str,
    pub node: Option<&'w Node>,
    /// Its machine, if it is its own.
    pub machine: Option<&'w Machine>,
    pub member: Option<&'w EtcdMember>,
    pub phase: Phase,
    /// Joined, a pending Record included.
    joined: bool,
}

impl Seen<'_> {
    pub fn is_ready(&self) -> bool {
        self.node.is_some_and(|n| n.ready.is_true())
    }

    pub fn is_joined(&self) -> bool {
        self.joined
    }

    pub fn is_locked(&self) -> bool {
        self.node
            .is_some_and(|n| n.maintenance == Maintenance::Locked)
            || self.machine.is_some_and(|m| m.locked)
    }

    /// avail(x).
    pub fn is_available(&self) -> bool {
        self.phase == Phase::Active
            && self.is_ready()
            && self
                .node
                .is_some_and(|n| !n.cordoned && n.maintenance != Maintenance::Cordoned)
    }
}

/// Etcd of one cluster as it is observed.
#[derive(Clone, Debug)]
pub struct Members<'w> {
    pub kind: Etcd,
    pub view: View,
    pub all: &'w [EtcdMember],
}

impl<'w> Members<'w> {
    pub fn of(w: &'w World, c: &ClusterSpec) -> Self {
        let seen = w.observed.etcd.get(&c.id);
        let all = seen.map(|v| v.members.as_slice()).unwrap_or_default();
        let cp = c.control_plane.as_ref().map_or("", |p| p.id.as_str());
        let mut nodes = w.observed.nodes.iter().filter(|n| n.cluster == c.id);
        let initialized = w
            .observed
            .clusters
            .get(&c.id)
            .is_some_and(|o| o.initialized);
        let joined = nodes.any(|n| n.pool == cp && n.joined_ms.is_some());
        let age_ms = i64::from(w.policy.etcd_view_max_age_s) * 1000;
        let current =
            seen.is_some_and(|v| v.reachable && w.now_ms.saturating_sub(v.as_of_ms) <= age_ms);
        let stranger = all.iter().any(|m| is_stranger(w, c, m));
        let mut members = Self {
            kind: c.etcd,
            view: View::Good,
            all,
        };
        members.view = if !initialized && !joined {
            View::Uninitialised
        } else if c.etcd != Etcd::Stacked {
            View::Good
        } else if !current || all.is_empty() || stranger {
            View::Unknown
        } else if !members.has_quorum() {
            View::Lost
        } else {
            View::Good
        };
        members
    }

    pub fn is_fresh(&self) -> bool {
        matches!(self.view, View::Lost | View::Good)
    }

    fn voters(&self) -> usize {
        self.all.iter().filter(|m| !m.learner).count()
    }

    fn healthy(&self) -> usize {
        let counts = |m: &&EtcdMember| !m.learner && m.healthy.is_true();
        self.all.iter().filter(counts).count()
    }

    /// h ≥ q(M).
    pub fn has_quorum(&self) -> bool {
        self.healthy() > self.voters() / 2
    }

    pub fn has_learner(&self) -> bool {
        self.all.iter().any(|m| m.learner)
    }

    pub fn of_node(&self, node: &str) -> Option<&'w EtcdMember> {
        self.all.iter().find(|m| m.node.as_deref() == Some(node))
    }

    /// safe_remove(x): h ≥ q(M) ∧ M-m(x) ≥ 1 ∧ h-v(x) ≥ q(M-m(x)).
    pub fn safe_remove(&self, x: Option<&EtcdMember>) -> bool {
        let m = usize::from(x.is_some_and(|m| !m.learner));
        let v = usize::from(x.is_some_and(|m| !m.learner && m.healthy.is_true()));
        let left = self.voters() - m;
        self.has_quorum() && left >= 1 && self.healthy() - v > left / 2
    }

    /// Every other member is a healthy voter.
    pub fn others_well(&self, node: &str) -> bool {
        self.all
            .iter()
            .filter(|m| m.node.as_deref() != Some(node))
            .all(|m| m.healthy.is_true() && !m.learner)
    }
}

/// A healthy voter that maps to no node.
fn is_stranger(w: &World, c: &ClusterSpec, m: &EtcdMember) -> bool {
    let is_node = |n: &Node| n.cluster == c.id && m.node.as_ref() == Some(&n.id);
    !m.learner && m.healthy.is_true() && !w.observed.nodes.iter().any(is_node)
}

/// A pool with its nodes and counts.
#[derive(Clone, Debug)]
pub struct Counted<'w> {
    pub spec: &'w PoolSpec,
    pub is_cp: bool,
    pub nodes: Vec<Seen<'w>>,
    /// R, S, U.
    pub size: usize,
    pub surge: usize,
    pub unavailable: usize,
    pub floor: usize,
    pub live: usize,
    pub held: usize,
    pub available: usize,
    pub outdated: usize,
}

pub fn find_machine<'w>(w: &'w World, system_id: &str) -> Option<&'w Machine> {
    w.observed
        .machines
        .iter()
        .find(|m| m.system_id == system_id)
}

fn pending<'w>(w: &'w World, c: &ClusterSpec) -> impl Iterator<Item = &'w Action> {
    let id = c.id.clone();
    w.observed
        .pending
        .iter()
        .map(|p| &p.action)
        .filter(move |a| a.cluster() == Some(&id))
}

/// Whether the machine comes back: its status says so.
pub fn is_returning(m: &Machine) -> bool {
    matches!(
        m.status,
        MachineStatus::Releasing
            | MachineStatus::DiskErasing
            | MachineStatus::FailedReleasing
            | MachineStatus::FailedDiskErasing
    )
}

/// ReturnStuck: a failed status, or past the deadline of the step.
pub fn is_stuck(w: &World, m: &Machine, erase: Erase) -> bool {
    let t = &w.policy.timings;
    let total = m.disk_gb.iter().sum();
    let deadline_s = match m.status {
        MachineStatus::Releasing => t.release.deadline_s,
        // The time of the status is that of the release: MAAS tells none of its own.
        MachineStatus::DiskErasing => t.release.deadline_s + t.erase(erase, total).deadline_s,
        MachineStatus::FailedReleasing | MachineStatus::FailedDiskErasing => return true,
        _ => return false,
    };
    m.status_since_ms
        .is_some_and(|s| w.now_ms.saturating_sub(s) >= i64::from(deadline_s) * 1000)
}

impl<'w> Counted<'w> {
    pub fn of(w: &'w World, c: &'w ClusterSpec, spec: &'w PoolSpec, etcd: &Members<'w>) -> Self {
        let is_cp = spec.role == PoolRole::ControlPlane;
        let stacked = is_cp && c.etcd == Etcd::Stacked;
        let mut nodes: Vec<Seen<'w>> = Vec::new();
        for n in &w.observed.nodes {
            if n.cluster != c.id || n.pool != spec.id {
                continue;
            }
            let machine = n.system_id.as_deref().and_then(|s| find_machine(w, s));
            // Broken, missing and retired machines are gone.
            let gone = [
                MachineStatus::Broken,
                MachineStatus::Missing,
                MachineStatus::Retired,
            ];
            let there = machine.filter(|m| !gone.contains(&m.status));
            let own = there.filter(|m| match &m.owner {
                Some(o) => o.cluster == c.id && o.node.as_ref() == Some(&n.id),
                None => is_returning(m),
            });
            let recorded = |a: &Action| {
                let joins = matches!(
                    a.verb,
                    Verb::Record {
                        field: RecordField::JoinedMs,
                        ..
                    }
                );
                joins && a.node() == Some(&n.id)
            };
            let mut x = Seen {
                joined: n.joined_ms.is_some() || pending(w, c).any(recorded),
                id: &n.id,
                node: Some(n),
                machine: own,
                member: etcd.of_node(&n.id).filter(|_| stacked),
                phase: Phase::Active,
            };
            x.phase = phase(w, c, spec, etcd, stacked, &x, n);
            nodes.push(x);
        }
        for a in pending(w, c).filter(|a| a.pool() == Some(&spec.id)) {
            if let Verb::Allocate { node, .. } = &a.verb
                && !nodes.iter().any(|x| x.id == node)
            {
                nodes.push(Seen {
                    joined: false,
                    id: node,
                    node: None,
                    machine: None,
                    member: None,
                    phase: Phase::Planned,
                });
            }
        }
        let parallel = spec.max_parallel.max(1) as usize;
        let (surge, unavailable) = match spec.strategy {
            Strategy::ExpandFirst => (parallel, 0),
            Strategy::ContractFirst => (0, parallel),
            Strategy::Custom {
                max_surge,
                max_unavailable,
            } => match (max_surge.up(spec.size), max_unavailable.down(spec.size)) {
                (0, 0) => (0, 1),
                (s, u) => (s as usize, u as usize),
            },
        };
        let size = spec.size as usize;
        let down = if spec.on_no_spare == OnNoSpare::FallbackContract {
            unavailable.max(1)
        } else {
            unavailable
        };
        let holds = spec.hold_returning.unwrap_or(spec.erase != Erase::Secure);
        let is_held = |x: &&Seen<'_>| match x.phase {
            Phase::Returning => holds && !x.machine.is_some_and(|m| is_stuck(w, m, spec.erase)),
            Phase::Gone => false,
            _ => true,
        };
        // A machine on its way back whose node is forgotten already.
        let stray = w.observed.machines.iter().filter(|m| {
            let ours = m
                .owner
                .as_ref()
                .is_some_and(|o| o.cluster == c.id && o.pool.as_ref() == Some(&spec.id));
            let known = nodes
                .iter()
                .any(|x| x.machine.is_some_and(|k| k.system_id == m.system_id));
            holds && ours && !known && is_returning(m) && !is_stuck(w, m, spec.erase)
        });
        let target = target(c, spec);
        let outdated = |x: &&Seen<'_>| x.phase.is_live() && is_outdated(spec, target, x);
        Self {
            is_cp,
            size,
            surge,
            unavailable,
            floor: size.saturating_sub(down),
            live: nodes.iter().filter(|x| x.phase.is_live()).count(),
            held: nodes.iter().filter(is_held).count() + stray.count(),
            available: nodes.iter().filter(|x| x.is_available()).count(),
            outdated: nodes.iter().filter(outdated).count(),
            spec,
            nodes,
        }
    }

    pub fn find(&self, node: &str) -> Option<&Seen<'w>> {
        self.nodes.iter().find(|x| x.id == node)
    }
}

/// The revision that is wanted, if any is approved.
pub fn target<'w>(c: &ClusterSpec, p: &'w PoolSpec) -> Option<&'w str> {
    if c.repave == Repave::Approved {
        Some(&p.revision)
    } else {
        p.approved_revision.as_deref()
    }
}

/// outdated(x): joined ∧ ¬up_to_date ∧ ¬Locked ∧ ¬skip_update.
pub fn is_outdated(p: &PoolSpec, target: Option<&str>, x: &Seen<'_>) -> bool {
    let Some(n) = x.node.filter(|_| x.joined) else {
        return false;
    };
    let zone = x
        .machine
        .map(|m| m.zone.as_str())
        .or(n.zone.as_deref())
        .unwrap_or("");
    let at_target = target.is_none_or(|t| n.revision.as_deref().is_none_or(|r| r == t));
    let in_zone = p.azs.is_empty() || p.azs.iter().any(|z| z == zone);
    let up_to_date = at_target && in_zone;
    !(up_to_date || x.is_locked() || p.skip_update)
}

fn is_past(w: &World, since: Option<Millis>, s: u32) -> bool {
    since.is_none_or(|t| w.now_ms.saturating_sub(t) >= i64::from(s) * 1000)
}

/// 3.4 Node: phase(x), first match.
fn phase(
    w: &World,
    c: &ClusterSpec,
    p: &PoolSpec,
    etcd: &Members<'_>,
    stacked: bool,
    x: &Seen<'_>,
    n: &Node,
) -> Phase {
    let Some(m) = x.machine else {
        return Phase::Gone;
    };
    if is_returning(m) {
        return Phase::Returning;
    }
    let releasing = pending(w, c)
        .any(|a| matches!(&a.verb, Verb::Release { system_id, .. } if *system_id == m.system_id));
    let drain_ms = w
        .observed
        .pending
        .iter()
        .find(|p| {
            matches!(&p.action.verb, Verb::Drain { node, .. } if *node == n.id)
                && p.action.cluster() == Some(&c.id)
        })
        .map(|p| p.issued_ms);
    let engine_drains = n.drain.by == DrainBy::Engine || drain_ms.is_some();
    let drain_ms = n.drain.started_ms.or(drain_ms);
    let has_left = engine_drains && stacked && etcd.is_fresh() && x.member.is_none();
    if releasing || has_left {
        return Phase::Leaving;
    }
    let member_well = x.member.is_some_and(|m| m.healthy.is_true());
    if !x.joined {
        let voter_well = member_well && x.member.is_some_and(|m| !m.learner);
        let settled = n.ready.is_true()
            && is_past(w, n.ready_since_ms, w.policy.settle_s)
            && (!stacked || (etcd.is_fresh() && voter_well));
        let t = &w.policy.timings;
        // A pending Deploy counts as Deploying, a pending Drain as running: docs/decisions.md.
        let deploys =
            pending(w, c).any(|a| matches!(&a.verb, Verb::Deploy { node, .. } if *node == n.id));
        let (step, deadline_s) = match m.status {
            MachineStatus::Allocated | MachineStatus::Reserved if !deploys => {
                (Phase::Allocated, t.allocate.deadline_s)
            }
            MachineStatus::Allocated | MachineStatus::Reserved | MachineStatus::Deploying => (
                Phase::Deploying,
                t.allocate.deadline_s + t.deploy.deadline_s,
            ),
            _ => (
                Phase::Joining,
                t.allocate.deadline_s
                    + t.deploy.deadline_s
                    + t.join.deadline_s
                    + t.settle.deadline_s,
            ),
        };
        let late = is_past(w, Some(n.created_ms), deadline_s);
        let failed = m.status == MachineStatus::FailedDeployment || late;
        return if failed && !settled {
            Phase::Discarded
        } else {
            step
        };
    }
    let well = n.ready.is_true() && (!stacked || !etcd.is_fresh() || member_well);
    if engine_drains {
        let forced = p.on_drain_deadline == OnDrainDeadline::Force
            && is_past(w, drain_ms, p.drain_deadline_s);
        let cut_off = !well && is_past(w, drain_ms, w.policy.bad_drain_s);
        let done = n.drain.state == DrainState::Done;
        return if done || forced || cut_off {
            Phase::Drained
        } else {
            Phase::Draining
        };
    }
    if well { Phase::Active } else { Phase::Unwell }
}
