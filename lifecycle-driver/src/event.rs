//! What happens while an operation runs.

use lifecycle_core::Millis;
use serde::Serialize;

use crate::{Difference, Problem, Resource};

/// Something that happened, and when.
///
/// As JSON one flat object: `{"at_ms":1767225600000,"kind":"node","node":"…","pool":"workers","state":"Running","ready":true}`. Readers must
/// skip kinds that they do not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, on the driver's clock: milliseconds since the epoch. In a simulation this is simulated time.
    pub at_ms: Millis,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The driver begins something.
    Step {
        /// What it does now, as one sentence.
        message: String,
    },
    /// Something exists now that the driver asked for.
    Created {
        /// What.
        resource: Resource,
    },
    /// Something existed already and is used.
    Reused {
        /// What.
        resource: Resource,
    },
    /// Something that the driver had asked for is gone again.
    Removed {
        /// What.
        resource: Resource,
    },
    /// The cluster's state or health changed.
    State {
        /// Palette's word for the state, such as `Provisioning`.
        state: String,
        /// Palette's word for the health, such as `Healthy`; absent while Palette does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        health: Option<String>,
    },
    /// How far the operation is.
    Progress {
        /// 0 to 100; it never goes back within one operation.
        percent: u8,
        /// Nodes (when deleting: machines) that are as they should be.
        done: u32,
        /// Nodes or machines in all.
        total: u32,
    },
    /// A provisioning condition of the cluster changed. A condition that failed may heal: it does not end the operation.
    Condition {
        /// Its type, such as `ControlPlaneNodeAdditionDone`.
        condition: String,
        /// `True`, `False` or `Unknown`.
        status: String,
        /// One word.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
        /// A sentence.
        #[serde(skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// Palette recorded an event.
    PaletteEvent {
        /// Its severity, a free string.
        #[serde(skip_serializing_if = "String::is_empty")]
        severity: String,
        /// One word.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
        /// A sentence.
        message: String,
    },
    /// A node appeared or changed.
    Node {
        /// Its name.
        node: String,
        /// Its pool.
        pool: String,
        /// Palette's word for its state; `Gone` once Palette no longer lists it.
        state: String,
        /// Whether it is ready.
        ready: bool,
        /// Its MAAS zone.
        #[serde(skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    /// A machine of the cluster changed its status in MAAS.
    Machine {
        /// MAAS's id.
        system_id: String,
        /// Host name.
        hostname: String,
        /// The status before, absent when it is seen first.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The status now, as MAAS labels it.
        to: String,
    },
    /// Palette waits for somebody to approve that nodes are replaced.
    RepavePending {
        /// Palette's reasons.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<String>,
    },
    /// Something that should be known and does not end the operation.
    Warning {
        /// What.
        problem: Problem,
    },
    /// A look at the servers failed and is repeated.
    LookFailed {
        /// The stable code of the error.
        code: String,
        /// The error.
        message: String,
    },
    /// Something went otherwise than planned.
    Difference {
        /// What.
        difference: Difference,
    },
}
