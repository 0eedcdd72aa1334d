//! The metadata (RFC 8414) and the keys (RFC 7517)

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, part, text},
    server::{AUDIENCE, ISSUER, Place, Server},
};

const PATH: &str = "/.well-known/oauth-authorization-server";

/// A server with this issuer.
fn with_issuer(place: Place, issuer: &str) -> Server {
    let url = place.database_url();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &url,
        "--issuer",
        issuer,
        "--audience",
        AUDIENCE,
        "--log-level",
        "trace",
        "--log-format",
        "json",
    ];
    Server::launch(place, &args)
}

#[tokio::test]
async fn m01_the_document_stands_between_host_and_path() {
    for issuer in ["https://auth.example/t1", "https://auth.example/t1/"] {
        let server = with_issuer(Place::new(), issuer);
        let metadata = server.fetch(&format!("{PATH}/t1")).await.ok();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["jwks_uri"], "https://auth.example/.well-known/jwks.json/t1");
        server.fetch("/.well-known/jwks.json/t1").await.ok();
        server.fetch(PATH).await.refused(404, "not_found");
        server.fetch(&format!("/t1{PATH}")).await.refused(404, "not_found");
        assert_eq!(server.join("ada").await.claims()["iss"], issuer);
    }
}

#[tokio::test]
async fn m02_m03_m04_m06_what_the_document_says() {
    let server = Server::start(&[]);
    let forged = server.http.get(server.url(PATH)).header("host", "evil.example");
    let forged =
        forged.header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
    for answer in [server.fetch(PATH).await, Answer::to(forged).await] {
        let metadata = answer.ok();
        assert_eq!(
            metadata,
            json!({
                "issuer": ISSUER,
                "token_endpoint": "https://auth.example/token",
                "jwks_uri": "https://auth.example/.well-known/jwks.json",
                "revocation_endpoint": "https://auth.example/revoke",
                "introspection_endpoint": "https://auth.example/introspect",
                "response_types_supported": ["none"],
                "grant_types_supported": ["refresh_token"],
                "token_endpoint_auth_methods_supported": ["none"],
                "revocation_endpoint_auth_methods_supported": ["none"],
                "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
            })
        );
        let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        assert!(!metadata.as_object().unwrap().values().any(empty));
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
    }
    assert_eq!(server.join("ada").await.claims()["iss"], ISSUER);
}

#[test]
fn m03_an_issuer_that_is_none_does_not_start() {
    for issuer in [
        "http://auth.example",
        "https://a.example?x=1",
        "https://a.example#x",
        "auth.example",
        "ftp://a",
    ] {
        let place = Place::new();
        let url = place.database_url();
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &url,
            "--issuer",
            issuer,
            "--audience",
            AUDIENCE,
        ];
        let output = place.run(&args);
        assert_eq!(output.status.code(), Some(1), "{issuer}");
        let said = crate::server::text(&output.stderr);
        assert!(said.contains("issuer") && !place.database().exists(), "{said}");
    }
}

#[tokio::test]
async fn m04_a_database_belongs_to_its_issuer() {
    let mut server = Server::start(&[]);
    server.join("ada").await;
    server.stop();
    let url = server.dir.database_url();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &url,
        "--issuer",
        "https://other.example",
        "--audience",
        AUDIENCE,
    ];
    let output = server.dir.run(&args);
    assert!(!output.status.success());
    let said = crate::server::text(&output.stderr);
    assert!(said.contains(ISSUER) && said.contains("https://other.example"), "{said}");
    server.restart();
    server.pair("ada").await;
}

#[tokio::test]
async fn m09_what_is_advertised_answers_and_nothing_else_is_offered() {
    let server = Server::start(&[]);
    let metadata = server.fetch(PATH).await.ok();
    for name in ["token_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri"] {
        let path = metadata[name].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        let method = if name == "jwks_uri" { Method::GET } else { Method::POST };
        let answer = Answer::to(server.http.request(method, server.url(path))).await;
        assert!(![404, 405].contains(&answer.status) && answer.status < 500, "{name}");
    }
    for grant in [
        "authorization_code",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let pairs = [("grant_type", grant), ("code", "x"), ("client_id", "x")];
        server.form("/token", &pairs).await.refused(400, "unsupported_grant_type");
    }
    for path in ["/authorize", "/oauth/authorize", "/device", "/par", "/userinfo"] {
        server.fetch(path).await.refused(404, "not_found");
    }
    // The password form is there for first-party front ends, and is said in OpenAPI only.
    server.join("ada").await;
    server.form("/token", &[("username", "ada"), ("password", PASSWORD)]).await.ok();
    assert!(!metadata.to_string().contains("password"));
    let openapi = server.fetch("/openapi.json").await.ok();
    let flow = &openapi["components"]["securitySchemes"]["password"]["flows"]["password"];
    assert!(flow["tokenUrl"].is_string(), "{}", openapi["components"]["securitySchemes"]);
}

#[tokio::test]
async fn m08_m11_the_key_set_has_public_keys_only() {
    for algorithm in ["ES256", "EdDSA", "RS256", "HS256"] {
        let place = Place::new().with_env("COUNTERSIGN_TOKENS_ALGORITHM", algorithm);
        let server = Server::start_in(place, &[]);
        let pair = server.join("ada").await;
        server.me(&pair.access).await.ok();
        let answer = server.fetch("/.well-known/jwks.json").await;
        let keys = answer.ok();
        let keys = keys["keys"].as_array().unwrap();
        // A shared secret is no public key; the others stand there with the one that comes next.
        assert_eq!(keys.len(), if algorithm == "HS256" { 0 } else { 2 }, "{algorithm}");
        for key in keys {
            let names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(!names.contains(&private), "{algorithm}: {private}");
            }
            assert_eq!(key["use"], "sig");
            assert!(key["alg"].is_string() && key["kid"].is_string() && key["kty"] != "oct");
        }
        let kid = part(&pair.access, 0)["kid"].clone();
        assert!(algorithm == "HS256" || keys.iter().any(|key| key["kid"] == kid));
    }
}

#[tokio::test]
async fn m12_the_next_key_is_published_before_it_signs() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    let jwks = server.fetch("/.well-known/jwks.json").await;
    let caching = jwks.header("cache-control").to_owned();
    let max_age: i64 = caching.rsplit('=').next().unwrap().parse().unwrap();
    let list = async || {
        let keys = server.call(Method::GET, "/admin/keys", &root, None).await.ok();
        keys["keys"].as_array().unwrap().clone()
    };
    let before = list().await;
    assert_eq!(
        (before[0]["state"].as_str(), before[1]["state"].as_str()),
        (Some("signing"), Some("next"))
    );
    let rotated = server.call(Method::POST, "/admin/keys/rotate", &root, None).await.ok();
    assert_eq!(rotated["kid"], before[1]["kid"]);
    // However soon it is wanted: it stands there for twice the age that readers may keep.
    let seconds = seconds(&text(&rotated, "signs_from")) - seconds(&text(&rotated, "published_at"));
    assert!(seconds >= 2 * max_age && seconds >= 600, "{seconds}");
    let keys = server.fetch("/.well-known/jwks.json").await;
    assert!(keys.body.contains(rotated["kid"].as_str().unwrap()));
    let fresh = server.pair("ada").await;
    assert_eq!(part(&fresh.access, 0)["kid"], before[0]["kid"]);
    server.me(&pair.access).await.ok();
    server.me(&fresh.access).await.ok();
}

/// Seconds of an RFC 3339 instant within its month, which is enough for a difference of a day.
fn seconds(instant: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| instant[range].parse::<i64>().unwrap();
    let month = number(0..4) * 12 + number(5..7);
    ((month * 31 + number(8..10)) * 24 + number(11..13)) * 3_600
        + number(14..16) * 60
        + number(17..19)
}
