//! 3.5.0 Terms of the control plane: etcd as seen, and what may be taken from it.
use crate::prelude::*;
use crate::{ClusterObs, Etcd, EtcdMember, EtcdView, ms_of};

use super::index::Frame;
use super::lookup::in_order;
use super::phase::{NodeView, Phase};
use super::switch::Rule;

/// What is known of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Not founded yet.
    Uninitialised,
    /// Not known: nothing is created or taken away.
    Unknown,
    /// Known to have no majority.
    Lost,
    /// Known to have one.
    Good,
}

impl View {
    pub(crate) const fn is_fresh(self) -> bool {
        matches!(self, Self::Lost | Self::Good)
    }
}

/// q(n): the majority of n voters.
pub(crate) const fn quorum(n: u32) -> u32 {
    n / 2 + 1
}

/// How many more voters may fail before the majority is gone; negative: that many are missing.
pub(crate) fn tolerance(members: &[EtcdMember]) -> i32 {
    let voters = u32::try_from(members.iter().filter(|m| !m.learner).count()).unwrap_or(u32::MAX);
    let healthy = u32::try_from(
        members
            .iter()
            .filter(|m| !m.learner && m.healthy.is_true())
            .count(),
    )
    .unwrap_or(0);
    i32::try_from(healthy)
        .unwrap_or(i32::MAX)
        .saturating_sub(i32::try_from(quorum(voters)).unwrap_or(i32::MAX))
}

/// The view with its counts.
#[derive(Clone, Debug)]
pub(crate) struct EtcdTerms<'a> {
    pub(crate) kind: Etcd,
    pub(crate) view: View,
    /// Sorted by member id.
    pub(crate) members: Vec<&'a EtcdMember>,
    /// M.
    pub(crate) voters: u32,
    /// L.
    pub(crate) learners: u32,
    /// h.
    pub(crate) healthy: u32,
}

/// Who is asked about: a node or a member without one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight {
    m: u32,
    v: u32,
}

impl Weight {
    pub(crate) fn of_member(member: &EtcdMember) -> Self {
        Self {
            m: u32::from(!member.learner),
            v: u32::from(!member.learner && member.healthy.is_true()),
        }
    }

    pub(crate) fn of_node(x: &NodeView<'_>) -> Self {
        Self {
            m: u32::from(x.is_voter()),
            v: u32::from(x.is_healthy_voter()),
        }
    }
}

impl<'a> EtcdTerms<'a> {
    /// `cp_joined`: a control-plane node has joined; `node_ids`: the cluster's nodes, to which healthy voters must map.
    pub(crate) fn new(
        f: &Frame<'a>,
        kind: Etcd,
        obs: &ClusterObs,
        seen: Option<&'a EtcdView>,
        cp_joined: bool,
        is_node: impl Fn(&str) -> bool,
    ) -> Self {
        let mut members: Vec<&EtcdMember> =
            seen.map(|v| v.members.iter().collect()).unwrap_or_default();
        in_order(&mut members, |a, b| a.member_id.cmp(&b.member_id));
        members.dedup_by(|a, b| a.member_id == b.member_id);
        let count = |p: &dyn Fn(&EtcdMember) -> bool| {
            u32::try_from(members.iter().filter(|m| p(m)).count()).unwrap_or(u32::MAX)
        };
        let (voters, learners) = (count(&|m| !m.learner), count(&|m| m.learner));
        let healthy = count(&|m| !m.learner && m.healthy.is_true());
        let strange = members
            .iter()
            .any(|m| !m.learner && m.healthy.is_true() && !member_node(m).is_some_and(&is_node));
        let known = seen.is_some_and(|v| {
            v.reachable && f.now.saturating_sub(v.as_of_ms) <= ms_of(f.w.policy.etcd_view_max_age_s)
        });
        let view = if !obs.initialized && !cp_joined {
            View::Uninitialised
        } else if kind != Etcd::Stacked {
            View::Good
        } else if (!known && Rule::ViewUnknownFreezes.holds()) || members.is_empty() || strange {
            View::Unknown
        } else if healthy < quorum(voters) && Rule::CurrentQuorum.holds() {
            View::Lost
        } else {
            View::Good
        };
        Self {
            kind,
            view,
            members,
            voters,
            learners,
            healthy,
        }
    }

    /// No control plane at all: rules about it hold trivially.
    pub(crate) fn none() -> Self {
        Self {
            kind: Etcd::External,
            view: View::Good,
            members: Vec::new(),
            voters: 0,
            learners: 0,
            healthy: 0,
        }
    }

    pub(crate) fn is_stacked(&self) -> bool {
        self.kind == Etcd::Stacked
    }

    /// The majority holds now.
    pub(crate) fn current_quorum(&self) -> bool {
        !Rule::CurrentQuorum.holds() || self.healthy >= quorum(self.voters)
    }

    /// The majority will hold without it, and somebody is left.
    pub(crate) fn target_quorum(&self, x: Weight) -> bool {
        let left = self.voters.saturating_sub(x.m);
        left >= 1
            && (!Rule::TargetQuorum.holds() || self.healthy.saturating_sub(x.v) >= quorum(left))
    }

    /// safe_remove of a member: current and target quorum (I-Q1).
    pub(crate) fn safe_remove_weight(&self, x: Weight) -> bool {
        self.current_quorum() && self.target_quorum(x)
    }

    /// safe_remove of a node; external etcd: another control-plane node is Active; opaque: never.
    pub(crate) fn safe_remove(&self, x: &NodeView<'_>, cp: &[NodeView<'_>]) -> bool {
        match self.kind {
            Etcd::Stacked => self.safe_remove_weight(Weight::of_node(x)),
            Etcd::External => cp.iter().any(|y| y.id != x.id && y.phase == Phase::Active),
            Etcd::Opaque => false,
        }
    }

    /// Every member but x's is healthy and none is a learner (voluntary removals only).
    pub(crate) fn others_healthy(&self, x: &NodeView<'_>) -> bool {
        !self.is_stacked()
            || !Rule::OtherMembersHealthy.holds()
            || (self.no_learner()
                && self
                    .members
                    .iter()
                    .filter(|m| x.member.is_none_or(|own| own.member_id != m.member_id))
                    .all(|m| m.healthy.is_true()))
    }

    /// No voter is removed while a learner is there (I-Q4).
    pub(crate) fn no_learner(&self) -> bool {
        self.learners == 0 || !Rule::NoVoterRemovedWhileLearner.holds()
    }

    /// The member that runs on this node.
    pub(crate) fn member_of(&self, node: &str) -> Option<&'a EtcdMember> {
        self.members
            .iter()
            .find(|m| member_node(m) == Some(node))
            .copied()
    }
}

/// The node a member runs on: as the host says, else the node of its name.
pub(crate) fn member_node(m: &EtcdMember) -> Option<&str> {
    m.node
        .as_deref()
        .or(Some(m.name.as_str()).filter(|n| !n.is_empty()))
}
