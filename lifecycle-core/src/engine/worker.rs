//! 3.5.4 Worker plan: give back, remediate, refill, then surge and drain behind the gate.
use crate::prelude::*;
use crate::{
    Code, ConditionCode, Planner, Repave, Strategy, UnblockKind, Verdict, Version,
    cluster_pool_key, ms_of,
};

use super::arbitration::{Demand, class};
use super::capacity::free_fits;
use super::commit::{cancel, commit, drain, subject};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase, count, pick};
use super::pool::Pool;
use super::switch::Rule;
use super::view::View;
use super::{freeze, housekeeping, returning};

/// One worker pool under the rules.
struct Worker<'r, 'a> {
    fleet: &'r Fleet<'a>,
    c: &'r Cluster<'a>,
    pool: &'r Pool<'a>,
    ci: usize,
    pi: usize,
}

/// W-a … W-f for every worker pool; W-g follows arbitration.
pub(crate) fn plan(fleet: &Fleet<'_>, ci: usize, out: &mut Out) {
    let c = &fleet.clusters[ci];
    for (pi, pool) in c.pools.iter().enumerate().filter(|(_, p)| !p.is_cp) {
        let w = Worker {
            fleet,
            c,
            pool,
            ci,
            pi,
        };
        let drains = w.w_a_give_back(out);
        let drains = w.w_b_remediate(drains, out);
        w.w_c_refill(out);
        if pool.outdated > 0 && w.w_d_gate(out) {
            w.w_e_surge(out);
            w.w_f_drain(drains, pool.unavailable, "W-f", out);
        }
    }
}

/// W-g Fallback: the surge was not served and nothing of the pool moves: one drain as Contract First would.
pub(crate) fn fallback(fleet: &Fleet<'_>, ci: usize, pi: usize, out: &mut Out) -> bool {
    let c = &fleet.clusters[ci];
    let pool = &c.pools[pi];
    let moves = pool.nodes.iter().any(|x| {
        matches!(x.phase, Phase::Returning | Phase::Leaving)
            || x.phase.is_creating()
            || x.phase.is_draining()
    });
    if pool.spec.strategy != Strategy::ExpandFirst || !super::index::falls_back(pool.spec) || moves
    {
        return false;
    }
    let before = out.actions.len();
    Worker {
        fleet,
        c,
        pool,
        ci,
        pi,
    }
    .w_f_drain(0, 1, "W-g", out);
    if out.actions.len() == before {
        return false;
    }
    let text =
        "FallbackContract: no spare machine fits, so one node goes before its replacement comes";
    out.say(explain(
        cluster_pool_key(c.id, &pool.spec.id),
        Verdict::Did,
        "W-g",
        text,
        facts! {"on_no_spare": "fallback_contract"},
    ));
    true
}

impl<'a> Worker<'_, 'a> {
    fn subject(&self) -> String {
        cluster_pool_key(self.c.id, &self.pool.spec.id)
    }

    /// reason(x) to go, x counted as staying.
    fn reason(&self, x: &NodeView<'_>) -> bool {
        !self.c.spec.paused && (x.unhealthy || x.outdated || self.pool.surplus_with(x))
    }

    /// W-a: re-check every drain, commit the finished ones, give surplus back. Never gated. Returns how many are being drained.
    fn w_a_give_back(&self, out: &mut Out) -> u32 {
        let pool = self.pool;
        let mut drains = pool.draining;
        for x in pick(&pool.nodes, |x| x.phase.is_draining()) {
            if !self.reason(x) {
                cancel(
                    self.fleet,
                    self.c,
                    pool,
                    x,
                    "W-a",
                    "there is no reason for it to go any more",
                    out,
                );
            } else if pool.avail < pool.floor
                && Rule::Floor.holds()
                && x.ready().is_true()
                && !x.cordoned_by_operator()
            {
                cancel(
                    self.fleet,
                    self.c,
                    pool,
                    x,
                    "W-a",
                    "too few nodes are available without it",
                    out,
                );
            } else if x.phase == Phase::Drained {
                commit(self.c, pool, x, "W-a", out);
            } else {
                self.say_draining(x, out);
            }
        }
        if self.c.spec.paused {
            return drains;
        }
        let keep = pool
            .size
            .saturating_add(if pool.outdated > 0 { pool.surge } else { 0 });
        let mut staying = pool.staying;
        let mut unborn: Vec<&NodeView<'a>> = pool
            .nodes
            .iter()
            .filter(|x| {
                x.phase.is_creating() && x.phase != Phase::Planned && !x.pending && !x.locked
            })
            .collect();
        unborn.sort_by_key(|x| (core::cmp::Reverse(x.created_ms), core::cmp::Reverse(x.id)));
        for x in unborn {
            if staying <= keep {
                break;
            }
            housekeeping::release(self.fleet, self.c, pool, x, "W-a", out);
            staying -= 1;
        }
        let mut avail = pool.avail;
        for x in pool.victims(|_| true) {
            if staying <= keep || drains >= pool.spec.max_parallel.max(1) {
                break;
            }
            if !x.avail || avail > pool.size {
                drain(
                    self.fleet,
                    self.c,
                    pool,
                    x,
                    "W-a",
                    "there are more nodes than wanted",
                    out,
                );
                avail -= u32::from(x.avail);
                staying -= 1;
                drains += 1;
            }
        }
        drains
    }

    fn say_draining(&self, x: &NodeView<'_>, out: &mut Out) {
        let deadline = x
            .drain_ms
            .map(|t| t.saturating_add(ms_of(self.pool.spec.drain_deadline_s)));
        let blocker = x.node.and_then(|n| n.drain.blocker.clone());
        let waits = self.pool.spec.on_drain_deadline == crate::OnDrainDeadline::Wait
            && deadline.is_some_and(|d| self.fleet.f.now >= d);
        if waits {
            let facts = facts! {"node": x.id, "blocker": blocker.unwrap_or_default()};
            out.condition(self.c.id, ConditionCode::DrainBlocked, facts.clone());
            let say = explain(
                subject(self.c, self.pool, x.id),
                Verdict::Blocked,
                "W-a",
                "the drain of {node} is held up by {blocker}",
                facts,
            );
            out.say(say.until(
                UnblockKind::Operator,
                facts! {"do": "remove what blocks the drain"},
            ));
        }
    }

    /// W-b: one unhealthy node at a time, while not too many are.
    fn w_b_remediate(&self, drains: u32, out: &mut Out) -> u32 {
        let pool = self.pool;
        if self.c.spec.paused || !self.fleet.f.w.policy.remediation {
            return drains;
        }
        let unhealthy = count(&pool.nodes, |x| x.unhealthy && x.phase.is_live());
        let waiting = pool.victims(|x| x.unhealthy);
        if unhealthy == 0 || waiting.is_empty() {
            return drains;
        }
        let limit = pool.spec.max_unhealthy.down(pool.size).max(1);
        if unhealthy > limit {
            let facts = facts! {"why": "MaxUnhealthy", "unhealthy": unhealthy, "limit": limit};
            out.condition(self.c.id, ConditionCode::CannotRemediate, facts.clone());
            let text = "{unhealthy} nodes are unhealthy (limit {limit}): none is replaced until that is understood";
            let say = explain(self.subject(), Verdict::Blocked, "W-b", text, facts);
            out.say(say.until(
                UnblockKind::Operator,
                facts! {"do": "find out why so many failed"},
            ));
            return drains;
        }
        let busy = pool
            .nodes
            .iter()
            .any(|x| x.unhealthy && x.phase.is_draining());
        if busy || drains >= pool.spec.max_parallel.max(1) {
            return drains;
        }
        drain(
            self.fleet,
            self.c,
            pool,
            waiting[0],
            "W-b",
            "it is unhealthy and no power rung is left",
            out,
        );
        drains + 1
    }

    /// W-c: below size.
    fn w_c_refill(&self, out: &mut Out) {
        let pool = self.pool;
        if self.c.spec.paused || pool.live >= pool.size {
            return;
        }
        if self.c.etcd.view == View::Uninitialised {
            let say = explain(
                self.subject(),
                Verdict::Waiting,
                "W-c",
                "workers wait for the first control-plane node",
                facts! {},
            );
            out.say(say.until(UnblockKind::ControlPlane, facts! {}));
            out.waits.insert(self.subject());
            return;
        }
        if !creation_allowed(self.fleet, self.c, pool, "W-c", out) {
            return;
        }
        let room = pool.ceiling().saturating_sub(pool.held);
        let need = (pool.size - pool.live).min(room);
        if need == 0 {
            wait_for_return(self.fleet, self.c, pool, "W-c", out);
        }
        for i in 0..need {
            out.demands.push(Demand::new(
                self.c,
                self.ci,
                self.pi,
                class::of_worker_refill(self.c, pool, i),
                "W-c",
            ));
        }
    }

    /// W-d: d1 the control plane first, d2 this pool's own turn.
    fn w_d_gate(&self, out: &mut Out) -> bool {
        let pool = self.pool;
        if let Some(why) = control_plane_busy(self.c) {
            return self.wait(
                "W-d",
                "outdated workers wait for the control plane: {why}",
                facts! {"why": why},
                UnblockKind::ControlPlane,
                out,
            );
        }
        if let Some(why) = skew(self.c, pool.target.and_then(|t| t.version)) {
            return self.wait(
                "W-d",
                "{why}",
                facts! {"why": why},
                UnblockKind::ControlPlane,
                out,
            );
        }
        if self.c.spec.paused {
            return false;
        }
        if freeze::is_frozen(&out.memory, self.c.id, pool) {
            say_frozen(self.fleet, self.c, pool, "W-d", out);
            return false;
        }
        let last_joined = pool.nodes.iter().filter_map(|x| x.joined_ms).max();
        let until = last_joined.map_or(i64::MIN, |t| {
            t.saturating_add(ms_of(pool.spec.node_repave_interval_s))
        });
        if pool.spec.node_repave_interval_s > 0 && self.fleet.f.now < until {
            out.wake(until);
            return self.wait(
                "W-d",
                "the interval between two nodes is not over",
                facts! {"at_ms": until},
                UnblockKind::Time,
                out,
            );
        }
        if !rolling(self.fleet, out, self.c).contains(&pool.spec.id.as_str()) {
            return self.wait(
                "W-d",
                "another pool of the cluster rolls first",
                facts! {},
                UnblockKind::Node,
                out,
            );
        }
        true
    }

    fn wait(
        &self,
        rule: &str,
        text: &str,
        facts: crate::Args,
        kind: UnblockKind,
        out: &mut Out,
    ) -> bool {
        out.waits.insert(self.subject());
        out.say(
            explain(self.subject(), Verdict::Waiting, rule, text, facts.clone()).until(kind, facts),
        );
        false
    }

    /// W-e: create before removing.
    fn w_e_surge(&self, out: &mut Out) {
        let pool = self.pool;
        let locked_old = count(&pool.nodes, |x| {
            x.locked && !x.up_to_date && x.phase.is_staying()
        });
        let at_target = count(&pool.nodes, |x| x.phase.is_staying() && x.up_to_date);
        let wanted = pool.size.saturating_sub(locked_old);
        // What W-c asked for in this decision counts as if it were there.
        let refill = u32::try_from(
            out.demands
                .iter()
                .filter(|d| d.ci == self.ci && d.pi == self.pi)
                .count(),
        )
        .unwrap_or(u32::MAX);
        let most = pool.size.saturating_add(pool.surge);
        let room = most
            .saturating_sub(pool.live.saturating_add(refill))
            .min(
                pool.ceiling()
                    .saturating_sub(pool.held.saturating_add(refill)),
            )
            .min(
                pool.spec
                    .max_parallel
                    .max(1)
                    .saturating_sub(pool.creating.saturating_add(refill)),
            )
            .min(wanted.saturating_sub(at_target.saturating_add(refill)));
        for _ in 0..room {
            out.demands.push(Demand::new(
                self.c,
                self.ci,
                self.pi,
                class::WORKER_SURGE,
                "W-e",
            ));
        }
        let held_back = room == 0
            && pool.surge > 0
            && pool.live < most
            && pool.creating == 0
            && at_target < wanted
            && refill == 0;
        if held_back && pool.held >= pool.ceiling() {
            wait_for_return(self.fleet, self.c, pool, "W-e", out);
        }
    }

    /// W-f: drain outdated nodes, the unavailable ones first.
    fn w_f_drain(&self, mut drains: u32, unavailable: u32, rule: &str, out: &mut Out) {
        let pool = self.pool;
        if let Some(until) = pool.hold_off_ms {
            out.wake(until);
            self.wait(
                rule,
                "a drain was cancelled lately: no other one yet",
                facts! {"at_ms": until},
                UnblockKind::Time,
                out,
            );
            return;
        }
        let (mut avail, mut staying) = (pool.avail, pool.staying);
        let mut on_free_machines = 0;
        let mut victims = pool.victims(|x| x.outdated);
        victims.sort_by_key(|x| x.avail);
        for x in victims {
            if drains >= pool.spec.max_parallel.max(1) {
                break;
            }
            let floor = pool.size.saturating_sub(unavailable);
            if x.avail && avail.saturating_sub(1) < floor && Rule::Floor.holds() {
                break;
            }
            if staying <= pool.size {
                if unavailable == 0 {
                    break;
                }
                if !own_fits(self.fleet, &out.memory, pool, x) {
                    on_free_machines += 1;
                    if free_fits(self.fleet, &out.memory, self.c, pool.spec) < on_free_machines {
                        say_would_lose(self.c, pool, x, rule, out);
                        break;
                    }
                }
            }
            let why = if x.avail {
                "it is outdated"
            } else {
                "it is outdated and not available anyway"
            };
            drain(self.fleet, self.c, pool, x, rule, why, out);
            avail -= u32::from(x.avail);
            staying = staying.saturating_sub(1);
            drains += 1;
        }
    }
}

impl NodeView<'_> {
    /// Cordoned by more than its own drain: cancelling that would not make it available.
    pub(crate) fn cordoned_by_operator(&self) -> bool {
        self.maintenance
    }
}

/// The cluster's pools that may roll now: the first by name with something outdated and not frozen.
fn rolling<'c>(fleet: &Fleet<'_>, out: &Out, c: &'c Cluster<'_>) -> Vec<&'c str> {
    let n = usize::try_from(fleet.f.w.policy.max_pools_rolling.max(1)).unwrap_or(usize::MAX);
    let candidates = c
        .workers()
        .iter()
        .filter(|p| p.outdated > 0 && !freeze::is_frozen(&out.memory, c.id, p));
    candidates.take(n).map(|p| p.spec.id.as_str()).collect()
}

/// d1: why the control plane is not done yet.
pub(crate) fn control_plane_busy(c: &Cluster<'_>) -> Option<String> {
    let cp = c.cp()?;
    if c.etcd.view != View::Good {
        return Some("etcd is not known to be well".to_owned());
    }
    if cp.outdated > 0 {
        return Some(format!("{} of its nodes are outdated", cp.outdated));
    }
    if cp.live != cp.size {
        return Some(format!("it has {} of {} nodes", cp.live, cp.size));
    }
    let moving = cp
        .nodes
        .iter()
        .find(|x| x.phase.is_live() && x.phase != Phase::Active)?;
    Some(format!("{} is {}", moving.id, moving.phase.name()))
}

/// Why workers may not have this version: newer than a control-plane node, or more than three minor versions behind one.
pub(crate) fn skew(c: &Cluster<'_>, version: Option<Version>) -> Option<String> {
    let (cp, version) = (c.cp()?, version?);
    let minor = |v: Version| (v.major, v.minor);
    let (lowest, highest) = (cp.versions().min()?, cp.versions().max()?);
    if minor(version) > minor(lowest) {
        return Some(format!(
            "workers may not have {version} while a control-plane node has {lowest}"
        ));
    }
    let behind = highest.major == version.major && highest.minor > version.minor.saturating_add(3);
    (behind || highest.major > version.major)
        .then(|| format!("{version} is more than three minor versions behind {highest}"))
}

/// What a new node is made from: the target if the gate lets it, else what most Active nodes are.
pub(crate) fn creation_revision<'p>(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    c: &Cluster<'_>,
    pool: &'p Pool<'_>,
) -> Result<&'p str, NoCreate> {
    let Some(target) = pool.target else {
        return Err(NoCreate::Unapproved);
    };
    if fleet.f.planner == Planner::ClusterApi {
        return Ok(target.revision);
    }
    if freeze::is_frozen(memory, c.id, pool) {
        return freeze::refill_revision(fleet, memory, c, pool).map_err(NoCreate::BackOff);
    }
    if c.provisioned_ms.is_none() {
        return freeze::back_off(fleet, memory, c, pool)
            .map_or(Ok(target.revision), |t| Err(NoCreate::BackOff(t)));
    }
    if pool.is_cp || (control_plane_busy(c).is_none() && skew(c, target.version).is_none()) {
        return Ok(target.revision);
    }
    match freeze::majority_revision(pool, |_| true) {
        Some(revision) => Ok(revision),
        None => skew(c, target.version).map_or(Ok(target.revision), |why| Err(NoCreate::Skew(why))),
    }
}

/// Why no node may be created.
pub(crate) enum NoCreate {
    /// Nothing is approved yet.
    Unapproved,
    /// The revision fails; until this moment.
    BackOff(i64),
    /// The version is too new or too old.
    Skew(String),
}

/// Says why nothing is created, if so.
pub(crate) fn creation_allowed(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) -> bool {
    let subject = cluster_pool_key(c.id, &pool.spec.id);
    match creation_revision(fleet, &out.memory, c, pool) {
        Ok(_) => return true,
        Err(NoCreate::Unapproved) => {
            out.condition(
                c.id,
                ConditionCode::RepavePendingApproval,
                facts! {"pool": pool.spec.id.as_str()},
            );
            let say = explain(
                &subject,
                Verdict::Blocked,
                rule,
                "no revision is approved: nothing is created",
                facts! {},
            );
            out.say(say.until(UnblockKind::Approval, facts! {}));
        }
        Err(NoCreate::BackOff(until)) => {
            let text = "the revision keeps failing: the next try waits";
            out.say(
                explain(
                    &subject,
                    Verdict::Waiting,
                    "3.5.6",
                    text,
                    facts! {"at_ms": until},
                )
                .until(UnblockKind::Time, facts! {"at_ms": until}),
            );
            out.wake(until);
        }
        Err(NoCreate::Skew(why)) => {
            out.say(
                explain(
                    &subject,
                    Verdict::Waiting,
                    rule,
                    "{why}",
                    facts! {"why": why},
                )
                .until(UnblockKind::ControlPlane, facts! {}),
            );
        }
    }
    out.waits.insert(subject);
    false
}

/// The node's own machine would fit again: then it will be there once released.
pub(crate) fn own_fits(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
) -> bool {
    let usable = |m: &crate::Machine| {
        m.fits(pool.spec)
            && !m.locked
            && freeze::quarantined(memory, &m.system_id, fleet.f.now).is_none()
    };
    x.machine.is_some_and(usable) || !Rule::ReplaceableBeforeContract.holds()
}

/// replaceable(x): a replacement can be had now, from a free machine or its own.
pub(crate) fn replaceable(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
) -> bool {
    creation_revision(fleet, memory, c, pool).is_ok()
        && (own_fits(fleet, memory, pool, x) || free_fits(fleet, memory, c, pool.spec) > 0)
}

/// Contract would lose capacity: no machine, the node's own included, fits.
pub(crate) fn say_would_lose(
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    rule: &str,
    out: &mut Out,
) {
    let facts = facts! {
        "node": x.id, "machine": x.system_id().unwrap_or(""), "cpu": x.machine.map_or(0, |m| m.cpu), "min": pool.spec.min_cpu,
        "code": Code::ContractWouldLoseCapacity.as_str(), "need": 1, "available": 0, "returning": 0,
    };
    out.condition(c.id, ConditionCode::CapacityShort, facts.clone());
    out.waits.insert(cluster_pool_key(c.id, &pool.spec.id));
    let text = "draining {node} would lose capacity: {machine} has {cpu} CPU, pool now needs {min}, and no free machine fits";
    let say = explain(subject(c, pool, x.id), Verdict::Blocked, rule, text, facts);
    out.say(say.until(
        UnblockKind::Operator,
        facts! {"do": "add a machine that fits"},
    ));
}

/// ⏳R: the pool holds as many machines as it may; one must come back first.
pub(crate) fn wait_for_return(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) {
    let key = cluster_pool_key(c.id, &pool.spec.id);
    let back = pool
        .nodes
        .iter()
        .filter(|x| x.phase == Phase::Returning)
        .filter_map(|x| x.machine);
    let due = back
        .map(|m| (returning::eta(&fleet.f, m, pool.spec.erase), m))
        .min_by_key(|(t, m)| (*t, &m.system_id));
    let mut facts = facts! {"held": pool.held, "ceiling": pool.ceiling()};
    if let Some((eta, machine)) = due {
        facts.insert("machine".to_owned(), machine.system_id.as_str().into());
        facts.insert("eta_ms".to_owned(), eta.into());
        out.wake(returning::deadline(&fleet.f, machine, pool.spec.erase));
    }
    out.waits.insert(key.clone());
    let text = "the pool holds {held} machines, as many as it may: one must come back first";
    out.say(
        explain(key, Verdict::Waiting, rule, text, facts.clone())
            .until(UnblockKind::Machine, facts),
    );
}

/// A frozen rollout, and what ends it.
pub(crate) fn say_frozen(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) {
    let Some(r) = freeze::rollout(&out.memory, c.id, pool) else {
        return;
    };
    let limit = fleet.f.w.policy.failure_limit;
    let facts = facts! {"why": freeze::frozen_why(fleet, r), "failures": r.failures, "limit": limit, "revision": r.revision.as_str()};
    out.condition(c.id, ConditionCode::Frozen, facts.clone());
    out.waits.insert(cluster_pool_key(c.id, &pool.spec.id));
    let text = "the rollout to {revision} is frozen: {why} ({failures}/{limit})";
    let say = explain(
        cluster_pool_key(c.id, &pool.spec.id),
        Verdict::Blocked,
        rule,
        text,
        facts,
    );
    out.say(say.until(
        UnblockKind::Operator,
        facts! {"do": "give another revision, or resume"},
    ));
}

/// Says that a change waits for approval.
pub(crate) fn say_unapproved(c: &Cluster<'_>, out: &mut Out) {
    let waits = |p: &Pool<'_>| {
        p.spec
            .approved_revision
            .as_ref()
            .is_some_and(|r| *r != p.spec.revision)
    };
    if c.spec.repave != Repave::Pending {
        return;
    }
    for pool in c.pools.iter().filter(|p| waits(p)) {
        let facts = facts! {"pool": pool.spec.id.as_str(), "revision": pool.spec.revision.as_str()};
        out.condition(c.id, ConditionCode::RepavePendingApproval, facts.clone());
        let say = explain(
            cluster_pool_key(c.id, &pool.spec.id),
            Verdict::Blocked,
            "3.4",
            "the change to {revision} waits for approval",
            facts,
        );
        out.say(say.until(UnblockKind::Approval, facts! {}));
    }
}
