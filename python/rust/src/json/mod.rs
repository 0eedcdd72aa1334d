//! JSON to Python objects and back, without a tree in between.

mod names;
mod read;
mod text;
mod write;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) use self::read::{Fault, read};
pub(crate) use self::write::{Json, write};

/// The deepest nesting that anything may be configured for.
pub(crate) const MAX_DEPTH: usize = 128;

/// Reads strict JSON into Python objects: RFC 8259 without duplicate names, lone surrogates,
/// numbers beyond a double, or more than `max_depth` containers in each other. Anything else is a
/// `ValueError`.
#[pyfunction]
#[pyo3(signature = (data, /, max_depth = 128))]
pub(crate) fn loads<'py>(
    py: Python<'py>,
    data: &[u8],
    max_depth: usize,
) -> PyResult<Bound<'py, PyAny>> {
    if !(1..=MAX_DEPTH).contains(&max_depth) {
        return Err(PyValueError::new_err("max_depth is not between 1 and 128"));
    }
    let text = std::str::from_utf8(data).map_err(|_| PyValueError::new_err("not utf-8"))?;
    read(py, text, max_depth).map_err(Fault::into_value_error)
}
