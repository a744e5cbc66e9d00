//! Everything that can be known before anything is changed, in one go.

mod check;
mod maas;
mod palette;

use lifecycle_core::Code;
use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::spec::tree::Positions;
use sdk_transport::{Error, ErrorKind};

pub use self::check::{Check, CheckName, CheckOutcome, Preflight};
use crate::facts::{MaasFacts, PaletteFacts};
use crate::{Driver, Problem};

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
                    .extend(no_entry(CheckName::MaasServer, CheckName::MaasKey, error));
            }
        }
        match palette {
            Ok(facts) => preflight
                .checks
                .extend(self.palette_checks(document, facts).await),
            Err(error) => {
                preflight.checks.extend(no_entry(
                    CheckName::PaletteServer,
                    CheckName::PaletteKey,
                    error,
                ));
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
            preflight.checks.push(maas::domain(document, facts));
            preflight.checks.push(maas::image(document, facts));
            preflight.checks.push(maas::placement(document, facts));
            preflight.checks.push(maas::machines(self, document, facts));
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
        let (check, addresses) = maas::network(self, document, maas.as_ref().ok());
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
}

/// A server that does not let us in: its key if it said so, or else the server itself.
fn no_entry(server: CheckName, key: CheckName, error: &Error) -> Vec<Check> {
    match error.kind() {
        ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::ClockSkew => {
            vec![Check::error(key, "not accepted", error)]
        }
        _ => vec![
            Check::error(server, "does not answer as it should", error),
            Check::skipped(key, "the server could not be asked"),
        ],
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
