//! What people and their programs do, from registration to log-out, with stops and crashes between.

use std::time::{Duration, Instant};

use countersign_jose::{Algorithm, Audience, Issuer, KeySet, Verifier};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, Pair, now, operations, part, text, until},
    server::{AUDIENCE, ISSUER, Server},
};

#[tokio::test]
async fn from_registration_to_log_out() {
    let server = Server::start(&[]);
    let body = json!({"username": "Ada", "password": PASSWORD, "email": "ada@example.org"});
    let user = server.send("/register", &body).await.created();
    assert_eq!(user["username"], "ada");
    assert_eq!((&user["roles"], &user["scopes"]), (&json!([]), &json!([])));

    let first = server.pair("ada").await;
    let me = server.me(&first.access).await.ok();
    assert_eq!(me, user);

    let second = Pair::of(server.refresh(&first.refresh).await.ok());
    assert_ne!(second.refresh, first.refresh);
    assert_ne!(second.access, first.access);

    // The answer was lost: the same successor, and a fresh access token.
    let again = Pair::of(server.refresh(&first.refresh).await.ok());
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(again.access, second.access);
    assert_eq!(again.claims()["sid"], first.claims()["sid"]);
    assert_eq!(again.claims()["auth_time"], first.claims()["auth_time"]);

    server.call(Method::POST, "/logout", &again.access, None).await.done();
    for pair in [&first, &second, &again] {
        server.assert_dead(pair).await;
    }
    let body = json!({"refresh_token": first.refresh});
    server.send("/logout", &body).await.done();
}

#[tokio::test]
async fn an_old_refresh_token_ends_the_session_for_everybody() {
    let (server, root) = Server::with_root().await;
    let first = server.join("ada").await;
    let other = server.pair("ada").await;
    let second = Pair::of(server.refresh(&first.refresh).await.ok());
    let third = Pair::of(server.refresh(&second.refresh).await.ok());
    // Its successor was used: whoever sends it now is not who got the answer.
    server.refresh(&first.refresh).await.refused(400, "invalid_grant");
    for pair in [&third, &second, &first] {
        server.assert_dead(pair).await;
    }
    server.me(&other.access).await.ok();
    let events = "/admin/events?kind=refresh.replayed";
    let events = server.call(Method::GET, events, &root, None).await.ok();
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events["events"][0]["session_id"], first.claims()["sid"]);
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_with_its_key() {
    let server = Server::start_in(
        crate::server::Place::new().with_env("COUNTERSIGN_SESSIONS_GRACE", "0s"),
        &[],
    );
    let first = server.join("ada").await;
    let refresh = |token: String, key: &'static str| {
        let request = server.http.post(server.url("/refresh")).header("idempotency-key", key);
        Answer::to(request.json(&json!({"refresh_token": token})))
    };
    let second = Pair::of(refresh(first.refresh.clone(), "one").await.ok());
    let again = Pair::of(refresh(first.refresh.clone(), "one").await.ok());
    assert_eq!(again.refresh, second.refresh);
    // Without the key, and without a window, it is a replay.
    server.refresh(&first.refresh).await.refused(400, "invalid_grant");
    server.assert_dead(&second).await;
}

#[tokio::test]
async fn what_was_ended_stays_ended_after_a_stop_and_after_a_crash() {
    let mut server = Server::start(&[]);
    let gone = server.join("ada").await;
    let kept = server.pair("ada").await;
    server.call(Method::POST, "/logout", &gone.access, None).await.done();
    assert!(server.stop().success());

    server.restart();
    server.assert_dead(&gone).await;
    server.me(&kept.access).await.ok();
    let kept = Pair::of(server.refresh(&kept.refresh).await.ok());
    let also_gone = server.pair("ada").await;
    let revoked = server.pair("ada").await;
    server.call(Method::POST, "/logout", &also_gone.access, None).await.done();
    let answer = server.form("/revoke", &[("token", &revoked.refresh)]).await;
    assert_eq!(answer.status, 200);
    let rotated = Pair::of(server.refresh(&kept.refresh).await.ok());
    server.kill9();

    server.restart();
    for pair in [&gone, &also_gone, &revoked] {
        server.assert_dead(pair).await;
    }
    server.me(&rotated.access).await.ok();
    // The rotation was answered, so it was on the disk: the same successor, and no other.
    let again = Pair::of(server.refresh(&kept.refresh).await.ok());
    assert_eq!(again.refresh, rotated.refresh);
    server.refresh(&rotated.refresh).await.ok();
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_opens_one() {
    let mut server = Server::start(&[]);
    let (here, there) = (server.join("ada").await, server.pair("ada").await);
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let request = server.http.post(server.url("/users/me/password")).json(&body);
        Answer::to(request.bearer_auth(&here.access))
    };
    change("wrong", "another quiet river").await.refused_field(
        403,
        "reauthentication_failed",
        "current_password",
    );
    change(PASSWORD, "short").await.refused_field(400, "weak_password", "new_password");
    let next = Pair::of(change(PASSWORD, "another quiet river").await.ok());
    server.assert_dead(&here).await;
    server.assert_dead(&there).await;
    server.me(&next.access).await.ok();
    server.try_login("ada", PASSWORD).await.refused(401, "invalid_credentials");
    server.kill9();
    server.restart();
    server.assert_dead(&there).await;
    server.me(&next.access).await.ok();
    server.refresh(&next.refresh).await.ok();
    server.login("ada", "another quiet river").await;
}

#[tokio::test]
async fn people_see_and_end_their_sessions() {
    let server = Server::start(&[]);
    let (one, other) = (server.join("ada").await, server.pair("ada").await);
    let stranger = server.join("grace").await;
    let list = async |token: &str| {
        let answer = server.call(Method::GET, "/users/me/sessions", token, None).await.ok();
        answer["sessions"].as_array().unwrap().clone()
    };
    let sessions = list(&one.access).await;
    assert_eq!(sessions.len(), 2);
    let current: Vec<&Value> = sessions.iter().filter(|row| row["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["id"], one.claims()["sid"]);

    let path = format!("/users/me/sessions/{}", text(&other.claims(), "sid"));
    server.call(Method::DELETE, &path, &stranger.access, None).await.refused(404, "not_found");
    server.call(Method::DELETE, &path, &one.access, None).await.done();
    server.assert_dead(&other).await;
    assert_eq!(list(&one.access).await.len(), 1);

    let third = server.pair("ada").await;
    server.call(Method::POST, "/logout/all", &one.access, None).await.done();
    server.assert_dead(&one).await;
    server.assert_dead(&third).await;
    server.me(&stranger.access).await.ok();

    let patch = json!({"email": "g@example.org", "current_password": PASSWORD});
    let answer = server.call(Method::PATCH, "/users/me", &stranger.access, Some(patch)).await;
    assert_eq!(answer.ok()["email"], "g@example.org");
}

#[tokio::test]
async fn an_administrator_keeps_the_accounts() {
    let (server, root) = Server::with_root().await;
    let call = async |method, path: &str, body| server.call(method, path, &root, body).await;
    let ada = server.join("ada").await;
    call(Method::GET, "/admin/users", None).await.ok();
    server
        .call(Method::GET, "/admin/users", &ada.access, None)
        .await
        .refused(403, "insufficient_scope");

    let new = json!({"username": "grace", "password": PASSWORD, "roles": ["editor"],
        "scopes": ["reports:read"], "claims": {"tenant": "acme"}});
    let grace = call(Method::POST, "/admin/users", Some(new.clone())).await.created();
    assert_eq!(grace["claims"], json!({"tenant": "acme"}));
    call(Method::POST, "/admin/users", Some(new)).await.refused(409, "username_taken");
    let found = call(Method::GET, "/admin/users?search=gra", None).await.ok();
    assert_eq!(found["users"].as_array().unwrap().len(), 1);

    let pair = server.pair("grace").await;
    let claims = pair.claims();
    assert_eq!((&claims["roles"], &claims["tenant"]), (&json!(["editor"]), &json!("acme")));
    assert_eq!(claims["scope"], "reports:read");

    // What is added shows at the next refresh, and takes nothing away before.
    let more = json!({"roles": ["editor", "auditor"]});
    call(Method::PUT, "/admin/users/grace/grants", Some(more)).await.ok();
    server.me(&pair.access).await.ok();
    let pair = Pair::of(server.refresh(&pair.refresh).await.ok());
    assert_eq!(pair.claims()["roles"], json!(["auditor", "editor"]));

    // What is removed is gone at once; the session lives.
    let less = json!({"roles": [], "scopes": []});
    call(Method::PUT, "/admin/users/grace/grants", Some(less)).await.ok();
    server.me(&pair.access).await.refused(401, "invalid_token");
    let pair = Pair::of(server.refresh(&pair.refresh).await.ok());
    assert_eq!((&pair.claims()["roles"], &pair.all["scope"]), (&json!([]), &json!("")));

    let sessions = call(Method::GET, "/admin/users/grace/sessions", None).await.ok();
    let id = text(&sessions["sessions"][0], "id");
    call(Method::DELETE, &format!("/admin/sessions/{id}"), None).await.done();
    server.assert_dead(&pair).await;
    let pair = server.pair("grace").await;
    call(Method::DELETE, "/admin/users/grace/sessions", None).await.done();
    server.assert_dead(&pair).await;

    let pair = server.pair("grace").await;
    let body = json!({"claims": {"tenant": "other"}});
    call(Method::PUT, "/admin/users/grace/claims", Some(body)).await.ok();
    let pair = Pair::of(server.refresh(&pair.refresh).await.ok());
    assert_eq!(pair.claims()["tenant"], "other");
    let body = json!({"password": "another quiet river"});
    call(Method::PUT, "/admin/users/grace/password", Some(body)).await.done();
    server.assert_dead(&pair).await;
    let pair = Pair::of(server.login("grace", "another quiet river").await);

    assert_eq!(call(Method::POST, "/admin/users/grace/disable", None).await.ok()["disabled"], true);
    server.assert_dead(&pair).await;
    let refused = server.try_login("grace", "another quiet river").await;
    refused.refused(401, "invalid_credentials");
    call(Method::POST, "/admin/users/grace/enable", None).await.ok();
    server.assert_dead(&pair).await;
    let pair = Pair::of(server.login("grace", "another quiet river").await);
    call(Method::DELETE, "/admin/users/grace", None).await.done();
    server.assert_dead(&pair).await;
    call(Method::GET, "/admin/users/grace", None).await.refused(404, "not_found");
    // The name is free, the id is not hers.
    let grace_again = server.join("grace").await;
    assert_ne!(grace_again.claims()["sub"], grace["id"]);

    for kind in ["account.disabled", "account.deleted", "account.grants_changed", "login.succeeded"]
    {
        let events = call(Method::GET, &format!("/admin/events?kind={kind}"), None).await.ok();
        assert!(!events["events"].as_array().unwrap().is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn an_administrator_keeps_clients_and_keys() {
    let (mut server, root) = Server::with_root().await;
    let secret = server.client(&root, "reports-api", "resource_server").await;
    let ada = server.join("ada").await;
    let ask = async |server: &Server, secret: &str| {
        let request = server.form_request("/introspect", &format!("token={}", ada.access));
        Answer::to(request.basic_auth("reports-api", Some(secret))).await
    };
    assert_eq!(ask(&server, &secret).await.ok()["active"], true);
    let call = async |method, path: &str| server.call(method, path, &root, None).await;
    let path = "/admin/clients/reports-api/secret";
    let new = text(&call(Method::POST, path).await.ok(), "client_secret");
    ask(&server, &secret).await.refused(401, "invalid_client");
    assert_eq!(ask(&server, &new).await.ok()["active"], true);
    call(Method::POST, "/admin/clients/reports-api/disable").await.ok();
    ask(&server, &new).await.refused(401, "invalid_client");
    call(Method::POST, "/admin/clients/reports-api/enable").await.ok();
    assert_eq!(ask(&server, &new).await.ok()["active"], true);
    assert_eq!(call(Method::GET, "/admin/clients/reports-api").await.ok()["disabled"], false);
    let clients = call(Method::GET, "/admin/clients").await.ok();
    assert!(!clients.to_string().contains(&new) && !clients.to_string().contains("secret"));
    call(Method::DELETE, "/admin/clients/reports-api").await.done();
    ask(&server, &new).await.refused(401, "invalid_client");
    call(Method::DELETE, "/admin/clients/first-party").await.refused(400, "invalid_request");

    // A compromised key takes its tokens with it, for ever; sessions go on under the next key.
    let kid = text(&part(&ada.access, 0), "kid");
    let path = format!("/admin/keys/{kid}/compromise");
    assert_eq!(call(Method::POST, &path).await.ok()["state"], "compromised");
    server.me(&ada.access).await.refused(401, "invalid_token");
    server.me(&root).await.refused(401, "invalid_token");
    let fresh = Pair::of(server.refresh(&ada.refresh).await.ok());
    assert_ne!(part(&fresh.access, 0)["kid"], json!(kid));
    server.me(&fresh.access).await.ok();
    assert!(!server.fetch("/.well-known/jwks.json").await.body.contains(&kid));
    server.kill9();
    server.restart();
    server.me(&ada.access).await.refused(401, "invalid_token");
    server.me(&fresh.access).await.ok();
}

#[tokio::test]
async fn a_service_follows_the_revocations() {
    let (server, root) = Server::with_root().await;
    let secret = server.client(&root, "reports-api", "resource_server").await;
    let follow = |query: String| {
        let request = server.http.get(server.url(&format!("/revocations{query}")));
        Answer::to(request.basic_auth("reports-api", Some(secret.clone())))
    };
    let ada = server.join("ada").await;
    let snapshot = follow(String::new()).await.ok();
    assert_eq!(snapshot["from"], 0);
    let cursor = text(&snapshot, "cursor");

    // Nothing happens: the page is empty, and comes when the wait is over.
    let quiet = follow(format!("?after={cursor}&wait=1")).await.ok();
    assert_eq!((&quiet["rows"], &quiet["cursor"]), (&json!([]), &json!(cursor)));

    let started = Instant::now();
    let poll = follow(format!("?after={cursor}&wait=20"));
    let log_out = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.call(Method::POST, "/logout", &ada.access, None).await.done();
        Instant::now()
    };
    let (page, logged_out) = tokio::join!(poll, log_out);
    let page = page.ok();
    assert!(started.elapsed() < Duration::from_secs(15), "it waited: {:?}", started.elapsed());
    assert!(logged_out.elapsed() < Duration::from_secs(10));
    assert_eq!(page["from"], snapshot["to"]);
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{page}");
    assert_eq!((&rows[0]["kind"], &rows[0]["id"]), (&json!("session"), &ada.claims()["sid"]));
    assert!(rows[0]["expires_at"].as_i64().unwrap() > now() * 1_000);
    // A newcomer finds it in the snapshot, and an older page can be asked for again.
    assert!(follow(String::new()).await.body.contains(ada.claims()["sid"].as_str().unwrap()));
    assert_eq!(follow(format!("?after={cursor}")).await.ok()["rows"], page["rows"]);

    follow("?after=nonsense".into()).await.refused_field(400, "invalid_request", "after");
    server.fetch("/revocations").await.refused(401, "invalid_client");
    let other = server.pair("ada").await;
    let answer = server.call(Method::GET, "/revocations", &other.access, None).await;
    answer.refused(403, "insufficient_scope");
    server.call(Method::GET, "/revocations", &root, None).await.ok();
}

#[tokio::test]
async fn the_published_keys_verify_the_tokens() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    let jwks = server.fetch("/.well-known/jwks.json").await;
    let keys = KeySet::from_jwks(jwks.body.as_bytes()).unwrap();
    let (issuer, audience) = (Issuer::one(ISSUER), Audience::one(AUDIENCE));
    let verifier = Verifier::builder(keys, &[Algorithm::Es256], issuer, audience);
    let verifier = verifier.typ(Some("at+jwt")).build().unwrap();
    let verified = verifier.verify(&pair.access, now()).unwrap();
    assert_eq!(verified.claims().sub(), pair.claims()["sub"].as_str());
}

#[tokio::test]
async fn the_documentation_loads_and_names_every_route() {
    let server = Server::start(&[]);
    let page = server.fetch("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let references = page
        .body
        .split(['"', '\''])
        .filter(|text| [".js", ".css", ".png"].iter().any(|end| text.ends_with(end)));
    let mut loaded = 0;
    for reference in references {
        assert!(!reference.contains("//"), "from elsewhere: {reference}");
        let file = server.fetch(&format!("/docs/{}", reference.trim_start_matches("./"))).await;
        assert_eq!(file.status, 200, "{reference}");
        assert!(!file.body.is_empty());
        loaded += 1;
    }
    assert!(loaded >= 3, "{}", page.body);
    server.fetch("/docs/nothing.js").await.refused(404, "not_found");

    let document = server.fetch("/openapi.json").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, _) in operations(methods) {
            let path = path.replace("{id}", "x").replace("{kid}", "x");
            let answer = Answer::to(server.http.request(method.clone(), server.url(&path))).await;
            let missing = [404, 405, 500, 503].contains(&answer.status);
            assert!(!missing, "{method} {path}: {} {}", answer.status, answer.body);
        }
    }
}

#[tokio::test]
async fn it_is_ready_when_it_listens_and_not_when_it_stops() {
    let place = crate::server::Place::new().with_env("COUNTERSIGN_SERVER_DRAIN_PAUSE", "3s");
    let mut server = Server::start_in(place, &[]);
    assert_eq!(server.fetch("/healthz").await.ok(), json!({"status": "ok"}));
    assert_eq!(server.fetch("/readyz").await.ok(), json!({"status": "ok"}));
    server.signal("TERM");
    until("readiness ends", async || {
        let answer = server.fetch("/readyz").await;
        (answer.status == 503).then(|| answer.refused(503, "temporarily_unavailable"))
    })
    .await;
    // While it drains it still answers.
    assert_eq!(server.fetch("/healthz").await.status, 200);
    assert!(server.wait(Duration::from_secs(20)).success());
}
