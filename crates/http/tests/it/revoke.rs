//! `POST /revoke` (RFC 7009)

use axum::http::Method;
use countersign_engine::clients::ClientKind;
use serde_json::json;

use crate::fixture::{App, authorize, bare, basic, form_request, text};

#[tokio::test]
async fn v01_v06_both_kinds_of_token_are_revoked_at_once() {
    let app = App::new().await;
    let tokens = app.tokens().await;
    let access = text(&tokens, "access_token");
    let answer = app.post_form("/revoke", &format!("token={access}")).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    app.call(Method::GET, "/users/me", &access, None).await.refused(401, "invalid_token");
    // An access token dies alone.
    let refresh = text(&tokens, "refresh_token");
    let next = app.post_json("/refresh", &json!({"refresh_token": refresh})).await.ok();
    // V7: a refresh token takes the access tokens of its session along.
    let refresh = text(&next, "refresh_token");
    assert_eq!(app.post_form("/revoke", &format!("token={refresh}")).await.status, 200);
    let access = text(&next, "access_token");
    app.call(Method::GET, "/users/me", &access, None).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn v02_it_is_a_form_with_a_token() {
    let app = App::new().await;
    app.post_form("/revoke", "").await.refused_field(400, "invalid_request", "token");
    app.post_form("/revoke", "token=a&token=b").await.refused(400, "invalid_request");
    app.post_json("/revoke", &json!({"token": "a"})).await.refused(415, "unsupported_media_type");
    app.send(bare(Method::GET, "/revoke?token=a")).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn v03_a_confidential_client_must_authenticate() {
    let app = App::new().await;
    app.client("backend", ClientKind::Confidential).await;
    app.post_form("/revoke", "token=x&client_id=backend").await.refused(401, "invalid_client");
    let mut request = form_request("/revoke", "token=x");
    authorize(&mut request, &basic("backend", "wrong"));
    let answer = app.send(request).await;
    answer.refused(401, "invalid_client");
    assert!(answer.header("www-authenticate").starts_with("Basic "));
}

#[tokio::test]
async fn v04_another_clients_token_stays_live() {
    let app = App::new().await;
    let secret = app.client("backend", ClientKind::Confidential).await;
    let refresh = text(&app.tokens().await, "refresh_token");
    let mut request = form_request("/revoke", &format!("token={refresh}"));
    authorize(&mut request, &basic("backend", &secret));
    app.send(request).await.refused(400, "invalid_grant");
    app.post_json("/refresh", &json!({"refresh_token": refresh})).await.ok();
}

#[tokio::test]
async fn v05_a_wrong_hint_does_not_matter() {
    let app = App::new().await;
    for hint in ["access_token", "refresh_token", "password", "%00"] {
        let tokens = app.tokens().await;
        let refresh = text(&tokens, "refresh_token");
        let form = format!("token={refresh}&token_type_hint={hint}");
        assert_eq!(app.post_form("/revoke", &form).await.status, 200);
        let body = json!({"refresh_token": refresh});
        app.post_json("/refresh", &body).await.refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn v08_v12_h34_unknown_and_repeated_are_200() {
    let app = App::new().await;
    for token in ["x", "a.b.c", "cs_rt_AAAA", "%20"] {
        assert_eq!(app.post_form("/revoke", &format!("token={token}")).await.status, 200);
    }
    let form = format!("token={}", app.access_token().await);
    for _ in 0..2 {
        assert_eq!(app.post_form("/revoke", &form).await.status, 200);
    }
}

#[tokio::test]
async fn v11_guessing_is_limited() {
    let app = App::new().await;
    for _ in 0..60 {
        assert_eq!(app.post_form("/revoke", "token=x").await.status, 200);
    }
    app.post_form("/revoke", "token=x").await.refused(429, "rate_limited");
}
