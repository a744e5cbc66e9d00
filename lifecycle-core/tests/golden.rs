//! Golden scenarios: `tests/golden/Gxx.json` = `{about, world, events, expected, must, steps}`.
//!
//! `expected` is the sequence that the specification writes (`+x` created, `x✓` joined, `-x` draining, `x✗` given up, `↺x` drain cancelled,
//! `x_discarded`, `⏳R`, `⏳CapacityShort`, `on_x`, `cycle_x`, `accepted`, `⛔CODE`, `⚠CODE`, `c1=steady/peak` addresses); `steps` is every decision with its explanations, written by
//! `UPDATE_GOLDEN=1 cargo test -p lifecycle-core --test golden` and read by people. Each is replayed as it stands, with its lists reversed and
//! rotated, and with memory wiped once at each step in turn.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use common::invariants;
use lifecycle_core::{
    Decision, Finding, NetworkInput, Pace, Request, Severity, Simulation, State, Verb, Verdict,
    World, admit, canonical_json, decide, plan_network, validate,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    about: String,
    world: World,
    #[serde(default)]
    events: Vec<Event>,
    expected: Vec<String>,
    #[serde(default)]
    must: Must,
    #[serde(default)]
    steps: Vec<Shown>,
}

/// Something from outside, once `after` has been seen (and `delay_s` later).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Event {
    #[serde(default)]
    after: String,
    #[serde(default)]
    delay_s: u32,
    #[serde(default)]
    delay_ms: u32,
    #[serde(default)]
    cluster: String,
    /// What the answer must say, word for word.
    #[serde(default)]
    says: Vec<String>,
    #[serde(flatten)]
    what: What,
}

impl Event {
    fn delay(&self) -> i64 {
        i64::from(self.delay_s) * 1000 + i64::from(self.delay_ms)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    NodeFails(String),
    NodeHeals(String),
    DeployFails(String),
    Delete(bool),
    Abort(bool),
    /// Asked of `admit`; what is accepted is what is desired from then on.
    Admit(Box<Request>),
    Validate(bool),
    PlanNetwork(bool),
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Must {
    duration_s: Option<u32>,
    held_max: BTreeMap<String, u32>,
    available_min: BTreeMap<String, u32>,
    state: Option<State>,
    wakeup: Option<bool>,
    /// The wake-up of the first decision, in seconds from the start.
    first_wakeup_s: Option<i64>,
    /// Diagnostics seen at some time, with their arguments.
    diagnostics: Vec<String>,
    /// Rules that some explanation names.
    rules: Vec<String>,
    /// What is remembered decides how it ends (I-A4 holds only from a loss of memory on).
    memory_matters: bool,
    conditions: Vec<String>,
}

/// A decision as people read it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
struct Shown {
    at_s: i64,
    actions: Vec<String>,
    explain: Vec<String>,
}

struct Replay {
    tokens: Vec<String>,
    steps: Vec<Shown>,
    bytes: Vec<String>,
    last: Decision,
    world: World,
    first_wakeup_s: Option<i64>,
    diagnostics: BTreeSet<String>,
    rules: BTreeSet<String>,
    /// What answers should have said and did not.
    unsaid: Vec<String>,
    duration_s: i64,
    held_max: BTreeMap<String, u32>,
    available_min: BTreeMap<String, u32>,
}

/// `waits`: what each pool was last seen waiting for, so that a wait is written once.
fn tokens(w: &World, d: &Decision, waits: &mut BTreeMap<String, &'static str>) -> Vec<String> {
    let joined = |id: &str| {
        w.observed
            .nodes
            .iter()
            .any(|n| n.id == id && n.joined_ms.is_some())
    };
    let mut out = Vec::new();
    for a in &d.actions {
        let node = a.node().unwrap_or("");
        out.extend(match &a.verb {
            Verb::Allocate { .. } => Some(format!("+{node}")),
            Verb::Record {
                node: Some(node), ..
            } => Some(format!("{node}✓")),
            Verb::Drain { .. } => Some(format!("-{node}")),
            Verb::Release { .. } if joined(node) => Some(format!("{node}✗")),
            Verb::Release { .. } => Some(format!("{node}_discarded")),
            Verb::CancelDrain { .. } => Some(format!("↺{node}")),
            Verb::PowerOn { .. } => Some(format!("on_{node}")),
            Verb::PowerCycle { .. } => Some(format!("cycle_{node}")),
            Verb::FinishDeleted { .. } => Some("deleted".to_owned()),
            _ => None,
        });
    }
    for e in d.explain.iter().filter(|e| e.verdict != Verdict::Did) {
        let wait = match (e.facts.contains_key("ceiling"), e.facts.get("returning")) {
            (false, None) => continue,
            (false, Some(n)) if n == 0 => "⏳CapacityShort",
            _ => "⏳R",
        };
        if waits.insert(e.subject.clone(), wait) != Some(wait) {
            out.push(wait.to_owned());
        }
    }
    for a in d
        .actions
        .iter()
        .filter(|a| matches!(a.verb, Verb::Allocate { .. }))
    {
        waits.remove(&format!(
            "{}/{}",
            a.cluster().unwrap_or(""),
            a.pool().unwrap_or("")
        ));
    }
    out
}

fn replay(golden: &Golden, arrange: impl Fn(&mut World), wipe_at: Option<usize>) -> Replay {
    let mut sim = Simulation::new(golden.world.clone(), Pace::P50);
    let start = sim.world.now_ms;
    let mut events: Vec<(Event, Option<i64>)> = golden
        .events
        .iter()
        .map(|e| (e.clone(), e.after.is_empty().then_some(start + e.delay())))
        .collect();
    let mut r = Replay {
        tokens: Vec::new(),
        steps: Vec::new(),
        bytes: Vec::new(),
        last: Decision::default(),
        world: golden.world.clone(),
        first_wakeup_s: None,
        diagnostics: BTreeSet::new(),
        rules: BTreeSet::new(),
        unsaid: Vec::new(),
        duration_s: 0,
        held_max: BTreeMap::new(),
        available_min: BTreeMap::new(),
    };
    let (mut quiet, mut waits) = (0, BTreeMap::new());
    for e in golden
        .events
        .iter()
        .filter(|e| e.after.is_empty() && e.delay() == 0)
    {
        happen(&mut sim, e, &mut r);
    }
    events.retain(|(e, _)| !e.after.is_empty() || e.delay() > 0);
    for step in 0..2000 {
        if wipe_at == Some(step) {
            sim.world.memory = lifecycle_core::Memory::default();
        }
        let mut seen = sim.world.clone();
        arrange(&mut seen);
        let d = decide(&seen);
        invariants::check(&sim.world, &d);
        if r.bytes.is_empty() {
            r.first_wakeup_s = d.next_wakeup_ms.map(|t| (t - start) / 1000);
        }
        r.bytes.push(canonical_json(&d).unwrap());
        r.diagnostics.extend(
            d.diagnostics
                .iter()
                .map(|x| format!("{:?}{}", x.code, canonical_json(&x.args).unwrap())),
        );
        r.rules.extend(d.explain.iter().map(|e| e.rule.clone()));
        for (id, s) in &d.status.clusters {
            for (pool, p) in &s.pools {
                let key = format!("{id}/{pool}");
                let most = r.held_max.entry(key.clone()).or_insert(0);
                *most = (*most).max(p.held);
                let least = r.available_min.entry(key).or_insert(p.available);
                *least = (*least).min(p.available);
            }
        }
        for token in tokens(&sim.world, &d, &mut waits) {
            let at = sim.world.now_ms;
            for (e, due) in events
                .iter_mut()
                .filter(|(e, due)| due.is_none() && e.after == token)
            {
                *due = Some(at + e.delay());
            }
            r.tokens.push(token);
        }
        let explain: Vec<String> = d
            .explain
            .iter()
            .map(|e| format!("{} {}: {}", e.subject, e.rule, e.message))
            .collect();
        let shown = Shown {
            at_s: (sim.world.now_ms - start) / 1000,
            actions: d.actions.iter().map(|a| a.id.clone()).collect(),
            explain,
        };
        let same = r.steps.last().is_some_and(|l| {
            l.actions.is_empty() && shown.actions.is_empty() && l.explain == shown.explain
        });
        if !same {
            r.steps.push(shown);
        }
        sim.world.memory = d.memory.clone();
        for a in &d.actions {
            sim.execute(a);
        }
        if !d.actions.is_empty() {
            r.duration_s = (sim.world.now_ms - start) / 1000;
            quiet = 0;
            r.last = d;
            continue;
        }
        quiet += 1;
        let event = events.iter().filter_map(|(_, due)| *due).min();
        let effect = sim.next_effect_ms();
        let next = [event, effect, d.next_wakeup_ms]
            .into_iter()
            .flatten()
            .min();
        r.last = d;
        let Some(next) = next.filter(|_| quiet < 40) else {
            break;
        };
        sim.advance(next.max(sim.world.now_ms));
        let now = sim.world.now_ms;
        let (due, rest): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|(_, due)| due.is_some_and(|t| t <= now));
        events = rest;
        for (e, _) in due {
            quiet = 0;
            happen(&mut sim, &e, &mut r);
        }
    }
    r.world = sim.world;
    r
}

fn tell(findings: &[Finding], r: &mut Replay) {
    r.tokens.extend(findings.iter().map(|f| {
        let sign = if f.severity == Severity::Error {
            "⛔"
        } else {
            "⚠"
        };
        format!("{sign}{}", f.code.as_str())
    }));
}

/// Asks one of the pure functions, and listens.
fn ask(sim: &mut Simulation, what: &What, r: &mut Replay) -> String {
    match what {
        What::Admit(request) => match admit(request, &sim.world) {
            Ok(admission) => {
                r.tokens.push("accepted".to_owned());
                tell(&admission.warnings, r);
                sim.world.desired = admission.desired;
                canonical_json(&admission.warnings).unwrap()
            }
            Err(refusal) => {
                r.tokens.push(format!("⛔{}", refusal.code.as_str()));
                canonical_json(&refusal).unwrap()
            }
        },
        What::Validate(_) => {
            let findings = validate(&sim.world.desired);
            tell(&findings, r);
            canonical_json(&findings).unwrap()
        }
        What::PlanNetwork(_) => {
            let plan = plan_network(&NetworkInput {
                desired: sim.world.desired.clone(),
                subnets: sim.world.observed.subnets.clone(),
                policy: sim.world.policy.clone(),
            });
            for (id, n) in &plan.owners {
                r.tokens.push(format!("{id}={}/{}", n.steady, n.peak));
            }
            tell(&plan.findings, r);
            canonical_json(&plan).unwrap()
        }
        _ => String::new(),
    }
}

fn happen(sim: &mut Simulation, e: &Event, r: &mut Replay) {
    let now = sim.world.now_ms;
    match &e.what {
        What::NodeFails(node) => sim.fail_node(&e.cluster, node),
        What::NodeHeals(node) => sim.heal_node(&e.cluster, node),
        What::DeployFails(node) => sim.fail_deploy(&e.cluster, node),
        What::Admit(_) | What::Validate(_) | What::PlanNetwork(_) => {
            let answer = ask(sim, &e.what, r);
            let unsaid = e.says.iter().filter(|s| !answer.contains(*s));
            r.unsaid
                .extend(unsaid.map(|s| format!("{s:?} is not in {answer}")));
        }
        What::Delete(_) | What::Abort(_) => {
            let c = sim
                .world
                .desired
                .clusters
                .iter_mut()
                .find(|c| c.id == e.cluster)
                .unwrap();
            if matches!(e.what, What::Delete(_)) {
                c.delete_requested_ms = Some(now);
            } else {
                c.abort_requested_ms = Some(now);
            }
        }
    }
}

/// Where everything ended, whatever the nodes are called.
fn end(r: &Replay) -> String {
    let states: Vec<_> = r
        .last
        .status
        .clusters
        .iter()
        .map(|(id, s)| {
            (
                id.clone(),
                s.state,
                s.pools
                    .values()
                    .map(|p| (p.live, p.up_to_date))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    format!("{states:?}")
}

/// A way to hand the same world in, and its name.
type Arrangement = (&'static str, fn(&mut World));

fn arrangements() -> Vec<Arrangement> {
    fn reversed(w: &mut World) {
        w.observed.machines.reverse();
        w.observed.nodes.reverse();
        w.observed.pending.reverse();
        w.desired.clusters.reverse();
        for c in &mut w.desired.clusters {
            c.workers.reverse();
        }
        for v in w.observed.etcd.values_mut() {
            v.members.reverse();
        }
    }
    fn rotated(w: &mut World) {
        let (m, n) = (w.observed.machines.len(), w.observed.nodes.len());
        w.observed.machines.rotate_left(m / 3);
        w.observed.nodes.rotate_left(n / 2);
        for v in w.observed.etcd.values_mut() {
            let n = v.members.len();
            v.members.rotate_left(n / 2);
        }
    }
    vec![("reversed", reversed), ("rotated", rotated)]
}

fn check(name: &str, golden: &Golden) -> Vec<String> {
    let mut wrong = Vec::new();
    let r = replay(golden, |_| {}, None);
    if r.tokens != golden.expected {
        wrong.push(format!(
            "{name}: expected {}\n          got {}",
            golden.expected.join(" "),
            r.tokens.join(" ")
        ));
    }
    if r.steps != golden.steps {
        wrong.push(format!(
            "{name}: the decisions differ from those in the file; look, then UPDATE_GOLDEN=1"
        ));
    }
    let must = &golden.must;
    if must
        .duration_s
        .is_some_and(|s| i64::from(s) != r.duration_s)
    {
        wrong.push(format!("{name}: took {} s", r.duration_s));
    }
    for (key, most) in &must.held_max {
        if r.held_max[key] > *most {
            wrong.push(format!("{name}: {key} held {}", r.held_max[key]));
        }
    }
    for (key, least) in &must.available_min {
        if r.available_min[key] < *least {
            wrong.push(format!(
                "{name}: {key} had {} available",
                r.available_min[key]
            ));
        }
    }
    if must
        .wakeup
        .is_some_and(|w| w != r.last.next_wakeup_ms.is_some())
    {
        wrong.push(format!("{name}: wake-up {:?}", r.last.next_wakeup_ms));
    }
    if must.first_wakeup_s.is_some() && must.first_wakeup_s != r.first_wakeup_s {
        wrong.push(format!("{name}: first wake-up {:?}", r.first_wakeup_s));
    }
    wrong.extend(r.unsaid.iter().map(|u| format!("{name}: {u}")));
    let absent = |all: &[String], seen: &BTreeSet<String>| -> Vec<String> {
        all.iter().filter(|x| !seen.contains(*x)).cloned().collect()
    };
    for x in absent(&must.diagnostics, &r.diagnostics) {
        wrong.push(format!("{name}: no {x} in {:?}", r.diagnostics));
    }
    for x in absent(&must.rules, &r.rules) {
        wrong.push(format!("{name}: no rule {x} in {:?}", r.rules));
    }
    for (id, s) in &r.last.status.clusters {
        if must.state.is_some_and(|state| state != s.state) {
            wrong.push(format!("{name}: {id} is {:?}", s.state));
        }
        for code in &must.conditions {
            if !s
                .conditions
                .iter()
                .any(|c| format!("{:?}", c.code) == *code)
            {
                wrong.push(format!("{name}: {id} lacks {code}"));
            }
        }
    }
    for (how, arrange) in arrangements() {
        if replay(golden, arrange, None).bytes != r.bytes {
            wrong.push(format!(
                "{name}: the answer depends on the order of the input ({how})"
            ));
        }
    }
    for at in 0..r.bytes.len().min(60) {
        let wiped = replay(golden, |_| {}, Some(at));
        if !must.memory_matters && end(&wiped) != end(&r) {
            wrong.push(format!(
                "{name}: memory lost at step {at}: ends {} instead of {}",
                end(&wiped),
                end(&r)
            ));
            break;
        }
    }
    wrong
}

#[test]
fn golden_scenarios() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 34, "{} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut golden: Golden = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            golden.steps = replay(&golden, |_| {}, None).steps;
            fs::write(
                &path,
                serde_json::to_string_pretty(&serde_json::to_value(&golden).unwrap()).unwrap()
                    + "\n",
            )
            .unwrap();
        }
        wrong.extend(check(&name, &golden));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
