//! `POST /login`

use axum::http::HeaderMap;
use serde_json::json;

use crate::fixture::{App, PASSWORD};

#[tokio::test]
async fn a_log_in_answers_a_pair_of_tokens() {
    let app = App::new().await;
    let answer = app.post_json("/login", &json!({"username": "Ada", "password": PASSWORD})).await;
    let tokens = answer.ok();
    assert_eq!(tokens["token_type"], "bearer");
    assert!(tokens["expires_in"].as_u64().unwrap() <= 900);
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("cs_rt_"));
    assert_eq!(tokens["scope"], "reports:read reports:write");
    assert_eq!(tokens.as_object().unwrap().len(), 5);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
}

#[tokio::test]
async fn scope_and_resource_narrow() {
    let app = App::new().await;
    let log_in = |more: serde_json::Value| {
        let mut body = json!({"username": "ada", "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let narrow = app.post_json("/login", &log_in(json!({"scope": "reports:read"}))).await;
    assert_eq!(narrow.ok()["scope"], "reports:read");
    app.post_json("/login", &log_in(json!({"scope": "countersign:admin"})))
        .await
        .refused(400, "invalid_scope");
    app.post_json("/login", &log_in(json!({"resource": "elsewhere"})))
        .await
        .refused(400, "invalid_target");
}

/// Everything that a caller can see, but the request's own id.
fn seen(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn h01_every_refused_log_in_looks_the_same() {
    let app = App::new().await;
    let admin = app.admin_token().await;
    app.post_json("/register", &json!({"username": "gone", "password": PASSWORD})).await;
    let disabled =
        app.call(axum::http::Method::POST, "/admin/users/gone/disable", &admin, None).await;
    assert_eq!(disabled.ok()["disabled"], true);
    let mut answers = Vec::new();
    for (username, password) in [
        ("ada", "not the password"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("not a \u{0} name", PASSWORD),
        ("", PASSWORD),
    ] {
        let body = json!({"username": username, "password": password});
        let answer = app.post_json("/login", &body).await;
        answer.refused(401, "invalid_credentials");
        answers.push((seen(&answer.headers), answer.body));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let challenge = &answers[0].0.iter().find(|(name, _)| name == "www-authenticate").unwrap().1;
    assert_eq!(challenge, "Bearer realm=\"https://auth.example\"");
}

#[tokio::test]
async fn too_many_failures_are_told_when_to_come_back() {
    let app = App::new().await;
    let wrong = json!({"username": "ada", "password": "not the password"});
    for _ in 0..5 {
        app.post_json("/login", &wrong).await.refused(401, "invalid_credentials");
    }
    let answer = app.post_json("/login", &wrong).await;
    answer.refused(429, "rate_limited");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(answer.header("ratelimit-policy"), "\"account\";q=5;w=60");
    assert_eq!(answer.header("ratelimit"), format!("\"account\";r=0;t={seconds}"));
    app.pass(seconds);
    app.post_json("/login", &wrong).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn h22_a_password_is_neither_cut_nor_hashed_when_it_is_too_long() {
    let app = App::new().await;
    let before = app.engine.password_verifications();
    let body = json!({"username": "ada", "password": "x".repeat(1024 * 1024)});
    app.post_json("/login", &body).await.refused(413, "payload_too_large");
    assert_eq!(app.engine.password_verifications(), before);
    let long: String = (1..=250_u32).map(|n| format!("{:04x}", n * 7_919 % 65_521)).collect();
    let account = json!({"username": "long", "password": format!("{long}a")});
    assert_eq!(app.post_json("/register", &account).await.status, 201);
    let other = json!({"username": "long", "password": format!("{long}b")});
    app.post_json("/login", &other).await.refused(401, "invalid_credentials");
    app.post_json("/login", &account).await.ok();
}
