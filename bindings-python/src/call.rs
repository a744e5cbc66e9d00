//! Carrying a call out, for a caller that blocks and for one that awaits.
//!
//! In both the Rust future runs on the runtime's threads and everything that touches the caller's Python objects is
//! posted back to the caller: into its waiting thread, or into its event loop. So a callback may call the client again,
//! its exception ends the call, and Ctrl-C is heard.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use pyo3::{exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock};
use sdk_transport::{Error, WaitProgress};
use tokio::task::AbortHandle;

use crate::{convert::IntoPython, error::raise, logging, runtime::runtime};

/// How soon a blocked call hears Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) type Job = Box<dyn FnOnce(Python<'_>) -> PyResult<()> + Send>;
type Post = dyn Fn(Job) + Send + Sync;

/// Where a call tells how it gets on. It does nothing until the call begins.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<Option<Arc<Post>>>>);

impl Progress {
    pub(crate) fn tell(&self, callback: &Arc<Py<PyAny>>, look: &WaitProgress) {
        let (callback, look) = (Arc::clone(callback), look.clone());
        self.post(Box::new(move |py| {
            callback.call1(py, (look.into_python(py)?,))?;
            Ok(())
        }));
    }

    /// Runs the job where the caller is. What it raises ends the call.
    pub(crate) fn post(&self, job: Job) {
        let post = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(post) = post {
            post(job);
        }
    }

    fn connect(&self, post: Arc<Post>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(post);
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

/// A result on its way to Python: converted where the caller is.
pub(crate) type Answer = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// A call that has not begun.
pub(crate) struct Prepared {
    future: BoxFuture<'static, Result<Answer, Error>>,
    progress: Progress,
}

impl Prepared {
    /// A call that also tells the logger of this name what it traces.
    pub(crate) fn logged<T, F>(
        py: Python<'_>,
        logger: &str,
        progress: Progress,
        future: F,
    ) -> PyResult<Self>
    where
        T: IntoPython + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let call = Self::new(progress, future);
        Ok(Self {
            future: logging::told(py, logger, &call.progress, call.future)?,
            progress: call.progress,
        })
    }

    pub(crate) fn new<T, F>(progress: Progress, future: F) -> Self
    where
        T: IntoPython + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let future = async move {
            let value = future.await?;
            Ok(Box::new(move |py: Python<'_>| value.into_python(py).map(Bound::unbind)) as Answer)
        };
        Self {
            future: Box::pin(future),
            progress,
        }
    }

    /// Carries it out and waits, with the interpreter released.
    pub(crate) fn block(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let (sender, jobs) = channel::<Job>();
        let jobs = Mutex::new(jobs);
        let to_caller = Mutex::new(sender.clone());
        self.progress
            .connect(Arc::new(move |job| send(&to_caller, job)));
        let done = Arc::new(Mutex::new(None));
        let result = Arc::clone(&done);
        let future = self.future;
        let task = AbortOnDrop(
            runtime()?
                .spawn(async move {
                    let ended = future.await;
                    *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
                    let _ = sender.send(Box::new(|_| Ok(())));
                })
                .abort_handle(),
        );
        loop {
            let job = py.detach(|| {
                jobs.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv_timeout(SIGNAL_INTERVAL)
            });
            match job {
                Ok(job) => job(py)?,
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the call ended without a result"));
                }
            }
            let ended = done.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(ended) = ended {
                drop(task);
                // What was told before the end is heard before the end.
                while let Some(job) = next(&jobs) {
                    job(py)?;
                }
                return answer(py, ended);
            }
            if task.0.is_finished() {
                return Err(PyRuntimeError::new_err("the call ended without a result"));
            }
        }
    }

    /// A coroutine that carries it out when awaited.
    pub(crate) fn coroutine(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        static DRIVE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let drive = DRIVE.import(py, "palette_maas._coroutine", "drive")?;
        let call = AwaitedCall {
            prepared: Mutex::new(Some(self)),
            task: Mutex::new(None),
        };
        Ok(drive.call1((call,))?.unbind())
    }
}

/// A coroutine with nothing to wait for.
pub(crate) fn done(py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
    static DONE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let done = DONE.import(py, "palette_maas._coroutine", "done")?;
    Ok(done.call1((value,))?.unbind())
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    jobs.try_recv().ok()
}

fn send(to: &Mutex<Sender<Job>>, job: Job) {
    // A caller that is gone hears nothing any more.
    let _ = to.lock().unwrap_or_else(PoisonError::into_inner).send(job);
}

fn answer(py: Python<'_>, ended: Result<Answer, Error>) -> PyResult<Py<PyAny>> {
    match ended {
        Ok(answer) => answer(py),
        Err(error) => Err(raise(&error)),
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A call between a coroutine and the runtime; `palette_maas/_coroutine.py` drives it.
#[pyclass(frozen, module = "palette_maas._native")]
pub(crate) struct AwaitedCall {
    prepared: Mutex<Option<Prepared>>,
    task: Mutex<Option<AbortHandle>>,
}

/// Something to run in the event loop.
#[pyclass(frozen, module = "palette_maas._native")]
pub(crate) struct AwaitedJob(Mutex<Option<Job>>);

#[pymethods]
impl AwaitedJob {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let job = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        job.map_or(Ok(()), |job| job(py))
    }
}

#[pymethods]
impl AwaitedCall {
    /// Begins; `post(job)` runs a job in the event loop, `settle(value)` ends the waiting.
    fn start(&self, post: Py<PyAny>, settle: Py<PyAny>) -> PyResult<()> {
        let Some(prepared) = self
            .prepared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        else {
            return Err(PyRuntimeError::new_err("a call cannot begin twice"));
        };
        let post: Arc<Post> = Arc::new(move |job| {
            Python::attach(|py| {
                // A loop that is closed hears nothing any more.
                let _ = Py::new(py, AwaitedJob(Mutex::new(Some(job))))
                    .and_then(|job| post.call1(py, (job,)));
            });
        });
        prepared.progress.connect(Arc::clone(&post));
        let future = prepared.future;
        let task = runtime()?.spawn(async move {
            let ended = future.await;
            post(Box::new(move |py| {
                let value = answer(py, ended)?;
                settle.call1(py, (value,))?;
                Ok(())
            }));
        });
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        Ok(())
    }

    /// Gives up.
    fn cancel(&self) {
        if let Some(task) = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            task.abort();
        }
    }
}
