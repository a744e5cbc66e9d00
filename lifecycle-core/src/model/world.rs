//! Everything a decision depends on.
use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use crate::{Desired, Memory, Millis, Observed, Policy};

/// Everything [`decide`](crate::decide) reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct World {
    /// The host's clock at this call.
    pub now_ms: Millis,
    /// What is wanted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub desired: Desired,
    /// What was seen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub observed: Observed,
    /// What the previous decision asked to be kept; losing it is safe.
    #[serde(default, skip_serializing_if = "is_default")]
    pub memory: Memory,
    /// Limits, timings and tolerances.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: Policy,
}

impl World {
    /// An empty world at `now_ms` under the default policy.
    #[must_use]
    pub fn new(now_ms: Millis) -> Self {
        Self {
            now_ms,
            observed: Observed {
                as_of_ms: now_ms,
                ..Observed::default()
            },
            ..Self::default()
        }
    }
}
