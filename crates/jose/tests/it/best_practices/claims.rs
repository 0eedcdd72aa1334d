//! J17, J18, J22, J23, J29: what a token is for, for whom, and for how long.

use countersign_jose::{Algorithm, Audience, Issuer, Leeway, Signer, Verifier};
use serde_json::json;

use super::{HEADER, with_payload};
use crate::support::{AUDIENCE, ISSUER, NOW, claims, claims_with, code, hs256, hs256_token};

#[test]
fn j17_a_subject_is_a_string_without_tricks() {
    for sub in [json!(""), json!("a\u{0}b"), json!("a\nb"), json!("a\u{85}"), json!(1), json!([])] {
        assert_eq!(with_payload(claims_with("sub", sub).to_string()), "claim_type");
    }
    assert_eq!(with_payload(claims_with("sub", json!("é 1")).to_string()), "accepted");
}

#[test]
fn j18_missing_and_foreign_audiences_are_refused() {
    assert_eq!(with_payload(claims_with("aud", json!(null)).to_string()), "missing_claim");
    for aud in [json!("x"), json!(["x"]), json!([]), json!(format!("{AUDIENCE}/"))] {
        assert_eq!(with_payload(claims_with("aud", aud).to_string()), "aud_mismatch");
    }
    for aud in [json!(AUDIENCE), json!(["x", AUDIENCE])] {
        assert_eq!(with_payload(claims_with("aud", aud).to_string()), "accepted");
    }
}

#[test]
fn j22_the_media_type_is_set_and_checked() {
    let key = hs256();
    let at_jwt = Verifier::builder(
        key.verifying_key(),
        &[Algorithm::Hs256],
        Issuer::one(ISSUER),
        Audience::one(AUDIENCE),
    )
    .typ(Some("at+jwt"))
    .build()
    .unwrap();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = Signer::new(key.clone()).typ(typ).sign(&claims()).unwrap();
        assert!(at_jwt.verify(&token, NOW).is_ok(), "{typ}");
    }
    for typ in ["JWT", "at+jwt ", "text/at+jwt", "id_token+jwt", ""] {
        let token = Signer::new(key.clone()).typ(typ).sign(&claims()).unwrap();
        assert_eq!(code(at_jwt.verify(&token, NOW)), "typ_mismatch", "{typ}");
    }
    let token = Signer::new(key).without_typ().sign(&claims()).unwrap();
    assert_eq!(code(at_jwt.verify(&token, NOW)), "typ_mismatch");
}

#[test]
fn j23_no_kind_of_token_passes_for_another() {
    let kinds = ["at+jwt", "rt+jwt", "reset+jwt", "email+jwt", "logout+jwt", "mfa+jwt", "JWT"];
    let key = hs256();
    for issued in kinds {
        let token = Signer::new(key.clone()).typ(issued).sign(&claims()).unwrap();
        for meant in kinds {
            let issuer = Issuer::one(ISSUER);
            let verifier = Verifier::builder(
                key.verifying_key(),
                &[Algorithm::Hs256],
                issuer,
                Audience::one(AUDIENCE),
            )
            .typ(Some(meant))
            .build()
            .unwrap();
            assert_eq!(verifier.verify(&token, NOW).is_ok(), issued == meant);
        }
    }
}

#[test]
fn j29_dates_are_numbers_and_the_bounds_are_exact() {
    let key = hs256();
    let at = |exp: &str, nbf: &str, leeway: u32| {
        let payload = format!(r#"{{"exp":{exp},"nbf":{nbf}}}"#);
        let verifier = Verifier::builder(
            key.verifying_key(),
            &[Algorithm::Hs256],
            Issuer::any(),
            Audience::any(),
        )
        .leeway(Leeway::uniform(leeway))
        .build()
        .unwrap();
        match verifier.verify(hs256_token(HEADER, payload), NOW) {
            Ok(_) => "accepted",
            Err(error) => error.code().as_str(),
        }
    };
    assert_eq!(at("1800000000", "0", 0), "token_expired");
    assert_eq!(at("1800000000.5", "0", 0), "accepted");
    assert_eq!(at("1800000001", "1800000000", 0), "accepted");
    assert_eq!(at("1800000001", "1800000001", 0), "token_not_yet_valid");
    assert_eq!(at("1800000001", "1800000000.5", 0), "token_not_yet_valid");
    assert_eq!(at("1799999970", "0", 30), "token_expired");
    assert_eq!(at("1799999971", "1800000030", 30), "accepted");
    assert_eq!(at("1800000001", "1800000031", 30), "token_not_yet_valid");
    assert_eq!(at("1.8000006e9", "-1", 0), "accepted");
    assert_eq!(at("253402300799", "0", 0), "accepted");
    assert_eq!(at("253402300800", "0", 0), "claim_type");
    assert_eq!(at("1e300", "0", 0), "claim_type");
    assert_eq!(at("-1e300", "0", 0), "token_expired");
    for wrong in ["\"1800000600\"", "null", "true", "[1800000600]", "{}"] {
        assert_eq!(at(wrong, "0", 0), "claim_type");
        assert_eq!(at("1800000600", wrong, 0), "claim_type");
    }
    for no_json in ["NaN", "Infinity", "1e999", "+1", "01", "1.", ".5", "0x10"] {
        assert_eq!(at(no_json, "0", 0), "malformed_claims", "{no_json}");
    }
}
