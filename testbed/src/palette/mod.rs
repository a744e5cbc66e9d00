//! The simulated Palette.
//!
//! [`Palette::new`] gets a [`PaletteContext`] once, when the testbed starts; [`Palette::router`] is merged into the server and owns every path under `/v1`.
//! History and faults lie in front of it.

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::maas::Region;
use crate::{Leftover, SimClock};

/// What the testbed gives its Palette to work with.
#[derive(Clone)]
#[allow(dead_code)]
pub(crate) struct PaletteContext {
    /// The machines, in process.
    pub(crate) region: Region,
    /// Simulated time for every timer and every timestamp in a body.
    pub(crate) clock: SimClock,
    /// The seed of everything random.
    pub(crate) seed: u64,
    /// `http://127.0.0.1:PORT`, for links in bodies.
    pub(crate) origin: Arc<str>,
    /// Background tasks are spawned here so that stopping the testbed waits for them,
    pub(crate) tasks: TaskTracker,
    /// and end when this is cancelled.
    pub(crate) stop: CancellationToken,
}

/// The simulated Palette. Clones share it.
#[derive(Clone)]
pub struct Palette {
    _context: PaletteContext,
}

impl Palette {
    pub(crate) fn new(context: PaletteContext) -> Self {
        Self { _context: context }
    }

    /// The routes under `/v1`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
    }

    /// What `GET /_testbed/` says about Palette: keys, project, …
    pub(crate) fn describe(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    /// Clusters, accounts and the like that did not exist at the start.
    pub(crate) fn leftovers(&self) -> Vec<Leftover> {
        Vec::new()
    }

    /// Everything as at the start. The region has been reset already.
    pub(crate) fn reset(&self) {}
}
