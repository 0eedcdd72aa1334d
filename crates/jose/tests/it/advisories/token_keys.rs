//! The token brings its own key, or says where one is.

use std::net::TcpListener;

use countersign_jose::{
    Algorithm, Audience, Issuer, KeySet, Signer, SigningKey, Verifier, VerifyingKey,
};
use serde_json::{Value, json};

use crate::support::{NOW, claims, code, verifier};

/// CVE-2018-0114 (node-jose), CVE-2026-27962 (Authlib): the public key in `jwk` is the attacker's.
#[test]
fn cve_2018_0114_a_key_in_the_header_is_not_used() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let own = SigningKey::generate(algorithm).unwrap().with_kid("1");
        let attacker = SigningKey::generate(algorithm).unwrap().with_kid("1");
        let jwk = attacker.verifying_key().to_jwk().unwrap();
        let token = Signer::new(attacker).parameter("jwk", &jwk).unwrap().sign(&claims()).unwrap();
        assert_eq!(code(verifier(&own).verify(&token, NOW)), "signature_invalid");
        let set = KeySet::new(vec![own.verifying_key()]).unwrap();
        let verifier =
            Verifier::builder(set, &[algorithm], Issuer::any(), Audience::any()).build().unwrap();
        assert_eq!(code(verifier.verify(&token, NOW)), "signature_invalid");
    }
}

/// The families of `jku`, `x5u` and `x5c`: nothing is fetched and no chain is believed. A listener
/// that nobody calls shows it.
#[test]
fn cve_2018_0114_keys_elsewhere_are_not_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let attacker = SigningKey::generate(Algorithm::Es256).unwrap().with_kid(url.clone());
    for (name, value) in [
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("jwk", json!({"kid": url})),
    ] {
        let signer = Signer::new(attacker.clone()).parameter(name, &value).unwrap();
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(code(verifier(&own).verify(&token, NOW)), "signature_invalid", "{name}");
    }
    assert!(listener.accept().is_err(), "somebody was called");
}

/// The key named by `kid` is found by comparing, so paths, queries, commands and null bytes find
/// nothing (the family of PortSwigger's `kid` labs).
#[test]
fn key_ids_are_only_compared() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap().with_kid("key-1");
    let set = KeySet::new(vec![key.verifying_key()]).unwrap();
    let verifier = Verifier::builder(set, &[Algorithm::EdDsa], Issuer::any(), Audience::any())
        .build()
        .unwrap();
    for kid in [
        "../../../../dev/null",
        "/etc/passwd",
        "key-1' OR '1'='1",
        "key-1; sleep 10",
        "key-1\0.pem",
        "${jndi:ldap://x}",
        "KEY-1",
        "key-1/",
        "ｋey-1",
    ] {
        let token = Signer::new(key.clone().with_kid(kid)).sign(&claims()).unwrap();
        assert_eq!(code(verifier.verify(&token, NOW)), "key_not_found", "{kid}");
    }
}

/// GHSA-w6j9-cwv2-h6wq (PyJWT): one key that cannot be used made the whole set useless, so that an
/// issuer who adds a new kind of key locks everybody out.
#[test]
fn ghsa_w6j9_one_unusable_key_does_not_spoil_the_set() {
    let good = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = serde_json::to_value(good.verifying_key().to_jwk().unwrap()).unwrap();
    let strange: Vec<Value> = vec![
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kty": "OKP", "crv": "Ed448", "x": "AAAA"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "RSA", "n": "AAAA", "e": "AQAB", "alg": "RS256"}),
        json!({"kty": 5}),
        json!("not a key"),
        json!(null),
    ];
    for unusable in strange {
        let document = json!({"keys": [unusable, jwk]}).to_string();
        let set = KeySet::from_jwks(document.as_bytes()).unwrap();
        let kids: Vec<_> = set.iter().map(VerifyingKey::kid).collect();
        assert_eq!(kids, [good.kid()], "{document}");
    }
}
