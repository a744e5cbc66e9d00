//! Any call of the API.

use maas_client::{AnyCall, Client, Method};
use sdk_transport::{Error, ResponseLog};

use crate::response::Response;

pub(super) async fn call(
    maas: &Client,
    method: &str,
    path: &str,
    content: AnyCall,
) -> Result<Response, Error> {
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| Error::invalid_input("`method` is no HTTP method").with_operation("call"))?;
    let (query, body) = content
        .into_parts()
        .map_err(|error| error.with_operation("call"))?;
    let log = ResponseLog::default();
    let answer = maas
        .with_response_log(log.clone())
        .call(method, path, &query, body)
        .await
        .map_err(|error| error.with_operation("call"))?;
    Ok(Response::new(answer, &log))
}
