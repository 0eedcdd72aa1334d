//! `Signer`: claims to tokens.

use countersign_jose::{Signer as JoseSigner, dangerous};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments::Arguments;
use crate::error;
use crate::json::{self, Json};
use crate::key::Key;

/// Signs claims with one key and one kind of header. Make it once and keep it.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Signer {
    signer: JoseSigner,
}

#[pymethods]
impl Signer {
    #[new]
    #[pyo3(
        signature = (*args, **kwargs),
        text_signature = "(key, *, typ=\"JWT\", with_kid=True, header=None)"
    )]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let given =
            Arguments::new("Signer", &["key", "typ", "with_kid", "header"], 1, args, kwargs)?;
        let key = given.required("key", "the Key that signs")?;
        let Ok(key) = key.cast::<Key>() else {
            return Err(error::config(py, "`key` is not a Key"));
        };
        let mut signer = JoseSigner::new(key.get().signing(py)?.clone());
        if given.optional("typ")?.is_some() {
            signer = match given.optional_text("typ")? {
                Some(typ) => signer.typ(typ),
                None => signer.without_typ(),
            };
        }
        if !given.flag("with_kid", true)? {
            signer = signer.without_kid();
        }
        if let Some(header) = given.optional("header")?.filter(|header| !header.is_none()) {
            let Ok(header) = header.cast::<PyDict>() else {
                return Err(error::config(py, "`header` is not a dict"));
            };
            for (name, value) in header.iter() {
                let name = crate::arguments::text(&name, "header")?;
                signer = signer.parameter(&name, &Json::new(&value)).map_err(|e| {
                    error::config(py, &format!("`header`: the parameter `{name}`: {e}"))
                })?;
            }
        }
        Ok(Self { signer })
    }

    /// Signs claims: a dict of what JSON knows, with dates as seconds since 1970.
    #[pyo3(signature = (claims, /))]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        claims: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyString>> {
        let Ok(claims) = claims.cast::<PyDict>() else {
            return Err(error::not_serializable(py, "the claims are not a dict"));
        };
        let payload = json::write(claims)
            .map_err(|reason| error::not_serializable(py, &format!("the claims: {reason}")))?;
        // The payload is the object just written; what this leaves out is writing it again.
        let token = if self.signer.key().algorithm().is_symmetric() {
            dangerous::sign_bytes(&self.signer, &payload)
        } else {
            py.detach(|| dangerous::sign_bytes(&self.signer, &payload))
        };
        Ok(PyString::new(py, &token.map_err(|e| error::setup(py, &e))?))
    }

    fn __repr__(&self) -> String {
        let key = self.signer.key();
        format!("<countersign.Signer {} {:?}>", key.algorithm(), key.kid())
    }
}
