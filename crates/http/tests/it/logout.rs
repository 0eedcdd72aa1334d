//! `POST /logout` and `POST /logout/all`

use axum::http::Method;
use serde_json::{Value, json};

use crate::fixture::{App, bare, text, with_body};

async fn is_live(app: &App, tokens: &Value) -> bool {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    app.post_json("/refresh", &body).await.status == 200
}

#[tokio::test]
async fn an_access_token_ends_its_session_only() {
    let app = App::new().await;
    let (one, other) = (app.tokens().await, app.tokens().await);
    app.call(Method::POST, "/logout", &text(&one, "access_token"), None).await.done();
    assert!(!is_live(&app, &one).await);
    assert!(is_live(&app, &other).await);
}

#[tokio::test]
async fn a_refresh_token_logs_out_and_can_be_repeated() {
    let app = App::new().await;
    let tokens = app.tokens().await;
    let body = json!({"refresh_token": tokens["refresh_token"]});
    app.post_json("/logout", &body).await.done();
    app.post_json("/logout", &body).await.done();
    let access = text(&tokens, "access_token");
    app.call(Method::GET, "/users/me", &access, None).await.refused(401, "invalid_token");
    let forged = json!({"refresh_token": "cs_rt_AAAA"});
    app.post_json("/logout", &forged).await.refused(400, "invalid_grant");
}

#[tokio::test]
async fn everywhere_ends_every_session() {
    let app = App::new().await;
    let (one, other) = (app.tokens().await, app.tokens().await);
    let body = json!({"refresh_token": one["refresh_token"]});
    app.post_json("/logout/all", &body).await.done();
    for tokens in [one, other] {
        assert!(!is_live(&app, &tokens).await);
        let access = text(&tokens, "access_token");
        app.call(Method::GET, "/users/me", &access, None).await.refused(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_refresh_token_counts_before_an_expired_access_token() {
    let app = App::new().await;
    let tokens = app.tokens().await;
    app.pass(1_000);
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let expired = text(&tokens, "access_token");
    app.call(Method::POST, "/logout", &expired, Some(body)).await.done();
}

#[tokio::test]
async fn nothing_shown_is_a_missing_token() {
    let app = App::new().await;
    app.send(bare(Method::POST, "/logout")).await.refused(401, "missing_token");
    app.post_json("/logout", &json!({})).await.refused(401, "missing_token");
    app.post_json("/logout", &json!(null)).await.refused(401, "missing_token");
    app.post_json("/logout", &json!({"session": "x"})).await.refused_field(
        400,
        "invalid_request",
        "session",
    );
    let text = with_body(Method::POST, "/logout", "text/plain", "{}");
    app.send(text).await.refused(415, "unsupported_media_type");
}
