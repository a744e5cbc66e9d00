//! What a new node is made from, and whether it may be made: the gate's d1, the version skew, replaceable(x).
use crate::prelude::*;
use crate::{ConditionCode, Planner, UnblockKind, Verdict, Version, cluster_pool_key};

use super::capacity::free_fits;
use super::explain::{Until, explain, facts};
use super::freeze;
use super::index::{Cluster, Fleet};
use super::out::Out;
use super::phase::{NodeView, Phase};
use super::pool::Pool;
use super::switch::Rule;
use super::view::View;

/// d1: why the control plane is not done yet.
pub(crate) fn control_plane_busy(c: &Cluster<'_>) -> Option<String> {
    let cp = c.cp()?;
    if c.etcd.view != View::Good {
        return Some("etcd is not known to be well".to_owned());
    }
    if cp.outdated > 0 {
        return Some(format!("{} of its nodes are outdated", cp.outdated));
    }
    if cp.live != cp.size {
        return Some(format!("it has {} of {} nodes", cp.live, cp.size));
    }
    let moving = cp
        .nodes
        .iter()
        .find(|x| x.phase.is_live() && x.phase != Phase::Active)?;
    Some(format!("{} is {}", moving.id, moving.phase.name()))
}

/// Why workers may not have this version: newer than a control-plane node, or more than three minor versions behind one.
pub(crate) fn skew(c: &Cluster<'_>, version: Option<Version>) -> Option<String> {
    let (cp, version) = (c.cp()?, version.filter(|_| Rule::VersionSkew.holds())?);
    let minor = |v: Version| (v.major, v.minor);
    let (lowest, highest) = (cp.versions().min()?, cp.versions().max()?);
    if minor(version) > minor(lowest) {
        return Some(format!(
            "workers may not have {version} while a control-plane node has {lowest}"
        ));
    }
    let behind = highest.major == version.major && highest.minor > version.minor.saturating_add(3);
    (behind || highest.major > version.major)
        .then(|| format!("{version} is more than three minor versions behind {highest}"))
}

/// What a new node is made from: the target if the gate lets it, else what most Active nodes are.
pub(crate) fn creation_revision<'p>(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    c: &Cluster<'_>,
    pool: &'p Pool<'_>,
) -> Result<&'p str, NoCreate> {
    let Some(target) = pool.target else {
        return Err(NoCreate::Unapproved);
    };
    if fleet.f.planner == Planner::ClusterApi {
        return Ok(target.revision);
    }
    if freeze::is_frozen(memory, pool) {
        return freeze::refill_revision(fleet, memory, c, pool).map_err(NoCreate::BackOff);
    }
    if c.provisioned_ms.is_none() {
        return freeze::back_off(fleet, memory, pool)
            .map_or(Ok(target.revision), |t| Err(NoCreate::BackOff(t)));
    }
    if pool.is_cp || (control_plane_busy(c).is_none() && skew(c, target.version).is_none()) {
        return Ok(target.revision);
    }
    match freeze::majority_revision(pool, |_| true) {
        Some(revision) => Ok(revision),
        None => skew(c, target.version).map_or(Ok(target.revision), |why| Err(NoCreate::Skew(why))),
    }
}

/// Why no node may be created.
pub(crate) enum NoCreate {
    /// Nothing is approved yet.
    Unapproved,
    /// The revision fails; until this moment.
    BackOff(i64),
    /// The version is too new or too old.
    Skew(String),
}

/// Says why nothing is created, if so.
pub(crate) fn creation_allowed(
    fleet: &Fleet<'_>,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    rule: &str,
    out: &mut Out,
) -> bool {
    let subject = cluster_pool_key(c.id, &pool.spec.id);
    match creation_revision(fleet, &out.memory, c, pool) {
        Ok(_) => return true,
        Err(NoCreate::Unapproved) => {
            out.condition(
                c.id,
                ConditionCode::RepavePendingApproval,
                facts! {"pool": pool.spec.id.as_str()},
            );
            let say = explain(
                &subject,
                Verdict::Blocked,
                rule,
                "no revision is approved: nothing is created",
                facts! {},
            );
            out.say(say.until(UnblockKind::Approval, facts! {}));
        }
        Err(NoCreate::BackOff(until)) => {
            let text = "the revision keeps failing: the next try waits";
            out.say(
                explain(
                    &subject,
                    Verdict::Waiting,
                    "3.5.6",
                    text,
                    facts! {"at_ms": until},
                )
                .until(UnblockKind::Time, facts! {"at_ms": until}),
            );
            out.wake(until);
        }
        Err(NoCreate::Skew(why)) => {
            // Once the control plane is done, nothing but an operator can change its versions.
            let (verdict, who) = if control_plane_busy(c).is_some() {
                (Verdict::Waiting, UnblockKind::ControlPlane)
            } else {
                (Verdict::Blocked, UnblockKind::Operator)
            };
            let say = explain(&subject, verdict, rule, "{why}", facts! {"why": why});
            out.say(say.until(who, facts! {}));
        }
    }
    out.waits.insert(subject);
    false
}

/// The node's own machine would fit again: then it will be there once released.
pub(crate) fn own_fits(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
) -> bool {
    let usable = |m: &crate::Machine| {
        m.fits(pool.spec)
            && !m.locked
            && freeze::quarantined(memory, &m.system_id, fleet.f.now).is_none()
    };
    x.machine.is_some_and(usable) || !Rule::ReplaceableBeforeContract.holds()
}

/// replaceable(x): a replacement can be had now, from a free machine or its own.
pub(crate) fn replaceable(
    fleet: &Fleet<'_>,
    memory: &crate::Memory,
    c: &Cluster<'_>,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
) -> bool {
    creation_revision(fleet, memory, c, pool).is_ok()
        && (own_fits(fleet, memory, pool, x) || free_fits(fleet, memory, c, pool) > 0)
}
