//! Opening: what is refused, with which words, and who may read the files.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, thread, time::Duration};

use countersign_engine::{
    store::{Effects, MetaSeed, MetaStore, StoreError, Timestamp, Users},
    users::User,
};
use countersign_store::sqlite::{Migrated, SqliteOptions, SqliteStore, inspect};
use rusqlite::Connection;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);

fn folder() -> (TempDir, SqliteOptions) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("auth.db"));
    (folder, options)
}

fn seed() -> MetaSeed {
    MetaSeed {
        issuer: "https://issuer.example".to_owned(),
        epoch: [1; 16],
        max_access_ttl: Duration::from_secs(900),
        key_checks: Default::default(),
    }
}

fn corrupt(options: &SqliteOptions) -> String {
    match SqliteStore::open(options) {
        Err(StoreError::Corrupt { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

fn unavailable(options: &SqliteOptions) -> String {
    match SqliteStore::open(options) {
        Err(StoreError::Unavailable { reason, outcome_unknown: false }) => reason,
        other => panic!("{other:?}"),
    }
}

fn assert_names(message: &str, options: &SqliteOptions, says: &str) {
    assert!(message.contains(options.path.to_str().unwrap()), "{message}");
    assert!(message.contains(says), "{message}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let (folder, options) = folder();
    let store = SqliteStore::open(&options).unwrap();
    store.init_meta(seed()).await.unwrap();
    for name in ["auth.db", "auth.db-wal", "auth.db-shm"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let (_folder, options) = folder();
    let user = User::new("ada".parse().unwrap(), Timestamp::from_seconds(1));
    {
        let store = SqliteStore::open(&options).unwrap();
        store.init_meta(seed()).await.unwrap();
        store.create_user(&user, Effects::default()).await.unwrap();
    }
    let store = SqliteStore::open(&options).unwrap();
    assert_eq!(store.find_user(&user.id).await.unwrap(), Some(user));
    assert_eq!(store.meta().await.unwrap().unwrap().epoch, [1; 16]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (folder, options) = folder();
    let content = b"no database, but longer than the header of one would be: ".repeat(20);
    fs::write(&options.path, &content).unwrap();
    assert_names(&corrupt(&options), &options, "no SQLite database");
    assert_eq!(fs::read(&options.path).unwrap(), content);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn another_applications_database_is_refused_and_left_alone() {
    let (_folder, options) = folder();
    let other = Connection::open(&options.path).unwrap();
    other.execute_batch("CREATE TABLE users (id INTEGER); PRAGMA user_version = 1;").unwrap();
    drop(other);
    let before = fs::read(&options.path).unwrap();
    assert_names(&corrupt(&options), &options, "another application");
    assert_eq!(fs::read(&options.path).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused_and_says_what_to_do() {
    let (_folder, options) = folder();
    drop(SqliteStore::open(&options).unwrap());
    let newer = Connection::open(&options.path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    let message = corrupt(&options);
    assert_names(&message, &options, "schema version 99");
    assert!(message.contains("newer Countersign"), "{message}");
}

#[test]
fn another_builds_schema_is_refused() {
    let (_folder, options) = folder();
    drop(SqliteStore::open(&options).unwrap());
    let edited = Connection::open(&options.path).unwrap();
    edited.execute_batch("UPDATE migrations SET checksum = checksum + 1").unwrap();
    drop(edited);
    assert!(corrupt(&options).contains("0001_start"));
}

#[test]
fn what_cannot_be_opened_is_unavailable_and_named() {
    let (folder, mut options) = folder();
    options.create = false;
    assert_names(&unavailable(&options), &options, "unable to open");
    options.create = true;
    options.path = folder.path().join("missing/auth.db");
    assert_names(&unavailable(&options), &options, "No such file");
    options.path = folder.path().to_owned();
    assert_names(&unavailable(&options), &options, "unable to open");
}

#[test]
fn a_schema_that_is_behind_is_refused_unless_it_may_be_migrated() {
    let (_folder, mut options) = folder();
    options.migrate = false;
    assert!(corrupt(&options).contains("countersign migrate"));
    assert_eq!(SqliteStore::migrate(&options).unwrap(), Migrated { from: 0, to: 1 });
    assert_eq!(SqliteStore::migrate(&options).unwrap(), Migrated { from: 1, to: 1 });
    SqliteStore::open(&options).unwrap();
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let (_folder, options) = folder();
        let open = || SqliteStore::open(&options).map(drop);
        let answers: Vec<_> = thread::scope(|scope| {
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for answer in answers {
            answer.unwrap();
        }
    }
}

/// What stands in a folder, with sizes and times.
fn standing(folder: &Path) -> Vec<(String, u64, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut seen: Vec<_> = entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, metadata.len(), metadata.modified().unwrap())
        })
        .collect();
    seen.sort();
    seen
}

#[tokio::test]
async fn an_inspection_sees_what_is_committed_and_makes_nothing() {
    let (folder, options) = folder();
    assert!(inspect(&options.path, NOW).is_err());
    assert_eq!(standing(folder.path()), []);
    let store = SqliteStore::open(&options).unwrap();
    store.init_meta(seed()).await.unwrap();
    // In the write-ahead log only.
    let before = standing(folder.path());
    let found = inspect(&options.path, NOW).unwrap();
    assert_eq!(found.meta.unwrap().issuer, "https://issuer.example");
    assert_eq!((found.schema, found.log_ignored), (found.needed, false));
    assert_eq!(standing(folder.path()), before);
    drop(store);
    let before = standing(folder.path());
    assert_eq!(before.len(), 1, "it was closed");
    assert!(inspect(&options.path, NOW).unwrap().meta.is_some());
    assert_eq!(standing(folder.path()), before);
}

#[tokio::test]
async fn an_inspection_survives_odd_names_and_a_log_without_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("a?b#c%20 d.db"));
    let store = SqliteStore::open(&options).unwrap();
    store.init_meta(seed()).await.unwrap();
    assert!(inspect(&options.path, NOW).unwrap().meta.is_some());
    // As a copy of the files would be that leaves the index out.
    let copy = tempfile::tempdir().unwrap();
    for name in ["a?b#c%20 d.db", "a?b#c%20 d.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let before = standing(copy.path());
    let path = copy.path().join("a?b#c%20 d.db");
    // Whatever of it can be read, it says that it is not all, and makes no index.
    match inspect(&path, NOW) {
        Ok(found) => assert!(found.log_ignored),
        Err(error) => assert!(error.to_string().contains("a?b#c%20 d.db"), "{error}"),
    }
    assert_eq!(standing(copy.path()), before);
    fs::write(&path, "no database, though it is long enough to be looked at by SQLite").unwrap();
    assert!(inspect(&path, NOW).unwrap_err().to_string().contains("no SQLite database"));
}
