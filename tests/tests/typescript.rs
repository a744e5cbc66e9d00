//! The TypeScript types of the models and options are made from the Rust sources, so that there is one definition.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// One `macro! { … pub struct|enum Name … { lines } }` of the client's sources.
struct Definition {
    macro_name: String,
    name: String,
    doc: Vec<String>,
    items: Vec<Item>,
}

/// One line of a definition: its documentation, and its text without the final comma.
struct Item {
    doc: Vec<String>,
    rename: Option<String>,
    text: String,
}

const MACROS: &[&str] = &["model", "options", "numbered_enum", "named_enum"];

fn definitions(source: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let Some(name) = line
            .strip_suffix("! {")
            .filter(|name| MACROS.contains(name))
        else {
            continue;
        };
        let mut definition = Definition {
            macro_name: name.to_owned(),
            name: String::new(),
            doc: Vec::new(),
            items: Vec::new(),
        };
        let (mut doc, mut rename, mut text) = (Vec::new(), None, String::new());
        for line in lines.by_ref() {
            if line == "}" {
                break;
            }
            let line = line.trim();
            if let Some(said) = line.strip_prefix("///") {
                doc.push(said.trim().to_owned());
            } else if let Some(wire) = line.strip_prefix("#[serde(rename = \"") {
                rename = wire.split('"').next().map(str::to_owned);
            } else if let Some(rest) = line
                .strip_prefix("pub struct ")
                .or_else(|| line.strip_prefix("pub enum "))
            {
                definition.name = rest.split([' ', ',']).next().unwrap().to_owned();
                definition.doc = std::mem::take(&mut doc);
            } else if !line.starts_with("#[") && line != "}" && !line.is_empty() {
                text.push_str(line);
                if line.ends_with(',') {
                    definition.items.push(Item {
                        doc: std::mem::take(&mut doc),
                        rename: rename.take(),
                        text: std::mem::take(&mut text).trim_end_matches(',').to_owned(),
                    });
                }
            }
        }
        if !text.is_empty() {
            definition.items.push(Item { doc, rename, text });
        }
        found.push(definition);
    }
    found
}

struct Writer {
    numbered: BTreeSet<String>,
    text: String,
}

impl Writer {
    fn ty(&self, rust: &str, input: bool) -> String {
        let rust = rust.trim();
        let inner = |prefix: &str| {
            rust.strip_prefix(prefix)
                .and_then(|rest| rest.strip_suffix('>'))
        };
        if let Some(some) = inner("Option<") {
            return format!("{} | null", self.ty(some, input));
        }
        if let Some(boxed) = inner("Box<") {
            return self.ty(boxed, input);
        }
        if let Some(element) = inner("Vec<") {
            let element = self.ty(element, input);
            return if element.contains('|') {
                format!("({element})[]")
            } else {
                format!("{element}[]")
            };
        }
        if let Some(value) = inner("BTreeMap<String, ") {
            return format!("Record<string, {}>", self.ty(value, input));
        }
        match rust {
            "String" | "Secret" | "Timestamp" => "string".into(),
            "UserData" => "string | Uint8Array".into(),
            "CommaList" => "string | string[]".into(),
            "bool" => "boolean".into(),
            "u8" | "u16" | "u32" | "u64" | "i32" | "i64" | "f64" => "number".into(),
            "Value" => "unknown".into(),
            // Written by hand in Rust, since no macro describes them.
            "StorageDevice" => "BlockDevice | Partition".into(),
            "PowerParameters" => "Record<string, string>".into(),
            name if input && self.numbered.contains(name) => format!("{name} | {name}Name"),
            name => name.into(),
        }
    }

    fn doc(&mut self, indent: &str, doc: &[String]) {
        match doc {
            [] => {}
            [line] => writeln!(self.text, "{indent}/** {} */", tsdoc(line)).unwrap(),
            lines => {
                writeln!(self.text, "{indent}/**").unwrap();
                for line in lines {
                    writeln!(
                        self.text,
                        "{indent} *{}",
                        if line.is_empty() {
                            String::new()
                        } else {
                            format!(" {}", tsdoc(line))
                        }
                    )
                    .unwrap();
                }
                writeln!(self.text, "{indent} */").unwrap();
            }
        }
    }

    fn definition(&mut self, definition: &Definition) {
        self.text.push('\n');
        self.doc("", &definition.doc);
        let name = &definition.name;
        match definition.macro_name.as_str() {
            "numbered_enum" => {
                writeln!(self.text, "export const {name} = {{").unwrap();
                let mut names = Vec::new();
                for item in &definition.items {
                    let (variant, values) = item.text.split_once('=').unwrap();
                    let (number, names_and_label) = values.trim().split_once(' ').unwrap();
                    names.push(format!("'{}'", names_and_label.split('"').nth(1).unwrap()));
                    self.doc("  ", &item.doc);
                    writeln!(self.text, "  {}: {number},", variant.trim()).unwrap();
                }
                writeln!(self.text, "}} as const;").unwrap();
                writeln!(self.text, "/** The number of a {name}; a newer server may send others. */\nexport type {name} = number;").unwrap();
                writeln!(
                    self.text,
                    "/** The names that filters take. */\nexport type {name}Name =\n  | {};",
                    names.join("\n  | ")
                )
                .unwrap();
            }
            "named_enum" => {
                let values: Vec<_> = definition
                    .items
                    .iter()
                    .map(|item| format!("'{}'", item.text.split('"').nth(1).unwrap()))
                    .collect();
                writeln!(
                    self.text,
                    "export type {name} =\n  | {}\n  | (string & {{}});",
                    values.join("\n  | ")
                )
                .unwrap();
            }
            "model" => {
                writeln!(self.text, "export interface {name} {{").unwrap();
                for item in &definition.items {
                    let (field, ty) = item.text.split_once(':').unwrap();
                    let field = item.rename.as_deref().unwrap_or(field);
                    self.doc("  ", &item.doc);
                    writeln!(self.text, "  {field}: {};", self.ty(ty, false)).unwrap();
                }
                writeln!(self.text, "  /** Fields that this version does not know, as they came. */\n  [extra: string]: unknown;\n}}").unwrap();
            }
            _ => {
                writeln!(self.text, "export interface {name} {{").unwrap();
                for item in &definition.items {
                    let (field, ty) = item
                        .text
                        .split("=>")
                        .next()
                        .unwrap()
                        .split_once(':')
                        .unwrap();
                    let (kind, field) = field.split_once(' ').unwrap();
                    let ty = self.ty(ty, true);
                    let ty = match kind {
                        "many" if ty.contains('|') => format!("{ty} | ({ty})[]"),
                        "many" => format!("{ty} | {ty}[]"),
                        "patch" => format!("{ty} | null"),
                        _ => ty,
                    };
                    self.doc("  ", &item.doc);
                    writeln!(self.text, "  {field}?: {ty};").unwrap();
                }
                writeln!(self.text, "  /** Further fields under their wire names, for what a newer server takes. */\n  extra?: Record<string, string>;\n}}").unwrap();
            }
        }
    }
}

/// Rust's links read as plain text.
fn tsdoc(line: &str) -> String {
    let mut text = line.replace("*/", "* /");
    while let (Some(open), Some(close)) = (text.find("[`"), text.find("`]")) {
        if close < open {
            break;
        }
        let name = text[open + 2..close]
            .rsplit("::")
            .next()
            .unwrap()
            .to_owned();
        let rest = text[close + 2..].to_owned();
        let rest = match (rest.starts_with('('), rest.find(')')) {
            (true, Some(end)) => rest[end + 1..].to_owned(),
            _ => rest,
        };
        text = format!("{}`{name}`{rest}", &text[..open]);
    }
    text
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_typescript_types_are_those_of_the_rust_models() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all: Vec<Definition> = sources(&root.join("maas-client/src"))
        .iter()
        .flat_map(|path| definitions(&std::fs::read_to_string(path).unwrap()))
        .filter(|definition| !definition.name.is_empty())
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let numbered = all
        .iter()
        .filter(|d| d.macro_name == "numbered_enum")
        .map(|d| d.name.clone())
        .collect();
    let mut writer = Writer {
        numbered,
        text: "// Generated from the sources of maas-client by a test; `UPDATE_TYPES=1 cargo test -p palette-maas-tests --test typescript` writes it anew.\n"
            .to_owned(),
    };
    for definition in &all {
        writer.definition(definition);
    }
    compare("bindings-node/ts/maas/models.ts", &writer.text);
}

/// Writes the file if asked to, and checks that it is up to date.
fn compare(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap_or_default() == text,
        "{path} is out of date: run with UPDATE_TYPES=1"
    );
}

/// The TypeScript type of a JSON Schema, at this indentation.
fn schema_type(schema: &Value, indent: &str) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap().to_owned();
    }
    let mut parts = Vec::new();
    if schema["properties"].is_object() {
        parts.push(fields(schema, indent));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(schemas) = schema[key].as_array() {
            let union: Vec<_> = schemas
                .iter()
                .map(|schema| schema_type(schema, indent))
                .collect();
            parts.push(union.join(" | "));
        }
    }
    match parts.as_slice() {
        [] => {}
        [one] => return one.clone(),
        [first, rest @ ..] => return format!("{first} & ({})", rest.join(" | ")),
    }
    if let Some(constant) = schema["const"].as_str() {
        return format!("'{constant}'");
    }
    if let Some(values) = schema["enum"].as_array() {
        let literal = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), |text| format!("'{text}'"))
        };
        return values.iter().map(literal).collect::<Vec<_>>().join(" | ");
    }
    let simple = |name: &str| match name {
        "string" => "string".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => {
            let element = schema_type(&schema["items"], indent);
            if element.contains(' ') {
                format!("({element})[]")
            } else {
                format!("{element}[]")
            }
        }
        "object" => match &schema["additionalProperties"] {
            value @ Value::Object(_) => format!("Record<string, {}>", schema_type(value, indent)),
            _ => "Record<string, unknown>".to_owned(),
        },
        other => panic!("a JSON Schema of type {other}"),
    };
    match &schema["type"] {
        Value::String(name) => simple(name),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).map(simple).collect();
            names.join(" | ")
        }
        _ => "unknown".to_owned(),
    }
}

fn fields(schema: &Value, indent: &str) -> String {
    let required: BTreeSet<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let inner = format!("{indent}  ");
    let mut text = String::from("{\n");
    for (name, field) in schema["properties"].as_object().unwrap() {
        text.push_str(&schema_doc(field, &inner));
        let optional = if required.contains(name.as_str()) {
            ""
        } else {
            "?"
        };
        writeln!(
            text,
            "{inner}{name}{optional}: {};",
            schema_type(field, &inner)
        )
        .unwrap();
    }
    text + indent + "}"
}

fn schema_doc(schema: &Value, indent: &str) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    let lines: Vec<String> = description
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    let mut writer = Writer {
        numbered: BTreeSet::new(),
        text: String::new(),
    };
    writer.doc(indent, &lines);
    writer.text
}

#[test]
fn the_typescript_types_of_the_engine_are_those_of_its_schemas() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lifecycle-core/schemas");
    let mut types = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let schema: Value = serde_json::from_slice(&bytes).unwrap();
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            types.insert(name.clone(), definition.clone());
        }
        types.insert(schema["title"].as_str().unwrap().to_owned(), schema);
    }
    let mut text = String::from(
        "// Generated from lifecycle-core/schemas by a test; `UPDATE_TYPES=1 cargo test -p palette-maas-tests --test typescript` writes it anew.\n",
    );
    for (name, schema) in &types {
        text.push('\n');
        text.push_str(&schema_doc(schema, ""));
        if schema["properties"].is_object() && schema["oneOf"].is_null() {
            writeln!(text, "export interface {name} {}", fields(schema, "")).unwrap();
        } else {
            writeln!(text, "export type {name} = {};", schema_type(schema, "")).unwrap();
        }
    }
    compare("bindings-node/ts/lifecycle-types.ts", &text);
}
