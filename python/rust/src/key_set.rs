//! `KeySet`: keys among which a token's `kid` chooses.

use countersign_jose::{Algorithm, KeySet as JoseKeySet};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::arguments::{Arguments, elements};
use crate::error;
use crate::json;
use crate::key::{Key, document};

/// Keys under distinct ids, from which a token's `kid` chooses. Of private keys it holds the public
/// half.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct KeySet {
    keys: JoseKeySet,
}

#[pymethods]
impl KeySet {
    #[new]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(keys)")]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let given = Arguments::new("KeySet", &["keys"], 1, args, kwargs)?;
        let keys = elements(&given.required("keys", "a list of Key")?, "keys")?;
        let keys = keys.iter().map(|key| match key.cast::<Key>() {
            Ok(key) => Ok(key.get().verifying()),
            Err(_) => Err(error::config(py, "`keys` holds something that is not a Key")),
        });
        let keys = JoseKeySet::new(keys.collect::<PyResult<_>>()?);
        Ok(Self { keys: keys.map_err(|e| error::setup(py, &e))? })
    }

    /// Reads a published key set, as a dict or as JSON. What is not for signatures is left out; a
    /// secret or private key in it is refused. An RSA key that names no algorithm is taken for each
    /// of `rsa_algorithms` (RS256 when not given).
    #[staticmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(jwks, *, rsa_algorithms=None)")]
    fn from_jwks(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let names = &["jwks", "rsa_algorithms"];
        let given = Arguments::new("KeySet.from_jwks", names, 1, args, kwargs)?;
        let json = document(&given.required("jwks", "the key set as a dict")?)?;
        let rsa = given.optional_algorithms("rsa_algorithms")?;
        let rsa = rsa.unwrap_or_else(|| vec![Algorithm::Rs256]);
        let keys = JoseKeySet::from_jwks_for(&json, &rsa).map_err(|e| error::setup(py, &e))?;
        Ok(Self { keys })
    }

    /// The key set to publish; shared secrets are never in it.
    fn to_jwks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = serde_json::to_string(&self.keys.to_jwks())
            .map_err(|_| error::setup(py, &countersign_jose::Error::NotSerializable))?;
        json::read(py, &text, 8).map_err(json::Fault::into_value_error)
    }

    /// The first key with this id.
    fn get(&self, kid: &Bound<'_, PyAny>) -> Option<Key> {
        let kid = kid.extract::<String>().ok()?;
        self.keys.get(&kid).cloned().map(Key::from)
    }

    fn __len__(&self) -> usize {
        self.keys.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let keys = self.keys.iter().cloned().map(Key::from);
        let list = PyList::empty(py);
        for key in keys {
            list.append(Bound::new(py, key)?)?;
        }
        Ok(list.try_iter()?.into_any())
    }

    fn __repr__(&self) -> String {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.kid()).collect();
        format!("<countersign.KeySet {ids:?}>")
    }
}

impl KeySet {
    pub(crate) fn keys(&self) -> &JoseKeySet {
        &self.keys
    }
}
