//! `Core`: one opened engine with a runtime of its own.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    bridge::{self, ToPython},
    call::Call,
    clock::TestClock,
    config::{Config, hosted},
    failure::Failure,
    hooks::{PythonAccounts, PythonClaims},
    limits::Rates,
    notices::{Notice, Notices},
    open::Open,
    principal::Principal,
    routes::Routes,
    work::Admitted,
};
use crate::{arguments::text, error, json};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
};
use countersign::{
    Config as Parsed, OpenError,
    engine::{
        Error, Parts,
        error::LimitPolicy,
        ids::Origin,
        limits::{LocalLimiter, network},
    },
    http::client_address,
};
use countersign_guard::{Guard, Presented};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    pybacked::{PyBackedBytes, PyBackedStr},
    types::{PyBytes, PyDict, PyList, PySequence, PyString, PyTuple},
};

/// One opened engine with a runtime of its own: its operations, its routes, its guard.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Core {
    /// The process that opened it. In a child of that process its threads are not there.
    process: u32,
    guard: Arc<Guard>,
    /// Whether a check computes long enough for the GIL to be worth releasing.
    asymmetric: bool,
    limiter: LocalLimiter,
    parsed: Parsed,
    notices: Notices,
    open: Mutex<Option<Open>>,
}

/// Why nothing can be done with what is open.
enum NotNow {
    Closed,
    TooMany,
    Invalid(String),
}

#[pymethods]
impl Core {
    /// Opens an engine; with a clock in memory, without one on the configured database.
    #[staticmethod]
    #[pyo3(signature = (config, *, accounts = None, claims = None, clock = None))]
    fn open(
        py: Python<'_>,
        config: &Config,
        accounts: Option<Py<PyAny>>,
        claims: Option<Py<PyAny>>,
        clock: Option<&TestClock>,
    ) -> PyResult<Self> {
        let parsed = config.parsed().clone();
        let clock = clock.map(TestClock::shared);
        let fill = move |parts: &mut Parts| {
            parts.accounts = accounts.map(|function| Arc::new(PythonAccounts::new(function)) as _);
            parts.claims = claims.map(|function| Arc::new(PythonClaims::new(function)) as _);
        };
        let opened = py.detach(|| Open::new(parsed.clone(), clock, fill));
        let (open, notices) = opened.map_err(|refusal| refuse(py, &refusal))?;
        let guard = Arc::clone(open.countersign.guard());
        Ok(Self {
            process: std::process::id(),
            asymmetric: !parsed.engine.tokens.algorithm.is_symmetric(),
            limiter: LocalLimiter::new(LocalLimiter::DEFAULT_CAPACITY),
            guard,
            parsed,
            notices,
            open: Mutex::new(Some(open)),
        })
    }

    /// Waits for what runs, and closes the database. Closing twice is no error.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let open = self.lock().take();
            if let Some(open) = open {
                open.close();
            }
        });
    }

    /// Runs an operation and waits for it.
    #[pyo3(signature = (call, principal = None, origin = None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        call: &Bound<'py, PyDict>,
        principal: Option<&Principal>,
        origin: Option<&Bound<'py, PyTuple>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (admitted, call) = self.prepare(call, principal, origin)?;
        bridge::wait(py, admitted, run(call))
    }

    /// Starts an operation, as a future of `event_loop`.
    #[pyo3(signature = (event_loop, call, principal = None, origin = None))]
    fn arun<'py>(
        &self,
        event_loop: &Bound<'py, PyAny>,
        call: &Bound<'py, PyDict>,
        principal: Option<&Principal>,
        origin: Option<&Bound<'py, PyTuple>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (admitted, call) = self.prepare(call, principal, origin)?;
        bridge::start(event_loop, admitted, run(call))
    }

    /// Checks an access token, in memory.
    fn check(&self, py: Python<'_>, token: &Bound<'_, PyAny>) -> PyResult<Principal> {
        match token.extract::<PyBackedStr>() {
            Ok(token) => self.check_presented(py, &Presented::bearer(&token)),
            Err(_) => Err(error::not_a_token(py)),
        }
    }

    /// Checks the access token in the `Authorization` header fields of a request, in memory, and
    /// what its bearer must have.
    #[pyo3(signature = (fields, scopes = None, roles = None, max_auth_age = None))]
    fn authorize(
        &self,
        py: Python<'_>,
        fields: &Bound<'_, PySequence>,
        scopes: Option<Vec<PyBackedStr>>,
        roles: Option<Vec<PyBackedStr>>,
        max_auth_age: Option<u64>,
    ) -> PyResult<Principal> {
        let fields = read_fields(fields)?;
        let principal = self.check_fields(py, fields.iter().map(AsRef::as_ref))?;
        self.demand(py, &principal, scopes, roles, max_auth_age)?;
        Ok(principal)
    }

    /// [`Core::authorize`] of a request as an ASGI server hands it over: with all header fields. A
    /// `TypeError` where they are no list of pairs of bytes; then the caller picks them out itself.
    #[pyo3(signature = (headers, scopes, /))]
    fn authorize_asgi(
        &self,
        py: Python<'_>,
        headers: &Bound<'_, PyList>,
        scopes: &Bound<'_, PyList>,
    ) -> PyResult<Principal> {
        let fields = authorization_fields(headers)?;
        let fields = fields.iter().flatten().map(|field| field.as_bytes());
        let principal = self.check_fields(py, fields)?;
        if !scopes.is_empty() {
            self.demand(py, &principal, Some(scopes.extract()?), None, None)?;
        }
        Ok(principal)
    }

    /// The same for WSGI, of the one `Authorization` field. A `TypeError` where it is not ASCII.
    #[pyo3(signature = (field, /))]
    fn authorize_wsgi(&self, py: Python<'_>, field: &Bound<'_, PyString>) -> PyResult<Principal> {
        let field = field.to_str().ok().filter(|field| field.is_ascii());
        let field = field.ok_or_else(|| PyTypeError::new_err("a field that is not ASCII"))?;
        self.check_fields(py, std::iter::once(field.as_bytes()))
    }

    /// Demands scopes, roles and a recent log-in of somebody who was let in.
    #[pyo3(signature = (principal, scopes = None, roles = None, max_auth_age = None))]
    fn require(
        &self,
        py: Python<'_>,
        principal: &Principal,
        scopes: Option<Vec<PyBackedStr>>,
        roles: Option<Vec<PyBackedStr>>,
        max_auth_age: Option<u64>,
    ) -> PyResult<()> {
        self.demand(py, principal, scopes, roles, max_auth_age)
    }

    /// Takes one from the key's budget of an own limit, in this process's memory.
    fn limit(&self, py: Python<'_>, rates: &Rates, name: &str, key: &str) -> PyResult<()> {
        let now = self.guard.clock().monotonic();
        let outcome = self.limiter.check("route", &format!("{name}\0{key}"), rates.inner(), now);
        if outcome.allowed {
            return Ok(());
        }
        let policy = LimitPolicy {
            name: "route",
            count: outcome.rate.count(),
            window_seconds: outcome.rate.per().as_secs(),
        };
        Err(self.refuse(py, Error::RateLimited { retry_after: outcome.retry_after, policy }))
    }

    /// Whose request it is: the peer's, or the one that a trusted proxy vouches for.
    fn client_address(
        &self,
        peer: Option<PyBackedStr>,
        forwarded: Vec<PyBackedBytes>,
    ) -> Option<String> {
        let mut headers = HeaderMap::new();
        for field in &forwarded {
            // A field that cannot be one must not make its neighbours count for more.
            let unreadable = HeaderValue::from_static("unreadable");
            let value = HeaderValue::from_bytes(field).unwrap_or(unreadable);
            headers.append("x-forwarded-for", value);
        }
        let peer = peer.and_then(|peer| peer.parse::<IpAddr>().ok());
        let peer = peer.map(|peer| peer.to_canonical());
        client_address(peer, &headers, &self.parsed.http.trusted_proxies)
            .map(|client| client.to_string())
    }

    /// The network that a limit by address is for: the address, or the /64 of an IPv6 address.
    #[staticmethod]
    fn network(py: Python<'_>, address: &str) -> PyResult<String> {
        let address = address.parse::<IpAddr>();
        address.map(network).map_err(|_| error::config(py, "`address` is no address"))
    }

    /// The routes of these groups, below `mount`, which the caller takes off the path.
    fn routes(
        slf: Bound<'_, Self>,
        mount: &Bound<'_, PyAny>,
        groups: &Bound<'_, PyAny>,
    ) -> PyResult<Routes> {
        let py = slf.py();
        let core = slf.get();
        let http = hosted(&core.parsed.http, mount, groups)?;
        let index = core.with_open(py, |open| {
            let engine = open.countersign.engine().clone();
            let router = countersign::http::router(engine, http)
                .map_err(|invalid| NotNow::Invalid(invalid.to_string()))?;
            open.routers.push(router);
            Ok(open.routers.len() - 1)
        })?;
        Ok(Routes::new(slf.clone().unbind(), index))
    }

    /// Waits for the next event or log line; `None` once this is closed.
    fn next_notice<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (what, notice) = match py.detach(|| self.notices.next()) {
            Notice::Event(event) => ("event", event),
            Notice::Log(line) => ("log", line),
            Notice::End => return Ok(None),
        };
        let notice = read_json(py, &notice.to_string())?;
        Ok(Some((what, notice).into_pyobject(py)?.into_any()))
    }
}

impl Core {
    /// The router of [`Routes`].
    pub(super) fn router(&self, py: Python<'_>, index: usize) -> PyResult<(Admitted, Router)> {
        self.with_open(py, |open| {
            let router = open.routers.get(index).ok_or(NotNow::Closed)?.clone();
            Ok((open.work.admit().ok_or(NotNow::TooMany)?, router))
        })
    }

    /// Does something with what is open. The lock is let go before there is an exception: making
    /// one runs Python, and whoever then has the GIL may be waiting for the lock.
    fn with_open<T>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Open) -> Result<T, NotNow>,
    ) -> PyResult<T> {
        let done = self.lock().as_mut().map_or(Err(NotNow::Closed), work);
        done.map_err(|not_now| match not_now {
            NotNow::Closed => Failure::closed().into_exception(py),
            NotNow::TooMany => self.refuse(py, Error::Busy { retry_after: Duration::from_secs(1) }),
            NotNow::Invalid(problem) => error::config(py, &problem),
        })
    }

    fn prepare(
        &self,
        call: &Bound<'_, PyDict>,
        principal: Option<&Principal>,
        origin: Option<&Bound<'_, PyTuple>>,
    ) -> PyResult<(Admitted, Call)> {
        let py = call.py();
        let arguments = call.copy()?;
        let operation = arguments.as_any().call_method1("pop", ("operation", ""))?;
        let operation = text(&operation, "operation")?;
        let arguments =
            json::write(&arguments).map_err(|reason| error::config(py, &not_written(&reason)))?;
        let arguments = String::from_utf8(arguments)
            .map_err(|_| error::config(py, "an argument has a lone surrogate"))?;
        let origin = origin.map(read_origin).transpose()?.unwrap_or_default();
        let principal = principal.map(|principal| principal.checked().clone());
        self.with_open(py, |open| {
            let engine = open.countersign.engine().clone();
            let admitted = open.work.admit().ok_or(NotNow::TooMany)?;
            Ok((admitted, Call { engine, operation, arguments, principal, origin }))
        })
    }

    fn check_fields<'a>(
        &self,
        py: Python<'_>,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> PyResult<Principal> {
        match Presented::from_authorization(fields) {
            Ok(presented) => self.check_presented(py, &presented),
            Err(refusal) => Err(self.refuse(py, refusal)),
        }
    }

    fn check_presented(&self, py: Python<'_>, presented: &Presented<'_>) -> PyResult<Principal> {
        let checked = match self.guard.recall(presented) {
            Some(recalled) => recalled,
            // A signature takes long enough for the GIL to be worth releasing.
            None if self.asymmetric => py.detach(|| self.guard.check(presented)),
            None => self.guard.check(presented),
        };
        checked.map(Principal::from).map_err(|refusal| self.refuse(py, refusal))
    }

    fn demand(
        &self,
        py: Python<'_>,
        principal: &Principal,
        scopes: Option<Vec<PyBackedStr>>,
        roles: Option<Vec<PyBackedStr>>,
        max_auth_age: Option<u64>,
    ) -> PyResult<()> {
        let principal = principal.checked();
        let (scopes, roles) = (scopes.unwrap_or_default(), roles.unwrap_or_default());
        let scopes: Vec<&str> = scopes.iter().map(AsRef::as_ref).collect();
        let roles: Vec<&str> = roles.iter().map(AsRef::as_ref).collect();
        let recent = |seconds| {
            let now = self.guard.clock().now();
            principal.require_auth_age(Duration::from_secs(seconds), now)
        };
        principal
            .require_scopes(&scopes)
            .and_then(|()| principal.require_roles(&roles))
            .and_then(|()| max_auth_age.map_or(Ok(()), recent))
            .map_err(|refusal| self.refuse(py, refusal))
    }

    #[cold]
    fn refuse(&self, py: Python<'_>, refusal: impl Into<Error>) -> PyErr {
        Failure::new(refusal.into(), self.guard.realm()).into_exception(py)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if self.process == std::process::id() {
            // Without waiting: whoever drops holds the GIL, and what runs may want it.
            if let Some(open) = open {
                open.abandon();
            }
        } else {
            // After a fork the threads that would answer are not there, and locks may be held by
            // them for ever.
            std::mem::forget(open);
        }
    }
}

async fn run(call: Call) -> Result<Json, Failure> {
    let engine = call.engine.clone();
    let answer = call.run().await;
    answer.map(Json).map_err(|error| Failure::new(error, engine.guard().realm()))
}

/// JSON, or nothing.
struct Json(Option<String>);

impl ToPython for Json {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.0 {
            Some(text) => read_json(py, &text),
            None => Ok(py.None().into_bound(py)),
        }
    }
}

/// Header fields as frameworks have them: ASGI in bytes, WSGI in text.
enum Field {
    Bytes(PyBackedBytes),
    Text(PyBackedStr),
}

impl AsRef<[u8]> for Field {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Bytes(field) => field,
            Self::Text(field) => field.as_bytes(),
        }
    }
}

fn read_fields(fields: &Bound<'_, PySequence>) -> PyResult<Vec<Field>> {
    let read = |field: Bound<'_, PyAny>| match field.extract() {
        Ok(bytes) => Ok(Field::Bytes(bytes)),
        Err(_) => Ok(Field::Text(field.extract::<PyBackedStr>()?)),
    };
    fields.try_iter()?.map(|field| field.and_then(read)).collect()
}

/// The `Authorization` fields among all of a request's, whose names ASGI has in lower case. Two are
/// already too many.
fn authorization_fields<'py>(
    headers: &Bound<'py, PyList>,
) -> PyResult<[Option<Bound<'py, PyBytes>>; 2]> {
    let [mut first, mut second] = [None, None];
    for header in headers {
        let header = header.cast_into::<PyTuple>()?;
        let name = header.get_borrowed_item(0)?;
        if name.cast::<PyBytes>()?.as_bytes() == b"authorization" {
            let value = header.get_item(1)?.cast_into::<PyBytes>()?;
            second = first.replace(value);
        }
    }
    Ok([first, second])
}

fn read_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    json::read(py, text, json::MAX_DEPTH).map_err(json::Fault::into_value_error)
}

/// Address, user agent, request id; each may be `None`.
fn read_origin(origin: &Bound<'_, PyTuple>) -> PyResult<Origin> {
    let py = origin.py();
    let part = |index: usize| {
        let value = origin.get_item(index)?;
        if value.is_none() { Ok(None) } else { text(&value, "origin").map(Some) }
    };
    let address = part(0)?.map(|address| {
        address.parse::<IpAddr>().map_err(|_| error::config(py, "the origin's address is none"))
    });
    let mut read = Origin::from_address(address.transpose()?);
    read.user_agent = part(1)?;
    read.request_id = part(2)?;
    Ok(read)
}

fn not_written(reason: &str) -> String {
    format!("an argument is nothing that JSON has: {reason}")
}

#[cold]
fn refuse(py: Python<'_>, refusal: &OpenError) -> PyErr {
    match refusal {
        OpenError::Config(invalid) => error::config(py, &invalid.to_string()),
        other => error::open_failed(py, &other.to_string()),
    }
}
