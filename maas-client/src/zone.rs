//! Availability zones (in MAAS: physical zones).

use sdk_transport::{Error, List};

use crate::{
    Client,
    model::model,
    options::{Fields, options},
    request::operations,
};

model! {
    /// An availability zone: machines that share a point of failure.
    pub struct Zone {
        /// The number.
        id: i64,
        /// The unique name, by which everything refers to the zone.
        name: String,
        /// Free text.
        description: String,
        /// Its path on the server; it changes with the name.
        resource_uri: String,
    }
}

options! {
    /// Beside its name, what a new zone has.
    pub struct CreateZone {
        /// Free text.
        opt description: String => "description",
    }
}

options! {
    /// What to change of a zone.
    pub struct UpdateZone {
        /// A new name. The zone's address changes with it.
        opt name: String => "name",
        /// Free text.
        patch description: String => "description",
    }
}

operations! {
    LIST = GET "zones/" as "zone.list";
    CREATE = POST "zones/" as "zone.create";
    GET = GET "zones/{name}/" as "zone.get";
    UPDATE = PUT "zones/{name}/" as "zone.update";
    DELETE = DELETE "zones/{name}/" as "zone.delete";
}

/// The calls on zones; see [`Client::zones`].
#[derive(Clone, Debug)]
pub struct Zones(Client);

impl Client {
    /// Availability zones.
    pub fn zones(&self) -> Zones {
        Zones(self.clone())
    }
}

impl Zones {
    /// All zones.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self) -> Result<List<Zone>, Error> {
        self.0.elements(LIST.at(&[])).await
    }

    /// The zone of this name.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn get(&self, name: &str) -> Result<Zone, Error> {
        self.0.json(GET.at(&[name])).await
    }

    /// Creates a zone. Needs an administrator.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) if the name is taken.
    pub async fn create(&self, name: &str, options: &CreateZone) -> Result<Zone, Error> {
        let name = Fields::new().with("name", name);
        self.0
            .json(CREATE.at(&[]).fields(&name).fields(options))
            .await
    }

    /// Changes a zone. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none of this name.
    pub async fn update(&self, name: &str, options: &UpdateZone) -> Result<Zone, Error> {
        self.0.json(UPDATE.at(&[name]).fields(options)).await
    }

    /// Deletes a zone; its machines move to the default zone. A zone that does not exist is no error to MAAS.
    /// Needs an administrator.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ErrorKind::BadRequest) for the default zone.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        self.0.done(DELETE.at(&[name])).await
    }
}
