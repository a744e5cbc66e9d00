//! Tests that span crates: house rules, recordings, contract, shared cases.

/// The example of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
