//! A breadth-first explorer: every state that a world can reach when what is allowed to go wrong does so at any moment. In each state the
//! invariants hold; where nothing moves any more, somebody says why.
use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use lifecycle_core::{
    Decision, MachineStatus, Memory, Pace, Simulation, State as ClusterState, Verdict, World,
    decide,
};

use super::invariants;

/// What may go wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It stops for good, its etcd member with it.
    Node,
    /// Its kubelet stops; etcd goes on.
    Kubelet,
    /// Its deployment fails, or as a learner it stops.
    Creation,
    /// etcd cannot be read, until it can again.
    Blind,
}

/// What a user may ask for, once, in any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Delete,
    Abort,
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
    /// Every end is Running or Deleted; else an end may also be one that explains itself.
    pub ends_well: bool,
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
            ends_well: false,
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

    pub fn ends_well(mut self) -> Self {
        self.ends_well = true;
        self
    }

    /// Nothing from outside: each state has one successor.
    fn is_calm(&self) -> bool {
        self.faults == 0 && self.broken.is_empty() && self.ask.is_none() && !self.forget
    }

    pub fn start(&self) -> State {
        let mut sim = Simulation::new(self.world.clone(), Pace::P50);
        for (cluster, node) in &self.broken {
            sim.fail_node(cluster, node);
        }
        State::new(sim, (self.faults, self.ask.is_some(), self.forget))
    }

    /// Everything that can happen next. `decide` is part of [`Event::Step`].
    pub fn events(&self, s: &State) -> Vec<Event> {
        let mut out = vec![Event::Step];
        let o = &s.sim.world.observed;
        let status = |id: &Option<String>| {
            o.machines
                .iter()
                .find(|m| Some(&m.system_id) == id.as_ref())
                .map(|m| m.status)
        };
        if s.left.0 > 0 {
            for n in &o.nodes {
                let learner = o
                    .etcd
                    .get(&n.cluster)
                    .is_some_and(|v| v.members.iter().any(|m| m.learner && m.name == n.id));
                let name = || (n.cluster.clone(), n.id.clone());
                for kind in self.kinds {
                    match kind {
                        Fault::Node if n.ready.is_true() => out.push(Event::Fails(name())),
                        Fault::Kubelet if n.ready.is_true() => {
                            out.push(Event::KubeletFails(name()));
                        }
                        Fault::Creation if learner => out.push(Event::Fails(name())),
                        Fault::Creation
                            if status(&n.system_id) == Some(MachineStatus::Deploying) =>
                        {
                            out.push(Event::DeployFails(name()));
                        }
                        _ => {}
                    }
                }
            }
            if self.kinds.contains(&Fault::Blind) && o.etcd.values().all(|v| v.reachable) {
                out.push(Event::Blind);
            }
        }
        if o.etcd.values().any(|v| !v.reachable) {
            out.push(Event::Sees);
        }
        if s.left.1 {
            out.extend(self.ask.map(Event::Asked));
        }
        if s.left.2 {
            out.push(Event::Forgets);
        }
        out
    }

    /// The state after an event; none if nothing is left to happen.
    pub fn next(&self, s: &State, event: &Event) -> Option<State> {
        let mut sim = s.sim.clone();
        let (mut faults, mut ask, mut forget) = s.left;
        match event {
            Event::Step => {
                let d = decide(&sim.world);
                step(&mut sim, &d)?;
            }
            Event::Fails((c, n)) => sim.fail_node(c, n),
            Event::DeployFails((c, n)) => sim.fail_deploy(c, n),
            Event::KubeletFails((c, n)) => {
                let now = sim.world.now_ms;
                for x in &mut sim.world.observed.nodes {
                    if x.cluster == *c && x.id == *n {
                        x.ready = lifecycle_core::Tri::False;
                        x.ready_since_ms = Some(now);
                    }
                }
            }
            Event::Blind | Event::Sees => {
                for v in sim.world.observed.etcd.values_mut() {
                    v.reachable = *event == Event::Sees;
                }
            }
            Event::Asked(what) => {
                let now = sim.world.now_ms;
                for c in &mut sim.world.desired.clusters {
                    match what {
                        Ask::Delete => c.delete_requested_ms = Some(now),
                        Ask::Abort => c.abort_requested_ms = Some(now),
                    }
                }
                ask = false;
            }
            Event::Forgets => {
                sim.world.memory = Memory::default();
                forget = false;
            }
        }
        if matches!(
            event,
            Event::Fails(_) | Event::DeployFails(_) | Event::KubeletFails(_) | Event::Blind
        ) {
            faults -= 1;
        }
        Some(State::new(sim, (faults, ask, forget)))
    }
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A decision is taken and carried out; if there is nothing to do, time passes to the next effect or wake-up.
    Step,
    Fails((String, String)),
    KubeletFails((String, String)),
    DeployFails((String, String)),
    Blind,
    Sees,
    Asked(Ask),
    Forgets,
}

/// None if nothing is done and nothing is to come.
fn step(sim: &mut Simulation, d: &Decision) -> Option<()> {
    sim.world.memory = d.memory.clone();
    for a in &d.actions {
        sim.execute(a);
    }
    if d.actions.is_empty() {
        let next = [sim.next_effect_ms(), d.next_wakeup_ms];
        sim.advance(next.into_iter().flatten().min()?);
    }
    Some(())
}

/// A world in motion and what may still happen to it; equal if it will go on alike.
#[derive(Clone, Debug)]
pub struct State {
    pub sim: Simulation,
    /// Faults, a request, a loss of memory.
    left: (u32, bool, bool),
    key: (u64, u64),
}

impl State {
    fn new(sim: Simulation, left: (u32, bool, bool)) -> Self {
        let text = sim.fingerprint().unwrap();
        let hash = |salt: u8| {
            let mut h = DefaultHasher::new();
            (salt, &text, left).hash(&mut h);
            h.finish()
        };
        let key = (hash(0), hash(1));
        Self { sim, left, key }
    }

    /// The invariants hold here.
    pub fn check(&self) -> Decision {
        let d = decide(&self.sim.world);
        invariants::check(&self.sim.world, &d);
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

/// What a search saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub states: usize,
    /// Ends in Running or Deleted.
    pub well: usize,
    /// Ends elsewhere that say why.
    pub explained: usize,
}

/// Explores a scope to its end.
pub fn search(scope: &Scope) -> Found {
    let name = &scope.name;
    let start = scope.start();
    let mut seen = BTreeSet::from([start.key]);
    let mut queue = VecDeque::from([start]);
    let mut found = Found::default();
    while let Some(s) = queue.pop_front() {
        found.states += 1;
        let d = s.check();
        let mut ended = true;
        for event in scope.events(&s) {
            let Some(next) = scope.next(&s, &event) else {
                continue;
            };
            let is_same = next.key == s.key;
            ended &= is_same || event != Event::Step;
            if seen.insert(next.key) {
                queue.push_back(next);
            } else {
                assert!(
                    !scope.is_calm() || is_same,
                    "L2 {name}: a state came twice without a fault"
                );
            }
        }
        if !ended {
            continue;
        }
        let well = d
            .status
            .clusters
            .values()
            .all(|c| matches!(c.state, ClusterState::Running | ClusterState::Deleted));
        if well {
            found.well += 1;
            continue;
        }
        found.explained += 1;
        let says = d
            .explain
            .iter()
            .any(|e| e.verdict != Verdict::Did && !e.unblocks_when.is_empty());
        assert!(says, "L3 {name}: stuck without a reason: {:?}", d.explain);
        assert!(!scope.ends_well, "L1 {name}: does not end: {:?}", d.explain);
    }
    found
}
