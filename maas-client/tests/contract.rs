//! Every operation that the client sends exists in the server's own description of itself.

#![allow(clippy::unwrap_used)]

mod common;

use std::{collections::BTreeSet, fs};

use serde::Deserialize;

#[derive(Deserialize)]
struct Endpoint {
    path: String,
    method: String,
    op: Option<String>,
}

/// Placeholders have other names in the description.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for character in path.chars() {
        match character {
            '{' => {
                inside = true;
                shape.push_str("{}");
            }
            '}' => inside = false,
            _ if inside => {}
            other => shape.push(other),
        }
    }
    shape
}

#[test]
fn every_operation_is_one_of_the_servers() {
    for version in ["3.7.3", "3.8.0a1"] {
        let file = common::recordings().join(format!("endpoints-{version}.json"));
        let endpoints: Vec<Endpoint> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let known: BTreeSet<_> = endpoints
            .iter()
            .map(|endpoint| {
                (
                    endpoint.method.clone(),
                    shape(&endpoint.path),
                    endpoint.op.clone(),
                )
            })
            .collect();
        for operation in maas_client::operations() {
            let path = shape(&format!("/MAAS/api/2.0/{}", operation.path));
            let wanted = (
                operation.method.to_string(),
                path,
                operation.op.map(str::to_owned),
            );
            assert!(
                known.contains(&wanted),
                "{version}: {} is sent as {wanted:?}",
                operation.name
            );
        }
    }
}

#[test]
fn names_are_unique_and_read_as_noun_and_verb() {
    let mut names = BTreeSet::new();
    for operation in maas_client::operations() {
        assert!(
            names.insert(operation.name),
            "{} comes twice",
            operation.name
        );
        assert_eq!(operation.name.split('.').count(), 2, "{}", operation.name);
    }
}

/// The code of the walk-through is the code of the tree.
#[test]
fn the_walk_through_shows_the_real_code() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let sources = read("src/zone.rs") + &read("src/lib.rs");
    let page = read("../docs/adding-a-noun.md");
    let (_, ours) = page.split_once("## The Rust client").unwrap();
    let ours = ours.split("\n## ").next().unwrap();
    let blocks: Vec<_> = ours
        .split("```rust\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for block in blocks {
        assert!(sources.contains(block), "not in the tree:\n{block}");
    }
}
