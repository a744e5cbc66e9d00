//! Pure lifecycle engine for bare-metal Kubernetes clusters.
//!
//! One value goes in, one value comes out: [`decide`] reads a [`World`] (what is wanted, what was observed, what is remembered) and
//! answers with a [`Decision`] (what to do now, why, and when to ask again); [`preview`] runs the same function ahead of time and answers
//! with a [`Plan`]. No I/O, no clock, no randomness, no float: the same input gives the same bytes.
//!
//! ```
//! use lifecycle_core::*;
//!
//! // What was seen: five free machines.
//! let mut world = World::new(1_770_000_000_000);
//! for k in 1..=5 {
//!     let machine = Machine::ready(format!("m{k}"), "z1", 16, 65_536, 500);
//!     world.observed.machines.push(machine);
//! }
//! // What somebody asks for.
//! let cluster = ClusterSpec::new("prod")
//!     .control_plane(PoolSpec::control_plane("cp", 3))
//!     .worker(PoolSpec::worker("w", 2));
//! let request = Request::Create { cluster: Box::new(cluster), queue_if_short: false };
//!
//! // What would happen, step by step, and how long it would take.
//! let plan = preview(&world, Some(&request), &PreviewOptions::default());
//! println!("{plan}");
//! assert!(plan.feasible && plan.duration_p50_s < 2 * 3600);
//!
//! // Accepted: what to do first, and why. The host carries the actions out under their guards, observes, and asks again.
//! world.desired = admit(&request, &world)?.desired;
//! let decision = decide(&world);
//! println!("{decision}");
//! assert_eq!(decision.actions[0].id, "prod/cp/cp-1/allocate");
//! assert_eq!(plan.steps[0].actions, decision.actions);
//! # Ok::<(), Refusal>(())
//! ```
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
pub use preview::{Effect, Pace, Simulation, preview};
pub use validate::validate;

#[cfg(test)]
#[path = "../tests/ablation/mod.rs"]
mod ablation;
