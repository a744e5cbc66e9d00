//! Laws of the control plane.
use lifecycle_core::{
    Action, DeployMode, DrainState, MachineStatus, Maintenance, Tri, Verb, World,
};

use super::common::scopes::{self, CONTRACT, EXPAND};
use super::common::trace::{Taken, down, drains, first, member, node_of, place, run, run_on};
use super::common::{T0, pool};
use super::laws::{control_plane, creates, is_drain, never, rolls};

/// (voters, healthy voters).
fn etcd(w: &World) -> (usize, usize) {
    let voters = || w.observed.etcd["c"].members.iter().filter(|m| !m.learner);
    (
        voters().count(),
        voters().filter(|m| m.healthy.is_true()).count(),
    )
}

/// Of a node's member: (is a voter, is a healthy one).
fn weight(w: &World, node: Option<&str>) -> (usize, usize) {
    let m = w.observed.etcd["c"]
        .members
        .iter()
        .find(|m| m.node.as_deref() == node && !m.learner);
    (
        usize::from(m.is_some()),
        usize::from(m.is_some_and(|m| m.healthy.is_true())),
    )
}

fn takes_from_etcd(a: &Action) -> bool {
    is_drain(a) || matches!(a.verb, Verb::RemoveEtcdMember { .. })
}

pub(super) fn current_quorum() {
    let trace = run_on(scopes::two_voters().start().sim, 60, |_| {});
    never(&trace, "I-Q1 current", |w, a| {
        let (voters, healthy) = etcd(w);
        takes_from_etcd(a) && healthy < voters / 2 + 1
    });
}

pub(super) fn target_quorum() {
    let mut w = control_plane(3, 0);
    down(&mut w, "c", "cp-2", 1200);
    node_of(&mut w, "c", "cp-2").maintenance = Maintenance::Locked;
    let n = node_of(&mut w, "c", "cp-1");
    (n.ready, n.ready_since_ms) = (Tri::False, Some(T0 - 1_200_000));
    never(&run(w, 20, |_| {}), "I-Q1 target", |w, a| {
        let ((voters, healthy), (m, v)) = (etcd(w), weight(w, a.node()));
        takes_from_etcd(a) && healthy - v < (voters - m) / 2 + 1
    });
}

/// cp-1 is being drained, in this state of its drain, when cp-2 fails.
fn failure_during_a_drain(state: DrainState) -> World {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", CONTRACT);
    drains(&mut w, "c", "cp-1", state);
    down(&mut w, "c", "cp-2", 0);
    w
}

pub(super) fn commit_recheck() {
    let taken = first(failure_during_a_drain(DrainState::Done));
    never(&[taken], "I-Q1 at the commit", |_, a| {
        matches!(
            a.verb,
            Verb::RemoveEtcdMember { .. } | Verb::MoveEtcdLeader { .. }
        )
    });
}

pub(super) fn cancel_drain() {
    let taken = first(failure_during_a_drain(DrainState::Running));
    let cancels = |a: &Action| matches!(&a.verb, Verb::CancelDrain { node } if node == "cp-1");
    assert!(
        taken.decision.actions.iter().any(cancels),
        "CP-7 the drain goes on"
    );
}

pub(super) fn other_members_healthy() {
    let mut w = control_plane(5, 1);
    rolls(&mut w, "cp", CONTRACT);
    member(&mut w, "c", "cp-9", false, Tri::False);
    never(&run(w, 10, |_| {}), "I-A1", |w, a| {
        is_drain(a)
            && w.observed.etcd["c"]
                .members
                .iter()
                .any(|m| !m.healthy.is_true())
    });
}

pub(super) fn no_voter_while_learner() {
    let mut w = control_plane(3, 2);
    pool(&mut w, "c", "cp").size = 5;
    member(&mut w, "c", "cp-4", false, Tri::False);
    place(&mut w, "c", "cp", "cp-5", "f1", MachineStatus::Deployed);
    member(&mut w, "c", "cp-5", true, Tri::True);
    let ghosts = &mut w.memory.clusters.entry("c".into()).or_default().ghosts;
    ghosts.insert("e-cp-4".into(), T0 - 400_000);
    never(&[first(w)], "I-Q4", |_, a| {
        matches!(a.verb, Verb::RemoveEtcdMember { .. })
    });
}

pub(super) fn init_once() {
    let mut w = scopes::creating(3, 0, 3).world;
    place(&mut w, "c", "cp", "cp-1", "f1", MachineStatus::Deploying);
    never(&run(w, 8, |_| {}), "I-Q5", |w, a| {
        let founded = w.observed.clusters.get("c").is_some_and(|c| c.initialized);
        let init = matches!(
            a.verb,
            Verb::Deploy {
                mode: DeployMode::Init,
                ..
            }
        );
        !founded && (creates(a) || init)
    });
}

pub(super) fn view_unknown_freezes() {
    let mut w = control_plane(3, 1);
    rolls(&mut w, "cp", EXPAND);
    w.observed.etcd.get_mut("c").unwrap().reachable = false;
    never(&run(w, 5, |_| {}), "CP-3", |_, a| {
        creates(a) || takes_from_etcd(a)
    });
}

pub(super) fn clean_up() {
    // A dead member and a learner whose nodes are gone.
    let mut w = control_plane(3, 0);
    member(&mut w, "c", "cp-4", false, Tri::False);
    member(&mut w, "c", "cp-5", true, Tri::Unknown);
    let members = |trace: &[Taken]| trace.last().unwrap().world.observed.etcd["c"].members.len();
    assert_eq!(members(&run(w, 40, |_| {})), 3, "CP-6 a ghost stays");
    // A node that never became more than a learner.
    let mut w = control_plane(3, 1);
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deployed);
    node_of(&mut w, "c", "cp-4").created_ms = T0 - 9_000_000;
    member(&mut w, "c", "cp-4", true, Tri::False);
    assert_eq!(
        members(&run(w, 40, |_| {})),
        3,
        "CP-5 a failed learner stays"
    );
}

pub(super) fn one_operation() {
    let mut w = control_plane(3, 2);
    pool(&mut w, "c", "cp").size = 5;
    place(&mut w, "c", "cp", "cp-4", "f1", MachineStatus::Deploying);
    never(&[first(w)], "I-Q3", |_, a| creates(a) || is_drain(a));
}
