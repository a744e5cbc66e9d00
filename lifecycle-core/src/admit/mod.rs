//! Judging what a user asks for: 3.4 "What admit answers", 3.7, 3.8.

mod addresses;
mod capacity;
mod create;
mod gateway;
mod hold;
mod remove;
mod rollout;
mod update;

pub use capacity::{CapacityReport, Constraint, PoolCapacity, check_capacity};

use crate::engine::clock::{self, Clock};
use crate::engine::index::{Cluster, Fleet, MadeUp};
use crate::engine::state;
use crate::prelude::*;
use crate::validate::validate_under;
use crate::{
    Admission, ClusterSpec, Code, Desired, Finding, PcgSpec, Planner, Refusal, Request, Severity,
    State, World, ms_of,
};

/// Judges a request against the world and gives the desired state that carries it out. Never changes anything itself.
///
/// The answer is for this observation: the host writes `desired` if it is still the one that was judged. Accepted requests are stamped with
/// the clock of 3.7.
///
/// ```
/// use lifecycle_core::{ClusterSpec, Code, PoolSpec, Request, World, admit};
///
/// let world = World::new(1_770_000_000_000); // no machine at all
/// let cluster = ClusterSpec::new("prod").control_plane(PoolSpec::control_plane("cp", 3));
/// let mut request = Request::Create { cluster: Box::new(cluster.clone()), queue_if_short: false };
///
/// let refusal = admit(&request, &world).unwrap_err();
/// assert_eq!(refusal.code, Code::Capacity);
/// assert!(refusal.message.starts_with("need 3 machines"));
///
/// // It may wait for them instead.
/// request = Request::Create { cluster: Box::new(cluster), queue_if_short: true };
/// let admission = admit(&request, &world)?;
/// assert_eq!(admission.desired.clusters[0].id, "prod");
/// assert_eq!(admission.warnings[0].code, Code::Capacity);
/// # Ok::<(), lifecycle_core::Refusal>(())
/// ```
///
/// # Errors
/// The refusal, with its stable code, what to do, and where waiting helps, for how long.
pub fn admit(request: &Request, world: &World) -> Result<Admission, Refusal> {
    let made_up = MadeUp::new(world);
    let fleet = Fleet::new(world, &made_up, Planner::Engine);
    let judge = Judge {
        w: world,
        fleet: &fleet,
        clock: clock::read(world.now_ms, &world.memory),
    };
    match request {
        Request::Create {
            cluster,
            queue_if_short,
        } => judge.create(cluster, *queue_if_short),
        Request::Update { cluster } => judge.update(cluster),
        Request::Delete { id, .. } => judge.delete(id),
        Request::Abort { id, .. } => judge.abort(id),
        Request::ForceDelete {
            id,
            actor_role,
            reason,
        } => judge.force_delete(id, *actor_role, reason),
        Request::Pause { id } => judge.pause(id),
        Request::Resume { id, pool } => judge.resume(id, pool.as_deref()),
        Request::ApproveRepave { id } => judge.approve(id),
        Request::RevertRepave { id } => judge.revert(id),
        Request::CreatePcg { pcg } => judge.create_gateway(pcg),
        Request::ResizePcg { id, size } => judge.resize_gateway(id, *size),
        Request::UpgradePcg {
            id,
            revision,
            k8s_version,
        } => judge.upgrade_gateway(id, revision, *k8s_version),
        Request::DeletePcg { id } => judge.delete_gateway(id),
    }
}

/// What a request is judged by.
struct Judge<'a> {
    w: &'a World,
    fleet: &'a Fleet<'a>,
    clock: Clock,
}

type Answer = Result<Admission, Refusal>;

impl<'a> Judge<'a> {
    /// The cluster of this name; gateways are not meant.
    fn cluster(&self, id: &str) -> Result<&'a Cluster<'a>, Refusal> {
        self.fleet.find(id).filter(|c| !c.is_pcg).ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("there is no cluster {}", shown(id)))
                .hint("create it first, or look at its name")
                .arg("id", shown(id))
        })
    }

    fn state(&self, cluster: &Cluster<'_>) -> State {
        state::state(self.fleet, cluster)
    }

    /// E_STALE_INPUT: what depends on free machines and addresses is not judged by an old look.
    fn fresh(&self) -> Result<(), Refusal> {
        let (age, most) = (
            self.w.now_ms.saturating_sub(self.w.observed.as_of_ms),
            ms_of(self.w.policy.observation_max_age_s),
        );
        if age <= most {
            return Ok(());
        }
        let message = format!(
            "the observation is {} s old, more than {} s",
            age / 1000,
            most / 1000
        );
        Err(Refusal::new(Code::StaleInput, message)
            .hint("observe MAAS and Palette again")
            .arg("age_ms", age)
            .arg("max_age_ms", most))
    }

    /// The desired state with one cluster changed.
    fn with(&self, id: &str, change: impl FnOnce(&mut ClusterSpec)) -> Admission {
        let mut desired = self.w.desired.clone();
        if let Some(spec) = desired
            .clusters
            .iter_mut()
            .filter(|c| c.id == id)
            .min_by_key(|c| c.requested_ms)
        {
            change(spec);
        }
        Admission {
            desired,
            warnings: Vec::new(),
        }
    }

    /// The desired state with one gateway changed.
    fn with_gateway(&self, id: &str, change: impl FnOnce(&mut PcgSpec)) -> Admission {
        let mut desired = self.w.desired.clone();
        if let Some(spec) = desired
            .pcgs
            .iter_mut()
            .filter(|g| g.id == id)
            .min_by_key(|g| g.requested_ms)
        {
            change(spec);
        }
        Admission {
            desired,
            warnings: Vec::new(),
        }
    }

    fn unchanged(&self) -> Answer {
        Ok(Admission {
            desired: self.w.desired.clone(),
            warnings: Vec::new(),
        })
    }

    /// Refuses what [`validate`](crate::validate) finds wrong under `path`, and gives its warnings there.
    fn validated(&self, desired: &Desired, path: &str) -> Result<Vec<Finding>, Refusal> {
        let inside = |f: &Finding| {
            f.code == Code::Limit
                || f.path
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let findings: Vec<Finding> = validate_under(desired, &self.w.policy)
            .into_iter()
            .filter(inside)
            .collect();
        let machines = self.w.observed.machines.len();
        let most = self.w.policy.limits.machines;
        if u32::try_from(machines).unwrap_or(u32::MAX) > most {
            return Err(Refusal::new(
                Code::Limit,
                format!("{machines} machines are more than the limit of {most}"),
            )
            .hint("split the fleet, or raise the policy's limit"));
        }
        warnings_or_refusal(findings)
    }
}

/// The warnings, or the first error as a refusal.
fn warnings_or_refusal(findings: Vec<Finding>) -> Result<Vec<Finding>, Refusal> {
    match findings.iter().find(|f| f.severity == Severity::Error) {
        Some(error) => Err(refusal(error.clone())),
        None => Ok(findings),
    }
}

fn refusal(finding: Finding) -> Refusal {
    let mut refusal = Refusal {
        code: finding.code,
        message: finding.message,
        args: finding.args,
        hint: finding.hint,
        retry_after_ms: None,
    };
    if !finding.path.is_empty() {
        refusal.args.insert("path".to_owned(), finding.path.into());
    }
    refusal
}

/// A name as it may be printed, whatever was given as one.
fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// What is said of a cluster or gateway that is on its way out.
fn terminating(id: &str, state: State) -> Option<Refusal> {
    match state {
        State::Deleting => Some(
            Refusal::new(Code::Terminating, format!("{id} is being deleted"))
                .hint("wait until it is gone; after 15 minutes force delete is possible"),
        ),
        State::Aborting => Some(
            Refusal::new(Code::Terminating, format!("{id} is being aborted"))
                .hint("wait until it is gone; after 15 minutes force delete is possible"),
        ),
        State::Deleted => Some(
            Refusal::new(Code::Deleted, format!("{id} is deleted"))
                .hint("create one of another name"),
        ),
        _ => None,
    }
    .map(|r| r.arg("id", id))
}

/// A state as the answers call it.
fn state_name(state: State) -> String {
    format!("{state:?}")
}

/// `a, b, c and 4 more`.
fn some_of(names: &[String]) -> String {
    const MOST: usize = 10;
    match names.len().checked_sub(MOST) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}
