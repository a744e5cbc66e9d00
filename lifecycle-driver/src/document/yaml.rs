//! YAML text into a tree with positions.
//!
//! Built on the parser's events rather than on its loader: the loader keeps the last of two equal names without a word and expands aliases
//! without a bound.

use std::collections::HashMap;

use lifecycle_core::spec::Located;
use lifecycle_core::spec::tree::{Entry, Node, Position, Value};
use lifecycle_core::{Code, Finding};
use saphyr::Scalar;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

const MAX_BYTES: usize = 1 << 20;
const MAX_DEPTH: usize = 32;
const MAX_VALUES: usize = 20_000;

type Fault = Located<Finding>;

fn fault(position: Option<Position>, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Located {
        position,
        item: Finding::new(Code::Syntax, "", message).hint(hint),
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn position(marker: &Marker) -> Position {
    // The parser counts columns from 0.
    Position {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

/// The parser may notice a tab only on the line before: looks at the line of the fault and the next one.
fn tab_indent(text: &str, line: usize) -> Option<Position> {
    let first = line.saturating_sub(1);
    text.lines()
        .enumerate()
        .skip(first)
        .take(2)
        .find_map(|(index, line)| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            line[indent..].starts_with('\t').then_some((index, indent))
        })
        .map(|(index, indent)| Position {
            line: number(index).saturating_add(1),
            column: number(indent).saturating_add(1),
        })
}

/// A list or group that has begun and not yet ended.
struct Open {
    position: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Position)>,
    },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
    root: Option<Node>,
}

/// Reads the one document that `text` holds.
pub(super) fn read(text: &str) -> Result<Node, Fault> {
    if text.len() > MAX_BYTES {
        return Err(fault(
            None,
            format!("the text has {} bytes, more than {MAX_BYTES}", text.len()),
            "this is not a document for a cluster",
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| match tab_indent(text, error.marker().line()) {
                Some(at) => fault(
                    Some(at),
                    "a tab where the line is indented",
                    "indent with spaces: YAML does not take tabs",
                ),
                None => fault(Some(position(error.marker())), error.info(), ""),
            })?;
        builder.on(event, position(&span.start))?;
    }
    builder.root.ok_or_else(|| {
        fault(
            Some(Position { line: 1, column: 1 }),
            "the document is empty",
            "examples/cluster.yaml shows one",
        )
    })
}

impl Builder {
    fn on(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(fault(
                Some(at),
                "the text holds more than one document",
                "keep one document per file",
            )),
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd => Ok(()),
            Event::SequenceStart(anchor, _) => self.begin(anchor, at, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(
                anchor,
                at,
                Content::Map {
                    entries: Vec::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, anchor, tag) => {
                let node = Node {
                    position: Some(at),
                    value: scalar(&text, style, tag.as_ref(), at)?,
                };
                self.add(node, anchor, at)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    self.values = self.values.saturating_add(size(node));
                    let node = Node {
                        position: Some(at),
                        value: node.value.clone(),
                    };
                    self.add(node, 0, at)
                }
                None => Err(fault(
                    Some(at),
                    "this alias refers to a value that contains it",
                    "write the value out",
                )),
            },
        }
    }

    fn begin(&mut self, anchor: usize, position: Position, content: Content) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(
                Some(position),
                format!("values are nested more than {MAX_DEPTH} deep"),
                "no document needs that",
            ));
        }
        // A list or group cannot be a name.
        if let Some(Open {
            content: Content::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err(fault(Some(position), "a name must be text", ""));
        }
        self.open.push(Open {
            position,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open {
            position,
            anchor,
            content,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        self.add(
            Node {
                position: Some(position),
                value,
            },
            anchor,
            position,
        )
    }

    fn add(&mut self, node: Node, anchor: usize, at: Position) -> Result<(), Fault> {
        self.values = self.values.saturating_add(1);
        if self.values > MAX_VALUES {
            return Err(fault(
                Some(at),
                format!("the document has more than {MAX_VALUES} values, aliases counted in full"),
                "this is not a document for a cluster",
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some((name, key_position)) => entries.push(Entry {
                    key: name,
                    key_position: Some(key_position),
                    value: node,
                }),
                None => {
                    let name =
                        name(&node).ok_or_else(|| fault(Some(at), "a name must be text", ""))?;
                    *key = Some((name, at));
                }
            },
        }
        Ok(())
    }
}

fn name(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Integer(n) => Some(n.to_string()),
        Value::Number(text) | Value::String(text) => Some(text.clone()),
        Value::List(_) | Value::Map(_) => None,
    }
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&std::borrow::Cow<'_, saphyr::Tag>>,
    at: Position,
) -> Result<Value, Fault> {
    let tag = tag.map(|tag| std::borrow::Cow::Owned(saphyr::Tag::clone(tag)));
    match Scalar::parse_from_cow_and_metadata(text.into(), style, tag.as_ref()) {
        Some(Scalar::Null) => Ok(Value::Null),
        Some(Scalar::Boolean(b)) => Ok(Value::Bool(b)),
        Some(Scalar::Integer(n)) => Ok(Value::Integer(n)),
        Some(Scalar::FloatingPoint(_)) => Ok(Value::Number(text.to_owned())),
        Some(Scalar::String(text)) => Ok(Value::String(text.into_owned())),
        None => Err(fault(
            Some(at),
            "the value does not have the type that its tag says",
            "remove the tag",
        )),
    }
}

/// How much of the budget a value takes; long texts count more than once, so that aliases of them are bounded too.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Number(text) | Value::String(text) => 1 + text.len() / 256,
        Value::List(items) => items.iter().map(size).fold(1, usize::saturating_add),
        Value::Map(entries) => entries
            .iter()
            .map(|e| size(&e.value))
            .fold(1, usize::saturating_add),
        _ => 1,
    }
}
