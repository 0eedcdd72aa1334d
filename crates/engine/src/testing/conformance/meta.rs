//! What a database says about itself.

use std::sync::Arc;

use super::fixtures::*;
use crate::store::{MetaSeed, Store};

fn seed(number: u8) -> MetaSeed {
    MetaSeed {
        issuer: format!("https://{number}.example"),
        epoch: [number; 16],
        max_access_ttl: seconds(u64::from(number) + 1),
        key_checks: [(number, [number; 16]), (255, [number; 16])].into(),
    }
}

pub(super) async fn of_64_parallel_first_starts_one_wins(store: Arc<dyn Store>) {
    assert_eq!(store.meta().await.unwrap(), None);
    let answers = in_parallel(&store, MANY, |store, number| async move {
        store.init_meta(seed(u8::try_from(number).unwrap())).await.unwrap()
    })
    .await;
    let held = store.meta().await.unwrap().expect("one was written");
    assert!(answers.iter().all(|answer| *answer == held), "everybody is told the same");
    let won = seed(held.epoch[0]);
    assert_eq!((&held.issuer, held.max_access_ttl), (&won.issuer, won.max_access_ttl));
    assert_eq!(held.key_checks, won.key_checks);
}

pub(super) async fn the_longest_life_never_falls(store: Arc<dyn Store>) {
    assert!(store.raise_max_access_ttl(seconds(1)).await.is_err());
    initialise(&store).await;
    for (at_least, then) in [(60, 900), (3600, 3600), (900, 3600)] {
        store.raise_max_access_ttl(seconds(at_least)).await.unwrap();
        assert_eq!(store.meta().await.unwrap().unwrap().max_access_ttl, seconds(then));
    }
}

pub(super) async fn a_key_check_stays(store: Arc<dyn Store>) {
    assert!(store.add_key_check(1, [2; 16]).await.is_err());
    initialise(&store).await;
    store.add_key_check(1, [2; 16]).await.unwrap();
    store.add_key_check(2, [2; 16]).await.unwrap();
    let checks = store.meta().await.unwrap().unwrap().key_checks;
    assert_eq!(checks, [(1, [1; 16]), (2, [2; 16])].into());
}

pub(super) async fn it_can_be_written(store: Arc<dyn Store>) {
    store.ping().await.unwrap();
    store.ping().await.unwrap();
}
