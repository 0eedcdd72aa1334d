//! What has been revoked, answered from memory.
//!
//! The read path takes no lock and does no I/O: one look-up in a table in memory for each of the
//! targets that a token names. Writers put entries in from the revocation log; entries leave when
//! every token that they could concern has expired. Nothing is decided by comparing clocks.

use std::{
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    entries::{Entries, Entry, Id, Key},
    time::Timestamp,
};

/// What one row of the revocation log speaks about.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One access token, by its `jti`.
    Token {
        /// The `jti` claim.
        id: String,
    },
    /// One session, by its `sid`: every access token of it.
    Session {
        /// The `sid` claim.
        id: String,
    },
    /// A user's access tokens of all generations below `below`.
    User {
        /// The `sub` claim.
        id: String,
        /// The first generation that is still accepted.
        below: u32,
    },
    /// A client's access tokens, while it is disabled.
    Client {
        /// The `client_id` claim.
        id: String,
        /// `false` lifts it.
        disabled: bool,
    },
    /// Every token signed by this key, for ever.
    Key {
        /// The `kid` header.
        id: String,
    },
    /// No token: the key ring changed, and followers must load it anew before later rows.
    Ring,
}

/// One row of the revocation log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Row {
    /// The position in the log; rises in the order of commits.
    pub seq: u64,
    /// What is revoked.
    #[serde(flatten)]
    pub target: Target,
    /// When every token that it could concern has expired; never for keys.
    pub expires_at: Option<Timestamp>,
}

/// Which log, and how far it was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cursor {
    /// The identity of the log; a restored database has another.
    pub epoch: [u8; 16],
    /// The last row seen.
    pub seq: u64,
}

/// A stretch of the log, or a snapshot of all that is live (`from` 0).
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The identity of the log.
    pub epoch: [u8; 16],
    /// The cursor that this page follows; another than the reader's is a gap.
    pub from: u64,
    /// The cursor after this page.
    pub to: u64,
    /// The rows in between that have not expired, in order.
    pub rows: Vec<Row>,
    /// More rows stand ready behind this page.
    pub more: bool,
}

/// What a token says about itself that can be revoked.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `jti`
    pub token_id: &'a str,
    /// `sid`
    pub session_id: &'a str,
    /// `sub`
    pub user_id: &'a str,
    /// `gen`
    pub generation: u32,
    /// `client_id`
    pub client_id: &'a str,
    /// The header's `kid`.
    pub key_id: &'a str,
}

/// The state of the view as a gauge shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ViewState {
    /// How many entries are held.
    pub entries: usize,
    /// How long ago the log was last read to its end; `None` before the first time.
    pub staleness: Option<Duration>,
    /// The bound was reached: entries are missing, so the view counts as stale until a purge finds
    /// that what is missing would have expired.
    pub overflowed: bool,
}

const NEVER: u64 = u64::MAX;
/// Entries are thrown away in steps of this many milliseconds.
const BUCKET_MILLIS: i64 = 60_000;
/// The bucket of what never expires.
const FOR_EVER: u32 = u32::MAX;
/// A bucket of no entry that is missing.
const NOTHING: u32 = 0;

/// The revocations that are live, in memory.
///
/// Ids are found by hashes of 128 bits under keys drawn at start, others for each kind, so that
/// nobody outside can make two ids meet. An entry takes 30 to 44 bytes, and up to 59 when others were
/// thrown away.
#[derive(Debug)]
pub struct RevocationView {
    entries: Entries,
    /// One bit for each kind of which there ever was an entry: others need not be looked for.
    kinds: AtomicU8,
    keys: [Key; 5],
    capacity: usize,
    /// The last bucket of an entry that found no room; `NOTHING` where none is missing.
    missing: AtomicU32,
    /// Monotonic milliseconds of the last complete read of the log; `NEVER` before the first.
    read_at: AtomicU64,
    max_staleness: Duration,
}

impl RevocationView {
    /// An empty view that holds at most `capacity` entries and counts as stale until the log was
    /// read to its end, and again when that is longer ago than `max_staleness`.
    pub fn new(capacity: usize, max_staleness: Duration) -> Self {
        Self {
            entries: Entries::new(),
            kinds: AtomicU8::new(0),
            keys: std::array::from_fn(|_| Key::random()),
            capacity,
            missing: AtomicU32::new(NOTHING),
            read_at: AtomicU64::new(NEVER),
            max_staleness,
        }
    }

    /// Whether anything the token names is revoked. Takes no lock.
    pub fn is_revoked(&self, subject: &Subject<'_>) -> bool {
        let kinds = self.kinds.load(Ordering::Acquire);
        if kinds == 0 {
            return false;
        }
        let entries = self.entries.read();
        let asked = |kind: Kind| kinds & kind.bit() != 0;
        let holds = |kind, id| asked(kind) && entries.holds(&self.id(kind, id));
        let is_behind = |id| {
            let below = || entries.below(&self.id(Kind::User, id));
            asked(Kind::User) && below().is_some_and(|below| subject.generation < below)
        };
        holds(Kind::Session, subject.session_id)
            || is_behind(subject.user_id)
            || holds(Kind::Token, subject.token_id)
            || holds(Kind::Client, subject.client_id)
            || holds(Kind::Key, subject.key_id)
    }

    /// Whether the view may answer: the log was read to its end not longer than the bound ago.
    pub fn is_fresh(&self, monotonic: Duration) -> bool {
        !self.overflowed() && self.staleness(monotonic).is_some_and(|age| age <= self.max_staleness)
    }

    /// How long ago the log was last read to its end.
    pub fn staleness(&self, monotonic: Duration) -> Option<Duration> {
        let read_at = self.read_at.load(Ordering::Acquire);
        (read_at != NEVER).then(|| monotonic.saturating_sub(Duration::from_millis(read_at)))
    }

    /// The gauges.
    pub fn state(&self, monotonic: Duration) -> ViewState {
        ViewState {
            entries: self.entries.len(),
            staleness: self.staleness(monotonic),
            overflowed: self.overflowed(),
        }
    }

    /// Puts one revocation in; putting it in again changes nothing.
    pub fn apply(&self, target: &Target, expires_at: Option<Timestamp>) {
        let (kind, id, below) = match target {
            Target::Token { id } => (Kind::Token, id, 0),
            Target::Session { id } => (Kind::Session, id, 0),
            Target::User { id, below } => (Kind::User, id, *below),
            Target::Client { id, disabled: true } => (Kind::Client, id, 0),
            Target::Client { id, disabled: false } => {
                self.entries.remove(&self.id(Kind::Client, id));
                return;
            }
            Target::Key { id } => (Kind::Key, id, 0),
            Target::Ring => return,
        };
        let bucket = expires_at.map_or(FOR_EVER, bucket_after);
        if self.entries.insert(&self.id(kind, id), Entry { below, bucket }, self.capacity) {
            self.kinds.fetch_or(kind.bit(), Ordering::AcqRel);
        } else {
            self.missing.fetch_max(bucket.max(NOTHING + 1), Ordering::AcqRel);
        }
    }

    /// Says that the log was read to its end at `monotonic`, `age` behind its source.
    pub fn mark_read(&self, monotonic: Duration, age: Duration) {
        let at = monotonic.saturating_sub(age).as_millis();
        self.read_at.store(u64::try_from(at).unwrap_or(NEVER - 1), Ordering::Release);
    }

    /// Throws away what has expired before `now`.
    pub fn purge(&self, now: Timestamp) {
        let passed = bucket_after(now).saturating_sub(1);
        self.entries.purge(passed);
        let is_over = |missing: u32| (missing <= passed).then_some(NOTHING);
        // Where it is not over, nothing changes.
        let _ = self.missing.fetch_update(Ordering::AcqRel, Ordering::Acquire, is_over);
    }

    fn overflowed(&self) -> bool {
        self.missing.load(Ordering::Acquire) != NOTHING
    }

    #[inline]
    fn id<'a>(&'a self, kind: Kind, id: &'a str) -> Id<'a> {
        let [token, session, user, client, key] = &self.keys;
        let key = match kind {
            Kind::Token => token,
            Kind::Session => session,
            Kind::User => user,
            Kind::Client => client,
            Kind::Key => key,
        };
        Id::new(id, key)
    }
}

/// The first minute at which what expires at `instant` is certainly over.
fn bucket_after(instant: Timestamp) -> u32 {
    let minute = instant.millis().div_euclid(BUCKET_MILLIS).saturating_add(1);
    u32::try_from(minute.max(0)).unwrap_or(FOR_EVER - 1)
}

#[derive(Clone, Copy)]
enum Kind {
    Token,
    Session,
    User,
    Client,
    Key,
}

impl Kind {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}
