//! Claims of a wrong type or value that passed for right ones, or for absent ones.

use countersign_jose::{Algorithm, Audience, Issuer, Verifier, dangerous};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, ISSUER, NOW, claims, claims_with, code, hs256, hs256_token, verifier,
};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn judge(payload: impl AsRef<[u8]>) -> &'static str {
    match verifier(&hs256()).verify(hs256_token(HEADER, payload), NOW) {
        Ok(_) => "accepted",
        Err(error) => error.code().as_str(),
    }
}

/// CVE-2026-25537 (jsonwebtoken): a date of a wrong type counted as absent, and so was not checked.
/// A wrong type is refused whether or not the claim is required.
#[test]
fn cve_2026_25537_a_date_of_a_wrong_type_is_not_absent() {
    let verifier = Verifier::builder(
        hs256().verifying_key(),
        &[Algorithm::Hs256],
        Issuer::any(),
        Audience::any(),
    )
    .required(&[])
    .build()
    .unwrap();
    let wrong = [
        json!("99999999999"),
        json!("never"),
        json!(""),
        json!(null),
        json!(true),
        json!([1_900_000_000]),
        json!({"$date": 1}),
    ];
    for claim in ["exp", "nbf", "iat"] {
        for value in &wrong {
            let token = hs256_token(HEADER, json!({claim: value}).to_string());
            assert_eq!(code(verifier.verify(&token, NOW)), "claim_type", "{claim} {value}");
            assert!(dangerous::decode_claims_unverified(&token).is_err());
        }
    }
    for number in ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "0x7fffffff", "1_800"] {
        let payload = format!(r#"{{"exp":{number}}}"#);
        assert_eq!(judge(payload), "malformed_claims", "{number}");
    }
}

/// CVE-2024-53861 (PyJWT): the issuer was looked for inside the text.
#[test]
fn cve_2024_53861_the_issuer_is_compared_as_a_whole() {
    let whole = ISSUER.len();
    for iss in
        [&ISSUER[..whole - 1], &ISSUER[1..], "", &format!("{ISSUER}/"), "HTTPS://issuer.example"]
    {
        assert_eq!(judge(claims_with("iss", json!(iss)).to_string()), "iss_mismatch", "{iss}");
    }
    for iss in [json!([ISSUER]), json!({ISSUER: 1}), json!(null)] {
        let payload = claims().to_string().replace(&format!("\"{ISSUER}\""), &iss.to_string());
        assert_eq!(judge(payload), "claim_type");
    }
}

/// CVE-2020-26160 (jwt-go): an audience of an unexpected type passed for the expected one.
#[test]
fn cve_2020_26160_an_audience_is_a_string_or_strings() {
    let wrong: [(Value, &str); 9] = [
        (json!([]), "aud_mismatch"),
        (json!([""]), "aud_mismatch"),
        (json!(""), "aud_mismatch"),
        (json!([[AUDIENCE]]), "claim_type"),
        (json!([AUDIENCE, 1]), "claim_type"),
        (json!([AUDIENCE, null]), "claim_type"),
        (json!({AUDIENCE: true}), "claim_type"),
        (json!(7), "claim_type"),
        (json!(format!("x {AUDIENCE}")), "aud_mismatch"),
    ];
    for (aud, expected) in wrong {
        assert_eq!(judge(claims_with("aud", aud.clone()).to_string()), expected, "{aud}");
    }
}

/// python-jose, where a token without the claim passed a verifier that expected an audience, and
/// many others likewise.
#[test]
fn expected_claims_are_demanded() {
    for claim in ["iss", "aud", "exp"] {
        assert_eq!(judge(claims_with(claim, Value::Null).to_string()), "missing_claim");
    }
}

/// The clock before 1970, and at the ends of what an integer holds: an answer, and the right one.
#[test]
fn any_clock_gives_an_answer() {
    let token = hs256_token(HEADER, claims().to_string());
    let verifier = verifier(&hs256());
    for now in [-1, -62_135_596_800, i64::MIN] {
        assert_eq!(code(verifier.verify(&token, now)), "token_not_yet_valid");
    }
    assert_eq!(code(verifier.verify(&token, i64::MAX)), "token_expired");
    let before = hs256_token(
        HEADER,
        json!({"iss": ISSUER, "aud": AUDIENCE, "nbf": -200, "exp": -100}).to_string(),
    );
    assert!(verifier.verify(&before, -150).is_ok());
    assert_eq!(code(verifier.verify(&before, -100)), "token_expired");
}
