//! A document as it was written: values with their place in the text.
//!
//! The engine reads no YAML. Whoever does (the driver, a test, a binding that was handed plain data) builds this tree; the reader then
//! goes through it field by field and can say for every mistake where it stands.

use core::fmt;

use serde::Serialize;

use crate::prelude::*;

/// A place in a text: line and column, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it stands; the position is absent for data that never was text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where the value begins.
    pub position: Option<Position>,
    /// The value itself.
    pub value: Value,
}

/// What a document can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, as in `tags:` without a value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number, as it was written: not whole, or too large. No document field takes one.
    Number(String),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// Names and values, in the order of the text.
    Map(Vec<Entry>),
}

/// One `name: value` of a [`Value::Map`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name begins.
    pub key_position: Option<Position>,
    /// The value.
    pub value: Node,
}

impl Value {
    /// What a reader would call this kind of value: `text`, `a list`, …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number that is not whole or too large",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a group of fields",
        }
    }

    fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }
}

impl Node {
    /// A node without a position.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self {
            position: None,
            value,
        }
    }

    /// The same data without positions, for callers that hold values instead of text.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        Self::new(match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n
                .as_i64()
                .map_or_else(|| Value::Number(n.to_string()), Value::Integer),
            Json::String(s) => Value::String(s.clone()),
            Json::Array(items) => Value::List(items.iter().map(Self::from_json).collect()),
            Json::Object(fields) => Value::Map(
                fields
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_position: None,
                        value: Self::from_json(value),
                    })
                    .collect(),
            ),
        })
    }

    /// The data without the positions, for instance to check it against the JSON Schema.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Integer(n) => Json::from(*n),
            Value::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
            }
            Value::String(s) => Json::String(s.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|e| (e.key.clone(), e.value.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Where each value of a document stands, by JSON pointer (`/control_plane/size`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<String, Position>);

impl Positions {
    /// Collects the positions of a whole tree. A single value is found where it stands, a list or a group where its name stands.
    #[must_use]
    pub fn of(root: &Node) -> Self {
        let mut positions = Self::default();
        positions.collect(root, root.position, &mut String::new());
        positions
    }

    fn collect(&mut self, node: &Node, position: Option<Position>, path: &mut String) {
        if let Some(position) = position {
            self.0.insert(path.clone(), position);
        }
        let length = path.len();
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    push(path, &index.to_string());
                    self.collect(item, item.position, path);
                    path.truncate(length);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    push(path, super::canonical_name(path, &entry.key));
                    let position = if entry.value.value.is_container() {
                        entry.key_position
                    } else {
                        entry.value.position
                    };
                    self.collect(&entry.value, position, path);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// The position of `pointer`, or of the nearest value around it that the document does have.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Option<Position> {
        let mut pointer = pointer;
        loop {
            if let Some(position) = self.0.get(pointer) {
                return Some(*position);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

/// Appends one reference token to a JSON pointer (RFC 6901).
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_that_of_the_nearest_value_around() {
        let at = |line, column| Some(Position { line, column });
        let root = Node {
            position: at(1, 1),
            value: Value::Map(vec![Entry {
                key: "a/b".into(),
                key_position: at(1, 1),
                value: Node {
                    position: at(2, 3),
                    value: Value::List(vec![Node {
                        position: at(2, 5),
                        value: Value::Null,
                    }]),
                },
            }]),
        };
        let positions = Positions::of(&root);
        assert_eq!(positions.locate("/a~1b/0"), at(2, 5));
        assert_eq!(positions.locate("/a~1b/7/deeper"), at(1, 1));
        assert_eq!(positions.locate("/unknown"), at(1, 1));
        assert_eq!(Positions::default().locate("/unknown"), None);
    }
}
