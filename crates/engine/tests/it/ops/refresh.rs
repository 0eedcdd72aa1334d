//! Refresh: rotation, repetition, theft, and what it must refuse without effect.

use std::{collections::BTreeSet, time::Duration};

use countersign_engine::{
    clients::ClientKind,
    events::EventKind,
    guard::{revocation::Target, time::Clock},
    master::MasterKeys,
    ops::{
        actor::Actor, admin_users::GrantsRequest, callers::ClientCredentials,
        clients::AddClientRequest, refresh::RefreshRequest,
    },
    refresh_token::RefreshToken,
    sessions::EndReason,
    store::{Effects, MetaStore, Revocations},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    clients::session_of,
    flaky::Mode,
    world::{
        DAY, HOUR, ISSUER, MASTER, MINUTE, OTHER_MASTER, World, check, claims, code, from,
        is_revoked, names, refresh, seconds,
    },
};

#[tokio::test]
async fn f1_h09_a_refresh_rotates_and_a_repeat_in_grace_answers_the_same_successor() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let mut events = world.engine.subscribe();
    let second = world.refresh(&first).await.unwrap();
    assert_ne!(first.refresh_token.expose_secret(), second.refresh_token.expose_secret());
    assert!(events.try_recv().is_err(), "a rotation is recorded by its counter alone");
    world.clock.advance(Duration::from_secs(29));
    let again = world.refresh(&first).await.unwrap();
    assert_eq!(again.refresh_token.expose_secret(), second.refresh_token.expose_secret());
    assert_ne!(again.access_token.expose_secret(), second.access_token.expose_secret());
    assert_eq!(events.try_recv().unwrap().kind, EventKind::RefreshRepeated);
    assert_eq!(world.events("refresh.repeated").await.len(), 1);
    assert_eq!(world.session(&first).await.counter, 1);
    assert!(world.check(&first).is_ok() && world.check(&again).is_ok());
    world.refresh(&second).await.unwrap();
}

#[tokio::test]
async fn f4_h09_a_replay_after_grace_ends_the_session_and_its_access_tokens_at_once() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    world.clock.advance(Duration::from_secs(30));
    let mut events = world.engine.subscribe();
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert_eq!(events.try_recv().unwrap().kind, EventKind::RefreshReplayed);
    assert_eq!(world.events("refresh.replayed").await.len(), 1);
    assert!(is_revoked(world.check(&first)) && is_revoked(world.check(&second)));
    assert_eq!(code(world.refresh(&second).await), "invalid_grant");
    assert_eq!(world.session(&first).await.end_reason, Some(EndReason::Replayed));
    // The thief's replay is no denial of service against the log: nothing more is written.
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert_eq!(world.events("refresh.replayed").await.len(), 1);
}

#[tokio::test]
async fn h09_grace_never_revives_an_older_generation() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    let third = world.refresh(&second).await.unwrap();
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert!(is_revoked(world.check(&third)));
}

#[tokio::test]
async fn grace_can_be_switched_off() {
    let world = World::with(|parts| parts.config.sessions.grace = Duration::ZERO).await;
    let (_, first) = world.user_in("ada").await;
    world.refresh(&first).await.unwrap();
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert!(is_revoked(world.check(&first)));
}

#[tokio::test]
async fn f3_with_an_idempotency_key_a_repeat_has_no_time_limit() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let keyed = |key: &'static str| {
        move |request: &mut RefreshRequest| {
            request.idempotency_key = Some(key.into());
        }
    };
    let second = world.refresh_with(&first, keyed("k1")).await.unwrap();
    world.clock.advance(HOUR);
    let again = world.refresh_with(&first, keyed("k1")).await.unwrap();
    assert_eq!(again.refresh_token.expose_secret(), second.refresh_token.expose_secret());
    // Until the successor is used.
    world.refresh_with(&second, keyed("k2")).await.unwrap();
    assert_eq!(code(world.refresh_with(&first, keyed("k1")).await), "invalid_grant");
    assert!(world.session(&first).await.ended_at.is_some());
    let third = world.login("ada").await;
    world.refresh_with(&third, keyed("k1")).await.unwrap();
    world.clock.advance(HOUR);
    assert_eq!(code(world.refresh_with(&third, keyed("k9")).await), "invalid_grant");
    for bad in ["".to_owned(), "x".repeat(256)] {
        let result =
            world.refresh_with(&third, |request| request.idempotency_key = Some(bad)).await;
        assert_eq!(code(result), "invalid_request");
    }
}

#[tokio::test]
async fn f5_another_clients_token_has_no_effect() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    world.clock.advance(MINUTE);
    let request = AddClientRequest {
        id: "app".into(),
        kind: ClientKind::Public,
        audiences: names(&[]),
        scopes: names(&[]),
    };
    world.engine.add_client(request, &Actor::cli()).await.unwrap();
    let app = ClientCredentials { id: Some("app".into()), ..Default::default() };
    // Even the replay of an old one: a session id is no secret, and neither is a stolen token.
    for tokens in [&second, &first] {
        let app = app.clone();
        let result = world.refresh_with(tokens, |request| request.client = app).await;
        assert_eq!(code(result), "invalid_grant");
    }
    assert!(world.check(&second).is_ok());
    world.refresh(&second).await.unwrap();
    let unknown = ClientCredentials { id: Some("nobody".into()), ..Default::default() };
    let result = world.refresh_with(&second, |request| request.client = unknown).await;
    assert_eq!(code(result), "invalid_client");
}

#[tokio::test]
async fn t21_scope_narrows_the_access_token_only() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let narrow = world.refresh_with(&first, |request| request.scope = Some("read".into()));
    let narrow = narrow.await.unwrap();
    assert_eq!(narrow.scope, "read");
    assert_eq!(claims(&world.principal(&narrow))["scope"], "read");
    let full = world.refresh(&narrow).await.unwrap();
    assert_eq!(full.scope, "read write");
    for more in ["read delete", "countersign:admin"] {
        let result = world.refresh_with(&full, |request| request.scope = Some(more.into())).await;
        assert_eq!(code(result), "invalid_scope", "{more}");
    }
    assert_eq!(world.session(&full).await.counter, 2, "a refused scope uses nothing up");
    world.refresh(&full).await.unwrap();
}

#[tokio::test]
async fn h13_a_removed_scope_kills_access_tokens_and_not_the_session() {
    let world = World::new().await;
    let (user, first) = world.user_in("ada").await;
    let grants = GrantsRequest { roles: None, scopes: Some(names(&["read"])) };
    world.engine.change_user_grants(user.id.as_str(), grants, &Actor::cli()).await.unwrap();
    assert!(is_revoked(world.check(&first)));
    let second = world.refresh(&first).await.unwrap();
    assert_eq!(second.scope, "read");
    assert!(world.check(&second).is_ok());
    // What comes back shows again, but never more than the session was granted.
    let grants = GrantsRequest { roles: None, scopes: Some(names(&["read", "write", "new"])) };
    world.engine.change_user_grants(user.id.as_str(), grants, &Actor::cli()).await.unwrap();
    assert!(world.check(&second).is_ok(), "an added scope kills nothing");
    assert_eq!(world.refresh(&second).await.unwrap().scope, "read write");
}

#[tokio::test]
async fn an_added_role_shows_at_the_next_refresh() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let grants = GrantsRequest { roles: Some(names(&["clerk", "chief"])), scopes: None };
    world.engine.change_user_grants("ada", grants, &Actor::cli()).await.unwrap();
    assert!(!world.principal(&first).has_role("chief"));
    let second = world.refresh(&first).await.unwrap();
    assert!(world.principal(&second).has_role("chief"));
    let grants = GrantsRequest { roles: Some(names(&[])), scopes: None };
    world.engine.change_user_grants("ada", grants, &Actor::cli()).await.unwrap();
    assert!(is_revoked(world.check(&second)));
    assert!(world.principal(&world.refresh(&second).await.unwrap()).roles().next().is_none());
}

#[tokio::test]
async fn asvs_10_4_8_the_absolute_expiry_bounds_access_tokens_and_the_session() {
    let world = World::with(|parts| {
        parts.config.sessions.idle = HOUR;
        parts.config.sessions.absolute = HOUR * 2;
    })
    .await;
    let (_, first) = world.user_in("ada").await;
    let end = seconds(world.session(&first).await.absolute_expires_at);
    world.pass(MINUTE * 55).await;
    let second = world.refresh(&first).await.unwrap();
    world.pass(MINUTE * 55).await;
    let third = world.refresh(&second).await.unwrap();
    assert_eq!(claims(&world.principal(&third))["exp"], end);
    assert_eq!(third.expires_in, 600);
    assert_eq!(world.session(&third).await.absolute_expires_at.seconds(), end, "it never slides");
    world.pass(MINUTE * 10).await;
    assert_eq!(code(world.check(&third)), "invalid_token");
    assert_eq!(code(world.refresh(&third).await), "invalid_grant");
}

#[tokio::test]
async fn an_idle_session_expires() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    world.pass(DAY * 14 - MINUTE).await;
    let second = world.refresh(&first).await.unwrap();
    world.pass(DAY * 14).await;
    assert_eq!(code(world.refresh(&second).await), "invalid_grant");
    assert_eq!(world.session(&second).await.ended_at, None, "expired is not ended");
}

#[tokio::test]
async fn h13_a_disabled_user_is_refused_and_the_session_stays_ended() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.engine.disable_user("ada", &Actor::cli()).await.unwrap();
    assert!(is_revoked(world.check(&tokens)));
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    world.engine.enable_user("ada", &Actor::cli()).await.unwrap();
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    assert!(is_revoked(world.check(&tokens)));
    assert!(world.check(&world.login("ada").await).is_ok());
}

#[tokio::test]
async fn a_token_of_another_master_key_or_epoch_or_form_has_no_effect() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let session = world.session(&tokens).await;
    let epoch = world.store.meta().await.unwrap().unwrap().epoch;
    let mint = |master: &str, epoch: [u8; 16], salt: [u8; 16], counter| {
        let keys = MasterKeys::parse(master).unwrap();
        let token = RefreshToken { key_id: 3, session_id: session.id, counter };
        token.mint(&keys, &epoch, &salt).unwrap().expose_secret().to_owned()
    };
    let genuine = tokens.refresh_token.expose_secret();
    assert_eq!(mint(MASTER, epoch, session.salt, 0), *genuine);
    let origin = from("203.0.113.7");
    for foreign in [
        mint(OTHER_MASTER, epoch, session.salt, 0),
        mint(OTHER_MASTER, epoch, session.salt, 7),
        mint(MASTER, [0; 16], session.salt, 7),
        mint(MASTER, epoch, [0; 16], 7),
        genuine[..genuine.len() - 1].to_owned(),
        format!("{genuine}A"),
        String::new(),
    ] {
        let result = world.engine.refresh(refresh(&foreign), &origin).await;
        assert_eq!(code(result), "invalid_grant", "{foreign}");
    }
    assert_eq!(world.session(&tokens).await, session);
    world.refresh(&tokens).await.unwrap();
}

#[tokio::test]
async fn a_genuine_token_from_the_future_ends_the_session_and_is_no_theft() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let session = world.session(&tokens).await;
    let epoch = world.store.meta().await.unwrap().unwrap().epoch;
    let future = RefreshToken { key_id: 3, session_id: session.id, counter: 5 };
    let keys = MasterKeys::parse(MASTER).unwrap();
    let future = future.mint(&keys, &epoch, &session.salt).unwrap();
    let request = refresh(future.expose_secret());
    let result = world.engine.refresh(request, &from("198.51.100.1")).await;
    assert_eq!(code(result), "invalid_grant");
    assert_eq!(world.events("store.rolled_back").await.len(), 1);
    assert!(world.events("refresh.replayed").await.is_empty());
    assert!(is_revoked(world.check(&tokens)));
}

#[tokio::test]
async fn h14_an_access_token_is_no_refresh_token_and_the_other_way_round() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let request = refresh(tokens.access_token.expose_secret());
    let result = world.engine.refresh(request, &from("198.51.100.1")).await;
    assert_eq!(code(result), "invalid_grant");
    let result = check(&world.engine, tokens.refresh_token.expose_secret());
    assert_eq!(code(result), "invalid_token");
}

#[tokio::test]
async fn h14_only_the_engines_own_kind_of_token_is_an_access_token() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let good = claims(&world.principal(&tokens));
    let control = world.forge("at+jwt", &good).await;
    assert!(check(&world.engine, &control).is_ok(), "the forgery itself works");
    for typ in ["JWT", "jwt", "rt+jwt", "reset+jwt", "logout+jwt", "id+jwt", "dpop+jwt"] {
        let token = world.forge(typ, &good).await;
        assert_eq!(code(check(&world.engine, &token)), "invalid_token", "{typ}");
    }
    let changes = [
        ("iss", json!("https://other.example")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("aud", json!("other")),
        ("aud", json!(["api", "other"])),
        ("sub", json!(7)),
        ("exp", json!(seconds(world.clock.now()))),
        ("exp", json!("9999999999")),
        ("iat", json!(seconds(world.clock.now()) + 61)),
        ("nbf", json!(seconds(world.clock.now()) + 61)),
        ("cnf", json!({"jkt": "x"})),
    ];
    for (name, value) in changes {
        let mut claims = good.clone();
        claims[name] = value.clone();
        let token = world.forge("at+jwt", &claims).await;
        assert_eq!(code(check(&world.engine, &token)), "invalid_token", "{name}: {value}");
    }
    for name in ["exp", "iat", "iss", "aud", "sub", "jti", "client_id", "sid", "gen"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        let token = world.forge("at+jwt", &claims).await;
        assert_eq!(code(check(&world.engine, &token)), "invalid_token", "without {name}");
    }
}

#[tokio::test]
async fn two_engines_take_each_others_tokens() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let other = world.another(|_| ()).await;
    let request = refresh(tokens.refresh_token.expose_secret());
    let next = other.refresh(request, &from("198.51.100.1")).await.unwrap();
    assert!(world.check(&next).is_ok());
    assert!(check(&other, tokens.access_token.expose_secret()).is_ok());
}

#[tokio::test]
async fn h12_a_theft_noticed_by_one_process_is_followed_by_the_other() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let other = world.another(|_| ()).await;
    let second = world.refresh(&first).await.unwrap();
    world.clock.advance(MINUTE);
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert!(check(&other, second.access_token.expose_secret()).is_ok(), "not followed yet");
    world.catch_up(&other).await;
    assert!(is_revoked(check(&other, second.access_token.expose_secret())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h08_64_parallel_refreshes_have_one_successor() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let token = tokens.refresh_token.expose_secret().to_owned();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (engine, request) = (world.engine.clone(), refresh(&token));
            tokio::spawn(async move { engine.refresh(request, &from("198.51.100.1")).await })
        })
        .collect();
    let mut successors = BTreeSet::new();
    for task in tasks {
        let tokens = task.await.unwrap().unwrap();
        successors.insert(tokens.refresh_token.expose_secret().to_owned());
    }
    assert_eq!(successors.len(), 1);
    assert_eq!(world.session(&tokens).await.counter, 1);
}

#[tokio::test]
async fn r06_an_answer_lost_after_the_commit_is_repeated() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    world.store.set(Mode::FailsAfter);
    let error = world.refresh(&first).await.unwrap_err();
    assert_eq!(error.code().as_str(), "temporarily_unavailable");
    world.store.set(Mode::Good);
    let second = world.refresh(&first).await.unwrap();
    assert_eq!(world.session(&first).await.counter, 1);
    world.refresh(&second).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_down_takes_nothing_from_the_client() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    for mode in [Mode::Down, Mode::FailsBefore] {
        world.store.set(mode);
        assert_eq!(code(world.refresh(&first).await), "temporarily_unavailable");
    }
    world.store.set(Mode::Good);
    assert!(world.check(&first).is_ok());
    world.refresh(&first).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_no_thief() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    world.clock.set(world.clock.now().minus(MINUTE));
    let again = world.refresh(&first).await.unwrap();
    assert_eq!(again.refresh_token.expose_secret(), second.refresh_token.expose_secret());
}

#[tokio::test]
async fn a_session_of_a_registered_client_wants_that_client() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let (_, secret) = world
        .engine
        .add_client(
            AddClientRequest {
                id: "shop".into(),
                kind: ClientKind::Confidential,
                audiences: names(&[]),
                scopes: names(&[]),
            },
            &Actor::cli(),
        )
        .await
        .unwrap();
    let theirs = session_of(&world, &tokens, "shop").await;
    let shop = |secret: Option<SecretString>| ClientCredentials {
        id: Some("shop".into()),
        secret,
        from_header: true,
    };
    assert_eq!(code(world.refresh(&theirs).await), "invalid_grant", "as the first party");
    let wrong = Some("cs_cs_wrong".into());
    for credentials in [shop(None), shop(wrong)] {
        let result = world.refresh_with(&theirs, |request| request.client = credentials).await;
        assert_eq!(code(result), "invalid_client");
    }
    let credentials = shop(secret);
    let next = world.refresh_with(&theirs, |request| request.client = credentials).await.unwrap();
    assert_eq!(world.principal(&next).client_id(), "shop");
}

#[tokio::test]
async fn a_purged_session_is_no_session() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.pass(DAY * 20).await;
    let purged = world.engine.purge(1).await.unwrap();
    assert_eq!(purged.sessions, 1);
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    assert_eq!(world.engine.purge(0).await.unwrap().sessions, 0, "it ends");
    let now = world.clock.now();
    let target = Target::Token { id: "x".into() };
    Revocations::write(world.store.as_ref(), Effects::default().revoking(target), now)
        .await
        .unwrap();
    world.pass(HOUR).await;
    assert!(world.engine.purge(10).await.unwrap().revocations > 0);
    world.pass(DAY * 91).await;
    assert!(world.engine.purge(3).await.unwrap().events > 3, "in more than one step");
}
