//! The loop: sign, send, classify, retry.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{Method, Request, Response, StatusCode, header};
use tracing::{Instrument, field::Empty};

use super::{Call, HttpClient, failed::outcome_unknown};
use crate::{BodyStream, Decision, Error, ErrorKind, List, Outcome};

/// How one attempt failed.
pub(super) struct Attempt {
    pub(super) error: Error,
    pub(super) outcome: Outcome,
    pub(super) mended: bool,
    pub(super) status: Option<StatusCode>,
}

impl Attempt {
    pub(super) fn last(error: Error) -> Self {
        Self {
            error,
            outcome: Outcome::Final,
            mended: false,
            status: None,
        }
    }
}

impl HttpClient {
    pub(super) async fn run<T, C, F>(
        &self,
        call: &Call,
        budget: Option<Duration>,
        consume: C,
    ) -> Result<T, Error>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
        T: FromLostDelete,
    {
        let span = tracing::debug_span!("call", operation = %call.operation, method = %call.request.method(), path = %call.template,
            status = Empty, attempts = Empty, duration_ms = Empty);
        let started = Instant::now();
        let result = self
            .attempts(call, budget, consume)
            .instrument(span.clone())
            .await;
        span.record(
            "duration_ms",
            u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        );
        if let Err(error) = &result {
            span.record("attempts", error.attempts());
            tracing::debug!(parent: &span, code = error.code(), "call failed");
        }
        result
    }

    async fn attempts<T, C, F>(
        &self,
        call: &Call,
        budget: Option<Duration>,
        consume: C,
    ) -> Result<T, Error>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
        T: FromLostDelete,
    {
        let shared = &*self.shared;
        let clock = &shared.options.wall_clock;
        let started = clock.now();
        let mut mended = false;
        let mut in_doubt = false;
        for attempt in 1.. {
            let failed = match self.attempt(call, attempt, budget, &consume).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            if in_doubt
                && call.request.method() == Method::DELETE
                && failed.status == Some(StatusCode::NOT_FOUND)
                && let Some(done) = T::from_lost_delete()
            {
                return Ok(done);
            }
            let error = failed
                .error
                .with_operation(call.operation.clone())
                .with_attempts(attempt);
            if failed.mended && !mended {
                mended = true;
                continue;
            }
            in_doubt |= matches!(failed.outcome, Outcome::Unknown { .. });
            match shared.options.retry.next(
                attempt,
                clock.since(started),
                call.idempotent,
                failed.outcome,
            ) {
                Decision::Retry { at_least, at_most } => {
                    let delay = at_least + (at_most - at_least).mul_f64(fastrand::f64());
                    tracing::debug!(attempt, ?delay, code = error.code(), "trying again");
                    clock.sleep(delay).await;
                }
                Decision::Stop if error.kind() == ErrorKind::TooLarge && !call.idempotent => {
                    return Err(outcome_unknown(error, attempt));
                }
                Decision::Stop => return Err(error),
                Decision::OutcomeUnknown => return Err(outcome_unknown(error, attempt)),
            }
        }
        Err(Error::new(ErrorKind::Internal, "the attempts are used up"))
    }

    async fn attempt<T, C, F>(
        &self,
        call: &Call,
        attempt: u32,
        budget: Option<Duration>,
        consume: &C,
    ) -> Result<T, Attempt>
    where
        C: Fn(Response<BodyStream>) -> F,
        F: Future<Output = Result<T, Attempt>>,
    {
        let shared = &*self.shared;
        let mut request = call.request.clone();
        self.check_origin(&request)?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, shared.user_agent.clone());
        for (name, value) in &shared.options.headers {
            headers.insert(name, value.clone());
        }
        let permit = shared.permits.acquire().await;
        shared
            .service
            .authorize(&mut request)
            .await
            .map_err(Attempt::last)?;
        let silence = budget.unwrap_or_else(|| self.timeout_of(call));
        let started = Instant::now();
        let whole = async {
            let sent = tokio::time::timeout(silence, shared.transport.send(request));
            let response = match sent.await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => return Err(timed_out(silence)),
            };
            let status = response.status();
            tracing::Span::current().record("status", status.as_u16());
            tracing::Span::current().record("attempts", attempt);
            for log in &self.logs {
                log.push(self.meta(call, attempt, &response, started.elapsed()));
            }
            if status.is_success() {
                return consume(response).await;
            }
            let limit = shared.options.limits.max_body;
            let (head, body) = response.into_parts();
            // An error's body that breaks off still has its status.
            let body = self.read(body, limit).await.unwrap_or_default();
            Err(self.unsuccessful(call, &Response::from_parts(head, body)))
        };
        let result = match budget {
            Some(budget) => tokio::time::timeout(budget, whole)
                .await
                .unwrap_or_else(|_| Err(timed_out(budget))),
            None => whole.await,
        };
        drop(permit);
        result
    }

    fn check_origin(&self, request: &Request<Bytes>) -> Result<(), Attempt> {
        let origin = &self.shared.origin;
        let uri = request.uri();
        let port = uri.port_u16().or(match uri.scheme_str() {
            Some("https") => Some(443),
            Some("http") => Some(80),
            _ => None,
        });
        let same = uri.scheme_str() == Some(origin.scheme())
            && uri.host().map(str::to_ascii_lowercase)
                == origin.host_str().map(str::to_ascii_lowercase)
            && port == origin.port_or_known_default();
        if same {
            return Ok(());
        }
        Err(Attempt::last(Error::invalid_input(format!(
            "credentials are only sent to {}, the configured server",
            origin.origin().ascii_serialization()
        ))))
    }

    pub(super) async fn next_piece(
        &self,
        body: &mut BodyStream,
        silence: Duration,
    ) -> Result<Option<Bytes>, Attempt> {
        match tokio::time::timeout(silence, body.next()).await {
            Ok(Some(piece)) => piece.map(Some).map_err(|error| self.body_broken(error)),
            Ok(None) => Ok(None),
            Err(_) => Err(timed_out(silence)),
        }
    }

    pub(super) async fn read(&self, mut body: BodyStream, limit: usize) -> Result<Bytes, Attempt> {
        let mut whole = BytesMut::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| self.body_broken(error))?;
            if whole.len() + piece.len() > limit {
                return Err(Attempt::last(Error::new(
                    ErrorKind::TooLarge,
                    format!("the answer is longer than {limit} bytes"),
                )));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

/// What a DELETE answers that turns out to have been done by an attempt whose answer was lost.
pub(super) trait FromLostDelete: Sized {
    fn from_lost_delete() -> Option<Self>;
}

impl FromLostDelete for Response<Bytes> {
    fn from_lost_delete() -> Option<Self> {
        let mut response = Self::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Some(response)
    }
}

impl<T> FromLostDelete for List<T> {
    fn from_lost_delete() -> Option<Self> {
        None
    }
}

fn timed_out(limit: Duration) -> Attempt {
    Attempt {
        error: Error::new(
            ErrorKind::Timeout,
            format!("no complete answer within {limit:?}"),
        )
        .with_retryable(true),
        outcome: Outcome::Unknown { retry_after: None },
        mended: false,
        status: None,
    }
}
