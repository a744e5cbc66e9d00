//! Everything that can be known before anything is changed, in one go.

use std::fmt;

use lifecycle_core::spec::tree::Positions;
use lifecycle_core::spec::{ClusterDocument, document_path};
use lifecycle_core::{
    Code, Constraint, Desired, NetworkInput, NetworkOwner, PoolSpec, Strategy, check_capacity,
    plan_network,
};
use palette_client::{MaasCredentials, PackLayer};
use sdk_transport::Error;
use serde::Serialize;

use crate::facts::palette::ProfileFound;
use crate::facts::{MaasFacts, PaletteFacts, known_names};
use crate::world::Parts;
use crate::{Driver, Problem};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckName {
    /// The document in itself.
    Document,
    /// Whether MAAS accepts the key, and whose it is.
    MaasKey,
    /// Whether Palette accepts the key, and whose it is.
    PaletteKey,
    /// Whether the project can be worked in.
    Project,
    /// Whether the gateway runs.
    Gateway,
    /// Whether the cloud account is there, or can be created.
    CloudAccount,
    /// Whether the cluster profile, in the right version, is there.
    ClusterProfile,
    /// Whether the cluster's name is free.
    Name,
    /// Whether the place for backups is there.
    Backups,
    /// Whether MAAS has the DNS domain.
    Domain,
    /// Whether MAAS has the image.
    Image,
    /// Whether MAAS has the zones and resource pools.
    Placement,
    /// Whether enough machines fit.
    Machines,
    /// Whether the address ranges are disjoint and large enough.
    Network,
}

impl CheckName {
    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::MaasKey => "MAAS key",
            Self::PaletteKey => "Palette key",
            Self::Project => "Project",
            Self::Gateway => "Gateway",
            Self::CloudAccount => "Cloud account",
            Self::ClusterProfile => "Cluster profile",
            Self::Name => "Name",
            Self::Backups => "Backups",
            Self::Domain => "Domain",
            Self::Image => "Image",
            Self::Placement => "Zones and pools",
            Self::Machines => "Machines",
            Self::Network => "Addresses",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// All is well.
    Passed,
    /// It can be done, but something should be known.
    Warned,
    /// It cannot be done like this.
    Failed,
    /// It could not be looked at, because of another check that failed.
    Skipped,
}

/// One row of the preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What was found, in a few words.
    pub summary: String,
    /// What is to be said about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

impl Check {
    fn new(name: CheckName, summary: impl Into<String>, problems: Vec<Problem>) -> Self {
        let outcome = if problems.iter().any(Problem::is_error) {
            CheckOutcome::Failed
        } else if problems.is_empty() {
            CheckOutcome::Passed
        } else {
            CheckOutcome::Warned
        };
        Self {
            name,
            outcome,
            summary: summary.into(),
            problems,
        }
    }

    fn failed(name: CheckName, summary: impl Into<String>, problem: Problem) -> Self {
        Self::new(name, summary, vec![problem])
    }

    fn error(name: CheckName, summary: impl Into<String>, error: &Error) -> Self {
        Self::failed(name, summary, Problem::of_error(error))
    }

    fn skipped(name: CheckName, because: &str) -> Self {
        Self {
            name,
            outcome: CheckOutcome::Skipped,
            summary: because.to_owned(),
            problems: Vec::new(),
        }
    }
}

/// What [`Driver::preflight`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// The checks, in the order in which to read them.
    pub checks: Vec<Check>,
    /// Addresses that the cluster needs: while nothing is replaced, and at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<NetworkOwner>,
}

impl Preflight {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        !self.problems().any(Problem::is_error)
    }

    /// Everything that was found, in the order of the checks.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.checks.iter().flat_map(|check| &check.problems)
    }

    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: CheckName) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// Nothing, or everything that stands in the way as one error: the code of the first finding, all of them in its details.
    ///
    /// # Errors
    /// [`Refused`](sdk_transport::ErrorKind::Refused) unless [`Preflight::is_ok`].
    pub fn into_result(self) -> Result<(), Error> {
        if self.is_ok() {
            return Ok(());
        }
        let problems: Vec<Problem> = self.problems().cloned().collect();
        Err(crate::problem::refused_all(&problems))
    }
}

/// One line per check, its findings below.
impl fmt::Display for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.outcome {
                CheckOutcome::Passed => "ok",
                CheckOutcome::Warned => "warning",
                CheckOutcome::Failed => "FAILED",
                CheckOutcome::Skipped => "skipped",
            };
            writeln!(f, "{mark:<8} {:<16} {}", check.name.title(), check.summary)?;
            for problem in &check.problems {
                writeln!(f, "         {problem}")?;
            }
        }
        Ok(())
    }
}

impl Driver {
    /// Looks at everything that a creation needs, changes nothing, and says everything that it found at once.
    ///
    /// It never fails: what cannot be read is a finding. `positions` are those of the document's text, so that findings have a line; pass
    /// the default for a document that never was text.
    pub async fn preflight(&self, document: &ClusterDocument, positions: &Positions) -> Preflight {
        let (maas, palette) = self.gather(document).await;
        self.judge(document, positions, &maas, &palette).await
    }

    pub(crate) async fn gather(
        &self,
        document: &ClusterDocument,
    ) -> (Result<MaasFacts, Error>, Result<PaletteFacts, Error>) {
        tokio::join!(
            MaasFacts::gather(&self.maas, document),
            PaletteFacts::gather(&self.palette, document),
        )
    }

    pub(crate) async fn judge(
        &self,
        document: &ClusterDocument,
        positions: &Positions,
        maas: &Result<MaasFacts, Error>,
        palette: &Result<PaletteFacts, Error>,
    ) -> Preflight {
        let mut preflight = Preflight::default();
        preflight.checks.push(of_document(document));
        match maas {
            Ok(facts) => {
                let role = if facts.user.is_superuser {
                    "administrator"
                } else {
                    "user"
                };
                let summary = format!(
                    "accepted: {role} {} of MAAS {}",
                    facts.user.username, facts.version
                );
                preflight
                    .checks
                    .push(Check::new(CheckName::MaasKey, summary, Vec::new()));
            }
            Err(error) => {
                preflight
                    .checks
                    .push(Check::error(CheckName::MaasKey, "not accepted", error));
            }
        }
        match palette {
            Ok(facts) => preflight
                .checks
                .extend(self.palette_checks(document, facts).await),
            Err(error) => {
                preflight
                    .checks
                    .push(Check::error(CheckName::PaletteKey, "not accepted", error));
                let because = "Palette could not be asked";
                preflight.checks.extend(
                    [
                        CheckName::Project,
                        CheckName::Gateway,
                        CheckName::CloudAccount,
                        CheckName::ClusterProfile,
                        CheckName::Name,
                        CheckName::Backups,
                    ]
                    .map(|name| Check::skipped(name, because)),
                );
            }
        }
        if let Ok(facts) = maas {
            preflight.checks.push(domain(document, facts));
            preflight.checks.push(image(document, facts));
            preflight.checks.push(placement(document, facts));
            preflight.checks.push(machines(self, document, facts));
        } else {
            let because = "MAAS could not be asked";
            preflight.checks.extend(
                [
                    CheckName::Domain,
                    CheckName::Image,
                    CheckName::Placement,
                    CheckName::Machines,
                ]
                .map(|name| Check::skipped(name, because)),
            );
        }
        let (check, addresses) = network(self, document, maas.as_ref().ok());
        preflight.checks.push(check);
        preflight.addresses = addresses;
        for problem in preflight
            .checks
            .iter_mut()
            .flat_map(|check| &mut check.problems)
        {
            *problem = problem.clone().located(positions);
        }
        preflight
    }

    async fn palette_checks(&self, document: &ClusterDocument, facts: &PaletteFacts) -> Vec<Check> {
        let who = match facts.user.org_name.as_str() {
            "" => format!("accepted: user {}", facts.user.user_uid),
            org => format!("accepted: user {} of {org}", facts.user.user_uid),
        };
        vec![
            Check::new(CheckName::PaletteKey, who, Vec::new()),
            match &facts.accounts {
                Ok(accounts) => {
                    let summary = format!("{} MAAS cloud accounts are visible", accounts.len());
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
        ]
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
            .validate_account(&gateway.metadata.uid, &credentials)
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

    pub(crate) async fn validate_account(
        &self,
        gateway_uid: &str,
        credentials: &MaasCredentials,
    ) -> Result<(), Error> {
        self.palette
            .gateway(gateway_uid)
            .validate_account(credentials)
            .await
    }
}

fn of_document(document: &ClusterDocument) -> Check {
    let problems: Vec<Problem> = document
        .check()
        .into_iter()
        // The address plan is made again below, with MAAS's subnets.
        .filter(|finding| !is_about_addresses(finding.code))
        .map(Problem::from)
        .collect();
    let nodes: u32 = document.plan().pools().map(|pool| pool.size).sum();
    let summary = format!(
        "{}: {nodes} nodes in {} pools",
        document.name,
        1 + document.workers.len()
    );
    Check::new(CheckName::Document, summary, problems)
}

fn is_about_addresses(code: Code) -> bool {
    matches!(
        code,
        Code::IpShort
            | Code::IpPeak
            | Code::IpHeadroom
            | Code::CidrOverlap
            | Code::CidrTooSmall
            | Code::CidrNotCanonical
            | Code::VipInCidr
            | Code::VipOutsideSubnet
            | Code::PodsShared
            | Code::MaasDefaultSubnet
    )
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

fn domain(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Domain;
    match &facts.domains {
        Err(error) => Check::error(NAME, "cannot be read", error),
        Ok(domains) if domains.contains(&document.domain) => {
            Check::new(NAME, document.domain.clone(), Vec::new())
        }
        Ok(domains) => {
            let message = format!("MAAS has no DNS domain {}", document.domain);
            let hint = known_names(&document.domain, domains.iter().map(String::as_str));
            Check::failed(
                NAME,
                "not there",
                Problem::new(Code::NotFound, "/domain", message).hint(hint),
            )
        }
    }
}

fn image(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Image;
    let Some(wanted) = &document.image else {
        return Check::skipped(
            NAME,
            "the document names none; the profile's OS pack decides",
        );
    };
    let images = match &facts.images {
        Ok(images) => images,
        Err(error) => return Check::error(NAME, "cannot be read", error),
    };
    let mut arches: Vec<&str> = document
        .plan()
        .pools()
        .filter_map(|pool| pool.arch.clone())
        .map(|arch| {
            if arch.starts_with("arm64") {
                "arm64"
            } else {
                "amd64"
            }
        })
        .collect();
    arches.sort_unstable();
    arches.dedup();
    let problems: Vec<Problem> = arches
        .iter()
        .filter(|arch| {
            !images
                .iter()
                .any(|image| image.name == *wanted && image.arch == **arch)
        })
        .map(|arch| {
            let message = format!("MAAS has no image {wanted} for {arch}");
            let known = images
                .iter()
                .filter(|image| image.arch == **arch)
                .map(|image| image.name.as_str());
            Problem::new(Code::NotFound, "/image", message).hint(known_names(wanted, known))
        })
        .collect();
    let summary = if problems.is_empty() {
        format!("{wanted} for {}", arches.join(", "))
    } else {
        "not there".to_owned()
    };
    Check::new(NAME, summary, problems)
}

fn placement(document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Placement;
    let (zones, pools) = match (&facts.zones, &facts.pools) {
        (Ok(zones), Ok(pools)) => (zones, pools),
        (Err(error), _) | (_, Err(error)) => return Check::error(NAME, "cannot be read", error),
    };
    let mut problems = Vec::new();
    let plan = document.plan();
    for (path, pool) in pool_paths(&plan) {
        if !pools.contains(&pool.resource_pool) {
            let message = format!("MAAS has no resource pool {}", pool.resource_pool);
            let hint = known_names(&pool.resource_pool, pools.iter().map(String::as_str));
            problems.push(
                Problem::new(
                    Code::NotFound,
                    format!("{path}/machines/resource_pool"),
                    message,
                )
                .hint(hint),
            );
        }
        for (index, zone) in pool
            .azs
            .iter()
            .enumerate()
            .filter(|(_, zone)| !zones.contains(zone))
        {
            let message = format!("MAAS has no zone {zone}");
            let hint = known_names(zone, zones.iter().map(String::as_str));
            problems.push(
                Problem::new(
                    Code::AzUnknown,
                    format!("{path}/machines/availability_zones/{index}"),
                    message,
                )
                .hint(hint)
                .arg("zone", zone.clone()),
            );
        }
    }
    let summary = if problems.is_empty() {
        format!(
            "all known; MAAS has {} zones and {} pools",
            zones.len(),
            pools.len()
        )
    } else {
        "not all known".to_owned()
    };
    Check::new(NAME, summary, problems)
}

/// The pools of a specification with their places in the document.
fn pool_paths(plan: &lifecycle_core::ClusterSpec) -> Vec<(String, &PoolSpec)> {
    let control_plane = plan
        .control_plane
        .iter()
        .map(|pool| ("/control_plane".to_owned(), pool));
    let workers = plan
        .workers
        .iter()
        .enumerate()
        .map(|(index, pool)| (format!("/workers/{index}"), pool));
    control_plane.chain(workers).collect()
}

/// Enough machines, and those that Expand First needs beside.
fn machines(driver: &Driver, document: &ClusterDocument, facts: &MaasFacts) -> Check {
    const NAME: CheckName = CheckName::Machines;
    let machines = match &facts.machines {
        Ok(machines) => machines.clone(),
        Err(error) => return Check::error(NAME, "cannot be read", error),
    };
    let plan = document.plan();
    let report = check_capacity(
        &plan,
        &driver.world(Parts {
            machines,
            ..Parts::default()
        }),
    );
    let mut problems = Vec::new();
    for ((path, pool), found) in pool_paths(&plan).into_iter().zip(&report.pools) {
        let kind = format!(
            "≥{} CPU/{} MiB/{} GB",
            pool.min_cpu, pool.min_mem_mib, pool.min_disk_gb
        );
        let zones = if pool.azs.is_empty() {
            "any zone".to_owned()
        } else {
            format!("zones {}", pool.azs.join(", "))
        };
        if found.missing() > 0 {
            let message = format!(
                "pool {} needs {} machines {kind} in resource pool {}, {zones}: {} missing ({} available, {} on their way back)",
                pool.id,
                found.need,
                pool.resource_pool,
                found.missing(),
                found.available,
                found.returning
            );
            let excluded: Vec<String> = found
                .excluded
                .iter()
                .map(|(why, count)| format!("{count} {}", constraint(*why)))
                .collect();
            problems.push(
                Problem::new(Code::Capacity, format!("{path}/size"), message)
                    .hint(format!(
                        "the other machines of these resource pools are: {}",
                        excluded.join(", ")
                    ))
                    .arg("pool", pool.id.clone())
                    .arg("need", found.need)
                    .arg("available", found.available),
            );
        } else if pool.strategy == Strategy::ExpandFirst && found.spare == 0 {
            let message = format!(
                "pool {} has no spare machine {kind} in resource pool {}, {zones}: Expand First will wait for one",
                pool.id, pool.resource_pool
            );
            problems.push(
                Problem::new(Code::NoSpare, format!("{path}/rolling_update"), message)
                    .hint("add a machine, or choose contract_first"),
            );
        }
    }
    let pools: Vec<String> = report
        .pools
        .iter()
        .map(|found| format!("{} {} of {} fitting", found.pool, found.need, found.fitting))
        .collect();
    Check::new(NAME, pools.join(", "), problems)
}

const fn constraint(why: Constraint) -> &'static str {
    match why {
        Constraint::Status => "not ready",
        Constraint::Locked => "locked",
        Constraint::Owner => "in use",
        Constraint::Quarantine => "in quarantine",
        Constraint::ResourcePool => "in another resource pool",
        Constraint::Zone => "in another zone",
        Constraint::Cpu => "with too few cores",
        Constraint::Memory => "with too little memory",
        Constraint::Disk => "with too small a boot disk",
        Constraint::Arch => "of another architecture",
        Constraint::Tags => "without the tags",
    }
}

/// The address plan. Without MAAS it says only what the document alone tells.
fn network(
    driver: &Driver,
    document: &ClusterDocument,
    facts: Option<&MaasFacts>,
) -> (Check, Option<NetworkOwner>) {
    const NAME: CheckName = CheckName::Network;
    let subnets = match facts.map(|facts| &facts.subnets) {
        Some(Ok(subnets)) => subnets.clone(),
        Some(Err(error)) => return (Check::error(NAME, "cannot be read", error), None),
        None => Vec::new(),
    };
    let plan = document.plan();
    let mut problems = Vec::new();
    if let (Some(cidr), Some(_)) = (document.network.machine_subnet, facts)
        && !subnets
            .iter()
            .any(|subnet| Some(&subnet.id) == plan.network.subnet.as_ref())
    {
        let names: Vec<String> = subnets
            .iter()
            .map(|subnet| subnet.cidr.to_string())
            .collect();
        let message = format!("MAAS has no subnet {cidr}");
        let hint = format!("its subnets are {}", names.join(", "));
        problems.push(Problem::new(Code::NotFound, "/network/machine_subnet", message).hint(hint));
    }
    let free = subnets
        .iter()
        .find(|subnet| Some(&subnet.id) == plan.network.subnet.as_ref())
        .map(|subnet| subnet.free_ips);
    let desired = Desired {
        clusters: vec![plan],
        ..Desired::default()
    };
    let planned = plan_network(&NetworkInput {
        desired,
        subnets,
        policy: driver.policy.clone(),
    });
    for mut finding in planned.findings {
        finding.path = document_path(&finding.path);
        let problem = Problem::from(finding);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    let owner = planned.owners.get(&document.name).copied();
    let mut summary = owner.map_or_else(String::new, |owner| {
        format!("{} addresses, {} while rolling", owner.steady, owner.peak)
    });
    if let (Some(free), Some(cidr)) = (free, document.network.machine_subnet) {
        summary = format!("{summary}; {free} free in {cidr}");
    }
    (Check::new(NAME, summary, problems), owner)
}
