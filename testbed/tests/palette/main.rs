//! The simulated Palette over plain HTTP: what it accepts, and the life of clusters in it.
//!
//! Every answer that these tests see is held against Palette's published specification.
#![allow(clippy::expect_used)] // Helpers of tests lie outside of the test functions.

mod answers;
mod console;
mod lifecycle;
mod requests;
