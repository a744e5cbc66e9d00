//! Tables for people: cells in columns that line up, and values in words.
use core::fmt;

use serde_json::Value;

use super::time::moment_text;
use crate::prelude::*;
use crate::{Args, clock_text};

/// Names in `_ms` that are durations; every other one is a moment.
const DURATIONS: [&str; 5] = [
    "age_ms",
    "by_ms",
    "max_age_ms",
    "remaining_ms",
    "retry_after_ms",
];

/// Rows of cells. Columns are as wide as their widest cell; the last cell of a row may be as long as it likes.
#[derive(Default)]
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn headed(names: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(names.iter().copied());
        table
    }

    pub(super) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.0.push(cells.into_iter().map(Into::into).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is nothing below the heading.
    pub(super) fn is_bare(&self) -> bool {
        self.0.len() < 2
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.0 {
            for (column, cell) in row.iter().take(row.len().saturating_sub(1)).enumerate() {
                if widths.len() <= column {
                    widths.push(0);
                }
                widths[column] = widths[column].max(width(cell));
            }
        }
        for row in &self.0 {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                line.push_str(cell);
                let fill = widths
                    .get(column)
                    .map_or(0, |w| w.saturating_sub(width(cell)));
                line.extend(core::iter::repeat_n(' ', fill + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// `need 1, available 0, eta 2026-02-02 02:40:00 UTC`: named values in words.
pub(super) fn args_text<'a>(args: impl IntoIterator<Item = (&'a String, &'a Value)>) -> String {
    let texts: Vec<String> = args
        .into_iter()
        .map(|(name, value)| {
            let short = name.strip_suffix("_ms").unwrap_or(name);
            format!("{short} {}", arg_text(name, value))
        })
        .collect();
    texts.join(", ")
}

/// One of them: moments and durations by their names, lists in brackets.
pub(super) fn arg_text(name: &str, value: &Value) -> String {
    let time = if DURATIONS.contains(&name) {
        value.as_u64().map(clock_text)
    } else if name.ends_with("_ms") {
        value.as_i64().map(moment_text)
    } else {
        None
    };
    time.unwrap_or_else(|| value_text(value))
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().map(value_text).collect();
            format!("[{}]", texts.join(", "))
        }
        other => other.to_string(),
    }
}

/// What a value serializes to, without the named parts that are said already.
pub(super) fn parts(value: &impl serde::Serialize, said: &[&str]) -> Args {
    let Ok(Value::Object(map)) = serde_json::to_value(value) else {
        return Args::new();
    };
    map.into_iter()
        .filter(|(name, _)| !said.contains(&name.as_str()))
        .collect()
}
