//! What must not be read anywhere: passwords, tokens, keys, hashes. A whole story is logged at trace
//! level, and then everything that came out of the server is searched.

use std::{collections::BTreeSet, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, PASSWORD, Pair, form, text},
    server::Server,
};

const NEW_PASSWORD: &str = "another-quiet-river-77";
const WRONG_PASSWORD: &str = "wrong-horse-battery-31";
const REFUSED_PASSWORD: &str = "hunter2";

/// What was used, and what was answered that nobody needed to hide.
#[derive(Default)]
struct Seen {
    secrets: Vec<String>,
    refusals: Vec<String>,
}

impl Seen {
    fn pair(&mut self, pair: &Pair) {
        self.secrets.extend([pair.access.clone(), pair.refresh.clone()]);
        // The signature alone is half a token, and so is the rest.
        self.secrets.push(pair.access.rsplit('.').next().unwrap().to_owned());
        self.secrets.push(pair.access.split('.').nth(1).unwrap().to_owned());
    }

    fn refused(&mut self, answer: &Answer) {
        assert!(answer.status >= 400, "{answer:?}");
        self.refusals.push(format!("{:?}\n{}", answer.headers, answer.body));
    }
}

/// Everything that people do, right and wrong.
async fn story(server: &mut Server, root: &str, seen: &mut Seen) {
    let first = server.join("ada").await;
    let second = Pair::of(server.refresh(&first.refresh).await.ok());
    let repeated = Pair::of(server.refresh(&first.refresh).await.ok());
    for pair in [&first, &second, &repeated] {
        seen.pair(pair);
    }
    server.me(&second.access).await.ok();
    seen.refused(&server.try_login("ada", WRONG_PASSWORD).await);
    seen.refused(&server.try_login("nobody", WRONG_PASSWORD).await);
    let pairs = [("username", "ada"), ("password", WRONG_PASSWORD)];
    seen.refused(&server.form("/token", &pairs).await);
    let body = json!({"username": "grace", "password": REFUSED_PASSWORD});
    seen.refused(&server.send("/register", &body).await);
    let body = json!({"username": "grace", "password": {"nested": PASSWORD}});
    seen.refused(&server.send("/register", &body).await);
    let body = json!({"username": "ada", "password": PASSWORD, PASSWORD: second.refresh});
    seen.refused(&server.send("/login", &body).await);
    let broken = format!("{{\"username\":\"ada\",\"password\":\"{PASSWORD}\" oops");
    let request = server.http.post(server.url("/login")).header("content-type", "application/json");
    seen.refused(&Answer::to(request.body(broken)).await);
    for path in [
        format!("/users/me?access_token={}", second.access),
        format!("/{}", second.refresh),
        format!("/login?password={PASSWORD}&refresh_token={}", second.refresh),
        format!("/users/me/sessions/{}", second.refresh),
        format!("/docs/{}", second.refresh),
    ] {
        seen.refused(&server.fetch(&path).await);
    }
    let changed = format!("{}x", second.access);
    seen.refused(&server.me(&changed).await);
    seen.refused(&server.me(&second.refresh).await);
    let request = server.http.get(server.url("/users/me"));
    seen.refused(&Answer::to(request.header("authorization", &second.access)).await);
    let request = server.http.get(server.url("/users/me"));
    let request = request.header("authorization", format!("Bearer {} {PASSWORD}", second.access));
    seen.refused(&Answer::to(request).await);
    let request = server.http.get(server.url("/healthz")).header("x-request-id", &second.access);
    Answer::to(request.header("user-agent", "agent").header("idempotency-key", PASSWORD))
        .await
        .ok();

    let secret = server.client(root, "reports-api", "resource_server").await;
    let request = server.form_request("/introspect", &form(&[("token", &second.refresh)]));
    Answer::to(request.basic_auth("reports-api", Some(&secret))).await.ok();
    let request = server.form_request("/introspect", &form(&[("token", &second.access)]));
    seen.refused(&Answer::to(request.basic_auth("reports-api", Some(WRONG_PASSWORD))).await);
    let path = format!("/introspect?client_secret={secret}");
    seen.refused(&Answer::to(server.form_request(&path, "token=x")).await);
    let rotated = server.call(Method::POST, "/admin/clients/reports-api/secret", root, None).await;
    seen.secrets.extend([STANDARD.encode(format!("reports-api:{secret}")), secret]);
    seen.secrets.push(text(&rotated.ok(), "client_secret"));

    let body = json!({"current_password": WRONG_PASSWORD, "new_password": NEW_PASSWORD});
    let path = "/users/me/password";
    seen.refused(&server.call(Method::POST, path, &second.access, Some(body)).await);
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let third = server.call(Method::POST, path, &second.access, Some(body)).await.ok();
    seen.pair(&Pair::of(third.clone()));
    let body = json!({"password": PASSWORD});
    server.call(Method::PUT, "/admin/users/ada/password", root, Some(body)).await.done();
    let fourth = server.pair("ada").await;
    seen.pair(&fourth);
    assert_eq!(server.form("/revoke", &[("token", &fourth.access)]).await.status, 200);
    // A theft, which is worth a warning.
    let fifth = Pair::of(server.refresh(&fourth.refresh).await.ok());
    let sixth = Pair::of(server.refresh(&fifth.refresh).await.ok());
    seen.pair(&fifth);
    seen.pair(&sixth);
    seen.refused(&server.refresh(&fourth.refresh).await);
    let seventh = server.pair("ada").await;
    seen.pair(&seventh);
    let body = json!({"refresh_token": seventh.refresh});
    server.send("/logout", &body).await.done();
    // A failure of ours.
    let database = Connection::open(server.dir.database()).unwrap();
    let eighth = server.pair("ada").await;
    seen.pair(&eighth);
    let hashes: Vec<String> = {
        let mut rows = database.prepare("SELECT password_hash FROM users").unwrap();
        rows.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$")), "{hashes:?}");
    seen.secrets.extend(hashes);
    database.execute("UPDATE users SET roles = 'broken' WHERE username = 'ada'", ()).unwrap();
    seen.refused(&server.me(&eighth.access).await);
    seen.refused(&server.try_login("ada", PASSWORD).await);
    seen.refused(&server.refresh(&eighth.refresh).await);
    database.execute("UPDATE users SET roles = '[]' WHERE username = 'ada'", ()).unwrap();
}

#[tokio::test]
async fn h27_no_secret_comes_out_of_the_server() {
    let (mut server, root) = Server::with_root().await;
    let mut seen = Seen::default();
    seen.secrets.push(root.clone());
    story(&mut server, &root, &mut seen).await;
    server.restart();
    let master = fs::read_to_string(server.dir.file("auth.db.key")).unwrap();
    let keys = master.trim().split(',').filter_map(|key| key.split(':').nth(1));
    seen.secrets.extend(keys.map(str::to_owned));
    for password in [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, REFUSED_PASSWORD] {
        seen.secrets.extend([
            password.to_owned(),
            password.replace(' ', "+"),
            password.replace(' ', "%20"),
        ]);
    }

    let secrets: BTreeSet<&str> = seen.secrets.iter().map(String::as_str).collect();
    assert!(secrets.len() > 40 && secrets.iter().all(|secret| secret.len() >= 7), "{secrets:?}");
    let secrets: Vec<&str> = secrets.into_iter().collect();
    assert!(server.log().contains("\"DEBUG\""), "less was logged than could be");
    server.assert_no_secret_in_logs(&secrets);
    let mut outputs = seen.refusals.clone();
    outputs.push(server.fetch("/metrics").await.body);
    outputs.push(server.fetch("/openapi.json").await.body);
    outputs.push(server.printed().join("\n"));
    let root = server.root_token().await;
    for path in [
        "/admin/users",
        "/admin/clients",
        "/admin/keys",
        "/admin/events?limit=1000",
        "/admin/users/ada/sessions",
        "/revocations",
    ] {
        let answer = server.call(Method::GET, path, &root, None).await;
        answer.ok();
        outputs.push(answer.body);
    }
    for output in &outputs {
        // OpenAPI shows a password that people may write in an example, which is another one.
        let found = secrets.iter().find(|secret| output.contains(**secret));
        assert!(found.is_none(), "{found:?} in {output}");
    }
    // What the database keeps is of no use to a thief: no token, no secret, no password.
    server.stop();
    let hash = |secret: &str| secret.starts_with("$argon2id$");
    for file in ["auth.db", "auth.db-wal"] {
        let bytes = fs::read(server.dir.file(file)).unwrap_or_default();
        for secret in secrets.iter().filter(|secret| !hash(secret)) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {file}");
        }
    }
}

#[tokio::test]
async fn h19_every_line_of_the_log_is_one_object_whatever_people_send() {
    let (server, root) = Server::with_root().await;
    let hostile =
        "x\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\n\u{1b}[31m\u{2028}\u{0}\u{9b}\"\\";
    for path in ["/login", "/register"] {
        server.send(path, &json!({"username": hostile, "password": hostile})).await;
        server.send(path, &json!({"username": "ada", "password": PASSWORD, hostile: 1})).await;
    }
    server.send("/refresh", &json!({"refresh_token": hostile, "scope": hostile})).await;
    server.form("/token", &[("grant_type", hostile), (hostile, hostile)]).await;
    server.form("/revoke", &[("token", hostile), ("token_type_hint", hostile)]).await;
    server
        .call(Method::POST, "/admin/clients", &root, Some(json!({"id": hostile, "kind": hostile})))
        .await;
    let body = json!({"username": "grace", "password": PASSWORD, "email": "g@x", "claims": {"a": hostile}});
    server.call(Method::POST, "/admin/users", &root, Some(body)).await.created();
    for name in
        ["user-agent", "x-request-id", "x-forwarded-for", "idempotency-key", "authorization"]
    {
        let log_in = |value: &[u8]| {
            let body = json!({"username": "grace", "password": PASSWORD}).to_string();
            let head = format!(
                "POST /login HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n{name}: ",
                body.len()
            );
            let tail = format!("\r\n\r\n{body}");
            server.raw([head.as_bytes(), value, tail.as_bytes()].concat())
        };
        // What a header may hold is taken and nothing of it comes back; what it may not is refused.
        let (status, answer) = log_in(b"x[31m\xff\xfe\t{\"level\":\"ERROR\"}\xe2\x80\xa8\xc2\x9b");
        assert!(status == 200 && !answer.contains("[31m"), "{name}: {answer}");
        for control in [b"x\x1b[31m", b"x\x00[31m", b"x\x7f[31m"] {
            assert_eq!(log_in(control).0, 400, "{name}");
        }
    }
    server.raw(b"GET /\x1b[31m{\"x\":1} HTTP/1.1\r\nhost: a\x1b\r\nconnection: close\r\n\r\n");
    server.raw(b"BR\x1bEW / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    server.raw(b"GET /%0d%0a%1b[31m HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let sessions = server.call(Method::GET, "/admin/users/grace/sessions", &root, None).await;
    assert!(!sessions.body.contains("\\u001b") && !sessions.body.contains('\u{1b}'));

    let log = server.log();
    let mut lines = 0;
    for line in log.split('\n').filter(|line| !line.is_empty()) {
        let value: Result<Value, _> = serde_json::from_str(line);
        assert!(value.as_ref().is_ok_and(Value::is_object), "no object: {line:?}");
        let forged = |name: &str| value.as_ref().unwrap()[name] == "forged";
        assert!(!forged("message") && !forged("msg"), "{line}");
        assert!(!line.bytes().any(|byte| byte < 0x20 || byte == 0x7f), "{line:?}");
        lines += 1;
    }
    assert!(lines > 20, "{lines}");
}
