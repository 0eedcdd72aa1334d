//! `users`, `clients`, `sessions`, `keys`, `migrate` against a database, beside a running server and
//! without one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{AUDIENCE, ISSUER, Place, Server, text};

const PASSWORD: &str = "correct horse battery staple";

fn place() -> Place {
    let place = Place::new();
    let url = place.database_url();
    let output =
        place.run(&["init", "--issuer", ISSUER, "--audience", AUDIENCE, "--database", &url]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    place
}

/// Waits until a request with the token is answered with this status.
async fn becomes(server: &Server, token: &str, status: u16) {
    let started = Instant::now();
    loop {
        let found = server.get("/users/me", token).await.status();
        if found == status {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{found} and not {status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn users_are_added_shown_changed_and_deleted() {
    let place = place();
    let add = [
        "users",
        "add",
        "Ada",
        "--password-stdin",
        "--role",
        "editor",
        "--scope",
        "a",
        "--scope",
        "b",
    ];
    let ada = place.admin(&[&add[..], &["--email", "ada@example.com"]].concat(), PASSWORD);
    assert_eq!(ada["username"], "ada");
    assert_eq!((&ada["roles"], &ada["scopes"]), (&json!(["editor"]), &json!(["a", "b"])));
    assert_eq!(ada["email"], "ada@example.com");
    let id = ada["id"].as_str().unwrap();
    assert_eq!(place.admin(&["users", "show", "ADA"], ""), ada);
    assert_eq!(place.admin(&["users", "show", id], "")["username"], "ada");
    assert_eq!(place.admin(&["users", "list"], "").as_array().unwrap().len(), 1);
    assert_eq!(place.admin(&["users", "list", "--search", "x"], ""), json!([]));
    assert_eq!(place.admin(&["users", "disable", "ada"], "")["disabled"], true);
    assert_eq!(place.admin(&["users", "enable", "ada"], "")["disabled"], false);
    let granted = place.admin(&["users", "grant", "ada", "--role", "admin", "--scope", "c"], "");
    assert_eq!(
        (&granted["roles"], &granted["scopes"]),
        (&json!(["admin", "editor"]), &json!(["a", "b", "c"]))
    );
    let taken = place.admin(&["users", "ungrant", "ada", "--role", "admin", "--scope", "a"], "");
    assert_eq!((&taken["roles"], &taken["scopes"]), (&json!(["editor"]), &json!(["b", "c"])));
    let before = taken["generation"].as_u64().unwrap();
    let changed =
        place.admin(&["users", "passwd", "ada", "--password-stdin"], "another good password\n");
    assert_eq!(changed["generation"], before + 1);
    assert_eq!(place.admin(&["users", "delete", "ada"], ""), json!({"deleted": id}));
    assert_eq!(place.admin(&["users", "list"], ""), json!([]));
}

#[test]
fn tables_are_for_people() {
    let place = place();
    place.admin(&["users", "add", "ada", "--password-stdin"], PASSWORD);
    let url = place.database_url();
    let output = text(&place.run(&["users", "list", "--database", &url]).stdout);
    let mut lines = output.lines();
    assert!(lines.next().unwrap().trim_start().starts_with("USERNAME"), "{output}");
    assert!(lines.next().unwrap().trim_start().starts_with("ada"), "{output}");
    assert!(!output.contains('\u{1b}'), "colour where no terminal is");
    let output = text(&place.run(&["users", "show", "ada", "--database", &url]).stdout);
    assert!(output.contains("STATE") && output.contains("active"), "{output}");
}

#[test]
fn what_cannot_be_done_says_why() {
    let place = place();
    place.admin(&["users", "add", "ada", "--password-stdin"], PASSWORD);
    let url = place.database_url();
    for (args, input, part) in [
        (&["users", "add", "ada", "--password-stdin"][..], PASSWORD, "user name is taken"),
        (&["users", "add", "bob", "--password-stdin"], "short", "at least 8"),
        (&["users", "add", "bob", "--password-stdin"], "", "standard input has no password"),
        (&["users", "add", "bob"], PASSWORD, "--password-stdin"),
        (&["users", "add", "a b", "--password-stdin"], PASSWORD, "space"),
        (&["users", "add", "bob", "--password-stdin", "--email", "x"], PASSWORD, "e-mail"),
        (&["users", "show", "nobody"], "", "no such user"),
        (&["users", "passwd", "nobody", "--password-stdin"], PASSWORD, "no such user"),
        (&["sessions", "revoke", "01890000-0000-7000-8000-00000000000a"], "", "no such session"),
        (&["keys", "compromise", "none"], "", "no such key"),
        (&["clients", "rotate", "none"], "", "no such client"),
        (&["clients", "add", "Reports", "--audience", "api"], "", "client id"),
        (&["clients", "add", "reports"], "", "--audience"),
        (&["clients", "delete", "first-party"], "", "built in"),
    ] {
        let output = place.run_with_input(&[args, &["--database", &url]].concat(), input);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains(part) && error.lines().count() == 1, "{args:?}: {error}");
        assert!(!error.contains(PASSWORD), "{error}");
    }
}

#[test]
fn clients_have_secrets_that_are_shown_once() {
    let place = place();
    let added = place.admin(&["clients", "add", "reports", "--audience", "api"], "");
    let secret = added["client_secret"].as_str().unwrap();
    assert!(added["client_id"] == "reports" && secret.len() > 40);
    let rotated = place.admin(&["clients", "rotate", "reports"], "");
    assert_ne!(rotated["client_secret"], secret);
    let public =
        place.admin(&["clients", "add", "spa", "--kind", "public", "--audience", "api"], "");
    assert_eq!(public, json!({"client_id": "spa"}));
    assert_eq!(place.admin(&["clients", "disable", "spa"], "")["disabled"], true);
    assert_eq!(place.admin(&["clients", "enable", "spa"], "")["disabled"], false);
    let list = place.admin(&["clients", "list"], "");
    let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|client| &client["id"]).collect();
    assert_eq!(ids, ["first-party", "reports", "spa"]);
    assert!(!list.to_string().contains("cs_cs_"), "a list shows secrets");
    assert_eq!(place.admin(&["clients", "delete", "spa"], ""), json!({"deleted": "spa"}));
}

#[test]
fn a_schema_that_is_current_stays() {
    let place = place();
    let migrated = place.admin(&["migrate"], "");
    assert_eq!(migrated["from"], migrated["to"]);
}

#[tokio::test]
async fn a_running_server_sees_what_the_command_does() {
    let server = Server::start(&[]);
    server.add_user("ada", PASSWORD, &["--scope", "profile"]);
    let token = |answer: &Value| answer["access_token"].as_str().unwrap().to_owned();
    let first = token(&server.login("ada", PASSWORD).await);
    becomes(&server, &first, 200).await;
    let sessions = server.dir.admin(&["sessions", "list", "ada"], "");
    let id = sessions[0]["id"].as_str().unwrap();
    server.dir.admin(&["sessions", "revoke", id], "");
    becomes(&server, &first, 401).await;

    let second = token(&server.login("ada", PASSWORD).await);
    server.dir.admin(&["sessions", "revoke", "--user", "ada"], "");
    becomes(&server, &second, 401).await;

    let third = token(&server.login("ada", PASSWORD).await);
    server.dir.admin(&["users", "disable", "ada"], "");
    becomes(&server, &third, 401).await;
    server.dir.admin(&["users", "enable", "ada"], "");

    let fourth = token(&server.login("ada", PASSWORD).await);
    let keys = server.dir.admin(&["keys", "list"], "");
    let signing = keys.as_array().unwrap().iter().find(|key| key["state"] == "signing").unwrap();
    let kid = signing["kid"].as_str().unwrap();
    let compromised = server.dir.admin(&["keys", "compromise", kid], "");
    assert_eq!(compromised["state"], "compromised");
    becomes(&server, &fourth, 401).await;
    let fifth = token(&server.login("ada", PASSWORD).await);
    becomes(&server, &fifth, 200).await;
    let rotated = server.dir.admin(&["keys", "rotate"], "");
    assert_eq!(rotated["state"], "next");
    becomes(&server, &fifth, 200).await;
}
