//! A start that cannot be is refused in one line that says what to do.

use std::{fs, net::TcpListener, process::Output};

use crate::server::{AUDIENCE, ISSUER, Place, text};

const SERVE: [&str; 7] =
    ["serve", "--listen", "127.0.0.1:0", "--issuer", ISSUER, "--audience", AUDIENCE];

/// Runs it, which must be refused with one line that has all the parts.
fn refused(place: &Place, args: &[&str], parts: &[&str]) {
    let url = place.database_url();
    let output = place.run(&[&SERVE[..], &["--database", &url], args].concat());
    check(&output, parts);
}

fn check(output: &Output, parts: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("error: ") && error.lines().count() == 1, "{error}");
    for part in parts {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    assert!(!text(&output.stdout).contains("listening"));
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    refused(&place, &["--listen", &address], &["is in use", "--listen"]);
    assert!(!place.database().exists(), "a refused start left a database");
}

#[test]
fn urls_that_name_no_database() {
    let place = Place::new();
    for (url, part) in [
        ("auth.db", "write sqlite:///auth.db"),
        ("sqlite://auth.db", "three slashes"),
        ("sqlite:///:memory:", "names no file"),
        ("postgres://u:hunter2@db/auth", "PostgreSQL is not there yet"),
        ("mysql://u:hunter2@db/auth", "`mysql` is no database"),
    ] {
        let output = place.run(&[&SERVE[..], &["--database", url]].concat());
        check(&output, &["--database: `database_url`", part]);
        assert!(!text(&output.stderr).contains("hunter2"));
    }
}

#[test]
fn files_that_are_no_database() {
    let place = Place::new();
    fs::write(place.database(), "this is a text file, and a longer one than a header").unwrap();
    refused(&place, &[], &["auth.db", "no SQLite database"]);
    fs::remove_file(place.database()).unwrap();
    fs::create_dir(place.database()).unwrap();
    refused(&place, &[], &["it is a folder"]);
    let missing = format!("sqlite:///{}", place.file("none/auth.db").display());
    refused(&place, &["--database", &missing], &["its folder", "make it first"]);
}

#[test]
fn databases_of_others_and_of_the_future() {
    let place = Place::new();
    let other = rusqlite::Connection::open(place.database()).unwrap();
    other.execute_batch("CREATE TABLE invoices (id INTEGER)").unwrap();
    drop(other);
    refused(&place, &[], &["belongs to another application"]);

    let place = Place::new();
    let url = place.database_url();
    let init = ["init", "--issuer", ISSUER, "--audience", AUDIENCE, "--database", &url];
    assert!(place.run(&init).status.success());
    let database = rusqlite::Connection::open(place.database()).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    refused(&place, &[], &["schema version 999", "newer Countersign"]);
}

#[test]
fn another_issuer_and_another_master_key() {
    let place = Place::new();
    let url = place.database_url();
    let init = ["init", "--issuer", ISSUER, "--audience", AUDIENCE, "--database", &url];
    assert!(place.run(&init).status.success());
    refused(&place, &["--issuer", "https://other.example"], &["belongs to https://auth.example"]);
    let place =
        place.with_env("COUNTERSIGN_MASTER_KEY", "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    refused(&place, &[], &["master key 1 is not the one", "backup"]);
    let place = place.with_env("COUNTERSIGN_MASTER_KEY", "1:AAAA");
    refused(&place, &[], &["COUNTERSIGN_MASTER_KEY cannot be read", "must have 32"]);
}

#[test]
fn h30_plain_http_stays_on_this_machine() {
    let place = Place::new();
    refused(&place, &["--listen", "0.0.0.0:0"], &["plain HTTP", "--tls-cert", "--insecure-http"]);
    refused(&place, &["--listen", "[::]:0"], &["plain HTTP"]);
    assert!(!place.database().exists());
    let server = crate::server::Server::start(&["--listen", "0.0.0.0:0", "--insecure-http"]);
    assert!(server.base_url.starts_with("http://0.0.0.0:"));
    let proxied = ["--listen", "0.0.0.0:0", "--set", "http.trusted_proxies=10.0.0.0/8"];
    crate::server::Server::start(&proxied);
}

#[test]
fn levels_that_would_log_tokens() {
    let place = Place::new();
    refused(&place, &["--log-level", "trace,h2=trace"], &["`h2` writes tokens"]);
    refused(&place, &["--log-level", "loud"], &["`loud` is no level"]);
}

#[test]
fn commands_on_a_database_that_is_not_there() {
    let place = Place::new();
    for args in
        [&["users", "list"][..], &["keys", "list"], &["migrate"], &["sessions", "list", "x"]]
    {
        let output = place.run(&[args, &["--database", "sqlite:///none.db"]].concat());
        check(&output, &["there is no database at none.db", "countersign init"]);
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "something was made");
}
