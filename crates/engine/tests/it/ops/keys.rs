//! The key ring: rotation, publication, compromise, and two processes at once.

use std::{sync::Arc, time::Duration};

use countersign_engine::{
    Engine, OpenError,
    guard::time::Clock,
    keys::KeyState,
    ops::{actor::Actor, keys::KeyView},
    store::Keys,
    testing::FakeClock,
};
use countersign_jose::{Algorithm, Signer};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    flaky::{Flaky, Mode},
    world::{DAY, HOUR, World, check, claims, code, from, is_revoked, open, refresh},
};

async fn in_state(engine: &Engine, state: KeyState) -> Vec<KeyView> {
    let keys = engine.list_keys().await.unwrap();
    keys.into_iter().filter(|key| key.state == state).collect()
}

async fn signing(engine: &Engine) -> KeyView {
    let mut keys = in_state(engine, KeyState::Signing).await;
    assert_eq!(keys.len(), 1);
    keys.remove(0)
}

async fn next(engine: &Engine) -> KeyView {
    let mut keys = in_state(engine, KeyState::Next).await;
    assert_eq!(keys.len(), 1);
    keys.remove(0)
}

fn published(engine: &Engine) -> Vec<String> {
    let jwks: Value = serde_json::from_str(&engine.jwks_json()).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_ring_has_a_key_that_signs_and_a_published_next_one() {
    let world = World::new().await;
    let (signs, comes) = (signing(&world.engine).await, next(&world.engine).await);
    assert_eq!(published(&world.engine), [signs.kid.clone(), comes.kid.clone()]);
    assert_eq!(comes.signs_from.since(signs.signs_from), DAY * 30);
    let (_, tokens) = world.user_in("ada").await;
    assert_eq!(world.principal(&tokens).key_id(), signs.kid);
    assert_eq!(world.events("key.added").await.len(), 2);
}

#[tokio::test]
async fn h33_m11_nothing_private_is_published() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let world = World::with(|parts| parts.config.tokens.algorithm = algorithm).await;
        let jwks: Value = serde_json::from_str(&world.engine.jwks_json()).unwrap();
        for key in jwks["keys"].as_array().unwrap() {
            for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
                assert!(key.get(private).is_none(), "{algorithm:?} {private}");
            }
        }
        let (_, tokens) = world.user_in("ada").await;
        assert!(world.check(&tokens).is_ok(), "{algorithm:?}");
    }
}

#[tokio::test]
async fn r17_a_rotation_refuses_no_token_and_the_old_key_retires_in_time() {
    let world = World::new().await;
    let (_, old) = world.user_in("ada").await;
    let (first, second) = (signing(&world.engine).await, next(&world.engine).await);
    world.pass(Duration::from_secs(601)).await;
    let old = world.refresh(&old).await.unwrap();
    let rotated = world.engine.rotate_keys(&Actor::cli()).await.unwrap();
    assert_eq!((rotated.kid.as_str(), rotated.state), (second.kid.as_str(), KeyState::Signing));
    let new = world.refresh(&old).await.unwrap();
    assert_eq!(world.principal(&new).key_id(), second.kid);
    assert_eq!(world.principal(&old).key_id(), first.kid);
    let verifying = in_state(&world.engine, KeyState::Verifying).await;
    assert_eq!(verifying[0].kid, first.kid);
    let third = next(&world.engine).await;
    assert_eq!(world.events("key.rotated").await.len(), 1);
    assert_eq!(world.events("key.added").await.len(), 3, "the one after it has its row too");
    // Longer than the longest token and ten minutes.
    world.pass(Duration::from_secs(1_499)).await;
    world.engine.upkeep().await.unwrap();
    assert!(published(&world.engine).contains(&first.kid));
    world.pass(Duration::from_secs(1)).await;
    world.engine.upkeep().await.unwrap();
    assert_eq!(published(&world.engine), [second.kid.clone(), third.kid.clone()]);
    assert_eq!(in_state(&world.engine, KeyState::Retired).await[0].kid, first.kid);
}

#[tokio::test]
async fn a_retired_keys_tokens_are_refused() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let old_key = world.signing_key().await;
    let mut forged = claims(&world.principal(&tokens));
    world.pass(Duration::from_secs(601)).await;
    world.engine.rotate_keys(&Actor::cli()).await.unwrap();
    world.pass(HOUR).await;
    world.engine.upkeep().await.unwrap();
    forged["exp"] = (world.clock.now().seconds() + 600).into();
    let forged = Signer::new(old_key).typ("at+jwt").sign(&forged).unwrap();
    assert_eq!(code(check(&world.engine, &forged)), "invalid_token");
}

#[tokio::test]
async fn m12_a_key_stands_published_for_ten_minutes_before_it_signs() {
    let world = World::new().await;
    let (first, second) = (signing(&world.engine).await, next(&world.engine).await);
    let rotated = world.engine.rotate_keys(&Actor::cli()).await.unwrap();
    assert_eq!(rotated.kid, second.kid);
    assert_eq!(rotated.signs_from.since(rotated.published_at), Duration::from_secs(600));
    assert_eq!(signing(&world.engine).await.kid, first.kid);
    world.pass(Duration::from_secs(599)).await;
    world.user("ada").await;
    assert_eq!(world.principal(&world.login("ada").await).key_id(), first.kid);
    world.pass(Duration::from_secs(1)).await;
    let tokens = world.login("ada").await;
    assert_eq!(world.principal(&tokens).key_id(), second.kid, "by the clock, without a job");
    world.engine.rotate_keys(&Actor::cli()).await.unwrap_err();
    world.engine.upkeep().await.unwrap();
    let third = next(&world.engine).await;
    assert!(third.signs_from.since(third.published_at) >= Duration::from_secs(600));
}

#[tokio::test]
async fn rotation_is_automatic() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let mut kids = vec![signing(&world.engine).await.kid];
    let mut tokens = tokens;
    for _ in 0..3 {
        for _ in 0..5 {
            world.pass(DAY * 6).await;
            world.engine.upkeep().await.unwrap();
            tokens = world.refresh(&tokens).await.unwrap_or(tokens);
        }
        let now = signing(&world.engine).await;
        assert!(!kids.contains(&now.kid));
        kids.push(now.kid);
        next(&world.engine).await;
    }
    assert!(published(&world.engine).len() <= 3);
}

#[tokio::test]
async fn a_compromised_key_dies_at_once_and_for_ever() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let other = world.another(|_| ()).await;
    let (first, second) = (signing(&world.engine).await, next(&world.engine).await);
    let mut events = world.engine.subscribe();
    let view = world.engine.compromise_key(&first.kid, &Actor::cli()).await.unwrap();
    assert_eq!((view.state, view.kid.as_str()), (KeyState::Compromised, first.kid.as_str()));
    assert_eq!(events.try_recv().unwrap().kind.as_str(), "key.compromised");
    assert_eq!(events.try_recv().unwrap().kind.as_str(), "key.added");
    assert_eq!(code(world.check(&tokens)), "invalid_token");
    assert_eq!(signing(&world.engine).await.kid, second.kid);
    assert!(!published(&world.engine).contains(&first.kid));
    let new = world.refresh(&tokens).await.unwrap();
    assert_eq!(world.principal(&new).key_id(), second.kid, "the session lives on another key");
    let access = tokens.access_token.expose_secret();
    world.catch_up(&other).await;
    assert_eq!(code(check(&other, access)), "invalid_token");
    assert_eq!(signing(&other).await.kid, second.kid);
    assert!(check(&other, new.access_token.expose_secret()).is_ok());
    world.pass(DAY * 200).await;
    for _ in 0..2 {
        world.engine.upkeep().await.unwrap();
    }
    let restarted = world.another(|_| ()).await;
    for engine in [&world.engine, &restarted] {
        let state = in_state(engine, KeyState::Compromised).await;
        assert_eq!(state[0].kid, first.kid);
        assert!(!published(engine).contains(&first.kid));
    }
    let unknown = world.engine.compromise_key("nobody", &Actor::cli()).await;
    assert_eq!(code(unknown), "not_found");
}

#[tokio::test]
async fn a_compromised_next_key_never_signs() {
    let world = World::new().await;
    let (first, second) = (signing(&world.engine).await, next(&world.engine).await);
    world.engine.compromise_key(&second.kid, &Actor::cli()).await.unwrap();
    assert_eq!(signing(&world.engine).await.kid, first.kid);
    let third = next(&world.engine).await;
    assert_ne!(third.kid, second.kid);
    world.engine.compromise_key(&second.kid, &Actor::cli()).await.unwrap();
    world.pass(DAY * 31).await;
    assert_eq!(signing(&world.engine).await.kid, third.kid);
}

#[tokio::test]
async fn a_compromise_brings_no_retired_key_back() {
    let world = World::new().await;
    let first = signing(&world.engine).await;
    world.pass(DAY * 31).await;
    world.engine.upkeep().await.unwrap();
    let second = signing(&world.engine).await;
    world.engine.compromise_key(&second.kid, &Actor::cli()).await.unwrap();
    assert_eq!(in_state(&world.engine, KeyState::Retired).await[0].kid, first.kid);
    assert!(!published(&world.engine).contains(&first.kid));
}

#[tokio::test]
async fn r03_a_compromise_that_cannot_be_stored_refuses_here_all_the_same() {
    for mode in [Mode::Down, Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (_, tokens) = world.user_in("ada").await;
        let kid = world.principal(&tokens).key_id().to_owned();
        world.store.set(mode);
        let result = world.engine.compromise_key(&kid, &Actor::cli()).await;
        assert_eq!(code(result), "temporarily_unavailable", "{mode:?}");
        assert!(is_revoked(world.check(&tokens)), "{mode:?}");
        world.store.set(Mode::Good);
        world.engine.compromise_key(&kid, &Actor::cli()).await.unwrap();
        assert!(world.check(&world.login("ada").await).is_ok(), "{mode:?}");
    }
}

#[tokio::test]
async fn a_late_reading_never_brings_a_compromised_key_back() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let first = signing(&world.engine).await;
    let before = world.store.ring().await.unwrap();
    world.engine.compromise_key(&first.kid, &Actor::cli()).await.unwrap();
    // Upkeep read the ring before, and goes on only now.
    world.store.answer_ring_once(before);
    world.engine.upkeep().await.unwrap();
    let late = world.refresh(&tokens).await.unwrap();
    assert_ne!(world.principal(&late).key_id(), first.kid);
    assert!(!published(&world.engine).contains(&first.kid));
}

#[tokio::test]
async fn two_processes_follow_each_others_rotation() {
    let world = World::new().await;
    let other = world.another(|_| ()).await;
    assert_eq!(signing(&world.engine).await.kid, signing(&other).await.kid);
    world.clock.advance(Duration::from_secs(700));
    let rotated = world.engine.rotate_keys(&Actor::cli()).await.unwrap();
    world.user("ada").await;
    let tokens = world.login("ada").await;
    let access = tokens.access_token.expose_secret();
    world.catch_up(&other).await;
    assert!(check(&other, access).is_ok(), "the next key was known before it signed");
    let request = refresh(tokens.refresh_token.expose_secret());
    let theirs = other.refresh(request, &from("198.51.100.1")).await.unwrap();
    let principal = check(&other, theirs.access_token.expose_secret()).unwrap();
    assert_eq!(principal.key_id(), rotated.kid);
    assert_eq!(other.jwks_json(), world.engine.jwks_json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r17_processes_that_rotate_at_once_end_with_one_ring() {
    let world = World::new().await;
    world.clock.advance(Duration::from_secs(700));
    let mut engines = vec![world.engine.clone()];
    for _ in 0..7 {
        engines.push(world.another(|_| ()).await);
    }
    let tasks: Vec<_> = engines
        .iter()
        .cloned()
        .map(|engine| tokio::spawn(async move { engine.rotate_keys(&Actor::cli()).await }))
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(in_state(&world.engine, KeyState::Next).await.len() % 2, 1, "one, or one pending");
    signing(&world.engine).await;
    for engine in &engines {
        world.catch_up(engine).await;
        assert_eq!(engine.jwks_json(), world.engine.jwks_json());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_open_an_empty_database_at_once_make_one_ring() {
    let (store, clock) = (Arc::new(Flaky::default()), Arc::new(FakeClock::default()));
    let tasks: Vec<_> = (0..8)
        .map(|seed| {
            let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
            tokio::spawn(async move { open(&store, &clock, seed, |_| ()).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().list_keys().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn two_token_lives_do_not_set_the_ring_back_and_forth() {
    let world = World::new().await;
    let other = world.another(|parts| parts.config.tokens.access_ttl = HOUR).await;
    world.engine.upkeep().await.unwrap();
    let before = world.events("key.rotated").await.len();
    let keys = world.engine.list_keys().await.unwrap();
    for _ in 0..3 {
        other.upkeep().await.unwrap();
        world.engine.upkeep().await.unwrap();
        let now = world.engine.list_keys().await.unwrap();
        let untils =
            |keys: &[KeyView]| keys.iter().map(|key| key.verifies_until).collect::<Vec<_>>();
        assert_eq!(untils(&now), untils(&keys));
    }
    assert_eq!(world.events("key.rotated").await.len(), before);
    let until = keys[0].verifies_until.unwrap();
    assert_eq!(until.since(keys[1].signs_from), HOUR + Duration::from_secs(600));
}

#[tokio::test]
async fn public_keys_and_shared_secrets_never_stand_in_one_ring() {
    let world = World::new().await;
    let result = world.try_another(|parts| parts.config.tokens.algorithm = Algorithm::Hs256).await;
    let Err(OpenError::Config(refused)) = result else { panic!("opened") };
    assert_eq!(refused.setting, "algorithm");
    let other = world.another(|parts| parts.config.tokens.algorithm = Algorithm::EdDsa).await;
    world.clock.advance(Duration::from_secs(700));
    other.rotate_keys(&Actor::cli()).await.unwrap();
    assert_eq!(next(&other).await.algorithm, Algorithm::EdDsa.as_str());
}
