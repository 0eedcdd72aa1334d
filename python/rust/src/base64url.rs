//! Base64url without padding, one spelling for one byte string (RFC 7515 section 2).

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::NO_PAD;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
static URL_SAFE: LazyLock<base64::engine::simd::Simd> =
    LazyLock::new(|| base64::engine::simd::Simd::url_safe(NO_PAD));

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
static URL_SAFE: LazyLock<base64::engine::general_purpose::GeneralPurpose> = LazyLock::new(|| {
    base64::engine::general_purpose::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD)
});

/// Decodes; padding, other alphabets, white space and non-zero trailing bits are a `ValueError`.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn b64url_decode<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let decoded = URL_SAFE
        .decode(data)
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
    URL_SAFE.encode(data)
}
