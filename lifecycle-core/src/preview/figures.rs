//! What a plan counts while the simulation runs: peaks, minima, how long something was thin, what was taken again.
use crate::engine::view::tolerance;
use crate::prelude::*;
use crate::{
    Code, Decision, Finding, Millis, Plan, Planner, State, Verb, Verdict, World, cluster_pool_key,
    decide, duration_text,
};

/// Something that lasts: its worst value and for how long it was so.
#[derive(Default)]
struct Thin {
    since_ms: Option<Millis>,
    total_ms: Millis,
    least: i64,
    of: i64,
}

impl Thin {
    /// Counts the time since the last look, then notes whether it is thin now.
    fn look(&mut self, now: Millis, value: Option<(i64, i64)>) {
        if let Some(since) = self.since_ms.take() {
            self.total_ms += now.saturating_sub(since);
        }
        if let Some((value, of)) = value {
            self.least = if self.total_ms == 0 {
                value
            } else {
                self.least.min(value)
            };
            self.of = of;
            self.since_ms = Some(now);
        }
    }
}

pub(crate) struct Figures {
    planner: Planner,
    peak_machines: BTreeMap<String, u32>,
    peak_ips: BTreeMap<String, u32>,
    min_available: BTreeMap<String, u32>,
    min_tolerance: BTreeMap<String, i32>,
    etcd: BTreeMap<String, Thin>,
    pools: BTreeMap<String, Thin>,
    released: BTreeSet<String>,
    reused: u32,
    fallbacks: u32,
    would_wait: BTreeMap<(String, String), String>,
    free_ips: BTreeMap<String, u32>,
}

impl Figures {
    pub(crate) fn new(w: &World, planner: Planner) -> Self {
        Self {
            planner,
            peak_machines: BTreeMap::new(),
            peak_ips: BTreeMap::new(),
            min_available: BTreeMap::new(),
            min_tolerance: BTreeMap::new(),
            etcd: BTreeMap::new(),
            pools: BTreeMap::new(),
            released: BTreeSet::new(),
            reused: 0,
            fallbacks: 0,
            would_wait: BTreeMap::new(),
            free_ips: w
                .observed
                .subnets
                .iter()
                .map(|s| (s.id.clone(), s.free_ips))
                .collect(),
        }
    }

    /// Looks at the world as a decision saw it.
    pub(crate) fn observe(&mut self, w: &World, d: &Decision) {
        let now = w.now_ms;
        for (id, status) in d.status.clusters.iter().chain(&d.status.pcgs) {
            // Before a cluster is complete, and while it is taken down, few nodes are no risk but the plan.
            let serving = matches!(
                status.state,
                State::Running | State::Updating | State::Upgrading | State::Resizing
            );
            for (pool, p) in &status.pools {
                let key = cluster_pool_key(id, pool);
                let peak = self.peak_machines.entry(key.clone()).or_insert(0);
                *peak = (*peak).max(p.held);
                if serving {
                    let least = self.min_available.entry(key.clone()).or_insert(p.available);
                    *least = (*least).min(p.available);
                }
                let below = serving && p.available < p.size;
                self.pools
                    .entry(key)
                    .or_default()
                    .look(now, below.then_some((p.available.into(), p.size.into())));
            }
            if let Some(view) = w.observed.etcd.get(id).filter(|_| serving) {
                let left = tolerance(&view.members);
                let voters = view.members.iter().filter(|m| !m.learner).count();
                let least = self.min_tolerance.entry(id.clone()).or_insert(left);
                *least = (*least).min(left);
                let thin = left <= 0 && voters > 1;
                self.etcd.entry(id.clone()).or_default().look(
                    now,
                    thin.then_some((left.into(), i64::try_from(voters).unwrap_or(0))),
                );
            } else if let Some(thin) = self.etcd.get_mut(id) {
                thin.look(now, None);
            }
        }
        for s in &w.observed.subnets {
            let most = self.free_ips.get(&s.id).copied().unwrap_or(s.free_ips);
            let used = most.saturating_sub(s.free_ips);
            let peak = self.peak_ips.entry(s.id.clone()).or_insert(0);
            *peak = (*peak).max(used);
        }
        if self.planner == Planner::ClusterApi {
            let pools = self.drained(d);
            if !pools.is_empty() {
                self.engines_view(w, &pools);
            }
        }
    }

    /// Looks at what a decision does.
    pub(crate) fn acted(&mut self, d: &Decision) {
        for a in &d.actions {
            match &a.verb {
                Verb::Release { system_id, .. } => {
                    self.released.insert(system_id.clone());
                }
                Verb::Allocate { system_id, .. } if self.released.remove(system_id) => {
                    self.reused += 1;
                }
                _ => {}
            }
        }
        let fell_back =
            |e: &&crate::Explain| e.verdict == Verdict::Did && e.facts.contains_key("on_no_spare");
        self.fallbacks += u32::try_from(d.explain.iter().filter(fell_back).count()).unwrap_or(0);
    }

    /// Pools that are drained, as long as nothing is known of what the engine would have waited for there.
    fn drained(&self, d: &Decision) -> BTreeSet<String> {
        let drains = d
            .actions
            .iter()
            .filter(|a| matches!(a.verb, Verb::Drain { .. }));
        drains
            .filter_map(|a| Some(cluster_pool_key(a.cluster()?, a.pool()?)))
            .filter(|p| !self.would_wait.keys().any(|(seen, _)| seen == p))
            .collect()
    }

    /// Where Cluster API goes on and the engine would wait, that is a risk; `w` is the world in which it was decided.
    fn engines_view(&mut self, w: &World, pools: &BTreeSet<String>) {
        let engine = decide(w);
        for e in engine
            .explain
            .iter()
            .filter(|e| e.verdict == Verdict::Blocked)
        {
            let key = e
                .subject
                .splitn(3, '/')
                .take(2)
                .collect::<Vec<_>>()
                .join("/");
            if pools.contains(&key) {
                self.would_wait
                    .insert((key, e.rule.clone()), e.message.clone());
            }
        }
    }

    /// Writes the figures into the plan.
    pub(crate) fn finish(self, plan: &mut Plan) {
        plan.peak_machines = self.peak_machines;
        plan.peak_ips = self.peak_ips;
        plan.min_available = self.min_available;
        plan.min_etcd_tolerance = self.min_tolerance;
        plan.machines_reused = self.reused;
        plan.fallbacks_used = self.fallbacks;
        let seconds = |ms: Millis| u32::try_from(ms / 1000).unwrap_or(u32::MAX);
        for (id, thin) in self.etcd.iter().filter(|(_, t)| t.total_ms > 0) {
            let s = seconds(thin.total_ms);
            let text = format!("etcd tolerance {} for {}", thin.least, duration_text(s));
            let hint = "another failure meanwhile would stop the control plane";
            plan.risks.push(
                Finding::new(Code::ToleranceZero, id.clone(), text)
                    .hint(hint)
                    .arg("seconds", s)
                    .arg("tolerance", thin.least),
            );
        }
        for (key, thin) in self.pools.iter().filter(|(_, t)| t.total_ms > 0) {
            let s = seconds(thin.total_ms);
            let text = format!(
                "{} of {} nodes available for {}",
                thin.least,
                thin.of,
                duration_text(s)
            );
            plan.risks.push(
                Finding::new(Code::BelowFloor, key.clone(), text)
                    .hint("Expand First keeps the size, if there is a spare machine")
                    .arg("seconds", s)
                    .arg("available", thin.least)
                    .arg("size", thin.of),
            );
        }
        for ((pool, rule), message) in self.would_wait {
            plan.risks.push(
                Finding::new(
                    Code::WouldWait,
                    pool,
                    format!("the engine would wait here: {message}"),
                )
                .hint("remove the cause first, or let the engine carry it out")
                .arg("rule", rule),
            );
        }
    }
}
