//! The key ring: making keys, rotating, declaring one compromised.

use std::sync::{Arc, PoisonError};

use countersign_guard::{revocation::Target, time::Timestamp};
use countersign_jose::Algorithm;
use serde::Serialize;

use crate::{
    engine::{Engine, Parts, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    keys::{self, KeyRing, KeyState, RingTimes},
    master::MasterKeys,
    ops::actor::Actor,
    random::Random,
    store::{Effects, RingChange, Store, StoredKey},
};

/// How often a change is tried when other processes change the ring at the same time.
const TRIES: usize = 16;

/// A key as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// The key id.
    pub kid: String,
    /// The algorithm.
    pub algorithm: String,
    /// What it is doing.
    pub state: KeyState,
    /// Since when it stands in the JWKS (milliseconds since the epoch).
    pub published_at: Timestamp,
    /// From when it signs.
    pub signs_from: Timestamp,
    /// Until when it verifies.
    pub verifies_until: Option<Timestamp>,
    /// Since when nothing it signed is good.
    pub compromised_at: Option<Timestamp>,
}

/// What making a key needs.
#[derive(Clone, Copy)]
struct Maker<'a> {
    store: &'a dyn Store,
    master: &'a MasterKeys,
    random: &'a dyn Random,
    algorithm: Algorithm,
    times: &'a RingTimes,
}

/// Reads the ring, and makes the keys that it lacks.
pub(crate) async fn settle_ring(
    store: &dyn Store,
    parts: &Parts,
    times: &RingTimes,
    now: Timestamp,
) -> Result<KeyRing> {
    let maker = Maker {
        store,
        master: &parts.master,
        random: parts.random.as_ref(),
        algorithm: parts.config.tokens.algorithm,
        times,
    };
    maker.settle(now).await
}

impl Maker<'_> {
    async fn settle(self, now: Timestamp) -> Result<KeyRing> {
        for _ in 0..TRIES {
            let (version, rows) = self.store.ring().await?;
            let change = self.complete(version, rows.clone(), Vec::new(), now)?;
            if change.insert.is_empty() && change.update.is_empty() {
                return KeyRing::read(version, rows, self.master);
            }
            let effects = Effects { events: added(&change, now), revocations: vec![Target::Ring] };
            self.store.change_ring(change, effects, now).await?;
        }
        Err(Error::Conflict { reason: "The key ring is being changed by too many at once." })
    }

    /// The change that puts `changed` in and adds what the ring then lacks.
    fn complete(
        self,
        version: u64,
        mut rows: Vec<StoredKey>,
        changed: Vec<StoredKey>,
        now: Timestamp,
    ) -> Result<RingChange> {
        let before = rows.clone();
        for key in changed {
            if let Some(row) = rows.iter_mut().find(|row| row.kid == key.kid) {
                *row = key;
            }
        }
        let insert_from = rows.len();
        while let Some(need) = keys::need(&rows, self.times, now) {
            let key = keys::make_key(need, self.algorithm, now, self.master, self.random)?;
            rows.push(key);
        }
        keys::retire(&mut rows, self.times, now);
        let insert = rows.split_off(insert_from);
        let update = rows.into_iter().filter(|row| !before.contains(row)).collect();
        Ok(RingChange { version, insert, update })
    }
}

impl Engine {
    /// The keys, in the order of their positions.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_keys(&self) -> Result<Vec<KeyView>> {
        let (_, rows) = self.0.store.ring().await?;
        let now = self.now();
        Ok(rows.iter().map(|key| view(key, &rows, now)).collect())
    }

    /// The JWKS document (RFC 7517 5): public keys only, the next one included.
    pub fn jwks_json(&self) -> Arc<str> {
        self.0.ring.load().jwks_json(self.now())
    }

    /// Lets the next key sign as soon as it has stood in the JWKS for ten minutes, at once if it
    /// has. Tokens in flight stay good.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rotate_keys(&self, actor: &Actor) -> Result<KeyView> {
        let (engine, actor) = (self.clone(), actor.clone());
        to_the_end(async move { engine.rotate_keys_now(&actor).await }).await
    }

    async fn rotate_keys_now(&self, actor: &Actor) -> Result<KeyView> {
        let now = self.now();
        let kid = self
            .change_ring(EventKind::KeyRotated, actor, Vec::new(), |rows| {
                keys::rotate(rows, now).map(|key| vec![key])
            })
            .await?;
        self.key(&kid).await
    }

    /// Declares a key compromised: from now on nothing that it signed is good, anywhere, for ever.
    ///
    /// # Errors
    /// [`Error::NotFound`]; 503 when it is not certain that it is stored (this process refuses its
    /// tokens all the same).
    pub async fn compromise_key(&self, kid: &str, actor: &Actor) -> Result<KeyView> {
        let (engine, kid, actor) = (self.clone(), kid.to_owned(), actor.clone());
        to_the_end(async move { engine.compromise_key_now(&kid, &actor).await }).await
    }

    async fn compromise_key_now(&self, kid: &str, actor: &Actor) -> Result<KeyView> {
        let now = self.now();
        let target = Target::Key { id: kid.to_owned() };
        let changed = self
            .change_ring(EventKind::KeyCompromised, actor, vec![target.clone()], |rows| {
                keys::compromise(rows, kid, now)
            })
            .await;
        if !matches!(changed, Err(Error::NotFound { .. })) {
            self.refuse_here(&target);
        }
        self.key(&changed?).await
    }

    /// Makes the keys that the ring lacks, and takes what other processes made.
    pub(crate) async fn ensure_keys(&self) -> Result<()> {
        let times = self.ring_times();
        let ring = self.maker(&times).settle(self.now()).await?;
        self.take_ring(ring, false)
    }

    /// Reads the ring anew.
    pub(crate) async fn reload_ring(&self) -> Result<()> {
        let (version, rows) = self.0.store.ring().await?;
        self.take_ring(KeyRing::read(version, rows, &self.0.master)?, false)
    }

    /// Reads the ring anew after the database went back: an older version is the right one then.
    pub(crate) async fn replace_ring(&self) -> Result<()> {
        let (version, rows) = self.0.store.ring().await?;
        self.take_ring(KeyRing::read(version, rows, &self.0.master)?, true)
    }

    /// Signs with `ring` from now on and gives the guard what verifies; keys leave when their tokens
    /// have all expired.
    fn take_ring(&self, ring: KeyRing, even_older: bool) -> Result<()> {
        // Two readings may end in the other order: the older one must not bring a key back that was
        // compromised meanwhile, neither to the signer nor to the guard.
        let _one_at_a_time = self.0.taking_ring.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.0.ring.load_full();
        if ring.version() > held.version() || even_older {
            self.0.ring.store(Arc::new(ring));
        }
        let (keys, algorithms) = self.0.ring.load().verification(self.now())?;
        Ok(self.0.guard.replace_keys(keys, &algorithms)?)
    }

    fn maker<'a>(&'a self, times: &'a RingTimes) -> Maker<'a> {
        Maker {
            store: self.0.store.as_ref(),
            master: &self.0.master,
            random: self.0.random.as_ref(),
            algorithm: self.0.config.tokens.algorithm,
            times,
        }
    }

    /// Makes the change that `plan` reads off the ring; the first key it answers is what it is
    /// about.
    async fn change_ring(
        &self,
        kind: EventKind,
        actor: &Actor,
        targets: Vec<Target>,
        plan: impl Fn(&[StoredKey]) -> Option<Vec<StoredKey>> + Send + Sync,
    ) -> Result<String> {
        let now = self.now();
        self.learn_max_access_ttl().await?;
        let times = self.ring_times();
        for _ in 0..TRIES {
            let (version, rows) = self.0.store.ring().await?;
            let changed = plan(&rows).ok_or(Error::NotFound { what: "key" })?;
            let about = changed.first().cloned().ok_or(Error::NotFound { what: "key" })?;
            let change = self.maker(&times).complete(version, rows, changed, now)?;
            let event = key_event(kind, &about, now).by(actor);
            let mut events = vec![event];
            events.extend(added(&change, now));
            let mut effects = Effects { events: events.clone(), revocations: Vec::new() };
            effects.revocations = targets.iter().cloned().chain([Target::Ring]).collect();
            if self.0.store.change_ring(change, effects, now).await? {
                events.into_iter().for_each(|event| self.publish(event));
                self.reload_ring().await?;
                return Ok(about.kid);
            }
        }
        Err(Error::Conflict { reason: "The key ring is being changed by too many at once." })
    }

    async fn key(&self, kid: &str) -> Result<KeyView> {
        let keys = self.list_keys().await?;
        keys.into_iter().find(|key| key.kid == kid).ok_or(Error::NotFound { what: "key" })
    }
}

fn view(key: &StoredKey, rows: &[StoredKey], now: Timestamp) -> KeyView {
    KeyView {
        kid: key.kid.clone(),
        algorithm: key.algorithm.clone(),
        state: keys::state(key, rows, now),
        published_at: key.published_at,
        signs_from: key.signs_from,
        verifies_until: key.verifies_until,
        compromised_at: key.compromised_at,
    }
}

/// One event for each key that the change puts in.
fn added(change: &RingChange, now: Timestamp) -> Vec<Event> {
    change.insert.iter().map(|key| key_event(EventKind::KeyAdded, key, now)).collect()
}

fn key_event(kind: EventKind, key: &StoredKey, now: Timestamp) -> Event {
    Event::new(kind, now)
        .detail("kid", key.kid.clone())
        .detail("algorithm", key.algorithm.clone())
        .detail("signs_from", key.signs_from.millis())
}
