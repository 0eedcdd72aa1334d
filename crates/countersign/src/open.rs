//! Opening: master key, store, engine, followers, in this order.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use countersign_engine::{
    Engine, Parts,
    guard::{Guard, time::SystemClock},
    master::MasterKeys,
    random::SystemRandom,
    store::{MetaStore, StoreError},
};
use countersign_http::{HttpConfig, Readiness};
use countersign_store::sqlite::{SqliteOptions, SqliteStore};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    Config, ConfigError, DatabaseUrl, OpenError, config::MasterKeySource, master_key_file,
};

/// A running Countersign: the engine with its followers, and what hosts need of it.
#[derive(Debug)]
pub struct Countersign {
    engine: Engine,
    http: HttpConfig,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Countersign {
    /// Opens the database, making it and its master key when there is none, and keeps the engine up
    /// to date from then on. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`] says what does not fit and what to do.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_with(config, |_| {}).await
    }

    /// The same with the seams filled: the application's own accounts, claims or clock.
    ///
    /// # Errors
    /// As [`Countersign::open`].
    pub async fn open_with(
        config: Config,
        fill: impl FnOnce(&mut Parts),
    ) -> Result<Self, OpenError> {
        let DatabaseUrl::Sqlite { path } = &config.database;
        let (store, master) = open_sqlite(path.clone(), config.master_key).await?;
        let (clock, random) = (Arc::new(SystemClock::new()), Arc::new(SystemRandom));
        let mut parts = Parts::new(config.engine, Arc::new(store), master, clock, random);
        fill(&mut parts);
        Ok(Self::around(Engine::open(parts).await?, config.http))
    }

    /// The same around an engine that was opened elsewhere, over another store above all. Must be
    /// called inside a tokio runtime.
    pub fn around(engine: Engine, http: HttpConfig) -> Self {
        let (stop, stopped) = watch::channel(false);
        let tasks = follow(&engine, &stopped);
        Self { engine, http, stop, tasks }
    }

    /// The operations.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The guard of the tokens, for the application's own routes.
    pub fn guard(&self) -> &Arc<Guard> {
        self.engine.guard()
    }

    /// What the routes are configured with, for a host that changes some of it.
    pub fn http(&self) -> &HttpConfig {
        &self.http
    }

    /// Whether requests are wanted here. Lower it before stopping; `/readyz` says it.
    pub fn readiness(&self) -> &Readiness {
        &self.http.readiness
    }

    /// Every route, those under the mount with the mount on their paths, the well-known ones at the
    /// root: to serve, or to merge into an application.
    ///
    /// # Errors
    /// When the configuration was changed into one that must not be used.
    pub fn router(&self) -> Result<Router, ConfigError> {
        Ok(countersign_http::mounted(self.engine.clone(), self.http.clone())?)
    }

    /// The same without the mount, for a host that takes it off the path itself
    /// ([`axum::Router::nest`], a framework that hands requests over in process).
    ///
    /// # Errors
    /// As [`Countersign::router`].
    pub fn nested_router(&self) -> Result<Router, ConfigError> {
        Ok(countersign_http::router(self.engine.clone(), self.http.clone())?)
    }

    /// Only what must stand at an application's root when the rest is nested.
    ///
    /// # Errors
    /// As [`Countersign::router`].
    pub fn well_known_router(&self) -> Result<Router, ConfigError> {
        Ok(countersign_http::well_known(self.engine.clone(), self.http.clone())?)
    }

    /// Stops following and closes the database, once everybody else has let go of the engine (a
    /// router holds on to it).
    pub async fn close(mut self) {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            // A task that panicked has ended, too.
            let _ = task.await;
        }
        // The last handle waits for the thread that writes; that must not block a worker.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Countersign {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Who the database belongs to.
///
/// # Errors
/// [`OpenError::NoDatabase`] when there is none, [`OpenError::Database`] when it cannot be read.
pub async fn stored_issuer(database: &DatabaseUrl) -> Result<Option<String>, OpenError> {
    let DatabaseUrl::Sqlite { path } = database;
    check_folder(path)?;
    if is_new(path)? {
        return Err(OpenError::NoDatabase { path: path.display().to_string() });
    }
    let store = open_store(existing(path)).await?;
    let meta = store.meta().await.map_err(|error| OpenError::store(&error))?;
    close_store(store).await;
    Ok(meta.map(|meta| meta.issuer))
}

/// Brings the schema of an existing database to this version; answers the version before and now.
///
/// # Errors
/// As [`stored_issuer`].
pub async fn migrate(database: &DatabaseUrl) -> Result<(usize, usize), OpenError> {
    let DatabaseUrl::Sqlite { path } = database;
    check_folder(path)?;
    if is_new(path)? {
        return Err(OpenError::NoDatabase { path: path.display().to_string() });
    }
    let mut options = SqliteOptions::new(path);
    options.create = false;
    let migrated = blocking(move || SqliteStore::migrate(&options)).await?;
    Ok((migrated.from, migrated.to))
}

fn follow(engine: &Engine, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone has stopped, too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let (follower, keeper) = (engine.clone(), engine.clone());
    let (first, second) = (until(stopped.clone()), until(stopped.clone()));
    vec![
        tokio::spawn(async move { follower.follow(first).await }),
        tokio::spawn(async move { keeper.keep_up(second).await }),
    ]
}

/// The master key first: it must be on disk before the database's first commit.
async fn open_sqlite(
    path: PathBuf,
    source: MasterKeySource,
) -> Result<(SqliteStore, MasterKeys), OpenError> {
    check_folder(&path)?;
    let key_path = match source {
        MasterKeySource::Text(text) => {
            let keys = master_key_file::parse(&text)?;
            return Ok((open_store(SqliteOptions::new(path)).await?, keys));
        }
        MasterKeySource::File(path) => path,
        MasterKeySource::BesideDatabase => master_key_file::beside(&path),
    };
    let keys = match settle_key(&key_path, &path)? {
        Some(keys) => keys,
        None => recover_key(&key_path, &path).await?,
    };
    Ok((open_store(SqliteOptions::new(path)).await?, keys))
}

/// The key in the file, or a new one for a new database. `None` when there is data without a key.
fn settle_key(key_path: &Path, database: &Path) -> Result<Option<MasterKeys>, OpenError> {
    if let Some(keys) = master_key_file::read(key_path)? {
        return Ok(Some(keys));
    }
    if is_new(database)? {
        return Ok(Some(master_key_file::create(key_path, &SystemRandom)?));
    }
    // Another process may have made both in between, the key first.
    Ok(master_key_file::read(key_path)?)
}

/// A database that has a schema and nothing in it may still be given a key; any other is refused,
/// and so is what is no database at all.
async fn recover_key(key_path: &Path, database: &Path) -> Result<MasterKeys, OpenError> {
    let store = open_store(existing(database)).await?;
    let meta = store.meta().await.map_err(|error| OpenError::store(&error))?;
    close_store(store).await;
    match meta {
        Some(_) => Err(master_key_file::missing(key_path).into()),
        None => Ok(master_key_file::create(key_path, &SystemRandom)?),
    }
}

/// Neither made nor changed by opening it.
fn existing(path: &Path) -> SqliteOptions {
    let mut options = SqliteOptions::new(path);
    options.create = false;
    options.migrate = false;
    options
}

async fn open_store(options: SqliteOptions) -> Result<SqliteStore, OpenError> {
    blocking(move || SqliteStore::open(&options)).await
}

async fn close_store(store: SqliteStore) {
    let _ = tokio::task::spawn_blocking(move || drop(store)).await;
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, OpenError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| OpenError::store(&error)),
        Err(error) => {
            Err(OpenError::Internal(format!("the database could not be opened: {error}")))
        }
    }
}

/// Whether there is no database yet. An empty file is one that was just made.
fn is_new(path: &Path) -> Result<bool, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(database(path, "it is a folder: name a file in it"))
        }
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(database(path, &format!("{error}: check the permissions of its folder"))),
    }
}

fn check_folder(path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(database(path, &format!("{} is no folder", folder.display()))),
        Err(error) => {
            let problem =
                format!("its folder {} cannot be used ({error}): make it first", folder.display());
            Err(database(path, &problem))
        }
    }
}

fn database(path: &Path, problem: &str) -> OpenError {
    OpenError::Database { problem: format!("{}: {problem}", path.display()) }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::*;
    use crate::MasterKeyError;

    fn config(path: &Path) -> Config {
        let url = format!("sqlite:///{}", path.display());
        Config::new(&url, "https://a.example", &["api"]).unwrap()
    }

    async fn status(router: Router, path: &str) -> u16 {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn it_opens_answers_closes_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        for _ in 0..2 {
            let mut config = config(&path);
            config.http.mount = "/auth".into();
            let auth = Countersign::open(config).await.unwrap();
            let router = auth.router().unwrap();
            assert_eq!(status(router.clone(), "/auth/readyz").await, 200);
            assert_eq!(status(router.clone(), "/.well-known/jwks.json").await, 200);
            assert_eq!(status(router, "/readyz").await, 404);
            assert_eq!(status(auth.nested_router().unwrap(), "/readyz").await, 200);
            auth.readiness().set(false);
            assert_eq!(status(auth.nested_router().unwrap(), "/readyz").await, 503);
            auth.close().await;
            assert!(!dir.path().join("a.db-wal").exists(), "the database was not closed");
        }
        let url = config(&path).database;
        assert_eq!(stored_issuer(&url).await.unwrap().as_deref(), Some("https://a.example"));
        let (from, to) = migrate(&url).await.unwrap();
        assert_eq!(from, to);
    }

    #[tokio::test]
    async fn a_database_without_data_is_given_a_key_one_with_data_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        // What stopped after the schema and before the first row.
        drop(SqliteStore::open(&SqliteOptions::new(&path)).unwrap());
        Countersign::open(config(&path)).await.unwrap().close().await;
        fs::remove_file(dir.path().join("a.db.key")).unwrap();
        let error = Countersign::open(config(&path)).await.unwrap_err();
        assert!(matches!(error, OpenError::MasterKey(MasterKeyError::Missing { .. })), "{error}");
        assert!(!dir.path().join("a.db.key").exists());
    }

    #[tokio::test]
    async fn dropped_it_stops_and_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        drop(Countersign::open(config(&path)).await.unwrap());
        Countersign::open(config(&path)).await.unwrap().close().await;
    }
}
