//! A Palette-managed cluster as the simulation needs it: what Palette does not show is made up from what it does.
use crate::prelude::*;
use crate::{
    ClusterSpec, EtcdMember, EtcdView, Machine, MachineStatus, ManagedBy, Owner, PoolSpec, Power,
    Tri, World,
};

/// The revision of nodes that are known to be older than the running update.
const OLDER: &str = "older";

/// Fills in machines, revisions, joins and etcd of every Palette-managed cluster: each joined control-plane node stands for a voter, healthy
/// iff it is ready. `before`: the specifications that the nodes were made from.
pub(crate) fn complete(w: &mut World, before: &[ClusterSpec]) {
    let clusters: Vec<ClusterSpec> = before
        .iter()
        .filter(|c| c.managed_by == ManagedBy::Palette)
        .cloned()
        .collect();
    for c in &clusters {
        complete_nodes(w, c);
        complete_etcd(w, c);
        let has_nodes = w
            .observed
            .nodes
            .iter()
            .any(|n| n.cluster == c.id && n.joined_ms.is_some());
        let obs = w.observed.clusters.entry(c.id.clone()).or_default();
        let running = obs.state.as_deref().is_some_and(|s| {
            s.eq_ignore_ascii_case("running") || s.eq_ignore_ascii_case("updating")
        });
        if running || has_nodes {
            obs.initialized = true;
        }
        if running && obs.provisioned_ms.is_none() {
            obs.provisioned_ms = Some(c.requested_ms);
        }
        if !obs
            .state
            .as_deref()
            .is_some_and(|s| s.eq_ignore_ascii_case("deleted"))
        {
            obs.state = None;
        }
    }
}

fn complete_nodes(w: &mut World, c: &ClusterSpec) {
    let updating = w
        .observed
        .clusters
        .get(&c.id)
        .and_then(|o| o.update_started_ms);
    let mut made = Vec::new();
    for n in w.observed.nodes.iter_mut().filter(|n| n.cluster == c.id) {
        let Some(pool) = c.pool(&n.pool) else {
            continue;
        };
        if n.ready.is_true() && n.joined_ms.is_none() {
            n.joined_ms = Some(n.ready_since_ms.unwrap_or(n.created_ms));
        }
        if n.revision.is_none() {
            let older = updating.is_some_and(|t| n.created_ms < t);
            n.revision = Some(if older {
                OLDER.to_owned()
            } else {
                pool.revision.clone()
            });
        }
        n.k8s_version = n.k8s_version.or(pool.k8s_version);
        let owner = Owner {
            cluster: c.id.clone(),
            pool: Some(n.pool.clone()),
            node: Some(n.id.clone()),
        };
        let known = n
            .system_id
            .as_ref()
            .and_then(|s| w.observed.machines.iter_mut().find(|m| m.system_id == *s));
        if let Some(m) = known {
            m.owner = Some(owner);
            if n.joined_ms.is_some() {
                m.status = MachineStatus::Deployed;
                m.power = Power::On;
            }
        } else {
            let system_id = format!("{}-{}", c.id, n.id);
            n.system_id = Some(system_id.clone());
            made.push(stand_in(
                system_id,
                pool,
                n.zone.as_deref(),
                owner,
                n.joined_ms.is_some(),
            ));
        }
    }
    w.observed.machines.extend(made);
}

/// A machine that just fits, for a node of which Palette names no machine.
fn stand_in(
    system_id: String,
    pool: &PoolSpec,
    zone: Option<&str>,
    owner: Owner,
    joined: bool,
) -> Machine {
    let zone = zone
        .or_else(|| pool.azs.first().map(String::as_str))
        .unwrap_or("default");
    let mut m = Machine::ready(
        system_id,
        zone,
        pool.min_cpu,
        pool.min_mem_mib,
        pool.min_disk_gb,
    );
    m.resource_pool.clone_from(&pool.resource_pool);
    m.tags.clone_from(&pool.tags);
    if let Some(arch) = &pool.arch {
        m.arch.clone_from(arch);
    }
    m.status = if joined {
        MachineStatus::Deployed
    } else {
        MachineStatus::Deploying
    };
    m.power = Power::On;
    m.owner = Some(owner);
    m
}

fn complete_etcd(w: &mut World, c: &ClusterSpec) {
    let Some(cp) = &c.control_plane else { return };
    if w.observed.etcd.contains_key(&c.id) {
        return;
    }
    let nodes = w
        .observed
        .nodes
        .iter()
        .filter(|n| n.cluster == c.id && n.pool == cp.id && n.joined_ms.is_some());
    let mut members: Vec<EtcdMember> = nodes
        .map(|n| EtcdMember {
            member_id: n.id.clone(),
            name: n.id.clone(),
            node: Some(n.id.clone()),
            peer_ips: Vec::new(),
            learner: false,
            healthy: if n.ready.is_true() {
                Tri::True
            } else {
                Tri::False
            },
            leader: false,
        })
        .collect();
    members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
    if let Some(leader) = members.iter_mut().rev().find(|m| m.healthy.is_true()) {
        leader.leader = true;
    }
    if !members.is_empty() {
        w.observed.etcd.insert(
            c.id.clone(),
            EtcdView {
                as_of_ms: w.now_ms,
                reachable: true,
                members,
            },
        );
    }
}
