//! Every row of the error table, reached over HTTP and compared with the table.

use std::io::{Read, Write};

use countersign::engine::error::code::{Challenge, ErrorCode, www_authenticate};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;

use crate::{
    answers::{Answer, PASSWORD, read_answer},
    server::{ISSUER, Place, Server},
};

/// What [`what_callers_get_wrong`] reaches.
const CALLERS: &[&str] = &[
    "missing_token",
    "invalid_token",
    "insufficient_scope",
    "invalid_request",
    "invalid_credentials",
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "reauthentication_failed",
    "weak_password",
    "username_taken",
    "not_found",
    "conflict",
    "method_not_allowed",
    "payload_too_large",
    "unsupported_media_type",
];
/// What the other tests here reach.
const OTHERS: &[&str] = &[
    "access_denied",
    "rate_limited",
    "request_timeout",
    "temporarily_unavailable",
    "server_error",
];
/// RFC 7009 2.2.1: for servers that cannot revoke a kind of token. This one revokes every kind.
/// RFC 9470: for routes of an application that ask for a recent log-in.
const NEVER: &[&str] = &["unsupported_token_type", "insufficient_user_authentication"];

/// The row of a code.
fn row(code: &str) -> ErrorCode {
    ErrorCode::all().find(|row| row.as_str() == code).unwrap()
}

/// Compares an answer with its row; its own words may stand instead of the row's in `own_words`.
#[track_caller]
fn is_row(answer: &Answer, code: &str, own_words: bool) {
    let row = row(code);
    let body = answer.refused(row.http_status(), code);
    let description = body["error_description"].as_str().unwrap();
    if !own_words {
        assert_eq!(description, row.public_message());
    }
    let expected = www_authenticate(row.challenge(), ISSUER, code, row.public_message(), None);
    let challenge = answer.header("www-authenticate");
    match expected {
        None => assert_eq!(challenge, "", "{code}"),
        // The scope that is missing stands behind.
        Some(expected) => assert!(challenge.starts_with(&expected), "{code}: {challenge}"),
    }
    assert_eq!(
        answer.headers.get_all("www-authenticate").iter().count() > 0,
        row.challenge() != Challenge::None
    );
    let waits = matches!(row.http_status(), 429 | 503);
    let seconds: Option<u64> = answer.header("retry-after").parse().ok();
    assert_eq!(seconds.is_some_and(|seconds| seconds > 0), waits, "{code}: Retry-After");
    assert_eq!(answer.header("ratelimit-policy").is_empty(), code != "rate_limited");
    assert!(!answer.header("x-request-id").is_empty());
}

#[test]
fn every_row_is_reached_here() {
    let reached = [CALLERS, OTHERS, NEVER].concat();
    for row in ErrorCode::all() {
        assert!(reached.contains(&row.as_str()), "{} is not reached", row.as_str());
    }
    assert_eq!(reached.len(), ErrorCode::all().count());
}

#[tokio::test]
async fn what_callers_get_wrong() {
    let (server, root) = Server::with_root().await;
    let ada = server.join("ada").await;
    server.client(&root, "app", "public").await;
    let register = |username: &str, password: &str| {
        let body = json!({"username": username, "password": password});
        let request = server.http.post(server.url("/register")).json(&body);
        Answer::to(request)
    };
    let login = |more: serde_json::Value| {
        let mut body = json!({"username": "ada", "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Answer::to(server.http.post(server.url("/login")).json(&body))
    };
    let password = [("grant_type", "password"), ("username", "ada"), ("password", PASSWORD)];
    let change = json!({"current_password": "wrong", "new_password": "another quiet river"});
    let client = json!({"id": "app", "kind": "public"});
    let call =
        async |method, path: &str, token: &str, body| server.call(method, path, token, body).await;
    let text_body = server.http.post(server.url("/login")).body("hello");
    let large = "x".repeat(64 * 1024 + 1);
    let reached = [
        ("missing_token", server.fetch("/users/me").await),
        ("invalid_token", server.me("a.b.c").await),
        ("insufficient_scope", call(Method::GET, "/admin/users", &ada.access, None).await),
        ("invalid_request", server.send("/login", &json!({"username": "ada"})).await),
        ("invalid_credentials", login(json!({"password": "wrong"})).await),
        ("invalid_grant", server.refresh("cs_rt_x").await),
        ("invalid_client", server.form("/introspect", &[("token", "x")]).await),
        (
            "unauthorized_client",
            server.form("/token", &[&password[..], &[("client_id", "app")]].concat()).await,
        ),
        (
            "unsupported_grant_type",
            server.form("/token", &[("grant_type", "client_credentials")]).await,
        ),
        ("invalid_scope", login(json!({"scope": "countersign:admin"})).await),
        ("invalid_target", login(json!({"resource": "elsewhere"})).await),
        (
            "reauthentication_failed",
            call(Method::POST, "/users/me/password", &ada.access, Some(change)).await,
        ),
        ("weak_password", register("grace", "password").await),
        ("username_taken", register("ada", PASSWORD).await),
        ("not_found", server.fetch("/nothing/here").await),
        ("conflict", call(Method::POST, "/admin/clients", &root, Some(client)).await),
        ("method_not_allowed", server.fetch("/login").await),
        ("payload_too_large", server.send_too_much("/register", "application/json", &large).await),
        ("unsupported_media_type", Answer::to(text_body).await),
    ];
    let codes: Vec<&str> = reached.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, CALLERS);
    for (code, answer) in &reached {
        let own_words = ["invalid_request", "weak_password", "conflict"].contains(code);
        is_row(answer, code, own_words);
    }
    let (_, not_allowed) = &reached[16];
    assert_eq!(not_allowed.header("allow"), "POST");
    let (_, lacking) = &reached[2];
    assert!(lacking.header("www-authenticate").ends_with(", scope=\"countersign:admin\""));
    for (index, field) in [(3, "password"), (11, "current_password"), (12, "password")] {
        assert_eq!(reached[index].1.json()["field"], field);
    }
}

#[tokio::test]
async fn what_the_configuration_forbids() {
    let place = Place::new()
        .with_env("COUNTERSIGN_ACCOUNTS_REGISTRATION", "false")
        .with_env("COUNTERSIGN_ACCOUNTS_PASSWORD_GRANT", "false")
        .with_env("COUNTERSIGN_LIMITS_LOGIN_ADDRESS", "2/minute");
    let server = Server::start_in(place, &[]);
    let body = json!({"username": "ada", "password": PASSWORD});
    is_row(&server.send("/register", &body).await, "access_denied", false);
    let password = [("grant_type", "password"), ("username", "ada"), ("password", PASSWORD)];
    is_row(&server.form("/token", &password).await, "unsupported_grant_type", false);
    for _ in 0..2 {
        server.try_login("ada", PASSWORD).await.refused(401, "invalid_credentials");
    }
    let limited = server.try_login("ada", PASSWORD).await;
    is_row(&limited, "rate_limited", false);
    assert_eq!(limited.header("ratelimit-policy"), "\"login\";q=2;w=60");
    let rest = format!("\"login\";r=0;t={}", limited.header("retry-after"));
    assert_eq!(limited.header("ratelimit"), rest);
}

#[tokio::test]
async fn more_log_ins_than_can_be_hashed() {
    let place = Place::new()
        .with_env("COUNTERSIGN_PASSWORDS_CONCURRENCY", "1")
        .with_env("COUNTERSIGN_PASSWORDS_QUEUE", "1")
        .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456");
    let server = Server::start_in(place, &[]);
    // Each its own account, so that no account's budget is reached.
    let names: Vec<String> = (0..24).map(|index| format!("user{index}")).collect();
    let mut tries = tokio::task::JoinSet::new();
    for name in names {
        let body = json!({"username": name, "password": PASSWORD});
        tries.spawn(Answer::to(server.http.post(server.url("/login")).json(&body)));
    }
    let answers = tries.join_all().await;
    let busy: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!busy.is_empty() && busy.len() < answers.len(), "{} were refused", busy.len());
    for answer in busy {
        is_row(answer, "temporarily_unavailable", false);
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    let head = "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
        content-length: 100\r\n\r\n{\"username\":";
    stream.write_all(head.as_bytes()).unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let mut answer = [0; 2_048];
        let read = stream.read(&mut answer).unwrap();
        crate::server::text(&answer[..read])
    });
    let answer = reading.await.unwrap();
    let row = row("request_timeout");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"error\":\"request_timeout\""), "{answer}");
    assert!(answer.contains(row.public_message()) && answer.contains("cache-control: no-store"));
    // Others are served meanwhile and afterwards.
    server.fetch("/healthz").await.ok();
}

#[tokio::test]
async fn what_is_broken_here_says_nothing_of_itself() {
    let mut server = Server::start(&[]);
    let ada = server.join("ada").await;
    server.stop();
    let database = Connection::open(server.dir.database()).unwrap();
    let broken = "UPDATE users SET roles = 'a secret that is no list'";
    assert_eq!(database.execute(broken, ()).unwrap(), 1);
    drop(database);
    server.restart();
    let answer = server.me(&ada.access).await;
    is_row(&answer, "server_error", false);
    assert!(!answer.body.contains("secret"));
    // A request that cannot be parsed as HTTP at all has no handler; it must not be a 5xx either.
    let mut stream = server.connect();
    stream.write_all(b"NONSENSE\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut stream).0, 400);
}

#[tokio::test]
async fn h28_every_answer_says_how_it_may_be_used() {
    let plain = Server::start(&[]);
    let place = Place::new().with_env("COUNTERSIGN_HTTP_HSTS", "true");
    let strict = Server::start_in(place, &[]);
    for server in [&plain, &strict] {
        let pair = server.join("ada").await;
        let private = [
            server.try_login("ada", PASSWORD).await,
            server.refresh(&pair.refresh).await,
            server.me(&pair.access).await,
            server.call(Method::GET, "/users/me/sessions", &pair.access, None).await,
            server.form("/revoke", &[("token", "x")]).await,
            server.fetch("/nothing").await,
            server.fetch("/healthz").await,
            server.fetch("/metrics").await,
            server.call(Method::POST, "/logout", &pair.access, None).await,
        ];
        let public = [server.fetch("/.well-known/jwks.json").await, server.fetch("/docs/").await];
        for answer in &private {
            assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
            assert_eq!(answer.header("pragma"), "no-cache");
        }
        for answer in private.iter().chain(&public) {
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
            let hsts = answer.header("strict-transport-security").starts_with("max-age=");
            assert_eq!(hsts, server.dir.path() == strict.dir.path());
            // Nothing says what runs here.
            assert_eq!((answer.header("server"), answer.header("x-powered-by")), ("", ""));
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
}
