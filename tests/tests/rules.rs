//! `docs/rules.md` leads from a rule's name to its code: every row is true, and nothing is missing.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// By name: the item and its file.
fn table() -> BTreeMap<String, (String, PathBuf)> {
    let text = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let rows = text.lines().filter(|line| line.contains("](../"));
    rows.map(|line| {
        let name = line.split('|').nth(1).unwrap();
        let (before, after) = line.split_once("`](../").unwrap();
        let item = before.rsplit_once("[`").unwrap().1;
        let path = after.split_once(')').unwrap().0;
        (name.to_owned(), (item.to_owned(), root().join(path)))
    })
    .collect()
}

fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// Whether a text is the name of a rule, as explanations give it.
fn is_rule(text: &str) -> bool {
    let numbered = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    let section = |rest: &str| {
        let rest = rest.trim_end_matches(['a', 'b']);
        rest.split('.').all(numbered)
    };
    text.strip_prefix("CP-").is_some_and(numbered)
        || matches!(
            text.strip_prefix("W-"),
            Some("a" | "b" | "c" | "d" | "e" | "f" | "g")
        )
        || text.strip_prefix("3.").is_some_and(section)
        || text.starts_with("KCP-")
        || text.starts_with("MD-")
}

#[test]
fn every_row_leads_to_its_code() {
    let table = table();
    assert!(table.len() > 150, "{} rows", table.len());
    for (name, (item, path)) in &table {
        let source = fs::read_to_string(path).unwrap_or_else(|_| panic!("{name}: no {path:?}"));
        let is_item = item.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let found = if is_item {
            ["fn", "struct", "enum"].iter().any(|kind| {
                let starts = format!("{kind} {item}");
                let mut ends = source
                    .match_indices(&starts)
                    .filter_map(|(at, _)| source[at + starts.len()..].chars().next());
                ends.any(|next| !next.is_ascii_alphanumeric() && next != '_')
            }) || source.contains(&format!("{item}:"))
        } else {
            source.contains(item.as_str())
        };
        assert!(found, "{name}: {item} is not in {path:?}");
    }
}

#[test]
fn every_rule_guard_invariant_and_code_has_a_row() {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for folder in ["engine", "planner"] {
        let mut texts = Vec::new();
        sources(&root().join("lifecycle-core/src").join(folder), &mut texts);
        let literals = texts.iter().flat_map(|text| text.split('"'));
        named.extend(literals.filter(|t| is_rule(t)).map(ToOwned::to_owned));
    }
    assert!(named.len() > 30, "{named:?}");
    named.extend((1..=13).map(|k| format!("CP-{k}")));
    for (group, last) in [("Q", 5), ("A", 4), ("M", 4), ("L", 7), ("D", 5), ("X", 1)] {
        named.extend((1..=last).map(|k| format!("I-{group}{k}")));
    }
    named.extend(lifecycle_core::Code::ALL.iter().map(ToString::to_string));
    let table = table();
    let missing: Vec<&String> = named.iter().filter(|n| !table.contains_key(*n)).collect();
    assert!(missing.is_empty(), "docs/rules.md lacks {missing:?}");
}

#[test]
fn the_engines_own_table_names_every_file() {
    let folder = root().join("lifecycle-core/src/engine");
    let text = fs::read_to_string(folder.join("mod.rs")).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            name == "mod" || text.contains(&format!("`{name}`")),
            "{name} is not in the table of engine/mod.rs"
        );
    }
}
