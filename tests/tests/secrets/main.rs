//! A marked secret goes through every call and every kind of failure of both clients, against servers that say
//! everything back. Then all that a user or a log may come to see is searched for the mark.
#![allow(clippy::unwrap_used)]

mod echo;
mod maas;
#[allow(dead_code, reason = "the contract reads more of the table")]
#[path = "../palette_contract/operations.rs"]
mod operations;
mod palette;
mod shown;
mod sockets;

use std::sync::{Arc, LazyLock, atomic::Ordering};

use jiff::Timestamp;
use sdk_transport::Clock;
use shown::Traces;

/// It stands in every secret here. Letters and digits alone: nothing that escapes text changes it.
const MARK: &str = "Zq7MarkK4w";

static TRACES: LazyLock<Traces> = LazyLock::new(Traces::record);

/// Characters that JSON, HTML, forms, Python and Go write in their own ways, between two marks.
fn password() -> String {
    format!("{MARK}\"ä<&>' \\+%/={MARK}")
}

fn user_data() -> String {
    format!("#cloud-config\n# \"{MARK}\"\nruncmd:\n- join --token '{MARK}' & <wait>\n- {MARK}\n")
}

/// Time that jumps instead of passing, so that no retry waits.
fn clock() -> Clock {
    Clock::manual(Timestamp::from_second(1_795_341_310).unwrap())
}

/// The mark must have been told back, or nothing was shown.
fn told_back(echo: &echo::Echo, about: &str) {
    assert!(
        echo.marked.load(Ordering::Relaxed) > 0,
        "{about} was told no secret"
    );
}

#[test]
fn the_search_finds_what_it_looks_for() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut hidden = vec![format!("a{MARK}b"), password(), user_data()];
    for before in ["", "a", "ab", "abc"] {
        hidden.push(STANDARD.encode(format!("{before}{MARK}!")));
    }
    for text in hidden {
        let found = std::panic::catch_unwind(|| shown::search(&text, "this"));
        assert!(found.is_err(), "{text}");
    }
}

#[test]
fn the_traces_are_recorded() {
    let traces = TRACES.clone();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let echo = Arc::new(echo::Echo::new([echo::Shape::Answer(
            502,
            echo::Body::Text,
        )]));
        let _ = maas::client(echo).version().await;
    });
    let text = traces.text();
    for part in ["version.get", "trying again", "call failed"] {
        assert!(text.contains(part), "`{part}` is not recorded");
    }
}
