//! `token decode`: everything is explained, nothing is believed, nothing secret is shown.

use super::{NOW, answer, failure, forged, good, json, place, run_with_bytes, sign};
use crate::server::{Place, text};

#[test]
fn every_part_is_explained_and_nothing_is_believed() {
    let place = place();
    let token = good(&place);
    let later = "1800001080";
    let shown = answer(&place.run(&["token", "decode", &token, "--at", later]));
    assert!(shown.starts_with("NOT VERIFIED"), "{shown}");
    for part in [
        "\"ES256\"\n",
        "how it is signed (RFC 7515 4.1.1)",
        "who made it (RFC 7519 4.1.1)",
        "expired 3 minutes ago, 2027-01-15 08:15:00Z (RFC 7519 4.1.4)",
        "issued 18 minutes ago",
        "64 bytes, not shown",
    ] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    let signature = token.rsplit_once('.').unwrap().1;
    assert!(!shown.contains(signature) && !shown.contains('\u{1b}'), "{shown}");

    let output = place.run_with_input(
        &["token", "decode", "-", "--json", "--at", later],
        &format!("Bearer {token}\n"),
    );
    let (code, value) = json(&output);
    assert_eq!((code, value["verified"].as_bool()), (0, Some(false)));
    assert_eq!(value["claims"]["sub"], "ada");
    assert_eq!(value["signature_bytes"], 64);
    let claims = value["explained"]["claims"].as_array().unwrap();
    let expiry = claims.iter().find(|claim| claim["name"] == "exp").unwrap();
    assert_eq!(expiry["in_words"], "expired 3 minutes ago");
    assert_eq!(expiry["time"], "2027-01-15T08:15:00Z");
    assert!(!value.to_string().contains(signature));
}

#[test]
fn the_rules_that_it_breaks_are_named() {
    let place = Place::new();
    let token =
        forged(r#"{"alg":"none","crit":["x"],"jku":"https://evil.example"}"#, r#"{"admin":true}"#);
    let (code, value) = json(&place.run(&["token", "decode", &token, "--json", "--at", NOW]));
    let findings = value["findings"].as_array().unwrap();
    let rules: Vec<_> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    for rule in ["T2", "T4", "T6", "T7", "T13"] {
        assert!(rules.contains(&rule), "{rules:?}");
    }
    assert!(findings.iter().all(|finding| finding["reference"].as_str().unwrap().len() > 5));
    assert_eq!(code, 0, "it can be read");
    let shown = answer(&place.run(&["token", "decode", &token]));
    assert!(shown.contains("RFC 8725") && shown.contains("mend"), "{shown}");
}

#[test]
fn what_a_stranger_wrote_does_not_move_the_cursor() {
    let place = Place::new();
    let token = forged(
        r#"{"alg":"ES256","\u001b[2J":1}"#,
        r#"{"sub":"\u001b[31mroot\u009b2J\u202e","\u0007":1}"#,
    );
    let shown = answer(&place.run(&["token", "decode", &token]));
    let moves = |character: &char| character.is_control() || *character == '\u{202e}';
    let controls = shown.chars().filter(|character| moves(character) && *character != '\n');
    assert_eq!(controls.count(), 0, "{shown:?}");
}

#[test]
fn times_of_every_size_are_said() {
    let place = Place::new();
    for (exp, words) in [
        ("1e300", "no calendar"),
        ("-9223372036854775808", "no calendar"),
        ("1799999999.75", "expired 1 second ago"),
        ("\"soon\"", "from when on it is refused"),
        ("18446744073709551615", "no calendar"),
    ] {
        let token = forged(r#"{"alg":"ES256"}"#, &format!(r#"{{"exp":{exp}}}"#));
        let shown = answer(&place.run(&["token", "decode", &token, "--at", NOW]));
        assert!(shown.contains(words), "{exp}: {shown}");
    }
}

#[test]
fn what_is_no_token_exits_1_with_its_code() {
    let place = Place::new();
    let deep = forged(
        r#"{"alg":"ES256"}"#,
        &format!(r#"{{"a":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000)),
    );
    let very_deep = forged(
        r#"{"alg":"ES256"}"#,
        &format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000)),
    );
    for (input, code) in [
        ("", "malformed_token"),
        ("a.b", "malformed_token"),
        ("%.%.%", "malformed_base64"),
        ("W10.e30.AA", "malformed_header"),
        (&deep, "malformed_claims"),
        (&very_deep, "token_too_large"),
        (&"x".repeat(1_000_000), "token_too_large"),
        (&format!("cs_rt_{}", "A".repeat(66)), "malformed_token"),
    ] {
        let output = place.run_with_input(&["token", "decode", "-", "--json"], input);
        let (status, value) = json(&output);
        let begin = &input[..input.len().min(20)];
        assert_eq!((status, value["error"].as_str()), (1, Some(code)), "{begin}");
        let people = place.run_with_input(&["token", "decode", "-"], input);
        assert_eq!(people.status.code(), Some(1));
        assert!(text(&people.stdout).starts_with(&format!("no token  {code}")), "{begin}");
    }
    let output = run_with_bytes(&place, &["token", "decode", "-"], b"\xff\xfe.a.b");
    assert!(failure(&output, 1).contains("UTF-8"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = place();
    let claims = format!("padding={:?}", "x".repeat(10_000));
    let token = sign(&place, &["--claim", &claims]);
    let mut command = place.command(&["token", "decode", &token]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}
