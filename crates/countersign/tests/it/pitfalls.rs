//! The mistakes of the code that guides to JWT authentication print. Each test is named after one,
//! plays its scenario against the server, and finds that it is not made here.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Child, Stdio},
};

use countersign_jose::{Algorithm, Signer, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, Pair, base64url, now, operations, part, until},
    server::{AUDIENCE, ISSUER, Place, Server},
};

/// The arguments of a server on this database.
fn serve<'a>(url: &'a str, audience: &'a str) -> [&'a str; 12] {
    [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        url,
        "--issuer",
        ISSUER,
        "--audience",
        audience,
        "--log-level",
        "trace",
        "--log-format=json",
    ]
}

/// A second process on the database of a first one.
struct Worker {
    child: Child,
    url: String,
}

impl Worker {
    fn beside(server: &Server) -> Self {
        let url = server.dir.database_url();
        let log = File::create(server.dir.file("worker.log")).unwrap();
        let args = serve(&url, AUDIENCE);
        let mut command = server.dir.command(&args);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on ").map(|url| url.trim().to_owned()));
        Self { child, url: listening.expect("the second process does not listen") }
    }

    async fn me(&self, token: &str) -> Answer {
        let request = reqwest::Client::new().get(format!("{}/users/me", self.url));
        Answer::to(request.bearer_auth(token)).await
    }

    async fn try_login(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password});
        Answer::to(reqwest::Client::new().post(format!("{}/login", self.url)).json(&body)).await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_secret_in_the_source() {
    let (one, other) = (Server::start(&[]), Server::start(&[]));
    let (mut kids, mut files) = (BTreeSet::new(), BTreeSet::new());
    for server in [&one, &other] {
        let file = server.dir.file("auth.db.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        files.insert(fs::read_to_string(file).unwrap());
        let keys = server.fetch("/.well-known/jwks.json").await.ok();
        kids.extend(keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].to_string()));
    }
    // Every database has keys of its own, and nothing stands in the program.
    assert_eq!((files.len(), kids.len()), (2, 4));
    for secret in ["1:bXlfc2VjcmV0X2tleQ", "my_secret_key", "your-secret-key", "1:"] {
        let place = Place::new().with_env("COUNTERSIGN_MASTER_KEY", secret);
        let url = place.database_url();
        let output = place.run(&serve(&url, AUDIENCE));
        assert_eq!(output.status.code(), Some(1), "{secret}");
        let said = crate::server::text(&output.stderr);
        assert!(!said.contains(secret) && !said.contains("bXlf"), "{said}");
    }
}

#[tokio::test]
async fn a_token_without_exp_or_with_a_time_that_is_hours_off() {
    // Naive local time moves tokens by the time zone.
    let server = Server::start_in(Place::new().with_env("TZ", "Asia/Tokyo"), &[]);
    let before = now();
    let pair = server.join("ada").await;
    let claims = pair.claims();
    let number = |name: &str| claims[name].as_i64().unwrap();
    assert!((before..=now()).contains(&number("iat")));
    assert!(number("exp") > number("iat") && number("exp") <= number("iat") + 900);
    // The password was checked a moment before the token was made.
    assert!((0..=1).contains(&(number("iat") - number("auth_time"))));
    // `expires_in` is not a number somebody wrote down twice.
    assert_eq!(pair.all["expires_in"], number("exp") - number("iat"));
}

#[tokio::test]
async fn a_token_for_anybody_from_anybody() {
    let mut server = Server::start(&[]);
    let pair = server.join("ada").await;
    let claims = pair.claims();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(AUDIENCE)));
    for name in ["sub", "jti", "sid", "client_id"] {
        assert!(claims[name].is_string(), "{name}");
    }
    assert_eq!(part(&pair.access, 0)["typ"], "at+jwt");
    server.stop();
    // The same keys, for another API: the token is not for it.
    let place = Place::new();
    for file in fs::read_dir(server.dir.path()).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), place.file(file.file_name().to_str().unwrap())).unwrap();
    }
    let url = place.database_url();
    let other = Server::launch(place, &serve(&url, "another-api"));
    other.me(&pair.access).await.refused(401, "invalid_token");
    assert_eq!(other.pair("ada").await.claims()["aud"], "another-api");
}

#[tokio::test]
async fn a_token_that_somebody_else_signed() {
    let server = Server::start(&[]);
    let pair = server.join("ada").await;
    let (header, claims) = (part(&pair.access, 0), pair.claims());
    let kid = header["kid"].as_str().unwrap();
    let unsigned = |header: &Value| {
        let parts = [header, &claims].map(|part| base64url(part.to_string()));
        format!("{}.{}.", parts[0], parts[1])
    };
    let sign = |key: SigningKey, claims: &Value| {
        Signer::new(key.with_kid(kid)).typ("at+jwt").sign(claims).unwrap()
    };
    let keys = server.fetch("/.well-known/jwks.json").await;
    let public = keys.ok()["keys"][0].to_string();
    let weak = |secret: &[u8]| {
        countersign_jose::dangerous::signing_key_from_weak_secret(secret, Algorithm::Hs256).unwrap()
    };
    let mut forged = Vec::new();
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        forged.push(unsigned(&json!({"alg": algorithm, "typ": "at+jwt", "kid": kid})));
        forged.push(unsigned(&json!({"alg": algorithm, "typ": "at+jwt"})));
    }
    // The signature of another, none, and the public key as a shared secret.
    let real: Vec<&str> = pair.access.split('.').collect();
    let raised = base64url(json!({"sub": claims["sub"], "scope": "countersign:admin"}).to_string());
    forged.push(format!("{}.{raised}.{}", real[0], real[2]));
    forged.push(format!("{}.{}.", real[0], real[1]));
    forged.push(format!("{}.{}", real[0], real[1]));
    forged.push(sign(weak(keys.body.as_bytes()), &claims));
    forged.push(sign(weak(public.as_bytes()), &claims));
    for secret in ["secret", "my_secret_key", "your-secret-key", "supersecret"] {
        forged.push(sign(weak(secret.as_bytes()), &claims));
    }
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        forged.push(sign(SigningKey::generate(algorithm).unwrap(), &claims));
    }
    // The key that the token brings along is not the issuer's.
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk: Value = serde_json::to_value(own.verifying_key().to_jwk().unwrap()).unwrap();
    let signer = Signer::new(own).typ("at+jwt").parameter("jwk", &jwk).unwrap();
    let signer = signer.parameter("jku", &"http://127.0.0.1:1/jwks.json").unwrap();
    forged.push(signer.sign(&claims).unwrap());
    for token in &forged {
        server.me(token).await.refused(401, "invalid_token");
    }
    server.me(&pair.access).await.ok();
}

#[tokio::test]
async fn a_set_in_one_process_as_the_list_of_what_is_revoked() {
    let mut server = Server::start(&[]);
    let pair = server.join("ada").await;
    let worker = Worker::beside(&server);
    worker.me(&pair.access).await.ok();
    // Every worker of the machine sees it,
    server.call(Method::POST, "/logout", &pair.access, None).await.done();
    until("the other process refuses it", async || {
        let answer = worker.me(&pair.access).await;
        (answer.status == 401).then(|| answer.refused(401, "invalid_token"))
    })
    .await;
    drop(worker);
    // and every one that starts later.
    server.kill9();
    server.restart();
    server.assert_dead(&pair).await;
    Worker::beside(&server).me(&pair.access).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_log_in_without_a_refresh_token_and_a_refresh_that_never_rotates() {
    let server = Server::start(&[]);
    let mut pair = server.join("ada").await;
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        assert!(seen.insert(pair.refresh.clone()) && seen.insert(pair.access.clone()));
        pair = Pair::of(server.refresh(&pair.refresh).await.ok());
    }
    server.me(&pair.access).await.ok();
}

#[tokio::test]
async fn one_refresh_token_for_each_user() {
    let server = Server::start(&[]);
    let (phone, laptop) = (server.join("ada").await, server.pair("ada").await);
    let phone = Pair::of(server.refresh(&phone.refresh).await.ok());
    let laptop = Pair::of(server.refresh(&laptop.refresh).await.ok());
    server.call(Method::POST, "/logout", &laptop.access, None).await.done();
    server.assert_dead(&laptop).await;
    server.me(&phone.access).await.ok();
    server.refresh(&phone.refresh).await.ok();
}

#[tokio::test]
async fn a_refresh_that_loses_the_claims_and_roles_that_stay_for_ever() {
    let (server, root) = Server::with_root().await;
    let new = json!({"username": "ada", "password": PASSWORD, "roles": ["admin"],
        "scopes": ["reports:read"], "claims": {"tenant": "acme"}});
    server.call(Method::POST, "/admin/users", &root, Some(new)).await.created();
    let pair = server.pair("ada").await;
    let next = Pair::of(server.refresh(&pair.refresh).await.ok());
    for name in ["sub", "roles", "scope", "tenant", "sid", "auth_time", "aud", "client_id"] {
        assert_eq!(next.claims()[name], pair.claims()[name], "{name}");
    }
    // A role that is withdrawn dies with the tokens that say it.
    let grants = json!({"roles": []});
    server.call(Method::PUT, "/admin/users/ada/grants", &root, Some(grants)).await.ok();
    for token in [&pair.access, &next.access] {
        server.me(token).await.refused(401, "invalid_token");
    }
    let after = Pair::of(server.refresh(&next.refresh).await.ok());
    assert_eq!(after.claims()["roles"], json!([]));
    server.me(&after.access).await.ok();
}

#[tokio::test]
async fn the_authorization_header_taken_as_it_is() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    let with = async |field: &str| {
        Answer::to(server.http.get(server.url("/users/me")).header("authorization", field)).await
    };
    assert_eq!(with(&format!("Bearer {token}")).await.ok()["username"], "ada");
    let raw = with(&token).await;
    raw.refused(401, "missing_token");
    assert_eq!(raw.header("www-authenticate"), format!("Bearer realm=\"{ISSUER}\""));
    with(&format!("JWT {token}")).await.refused(401, "missing_token");
}

#[tokio::test]
async fn a_guard_before_every_route() {
    let place = Place::new().with_env("COUNTERSIGN_HTTP_CORS_ORIGINS", "https://app.example");
    let server = Server::start_in(place, &[]);
    // Nobody has a token before the log-in, and preflights never have one.
    server.join("ada").await;
    let preflight = server.http.request(Method::OPTIONS, server.url("/users/me"));
    let preflight = preflight.header("origin", "https://app.example");
    let preflight = preflight.header("access-control-request-method", "GET");
    let answer =
        Answer::to(preflight.header("access-control-request-headers", "authorization")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/openapi.json", "/docs"] {
        assert_eq!(server.fetch(path).await.status, 200, "{path}");
    }
    // And every route that needs one is guarded, not only the first that was decorated.
    let document = server.fetch("/openapi.json").await.ok();
    let mut guarded = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations(methods) {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            if security.is_empty() || security.contains(&json!({})) {
                continue;
            }
            let path = path.replace("{id}", "x").replace("{kid}", "x");
            let answer = Answer::to(server.http.request(method, server.url(&path))).await;
            let form = answer.status == 415 && path == "/introspect";
            assert!(answer.status == 401 || form, "{path}: {}", answer.status);
            guarded += 1;
        }
    }
    assert!(guarded > 20, "{guarded}");
}

#[tokio::test]
async fn an_unknown_user_who_is_answered_sooner() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let before = server.hashes().await;
    for name in ["nobody", "ada", "somebody", "no name"] {
        server.try_login(name, "wrong").await.refused(401, "invalid_credentials");
    }
    assert_eq!(server.hashes().await, before + 4);
}

#[tokio::test]
async fn a_limit_by_address_only_and_one_for_each_worker() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let worker = Worker::beside(&server);
    // One account, guessed through both workers: five tries, not five each.
    let mut statuses = Vec::new();
    for index in 0..10 {
        statuses.push(match index % 2 {
            0 => server.try_login("ada", "wrong").await.status,
            _ => worker.try_login("ada", "wrong").await.status,
        });
    }
    assert_eq!(statuses.iter().filter(|&&status| status == 401).count(), 5, "{statuses:?}");
    // Everybody else behind the same address goes on.
    server.join("grace").await;
    worker.try_login("grace", PASSWORD).await.ok();
}

#[tokio::test]
async fn the_form_that_clients_of_fastapi_send() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let (name, password) = (("username", "ada"), ("password", PASSWORD));
    for more in [
        &[][..],
        &[("grant_type", "password")],
        &[("grant_type", "")],
        &[("grant_type", "password"), ("scope", ""), ("client_id", ""), ("client_secret", "")],
        &[("grant_type", "password"), ("client_id", "string"), ("client_secret", "")],
        &[("client_id", "first-party")],
    ] {
        let pairs = [&[name, password], more].concat();
        let answer = server.form("/token", &pairs).await;
        if pairs.contains(&("client_id", "string")) {
            // What the docs page fills in by itself names a client that there is not.
            answer.refused(400, "unauthorized_client");
            continue;
        }
        let pair = Pair::of(answer.ok());
        assert_eq!(server.me(&pair.access).await.ok()["username"], "ada");
    }
    // The Authorize button sends an empty Basic.
    let request = server.form_request("/token", &crate::answers::form(&[name, password]));
    Answer::to(request.basic_auth("", Some(""))).await.ok();
    // Form data is not decoration.
    let wrong = [name, ("password", "wrong")];
    server.form("/token", &wrong).await.refused(400, "invalid_grant");
}

#[tokio::test]
async fn errors_in_html_and_in_many_shapes() {
    let server = Server::start(&[]);
    let token = server.join("ada").await.access;
    let post = |path: &str| server.http.post(server.url(path));
    for (status, answer) in [
        (404, server.fetch("/nothing").await),
        (404, server.fetch("/users/me/").await),
        (404, server.fetch("//login").await),
        (405, server.fetch("/login").await),
        (405, server.fetch("/token").await),
        (415, Answer::to(post("/login").body("username=ada&password=x")).await),
        (415, Answer::to(post("/refresh")).await),
        (400, Answer::to(post("/login").header("content-type", "application/json")).await),
        (400, server.send("/login", &json!("x")).await),
        (401, server.try_login("ada", "wrong").await),
        (401, server.fetch("/users/me").await),
        (401, server.me("nonsense").await),
        (403, server.call(Method::GET, "/admin/users", &token, None).await),
        (
            401,
            Answer::to(
                post("/introspect")
                    .header("accept", "text/html")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("token=x"),
            )
            .await,
        ),
    ] {
        let code = answer.json()["error"].as_str().unwrap().to_owned();
        answer.refused(status, &code);
        // Whoever must show something else is told what.
        let told = !answer.header("www-authenticate").is_empty();
        assert_eq!(matches!(status, 401 | 403), told, "{answer:?}");
    }
}

#[tokio::test]
async fn people_in_a_token_that_everybody_can_read() {
    let server = Server::start(&[]);
    let body = json!({"username": "ada", "password": PASSWORD, "email": "ada@example.org"});
    server.send("/register", &body).await.created();
    let pair = server.pair("ada").await;
    let claims = pair.claims();
    assert!(!claims.to_string().contains("example.org"), "{claims}");
    // Who it is, is an id that never changes; the name is for people, and can be left out.
    assert_ne!(claims["sub"], "ada");
    assert_eq!(claims["preferred_username"], "ada");
    let known = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "client_id",
        "sid",
        "gen",
        "auth_time",
        "scope",
        "roles",
        "preferred_username",
    ];
    assert!(
        claims.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())),
        "{claims}"
    );
    let place = Place::new().with_env("COUNTERSIGN_TOKENS_INCLUDE_USERNAME", "false");
    let server = Server::start_in(place, &[]);
    assert!(server.join("ada").await.claims().get("preferred_username").is_none());
}

#[tokio::test]
async fn a_disabled_user_who_goes_on() {
    let (server, root) = Server::with_root().await;
    let pair = server.join("ada").await;
    server.call(Method::POST, "/admin/users/ada/disable", &root, None).await.ok();
    server.assert_dead(&pair).await;
    server.try_login("ada", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_log_out_that_logs_nobody_out() {
    let server = Server::start(&[]);
    for way in 0..4 {
        let name = format!("ada{way}");
        let pair = server.join(&name).await;
        match way {
            0 => server.call(Method::POST, "/logout", &pair.access, None).await.done(),
            1 => server.call(Method::POST, "/logout/all", &pair.access, None).await.done(),
            2 => server.send("/logout", &json!({"refresh_token": pair.refresh})).await.done(),
            _ => {
                let answer = server.form("/revoke", &[("token", &pair.refresh)]).await;
                assert_eq!(answer.status, 200);
            }
        }
        server.assert_dead(&pair).await;
        server.pair(&name).await;
    }
}

#[tokio::test]
async fn a_password_that_is_cut_or_hashed_fast() {
    let server = Server::start(&[]);
    // bcrypt would not see what stands behind 72 bytes, and C would not behind a NUL.
    let long = "0123456789abcdef".repeat(64);
    let cases = [
        ("long", format!("{}x", &long[..1_023]), format!("{}y", &long[..1_023])),
        ("nul", format!("{PASSWORD}\0x"), format!("{PASSWORD}\0y")),
        ("case", PASSWORD.to_owned(), PASSWORD.to_uppercase()),
        ("space", PASSWORD.to_owned(), format!("{PASSWORD} ")),
        ("form", "cafe\u{301} by the river".into(), "caf\u{e9} by the river".into()),
    ];
    for (name, password, other) in &cases {
        server.send("/register", &json!({"username": name, "password": password})).await.created();
        server.try_login(name, other).await.refused(401, "invalid_credentials");
        server.try_login(name, password).await.ok();
    }
    for weak in
        ["password", "12345678", "qwertyuiop", "weakweak", "iloveyou1", "P@ssw0rd", "1234567"]
    {
        let body = json!({"username": "weakweak", "password": weak});
        server.send("/register", &body).await.refused_field(400, "weak_password", "password");
    }
}
