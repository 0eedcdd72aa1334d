//! Tests that look inside: the statements, and the writer when something goes wrong.

use std::{sync::mpsc, time::Duration};

use countersign_engine::{
    events::{Event, EventKind},
    ids::UserId,
    store::{
        CreateUserOutcome, Effects, EventFilter, Events, MetaSeed, MetaStore, Revocations, Target,
        Timestamp, Users,
    },
    users::User,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);

fn open_with(change: impl FnOnce(&mut SqliteOptions)) -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SqliteOptions::new(folder.path().join("auth.db"));
    change(&mut options);
    (SqliteStore::open(&options).unwrap(), folder)
}

fn open() -> (SqliteStore, TempDir) {
    open_with(|_| {})
}

async fn initialise(store: &SqliteStore) {
    let seed = MetaSeed {
        issuer: "https://issuer.example".to_owned(),
        epoch: [1; 16],
        max_access_ttl: Duration::from_secs(900),
        key_checks: Default::default(),
    };
    store.init_meta(seed).await.unwrap();
}

fn user(name: &str) -> User {
    let id: UserId = name.parse().unwrap();
    User { username: Some(name.to_owned()), ..User::new(id, NOW) }
}

async fn create(store: &SqliteStore, name: &str) -> Result<CreateUserOutcome> {
    store.create_user(&user(name), Effects::default()).await
}

async fn exists(store: &SqliteStore, name: &str) -> bool {
    store.find_user(&name.parse().unwrap()).await.unwrap().is_some()
}

fn is_unavailable<T: std::fmt::Debug>(answer: &Result<T>, unknown: bool) -> bool {
    matches!(answer, Err(StoreError::Unavailable { outcome_unknown, .. })
        if *outcome_unknown == unknown)
}

#[tokio::test]
async fn every_statement_can_be_prepared_on_an_empty_database() {
    let (store, _folder) = open();
    let files = [
        budgets::ALL,
        clients::ALL,
        events::ALL,
        inspect::ALL,
        keys::ALL,
        meta::ALL,
        revocations::ALL,
        sessions::ALL,
        users::ALL,
        writer::ALL,
    ];
    let count: usize = files.iter().map(|statements| statements.len()).sum();
    assert!(count < CACHED_STATEMENTS, "{count} statements would push each other out");
    store
        .read(|connection| {
            for sql in files.into_iter().flatten() {
                connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_runs_often_never_scans_a_table() {
    let (store, _folder) = open();
    let may_scan = ["revocation_head", "meta", "ring", "key_checks", "pings"];
    let scans = [
        "SELECT id FROM sessions",
        "SELECT key, rate_count",
        "FROM users WHERE id > ?1",
        "FROM events WHERE",
        "DELETE FROM",
        "FROM clients ORDER BY",
        "FROM keys ORDER BY",
    ];
    let statements =
        [budgets::ALL, clients::ALL, events::ALL, revocations::ALL, sessions::ALL, users::ALL];
    store
        .read(|connection| {
            for sql in statements.into_iter().flatten() {
                if scans.iter().any(|part| sql.contains(part)) {
                    continue;
                }
                for step in plan(connection, sql) {
                    let named = may_scan.iter().any(|table| step.contains(table));
                    assert!(!step.starts_with("SCAN") || named, "{sql}: {step}");
                    assert!(!step.contains("TEMP B-TREE"), "{sql}: {step}");
                }
            }
            Ok(())
        })
        .unwrap();
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = explained.parameter_count();
    let nulls = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, unbound));
    let steps = explained.query_map(nulls, |row| row.get("detail")).unwrap();
    steps.map(rusqlite::Result::unwrap).collect()
}

/// Keeps the writer busy until the sender is dropped, so that what follows shares a transaction.
fn hold(store: &SqliteStore) -> (mpsc::Sender<()>, JoinHandle<Result<()>>) {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let store = store.clone();
    let task = tokio::spawn(async move {
        store
            .write(move |_| {
                started.send(()).unwrap();
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    running.recv().unwrap();
    (release, task)
}

/// Starts a write and lets it reach the queue.
async fn queued<T: Send + 'static>(
    write: impl Future<Output = Result<T>> + Send + 'static,
) -> JoinHandle<Result<T>> {
    let task = tokio::spawn(write);
    tokio::time::sleep(Duration::from_millis(20)).await;
    task
}

fn creating(
    store: &SqliteStore,
    name: &'static str,
) -> impl Future<Output = Result<CreateUserOutcome>> + Send + 'static {
    let store = store.clone();
    async move { create(&store, name).await }
}

fn failing(
    store: &SqliteStore,
    work: impl FnOnce(&Tx<'_>) -> Result<()> + Send + 'static,
) -> impl Future<Output = Result<()>> + Send + 'static {
    let store = store.clone();
    async move { store.write(work).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_fails_undoes_only_itself() {
    let (store, _folder) = open();
    let (release, held) = hold(&store);
    let before = queued(creating(&store, "before")).await;
    let bad = queued(failing(&store, |tx| {
        users::insert(tx, &user("bad"))?;
        users::insert(tx, &user("bad"))
    }))
    .await;
    let panicking = queued(failing(&store, |tx| {
        users::insert(tx, &user("panicking"))?;
        panic!("a fault in a write")
    }))
    .await;
    let after = queued(creating(&store, "after")).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!(before.await.unwrap().unwrap(), CreateUserOutcome::Created);
    assert!(matches!(bad.await.unwrap(), Err(StoreError::Corrupt { .. })));
    assert!(matches!(panicking.await.unwrap(), Err(StoreError::Corrupt { .. })));
    assert_eq!(after.await.unwrap().unwrap(), CreateUserOutcome::Created);
    for (name, stands) in [("before", true), ("bad", false), ("panicking", false), ("after", true)]
    {
        assert_eq!(exists(&store, name).await, stands, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transaction_that_sqlite_undid_is_answered_to_everybody_in_it() {
    let (store, _folder) = open();
    let (release, held) = hold(&store);
    let before = queued(creating(&store, "before")).await;
    let lost = queued(failing(&store, |tx| {
        tx.execute_batch("ROLLBACK").unwrap();
        Err(StoreError::unavailable("the disk fails"))
    }))
    .await;
    let after = queued(creating(&store, "after")).await;
    drop(release);
    // The one that held the writer had its own transaction.
    held.await.unwrap().unwrap();
    for answer in [before.await.unwrap(), after.await.unwrap()] {
        assert!(is_unavailable(&answer, false), "{answer:?}");
    }
    assert!(is_unavailable(&lost.await.unwrap(), false));
    assert!(!exists(&store, "before").await && !exists(&store, "after").await);
    assert_eq!(create(&store, "later").await.unwrap(), CreateUserOutcome::Created);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_fails_is_unknown_to_everybody_and_the_writer_goes_on() {
    let (store, _folder) = open();
    store
        .write(|tx| {
            let tables = "CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY);
                CREATE TEMP TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);";
            tx.execute_batch(tables).map_err(from_driver)
        })
        .await
        .unwrap();
    let (release, held) = hold(&store);
    let good = queued(creating(&store, "good")).await;
    let orphan = queued(failing(&store, |tx| {
        tx.execute_batch("INSERT INTO child VALUES (1)").map_err(from_driver)
    }))
    .await;
    drop(release);
    held.await.unwrap().unwrap();
    assert!(is_unavailable(&good.await.unwrap(), true));
    assert!(is_unavailable(&orphan.await.unwrap(), true));
    assert!(!exists(&store, "good").await);
    assert_eq!(create(&store, "good").await.unwrap(), CreateUserOutcome::Created);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_answers_at_once() {
    let (store, _folder) = open_with(|options| options.queue = 2);
    let (release, held) = hold(&store);
    let mut waiting = Vec::new();
    for name in ["one", "two"] {
        waiting.push(queued(creating(&store, name)).await);
    }
    assert!(is_unavailable(&create(&store, "three").await, false));
    drop(release);
    held.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    assert!(!exists(&store, "three").await);
    assert_eq!(create(&store, "three").await.unwrap(), CreateUserOutcome::Created);
}

async fn limit_pages(store: &SqliteStore, more: i64) {
    store
        .write(move |tx| {
            let pages: i64 =
                tx.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(from_driver)?;
            let set = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            tx.pragma_update_and_check(None, "max_page_count", pages + more, set)
                .map(drop)
                .map_err(from_driver)
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_loses_nothing_that_was_acknowledged_and_is_got_over() {
    let (store, _folder) = open();
    initialise(&store).await;
    limit_pages(&store, 8).await;
    let mut tasks = Vec::new();
    for number in 0..600 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let name = format!("user-{number}");
            let event = Event::new(EventKind::AccountAdded, NOW).user(&user(&name).id);
            (store.create_user(&user(&name), Effects::event(event)).await, name)
        }));
    }
    let mut stands = 0;
    for task in tasks {
        let (answer, name) = task.await.unwrap();
        if answer.is_ok() {
            stands += 1;
        } else {
            assert!(is_unavailable(&answer, false), "{answer:?}");
        }
        assert_eq!(exists(&store, &name).await, answer.is_ok(), "{name}");
    }
    assert!(0 < stands && stands < 600, "{stands} fitted");
    let events = store.list_events(&EventFilter::default(), 1_000).await.unwrap();
    assert_eq!(events.len(), stands, "a user without its event, or an event without its user");
    limit_pages(&store, 10_000).await;
    assert_eq!(create(&store, "later").await.unwrap(), CreateUserOutcome::Created);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_vanishes_leaves_the_whole_write_or_nothing() {
    let (store, _folder) = open();
    initialise(&store).await;
    for number in 0..200_u64 {
        let other = store.clone();
        let task = tokio::spawn(async move {
            let name = format!("user-{number}");
            let effects = Effects::event(Event::new(EventKind::AccountAdded, NOW))
                .revoking(Target::Token { id: name.clone() });
            other.create_user(&user(&name), effects).await
        });
        tokio::time::sleep(Duration::from_micros(number * 5)).await;
        task.abort();
    }
    // Queued behind all of them.
    store.ping().await.unwrap();
    let users = store.list_users(None, None, 1_000).await.unwrap().users;
    let events = store.list_events(&EventFilter::default(), 1_000).await.unwrap();
    let page = store.revocations(None, 1_000, NOW).await.unwrap();
    assert_eq!((users.len(), users.len()), (events.len(), page.rows.len()));
    assert_eq!(page.to, page.rows.len() as u64);
    assert!(!users.is_empty(), "every write was dropped before it began");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dropping_the_last_handle_finishes_what_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("auth.db"));
    let store = SqliteStore::open(&options).unwrap();
    let (release, held) = hold(&store);
    for number in 0..50 {
        let job = store.write(move |tx| users::insert(tx, &user(&format!("user-{number}"))));
        // Polled once, so that it is queued, and dropped.
        let _ = tokio::time::timeout(Duration::ZERO, job).await;
    }
    held.abort();
    drop(release);
    let _ = held.await;
    drop(store);
    assert!(!folder.path().join("auth.db-wal").exists(), "the log was not brought home");
    let store = SqliteStore::open(&options).unwrap();
    assert_eq!(store.list_users(None, None, 100).await.unwrap().users.len(), 50);
}
