//! DNS domains.

use crate::model::model;

model! {
    /// A DNS domain.
    pub struct Domain {
        /// The number. The default domain has 0.
        id: i64,
        /// The name.
        name: String,
        /// The time to live of its records, in seconds; `None` for the server's default.
        ttl: Option<i64>,
        /// Whether MAAS answers for it.
        authoritative: bool,
        /// How many records it has.
        resource_record_count: i64,
        /// Whether new machines come into it.
        is_default: bool,
        /// Its path on the server.
        resource_uri: String,
    }
}
