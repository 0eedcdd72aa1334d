//! The audit log.

use countersign_engine::events::EventRecord;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::time::rfc3339;

/// One row of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventBody {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    at: String,
    #[schema(example = "login.succeeded")]
    kind: String,
    #[schema(required)]
    user_id: Option<String>,
    #[schema(required)]
    session_id: Option<String>,
    #[schema(required)]
    client_id: Option<String>,
    /// Who did it, when that is somebody else: an administrator's id, or `cli`.
    #[schema(required)]
    actor: Option<String>,
    #[schema(required, example = "203.0.113.9")]
    address: Option<String>,
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// How often, where equal events share a row.
    #[schema(example = 1)]
    count: u32,
}

impl From<EventRecord> for EventBody {
    fn from(event: EventRecord) -> Self {
        Self {
            id: event.id,
            at: rfc3339(event.at),
            kind: event.kind,
            user_id: event.user_id,
            session_id: event.session_id,
            client_id: event.client_id,
            actor: event.actor,
            address: event.address,
            detail: event.detail,
            count: event.count,
        }
    }
}

/// Rows of the audit log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventList)]
pub struct EventListBody {
    events: Vec<EventBody>,
}

impl From<Vec<EventRecord>> for EventListBody {
    fn from(events: Vec<EventRecord>) -> Self {
        Self { events: events.into_iter().map(Into::into).collect() }
    }
}
