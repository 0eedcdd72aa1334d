//! `Principal`: who is asking, as a checked access token says it.

use countersign_guard::Principal as Checked;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMappingProxy, PyTuple};

use crate::json;

/// Who is asking: a verified, unrevoked access token. Only a check makes one.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Principal {
    checked: Checked,
    /// The claims as Python objects, made when they are first asked for.
    claims: PyOnceLock<Py<PyDict>>,
}

impl Principal {
    pub(crate) fn checked(&self) -> &Checked {
        &self.checked
    }
}

impl From<Checked> for Principal {
    fn from(checked: Checked) -> Self {
        Self { checked, claims: PyOnceLock::new() }
    }
}

#[pymethods]
impl Principal {
    /// The user id (`sub`).
    #[getter]
    fn user_id(&self) -> &str {
        self.checked.user_id()
    }

    /// The user name, where the token carries it.
    #[getter]
    fn username(&self) -> Option<&str> {
        self.checked.username()
    }

    /// The session (`sid`).
    #[getter]
    fn session_id(&self) -> &str {
        self.checked.session_id()
    }

    /// The client that the token was issued to.
    #[getter]
    fn client_id(&self) -> &str {
        self.checked.client_id()
    }

    /// The key that signed the token.
    #[getter]
    fn key_id(&self) -> &str {
        self.checked.key_id()
    }

    /// The scopes, in the token's order.
    #[getter]
    fn scopes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.checked.scopes().collect::<Vec<_>>())
    }

    /// The roles.
    #[getter]
    fn roles<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.checked.roles().collect::<Vec<_>>())
    }

    /// When the user authenticated, in seconds since 1970.
    #[getter]
    fn auth_time(&self) -> i64 {
        self.checked.auth_time().seconds()
    }

    /// When the token expires, in seconds since 1970.
    #[getter]
    fn expires_at(&self) -> i64 {
        self.checked.expires_at().seconds()
    }

    /// Every claim of the token, custom ones too; it cannot be changed.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let claims = self.claims.get_or_try_init(py, || read_claims(py, &self.checked))?;
        Ok(PyMappingProxy::new(py, claims.bind(py).as_mapping()))
    }

    /// Whether the token has the scope.
    fn has_scope(&self, scope: &str) -> bool {
        self.checked.has_scope(scope)
    }

    /// Whether the token has the role.
    fn has_role(&self, role: &str) -> bool {
        self.checked.has_role(role)
    }

    fn __repr__(&self) -> String {
        format!("<Principal {:?} session={:?}>", self.user_id(), self.session_id())
    }
}

fn read_claims(py: Python<'_>, checked: &Checked) -> PyResult<Py<PyDict>> {
    let claims = json::read(py, checked.raw_claims(), json::MAX_DEPTH)
        .map_err(json::Fault::into_value_error)?;
    Ok(claims.cast_into::<PyDict>()?.unbind())
}
