//! Failures of the engine on their way to Python: the category, and the answer that the server would
//! give.

use std::time::Duration;

use countersign::{
    engine::{Error, guard::Error as GuardError},
    http::ApiError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::{error, json};

/// `countersign.exceptions._refuse`, which picks the class.
static REFUSE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Why an operation did not answer. It can be made on any thread; only Python makes the exception.
#[derive(Debug)]
pub(crate) struct Failure {
    category: &'static str,
    message: String,
    claim: Option<String>,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Failure {
    /// The failure as the routes answer it for this realm.
    pub(crate) fn new(error: Error, realm: &str) -> Self {
        let category = match &error {
            Error::Guard(refusal) => refusal.category(),
            other => other.code().as_str(),
        };
        let claim = match &error {
            Error::Guard(GuardError::Token(refusal)) => error::claim(refusal).map(str::to_owned),
            _ => None,
        };
        let message = message(&error);
        let (head, body) = ApiError::from(error).render(realm).into_parts();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (canonical(name.as_str()), text(value.as_bytes())))
            .collect();
        Self { category, message, claim, status: head.status.as_u16(), headers, body }
    }

    /// Nothing was done, because the engine is closed: whoever may can open it and ask again.
    pub(crate) fn closed() -> Self {
        let stale = GuardError::Stale { retry_after: Duration::from_secs(1) };
        let message = "the engine is closed".to_owned();
        Self { category: "closed", message, ..Self::new(stale.into(), "") }
    }

    /// An operation panicked, or was dropped when everything was closed.
    pub(crate) fn unexpected() -> Self {
        Self::new(Error::Internal("an operation ended unexpectedly".into()), "")
    }

    /// The exception.
    #[cold]
    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        self.try_into_exception(py).unwrap_or_else(|error| error)
    }

    fn try_into_exception(self, py: Python<'_>) -> PyResult<PyErr> {
        let headers = PyDict::new(py);
        for (name, value) in &self.headers {
            headers.set_item(name, value)?;
        }
        let body = json::read(py, &self.body, json::MAX_DEPTH);
        let body = body.map_err(json::Fault::into_value_error)?;
        let refuse = REFUSE.import(py, "countersign.exceptions", "_refuse")?;
        let arguments =
            (self.category, self.message, self.claim.as_deref(), self.status, headers, body);
        Ok(PyErr::from_value(refuse.call1(arguments)?))
    }
}

/// What the exception says: for most failures the public text is the better one.
fn message(error: &Error) -> String {
    match error {
        Error::Guard(_) | Error::Store(_) | Error::Internal(_) | Error::NotFound { .. } => {
            error.to_string()
        }
        Error::InvalidScope { reason } | Error::AccessDenied { reason } => (*reason).to_owned(),
        Error::Invalid { field, reason } => format!("`{field}`: {reason}"),
        other => other.description(),
    }
}

/// A field name as people write it: `WWW-Authenticate`, not `www-authenticate`.
fn canonical(name: &str) -> String {
    match name {
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        "ratelimit" => "RateLimit".to_owned(),
        "ratelimit-policy" => "RateLimit-Policy".to_owned(),
        other => {
            let mut start = true;
            let upper = |character: char| {
                let written = if start { character.to_ascii_uppercase() } else { character };
                start = character == '-';
                written
            };
            other.chars().map(upper).collect()
        }
    }
}
