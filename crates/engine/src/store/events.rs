//! The audit log.

use async_trait::async_trait;

use super::Result;
use crate::{events::EventRecord, ids::UserId};

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those before this id: the newest come first.
    pub before: Option<i64>,
    /// Only this user's.
    pub user_id: Option<UserId>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// The audit log. It is written by [`super::Effects`]; an event with a `coalesce` key raises the
/// count of the row that has it.
#[async_trait]
pub trait Events: Send + Sync {
    /// Events, the newest first, at most `limit`.
    async fn list_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<EventRecord>>;
}
