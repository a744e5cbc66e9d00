//! From what the two servers say to the world that the engine judges.

use std::collections::BTreeMap;

use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::{
    ClusterObs, ClusterSpec, Desired, Machine, Node, Owner, PcgObs, Subnet, Tri, World,
};
use palette_client::Gateway;
use sdk_transport::Error;

use crate::Driver;
use crate::facts::{MaasFacts, PaletteFacts};
use crate::look::Look;

/// What a world is made of.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    /// The cluster as it is wanted at present; absent if there is none.
    pub(crate) spec: Option<&'a ClusterSpec>,
    /// The cluster as it was seen.
    pub(crate) look: Option<&'a Look>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) gateways: &'a [Gateway],
}

impl Driver {
    /// What MAAS and Palette show of the things that a document names, as the world that the engine judges: the machines of its resource
    /// pools, its subnet, its gateway and, if it exists, the cluster.
    ///
    /// # Errors
    /// Those of the two clients.
    pub async fn observe(&self, document: &ClusterDocument) -> Result<World, Error> {
        if let Some(found) = crate::clusters::find(&self.palette, &document.name).await? {
            return Ok(self.standing(document, &found.uid).await?.world);
        }
        let (maas, palette) = tokio::try_join!(
            MaasFacts::gather(&self.maas, document),
            PaletteFacts::gather(&self.palette, document),
        )?;
        self.world_before(maas, &palette)
    }

    /// The world in which a cluster is to be created.
    pub(crate) fn world_before(
        &self,
        maas: MaasFacts,
        palette: &PaletteFacts,
    ) -> Result<World, Error> {
        Ok(self.world(Parts {
            machines: maas.machines?,
            subnets: maas.subnets?,
            gateways: palette.gateways.as_deref().unwrap_or_default(),
            ..Parts::default()
        }))
    }

    pub(crate) fn world(&self, parts: Parts<'_>) -> World {
        let now_ms = self.now_ms();
        let mut world = World::new(now_ms);
        world.policy = self.policy.clone();
        world.observed.as_of_ms = parts.look.map_or(now_ms, |look| look.at_ms);
        world.observed.machines = parts.machines;
        world.observed.subnets = parts.subnets;
        for gateway in parts.gateways {
            let seen = PcgObs {
                state: Some(gateway.status.state.clone()).filter(|state| !state.is_empty()),
                healthy: gateway.is_running(),
                size: 0,
                version: None,
            };
            world
                .observed
                .pcgs
                .insert(gateway.metadata.name.clone(), seen);
        }
        if let Some(spec) = parts.spec {
            world.desired = Desired {
                clusters: vec![spec.clone()],
                ..Desired::default()
            };
        }
        if let (Some(spec), Some(look)) = (parts.spec, parts.look) {
            world
                .observed
                .clusters
                .insert(spec.id.clone(), cluster(look));
            let owners = owners(&spec.id, look);
            for machine in &mut world.observed.machines {
                machine.owner = owners.get(&machine.hostname).cloned();
            }
            world.observed.nodes = nodes(spec, look);
        }
        world
    }
}

/// Whose machine carries which host name.
pub(crate) fn owners(cluster: &str, look: &Look) -> BTreeMap<String, Owner> {
    look.nodes
        .iter()
        .filter(|node| !node.name.is_empty())
        .map(|node| {
            let owner = Owner {
                cluster: cluster.to_owned(),
                pool: Some(node.pool.clone()),
                node: Some(node.name.clone()),
            };
            (node.name.clone(), owner)
        })
        .collect()
}

fn cluster(look: &Look) -> ClusterObs {
    let running = look.is("Running");
    ClusterObs {
        state: look.state.clone(),
        message: look
            .conditions
            .iter()
            .find(|c| c.status == "False" && !c.message.is_empty())
            .map(|c| c.message.clone()),
        initialized: running || look.nodes.iter().any(|node| node.ready),
        // Palette tells no such moment; that it has passed is what counts.
        provisioned_ms: running.then_some(
            look.nodes
                .iter()
                .filter_map(|node| node.created_ms)
                .max()
                .unwrap_or(look.at_ms),
        ),
        deletion_started_ms: look.deletion_started_ms,
        abort_started_ms: look.abort_started_ms,
        ..ClusterObs::default()
    }
}

fn nodes(spec: &ClusterSpec, look: &Look) -> Vec<Node> {
    look.nodes
        .iter()
        .filter(|node| !node.name.is_empty())
        .map(|seen| {
            let mut node = Node::new(&spec.id, &seen.pool, &seen.name);
            let pool = spec.pool(&seen.pool);
            // Palette does not tell what a node was made from. At rest that is what its pool asks for.
            node.revision = pool.map(|pool| pool.revision.clone());
            node.k8s_version = pool.and_then(|pool| pool.k8s_version);
            node.inplace_revision = pool.and_then(|pool| pool.inplace_revision.clone());
            node.system_id = look
                .machines
                .iter()
                .find(|machine| machine.hostname == seen.name)
                .map(|machine| machine.system_id.clone());
            node.created_ms = seen.created_ms.unwrap_or(look.at_ms);
            node.zone = seen.zone.clone();
            node.ready = Tri::from(seen.ready);
            node.cordoned = seen.cordoned;
            if seen.ready {
                node.joined_ms = Some(node.created_ms);
                node.ready_since_ms = Some(node.created_ms);
            }
            node
        })
        .collect()
}
