//! What skips checks does so by name, and still refuses what cannot be read.

use countersign_jose::{Algorithm, Signer, dangerous};

use crate::support::{NOW, claims, code, encode, hs256, signed, verifier};

#[test]
fn a_header_can_be_read_whatever_it_claims() {
    let header = r#"{"alg":"none","kid":"k","typ":"x","crit":["y"],"n":7}"#;
    let token = format!("{}.{}.", encode(header), encode("{}"));
    let read = dangerous::decode_header_unverified(&token).unwrap();
    assert_eq!(read.alg.as_deref(), Some("none"));
    assert_eq!(read.kid.as_deref(), Some("k"));
    assert_eq!(read.typ.as_deref(), Some("x"));
    assert_eq!(read.get::<u8>("n").unwrap(), Some(7));
    assert_eq!(read.get::<u8>("absent").unwrap(), None);
    assert_eq!(read.get::<u8>("kid").unwrap_err().code().as_str(), "header_invalid");
    assert_eq!(read.raw_json(), header);
}

#[test]
fn claims_can_be_read_without_their_signature() {
    let token = Signer::new(hs256()).sign(&claims()).unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    let read = dangerous::decode_claims_unverified(format!("{input}.")).unwrap();
    assert_eq!(read.sub(), Some("user-1"));
}

#[test]
fn malformed_tokens_are_refused_even_here() {
    let refused = |token: &str| {
        let header = dangerous::decode_header_unverified(token).unwrap_err();
        let claims = dangerous::decode_claims_unverified(token).unwrap_err();
        (header.code().as_str(), claims.code().as_str())
    };
    assert_eq!(refused(""), ("malformed_token", "malformed_token"));
    assert_eq!(refused("a.b"), ("malformed_token", "malformed_token"));
    assert_eq!(refused("a.b.c.d"), ("malformed_token", "malformed_token"));
    assert_eq!(refused("e30=.e30.e30"), ("malformed_base64", "malformed_base64"));
    assert_eq!(refused("W10.W10."), ("malformed_header", "malformed_claims"));
    assert_eq!(refused(&"A".repeat(20_000)), ("token_too_large", "token_too_large"));
}

#[test]
fn a_signature_over_anything_can_be_checked() {
    let key = hs256();
    let token = signed(&key, "not json");
    let verifier = verifier(&key);
    let (header, payload) = dangerous::verify_signature_only(&verifier, &token).unwrap();
    assert_eq!(header.alg(), Algorithm::Hs256);
    assert_eq!(payload, b"not json");
    assert_eq!(code(verifier.verify(&token, NOW)), "malformed_claims");
    let wrong = token.replace('.', ".A");
    assert!(dangerous::verify_signature_only(&verifier, wrong).is_err());
}

#[test]
fn a_weak_secret_can_be_taken_on_purpose() {
    let key = dangerous::signing_key_from_weak_secret(b"secret", Algorithm::Hs256).unwrap();
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    assert!(verifier(&key).verify(&token, NOW).is_ok());
    assert!(dangerous::signing_key_from_weak_secret(b"secret", Algorithm::EdDsa).is_err());
}
