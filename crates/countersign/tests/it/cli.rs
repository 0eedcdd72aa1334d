//! Help, mistakes on the command line, exit codes.

use crate::server::{Place, text};

#[test]
fn help_and_version_are_answers() {
    let place = Place::new();
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["users", "--help"],
        &["clients", "add", "--help"],
        &["help", "keys"],
        &["keys", "generate", "--help"],
        &["keys", "convert", "--help"],
        &["token", "--help"],
        &["token", "decode", "--help"],
        &["token", "verify", "--help"],
        &["token", "sign", "--help"],
    ] {
        let output = place.run(args);
        let help = text(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}");
        assert!(help.contains("Usage: countersign"), "{help}");
        assert!(!help.contains('\u{1b}'), "colour where no terminal is");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
    let help = text(&place.run(&["serve", "--help"]).stdout);
    assert!(help.contains("Examples:") && help.contains("--dev") && help.contains("--tls-cert"));
    assert!(text(&place.run(&["--version"]).stdout).starts_with("countersign "));
}

#[test]
fn a_mistake_on_the_command_line_is_yours() {
    let place = Place::new();
    for args in [
        &[][..],
        &["surve"],
        &["serve", "--port", "80"],
        &["users"],
        &["users", "add"],
        &["sessions", "revoke"],
        &["clients", "add", "x", "--kind", "robot"],
        &["users", "grant", "ada"],
    ] {
        let output = place.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn the_openapi_document_needs_no_configuration() {
    let place = Place::new();
    let output = place.run(&["openapi"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/login"]["post"].is_object());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "it made something");
}
