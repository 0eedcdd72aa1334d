//! The key ring's rows.

use async_trait::async_trait;
use countersign_engine::store::{Effects, Keys, Result, RingChange, StoredKey, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore, events, revocations,
    statements::{all, execute, one, statements},
    values::{At, Count},
    writer::Tx,
};

statements! {
    VERSION = "SELECT version FROM ring";
    RAISE_VERSION = "UPDATE ring SET version = version + 1";
    LIST_KEYS = "SELECT position, kid, algorithm, public_jwk, private_key, published_at, \
        signs_from, verifies_until, compromised_at FROM keys ORDER BY position";
    INSERT_KEY = "INSERT INTO keys (position, kid, algorithm, public_jwk, private_key, \
        published_at, signs_from, verifies_until, compromised_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    UPDATE_KEY = "UPDATE keys SET algorithm = ?2, public_jwk = ?3, private_key = ?4, \
        published_at = ?5, signs_from = ?6, verifies_until = ?7, compromised_at = ?8 \
        WHERE kid = ?1";
}

#[async_trait]
impl Keys for SqliteStore {
    async fn ring(&self) -> Result<(u64, Vec<StoredKey>)> {
        self.snapshot(ring)
    }

    async fn change_ring(
        &self,
        change: RingChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(move |tx| {
            let (version, keys) = ring(tx)?;
            if version != change.version || !fits(&change, &keys) {
                return Ok(false);
            }
            change.update.iter().try_for_each(|key| update(tx, key))?;
            change.insert.iter().try_for_each(|key| insert(tx, key))?;
            execute(tx, RAISE_VERSION, [])?;
            events::log(tx, &effects.events)?;
            revocations::log(tx, &effects.revocations, now)?;
            Ok(true)
        })
        .await
    }
}

pub(super) fn ring(connection: &Connection) -> Result<(u64, Vec<StoredKey>)> {
    let version: Count = one(connection, VERSION, [], |row| row.get(0))?;
    Ok((version.0, all(connection, LIST_KEYS, [], key_of)?))
}

/// Whether what is inserted is new, and what is updated is there.
fn fits(change: &RingChange, keys: &[StoredKey]) -> bool {
    let clash = |a: &StoredKey, b: &StoredKey| a.position == b.position || a.kid == b.kid;
    let known = |key: &StoredKey| keys.iter().any(|held| held.kid == key.kid);
    let new = change.insert.iter().enumerate().all(|(index, key)| {
        let before = change.insert.iter().take(index);
        !keys.iter().chain(before).any(|held| clash(held, key))
    });
    new && change.update.iter().all(known)
}

fn insert(tx: &Tx<'_>, key: &StoredKey) -> Result<()> {
    let row = params![
        key.position,
        key.kid,
        key.algorithm,
        key.public_jwk,
        key.private_key,
        At(key.published_at),
        At(key.signs_from),
        key.verifies_until.map(At),
        key.compromised_at.map(At),
    ];
    execute(tx, INSERT_KEY, row).map(drop)
}

fn update(tx: &Tx<'_>, key: &StoredKey) -> Result<()> {
    let row = params![
        key.kid,
        key.algorithm,
        key.public_jwk,
        key.private_key,
        At(key.published_at),
        At(key.signs_from),
        key.verifies_until.map(At),
        key.compromised_at.map(At),
    ];
    execute(tx, UPDATE_KEY, row).map(drop)
}

fn key_of(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        position: row.get(0)?,
        kid: row.get(1)?,
        algorithm: row.get(2)?,
        public_jwk: row.get(3)?,
        private_key: row.get(4)?,
        published_at: row.get::<_, At>(5)?.0,
        signs_from: row.get::<_, At>(6)?.0,
        verifies_until: row.get::<_, Option<At>>(7)?.map(|at| at.0),
        compromised_at: row.get::<_, Option<At>>(8)?.map(|at| at.0),
    })
}
