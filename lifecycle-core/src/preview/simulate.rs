//! A small world: carries actions out on an observation and lets time pass by the timing table. No faults.
use crate::engine::guard_holds;
use crate::prelude::*;
use crate::{
    Action, ClusterSpec, DeployMode, Drain, DrainBy, DrainState, Erase, EtcdMember, Machine,
    MachineStatus, Millis, Node, Owner, PendingAction, Power, RecordField, StepTime, Tri, Verb,
    World, ms_of,
};

/// Which column of the timing table is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Every step takes its median.
    P50,
    /// Every step takes its 90th percentile.
    P90,
}

/// What happens by itself at a moment.
#[derive(Clone, Debug)]
enum Effect {
    /// A pending call ends and its effect shows.
    Ends(Box<Action>),
    Deployed(String),
    /// The node reports; on a control plane it is in etcd, as a learner if it joins.
    Reports {
        cluster: String,
        node: String,
        mode: DeployMode,
    },
    Ready {
        cluster: String,
        node: String,
    },
    Promoted {
        cluster: String,
        node: String,
    },
    DrainDone {
        cluster: String,
        node: String,
        started_ms: Millis,
    },
    Erasing(String),
    Back(String),
    PoweredOn {
        cluster: String,
        node: String,
    },
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
        };
        sim.adopt();
        sim
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

    /// Carries an action out as a host would: not if its guard does not hold.
    pub fn execute(&mut self, action: &Action) {
        if guard_holds(&self.world, action).is_err() {
            return;
        }
        let t = self.world.policy.timings.clone();
        match &action.verb {
            Verb::Allocate { .. } => self.pend(action, self.step(t.allocate)),
            Verb::RemoveEtcdMember { .. } => self.pend(action, self.step(t.remove)),
            Verb::Deploy {
                node,
                system_id,
                revision,
                mode,
            } => self.deploy(action, node, system_id, revision, *mode),
            Verb::Drain { node, .. } => self.drain(action, node),
            Verb::Release { system_id, erase } => self.release(action, system_id, *erase),
            Verb::PowerOn { .. } | Verb::PowerCycle { .. } => {
                let (cluster, node) = names(action);
                self.after(self.step(t.power), Effect::PoweredOn { cluster, node });
            }
            _ => self.apply(action),
        }
    }

    /// A text that is equal for two simulations that will go on alike: the world and what is to happen, times relative to now. Moments more
    /// than two hours past or a day ahead are alike.
    ///
    /// # Errors
    /// Only if the world cannot be written as JSON, which no world does.
    pub fn fingerprint(&self) -> Result<String, serde_json::Error> {
        let mut world = serde_json::to_value(&self.world)?;
        relative(&mut world, self.world.now_ms);
        let effects: Vec<String> = self
            .effects
            .iter()
            .map(|((t, _), e)| format!("{} {e:?}", t - self.world.now_ms))
            .collect();
        Ok(format!("{world} {effects:?} {:?}", self.broken))
    }

    /// The node stops for good: not ready, its etcd member unhealthy, its machine on, and no power cycle helps.
    pub fn fail_node(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        self.broken.insert((cluster.to_owned(), node.to_owned()));
        if let Some(n) = self.node(cluster, node) {
            n.ready = Tri::False;
            n.ready_since_ms = Some(now);
        }
        for m in self
            .members(cluster)
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(node))
        {
            m.healthy = Tri::False;
        }
        self.elect(cluster);
    }

    /// A failed node works again.
    pub fn heal_node(&mut self, cluster: &str, node: &str) {
        self.broken.remove(&(cluster.to_owned(), node.to_owned()));
        self.revive(cluster, node);
    }

    /// The deployment of the node's machine fails.
    pub fn fail_deploy(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        let system_id = self
            .node(cluster, node)
            .and_then(|n| n.system_id.clone())
            .unwrap_or_default();
        if let Some(m) = self
            .machine(&system_id)
            .filter(|m| m.status == MachineStatus::Deploying)
        {
            m.status = MachineStatus::FailedDeployment;
            m.status_since_ms = Some(now);
        }
    }

    /// While there is a majority, a healthy voter leads.
    fn elect(&mut self, cluster: &str) {
        let members = self.members(cluster);
        let voters = members.iter().filter(|m| !m.learner).count();
        let healthy = members
            .iter()
            .filter(|m| !m.learner && m.healthy.is_true())
            .count();
        if healthy < voters / 2 + 1 || members.iter().any(|m| m.leader && m.healthy.is_true()) {
            return;
        }
        let heir = members
            .iter()
            .rposition(|m| !m.learner && m.healthy.is_true());
        for (i, m) in members.iter_mut().enumerate() {
            m.leader = Some(i) == heir;
        }
    }

    fn revive(&mut self, cluster: &str, node: &str) {
        let now = self.world.now_ms;
        if let Some(n) = self.alive(cluster, node) {
            n.ready = Tri::True;
            n.ready_since_ms = Some(now);
        }
        for m in self
            .members(cluster)
            .iter_mut()
            .filter(|m| m.node.as_deref() == Some(node))
        {
            m.healthy = Tri::True;
        }
        self.elect(cluster);
    }

    fn pend(&mut self, action: &Action, ms: Millis) {
        self.world.observed.pending.push(PendingAction {
            action: action.clone(),
            issued_ms: self.world.now_ms,
        });
        self.after(ms, Effect::Ends(Box::new(action.clone())));
    }

    fn cluster(&self, id: &str) -> Option<&ClusterSpec> {
        self.world.desired.clusters.iter().find(|c| c.id == id)
    }

    fn machine(&mut self, system_id: &str) -> Option<&mut Machine> {
        self.world
            .observed
            .machines
            .iter_mut()
            .find(|m| m.system_id == system_id)
    }

    fn node(&mut self, cluster: &str, id: &str) -> Option<&mut Node> {
        self.world
            .observed
            .nodes
            .iter_mut()
            .find(|n| n.cluster == cluster && n.id == id)
    }

    fn deploy(
        &mut self,
        action: &Action,
        node: &str,
        system_id: &str,
        revision: &str,
        mode: DeployMode,
    ) {
        let (cluster, _) = names(action);
        let pool = action.pool().unwrap_or("").to_owned();
        let version = self
            .cluster(&cluster)
            .and_then(|c| c.pool(&pool))
            .and_then(|p| {
                if p.revision == revision {
                    p.k8s_version
                } else {
                    p.approved_k8s_version
                }
            });
        let alike = self.world.observed.nodes.iter().find(|n| {
            n.cluster == cluster && n.pool == pool && n.revision.as_deref() == Some(revision)
        });
        let version = version.or_else(|| alike.and_then(|n| n.k8s_version));
        let now = self.world.now_ms;
        if let Some(n) = self.node(&cluster, node) {
            n.revision = Some(revision.to_owned());
            n.k8s_version = version;
        }
        if let Some(m) = self.machine(system_id) {
            m.status = MachineStatus::Deploying;
            m.status_since_ms = Some(now);
        }
        let t = self.world.policy.timings.clone();
        let deployed = self.step(t.deploy);
        self.after(deployed, Effect::Deployed(system_id.to_owned()));
        self.joins(
            cluster,
            node,
            mode,
            deployed.saturating_add(self.step(t.join)),
        );
    }

    /// From the first report to settled: ready for `settle_s` at the end of the settle step, which is also when a learner is promoted.
    fn joins(&mut self, cluster: String, node: &str, mode: DeployMode, reports: Millis) {
        let settle = self.step(self.world.policy.timings.settle);
        let ready = reports.saturating_add(
            settle
                .saturating_sub(ms_of(self.world.policy.settle_s))
                .max(0),
        );
        let node = node.to_owned();
        self.after(
            reports,
            Effect::Reports {
                cluster: cluster.clone(),
                node: node.clone(),
                mode,
            },
        );
        self.after(
            ready,
            Effect::Ready {
                cluster: cluster.clone(),
                node: node.clone(),
            },
        );
        if mode == DeployMode::JoinControlPlane {
            self.after(
                reports.saturating_add(settle),
                Effect::Promoted { cluster, node },
            );
        }
    }

    fn drain(&mut self, action: &Action, node: &str) {
        let (cluster, _) = names(action);
        let started_ms = self.world.now_ms;
        let drain = self.step(self.world.policy.timings.drain);
        if let Some(n) = self.node(&cluster, node) {
            n.cordoned = true;
            n.drain = Drain {
                by: DrainBy::Engine,
                state: DrainState::Running,
                started_ms: Some(started_ms),
                pods_left: 1,
                blocker: None,
            };
        }
        self.after(
            drain,
            Effect::DrainDone {
                cluster,
                node: node.to_owned(),
                started_ms,
            },
        );
    }

    fn release(&mut self, action: &Action, system_id: &str, erase: Erase) {
        let now = self.world.now_ms;
        let (cluster, node) = names(action);
        let Some(m) = self.machine(system_id) else {
            return;
        };
        m.status = MachineStatus::Releasing;
        m.status_since_ms = Some(now);
        m.power = Power::Off;
        let total = m.disk_gb.iter().fold(0_u32, |a, b| a.saturating_add(*b));
        if let Some(n) = self.node(&cluster, &node) {
            n.ready = Tri::False;
            n.ready_since_ms = Some(now);
        }
        if !self.world.policy.lease_held_while_returning {
            self.address(&cluster, action.pool().unwrap_or(""), true);
        }
        let t = self.world.policy.timings.clone();
        let (release, wipe) = (self.step(t.release), self.step(t.erase(erase, total)));
        if wipe > 0 {
            self.after(release, Effect::Erasing(system_id.to_owned()));
        }
        self.after(
            release.saturating_add(wipe),
            Effect::Back(system_id.to_owned()),
        );
    }

    /// The pool whose subnet the endpoint's address comes from.
    fn endpoint_pool(&self, cluster: &str) -> Option<String> {
        let cp = self.cluster(cluster)?.control_plane.as_ref()?;
        Some(cp.id.clone())
    }

    /// Takes an address from the pool's subnet, or gives it back.
    fn address(&mut self, cluster: &str, pool: &str, back: bool) {
        let name = self.cluster(cluster).and_then(|c| {
            c.pool(pool)
                .and_then(|p| p.subnet.clone())
                .or_else(|| c.network.subnet.clone())
        });
        if let Some(s) = self
            .world
            .observed
            .subnets
            .iter_mut()
            .find(|s| Some(&s.id) == name.as_ref())
        {
            s.free_ips = if back {
                s.free_ips.saturating_add(1)
            } else {
                s.free_ips.saturating_sub(1)
            };
        }
    }

    fn allocated(&mut self, action: &Action, node: &str, system_id: &str, zone: &str) {
        let (cluster, _) = names(action);
        let pool = action.pool().unwrap_or("").to_owned();
        let now = self.world.now_ms;
        if let Some(m) = self.machine(system_id) {
            m.status = MachineStatus::Allocated;
            m.status_since_ms = Some(now);
            m.power = Power::On;
            m.owner = Some(Owner {
                cluster: cluster.clone(),
                pool: Some(pool.clone()),
                node: Some(node.to_owned()),
            });
        }
        self.address(&cluster, &pool, false);
        let is_first = !self
            .world
            .observed
            .nodes
            .iter()
            .any(|n| n.cluster == cluster && n.pool == pool);
        if is_first && self.endpoint_pool(&cluster).as_ref() == Some(&pool) {
            self.address(&cluster, &pool, false);
        }
        let mut n = Node::new(cluster, pool, node);
        n.system_id = Some(system_id.to_owned());
        n.created_ms = now;
        n.zone = Some(zone.to_owned());
        n.object = false;
        self.world.observed.nodes.push(n);
    }

    /// The effect of an action whose time has come.
    fn apply(&mut self, action: &Action) {
        let (cluster, _) = names(action);
        match &action.verb {
            Verb::Allocate {
                node,
                system_id,
                zone,
            } => self.allocated(action, node, system_id, zone),
            Verb::Record {
                node: Some(node),
                value,
                ..
            } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.joined_ms = Some(*value);
                }
            }
            Verb::Record { field, value, .. } => {
                let obs = self.world.observed.clusters.entry(cluster).or_default();
                match field {
                    RecordField::ProvisionedMs => obs.provisioned_ms = Some(*value),
                    RecordField::UpdateStartedMs => obs.update_started_ms = Some(*value),
                    RecordField::JoinedMs => {}
                }
            }
            Verb::AttachEndpoint { node } | Verb::DetachEndpoint { node } => {
                let attached = matches!(action.verb, Verb::AttachEndpoint { .. });
                if let Some(n) = self.node(&cluster, node) {
                    n.endpoint_attached = Some(attached);
                }
            }
            Verb::CancelDrain { node } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.cordoned = false;
                    n.drain = Drain::default();
                }
            }
            Verb::MoveEtcdLeader { to, .. } => {
                for m in self.members(&cluster) {
                    m.leader = m.node.as_deref() == Some(to);
                }
            }
            Verb::RemoveEtcdMember { member_id, .. } => {
                let members = self.world.observed.etcd.entry(cluster).or_default();
                members.members.retain(|m| m.member_id != *member_id);
            }
            Verb::DeleteNodeObject { node } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.object = false;
                }
                self.forget(&cluster);
            }
            Verb::ApplyInPlace {
                node,
                inplace_revision,
            } => {
                if let Some(n) = self.node(&cluster, node) {
                    n.inplace_revision = Some(inplace_revision.clone());
                }
            }
            Verb::FinishDeleted { orphans, .. } => {
                let held = self.world.observed.etcd.contains_key(&cluster);
                if let Some(pool) = self.endpoint_pool(&cluster).filter(|_| held) {
                    self.address(&cluster, &pool, true);
                }
                let obs = self
                    .world
                    .observed
                    .clusters
                    .entry(cluster.clone())
                    .or_default();
                obs.state = Some("deleted".to_owned());
                obs.orphans.clone_from(orphans);
                self.world.observed.nodes.retain(|n| n.cluster != cluster);
                self.world.observed.etcd.remove(&cluster);
            }
            _ => {}
        }
    }

    fn members(&mut self, cluster: &str) -> &mut [EtcdMember] {
        self.world
            .observed
            .etcd
            .get_mut(cluster)
            .map(|v| v.members.as_mut_slice())
            .unwrap_or_default()
    }

    /// Nodes that neither Kubernetes nor a machine shows any more.
    fn forget(&mut self, cluster: &str) {
        let machines = &self.world.observed.machines;
        let has_machine = |n: &Node| {
            machines.iter().any(|m| {
                Some(&m.system_id) == n.system_id.as_ref()
                    && m.owner
                        .as_ref()
                        .is_some_and(|o| o.node.as_ref() == Some(&n.id) && o.cluster == n.cluster)
            })
        };
        self.world
            .observed
            .nodes
            .retain(|n| n.cluster != cluster || n.object || has_machine(n));
    }

    fn happen(&mut self, effect: Effect) {
        let now = self.world.now_ms;
        match effect {
            Effect::Ends(action) => {
                self.world
                    .observed
                    .pending
                    .retain(|p| p.action.id != action.id);
                self.apply(&action);
            }
            Effect::Deployed(system_id) => {
                if let Some(m) = self
                    .machine(&system_id)
                    .filter(|m| m.status == MachineStatus::Deploying)
                {
                    m.status = MachineStatus::Deployed;
                    m.status_since_ms = Some(now);
                    m.power = Power::On;
                }
            }
            Effect::Reports {
                cluster,
                node,
                mode,
            } => self.reports(&cluster, &node, mode),
            Effect::Ready { cluster, node } | Effect::Promoted { cluster, node }
                if self.broken.contains(&(cluster.clone(), node.clone())) => {}
            Effect::Ready { cluster, node } => {
                if let Some(n) = self.alive(&cluster, &node) {
                    n.ready = Tri::True;
                    n.ready_since_ms = Some(now);
                }
            }
            Effect::Promoted { cluster, node } => {
                if self.alive(&cluster, &node).is_some() {
                    for m in self
                        .members(&cluster)
                        .iter_mut()
                        .filter(|m| m.node.as_deref() == Some(&node))
                    {
                        m.learner = false;
                    }
                }
            }
            Effect::DrainDone {
                cluster,
                node,
                started_ms,
            } => {
                if let Some(n) = self
                    .node(&cluster, &node)
                    .filter(|n| n.drain.started_ms == Some(started_ms))
                {
                    n.drain.state = DrainState::Done;
                    n.drain.pods_left = 0;
                }
            }
            Effect::Erasing(system_id) => {
                if let Some(m) = self
                    .machine(&system_id)
                    .filter(|m| m.status == MachineStatus::Releasing)
                {
                    m.status = MachineStatus::DiskErasing;
                }
            }
            Effect::Back(system_id) => {
                let Some(m) = self.machine(&system_id).filter(|m| m.status.is_returning()) else {
                    return;
                };
                m.status = MachineStatus::Ready;
                m.status_since_ms = Some(now);
                let owner = m.owner.take();
                if let Some(o) = owner {
                    if self.world.policy.lease_held_while_returning {
                        self.address(&o.cluster, o.pool.as_deref().unwrap_or(""), true);
                    }
                    self.forget(&o.cluster);
                }
            }
            Effect::PoweredOn { cluster, node } => {
                let system_id = self
                    .node(&cluster, &node)
                    .and_then(|n| n.system_id.clone())
                    .unwrap_or_default();
                if let Some(m) = self.machine(&system_id) {
                    m.power = Power::On;
                }
                if !self.broken.contains(&(cluster.clone(), node.clone())) {
                    self.revive(&cluster, &node);
                }
            }
        }
    }

    /// The node, if its machine is still deployed for it.
    fn alive(&mut self, cluster: &str, node: &str) -> Option<&mut Node> {
        let system_id = self.node(cluster, node)?.system_id.clone()?;
        let deployed = self
            .machine(&system_id)
            .is_some_and(|m| m.status == MachineStatus::Deployed);
        if deployed {
            self.node(cluster, node)
        } else {
            None
        }
    }

    fn reports(&mut self, cluster: &str, node: &str, mode: DeployMode) {
        let Some(n) = self.alive(cluster, node) else {
            return;
        };
        n.object = true;
        let now = self.world.now_ms;
        let stacked = self
            .cluster(cluster)
            .is_none_or(|c| c.etcd == crate::Etcd::Stacked);
        if mode == DeployMode::JoinWorker {
            return;
        }
        if mode == DeployMode::Init {
            self.world
                .observed
                .clusters
                .entry(cluster.to_owned())
                .or_default()
                .initialized = true;
        }
        if stacked {
            let view = self
                .world
                .observed
                .etcd
                .entry(cluster.to_owned())
                .or_default();
            view.reachable = true;
            view.as_of_ms = now;
            view.members.push(EtcdMember {
                member_id: format!("e-{node}"),
                name: node.to_owned(),
                node: Some(node.to_owned()),
                peer_ips: Vec::new(),
                learner: mode == DeployMode::JoinControlPlane,
                healthy: Tri::True,
                leader: mode == DeployMode::Init,
            });
        }
    }

    /// What is under way in the world that was handed in, goes on.
    fn adopt(&mut self) {
        let pending: Vec<Action> = self
            .world
            .observed
            .pending
            .iter()
            .map(|p| p.action.clone())
            .collect();
        let t = self.world.policy.timings.clone();
        for action in pending {
            self.after(self.step(t.allocate), Effect::Ends(Box::new(action)));
        }
        let machines: Vec<(String, MachineStatus, u32)> = self
            .world
            .observed
            .machines
            .iter()
            .map(|m| {
                (
                    m.system_id.clone(),
                    m.status,
                    m.disk_gb.iter().fold(0_u32, |a, b| a.saturating_add(*b)),
                )
            })
            .collect();
        for (system_id, status, total) in machines {
            match status {
                MachineStatus::Releasing => {
                    self.after(self.step(t.release), Effect::Back(system_id));
                }
                MachineStatus::DiskErasing => self.after(
                    self.step(t.erase(Erase::Quick, total)),
                    Effect::Back(system_id),
                ),
                MachineStatus::Deploying => {
                    self.after(self.step(t.deploy), Effect::Deployed(system_id));
                }
                _ => {}
            }
        }
        for n in self.world.observed.nodes.clone() {
            self.adopt_node(&n);
        }
    }

    fn adopt_node(&mut self, n: &Node) {
        let t = self.world.policy.timings.clone();
        if n.drain.by == DrainBy::Engine && n.drain.state != DrainState::Done {
            let started_ms = n.drain.started_ms.unwrap_or(self.world.now_ms);
            if let Some(n) = self.node(&n.cluster, &n.id) {
                n.drain.started_ms = Some(started_ms);
            }
            self.after(
                self.step(t.drain),
                Effect::DrainDone {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                    started_ms,
                },
            );
        }
        let Some(status) = n
            .system_id
            .as_deref()
            .and_then(|s| self.machine(s))
            .map(|m| m.status)
        else {
            return;
        };
        if n.joined_ms.is_some()
            || !matches!(status, MachineStatus::Deploying | MachineStatus::Deployed)
        {
            return;
        }
        let is_cp = self
            .cluster(&n.cluster)
            .and_then(|c| c.control_plane.as_ref())
            .is_none_or(|p| p.id == n.pool);
        let initialized = self
            .world
            .observed
            .clusters
            .get(&n.cluster)
            .is_some_and(|c| c.initialized);
        let mode = match (is_cp, initialized) {
            (false, _) => DeployMode::JoinWorker,
            (true, false) => DeployMode::Init,
            (true, true) => DeployMode::JoinControlPlane,
        };
        let is_member = self
            .members(&n.cluster)
            .iter()
            .any(|m| m.node.as_deref() == Some(&n.id));
        let left = if status == MachineStatus::Deploying {
            self.step(t.deploy)
        } else {
            0
        };
        let settle = self.step(t.settle);
        if is_member {
            self.after(
                0,
                Effect::Ready {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                },
            );
            self.after(
                settle,
                Effect::Promoted {
                    cluster: n.cluster.clone(),
                    node: n.id.clone(),
                },
            );
        } else {
            self.joins(
                n.cluster.clone(),
                &n.id,
                mode,
                left.saturating_add(self.step(t.join)),
            );
        }
    }
}

fn names(action: &Action) -> (String, String) {
    (
        action.cluster().unwrap_or("").to_owned(),
        action.node().unwrap_or("").to_owned(),
    )
}

/// Moments become distances from now, clipped.
fn relative(value: &mut serde_json::Value, now: Millis) {
    /// No duration or size is that large, and every moment since 1973 is larger.
    const MOMENT: i64 = 100_000_000_000;
    match value {
        serde_json::Value::Number(n) => {
            if let Some(t) = n.as_i64().filter(|t| *t > MOMENT) {
                *value = t.saturating_sub(now).clamp(-7_200_000, 86_400_000).into();
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(|v| relative(v, now)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|v| relative(v, now)),
        _ => {}
    }
}
