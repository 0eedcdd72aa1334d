//! The key ring.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{MemoryStore, State};
use crate::store::{Effects, Keys, Result, RingChange, StoredKey};

#[async_trait]
impl Keys for MemoryStore {
    async fn ring(&self) -> Result<(u64, Vec<StoredKey>)> {
        let state = self.read();
        Ok((state.ring_version, state.keys.values().cloned().collect()))
    }

    async fn change_ring(
        &self,
        change: RingChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|state| {
            let Some(keys) = state.changed(&change) else {
                return Ok(false);
            };
            state.log(effects, now)?;
            state.keys = keys;
            state.ring_version += 1;
            Ok(true)
        })
    }
}

impl State {
    /// The ring afterwards, when the change fits it.
    fn changed(&self, change: &RingChange) -> Option<std::collections::BTreeMap<u32, StoredKey>> {
        if change.version != self.ring_version {
            return None;
        }
        let mut keys = self.keys.clone();
        for key in &change.update {
            let held = keys.values_mut().find(|held| held.kid == key.kid)?;
            *held = StoredKey { position: held.position, ..key.clone() };
        }
        for key in &change.insert {
            if keys.values().any(|held| held.kid == key.kid || held.position == key.position) {
                return None;
            }
            keys.insert(key.position, key.clone());
        }
        Some(keys)
    }
}
