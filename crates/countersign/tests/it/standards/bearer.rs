//! How access tokens are presented and refused (RFC 6750)

use reqwest::Method;

use crate::{
    answers::{Answer, form, now},
    server::{Place, Server},
};

const REALM: &str = "Bearer realm=\"https://auth.example\"";

/// `GET /users/me` with these `Authorization` headers.
async fn with(server: &Server, fields: &[&str]) -> Answer {
    let mut request = server.http.get(server.url("/users/me"));
    for field in fields {
        request = request.header("authorization", *field);
    }
    Answer::to(request).await
}

#[tokio::test]
async fn w01_the_scheme_is_case_insensitive() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        with(&server, &[&format!("{scheme} {token}")]).await.ok();
    }
}

#[tokio::test]
async fn w02_w09_what_cannot_be_read_is_an_invalid_request() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    let field = format!("Bearer {token}");
    with(&server, &[&field, &field]).await.refused(400, "invalid_request");
    with(&server, &[&field, "Basic YTpi"]).await.refused(400, "invalid_request");
    for field in [
        format!("Bearer {token} {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer\t{token}"),
        "Bearer".into(),
        "Bearer ".into(),
    ] {
        let answer = with(&server, &[&field]).await;
        answer.refused(400, "invalid_request");
        assert_eq!(answer.header("www-authenticate"), "");
    }
}

#[tokio::test]
async fn w03_w04_forms_and_urls_carry_no_access_token() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    let path = format!("/users/me?access_token={token}");
    server.fetch(&path).await.refused(401, "missing_token");
    let request = server.form_request("/logout", &form(&[("access_token", &token)]));
    Answer::to(request).await.refused(415, "unsupported_media_type");
    let request = server.form_request("/introspect", &form(&[("access_token", &token)]));
    Answer::to(request).await.refused(401, "invalid_client");
    let request = server
        .http
        .request(Method::DELETE, server.url(&format!("/users/me/sessions/x?access_token={token}")));
    Answer::to(request).await.refused(401, "missing_token");
    // In the right place it goes on working, whatever stands in the URL (RFC 9700 4.3.2).
    let request = server.http.get(server.url(&path)).bearer_auth(&token);
    Answer::to(request).await.ok();
    assert!(!server.log().contains(&token));
}

#[tokio::test]
async fn w05_w11_without_a_token_the_challenge_names_the_realm_and_no_error() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    for fields in
        [&[][..], &["Basic YTpi"], &["Digest x"], &[token.as_str()], &["Bearers x"], &[""]]
    {
        let answer = with(&server, fields).await;
        answer.refused(401, "missing_token");
        assert_eq!(answer.header("www-authenticate"), REALM, "{fields:?}");
    }
}

#[tokio::test]
async fn w06_w07_w10_a_bad_token_is_named_so_once_and_not_repeated() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    let revoked = server.pair("ada").await;
    server.call(Method::POST, "/logout", &revoked.access, None).await.done();
    let mut tampered = pair.access.clone();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'A' { 'Q' } else { 'A' });
    let huge = "a".repeat(20_000);
    for bad in ["a.b.c", "xyzzy", &pair.refresh, &revoked.access, &tampered, &huge] {
        let answer = with(&server, &[&format!("Bearer {bad}")]).await;
        answer.refused(401, "invalid_token");
        assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with(&format!("{REALM}, error=\"invalid_token\"")), "{challenge}");
        for name in ["realm=", "error=", "error_description=", "scope="] {
            assert!(challenge.matches(name).count() <= 1, "{challenge}");
        }
        // RFC 6750 3: quoted values are of these characters, and nothing of the token is among them.
        assert!(challenge.bytes().all(|byte| matches!(byte, 0x20..=0x5b | 0x5d..=0x7e)));
        assert!(!challenge.contains(bad) && !answer.body.contains(bad));
    }
}

#[tokio::test]
async fn w07_an_expired_token_is_refused_everywhere() {
    let place = Place::new().with_env("COUNTERSIGN_TOKENS_ACCESS_TTL", "30s");
    let (server, _) = Server::with_root_in(place).await;
    let pair = server.join("ada").await;
    let expires = pair.claims()["exp"].as_i64().unwrap();
    assert!(expires - now() <= 30);
    while now() < expires {
        server.me(&pair.access).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.me(&pair.access).await.refused(401, "invalid_token");
    server.call(Method::POST, "/logout", &pair.access, None).await.refused(401, "invalid_token");
    let root = server.root_token().await;
    let ask = server.form_request("/introspect", &form(&[("token", &pair.access)]));
    assert_eq!(Answer::to(ask.bearer_auth(&root)).await.ok(), serde_json::json!({"active": false}));
    assert_eq!(server.form("/revoke", &[("token", &pair.access)]).await.status, 200);
    // The session goes on.
    server.refresh(&pair.refresh).await.ok();
}

#[tokio::test]
async fn w08_what_a_token_lacks_is_named() {
    let (server, root) = Server::with_root().await;
    let token = server.join("ada").await.access;
    for (method, path, scope) in [
        (Method::GET, "/admin/users", "countersign:admin"),
        (Method::POST, "/admin/keys/rotate", "countersign:admin"),
        (Method::GET, "/revocations", "countersign:revocations"),
    ] {
        let answer = server.call(method, path, &token, None).await;
        answer.refused(403, "insufficient_scope");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with(&format!("{REALM}, error=\"insufficient_scope\"")));
        assert!(challenge.ends_with(&format!(", scope=\"{scope}\"")), "{challenge}");
    }
    // A body that is wrong, too, tells nobody anything before.
    let answer =
        server.call(Method::POST, "/admin/users", &token, Some(serde_json::json!(1))).await;
    answer.refused(403, "insufficient_scope");
    server.call(Method::GET, "/admin/users", &root, None).await.ok();
}
