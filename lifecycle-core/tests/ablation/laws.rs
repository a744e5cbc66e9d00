//! For each rule one law of the text and a world in which nothing but that rule keeps it. Nothing of the engine is asked: worlds and actions
//! are judged here.
use lifecycle_core::{Action, ClusterSpec, PoolSpec, Strategy, Verb, World};

use super::common::trace::Taken;
use super::common::{T0, add_running, pool, world};
use super::{etcd, fleet, pools};
use crate::engine::switch::Rule;

/// A rule, the law that misses it, and the rules without which that law cannot hold either.
pub(super) struct Law {
    pub(super) rule: Rule,
    pub(super) text: &'static str,
    pub(super) check: fn(),
    pub(super) also: &'static [Rule],
}

const fn law(rule: Rule, text: &'static str, check: fn()) -> Law {
    Law {
        rule,
        text,
        check,
        also: &[],
    }
}

/// In the order of the specification's list.
pub(super) fn laws() -> Vec<Law> {
    use Rule as R;
    vec![
        law(
            R::CurrentQuorum,
            "I-Q1: without a majority nothing leaves etcd",
            etcd::current_quorum,
        ),
        law(
            R::TargetQuorum,
            "I-Q1: a majority is left behind",
            etcd::target_quorum,
        ),
        law(
            R::CommitRecheck,
            "I-Q1: a drained voter stays when another one has failed",
            etcd::commit_recheck,
        ),
        law(
            R::CancelDrain,
            "CP-7: a drain that has become unsafe is cancelled",
            etcd::cancel_drain,
        ),
        law(
            R::OtherMembersHealthy,
            "I-A1: nothing voluntary beside a member that is not well",
            etcd::other_members_healthy,
        ),
        law(
            R::NoVoterRemovedWhileLearner,
            "I-Q4: no voter is removed while a learner exists",
            etcd::no_voter_while_learner,
        ),
        law(
            R::InitOnce,
            "I-Q5: no second node before the first has founded etcd",
            etcd::init_once,
        ),
        law(
            R::ViewUnknownFreezes,
            "CP-3: nothing moves while etcd is not seen",
            etcd::view_unknown_freezes,
        ),
        law(
            R::LearnerAndGhostCleanUp,
            "CP-5, CP-6: what belongs to no node leaves etcd",
            etcd::clean_up,
        ),
        law(
            R::OneControlPlaneOperation,
            "I-Q3: one control-plane node in flight",
            etcd::one_operation,
        ),
        law(
            R::Reclaim,
            "3.5.5: the control plane gets the machine that a surge holds",
            fleet::reclaim,
        ),
        Law {
            also: &[R::ConstraintsInclZone],
            ..law(
                R::ReplaceableBeforeContract,
                "3.5.1: nothing is drained that cannot be replaced",
                pools::replaceable,
            )
        },
        Law {
            also: &[R::Ceiling],
            ..law(
                R::HeldCountsReturning,
                "I-A2: a machine on its way back is still held",
                pools::held_counts_returning,
            )
        },
        law(R::Floor, "I-A1: the floor stays available", pools::floor),
        law(
            R::Ceiling,
            "I-A2: no more than size and surge",
            pools::ceiling,
        ),
        law(
            R::ConstraintsInclZone,
            "I-M2: a machine that lacks one thing is not taken",
            fleet::constraints,
        ),
        law(
            R::Quarantine,
            "I-M3: a machine that failed rests 30 min, then 60",
            fleet::quarantine,
        ),
        law(
            R::ForeignMachine,
            "I-M3: what is another's is neither taken nor touched",
            fleet::foreign_machine,
        ),
        law(
            R::PendingCounts,
            "G45: what is on its way is not asked for again",
            fleet::pending_counts,
        ),
        law(
            R::StaleObservation,
            "3.5.2a: nothing is done on an old observation",
            pools::stale_observation,
        ),
        law(
            R::MassFailure,
            "3.5.2b: nobody is replaced while many fail at once",
            pools::mass_failure,
        ),
        law(
            R::FailureLimit,
            "I-A4: two failures of a revision end its rollout",
            pools::failure_limit,
        ),
        law(
            R::FallbackOnlyIfAsked,
            "3.5.1: Expand First without a spare drains nobody",
            pools::fallback_only_if_asked,
        ),
        law(
            R::RemediationBudget,
            "W-b: more unhealthy than max_unhealthy are left alone",
            pools::remediation_budget,
        ),
        law(
            R::AbortingNeverCreates,
            "I-L4: an abort creates nothing",
            fleet::aborting_never_creates,
        ),
        law(
            R::RefusedNeverFires,
            "3.7: a refused force delete never fires",
            fleet::refused_never_fires,
        ),
        law(
            R::ForceDeleteClock,
            "I-L3: force delete waits fifteen minutes",
            fleet::force_delete_clock,
        ),
        law(
            R::MonotoneClock,
            "3.7: a clock that is set back moves no gate",
            fleet::monotone_clock,
        ),
        law(
            R::GatewayBlocksCreate,
            "I-L6: no cluster starts while its gateway is busy",
            fleet::gateway_blocks_create,
        ),
        law(
            R::GatewayBlocksDelete,
            "3.4: no cluster is deleted while its gateway is busy",
            fleet::gateway_blocks_delete,
        ),
        law(
            R::WholeDemandBeforeStart,
            "3.5.5: a cluster starts as a whole or not at all",
            fleet::whole_demand,
        ),
        law(
            R::VersionSkew,
            "I-L7: no worker is newer than the control plane",
            pools::version_skew,
        ),
        law(
            R::Approval,
            "G49: nothing is repaved without approval",
            pools::approval,
        ),
        law(R::Locked, "I-A3: nothing locked is touched", pools::locked),
        law(
            R::IpCount,
            "I-M4: no node without an address",
            fleet::ip_count,
        ),
    ]
}

/// Panics with the first action that the law forbids.
pub(super) fn never(trace: &[Taken], law: &str, forbids: impl Fn(&World, &Action) -> bool) {
    for (w, a) in trace.iter().flat_map(Taken::actions) {
        assert!(
            !forbids(w, a),
            "{law}: {} at {} s",
            a.id,
            (w.now_ms - T0) / 1000
        );
    }
}

pub(super) fn creates(a: &Action) -> bool {
    matches!(a.verb, Verb::Allocate { .. })
}

pub(super) fn is_drain(a: &Action) -> bool {
    matches!(a.verb, Verb::Drain { .. })
}

/// A control plane of `size`, all of revision r1 and up to date.
pub(super) fn control_plane(size: u32, free: u32) -> World {
    let mut w = world(free);
    add_running(
        &mut w,
        ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", size)),
    );
    w
}

/// Machines only: a pool w of `size` workers, all of revision r1 and up to date.
pub(super) fn workers(size: u32, free: u32) -> World {
    let mut w = world(free);
    add_running(
        &mut w,
        ClusterSpec::new("c").worker(PoolSpec::worker("w", size)),
    );
    w
}

/// All nodes of the pool become outdated.
pub(super) fn rolls(w: &mut World, id: &str, strategy: Strategy) {
    let p = pool(w, "c", id);
    (p.revision, p.strategy) = ("r2".into(), strategy);
}

/// What comes after the law is judged with all rules on: a rule that is off may spoil it.
pub(super) fn all_on() -> bool {
    !Rule::is_one_off()
}
