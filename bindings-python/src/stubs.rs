//! The type stubs, made from the same definitions as the classes. Only in debug builds, for the test that compares
//! them with the committed ones.

use std::{cell::RefCell, fmt::Write, rc::Rc};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
    value::Error,
};

use crate::convert::IntoPython;

/// The head of a module of one API.
const HEAD: &str = "\
# Made by the tests of bindings-python from the Rust definitions; `UPDATE_STUBS=1` writes it anew.
import builtins
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, final

from ._native import List, Response, ResponseLog, TestbedClock, WaitProgress

";

/// The stub of the module of one API: its head, the names that it exports, its classes.
pub(crate) fn module(classes: &str) -> String {
    let mut names: Vec<&str> = classes
        .lines()
        .filter_map(|line| line.strip_prefix("class ")?.split([':', '(']).next())
        .collect();
    names.sort_unstable();
    let names: String = names
        .iter()
        .map(|name| format!("    \"{name}\",\n"))
        .collect();
    format!("{HEAD}\n__all__ = [\n{names}]\n\n{classes}")
}

/// The stub of the native module itself, but for the errors.
pub(crate) const NATIVE: &str = include_str!("native.pyi");

/// A class with a stub.
pub(crate) trait Stub {
    /// Its text.
    fn stub() -> String;
}

/// The Python type of what a function of a model returns.
pub(crate) fn type_of<M, T: IntoPython>(_: fn(&M) -> T) -> String {
    T::type_name()
}

/// A docstring with the quotes, indented.
pub(crate) fn docstring(doc: &str, indent: &str) -> String {
    let lines: Vec<&str> = doc.trim().lines().map(str::trim).collect();
    match lines.as_slice() {
        [line] => format!("\"\"\"{line}\"\"\""),
        lines => {
            let mut text = format!("\"\"\"{}\n", lines.first().unwrap_or(&""));
            for line in lines.iter().skip(1) {
                let _ = writeln!(text, "{}", format!("{indent}{line}").trim_end());
            }
            format!("{text}{indent}\"\"\"")
        }
    }
}

pub(crate) fn class(name: &str, doc: &str, body: &str) -> String {
    format!(
        "@final\nclass {name}:\n    {}\n\n{body}",
        docstring(doc, "    ")
    )
}

pub(crate) fn property(name: &str, kind: &str, doc: &str) -> String {
    let doc = if doc.is_empty() {
        " ...".to_owned()
    } else {
        format!("\n        {}", docstring(doc, "        "))
    };
    format!("    @property\n    def {name}(self) -> {kind}:{doc}\n")
}

/// A method with plain arguments.
pub(crate) fn method(name: &str, arguments: &[(&str, String)], result: &str, doc: &str) -> String {
    let arguments: String = arguments
        .iter()
        .map(|(name, kind)| format!(", {name}: {kind}"))
        .collect();
    format!(
        "    def {name}(self{arguments}) -> {result}:\n        {}\n",
        docstring(doc, "        ")
    )
}

/// The stub of a model.
pub(crate) fn model(name: &str, doc: &str, fields: &[(&str, String, &str)]) -> String {
    let mut body: String = fields
        .iter()
        .map(|(field, kind, doc)| property(field, kind, doc))
        .collect();
    body.push_str(&property(
        "extra",
        "dict[str, Any]",
        "Fields that this version does not know, as they came.",
    ));
    let _ = write!(
        body,
        "    def to_dict(self) -> dict[str, Any]:\n        \"\"\"The value as dicts, lists, strings and numbers, with the names that the API uses.\"\"\"\n    \
         @staticmethod\n    def from_dict(value: dict[str, Any]) -> {name}:\n        \"\"\"The value of such a dict.\"\"\"\n    \
         def __eq__(self, other: object, /) -> bool: ...\n    def __reduce__(self) -> tuple[Any, ...]: ...\n"
    );
    class(name, doc, &body)
}

/// One call of a noun.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) arguments: Vec<(&'static str, String)>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) result: String,
}

impl Call {
    pub(crate) fn stub(&self, awaited: bool) -> String {
        let mut options = self.options.clone();
        if !options.iter().any(|(name, _)| name == "timeout") {
            options.push(("timeout".to_owned(), "float | timedelta | None".to_owned()));
        }
        let result = if awaited {
            format!("Coroutine[Any, Any, {}]", self.result)
        } else {
            self.result.clone()
        };
        format!(
            "    def {}(\n        self,\n{}    ) -> {result}:\n        {}\n",
            self.name,
            parameters(&self.arguments, &options),
            docstring(self.doc, "        ")
        )
    }
}

/// The constructor and `from_env` of a client.
pub(crate) fn constructor(
    class: &str,
    arguments: &[(&str, String)],
    settings: &[(String, String)],
) -> String {
    format!(
        "    def __new__(\n        cls,\n{}    ) -> {class}: ...\n    @staticmethod\n    def from_env(\n{}    ) -> {class}:\n        \
         \"\"\"The client that the environment describes. Keyword arguments as for the class itself.\"\"\"\n{}",
        parameters(arguments, settings),
        parameters(&[], settings),
        property("base_url", "str", "The base of the API.")
    )
}

fn parameters(arguments: &[(&str, String)], keywords: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, kind) in arguments {
        // Whatever is read as a list or a dict is taken in any form; results are the built-in ones.
        let kind = kind
            .replace("builtins.list[", "Sequence[")
            .replace("dict[", "Mapping[");
        let _ = writeln!(text, "        {name}: {kind},");
    }
    text.push_str("        *,\n");
    for (name, kind) in keywords {
        let kind = if kind.ends_with("| None") {
            kind.clone()
        } else {
            format!("{kind} | None")
        };
        let _ = writeln!(text, "        {name}: {kind} = ...,");
    }
    text
}

/// The fields of an options struct and their Python types, found by asking its `Deserialize` what it wants for each.
pub(crate) fn keywords<T: DeserializeOwned>() -> Vec<(String, String)> {
    let names = Rc::new(RefCell::new(Vec::new()));
    let probe = Probe {
        found: Rc::default(),
        field: None,
        names: Rc::clone(&names),
    };
    let _ = T::deserialize(probe);
    let names = names.borrow().clone();
    names
        .iter()
        .map(|name: &&'static str| {
            let found = Rc::new(RefCell::new(None));
            let probe = Probe {
                found: Rc::clone(&found),
                field: Some(name),
                names: Rc::default(),
            };
            let _ = T::deserialize(probe);
            let kind = found.borrow().clone().unwrap_or_else(|| "Any".to_owned());
            ((*name).to_owned(), kind)
        })
        .collect()
}

type Found = Rc<RefCell<Option<String>>>;

/// Hands a struct one field and notes what is asked for.
struct Probe {
    found: Found,
    field: Option<&'static str>,
    names: Rc<RefCell<Vec<&'static str>>>,
}

impl<'de> serde::Deserializer<'de> for Probe {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.names.borrow_mut() = fields.to_vec();
        visitor.visit_map(OneField {
            field: self.field,
            found: self.found,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct OneField {
    field: Option<&'static str>,
    found: Found,
}

impl<'de> MapAccess<'de> for OneField {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.field
            .take()
            .map(|field| seed.deserialize(field.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Wanted(Rc::clone(&self.found)))
    }
}

/// Notes the Python type of what is asked for, and hands out an empty one.
struct Wanted(Found);

impl Wanted {
    fn note(&self, kind: &str) {
        *self.0.borrow_mut() = Some(kind.to_owned());
    }
}

struct OneElement(Found, bool);

impl<'de> SeqAccess<'de> for OneElement {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if std::mem::replace(&mut self.1, true) {
            return Ok(None);
        }
        seed.deserialize(Wanted(Rc::clone(&self.0))).map(Some)
    }
}

struct OneEntry(Found, bool);

impl<'de> MapAccess<'de> for OneEntry {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if std::mem::replace(&mut self.1, true) {
            return Ok(None);
        }
        seed.deserialize("".into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Wanted(Rc::clone(&self.0)))
    }
}

macro_rules! wanted {
    ($($method:ident $kind:literal $visit:ident $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.note($kind);
            visitor.$visit($value)
        })*
    };
}

impl<'de> serde::Deserializer<'de> for Wanted {
    type Error = Error;

    wanted! {
        deserialize_bool "bool" visit_bool false;
        deserialize_i8 "int" visit_i8 0;
        deserialize_i16 "int" visit_i16 0;
        deserialize_i32 "int" visit_i32 0;
        deserialize_i64 "int" visit_i64 0;
        deserialize_u8 "int" visit_u8 0;
        deserialize_u16 "int" visit_u16 0;
        deserialize_u32 "int" visit_u32 0;
        deserialize_u64 "int" visit_u64 0;
        deserialize_f32 "float" visit_f32 0.0;
        deserialize_f64 "float" visit_f64 0.0;
        deserialize_str "str" visit_str "";
        deserialize_string "str" visit_str "";
        deserialize_bytes "bytes" visit_bytes b"";
        deserialize_byte_buf "bytes" visit_bytes b"";
    }

    /// A value that tells its own form: one of a list, text or bytes, a name or a number.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expected = format!("{}", Expected(&visitor));
        if expected.contains("list") {
            let inner: Found = Rc::default();
            let result = visitor.visit_seq(OneElement(Rc::clone(&inner), false));
            let item = inner.borrow().clone().unwrap_or_else(|| "str".to_owned());
            self.note(&format!("{item} | Sequence[{item}]"));
            result
        } else if expected.contains("JSON value") {
            // Whoever reads any JSON first wants an object of it: no option is free-form otherwise.
            self.note("Mapping[str, Any]");
            visitor.visit_map(OneEntry(Rc::default(), true))
        } else if expected.contains("bytes") {
            self.note("str | bytes");
            visitor.visit_str("")
        } else if expected.contains("a number") {
            self.note("str | float | bool");
            visitor.visit_str("")
        } else {
            self.note("str");
            visitor.visit_str("")
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let inner: Found = Rc::default();
        let result = visitor.visit_seq(OneElement(Rc::clone(&inner), false));
        let item = inner.borrow().clone().unwrap_or_else(|| "Any".to_owned());
        self.note(&format!("Sequence[{item}]"));
        result
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let inner: Found = Rc::default();
        let result = visitor.visit_map(OneEntry(Rc::clone(&inner), false));
        let item = inner.borrow().clone().unwrap_or_else(|| "Any".to_owned());
        self.note(&format!("Mapping[str, {item}]"));
        result
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.note("Mapping[str, Any]");
        Err(Error::custom("noted"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        let names: Vec<String> = variants.iter().map(|name| format!("\"{name}\"")).collect();
        self.note(&format!("Literal[{}]", names.join(", ")));
        Err(Error::custom("noted"))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Expected<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> std::fmt::Display for Expected<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}
