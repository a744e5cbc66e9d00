//! Changing a cluster: preview, carry out, watch, compare.

use std::collections::{BTreeMap, BTreeSet};

use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::{
    ClusterSpec, Finding, Plan, PreviewOptions, Request, Timings, World, admit, preview,
};
use palette_client::{ClusterProfile, ProfilesOptions};
use sdk_transport::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::changes::{Changes, attached};
use crate::clusters::Present;
use crate::compare::{Comparison, Recorder};
use crate::create::open_conditions;
use crate::facts::MaasFacts;
use crate::facts::palette::{ProfileFound, profile};
use crate::look::{Look, count};
use crate::operation::{Operation, Reporter};
use crate::problem::{refused, refused_all};
use crate::watch::Watch;
use crate::world::Parts;
use crate::{Change, Driver, EventKind, Problem, request};

/// How often a cluster is looked at before it is judged, if the answers come too late.
const LOOKS_BEFORE: u32 = 3;

/// What an update would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpdatePreview {
    /// What differs between the cluster and the document.
    pub changes: Vec<Change>,
    /// What should be known before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
    /// Step by step, by the rules that Palette follows.
    pub plan: Plan,
}

/// How an update is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateOptions {
    /// Whether to approve that nodes are replaced, if Palette asks. Otherwise the update waits until somebody does.
    pub approve_repave: bool,
}

impl UpdateOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether to approve that nodes are replaced.
    #[must_use]
    pub fn approve_repave(mut self, approve: bool) -> Self {
        self.approve_repave = approve;
        self
    }
}

/// An update that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpdatedCluster {
    /// The cluster's name.
    pub name: String,
    /// Its uid in Palette.
    pub uid: String,
    /// What was changed; nothing if the cluster was as the document says.
    pub changes: Vec<Change>,
    /// What had been planned.
    pub plan: Plan,
    /// The plan beside what happened.
    pub comparison: Comparison,
    /// The cluster as it was seen last.
    pub look: Look,
}

/// A cluster that exists, beside what a document wants of it.
pub(crate) struct Standing {
    pub(crate) world: World,
    present: Present,
    target: ClusterSpec,
    profile: Option<ClusterProfile>,
    changes: Changes,
    look: Look,
}

impl Driver {
    /// What would be done to make the cluster as the document describes it: what differs, and the plan by `cluster_api`, the rules that
    /// Palette follows, with the other strategy beside it. Changes nothing.
    ///
    /// # Errors
    /// [`Refused`](ErrorKind::Refused) with the code of the rule: `E_NOT_FOUND`, `E_UPDATE_WHILE_PROVISIONING`, `E_UNSUPPORTED`, …; and
    /// those of the two clients.
    pub async fn preview_update(&self, document: &ClusterDocument) -> Result<UpdatePreview, Error> {
        let found = self.cluster_named(&document.name).await?;
        Ok(self.judged(document, &found.uid).await?.1)
    }

    /// The cluster as it is and what an update would do; looks again if the answers took so long that they are too old by now.
    async fn judged(
        &self,
        document: &ClusterDocument,
        uid: &str,
    ) -> Result<(Standing, UpdatePreview), Error> {
        let stale = lifecycle_core::Code::StaleInput.as_str();
        for _ in 1..LOOKS_BEFORE {
            let standing = self.standing(document, uid).await?;
            match self.judge_update(&standing) {
                Err(error) if error.code() == stale => {}
                judged => return Ok((standing, judged?)),
            }
        }
        let standing = self.standing(document, uid).await?;
        let judged = self.judge_update(&standing)?;
        Ok((standing, judged))
    }

    /// Makes the cluster as the document describes it, watches until it is, and compares what happened with the plan.
    ///
    /// A profile is exchanged for its other version, a pool is replaced as a whole. The engine's actions are never sent to Palette: it rolls
    /// by itself.
    ///
    /// # Errors
    /// As [`Driver::preview_update`]; [`FailedState`](ErrorKind::FailedState) and [`Timeout`](ErrorKind::Timeout) of the watch.
    pub fn update(
        &self,
        document: &ClusterDocument,
        options: &UpdateOptions,
    ) -> Operation<UpdatedCluster> {
        let (driver, document, options) = (self.clone(), document.clone(), options.clone());
        Operation::start(self.clock.clone(), |report| async move {
            driver.update_reporting(&document, &options, &report).await
        })
    }

    async fn update_reporting(
        &self,
        document: &ClusterDocument,
        options: &UpdateOptions,
        report: &Reporter,
    ) -> Result<UpdatedCluster, Error> {
        report.step(format!("looking at {}", document.name));
        let found = self.cluster_named(&document.name).await?;
        let (standing, judged) = self.judged(document, &found.uid).await?;
        for warning in judged.warnings {
            report.tell(EventKind::Warning {
                problem: warning.into(),
            });
        }
        let done = |look: Look, comparison| UpdatedCluster {
            name: document.name.clone(),
            uid: found.uid.clone(),
            changes: judged.changes.clone(),
            plan: judged.plan.clone(),
            comparison,
            look,
        };
        if judged.changes.is_empty() {
            return Ok(done(standing.look, Comparison::default()));
        }
        let mut watch = Watch::new(
            self,
            &document.name,
            &found.uid,
            standing.present.pool_names(),
        );
        let before = watch.before().await?;
        let mut recorder = Recorder::new(&document.name, &before);
        self.send_changes(document, &standing, report).await?;
        report.step(format!("waiting until {} is as described", document.name));
        let look = self
            .watch_update(
                &standing,
                options,
                &before,
                &mut watch,
                &mut recorder,
                report,
            )
            .await?;
        let comparison = recorder.compare(&judged.plan);
        for difference in &comparison.differences {
            report.tell(EventKind::Difference {
                difference: difference.clone(),
            });
        }
        Ok(done(look, comparison))
    }

    /// What an update of the profile from one document to another sends, without a look at any cluster.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if a document's profile is not there, and those of the client.
    pub async fn profile_options(
        &self,
        from: &ClusterDocument,
        to: &ClusterDocument,
    ) -> Result<ProfilesOptions, Error> {
        let before = self.profile_of(from).await?;
        let after = self.profile_of(to).await?;
        let wanted = to.cluster_profile.clone().unwrap_or_default();
        let uid = |profile: Option<ClusterProfile>| {
            profile
                .map(|profile| profile.metadata.uid)
                .unwrap_or_default()
        };
        Ok(request::profiles(&wanted, &uid(after), Some(&uid(before))))
    }

    async fn profile_of(
        &self,
        document: &ClusterDocument,
    ) -> Result<Option<ClusterProfile>, Error> {
        match profile(&self.palette, document).await? {
            ProfileFound::Profile(profile) => Ok(Some(*profile)),
            ProfileFound::NotNamed => Ok(None),
            ProfileFound::NoName(_) | ProfileFound::NoVersion(_) => {
                let wanted = document.cluster_profile.clone().unwrap_or_default();
                let name = wanted.name.or(wanted.uid).unwrap_or_default();
                let version = wanted
                    .version
                    .map(|version| format!(" {version}"))
                    .unwrap_or_default();
                Err(Error::new(
                    ErrorKind::NotFound,
                    format!("there is no cluster profile {name}{version}"),
                )
                .with_hint("look at the profile's name and versions in Palette"))
            }
        }
    }

    /// The cluster as it is, beside what the document wants.
    pub(crate) async fn standing(
        &self,
        document: &ClusterDocument,
        uid: &str,
    ) -> Result<Standing, Error> {
        let (present, profile, maas, gateways) = tokio::try_join!(
            self.present(uid),
            self.profile_of(document),
            MaasFacts::gather(&self.maas, document),
            async { self.palette.gateways().list().await?.complete() },
        )?;
        let changes = Changes::between(&present, document, profile.as_ref());
        let target = document.plan();
        let spec = changes.present_spec(&present, &target);
        let look = Watch::new(self, &document.name, uid, present.pool_names())
            .before()
            .await?;
        let world = self.world(Parts {
            spec: Some(&spec),
            look: Some(&look),
            machines: maas.machines?,
            // Of the others no address is used.
            subnets: maas
                .subnets?
                .into_iter()
                .filter(|subnet| Some(&subnet.id) == spec.network.subnet.as_ref())
                .collect(),
            gateways: &gateways,
        });
        Ok(Standing {
            world,
            present,
            target,
            profile,
            changes,
            look,
        })
    }

    fn judge_update(&self, standing: &Standing) -> Result<UpdatePreview, Error> {
        let unsupported: Vec<Problem> = standing
            .changes
            .unsupported
            .iter()
            .map(|(path, what)| {
                Problem::new(
                    lifecycle_core::Code::Unsupported,
                    path,
                    format!("cannot change this by an update: {what}"),
                )
                .hint("make the document say what the cluster has, or create another cluster")
            })
            .collect();
        if !unsupported.is_empty() {
            return Err(refused_all(&unsupported));
        }
        let request = Request::Update {
            cluster: Box::new(standing.target.clone()),
        };
        let admission = admit(&request, &standing.world).map_err(refused)?;
        Ok(UpdatePreview {
            changes: standing.changes.changes.clone(),
            warnings: admission.warnings,
            plan: preview(&standing.world, Some(&request), &PreviewOptions::default()),
        })
    }

    /// Sends what differs: the profile first, since its nodes are replaced anyway, then the pools.
    async fn send_changes(
        &self,
        document: &ClusterDocument,
        standing: &Standing,
        report: &Reporter,
    ) -> Result<(), Error> {
        let present = &standing.present;
        if let (true, Some(wanted), Some(profile)) = (
            standing.changes.profile(),
            &document.cluster_profile,
            &standing.profile,
        ) {
            let options = request::profiles(
                wanted,
                &profile.metadata.uid,
                attached(present, profile).map(|now| now.uid.as_str()),
            );
            report.step(format!(
                "changing the profile to {} {}",
                profile.metadata.name, profile.spec.version
            ));
            let sent = self
                .palette
                .cluster(&present.uid)
                .update_profiles(&options)
                .await;
            match sent {
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    let attached = self.present(&present.uid).await?.profiles;
                    if !attached
                        .iter()
                        .any(|attached| attached.uid == profile.metadata.uid)
                    {
                        return Err(error
                            .with_hint("the cluster does not show the change; repeat the update"));
                    }
                }
                sent => sent?,
            }
        }
        for pool in &standing.changes.pools {
            let now = present.pools.iter().find(|now| now.name == pool.name);
            let base = now
                .map(palette_client::NodePool::to_options)
                .unwrap_or_default();
            report.step(format!("changing the pool {}", pool.name));
            // A PUT of the whole pool: repeating it does no harm, so the client has done that already.
            self.palette
                .node_pool(&present.config_uid, &pool.name)
                .update(&pool.to_options(base))
                .await?;
        }
        Ok(())
    }

    async fn watch_update(
        &self,
        standing: &Standing,
        options: &UpdateOptions,
        before: &Look,
        watch: &mut Watch<'_>,
        recorder: &mut Recorder,
        report: &Reporter,
    ) -> Result<Look, Error> {
        let goal = Goal::new(standing, before);
        let mut asked = false;
        loop {
            let look = watch.next(report).await?;
            recorder.record(&look);
            watch.progress(report, goal.progress(&look, &self.policy.timings));
            if goal.is_reached(&look) {
                return Ok(look);
            }
            if look.is("Deleting") || look.is("Deleted") {
                return Err(watch.failed("somebody deletes the cluster"));
            }
            if look.is("Error") {
                return Err(watch.failed(&open_conditions(&look)));
            }
            if look.repave_pending && !asked {
                asked = self.repave(&standing.present.uid, options, report).await?;
            }
        }
    }

    /// Tells what Palette asks, and answers; false if nobody knows whether the answer arrived.
    async fn repave(
        &self,
        uid: &str,
        options: &UpdateOptions,
        report: &Reporter,
    ) -> Result<bool, Error> {
        let cluster = self.palette.cluster(uid);
        let reasons = cluster.repave().await?.spec.reasons;
        report.tell(EventKind::RepavePending {
            reasons: reasons
                .into_iter()
                .map(|reason| reason.message)
                .filter(|message| !message.is_empty())
                .collect(),
        });
        if !options.approve_repave {
            return Ok(true);
        }
        report.step("approving that nodes are replaced");
        match cluster.approve_repave().await {
            // Whether it was carried out shows at the next look; if not, it is asked again.
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Ok(false),
            sent => sent.map(|()| true),
        }
    }
}

/// When an update is done.
struct Goal {
    sizes: BTreeMap<String, u32>,
    /// Nodes that must be gone, by uid.
    old: BTreeSet<String>,
    replaced: BTreeSet<String>,
}

impl Goal {
    fn new(standing: &Standing, before: &Look) -> Self {
        let replaced: BTreeSet<String> = standing
            .target
            .pools()
            .map(|pool| pool.id.clone())
            .filter(|pool| standing.changes.replaces(pool))
            .collect();
        Self {
            sizes: standing
                .target
                .pools()
                .map(|pool| (pool.id.clone(), pool.size))
                .collect(),
            old: before
                .nodes
                .iter()
                .filter(|node| replaced.contains(&node.pool))
                .map(|node| node.uid.clone())
                .collect(),
            replaced,
        }
    }

    /// All nodes are new where they are replaced, as many as wanted, ready; and the machines of the old ones are back in MAAS.
    fn is_reached(&self, look: &Look) -> bool {
        let complete = self.sizes.iter().all(|(pool, size)| {
            count(look.pool(pool)) == *size
                && look
                    .pool(pool)
                    .all(|node| node.ready && !self.old.contains(&node.uid))
        });
        let given_back = look.machines.iter().all(|machine| {
            machine.back
                || machine.status.is_gone()
                || look.nodes.iter().any(|node| node.name == machine.hostname)
        });
        look.is_running_and_healthy() && !look.repave_pending && complete && given_back
    }

    fn progress(&self, look: &Look, timings: &Timings) -> (u8, u32, u32) {
        let total: u32 = self
            .replaced
            .iter()
            .filter_map(|pool| self.sizes.get(pool))
            .sum();
        if total == 0 {
            let sizes = &self.sizes;
            return look.creation_progress(sizes, timings);
        }
        let new = |node: &&crate::NodeSeen| {
            self.replaced.contains(&node.pool) && !self.old.contains(&node.uid)
        };
        let ready = count(look.nodes.iter().filter(new).filter(|node| node.ready)).min(total);
        let permille: u32 = look
            .nodes
            .iter()
            .filter(new)
            .map(|node| look.node_permille(node, timings))
            .sum();
        let percent = if self.is_reached(look) {
            100
        } else {
            permille.min(total * 1000) * 95 / (total * 1000)
        };
        (u8::try_from(percent).unwrap_or(100), ready, total)
    }
}
