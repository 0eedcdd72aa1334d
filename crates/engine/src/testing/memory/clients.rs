//! The clients.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::MemoryStore;
use crate::{
    clients::{Client, ClientChange},
    ids::ClientId,
    sessions::{EndReason, Session},
    store::{Clients, Effects, Result},
};

#[async_trait]
impl Clients for MemoryStore {
    async fn create_client(&self, client: &Client, effects: Effects) -> Result<bool> {
        self.write(|state| {
            if state.clients.contains_key(&client.id) {
                return Ok(false);
            }
            state.log(effects, client.created_at)?;
            state.clients.insert(client.id.clone(), client.clone());
            Ok(true)
        })
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>> {
        Ok(self.read().clients.get(id).cloned())
    }

    async fn list_clients(&self) -> Result<Vec<Client>> {
        Ok(self.read().clients.values().cloned().collect())
    }

    async fn change_client(
        &self,
        id: &ClientId,
        change: &ClientChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Client>> {
        self.write(|state| {
            if !state.clients.contains_key(id) {
                return Ok(None);
            }
            state.log(effects, now)?;
            let Some(client) = state.clients.get_mut(id) else {
                return Ok(None);
            };
            match change {
                ClientChange::Secret(hash) => client.secret_hash = Some(*hash),
                ClientChange::Disable => client.disabled = true,
                ClientChange::Enable => client.disabled = false,
            }
            Ok(Some(client.clone()))
        })
    }

    async fn delete_client(&self, id: &ClientId, effects: Effects, now: Timestamp) -> Result<bool> {
        self.write(|state| {
            if id.is_first_party() || !state.clients.contains_key(id) {
                return Ok(false);
            }
            let theirs = |session: &&Session| session.client_id == *id && session.is_live(now);
            let ended: Vec<_> = state.sessions.values().filter(theirs).cloned().collect();
            let logged = ended.iter().fold(effects, |all, session| all.revoking(session.target()));
            state.log(logged, now)?;
            for session in ended {
                state.end(session.id, EndReason::EndedByAdmin, now);
            }
            state.clients.remove(id);
            Ok(true)
        })
    }
}
