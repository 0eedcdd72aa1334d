//! `token verify`: what is good is shown, what is not is refused with its code and its rule.

use std::fs;

use super::{ISSUER, NOW, SECRET, answer, failure, forged, good, json, place, sign, verify};
use crate::server::text;

#[test]
fn a_good_token_is_shown_and_a_bad_one_refused_with_its_code() {
    let place = place();
    let token = good(&place);
    let shown = answer(&verify(&place, &token, &[]));
    assert!(shown.starts_with("valid  signed with ES256"), "{shown}");
    assert!(shown.contains("expires in 15 minutes, 2027-01-15 08:15:00Z"), "{shown}");
    let (code, value) = json(&verify(&place, &token, &["--json"]));
    assert_eq!((code, value["valid"].as_bool()), (0, Some(true)));
    assert_eq!((&value["claims"]["sub"], &value["algorithm"]), (&"ada".into(), &"ES256".into()));

    let changed = token.replacen('.', ".A", 1);
    for (token, more, code) in [
        (&token, &["--at", "1800000900"][..], "token_expired"),
        (&token, &["--at", "1799999000"], "token_issued_in_future"),
        (&token, &["--issuer", "https://other.example"], "iss_mismatch"),
        (&token, &["--audience", "web"], "aud_mismatch"),
        (&token, &["--no-audience"], "aud_mismatch"),
        (&token, &["--typ", "at+jwt"], "typ_mismatch"),
        (&token, &["--require", "scope"], "missing_claim"),
        (&changed, &[], "signature_invalid"),
        (&forged(r#"{"alg":"none"}"#, "{}"), &[], "alg_not_allowed"),
        (&forged(r#"{"alg":"ES256","crit":["x"]}"#, "{}"), &[], "crit_unsupported"),
        (&forged(r#"{"alg":"ES256","kid":"another"}"#, "{}"), &[], "key_not_found"),
        (&"a.b".to_owned(), &[], "malformed_token"),
        (&"x".repeat(1_000_000), &[], "token_too_large"),
    ] {
        let (status, value) = json(&verify(&place, token, &[more, &["--json"]].concat()));
        assert_eq!((status, value["error"].as_str()), (1, Some(code)), "{value}");
        assert!(value["reference"].as_str().unwrap().starts_with("RFC "), "{value}");
        let people = verify(&place, token, more);
        assert_eq!(people.status.code(), Some(1));
        let shown = text(&people.stdout);
        assert!(
            shown.starts_with(&format!("refused  {code}: ")) && shown.contains("  see "),
            "{shown}"
        );
        let signature = token.rsplit('.').next().unwrap();
        assert!(signature.len() < 9 || !shown.contains(signature), "{shown}");
    }
}

#[test]
fn a_refusal_says_what_is_there_and_what_was_expected() {
    let place = place();
    let token = good(&place);
    for (more, part) in [
        (
            &["--issuer", "https://a.example"][..],
            r#"it comes from "https://issuer.example"; expected: "https://a.example""#,
        ),
        (&["--audience", "web", "--audience", "app"], r#"it is for "api"; expected: "web", "app""#),
        (&["--typ", "at+jwt"], r#"it is of the type "JWT"; expected: "at+jwt""#),
        (&["--at", "1800001080"], "it expired 3 minutes ago, 2027-01-15 08:15:00Z"),
    ] {
        let shown = text(&verify(&place, &token, more).stdout);
        assert!(shown.contains(part), "{part} is not in: {shown}");
    }
}

#[test]
fn issuer_audience_and_key_must_be_decided() {
    let place = place();
    for args in [
        &["--jwks", "public.jwks", "--any-issuer"][..],
        &["--jwks", "public.jwks", "--any-audience"],
        &["--any-issuer", "--any-audience"],
        &["--jwks", "public.jwks", "--any-issuer", "--any-audience", "--audience", "api"],
        &["--jwks", "public.jwks", "--key", "private.jwk", "--any-issuer", "--any-audience"],
    ] {
        let output = place.run(&[&["token", "verify", "a.b.c"], args].concat());
        failure(&output, 1);
    }
    let anybody = verify(&place, &good(&place), &["--any-issuer", "--any-audience"]);
    assert!(anybody.status.success());
}

#[test]
fn keys_come_from_files_and_variables_in_every_form() {
    let place = place();
    let token = good(&place);
    for format in ["pem", "der", "jwk", "jwks"] {
        let file = format!("public.{format}");
        if format != "jwks" {
            answer(&place.run(&["keys", "convert", "private.jwk", "--to", format, "--out", &file]));
        }
        answer(&verify(&place, &token, &["--key", &file]));
    }
    answer(&verify(&place, &token, &["--key", "private.jwk"]));
    let pem = fs::read_to_string(place.file("public.pem")).unwrap();
    let place = place.with_env("KEY", &pem);
    answer(&verify(&place, &token, &["--key-env", "KEY"]));
    let output = place.run_with_input(
        &["token", "verify", &token, "--key", "-", "--any-issuer", "--any-audience", "--at", NOW],
        &pem,
    );
    answer(&output);

    let secret = ["--secret-env", "SECRET", "--algorithm", "HS256"];
    let args = [
        "token",
        "sign",
        "--at",
        NOW,
        "--expires-in",
        "60",
        "--issuer",
        ISSUER,
        "--audience",
        "api",
    ];
    let token = answer(&place.run(&[&args[..], &secret].concat()));
    answer(&verify(&place, &token, &secret));
    fs::write(place.file("secret"), format!("{SECRET}\n")).unwrap();
    answer(&verify(&place, &token, &["--secret-file", "secret", "--algorithm", "HS256"]));
    let (_, value) = json(&verify(&place, &token, &["--key", "public.pem", "--json"]));
    assert_eq!(value["error"], "alg_not_allowed");
}

#[test]
fn what_is_no_key_is_a_typed_error_that_repeats_nothing() {
    let place = place().with_env("SHORT", "hunter2hunter2").with_env("EMPTY", "");
    let jwk = fs::read_to_string(place.file("private.jwk")).unwrap();
    let public = text(&place.run(&["keys", "convert", "private.jwk", "--to", "jwk"]).stdout);
    place.run(&["keys", "generate", "--out", "other.jwk", "--kid", "one"]);
    let other = text(&place.run(&["keys", "convert", "other.jwk", "--to", "jwk"]).stdout);
    let same_kid =
        text(&place.run(&["keys", "convert", "private.jwk", "--to", "jwk", "--kid", "one"]).stdout);
    let deep = format!("{{\"keys\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (name, content) in [
        ("empty", Vec::new()),
        ("text", b"a quiet river".to_vec()),
        ("zeros", vec![0; 3_000]),
        ("der", [&[0x30, 0x82, 0xff, 0xff], &[7; 90][..]].concat()),
        ("pem", b"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n".to_vec()),
        ("cut", b"-----BEGIN PRIVATE KEY-----\nMFkw".to_vec()),
        ("json", b"{\"kty\":\"EC\"}".to_vec()),
        ("twice", b"{\"kty\":\"EC\",\"kty\":\"OKP\"}".to_vec()),
        ("deep", deep.into_bytes()),
        ("bytes", b"{\"kty\":\"\xff\"}".to_vec()),
        ("two-keys-one-kid", format!("{{\"keys\":[{other},{same_kid}]}}").into_bytes()),
        ("private-in-set", format!("{{\"keys\":[{public},{jwk}]}}").into_bytes()),
        ("huge", vec![b'{'; 600_000]),
    ] {
        fs::write(place.file(name), content).unwrap();
        for flag in ["--key", "--jwks"] {
            let error = failure(&verify(&place, "a.b.c", &[flag, name]), 1);
            let typed = error.contains("(key_invalid)") || name == "huge";
            assert!(typed && error.contains(name) && error.lines().count() == 1, "{error}");
        }
    }
    fs::write(place.file("none"), "{\"keys\":[]}").unwrap();
    assert!(failure(&verify(&place, "a.b.c", &["--jwks", "none"]), 1).contains("key_not_found"));
    let error = failure(&verify(&place, "a.b.c", &["--jwks", "absent.jwks"]), 1);
    assert!(error.contains("absent.jwks cannot be read"), "{error}");
    for (variable, part) in [
        ("SHORT", "the variable SHORT"),
        ("EMPTY", "no such variable"),
        ("ABSENT", "no such variable"),
    ] {
        let flags = ["--secret-env", variable, "--algorithm", "HS256"];
        let error = failure(&verify(&place, "a.b.c", &flags), 1);
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
    }
    let error = failure(&verify(&place, "a.b.c", &["--secret-env", "SECRET"]), 1);
    assert!(error.contains("--algorithm HS256") && !error.contains(SECRET), "{error}");
}

/// `--key "$KEY"` is soon written, and what is printed stands in logs.
#[test]
fn a_key_given_in_place_of_a_name_is_not_repeated() {
    let place = place();
    let jwk = fs::read_to_string(place.file("private.jwk")).unwrap();
    let asked = ["keys", "convert", "private.jwk", "--to", "pem", "--private", "--out", "-"];
    let pem = answer(&place.run(&asked));
    for key in [jwk.as_str(), &pem, SECRET, "pass.word/with$signs"] {
        for flag in ["--key", "--jwks", "--key-env", "--secret-file", "--secret-env"] {
            let error = failure(&verify(&place, "a.b.c", &[flag, key, "--algorithm", "HS256"]), 1);
            let begin: String = key.chars().take(8).collect();
            assert!(!error.contains(&begin), "{flag}: {error}");
        }
    }
}

#[test]
fn what_cannot_be_safe_is_a_typed_error() {
    let place = place();
    for (more, part) in [
        (&["--algorithm", ""][..], "no algorithm is allowed: name at least one (config_invalid)"),
        (&["--algorithm", ","], "no algorithm is allowed"),
        (&["--algorithm", "none"], "an unknown algorithm"),
        (&["--algorithm", "es256"], "an unknown algorithm"),
        (&["--algorithm", "ES256,HS256"], "hmac and public-key algorithms in one list"),
        (&["--algorithm", "ES384"], "no key is for an allowed algorithm"),
        (&["--leeway", "301"], "leeway"),
        (&["--audience", ""], "audience"),
        (&["--issuer", ""], "issuer"),
        (&["--typ", ""], "empty media type"),
        (&["--at=-1"], "before 1970"),
        (&["--at", "1969-12-31T23:59:59Z"], "before 1970"),
        (&["--at", "yesterday"], "2026-11-22T05:00:00Z"),
    ] {
        let error = failure(&verify(&place, "a.b.c", more), 1);
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    let both = verify(&place, "a.b.c", &["--key", "-"]);
    assert!(failure(&both, 1).contains("standard input"));
    assert!(failure(&verify(&place, "\n \n", &[]), 1).contains("no token"));
}

#[test]
fn a_token_without_expiry_is_good_only_where_that_is_said() {
    let place = place();
    let token = sign(&place, &["--no-expiry", "--issuer", ISSUER, "--audience", "api"]);
    let (code, value) = json(&verify(&place, &token, &["--json"]));
    assert_eq!((code, value["error"].as_str()), (1, Some("missing_claim")));
    answer(&verify(&place, &token, &["--no-expiry"]));
}
