//! Proof 6 in short: text that nobody meant. Nothing panics, nothing takes long, every refusal says what to do. `fuzz/` runs the same for
//! as long as one likes.
#![allow(clippy::unwrap_used)]

mod json_entry;
#[path = "../benches/worlds/mod.rs"]
mod worlds;

use std::time::{Duration, Instant};

use lifecycle_core::{PcgSpec, PoolSpec, World, canonical_json};
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::sample::Index;
use serde_json::{Value, json};

/// A bound that no answer about some kilobytes comes near, on the slowest machine: a loop over u32::MAX would.
fn bound(bytes: usize) -> Duration {
    Duration::from_secs(5) + Duration::from_millis(1) * u32::try_from(bytes / 100).unwrap()
}

fn in_time(world: &[u8], request: &[u8]) {
    let start = Instant::now();
    json_entry::everything(world, request);
    let took = start.elapsed();
    assert!(
        took < bound(world.len()),
        "{took:?} for {}",
        String::from_utf8_lossy(world)
    );
}

/// Two clusters half-way, one to be deleted, one that waits, a gateway and a subnet.
fn valid() -> World {
    let mut w = worlds::rolling(3);
    w.desired.clusters[2].delete_requested_ms = Some(w.now_ms);
    w.desired
        .clusters
        .extend(worlds::queued(1).desired.clusters);
    w.desired.clusters[3].id = "waits".into();
    w.desired.clusters[3].pcg_id = Some("gateway".into());
    w.desired.clusters[3].network.subnet = Some("s1".into());
    w.desired
        .pcgs
        .push(PcgSpec::new("gateway", PoolSpec::control_plane("pcg", 1)));
    w.observed.subnets =
        serde_json::from_value(json!([{"id": "s1", "cidr": "10.0.0.0/24", "free_ips": 9}]))
            .unwrap();
    w
}

fn requests() -> Vec<Value> {
    let w = valid();
    let cluster = serde_json::to_value(&w.desired.clusters[0]).unwrap();
    let request = |kind: &str, mut fields: Value| {
        fields["kind"] = kind.into();
        fields
    };
    vec![
        request("create", json!({"cluster": cluster})),
        request("update", json!({"cluster": cluster})),
        request("delete", json!({"id": "c00000", "actor_role": "other"})),
        request("abort", json!({"id": "waits", "actor_role": "other"})),
        request(
            "force_delete",
            json!({"id": "c00002", "actor_role": "tenant_admin", "reason": ""}),
        ),
        request("resize_pcg", json!({"id": "gateway", "size": 3})),
        request("upgrade_pcg", json!({"id": "gateway", "revision": "r2"})),
        request("delete_pcg", json!({"id": "gateway"})),
    ]
}

fn worst() -> impl Strategy<Value = Value> {
    let two_53 = 9_007_199_254_740_993_u64;
    proptest::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(u32::MAX),
        json!(u64::from(u32::MAX) + 1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(two_53),
        json!(1.5),
        json!(1e308),
        json!(""),
        json!("wat"),
        json!("c00000"),
        json!("w-1"),
        json!("100%"),
        json!("10.0.0.0/8"),
        json!("\u{0}Ä/~\n"),
        json!([]),
        json!({}),
        json!([[[[[[]]]]]]),
    ])
}

/// One change of a document: where, what, and the value for it.
type Change = (Index, u8, Value);

fn spoil(document: &mut Value, (at, what, value): &Change) {
    let mut places = Vec::new();
    collect(document, &mut String::new(), &mut places);
    let place = &places[at.index(places.len())];
    let (parent, key) = place.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => match what % 4 {
            0 => drop(map.remove(&key)),
            1 => drop(map.insert("unknown".into(), value.clone())),
            _ => drop(map.insert(key, value.clone())),
        },
        Some(Value::Array(list)) => {
            let i: usize = key.parse().unwrap();
            match what % 4 {
                0 => drop(list.remove(i)),
                1 => list.push(list[i].clone()),
                2 => list[i] = value.clone(),
                _ => list.reverse(),
            }
        }
        _ => {}
    }
}

/// The JSON pointers of everything inside.
fn collect(v: &Value, path: &mut String, places: &mut Vec<String>) {
    let mut step = |key: &str, v: &Value| {
        let before = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        places.push(path.clone());
        collect(v, path, places);
        path.truncate(before);
    };
    match v {
        Value::Object(map) => map.iter().for_each(|(k, v)| step(k, v)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(i, v)| step(&i.to_string(), v)),
        _ => {}
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec((any::<Index>(), any::<u8>(), worst()), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(world in proptest::collection::vec(any::<u8>(), 0..200), request in proptest::collection::vec(any::<u8>(), 0..50)) {
        in_time(&world, &request);
    }

    #[test]
    fn spoilt_worlds_and_requests(of_world in changes(), of_request in changes(), which in any::<Index>()) {
        let requests = requests();
        let mut world = serde_json::to_value(valid()).unwrap();
        let mut request = requests[which.index(requests.len())].clone();
        in_time(world.to_string().as_bytes(), request.to_string().as_bytes());
        for change in &of_world {
            spoil(&mut world, change);
        }
        in_time(world.to_string().as_bytes(), request.to_string().as_bytes());
        for change in of_request.iter().take(2) {
            spoil(&mut request, change);
        }
        in_time(world.to_string().as_bytes(), request.to_string().as_bytes());
    }
}

/// Sizes of four billion, in every pool and under both planners.
#[test]
fn the_largest_sizes_take_no_time() {
    for size in [u32::MAX, u32::MAX - 1] {
        let mut w = valid();
        for p in w.desired.clusters.iter_mut().flat_map(|c| &mut c.workers) {
            (p.size, p.max_parallel) = (size, u32::MAX);
        }
        w.policy.max_concurrent_deploys = u32::MAX;
        let text = canonical_json(&w).unwrap();
        in_time(text.as_bytes(), b"");
    }
}

/// Chance seldom meets the one number that something is added to.
#[test]
fn every_number_at_its_ends() {
    let valid = serde_json::to_value(valid()).unwrap();
    let mut places = Vec::new();
    collect(&valid, &mut String::new(), &mut places);
    places.retain(|place| valid.pointer(place).is_some_and(Value::is_number));
    assert!(places.len() > 100, "{}", places.len());
    let requests = requests();
    for (i, place) in places.iter().enumerate() {
        let request = requests[i % requests.len()].to_string();
        for end in [json!(0), json!(u32::MAX), json!(i64::MAX), json!(i64::MIN)] {
            let mut world = valid.clone();
            *world.pointer_mut(place).unwrap() = end;
            in_time(world.to_string().as_bytes(), request.as_bytes());
        }
    }
}

#[test]
fn nesting_without_end_and_numbers_beyond_json_are_refused() {
    for text in ["[".repeat(100_000), "{\"desired\":".repeat(100_000)] {
        assert!(serde_json::from_str::<World>(&text).is_err());
        in_time(text.as_bytes(), text.as_bytes());
    }
    let mut world = serde_json::to_value(valid()).unwrap();
    for n in [
        json!(-1),
        json!(u64::from(u32::MAX) + 1),
        json!(1.5),
        json!("7"),
    ] {
        world["desired"]["clusters"][0]["workers"][0]["size"] = n.clone();
        assert!(
            serde_json::from_value::<World>(world.clone()).is_err(),
            "{n}"
        );
    }
}
