//! Any call of the API.

use base64::{Engine, engine::general_purpose::STANDARD};
use maas_client::{AnyCall, Client, Method};
use sdk_transport::{Error, ResponseLog};
use serde::Deserialize;
use serde_json::json;

use crate::call::{Arguments, answer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    method: String,
    path: String,
    #[serde(default)]
    options: AnyCall,
}

pub(super) async fn call(
    maas: &Client,
    operation: &str,
    arguments: &Arguments,
) -> Result<Option<String>, Error> {
    if operation != "call" {
        return Ok(None);
    }
    let Call {
        method,
        path,
        options,
    } = arguments.read()?;
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| Error::invalid_input("`method` is no HTTP method"))?;
    let (query, body) = options.into_parts()?;
    let log = ResponseLog::default();
    let response = maas
        .with_response_log(log.clone())
        .call(method, &path, &query, body)
        .await?;
    let head = log.last();
    answer(&json!({
        "status": response.status().as_u16(),
        "headers": head.as_ref().map(|head| &head.headers),
        "attempts": head.as_ref().map_or(1, |head| head.attempts),
        // Bytes that are no text would not survive as a JSON string.
        "body": STANDARD.encode(response.body()),
    }))
    .map(Some)
}
