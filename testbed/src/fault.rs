//! Faults that can be ordered: per endpoint, a number of times, with a probability that a seed makes repeatable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is closed without an answer.
    Refuse,
    /// Status line and headers are sent, then the connection is reset (TCP RST).
    ResetAfterHeaders,
    /// The answer comes late, by this many milliseconds of wall time.
    Delay {
        /// Milliseconds of wall time.
        ms: u64,
    },
    /// Another answer than the server's.
    Status {
        /// The HTTP status, such as 409, 503 or 504.
        status: u16,
        /// Seconds for a `Retry-After` header; without it the header is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The text of the body; a sentence that names the fault if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The body ends after this many bytes although the headers promise all of it.
    Cut {
        /// Bytes of the body that are still sent.
        bytes: usize,
    },
    /// The body is bytes that are neither text nor JSON; headers stay.
    Garbage,
    /// The answer carries another content type.
    ContentType {
        /// The value of the `Content-Type` header.
        value: String,
    },
}

impl FaultKind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::ResetAfterHeaders => "reset_after_headers",
            Self::Delay { .. } => "delay",
            Self::Status { .. } => "status",
            Self::Cut { .. } => "cut",
            Self::Garbage => "garbage",
            Self::ContentType { .. } => "content_type",
        }
    }
}

/// An order for a fault: where, what, how often.
///
/// ```
/// use testbed::{Fault, FaultKind};
/// let lost_answer = Fault::new("POST", "/MAAS/api/2.0/machines/", FaultKind::Refuse).op("allocate").deed_done().times(1);
/// # let _ = lost_answer;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// The HTTP method; `*` for any.
    pub method: String,
    /// The path; `*` stands for any characters, slashes included.
    pub path: String,
    /// Only requests with this `op` in the query or at the end of the path (`op-NAME`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<String>,
    /// How many matching requests pass untouched first.
    #[serde(default)]
    pub skip: u32,
    /// How many times the fault happens; unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How likely a matching request meets it, from 0 to 1.
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether the server does what was asked although its answer is lost or replaced.
    #[serde(default)]
    pub deed_done: bool,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn certain() -> f64 {
    1.0
}

impl Fault {
    /// A fault for every request with this method (`*` for any) and path (`*` matches any characters), without limit.
    #[must_use]
    pub fn new(method: &str, path: &str, kind: FaultKind) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            op: None,
            skip: 0,
            count: None,
            probability: 1.0,
            deed_done: false,
            kind,
        }
    }

    /// Only requests of this MAAS operation.
    #[must_use]
    pub fn op(mut self, op: &str) -> Self {
        self.op = Some(op.to_owned());
        self
    }

    /// At most this many times.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// Lets the first `skip` matching requests pass.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Happens with this probability, from 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// The server carries the request out before the fault hides it.
    #[must_use]
    pub fn deed_done(mut self) -> Self {
        self.deed_done = true;
        self
    }

    fn matches(&self, method: &str, path: &str, query: &str) -> bool {
        (self.method == "*" || self.method.eq_ignore_ascii_case(method))
            && glob(self.path.as_bytes(), path.as_bytes())
            && self.op.as_deref().is_none_or(|op| has_op(op, path, query))
    }
}

/// A fault with its number and what is left of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OrderedFault {
    /// The number to cancel it with.
    pub id: u64,
    /// How often it has happened.
    pub happened: u32,
    /// The order.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The faults in force. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults {
    inner: Arc<Mutex<Orders>>,
}

#[derive(Debug)]
struct Orders {
    orders: Vec<OrderedFault>,
    last_id: u64,
    rng: fastrand::Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Orders {
                orders: Vec::new(),
                last_id: 0,
                rng: fastrand::Rng::with_seed(seed),
            })),
        }
    }

    /// Orders a fault and returns its number. Faults are tried in the order in which they were ordered; the first that applies is used.
    pub fn order(&self, fault: Fault) -> u64 {
        let mut orders = self.orders();
        orders.last_id += 1;
        let id = orders.last_id;
        orders.orders.push(OrderedFault {
            id,
            happened: 0,
            fault,
        });
        id
    }

    /// All faults in force.
    #[must_use]
    pub fn list(&self) -> Vec<OrderedFault> {
        self.orders().orders.clone()
    }

    /// Cancels one fault; `false` if there is none with this number.
    pub fn cancel(&self, id: u64) -> bool {
        let mut orders = self.orders();
        let before = orders.orders.len();
        orders.orders.retain(|order| order.id != id);
        orders.orders.len() < before
    }

    /// Cancels all faults.
    pub fn clear(&self) {
        self.orders().orders.clear();
    }

    pub(crate) fn reseed(&self, seed: u64) {
        self.orders().rng = fastrand::Rng::with_seed(seed);
    }

    pub(crate) fn pick(&self, method: &str, path: &str, query: &str) -> Option<Fault> {
        let mut orders = self.orders();
        let Orders { orders, rng, .. } = &mut *orders;
        for order in orders.iter_mut() {
            if order
                .fault
                .count
                .is_some_and(|count| order.happened >= count)
                || !order.fault.matches(method, path, query)
            {
                continue;
            }
            if order.fault.skip > 0 {
                order.fault.skip -= 1;
                continue;
            }
            if rng.f64() < order.fault.probability {
                order.happened += 1;
                return Some(order.fault.clone());
            }
        }
        None
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_op(op: &str, path: &str, query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "op" && value == op)
        || path
            .rsplit('/')
            .next()
            .and_then(|last| last.strip_prefix("op-"))
            == Some(op)
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
        Some((wanted, rest)) => text
            .split_first()
            .is_some_and(|(found, remaining)| found == wanted && glob(rest, remaining)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_counts_skips_and_matches_operations() {
        let faults = Faults::new(1);
        faults.order(
            Fault::new("POST", "/MAAS/api/2.0/machines/*", FaultKind::Refuse)
                .op("deploy")
                .after(1)
                .times(1),
        );
        let path = "/MAAS/api/2.0/machines/abc/";
        assert!(faults.pick("GET", path, "op=deploy").is_none());
        assert!(faults.pick("POST", path, "op=release").is_none());
        assert!(
            faults.pick("POST", path, "op=deploy").is_none(),
            "the first one passes"
        );
        assert!(
            faults
                .pick("POST", "/MAAS/api/2.0/machines/abc/op-deploy", "")
                .is_some()
        );
        assert!(faults.pick("POST", path, "op=deploy").is_none(), "used up");
    }

    #[test]
    fn a_seed_repeats_the_dice() {
        let run = |seed| {
            let faults = Faults::new(seed);
            faults.order(Fault::new("*", "*", FaultKind::Garbage).probability(0.5));
            (0..64)
                .map(|_| faults.pick("GET", "/", "").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).contains(&true) && run(7).contains(&false));
    }

    #[test]
    fn the_json_form_is_flat() {
        let fault: Fault = serde_json::from_str(
            r#"{"method":"GET","path":"/v1/*","kind":"status","status":503,"retry_after":2,"count":3}"#,
        )
        .expect("fault");
        assert_eq!(
            fault,
            Fault::new(
                "GET",
                "/v1/*",
                FaultKind::Status {
                    status: 503,
                    retry_after: Some(2),
                    body: None
                }
            )
            .times(3)
        );
    }
}
