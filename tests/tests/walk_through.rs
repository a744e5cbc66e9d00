//! The code that `docs/adding-a-noun.md` shows for the bindings is the code of the tree.

#![allow(clippy::unwrap_used)]

use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The pieces of code in one section of the page.
fn blocks(section: &str) -> Vec<String> {
    let page = read("docs/adding-a-noun.md");
    let (_, ours) = page.split_once(section).unwrap();
    let ours = ours.split("\n## ").next().unwrap();
    // Every second piece between the fences is code, its first line the language.
    ours.split("```")
        .skip(1)
        .step_by(2)
        .map(|fence| fence.split_once('\n').unwrap().1.to_owned())
        .collect()
}

#[test]
fn the_walk_through_shows_the_real_lines_of_the_python_binding() {
    let sources = ["zone.rs", "mod.rs"]
        .map(|file| read(&format!("bindings-python/src/maas/{file}")))
        .concat();
    let blocks = blocks("## Python");
    assert!(blocks.len() >= 2, "{}", blocks.len());
    for line in blocks.iter().flat_map(|block| block.lines()) {
        assert!(sources.contains(line), "not in the tree: {line}");
    }
}

#[test]
fn the_walk_through_shows_the_real_code_of_the_node_binding() {
    let sources: String = [
        "bindings-node/src/maas/zone.rs",
        "bindings-node/src/maas.rs",
        "bindings-node/ts/maas/zone.ts",
        "bindings-node/ts/maas/client.ts",
    ]
    .map(read)
    .concat();
    let blocks = blocks("## Node");
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for block in blocks {
        assert!(
            sources.contains(block.as_str()),
            "not in the tree:\n{block}"
        );
    }
}
