//! From Rust futures to Python, for callers that wait and for callers that await.
//!
//! An awaiting caller gets a future of its own event loop; the result comes to it through
//! `call_soon_threadsafe`, the one method of a loop that other threads may call. Whoever cancels that
//! future only stops waiting: what runs here runs to its end.

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::task::JoinError;

use super::{failure::Failure, work::Admitted};

/// What can be handed to Python.
pub(crate) trait ToPython: Send + 'static {
    /// The Python object.
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

/// Waits for `future` with the GIL released.
pub(crate) fn wait<'py, T: ToPython>(
    py: Python<'py>,
    admitted: Admitted,
    future: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let joined = py.detach(|| admitted.wait(future));
    finish(py, joined)
}

/// Starts `future` and answers an asyncio future of `event_loop`.
pub(crate) fn start<'py, T: ToPython>(
    event_loop: &Bound<'py, PyAny>,
    admitted: Admitted,
    future: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let waiter = event_loop.call_method0("create_future")?;
    let (event_loop, told) = (event_loop.clone().unbind(), waiter.clone().unbind());
    let joined = admitted.task(future);
    admitted.spawn(async move {
        let joined = joined.await;
        // `None` when Python has shut down: then nobody waits any more.
        let _ = Python::try_attach(|py| {
            if let Err(error) = tell(py, &event_loop, &told, joined) {
                error.write_unraisable(py, None);
            }
        });
    });
    Ok(waiter)
}

fn finish<T: ToPython>(
    py: Python<'_>,
    joined: Result<Result<T, Failure>, JoinError>,
) -> PyResult<Bound<'_, PyAny>> {
    match joined {
        Ok(Ok(value)) => value.to_python(py),
        Ok(Err(failure)) => Err(failure.into_exception(py)),
        Err(_) => Err(Failure::unexpected().into_exception(py)),
    }
}

fn tell<T: ToPython>(
    py: Python<'_>,
    event_loop: &Py<PyAny>,
    waiter: &Py<PyAny>,
    joined: Result<Result<T, Failure>, JoinError>,
) -> PyResult<()> {
    let (value, error) = match finish(py, joined) {
        Ok(value) => (value.unbind(), None),
        Err(error) => (py.None(), Some(error.into_value(py))),
    };
    let event_loop = event_loop.bind(py);
    let settle = py.import("countersign._native")?.getattr("settle")?;
    match event_loop.call_method1("call_soon_threadsafe", (settle, waiter, value, error)) {
        // A loop that was closed has no more futures to settle.
        Err(error) if error.is_instance_of::<PyRuntimeError>(py) => Ok(()),
        told => told.map(drop),
    }
}

/// Settles a future in its own event loop, unless that was cancelled meanwhile.
#[pyfunction]
pub(crate) fn settle(
    waiter: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
    error: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if waiter.call_method0("done")?.is_truthy()? {
        return Ok(());
    }
    if error.is_none() {
        waiter.call_method1("set_result", (value,)).map(drop)
    } else {
        waiter.call_method1("set_exception", (error,)).map(drop)
    }
}
