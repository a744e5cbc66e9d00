//! The tokio runtime behind every call, one per process.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

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

/// Something with connections, which belongs to the process that made it until it is let go of.
pub(crate) struct Connected<T> {
    what: &'static str,
    made_in: u32,
    value: Mutex<Option<T>>,
}

impl<T> Connected<T> {
    pub(crate) fn new(what: &'static str, value: T) -> Self {
        Self {
            what,
            made_in: std::process::id(),
            value: Mutex::new(Some(value)),
        }
    }

    fn is_ours(&self) -> bool {
        self.made_in == std::process::id()
    }

    /// The value, or nothing once it was taken; refused in a forked child, where the connections' threads do not exist.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, Option<T>>, Error> {
        if self.is_ours() {
            return Ok(self.value.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            format!(
                "this {} was made in another process and cannot be used after a fork",
                self.what
            ),
        )
        .with_hint("make a new one in the child, or start processes with the `spawn` method"))
    }

    /// Takes the value out; a forked child leaves it to its parent.
    pub(crate) fn take(&self) -> Option<T> {
        self.lock().ok()?.take()
    }
}

impl<T> Drop for Connected<T> {
    /// Letting go of connections wakes their threads, which a forked child lacks: a lock that one of them held would
    /// never open.
    fn drop(&mut self) {
        if !self.is_ours() {
            let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(value.take());
        }
    }
}
