//! `POST /token` (RFC 6749)

use std::{collections::BTreeSet, io::Write};

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, Pair, base64url, is_plain, until},
    server::{Place, Server},
};

/// What a refresh sends.
fn refresh(token: &str) -> Vec<(&'static str, &str)> {
    vec![("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[tokio::test]
async fn t01_token_endpoint_takes_post_only() {
    let server = Server::start(&[]);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE] {
        let url = server.url("/token?grant_type=refresh_token");
        let answer = Answer::to(server.http.request(method.clone(), url)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
        if method != Method::HEAD {
            answer.refused(405, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn t02_t03_t04_parameters_are_read_as_the_rfc_says() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    let with = |more: &'static [(&'static str, &'static str)]| {
        [&refresh(&pair.refresh)[..], more].concat()
    };
    // T2: what is unknown is ignored, also when it stands twice.
    let unknown = with(&[("colour", "red"), ("colour", "blue"), ("", "")]);
    server.form("/token", &unknown).await.ok();
    // T3: an empty value is none.
    let empty = with(&[("scope", ""), ("client_id", ""), ("client_secret", "")]);
    server.form("/token", &empty).await.ok();
    let nothing = [("grant_type", "refresh_token"), ("refresh_token", "")];
    server.form("/token", &nothing).await.refused_field(400, "invalid_request", "refresh_token");
    // T4: what is known stands once, even if it says the same.
    for (name, value) in
        [("grant_type", "refresh_token"), ("refresh_token", "x"), ("scope", ""), ("client_id", "")]
    {
        let twice = [&with(&[("scope", "")])[..], &[(name, value), (name, value)]].concat();
        server.form("/token", &twice).await.refused_field(400, "invalid_request", name);
    }
    server.refresh(&pair.refresh).await.ok();
}

#[tokio::test]
async fn t05_t06_t07_t12_how_a_client_authenticates() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    let secret = server.client(&root, "my-app", "confidential").await;
    server.client(&root, "spa", "public").await;
    let form = crate::answers::form(&refresh(&pair.refresh));
    let ask = |path: &str, id: &str, secret: &str, more: &str| {
        let request = server.form_request(path, &format!("{form}{more}"));
        Answer::to(request.basic_auth(id, Some(secret)))
    };
    // T6: a client that is known and holds another's token is refused as `invalid_grant`, one that is
    // not known as `invalid_client`. Id and secret are form-encoded first.
    ask("/token", "my-app", &secret, "").await.refused(400, "invalid_grant");
    ask("/token", "my%2Dapp", &secret.replace('_', "%5F"), "").await.refused(400, "invalid_grant");
    let same_id = ask("/token", "my-app", &secret, "&client_id=my-app").await;
    same_id.refused(400, "invalid_grant");
    let by_body = format!("{form}&client_id=my-app&client_secret={secret}");
    let by_body = Answer::to(server.form_request("/token", &by_body)).await;
    by_body.refused(400, "invalid_grant");
    let public = format!("{form}&client_id=spa");
    Answer::to(server.form_request("/token", &public)).await.refused(400, "invalid_grant");
    // T12: whoever used the header is challenged in its scheme.
    for (id, wrong) in
        [("my-app", "wrong"), ("my-app", ""), ("nobody", "x"), ("spa", "x"), ("", "x")]
    {
        let answer = ask("/token", id, wrong, "").await;
        answer.refused(401, "invalid_client");
        assert_eq!(
            answer.header("www-authenticate"),
            "Basic realm=\"https://auth.example\", charset=\"UTF-8\""
        );
    }
    let unreadable = server.form_request("/token", &form).header("authorization", "Basic !");
    Answer::to(unreadable).await.refused(401, "invalid_client");
    let without = format!("{form}&client_id=my-app");
    Answer::to(server.form_request("/token", &without)).await.refused(401, "invalid_client");
    // T5: two ways at once.
    for more in [format!("&client_secret={secret}"), "&client_id=other".into()] {
        ask("/token", "my-app", &secret, &more).await.refused(400, "invalid_request");
        ask("/revoke", "my-app", &secret, &more).await.refused(400, "invalid_request");
    }
    // T7: never in the URL.
    for path in ["/token", "/revoke", "/introspect"] {
        let path = format!("{path}?client_id=my-app&client_secret={secret}");
        let answer = Answer::to(server.form_request(&path, &format!("{form}&token=x"))).await;
        answer.refused_field(400, "invalid_request", "client_secret");
    }
    // None of that touched the session.
    server.refresh(&pair.refresh).await.ok();
}

#[tokio::test]
async fn t08_guessing_is_limited() {
    let place = Place::new().with_env("COUNTERSIGN_LIMITS_FAILURES_ADDRESS", "5/minute");
    let server = Server::start_in(place, &[]);
    let pair = server.join("ada").await;
    for _ in 0..5 {
        server.form("/token", &refresh("cs_rt_x")).await.refused(400, "invalid_grant");
    }
    let answer = server.form("/token", &refresh("cs_rt_x")).await;
    answer.refused(429, "rate_limited");
    assert!(!answer.header("retry-after").is_empty());
    // `/refresh` is the same door.
    server.refresh(&pair.refresh).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn t09_t10_t11_the_shape_of_answers() {
    let (server, _) = Server::with_root().await;
    let pair = server.join("ada").await;
    let answer = server.form("/token", &refresh(&pair.refresh)).await;
    let body = answer.ok();
    let names: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["access_token", "expires_in", "refresh_token", "scope", "token_type"];
    assert_eq!(names, expected.into());
    assert!(body["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    let claims = Pair::of(body.clone()).claims();
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(body["expires_in"], life);
    assert!((855..=900).contains(&life), "{life}");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    for failure in [
        server.form("/token", &[]).await,
        server.form("/token", &[("grant_type", "x")]).await,
        server.form("/token", &refresh("x")).await,
    ] {
        assert_eq!(failure.status, 400);
        assert_eq!(
            (failure.header("cache-control"), failure.header("pragma")),
            ("no-store", "no-cache")
        );
        assert!(failure.json()["error"].is_string());
    }
}

#[tokio::test]
async fn t13_what_is_no_grant_any_more() {
    let (mut server, root) = Server::with_root().await;
    let secret = server.client(&root, "app", "confidential").await;
    let pair = server.join("ada").await;
    let is_refused = async |server: &Server, token: &str| {
        server.form("/token", &refresh(token)).await.refused(400, "invalid_grant");
    };
    // Unknown: of the right form, and not.
    let unknown = format!("cs_rt_{}", base64url([1; 54]));
    assert_eq!(unknown.len(), pair.refresh.len());
    for token in [&unknown, "cs_rt_", "x", &pair.access, &format!("{}=", pair.refresh)] {
        is_refused(&server, token).await;
    }
    // Another client's.
    let form = crate::answers::form(&refresh(&pair.refresh));
    let request = server.form_request("/token", &form).basic_auth("app", Some(secret));
    Answer::to(request).await.refused(400, "invalid_grant");
    // None of that was a use of it.
    let pair = Pair::of(server.form("/token", &refresh(&pair.refresh)).await.ok());
    // Revoked.
    let revoked = server.pair("ada").await;
    assert_eq!(server.form("/revoke", &[("token", &revoked.refresh)]).await.status, 200);
    is_refused(&server, &revoked.refresh).await;
    // Expired: the session as it stands when its time is over.
    for column in ["idle_expires_at", "absolute_expires_at"] {
        let expired = server.pair("ada").await;
        server.stop();
        let database = Connection::open(server.dir.database()).unwrap();
        let past = format!("UPDATE sessions SET {column} = 1 WHERE counter = 0");
        assert!(database.execute(&past, ()).unwrap() > 0);
        drop(database);
        server.restart();
        is_refused(&server, &expired.refresh).await;
    }
    server.form("/token", &refresh(&pair.refresh)).await.ok();
}

#[tokio::test]
async fn t14_t15_t16_t17_what_is_asked_for_wrongly() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    let password = [("grant_type", "password"), ("username", "ada"), ("password", PASSWORD)];
    // T14
    server.client(&root, "spa", "public").await;
    let theirs = [&password[..], &[("client_id", "spa")]].concat();
    server.form("/token", &theirs).await.refused(400, "unauthorized_client");
    // T15: names are compared exactly.
    for grant in [
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Refresh_Token",
        "PASSWORD",
        "refresh_token ",
    ] {
        let pairs = [("grant_type", grant), ("refresh_token", &pair.refresh), ("code", "x")];
        server.form("/token", &pairs).await.refused(400, "unsupported_grant_type");
    }
    // T16
    for scope in ["reports:read", "countersign:admin", "a\"b", "\u{e9}", "a\tb"] {
        let more = [&refresh(&pair.refresh)[..], &[("scope", scope)]].concat();
        server.form("/token", &more).await.refused(400, "invalid_scope");
        let more = [&password[..], &[("scope", scope)]].concat();
        server.form("/token", &more).await.refused(400, "invalid_scope");
    }
    // T17
    for (pairs, missing) in [
        (&[("refresh_token", "x")][..], "grant_type"),
        (&[("grant_type", "refresh_token")], "refresh_token"),
        (&[("grant_type", "password"), ("username", "ada")], "password"),
        (&[("grant_type", "password"), ("password", "x")], "username"),
        (&[], "grant_type"),
    ] {
        server.form("/token", pairs).await.refused_field(400, "invalid_request", missing);
    }
    server.form("/token", &refresh(&pair.refresh)).await.ok();
}

#[tokio::test]
async fn t18_descriptions_keep_to_their_characters() {
    let server = Server::start(&[]);
    let hostile = "x\"\\\r\nSet-Cookie: a=b\u{2028}\u{e9}\u{1f600}\u{0}\u{1b}[31m<script>";
    let mut answers = Vec::new();
    for name in
        ["grant_type", "refresh_token", "scope", "client_id", "username", "password", hostile]
    {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("scope", "y")];
        let mut pairs: Vec<(&str, &str)> =
            pairs.into_iter().filter(|pair| pair.0 != name).collect();
        pairs.push((name, hostile));
        answers.push(server.form("/token", &pairs).await);
        answers.push(server.form(&format!("/{}", name.len()), &pairs).await);
        answers.push(server.send("/login", &json!({name: hostile})).await);
        answers.push(
            server
                .send("/register", &json!({"username": hostile, "password": hostile, name: 1}))
                .await,
        );
        let body = json!({"username": "ada", "password": PASSWORD, "email": hostile});
        answers.push(server.send("/register", &body).await);
    }
    for answer in answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        let body = answer.json();
        for value in body.as_object().unwrap().values() {
            assert!(is_plain(value.as_str().unwrap()), "{body}");
        }
        assert!(answer.headers.get("set-cookie").is_none());
        let challenge = answer.headers.get("www-authenticate");
        assert!(challenge.is_none_or(|value| value.to_str().is_ok()));
    }
}

#[tokio::test]
async fn t21_a_refresh_narrows_one_access_token_and_not_the_session() {
    let (server, root) = Server::with_root().await;
    let new = json!({"username": "ada", "password": PASSWORD, "scopes": ["a", "b", "c"]});
    server.call(Method::POST, "/admin/users", &root, Some(new)).await.created();
    let body = json!({"username": "ada", "password": PASSWORD, "scope": "a b"});
    let pair = Pair::of(server.send("/login", &body).await.ok());
    assert_eq!(pair.all["scope"], "a b");
    let narrow = [&refresh(&pair.refresh)[..], &[("scope", "b")]].concat();
    let narrow = Pair::of(server.form("/token", &narrow).await.ok());
    assert_eq!((&narrow.all["scope"], &narrow.claims()["scope"]), (&json!("b"), &json!("b")));
    // More than the session was given, although the user has it.
    let wide = [&refresh(&narrow.refresh)[..], &[("scope", "a b c")]].concat();
    server.form("/token", &wide).await.refused(400, "invalid_scope");
    let whole = Pair::of(server.form("/token", &refresh(&narrow.refresh)).await.ok());
    assert_eq!(whole.all["scope"], "a b");
}

#[tokio::test]
async fn t23_tokens_cannot_be_guessed() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let (mut refresh_tokens, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut bits = [0_u32; 256];
    for _ in 0..64 {
        let pair = server.pair("ada").await;
        let encoded = pair.refresh.strip_prefix("cs_rt_").unwrap();
        assert_eq!(pair.refresh.len() - 6, 72);
        // The last 32 bytes are the MAC: 256 bits, more than the 160 that the RFC wants.
        let bytes = decode(encoded);
        assert_eq!(bytes.len(), 54);
        for (index, bit) in bits.iter_mut().enumerate() {
            *bit += u32::from(bytes[22 + index / 8] >> (index % 8) & 1);
        }
        assert!(refresh_tokens.insert(pair.refresh.clone()));
        assert!(ids.insert(pair.claims()["jti"].as_str().unwrap().to_owned()));
        assert!(ids.last().unwrap().len() >= 22, "{ids:?}");
    }
    // No bit is the same in all, and all together are half.
    assert!(bits.iter().all(|&bit| (8..=56).contains(&bit)), "{bits:?}");
    let ones: u32 = bits.iter().sum();
    assert!((7_600..=8_784).contains(&ones), "{ones}");
}

fn decode(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[tokio::test]
async fn t28_an_answer_that_is_lost_can_be_asked_for_again() {
    let (server, root) = Server::with_root().await;
    let mut pair = server.join("ada").await;
    for round in 0..24_u64 {
        let body = json!({"refresh_token": pair.refresh}).to_string();
        let mut stream = server.connect();
        let head = format!(
            "POST /refresh HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // Gone at once, or some time in the middle of it.
        tokio::time::sleep(std::time::Duration::from_micros(round * 150)).await;
        drop(stream);
        let next = Pair::of(server.refresh(&pair.refresh).await.ok());
        let same = Pair::of(server.refresh(&pair.refresh).await.ok());
        assert_eq!(next.refresh, same.refresh);
        pair = next;
    }
    server.me(&pair.access).await.ok();
    let stolen = server.call(Method::GET, "/admin/events?kind=refresh.replayed", &root, None).await;
    assert_eq!(stolen.ok()["events"], json!([]));
    // A refresh that cannot be stored answers no token, and works when it can be stored again.
    let database = Connection::open(server.dir.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = server.refresh(&pair.refresh).await;
    let body: Value = answer.refused(503, "temporarily_unavailable");
    assert!(body.get("access_token").is_none() && !answer.header("retry-after").is_empty());
    database.execute_batch("ROLLBACK").unwrap();
    let next = until("it is stored again", async || {
        let answer = server.refresh(&pair.refresh).await;
        (answer.status == 200).then(|| Pair::of(answer.ok()))
    })
    .await;
    server.me(&next.access).await.ok();
}
