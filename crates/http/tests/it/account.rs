//! `/users/me…`

use axum::http::Method;
use serde_json::json;

use crate::fixture::{App, PASSWORD, text};

#[tokio::test]
async fn one_sees_ones_own_account_and_no_secret() {
    let app = App::new().await;
    let me = app.call(Method::GET, "/users/me", &app.access_token().await, None).await.ok();
    assert_eq!(
        me,
        json!({
            "id": app.ada,
            "username": "ada",
            "email": null,
            "disabled": false,
            "roles": [],
            "scopes": ["reports:read", "reports:write"],
            "created_at": "2026-05-28T20:26:40.000Z",
        })
    );
}

#[tokio::test]
async fn the_email_changes_with_the_password_only() {
    let app = App::new().await;
    let token = app.access_token().await;
    let patch = |body| app.call(Method::PATCH, "/users/me", &token, Some(body));
    let good = json!({"email": "ada@example.com", "current_password": PASSWORD});
    assert_eq!(patch(good).await.ok()["email"], "ada@example.com");
    let gone = json!({"email": null, "current_password": PASSWORD});
    assert_eq!(patch(gone).await.ok()["email"], json!(null));
    patch(json!({"email": "a@example.com", "current_password": "wrong"})).await.refused_field(
        403,
        "reauthentication_failed",
        "current_password",
    );
    patch(json!({"current_password": PASSWORD})).await.refused_field(
        400,
        "invalid_request",
        "email",
    );
    patch(json!({"email": "a@example.com"})).await.refused_field(
        400,
        "invalid_request",
        "current_password",
    );
    for grab in ["roles", "scopes", "disabled", "id", "username"] {
        patch(json!({"email": null, "current_password": PASSWORD, grab: []})).await.refused_field(
            400,
            "invalid_request",
            grab,
        );
    }
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_opens_one() {
    let app = App::new().await;
    let (tokens, other) = (app.tokens().await, app.tokens().await);
    let token = text(&tokens, "access_token");
    let change = |body| app.call(Method::POST, "/users/me/password", &token, Some(body));
    change(json!({"current_password": "wrong", "new_password": "another quiet river"}))
        .await
        .refused_field(403, "reauthentication_failed", "current_password");
    change(json!({"current_password": PASSWORD, "new_password": "short"})).await.refused_field(
        400,
        "weak_password",
        "new_password",
    );
    let answer =
        change(json!({"current_password": PASSWORD, "new_password": "another quiet river"})).await;
    let next = answer.ok();
    assert_eq!(answer.header("cache-control"), "no-store");
    for old in [tokens, other] {
        let old = text(&old, "access_token");
        app.call(Method::GET, "/users/me", &old, None).await.refused(401, "invalid_token");
    }
    app.call(Method::GET, "/users/me", &text(&next, "access_token"), None).await.ok();
    let body = json!({"username": "ada", "password": "another quiet river"});
    app.post_json("/login", &body).await.ok();
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = App::new().await;
    let (one, other) = (app.tokens().await, app.tokens().await);
    let (one, other) = (text(&one, "access_token"), text(&other, "access_token"));
    let list = app.call(Method::GET, "/users/me/sessions", &one, None).await.ok();
    let sessions = list["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let members: Vec<&str> = sessions[0].as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["client_id", "created_at", "current", "device", "expires_at", "id", "last_used_at"];
    assert_eq!(members, expected);
    let foreign = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/users/me/sessions/{}", foreign["id"].as_str().unwrap());
    let root = app.admin_token().await;
    app.call(Method::DELETE, &path, &root, None).await.refused(404, "not_found");
    app.call(Method::DELETE, &path, &one, None).await.done();
    app.call(Method::GET, "/users/me", &other, None).await.refused(401, "invalid_token");
    app.call(Method::DELETE, "/users/me/sessions/x%ff", &one, None).await.refused(404, "not_found");
}
