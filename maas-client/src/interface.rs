//! Network interfaces.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{model, named_enum},
    subnet::Subnet,
    vlan::Vlan,
};

named_enum! {
    /// What an interface is.
    pub enum InterfaceType, Unknown {
        /// A network card's port.
        Physical = "physical",
        /// Several ports as one.
        Bond = "bond",
        /// A bridge.
        Bridge = "bridge",
        /// A VLAN on another interface.
        Vlan = "vlan",
        /// A second name of another interface.
        Alias = "alias",
        /// Seen on the network, not modelled.
        Unknown = "unknown",
    }
}

named_enum! {
    /// How an interface gets its address on a subnet.
    pub enum LinkMode, LinkUp {
        /// A free address, given at deployment.
        Auto = "auto",
        /// By DHCP.
        Dhcp = "dhcp",
        /// A fixed address.
        Static = "static",
        /// None: the interface is only brought up.
        LinkUp = "link_up",
    }
}

model! {
    /// An interface's connection to a subnet.
    pub struct Link {
        /// The number.
        id: i64,
        /// How the address is got.
        mode: LinkMode,
        /// The address, if there is one.
        ip_address: Option<String>,
        /// The subnet, unless the interface is only brought up.
        subnet: Option<Subnet>,
    }
}

model! {
    /// An address that commissioning found on an interface.
    pub struct DiscoveredAddress {
        /// The address.
        ip_address: Option<String>,
        /// The subnet it belongs to.
        subnet: Option<Subnet>,
    }
}

model! {
    /// A network interface of a machine.
    pub struct Interface {
        /// The number.
        id: i64,
        /// The machine's system id.
        system_id: String,
        /// The name, e.g. `eth0`.
        name: String,
        /// What it is.
        #[serde(rename = "type")]
        kind: InterfaceType,
        /// The MAC address.
        mac_address: Option<String>,
        /// The VLAN; `None` when disconnected.
        vlan: Option<Vlan>,
        /// The names of the interfaces that it is made of.
        parents: Vec<String>,
        /// The names of the interfaces made of it.
        children: Vec<String>,
        /// Tags.
        tags: Vec<String>,
        /// Whether it is in use.
        enabled: bool,
        /// Its connections to subnets.
        links: Vec<Link>,
        /// Parameters of bonds, bridges and others, e.g. `mtu`, `bond_mode`, `bridge_stp`.
        params: BTreeMap<String, Value>,
        /// The addresses that commissioning found.
        discovered: Vec<DiscoveredAddress>,
        /// The largest packet, in bytes.
        effective_mtu: i64,
        /// The card's maker.
        vendor: Option<String>,
        /// The card's model.
        product: Option<String>,
        /// The card's firmware.
        firmware_version: Option<String>,
        /// Whether a cable is plugged in.
        link_connected: bool,
        /// The card's speed, in Mbit/s; 0 if unknown.
        interface_speed: i64,
        /// The speed of the connection, in Mbit/s; 0 if unknown.
        link_speed: i64,
        /// The number of the NUMA node.
        numa_node: Option<i64>,
        /// How many virtual functions the card offers.
        sriov_max_vf: i64,
        /// Its path on the server.
        resource_uri: String,
    }
}
