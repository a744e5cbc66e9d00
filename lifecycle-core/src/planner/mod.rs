//! Other planners' rules, for what the engine does not carry out itself.
pub mod cluster_api;
