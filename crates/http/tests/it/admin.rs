//! `/admin/…`

use axum::http::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, App, PASSWORD, authorize, basic, form_request, text};

/// Requests with an administrator's token.
struct Admin {
    app: App,
    token: String,
}

impl Admin {
    async fn new() -> Self {
        let app = App::new().await;
        let token = app.admin_token().await;
        Self { app, token }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.app.call(method, path, &self.token, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }
}

#[tokio::test]
async fn users_are_listed_in_pages_and_searched() {
    let admin = Admin::new().await;
    let first = admin.get("/admin/users?limit=1").await.ok();
    assert_eq!(first["users"].as_array().unwrap().len(), 1);
    let next = text(&first, "next");
    let second = admin.get(&format!("/admin/users?after={next}&limit=1")).await.ok();
    assert_ne!(second["users"][0]["id"], first["users"][0]["id"]);
    assert!(second.get("next").is_none());
    let found = admin.get("/admin/users?search=ad").await.ok();
    assert_eq!(found["users"][0]["username"], "ada");
    assert_eq!(admin.get("/admin/users?search=%25").await.ok()["users"], json!([]));
    admin.get("/admin/users?after=%20").await.refused_field(400, "invalid_request", "after");
    admin.get("/admin/users?limit=x").await.refused_field(400, "invalid_request", "limit");
}

#[tokio::test]
async fn a_user_is_added_changed_and_deleted() {
    let admin = Admin::new().await;
    let body = json!({
        "username": "grace", "password": PASSWORD, "roles": ["editor"],
        "scopes": ["reports:read"], "claims": {"tenant": "acme"},
    });
    let added = admin.send(Method::POST, "/admin/users", Some(body.clone())).await;
    assert_eq!(added.status, 201);
    let user = added.json();
    assert_eq!(user["claims"], json!({"tenant": "acme"}));
    assert_eq!(user["has_password"], true);
    assert!(!added.body.windows(6).any(|window| window == b"argon2"));
    admin.send(Method::POST, "/admin/users", Some(body)).await.refused(409, "username_taken");
    let path = format!("/admin/users/{}", text(&user, "id"));
    assert_eq!(admin.get(&path).await.ok(), user);
    assert_eq!(admin.get("/admin/users/grace").await.ok(), user);
    let put = |part: &str, body| {
        let path = format!("{path}/{part}");
        let admin = &admin;
        async move { admin.send(Method::PUT, &path, Some(body)).await }
    };
    let granted = put("grants", json!({"scopes": ["reports:write"]})).await.ok();
    assert_eq!(granted["scopes"], json!(["reports:write"]));
    assert_eq!(granted["roles"], json!(["editor"]));
    assert_eq!(put("claims", json!({"claims": {}})).await.ok()["claims"], json!({}));
    put("claims", json!({"claims": {"iss": "x"}})).await.refused_field(
        400,
        "invalid_request",
        "claims",
    );
    put("claims", json!({"claims": [1]})).await.refused_field(400, "invalid_request", "claims");
    put("password", json!({"password": "short"})).await.refused_field(
        400,
        "weak_password",
        "password",
    );
    put("password", json!({"password": "another quiet river"})).await.done();
    assert_eq!(admin.post(&format!("{path}/disable")).await.ok()["disabled"], true);
    assert_eq!(admin.post(&format!("{path}/enable")).await.ok()["disabled"], false);
    admin.send(Method::DELETE, &path, None).await.done();
    admin.get(&path).await.refused(404, "not_found");
    admin.send(Method::DELETE, &path, None).await.refused(404, "not_found");
}

#[tokio::test]
async fn sessions_of_others_are_listed_and_ended() {
    let admin = Admin::new().await;
    let (one, other) = (admin.app.access_token().await, admin.app.access_token().await);
    let list = admin.get("/admin/users/ada/sessions").await.ok();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
    assert!(list["sessions"][0].get("current").is_none());
    let newest = list["sessions"][0]["id"].as_str().unwrap();
    admin.send(Method::DELETE, &format!("/admin/sessions/{newest}"), None).await.done();
    admin.send(Method::DELETE, "/admin/sessions/x", None).await.refused(404, "not_found");
    admin.send(Method::DELETE, "/admin/users/ada/sessions", None).await.done();
    for token in [one, other] {
        admin.app.call(Method::GET, "/users/me", &token, None).await.refused(401, "invalid_token");
    }
}

#[tokio::test]
async fn keys_are_listed_rotated_and_compromised() {
    let admin = Admin::new().await;
    let keys = admin.get("/admin/keys").await;
    assert!(!keys.body.windows(3).any(|window| window == b"\"d\""));
    let keys = keys.ok();
    let signing = keys["keys"].as_array().unwrap().iter().find(|key| key["state"] == "signing");
    let kid = text(signing.unwrap(), "kid");
    assert!(admin.post("/admin/keys/rotate").await.ok()["kid"].is_string());
    admin.post("/admin/keys/nothing/compromise").await.refused(404, "not_found");
    let dead = admin.post(&format!("/admin/keys/{kid}/compromise")).await.ok();
    assert_eq!(dead["state"], "compromised");
    // The administrator's own token was signed by it.
    admin.get("/admin/keys").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn clients_are_added_rotated_disabled_and_deleted() {
    let admin = Admin::new().await;
    let body = json!({"id": "reports-api", "kind": "resource_server", "audiences": ["reports"]});
    let added = admin.send(Method::POST, "/admin/clients", Some(body.clone())).await;
    assert_eq!(added.status, 201);
    assert_eq!(added.header("cache-control"), "no-store");
    let secret = text(&added.json(), "client_secret");
    admin.send(Method::POST, "/admin/clients", Some(body)).await.refused(409, "conflict");
    let client = admin.get("/admin/clients/reports-api").await.ok();
    assert_eq!(client["audiences"], json!(["reports"]));
    assert!(client.get("client_secret").is_none());
    assert!(client.get("secret_hash").is_none());
    let ask = |secret: String| {
        let mut request = form_request("/introspect", "token=x");
        authorize(&mut request, &basic("reports-api", &secret));
        admin.app.send(request)
    };
    ask(secret.clone()).await.ok();
    let next = text(&admin.post("/admin/clients/reports-api/secret").await.ok(), "client_secret");
    ask(secret).await.refused(401, "invalid_client");
    ask(next.clone()).await.ok();
    admin.post("/admin/clients/reports-api/disable").await.ok();
    ask(next.clone()).await.refused(401, "invalid_client");
    admin.post("/admin/clients/reports-api/enable").await.ok();
    ask(next).await.ok();
    admin.send(Method::DELETE, "/admin/clients/reports-api", None).await.done();
    admin.get("/admin/clients/reports-api").await.refused(404, "not_found");
    let list = admin.get("/admin/clients").await.ok();
    assert_eq!(list["clients"][0]["id"], "first-party");
    admin.post("/admin/clients/first-party/disable").await.refused(400, "invalid_request");
    let bad = json!({"id": "X", "kind": "public"});
    admin.send(Method::POST, "/admin/clients", Some(bad)).await.refused_field(
        400,
        "invalid_request",
        "id",
    );
    let bad = json!({"id": "x", "kind": "secret"});
    admin.send(Method::POST, "/admin/clients", Some(bad)).await.refused_field(
        400,
        "invalid_request",
        "kind",
    );
}

#[tokio::test]
async fn the_audit_log_is_read_and_names_the_administrator() {
    let admin = Admin::new().await;
    admin.post("/admin/users/ada/disable").await.ok();
    let disabled = admin.get("/admin/events?kind=account.disabled").await.ok();
    let event = &disabled["events"][0];
    assert_eq!(event["user_id"], json!(admin.app.ada));
    assert!(event["actor"].is_string());
    let of_ada = admin.get(&format!("/admin/events?user_id={}&limit=1", admin.app.ada)).await.ok();
    assert_eq!(of_ada["events"].as_array().unwrap().len(), 1);
    let id = of_ada["events"][0]["id"].as_i64().unwrap();
    let older = admin.get(&format!("/admin/events?before={id}")).await.ok();
    assert!(
        older["events"].as_array().unwrap().iter().all(|event| event["id"].as_i64() < Some(id))
    );
    admin.get("/admin/events?user_id=%20").await.refused_field(400, "invalid_request", "user_id");
    admin.get("/admin/events?before=x").await.refused_field(400, "invalid_request", "before");
}

#[tokio::test]
async fn every_route_asks_for_the_scope() {
    let admin = Admin::new().await;
    let plain = admin.app.access_token().await;
    for (method, path) in [
        (Method::GET, "/admin/users"),
        (Method::POST, "/admin/users"),
        (Method::GET, "/admin/users/x"),
        (Method::DELETE, "/admin/users/x"),
        (Method::PUT, "/admin/users/x/grants"),
        (Method::PUT, "/admin/users/x/claims"),
        (Method::PUT, "/admin/users/x/password"),
        (Method::POST, "/admin/users/x/disable"),
        (Method::POST, "/admin/users/x/enable"),
        (Method::GET, "/admin/users/x/sessions"),
        (Method::DELETE, "/admin/users/x/sessions"),
        (Method::DELETE, "/admin/sessions/x"),
        (Method::GET, "/admin/keys"),
        (Method::POST, "/admin/keys/rotate"),
        (Method::POST, "/admin/keys/x/compromise"),
        (Method::GET, "/admin/clients"),
        (Method::POST, "/admin/clients"),
        (Method::GET, "/admin/clients/x"),
        (Method::DELETE, "/admin/clients/x"),
        (Method::POST, "/admin/clients/x/secret"),
        (Method::POST, "/admin/clients/x/disable"),
        (Method::POST, "/admin/clients/x/enable"),
        (Method::GET, "/admin/events"),
    ] {
        let refused = admin.app.call(method.clone(), path, &plain, None).await;
        refused.refused(403, "insufficient_scope");
        admin.app.send(crate::fixture::bare(method, path)).await.refused(401, "missing_token");
    }
}
