//! The simulated clock: it can be started at any instant, run fast, be paused and be moved forward by hand.
//!
//! Everything a server of the testbed writes into a body and every timer of the simulated machines and clusters follows this clock. The other clock, wall time,
//! rules authentication and the `Date` header and is not touched here.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::TestbedError;

/// How long [`SimClock::advance`] waits, in wall time, for the owner of a due timer to notice it.
const OWNER_PATIENCE: Duration = Duration::from_millis(100);

/// Simulated time, shared by all clones. Cheap to clone; safe to use from many tasks.
#[derive(Clone, Debug)]
pub struct SimClock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// Simulated microseconds since the epoch at `origin`.
    base: i64,
    origin: Instant,
    speed: f64,
    paused: bool,
    sleepers: BTreeSet<(i64, u64)>,
    next_id: u64,
}

impl State {
    fn now(&self) -> i64 {
        if self.paused {
            return self.base;
        }
        self.base.saturating_add(seconds_to_micros(
            self.origin.elapsed().as_secs_f64() * self.speed,
        ))
    }

    fn rebase(&mut self, now: i64) {
        self.base = now;
        self.origin = Instant::now();
    }
}

/// Removes the timer from the clock when its future is finished or dropped.
struct Registration {
    clock: SimClock,
    key: (i64, u64),
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.clock.state().sleepers.remove(&self.key);
    }
}

impl SimClock {
    /// A clock that shows `start` now and runs `speed` simulated seconds per wall second.
    ///
    /// # Errors
    /// [`TestbedError::InvalidSpeed`] if `speed` is not a positive finite number.
    pub fn new(start: Timestamp, speed: f64) -> Result<Self, TestbedError> {
        check_speed(speed)?;
        Ok(Self {
            inner: Arc::new(Inner {
                state: Mutex::new(State {
                    base: start.as_microsecond(),
                    origin: Instant::now(),
                    speed,
                    paused: false,
                    sleepers: BTreeSet::new(),
                    next_id: 0,
                }),
                changed: watch::Sender::new(0),
            }),
        })
    }

    /// The simulated instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        timestamp(self.now_micros())
    }

    /// The simulated instant in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        self.now_micros().div_euclid(1000)
    }

    /// The simulated instant in microseconds since the Unix epoch.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.state().now()
    }

    /// Simulated seconds per wall second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.state().speed
    }

    /// Whether the clock stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Stops the clock; only [`advance`](Self::advance) moves it then.
    pub fn pause(&self) {
        self.change(|state| state.paused = true);
    }

    /// Lets the clock run on.
    pub fn resume(&self) {
        self.change(|state| state.paused = false);
    }

    /// Changes the speed from now on.
    ///
    /// # Errors
    /// [`TestbedError::InvalidSpeed`] if `speed` is not a positive finite number.
    pub fn set_speed(&self, speed: f64) -> Result<(), TestbedError> {
        check_speed(speed)?;
        self.change(|state| state.speed = speed);
        Ok(())
    }

    /// Waits for `duration` of simulated time. The timer runs from this call, not from the first poll.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.sleep_until_micros(
            self.now_micros()
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Waits until the clock shows `deadline` or later.
    pub fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.sleep_until_micros(deadline.as_microsecond())
    }

    pub(crate) fn sleep_until_micros(
        &self,
        deadline: i64,
    ) -> impl Future<Output = ()> + Send + 'static {
        let registration = self.register(deadline);
        async move {
            let clock = &registration.clock;
            let mut changed = clock.inner.changed.subscribe();
            loop {
                changed.mark_unchanged();
                let (due, wait) = clock.wait_for(deadline);
                if due {
                    return;
                }
                match wait {
                    Some(wait) => {
                        let _either = tokio::time::timeout(wait, changed.changed()).await;
                    }
                    None => {
                        let _kept_alive_by_the_clock = changed.changed().await;
                    }
                }
            }
        }
    }

    /// Moves the clock forward by `duration`, firing the timers on the way one after another in the order of their deadlines:
    /// each is due at its own instant, and what its owner then schedules within the span is due in the same call.
    pub async fn advance(&self, duration: Duration) {
        let target = self
            .now_micros()
            .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
        loop {
            let next = {
                let state = self.state();
                state
                    .sleepers
                    .first()
                    .copied()
                    .filter(|(deadline, _)| *deadline <= target)
            };
            let Some(timer) = next else { break };
            self.jump_to(timer.0);
            self.wait_for_owner(timer).await;
        }
        self.jump_to(target);
    }

    /// Sets the clock to `start`, keeping speed and pause. Timers that are waiting keep their deadlines.
    pub(crate) fn restart(&self, start: Timestamp) {
        self.change(|state| state.rebase(start.as_microsecond()));
    }

    fn jump_to(&self, instant: i64) {
        self.change(|state| {
            let now = state.now().max(instant);
            state.rebase(now);
        });
    }

    async fn wait_for_owner(&self, timer: (i64, u64)) {
        let started = Instant::now();
        while self.state().sleepers.contains(&timer) {
            if started.elapsed() > OWNER_PATIENCE {
                self.state().sleepers.remove(&timer);
                break;
            }
            tokio::task::yield_now().await;
        }
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    }

    fn register(&self, deadline: i64) -> Registration {
        let mut state = self.state();
        let key = (deadline, state.next_id);
        state.next_id += 1;
        state.sleepers.insert(key);
        drop(state);
        Registration {
            clock: self.clone(),
            key,
        }
    }

    /// Whether `deadline` has come, and if not, the wall time until then (`None` while the clock stands still).
    fn wait_for(&self, deadline: i64) -> (bool, Option<Duration>) {
        let state = self.state();
        let left = deadline.saturating_sub(state.now());
        if left <= 0 {
            return (true, None);
        }
        if state.paused {
            return (false, None);
        }
        #[allow(clippy::cast_precision_loss)]
        let seconds = (left as f64 / 1e6 / state.speed).clamp(1e-6, 3600.0);
        (false, Some(Duration::from_secs_f64(seconds)))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        {
            let mut state = self.state();
            let now = state.now();
            state.rebase(now);
            change(&mut state);
        }
        self.inner
            .changed
            .send_modify(|generation| *generation += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_speed(speed: f64) -> Result<(), TestbedError> {
    if speed.is_finite() && speed > 0.0 {
        Ok(())
    } else {
        Err(TestbedError::InvalidSpeed(speed))
    }
}

#[allow(clippy::cast_possible_truncation)]
fn seconds_to_micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

/// The instant `micros` microseconds after the Unix epoch, clamped to what a timestamp can hold.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(speed: f64) -> SimClock {
        SimClock::new("2026-01-01T00:00:00Z".parse().expect("timestamp"), speed).expect("clock")
    }

    #[tokio::test]
    async fn a_fast_clock_sleeps_short() {
        let clock = clock(2000.0);
        let wall = Instant::now();
        let before = clock.now_millis();
        clock.sleep(Duration::from_secs(200)).await;
        assert!(clock.now_millis() - before >= 200_000);
        assert!(wall.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn a_paused_clock_moves_only_by_advance_and_fires_timers_in_order() {
        let clock = clock(1.0);
        clock.pause();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (name, seconds) in [("late", 30), ("early", 10)] {
            let (clock, seen) = (clock.clone(), seen.clone());
            let sleep = clock.sleep(Duration::from_secs(seconds));
            tasks.push(tokio::spawn(async move {
                sleep.await;
                seen.lock().expect("lock").push((name, clock.now_millis()));
                clock.sleep(Duration::from_secs(5)).await;
                seen.lock().expect("lock").push((name, clock.now_millis()));
            }));
        }
        let start = clock.now_millis();
        clock.advance(Duration::from_secs(60)).await;
        for task in tasks {
            task.await.expect("task");
        }
        let seen: Vec<_> = seen
            .lock()
            .expect("lock")
            .iter()
            .map(|(n, t)| (*n, t - start))
            .collect();
        assert_eq!(
            seen,
            [
                ("early", 10_000),
                ("early", 15_000),
                ("late", 30_000),
                ("late", 35_000)
            ]
        );
        assert_eq!(clock.now_millis() - start, 60_000);
    }

    #[tokio::test]
    async fn an_unpolled_timer_does_not_hold_up_advance() {
        let clock = clock(1.0);
        clock.pause();
        let sleep = clock.sleep(Duration::from_secs(1));
        tokio::time::timeout(
            Duration::from_secs(5),
            clock.advance(Duration::from_secs(2)),
        )
        .await
        .expect("advance returns");
        sleep.await;
    }

    #[test]
    fn a_speed_that_is_no_speed_is_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                SimClock::new(Timestamp::UNIX_EPOCH, speed),
                Err(TestbedError::InvalidSpeed(_))
            ));
        }
    }
}
