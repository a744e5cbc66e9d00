//! 3.5.6 Freeze and quarantine, and everything else that is remembered between two decisions.
use crate::prelude::*;
use crate::{MachineMemory, Memory, Millis, PoolMemory, RolloutMemory, cluster_pool_key, ms_of};

use super::actions;
use super::explain::facts;
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::switch::Rule;

const DAY_MS: Millis = 86_400_000;
const FAILURES_KEPT: usize = 8;

/// Whether the pool's rollout is frozen.
pub(crate) fn is_frozen(memory: &Memory, pool: &Pool<'_>) -> bool {
    rollout(memory, pool).is_some_and(|r| r.frozen_ms.is_some())
}

/// I-A4: while its pool is frozen, a healthy old node is not drained, not even as surplus.
pub(crate) fn protects(memory: &Memory, pool: &Pool<'_>, x: &NodeView<'_>) -> bool {
    x.outdated && !x.unhealthy && is_frozen(memory, pool)
}

/// The rollout to the pool's present target.
pub(crate) fn rollout<'m>(memory: &'m Memory, pool: &Pool<'_>) -> Option<&'m RolloutMemory> {
    let target = pool.target?;
    memory
        .pools
        .get(&pool.key)?
        .rollout
        .as_ref()
        .filter(|r| r.revision == target.revision)
}

/// Why it is frozen.
pub(crate) fn frozen_why(fleet: &Fleet<'_>, r: &RolloutMemory) -> &'static str {
    if r.failures >= fleet.f.w.policy.failure_limit {
        "new_revision_failing"
    } else {
        "no_progress"
    }
}

/// Whether the machine is in quarantine.
pub(crate) fn quarantined(memory: &Memory, system_id: &str, now: Millis) -> Option<Millis> {
    memory
        .machines
        .get(system_id)
        .and_then(|m| m.quarantined_until_ms)
        .filter(|until| now < *until && Rule::Quarantine.holds())
}

/// Carries memory on: what is gone is forgotten, what is new is noted, failures are counted once.
pub(crate) fn remember(fleet: &Fleet<'_>, out: &mut Out) {
    let w = fleet.f.w;
    for c in fleet.clusters.iter().filter(|c| !c.is_palette) {
        if let Some(old) = w.memory.clusters.get(c.id) {
            out.memory.clusters.insert(c.id.to_owned(), old.clone());
        }
        for pool in &c.pools {
            remember_pool(fleet, c, pool, out);
            for x in pool.nodes.iter().filter(|x| x.suspect_ms.is_some()) {
                remember_node(fleet, c, x, out);
            }
        }
    }
    let known = w.memory.nodes.keys().filter_map(|k| k.split_once('/'));
    for (cluster, node) in known {
        let known = fleet.find(cluster).filter(|c| !c.is_palette);
        let found = known.and_then(|c| Some((c, c.pools.iter().find_map(|p| p.find(node))?)));
        if let Some((c, x)) = found {
            remember_node(fleet, c, x, out);
        }
    }
    // Of all others there is nothing to remember.
    let returning = fleet
        .f
        .machines
        .iter()
        .filter(|m| m.status.is_returning())
        .map(|m| m.system_id.clone());
    let known = w.memory.machines.keys().chain(out.memory.machines.keys());
    let remembered: BTreeSet<String> = returning.chain(known.cloned()).collect();
    for m in remembered.iter().filter_map(|s| fleet.f.machine(s)) {
        remember_machine(fleet, m, out);
    }
    lift_quarantines(fleet, out);
}

fn remember_node(fleet: &Fleet<'_>, c: &Cluster<'_>, x: &NodeView<'_>, out: &mut Out) {
    let mut mem = fleet.f.node_memory(c.id, x.id).cloned().unwrap_or_default();
    mem.suspect_since_ms = x.suspect_ms;
    let hour = |t: &Millis| fleet.f.now.saturating_sub(*t) < 3_600_000;
    mem.power_on_ms = mem.power_on_ms.filter(hour);
    mem.power_cycle_ms = mem.power_cycle_ms.filter(hour);
    if mem != crate::NodeMemory::default() {
        out.memory.nodes.insert(cluster_pool_key(c.id, x.id), mem);
    }
}

fn remember_machine(fleet: &Fleet<'_>, m: &crate::Machine, out: &mut Out) {
    let now = fleet.f.now;
    let ours = || {
        m.owner
            .as_ref()
            .is_some_and(|o| fleet.find(&o.cluster).is_some())
    };
    let old = fleet.f.w.memory.machines.get(&m.system_id);
    if old.is_none()
        && !(m.status.is_returning() && ours())
        && !out.memory.machines.contains_key(&m.system_id)
    {
        return;
    }
    let mem = entry(fleet, &m.system_id, out);
    mem.failures.retain(|t| now.saturating_sub(*t) < DAY_MS);
    mem.quarantined_until_ms = mem.quarantined_until_ms.filter(|t| now < *t);
    mem.orphan_since_ms = mem.orphan_since_ms.filter(|_| ours() && is_lost(fleet, m));
    if m.status.is_returning() {
        mem.returning_since_ms = mem
            .returning_since_ms
            .or(Some(m.status_since_ms.unwrap_or(now)));
        let erase = m
            .owner
            .as_ref()
            .and_then(|o| fleet.find(&o.cluster)?.spec.pool(o.pool.as_deref()?))
            .map(|p| p.erase)
            .unwrap_or_default();
        mem.stuck = super::returning::is_stuck(&fleet.f, m, erase);
    } else {
        mem.returning_since_ms = None;
        mem.stuck = false;
        // Of a locked machine the looks are counted, of one that MAAS fails to release the tries.
        if !m.locked {
            mem.tries = 0;
            mem.tried_ms = None;
        }
    }
    if *mem == MachineMemory::default() {
        out.memory.machines.remove(&m.system_id);
    }
}

/// It carries a cluster's name and no node is on it.
fn is_lost(fleet: &Fleet<'_>, m: &crate::Machine) -> bool {
    let cluster = m.owner.as_ref().and_then(|o| fleet.find(&o.cluster));
    !m.status.is_returning()
        && !super::index::is_free_status(m.status)
        && cluster.is_some_and(|c| c.nodes().all(|x| x.system_id() != Some(&m.system_id)))
}

/// A machine's memory in the making, carried over on first use.
pub(crate) fn entry<'o>(
    fleet: &Fleet<'_>,
    system_id: &str,
    out: &'o mut Out,
) -> &'o mut MachineMemory {
    out.memory
        .machines
        .entry(system_id.to_owned())
        .or_insert_with(|| {
            fleet
                .f
                .w
                .memory
                .machines
                .get(system_id)
                .cloned()
                .unwrap_or_default()
        })
}

fn remember_pool(fleet: &Fleet<'_>, c: &Cluster<'_>, pool: &Pool<'_>, out: &mut Out) {
    let old = fleet.f.w.memory.pools.get(&pool.key);
    let mut mem = old.cloned().unwrap_or_default();
    mem.last_k = mem.last_k.max(last_k(c, pool));
    let complete = pool.live == pool.size
        && pool
            .nodes
            .iter()
            .all(|x| x.phase == Phase::Active || !x.phase.is_live());
    if complete {
        mem.reached = Some(pool.size);
    }
    mem.reached = mem.reached.map(|r| r.min(pool.size));
    mem.last_cancel_ms = mem
        .last_cancel_ms
        .filter(|t| fleet.f.now.saturating_sub(*t) < ms_of(fleet.f.w.policy.cancel_hold_s));
    mem.rollout = remember_rollout(fleet, c, pool, mem.rollout.take(), out);
    if mem != PoolMemory::default() {
        out.memory.pools.insert(pool.key.clone(), mem);
    }
}

/// The largest number that anything still shows.
fn last_k(c: &Cluster<'_>, pool: &Pool<'_>) -> u32 {
    let number = |id: &str| {
        id.strip_prefix(pool.spec.id.as_str())?
            .strip_prefix('-')?
            .parse::<u32>()
            .ok()
    };
    let nodes = pool.nodes.iter().map(|x| x.id);
    let named = c.named.iter().copied();
    let members = c
        .etcd
        .members
        .iter()
        .flat_map(|m| [Some(m.name.as_str()), m.node.as_deref()])
        .flatten();
    let before_number = pool.spec.id.len() + 1;
    nodes.chain(named).chain(members).fold(0, |most, id| {
        // A number of fewer digits is no larger.
        let digits = most.checked_ilog10().map_or(0, |n| n as usize + 1);
        if id.len() < before_number + digits {
            return most;
        }
        number(id).map_or(most, |k| k.max(most))
    })
}

fn at_target(pool: &Pool<'_>, x: &NodeView<'_>) -> bool {
    pool.target
        .is_some_and(|t| x.node.and_then(|n| n.revision.as_deref()) == Some(t.revision))
}

fn remember_rollout(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    old: Option<RolloutMemory>,
    out: &mut Out,
) -> Option<RolloutMemory> {
    let now = fleet.f.now;
    let target = pool.target?;
    let mut r = old
        .filter(|r| r.revision == target.revision)
        .unwrap_or_else(|| RolloutMemory {
            revision: target.revision.to_owned(),
            started_ms: now,
            last_progress_ms: now,
            ..RolloutMemory::default()
        });
    let active = |x: &&NodeView<'_>| x.phase == Phase::Active;
    let last_joined = pool
        .nodes
        .iter()
        .filter(active)
        .filter_map(|x| x.joined_ms)
        .max();
    let last_success = pool
        .nodes
        .iter()
        .filter(active)
        .filter(|x| at_target(pool, x))
        .filter_map(|x| x.joined_ms)
        .max();
    if last_success
        .is_some_and(|t| r.failed_ms.is_some_and(|f| t > f) || r.frozen_ms.is_some_and(|f| t > f))
    {
        (r.failures, r.failed_ms, r.frozen_ms) = (0, None, None);
        r.failed_machines.clear();
    }
    // After the successes: what fails now has failed since.
    for x in &pool.nodes {
        let failed_create = x.phase == Phase::Discarded;
        let failed_member = x.unhealthy && x.phase.is_draining();
        if !failed_create && !failed_member {
            continue;
        }
        let since = if failed_create {
            x.created_ms
        } else {
            x.drain_ms.unwrap_or(now)
        };
        if count_failure(fleet, c, pool, x, since, out) && failed_create && at_target(pool, x) {
            r.failures = r.failures.saturating_add(1);
            r.failed_ms = Some(now);
            r.failed_machines
                .extend(x.system_id().map(ToOwned::to_owned));
            r.failed_machines.sort();
            r.failed_machines.dedup();
        }
    }
    r.last_progress_ms = r
        .last_progress_ms
        .max(last_joined.unwrap_or(r.last_progress_ms));
    if pool.nodes.iter().any(|x| x.phase == Phase::Gone) {
        r.last_progress_ms = now;
    }
    let resumed = c.spec.resumed_ms.max(pool.spec.resumed_ms);
    if r.frozen_ms.is_some() && resumed > r.frozen_ms {
        (r.failures, r.failed_ms, r.frozen_ms) = (0, None, None);
        r.failed_machines.clear();
        r.last_progress_ms = now;
    }
    if r.failures >= fleet.f.w.policy.failure_limit
        && r.frozen_ms.is_none()
        && c.provisioned_ms.is_some()
        && Rule::FailureLimit.holds()
    {
        r.frozen_ms = Some(now);
    }
    let finished =
        pool.outdated == 0 && pool.live == pool.size && pool.creating == 0 && r.failures == 0;
    (!finished).then_some(r)
}

/// Counts a failure of the node's machine once in the node's life; true if it was new.
fn count_failure(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    since: Millis,
    out: &mut Out,
) -> bool {
    let Some(machine) = x.machine else {
        return false;
    };
    let (now, policy) = (fleet.f.now, &fleet.f.w.policy);
    let mem = entry(fleet, &machine.system_id, out);
    if mem.failures.iter().any(|t| *t >= since) {
        return false;
    }
    mem.failures.retain(|t| now.saturating_sub(*t) < DAY_MS);
    mem.failures.push(now);
    if mem.failures.len() > FAILURES_KEPT {
        mem.failures.remove(0);
    }
    let k = u32::try_from(mem.failures.len()).unwrap_or(1);
    let s = policy
        .quarantine_base_s
        .saturating_mul(1_u32 << (k - 1).min(16))
        .min(policy.quarantine_max_s);
    mem.quarantined_until_ms = Some(now.saturating_add(ms_of(s)));
    if k >= policy.suggest_broken_after {
        let args = facts! {"system_id": machine.system_id.as_str(), "failures": k};
        out.act(actions::notify(
            c.id,
            &pool.spec.id,
            &machine.system_id,
            "SuggestMarkBroken",
            args,
        ));
    }
    true
}

/// What was decided and must be remembered: rungs taken, releases tried again. Only what is left of the plan counts.
pub(crate) fn note_actions(fleet: &Fleet<'_>, out: &mut Out) {
    let now = fleet.f.now;
    let actions = core::mem::take(&mut out.actions);
    for a in &actions {
        let key = || cluster_pool_key(a.cluster().unwrap_or(""), a.node().unwrap_or(""));
        match &a.verb {
            crate::Verb::PowerOn { .. } => {
                out.memory.nodes.entry(key()).or_default().power_on_ms = Some(now);
            }
            crate::Verb::PowerCycle { .. } => {
                out.memory.nodes.entry(key()).or_default().power_cycle_ms = Some(now);
            }
            crate::Verb::Release { system_id, .. } => {
                let again = fleet
                    .f
                    .machine(system_id)
                    .is_some_and(|m| m.status.is_returning());
                if again {
                    let mem = entry(fleet, system_id, out);
                    mem.tries = mem.tries.saturating_add(1);
                    mem.tried_ms = Some(now);
                }
            }
            _ => {}
        }
    }
    out.actions = actions;
}

/// Two machines failing with one target and no success of it in 24 h: the revision's fault, not the machines'.
fn lift_quarantines(fleet: &Fleet<'_>, out: &mut Out) {
    let mut lift: Vec<String> = Vec::new();
    for c in &fleet.clusters {
        for pool in &c.pools {
            let Some(r) = rollout(&out.memory, pool) else {
                continue;
            };
            let success = pool.nodes.iter().any(|x| {
                at_target(pool, x)
                    && x.phase == Phase::Active
                    && x.joined_ms
                        .is_some_and(|t| fleet.f.now.saturating_sub(t) < DAY_MS)
            });
            if r.failed_machines.len() >= 2 && !success {
                lift.extend(r.failed_machines.iter().cloned());
            }
        }
    }
    for system_id in lift {
        if let Some(m) = out.memory.machines.get_mut(&system_id) {
            m.quarantined_until_ms = None;
        }
    }
}

/// At the end of a decision: the progress clock stands still while the pool waits for something that is not its fault, or has nothing under
/// way; otherwise a rollout that got nowhere for 3 × the p90 path is frozen.
pub(crate) fn no_progress(fleet: &Fleet<'_>, out: &mut Out) {
    let t = &fleet.f.w.policy.timings;
    for c in &fleet.clusters {
        for pool in &c.pools {
            let waits = out.waits.contains(&pool.key)
                || c.spec.paused
                || (pool.creating == 0 && pool.draining == 0);
            let Some(r) = out
                .memory
                .pools
                .get_mut(&pool.key)
                .and_then(|m| m.rollout.as_mut())
            else {
                continue;
            };
            let machines = pool.nodes.iter().filter_map(|x| x.machine);
            let total_gb = machines.map(super::returning::total_gb).max();
            let path_s = [
                t.allocate,
                t.deploy,
                t.join,
                t.settle,
                t.drain,
                t.remove,
                t.release,
                t.erase(pool.spec.erase, total_gb.unwrap_or(0)),
            ]
            .iter()
            .fold(0_u32, |a, s| a.saturating_add(s.p90_s));
            if waits {
                r.last_progress_ms = fleet.f.now;
            } else if r.frozen_ms.is_none()
                && fleet.f.now.saturating_sub(r.last_progress_ms) >= ms_of(path_s.saturating_mul(3))
            {
                r.frozen_ms = Some(fleet.f.now);
            }
        }
    }
}

/// 3.5.6 What a new node of a frozen pool is made from: what most other Active nodes are; else the target after a back-off; else nothing.
pub(crate) fn refill_revision<'p>(
    fleet: &Fleet<'_>,
    memory: &Memory,
    c: &Cluster<'_>,
    pool: &'p Pool<'_>,
) -> Result<&'p str, Millis> {
    let failing = pool.target.map_or("", |t| t.revision);
    let old = majority_revision(pool, |r| r != failing);
    let newer = pool.is_cp
        && old.is_some_and(|old| {
            let version = |x: &NodeView<'_>| x.node.and_then(|n| n.k8s_version);
            let of_old = pool
                .nodes
                .iter()
                .filter(|x| x.node.and_then(|n| n.revision.as_deref()) == Some(old))
                .filter_map(version)
                .max();
            pool.nodes
                .iter()
                .filter(|x| x.phase == Phase::Active)
                .filter_map(version)
                .max()
                > of_old
        });
    if let (Some(old), false) = (old, newer)
        && c.provisioned_ms.is_some()
    {
        return Ok(old);
    }
    back_off(fleet, memory, pool).map_or(Ok(failing), Err)
}

/// Until when a failing target is not tried again: 5 min · 2^(k − limit), at most 1 h.
pub(crate) fn back_off(fleet: &Fleet<'_>, memory: &Memory, pool: &Pool<'_>) -> Option<Millis> {
    let r = rollout(memory, pool)?;
    let over = r.failures.checked_sub(fleet.f.w.policy.failure_limit)?;
    let s = 300_u32.saturating_mul(1 << over.min(8)).min(3600);
    r.failed_ms
        .map(|t| t.saturating_add(ms_of(s)))
        .filter(|until| fleet.f.now < *until)
}

/// The revision of most Active nodes; at a tie the smallest string.
pub(crate) fn majority_revision<'p>(
    pool: &'p Pool<'_>,
    counts: impl Fn(&str) -> bool,
) -> Option<&'p str> {
    let mut by: BTreeMap<&str, u32> = BTreeMap::new();
    for r in pool
        .nodes
        .iter()
        .filter(|x| x.phase == Phase::Active)
        .filter_map(|x| x.node?.revision.as_deref())
        .filter(|r| counts(r))
    {
        *by.entry(r).or_insert(0) += 1;
    }
    by.into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))
        .map(|(r, _)| r)
}
