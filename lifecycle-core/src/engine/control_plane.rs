//! 3.5.3 Control-plane plan: the first rule that hits ends it. One operation at a time, etcd's majority first.
use crate::prelude::*;
use crate::{ConditionCode, Etcd, Strategy, UnblockKind, Verdict, cluster_pool_key, ms_of};

use super::arbitration::{Demand, class};
use super::commit::{cancel, commit, drain, subject};
use super::explain::{Until, explain, facts};
use super::index::{Cluster, Fleet, is_free_status};
use super::out::Out;
use super::phase::{NodeView, Phase, count, pick};
use super::pool::Pool;
use super::switch::Rule as Switch;
use super::view::{View, Weight, member_node};
use super::{actions, freeze};

/// What a rule says about the rules after it.
#[derive(PartialEq, Eq)]
enum Flow {
    Stop,
    Next,
}
use Flow::{Next, Stop};

/// How long etcd is given before a drain under an unknown view is cancelled, and a ghost is believed to be one.
const PATIENCE_MS: i64 = 300_000;

/// One control-plane pool under the rules.
struct Cp<'r, 'a> {
    fleet: &'r Fleet<'a>,
    c: &'r Cluster<'a>,
    pool: &'r Pool<'a>,
    ci: usize,
}

/// A rule: what it does, and whether the next one is asked.
type Rule<'r, 'a> = fn(&Cp<'r, 'a>, &mut Out) -> Flow;

/// The rules in their order.
fn rules<'r, 'a>() -> [Rule<'r, 'a>; 12] {
    [
        Cp::cp_2_init,
        Cp::cp_3_unknown,
        Cp::cp_4_lost,
        Cp::cp_5_discarded_member,
        Cp::cp_6_ghosts,
        Cp::cp_7_recheck,
        Cp::cp_8_in_flight,
        Cp::cp_9_remediate,
        Cp::cp_10_refill,
        Cp::cp_11_calm,
        Cp::cp_12_outdated,
        Cp::cp_13_surplus,
    ]
}

/// CP-2 … CP-13.
pub(crate) fn plan(fleet: &Fleet<'_>, ci: usize, out: &mut Out) {
    let c = &fleet.clusters[ci];
    let Some(pool) = c.cp() else { return };
    let cp = Cp { fleet, c, pool, ci };
    for rule in rules() {
        if rule(&cp, out) == Stop {
            return;
        }
    }
}

impl<'a> Cp<'_, 'a> {
    fn subject(&self) -> String {
        self.pool.key.clone()
    }

    /// Asks for a node, unless nothing is approved or the revision keeps failing.
    fn demand(&self, class: u8, rule: &'static str, out: &mut Out) {
        if !super::creation::creation_allowed(self.fleet, self.c, self.pool, rule, out) {
            return;
        }
        out.demands
            .push(Demand::new(self.c, self.ci, 0, class, rule));
    }

    fn safe_remove(&self, x: &NodeView<'_>) -> bool {
        self.c.etcd.safe_remove(x, &self.pool.nodes)
    }

    /// Commit step allowed: safe_remove, and no learner.
    fn may_commit(&self, x: &NodeView<'_>) -> bool {
        self.safe_remove(x) && self.c.etcd.no_learner()
    }

    /// reason(x) to go, x counted as staying.
    fn reason(&self, x: &NodeView<'_>) -> bool {
        !self.c.spec.paused && (x.unhealthy || x.outdated || self.pool.live > self.pool.size)
    }

    fn cannot_remediate(&self, x: &str, why: &str, rule: &str, out: &mut Out) {
        let facts = facts! {"node": x, "why": why};
        out.condition(self.c.id, ConditionCode::CannotRemediate, facts.clone());
        let say = explain(
            subject(self.c, self.pool, x),
            Verdict::Blocked,
            rule,
            "{node} cannot be taken out of etcd: {why}",
            facts,
        );
        out.say(say.until(UnblockKind::Etcd, facts! {}).until(
            UnblockKind::Operator,
            facts! {"do": "restore another member"},
        ));
        out.wake(self.fleet.f.now.saturating_add(30_000));
    }

    /// CP-2: the first node founds the control plane.
    fn cp_2_init(&self, out: &mut Out) -> Flow {
        if self.c.etcd.view != View::Uninitialised {
            return Next;
        }
        let may_init = self.pool.live == 0 || !Switch::InitOnce.holds();
        if may_init && !self.c.spec.paused {
            if self.pool.held < self.pool.ceiling() {
                self.demand(class::of_refill(self.c, self.pool), "CP-2", out);
            } else {
                self.wait_for_return("CP-2", out);
            }
        }
        Stop
    }

    /// CP-3: nothing is created, drained or committed while etcd is not known; a drain is kept for five minutes.
    fn cp_3_unknown(&self, out: &mut Out) -> Flow {
        if self.c.etcd.view != View::Unknown {
            return Next;
        }
        for x in pick(&self.pool.nodes, |x| x.phase.is_draining()) {
            let started = x.drain_ms.unwrap_or(self.fleet.f.now);
            let detached = x.node.is_some_and(|n| n.endpoint_attached == Some(false));
            let until = started.saturating_add(PATIENCE_MS);
            if detached {
                continue;
            }
            if self.fleet.f.now >= until {
                cancel(
                    self.fleet,
                    self.c,
                    self.pool,
                    x,
                    "CP-3",
                    "etcd has not been seen for five minutes",
                    out,
                );
            } else {
                out.wake(until);
            }
        }
        out.condition(self.c.id, ConditionCode::EtcdUnknown, facts! {});
        let say = explain(
            self.subject(),
            Verdict::Waiting,
            "CP-3",
            "etcd was not seen lately or cannot be read: nothing is changed",
            facts! {},
        );
        out.say(say.until(UnblockKind::Etcd, facts! {}));
        out.wake(self.fleet.f.now.saturating_add(30_000));
        Stop
    }

    /// CP-4: without a majority only an operator can help.
    fn cp_4_lost(&self, out: &mut Out) -> Flow {
        if self.c.etcd.view != View::Lost {
            return Next;
        }
        for x in pick(&self.pool.nodes, |x| x.phase.is_draining()) {
            cancel(
                self.fleet,
                self.c,
                self.pool,
                x,
                "CP-4",
                "etcd has lost its majority",
                out,
            );
        }
        let facts = facts! {"healthy": self.c.etcd.healthy, "voters": self.c.etcd.voters};
        out.condition(self.c.id, ConditionCode::QuorumLost, facts.clone());
        let text = "only {healthy} of {voters} etcd members are healthy: no majority, nothing is created or removed";
        let say = explain(self.subject(), Verdict::Blocked, "CP-4", text, facts);
        out.say(
            say.until(UnblockKind::Operator, facts! {"do": "restore etcd"})
                .until(UnblockKind::Etcd, facts! {}),
        );
        out.wake(self.fleet.f.now.saturating_add(30_000));
        Stop
    }

    /// CP-5: a failed create that got into etcd leaves it first.
    fn cp_5_discarded_member(&self, out: &mut Out) -> Flow {
        let Some((x, member)) = self
            .pool
            .nodes
            .iter()
            .find_map(|x| Some((x, x.member.filter(|_| x.phase == Phase::Discarded)?)))
            .filter(|_| Switch::LearnerAndGhostCleanUp.holds())
        else {
            return Next;
        };
        if x.pending {
            return Stop;
        }
        if member.learner {
            out.act(actions::remove_member(
                self.c.id,
                &self.pool.spec.id,
                x.id,
                member,
                &self.c.etcd,
            ));
            let text = "{node} never settled: its learner is removed from etcd";
            out.say(explain(
                subject(self.c, self.pool, x.id),
                Verdict::Did,
                "CP-5",
                text,
                facts! {"node": x.id},
            ));
        } else if self.may_commit(x) {
            commit(self.c, self.pool, x, "CP-5", out);
        } else {
            self.cannot_remediate(x.id, "etcd would lose its majority", "CP-5", out);
        }
        Stop
    }

    /// CP-6: members that belong to no node.
    fn cp_6_ghosts(&self, out: &mut Out) -> Flow {
        if !self.c.etcd.is_stacked() || !Switch::LearnerAndGhostCleanUp.holds() {
            return Next;
        }
        let now = self.fleet.f.now;
        let mut since: BTreeMap<String, i64> = BTreeMap::new();
        let mut flow = Next;
        for &member in &self.c.etcd.members {
            let name = member_node(member);
            let node = name.and_then(|n| self.pool.find(n));
            let absent = node.is_none_or(|x| {
                x.phase == Phase::Gone || (member.learner && x.phase == Phase::Discarded)
            });
            let label = name.unwrap_or(&member.member_id);
            if member.learner && absent && flow == Next {
                self.remove_ghost(label, member, "a learner without a node", out);
                flow = Stop;
            } else if !member.learner
                && absent
                && !member.healthy.is_true()
                && !self.has_machine(name)
            {
                let at = self.known_ghost(&member.member_id).unwrap_or(now);
                since.insert(member.member_id.clone(), at);
                let due = at.saturating_add(PATIENCE_MS);
                if now < due {
                    out.wake(due);
                } else if self.c.etcd.safe_remove_weight(Weight::of_member(member))
                    && self.c.etcd.no_learner()
                {
                    if flow == Next {
                        self.remove_ghost(label, member, "a dead member without a node", out);
                        flow = Stop;
                    }
                } else {
                    self.cannot_remediate(label, "etcd would lose its majority", "CP-6", out);
                }
            }
        }
        let remembers = self.fleet.f.w.memory.clusters.contains_key(self.c.id);
        if remembers || !since.is_empty() {
            out.memory
                .clusters
                .entry(self.c.id.to_owned())
                .or_default()
                .ghosts = since;
        }
        flow
    }

    fn known_ghost(&self, member: &str) -> Option<i64> {
        self.fleet
            .f
            .w
            .memory
            .clusters
            .get(self.c.id)?
            .ghosts
            .get(member)
            .copied()
    }

    fn has_machine(&self, node: Option<&str>) -> bool {
        let for_it =
            |m: &&&crate::Machine| m.owner.as_ref().and_then(|o| o.node.as_deref()) == node;
        node.is_some()
            && self
                .c
                .machines
                .iter()
                .filter(for_it)
                .any(|m| !m.status.is_returning() && !is_free_status(m.status))
    }

    fn remove_ghost(&self, label: &str, member: &crate::EtcdMember, what: &str, out: &mut Out) {
        out.act(actions::remove_member(
            self.c.id,
            &self.pool.spec.id,
            label,
            member,
            &self.c.etcd,
        ));
        let text = "{member} is {what}: it is removed from etcd";
        out.say(explain(
            subject(self.c, self.pool, label),
            Verdict::Did,
            "CP-6",
            text,
            facts! {"member": label, "what": what},
        ));
    }

    /// CP-7: a drain is re-checked each time, and the commit again.
    fn cp_7_recheck(&self, out: &mut Out) -> Flow {
        let mut flow = Next;
        let mut committed = false;
        for x in pick(&self.pool.nodes, |x| x.phase.is_draining()) {
            if self.c.etcd.kind == Etcd::Opaque {
                self.not_observable(x, out);
                flow = Stop;
                continue;
            }
            let counted = if self.c.etcd.is_stacked() {
                x.is_healthy_voter()
            } else {
                x.ready().is_true()
            };
            // An unhealthy node was drained without asking the others (CP-9), so they are not asked now: else the two rules would alternate.
            let safe = self.may_commit(x) && (x.unhealthy || self.c.etcd.others_healthy(x));
            let blind = x.phase == Phase::Drained && !Switch::CommitRecheck.holds();
            if blind {
                commit(self.c, self.pool, x, "CP-7", out);
            } else if !self.reason(x) {
                cancel(
                    self.fleet,
                    self.c,
                    self.pool,
                    x,
                    "CP-7",
                    "there is no reason for it to go any more",
                    out,
                );
            } else if counted && !safe && Switch::CancelDrain.holds() {
                cancel(
                    self.fleet,
                    self.c,
                    self.pool,
                    x,
                    "CP-7",
                    "another member is not well: without this one etcd could lose its majority",
                    out,
                );
            } else if x.phase == Phase::Drained {
                if self.may_commit(x) {
                    // One at a time, though the other may be drained as well (I-Q3).
                    if !committed {
                        commit(self.c, self.pool, x, "CP-7", out);
                    }
                    committed = true;
                } else {
                    self.cannot_remediate(x.id, "etcd would lose its majority", "CP-7", out);
                }
            }
            flow = Stop;
        }
        flow
    }

    /// CP-8: one operation at a time.
    fn cp_8_in_flight(&self, out: &mut Out) -> Flow {
        if self.c.spec.paused {
            return Stop;
        }
        let creating =
            |x: &&NodeView<'_>| x.phase.is_creating() && Switch::OneControlPlaneOperation.holds();
        let Some(x) = self.pool.nodes.iter().find(creating) else {
            return Next;
        };
        let facts = facts! {"node": x.id, "phase": x.phase.name(), "outdated": self.pool.outdated};
        let say = explain(
            self.subject(),
            Verdict::Waiting,
            "CP-8",
            "one control-plane operation at a time: {node} is {phase}",
            facts,
        );
        out.say(say.until(UnblockKind::Node, facts! {"node": x.id}));
        Stop
    }

    /// CP-9: an unhealthy node goes if etcd can spare it.
    fn cp_9_remediate(&self, out: &mut Out) -> Flow {
        if !self.fleet.f.w.policy.remediation {
            return Next;
        }
        let mut bad: Vec<&NodeView<'a>> = self
            .pool
            .nodes
            .iter()
            .filter(|x| x.unhealthy && x.phase.is_staying() && !x.locked && !x.operator_drains())
            .collect();
        bad.sort_by_key(|x| (x.is_healthy_voter(), x.created_ms, x.id));
        for x in bad {
            if self.c.etcd.kind == Etcd::Opaque {
                self.not_observable(x, out);
            } else if self.may_commit(x) {
                if !x.pending {
                    drain(
                        self.fleet,
                        self.c,
                        self.pool,
                        x,
                        "CP-9",
                        "it is unhealthy and no power rung is left",
                        out,
                    );
                }
                return Stop;
            } else {
                self.cannot_remediate(x.id, "etcd would lose its majority", "CP-9", out);
            }
        }
        Next
    }

    /// CP-10: below size.
    fn cp_10_refill(&self, out: &mut Out) -> Flow {
        if self.pool.live >= self.pool.size {
            return Next;
        }
        if self.pool.held < self.pool.ceiling() {
            self.demand(class::of_refill(self.c, self.pool), "CP-10", out);
        } else {
            self.wait_for_return("CP-10", out);
        }
        Stop
    }

    fn wait_for_return(&self, rule: &str, out: &mut Out) {
        super::waits::wait_for_return(self.fleet, self.c, self.pool, rule, out);
    }

    /// CP-11: nothing voluntary while a node is not well, after a cancelled drain, or when frozen.
    fn cp_11_calm(&self, out: &mut Out) -> Flow {
        if self.pool.outdated == 0 && self.pool.live <= self.pool.size {
            return Next;
        }
        if let Some(x) = self
            .pool
            .nodes
            .iter()
            .find(|x| matches!(x.phase, Phase::Suspect | Phase::Recovering))
        {
            let say = explain(
                self.subject(),
                Verdict::Waiting,
                "CP-11",
                "{node} is {phase}: nothing voluntary meanwhile",
                facts! {"node": x.id, "phase": x.phase.name()},
            );
            out.say(say.until(UnblockKind::Node, facts! {"node": x.id}));
            return Stop;
        }
        if let Some(until) = self.pool.hold_off_ms {
            let say = explain(
                self.subject(),
                Verdict::Waiting,
                "CP-11",
                "a drain was cancelled lately: no other one yet",
                facts! {},
            );
            out.say(say.until(UnblockKind::Time, facts! {"at_ms": until}));
            out.wake(until);
            return Stop;
        }
        if freeze::is_frozen(&out.memory, self.pool) {
            super::waits::say_frozen(self.fleet, self.c, self.pool, "CP-11", out);
            return Stop;
        }
        Next
    }

    /// Contract First is for control planes of 3 and more.
    fn contracts(&self) -> bool {
        self.pool.spec.strategy == Strategy::ContractFirst && self.pool.size >= 3
    }

    /// CP-12: replace what is outdated.
    fn cp_12_outdated(&self, out: &mut Out) -> Flow {
        let (live, size) = (self.pool.live, self.pool.size);
        if self.pool.outdated == 0 {
            return Next;
        }
        if let (Etcd::Opaque, Some(x)) =
            (self.c.etcd.kind, self.pool.victims(|x| x.outdated).first())
        {
            self.not_observable(x, out);
            return Stop;
        }
        if self.contracts() {
            if live != size {
                return Next;
            }
            self.contract("CP-12", out);
            return Stop;
        }
        if live <= size {
            if self.pool.held < self.pool.ceiling() {
                self.demand(class::CP_SURGE, "CP-12", out);
            } else {
                self.wait_for_return("CP-12", out);
            }
            return Stop;
        }
        if live == size.saturating_add(1) {
            self.voluntary_drain(
                "CP-12",
                "it is outdated and its replacement is there",
                |x| x.outdated,
                out,
            );
            return Stop;
        }
        Next
    }

    /// Contract step: drain a victim whose replacement can be had now.
    fn contract(&self, rule: &str, out: &mut Out) {
        let victims = self.pool.victims(|x| x.outdated);
        let Some(x) = victims.first() else { return };
        if super::creation::replaceable(self.fleet, &out.memory, self.c, self.pool, x) {
            self.voluntary_drain(
                rule,
                "it is outdated; its replacement can be had at once",
                |x| x.outdated,
                out,
            );
        } else {
            super::waits::say_would_lose(self.fleet, self.c, self.pool, x, rule, out);
        }
    }

    /// CP-13: above size.
    fn cp_13_surplus(&self, out: &mut Out) -> Flow {
        if self.pool.live <= self.pool.size {
            return Next;
        }
        self.voluntary_drain("CP-13", "there are more nodes than wanted", |_| true, out);
        Stop
    }

    /// Drains of CP-12 and CP-13 need safe_remove and every other member healthy.
    fn voluntary_drain(
        &self,
        rule: &str,
        why: &str,
        eligible: impl Fn(&NodeView<'a>) -> bool,
        out: &mut Out,
    ) {
        let victims = self.pool.victims(eligible);
        let Some(&x) = victims.first() else {
            if count(&self.pool.nodes, |x| x.locked) > 0 {
                let say = explain(
                    self.subject(),
                    Verdict::Blocked,
                    rule,
                    "only locked nodes are left",
                    facts! {},
                );
                out.say(say.until(UnblockKind::Operator, facts! {"do": "unlock a node"}));
            }
            return;
        };
        let keeps_floor = !x.avail || self.pool.avail > self.pool.floor || !Switch::Floor.holds();
        if self.c.etcd.kind == Etcd::Opaque {
            self.not_observable(x, out);
        } else if !keeps_floor {
            super::waits::say_floor(self.c, self.pool, x, rule, out);
        } else if self.safe_remove(x) && self.c.etcd.others_healthy(x) {
            drain(self.fleet, self.c, self.pool, x, rule, why, out);
        } else {
            let text = "{node} should go, but another etcd member is not well";
            let say = explain(
                subject(self.c, self.pool, x.id),
                Verdict::Waiting,
                rule,
                text,
                facts! {"node": x.id},
            );
            out.say(say.until(UnblockKind::Etcd, facts! {}));
            out.wake(self.fleet.f.now.saturating_add(30_000));
        }
    }

    fn not_observable(&self, x: &NodeView<'_>, out: &mut Out) {
        out.condition(self.c.id, ConditionCode::EtcdNotObservable, facts! {});
        let text = "{node} should go, but nobody reports etcd's members";
        let say = explain(
            subject(self.c, self.pool, x.id),
            Verdict::Blocked,
            "3.5.0",
            text,
            facts! {"node": x.id},
        );
        out.say(say.until(
            UnblockKind::Operator,
            facts! {"do": "replace the node by hand"},
        ));
    }
}

/// Step (5): CP-12's surge was not served and the pool may fall back: contract, this once.
pub(crate) fn fallback(fleet: &Fleet<'_>, ci: usize, out: &mut Out) -> bool {
    let c = &fleet.clusters[ci];
    let Some(pool) = c.cp() else { return false };
    let returning = pool.nodes.iter().any(|x| x.phase == Phase::Returning);
    if !super::index::falls_back(pool.spec) || pool.size < 3 || pool.live != pool.size || returning
    {
        return false;
    }
    let before = out.actions.len();
    Cp { fleet, c, pool, ci }.contract("CP-12", out);
    if out.actions.len() == before {
        return false;
    }
    let text =
        "FallbackContract: no spare machine fits, so one node goes before its replacement comes";
    out.say(explain(
        cluster_pool_key(c.id, &pool.spec.id),
        Verdict::Did,
        "CP-12",
        text,
        facts! {"on_no_spare": "fallback_contract"},
    ));
    true
}

/// How long a control-plane node has been settling at most; used for wake-ups.
pub(crate) fn settle_due(fleet: &Fleet<'_>, x: &NodeView<'_>) -> Option<i64> {
    x.node
        .filter(|n| n.ready.is_true())
        .and_then(|n| n.ready_since_ms)
        .map(|t| t.saturating_add(ms_of(fleet.f.w.policy.settle_s)))
}
