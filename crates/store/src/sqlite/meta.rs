//! What a database says about itself, and its upkeep.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use countersign_engine::store::{Meta, MetaSeed, MetaStore, Purged, Result, StoreError, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore, budgets, events, revocations, sessions,
    statements::{all, execute, exists, optional, statements},
    values::Millis,
    writer::Tx,
};

statements! {
    FIND_META = "SELECT issuer, epoch, max_access_ttl FROM meta";
    LIST_CHECKS = "SELECT id, value FROM key_checks";
    INSERT_META = "INSERT INTO meta (one, issuer, epoch, max_access_ttl) VALUES (1, ?1, ?2, ?3)";
    INSERT_CHECK = "INSERT INTO key_checks (id, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    RAISE_TTL = "UPDATE meta SET max_access_ttl = max(max_access_ttl, ?1)";
    HAS_META = "SELECT 1 FROM meta";
    PING = "UPDATE pings SET count = count + 1";
}

/// A session stays for a day after its end, so that a late refresh is answered by what happened.
const KEEP_ENDED: Duration = Duration::from_secs(86_400);

#[async_trait]
impl MetaStore for SqliteStore {
    async fn meta(&self) -> Result<Option<Meta>> {
        self.snapshot(find)
    }

    async fn init_meta(&self, seed: MetaSeed) -> Result<Meta> {
        self.write(move |tx| {
            if let Some(meta) = find(tx)? {
                return Ok(meta);
            }
            let MetaSeed { issuer, epoch, max_access_ttl, key_checks } = seed;
            execute(tx, INSERT_META, params![issuer, epoch, Millis(max_access_ttl)])?;
            key_checks.iter().try_for_each(|(id, check)| add_check(tx, *id, *check))?;
            Ok(Meta { issuer, epoch, max_access_ttl, key_checks })
        })
        .await
    }

    async fn raise_max_access_ttl(&self, at_least: Duration) -> Result<()> {
        self.write(move |tx| match execute(tx, RAISE_TTL, [Millis(at_least)])? {
            0 => Err(StoreError::uninitialised()),
            _ => Ok(()),
        })
        .await
    }

    async fn add_key_check(&self, id: u8, check: [u8; 16]) -> Result<()> {
        self.write(move |tx| {
            if exists(tx, HAS_META, [])? {
                add_check(tx, id, check)
            } else {
                Err(StoreError::uninitialised())
            }
        })
        .await
    }

    async fn purge(&self, now: Timestamp, keep_events: Duration, limit: usize) -> Result<Purged> {
        let ended_before = now.minus(KEEP_ENDED);
        // The scans are done by a reader; the writer only looks again at what they found.
        let (over, full) = self
            .scan(move |connection| {
                let over = sessions::over(connection, ended_before, limit)?;
                Ok((over, budgets::full(connection, now, limit)?))
            })
            .await?;
        self.write(move |tx| {
            Ok(Purged {
                sessions: sessions::delete_over(tx, ended_before, &over)? as u64,
                revocations: revocations::delete_expired(tx, now, limit)? as u64,
                budgets: budgets::delete_full(tx, now, &full)? as u64,
                events: events::delete_old(tx, now.minus(keep_events), limit)? as u64,
            })
        })
        .await
    }

    async fn ping(&self) -> Result<()> {
        self.write(|tx| execute(tx, PING, []).map(drop)).await
    }
}

pub(super) fn find(connection: &Connection) -> Result<Option<Meta>> {
    let meta = optional(connection, FIND_META, [], |row| {
        Ok(Meta {
            issuer: row.get(0)?,
            epoch: row.get(1)?,
            max_access_ttl: row.get::<_, Millis>(2)?.0,
            key_checks: BTreeMap::new(),
        })
    })?;
    let Some(mut meta) = meta else {
        return Ok(None);
    };
    let check = |row: &Row<'_>| Ok((row.get::<_, u8>(0)?, row.get::<_, [u8; 16]>(1)?));
    meta.key_checks.extend(all(connection, LIST_CHECKS, [], check)?);
    Ok(Some(meta))
}

/// Refuses a database in which nobody has said anything yet.
pub(super) fn require(tx: &Tx<'_>) -> Result<()> {
    if exists(tx, HAS_META, [])? { Ok(()) } else { Err(StoreError::uninitialised()) }
}

fn add_check(tx: &Tx<'_>, id: u8, check: [u8; 16]) -> Result<()> {
    execute(tx, INSERT_CHECK, params![id, check]).map(drop)
}
