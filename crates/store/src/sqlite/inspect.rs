//! Looking at a database without making, changing or migrating anything: for diagnosis, also while
//! others use it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use countersign_engine::store::{Meta, Result, StoredKey, Timestamp};
use rusqlite::{Connection, OpenFlags};

use super::{
    error::from_driver,
    keys, meta, migrations, naming,
    statements::{one, optional, statements},
    values::{At, Count},
};

statements! {
    LAST_EVENT = "SELECT at FROM events ORDER BY id DESC LIMIT 1";
    LAST_SESSION = "SELECT created_at FROM sessions ORDER BY id DESC LIMIT 1";
    COUNT_LIVE = "SELECT count(*) FROM revocations WHERE expires_at IS NULL OR expires_at > ?1";
    COUNT_CLIENTS = "SELECT count(*) FROM clients WHERE id <> 'first-party' \
        AND kind <> 'resource_server' AND disabled = 0";
    COUNT_FOREIGN = "SELECT count(*) FROM users WHERE deleted_at IS NULL \
        AND password_hash IS NOT NULL AND substr(password_hash, 1, 10) <> '$argon2id$'";
}

/// What a database says of itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The version of its schema; 0 when it is empty.
    pub schema: usize,
    /// The version that this program needs. What follows is read only where both are the same.
    pub needed: usize,
    /// Its `meta` row.
    pub meta: Option<Meta>,
    /// When the newest of its rows was written, by the clock of whoever wrote it.
    pub newest: Option<Timestamp>,
    /// How many revocations every verifier holds at the moment.
    pub revocations: u64,
    /// How many clients of other parties may ask for tokens.
    pub clients: u64,
    /// How many users have a password hash that is not Argon2id yet.
    pub foreign_hashes: u64,
    /// The signing keys.
    pub keys: Vec<StoredKey>,
    /// A write-ahead log stands beside it that could not be read without making a file.
    pub log_ignored: bool,
}

/// Looks at the database in this file.
///
/// # Errors
/// `Unavailable` when it cannot be read, `Corrupt` when it is no database or another application's.
pub fn inspect(path: &Path, now: Timestamp) -> Result<Inspection> {
    look(path, now).map_err(|error| naming(path, error))
}

fn look(path: &Path, now: Timestamp) -> Result<Inspection> {
    let (connection, log_ignored) = open(path)?;
    let snapshot = connection.unchecked_transaction().map_err(from_driver)?;
    let schema = migrations::recognise(&snapshot)?;
    let mut found = Inspection {
        schema,
        needed: migrations::current(),
        meta: None,
        newest: None,
        revocations: 0,
        clients: 0,
        foreign_hashes: 0,
        keys: Vec::new(),
        log_ignored,
    };
    if found.schema == found.needed {
        read(&snapshot, now, &mut found)?;
    }
    Ok(found)
}

fn read(connection: &Connection, now: Timestamp, found: &mut Inspection) -> Result<()> {
    let count = |sql| one(connection, sql, [], |row| Ok(row.get::<_, Count>(0)?.0));
    let instant = |sql| optional(connection, sql, [], |row| Ok(row.get::<_, At>(0)?.0));
    found.meta = meta::find(connection)?;
    found.keys = keys::ring(connection)?.1;
    found.newest = instant(LAST_EVENT)?.max(instant(LAST_SESSION)?);
    found.revocations =
        one(connection, COUNT_LIVE, [At(now)], |row| Ok(row.get::<_, Count>(0)?.0))?;
    found.clients = count(COUNT_CLIENTS)?;
    found.foreign_hashes = count(COUNT_FOREIGN)?;
    Ok(())
}

/// Opens it without making a file. SQLite needs the index beside the write-ahead log, and would make
/// one: where there is none, nobody has the database open, and the file is read as it is.
fn open(path: &Path) -> Result<(Connection, bool)> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let shared = beside("-shm").exists();
    let log = fs::metadata(beside("-wal")).is_ok_and(|log| log.len() > 0);
    let options = if shared { "mode=ro&readonly_shm=1" } else { "immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, options), flags).map_err(from_driver)?;
    connection.busy_timeout(Duration::from_secs(2)).map_err(from_driver)?;
    Ok((connection, log && !shared))
}

/// SQLite's URI of a file; `%`, `?` and `#` would end or change the path.
fn uri(path: &Path, options: &str) -> String {
    let path = path.to_string_lossy();
    let escaped = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // Two slashes at the beginning would be a host.
    let escaped = escaped.trim_start_matches('/');
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("file:{root}{escaped}?{options}")
}
