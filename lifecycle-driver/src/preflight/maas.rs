//! What is checked in MAAS.

use lifecycle_core::spec::{ClusterDocument, document_path};
use lifecycle_core::{
    Code, Constraint, Desired, NetworkInput, NetworkOwner, PoolSpec, Strategy, check_capacity,
    plan_network,
};

use super::check::{Check, CheckName};
use crate::facts::{MaasFacts, known_names};
use crate::world::Parts;
use crate::{Driver, Problem};

pub(super) fn domain(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Domain;
    match &facts.domains {
        Err(error) => Check::error(NAME, "cannot be read", error),
        Ok(domains) if domains.contains(&document.domain) => {
            Check::new(NAME, document.domain.clone(), Vec::new())
        }
        Ok(domains) => {
            let message = format!("MAAS has no DNS domain {}", document.domain);
            let hint = known_names(&document.domain, domains.iter().map(String::as_str));
            Check::failed(
                NAME,
                "not there",
                Problem::new(Code::NotFound, "/domain", message).hint(hint),
            )
        }
    }
}

pub(super) fn image(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Image;
    let Some(wanted) = &document.image else {
        return Check::skipped(
            NAME,
            "the document names none; the profile's OS pack decides",
        );
    };
    let images = match &facts.images {
        Ok(images) => images,
        Err(error) => return Check::error(NAME, "cannot be read", error),
    };
    let mut arches: Vec<&str> = document
        .plan()
        .pools()
        .filter_map(|pool| pool.arch.clone())
        .map(|arch| {
            if arch.starts_with("arm64") {
                "arm64"
            } else {
                "amd64"
            }
        })
        .collect();
    arches.sort_unstable();
    arches.dedup();
    let problems: Vec<Problem> = arches
        .iter()
        .filter(|arch| {
            !images
                .iter()
                .any(|image| image.name == *wanted && image.arch == **arch)
        })
        .map(|arch| {
            let message = format!("MAAS has no image {wanted} for {arch}");
            let known = images
                .iter()
                .filter(|image| image.arch == **arch)
                .map(|image| image.name.as_str());
            Problem::new(Code::NotFound, "/image", message).hint(known_names(wanted, known))
        })
        .collect();
    let summary = if problems.is_empty() {
        format!("{wanted} for {}", arches.join(", "))
    } else {
        "not there".to_owned()
    };
    Check::new(NAME, summary, problems)
}

pub(super) fn placement(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Placement;
    let (zones, pools) = match (&facts.zones, &facts.pools) {
        (Ok(zones), Ok(pools)) => (zones, pools),
        (Err(error), _) | (_, Err(error)) => return Check::error(NAME, "cannot be read", error),
    };
    let mut problems = Vec::new();
    let plan = document.plan();
    for (path, pool) in pool_paths(&plan) {
        if !pools.contains(&pool.resource_pool) {
            let message = format!("MAAS has no resource pool {}", pool.resource_pool);
            let hint = known_names(&pool.resource_pool, pools.iter().map(String::as_str));
            problems.push(
                Problem::new(
                    Code::NotFound,
                    format!("{path}/machines/resource_pool"),
                    message,
                )
                .hint(hint),
            );
        }
        for (index, zone) in pool
            .azs
            .iter()
            .enumerate()
            .filter(|(_, zone)| !zones.contains(zone))
        {
            let message = format!("MAAS has no zone {zone}");
            let hint = known_names(zone, zones.iter().map(String::as_str));
            problems.push(
                Problem::new(
                    Code::AzUnknown,
                    format!("{path}/machines/availability_zones/{index}"),
                    message,
                )
                .hint(hint)
                .arg("zone", zone.clone()),
            );
        }
    }
    let summary = if problems.is_empty() {
        format!(
            "all known; MAAS has {} zones and {} pools",
            zones.len(),
            pools.len()
        )
    } else {
        "not all known".to_owned()
    };
    Check::new(NAME, summary, problems)
}

/// The pools of a specification with their places in the document.
fn pool_paths(plan: &lifecycle_core::ClusterSpec) -> Vec<(String, &PoolSpec)> {
    let control_plane = plan
        .control_plane
        .iter()
        .map(|pool| ("/control_plane".to_owned(), pool));
    let workers = plan
        .workers
        .iter()
        .enumerate()
        .map(|(index, pool)| (format!("/workers/{index}"), pool));
    control_plane.chain(workers).collect()
}

/// Enough machines, and those that Expand First needs beside.
pub(super) fn machines(driver: &Driver, document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Machines;
    let machines = match &facts.machines {
        Ok(machines) => machines.clone(),
        Err(error) => return Check::error(NAME, "cannot be read", error),
    };
    let plan = document.plan();
    let report = check_capacity(
        &plan,
        &driver.world(Parts {
            machines,
            ..Parts::default()
        }),
    );
    let mut problems = Vec::new();
    for ((path, pool), found) in pool_paths(&plan).into_iter().zip(&report.pools) {
        let kind = format!(
            "≥{} CPU/{} MiB/{} GB",
            pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb
        );
        let zones = if pool.azs.is_empty() {
            "any zone".to_owned()
        } else {
            format!("zones {}", pool.azs.join(", "))
        };
        if found.missing() > 0 {
            let message = format!(
                "pool {} needs {} machines {kind} in resource pool {}, {zones}: {} missing ({} available, {} on their way back)",
                pool.id,
                found.need,
                pool.resource_pool,
                found.missing(),
                found.available,
                found.returning
            );
            let excluded: Vec<String> = found
                .excluded
                .iter()
                .map(|(why, count)| format!("{count} {}", constraint(*why)))
                .collect();
            problems.push(
                Problem::new(Code::Capacity, format!("{path}/size"), message)
                    .hint(format!(
                        "the other machines of these resource pools are: {}",
                        excluded.join(", ")
                    ))
                    .arg("pool", pool.id.clone())
                    .arg("need", found.need)
                    .arg("available", found.available),
            );
        } else if pool.strategy == Strategy::ExpandFirst && found.spare == 0 {
            let message = format!(
                "pool {} has no spare machine {kind} in resource pool {}, {zones}: Expand First will wait for one",
                pool.id, pool.resource_pool
            );
            problems.push(
                Problem::new(Code::NoSpare, format!("{path}/rolling_update"), message)
                    .hint("add a machine, or choose contract_first"),
            );
        }
    }
    let pools: Vec<String> = report
        .pools
        .iter()
        .map(|found| format!("{} need {}, {} fit", found.pool, found.need, found.fitting))
        .collect();
    Check::new(NAME, pools.join(", "), problems)
}

const fn constraint(why: Constraint) -> &'static str {
    match why {
        Constraint::Status => "not ready",
        Constraint::Locked => "locked",
        Constraint::Owner => "in use",
        Constraint::Quarantine => "in quarantine",
        Constraint::ResourcePool => "in another resource pool",
        Constraint::Zone => "in another zone",
        Constraint::Cpu => "with too few cores",
        Constraint::Memory => "with too little memory",
        Constraint::Disk => "with too small a boot disk",
        Constraint::Arch => "of another architecture",
        Constraint::Tags => "without the tags",
    }
}

/// The address plan. Without MAAS it says only what the document alone tells.
pub(super) fn network(
    driver: &Driver,
    document: &ClusterDocument,
    facts: Option<&MaasFacts>,
) -> (Check, Option<NetworkOwner>) {
    const NAME: CheckName = CheckName::Network;
    let subnets = match facts.map(|facts| &facts.subnets) {
        Some(Ok(subnets)) => subnets.clone(),
        Some(Err(error)) => return (Check::error(NAME, "cannot be read", error), None),
        None => Vec::new(),
    };
    let plan = document.plan();
    let mut problems = Vec::new();
    if let (Some(cidr), Some(_)) = (document.network.machine_subnet, facts)
        && !subnets
            .iter()
            .any(|subnet| Some(&subnet.id) == plan.network.subnet.as_ref())
    {
        let names: Vec<String> = subnets
            .iter()
            .map(|subnet| subnet.cidr.to_string())
            .collect();
        let message = format!("MAAS has no subnet {cidr}");
        let hint = format!("its subnets are {}", names.join(", "));
        problems.push(Problem::new(Code::NotFound, "/network/machine_subnet", message).hint(hint));
    }
    let free = subnets
        .iter()
        .find(|subnet| Some(&subnet.id) == plan.network.subnet.as_ref())
        .map(|subnet| subnet.free_ips);
    let desired = Desired {
        clusters: vec![plan],
        ..Desired::default()
    };
    let planned = plan_network(&NetworkInput {
        desired,
        subnets,
        policy: driver.policy.clone(),
    });
    for mut finding in planned.findings {
        finding.path = document_path(&finding.path);
        let problem = Problem::from(finding);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    let owner = planned.owners.get(&document.name).copied();
    let mut summary = owner.map_or_else(String::new, |owner| {
        format!("{} addresses, {} while rolling", owner.steady, owner.peak)
    });
    if let (Some(free), Some(cidr)) = (free, document.network.machine_subnet) {
        summary = format!("{summary}; {free} free in {cidr}");
    }
    if facts.is_none() && problems.is_empty() {
        return (
            Check::skipped(
                NAME,
                &format!("{summary}; MAAS could not be asked for its subnets"),
            ),
            owner,
        );
    }
    (Check::new(NAME, summary, problems), owner)
}
