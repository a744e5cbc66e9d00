//! Typed, async client for the Canonical MAAS API 2.0.
