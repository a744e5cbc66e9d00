//! Whose a machine is, beyond its status.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Who holds a machine, as MAAS tells it. Two clusters may use one MAAS user, and not everybody annotates: each part may be missing, and only
/// two that contradict each other say that a machine has changed hands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// The MAAS user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Those workload annotations that name the cluster.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Holder {
    /// The holder of a machine, by its owner and all of its annotations, of which only those are kept that name the cluster by one of `ids`.
    pub(crate) fn of(
        owner: Option<&str>,
        annotations: &BTreeMap<String, String>,
        ids: &[&str],
    ) -> Self {
        Self {
            owner: owner.filter(|owner| !owner.is_empty()).map(str::to_owned),
            annotations: annotations
                .iter()
                .filter(|(_, value)| ids.contains(&value.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }

    /// Whether a machine that this one held is somebody else's by now.
    pub(crate) fn has_lost_it_to(
        &self,
        owner: Option<&str>,
        annotations: &BTreeMap<String, String>,
    ) -> bool {
        let other_owner = self
            .owner
            .as_deref()
            .zip(owner.filter(|owner| !owner.is_empty()))
            .is_some_and(|(before, now)| before != now);
        other_owner
            || self
                .annotations
                .iter()
                .any(|(name, value)| annotations.get(name).is_some_and(|now| now != value))
    }

    pub(crate) fn is_known(&self) -> bool {
        *self != Self::default()
    }

    /// Takes in what is now known of the same holder.
    pub(crate) fn learn(&mut self, more: Self) {
        self.owner = self.owner.take().or(more.owner);
        self.annotations.extend(more.annotations);
    }
}
