//! Refusals as exceptions of `countersign.exceptions`, which is where their tree stands.

use countersign_jose::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// `countersign.exceptions._make`, which picks the class of a category.
static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The exception of a refused token.
#[cold]
pub(crate) fn token(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error.code().as_str(), &error.to_string(), claim(error), true)
}

/// The exception of a token that is not even text.
#[cold]
pub(crate) fn not_a_token(py: Python<'_>) -> PyErr {
    let code = ErrorCode::MalformedToken.as_str();
    make(py, code, "the token is not a str or bytes of text", None, true)
}

/// The exception of a refused key, configuration or set of claims to sign.
#[cold]
pub(crate) fn setup(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error.code().as_str(), &error.to_string(), None, false)
}

/// The exception of a key that cannot be taken, or not for this.
#[cold]
pub(crate) fn key(py: Python<'_>, reason: &str) -> PyErr {
    make(py, ErrorCode::KeyInvalid.as_str(), reason, None, false)
}

/// The exception of an argument that cannot be meant.
#[cold]
pub(crate) fn config(py: Python<'_>, reason: &str) -> PyErr {
    make(py, ErrorCode::ConfigInvalid.as_str(), reason, None, false)
}

/// The exception of an engine that cannot be opened, or is closed.
#[cold]
pub(crate) fn open_failed(py: Python<'_>, reason: &str) -> PyErr {
    make(py, "open_failed", reason, None, false)
}

/// The exception of claims that cannot be written.
#[cold]
pub(crate) fn not_serializable(py: Python<'_>, reason: &str) -> PyErr {
    make(py, ErrorCode::NotSerializable.as_str(), reason, None, false)
}

/// The exception of a claim that is not what the program asked for.
#[cold]
pub(crate) fn claim_type(py: Python<'_>, name: &str, message: &str) -> PyErr {
    make(py, ErrorCode::ClaimType.as_str(), message, Some(name), true)
}

/// The claim that a refusal is about.
pub(crate) fn claim(error: &Error) -> Option<&str> {
    match error {
        Error::ClaimType { claim } => Some(claim),
        Error::MissingClaim { claim } => Some(claim),
        Error::IssuerMismatch => Some("iss"),
        Error::AudienceMismatch => Some("aud"),
        _ => None,
    }
}

fn make(py: Python<'_>, code: &str, message: &str, claim: Option<&str>, token: bool) -> PyErr {
    let made = MAKE
        .import(py, "countersign.exceptions", "_make")
        .and_then(|make| make.call1((code, message, claim, token)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
