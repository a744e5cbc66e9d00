//! Where everything stands: state, progress, conditions, pools.
use crate::prelude::*;
use crate::{
    Condition, ConditionCode, FleetStatus, Millis, Planner, PoolStatus, Progress, Repave, Rollout,
    State, Status, Strategy,
};

use super::explain::facts;
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{Phase, count};
use super::pool::Pool;
use super::{freeze, gateway, returning};

pub(crate) fn fleet_status(
    fleet: &Fleet<'_>,
    states: &BTreeMap<&str, State>,
    out: &mut Out,
) -> FleetStatus {
    let mut status = FleetStatus::default();
    out.note_first_rules();
    let mut queue: Vec<(&str, Millis)> = fleet
        .clusters
        .iter()
        .filter(|c| states.get(c.id) == Some(&State::Pending) && !c.is_palette)
        .map(|c| (c.id, c.spec.requested_ms))
        .collect();
    queue.sort_by_key(|(id, at)| (*at, *id));
    let places: BTreeMap<&str, usize> = queue
        .iter()
        .enumerate()
        .map(|(i, (id, _))| (*id, i + 1))
        .collect();
    for c in &fleet.clusters {
        let state = states.get(c.id).copied().unwrap_or_default();
        let mut one = cluster_status(fleet, c, state, out);
        if state == State::Pending {
            one.queue_position = places.get(c.id).and_then(|p| u32::try_from(*p).ok());
        }
        let map = if c.is_pcg {
            &mut status.pcgs
        } else {
            &mut status.clusters
        };
        map.insert(c.id.to_owned(), one);
    }
    status
}

fn cluster_status(fleet: &Fleet<'_>, c: &Cluster<'_>, state: State, out: &mut Out) -> Status {
    let mut conditions: Vec<Condition> = out.conditions.remove(c.id).unwrap_or_default();
    let mut add = |code, args| {
        if !conditions.iter().any(|k| k.code == code) {
            conditions.push(Condition { code, args });
        }
    };
    if c.spec.paused {
        add(ConditionCode::Paused, facts! {});
    }
    let frozen = c
        .pools
        .iter()
        .find_map(|p| freeze::rollout(&out.memory, p).filter(|r| r.frozen_ms.is_some()));
    if let Some(r) = frozen {
        add(
            ConditionCode::Frozen,
            facts! {"why": freeze::frozen_why(fleet, r)},
        );
    }
    let unwell = c
        .nodes()
        .any(|x| matches!(x.phase, Phase::Suspect | Phase::Recovering));
    let sick_gateway =
        c.is_pcg && state == State::Running && (frozen.is_some() || !gateway::is_healthy(fleet, c));
    if sick_gateway || (unwell && matches!(state, State::Running | State::Updating)) {
        add(ConditionCode::Degraded, facts! {});
    }
    conditions.sort_by_key(|k| k.code);
    let pools: BTreeMap<String, PoolStatus> = c
        .pools
        .iter()
        .map(|p| (p.spec.id.clone(), pool_status(fleet, c, p, state, out)))
        .collect();
    let progress = if state.is_terminating() {
        giving_back(fleet, c)
    } else {
        sum(fleet, &pools)
    };
    let joined = c.nodes().filter_map(|x| x.joined_ms).max();
    let rolled = c
        .pools
        .iter()
        .filter_map(|p| freeze::rollout(&out.memory, p))
        .map(|r| r.last_progress_ms)
        .max();
    let last_progress_ms = if state.is_terminating() {
        last_returned(fleet, c)
    } else {
        joined.max(rolled)
    };
    Status {
        state,
        queue_position: None,
        last_progress_ms,
        progress,
        conditions,
        pools,
    }
}

/// When deleting: the last machine that was set on its way back, else when it began.
fn last_returned(fleet: &Fleet<'_>, c: &Cluster<'_>) -> Option<Millis> {
    let back = c
        .machines
        .iter()
        .filter(|m| m.status.is_returning())
        .map(|m| returning::since(&fleet.f, m))
        .max();
    back.max(
        fleet
            .f
            .w
            .memory
            .clusters
            .get(c.id)
            .and_then(|m| m.terminating_since_ms),
    )
    .max(c.obs.deletion_started_ms)
}

fn giving_back(fleet: &Fleet<'_>, c: &Cluster<'_>) -> Progress {
    let total = u32::try_from(c.machines.len()).unwrap_or(u32::MAX);
    let done = u32::try_from(
        c.machines
            .iter()
            .filter(|m| m.status.is_returning())
            .count(),
    )
    .unwrap_or(u32::MAX);
    let eta = c.machines.iter().map(|m| {
        let erase = m
            .owner
            .as_ref()
            .and_then(|o| c.spec.pool(o.pool.as_deref()?))
            .map(|p| p.erase)
            .unwrap_or_default();
        returning::eta(&fleet.f, m, erase)
    });
    Progress {
        done,
        total,
        eta_ms: eta.max(),
    }
}

fn sum(fleet: &Fleet<'_>, pools: &BTreeMap<String, PoolStatus>) -> Progress {
    let done = pools
        .values()
        .map(|p| p.progress.done)
        .fold(0, u32::saturating_add);
    let total = pools
        .values()
        .map(|p| p.progress.total)
        .fold(0, u32::saturating_add);
    // One pool after the other: the control plane first, then the workers. Of what nobody can say, nothing is said.
    let unknown =
        |p: &PoolStatus| p.progress.done < p.progress.total && p.progress.eta_ms.is_none();
    let known = !pools.values().any(unknown);
    let left: Millis = pools
        .values()
        .filter_map(|p| p.progress.eta_ms)
        .map(|t| t.saturating_sub(fleet.f.now))
        .fold(0, i64::saturating_add);
    Progress {
        done,
        total,
        eta_ms: (left > 0 && known).then(|| fleet.f.now.saturating_add(left)),
    }
}

fn pool_status(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    state: State,
    out: &Out,
) -> PoolStatus {
    let up_to_date = count(&pool.nodes, |x| {
        x.phase.is_live() && x.is_joined() && x.up_to_date
    });
    let done = done(pool);
    // What nothing but somebody's help brings has no time, unless another pool of the cluster may bring it.
    let moves = c.pools.iter().any(|p| p.creating > 0 || p.draining > 0);
    let eta_ms = eta(fleet, pool, pool.size - done).filter(|_| moves || !out.is_blocked(&pool.key));
    PoolStatus {
        size: pool.size,
        live: pool.live,
        available: pool.avail,
        up_to_date,
        held: pool.held,
        rollout: rollout(fleet, c, pool, state, out),
        progress: Progress {
            done,
            total: pool.size,
            eta_ms,
        },
    }
}

/// When the pool should be as desired, if it is not.
pub(crate) fn pool_eta(fleet: &Fleet<'_>, pool: &Pool<'_>) -> Option<Millis> {
    eta(fleet, pool, pool.size - done(pool))
}

/// Nodes that are there and as desired.
fn done(pool: &Pool<'_>) -> u32 {
    let settled = count(&pool.nodes, |x| {
        x.phase.is_staying() && x.is_joined() && (x.up_to_date || !x.outdated)
    });
    settled.min(pool.size)
}

/// Node after node at the median step times.
fn eta(fleet: &Fleet<'_>, pool: &Pool<'_>, left: u32) -> Option<Millis> {
    if left == 0 {
        return None;
    }
    let t = &fleet.f.w.policy.timings;
    let steps = [t.deploy.p50_s, t.join.p50_s, t.settle.p50_s];
    let mut create = steps
        .into_iter()
        .fold(t.allocate.p50_s, u32::saturating_add);
    let machines = pool.nodes.iter().filter_map(|x| x.machine);
    let total_gb = machines.map(returning::total_gb).max().unwrap_or(0);
    let back = t
        .release
        .p50_s
        .saturating_add(t.erase(pool.spec.erase, total_gb).p50_s);
    let mut first = 0;
    if pool.outdated > 0 {
        create = create
            .saturating_add(t.drain.p50_s)
            .saturating_add(t.remove.p50_s);
        match pool.spec.strategy {
            Strategy::ContractFirst => create = create.saturating_add(back),
            _ if pool.is_cp => first = back.saturating_mul(left.saturating_sub(1)),
            _ => {}
        }
    }
    let rounds = left.div_ceil(if pool.is_cp {
        1
    } else {
        pool.spec.max_parallel.max(1)
    });
    let s = create.saturating_mul(rounds).saturating_add(first);
    Some(fleet.f.now.saturating_add(crate::ms_of(s)))
}

fn rollout(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    state: State,
    out: &Out,
) -> Rollout {
    let locked_old = pool
        .nodes
        .iter()
        .any(|x| x.locked && !x.up_to_date && x.phase.is_live());
    let memory = freeze::rollout(&out.memory, pool);
    let waiting_approval = c.spec.repave == Repave::Pending
        && pool
            .spec
            .approved_revision
            .as_ref()
            .is_some_and(|r| *r != pool.spec.revision);
    if let Some(r) = memory.filter(|r| r.frozen_ms.is_some()) {
        return Rollout::Frozen(freeze::frozen_why(fleet, r).to_owned());
    }
    if waiting_approval || pool.target.is_none() {
        return Rollout::AwaitingApproval;
    }
    if pool.outdated == 0 {
        return match (
            locked_old,
            c.obs.update_started_ms.is_some() && !super::state::is_changing(pool),
        ) {
            (true, _) => Rollout::CompleteExceptLocked,
            (false, true) => Rollout::Complete,
            (false, false)
                if matches!(
                    state,
                    State::Updating | State::Provisioning | State::Resizing | State::Installing
                ) && super::state::is_changing(pool) =>
            {
                Rollout::Progressing
            }
            _ => Rollout::Idle,
        };
    }
    if c.spec.paused {
        return Rollout::Paused;
    }
    if fleet.f.planner == Planner::Engine && out.waits.contains(&pool.key) {
        let why = out.first_rule(&pool.key);
        return Rollout::Waiting(why.unwrap_or("gate").to_owned());
    }
    Rollout::Progressing
}
