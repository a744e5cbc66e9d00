//! Typed, async client for the Spectro Cloud Palette API.
