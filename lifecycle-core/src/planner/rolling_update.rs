//! One pass of Cluster API's MachineDeployment rollout, on counts alone: how many machines each MachineSet should have next.
use crate::prelude::*;

/// Machines of one template, as a MachineSet counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineSet {
    /// Machines it is told to have (`spec.replicas`).
    pub wanted: u32,
    /// Machines it has, those on their way out included (`status.replicas`).
    pub present: u32,
    /// Machines that are available (`status.availableReplicas`).
    pub available: u32,
}

/// Machines that change in place instead of being replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InPlace {
    /// Machines that came over from an old set since the last pass; the new set's `wanted` does not count them yet.
    pub moved: u32,
    /// Machines of the new set that are still being changed.
    pub updating: u32,
}

/// A MachineDeployment, as counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineDeployment {
    /// Machines wanted in all (`spec.replicas`).
    pub size: u32,
    /// Most machines above `size` at a time (`maxSurge`, percentages already taken).
    pub max_surge: u32,
    /// Most machines below `size` at a time (`maxUnavailable`); 1 if both are 0.
    pub max_unavailable: u32,
    /// The set of the present template.
    pub new: MachineSet,
    /// The sets of earlier templates, oldest first.
    pub old: Vec<MachineSet>,
    /// Present if machines of the old sets can be changed in place.
    pub in_place: Option<InPlace>,
}

/// What each set should have next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The new set.
    pub new: u32,
    /// The old sets, in the order given.
    pub old: Vec<u32>,
    /// How many machines that leave the old sets move over to the new one at most; the others are deleted.
    pub moves: u32,
}

/// One pass of the rollout: grow the new set up to size + surge in all, then shrink the old ones by what availability leaves over, always
/// taking it that an available machine is hit.
///
/// Mirrors `RollingUpdate` of a Cluster API MachineDeployment, in-place moves included. It looks at counts only: neither at etcd nor at
/// whether a machine will be there.
///
/// ```
/// use lifecycle_core::planner::{MachineDeployment, MachineSet, rolling_update};
///
/// let six = MachineSet { wanted: 6, present: 6, available: 6 };
/// let next = rolling_update(&MachineDeployment {
///     size: 6,
///     max_surge: 3,
///     max_unavailable: 1,
///     old: vec![six],
///     ..MachineDeployment::default()
/// });
/// assert_eq!((next.new, next.old), (3, vec![5]));
/// ```
#[must_use]
pub fn rolling_update(d: &MachineDeployment) -> Targets {
    let moved = d.in_place.map_or(0, |i| i.moved);
    let new = MachineSet {
        wanted: d.new.wanted.saturating_add(moved),
        ..d.new
    };
    let mut targets = Targets {
        new: grown(d, &new),
        old: d.old.iter().map(|s| s.wanted).collect(),
        moves: 0,
    };
    shrink_old(d, &new, &mut targets);
    if d.in_place.is_some() {
        prefer_in_place(d, &new, &mut targets);
    }
    break_deadlock(d, &new, &mut targets);
    targets
}

fn sum(sets: impl Iterator<Item = u32>) -> u32 {
    sets.fold(0, u32::saturating_add)
}

/// The new set: up to size + surge in all, never beyond the size.
fn grown(d: &MachineDeployment, new: &MachineSet) -> u32 {
    let all = d.old.iter().chain([new]);
    let total = sum(all.map(|s| s.wanted.max(s.present)));
    let room = d.size.saturating_add(d.max_surge).saturating_sub(total);
    new.wanted
        .saturating_add(room.min(d.size.saturating_sub(new.wanted)))
        .min(d.size)
}

/// What may still go in this pass.
struct Leave {
    budget: u32,
    available: u32,
    least: u32,
}

fn shrink_old(d: &MachineDeployment, new: &MachineSet, targets: &mut Targets) {
    let unavailable = match (d.max_surge, d.max_unavailable) {
        (0, 0) => 1,
        (_, u) => u,
    };
    let least = d.size.saturating_sub(unavailable);
    let old = d.old.iter().map(|s| (s, s.wanted));
    let going = sum(old
        .chain([(new, new.wanted.min(targets.new))])
        .map(|(s, next)| s.present.saturating_sub(next)));
    let sets = || d.old.iter().chain([new]);
    let mut leave = Leave {
        budget: sum(sets().map(|s| s.wanted))
            .saturating_sub(going)
            .saturating_sub(least),
        available: sum(sets().map(|s| s.available)),
        least,
    };
    for broken_only in [true, false] {
        for (set, target) in d.old.iter().zip(&mut targets.old) {
            *target = shrunk(set, *target, broken_only, &mut leave);
        }
    }
}

/// One old set made smaller: by its unavailable machines, or by any.
fn shrunk(set: &MachineSet, target: u32, broken_only: bool, leave: &mut Leave) -> u32 {
    let eligible = if broken_only {
        target.saturating_sub(set.available)
    } else {
        target
    };
    let mut next = target - eligible.min(leave.budget);
    if next < target && set.available > 0 {
        let room = leave.available.saturating_sub(leave.least);
        // Nobody knows which machine the set will delete: each one that exists may be an available one.
        if set.present.saturating_sub(next) > room {
            next = set.present.saturating_sub(room).min(target);
        }
        let hit = set.present.saturating_sub(next).min(set.available);
        leave.available = leave.available.saturating_sub(hit);
    }
    leave.budget = leave.budget.saturating_sub(target - next);
    next
}

/// Machines are moved rather than created: the surge is dropped, or kept to one machine where nothing else would move.
fn prefer_in_place(d: &MachineDeployment, new: &MachineSet, targets: &mut Targets) {
    targets.moves = d.size.saturating_sub(new.wanted);
    if targets.moves == 0 || d.old.iter().all(|s| s.present == 0) {
        return;
    }
    let up = targets.new.saturating_sub(new.wanted);
    if up == 0 || d.max_surge == 0 {
        return;
    }
    let updating = d.in_place.is_some_and(|i| i.updating > 0);
    let old_moves = d
        .old
        .iter()
        .zip(&targets.old)
        .any(|(s, next)| s.wanted < s.present || *next < s.wanted);
    let busy = updating || old_moves || new.wanted != new.present || new.wanted != new.available;
    let kept = match up.saturating_sub(d.max_surge) {
        0 if !busy => 1,
        kept => kept,
    };
    targets.new = new.wanted.saturating_add(kept);
}

/// Old machines that are unavailable and that nothing else would remove: one of them goes, whatever availability says.
fn break_deadlock(d: &MachineDeployment, new: &MachineSet, targets: &mut Targets) {
    let at_rest = d.old.iter().chain([new]).all(|s| s.wanted == s.present)
        && targets.new == new.wanted
        && d.old.iter().zip(&targets.old).all(|(s, t)| s.wanted == *t);
    if !at_rest || new.available != new.present {
        return;
    }
    let stuck = |s: &MachineSet| s.available < s.present && s.wanted > 0;
    if let Some(target) = d
        .old
        .iter()
        .zip(&mut targets.old)
        .find_map(|(s, t)| stuck(s).then_some(t))
    {
        *target = target.saturating_sub(1);
    }
}
