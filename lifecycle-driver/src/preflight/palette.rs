//! What is checked in Palette.

use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::{Code, Severity};
use palette_client::PackLayer;

use super::check::{Check, CheckName};
use crate::facts::palette::ProfileFound;
use crate::facts::{PaletteFacts, known_names};
use crate::{Driver, Problem};

impl Driver {
    pub(super) async fn palette_checks(
        &self,
        document: &ClusterDocument,
        facts: &PaletteFacts,
    ) -> Vec<Check> {
        let who = match facts.user.org_name.as_str() {
            "" => format!("accepted: user {}", facts.user.user_uid),
            org => format!("accepted: user {} of {org}", facts.user.user_uid),
        };
        let mut checks = vec![
            Check::new(CheckName::PaletteKey, who, Vec::new()),
            match &facts.accounts {
                Ok(accounts) => {
                    let summary =
                        format!("MAAS cloud accounts that are visible: {}", accounts.len());
                    Check::new(CheckName::Project, summary, Vec::new())
                }
                Err(error) => Check::error(CheckName::Project, "cannot be worked in", error),
            },
            gateway(document, facts),
            self.account(document, facts).await,
            profile(document, facts),
            match &facts.cluster {
                Ok(None) => Check::new(
                    CheckName::Name,
                    format!("{} is free", document.name),
                    Vec::new(),
                ),
                Ok(Some(cluster)) => Check::failed(
                    CheckName::Name,
                    "taken",
                    Problem::new(
                        Code::NameTaken,
                        "/name",
                        format!(
                            "a cluster named {} exists in state {}",
                            document.name, cluster.state
                        ),
                    )
                    .hint("choose another name, or update or delete the cluster that there is")
                    .arg("uid", cluster.uid.clone()),
                ),
                Err(error) => Check::error(CheckName::Name, "cannot be checked", error),
            },
            backups(document, facts),
        ];
        if let Err(error) = &facts.accounts {
            // The same refusal again is no other finding.
            for check in checks
                .iter_mut()
                .filter(|check| check.name != CheckName::Project)
            {
                if check
                    .problems
                    .iter()
                    .any(|problem| problem.code == error.code())
                {
                    *check = Check::skipped(check.name, "the project cannot be worked in");
                }
            }
        }
        checks
    }

    /// An account that exists must lead to the same MAAS through the same gateway; otherwise the gateway tries the credentials.
    async fn account(&self, document: &ClusterDocument, facts: &PaletteFacts) -> Check {
        const NAME: CheckName = CheckName::CloudAccount;
        let Some(wanted) = &document.cloud_account else {
            return Check::skipped(NAME, "the document names none");
        };
        if let Err(error) = &facts.accounts {
            return Check::error(NAME, "cannot be read", error);
        }
        let Some(gateway) = facts.gateway(&wanted.gateway) else {
            return Check::skipped(NAME, "its gateway is not there");
        };
        if let Some(account) = facts.account(&wanted.name) {
            let other = |what: &str, theirs: &str| {
                Check::failed(
                    NAME,
                    "is another one",
                    Problem::new(
                        Code::NameTaken,
                        "/cloud_account/name",
                        format!(
                            "the account {} exists and has another {what}: {theirs}",
                            wanted.name
                        ),
                    )
                    .hint("choose another name for the account"),
                )
            };
            return match self.account_mismatch(account, &gateway.metadata.uid) {
                Some((what, theirs)) => other(what, &theirs),
                None => Check::new(
                    NAME,
                    format!("{} exists and is used", wanted.name),
                    Vec::new(),
                ),
            };
        }
        if !gateway.is_running() {
            return Check::skipped(NAME, "its gateway does not run");
        }
        let credentials = match self.maas_credentials() {
            Ok(credentials) => credentials,
            Err(error) => return Check::error(NAME, "cannot be created", &error),
        };
        match self
            .palette
            .gateway(&gateway.metadata.uid)
            .validate_account(&credentials)
            .await
        {
            Ok(()) => Check::new(
                NAME,
                format!("{} will be created; the gateway reaches MAAS", wanted.name),
                Vec::new(),
            ),
            Err(error) => Check::error(NAME, "the gateway does not reach MAAS", &error),
        }
    }
}

fn gateway(document: &ClusterDocument, facts: &PaletteFacts) -> Check {
    const NAME: CheckName = CheckName::Gateway;
    let Some(account) = &document.cloud_account else {
        return Check::skipped(NAME, "the document names none");
    };
    let gateways = match &facts.gateways {
        Ok(gateways) => gateways,
        Err(error) => return Check::error(NAME, "cannot be read", error),
    };
    let path = "/cloud_account/gateway";
    match facts.gateway(&account.gateway) {
        None => {
            let names: Vec<&str> = gateways
                .iter()
                .map(|gateway| gateway.metadata.name.as_str())
                .collect();
            let message = format!("there is no gateway named {}", account.gateway);
            Check::failed(
                NAME,
                "not there",
                Problem::new(Code::PcgMissing, path, message)
                    .hint(known_names(&account.gateway, names)),
            )
        }
        Some(gateway) if gateway.is_running() => {
            let health = gateway
                .status
                .health
                .as_ref()
                .map(|health| health.state.as_str())
                .unwrap_or_default();
            let health = if health.is_empty() {
                String::new()
            } else {
                format!(", {health}")
            };
            Check::new(
                NAME,
                format!("{} is {}{health}", account.gateway, gateway.status.state),
                Vec::new(),
            )
        }
        Some(gateway) => {
            let status = &gateway.status;
            let message = format!(
                "the gateway {} does not run: state {}, {}, {}",
                account.gateway,
                status.state,
                if status.is_active {
                    "active"
                } else {
                    "not active"
                },
                if status.is_ready {
                    "ready"
                } else {
                    "not ready"
                },
            );
            let hint = "clusters can be created and deleted only while the gateway runs; look at its events in Palette";
            Check::failed(
                NAME,
                "does not run",
                Problem::new(Code::PcgUnhealthy, path, message).hint(hint),
            )
        }
    }
}

fn profile(document: &ClusterDocument, facts: &PaletteFacts) -> Check {
    const NAME: CheckName = CheckName::ClusterProfile;
    let wanted = document.cluster_profile.clone().unwrap_or_default();
    let called = wanted
        .name
        .as_ref()
        .or(wanted.uid.as_ref())
        .cloned()
        .unwrap_or_default();
    let missing = |path: &str, message: String, known: &[String], wrong: &str| {
        let problem = Problem::new(Code::NotFound, path, message)
            .hint(known_names(wrong, known.iter().map(String::as_str)));
        Check::failed(NAME, "not there", problem)
    };
    let profile = match &facts.profile {
        Err(error) => return Check::error(NAME, "cannot be read", error),
        Ok(ProfileFound::NotNamed) => return Check::skipped(NAME, "the document names none"),
        Ok(ProfileFound::NoName(names)) => {
            let path = if wanted.uid.is_some() {
                "/cluster_profile/uid"
            } else {
                "/cluster_profile/name"
            };
            return missing(
                path,
                format!("there is no cluster profile {called}"),
                names,
                &called,
            );
        }
        Ok(ProfileFound::NoVersion(versions)) => {
            let version = wanted.version.clone().unwrap_or_default();
            let message = format!("the cluster profile {called} has no version {version}");
            return missing("/cluster_profile/version", message, versions, &version);
        }
        Ok(ProfileFound::Profile(profile)) => profile,
    };
    let packs = profile
        .spec
        .published
        .as_ref()
        .map(|published| published.packs.as_slice())
        .unwrap_or_default();
    let mut problems = Vec::new();
    for (index, over) in wanted.packs.iter().enumerate() {
        if !packs.iter().any(|pack| pack.name == over.name) {
            let names: Vec<&str> = packs.iter().map(|pack| pack.name.as_str()).collect();
            let message = format!("the profile has no pack named {}", over.name);
            problems.push(
                Problem::new(
                    Code::NotFound,
                    format!("/cluster_profile/packs/{index}/name"),
                    message,
                )
                .hint(known_names(&over.name, names)),
            );
        }
    }
    let kubernetes = packs
        .iter()
        .find(|pack| pack.layer == Some(PackLayer::Kubernetes));
    if let (Some(wanted), Some(pack)) = (document.kubernetes_version, kubernetes)
        && let Ok(theirs) = pack.version.parse::<lifecycle_core::Version>()
        && theirs != wanted
    {
        let message = format!("the profile holds Kubernetes {theirs}, the document says {wanted}");
        problems.push(
            Problem::new(Code::Invalid, "/kubernetes_version", message).hint(format!(
                "write \"{theirs}\", or choose another version of the profile"
            )),
        );
    }
    let os = packs.iter().find(|pack| pack.layer == Some(PackLayer::Os));
    if let (Some(image), Some(pack)) = (&document.image, os)
        && let (Some(wanted), Some(theirs)) = (ubuntu_release(image), pack_release(pack))
        && wanted != theirs
    {
        let message = format!(
            "the profile's OS pack {} is Ubuntu {theirs}, and the document's image {image} is Ubuntu {wanted}: the profile decides",
            pack.name
        );
        let mut problem = Problem::new(Code::Invalid, "/image", message)
            .hint("leave the image out, or name the one of the profile");
        problem.severity = Severity::Warning;
        problems.push(problem);
    }
    let layers: Vec<String> = packs
        .iter()
        .map(|pack| {
            format!(
                "{} {}",
                pack.name,
                if pack.tag.is_empty() {
                    &pack.version
                } else {
                    &pack.tag
                }
            )
        })
        .collect();
    let summary = format!(
        "{} {}: {}",
        profile.metadata.name,
        profile.spec.version,
        layers.join(", ")
    );
    Check::new(NAME, summary, problems)
}

/// The release of an image by MAAS's name for it: `ubuntu/jammy` is 22.04.
fn ubuntu_release(image: &str) -> Option<&'static str> {
    match image {
        "ubuntu/focal" => Some("20.04"),
        "ubuntu/jammy" => Some("22.04"),
        "ubuntu/noble" => Some("24.04"),
        _ => None,
    }
}

/// The release in the version of an Ubuntu pack: `22.04`, `22.04.4`.
fn pack_release(pack: &palette_client::Pack) -> Option<&str> {
    if !pack.name.contains("ubuntu") {
        return None;
    }
    let version = if pack.version.is_empty() {
        &pack.tag
    } else {
        &pack.version
    };
    version
        .get(..5)
        .filter(|release| release.as_bytes().get(2) == Some(&b'.'))
}

fn backups(document: &ClusterDocument, facts: &PaletteFacts) -> Check {
    const NAME: CheckName = CheckName::Backups;
    let Some(policy) = &document.features.backup_policy else {
        return Check::skipped(NAME, "the document wants none");
    };
    match &facts.locations {
        Err(error) => Check::error(NAME, "cannot be read", error),
        Ok(_) if facts.location(&policy.location).is_some() => {
            Check::new(NAME, format!("to {}", policy.location), Vec::new())
        }
        Ok(locations) => {
            let message = format!("there is no backup location named {}", policy.location);
            let hint = known_names(
                &policy.location,
                locations.iter().map(|location| location.name.as_str()),
            );
            let problem = Problem::new(Code::NotFound, "/features/backup_policy/location", message)
                .hint(hint);
            Check::failed(NAME, "not there", problem)
        }
    }
}
