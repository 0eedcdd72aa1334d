//! Serving: deadlines, the bound on connections, logs, the orderly end.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::server::{Place, Server};

const PASSWORD: &str = "correct horse battery staple";

async fn connect(server: &Server) -> TcpStream {
    let address = server.base_url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the other side closes.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn r19_a_request_in_flight_is_answered_after_sigterm() {
    let mut server = Server::start(&["--set", "server.drain_pause=1s"]);
    server.register("ada", PASSWORD).await;
    let body = format!("{{\"username\":\"ada\",\"password\":\"{PASSWORD}\"}}");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = connect(&server).await;
    let (first, rest) = body.split_at(10);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.signal("TERM");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ready = server.get("/readyz", "").await;
    assert_eq!(ready.status(), 503, "it still says that it is ready");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(server.http.get(server.url("/healthz")).send().await.is_err(), "it takes new requests");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(10), read_to_end(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("access_token"));
    assert_eq!(server.wait(Duration::from_secs(15)).code(), Some(0));
    assert!(!server.dir.file("auth.db-wal").exists(), "the database was not closed");
}

#[tokio::test]
async fn r19_the_end_does_not_wait_for_ever() {
    let mut server = Server::start(&[]);
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut idle = connect(&server).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    server.signal("INT");
    assert_eq!(server.wait(Duration::from_secs(14)).code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5), "idle connections held it up");
    assert!(read_to_end(&mut idle).await.is_empty());
}

#[tokio::test]
async fn h21_half_open_connections_are_closed() {
    let server = Server::start(&[]);
    let mut partial = connect(&server).await;
    partial.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let mut silent = connect(&server).await;
    let mut preface = connect(&server).await;
    preface.write_all(b"PRI * HTTP/2.0\r\n\r\n").await.unwrap();
    let started = Instant::now();
    for stream in [&mut partial, &mut silent, &mut preface] {
        timeout(Duration::from_secs(15), read_to_end(stream)).await.expect("still open");
    }
    assert!(started.elapsed() > Duration::from_secs(5), "closed too early");
    assert_eq!(server.get("/healthz", "").await.status(), 200);
}

#[tokio::test]
async fn h21_beyond_the_bound_connections_wait() {
    let server = Server::start(&["--set", "server.max_connections=2"]);
    let held = [connect(&server).await, connect(&server).await];
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut third = connect(&server).await;
    third
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    let early = timeout(Duration::from_millis(500), third.read(&mut byte)).await;
    assert!(early.is_err(), "a third connection was served");
    drop(held);
    let answer = timeout(Duration::from_secs(5), read_to_end(&mut third)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let server = Server::start(&[]);
    let mut stream = connect(&server).await;
    // Preface and an empty SETTINGS frame (RFC 9113 3.4): the answer begins with SETTINGS.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    timeout(Duration::from_secs(5), stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "no SETTINGS frame: {frame:?}");
}

#[tokio::test]
async fn h27_logs_are_one_object_a_line_and_have_no_secrets() {
    let server = Server::start(&[]);
    server.register("ada", PASSWORD).await;
    let answer = server.login("ada", PASSWORD).await;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    server.get("/users/me", &access).await;
    let rotated = server.post("/refresh", &serde_json::json!({"refresh_token": refresh})).await;
    let rotated: Value = rotated.json().await.unwrap();
    let next = rotated["refresh_token"].as_str().unwrap();
    server.post("/refresh", &serde_json::json!({"refresh_token": format!("{next}x")})).await;
    let wrong = serde_json::json!({"username": "ada\u{1b}[2J\n", "password": "wrong-wrong-wrong"});
    server.post("/login", &wrong).await;
    let strange = server.http.get(server.url("/%1b%5b2J?token=in-the-query"));
    strange.header("user-agent", "a\u{9b}b").send().await.unwrap();
    let log = server.log();
    for line in log.lines() {
        let object: Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(object["level"].is_string() && object["timestamp"].is_string(), "{line}");
    }
    assert!(!log.contains('\u{1b}') && !log.contains('\u{9b}'));
    let key = std::fs::read_to_string(server.dir.file("auth.db.key")).unwrap();
    let key = key.lines().last().unwrap().strip_prefix("1:").unwrap();
    let secrets = [PASSWORD, &access, &refresh, next, "wrong-wrong-wrong", "in-the-query", key];
    server.assert_no_secret_in_logs(&secrets);
}

#[tokio::test]
async fn pretty_logs_are_plain_lines() {
    let place = Place::new();
    let url = place.database_url();
    let server = Server::launch(
        place,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &url,
            "--issuer",
            "https://a.example",
            "--audience",
            "api",
            "--set",
            "http.mount=/auth",
        ],
    );
    assert_eq!(server.get("/auth/healthz", "").await.status(), 200);
    assert_eq!(server.get("/healthz", "").await.status(), 404);
    let log = server.log();
    assert!(log.contains(" INFO ") && !log.contains('\u{1b}'), "{log}");
}

#[tokio::test]
async fn registration_can_be_closed() {
    let server = Server::start(&["--set", "accounts.registration=false"]);
    assert_eq!(server.register("ada", PASSWORD).await.status(), 403);
}
