//! File, environment, flags: which wins, what is explained, what is refused.

use std::fs;

use serde_json::Value;

use crate::server::{Place, text};

fn explained(place: &Place, args: &[&str]) -> Vec<Value> {
    let output = place.run(&[&["config", "--explain", "--json"], args].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn value(rows: &[Value], key: &str) -> (String, String) {
    let row = rows.iter().find(|row| row["key"] == key).unwrap();
    (row["value"].as_str().unwrap().to_owned(), row["from"].as_str().unwrap().to_owned())
}

#[test]
fn flags_win_over_variables_over_the_file() {
    let place = Place::new()
        .with_env("COUNTERSIGN_LISTEN", "127.0.0.1:2")
        .with_env("COUNTERSIGN_TOKENS_ACCESS_TTL", "7m");
    let file = "issuer = \"https://file.example\"\nlisten = \"127.0.0.1:1\"\n\n[tokens]\naccess_ttl = \"5m\"\n";
    fs::write(place.file("countersign.toml"), file).unwrap();
    let rows = explained(&place, &["--issuer", "https://flag.example"]);
    let pair = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    assert_eq!(value(&rows, "issuer"), pair("https://flag.example", "--issuer"));
    assert_eq!(value(&rows, "listen"), pair("127.0.0.1:2", "COUNTERSIGN_LISTEN"));
    assert_eq!(value(&rows, "tokens.access_ttl"), pair("7m", "COUNTERSIGN_TOKENS_ACCESS_TTL"));
    assert_eq!(value(&rows, "sessions.idle"), pair("14d", "default"));
    let rows = explained(&place, &["--set", "tokens.access_ttl=9m"]);
    assert_eq!(value(&rows, "tokens.access_ttl"), pair("9m", "--set"));
    assert_eq!(value(&rows, "issuer"), pair("https://file.example", "countersign.toml:1"));
}

#[test]
fn another_file_is_named_by_flag_or_variable() {
    let place = Place::new();
    fs::write(place.file("other.toml"), "audience = [\"other\"]\n").unwrap();
    let rows = explained(&place, &["--config", "other.toml"]);
    assert_eq!(value(&rows, "audience").0, "other");
    let place = place.with_env("COUNTERSIGN_CONFIG", "other.toml");
    assert_eq!(value(&explained(&place, &[]), "audience").1, "other.toml:1");
    let output = place.run(&["config", "--config", "none.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("none.toml: there is no such configuration file"));
}

#[test]
fn what_is_unknown_is_named_with_its_line_and_neighbour() {
    let place = Place::new();
    fs::write(
        place.file("countersign.toml"),
        "audience = \"api\"\nisuer = \"https://a.example\"\n",
    )
    .unwrap();
    let output = place.run(&["config"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert_eq!(error, "error: countersign.toml:2: unknown key `isuer`; did you mean `issuer`?\n");
    let place = Place::new().with_env("COUNTERSIGN_ISUER", "x");
    let error = text(&place.run(&["config"]).stderr);
    assert!(error.contains("did you mean COUNTERSIGN_ISSUER?"), "{error}");
    let error = text(&Place::new().run(&["config", "--set", "acess_ttl=5m"]).stderr);
    assert!(error.contains("--set: unknown key") && error.contains("tokens.access_ttl"), "{error}");
}

#[test]
fn the_configuration_is_checked_whole() {
    let place = Place::new();
    let output = place.run(&["config"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("--issuer") && error.contains("COUNTERSIGN_ISSUER"), "{error}");
    let good = &["config", "--issuer", "https://a.example", "--audience", "api"][..];
    let output = place.run(good);
    assert!(
        output.status.success() && text(&output.stdout).contains("good"),
        "{}",
        text(&output.stderr)
    );
    for (set, part) in [
        ("tokens.access_ttl=2d", "--set: `tokens.access_ttl`: 172800 s is not between"),
        ("http.routes=all", "`all` is no group"),
        ("log.format=xml", "neither \"pretty\" nor \"json\""),
    ] {
        let output = place.run(&[good, &["--set", set]].concat());
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(1) && error.contains(part), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn the_master_key_is_never_shown_and_no_argument() {
    let place = Place::new().with_env("COUNTERSIGN_MASTER_KEY", "1:not-to-be-seen");
    let output = place.run(&["config", "--explain"]);
    assert!(text(&output.stdout).contains("COUNTERSIGN_MASTER_KEY"));
    assert!(!text(&output.stdout).contains("not-to-be-seen"));
    let output = place.run(&["config", "--set", "master_key=1:seen"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output.stderr).contains("seen"), "{}", text(&output.stderr));
}
