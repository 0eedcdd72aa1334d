//! An engine in memory with one user, the routes over it, and requests that are easy to write.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header::CONTENT_TYPE},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_engine::{
    Engine, EngineConfig, Parts,
    clients::ClientKind,
    master::MasterKeys,
    ops::{actor::Actor, admin_users::AddUserRequest, clients::AddClientRequest},
    passwords::Argon2Parameters,
    random::SystemRandom,
    testing::{FakeClock, MemoryStore},
};
use countersign_guard::time::Clock;
use countersign_http::{HttpConfig, PeerAddress, inlined, openapi, router};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::contract;

pub(crate) const ISSUER: &str = "https://auth.example";
pub(crate) const PASSWORD: &str = "a long and quiet river";

/// The routes, and what is behind them.
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) routes: Router,
    pub(crate) ada: String,
    document: Value,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(
        change_engine: impl FnOnce(&mut EngineConfig),
        change_http: impl FnOnce(&mut HttpConfig),
    ) -> Self {
        let mut config = EngineConfig::new(ISSUER, &["api", "reports"]).unwrap();
        config.accounts.argon2 = Argon2Parameters::new(8, 1, 1).unwrap();
        change_engine(&mut config);
        let clock = Arc::new(FakeClock::default());
        let master = MasterKeys::generate(1, &SystemRandom);
        let parts = Parts::new(
            config,
            Arc::new(MemoryStore::new()),
            MasterKeys::parse(master.expose_secret()).unwrap(),
            clock.clone(),
            Arc::new(SystemRandom),
        );
        let engine = Engine::open(parts).await.unwrap();
        let ada = add_user(&engine, "ada", &["reports:read", "reports:write"]).await;
        let admin = ["countersign:admin", "countersign:introspect", "countersign:revocations"];
        add_user(&engine, "root", &admin).await;
        let mut http = HttpConfig::default();
        change_http(&mut http);
        let document = inlined(&openapi(&engine.config().issuer, &http));
        let routes = router(engine.clone(), http).unwrap();
        Self { engine, clock, routes, ada, document }
    }

    /// Lets time pass in which the revocations are followed.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.engine.guard().view().mark_read(self.clock.monotonic(), Duration::ZERO);
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<PeerAddress>().is_none() {
            request.extensions_mut().insert(peer(7));
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        contract::check(&self.document, &method, &path, &answer);
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(bare(Method::GET, path)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(json_request(Method::POST, path, body)).await
    }

    pub(crate) async fn post_form(&self, path: &str, form: &str) -> Answer {
        self.send(form_request(path, form)).await
    }

    /// Sends with this access token and, perhaps, a JSON body.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = match body {
            Some(body) => json_request(method, path, &body),
            None => bare(method, path),
        };
        authorize(&mut request, &format!("Bearer {token}"));
        self.send(request).await
    }

    /// The token response of a log-in.
    pub(crate) async fn tokens(&self) -> Value {
        let body = json!({"username": "ada", "password": PASSWORD});
        self.post_json("/login", &body).await.ok()
    }

    pub(crate) async fn access_token(&self) -> String {
        text(&self.tokens().await, "access_token")
    }

    pub(crate) async fn admin_token(&self) -> String {
        let scope = "countersign:admin countersign:introspect countersign:revocations";
        let body = json!({"username": "root", "password": PASSWORD, "scope": scope});
        text(&self.post_json("/login", &body).await.ok(), "access_token")
    }

    /// A client of this kind; its secret, if it has one.
    pub(crate) async fn client(&self, id: &str, kind: ClientKind) -> String {
        let request = AddClientRequest {
            id: id.into(),
            kind,
            audiences: BTreeSet::new(),
            scopes: BTreeSet::new(),
        };
        let (_, secret) = self.engine.add_client(request, &Actor::cli()).await.unwrap();
        secret.map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
    }

    /// A `resource_server`'s `Authorization`.
    pub(crate) async fn resource_server(&self) -> String {
        basic("reports-api", &self.client("reports-api", ClientKind::ResourceServer).await)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of a 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.json()
    }

    /// Asserts a failure's code, status and shape.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), &body["error"]), (status, &json!(code)), "{body}");
        let description = body["error_description"].as_str().unwrap();
        assert!(!description.is_empty());
        // RFC 6749 5.2
        assert!(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        );
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("pragma"), "no-cache");
        body
    }

    /// The same, with the member at fault.
    #[track_caller]
    pub(crate) fn refused_field(&self, status: u16, code: &str, field: &str) {
        assert_eq!(self.refused(status, code)["field"], field);
    }

    /// Asserts a success without a body.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!((self.status.as_u16(), self.body.len()), (204, 0), "{:?}", self.body);
    }
}

async fn add_user(engine: &Engine, username: &str, scopes: &[&str]) -> String {
    let request = AddUserRequest {
        username: username.into(),
        password: Some(PASSWORD.into()),
        email: None,
        roles: BTreeSet::new(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        claims: serde_json::Map::new(),
    };
    engine.add_user(request, &Actor::cli()).await.unwrap().id.as_str().to_owned()
}

pub(crate) fn peer(last: u8) -> PeerAddress {
    PeerAddress(Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))))
}

pub(crate) fn bare(method: Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

pub(crate) fn json_request(method: Method, path: &str, body: &Value) -> Request<Body> {
    with_body(method, path, "application/json", body.to_string())
}

pub(crate) fn form_request(path: &str, form: &str) -> Request<Body> {
    with_body(Method::POST, path, "application/x-www-form-urlencoded", form.to_owned())
}

pub(crate) fn with_body(
    method: Method,
    path: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content_type);
    builder.body(body.into()).unwrap()
}

pub(crate) fn authorize(request: &mut Request<Body>, credentials: &str) {
    request.headers_mut().append("authorization", credentials.parse().unwrap());
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
