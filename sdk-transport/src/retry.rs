//! Retrying as a pure value: no clock, no randomness, no I/O.

use std::time::Duration;

/// How often, how long and how fast failed calls are repeated.
///
/// [`RetryPolicy::next`] is a pure function; the sending loop draws the delay from the range that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The most attempts, the first one included. 1 turns retrying off.
    pub max_attempts: u32,
    /// No attempt begins later than this after the first one began.
    pub max_elapsed: Duration,
    /// The longest delay before the second attempt; doubled for each further one.
    pub base_delay: Duration,
    /// The longest delay before any attempt, unless the server asks for more.
    pub max_delay: Duration,
    /// A longer `Retry-After` than this is cut to it.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            max_elapsed: Duration::from_secs(90),
            base_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(30),
        }
    }
}

/// How an attempt ended, as far as retrying cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer that no repetition will change.
    Final,
    /// Nothing reached the server, or its answer proves that nothing was done.
    NotCarriedOut {
        /// The delay that the server asked for.
        retry_after: Option<Duration>,
    },
    /// The connection died, time ran out, or the server's answer leaves open whether the deed was done.
    Unknown {
        /// The delay that the server asked for.
        retry_after: Option<Duration>,
    },
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after a delay drawn evenly from this range.
    Retry {
        /// The shortest delay.
        at_least: Duration,
        /// The longest delay.
        at_most: Duration,
    },
    /// Report the failure as it is.
    Stop,
    /// Report [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown): repeating could do the deed twice.
    OutcomeUnknown,
}

impl RetryPolicy {
    /// A policy that never repeats.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Sets the most attempts, the first one included.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the time after which no attempt begins any more.
    #[must_use]
    pub fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Sets the longest delay before the second attempt.
    #[must_use]
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Decides after attempt number `attempt` (the first is 1), `elapsed` after the first one began.
    ///
    /// A call that is not `idempotent` is repeated only if the outcome proves that it was not carried out.
    pub fn next(
        &self,
        attempt: u32,
        elapsed: Duration,
        idempotent: bool,
        outcome: Outcome,
    ) -> Decision {
        let (retry_after, give_up) = match outcome {
            Outcome::Final => return Decision::Stop,
            Outcome::Unknown { .. } if !idempotent => return Decision::OutcomeUnknown,
            Outcome::NotCarriedOut { retry_after } | Outcome::Unknown { retry_after } => {
                (retry_after, Decision::Stop)
            }
        };
        if attempt >= self.max_attempts {
            return give_up;
        }
        let doubled = self
            .base_delay
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
            .min(self.max_delay);
        let at_least = retry_after
            .unwrap_or_default()
            .min(self.max_retry_after)
            .max(doubled / 2);
        let at_most = at_least.max(doubled);
        if elapsed.saturating_add(at_most) > self.max_elapsed {
            return give_up;
        }
        Decision::Retry { at_least, at_most }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcome() -> impl Strategy<Value = Outcome> {
        let retry_after = proptest::option::of((0_u64..100_000).prop_map(Duration::from_millis));
        prop_oneof![
            Just(Outcome::Final),
            retry_after
                .clone()
                .prop_map(|retry_after| Outcome::NotCarriedOut { retry_after }),
            retry_after.prop_map(|retry_after| Outcome::Unknown { retry_after }),
        ]
    }

    fn policy() -> impl Strategy<Value = RetryPolicy> {
        (
            0_u32..9,
            0_u64..200_000,
            0_u64..5_000,
            0_u64..30_000,
            0_u64..60_000,
        )
            .prop_map(|(max_attempts, elapsed, base, max, after)| RetryPolicy {
                max_attempts,
                max_elapsed: Duration::from_millis(elapsed),
                base_delay: Duration::from_millis(base),
                max_delay: Duration::from_millis(max),
                max_retry_after: Duration::from_millis(after),
            })
    }

    proptest! {
        #[test]
        fn a_call_that_may_have_been_done_is_never_repeated_blindly(
            policy in policy(), attempt in 1_u32..20, elapsed in 0_u64..300_000, retry_after in proptest::option::of(0_u64..9),
        ) {
            let outcome = Outcome::Unknown { retry_after: retry_after.map(Duration::from_secs) };
            let decision = policy.next(attempt, Duration::from_millis(elapsed), false, outcome);
            prop_assert_eq!(decision, Decision::OutcomeUnknown);
        }

        #[test]
        fn an_idempotent_call_never_ends_in_doubt(
            policy in policy(), attempt in 1_u32..20, elapsed in 0_u64..300_000, outcome in outcome(),
        ) {
            let decision = policy.next(attempt, Duration::from_millis(elapsed), true, outcome);
            prop_assert_ne!(decision, Decision::OutcomeUnknown);
        }

        #[test]
        fn delays_and_attempts_stay_within_the_policy(
            policy in policy(), attempt in 1_u32..u32::MAX, elapsed in 0_u64..300_000, idempotent: bool, outcome in outcome(),
        ) {
            let elapsed = Duration::from_millis(elapsed);
            if let Decision::Retry { at_least, at_most } = policy.next(attempt, elapsed, idempotent, outcome) {
                prop_assert!(attempt < policy.max_attempts);
                prop_assert!(at_least <= at_most);
                prop_assert!(elapsed + at_most <= policy.max_elapsed);
                prop_assert!(at_most <= policy.max_delay.max(policy.max_retry_after));
                if let Outcome::NotCarriedOut { retry_after: Some(asked) } | Outcome::Unknown { retry_after: Some(asked) } = outcome {
                    prop_assert!(at_least >= asked.min(policy.max_retry_after), "the server's wish is honoured");
                }
            }
        }

        #[test]
        fn every_call_ends(policy in policy(), idempotent: bool, outcomes in proptest::collection::vec(outcome(), 12)) {
            let mut elapsed = Duration::ZERO;
            let mut attempts = 0;
            for (outcome, attempt) in outcomes.into_iter().zip(1..) {
                attempts = attempt;
                match policy.next(attempt, elapsed, idempotent, outcome) {
                    Decision::Retry { at_most, .. } => elapsed += at_most,
                    Decision::Stop | Decision::OutcomeUnknown => break,
                }
            }
            prop_assert!(attempts <= policy.max_attempts.max(1));
        }
    }

    #[test]
    fn delays_double_up_to_the_limit() {
        let policy = RetryPolicy::default().max_attempts(10);
        let upper = |attempt| match policy.next(
            attempt,
            Duration::ZERO,
            true,
            Outcome::Unknown { retry_after: None },
        ) {
            Decision::Retry { at_most, .. } => at_most.as_millis(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [upper(1), upper(2), upper(3), upper(7), upper(9)],
            [250, 500, 1000, 10_000, 10_000]
        );
    }
}
