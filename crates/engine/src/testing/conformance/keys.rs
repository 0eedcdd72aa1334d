//! The key ring: changed from a reading of it, or not at all.

use std::sync::Arc;

use super::fixtures::*;
use crate::store::{RingChange, Store, StoredKey};

fn key(position: u32) -> StoredKey {
    StoredKey {
        position,
        kid: format!("kid-{position}"),
        algorithm: "ES256".to_owned(),
        public_jwk: Some("{\"kty\":\"EC\"}".to_owned()),
        private_key: vec![0, 255, 7],
        published_at: NOW,
        signs_from: NOW.plus(seconds(600)),
        verifies_until: None,
        compromised_at: None,
    }
}

fn inserting(version: u64, position: u32) -> RingChange {
    RingChange { version, insert: vec![key(position)], update: Vec::new() }
}

async fn change(store: &Arc<dyn Store>, change: RingChange) -> bool {
    store.change_ring(change, marks("m"), NOW).await.unwrap()
}

pub(super) async fn the_ring_is_read_as_it_was_written(store: Arc<dyn Store>) {
    initialise(&store).await;
    assert_eq!(store.ring().await.unwrap(), (0, Vec::new()));
    assert!(change(&store, inserting(0, 2)).await);
    let symmetric = StoredKey { public_jwk: None, ..key(1) };
    let retired = StoredKey {
        verifies_until: Some(NOW.plus(seconds(900))),
        compromised_at: Some(NOW),
        ..key(2)
    };
    let both =
        RingChange { version: 1, insert: vec![symmetric.clone()], update: vec![retired.clone()] };
    assert!(change(&store, both).await);
    assert_eq!(store.ring().await.unwrap(), (2, vec![symmetric, retired]));
}

pub(super) async fn another_version_is_refused(store: Arc<dyn Store>) {
    initialise(&store).await;
    assert!(!change(&store, inserting(1, 1)).await);
    assert_eq!(store.ring().await.unwrap(), (0, Vec::new()));
    assert_nothing_written(&store).await;
}

pub(super) async fn of_64_parallel_changes_one_wins(store: Arc<dyn Store>) {
    initialise(&store).await;
    let outcomes = in_parallel(&store, MANY, |store, number| async move {
        let position = u32::try_from(number).unwrap();
        store.change_ring(inserting(0, position), marks("m"), NOW).await.unwrap()
    })
    .await;
    assert_eq!(outcomes.iter().filter(|won| **won).count(), 1);
    let won = outcomes.iter().position(|won| *won).unwrap();
    let (version, keys) = store.ring().await.unwrap();
    assert_eq!((version, keys), (1, vec![key(u32::try_from(won).unwrap())]));
    assert_eq!(targets(&store).await.len(), 1);
}

pub(super) async fn a_taken_position_or_an_unknown_kid_is_refused(store: Arc<dyn Store>) {
    initialise(&store).await;
    assert!(store.change_ring(inserting(0, 1), Default::default(), NOW).await.unwrap());
    let position = StoredKey { position: 1, ..key(2) };
    let kid = StoredKey { position: 2, ..key(1) };
    for insert in [vec![position], vec![kid], vec![key(3), key(3)]] {
        assert!(!change(&store, RingChange { version: 1, insert, update: Vec::new() }).await);
    }
    let unknown = RingChange { version: 1, insert: vec![key(3)], update: vec![key(4)] };
    assert!(!change(&store, unknown).await);
    assert_eq!(store.ring().await.unwrap(), (1, vec![key(1)]));
    assert_nothing_written(&store).await;
}
