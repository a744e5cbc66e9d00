//! The lifecycle engine.
