//! `POST /introspect` (RFC 7662)

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, Pair, form},
    server::{Place, Server},
};

/// A server with a resource server for `api` on it.
struct Site {
    server: Server,
    root: String,
    secret: String,
}

impl Site {
    async fn new() -> Self {
        let (server, root) = Server::with_root().await;
        let secret = server.client(&root, "reports-api", "resource_server").await;
        Self { server, root, secret }
    }

    async fn ask(&self, pairs: &[(&str, &str)]) -> Answer {
        let request = self.server.form_request("/introspect", &form(pairs));
        Answer::to(request.basic_auth("reports-api", Some(&self.secret))).await
    }
}

#[tokio::test]
async fn i01_i10_it_takes_a_form_and_no_url() {
    let site = Site::new().await;
    let pair = site.server.join("ada").await;
    let url = site.server.url(&format!("/introspect?token={}", pair.access));
    let get = site.server.http.get(&url).basic_auth("reports-api", Some(&site.secret));
    Answer::to(get).await.refused(405, "method_not_allowed");
    let post = site.server.form_request(&format!("/introspect?token={}", pair.access), "");
    let answer = Answer::to(post.basic_auth("reports-api", Some(&site.secret))).await;
    answer.refused_field(400, "invalid_request", "token");
    let body = json!({"token": pair.access});
    site.server.send("/introspect", &body).await.refused(415, "unsupported_media_type");
    assert!(!site.server.log().contains(&pair.access));
}

#[tokio::test]
async fn i02_i06_the_caller_must_be_allowed_to_ask() {
    let site = Site::new().await;
    let server = &site.server;
    let pair = server.join("ada").await;
    let confidential = server.client(&site.root, "app", "confidential").await;
    server.client(&site.root, "spa", "public").await;
    let token = form(&[("token", &pair.access)]);
    let request = || server.form_request("/introspect", &token);
    for answer in [
        Answer::to(request()).await,
        Answer::to(request().basic_auth("reports-api", Some("wrong"))).await,
        Answer::to(request().basic_auth("reports-api", Some(""))).await,
        Answer::to(request().basic_auth("nobody", Some(&site.secret))).await,
        Answer::to(request().basic_auth("app", Some(&confidential))).await,
        Answer::to(request().basic_auth("spa", Some(""))).await,
        Answer::to(request().basic_auth("first-party", Some(""))).await,
        Answer::to(request().basic_auth("", Some(""))).await,
    ] {
        answer.refused(401, "invalid_client");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Basic realm=\"https://auth.example\""), "{challenge}");
    }
    let bad = Answer::to(request().bearer_auth("a.b.c")).await;
    bad.refused(401, "invalid_token");
    assert!(bad.header("www-authenticate").starts_with("Bearer "));
    // The token under question is no proof of anything.
    let own = Answer::to(request().bearer_auth(&pair.access)).await;
    own.refused(403, "insufficient_scope");
    assert!(own.header("www-authenticate").ends_with("scope=\"countersign:introspect\""));
    assert_eq!(Answer::to(request().bearer_auth(&site.root)).await.ok()["active"], true);
}

#[tokio::test]
async fn i03_i04_i08_i09_i12_a_good_token_is_described() {
    let site = Site::new().await;
    let new =
        json!({"username": "ada", "password": PASSWORD, "scopes": ["a", "b"], "roles": ["r"]});
    let server = &site.server;
    server.call(Method::POST, "/admin/users", &site.root, Some(new)).await.created();
    let pair = server.pair("ada").await;
    let claims = pair.claims();
    for hint in [None, Some("access_token"), Some("refresh_token"), Some("nonsense"), Some("")] {
        let hinted = |token| {
            let mut pairs = vec![("token", token)];
            pairs.extend(hint.map(|hint| ("token_type_hint", hint)));
            pairs
        };
        let answer = site.ask(&hinted(&pair.access)).await;
        let access = answer.ok();
        assert_eq!(
            (answer.header("cache-control"), answer.header("pragma")),
            ("no-store", "no-cache")
        );
        assert_eq!(access["active"], json!(true));
        for name in ["exp", "iat", "sub", "aud", "iss", "jti", "client_id", "scope", "sid", "roles"]
        {
            assert_eq!(access[name], claims[name], "{name}");
        }
        assert_eq!((&access["username"], &access["scope"]), (&json!("ada"), &json!("a b")));
        assert_eq!(access["token_type"], "access_token");

        let refresh = site.ask(&hinted(&pair.refresh)).await.ok();
        assert_eq!(
            (&refresh["active"], &refresh["token_type"]),
            (&json!(true), &json!("refresh_token"))
        );
        for name in ["sub", "aud", "iss", "client_id", "scope", "sid"] {
            assert_eq!(refresh[name], claims[name], "{name}");
        }
        assert!(refresh["exp"].as_i64() > claims["exp"].as_i64());
    }
    // Asking is no use of it.
    server.refresh(&pair.refresh).await.ok();
}

#[tokio::test]
async fn i05_i07_i11_inactive_is_inactive_whatever_the_reason() {
    let site = Site::new().await;
    let (server, other) = (&site.server, Server::start(&[]));
    let foreign = other.join("ada").await;
    let live = server.join("ada").await;
    let revoked = server.pair("ada").await;
    server.call(Method::POST, "/logout", &revoked.access, None).await.done();
    let rotated = server.pair("ada").await;
    server.refresh(&rotated.refresh).await.ok();
    let gone = server.join("grace").await;
    server.call(Method::POST, "/admin/users/grace/disable", &site.root, None).await.ok();
    let body = live.access.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.");
    let tampered = format!("{}A", live.access);
    let mut answers = Vec::new();
    for token in [
        "x",
        "a.b.c",
        "cs_rt_x",
        &foreign.access,
        &foreign.refresh,
        &revoked.access,
        &revoked.refresh,
        &rotated.refresh,
        &gone.access,
        &gone.refresh,
        &unsigned,
        &tampered,
    ] {
        let answer = site.ask(&[("token", token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "{\"active\":false}"), "{token}");
        answers.push(answer.seen());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(site.ask(&[("token", &live.access)]).await.ok()["active"], true);
}

#[tokio::test]
async fn i07_a_token_for_somebody_else_is_inactive() {
    let place = Place::new();
    let url = place.database_url();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &url,
        "--issuer",
        crate::server::ISSUER,
        "--audience",
        "api",
        "--audience",
        "reports",
        "--log-level",
        "trace",
        "--log-format",
        "json",
    ];
    let server = Server::launch(place, &args);
    server.add_user("root", PASSWORD, &["--scope", "countersign:admin"]);
    let log_in = async |body: Value| Pair::of(server.send("/login", &body).await.ok());
    let root =
        log_in(json!({"username": "root", "password": PASSWORD, "scope": "countersign:admin"}))
            .await;
    let body = json!({"id": "reports-api", "kind": "resource_server", "audiences": ["reports"]});
    let client =
        server.call(Method::POST, "/admin/clients", &root.access, Some(body)).await.created();
    let secret = client["client_secret"].as_str().unwrap();
    let ask = async |token: &str| {
        let request = server.form_request("/introspect", &form(&[("token", token)]));
        Answer::to(request.basic_auth("reports-api", Some(secret))).await.ok()
    };
    let api = log_in(json!({"username": "root", "password": PASSWORD})).await;
    let reports =
        log_in(json!({"username": "root", "password": PASSWORD, "resource": "reports"})).await;
    for token in [&api.access, &api.refresh] {
        assert_eq!(ask(token).await, json!({"active": false}));
    }
    for token in [&reports.access, &reports.refresh] {
        let answer = ask(token).await;
        assert_eq!((&answer["active"], &answer["aud"]), (&json!(true), &json!("reports")));
    }
    // A refresh keeps the audience.
    let next = Pair::of(server.refresh(&reports.refresh).await.ok());
    assert_eq!(next.claims()["aud"], "reports");
}

#[tokio::test]
async fn i02_guessing_is_limited() {
    let place = Place::new().with_env("COUNTERSIGN_LIMITS_FAILURES_ADDRESS", "5/minute");
    let (server, root) = Server::with_root_in(place).await;
    let secret = server.client(&root, "reports-api", "resource_server").await;
    let ask = |path: &'static str, secret: String| {
        let request = match path {
            "/introspect" => server.form_request(path, "token=x"),
            _ => server.http.get(server.url(path)),
        };
        Answer::to(request.basic_auth("reports-api", Some(secret)))
    };
    for path in ["/introspect", "/revocations", "/introspect", "/revocations", "/introspect"] {
        ask(path, "a guess".into()).await.refused(401, "invalid_client");
    }
    // Both doors are shut now, and the right secret is not told from a wrong one.
    for secret in ["a guess", &secret] {
        for path in ["/introspect", "/revocations"] {
            let answer = ask(path, secret.to_owned()).await;
            answer.refused(429, "rate_limited");
            assert!(!answer.header("retry-after").is_empty());
        }
    }
}
