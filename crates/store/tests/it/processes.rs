//! Two stores on one file, as two processes have them.

use std::time::{Duration, Instant};

use countersign_engine::{
    store::{
        Effects, EventFilter, Events, MetaSeed, MetaStore, Revocations, StoreError, Target,
        Timestamp, Users,
    },
    users::User,
};
use countersign_store::sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);

async fn two(change: impl Fn(&mut SqliteOptions)) -> (SqliteStore, SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SqliteOptions::new(folder.path().join("auth.db"));
    change(&mut options);
    let one = SqliteStore::open(&options).unwrap();
    let seed = MetaSeed {
        issuer: "https://issuer.example".to_owned(),
        epoch: [1; 16],
        max_access_ttl: Duration::from_secs(900),
        key_checks: Default::default(),
    };
    one.init_meta(seed).await.unwrap();
    (one, SqliteStore::open(&options).unwrap(), folder)
}

fn token(id: &impl ToString) -> Effects {
    Effects::default().revoking(Target::Token { id: id.to_string() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_is_seen_by_the_other_process_soon() {
    let (one, two, _folder) = two(|_| {}).await;
    let mut longest = Duration::ZERO;
    for seq in 0..20 {
        let waiting = two.clone();
        let waiter = tokio::spawn(async move {
            waiting.wait_for_revocation(seq, Duration::from_secs(10)).await.unwrap();
            Instant::now()
        });
        tokio::time::sleep(Duration::from_millis(7)).await;
        one.write(token(&seq), NOW).await.unwrap();
        let acknowledged = Instant::now();
        let seen = waiter.await.unwrap();
        longest = longest.max(seen.saturating_duration_since(acknowledged));
        let page = two.revocations(None, 100, NOW).await.unwrap();
        assert_eq!(page.to, seq + 1);
    }
    // The design asks for 50 ms; a loaded test machine is given some room.
    assert!(longest < Duration::from_millis(250), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_of_two_processes_and_a_long_reader_never_meet_a_locked_database() {
    let (one, two, folder) = two(|_| {}).await;
    let mut reader = Connection::open(folder.path().join("auth.db")).unwrap();
    let long = reader.transaction().unwrap();
    let count = "SELECT count(*) FROM users";
    let before: i64 = long.query_row(count, [], |row| row.get(0)).unwrap();
    let mut writers = Vec::new();
    for writer in 0..64 {
        let store = if writer % 2 == 0 { one.clone() } else { two.clone() };
        writers.push(tokio::spawn(async move {
            for number in 0..20 {
                let id = format!("user-{writer}-{number}");
                let user = User::new(id.parse().unwrap(), NOW);
                store.create_user(&user, token(&id)).await.unwrap();
                assert_eq!(store.find_user(&user.id).await.unwrap(), Some(user));
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let during: i64 = long.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!((before, during), (0, 0), "a snapshot stands still");
    drop(long);
    let page = two.revocations(None, 10_000, NOW).await.unwrap();
    let sequence: Vec<_> = page.rows.iter().map(|row| row.seq).collect();
    assert_eq!(sequence, (1..=64 * 20).collect::<Vec<_>>());
}

/// Holds the lock as another program does that writes for so long.
fn hold_lock(folder: &TempDir, long: Duration) -> std::thread::JoinHandle<()> {
    let path = folder.path().join("auth.db");
    let (started, running) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        started.send(()).unwrap();
        std::thread::sleep(long);
        other.execute_batch("ROLLBACK").unwrap();
    });
    running.recv().unwrap();
    thread
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_is_waited_for_but_not_for_ever() {
    let (one, _two, folder) =
        two(|options| options.busy_timeout = Duration::from_millis(500)).await;
    let short = hold_lock(&folder, Duration::from_millis(100));
    one.write(token(&"waits"), NOW).await.unwrap();
    short.join().unwrap();
    let long = hold_lock(&folder, Duration::from_millis(1_500));
    let refused = one.write(token(&"gives up"), NOW).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { outcome_unknown: false, .. })),
        "{refused:?}"
    );
    // Reading goes on meanwhile.
    assert_eq!(one.revocations(None, 10, NOW).await.unwrap().rows.len(), 1);
    long.join().unwrap();
    one.write(token(&"afterwards"), NOW).await.unwrap();
    assert_eq!(one.revocations(None, 10, NOW).await.unwrap().rows.len(), 2);
    assert!(one.list_events(&EventFilter::default(), 10).await.unwrap().is_empty());
}
