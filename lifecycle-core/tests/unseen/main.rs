//! Scenarios that were written from the specification alone, before any run of the engine: what must happen in small worlds that no golden
//! file shows. Whole stories are one line of the golden files' notation (`+x` created, `x✓` joined, `-x` draining, `x✗` given up, `x!` a
//! failed creation given back, `↺x` drain cancelled, `on_x`, `cycle_x`); single moments are the first decision's actions.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod control_plane;
mod guards;
mod nodes;
mod removal;
mod requests;
mod sharing;
mod stories;
mod workers;

use std::collections::BTreeMap;

use common::trace::{Taken, first};
use common::{T0, add_running, pool, world};
use lifecycle_core::{
    ClusterSpec, Decision, MachineStatus, Owner, Pace, PoolSpec, Simulation, Strategy, Verb,
    Verdict, World, decide,
};

/// A control plane and a pool of workers (0: none), all of revision r1, and so many free machines.
pub(crate) fn cluster(cp: u32, workers: u32, free: u32) -> World {
    let mut w = world(free);
    let mut spec = ClusterSpec::new("c");
    if cp > 0 {
        spec = spec.control_plane(PoolSpec::control_plane("cp", cp));
    }
    if workers > 0 {
        spec = spec.worker(PoolSpec::worker("w", workers));
    }
    add_running(&mut w, spec);
    let seen = w.observed.clusters.get_mut("c").unwrap();
    seen.update_started_ms = Some(T0);
    w
}

/// All nodes of the pool become outdated.
pub(crate) fn rolls(w: &mut World, id: &str, strategy: Strategy) {
    let p = pool(w, "c", id);
    (p.revision, p.strategy) = ("r2".into(), strategy);
}

/// The ids of the first decision's actions in order, without what is only written down or told.
pub(crate) fn does(w: &World) -> Vec<String> {
    let t = first(w.clone());
    common::invariants::check(w, &t.decision);
    acts(&t)
}

pub(crate) fn acts(t: &Taken) -> Vec<String> {
    let told = |v: &Verb| matches!(v, Verb::Notify { .. } | Verb::Record { .. });
    let all = t.decision.actions.iter().filter(|a| !told(&a.verb));
    all.map(|a| a.id.clone()).collect()
}

pub(crate) fn answer(w: &World) -> Decision {
    first(w.clone()).decision
}

/// The explanation of this subject that is no deed: its verdict and rule.
pub(crate) fn why(d: &Decision, subject: &str) -> Option<(Verdict, String)> {
    d.explain
        .iter()
        .find(|e| e.subject == subject && e.verdict != Verdict::Did)
        .map(|e| (e.verdict, e.rule.clone()))
}

/// What happens once its token has been seen and nothing more is decided at that moment.
pub(crate) type Event<'e> = (&'e str, &'e dyn Fn(&mut Simulation));

/// What has happened when nothing happens any more.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) tokens: String,
    pub(crate) held_max: BTreeMap<String, u32>,
    pub(crate) available_min: BTreeMap<String, u32>,
    pub(crate) seconds: i64,
    pub(crate) world: Option<World>,
    pub(crate) last: Decision,
}

/// Runs until nothing happens any more; every decision keeps the invariants.
pub(crate) fn story(world: World, events: &[Event<'_>]) -> Story {
    let mut sim = Simulation::new(world, Pace::P50);
    let mut out = Story::default();
    let mut events = events.to_vec();
    let mut tokens: Vec<String> = Vec::new();
    let (mut quiet, mut due) = (0, Vec::new());
    while quiet < 40 {
        let d = decide(&sim.world);
        common::invariants::check(&sim.world, &d);
        for (id, s) in d.status.clusters.iter().chain(&d.status.pcgs) {
            for (pool, p) in &s.pools {
                let key = format!("{id}/{pool}");
                let most = out.held_max.entry(key.clone()).or_insert(0);
                *most = (*most).max(p.held);
                let least = out.available_min.entry(key).or_insert(p.available);
                *least = (*least).min(p.available);
            }
        }
        sim.world.memory = d.memory.clone();
        let clusters = d.status.clusters.len() + d.status.pcgs.len();
        for a in &d.actions {
            let node = a.node().unwrap_or("-");
            let joined = sim.world.observed.nodes.iter().any(|n| {
                n.id == node && Some(n.cluster.as_str()) == a.cluster() && n.joined_ms.is_some()
            });
            let named = if clusters > 1 {
                format!("{}.{node}", a.cluster().unwrap_or("-"))
            } else {
                node.to_owned()
            };
            let token = match &a.verb {
                Verb::Allocate { .. } => format!("+{named}"),
                Verb::Record { node: Some(_), .. } => format!("{named}✓"),
                Verb::Drain { .. } => format!("-{named}"),
                Verb::Release { .. } if joined => format!("{named}✗"),
                Verb::Release { .. } => format!("{named}!"),
                Verb::CancelDrain { .. } => format!("↺{named}"),
                Verb::PowerOn { .. } => format!("on_{named}"),
                Verb::PowerCycle { .. } => format!("cycle_{named}"),
                // Not written, but something may happen then.
                Verb::Deploy { .. } => format!("deploying_{named}"),
                Verb::FinishDeleted { .. } => format!("deleted_{}", a.cluster().unwrap_or("-")),
                _ => String::new(),
            };
            sim.execute(a);
            if !token.is_empty() {
                let (now, later): (Vec<_>, Vec<_>) =
                    events.into_iter().partition(|(after, _)| *after == token);
                events = later;
                due.extend(now);
                if !token.starts_with("deploying_") {
                    tokens.push(token);
                }
            }
        }
        if d.actions.is_empty() {
            out.last = d.clone();
            if !due.is_empty() {
                due.drain(..)
                    .for_each(|(_, happens): Event<'_>| happens(&mut sim));
                continue;
            }
            quiet += 1;
            let next = [sim.next_effect_ms(), d.next_wakeup_ms];
            let Some(next) = next.into_iter().flatten().min() else {
                break;
            };
            sim.advance(next.max(sim.world.now_ms));
        } else {
            quiet = 0;
            out.seconds = (sim.world.now_ms - T0) / 1000;
            out.last = d;
        }
    }
    assert!(
        events.is_empty(),
        "never seen: {:?} in {tokens:?}",
        events[0].0
    );
    out.tokens = tokens.join(" ");
    out.world = Some(sim.world);
    out
}

/// A machine of the cluster that no node is made from.
pub(crate) fn owned(w: &mut World, system_id: &str, node: &str, status: MachineStatus) {
    let m = common::machine_for(w, system_id);
    m.status = status;
    m.owner = Some(Owner {
        cluster: "c".into(),
        pool: Some("w".into()),
        node: Some(node.into()),
    });
}
