//! `Key`: either half of a key, bound to one algorithm.

use std::hash::{DefaultHasher, Hash, Hasher};

use countersign_jose::{Algorithm, Error, RsaSize, SigningKey, VerifyingKey};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::arguments::Arguments;
use crate::error;
use crate::json;

/// A key for one algorithm: a private key, a public key or a shared secret. It is parsed and
/// checked here, once. Make it with `from_pem`, `from_jwk`, `from_secret` or `generate`.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Key {
    half: Half,
}

enum Half {
    Signing(SigningKey),
    Verifying(VerifyingKey),
}

#[pymethods]
impl Key {
    /// Reads a private or public key from PEM.
    #[staticmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(text, *, algorithm, kid=None)")]
    fn from_pem(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let names = &["text", "algorithm", "kid"];
        let given = Arguments::new("Key.from_pem", names, 1, args, kwargs)?;
        let text = given.required("text", "the key as PEM")?;
        let text = text_of(&text).ok_or_else(|| error::key(py, "the pem is not a str or bytes"))?;
        let algorithm = given.algorithm("algorithm")?;
        let key = if text.contains("PRIVATE KEY-----") {
            SigningKey::from_pem(text, algorithm).map(Half::Signing)
        } else {
            VerifyingKey::from_pem(text, algorithm).map(Half::Verifying)
        };
        Self::named(py, key, given.optional_text("kid")?)
    }

    /// Reads a private, public or shared key from a JWK. Without `algorithm` the key's `alg` or its
    /// curve decides.
    #[staticmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(jwk, algorithm=None)")]
    fn from_jwk(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let given = Arguments::new("Key.from_jwk", &["jwk", "algorithm"], 2, args, kwargs)?;
        let json = document(&given.required("jwk", "the key as a dict")?)?;
        let algorithm = given.optional_algorithm("algorithm")?;
        Self::named(py, read_jwk(&json, algorithm), None)
    }

    /// Takes a shared secret of random bytes, at least as long as the hash.
    #[staticmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(secret, *, algorithm, kid=None)")]
    fn from_secret(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = args.py();
        let names = &["secret", "algorithm", "kid"];
        let given = Arguments::new("Key.from_secret", names, 1, args, kwargs)?;
        let secret = given.required("secret", "random bytes, such as secrets.token_bytes(32)")?;
        let Ok(secret) = secret.cast::<PyBytes>() else {
            return Err(error::key(py, "the secret is not bytes: decode or encode it first"));
        };
        let key = SigningKey::from_secret(secret.as_bytes(), given.algorithm("algorithm")?);
        Self::named(py, key.map(Half::Signing), given.optional_text("kid")?)
    }

    /// Makes a new key; an RSA one of `bits` 2048, 3072 or 4096.
    #[staticmethod]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(algorithm, *, kid=None, bits=None)")]
    fn generate(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let names = &["algorithm", "kid", "bits"];
        let given = Arguments::new("Key.generate", names, 1, args, kwargs)?;
        let algorithm = given.algorithm("algorithm")?;
        let key = match given.some("bits")? {
            None => py.detach(|| SigningKey::generate(algorithm)),
            Some(_) => {
                let size = RsaSize::of(given.number("bits", 0)?).ok_or_else(|| {
                    error::config(py, "`bits` is not the size of an rsa key: 2048, 3072 or 4096")
                })?;
                py.detach(|| SigningKey::generate_rsa(algorithm, size))
            }
        };
        Self::named(py, key.map(Half::Signing), given.optional_text("kid")?)
    }

    /// The one algorithm that the key is for.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.verifying().algorithm().as_str()
    }

    /// The key's id: the given one, or the RFC 7638 thumbprint (for a secret: a tag made with it).
    #[getter]
    fn kid(&self) -> &str {
        match &self.half {
            Half::Signing(key) => key.kid(),
            Half::Verifying(key) => key.kid(),
        }
    }

    /// Whether the key can sign.
    #[getter]
    fn can_sign(&self) -> bool {
        matches!(self.half, Half::Signing(_))
    }

    /// Whether signer and verifier share this key.
    #[getter]
    fn is_symmetric(&self) -> bool {
        self.verifying().algorithm().is_symmetric()
    }

    /// The public half.
    fn public(&self, py: Python<'_>) -> PyResult<Self> {
        if self.is_symmetric() {
            return Err(error::key(py, "a shared secret has no public half"));
        }
        Ok(Self::from(self.verifying()))
    }

    /// The same key under another id.
    fn with_kid(&self, kid: &Bound<'_, PyAny>) -> PyResult<Self> {
        let kid = crate::arguments::text(kid, "kid")?;
        let half = match &self.half {
            Half::Signing(key) => Half::Signing(key.clone().with_kid(kid)),
            Half::Verifying(key) => Half::Verifying(key.clone().with_kid(kid)),
        };
        Ok(Self { half })
    }

    /// The key as a JWK: the public half, or all of it when `private` is true.
    #[pyo3(signature = (private = false))]
    fn to_jwk<'py>(&self, py: Python<'py>, private: bool) -> PyResult<Bound<'py, PyAny>> {
        if private {
            let jwk = self.signing(py)?.to_private_jwk().map_err(|e| error::setup(py, &e))?;
            return json::read(py, &jwk, 8).map_err(json::Fault::into_value_error);
        }
        let jwk = self.verifying().to_jwk().map_err(|e| error::setup(py, &e))?;
        let text =
            serde_json::to_string(&jwk).map_err(|_| error::setup(py, &Error::NotSerializable))?;
        json::read(py, &text, 8).map_err(json::Fault::into_value_error)
    }

    /// The key as PEM: the public half, or PKCS#8 when `private` is true.
    #[pyo3(signature = (private = false))]
    fn to_pem(&self, py: Python<'_>, private: bool) -> PyResult<String> {
        if private {
            let pem = self.signing(py)?.to_pkcs8_pem().map_err(|e| error::setup(py, &e))?;
            return Ok(pem.to_string());
        }
        self.verifying().to_pem().map_err(|e| error::setup(py, &e))
    }

    /// The bytes of a shared secret.
    fn to_secret<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let secret = self.signing(py)?.to_secret().map_err(|e| error::setup(py, &e))?;
        Ok(PyBytes::new(py, &secret))
    }

    /// Says what identifies the key, never what it is.
    fn __repr__(&self) -> String {
        let half = if self.can_sign() { "can sign" } else { "verifies only" };
        format!("<countersign.Key {} {:?}, {half}>", self.algorithm(), self.kid())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.identity() == other.get().identity())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.kid(), self.algorithm()).hash(&mut hasher);
        hasher.finish()
    }
}

impl Key {
    /// The half that checks signatures.
    pub(crate) fn verifying(&self) -> VerifyingKey {
        match &self.half {
            Half::Signing(key) => key.verifying_key(),
            Half::Verifying(key) => key.clone(),
        }
    }

    /// The half that makes signatures.
    pub(crate) fn signing(&self, py: Python<'_>) -> PyResult<&SigningKey> {
        match &self.half {
            Half::Signing(key) => Ok(key),
            Half::Verifying(_) => {
                Err(error::key(py, "the key is public: this needs the private one"))
            }
        }
    }

    fn named(py: Python<'_>, half: Result<Half, Error>, kid: Option<String>) -> PyResult<Self> {
        let half = match (half.map_err(|e| error::setup(py, &e))?, kid) {
            (half, None) => half,
            (Half::Signing(key), Some(kid)) => Half::Signing(key.with_kid(kid)),
            (Half::Verifying(key), Some(kid)) => Half::Verifying(key.with_kid(kid)),
        };
        Ok(Self { half })
    }

    fn identity(&self) -> (bool, &'static str, &str, String) {
        (self.can_sign(), self.algorithm(), self.kid(), self.verifying().thumbprint())
    }
}

impl From<VerifyingKey> for Key {
    fn from(key: VerifyingKey) -> Self {
        Self { half: Half::Verifying(key) }
    }
}

/// A JSON document given as a dict or as its text.
pub(crate) fn document(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = value.py();
    if let Ok(dict) = value.cast::<PyDict>() {
        return json::write(dict).map_err(|reason| error::key(py, &reason));
    }
    match text_of(value) {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => Err(error::key(py, "not a dict, nor json as a str or bytes")),
    }
}

fn text_of<'a>(value: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_str().ok();
    }
    value.cast::<PyBytes>().ok().and_then(|bytes| std::str::from_utf8(bytes.as_bytes()).ok())
}

/// What tells a private JWK.
#[derive(Deserialize)]
struct PrivateMembers {
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

fn read_jwk(json: &[u8], algorithm: Option<Algorithm>) -> Result<Half, Error> {
    let verifying = || VerifyingKey::from_jwk(json, algorithm).map(Half::Verifying);
    match serde_json::from_slice(json) {
        Ok(PrivateMembers { d: Some(_), .. }) => {
            SigningKey::from_jwk(json, algorithm).map(Half::Signing)
        }
        // A secret whose `key_ops` say that it only verifies.
        Ok(PrivateMembers { k: Some(_), .. }) => SigningKey::from_jwk(json, algorithm)
            .map(Half::Signing)
            .or_else(|refusal| verifying().map_err(|_| refusal)),
        _ => verifying(),
    }
}
