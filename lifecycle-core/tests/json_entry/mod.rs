//! Every entry point as the bindings reach it: text in, text out. The fuzz target and the hostile tests run the same functions.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

use lifecycle_core::{
    Decision, Desired, Finding, NetworkInput, Plan, Planner, PreviewOptions, Request, Severity,
    World, admit, canonical_json, decide_by, plan_network, preview, validate,
};
use serde::{Serialize, de::DeserializeOwned};

/// Previews of hostile worlds are cut short.
const STEPS: u32 = 12;

/// What is written is read again as the same.
fn back<T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
    let text = canonical_json(value).unwrap();
    assert!(
        serde_json::from_str::<T>(&text).unwrap() == *value,
        "{text}"
    );
}

fn telling(f: &Finding) {
    assert!(!f.message.is_empty(), "{f:?}");
    assert!(
        f.severity == Severity::Warning || !f.hint.is_empty(),
        "{f:?}"
    );
}

/// decide under both rules, validate, plan_network and, for the request if there is one, admit and preview. Text that is no world ends as an
/// error of the reader, never as a panic.
pub fn everything(world: &[u8], request: &[u8]) {
    let request = serde_json::from_slice::<Request>(request).ok();
    let Ok(world) = serde_json::from_slice::<World>(world) else {
        if let Ok(input) = serde_json::from_slice::<NetworkInput>(world) {
            network(&input);
        }
        if let Ok(desired) = serde_json::from_slice::<Desired>(world) {
            validate(&desired).iter().for_each(telling);
        }
        return;
    };
    for planner in [Planner::Engine, Planner::ClusterApi] {
        let decision: Decision = decide_by(planner, &world);
        back(&decision);
        for e in &decision.explain {
            assert!(!e.message.is_empty() && !e.rule.is_empty(), "{e:?}");
        }
        let options = PreviewOptions {
            planner: Some(planner),
            max_steps: STEPS,
            alternatives: false,
        };
        let plan: Plan = preview(&world, request.as_ref(), &options);
        back(&plan);
        assert!(plan.feasible || !plan.blockers.is_empty(), "{plan}");
        plan.blockers.iter().for_each(telling);
        assert!(plan.to_string().starts_with("Plan by"));
    }
    validate(&world.desired).iter().for_each(telling);
    if let Some(request) = &request
        && let Err(refusal) = admit(request, &world)
    {
        assert!(
            !refusal.message.is_empty() && !refusal.hint.is_empty(),
            "{refusal:?}"
        );
        back(&refusal);
    }
    network(&NetworkInput {
        desired: world.desired,
        subnets: world.observed.subnets,
        policy: world.policy,
    });
}

fn network(input: &NetworkInput) {
    let plan = plan_network(input);
    plan.findings.iter().for_each(telling);
    back(&plan);
}
