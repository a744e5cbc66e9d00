//! The code that `docs/adding-a-noun.md` shows for Node is the code of the tree.

#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn the_walk_through_shows_the_real_code_of_the_node_binding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let sources: String = [
        "bindings-node/src/maas/zone.rs",
        "bindings-node/src/maas.rs",
        "bindings-node/ts/maas/zone.ts",
        "bindings-node/ts/maas/client.ts",
    ]
    .map(read)
    .concat();
    let page = read("docs/adding-a-noun.md");
    let (_, ours) = page.split_once("## Node").unwrap();
    let ours = ours.split("\n## ").next().unwrap();
    let fences: Vec<&str> = ours.split("```").collect();
    // Every second piece between the fences is code, its first line the language.
    let blocks: Vec<&str> = fences
        .iter()
        .skip(1)
        .step_by(2)
        .map(|fence| fence.split_once('\n').unwrap().1)
        .collect();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for block in blocks {
        assert!(sources.contains(block), "not in the tree:\n{block}");
    }
}
