//! Resource pools.

use sdk_transport::{Error, List};

use crate::{
    Client,
    model::model,
    options::{Fields, options},
    request::operations,
};

model! {
    /// A resource pool: machines set aside for a purpose. Each machine is in exactly one.
    pub struct ResourcePool {
        /// The number. The default pool has 0.
        id: i64,
        /// The unique name.
        name: String,
        /// Free text.
        description: String,
        /// Its path on the server.
        resource_uri: String,
    }
}

options! {
    /// Beside its name, what a new resource pool has.
    pub struct CreateResourcePool {
        /// Free text.
        opt description: String => "description",
    }
}

options! {
    /// What to change of a resource pool.
    pub struct UpdateResourcePool {
        /// A new name.
        opt name: String => "name",
        /// Free text.
        patch description: String => "description",
    }
}

operations! {
    LIST = GET "resourcepools/" as "resource_pool.list";
    CREATE = POST "resourcepools/" as "resource_pool.create";
    GET = GET "resourcepool/{id}/" as "resource_pool.get";
    UPDATE = PUT "resourcepool/{id}/" as "resource_pool.update";
    DELETE = DELETE "resourcepool/{id}/" as "resource_pool.delete";
}

/// The calls on resource pools; see [`Client::resource_pools`].
#[derive(Clone, Debug)]
pub struct ResourcePools(Client);

impl Client {
    /// Resource pools.
    pub fn resource_pools(&self) -> ResourcePools {
        ResourcePools(self.clone())
    }
}

impl ResourcePools {
    /// All resource pools that the user may see.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self) -> Result<List<ResourcePool>, Error> {
        self.0.elements(LIST.at(&[])).await
    }

    /// The resource pool of this number; 0 is the default pool.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none.
    pub async fn get(&self, id: i64) -> Result<ResourcePool, Error> {
        self.0.json(GET.at(&[&id.to_string()])).await
    }

    /// Creates a resource pool. Needs an administrator.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) if the name is taken.
    pub async fn create(
        &self,
        name: &str,
        options: &CreateResourcePool,
    ) -> Result<ResourcePool, Error> {
        let name = Fields::new().with("name", name);
        self.0
            .json(CREATE.at(&[]).fields(&name).fields(options))
            .await
    }

    /// Changes a resource pool. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none of this number.
    pub async fn update(
        &self,
        id: i64,
        options: &UpdateResourcePool,
    ) -> Result<ResourcePool, Error> {
        self.0
            .json(UPDATE.at(&[&id.to_string()]).fields(options))
            .await
    }

    /// Deletes a resource pool. Needs an administrator.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none; [`BadRequest`](crate::ErrorKind::BadRequest) for the
    /// default pool and for one that has machines.
    pub async fn delete(&self, id: i64) -> Result<(), Error> {
        self.0.done(DELETE.at(&[&id.to_string()])).await
    }
}
