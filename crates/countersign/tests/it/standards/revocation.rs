//! `POST /revoke` (RFC 7009)

use reqwest::Method;
use rusqlite::Connection;

use crate::{
    answers::{Answer, Pair, form, until},
    server::{Place, Server},
};

/// Revokes, which must answer 200 with nothing.
async fn revoke(server: &Server, pairs: &[(&str, &str)]) {
    let answer = server.form("/revoke", pairs).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{pairs:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn v01_v06_v07_both_kinds_are_revoked_at_once() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    // An access token dies alone: its session can give another.
    revoke(&server, &[("token", &pair.access)]).await;
    server.me(&pair.access).await.refused(401, "invalid_token");
    let next = Pair::of(server.refresh(&pair.refresh).await.ok());
    server.me(&next.access).await.ok();
    // A refresh token takes everything of its session with it.
    revoke(&server, &[("token", &next.refresh)]).await;
    server.assert_dead(&next).await;
    // Also one that was used: who has it may end what came of it, and nothing else.
    let other = server.pair("ada").await;
    let rotated = Pair::of(server.refresh(&other.refresh).await.ok());
    let stranger = server.pair("ada").await;
    revoke(&server, &[("token", &other.refresh)]).await;
    server.assert_dead(&rotated).await;
    server.me(&stranger.access).await.ok();
}

#[tokio::test]
async fn v02_it_takes_a_form_with_a_token() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let url = server.url(&format!("/revoke?token={}", pair.access));
        let answer = Answer::to(server.http.request(method, url)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
    server.form("/revoke", &[]).await.refused_field(400, "invalid_request", "token");
    server.form("/revoke", &[("token", "")]).await.refused_field(400, "invalid_request", "token");
    let twice = [("token", "a"), ("token", "b")];
    server.form("/revoke", &twice).await.refused_field(400, "invalid_request", "token");
    let json = server.send("/revoke", &serde_json::json!({"token": pair.access})).await;
    json.refused(415, "unsupported_media_type");
    server.me(&pair.access).await.ok();
}

#[tokio::test]
async fn v03_v04_clients_revoke_their_own_and_prove_who_they_are() {
    let (server, root) = Server::with_root().await;
    let secret = server.client(&root, "app", "confidential").await;
    let pair = server.join("ada").await;
    for token in [&pair.access, &pair.refresh] {
        let request = server.form_request("/revoke", &form(&[("token", token)]));
        let answer = Answer::to(request.basic_auth("app", Some(&secret))).await;
        answer.refused(400, "invalid_grant");
        let request = server.form_request("/revoke", &form(&[("token", token)]));
        let answer = Answer::to(request.basic_auth("app", Some("wrong"))).await;
        answer.refused(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    }
    server.me(&pair.access).await.ok();
    server.refresh(&pair.refresh).await.ok();
}

#[tokio::test]
async fn v05_v09_a_hint_is_only_a_hint() {
    let server = Server::start(&[]);
    server.join("ada").await;
    for hint in ["access_token", "refresh_token", "id_token", "", "\u{1f600}"] {
        let (one, other) = (server.pair("ada").await, server.pair("ada").await);
        revoke(&server, &[("token", &one.access), ("token_type_hint", hint)]).await;
        server.me(&one.access).await.refused(401, "invalid_token");
        revoke(&server, &[("token_type_hint", hint), ("token", &other.refresh)]).await;
        server.assert_dead(&other).await;
    }
}

#[tokio::test]
async fn v08_v12_what_is_not_good_is_as_good_as_revoked() {
    let server = Server::start(&[]);
    let (other, pair) = (Server::start(&[]), server.join("ada").await);
    let foreign = other.join("ada").await;
    let mut forged = pair.access.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    let forged_refresh = format!("{}AAAA", &pair.refresh[..pair.refresh.len() - 4]);
    let huge = "x".repeat(40_000);
    for token in
        ["x", "a.b.c", "cs_rt_", &forged, &forged_refresh, &foreign.access, &foreign.refresh, &huge]
    {
        revoke(&server, &[("token", token)]).await;
    }
    // A wrong signature revokes nothing.
    server.me(&pair.access).await.ok();
    for _ in 0..3 {
        revoke(&server, &[("token", &pair.access)]).await;
        revoke(&server, &[("token", &pair.refresh)]).await;
    }
    server.assert_dead(&pair).await;
}

#[tokio::test]
async fn v10_what_cannot_be_stored_is_not_acknowledged_and_refused_anyway() {
    let server = Server::start(&[]);
    let (one, other) = (server.join("ada").await, server.pair("ada").await);
    let database = Connection::open(server.dir.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = server.form("/revoke", &[("token", &one.refresh)]).await;
    answer.refused(503, "temporarily_unavailable");
    assert!(!answer.header("retry-after").is_empty());
    // This process does not let it in any more; the others it does.
    server.me(&one.access).await.refused(401, "invalid_token");
    server.me(&other.access).await.ok();
    database.execute_batch("ROLLBACK").unwrap();
    until("it is stored again", async || {
        let answer = server.form("/revoke", &[("token", &one.refresh)]).await;
        (answer.status == 200).then_some(())
    })
    .await;
    server.assert_dead(&one).await;
    server.refresh(&other.refresh).await.ok();
}

#[tokio::test]
async fn v11_guessing_is_limited_and_revoking_is_not() {
    let place = Place::new().with_env("COUNTERSIGN_LIMITS_FAILURES_ADDRESS", "5/minute");
    let server = Server::start_in(place, &[]);
    server.join("ada").await;
    for _ in 0..8 {
        let pair = server.pair("ada").await;
        revoke(&server, &[("token", &pair.access)]).await;
        revoke(&server, &[("token", &pair.refresh)]).await;
    }
    for _ in 0..5 {
        revoke(&server, &[("token", "a guess")]).await;
    }
    server.form("/revoke", &[("token", "a guess")]).await.refused(429, "rate_limited");
}
