//! How Palette asks MAAS: with the account's key, as a gateway would, only that no socket lies between.

use bytes::Bytes;
use http::{Request, header};
use serde_json::Value;

use super::reply::Refusal;
use crate::maas::Region;

/// A MAAS endpoint and a key for it.
pub(crate) struct RegionClient<'r> {
    region: &'r Region,
    /// The region's own URL.
    own_endpoint: String,
    endpoint: &'r str,
    api_key: &'r str,
    nonce: String,
}

impl<'r> RegionClient<'r> {
    /// `origin` is where the testbed serves; `nonce` must never have been used before.
    pub(crate) fn new(
        region: &'r Region,
        origin: &str,
        endpoint: &'r str,
        api_key: &'r str,
        nonce: String,
    ) -> Self {
        Self {
            region,
            own_endpoint: format!("{origin}/MAAS"),
            endpoint,
            api_key,
            nonce,
        }
    }

    /// `GET` of a resource such as `zones/`.
    ///
    /// # Errors
    /// The gateway's complaint: endpoint not reachable, key not accepted, or what MAAS answered.
    pub(crate) fn get(&self, resource: &str) -> Result<Value, Refusal> {
        let parts: Vec<&str> = self.api_key.split(':').collect();
        let [consumer, token, secret] = parts[..] else {
            return Err(invalid(
                "the API key is not of the form consumer_key:key:secret",
            ));
        };
        if self.endpoint.trim_end_matches('/') != self.own_endpoint {
            let reason = format!(
                "the gateway cannot reach the MAAS endpoint '{}'",
                self.endpoint
            );
            return Err(invalid(&reason));
        }
        let now = jiff::Timestamp::now().as_second();
        let authorization = format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{consumer}\", \
             oauth_token=\"{token}\", oauth_signature=\"%26{secret}\", oauth_nonce=\"{}\", oauth_timestamp=\"{now}\"",
            self.nonce
        );
        let request = Request::get(format!("/MAAS/api/2.0/{resource}"))
            .header(header::AUTHORIZATION, authorization)
            .header(header::HOST, "127.0.0.1")
            .body(())
            .map_err(|_| invalid("the API key contains characters that no key has"))?;
        let answer = self.region.answer(&request.into_parts().0, &Bytes::new());
        match answer.status().as_u16() {
            200 => serde_json::from_slice(answer.body())
                .map_err(|error| failed(&format!("MAAS's answer cannot be read: {error}"))),
            401 => Err(invalid("MAAS does not accept the API key (401)")),
            status => Err(failed(&format!(
                "MAAS answered {status} to a look-up of {resource}"
            ))),
        }
    }

    /// The name of the user whose key this is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) fn user(&self) -> Result<String, Refusal> {
        let user = self.get("users/?op=whoami")?;
        Ok(user["username"].as_str().unwrap_or_default().to_owned())
    }
}

fn invalid(reason: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidCloudAccount",
        format!("Cloud account validation failed: {reason}"),
    )
}

fn failed(reason: &str) -> Refusal {
    Refusal::new(500, "OperationFailed", reason)
}
