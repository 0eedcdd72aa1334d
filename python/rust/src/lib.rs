//! The native half of the Python package: it translates between Python objects and the crates, and
//! decides nothing. Tokens stand here, the engine and its routes in `host`.

mod arguments;
mod base64url;
mod error;
mod host;
mod json;
mod key;
mod key_set;
mod raw_key;
mod signer;
mod verified;
mod verifier;

use pyo3::prelude::*;

/// What the package is made of; `countersign/__init__.py` says what of it is public.
#[pymodule]
mod _native {
    use super::*;

    #[pymodule_export]
    use crate::base64url::{b64url_decode, b64url_encode};
    #[pymodule_export]
    use crate::host::{Config, Core, Principal, Rates, Routes, TestClock, settle};
    #[pymodule_export]
    use crate::json::loads;
    #[pymodule_export]
    use crate::key::Key;
    #[pymodule_export]
    use crate::key_set::KeySet;
    #[pymodule_export]
    use crate::raw_key::RawKey;
    #[pymodule_export]
    use crate::signer::Signer;
    #[pymodule_export]
    use crate::verified::Verified;
    #[pymodule_export]
    use crate::verifier::{AnyType, Verifier};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("ANY", Bound::new(module.py(), AnyType)?)
    }
}
