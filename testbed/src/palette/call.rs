//! One request, after it was checked: its path parameters, query and body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reply::{Refusal, Reply};

/// A checked request.
pub(crate) struct Call {
    pub(crate) path: BTreeMap<String, String>,
    pub(crate) query: Vec<(String, String)>,
    /// `null` without a body.
    pub(crate) body: Value,
}

/// The default and the largest number of items in one answer.
const PAGE: usize = 50;

impl Call {
    /// A path parameter.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    /// Answers with the page that the query asks for: filtered by `filters`, sorted by `orderBy`, cut by `limit`, `offset` and `continue`.
    pub(crate) fn page(&self, items: Vec<Value>) -> Result<Reply, Refusal> {
        let mut items = self.filtered(items)?;
        if let Some(order) = self.query("orderBy") {
            sort(&mut items, order)?;
        }
        Ok(Reply::ok(self.cut(&items)?))
    }

    /// Those items that fit `filters`.
    pub(crate) fn filtered(&self, items: Vec<Value>) -> Result<Vec<Value>, Refusal> {
        let Some(filters) = self.query("filters").filter(|filters| !filters.is_empty()) else {
            return Ok(items);
        };
        if filters.contains("OR") {
            return Err(Refusal::invalid(
                "filters: only conditions joined by AND are served here",
            ));
        }
        let mut conditions = Vec::new();
        for condition in filters.split("AND") {
            let Some((path, value)) = condition.split_once('=') else {
                return Err(Refusal::invalid(format!(
                    "filters: '{condition}' is not of the form path=value"
                )));
            };
            conditions.push((path, value));
        }
        Ok(items
            .into_iter()
            .filter(|item| {
                conditions
                    .iter()
                    .all(|(path, value)| at(item, path).is_some_and(|found| text(found) == *value))
            })
            .collect())
    }

    /// `{items, listmeta}` of the page that was asked for.
    pub(crate) fn cut(&self, items: &[Value]) -> Result<Value, Refusal> {
        let number = |name: &str| {
            self.query(name)
                .and_then(|value| value.parse::<usize>().ok())
        };
        let limit = match number("limit") {
            Some(0) => items.len().max(1),
            limit => limit.unwrap_or(PAGE).min(PAGE),
        };
        let start = match self.query("continue").filter(|token| !token.is_empty()) {
            Some(token) => token
                .strip_prefix("after-")
                .and_then(|start| start.parse().ok())
                .ok_or_else(|| Refusal::invalid("continue: this token was not given out here"))?,
            None => number("offset").unwrap_or(0),
        };
        let page: Vec<Value> = items.iter().skip(start).take(limit).cloned().collect();
        let end = start + page.len();
        let more = if end < items.len() {
            format!("after-{end}")
        } else {
            String::new()
        };
        Ok(serde_json::json!({
            "items": page,
            "listmeta": {"continue": more, "count": items.len(), "limit": limit, "offset": start},
        }))
    }
}

/// `orderBy=metadata.name=1,metadata.uid=-1`
fn sort(items: &mut [Value], order: &str) -> Result<(), Refusal> {
    let mut keys = Vec::new();
    for key in order.split(',') {
        match key.split_once('=') {
            Some((path, "1")) => keys.push((path, false)),
            Some((path, "-1")) => keys.push((path, true)),
            _ => {
                return Err(Refusal::invalid(format!(
                    "orderBy: '{key}' is not of the form path=1 or path=-1"
                )));
            }
        }
    }
    items.sort_by(|a, b| {
        keys.iter()
            .map(|(path, falling)| {
                let text = |item| at(item, path).map(text).unwrap_or_default();
                let order = text(a).cmp(&text(b));
                if *falling { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    Ok(())
}

fn at<'v>(item: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(item, |value, name| value.get(name))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
