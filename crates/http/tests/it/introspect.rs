//! `POST /introspect` (RFC 7662)

use axum::http::Method;
use countersign_engine::clients::ClientKind;
use serde_json::{Value, json};

use crate::fixture::{Answer, App, authorize, bare, basic, form_request, text};

async fn ask(app: &App, credentials: &str, form: &str) -> Answer {
    let mut request = form_request("/introspect", form);
    authorize(&mut request, credentials);
    app.send(request).await
}

#[tokio::test]
async fn i01_it_is_a_post() {
    let app = App::new().await;
    app.send(bare(Method::GET, "/introspect?token=x")).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn i02_i06_the_caller_must_be_somebody() {
    let app = App::new().await;
    let nobody = app.post_form("/introspect", "token=x").await;
    nobody.refused(401, "invalid_client");
    assert!(nobody.header("www-authenticate").starts_with("Basic "));
    ask(&app, &basic("nobody", "x"), "token=x").await.refused(401, "invalid_client");
    let secret = app.client("backend", ClientKind::Confidential).await;
    ask(&app, &basic("backend", &secret), "token=x").await.refused(401, "invalid_client");
    ask(&app, "Bearer a.b.c", "token=x").await.refused(401, "invalid_token");
    let access = app.access_token().await;
    let ask_with_too_little = ask(&app, &format!("Bearer {access}"), "token=x").await;
    ask_with_too_little.refused(403, "insufficient_scope");
    assert!(
        ask_with_too_little.header("www-authenticate").contains("scope=\"countersign:introspect\"")
    );
}

#[tokio::test]
async fn i04_i08_i09_i12_an_active_token_is_described_and_not_cached() {
    let app = App::new().await;
    let caller = app.resource_server().await;
    let tokens = app.tokens().await;
    let answer = ask(&app, &caller, &format!("token={}", text(&tokens, "access_token"))).await;
    let access = answer.ok();
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(access["active"], true);
    for (name, value) in [
        ("sub", json!(app.ada)),
        ("username", json!("ada")),
        ("client_id", json!("first-party")),
        ("token_type", json!("access_token")),
        ("aud", json!("api")),
        ("iss", json!("https://auth.example")),
        ("scope", json!("reports:read reports:write")),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert!(access["exp"].is_i64() && access["iat"].is_i64() && access["jti"].is_string());
    let refresh = ask(&app, &caller, &format!("token={}", text(&tokens, "refresh_token"))).await;
    assert_eq!(refresh.ok()["token_type"], "refresh_token");
}

#[tokio::test]
async fn i03_a_wrong_hint_does_not_matter() {
    let app = App::new().await;
    let caller = app.resource_server().await;
    let token = app.access_token().await;
    for hint in ["refresh_token", "x"] {
        let form = format!("token={token}&token_type_hint={hint}");
        assert_eq!(ask(&app, &caller, &form).await.ok()["active"], true);
    }
}

#[tokio::test]
async fn i05_i07_i11_what_is_not_good_is_inactive_and_nothing_else() {
    let app = App::new().await;
    let caller = app.resource_server().await;
    let inactive: Value = json!({"active": false});
    let expired = app.access_token().await;
    app.pass(1_000);
    let revoked = app.access_token().await;
    app.call(Method::POST, "/logout", &revoked, None).await.done();
    for token in ["x", "a.b.c", "cs_rt_AAAA", &expired, &revoked] {
        let answer = ask(&app, &caller, &format!("token={token}")).await;
        assert_eq!(answer.ok(), inactive);
        assert_eq!(answer.body.as_ref(), b"{\"active\":false}");
    }
}

#[tokio::test]
async fn i10_a_token_in_the_url_is_not_looked_at() {
    let app = App::new().await;
    let caller = app.resource_server().await;
    let mut request = form_request(&format!("/introspect?token={}", app.access_token().await), "");
    authorize(&mut request, &caller);
    app.send(request).await.refused_field(400, "invalid_request", "token");
}

#[tokio::test]
async fn an_access_token_with_the_scope_may_ask() {
    let app = App::new().await;
    let credentials = format!("Bearer {}", app.admin_token().await);
    let form = format!("token={}", app.access_token().await);
    assert_eq!(ask(&app, &credentials, &form).await.ok()["active"], true);
    ask(&app, &credentials, &format!("{form}&client_secret=x"))
        .await
        .refused(400, "invalid_request");
}
