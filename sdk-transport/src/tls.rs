//! Which servers are trusted, and with which library.

use std::{fmt, path::Path, sync::Once};

use crate::{Error, Secret};

/// Installs rustls' `ring` provider for this process if the program has not chosen another.
///
/// Clients call it by themselves. A program that also uses rustls elsewhere may call it first.
pub fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // It fails only if another thread was faster, and then there is a provider.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
    });
}

/// How servers prove who they are, and how the client does. By default the web's usual authorities are trusted.
#[derive(Clone, Default)]
pub struct TlsOptions {
    pub(crate) ca_pem: Vec<Vec<u8>>,
    pub(crate) only_these_ca: bool,
    pub(crate) identity_pem: Option<Secret>,
    pub(crate) server_name: Option<String>,
    pub(crate) accept_any_certificate: bool,
}

impl TlsOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities in this PEM text, beside the usual ones.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem.push(pem.into());
        self
    }

    /// Trusts the authorities in this PEM file, beside the usual ones.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the file cannot be read.
    pub fn ca_file(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let pem = std::fs::read(path).map_err(|error| {
            Error::invalid_input(format!(
                "cannot read the CA file {}: {error}",
                path.display()
            ))
            .with_source(error)
        })?;
        Ok(self.ca_pem(pem))
    }

    /// Trusts only the authorities given here, not the usual ones.
    #[must_use]
    pub fn only_these_ca(mut self) -> Self {
        self.only_these_ca = true;
        self
    }

    /// Presents this certificate and private key (PEM, both in one text) to the server.
    #[must_use]
    pub fn client_identity_pem(mut self, pem: impl Into<Secret>) -> Self {
        self.identity_pem = Some(pem.into());
        self
    }

    /// Expects this name in the server's certificate instead of the URL's host.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Accepts any certificate from anybody. Whoever sits on the path reads the API key; use [`TlsOptions::ca_pem`].
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.accept_any_certificate = true;
        self
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca_pem", &self.ca_pem.len())
            .field("only_these_ca", &self.only_these_ca)
            .field("client_identity", &self.identity_pem.is_some())
            .field("server_name", &self.server_name)
            .field("accept_any_certificate", &self.accept_any_certificate)
            .finish()
    }
}
