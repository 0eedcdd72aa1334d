//! The schema, and how a database gets there: an ordered list, run in one transaction.

use countersign_engine::store::{Result, StoreError};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::error::from_driver;

/// One step of the schema. What was released is never edited; the checksums see to it.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// In their order; the first one makes version 1.
const MIGRATIONS: &[Migration] =
    &[Migration { name: "0001_start", sql: include_str!("migrations/0001_start.sql") }];

/// `CSgn`: marks the file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x4353_676e;

/// Which schema version a database had, and has now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// The version before; 0 for a new database.
    pub from: usize,
    /// The version now.
    pub to: usize,
}

/// The version that this program needs.
pub(super) const fn current() -> usize {
    MIGRATIONS.len()
}

/// Refuses what is not ours, and what is newer than this program.
pub(super) fn recognise(connection: &Connection) -> Result<usize> {
    // Looked at first: another process that makes the tables meanwhile marks the file with them.
    let empty = is_empty(connection)?;
    let application = pragma(connection, "application_id")?;
    let version = usize::try_from(pragma(connection, "user_version")?).unwrap_or(usize::MAX);
    if application != APPLICATION_ID && !empty {
        return Err(StoreError::corrupt(
            "the file belongs to another application; give Countersign a file of its own",
        ));
    }
    if version > MIGRATIONS.len() {
        return Err(StoreError::corrupt(format_args!(
            "the database has schema version {version}, this program knows versions up to {}: \
             a newer Countersign wrote it; install that version, or restore a backup",
            MIGRATIONS.len()
        )));
    }
    Ok(version)
}

/// Refuses a database that is behind this program.
pub(super) fn require_current(connection: &Connection) -> Result<()> {
    let version = recognise(connection)?;
    if version < MIGRATIONS.len() {
        return Err(StoreError::corrupt(format_args!(
            "the database has schema version {version}, this program needs {}: \
             run `countersign migrate`",
            MIGRATIONS.len()
        )));
    }
    check(connection, version)
}

/// Brings the database to this program's version. Of two processes that try at once, the second
/// finds nothing left to do.
pub(super) fn migrate(connection: &mut Connection) -> Result<Migrated> {
    let version = recognise(connection)?;
    if version == MIGRATIONS.len() {
        check(connection, version)?;
        return Ok(Migrated { from: version, to: version });
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(from_driver)?;
    let from = recognise(&transaction)?;
    check(&transaction, from)?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(from) {
        apply(&transaction, number, migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(from_driver)?;
    transaction.commit().map_err(from_driver)?;
    Ok(Migrated { from, to: MIGRATIONS.len() })
}

fn apply(connection: &Connection, number: i64, migration: &Migration) -> Result<()> {
    if number == 1 {
        connection.execute_batch(CREATE_LOG).map_err(from_driver)?;
    }
    connection.execute_batch(migration.sql).map_err(from_driver)?;
    connection
        .execute(INSERT_LOG, params![number, migration.name, checksum(migration.sql)])
        .map_err(from_driver)?;
    connection.pragma_update(None, "user_version", number).map_err(from_driver)
}

const CREATE_LOG: &str = "CREATE TABLE migrations (version INTEGER PRIMARY KEY, \
     name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT";
const INSERT_LOG: &str = "INSERT INTO migrations (version, name, checksum) VALUES (?1, ?2, ?3)";
const FIND_LOG: &str = "SELECT checksum FROM migrations WHERE version = ?1";

/// Refuses a database that was made by other steps than ours.
fn check(connection: &Connection, version: usize) -> Result<()> {
    for (number, migration) in (1_i64..).zip(MIGRATIONS).take(version) {
        let made_by: Option<i64> = connection
            .query_row(FIND_LOG, [number], |row| row.get(0))
            .optional()
            .map_err(from_driver)?;
        if made_by != Some(checksum(migration.sql)) {
            return Err(StoreError::corrupt(format_args!(
                "migration {} of the database is not this program's: \
                 another build of Countersign made it",
                migration.name
            )));
        }
    }
    Ok(())
}

fn is_empty(connection: &Connection) -> Result<bool> {
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(from_driver)?;
    Ok(tables == 0)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(from_driver)
}

/// FNV-1a: it finds an edit, it does not resist an attacker, who could change the tables as well.
fn checksum(sql: &str) -> i64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    sql.bytes().fold(0xcbf2_9ce4_8422_2325, mix).cast_signed()
}
