//! 3.5.4 Worker plan: give back, remediate, refill, then surge and drain behind the gate.
use crate::prelude::*;
use crate::{ConditionCode, Strategy, UnblockKind, Verdict, cluster_pool_key, ms_of};

use super::arbitration::{Demand, class};
use super::capacity::free_fits;
use super::commit::{cancel, commit, drain};
use super::creation::{control_plane_busy, creation_allowed, own_fits, skew};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase, count, pick};
use super::pool::Pool;
use super::switch::Rule;
use super::view::View;
use super::waits::{say_floor, say_frozen, say_would_lose, wait_for_return};
use super::{freeze, housekeeping};

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
        self.pool.key.clone()
    }

    /// reason(x) to go, x counted as staying. A frozen pool has no use for a surge node that was reclaimed.
    fn reason(&self, x: &NodeView<'_>, out: &Out) -> bool {
        let pool = self.pool;
        let idle = || pool.live > pool.size && freeze::is_frozen(&out.memory, pool);
        !self.c.spec.paused && (x.unhealthy || x.outdated || pool.surplus_with(x) || idle())
    }

    /// W-a: re-check every drain, commit the finished ones, give surplus back. Never gated. Returns how many are being drained.
    fn w_a_give_back(&self, out: &mut Out) -> u32 {
        let pool = self.pool;
        let mut drains = pool.draining;
        for x in pick(&pool.nodes, |x| x.phase.is_draining()) {
            if !self.reason(x, out) {
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
        if staying <= keep {
            return drains;
        }
        let mut avail = pool.avail;
        for x in pool.victims(|x| !freeze::protects(&out.memory, pool, x)) {
            if staying <= keep || drains >= pool.spec.max_parallel.max(1) {
                break;
            }
            if !x.avail || avail > pool.size || !Rule::Floor.holds() {
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
        let held = |x: &&NodeView<'_>| x.phase.is_staying() && (x.locked || x.operator_drains());
        if staying > keep
            && drains == 0
            && let Some(x) = pool.nodes.iter().find(held)
        {
            let text = "there are more nodes than wanted, and {node} is in an operator's hands";
            let facts = facts! {"node": x.id};
            let say = explain(self.subject(), Verdict::Blocked, "W-a", text, facts);
            out.say(say.until(UnblockKind::Operator, facts! {"do": "unlock the node"}));
        }
        drains
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
        if unhealthy > limit && Rule::RemediationBudget.holds() {
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
        out.demands.extend(Demand::many(self.fleet, need, |i| {
            let class = class::of_worker_refill(self.c, pool, i);
            Demand::new(self.c, self.ci, self.pi, class, "W-c")
        }));
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
        // The control plane is done, so what holds the version back is a node that is left out: only an operator can help.
        if let Some(why) = skew(self.c, pool.target.and_then(|t| t.version)) {
            out.waits.insert(self.subject());
            let say = explain(
                self.subject(),
                Verdict::Blocked,
                "W-d",
                "{why}",
                facts! {"why": why},
            );
            let todo = facts! {"do": "unlock the control-plane node, or give another version"};
            out.say(say.until(UnblockKind::Operator, todo));
            return false;
        }
        if self.c.spec.paused {
            return false;
        }
        if freeze::is_frozen(&out.memory, pool) {
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
        // A node that this pool has ahead of its size goes first: the pool whose turn it is may be waiting for the machine.
        let ahead = pool.staying > pool.size;
        if !ahead && !rolling(self.fleet, out, self.c).contains(&pool.spec.id.as_str()) {
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
        let refill = out
            .demands
            .iter()
            .rev()
            .take_while(|d| d.ci == self.ci)
            .filter(|d| d.pi == self.pi)
            .fold(0_u32, |n, d| n.saturating_add(d.more).saturating_add(1));
        let most = pool.most();
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
        out.demands.extend(Demand::many(self.fleet, room, |_| {
            Demand::new(self.c, self.ci, self.pi, class::WORKER_SURGE, "W-e")
        }));
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
        if drains >= pool.spec.max_parallel.max(1) || (unavailable == 0 && staying <= pool.size) {
            return;
        }
        let mut on_free_machines = 0;
        // Each turn drains one or is the last.
        let turns = pool.spec.max_parallel.max(1).saturating_sub(drains);
        let turns = usize::try_from(turns).unwrap_or(usize::MAX);
        for x in pool.first_victims(turns, |x| x.outdated, |x| x.avail) {
            if drains >= pool.spec.max_parallel.max(1) {
                break;
            }
            let floor = pool.size.saturating_sub(unavailable);
            if x.avail && avail.saturating_sub(1) < floor && Rule::Floor.holds() {
                say_floor(self.c, pool, x, rule, out);
                break;
            }
            if staying <= pool.size {
                if unavailable == 0 {
                    break;
                }
                if !own_fits(self.fleet, &out.memory, pool, x) {
                    on_free_machines += 1;
                    if free_fits(self.fleet, &out.memory, self.c, pool) < on_free_machines {
                        say_would_lose(self.fleet, self.c, pool, x, rule, out);
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
        .filter(|p| p.outdated > 0 && !freeze::is_frozen(&out.memory, p));
    candidates.take(n).map(|p| p.spec.id.as_str()).collect()
}
