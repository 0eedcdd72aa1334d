//! What the claims of a token may be, and how they are read.

use countersign_jose::{Algorithm, Audience, Error, Issuer, Leeway, Signer, Verifier, dangerous};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::support::{
    AUDIENCE, ISSUER, NOW, claims, claims_with, code, hs256, hs256_token, signed, verifier,
};

fn check(claims: &serde_json::Value) -> Result<(), Error> {
    let key = hs256();
    let token = Signer::new(key.clone()).sign(claims).unwrap();
    verifier(&key).verify(&token, NOW).map(drop)
}

#[test]
fn registered_claims_are_typed() {
    let key = hs256();
    let payload = r#"{"iss":"https://issuer.example","sub":"\u0075s\u00e9r","aud":["a\/b","https://api.example"],
        "exp":1800000600.75,"nbf":0,"iat":-1,"jti":"","extra":{"a":[1,null]}}"#;
    let verified = verifier(&key).verify(signed(&key, payload), NOW).unwrap();
    let claims = verified.claims();
    assert_eq!(claims.iss(), Some(ISSUER));
    assert_eq!(claims.sub(), Some("usér"));
    assert_eq!(claims.aud().collect::<Vec<_>>(), ["a/b", AUDIENCE]);
    assert_eq!(claims.exp().map(|date| date.seconds()), Some(1_800_000_600));
    assert_eq!(claims.exp().map(|date| date.as_f64()), Some(1_800_000_600.75));
    assert_eq!(claims.nbf().map(|date| date.seconds()), Some(0));
    assert_eq!(claims.iat().map(|date| date.seconds()), Some(-1));
    assert_eq!(claims.jti(), Some(""));
    assert_eq!(claims.get::<serde_json::Value>("extra").unwrap(), Some(json!({"a": [1, null]})));
    assert_eq!(claims.get::<String>("sub").unwrap().as_deref(), Some("usér"));
    assert_eq!(claims.get::<u8>("absent").unwrap(), None);
    assert_eq!(claims.get::<u8>("extra").unwrap_err(), Error::ClaimsMismatch);
    assert_eq!(claims.raw_json(), payload);
    assert_eq!(verified.into_claims().into_raw_json(), payload);
}

#[test]
fn claims_can_be_borrowed() {
    #[derive(Deserialize)]
    struct Access<'a> {
        sub: &'a str,
        #[serde(borrow)]
        extra: &'a RawValue,
    }
    let payload = r#"{"sub":"user-1","escaped":"\u0061","extra":{"a" : [1, 2]}}"#;
    let token = hs256_token(r#"{"alg":"HS256"}"#, payload);
    let claims = dangerous::decode_claims_unverified(token).unwrap();
    assert_eq!(claims.get::<&str>("sub").unwrap(), Some("user-1"));
    let raw = claims.get::<&RawValue>("extra").unwrap().unwrap();
    assert_eq!(raw.get(), r#"{"a" : [1, 2]}"#);
    let access: Access<'_> = claims.deserialize().unwrap();
    assert_eq!((access.sub, access.extra.get()), ("user-1", raw.get()));
    // What is written with escapes stands nowhere as it reads.
    assert_eq!(claims.get::<&str>("escaped").unwrap_err(), Error::ClaimsMismatch);
    assert_eq!(claims.get::<String>("escaped").unwrap().as_deref(), Some("a"));
}

#[test]
fn dates_beyond_all_bounds_saturate() {
    let key = hs256();
    let payload = r#"{"iss":"https://issuer.example","aud":"https://api.example","exp":1800000600,
        "nbf":-1e300,"iat":-9223372036854775809}"#;
    let verified = verifier(&key).verify(signed(&key, payload), NOW).unwrap();
    assert_eq!(verified.claims().nbf().map(|date| date.seconds()), Some(i64::MIN));
    assert_eq!(verified.claims().iat().map(|date| date.seconds()), Some(i64::MIN));
}

#[test]
fn any_instant_may_be_now() {
    let key = hs256();
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    assert_eq!(code(verifier(&key).verify(&token, i64::MIN)), "token_not_yet_valid");
    assert_eq!(code(verifier(&key).verify(&token, i64::MAX)), "token_expired");
}

#[test]
fn errors_carry_the_instant() {
    let expired = check(&claims_with("exp", json!(NOW))).unwrap_err();
    assert_eq!(expired, Error::Expired { at: NOW });
    let early = check(&claims_with("nbf", json!(NOW + 1))).unwrap_err();
    assert_eq!(early, Error::NotYetValid { from: NOW + 1 });
    let future = check(&claims_with("iat", json!(NOW + 1))).unwrap_err();
    assert_eq!(future, Error::IssuedInFuture { at: NOW + 1 });
    let missing = check(&claims_with("exp", json!(null))).unwrap_err();
    assert_eq!(missing, Error::MissingClaim { claim: "exp".to_owned() });
}

#[test]
fn required_claims_may_be_any() {
    let key = hs256();
    let verifier =
        Verifier::builder(key.verifying_key(), &[Algorithm::Hs256], Issuer::any(), Audience::any())
            .required(&["exp", "sub", "jti", "client_id"])
            .build()
            .unwrap();
    let with = |value| {
        let token = Signer::new(key.clone()).sign(&claims_with("client_id", value)).unwrap();
        verifier.verify(&token, NOW).map(drop)
    };
    assert_eq!(with(json!("c")), Ok(()));
    assert_eq!(with(json!(0)), Ok(()));
    let missing = Error::MissingClaim { claim: "client_id".to_owned() };
    assert_eq!(with(json!(null)), Err(missing.clone()));
    let token = signed(&key, r#"{"exp":1800000600,"sub":"u","jti":"j","client_id":null}"#);
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), missing);
}

#[test]
fn any_number_of_claims_may_be_required() {
    let key = hs256();
    let names: Vec<String> = (0..70).map(|number| format!("claim-{number}")).collect();
    let required: Vec<&str> = names.iter().map(String::as_str).collect();
    let verifier =
        Verifier::builder(key.verifying_key(), &[Algorithm::Hs256], Issuer::any(), Audience::any())
            .required(&required)
            .build()
            .unwrap();
    let mut claims: serde_json::Map<_, _> =
        names.iter().map(|name| (name.clone(), json!(1))).collect();
    let token = |claims: &_| Signer::new(key.clone()).sign(claims).unwrap();
    assert!(verifier.verify(token(&claims), NOW).is_ok());
    for name in &names {
        let claim = claims.remove(name).unwrap();
        let missing = verifier.verify(token(&claims), NOW).unwrap_err();
        assert_eq!(missing, Error::MissingClaim { claim: name.clone() });
        claims.insert(name.clone(), claim);
    }
}

#[test]
fn nothing_is_required_when_nothing_is_asked() {
    let key = hs256();
    let verifier =
        Verifier::builder(key.verifying_key(), &[Algorithm::Hs256], Issuer::any(), Audience::any())
            .required(&[])
            .build()
            .unwrap();
    assert!(verifier.verify(signed(&key, " {\t}\r\n"), NOW).is_ok());
    assert_eq!(code(verifier.verify(signed(&key, "[]"), NOW)), "malformed_claims");
    assert_eq!(code(verifier.verify(signed(&key, ""), NOW)), "malformed_claims");
}

#[test]
fn an_audience_where_none_is_expected_is_refused() {
    let key = hs256();
    let verifier = Verifier::builder(
        key.verifying_key(),
        &[Algorithm::Hs256],
        Issuer::any_of(["https://other.example", ISSUER]),
        Audience::none(),
    )
    .build()
    .unwrap();
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    assert_eq!(code(verifier.verify(&token, NOW)), "aud_mismatch");
    let token = Signer::new(key.clone()).sign(&claims_with("aud", json!([]))).unwrap();
    assert_eq!(code(verifier.verify(&token, NOW)), "aud_mismatch");
    let token = Signer::new(key).sign(&claims_with("aud", json!(null))).unwrap();
    assert!(verifier.verify(&token, NOW).is_ok());
}

#[test]
fn leeway_is_kept_apart_for_each_date() {
    let key = hs256();
    let leeway = Leeway::new(10, 20, 30);
    let verifier =
        Verifier::builder(key.verifying_key(), &[Algorithm::Hs256], Issuer::any(), Audience::any())
            .leeway(leeway)
            .build()
            .unwrap();
    for (name, last_accepted, first_refused) in
        [("exp", NOW - 9, NOW - 10), ("nbf", NOW + 20, NOW + 21), ("iat", NOW + 30, NOW + 31)]
    {
        let with = |value: i64| {
            let token = Signer::new(key.clone()).sign(&claims_with(name, json!(value))).unwrap();
            verifier.verify(&token, NOW).is_ok()
        };
        assert!(with(last_accepted), "{name}");
        assert!(!with(first_refused), "{name}");
    }
}

/// The order of the checks is part of the contract: a log that says `aud_mismatch` means that all
/// before it was right.
#[test]
fn the_first_failing_check_is_the_one_reported() {
    let wrong = [
        ("sub", json!(1), "claim_type"),
        ("exp", json!(NOW - 1000), "token_expired"),
        ("nbf", json!(NOW + 1000), "token_not_yet_valid"),
        ("iat", json!(NOW + 1000), "token_issued_in_future"),
        ("iss", json!("x"), "iss_mismatch"),
        ("aud", json!("x"), "aud_mismatch"),
    ];
    for first in 0..wrong.len() {
        let mut all = claims();
        for (name, value, _) in &wrong[first..] {
            all[name] = value.clone();
        }
        assert_eq!(check(&all).unwrap_err().code().as_str(), wrong[first].2);
    }
}

#[test]
fn of_two_wrong_types_the_first_in_the_text_is_named() {
    for (payload, expected) in [
        (r#"{"exp":"x","sub":1}"#, "exp"),
        (r#"{"sub":1,"exp":"x"}"#, "sub"),
        (r#"{"aud":[1],"jti":{},"iss":2}"#, "aud"),
    ] {
        let token = hs256_token(r#"{"alg":"HS256"}"#, payload);
        let error = dangerous::decode_claims_unverified(token).unwrap_err();
        assert_eq!(error, Error::ClaimType { claim: expected });
    }
}

#[test]
fn strings_written_with_escapes_are_read_as_what_they_say() {
    let payload =
        r#"{"iss":"\u0061","sub":"\u00e9","jti":"plain","aud":["b","\u0063","d\/"],"exp":1}"#;
    let token = hs256_token(r#"{"alg":"HS256"}"#, payload);
    let claims = dangerous::decode_claims_unverified(token).unwrap();
    assert_eq!((claims.iss(), claims.sub(), claims.jti()), (Some("a"), Some("é"), Some("plain")));
    assert_eq!(claims.aud().collect::<Vec<_>>(), ["b", "c", "d/"]);
    assert_eq!(claims.raw_json(), payload);
}
