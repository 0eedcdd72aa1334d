//! The audit log.

use async_trait::async_trait;
use countersign_engine::{
    events::{Event, EventRecord},
    ids::{ClientId, UserId},
    store::{EventFilter, Events, Result, Timestamp},
};
use rusqlite::{Row, params};

use super::{
    SqliteStore,
    statements::{all, execute, statements},
    values::{At, Json, rows},
    writer::Tx,
};

statements! {
    INSERT_EVENT = "INSERT INTO events (at, kind, user_id, session_id, client_id, actor, address, \
        detail, coalesce_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
        ON CONFLICT (coalesce_key) WHERE coalesce_key IS NOT NULL \
        DO UPDATE SET count = min(count + 1, 4294967295)";
    LIST_EVENTS = "SELECT id, at, kind, user_id, session_id, client_id, actor, address, detail, \
        count FROM events WHERE id < ?1 AND (?2 IS NULL OR user_id = ?2) \
        AND (?3 IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4";
    /// Events stand nearly in the order of time, so that those in front are the only ones to look
    /// at.
    DELETE_OLD = "DELETE FROM events WHERE id IN (SELECT id FROM \
        (SELECT id, at FROM events ORDER BY id LIMIT ?2) WHERE at < ?1)";
}

#[async_trait]
impl Events for SqliteStore {
    async fn list_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<EventRecord>> {
        let filter = filter.clone();
        // Without an index on the user: writing it at each log-in costs more than an
        // administrator's rare search.
        self.scan(move |connection| {
            let before = filter.before.unwrap_or(i64::MAX);
            let user = filter.user_id.as_ref().map(UserId::as_str);
            let wanted = params![before, user, filter.kind, rows(limit)];
            all(connection, LIST_EVENTS, wanted, record_of)
        })
        .await
    }
}

/// Writes the events of a transaction.
pub(super) fn log(tx: &Tx<'_>, events: &[Event]) -> Result<()> {
    for event in events {
        let row = params![
            At(event.at),
            event.kind.as_str(),
            event.user_id.as_ref().map(UserId::as_str),
            event.session_id.map(|id| id.to_string()),
            event.client_id.as_ref().map(ClientId::as_str),
            event.actor,
            event.address,
            Json(&event.detail),
            event.coalesce,
        ];
        execute(tx, INSERT_EVENT, row)?;
    }
    Ok(())
}

/// Deletes events of before `before`; how many.
pub(super) fn delete_old(tx: &Tx<'_>, before: Timestamp, limit: usize) -> Result<usize> {
    execute(tx, DELETE_OLD, params![At(before), rows(limit)])
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<EventRecord> {
    Ok(EventRecord {
        id: row.get(0)?,
        at: row.get::<_, At>(1)?.0,
        kind: row.get(2)?,
        user_id: row.get(3)?,
        session_id: row.get(4)?,
        client_id: row.get(5)?,
        actor: row.get(6)?,
        address: row.get(7)?,
        detail: row.get::<_, Json<_>>(8)?.0,
        count: row.get(9)?,
    })
}
