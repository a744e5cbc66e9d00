//! Projects: the scopes within a tenant.

use sdk_transport::{Error, List};

use crate::{Client, Reference, model::model, request::operations};

operations! {
    LIST = GET "/v1/dashboard/projects/metadata" as "project.list" tenant;
}

model! {
    /// A project's name and uid. Mirrors `v1ProjectMetadata`.
    pub struct Project {
        /// Name and uid.
        metadata: Reference,
    }
}

impl Client {
    /// The projects that the key may see.
    pub fn projects(&self) -> Projects {
        Projects {
            client: self.clone(),
        }
    }
}

/// Calls on projects.
#[derive(Clone, Debug)]
pub struct Projects {
    client: Client,
}

impl Projects {
    /// All of them. Mirrors `GET /v1/dashboard/projects/metadata`.
    ///
    /// # Errors
    /// As any call.
    pub async fn list(&self) -> Result<List<Project>, Error> {
        self.client.list(LIST.at(&[])).await
    }

    /// The one with exactly this name.
    ///
    /// # Errors
    /// As any call.
    pub async fn find(&self, name: &str) -> Result<Option<Project>, Error> {
        let found = self.client.list(LIST.at(&[]).query("name", name)).await?;
        let found = found.complete()?;
        Ok(found
            .into_iter()
            .find(|project: &Project| project.metadata.name == name))
    }
}
