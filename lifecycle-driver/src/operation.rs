//! A running operation: a stream of events that ends in a result.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};
use lifecycle_core::Millis;
use sdk_transport::{Clock, Error};
use tokio::sync::mpsc;

use crate::{Created, Event, EventKind, Resource};

type Work<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// An operation under way: read its events with [`StreamExt::next`], then take its result with [`Operation::finish`]; or `.await` it when
/// the events do not matter.
///
/// It works only while it is polled, and dropping it stops it at once. What it had created by then is what [`Operation::created`] said.
#[must_use = "an operation does nothing unless it is polled"]
pub struct Operation<T> {
    work: Option<Work<T>>,
    outcome: Option<Result<T, Error>>,
    events: mpsc::UnboundedReceiver<Event>,
    created: Arc<Mutex<Created>>,
}

impl<T> Operation<T> {
    pub(crate) fn start<F, W>(clock: Clock, work: F) -> Self
    where
        F: FnOnce(Reporter) -> W,
        W: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (sender, events) = mpsc::unbounded_channel();
        let created = Arc::new(Mutex::new(Created::default()));
        let reporter = Reporter {
            clock,
            sender,
            created: Arc::clone(&created),
        };
        Self {
            work: Some(Box::pin(work(reporter))),
            outcome: None,
            events,
            created,
        }
    }

    /// What exists by now because of this operation, or may exist because a call was sent whose answer is not known.
    #[must_use]
    pub fn created(&self) -> Created {
        self.created
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Runs to the end and gives the result; events that were not read are dropped.
    ///
    /// # Errors
    /// That of the operation. What exists after a failure is named in its details under `created`.
    pub async fn finish(mut self) -> Result<T, Error> {
        while self.next().await.is_some() {}
        self.outcome.take().unwrap_or_else(|| {
            Err(Error::new(
                sdk_transport::ErrorKind::Internal,
                "the operation ended without a result",
            ))
        })
    }
}

impl<T> std::fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("ended", &self.work.is_none())
            .field("created", &self.created())
            .finish_non_exhaustive()
    }
}

// The result is only moved, never pinned.
impl<T> Unpin for Operation<T> {}

impl<T> Stream for Operation<T> {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Ok(event) = self.events.try_recv() {
            return Poll::Ready(Some(event));
        }
        if let Some(work) = &mut self.work
            && let Poll::Ready(outcome) = work.as_mut().poll(cx)
        {
            self.outcome = Some(outcome);
            self.work = None;
        }
        match self.events.poll_recv(cx) {
            Poll::Ready(Some(event)) => Poll::Ready(Some(event)),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.work.is_none() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: Send + 'static> IntoFuture for Operation<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.finish())
    }
}

/// Where an operation tells what happens and what exists.
#[derive(Clone)]
pub(crate) struct Reporter {
    clock: Clock,
    sender: mpsc::UnboundedSender<Event>,
    created: Arc<Mutex<Created>>,
}

impl Reporter {
    pub(crate) fn now_ms(&self) -> Millis {
        self.clock.now().as_millisecond()
    }

    pub(crate) fn tell(&self, kind: EventKind) {
        // Nobody listens any more: the operation is about to be dropped.
        let _ = self.sender.send(Event {
            at_ms: self.now_ms(),
            kind,
        });
    }

    pub(crate) fn step(&self, message: impl Into<String>) {
        self.tell(EventKind::Step {
            message: message.into(),
        });
    }

    /// Notes, before a call is sent, what it will create.
    pub(crate) fn asked(&self, resource: &Resource) {
        self.ledger(|created| created.put(resource.clone()));
    }

    /// Notes that it exists.
    pub(crate) fn exists(&self, resource: Resource) {
        self.ledger(|created| created.put(resource.clone()));
        self.tell(EventKind::Created { resource });
    }

    /// Notes that it does not exist (any more).
    pub(crate) fn removed(&self, resource: &Resource) {
        self.not_created(resource);
        self.tell(EventKind::Removed {
            resource: resource.clone(),
        });
    }

    /// Notes that the call proved to have created nothing.
    pub(crate) fn not_created(&self, resource: &Resource) {
        self.ledger(|created| created.remove(resource));
    }

    pub(crate) fn created(&self) -> Created {
        self.created
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn ledger(&self, change: impl FnOnce(&mut Created)) {
        change(&mut self.created.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sdk_transport::ErrorKind;

    use super::*;

    fn clock() -> Clock {
        Clock::manual(jiff::Timestamp::from_second(1_770_000_000).unwrap())
    }

    #[tokio::test]
    async fn events_come_in_order_and_before_the_result() {
        let clock = clock();
        let pace = clock.clone();
        let mut operation = Operation::start(clock, move |report| async move {
            for n in 0..3 {
                report.step(n.to_string());
                pace.sleep(Duration::from_secs(1)).await;
                tokio::task::yield_now().await;
            }
            Ok(7)
        });
        let mut seen = Vec::new();
        while let Some(event) = operation.next().await {
            seen.push((event.at_ms, event.kind));
        }
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[2].0 - seen[0].0, 2000);
        assert_eq!(operation.finish().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn what_was_created_is_known_although_the_operation_was_dropped() {
        let resource = Resource::cluster("prod", None);
        let asked = resource.clone();
        let mut operation = Operation::<()>::start(clock(), move |report| async move {
            report.asked(&asked);
            report.step("sending");
            std::future::pending().await
        });
        operation.next().await;
        assert_eq!(operation.created().resources(), [resource]);
    }

    #[tokio::test]
    async fn an_error_is_the_result() {
        let operation = Operation::<()>::start(clock(), |report| async move {
            report.step("begin");
            Err(Error::new(ErrorKind::Forbidden, "no"))
        });
        assert_eq!(operation.await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
}
