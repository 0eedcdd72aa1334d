//! Tokens that two programs read differently.

use countersign_jose::{Signer, dangerous};
use serde_json::json;

use crate::support::{NOW, claims, claims_with, code, encode, hs256, hs256_token, verifier};

/// CVE-2025-59420 (Authlib), CVE-2026-32597 (PyJWT): an extension that must be understood was not.
#[test]
fn cve_2025_59420_critical_extensions_are_refused() {
    for crit in [json!(["x"]), json!(["b64"]), json!(["exp"]), json!([]), json!("x"), json!(null)] {
        let header = json!({"alg": "HS256", "crit": crit, "x": true}).to_string();
        let token = hs256_token(header, claims().to_string());
        assert_eq!(code(verifier(&hs256()).verify(token, NOW)), "crit_unsupported");
    }
}

/// CVE-2026-48525 (PyJWT), CVE-2026-48990 (joserfc), and PyJWT's detached content on a token that
/// has its own: the payload is between the dots, encoded, and nowhere else.
#[test]
fn cve_2026_48525_the_payload_is_between_the_dots() {
    let verifier = verifier(&hs256());
    let unencoded = |header: &str| {
        use aws_lc_rs::hmac;
        let input = format!("{}.{}", encode(header), claims());
        let key = hmac::Key::new(hmac::HMAC_SHA256, crate::support::SECRET);
        format!("{input}.{}", encode(hmac::sign(&key, input.as_bytes()).as_ref()))
    };
    let crit = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
    assert!(verifier.verify(unencoded(crit), NOW).is_err());
    assert!(verifier.verify(unencoded(r#"{"alg":"HS256","b64":false}"#), NOW).is_err());
    let token = Signer::new(hs256()).sign(&claims()).unwrap();
    let [header, _, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let detached = format!("{header}..{signature}");
    assert_eq!(code(verifier.verify(detached, NOW)), "signature_invalid");
}

/// GHSA-hxm8-2xgr-2p9m (PyJWT), CVE-2022-25898 (jsrsasign): other spellings of the same bytes, so
/// that a revoked token lives on under another text.
#[test]
fn cve_2022_25898_base64_has_one_spelling() {
    let verifier = verifier(&hs256());
    let token = Signer::new(hs256()).sign(&claims()).unwrap();
    assert!(verifier.verify(&token, NOW).is_ok());
    let parts: Vec<&str> = token.split('.').collect();
    for at in 0..3 {
        let respell = |part: String| {
            let mut parts: Vec<String> = parts.iter().copied().map(str::to_owned).collect();
            parts[at] = part;
            parts.join(".")
        };
        let part = parts[at];
        let middle = part.len() / 2;
        for character in
            ["=", "==", " ", "\n", "\r\n", "\t", "\0", "!", "%", ",", "\u{e9}", "+", "/"]
        {
            let inside = format!("{}{character}{}", &part[..middle], &part[middle..]);
            for spelling in [format!("{part}{character}"), format!("{character}{part}"), inside] {
                assert_eq!(code(verifier.verify(respell(spelling), NOW)), "malformed_base64");
            }
        }
        // The bits that the last character has too many.
        let alphabet: Vec<char> =
            ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
        let own = alphabet.iter().position(|c| part.ends_with(*c)).unwrap();
        for spare in 1..=[0, 0, 15, 3][part.len() % 4] {
            let last = alphabet[own ^ spare];
            let spelling = format!("{}{last}", &part[..part.len() - 1]);
            let outcome = code(verifier.verify(respell(spelling), NOW));
            assert_eq!(outcome, "malformed_base64", "part {at}, {spare}");
        }
    }
}

/// Two members of one name: the family of parsers that keep the first or the last, by which a
/// gateway and the service behind it saw different tokens (RFC 8725 section 2.10 of its successor).
#[test]
fn duplicate_members_are_refused_at_every_depth() {
    for header in [
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","\u0061\u006c\u0067":"HS256"}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","kty":"RSA"}}"#,
    ] {
        let token = hs256_token(header, claims().to_string());
        assert_eq!(code(verifier(&hs256()).verify(token, NOW)), "malformed_header");
    }
    for member in [
        r#""sub":"admin""#,
        r#""\u0073ub":"admin""#,
        r#""a":[{"b":1,"b":2}]"#,
        r#""exp":9999999999"#,
    ] {
        let payload = claims().to_string().replacen('{', &format!("{{{member},"), 1);
        let token = hs256_token(r#"{"alg":"HS256"}"#, payload);
        assert_eq!(code(verifier(&hs256()).verify(token, NOW)), "malformed_claims");
    }
}

/// CVE-2024-34273 (njwt): a member called `__proto__` is a name like any other.
#[test]
fn cve_2024_34273_names_mean_nothing_to_the_language() {
    let payload = claims_with("__proto__", json!({"exp": 1, "iss": "other"})).to_string();
    let token = hs256_token(r#"{"alg":"HS256","__proto__":{"alg":"none"}}"#, payload);
    let verified = verifier(&hs256()).verify(&token, NOW).unwrap();
    assert_eq!(verified.claims().iss(), Some(crate::support::ISSUER));
}

/// The parameter that the unprotected header of the JSON serialization brought (GHSA-jc38-x7x8-2xc8,
/// PHP JWT Framework): there is no such header, since only the compact form is read.
#[test]
fn ghsa_jc38_there_is_no_unprotected_header() {
    let token = Signer::new(hs256()).sign(&claims()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let json = json!({
        "payload": parts[1], "protected": parts[0], "header": {"alg": "none"}, "signature": parts[2],
    });
    let general = json!({"payload": parts[1], "signatures": [json]});
    for document in [json, general] {
        let document = document.to_string();
        assert_eq!(code(verifier(&hs256()).verify(&document, NOW)), "malformed_token");
        assert!(dangerous::decode_claims_unverified(&document).is_err());
    }
}
