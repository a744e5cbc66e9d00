//! Labels and taints, as Kubernetes demands them.

use crate::prelude::*;
use crate::{Code, Finding, PoolSpec};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// A name of up to 63 letters, digits, `-`, `_` and `.` that begins and ends with a letter or digit.
fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| inner(*b))
}

/// A DNS subdomain: lower-case names joined by dots, 253 characters at most.
fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let bytes = part.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes
                .iter()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

fn syntax(what: &str, text: &str, path: String) -> Finding {
    let text: String = text.chars().take(80).collect();
    let finding = Finding::new(
        Code::LabelSyntax,
        path,
        format!("{what} {text:?} is not written as Kubernetes demands"),
    );
    finding.hint("up to 63 letters, digits, - _ . that begin and end with a letter or digit; a key may have a DNS prefix and a slash").arg("text", text)
}

pub(super) fn labels(pool: &PoolSpec, path: &str, findings: &mut Vec<Finding>) {
    for (key, value) in &pool.labels {
        let path = format!(
            "{path}/labels/{}",
            key.replace('~', "~0").replace('/', "~1")
        );
        if !is_key(key) {
            findings.push(syntax("label key", key, path.clone()));
        }
        if !is_value(value) {
            findings.push(syntax("label value", value, path));
        }
    }
}

pub(super) fn taints(pool: &PoolSpec, path: &str, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (index, taint) in pool.taints.iter().enumerate() {
        let path = format!("{path}/taints/{index}");
        if !EFFECTS.contains(&taint.effect.as_str()) {
            let effect: String = taint.effect.chars().take(80).collect();
            let finding = Finding::new(
                Code::TaintEffect,
                format!("{path}/effect"),
                format!("taint effect {effect:?} is not known"),
            );
            findings.push(
                finding
                    .hint(format!("use {}", EFFECTS.join(", ")))
                    .arg("effect", effect),
            );
        }
        if !is_key(&taint.key) {
            findings.push(syntax("taint key", &taint.key, format!("{path}/key")));
        }
        if let Some(value) = &taint.value
            && !is_value(value)
        {
            findings.push(syntax("taint value", value, format!("{path}/value")));
        }
        if !seen.insert((&taint.key, &taint.effect)) {
            let message = format!(
                "taint {} with effect {} is given twice",
                taint.key, taint.effect
            );
            findings.push(Finding::new(Code::Invalid, path, message).hint("remove one"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_follow_the_rules_of_kubernetes() {
        for key in ["a", "app", "node-role.kubernetes.io/gpu", "A.b_c-1"] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "",
            "-a",
            "a-",
            "/a",
            "a/",
            "UPPER.example/x",
            "a/b/c",
            "ä",
            &"x".repeat(64),
        ] {
            assert!(!is_key(key), "{key}");
        }
        assert!(is_value("") && is_value("v1.2") && !is_value("no space"));
    }
}
