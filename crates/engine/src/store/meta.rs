//! What a database says about itself, and its upkeep.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::Result;

/// What a database says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meta {
    /// The issuer it belongs to.
    pub issuer: String,
    /// The identity of this history; a restore makes another.
    pub epoch: [u8; 16],
    /// The longest life of any access token ever issued from it; never falls.
    pub max_access_ttl: Duration,
    /// A check value for each master key id that was used.
    pub key_checks: BTreeMap<u8, [u8; 16]>,
}

/// What a new database shall say.
#[derive(Clone, Debug)]
pub struct MetaSeed {
    /// The issuer.
    pub issuer: String,
    /// The epoch.
    pub epoch: [u8; 16],
    /// The longest access token life.
    pub max_access_ttl: Duration,
    /// The check values.
    pub key_checks: BTreeMap<u8, [u8; 16]>,
}

/// What a purge threw away.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Purged {
    /// Ended or expired sessions.
    pub sessions: u64,
    /// Expired revocations.
    pub revocations: u64,
    /// Budgets that are full again.
    pub budgets: u64,
    /// Events past their keeping.
    pub events: u64,
}

/// The `meta` row and the upkeep.
#[async_trait]
pub trait MetaStore: Send + Sync {
    /// What the database says, or `None` when nobody has said anything yet.
    async fn meta(&self) -> Result<Option<Meta>>;

    /// Writes the seed unless something stands there; answers what stands there.
    async fn init_meta(&self, seed: MetaSeed) -> Result<Meta>;

    /// Raises `max_access_ttl` to at least this.
    async fn raise_max_access_ttl(&self, at_least: Duration) -> Result<()>;

    /// Adds a check value for a master key id; one that stands there stays.
    async fn add_key_check(&self, id: u8, check: [u8; 16]) -> Result<()>;

    /// Throws away at most `limit` rows of each kind: sessions that ended or expired before
    /// `now - 1 day`, expired revocations, full budgets, events older than `keep_events`.
    async fn purge(&self, now: Timestamp, keep_events: Duration, limit: usize) -> Result<Purged>;

    /// Whether it can be written: for readiness.
    async fn ping(&self) -> Result<()>;
}
