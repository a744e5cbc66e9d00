//! Events: what happened to machines.

use std::fmt;

use sdk_transport::Error;

use crate::{Client, model::model, options::options, request::operations};

model! {
    /// Something that happened.
    pub struct Event {
        /// The number; later events have larger ones.
        id: i64,
        /// The type, e.g. `Deployed` or `Node changed status`.
        #[serde(rename = "type")]
        kind: String,
        /// `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` or `AUDIT`.
        level: String,
        /// What happened, in words; may be empty.
        description: String,
        /// The system id of the node; empty if there is none.
        node: String,
        /// The node's hostname.
        hostname: String,
        /// The user who caused it.
        username: String,
        /// When, in UTC, e.g. `Sun, 22 Nov. 2026 09:34:35`.
        created: String,
    }
}

/// Type and description, e.g. `Node changed status: From 'Allocated' to 'Deploying'`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.description.is_empty() {
            write!(f, ": {}", self.description)?;
        }
        Ok(())
    }
}

model! {
    /// Some events, the newest first.
    pub struct EventPage {
        /// How many there are on this page.
        count: u64,
        /// The events.
        events: Vec<Event>,
        /// Where newer ones are; never empty.
        next_uri: Option<String>,
        /// Where older ones are; `None` at the end.
        prev_uri: Option<String>,
    }
}

options! {
    /// Which events to ask for.
    pub struct EventFilter {
        /// The node's hostname.
        many hostname: String => "hostname",
        /// The node's system id.
        many system_id: String => "id",
        /// The availability zone, by name.
        many zone: String => "zone",
        /// The user who caused it.
        opt owner: String => "owner",
        /// This level or above. Default `INFO`.
        opt level: String => "level",
        /// At most so many. Default 100, at most 1000.
        opt limit: u32 => "limit",
        /// Only events with a larger number.
        opt after: i64 => "after",
        /// Only events with a smaller number.
        opt before: i64 => "before",
    }
}

operations! {
    QUERY = GET "events/" op "query" as "event.query";
}

/// The calls on events; see [`Client::events`].
#[derive(Clone, Debug)]
pub struct Events(Client);

impl Client {
    /// Events.
    pub fn events(&self) -> Events {
        Events(self.clone())
    }
}

impl Events {
    /// One page of events, the newest first. It costs the server some 10 ms, so a cursor (`after` the largest number
    /// seen so far) is a cheap way to learn of changes.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ErrorKind::BadRequest) for an unknown level or a limit above 1000.
    pub async fn query(&self, filter: &EventFilter) -> Result<EventPage, Error> {
        self.0.json(QUERY.at(&[]).fields(filter)).await
    }
}
