//! `POST /register`

use serde_json::json;

use crate::fixture::{App, PASSWORD};

#[tokio::test]
async fn an_account_starts_without_grants() {
    let app = App::new().await;
    let body = json!({"username": "Grace", "password": PASSWORD, "email": "g@example.com"});
    let answer = app.post_json("/register", &body).await;
    assert_eq!(answer.status, 201);
    let user = answer.json();
    assert_eq!(user["username"], "grace");
    assert_eq!(user["email"], "g@example.com");
    assert_eq!((&user["roles"], &user["scopes"]), (&json!([]), &json!([])));
    assert_eq!(user["disabled"], false);
    assert_eq!(user.as_object().unwrap().len(), 7);
}

#[tokio::test]
async fn each_refusal_names_its_member() {
    let app = App::new().await;
    let send = |body| {
        let app = &app;
        async move { app.post_json("/register", &body).await }
    };
    let taken = json!({"username": "ADA", "password": PASSWORD});
    send(taken).await.refused_field(409, "username_taken", "username");
    let weak = json!({"username": "bob", "password": "password"});
    send(weak).await.refused_field(400, "weak_password", "password");
    let name = json!({"username": "a b", "password": PASSWORD});
    send(name).await.refused_field(400, "invalid_request", "username");
    let email = json!({"username": "bob", "password": PASSWORD, "email": "nowhere"});
    send(email).await.refused_field(400, "invalid_request", "email");
    let grab = json!({"username": "bob", "password": PASSWORD, "roles": ["admin"]});
    send(grab).await.refused_field(400, "invalid_request", "roles");
}

#[tokio::test]
async fn registration_can_be_closed() {
    let app = App::with(|config| config.accounts.registration = false, |_| {}).await;
    let body = json!({"username": "bob", "password": PASSWORD});
    app.post_json("/register", &body).await.refused(403, "access_denied");
}

#[tokio::test]
async fn a_flood_of_registrations_is_limited() {
    let app = App::new().await;
    let body = json!({"username": "ada", "password": PASSWORD});
    for _ in 0..300 {
        app.post_json("/register", &body).await.refused(409, "username_taken");
    }
    app.post_json("/register", &body).await.refused(429, "rate_limited");
}
