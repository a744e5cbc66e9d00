//! Events of a cluster.

use sdk_transport::Pager;

use crate::{
    Metadata, Reference, cluster::ClusterHandle, model::model, options::options,
    request::operations,
};

operations! {
    LIST = GET "/v1/events/components/{objectKind}/{objectUid}" as "event.list";
}

model! {
    /// Something that happened. Mirrors `v1Event`.
    pub struct Event {
        /// Name, uid and time.
        metadata: Metadata,
        /// How grave it is; a free word.
        severity: String,
        /// One word for why.
        reason: String,
        /// A sentence.
        message: String,
        /// What it happened to.
        involved_object: Option<Reference>,
        /// The cluster that it belongs to.
        related_object: Option<Reference>,
        /// Who says so.
        source: Option<EventSource>,
    }
}

model! {
    /// Who tells of an event. Mirrors `v1EventSource`.
    pub struct EventSource {
        /// The component.
        component: String,
        /// Its host.
        host: String,
    }
}

options! {
    /// Which events to list, and in which order.
    pub struct EventFilter, new {
        /// A condition like `severity=Error`; `AND` and `OR` stand without blanks.
        filters: Option<String> => "?filters",
        /// An order like `metadata.creationTimestamp=1`; `-1` means descending.
        order_by: Option<String> => "?orderBy",
        /// The fields to answer. All by default.
        fields: Option<String> => "?fields",
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
