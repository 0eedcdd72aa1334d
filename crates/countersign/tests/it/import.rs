//! `countersign users import`: every form of hash, bad rows, and an import that is killed.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    os::unix::fs::PermissionsExt,
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::server::{AUDIENCE, ISSUER, Place, Server, text};

/// What all of [`HASHES`] are hashes of.
const PASSWORD: &str = "pa$$w\u{f6}rd \u{2603} 9";

/// Written by Werkzeug 3.1, Django 5.2, passlib 1.7.4 and argon2-cffi 25.1.
const HASHES: [&str; 22] = [
    "scrypt:32768:8:1$5N2nPypRdZ5xk5fY$a511f1245712725a1106ccb0111725e73b660c83f2411685ca111fcf451827818b48fa6e40f21a639fdf45bd1e707c33a0395c532c6bdbb369d977bbacaf6962",
    "scrypt:1024:8:2$SkY1RM8d4ZWi6tSG$1b9c4ccdb95180d1d0e6b251b7ba370c8d17041fba298db7e671c2840a0fb606c69f5216780268db3777e67877ee15f99824fa8bf872630ea0ca30192af7ff26",
    "pbkdf2:sha256:1000$ToTWoBQCe71nHJfb$ce8ff00d0ce1d728d0739967de44054535ad74cbfd48314cbf8db03783f760b0",
    "pbkdf2:sha512:1000$iWvMFtE3IUUusd9W$ab39b4101dfaaa678d44c0c482637e591abe7a1f39939a1340c64b657208f2cde254026a481444da7360bbdbd4852bd6368a447aaa9fc3631dbf0189cee5d8b3",
    "pbkdf2:sha1:1000$QHNkzMoNwRda9c6Y$97bc8fe9f098742b7c7daa25c6761b96b2bcd6a3",
    "pbkdf2_sha256$1000$E4bDJLHcwwYEHN3QmKDsHk$t+q9QnBmVHcl4A9J31NnVkFTLQZbxQkP6uXjtFE9Mxc=",
    "scrypt$1024$zt8RXERPRT0cgiLSQqvl9E$8$5$NDR8jLtiqJG1AX6dbop+omoCbIhu7QHFpYEMNXe3Ya3si1b4LcVVvvhcU9SHjreODEjs/fhxrG3rafvEjxg3Kw==",
    "bcrypt_sha256$$2b$04$IS9S6nD9Kug5oEOyqorvBuDiwK0yMuTemneqfWjDGZWnOQDfcG7fy",
    "bcrypt$$2b$04$uLMqQZPkhQUgQ4P8DumHAePYG.cez/iMyF0rP5dL9xsLztD/R6Mbe",
    "pbkdf2_sha1$1000$salt01234567890$HaUnGZ8O5CJTrt9R3W6RQuxnAiA=",
    "$pbkdf2-sha256$1000$mtMao3SO8V6LMcaYU8pZqw$wzgqeX3fvY2XX5S45E.V7so1ssEywW0AB/gWrkfPs1A",
    "$pbkdf2$1000$AUBozfl/z9n7H6O0ljLGmA$.tQ6O2k.ke9hjQW15zS0IhuCEjQ",
    "$pbkdf2-sha512$1000$Q6j13tsboxRCCKFUSinlPA$vzzO25qAEVSZJoXgwwY.iKa9pUGUJFqlDyGKLTIZ9sTunKvE2193ZHz7rpR/6Siv9HwWTpk.7wy2FB0ogxN6Lg",
    "$scrypt$ln=10,r=8,p=1$w7jX2puTUso5J4SQco7xng$qNeRNuZ6lyL2QlGvGJUHBO5tQeGg8S4578NAUvD/wY4",
    "$2b$04$ztriRJwKpsFpbpqqwI4mSuq0tvo9AAX3iz/HOBUX9DQHfAtQ1Cv3i",
    "$2a$04$bxZ7gN0zVPHSLjRUQN19O.s9/COzyfTtR69d4fvaAFi8QtARArwU6",
    "$2y$04$3ePPag8ulCd5A3npBddisODFObuK779OD9P1jY0LlFHaLvKgSn/.2",
    "$bcrypt-sha256$v=2,t=2b,r=4$0FthWuJRIQxZ.ZWnZ71q0.$t.b2LNYPs9R53vtMVTPXVpBmbIWIdgm",
    "$bcrypt-sha256$2b,4$DS5GC23VMicUEDxpCwVlqu$soVKfvrLpkMXUePfDZZOlGE7FeJR9iG",
    "$argon2id$v=19$m=64,t=2,p=1$XqtVCoGw9r4XQkhpDaH0ng$ZWASzNciER6ryVTRLei8+MDRWa+P6L6dwBaVc2ZPgn4",
    "$argon2i$v=19$m=64,t=2,p=1$wxhjTKk1pjQGwJgTgvCe8w$2zFPfaKlH1EagQfqkKg11lkJhsOMxh4Wl0HaLmCC7Bc",
    "argon2$argon2id$v=19$m=64,t=2,p=2$d1FuVzZzUU0zTW10UUtpUUFiNjBXdA$Xis6otS3vbjxwTfOB5chsXU2qbchdmvf4YAlABkzRbA",
];

fn made() -> Place {
    let place = Place::new();
    let url = place.database_url();
    let output =
        place.run(&["init", "--issuer", ISSUER, "--audience", AUDIENCE, "--database", &url]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    place
}

fn import(place: &Place, args: &[&str]) -> Output {
    let url = place.database_url();
    place.run(&[&["users", "import"], args, &["--database", &url]].concat())
}

/// Runs it with `--json`; exit code and answer.
fn answer(place: &Place, args: &[&str]) -> (i32, Value) {
    let output = import(place, &[args, &["--json"]].concat());
    let answer = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (output.status.code().unwrap(), answer)
}

/// Added, the same, updated, refused.
fn counts(answer: &Value) -> [u64; 4] {
    ["added", "same", "updated", "refused"].map(|name| answer[name].as_u64().unwrap())
}

fn ask<T: rusqlite::types::FromSql>(place: &Place, sql: &str) -> T {
    let database = Connection::open(place.database()).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn count(place: &Place, sql: &str) -> u64 {
    u64::try_from(ask::<i64>(place, sql)).unwrap()
}

/// So many users as CSV.
fn many(users: usize) -> String {
    let mut csv = "username,password_hash,email,roles\n".to_owned();
    for number in 0..users {
        let hash = HASHES[number % HASHES.len()].replace('"', "\"\"");
        writeln!(csv, "user{number},\"{hash}\",user{number}@example.com,clerk").unwrap();
    }
    csv
}

#[tokio::test]
async fn every_form_of_hash_logs_in_and_is_upgraded() {
    let server = Server::start(&[]);
    let mut csv = "username,password_hash,disabled,scopes,created_at,id\n".to_owned();
    for (number, hash) in HASHES.iter().enumerate() {
        let created = "2020-02-03 04:05:06+00";
        writeln!(csv, "user{number},\"{hash}\",false,read write,{created},old-{number}").unwrap();
    }
    fs::write(server.dir.file("users.csv"), csv).unwrap();
    // The server runs meanwhile, and knows them at once.
    let (status, tried) = answer(&server.dir, &["users.csv", "--dry-run"]);
    let all = HASHES.len() as u64;
    assert_eq!((status, counts(&tried)), (0, [all, 0, 0, 0]), "{tried}");
    assert_eq!(count(&server.dir, "SELECT count(*) FROM users"), 0, "a dry run wrote");
    assert_eq!(counts(&answer(&server.dir, &["users.csv"]).1), [all, 0, 0, 0]);
    for (number, hash) in HASHES.iter().enumerate() {
        let name = format!("user{number}");
        let body = json!({"username": name, "password": "another password"});
        assert_eq!(server.post("/login", &body).await.status(), 401, "{hash}");
        let tokens = server.login(&name, PASSWORD).await;
        let me = server.get("/users/me", tokens["access_token"].as_str().unwrap()).await;
        let me: Value = serde_json::from_str(&me.text().await.unwrap()).unwrap();
        assert_eq!(me["id"], format!("old-{number}"));
        assert_eq!(me["scopes"], json!(["read", "write"]));
        assert!(me["created_at"].as_str().unwrap().starts_with("2020-02-03T04:05:06"), "{me}");
    }
    let own = "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64,t=1,p=1$%'";
    assert_eq!(count(&server.dir, own), all, "not all were upgraded");
    // The hashes have changed since, by their owners: nothing to do, and nothing is undone.
    for args in [&["users.csv"][..], &["users.csv", "--update"]] {
        assert_eq!(counts(&answer(&server.dir, args).1), [0, all, 0, 0], "{args:?}");
    }
    assert_eq!(count(&server.dir, own), all);
    server.login("user0", PASSWORD).await;
    server.assert_no_secret_in_logs(&[PASSWORD]);
}

#[test]
fn bad_rows_are_told_with_their_lines_and_stop_nothing() {
    let place = made();
    let hash = HASHES[5];
    let long = "x".repeat(70_000);
    let rows: Vec<(String, Option<(&str, &str)>)> = vec![
        (format!("ada,\"{hash}\",a@b,clerk"), None),
        ("a b,,,".to_owned(), Some(("username", "space"))),
        (",,,".to_owned(), Some(("username", "empty"))),
        ("bob,md5$secret$hash,,".to_owned(), Some(("password_hash", "known form"))),
        ("cy,,no address,".to_owned(), Some(("email", "e-mail"))),
        ("dan,,,\"a,b\"".to_owned(), Some(("roles", "spaces"))),
        ("ADA,,,".to_owned(), Some(("username", "line 2"))),
        ("eve,,".to_owned(), Some(("", "3 fields"))),
        (format!("{long},,,"), Some(("", "64 KiB"))),
        ("fay,\"open,,".to_owned(), Some(("", "quote"))),
        ("last,,,".to_owned(), None),
    ];
    let csv: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    let mut bytes = format!("username,password_hash,email,roles\n{csv}").into_bytes();
    bytes.extend(b"\xff\xfe,,,\n");
    fs::write(place.file("users.csv"), bytes).unwrap();
    let (status, told) = answer(&place, &["users.csv", "--report", "refused.jsonl"]);
    assert_eq!((status, counts(&told)), (1, [2, 0, 0, 10]), "{told}");
    let report = fs::read_to_string(place.file("refused.jsonl")).unwrap();
    let report: Vec<Value> =
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(report), told["refusals"]);
    for ((row, expected), line) in rows.iter().zip(2_u64..) {
        let refusal = report.iter().find(|refusal| refusal["line"] == line);
        let Some((field, part)) = expected else {
            assert!(refusal.is_none(), "{row}: {refusal:?}");
            continue;
        };
        let refusal = refusal.unwrap_or_else(|| panic!("line {line} was not refused"));
        assert_eq!(refusal["field"].as_str().unwrap_or_default(), *field, "{refusal}");
        assert!(refusal["reason"].as_str().unwrap().contains(part), "{refusal}");
        assert!(!refusal["mend"].as_str().unwrap().is_empty(), "{refusal}");
    }
    assert!(report.last().unwrap()["reason"].as_str().unwrap().contains("UTF-8"));
    assert!(!told.to_string().contains("md5$secret"), "a hash was repeated");
    let mode = fs::metadata(place.file("refused.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = text(&import(&place, &["users.csv"]).stdout);
    assert!(shown.contains("line 3 (a b): username: "), "{shown}");
    assert!(
        shown.ends_with("12 rows: 0 added, 2 there already and the same, 0 updated, 10 refused\n"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn json_lines_come_by_standard_input_too() {
    let place = made();
    let url = place.database_url();
    let lines = format!(
        "{}\n\n{}\n{{\"username\": 7}}\n",
        json!({"username": "ada", "password": "correct horse battery", "claims": {"tenant": 7}, "id": 12}),
        json!({"username": "bob", "password_hash": HASHES[0], "disabled": true}),
    );
    let args = ["users", "import", "-", "--database", &url, "--json"];
    let refused = place.run_with_input(&args, &lines);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--format"), "{}", text(&refused.stderr));
    let run = || {
        let output = place.run_with_input(&[&args[..], &["--format", "jsonl"]].concat(), &lines);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!answer.to_string().contains("correct horse"), "a password was repeated");
        (output.status.code(), counts(&answer))
    };
    assert_eq!(run(), (Some(1), [2, 0, 0, 1]));
    // A password in clear is hashed with another salt each time, and is the same all the same.
    assert_eq!(run(), (Some(1), [0, 2, 0, 1]));
    let ada = place.admin(&["users", "show", "ada"], "");
    assert_eq!((&ada["id"], &ada["claims"]["tenant"]), (&json!("12"), &json!(7)));
    assert_eq!(place.admin(&["users", "show", "bob"], "")["disabled"], true);
}

#[test]
fn who_is_there_and_differs_is_left_alone_unless_asked() {
    let place = made();
    place.admin(
        &["users", "add", "ada", "--password-stdin", "--role", "admin"],
        "correct horse battery",
    );
    let csv = "username,email,roles\nada,ada@example.com,clerk\nbob,,\n";
    fs::write(place.file("users.csv"), csv).unwrap();
    let (status, told) = answer(&place, &["users.csv"]);
    assert_eq!((status, counts(&told)), (1, [1, 0, 0, 1]));
    let refusal = &told["refusals"][0];
    assert_eq!((&refusal["line"], &refusal["username"]), (&json!(2), &json!("ada")));
    assert!(refusal["reason"].as_str().unwrap().contains("email, roles"), "{refusal}");
    assert!(refusal["mend"].as_str().unwrap().contains("--update"), "{refusal}");
    assert_eq!(place.admin(&["users", "show", "ada"], "")["roles"], json!(["admin"]));
    assert_eq!(counts(&answer(&place, &["users.csv", "--update", "--dry-run"]).1), [0, 1, 1, 0]);
    assert_eq!(place.admin(&["users", "show", "ada"], "")["roles"], json!(["admin"]));
    assert_eq!(counts(&answer(&place, &["users.csv", "--update"]).1), [0, 1, 1, 0]);
    let ada = place.admin(&["users", "show", "ada"], "");
    assert_eq!((&ada["roles"], &ada["has_password"]), (&json!(["clerk"]), &json!(true)));
    assert_eq!(counts(&answer(&place, &["users.csv", "--update"]).1), [0, 2, 0, 0]);
    let detail: String =
        ask(&place, "SELECT detail FROM events WHERE kind = 'account.added' ORDER BY id DESC");
    assert!(detail.contains("\"import\":\"users.csv\""), "{detail}");
}

#[test]
fn a_file_that_cannot_be_imported_is_named() {
    let place = made();
    fs::create_dir(place.file("folder.csv")).unwrap();
    for (name, content, part) in [
        ("none.csv", None, "cannot be read"),
        ("folder.csv", None, "is a folder"),
        ("users.txt", Some("username\nada\n"), "--format"),
        ("unknown.csv", Some("username,is_active\nada,1\n"), "line 1: the column `is_active`"),
        ("semicolons.csv", Some("username;email\nada;x\n"), "with commas"),
        ("headless.csv", Some("ada,x\n"), "`ada` is not known"),
    ] {
        if let Some(content) = content {
            fs::write(place.file(name), content).unwrap();
        }
        let output = import(&place, &[name]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(part) && error.lines().count() == 1, "{name}: {error}");
    }
    fs::write(place.file("empty.csv"), "").unwrap();
    let (status, nothing) = answer(&place, &["empty.csv"]);
    assert_eq!((status, counts(&nothing)), (0, [0, 0, 0, 0]));
    let users: u64 = count(&place, "SELECT count(*) FROM users");
    assert_eq!(users, 0);
}

/// The commands of the page, as they stand.
#[test]
fn the_page_tells_what_happens() {
    let page = include_str!("../../../../docs/migrate/users.md");
    let block = |mark: &str, language: &str| {
        let (_, rest) = page.split_once(mark).unwrap();
        let (_, block) = rest.split_once(&format!("```{language}\n")).unwrap();
        block.split_once("```").unwrap().0.to_owned()
    };
    let place = made();
    fs::write(place.file("users.csv"), block("<!-- file: users.csv -->", "csv")).unwrap();
    let url = place.database_url();
    let ran: Vec<String> = block("<!-- run by the tests -->", "sh")
        .lines()
        .map(|line| {
            let args: Vec<&str> = line.split(' ').skip(1).chain(["--database", &url]).collect();
            let output = place.run(&args);
            assert!(output.status.success(), "{line}: {}", text(&output.stderr));
            text(&output.stdout).clone()
        })
        .collect();
    assert!(ran[0].contains("2 would be added"), "{}", ran[0]);
    assert!(ran[1].contains("2 added"), "{}", ran[1]);
    assert!(ran[2].contains("reviewer"), "{}", ran[2]);
    assert_eq!(fs::read_to_string(place.file("refused.jsonl")).unwrap(), "");
}

/// Killed again and again, at whatever moment: nothing is lost and nothing is there twice.
#[tokio::test]
async fn a_killed_import_goes_on_where_it_was() {
    const USERS: usize = 6_000;
    let place = made();
    fs::write(place.file("users.csv"), many(USERS)).unwrap();
    let url = place.database_url();
    let written = || count(&place, "SELECT count(*) FROM users");
    let (mut kills, mut half_way) = (0, 0);
    for pause in [1, 10, 20, 40, 60, 80, 100, 140, 200, 300] {
        let before = written();
        let args = ["users", "import", "users.csv", "--database", &url];
        let mut command = place.command(&args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // From the first batch on, or after a while: whichever comes first.
        let started = Instant::now();
        while written() == before && started.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(pause));
        if child.try_wait().unwrap().is_none() {
            kills += 1;
        }
        let _ = child.kill();
        child.wait().unwrap();
        let after = written();
        half_way += usize::from(after > 0 && after < USERS as u64);
        assert!(after >= before, "{before} users became {after}");
        let added: u64 = count(&place, "SELECT count(*) FROM events WHERE kind = 'account.added'");
        assert_eq!(added, after, "users and their audit rows are not the same");
        if after == USERS as u64 {
            break;
        }
    }
    assert!(kills > 0 && half_way > 0, "it was never killed in the middle: {kills}, {half_way}");
    let before = written();
    let (status, told) = answer(&place, &["users.csv"]);
    let all = USERS as u64;
    assert_eq!((status, counts(&told)), (0, [all - before, before, 0, 0]));
    assert_eq!(counts(&answer(&place, &["users.csv"]).1), [0, all, 0, 0]);
    let names: u64 = count(&place, "SELECT count(DISTINCT username) FROM users");
    let ids: u64 =
        count(&place, "SELECT count(DISTINCT user_id) FROM events WHERE kind = 'account.added'");
    assert_eq!((names, ids, written()), (all, all, all));
    let server = Server::start_in(place, &[]);
    let mut upgraded = BTreeSet::new();
    for number in [0, 1, USERS / 2, USERS - 1] {
        upgraded
            .insert(server.login(&format!("user{number}"), PASSWORD).await["scope"].to_string());
    }
    assert!(!upgraded.is_empty());
}
