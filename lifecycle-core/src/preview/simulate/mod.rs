//! A small world: carries actions out on an observation and lets time pass by the timing table. No faults.
mod adopt;
mod carry_out;
mod faults;
mod fingerprint;
mod happen;

use core::fmt;
use core::hash::Hasher;

use serde::Serialize;

use crate::prelude::*;
use crate::{
    Action, ClusterSpec, DeployMode, EtcdMember, Machine, Millis, Node, StepTime, World, ms_of,
};

use fingerprint::Digest;

/// Which column of the timing table is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Every step takes its median.
    P50,
    /// Every step takes its 90th percentile.
    P90,
}

/// What happens by itself at a moment of a [`Simulation`]. Machines go by their system id, nodes by cluster and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// A pending call ends and its effect shows.
    Ends(Box<Action>),
    /// A machine's deployment is done.
    Deployed(String),
    /// A node reports; on a control plane it is in etcd, as a learner if it joins.
    Reports {
        /// Its cluster.
        cluster: String,
        /// Its name.
        node: String,
        /// How it joins.
        mode: DeployMode,
    },
    /// A node becomes ready.
    Ready {
        /// Its cluster.
        cluster: String,
        /// Its name.
        node: String,
    },
    /// A learner becomes a voter.
    Promoted {
        /// Its cluster.
        cluster: String,
        /// Its name.
        node: String,
    },
    /// A drain is done.
    DrainDone {
        /// Its cluster.
        cluster: String,
        /// Its name.
        node: String,
        /// Which of its drains: when that began.
        started_ms: Millis,
    },
    /// A released machine begins to erase its disks.
    Erasing(String),
    /// A released machine is free again.
    Back(String),
    /// A node's machine is on again.
    PoweredOn {
        /// Its cluster.
        cluster: String,
        /// Its name.
        node: String,
    },
}

impl Effect {
    fn is_of(&self, of: &str, name: &str) -> bool {
        match self {
            Self::Reports { cluster, node, .. }
            | Self::Ready { cluster, node }
            | Self::Promoted { cluster, node }
            | Self::DrainDone { cluster, node, .. }
            | Self::PoweredOn { cluster, node } => cluster == of && node == name,
            Self::Ends(_) | Self::Deployed(_) | Self::Erasing(_) | Self::Back(_) => false,
        }
    }

    fn is_on(&self, machine: &str) -> bool {
        match self {
            Self::Deployed(id) | Self::Erasing(id) | Self::Back(id) => id == machine,
            _ => false,
        }
    }
}

/// A world in motion: actions are carried out on the observation and time passes by the timing table. Nothing fails unless it is told to.
///
/// [`preview`](crate::preview()) runs on it; hosts may use it to try their policies out.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The world as it is now; its memory is the caller's to carry from decision to decision.
    pub world: World,
    pace: Pace,
    effects: BTreeMap<(Millis, u64), Effect>,
    sequence: u64,
    /// Nodes that no power cycle brings back.
    broken: BTreeSet<(String, String)>,
    /// Nodes are sorted by cluster and id, and new ones take their place among them: they are found faster.
    sorted: bool,
}

impl Simulation {
    /// Starts from `world`; what is under way there goes on from now, as if each step had just begun.
    pub fn new(world: World, pace: Pace) -> Self {
        let mut sim = Self {
            world,
            pace,
            effects: BTreeMap::new(),
            sequence: 0,
            broken: BTreeSet::new(),
            sorted: false,
        };
        sim.adopt();
        sim
    }

    /// Keeps the nodes, which are sorted by cluster and id, in that order.
    pub(crate) fn keeps_order(self) -> Self {
        Self {
            sorted: true,
            ..self
        }
    }

    fn step(&self, t: StepTime) -> Millis {
        ms_of(if self.pace == Pace::P50 {
            t.p50_s
        } else {
            t.p90_s
        })
    }

    fn after(&mut self, ms: Millis, effect: Effect) {
        self.sequence += 1;
        self.effects.insert(
            (self.world.now_ms.saturating_add(ms), self.sequence),
            effect,
        );
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next_effect_ms(&self) -> Option<Millis> {
        self.effects.keys().next().map(|(t, _)| *t)
    }

    /// What is to happen by itself and when, soonest first.
    pub fn to_come(&self) -> impl Iterator<Item = (Millis, &Effect)> {
        self.effects.iter().map(|((at, _), effect)| (*at, effect))
    }

    /// Moves the clock, lets happen what is due, and observes anew.
    pub fn advance(&mut self, to: Millis) {
        self.world.now_ms = self.world.now_ms.max(to);
        while let Some(entry) = self.effects.first_entry().filter(|e| e.key().0 <= to) {
            let effect = entry.remove();
            self.happen(effect);
        }
        let now = self.world.now_ms;
        self.world.observed.as_of_ms = now;
        for view in self.world.observed.etcd.values_mut() {
            view.as_of_ms = now;
        }
    }

    /// Feeds a hasher with what decides how the simulation goes on: the world and what is to happen, moments as distances from now. Two
    /// simulations with equal hashes go on alike. Moments further away than the longest deadline (156 min past, a day ahead) are alike.
    ///
    /// # Errors
    /// None; the signature is serde's.
    pub fn fingerprint(&self, to: &mut impl Hasher) -> fmt::Result {
        let mut digest = Digest {
            to,
            now: self.world.now_ms,
        };
        digest.add(&self.world)?;
        for ((at, _), effect) in &self.effects {
            digest.add(at)?;
            digest.add(effect)?;
        }
        digest.add(&self.broken)
    }

    fn cluster(&self, id: &str) -> Option<&ClusterSpec> {
        self.world.desired.clusters.iter().find(|c| c.id == id)
    }

    fn machine(&mut self, system_id: &str) -> Option<&mut Machine> {
        let o = &mut self.world.observed;
        o.machine_at(system_id).and_then(|i| o.machines.get_mut(i))
    }

    fn node(&mut self, cluster: &str, id: &str) -> Option<&mut Node> {
        let o = &mut self.world.observed;
        o.node_at(cluster, id).and_then(|i| o.nodes.get_mut(i))
    }

    fn members(&mut self, cluster: &str) -> &mut [EtcdMember] {
        self.world
            .observed
            .etcd
            .get_mut(cluster)
            .map(|v| v.members.as_mut_slice())
            .unwrap_or_default()
    }
}

fn names(action: &Action) -> (String, String) {
    (
        action.cluster().unwrap_or("").to_owned(),
        action.node().unwrap_or("").to_owned(),
    )
}
