//! Reading a tree field by field, so that every mistake of a document is found in one go.

use core::fmt;

use serde::Serialize;

use crate::prelude::*;

use super::tree::{Entry, Node, Position, Value, push};
use crate::{Code, Finding};

/// Something that is said about a place of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located<T> {
    /// Where, if the document was text.
    pub position: Option<Position>,
    /// What.
    pub item: T,
}

impl fmt::Display for Located<Finding> {
    /// `12:5: E_UNKNOWN_FIELD: message (hint)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        write!(f, "{}: {}", self.item.code, self.item.message)?;
        if !self.item.hint.is_empty() {
            write!(f, " ({})", self.item.hint)?;
        }
        Ok(())
    }
}

/// A type that a document can hold. `None` means that a finding was recorded.
pub(super) trait Read: Sized {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self>;
}

/// Collects the findings of one document.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) findings: Vec<Located<Finding>>,
}

impl Reader {
    pub(super) fn report(
        &mut self,
        position: Option<Position>,
        code: Code,
        path: &str,
        message: String,
        hint: impl Into<String>,
    ) {
        let item = Finding::new(code, path, message).hint(hint);
        self.findings.push(Located { position, item });
    }

    /// "`{path}` must be {expected}, found {kind}". The value itself is not repeated: a secret may have been put there by mistake.
    pub(super) fn wrong_type<T>(&mut self, node: &Node, path: &str, expected: &str) -> Option<T> {
        let hint = match &node.value {
            Value::Integer(_) | Value::Number(_) | Value::Bool(_) if expected.contains("text") => {
                "put it in quotes"
            }
            _ => "",
        };
        self.report(
            node.position,
            Code::Type,
            path,
            format!(
                "{} must be {expected}, found {}",
                name_of(path),
                node.value.kind()
            ),
            hint,
        );
        None
    }

    pub(super) fn wrong_value<T>(
        &mut self,
        node: &Node,
        path: &str,
        message: String,
        hint: impl Into<String>,
    ) -> Option<T> {
        self.report(node.position, Code::Invalid, path, message, hint);
        None
    }

    /// Begins to read a group of fields.
    pub(super) fn fields<'n, 'r>(
        &'r mut self,
        node: &'n Node,
        path: &str,
    ) -> Option<Fields<'n, 'r>> {
        match &node.value {
            Value::Map(entries) => Some(Fields {
                reader: self,
                node,
                entries,
                path: path.to_string(),
                known: Vec::new(),
                missing: Vec::new(),
                refused: Vec::new(),
            }),
            _ => self.wrong_type(node, path, "a group of fields"),
        }
    }

    /// Reads one of a fixed set of words.
    pub(super) fn one_of<T: Clone>(
        &mut self,
        node: &Node,
        path: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let Value::String(text) = &node.value else {
            return self.wrong_type(node, path, &format!("text, one of {}", names.join(", ")));
        };
        if let Some((_, value)) = words.iter().find(|(name, _)| name == text) {
            return Some(value.clone());
        }
        let hint =
            nearest(text, &names).map_or_else(String::new, |near| format!("did you mean {near}?"));
        self.wrong_value(
            node,
            path,
            format!("{} must be one of {}", name_of(path), names.join(", ")),
            hint,
        )
    }
}

/// The fields of one group; what was asked for is what is known.
pub(super) struct Fields<'n, 'r> {
    pub(super) reader: &'r mut Reader,
    node: &'n Node,
    entries: &'n [Entry],
    path: String,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
    refused: Vec<&'static str>,
}

impl<'n> Fields<'n, '_> {
    fn entry(&mut self, name: &'static str) -> Option<&'n Entry> {
        self.known.push(name);
        self.entries
            .iter()
            .find(|e| super::canonical_name(&self.path, &e.key) == name)
    }

    fn read<T: Read>(&mut self, entry: &Entry, name: &str) -> Option<T> {
        let path = self.path_of(name);
        T::read(&entry.value, &path, self.reader)
    }

    /// A field that must be there.
    pub(super) fn required<T: Read>(&mut self, name: &'static str) -> Option<T> {
        match self.entry(name) {
            Some(entry) if entry.value.value != Value::Null => self.read(entry, name),
            _ => {
                self.missing.push(name);
                None
            }
        }
    }

    /// A field that may be absent or empty.
    pub(super) fn optional<T: Read>(&mut self, name: &'static str) -> Option<T> {
        match self.entry(name) {
            Some(entry) if entry.value.value != Value::Null => self.read(entry, name),
            _ => None,
        }
    }

    /// A field with a default.
    pub(super) fn or<T: Read>(&mut self, name: &'static str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// A field that is refused with an explanation instead of as unknown.
    pub(super) fn refuse(&mut self, name: &'static str, message: &str, hint: &str) {
        self.refused.push(name);
        if let Some(entry) = self.entries.iter().find(|e| e.key == name) {
            let path = self.path_of(name);
            self.reader.report(
                entry.key_position,
                Code::UnknownField,
                &path,
                message.to_string(),
                hint,
            );
        }
    }

    /// Keys and addresses of the two services have their place in the environment.
    pub(super) fn refuse_secrets(&mut self) {
        for name in [
            "maas_api_key",
            "maas_url",
            "maas_endpoint",
            "palette_api_key",
            "palette_url",
            "api_key",
        ] {
            let message = format!("{name} does not belong into a document");
            self.refuse(
                name,
                &message,
                "set MAAS_URL, MAAS_API_KEY, PALETTE_URL and PALETTE_API_KEY in the environment",
            );
        }
    }

    fn path_of(&self, name: &str) -> String {
        let mut path = self.path.clone();
        push(&mut path, name);
        path
    }

    /// Ends the group: whatever nobody asked for is unknown, and what was not found is missing, unless an unknown name was meant to be it.
    pub(super) fn finish(mut self) {
        for (index, entry) in self.entries.iter().enumerate() {
            let name = super::canonical_name(&self.path, &entry.key);
            let path = self.path_of(name);
            if self.entries[..index]
                .iter()
                .any(|e| super::canonical_name(&self.path, &e.key) == name)
            {
                self.reader.report(
                    entry.key_position,
                    Code::DuplicateField,
                    &path,
                    format!("{} is given twice", quoted(name)),
                    "keep one of the two",
                );
            } else if !self.known.contains(&name) && !self.refused.contains(&name) {
                let near = nearest(name, &self.known);
                let hint = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("known here: {}", self.known.join(", ")),
                };
                self.missing.retain(|missing| near != Some(*missing));
                self.reader.report(
                    entry.key_position,
                    Code::UnknownField,
                    &path,
                    format!("unknown field {}", quoted(name)),
                    hint,
                );
            }
        }
        for name in &self.missing {
            let empty = self
                .entries
                .iter()
                .find(|e| super::canonical_name(&self.path, &e.key) == *name);
            let position = empty.map_or(self.node.position, |e| e.key_position);
            let hint = format!("add `{name}:`");
            self.reader.report(
                position,
                Code::Required,
                &self.path_of(name),
                format!("{name} is required"),
                hint,
            );
        }
    }
}

impl Read for bool {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Bool(b) => Some(b),
            _ => reader.wrong_type(node, path, "true or false"),
        }
    }
}

impl Read for String {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::String(s) => Some(s.clone()),
            _ => reader.wrong_type(node, path, "text"),
        }
    }
}

macro_rules! read_integer {
    ($($type:ty),*) => {$(
        impl Read for $type {
            fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
                let Value::Integer(n) = node.value else {
                    return reader.wrong_type(node, path, "a whole number");
                };
                match Self::try_from(n) {
                    Ok(n) => Some(n),
                    Err(_) => reader.wrong_value(node, path, format!("{} must be between 0 and {}", name_of(path), Self::MAX), ""),
                }
            }
        }
    )*};
}
read_integer!(u8, u32);

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = &node.value else {
            return reader.wrong_type(node, path, "a list");
        };
        // Every element is read, also behind a wrong one.
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(i, item)| T::read(item, &format!("{path}/{i}"), reader))
            .collect();
        read.into_iter().collect()
    }
}

impl Read for BTreeMap<String, String> {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            return reader.wrong_type(node, path, "a group of names with text values");
        };
        let mut map = Self::new();
        let before = reader.findings.len();
        for entry in entries {
            let mut path = path.to_string();
            push(&mut path, &entry.key);
            if let Some(value) = String::read(&entry.value, &path, reader)
                && map.insert(entry.key.clone(), value).is_some()
            {
                reader.report(
                    entry.key_position,
                    Code::DuplicateField,
                    &path,
                    format!("{} is given twice", quoted(&entry.key)),
                    "keep one of the two",
                );
            }
        }
        (reader.findings.len() == before).then_some(map)
    }
}

/// How a field is called in a message: the last name of its path, with the index if it is an element.
pub(super) fn name_of(path: &str) -> String {
    let tokens: Vec<&str> = path.split('/').skip(1).collect();
    match tokens.as_slice() {
        [] => "the document".to_string(),
        [.., list, index] if index.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{list}[{index}]")
        }
        [.., name] => (*name).to_string(),
    }
}

/// A name from the document, cut to a length that is fit to print.
fn quoted(name: &str) -> String {
    let cut: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    format!("`{cut}`")
}

/// The known name that `name` was most probably meant to be.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(64).collect();
    let allowed = (name.len() / 3).max(1);
    known
        .iter()
        .map(|k| (distance(&name, &k.chars().collect::<Vec<_>>()), *k))
        .filter(|(d, _)| *d <= allowed)
        .min()
        .map(|(_, k)| k)
}

/// Edit distance in which swapping two neighbours counts as one edit (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            next[j] = change.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = row;
        row = next;
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_likely_typing_mistake_or_none() {
        let known = ["min_cpu", "min_memory_mib", "min_disk_gb", "size"];
        assert_eq!(nearest("min_cpus", &known), Some("min_cpu"));
        assert_eq!(nearest("sise", &known), Some("size"));
        assert_eq!(nearest("isze", &known), Some("size"));
        assert_eq!(nearest("min_mem_mib", &known), Some("min_memory_mib"));
        assert_eq!(nearest("flavour", &known), None);
        assert_eq!(nearest("", &known), None);
    }

    #[test]
    fn distances_agree_with_known_pairs() {
        let d = |a: &str, b: &str| {
            distance(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("abc", ""), 3);
        assert_eq!(d("ca", "ac"), 1);
        assert_eq!(d("same", "same"), 0);
    }
}
