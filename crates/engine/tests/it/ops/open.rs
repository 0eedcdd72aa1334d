//! Opening: what must fit before anything runs.

use std::{sync::Arc, time::Duration};

use countersign_engine::{
    Engine, OpenError, Parts,
    config::InvalidConfig,
    guard::time::Clock,
    master::MasterKeys,
    store::{Keys, MetaStore},
    testing::{FakeClock, SeededRandom},
};

use secrecy::ExposeSecret;

use super::{
    flaky::{Flaky, Mode},
    world::{HOUR, MASTER, OTHER_MASTER, PASSWORD, World, check, config, from, login, refresh},
};

async fn refusal(world: &World, change: impl FnOnce(&mut Parts)) -> InvalidConfig {
    match world.try_another(change).await {
        Err(OpenError::Config(refused)) => {
            assert!(!refused.mend.is_empty());
            refused
        }
        other => panic!("{other:?}"),
    }
}

fn master(parts: &mut Parts, text: &str) {
    parts.master = MasterKeys::parse(text).unwrap();
}

/// The same key under another id.
fn renamed(key: &str, id: u8) -> String {
    format!("{id}:{}", key.split_once(':').unwrap().1)
}

#[tokio::test]
async fn another_issuer_is_refused() {
    let world = World::new().await;
    let refused =
        refusal(&world, |parts| parts.config.issuer = "https://other.example".into()).await;
    assert_eq!(refused.setting, "issuer");
    assert!(refused.problem.contains("https://auth.example"), "{refused}");
}

#[tokio::test]
async fn h31_a_wrong_or_missing_master_key_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let ring = world.store.ring().await.unwrap();
    let refused = refusal(&world, |parts| master(parts, OTHER_MASTER)).await;
    assert_eq!(refused.setting, "master key");
    assert!(refused.problem.contains("3 is not the one"), "{refused}");
    let refused = refusal(&world, |parts| master(parts, &renamed(OTHER_MASTER, 4))).await;
    assert!(refused.problem.contains("needs master key 3"), "{refused}");
    assert!(!refused.to_string().contains("AAECAwQ"), "no key is ever shown");
    assert!(world.store.ring().await.unwrap() == ring);
    assert_eq!(world.store.meta().await.unwrap().unwrap().key_checks.len(), 1);
}

#[tokio::test]
async fn a_master_key_that_is_added_is_used_and_the_old_one_is_still_needed() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let both = format!("{},{MASTER}", renamed(OTHER_MASTER, 4));
    let other = world.another(|parts| master(parts, &both)).await;
    let request = refresh(tokens.refresh_token.expose_secret());
    let next = other.refresh(request, &from("198.51.100.1")).await.unwrap();
    assert!(world.check(&next).is_ok());
    let refused = refusal(&world, |parts| master(parts, &renamed(OTHER_MASTER, 4))).await;
    assert!(refused.problem.contains("needs master key 3"), "{refused}");
    let refused = refusal(&world, |_| ()).await;
    assert!(refused.problem.contains("needs master key 4"), "{refused}");
}

#[tokio::test]
async fn a_repeat_under_a_new_master_key_is_the_same_session() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let both = format!("{},{MASTER}", renamed(OTHER_MASTER, 4));
    let other = world.another(|parts| master(parts, &both)).await;
    let origin = from("198.51.100.1");
    let again = |token: &str| other.refresh(refresh(token), &origin);
    let second = again(first.refresh_token.expose_secret()).await.unwrap();
    let repeated = again(first.refresh_token.expose_secret()).await.unwrap();
    assert_eq!(second.refresh_token.expose_secret(), repeated.refresh_token.expose_secret());
    again(second.refresh_token.expose_secret()).await.unwrap();
}

#[tokio::test]
async fn settings_out_of_bounds_are_refused_by_name() {
    let world = World::new().await;
    type Change = fn(&mut Parts);
    let cases: [(&str, Change); 9] = [
        ("issuer", |parts| parts.config.issuer = "http://auth.example".into()),
        ("audience", |parts| parts.config.audiences.clear()),
        ("access_ttl", |parts| parts.config.tokens.access_ttl = Duration::from_secs(29)),
        ("publish_before", |parts| parts.config.tokens.publish_before = Duration::from_secs(599)),
        ("rotate_keys_every", |parts| parts.config.tokens.rotate_keys_every = HOUR),
        ("session_idle", |parts| parts.config.sessions.idle = Duration::ZERO),
        ("session_absolute", |parts| parts.config.sessions.absolute = HOUR),
        ("refresh_grace", |parts| parts.config.sessions.grace = Duration::from_secs(301)),
        ("max_staleness", |parts| parts.config.revocations.max_staleness = Duration::ZERO),
    ];
    for (setting, change) in cases {
        assert_eq!(refusal(&world, change).await.setting, setting);
    }
}

#[tokio::test]
async fn no_hash_permits_is_refused() {
    let world = World::new().await;
    let result = world.try_another(|parts| parts.config.accounts.hash_permits = 0).await;
    assert!(result.is_err());
}

#[tokio::test]
async fn a_longer_token_life_is_written_down_before_it_is_used_and_never_falls() {
    let world = World::new().await;
    let longest = || async { world.store.meta().await.unwrap().unwrap().max_access_ttl };
    assert_eq!(longest().await, Duration::from_secs(900));
    world.another(|parts| parts.config.tokens.access_ttl = HOUR).await;
    assert_eq!(longest().await, HOUR);
    world.another(|_| ()).await;
    assert_eq!(longest().await, HOUR);
}

#[tokio::test]
async fn a_store_that_is_down_opens_nothing() {
    let store = Arc::new(Flaky::default());
    let clock = Arc::new(FakeClock::default());
    for mode in [Mode::Down, Mode::FailsBefore] {
        store.set(mode);
        let parts = Parts::new(
            config(),
            store.clone(),
            MasterKeys::parse(MASTER).unwrap(),
            clock.clone(),
            Arc::new(SeededRandom::new(1)),
        );
        assert!(matches!(Engine::open(parts).await, Err(OpenError::Engine(_))));
    }
}

#[tokio::test]
async fn r11_a_clock_that_is_behind_shares_the_ring() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let keys = world.engine.list_keys().await.unwrap().len();
    world.clock.set(world.clock.now().minus(Duration::from_secs(30)));
    let behind = world.another(|_| ()).await;
    assert_eq!(behind.list_keys().await.unwrap().len(), keys);
    let access = tokens.access_token.expose_secret();
    assert!(check(&behind, access).is_ok(), "within the leeway of iat");
    let request = login("ada", PASSWORD);
    let theirs = behind.login(request, &from("198.51.100.1")).await.unwrap();
    assert!(world.check(&theirs).is_ok());
}
