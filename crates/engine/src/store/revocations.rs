//! The revocation log.

use std::time::Duration;

use async_trait::async_trait;
use countersign_guard::{
    revocation::{Cursor, Page},
    time::Timestamp,
};

use super::{Effects, Result};

/// The revocation log.
///
/// `seq` is taken from the head row as the last lock of the same transaction, so that it rises in
/// the order of commits; a row's expiry comes from [`super::revocation_expiry`] with the stored
/// `max_access_ttl`.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Writes the effects and nothing else.
    async fn write(&self, effects: Effects, now: Timestamp) -> Result<()>;

    /// What follows `after`, head and rows read in one snapshot; with `None`, or a cursor of another
    /// epoch or beyond the head, everything live, `from` being 0.
    async fn revocations(
        &self,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page>;

    /// Returns when the head is beyond `seq`, whichever process moved it, or after `at_most`.
    async fn wait_for_revocation(&self, seq: u64, at_most: Duration) -> Result<()>;
}
