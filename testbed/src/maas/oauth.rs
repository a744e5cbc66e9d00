//! OAuth 1.0 with PLAINTEXT signatures, checked as MAAS checks it, in the same order, by wall time.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::reply::Reply;

/// How old a timestamp may be, in seconds; any time in the future is accepted.
const THRESHOLD: i64 = 300;

/// A user who can sign requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) admin: bool,
}

/// A key: consumer, token and the token's secret. The consumer's secret is always empty.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) user: String,
    pub(crate) consumer: String,
    pub(crate) token: String,
    pub(crate) secret: String,
}

/// Nonces seen, with the wall time at which each arrived.
#[derive(Debug, Default)]
pub(crate) struct Nonces(HashMap<(String, String, String), i64>);

impl Nonces {
    /// Whether the nonce is new for this consumer and token; remembers it for as long as its timestamp could be accepted.
    fn is_new(&mut self, consumer: &str, token: &str, nonce: &str, now: i64) -> bool {
        if self.0.len() > 10_000 {
            self.0.retain(|_, seen| now - *seen <= 2 * THRESHOLD);
        }
        self.0
            .insert(
                (consumer.to_owned(), token.to_owned(), nonce.to_owned()),
                now,
            )
            .is_none()
    }
}

/// Who signed: `Ok(None)` without (complete) OAuth parameters, `Err` with the answer if they are wrong.
pub(crate) fn check<'k>(
    authorization: Option<&str>,
    query: &[(String, String)],
    keys: &'k [Key],
    nonces: &mut Nonces,
    now: i64,
) -> Result<Option<&'k Key>, Reply> {
    let from_header = authorization.map(header_parameters);
    let parameters = match from_header {
        Some(parameters) if is_complete(&parameters) => {
            // The header was recognised whatever the case of its scheme, but only this spelling is read.
            if !authorization.is_some_and(|value| value.starts_with("OAuth ")) {
                return Err(Reply::error(
                    500,
                    "'NoneType' object has no attribute 'verify_request'",
                ));
            }
            parameters
        }
        _ => {
            let parameters: HashMap<String, String> = query.iter().cloned().collect();
            if !is_complete(&parameters) {
                return Ok(None);
            }
            parameters
        }
    };
    let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
    let refuse = |reason: String| Err(Reply::oauth_error(&format!("'{reason}'")));

    if parameters
        .get("oauth_version")
        .is_some_and(|version| version != "1.0")
    {
        return refuse(format!(
            "OAuth version {} not supported.",
            parameter("oauth_version")
        ));
    }
    let (consumer, token) = (parameter("oauth_consumer_key"), parameter("oauth_token"));
    if !keys.iter().any(|key| key.consumer == consumer) {
        return Err(Reply::oauth_error("Invalid API key."));
    }
    let Some(key) = keys
        .iter()
        .find(|key| key.consumer == consumer && key.token == token)
    else {
        return refuse(format!("Invalid access token: {token}"));
    };
    let method = parameter("oauth_signature_method");
    if !["PLAINTEXT", "HMAC-SHA1"].contains(&method) {
        return refuse(format!(
            "Signature method {method} not supported try one of the following: PLAINTEXT, HMAC-SHA1"
        ));
    }
    let Ok(timestamp) = parameter("oauth_timestamp").parse::<i64>() else {
        let given = parameter("oauth_timestamp");
        return Err(Reply::error(
            500,
            &format!("invalid literal for int() with base 10: '{given}'"),
        ));
    };
    if now - timestamp > THRESHOLD {
        return refuse(format!(
            "Expired timestamp: given {timestamp} and now {now} has a greater difference than threshold {THRESHOLD}"
        ));
    }
    let nonce = parameter("oauth_nonce");
    if !nonces.is_new(consumer, token, nonce, now) {
        return refuse(format!("Nonce already used: {nonce}"));
    }
    let expected = format!("&{}", key.secret);
    if method == "PLAINTEXT" && parameter("oauth_signature") == expected {
        return Ok(Some(key));
    }
    // Only PLAINTEXT is played: a region behind a proxy cannot know the URL that an HMAC was made for.
    refuse(format!(
        "Invalid signature. Expected signature base string: {expected}"
    ))
}

const NEEDED: [&str; 6] = [
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
];

fn is_complete(parameters: &HashMap<String, String>) -> bool {
    NEEDED.iter().all(|name| parameters.contains_key(*name))
}

/// `OAuth a="b", c="d"` as names and unquoted values; `realm` is not among them.
fn header_parameters(header: &str) -> HashMap<String, String> {
    let parameters = header
        .split_once(' ')
        .map_or("", |(_, parameters)| parameters);
    parameters
        .split(',')
        .map(str::trim)
        .filter(|part| !part.contains("realm"))
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            let value = percent_decode_str(value.trim_matches('"'))
                .decode_utf8_lossy()
                .into_owned();
            (name.to_owned(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Key> {
        vec![Key {
            user: "admin".into(),
            consumer: "ck".into(),
            token: "tk".into(),
            secret: "s+cret/".into(),
        }]
    }

    fn header(signature: &str, timestamp: &str, nonce: &str) -> String {
        format!(
            "OAuth realm=\"\", oauth_consumer_key=\"ck\", oauth_token=\"tk\",oauth_signature_method=\"PLAINTEXT\", \
             oauth_signature=\"{signature}\", oauth_timestamp=\"{timestamp}\", oauth_nonce=\"{nonce}\""
        )
    }

    fn outcome(header: &str, nonces: &mut Nonces, now: i64) -> Result<bool, (u16, String)> {
        check(Some(header), &[], &keys(), nonces, now)
            .map(|key| key.is_some())
            .map_err(|reply| {
                let status = reply.0.status().as_u16();
                (status, String::from_utf8_lossy(reply.0.body()).into_owned())
            })
    }

    #[test]
    fn both_spellings_of_the_ampersand_are_accepted() {
        let mut nonces = Nonces::default();
        assert_eq!(
            outcome(&header("%26s%2Bcret%2F", "1000", "a"), &mut nonces, 1000),
            Ok(true)
        );
        assert_eq!(
            outcome(&header("&s%2Bcret%2F", "1000", "b"), &mut nonces, 1000),
            Ok(true)
        );
    }

    #[test]
    fn time_runs_out_after_three_hundred_seconds_but_may_lie_ahead() {
        let mut nonces = Nonces::default();
        assert_eq!(
            outcome(&header("%26s%2Bcret%2F", "700", "a"), &mut nonces, 1000),
            Ok(true)
        );
        assert_eq!(
            outcome(&header("%26s%2Bcret%2F", "9000", "b"), &mut nonces, 1000),
            Ok(true)
        );
        let (status, text) =
            outcome(&header("%26s%2Bcret%2F", "699", "c"), &mut nonces, 1000).expect_err("expired");
        assert_eq!(status, 401);
        assert_eq!(
            text,
            "Authorization Error: 'Expired timestamp: given 699 and now 1000 has a greater difference than threshold 300'"
        );
    }

    #[test]
    fn a_nonce_serves_once_even_with_a_wrong_signature() {
        let mut nonces = Nonces::default();
        assert_eq!(
            outcome(&header("%26wrong", "1000", "n"), &mut nonces, 1000)
                .expect_err("wrong")
                .0,
            401
        );
        let (_, text) =
            outcome(&header("%26s%2Bcret%2F", "1000", "n"), &mut nonces, 1000).expect_err("used");
        assert!(text.contains("Nonce already used"), "{text}");
    }

    #[test]
    fn an_incomplete_header_is_no_header() {
        assert_eq!(outcome("Basic YWJj", &mut Nonces::default(), 0), Ok(false));
        assert_eq!(
            outcome("OAuth oauth_token=\"tk\"", &mut Nonces::default(), 0),
            Ok(false)
        );
    }
}
