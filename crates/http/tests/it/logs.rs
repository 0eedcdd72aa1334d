//! What is logged (H26, H27): everything at TRACE, and no secret in it.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use countersign_engine::clients::ClientKind;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{App, PASSWORD, authorize, bare, basic, form_request, text};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn read(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn capture() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    (log, guard)
}

#[tokio::test]
async fn h27_no_secret_is_logged_at_any_level() {
    let (log, _guard) = capture();
    let app = App::new().await;
    let secret = app.client("backend", ClientKind::Confidential).await;
    let tokens = app.tokens().await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let next = app.post_json("/refresh", &json!({"refresh_token": refresh})).await.ok();
    let wrong = json!({"username": "ada", "password": "wrong horse"});
    app.post_json("/login", &wrong).await.refused(401, "invalid_credentials");
    app.call(Method::GET, "/users/me", &access, None).await.ok();
    app.call(Method::GET, "/users/me", &format!("{access}x"), None).await;
    let mut request = form_request("/revoke", &format!("token={refresh}"));
    authorize(&mut request, &basic("backend", &secret));
    app.send(request).await.refused(400, "invalid_grant");
    app.post_json("/logout", &json!({"refresh_token": refresh})).await.done();
    let change = json!({"current_password": PASSWORD, "new_password": "x"});
    app.call(Method::POST, "/users/me/password", &access, Some(change)).await;
    let logged = log.read();
    assert!(logged.contains("countersign::access"));
    let signature = access.rsplit('.').next().unwrap();
    for secret in [
        access.as_str(),
        signature,
        &refresh,
        &text(&next, "refresh_token"),
        &text(&next, "access_token"),
        PASSWORD,
        "wrong horse",
        &secret,
        &basic("backend", &secret),
        "$argon2",
    ] {
        assert!(!logged.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn h19_h26_a_line_names_the_route_and_nothing_of_the_request() {
    let (log, _guard) = capture();
    let app = App::new().await;
    let token = app.access_token().await;
    let mut request = bare(Method::DELETE, "/users/me/sessions/secret-id?access_token=in-the-url");
    authorize(&mut request, &format!("Bearer {token}"));
    request.headers_mut().insert("x-request-id", "trace-me".parse().unwrap());
    request.headers_mut().insert("user-agent", "Agent\u{9b}31m".as_bytes().try_into().unwrap());
    app.send(request).await.refused(404, "not_found");
    app.get("/no/such%0apath?x=%0d%0a").await.refused(404, "not_found");
    let logged = log.read();
    for line in logged.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let line = logged.lines().find(|line| line.contains("trace-me")).unwrap();
    assert!(line.contains("/users/me/sessions/{id}") && line.contains("404"), "{line}");
    for hidden in ["secret-id", "in-the-url", "0apath", "Agent"] {
        assert!(!logged.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn an_unnamed_proxy_is_mentioned_once_with_what_to_do() {
    let (log, _guard) = capture();
    let app = App::new().await;
    for _ in 0..3 {
        let mut request = crate::fixture::json_request(Method::POST, "/login", &json!({}));
        request.headers_mut().insert("x-forwarded-for", "198.51.100.1".parse().unwrap());
        app.send(request).await;
    }
    let warnings = log.read().lines().filter(|line| line.contains("trusted_proxies")).count();
    assert_eq!(warnings, 1);
}
