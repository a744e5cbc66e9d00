//! Creating a cluster.

use std::collections::BTreeMap;

use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::spec::tree::Positions;
use lifecycle_core::{Request, admit};
use palette_client::CloudAccountOptions;
use sdk_transport::{Error, ErrorKind};
use serde::Serialize;

use crate::facts::PaletteFacts;
use crate::facts::palette::{ProfileFound, accounts};
use crate::look::{Look, count};
use crate::operation::{Operation, Reporter};
use crate::problem::refused;
use crate::request::Uids;
use crate::watch::Watch;
use crate::{Created, Driver, EventKind, Resource, ResourceKind, clusters, request};

/// The label of an account that the driver created, with the cluster for which it did: by it the account is found, and removed, when the
/// cluster is deleted.
pub(crate) const CREATED_FOR: &str = "palette-maas-created-for";

/// How often a thing is looked for by name after the answer to its creation got lost.
const SEARCHES: u32 = 4;

/// A cluster that was created.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreatedCluster {
    /// Its name.
    pub name: String,
    /// Its uid in Palette.
    pub uid: String,
    /// How long it took until it was running and healthy, seconds on the driver's clock.
    pub duration_s: u32,
    /// The cluster as it was seen last.
    pub look: Look,
    /// What exists now because of this.
    pub created: Created,
}

impl Driver {
    /// Creates the cluster that a document describes, and watches it until it is running, healthy and all of its nodes are ready.
    ///
    /// First everything of [`Driver::preflight`] is looked at, then the request is judged; nothing is sent unless both agree. A cloud account
    /// of the document's name that leads to the same MAAS through the same gateway is used; otherwise the gateway tries the credentials, and
    /// the account is created. If the answer to a creation gets lost, the thing is looked for by its name and never asked for twice.
    ///
    /// # Errors
    /// [`Refused`](ErrorKind::Refused) with all findings in its details; [`FailedState`](ErrorKind::FailedState),
    /// [`Timeout`](ErrorKind::Timeout); [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) if something may exist that cannot be found; and those
    /// of the two clients. Whatever exists then is what [`Operation::created`] says.
    pub fn create(
        &self,
        document: &ClusterDocument,
        positions: &Positions,
    ) -> Operation<CreatedCluster> {
        let (driver, document, positions) = (self.clone(), document.clone(), positions.clone());
        Operation::start(self.clock.clone(), |report| async move {
            let started = driver.now_ms();
            let uid = driver
                .submit_reporting(&document, &positions, &report)
                .await?;
            let look = driver.watch_creation(&document, &uid, &report).await?;
            Ok(CreatedCluster {
                name: document.name,
                uid,
                duration_s: u32::try_from(look.at_ms.saturating_sub(started) / 1000).unwrap_or(0),
                look,
                created: report.created(),
            })
        })
    }

    /// The first half of [`Driver::create`]: judges the request, creates the account if need be and asks for the cluster, without watching
    /// it. The result is the cluster's uid.
    ///
    /// # Errors
    /// As [`Driver::create`].
    pub fn submit(&self, document: &ClusterDocument, positions: &Positions) -> Operation<String> {
        let (driver, document, positions) = (self.clone(), document.clone(), positions.clone());
        Operation::start(self.clock.clone(), |report| async move {
            driver
                .submit_reporting(&document, &positions, &report)
                .await
        })
    }

    async fn submit_reporting(
        &self,
        document: &ClusterDocument,
        positions: &Positions,
        report: &Reporter,
    ) -> Result<String, Error> {
        report.step("looking at what MAAS and Palette hold");
        let (maas, palette) = self.gather(document).await;
        let preflight = self.judge(document, positions, &maas, &palette).await;
        for problem in preflight.problems().filter(|problem| !problem.is_error()) {
            report.tell(EventKind::Warning {
                problem: problem.clone(),
            });
        }
        preflight.into_result()?;
        let palette = palette?;
        let world = self.world_before(maas?, &palette)?;
        let request = Request::Create {
            cluster: Box::new(document.plan()),
            queue_if_short: false,
        };
        admit(&request, &world).map_err(refused)?;
        let uids = Uids {
            account: self.account_for(document, &palette, report).await?,
            profile: match &palette.profile {
                Ok(ProfileFound::Profile(profile)) => Some(profile.metadata.uid.clone()),
                _ => None,
            },
            backup_location: document
                .features
                .backup_policy
                .as_ref()
                .and_then(|policy| palette.location(&policy.location))
                .cloned(),
        };
        self.ask_for_cluster(document, &uids, report).await
    }

    /// The uid of the document's account, which is created if there is none.
    async fn account_for(
        &self,
        document: &ClusterDocument,
        facts: &PaletteFacts,
        report: &Reporter,
    ) -> Result<String, Error> {
        let missing = |what: &str| Error::invalid_input(format!("the document names no {what}"));
        let wanted = document
            .cloud_account
            .as_ref()
            .ok_or_else(|| missing("cloud account"))?;
        if let Some(account) = facts.account(&wanted.name) {
            let uid = account.metadata.uid.clone();
            report.tell(EventKind::Reused {
                resource: Resource::cloud_account(&wanted.name, Some(uid.clone())),
            });
            return Ok(uid);
        }
        let gateway = facts
            .gateway(&wanted.gateway)
            .ok_or_else(|| missing("gateway that exists"))?;
        let options = CloudAccountOptions::new(
            &wanted.name,
            &gateway.metadata.uid,
            self.maas_credentials()?,
        )
        .labels([(CREATED_FOR, document.name.as_str())]);
        let resource = Resource::cloud_account(&wanted.name, None);
        report.asked(&resource);
        report.step(format!("creating the cloud account {}", wanted.name));
        let outcome = self.palette.cloud_accounts().create(&options).await;
        let uid = self.created_or_found(outcome, &resource, report).await?;
        report.exists(Resource::cloud_account(&wanted.name, Some(uid.clone())));
        Ok(uid)
    }

    async fn ask_for_cluster(
        &self,
        document: &ClusterDocument,
        uids: &Uids,
        report: &Reporter,
    ) -> Result<String, Error> {
        let options = request::cluster(document, uids);
        let resource = Resource::cluster(&document.name, None);
        report.asked(&resource);
        report.step(format!("creating the cluster {}", document.name));
        let outcome = self.palette.clusters().create(&options).await;
        let uid = self.created_or_found(outcome, &resource, report).await?;
        report.exists(Resource::cluster(&document.name, Some(uid.clone())));
        Ok(uid)
    }

    /// What a creation answered; if the answer got lost, what is found under the name.
    async fn created_or_found(
        &self,
        outcome: Result<String, Error>,
        resource: &Resource,
        report: &Reporter,
    ) -> Result<String, Error> {
        let error = match outcome {
            Ok(uid) => return Ok(uid),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => error,
            Err(error) => {
                report.not_created(resource);
                return Err(error);
            }
        };
        report.tell(EventKind::LookFailed {
            code: error.code().to_owned(),
            message: format!(
                "the answer got lost; looking for the {} {} by name",
                resource.kind, resource.name
            ),
        });
        for search in 0..SEARCHES {
            // The server may still be at work on it.
            if search > 0 {
                self.clock.sleep(self.watch.pause()).await;
            }
            match self.find(resource).await {
                Ok(Some(uid)) => return Ok(uid),
                Ok(None) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
        }
        Err(error.with_hint(format!(
            "no {} {} was found since, but it may still appear: {}",
            resource.kind,
            resource.name,
            resource.how_to_remove()
        )))
    }

    /// The uid of what has this name.
    pub(crate) async fn find(&self, resource: &Resource) -> Result<Option<String>, Error> {
        Ok(match resource.kind {
            ResourceKind::Cluster => clusters::find(&self.palette, &resource.name)
                .await?
                .map(|found| found.uid),
            ResourceKind::CloudAccount => {
                let accounts = accounts(&self.palette).await?;
                accounts
                    .into_iter()
                    .find(|account| account.metadata.name == resource.name)
                    .map(|account| account.metadata.uid)
            }
            ResourceKind::Machine => resource.uid.clone(),
        })
    }

    async fn watch_creation(
        &self,
        document: &ClusterDocument,
        uid: &str,
        report: &Reporter,
    ) -> Result<Look, Error> {
        let wanted: BTreeMap<String, u32> = document
            .plan()
            .pools()
            .map(|pool| (pool.id.clone(), pool.size))
            .collect();
        let mut watch = Watch::new(self, &document.name, uid, wanted.keys().cloned().collect());
        report.step(format!(
            "waiting until {} is running and healthy",
            document.name
        ));
        let timings = self.policy.timings.clone();
        loop {
            let look = watch.next(report).await?;
            watch.progress(report, look.creation_progress(&wanted, &timings));
            let complete = wanted
                .iter()
                .all(|(pool, size)| count(look.pool(pool).filter(|node| node.ready)) >= *size);
            if look.is_running_and_healthy() && complete {
                return Ok(look);
            }
            // A condition that failed may heal: Palette tries for ever. These states do not.
            if look.is("Deleting") || look.is("Deleted") {
                return Err(watch.failed("somebody deletes the cluster"));
            }
            if look.is("Error") {
                return Err(watch.failed(&open_conditions(&look)));
            }
        }
    }
}

/// What Palette says is not done, as a reason.
pub(crate) fn open_conditions(look: &Look) -> String {
    let open: Vec<String> = look
        .conditions
        .iter()
        .filter(|condition| condition.status != "True")
        .map(|condition| {
            if condition.message.is_empty() {
                condition.name.clone()
            } else {
                format!("{}: {}", condition.name, condition.message)
            }
        })
        .collect();
    if open.is_empty() {
        "Palette gives no reason".to_owned()
    } else {
        open.join("; ")
    }
}
