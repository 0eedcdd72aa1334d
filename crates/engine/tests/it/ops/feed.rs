//! Revocations: the feed for services without the database, following, and staleness.

use std::{sync::Arc, time::Duration};

use countersign_engine::{
    guard::{FailMode, Presented, revocation::Target},
    ops::{
        actor::Actor,
        callers::{Caller, CallerCredentials},
    },
};
use secrecy::ExposeSecret;

use super::{
    flaky::Mode,
    world::{HOUR, World, by_refresh, check, code, from, is_revoked},
};

async fn caller(world: &World) -> Caller {
    world.user("follower").await;
    let tokens = world.login("follower").await;
    let credentials = CallerCredentials::Access(Box::new(world.principal(&tokens)));
    world.engine.authorize_caller(credentials, "read", &from("198.51.100.1")).await.unwrap()
}

#[tokio::test]
async fn a_snapshot_then_what_follows() {
    let world = World::new().await;
    let caller = caller(&world).await;
    let (_, first) = world.user_in("ada").await;
    let second = world.login("ada").await;
    world.logout(by_refresh(&first), false).await.unwrap();
    let feed = |after: Option<String>| {
        let (engine, caller) = (world.engine.clone(), caller.clone());
        async move { engine.revocation_feed(&caller, after.as_deref(), Duration::ZERO).await }
    };
    let snapshot = feed(None).await.unwrap();
    assert_eq!(snapshot.from, 0);
    let session = |id: &str| Target::Session { id: id.to_owned() };
    assert!(snapshot.rows.iter().any(|row| row.target == session(&first.session_id)));
    let nothing = feed(Some(snapshot.cursor.clone())).await.unwrap();
    assert!(nothing.rows.is_empty());
    assert_eq!((nothing.from, nothing.to), (snapshot.to, snapshot.to));
    world.logout(by_refresh(&second), false).await.unwrap();
    let news = feed(Some(snapshot.cursor)).await.unwrap();
    assert_eq!((news.rows.len(), news.from), (1, snapshot.to));
    assert_eq!(news.rows[0].target, session(&second.session_id));
    assert!(!news.more && news.age_ms == 0);
    for bad in ["", "x", "AAAA.1"] {
        assert_eq!(feed(Some(bad.into())).await.unwrap_err().field(), Some("after"), "{bad}");
    }
    // A cursor of another history: everything, from the beginning.
    let foreign = feed(Some("AAAAAAAAAAAAAAAAAAAAAA.5".into())).await.unwrap();
    assert_eq!((foreign.from, foreign.to), (0, news.to));
}

#[tokio::test]
async fn a_waiting_request_is_answered_as_soon_as_something_happens() {
    let world = World::new().await;
    let caller = caller(&world).await;
    let (_, tokens) = world.user_in("ada").await;
    let cursor = world.engine.revocation_feed(&caller, None, Duration::ZERO).await.unwrap().cursor;
    let waiting = {
        let (engine, caller) = (world.engine.clone(), caller.clone());
        tokio::spawn(async move {
            engine.revocation_feed(&caller, Some(&cursor), Duration::from_secs(25)).await
        })
    };
    tokio::task::yield_now().await;
    world.logout(by_refresh(&tokens), false).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
    assert_eq!(answer.unwrap().unwrap().rows.len(), 1);
}

#[tokio::test]
async fn r05_a_view_that_is_too_old_answers_503_and_never_401() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.engine.ready().await.unwrap();
    world.clock.advance(Duration::from_secs(300));
    assert!(world.check(&tokens).is_ok());
    world.clock.advance(Duration::from_millis(1));
    let error = world.check(&tokens).unwrap_err();
    assert_eq!(error.code().as_str(), "temporarily_unavailable");
    assert_eq!(error.code().http_status(), 503);
    assert!(error.retry_after().is_some());
    assert_eq!(code(world.engine.ready().await), "temporarily_unavailable");
    let presented = Presented::bearer(tokens.access_token.expose_secret());
    assert!(world.engine.guard().check_with(&presented, FailMode::Open).is_ok());
    world.catch_up(&world.engine).await;
    assert!(world.check(&tokens).is_ok());
    world.engine.ready().await.unwrap();
    world.store.set(Mode::FailsBefore);
    assert_eq!(code(world.engine.ready().await), "temporarily_unavailable");
}

#[tokio::test]
async fn a_token_that_is_not_good_is_401_also_while_the_view_is_stale() {
    let world = World::new().await;
    world.clock.advance(HOUR);
    assert_eq!(code(check(&world.engine, "a.b.c")), "invalid_token");
}

#[tokio::test]
async fn r14_what_is_revoked_stays_revoked_until_its_tokens_have_expired() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.revoke(tokens.access_token.expose_secret()).await.unwrap();
    for _ in 0..14 {
        world.pass(Duration::from_secs(60)).await;
        world.engine.upkeep().await.unwrap();
        assert!(is_revoked(world.check(&tokens)));
    }
    world.pass(HOUR).await;
    world.engine.upkeep().await.unwrap();
    assert_eq!(code(world.check(&tokens)), "invalid_token");
    assert!(!is_revoked(world.check(&tokens)), "expired, and forgotten");
    let entries = world.engine.guard().view().state(Duration::ZERO).entries;
    assert!(entries <= 1, "{entries}");
}

#[tokio::test]
async fn a_full_view_is_stale_and_drops_nothing() {
    let world = World::with(|parts| parts.config.revocations.capacity = 2).await;
    let (_, good) = world.user_in("ada").await;
    let mut revoked = Vec::new();
    for _ in 0..3 {
        let tokens = world.login("ada").await;
        world.revoke(tokens.access_token.expose_secret()).await.unwrap();
        revoked.push(tokens);
    }
    for tokens in revoked.iter().chain([&good]) {
        assert_eq!(code(world.check(tokens)), "temporarily_unavailable");
    }
}

#[tokio::test]
async fn a_process_that_opens_later_knows_everything() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    world.revoke(first.access_token.expose_secret()).await.unwrap();
    let (_, bob) = world.user_in("bob").await;
    world.engine.disable_user("bob", &Actor::cli()).await.unwrap();
    let other = world.another(|_| ()).await;
    assert!(is_revoked(check(&other, first.access_token.expose_secret())));
    assert!(is_revoked(check(&other, bob.access_token.expose_secret())));
    assert!(check(&other, second.access_token.expose_secret()).is_ok());
}

#[tokio::test]
async fn following_outlives_a_store_that_is_down_for_a_while() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let other = world.another(|_| ()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let following = {
        let other = other.clone();
        tokio::spawn(async move { other.follow(async { drop(stopped.await) }).await })
    };
    let store = Arc::clone(&world.store);
    store.set(Mode::Down);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    store.set(Mode::Good);
    world.logout(by_refresh(&tokens), false).await.unwrap();
    let access = tokens.access_token.expose_secret();
    let seen = async {
        while !is_revoked(check(&other, access)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
    stop.send(()).unwrap();
    following.await.unwrap();
}
