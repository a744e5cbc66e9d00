//! Everything that a user or a log may come to see, and the search in it.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sdk_transport::{Error, ResponseLog};
use serde::Serialize;

use super::MARK;

/// Fails if the mark is in the text: plain, or in base64 wherever it begins.
pub(crate) fn search(text: &str, about: &str) {
    for needle in needles() {
        if let Some(at) = text.find(&needle) {
            let from = text.floor(at.saturating_sub(160));
            let to = text.floor((at + 160).min(text.len()));
            panic!("{about} shows a secret: …{}…", &text[from..to]);
        }
    }
}

trait Floor {
    fn floor(&self, at: usize) -> usize;
}

impl Floor for str {
    fn floor(&self, at: usize) -> usize {
        (0..=at)
            .rev()
            .find(|&at| self.is_char_boundary(at))
            .unwrap()
    }
}

fn needles() -> Vec<String> {
    let mut needles = vec![MARK.to_owned()];
    for before in 0..3 {
        let text = STANDARD.encode(format!("{}{MARK}", "\0".repeat(before)));
        // Characters that hold bits of neighbours are left out.
        needles
            .push(text[before + usize::from(before > 0)..(before + MARK.len()) * 8 / 6].to_owned());
    }
    needles
}

/// All that can be read off an error.
pub(crate) fn search_error(error: &Error, about: &str) {
    let mut text = format!(
        "{error}\n{error:?}\n{error:#?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}\n{:?}\n{:?}\n",
        error.message(),
        error.hint(),
        error.server_code(),
        error.reference(),
        error.body(),
        error.body().unwrap_or_default(),
        error.fields(),
        error.details(),
    );
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        text.push_str(&format!("{below}\n{below:?}\n{below:#?}\n"));
        cause = below.source();
    }
    search(&text, about);
}

pub(crate) fn search_log(log: &ResponseLog, about: &str) {
    search(&format!("{log:?} {log:#?} {:?}", log.last()), about);
}

pub(crate) fn search_value(value: &(impl Debug + Serialize), about: &str) {
    search_debug(value, about);
    search(&serde_json::to_string(value).unwrap(), about);
}

pub(crate) fn search_debug(value: &impl Debug, about: &str) {
    search(&format!("{value:?}\n{value:#?}"), about);
}

/// What `tracing` and `log` record at their finest level.
#[derive(Clone, Default)]
pub(crate) struct Traces(Arc<Mutex<Vec<u8>>>);

impl Traces {
    /// Records from now on, in all threads.
    pub(crate) fn record() -> Self {
        let traces = Self::default();
        let writer = traces.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(move || writer.clone());
        tracing_subscriber::util::SubscriberInitExt::init(subscriber.finish());
        traces
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
