//! Headers of every answer (H18, H28), paths that are not there, panics of time

use axum::http::Method;
use serde_json::json;

use crate::fixture::{Answer, App, PASSWORD, bare, json_request};

const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

fn secured(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("content-security-policy"), POLICY);
    assert_eq!(answer.header("strict-transport-security"), "");
    assert!(!answer.header("x-request-id").is_empty());
}

#[tokio::test]
async fn h28_every_answer_carries_them() {
    let app = App::new().await;
    let log_in = app.post_json("/login", &json!({"username": "ada", "password": PASSWORD})).await;
    let token = app.access_token().await;
    for answer in [
        log_in,
        app.call(Method::GET, "/users/me", &token, None).await,
        app.get("/nothing").await,
        app.send(bare(Method::DELETE, "/login")).await,
        app.get("/.well-known/jwks.json").await,
        app.get("/healthz").await,
    ] {
        secured(&answer);
    }
    let tls = App::with(|_| {}, |http| http.hsts = true).await;
    let header = "max-age=31536000; includeSubDomains";
    assert_eq!(tls.get("/healthz").await.header("strict-transport-security"), header);
}

#[tokio::test]
async fn what_is_personal_is_not_stored() {
    let app = App::new().await;
    let token = app.access_token().await;
    for path in ["/users/me", "/users/me/sessions"] {
        let answer = app.call(Method::GET, path, &token, None).await;
        assert_eq!(
            (answer.header("cache-control"), answer.header("pragma")),
            ("no-store", "no-cache")
        );
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_answer_in_the_same_shape() {
    let app = App::new().await;
    for path in ["/", "/nothing", "/login/", "/admin", "/users/me/", "/docs/nothing"] {
        app.get(path).await.refused(404, "not_found");
    }
    let answer = app.get("/login").await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
    let answer = app.send(bare(Method::POST, "/users/me")).await;
    assert_eq!(answer.header("allow"), "GET,HEAD,PATCH");
    let strange = bare(Method::from_bytes(b"FETCH").unwrap(), "/login");
    app.send(strange).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn a_request_id_is_taken_over_when_it_is_harmless() {
    let app = App::new().await;
    for (given, taken) in [("abc-1.2_3", true), ("a b", false), ("{\"x\"}", false), ("", false)] {
        let mut request = bare(Method::GET, "/healthz");
        request.headers_mut().insert("x-request-id", given.parse().unwrap());
        let id = app.send(request).await.header("x-request-id").to_owned();
        assert_eq!(id == given, taken, "{id}");
        assert!(!id.is_empty());
    }
    let ids = [app.get("/healthz").await, app.get("/healthz").await];
    assert_ne!(ids[0].header("x-request-id"), ids[1].header("x-request-id"));
}

async fn from_page(app: &App, origin: &str, preflight: bool) -> Answer {
    let mut request = if preflight {
        bare(Method::OPTIONS, "/login")
    } else {
        json_request(Method::POST, "/login", &json!({}))
    };
    request.headers_mut().insert("origin", origin.parse().unwrap());
    if preflight {
        request.headers_mut().insert("access-control-request-method", "POST".parse().unwrap());
    }
    app.send(request).await
}

#[tokio::test]
async fn h18_no_page_may_call_by_default() {
    let app = App::new().await;
    let answer = from_page(&app, "https://app.example", false).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    from_page(&app, "https://app.example", true).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn h18_only_listed_pages_may_call() {
    let origins = vec!["https://app.example".to_owned()];
    let app = App::with(|_| {}, |http| http.cors_origins = origins).await;
    for preflight in [false, true] {
        let good = from_page(&app, "https://app.example", preflight).await;
        assert_eq!(good.header("access-control-allow-origin"), "https://app.example");
        assert_eq!(good.header("access-control-allow-credentials"), "");
        for origin in [
            "https://app.example.evil",
            "https://evilapp.example",
            "https://sub.app.example",
            "http://app.example",
            "https://app.example:8443",
            "https://APP.example",
            "null",
        ] {
            let bad = from_page(&app, origin, preflight).await;
            assert_eq!(bad.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(bad.header("access-control-allow-private-network"), "");
            let vary = bad.headers.get_all("vary").iter();
            let vary: Vec<_> = vary.map(|value| value.to_str().unwrap().to_lowercase()).collect();
            assert!(vary.join(",").contains("origin"), "{vary:?}");
        }
    }
}
