//! The revocation log: in the order of commits, complete, and kept as long as it matters.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use countersign_guard::revocation::{Cursor, Target};
use tokio::time::{Instant, timeout};

use super::fixtures::*;
use crate::store::{Effects, Store};

fn revoking(target: Target) -> Effects {
    Effects::default().revoking(target)
}

async fn revoke(store: &Arc<dyn Store>, ids: impl IntoIterator<Item = usize>) {
    for id in ids {
        store.write(revoking(token(&id.to_string())), NOW).await.unwrap();
    }
}

fn cursor(seq: u64) -> Option<Cursor> {
    Some(Cursor { epoch: EPOCH, seq })
}

pub(super) async fn every_target_survives(store: Arc<dyn Store>) {
    initialise(&store).await;
    let id = || "an id".to_owned();
    let all = [
        Target::Token { id: id() },
        Target::Session { id: id() },
        Target::User { id: id(), below: u32::MAX },
        Target::Client { id: id(), disabled: true },
        Target::Client { id: id(), disabled: false },
        Target::Key { id: id() },
        Target::Ring,
    ];
    let effects = all.iter().cloned().fold(Effects::default(), Effects::revoking);
    store.write(effects, NOW).await.unwrap();
    assert_eq!(targets(&store).await, all);
}

pub(super) async fn sequence_is_commit_order_for_a_follower(store: Arc<dyn Store>) {
    initialise(&store).await;
    let source = Arc::clone(&store);
    let follower = tokio::spawn(async move {
        let (mut seen, mut at) = (Vec::new(), 0);
        while seen.len() < 2 * MANY {
            let page = source.revocations(cursor(at), 7, NOW).await.unwrap();
            assert_eq!((page.epoch, page.from), (EPOCH, at));
            seen.extend(page.rows.iter().map(|row| row.seq));
            at = page.to;
        }
        seen
    });
    in_parallel(&store, MANY, |store, number| async move {
        let two = revoking(token(&number.to_string())).revoking(token("again"));
        store.write(two, NOW).await.unwrap();
    })
    .await;
    // A follower that reads all the time misses nothing and sees nothing twice.
    let seen = timeout(Duration::from_secs(30), follower).await.unwrap().unwrap();
    assert_eq!(seen, (1..=2 * MANY as u64).collect::<Vec<_>>());
    assert_eq!(targets(&store).await.iter().collect::<std::collections::HashSet<_>>().len(), 65);
}

pub(super) async fn a_cursor_gets_what_follows_it(store: Arc<dyn Store>) {
    initialise(&store).await;
    let empty = store.revocations(None, 10, NOW).await.unwrap();
    assert_eq!((empty.epoch, empty.from, empty.to, empty.more), (EPOCH, 0, 0, false));
    assert_eq!(empty.rows, []);
    revoke(&store, 1..=3).await;
    let snapshot = store.revocations(None, 10, NOW).await.unwrap();
    assert_eq!((snapshot.from, snapshot.to, snapshot.rows.len()), (0, 3, 3));
    revoke(&store, 4..=5).await;
    let delta = store.revocations(cursor(3), 10, NOW).await.unwrap();
    assert_eq!((delta.from, delta.to, delta.more), (3, 5, false));
    let found: Vec<_> = delta.rows.into_iter().map(|row| row.target).collect();
    assert_eq!(found, [token("4"), token("5")]);
    let nothing = store.revocations(cursor(5), 10, NOW).await.unwrap();
    assert_eq!((nothing.from, nothing.to, nothing.rows.len()), (5, 5, 0));
}

pub(super) async fn a_long_log_comes_in_pages(store: Arc<dyn Store>) {
    initialise(&store).await;
    revoke(&store, 1..=5).await;
    let first = store.revocations(None, 2, NOW).await.unwrap();
    assert_eq!((first.from, first.to, first.rows.len(), first.more), (0, 2, 2, true));
    let second = store.revocations(cursor(2), 2, NOW).await.unwrap();
    assert_eq!((second.from, second.to, second.rows.len(), second.more), (2, 4, 2, true));
    let third = store.revocations(cursor(4), 2, NOW).await.unwrap();
    assert_eq!((third.from, third.to, third.rows.len(), third.more), (4, 5, 1, false));
}

pub(super) async fn another_epoch_or_a_cursor_ahead_gets_a_snapshot(store: Arc<dyn Store>) {
    initialise(&store).await;
    revoke(&store, 1..=3).await;
    let snapshot = store.revocations(None, 10, NOW).await.unwrap();
    for after in [Cursor { epoch: [1; 16], seq: 2 }, Cursor { epoch: EPOCH, seq: 4 }] {
        assert_eq!(store.revocations(Some(after), 10, NOW).await.unwrap(), snapshot);
    }
}

pub(super) async fn a_row_lives_as_long_as_any_token(store: Arc<dyn Store>) {
    initialise(&store).await;
    let margin = seconds(600);
    let key = Target::Key { id: "kid".to_owned() };
    store.write(revoking(token("short")).revoking(key.clone()), NOW).await.unwrap();
    store.raise_max_access_ttl(seconds(3600)).await.unwrap();
    store.raise_max_access_ttl(seconds(60)).await.unwrap();
    revoke(&store, [1]).await;
    let rows = log(&store).await;
    assert_eq!(rows[0].expires_at, Some(NOW.plus(ACCESS_TTL).plus(margin)));
    assert_eq!((&rows[1].target, rows[1].expires_at), (&key, None));
    assert_eq!(rows[2].expires_at, Some(NOW.plus(seconds(3600)).plus(margin)));
    // What has expired is not told any more; the head stays where it is.
    let late = NOW.plus(seconds(1_000_000));
    let page = store.revocations(None, 10, late).await.unwrap();
    assert_eq!(page.to, 3);
    assert_eq!(page.rows.into_iter().map(|row| row.target).collect::<Vec<_>>(), [key]);
}

pub(super) async fn waiting_ends_with_a_revocation_or_with_time(store: Arc<dyn Store>) {
    initialise(&store).await;
    let short = Duration::from_millis(60);
    let started = Instant::now();
    store.wait_for_revocation(0, short).await.unwrap();
    assert!(started.elapsed() >= short, "it came back without a reason");
    let waiting = Arc::clone(&store);
    let waiter = tokio::spawn(async move {
        waiting.wait_for_revocation(0, Duration::from_secs(60)).await.unwrap();
    });
    tokio::task::yield_now().await;
    revoke(&store, [1]).await;
    timeout(Duration::from_secs(10), waiter).await.expect("it is woken").unwrap();
    let at_once = store.wait_for_revocation(0, Duration::from_secs(60));
    timeout(Duration::from_secs(10), at_once).await.expect("it does not wait").unwrap();
}

pub(super) async fn nothing_is_revoked_before_the_database_is_initialised(store: Arc<dyn Store>) {
    assert!(store.write(marks("m"), NOW).await.is_err());
    initialise(&store).await;
    assert_nothing_written(&store).await;
    assert_eq!(store.revocations(None, 1, NOW).await.unwrap().to, 0);
    let ids: BTreeSet<_> = log(&store).await.into_iter().map(|row| row.seq).collect();
    assert!(ids.is_empty());
}
