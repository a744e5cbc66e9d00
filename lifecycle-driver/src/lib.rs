//! Carries lifecycle plans out: observes through the MAAS and Palette clients, asks the engine, acts, watches, reports.

pub mod document;
