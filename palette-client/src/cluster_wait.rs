//! Waiting for a cluster.

use sdk_transport::{Error, ErrorKind, Observation, WaitOptions};

use crate::{
    Condition, Health,
    cluster::{Cluster, ClusterHandle, ClusterOverview, ClusterState},
    repave::RepaveState,
};

impl ClusterHandle {
    /// Waits until the cluster is running and healthy, which is not the same moment.
    ///
    /// Conditions that are not yet true are told as progress: Palette tries for ever, and a failed step may heal. A
    /// repave that waits for approval ends the wait, since nothing happens until
    /// [`ClusterHandle::approve_repave`].
    ///
    /// # Errors
    /// [`FailedState`](ErrorKind::FailedState) with the server's reason (an error, a deletion, a repave that waits for
    /// approval), [`Timeout`](ErrorKind::Timeout), [`Cancelled`](ErrorKind::Cancelled), and as any call.
    pub async fn wait_running_and_healthy(
        &self,
        options: &WaitOptions,
    ) -> Result<ClusterOverview, Error> {
        let subject = format!("cluster {} running and healthy", self.uid);
        self.client
            .waiter(options, subject)
            .wait(|| self.look_running())
            .await
    }

    /// Waits until the cluster is gone: its state is `Deleted`, or the server no longer knows it.
    ///
    /// # Errors
    /// [`FailedState`](ErrorKind::FailedState) with the server's reason, [`Timeout`](ErrorKind::Timeout),
    /// [`Cancelled`](ErrorKind::Cancelled), and as any call.
    pub async fn wait_deleted(&self, options: &WaitOptions) -> Result<(), Error> {
        let subject = format!("cluster {} deleted", self.uid);
        self.client
            .waiter(options, subject)
            .wait(|| self.look_deleted())
            .await
    }

    async fn look_running(&self) -> Result<Observation<ClusterOverview>, Error> {
        let cluster = self.get().await?;
        if let Some(observation) = not_running(&cluster) {
            return Ok(observation);
        }
        // Health is told by the overview alone, whose rate limit is the smaller one.
        let overview = self.overview().await?;
        if overview.is_running_and_healthy() {
            return Ok(Observation::Reached(overview));
        }
        Ok(Observation::Pending {
            state: unhealthy(overview.status.health.as_ref()),
        })
    }

    async fn look_deleted(&self) -> Result<Observation<()>, Error> {
        match self.get().await {
            Ok(cluster) => Ok(deleted(&cluster)),
            Err(error) if is_gone(&error) => Ok(Observation::Reached(())),
            Err(error) => Err(error),
        }
    }
}

/// Whether Palette itself says that there is no such object; a proxy's or a router's 404 says nothing of the kind.
fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        && error
            .server_code()
            .is_some_and(|code| code.parse::<u16>().is_err())
}

/// What keeps the cluster from running; `None` if it does.
fn not_running<T>(cluster: &Cluster) -> Option<Observation<T>> {
    let Some((status, state)) = cluster
        .status
        .as_ref()
        .and_then(|status| Some((status, status.state.as_ref()?)))
    else {
        return Some(Observation::Pending {
            state: "no status yet".to_owned(),
        });
    };
    let repave = status
        .repave
        .as_ref()
        .and_then(|repave| repave.state.as_ref());
    Some(match state {
        ClusterState::Error | ClusterState::Deleting | ClusterState::Deleted => {
            Observation::Failed {
                state: state.to_string(),
                reason: reason(&status.conditions),
            }
        }
        _ if repave == Some(&RepaveState::Pending) => Observation::Failed {
            state: format!("{state}, repave pending"),
            reason: "a change that replaces nodes waits for approval; look at `repave()` and call `approve_repave()`"
                .to_owned(),
        },
        ClusterState::Running => return None,
        _ => Observation::Pending {
            state: describe(state, &status.conditions),
        },
    })
}

fn deleted(cluster: &Cluster) -> Observation<()> {
    let state = cluster.state();
    let asked = cluster.metadata.deletion_timestamp.is_some();
    match state {
        Some(ClusterState::Deleted) => Observation::Reached(()),
        Some(state @ ClusterState::Error) if !asked => Observation::Failed {
            state: state.to_string(),
            reason: reason(cluster.conditions()),
        },
        Some(state) => Observation::Pending {
            state: describe(state, cluster.conditions()),
        },
        None => Observation::Pending {
            state: "no state".to_owned(),
        },
    }
}

fn open(conditions: &[Condition]) -> impl Iterator<Item = String> + '_ {
    conditions
        .iter()
        .filter(|condition| !condition.is_true())
        .map(|condition| match condition.message.as_str() {
            "" => format!("{} {}", condition.kind, condition.status),
            message => format!("{} {}: {message}", condition.kind, condition.status),
        })
}

/// The state, and the first step that is not yet done.
fn describe(state: &ClusterState, conditions: &[Condition]) -> String {
    match open(conditions).next() {
        Some(step) => format!("{state} ({step})"),
        None => state.to_string(),
    }
}

fn reason(conditions: &[Condition]) -> String {
    let steps: Vec<_> = open(conditions).collect();
    if steps.is_empty() {
        "the server gives no reason".to_owned()
    } else {
        steps.join("; ")
    }
}

fn unhealthy(health: Option<&Health>) -> String {
    match health {
        None => "Running, no health yet".to_owned(),
        Some(health) => {
            let messages: Vec<_> = health
                .conditions
                .iter()
                .map(|condition| condition.message.as_str())
                .collect();
            let word = if health.state.is_empty() {
                "no health yet"
            } else {
                &health.state
            };
            match messages.as_slice() {
                [] => format!("Running, {word}"),
                messages => format!("Running, {word} ({})", messages.join("; ")),
            }
        }
    }
}
