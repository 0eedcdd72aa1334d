//! `token sign`: it prints a token and nothing else, and makes none that no verifier would take.

use std::fs;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{ISSUER, NOW, SECRET, answer, failure, json, place, sign, verify};
use crate::{
    probe::claim,
    server::{Place, text},
};

fn claims(place: &Place, more: &[&str]) -> serde_json::Value {
    let token = sign(place, more);
    let more = ["--any-issuer", "--any-audience", "--json"];
    json(&verify(place, &token, &more)).1["claims"].clone()
}

#[test]
fn flags_claims_and_files_make_the_claims() {
    let place = place();
    fs::write(place.file("claims.json"), r#"{"sub":"ada","department":"sales"}"#).unwrap();
    let more = [
        "--claims-file",
        "claims.json",
        "--issuer",
        ISSUER,
        "--audience",
        "api",
        "--audience",
        "web",
        "--claim",
        r#"roles=["editor"]"#,
        "--claim",
        "level=3",
        "--claim",
        "note=a=b",
        "--expires-in",
        "1h30m",
    ];
    let claims = claims(&place, &more);
    assert_eq!(claims["sub"], "ada");
    assert_eq!(claims["aud"], serde_json::json!(["api", "web"]));
    assert_eq!((&claims["roles"][0], &claims["level"]), (&"editor".into(), &3.into()));
    assert_eq!(claims["note"], "a=b");
    assert_eq!((&claims["iat"], &claims["exp"]), (&1_800_000_000.into(), &1_800_005_400.into()));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22);

    let token =
        sign(&place, &["--expires-at", "2027-01-15T09:00:00Z", "--typ", "at+jwt", "--kid", "k1"]);
    assert_eq!(token.lines().count(), 1);
    let (code, value) = json(&verify(
        &place,
        &token,
        &["--any-issuer", "--any-audience", "--json", "--key", "private.jwk", "--typ", "at+jwt"],
    ));
    assert_eq!((code, &value["claims"]["exp"]), (0, &1_800_003_600.into()));
    assert_eq!(value["header"]["kid"], "k1");
    assert_ne!(claim(&token, "jti"), claim(&sign(&place, &[]), "jti"));
}

#[test]
fn what_is_signed_is_what_was_written() {
    let place = place();
    let id = "123456789012345678901234567890";
    fs::write(place.file("claims.json"), format!(r#"{{"a":{id},"b":1.10}}"#)).unwrap();
    let claim = format!("c={id}");
    let token = sign(&place, &["--claims-file", "claims.json", "--claim", &claim]);
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let begin = format!(r#"{{"a":{id},"b":1.10,"c":{id},"exp":1800000900,"iat":1800000000,"jti":"#);
    assert!(text(&payload).starts_with(&begin), "{}", text(&payload));
}

#[test]
fn a_token_without_expiry_must_be_meant() {
    let place = place();
    let own = ["token", "sign", "--key", "private.jwk", "--at", NOW];
    let error = failure(&place.run(&own), 1);
    assert!(error.contains("--expires-in 15m") && error.contains("--no-expiry"), "{error}");
    assert!(claims(&place, &["--claim", "exp=1800000060"])["exp"] == 1_800_000_060);
    for more in [
        &["--no-expiry", "--expires-in", "5m"][..],
        &["--no-expiry", "--claim", "exp=1800000060"],
        &["--expires-in", "5m", "--claim", "exp=1800000060"],
        &["--expires-in", "0"],
        &["--expires-in", "soon"],
        &["--expires-in=-5m"],
        &["--expires-in", "99999999999999999999d"],
    ] {
        failure(&place.run(&[&own, more].concat()), 1);
    }
}

#[test]
fn what_no_verifier_would_take_is_not_signed() {
    let place = place();
    let own = ["token", "sign", "--key", "private.jwk", "--at", NOW, "--expires-in", "5m"];
    let deep = format!("a={}{}", "[".repeat(100), "]".repeat(100));
    let long = format!("a={}", "x".repeat(20_000));
    for (pair, part) in [
        ("sub=7", "claim_type"),
        ("nbf=tomorrow", "claim_type"),
        ("iss=[]", "claim_type"),
        ("iat=1", ""),
        (deep.as_str(), "malformed_claims"),
        (long.as_str(), "token_too_large"),
        ("sub", "NAME=VALUE"),
    ] {
        let output = place.run(&[&own[..], &["--claim", pair]].concat());
        if part.is_empty() {
            answer(&output);
        } else {
            let error = failure(&output, 1);
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }
    let output = place.run(&[&own[..], &["--subject", "ada", "--claim", "sub=\"eve\""]].concat());
    assert!(failure(&output, 1).contains("given twice"));
    for (content, code) in [
        (r#"{"a":1,"a":2}"#, "malformed_claims"),
        ("[1]", "malformed_claims"),
        ("", "malformed_claims"),
        (&format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000)), "malformed_claims"),
        (&" ".repeat(1_000_000), "512 KiB"),
    ] {
        fs::write(place.file("claims.json"), content).unwrap();
        let error = failure(&place.run(&[&own[..], &["--claims-file", "claims.json"]].concat()), 1);
        assert!(error.contains(code), "{code} is not in: {error}");
    }
}

#[test]
fn keys_that_sign_are_read_from_everywhere_and_repeated_nowhere() {
    let place = place();
    let jwk = fs::read_to_string(place.file("private.jwk")).unwrap();
    let place = place.with_env("KEY", &jwk);
    let own = ["token", "sign", "--at", NOW, "--expires-in", "5m"];
    answer(&place.run(&[&own[..], &["--key-env", "KEY"]].concat()));
    answer(&place.run_with_input(&[&own[..], &["--key", "-"]].concat(), &jwk));
    let private =
        serde_json::from_str::<serde_json::Value>(&jwk).unwrap()["d"].as_str().unwrap().to_owned();
    for more in [
        &["--key", "public.jwks"][..],
        &["--key-env", "KEY", "--algorithm", "ES384"],
        &["--key-env", "KEY", "--algorithm", "HS256"],
        &["--secret-env", "KEY", "--algorithm", "HS256"],
        &["--secret-env", "SECRET"],
        &["--secret-env", "SECRET", "--algorithm", "ES256"],
        &["--key-env", "KEY", "--claim", "sub=7"],
        &["--key", "-", "--claims-file", "-"],
        &[],
    ] {
        let error = failure(&place.run(&[&own, more].concat()), 1);
        assert!(!error.contains(&private) && !error.contains(SECRET), "{error}");
    }
}
