//! The audit log.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    events::EventRecord,
    store::{EventFilter, Events, Result},
};

#[async_trait]
impl Events for MemoryStore {
    async fn list_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<EventRecord>> {
        let wanted = |record: &&EventRecord| {
            let user = filter.user_id.as_ref().map(|id| id.as_str());
            filter.before.is_none_or(|before| record.id < before)
                && user.is_none_or(|user| record.user_id.as_deref() == Some(user))
                && filter.kind.as_ref().is_none_or(|kind| record.kind == *kind)
        };
        let state = self.read();
        let newest_first = state.events.values().rev().map(|row| &row.record);
        Ok(newest_first.filter(wanted).take(limit).cloned().collect())
    }
}
