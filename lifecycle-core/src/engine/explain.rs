//! 3.11 Explanations: a rule, the facts it looked at, and a sentence rendered from the two.
use crate::prelude::*;
use crate::{Args, Condition, ConditionCode, Explain, Unblock, UnblockKind, Verdict};

/// `facts! {"need": 1, "zone": "z1"}`.
macro_rules! facts {
    ($($k:literal : $v:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut map = $crate::Args::new();
        $(map.insert(alloc::borrow::ToOwned::to_owned($k), serde_json::Value::from($v));)*
        map
    }};
}
pub(crate) use facts;

/// Puts facts into a sentence: `{name}` becomes the fact of that name.
pub(crate) fn render(template: &str, facts: &Args) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = after.find('}') else {
            rest = after;
            break;
        };
        match facts.get(&after[1..end]) {
            Some(serde_json::Value::String(s)) => out.push_str(s),
            Some(serde_json::Value::Array(list)) => {
                let texts: Vec<String> = list
                    .iter()
                    .map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned))
                    .collect();
                out.push_str(&texts.join(", "));
            }
            Some(v) => out.push_str(&v.to_string()),
            None => out.push_str(&after[..=end]),
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    out
}

/// An explanation.
pub(crate) fn explain(
    subject: impl Into<String>,
    verdict: Verdict,
    rule: &str,
    template: &str,
    facts: Args,
) -> Explain {
    let message = render(template, &facts);
    Explain {
        subject: subject.into(),
        verdict,
        rule: rule.to_owned(),
        facts,
        message,
        unblocks_when: Vec::new(),
    }
}

/// Adds what would change the verdict.
pub(crate) trait Until {
    /// …when this happens.
    fn until(self, kind: UnblockKind, args: Args) -> Self;
}

impl Until for Explain {
    fn until(mut self, kind: UnblockKind, args: Args) -> Self {
        self.unblocks_when.push(Unblock { kind, args });
        self
    }
}

/// A condition.
pub(crate) fn condition(code: ConditionCode, args: Args) -> Condition {
    Condition { code, args }
}
