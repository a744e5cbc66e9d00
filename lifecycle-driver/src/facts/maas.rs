//! What MAAS holds.

use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::spec::{ClusterDocument, subnet_id};
use lifecycle_core::{ClusterSpec, Machine, MachineStatus, Owner, Power, Subnet};
use maas_client::{Fields, MachineFilter, Method, NodeStatus, PowerState};
use sdk_transport::{Error, lenient};
use serde::Deserialize;

/// What MAAS holds of the things that a document names, as far as it could be read.
#[derive(Debug)]
pub(crate) struct MaasFacts {
    pub(crate) user: maas_client::User,
    pub(crate) version: String,
    pub(crate) zones: Result<Vec<String>, Error>,
    pub(crate) pools: Result<Vec<String>, Error>,
    pub(crate) domains: Result<Vec<String>, Error>,
    pub(crate) images: Result<Vec<Image>, Error>,
    pub(crate) subnets: Result<Vec<Subnet>, Error>,
    pub(crate) machines: Result<Vec<Machine>, Error>,
}

/// A boot resource: an image that MAAS can deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// As a document names it: `ubuntu/jammy`, `custom/golden`.
    pub(crate) name: String,
    /// `amd64`, `arm64`.
    pub(crate) arch: String,
}

#[derive(Deserialize)]
struct BootResource {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    architecture: String,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

impl MaasFacts {
    /// Asks MAAS. A server that does not answer, or not to this key, is the error; what else cannot be read is said in its place.
    pub(crate) async fn gather(
        maas: &maas_client::Client,
        document: &ClusterDocument,
    ) -> Result<Self, Error> {
        let version = maas.version().await?.version;
        let user = maas.whoami().await?;
        let (zones, pools, domains, images, subnets) = tokio::join!(
            zones(maas),
            pools(maas),
            domains(maas),
            images(maas),
            subnets(maas, document),
        );
        let known_pools: &[String] = pools.as_deref().unwrap_or_default();
        let machines = machines_of(maas, &document.plan(), known_pools).await;
        Ok(Self {
            user,
            version,
            zones,
            pools,
            domains,
            images,
            subnets,
            machines,
        })
    }
}

async fn zones(maas: &maas_client::Client) -> Result<Vec<String>, Error> {
    let zones = maas.zones().list().await?.complete()?;
    Ok(zones.into_iter().map(|zone| zone.name).collect())
}

async fn pools(maas: &maas_client::Client) -> Result<Vec<String>, Error> {
    let pools = maas.resource_pools().list().await?.complete()?;
    Ok(pools.into_iter().map(|pool| pool.name).collect())
}

async fn domains(maas: &maas_client::Client) -> Result<Vec<String>, Error> {
    let domains: Vec<Named> = get(maas, "domains/").await?;
    Ok(domains.into_iter().map(|domain| domain.name).collect())
}

async fn images(maas: &maas_client::Client) -> Result<Vec<Image>, Error> {
    let resources: Vec<BootResource> = get(maas, "boot-resources/").await?;
    Ok(resources
        .into_iter()
        .map(|resource| {
            // An uploaded image is listed without the prefix that deploying it takes.
            let name = if resource.kind == "Uploaded" && !resource.name.contains('/') {
                format!("custom/{}", resource.name)
            } else {
                resource.name
            };
            let arch = resource.architecture.split('/').next().unwrap_or_default();
            Image {
                name,
                arch: arch.to_owned(),
            }
        })
        .collect())
}

/// The subnets, with the free addresses of the machines' one; those of the others are not asked for, since each is a call.
async fn subnets(
    maas: &maas_client::Client,
    document: &ClusterDocument,
) -> Result<Vec<Subnet>, Error> {
    let listed = maas.subnets().list().await?.complete()?;
    let mut subnets = Vec::with_capacity(listed.len());
    for subnet in listed {
        let Some(cidr) = subnet.network() else {
            continue;
        };
        let mut known = Subnet {
            id: subnet_id(&cidr),
            cidr,
            free_ips: 0,
            gateway: subnet.gateway_ip.as_deref().and_then(|ip| ip.parse().ok()),
            reserved: Vec::new(),
        };
        if document
            .network
            .machine_subnet
            .is_some_and(|net| net.trunc() == cidr.trunc())
        {
            let free = maas
                .subnets()
                .statistics(&subnet.id.to_string())
                .await?
                .num_available;
            known.free_ips = free.clamp(0.0, f64::from(u32::MAX)) as u32;
        }
        subnets.push(known);
    }
    Ok(subnets)
}

/// The machines that the specification's pools could take or have taken: a MAAS may have thousands of others.
pub(crate) async fn machines_of(
    maas: &maas_client::Client,
    spec: &ClusterSpec,
    known_pools: &[String],
) -> Result<Vec<Machine>, Error> {
    let wanted: BTreeSet<&str> = spec
        .pools()
        .map(|pool| pool.resource_pool.as_str())
        .collect();
    // MAAS refuses the whole list for one unknown pool.
    let asked: Vec<String> = wanted
        .into_iter()
        .filter(|pool| known_pools.iter().any(|known| known == pool))
        .map(str::to_owned)
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let machines = maas
        .machines()
        .list(&MachineFilter::new().pool(asked))
        .await?
        .complete()?;
    Ok(machines
        .iter()
        .map(|machine| observed(machine, &BTreeMap::new()))
        .collect())
}

/// A machine as the engine sees it; `owners` by host name.
pub(crate) fn observed(
    machine: &maas_client::Machine,
    owners: &BTreeMap<String, Owner>,
) -> Machine {
    let gb = |bytes: u64| u32::try_from(bytes / 1_000_000_000).unwrap_or(u32::MAX);
    let boot = machine.boot_disk.as_ref().map(|disk| disk.id);
    let mut disks: Vec<&maas_client::BlockDevice> =
        machine.physicalblockdevice_set.iter().collect();
    disks.sort_by_key(|disk| Some(disk.id) != boot);
    Machine {
        system_id: machine.system_id.clone(),
        hostname: machine.hostname.clone(),
        status: status(machine.status),
        status_since_ms: None,
        locked: machine.locked,
        zone: machine
            .zone
            .as_ref()
            .map(|zone| zone.name.clone())
            .unwrap_or_default(),
        resource_pool: machine
            .pool
            .as_ref()
            .map(|pool| pool.name.clone())
            .unwrap_or_default(),
        arch: machine.architecture.clone(),
        cpu: machine.cpu_count,
        mem_mib: u32::try_from(machine.memory).unwrap_or(u32::MAX),
        disk_gb: disks.into_iter().map(|disk| gb(disk.size)).collect(),
        tags: machine.tag_names.clone(),
        power: match machine.power_state {
            PowerState::On => Power::On,
            PowerState::Off => Power::Off,
            PowerState::Error => Power::Error,
            _ => Power::Unknown,
        },
        owner: owners.get(&machine.hostname).cloned(),
    }
}

/// The status under the name that MAAS's enumeration gives it.
pub(crate) fn status(status: NodeStatus) -> MachineStatus {
    serde_json::from_value(status.name().into()).unwrap_or_default()
}

/// A list that the client has no noun for yet.
async fn get<T: for<'de> Deserialize<'de>>(
    maas: &maas_client::Client,
    path: &str,
) -> Result<T, Error> {
    let answer = maas.call(Method::GET, path, &Fields::new(), None).await?;
    lenient::decode(answer.body())
}
