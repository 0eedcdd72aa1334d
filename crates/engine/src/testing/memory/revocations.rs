//! The revocation log.

use std::time::Duration;

use async_trait::async_trait;
use countersign_guard::{
    revocation::{Cursor, Page},
    time::Timestamp,
};

use super::MemoryStore;
use crate::store::{Effects, Result, Revocations, StoreError};

#[async_trait]
impl Revocations for MemoryStore {
    async fn write(&self, effects: Effects, now: Timestamp) -> Result<()> {
        MemoryStore::write(self, |state| state.log(effects, now))
    }

    async fn revocations(
        &self,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page> {
        let state = self.read();
        let epoch = state.meta.as_ref().ok_or_else(StoreError::uninitialised)?.epoch;
        let known = after.filter(|cursor| cursor.epoch == epoch && cursor.seq <= state.head);
        let from = known.map_or(0, |cursor| cursor.seq);
        let mut live = state
            .revocations
            .range(from.saturating_add(1)..)
            .map(|(_, row)| row)
            .filter(|row| row.expires_at.is_none_or(|at| at > now));
        let rows: Vec<_> = live.by_ref().take(limit).cloned().collect();
        let more = live.next().is_some();
        let last = rows.last().map_or(from, |row| row.seq);
        Ok(Page { epoch, from, to: if more { last } else { state.head }, rows, more })
    }

    async fn wait_for_revocation(&self, seq: u64, at_most: Duration) -> Result<()> {
        let mut head = self.head.subscribe();
        // Both a head that moved and a wait that is over are answers.
        let _ = tokio::time::timeout(at_most, head.wait_for(|head| *head > seq)).await;
        Ok(())
    }
}
