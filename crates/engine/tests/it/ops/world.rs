//! An engine on a store in memory, and the short names that the tests speak in.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use countersign_engine::{
    Engine, EngineConfig, Error, OpenError, Parts, Result, TokenResponse,
    events::EventRecord,
    guard::{
        Presented, Principal,
        revocation::{Subject, Target},
        time::{Clock, Timestamp},
    },
    ids::{Origin, SessionId, UserId},
    keys::signing,
    master::MasterKeys,
    ops::{
        actor::Actor, admin_users::AddUserRequest, callers::ClientCredentials, login::LoginRequest,
        logout::LogoutProof, refresh::RefreshRequest, revoke::RevokeRequest,
    },
    passwords::Argon2Parameters,
    sessions::Session,
    store::{Effects, EventFilter, Keys, Revocations, Sessions, Users},
    testing::{FakeClock, SeededRandom},
    users::User,
};
use countersign_jose::{Signer, SigningKey};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::flaky::Flaky;

pub(super) const ISSUER: &str = "https://auth.example";
pub(super) const PASSWORD: &str = "violet-canyon-93-teapot";
pub(super) const WRONG: &str = "amber-harbour-41-lantern";
pub(super) const MASTER: &str = "3:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
pub(super) const OTHER_MASTER: &str = "3:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// A store, a clock, and an engine on them.
pub(super) struct World {
    pub(super) store: Arc<Flaky>,
    pub(super) clock: Arc<FakeClock>,
    pub(super) engine: Engine,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let (store, clock) = (Arc::new(Flaky::default()), Arc::new(FakeClock::default()));
        let engine = open(&store, &clock, 1, change).await.unwrap();
        Self { store, clock, engine }
    }

    /// Another process on the same database.
    pub(super) async fn another(&self, change: impl FnOnce(&mut Parts)) -> Engine {
        self.try_another(change).await.unwrap()
    }

    pub(super) async fn try_another(
        &self,
        change: impl FnOnce(&mut Parts),
    ) -> std::result::Result<Engine, OpenError> {
        open(&self.store, &self.clock, 2, change).await
    }

    /// A user with the scopes `read`, `write` and `countersign:admin`, and the role `clerk`.
    pub(super) async fn user(&self, name: &str) -> User {
        let request = AddUserRequest {
            username: name.to_owned(),
            password: Some(PASSWORD.into()),
            email: None,
            roles: names(&["clerk"]),
            scopes: names(&["read", "write", "countersign:admin"]),
            claims: Map::new(),
        };
        self.engine.add_user(request, &Actor::cli()).await.unwrap()
    }

    /// A user and a session.
    pub(super) async fn user_in(&self, name: &str) -> (User, TokenResponse) {
        (self.user(name).await, self.login(name).await)
    }

    pub(super) async fn login(&self, name: &str) -> TokenResponse {
        self.try_login(name, PASSWORD, "198.51.100.1").await.unwrap()
    }

    pub(super) async fn try_login(
        &self,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<TokenResponse> {
        self.engine.login(login(name, password), &from(address)).await
    }

    pub(super) async fn refresh(&self, tokens: &TokenResponse) -> Result<TokenResponse> {
        self.refresh_with(tokens, |_| ()).await
    }

    pub(super) async fn refresh_with(
        &self,
        tokens: &TokenResponse,
        change: impl FnOnce(&mut RefreshRequest),
    ) -> Result<TokenResponse> {
        let mut request = refresh(tokens.refresh_token.expose_secret());
        change(&mut request);
        self.engine.refresh(request, &from("198.51.100.1")).await
    }

    pub(super) async fn revoke(&self, token: &str) -> Result<()> {
        self.engine.revoke(revoke(token), &from("198.51.100.1")).await
    }

    pub(super) async fn logout(&self, proof: LogoutProof, everywhere: bool) -> Result<()> {
        self.engine.logout(proof, everywhere, &from("198.51.100.1")).await
    }

    pub(super) fn check(&self, tokens: &TokenResponse) -> Result<Principal> {
        check(&self.engine, tokens.access_token.expose_secret())
    }

    pub(super) fn principal(&self, tokens: &TokenResponse) -> Principal {
        self.check(tokens).unwrap()
    }

    pub(super) async fn session(&self, tokens: &TokenResponse) -> Session {
        let id: SessionId = tokens.session_id.parse().unwrap();
        self.store.find_session(id).await.unwrap().unwrap()
    }

    pub(super) async fn stored(&self, id: &UserId) -> User {
        self.store.find_user(id).await.unwrap().unwrap()
    }

    pub(super) async fn events(&self, kind: &str) -> Vec<EventRecord> {
        let filter = EventFilter { kind: Some(kind.to_owned()), ..EventFilter::default() };
        self.engine.list_events(&filter, 500).await.unwrap()
    }

    /// Lets time pass, with `engine` following all the while.
    pub(super) async fn pass(&self, duration: Duration) {
        self.clock.advance(duration);
        self.catch_up(&self.engine).await;
    }

    /// Runs the follower until it has read everything that is written by now.
    pub(super) async fn catch_up(&self, engine: &Engine) {
        static MARKERS: AtomicU64 = AtomicU64::new(0);
        let now = self.clock.now();
        let marker = format!("marker-{}", MARKERS.fetch_add(1, Ordering::Relaxed));
        let effects = Effects::default().revoking(Target::Token { id: marker.clone() });
        Revocations::write(self.store.as_ref(), effects, now).await.unwrap();
        let view = engine.guard().view();
        let seen = async {
            while !(view.is_revoked(&token(&marker)) && view.is_fresh(self.clock.monotonic())) {
                tokio::task::yield_now().await;
            }
        };
        let following = engine.follow(seen);
        tokio::time::timeout(Duration::from_secs(20), following).await.unwrap();
    }

    /// A token that the engine's own key signs, with these claims.
    pub(super) async fn forge(&self, typ: &str, claims: &Value) -> String {
        Signer::new(self.signing_key().await).typ(typ).sign(claims).unwrap()
    }

    pub(super) async fn signing_key(&self) -> SigningKey {
        let (_, rows) = self.store.ring().await.unwrap();
        let row = signing(&rows, self.clock.now()).unwrap();
        let master = MasterKeys::parse(MASTER).unwrap();
        let private = master.open("signing-key", row.kid.as_bytes(), &row.private_key).unwrap();
        let algorithm = row.algorithm.parse().unwrap();
        SigningKey::from_jwk(&private, Some(algorithm)).unwrap().with_kid(row.kid.clone())
    }
}

pub(super) async fn open(
    store: &Arc<Flaky>,
    clock: &Arc<FakeClock>,
    seed: u64,
    change: impl FnOnce(&mut Parts),
) -> std::result::Result<Engine, OpenError> {
    let master = MasterKeys::parse(MASTER).unwrap();
    let random = Arc::new(SeededRandom::new(seed));
    let mut parts = Parts::new(config(), store.clone(), master, clock.clone(), random);
    change(&mut parts);
    Engine::open(parts).await
}

pub(super) fn config() -> EngineConfig {
    let mut config = EngineConfig::new(ISSUER, &["api", "https://reports.example"]).unwrap();
    config.accounts.argon2 = Argon2Parameters::new(64, 1, 1).unwrap();
    config.accounts.hash_permits = 4;
    config.accounts.hash_queue = 1_000;
    config
}

pub(super) fn login(name: &str, password: &str) -> LoginRequest {
    LoginRequest {
        username: name.to_owned(),
        password: password.into(),
        scope: None,
        resource: None,
    }
}

pub(super) fn refresh(token: &str) -> RefreshRequest {
    RefreshRequest {
        refresh_token: token.into(),
        scope: None,
        client: ClientCredentials::default(),
        idempotency_key: None,
    }
}

pub(super) fn revoke(token: &str) -> RevokeRequest {
    RevokeRequest { token: token.into(), client: ClientCredentials::default() }
}

pub(super) fn by_access(principal: Principal) -> LogoutProof {
    LogoutProof::Access(Box::new(principal))
}

pub(super) fn by_refresh(tokens: &TokenResponse) -> LogoutProof {
    LogoutProof::RefreshToken(tokens.refresh_token.clone())
}

pub(super) fn check(engine: &Engine, token: &str) -> Result<Principal> {
    engine.authenticate(&Presented::bearer(token))
}

pub(super) fn claims(principal: &Principal) -> Value {
    serde_json::from_str(principal.raw_claims()).unwrap()
}

pub(super) fn from(address: &str) -> Origin {
    Origin::from_address(Some(address.parse().unwrap()))
}

pub(super) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The code of a refusal.
pub(super) fn code<T: fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code().as_str()
}

/// Whether the refusal is that something was revoked.
pub(super) fn is_revoked<T: fmt::Debug>(result: Result<T>) -> bool {
    let revoked = |error| matches!(error, Error::Guard(countersign_engine::guard::Error::Revoked));
    result.is_err_and(revoked)
}

pub(super) fn seconds(timestamp: Timestamp) -> i64 {
    timestamp.seconds()
}

fn token(id: &str) -> Subject<'_> {
    Subject {
        token_id: id,
        session_id: "",
        user_id: "",
        generation: u32::MAX,
        client_id: "",
        key_id: "",
    }
}
