//! Token introspection (RFC 7662).

use std::time::Duration;

use countersign_engine::{
    Engine,
    clients::ClientKind,
    ops::{
        actor::Actor,
        callers::{Caller, CallerCredentials, ClientCredentials},
        clients::AddClientRequest,
        introspect::Introspection,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    clients::session_of,
    flaky::Mode,
    world::{DAY, ISSUER, PASSWORD, World, by_refresh, claims, code, from, login, names},
};

/// A resource server that may ask about `audiences`.
async fn caller(world: &World, id: &str, audiences: &[&str]) -> Caller {
    let request = AddClientRequest {
        id: id.into(),
        kind: ClientKind::ResourceServer,
        audiences: names(audiences),
        scopes: names(&[]),
    };
    let (_, secret) = world.engine.add_client(request, &Actor::cli()).await.unwrap();
    let credentials = ClientCredentials { id: Some(id.into()), secret, from_header: true };
    let credentials = CallerCredentials::Client(credentials);
    let origin = from("198.51.100.1");
    world.engine.authorize_caller(credentials, "countersign:introspect", &origin).await.unwrap()
}

async fn ask(engine: &Engine, token: &str, caller: &Caller) -> Value {
    let answer = engine.introspect(&token.into(), caller, &from("198.51.100.1")).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

#[tokio::test]
async fn i9_an_access_token_and_a_refresh_token_are_described() {
    let world = World::new().await;
    let (user, tokens) = world.user_in("ada").await;
    let caller = caller(&world, "reports", &["api"]).await;
    let answer = ask(&world.engine, tokens.access_token.expose_secret(), &caller).await;
    let claims = claims(&world.principal(&tokens));
    for name in ["exp", "iat", "jti", "sid", "auth_time"] {
        assert_eq!(answer[name], claims[name], "{name}");
    }
    for (name, value) in [
        ("active", json!(true)),
        ("scope", json!("read write")),
        ("client_id", json!("first-party")),
        ("username", json!("ada")),
        ("token_type", json!("access_token")),
        ("sub", json!(user.id.as_str())),
        ("aud", json!("api")),
        ("iss", json!(ISSUER)),
        ("roles", json!(["clerk"])),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    let answer = ask(&world.engine, tokens.refresh_token.expose_secret(), &caller).await;
    let session = world.session(&tokens).await;
    assert_eq!(answer["active"], true);
    assert_eq!(answer["token_type"], "refresh_token");
    assert_eq!(answer["exp"], session.idle_expires_at.seconds());
    assert_eq!(answer["sub"], user.id.as_str());
    assert!(answer.get("jti").is_none());
    assert_eq!(world.session(&tokens).await, session, "asking changes nothing");
}

#[tokio::test]
async fn i5_whatever_is_not_good_is_inactive_and_nothing_else() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let caller = caller(&world, "reports", &["api"]).await;
    let inactive = json!({"active": false});
    let access = tokens.access_token.expose_secret();
    let refresh = tokens.refresh_token.expose_secret();
    let forged = format!("{}AAAA", &access[..access.len() - 4]);
    for token in ["", "nonsense", "a.b.c", forged.as_str(), &refresh[..77]] {
        assert_eq!(ask(&world.engine, token, &caller).await, inactive, "{token}");
    }
    let next = world.refresh(&tokens).await.unwrap();
    assert_eq!(ask(&world.engine, refresh, &caller).await, inactive, "used up");
    world.logout(by_refresh(&next), false).await.unwrap();
    for token in [access, next.access_token.expose_secret(), next.refresh_token.expose_secret()] {
        assert_eq!(ask(&world.engine, token, &caller).await, inactive);
    }
    let expiring = world.login("ada").await;
    world.pass(DAY * 15).await;
    for token in [&expiring.access_token, &expiring.refresh_token] {
        assert_eq!(ask(&world.engine, token.expose_secret(), &caller).await, inactive);
    }
    let other = world.login("ada").await;
    world.engine.disable_user("ada", &Actor::cli()).await.unwrap();
    for token in [&other.access_token, &other.refresh_token] {
        assert_eq!(ask(&world.engine, token.expose_secret(), &caller).await, inactive);
    }
    assert_eq!(serde_json::to_value(Introspection::default()).unwrap(), inactive);
}

#[tokio::test]
async fn i7_a_token_for_none_of_the_callers_audiences_is_inactive() {
    let world = World::new().await;
    world.user("ada").await;
    let mut request = login("ada", PASSWORD);
    request.resource = Some("https://reports.example".into());
    let tokens = world.engine.login(request, &from("198.51.100.1")).await.unwrap();
    let api = caller(&world, "api-server", &["api"]).await;
    let reports = caller(&world, "reports", &["https://reports.example"]).await;
    let both = caller(&world, "both", &[]).await;
    for token in [&tokens.access_token, &tokens.refresh_token] {
        let token = token.expose_secret();
        assert_eq!(ask(&world.engine, token, &api).await, json!({"active": false}));
        assert_eq!(ask(&world.engine, token, &reports).await["active"], true);
        assert_eq!(ask(&world.engine, token, &both).await["active"], true);
    }
}

#[tokio::test]
async fn a_disabled_clients_tokens_are_inactive() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let caller = caller(&world, "reports", &["api"]).await;
    let request = AddClientRequest {
        id: "app".into(),
        kind: ClientKind::Public,
        audiences: names(&[]),
        scopes: names(&[]),
    };
    world.engine.add_client(request, &Actor::cli()).await.unwrap();
    let theirs = session_of(&world, &tokens, "app").await;
    for active in [true, false] {
        for token in [&theirs.access_token, &theirs.refresh_token] {
            let answer = ask(&world.engine, token.expose_secret(), &caller).await;
            assert_eq!(answer["active"], active);
        }
        world.engine.disable_client("app", &Actor::cli()).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_said_is_503_and_never_inactive() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let caller = caller(&world, "reports", &["api"]).await;
    let origin = from("198.51.100.1");
    world.store.set(Mode::Down);
    let answer = world.engine.introspect(&tokens.refresh_token, &caller, &origin).await;
    assert_eq!(code(answer), "temporarily_unavailable");
    let answer = world.engine.introspect(&tokens.access_token, &caller, &origin).await.unwrap();
    assert!(answer.active, "an access token is checked in memory");
    world.clock.advance(Duration::from_secs(301));
    let answer = world.engine.introspect(&tokens.access_token, &caller, &origin).await;
    assert_eq!(code(answer), "temporarily_unavailable");
}

#[tokio::test]
async fn h40_guessing_is_limited() {
    let world = World::new().await;
    let caller = caller(&world, "reports", &["api"]).await;
    let origin = from("203.0.113.7");
    for _ in 0..60 {
        world.engine.introspect(&"nonsense".into(), &caller, &origin).await.unwrap();
    }
    let answer = world.engine.introspect(&"nonsense".into(), &caller, &origin).await;
    assert_eq!(code(answer), "rate_limited");
    let (_, tokens) = world.user_in("ada").await;
    let elsewhere = from("198.51.100.1");
    assert!(
        world.engine.introspect(&tokens.access_token, &caller, &elsewhere).await.unwrap().active
    );
}
