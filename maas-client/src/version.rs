//! The server's version.

use sdk_transport::Error;

use crate::{Client, model::model, request::operations};

model! {
    /// What the server says of itself.
    pub struct Version {
        /// The version, e.g. `3.7.3`.
        version: String,
        /// The rest of the version, e.g. a build.
        subversion: String,
        /// What the server can do, by name.
        capabilities: Vec<String>,
    }
}

impl Version {
    /// Major and minor number, e.g. `(3, 7)`; `None` if the text is no version.
    pub fn major_minor(&self) -> Option<(u32, u32)> {
        let mut numbers = self.version.split(|c: char| !c.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

operations! {
    GET = GET "version/" as "version.get" anonymous;
}

impl Client {
    /// The server's version. It is asked without credentials, so a wrong key does not matter.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) or [`Redirected`](crate::ErrorKind::Redirected) if no MAAS answers at this URL.
    pub async fn version(&self) -> Result<Version, Error> {
        self.json(GET.at(&[])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_version() {
        let of = |text: &str| {
            Version {
                version: text.into(),
                ..Version::default()
            }
            .major_minor()
        };
        assert_eq!(of("3.7.3"), Some((3, 7)));
        assert_eq!(of("3.8.0~alpha1"), Some((3, 8)));
        assert_eq!(of("nightly"), None);
    }
}
