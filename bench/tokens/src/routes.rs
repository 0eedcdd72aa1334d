//! A protected route of axum against the same route left open.
//!
//! HTTP over loopback, one server thread, a client in another one. A rate is how many requests the
//! server's thread answers in a second of its own time, so that neither the client nor what else
//! runs on the machine is measured.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts},
    http::{HeaderValue, StatusCode, header, request::Parts},
    routing::get,
    serve::ListenerExt,
};
use countersign_guard::{
    Guard, Policy, Presented, Principal,
    axum::Rejection,
    revocation::RevocationView,
    time::{Clock, SystemClock},
};
use countersign_jose::{Algorithm, KeySet, Signer, SigningKey};
use serde::Deserialize;
use serde_json::json;

use crate::figures::figure;
use crate::measure::median;
use crate::peer::{Backend, Peer};
use crate::{AUDIENCE, ISSUER};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(60);
const ROUTES: [&str; 4] = ["open", "countersign", "nothing remembered", "jsonwebtoken"];

pub(crate) fn measure(now: i64) -> Result<()> {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
        let key = SigningKey::generate(algorithm)?;
        let token = Signer::new(key.clone()).typ("at+jwt").sign(&claims(now))?;
        let server = Arc::new(OnceLock::new());
        let address = serve(&key, Arc::clone(&server))?;
        let mut clients = Vec::new();
        for route in ROUTES {
            clients.push(Client::new(address, route, &token, &server)?);
        }
        let mut rates = vec![Vec::new(); ROUTES.len()];
        for _ in 0..ROUNDS {
            for (client, rates) in clients.iter_mut().zip(&mut rates) {
                rates.push(client.rate()?);
            }
        }
        report(algorithm, &rates);
    }
    Ok(())
}

fn report(algorithm: Algorithm, rates: &[Vec<f64>]) {
    let open = rates.first().cloned().unwrap_or_default();
    for (route, rates) in ROUTES.iter().zip(rates) {
        let kept = rates.iter().zip(&open).map(|(rate, open)| rate / open).collect();
        let id = format!("axum/{algorithm}/{route}");
        figure(&id, median(rates.clone()), "requests a second of CPU", Some(median(kept)));
    }
}

/// What the engine puts into an access token.
fn claims(now: i64) -> serde_json::Value {
    json!({
        "iss": ISSUER, "sub": "01910f3e-7b5a-7c3e-9d5b-3f2c8e5b6a70", "aud": AUDIENCE,
        "exp": now + 900, "iat": now, "jti": "01910f3e-7b5a-7c3e-9d5c-3f2c8e5b6a71",
        "client_id": "first-party", "sid": "01910f3e-7b5a-7c3e-9d5d-3f2c8e5b6a72", "gen": 1,
        "auth_time": now, "scope": "read write", "roles": ["editor"],
        "preferred_username": "somebody",
    })
}

#[derive(Clone)]
struct Application {
    guard: Arc<Guard>,
    forgetful: Arc<Guard>,
    peer: Arc<Peer>,
    backend: Backend,
}

impl FromRef<Application> for Arc<Guard> {
    fn from_ref(application: &Application) -> Self {
        Self::clone(&application.guard)
    }
}

/// Serves from a thread of its own until the process ends.
fn serve(key: &SigningKey, thread: Arc<OnceLock<PathBuf>>) -> Result<SocketAddr> {
    let application = Application {
        guard: guard(key, Policy::CACHE)?,
        forgetful: guard(key, 0)?,
        peer: Arc::new(Peer::new(key)?),
        backend: Backend::better(key.algorithm()),
    };
    let router = Router::new()
        .route("/open", get(|| async { "hello" }))
        .route("/countersign", get(|_: Principal| async { "hello" }))
        .route("/nothing%20remembered", get(|_: Forgotten| async { "hello" }))
        .route("/jsonwebtoken", get(|_: ByPeer| async { "hello" }))
        .with_state(application);
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        let own = fs::read_link("/proc/thread-self").unwrap_or_default();
        let _ = thread.set(Path::new("/proc").join(own).join("schedstat"));
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
            axum::serve(listener, router).await
        })
    });
    Ok(address)
}

fn guard(key: &SigningKey, cache: usize) -> Result<Arc<Guard>> {
    let clock = Arc::new(SystemClock::new());
    let view = RevocationView::new(1_000, Duration::from_secs(3_600));
    view.mark_read(clock.monotonic(), Duration::ZERO);
    let policy = Policy::new(ISSUER, vec![AUDIENCE.to_owned()], vec![key.algorithm()]);
    let policy = Policy { cache, ..policy };
    let keys = KeySet::new(vec![key.verifying_key()])?;
    Ok(Arc::new(Guard::new(policy, keys, Arc::new(view), clock)?))
}

/// A token that is verified anew each time.
struct Forgotten;

impl FromRequestParts<Application> for Forgotten {
    type Rejection = Rejection;

    async fn from_request_parts(
        parts: &mut Parts,
        application: &Application,
    ) -> Result<Self, Rejection> {
        let guard = &application.forgetful;
        let fields = parts.headers.get_all(header::AUTHORIZATION);
        let presented = Presented::from_authorization(fields.iter().map(HeaderValue::as_bytes));
        let checked = presented.and_then(|presented| guard.check(&presented));
        checked.map(|_| Self).map_err(|error| Rejection::new(error, guard))
    }
}

/// The same claims, as somebody would write them down.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding is what is measured")]
struct AccessClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: String,
    client_id: String,
    sid: String,
    #[serde(rename = "gen")]
    generation: u32,
    auth_time: i64,
    scope: String,
    roles: Vec<String>,
    preferred_username: Option<String>,
}

/// As the examples have it: the header is taken apart, the token decoded into a struct.
struct ByPeer;

impl FromRequestParts<Application> for ByPeer {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        application: &Application,
    ) -> Result<Self, StatusCode> {
        let field = parts.headers.get(header::AUTHORIZATION).and_then(|field| field.to_str().ok());
        let token = field.and_then(|field| field.strip_prefix("Bearer "));
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        let claims = application.peer.claims::<AccessClaims>(application.backend, token);
        claims.map(|_| Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

struct Client {
    connections: Vec<TcpStream>,
    request: String,
    /// The length of the answer.
    answer: usize,
    server: Arc<OnceLock<PathBuf>>,
}

impl Client {
    fn new(
        address: SocketAddr,
        route: &str,
        token: &str,
        server: &Arc<OnceLock<PathBuf>>,
    ) -> Result<Self> {
        let path = route.replace(' ', "%20");
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let connect = |_| {
            let connection = TcpStream::connect(address)?;
            connection.set_nodelay(true)?;
            Ok(connection)
        };
        let connections: Vec<_> = (0..CONNECTIONS).map(connect).collect::<Result<_>>()?;
        let mut first = connections.first().context("no connection")?;
        first.write_all(request.as_bytes())?;
        let mut answer = vec![0; 4096];
        let length = first.read(&mut answer)?;
        let answer = String::from_utf8_lossy(answer.get(..length).unwrap_or(&[])).into_owned();
        let good = answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello");
        ensure!(good, "{route}: {answer}");
        Ok(Self { connections, request, answer: length, server: Arc::clone(server) })
    }

    /// Requests in a second of the server's time.
    fn rate(&mut self) -> Result<f64> {
        let mut answer = vec![0; self.answer];
        let mut answered = 0.0;
        let (began, busy) = (Instant::now(), self.busy()?);
        while began.elapsed() < ROUND {
            for connection in &mut self.connections {
                connection.write_all(self.request.as_bytes())?;
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut answer)?;
                ensure!(answer.ends_with(b"hello"), "an answer of another length");
                answered += 1.0;
            }
        }
        Ok(answered / (self.busy()? - busy))
    }

    /// For how many seconds the server's thread has run.
    fn busy(&self) -> Result<f64> {
        let path = self.server.get().context("the server has not begun")?;
        let statistics = fs::read_to_string(path)?;
        let nanos: f64 = statistics.split(' ').next().context("no schedstat")?.parse()?;
        Ok(nanos / 1e9)
    }
}
