//! Base64url without padding, one spelling for one byte string (RFC 7515 section 2).

use base64_simd::URL_SAFE_NO_PAD;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Decodes; padding, other alphabets, white space and non-zero trailing bits are a `ValueError`.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn b64url_decode<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let decoded = URL_SAFE_NO_PAD
        .decode_to_vec(data)
        .map_err(|_| PyValueError::new_err("not canonical base64url without padding"))?;
    Ok(PyBytes::new(py, &decoded))
}

/// Encodes without padding.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn b64url_encode<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, encode(data).as_bytes())
}

pub(crate) fn encode(data: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(data)
}
