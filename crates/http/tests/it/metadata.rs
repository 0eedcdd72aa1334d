//! `/.well-known/…` (RFC 8414, RFC 7517)

use axum::http::{Method, StatusCode};
use countersign_http::{HttpConfig, mounted, openapi, well_known};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::fixture::{App, bare, form_request, peer, text};

const METADATA: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn m01_m02_the_document_stands_between_host_and_path() {
    let app = App::with(|config| config.issuer = "https://auth.example/t1/".into(), |_| {}).await;
    let answer = app.get(&format!("{METADATA}/t1")).await;
    let metadata = answer.ok();
    assert_eq!(metadata["jwks_uri"], "https://auth.example/.well-known/jwks.json/t1");
    app.get("/.well-known/jwks.json/t1").await.ok();
    app.get(METADATA).await.refused(404, "not_found");
    // M4: byte for byte, the slash at its end too.
    assert_eq!(metadata["issuer"], "https://auth.example/t1/");
}

#[tokio::test]
async fn m04_m05_m06_m07_it_says_what_there_is() {
    let app = App::with(|_| {}, |http| http.mount = "/auth".into()).await;
    let mut request = bare(Method::GET, METADATA);
    request.headers_mut().insert("host", "evil.example".parse().unwrap());
    request.headers_mut().insert("x-forwarded-host", "evil.example".parse().unwrap());
    let metadata = app.send(request).await.ok();
    assert_eq!(
        metadata,
        json!({
            "issuer": "https://auth.example",
            "token_endpoint": "https://auth.example/auth/token",
            "jwks_uri": "https://auth.example/.well-known/jwks.json",
            "revocation_endpoint": "https://auth.example/auth/revoke",
            "introspection_endpoint": "https://auth.example/auth/introspect",
            "response_types_supported": ["none"],
            "grant_types_supported": ["refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        })
    );
    let keys_only =
        App::with(|_| {}, |http| http.routes = ["wellknown".parse().unwrap()].into()).await;
    let metadata = keys_only.get(METADATA).await.ok();
    assert!(metadata.as_object().unwrap().values().all(|value| *value != json!([])));
    assert!(metadata.get("token_endpoint").is_none());
    keys_only.get("/healthz").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_application_that_checks_passwords_itself_has_the_rest_of_sessions() {
    let groups = ["session", "wellknown"].map(|group| group.parse().unwrap());
    let app = App::with(|_| {}, move |http| http.routes = groups.into()).await;
    let metadata = app.get(METADATA).await.ok();
    assert!(metadata.get("token_endpoint").is_none());
    assert_eq!(metadata["revocation_endpoint"], "https://auth.example/revoke");
    app.get("/login").await.refused(404, "not_found");
    app.get("/token").await.refused(404, "not_found");
    app.get("/refresh").await.refused(405, "method_not_allowed");
    app.get("/revocations").await.refused(401, "invalid_client");
}

#[tokio::test]
async fn m09_every_endpoint_answers_where_it_is_said_to_be() {
    let app = App::new().await;
    let mut http = HttpConfig::default();
    http.mount = "/auth".into();
    let service = mounted(app.engine.clone(), http).unwrap();
    let metadata = app_get(&service, METADATA).await;
    for name in ["token_endpoint", "revocation_endpoint", "introspection_endpoint"] {
        let path = text(&metadata, name).replace("https://auth.example", "");
        let path = if path.starts_with("/auth") { path } else { format!("/auth{path}") };
        let mut request = form_request(&path, "");
        request.extensions_mut().insert(peer(1));
        let status = service.clone().oneshot(request).await.unwrap().status();
        assert!(
            status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED,
            "{name}"
        );
    }
    app_get(&service, "/.well-known/jwks.json").await;
    let outside = service.clone().oneshot(bare(Method::GET, "/healthz")).await.unwrap();
    assert_eq!(outside.status(), 404);
    assert_eq!(outside.headers()["content-type"], "application/json");
    app_get(&service, "/auth/healthz").await;
}

async fn app_get(service: &axum::Router, path: &str) -> Value {
    let answer = service.clone().oneshot(bare(Method::GET, path)).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn m11_h33_keys_have_no_private_part() {
    let app = App::new().await;
    let answer = app.get("/.well-known/jwks.json").await;
    let keys = answer.ok()["keys"].as_array().unwrap().clone();
    assert!(!keys.is_empty());
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert!(key["kid"].is_string() && key["alg"] == "ES256");
    }
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("pragma"), "");
}

#[tokio::test]
async fn the_well_known_routes_can_stand_at_an_applications_root() {
    let app = App::new().await;
    let config = HttpConfig::default;
    let own = axum::Router::new()
        .route("/", axum::routing::get(|| async { "home" }))
        .nest("/auth", app.routes.clone())
        .merge(well_known(app.engine.clone(), config()).unwrap())
        .fallback(|| async { (StatusCode::NOT_FOUND, "mine") });
    app_get(&own, METADATA).await;
    app_get(&own, "/auth/healthz").await;
    let missing = own.clone().oneshot(bare(Method::GET, "/x")).await.unwrap();
    assert!(!missing.headers().contains_key("content-security-policy"));
    let inside = own.oneshot(bare(Method::GET, "/auth/x")).await.unwrap();
    assert_eq!(inside.headers()["content-type"], "application/json");
    let document = openapi("https://auth.example/t1", &config());
    assert!(document.paths.paths.contains_key("/.well-known/jwks.json/t1"));
}
