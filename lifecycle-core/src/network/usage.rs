//! Addresses needed, by owner and by subnet.

use crate::prelude::*;
use crate::{
    ClusterSpec, Code, Desired, Finding, Id, NetSpec, NetworkOwner, NetworkPlan, PcgSpec, Policy,
    PoolRole, PoolSpec, Strategy, Subnet, SubnetUse,
};

/// Addresses in use by subnet and owner.
pub(crate) type InUse = BTreeMap<(Id, Id), u32>;

/// A cluster or gateway as the address plan sees it.
struct Owner<'a> {
    id: &'a str,
    path: String,
    requested_ms: i64,
    network: &'a NetSpec,
    pools: Vec<&'a PoolSpec>,
}

impl<'a> Owner<'a> {
    fn cluster(index: usize, spec: &'a ClusterSpec) -> Self {
        let path = format!("/clusters/{index}");
        Self {
            id: &spec.id,
            path,
            requested_ms: spec.requested_ms,
            network: &spec.network,
            pools: spec.pools().collect(),
        }
    }

    fn gateway(index: usize, spec: &'a PcgSpec) -> Self {
        let path = format!("/pcgs/{index}");
        Self {
            id: &spec.id,
            path,
            requested_ms: spec.requested_ms,
            network: &spec.network,
            pools: vec![&spec.pool],
        }
    }

    fn subnet_of(&self, pool: &'a PoolSpec) -> Option<&'a str> {
        pool.subnet.as_deref().or(self.network.subnet.as_deref())
    }

    /// What the pools in `subnet` (absent: all) need, the endpoint's address included.
    fn need(&self, subnet: Option<&str>, policy: &Policy) -> NetworkOwner {
        let pools: Vec<&PoolSpec> = self
            .pools
            .iter()
            .copied()
            .filter(|pool| subnet.is_none() || self.subnet_of(pool) == subnet)
            .collect();
        let has_endpoint = pools.iter().any(|pool| pool.role == PoolRole::ControlPlane);
        let steady = pools.iter().fold(u32::from(has_endpoint), |sum, pool| {
            sum.saturating_add(pool.size)
        });
        NetworkOwner {
            steady,
            peak: steady.saturating_add(extra(&pools, policy)),
        }
    }
}

/// Most nodes above its size that a pool has while it is replaced.
pub(crate) fn surge(pool: &PoolSpec) -> u32 {
    match pool.strategy {
        _ if pool.size == 0 => 0,
        Strategy::ExpandFirst => pool.max_parallel.max(1),
        Strategy::ContractFirst => 0,
        Strategy::Custom { max_surge, .. } => max_surge.up(pool.size),
    }
}

/// Most nodes below its size.
pub(crate) fn unavailable(pool: &PoolSpec) -> u32 {
    match pool.strategy {
        _ if pool.size == 0 => 0,
        Strategy::ExpandFirst => 0,
        Strategy::ContractFirst => pool.max_parallel.max(1),
        Strategy::Custom {
            max_surge,
            max_unavailable,
        } => {
            let unavailable = max_unavailable.down(pool.size);
            if unavailable == 0 && max_surge.up(pool.size) == 0 {
                1
            } else {
                unavailable
            }
        }
    }
}

/// Addresses that a pool needs above its size while it is replaced: its surge, and where a machine on its way back keeps its lease, that
/// machine's too. A pool that holds returning machines waits for them before it surges again, so the two do not add up there.
fn extra_of(pool: &PoolSpec, policy: &Policy) -> u32 {
    let (surge, unavailable) = (surge(pool), unavailable(pool));
    match (policy.lease_held_while_returning, pool.holds_returning()) {
        (false, _) => surge,
        (true, true) => surge.max(unavailable),
        (true, false) => surge.saturating_add(surge.max(unavailable)),
    }
}

/// Control plane and workers never roll at once, and of the worker pools only `max_pools_rolling`.
fn extra(pools: &[&PoolSpec], policy: &Policy) -> u32 {
    let (control_plane, workers): (Vec<&PoolSpec>, Vec<&PoolSpec>) = pools
        .iter()
        .partition(|pool| pool.role == PoolRole::ControlPlane);
    let control_plane = control_plane
        .iter()
        .map(|pool| extra_of(pool, policy))
        .max()
        .unwrap_or(0);
    let mut workers: Vec<u32> = workers.iter().map(|pool| extra_of(pool, policy)).collect();
    workers.sort_unstable_by(|a, b| b.cmp(a));
    let rolling = usize::try_from(policy.max_pools_rolling).unwrap_or(usize::MAX);
    control_plane.max(
        workers
            .iter()
            .take(rolling)
            .fold(0, |sum: u32, n| sum.saturating_add(*n)),
    )
}

/// Most nodes that a cluster of these pools has at a time.
pub(super) fn peak_nodes<'a>(pools: impl Iterator<Item = &'a PoolSpec>, policy: &Policy) -> u32 {
    let pools: Vec<&PoolSpec> = pools.collect();
    pools.iter().fold(extra(&pools, policy), |sum, pool| {
        sum.saturating_add(pool.size)
    })
}

/// The addresses part of the plan. The owner at which a subnet runs out, in the order of the requests, is the one that is told.
pub(crate) fn usage(
    desired: &Desired,
    subnets: &[Subnet],
    policy: &Policy,
    in_use: &InUse,
) -> NetworkPlan {
    let mut owners: Vec<Owner<'_>> = desired
        .pcgs
        .iter()
        .enumerate()
        .map(|(i, spec)| Owner::gateway(i, spec))
        .collect();
    owners.extend(
        desired
            .clusters
            .iter()
            .enumerate()
            .map(|(i, spec)| Owner::cluster(i, spec)),
    );
    owners.sort_by(|a, b| (a.requested_ms, a.id).cmp(&(b.requested_ms, b.id)));

    let mut plan = NetworkPlan::default();
    let known: BTreeMap<&str, &Subnet> = subnets
        .iter()
        .rev()
        .map(|subnet| (subnet.id.as_str(), subnet))
        .collect();
    let mut had: BTreeMap<&str, i64> = known
        .iter()
        .map(|(id, subnet)| (*id, i64::from(subnet.free_ips)))
        .collect();
    for ((subnet, _), count) in in_use {
        if let Some(addresses) = had.get_mut(subnet.as_str()) {
            *addresses += i64::from(*count);
        }
    }
    let mut used: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for owner in &owners {
        plan.owners
            .entry(owner.id.to_owned())
            .or_insert_with(|| owner.need(None, policy));
        let places: BTreeSet<&str> = owner
            .pools
            .iter()
            .filter_map(|pool| owner.subnet_of(pool))
            .collect();
        for place in places {
            let need = owner.need(Some(place), policy);
            let (steady, peak) = used.entry(place).or_default();
            let left = |sum: i64| had.get(place).map(|had| had - sum);
            let before = left(*peak);
            *steady += i64::from(need.steady);
            *peak += i64::from(need.peak);
            plan.findings.extend(shortage(
                owner,
                place,
                need,
                left(*steady),
                before,
                left(*peak),
            ));
        }
    }
    for (place, (steady, peak)) in used {
        let headroom = had.get(place).map_or(0, |had| had - peak);
        let clamp = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let headroom =
            i32::try_from(headroom).unwrap_or(if headroom < 0 { i32::MIN } else { i32::MAX });
        plan.subnets.insert(
            place.to_owned(),
            SubnetUse {
                steady: clamp(steady),
                peak: clamp(peak),
                headroom,
            },
        );
    }
    plan
}

/// What to say to an owner after whose needs a subnet has so many addresses left; nothing where they are not counted.
fn shortage(
    owner: &Owner<'_>,
    place: &str,
    need: NetworkOwner,
    left: Option<i64>,
    before: Option<i64>,
    left_at_peak: Option<i64>,
) -> Option<Finding> {
    let (left, before, left_at_peak) = (left?, before?, left_at_peak?);
    let path = format!("{}/network/subnet", owner.path);
    let had = before.max(0);
    let finding = if left < 0 {
        let message = format!(
            "{} needs {} addresses of subnet {place}, {} too many",
            owner.id, need.steady, -left
        );
        Finding::new(Code::IpShort, path, message)
            .hint("free addresses in the subnet, take a larger one, or make the pools smaller")
            .arg("missing", -left)
    } else if left_at_peak < 0 {
        let message = format!(
            "{} needs {} addresses of subnet {place} while it is rolled, {} more than there are",
            owner.id, need.peak, -left_at_peak
        );
        Finding::new(Code::IpPeak, path, message)
            .hint("a rollout waits for an address, or uses Contract First")
            .arg("missing", -left_at_peak)
    } else if left_at_peak == 0 {
        Finding::new(
            Code::IpHeadroom,
            path,
            format!("{} leaves no address of subnet {place} free", owner.id),
        )
        .hint("take a larger subnet before the next change")
    } else {
        return None;
    };
    Some(
        finding
            .arg("subnet", place)
            .arg("owner", owner.id)
            .arg("steady", need.steady)
            .arg("peak", need.peak)
            .arg("available", had),
    )
}
