//! Subnets.

use maas_client::{AddressRange, Client, CreateSubnet, Subnet, SubnetStatistics, UpdateSubnet};
use sdk_transport::List;

crate::operations::operations! {
    /// Subnets. One is named by its number (`"1"`), its network (`"10.10.0.0/24"`), `"name:lab"`, `"ip:10.10.0.9"` or
    /// another of MAAS's specifiers.
    Subnets, AsyncSubnets in "palette_maas.maas", maas: Client;

    /// All subnets.
    fn list() -> List<Subnet> = maas.subnets().list();
    /// One subnet.
    fn get(subnet: String) -> Subnet = maas.subnets().get(&subnet);
    /// Creates a subnet of this network. Needs an administrator.
    fn create(cidr: String; options: CreateSubnet) -> Subnet = maas.subnets().create(&cidr, &options);
    /// Changes a subnet: what is not given is kept, `None` clears. Needs an administrator.
    fn update(subnet: String; options: UpdateSubnet) -> Subnet = maas.subnets().update(&subnet, &options);
    /// Deletes a subnet. Needs an administrator.
    fn delete(subnet: String) -> () = maas.subnets().delete(&subnet);
    /// The ranges that are reserved or in use.
    fn reserved_ip_ranges(subnet: String) -> List<AddressRange> = maas.subnets().reserved_ip_ranges(&subnet);
    /// The ranges that are free.
    fn unreserved_ip_ranges(subnet: String) -> List<AddressRange> = maas.subnets().unreserved_ip_ranges(&subnet);
    /// How full the subnet is, with all its ranges.
    fn statistics(subnet: String) -> SubnetStatistics = maas.subnets().statistics(&subnet);
}
