//! J12, J13, J16, J19 to J21: keys, where they come from, and how one is found.

use countersign_jose::{
    Algorithm, Audience, Issuer, KeySet, Signer, SigningKey, Verifier, VerifyingKey,
};
use serde_json::json;

use crate::support::{NOW, claims, claims_with, code, encode, verifier};

#[test]
fn j12_points_and_signatures_are_checked() {
    let off_curve = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"}"#;
    assert!(VerifyingKey::from_jwk(off_curve.as_bytes(), None).is_err());
    for small_order in ["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(43)] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": small_order}).to_string();
        assert!(VerifyingKey::from_jwk(jwk.as_bytes(), None).is_err(), "{small_order}");
    }
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = Signer::new(key.clone()).sign(&claims()).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let length = crate::support::decode(signature).len();
        for wrong in [0, 1, length - 1, length, length + 1, 2 * length] {
            let token = format!("{input}.{}", encode(vec![0; wrong]));
            assert_eq!(code(verifier(&key).verify(&token, NOW)), "signature_invalid");
        }
    }
}

#[test]
fn j13_short_and_known_secrets_are_refused() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END-----";
    let weak: [&[u8]; 8] = [
        b"",
        b"secret",
        &[7; 64],
        b"your-256-bit-secret-goes-here-ok",
        b"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9ok me@host",
        br#"  {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#,
        pem.as_bytes(),
    ];
    for secret in weak {
        let refused = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap_err();
        assert_eq!(refused.code().as_str(), "key_invalid");
        assert!(VerifyingKey::from_secret(secret, Algorithm::Hs256).is_err());
    }
    let der = SigningKey::generate(Algorithm::Es256).unwrap().to_pkcs8_der().unwrap();
    assert!(SigningKey::from_secret(&der, Algorithm::Hs512).is_err());
    for (algorithm, length) in
        [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
    {
        let secret: Vec<u8> = (0..64_u8).map(|at| at.wrapping_mul(73) ^ (at >> 1)).collect();
        assert!(SigningKey::from_secret(&secret[..length], algorithm).is_ok());
        assert!(SigningKey::from_secret(&secret[..length - 1], algorithm).is_err());
    }
}

#[test]
fn j16_a_key_of_one_issuer_says_nothing_about_another() {
    let (a, b) = (
        SigningKey::generate(Algorithm::Es256).unwrap().with_kid("1"),
        SigningKey::generate(Algorithm::Es256).unwrap().with_kid("1"),
    );
    let for_issuer = |key: &SigningKey, issuer: &str| {
        let set = KeySet::new(vec![key.verifying_key()]).unwrap();
        Verifier::builder(set, &[Algorithm::Es256], Issuer::one(issuer), Audience::any())
            .build()
            .unwrap()
    };
    let token = Signer::new(b).sign(&claims_with("iss", json!("https://a"))).unwrap();
    assert_eq!(code(for_issuer(&a, "https://a").verify(&token, NOW)), "signature_invalid");
    let token = Signer::new(a.clone()).sign(&claims_with("iss", json!("https://b"))).unwrap();
    assert_eq!(code(for_issuer(&a, "https://a").verify(&token, NOW)), "iss_mismatch");
}

#[test]
fn j19_a_key_id_is_only_ever_compared() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap().with_kid("ed-1");
    let set = KeySet::new(vec![key.verifying_key()]).unwrap();
    let verifier = Verifier::builder(set, &[Algorithm::EdDsa], Issuer::any(), Audience::any())
        .build()
        .unwrap();
    let long = "k".repeat(10_000);
    for kid in ["../../dev/null", "x' UNION SELECT 1--", "", "ED-1", "ed-1\0", "ed-1 ", &long] {
        let token = Signer::new(key.clone().with_kid(kid)).sign(&claims()).unwrap();
        assert_eq!(code(verifier.verify(&token, NOW)), "key_not_found");
    }
}

#[test]
fn j20_keys_in_the_token_are_not_looked_at() {
    let attacker = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jwk = attacker.verifying_key().to_jwk().unwrap();
    let own = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let forged = Signer::new(attacker)
        .parameter("jwk", &jwk)
        .unwrap()
        .parameter("jku", &"https://attacker.example/jwks")
        .unwrap();
    let token = forged.sign(&claims()).unwrap();
    assert_eq!(code(verifier(&own).verify(&token, NOW)), "signature_invalid");
}

/// The crate cannot fetch: a key set comes in as bytes, nothing that it is built with opens a
/// connection, and the token's URLs are not looked at (see also `advisories::token_keys`).
#[test]
fn j21_nothing_is_fetched() {
    let manifest = include_str!("../../../Cargo.toml");
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = dependencies.split_once("[dev-dependencies]").unwrap();
    let names = dependencies.lines().filter_map(|line| line.split_once(['.', ' ', '=']));
    for (name, _) in names {
        let known = [
            "aws-lc-rs",
            "base64-simd",
            "quick_cache",
            "rustls-pki-types",
            "serde",
            "serde_json",
            "thiserror",
            "wide",
            "zeroize",
        ];
        assert!(
            known.contains(&name),
            "{name}: does it open connections? then it has no place here"
        );
    }
    for url in ["http://127.0.0.1/jwks", "http://[::1]/jwks", "http://169.254.169.254/", "file:///"]
    {
        assert!(KeySet::from_jwks(url.as_bytes()).is_err());
    }
}
