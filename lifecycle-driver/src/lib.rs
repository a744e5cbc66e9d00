//! Carries lifecycle plans out: observes through the MAAS and Palette clients, asks the engine, acts, watches, reports.

mod changes;
mod clusters;
mod compare;
mod create;
mod created;
mod delete;
pub mod document;
mod driver;
mod event;
mod facts;
mod holder;
mod look;
mod operation;
mod pools;
mod preflight;
mod problem;
mod request;
mod update;
mod watch;
mod world;

pub use changes::Change;
pub use compare::{Comparison, Difference, Figure, Figures};
pub use create::CreatedCluster;
pub use created::{Created, Resource, ResourceKind};
pub use delete::{DeletedCluster, Leftover};
pub use driver::{Driver, WatchOptions};
pub use event::{Event, EventKind};
pub use holder::Holder;
pub use look::{ConditionSeen, Look, MachineSeen, NodeSeen};
pub use operation::Operation;
pub use preflight::{Check, CheckName, CheckOutcome, Preflight};
pub use problem::Problem;
pub use update::{UpdateOptions, UpdatePreview, UpdatedCluster};
