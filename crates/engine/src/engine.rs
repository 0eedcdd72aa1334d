//! The engine: everything wired together, cheap to clone.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use countersign_guard::{
    Guard, Policy, Presented, Principal,
    revocation::{RevocationView, Target},
    time::{Clock, Timestamp},
};
use tokio::sync::broadcast;

use crate::{
    accounts::{Accounts, ClaimsSource},
    config::{EngineConfig, InvalidConfig},
    error::{Error, Result},
    events::Event,
    keys::{KeyRing, RingTimes},
    limits::LocalLimiter,
    master::MasterKeys,
    passwords::PasswordHasher,
    random::{self, Random},
    store::{Meta, MetaSeed, Store, StoreError, revocation_expiry},
};

/// How many events a slow subscriber may lag behind before it loses the oldest.
const EVENT_BACKLOG: usize = 1_024;
/// How many rows of the revocation log are read at once.
pub(crate) const LOG_PAGE: usize = 10_000;
/// How many keys of local limits are held.
const LOCAL_LIMIT_KEYS: usize = 262_144;

/// What an engine is made of.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts {
    /// The configuration.
    pub config: EngineConfig,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The master keys.
    pub master: MasterKeys,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The application's own users, if it keeps them.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// More claims for access tokens.
    pub claims: Option<Arc<dyn ClaimsSource>>,
}

impl Parts {
    /// The parts without the seams.
    pub fn new(
        config: EngineConfig,
        store: Arc<dyn Store>,
        master: MasterKeys,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { config, store, master, clock, random, accounts: None, claims: None }
    }
}

/// Why an engine does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration must not be used, or does not fit the database.
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    /// The database failed, or holds what cannot be read.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) master: MasterKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) accounts: Option<Arc<dyn Accounts>>,
    pub(crate) claims: Option<Arc<dyn ClaimsSource>>,
    pub(crate) epoch: [u8; 16],
    /// In milliseconds. Another process may raise it.
    pub(crate) max_access_ttl: AtomicU64,
    pub(crate) guard: Arc<Guard>,
    pub(crate) ring: ArcSwap<KeyRing>,
    pub(crate) taking_ring: std::sync::Mutex<()>,
    pub(crate) hasher: PasswordHasher,
    pub(crate) local: LocalLimiter,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) seen: std::sync::Mutex<Option<countersign_guard::revocation::Cursor>>,
    /// Held by whoever takes over what the log says: in its order, or a client that was enabled again
    /// could stay refused.
    pub(crate) following: tokio::sync::Mutex<()>,
}

/// Accounts, sessions, keys, revocations and limits over one database. Its operations stand in
/// [`crate::ops`], one a file.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("issuer", &self.0.config.issuer)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens an engine: checks that configuration, database and master keys fit each other, makes
    /// the key ring if there is none, and reads the revocations.
    ///
    /// # Errors
    /// [`OpenError`] says what does not fit and what to do.
    pub async fn open(parts: Parts) -> std::result::Result<Self, OpenError> {
        parts.config.validate()?;
        let meta = settle_meta(&parts).await?;
        let max_access_ttl = meta.max_access_ttl.max(parts.config.tokens.access_ttl);
        let times = ring_times(&parts.config, max_access_ttl);
        let now = parts.clock.now();
        let ring = crate::ops::keys::settle_ring(parts.store.as_ref(), &parts, &times, now).await?;
        check_algorithm(&parts.config, &ring, now)?;
        let guard = build_guard(&parts, &ring, now)?;
        let accounts = &parts.config.accounts;
        let hasher = PasswordHasher::new(
            accounts.argon2,
            accounts.hash_permits,
            accounts.hash_queue,
            parts.random.as_ref(),
        )
        .map_err(|error| Error::Internal(error.to_string()))?;
        let engine = Self(Arc::new(Inner {
            store: parts.store,
            master: parts.master,
            clock: parts.clock,
            random: parts.random,
            accounts: parts.accounts,
            claims: parts.claims,
            config: parts.config,
            epoch: meta.epoch,
            max_access_ttl: AtomicU64::new(millis(max_access_ttl)),
            guard: Arc::new(guard),
            ring: ArcSwap::from_pointee(ring),
            taking_ring: std::sync::Mutex::new(()),
            hasher,
            local: LocalLimiter::new(LOCAL_LIMIT_KEYS),
            events: broadcast::channel(EVENT_BACKLOG).0,
            seen: std::sync::Mutex::new(None),
            following: tokio::sync::Mutex::new(()),
        }));
        engine.follow_once().await?;
        Ok(engine)
    }

    /// The configuration.
    pub fn config(&self) -> &EngineConfig {
        &self.0.config
    }

    /// The guard of this engine's tokens, for the application's own routes.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.0.guard
    }

    /// Checks a presented access token, in memory.
    ///
    /// # Errors
    /// As [`Guard::check`].
    pub fn authenticate(&self, presented: &Presented<'_>) -> Result<Principal> {
        Ok(self.0.guard.check(presented)?)
    }

    /// Events after their commit, in this process, at most once each.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// How many password verifications have run, unknown users' included.
    pub fn password_verifications(&self) -> u64 {
        self.0.hasher.verifications()
    }

    /// Whether the store can be written and the revocations are fresh.
    ///
    /// # Errors
    /// The reason why not.
    pub async fn ready(&self) -> Result<()> {
        self.0.store.ping().await?;
        if self.0.guard.view().is_fresh(self.0.clock.monotonic()) {
            Ok(())
        } else {
            Err(countersign_guard::Error::Stale { retry_after: Duration::from_secs(1) }.into())
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn ring_times(&self) -> RingTimes {
        ring_times(&self.0.config, self.max_access_ttl())
    }

    /// The longest life of any access token that was issued from this database.
    pub(crate) fn max_access_ttl(&self) -> Duration {
        Duration::from_millis(self.0.max_access_ttl.load(Ordering::Acquire))
    }

    /// Learns that another process issues longer-lived tokens. Two processes that think of different
    /// lives would set the ring's instants back and forth.
    pub(crate) async fn learn_max_access_ttl(&self) -> Result<()> {
        if let Some(meta) = self.0.store.meta().await? {
            self.0.max_access_ttl.fetch_max(millis(meta.max_access_ttl), Ordering::AcqRel);
        }
        Ok(())
    }

    /// Says that something happened, after its commit.
    pub(crate) fn publish(&self, event: Event) {
        tracing::debug!(kind = event.kind.as_str(), "event");
        // Nobody listening is no failure.
        let _ = self.0.events.send(event);
    }

    /// Refuses `target` in this process from now on.
    pub(crate) fn refuse_here(&self, target: &Target) {
        let expires_at = revocation_expiry(target, self.now(), self.max_access_ttl());
        self.0.guard.view().apply(target, expires_at);
    }

    /// Runs a write that revokes; `done` says of its answer whether there was anything to do. Where
    /// it was done, or failed, this process refuses the targets at once; where it failed, the caller
    /// is told (503).
    pub(crate) async fn revoking<T>(
        &self,
        targets: &[Target],
        done: impl Fn(&T) -> bool,
        write: impl Future<Output = std::result::Result<T, StoreError>>,
    ) -> Result<T> {
        let result = write.await;
        if result.as_ref().is_ok_and(|answer| !done(answer)) {
            return Ok(result?);
        }
        let is_client = |target: &Target| matches!(target, Target::Client { .. });
        // What can be lifted again is taken from the log, which has the order of the commits.
        let followed =
            result.is_ok() && targets.iter().any(is_client) && self.follow_once().await.is_ok();
        for target in targets {
            // What is forbidden stays forbidden until it is stored that it is not.
            let lifts = matches!(target, Target::Client { disabled: false, .. });
            let left_to_the_log = lifts || followed && is_client(target);
            if !left_to_the_log {
                self.refuse_here(target);
            }
        }
        Ok(result?)
    }
}

/// Runs a writing operation as its own task, so that a caller that vanishes never drops it half-way.
pub(crate) async fn to_the_end<T: Send + 'static>(
    operation: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    match tokio::spawn(operation).await {
        Ok(result) => result,
        Err(error) => Err(Error::Internal(format!("an operation did not end: {error}"))),
    }
}

fn ring_times(config: &EngineConfig, max_access_ttl: Duration) -> RingTimes {
    RingTimes {
        rotate_every: config.tokens.rotate_keys_every,
        publish_before: config.tokens.publish_before,
        verify_after: max_access_ttl + Duration::from_secs(600),
    }
}

/// A key of the new kind would be refused when the ring is next rotated, far from the cause.
fn check_algorithm(
    config: &EngineConfig,
    ring: &KeyRing,
    now: Timestamp,
) -> std::result::Result<(), InvalidConfig> {
    if ring.goes_with(config.tokens.algorithm, now) {
        return Ok(());
    }
    Err(InvalidConfig {
        setting: "algorithm",
        problem: "the key ring cannot hold shared secrets (HS256 and the like) beside public keys"
            .into(),
        mend: "Go on with an algorithm of the ring's kind, or begin with a new database.",
    })
}

fn build_guard(parts: &Parts, ring: &KeyRing, now: Timestamp) -> Result<Guard> {
    let (keys, algorithms) = ring.verification(now)?;
    let policy = Policy::new(&parts.config.issuer, parts.config.audiences.clone(), algorithms);
    let revocations = parts.config.revocations;
    let view = Arc::new(RevocationView::new(revocations.capacity, revocations.max_staleness));
    Ok(Guard::new(policy, keys, view, Arc::clone(&parts.clock))?)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads what the database says about itself, or says it, and compares.
async fn settle_meta(parts: &Parts) -> std::result::Result<Meta, OpenError> {
    let store = parts.store.as_ref();
    let checks = parts.master.checks();
    let meta = match store.meta().await? {
        Some(meta) => meta,
        None => {
            let seed = MetaSeed {
                issuer: parts.config.issuer.clone(),
                epoch: random::bytes(parts.random.as_ref()),
                max_access_ttl: parts.config.tokens.access_ttl,
                key_checks: checks.clone(),
            };
            store.init_meta(seed).await?
        }
    };
    compare_meta(&meta, parts)?;
    let missing = |id: &u8| !meta.key_checks.contains_key(id);
    for (&id, &check) in checks.iter().filter(|(id, _)| missing(id)) {
        store.add_key_check(id, check).await?;
    }
    if checks.keys().any(missing) {
        // Another process may have brought another key of this id at the same moment.
        let settled = store.meta().await?.ok_or_else(StoreError::uninitialised)?;
        compare_meta(&settled, parts)?;
    }
    if meta.max_access_ttl < parts.config.tokens.access_ttl {
        store.raise_max_access_ttl(parts.config.tokens.access_ttl).await?;
    }
    Ok(meta)
}

fn compare_meta(meta: &Meta, parts: &Parts) -> std::result::Result<(), InvalidConfig> {
    if meta.issuer != parts.config.issuer {
        return Err(InvalidConfig {
            setting: "issuer",
            problem: format!(
                "the database belongs to {}, not to {}",
                meta.issuer, parts.config.issuer
            ),
            mend: "Set the issuer that the database belongs to, or use another database.",
        });
    }
    let checks = parts.master.checks();
    for (id, check) in &meta.key_checks {
        let problem = match checks.get(id) {
            Some(own) if own == check => continue,
            Some(_) => format!("master key {id} is not the one that this database was made with"),
            None => format!("the database needs master key {id}, which is not there"),
        };
        return Err(InvalidConfig {
            setting: "master key",
            problem,
            mend: "Put back the key file that belongs to this database, from its backup.",
        });
    }
    Ok(())
}
