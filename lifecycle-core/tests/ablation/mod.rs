//! Each rule is switched off in turn. The law that belongs to it must be broken then, and no other law (but those that cannot hold without
//! it); and where a search can see it, a search must turn red too. A rule that nobody misses is not proven.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod etcd;
mod fleet;
mod laws;
mod pools;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::explore::{Ask, Fault, Scope, search};
use common::scopes::{self, CONTRACT, EXPAND};
use laws::laws;

use crate::engine::switch::Rule;

/// The searches that see a rule missing, cheapest first.
fn searches() -> Vec<(Scope, &'static [Rule])> {
    use Rule as R;
    const CREATION: &[Fault] = &[Fault::Creation];
    vec![
        (scopes::outgrown(false), &[R::ReplaceableBeforeContract]),
        (scopes::two_voters(), &[R::CurrentQuorum]),
        (
            scopes::drain_beside_learner(),
            &[R::NoVoterRemovedWhileLearner],
        ),
        (
            scopes::creating(3, 0, 3).ends_well(),
            &[R::InitOnce, R::PendingCounts, R::OneControlPlaneOperation],
        ),
        (
            scopes::rolling_workers(3, EXPAND, 2).ends_well(),
            &[R::HeldCountsReturning],
        ),
        (
            scopes::rolling_workers(3, CONTRACT, 1).ends_well(),
            &[R::Floor],
        ),
        (
            scopes::rolling_workers(3, EXPAND, 0),
            &[R::FallbackOnlyIfAsked],
        ),
        (scopes::rolling(3, 0, EXPAND, 2).ends_well(), &[R::Ceiling]),
        (
            scopes::creating(1, 1, 2).ask(Ask::Abort).ends_well(),
            &[R::AbortingNeverCreates],
        ),
        (
            scopes::rolling(1, 0, EXPAND, 1).faults(1, &[Fault::Blind]),
            &[R::ViewUnknownFreezes],
        ),
        (
            scopes::rolling(3, 0, CONTRACT, 1).faults(1, &[Fault::Node]),
            &[R::CommitRecheck, R::CancelDrain],
        ),
        (
            scopes::kubelet_down(CONTRACT).faults(1, &[Fault::Node]),
            &[R::TargetQuorum],
        ),
        (
            scopes::rolling(5, 0, CONTRACT, 1).faults(1, &[Fault::Node]),
            &[R::OtherMembersHealthy],
        ),
        (scopes::surge_holds_the_spare().ends_well(), &[R::Reclaim]),
        (
            scopes::rolling(1, 0, EXPAND, 2)
                .faults(1, CREATION)
                .ends_well(),
            &[R::LearnerAndGhostCleanUp],
        ),
    ]
}

/// What a check says when it is red.
fn outcome(check: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|e| {
        let text = e
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| e.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        text.unwrap_or_default()
    })
}

fn without(rule: Rule, check: impl FnOnce()) -> Result<(), String> {
    Rule::switch_off(Some(rule));
    let outcome = outcome(check);
    Rule::switch_off(None);
    outcome
}

/// What the checks say while a rule is off is expected, and collected.
fn silence() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !Rule::is_one_off() {
                report(info);
            }
        }));
    });
}

fn brief(why: &str) -> String {
    why.replace('\n', " ").chars().take(90).collect()
}

#[test]
fn every_rule_has_its_law_and_is_missed_by_it_alone() {
    silence();
    let laws = laws();
    let mut wrong = Vec::new();
    assert_eq!(
        laws.iter().map(|l| l.rule).collect::<Vec<_>>(),
        Rule::ALL,
        "one law for each rule"
    );
    for law in &laws {
        if let Err(why) = outcome(law.check) {
            wrong.push(format!("all rules on, {}: {why}", law.text));
        }
    }
    for rule in Rule::ALL {
        for law in &laws {
            let expected = law.rule == rule || law.also.contains(&rule);
            match (without(rule, law.check), expected) {
                (Err(why), true) if law.rule == rule => {
                    println!("{rule:?} → {} [{}]", law.text, brief(&why));
                }
                (Ok(()), true) => wrong.push(format!("{rule:?} off, yet holds: {}", law.text)),
                (Err(why), false) => wrong.push(format!(
                    "{rule:?} off breaks another law: {}: {why}",
                    law.text
                )),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_search_finds_what_a_missing_rule_lets_happen() {
    silence();
    let mut wrong = Vec::new();
    for (scope, rules) in searches() {
        let name = format!("search {} faults {}", scope.name, scope.faults);
        let run = || {
            search(&scope);
        };
        if let Err(why) = outcome(run) {
            wrong.push(format!("all rules on, {name}: {why}"));
        }
        for rule in rules {
            match without(*rule, run) {
                Err(why) => println!("{rule:?} → {name} [{}]", brief(&why)),
                Ok(()) => wrong.push(format!("{rule:?} off, yet well: {name}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
