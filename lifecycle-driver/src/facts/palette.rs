//! What Palette holds.

use std::cmp::Reverse;

use lifecycle_core::spec::ClusterDocument;
use maas_client::Method;
use palette_client::{
    CloudAccount, CloudAccountFilter, ClusterProfile, ClusterProfileFilter, ClusterProfileSummary,
    Gateway, User,
};
use sdk_transport::{Error, ErrorKind};

use crate::clusters::{self, ClusterFound};

/// What Palette holds of the things that a document names, as far as it could be read.
#[derive(Debug)]
pub(crate) struct PaletteFacts {
    pub(crate) user: User,
    /// All gateways: the wanted one may be among them.
    pub(crate) gateways: Result<Vec<Gateway>, Error>,
    /// All MAAS accounts of the scope.
    pub(crate) accounts: Result<Vec<CloudAccount>, Error>,
    pub(crate) profile: Result<ProfileFound, Error>,
    /// Where backups can go; not asked for if the document wants none.
    pub(crate) locations: Result<Vec<BackupLocation>, Error>,
    /// A cluster of the document's name.
    pub(crate) cluster: Result<Option<ClusterFound>, Error>,
}

/// A place for backups.
#[derive(Clone, Debug)]
pub(crate) struct BackupLocation {
    pub(crate) uid: String,
    pub(crate) name: String,
    /// `s3`, `minio`, …
    pub(crate) kind: String,
}

/// The outcome of looking for a profile.
#[derive(Debug)]
pub(crate) enum ProfileFound {
    /// It is there.
    Profile(Box<ClusterProfile>),
    /// There is no such profile; the names that there are.
    NoName(Vec<String>),
    /// There is no such version; the versions that there are.
    NoVersion(Vec<String>),
    /// The document names none.
    NotNamed,
}

impl PaletteFacts {
    /// Asks Palette. A server that does not answer, or not to this key, is the error; what else cannot be read is said in its place.
    pub(crate) async fn gather(
        palette: &palette_client::Client,
        document: &ClusterDocument,
    ) -> Result<Self, Error> {
        let user = palette.whoami().await?;
        let (gateways, accounts, profile, locations, cluster) = tokio::join!(
            gateways(palette),
            accounts(palette),
            profile(palette, document),
            locations(palette, document),
            clusters::find(palette, &document.name),
        );
        Ok(Self {
            user,
            gateways,
            accounts,
            profile,
            locations,
            cluster,
        })
    }

    pub(crate) fn gateway(&self, name: &str) -> Option<&Gateway> {
        self.gateways
            .as_ref()
            .ok()?
            .iter()
            .find(|gateway| gateway.metadata.name == name)
    }

    pub(crate) fn location(&self, name: &str) -> Option<&BackupLocation> {
        self.locations
            .as_ref()
            .ok()?
            .iter()
            .find(|location| location.name == name)
    }

    pub(crate) fn account(&self, name: &str) -> Option<&CloudAccount> {
        self.accounts
            .as_ref()
            .ok()?
            .iter()
            .find(|account| account.metadata.name == name)
    }
}

async fn gateways(palette: &palette_client::Client) -> Result<Vec<Gateway>, Error> {
    palette.gateways().list().await?.complete()
}

pub(crate) async fn accounts(palette: &palette_client::Client) -> Result<Vec<CloudAccount>, Error> {
    palette
        .cloud_accounts()
        .list(&CloudAccountFilter::default())
        .collect_all()
        .await?
        .complete()
}

/// A list that the client has no noun for yet.
async fn locations(
    palette: &palette_client::Client,
    document: &ClusterDocument,
) -> Result<Vec<BackupLocation>, Error> {
    if document.features.backup_policy.is_none() {
        return Ok(Vec::new());
    }
    let answer = palette
        .call(Method::GET, "/v1/users/assets/locations", &[], None)
        .await?;
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok(items
        .iter()
        .map(|item| BackupLocation {
            uid: text(&item["metadata"]["uid"]),
            name: text(&item["metadata"]["name"]),
            kind: text(&item["spec"]["type"]),
        })
        .collect())
}

/// The profile that a document names.
pub(crate) async fn profile(
    palette: &palette_client::Client,
    document: &ClusterDocument,
) -> Result<ProfileFound, Error> {
    let Some(wanted) = &document.cluster_profile else {
        return Ok(ProfileFound::NotNamed);
    };
    let got = |profile| ProfileFound::Profile(Box::new(profile));
    if let Some(uid) = &wanted.uid {
        return match palette.cluster_profile(uid).get().await {
            Ok(profile) => Ok(got(profile)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(ProfileFound::NoName(Vec::new()))
            }
            Err(error) => Err(error),
        };
    }
    let name = wanted.name.as_deref().unwrap_or_default();
    let all = palette
        .cluster_profiles()
        .list(&ClusterProfileFilter::default())
        .collect_all()
        .await?
        .complete()?;
    match pick(&all, name, wanted.version.as_deref()) {
        Ok(uid) => Ok(got(palette.cluster_profile(uid).get().await?)),
        Err(found) => Ok(found),
    }
}

/// The uid of the profile in this version, or in the latest one.
fn pick(
    all: &[ClusterProfileSummary],
    name: &str,
    version: Option<&str>,
) -> Result<String, ProfileFound> {
    let mut named = all
        .iter()
        .filter(|profile| profile.metadata.name == name)
        .peekable();
    if named.peek().is_none() {
        return Err(ProfileFound::NoName(
            all.iter()
                .map(|profile| profile.metadata.name.clone())
                .collect(),
        ));
    }
    // A list shows one version of a profile and names the others.
    let mut versions: Vec<(&str, &str)> = named
        .flat_map(|profile| {
            let own = (profile.spec.version.as_str(), profile.metadata.uid.as_str());
            let others = profile
                .spec
                .versions
                .iter()
                .map(|v| (v.version.as_str(), v.uid.as_str()));
            std::iter::once(own).chain(others)
        })
        .filter(|(_, uid)| !uid.is_empty())
        .collect();
    versions.sort_by_key(|(version, _)| Reverse(version_key(version)));
    versions.dedup_by_key(|(version, _)| *version);
    let found = match version {
        Some(version) => versions.iter().find(|(other, _)| *other == version),
        None => versions.first(),
    };
    match found {
        Some((_, uid)) => Ok((*uid).to_owned()),
        None => Err(ProfileFound::NoVersion(
            versions
                .into_iter()
                .map(|(version, _)| version.to_owned())
                .collect(),
        )),
    }
}

/// Orders versions as numbers, part by part: 1.10 comes after 1.9.
fn version_key(version: &str) -> (Vec<u64>, String) {
    let numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok());
    (numbers.collect(), version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let mut versions = ["1.9.0", "1.10.0", "1.2.0"];
        versions.sort_by_key(|version| Reverse(version_key(version)));
        assert_eq!(versions, ["1.10.0", "1.9.0", "1.2.0"]);
    }
}
