//! What exists because of an operation, and how to remove it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Holder;

/// What kind of thing a [`Resource`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResourceKind {
    /// A cluster in Palette.
    Cluster,
    /// A machine in MAAS that a cluster holds.
    Machine,
    /// A cloud account in Palette.
    CloudAccount,
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cluster => "cluster",
            Self::Machine => "machine",
            Self::CloudAccount => "cloud account",
        })
    }
}

/// Something in Palette or MAAS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What kind of thing.
    pub kind: ResourceKind,
    /// The name a user knows it by.
    pub name: String,
    /// Its id on its server; absent: it was asked for and nobody knows whether it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Of a machine: who held it for the cluster, as far as MAAS told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
}

impl Resource {
    /// A cluster.
    #[must_use]
    pub fn cluster(name: impl Into<String>, uid: Option<String>) -> Self {
        Self {
            kind: ResourceKind::Cluster,
            name: name.into(),
            uid,
            holder: None,
        }
    }

    /// A cloud account.
    #[must_use]
    pub fn cloud_account(name: impl Into<String>, uid: Option<String>) -> Self {
        Self {
            kind: ResourceKind::CloudAccount,
            name: name.into(),
            uid,
            holder: None,
        }
    }

    /// A machine, by host name and MAAS's id.
    #[must_use]
    pub fn machine(hostname: impl Into<String>, system_id: Option<String>) -> Self {
        Self {
            kind: ResourceKind::Machine,
            name: hostname.into(),
            uid: system_id,
            holder: None,
        }
    }

    pub(crate) fn held_by(mut self, holder: Holder) -> Self {
        self.holder = Some(holder).filter(Holder::is_known);
        self
    }

    /// How to remove it, as one sentence for people.
    #[must_use]
    pub fn how_to_remove(&self) -> String {
        match (self.kind, &self.uid) {
            (ResourceKind::Cluster, Some(uid)) => format!(
                "delete it in Palette (DELETE /v1/spectroclusters/{uid}); its machines go back to MAAS with it"
            ),
            (ResourceKind::Cluster, None) => format!(
                "look for {:?} among Palette's clusters and delete it if it is there",
                self.name
            ),
            (ResourceKind::CloudAccount, Some(uid)) => format!(
                "delete it in Palette once no cluster uses it (DELETE /v1/cloudaccounts/maas/{uid})"
            ),
            (ResourceKind::CloudAccount, None) => format!(
                "look for {:?} among Palette's MAAS cloud accounts and delete it if it is there",
                self.name
            ),
            (ResourceKind::Machine, Some(id)) => {
                format!(
                    "Palette releases it with its cluster; if not, and no other cluster has it by now: maas <profile> machine release {id}"
                )
            }
            (ResourceKind::Machine, None) => {
                "Palette releases it with its cluster; if not, release it in MAAS".to_owned()
            }
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        match &self.uid {
            Some(uid) => write!(f, " ({uid})"),
            None => f.write_str(" (asked for; not known whether it exists)"),
        }
    }
}

/// The ledger of an operation: everything that exists, or may exist, because of it. In the order in which it should be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created(Vec<Resource>);

impl Created {
    /// What exists, in the order in which to remove it.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The resource of this kind, for kinds of which an operation creates at most one.
    #[must_use]
    pub fn get(&self, kind: ResourceKind) -> Option<&Resource> {
        self.0.iter().find(|r| r.kind == kind)
    }

    /// Adds a resource, or what is now known of it.
    pub fn put(&mut self, resource: Resource) {
        self.0.retain(|r| !r.is_same(&resource));
        self.0.push(resource);
        self.0.sort_by_key(|r| r.kind);
    }

    /// Takes a resource out.
    pub fn remove(&mut self, resource: &Resource) {
        self.0.retain(|r| !r.is_same(resource));
    }
}

/// One line per resource with how to remove it.
impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, resource) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{resource}: {}", resource.how_to_remove())?;
        }
        Ok(())
    }
}
