//! The five parts of a cluster's life.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::spec::tree::Positions;
use lifecycle_core::{Plan, Role, Strategy, Verb, duration_text};
use lifecycle_driver::{Created, EventKind, Operation, UpdateOptions, document};
use palette_client::{ClusterProfileFilter, PackLayer};
use sdk_transport::ErrorKind;
use serde::Deserialize;
use testbed::SimClock;

use crate::Stop;
use crate::servers::Servers;
use crate::show::Show;

/// The document that the program carries with it.
const BUILT_IN: &str = include_str!("../../../cluster.yaml");

/// So long after its beginning a deletion can surely not be forced yet: the rule asks for 15 minutes.
const STILL_EARLY_MS: i64 = 10 * 60_000;

/// What is to be built.
pub(crate) struct Script {
    pub(crate) file: String,
    pub(crate) document: ClusterDocument,
    pub(crate) positions: Positions,
}

impl Script {
    /// Reads the document; every mistake of it is shown.
    pub(crate) fn read(path: Option<&Path>, show: &Show) -> Result<Self, Stop> {
        let (file, text) = match path {
            None => ("examples/cluster.yaml".to_owned(), BUILT_IN.to_owned()),
            Some(path) => {
                let file = path.display().to_string();
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Stop::Usage(format!("cannot read {file}: {error}")))?;
                (file, text)
            }
        };
        match document::read_checked_cluster(&text) {
            Ok((document, positions, _)) => Ok(Self {
                file,
                document,
                positions,
            }),
            Err(error) => {
                let error = error.in_file(&file);
                show.mistakes(&error);
                let count = error.findings().len();
                let s = if count == 1 { "" } else { "s" };
                Err(Stop::Usage(format!("{file} has {count} mistake{s}")))
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.document.name
    }

    /// The same cluster on the next version of its profile; none if there is no newer one.
    pub(crate) async fn next_version(
        &self,
        servers: &Servers,
    ) -> Result<Option<ClusterDocument>, Stop> {
        let Some(wanted) = &self.document.cluster_profile else {
            return Ok(None);
        };
        let (Some(name), Some(version)) = (&wanted.name, &wanted.version) else {
            return Ok(None);
        };
        let filter = ClusterProfileFilter::default().name(name);
        let listed = servers
            .palette
            .cluster_profiles()
            .list(&filter)
            .collect_all()
            .await?
            .complete()?;
        let mut versions: Vec<(Vec<u64>, String, String)> = Vec::new();
        for profile in listed
            .iter()
            .filter(|profile| profile.metadata.name == *name)
        {
            let own = (profile.spec.version.clone(), profile.metadata.uid.clone());
            let others = profile
                .spec
                .versions
                .iter()
                .map(|other| (other.version.clone(), other.uid.clone()));
            versions.extend(
                std::iter::once(own)
                    .chain(others)
                    .map(|(version, uid)| (numbers(&version), version, uid)),
            );
        }
        versions.sort();
        let Some((_, next, uid)) = versions
            .into_iter()
            .find(|(numbers_of, ..)| *numbers_of > numbers(version))
        else {
            return Ok(None);
        };
        let mut document = self.document.clone();
        if let Some(profile) = &mut document.cluster_profile {
            profile.version = Some(next);
        }
        if document.kubernetes_version.is_some() {
            let profile = servers.palette.cluster_profile(uid).get().await?;
            let packs = profile
                .spec
                .published
                .map(|published| published.packs)
                .unwrap_or_default();
            let kubernetes = packs
                .iter()
                .find(|pack| pack.layer == Some(PackLayer::Kubernetes));
            document.kubernetes_version = kubernetes.and_then(|pack| pack.version.parse().ok());
        }
        Ok(Some(document))
    }
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// The whole story.
pub(crate) async fn tell(servers: &Servers, script: &Script, show: &Show) -> Result<(), Stop> {
    let story = Story {
        servers,
        show,
        created: Mutex::new(Created::default()),
    };
    let (begun, begun_ms) = (Instant::now(), servers.now_ms());
    let result = story.all(script).await;
    show.end();
    match result {
        Ok(()) => {
            let simulated = match &servers.testbed {
                Some(_) => {
                    let passed = u32::try_from((servers.now_ms() - begun_ms) / 1000).unwrap_or(0);
                    format!(", {} of simulated time", duration_text(passed))
                }
                None => String::new(),
            };
            show.gap();
            show.good(
                "finished",
                &format!("Done in {:.0} s{simulated}.", begun.elapsed().as_secs_f64()),
            );
            Ok(())
        }
        Err(Stop::Interrupted) => {
            story.what_exists("Stopped").await;
            Err(Stop::Interrupted)
        }
        Err(Stop::Failed(error)) => {
            show.failed(&error);
            story.what_exists("Failed").await;
            Err(Stop::Shown)
        }
        Err(stop) => Err(stop),
    }
}

/// Part 1: the servers, their machines, the document.
pub(crate) async fn introduce(servers: &Servers, script: &Script, show: &Show) -> Result<(), Stop> {
    show.chapter(1, "Real input");
    let addresses = &servers.addresses;
    let project = addresses
        .project
        .as_deref()
        .map(|project| format!(", project {project}"))
        .unwrap_or_default();
    if servers.testbed.is_some() {
        show.fact(
            "servers",
            &format!("simulated, at {} times real time", servers.speed),
        );
    } else {
        show.fact("servers", "REAL ones, named by the environment");
    }
    show.fact("MAAS", &addresses.maas_url);
    show.fact("Palette", &format!("{}{project}", addresses.palette_url));
    if servers.testbed.is_some() {
        show.fact("machines", &inventory(servers).await?);
    }
    let document = &script.document;
    let mut pools = vec![format!("control plane {}", document.control_plane.size)];
    pools.extend(
        document
            .workers
            .iter()
            .map(|pool| format!("{} {}", pool.name, pool.size)),
    );
    show.fact(
        "document",
        &format!(
            "{}: cluster {}, {}",
            script.file,
            document.name,
            pools.join(", ")
        ),
    );
    Ok(())
}

/// What the region was filled with.
async fn inventory(servers: &Servers) -> Result<String, Stop> {
    #[derive(Deserialize)]
    struct Brief {
        status_name: String,
    }
    let machines = servers
        .maas
        .machines()
        .list_as::<Brief>(&maas_client::MachineFilter::new())
        .await?
        .complete()?;
    let ready = machines
        .iter()
        .filter(|machine| machine.status_name == "Ready")
        .count();
    let version = servers.maas.version().await?.version;
    Ok(format!(
        "{} machines, {ready} of them Ready, as a real MAAS {version} listed them",
        machines.len()
    ))
}

/// Host names of the machines, by MAAS's ids.
async fn hostnames(servers: &Servers) -> Result<BTreeMap<String, String>, Stop> {
    #[derive(Deserialize)]
    struct Brief {
        system_id: String,
        #[serde(default)]
        hostname: String,
    }
    let machines = servers
        .maas
        .machines()
        .list_as::<Brief>(&maas_client::MachineFilter::new())
        .await?
        .complete()?;
    Ok(machines
        .into_iter()
        .map(|machine| (machine.system_id, machine.hostname))
        .collect())
}

/// Part 2: everything that can be known before.
pub(crate) async fn preflight(servers: &Servers, script: &Script, show: &Show) -> Result<(), Stop> {
    show.chapter(2, "Preflight");
    let preflight = servers
        .driver
        .preflight(&script.document, &script.positions)
        .await;
    for check in &preflight.checks {
        show.check(check, &script.file);
    }
    if preflight.is_ok() {
        return Ok(());
    }
    let (errors, warnings): (Vec<_>, Vec<_>) =
        preflight.problems().partition(|problem| problem.is_error());
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let mut found = counted(errors.len(), "error");
    if !warnings.is_empty() {
        found = format!("{found} and {}", counted(warnings.len(), "warning"));
    }
    show.complain(&format!("the preflight found {found}; nothing was changed"));
    Err(Stop::Shown)
}

/// Which pools are rolled, in which order and how.
fn order(document: &ClusterDocument, plan: &Plan) -> String {
    let actions = plan.steps.iter().flat_map(|step| &step.actions);
    let renewed: BTreeSet<&str> = actions
        .filter(|action| matches!(action.verb, Verb::Deploy { .. }))
        // Ids read "cluster/pool/node/verb".
        .filter_map(|action| action.id.split('/').nth(1))
        .collect();
    let control_plane = &document.control_plane;
    let pools = std::iter::once((
        &control_plane.name,
        control_plane.size,
        control_plane.rolling_update,
    ))
    .chain(
        document
            .workers
            .iter()
            .map(|pool| (&pool.name, pool.size, pool.rolling_update)),
    );
    let rolled: Vec<String> = pools
        .filter(|(name, ..)| renewed.contains(name.as_str()))
        .map(|(name, size, strategy)| {
            let how = match strategy {
                Strategy::ExpandFirst => "Expand First: a new node is ready before an old one goes",
                Strategy::ContractFirst => {
                    "Contract First: an old node goes before a new one comes"
                }
                Strategy::Custom { .. } => "within its own limits",
            };
            format!("{name} ({size} nodes, {how})")
        })
        .collect();
    if rolled.is_empty() {
        return "no node is replaced".to_owned();
    }
    rolled.join(", then ")
}

struct Story<'a> {
    servers: &'a Servers,
    show: &'a Show,
    created: Mutex<Created>,
}

impl Story<'_> {
    async fn all(&self, script: &Script) -> Result<(), Stop> {
        self.servers
            .interrupt
            .or(introduce(self.servers, script, self.show))
            .await?;
        self.servers
            .interrupt
            .or(preflight(self.servers, script, self.show))
            .await?;
        self.create(script).await?;
        self.roll(script).await?;
        self.delete(script).await
    }

    async fn create(&self, script: &Script) -> Result<(), Stop> {
        self.show.chapter(3, "Create");
        let operation = self
            .servers
            .driver
            .create(&script.document, &script.positions);
        let cluster = self.watch(operation, None).await?;
        let text = format!(
            "{} is running and healthy after {}",
            cluster.name,
            duration_text(cluster.duration_s)
        );
        self.show.good("created", &text);
        Ok(())
    }

    async fn roll(&self, script: &Script) -> Result<(), Stop> {
        self.show.chapter(4, "Preview, then roll");
        let Some(next) = self
            .servers
            .interrupt
            .or(script.next_version(self.servers))
            .await?
        else {
            self.show.fact(
                "roll",
                "the profile has no newer version: nothing is rolled",
            );
            return Ok(());
        };
        let driver = &self.servers.driver;
        let preview = self
            .servers
            .interrupt
            .or(async { Ok(driver.preview_update(&next).await?) })
            .await?;
        for change in &preview.changes {
            self.show.fact("change", &change.to_string());
        }
        if !preview.changes.is_empty() {
            self.show.fact("order", &order(&next, &preview.plan));
        }
        let hostnames = self.servers.interrupt.or(hostnames(self.servers)).await?;
        self.show.plan(&preview.plan, &hostnames);
        self.show.gap();
        let operation = driver.update(&next, &UpdateOptions::new().approve_repave(true));
        let updated = self.watch(operation, None).await?;
        self.show.comparison(&updated.comparison);
        Ok(())
    }

    async fn delete(&self, script: &Script) -> Result<(), Stop> {
        self.show.chapter(5, "Delete");
        let operation = self.servers.driver.delete(script.name());
        let gone = self.watch(operation, Some(script.name())).await?;
        for machine in &gone.machines {
            self.show.fact(
                "machine",
                &format!(
                    "{} ({}) is {}",
                    machine.hostname, machine.system_id, machine.label
                ),
            );
        }
        let mut left: Vec<String> = gone.leftovers.iter().map(ToString::to_string).collect();
        if let Some(testbed) = &self.servers.testbed {
            // The testbed keeps its own account of what was not there at the start.
            left.extend(
                testbed.leftovers().into_iter().map(|left| {
                    format!("{} {} ({}): {}", left.kind, left.name, left.id, left.detail)
                }),
            );
        }
        if left.is_empty() {
            let text = format!(
                "Nothing is left over: the cluster is gone, all {} machines can be taken again.",
                gone.machines.len()
            );
            self.show.good("leftovers", &text);
            return Ok(());
        }
        for left in left {
            self.show.bad("leftover", &left);
        }
        Err(Stop::Shown)
    }

    /// Shows an operation until it ends. `forced` names the cluster whose early force delete is tried, and refused, once it is being deleted.
    async fn watch<T>(
        &self,
        mut operation: Operation<T>,
        mut forced: Option<&str>,
    ) -> Result<T, Stop> {
        let begun_ms = self.servers.now_ms();
        self.show.begin(begun_ms);
        // A fast simulation would have given everything back before the question is asked.
        let hold = || {
            let testbed = self.servers.testbed.as_ref()?;
            Some(StandingClock::new(testbed.clock()))
        };
        let mut held = forced.and_then(|_| hold());
        let mut listed = Created::default();
        loop {
            let event = tokio::select! {
                event = operation.next() => event,
                () = self.servers.interrupt.wait() => {
                    self.note(&mut listed, operation.created());
                    return Err(Stop::Interrupted);
                }
            };
            self.note(&mut listed, operation.created());
            let Some(event) = event else { break };
            self.show.event(&event);
            match &event.kind {
                EventKind::State { state, .. } if state == "Deleting" => {
                    drop(held.take());
                    if let Some(name) = forced.take() {
                        let _standing = hold();
                        if self.servers.now_ms().saturating_sub(begun_ms) < STILL_EARLY_MS {
                            self.force_early(name).await?;
                        }
                    }
                }
                // Whoever waits for the next look waits on this clock.
                EventKind::Progress { .. } | EventKind::LookFailed { .. } => held = None,
                _ => {}
            }
        }
        drop(held);
        self.show.end();
        Ok(operation.finish().await?)
    }

    async fn force_early(&self, name: &str) -> Result<(), Stop> {
        let attempt = self.servers.driver.force_delete(
            name,
            Role::ProjectAdmin,
            "to show that it is too early",
        );
        match self
            .servers
            .interrupt
            .or(async { Ok(attempt.await) })
            .await?
        {
            Err(error) if error.code() == "E_FORCE_TOO_EARLY" => {
                self.show.refused(&error);
                Ok(())
            }
            // It was quicker than we: there is nothing to force any more.
            Err(error) if matches!(error.code(), "E_NOT_FOUND" | "E_DELETED") => Ok(()),
            // It only shows a refusal: the deletion goes on without it.
            Err(error)
                if error.is_retryable()
                    || matches!(
                        error.kind(),
                        ErrorKind::Connect
                            | ErrorKind::Transport
                            | ErrorKind::Timeout
                            | ErrorKind::Unavailable
                            | ErrorKind::ServerError
                    ) =>
            {
                self.show.complain(&format!(
                    "the early force delete could not be tried: {error}"
                ));
                Ok(())
            }
            Err(error) => Err(error.into()),
            Ok(_) => Err(Stop::Failed(sdk_transport::Error::new(
                ErrorKind::Internal,
                "an early force delete was carried out",
            ))),
        }
    }

    /// Takes over what an operation lists now. What it no longer lists, it has removed; what it never listed stays.
    fn note(&self, listed: &mut Created, created: Created) {
        let mut all = self
            .created
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for resource in listed.resources() {
            all.remove(resource);
        }
        for resource in created.resources() {
            all.put(resource.clone());
        }
        *listed = created;
    }

    /// The list of what exists by now, read back if the servers still answer.
    async fn what_exists(&self, why: &str) {
        let known = self
            .created
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        let read_back = tokio::time::timeout(
            Duration::from_secs(10),
            self.servers.driver.read_back(&known),
        )
        .await;
        let (exists, doubt) = match read_back {
            Ok(Ok(mut exists)) => {
                // What was asked for and is not found may still appear.
                for resource in known.resources() {
                    if resource.uid.is_none() && exists.get(resource.kind).is_none() {
                        exists.put(resource.clone());
                    }
                }
                (exists, "")
            }
            _ => (known, " (as far as is known: the servers do not answer)"),
        };
        if exists.is_empty() {
            self.show
                .headline(&format!("{why}. Nothing exists because of this."));
            return;
        }
        self.show.headline(&format!("{why}. This exists{doubt}:"));
        self.show.created(&exists);
        if self.servers.testbed.is_some() {
            self.show.fact("note", "these servers were simulated and end with this program; on real ones it would stay");
        }
    }
}

/// A simulated clock that stands still until this is dropped, and never for long: clients wait on it before they try again.
struct StandingClock {
    clock: SimClock,
    end: tokio::task::JoinHandle<()>,
}

impl StandingClock {
    const LONGEST: Duration = Duration::from_secs(3);

    fn new(clock: SimClock) -> Self {
        clock.pause();
        let end = tokio::spawn({
            let clock = clock.clone();
            async move {
                tokio::time::sleep(Self::LONGEST).await;
                clock.resume();
            }
        });
        Self { clock, end }
    }
}

impl Drop for StandingClock {
    fn drop(&mut self) {
        self.end.abort();
        self.clock.resume();
    }
}
