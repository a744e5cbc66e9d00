//! Each rule is switched off in turn; a search or a property must notice. A rule that nobody misses is not proven.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

use std::panic::catch_unwind;

use common::explore::{Ask, Fault, Scope, search};
use common::scopes::{self, CONTRACT, EXPAND};
use common::{T0, add_running, machine_for, world};
use lifecycle_core::{
    ClusterSpec, Code, ForceDelete, MachineStatus, PoolSpec, Request, Role, World, admit,
};

use crate::engine::switch::Rule;

/// A cluster in Deleting since `T0`, held up by a machine in rescue mode.
fn deleting() -> World {
    let mut w = world(0);
    add_running(
        &mut w,
        ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", 1)),
    );
    w.desired.clusters[0].delete_requested_ms = Some(T0);
    w.observed
        .clusters
        .get_mut("c")
        .unwrap()
        .deletion_started_ms = Some(T0);
    machine_for(&mut w, "c-cp-1").status = MachineStatus::RescueMode;
    w
}

fn remaining(w: &World) -> u64 {
    let force = Request::ForceDelete {
        id: "c".into(),
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    };
    match admit(&force, w) {
        Ok(_) => 0,
        Err(refusal) => {
            assert_eq!(refusal.code, Code::ForceTooEarly);
            refusal.retry_after_ms.unwrap()
        }
    }
}

fn force_delete_waits_fifteen_minutes() {
    let mut w = deleting();
    for ms in [0, 1, 60_000, 899_999, 900_000, 2_000_000] {
        w.now_ms = T0 + ms;
        w.observed.as_of_ms = w.now_ms;
        let left = u64::try_from((900_000 - ms).max(0)).unwrap();
        assert_eq!(remaining(&w), left, "I-L3 after {ms} ms");
    }
}

fn a_clock_that_is_set_back_costs_nothing() {
    let mut w = deleting();
    w.now_ms = T0 + 840_000;
    w.memory.clock_hwm_ms = Some(w.now_ms);
    let before = remaining(&w);
    w.now_ms -= 1_440_000;
    w.observed.as_of_ms = w.now_ms;
    assert!(remaining(&w) <= before, "3.7 the gate moved away");
}

/// A force delete one millisecond too early, written down although it was refused.
fn refused_force_delete() -> Scope {
    let mut w = deleting();
    w.desired.clusters[0].force_delete = Some(ForceDelete {
        requested_ms: T0 + 899_999,
        actor_role: Role::TenantAdmin,
        reason: String::new(),
    });
    Scope::new("a refused force delete", w)
}

enum Check {
    Search(Box<Scope>),
    Property(&'static str, fn()),
}

fn search_of(scope: Scope) -> Check {
    Check::Search(Box::new(scope))
}

fn checks() -> Vec<Check> {
    use Check::Property;
    const CREATION: &[Fault] = &[Fault::Creation];
    vec![
        Property(
            "force delete waits fifteen minutes",
            force_delete_waits_fifteen_minutes,
        ),
        Property(
            "a clock that is set back",
            a_clock_that_is_set_back_costs_nothing,
        ),
        search_of(refused_force_delete()),
        search_of(scopes::outgrown(false)),
        search_of(scopes::outgrown(true)),
        search_of(scopes::two_voters()),
        search_of(scopes::drain_beside_learner()),
        search_of(scopes::creating(3, 0, 3).ends_well()),
        search_of(scopes::rolling(3, 0, EXPAND, 2).ends_well()),
        search_of(scopes::rolling_workers(3, EXPAND, 2).ends_well()),
        search_of(scopes::rolling_workers(3, CONTRACT, 1).ends_well()),
        search_of(scopes::creating(1, 1, 2).ask(Ask::Abort).ends_well()),
        search_of(
            scopes::rolling(1, 0, EXPAND, 1)
                .ask(Ask::Delete)
                .ends_well(),
        ),
        search_of(scopes::rolling(1, 0, EXPAND, 1).faults(1, &[Fault::Blind])),
        search_of(
            scopes::rolling(3, 0, CONTRACT, 1)
                .faults(1, &[Fault::Node])
                .ends_well(),
        ),
        search_of(
            scopes::rolling(3, 0, EXPAND, 1)
                .faults(1, &[Fault::Node])
                .ends_well(),
        ),
        search_of(scopes::kubelet_down(CONTRACT).faults(1, &[Fault::Node])),
        search_of(scopes::rolling(1, 0, EXPAND, 1).faults(1, CREATION)),
    ]
}

impl Check {
    fn name(&self) -> String {
        match self {
            Self::Search(scope) => format!("search {} faults {}", scope.name, scope.faults),
            Self::Property(name, _) => format!("property {name}"),
        }
    }

    fn run(&self) -> Result<(), String> {
        let run = || match self {
            Self::Search(scope) => {
                search(scope);
            }
            Self::Property(_, property) => property(),
        };
        catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(|e| {
            let text = e
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| e.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            text.unwrap_or_default()
        })
    }
}

#[test]
fn every_rule_is_missed_when_it_is_switched_off() {
    // What the checks say while a rule is off is expected, and collected.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !Rule::is_one_off() {
            report(info);
        }
    }));
    let checks = checks();
    let mut wrong = Vec::new();
    for check in &checks {
        if let Err(why) = check.run() {
            wrong.push(format!("all rules on, {}: {why}", check.name()));
        }
    }
    for rule in Rule::ALL {
        Rule::switch_off(Some(rule));
        let noticed = checks.iter().find_map(|c| Some((c, c.run().err()?)));
        Rule::switch_off(None);
        match noticed {
            Some((check, why)) => {
                let why: String = why.chars().take(90).collect();
                println!("{rule:?} → {}: {}", check.name(), why.replace('\n', " "));
            }
            None => wrong.push(format!("nobody misses {rule:?}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
