//! A breadth-first explorer: every state that a world can reach when what is allowed to go wrong does so at any moment. In each state and on
//! each transition the invariants hold; `liveness` judges where it all ends.
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use lifecycle_core::{
    Decision, MachineStatus, Memory, Millis, Pace, PendingAction, Power, Request, Simulation, Tri,
    World, admit, canonical_json, decide,
};

use super::invariants;
use super::key;
use super::liveness::{self, Step};

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node stops for good, its etcd member with it.
    Node,
    /// A node stops, its etcd member with it, until it comes back by itself.
    Spell,
    /// A node's kubelet stops; etcd goes on.
    Kubelet,
    /// A deployment fails, or a learner stops.
    Creation,
    /// A node's machine loses power.
    Power,
    /// A release fails.
    Return,
    /// etcd cannot be read, until it can again.
    Blind,
}

/// What a user may ask for, once, in any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All clusters are deleted.
    Delete,
    /// All clusters are aborted.
    Abort,
    /// The gateway is deleted, if that is admitted.
    DeleteGateway,
    /// This cluster is deleted.
    DeleteOne(&'static str),
}

/// Where a world starts and what may happen to it.
#[derive(Clone, Debug)]
pub struct Scope {
    pub name: String,
    pub world: World,
    pub faults: u32,
    pub kinds: &'static [Fault],
    pub ask: Option<Ask>,
    /// Nodes that have failed for good at the start.
    pub broken: Vec<(&'static str, &'static str)>,
    /// Memory is lost once, in any state.
    pub forget: bool,
    /// Once, in any state, a decision is taken on what was to be seen one step earlier.
    pub late: bool,
    /// Every end is converged; else an end may also be one that explains itself.
    pub ends_well: bool,
    /// Two states are one only if everything in them is the same, see [`key`].
    pub exact: bool,
}

impl Scope {
    pub fn new(name: impl Into<String>, world: World) -> Self {
        Self {
            name: name.into(),
            world,
            faults: 0,
            kinds: &[Fault::Node],
            ask: None,
            broken: Vec::new(),
            forget: false,
            late: false,
            ends_well: false,
            exact: false,
        }
    }

    pub fn faults(mut self, n: u32, kinds: &'static [Fault]) -> Self {
        (self.faults, self.kinds) = (n, kinds);
        self
    }

    pub fn ask(mut self, ask: Ask) -> Self {
        self.ask = Some(ask);
        self
    }

    pub fn forget(mut self) -> Self {
        self.forget = true;
        self
    }

    pub fn late(mut self) -> Self {
        self.late = true;
        self
    }

    pub fn ends_well(mut self) -> Self {
        self.ends_well = true;
        self
    }

    pub fn exactly(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The scope in words.
    pub fn title(&self) -> String {
        let mut title = format!("{}, faults {}", self.name, self.faults);
        if self.faults > 0 && self.kinds != [Fault::Node] {
            title += &format!(" {:?}", self.kinds);
        }
        if let Some(ask) = self.ask {
            title += &format!(", {ask:?} anywhere");
        }
        if self.forget {
            title += ", memory lost anywhere";
        }
        if self.late {
            title += ", a view one step old anywhere";
        }
        title
    }

    fn left(&self) -> Left {
        Left {
            faults: self.faults,
            ask: self.ask.is_some(),
            forget: self.forget,
            late: self.late,
        }
    }

    pub fn start(&self) -> State {
        let mut sim = Simulation::new(self.world.clone(), Pace::P50);
        for (cluster, node) in &self.broken {
            sim.fail_node(cluster, node);
        }
        State::new(sim, self.left(), self.exact)
    }

    /// Nothing has failed here so far.
    pub fn is_calm(&self, s: &State) -> bool {
        s.left.faults == self.faults && self.broken.is_empty()
    }

    /// What may come from outside next.
    fn outside(&self, s: &State) -> Vec<Event> {
        let mut out = Vec::new();
        if s.left.faults > 0 {
            self.failures(&s.sim.world, &mut out);
        }
        let o = &s.sim.world.observed;
        if o.etcd.values().any(|v| !v.reachable) {
            out.push(Event::Sees);
        }
        if self.kinds.contains(&Fault::Spell) {
            let broken = s
                .sim
                .failed_nodes()
                .map(|(c, n)| Event::Heals(c.into(), n.into()));
            out.extend(broken);
        }
        if s.left.ask {
            out.extend(self.ask.map(Event::Asked));
        }
        if s.left.forget {
            out.push(Event::Forgets);
        }
        out
    }

    fn failures(&self, w: &World, out: &mut Vec<Event>) {
        let o = &w.observed;
        let machine = |id: &Option<String>| {
            o.machines
                .iter()
                .find(|m| Some(&m.system_id) == id.as_ref())
        };
        for n in &o.nodes {
            let learner = o
                .etcd
                .get(&n.cluster)
                .is_some_and(|v| v.members.iter().any(|m| m.learner && m.name == n.id));
            let (c, id) = (|| n.cluster.clone(), || n.id.clone());
            let m = machine(&n.system_id);
            let status = m.map(|m| m.status);
            let on = m.is_some_and(|m| m.power == Power::On);
            for kind in self.kinds {
                match kind {
                    Fault::Node | Fault::Spell if n.ready.is_true() => {
                        out.push(Event::Fails(c(), id()));
                    }
                    Fault::Kubelet if n.ready.is_true() => out.push(Event::KubeletFails(c(), id())),
                    Fault::Power if n.ready.is_true() && on => {
                        out.push(Event::PowerFails(c(), id()));
                    }
                    Fault::Creation if learner => out.push(Event::Fails(c(), id())),
                    Fault::Creation if status == Some(MachineStatus::Deploying) => {
                        out.push(Event::DeployFails(c(), id()));
                    }
                    _ => {}
                }
            }
        }
        if self.kinds.contains(&Fault::Return) {
            let releasing = |m: &&lifecycle_core::Machine| m.status == MachineStatus::Releasing;
            let stuck = o.machines.iter().filter(releasing);
            out.extend(stuck.map(|m| Event::ReleaseFails(m.system_id.clone())));
        }
        if self.kinds.contains(&Fault::Blind) && o.etcd.values().all(|v| v.reachable) {
            out.push(Event::Blind);
        }
    }

    /// Everything that can happen next. `decide` is part of [`Event::Step`].
    pub fn events(&self, s: &State) -> Vec<Event> {
        let outside = self.outside(s);
        let mut out = Vec::with_capacity(2 * outside.len() + 2);
        out.push(Event::Step);
        if s.left.late {
            out.push(Event::Late(None));
            let fails = outside.iter().filter(|e| e.is_fault());
            out.extend(fails.map(|e| Event::Late(Some(Box::new(e.clone())))));
        }
        out.extend(outside);
        out
    }

    /// The state after an event; none if nothing is left to happen.
    pub fn next(&self, s: &State, event: &Event) -> Option<State> {
        let d = matches!(event, Event::Step | Event::Late(_)).then(|| decide(&s.sim.world));
        self.after(s, event, d.as_ref())
    }

    /// The same with the decision at hand, which a step and a late decision need.
    fn after(&self, s: &State, event: &Event, d: Option<&Decision>) -> Option<State> {
        let mut sim = s.sim.clone();
        let mut left = s.left;
        match event {
            Event::Step => step(&mut sim, d?, POLLS)?,
            Event::Late(fault) => {
                left.late = false;
                late(&mut sim, fault.as_deref(), d?)?;
                left.faults -= u32::from(fault.is_some());
            }
            Event::Asked(what) => {
                ask(&mut sim.world, *what)?;
                left.ask = false;
            }
            Event::Forgets => {
                sim.world.memory = Memory::default();
                left.forget = false;
            }
            outside => {
                happens(&mut sim, outside);
                left.faults -= u32::from(outside.is_fault());
            }
        }
        Some(State::new(sim, left, self.exact))
    }
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A decision is taken and carried out; if there is nothing to do, time passes to the next effect or wake-up.
    Step,
    /// A decision on an older view: a fault has come in between, or what the step before brought is not seen yet.
    Late(Option<Box<Event>>),
    Fails(String, String),
    Heals(String, String),
    KubeletFails(String, String),
    PowerFails(String, String),
    DeployFails(String, String),
    ReleaseFails(String),
    Blind,
    Sees,
    Asked(Ask),
    Forgets,
}

impl Event {
    /// Without the names.
    fn kind(&self) -> String {
        match self {
            Self::Late(Some(fault)) => format!("late {}", fault.kind()),
            other => {
                let text = format!("{other:?}");
                text.split('(').next().unwrap_or("").to_owned()
            }
        }
    }

    fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Fails(..)
                | Self::KubeletFails(..)
                | Self::PowerFails(..)
                | Self::DeployFails(..)
                | Self::ReleaseFails(_)
                | Self::Blind
        )
    }

    /// The engine and time alone.
    pub fn is_by_us(&self) -> bool {
        matches!(self, Self::Step | Self::Late(None) | Self::Forgets)
    }
}

fn happens(sim: &mut Simulation, event: &Event) {
    let now = sim.world.now_ms;
    match event {
        Event::Fails(c, n) => sim.fail_node(c, n),
        Event::Heals(c, n) => sim.heal_node(c, n),
        Event::DeployFails(c, n) => sim.fail_deploy(c, n),
        Event::KubeletFails(c, n) => {
            let mut nodes = sim.world.observed.nodes.iter_mut();
            if let Some(n) = nodes.find(|x| x.cluster == *c && x.id == *n) {
                (n.ready, n.ready_since_ms) = (Tri::False, Some(now));
            }
        }
        Event::PowerFails(c, n) => sim.power_off_node(c, n),
        Event::ReleaseFails(system_id) => sim.fail_release(system_id),
        Event::Blind | Event::Sees => {
            for v in sim.world.observed.etcd.values_mut() {
                v.reachable = *event == Event::Sees;
            }
        }
        _ => {}
    }
}

fn ask(w: &mut World, what: Ask) -> Option<()> {
    let now = w.now_ms;
    for c in &mut w.desired.clusters {
        match what {
            Ask::Delete => c.delete_requested_ms = Some(now),
            Ask::DeleteOne(id) if id == c.id => c.delete_requested_ms = Some(now),
            Ask::Abort => c.abort_requested_ms = Some(now),
            _ => {}
        }
    }
    if what == Ask::DeleteGateway {
        let id = w.desired.pcgs.first()?.id.clone();
        let delete = Request::DeletePcg { id };
        w.desired = admit(&delete, w).ok()?.desired;
    }
    Some(())
}

/// Polls of a waiting world that may pass as one step: an hour of them.
const POLLS: usize = 120;

/// None if nothing is done and nothing is to come.
fn step(sim: &mut Simulation, d: &Decision, polls: usize) -> Option<()> {
    sim.world.memory.clone_from(&d.memory);
    if !d.actions.is_empty() {
        for a in &d.actions {
            sim.execute(a);
        }
        return Some(());
    }
    // A wake-up that finds nothing new is no moment of its own: it passes with the next one.
    let mut waits: Option<Decision> = None;
    for _ in 0..polls {
        let d = waits.as_ref().unwrap_or(d);
        let effect = sim.next_effect_ms();
        let Some(next) = effect.into_iter().chain(d.next_wakeup_ms).min() else {
            return waits.map(|_| ());
        };
        sim.advance(next);
        if effect == Some(next) {
            break;
        }
        let after = decide(&sim.world);
        if !after.actions.is_empty() || !says_the_same(d, &after) {
            break;
        }
        sim.world.memory.clone_from(&after.memory);
        waits = Some(after);
    }
    Some(())
}

fn says_the_same(a: &Decision, b: &Decision) -> bool {
    let says = |d: &Decision| -> Vec<(String, _, String)> {
        d.explain
            .iter()
            .map(|e| (e.subject.clone(), e.verdict, e.rule.clone()))
            .collect()
    };
    says(a) == says(b)
}

/// A decision on the view of `sim` as it is, while the world has moved on: by a fault, or by what the decision `d` did or waited for. What was
/// issued since that view counts as pending, as a host keeps it.
fn late(sim: &mut Simulation, fault: Option<&Event>, d: &Decision) -> Option<()> {
    let mut view = sim.world.clone();
    let second;
    let d = if let Some(fault) = fault {
        happens(sim, fault);
        sim.world.memory.clone_from(&d.memory);
        d
    } else {
        step(sim, d, 1)?;
        for a in &d.actions {
            view.observed.pending.push(PendingAction {
                action: a.clone(),
                issued_ms: view.now_ms,
            });
        }
        view.now_ms = sim.world.now_ms;
        view.memory.clone_from(&sim.world.memory);
        second = decide(&view);
        invariants::check(&view, &second);
        sim.world.memory.clone_from(&second.memory);
        &second
    };
    if d.actions.is_empty() {
        return None;
    }
    for a in &d.actions {
        if lifecycle_core::guard_holds(&sim.world, a).is_ok() {
            invariants::check_executed(&sim.world, a);
        }
        sim.execute(a);
    }
    Some(())
}

/// What may still come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Left {
    faults: u32,
    ask: bool,
    forget: bool,
    late: bool,
}

type Key = (u64, u64);

/// A world in motion and what may still happen to it; equal if it will go on alike.
#[derive(Clone, Debug)]
pub struct State {
    pub sim: Simulation,
    left: Left,
    key: Key,
}

/// Two hashers with different starts, fed at once.
struct Twin(DefaultHasher, DefaultHasher);

impl Default for Twin {
    fn default() -> Self {
        let (one, mut other) = (DefaultHasher::new(), DefaultHasher::new());
        other.write_u8(1);
        Self(one, other)
    }
}

impl Twin {
    fn key(&self) -> Key {
        (self.0.finish(), self.1.finish())
    }
}

impl Hasher for Twin {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl State {
    fn new(sim: Simulation, left: Left, exact: bool) -> Self {
        let mut key = Twin::default();
        if exact {
            sim.fingerprint(&mut key).unwrap();
        } else {
            key::walk(&sim, &mut key);
        }
        left.hash(&mut key);
        let key = key.key();
        Self { sim, left, key }
    }

    /// The invariants hold here.
    pub fn check(&self) -> Decision {
        let w = &self.sim.world;
        let d = decide(w);
        invariants::check(w, &d);
        invariants::planned(w, &d);
        // I-D1 and I-D2 on a sample: order of lists and JSON change nothing.
        if self.key.0.is_multiple_of(64) {
            let mut other: World = serde_json::from_str(&canonical_json(w).unwrap()).unwrap();
            assert_eq!(other, *w, "I-D2");
            let o = &mut other.observed;
            o.machines.reverse();
            o.nodes.reverse();
            o.pending.reverse();
            for v in o.etcd.values_mut() {
                v.members.reverse();
            }
            assert_eq!(decide(&other), d, "I-D1");
        }
        d
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.key.hash(h);
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What a search saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub states: usize,
    /// Ends as desired.
    pub well: usize,
    /// Ends elsewhere that say why.
    pub explained: usize,
    /// Rounds that repeat themselves for ever, each saying why.
    pub rounds: usize,
    /// The longest way to an end as desired once nothing fails any more.
    pub longest_ms: Millis,
}

/// Explores a scope to its end.
pub fn search(scope: &Scope) -> Found {
    let start = scope.start();
    let mut seen: HashMap<Key, u32, BuildHasherDefault<AsIs>> = HashMap::default();
    seen.insert(start.key, 0);
    let mut steps: Vec<Step> = Vec::new();
    let mut queue = VecDeque::from([start]);
    while let Some(s) = queue.pop_front() {
        let d = s.check();
        let here = steps.len();
        steps.push(Step::end());
        for event in scope.events(&s) {
            let Some(next) = scope.after(&s, &event, Some(&d)) else {
                continue;
            };
            invariants::check_transition(&s.sim.world, &next.sim.world, event.is_by_us());
            let new = u32::try_from(seen.len()).unwrap();
            let to = *seen.entry(next.key).or_insert(new);
            if event == Event::Step {
                steps[here] = Step::to(to, next.sim.world.now_ms - s.sim.world.now_ms);
            }
            if to == new {
                queue.push_back(next);
            }
        }
        liveness::judge(scope, &s, &d, here, &mut steps[here]);
    }
    liveness::ends(scope, &steps)
}

/// What a state's key promises: what may happen next, and where it leads.
#[derive(Debug, PartialEq)]
struct Promise {
    /// By kind of event, with the keys of the states that follow.
    next: Vec<(String, Key)>,
    verdict: Step,
}

/// The exact search, and whether states that the reduced one takes for one another go on alike and are judged alike, all the way: (exact
/// states, states after the reduction).
pub fn compare(scope: &Scope) -> (usize, usize) {
    let exact = scope.clone().exactly();
    let reduced = |s: &State| State::new(s.sim.clone(), s.left, false).key;
    let mut kept: HashMap<Key, Promise> = HashMap::new();
    let start = exact.start();
    let mut seen = HashSet::from([start.key]);
    let mut queue = VecDeque::from([start]);
    while let Some(s) = queue.pop_front() {
        let d = s.check();
        let key = reduced(&s);
        let mut promise = Promise {
            next: Vec::new(),
            verdict: Step::end(),
        };
        for event in exact.events(&s) {
            let Some(next) = exact.after(&s, &event, Some(&d)) else {
                continue;
            };
            let to = reduced(&next);
            if event == Event::Step {
                let ms = next.sim.world.now_ms - s.sim.world.now_ms;
                promise.verdict = Step::to(u32::from(to != key), ms);
            }
            promise.next.push((event.kind(), to));
            if seen.insert(next.key) {
                queue.push_back(next);
            }
        }
        promise.next.sort_unstable();
        // Number 0: itself.
        liveness::judge(scope, &s, &d, 0, &mut promise.verdict);
        let known = kept.entry(key).or_insert_with(|| Promise {
            next: promise.next.clone(),
            verdict: promise.verdict,
        });
        assert_eq!(*known, promise, "{}", scope.title());
    }
    (seen.len(), kept.len())
}
