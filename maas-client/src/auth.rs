//! Signing: OAuth 1.0 with PLAINTEXT, afresh for each attempt, corrected by the server's clock.

use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use oauth1_request as oauth;
use sdk_transport::{Call, Clock, Error, ErrorKind, Failure, Retryability, Service};

use crate::{ApiKey, address, failure, request::Anonymous};

/// MAAS as the sending loop sees it.
#[derive(Debug)]
pub(crate) struct Maas {
    key: ApiKey,
    clock: Clock,
    /// By how many seconds the server's clock is ahead.
    skew: AtomicI64,
}

impl Maas {
    pub(crate) fn new(key: ApiKey, clock: Clock) -> Self {
        Self {
            key,
            clock,
            skew: AtomicI64::new(0),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Learns by how much the server's clock differs.
    fn correct(&self, response: &Response<Bytes>) -> Option<i64> {
        let text = String::from_utf8_lossy(response.body());
        let server = server_time(&text).or_else(|| date(response.headers()))?;
        let skew = server.saturating_sub(self.now());
        self.skew.store(skew, Ordering::Relaxed);
        Some(skew)
    }
}

#[async_trait::async_trait]
impl Service for Maas {
    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), Error> {
        if request.extensions().get::<Anonymous>().is_some() {
            return Ok(());
        }
        let timestamp = self.now().saturating_add(self.skew.load(Ordering::Relaxed));
        let value = authorization(&self.key, None, timestamp);
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| Error::new(ErrorKind::Internal, "the signature is no header value"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(())
    }

    fn failure(&self, call: &Call, response: &Response<Bytes>) -> Failure {
        // Newer servers say 400 here.
        let refused = matches!(response.status().as_u16(), 400 | 401);
        if refused && String::from_utf8_lossy(response.body()).contains("Expired timestamp") {
            let mut failure = Failure::new(
                ErrorKind::ClockSkew,
                "the server refuses the time of the request",
            );
            failure.keep_body = false;
            if let Some(skew) = self.correct(response) {
                failure.retry = Retryability::Mended;
                failure.hint = Some(format!(
                    "set the clocks: this one differs from the server's by {} s",
                    skew.unsigned_abs()
                ));
            }
            return failure;
        }
        failure::classify(call, response)
    }

    fn url_hint(&self) -> &'static str {
        failure::URL_HINT
    }

    fn redirect_hint(&self, target: &str) -> String {
        address::redirect_hint(target)
    }
}

/// The header's value. A nonce is made unless one is given.
pub(crate) fn authorization(key: &ApiKey, nonce: Option<&str>, timestamp: i64) -> String {
    let consumer = oauth::Credentials::new(key.consumer.expose(), "");
    let token = oauth::Credentials::new(key.token.expose(), key.secret.expose());
    let mut builder = oauth::Builder::<_, _, &str>::new(consumer, oauth::PLAINTEXT);
    builder
        .token(token)
        .nonce(nonce)
        .timestamp(u64::try_from(timestamp).ok().and_then(NonZeroU64::new));
    // PLAINTEXT signs neither method nor address.
    builder.get("", &())
}

/// The server's time in `Expired timestamp: given 1795340910 and now 1795341310 has …`.
fn server_time(text: &str) -> Option<i64> {
    let (_, after) = text.split_once(" now ")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    Some(
        jiff::fmt::rfc2822::parse(text)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    /// Reads the header as RFC 5849 says, without the library that wrote it.
    fn unquote(header: &str) -> BTreeMap<String, String> {
        header
            .strip_prefix("OAuth ")
            .unwrap()
            .split(',')
            .map(|pair| {
                let (name, value) = pair.trim().split_once('=').unwrap();
                let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                let value = percent_decode_str(value)
                    .decode_utf8()
                    .unwrap()
                    .into_owned();
                (name.to_owned(), value)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_header_says_what_the_key_is(
            consumer in "[A-Za-z0-9._~-]{1,20}", token in "[A-Za-z0-9._~-]{1,20}", secret in "[A-Za-z0-9._~-]{1,40}",
            timestamp in 1_i64..4_000_000_000,
        ) {
            let key = ApiKey::new(&consumer, &token, &secret).unwrap();
            let mut said = unquote(&authorization(&key, None, timestamp));
            let nonce = said.remove("oauth_nonce").unwrap();
            prop_assert!(nonce.len() >= 8);
            let expected = [
                ("oauth_consumer_key", consumer),
                ("oauth_token", token),
                ("oauth_signature_method", "PLAINTEXT".to_owned()),
                ("oauth_signature", format!("&{secret}")),
                ("oauth_timestamp", timestamp.to_string()),
            ];
            prop_assert_eq!(said, expected.map(|(name, value)| (name.to_owned(), value)).into());
        }
    }

    #[test]
    fn no_nonce_comes_twice() {
        let key = ApiKey::new("c", "t", "s").unwrap();
        let nonces: std::collections::BTreeSet<_> = (0..1000)
            .map(|_| unquote(&authorization(&key, None, 7))["oauth_nonce"].clone())
            .collect();
        assert_eq!(nonces.len(), 1000);
    }

    #[test]
    fn the_servers_time_is_read() {
        let text = "Authorization Error: 'Expired timestamp: given 1795340910 and now 1795341310 has a greater difference than threshold 300'";
        assert_eq!(server_time(text), Some(1_795_341_310));
        let mut headers = HeaderMap::new();
        headers.insert(
            header::DATE,
            "Sun, 22 Nov 2026 09:55:10 GMT".parse().unwrap(),
        );
        assert_eq!(date(&headers), Some(1_795_341_310));
    }
}
