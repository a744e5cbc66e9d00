//! The simulated Palette.
//!
//! It serves the operations that clusters on MAAS need, checks every request against Palette's published specification, and works on the machines of the
//! region beside it: a planner of the core says what to do, and Palette does it on simulated time.
//!
//! It owns every path under `/v1`; history and faults lie in front of it. `GET` and `PUT /_testbed/palette` show and change what a test may set:
//! `{"gateway": "running|upgrading|stopped", "planner": "cluster_api|engine", "rate_limits": true}`.
//!
//! There is one tenant with one administrator, one API key and one project; one gateway; one cluster profile in two versions; one backup location. A cluster goes
//! through the states that Palette documents, its machines through those of MAAS. What no source tells of the real Palette, above all the codes of
//! refusals that depend on a cluster's state, is answered here with status 400 and a code that names the rule.

mod account;
mod act;
mod backup_location;
mod call;
mod cluster;
mod cluster_call;
mod cluster_feature;
mod cluster_profile;
mod cluster_search;
mod door;
mod event;
mod gateway;
mod host;
mod kubeconfig;
mod limit;
mod machine;
mod node;
mod pool;
mod profile;
mod progress;
mod region_client;
mod repave;
mod reply;
mod route;
mod spec;
mod state;
mod tenant;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::routing::{any, get};
use http::{Request, Response};
pub use lifecycle_core::Planner;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::gateway::GatewayState;
use self::reply::Refusal;
use self::state::State;
use crate::maas::Region;
use crate::{Leftover, SimClock, Testbed};

/// The largest body of a request.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What the testbed gives its Palette to work with.
#[derive(Clone)]
pub(crate) struct PaletteContext {
    /// The machines, in process.
    pub(crate) region: Region,
    /// Simulated time for every timer and every timestamp in a body.
    pub(crate) clock: SimClock,
    /// The seed of everything random.
    pub(crate) seed: u64,
    /// `http://127.0.0.1:PORT`, for links in bodies.
    pub(crate) origin: Arc<str>,
    /// Background tasks are spawned here so that stopping the testbed waits for them,
    pub(crate) tasks: TaskTracker,
    /// and end when this is cancelled.
    pub(crate) stop: CancellationToken,
}

/// The simulated Palette. Clones share it.
#[derive(Clone)]
pub struct Palette {
    inner: Arc<Inner>,
}

struct Inner {
    region: Region,
    clock: SimClock,
    seed: u64,
    origin: Arc<str>,
    state: Mutex<State>,
    changed: Notify,
}

impl std::fmt::Debug for Palette {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Palette")
            .field("origin", &self.inner.origin)
            .finish_non_exhaustive()
    }
}

impl Palette {
    pub(crate) fn new(context: PaletteContext) -> Self {
        let PaletteContext {
            region,
            clock,
            seed,
            origin,
            tasks,
            stop,
        } = context;
        let state = State::new(
            seed,
            clock.now_millis(),
            Arc::clone(&origin),
            Planner::ClusterApi,
        );
        let palette = Self {
            inner: Arc::new(Inner {
                region,
                clock,
                seed,
                origin,
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        };
        let background = palette.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = background.run() => {}
            }
        });
        palette
    }

    /// Steps whenever something is due, a machine changed, or a request changed something.
    async fn run(&self) {
        let inner = &self.inner;
        let mut machines = inner.region.subscribe();
        let mut held = None;
        loop {
            let due_ms = self.step();
            let timer =
                due_ms.map(|due_ms| inner.clock.sleep_until_micros(due_ms.saturating_mul(1000)));
            // A second timer for the same instant, never awaited: the clock is not moved on before this step is done and its next timer stands.
            let guard =
                due_ms.map(|due_ms| inner.clock.sleep_until_micros(due_ms.saturating_mul(1000)));
            drop(held.replace(guard));
            let timer = async {
                match timer {
                    Some(timer) => timer.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = timer => {}
                () = inner.changed.notified() => {}
                change = machines.recv() => {
                    if matches!(change, Err(RecvError::Closed)) {
                        return;
                    }
                    while machines.try_recv().is_ok() {}
                }
            }
        }
    }

    fn step(&self) -> Option<i64> {
        let mut state = self.state();
        state.step(&self.inner.region, self.inner.clock.now_millis());
        state.next_due_ms
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The routes under `/v1`, and `/_testbed/palette`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/v1", any(serve))
            .route("/v1/{*path}", any(serve))
            .route("/_testbed/palette", get(describe).put(control))
            .with_state(self.clone())
    }

    /// What `GET /_testbed/` says about Palette: keys, project, …
    pub(crate) fn describe(&self) -> Value {
        let state = self.state();
        let profiles: Vec<Value> = state
            .profiles
            .iter()
            .map(|p| json!({"name": p.name, "version": p.version, "uid": p.uid}))
            .collect();
        json!({
            "url": &*self.inner.origin, "api_key": state.tenant.api_key,
            "project": {"name": tenant::PROJECT, "uid": state.tenant.project_uid},
            "gateway": {"name": gateway::NAME, "uid": state.gateway.uid, "state": state.gateway.state},
            "profiles": profiles, "backup_location": {"name": backup_location::NAME, "uid": state.locations[0]["metadata"]["uid"]},
            "planner": state.planner, "rate_limits": state.limits.is_on,
        })
    }

    /// Clusters, accounts and the like that did not exist at the start.
    pub(crate) fn leftovers(&self) -> Vec<Leftover> {
        let state = self.state();
        let clusters = state
            .clusters
            .iter()
            .filter(|cluster| !cluster.is_deleted() || !cluster.orphans.is_empty())
            .map(|cluster| {
                let detail = if cluster.is_deleted() {
                    format!(
                        "force deleted, left in MAAS: {}",
                        cluster.orphans.join(", ")
                    )
                } else {
                    cluster.state().to_owned()
                };
                Leftover::new("cluster", &cluster.uid, &cluster.name, &detail)
            });
        let accounts = state.accounts.iter().map(|account| {
            Leftover::new("cloud_account", &account.uid, &account.name, "not deleted")
        });
        clusters.chain(accounts).collect()
    }

    /// Everything as at the start. The region has been reset already.
    pub(crate) fn reset(&self) {
        let inner = &self.inner;
        let mut state = self.state();
        let planner = state.planner;
        *state = State::new(
            inner.seed,
            inner.clock.now_millis(),
            Arc::clone(&inner.origin),
            planner,
        );
        drop(state);
        inner.changed.notify_one();
    }

    /// The key that goes into the header `ApiKey`.
    #[must_use]
    pub fn api_key(&self) -> String {
        self.state().tenant.api_key.clone()
    }

    /// The uid that goes into the header `ProjectUid`.
    #[must_use]
    pub fn project_uid(&self) -> String {
        self.state().tenant.project_uid.clone()
    }

    /// The name of the project.
    #[must_use]
    pub fn project_name(&self) -> &'static str {
        tenant::PROJECT
    }

    /// The uid of the private cloud gateway.
    #[must_use]
    pub fn gateway_uid(&self) -> String {
        self.state().gateway.uid.clone()
    }

    /// The name of the private cloud gateway.
    #[must_use]
    pub fn gateway_name(&self) -> &'static str {
        gateway::NAME
    }

    /// The name of the cluster profile.
    #[must_use]
    pub fn profile_name(&self) -> &'static str {
        profile::NAME
    }

    /// The versions of the cluster profile with their uids, the oldest first.
    #[must_use]
    pub fn profile_versions(&self) -> Vec<(String, String)> {
        self.state()
            .profiles
            .iter()
            .map(|profile| (profile.version.clone(), profile.uid.clone()))
            .collect()
    }

    /// The uid of the backup location.
    #[must_use]
    pub fn backup_location_uid(&self) -> String {
        let state = self.state();
        state
            .locations
            .first()
            .map_or_else(String::new, |location| {
                state::text(&location["metadata"], "uid").to_owned()
            })
    }

    /// What the gateway is doing.
    #[must_use]
    pub fn gateway_state(&self) -> GatewayState {
        self.state().gateway.state
    }

    /// Lets the gateway run, upgrade or stop. While it does not run, new clusters stay Pending and deletions do not proceed.
    pub fn set_gateway_state(&self, gateway: GatewayState) {
        self.state().gateway.state = gateway;
        self.inner.changed.notify_one();
    }

    /// Chooses who plans the work on machines: Cluster API's counts (as Palette does it, the default) or the engine.
    pub fn set_planner(&self, planner: Planner) {
        self.state().planner = planner;
        self.inner.changed.notify_one();
    }

    /// Switches the documented rate limits on or off (off at the start: with fast simulated time clients poll far more often than they would).
    pub fn set_rate_limits(&self, on: bool) {
        self.state().limits.is_on = on;
    }

    /// What is wrong with an answer of Palette, judged by its published specification; empty if nothing is. For tests.
    #[must_use]
    pub fn check_answer(
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<String> {
        spec::Spec::published().check_answer(method, path, status, body)
    }
}

impl Testbed {
    /// The key that goes into Palette's header `ApiKey`.
    #[must_use]
    pub fn palette_api_key(&self) -> String {
        self.palette().api_key()
    }

    /// The uid of Palette's one project, `Default`.
    #[must_use]
    pub fn palette_project_uid(&self) -> String {
        self.palette().project_uid()
    }

    /// The uid of Palette's one private cloud gateway.
    #[must_use]
    pub fn palette_gateway_uid(&self) -> String {
        self.palette().gateway_uid()
    }
}

async fn serve(Extracted(palette): Extracted<Palette>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return Refusal::router(413, "the body is too large").into_response("");
    };
    let inner = &palette.inner;
    let mut state = palette.state();
    let now_ms = inner.clock.now_millis();
    if state.next_due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
        state.step(&inner.region, now_ms);
    }
    state.now_ms = state.now_ms.max(now_ms);
    let (response, has_changed) = door::answer(&mut state, &inner.region, &parts, &body);
    drop(state);
    if has_changed {
        inner.changed.notify_one();
    }
    response
}

async fn describe(Extracted(palette): Extracted<Palette>) -> axum::Json<Value> {
    axum::Json(palette.describe())
}

/// Settings that a running Palette takes.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    gateway: Option<GatewayState>,
    planner: Option<Planner>,
    rate_limits: Option<bool>,
}

async fn control(
    Extracted(palette): Extracted<Palette>,
    axum::Json(settings): axum::Json<Settings>,
) -> axum::Json<Value> {
    if let Some(gateway) = settings.gateway {
        palette.set_gateway_state(gateway);
    }
    if let Some(planner) = settings.planner {
        palette.set_planner(planner);
    }
    if let Some(on) = settings.rate_limits {
        palette.set_rate_limits(on);
    }
    axum::Json(palette.describe())
}
