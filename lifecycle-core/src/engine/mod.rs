//! 3.5 The decision algorithm. Each file is one chapter; rules carry the specification's names (`cp_7_recheck` is CP-7, `w_e_surge` W-e).
//!
//! `docs/rules.md` leads from each rule, guard, invariant and code to its item.
//!
//! | Chapter | File |
//! |---|---|
//! | 3.4 node phases, cluster and gateway states, commit, returning, deletion | `phase`, `state`, `gateway`, `commit`, `returning`, `deletion` |
//! | 3.5.0, 3.5.1 terms | `view`, `pool`, `capacity`; the world indexed: `index`, `lookup` |
//! | 3.5.2 guards and the ladder | `guard`, `ladder` |
//! | 3.5.3 housekeeping and control plane | `housekeeping`, `control_plane` |
//! | 3.5.4 workers, what a new node is made from | `worker`, `creation` |
//! | 3.5.5 arbitration and reclaim | `arbitration`, `market`, `reclaim` |
//! | 3.5.6 freeze, quarantine, memory | `freeze` |
//! | 3.5.7 wake-ups | `wakeup` |
//! | 3.7 clocks | `clock` |
//! | 7 switches for the ablation | `switch` |
//! | 3.3 actions, their guards, their order | `actions`, `guard_check`, `out` |
//! | 3.4 status, what Palette carries out | `status`, `palette` |
//! | 3.11 explanations | `explain`, `waits`, `silence` |
pub(crate) mod actions;
pub(crate) mod arbitration;
pub(crate) mod capacity;
pub(crate) mod clock;
pub(crate) mod commit;
pub(crate) mod control_plane;
pub(crate) mod creation;
pub(crate) mod deletion;
pub(crate) mod explain;
pub(crate) mod freeze;
pub(crate) mod gateway;
pub(crate) mod guard;
pub(crate) mod guard_check;
pub(crate) mod housekeeping;
pub(crate) mod index;
pub(crate) mod ladder;
pub(crate) mod lookup;
pub(crate) mod market;
pub(crate) mod out;
pub(crate) mod palette;
pub(crate) mod phase;
pub(crate) mod pool;
pub(crate) mod reclaim;
pub(crate) mod returning;
pub(crate) mod silence;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod switch;
pub(crate) mod view;
pub(crate) mod waits;
pub(crate) mod wakeup;
pub(crate) mod worker;

pub use guard_check::guard_holds;

use crate::prelude::*;
use crate::{
    Decision, Diagnostic, DiagnosticCode, Planner, RecordField, State, UnblockKind, Verdict, World,
};

use explain::{Until, explain, facts};
use index::{Cluster, Fleet, MadeUp};
use out::Out;
use phase::Phase;

/// The engine: what to do now, why, and when to ask again. Pure and total: the same world gives the same answer, whatever the order of its
/// lists, and no world makes it panic.
///
/// ```
/// use lifecycle_core::{ClusterSpec, Machine, PoolSpec, Verdict, World, decide};
///
/// let mut world = World::new(1_770_000_000_000);
/// let pool = PoolSpec::control_plane("cp", 1);
/// world.desired.clusters.push(ClusterSpec::new("edge").control_plane(pool));
///
/// // Without a machine it waits, and says for what.
/// let decision = decide(&world);
/// assert!(decision.actions.is_empty());
/// assert_eq!(decision.explain[0].verdict, Verdict::Blocked);
/// println!("{decision}");
///
/// // Asked again once there is one: what is remembered goes back in.
/// world.memory = decision.memory;
/// world.observed.machines.push(Machine::ready("m1", "z1", 16, 65_536, 500));
/// assert_eq!(decide(&world).actions[0].id, "edge/cp/cp-1/allocate");
/// ```
#[must_use]
pub fn decide(w: &World) -> Decision {
    decide_by(Planner::Engine, w)
}

/// The same by another planner's rules: [`Planner::ClusterApi`] plans as Cluster API (and so Palette) does.
#[must_use]
pub fn decide_by(planner: Planner, w: &World) -> Decision {
    decide_saying(planner, w, Saying::Everything)
}

/// How much a decision says of those that only wait; what is done is always explained.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saying {
    /// All of 3.11.
    Everything,
    /// Nothing that no rule has said: for the steps of a simulation, whose explanations nobody reads.
    Deeds,
}

pub(crate) fn decide_saying(planner: Planner, w: &World, saying: Saying) -> Decision {
    if let Some(diagnostic) = over_limit(w) {
        return Decision {
            memory: w.memory.clone(),
            diagnostics: vec![diagnostic],
            ..Decision::default()
        };
    }
    let made_up = MadeUp::new(w);
    let fleet = Fleet::new(w, &made_up, planner);
    Run::new(&fleet, saying).decision()
}

fn over_limit(w: &World) -> Option<Diagnostic> {
    let limits = &w.policy.limits;
    // One cluster above the limit is invalid by itself and does not stop the others.
    let wanted = w
        .desired
        .clusters
        .iter()
        .map(guard::nodes_wanted)
        .chain(w.desired.pcgs.iter().map(|g| g.pool.size))
        .filter(|n| *n <= limits.nodes)
        .fold(0_u32, u32::saturating_add);
    let counts = [
        (
            "clusters",
            w.desired.clusters.len() + w.desired.pcgs.len(),
            limits.clusters,
        ),
        ("nodes", w.observed.nodes.len(), limits.nodes),
        (
            "nodes wanted",
            usize::try_from(wanted).unwrap_or(usize::MAX),
            limits.nodes,
        ),
        ("machines", w.observed.machines.len(), limits.machines),
    ];
    let over = counts
        .into_iter()
        .find(|(_, n, limit)| u32::try_from(*n).unwrap_or(u32::MAX) > *limit)?;
    Some(Diagnostic {
        code: DiagnosticCode::LimitExceeded,
        args: facts! {"what": over.0, "count": over.1, "limit": over.2},
    })
}

/// One decision in the making.
struct Run<'f, 'a> {
    fleet: &'f Fleet<'a>,
    saying: Saying,
    states: BTreeMap<&'a str, State>,
    clock: clock::Clock,
    out: Out,
    /// Clusters that a guard holds: nothing is reclaimed from them, started or created in them.
    stopped: BTreeSet<usize>,
}

impl<'f, 'a> Run<'f, 'a> {
    fn new(fleet: &'f Fleet<'a>, saying: Saying) -> Self {
        let states = fleet
            .clusters
            .iter()
            .map(|c| (c.id, state::state(fleet, c)))
            .collect();
        let clock = clock::read(fleet.f.now, &fleet.f.w.memory);
        Self {
            fleet,
            saying,
            states,
            clock,
            out: Out::at(fleet.f.now),
            stopped: BTreeSet::new(),
        }
    }

    fn decision(mut self) -> Decision {
        let fleet = self.fleet;
        self.out
            .diagnostics
            .extend(fleet.diagnostics.iter().cloned());
        self.out.diagnostics.append(&mut self.clock.diagnostics);
        self.out.memory.clock_hwm_ms = Some(self.clock.hwm);
        guard::future(fleet, &mut self.out);
        freeze::remember(fleet, &mut self.out);
        for (ci, c) in fleet.clusters.iter().enumerate() {
            self.cluster(ci, c);
        }
        if fleet.f.planner == Planner::ClusterApi {
            crate::planner::cluster_api::allocate(fleet, &self.states, &mut self.out);
        } else {
            arbitration::run(fleet, &self.states, &self.stopped, &mut self.out);
        }
        freeze::no_progress(fleet, &mut self.out);
        wakeup::pending(fleet, &mut self.out);
        self.out
            .actions
            .retain(|a| !fleet.f.pending_ids.contains(a.id.as_str()));
        self.out.order();
        freeze::note_actions(fleet, &mut self.out);
        if self.saying == Saying::Everything {
            silence::fleet(fleet, &self.states, &mut self.out);
        }
        let status = status::fleet_status(fleet, &self.states, &mut self.out);
        self.out
            .memory
            .clusters
            .retain(|_, m| *m != crate::ClusterMemory::default());
        Decision {
            actions: self.out.actions,
            memory: self.out.memory,
            next_wakeup_ms: self.out.wakeup_ms,
            status,
            explain: self.out.explain,
            diagnostics: self.out.diagnostics,
        }
    }

    fn cluster(&mut self, ci: usize, c: &Cluster<'a>) {
        let (fleet, out) = (self.fleet, &mut self.out);
        out.begin();
        let state = self.states[c.id];
        let stale = guard::is_stale(fleet);
        if c.is_palette {
            if state != State::Deleted {
                palette::conditions(&fleet.f, c, state, out);
            }
            self.stopped.insert(ci);
            return;
        }
        ignored_requests(c, state, out);
        if state == State::Deleted {
            return;
        }
        if state.is_terminating() {
            deletion::run(fleet, c, &self.states, &self.clock, out);
            if stale {
                self.stopped.insert(ci);
                guard::apply_stale(fleet, c, out);
            }
            if !switch::Rule::AbortingNeverCreates.holds() {
                control_plane::plan(fleet, ci, out);
                worker::plan(fleet, ci, out);
            }
            return;
        }
        if c.is_started() {
            housekeeping::run(fleet, c, out);
            if fleet.f.planner == Planner::ClusterApi {
                crate::planner::cluster_api::plan(fleet, ci, out);
            } else if c.invalid.is_none() {
                control_plane::plan(fleet, ci, out);
                worker::plan(fleet, ci, out);
            }
            waits::say_unapproved(c, out);
            record(fleet, c, state, out);
            wakeup::nodes(fleet, c, out);
            if self.saying == Saying::Everything {
                silence::nodes(fleet, c, out);
            }
        }
        if c.spec.paused && (state != State::Running) {
            let say = explain(
                c.id,
                Verdict::Blocked,
                "3.4",
                "paused: nothing voluntary is done",
                facts! {},
            );
            out.say(say.until(UnblockKind::Operator, facts! {"do": "resume"}));
        }
        if fleet.f.planner == Planner::ClusterApi {
            return;
        }
        if let Some(code) = &c.invalid {
            self.stopped.insert(ci);
            guard::apply_invalid(fleet, c, code, out);
        }
        if guard::mass_failure(fleet, c, out) {
            self.stopped.insert(ci);
            guard::apply_mass_failure(fleet, c, out);
        }
        if stale {
            self.stopped.insert(ci);
            guard::apply_stale(fleet, c, out);
        }
    }
}

/// Requests that the engine does not honour are named, never silently dropped.
fn ignored_requests(c: &Cluster<'_>, state: State, out: &mut Out) {
    if state.is_terminating() || state == State::Deleted {
        return;
    }
    if c.spec.delete_requested_ms.is_some() && !state::delete_honoured(c) {
        let text = "the delete was asked for before the cluster was complete: use abort";
        out.say(explain(
            c.id,
            Verdict::Refused,
            "E_DELETE_NOT_PROVISIONED",
            text,
            facts! {},
        ));
    }
    if c.spec.abort_requested_ms.is_some() && !state::abort_honoured(c) {
        let text = "the abort was asked for after the cluster was complete: use delete";
        out.say(explain(
            c.id,
            Verdict::Refused,
            "E_ABORT_ALREADY_PROVISIONED",
            text,
            facts! {},
        ));
    }
}

/// 3.4 Record: the moment at which everything was complete for the first time, and at which an update began.
fn record(fleet: &Fleet<'_>, c: &Cluster<'_>, state: State, out: &mut Out) {
    let complete = c.pools.iter().all(|p| {
        p.live == p.size
            && p.nodes
                .iter()
                .all(|x| x.phase == Phase::Active || !x.phase.is_live())
    });
    if c.provisioned_ms.is_none() && complete && c.is_started() {
        out.act(actions::record(
            c.id,
            "",
            None,
            RecordField::ProvisionedMs,
            fleet.f.now,
        ));
    }
    if matches!(state, State::Updating | State::Upgrading | State::Resizing) {
        let began = c
            .pools
            .iter()
            .filter_map(|p| freeze::rollout(&out.memory, p))
            .map(|r| r.started_ms)
            .max();
        let known = c.obs.update_started_ms;
        if known.is_none() || began > known {
            let value = began.unwrap_or(fleet.f.now);
            out.act(actions::record(
                c.id,
                "",
                None,
                RecordField::UpdateStartedMs,
                value,
            ));
        }
    }
}
