//! J1 to J9: which algorithm, and that the token does not choose it.

use countersign_jose::{
    Algorithm, Audience, Issuer, KeySet, Signer, SigningKey, Verifier, VerifyingKey,
};
use serde_json::json;

use super::with_header;
use crate::support::{NOW, claims, code, encode, hs256, verifier};

#[test]
fn j01_nothing_outside_the_allow_list_is_used() {
    let key = SigningKey::generate(Algorithm::Ps256).unwrap();
    let jwk = key.to_private_jwk().unwrap().replace("PS256", "RS256");
    let same_as_rs256 = SigningKey::from_jwk(jwk.as_bytes(), None).unwrap();
    let token = Signer::new(same_as_rs256).sign(&claims()).unwrap();
    assert_eq!(code(verifier(&key).verify(&token, NOW)), "alg_not_allowed");
    let empty = Verifier::builder(key.verifying_key(), &[], Issuer::any(), Audience::any());
    assert_eq!(empty.build().unwrap_err().code().as_str(), "config_invalid");
}

#[test]
fn j02_the_algorithm_must_be_the_one_of_the_key_that_the_id_names() {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap().with_kid("rsa");
    let ed = SigningKey::generate(Algorithm::EdDsa).unwrap().with_kid("ed");
    let set = KeySet::new(vec![rsa.verifying_key(), ed.verifying_key()]).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::EdDsa];
    let verifier =
        Verifier::builder(set, &allowed, Issuer::any(), Audience::any()).build().unwrap();
    let token = Signer::new(ed.with_kid("rsa")).sign(&claims()).unwrap();
    assert_eq!(code(verifier.verify(&token, NOW)), "alg_not_allowed");
}

#[test]
fn j03_a_key_has_one_algorithm_and_a_second_is_an_explicit_act() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let jwk = serde_json::to_string(&key.verifying_key().to_jwk().unwrap()).unwrap();
    assert!(VerifyingKey::from_jwk(jwk.as_bytes(), Some(Algorithm::Ps256)).is_err());
    let der = key.to_pkcs8_der().unwrap();
    let other = SigningKey::from_der(&der, Algorithm::Ps256).unwrap();
    assert_eq!(other.kid(), key.kid());
    let set = KeySet::new(vec![key.verifying_key(), other.verifying_key()]).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::Ps256];
    let verifier =
        Verifier::builder(set, &allowed, Issuer::any(), Audience::any()).build().unwrap();
    for key in [key, other] {
        let signer = Signer::new(key.clone());
        assert!(verifier.verify(signer.sign(&claims()).unwrap(), NOW).is_ok());
        // One material: no id is needed.
        assert!(verifier.verify(signer.without_kid().sign(&claims()).unwrap(), NOW).is_ok());
    }
}

#[test]
fn j04_the_algorithm_is_compared_with_regard_to_case() {
    for name in ["hs256", "Hs256", "HS256 ", " HS256", "HS-256", "SHA256", ""] {
        assert_eq!(with_header(&json!({"alg": name}).to_string()), "alg_not_allowed", "{name:?}");
        assert!(name.parse::<Algorithm>().is_err());
    }
    assert_eq!("HS256".parse::<Algorithm>().unwrap(), Algorithm::Hs256);
}

#[test]
fn j05_algorithms_belong_to_a_verifier_and_a_verifier_to_an_issuer() {
    let (a, b) = (hs256(), SigningKey::generate(Algorithm::EdDsa).unwrap());
    let token = Signer::new(b.clone()).sign(&claims()).unwrap();
    assert!(verifier(&b).verify(&token, NOW).is_ok());
    assert_eq!(code(verifier(&a).verify(&token, NOW)), "alg_not_allowed");
}

#[test]
fn j06_none_cannot_be_named() {
    for name in ["none", "None", "NONE", "nOnE"] {
        assert!(Algorithm::from_name(name).is_none());
        let header = encode(json!({"alg": name}).to_string());
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{}.{signature}", encode(claims().to_string()));
            assert_eq!(code(verifier(&hs256()).verify(&token, NOW)), "alg_not_allowed");
        }
    }
}

#[test]
fn j07_rsa_keys_below_2048_bits_are_refused() {
    let keys: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/test_keys.json")).unwrap();
    for name in ["rsa512", "rsa1024", "rsa1536", "rsa2047"] {
        let key = &keys["keys"][name];
        let jwk = key["jwk"].to_string();
        let pem = key["pem"].as_str().unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
            assert!(VerifyingKey::from_jwk(jwk.as_bytes(), Some(algorithm)).is_err(), "{name}");
            assert!(VerifyingKey::from_pem(pem, algorithm).is_err(), "{name}");
        }
    }
}

/// The other end of the range, and the exact bounds. The numbers are odd and nothing more.
#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    let import = |bits: usize, e: &[u8]| {
        let mut n = vec![0xa5; bits.div_ceil(8)];
        n[0] = 1 << ((bits + 7) % 8);
        let jwk = json!({"kty": "RSA", "alg": "RS256", "n": encode(n), "e": encode(e)}).to_string();
        VerifyingKey::from_jwk(jwk.as_bytes(), None).is_ok()
    };
    for (bits, fits) in
        [(2040, false), (2047, false), (2048, true), (3072, true), (8192, true), (8193, false)]
    {
        assert_eq!(import(bits, &[1, 0, 1]), fits, "{bits} bits");
    }
    for (e, fits) in [
        (&[3][..], true),
        (&[1], false),
        (&[2], false),
        (&[0, 1, 0, 1], false),
        (&[], false),
        (&[1, 0, 0, 0, 1], false),
    ] {
        assert_eq!(import(2048, e), fits, "{e:?}");
    }
}

/// aws-lc mixes private key, message and fresh randomness into the nonce: a weak generator does not
/// reveal the key, which is what the line is about, and two signatures differ.
#[test]
fn j08_ecdsa_nonces_are_hedged() {
    let signer = Signer::new(SigningKey::generate(Algorithm::Es256).unwrap());
    assert_ne!(signer.sign(&claims()).unwrap(), signer.sign(&claims()).unwrap());
    let signer = Signer::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
    assert_eq!(signer.sign(&claims()).unwrap(), signer.sign(&claims()).unwrap());
}

#[test]
fn j09_ed25519_has_two_names_and_the_list_is_not_widened() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    let with = |algorithm| {
        Verifier::builder(key.verifying_key(), &[algorithm], Issuer::any(), Audience::any())
            .build()
            .unwrap()
            .verify(&token, NOW)
    };
    assert!(with(Algorithm::Ed25519).is_ok());
    assert_eq!(code(with(Algorithm::EdDsa)), "alg_not_allowed");
}
