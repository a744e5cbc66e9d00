//! The committed JSON Schemas say what the types say. `UPDATE_SCHEMAS=1 cargo test -p lifecycle-core --features schema` rewrites them.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use lifecycle_core::spec::{ClusterDocument, GatewayDocument};
use lifecycle_core::{
    Admission, Decision, Finding, Memory, NetworkInput, NetworkPlan, Plan, PreviewOptions, Refusal,
    Request, World,
};
use schemars::{JsonSchema, schema_for};

fn drift(name: &str, schema: &schemars::Schema) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas")
        .join(format!("{name}.json"));
    let wanted = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let had = std::fs::read_to_string(&path).unwrap_or_default();
    (had != wanted).then(|| path.display().to_string())
}

fn check<T: JsonSchema>(name: &str) -> Option<String> {
    drift(name, &schema_for!(T))
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let drifted: Vec<String> = [
        check::<ClusterDocument>("cluster-document"),
        check::<GatewayDocument>("gateway-document"),
        check::<lifecycle_core::CapacityReport>("capacity-report"),
        check::<World>("world"),
        check::<Request>("request"),
        check::<Memory>("memory"),
        check::<PreviewOptions>("preview-options"),
        check::<NetworkInput>("network-input"),
        check::<Admission>("admission"),
        check::<Refusal>("refusal"),
        check::<Finding>("finding"),
        check::<Decision>("decision"),
        check::<Plan>("plan"),
        check::<NetworkPlan>("network-plan"),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(
        drifted.is_empty(),
        "run with UPDATE_SCHEMAS=1 and look at the difference: {drifted:?}"
    );
}
