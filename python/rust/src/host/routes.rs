//! The routes in process: a request that a Python framework has received, through the same router as
//! the server's, without a socket.

use std::{io, net::IpAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{
        HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header::CONTENT_LENGTH, response,
    },
};
use countersign::http::{ApiError, PeerAddress};
use countersign_guard::Error as GuardError;
use futures_util::stream;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyList};
use tower::ServiceExt;

use super::{
    bridge::{self, ToPython},
    core::Core,
    failure::Failure,
    work::Work,
};

/// Larger than any answer of the routes.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// The one route that waits for something to happen; closing does not wait for it.
const LONG_POLL: &str = "/revocations";

/// What may not stand in a path as it is.
const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`');
const MALFORMED: GuardError = GuardError::Malformed { reason: "this is no HTTP request" };
const CLOSING: GuardError = GuardError::Stale { retry_after: Duration::from_secs(1) };

/// The same routes as the server's, in this process.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Routes {
    core: Py<Core>,
    index: usize,
}

impl Routes {
    pub(crate) fn new(core: Py<Core>, index: usize) -> Self {
        Self { core, index }
    }
}

#[pymethods]
impl Routes {
    /// Answers a request: status, header fields and body.
    #[expect(clippy::too_many_arguments, reason = "a request has so many parts")]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        query: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
        body: Option<PyBackedBytes>,
        peer: Option<PyBackedStr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (admitted, router) = self.core.get().router(py, self.index)?;
        let request = Received { method, path, query, headers, body, peer }.into_request();
        let work = admitted.work().clone();
        bridge::wait(py, admitted, answer(router, request, work))
    }

    /// The same, as a future of `event_loop`.
    #[expect(clippy::too_many_arguments, reason = "a request has so many parts")]
    fn ahandle<'py>(
        &self,
        event_loop: &Bound<'py, PyAny>,
        method: &str,
        path: &str,
        query: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
        body: Option<PyBackedBytes>,
        peer: Option<PyBackedStr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (admitted, router) = self.core.get().router(event_loop.py(), self.index)?;
        let request = Received { method, path, query, headers, body, peer }.into_request();
        let work = admitted.work().clone();
        bridge::start(event_loop, admitted, answer(router, request, work))
    }
}

/// A request as frameworks hand it over.
struct Received<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a [u8],
    headers: Vec<(PyBackedBytes, PyBackedBytes)>,
    /// `None` is one that broke off.
    body: Option<PyBackedBytes>,
    peer: Option<PyBackedStr>,
}

impl Received<'_> {
    /// The request, or `None` when it is none that HTTP has.
    fn into_request(self) -> Option<Request<Body>> {
        let mut request = Request::new(match &self.body {
            Some(body) => Body::from(Bytes::copy_from_slice(body)),
            None => broken_off(),
        });
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).ok()?;
        *request.uri_mut() = self.uri()?;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name).ok()?;
            request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
        }
        let peer = self.peer.as_ref().and_then(|peer| peer.parse::<IpAddr>().ok());
        request.extensions_mut().insert(PeerAddress(peer));
        Some(request)
    }

    /// Frameworks hand the path over decoded; in a URI it is encoded (RFC 3986 3.3).
    fn uri(&self) -> Option<Uri> {
        let path = utf8_percent_encode(self.path, PATH);
        let query = std::str::from_utf8(self.query).ok()?;
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{mark}{query}").parse().ok()
    }
}

/// A body that cannot be read to its end: the routes have an answer to that.
fn broken_off() -> Body {
    let error = io::Error::from(io::ErrorKind::UnexpectedEof);
    Body::from_stream(stream::once(async { Err::<Bytes, _>(error) }))
}

async fn answer(
    router: Router,
    request: Option<Request<Body>>,
    work: Work,
) -> Result<Answer, Failure> {
    let Some(request) = request else { return Ok(refused(MALFORMED)) };
    let (polls, closing) = (request.uri().path() == LONG_POLL, work.closing());
    let Ok(response) = tokio::select! {
        response = router.oneshot(request) => response,
        () = closing, if polls => return Ok(refused(CLOSING)),
    };
    let (head, body) = response.into_parts();
    // A body that cannot be read is none: every answer of the routes is made before it is sent.
    let body = to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default();
    Ok(Answer { head, body })
}

fn refused(refusal: GuardError) -> Answer {
    let (head, body) = ApiError::from(refusal).render("").into_parts();
    Answer { head, body: body.into() }
}

struct Answer {
    head: response::Parts,
    body: Bytes,
}

impl Answer {
    /// RFC 9110 8.6: such an answer must not name a length. On a socket the server sees to that.
    fn has_no_content(&self) -> bool {
        matches!(self.head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

impl ToPython for Answer {
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let headers = PyList::empty(py);
        for (name, value) in &self.head.headers {
            if self.has_no_content() && *name == CONTENT_LENGTH {
                continue;
            }
            let name = PyBytes::new(py, name.as_str().as_bytes());
            headers.append((name, PyBytes::new(py, value.as_bytes())))?;
        }
        let answer = (self.head.status.as_u16(), headers, PyBytes::new(py, &self.body));
        Ok(answer.into_pyobject(py)?.into_any())
    }
}
