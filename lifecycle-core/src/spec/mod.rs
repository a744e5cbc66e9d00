//! What a user writes, and how it becomes what the engine plans with.
//!
//! A [`ClusterDocument`] (or [`GatewayDocument`]) names things as a user does and carries units in its field names; [`ClusterDocument::plan`] turns it into the
//! engine's [`ClusterSpec`](crate::ClusterSpec). A document is read from a [`tree`] with positions, so that [`ClusterDocument::read`] and
//! [`ClusterDocument::check`] can say of every mistake where it stands; five mistakes give five findings. Reading the text itself (YAML) is
//! the driver's business.
//!
//! Addresses and keys of MAAS and Palette are not part of a document: they come from the environment of whoever carries it out.

mod cluster;
mod features;
mod gateway;
mod network;
mod plan;
mod pool;
mod reader;
mod schedule;
pub mod tree;

pub use cluster::{CloudAccount, ClusterDocument, ClusterProfile, PackOverride};
pub use features::{BackupPolicy, Features, IncludeClusterResources, OsPatching, Scan, ScanPolicy};
pub use gateway::{GatewayDocument, Proxy};
pub use network::NetworkDocument;
pub use plan::{document_path, subnet_id};
pub use pool::{Arch, ControlPlaneDocument, MachineRequirements, WorkerPoolDocument};
pub use reader::Located;
pub use schedule::Schedule;

/// `master` is read as the control plane, and nothing prints it.
fn canonical_name<'a>(path: &str, name: &'a str) -> &'a str {
    if path.is_empty() && name == "master" {
        "control_plane"
    } else {
        name
    }
}
