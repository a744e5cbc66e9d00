//! Time as a value: waiters take `now` and `sleep` from a [`Clock`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;
type NowFn = dyn Fn() -> Timestamp + Send + Sync;
type SleepFn = dyn Fn(Duration) -> Sleep + Send + Sync;

/// Where waiters get the time from and how they sleep. Cheap to clone.
///
/// [`Clock::system`] is the wall clock. A simulation passes its own with [`Clock::new`]; [`Clock::manual`] never sleeps
/// for real and is meant for tests.
#[derive(Clone)]
pub struct Clock {
    now: Arc<NowFn>,
    sleep: Arc<SleepFn>,
}

impl Clock {
    /// The wall clock and the runtime's timer.
    pub fn system() -> Self {
        Self::new(Timestamp::now, tokio::time::sleep)
    }

    /// A clock made of two functions. `sleep` returns a future that ends once the given time has passed on this clock.
    pub fn new<N, S, F>(now: N, sleep: S) -> Self
    where
        N: Fn() -> Timestamp + Send + Sync + 'static,
        S: Fn(Duration) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            now: Arc::new(now),
            sleep: Arc::new(move |duration| Box::pin(sleep(duration))),
        }
    }

    /// A clock that starts at `start` and jumps ahead by every sleep instead of waiting.
    pub fn manual(start: Timestamp) -> Self {
        let time = Arc::new(Mutex::new(start));
        let ahead = Arc::clone(&time);
        Self::new(
            move || *time.lock().unwrap_or_else(PoisonError::into_inner),
            move |duration| {
                let mut now = ahead.lock().unwrap_or_else(PoisonError::into_inner);
                *now = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
                std::future::ready(())
            },
        )
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Ends once `duration` has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }

    /// The time since `start`; zero if the clock went backwards.
    pub fn since(&self, start: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(start)).unwrap_or_default()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_jumps_instead_of_sleeping() {
        let start = Timestamp::from_second(1_770_000_000).unwrap();
        let clock = Clock::manual(start);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.since(start), Duration::from_secs(3600));
        assert_eq!(clock.since(clock.now()), Duration::ZERO);
    }
}
