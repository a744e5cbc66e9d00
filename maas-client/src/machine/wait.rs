//! Waiting for a machine.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use sdk_transport::{Error, ErrorKind, Observation, WaitOptions};

use super::{Machine, MachineHandle, NodeStatus};
use crate::event::EventFilter;

/// What a status means to somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    Pending,
    Failed,
}

impl MachineHandle {
    /// Waits until the machine is Deployed.
    ///
    /// # Errors
    /// [`FailedState`](ErrorKind::FailedState) with the server's reason if the deployment failed, was aborted, or the
    /// machine is being released; [`Timeout`](ErrorKind::Timeout) with the last status;
    /// [`Cancelled`](ErrorKind::Cancelled); those of [`MachineHandle::get`].
    pub async fn wait_deployed(&self, options: &WaitOptions) -> Result<Machine, Error> {
        let began = AtomicBool::new(false);
        self.wait("deployed", options, |status| deployed(status, &began))
            .await
    }

    /// Waits until the machine is Ready, e.g. after commissioning.
    ///
    /// # Errors
    /// As [`MachineHandle::wait_deployed`].
    pub async fn wait_ready(&self, options: &WaitOptions) -> Result<Machine, Error> {
        self.wait("ready", options, |status| {
            arrived(status, NodeStatus::Ready)
        })
        .await
    }

    /// Waits until the machine has been given back. `None` if it is gone, as a virtual machine is that MAAS composed
    /// for the allocation.
    ///
    /// # Errors
    /// As [`MachineHandle::wait_deployed`].
    pub async fn wait_released(&self, options: &WaitOptions) -> Result<Option<Machine>, Error> {
        match self.wait("released", options, released).await {
            Ok(machine) => Ok(Some(machine)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until the machine has this status.
    ///
    /// # Errors
    /// As [`MachineHandle::wait_deployed`]; any other failed status, Broken and Missing end the wait.
    pub async fn wait_status(
        &self,
        wanted: NodeStatus,
        options: &WaitOptions,
    ) -> Result<Machine, Error> {
        self.wait(wanted.name(), options, |status| arrived(status, wanted))
            .await
    }

    async fn wait(
        &self,
        goal: &str,
        options: &WaitOptions,
        judge: impl Fn(NodeStatus) -> Verdict,
    ) -> Result<Machine, Error> {
        let subject = format!("machine {} {goal}", self.system_id);
        let look = || async {
            let machine = self.get().await?;
            let state = machine.status_name.clone();
            Ok(match judge(machine.status) {
                Verdict::Reached => Observation::Reached(machine),
                Verdict::Pending => Observation::Pending { state },
                Verdict::Failed => Observation::Failed {
                    state,
                    reason: self.reason(&machine).await,
                },
            })
        };
        named(self.client.waiter(options, subject).wait(look)).await
    }

    /// The server's own words: what stands in the machine, else its latest events.
    async fn reason(&self, machine: &Machine) -> String {
        if let Some(reason) = machine.reason() {
            return reason.to_owned();
        }
        let filter = EventFilter::new().system_id(&self.system_id).limit(5);
        // The reason is worth one more call, but not a second failure.
        let events = self
            .client
            .events()
            .query(&filter)
            .await
            .unwrap_or_default()
            .events;
        let told: Vec<_> = events.iter().map(ToString::to_string).collect();
        if told.is_empty() {
            "the server gives no reason".to_owned()
        } else {
            told.join("; ")
        }
    }
}

async fn named<T>(wait: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    wait.await
        .map_err(|error| error.with_operation("machine.wait"))
}

/// Allocated comes before a deployment, and after one that was aborted.
fn deployed(status: NodeStatus, began: &AtomicBool) -> Verdict {
    match status {
        NodeStatus::Deployed => Verdict::Reached,
        NodeStatus::Deploying => {
            began.store(true, Ordering::Relaxed);
            Verdict::Pending
        }
        NodeStatus::Allocated if !began.load(Ordering::Relaxed) => Verdict::Pending,
        NodeStatus::Other(_) => Verdict::Pending,
        _ => Verdict::Failed,
    }
}

/// New is where a machine ends that was never commissioned.
fn released(status: NodeStatus) -> Verdict {
    match status {
        NodeStatus::Ready | NodeStatus::New => Verdict::Reached,
        NodeStatus::FailedReleasing
        | NodeStatus::FailedDiskErasing
        | NodeStatus::Broken
        | NodeStatus::Missing => Verdict::Failed,
        _ => Verdict::Pending,
    }
}

fn arrived(status: NodeStatus, wanted: NodeStatus) -> Verdict {
    if status == wanted {
        Verdict::Reached
    } else if status.is_failed() || matches!(status, NodeStatus::Broken | NodeStatus::Missing) {
        Verdict::Failed
    } else {
        Verdict::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aborted_deployment_is_seen_as_such() {
        let began = AtomicBool::new(false);
        let verdicts = [
            NodeStatus::Allocated,
            NodeStatus::Deploying,
            NodeStatus::Allocated,
        ]
        .map(|status| deployed(status, &began));
        assert_eq!(
            verdicts,
            [Verdict::Pending, Verdict::Pending, Verdict::Failed]
        );
    }

    #[test]
    fn every_wait_has_an_end_and_a_failure() {
        for &status in NodeStatus::ALL {
            assert_eq!(arrived(status, status), Verdict::Reached);
            let fatal = matches!(
                status,
                NodeStatus::FailedReleasing | NodeStatus::FailedDiskErasing
            );
            assert!(!fatal || released(status) == Verdict::Failed, "{status}");
        }
        assert_eq!(released(NodeStatus::Deployed), Verdict::Pending);
    }
}
