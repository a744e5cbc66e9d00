//! Resource pools.

use maas_client::{Client, CreateResourcePool, ResourcePool, UpdateResourcePool};
use sdk_transport::List;

crate::operations::operations! {
    /// Resource pools: machines set aside for a purpose. Each machine is in exactly one.
    ResourcePools, AsyncResourcePools in "palette_maas.maas", maas: Client;

    /// All resource pools that the user may see.
    fn list() -> List<ResourcePool> = maas.resource_pools().list();
    /// The resource pool of this number; 0 is the default pool.
    fn get(id: i64) -> ResourcePool = maas.resource_pools().get(id);
    /// Creates a resource pool. Needs an administrator.
    fn create(name: String; options: CreateResourcePool) -> ResourcePool =
        maas.resource_pools().create(&name, &options);
    /// Changes a resource pool: what is not given is kept, `None` clears. Needs an administrator.
    fn update(id: i64; options: UpdateResourcePool) -> ResourcePool = maas.resource_pools().update(id, &options);
    /// Deletes a resource pool that has no machines. Needs an administrator. One that does not exist is no error to MAAS.
    fn delete(id: i64) -> () = maas.resource_pools().delete(id);
}
