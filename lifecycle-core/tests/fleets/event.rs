//! What users ask for and what goes wrong.
use lifecycle_core::{
    ClusterSpec, Machine, MachineStatus, Maintenance, Memory, Node, Power, Request, Role, Tri,
    Version, World, admit,
};

use crate::common::T0;
use crate::common::trace::{down, node_of};
use crate::fleet::Fleet;
use crate::shape::{LARGEST, ZONES};

/// What happens between two decisions; numbers choose among what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Fails(u16),
    KubeletFails(u16),
    PowerFails(u16),
    Heals(u16),
    DeployFails(u16),
    ReleaseFails(u16),
    Blind(u16),
    Sees,
    Locks(u16),
    Cordons(u16),
    Unlocks,
    Taken(u16),
    Spare(u16),
    Forgets,
    /// The host restarts without its journal; the bits say which calls in flight were carried out.
    LosesJournal(u16),
    /// The host's clock is set back by so many minutes, until it is set right.
    SetBack(u8),
    SetRight,
    /// The next decisions are taken on what is seen now.
    Stale(u8),
    /// Nobody decides for so many quarters of an hour.
    Sleeps(u8),
    Delete(u16),
    Abort(u16),
    Force(u16),
    Pause(u16),
    Resume(u16),
    Revise(u16),
    Upgrade(u16),
    Resize(u16, u16),
    ResizeCp(u16, u16),
    Create(u16),
    GatewayGrows(u16),
    GatewayUpgrades(u16),
    GatewayDelete(u16),
}

/// Less than the day after which a clock is believed again.
const MOST_BEHIND_MS: i64 = 6 * 3_600_000;

impl Fleet {
    fn request(&mut self, request: &Request) {
        if let Ok(admission) = admit(request, &self.host()) {
            self.sim.world.desired = admission.desired;
        }
    }

    fn cluster(&self, pick: u16) -> Option<ClusterSpec> {
        let list = &self.sim.world.desired.clusters;
        list.get(usize::from(pick) % list.len().max(1)).cloned()
    }

    fn gateway(&self, pick: u16) -> Option<String> {
        let list = &self.sim.world.desired.pcgs;
        list.get(usize::from(pick) % list.len().max(1))
            .map(|g| g.id.clone())
    }

    /// One of the nodes that satisfy a predicate.
    fn node(&self, pick: u16, p: impl Fn(&World, &Node) -> bool) -> Option<(String, String)> {
        let w = &self.sim.world;
        let list: Vec<_> = w.observed.nodes.iter().filter(|n| p(w, n)).collect();
        list.get(usize::from(pick) % list.len().max(1))
            .map(|n| (n.cluster.clone(), n.id.clone()))
    }

    fn hit(&mut self, cluster: &str) {
        self.disturbed.insert(cluster.to_owned());
    }

    pub fn happen(&mut self, event: Event) {
        let now = self.sim.world.now_ms;
        let ready = |_: &World, n: &Node| n.ready.is_true() && n.joined_ms.is_some();
        match event {
            Event::Fails(k) => {
                if let Some((c, n)) = self.node(k, ready) {
                    self.hit(&c);
                    self.sim.fail_node(&c, &n);
                }
            }
            Event::KubeletFails(k) => {
                if let Some((c, n)) = self.node(k, ready) {
                    let n = node_of(&mut self.sim.world, &c, &n);
                    (n.ready, n.ready_since_ms) = (Tri::False, Some(now));
                }
            }
            Event::PowerFails(k) => {
                if let Some((c, n)) = self.node(k, ready) {
                    self.hit(&c);
                    self.sim.fail_node(&c, &n);
                    self.sim.heal_node(&c, &n);
                    down(&mut self.sim.world, &c, &n, (T0 - now) / 1000);
                    self.with_machine(&c, &n, |m| m.power = Power::Off);
                }
            }
            Event::Heals(k) => {
                if let Some((c, n)) =
                    self.node(k, |_, n| n.joined_ms.is_some() && !n.ready.is_true())
                {
                    self.sim.heal_node(&c, &n);
                }
            }
            Event::DeployFails(k) => {
                let deploying =
                    |w: &World, n: &Node| status(w, n) == Some(MachineStatus::Deploying);
                if let Some((c, n)) = self.node(k, deploying) {
                    self.sim.fail_deploy(&c, &n);
                }
            }
            Event::ReleaseFails(k) => {
                let releasing =
                    |w: &World, n: &Node| status(w, n) == Some(MachineStatus::Releasing);
                if let Some((c, n)) = self.node(k, releasing) {
                    let id = node_of(&mut self.sim.world, &c, &n).system_id.clone();
                    self.sim.fail_release(&id.unwrap());
                }
            }
            Event::Blind(k) => {
                let n = self.sim.world.observed.etcd.len().max(1);
                if let Some(v) = self
                    .sim
                    .world
                    .observed
                    .etcd
                    .values_mut()
                    .nth(usize::from(k) % n)
                {
                    v.reachable = false;
                }
            }
            Event::Sees => self
                .sim
                .world
                .observed
                .etcd
                .values_mut()
                .for_each(|v| v.reachable = true),
            Event::Locks(k) => {
                if let Some((c, n)) = self.node(k, ready) {
                    node_of(&mut self.sim.world, &c, &n).maintenance = Maintenance::Locked;
                }
            }
            Event::Cordons(k) => {
                if let Some((c, n)) = self.node(k, ready) {
                    node_of(&mut self.sim.world, &c, &n).maintenance = Maintenance::Cordoned;
                }
            }
            Event::Unlocks => {
                for n in &mut self.sim.world.observed.nodes {
                    n.maintenance = Maintenance::None;
                }
            }
            Event::Taken(k) => {
                let free = |m: &&mut Machine| m.status == MachineStatus::Ready && m.owner.is_none();
                let list: Vec<_> = self
                    .sim
                    .world
                    .observed
                    .machines
                    .iter_mut()
                    .filter(free)
                    .collect();
                let n = list.len().max(1);
                if let Some(m) = list.into_iter().nth(usize::from(k) % n) {
                    m.status = MachineStatus::Allocated;
                }
            }
            Event::Spare(k) => {
                self.next_id += 1;
                let id = format!("x{}", self.next_id);
                let zone = ZONES[usize::from(k) % 3];
                let m = Machine::ready(id, zone, 32, 65_536, 500);
                self.sim.world.observed.machines.push(m);
            }
            Event::Forgets => self.sim.world.memory = Memory::default(),
            Event::LosesJournal(bits) => {
                self.stale = None;
                self.begun.clear();
                let before = self.majorities();
                self.sim.lose_journal(|i| bits >> (i % 16) & 1 == 1);
                self.judge_majorities(&before, "a lost journal");
            }
            Event::SetBack(minutes) => {
                self.behind_ms = (self.behind_ms + i64::from(minutes) * 60_000).min(MOST_BEHIND_MS);
            }
            Event::SetRight => self.behind_ms = 0,
            Event::Stale(n) => {
                if n > 0 && self.stale.is_none() {
                    self.stale = Some((Box::new(self.sim.world.observed.clone()), n));
                }
            }
            Event::Sleeps(n) => {
                let until = now + i64::from(n) * 900_000;
                while let Some(at) = self.sim.next_effect_ms().filter(|at| *at < until) {
                    self.advance(at);
                }
                self.advance(until);
            }
            request => self.ask(request),
        }
    }

    pub(crate) fn with_machine(&mut self, c: &str, n: &str, change: impl FnOnce(&mut Machine)) {
        let id = node_of(&mut self.sim.world, c, n).system_id.clone();
        let m = self
            .sim
            .world
            .observed
            .machines
            .iter_mut()
            .find(|m| Some(&m.system_id) == id.as_ref());
        if let Some(m) = m {
            change(m);
        }
    }

    /// What a user asks for goes through admit. A fleet that is large enough grows no further.
    fn ask(&mut self, event: Event) {
        let grows = matches!(
            event,
            Event::Create(_) | Event::Resize(..) | Event::ResizeCp(..) | Event::GatewayGrows(_)
        );
        if grows && self.size() + 8 > LARGEST {
            return;
        }
        let actor_role = Role::TenantAdmin;
        let id = |c: ClusterSpec| c.id;
        let request = match event {
            Event::Delete(k) => self
                .cluster(k)
                .map(id)
                .map(|id| Request::Delete { id, actor_role }),
            Event::Abort(k) => self
                .cluster(k)
                .map(id)
                .map(|id| Request::Abort { id, actor_role }),
            Event::Force(k) => {
                let reason = String::new();
                self.cluster(k).map(id).map(|id| Request::ForceDelete {
                    id,
                    actor_role,
                    reason,
                })
            }
            Event::Pause(k) => self.cluster(k).map(id).map(|id| Request::Pause { id }),
            Event::Resume(k) => self
                .cluster(k)
                .map(id)
                .map(|id| Request::Resume { id, pool: None }),
            Event::Revise(k) | Event::Upgrade(k) => {
                self.next_id += 1;
                let revision = format!("r{}", self.next_id + 2);
                self.update(k, |c| {
                    for p in c.control_plane.iter_mut().chain(&mut c.workers) {
                        p.revision.clone_from(&revision);
                        let next = p.k8s_version.map(|v| Version::new(1, v.minor + 1, 0));
                        p.k8s_version = next
                            .filter(|_| matches!(event, Event::Upgrade(_)))
                            .or(p.k8s_version);
                    }
                })
            }
            Event::Resize(k, n) => self.update(k, |c| {
                let i = usize::from(n) % c.workers.len().max(1);
                if let Some(p) = c.workers.get_mut(i) {
                    p.size = u32::from(n / 7) % (p.size + 4);
                }
            }),
            Event::ResizeCp(k, n) => self.update(k, |c| {
                if let Some(p) = &mut c.control_plane {
                    p.size = [1, 3, 5][usize::from(n) % 3];
                }
            }),
            Event::Create(k) => {
                self.next_id += 1;
                let id = format!("n{}", self.next_id);
                self.cluster(k).map(|c| {
                    let c = ClusterSpec {
                        id,
                        delete_requested_ms: None,
                        abort_requested_ms: None,
                        force_delete: None,
                        ..c
                    };
                    Request::Create {
                        cluster: Box::new(c),
                        queue_if_short: k % 2 == 0,
                    }
                })
            }
            Event::GatewayGrows(k) => self.gateway(k).map(|id| Request::ResizePcg { id, size: 3 }),
            Event::GatewayUpgrades(k) => {
                self.next_id += 1;
                let revision = format!("r{}", self.next_id + 2);
                self.gateway(k).map(|id| Request::UpgradePcg {
                    id,
                    revision,
                    k8s_version: None,
                })
            }
            Event::GatewayDelete(k) => self.gateway(k).map(|id| Request::DeletePcg { id }),
            _ => None,
        };
        if let Some(request) = request {
            self.request(&request);
        }
    }

    fn update(&self, pick: u16, change: impl FnOnce(&mut ClusterSpec)) -> Option<Request> {
        let mut cluster = self.cluster(pick)?;
        change(&mut cluster);
        Some(Request::Update {
            cluster: Box::new(cluster),
        })
    }
}

pub(crate) fn status(w: &World, n: &Node) -> Option<MachineStatus> {
    let m = w
        .observed
        .machines
        .iter()
        .find(|m| Some(&m.system_id) == n.system_id.as_ref())?;
    m.owner
        .as_ref()
        .is_some_and(|o| o.node.as_ref() == Some(&n.id))
        .then_some(m.status)
}
