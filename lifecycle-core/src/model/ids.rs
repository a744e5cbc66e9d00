//! Names and keys.
use crate::prelude::*;

/// A name: `[a-z0-9-]{1,63}`. Clusters and gateways share one name space; pools are unique in their cluster, nodes too. MAAS system ids and
/// subnet ids use the same alphabet in practice and are taken as they come.
pub type Id = String;

/// An opaque revision: the host hashes that part of a pool's template whose change needs a new node.
pub type Rev = String;

/// Facts and arguments: JSON values by name, sorted.
pub type Args = BTreeMap<String, serde_json::Value>;

/// Whether `s` is a well-formed [`Id`].
#[must_use]
pub fn is_id(s: &str) -> bool {
    (1..=63).contains(&s.len())
        && s.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The key of a pool in [`Memory::pools`](crate::Memory::pools) and in a [`Plan`](crate::Plan): `"{cluster}/{pool}"`; of a node likewise.
#[must_use]
pub fn cluster_pool_key(cluster: &str, pool: &str) -> String {
    format!("{cluster}/{pool}")
}
