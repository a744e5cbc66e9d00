//! The house rules: who may depend on whom, and on what.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which members a member may use, for shipping. A new crate is a line here, in `docs/decisions.md` and in the
/// README's drawing.
const ARROWS: &[(&str, &[&str])] = &[
    ("lifecycle-core", &[]),
    ("sdk-transport", &[]),
    ("maas-client", &["sdk-transport"]),
    ("palette-client", &["sdk-transport"]),
    (
        "lifecycle-driver",
        &[
            "lifecycle-core",
            "maas-client",
            "palette-client",
            "sdk-transport",
        ],
    ),
    ("testbed", &["lifecycle-core"]),
    (
        "palette-maas",
        &[
            "lifecycle-core",
            "lifecycle-driver",
            "maas-client",
            "palette-client",
            "sdk-transport",
            "testbed",
        ],
    ),
    (
        "palette-maas-python",
        &[
            "lifecycle-core",
            "lifecycle-driver",
            "maas-client",
            "palette-client",
            "sdk-transport",
            "testbed",
        ],
    ),
    (
        "palette-maas-node",
        &[
            "lifecycle-core",
            "lifecycle-driver",
            "maas-client",
            "palette-client",
            "sdk-transport",
            "testbed",
        ],
    ),
    (
        "examples",
        &[
            "lifecycle-core",
            "lifecycle-driver",
            "maas-client",
            "palette-client",
            "sdk-transport",
            "testbed",
        ],
    ),
    ("palette-maas-tests", &[]),
];

/// All that the engine may use of the outside world.
const CORE_USES: &[&str] = &["serde", "serde_json", "thiserror", "ipnet", "schemars"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .unwrap()
}

#[test]
fn arrows_point_down_only() {
    let metadata = metadata();
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let members: BTreeSet<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    for package in metadata.workspace_packages() {
        let allowed = arrows
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} is not in the drawing", package.name));
        for dependency in &package.dependencies {
            if !members.contains(&dependency.name) || dependency.kind == DependencyKind::Development
            {
                continue;
            }
            assert!(
                allowed.contains(&dependency.name.as_str()),
                "{} must not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn the_engine_touches_nothing_of_the_world() {
    let metadata = metadata();
    let core = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name == "lifecycle-core")
        .unwrap();
    for dependency in core
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
    {
        assert!(
            CORE_USES.contains(&dependency.name.as_str()),
            "the engine must not use {}",
            dependency.name
        );
    }
}

#[test]
fn clients_stay_usable_alone() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    for name in ["maas-client", "palette-client"] {
        let package = metadata
            .workspace_packages()
            .into_iter()
            .find(|package| package.name == name)
            .unwrap();
        let mut reached = BTreeSet::new();
        let mut open = vec![package.id.clone()];
        while let Some(id) = open.pop() {
            if !reached.insert(id.clone()) {
                continue;
            }
            let node = resolve.nodes.iter().find(|node| node.id == id).unwrap();
            open.extend(
                node.deps
                    .iter()
                    .filter(|dep| {
                        dep.dep_kinds
                            .iter()
                            .any(|kind| kind.kind == DependencyKind::Normal)
                    })
                    .map(|dep| dep.pkg.clone()),
            );
        }
        for id in reached {
            let used = metadata[&id].name.as_str();
            assert!(
                ![
                    "pyo3",
                    "napi",
                    "lifecycle-core",
                    "testbed",
                    "axum",
                    "openssl",
                    "openssl-sys",
                    "native-tls"
                ]
                .contains(&used),
                "{name} must not drag in {used}"
            );
        }
    }
}

#[test]
fn the_testbed_is_a_path_only_dev_dependency() {
    for package in metadata().workspace_packages() {
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development
                && dependency.name == "testbed"
                && package.publish != Some(Vec::new())
            {
                assert_eq!(
                    dependency.req.to_string(),
                    "*",
                    "{} names a version of the testbed",
                    package.name
                );
            }
        }
    }
}

#[test]
fn waiting_threads_are_kept_in_no_table_of_the_process() {
    let metadata = metadata();
    let tokio = &metadata
        .packages
        .iter()
        .find(|package| package.name == "tokio")
        .unwrap()
        .id;
    let resolved = metadata.resolve.as_ref().unwrap();
    let features = &resolved
        .nodes
        .iter()
        .find(|node| node.id == *tokio)
        .unwrap()
        .features;
    assert!(
        !features
            .iter()
            .any(|feature| feature.as_str() == "parking_lot"),
        "tokio's `parking_lot` (part of `full`) lists waiting threads in a table that a forked Python process inherits \
         without the threads: name the features instead"
    );
}

#[test]
fn every_dependency_builds_with_the_stated_rust_version() {
    let metadata = metadata();
    let floor = metadata.workspace_packages()[0]
        .rust_version
        .clone()
        .unwrap();
    for package in &metadata.packages {
        if let Some(needed) = &package.rust_version {
            assert!(
                *needed <= floor,
                "{} {} needs Rust {needed}, the workspace states {floor}",
                package.name,
                package.version
            );
        }
    }
}

#[test]
fn the_bindings_repeat_the_lints_of_the_workspace() {
    let read = |path: PathBuf| -> BTreeMap<String, String> {
        let mut section = String::new();
        let mut lints = BTreeMap::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).replace("workspace.", "");
            } else if let Some((name, level)) = line.split_once('=')
                && section.starts_with("lints.")
                && !name.starts_with('#')
            {
                lints.insert(
                    format!("{section}.{}", name.trim()),
                    level.trim().to_owned(),
                );
            }
        }
        lints
    };
    let mut expected = read(root().join("Cargo.toml"));
    assert_eq!(expected["lints.rust.unsafe_code"], "\"forbid\"");
    // The macros of pyo3 and napi write `unsafe`; nobody else may.
    expected.insert("lints.rust.unsafe_code".to_owned(), "\"deny\"".to_owned());
    for binding in ["bindings-python", "bindings-node"] {
        let manifest = root().join(binding).join("Cargo.toml");
        if manifest.exists() {
            assert_eq!(read(manifest), expected, "{binding}");
        }
    }
}

/// Fixtures that were copied from the material this project was given, and where they lie.
const COPIES: &[(&str, &str)] = &[
    (
        "reference/palette-maas-subset.json",
        "tests/fixtures/palette/palette-maas-subset.json",
    ),
    (
        "reference/palette-maas-subset.json",
        "testbed/spec/palette-maas-subset.json",
    ),
    ("recordings/maas-3.7.3", "tests/recordings/maas-3.7.3"),
    (
        "recordings/endpoints-3.7.3.json",
        "tests/recordings/endpoints-3.7.3.json",
    ),
];

#[test]
fn copies_equal_their_originals() {
    let shared = root().join("../shared");
    if !shared.exists() {
        assert!(
            std::env::var_os("PALETTE_MAAS_REQUIRE_SHARED").is_none(),
            "the originals of the fixtures are required and not there"
        );
        eprintln!("skipped: the originals of the fixtures are not there");
        return;
    }
    for (original, copy) in COPIES {
        let (original, copy) = (shared.join(original), root().join(copy));
        for (original, copy) in files(&original, &copy) {
            assert!(
                std::fs::read(&original).unwrap() == std::fs::read(&copy).unwrap_or_default(),
                "{} differs from its original",
                copy.display()
            );
        }
    }
}

fn files(original: &Path, copy: &Path) -> Vec<(PathBuf, PathBuf)> {
    if !original.is_dir() {
        return vec![(original.to_owned(), copy.to_owned())];
    }
    std::fs::read_dir(original)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), copy.join(path.file_name().unwrap())))
        .collect()
}
