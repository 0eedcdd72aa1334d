//! The native half of the Python package: it translates between Python objects and
//! `countersign-jose`, and decides nothing.

mod base64url;
mod json;
mod raw_key;

use pyo3::prelude::*;

/// What the package is made of; `countersign/__init__.py` says what of it is public.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::base64url::{b64url_decode, b64url_encode};
    #[pymodule_export]
    use crate::json::loads;
    #[pymodule_export]
    use crate::raw_key::RawKey;
}
