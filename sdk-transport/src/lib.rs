//! What every HTTP client of palette-maas shares.
//!
//! The crate knows nothing of MAAS or Palette. It gives a client
//!
//! * [`HttpClient`]: one sending loop with retries, limits, timeouts, tracing and redaction;
//! * [`Error`] and [`ErrorKind`]: one opaque error with stable codes, the same in every language;
//! * [`RetryPolicy`]: retrying as a pure value;
//! * [`Waiter`] and [`Clock`]: polling for a state with injected time;
//! * [`Pager`], [`List`] and [`ElementSplitter`]: lists that page by themselves, lose nothing and decode while they arrive;
//! * [`Secret`] and [`Redactor`]: secrets that are never printed;
//! * [`input`]: what users gave, read with errors that name the place and never quote a value;
//! * [`Transport`]: the seam behind which a test puts recorded answers.
//!
//! A client crate implements [`Service`] (how to sign one attempt, how to read one failure) and builds its calls as
//! plain [`http::Request`] values, so that everything but the sending is a pure function.

pub mod clock;
pub mod elements;
pub mod error;
pub mod http_client;
pub mod input;
pub mod lenient;
pub mod list;
mod open_enum;
pub mod pager;
pub mod patch;
#[cfg(feature = "record")]
pub mod record;
pub mod recorded;
pub mod redact;
pub mod reqwest_transport;
pub mod retry;
pub mod tls;
pub mod transport;
pub mod url;
pub mod waiter;
pub mod web_page;

pub use clock::Clock;
pub use elements::ElementSplitter;
pub use error::{Error, ErrorKind};
pub use http_client::{
    Call, ClientOptions, Failure, HttpClient, Limits, ResponseLog, ResponseMeta, Retryability,
    Service,
};
pub use list::List;
pub use pager::{Page, Pager};
pub use patch::Patch;
pub use recorded::RecordedTransport;
pub use redact::{Redactor, Secret};
pub use reqwest_transport::{Proxy, ReqwestTransport};
pub use retry::{Decision, Outcome, RetryPolicy};
pub use tls::{TlsOptions, install_crypto_provider};
pub use transport::{BodyStream, Transport, TransportError, TransportErrorKind};
pub use waiter::{Observation, WaitOptions, WaitProgress, Waiter};

#[doc(hidden)]
pub use serde as __serde;
