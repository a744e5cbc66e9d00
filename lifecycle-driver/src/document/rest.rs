//! What can be checked of a document that cannot be read as a whole.
//!
//! Each finding of the reader names a value that it cannot take. Such a value is left out, or a stand-in takes its place if it must be there,
//! until the rest can be read; what the rest says is then checked as ever. What is said about a stand-in is not passed on.

use std::collections::BTreeSet;

use lifecycle_core::spec::Located;
use lifecycle_core::spec::tree::{Entry, Node, Value};
use lifecycle_core::{Code, Finding};

use super::yaml;

/// Values for what must be there: so small that they cause no shortage, and no ranges, since those must not touch others.
const STAND_INS: &str = "
schema_version: 1
name: stand-in
cluster_profile: {name: stand-in}
cloud_account: {name: stand-in, gateway: stand-in}
domain: stand-in
control_plane:
  size: 3
  machines: &machines {resource_pool: stand-in, min_cpu: 1, min_memory_mib: 1}
workers:
  - name: stand-in
    size: 1
    machines: *machines
size: 1
machines: *machines
";

/// Each round mends at least one value, and what is left out can only uncover what must be there.
const ROUNDS: usize = 16;

type Faults = Vec<Located<Finding>>;

/// What `check` says about the readable part of `root`, which `read` refused with `faults`.
pub(super) fn findings<D>(
    root: &Node,
    faults: &Faults,
    read: impl Fn(&Node) -> Result<D, Faults>,
    check: impl Fn(&D) -> Vec<Finding>,
) -> Vec<Finding> {
    let Ok(stand_ins) = yaml::read(STAND_INS) else {
        return Vec::new();
    };
    let mut root = root.clone();
    let mut mended = BTreeSet::new();
    let mut open = faults.clone();
    for _ in 0..ROUNDS {
        for Located { item, .. } in &open {
            let path: Vec<String> = item.path.split('/').skip(1).map(unescaped).collect();
            mend(&mut root, &path, item.code, &stand_ins);
            // A name that is not known stands for nothing.
            if item.code != Code::UnknownField {
                mended.insert(item.path.clone());
            }
        }
        match read(&root) {
            Ok(document) => {
                let mut findings = check(&document);
                findings.retain(|finding| !mended.iter().any(|path| touches(path, &finding.path)));
                return findings;
            }
            Err(more) => open = more,
        }
    }
    Vec::new()
}

/// Whether one of the two places lies within the other.
fn touches(a: &str, b: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(a, b) || within(b, a)
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn mend(root: &mut Node, path: &[String], code: Code, stand_ins: &Node) {
    if matches!(code, Code::UnknownField | Code::DuplicateField) {
        remove(root, path);
    } else if let Some(stand_in) = stand_in(stand_ins, path) {
        put(root, path, stand_in);
    } else if code == Code::Required {
        // What lacks something that nothing stands in for goes as a whole.
        remove(root, &path[..path.len().saturating_sub(1)]);
    } else {
        remove(root, path);
    }
}

fn stand_in<'n>(stand_ins: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter()
        .try_fold(stand_ins, |node, token| match &node.value {
            Value::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == *token)
                .map(|entry| &entry.value),
            Value::List(items) => items.first(),
            _ => None,
        })
}

/// Whether the entry is the one that a path calls so: the old word for the control plane is read as the new one.
fn is_named(entry: &Entry, token: &str) -> bool {
    entry.key == token || (entry.key == "master" && token == "control_plane")
}

/// What a path's token leads to: of two entries of one name the last.
fn within<'n>(node: &'n mut Node, token: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .rfind(|entry| is_named(entry, token))
            .map(|entry| &mut entry.value),
        Value::List(items) => items.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Takes out the innermost entry that the path leads through; the elements of a list go all at once, so that no other one moves.
fn remove(root: &mut Node, path: &[String]) {
    for length in (1..=path.len()).rev() {
        let (Some((token, parents)), mut node) = (path[..length].split_last(), Some(&mut *root))
        else {
            return;
        };
        for parent in parents {
            node = node.and_then(|node| within(node, parent));
        }
        if let Some(Value::Map(entries)) = node.map(|node| &mut node.value)
            && let Some(index) = entries.iter().rposition(|entry| is_named(entry, token))
        {
            entries.remove(index);
            return;
        }
    }
}

fn put(root: &mut Node, path: &[String], stand_in: &Node) {
    let Some((token, parents)) = path.split_last() else {
        *root = stand_in.clone();
        return;
    };
    let mut node = Some(root);
    for parent in parents {
        node = node.and_then(|node| within(node, parent));
    }
    let Some(node) = node else { return };
    if let Some(present) = within(node, token) {
        present.value = stand_in.value.clone();
    } else if let Value::Map(entries) = &mut node.value {
        entries.push(Entry {
            key: token.clone(),
            key_position: None,
            value: stand_in.clone(),
        });
    }
}
