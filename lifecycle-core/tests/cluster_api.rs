//! Proof 5: the counting planner goes through Cluster API's published rolling cases exactly as published, and the engine is never worse.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{add_running, world};
use lifecycle_core::planner::{InPlace, MachineDeployment, MachineSet, Targets, rolling_update};
use lifecycle_core::{
    ClusterSpec, Pct, Plan, Planner, PoolSpec, PreviewOptions, Strategy, Verb, World, preview,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

/// One of Cluster API's rolling cases: the figures of `Test_RollingUpdateSequences` and its golden files in
/// `internal/controllers/machinedeployment/testdata/rollingupdate` of kubernetes-sigs/cluster-api, default order of the controllers.
struct Case {
    in_place: bool,
    size: u32,
    surge: u32,
    unavailable: u32,
    /// Machines of each set at the beginning, oldest set first, the new one last.
    start: &'static [u32],
    /// "machines/wanted" of each set after every pass of the planner.
    passes: &'static [&'static str],
}

const fn case(
    in_place: bool,
    (size, surge, unavailable): (u32, u32, u32),
    start: &'static [u32],
    passes: &'static [&'static str],
) -> Case {
    Case {
        in_place,
        size,
        surge,
        unavailable,
        start,
        passes,
    }
}

#[rustfmt::skip]
const CASES: [Case; 18] = [
    case(false, (3, 1, 0), &[3, 0], &["3/3 0/1", "3/2 1/1", "2/2 1/2", "2/1 2/2", "1/1 2/3", "1/0 3/3", "0/0 3/3"]),
    case(false, (3, 0, 1), &[3, 0], &["3/2 0/0", "2/2 0/1", "2/1 1/1", "1/1 1/2", "1/0 2/2", "0/0 2/3", "0/0 3/3"]),
    case(false, (6, 3, 1), &[6, 0], &["6/5 0/3", "5/2 3/4", "2/1 4/6", "1/0 6/6", "0/0 6/6"]),
    case(false, (6, 1, 3), &[6, 0], &["6/3 0/1", "3/2 1/4", "2/0 4/5", "0/0 5/6", "0/0 6/6"]),
    case(false, (6, 10, 0), &[6, 0], &["6/6 0/6", "6/0 6/6", "0/0 6/6"]),
    case(false, (6, 0, 10), &[6, 0], &["6/0 0/0", "0/0 0/6", "0/0 6/6"]),
    // From 6 to 12, from 12 to 6 and to a third template while half-way.
    case(false, (12, 3, 1), &[3, 3], &["3/3 3/12", "3/0 12/12", "0/0 12/12"]),
    case(false, (6, 3, 1), &[9, 3], &["9/2 3/3", "2/2 3/6", "2/0 6/6", "0/0 6/6"]),
    case(false, (6, 3, 1), &[3, 3, 0], &["3/2 3/3 0/3", "2/0 3/2 3/4", "0/0 2/1 4/6", "0/0 1/0 6/6", "0/0 0/0 6/6"]),
    case(true, (3, 1, 0), &[3, 0], &[
        "3/3 0/1", "3/2 1/1", "2/2 2/2", "2/2 2/2", "2/1 2/2", "1/1 3/3", "1/1 3/3", "1/0 3/3", "0/0 3/3",
    ]),
    case(true, (3, 0, 1), &[3, 0], &[
        "3/2 0/0", "2/2 1/1", "2/2 1/1", "2/1 1/1", "1/1 2/2", "1/1 2/2", "1/0 2/2", "0/0 3/3", "0/0 3/3", "0/0 3/3",
    ]),
    case(true, (6, 3, 1), &[6, 0], &[
        "6/5 0/0", "5/5 1/1", "5/5 1/1", "5/4 1/1", "4/4 2/2", "4/4 2/2", "4/3 2/2", "3/3 3/3", "3/3 3/3", "3/2 3/3",
        "2/2 4/4", "2/2 4/4", "2/1 4/4", "1/1 5/5", "1/1 5/5", "1/0 5/5", "0/0 6/6", "0/0 6/6", "0/0 6/6",
    ]),
    case(true, (6, 1, 3), &[6, 0], &["6/3 0/0", "3/3 3/3", "3/3 3/3", "3/0 3/3", "0/0 6/6", "0/0 6/6", "0/0 6/6"]),
    case(true, (6, 10, 0), &[6, 0], &[
        "6/6 0/1", "6/5 1/1", "5/5 2/2", "5/5 2/2", "5/4 2/2", "4/4 3/3", "4/4 3/3", "4/3 3/3", "3/3 4/4", "3/3 4/4",
        "3/2 4/4", "2/2 5/5", "2/2 5/5", "2/1 5/5", "1/1 6/6", "1/1 6/6", "1/0 6/6", "0/0 6/6",
    ]),
    case(true, (6, 0, 10), &[6, 0], &["6/0 0/0", "0/0 6/6", "0/0 6/6", "0/0 6/6"]),
    case(true, (12, 3, 1), &[3, 3], &[
        "3/3 3/9", "3/2 9/9", "2/2 10/10", "2/2 10/10", "2/1 10/10", "1/1 11/11", "1/1 11/11", "1/0 11/11", "0/0 12/12",
        "0/0 12/12", "0/0 12/12",
    ]),
    case(true, (6, 3, 1), &[9, 3], &["9/2 3/3", "2/2 6/6", "2/2 6/6", "2/0 6/6", "0/0 6/6"]),
    case(true, (6, 3, 1), &[3, 3, 0], &[
        "3/2 3/3 0/0", "2/2 3/3 1/1", "2/2 3/3 1/1", "2/1 3/3 1/1", "1/1 3/3 2/2", "1/1 3/3 2/2", "1/0 3/3 2/2",
        "0/0 3/3 3/3", "0/0 3/3 3/3", "0/0 3/2 3/3", "0/0 2/2 4/4", "0/0 2/2 4/4", "0/0 2/1 4/4", "0/0 1/1 5/5",
        "0/0 1/1 5/5", "0/0 1/0 5/5", "0/0 0/0 6/6", "0/0 0/0 6/6", "0/0 0/0 6/6",
    ]),
];

impl Case {
    fn name(&self) -> String {
        let kind = if self.in_place { "in place" } else { "regular" };
        let Self {
            size,
            surge,
            unavailable,
            start,
            ..
        } = self;
        format!("{kind}, {start:?} to {size}, surge {surge}, unavailable {unavailable}")
    }

    /// Whether it changes the size half-way, which Cluster API's bounds do not cover.
    fn resizes(&self) -> bool {
        self.start.iter().sum::<u32>() != self.size
    }
}

/// A MachineDeployment with its MachineSets' controllers, as far as counts go: what they create is available at once.
#[derive(Clone)]
struct Controllers {
    d: MachineDeployment,
    targets: Targets,
    /// Machines that were moved and counted, and those of them whose change ends at the next look.
    counted: u32,
    ending: u32,
}

impl Controllers {
    fn new(case: &Case) -> Self {
        let set = |n: &u32| MachineSet {
            wanted: *n,
            present: *n,
            available: *n,
        };
        let (new, old) = case.start.split_last().unwrap();
        let d = MachineDeployment {
            size: case.size,
            max_surge: case.surge,
            max_unavailable: case.unavailable,
            new: set(new),
            old: old.iter().map(set).collect(),
            in_place: case.in_place.then(InPlace::default),
        };
        Self {
            d,
            targets: Targets::default(),
            counted: 0,
            ending: 0,
        }
    }

    fn plan(&mut self) {
        self.targets = rolling_update(&self.d);
        self.d.new.wanted = self.targets.new;
        for (set, target) in self.d.old.iter_mut().zip(&self.targets.old) {
            set.wanted = *target;
        }
        if let Some(i) = &mut self.d.in_place {
            self.counted += std::mem::take(&mut i.moved);
        }
    }

    fn old_set(&mut self, at: usize) {
        let set = &mut self.d.old[at];
        let down = set.present.saturating_sub(set.wanted);
        let moved = down.min(self.targets.moves);
        set.present -= down;
        set.available = set.available.min(set.present);
        if let Some(i) = &mut self.d.in_place {
            self.targets.moves -= moved;
            i.moved += moved;
            i.updating += moved;
            self.d.new.present += moved;
        }
    }

    fn new_set(&mut self) {
        let ended = std::mem::replace(&mut self.ending, std::mem::take(&mut self.counted));
        let moved = self.d.in_place.map_or(0, |i| i.moved);
        if let Some(i) = &mut self.d.in_place {
            i.updating -= ended;
        }
        let set = &mut self.d.new;
        set.available += ended;
        let settled = set.present - moved;
        let up = set.wanted.saturating_sub(settled);
        set.present += up;
        set.available += up;
    }

    fn is_done(&self) -> bool {
        let all = MachineSet {
            wanted: self.d.size,
            present: self.d.size,
            available: self.d.size,
        };
        self.d.new == all && self.d.old.iter().all(|s| s.present == 0)
    }

    fn sets(&self) -> impl Iterator<Item = &MachineSet> {
        self.d.old.iter().chain([&self.d.new])
    }

    fn show(&self) -> String {
        let sets: Vec<String> = self
            .sets()
            .map(|s| format!("{}/{}", s.present, s.wanted))
            .collect();
        sets.join(" ")
    }
}

#[test]
fn the_published_cases_run_as_published() {
    for case in &CASES {
        let mut c = Controllers::new(case);
        for (i, expected) in case.passes.iter().enumerate() {
            c.plan();
            assert_eq!(c.show(), *expected, "{}, pass {}", case.name(), i + 1);
            for at in 0..c.d.old.len() {
                c.old_set(at);
            }
            c.new_set();
        }
        assert!(c.is_done(), "{}: {}", case.name(), c.show());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Cluster API's own second test: whatever the order of its controllers, floor and ceiling hold and the rollout ends.
    #[test]
    fn in_any_order_floor_and_ceiling_hold(order in proptest::collection::vec(any::<u8>(), 600)) {
        for case in &CASES {
            let mut c = Controllers::new(case);
            for n in &order {
                match usize::from(*n) % (c.d.old.len() + 2) {
                    0 => c.plan(),
                    1 => c.new_set(),
                    at => c.old_set(at - 2),
                }
                let available: u32 = c.sets().map(|s| s.available).sum();
                let wanted: u32 = c.sets().map(|s| s.wanted.max(s.present)).sum();
                prop_assert!(case.resizes() || available >= case.size.saturating_sub(case.unavailable), "{}: {}", case.name(), c.show());
                prop_assert!(case.resizes() || wanted <= case.size + case.surge, "{}: {}", case.name(), c.show());
            }
            prop_assert!(c.is_done(), "{}: {}", case.name(), c.show());
        }
    }
}

#[test]
fn unavailable_old_machines_go_first_and_never_block() {
    let old = MachineSet {
        wanted: 3,
        present: 3,
        available: 2,
    };
    let new = MachineSet {
        wanted: 1,
        present: 1,
        available: 1,
    };
    let mut d = MachineDeployment {
        size: 3,
        max_surge: 1,
        max_unavailable: 0,
        new,
        old: vec![old],
        in_place: None,
    };
    // At rest and blocked: one is removed although an available one might be hit.
    assert_eq!(rolling_update(&d).old, [2]);
    // While the new machine is not available, nothing of the old set is touched.
    d.new.available = 0;
    assert_eq!(rolling_update(&d).old, [3]);
    // 0/0 is taken as 0/1.
    (d.max_surge, d.new, d.old[0].available) = (0, MachineSet::default(), 3);
    assert_eq!(
        (rolling_update(&d).old, rolling_update(&d).new),
        (vec![2], 0)
    );
}

/// What a rollout costs: most machines at a time, fewest available, and machines created, removed or changed in place.
#[derive(Debug)]
struct Cost {
    peak: u32,
    floor: u32,
    steps: usize,
}

/// The case on machines: workers w-1 … of the old revisions and the new one, and as many spares as the surge could use.
fn on_machines(case: &Case) -> World {
    let mut w = world(case.size + case.surge);
    let there: u32 = case.start.iter().sum();
    let mut spec = PoolSpec::worker("w", there).strategy(Strategy::Custom {
        max_surge: Pct::Count(case.surge),
        max_unavailable: Pct::Count(case.unavailable),
    });
    spec.max_parallel = case.surge.max(case.unavailable);
    add_running(&mut w, ClusterSpec::new("c").worker(spec));
    w.policy.max_concurrent_deploys = 1000;
    let template = |set: usize| format!("v{}", set + 1);
    let sets = case.start.iter().enumerate();
    let templates = sets.flat_map(|(set, n)| (0..*n).map(move |_| template(set)));
    for (n, v) in w.observed.nodes.iter_mut().zip(templates) {
        if case.in_place {
            n.inplace_revision = Some(v);
        } else {
            n.revision = Some(v);
        }
    }
    let pool = common::pool(&mut w, "c", "w");
    let last = template(case.start.len() - 1);
    if case.in_place {
        pool.inplace_revision = Some(last);
    } else {
        pool.revision = last;
    }
    pool.size = case.size;
    w
}

fn cost(plan: &Plan) -> Cost {
    // Labels of a node that goes afterwards cost nothing: such a node counts once.
    let touched: BTreeSet<&str> = plan
        .steps
        .iter()
        .flat_map(|s| &s.actions)
        .filter_map(|a| match &a.verb {
            Verb::Allocate { node, .. }
            | Verb::ApplyInPlace { node, .. }
            | Verb::Drain { node, .. } => Some(node.as_str()),
            _ => None,
        })
        .collect();
    Cost {
        peak: plan.peak_machines["c/w"],
        floor: plan.min_available["c/w"],
        steps: touched.len(),
    }
}

/// The same, counted on the published passes.
fn published(case: &Case) -> Cost {
    let mut c = Controllers::new(case);
    let start: u32 = case.start.iter().sum();
    let mut cost = Cost {
        peak: start,
        floor: start,
        steps: 0,
    };
    while !c.is_done() {
        c.plan();
        for at in 0..=c.d.old.len() {
            let before: u32 = c.sets().map(|s| s.present).sum();
            let moved = c.d.in_place.map_or(0, |i| i.moved);
            if at < c.d.old.len() {
                c.old_set(at);
            } else {
                c.new_set();
            }
            let present: u32 = c.sets().map(|s| s.present).sum();
            let moves = c.d.in_place.map_or(0, |i| i.moved) - moved;
            cost.peak = cost.peak.max(present);
            cost.floor = cost.floor.min(c.sets().map(|s| s.available).sum());
            cost.steps += usize::try_from(present.abs_diff(before) + moves).unwrap();
        }
    }
    cost
}

#[test]
fn the_engine_is_never_worse() {
    let by = |w: &World, planner| {
        let options = PreviewOptions {
            planner: Some(planner),
            alternatives: false,
            ..PreviewOptions::default()
        };
        let plan = preview(w, None, &options);
        assert!(plan.feasible, "{plan}");
        plan
    };
    println!(
        "{:<55} {:>21} {:>21} {:>21}",
        "peak/floor/steps", "published", "Cluster API, timed", "engine"
    );
    for case in &CASES {
        let w = on_machines(case);
        let ours = cost(&by(&w, Planner::Engine));
        let theirs = published(case);
        let timed = (!case.in_place).then(|| cost(&by(&w, Planner::ClusterApi)));
        let show = |c: &Cost| format!("{}/{}/{}", c.peak, c.floor, c.steps);
        println!(
            "{:<55} {:>21} {:>21} {:>21}",
            case.name(),
            show(&theirs),
            timed.as_ref().map_or_else(|| "-".to_owned(), show),
            show(&ours)
        );
        for them in [Some(&theirs), timed.as_ref()].into_iter().flatten() {
            assert!(
                ours.floor >= them.floor,
                "{}: {ours:?} {them:?}",
                case.name()
            );
            assert!(
                ours.steps <= them.steps,
                "{}: {ours:?} {them:?}",
                case.name()
            );
        }
        // On the published passes machines come and go at once; the peak that takes time is the simulated one.
        let peak = timed.as_ref().unwrap_or(&theirs).peak;
        assert!(ours.peak <= peak, "{}: {ours:?} {timed:?}", case.name());
    }
}
