//! Events: the region's log, and its change feed at level `DEBUG`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, all, last};
use super::reply::{Answer, Reply};
use super::state::State;
use crate::clock::timestamp;

/// The levels by name, from the least to the most important.
const LEVELS: [(&str, u8); 6] = [
    ("AUDIT", 0),
    ("DEBUG", 10),
    ("INFO", 20),
    ("WARNING", 30),
    ("ERROR", 40),
    ("CRITICAL", 50),
];

/// How many events an answer holds if it is not said, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// How important an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: u64,
    level: Cow<'static, str>,
    created: String,
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    description: String,
    node: String,
    hostname: String,
    username: String,
}

impl State {
    /// Writes an event about a machine. From `INFO` on it is also what the machine shows as its status message.
    pub(crate) fn event(
        &mut self,
        at: usize,
        level: Level,
        kind: &'static str,
        description: &str,
        user: Option<&str>,
    ) {
        self.last_event += 1;
        let machine = &mut self.machines[at];
        if level != Level::Debug {
            let message = if description.is_empty() {
                kind.to_owned()
            } else {
                format!("{kind} - {description}")
            };
            machine.set("status_message", message);
            machine.set("status_action", "");
        }
        self.events.push(Event {
            id: self.last_event,
            level: level.name().into(),
            created: stamp(self.now),
            kind: kind.into(),
            description: description.to_owned(),
            node: machine.system_id().to_owned(),
            hostname: machine.hostname().to_owned(),
            username: user.unwrap_or("unknown").to_owned(),
        });
    }
}

/// `GET events/?op=query`
pub(crate) fn query(state: &State, call: &Call) -> Answer {
    let user = call.user()?;
    let query = &call.query;
    let number = |name: &str| last(query, name).map(|text| (text, text.parse::<u64>()));
    let limit = match number("limit") {
        None => DEFAULT_LIMIT,
        Some((_, Ok(limit))) => usize::try_from(limit).unwrap_or(usize::MAX),
        Some((text, Err(_))) => {
            return Err(Reply::error(
                400,
                &format!("Invalid limit: Please enter a whole number, not '{text}'"),
            ));
        }
    };
    if limit > MAX_LIMIT {
        return Err(Reply::error(
            400,
            &format!("Requested number of events {limit} is greater than limit: {MAX_LIMIT}"),
        ));
    }
    let bound = |name: &str| match number(name) {
        None => Ok(None),
        Some((_, Ok(id))) => Ok(Some(id)),
        Some((text, Err(_))) => Err(Reply::error(
            400,
            &format!("Invalid {name}: Please enter a whole number, not '{text}'"),
        )),
    };
    let (after, before) = (bound("after")?, bound("before")?);
    if after.is_some() && before.is_some() {
        return Err(Reply::error(
            400,
            "There is undetermined behaviour when both 'after' and 'before' are specified.",
        ));
    }
    let level = last(query, "level").unwrap_or("INFO");
    let Some((_, threshold)) = LEVELS.iter().find(|(name, _)| *name == level) else {
        return Err(Reply::error(
            400,
            &format!("Unrecognised log level: {level}"),
        ));
    };
    // AUDIT is a log of its own, not the lowest step of the ladder.
    let wanted_level = |event: &Event| match level {
        "AUDIT" => event.level == "AUDIT",
        _ => LEVELS
            .iter()
            .any(|(name, rank)| *name == event.level && rank >= threshold),
    };
    let (hostnames, ids, macs) = (
        all(query, "hostname"),
        all(query, "id"),
        all(query, "mac_address"),
    );
    let (zones, pools, domains) = (all(query, "zone"), all(query, "pool"), all(query, "domain"));
    let (owners, agents) = (all(query, "owner"), last(query, "agent_name"));
    let wanted_node = |event: &Event| {
        let machine = state.position(&event.node).map(|at| &state.machines[at]);
        let within = |names: &[&str], object: &str| {
            names.is_empty()
                || machine.is_some_and(|machine| names.contains(&machine.within(object, "name")))
        };
        (hostnames.is_empty() || hostnames.contains(&event.hostname.as_str()))
            && (ids.is_empty() || ids.contains(&event.node.as_str()))
            && (owners.is_empty() || owners.contains(&event.username.as_str()))
            && (macs.is_empty()
                || machine.is_some_and(|machine| macs.iter().any(|mac| machine.has_mac(mac))))
            && agents.is_none_or(|agent| machine.is_some_and(|machine| machine.agent_name == agent))
            && within(&zones, "zone")
            && within(&pools, "pool")
            && within(&domains, "domain")
            && machine.is_none_or(|machine| machine.is_visible_to(user))
    };
    let matching: Vec<&Event> = state
        .events
        .iter()
        .filter(|event| wanted_level(event) && wanted_node(event))
        .collect();
    // With `after` the page is the oldest of the newer ones, so that a reader who follows misses none.
    let page: Vec<&Event> = match (after, before) {
        (Some(after), _) => {
            let mut page: Vec<&Event> = matching
                .into_iter()
                .filter(|event| event.id > after)
                .take(limit)
                .collect();
            page.reverse();
            page
        }
        (None, before) => matching
            .into_iter()
            .rev()
            .filter(|event| before.is_none_or(|before| event.id < before))
            .take(limit)
            .collect(),
    };
    Ok(Reply::json(&json!({
        "count": page.len(),
        "events": page,
        "next_uri": next_uri(call, &page, before),
        "prev_uri": previous_uri(call, &page, after),
    })))
}

/// The page of newer events. There is always one: it may fill up.
fn next_uri(call: &Call, page: &[&Event], before: Option<u64>) -> String {
    let after = match (page.first(), before) {
        (Some(newest), _) => Some(newest.id),
        (None, Some(before)) => Some(before.saturating_sub(1)),
        (None, None) => None,
    };
    uri(call, after.map(|after| ("after", after)))
}

/// The page of older events, if there can be any.
fn previous_uri(call: &Call, page: &[&Event], after: Option<u64>) -> Value {
    let before = match (page.last(), after) {
        (Some(oldest), _) => Some(oldest.id),
        (None, Some(after)) => Some(after.saturating_add(1)),
        (None, None) => None,
    };
    match before {
        Some(before) if before > 1 => uri(call, Some(("before", before))).into(),
        _ => Value::Null,
    }
}

fn uri(call: &Call, bound: Option<(&str, u64)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.query {
        if !["after", "before"].contains(&name.as_str()) && !name.starts_with("oauth_") {
            query.append_pair(name, value);
        }
    }
    if let Some((name, id)) = bound {
        query.append_pair(name, &id.to_string());
    }
    format!("/MAAS/api/2.0/events/?{}", query.finish())
}

/// A time as events show it, in UTC without saying so: `Sun, 22 Nov. 2026 09:34:35`.
pub(crate) fn stamp(micros: i64) -> String {
    timestamp(micros)
        .strftime("%a, %d %b. %Y %H:%M:%S")
        .to_string()
}
