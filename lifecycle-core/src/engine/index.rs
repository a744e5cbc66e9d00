//! The world, indexed: clusters and gateways with their pools, nodes, machines and etcd, in an order that does not depend on the input's.
use crate::prelude::*;
use crate::{
    ClusterObs, ClusterSpec, Diagnostic, DiagnosticCode, DrainBy, Erase, Etcd, Id, Machine,
    MachineStatus, ManagedBy, Millis, Node, NodeMemory, OnNoSpare, PcgSpec, Planner, PoolRole,
    PoolSpec, RecordField, Repave, Subnet, Verb, World,
};

use super::capacity::Supply;
use super::explain::facts;
use super::lookup::{Ids, beginning, in_order};
use super::phase::{Context, NodeView, Phase, derive, operator_marks};
use super::pool::Pool;
use super::switch::Rule;
use super::view::EtcdTerms;

/// What every rule may look at.
pub(crate) struct Frame<'a> {
    pub(crate) w: &'a World,
    /// The host's clock; never the high-water mark, which serves the force-delete gate alone.
    pub(crate) now: Millis,
    pub(crate) planner: Planner,
    /// By system id.
    pub(crate) machines: Vec<&'a Machine>,
    machine_ids: Ids<'a>,
    /// By action id.
    pub(crate) pending: Vec<&'a crate::PendingAction>,
    /// By id; of two with one id the one with fewer addresses.
    pub(crate) subnets: BTreeMap<&'a str, &'a Subnet>,
    /// Machines in a pending Release, since when.
    pub(crate) releasing: BTreeMap<&'a str, Millis>,
    /// Machines in a pending Allocate.
    pub(crate) allocating: BTreeSet<&'a str>,
    /// Ids of pending actions.
    pub(crate) pending_ids: BTreeSet<&'a str>,
    node_memory: BTreeMap<(&'a str, &'a str), &'a NodeMemory>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(w: &'a World, planner: Planner) -> Self {
        let machines = w.observed.machines.iter();
        let mut machines: Vec<(u64, &Machine)> =
            machines.map(|m| (beginning(&m.system_id), m)).collect();
        let by_id = |a: &(u64, &Machine), b: &(u64, &Machine)| {
            (a.0.cmp(&b.0)).then_with(|| a.1.system_id.cmp(&b.1.system_id))
        };
        in_order(&mut machines, by_id);
        machines.dedup_by(|b, a| by_id(a, b).is_eq());
        let machines: Vec<&Machine> = machines.into_iter().map(|(_, m)| m).collect();
        let mut frame = Self {
            w,
            now: w.now_ms,
            planner,
            machine_ids: Ids::new(machines.iter().map(|m| m.system_id.as_str())),
            machines,
            pending: w.observed.pending.iter().collect(),
            subnets: BTreeMap::new(),
            releasing: BTreeMap::new(),
            allocating: BTreeSet::new(),
            pending_ids: BTreeSet::new(),
            node_memory: w
                .memory
                .nodes
                .iter()
                .filter_map(|(k, m)| k.split_once('/').map(|k| (k, m)))
                .collect(),
        };
        in_order(&mut frame.pending, |a, b| {
            (&a.action.id, a.issued_ms).cmp(&(&b.action.id, b.issued_ms))
        });
        for s in &w.observed.subnets {
            let known = frame.subnets.entry(&s.id).or_insert(s);
            if s.free_ips < known.free_ips {
                *known = s;
            }
        }
        for p in &frame.pending {
            frame.pending_ids.insert(&p.action.id);
            match &p.action.verb {
                Verb::Release { system_id, .. } => {
                    frame.releasing.insert(system_id, p.issued_ms);
                }
                Verb::Allocate { system_id, .. } if Rule::PendingCounts.holds() => {
                    frame.allocating.insert(system_id);
                }
                _ => {}
            }
        }
        frame
    }

    pub(crate) fn machine(&self, system_id: &str) -> Option<&'a Machine> {
        self.machine_at(system_id).map(|i| self.machines[i])
    }

    fn machine_at(&self, system_id: &str) -> Option<usize> {
        self.machine_ids.find(system_id)
    }

    pub(crate) fn node_memory(&self, cluster: &str, node: &str) -> Option<&'a NodeMemory> {
        self.node_memory.get(&(cluster, node)).copied()
    }
}

/// Machines that are listed twice: one of each is looked at.
fn twice_listed(f: &Frame<'_>, w: &World) -> Vec<Diagnostic> {
    if f.machines.len() == w.observed.machines.len() {
        return Vec::new();
    }
    let mut ids: Vec<&str> = w
        .observed
        .machines
        .iter()
        .map(|m| m.system_id.as_str())
        .collect();
    ids.sort_unstable();
    let mut told: Vec<&str> = ids
        .windows(2)
        .filter(|p| p[0] == p[1])
        .map(|p| p[0])
        .collect();
    told.dedup();
    told.into_iter()
        .map(|id| Diagnostic {
            code: DiagnosticCode::DuplicateId,
            args: facts! {"kind": "machine", "id": id},
        })
        .collect()
}

/// A cluster, or a gateway planned as one.
pub(crate) struct Cluster<'a> {
    pub(crate) id: &'a str,
    pub(crate) spec: &'a ClusterSpec,
    pub(crate) is_pcg: bool,
    pub(crate) obs: &'a ClusterObs,
    pub(crate) etcd: EtcdTerms<'a>,
    /// The control plane first, then the workers by name.
    pub(crate) pools: Vec<Pool<'a>>,
    /// Every machine of ours, by system id.
    pub(crate) machines: Vec<&'a Machine>,
    /// Each of them is a node's: none is left over.
    pub(crate) all_used: bool,
    /// Names of nodes that machines or pending actions show and perhaps nothing else does.
    pub(crate) named: Vec<&'a str>,
    pub(crate) provisioned_ms: Option<Millis>,
    /// What is wrong with its specification.
    pub(crate) invalid: Option<String>,
    pub(crate) is_palette: bool,
}

impl<'a> Cluster<'a> {
    pub(crate) fn cp(&self) -> Option<&Pool<'a>> {
        self.pools.first().filter(|p| p.is_cp)
    }

    pub(crate) fn workers(&self) -> &[Pool<'a>] {
        if self.cp().is_some() {
            &self.pools[1..]
        } else {
            &self.pools
        }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeView<'a>> {
        self.pools.iter().flat_map(|p| &p.nodes)
    }

    pub(crate) fn context<'c>(&'c self, pool: &'c Pool<'a>) -> Context<'c> {
        Context {
            cluster: self.id,
            pool: pool.spec,
            is_cp: pool.is_cp,
            etcd: self.etcd.kind,
            view: self.etcd.view,
        }
    }

    pub(crate) fn subnet<'p>(&'p self, pool: &'p PoolSpec) -> Option<&'p str> {
        pool.subnet
            .as_deref()
            .or(self.spec.network.subnet.as_deref())
    }

    /// Whether any of it was begun.
    pub(crate) fn is_started(&self) -> bool {
        self.obs.initialized
            || self.provisioned_ms.is_some()
            || !self.machines.is_empty()
            || self.nodes().next().is_some()
    }
}

/// Specifications that the engine makes up: gateways as clusters, and pools that only nodes still know.
pub(crate) struct MadeUp {
    gateways: Vec<ClusterSpec>,
    pools: Vec<(Id, PoolSpec)>,
    nothing: ClusterObs,
}

impl MadeUp {
    pub(crate) fn new(w: &World) -> Self {
        let gateways = w.desired.pcgs.iter().map(gateway_as_cluster).collect();
        let clusters: BTreeSet<&str> = w.desired.clusters.iter().map(|c| c.id.as_str()).collect();
        let known: BTreeSet<(&str, &str)> = w
            .desired
            .clusters
            .iter()
            .flat_map(|c| c.pools().map(|p| (c.id.as_str(), p.id.as_str())))
            .collect();
        let mut pools: Vec<(&str, &str)> = w
            .observed
            .nodes
            .iter()
            .map(|n| (n.cluster.as_str(), n.pool.as_str()))
            .collect();
        // Neighbours mostly are of one pool: what is left is short.
        pools.dedup();
        let pools: BTreeSet<(&str, &str)> = pools
            .into_iter()
            .filter(|key| clusters.contains(key.0) && !known.contains(key))
            .collect();
        let pools = pools
            .into_iter()
            .map(|(c, p)| (c.to_owned(), PoolSpec::worker(p, 0)))
            .collect();
        Self {
            gateways,
            pools,
            nothing: ClusterObs::default(),
        }
    }
}

fn gateway_as_cluster(g: &PcgSpec) -> ClusterSpec {
    let mut c = ClusterSpec::new(g.id.clone())
        .control_plane(g.pool.clone())
        .requested_ms(g.requested_ms)
        .network(g.network.clone());
    c.managed_by = g.managed_by;
    c.delete_requested_ms = g.delete_requested_ms;
    c
}

/// Machines of ours that still are something to give back: not yet free, not out of service.
fn is_held(m: &Machine) -> bool {
    m.owner.is_some() && !m.status.is_gone() && !is_free_status(m.status)
}

/// A released machine ends at `ready` or `new`.
pub(crate) fn is_free_status(s: MachineStatus) -> bool {
    matches!(s, MachineStatus::Ready | MachineStatus::New)
}

/// Everything, indexed.
pub(crate) struct Fleet<'a> {
    pub(crate) f: Frame<'a>,
    /// By id; clusters and gateways share one name space.
    pub(crate) clusters: Vec<Cluster<'a>>,
    ids: Ids<'a>,
    /// One pool of each kind.
    pub(crate) kinds: Vec<&'a PoolSpec>,
    pub(crate) supply: Supply,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

fn owner(m: &Machine) -> &str {
    m.owner.as_ref().map_or("", |o| &o.cluster)
}

/// What a pool asks of a machine, and how it gives it back.
fn kind(p: &PoolSpec) -> impl Ord + use<'_> {
    let limits = (p.min_cpu, p.min_mem_mib, p.min_disk_gb);
    let erase = p.erase as u8;
    (&p.resource_pool, limits, &p.azs, &p.arch, &p.tags, erase)
}

/// Tells each pool its kind; one pool of each is returned.
fn mark_kinds<'a>(clusters: &mut [Cluster<'a>]) -> Vec<&'a PoolSpec> {
    let mut known = BTreeMap::new();
    let mut kinds = Vec::new();
    for pool in clusters.iter_mut().flat_map(|c| &mut c.pools) {
        pool.kind = *known.entry(kind(pool.spec)).or_insert_with(|| {
            kinds.push(pool.spec);
            kinds.len() - 1
        });
    }
    kinds
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(w: &'a World, made_up: &'a MadeUp, planner: Planner) -> Self {
        let f = Frame::new(w, planner);
        let mut diagnostics = twice_listed(&f, w);
        let mut specs: Vec<(&ClusterSpec, bool)> = w
            .desired
            .clusters
            .iter()
            .map(|c| (c, false))
            .chain(made_up.gateways.iter().map(|g| (g, true)))
            .collect();
        // Duplicates keep one that does not depend on the input's order: the earliest request, then the least JSON.
        specs.sort_by(|(a, a_pcg), (b, b_pcg)| {
            (&a.id, a.requested_ms, a_pcg).cmp(&(&b.id, b.requested_ms, b_pcg))
        });
        for run in specs.chunk_by_mut(|a, b| a.0.id == b.0.id) {
            if run.len() > 1 {
                run.sort_by_cached_key(|(c, is_pcg)| {
                    let json = serde_json::to_string(c).unwrap_or_default();
                    (c.requested_ms, *is_pcg, json)
                });
            }
        }
        specs.dedup_by(|b, a| {
            let twice = a.0.id == b.0.id;
            if twice {
                diagnostics.push(Diagnostic {
                    code: DiagnosticCode::DuplicateId,
                    args: facts! {"kind": "cluster", "id": b.0.id.as_str()},
                });
            }
            twice
        });

        let ids = Ids::new(specs.iter().map(|(c, _)| c.id.as_str()));
        let (mut nodes, _) = ids.share_out(w.observed.nodes.iter(), |n| &n.cluster);
        let owned = f.machines.iter().copied().filter(|m| m.owner.is_some());
        let (mut machines, mut strangers) = ids.share_out(owned, owner);
        let mut pending: BTreeMap<&str, Vec<&crate::PendingAction>> = BTreeMap::new();
        for p in f.pending.iter().copied() {
            pending
                .entry(p.action.cluster().unwrap_or(""))
                .or_default()
                .push(p);
        }
        let extra: BTreeMap<&str, Vec<&PoolSpec>> =
            made_up
                .pools
                .iter()
                .fold(BTreeMap::new(), |mut map, (c, p)| {
                    map.entry(c.as_str()).or_insert_with(Vec::new).push(p);
                    map
                });

        for (cluster, pool) in &made_up.pools {
            let args = facts! {"cluster": cluster.as_str(), "pool": pool.id.as_str()};
            diagnostics.push(Diagnostic {
                code: DiagnosticCode::UnknownPool,
                args,
            });
        }
        let mut clusters = Vec::with_capacity(specs.len());
        let mut claims = vec![0; f.machines.len()];
        for (i, (spec, is_pcg)) in specs.into_iter().enumerate() {
            let id = spec.id.as_str();
            let mut own = core::mem::take(&mut nodes[i]);
            if !own.is_sorted_by(|a, b| a.id < b.id) {
                in_order(&mut own, |a, b| {
                    (&a.id, a.created_ms).cmp(&(&b.id, b.created_ms))
                });
                own.dedup_by(|b, a| {
                    let twice = a.id == b.id;
                    if twice {
                        diagnostics.push(Diagnostic {
                            code: DiagnosticCode::DuplicateId,
                            args: facts! {"kind": "node", "id": format!("{id}/{}", b.id)},
                        });
                    }
                    twice
                });
            }
            let build = Build {
                f: &f,
                spec,
                is_pcg,
                obs: w.observed.clusters.get(id).unwrap_or(&made_up.nothing),
                nodes: own,
                machines: core::mem::take(&mut machines[i]),
                claims: &mut claims,
                number: i + 1,
                pending: pending.get(id).cloned().unwrap_or_default(),
                extra: extra.get(id).cloned().unwrap_or_default(),
            };
            clusters.push(build.cluster(&mut diagnostics));
        }
        strangers.sort_by(|a, b| owner(a).cmp(owner(b)));
        for m in strangers.into_iter().filter(|m| is_held(m)) {
            let args = facts! {"cluster": owner(m), "system_id": m.system_id.as_str()};
            diagnostics.push(Diagnostic {
                code: DiagnosticCode::Unmanaged,
                args,
            });
        }
        let kinds = mark_kinds(&mut clusters);
        Self {
            supply: Supply::new(&clusters),
            f,
            ids,
            clusters,
            kinds,
            diagnostics,
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Cluster<'a>> {
        self.ids.find(id).map(|i| &self.clusters[i])
    }
}

struct Build<'f, 'a> {
    f: &'f Frame<'a>,
    spec: &'a ClusterSpec,
    is_pcg: bool,
    obs: &'a ClusterObs,
    nodes: Vec<&'a Node>,
    machines: Vec<&'a Machine>,
    pending: Vec<&'a crate::PendingAction>,
    extra: Vec<&'a PoolSpec>,
    /// For each machine of the fleet the number of the cluster that claimed it last.
    claims: &'f mut [usize],
    number: usize,
}

impl<'a> Build<'_, 'a> {
    fn cluster(mut self, diagnostics: &mut Vec<Diagnostic>) -> Cluster<'a> {
        let (f, spec) = (self.f, self.spec);
        let is_palette = spec.managed_by == ManagedBy::Palette;
        let mut views = self.node_views(diagnostics);
        let cp_id = spec.control_plane.as_ref().map(|p| p.id.as_str());
        let cp_joined = cp_id
            .and_then(|id| views.get(id))
            .is_some_and(|nodes| nodes.iter().any(NodeView::is_joined));
        let seen = f.w.observed.etcd.get(spec.id.as_str());
        let etcd = if cp_id.is_some() {
            EtcdTerms::new(f, spec.etcd, self.obs, seen, cp_joined, |id| {
                let has =
                    |nodes: &Vec<NodeView<'_>>| nodes.binary_search_by(|x| x.id.cmp(id)).is_ok();
                views.values().any(has)
            })
        } else {
            EtcdTerms::none()
        };

        let mut specs: Vec<&PoolSpec> = spec
            .workers
            .iter()
            .chain(self.extra.iter().copied())
            .collect();
        in_order(&mut specs, |a, b| a.id.cmp(&b.id));
        specs.dedup_by(|a, b| a.id == b.id);
        specs.retain(|p| Some(p.id.as_str()) != cp_id);
        let is_returning = |m: &&Machine| m.status.is_returning();
        let returning: Vec<&Machine> = self.machines.iter().copied().filter(is_returning).collect();
        let mut pools = Vec::with_capacity(specs.len() + 1);
        for pool in spec.control_plane.iter().chain(specs) {
            let is_cp = pool.role == PoolRole::ControlPlane && Some(pool.id.as_str()) == cp_id;
            let target = target(spec, pool);
            let context: Context<'a> = Context {
                cluster: &spec.id,
                pool,
                is_cp,
                etcd: spec.etcd,
                view: etcd.view,
            };
            let mut nodes = views.remove(pool.id.as_str()).unwrap_or_default();
            for x in &mut nodes {
                if is_cp && spec.etcd == Etcd::Stacked {
                    x.member = etcd.member_of(x.id);
                }
                if is_palette {
                    super::palette::derive(f, self.obs, pool, target, x);
                } else {
                    derive(f, &context, x);
                    mark_revision(x, pool, target);
                }
            }
            let known: BTreeSet<&str> = nodes
                .iter()
                .filter(|x| x.phase == Phase::Returning)
                .filter_map(NodeView::system_id)
                .collect();
            let stray = returning.iter().filter(|m| {
                !super::returning::is_stuck(f, m, pool.erase)
                    && m.owner
                        .as_ref()
                        .is_some_and(|o| o.pool.as_deref() == Some(&pool.id))
                    && !known.contains(m.system_id.as_str())
            });
            let stray = u32::try_from(stray.count()).unwrap_or(u32::MAX);
            pools.push(Pool::new(f, &context, target, nodes, stray));
        }
        let provisioned_ms = self.obs.provisioned_ms.or_else(|| {
            self.pending.iter().find_map(|p| match &p.action.verb {
                Verb::Record {
                    field: RecordField::ProvisionedMs,
                    value,
                    ..
                } => Some(*value),
                _ => None,
            })
        });
        // Each node that is there has a machine of its own, which bears its name.
        let nodes = pools.iter().flat_map(|p: &Pool<'_>| &p.nodes);
        let theirs = nodes.filter_map(|x| x.node.and(x.machine));
        let theirs = theirs.filter(|m| is_held(m) && owner(m) == spec.id);
        let all_used = theirs.count() == self.machines.len();
        let left_over: &[&Machine] = if all_used { &[] } else { &self.machines };
        let named = left_over
            .iter()
            .filter_map(|m| m.owner.as_ref())
            .filter_map(|o| o.node.as_deref())
            .chain(self.pending.iter().filter_map(|p| p.action.node()))
            .collect();
        self.machines.retain(|m| is_held(m));
        let invalid = super::guard::invalid(spec, self.is_pcg, f.w);
        Cluster {
            id: &spec.id,
            spec,
            is_pcg: self.is_pcg,
            obs: self.obs,
            etcd,
            pools,
            machines: self.machines,
            all_used,
            named,
            provisioned_ms,
            invalid,
            is_palette,
        }
    }

    /// By pool: nodes as observed, corrected by what is pending, and the Planned ones.
    fn node_views(
        &mut self,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> BTreeMap<&'a str, Vec<NodeView<'a>>> {
        let f = self.f;
        let is_palette = self.spec.managed_by == ManagedBy::Palette;
        let mut pending_of: BTreeMap<&str, Vec<&crate::PendingAction>> = BTreeMap::new();
        for p in &self.pending {
            if let Some(node) = p.action.node() {
                pending_of.entry(node).or_default().push(p);
            }
        }
        let mut views: BTreeMap<&str, Vec<NodeView<'_>>> = BTreeMap::new();
        let nodes = core::mem::take(&mut self.nodes);
        for &n in &nodes {
            let at = n.system_id.as_deref().and_then(|s| f.machine_at(s));
            let machine = at.map(|at| f.machines[at]).filter(|m| match &m.owner {
                Some(_) if !Rule::ForeignMachine.holds() => true,
                Some(o) => {
                    o.cluster == n.cluster
                        && o.node.as_ref().is_none_or(|id| *id == n.id)
                        && !is_free_status(m.status)
                }
                None => m.status.is_returning() || is_palette,
            });
            let machine = machine.filter(|m| {
                !m.status.is_gone() && (self.claim(at) || claimed_twice(diagnostics, m, n))
            });
            let (locked, cordoned, maintenance) = operator_marks(n, machine);
            let mut x = NodeView {
                id: &n.id,
                node: Some(n),
                machine,
                created_ms: n.created_ms,
                joined_ms: n.joined_ms,
                drain_ms: (n.drain.by == DrainBy::Engine)
                    .then(|| n.drain.started_ms.unwrap_or(f.now)),
                member: None,
                phase: Phase::Gone,
                suspect_ms: None,
                unhealthy: false,
                settled: false,
                locked,
                cordoned,
                maintenance,
                up_to_date: false,
                outdated: false,
                avail: false,
                pending: false,
                deploys: false,
                stuck: false,
            };
            for p in pending_of.get(n.id.as_str()).into_iter().flatten() {
                x.pending = true;
                match &p.action.verb {
                    Verb::Record {
                        field: RecordField::JoinedMs,
                        value,
                        ..
                    } => x.joined_ms = x.joined_ms.or(Some(*value)),
                    Verb::Deploy { .. } => x.deploys = true,
                    Verb::Drain { .. } => x.drain_ms = x.drain_ms.or(Some(p.issued_ms)),
                    _ => {}
                }
            }
            if let Some(m) = x.machine {
                x.pending |= f.releasing.contains_key(m.system_id.as_str());
                x.stuck = m.status.is_returning() && {
                    let erase = self.spec.pool(&n.pool).map_or(Erase::None, |p| p.erase);
                    super::returning::is_stuck(f, m, erase)
                };
            }
            let size = |p: &PoolSpec| usize::try_from(p.size).unwrap_or(usize::MAX);
            let room = || self.spec.pool(&n.pool).map_or(0, size).min(nodes.len());
            let of_pool = views.entry(&n.pool);
            of_pool
                .or_insert_with(|| Vec::with_capacity(room()))
                .push(x);
        }
        for p in &self.pending {
            if let Verb::Allocate {
                node, system_id, ..
            } = &p.action.verb
                && nodes.binary_search_by(|n| n.id.cmp(node)).is_err()
                && Rule::PendingCounts.holds()
            {
                let pool = p.action.pool().unwrap_or("");
                let x = planned(node, p.issued_ms, f.machine(system_id));
                views.entry(pool).or_default().push(x);
            }
        }
        if !pending_of.is_empty() {
            for nodes in views.values_mut() {
                nodes.sort_by(|a, b| a.id.cmp(b.id));
            }
        }
        views
    }

    /// One machine is one node's in a cluster; false if it was claimed before.
    fn claim(&mut self, machine: Option<usize>) -> bool {
        let claim = machine.and_then(|at| self.claims.get_mut(at));
        claim.is_some_and(|of| core::mem::replace(of, self.number) != self.number)
    }
}

fn claimed_twice(diagnostics: &mut Vec<Diagnostic>, m: &Machine, n: &Node) -> bool {
    let args =
        facts! {"system_id": m.system_id.as_str(), "node": format!("{}/{}", n.cluster, n.id)};
    diagnostics.push(Diagnostic {
        code: DiagnosticCode::MachineOwnedTwice,
        args,
    });
    false
}

fn planned<'a>(id: &'a str, issued_ms: Millis, machine: Option<&'a Machine>) -> NodeView<'a> {
    NodeView {
        id,
        node: None,
        machine,
        created_ms: issued_ms,
        joined_ms: None,
        drain_ms: None,
        member: None,
        phase: Phase::Planned,
        suspect_ms: None,
        unhealthy: false,
        settled: false,
        locked: false,
        cordoned: false,
        maintenance: false,
        up_to_date: false,
        outdated: false,
        avail: false,
        pending: true,
        deploys: false,
        stuck: false,
    }
}

/// 3.5.1 target: what a pool's nodes should be; absent while nothing is approved.
fn target<'a>(cluster: &ClusterSpec, pool: &'a PoolSpec) -> Option<Target<'a>> {
    if cluster.repave == Repave::Approved || !Rule::Approval.holds() {
        Some(Target {
            revision: &pool.revision,
            version: pool.k8s_version,
        })
    } else {
        pool.approved_revision.as_ref().map(|revision| Target {
            revision,
            version: pool.approved_k8s_version,
        })
    }
}

/// What a pool's nodes should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) revision: &'a str,
    pub(crate) version: Option<crate::Version>,
}

/// 3.5.1 up_to_date and outdated; a node without a revision is taken to be at target (3.4 judges Palette's otherwise).
fn mark_revision(x: &mut NodeView<'_>, pool: &PoolSpec, target: Option<Target<'_>>) {
    let at_target = match (target, x.node.and_then(|n| n.revision.as_deref())) {
        (Some(t), Some(r)) => t.revision == r,
        _ => true,
    };
    x.up_to_date = at_target && (pool.azs.is_empty() || pool.azs.iter().any(|z| z == x.zone()));
    x.outdated = x.is_joined() && !x.up_to_date && !x.locked && !pool.skip_update;
}

/// Whether the pool may work below its size when Expand First finds no spare.
pub(crate) fn falls_back(pool: &PoolSpec) -> bool {
    pool.on_no_spare == OnNoSpare::FallbackContract || !Rule::FallbackOnlyIfAsked.holds()
}
