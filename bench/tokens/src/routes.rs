//! A protected route of axum against the same route left open.
//!
//! One server thread, and a client in another one. Each connection asks for sixteen answers at once
//! and then waits for all of them, so that the server is measured and not the kernel.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, header, request::Parts},
    routing::get,
    serve::ListenerExt,
};
use countersign_guard::{
    Guard, Policy, Principal,
    claims::AccessClaims,
    revocation::RevocationView,
    time::{Clock, SystemClock},
};
use countersign_jose::{Algorithm, KeySet, Signer, SigningKey};
use serde_json::json;

use crate::figures::figure;
use crate::measure::median;
use crate::peer::{Backend, Peer};
use crate::{AUDIENCE, ISSUER};

const CONNECTIONS: usize = 8;
const AT_ONCE: usize = 16;
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(60);
const ROUTES: [&str; 3] = ["open", "countersign", "jsonwebtoken"];

pub(crate) fn measure(now: i64) -> Result<()> {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
        let key = SigningKey::generate(algorithm)?;
        let token = Signer::new(key.clone()).typ("at+jwt").sign(&claims(now))?;
        let address = serve(&key)?;
        let mut clients = Vec::new();
        for route in ROUTES {
            clients.push(Client::new(address, route, &token)?);
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
        figure(&id, median(rates.clone()), "requests a second", Some(median(kept)));
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
    peer: Arc<Peer>,
    backend: Backend,
}

impl FromRef<Application> for Arc<Guard> {
    fn from_ref(application: &Application) -> Self {
        Self::clone(&application.guard)
    }
}

/// Serves from a thread of its own until the process ends.
fn serve(key: &SigningKey) -> Result<SocketAddr> {
    let (guard, peer) = (guard(key)?, Arc::new(Peer::new(key)?));
    let application = Application { guard, peer, backend: Backend::better(key.algorithm()) };
    let router = Router::new()
        .route("/open", get(|| async { "hello" }))
        .route("/countersign", get(|_: Principal| async { "hello" }))
        .route("/jsonwebtoken", get(|_: ByPeer| async { "hello" }))
        .with_state(application);
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
            axum::serve(listener, router).await
        })
    });
    Ok(address)
}

fn guard(key: &SigningKey) -> Result<Arc<Guard>> {
    let clock = Arc::new(SystemClock::new());
    let view = RevocationView::new(1_000, Duration::from_secs(3_600));
    view.mark_read(clock.monotonic(), Duration::ZERO);
    let policy = Policy::new(ISSUER, vec![AUDIENCE.to_owned()], vec![key.algorithm()]);
    let keys = KeySet::new(vec![key.verifying_key()])?;
    Ok(Arc::new(Guard::new(policy, keys, Arc::new(view), clock)?))
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
    requests: Vec<u8>,
    /// The length of the answers to them.
    answers: usize,
}

impl Client {
    fn new(address: SocketAddr, route: &str, token: &str) -> Result<Self> {
        let request = format!(
            "GET /{route} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
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
        let requests = request.repeat(AT_ONCE).into_bytes();
        Ok(Self { connections, requests, answers: length * AT_ONCE })
    }

    /// Requests a second.
    fn rate(&mut self) -> Result<f64> {
        let mut answers = vec![0; self.answers];
        let mut answered = 0;
        let began = Instant::now();
        while began.elapsed() < ROUND {
            for connection in &mut self.connections {
                connection.write_all(&self.requests)?;
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut answers)?;
                ensure!(answers.ends_with(b"hello"), "an answer of another length");
                answered += AT_ONCE;
            }
        }
        Ok(answered as f64 / began.elapsed().as_secs_f64())
    }
}
