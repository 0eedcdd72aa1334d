//! The revocation log.

use std::time::Duration;

use async_trait::async_trait;
use countersign_engine::store::{
    Cursor, Effects, Page, Result, Revocations, Row as LogRow, StoreError, Target, Timestamp,
    revocation_expiry,
};
use rusqlite::{Connection, Row, params, types::FromSqlError};

use super::{
    SqliteStore, events,
    statements::{all, execute, one, optional, statements},
    values::{At, Count, Millis, rows},
    writer::Tx,
};

statements! {
    HEAD = "SELECT seq FROM revocation_head";
    /// The last lock of a transaction that revokes: the numbers rise in the order of commits.
    MOVE_HEAD = "UPDATE revocation_head SET seq = seq + ?1 RETURNING seq";
    MAX_ACCESS_TTL = "SELECT max_access_ttl FROM meta";
    EPOCH = "SELECT epoch FROM meta";
    INSERT_REVOCATION = "INSERT INTO revocations (seq, kind, target_id, below, disabled, \
        expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    LIST_REVOCATIONS = "SELECT seq, kind, target_id, below, disabled, expires_at \
        FROM revocations WHERE seq > ?1 AND (expires_at IS NULL OR expires_at > ?2) \
        ORDER BY seq LIMIT ?3";
    /// Rows expire nearly in their order, so that those in front are the only ones to look at.
    DELETE_EXPIRED = "DELETE FROM revocations WHERE seq IN (SELECT seq FROM \
        (SELECT seq, expires_at FROM revocations WHERE expires_at IS NOT NULL \
        ORDER BY seq LIMIT ?2) WHERE expires_at <= ?1)";
}

/// How long it takes at most to see what another process has written.
const POLL: Duration = Duration::from_millis(20);

#[async_trait]
impl Revocations for SqliteStore {
    async fn write(&self, effects: Effects, now: Timestamp) -> Result<()> {
        SqliteStore::write(self, move |tx| {
            events::log(tx, &effects.events)?;
            log(tx, &effects.revocations, now)
        })
        .await
    }

    async fn revocations(
        &self,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page> {
        self.snapshot(|connection| page(connection, after, limit, now))
    }

    async fn wait_for_revocation(&self, seq: u64, at_most: Duration) -> Result<()> {
        let moved = async {
            let mut known = self.inner.writer.head();
            while *known.borrow_and_update() <= seq && self.read(head)? <= seq {
                // Either way the head is looked at again.
                let _ = tokio::time::timeout(POLL, known.changed()).await;
            }
            Ok(())
        };
        tokio::time::timeout(at_most, moved).await.unwrap_or(Ok(()))
    }
}

/// Where the log stands.
pub(super) fn head(connection: &Connection) -> Result<u64> {
    one(connection, HEAD, [], |row| row.get::<_, Count>(0)).map(|seq| seq.0)
}

/// Writes the revocations of a transaction; the last thing it does.
pub(super) fn log(tx: &Tx<'_>, targets: &[Target], now: Timestamp) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let ttl: Millis = optional(tx, MAX_ACCESS_TTL, [], |row| row.get(0))?
        .ok_or_else(StoreError::uninitialised)?;
    let many = Count(targets.len() as u64);
    let last: Count = one(tx, MOVE_HEAD, [many], |row| row.get(0))?;
    for (seq, target) in (last.0 - many.0 + 1..).zip(targets) {
        insert(tx, seq, target, revocation_expiry(target, now, ttl.0))?;
    }
    tx.head_moved(last.0);
    Ok(())
}

/// Deletes rows that have expired; how many.
pub(super) fn delete_expired(tx: &Tx<'_>, now: Timestamp, limit: usize) -> Result<usize> {
    execute(tx, DELETE_EXPIRED, params![At(now), rows(limit)])
}

fn insert(tx: &Tx<'_>, seq: u64, target: &Target, expires_at: Option<Timestamp>) -> Result<()> {
    let (kind, id, below, disabled) = match target {
        Target::Token { id } => ("token", Some(id), None, None),
        Target::Session { id } => ("session", Some(id), None, None),
        Target::User { id, below } => ("user", Some(id), Some(*below), None),
        Target::Client { id, disabled } => ("client", Some(id), None, Some(*disabled)),
        Target::Key { id } => ("key", Some(id), None, None),
        Target::Ring => ("ring", None, None, None),
    };
    let row = params![Count(seq), kind, id, below, disabled, expires_at.map(At)];
    execute(tx, INSERT_REVOCATION, row).map(drop)
}

fn page(
    connection: &Connection,
    after: Option<Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<Page> {
    let epoch =
        optional(connection, EPOCH, [], |row| row.get(0))?.ok_or_else(StoreError::uninitialised)?;
    let head = head(connection)?;
    let known = after.filter(|cursor| cursor.epoch == epoch && cursor.seq <= head);
    let from = known.map_or(0, |cursor| cursor.seq);
    let wanted = params![Count(from), At(now), rows(limit.saturating_add(1))];
    let mut rows = all(connection, LIST_REVOCATIONS, wanted, row_of)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map_or(from, |row| row.seq);
    Ok(Page { epoch, from, to: if more { last } else { head }, rows, more })
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<LogRow> {
    let kind = row.get_ref(1)?.as_str()?;
    let target = match kind {
        "token" => Target::Token { id: row.get(2)? },
        "session" => Target::Session { id: row.get(2)? },
        "user" => Target::User { id: row.get(2)?, below: row.get(3)? },
        "client" => Target::Client { id: row.get(2)?, disabled: row.get(4)? },
        "key" => Target::Key { id: row.get(2)? },
        "ring" => Target::Ring,
        _ => return Err(FromSqlError::InvalidType.into()),
    };
    let expires_at = row.get::<_, Option<At>>(5)?.map(|at| at.0);
    Ok(LogRow { seq: row.get::<_, Count>(0)?.0, target, expires_at })
}
