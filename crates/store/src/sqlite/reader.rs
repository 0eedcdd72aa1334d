//! Reading: a few read-only connections, used on the thread that asks.
//!
//! A read takes some microseconds from the page cache; handing it to another thread would cost ten
//! times that. What scans is handed over nevertheless ([`super::SqliteStore`] decides).

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use countersign_engine::store::Result;
use rusqlite::{Connection, OpenFlags};

use super::{CACHED_STATEMENTS, SqliteOptions, error::from_driver};

/// The read-only connections that nobody uses at the moment.
pub(super) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    keep: usize,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(options: &SqliteOptions) -> Self {
        Self {
            path: options.path.clone(),
            busy_timeout: options.busy_timeout,
            keep: options.idle_readers,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Runs `work`; each of its statements sees what is committed by then.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.take()?;
        let answer = work(&connection);
        // One that failed may be at fault itself; the next read opens another.
        if answer.is_ok() {
            self.give_back(connection);
        }
        answer
    }

    /// Runs `work`; all of its statements see the same instant.
    pub(super) fn snapshot<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction().map_err(from_driver)?;
            let answer = work(&snapshot)?;
            snapshot.commit().map_err(from_driver)?;
            Ok(answer)
        })
    }

    fn take(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.keep {
            idle.push(connection);
        }
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(from_driver)?;
        connection.busy_timeout(self.busy_timeout).map_err(from_driver)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Ok(connection)
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}
