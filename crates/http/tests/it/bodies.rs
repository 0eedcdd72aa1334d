//! Bodies that are too large, too deep, of another kind or broken (H16, H19, H20)

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Method, Request},
};
use serde_json::json;

use crate::fixture::{App, json_request, with_body};

/// Every route that reads JSON without a token.
const JSON_ROUTES: [&str; 3] = ["/login", "/register", "/refresh"];

fn json_body(path: &str, body: impl Into<Body>) -> Request<Body> {
    with_body(Method::POST, path, "application/json", body)
}

#[tokio::test]
async fn h16_json_is_json() {
    let app = App::new().await;
    for path in JSON_ROUTES {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/problem+json",
        ] {
            let request = with_body(Method::POST, path, content_type, "{}");
            app.send(request).await.refused(415, "unsupported_media_type");
        }
        let untyped = Request::post(path).body(Body::from("{}")).unwrap();
        app.send(untyped).await.refused(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn h20_too_much_is_refused_before_it_is_read() {
    let app = App::new().await;
    let valid = json!({"username": "ada", "password": "x".repeat(65_536)}).to_string();
    for path in JSON_ROUTES {
        app.send(json_body(path, valid.clone())).await.refused(413, "payload_too_large");
        let mut declared = json_body(path, "{}");
        declared.headers_mut().insert("content-length", "70000".parse().unwrap());
        app.send(declared).await.refused(413, "payload_too_large");
        let streamed = Body::from_stream(futures_lite(20, 4_096));
        app.send(json_body(path, streamed)).await.refused(413, "payload_too_large");
    }
}

/// A body in `count` chunks, so that its length is not known before.
fn futures_lite(
    count: usize,
    size: usize,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    futures_util::stream::iter((0..count).map(move |_| Ok(Bytes::from(vec![b' '; size]))))
}

#[tokio::test]
async fn h20_a_compressed_body_is_refused() {
    let app = App::new().await;
    for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
        let mut request = json_body("/login", "{}");
        request.headers_mut().insert("content-encoding", encoding.parse().unwrap());
        app.send(request).await.refused(415, "unsupported_media_type");
    }
    let mut request = json_body("/login", "{}");
    request.headers_mut().insert("content-encoding", "identity".parse().unwrap());
    app.send(request).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn broken_json_is_an_invalid_request() {
    let app = App::new().await;
    let deep = format!("{{\"username\":{}{}}}", "[".repeat(33), "]".repeat(33));
    let broken: [&[u8]; 12] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\"x\"",
        b"{\"username\":\"ada\",}",
        b"{\"username\":\"\xff\",\"password\":\"x\"}",
        b"{\"username\":\"\\ud800\",\"password\":\"x\"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"{\"username\":NaN}",
        deep.as_bytes(),
    ];
    for path in JSON_ROUTES {
        for body in broken {
            let answer = app.send(json_body(path, body.to_vec())).await;
            answer.refused(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn members_are_known_typed_and_there_once() {
    let app = App::new().await;
    for (body, field) in [
        (r#"{"username":"ada"}"#, "password"),
        (r#"{"username":1,"password":"x"}"#, "username"),
        (r#"{"username":"ada","password":null}"#, "password"),
        (r#"{"username":"ada","password":["x"]}"#, "password"),
        (r#"{"username":"ada","username":"bob","password":"x"}"#, "username"),
        (r#"{"username":"ada","\u0075sername":"bob","password":"x"}"#, "username"),
        (r#"{"username":"ada","password":"x","otp":"1"}"#, "otp"),
    ] {
        let answer = app.send(json_body("/login", body)).await;
        answer.refused_field(400, "invalid_request", field);
    }
}

#[tokio::test]
async fn h19_what_is_sent_is_never_echoed() {
    let app = App::new().await;
    for evil in ["\r\nSet-Cookie: a=b", "\u{2028}", "\u{1b}[31m", "<script>", "\0"] {
        for body in [json!({"username": evil}), json!({"username": "a", evil: 1})] {
            let answer = app.post_json("/register", &body).await;
            answer.refused(400, "invalid_request");
            let shown = String::from_utf8(answer.body.to_vec()).unwrap();
            assert!(!shown.contains(evil) && !shown.contains("Set-Cookie"), "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn h20_a_body_that_trickles_is_given_up() {
    let app = App::new().await;
    let never = futures_util::stream::pending::<Result<Bytes, Infallible>>();
    let started = tokio::time::Instant::now();
    let answer = app.send(json_body("/login", Body::from_stream(never))).await;
    answer.refused(408, "request_timeout");
    assert_eq!(started.elapsed().as_secs(), Duration::from_secs(10).as_secs());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_invalid_request() {
    let app = App::new().await;
    let broken =
        futures_util::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
    app.send(json_body("/login", Body::from_stream(broken))).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn the_limit_is_exactly_64_kib() {
    let app = App::new().await;
    let padded = |size: usize| format!("{{}}{}", " ".repeat(size - 2));
    app.send(json_body("/login", padded(65_536))).await.refused(400, "invalid_request");
    app.send(json_body("/login", padded(65_537))).await.refused(413, "payload_too_large");
    let patch = json_request(Method::PATCH, "/login", &json!({}));
    app.send(patch).await.refused(405, "method_not_allowed");
}
