//! 3.10 Preview: the same decisions, taken ahead of time on a copy of the world that moves by the timing table.
mod figures;
mod palette;
mod request;
mod simulate;

use crate::engine::{Saying, decide_by, decide_saying};
use crate::prelude::*;
use crate::{
    Alternative, Change, Code, Decision, Finding, Machine, ManagedBy, Millis, Plan, Planner,
    PoolSpec, PreviewOptions, Refusal, Request, Severity, State, Step, Strategy, Verdict, World,
    admit,
};

use figures::Figures;
pub use simulate::{Effect, Pace, Simulation};

/// Nothing but wake-ups for this long: the simulation has come to a halt.
const HALT_MS: Millis = 48 * 3_600_000;

/// What `request` (or, without one, what is desired already) will do, step by step, under the engine's rules or Cluster API's.
///
/// The first step is what [`decide`](crate::decide) would do now. Faults are off; every step takes its median, and, for the second duration,
/// its 90th percentile. A plan is not feasible if the request would be refused, if the simulation halts before everything is as desired, or if
/// it takes more than `max_steps`.
///
/// ```
/// use lifecycle_core::*;
///
/// let mut world = World::new(1_770_000_000_000);
/// world.observed.machines.push(Machine::ready("m1", "z1", 16, 65_536, 500));
/// let cluster = ClusterSpec::new("edge").control_plane(PoolSpec::control_plane("cp", 1));
/// let request = Request::Create { cluster: Box::new(cluster), queue_if_short: false };
///
/// let plan = preview(&world, Some(&request), &PreviewOptions::default());
/// assert_eq!(plan.duration_p50_s, 10 + 900 + 120 + 60); // allocate, deploy, join, settle
/// assert_eq!(plan.peak_machines["edge/cp"], 1);
///
/// // As Palette would do it.
/// let theirs = PreviewOptions { planner: Some(Planner::ClusterApi), ..PreviewOptions::default() };
/// assert!(preview(&world, Some(&request), &theirs).feasible);
/// ```
#[must_use]
pub fn preview(w: &World, request: Option<&Request>, options: &PreviewOptions) -> Plan {
    let scope = Scope::new(w, request, options);
    let mut plan = if scope.refused.is_empty() {
        let mut plan = scope.run(Pace::P50, true);
        plan.duration_p90_s = scope.run(Pace::P90, false).duration_p50_s;
        plan
    } else {
        Plan {
            planner: scope.planner,
            blockers: scope.refused.clone(),
            ..Plan::default()
        }
    };
    plan.risks.splice(0..0, scope.warned.iter().cloned());
    if options.alternatives {
        plan.alternatives = scope.alternatives();
    }
    plan
}

/// What is previewed.
struct Scope {
    world: World,
    planner: Planner,
    max_steps: u32,
    /// The cluster or gateway asked about; absent: all.
    subject: Option<String>,
    /// Why the request would not be admitted.
    refused: Vec<Finding>,
    /// What should be known of it.
    warned: Vec<Finding>,
}

/// What the engine refuses for want of machines or addresses, and Cluster API finds out on the way.
const FOUND_OUT_LATER: [Code; 5] = [
    Code::Capacity,
    Code::NoSpareSingleNode,
    Code::ContractWouldLoseCapacity,
    Code::CpMultiStepLoss,
    Code::IpShort,
];

fn finding(r: Refusal) -> Finding {
    Finding {
        code: r.code,
        severity: Severity::Error,
        path: String::new(),
        message: r.message,
        hint: r.hint,
        args: r.args,
    }
}

impl Scope {
    fn new(w: &World, request: Option<&Request>, options: &PreviewOptions) -> Self {
        let mut world = w.clone();
        let before = world.desired.clusters.clone();
        let (mut refused, mut warned) = (Vec::new(), Vec::new());
        let judged = request.map(|r| (r, admit(r, w)));
        let subject = request.map(|r| r.subject().to_owned());
        let asked = match request {
            Some(Request::Create { cluster, .. } | Request::Update { cluster }) => Some(&**cluster),
            _ => None,
        };
        let by_palette = |id: &str| {
            world
                .desired
                .clusters
                .iter()
                .any(|c| c.id == id && c.managed_by == ManagedBy::Palette)
                || world
                    .desired
                    .pcgs
                    .iter()
                    .any(|p| p.id == id && p.managed_by == ManagedBy::Palette)
        };
        let palette = match &subject {
            Some(id) => {
                asked.map_or_else(|| by_palette(id), |c| c.managed_by == ManagedBy::Palette)
            }
            None => {
                !world.desired.clusters.is_empty()
                    && world
                        .desired
                        .clusters
                        .iter()
                        .all(|c| c.managed_by == ManagedBy::Palette)
            }
        };
        let planner = options.planner.unwrap_or(if palette {
            Planner::ClusterApi
        } else {
            Planner::Engine
        });
        match judged {
            Some((_, Ok(admission))) => {
                world.desired = admission.desired;
                warned = admission.warnings;
            }
            Some((request, Err(refusal))) => {
                request::apply(&mut world.desired, request, world.now_ms);
                let later =
                    planner == Planner::ClusterApi && FOUND_OUT_LATER.contains(&refusal.code);
                if later { &mut warned } else { &mut refused }.push(finding(refusal));
            }
            None => {}
        }
        palette::complete(&mut world, &before);
        // Sorted lists are what every decision of the simulation looks them through by.
        let o = &mut world.observed;
        o.machines.sort_by(|a, b| a.system_id.cmp(&b.system_id));
        o.nodes
            .sort_by(|a, b| (&a.cluster, &a.id).cmp(&(&b.cluster, &b.id)));
        let ids: Vec<String> = match &subject {
            Some(id) => vec![id.clone()],
            None => world
                .desired
                .clusters
                .iter()
                .map(|c| c.id.clone())
                .collect(),
        };
        for id in ids {
            request::take_over(&mut world.desired, &id);
        }
        Self {
            world,
            planner,
            max_steps: options.max_steps,
            subject,
            refused,
            warned,
        }
    }

    fn run(&self, pace: Pace, detailed: bool) -> Plan {
        let mut sim = Simulation::new(self.world.clone(), pace).keeps_order();
        let start = sim.world.now_ms;
        let mut figures = Figures::new(&sim.world, self.planner);
        let mut plan = Plan {
            planner: self.planner,
            ..Plan::default()
        };
        let mut last_move = start;
        loop {
            let mut decision = decide_saying(self.planner, &sim.world, Saying::Deeds);
            figures.observe(&sim.world, &decision);
            let before =
                core::mem::replace(&mut sim.world.memory, core::mem::take(&mut decision.memory));
            let done = self.is_done(&decision);
            if !decision.actions.is_empty() {
                if plan.steps.len() >= usize::try_from(self.max_steps).unwrap_or(usize::MAX) {
                    let message = format!("not finished after {} steps", self.max_steps);
                    plan.blockers.push(
                        Finding::new(Code::MaxSteps, "", message)
                            .hint("allow more with max_steps, or ask for less at a time"),
                    );
                    break;
                }
                for action in &decision.actions {
                    sim.execute(action);
                }
                last_move = sim.world.now_ms;
                figures.acted(&decision);
                let why = if detailed {
                    decision
                        .explain
                        .into_iter()
                        .filter(|e| e.verdict == Verdict::Did)
                        .collect()
                } else {
                    Vec::new()
                };
                plan.steps.push(Step {
                    at_ms: sim.world.now_ms,
                    actions: decision.actions,
                    why,
                });
                continue;
            }
            if done {
                plan.feasible = true;
                break;
            }
            let effect = sim.next_effect_ms();
            if effect.is_some() {
                last_move = sim.world.now_ms;
            }
            let next = [effect, decision.next_wakeup_ms]
                .into_iter()
                .flatten()
                .min();
            let halted = sim.world.now_ms.saturating_sub(last_move) > HALT_MS;
            let Some(next) = next.filter(|_| !halted) else {
                // Now what is waited for matters: the same decision once more, in full.
                sim.world.memory = before;
                let decision = decide_by(self.planner, &sim.world);
                plan.blockers
                    .extend(halts(&decision, self.subject.as_deref()));
                break;
            };
            sim.advance(next);
        }
        let end = if plan.feasible {
            sim.world.now_ms
        } else {
            last_move
        };
        figures.finish(&mut plan);
        plan.duration_p50_s = u32::try_from(end.saturating_sub(start) / 1000).unwrap_or(u32::MAX);
        plan
    }

    /// Everything asked about is as desired.
    fn is_done(&self, decision: &Decision) -> bool {
        let wanted = |id: &str| self.subject.as_deref().is_none_or(|s| s == id);
        let deleting = |id: &str| {
            let cluster = self.world.desired.clusters.iter().find(|c| c.id == id);
            let pcg = self.world.desired.pcgs.iter().find(|p| p.id == id);
            cluster
                .is_some_and(|c| c.delete_requested_ms.is_some() || c.abort_requested_ms.is_some())
                || pcg.is_some_and(|p| p.delete_requested_ms.is_some())
        };
        let by_palette = |id: &str| {
            self.world
                .desired
                .pcgs
                .iter()
                .any(|p| p.id == id && p.managed_by == ManagedBy::Palette)
        };
        decision
            .status
            .clusters
            .iter()
            .chain(&decision.status.pcgs)
            .filter(|(id, _)| wanted(id) && !by_palette(id))
            .all(|(id, s)| match s.state {
                State::Deleted => true,
                State::Running => !deleting(id) || s.state == State::Running,
                _ => false,
            })
    }

    /// The same under the other strategy, and with one more machine like the smallest that fits.
    fn alternatives(&self) -> Vec<Alternative> {
        let mut out = Vec::new();
        if let Some(world) = self.other_strategy() {
            out.push(self.alternative(Change::OtherStrategy, world));
        }
        if let Some(world) = self.one_more_spare() {
            out.push(self.alternative(Change::OneMoreSpare, world));
        }
        out
    }

    fn alternative(&self, change: Change, world: World) -> Alternative {
        let scope = Self {
            world,
            planner: self.planner,
            max_steps: self.max_steps,
            subject: self.subject.clone(),
            refused: Vec::new(),
            warned: Vec::new(),
        };
        let plan = scope.run(Pace::P50, false);
        Alternative {
            change,
            feasible: plan.feasible,
            duration_p50_s: plan.duration_p50_s,
            peak_machines: plan.peak_machines,
            min_available: plan.min_available,
        }
    }

    fn concerns(&self, id: &str) -> bool {
        self.subject.as_deref().is_none_or(|s| s == id)
    }

    fn other_strategy(&self) -> Option<World> {
        let mut world = self.world.clone();
        let mut changed = false;
        let mut flip = |p: &mut PoolSpec, is_cp: bool| {
            let other = match p.strategy {
                Strategy::ContractFirst => Strategy::ExpandFirst,
                Strategy::ExpandFirst if is_cp && p.size < 3 => return,
                _ => Strategy::ContractFirst,
            };
            p.strategy = other;
            changed = true;
        };
        for c in world
            .desired
            .clusters
            .iter_mut()
            .filter(|c| self.concerns(&c.id))
        {
            if let Some(p) = &mut c.control_plane {
                flip(p, true);
            }
            for p in &mut c.workers {
                flip(p, false);
            }
        }
        for p in world
            .desired
            .pcgs
            .iter_mut()
            .filter(|p| self.concerns(&p.id))
        {
            flip(&mut p.pool, true);
        }
        changed.then_some(world)
    }

    /// One more machine for each pool, like the smallest one that fits it; without any, one that just fits.
    fn one_more_spare(&self) -> Option<World> {
        let mut world = self.world.clone();
        let clusters = world
            .desired
            .clusters
            .iter()
            .filter(|c| self.concerns(&c.id))
            .flat_map(crate::ClusterSpec::pools);
        let pcgs = world
            .desired
            .pcgs
            .iter()
            .filter(|p| self.concerns(&p.id))
            .map(|p| &p.pool);
        let pool = clusters.chain(pcgs).next()?.clone();
        let smallest = world
            .observed
            .machines
            .iter()
            .filter(|m| m.fits(&pool))
            .min_by_key(|m| {
                (
                    m.cpu,
                    m.mem_mib,
                    m.disk_gb.first().copied(),
                    m.system_id.clone(),
                )
            });
        let mut spare = smallest.cloned().unwrap_or_else(|| {
            let zone = pool
                .azs
                .first()
                .cloned()
                .unwrap_or_else(|| "default".to_owned());
            let mut m = Machine::ready("", zone, pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb);
            m.resource_pool.clone_from(&pool.resource_pool);
            m.tags.clone_from(&pool.tags);
            m
        });
        spare = Machine {
            system_id: "one-more-spare".to_owned(),
            hostname: "one-more-spare".to_owned(),
            ..spare
        };
        spare.status = crate::MachineStatus::Ready;
        (spare.owner, spare.locked) = (None, false);
        world.observed.machines.push(spare);
        Some(world)
    }
}

/// Why the simulation came to a halt: what is blocked, else what is waited for.
fn halts(decision: &Decision, subject: Option<&str>) -> Vec<Finding> {
    let of_subject = |e: &&crate::Explain| {
        subject.is_none_or(|s| {
            e.subject == s
                || e.subject
                    .strip_prefix(s)
                    .is_some_and(|r| r.starts_with('/'))
        })
    };
    let verdict = |v: Verdict| {
        decision
            .explain
            .iter()
            .filter(of_subject)
            .filter(move |e| e.verdict == v)
    };
    let mut why: Vec<&crate::Explain> = verdict(Verdict::Blocked).collect();
    if why.is_empty() {
        why = verdict(Verdict::Waiting).collect();
    }
    let mut findings: Vec<Finding> = why
        .into_iter()
        .map(|e| {
            let code = Code::ALL
                .iter()
                .copied()
                .find(|c| c.as_str() == e.rule)
                .unwrap_or(Code::Stuck);
            Finding {
                args: e.facts.clone(),
                ..Finding::new(code, e.subject.clone(), e.message.clone())
            }
            .hint(format!("rule {}", e.rule))
        })
        .collect();
    if findings.is_empty() {
        let message = "nothing moves any more, and not everything is as desired";
        findings.push(
            Finding::new(Code::Stuck, subject.unwrap_or(""), message)
                .hint("ask decide for this world: its explanations name what is awaited"),
        );
    }
    findings
}
