//! Requests that nobody should send: each gets the answer that says what is wrong with it, none is
//! the server's mistake, and nothing is lost by it.

use std::{
    io::Write,
    net::Shutdown,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, FORM, PASSWORD, Pair, operations, read_answer},
    server::{Place, Server},
};

const LIMIT: usize = 64 * 1024;

impl Server {
    /// `POST` of these bytes as JSON.
    async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.http.post(self.url(path)).header("content-type", "application/json");
        Answer::to(request.body(body.into())).await
    }
}

#[tokio::test]
async fn members_that_are_unknown_missing_double_or_of_another_type() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let grab =
        |member: &str| format!("{{\"username\":\"x\",\"password\":\"{PASSWORD}\",{member}}}");
    for (body, field) in [
        // What an attacker would like to have (mass assignment).
        (grab("\"roles\":[\"admin\"]"), "roles"),
        (grab("\"scopes\":[\"countersign:admin\"]"), "scopes"),
        (grab("\"is_admin\":true"), "is_admin"),
        (grab("\"id\":\"x\""), "id"),
        (grab("\"email_verified\":true"), "email_verified"),
        (grab("\"password_hash\":\"x\""), "password_hash"),
        (grab("\"Password\":\"x\""), "Password"),
        (grab("\"disabled\":false"), "disabled"),
        // Twice, also when it is written in another way.
        (grab("\"username\":\"y\""), "username"),
        (grab("\"usern\\u0061me\":\"y\""), "username"),
        (grab("\"password\":\"y\""), "password"),
        // Missing, or of another type.
        ("{\"username\":\"x\"}".into(), "password"),
        (format!("{{\"password\":\"{PASSWORD}\"}}"), "username"),
        ("{\"username\":1,\"password\":\"x\"}".into(), "username"),
        ("{\"username\":null,\"password\":\"x\"}".into(), "username"),
        ("{\"username\":[\"x\"],\"password\":\"x\"}".into(), "username"),
        ("{\"username\":\"x\",\"password\":{\"$ne\":\"\"}}".into(), "password"),
        (grab("\"email\":7"), "email"),
        (grab("\"email\":\"no address\""), "email"),
    ] {
        let answer = server.post_bytes("/register", body.as_str()).await;
        answer.refused_field(400, "invalid_request", field);
    }
    server.try_login("x", PASSWORD).await.refused(401, "invalid_credentials");
    server.pair("ada").await;
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let server = Server::start(&[]);
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(5_000), close.repeat(5_000));
    for body in [
        "".into(),
        "{".into(),
        "nul".into(),
        "[]".into(),
        "\"x\"".into(),
        "7".into(),
        "{} {}".into(),
        "\u{feff}{}".into(),
        "{'username':'x'}".into(),
        "{\"username\":\"a\nb\"}".into(),
        "{\"username\":\"\\ud800\",\"password\":\"x\"}".into(),
        "{\"username\":\"x\",\"password\":1e999999}".into(),
        "[".repeat(LIMIT - 1),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"username\":{},\"password\":\"x\"}}", deep("[", "]")),
        "username=x&password=y".into(),
    ] {
        for path in ["/register", "/login", "/refresh"] {
            server.post_bytes(path, body.as_str()).await.refused(400, "invalid_request");
        }
    }
    for bytes in [
        &b"{\"username\":\"\xff\xfe\",\"password\":\"x\"}"[..],
        b"\xff\xfe{\0}\0",
        b"\0",
        b"{\"username\":\"\xc0\xaf\",\"password\":\"x\"}",
    ] {
        server.post_bytes("/login", bytes).await.refused(400, "invalid_request");
    }
    let request = server.form_request("/token", "grant_type=refresh_token&refresh_token=%ff%fe");
    Answer::to(request).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn content_types_and_encodings_that_are_not_taken() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let body = json!({"username": "ada", "password": PASSWORD}).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/problem+json",
        "text/html; application/json",
    ] {
        let request = server.http.post(server.url("/login")).header("content-type", content_type);
        Answer::to(request.body(body.clone())).await.refused(415, "unsupported_media_type");
    }
    let request = server.http.post(server.url("/login")).body(body.clone());
    Answer::to(request).await.refused(415, "unsupported_media_type");
    let json_form = server.send("/token", &json!({"grant_type": "password"})).await;
    json_form.refused(415, "unsupported_media_type");
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"] {
        let request = server.http.post(server.url("/login")).header("content-encoding", encoding);
        let request = request.header("content-type", "application/json").body(body.clone());
        Answer::to(request).await.refused(415, "unsupported_media_type");
    }
    let request = server.http.post(server.url("/login")).header("content-encoding", "identity");
    let request = request.header("content-type", "Application/JSON; charset=\"UTF-8\"");
    Answer::to(request.body(body)).await.ok();
}

#[tokio::test]
async fn bodies_that_are_too_large_or_cut_off() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let hashes = server.hashes().await;
    let padded = |length: usize| {
        let body = json!({"username": "ada", "password": PASSWORD}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    server.post_bytes("/login", padded(LIMIT)).await.ok();
    let hashes_after = server.hashes().await;
    assert_eq!(hashes_after, hashes + 1);
    let json = server.send_too_much("/login", "application/json", &padded(LIMIT + 1)).await;
    json.refused(413, "payload_too_large");
    let form = format!("grant_type=refresh_token&refresh_token={}", "x".repeat(LIMIT));
    let form = server.send_too_much("/token", FORM, &form).await;
    form.refused(413, "payload_too_large");
    // It is refused by what it says of itself, before it comes.
    let head = |more: &str| {
        format!(
            "POST /login HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
             content-type: application/json\r\n{more}\r\n\r\n"
        )
    };
    for length in ["10485760", "9223372036854775807", "65537"] {
        let (status, answer) = server.raw(head(&format!("content-length: {length}")));
        assert_eq!(status, 413, "{answer}");
        assert!(answer.contains("payload_too_large"));
    }
    // In chunks, it is refused once it is too much.
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    let chunks = format!("{}{chunk}{chunk}1\r\n \r\n", head("transfer-encoding: chunked"));
    let (status, answer) = server.raw(chunks);
    assert!(status == 413 && answer.contains("payload_too_large"), "{answer}");
    // A password of 10 MB is not even looked at.
    let mut huge = head("content-length: 10485800").into_bytes();
    huge.extend(
        format!("{{\"username\":\"ada\",\"password\":\"{}\"}}", "x".repeat(10_485_760)).bytes(),
    );
    let (status, _) = server.raw(huge);
    // The answer may be lost when the server closes while we still write.
    assert!([0, 413].contains(&status), "{status}");
    let long = json!({"username": "ada", "password": "x".repeat(1_025)});
    server.send("/login", &long).await.refused_field(400, "invalid_request", "password");
    server
        .send("/register", &json!({"username": "b", "password": "x".repeat(1_025)}))
        .await
        .refused_field(400, "weak_password", "password");
    assert_eq!(server.hashes().await, hashes_after);
    // Cut off: nothing happens, whether or not anybody is there to be told.
    let body = json!({"username": "grace", "password": PASSWORD}).to_string();
    for more in [format!("content-length: {}", body.len() + 1), "transfer-encoding: chunked".into()]
    {
        let path = head(&more).replace("/login", "/register");
        let body = if more.ends_with("chunked") { format!("400\r\n{body}") } else { body.clone() };
        let mut stream = server.connect();
        stream.write_all(format!("{path}{body}").as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let (status, answer) = read_answer(&mut stream);
        assert!([0, 400].contains(&status), "{answer}");
    }
    server.try_login("grace", PASSWORD).await.refused(401, "invalid_credentials");
    server.pair("ada").await;
}

#[tokio::test]
async fn names_that_are_no_names_and_names_that_are_taken_in_another_form() {
    let server = Server::start(&[]);
    for name in ["ada", "am\u{e9}lie", "stra\u{df}e"] {
        server.join(name).await;
    }
    for name in [
        "",
        " ",
        "a b",
        "ada\0",
        "ada\r\nx",
        "ada\u{1b}[31m",
        "ada\u{200b}",
        "ada\u{202e}x",
        "ada\u{a0}",
        "ada\u{2028}",
        "a@b",
        "\u{ff41}\u{ff20}b",
        "\u{fe0f}",
        "\u{1f600}",
        " ada",
        "ada ",
        "\tada",
        &"x".repeat(65),
        &"\u{1f600}".repeat(2_000),
    ] {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = server.send("/register", &body).await;
        answer.refused_field(400, "invalid_request", "username");
        server.try_login(name, PASSWORD).await.refused(401, "invalid_credentials");
    }
    for (form, name) in [
        ("ADA", "ada"),
        ("\u{ff21}\u{ff44}\u{ff41}", "ada"),
        ("Ame\u{301}lie", "am\u{e9}lie"),
        ("AM\u{c9}LIE", "am\u{e9}lie"),
    ] {
        let body = json!({"username": form, "password": PASSWORD});
        server.send("/register", &body).await.refused_field(409, "username_taken", "username");
        let pair = server.pair(form).await;
        assert_eq!(server.me(&pair.access).await.ok()["username"], name);
    }
}

#[tokio::test]
async fn one_name_registered_by_64_at_once_is_registered_once() {
    let server = Server::start(&[]);
    for round in 0..3 {
        let mut tries = tokio::task::JoinSet::new();
        for index in 0..64 {
            let name = if index % 2 == 0 { format!("ada{round}") } else { format!("ADA{round}") };
            let body = json!({"username": name, "password": format!("{PASSWORD} {index}")});
            tries.spawn(Answer::to(server.http.post(server.url("/register")).json(&body)));
        }
        let answers = tries.join_all().await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            // There are more than can be hashed at once; they are told so, and none is lost.
            if answer.status == 503 {
                answer.refused(503, "temporarily_unavailable");
            } else {
                answer.refused_field(409, "username_taken", "username");
            }
        }
    }
}

#[tokio::test]
async fn a_refresh_token_with_one_character_changed_does_nothing() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    for position in 0..pair.refresh.len() {
        for other in ['A', 'z', '_', '.'] {
            let mut characters: Vec<char> = pair.refresh.chars().collect();
            if characters[position] == other {
                continue;
            }
            characters[position] = other;
            let changed: String = characters.into_iter().collect();
            server.refresh(&changed).await.refused(400, "invalid_grant");
        }
    }
    for changed in [
        format!("{}=", pair.refresh),
        format!("{}A", pair.refresh),
        pair.refresh[..pair.refresh.len() - 1].to_owned(),
        pair.refresh[6..].to_owned(),
        pair.refresh.to_uppercase(),
        format!(" {}", pair.refresh),
        format!("{}\n", pair.refresh),
    ] {
        server.refresh(&changed).await.refused(400, "invalid_grant");
        let body = json!({"refresh_token": changed});
        server.send("/logout", &body).await.refused(400, "invalid_grant");
    }
    server.me(&pair.access).await.ok();
    let next = Pair::of(server.refresh(&pair.refresh).await.ok());
    Pair::of(server.refresh(&next.refresh).await.ok());
    let events = server.call(Method::GET, "/admin/events?kind=refresh.replayed", &root, None).await;
    assert_eq!(events.ok()["events"], json!([]));
}

#[tokio::test]
async fn tokens_of_another_server_and_of_another_kind() {
    let (here, there) = (Server::start(&[]), Server::start(&[]));
    let (own, foreign) = (here.join("ada").await, there.join("ada").await);
    here.assert_dead(&foreign).await;
    there.assert_dead(&own).await;
    here.me(&own.refresh).await.refused(401, "invalid_token");
    here.refresh(&own.access).await.refused(400, "invalid_grant");
    let body = json!({"refresh_token": foreign.refresh});
    here.send("/logout", &body).await.refused(400, "invalid_grant");
    here.me(&own.access).await.ok();
    there.refresh(&foreign.refresh).await.ok();
}

#[tokio::test]
async fn headers_that_nobody_sends() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    let get = |fields: &str| {
        server
            .raw(format!("GET /users/me HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n"))
    };
    let bearer = format!("authorization: Bearer {token}\r\n");
    assert_eq!(get(&bearer).0, 200);
    for fields in [
        format!("{bearer}{bearer}"),
        format!("authorization: Bearer {token}\0\r\n"),
        format!("authorization: Bearer \0{token}\r\n"),
        format!("{bearer}x-junk: a\0b\r\n"),
        format!("{bearer}bad header: x\r\n"),
        format!("{bearer}: x\r\n"),
        format!("{bearer} folded: x\r\n"),
        format!("{bearer}content-length: -1\r\n"),
        format!("{bearer}content-length: 1\r\ncontent-length: 2\r\n"),
        format!("authorization: Bearer {token}\u{e9}\r\n"),
        "authorization: Bearer\r\n".into(),
    ] {
        let (status, answer) = get(&fields);
        assert_eq!(status, 400, "{fields:?}: {answer}");
    }
    for fields in [
        format!("{bearer}x-long: {}\r\n", "x".repeat(1_000_000)),
        format!("authorization: Bearer {}\r\n", "x".repeat(1_000_000)),
        format!("{bearer}{}", "x-many: x\r\n".repeat(2_000)),
    ] {
        let (status, answer) = get(&fields);
        // The connection may be closed while we still write, and the answer with it.
        assert!([0, 400, 431].contains(&status), "{answer}");
    }
    let (status, _) =
        server.raw(format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(100_000)));
    assert!([0, 400, 414, 431].contains(&status), "{status}");
    // What stands behind a body of two lengths is no second request: the connection ends (RFC 9112 6.1).
    let smuggled = format!(
        "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /users/me HTTP/1.1\r\nhost: a\r\n{bearer}\
         connection: close\r\n\r\n"
    );
    let (_, answer) = server.raw(smuggled);
    assert!(
        answer.matches("HTTP/1.1 ").count() <= 1 && !answer.contains("\"username\""),
        "{answer}"
    );
    for chunk in ["x\r\n", "-1\r\nx\r\n", "ffffffffffffffffff\r\nx\r\n", "1\r\nxx\r\n0\r\n\r\n"] {
        let (status, answer) = server.raw(format!(
            "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n\
             transfer-encoding: chunked\r\n\r\n{chunk}"
        ));
        assert!([0, 400].contains(&status), "{chunk:?}: {answer}");
    }
    server.me(&token).await.ok();
}

#[tokio::test]
async fn web_pages_call_only_from_where_they_may() {
    let closed = Server::start(&[]);
    let place = Place::new().with_env("COUNTERSIGN_HTTP_CORS_ORIGINS", "https://app.example");
    let open = Server::start_in(place, &[]);
    let allowed = async |server: &Server, origin: &str| {
        let request = server.http.get(server.url("/healthz")).header("origin", origin);
        let plain = Answer::to(request).await;
        let request = server.http.request(Method::OPTIONS, server.url("/login"));
        let request =
            request.header("origin", origin).header("access-control-request-method", "POST");
        let request =
            request.header("access-control-request-headers", "content-type,authorization");
        let request = request.header("access-control-request-private-network", "true");
        let preflight = Answer::to(request).await;
        assert!(preflight.status < 500);
        for answer in [&plain, &preflight] {
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_eq!(answer.header("access-control-allow-private-network"), "");
        }
        let origins = [&plain, &preflight]
            .map(|answer| answer.header("access-control-allow-origin").to_owned());
        assert_eq!(origins[0], origins[1]);
        (origins[0].clone(), plain.header("vary").to_ascii_lowercase())
    };
    let (origin, vary) = allowed(&open, "https://app.example").await;
    assert!(origin == "https://app.example" && vary.contains("origin"), "{origin} {vary}");
    for origin in [
        "null",
        "https://evil.example",
        "http://app.example",
        "https://app.example.evil.example",
        "https://evilapp.example",
        "https://app.example:444",
        "https://APP.example",
        "https://app.example/",
        "*",
        "https://app.exampl",
        "file://",
    ] {
        assert_eq!(allowed(&open, origin).await.0, "", "{origin}");
    }
    assert_eq!(allowed(&closed, "https://app.example").await.0, "");
}

#[tokio::test]
async fn text_that_means_something_to_a_database() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    let get = async |path: String| server.call(Method::GET, &path, &root, None).await;
    for attack in
        ["%27%20OR%201=1--", "%25", "_", "%22;DROP%20TABLE%20users;--", "%00", "\\", "*", "%27"]
    {
        let found = get(format!("/admin/users?search={attack}")).await;
        assert!(
            found.status == 200 && found.ok()["users"] == json!([]),
            "{attack}: {}",
            found.body
        );
        for path in [
            format!("/admin/users/{attack}"),
            format!("/admin/clients/{attack}"),
            format!("/admin/users/{attack}/sessions"),
        ] {
            let answer = get(path).await;
            let empty = answer.status == 200 && answer.json()["sessions"] == json!([]);
            assert!(answer.status == 404 || empty, "{attack}: {} {}", answer.status, answer.body);
        }
        let events = get(format!("/admin/events?kind={attack}")).await;
        assert!(events.status == 400 || events.ok()["events"] == json!([]), "{}", events.body);
        let events = get(format!("/admin/events?user_id={attack}")).await;
        assert!(events.status == 400 || events.ok()["events"] == json!([]), "{}", events.body);
    }
    for query in
        ["limit=-1", "limit=x", "limit=99999999999999999999", "limit=1&limit=2", "limit=%ff"]
    {
        get(format!("/admin/users?{query}")).await.refused(400, "invalid_request");
        get(format!("/admin/events?{query}")).await.refused(400, "invalid_request");
    }
    get("/admin/users?limit=4294967295".into()).await.ok();
    let attack = "' OR '1'='1";
    server.try_login("ada", attack).await.refused(401, "invalid_credentials");
    server.try_login(attack, attack).await.refused(401, "invalid_credentials");
    server.me(&pair.access).await.ok();
}

#[tokio::test]
async fn a_refusal_arrives_although_the_body_was_not_read() {
    let server = Server::start(&[]);
    for length in [LIMIT + 1, 4 * LIMIT, 12 * LIMIT] {
        for _ in 0..40 {
            let body = vec![b' '; length];
            server.post_bytes("/login", body.clone()).await.refused(413, "payload_too_large");
            let request = server.http.post(server.url("/login")).body(body);
            Answer::to(request).await.refused(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn h20_large_and_endless_bodies_leave_nothing_behind() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let body = vec![b' '; LIMIT + 1];
    let send = async |count: usize| {
        for _ in 0..count {
            let request = server.http.post(server.url("/login"));
            let request = request.header("content-type", "application/json").body(body.clone());
            // The connection may end while we still send, and the answer with it.
            assert!(request.send().await.map_or(true, |answer| answer.status() == 413));
        }
    };
    send(50).await;
    let (before, _) = server.memory();
    send(1_000).await;
    let (after, _) = server.memory();
    assert!(after < before + 16 * 1_024 * 1_024, "{before} -> {after}");
    // One that never ends, however slowly it comes, is given up.
    let mut stream = server.connect();
    let head = "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let started = Instant::now();
    let closed = tokio::task::spawn_blocking(move || {
        while stream.write_all(b"1\r\n \r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
            assert!(started.elapsed() < Duration::from_secs(30), "it is still listening");
        }
        started.elapsed()
    });
    assert!(closed.await.unwrap() < Duration::from_secs(15));
    server.pair("ada").await;
}

/// Every JSON route that OpenAPI names, with bodies that fit none.
#[tokio::test]
async fn no_body_makes_any_route_fail_itself() {
    let (server, root) = Server::with_root().await;
    let document = server.fetch("/openapi.json").await.ok();
    let mut bodies: Vec<Value> = vec![json!(null), json!([]), json!({}), json!("x"), json!(-1)];
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("\u{0}\r\n\u{1b}[0m"),
        json!("x".repeat(3_000)),
        json!([]),
        json!([null]),
        json!({"a": {"b": []}}),
        json!([["x"]]),
        json!(["\u{0}"]),
        json!({"iss": "x"}),
        json!("\u{1f600}\u{202e}"),
    ];
    let names = [
        "username",
        "password",
        "email",
        "scope",
        "resource",
        "refresh_token",
        "current_password",
        "new_password",
        "roles",
        "scopes",
        "claims",
        "id",
        "kind",
        "audiences",
    ];
    for value in &values {
        bodies.extend(names.iter().map(|name| json!({*name: value})));
        // All that a route knows, each of them wrong; and what is valid beside one that is wrong.
        bodies.push(json!({"username": value, "password": value}));
        bodies.push(json!({"current_password": value, "new_password": value}));
        bodies.push(json!({"current_password": value, "email": value}));
        bodies.push(json!({"username": "x", "password": PASSWORD, "claims": value}));
        bodies.push(json!({"id": "x", "kind": value}));
        bodies.push(json!({"id": value, "kind": "public", "audiences": value}));
    }
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations(methods) {
            let media = &operation["requestBody"]["content"]["application/json"];
            if media.is_null() || path.starts_with("/logout") {
                continue;
            }
            let path = path.replace("{id}", "nobody");
            for body in &bodies {
                let answer = server.call(method.clone(), &path, &root, Some(body.clone())).await;
                let fine = (200..500).contains(&answer.status);
                assert!(fine, "{method} {path} {body}: {} {}", answer.status, answer.body);
                asked += 1;
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    server.me(&root).await.ok();
}
