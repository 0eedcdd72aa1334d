//! The tower layer and the axum extractor, through an axum router.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef,
    http::{Request, Response, StatusCode, header},
    routing::get,
};
use countersign_guard::{Guard, Principal, revocation::Target, tower::RequireAuth};
use serde_json::json;
use tower::ServiceExt;

use crate::world::World;

#[derive(Clone)]
struct App(Arc<Guard>);

impl FromRef<App> for Arc<Guard> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.0)
    }
}

fn router(world: &World) -> Router {
    let layered = |require: RequireAuth| {
        get(|user: Principal| async move { user.user_id().to_owned() }).layer(require)
    };
    let require = || RequireAuth::new(Arc::clone(&world.guard));
    Router::new()
        .route("/extracted", get(|user: Principal| async move { user.user_id().to_owned() }))
        .route(
            "/optional",
            get(|user: Option<Principal>| async move { user.is_some().to_string() }),
        )
        .route("/layered", layered(require()))
        .route("/scoped", layered(require().scopes(&["read"])))
        .route("/beyond", layered(require().scopes(&["read", "delete"])))
        .route("/office", layered(require().roles(&["manager"])))
        .with_state(App(Arc::clone(&world.guard)))
}

async fn ask(world: &World, path: &str, authorization: &[&str]) -> Response<Body> {
    let mut request = Request::get(path);
    for field in authorization {
        request = request.header(header::AUTHORIZATION, *field);
    }
    router(world).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn challenge(response: &Response<Body>) -> &str {
    response.headers().get(header::WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 4_096).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_good_token_gets_to_the_handler() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token(&json!({})));
    for path in ["/extracted", "/layered", "/scoped"] {
        let response = ask(&world, path, &[&bearer]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(text(response).await, "user-1", "{path}");
    }
    assert_eq!(text(ask(&world, "/optional", &[&bearer]).await).await, "true");
}

#[tokio::test]
async fn w05_w11_without_a_bearer_token_the_challenge_names_the_realm_only() {
    let world = World::new();
    for authorization in [&[][..], &["Basic Zm9vOmJhcg=="]] {
        for path in ["/extracted", "/layered"] {
            let response = ask(&world, path, authorization).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(challenge(&response), "Bearer realm=\"https://auth.example\"");
        }
    }
    assert_eq!(text(ask(&world, "/optional", &[]).await).await, "false");
}

#[tokio::test]
async fn w07_a_bad_token_is_an_invalid_token_also_where_one_is_optional() {
    let world = World::new();
    for path in ["/extracted", "/layered", "/optional"] {
        let response = ask(&world, path, &["Bearer a.b.c"]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(challenge(&response).contains("error=\"invalid_token\""), "{path}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(text(response).await.starts_with("{\"error\":\"invalid_token\""));
    }
}

#[tokio::test]
async fn w02_two_headers_are_a_malformed_request() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token(&json!({})));
    let response = ask(&world, "/layered", &[&bearer, &bearer]).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn w08_a_missing_scope_or_role_is_403() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token(&json!({})));
    let response = ask(&world, "/beyond", &[&bearer]).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(challenge(&response).ends_with("scope=\"delete\""), "{}", challenge(&response));
    let response = ask(&world, "/office", &[&bearer]).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(!challenge(&response).contains("scope="), "a role is no scope");
}

#[tokio::test]
async fn a_revoked_session_is_refused_by_layer_and_extractor() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token(&json!({})));
    world.guard.view().apply(&Target::Session { id: "session-1".into() }, None);
    for path in ["/extracted", "/layered"] {
        assert_eq!(ask(&world, path, &[&bearer]).await.status(), StatusCode::UNAUTHORIZED);
    }
}
