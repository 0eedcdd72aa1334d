//! Reading the audit log.

use crate::{engine::Engine, error::Result, events::EventRecord, store::EventFilter};

/// At most so many events an answer.
const MOST: usize = 500;

impl Engine {
    /// Events, the newest first, at most `limit` (and never over 500).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_events(
        &self,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<EventRecord>> {
        Ok(self.0.store.list_events(filter, limit.clamp(1, MOST)).await?)
    }
}
