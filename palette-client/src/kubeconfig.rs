//! Kubeconfigs, which are secrets.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sdk_transport::{Error, Secret};

use crate::{Operation, cluster::ClusterHandle, request::operations};

operations! {
    ADMIN = GET "/v1/spectroclusters/{uid}/assets/adminKubeconfig" as "kubeconfig.admin";
    CLIENT = GET "/v1/spectroclusters/{uid}/assets/kubeconfigclient" as "kubeconfig.client";
}

/// A kubeconfig. It prints as `***`; [`Kubeconfig::expose`] reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Kubeconfig(Secret);

impl Kubeconfig {
    /// The YAML text. Whoever has it may have the cluster.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Servers send it as it is or in base64.
    fn read(body: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(body)
            .map_err(|error| Error::decode("the kubeconfig is no text").with_source(error))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::decode("the kubeconfig is empty"));
        }
        let decoded = (!text.contains([':', '\n']))
            .then(|| STANDARD.decode(text.trim_matches('"')).ok())
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Self(Secret::new(
            decoded.unwrap_or_else(|| text.to_owned()),
        )))
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl ClusterHandle {
    /// The administrator's kubeconfig. Mirrors `GET /v1/spectroclusters/{uid}/assets/adminKubeconfig`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) until the overview's `has_kube_config` is true.
    pub async fn admin_kubeconfig(&self) -> Result<Kubeconfig, Error> {
        self.kubeconfig(ADMIN).await
    }

    /// The users' kubeconfig, which may ask them to log in. Mirrors
    /// `GET /v1/spectroclusters/{uid}/assets/kubeconfigclient`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) until the overview's `has_kube_config_client` is true.
    pub async fn client_kubeconfig(&self) -> Result<Kubeconfig, Error> {
        self.kubeconfig(CLIENT).await
    }

    async fn kubeconfig(&self, operation: Operation) -> Result<Kubeconfig, Error> {
        let response = self.client.send(operation.at(&[&self.uid])).await?;
        Kubeconfig::read(response.body()).map_err(|error| error.with_operation(operation.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_base64_are_the_same_and_neither_prints() {
        let plain = "apiVersion: v1\nkind: Config\n";
        for body in [
            plain.to_owned(),
            STANDARD.encode(plain),
            format!("\"{}\"", STANDARD.encode(plain)),
        ] {
            let config = Kubeconfig::read(body.as_bytes()).unwrap();
            assert_eq!(config.expose().trim(), plain.trim());
            assert_eq!(format!("{config:?} {config}"), "*** ***");
        }
        assert!(Kubeconfig::read(b" ").is_err());
    }
}
