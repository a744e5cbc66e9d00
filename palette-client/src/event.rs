//! Events of a cluster.

use sdk_transport::Pager;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Metadata, Reference,
    cluster::ClusterHandle,
    input::input,
    request::{Endpoint, endpoints},
};

endpoints! {
    LIST = Endpoint::get("event.list", "/v1/events/components/{objectKind}/{objectUid}");
}

/// Something that happened. Mirrors `v1Event`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Name, uid and time.
    pub metadata: Metadata,
    /// How grave it is; a free word.
    pub severity: String,
    /// One word for why.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// What it happened to.
    pub involved_object: Option<Reference>,
    /// The cluster that it belongs to.
    pub related_object: Option<Reference>,
    /// Who says so.
    pub source: Option<EventSource>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who tells of an event. Mirrors `v1EventSource`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventSource {
    /// The component.
    pub component: String,
    /// Its host.
    pub host: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

input! {
    /// Which events to list, and in which order.
    pub struct EventFilter {
        /// A condition like `severity=Error`; `AND` and `OR` stand without blanks.
        filters: Option<String> = "?filters",
        /// An order like `metadata.creationTimestamp=1`; `-1` means descending.
        order_by: Option<String> = "?orderBy",
        /// The fields to answer. All by default.
        fields: Option<String> = "?fields",
    }
}

impl EventFilter {
    /// The newest first.
    pub fn newest_first() -> Self {
        Self::default().order_by("metadata.creationTimestamp=-1")
    }
}

impl ClusterHandle {
    /// The cluster's events, page by page; the server keeps the last 1000.
    ///
    /// Mirrors `GET /v1/events/components/spectrocluster/{uid}`. A gateway's events are those of the cluster that it
    /// runs on.
    pub fn events(&self, filter: &EventFilter) -> Pager<Event> {
        let request = LIST.at(&["spectrocluster", &self.uid]).parameters(filter);
        self.client.pages(request)
    }
}
