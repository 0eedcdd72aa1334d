//! `Verifier`: tokens to claims.

use std::borrow::Cow;

use countersign_jose::{
    Audience, CachedVerifier, Claims, Issuer, Keys, Leeway, Verifier as JoseVerifier,
};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::arguments::{Arguments, algorithms, text, texts};
use crate::error;
use crate::key::Key;
use crate::key_set::KeySet;
use crate::verified::Verified;

/// The type of `ANY`.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct AnyType;

#[pymethods]
impl AnyType {
    fn __repr__(&self) -> &'static str {
        "countersign.ANY"
    }
}

/// Checks tokens by one policy. Make it once and keep it; threads may share it.
///
/// With `cache=N` up to N tokens that were accepted are remembered, and their signatures are not
/// checked again; everything that can change is.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Verifier {
    checks: Checks,
    clock: Clock,
}

/// How a token is checked. A signature takes so long that other threads should run meanwhile.
enum Checks {
    Mac(JoseVerifier),
    Signature(JoseVerifier),
    Remembering(CachedVerifier<Claims>),
}

const NAMES: &[&str] = &[
    "keys",
    "algorithms",
    "issuer",
    "audience",
    "leeway",
    "require",
    "typ",
    "max_token_bytes",
    "max_json_depth",
    "cache",
    "clock",
];

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(
        signature = (*args, **kwargs),
        text_signature = "(*, keys, algorithms, issuer, audience, leeway=0, require=[\"exp\"], \
            typ=None, max_token_bytes=16384, max_json_depth=32, cache=0, clock=None)"
    )]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let py = args.py();
        let given = Arguments::new("Verifier", NAMES, 0, args, kwargs)?;
        let keys = keys(&given.required("keys", "a Key or a KeySet")?)?;
        let algorithms = given.required("algorithms", "the list of those accepted")?;
        let algorithms = self::algorithms(&algorithms, "algorithms")?;
        let decide = "a str, a list, or ANY when you have decided not to check";
        let issuer = issuer(&given.required("issuer", decide)?)?;
        let audience = audience(&given.required("audience", decide)?)?;
        let symmetric = algorithms.iter().any(|algorithm| algorithm.is_symmetric());
        let mut builder = JoseVerifier::builder(keys, &algorithms, issuer, audience)
            .leeway(Leeway::uniform(given.number("leeway", 0)?))
            .typ(given.optional_text("typ")?.as_deref())
            .max_token_bytes(given.number("max_token_bytes", 16 * 1024)?)
            .max_json_depth(given.number("max_json_depth", 32)?);
        if let Some(require) = given.optional("require")? {
            let require = texts(&require, "require")?;
            builder = builder.required(&require.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let clock = Clock::new(py, given.optional("clock")?)?;
        let verifier = builder.build().map_err(|e| error::setup(py, &e))?;
        let checks = match given.number::<u32>("cache", 0)? as usize {
            0 if symmetric => Checks::Mac(verifier),
            0 => Checks::Signature(verifier),
            tokens => Checks::Remembering(CachedVerifier::new(verifier, tokens)),
        };
        Ok(Self { checks, clock })
    }

    /// Checks a token now and gives its claims, or raises a `TokenError`.
    #[pyo3(signature = (token, /))]
    fn verify(&self, py: Python<'_>, token: &Bound<'_, PyAny>) -> PyResult<Verified> {
        let bytes = token_bytes(token).ok_or_else(|| error::not_a_token(py))?;
        let now = self.clock.now(py)?;
        let outcome = match &self.checks {
            Checks::Mac(verifier) => verifier.verify(&bytes, now).map(Verified::fresh),
            Checks::Signature(verifier) => {
                py.detach(|| verifier.verify(&bytes, now)).map(Verified::fresh)
            }
            Checks::Remembering(verifier) => verifier
                .recall(&bytes, now)
                .unwrap_or_else(|| py.detach(|| verifier.verify(&bytes, now)))
                .map(Verified::remembered),
        };
        outcome.map_err(|refusal| error::token(py, &refusal))
    }

    /// How many tokens are remembered now.
    #[getter]
    fn remembered(&self) -> usize {
        match &self.checks {
            Checks::Mac(_) | Checks::Signature(_) => 0,
            Checks::Remembering(verifier) => verifier.remembered(),
        }
    }

    fn __repr__(&self) -> &'static str {
        "<countersign.Verifier>"
    }
}

/// The text of a token, without running any code of its class.
fn token_bytes<'a>(token: &'a Bound<'_, PyAny>) -> Option<Cow<'a, [u8]>> {
    if let Ok(text) = token.cast::<PyString>() {
        return text.to_str().ok().map(|text| Cow::Borrowed(text.as_bytes()));
    }
    token.cast::<PyBytes>().ok().map(|bytes| Cow::Borrowed(bytes.as_bytes()))
}

fn keys(value: &Bound<'_, PyAny>) -> PyResult<Keys> {
    if let Ok(key) = value.cast::<Key>() {
        return Ok(Keys::One(key.get().verifying()));
    }
    match value.cast::<KeySet>() {
        Ok(keys) => Ok(Keys::Set(keys.get().keys().clone())),
        Err(_) => Err(error::config(value.py(), "`keys` is not a Key or a KeySet")),
    }
}

/// `None` stands for `ANY`.
fn expected(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Vec<String>>> {
    if value.is_instance_of::<AnyType>() {
        return Ok(None);
    }
    if value.is_none() {
        let refusal = format!("`{name}` is None: say ANY when you have decided not to check it");
        return Err(error::config(value.py(), &refusal));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Some(vec![text(value, name)?]));
    }
    texts(value, name).map(Some)
}

fn issuer(value: &Bound<'_, PyAny>) -> PyResult<Issuer> {
    Ok(expected(value, "issuer")?.map_or(Issuer::any(), Issuer::any_of))
}

/// An empty list says that we have no name here, so a token for anybody is not for us.
fn audience(value: &Bound<'_, PyAny>) -> PyResult<Audience> {
    Ok(match expected(value, "audience")? {
        None => Audience::any(),
        Some(names) if names.is_empty() => Audience::none(),
        Some(names) => Audience::any_of(names),
    })
}

/// Where the time comes from: a given callable, or `time.time` as it stands in its module, so that
/// what replaces it in tests is seen here too.
enum Clock {
    Given(Py<PyAny>),
    Module(Py<PyModule>),
}

impl Clock {
    fn new(py: Python<'_>, given: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        match given.filter(|given| !given.is_none()) {
            None => Ok(Self::Module(py.import("time")?.unbind())),
            Some(clock) if clock.is_callable() => Ok(Self::Given(clock.unbind())),
            Some(_) => Err(error::config(py, "`clock` is not callable")),
        }
    }

    /// Whole seconds since 1970, rounded down.
    fn now(&self, py: Python<'_>) -> PyResult<i64> {
        let now = match self {
            Self::Given(clock) => clock.bind(py).call0(),
            Self::Module(module) => {
                module.bind(py).getattr(intern!(py, "time")).and_then(|t| t.call0())
            }
        };
        match now.and_then(|now| now.extract::<f64>()) {
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            Ok(now) if now.abs() < 1e15 => Ok(now.floor() as i64),
            Ok(_) => Err(error::config(py, "the clock gave no seconds since 1970")),
            Err(cause) if cause.is_instance_of::<PyException>(py) => {
                let failure = error::config(py, "the clock failed");
                failure.set_cause(py, Some(cause));
                Err(failure)
            }
            Err(interrupt) => Err(interrupt),
        }
    }
}
