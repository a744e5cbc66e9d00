//! Points in time that recur.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::reader::{Read, Reader, name_of};
use super::tree::Node;
use crate::ValueError;
use crate::prelude::*;

/// A recurring point in time as a cron expression of five fields: minute, hour, day of the month, month, day of the week.
///
/// Numbers, `*`, lists (`1,15`), ranges (`1-5`), steps (`*/15`) and English names of months and days are read, as Palette does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule(String);

/// Least and greatest value of each field, and the names of its values.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    (0, 7, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

impl Schedule {
    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn value(text: &str, (least, greatest, names): (u32, u32, &[&str])) -> Option<u32> {
    if let Some(index) = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))
    {
        return u32::try_from(index).ok().map(|i| i + least);
    }
    let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|n| digits && (least..=greatest).contains(n))
}

fn is_field(text: &str, bounds: (u32, u32, &[&str])) -> bool {
    text.split(',').all(|part| {
        let (range, step) = part
            .split_once('/')
            .map_or((part, None), |(range, step)| (range, Some(step)));
        let range_holds = range == "*"
            || match range.split_once('-') {
                Some((from, to)) => value(from, bounds)
                    .zip(value(to, bounds))
                    .is_some_and(|(from, to)| from <= to),
                None => value(range, bounds).is_some(),
            };
        range_holds && step.is_none_or(|s| value(s, (1, bounds.1.max(1), &[])).is_some())
    })
}

impl FromStr for Schedule {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == FIELDS.len()
            && fields
                .iter()
                .zip(FIELDS)
                .all(|(field, bounds)| is_field(field, bounds))
        {
            Ok(Self(fields.join(" ")))
        } else {
            Err(ValueError {
                text: text.to_owned(),
                expected: "a cron expression of five fields such as \"0 3 * * 0\"",
            })
        }
    }
}

impl TryFrom<String> for Schedule {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.0
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Read for Schedule {
    fn read(node: &Node, path: &str, reader: &mut Reader) -> Option<Self> {
        match String::read(node, path, reader)?.parse() {
            Ok(schedule) => Some(schedule),
            Err(_) => reader.wrong_value(
                node,
                path,
                format!("{} is not a cron expression", name_of(path)),
                "five fields: minute hour day-of-month month day-of-week, for instance \"0 3 * * 0\"",
            ),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Schedule {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A cron expression of five fields: minute, hour, day of the month, month, day of the week.",
            "type": "string",
            "pattern": "^\\S+(\\s+\\S+){4}$",
            "examples": ["0 3 * * 0"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions_are_told_from_other_text() {
        for good in [
            "0 3 * * 0",
            "*/15 * * * *",
            "0 0 1,15 * *",
            "30 2 * jan-mar mon-fri",
            "0 0 * * 7",
            "  5  4 * *  SUN ",
        ] {
            assert!(good.parse::<Schedule>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "@daily",
            "0 3 * *",
            "0 3 * * 0 2026",
            "60 3 * * 0",
            "0 24 * * 0",
            "0 0 0 * *",
            "0 0 5-1 * *",
            "*/0 * * * *",
            "0 0 * foo *",
            "1, 2 * * *",
            "+1 0 * * *",
        ] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
    }
}
