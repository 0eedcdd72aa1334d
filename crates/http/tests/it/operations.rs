//! `/healthz`, `/readyz`, `/metrics`, `/docs`

use std::time::Duration;

use axum::http::Method;
use countersign_http::Readiness;
use serde_json::json;

use crate::fixture::{App, PASSWORD, bare};

#[tokio::test]
async fn health_is_always_readiness_can_be_lowered() {
    let readiness = Readiness::default();
    let shared = readiness.clone();
    let app = App::with(|_| {}, |http| http.readiness = shared).await;
    app.get("/healthz").await.ok();
    app.get("/readyz").await.ok();
    readiness.set(false);
    app.get("/readyz").await.refused(503, "temporarily_unavailable");
    app.get("/healthz").await.ok();
}

#[tokio::test]
async fn stale_revocations_make_it_unready_and_protected_routes_answer_503() {
    let app = App::new().await;
    let token = app.access_token().await;
    app.clock.advance(Duration::from_secs(301));
    let ready = app.get("/readyz").await;
    ready.refused(503, "temporarily_unavailable");
    assert_eq!(ready.header("retry-after"), "1");
    let me = app.call(Method::GET, "/users/me", &token, None).await;
    me.refused(503, "temporarily_unavailable");
    assert_eq!(me.header("www-authenticate"), "");
}

#[tokio::test]
async fn metrics_count_and_hold_no_secret() {
    let app = App::new().await;
    let good = json!({"username": "ada", "password": PASSWORD});
    let tokens = app.post_json("/login", &good).await.ok();
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    app.post_json("/refresh", &refresh).await.ok();
    app.post_json("/login", &json!({"username": "ada", "password": "wrong"})).await;
    app.get("/no/such/path").await;
    app.send(bare(Method::from_bytes(b"EVIL").unwrap(), "/login")).await;
    let answer = app.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "countersign_logins_total{outcome=\"ok\"} 1",
        "countersign_logins_total{outcome=\"invalid_credentials\"} 1",
        "countersign_refreshes_total{outcome=\"ok\"} 1",
        "countersign_http_requests_total{route=\"/login\",method=\"POST\",status=\"200\"} 1",
        "countersign_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "countersign_http_requests_total{route=\"/login\",method=\"other\",status=\"405\"} 1",
        "countersign_revocation_entries 0",
        "countersign_revocation_overflowed 0",
        "countersign_password_verifications_total 2",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("countersign_revocation_staleness_seconds "));
    assert!(text.contains("countersign_http_request_duration_seconds_bucket"));
    assert!(text.ends_with("# EOF\n"));
    for secret in ["access_token", "refresh_token"] {
        assert!(!text.contains(tokens[secret].as_str().unwrap()));
    }
}

#[tokio::test]
async fn the_docs_are_served_from_here_alone() {
    let app = App::new().await;
    let redirect = app.get("/docs").await;
    assert_eq!((redirect.status.as_u16(), redirect.header("location")), (303, "docs/"));
    let page = app.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    for link in html.split(['"']).filter(|part| part.starts_with("./")) {
        let asset = app.get(&format!("/docs/{}", link.trim_start_matches("./"))).await;
        assert_eq!(asset.status, 200, "{link}");
    }
    let script = app.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(script.body.to_vec()).unwrap().contains("../openapi.json"));
}
