//! `token verify --jwks URL`: keys from a real server, and from servers that misbehave.

use std::{fs, net::TcpListener};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header::LOCATION},
    routing::get,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::{ISSUER, NOW, answer, failure, good, json, place};
use crate::server::{self, AUDIENCE, Place, Server, text};

const PASSWORD: &str = "correct horse battery";

fn verify(place: &Place, url: &str, token: &str) -> std::process::Output {
    let expected = ["--issuer", server::ISSUER, "--audience", AUDIENCE, "--typ", "at+jwt"];
    place.run(&[&["token", "verify", token, "--json", "--jwks", url], &expected[..]].concat())
}

/// Ada's access token.
async fn access_token(server: &Server) -> String {
    server.add_user("ada", PASSWORD, &[]);
    server.login("ada", PASSWORD).await["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_services_token_is_checked_with_the_keys_that_it_publishes() {
    let server = Server::start(&[]);
    let token = access_token(&server).await;
    let url = server.url("/.well-known/jwks.json");
    let (code, value) = json(&verify(&server.dir, &url, &token));
    assert_eq!((code, &value["claims"]["preferred_username"]), (0, &"ada".into()), "{value}");
    let (code, value) = json(&verify(&server.dir, &url, &good(&place())));
    assert_eq!((code, &value["error"]), (1, &"typ_mismatch".into()));
}

#[tokio::test]
async fn tls_is_checked_against_the_certificates_that_are_trusted() {
    let place = Place::new();
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    fs::write(place.file("cert.pem"), cert.pem()).unwrap();
    fs::write(place.file("key.pem"), signing_key.serialize_pem()).unwrap();
    let root = place.file("cert.pem").display().to_string();
    let server = Server::start_in(place, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let keys = "/.well-known/jwks.json";
    let by_address = server.url(keys);
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let token = good(&super::place());

    let trusting = Place::new().with_env("SSL_CERT_FILE", &root);
    let (_, value) = json(&verify(&trusting, &by_name, &token));
    assert_eq!(value["error"], "typ_mismatch", "the keys were fetched");
    let error = failure(&verify(&trusting, &by_address, &token), 2);
    assert!(error.contains("certificate"), "another name's: {error}");
    let error = failure(&verify(&Place::new(), &by_name, &token), 2);
    assert!(error.contains("certificate"), "a stranger's: {error}");
}

/// A key that somebody publishes by mistake.
const PRIVATE_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// A server with bad habits; its address.
async fn strange() -> String {
    let moved = || async { (StatusCode::FOUND, [(LOCATION, "/jwks")]) };
    let agent = |headers: HeaderMap| async move {
        assert!(headers["user-agent"].to_str().unwrap().starts_with("countersign/"));
        assert!(!headers.contains_key("authorization"));
        r#"{"keys":[]}"#
    };
    let app = Router::new()
        .route("/moved", get(moved))
        .route("/empty", get(agent))
        .route("/huge", get(|| async { "{".repeat(600_000) }))
        .route("/html", get(|| async { "<html>sign in</html>" }))
        .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
        .route("/one", get(|| async { PRIVATE_KEY }))
        .route("/private", get(|| async { r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"# }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_set_is_refused() {
    let place = Place::new();
    let url = strange().await;
    for (path, code, part) in [
        ("/moved", 1, "redirects are not followed"),
        ("/absent", 1, "it answers 404"),
        ("/empty", 1, "key_not_found"),
        ("/html", 1, "key_invalid"),
        ("/one", 1, "not a jwks"),
        ("/private", 1, "a secret or private key stands in a public set (key_invalid)"),
        ("/broken", 2, "it answers 502"),
        ("/huge", 2, "larger than 512 KiB"),
    ] {
        let error = failure(&verify(&place, &format!("{url}{path}"), "a.b.c"), code);
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn addresses_that_cannot_be_trusted_are_not_asked() {
    let place = Place::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, code, part) in [
        ("http://192.0.2.1/jwks", 1, "take https"),
        ("http://127.0.0.1.example.com/jwks", 1, "take https"),
        ("http://localhost@192.0.2.1/jwks", 1, "a user and a password"),
        ("https://ada:hunter2@192.0.2.1/jwks", 1, "a user and a password"),
        ("http://192.0.2.1/jwks?key=hunter2", 1, "http://192.0.2.1/jwks: keys over plain"),
        ("https://", 1, "no URL"),
        ("http://[::1", 1, "no URL"),
        ("https://ada:hunter2@[::1", 1, "no URL"),
        ("file:///etc/passwd", 1, "no such file"),
        (&format!("http://{free}/jwks"), 2, "cannot be fetched"),
    ] {
        let error = failure(&verify(&place, url, "a.b.c"), code);
        assert!(error.contains(part) && !error.contains("hunter2"), "{part} is not in: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_fetches_the_keys_once() {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    let place = place();
    let token = good(&place);
    let jwks = fs::read_to_string(place.file("public.jwks")).unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let serve = move || {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready(jwks.clone())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/jwks", listener.local_addr().unwrap().port());
    let app = Router::new().route("/jwks", get(serve));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let args = [
        "token",
        "verify",
        "-",
        "--jwks",
        &url,
        "--issuer",
        ISSUER,
        "--audience",
        "api",
        "--at",
        NOW,
    ];
    let shown = answer(&place.run_with_input(&args, &format!("{token}\n").repeat(50)));
    assert!(shown.ends_with("50 tokens: 50 valid, 0 refused"), "{}", text(shown.as_bytes()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
