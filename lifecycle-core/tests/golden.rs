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
    /// Sets values of the world by JSON pointer; `…/-` appends to a list.
    Patch(BTreeMap<String, serde_json::Value>),
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
    /// Conditions and places in the queue seen at some time: `c1 QueuedBehindPcg{"position":1}`, `c1 queue 1`.
    seen: Vec<String>,
    /// Conditions and places that are never seen; what follows the written text does not matter.
    never_seen: Vec<String>,
    /// Verbs that are never decided on.
    never: Vec<String>,
    /// Texts that some explanation contains.
    explains: Vec<String>,
    /// How single clusters end.
    states: BTreeMap<String, State>,
    /// What nodes ("c1/w-4") are made from in the end.
    revisions: BTreeMap<String, String>,
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
    /// The worlds in which something new was decided or said, with the place of the answer in `bytes`.
    worlds: Vec<(usize, World)>,
    last: Decision,
    world: World,
    first_wakeup_s: Option<i64>,
    diagnostics: BTreeSet<String>,
    rules: BTreeSet<String>,
    seen: BTreeSet<String>,
    verbs: BTreeSet<String>,
    explains: BTreeSet<String>,
    /// What was answered to requests, without places in lists.
    answers: Vec<String>,
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
        worlds: Vec::new(),
        last: Decision::default(),
        world: golden.world.clone(),
        first_wakeup_s: None,
        diagnostics: BTreeSet::new(),
        rules: BTreeSet::new(),
        seen: BTreeSet::new(),
        verbs: BTreeSet::new(),
        explains: BTreeSet::new(),
        answers: Vec::new(),
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
        happen(&mut sim, e, &arrange, &mut r);
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
        nothing_is_silent(&sim.world, &d);
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
        r.verbs
            .extend(d.actions.iter().map(|a| a.verb.name().to_owned()));
        r.explains
            .extend(d.explain.iter().map(|e| e.message.clone()));
        for (id, s) in statuses(&d) {
            r.seen.extend(
                s.conditions
                    .iter()
                    .map(|c| format!("{id} {:?}{}", c.code, canonical_json(&c.args).unwrap())),
            );
            r.seen
                .extend(s.queue_position.map(|n| format!("{id} queue {n}")));
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
            if wipe_at.is_none() {
                r.worlds.push((r.bytes.len() - 1, seen));
            }
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
            happen(&mut sim, &e, &arrange, &mut r);
        }
    }
    r.world = sim.world;
    r
}

/// 3.11: every pool and node that is not as desired has an explanation, and every wait says what ends it.
fn nothing_is_silent(w: &World, d: &Decision) {
    let said: BTreeSet<&str> = d.explain.iter().map(|e| e.subject.as_str()).collect();
    for e in d
        .explain
        .iter()
        .filter(|e| e.verdict == Verdict::Waiting || e.verdict == Verdict::Blocked)
    {
        assert!(
            !e.unblocks_when.is_empty(),
            "nothing ends the wait of {}: {}",
            e.subject,
            e.message
        );
    }
    for (id, s) in statuses(d) {
        if s.state.is_terminating() || matches!(s.state, State::Deleted | State::Pending) {
            continue;
        }
        let spec = w.desired.clusters.iter().find(|c| c.id == *id);
        let gateway = w.desired.pcgs.iter().find(|g| g.id == *id);
        let target = |pool: &str| {
            let approved = spec.is_none_or(|c| c.repave == lifecycle_core::Repave::Approved);
            let pool = spec
                .and_then(|c| c.pool(pool))
                .or(gateway.map(|g| &g.pool))?;
            if approved {
                Some(&pool.revision)
            } else {
                pool.approved_revision.as_ref()
            }
        };
        for (pool, p) in &s.pools {
            let key = format!("{id}/{pool}");
            assert!(
                p.live == p.size || said.contains(key.as_str()),
                "{key} is silent"
            );
            for n in w
                .observed
                .nodes
                .iter()
                .filter(|n| n.cluster == *id && n.pool == *pool)
            {
                let is_old = target(pool).is_some_and(|t| n.revision.as_ref() != Some(t));
                let is_calm = n.joined_ms.is_some()
                    && n.ready.is_true()
                    && n.drain.by == lifecycle_core::DrainBy::None
                    && !is_old;
                let node = format!("{key}/{}", n.id);
                assert!(is_calm || said.contains(node.as_str()), "{node} is silent");
                assert!(is_calm || said.contains(key.as_str()), "{key} is silent");
            }
        }
    }
}

/// Clusters and gateways.
fn statuses(d: &Decision) -> impl Iterator<Item = (&String, &lifecycle_core::Status)> {
    d.status.clusters.iter().chain(&d.status.pcgs)
}

fn tell(findings: &[Finding], r: &mut Replay) {
    r.answers.extend(
        findings
            .iter()
            .map(|f| format!("{} {}", f.code.as_str(), f.message)),
    );
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
fn ask(sim: &mut Simulation, what: &What, arrange: &impl Fn(&mut World), r: &mut Replay) -> String {
    let mut seen = sim.world.clone();
    arrange(&mut seen);
    match what {
        What::Admit(request) => match admit(request, &seen) {
            Ok(admission) => {
                r.tokens.push("accepted".to_owned());
                tell(&admission.warnings, r);
                sim.world.desired = admission.desired;
                canonical_json(&admission.warnings).unwrap()
            }
            Err(refusal) => {
                r.tokens.push(format!("⛔{}", refusal.code.as_str()));
                r.answers
                    .push(format!("{} {}", refusal.code.as_str(), refusal.message));
                canonical_json(&refusal).unwrap()
            }
        },
        What::Validate(_) => {
            let findings = validate(&seen.desired);
            tell(&findings, r);
            canonical_json(&findings).unwrap()
        }
        What::PlanNetwork(_) => {
            let plan = plan_network(&NetworkInput {
                desired: seen.desired.clone(),
                subnets: seen.observed.subnets.clone(),
                policy: seen.policy.clone(),
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

/// Sets one value of the world.
fn patch(world: &mut World, pointer: &str, value: &serde_json::Value) {
    let mut all = serde_json::to_value(&*world).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let place = all
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("there is no {parent}"));
    match place {
        serde_json::Value::Array(list) if key == "-" => list.push(value.clone()),
        serde_json::Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
        serde_json::Value::Object(map) => {
            map.insert(key.to_owned(), value.clone());
        }
        _ => panic!("{parent} has no members"),
    }
    *world = serde_json::from_value(all).unwrap();
}

fn happen(sim: &mut Simulation, e: &Event, arrange: &impl Fn(&mut World), r: &mut Replay) {
    let now = sim.world.now_ms;
    match &e.what {
        What::NodeFails(node) => sim.fail_node(&e.cluster, node),
        What::NodeHeals(node) => sim.heal_node(&e.cluster, node),
        What::DeployFails(node) => sim.fail_deploy(&e.cluster, node),
        What::Patch(values) => {
            for (pointer, value) in values {
                patch(&mut sim.world, pointer, value);
            }
        }
        What::Admit(_) | What::Validate(_) | What::PlanNetwork(_) => {
            let answer = ask(sim, &e.what, arrange, r);
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
    let states: Vec<_> = statuses(&r.last)
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
        w.observed.subnets.reverse();
        w.desired.clusters.reverse();
        w.desired.pcgs.reverse();
        for c in &mut w.desired.clusters {
            c.workers.reverse();
        }
        for v in w.observed.etcd.values_mut() {
            v.members.reverse();
        }
    }
    fn rotated(w: &mut World) {
        let (m, n) = (w.observed.machines.len(), w.observed.nodes.len());
        let (c, p) = (w.desired.clusters.len(), w.observed.pending.len());
        w.desired.clusters.rotate_left(c / 2);
        w.observed.pending.rotate_left(p / 2);
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
    for x in absent(&must.seen, &r.seen) {
        wrong.push(format!("{name}: no {x} in {:?}", r.seen));
    }
    for x in &must.never_seen {
        if r.seen.iter().any(|s| s.starts_with(x)) {
            wrong.push(format!("{name}: {x} was seen"));
        }
    }
    for verb in must.never.iter().filter(|v| r.verbs.contains(*v)) {
        wrong.push(format!("{name}: {verb} was decided on"));
    }
    for text in &must.explains {
        if !r.explains.iter().any(|e| e.contains(text)) {
            wrong.push(format!("{name}: nothing says {text:?}"));
        }
    }
    for (id, revision) in &must.revisions {
        let made_from = r
            .world
            .observed
            .nodes
            .iter()
            .find(|n| format!("{}/{}", n.cluster, n.id) == *id)
            .and_then(|n| n.revision.as_ref());
        if made_from != Some(revision) {
            wrong.push(format!("{name}: {id} is made from {made_from:?}"));
        }
    }
    for (id, state) in &must.states {
        let ends = statuses(&r.last)
            .find(|(c, _)| *c == id)
            .map(|(_, s)| s.state);
        if ends != Some(*state) {
            wrong.push(format!("{name}: {id} is {ends:?}"));
        }
    }
    for (id, s) in statuses(&r.last) {
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
        // Findings are told in the order of the lists they are about.
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let other = replay(golden, arrange, None);
        if other.bytes != r.bytes || sorted(other.answers) != sorted(r.answers.clone()) {
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

/// What the three languages can say: JavaScript's numbers end at 2^53.
const LARGEST: u64 = 9_007_199_254_740_991;

/// The steps as cases that Rust, Python and Node share, at most a dozen per scenario: the first and the last, and those between at even distances.
fn cases(name: &str, golden: &Golden) -> Option<String> {
    const MOST: usize = 12;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    if !folder.is_dir() || golden.world.now_ms.unsigned_abs() > LARGEST {
        return None;
    }
    let r = replay(golden, |_| {}, None);
    let n = r.worlds.len();
    let mut chosen: Vec<usize> = (0..n.min(MOST))
        .map(|i| i * (n - 1) / (n.min(MOST) - 1).max(1))
        .collect();
    chosen.dedup();
    let lines: Vec<String> = chosen
        .into_iter()
        .map(|i| {
            let (at, world) = &r.worlds[i];
            let answer: serde_json::Value = serde_json::from_str(&r.bytes[*at]).unwrap();
            let case = serde_json::json!({
                "name": format!("decide: {name} step {} of {n}: {}", i + 1, golden.about),
                "call": "lifecycle.decide",
                "args": {"world": world},
                "expect": {"value": answer},
            });
            canonical_json(&case).unwrap()
        })
        .collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = folder.join(format!("lifecycle.decide_{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
        return None;
    }
    let differs = fs::read_to_string(&path).unwrap_or_default() != text;
    differs.then(|| format!("{name}: {} is not what is decided", path.display()))
}

#[test]
fn golden_scenarios() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 62, "{} files", paths.len());
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
        wrong.extend(cases(&name, &golden));
        let judged = std::panic::catch_unwind(|| check(&name, &golden));
        wrong.extend(judged.unwrap_or_else(|_| vec![format!("{name}: panicked, see above")]));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
