//! Keys that should never have been taken.

use countersign_jose::{Algorithm, KeySet, SigningKey, VerifyingKey, dangerous};
use serde_json::json;

use crate::support::{encode, hs256};

/// CVE-2026-49852 (joserfc), GHSA-pxh4-856f-4h89 (PyJWT): an empty secret, by which anybody signs.
#[test]
fn cve_2026_49852_an_empty_secret_is_no_secret() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        assert!(SigningKey::from_secret(b"", algorithm).is_err());
        for k in [json!(""), json!(null), json!("AA"), json!([])] {
            let jwk = json!({"kty": "oct", "alg": algorithm, "k": k}).to_string();
            assert!(SigningKey::from_jwk(jwk.as_bytes(), None).is_err());
            assert!(VerifyingKey::from_jwk(jwk.as_bytes(), None).is_err());
        }
        let without = json!({"kty": "oct", "alg": algorithm}).to_string();
        assert!(VerifyingKey::from_jwk(without.as_bytes(), None).is_err());
    }
}

/// CVE-2025-45768 (PyJWT), CVE-2025-45769 (php-jwt), both disputed: secrets shorter than the hash
/// (RFC 7518 section 3.2), and those that every word list has because guides print them.
#[test]
fn cve_2025_45768_weak_secrets_are_refused() {
    let printed_in_guides = [
        "your-secret-key",
        "your_secret_key",
        "my_secret_key",
        "secret",
        "super-secret",
        "change-me",
        "your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "your-super-secret-key-that-is-long-enough",
        "please-change-this-to-something-random-in-production",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "d\u{65}fault-password-for-the-jwt-of-this-service",
    ];
    for secret in printed_in_guides {
        for algorithm in [Algorithm::Hs256, Algorithm::Hs512] {
            let refused = SigningKey::from_secret(secret.as_bytes(), algorithm).unwrap_err();
            assert_eq!(refused.code().as_str(), "key_invalid", "{secret}");
            let jwk = json!({"kty": "oct", "alg": algorithm, "k": encode(secret)}).to_string();
            assert!(SigningKey::from_jwk(jwk.as_bytes(), None).is_err(), "{secret}");
        }
        // Who has one in use can move off it, by a name that says what it is.
        assert!(
            dangerous::signing_key_from_weak_secret(secret.as_bytes(), Algorithm::Hs256).is_ok()
        );
    }
    for secret in [vec![0; 64], vec![b'x'; 64], (0..64).collect(), b"abcdefgh".repeat(8)] {
        assert!(SigningKey::from_secret(&secret, Algorithm::Hs256).is_err());
    }
}

/// CVE-2022-23539 (node jsonwebtoken): keys of one kind used by an algorithm of another.
#[test]
fn cve_2022_23539_the_key_fits_the_algorithm() {
    let keys = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa];
    let family = |algorithm: Algorithm| match algorithm.as_str() {
        name if name.starts_with(['R', 'P']) => "RSA",
        "EdDSA" | "Ed25519" => "Ed25519",
        name => name,
    };
    for own in keys {
        let key = SigningKey::generate(own).unwrap();
        let (private, public) =
            (key.to_pkcs8_der().unwrap(), key.verifying_key().to_der().unwrap());
        for other in Algorithm::ALL {
            let fits = family(own) == family(other);
            assert_eq!(SigningKey::from_der(&private, other).is_ok(), fits, "{own} {other}");
            assert_eq!(VerifyingKey::from_der(&public, other).is_ok(), fits, "{own} {other}");
        }
    }
}

/// What a published set says must be public. A private key or a secret in it has been published, so
/// the set is refused instead of used.
#[test]
fn a_published_set_with_a_secret_is_refused() {
    let good = SigningKey::generate(Algorithm::Es256).unwrap();
    let public = serde_json::to_value(good.verifying_key().to_jwk().unwrap()).unwrap();
    for leaked in [&hs256(), &good, &SigningKey::generate(Algorithm::Rs256).unwrap()] {
        let leaked: serde_json::Value =
            serde_json::from_str(&leaked.to_private_jwk().unwrap()).unwrap();
        let document = json!({"keys": [public, leaked]}).to_string();
        assert!(KeySet::from_jwks(document.as_bytes()).is_err());
    }
}

/// Two keys under one id: which of them is meant would be for the order to say.
#[test]
fn two_keys_under_one_id_are_refused() {
    let keys = [Algorithm::Es256, Algorithm::Es256, Algorithm::EdDsa]
        .map(|algorithm| SigningKey::generate(algorithm).unwrap().with_kid("same").verifying_key());
    for pair in [[0, 1], [0, 2], [1, 2]] {
        let two = pair.map(|at: usize| keys[at].clone()).to_vec();
        assert_eq!(KeySet::new(two).unwrap_err().code().as_str(), "key_invalid");
    }
    let twice = vec![keys[0].clone(), keys[0].clone()];
    assert_eq!(KeySet::new(twice).unwrap_err().code().as_str(), "key_invalid");
}
