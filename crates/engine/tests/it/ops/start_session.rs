//! Sessions for the application's own users.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use countersign_engine::{
    Result, TokenResponse,
    accounts::{Accounts, Standing},
    ids::UserId,
    ops::{actor::Actor, start_session::StartSessionRequest},
    store::StoreError,
};
use serde_json::{Map, Value, json};

use super::world::{PASSWORD, World, claims, code, from, is_revoked, names};

/// The application's own users.
#[derive(Debug, Default)]
struct Own(Mutex<BTreeMap<String, Standing>>);

impl Own {
    fn set(&self, id: &str, change: impl FnOnce(&mut Standing)) {
        change(self.0.lock().unwrap().entry(id.to_owned()).or_default());
    }
}

#[async_trait]
impl Accounts for Own {
    async fn standing(
        &self,
        user_id: &UserId,
    ) -> std::result::Result<Option<Standing>, StoreError> {
        Ok(self.0.lock().unwrap().get(user_id.as_str()).cloned())
    }
}

async fn world_of(own: &Arc<Own>) -> World {
    let own = Arc::clone(own);
    World::with(|parts| parts.accounts = Some(own)).await
}

fn request(subject: &str) -> StartSessionRequest {
    StartSessionRequest {
        subject: subject.parse().unwrap(),
        scopes: names(&["orders:read", "orders:write"]),
        claims: Map::new(),
        amr: vec!["hwk".into()],
        resource: None,
    }
}

async fn start(world: &World, subject: &str) -> Result<TokenResponse> {
    world.engine.start_session(request(subject), &from("198.51.100.1")).await
}

#[tokio::test]
async fn for_an_id_of_the_application() {
    let world = World::new().await;
    let mut events = world.engine.subscribe();
    let mut asked = request("customer:4711");
    asked.claims = json!({"tenant": "blue"}).as_object().cloned().unwrap();
    asked.resource = Some("https://reports.example".into());
    let tokens = world.engine.start_session(asked, &from("198.51.100.1")).await.unwrap();
    assert_eq!(events.try_recv().unwrap().kind.as_str(), "session.started");
    assert_eq!(world.events("session.started").await.len(), 1);
    for tokens in [world.refresh(&tokens).await.unwrap(), tokens] {
        let claims = claims(&world.principal(&tokens));
        assert_eq!(claims["sub"], "customer:4711");
        assert_eq!(claims["scope"], "orders:read orders:write");
        assert_eq!(claims["tenant"], "blue");
        assert_eq!(claims["aud"], "https://reports.example");
        assert!(claims.get("preferred_username").is_none());
    }
    assert_eq!(world.stored(&"customer:4711".parse().unwrap()).await.username, None);
}

#[tokio::test]
async fn what_is_asked_for_is_checked() {
    let world = World::new().await;
    let origin = from("198.51.100.1");
    let mut bad = request("u");
    bad.scopes = names(&["a b"]);
    assert_eq!(code(world.engine.start_session(bad, &origin).await), "invalid_scope");
    for (name, value) in
        [("sub", json!("x")), ("email", json!("x")), ("big", json!("y".repeat(1_020)))]
    {
        let mut bad = request("u");
        bad.claims.insert(name.into(), value);
        let error = world.engine.start_session(bad, &origin).await.unwrap_err();
        assert_eq!(error.field(), Some("claims"), "{name}");
    }
    let mut bad = request("u");
    bad.resource = Some("elsewhere".into());
    assert_eq!(code(world.engine.start_session(bad, &origin).await), "invalid_target");
}

#[tokio::test]
async fn who_one_is_the_application_says() {
    let own = Arc::new(Own::default());
    own.set("u7", |user| {
        user.active = true;
        user.username = Some("grace".into());
        user.roles = names(&["editor"]);
    });
    let world = world_of(&own).await;
    let principal = world.principal(&start(&world, "u7").await.unwrap());
    let me = world.engine.me(&principal).await.unwrap();
    assert_eq!((me.username.as_deref(), me.roles), (Some("grace"), names(&["editor"])));
    assert_eq!(me.scopes, names(&["orders:read", "orders:write"]));
    own.set("u7", |user| user.active = false);
    assert_eq!(code(world.engine.me(&principal).await), "invalid_token");
}

#[tokio::test]
async fn a_disabled_or_deleted_user_gets_none() {
    let world = World::new().await;
    let tokens = start(&world, "u7").await.unwrap();
    world.engine.disable_user("u7", &Actor::cli()).await.unwrap();
    assert!(is_revoked(world.check(&tokens)));
    assert_eq!(code(start(&world, "u7").await), "access_denied");
    world.engine.enable_user("u7", &Actor::cli()).await.unwrap();
    let tokens = start(&world, "u7").await.unwrap();
    world.engine.delete_user("u7", &Actor::cli()).await.unwrap();
    assert!(is_revoked(world.check(&tokens)));
    assert_eq!(code(start(&world, "u7").await), "access_denied", "the id never returns");
}

#[tokio::test]
async fn the_applications_accounts_decide_at_every_refresh() {
    let own = Arc::new(Own::default());
    let world = world_of(&own).await;
    assert_eq!(code(start(&world, "u7").await), "access_denied", "nobody knows it");
    own.set("u7", |standing| {
        standing.active = true;
        standing.username = Some("Seven".into());
        standing.roles = names(&["buyer"]);
        standing.claims = json!({"tier": 2}).as_object().cloned().unwrap();
    });
    let first = start(&world, "u7").await.unwrap();
    let now = claims(&world.principal(&first));
    assert_eq!(
        (&now["preferred_username"], &now["roles"], &now["tier"]),
        (&json!("Seven"), &json!(["buyer"]), &json!(2))
    );
    own.set("u7", |standing| standing.scopes = Some(names(&["orders:read"])));
    let second = world.refresh(&first).await.unwrap();
    assert_eq!(second.scope, "orders:read");
    own.set("u7", |standing| standing.active = false);
    assert_eq!(code(world.refresh(&second).await), "invalid_grant");
    assert_eq!(code(start(&world, "u7").await), "access_denied");
    // Nothing was used up by it.
    own.set("u7", |standing| standing.active = true);
    world.refresh(&second).await.unwrap();
}

#[tokio::test]
async fn log_in_asks_the_applications_accounts_as_well() {
    let own = Arc::new(Own::default());
    let world = world_of(&own).await;
    let user = world.user("ada").await;
    let result = world.try_login("ada", PASSWORD, "198.51.100.1").await;
    assert_eq!(code(result), "invalid_credentials", "the application knows nobody of this id");
    own.set(user.id.as_str(), |standing| {
        standing.active = true;
        standing.roles = names(&["buyer"]);
    });
    let tokens = world.login("ada").await;
    assert_eq!(claims(&world.principal(&tokens))["roles"], json!(["buyer"]));
    own.set(user.id.as_str(), |standing| standing.active = false);
    let result = world.try_login("ada", PASSWORD, "198.51.100.1").await;
    assert_eq!(code(result), "invalid_credentials");
}

#[tokio::test]
async fn reserved_claims_of_the_accounts_are_refused() {
    let own = Arc::new(Own::default());
    let world = world_of(&own).await;
    own.set("u7", |standing| {
        standing.active = true;
        standing.claims.insert("roles".into(), Value::from("root"));
    });
    assert_eq!(code(start(&world, "u7").await), "server_error");
}
