//! Throwing away what has expired.

use crate::{engine::Engine, error::Result, store::Purged};

impl Engine {
    /// Throws away sessions that ended or expired a day ago, expired revocations, full budgets and
    /// old events, at most `limit` rows of each a transaction, until nothing is left to throw away.
    ///
    /// # Errors
    /// When the store fails; what was thrown away before stays away.
    pub async fn purge(&self, limit: usize) -> Result<Purged> {
        // With zero the loop would never end.
        let limit = limit.max(1);
        let mut total = Purged::default();
        loop {
            let purged = self.0.store.purge(self.now(), self.0.config.keep_events, limit).await?;
            total.sessions += purged.sessions;
            total.revocations += purged.revocations;
            total.budgets += purged.budgets;
            total.events += purged.events;
            let most =
                purged.sessions.max(purged.revocations).max(purged.budgets).max(purged.events);
            if most < u64::try_from(limit).unwrap_or(u64::MAX) {
                return Ok(total);
            }
            tokio::task::yield_now().await;
        }
    }
}
