//! Pure lifecycle engine for bare-metal Kubernetes clusters.
//!
//! One value goes in, one value comes out: [`decide`] reads a [`World`] (what is wanted, what was observed, what is remembered) and
//! answers with a [`Decision`] (what to do now, why, and when to ask again); [`preview`] runs the same function ahead of time and answers
//! with a [`Plan`]. No I/O, no clock, no randomness, no float: the same input gives the same bytes.
//!
//! * [`model`] holds every type, one file per noun;
//! * [`engine`] holds the rules, named in comments and explanations as in the specification (`CP-12`, `W-e`, `3.5.2b`);
//! * [`planner`] holds the counting planner that Cluster API and Palette follow, and [`planner::rolling_update`] its bare counts;
//! * [`preview()`] simulates either planner.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
// The proofs below use the crate as its users do.
#[cfg(test)]
extern crate self as lifecycle_core;

mod admit;
pub mod engine;
pub mod model;
mod network;
pub mod planner;
mod prelude;
mod preview;
pub mod spec;
mod validate;

pub use admit::{CapacityReport, Constraint, PoolCapacity, admit, check_capacity};
pub use engine::{decide, decide_by, guard_holds};
pub use model::*;
pub use network::plan_network;
pub use preview::{Pace, Simulation, preview};
pub use validate::validate;

#[cfg(test)]
#[path = "../tests/ablation/mod.rs"]
mod ablation;
