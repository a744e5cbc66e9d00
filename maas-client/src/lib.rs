//! Typed, async client for the Canonical MAAS API 2.0.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use maas_client::{AllocateOptions, Client, DeployOptions, MachineFilter, NodeStatus, WaitOptions};
//!
//! # async fn example(cloud_init: &str) -> Result<(), maas_client::Error> {
//! let maas = Client::builder("http://10.11.12.13:5240/MAAS").api_key("consumer:key:secret".parse()?).build()?;
//! let ready = maas.machines().list(&MachineFilter::new().pool("prod").status(NodeStatus::Ready)).await?;
//! println!("{} machines are free", ready.len());
//!
//! let wanted = AllocateOptions::new().min_cpu(8).min_memory_mib(32_768).zone("az1");
//! let machine = maas.machines().allocate(&wanted).await?;
//! let jammy = DeployOptions::new().distro_series("jammy").user_data(cloud_init);
//! maas.machine(&machine.system_id).deploy(&jammy).await?;
//! let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
//! let node = maas.machine(&machine.system_id).wait_deployed(&WaitOptions::new().timeout(minutes(40))).await?;
//! println!("{} has {:?}", node.fqdn, node.ip_addresses);
//! # Ok(())
//! # }
//! ```
//!
//! # What holds for every call
//! * **Options** are plain structs with setters that also come from JSON; an update keeps, sets or clears
//!   ([`Patch`]).
//! * **Models** tolerate what servers really send: unknown fields are kept in `extra`, `null` is empty, unknown statuses
//!   are `Other`. An unreadable element of a list spoils only itself ([`List`]).
//! * **Errors** have a stable [`code`](Error::code), the server's words, the refused fields and a hint. What the server
//!   did or did not do is never guessed: a lost answer to a POST is [`OutcomeUnknown`](ErrorKind::OutcomeUnknown).
//! * **Retries** are made only where they cannot do the deed twice, and each attempt is signed afresh. A clock that goes
//!   wrong is corrected by the server's.
//! * **Redirects** are not followed, and the key goes to the configured server only.
//! * **Secrets** print as `***`; reading one takes a call named `expose`.
//! * What has no method yet is reached by [`Client::call`].
//!
//! To test code that uses this client without sockets, give it a [`RecordedTransport`]
//! ([`ClientBuilder::transport`]).

mod address;
mod any_call;
mod api_key;
mod auth;
mod client;
mod failure;
mod model;
mod options;
mod request;

mod block_device;
mod domain;
mod event;
mod interface;
mod machine;
mod resource_pool;
mod subnet;
mod user;
mod version;
mod vlan;
mod zone;

pub use any_call::AnyCall;
pub use api_key::ApiKey;
pub use client::{Client, ClientBuilder};
pub use model::Reference;
pub use options::{CommaList, Fields, IntoMany, IntoValue, ToFields};
pub use request::{Body, Operation};

pub use block_device::{
    Bcache, BlockDevice, BlockDeviceType, CacheSet, Filesystem, Partition, Raid, StorageDevice,
    VolumeGroup,
};
pub use domain::Domain;
pub use event::{Event, EventFilter, EventPage, Events};
pub use interface::{DiscoveredAddress, Interface, InterfaceType, Link, LinkMode};
pub use machine::{
    AllocateOptions, ConstraintMatches, DefaultGateways, DeployOptions, Gateway, HardwareInfo,
    HugePages, Machine, MachineFilter, MachineHandle, MachineUpdate, Machines, NodeStatus,
    NumaNode, PowerOffOptions, PowerOnOptions, PowerParameters, PowerState, ReleaseOptions,
    ScriptStatus, UserData,
};
pub use resource_pool::{CreateResourcePool, ResourcePool, ResourcePools, UpdateResourcePool};
pub use subnet::{
    AddressRange, CreateSubnet, RdnsMode, Subnet, SubnetStatistics, Subnets, UpdateSubnet,
};
pub use user::User;
pub use version::Version;
pub use vlan::Vlan;
pub use zone::{CreateZone, UpdateZone, Zone, Zones};

pub use http::Method;
pub use sdk_transport::{
    Clock, Error, ErrorKind, Limits, List, Patch, RecordedTransport, ResponseLog, ResponseMeta,
    RetryPolicy, Secret, TlsOptions, Transport, WaitOptions, WaitProgress,
};

/// Every operation that this client sends, by noun. Bindings and coverage tests go through it.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    [
        event::OPERATIONS,
        machine::OPERATIONS,
        resource_pool::OPERATIONS,
        subnet::OPERATIONS,
        user::OPERATIONS,
        version::OPERATIONS,
        zone::OPERATIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
