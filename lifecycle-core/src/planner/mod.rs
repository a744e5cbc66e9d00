//! Other planners' rules, for what the engine does not carry out itself.
pub mod cluster_api;
mod rolling_update;

pub use rolling_update::{InPlace, MachineDeployment, MachineSet, Targets, rolling_update};
