//! Events: what happened to a cluster, the newest first.

use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::reply::{Answer, Refusal};
use super::state::{State, time};

/// How many events of a cluster are kept.
const KEPT: usize = 1000;

/// An event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    uid: String,
    at_ms: i64,
    reason: String,
    message: String,
    severity: &'static str,
}

impl Cluster {
    /// Writes an event down; one that repeats the last of its kind is dropped.
    pub(crate) fn event(
        &mut self,
        now_ms: i64,
        severity: &'static str,
        reason: &str,
        message: impl Into<String>,
    ) {
        let message = message.into();
        let is_repeated = self
            .events
            .iter()
            .rev()
            .find(|event| event.reason == reason)
            .is_some_and(|event| event.message == message && event.severity == severity);
        if is_repeated {
            return;
        }
        self.last_event += 1;
        self.events.push(Event {
            // As Palette's uids: 24 hexadecimal digits.
            uid: format!(
                "{}{:08x}",
                &self.uid[..16.min(self.uid.len())],
                self.last_event
            ),
            at_ms: now_ms,
            reason: reason.to_owned(),
            message,
            severity,
        });
        if self.events.len() > KEPT {
            self.events.remove(0);
        }
    }
}

fn json(cluster: &Cluster, event: &Event) -> Value {
    json!({
        "metadata": {
            "name": format!("{}.{}", cluster.name, event.uid), "uid": event.uid, "labels": {}, "annotations": {},
            "creationTimestamp": time(event.at_ms), "lastModifiedTimestamp": time(event.at_ms),
        },
        "involvedObject": {"kind": "SpectroCluster", "name": cluster.name, "uid": cluster.uid},
        "relatedObject": {"kind": "spectrocluster", "name": cluster.name, "uid": cluster.uid},
        "reason": event.reason, "message": event.message, "severity": event.severity,
        "source": {"component": "palette", "host": ""},
    })
}

/// `GET /v1/events/components/{objectKind}/{objectUid}`
pub(crate) fn of_object(state: &State, call: &Call) -> Answer {
    if call.id("objectKind") != "spectrocluster" {
        return Err(Refusal::not_found(
            call.id("objectKind"),
            call.id("objectUid"),
        ));
    }
    let cluster = state.cluster(call.id("objectUid"))?;
    call.page(
        cluster
            .events
            .iter()
            .rev()
            .map(|event| json(cluster, event))
            .collect(),
    )
}

/// `GET /v1/events/components`
pub(crate) fn of_all(state: &State, call: &Call) -> Answer {
    let mut events: Vec<(i64, Value)> = state
        .clusters
        .iter()
        .flat_map(|cluster| {
            cluster
                .events
                .iter()
                .map(|event| (event.at_ms, json(cluster, event)))
        })
        .collect();
    events.sort_by_key(|(at_ms, _)| -at_ms);
    call.page(events.into_iter().map(|(_, event)| event).collect())
}
