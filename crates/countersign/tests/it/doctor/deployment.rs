//! `doctor` on a deployment: each thing that can be wrong, made wrong, and a deployment left as it is.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::Connection;
use serde_json::Value;

use super::{code, doctor, messages, rules};
use crate::server::{Place, Server, text};

/// As a deployment should be. Where the tests' folder lies is not the deployment's fault.
const WELL_KEPT: &[&str] = &[
    "--issuer",
    "https://auth.shop.org",
    "--audience",
    "shop",
    "--ignore",
    "D8",
    "--set",
    "http.trusted_proxies=10.0.0.7",
    "--set",
    "http.hsts=true",
    "--set",
    "accounts.registration=false",
];

/// A folder without the tests' cheap hashes.
fn place() -> Place {
    ["MEMORY_KIB", "ITERATIONS", "ALLOW_WEAK_COST"].iter().fold(Place::new(), |place, name| {
        place.with_env(&format!("COUNTERSIGN_PASSWORDS_{name}"), "")
    })
}

/// A folder with a database that was made as it should be.
fn made() -> Place {
    let place = place();
    let args = ["init", "--issuer", "https://auth.shop.org", "--audience", "shop"];
    let output = place.run(&[&args, &["--database", "sqlite:///auth.db"][..]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    place
}

fn check(place: &Place, more: &[&str]) -> Value {
    let database = ["--database", "sqlite:///auth.db"];
    doctor(place, &[WELL_KEPT, &database, more].concat()).1
}

/// Only this rule is broken; its messages.
fn only(place: &Place, rule: &str, more: &[&str]) -> Vec<String> {
    let found = check(place, more);
    assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), [rule], "{more:?}: {found}");
    messages(&found, rule)
}

/// Names, contents and times of everything in a folder.
fn everything(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let seen = |path: std::path::PathBuf| {
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        (path.display().to_string(), (fs::read(&path).unwrap(), modified))
    };
    entries.map(seen).collect()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_well_kept_deployment_is_clean_and_left_alone() {
    let place = made();
    let before = everything(place.path());
    let output = place.run(&[&["doctor", "--database", "sqlite:///auth.db"], WELL_KEPT].concat());
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    assert_eq!(text(&output.stdout), "the deployment of sqlite:///auth.db: nothing was found\n");
    assert_eq!(everything(place.path()), before);
}

#[test]
fn what_is_not_there_is_not_made() {
    let place = place();
    let found = doctor(&place, &["--ignore", "D8"]).1;
    assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), ["D2", "D22", "D3"]);
    assert!(everything(place.path()).is_empty(), "something was made");
    only(&place, "D22", &[]);
    assert!(everything(place.path()).is_empty(), "something was made");
}

#[test]
fn each_setting_that_is_wrong_is_found() {
    let place = made();
    for (rule, settings) in [
        ("D1", &["server.tls_cert=chain.pem"][..]),
        ("D1", &["tokens.access_ttl=2d"]),
        ("D2", &["issuer=https://auth.example.com"]),
        ("D3", &["audience=changeme"]),
        ("D4", &["listen=0.0.0.0:8080", "http.trusted_proxies=", "server.insecure_http=true"]),
        ("D4", &["listen=0.0.0.0:8080"]),
        ("D10", &["revocations.max_staleness=12h"]),
        ("D11", &["accounts.registration=true"]),
        ("D12", &["http.trusted_proxies=", "http.hsts=true"]),
        ("D12", &["http.trusted_proxies=0.0.0.0/0"]),
        ("D13", &["passwords.memory_kib=64", "passwords.allow_weak_cost=true"]),
        ("D13", &["passwords.allow_weak_cost=true"]),
        ("D15", &["tokens.access_ttl=8h"]),
        ("D16", &["log.level=debug"]),
        ("D16", &["log.level=info,countersign::access=trace"]),
        ("D18", &["limits.account_network=none"]),
        ("D19", &["server.tls_cert=none.pem", "server.tls_key=none.pem"]),
        ("D20", &["http.hsts=false"]),
        ("D20", &["http.cors_origins=http://app.shop.org"]),
        ("D21", &["tokens.algorithm=HS256"]),
    ] {
        let argument = |setting: &&'static str| match setting.strip_prefix("audience=") {
            Some(audience) => ["--audience", audience],
            None => ["--set", setting],
        };
        let args: Vec<&str> = settings.iter().flat_map(argument).collect();
        let mut found = check(&place, &args);
        if rule == "D2" {
            // Another issuer does not fit the database either.
            let findings = found["findings"].as_array_mut().unwrap();
            findings.retain(|finding| finding["rule"] != "D22");
        }
        assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), [rule], "{settings:?}: {found}");
    }
}

#[test]
fn a_finding_names_the_line_of_the_configuration_that_is_used() {
    let place = made();
    let file = "issuer = \"https://auth.shop.org\"\naudience = [\"shop\"]\n\
                database_url = \"sqlite:///auth.db\"\n\n[tokens]\naccess_ttl = \"8h\"\n\n[http]\n\
                trusted_proxies = [\"10.0.0.7\"]\nhsts = true\n\n[accounts]\nregistration = false\n";
    fs::write(place.file("countersign.toml"), file).unwrap();
    chmod(&place.file("countersign.toml"), 0o640);
    let found = doctor(&place, &["--ignore", "D8"]).1;
    assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), ["D15"]);
    assert_eq!(found["findings"][0]["place"]["file"], "countersign.toml");
    assert_eq!(found["findings"][0]["place"]["line"], 6);
    // A mistake in it is a finding, too.
    fs::write(place.file("countersign.toml"), file.replace("access_ttl", "acess_ttl")).unwrap();
    let found = doctor(&place, &["--ignore", "D8"]).1;
    assert_eq!(found["findings"][0]["rule"], "D1");
    assert_eq!(found["findings"][0]["place"]["line"], 6);
}

#[test]
fn who_may_read_and_change_the_files_is_looked_at() {
    let place = made();
    let (database, key) = (place.file("auth.db"), place.file("auth.db.key"));
    for (path, good, bad, rule, part) in [
        (&database, 0o600, 0o644, "D7", "everybody"),
        (&database, 0o600, 0o660, "D7", "group"),
        (&key, 0o600, 0o640, "D6", "chmod 600"),
        (&place.path().to_owned(), 0o700, 0o777, "D7", "everybody may write"),
        (&place.path().to_owned(), 0o700, 0o1777, "D7", "shared"),
        (&place.path().to_owned(), 0o700, 0o770, "D7", "group"),
    ] {
        chmod(path, bad);
        let messages = only(&place, rule, &[]);
        assert!(messages[0].contains(part), "{messages:?}");
        chmod(path, good);
    }
    fs::write(place.file("countersign.toml"), "").unwrap();
    let file = place.file("countersign.toml");
    fs::write(&file, "audience = \"shop\"\n").unwrap();
    chmod(&file, 0o666);
    assert!(only(&place, "D17", &[])[0].contains("everybody may change it"));
    fs::write(&file, "master_key = \"1:abc\"\n").unwrap();
    chmod(&file, 0o644);
    let found = check(&place, &[]);
    assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), ["D1", "D17"]);
    assert!(messages(&found, "D17")[0].contains("a secret in it"));
    assert!(!found.to_string().contains("1:abc"), "the secret was repeated");
}

#[test]
fn a_tls_key_that_others_can_read_is_found() {
    let place = made();
    let names = vec!["auth.shop.org".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(place.file("chain.pem"), made.cert.pem()).unwrap();
    fs::write(place.file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let tls = ["--set", "server.tls_cert=chain.pem", "--set", "server.tls_key=key.pem"];
    chmod(&place.file("key.pem"), 0o644);
    assert!(only(&place, "D19", &tls)[0].contains("others can read the private key"));
    chmod(&place.file("key.pem"), 0o600);
    assert!(rules(&check(&place, &tls)).is_empty());
}

#[test]
fn master_keys_that_are_guessable_or_of_another_database_are_found() {
    let text_key = "1:dGhpcyBpcyBub3QgYSByYW5kb20ga2V5IGF0IGFsbCE"; // readable text
    let counting = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    for (key, part) in [
        (text_key, "no random one"),
        (counting, "no random one"),
        ("1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "one byte repeated"),
        ("secret", "id:base64url"),
    ] {
        let place = place().with_env("COUNTERSIGN_MASTER_KEY", key);
        let found = check(&place, &["--ignore", "D22"]);
        assert_eq!(rules(&found).into_iter().collect::<Vec<_>>(), ["D5"], "{found}");
        assert!(messages(&found, "D5")[0].contains(part), "{found}");
        assert!(!found.to_string().contains(key), "the key was repeated");
    }
    let place = made();
    fs::rename(place.file("auth.db.key"), place.file("kept")).unwrap();
    assert!(only(&place, "D6", &[])[0].contains("missing"));
    let other = made();
    fs::copy(other.file("auth.db.key"), place.file("auth.db.key")).unwrap();
    assert!(only(&place, "D5", &[])[0].contains("not the one"));
    assert!(!place.file("auth.db-wal").exists() && !place.file("auth.db-shm").exists());
}

#[test]
fn a_clock_that_is_behind_its_database_is_found() {
    let place = made();
    let later = SystemTime::now() + Duration::from_secs(600);
    let later = later.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let later = i64::try_from(later).unwrap();
    let database = Connection::open(place.database()).unwrap();
    let insert = "INSERT INTO events (at, kind, detail) VALUES (?1, 'login.succeeded', '{}')";
    database.execute(insert, [later]).unwrap();
    drop(database);
    let message = only(&place, "D9", &[]).remove(0);
    assert!(message.contains("in its future"), "{message}");
}

#[test]
fn what_the_database_holds_is_looked_at() {
    let place = made();
    let change = |sql: &str| {
        let database = Connection::open(place.database()).unwrap();
        database.execute_batch(sql).unwrap();
    };
    place.admin(&["clients", "add", "shop-app", "--kind", "public", "--audience", "shop"], "");
    assert!(only(&place, "D14", &[])[0].starts_with("1 clients"));
    assert!(rules(&check(&place, &["--set", "accounts.password_grant=false"])).is_empty());
    change("UPDATE clients SET disabled = 1 WHERE id <> 'first-party'");
    place.admin(&["users", "add", "ada", "--password-stdin"], "correct horse battery");
    assert!(rules(&check(&place, &[])).is_empty());
    change("UPDATE users SET password_hash = '$2b$04$x'");
    assert!(only(&place, "D23", &[])[0].starts_with('1'));
    change(
        "UPDATE users SET password_hash = NULL; UPDATE keys SET signs_from = signs_from - 8640000000",
    );
    assert!(only(&place, "D24", &[])[0].contains("has signed for"));
    change("UPDATE keys SET signs_from = signs_from + 8640000000; PRAGMA user_version = 99");
    assert!(only(&place, "D22", &[])[0].contains("newer Countersign"));
    change("PRAGMA user_version = 0");
    assert!(only(&place, "D22", &[])[0].contains("countersign migrate"));
    fs::write(place.database(), "no database at all, but long enough to be looked at").unwrap();
    assert!(only(&place, "D22", &[])[0].contains("no SQLite database"));
}

/// Beside a running server: what it has not brought home yet is seen, and nothing is disturbed.
#[tokio::test]
async fn a_running_and_a_killed_server_are_seen_as_they_are() {
    let mut server = Server::start(&["--issuer", "https://auth.shop.org"]);
    server.add_user("ada", "correct horse battery", &[]);
    server.login("ada", "correct horse battery").await;
    let port = server.base_url.rsplit(':').next().unwrap().to_owned();
    let listen = format!("listen=127.0.0.1:{port}");
    let cost = ["--ignore", "D13", "--set", &listen];
    assert!(server.dir.file("auth.db-wal").exists());
    assert!(rules(&check(&server.dir, &cost)).is_empty());
    server.kill9();
    assert!(rules(&check(&server.dir, &cost)).is_empty(), "after kill -9");
    let connection = Connection::open(server.dir.database()).unwrap();
    let users: i64 =
        connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(users, 1);
}
