//! What differs between a cluster as it is and as a document wants it. Pure.

use std::fmt;

use lifecycle_core::ClusterSpec;
use lifecycle_core::spec::ClusterDocument;
use palette_client::{ClusterProfile, ClusterProfileTemplate, Pack, PackLayer, ProfileType};
use serde::Serialize;

use crate::clusters::Present;
use crate::pools::{self, PoolShape};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Another cluster profile, another version of it, or other pack values.
    Profile {
        /// The profile that is attached, by name and version.
        from: String,
        /// The profile that is wanted, by name and version.
        to: String,
        /// The packs that differ, by name and version or as `values of …`.
        packs: Vec<String>,
        /// Whether nodes are made from what differs: then all of them are replaced.
        replaces_nodes: bool,
    },
    /// A node pool.
    Pool {
        /// Its name.
        pool: String,
        /// What differs.
        fields: Vec<String>,
        /// Whether nodes are made from what differs: then those of this pool are replaced.
        replaces_nodes: bool,
    },
}

impl Change {
    /// Whether it replaces nodes.
    #[must_use]
    pub const fn replaces_nodes(&self) -> bool {
        match self {
            Self::Profile { replaces_nodes, .. } | Self::Pool { replaces_nodes, .. } => {
                *replaces_nodes
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile {
                from, to, packs, ..
            } => write!(f, "profile {from} → {to}: {}", packs.join(", "))?,
            Self::Pool { pool, fields, .. } => write!(f, "pool {pool}: {}", fields.join(", "))?,
        }
        f.write_str(if self.replaces_nodes() {
            " (replaces nodes)"
        } else {
            " (in place)"
        })
    }
}

/// Everything that differs, and what cannot be changed this way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) changes: Vec<Change>,
    pub(crate) pools: Vec<PoolShape>,
    /// Fields of the document whose change is not supported, by path.
    pub(crate) unsupported: Vec<(String, String)>,
}

impl Changes {
    /// What has to be done so that `present` becomes what `document` describes with this profile.
    pub(crate) fn between(
        present: &Present,
        document: &ClusterDocument,
        profile: Option<&ClusterProfile>,
    ) -> Self {
        let mut all = Self::default();
        if present.domain != document.domain {
            all.refuse(
                "/domain",
                format!("the DNS domain {} cannot be changed", present.domain),
            );
        }
        if present.ssh_keys != document.ssh_keys {
            all.refuse("/ssh_keys", "SSH keys of a running cluster".to_owned());
        }
        if present.ntp_servers != document.ntp_servers {
            all.refuse(
                "/ntp_servers",
                "NTP servers of a running cluster".to_owned(),
            );
        }
        if let Some(profile) = profile {
            all.changes
                .extend(profile_change(present, document, profile));
        }
        let wanted = pools::of_document(document);
        for (index, pool) in wanted.iter().enumerate() {
            let Some(now) = present.pools.iter().find(|now| now.name == pool.name) else {
                let path = if pool.is_control_plane {
                    "/control_plane/name".to_owned()
                } else {
                    format!("/workers/{}/name", index - 1)
                };
                all.refuse(&path, format!("a new pool {}", pool.name));
                continue;
            };
            let fields = differences(&pools::of_palette(now), pool);
            if !fields.is_empty() {
                let replaces_nodes = pools::of_palette(now).template != pool.template;
                all.changes.push(Change::Pool {
                    pool: pool.name.clone(),
                    fields,
                    replaces_nodes,
                });
                all.pools.push(pool.clone());
            }
        }
        for now in &present.pools {
            if !wanted.iter().any(|pool| pool.name == now.name) {
                all.refuse("/workers", format!("taking the pool {} away", now.name));
            }
        }
        all
    }

    fn refuse(&mut self, path: &str, what: String) {
        self.unsupported.push((path.to_owned(), what));
    }

    pub(crate) fn profile(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, Change::Profile { .. }))
    }

    /// Whether the nodes of this pool are replaced.
    pub(crate) fn replaces(&self, pool: &str) -> bool {
        self.changes.iter().any(|change| match change {
            Change::Profile { replaces_nodes, .. } => *replaces_nodes,
            Change::Pool {
                pool: name,
                replaces_nodes,
                ..
            } => *replaces_nodes && name == pool,
        })
    }

    /// The cluster as it is at present, told as the document tells it: what the two share is the same, so that the engine sees only what
    /// differs.
    pub(crate) fn present_spec(&self, present: &Present, target: &ClusterSpec) -> ClusterSpec {
        let mut spec = target.clone();
        let kubernetes = present.kubernetes_version();
        for pool in spec.control_plane.iter_mut().chain(&mut spec.workers) {
            if let Some(now) = present.pools.iter().find(|now| now.name == pool.id) {
                let now = pools::of_palette(now);
                let before = pool.clone();
                now.overlay(pool);
                if (&before.labels, &before.taints, before.allow_workloads)
                    != (&pool.labels, &pool.taints, pool.allow_workloads)
                {
                    pool.inplace_revision = Some("present".to_owned());
                }
            }
            if pool.k8s_version.is_some() && kubernetes.is_some() {
                pool.k8s_version = kubernetes;
            }
            if self.replaces(&pool.id) {
                pool.revision = "present".to_owned();
            }
        }
        spec
    }
}

/// The attached profile that this one would replace.
pub(crate) fn attached<'a>(
    present: &'a Present,
    wanted: &ClusterProfile,
) -> Option<&'a ClusterProfileTemplate> {
    let profiles = &present.profiles;
    let is_infra = |profile: &&ClusterProfileTemplate| {
        matches!(
            profile.kind,
            Some(ProfileType::Cluster | ProfileType::Infra)
        )
    };
    profiles
        .iter()
        .find(|profile| profile.uid == wanted.metadata.uid)
        .or_else(|| {
            profiles
                .iter()
                .find(|profile| profile.name == wanted.metadata.name)
        })
        .or_else(|| profiles.iter().find(is_infra))
}

fn profile_change(
    present: &Present,
    document: &ClusterDocument,
    wanted: &ClusterProfile,
) -> Option<Change> {
    let to = format!("{} {}", wanted.metadata.name, wanted.spec.version);
    let packs = wanted
        .spec
        .published
        .as_ref()
        .map(|published| published.packs.as_slice())
        .unwrap_or_default();
    let overrides = document
        .cluster_profile
        .as_ref()
        .map(|profile| profile.packs.as_slice())
        .unwrap_or_default();
    let Some(now) = attached(present, wanted) else {
        return Some(Change::Profile {
            from: "none".to_owned(),
            to,
            packs: packs
                .iter()
                .map(|pack| format!("{} {}", pack.name, version(pack)))
                .collect(),
            replaces_nodes: packs.iter().any(makes_nodes),
        });
    };
    let mut differing = Vec::new();
    let mut replaces_nodes = false;
    for pack in packs {
        let over = overrides.iter().find(|over| over.name == pack.name);
        let values = over.map_or(pack.values.as_str(), |over| over.values.as_str());
        let difference = match now.packs.iter().find(|other| other.name == pack.name) {
            None => format!("new {} {}", pack.name, version(pack)),
            Some(other) if version(other) != version(pack) => {
                format!("{} {} → {}", pack.name, version(other), version(pack))
            }
            // Some answers leave the values out: that says nothing.
            Some(other)
                if !other.values.is_empty()
                    && !values.is_empty()
                    && other.values.trim_end() != values.trim_end() =>
            {
                format!("values of {}", pack.name)
            }
            Some(_) => continue,
        };
        differing.push(difference);
        replaces_nodes |= makes_nodes(pack);
    }
    for other in now
        .packs
        .iter()
        .filter(|other| !packs.iter().any(|pack| pack.name == other.name))
    {
        differing.push(format!("without {}", other.name));
        replaces_nodes |= makes_nodes(other);
    }
    if now.uid == wanted.metadata.uid && differing.is_empty() {
        return None;
    }
    Some(Change::Profile {
        from: format!("{} {}", now.name, now.profile_version),
        to,
        packs: differing,
        replaces_nodes,
    })
}

fn version(pack: &Pack) -> &str {
    if pack.tag.is_empty() {
        &pack.version
    } else {
        &pack.tag
    }
}

/// Nodes are made from the layers below the network.
fn makes_nodes(pack: &Pack) -> bool {
    matches!(
        pack.layer,
        Some(PackLayer::Kernel | PackLayer::Os | PackLayer::Kubernetes)
    )
}

fn differences(now: &PoolShape, wanted: &PoolShape) -> Vec<String> {
    let mut fields = Vec::new();
    let mut differ = |name: &str, from: String, to: String| {
        if from != to {
            fields.push(format!("{name} {from} → {to}"));
        }
    };
    let set = |items: &std::collections::BTreeSet<String>| {
        if items.is_empty() {
            "any".to_owned()
        } else {
            items.iter().cloned().collect::<Vec<_>>().join("+")
        }
    };
    let (a, b) = (&now.template, &wanted.template);
    differ("size", now.size.to_string(), wanted.size.to_string());
    differ(
        "resource_pool",
        a.resource_pool.clone(),
        b.resource_pool.clone(),
    );
    differ("zones", set(&a.zones), set(&b.zones));
    differ("tags", set(&a.tags), set(&b.tags));
    differ("min_cpu", a.min_cpu.to_string(), b.min_cpu.to_string());
    differ(
        "min_memory_mib",
        a.min_memory_mib.to_string(),
        b.min_memory_mib.to_string(),
    );
    differ(
        "min_disk_gib",
        a.min_disk_gib.to_string(),
        b.min_disk_gib.to_string(),
    );
    differ("arch", arch(a.is_arm).to_owned(), arch(b.is_arm).to_owned());
    differ(
        "rolling_update",
        format!("{:?}", now.strategy),
        format!("{:?}", wanted.strategy),
    );
    differ(
        "node_repave_interval_s",
        now.repave_interval_s.to_string(),
        wanted.repave_interval_s.to_string(),
    );
    differ(
        "skip_update",
        now.skip_update.to_string(),
        wanted.skip_update.to_string(),
    );
    differ(
        "allow_workloads",
        now.allow_workloads.to_string(),
        wanted.allow_workloads.to_string(),
    );
    if now.labels != wanted.labels {
        fields.push("labels".to_owned());
    }
    if now.taints != wanted.taints {
        fields.push("taints".to_owned());
    }
    fields
}

const fn arch(is_arm: bool) -> &'static str {
    if is_arm { "arm64" } else { "amd64" }
}
