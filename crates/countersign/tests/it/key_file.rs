//! The master key's file: made once, private, never replaced.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    process::Output,
};

use crate::server::{AUDIENCE, ISSUER, Place, text};

fn init(place: &Place) -> Output {
    let url = place.database_url();
    place.run(&["init", "--issuer", ISSUER, "--audience", AUDIENCE, "--database", &url])
}

fn refused(place: &Place, parts: &[&str]) {
    let output = init(place);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    for part in parts {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn h31_every_file_is_private() {
    let place = Place::new();
    let output = init(&place);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Next:"));
    let key = fs::read_to_string(place.file("auth.db.key")).unwrap();
    let key = key.lines().last().unwrap().strip_prefix("1:").unwrap();
    assert!(!text(&output.stdout).contains(key), "the key was printed");
    for entry in fs::read_dir(place.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    let again = init(&place);
    assert!(again.status.success() && text(&again.stdout).contains("was there already"));
}

#[test]
fn h31_an_exposed_linked_damaged_or_missing_key_is_refused_and_never_replaced() {
    let place = Place::new();
    assert!(init(&place).status.success());
    let path = place.file("auth.db.key");
    let key = fs::read(&path).unwrap();

    for mode in [0o640, 0o604] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        refused(&place, &["can be read or changed by others", "chmod 600"]);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    let elsewhere = place.file("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    refused(&place, &["is missing", "backup"]);
    assert!(!path.exists(), "a new key was made");
    symlink(&elsewhere, &path).unwrap();
    refused(&place, &["is a symbolic link"]);
    fs::remove_file(&path).unwrap();

    for damaged in [&b""[..], &key[..key.len() - 9], b"\xff\xfe"] {
        fs::write(&path, damaged).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        refused(&place, &["is damaged", "backup"]);
        assert_eq!(fs::read(&path).unwrap(), damaged, "the file was changed");
    }
    fs::write(&path, &key).unwrap();
    assert!(init(&place).status.success());
}

#[test]
fn the_key_may_stand_elsewhere_or_in_the_environment() {
    let place = Place::new().with_env("COUNTERSIGN_MASTER_KEY_FILE", "keys.txt");
    assert!(init(&place).status.success());
    assert!(place.file("keys.txt").exists() && !place.file("auth.db.key").exists());

    let key = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let place = Place::new().with_env("COUNTERSIGN_MASTER_KEY", key);
    assert!(init(&place).status.success());
    assert!(!place.file("auth.db.key").exists());
    assert!(init(&place).status.success());
    refused(&place.with_env("COUNTERSIGN_MASTER_KEY", ""), &["is missing"]);
}

/// H38's race: many first starts, one key, and every one of them succeeds.
#[test]
fn first_starts_at_once_have_one_key() {
    let place = Place::new();
    let outputs = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| init(&place))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
    });
    for output in outputs {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let names: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.ends_with(".tmp")), "{names:?}");
    assert!(init(&place).status.success());
    let keys = place.admin(&["keys", "list"], "");
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
}
