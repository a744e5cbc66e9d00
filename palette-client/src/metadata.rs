//! What every resource carries: name, uid, labels, annotations, times.

use jiff::Timestamp;
use serde::Deserialize;

use crate::options::StringMap;

/// The value of a label that stands for a bare tag.
pub const TAG_VALUE: &str = "spectro__tag";

/// The annotation that ties a cloud account or a cluster to its gateway.
pub const GATEWAY_ANNOTATION: &str = "overlordUid";

use crate::model::model;

model! {
    /// Metadata of a stored resource. Mirrors `v1ObjectMeta`.
    pub struct Metadata {
        /// Unique in space and time.
        uid: String,
        /// The name.
        name: String,
        /// Labels; the console shows them as tags.
        labels: StringMap,
        /// Annotations: scope, project, owner, permissions, gateway.
        annotations: StringMap,
        /// When it was created.
        creation_timestamp: Option<Timestamp>,
        /// When its deletion was asked for.
        deletion_timestamp: Option<Timestamp>,
        /// When it last changed.
        last_modified_timestamp: Option<Timestamp>,
    }
}

impl Metadata {
    /// The labels as the console shows them: `key:value`, or `key` for a bare tag.
    pub fn tags(&self) -> Vec<String> {
        self.labels
            .iter()
            .map(|(key, value)| match value.as_str() {
                "" | TAG_VALUE => key.clone(),
                value => format!("{key}:{value}"),
            })
            .collect()
    }

    /// The uid of the gateway it belongs to.
    pub fn gateway_uid(&self) -> Option<&str> {
        self.annotations.get(GATEWAY_ANNOTATION).map(String::as_str)
    }

    /// The uid of the project it belongs to.
    pub fn project_uid(&self) -> Option<&str> {
        self.annotations
            .get("projectUid")
            .map(String::as_str)
            .filter(|uid| !uid.is_empty())
    }
}

/// Labels for tags written as `key:value`, or `key` for a bare tag.
///
/// ```
/// let labels = palette_client::labels_from_tags(["env:prod", "gpu"]);
/// assert_eq!(labels["env"], "prod");
/// assert_eq!(labels["gpu"], "spectro__tag");
/// ```
pub fn labels_from_tags(tags: impl IntoIterator<Item = impl AsRef<str>>) -> StringMap {
    tags.into_iter()
        .map(|tag| match tag.as_ref().split_once(':') {
            Some((key, value)) => (key.trim().to_owned(), value.trim().to_owned()),
            None => (tag.as_ref().trim().to_owned(), TAG_VALUE.to_owned()),
        })
        .collect()
}

model! {
    /// A reference to another resource. Mirrors `v1ObjectReference`, `v1ObjectEntity` and the like.
    pub struct Reference {
        /// The uid.
        uid: String,
        /// The name.
        name: String,
        /// What it is, e.g. `spectrocluster`.
        kind: String,
    }
}

/// The answer to a creation. Mirrors `v1Uid`.
#[derive(Debug, Deserialize)]
pub(crate) struct Uid {
    pub(crate) uid: String,
}

model! {
    /// One step of provisioning or one statement about an object. Mirrors `v1ClusterCondition`.
    ///
    /// A condition that is false may still become true: Palette tries for ever.
    pub struct Condition {
        /// What it is about, e.g. `ControlPlaneNodeAdditionDone`.
        kind: String => "type",
        /// `True`, `False` or `Unknown`.
        status: String,
        /// One word for why.
        reason: String,
        /// A sentence.
        message: String,
        /// When it was last looked at.
        last_probe_time: Option<Timestamp>,
        /// When its status last changed.
        last_transition_time: Option<Timestamp>,
    }
}

impl Condition {
    /// Whether it holds.
    pub fn is_true(&self) -> bool {
        self.status.eq_ignore_ascii_case("true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_labels_are_one_thing() {
        let tags = ["env:prod", "gpu", "url:http://x"];
        let metadata = Metadata {
            labels: labels_from_tags(tags),
            ..Metadata::default()
        };
        assert_eq!(metadata.tags(), ["env:prod", "gpu", "url:http://x"]);
    }
}
