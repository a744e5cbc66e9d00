//! A cluster as Palette holds it.

use lifecycle_core::{ClusterSpec, Version};
use palette_client::{Cluster, ClusterProfileTemplate, ClusterState, NodePool, PackLayer};
use sdk_transport::{Error, ErrorKind};

use crate::Driver;
use crate::look::{ConditionSeen, Look};
use crate::pools::of_palette;

/// A cluster that a search by name found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterFound {
    pub(crate) uid: String,
    pub(crate) state: String,
}

/// The cluster of this name that is not deleted.
pub(crate) async fn find(
    palette: &palette_client::Client,
    name: &str,
) -> Result<Option<ClusterFound>, Error> {
    Ok(palette
        .clusters()
        .find(name)
        .await?
        .map(|found| ClusterFound {
            uid: found.metadata.uid,
            state: state_text(found.status.state.as_ref()).unwrap_or_else(|| "unknown".to_owned()),
        }))
}

/// What a cluster is made of at present.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) config_uid: String,
    pub(crate) account_uid: Option<String>,
    pub(crate) profiles: Vec<ClusterProfileTemplate>,
    pub(crate) pools: Vec<NodePool>,
    pub(crate) domain: String,
    pub(crate) ssh_keys: Vec<String>,
    pub(crate) ntp_servers: Vec<String>,
}

impl Driver {
    /// The cluster of this name, or `E_NOT_FOUND`.
    pub(crate) async fn cluster_named(&self, name: &str) -> Result<ClusterFound, Error> {
        find(&self.palette, name).await?.ok_or_else(|| {
            Error::refused("E_NOT_FOUND", format!("there is no cluster named {name}"))
                .with_hint("create it first, or look at its name and at the project")
        })
    }

    pub(crate) async fn present(&self, uid: &str) -> Result<Present, Error> {
        let cluster = self.palette.cluster(uid).get().await?;
        let config_uid = cluster.cloud_config_uid().unwrap_or_default().to_owned();
        if config_uid.is_empty() {
            return Err(Error::new(
                ErrorKind::StateConflict,
                "the cluster has no cloud configuration yet",
            )
            .with_hint("it was created a moment ago; try again"));
        }
        let config = self.palette.cloud_config(&config_uid).get().await?;
        Ok(Present {
            uid: cluster.metadata.uid,
            name: cluster.metadata.name,
            config_uid,
            account_uid: config
                .spec
                .cloud_account_ref
                .map(|account| account.uid)
                .filter(|uid| !uid.is_empty()),
            profiles: cluster.spec.profiles,
            pools: config.spec.node_pools,
            domain: config.spec.cluster_config.domain,
            ssh_keys: config.spec.cluster_config.ssh_keys,
            ntp_servers: config.spec.cluster_config.ntp_servers,
        })
    }
}

impl Present {
    /// The version of Kubernetes that the attached profiles bring.
    pub(crate) fn kubernetes_version(&self) -> Option<Version> {
        let mut packs = self.profiles.iter().flat_map(|profile| &profile.packs);
        let pack = packs.find(|pack| pack.layer == Some(PackLayer::Kubernetes))?;
        pack.version.parse().ok().or_else(|| pack.tag.parse().ok())
    }

    /// The cluster as the engine plans with it, as far as Palette knows it.
    pub(crate) fn spec(&self) -> ClusterSpec {
        let mut spec = ClusterSpec::new(&self.name).managed_by_palette();
        for pool in self.pools.iter().map(of_palette) {
            if pool.is_control_plane {
                spec.control_plane = Some(pool.to_spec());
            } else {
                spec.workers.push(pool.to_spec());
            }
        }
        spec
    }

    pub(crate) fn pool_names(&self) -> Vec<String> {
        self.pools.iter().map(|pool| pool.name.clone()).collect()
    }
}

/// Whether Palette itself says that there is no such object; a proxy's 404 says nothing of the kind.
pub(crate) fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        && error
            .server_code()
            .is_some_and(|code| code.parse::<u16>().is_err())
}

pub(crate) fn state_text(state: Option<&ClusterState>) -> Option<String> {
    state.map(|state| state.as_str().to_owned())
}

/// The record's part of a look.
pub(crate) fn look_at(cluster: &Cluster, at_ms: i64) -> Look {
    let ms = |time: jiff::Timestamp| time.as_millisecond();
    let status = cluster.status.as_ref();
    Look {
        at_ms,
        state: state_text(cluster.state()),
        conditions: cluster
            .conditions()
            .iter()
            .map(|condition| ConditionSeen {
                name: condition.kind.clone(),
                status: condition.status.clone(),
                reason: condition.reason.clone(),
                message: condition.message.clone(),
            })
            .collect(),
        repave_pending: status
            .and_then(|status| status.repave.as_ref()?.state.as_ref())
            .is_some_and(|state| *state == palette_client::RepaveState::Pending),
        deletion_started_ms: cluster.metadata.deletion_timestamp.map(ms),
        abort_started_ms: status.and_then(|status| status.abort_timestamp).map(ms),
        ..Look::default()
    }
}
