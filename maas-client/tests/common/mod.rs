//! Reads the exchanges with a real MAAS 3.7.3 that lie in `tests/recordings/`.
#![allow(dead_code, reason = "each test uses its part")]

use std::{fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) request: Request,
    pub(crate) response: Option<Response>,
}

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
}

#[derive(Deserialize)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    pub(crate) json: Option<Value>,
    pub(crate) text: Option<String>,
}

impl Response {
    /// The answer as it came over the wire.
    pub(crate) fn http(&self) -> http::Response<bytes::Bytes> {
        let body = match (&self.json, &self.text) {
            (Some(json), _) => json.to_string(),
            (None, Some(text)) => text.clone(),
            (None, None) => String::new(),
        };
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            if !matches!(
                name.as_str(),
                "content-length" | "connection" | "transfer-encoding"
            ) {
                response = response.header(name, value);
            }
        }
        response.body(body.into()).unwrap()
    }
}

pub(crate) fn recordings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings")
}

/// All exchanges, in the order in which they were made.
pub(crate) fn exchanges() -> Vec<Exchange> {
    let mut files: Vec<_> = fs::read_dir(recordings().join("maas-3.7.3"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    assert!(
        files.len() > 700,
        "the recordings are incomplete: {}",
        files.len()
    );
    files
        .iter()
        .map(|file| {
            serde_json::from_slice(&fs::read(file).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
        .collect()
}
