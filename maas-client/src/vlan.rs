//! VLANs.

use serde_json::Value;

use crate::model::model;

model! {
    /// A VLAN of a fabric.
    pub struct Vlan {
        /// The number in MAAS; the default VLANs begin at 5001.
        id: i64,
        /// The name.
        name: String,
        /// The tag on the wire; 0 is untagged.
        vid: i64,
        /// The fabric's name.
        fabric: String,
        /// The fabric's number.
        fabric_id: i64,
        /// The largest packet, in bytes.
        mtu: i64,
        /// Whether MAAS serves DHCP here.
        dhcp_on: bool,
        /// The address of a DHCP server that is not MAAS's.
        external_dhcp: Option<String>,
        /// The VLAN to which DHCP is relayed. Older servers send an incomplete object.
        relay_vlan: Option<Value>,
        /// The system id of the first rack controller for DHCP.
        primary_rack: Option<String>,
        /// The system id of the second rack controller for DHCP.
        secondary_rack: Option<String>,
        /// The space's name, or `undefined`.
        space: Option<String>,
        /// Its path on the server.
        resource_uri: String,
    }
}
