//! How access tokens are presented (RFC 6750)

use axum::http::Method;
use serde_json::json;

use crate::fixture::{App, authorize, bare, form_request};

async fn with_fields(app: &App, path: &str, fields: &[&str]) -> crate::fixture::Answer {
    let mut request = bare(Method::GET, path);
    for field in fields {
        authorize(&mut request, field);
    }
    app.send(request).await
}

#[tokio::test]
async fn w01_the_scheme_is_case_insensitive() {
    let app = App::new().await;
    let token = app.access_token().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        with_fields(&app, "/users/me", &[&format!("{scheme} {token}")]).await.ok();
    }
}

#[tokio::test]
async fn w02_h36_two_presentations_are_an_invalid_request() {
    let app = App::new().await;
    let token = app.access_token().await;
    let field = format!("Bearer {token}");
    with_fields(&app, "/users/me", &[&field, &field]).await.refused(400, "invalid_request");
    for field in [
        format!("Bearer {token} {token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer\t{token}"),
        "Bearer".to_owned(),
        format!("Bearer {token}\""),
    ] {
        with_fields(&app, "/users/me", &[&field]).await.refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn w03_w04_h26_forms_and_urls_are_not_looked_at() {
    let app = App::new().await;
    let token = app.access_token().await;
    app.get(&format!("/users/me?access_token={token}")).await.refused(401, "missing_token");
    let form = form_request("/introspect", &format!("access_token={token}&token={token}"));
    app.send(form).await.refused(401, "invalid_client");
    let logout = bare(Method::POST, &format!("/logout?access_token={token}"));
    app.send(logout).await.refused(401, "missing_token");
}

#[tokio::test]
async fn w05_w11_without_a_token_the_challenge_has_a_realm_and_no_error() {
    let app = App::new().await;
    for fields in [&[][..], &["Basic YTpi"], &["Digest x"]] {
        let answer = with_fields(&app, "/users/me", fields).await;
        answer.refused(401, "missing_token");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"https://auth.example\"");
    }
}

#[tokio::test]
async fn w06_w07_w10_a_token_that_is_not_good_says_so_once() {
    let app = App::new().await;
    let token = app.access_token().await;
    let forged = format!("{token}A");
    for bad in ["a.b.c", "x", forged.as_str()] {
        let answer = with_fields(&app, "/users/me", &[&format!("Bearer {bad}")]).await;
        answer.refused(401, "invalid_token");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.matches("realm=").count(), 1);
        assert_eq!(challenge.matches("error=\"invalid_token\"").count(), 1);
        assert!(!challenge.contains(bad) || bad == "x");
    }
    app.pass(901);
    with_fields(&app, "/users/me", &[&format!("Bearer {token}")])
        .await
        .refused(401, "invalid_token");
}

#[tokio::test]
async fn w08_a_missing_scope_is_named() {
    let app = App::new().await;
    let token = app.access_token().await;
    let answer = app.call(Method::GET, "/admin/users", &token, None).await;
    answer.refused(403, "insufficient_scope");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.ends_with("scope=\"countersign:admin\""), "{challenge}");
}

#[tokio::test]
async fn w09_a_refresh_token_is_no_access_token() {
    let app = App::new().await;
    let tokens = app.tokens().await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    with_fields(&app, "/users/me", &[&format!("Bearer {refresh}")])
        .await
        .refused(401, "invalid_token");
    let body = json!({"refresh_token": tokens["access_token"]});
    app.post_json("/refresh", &body).await.refused(400, "invalid_grant");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let app = App::new().await;
    let token = app.access_token().await;
    app.call(Method::GET, "/users/me", &token, None).await.ok();
    app.call(Method::POST, "/logout", &token, None).await.done();
    app.call(Method::GET, "/users/me", &token, None).await.refused(401, "invalid_token");
}
