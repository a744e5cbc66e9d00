//! The tokio runtime behind every call, one per process.

use std::sync::OnceLock;

use pyo3::{PyResult, exceptions::PyRuntimeError};
use sdk_transport::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};

/// A process that has used the runtime. A forked child has none of its parent's threads, so it appends itself: a chain
/// instead of a lock, because a lock that another thread held at the fork would stay locked for ever.
struct Process {
    id: u32,
    runtime: Result<Runtime, String>,
    child: OnceLock<Box<Process>>,
}

static FIRST: OnceLock<Box<Process>> = OnceLock::new();

impl Process {
    fn start() -> Box<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("palette-maas")
            .enable_all()
            .build()
            .map_err(|error| error.to_string());
        Box::new(Self {
            id: std::process::id(),
            runtime,
            child: OnceLock::new(),
        })
    }
}

/// The runtime of this process.
pub(crate) fn runtime() -> PyResult<&'static Runtime> {
    let mut process = FIRST.get_or_init(Process::start);
    while process.id != std::process::id() {
        process = process.child.get_or_init(Process::start);
    }
    process
        .runtime
        .as_ref()
        .map_err(|error| PyRuntimeError::new_err(format!("cannot start threads: {error}")))
}

/// Remembers in which process something with connections was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MadeIn(u32);

impl MadeIn {
    pub(crate) fn this_process() -> Self {
        Self(std::process::id())
    }

    /// Refuses the use in a forked child, where the connections' threads do not exist.
    pub(crate) fn check(self, what: &str) -> Result<(), Error> {
        if self.0 == std::process::id() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            format!("this {what} was made in another process and cannot be used after a fork"),
        )
        .with_hint("make a new one in the child, or start processes with the `spawn` method"))
    }
}
