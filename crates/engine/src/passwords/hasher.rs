//! Hashing off the async threads, so many at once and no more.
//!
//! A password hash is the most expensive thing that a stranger can ask for. Permits bound how many
//! run, the queue bounds how many wait; beyond that the answer is [`Busy`] at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Stored,
    argon::{self, Argon2Parameters, Memory},
    policy::MAX_PASSWORD_BYTES,
};
use crate::{
    random::{self, Random},
    users::PasswordHash,
};

/// Whether a password is the one that was hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifyOutcome {
    /// It is.
    Match {
        /// A new hash should take the old one's place.
        upgrade: bool,
    },
    /// It is not, or there is no hash.
    Mismatch,
}

/// More hashes wait than can be run in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many password hashes are waiting")]
pub struct Busy {
    /// When to try again.
    pub retry_after: Duration,
}

impl Busy {
    const NOW: Self = Self { retry_after: Duration::from_secs(1) };
}

/// A hasher that may never hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("at least one password hash must be allowed to run at once")]
pub struct NoPermits;

/// Hashes and verifies passwords. Cheap to clone; clones share permits, queue and memory.
#[derive(Clone, Debug)]
pub struct PasswordHasher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parameters: Argon2Parameters,
    memory: Memory,
    /// Verified for unknown users: no password matches it, and it costs what a real one does.
    dummy: PasswordHash,
    /// Who may wait or run.
    places: Arc<Semaphore>,
    /// Who may run.
    permits: Arc<Semaphore>,
    verifications: AtomicU64,
    /// Whether anything was hashed since this was last asked.
    used: AtomicBool,
}

/// A place in the queue, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Held until the work is done, also when nobody waits for its answer any more.
struct Permit {
    _place: Place,
    _permit: OwnedSemaphorePermit,
}

impl PasswordHasher {
    /// A hasher that runs at most `permits` hashes at once (the number of cores is a good choice) and
    /// lets `queue` more wait.
    ///
    /// # Errors
    /// [`NoPermits`] when `permits` is zero.
    pub fn new(
        parameters: Argon2Parameters,
        permits: usize,
        queue: usize,
        random: &dyn Random,
    ) -> Result<Self, NoPermits> {
        if permits == 0 {
            return Err(NoPermits);
        }
        let permits = permits.min(Semaphore::MAX_PERMITS / 2);
        let places = permits + queue.min(Semaphore::MAX_PERMITS / 2);
        Ok(Self(Arc::new(Inner {
            parameters,
            memory: Memory::new(parameters, permits),
            dummy: argon::unmatchable(parameters, &random::bytes(random)),
            places: Arc::new(Semaphore::new(places)),
            permits: Arc::new(Semaphore::new(permits)),
            verifications: AtomicU64::new(0),
            used: AtomicBool::new(false),
        })))
    }

    /// Hashes a password with a new salt. Whether it may be set is
    /// [`check_password_policy`](super::check_password_policy)'s question, asked before; it is also
    /// what refuses passwords that are too long.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(
        &self,
        password: &SecretString,
        random: &dyn Random,
    ) -> Result<PasswordHash, Busy> {
        let salt = random::bytes(random);
        let hash = self.run(self.reserve()?, password, move |inner, password| {
            argon::hash(inner.parameters, &salt, password, &inner.memory)
        });
        hash.await?.ok_or(Busy::NOW)
    }

    /// Verifies a password. Without a hash, or with one that is not understood, the same work is
    /// done and the answer is a mismatch, so that time does not tell who has an account.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<VerifyOutcome, Busy> {
        self.verify_in(self.reserve()?, password, hash).await
    }

    /// Takes a place in the queue, before anything is written for a check: so a refusal under a
    /// flood costs next to nothing.
    pub(crate) fn reserve(&self) -> Result<Place, Busy> {
        let permit = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Busy::NOW)?;
        Ok(Place { _permit: permit })
    }

    /// [`verify`](Self::verify) in a place that was taken before.
    pub(crate) async fn verify_in(
        &self,
        place: Place,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<VerifyOutcome, Busy> {
        // Nobody has such a password, whoever is named; so this tells nothing.
        if password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Ok(VerifyOutcome::Mismatch);
        }
        let stored = hash.and_then(Stored::parse);
        if hash.is_some() && stored.is_none() {
            tracing::warn!("a stored password hash is of an unknown form or costs too much");
        }
        self.run(place, password, move |inner, password| inner.verify(password, stored.as_ref()))
            .await
    }

    /// How many verifications have run, those without a hash included.
    pub fn verifications(&self) -> u64 {
        self.0.verifications.load(Ordering::Relaxed)
    }

    /// Wipes and gives back the memory of hashes, unless one ran since this was called last. What
    /// keeps it needlessly is a place where a password's traces lie.
    pub(crate) async fn rest(&self) {
        if self.0.used.swap(false, Ordering::Relaxed) {
            return;
        }
        let inner = Arc::clone(&self.0);
        let release = tokio::task::spawn_blocking(move || inner.memory.release());
        if let Err(error) = release.await {
            tracing::error!(%error, "the memory of password hashes was not given back");
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        password: &SecretString,
        work: impl FnOnce(&Inner, &[u8]) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permit = self.admit(place).await?;
        let (inner, password) = (Arc::clone(&self.0), password.clone());
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            inner.used.store(true, Ordering::Relaxed);
            work(&inner, password.expose_secret().as_bytes())
        });
        task.await.map_err(|error| {
            tracing::error!(%error, "a password hash did not end");
            Busy::NOW
        })
    }

    async fn admit(&self, place: Place) -> Result<Permit, Busy> {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await.map_err(|_| Busy::NOW)?;
        Ok(Permit { _place: place, _permit: permit })
    }
}

impl Inner {
    fn verify(&self, password: &[u8], stored: Option<&Stored>) -> VerifyOutcome {
        self.verifications.fetch_add(1, Ordering::Relaxed);
        let dummy = if stored.is_none() { Stored::parse(&self.dummy) } else { None };
        match (stored, dummy) {
            (Some(stored), _) if stored.verify(password, &self.memory) => {
                VerifyOutcome::Match { upgrade: stored.needs_upgrade(password, self.parameters) }
            }
            (None, Some(dummy)) => {
                // The answer is known before; the work is the point.
                std::hint::black_box(dummy.verify(password, &self.memory));
                VerifyOutcome::Mismatch
            }
            _ => VerifyOutcome::Mismatch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn cheap() -> Argon2Parameters {
        Argon2Parameters::new(64, 1, 1).unwrap()
    }

    fn hasher(permits: usize, queue: usize) -> PasswordHasher {
        PasswordHasher::new(cheap(), permits, queue, &SystemRandom).unwrap()
    }

    async fn verify(hasher: &PasswordHasher, password: &str, hash: &str) -> VerifyOutcome {
        hasher.verify(&password.into(), Some(&PasswordHash::new(hash))).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let hasher = hasher(2, 2);
        let hash = hasher.hash(&"correct".into(), &SystemRandom).await.unwrap();
        let again = hasher.hash(&"correct".into(), &SystemRandom).await.unwrap();
        assert_ne!(hash, again);
        assert_eq!(
            verify(&hasher, "correct", hash.expose()).await,
            VerifyOutcome::Match { upgrade: false }
        );
        assert_eq!(verify(&hasher, "Correct", hash.expose()).await, VerifyOutcome::Mismatch);
        assert_eq!(verify(&hasher, "correct ", hash.expose()).await, VerifyOutcome::Mismatch);
    }

    #[tokio::test]
    async fn other_parameters_and_other_systems_are_upgraded() {
        let costlier = Argon2Parameters::new(128, 1, 1).unwrap();
        let costlier = PasswordHasher::new(costlier, 1, 1, &SystemRandom).unwrap();
        let hash = costlier.hash(&"correct".into(), &SystemRandom).await.unwrap();
        let upgrade = VerifyOutcome::Match { upgrade: true };
        assert_eq!(verify(&hasher(1, 1), "correct", hash.expose()).await, upgrade);
        let bcrypt = "$2b$04$uLMqQZPkhQUgQ4P8DumHAePYG.cez/iMyF0rP5dL9xsLztD/R6Mbe";
        assert_eq!(verify(&hasher(1, 1), "pa$$wörd ☃ 9", bcrypt).await, upgrade);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_a_verification() {
        let hasher = hasher(1, 1);
        for hash in [None, Some(PasswordHash::new("md5$x$y")), Some(PasswordHash::new("é"))] {
            let outcome = hasher.verify(&"anything".into(), hash.as_ref()).await;
            assert_eq!(outcome, Ok(VerifyOutcome::Mismatch));
        }
        assert_eq!(hasher.verifications(), 3);
    }

    #[tokio::test]
    async fn a_password_that_is_too_long_is_never_hashed() {
        let hasher = hasher(1, 1);
        let password = "x".repeat(MAX_PASSWORD_BYTES + 1).into();
        assert_eq!(hasher.verify(&password, None).await, Ok(VerifyOutcome::Mismatch));
        assert_eq!(hasher.verifications(), 0);
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_busy_at_once() {
        let hasher = hasher(1, 1);
        let running = hasher.admit(hasher.reserve().unwrap()).await.unwrap();
        let mut waiting = Box::pin(hasher.admit(hasher.reserve().unwrap()));
        assert!(futures_pending(&mut waiting).await);
        assert_eq!(hasher.verify(&"x".into(), None).await, Err(Busy::NOW));
        assert_eq!(hasher.verifications(), 0);
        drop(waiting);
        drop(running);
        assert!(hasher.verify(&"x".into(), None).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_caller_that_vanishes_keeps_its_permit_until_the_work_is_done() {
        let hasher = hasher(1, 0);
        let (start, started) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let shared = hasher.clone();
        let caller = tokio::spawn(async move {
            let work = move |_: &Inner, _: &[u8]| {
                let _ = start.send(());
                let _ = finished.recv();
            };
            shared.run(shared.reserve()?, &"x".into(), work).await
        });
        started.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(hasher.verify(&"x".into(), None).await, Err(Busy::NOW));
        finish.send(()).unwrap();
        while hasher.verify(&"x".into(), None).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn memory_is_given_back_when_nothing_was_hashed_for_a_while() {
        let hasher = hasher(1, 1);
        hasher.hash(&"correct".into(), &SystemRandom).await.unwrap();
        hasher.rest().await;
        assert_eq!(hasher.0.memory.kept(), 1, "it was in use a moment ago");
        hasher.rest().await;
        assert_eq!(hasher.0.memory.kept(), 0);
        assert!(hasher.hash(&"correct".into(), &SystemRandom).await.is_ok());
        assert_eq!(hasher.0.memory.kept(), 1);
    }

    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            let pending = std::pin::Pin::new(&mut *future).poll(context).is_pending();
            std::task::Poll::Ready(pending)
        })
        .await
    }
}
