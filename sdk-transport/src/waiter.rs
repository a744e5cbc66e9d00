//! Waiting for a state, with injected time and distinct ends.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{Clock, Error, ErrorKind, Redactor};

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation<T> {
    /// The awaited state.
    Reached(T),
    /// Not yet; `state` is the server's own word for where it is.
    Pending {
        /// The present state.
        state: String,
    },
    /// A state from which the awaited one cannot be reached.
    Failed {
        /// The present state.
        state: String,
        /// The server's reason.
        reason: String,
    },
}

/// One look of a waiter, told as it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaitProgress {
    /// What is waited for, e.g. `machine p77gwg deployed`.
    pub subject: String,
    /// The state that was seen, or the error of a look that failed and will be repeated.
    pub state: String,
    /// Whether the state differs from the look before.
    pub changed: bool,
    /// Looks so far, this one included.
    pub looks: u32,
    /// Time since waiting began, on the waiter's clock.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
}

fn as_millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

type OnProgress = Arc<dyn Fn(&WaitProgress) + Send + Sync>;

/// How long and how often to look.
///
/// In JSON the times are integers of milliseconds: `{"timeout_ms": 2400000}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WaitOptions {
    /// The longest wait, on the waiter's clock. Default 1 hour.
    #[serde(rename = "timeout_ms", with = "millis")]
    pub timeout: Duration,
    /// The delay after the first look; it grows by half after each look without a change. Default 5 s.
    #[serde(rename = "min_delay_ms", with = "millis")]
    pub min_delay: Duration,
    /// The longest delay between looks. Default 30 s.
    #[serde(rename = "max_delay_ms", with = "millis")]
    pub max_delay: Duration,
    /// Cancels the wait.
    #[serde(skip)]
    pub cancel: Option<CancellationToken>,
    /// Is told of each look.
    #[serde(skip)]
    pub on_progress: Option<OnProgress>,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::as_millis(duration, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3600),
            min_delay: Duration::from_secs(5),
            max_delay: Duration::from_secs(30),
            cancel: None,
            on_progress: None,
        }
    }
}

impl WaitOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the longest wait.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the shortest and the longest delay between looks.
    #[must_use]
    pub fn delays(mut self, min: Duration, max: Duration) -> Self {
        self.min_delay = min;
        self.max_delay = max.max(min);
        self
    }

    /// Ends the wait with [`Cancelled`](ErrorKind::Cancelled) once the token is cancelled. Dropping the future works too.
    #[must_use]
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Tells each look to `listener`.
    #[must_use]
    pub fn on_progress(mut self, listener: impl Fn(&WaitProgress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(listener));
        self
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions")
            .field("timeout", &self.timeout)
            .field("min_delay", &self.min_delay)
            .field("max_delay", &self.max_delay)
            .finish_non_exhaustive()
    }
}

/// Looks again and again until the awaited state is there.
///
/// Four distinct ends: the value; [`FailedState`](ErrorKind::FailedState) with the server's reason;
/// [`Timeout`](ErrorKind::Timeout) with the last state seen; [`Cancelled`](ErrorKind::Cancelled). A look that fails
/// with a retryable error is told as progress and repeated; any other error ends the wait.
#[derive(Debug)]
pub struct Waiter<'a> {
    clock: &'a Clock,
    options: &'a WaitOptions,
    subject: String,
    redactor: Redactor,
}

impl<'a> Waiter<'a> {
    /// A waiter for `subject`, e.g. `machine p77gwg deployed`.
    pub fn new(clock: &'a Clock, options: &'a WaitOptions, subject: impl Into<String>) -> Self {
        Self {
            clock,
            options,
            subject: subject.into(),
            redactor: Redactor::new(),
        }
    }

    /// Cuts the secrets that it knows out of states and reasons.
    #[must_use]
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Waits, with `look` observing once.
    ///
    /// # Errors
    /// See [`Waiter`].
    pub async fn wait<T, F, R>(&self, mut look: F) -> Result<T, Error>
    where
        F: FnMut() -> R,
        R: Future<Output = Result<Observation<T>, Error>>,
    {
        let start = self.clock.now();
        let mut last: Option<String> = None;
        let mut delay = self.options.min_delay;
        let mut looks = 0_u32;
        loop {
            let seen = self.or_cancelled(look()).await?;
            looks = looks.saturating_add(1);
            let state = match seen {
                Ok(Observation::Reached(value)) => return Ok(value),
                Ok(Observation::Failed { state, reason }) => {
                    return Err(Error::new(
                        ErrorKind::FailedState,
                        format!(
                            "{}: the state is {}: {}",
                            self.subject,
                            self.redactor.clean(&state),
                            self.redactor.clean(&reason)
                        ),
                    ));
                }
                Ok(Observation::Pending { state }) => self.redactor.clean(&state).into_owned(),
                Err(error) if error.is_retryable() => error.to_string(),
                Err(error) => return Err(error),
            };
            let elapsed = self.clock.since(start);
            let changed = last.as_deref() != Some(&state);
            if let Some(listener) = &self.options.on_progress {
                listener(&WaitProgress {
                    subject: self.subject.clone(),
                    state: state.clone(),
                    changed,
                    looks,
                    elapsed,
                });
            }
            if elapsed >= self.options.timeout {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "{}: not reached within {:?}; the last state seen is {state}",
                        self.subject, self.options.timeout
                    ),
                ));
            }
            delay = if changed {
                self.options.min_delay
            } else {
                (delay + delay / 2).min(self.options.max_delay)
            };
            last = Some(state);
            // Jitter spreads waiters that began together; the last look falls on the deadline itself.
            let jittered = delay.mul_f64(0.9 + 0.2 * fastrand::f64());
            let left = self.options.timeout.saturating_sub(elapsed);
            self.or_cancelled(self.clock.sleep(jittered.min(left)))
                .await?;
        }
    }

    async fn or_cancelled<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        let Some(token) = &self.options.cancel else {
            return Ok(future.await);
        };
        tokio::select! {
            biased;
            () = token.cancelled() => Err(Error::new(ErrorKind::Cancelled, format!("{}: the wait was cancelled", self.subject))),
            value = future => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;

    fn clock() -> Clock {
        Clock::manual(Timestamp::from_second(1_770_000_000).unwrap())
    }

    fn pending(state: &str) -> Result<Observation<u8>, Error> {
        Ok(Observation::Pending {
            state: state.into(),
        })
    }

    async fn wait(
        options: &WaitOptions,
        looks: Vec<Result<Observation<u8>, Error>>,
    ) -> Result<u8, Error> {
        let clock = clock();
        let looks = Mutex::new(looks.into_iter());
        Waiter::new(&clock, options, "thing done")
            .wait(|| {
                let next = looks.lock().unwrap().next();
                async { next.unwrap_or_else(|| pending("Deploying")) }
            })
            .await
    }

    #[tokio::test]
    async fn the_four_ends_are_distinct() {
        let options = WaitOptions::default();
        let reached = wait(&options, vec![pending("a"), Ok(Observation::Reached(7))]).await;
        assert_eq!(reached.unwrap(), 7);

        let failed = Observation::Failed {
            state: "Failed deployment".into(),
            reason: "no DHCP answer".into(),
        };
        let error = wait(&options, vec![pending("a"), Ok(failed)])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FailedState);
        assert!(error.message().contains("no DHCP answer"));

        let error = wait(&options, vec![]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.message().contains("Deploying"), "{error}");

        let token = CancellationToken::new();
        token.cancel();
        let error = wait(&WaitOptions::default().cancel(token), vec![])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }

    #[tokio::test]
    async fn a_passing_error_is_told_and_a_lasting_one_ends_the_wait() {
        let states = Arc::new(Mutex::new(Vec::new()));
        let told = states.clone();
        let options = WaitOptions::default()
            .on_progress(move |progress| told.lock().unwrap().push(progress.state.clone()));
        let looks = vec![
            Err(Error::new(ErrorKind::Unavailable, "busy")),
            Err(Error::new(ErrorKind::Forbidden, "no")),
        ];
        let error = wait(&options, looks).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(*states.lock().unwrap(), ["UNAVAILABLE: busy"]);
    }

    #[tokio::test]
    async fn delays_grow_to_the_limit_and_the_last_look_is_at_the_deadline() {
        let clock = clock();
        let start = clock.now();
        let times = Mutex::new(Vec::new());
        let options = WaitOptions::default().timeout(Duration::from_secs(600));
        let error = Waiter::new(&clock, &options, "thing done")
            .wait(|| {
                times.lock().unwrap().push(clock.since(start));
                async { pending("x") }
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let times = times.into_inner().unwrap();
        assert_eq!(*times.last().unwrap(), Duration::from_secs(600));
        assert!(times.len() < 40, "{} looks", times.len());
        for pair in times.windows(2) {
            assert!(pair[1] - pair[0] <= Duration::from_secs(33));
        }
    }

    #[test]
    fn options_come_from_json() {
        let options: WaitOptions = serde_json::from_str(r#"{"timeout_ms":1500}"#).unwrap();
        assert_eq!(options.timeout, Duration::from_millis(1500));
        assert!(serde_json::from_str::<WaitOptions>(r#"{"timeout":1}"#).is_err());
    }
}
