//! Availability zones.

use maas_client::{Client, CreateZone, UpdateZone, Zone};
use sdk_transport::List;

crate::operations::operations! {
    /// Availability zones: machines that share a point of failure.
    Zones, AsyncZones in "palette_maas.maas", maas: Client;

    /// All zones.
    fn list() -> List<Zone> = maas.zones().list();
    /// The zone of this name.
    fn get(zone: String) -> Zone = maas.zones().get(&zone);
    /// Creates a zone. Needs an administrator.
    fn create(name: String; options: CreateZone) -> Zone = maas.zones().create(&name, &options);
    /// Changes a zone. Needs an administrator.
    fn update(zone: String; options: UpdateZone) -> Zone = maas.zones().update(&zone, &options);
    /// Deletes a zone; its machines move to the default zone. One that does not exist is no error to MAAS.
    fn delete(zone: String) -> () = maas.zones().delete(&zone);
}
