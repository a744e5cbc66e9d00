//! Events: what happened to machines.

use maas_client::{Client, EventFilter, EventPage};

crate::operations::operations! {
    /// Events: what happened to machines.
    Events, AsyncEvents in "palette_maas.maas", maas: Client;

    /// One page of events, the newest first; `system_id` asks for those of a machine.
    ///
    /// It costs the server some 10 ms, so a cursor (`after` the largest number seen so far) is a cheap way to learn of
    /// changes.
    fn query(; filter: EventFilter) -> EventPage = maas.events().query(&filter);
}
