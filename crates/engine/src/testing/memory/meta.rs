//! What the store says about itself, and its upkeep.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::MemoryStore;
use crate::{
    sessions::Session,
    store::{Meta, MetaSeed, MetaStore, Purged, Result, StoreError},
};

const DAY: Duration = Duration::from_secs(86_400);

#[async_trait]
impl MetaStore for MemoryStore {
    async fn meta(&self) -> Result<Option<Meta>> {
        Ok(self.read().meta.clone())
    }

    async fn init_meta(&self, seed: MetaSeed) -> Result<Meta> {
        self.write(|state| {
            let meta = state.meta.get_or_insert(Meta {
                issuer: seed.issuer,
                epoch: seed.epoch,
                max_access_ttl: seed.max_access_ttl,
                key_checks: seed.key_checks,
            });
            Ok(meta.clone())
        })
    }

    async fn raise_max_access_ttl(&self, at_least: Duration) -> Result<()> {
        self.write(|state| {
            let meta = state.meta.as_mut().ok_or_else(StoreError::uninitialised)?;
            meta.max_access_ttl = meta.max_access_ttl.max(at_least);
            Ok(())
        })
    }

    async fn add_key_check(&self, id: u8, check: [u8; 16]) -> Result<()> {
        self.write(|state| {
            let meta = state.meta.as_mut().ok_or_else(StoreError::uninitialised)?;
            meta.key_checks.entry(id).or_insert(check);
            Ok(())
        })
    }

    async fn purge(&self, now: Timestamp, keep_events: Duration, limit: usize) -> Result<Purged> {
        let over = |session: &Session| {
            let expired = session.idle_expires_at.min(session.absolute_expires_at);
            session.ended_at.unwrap_or(expired).min(expired) < now.minus(DAY)
        };
        self.write(|state| {
            Ok(Purged {
                sessions: drop_some(&mut state.sessions, limit, over),
                revocations: drop_some(&mut state.revocations, limit, |row| {
                    row.expires_at.is_some_and(|at| at <= now)
                }),
                budgets: drop_some(&mut state.budgets, limit, |full_at| *full_at <= now),
                events: drop_some(&mut state.events, limit, |row| {
                    row.record.at < now.minus(keep_events)
                }),
            })
        })
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}

/// Removes at most `limit` of what is `over`; how many.
fn drop_some<K: Clone + Ord, V>(
    rows: &mut BTreeMap<K, V>,
    limit: usize,
    over: impl Fn(&V) -> bool,
) -> u64 {
    let due = rows.iter().filter(|(_, row)| over(row)).map(|(key, _)| key.clone());
    let due: Vec<_> = due.take(limit).collect();
    for key in &due {
        rows.remove(key);
    }
    due.len() as u64
}
