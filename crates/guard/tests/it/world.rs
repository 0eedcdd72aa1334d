//! A guard with a key of its own, a clock turned by hand, and tokens made to order.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use countersign_guard::{
    Guard, Policy,
    revocation::RevocationView,
    time::{Clock, Timestamp},
};
use countersign_jose::{Algorithm, KeySet, Signer, SigningKey};
use serde_json::{Map, Value, json};

pub(crate) const ISSUER: &str = "https://auth.example";
pub(crate) const AUDIENCE: &str = "api";
const START: i64 = 1_800_000_000;

#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(START + self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }
}

pub(crate) struct World {
    pub(crate) guard: Arc<Guard>,
    key: SigningKey,
    clock: Arc<Hand>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_cache(Policy::CACHE)
    }

    /// One whose guard remembers this many tokens.
    pub(crate) fn with_cache(cache: usize) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let clock = Arc::new(Hand::default());
        let view = RevocationView::new(1_000, Duration::from_secs(300));
        view.mark_read(Duration::ZERO, Duration::ZERO);
        let policy = Policy::new(ISSUER, vec![AUDIENCE.into()], vec![Algorithm::Es256]);
        let policy = Policy { cache, ..policy };
        let keys = KeySet::new(vec![key.verifying_key()]).unwrap();
        let shared: Arc<dyn Clock> = Arc::<Hand>::clone(&clock);
        let guard = Guard::new(policy, keys, Arc::new(view), shared).unwrap();
        Self { guard: Arc::new(guard), key, clock }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn kid(&self) -> &str {
        self.key.kid()
    }

    pub(crate) fn keys(&self) -> KeySet {
        KeySet::new(vec![self.key.verifying_key()]).unwrap()
    }

    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        vec![self.key.algorithm()]
    }

    /// A good access token with these claims instead; `null` takes one out.
    pub(crate) fn token(&self, changes: &Value) -> String {
        self.token_of_type("at+jwt", changes)
    }

    pub(crate) fn token_of_type(&self, typ: &str, changes: &Value) -> String {
        let now = self.now();
        let good = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": now + 900, "iat": now,
            "jti": "token-1", "client_id": "first-party", "sid": "session-1", "gen": 3,
            "auth_time": now, "scope": "read write", "roles": ["clerk"],
            "preferred_username": "ada", "team": "blue",
        });
        let mut claims: Map<String, Value> = good.as_object().unwrap().clone();
        claims.extend(changes.as_object().unwrap().clone());
        claims.retain(|_, value| !value.is_null());
        Signer::new(self.key.clone()).typ(typ).sign(&claims).unwrap()
    }
}
