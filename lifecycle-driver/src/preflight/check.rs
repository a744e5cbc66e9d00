//! The checks and what they found.

use std::fmt;

use lifecycle_core::NetworkOwner;
use sdk_transport::Error;
use serde::Serialize;

use crate::Problem;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckName {
    /// The document in itself.
    Document,
    /// Whether MAAS is where its address says; listed only if it is not.
    MaasServer,
    /// Whether Palette is where its address says; listed only if it is not.
    PaletteServer,
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
            Self::MaasServer => "MAAS server",
            Self::PaletteServer => "Palette server",
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
    pub(super) fn new(name: CheckName, summary: impl Into<String>, problems: Vec<Problem>) -> Self {
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

    pub(super) fn failed(name: CheckName, summary: impl Into<String>, problem: Problem) -> Self {
        Self::new(name, summary, vec![problem])
    }

    pub(super) fn error(name: CheckName, summary: impl Into<String>, error: &Error) -> Self {
        Self::failed(name, summary, Problem::of_error(error))
    }

    pub(super) fn skipped(name: CheckName, because: &str) -> Self {
        Self {
            name,
            outcome: CheckOutcome::Skipped,
            summary: because.to_owned(),
            problems: Vec::new(),
        }
    }
}

/// What [`crate::Driver::preflight`] found.
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
