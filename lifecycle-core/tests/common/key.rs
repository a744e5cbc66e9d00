//! When two states of a search count as one. A key holds what a decision, an invariant or the simulation may still read, and leaves out
//! what nothing reads any more; what merely has another name has the same key. Every structure is taken apart field by field, so that a
//! new field does not compile until somebody has said who reads it. `search::the_reduction_changes_no_verdict` compares it with the exact
//! search, state by state.
//!
//! What is left out, and why nothing is lost:
//! * **moments** nobody looks at any more, and the part of an age beyond the last threshold that is asked of it ("active clocks"). Each
//!   [`Walk::age`] names its threshold. The 24 hours after which a failure is forgotten are beyond every scope.
//! * **when a node was created**, once it has joined: only the order is read (victims, leader's heir, reclaim).
//! * **names of nodes**: they are read as ties only, in the order of strings; a new one is always a fresh one. A node is its place among the
//!   names of its cluster.
//! * **system ids**: of machines that are alike in everything, any may be taken. A machine is what it is, what is remembered of it, and
//!   everything that mentions it.
//! * **policy and desired**: the same throughout a scope but for requests.
use std::hash::{DefaultHasher, Hash, Hasher};

use lifecycle_core::{
    Action, ClusterMemory, ClusterObs, ClusterSpec, DrainBy, DrainState, Effect, EtcdMember,
    EtcdView, Machine, MachineMemory, MassFailure, Memory, Millis, Node, NodeMemory, Observed,
    PendingAction, PoolMemory, PoolSpec, RolloutMemory, Simulation, Subnet, Verb, World,
};

use super::terms::is_returning;

const FORCE_S: u32 = 900;
const HOUR_S: u32 = 3600;
const ORPHAN_S: u32 = 120;
const GHOST_S: u32 = 300;
const UNSEEN_DRAIN_S: u32 = 300;
const DAY_MS: Millis = 86_400_000;

/// Feeds `to` with everything that decides how it goes on.
pub fn walk(sim: &Simulation, to: &mut impl Hasher) {
    Walk::new(sim).all(to);
}

struct Walk<'w> {
    w: &'w World,
    sim: &'w Simulation,
    /// (cluster, name) of every node that anything shows, sorted.
    names: Vec<(&'w str, &'w str)>,
    /// What each machine is; in the order of the observation.
    machines: Vec<u64>,
}

impl<'w> Walk<'w> {
    fn new(sim: &'w Simulation) -> Self {
        let w = &sim.world;
        let o = &w.observed;
        let mut names: Vec<(&str, &str)> = Vec::new();
        names.extend(o.nodes.iter().map(|n| (n.cluster.as_str(), n.id.as_str())));
        for (c, view) in &o.etcd {
            let members = view.members.iter();
            names.extend(members.flat_map(|m| {
                let node = m.node.as_deref();
                [Some(m.name.as_str()), node]
                    .into_iter()
                    .flatten()
                    .map(|n| (c.as_str(), n))
            }));
        }
        let owners = o.machines.iter().filter_map(|m| m.owner.as_ref());
        names.extend(owners.filter_map(|o| Some((o.cluster.as_str(), o.node.as_deref()?))));
        let begun = o.pending.iter().map(|p| &p.action);
        names.extend(begun.filter_map(|a| Some((a.cluster()?, a.node()?))));
        names.sort_unstable();
        names.dedup();
        let mut walk = Self {
            w,
            sim,
            names,
            machines: Vec::new(),
        };
        walk.machines = o.machines.iter().map(|m| walk.machine(m)).collect();
        walk
    }

    fn name(&self, cluster: &str, node: &str) -> Option<usize> {
        let first = self.names.partition_point(|(c, _)| *c < cluster);
        let at = self.names.binary_search(&(cluster, node)).ok()?;
        Some(at - first)
    }

    fn named(&self, system_id: &str) -> Option<u64> {
        let mut list = self.w.observed.machines.iter();
        let at = list.position(|m| m.system_id == system_id)?;
        self.machines.get(at).copied()
    }

    /// How long ago, as far as it matters: nothing asks for more than `threshold_s`.
    fn age(&self, t: Millis, threshold_s: u32) -> Millis {
        (self.w.now_ms - t).min(i64::from(threshold_s) * 1000)
    }

    /// After this time without progress at the latest a rollout is frozen.
    fn no_progress_s(&self, spec: Option<&PoolSpec>) -> u32 {
        let t = &self.w.policy.timings;
        let machines = self.w.observed.machines.iter();
        let most_gb = machines.map(|m| m.disk_gb.iter().sum()).max().unwrap_or(0);
        let erase = t.erase(spec.map(|p| p.erase).unwrap_or_default(), most_gb);
        let path = [
            t.allocate, t.deploy, t.join, t.settle, t.drain, t.remove, t.release, erase,
        ];
        3 * path.iter().map(|step| step.p90_s).sum::<u32>()
    }

    fn spec(&self, cluster: &str) -> Option<&'w ClusterSpec> {
        self.w.desired.clusters.iter().find(|c| c.id == cluster)
    }

    /// A gateway's pool is its own.
    fn pool(&self, cluster: &str, pool: &str) -> Option<&'w PoolSpec> {
        let gateways = || {
            let mut list = self.w.desired.pcgs.iter();
            list.find(|g| g.id == cluster).map(|g| &g.pool)
        };
        let of_cluster = self.spec(cluster).and_then(|c| c.pool(pool));
        of_cluster.or_else(gateways)
    }

    fn rollout(&self, cluster: &str, pool: &str) -> Option<&'w RolloutMemory> {
        let key = format!("{cluster}/{pool}");
        self.w.memory.pools.get(&key)?.rollout.as_ref()
    }

    fn all(&self, to: &mut impl Hasher) {
        for (cluster, name) in &self.names {
            (cluster, name.rsplit_once('-').map(|(pool, _)| pool)).hash(to);
        }
        self.requests(to);
        let Observed {
            as_of_ms,
            machines: _,
            nodes,
            etcd,
            clusters,
            pcgs,
            subnets,
            pending,
        } = &self.w.observed;
        self.age(*as_of_ms, self.w.policy.observation_max_age_s)
            .hash(to);
        let mut machines = self.machines.clone();
        machines.sort_unstable();
        machines.hash(to);
        let mut nodes: Vec<&Node> = nodes.iter().collect();
        nodes.sort_unstable_by_key(|n| (&n.cluster, n.created_ms, &n.id));
        nodes.len().hash(to);
        for n in nodes {
            self.node(n, to);
        }
        for (c, view) in etcd {
            self.etcd(c, view, to);
        }
        for (c, obs) in clusters {
            self.cluster(c, obs, to);
        }
        assert!(pcgs.is_empty(), "Palette's gateways are not searched");
        for s in subnets {
            let Subnet {
                id,
                cidr: _,
                free_ips,
                gateway: _,
                reserved: _,
            } = s;
            (id, free_ips).hash(to);
        }
        pending.len().hash(to);
        for p in pending {
            let PendingAction { action, issued_ms } = p;
            self.verb(action, to);
            // No call has a longer deadline.
            let most = self.w.policy.timings.deploy.deadline_s;
            self.age(*issued_ms, most).hash(to);
        }
        self.memory(to);
        for (at, effect) in self.sim.to_come() {
            (at - self.w.now_ms).hash(to);
            self.effect(effect, to);
        }
    }

    /// What was asked for on the way.
    fn requests(&self, to: &mut impl Hasher) {
        let ages = |t: Option<Millis>| t.map(|t| self.age(t, FORCE_S));
        for c in &self.w.desired.clusters {
            let complete = self.w.observed.clusters.get(&c.id);
            let complete = complete.and_then(|o| o.provisioned_ms);
            ages(c.delete_requested_ms).hash(to);
            ages(c.abort_requested_ms).hash(to);
            (
                c.delete_requested_ms >= complete,
                c.abort_requested_ms < complete,
            )
                .hash(to);
        }
        for g in &self.w.desired.pcgs {
            ages(g.delete_requested_ms).hash(to);
        }
    }

    fn machine(&self, m: &Machine) -> u64 {
        let Machine {
            system_id,
            hostname: _,
            status,
            status_since_ms,
            locked,
            zone,
            resource_pool,
            arch,
            cpu,
            mem_mib,
            disk_gb,
            tags,
            power,
            owner,
        } = m;
        let mut h = DefaultHasher::new();
        let to = &mut h;
        (*status as u8, locked, zone, resource_pool, arch).hash(to);
        (cpu, mem_mib, disk_gb, tags, *power as u8).hash(to);
        if let Some(o) = owner {
            let node = o.node.as_deref().and_then(|n| self.name(&o.cluster, n));
            (&o.cluster, &o.pool, node).hash(to);
        }
        // Only a way back is timed by its status.
        let t = &self.w.policy.timings;
        let erase = owner
            .as_ref()
            .and_then(|o| self.pool(&o.cluster, o.pool.as_deref()?));
        let erase = t.erase(
            erase.map(|p| p.erase).unwrap_or_default(),
            disk_gb.iter().sum(),
        );
        let deadline_s = t.release.deadline_s + erase.deadline_s;
        let back = status_since_ms.filter(|_| is_returning(m));
        back.map(|t| self.age(t, deadline_s)).hash(to);
        self.remembered(m, back, to);
        // Who mentions it.
        let o = &self.w.observed;
        for n in &o.nodes {
            if n.system_id.as_ref() == Some(system_id) {
                (&n.cluster, self.name(&n.cluster, &n.id)).hash(to);
            }
        }
        for p in &o.pending {
            if let Verb::Allocate { system_id: s, .. }
            | Verb::Deploy { system_id: s, .. }
            | Verb::Release { system_id: s, .. } = &p.action.verb
                && s == system_id
            {
                p.action.verb.name().hash(to);
                (
                    p.action.cluster(),
                    self.name(
                        p.action.cluster().unwrap_or(""),
                        p.action.node().unwrap_or(""),
                    ),
                )
                    .hash(to);
            }
        }
        for (pool, k) in &self.w.memory.pools {
            let failed = k.rollout.as_ref().map(|r| &r.failed_machines);
            if failed.is_some_and(|list| list.contains(system_id)) {
                pool.hash(to);
            }
        }
        for (c, k) in &o.clusters {
            if k.orphans.contains(system_id) {
                (c, 'o').hash(to);
            }
        }
        for (at, effect) in self.sim.to_come() {
            let (kind, id) = match effect {
                Effect::Deployed(id) => (0, id),
                Effect::Erasing(id) => (1, id),
                Effect::Back(id) => (2, id),
                _ => continue,
            };
            if id == system_id {
                (kind, at - self.w.now_ms).hash(to);
            }
        }
        h.finish()
    }

    /// What is remembered of a machine; `back`: since when it is on its way back.
    fn remembered(&self, m: &Machine, back: Option<Millis>, to: &mut impl Hasher) {
        let Some(k) = self.w.memory.machines.get(&m.system_id) else {
            return;
        };
        let MachineMemory {
            failures,
            quarantined_until_ms,
            returning_since_ms,
            // Derived anew by each decision.
            stuck: _,
            orphan_since_ms,
            tries,
            tried_ms,
        } = k;
        let now = self.w.now_ms;
        // Their number makes the next quarantine longer and the machine a worse choice.
        failures
            .iter()
            .filter(|t| now - **t < DAY_MS)
            .count()
            .hash(to);
        quarantined_until_ms
            .map(|t| t - now)
            .filter(|left| *left > 0)
            .hash(to);
        orphan_since_ms.map(|t| self.age(t, ORPHAN_S)).hash(to);
        // Forgotten as soon as it is free.
        if is_returning(m) {
            (tries, tried_ms.map(|t| self.age(t, HOUR_S))).hash(to);
            if back.is_none() {
                returning_since_ms.map(|t| now - t).hash(to);
            }
        }
    }

    fn node(&self, n: &Node, to: &mut impl Hasher) {
        let Node {
            id,
            cluster,
            pool,
            // Among the mentions of the machine.
            system_id,
            revision,
            k8s_version,
            created_ms,
            joined_ms,
            zone,
            object,
            ready,
            ready_since_ms,
            cordoned,
            maintenance,
            endpoint_attached,
            inplace_revision,
            drain,
        } = n;
        (cluster, pool, self.name(cluster, id)).hash(to);
        (revision, zone, object, *ready as u8, cordoned).hash(to);
        k8s_version.map(|v| (v.major, v.minor, v.patch)).hash(to);
        (*maintenance as u8, endpoint_attached, inplace_revision).hash(to);
        let broken = self.sim.failed_nodes();
        broken
            .filter(|(c, x)| c == cluster && x == id)
            .count()
            .hash(to);
        let list = &self.w.observed.machines;
        let machine = list
            .iter()
            .find(|m| Some(&m.system_id) == system_id.as_ref());
        let leaves = machine.is_none_or(is_returning);
        let (policy, t) = (&self.w.policy, &self.w.policy.timings);
        let spec = self.pool(cluster, pool);
        let failures = || {
            let k = self.w.memory.machines.get(system_id.as_ref()?)?;
            Some(k.failures.iter())
        };
        let failed_since = |since: Millis| failures().is_some_and(|mut f| f.any(|t| *t >= since));
        joined_ms.is_some().hash(to);
        if let Some(joined) = *joined_ms {
            // Before or after the rollout's last failure and its freeze; when, only if pools wait for it.
            let r = self.rollout(cluster, pool);
            let after = |t: Option<Millis>| t.is_some_and(|t| joined > t);
            r.map(|r| (after(r.failed_ms), after(r.frozen_ms))).hash(to);
            // The next decision takes the last success for progress, if it is later than what is remembered.
            let key = format!("{cluster}/{pool}");
            if r.is_some_and(|r| joined > r.last_progress_ms) && self.is_busy(&key) {
                self.age(joined, self.no_progress_s(spec)).hash(to);
            }
            self.age(joined, spec.map_or(0, |p| p.node_repave_interval_s))
                .hash(to);
            if r.is_some_and(|r| {
                r.failed_machines.len() > 1 && Some(&r.revision) == revision.as_ref()
            }) {
                (self.w.now_ms - joined < DAY_MS).hash(to);
            }
        } else {
            // The deadlines of its creation add up; a failure is counted once in its life.
            let most = t.allocate.deadline_s
                + t.deploy.deadline_s
                + t.join.deadline_s
                + t.settle.deadline_s;
            (self.age(*created_ms, most), failed_since(*created_ms)).hash(to);
        }
        if !leaves {
            // Ready: until it has settled. Not ready: how long, if it ever was.
            let threshold_s = match (ready.is_true(), joined_ms.is_some()) {
                (true, false) => Some(policy.settle_s),
                (false, true) => Some(policy.grace_s),
                _ => None,
            };
            let seen = ready_since_ms.zip(threshold_s);
            seen.map(|(t, s)| self.age(t, s)).hash(to);
        }
        (
            drain.by as u8,
            drain.state as u8,
            drain.pods_left,
            &drain.blocker,
        )
            .hash(to);
        if drain.by == DrainBy::Engine && !leaves {
            let Some(started) = drain.started_ms else {
                return;
            };
            let deadline_s = spec
                .map_or(0, |p| p.drain_deadline_s)
                .max(policy.bad_drain_s);
            let threshold_s = if drain.state == DrainState::Done {
                UNSEEN_DRAIN_S
            } else {
                deadline_s.max(UNSEEN_DRAIN_S)
            };
            (self.age(started, threshold_s), failed_since(started)).hash(to);
        }
    }

    fn etcd(&self, cluster: &str, view: &EtcdView, to: &mut impl Hasher) {
        let EtcdView {
            as_of_ms,
            reachable,
            members,
        } = view;
        let age = self.age(*as_of_ms, self.w.policy.etcd_view_max_age_s);
        (cluster, age, reachable, members.len()).hash(to);
        for m in members {
            let EtcdMember {
                // Made of the name.
                member_id: _,
                name,
                node,
                peer_ips,
                learner,
                healthy,
                leader,
            } = m;
            let node = node.as_deref().map(|n| self.name(cluster, n));
            (
                self.name(cluster, name),
                node,
                peer_ips.len(),
                learner,
                *healthy as u8,
                leader,
            )
                .hash(to);
        }
    }

    fn cluster(&self, id: &str, obs: &ClusterObs, to: &mut impl Hasher) {
        let ClusterObs {
            state,
            message,
            initialized,
            provisioned_ms,
            update_started_ms,
            deletion_started_ms,
            abort_started_ms,
            // Among the mentions of the machines.
            orphans: _,
        } = obs;
        (id, state, message, initialized, provisioned_ms.is_some()).hash(to);
        (deletion_started_ms.is_some(), abort_started_ms.is_some()).hash(to);
        // Written again if a rollout began later.
        update_started_ms.is_some().hash(to);
        for (key, k) in &self.w.memory.pools {
            if key.split('/').next() == Some(id) {
                let began = k.rollout.as_ref().map(|r| r.started_ms);
                (began > *update_started_ms).hash(to);
            }
        }
    }

    fn memory(&self, to: &mut impl Hasher) {
        let Memory {
            v: _,
            // The clock of a search never goes back.
            clock_hwm_ms: _,
            clusters,
            pools,
            nodes,
            machines: _,
        } = &self.w.memory;
        for (id, k) in clusters {
            let ClusterMemory {
                terminating_since_ms,
                mass_failure,
                ghosts,
            } = k;
            (id, terminating_since_ms.map(|t| self.age(t, FORCE_S))).hash(to);
            if let Some(m) = mass_failure {
                let MassFailure {
                    // Compared with `resumed_ms` alone, and nobody resumes here.
                    since_ms: _,
                    clear,
                    as_of_ms,
                } = m;
                (clear, *as_of_ms == self.w.observed.as_of_ms).hash(to);
            }
            let members = self.w.observed.etcd.get(id);
            for m in members.iter().flat_map(|v| &v.members) {
                if let Some(t) = ghosts.get(&m.member_id) {
                    (self.name(id, &m.name), self.age(*t, GHOST_S)).hash(to);
                }
            }
        }
        for (key, k) in pools {
            let PoolMemory {
                // A fresh name is a fresh name.
                last_k: _,
                reached,
                last_cancel_ms,
                rollout,
            } = k;
            let hold_s = self.w.policy.cancel_hold_s;
            let cancelled = last_cancel_ms.map(|t| self.age(t, hold_s));
            (
                key,
                reached,
                cancelled.filter(|a| *a < i64::from(hold_s) * 1000),
            )
                .hash(to);
            if let Some(r) = rollout {
                let RolloutMemory {
                    revision,
                    // Compared with `update_started_ms` alone.
                    started_ms: _,
                    last_progress_ms,
                    failures,
                    // Among the mentions of the machines.
                    failed_machines: _,
                    failed_ms,
                    frozen_ms,
                } = r;
                (
                    revision,
                    failures,
                    failed_ms.map(|t| self.age(t, HOUR_S)),
                    frozen_ms.is_some(),
                )
                    .hash(to);
                // Set anew by each decision while nothing is under way. Read again when a success ends a freeze.
                if self.is_busy(key) {
                    let pool = key.split_once('/').and_then(|(c, p)| self.pool(c, p));
                    self.age(*last_progress_ms, self.no_progress_s(pool))
                        .hash(to);
                }
            }
        }
        for n in &self.w.observed.nodes {
            let Some(k) = nodes.get(&format!("{}/{}", n.cluster, n.id)) else {
                continue;
            };
            let NodeMemory {
                suspect_since_ms,
                power_on_ms,
                power_cycle_ms,
            } = k;
            let grace_s = self.w.policy.grace_s;
            let hour = |t: &Option<Millis>| {
                t.map(|t| self.age(t, HOUR_S))
                    .filter(|a| *a < i64::from(HOUR_S) * 1000)
            };
            self.name(&n.cluster, &n.id).hash(to);
            (
                suspect_since_ms.map(|t| self.age(t, grace_s)),
                hour(power_on_ms),
                hour(power_cycle_ms),
            )
                .hash(to);
        }
    }

    /// Something is created or drained in this pool.
    fn is_busy(&self, key: &str) -> bool {
        let o = &self.w.observed;
        let of_pool =
            |n: &&Node| key.split_once('/') == Some((n.cluster.as_str(), n.pool.as_str()));
        let moves = |n: &Node| n.joined_ms.is_none() || n.drain.by == DrainBy::Engine;
        let begun =
            |p: &PendingAction| p.action.cluster().zip(p.action.pool()) == key.split_once('/');
        o.nodes.iter().filter(of_pool).any(moves) || o.pending.iter().any(begun)
    }

    fn verb(&self, a: &Action, to: &mut impl Hasher) {
        let cluster = a.cluster().unwrap_or("");
        let node = a.node().and_then(|n| self.name(cluster, n));
        (a.verb.name(), cluster, a.pool(), node).hash(to);
        match &a.verb {
            // The machine mentions it; the zone is the machine's.
            Verb::Allocate { .. } | Verb::Release { .. } => {}
            Verb::RemoveEtcdMember { member_id, kind } => {
                let view = self.w.observed.etcd.get(cluster);
                let mut members = view.iter().flat_map(|v| &v.members);
                members.position(|m| m.member_id == *member_id).hash(to);
                (*kind as u8).hash(to);
            }
            other => format!("{other:?}").hash(to),
        }
    }

    fn effect(&self, effect: &Effect, to: &mut impl Hasher) {
        let name = |c: &str, n: &str| (c.to_owned(), self.name(c, n));
        match effect {
            Effect::Ends(a) => {
                0.hash(to);
                self.verb(a, to);
            }
            Effect::Deployed(id) => (1, self.named(id)).hash(to),
            Effect::Erasing(id) => (2, self.named(id)).hash(to),
            Effect::Back(id) => (3, self.named(id)).hash(to),
            Effect::Reports {
                cluster,
                node,
                mode,
            } => (4, name(cluster, node), *mode as u8).hash(to),
            Effect::Ready { cluster, node } => (5, name(cluster, node)).hash(to),
            Effect::Promoted { cluster, node } => (6, name(cluster, node)).hash(to),
            // It ends the drain that it was begun with, and no later one.
            Effect::DrainDone {
                cluster,
                node,
                started_ms,
            } => {
                let mut nodes = self.w.observed.nodes.iter();
                let ends = nodes.any(|n| {
                    n.cluster == *cluster
                        && n.id == *node
                        && n.drain.started_ms == Some(*started_ms)
                });
                (7, name(cluster, node), ends).hash(to);
            }
            Effect::PoweredOn { cluster, node } => (8, name(cluster, node)).hash(to),
        }
    }
}
