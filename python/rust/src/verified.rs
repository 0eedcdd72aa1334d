//! `Verified`: the claims of a token that was accepted, as an immutable mapping.

use std::ops::Deref;
use std::sync::Arc;

use countersign_jose::{Claims, NumericDate, Verified as JoseVerified};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyMappingProxy, PyTuple, PyType};

use crate::error;
use crate::json;
use crate::key::Key;

/// The claims of a token that a `Verifier` has accepted: a mapping that cannot be changed.
#[pyclass(frozen, mapping, module = "countersign")]
pub(crate) struct Verified {
    token: Token,
    /// The claims as Python objects, made when they are first asked for; for each caller anew, so that
    /// nobody gets another one's lists.
    claims: PyOnceLock<Py<PyDict>>,
}

enum Token {
    Fresh(JoseVerified<Claims>),
    Remembered(Arc<JoseVerified<Claims>>),
}

impl Deref for Token {
    type Target = JoseVerified<Claims>;

    fn deref(&self) -> &JoseVerified<Claims> {
        match self {
            Self::Fresh(token) => token,
            Self::Remembered(token) => token,
        }
    }
}

#[pymethods]
impl Verified {
    /// All parameters of the token's header.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let header = read_object(py, self.token.header().raw_json())?;
        Ok(PyMappingProxy::new(py, header.as_mapping()))
    }

    /// The key that the signature was checked with.
    #[getter]
    fn key(&self) -> Key {
        Key::from(self.token.key().clone())
    }

    /// The issuer.
    #[getter]
    fn iss(&self) -> Option<&str> {
        self.token.claims().iss()
    }

    /// The subject.
    #[getter]
    fn sub(&self) -> Option<&str> {
        self.token.claims().sub()
    }

    /// The audiences, however they were written; none when the claim is absent.
    #[getter]
    fn aud<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let audiences: Vec<&str> = self.token.claims().aud().collect();
        PyTuple::new(py, audiences)
    }

    /// The token's id.
    #[getter]
    fn jti(&self) -> Option<&str> {
        self.token.claims().jti()
    }

    /// When the token expires, in seconds since 1970.
    #[getter]
    fn exp<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.token.claims().exp().map(|date| number(py, date))
    }

    /// Before when the token is not valid, in seconds since 1970.
    #[getter]
    fn nbf<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.token.claims().nbf().map(|date| number(py, date))
    }

    /// When the token was issued, in seconds since 1970.
    #[getter]
    fn iat<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.token.claims().iat().map(|date| number(py, date))
    }

    /// The claims as a dict of the caller's own.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        read_object(py, self.token.claims().raw_json())
    }

    /// The claim when it is there; raises a `TokenError` when it is not of this type.
    #[pyo3(signature = (name, r#type, /))]
    fn get_as<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        r#type: &Bound<'py, PyType>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = name.py();
        let value = self.claims(py)?.get_item(name)?.filter(|value| !value.is_none());
        let Some(value) = value else { return Ok(None) };
        // A truth value is an int for Python, and for nobody else.
        let truth = value.is_instance_of::<PyBool>() && !r#type.is(py.get_type::<PyBool>());
        if !truth && value.is_instance(r#type)? {
            return Ok(Some(value));
        }
        if !truth && r#type.is(py.get_type::<PyFloat>()) && value.is_instance_of::<PyInt>() {
            return Ok(Some(value.extract::<f64>()?.into_pyobject(py)?.into_any()));
        }
        let message = format!("the claim `{name}` is not a {}", r#type.name()?);
        Err(error::claim_type(py, &name.to_string(), &message))
    }

    /// The claim, or `default` when it is absent.
    #[pyo3(signature = (key, default = None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.claims(key.py())?.get_item(key)?.or(default))
    }

    /// The names of the claims.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.proxy(py)?.call_method0("keys")
    }

    /// The claims' values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.proxy(py)?.call_method0("values")
    }

    /// Names and values.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.proxy(py)?.call_method0("items")
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.claims(name.py())?.get_item(name)?;
        value.ok_or_else(|| PyKeyError::new_err(name.clone().unbind()))
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.claims(name.py())?.contains(name)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.claims(py)?.len())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.claims(py)?.try_iter()?.into_any())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = other.py();
        match other.cast::<Self>() {
            Ok(other) => self.claims(py)?.eq(other.get().claims(py)?),
            Err(_) => self.claims(py)?.eq(other),
        }
    }

    /// Names the token without its claims, which may be personal.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let sub = self.sub().into_pyobject(py)?.repr()?;
        Ok(format!("<countersign.Verified sub={sub}>"))
    }
}

impl Verified {
    pub(crate) fn fresh(token: JoseVerified<Claims>) -> Self {
        Self { token: Token::Fresh(token), claims: PyOnceLock::new() }
    }

    pub(crate) fn remembered(token: Arc<JoseVerified<Claims>>) -> Self {
        Self { token: Token::Remembered(token), claims: PyOnceLock::new() }
    }

    fn claims<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let claims = self.claims.get_or_try_init(py, || self.to_dict(py).map(Bound::unbind))?;
        Ok(claims.bind(py))
    }

    fn proxy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        Ok(PyMappingProxy::new(py, self.claims(py)?.as_mapping()))
    }
}

/// Reads what the token parser has accepted, so no fault is expected.
fn read_object<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyDict>> {
    let value = json::read(py, json, json::MAX_DEPTH).map_err(json::Fault::into_value_error)?;
    Ok(value.cast_into()?)
}

/// Whole seconds are an `int`.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn number(py: Python<'_>, date: NumericDate) -> Bound<'_, PyAny> {
    let seconds = date.as_f64();
    if seconds.fract() == 0.0 && seconds.abs() < 9e15 {
        let Ok(whole) = (seconds as i64).into_pyobject(py);
        return whole.into_any();
    }
    PyFloat::new(py, seconds).into_any()
}
