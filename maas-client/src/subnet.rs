//! Subnets.

use std::net::IpAddr;

use ipnet::IpNet;
use sdk_transport::{Error, List};

use crate::{
    Client,
    model::{model, numbered_enum},
    options::{CommaList, Fields, ToField, options},
    request::operations,
    vlan::Vlan,
};

numbered_enum! {
    /// How a subnet's addresses get reverse DNS.
    pub enum RdnsMode, 2 {
        /// None.
        Disabled = 0 "disabled" "Disabled",
        /// A zone of the subnet's own.
        Enabled = 1 "enabled" "Enabled",
        /// The smallest classless delegation (RFC 2317).
        Rfc2317 = 2 "rfc2317" "RFC 2317",
    }
}

impl ToField for RdnsMode {
    fn to_field(&self) -> String {
        self.number().to_string()
    }
}

model! {
    /// A subnet.
    pub struct Subnet {
        /// The number; the first one is 1.
        id: i64,
        /// The name; not unique.
        name: String,
        /// Free text.
        description: String,
        /// The network, e.g. `10.10.0.0/24` or `2001:db8::/64`.
        cidr: String,
        /// The VLAN.
        vlan: Option<Vlan>,
        /// The space's name, or `undefined`.
        space: Option<String>,
        /// The gateway's address; empty after it was cleared.
        gateway_ip: Option<String>,
        /// The addresses of the DNS servers.
        dns_servers: Vec<String>,
        /// How addresses get reverse DNS.
        rdns_mode: RdnsMode,
        /// Whether MAAS scans for devices here.
        active_discovery: bool,
        /// Whether machines may use MAAS for DNS.
        allow_dns: bool,
        /// Whether machines may use MAAS's proxy.
        allow_proxy: bool,
        /// Whether MAAS gives out all addresses that are not reserved. If not, only those in reserved ranges.
        managed: bool,
        /// Architectures that do not boot from here.
        disabled_boot_architectures: Vec<String>,
        /// Its path on the server.
        resource_uri: String,
    }
}

impl Subnet {
    /// The network; `None` if the text is none.
    pub fn network(&self) -> Option<IpNet> {
        self.cidr.parse().ok()
    }

    /// The gateway's address, if there is one.
    pub fn gateway(&self) -> Option<IpAddr> {
        self.gateway_ip.as_deref()?.parse().ok()
    }
}

model! {
    /// A range of addresses and what it is for.
    pub struct AddressRange {
        /// The first address.
        start: String,
        /// The last address.
        end: String,
        /// How many addresses. An IPv6 range may hold more than 64 bits can count; the number is then inexact.
        num_addresses: f64,
        /// What it is for: `gateway-ip`, `assigned-ip`, `dynamic`, `reserved`, `unused`, …
        purpose: Vec<String>,
    }
}

impl AddressRange {
    /// First and last address; `None` if they are not both addresses.
    pub fn bounds(&self) -> Option<(IpAddr, IpAddr)> {
        Some((self.start.parse().ok()?, self.end.parse().ok()?))
    }
}

model! {
    /// How full a subnet is.
    pub struct SubnetStatistics {
        /// Free addresses.
        num_available: f64,
        /// The most free addresses in a row.
        largest_available: f64,
        /// Addresses in use or reserved.
        num_unavailable: f64,
        /// All addresses.
        total_addresses: f64,
        /// The part in use, 0 to 1.
        usage: f64,
        /// The part in use as text, e.g. `39%`.
        usage_string: String,
        /// The free part as text.
        available_string: String,
        /// The first address.
        first_address: String,
        /// The last address.
        last_address: String,
        /// 4 or 6.
        ip_version: i64,
        /// All ranges, if they were asked for.
        ranges: Vec<AddressRange>,
        /// What MAAS would use for its own purposes, if asked for.
        suggested_gateway: Option<String>,
        /// A suggestion for a dynamic range, if asked for.
        suggested_dynamic_range: Option<AddressRange>,
    }
}

options! {
    /// Beside its network, what a new subnet has.
    pub struct CreateSubnet {
        /// The name. Default: the network.
        opt name: String => "name",
        /// Free text.
        opt description: String => "description",
        /// The number of the VLAN. Default: that of `fabric` and `vid`, or the default VLAN.
        opt vlan: i64 => "vlan",
        /// The number of the fabric.
        opt fabric: i64 => "fabric",
        /// The VLAN's tag on the wire.
        opt vid: u32 => "vid",
        /// The gateway's address.
        opt gateway_ip: String => "gateway_ip",
        /// The DNS servers' addresses.
        opt dns_servers: CommaList => "dns_servers",
        /// How addresses get reverse DNS.
        opt rdns_mode: RdnsMode => "rdns_mode",
        /// Whether MAAS scans for devices here.
        opt active_discovery: bool => "active_discovery",
        /// Whether machines may use MAAS for DNS.
        opt allow_dns: bool => "allow_dns",
        /// Whether machines may use MAAS's proxy.
        opt allow_proxy: bool => "allow_proxy",
        /// Whether MAAS gives out all addresses that are not reserved.
        opt managed: bool => "managed",
        /// Architectures that do not boot from here.
        opt disabled_boot_architectures: CommaList => "disabled_boot_architectures",
    }
}

options! {
    /// What to change of a subnet.
    pub struct UpdateSubnet {
        /// A new name.
        opt name: String => "name",
        /// Free text.
        patch description: String => "description",
        /// The number of another VLAN.
        opt vlan: i64 => "vlan",
        /// Another network.
        opt cidr: String => "cidr",
        /// The gateway's address.
        patch gateway_ip: String => "gateway_ip",
        /// The DNS servers' addresses.
        patch dns_servers: CommaList => "dns_servers",
        /// How addresses get reverse DNS.
        opt rdns_mode: RdnsMode => "rdns_mode",
        /// Whether MAAS scans for devices here.
        opt active_discovery: bool => "active_discovery",
        /// Whether machines may use MAAS for DNS.
        opt allow_dns: bool => "allow_dns",
        /// Whether machines may use MAAS's proxy.
        opt allow_proxy: bool => "allow_proxy",
        /// Whether MAAS gives out all addresses that are not reserved.
        opt managed: bool => "managed",
        /// Architectures that do not boot from here.
        patch disabled_boot_architectures: CommaList => "disabled_boot_architectures",
    }
}

operations! {
    LIST = GET "subnets/" as "subnet.list";
    CREATE = POST "subnets/" as "subnet.create";
    GET = GET "subnets/{+subnet}/" as "subnet.get";
    UPDATE = PUT "subnets/{+subnet}/" as "subnet.update";
    DELETE = DELETE "subnets/{+subnet}/" as "subnet.delete";
    RESERVED = GET "subnets/{+subnet}/" op "reserved_ip_ranges" as "subnet.reserved_ip_ranges";
    UNRESERVED = GET "subnets/{+subnet}/" op "unreserved_ip_ranges" as "subnet.unreserved_ip_ranges";
    STATISTICS = GET "subnets/{+subnet}/" op "statistics" as "subnet.statistics";
}

/// The calls on subnets; see [`Client::subnets`].
///
/// A subnet is named by its number (`"1"`), its network (`"10.10.0.0/24"`), `"name:lab"`, `"ip:10.10.0.9"` or another
/// of MAAS's specifiers.
#[derive(Clone, Debug)]
pub struct Subnets(Client);

impl Client {
    /// Subnets.
    pub fn subnets(&self) -> Subnets {
        Subnets(self.clone())
    }
}

impl Subnets {
    /// All subnets.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self) -> Result<List<Subnet>, Error> {
        self.0.elements(LIST.at(&[])).await
    }

    /// One subnet.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn get(&self, subnet: &str) -> Result<Subnet, Error> {
        self.0.json(GET.at(&[subnet])).await
    }

    /// Creates a subnet of the network `cidr`. Needs an administrator.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ErrorKind::BadRequest) if it is no network or overlaps with another subnet.
    pub async fn create(&self, cidr: &str, options: &CreateSubnet) -> Result<Subnet, Error> {
        let cidr = Fields::new().with("cidr", cidr);
        self.0
            .json(CREATE.at(&[]).fields(&cidr).fields(options))
            .await
    }

    /// Changes a subnet. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn update(&self, subnet: &str, options: &UpdateSubnet) -> Result<Subnet, Error> {
        self.0.json(UPDATE.at(&[subnet]).fields(options)).await
    }

    /// Deletes a subnet. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn delete(&self, subnet: &str) -> Result<(), Error> {
        self.0.done(DELETE.at(&[subnet])).await
    }

    /// The ranges that are reserved or in use.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such subnet.
    pub async fn reserved_ip_ranges(&self, subnet: &str) -> Result<List<AddressRange>, Error> {
        self.0.elements(RESERVED.at(&[subnet])).await
    }

    /// The ranges that are free.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such subnet.
    pub async fn unreserved_ip_ranges(&self, subnet: &str) -> Result<List<AddressRange>, Error> {
        self.0.elements(UNRESERVED.at(&[subnet])).await
    }

    /// How full the subnet is, with all its ranges.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such subnet.
    pub async fn statistics(&self, subnet: &str) -> Result<SubnetStatistics, Error> {
        let ranges = Fields::new().with("include_ranges", "true");
        self.0.json(STATISTICS.at(&[subnet]).fields(&ranges)).await
    }
}
