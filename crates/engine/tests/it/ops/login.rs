//! Log-in, and the password form of the token endpoint.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use countersign_engine::{
    Error,
    accounts::{ClaimsSource, Issue},
    events::EventKind,
    guard::time::Clock,
    ops::{actor::Actor, callers::ClientCredentials},
    store::{Effects, StoreError, Users},
    users::{PasswordHash, UserChange},
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::{
    flaky::Mode,
    world::{
        ISSUER, MINUTE, PASSWORD, WRONG, World, by_refresh, claims, code, from, is_revoked, login,
    },
};

#[tokio::test]
async fn the_whole_story() {
    let world = World::new().await;
    let (user, first) = world.user_in("ada").await;
    let principal = world.principal(&first);
    assert_eq!(principal.user_id(), user.id.as_str());
    assert_eq!(principal.username(), Some("ada"));
    assert_eq!(principal.roles().collect::<Vec<_>>(), ["clerk"]);
    let second = world.refresh(&first).await.unwrap();
    assert_eq!(world.principal(&second).session_id(), principal.session_id());
    world.logout(by_refresh(&second), false).await.unwrap();
    assert!(is_revoked(world.check(&first)));
    assert!(is_revoked(world.check(&second)));
    assert_eq!(code(world.refresh(&second).await), "invalid_grant");
    let third = world.login("ada").await;
    assert_ne!(world.principal(&third).session_id(), principal.session_id());
}

#[tokio::test]
async fn an_access_token_says_what_rfc_9068_demands() {
    let world = World::new().await;
    let (user, tokens) = world.user_in("ada").await;
    let principal = world.principal(&tokens);
    let claims = claims(&principal);
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], user.id.as_str());
    assert_eq!(claims["aud"], "api");
    assert_eq!(claims["client_id"], "first-party");
    assert_eq!(claims["sid"], tokens.session_id.as_str());
    assert_eq!(claims["gen"], 0);
    assert_eq!(claims["auth_time"], claims["iat"]);
    assert_eq!(claims["scope"], "read write");
    assert!(claims.get("cnf").is_none());
    let key = world.signing_key().await;
    assert_eq!(principal.key_id(), key.kid());
}

#[tokio::test]
async fn nobody_is_told_why_a_log_in_failed_and_every_failure_costs_a_hash() {
    let world = World::new().await;
    world.user("ada").await;
    world.user("disabled").await;
    world.engine.disable_user("disabled", &Actor::cli()).await.unwrap();
    world.user("deleted").await;
    world.engine.delete_user("deleted", &Actor::cli()).await.unwrap();
    let cases = [
        ("ada", WRONG),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("deleted", PASSWORD),
        ("no name", PASSWORD),
        ("", PASSWORD),
        ("ada", ""),
    ];
    for (name, password) in cases {
        let before = world.engine.password_verifications();
        let error = world.try_login(name, password, "198.51.100.1").await.unwrap_err();
        assert!(matches!(error, Error::InvalidCredentials), "{name}: {error:?}");
        assert_eq!(error.to_string(), "log-in refused");
        assert_eq!(world.engine.password_verifications(), before + 1, "{name}");
    }
}

#[tokio::test]
async fn h22_a_password_that_is_too_long_is_refused_without_a_hash_and_none_is_cut() {
    let world = World::new().await;
    world.user("ada").await;
    let before = world.engine.password_verifications();
    let long = "x".repeat(1_025);
    assert_eq!(code(world.try_login("ada", &long, "198.51.100.1").await), "invalid_request");
    assert_eq!(world.engine.password_verifications(), before);
    let password = format!("{PASSWORD}{}", "y".repeat(980));
    let actor = Actor::cli();
    world.engine.set_user_password("ada", &password.as_str().into(), &actor).await.unwrap();
    let other = format!("{}z", &password[..password.len() - 1]);
    assert_eq!(code(world.try_login("ada", &other, "198.51.100.1").await), "invalid_credentials");
    world.try_login("ada", &password, "198.51.100.1").await.unwrap();
}

#[tokio::test]
async fn every_spelling_of_the_name_logs_in() {
    let world = World::new().await;
    world.user("ada").await;
    for name in ["ada", "ADA", "Ａｄａ"] {
        world.login(name).await;
    }
}

#[tokio::test]
async fn the_engines_own_scopes_must_be_asked_for_by_name() {
    let world = World::new().await;
    world.user("ada").await;
    for (asked, granted) in [
        (None, "read write"),
        (Some(""), "read write"),
        (Some("read"), "read"),
        (Some("write read read"), "read write"),
        (Some("countersign:admin"), "countersign:admin"),
        (Some("countersign:admin read"), "countersign:admin read"),
    ] {
        let mut request = login("ada", PASSWORD);
        request.scope = asked.map(str::to_owned);
        let tokens = world.engine.login(request, &from("198.51.100.1")).await.unwrap();
        assert_eq!(tokens.scope, granted, "{asked:?}");
        assert_eq!(claims(&world.principal(&tokens))["scope"], granted);
    }
}

#[tokio::test]
async fn more_scope_than_the_user_has_is_refused_and_is_no_failed_check() {
    let world = World::new().await;
    world.user("ada").await;
    for asked in ["read delete", "countersign:introspect", "a\"b"] {
        for _ in 0..7 {
            let mut request = login("ada", PASSWORD);
            request.scope = Some(asked.to_owned());
            let result = world.engine.login(request, &from("198.51.100.1")).await;
            assert_eq!(code(result), "invalid_scope", "{asked}");
        }
    }
    world.login("ada").await;
}

#[tokio::test]
async fn the_audience_is_the_first_or_the_resource_asked_for() {
    let world = World::new().await;
    world.user("ada").await;
    let mut request = login("ada", PASSWORD);
    request.resource = Some("https://reports.example".into());
    let tokens = world.engine.login(request.clone(), &from("198.51.100.1")).await.unwrap();
    assert_eq!(claims(&world.principal(&tokens))["aud"], "https://reports.example");
    let next = world.refresh(&tokens).await.unwrap();
    assert_eq!(claims(&world.principal(&next))["aud"], "https://reports.example", "bound");
    for other in ["https://elsewhere.example", "", "API"] {
        request.resource = Some(other.into());
        let result = world.engine.login(request.clone(), &from("198.51.100.1")).await;
        assert_eq!(code(result), "invalid_target", "{other}");
    }
}

#[tokio::test]
async fn expires_in_is_what_exp_says_and_jitter_is_within_a_twentieth() {
    let world = World::new().await;
    world.user("ada").await;
    let mut seen = BTreeSet::new();
    for round in 0..40 {
        world.clock.advance(Duration::from_millis(2_037));
        let address = format!("198.51.100.{round}");
        let tokens = world.try_login("ada", PASSWORD, &address).await.unwrap();
        let claims = claims(&world.principal(&tokens));
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(i64::try_from(tokens.expires_in).unwrap(), life);
        assert!((855..=900).contains(&life), "{life}");
        seen.insert(life);
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[tokio::test]
async fn a_token_ends_with_its_exp() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.pass(Duration::from_secs(tokens.expires_in - 1)).await;
    assert!(world.check(&tokens).is_ok());
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(code(world.check(&tokens)), "invalid_token");
}

#[tokio::test]
async fn a_user_disabled_meanwhile_gets_no_session() {
    let world = World::new().await;
    let user = world.user("ada").await;
    world.store.change_meanwhile(&user.id, UserChange::Disable);
    assert_eq!(code(world.try_login("ada", PASSWORD, "198.51.100.1").await), "invalid_credentials");
    assert!(world.engine.user_sessions("ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_password_changed_meanwhile_wins() {
    let world = World::new().await;
    let user = world.user("ada").await;
    let new = PasswordHash::new("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA");
    let change = UserChange::Password { expected: None, new: new.clone() };
    world.store.change_meanwhile(&user.id, change);
    assert_eq!(code(world.try_login("ada", PASSWORD, "198.51.100.1").await), "invalid_credentials");
    assert_eq!(world.stored(&user.id).await.password_hash, Some(new));
    assert!(world.engine.user_sessions("ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_older_hash_is_upgraded() {
    let world = World::new().await;
    let user = world.user("ada").await;
    let bcrypt = PasswordHash::new("$2b$04$uLMqQZPkhQUgQ4P8DumHAePYG.cez/iMyF0rP5dL9xsLztD/R6Mbe");
    let change = UserChange::Password { expected: None, new: bcrypt };
    let now = world.clock.now();
    world.store.change_user(&user.id, &change, None, Effects::default(), now).await.unwrap();
    for _ in 0..2 {
        world.try_login("ada", "pa$$wörd ☃ 9", "198.51.100.1").await.unwrap();
        let hash = world.stored(&user.id).await.password_hash.unwrap();
        assert!(hash.expose().starts_with("$argon2id$"), "{}", hash.expose());
    }
}

#[tokio::test]
async fn the_oldest_session_makes_room_and_its_tokens_die() {
    let world = World::with(|parts| parts.config.sessions.most_live = 2).await;
    let (_, first) = world.user_in("ada").await;
    world.clock.advance(MINUTE);
    let second = world.login("ada").await;
    world.clock.advance(MINUTE);
    let mut events = world.engine.subscribe();
    let third = world.login("ada").await;
    assert!(is_revoked(world.check(&first)));
    assert!(world.check(&second).is_ok() && world.check(&third).is_ok());
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    let ended = events.try_recv().unwrap();
    assert_eq!(ended.kind, EventKind::SessionEnded);
    assert_eq!(ended.session_id.unwrap().to_string(), first.session_id);
}

#[tokio::test]
async fn events_are_stored_and_published_after_the_commit() {
    let world = World::new().await;
    let user = world.user("ada").await;
    let mut events = world.engine.subscribe();
    let tokens = world.login("ada").await;
    let event = events.try_recv().unwrap();
    assert_eq!(event.kind, EventKind::LoginSucceeded);
    assert_eq!(event.user_id.as_ref(), Some(&user.id));
    assert_eq!(event.address.as_deref(), Some("198.51.100.1"));
    let stored = world.events("login.succeeded").await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].session_id.as_deref(), Some(tokens.session_id.as_str()));
    for _ in 0..3 {
        let _ = world.try_login("ada", WRONG, "198.51.100.1").await;
    }
    assert_eq!(events.try_recv().unwrap().kind, EventKind::LoginFailed);
    let failed = world.events("login.failed").await;
    assert_eq!(
        (failed.len(), failed[0].count),
        (1, 3),
        "one row an account and quarter of an hour"
    );
    assert_eq!(failed[0].user_id.as_deref(), Some(user.id.as_str()));
    world.pass(MINUTE * 15).await;
    let _ = world.try_login("ada", WRONG, "198.51.100.1").await;
    assert_eq!(world.events("login.failed").await.len(), 2);
}

#[tokio::test]
async fn a_store_that_fails_lets_nobody_in() {
    let world = World::new().await;
    world.user("ada").await;
    for mode in [Mode::Down, Mode::FailsBefore, Mode::FailsAfter] {
        world.store.set(mode);
        let error = world.try_login("ada", PASSWORD, "198.51.100.1").await.unwrap_err();
        assert_eq!(error.code().as_str(), "temporarily_unavailable");
        assert_eq!(error.code().http_status(), 503);
        assert!(error.retry_after().is_some());
        assert!(matches!(error, Error::Store(StoreError::Unavailable { .. })));
    }
    world.store.set(Mode::Good);
    world.login("ada").await;
}

#[derive(Debug)]
struct Claims(Value);

#[async_trait]
impl ClaimsSource for Claims {
    async fn claims(&self, issue: Issue<'_>) -> Result<Map<String, Value>, StoreError> {
        assert_eq!(issue.client_id.as_str(), "first-party");
        Ok(self.0.as_object().cloned().unwrap_or_default())
    }
}

async fn with_claims(claims: Value) -> World {
    World::with(|parts| parts.claims = Some(Arc::new(Claims(claims)))).await
}

#[tokio::test]
async fn the_claims_source_adds_and_wins_over_stored_claims() {
    let world = with_claims(json!({"tenant": "blue", "level": 3})).await;
    let user = world.user("ada").await;
    let stored = json!({"tenant": "red", "team": "x"}).as_object().cloned().unwrap();
    world.engine.set_user_claims(user.id.as_str(), stored, &Actor::cli()).await.unwrap();
    let tokens = world.login("ada").await;
    for tokens in [world.refresh(&tokens).await.unwrap(), tokens] {
        let claims = claims(&world.principal(&tokens));
        assert_eq!(
            (&claims["tenant"], &claims["level"], &claims["team"]),
            (&json!("blue"), &json!(3), &json!("x"))
        );
    }
}

#[tokio::test]
async fn a_claims_source_takes_no_reserved_name_and_stays_small() {
    for bad in [json!({"sub": "root"}), json!({"gen": 9}), json!({"x": "y".repeat(1_024)})] {
        let world = with_claims(bad.clone()).await;
        world.user("ada").await;
        let result = world.try_login("ada", PASSWORD, "198.51.100.1").await;
        assert!(matches!(result, Err(Error::Internal(_))), "{bad}");
        assert_eq!(code(result), "server_error");
    }
}

#[tokio::test]
async fn the_user_name_can_be_left_out() {
    let world = World::with(|parts| parts.config.tokens.include_username = false).await;
    let (_, tokens) = world.user_in("ada").await;
    assert_eq!(world.principal(&tokens).username(), None);
}

#[tokio::test]
async fn the_password_form_is_the_first_partys_and_speaks_rfc_6749() {
    let world = World::new().await;
    world.user("ada").await;
    let origin = from("198.51.100.1");
    let form = |name, password, client| {
        world.engine.password_grant(login(name, password), client, &origin)
    };
    let named = |id: &str| ClientCredentials { id: Some(id.into()), ..Default::default() };
    form("ada", PASSWORD, ClientCredentials::default()).await.unwrap();
    form("ada", PASSWORD, named("first-party")).await.unwrap();
    let wrong = form("ada", WRONG, ClientCredentials::default()).await;
    assert_eq!(code(wrong), "invalid_grant");
    assert_eq!(code(form("ada", PASSWORD, named("app")).await), "unauthorized_client");
    let mut with_secret = named("first-party");
    with_secret.secret = Some("x".into());
    assert_eq!(code(form("ada", PASSWORD, with_secret).await), "unauthorized_client");
}

#[tokio::test]
async fn the_password_form_can_be_switched_off() {
    let world = World::with(|parts| parts.config.accounts.password_grant = false).await;
    world.user("ada").await;
    let request = login("ada", PASSWORD);
    let origin = from("198.51.100.1");
    let result = world.engine.password_grant(request, ClientCredentials::default(), &origin).await;
    assert_eq!(code(result), "unsupported_grant_type");
    world.login("ada").await;
}

#[tokio::test]
async fn nothing_of_an_answer_shows_its_tokens() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let shown = format!("{tokens:?}");
    assert!(!shown.contains(tokens.access_token.expose_secret()));
    assert!(!shown.contains(tokens.refresh_token.expose_secret()));
}
