//! The store in one SQLite file, shared by threads and by processes on one host.

mod budgets;
mod clients;
mod error;
mod events;
mod inspect;
mod keys;
mod meta;
mod migrations;
mod reader;
mod revocations;
mod sessions;
mod statements;
#[cfg(test)]
mod tests;
mod users;
mod values;
mod writer;

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use countersign_engine::store::{Result, StoreError};
use rusqlite::{Connection, OpenFlags};

use self::{
    error::{from_driver, is_busy},
    reader::Readers,
    writer::{Tx, Writer},
};
pub use self::{
    inspect::{Inspection, inspect},
    migrations::Migrated,
};

/// More than there are statements, so that none is ever prepared twice.
const CACHED_STATEMENTS: usize = 128;

/// Where the database is, and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// The file. Its write-ahead log and its index stand beside it.
    pub path: PathBuf,
    /// Make the file when there is none (mode 0600).
    pub create: bool,
    /// Bring an older schema to this program's version; a database that is behind is refused
    /// otherwise.
    pub migrate: bool,
    /// So many writes may wait; beyond that the answer is `Unavailable` at once.
    pub queue: usize,
    /// So many writes share one commit at most.
    pub batch: usize,
    /// So many read-only connections are kept when nobody uses them.
    pub idle_readers: usize,
    /// For so long another process may hold the lock before a write fails.
    pub busy_timeout: Duration,
}

impl SqliteOptions {
    /// The file at `path`, made when there is none, and migrated.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            create: true,
            migrate: true,
            queue: 4096,
            batch: 256,
            idle_readers: 8,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

/// The store in one SQLite file; a handle that is cheap to clone.
///
/// Writes that are acknowledged are on disk. Dropping the last handle finishes what is queued.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    // Dropped first, so that the writer closes the file last and brings the log home.
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or locked; `Corrupt` when it is no database,
    /// another application's, or of a schema that this program does not know.
    pub fn open(options: &SqliteOptions) -> Result<Self> {
        let mut connection = connect(options)?;
        if options.migrate {
            migrations::migrate(&mut connection)?;
        } else {
            migrations::require_current(&connection)?;
        }
        let head = revocations::head(&connection)?;
        let writer = Writer::start(connection, options, head)?;
        Ok(Self { inner: Arc::new(Inner { readers: Readers::new(options), writer }) })
    }

    /// Brings the schema of the database to this program's version, and closes it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn migrate(options: &SqliteOptions) -> Result<Migrated> {
        migrations::migrate(&mut connect(options)?)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.inner.readers.read(work)
    }

    fn snapshot<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.inner.readers.snapshot(work)
    }

    /// For what may scan a table: on a thread that may block.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        let scan = tokio::task::spawn_blocking(move || inner.readers.read(work));
        scan.await.map_err(StoreError::unavailable)?
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.inner.writer.write(work).await
    }
}

/// The connection that writes, on a file that is ours.
fn connect(options: &SqliteOptions) -> Result<Connection> {
    if options.create {
        create_file(&options.path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&options.path, flags)
        .map_err(from_driver)
        .map_err(|error| naming(&options.path, error))?;
    connection.busy_timeout(options.busy_timeout).map_err(from_driver)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Before anything is changed about a file that may be somebody else's.
    migrations::recognise(&connection).map_err(|error| naming(&options.path, error))?;
    use_write_ahead_log(&connection, options.busy_timeout)?;
    connection.execute_batch(SETTINGS).map_err(from_driver)?;
    Ok(connection)
}

/// `FULL`: a commit is on disk when it is acknowledged. The cache is in KiB; the log is brought home
/// at 16 MiB and cut to 64 MiB.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 67108864;
";

/// Makes an empty file that only its owner may read, whatever the umask is; SQLite gives the files
/// beside it the same mode.
fn create_file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(naming(path, StoreError::unavailable(error))),
    }
}

/// Two processes that open a new file at once meet here; SQLite does not wait by itself then.
fn use_write_ahead_log(connection: &Connection, busy_timeout: Duration) -> Result<()> {
    let started = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::unavailable(format_args!(
                    "the journal mode stays {mode}: the file system cannot share memory, as \
                     network file systems cannot; put the database on a local disk"
                )));
            }
            Err(error) if is_busy(&error) && started.elapsed() < busy_timeout => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(from_driver(error)),
        }
    }
}

fn naming(path: &Path, error: StoreError) -> StoreError {
    let path = path.display();
    match error {
        StoreError::Corrupt { reason } => StoreError::corrupt(format_args!("{path}: {reason}")),
        other => StoreError::unavailable(format_args!("{path}: {other}")),
    }
}
