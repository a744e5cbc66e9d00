//! Tests that span crates: house rules, recordings, contract, shared cases.
