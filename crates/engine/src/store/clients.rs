//! The clients' rows. The reserved first-party client is one of them from the first migration on.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{Effects, Result};
use crate::{
    clients::{Client, ClientChange},
    ids::ClientId,
};

/// The clients' rows.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Makes a client; `false` when the id is taken.
    async fn create_client(&self, client: &Client, effects: Effects) -> Result<bool>;

    /// The client of this id.
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>>;

    /// All clients in the order of their ids.
    async fn list_clients(&self) -> Result<Vec<Client>>;

    /// Changes a client; the row afterwards, or `None` when there is none.
    async fn change_client(
        &self,
        id: &ClientId,
        change: &ClientChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Client>>;

    /// Deletes a client and ends its live sessions (reason `EndedByAdmin`, one revocation each);
    /// `false` when there is none. The reserved first-party client stays: `false` too.
    async fn delete_client(&self, id: &ClientId, effects: Effects, now: Timestamp) -> Result<bool>;
}
